//! Who may do what: every operation against everybody, written out by hand from the table of `practice.md`.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::collections::BTreeSet;

use domain::{
    Actor, Category, ChronologyState, Denial, Facts, Handling, InvitationFacts, InvitationState, Marking,
    Operation as O, Role, decide, may_read_entry,
};
use rstest::rstest;

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(number: u32) -> T {
    format!("00000000-0000-7000-8000-{number:012}").parse().unwrap()
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

fn invited(state: InvitationState, named: bool) -> Facts {
    Facts { invitation: Some(InvitationFacts { state, named }), own_agency: true, ..Facts::collection() }
}

/// The columns: the owner, the manager, business support and another social worker of the owning agency; of an invited agency a
/// named practitioner who has returned, one who has not, one who is not named, the lead, the record system; a practitioner of an
/// agency that is not invited; the owner's like in another partnership; an auditor; the owner after expiry.
const WHO: &str = "OMBCRIULSNPAX";

fn persona(who: char) -> (Actor, Facts) {
    use InvitationState::{Submitted, Viewed};
    let collection = Facts::collection();
    let house = Facts { agency_owns: true, ..collection.clone() };
    let owner = Facts { owner: true, ..house.clone() };
    match who {
        'O' => (actor(true, Role::SocialWorker), owner),
        'M' => (actor(true, Role::TeamManager), house),
        'B' => (actor(true, Role::BusinessSupport), house),
        'C' => (actor(true, Role::SocialWorker), house),
        'R' => (actor(false, Role::Practitioner), invited(Submitted, true)),
        'I' => (actor(false, Role::Practitioner), invited(Viewed, true)),
        'U' => (actor(false, Role::Practitioner), invited(Submitted, false)),
        'L' => (actor(false, Role::SafeguardingLead), invited(Submitted, false)),
        'S' => (actor(false, Role::SystemClient), invited(Submitted, false)),
        'N' => (actor(false, Role::Practitioner), collection),
        'P' => (actor(true, Role::SocialWorker), Facts { in_partnership: false, ..owner }),
        'A' => (actor(false, Role::Auditor), collection),
        _ => (actor(true, Role::SocialWorker), Facts { expired: true, ..owner }),
    }
}

/// `Y` yes, `n` absent or not yours, `x` expired, `f` own return first, `w` wrong state, `a` already yours, `o` one's own
/// emergency access, `c` no case about the person, `r` too many emergency accesses without a review.
fn answer(actor: &Actor, operation: O, facts: &Facts) -> char {
    match decide(actor, operation, facts) {
        Ok(_) => 'Y',
        Err(Denial::NotYours) => 'n',
        Err(Denial::Expired) => 'x',
        Err(Denial::OwnReturnFirst) => 'f',
        Err(Denial::WrongState) => 'w',
        Err(Denial::AlreadyYours) => 'a',
        Err(Denial::OwnAccess) => 'o',
        Err(Denial::NoCase) => 'c',
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
    (O::FragmentAhead,         "nnnnYYYYYYnnn"),
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

/// People are recorded by social care here, and collections have no state.
fn about(operation: O, facts: Facts) -> Facts {
    let people = matches!(operation, O::PersonRead | O::PersonUpdate | O::FamilyRead | O::FamilyUpdate);
    let state = match operation {
        O::ChronologyList => None,
        O::SnapshotRead => Some(ChronologyState::SignedOff),
        _ => Some(ChronologyState::Open),
    };
    let own_agency = facts.own_agency && !people;
    Facts { state, own_agency, contributors_read_timeline: true, ahead_allowed: true, ..facts }
}

fn row(operation: O, change: impl Fn(Facts) -> Facts) -> String {
    let each = WHO.chars().map(persona);
    each.map(|(actor, facts)| answer(&actor, operation, &change(about(operation, facts)))).collect()
}

#[test]
fn everybody_may_do_what_the_table_says_and_nothing_else() {
    assert_eq!(EXPECTED.iter().map(|(operation, _)| *operation).collect::<Vec<_>>(), O::ALL);
    let wrong: Vec<_> = EXPECTED
        .iter()
        .map(|(operation, expected)| (operation.as_str(), *expected, row(*operation, |facts| facts)))
        .filter(|(_, expected, found)| expected != found)
        .collect();
    assert_eq!(wrong, []);
}

#[test]
fn another_partnership_gets_one_answer_to_everything() {
    for operation in O::ALL {
        assert!(
            row(*operation, |facts| Facts { in_partnership: false, ..facts }).chars().all(|c| c == 'n'),
            "{operation}"
        );
    }
}

#[test]
fn another_agencys_account_is_nothing_to_a_contributor() {
    for operation in [O::FragmentRead, O::FragmentVersions, O::InvitationRead] {
        let found = row(operation, |facts| Facts { own_agency: false, ..facts });
        assert_eq!(&found[4..9], "nnnnn", "{operation}");
    }
}

#[test]
fn a_draft_does_not_show_to_the_agencies_it_will_ask() {
    for operation in O::ALL.iter().filter(|operation| !COLLECTIONS.contains(operation)) {
        let found = row(*operation, |facts| Facts { state: Some(ChronologyState::Draft), ..facts });
        assert_eq!(&found[4..9], "nnnnn", "{operation}");
    }
}

/// What does not concern one chronology: a draft changes nothing there.
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
    O::FragmentAhead,
    O::CertificateList,
    O::CertificateRead,
    O::AuditCheckpointRead,
];

#[rstest]
#[case(ChronologyState::Closing, "Y")]
#[case(ChronologyState::Consolidated, "Y")]
#[case(ChronologyState::SignedOff, "n")]
#[case(ChronologyState::Closed, "n")]
fn a_contributor_reads_the_timeline_while_it_is_open(#[case] state: ChronologyState, #[case] expected: &str) {
    let found = row(O::TimelineRead, |facts| Facts { state: Some(state), ..facts });
    assert_eq!(&found[4..5], expected);
}

#[test]
fn a_partnership_can_keep_the_timeline_from_contributors() {
    let found = row(O::TimelineRead, |facts| Facts { contributors_read_timeline: false, ..facts });
    assert_eq!(found, "YYnnnnnnnnnnx");
}

#[test]
fn expiry_is_said_only_to_those_who_were_entitled() {
    for (operation, expected) in EXPECTED.iter().filter(|(operation, _)| *operation != O::TombstoneRead) {
        let found = row(*operation, |facts| Facts { expired: true, ..facts });
        let expected: String = expected.chars().map(|c| if c == 'n' { 'n' } else { 'x' }).collect();
        assert_eq!(found, expected, "{operation}");
    }
}

#[test]
fn business_support_on_the_team_reads_and_prepares_and_no_more() {
    let may = |operation| {
        let (actor, facts) = persona('B');
        answer(&actor, operation, &about(operation, Facts { on_team: true, ..facts }))
    };
    let reads = [O::FragmentRead, O::TimelineRead, O::ChronologyConsolidate, O::ConsolidationRead, O::PersonLinkRead];
    assert_eq!(reads.map(may), ['Y'; 5]);
    let never = [O::ChronologyClose, O::ChronologyExtend, O::ChronologySignOff, O::SnapshotRead, O::FragmentProxy];
    assert_eq!(never.map(may), ['n'; 5]);
    assert_eq!([O::PersonLinkDecide, O::PersonLinkUndo].map(may), ['n'; 2]);
}

#[rstest]
#[case(ChronologyState::Draft, "ww")]
#[case(ChronologyState::Open, "YY")]
#[case(ChronologyState::Closing, "YY")]
#[case(ChronologyState::Consolidated, "wY")]
#[case(ChronologyState::SignedOff, "ww")]
#[case(ChronologyState::Closed, "ww")]
fn same_child_is_decided_while_accounts_come_in_and_undone_until_signed_off(
    #[case] state: ChronologyState,
    #[case] expected: &str,
) {
    let of = |operation| row(operation, |facts| Facts { state: Some(state), ..facts }).remove(0);
    assert_eq!([O::PersonLinkDecide, O::PersonLinkUndo].map(of), *expected.chars().collect::<Vec<_>>());
}

/// What an emergency access gives, written out by hand.
const IN_AN_EMERGENCY: [O; 7] = [
    O::PersonRead,
    O::ChronologyRead,
    O::InvitationList,
    O::FragmentRead,
    O::TimelineRead,
    O::LinkRead,
    O::ConsolidationRead,
];

#[test]
fn broken_glass_gives_a_social_worker_reading_and_nothing_that_writes() {
    for role in [Role::SocialWorker, Role::TeamManager] {
        let (without, with) = (Facts::collection(), Facts { emergency: true, ..Facts::collection() });
        for operation in O::ALL {
            let of = |facts: &Facts| answer(&actor(true, role), *operation, &about(*operation, facts.clone()));
            let expected = if IN_AN_EMERGENCY.contains(operation) { 'Y' } else { of(&without) };
            assert_eq!(of(&with), expected, "{operation}");
        }
        for operation in IN_AN_EMERGENCY {
            let facts = about(operation, with.clone());
            let permit = decide(&actor(true, role), operation, &facts).unwrap();
            assert_eq!(permit.reason(), domain::ReadReason::Emergency, "{operation}");
            let over = Facts { expired: true, ..facts };
            assert_eq!(
                answer(&actor(true, role), operation, &over),
                'x',
                "{operation}: the chronology's own end stands"
            );
        }
    }
}

#[test]
fn broken_glass_gives_nobody_else_anything() {
    for who in WHO.chars().filter(|who| !"OMCPX".contains(*who)) {
        let (actor, facts) = persona(who);
        for operation in O::ALL {
            let facts = about(*operation, facts.clone());
            let with = Facts { emergency: true, ..facts.clone() };
            assert_eq!(answer(&actor, *operation, &with), answer(&actor, *operation, &facts), "{who} {operation}");
        }
    }
}

#[test]
fn broken_glass_is_no_reason_where_there_is_another() {
    let (actor, facts) = persona('O');
    let facts = about(O::TimelineRead, Facts { emergency: true, ..facts });
    assert_eq!(decide(&actor, O::TimelineRead, &facts).unwrap().reason(), domain::ReadReason::Owner);
}

#[rstest]
#[case(ChronologyState::Draft, 'w')]
#[case(ChronologyState::Open, 'Y')]
#[case(ChronologyState::Closing, 'Y')]
#[case(ChronologyState::Consolidated, 'Y')]
#[case(ChronologyState::SignedOff, 'Y')]
#[case(ChronologyState::Closed, 'w')]
fn the_glass_is_broken_to_what_is_worked_with(#[case] state: ChronologyState, #[case] expected: char) {
    let facts = Facts { state: Some(state), ..Facts::collection() };
    assert_eq!(answer(&actor(true, Role::SocialWorker), O::EmergencyOpen, &facts), expected);
}

#[test]
fn no_emergency_access_is_opened_while_too_many_await_review() {
    for role in [Role::SocialWorker, Role::TeamManager] {
        let facts = Facts { reviews_outstanding: true, ..Facts::collection() };
        assert_eq!(answer(&actor(true, role), O::EmergencyOpen, &facts), 'r');
        assert_eq!(answer(&actor(true, role), O::EmergencyReview, &Facts { agency_owns: true, ..facts }), row_of(role));
    }
    let facts = Facts { reviews_outstanding: true, ..Facts::collection() };
    assert_eq!(answer(&actor(false, Role::Practitioner), O::EmergencyOpen, &facts), 'n');
}

/// Whether a role reviews emergency accesses to what its agency owns.
fn row_of(role: Role) -> char {
    if role == Role::TeamManager { 'Y' } else { 'n' }
}

#[rstest]
#[case::normal(Marking::Normal, "HEALTH", true)]
#[case::not_for_family(Marking::NotForFamily, "HEALTH", true)]
#[case::restricted(Marking::Restricted, "HEALTH", false)]
#[case::offence(Marking::Normal, "CRIME", false)]
#[case::restricted_offence(Marking::Restricted, "CRIME", false)]
fn an_emergency_access_shows_no_marked_entry(#[case] marking: Marking, #[case] category: &str, #[case] shown: bool) {
    let who = Actor { offence_data: true, ..actor(true, Role::SocialWorker) };
    let facts = |emergency| about(O::TimelineRead, Facts { emergency, owner: !emergency, ..Facts::collection() });
    let reader = |emergency| decide(&who, O::TimelineRead, &facts(emergency)).unwrap().reader();
    let handling = Handling { marking, named_agencies: vec![who.agency] };
    // Nor one of the reader's own agency, or one that names it.
    for author in [who.agency, id(9)] {
        let category = Category::new(category).unwrap();
        assert_eq!(may_read_entry(&reader(true), author, &category, &handling), shown, "{author}");
        assert!(may_read_entry(&reader(false), author, &category, &handling), "{author}: the owner sees it");
    }
    assert!(reader(false).sees_every_entry() && !reader(true).sees_every_entry());
}

#[test]
fn certificates_are_for_those_whose_objects_they_cover() {
    use domain::{CertificateReach as Reach, certificate_reach};
    let reach = |who| {
        let (actor, facts) = persona(who);
        certificate_reach(&decide(&actor, O::CertificateList, &facts).unwrap())
    };
    assert_eq!(['M', 'L', 'S'].map(reach), [Reach::Agency(id(2)); 3]);
    assert_eq!(['O', 'B', 'C', 'R', 'I', 'U', 'N'].map(reach), [Reach::Own(id(3)); 7]);
    assert_eq!(reach('A'), Reach::Partnership);
}

#[test]
fn a_token_without_a_role_is_entitled_to_nothing() {
    for who in WHO.chars() {
        let (actor, facts) = persona(who);
        let nobody = Actor { roles: BTreeSet::new(), ..actor };
        for operation in O::ALL {
            let found = answer(&nobody, *operation, &about(*operation, facts.clone()));
            assert_eq!(found, 'n', "{who} {operation}");
        }
    }
}

#[test]
fn whoever_declined_and_everybody_once_the_work_is_done_knows_no_more_of_the_family() {
    let found = |state, answered, who| {
        let (actor, facts) = persona(who);
        let invitation = facts.invitation.map(|invitation| InvitationFacts { state: answered, ..invitation });
        let facts = Facts { invitation, state: Some(state), own_agency: false, ..facts };
        [O::PersonRead, O::FamilyRead].map(|operation| answer(&actor, operation, &facts))
    };
    for who in ['R', 'L', 'S'] {
        for state in [ChronologyState::Open, ChronologyState::Closing, ChronologyState::Consolidated] {
            assert_eq!(found(state, InvitationState::Submitted, who), ['Y'; 2], "{who} {state}");
            assert_eq!(found(state, InvitationState::Declined, who), ['n'; 2], "{who} {state}");
        }
        for state in [ChronologyState::SignedOff, ChronologyState::Closed] {
            assert_eq!(found(state, InvitationState::Submitted, who), ['n'; 2], "{who} {state}");
        }
    }
}

#[test]
fn protected_addresses_are_for_a_case_an_emergency_and_whoever_recorded_them() {
    use domain::may_read_protected_addresses as may;
    let house = Facts { agency_owns: true, own_agency: true, ..Facts::collection() };
    for role in [Role::SocialWorker, Role::TeamManager] {
        let of = |facts: Facts| may(&actor(true, role), &facts);
        assert!(!of(house.clone()), "to be of social care is not enough");
        assert!(of(Facts { case: true, ..house.clone() }));
        assert!(of(Facts { owner: true, ..house.clone() }));
        assert!(of(Facts { emergency: true, ..house.clone() }));
        let update = |facts| answer(&actor(true, role), O::PersonUpdate, &facts);
        assert_eq!(update(house.clone()), 'c');
        assert_eq!(update(Facts { emergency: true, ..house.clone() }), 'c', "an emergency lets nobody write");
        assert_eq!(update(Facts { case: true, ..house.clone() }), 'Y');
    }
    // What an agency recorded itself is its own; what social care recorded is not a contributor's.
    assert!(may(&actor(false, Role::Practitioner), &Facts { own_agency: true, ..Facts::collection() }));
    assert!(!may(&actor(false, Role::Practitioner), &invited(InvitationState::Submitted, true).without_agency()));
    assert!(!may(&actor(true, Role::BusinessSupport), &Facts { emergency: true, ..house }));
}

trait WithoutAgency {
    fn without_agency(self) -> Self;
}

impl WithoutAgency for Facts {
    fn without_agency(self) -> Self {
        Self { own_agency: false, ..self }
    }
}

#[test]
fn a_list_of_families_holds_what_can_be_opened() {
    use domain::{FamilyReach as Reach, family_reach};
    let reach = |actor: Actor| {
        let facts = Facts { ahead_allowed: true, ..Facts::collection() };
        family_reach(&decide(&actor, O::FamilyList, &facts).unwrap())
    };
    assert_eq!(reach(actor(true, Role::SocialWorker)), Reach::Agency);
    assert_eq!(reach(actor(true, Role::TeamManager)), Reach::Agency);
    assert_eq!(reach(actor(true, Role::BusinessSupport)), Reach::Own(id(3)));
    assert_eq!(reach(actor(true, Role::SafeguardingLead)), Reach::Nothing);
    assert_eq!(reach(actor(false, Role::Practitioner)), Reach::Agency);
}

#[test]
fn a_repeat_is_judged_by_the_write_whatever_the_state_has_become() {
    use domain::is_entitled;
    let (owner, facts) = persona('O');
    let opened = Facts { state: Some(ChronologyState::Consolidated), ..facts.clone() };
    assert!(is_entitled(&owner, O::ChronologyOpen, &opened));
    let former = Facts { owner: false, ..opened };
    assert!(!is_entitled(&owner, O::ChronologyOpen, &former));
    assert!(!is_entitled(&Actor { roles: BTreeSet::new(), ..owner }, O::ChronologyCreate, &facts));
}
