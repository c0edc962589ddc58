//! The access policy: every operation for every kind of actor, written out by hand.

mod emergency;
mod states;

use std::collections::BTreeSet;

use domain::{
    AccessFacts, Actor, ChronologyState, Denial, InvitationFacts, InvitationState, Operation as O,
    Role, decide_access,
};
use rstest::rstest;

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(number: u32) -> T {
    format!("00000000-0000-7000-8000-{number:012}")
        .parse()
        .unwrap()
}

fn actor(social_care: bool, role: Role) -> Actor {
    Actor {
        partnership: id(1),
        agency: id(2),
        social_care,
        practitioner: id(3),
        roles: BTreeSet::from([role]),
        offence_data: false,
    }
}

fn invited(state: InvitationState, named: bool) -> AccessFacts {
    AccessFacts {
        invitation: Some(InvitationFacts { state, named }),
        own_agency: true,
        ..AccessFacts::collection()
    }
}

/// The columns. Of the owning agency: the owner, the manager, business support, another social
/// worker. Of an invited agency: a named practitioner after and before the agency's return, a
/// practitioner who is not named, the safeguarding lead, the record system. A practitioner of an
/// agency that is not invited; a social worker of another partnership; an auditor; the owner after
/// expiry.
const PERSONAS: &str = "OMBCRIULSNPAX";

fn persona(letter: char) -> (Actor, AccessFacts) {
    use InvitationState::{Submitted, Viewed};
    let collection = AccessFacts::collection();
    let owning_agency = AccessFacts {
        owned_by_agency: true,
        ..collection.clone()
    };
    let owner = AccessFacts {
        owner: true,
        ..owning_agency.clone()
    };
    match letter {
        'O' => (actor(true, Role::SocialWorker), owner),
        'M' => (actor(true, Role::TeamManager), owning_agency),
        'B' => (actor(true, Role::BusinessSupport), owning_agency),
        'C' => (actor(true, Role::SocialWorker), owning_agency),
        'R' => (actor(false, Role::Practitioner), invited(Submitted, true)),
        'I' => (actor(false, Role::Practitioner), invited(Viewed, true)),
        'U' => (actor(false, Role::Practitioner), invited(Submitted, false)),
        'L' => (
            actor(false, Role::SafeguardingLead),
            invited(Submitted, false),
        ),
        'S' => (actor(false, Role::SystemClient), invited(Submitted, false)),
        'N' => (actor(false, Role::Practitioner), collection),
        'P' => (
            actor(true, Role::SocialWorker),
            AccessFacts {
                in_partnership: false,
                ..owner
            },
        ),
        'A' => (actor(false, Role::Auditor), collection),
        _ => (
            actor(true, Role::SocialWorker),
            AccessFacts {
                expired: true,
                ..owner
            },
        ),
    }
}

/// The decision as a letter: `Y` permitted, `n` not found, `x` expired, `f` own return first, `w`
/// wrong state, `a` already accessible, `o` own emergency access, `c` no case about the person, `r`
/// reviews of emergency accesses outstanding.
fn decision(actor: &Actor, operation: O, facts: &AccessFacts) -> char {
    match decide_access(actor, operation, facts) {
        Ok(_) => 'Y',
        Err(Denial::NotFound) => 'n',
        Err(Denial::Expired) => 'x',
        Err(Denial::OwnReturnRequired) => 'f',
        Err(Denial::WrongState) => 'w',
        Err(Denial::AlreadyAccessible) => 'a',
        Err(Denial::OwnEmergencyAccess) => 'o',
        Err(Denial::NoCaseInvolvement) => 'c',
        Err(Denial::ReviewsOutstanding) => 'r',
    }
}

#[rustfmt::skip]
const EXPECTED: &[(O, &str)] = &[
    //                          OMBCRIULSNPAX
    (O::PartnershipRead,       "YYYYYYYYYYnYx"),
    (O::AgencyList,            "YYYYYYYYYYnYx"),
    (O::AgencyRead,            "YYYYYYYYYYnYx"),
    (O::AgencyWrite,           "nYYnnnnnnnnnn"),
    (O::PractitionerList,      "YYYYYYYYYnnnx"),
    (O::PractitionerRead,      "YYYYYYYYYnnnx"),
    (O::PractitionerWrite,     "nYnnnnnYnnnnn"),
    (O::PersonCreate,          "YYYYYYYYYYnnx"),
    (O::PersonRead,            "YYnYYYnYYnnnx"),
    (O::PersonUpdate,          "Ycncnnnnnnnnx"),
    (O::PersonFind,            "YYnYnnnnnnnnx"),
    (O::FamilyCreate,          "YYYYYYYYYYnnx"),
    (O::FamilyList,            "YYYYYYYYYYnnx"),
    (O::FamilyRead,            "YYnYYYnYYnnnx"),
    (O::FamilyUpdate,          "YYnYnnnnnnnnx"),
    (O::ChronologyCreate,      "YYYYnnnnnnnnx"),
    (O::ChronologyList,        "YYYYYYYYYYnnx"),
    (O::ChronologyRead,        "YYYnYYnYYnnnx"),
    (O::ChronologyUpdate,      "YYYnnnnnnnnnx"),
    (O::ChronologyOpen,        "YYYnnnnnnnnnx"),
    (O::ChronologyConsolidate, "YYnnnnnnnnnnx"),
    (O::ChronologySignOff,     "nYnnnnnnnnnnn"),
    (O::ChronologyClose,       "YYnnnnnnnnnnx"),
    (O::ChronologyReopen,      "nYnnnnnnnnnnn"),
    (O::ChronologyExtend,      "YYnnnnnnnnnnx"),
    (O::ChronologyDestroy,     "nYnnnnnnnnnnn"),
    (O::DestructionRead,       "nYnnnnnnnnnnn"),
    (O::TombstoneRead,         "YYYnYYnYYnnnY"),
    (O::ReadersRead,           "YYnnnnnnnnnnx"),
    (O::InvitationCreate,      "YYYnnnnnnnnnx"),
    (O::InvitationList,        "YYYnYYnYYnnnx"),
    (O::InvitationRead,        "YYYnYYnYYnnnx"),
    (O::InvitationUpdate,      "YYYnnnnYnnnnx"),
    (O::FormRead,              "nnnnYYnYYnnnn"),
    (O::InvitationDraft,       "nnnnYYnYYnnnn"),
    (O::InvitationNilReturn,   "nnnnYYnYYnnnn"),
    (O::InvitationDecline,     "nnnnYYnYYnnnn"),
    (O::FragmentSubmit,        "nnnnYYnYYnnnn"),
    (O::FragmentProxy,         "YYnnnnnnnnnnx"),
    (O::FragmentSubmitAdvance,         "nnnnYYYYYYnnn"),
    (O::FragmentList,          "YYnnYYnYYnnnx"),
    (O::FragmentRead,          "YYnnYYnYYnnnx"),
    (O::FragmentVersions,      "YYnnYYnYYnnnx"),
    (O::FragmentCorrect,       "nnnnYYnYYnnnn"),
    (O::FragmentWithdraw,      "nnnnYYnYYnnnn"),
    (O::FragmentExtend,        "nnnnYYnYYnnnn"),
    (O::TimelineRead,          "YYnnYfnnnnnnx"),
    (O::LinkRead,              "YYnnYfnnnnnnx"),
    (O::LinkDecisionRead,      "YYnnnnnnnnnnx"),
    (O::LinkDecide,            "YYnnnnnnnnnnx"),
    (O::PersonLinkRead,        "YYnnnnnnnnnnx"),
    (O::PersonLinkDecide,      "YYnnnnnnnnnnx"),
    (O::PersonLinkUndo,        "YYnnnnnnnnnnx"),
    (O::ConsolidationList,     "YYnnnnnnnnnnx"),
    (O::ConsolidationRead,     "YYnnnnnnnnnnx"),
    (O::SnapshotRead,          "YYnnnnnnnnnnx"),
    (O::HoldPlace,             "nYnnnnnnnnnnn"),
    (O::HoldList,              "nYnnnnnnnnnYn"),
    (O::HoldRelease,           "nYnnnnnnnnnnn"),
    (O::FragmentReaders,       "nnnnYYnYYnnnn"),
    (O::EmergencyOpen,         "aanYnnnnnnnnx"),
    (O::EmergencyRead,         "YYnnnnnnnnnYx"),
    (O::EmergencyEnd,          "Ynnnnnnnnnnnx"),
    (O::EmergencyReview,       "oYnnnnnnnnnYx"),
    (O::AlertList,             "YYnnnnnnnnnYx"),
    (O::CertificateList,       "YYYYYYYYYYnYx"),
    (O::CertificateRead,       "YYYYYYYYYYnYx"),
    (O::UnpurgedList,          "nYnnnnnnnnnYn"),
    (O::AuditRead,             "nnnnnnnnnnnYn"),
    (O::AuditCheckpointRead,   "YYYYYYYYYYnYx"),
    (O::AuditProve,            "nnnnnnnnnnnYn"),
];

/// Completes the facts for an operation: people are recorded by social care, and collections have
/// no state.
fn facts_for(operation: O, facts: AccessFacts) -> AccessFacts {
    let is_about_people = matches!(
        operation,
        O::PersonRead | O::PersonUpdate | O::FamilyRead | O::FamilyUpdate
    );
    let state = match operation {
        O::ChronologyList => None,
        O::SnapshotRead => Some(ChronologyState::SignedOff),
        _ => Some(ChronologyState::Open),
    };
    let own_agency = facts.own_agency && !is_about_people;
    AccessFacts {
        state,
        own_agency,
        contributors_read_timeline: true,
        advance_submissions_allowed: true,
        ..facts
    }
}

/// The decisions about one operation, one letter for each persona.
fn decisions(operation: O, change: impl Fn(AccessFacts) -> AccessFacts) -> String {
    let personas = PERSONAS.chars().map(persona);
    personas
        .map(|(actor, facts)| decision(&actor, operation, &change(facts_for(operation, facts))))
        .collect()
}

#[test]
fn every_persona_is_permitted_exactly_what_the_table_says() {
    assert_eq!(
        EXPECTED
            .iter()
            .map(|(operation, _)| *operation)
            .collect::<Vec<_>>(),
        O::ALL
    );
    let wrong: Vec<_> = EXPECTED
        .iter()
        .map(|(operation, expected)| {
            (
                operation.as_str(),
                *expected,
                decisions(*operation, |facts| facts),
            )
        })
        .filter(|(_, expected, found)| expected != found)
        .collect();
    assert_eq!(wrong, []);
}

#[test]
fn another_partnership_always_gets_not_found() {
    for operation in O::ALL {
        assert!(
            decisions(*operation, |facts| AccessFacts {
                in_partnership: false,
                ..facts
            })
            .chars()
            .all(|c| c == 'n'),
            "{operation}"
        );
    }
}

#[test]
fn contributor_cannot_read_another_agencys_fragment() {
    for operation in [O::FragmentRead, O::FragmentVersions, O::InvitationRead] {
        let found = decisions(operation, |facts| AccessFacts {
            own_agency: false,
            ..facts
        });
        assert_eq!(&found[4..9], "nnnnn", "{operation}");
    }
}

#[test]
fn draft_is_not_visible_to_agencies() {
    for operation in O::ALL
        .iter()
        .filter(|operation| !COLLECTIONS.contains(operation))
    {
        let found = decisions(*operation, |facts| AccessFacts {
            state: Some(ChronologyState::Draft),
            ..facts
        });
        assert_eq!(&found[4..9], "nnnnn", "{operation}");
    }
}

/// Operations that concern no single chronology, so that a draft has no effect on them.
const COLLECTIONS: &[O] = &[
    O::PartnershipRead,
    O::AgencyList,
    O::AgencyRead,
    O::PractitionerList,
    O::PractitionerRead,
    O::PractitionerWrite,
    O::PersonCreate,
    O::FamilyCreate,
    O::FamilyList,
    O::FragmentSubmitAdvance,
    O::CertificateList,
    O::CertificateRead,
    O::AuditCheckpointRead,
];

#[rstest]
#[case(ChronologyState::Closing, "Y")]
#[case(ChronologyState::Consolidated, "Y")]
#[case(ChronologyState::SignedOff, "n")]
#[case(ChronologyState::Closed, "n")]
fn contributor_reads_the_timeline_only_while_it_is_open(
    #[case] state: ChronologyState,
    #[case] expected: &str,
) {
    let found = decisions(O::TimelineRead, |facts| AccessFacts {
        state: Some(state),
        ..facts
    });
    assert_eq!(&found[4..5], expected);
}

#[test]
fn policy_can_withhold_the_timeline_from_contributors() {
    let found = decisions(O::TimelineRead, |facts| AccessFacts {
        contributors_read_timeline: false,
        ..facts
    });
    assert_eq!(found, "YYnnnnnnnnnnx");
}

#[test]
fn expiry_is_revealed_only_to_entitled_actors() {
    for (operation, expected) in EXPECTED
        .iter()
        .filter(|(operation, _)| *operation != O::TombstoneRead)
    {
        let found = decisions(*operation, |facts| AccessFacts {
            expired: true,
            ..facts
        });
        let expected: String = expected
            .chars()
            .map(|c| if c == 'n' { 'n' } else { 'x' })
            .collect();
        assert_eq!(found, expected, "{operation}");
    }
}

#[test]
fn business_support_on_the_team_only_reads_and_prepares() {
    let decide_on_team = |operation| {
        let (actor, facts) = persona('B');
        decision(
            &actor,
            operation,
            &facts_for(
                operation,
                AccessFacts {
                    on_team: true,
                    ..facts
                },
            ),
        )
    };
    let permitted = [
        O::FragmentRead,
        O::TimelineRead,
        O::ChronologyConsolidate,
        O::ConsolidationRead,
        O::PersonLinkRead,
    ];
    assert_eq!(permitted.map(decide_on_team), ['Y'; 5]);
    let denied = [
        O::ChronologyClose,
        O::ChronologyExtend,
        O::ChronologySignOff,
        O::SnapshotRead,
        O::FragmentProxy,
    ];
    assert_eq!(denied.map(decide_on_team), ['n'; 5]);
    assert_eq!(
        [O::PersonLinkDecide, O::PersonLinkUndo].map(decide_on_team),
        ['n'; 2]
    );
}

#[rstest]
#[case(ChronologyState::Draft, "ww")]
#[case(ChronologyState::Open, "YY")]
#[case(ChronologyState::Closing, "YY")]
#[case(ChronologyState::Consolidated, "wY")]
#[case(ChronologyState::SignedOff, "ww")]
#[case(ChronologyState::Closed, "ww")]
fn person_links_are_decided_while_returns_are_accepted_and_undone_until_sign_off(
    #[case] state: ChronologyState,
    #[case] expected: &str,
) {
    let of = |operation| {
        decisions(operation, |facts| AccessFacts {
            state: Some(state),
            ..facts
        })
        .remove(0)
    };
    assert_eq!(
        [O::PersonLinkDecide, O::PersonLinkUndo].map(of),
        *expected.chars().collect::<Vec<_>>()
    );
}

#[test]
fn certificate_scope_follows_the_role() {
    use domain::{CertificateScope as Scope, certificate_scope};
    let scope = |letter| {
        let (actor, facts) = persona(letter);
        certificate_scope(&decide_access(&actor, O::CertificateList, &facts).unwrap())
    };
    assert_eq!(['M', 'L', 'S'].map(scope), [Scope::Agency(id(2)); 3]);
    assert_eq!(
        ['O', 'B', 'C', 'R', 'I', 'U', 'N'].map(scope),
        [Scope::Own(id(3)); 7]
    );
    assert_eq!(scope('A'), Scope::Partnership);
}

#[test]
fn token_without_a_role_is_entitled_to_nothing() {
    for letter in PERSONAS.chars() {
        let (actor, facts) = persona(letter);
        let actor_without_role = Actor {
            roles: BTreeSet::new(),
            ..actor
        };
        for operation in O::ALL {
            let found = decision(
                &actor_without_role,
                *operation,
                &facts_for(*operation, facts.clone()),
            );
            assert_eq!(found, 'n', "{letter} {operation}");
        }
    }
}

#[test]
fn agency_loses_access_to_the_family_when_it_declines_or_the_work_ends() {
    let found = |state, answer, letter| {
        let (actor, facts) = persona(letter);
        let invitation = facts.invitation.map(|invitation| InvitationFacts {
            state: answer,
            ..invitation
        });
        let facts = AccessFacts {
            invitation,
            state: Some(state),
            own_agency: false,
            ..facts
        };
        [O::PersonRead, O::FamilyRead].map(|operation| decision(&actor, operation, &facts))
    };
    for letter in ['R', 'L', 'S'] {
        for state in [
            ChronologyState::Open,
            ChronologyState::Closing,
            ChronologyState::Consolidated,
        ] {
            assert_eq!(
                found(state, InvitationState::Submitted, letter),
                ['Y'; 2],
                "{letter} {state}"
            );
            assert_eq!(
                found(state, InvitationState::Declined, letter),
                ['n'; 2],
                "{letter} {state}"
            );
        }
        for state in [ChronologyState::SignedOff, ChronologyState::Closed] {
            assert_eq!(
                found(state, InvitationState::Submitted, letter),
                ['n'; 2],
                "{letter} {state}"
            );
        }
    }
}

#[test]
fn protected_addresses_are_shown_for_a_case_an_emergency_or_the_recording_agency() {
    use domain::may_read_protected_addresses as may;
    let owning_agency = AccessFacts {
        owned_by_agency: true,
        own_agency: true,
        ..AccessFacts::collection()
    };
    for role in [Role::SocialWorker, Role::TeamManager] {
        let of = |facts: AccessFacts| may(&actor(true, role), &facts);
        assert!(
            !of(owning_agency.clone()),
            "membership of social care is not enough"
        );
        assert!(of(AccessFacts {
            case: true,
            ..owning_agency.clone()
        }));
        assert!(of(AccessFacts {
            owner: true,
            ..owning_agency.clone()
        }));
        assert!(of(AccessFacts {
            emergency: true,
            ..owning_agency.clone()
        }));
        let update = |facts| decision(&actor(true, role), O::PersonUpdate, &facts);
        assert_eq!(update(owning_agency.clone()), 'c');
        assert_eq!(
            update(AccessFacts {
                emergency: true,
                ..owning_agency.clone()
            }),
            'c',
            "an emergency access allows no write"
        );
        assert_eq!(
            update(AccessFacts {
                case: true,
                ..owning_agency.clone()
            }),
            'Y'
        );
    }
    // An agency sees what it recorded itself; a contributor does not see what social care recorded.
    assert!(may(
        &actor(false, Role::Practitioner),
        &AccessFacts {
            own_agency: true,
            ..AccessFacts::collection()
        }
    ));
    assert!(!may(
        &actor(false, Role::Practitioner),
        &invited(InvitationState::Submitted, true).without_agency()
    ));
    assert!(!may(
        &actor(true, Role::BusinessSupport),
        &AccessFacts {
            emergency: true,
            ..owning_agency
        }
    ));
}

trait WithoutAgency {
    fn without_agency(self) -> Self;
}

impl WithoutAgency for AccessFacts {
    fn without_agency(self) -> Self {
        Self {
            own_agency: false,
            ..self
        }
    }
}

#[test]
fn family_list_contains_the_families_that_the_actor_can_open() {
    use domain::{FamilyListScope as Scope, family_list_scope};
    let scope = |actor: Actor| {
        let facts = AccessFacts {
            advance_submissions_allowed: true,
            ..AccessFacts::collection()
        };
        family_list_scope(&decide_access(&actor, O::FamilyList, &facts).unwrap())
    };
    assert_eq!(scope(actor(true, Role::SocialWorker)), Scope::Agency);
    assert_eq!(scope(actor(true, Role::TeamManager)), Scope::Agency);
    assert_eq!(scope(actor(true, Role::BusinessSupport)), Scope::Own(id(3)));
    assert_eq!(scope(actor(true, Role::SafeguardingLead)), Scope::None);
    assert_eq!(scope(actor(false, Role::Practitioner)), Scope::Agency);
}

#[test]
fn replay_needs_entitlement_and_ignores_the_state() {
    use domain::is_entitled;
    let (owner, facts) = persona('O');
    let opened = AccessFacts {
        state: Some(ChronologyState::Consolidated),
        ..facts.clone()
    };
    assert!(is_entitled(&owner, O::ChronologyOpen, &opened));
    let former = AccessFacts {
        owner: false,
        ..opened
    };
    assert!(!is_entitled(&owner, O::ChronologyOpen, &former));
    assert!(!is_entitled(
        &Actor {
            roles: BTreeSet::new(),
            ..owner
        },
        O::ChronologyCreate,
        &facts
    ));
}
