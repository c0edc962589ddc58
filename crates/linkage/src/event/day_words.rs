//! Words by which a text names a day: days of the week, "weekend", "yesterday", and words before
//! days still to come.

use std::sync::LazyLock;

use domain::word_list::WordList;
use time::Weekday;

use crate::stable_hash::{WordSet, WordTable};

const DAY_WORD_LIST: &str = include_str!("../../data/day-words.txt");

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

struct DayWords {
    weekdays: WordTable<Weekday>,
    weekend: WordSet,
    yesterday: WordSet,
    planned: WordSet,
    counted: WordSet,
}

static DAY_WORDS: LazyLock<DayWords> = LazyLock::new(|| {
    let list = WordList::parse(DAY_WORD_LIST);
    let words = |section: &str| list.items(section).iter().copied().collect();
    let mut weekdays = WordTable::default();
    for (name, spellings) in list.pairs("weekdays") {
        let Some((_, weekday)) = WEEKDAYS.iter().find(|(known, _)| *known == name) else {
            continue;
        };
        weekdays.extend(
            spellings
                .split_whitespace()
                .map(|spelling| (spelling, *weekday)),
        );
    }
    DayWords {
        weekdays,
        weekend: words("weekend"),
        yesterday: words("yesterday"),
        planned: words("planned"),
        counted: words("counted"),
    }
});

/// The day of the week that the word names, abbreviations and common misspellings included.
pub(crate) fn parse_weekday(word: &str) -> Option<Weekday> {
    DAY_WORDS.weekdays.get(word).copied()
}

/// Whether the word means Saturday and Sunday together.
pub(crate) fn is_weekend(word: &str) -> bool {
    DAY_WORDS.weekend.contains(word)
}

/// Whether the word means yesterday.
pub(crate) fn is_yesterday(word: &str) -> bool {
    DAY_WORDS.yesterday.contains(word)
}

/// Whether a day after this word is still to come: "next", "booked".
pub(crate) fn announces_planned_day(word: &str) -> bool {
    DAY_WORDS.planned.contains(word)
}

/// Whether the word is counted by ordinals that are no days of a month: "the 2nd floor".
pub(crate) fn is_counted_by_ordinals(word: &str) -> bool {
    DAY_WORDS.counted.contains(word)
}

#[cfg(test)]
mod tests {
    use domain::word_list::{ItemOrder, mistakes};

    use super::*;

    #[test]
    fn list_is_well_formed() {
        assert_eq!(
            mistakes(DAY_WORD_LIST, ItemOrder::Meaningful),
            Vec::<String>::new()
        );
        let list = WordList::parse(DAY_WORD_LIST);
        let names: Vec<&str> = list
            .pairs("weekdays")
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, WEEKDAYS.map(|(name, _)| name));
        for section in ["weekend", "yesterday", "planned", "counted"] {
            assert!(!list.items(section).is_empty(), "{section}");
        }
    }
}
