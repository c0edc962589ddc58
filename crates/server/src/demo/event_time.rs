//! Times of demonstration events: an offset from today, its precision, and optionally the agency's
//! own words.
//!
//! `-3 weeks`, `-3 weeks at 09:40`, `month -14 months`, `about month -14 months`, `season -2
//! years`, `year -6 years`, `about year -6 years`, `before -3 years`, `after -2 years`, `-14 months
//! to -13 months`.

use service::WhenIn;
use time::{Date, Time};

use super::relative_date::parse_day;

/// Converts to what an agency would send: only the words when there are words, as people type them,
/// otherwise EDTF.
///
/// # Errors
/// The text, when it has none of the forms above.
pub(super) fn parse_event_time(
    text: &str,
    words: Option<&str>,
    today: Date,
) -> Result<WhenIn, String> {
    match words {
        Some(words) => {
            let (_, offset) = split_qualifier(text);
            let (date, _) = parse_day(offset, today)?;
            Ok(WhenIn {
                edtf: None,
                words: Some(fill_placeholders(words, date).into()),
            })
        }
        None => Ok(WhenIn {
            edtf: Some(to_edtf(text, today)?),
            words: None,
        }),
    }
}

fn split_qualifier(text: &str) -> (&str, &str) {
    const QUALIFIERS: &[&str] = &[
        "about month",
        "about year",
        "about",
        "month",
        "season",
        "year",
        "before",
        "after",
    ];
    QUALIFIERS
        .iter()
        .find_map(|word| text.strip_prefix(word).map(|rest| (*word, rest.trim())))
        .unwrap_or(("", text))
}

fn to_edtf(text: &str, today: Date) -> Result<String, String> {
    if let Some((from, to)) = text.split_once(" to ") {
        return Ok(format!(
            "{}/{}",
            parse_day(from, today)?.0,
            parse_day(to, today)?.0
        ));
    }
    let (qualifier, offset) = split_qualifier(text);
    let (date, time_of_day) = parse_day(offset, today)?;
    let month = format!("{:04}-{:02}", date.year(), u8::from(date.month()));
    Ok(match qualifier {
        "" => format_date_time(date, time_of_day),
        "about" => format!("{date}~"),
        "month" => month,
        "about month" => format!("{month}~"),
        "season" => format!("{:04}-{}", date.year(), season_number(date)),
        "year" => format!("{:04}", date.year()),
        "about year" => format!("{:04}~", date.year()),
        "before" => format!("[..{date}]"),
        _ => format!("[{date}..]"),
    })
}

fn format_date_time(date: Date, time_of_day: Option<Time>) -> String {
    time_of_day.map_or_else(
        || date.to_string(),
        |time_of_day| {
            format!(
                "{date}T{:02}:{:02}",
                time_of_day.hour(),
                time_of_day.minute()
            )
        },
    )
}

/// EDTF number of the season: from 21 for spring to 24 for winter.
fn season_number(date: Date) -> u8 {
    match u8::from(date.month()) {
        3..=5 => 21,
        6..=8 => 22,
        9..=11 => 23,
        _ => 24,
    }
}

fn fill_placeholders(words: &str, date: Date) -> String {
    words
        .replace("{day}", &date.day().to_string())
        .replace("{dd}", &format!("{:02}", date.day()))
        .replace("{mm}", &format!("{:02}", u8::from(date.month())))
        .replace("{month}", &date.month().to_string())
        .replace(
            "{mon}",
            date.month().to_string().get(..3).unwrap_or_default(),
        )
        .replace("{year}", &date.year().to_string())
        .replace("{yy}", &format!("{:02}", date.year().rem_euclid(100)))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn every_form_gives_edtf_or_words() {
        let today = date!(2026 - 03 - 20);
        let to_edtf = |text: &str| parse_event_time(text, None, today).unwrap().edtf.unwrap();
        assert_eq!(to_edtf("-1 day at 09:05"), "2026-03-19T09:05");
        assert_eq!(to_edtf("about month -1 month"), "2026-02~");
        assert_eq!(to_edtf("season -1 year"), "2025-21");
        assert_eq!(to_edtf("before -1 year"), "[..2025-03-20]");
        assert_eq!(to_edtf("-2 days to -1 day"), "2026-03-18/2026-03-19");
        let spoken = parse_event_time("-1 month", Some("early {month} {year}"), today).unwrap();
        assert_eq!(spoken.words.unwrap().as_str(), "early February 2026");
        assert!(spoken.edtf.is_none());
    }
}
