//! What may be one event, and reasons in words: drawn from what the reader sees, kept without a word of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test fixtures")]

mod support;

use domain::Category;
use linkage::{EventCluster, LinkEvidence, Quote, RelatedEvents, SortedEvents, SuggestedEvents};
use support::*;
use timeline::{
    AgencyNames, Consolidated, Evidence, EvidenceCode as E, Filter, Links, LiveEntry, Row, SuggestedPair, Together,
    consolidate_sorted,
};

const POLICE_SAY: &str = "Attended 23:10, front door kicked in by ex-partner";
const SCHOOL_SAYS: &str = "Front door at home kicked in at the weekend, child tired";
const CLINIC_SAYS: &str = "Child weighed, mother tired";

/// A police call on Saturday, the school's account of it on Monday, and the clinic's contact before both.
fn told() -> Vec<LiveEntry> {
    vec![
        entry(1, 1, POLICE, &[AISHA], "2024-03-02", POLICE_SAY),
        with(entry(2, 2, SCHOOL, &[AISHA], "2024-03-04", SCHOOL_SAYS), |details| {
            details.category = Category::new("HOME").unwrap();
        }),
        entry(3, 3, HV, &[AISHA], "2024-02-01", CLINIC_SAYS),
    ]
}

/// Where `words` stand in the entry at `place`.
fn quote(entries: &[LiveEntry], place: usize, words: &str) -> Quote {
    let from = entries[place].details.what.as_str().find(words).unwrap();
    let number = |at: usize| u32::try_from(at).unwrap();
    Quote { entry: entries[place].entry_id, from: number(from), until: number(from + words.len()) }
}

fn shared_words(quotes: Vec<Quote>) -> LinkEvidence {
    LinkEvidence { quotes, ..LinkEvidence::of(E::SharedWords) }
}

fn cluster(members: &[usize]) -> EventCluster {
    EventCluster { members: members.to_vec(), evidence: Vec::new(), against: Vec::new() }
}

/// The police's and the school's accounts may tell one event.
fn door(entries: &[LiveEntry]) -> SuggestedEvents {
    let quotes = vec![quote(entries, 0, "door kicked in"), quote(entries, 1, "weekend")];
    let weekend = vec![quote(entries, 1, "at the weekend")];
    let day = LinkEvidence { quotes: weekend, day_of: Some(entry_id(1)), ..LinkEvidence::of(E::DateQuoted) };
    let against = vec![LinkEvidence::of(E::DaysApart)];
    SuggestedEvents { first: 0, second: 1, evidence: vec![shared_words(quotes), day], against }
}

fn suggesting(entries: &[LiveEntry], clusters: &[&[usize]]) -> SortedEvents {
    let clusters = clusters.iter().map(|members| cluster(members)).collect();
    SortedEvents { clusters, related: Vec::new(), suggested: vec![door(entries)] }
}

fn drawn(entries: &[LiveEntry], sorted: &SortedEvents, filter: &Filter) -> Consolidated {
    consolidate_sorted(entries.to_vec(), sorted, &family().children, &agencies(), filter)
}

fn words(evidence: &[Evidence]) -> Vec<&str> {
    evidence.iter().map(|one| one.words.as_str()).collect()
}

fn pointers(rows: &[Row]) -> Vec<(u32, Vec<u32>)> {
    rows.iter().map(|row| (row.sequence, row.may_be_same.iter().map(|other| other.sequence).collect())).collect()
}

#[test]
fn a_suggestion_stands_on_both_rows_with_the_reasons_in_words() {
    let entries = told();
    let rows = drawn(&entries, &suggesting(&entries, &[&[0], &[1], &[2]]), &Filter::default()).rows;
    assert_eq!(pointers(&rows), [(1, vec![]), (2, vec![3]), (3, vec![2])]);
    let (police, school) = (&rows[1].may_be_same[0], &rows[2].may_be_same[0]);
    assert_eq!((police.row, school.row), (rows[2].id, rows[1].id));
    let because = [
        "Oakmere Primary School speaks of “at the weekend”, which is 2 March 2024, the day that Marlshire Police gives",
        "Both tell of “door kicked in” and “weekend”",
    ];
    let despite = ["The dates are some days apart, and neither text names the other's day"];
    for pointer in [police, school] {
        assert_eq!((words(&pointer.because), words(&pointer.despite)), (because.to_vec(), despite.to_vec()));
    }
}

#[test]
fn rows_without_a_suggestion_say_nothing_of_it() {
    let entries = told();
    let sorted = SortedEvents { suggested: Vec::new(), ..suggesting(&entries, &[&[0], &[1], &[2]]) };
    let rows = serde_json::to_string(&drawn(&entries, &sorted, &Filter::default()).rows).unwrap();
    assert!(!rows.contains("may_be_same") && !rows.contains("linked_despite") && !rows.contains("quoted"), "{rows}");
}

#[test]
fn a_row_that_is_left_out_is_still_pointed_to_and_its_words_count_as_shown() {
    let entries = told();
    let filter = Filter { categories: vec![Category::new("HOME").unwrap()], ..Filter::default() };
    let rows = drawn(&entries, &suggesting(&entries, &[&[0], &[1], &[2]]), &filter).rows;
    assert_eq!(pointers(&rows), [(3, vec![2])]);
    assert_eq!(rows[0].may_be_same[0].row, entry_id(1));
    let quoted: Vec<_> = rows[0].quoted.iter().map(|(entry, fragment)| (*entry, *fragment)).collect();
    assert_eq!(quoted, [(entry_id(1), entries[0].fragment_id), (entry_id(2), entries[1].fragment_id)]);
}

#[test]
fn related_rows_name_each_others_place() {
    let entries = told();
    let related = RelatedEvents { first: 1, second: 2, evidence: vec![LinkEvidence::of(E::LaterStep)] };
    let sorted = SortedEvents { related: vec![related], ..suggesting(&entries, &[&[0], &[1], &[2]]) };
    let rows = drawn(&entries, &sorted, &Filter::default()).rows;
    let related: Vec<(u32, u32)> =
        rows.iter().flat_map(|row| row.related.iter().map(|other| (row.sequence, other.sequence))).collect();
    assert_eq!(related, [(1, 3), (3, 1)]);
}

#[test]
fn what_spoke_against_a_row_is_told() {
    let entries = told();
    let together = EventCluster {
        evidence: vec![shared_words(vec![quote(&entries, 0, "kicked in")])],
        against: vec![LinkEvidence::of(E::DaysApart)],
        ..cluster(&[0, 1])
    };
    let sorted = SortedEvents { clusters: vec![together, cluster(&[2])], ..SortedEvents::default() };
    let rows = drawn(&entries, &sorted, &Filter::default()).rows;
    assert_eq!(words(&rows[1].linked_because), ["Both tell of “kicked in”"]);
    assert_eq!(rows[1].linked_despite.iter().map(|fact| fact.code).collect::<Vec<_>>(), [E::DaysApart]);
}

#[test]
fn reasons_quote_only_the_rows_that_they_are_about() {
    let entries = told();
    // The clinic's entry was taken off the row, or stands on neither of the two rows.
    let beyond = shared_words(vec![quote(&entries, 0, "kicked in"), quote(&entries, 2, "weighed")]);
    let together = EventCluster { evidence: vec![beyond.clone()], ..cluster(&[0, 1]) };
    let sorted = SortedEvents { clusters: vec![together, cluster(&[2])], ..SortedEvents::default() };
    let standing = E::SharedWords.words();
    assert_eq!(words(&drawn(&entries, &sorted, &Filter::default()).rows[1].linked_because), [standing]);

    let pair = SuggestedEvents { evidence: vec![beyond], ..door(&entries) };
    let apart = SortedEvents { suggested: vec![pair], ..suggesting(&entries, &[&[0], &[1], &[2]]) };
    let rows = drawn(&entries, &apart, &Filter::default()).rows;
    assert_eq!(words(&rows[1].may_be_same[0].because), [standing]);
    assert!(rows[1].quoted.is_empty());
}

#[test]
fn two_suggestions_between_two_rows_are_one() {
    let entries = told();
    let other =
        SuggestedEvents { first: 1, second: 2, evidence: vec![LinkEvidence::of(E::RareWords)], ..door(&entries) };
    let mut sorted = suggesting(&entries, &[&[0, 2], &[1]]);
    sorted.suggested.push(other);
    let rows = drawn(&entries, &sorted, &Filter::default()).rows;
    assert_eq!(pointers(&rows), [(1, vec![2]), (2, vec![1])]);
    let codes: Vec<E> = rows[0].may_be_same[0].because.iter().map(|fact| fact.code).collect();
    assert_eq!(codes, [E::DateQuoted, E::RareWords, E::SharedWords]);
}

#[test]
fn an_agency_without_a_name_is_one_agency() {
    let entries = told();
    let sorted = suggesting(&entries, &[&[0], &[1], &[2]]);
    let nobody = AgencyNames::default();
    let rows = consolidate_sorted(entries, &sorted, &[], &nobody, &Filter::default()).rows;
    let day = "one agency speaks of “at the weekend”, which is 2 March 2024, the day that one agency gives";
    assert_eq!(rows[1].may_be_same[0].because[0].words.as_str(), day);
}

#[test]
fn kept_links_hold_no_words() {
    let police = "Officers attended a fight at Weir Court; neighbour named Pettigrew rang at 23:10 about the parents";
    let school = "Told by police that officers attended a fight at Weir Court between the parents; Pettigrew rang";
    let timed = |id, of, when: &str, what: &str| entry(id, id, of, &[AISHA, BILAL], when, what);
    let entries = vec![
        timed(1, POLICE, "2024-03-02T23:10", police),
        timed(2, SCHOOL, "2024-03-02", school),
        timed(3, SCHOOL, "2024-03-04", "Strategy discussion about the fight at Weir Court on 2 March 2024"),
        timed(4, HV, "2024-03-02", police),
        timed(5, POLICE, "2024-03-09", POLICE_SAY),
        timed(6, SCHOOL, "2024-03-11", SCHOOL_SAYS),
    ];
    let links = Links::find(&entries, &family());
    assert!(!links.together.is_empty(), "{links:?}");
    let mut kept = links;
    // Whatever linkage finds, these facts are of the kinds that are told with quotes.
    kept.suggested.push(SuggestedPair {
        first: entry_id(5),
        second: entry_id(6),
        evidence: vec![shared_words(vec![quote(&entries, 4, "door kicked in"), quote(&entries, 5, "kicked in")])],
        against: Vec::new(),
    });
    let kept = serde_json::to_string(&kept).unwrap().to_lowercase();
    let distinctive =
        ["weir", "pettigrew", "rang", "fight", "officers", "23:10", "kicked", "partner", "weekend", "tired"];
    for word in distinctive {
        assert!(entries.iter().any(|entry| entry.details.what.as_str().to_lowercase().contains(word)), "{word}");
        assert!(!kept.contains(word), "{word} in {kept}");
    }
}

#[test]
fn links_are_kept_and_laid_over_entries_as_they_were_found() {
    let entries = told();
    let SuggestedEvents { evidence, against, .. } = door(&entries);
    let links = Links {
        together: vec![Together {
            entries: vec![entry_id(1), entry_id(3)],
            evidence: vec![shared_words(Vec::new())],
            against: vec![LinkEvidence::of(E::DatesDiffer)],
        }],
        related: Vec::new(),
        suggested: vec![SuggestedPair { first: entry_id(1), second: entry_id(2), evidence, against }],
    };
    let kept: Links = serde_json::from_str(&serde_json::to_string(&links).unwrap()).unwrap();
    assert_eq!(kept, links);
    let sorted = kept.among(&entries);
    assert_eq!(sorted.suggested, [door(&entries)]);
    assert_eq!(sorted.clusters[0].against, [LinkEvidence::of(E::DatesDiffer)]);
    let fewer = kept.among(&entries[..1]);
    assert_eq!(
        (fewer.suggested.len(), fewer.clusters),
        (0, vec![cluster(&[0])]),
        "of what is not there nothing is said"
    );
    let before: Links = serde_json::from_str(r#"{"together": [], "related": []}"#).unwrap();
    assert_eq!(before, Links::default());
}
