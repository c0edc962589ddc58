//! Promises that hold for any entries: none lost, none altered, the same answer in any order, filters that only choose.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test fixtures")]

mod support;

use std::collections::BTreeMap;

use domain::{Category, EntryId, EventDate, Significance, WhenOut};
use proptest::prelude::*;
use support::*;
use timeline::{Filter, LiveEntry, consolidate};

/// Few values each, so that chance brings entries close together.
fn any_entry() -> impl Strategy<Value = LiveEntry> {
    let what = prop_oneof![
        Just(FIGHT),
        Just("Neighbour reported shoutting and a child crying; officers found mother with a cut lip"),
        Just("neighbour reported shouting and a child crying, officers found mother with a cut lip"),
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
    let children = prop_oneof![Just(vec![AISHA]), Just(vec![BILAL]), Just(vec![AISHA, BILAL]), Just(vec![UNBORN])];
    let other =
        (any::<bool>(), prop::option::of("[ab]"), prop::option::of("[ab]"), prop::sample::select(Significance::ALL));
    (HV..=SCHOOL, 1..4_u128, children, when, what, other).prop_map(|(of, fragment, children, when, what, other)| {
        with(entry(0, of * 10 + fragment, of, &children, when, what), |details| {
            let (home, outcome, reference, significance) = other;
            details.category = Category::new(if home { "HOME" } else { "CONTACT" }).unwrap();
            details.outcome = outcome.map(Into::into);
            details.reference = reference;
            details.significance = significance;
        })
    })
}

fn entries() -> impl Strategy<Value = Vec<LiveEntry>> {
    prop::collection::vec(any_entry(), 0..20).prop_map(|entries| {
        entries.into_iter().zip(1..).map(|(entry, id)| LiveEntry { entry_id: entry_id(id), ..entry }).collect()
    })
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let children = prop::collection::vec(prop::sample::select(vec![AISHA, BILAL, UNBORN]), 0..3);
    let agencies = prop::collection::vec(HV..=SCHOOL, 0..3);
    let significance = prop::collection::vec(prop::sample::select(Significance::ALL), 0..3);
    let categories = prop::collection::vec(prop::sample::select(vec!["HOME", "CONTACT", "LEGAL"]), 0..3);
    let all = (children, agencies, significance, categories);
    all.prop_map(|(children, agencies, significance, categories)| Filter {
        children: children.into_iter().map(person).collect(),
        agencies: agencies.into_iter().map(agency).collect(),
        significance,
        categories: categories.into_iter().filter_map(Category::new).collect(),
        ..Filter::default()
    })
}

proptest! {
    #[test]
    fn no_entry_is_lost_or_altered(entries in entries()) {
        let seen = whole(entries.clone());
        let mut told: Vec<EntryId> = seen.rows.iter().flat_map(told_by).collect();
        told.sort_unstable();
        prop_assert_eq!(told, entries.iter().map(|entry| entry.entry_id).collect::<Vec<_>>());
        prop_assert_eq!(seen.entry_count as usize, entries.len());
        let given: BTreeMap<EntryId, &LiveEntry> = entries.iter().map(|entry| (entry.entry_id, entry)).collect();
        for row in &seen.rows {
            let submitted = |id: &EntryId| (given[id].fragment_id, given[id].position, *id);
            prop_assert_eq!(Some(row.id), told_by(row).into_iter().min_by_key(submitted));
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
    fn the_order_of_entries_and_children_plays_no_part((given, shuffled) in entries().prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))) {
        let seen = whole(given);
        prop_assert_eq!(&seen, &whole(shuffled.clone()));
        let mut family = family();
        family.children.reverse();
        prop_assert_eq!(&seen, &consolidate(shuffled, &family, &agencies(), &Filter::default()));
    }

    #[test]
    fn a_filter_only_chooses_rows(entries in entries(), filter in any_filter()) {
        let all = whole(entries.clone());
        let some = shown(entries, &filter);
        prop_assert_eq!((some.row_count, some.entry_count), (all.row_count, all.entry_count));
        let expected: Vec<_> = all.rows.into_iter().filter(|row| filter.takes(row)).collect();
        prop_assert_eq!(some.rows, expected);
    }

    #[test]
    fn two_filters_are_one_after_the_other(entries in entries(), children in any_filter(), agencies in any_filter()) {
        let (one, other) = (Filter { children: children.children, ..Filter::default() }, Filter { agencies: agencies.agencies, ..Filter::default() });
        let joined = Filter { children: one.children.clone(), agencies: other.agencies.clone(), ..Filter::default() };
        let stepwise: Vec<_> = shown(entries.clone(), &one).rows.into_iter().filter(|row| other.takes(row)).collect();
        prop_assert_eq!(shown(entries, &joined).rows, stepwise);
    }

    #[test]
    fn rows_never_go_back_in_time_and_are_numbered_without_gaps(entries in entries()) {
        let seen = whole(entries);
        let keys: Vec<_> = seen.rows.iter().map(|row| EventDate::from_edtf(&row.when.edtf).unwrap().sort_key()).collect();
        prop_assert!(keys.is_sorted());
        prop_assert!(seen.rows.iter().map(|row| row.sequence).eq(1..=seen.row_count));
    }
}
