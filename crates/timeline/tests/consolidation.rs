//! Consolidation of difficult cases, as a reader sees them.

use crate::support::*;
use domain::{Category, EventDate, Marking, SeenStatus, Significance};
use rstest::rstest;
use timeline::{
    ConflictField, ConsolidatedTimeline, QuietSpell, TimelineFilter, quiet_spells,
    silence_by_agency,
};

#[test]
fn repeats_for_siblings_become_one_account_that_names_every_child() {
    let repeat = entry_with(entry(2, 2, HV, &[BILAL], "2024-03-12", FIGHT), |details| {
        details.reference = Some("B-7".into())
    });
    let timeline = consolidate_all(vec![entry(1, 1, HV, &[AISHA], "2024-03-12", FIGHT), repeat]);
    let row = &timeline.rows[0];
    assert_eq!(
        (
            timeline.rows.len(),
            row.accounts.len(),
            timeline.entry_count
        ),
        (1, 1, 2)
    );
    let children: Vec<_> = row.children.iter().map(|child| child.id).collect();
    assert_eq!(children, [person(AISHA), person(BILAL)], "the eldest first");
    let folded = &row.accounts[0].also_submitted_as[0];
    assert_eq!(
        (folded.entry_id, folded.reference.as_deref()),
        (entry_id(2), Some("B-7"))
    );
    assert_eq!(
        (&row.accounts[0].children[..], &folded.children[..]),
        (&[person(AISHA)][..], &[person(BILAL)][..])
    );
    assert!(!row.linked_because.is_empty());
}

#[rstest]
#[case::a_letter(
    "Neighbour reported shoutting and a child crying; officers found mother with a cut lip"
)]
#[case::a_comma(
    "Neighbour reported shouting, and a child crying; officers found mother with a cut lip"
)]
fn entry_with_any_difference_keeps_its_own_account(#[case] other: &str) {
    let timeline = consolidate_all(vec![
        entry(1, 1, HV, &[AISHA], "2024-03-12", FIGHT),
        entry(2, 2, HV, &[BILAL], "2024-03-12", other),
    ]);
    assert_eq!(
        (timeline.rows.len(), timeline.rows[0].accounts.len()),
        (1, 2)
    );
    assert_eq!(timeline.rows[0].accounts[1].what.as_str(), other);
}

#[test]
fn entry_with_another_field_or_marking_keeps_its_own_account() {
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
        let repeat = entry_with(entry(2, 2, HV, &[BILAL], "2024-03-12", FIGHT), change);
        let expected = repeat.details.clone();
        let timeline =
            consolidate_all(vec![entry(1, 1, HV, &[AISHA], "2024-03-12", FIGHT), repeat]);
        assert_eq!(
            (timeline.rows.len(), timeline.rows[0].accounts.len()),
            (1, 2)
        );
        let account = &timeline.rows[0].accounts[1];
        assert_eq!(
            (
                &account.impact,
                &account.action_taken,
                &account.handling,
                account.key_incident
            ),
            (
                &expected.impact,
                &expected.action_taken,
                &expected.handling,
                expected.key_incident
            )
        );
    }
}

#[test]
fn accounts_of_two_agencies_share_a_row_that_lists_their_conflicts() {
    let police = entry_with(
        entry(1, 1, POLICE, &[AISHA, BILAL], "2024-03-12T22:10", FIGHT),
        |details| {
            details.outcome = Some("No further action".into());
            details.seen = Some(SeenStatus::Seen);
        },
    );
    let school = entry_with(
        entry(2, 2, SCHOOL, &[BILAL], "2024-03-12T22:40", FIGHT),
        |details| {
            details.outcome = Some("Referred".into());
            details.seen = Some(SeenStatus::NotSeen);
            details.significance = Significance::Strength;
        },
    );
    let timeline = consolidate_all(vec![school, police]);
    let row = &timeline.rows[0];
    assert_eq!(
        (timeline.rows.len(), row.accounts.len(), row.significance),
        (1, 2, Significance::Both)
    );
    let fields: Vec<_> = row
        .conflicts
        .iter()
        .map(|conflict| conflict.field)
        .collect();
    use ConflictField as F;
    assert_eq!(fields, [F::When, F::Seen, F::Outcome, F::Significance]);
    assert_eq!(
        row.accounts
            .iter()
            .map(|account| account.when.edtf.as_str())
            .collect::<Vec<_>>(),
        ["2024-03-12T22:10", "2024-03-12T22:40"]
    );
}

#[test]
fn row_takes_the_most_exact_date_and_keeps_the_other() {
    let timeline = consolidate_all(vec![
        entry(1, 1, POLICE, &[AISHA], "2024-03", FIGHT),
        entry(2, 2, SCHOOL, &[AISHA], "2024-03-12", FIGHT),
    ]);
    let row = &timeline.rows[0];
    assert_eq!(
        (row.when.edtf.as_str(), row.order_note.as_deref()),
        ("2024-03-12", None)
    );
    assert_eq!(
        (row.id, row.accounts[0].when.edtf.as_str()),
        (entry_id(1), "2024-03")
    );
    assert_eq!(row.conflicts.len(), 1);
}

#[test]
fn rows_are_ordered_and_state_what_the_order_assumes() {
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
    let entries = days
        .iter()
        .zip(1..)
        .map(|(day, id)| entry(id, id, HV, &[AISHA], day, &format!("Event {id}")))
        .collect();
    let timeline = consolidate_all(entries);
    let order: Vec<_> = timeline
        .rows
        .iter()
        .map(|row| row.when.edtf.as_str())
        .collect();
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
    assert_eq!(
        timeline
            .rows
            .iter()
            .map(|row| row.sequence)
            .collect::<Vec<_>>(),
        (1..=8).collect::<Vec<_>>()
    );
    let noted: Vec<bool> = timeline
        .rows
        .iter()
        .map(|row| row.order_note.is_some())
        .collect();
    assert_eq!(noted, [false, true, false, false, false, true, true, true]);
}

#[test]
fn unknown_time_is_never_midnight() {
    let entries = ["2024-01-01", "2024-01", "2024", "2024-03-12~"]
        .iter()
        .zip(1..);
    let timeline = consolidate_all(
        entries
            .map(|(day, id)| entry(id, 1, HV, &[AISHA], day, &format!("Event {id}")))
            .collect(),
    );
    let json = serde_json::to_string(&timeline.rows).unwrap();
    assert!(
        !json.contains("00:00\"") && !json.contains("T00:00"),
        "{json}"
    );
    assert!(
        timeline
            .rows
            .iter()
            .all(|row| row.when.time.is_none() && row.accounts[0].when.time.is_none())
    );
}

#[test]
fn ages_are_computed_for_each_child() {
    let timeline = consolidate_all(vec![entry(
        1,
        1,
        HV,
        &[AISHA, BILAL, UNBORN],
        "2024-06-06",
        FIGHT,
    )]);
    let ages: Vec<_> = timeline.rows[0]
        .children
        .iter()
        .map(|child| child.age_at_event.as_ref().unwrap().words.as_str())
        .collect();
    assert_eq!(
        ages,
        [
            "8 years",
            "4 years",
            "unborn, 8 weeks before the expected birth"
        ]
    );
}

#[test]
fn filter_keeps_whole_rows_and_their_numbers() {
    let entries = || {
        vec![
            entry(1, 1, HV, &[AISHA], "2024-01-10", "Something else"),
            entry(2, 2, POLICE, &[AISHA], "2024-03-12", FIGHT),
            entry(3, 3, SCHOOL, &[AISHA, BILAL], "2024-03-12", FIGHT),
        ]
    };
    let filtered = |filter: TimelineFilter| consolidate_filtered(entries(), &filter);
    let by_agency = filtered(TimelineFilter {
        agencies: vec![agency(POLICE)],
        ..TimelineFilter::default()
    });
    assert_eq!(
        (
            by_agency.rows.len(),
            by_agency.rows[0].accounts.len(),
            by_agency.rows[0].sequence
        ),
        (1, 2, 2)
    );
    assert_eq!((by_agency.row_count, by_agency.entry_count), (2, 3));
    let by_child = filtered(TimelineFilter {
        children: vec![person(BILAL)],
        ..TimelineFilter::default()
    });
    assert_eq!(
        (by_child.rows.len(), by_child.rows[0].children.len()),
        (1, 2)
    );
}

#[test]
fn category_filter_considers_all_accounts() {
    let category = |code: &str| Category::new(code).unwrap();
    let entries = || {
        let police = entry(2, 2, POLICE, &[AISHA], "2024-03-12T22:10", FIGHT);
        let school = entry_with(
            entry(3, 3, SCHOOL, &[AISHA], "2024-03-12", FIGHT),
            |details| {
                details.category = category("HEALTH");
            },
        );
        vec![
            police,
            school,
            entry(1, 1, HV, &[AISHA], "2024-01-10", "Something else"),
        ]
    };
    let rows_with = |codes: &[&str]| {
        let categories = codes.iter().map(|code| category(code)).collect();
        let rows = consolidate_filtered(
            entries(),
            &TimelineFilter {
                categories,
                ..TimelineFilter::default()
            },
        )
        .rows;
        rows.iter()
            .map(|row| (row.sequence, row.accounts.len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        consolidate_filtered(entries(), &TimelineFilter::default()).rows[1].category,
        category("DOMESTIC_ABUSE")
    );
    assert_eq!(
        rows_with(&["HEALTH"]),
        [(2, 2)],
        "the row takes its category from another account"
    );
    assert_eq!(rows_with(&["HEALTH", "DOMESTIC_ABUSE"]), [(1, 1), (2, 2)]);
    assert_eq!(rows_with(&["SUPPORT"]), []);
}

#[test]
fn significance_both_matches_risk_and_strength() {
    let both = entry_with(entry(1, 1, HV, &[AISHA], "2024-03-12", FIGHT), |details| {
        details.significance = Significance::Both
    });
    let rows = |asked| {
        let filter = TimelineFilter {
            significance: vec![asked],
            ..TimelineFilter::default()
        };
        consolidate_filtered(vec![both.clone()], &filter).rows.len()
    };
    let asked = [
        Significance::Strength,
        Significance::Risk,
        Significance::Both,
        Significance::Neutral,
    ];
    assert_eq!(asked.map(rows), [1, 1, 1, 0]);
}

#[test]
fn inexact_date_passes_a_filter_that_it_can_match() {
    let rows = |when: &str, from, to| {
        let filter = TimelineFilter {
            from,
            to,
            ..TimelineFilter::default()
        };
        consolidate_filtered(vec![entry(1, 1, HV, &[AISHA], when, FIGHT)], &filter)
            .rows
            .len()
    };
    use time::macros::date;
    assert_eq!(rows("2024-03", Some(date!(2024 - 03 - 31)), None), 1);
    assert_eq!(rows("2024-03", Some(date!(2024 - 04 - 01)), None), 0);
    assert_eq!(rows("../2024-03-01", None, Some(date!(2000 - 01 - 01))), 1);
    assert_eq!(rows("2024-03-12", None, Some(date!(2024 - 03 - 11))), 0);
}

#[test]
fn consolidated_timeline_round_trips_as_json() {
    let timeline = consolidate_all(vec![
        entry(1, 1, POLICE, &[AISHA], "2024-03", FIGHT),
        entry(2, 2, SCHOOL, &[AISHA], "2024-03-12T22:10", FIGHT),
    ]);
    let frozen = serde_json::to_string(&timeline).unwrap();
    assert_eq!(
        serde_json::from_str::<ConsolidatedTimeline>(&frozen).unwrap(),
        timeline
    );
}

#[test]
fn quiet_spells_and_silent_agencies_are_found() {
    let entries = vec![
        entry(
            1,
            1,
            HV,
            &[AISHA],
            "2023-01-01/2023-06-30",
            "Weekly support from the family centre",
        ),
        entry(2, 1, HV, &[AISHA], "2023-02-01", "Broken window"),
        entry(
            3,
            2,
            POLICE,
            &[AISHA],
            "2024-01-01",
            "Called to the address",
        ),
    ];
    let rows = consolidate_all(entries).rows;
    let spells = quiet_spells(&rows, 90);
    assert!(
        matches!(&spells[..], [QuietSpell { days: 185, after, .. }] if after.edtf == "2023-01-01/2023-06-30")
    );
    let silence: Vec<_> = silence_by_agency(&rows)
        .iter()
        .map(|silence| (silence.agency, silence.days))
        .collect();
    assert_eq!(silence, [(agency(HV), 185), (agency(POLICE), 0)]);
    assert!(quiet_spells(&[], 1).is_empty() && silence_by_agency(&[]).is_empty());
}
