//! Malformed and unusual texts: entries are always sorted, each into exactly one cluster.

use crate::support::*;
use proptest::prelude::*;
use rstest::rstest;

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
#[case::dates_that_are_none(
    "31/2 00/00 99/99/99 29/2/23 2024-13-45 32nd of the 13th at 25:61 @ 9999hrs 0am 13pm"
)]
#[case::time_words("past to at in o'clock half past to midnight past noon ago days ago before")]
fn sorts_entries_with_any_text(#[case] text: &str) {
    let entry = |agency: u128, child, when: &str| {
        test_entry(agency, &[child], when, "OTHER", text).fragment(agency + child)
    };
    let entries = numbered([
        entry(HV, AISHA, "2024-03-12"),
        entry(HV, BILAL, "2024-03-12"),
        entry(POLICE, AISHA, "2024-03-12T23:59"),
        entry(SCHOOL, AISHA, "2024-03"),
        entry(GP, BILAL, "../2099-12-31"),
        entry(GP, AISHA, "2024-02-29"),
    ]);
    assert_eq!(sorted(&entries).concat().len(), entries.len());
}

#[test]
fn sorts_entries_with_very_long_texts() {
    for text in [
        "word ".repeat(1_000),
        "é".repeat(5_000),
        "3/2/24 ".repeat(700),
        "see see see ".repeat(400),
    ] {
        let entry = |agency: u128| {
            test_entry(agency, &[AISHA], "2024-03-12", "OTHER", &text).fragment(agency)
        };
        assert_eq!(
            sorted(&numbered([entry(HV), entry(POLICE), entry(GP)]))
                .concat()
                .len(),
            3
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_entry_is_in_exactly_one_cluster_for_any_text(
        texts in prop::collection::vec("(\\PC|[0-9/:. '@]|at|past|mon|feb|see|of){0,40}", 1..12),
    ) {
        let days = ["2024-03-12", "2024-03", "2024-02-29T00:10", "../2099-12-31"];
        let entries = numbered(texts.iter().zip(1_u128..).zip(days.iter().cycle()).map(|((text, number), when)| {
            test_entry(number % 4, &[AISHA + number % 3], when, "OTHER", text).fragment(number)
        }));
        let mut all = sorted(&entries).concat();
        all.sort_unstable();
        prop_assert_eq!(all, entries.iter().map(|entry| entry.id).collect::<Vec<_>>());
    }

    #[test]
    fn entry_of_another_day_changes_no_other_cluster(
        words in prop::collection::vec("[a-z]{3,9}", 3..12),
    ) {
        let fight = "Neighbour reported shouting; officers found mother with a cut lip in the hallway";
        let school = "Encompass call about 12/3: mum hurt her lip at home, police came after a neighbour heard shouting";
        let two = [
            test_entry(POLICE, &[AISHA, BILAL], "2024-03-12T22:10", "OTHER", fight).fragment(1),
            test_entry(SCHOOL, &[AISHA], "2024-03-13", "OTHER", school).fragment(2),
        ];
        let alone = sorted(&numbered(two.clone()));
        let other = test_entry(GP, &[AISHA], "2023-06-02", "OTHER", &words.join(" ")).fragment(3);
        let with = sorted(&numbered(two.into_iter().chain([other])));
        prop_assert_eq!(&with[..with.len() - 1], &alone[..]);
    }
}
