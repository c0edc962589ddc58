//! Emergency accesses: which operations and entries they open, for whom, and when they are denied.

use domain::{
    AccessFacts, Actor, Category, ChronologyState, Handling, Marking, Operation as O, Role,
    decide_access, may_read_entry,
};
use rstest::rstest;

use super::{PERSONAS, actor, decision, facts_for, id, persona};

/// The operations that an emergency access allows, written out by hand.
const EMERGENCY_OPERATIONS: [O; 7] = [
    O::PersonRead,
    O::ChronologyRead,
    O::InvitationList,
    O::FragmentRead,
    O::TimelineRead,
    O::LinkRead,
    O::ConsolidationRead,
];

#[test]
fn emergency_access_lets_social_care_read_and_not_write() {
    for role in [Role::SocialWorker, Role::TeamManager] {
        let without = AccessFacts::collection();
        let with = AccessFacts {
            emergency: true,
            ..AccessFacts::collection()
        };
        for operation in O::ALL {
            let of = |facts: &AccessFacts| {
                decision(
                    &actor(true, role),
                    *operation,
                    &facts_for(*operation, facts.clone()),
                )
            };
            let expected = if EMERGENCY_OPERATIONS.contains(operation) {
                'Y'
            } else {
                of(&without)
            };
            assert_eq!(of(&with), expected, "{operation}");
        }
        for operation in EMERGENCY_OPERATIONS {
            let facts = facts_for(operation, with.clone());
            let permit = decide_access(&actor(true, role), operation, &facts).unwrap();
            assert_eq!(
                permit.reason(),
                domain::ReadReason::Emergency,
                "{operation}"
            );
            let expired = AccessFacts {
                expired: true,
                ..facts
            };
            assert_eq!(
                decision(&actor(true, role), operation, &expired),
                'x',
                "{operation}: the chronology's own expiry applies"
            );
        }
    }
}

#[test]
fn emergency_access_has_no_effect_for_other_roles() {
    for letter in PERSONAS.chars().filter(|letter| !"OMCPX".contains(*letter)) {
        let (actor, facts) = persona(letter);
        for operation in O::ALL {
            let facts = facts_for(*operation, facts.clone());
            let with = AccessFacts {
                emergency: true,
                ..facts.clone()
            };
            assert_eq!(
                decision(&actor, *operation, &with),
                decision(&actor, *operation, &facts),
                "{letter} {operation}"
            );
        }
    }
}

#[test]
fn ordinary_reason_takes_precedence_over_emergency() {
    let (actor, facts) = persona('O');
    let facts = facts_for(
        O::TimelineRead,
        AccessFacts {
            emergency: true,
            ..facts
        },
    );
    assert_eq!(
        decide_access(&actor, O::TimelineRead, &facts)
            .unwrap()
            .reason(),
        domain::ReadReason::Owner
    );
}

#[rstest]
#[case(ChronologyState::Draft, 'w')]
#[case(ChronologyState::Open, 'Y')]
#[case(ChronologyState::Closing, 'Y')]
#[case(ChronologyState::Consolidated, 'Y')]
#[case(ChronologyState::SignedOff, 'Y')]
#[case(ChronologyState::Closed, 'w')]
fn emergency_access_opens_only_active_chronologies(
    #[case] state: ChronologyState,
    #[case] expected: char,
) {
    let facts = AccessFacts {
        state: Some(state),
        ..AccessFacts::collection()
    };
    assert_eq!(
        decision(&actor(true, Role::SocialWorker), O::EmergencyOpen, &facts),
        expected
    );
}

#[test]
fn emergency_access_is_denied_while_too_many_await_review() {
    for role in [Role::SocialWorker, Role::TeamManager] {
        let facts = AccessFacts {
            reviews_outstanding: true,
            ..AccessFacts::collection()
        };
        assert_eq!(decision(&actor(true, role), O::EmergencyOpen, &facts), 'r');
        assert_eq!(
            decision(
                &actor(true, role),
                O::EmergencyReview,
                &AccessFacts {
                    owned_by_agency: true,
                    ..facts
                }
            ),
            review_decision(role)
        );
    }
    let facts = AccessFacts {
        reviews_outstanding: true,
        ..AccessFacts::collection()
    };
    assert_eq!(
        decision(&actor(false, Role::Practitioner), O::EmergencyOpen, &facts),
        'n'
    );
}

/// The decision for a role that reviews an emergency access to its agency's chronology.
fn review_decision(role: Role) -> char {
    if role == Role::TeamManager { 'Y' } else { 'n' }
}

#[rstest]
#[case::normal(Marking::Normal, "HEALTH", true)]
#[case::not_for_family(Marking::NotForFamily, "HEALTH", true)]
#[case::restricted(Marking::Restricted, "HEALTH", false)]
#[case::offence(Marking::Normal, "CRIME", false)]
#[case::restricted_offence(Marking::Restricted, "CRIME", false)]
fn emergency_access_shows_no_restricted_entry_and_no_offence_data(
    #[case] marking: Marking,
    #[case] category: &str,
    #[case] shown: bool,
) {
    let social_worker = Actor {
        offence_data: true,
        ..actor(true, Role::SocialWorker)
    };
    let facts = |emergency| {
        facts_for(
            O::TimelineRead,
            AccessFacts {
                emergency,
                owner: !emergency,
                ..AccessFacts::collection()
            },
        )
    };
    let reader = |emergency| {
        decide_access(&social_worker, O::TimelineRead, &facts(emergency))
            .unwrap()
            .reader()
    };
    let handling = Handling {
        marking,
        named_agencies: vec![social_worker.agency],
    };
    // Entries of the reader's own agency, and entries that name it, are no exception.
    for author in [social_worker.agency, id(9)] {
        let category = Category::new(category).unwrap();
        assert_eq!(
            may_read_entry(&reader(true), author, &category, &handling),
            shown,
            "{author}"
        );
        assert!(
            may_read_entry(&reader(false), author, &category, &handling),
            "{author}: the owner sees the entry"
        );
    }
    assert!(reader(false).sees_all_entries() && !reader(true).sees_all_entries());
}
