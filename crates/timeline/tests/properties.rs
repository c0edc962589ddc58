//! Properties that hold for any entries: none is lost or altered, the order of input has no effect,
//! and filters only select rows.

use std::collections::BTreeMap;

use crate::support::*;
use domain::{Category, EntryId, EventDate, Significance, WhenOut};
use proptest::prelude::*;
use timeline::{LiveEntry, TimelineFilter, consolidate};

/// Each field has few possible values, so that random entries are often similar.
fn any_entry() -> impl Strategy<Value = LiveEntry> {
    let what = prop_oneof![
        Just(FIGHT),
        Just(
            "Neighbour reported shoutting and a child crying; officers found mother with a cut lip"
        ),
        Just(
            "neighbour reported shouting and a child crying, officers found mother with a cut lip"
        ),
        Just("Aisha seen at clinic with mother, weight 11.2 kg"),
        Just("Bilal seen at clinic with mother, weight 11.2 kg"),
        Just("…"),
    ];
    let when = prop_oneof![
        Just("2024-03-12"),
        Just("2024-03-12T10:00"),
        Just("2024-03-12T10:20"),
        Just("2024-03"),
        Just("2024-03-19"),
        Just("2024"),
        Just("../2024-03-12"),
        Just("2024-03-12/.."),
        Just("2024-03-12~"),
    ];
    let children = prop_oneof![
        Just(vec![AISHA]),
        Just(vec![BILAL]),
        Just(vec![AISHA, BILAL]),
        Just(vec![UNBORN])
    ];
    let other = (
        any::<bool>(),
        prop::option::of("[ab]"),
        prop::option::of("[ab]"),
        prop::sample::select(Significance::ALL),
    );
    (HV..=SCHOOL, 1..4_u128, children, when, what, other).prop_map(
        |(of, fragment, children, when, what, other)| {
            entry_with(
                entry(0, of * 10 + fragment, of, &children, when, what),
                |details| {
                    let (home, outcome, reference, significance) = other;
                    details.category =
                        Category::new(if home { "HOME" } else { "CONTACT" }).unwrap();
                    details.outcome = outcome.map(Into::into);
                    details.reference = reference;
                    details.significance = significance;
                },
            )
        },
    )
}

fn entries() -> impl Strategy<Value = Vec<LiveEntry>> {
    prop::collection::vec(any_entry(), 0..20).prop_map(|entries| {
        entries
            .into_iter()
            .zip(1..)
            .map(|(entry, id)| LiveEntry {
                entry_id: entry_id(id),
                ..entry
            })
            .collect()
    })
}

fn any_filter() -> impl Strategy<Value = TimelineFilter> {
    let children = prop::collection::vec(prop::sample::select(vec![AISHA, BILAL, UNBORN]), 0..3);
    let agencies = prop::collection::vec(HV..=SCHOOL, 0..3);
    let significance = prop::collection::vec(prop::sample::select(Significance::ALL), 0..3);
    let categories =
        prop::collection::vec(prop::sample::select(vec!["HOME", "CONTACT", "LEGAL"]), 0..3);
    let all = (children, agencies, significance, categories);
    all.prop_map(
        |(children, agencies, significance, categories)| TimelineFilter {
            children: children.into_iter().map(person).collect(),
            agencies: agencies.into_iter().map(agency).collect(),
            significance,
            categories: categories.into_iter().filter_map(Category::new).collect(),
            ..TimelineFilter::default()
        },
    )
}

proptest! {
    #[test]
    fn no_entry_is_lost_or_altered(entries in entries()) {
        let timeline = consolidate_all(entries.clone());
        let mut ids: Vec<EntryId> = timeline.rows.iter().flat_map(entry_ids_on).collect();
        ids.sort_unstable();
        prop_assert_eq!(ids, entries.iter().map(|entry| entry.entry_id).collect::<Vec<_>>());
        prop_assert_eq!(timeline.entry_count as usize, entries.len());
        let given: BTreeMap<EntryId, &LiveEntry> = entries.iter().map(|entry| (entry.entry_id, entry)).collect();
        for row in &timeline.rows {
            let submitted = |id: &EntryId| (given[id].fragment_id, given[id].position, *id);
            prop_assert_eq!(Some(row.id), entry_ids_on(row).into_iter().min_by_key(submitted));
            for account in &row.accounts {
                let entry = given[&account.entry_id];
                let details = &entry.details;
                prop_assert_eq!(account.what.as_str(), details.what.as_str());
                prop_assert_eq!(&account.when, &WhenOut::from(&details.when));
                prop_assert_eq!((&account.outcome, &account.reference), (&details.outcome, &details.reference));
                prop_assert_eq!((account.agency, &account.children), (entry.agency, &details.children));
                prop_assert_eq!((account.significance, &account.category), (details.significance, &details.category));
                for repeat in &account.also_submitted_as {
                    let folded = given[&repeat.entry_id];
                    prop_assert_eq!(folded.details.what.as_str(), details.what.as_str());
                    prop_assert_eq!((&folded.details.outcome, folded.agency), (&details.outcome, entry.agency));
                    prop_assert_eq!((&repeat.reference, &repeat.children), (&folded.details.reference, &folded.details.children));
                    prop_assert_eq!(&folded.details.when, &details.when);
                }
            }
        }
    }

    #[test]
    fn order_of_entries_and_children_has_no_effect((given, shuffled) in entries().prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))) {
        let timeline = consolidate_all(given);
        prop_assert_eq!(&timeline, &consolidate_all(shuffled.clone()));
        let mut family = family();
        family.children.reverse();
        prop_assert_eq!(&timeline, &consolidate(shuffled, &family, &agencies(), &TimelineFilter::default()));
    }

    #[test]
    fn filter_only_selects_rows(entries in entries(), filter in any_filter()) {
        let all = consolidate_all(entries.clone());
        let some = consolidate_filtered(entries, &filter);
        prop_assert_eq!((some.row_count, some.entry_count), (all.row_count, all.entry_count));
        let expected: Vec<_> = all.rows.into_iter().filter(|row| filter.matches(row)).collect();
        prop_assert_eq!(some.rows, expected);
    }

    #[test]
    fn combined_filter_equals_two_filters_in_sequence(entries in entries(), children in any_filter(), agencies in any_filter()) {
        let one = TimelineFilter { children: children.children, ..TimelineFilter::default() };
        let other = TimelineFilter { agencies: agencies.agencies, ..TimelineFilter::default() };
        let joined = TimelineFilter { children: one.children.clone(), agencies: other.agencies.clone(), ..TimelineFilter::default() };
        let stepwise: Vec<_> = consolidate_filtered(entries.clone(), &one).rows.into_iter().filter(|row| other.matches(row)).collect();
        prop_assert_eq!(consolidate_filtered(entries, &joined).rows, stepwise);
    }

    #[test]
    fn rows_are_in_order_of_time_and_numbered_without_gaps(entries in entries()) {
        let timeline = consolidate_all(entries);
        let keys: Vec<_> = timeline.rows.iter().map(|row| EventDate::from_edtf(&row.when.edtf).unwrap().sort_key()).collect();
        prop_assert!(keys.is_sorted());
        prop_assert!(timeline.rows.iter().map(|row| row.sequence).eq(1..=timeline.row_count));
    }
}
