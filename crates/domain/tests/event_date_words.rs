//! Dates as people type them: parsed as they are meant or rejected, without guessing, with the

//! words unchanged.

use domain::{EventDate, EventDateError as E, Precision};
use rstest::rstest;

fn edtf(words: &str) -> String {
    EventDate::from_words(words)
        .map_or_else(|error| format!("{error:?}"), |when| when.edtf().to_owned())
}

#[rstest]
#[case("22.05.16", "2016-05-22")]
#[case("22-may-16", "2016-05-22")]
#[case("22/05/2016", "2016-05-22")]
#[case("22 05 2016", "2016-05-22")]
#[case("1/2/2016", "2016-02-01")]
#[case("?22 May 2016", "2016-05-22?")]
#[case("22 May 2016?", "2016-05-22?")]
#[case("22 May 2016 (?)", "2016-05-22?")]
#[case("c. 22 May ?2016", "2016-05-22%")]
#[case("22nd May 2016", "2016-05-22")]
#[case("the 22nd of May, 2016", "2016-05-22")]
#[case("May 22nd, 2016", "2016-05-22")]
#[case("Sunday 22 May 2016", "2016-05-22")]
#[case("on Sun. 22 May 2016", "2016-05-22")]
#[case("22May2016", "2016-05-22")]
#[case("2016/05/22", "2016-05-22")]
#[case("2016-05-22", "2016-05-22")]
#[case("29.02.2020", "2020-02-29")]
#[case("22 Sept 16", "2016-09-22")]
#[case("3.6.69", "2069-06-03")]
#[case("3.6.70", "1970-06-03")]
fn days_are_parsed(#[case] words: &str, #[case] expected: &str) {
    assert_eq!(edtf(words), expected);
}

#[rstest]
#[case("22nd May 2016 at 14:30", "2016-05-22T14:30")]
#[case("22.05.16 14:30", "2016-05-22T14:30")]
#[case("22.05.16 at 14.30", "2016-05-22T14:30")]
#[case("22.05.16 at 1430", "2016-05-22T14:30")]
#[case("22.05.16 0905hrs", "2016-05-22T09:05")]
#[case("22.05.16, 2.30pm", "2016-05-22T14:30")]
#[case("2 p.m. on 22 May 2016", "2016-05-22T14:00")]
#[case("12am 22 May 2016", "2016-05-22T00:00")]
#[case("12.15 pm 22 May 2016", "2016-05-22T12:15")]
#[case("22 May 2016 at noon", "2016-05-22T12:00")]
#[case("2016-05-22T14:30", "2016-05-22T14:30")]
#[case("14:30:59 22/05/2016", "2016-05-22T14:30")]
fn times_are_parsed(#[case] words: &str, #[case] expected: &str) {
    assert_eq!(edtf(words), expected);
}

#[rstest]
#[case("22 May 2016 at about 14:30")]
#[case("22 May 2016, c. 2pm")]
#[case("22 May 2016, evening")]
#[case("22 May 2016 midnight")]
#[case("22 May 2016 am")]
fn inexact_time_is_dropped_and_reported(#[case] words: &str) {
    let when = EventDate::from_words(words).unwrap();
    assert_eq!((when.edtf(), when.time()), ("2016-05-22", None));
    assert_eq!(
        when.repair(),
        Some("the time is not exact and stays in the words alone")
    );
}

#[test]
fn uncertain_day_has_no_time() {
    let when = EventDate::from_words("?22 May 2016 at 14:30").unwrap();
    assert_eq!((when.edtf(), when.time()), ("2016-05-22?", None));
}

#[rstest]
#[case("May 2016", "2016-05", Precision::Month)]
#[case("in May 2016", "2016-05", Precision::Month)]
#[case("05/2016", "2016-05", Precision::Month)]
#[case("2016/05", "2016-05", Precision::Month)]
#[case("2016", "2016", Precision::Year)]
#[case("c. 2018", "2018~", Precision::Year)]
#[case("c2018", "2018~", Precision::Year)]
#[case("about March 2019", "2019-03~", Precision::Month)]
#[case("possibly 2018", "2018?", Precision::Year)]
#[case("summer 2020", "2020-22", Precision::Season)]
#[case("Winter 2018/19", "2018-24", Precision::Season)]
#[case("the 1990s", "199X", Precision::Decade)]
#[case("2010s", "201X", Precision::Decade)]
fn months_years_and_longer_periods_are_parsed(
    #[case] words: &str,
    #[case] expected: &str,
    #[case] precision: Precision,
) {
    assert_eq!(edtf(words), expected);
    assert_eq!(EventDate::from_words(words).unwrap().precision(), precision);
}

#[rstest]
#[case("early March 2019", "2019-03-01~/2019-03-10~")]
#[case("mid-March 2019", "2019-03-11~/2019-03-20~")]
#[case("end of February 2020", "2020-02-21~/2020-02-29~")]
#[case("early 2019", "2019-01~/2019-04~")]
#[case("late 2019", "2019-09~/2019-12~")]
#[case("late winter 2018", "2019-02~")]
#[case("early summer 2020", "2020-06~")]
#[case("the late 1990s", "1997~/1999~")]
#[case("autumn term 2019", "2019-09~/2019-12~")]
fn parts_of_periods_are_parsed(#[case] words: &str, #[case] expected: &str) {
    assert_eq!(edtf(words), expected);
}

#[rstest]
#[case("before 2018", "[..2017]")]
#[case("before 1 March 2018", "[..2018-02-28]")]
#[case("before March 2018", "[..2018-02]")]
#[case("before January 2018", "[..2017-12]")]
#[case("prior to the 1990s", "[..1989]")]
#[case("by 2018", "[..2018]")]
#[case("on or before 1 March 2018", "[..2018-03-01]")]
#[case("pre-2018", "[..2017]")]
#[case("after 2018", "[2019..]")]
#[case("after 31 December 2018", "[2019-01-01..]")]
#[case("on or after 3/5/2018", "[2018-05-03..]")]
#[case("since March 2019", "2019-03/..")]
#[case("March 2019 onwards", "2019-03/..")]
#[case("from 2019 onwards", "2019/..")]
#[case("March 2019 to date", "2019-03/..")]
#[case("2018 - present", "2018/..")]
#[case("until June 2019", "../2019-06")]
#[case("up to c. 2019", "../2019~")]
fn bounds_are_parsed(#[case] words: &str, #[case] expected: &str) {
    assert_eq!(edtf(words), expected);
}

#[rstest]
#[case("2016-2018", "2016/2018")]
#[case("2016 – 2018", "2016/2018")]
#[case("2016/2018", "2016/2018")]
#[case("2018/19", "2018/2019")]
#[case("2018-19", "2018/2019")]
#[case("2018-21", "2018/2021")]
#[case("between 3 and 5 May 2020", "2020-05-03/2020-05-05")]
#[case("3-5 May 2020", "2020-05-03/2020-05-05")]
#[case("3rd to 5th May 2020", "2020-05-03/2020-05-05")]
#[case("3 May to 5 June 2020", "2020-05-03/2020-06-05")]
#[case("from 30 December 2019 to 2 January 2020", "2019-12-30/2020-01-02")]
#[case("March - May 2019", "2019-03/2019-05")]
#[case("22-24/05/16", "2016-05-22/2016-05-24")]
#[case("22.05.16-24.05.16", "2016-05-22/2016-05-24")]
#[case("22-05-16 - 24-05-16", "2016-05-22/2016-05-24")]
#[case("summer 2018 to winter 2019", "2018-22/2019-24")]
#[case("c. 2016 to 2018", "2016~/2018")]
#[case("early March to late April 2019", "2019-03-01~/2019-04-30~")]
#[case("between 5 and 5 May 2020", "2020-05-05")]
fn ranges_are_parsed(#[case] words: &str, #[case] expected: &str) {
    assert_eq!(edtf(words), expected);
}

#[rstest]
#[case("22.05/16", "2016-05-22", "read as 22/05/16")]
#[case("22..05.16", "2016-05-22", "read as 22/05/16")]
#[case("22.05.16-", "2016-05-22", "read as 22/05/16")]
#[case("220516", "2016-05-22", "read as 22/05/16")]
#[case("22052016", "2016-05-22", "read as 22/05/2016")]
#[case("20160522", "2016-05-22", "read as 22/05/2016")]
#[case("10122012", "2012-12-10", "read as 10/12/2012")]
#[case("22-may/16", "2016-05-22", "read as 22 May 16")]
#[case("May-16", "2016-05", "read as May 2016")]
#[case("90s", "199X", "read as the 1990s")]
#[case("2018/19", "2018/2019", "read as 2018 to 2019")]
#[case("2010-11", "2010-11", "read as November 2010")]
#[case("Monday 22 May 2016", "2016-05-22", "that day was a Sunday")]
fn corrections_are_reported(#[case] words: &str, #[case] expected: &str, #[case] repair: &str) {
    let when = EventDate::from_words(words).unwrap();
    assert_eq!((when.edtf(), when.repair()), (expected, Some(repair)));
    assert_eq!(
        when.words().map(|words| words.as_str()),
        Some(words),
        "the words are unchanged"
    );
}

#[rstest]
#[case("22.05.16")]
#[case("22.05.16.")]
#[case("22-may-16")]
#[case("22/05/2016")]
#[case("22nd May 2016 at 14:30")]
#[case("2016-2018")]
#[case("early March 2019")]
#[case("Sunday 22 May 2016")]
fn correct_dates_report_no_correction(#[case] words: &str) {
    assert_eq!(EventDate::from_words(words).unwrap().repair(), None);
}

#[rstest]
#[case("", E::Empty)]
#[case("  ", E::Empty)]
#[case("22 May", E::YearMissing)]
#[case("summer", E::YearMissing)]
#[case("3-5 May", E::YearMissing)]
#[case("31/02/2016", E::ImpossibleDate)]
#[case("31-02-2016", E::ImpossibleDate)]
#[case("29 February 2019", E::ImpossibleDate)]
#[case("29-02-2019", E::ImpossibleDate)]
#[case("05/22/2016", E::ImpossibleDate)]
#[case("12/13/2016", E::ImpossibleDate)]
#[case("32 May 2016", E::ImpossibleDate)]
#[case("0 May 2016", E::ImpossibleDate)]
#[case("2016-13-01", E::ImpossibleDate)]
#[case("22 May 1066", E::ImpossibleDate)]
#[case("22 May 2016 at 25:00", E::ImpossibleTime)]
#[case("22 May 2016 at 14:75", E::ImpossibleTime)]
#[case("22 May 2016 13am", E::ImpossibleTime)]
#[case("2018-2016", E::EndBeforeStart)]
#[case("5 to 3 May 2020", E::EndBeforeStart)]
#[case("Easter 2018", E::Unreadable)]
#[case("last Tuesday", E::Unreadable)]
#[case("yesterday", E::Unreadable)]
#[case("05/16", E::Unreadable)]
#[case("22 May 2016 23 May 2016", E::Unreadable)]
#[case("22/05/20166", E::Unreadable)]
#[case("before", E::Unreadable)]
#[case("-", E::Unreadable)]
#[case("May 3 - 5 2020", E::Unreadable)]
#[case("3 birthday", E::Unreadable)]
fn ambiguous_or_impossible_dates_are_rejected(#[case] words: &str, #[case] error: E) {
    let read = EventDate::from_words(words);
    assert_eq!(
        read.map(|when| when.edtf().to_owned()),
        Err(error),
        "{words}"
    );
}

#[test]
fn overlong_text_is_rejected() {
    assert_eq!(
        EventDate::from_words(&"1".repeat(101)).unwrap_err(),
        E::TooLong
    );
}

proptest::proptest! {
    #[test]
    fn any_text_is_parsed_or_rejected_without_panic(text in "[0-9a-z./?~ :-]{0,30}|\\PC{0,40}") {
        if let Ok(when) = EventDate::from_words(&text) {
            let again = EventDate::from_edtf(when.edtf());
            proptest::prop_assert_eq!(again.map(|again| again.edtf().to_owned()), Ok(when.edtf().to_owned()));
            proptest::prop_assert!(when.earliest() <= when.latest());
        }
    }

    #[test]
    fn every_day_is_parsed_in_every_usual_form(days in 0i64..80_000) {
        let day = time::macros::date!(1970-01-01) + time::Duration::days(days % 36_000);
        let (d, m, y) = (day.day(), u8::from(day.month()), day.year());
        let iso = format!("{y:04}-{m:02}-{d:02}");
        for words in [format!("{d}/{m}/{y}"), format!("{d:02}.{m:02}.{:02}", y % 100), format!("{d} {} {y}", day.month()), format!("{d:02}-{m:02}-{y}"), iso.clone()] {
            proptest::prop_assert_eq!(edtf(&words), iso.clone(), "{}", words);
        }
    }
}
