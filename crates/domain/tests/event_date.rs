//! Dates as values: canonical text, bounds, order, JSON and UK days.

use domain::{EventDate, EventDateError as E, Instant, Precision, WhenOut, uk_date_at, uk_day_end};
use rstest::rstest;
use time::macros::date;

fn read(text: &str) -> EventDate {
    EventDate::from_edtf(text).unwrap()
}

#[rstest]
#[case("2016-05-22", "2016-05-22")]
#[case(" 2016-05-22 ", "2016-05-22")]
#[case("2016-05-22T14:30:00", "2016-05-22T14:30")]
#[case("2016-05-22t14:30", "2016-05-22T14:30")]
#[case("2016-05-22T14:30:59.999", "2016-05-22T14:30")]
#[case("2016-05-22T23:30:00Z", "2016-05-23T00:30")]
#[case("2016-01-22T23:30Z", "2016-01-22T23:30")]
#[case("2016-05-22T10:00-05:00", "2016-05-22T16:00")]
#[case("2016-XX", "2016")]
#[case("2016-XX-XX", "2016")]
#[case("2016-05-XX", "2016-05")]
#[case("201x", "201X")]
#[case("2016?~", "2016%")]
#[case("2016~?", "2016%")]
#[case("2016%", "2016%")]
#[case("2016-05-22/2016-05-22", "2016-05-22")]
#[case("[2016..2018]", "2016/2018")]
#[case("2016/", "2016/..")]
#[case("/2016", "../2016")]
#[case("[..2018-03-01]", "[..2018-03-01]")]
#[case("[2018-03-01..]", "[2018-03-01..]")]
#[case("2018-24~", "2018-24~")]
fn dates_with_one_meaning_have_one_canonical_text(#[case] given: &str, #[case] canonical: &str) {
    assert_eq!(read(given).edtf(), canonical);
    assert_eq!(read(given), read(canonical));
}

#[rstest]
#[case("", E::Empty)]
#[case("..", E::Unreadable)]
#[case("../..", E::Unreadable)]
#[case("[..]", E::Unreadable)]
#[case("[2016]", E::Unreadable)]
#[case("2016-5-22", E::Unreadable)]
#[case("2016-05-22-01", E::Unreadable)]
#[case("20XX", E::Unreadable)]
#[case("201X-05", E::Unreadable)]
#[case("2016-22-XX", E::Unreadable)]
#[case("2016-05T14:30", E::Unreadable)]
#[case("2016-05-22T14:30~", E::Unreadable)]
#[case("2016~~~", E::Unreadable)]
#[case("2016/2017/2018", E::Unreadable)]
#[case("+016", E::Unreadable)]
#[case("２０１６", E::Unreadable)]
#[case("2016-13", E::ImpossibleDate)]
#[case("2016-00", E::ImpossibleDate)]
#[case("2016-25", E::ImpossibleDate)]
#[case("2019-02-29", E::ImpossibleDate)]
#[case("2016-02-31", E::ImpossibleDate)]
#[case("1066-10-14", E::ImpossibleDate)]
#[case("2016-05-22T24:00", E::ImpossibleTime)]
#[case("2016-05-22T14:60", E::ImpossibleTime)]
#[case("2016-05-22T14:30:60", E::ImpossibleTime)]
#[case("2018/2016", E::EndBeforeStart)]
#[case("2016-05-22T14:30/2016-05-22T14:00", E::EndBeforeStart)]
fn invalid_edtf_is_rejected(#[case] text: &str, #[case] error: E) {
    assert_eq!(EventDate::from_edtf(text), Err(error), "{text}");
}

#[rstest]
#[case("2016-05-22T14:30", date!(2016-05-22), date!(2016-05-22), Precision::DateTime)]
#[case("2016-02", date!(2016-02-01), date!(2016-02-29), Precision::Month)]
#[case("2016-21", date!(2016-03-01), date!(2016-05-31), Precision::Season)]
#[case("2019-24", date!(2019-12-01), date!(2020-02-29), Precision::Season)]
#[case("2016~", date!(2016-01-01), date!(2016-12-31), Precision::Year)]
#[case("201X", date!(2010-01-01), date!(2019-12-31), Precision::Decade)]
#[case("[..2018-03]", EventDate::OPEN_START, date!(2018-03-31), Precision::Before)]
#[case("[2018-03..]", date!(2018-03-01), EventDate::OPEN_END, Precision::After)]
#[case("2016/2018-05", date!(2016-01-01), date!(2018-05-31), Precision::Range)]
#[case("2016/..", date!(2016-01-01), EventDate::OPEN_END, Precision::Range)]
fn earliest_and_latest_day_follow_from_the_value(
    #[case] text: &str,
    #[case] first: time::Date,
    #[case] last: time::Date,
    #[case] p: Precision,
) {
    let when = read(text);
    assert_eq!(
        (when.earliest(), when.latest(), when.precision()),
        (first, last, p)
    );
}

#[test]
fn sort_keys_follow_the_documented_order() {
    let in_order = [
        "201X",
        "2015-12-31",
        "[..2016-01-01]",
        "2016-01-01T09:00",
        "2016-01-01T14:30",
        "2016-01-01",
        "2016-01-01~",
        "2016-01-01/2016-01-10",
        "2016-01",
        "2016-01~",
        "2016",
        "2016-01-01/..",
        "2016-01-02",
        "../2016-01-31",
        "2016-01-31",
        "2016-21",
    ];
    let keys: Vec<_> = in_order.iter().map(|text| read(text).sort_key()).collect();
    for (pair, texts) in keys.windows(2).zip(in_order.windows(2)) {
        assert!(pair[0] < pair[1], "{texts:?}");
    }
}

#[rstest]
#[case("2026-11-23", true)]
#[case("2026-11-22", false)]
#[case("2026-11-22T23:59", false)]
#[case("2026-11", false)]
#[case("2026-12", true)]
#[case("2026", false)]
#[case("2026-24", true)]
#[case("2025/..", false)]
#[case("2025/2027", true)]
#[case("[..2030]", false)]
#[case("[2027..]", true)]
fn dates_after_a_day_are_recognized(#[case] text: &str, #[case] expected: bool) {
    assert_eq!(
        read(text).is_after_day(date!(2026 - 11 - 22)),
        expected,
        "{text}"
    );
}

#[test]
fn every_inexact_date_states_what_the_order_assumes() {
    for text in ["2016-05-22", "2016-05-22T00:00"] {
        assert_eq!(read(text).assumption(), None);
    }
    for text in [
        "2016-05-22?",
        "2016-05-22~",
        "2016-05",
        "2016-21",
        "2016",
        "201X",
        "[..2016]",
        "[2016..]",
        "2016/..",
        "../2016",
        "2016/2017",
    ] {
        assert!(read(text).assumption().is_some(), "{text}");
    }
}

#[test]
fn json_round_trips_and_omits_an_unknown_time() {
    let when = EventDate::from_words("22.05/16").unwrap();
    let json = serde_json::to_value(&when).unwrap();
    let expected = serde_json::json!({
        "edtf": "2016-05-22", "precision": "date", "words": "22.05/16", "repair": "read as 22/05/16"
    });
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_value::<EventDate>(json).unwrap(), when);
    let timed = serde_json::to_value(read("2016-05-22T14:30")).unwrap();
    assert_eq!(timed["time"], "14:30");
}

#[rstest]
#[case(r#"{"edtf":"2016-02-31"}"#)]
#[case(r#"{"edtf":"2016","precision":"month"}"#)]
#[case(r#"{"edtf":"2016-05-22","time":"00:00"}"#)]
#[case(r#"{"edtf":"2016","surprise":1}"#)]
#[case(r#"{"words":"2016"}"#)]
fn contradictory_json_is_rejected(#[case] json: &str) {
    assert!(serde_json::from_str::<EventDate>(json).is_err());
}

#[test]
fn response_omits_unknown_fields() {
    let out = serde_json::to_value(WhenOut::from(&read("[..2018-03]"))).unwrap();
    assert_eq!(out["latest"], "2018-03-31");
    for absent in ["earliest", "time", "words", "repair"] {
        assert!(out.get(absent).is_none(), "{absent}");
    }
    let back: WhenOut = serde_json::from_value(out).unwrap();
    assert_eq!(back, WhenOut::from(&read("[..2018-03]")));
}

#[test]
fn debug_does_not_show_the_words() {
    let when = EventDate::from_words("22 May 2016").unwrap();
    assert!(!format!("{when:?}").contains("22 May"));
}

#[rstest]
#[case("2026-06-30T22:59:59Z", date!(2026-06-30))]
#[case("2026-06-30T23:00:00Z", date!(2026-07-01))]
#[case("2026-01-31T23:59:59Z", date!(2026-01-31))]
#[case("2026-02-01T00:00:00Z", date!(2026-02-01))]
fn instants_are_assigned_to_uk_days(#[case] instant: &str, #[case] day: time::Date) {
    assert_eq!(uk_date_at(Instant::parse(instant).unwrap()), day);
}

#[rstest]
#[case(date!(2026-06-30), "2026-06-30T23:00:00Z")]
#[case(date!(2026-01-31), "2026-02-01T00:00:00Z")]
#[case(date!(2026-03-29), "2026-03-29T23:00:00Z")]
#[case(date!(2026-10-25), "2026-10-26T00:00:00Z")]
fn uk_day_ends_at_uk_midnight(#[case] day: time::Date, #[case] end: &str) {
    assert_eq!(uk_day_end(day), Instant::parse(end).unwrap());
}

proptest::proptest! {
    #[test]
    fn any_text_is_parsed_or_rejected_without_panic(text in "[0-9TXZ.?~%/\\[\\]:+-]{0,30}") {
        if let Ok(when) = EventDate::from_edtf(&text) {
            proptest::prop_assert_eq!(&read(when.edtf()), &when);
            proptest::prop_assert!(when.earliest() <= when.latest());
        }
    }

    #[test]
    fn instant_lies_before_the_end_of_its_uk_day(seconds in 0i64..4_102_444_800) {
        let day = uk_date_at(Instant::from_micros(seconds * 1_000_000));
        let end = uk_day_end(day);
        proptest::prop_assert!(seconds < end.as_seconds() && end.as_seconds() - seconds <= 25 * 3_600);
    }
}
