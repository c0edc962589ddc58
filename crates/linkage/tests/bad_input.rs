//! Texts that nobody should send and somebody will: always an answer, each entry once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test fixtures")]

mod support;

use proptest::prelude::*;
use rstest::rstest;
use support::*;

#[rstest]
#[case::empty("")]
#[case::blank(" \n\t ")]
#[case::one_letter("x")]
#[case::signs("/ // - – … .. :: @ # £ ' ’")]
#[case::emoji("👨‍👩‍👧‍👦🏳️‍🌈 😢 x2")]
#[case::arabic("زيارة منزلية، الأسرة بخير ٣/٢/٢٠٢٤")]
#[case::chinese("家访，一切正常。二〇二四年二月三日")]
#[case::polish("Wizyta domowa, wszystko w porządku – İSTANBUL ẞ ǆ")]
#[case::combining("e\u{301}\u{301}\u{301} a\u{308}\u{200d}")]
#[case::dates_that_are_none("31/2 00/00 99/99/99 29/2/23 2024-13-45 32nd of the 13th at 25:61 @ 9999hrs 0am 13pm")]
#[case::time_words("past to at in o'clock half past to midnight past noon ago days ago before")]
fn every_text_has_an_answer(#[case] text: &str) {
    let tell = |agency: u128, child, when: &str| told(agency, &[child], when, "OTHER", text).fragment(agency + child);
    let entries = numbered([
        tell(HV, AISHA, "2024-03-12"),
        tell(HV, BILAL, "2024-03-12"),
        tell(POLICE, AISHA, "2024-03-12T23:59"),
        tell(SCHOOL, AISHA, "2024-03"),
        tell(GP, BILAL, "../2099-12-31"),
        tell(GP, AISHA, "2024-02-29"),
    ]);
    assert_eq!(sorted(&entries).concat().len(), entries.len());
}

#[test]
fn long_texts_are_read_as_far_as_anybody_reads() {
    for text in ["word ".repeat(1_000), "é".repeat(5_000), "3/2/24 ".repeat(700), "see see see ".repeat(400)] {
        let tell = |agency: u128| told(agency, &[AISHA], "2024-03-12", "OTHER", &text).fragment(agency);
        assert_eq!(sorted(&numbered([tell(HV), tell(POLICE), tell(GP)])).concat().len(), 3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_written_each_entry_is_there_once(
        texts in prop::collection::vec("(\\PC|[0-9/:. '@]|at|past|mon|feb|see|of){0,40}", 1..12),
    ) {
        let days = ["2024-03-12", "2024-03", "2024-02-29T00:10", "../2099-12-31"];
        let entries = numbered(texts.iter().zip(1_u128..).zip(days.iter().cycle()).map(|((text, number), when)| {
            told(number % 4, &[AISHA + number % 3], when, "OTHER", text).fragment(number)
        }));
        let mut all = sorted(&entries).concat();
        all.sort_unstable();
        prop_assert_eq!(all, entries.iter().map(|entry| entry.id).collect::<Vec<_>>());
    }

    #[test]
    fn an_entry_of_another_day_moves_no_other(
        words in prop::collection::vec("[a-z]{3,9}", 3..12),
    ) {
        let fight = "Neighbour reported shouting; officers found mother with a cut lip in the hallway";
        let school = "Encompass call about 12/3: mum hurt her lip at home, police came after a neighbour heard shouting";
        let two = [
            told(POLICE, &[AISHA, BILAL], "2024-03-12T22:10", "OTHER", fight).fragment(1),
            told(SCHOOL, &[AISHA], "2024-03-13", "OTHER", school).fragment(2),
        ];
        let alone = sorted(&numbered(two.clone()));
        let other = told(GP, &[AISHA], "2023-06-02", "OTHER", &words.join(" ")).fragment(3);
        let with = sorted(&numbered(two.into_iter().chain([other])));
        prop_assert_eq!(&with[..with.len() - 1], &alone[..]);
    }
}
