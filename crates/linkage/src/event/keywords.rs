//! Words and phrases that show a kind of event.

use std::sync::LazyLock;

use domain::word_list::WordList;

use super::kinds::{Kinds, NAMED_KINDS};
use crate::stable_hash::{WordSet, WordTable};

/// The keywords of each kind, under the kind's name. An item of several words is a phrase; `*` at
/// the end of a word stands for any ending.
const KEYWORD_LIST: &str = include_str!("../../data/event-keywords.txt");

/// The keywords with the kinds that they show.
struct Keywords {
    whole_words: WordTable<Kinds>,
    prefixes: WordTable<Kinds>,
    /// The lengths in bytes that occur among the prefixes, ascending.
    prefix_lengths: Vec<usize>,
    phrases: Vec<(Kinds, Vec<&'static str>)>,
    /// The first words of the phrases.
    phrase_starts: WordSet,
}

static KEYWORDS: LazyLock<Keywords> = LazyLock::new(|| {
    let list = WordList::parse(KEYWORD_LIST);
    let mut whole_words: WordTable<Kinds> = WordTable::default();
    let mut prefixes: WordTable<Kinds> = WordTable::default();
    let mut phrases: Vec<(Kinds, Vec<&str>)> = Vec::new();
    for (name, kind) in NAMED_KINDS {
        for item in list.items(name) {
            if item.contains(' ') {
                phrases.push((*kind, item.split_whitespace().collect()));
                continue;
            }
            let kinds = match item.strip_suffix('*') {
                Some(prefix) => prefixes.entry(prefix).or_default(),
                None => whole_words.entry(item).or_default(),
            };
            *kinds = kinds.union(*kind);
        }
    }
    let mut prefix_lengths: Vec<usize> = prefixes.keys().map(|prefix| prefix.len()).collect();
    prefix_lengths.sort_unstable();
    prefix_lengths.dedup();
    let phrase_starts = phrases
        .iter()
        .filter_map(|(_, phrase)| phrase.first().copied())
        .collect();
    Keywords {
        whole_words,
        prefixes,
        prefix_lengths,
        phrases,
        phrase_starts,
    }
});

/// The kinds that one word shows. `word` is expanded and in lower case.
pub(crate) fn kinds_of_word(word: &str) -> Kinds {
    let keywords = &*KEYWORDS;
    let prefixes = keywords
        .prefix_lengths
        .iter()
        .filter_map(|length| word.get(..*length));
    let shown = prefixes
        .filter_map(|prefix| keywords.prefixes.get(prefix))
        .chain(keywords.whole_words.get(word));
    shown.fold(Kinds::default(), |sum, kinds| sum.union(*kinds))
}

/// The kinds that phrases show. `words` are expanded, in lower case and in the order of the text.
pub(crate) fn kinds_of_phrases(words: &[&str]) -> Kinds {
    let mut kinds = Kinds::default();
    for (start, _) in words
        .iter()
        .enumerate()
        .filter(|(_, word)| starts_phrase(word))
    {
        let following = words.get(start..).unwrap_or_default();
        for (kind, phrase) in &KEYWORDS.phrases {
            if following.starts_with(phrase) {
                kinds = kinds.union(*kind);
            }
        }
    }
    kinds
}

/// Whether a phrase begins with the word.
pub(crate) fn starts_phrase(word: &str) -> bool {
    KEYWORDS.phrase_starts.contains(word)
}

#[cfg(test)]
mod tests {
    use domain::word_list::{ItemOrder, mistakes};
    use rstest::rstest;

    use super::*;
    use crate::event::abbreviations::expand;
    use crate::event::kinds::{ARREST, CLINIC, DOMESTIC, HOSPITAL, INJURY, MISSED};

    #[test]
    fn list_has_keywords_for_exactly_the_declared_kinds() {
        assert_eq!(
            mistakes(KEYWORD_LIST, ItemOrder::Sorted),
            Vec::<String>::new()
        );
        let list = WordList::parse(KEYWORD_LIST);
        let mut headings: Vec<&str> = list.sections().map(|(name, _)| name).collect();
        let mut names: Vec<&str> = NAMED_KINDS.iter().map(|(name, _)| *name).collect();
        headings.sort_unstable();
        names.sort_unstable();
        assert_eq!(headings, names);
    }

    #[test]
    fn asterisks_end_single_words() {
        let list = WordList::parse(KEYWORD_LIST);
        for item in list.sections().flat_map(|(_, items)| items) {
            let misplaced = item.trim_end_matches('*').contains('*')
                || item.contains(' ') && item.contains('*');
            assert!(!misplaced, "{item}");
        }
    }

    #[rstest]
    #[case("police attended domestic father arrested", DOMESTIC.union(ARREST))]
    #[case("children was not brought to clinic", MISSED.union(CLINIC))]
    #[case("scald to forearm seen in emergency", INJURY.union(HOSPITAL))]
    #[case("nothing much", Kinds::default())]
    fn keywords_show_kinds(#[case] text: &str, #[case] expected: Kinds) {
        let words: Vec<&str> = text.split(' ').map(expand).collect();
        let shown = words.iter().fold(kinds_of_phrases(&words), |sum, word| {
            sum.union(kinds_of_word(word))
        });
        assert_eq!(shown, expected);
    }
}
