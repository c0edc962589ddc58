//! Sorting a family's entries into events.

use crate::support::*;
use proptest::prelude::*;
use rstest::rstest;

const FIGHT: &str =
    "Neighbour reported shouting and a child crying; officers found mother with a cut lip";

#[test]
fn repeats_and_accounts_form_one_cluster() {
    let entries = numbered([
        test_entry(HV, &[AISHA], "2024-03-12", "DOMESTIC_ABUSE", FIGHT).fragment(1),
        test_entry(
            POLICE,
            &[AISHA, BILAL],
            "2024-03-12T22:10",
            "DOMESTIC_ABUSE",
            FIGHT,
        )
        .fragment(2),
        test_entry(HV, &[BILAL], "2024-03-12", "DOMESTIC_ABUSE", FIGHT).fragment(3),
        test_entry(GP, &[AISHA], "2024-03-20", "HEALTH", "Ear infection").fragment(4),
    ]);
    assert_eq!(sorted(&entries), vec![vec![1, 2, 3], vec![4]]);
    let clusters = clusters(&entries);
    assert!(!clusters[0].evidence.is_empty() && clusters[1].evidence.is_empty());
}

#[test]
fn weekly_visits_with_same_words_stay_apart() {
    let days = ["2024-03-05", "2024-03-12", "2024-03-19", "2024-03-26"];
    let visit = |day| {
        test_entry(
            HV,
            &[AISHA, BILAL],
            day,
            "CONTACT",
            "Weekly visit. Family at home, no concerns.",
        )
    };
    let entries = numbered(days.map(visit));
    assert_eq!(sorted(&entries).len(), 4);
}

#[test]
fn short_text_repeated_for_sibling_is_one_event() {
    let entry = |child, fragment| {
        test_entry(HV, &[child], "2024-09-14", "EDUCATION", "Collected late").fragment(fragment)
    };
    assert_eq!(
        sorted(&numbered([entry(AISHA, 1), entry(BILAL, 2)])),
        vec![vec![1, 2]]
    );
}

#[test]
fn word_in_every_entry_joins_no_entries() {
    let entry = |agency, when, what: &'static str| {
        test_entry(agency, &[AISHA], when, "HEALTH", what).fragment(agency)
    };
    let entries = numbered([
        entry(HV, "2024-01-12", "Heron missed the school nurse"),
        entry(GP, "2024-01", "Heron weight below the second centile"),
        entry(POLICE, "2024-02-01", "Heron came to the club hungry"),
        entry(HV, "2023-10-09", "Heron registered"),
    ]);
    assert_eq!(sorted(&entries), vec![vec![1], vec![2], vec![3], vec![4]]);
}

#[test]
fn entry_dated_to_a_month_joins_one_of_several_days() {
    let entry =
        |agency, when| test_entry(agency, &[AISHA], when, "DOMESTIC_ABUSE", FIGHT).fragment(agency);
    let two = numbered([
        entry(POLICE, "2024-03-05"),
        entry(POLICE, "2024-03-19"),
        entry(GP, "2024-03"),
    ]);
    assert_eq!(sorted(&two), vec![vec![1, 3], vec![2]]);
    let one = numbered([
        entry(POLICE, "2024-03-05"),
        entry(POLICE, "2024-04-19"),
        entry(GP, "2024-03"),
    ]);
    assert_eq!(sorted(&one), vec![vec![1, 3], vec![2]]);
}

#[test]
fn entry_without_time_does_not_join_two_times() {
    let entry = |child, when: &str| {
        test_entry(
            HV,
            &[child],
            when,
            "HEALTH",
            "Dressing changed, wound healing well",
        )
        .fragment(child)
    };
    let entries = numbered([
        entry(AISHA, "2024-03-12T10:00"),
        entry(BILAL, "2024-03-12"),
        entry(CARYS, "2024-03-12T14:00"),
    ]);
    assert_eq!(sorted(&entries), vec![vec![1], vec![2], vec![3]]);
}

#[test]
fn account_does_not_join_two_incidents_of_another_agency() {
    let police = |when| {
        test_entry(POLICE, &[AISHA], when, "DOMESTIC_ABUSE", FIGHT)
            .fragment(1)
            .document("OP-7731")
    };
    let entries = numbered([
        police("2024-03-12T10:00"),
        police("2024-03-12T10:40"),
        test_entry(GP, &[AISHA], "2024-03-12", "DOMESTIC_ABUSE", FIGHT)
            .fragment(2)
            .document("OP-7731"),
    ]);
    let rows = sorted(&entries);
    assert!(
        rows.len() == 2 && !rows.iter().any(|row| row.contains(&1) && row.contains(&2)),
        "{rows:?}"
    );
}

#[test]
fn vaguely_dated_copy_does_not_join_two_days() {
    let entry = |agency, child, when| {
        test_entry(agency, &[child], when, "DOMESTIC_ABUSE", FIGHT).fragment(agency * 10 + child)
    };
    let entries = numbered([
        entry(GP, BILAL, "2024-03"),
        entry(GP, AISHA, "2024-03-12"),
        entry(HV, BILAL, "2024-03-29"),
    ]);
    assert_eq!(sorted(&entries), vec![vec![1, 2], vec![3]]);
}

#[test]
fn call_listed_twice_for_each_of_two_children_is_one_event() {
    let call = |child| {
        test_entry(
            HV,
            &[child],
            "2024-03-12",
            "CONTACT",
            "Telephoned mother, no answer",
        )
        .fragment(child)
    };
    let entries = numbered([call(AISHA), call(AISHA), call(BILAL), call(BILAL)]);
    assert_eq!(sorted(&entries), vec![vec![1, 2, 3, 4]]);
}

#[test]
fn resent_fragment_changes_no_row() {
    let call = |fragment| {
        test_entry(
            HV,
            &[AISHA],
            "2024-03-12",
            "CONTACT",
            "Telephoned mother, no answer",
        )
        .fragment(fragment)
    };
    let entries = numbered([call(1), call(1), call(2), call(2)]);
    assert_eq!(sorted(&entries), vec![vec![1, 2, 3, 4]]);
    let timed = |fragment, when| {
        test_entry(
            HV,
            &[AISHA],
            when,
            "CONTACT",
            "Telephoned mother, no answer",
        )
        .fragment(fragment)
    };
    let calls = numbered([
        timed(1, "2024-03-12T09:00"),
        timed(1, "2024-03-12T16:00"),
        timed(2, "2024-03-12T09:00"),
    ]);
    assert_eq!(
        sorted(&calls),
        vec![vec![1, 3], vec![2]],
        "two times are two calls"
    );
}

#[rstest]
#[case::hospital(
    "Admitted to the children's ward from the emergency department with breathing difficulties"
)]
#[case::clinic("Seen in clinic with mother, both hearing tests passed")]
#[case::school("Parents' evening at school, mother came and was told of good progress")]
#[case::letter("Letter sent about appointments that were not kept")]
#[case::not_brought("Not brought to the dental appointment, second time")]
#[case::short("Late, 9.20. Bus full.")]
fn same_words_for_two_children_on_one_day_are_one_event(#[case] what: &str) {
    let entry = |child, when| test_entry(SCHOOL, &[child], when, "HEALTH", what).fragment(child);
    assert_eq!(
        sorted(&numbered([
            entry(AISHA, "2024-03-12"),
            entry(BILAL, "2024-03-12")
        ])),
        vec![vec![1, 2]]
    );
    assert_eq!(
        sorted(&numbered([
            entry(AISHA, "2024-03-12"),
            entry(BILAL, "2024-03-13")
        ]))
        .len(),
        2,
        "two days"
    );
    let times = [
        entry(AISHA, "2024-03-12T09:00"),
        entry(BILAL, "2024-03-12T09:30"),
    ];
    assert_eq!(sorted(&numbered(times)).len(), 2, "two appointments");
}

#[rstest]
#[case(
    "Weighed at clinic, 9.4 kg, 25th centile, feeding well",
    "Weighed at clinic, 8.1 kg, 2nd centile, refer to dietitian"
)]
#[case(
    "Aisha: hearing test, both ears passed",
    "Bilal: hearing test, right ear failed, rescreen"
)]
#[case("Spelling test, Aisha 19 of 20", "Spelling test, Bilal 7 of 20")]
fn different_findings_for_two_children_stay_apart(#[case] one: &str, #[case] other: &str) {
    let entry =
        |child, what| test_entry(GP, &[child], "2024-03-12", "HEALTH", what).fragment(child);
    assert_eq!(
        sorted(&numbered([entry(AISHA, one), entry(BILAL, other)])).len(),
        2
    );
}

#[rstest]
#[case::a_day("2024-03-12T22:10", "2024-03-13T22:10", 1)]
#[case::an_hour("2024-03-12T22:10", "2024-03-12T23:10", 1)]
#[case::a_week("2024-03-12T22:10", "2024-03-19T22:10", 2)]
fn date_error_under_one_event_number_is_one_event(
    #[case] one: &str,
    #[case] other: &str,
    #[case] rows: usize,
) {
    let entry = |child, when| {
        test_entry(POLICE, &[child], when, "DOMESTIC_ABUSE", FIGHT)
            .fragment(child)
            .reference("LOG-4471")
    };
    assert_eq!(
        sorted(&numbered([entry(AISHA, one), entry(BILAL, other)])).len(),
        rows
    );
    let word = |child, when| {
        test_entry(POLICE, &[child], when, "DOMESTIC_ABUSE", FIGHT)
            .fragment(child)
            .reference("NOT KNOWN")
    };
    assert_eq!(
        sorted(&numbered([word(AISHA, one), word(BILAL, other)])).len(),
        2,
        "a word is not a number"
    );
}

#[test]
fn five_thousand_identical_copies_are_one_event() {
    let copy = |fragment| {
        test_entry(
            HV,
            &[AISHA],
            "2024-03-12",
            "CONTACT",
            "Telephoned mother, no answer",
        )
        .fragment(fragment)
    };
    assert_eq!(sorted(&numbered((0..5_000).map(copy))).len(), 1);
}

/// Entries with few values in each field, so that random entries are often similar.
fn any_entry() -> impl Strategy<Value = TestEntry> {
    let what = prop_oneof![
        Just(FIGHT),
        Just(
            "Neighbour reported shouting and a child crying; officers found mother with a cut lip again"
        ),
        Just(
            "Neighbour reported shoutting and a child crying; officers found mother with a cut lip"
        ),
        Just("Aisha seen at clinic with mother, weight 11.2 kg"),
        Just("Bilal seen at clinic with mother, weight 11.2 kg"),
        Just("Telephoned mother, no answer"),
    ];
    let when = prop_oneof![
        Just("2024-03-12"),
        Just("2024-03-12T10:00"),
        Just("2024-03-12T10:20"),
        Just("2024-03"),
        Just("2024-03-19"),
        Just("2024"),
        Just("../2024-03-12"),
    ];
    let children = prop_oneof![
        Just(vec![AISHA]),
        Just(vec![BILAL]),
        Just(vec![AISHA, BILAL])
    ];
    let category = prop_oneof![Just("HEALTH"), Just("CONTACT")];
    let document = prop::option::of(Just("OP-7731"));
    (HV..=GP, 0..3_u128, children, when, category, what, document).prop_map(
        |(agency, fragment, children, when, category, what, document)| {
            let entry = test_entry(agency, &children, when, category, what)
                .fragment(agency * 10 + fragment);
            document.into_iter().fold(entry, TestEntry::document)
        },
    )
}

proptest! {
    #[test]
    fn every_entry_is_in_one_cluster_in_any_order(
        (entries, shuffled) in prop::collection::vec(any_entry(), 0..24)
            .prop_map(numbered)
            .prop_flat_map(|entries| (Just(entries.clone()), Just(entries).prop_shuffle())),
    ) {
        let clusters = sorted(&entries);
        let mut all: Vec<u128> = clusters.iter().flatten().copied().collect();
        all.sort_unstable();
        prop_assert_eq!(all, entries.iter().map(|entry| entry.id).collect::<Vec<_>>());
        prop_assert_eq!(&clusters, &sorted(&shuffled));
    }

    #[test]
    fn chains_do_not_join_contradicting_entries(entries in prop::collection::vec(any_entry(), 0..24).prop_map(numbered)) {
        for cluster in sorted(&entries) {
            let members: Vec<&TestEntry> = cluster.iter().map(|id| entries.iter().find(|entry| entry.id == *id).unwrap()).collect();
            for (a, b) in members.iter().flat_map(|a| members.iter().map(move |b| (a, b))) {
                let (x, y) = (&a.details, &b.details);
                // An agency that hears of an event may record it up to ten days later, and a less
                // exact date may be further off.
                let apart = (x.when.earliest() - y.when.latest()).max(y.when.earliest() - x.when.latest()).whole_days();
                let most = if a.agency == b.agency { 0 } else { 20 };
                prop_assert!(apart <= most, "{apart} days apart");
                let share = x.children.iter().any(|child| y.children.contains(child));
                if a.agency == b.agency && share {
                    prop_assert_eq!((x.when.earliest(), x.when.latest()), (y.when.earliest(), y.when.latest()));
                }
                if a.agency == b.agency {
                    prop_assert!(x.when.time().is_none() || y.when.time().is_none() || x.when.time() == y.when.time());
                }
            }
        }
    }
}
