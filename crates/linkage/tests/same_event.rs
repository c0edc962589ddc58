//! Hard cases of whether two entries are of the same event.

use crate::support::*;
use domain::{AdultRole, SeenStatus};
use linkage::{EventBand, EvidenceCode, same_event};
use rstest::rstest;

const FIGHT: &str =
    "Neighbour reported shouting and a child crying; officers found mother with a cut lip";

fn decide(a: &TestEntry, b: &TestEntry) -> (EventBand, Vec<EvidenceCode>) {
    let names = names();
    let (a, b) = (a.facts(&names), b.facts(&names));
    let forth = same_event(&a, &b);
    let back = same_event(&b, &a);
    assert_eq!(forth, back, "symmetry");
    (
        forth.band,
        forth
            .evidence
            .into_iter()
            .map(|evidence| evidence.code)
            .collect(),
    )
}

fn band(a: &TestEntry, b: &TestEntry) -> EventBand {
    decide(a, b).0
}

fn visit(child: u128, when: &str, what: &str) -> TestEntry {
    test_entry(HV, &[child], when, "CONTACT", what).fragment(child)
}

#[rstest]
#[case::word_for_word(
    "Home visit. House cold and untidy.",
    "Home visit. House cold and untidy.",
    EventBand::Match
)]
#[case::punctuation(
    "Home visit. House cold and untidy.",
    "home visit - house cold and untidy",
    EventBand::Match
)]
#[case::own_name(
    "Aisha seen in her room, no concerns",
    "Bilal seen in his room, no concerns",
    EventBand::Match
)]
#[case::number(
    "Aisha weighed 11.2 kg at clinic",
    "Bilal weighed 13.9 kg at clinic",
    EventBand::Different
)]
#[case::negation(
    "Father was present throughout",
    "Father was not present throughout",
    EventBand::Different
)]
#[case::other_business("Hearing test passed", "Dressing changed", EventBand::Different)]
#[case::who_hit_whom("Aisha hit Bilal", "Bilal hit Aisha", EventBand::Different)]
fn decides_on_repeats_for_a_sibling(
    #[case] one: &str,
    #[case] other: &str,
    #[case] expected: EventBand,
) {
    assert_eq!(
        band(
            &visit(AISHA, "2024-03-12", one),
            &visit(BILAL, "2024-03-12", other)
        ),
        expected
    );
}

#[test]
fn different_name_for_same_children_is_another_event() {
    let one = test_entry(
        HV,
        &[AISHA, BILAL],
        "2024-03-12",
        "CONTACT",
        "Aisha was upset and spoke of home",
    )
    .fragment(1);
    let other = test_entry(
        HV,
        &[AISHA, BILAL],
        "2024-03-12",
        "CONTACT",
        "Bilal was upset and spoke of home",
    )
    .fragment(2);
    assert_eq!(band(&one, &other), EventBand::Different);
}

#[rstest]
#[case::another_day("2024-03-12", "2024-03-19", EvidenceCode::DatesDiffer)]
#[case::another_time("2024-03-12T10:00", "2024-03-12T14:00", EvidenceCode::TimesDiffer)]
#[case::ten_minutes_later("2024-03-12T10:00", "2024-03-12T10:10", EvidenceCode::TimesDiffer)]
#[case::day_against_month("2024-03-12", "2024-03", EvidenceCode::DatesDiffer)]
fn same_words_of_one_agency_at_other_times_stay_apart(
    #[case] one: &str,
    #[case] other: &str,
    #[case] why: EvidenceCode,
) {
    let what = "Weekly visit. Family at home, no concerns.";
    let decision = decide(&visit(AISHA, one, what), &visit(BILAL, other, what));
    assert_eq!(decision, (EventBand::Different, vec![why]));
}

#[test]
fn contradicting_entries_of_one_agency_stay_apart() {
    let visit = |child| visit(child, "2024-03-12", "Home visit after referral");
    let seen = |child, status| visit(child).seen(status);
    assert_eq!(
        band(
            &seen(AISHA, SeenStatus::Seen),
            &seen(BILAL, SeenStatus::NotSeen)
        ),
        EventBand::Different
    );
    assert_eq!(
        band(
            &seen(AISHA, SeenStatus::Seen),
            &seen(BILAL, SeenStatus::SeenAlone)
        ),
        EventBand::Match
    );
    assert_eq!(
        band(
            &visit(AISHA).outcome("No further action"),
            &visit(BILAL).outcome("Referred on")
        ),
        EventBand::Different
    );
    let adult = |child, role| visit(child).adult(role);
    assert_eq!(
        band(
            &adult(AISHA, AdultRole::Mother),
            &adult(BILAL, AdultRole::Father)
        ),
        EventBand::Different
    );
    assert_eq!(
        band(
            &adult(AISHA, AdultRole::Mother),
            &adult(BILAL, AdultRole::Mother)
        ),
        EventBand::Match
    );
}

#[test]
fn line_listed_twice_is_one_event_unless_references_differ() {
    let call = || visit(AISHA, "2024-03-12", "Telephoned mother, no answer");
    assert_eq!(
        band(&call(), &call()),
        EventBand::Match,
        "the same line twice in one return"
    );
    assert_eq!(
        band(&call(), &call().fragment(9)),
        EventBand::Match,
        "the same line in another return"
    );
    assert_eq!(
        band(&call().reference("R1"), &call().reference("R2").fragment(9)),
        EventBand::Different
    );
    let timed = || visit(AISHA, "2024-03-12T09:00", "Telephoned mother, no answer");
    assert_eq!(
        band(&timed(), &timed()),
        EventBand::Match,
        "one line pasted twice"
    );
    let sibling = visit(BILAL, "2024-03-12", "Telephoned mother, no answer").reference("R2");
    assert_eq!(
        band(&call().reference("R1"), &sibling),
        EventBand::Match,
        "each sibling's record has its own reference"
    );
}

fn police(when: &str, what: &str) -> TestEntry {
    test_entry(POLICE, &[AISHA, BILAL], when, "DOMESTIC_ABUSE", what)
}

fn school(when: &str, what: &str) -> TestEntry {
    test_entry(SCHOOL, &[BILAL], when, "DOMESTIC_ABUSE", what).fragment(1)
}

#[rstest]
#[case::same_day("2024-03-12", "2024-03-12", EventBand::Match)]
#[case::month_and_day("2024-03-12", "2024-03", EventBand::Match)]
#[case::time_known_to_one("2024-03-12T22:10", "2024-03-12", EventBand::Match)]
#[case::clocks("2024-03-12T22:10", "2024-03-12T22:25", EventBand::Match)]
#[case::morning_and_night("2024-03-12T08:00", "2024-03-12T22:25", EventBand::Different)]
#[case::next_day("2024-03-12", "2024-03-13", EventBand::Different)]
#[case::other_month("2024-03-12", "2024-04", EventBand::Different)]
#[case::year_is_too_wide("2024-03-12", "2024", EventBand::Related)]
fn decides_on_same_words_of_two_agencies(
    #[case] one: &str,
    #[case] other: &str,
    #[case] expected: EventBand,
) {
    assert_eq!(band(&police(one, FIGHT), &school(other, FIGHT)), expected);
}

#[test]
fn contradicting_outcomes_of_two_agencies_are_one_event() {
    let one = police("2024-03-12", FIGHT)
        .outcome("No further action")
        .seen(SeenStatus::Seen);
    let other = school("2024-03-12", FIGHT)
        .outcome("Referred to social care")
        .seen(SeenStatus::NotSeen);
    assert_eq!(band(&one, &other), EventBand::Match);
}

#[test]
fn accounts_need_a_shared_child_and_specific_words() {
    let one = police("2024-03-12", FIGHT);
    assert_eq!(
        band(
            &one,
            &test_entry(SCHOOL, &[CARYS], "2024-03-12", "DOMESTIC_ABUSE", FIGHT)
        ),
        EventBand::Related
    );
    assert_eq!(
        band(
            &one,
            &test_entry(SCHOOL, &[AISHA], "2024-03-12", "CRIME", FIGHT)
        ),
        EventBand::Match,
        "agencies file one event under different categories"
    );
    let vague = |agency| test_entry(agency, &[AISHA], "2024-03-12", "HEALTH", "Seen at clinic");
    assert_eq!(band(&vague(HV), &vague(GP)), EventBand::Related);
}

#[test]
fn template_words_do_not_match_visits_of_two_agencies() {
    let words = "Home visit completed as planned, family at home and no concerns noted";
    let visit = |agency, when| test_entry(agency, &[AISHA], when, "CONTACT", words);
    assert_eq!(
        band(&visit(HV, "2024-03-12"), &visit(SCHOOL, "2024-03-12")),
        EventBand::Related
    );
    assert_eq!(
        band(
            &visit(HV, "2024-03-12T10:00"),
            &visit(SCHOOL, "2024-03-12T10:00")
        ),
        EventBand::Match
    );
    let joint = |agency| {
        test_entry(
            agency,
            &[AISHA],
            "2024-03-12",
            "CONTACT",
            "Joint visit with health visitor and school nurse",
        )
    };
    assert_eq!(band(&joint(HV), &joint(SCHOOL)), EventBand::Match);
}

#[rstest]
#[case("NIN 2024/0312", "nin-2024-0312", EventBand::Match)]
#[case("letter", "letter", EventBand::Different)]
#[case("NIN 2024/0312", "NIN 2024/0313", EventBand::Different)]
fn same_document_reference_matches_accounts(
    #[case] one: &str,
    #[case] other: &str,
    #[case] expected: EventBand,
) {
    let a = police("2024-03-12", FIGHT).document(one);
    let b = school("2024-03-12", "Bilal told his teacher that police came").document(other);
    assert_eq!(band(&a, &b), expected);
}

#[test]
fn evidence_never_repeats_entry_text() {
    let (a, b) = (police("2024-03-12", FIGHT), school("2024-03-12", FIGHT));
    let names = names();
    let decision = same_event(&a.facts(&names), &b.facts(&names));
    assert!(decision.evidence.len() >= 3);
    assert!(
        decision
            .evidence
            .iter()
            .all(|evidence| !evidence.words.as_str().contains("lip"))
    );
    assert!(
        !format!("{:?}", a.facts(&names)).contains("lip")
            && !format!("{names:?}").contains("Aisha")
    );
}
