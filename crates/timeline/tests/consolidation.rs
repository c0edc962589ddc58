//! What a reader sees of hard cases.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test fixtures")]

mod support;

use domain::{Category, EventDate, Marking, SeenStatus, Significance};
use rstest::rstest;
use support::*;
use timeline::{ConflictField, Consolidated, Filter, QuietSpell, quiet_spells, silence_by_agency};

#[test]
fn siblings_repeats_become_one_account_that_names_every_child() {
    let repeat = with(entry(2, 2, HV, &[BILAL], "2024-03-12", FIGHT), |details| details.reference = Some("B-7".into()));
    let seen = whole(vec![entry(1, 1, HV, &[AISHA], "2024-03-12", FIGHT), repeat]);
    let row = &seen.rows[0];
    assert_eq!((seen.rows.len(), row.accounts.len(), seen.entry_count), (1, 1, 2));
    let children: Vec<_> = row.children.iter().map(|child| child.id).collect();
    assert_eq!(children, [person(AISHA), person(BILAL)], "the eldest first");
    let folded = &row.accounts[0].also_submitted_as[0];
    assert_eq!((folded.entry_id, folded.reference.as_deref()), (entry_id(2), Some("B-7")));
    assert_eq!((&row.accounts[0].children[..], &folded.children[..]), (&[person(AISHA)][..], &[person(BILAL)][..]));
    assert!(!row.linked_because.is_empty());
}

#[rstest]
#[case::a_letter("Neighbour reported shoutting and a child crying; officers found mother with a cut lip")]
#[case::a_comma("Neighbour reported shouting, and a child crying; officers found mother with a cut lip")]
fn a_repeat_that_differs_at_all_keeps_its_own_words(#[case] other: &str) {
    let seen =
        whole(vec![entry(1, 1, HV, &[AISHA], "2024-03-12", FIGHT), entry(2, 2, HV, &[BILAL], "2024-03-12", other)]);
    assert_eq!((seen.rows.len(), seen.rows[0].accounts.len()), (1, 2));
    assert_eq!(seen.rows[0].accounts[1].what.as_str(), other);
}

#[test]
fn a_repeat_with_another_field_or_marking_keeps_its_own_account() {
    type Change = fn(&mut domain::EntryDetails);
    let changes: [Change; 6] = [
        |details| details.impact = Some("Frightened".into()),
        |details| details.action_taken = Some("Told the school".into()),
        |details| details.handling.marking = Marking::NotForFamily,
        |details| details.key_incident = true,
        |details| details.source.role = "nursery nurse".into(),
        |details| details.when = EventDate::from_words("12/03/2024").unwrap(),
    ];
    for change in changes {
        let repeat = with(entry(2, 2, HV, &[BILAL], "2024-03-12", FIGHT), change);
        let expected = repeat.details.clone();
        let seen = whole(vec![entry(1, 1, HV, &[AISHA], "2024-03-12", FIGHT), repeat]);
        assert_eq!((seen.rows.len(), seen.rows[0].accounts.len()), (1, 2));
        let account = &seen.rows[0].accounts[1];
        assert_eq!(
            (&account.impact, &account.action_taken, &account.handling, account.key_incident),
            (&expected.impact, &expected.action_taken, &expected.handling, expected.key_incident)
        );
    }
}

#[test]
fn two_agencies_accounts_stand_side_by_side_with_their_conflicts() {
    let police = with(entry(1, 1, POLICE, &[AISHA, BILAL], "2024-03-12T22:10", FIGHT), |details| {
        details.outcome = Some("No further action".into());
        details.seen = Some(SeenStatus::Seen);
    });
    let school = with(entry(2, 2, SCHOOL, &[BILAL], "2024-03-12T22:40", FIGHT), |details| {
        details.outcome = Some("Referred".into());
        details.seen = Some(SeenStatus::NotSeen);
        details.significance = Significance::Strength;
    });
    let seen = whole(vec![school, police]);
    let row = &seen.rows[0];
    assert_eq!((seen.rows.len(), row.accounts.len(), row.significance), (1, 2, Significance::Both));
    let fields: Vec<_> = row.conflicts.iter().map(|conflict| conflict.field).collect();
    use ConflictField as F;
    assert_eq!(fields, [F::When, F::Seen, F::Outcome, F::Significance]);
    assert_eq!(
        row.accounts.iter().map(|account| account.when.edtf.as_str()).collect::<Vec<_>>(),
        ["2024-03-12T22:10", "2024-03-12T22:40"]
    );
}

#[test]
fn the_most_exact_date_leads_and_the_other_is_kept() {
    let seen = whole(vec![
        entry(1, 1, POLICE, &[AISHA], "2024-03", FIGHT),
        entry(2, 2, SCHOOL, &[AISHA], "2024-03-12", FIGHT),
    ]);
    let row = &seen.rows[0];
    assert_eq!((row.when.edtf.as_str(), row.order_note.as_deref()), ("2024-03-12", None));
    assert_eq!((row.id, row.accounts[0].when.edtf.as_str()), (entry_id(1), "2024-03"));
    assert_eq!(row.conflicts.len(), 1);
}

#[test]
fn rows_stand_in_order_and_say_what_is_assumed() {
    let days = [
        "2024",
        "2024-01-01",
        "2024-01",
        "2024-01-01T08:00",
        "../2024-01-01",
        "2023-12-31",
        "2024-01-01/..",
        "2024-01-01T07:30",
    ];
    let entries =
        days.iter().zip(1..).map(|(day, id)| entry(id, id, HV, &[AISHA], day, &format!("Event {id}"))).collect();
    let seen = whole(entries);
    let order: Vec<_> = seen.rows.iter().map(|row| row.when.edtf.as_str()).collect();
    let expected = [
        "2023-12-31",
        "../2024-01-01",
        "2024-01-01T07:30",
        "2024-01-01T08:00",
        "2024-01-01",
        "2024-01",
        "2024",
        "2024-01-01/..",
    ];
    assert_eq!(order, expected);
    assert_eq!(seen.rows.iter().map(|row| row.sequence).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
    let noted: Vec<bool> = seen.rows.iter().map(|row| row.order_note.is_some()).collect();
    assert_eq!(noted, [false, true, false, false, false, true, true, true]);
}

#[test]
fn an_unknown_time_is_never_midnight() {
    let entries = ["2024-01-01", "2024-01", "2024", "2024-03-12~"].iter().zip(1..);
    let seen = whole(entries.map(|(day, id)| entry(id, 1, HV, &[AISHA], day, &format!("Event {id}"))).collect());
    let json = serde_json::to_string(&seen.rows).unwrap();
    assert!(!json.contains("00:00\"") && !json.contains("T00:00"), "{json}");
    assert!(seen.rows.iter().all(|row| row.when.time.is_none() && row.accounts[0].when.time.is_none()));
}

#[test]
fn ages_are_computed_for_each_child() {
    let seen = whole(vec![entry(1, 1, HV, &[AISHA, BILAL, UNBORN], "2024-06-06", FIGHT)]);
    let ages: Vec<_> =
        seen.rows[0].children.iter().map(|child| child.age_at_event.as_ref().unwrap().words.as_str()).collect();
    assert_eq!(ages, ["8 years", "4 years", "unborn, 8 weeks before the expected birth"]);
}

#[test]
fn a_filter_keeps_whole_rows_and_their_numbers() {
    let entries = || {
        vec![
            entry(1, 1, HV, &[AISHA], "2024-01-10", "Something else"),
            entry(2, 2, POLICE, &[AISHA], "2024-03-12", FIGHT),
            entry(3, 3, SCHOOL, &[AISHA, BILAL], "2024-03-12", FIGHT),
        ]
    };
    let filtered = |filter: Filter| shown(entries(), &filter);
    let by_agency = filtered(Filter { agencies: vec![agency(POLICE)], ..Filter::default() });
    assert_eq!((by_agency.rows.len(), by_agency.rows[0].accounts.len(), by_agency.rows[0].sequence), (1, 2, 2));
    assert_eq!((by_agency.row_count, by_agency.entry_count), (2, 3));
    let by_child = filtered(Filter { children: vec![person(BILAL)], ..Filter::default() });
    assert_eq!((by_child.rows.len(), by_child.rows[0].children.len()), (1, 2));
}

#[test]
fn a_category_is_looked_for_among_all_accounts() {
    let category = |code: &str| Category::new(code).unwrap();
    let entries = || {
        let police = entry(2, 2, POLICE, &[AISHA], "2024-03-12T22:10", FIGHT);
        let school = with(entry(3, 3, SCHOOL, &[AISHA], "2024-03-12", FIGHT), |details| {
            details.category = category("HEALTH");
        });
        vec![police, school, entry(1, 1, HV, &[AISHA], "2024-01-10", "Something else")]
    };
    let found = |codes: &[&str]| {
        let categories = codes.iter().map(|code| category(code)).collect();
        let rows = shown(entries(), &Filter { categories, ..Filter::default() }).rows;
        rows.iter().map(|row| (row.sequence, row.accounts.len())).collect::<Vec<_>>()
    };
    assert_eq!(shown(entries(), &Filter::default()).rows[1].category, category("DOMESTIC_ABUSE"));
    assert_eq!(found(&["HEALTH"]), [(2, 2)], "the row leads with another account");
    assert_eq!(found(&["HEALTH", "DOMESTIC_ABUSE"]), [(1, 1), (2, 2)]);
    assert_eq!(found(&["SUPPORT"]), []);
}

#[test]
fn both_is_shown_for_risk_and_for_strength() {
    let both =
        with(entry(1, 1, HV, &[AISHA], "2024-03-12", FIGHT), |details| details.significance = Significance::Both);
    let rows = |asked| {
        let filter = Filter { significance: vec![asked], ..Filter::default() };
        shown(vec![both.clone()], &filter).rows.len()
    };
    let asked = [Significance::Strength, Significance::Risk, Significance::Both, Significance::Neutral];
    assert_eq!(asked.map(rows), [1, 1, 1, 0]);
}

#[test]
fn an_inexact_date_passes_a_filter_that_it_may_meet() {
    let rows = |when: &str, from, to| {
        let filter = Filter { from, to, ..Filter::default() };
        shown(vec![entry(1, 1, HV, &[AISHA], when, FIGHT)], &filter).rows.len()
    };
    use time::macros::date;
    assert_eq!(rows("2024-03", Some(date!(2024 - 03 - 31)), None), 1);
    assert_eq!(rows("2024-03", Some(date!(2024 - 04 - 01)), None), 0);
    assert_eq!(rows("../2024-03-01", None, Some(date!(2000 - 01 - 01))), 1);
    assert_eq!(rows("2024-03-12", None, Some(date!(2024 - 03 - 11))), 0);
}

#[test]
fn a_frozen_view_opens_as_it_was() {
    let seen = whole(vec![
        entry(1, 1, POLICE, &[AISHA], "2024-03", FIGHT),
        entry(2, 2, SCHOOL, &[AISHA], "2024-03-12T22:10", FIGHT),
    ]);
    let frozen = serde_json::to_string(&seen).unwrap();
    assert_eq!(serde_json::from_str::<Consolidated>(&frozen).unwrap(), seen);
}

#[test]
fn quiet_spells_and_silent_agencies() {
    let entries = vec![
        entry(1, 1, HV, &[AISHA], "2023-01-01/2023-06-30", "Weekly support from the family centre"),
        entry(2, 1, HV, &[AISHA], "2023-02-01", "Broken window"),
        entry(3, 2, POLICE, &[AISHA], "2024-01-01", "Called to the address"),
    ];
    let rows = whole(entries).rows;
    let spells = quiet_spells(&rows, 90);
    assert!(matches!(&spells[..], [QuietSpell { days: 185, after, .. }] if after.edtf == "2023-01-01/2023-06-30"));
    let silence: Vec<_> = silence_by_agency(&rows).iter().map(|silence| (silence.agency, silence.days)).collect();
    assert_eq!(silence, [(agency(HV), 185), (agency(POLICE), 0)]);
    assert!(quiet_spells(&[], 1).is_empty() && silence_by_agency(&[]).is_empty());
}
