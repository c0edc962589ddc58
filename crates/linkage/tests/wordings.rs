//! Events told in other words: what survives wording brings accounts together, and its absence keeps them apart.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test fixtures")]

mod support;

use domain::PersonId;
use linkage::{EventFacts, EvidenceCode, FamilyNames, SortedEvents, sort_events};
use rstest::rstest;
use support::*;
use uuid::Uuid;

const HOSPITAL: u128 = 5;
const SOCIAL_CARE: u128 = 6;

fn other(agency: u128, when: &str, what: &str) -> Told {
    told(agency, &[AISHA], when, "OTHER", what).fragment(agency)
}

fn sort(entries: &[Told]) -> SortedEvents {
    let names = names();
    let facts: Vec<EventFacts<'_>> = entries.iter().map(|entry| entry.facts(&names)).collect();
    sort_events(&facts)
}

#[rstest]
#[case::quoted_day(
    other(HOSPITAL, "2024-06-15T16:20", "Fell from climbing frame. Fracture left elbow, plaster applied."),
    other(SCHOOL, "2024-06-17", "Mum says A&E on Sat 15/6, broken elbow after falling off climbing frame.")
)]
#[case::yesterday(
    other(POLICE, "2024-06-15T23:40", "Reported missing by mother. Located at the bus station 0220, returned home."),
    other(SCHOOL, "2024-06-16", "Mum rang: was missing last night, police found at bus station.")
)]
#[case::quoted_reference(
    other(POLICE, "2024-06-15T21:10", "Domestic incident, shouting, reference DI/2024/55817."),
    other(SOCIAL_CARE, "2024-06-17", "Police notification DI/2024/55817 about a domestic incident received.")
)]
#[case::one_meeting(
    other(POLICE, "2024-06-15T10:00", "Strategy discussion by telephone. Section 47 agreed."),
    other(SOCIAL_CARE, "2024-06-15T10:00", "Strat mtg w police and health. Threshold for s47 met.")
)]
#[case::without_a_date(
    other(POLICE, "2024-06-15T21:10", "Father arrested after he punched mother in the hallway, broken mirror."),
    other(HV, "../2099-12-31", "Heard at clinic of 15/6/24: father arrested, punched mum, mirror smashed in hallway.")
)]
fn accounts_in_other_words_are_one_event(#[case] one: Told, #[case] other: Told) {
    assert_eq!(sorted(&numbered([one, other])).len(), 1);
}

#[rstest]
#[case::two_incidents_of_one_day(
    other(POLICE, "2024-06-15T09:00", "Verbal argument over keys, words of advice."),
    other(HOSPITAL, "2024-06-15T22:00", "Croup, barking cough, steroids given.")
)]
#[case::step_and_incident(
    other(POLICE, "2024-06-15T21:10", "Father arrested after he punched mother in the hallway."),
    other(SOCIAL_CARE, "2024-06-17", "Strategy discussion re assault of 15/6, father arrested. s47 agreed.")
)]
#[case::another_week(
    other(HV, "2024-06-15", "Fall from climbing frame, fracture of elbow, plaster."),
    other(SCHOOL, "2024-06-24", "Fell off climbing frame on Friday 21/6, elbow bruised.")
)]
#[case::within_a_month(
    other(SOCIAL_CARE, "2024-06", "Joint visit with health visitor. Home cold, electricity on emergency credit."),
    other(HV, "2024-06-29", "Family meeting: to live with maternal grandmother by agreement, mother to visit daily.")
)]
#[case::within_a_year(
    other(HV, "2024-06-22", "Nine-month review done at eleven months. Gross motor behind: does not sit steadily."),
    other(
        HOSPITAL,
        "2023-07-29/2024-07-29",
        "Eleven of nineteen appointments not attended, among them asthma reviews."
    )
)]
#[case::a_period_and_a_visit(
    other(SOCIAL_CARE, "2024-07", "Joint visit with health visitor. Home cold, hidden nappies under the sink."),
    other(
        HV,
        "2024-06-29/2024-08-29",
        "Seven visits arranged. Seen on three. Home cold, in a wet nappy at the second."
    )
)]
#[case::in_the_next_month(
    other(POLICE, "2024-04-25T22:10", "Raised voices, both spoken to. Verbal argument about separating. No offences."),
    other(SCHOOL, "2024-05", "Mum told the class teacher that they had separated and he had moved.")
)]
fn other_events_stay_apart(#[case] one: Told, #[case] other: Told) {
    assert_eq!(sorted(&numbered([one, other])).len(), 2);
}

#[test]
fn a_step_is_shown_beside_the_event_it_follows() {
    let entries = numbered([
        other(POLICE, "2024-06-15T21:10", "Father arrested after he punched mother in the hallway."),
        other(SOCIAL_CARE, "2024-06-17", "Strategy discussion re assault of 15/6, father arrested. s47 agreed."),
    ]);
    let sorted = sort(&entries);
    assert_eq!((sorted.clusters.len(), sorted.related.len()), (2, 1));
    let codes: Vec<EvidenceCode> = sorted.related[0].evidence.iter().map(|evidence| evidence.code).collect();
    assert!(codes.contains(&EvidenceCode::LaterStep), "{codes:?}");
}

#[test]
fn siblings_copies_in_other_words_are_one_event() {
    let tell = |child, what: &str| told(HV, &[AISHA, BILAL], "2024-06-15T10:30", "OTHER", what).fragment(child);
    let entries = numbered([
        tell(AISHA, "Joint visit with housing. Upstairs cold, no bedding on two beds, dog mess on the landing."),
        tell(BILAL, "Joint visit with housing, no bedding upstairs. See Aisha."),
    ]);
    assert_eq!(sorted(&entries).len(), 1);
}

#[rstest]
#[case::own_times(
    "2024-06-15T10:00",
    "2024-06-15T10:30",
    "Two year review. All areas on target.",
    "Two year review. All areas on target."
)]
#[case::own_marks(
    "2024-06-15",
    "2024-06-15",
    "End of term attendance 84%. Letter 1 sent.",
    "End of term attendance 71%. Letter 1 sent."
)]
#[case::own_appointments("2024-06-15", "2024-06-15", "Imms given, MMR, well.", "Imms given today, MMR, mum consents.")]
fn twins_own_appointments_stay_apart(#[case] when: &str, #[case] at: &str, #[case] one: &str, #[case] other: &str) {
    let entries = numbered([
        told(HV, &[AISHA], when, "OTHER", one).fragment(1),
        told(HV, &[BILAL], at, "OTHER", other).fragment(2),
    ]);
    assert_eq!(sorted(&entries).len(), 2);
}

#[test]
fn the_agencys_own_word_is_a_hint() {
    let names = FamilyNames::new([(PersonId(Uuid::from_u128(AISHA)), "Aisha")]);
    let a = other(POLICE, "2024-06-15T21:10", "Officers attended, male removed, neighbour gave statement.");
    let b = Told { id: 1, ..other(SCHOOL, "2024-06-17", "Call received re Sat 15/6, male removed by officers.") };
    let clusters = |word| sort_events(&[a.facts(&names).called(word), b.facts(&names).called(word)]).clusters.len();
    assert_eq!(clusters("Domestic incident"), 1);
}

#[test]
fn two_thousand_entries_of_one_day_lose_none() {
    let words = ["police", "dog", "meeting", "arrested", "clinic", "kitchen", "visit", "missing"];
    let tell = |id: u128| {
        let pick = |step: u128| words[usize::try_from(id / step % 8).unwrap()];
        let what = format!("Duty worker {} {} {} number {id}", pick(1), pick(8), pick(64));
        told(1 + id % 3, &[AISHA], "2024-06-15", "OTHER", &what).fragment(id % 40)
    };
    let entries = numbered((0..2_000).map(tell));
    assert_eq!(sorted(&entries).concat().len(), 2_000);
}
