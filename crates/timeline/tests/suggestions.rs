//! Suggested and related rows, and reasons in words: computed from what the reader sees, and stored
//! without any of its text.

use crate::support::*;
use domain::Category;
use linkage::{EventCluster, LinkEvidence, Quote, RelatedEvents, SortedEvents, SuggestedEvents};
use timeline::{
    AgencyNames, ConsolidatedTimeline, EventLinks, Evidence, EvidenceCode as E, LinkedEntries,
    LiveEntry, Row, SuggestedPair, TimelineFilter, consolidate_linked,
};

const POLICE_SAY: &str = "Attended 23:10, front door kicked in by ex-partner";
const SCHOOL_SAYS: &str = "Front door at home kicked in at the weekend, child tired";
const CLINIC_SAYS: &str = "Child weighed, mother tired";

/// A police call on Saturday, the school's account of it on Monday, and the clinic's contact before
/// both.
fn example_entries() -> Vec<LiveEntry> {
    vec![
        entry(1, 1, POLICE, &[AISHA], "2024-03-02", POLICE_SAY),
        entry_with(
            entry(2, 2, SCHOOL, &[AISHA], "2024-03-04", SCHOOL_SAYS),
            |details| {
                details.category = Category::new("HOME").unwrap();
            },
        ),
        entry(3, 3, HV, &[AISHA], "2024-02-01", CLINIC_SAYS),
    ]
}

/// The range of `words` in the entry with index `index`.
fn quote(entries: &[LiveEntry], index: usize, words: &str) -> Quote {
    let from = entries[index].details.what.as_str().find(words).unwrap();
    let number = |at: usize| u32::try_from(at).unwrap();
    Quote {
        entry: entries[index].entry_id,
        from: number(from),
        until: number(from + words.len()),
    }
}

fn shared_words(quotes: Vec<Quote>) -> LinkEvidence {
    LinkEvidence {
        quotes,
        ..LinkEvidence::new(E::SharedWords)
    }
}

fn cluster(members: &[usize]) -> EventCluster {
    EventCluster {
        members: members.to_vec(),
        evidence: Vec::new(),
        against: Vec::new(),
    }
}

/// A suggestion that the accounts of the police and the school describe the same event.
fn suggested_door_event(entries: &[LiveEntry]) -> SuggestedEvents {
    let quotes = vec![
        quote(entries, 0, "door kicked in"),
        quote(entries, 1, "weekend"),
    ];
    let weekend = vec![quote(entries, 1, "at the weekend")];
    let day = LinkEvidence {
        quotes: weekend,
        day_of: Some(entry_id(1)),
        ..LinkEvidence::new(E::DateQuoted)
    };
    let against = vec![LinkEvidence::new(E::DaysApart)];
    SuggestedEvents {
        first: 0,
        second: 1,
        evidence: vec![shared_words(quotes), day],
        against,
    }
}

fn clusters_with_suggestion(entries: &[LiveEntry], clusters: &[&[usize]]) -> SortedEvents {
    let clusters = clusters.iter().map(|members| cluster(members)).collect();
    SortedEvents {
        clusters,
        related: Vec::new(),
        suggested: vec![suggested_door_event(entries)],
    }
}

fn consolidate_with(
    entries: &[LiveEntry],
    sorted: &SortedEvents,
    filter: &TimelineFilter,
) -> ConsolidatedTimeline {
    consolidate_linked(
        entries.to_vec(),
        sorted,
        &family().children,
        &agencies(),
        filter,
    )
}

fn words(evidence: &[Evidence]) -> Vec<&str> {
    evidence.iter().map(|item| item.words.as_str()).collect()
}

fn suggested_sequences(rows: &[Row]) -> Vec<(u32, Vec<u32>)> {
    rows.iter()
        .map(|row| {
            (
                row.sequence,
                row.may_be_same.iter().map(|other| other.sequence).collect(),
            )
        })
        .collect()
}

#[test]
fn suggestion_is_on_both_rows_with_reasons_in_words() {
    let entries = example_entries();
    let rows = consolidate_with(
        &entries,
        &clusters_with_suggestion(&entries, &[&[0], &[1], &[2]]),
        &TimelineFilter::default(),
    )
    .rows;
    assert_eq!(
        suggested_sequences(&rows),
        [(1, vec![]), (2, vec![3]), (3, vec![2])]
    );
    let police = &rows[1].may_be_same[0];
    let school = &rows[2].may_be_same[0];
    assert_eq!((police.row, school.row), (rows[2].id, rows[1].id));
    let because = [
        "Oakmere Primary School speaks of “at the weekend”, which is 2 March 2024, the day that Marlshire Police gives",
        "Both tell of “door kicked in” and “weekend”",
    ];
    let despite = ["The dates are some days apart, and neither text names the other's day"];
    for pointer in [police, school] {
        assert_eq!(
            (words(&pointer.because), words(&pointer.despite)),
            (because.to_vec(), despite.to_vec())
        );
    }
}

#[test]
fn rows_without_a_suggestion_omit_the_fields() {
    let entries = example_entries();
    let sorted = SortedEvents {
        suggested: Vec::new(),
        ..clusters_with_suggestion(&entries, &[&[0], &[1], &[2]])
    };
    let rows = serde_json::to_string(
        &consolidate_with(&entries, &sorted, &TimelineFilter::default()).rows,
    )
    .unwrap();
    assert!(
        !rows.contains("may_be_same")
            && !rows.contains("linked_despite")
            && !rows.contains("quoted"),
        "{rows}"
    );
}

#[test]
fn omitted_row_is_still_referenced_and_its_quoted_entries_are_recorded() {
    let entries = example_entries();
    let filter = TimelineFilter {
        categories: vec![Category::new("HOME").unwrap()],
        ..TimelineFilter::default()
    };
    let rows = consolidate_with(
        &entries,
        &clusters_with_suggestion(&entries, &[&[0], &[1], &[2]]),
        &filter,
    )
    .rows;
    assert_eq!(suggested_sequences(&rows), [(3, vec![2])]);
    assert_eq!(rows[0].may_be_same[0].row, entry_id(1));
    let quoted: Vec<_> = rows[0]
        .quoted
        .iter()
        .map(|(entry, fragment)| (*entry, *fragment))
        .collect();
    assert_eq!(
        quoted,
        [
            (entry_id(1), entries[0].fragment_id),
            (entry_id(2), entries[1].fragment_id)
        ]
    );
}

#[test]
fn related_rows_name_each_others_sequence() {
    let entries = example_entries();
    let related = RelatedEvents {
        first: 1,
        second: 2,
        evidence: vec![LinkEvidence::new(E::LaterStep)],
    };
    let sorted = SortedEvents {
        related: vec![related],
        ..clusters_with_suggestion(&entries, &[&[0], &[1], &[2]])
    };
    let rows = consolidate_with(&entries, &sorted, &TimelineFilter::default()).rows;
    let related: Vec<(u32, u32)> = rows
        .iter()
        .flat_map(|row| {
            row.related
                .iter()
                .map(|other| (row.sequence, other.sequence))
        })
        .collect();
    assert_eq!(related, [(1, 3), (3, 1)]);
}

#[test]
fn evidence_against_a_row_is_shown() {
    let entries = example_entries();
    let together = EventCluster {
        evidence: vec![shared_words(vec![quote(&entries, 0, "kicked in")])],
        against: vec![LinkEvidence::new(E::DaysApart)],
        ..cluster(&[0, 1])
    };
    let sorted = SortedEvents {
        clusters: vec![together, cluster(&[2])],
        ..SortedEvents::default()
    };
    let rows = consolidate_with(&entries, &sorted, &TimelineFilter::default()).rows;
    assert_eq!(words(&rows[1].linked_because), ["Both tell of “kicked in”"]);
    assert_eq!(
        rows[1]
            .linked_despite
            .iter()
            .map(|fact| fact.code)
            .collect::<Vec<_>>(),
        [E::DaysApart]
    );
}

#[test]
fn reasons_quote_only_the_rows_that_they_concern() {
    let entries = example_entries();
    // The clinic's entry was removed from the row, or is on neither of the two rows.
    let beyond = shared_words(vec![
        quote(&entries, 0, "kicked in"),
        quote(&entries, 2, "weighed"),
    ]);
    let together = EventCluster {
        evidence: vec![beyond.clone()],
        ..cluster(&[0, 1])
    };
    let sorted = SortedEvents {
        clusters: vec![together, cluster(&[2])],
        ..SortedEvents::default()
    };
    let standing = E::SharedWords.words();
    assert_eq!(
        words(
            &consolidate_with(&entries, &sorted, &TimelineFilter::default()).rows[1].linked_because
        ),
        [standing]
    );

    let pair = SuggestedEvents {
        evidence: vec![beyond],
        ..suggested_door_event(&entries)
    };
    let apart = SortedEvents {
        suggested: vec![pair],
        ..clusters_with_suggestion(&entries, &[&[0], &[1], &[2]])
    };
    let rows = consolidate_with(&entries, &apart, &TimelineFilter::default()).rows;
    assert_eq!(words(&rows[1].may_be_same[0].because), [standing]);
    assert!(rows[1].quoted.is_empty());
}

#[test]
fn suggestions_between_the_same_rows_are_merged() {
    let entries = example_entries();
    let other = SuggestedEvents {
        first: 1,
        second: 2,
        evidence: vec![LinkEvidence::new(E::RareWords)],
        ..suggested_door_event(&entries)
    };
    let mut sorted = clusters_with_suggestion(&entries, &[&[0, 2], &[1]]);
    sorted.suggested.push(other);
    let rows = consolidate_with(&entries, &sorted, &TimelineFilter::default()).rows;
    assert_eq!(suggested_sequences(&rows), [(1, vec![2]), (2, vec![1])]);
    let codes: Vec<E> = rows[0].may_be_same[0]
        .because
        .iter()
        .map(|fact| fact.code)
        .collect();
    assert_eq!(codes, [E::DateQuoted, E::RareWords, E::SharedWords]);
}

#[test]
fn agency_without_a_name_is_called_one_agency() {
    let entries = example_entries();
    let sorted = clusters_with_suggestion(&entries, &[&[0], &[1], &[2]]);
    let no_names = AgencyNames::default();
    let rows =
        consolidate_linked(entries, &sorted, &[], &no_names, &TimelineFilter::default()).rows;
    let day = "one agency speaks of “at the weekend”, which is 2 March 2024, the day that one agency gives";
    assert_eq!(rows[1].may_be_same[0].because[0].words.as_str(), day);
}

#[test]
fn stored_links_contain_no_text() {
    let police = "Officers attended a fight at Weir Court; neighbour named Pettigrew rang at 23:10 about the parents";
    let school = "Told by police that officers attended a fight at Weir Court between the parents; Pettigrew rang";
    let timed = |id, of, when: &str, what: &str| entry(id, id, of, &[AISHA, BILAL], when, what);
    let entries = vec![
        timed(1, POLICE, "2024-03-02T23:10", police),
        timed(2, SCHOOL, "2024-03-02", school),
        timed(
            3,
            SCHOOL,
            "2024-03-04",
            "Strategy discussion about the fight at Weir Court on 2 March 2024",
        ),
        timed(4, HV, "2024-03-02", police),
        timed(5, POLICE, "2024-03-09", POLICE_SAY),
        timed(6, SCHOOL, "2024-03-11", SCHOOL_SAYS),
    ];
    let mut links = EventLinks::find(&entries, &family());
    assert!(!links.together.is_empty(), "{links:?}");
    // Evidence with quotes, whatever linkage finds.
    links.suggested.push(SuggestedPair {
        first: entry_id(5),
        second: entry_id(6),
        evidence: vec![shared_words(vec![
            quote(&entries, 4, "door kicked in"),
            quote(&entries, 5, "kicked in"),
        ])],
        against: Vec::new(),
    });
    let stored = serde_json::to_string(&links).unwrap().to_lowercase();
    let distinctive = [
        "weir",
        "pettigrew",
        "rang",
        "fight",
        "officers",
        "23:10",
        "kicked",
        "partner",
        "weekend",
        "tired",
    ];
    for word in distinctive {
        assert!(
            entries
                .iter()
                .any(|entry| entry.details.what.as_str().to_lowercase().contains(word)),
            "{word}"
        );
        assert!(!stored.contains(word), "{word} in {stored}");
    }
}

#[test]
fn stored_links_apply_to_entries_as_computed() {
    let entries = example_entries();
    let SuggestedEvents {
        evidence, against, ..
    } = suggested_door_event(&entries);
    let links = EventLinks {
        together: vec![LinkedEntries {
            entries: vec![entry_id(1), entry_id(3)],
            evidence: vec![shared_words(Vec::new())],
            against: vec![LinkEvidence::new(E::DatesDiffer)],
        }],
        related: Vec::new(),
        suggested: vec![SuggestedPair {
            first: entry_id(1),
            second: entry_id(2),
            evidence,
            against,
        }],
    };
    let stored: EventLinks = serde_json::from_str(&serde_json::to_string(&links).unwrap()).unwrap();
    assert_eq!(stored, links);
    let sorted = stored.for_entries(&entries);
    assert_eq!(sorted.suggested, [suggested_door_event(&entries)]);
    assert_eq!(
        sorted.clusters[0].against,
        [LinkEvidence::new(E::DatesDiffer)]
    );
    let fewer = stored.for_entries(&entries[..1]);
    assert_eq!(
        (fewer.suggested.len(), fewer.clusters),
        (0, vec![cluster(&[0])]),
        "links of absent entries are omitted"
    );
    let before: EventLinks = serde_json::from_str(r#"{"together": [], "related": []}"#).unwrap();
    assert_eq!(before, EventLinks::default());
}
