//! Events recorded in other words: entries with the same content are joined, and others stay apart.

use crate::support::*;
use domain::PersonId;
use linkage::{EventFacts, EvidenceCode, FamilyNames, SortedEvents, sort_events};
use rstest::rstest;
use uuid::Uuid;

const HOSPITAL: u128 = 5;
const SOCIAL_CARE: u128 = 6;

fn uncategorised_entry(agency: u128, when: &str, what: &str) -> TestEntry {
    test_entry(agency, &[AISHA], when, "OTHER", what).fragment(agency)
}

fn sort_entries(entries: &[TestEntry]) -> SortedEvents {
    let names = names();
    let facts: Vec<EventFacts<'_>> = entries.iter().map(|entry| entry.facts(&names)).collect();
    sort_events(&facts)
}

#[rstest]
#[case::quoted_day(
    uncategorised_entry(
        HOSPITAL,
        "2024-06-15T16:20",
        "Fell from climbing frame. Fracture left elbow, plaster applied."
    ),
    uncategorised_entry(
        SCHOOL,
        "2024-06-17",
        "Mum says A&E on Sat 15/6, broken elbow after falling off climbing frame."
    )
)]
#[case::yesterday(
    uncategorised_entry(
        POLICE,
        "2024-06-15T23:40",
        "Reported missing by mother. Located at the bus station 0220, returned home."
    ),
    uncategorised_entry(
        SCHOOL,
        "2024-06-16",
        "Mum rang: was missing last night, police found at bus station."
    )
)]
#[case::quoted_reference(
    uncategorised_entry(
        POLICE,
        "2024-06-15T21:10",
        "Domestic incident, shouting, reference DI/2024/55817."
    ),
    uncategorised_entry(
        SOCIAL_CARE,
        "2024-06-17",
        "Police notification DI/2024/55817 about a domestic incident received."
    )
)]
#[case::one_meeting(
    uncategorised_entry(
        POLICE,
        "2024-06-15T10:00",
        "Strategy discussion by telephone. Section 47 agreed."
    ),
    uncategorised_entry(
        SOCIAL_CARE,
        "2024-06-15T10:00",
        "Strat mtg w police and health. Threshold for s47 met."
    )
)]
#[case::without_a_date(
    uncategorised_entry(
        POLICE,
        "2024-06-15T21:10",
        "Father arrested after he punched mother in the hallway, broken mirror."
    ),
    uncategorised_entry(
        HV,
        "../2099-12-31",
        "Heard at clinic of 15/6/24: father arrested, punched mum, mirror smashed in hallway."
    )
)]
fn accounts_in_other_words_are_one_event(#[case] one: TestEntry, #[case] other: TestEntry) {
    assert_eq!(sorted(&numbered([one, other])).len(), 1);
}

#[rstest]
#[case::two_incidents_of_one_day(
    uncategorised_entry(
        POLICE,
        "2024-06-15T09:00",
        "Verbal argument over keys, words of advice."
    ),
    uncategorised_entry(HOSPITAL, "2024-06-15T22:00", "Croup, barking cough, steroids given.")
)]
#[case::step_and_incident(
    uncategorised_entry(
        POLICE,
        "2024-06-15T21:10",
        "Father arrested after he punched mother in the hallway."
    ),
    uncategorised_entry(
        SOCIAL_CARE,
        "2024-06-17",
        "Strategy discussion re assault of 15/6, father arrested. s47 agreed."
    )
)]
#[case::another_week(
    uncategorised_entry(
        HV,
        "2024-06-15",
        "Fall from climbing frame, fracture of elbow, plaster."
    ),
    uncategorised_entry(
        SCHOOL,
        "2024-06-24",
        "Fell off climbing frame on Friday 21/6, elbow bruised."
    )
)]
#[case::within_a_month(
    uncategorised_entry(
        SOCIAL_CARE,
        "2024-06",
        "Joint visit with health visitor. Home cold, electricity on emergency credit."
    ),
    uncategorised_entry(
        HV,
        "2024-06-29",
        "Family meeting: to live with maternal grandmother by agreement, mother to visit daily."
    )
)]
#[case::within_a_year(
    uncategorised_entry(
        HV,
        "2024-06-22",
        "Nine-month review done at eleven months. Gross motor behind: does not sit steadily."
    ),
    uncategorised_entry(
        HOSPITAL,
        "2023-07-29/2024-07-29",
        "Eleven of nineteen appointments not attended, among them asthma reviews."
    )
)]
#[case::a_period_and_a_visit(
    uncategorised_entry(
        SOCIAL_CARE,
        "2024-07",
        "Joint visit with health visitor. Home cold, hidden nappies under the sink."
    ),
    uncategorised_entry(
        HV,
        "2024-06-29/2024-08-29",
        "Seven visits arranged. Seen on three. Home cold, in a wet nappy at the second."
    )
)]
#[case::in_the_next_month(
    uncategorised_entry(
        POLICE,
        "2024-04-25T22:10",
        "Raised voices, both spoken to. Verbal argument about separating. No offences."
    ),
    uncategorised_entry(
        SCHOOL,
        "2024-05",
        "Mum told the class teacher that they had separated and he had moved."
    )
)]
fn different_events_stay_apart(#[case] one: TestEntry, #[case] other: TestEntry) {
    assert_eq!(sorted(&numbered([one, other])).len(), 2);
}

#[test]
fn later_step_is_related_to_its_event() {
    let entries = numbered([
        uncategorised_entry(
            POLICE,
            "2024-06-15T21:10",
            "Father arrested after he punched mother in the hallway.",
        ),
        uncategorised_entry(
            SOCIAL_CARE,
            "2024-06-17",
            "Strategy discussion re assault of 15/6, father arrested. s47 agreed.",
        ),
    ]);
    let sorted = sort_entries(&entries);
    assert_eq!((sorted.clusters.len(), sorted.related.len()), (2, 1));
    let codes: Vec<EvidenceCode> = sorted.related[0]
        .evidence
        .iter()
        .map(|evidence| evidence.code)
        .collect();
    assert!(codes.contains(&EvidenceCode::LaterStep), "{codes:?}");
}

#[test]
fn repeats_for_siblings_in_other_words_are_one_event() {
    let entry = |child, what: &str| {
        test_entry(HV, &[AISHA, BILAL], "2024-06-15T10:30", "OTHER", what).fragment(child)
    };
    let entries = numbered([
        entry(
            AISHA,
            "Joint visit with housing. Upstairs cold, no bedding on two beds, dog mess on the landing.",
        ),
        entry(
            BILAL,
            "Joint visit with housing, no bedding upstairs. See Aisha.",
        ),
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
#[case::own_appointments(
    "2024-06-15",
    "2024-06-15",
    "Imms given, MMR, well.",
    "Imms given today, MMR, mum consents."
)]
fn appointments_of_twins_stay_apart(
    #[case] when: &str,
    #[case] at: &str,
    #[case] one: &str,
    #[case] other_entry: &str,
) {
    let entries = numbered([
        test_entry(HV, &[AISHA], when, "OTHER", one).fragment(1),
        test_entry(HV, &[BILAL], at, "OTHER", other_entry).fragment(2),
    ]);
    assert_eq!(sorted(&entries).len(), 2);
}

#[test]
fn agencys_own_event_type_is_evidence() {
    let names = FamilyNames::new([(PersonId(Uuid::from_u128(AISHA)), "Aisha")]);
    let a = uncategorised_entry(
        POLICE,
        "2024-06-15T21:10",
        "Officers attended, male removed, neighbour gave statement.",
    );
    let b = TestEntry {
        id: 1,
        ..uncategorised_entry(
            SCHOOL,
            "2024-06-17",
            "Call received re Sat 15/6, male removed by officers.",
        )
    };
    let clusters = |word| {
        sort_events(&[
            a.facts(&names).with_type_label(word),
            b.facts(&names).with_type_label(word),
        ])
        .clusters
        .len()
    };
    assert_eq!(clusters("Domestic incident"), 1);
}

#[test]
fn two_thousand_entries_of_one_day_are_all_kept() {
    let words = [
        "police", "dog", "meeting", "arrested", "clinic", "kitchen", "visit", "missing",
    ];
    let entry = |id: u128| {
        let pick = |step: u128| words[usize::try_from(id / step % 8).unwrap()];
        let what = format!(
            "Duty worker {} {} {} number {id}",
            pick(1),
            pick(8),
            pick(64)
        );
        test_entry(1 + id % 3, &[AISHA], "2024-06-15", "OTHER", &what).fragment(id % 40)
    };
    let entries = numbered((0..2_000).map(entry));
    assert_eq!(sorted(&entries).concat().len(), 2_000);
}
