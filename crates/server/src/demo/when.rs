//! When an event of the demonstration happened: an offset, how precisely it is known, and sometimes words of its own.
//!
//! `-3 weeks`, `-3 weeks at 09:40`, `month -14 months`, `about month -14 months`, `season -2 years`, `year -6 years`,
//! `about year -6 years`, `before -3 years`, `after -2 years`, `-14 months to -13 months`.

use service::WhenIn;
use time::{Date, Time};

use super::relative::day;

/// What an agency would send: the words alone when there are words, as people type them, else EDTF.
///
/// # Errors
/// The text, when it is none of the forms above.
pub(super) fn when(text: &str, words: Option<&str>, today: Date) -> Result<WhenIn, String> {
    match words {
        Some(words) => {
            let (_, offset) = qualified(text);
            let (date, _) = day(offset, today)?;
            Ok(WhenIn { edtf: None, words: Some(spoken(words, date).into()) })
        }
        None => Ok(WhenIn { edtf: Some(edtf(text, today)?), words: None }),
    }
}

fn qualified(text: &str) -> (&str, &str) {
    const QUALIFIERS: &[&str] = &["about month", "about year", "about", "month", "season", "year", "before", "after"];
    QUALIFIERS.iter().find_map(|word| text.strip_prefix(word).map(|rest| (*word, rest.trim()))).unwrap_or(("", text))
}

fn edtf(text: &str, today: Date) -> Result<String, String> {
    if let Some((from, to)) = text.split_once(" to ") {
        return Ok(format!("{}/{}", day(from, today)?.0, day(to, today)?.0));
    }
    let (qualifier, offset) = qualified(text);
    let (date, clock) = day(offset, today)?;
    let month = format!("{:04}-{:02}", date.year(), u8::from(date.month()));
    Ok(match qualifier {
        "" => stamped(date, clock),
        "about" => format!("{date}~"),
        "month" => month,
        "about month" => format!("{month}~"),
        "season" => format!("{:04}-{}", date.year(), season(date)),
        "year" => format!("{:04}", date.year()),
        "about year" => format!("{:04}~", date.year()),
        "before" => format!("[..{date}]"),
        _ => format!("[{date}..]"),
    })
}

fn stamped(date: Date, clock: Option<Time>) -> String {
    clock.map_or_else(|| date.to_string(), |clock| format!("{date}T{:02}:{:02}", clock.hour(), clock.minute()))
}

/// EDTF's number of the season: spring 21 to winter 24.
fn season(date: Date) -> u8 {
    match u8::from(date.month()) {
        3..=5 => 21,
        6..=8 => 22,
        9..=11 => 23,
        _ => 24,
    }
}

fn spoken(words: &str, date: Date) -> String {
    words
        .replace("{day}", &date.day().to_string())
        .replace("{dd}", &format!("{:02}", date.day()))
        .replace("{mm}", &format!("{:02}", u8::from(date.month())))
        .replace("{month}", &date.month().to_string())
        .replace("{mon}", date.month().to_string().get(..3).unwrap_or_default())
        .replace("{year}", &date.year().to_string())
        .replace("{yy}", &format!("{:02}", date.year().rem_euclid(100)))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn every_form_becomes_what_an_agency_would_send() {
        let today = date!(2026 - 03 - 20);
        let edtf = |text: &str| when(text, None, today).unwrap().edtf.unwrap();
        assert_eq!(edtf("-1 day at 09:05"), "2026-03-19T09:05");
        assert_eq!(edtf("about month -1 month"), "2026-02~");
        assert_eq!(edtf("season -1 year"), "2025-21");
        assert_eq!(edtf("before -1 year"), "[..2025-03-20]");
        assert_eq!(edtf("-2 days to -1 day"), "2026-03-18/2026-03-19");
        let spoken = when("-1 month", Some("early {month} {year}"), today).unwrap();
        assert_eq!(spoken.words.unwrap().as_str(), "early February 2026");
        assert!(spoken.edtf.is_none());
    }
}
