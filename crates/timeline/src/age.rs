//! The age of a child at an event.

use domain::{BirthDate, EventDate};
use serde::{Deserialize, Serialize};
use time::Date;

/// Weeks from the last menstrual period to full term. An event longer before the birth happened
/// before the pregnancy.
const PREGNANCY_WEEKS: i64 = 40;

/// The age of a child when an event happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgeAtEvent {
    /// The age in words, as exact as the event's date allows.
    #[schema(example = "3 years")]
    pub words: String,
    /// Completed years; absent before birth and when the event's date does not determine them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years: Option<u16>,
    /// Completed months in total; absent before birth and when the event's date does not determine
    /// them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub months: Option<u16>,
    /// Whole weeks before the birth or the expected birth; absent after it and when the event's
    /// date does not determine them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weeks_before_birth: Option<u16>,
}

/// The age of a child at an event. For an inexact date, the words give the ages at both ends.
/// `None` for a date with an open end.
#[must_use]
pub fn age_at(birth: BirthDate, when: &EventDate) -> Option<AgeAtEvent> {
    let earliest = when.earliest();
    let latest = when.latest();
    if earliest == EventDate::OPEN_START || latest == EventDate::OPEN_END {
        return None;
    }
    let first = Age::on(birth, earliest);
    let last = Age::on(birth, latest);
    let words = if first.words(birth) == last.words(birth) {
        first.words(birth)
    } else {
        format!("between {} and {}", first.words(birth), last.words(birth))
    };
    // A figure is given only where it is the same at both ends.
    let common =
        |figure: fn(Age) -> Option<u16>| figure(first).filter(|_| figure(first) == figure(last));
    Some(AgeAtEvent {
        words,
        years: common(Age::years),
        months: common(Age::months),
        weeks_before_birth: common(Age::weeks_before_birth),
    })
}

/// The age of a child on one day.
#[derive(Clone, Copy)]
enum Age {
    /// Days until the birth or expected birth, at least 1.
    Before(i64),
    /// Days since the expected birth, when no birth is recorded.
    Due(i64),
    Born {
        days: i64,
        months: u16,
    },
}

impl Age {
    fn on(birth: BirthDate, day: Date) -> Self {
        let days = (day - birth.date).whole_days();
        if days < 0 {
            Self::Before(-days)
        } else if birth.expected {
            Self::Due(days)
        } else {
            Self::Born {
                days,
                months: completed_months(birth.date, day),
            }
        }
    }

    fn words(self, birth: BirthDate) -> String {
        let event = if birth.expected {
            "the expected birth"
        } else {
            "birth"
        };
        match self {
            Self::Before(days) if days > PREGNANCY_WEEKS * 7 => "before the pregnancy".to_owned(),
            Self::Before(days) if days < 7 => {
                format!("unborn, {} before {event}", pluralize(days, "day"))
            }
            Self::Before(days) => format!("unborn, {} before {event}", pluralize(days / 7, "week")),
            Self::Due(days) if days < 7 => "birth expected in that week".to_owned(),
            Self::Due(days) => format!("birth expected {} earlier", pluralize(days / 7, "week")),
            Self::Born { days: 0, .. } => "newborn".to_owned(),
            Self::Born { days, .. } if days < 28 => pluralize(days, "day"),
            Self::Born {
                days,
                months: 0..=2,
            } => pluralize(days / 7, "week"),
            Self::Born {
                months: months @ 3..=23,
                ..
            } => pluralize(i64::from(months), "month"),
            Self::Born { months, .. } => pluralize(i64::from(months / 12), "year"),
        }
    }

    const fn years(self) -> Option<u16> {
        match self {
            Self::Born { months, .. } => Some(months / 12),
            _ => None,
        }
    }

    const fn months(self) -> Option<u16> {
        match self {
            Self::Born { months, .. } => Some(months),
            _ => None,
        }
    }

    fn weeks_before_birth(self) -> Option<u16> {
        match self {
            Self::Before(days) => u16::try_from(days / 7).ok(),
            _ => None,
        }
    }
}

/// Completed months. A child born on the 31st completes a shorter month on the first day of the
/// next month, and a child born on 29 February completes a year that is no leap year on 1 March.
fn completed_months(birth: Date, day: Date) -> u16 {
    let months = |date: Date| i64::from(date.year()) * 12 + i64::from(u8::from(date.month()));
    let incomplete = i64::from(day.day() < birth.day());
    u16::try_from(months(day) - months(birth) - incomplete).unwrap_or(0)
}

fn pluralize(number: i64, unit: &str) -> String {
    if number == 1 {
        format!("1 {unit}")
    } else {
        format!("{number} {unit}s")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::date;

    use super::*;

    const BORN: BirthDate = BirthDate {
        date: date!(2020 - 03 - 31),
        expected: false,
    };
    const EXPECTED: BirthDate = BirthDate {
        date: date!(2020 - 03 - 31),
        expected: true,
    };

    #[rstest]
    #[case(BORN, "2020-03-31", "newborn")]
    #[case(BORN, "2020-04-12", "12 days")]
    #[case(BORN, "2020-05-31", "8 weeks")]
    #[case(BORN, "2020-06-30", "13 weeks")]
    #[case(BORN, "2020-07-01", "3 months")]
    #[case(BORN, "2022-03-30", "23 months")]
    #[case(BORN, "2022-03-31", "2 years")]
    #[case(BORN, "2024-01", "3 years")]
    #[case(BORN, "2024", "between 3 years and 4 years")]
    #[case(BORN, "2020-01-07", "unborn, 12 weeks before birth")]
    #[case(BORN, "2020-03-30", "unborn, 1 day before birth")]
    #[case(BORN, "2018-03-30", "before the pregnancy")]
    #[case(EXPECTED, "2020-01-07", "unborn, 12 weeks before the expected birth")]
    #[case(EXPECTED, "2020-04-02", "birth expected in that week")]
    #[case(EXPECTED, "2020-04-14", "birth expected 2 weeks earlier")]
    fn age_is_expressed_in_words(
        #[case] birth: BirthDate,
        #[case] when: &str,
        #[case] expected: &str,
    ) {
        let age = age_at(birth, &EventDate::from_edtf(when).unwrap()).unwrap();
        assert_eq!(age.words, expected);
    }

    #[test]
    fn figures_are_given_only_where_both_ends_agree() {
        let year = age_at(BORN, &EventDate::from_edtf("2024").unwrap()).unwrap();
        assert_eq!(
            (year.years, year.months, year.weeks_before_birth),
            (None, None, None)
        );
        let month = age_at(BORN, &EventDate::from_edtf("2024-01").unwrap()).unwrap();
        assert_eq!((month.years, month.months), (Some(3), None));
    }

    #[rstest]
    #[case("../2024-05-01")]
    #[case("2024-05-01/..")]
    fn date_with_an_open_end_gives_no_age(#[case] when: &str) {
        assert_eq!(age_at(BORN, &EventDate::from_edtf(when).unwrap()), None);
    }

    #[test]
    fn leap_day_birthday_falls_on_the_first_of_march() {
        let birth = BirthDate {
            date: date!(2020 - 02 - 29),
            expected: false,
        };
        let on = |when: &str| {
            age_at(birth, &EventDate::from_edtf(when).unwrap())
                .unwrap()
                .years
        };
        assert_eq!(
            (on("2023-02-28"), on("2023-03-01"), on("2024-02-29")),
            (Some(2), Some(3), Some(4))
        );
    }
}
