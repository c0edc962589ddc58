//! The states of a chronology in which each operation is possible, written out by hand.

use domain::{AccessFacts, ChronologyState, Operation as O};

use super::{EXPECTED, PERSONAS, decision, facts_for, persona};

/// The decisions for the first persona who is permitted the operation, in the order of
/// [`ChronologyState`]: draft, open, closing, consolidated, signed off, closed, expired. Invitations
/// of a draft have not been sent, so that it does not exist for contributors.
#[rustfmt::skip]
const STATES: &[(O, &str)] = &[
    //                           DOCFSXE
    (O::PartnershipRead,        "YYYYYYY"),
    (O::AgencyList,             "YYYYYYY"),
    (O::AgencyRead,             "YYYYYYY"),
    (O::AgencyWrite,            "YYYYYYY"),
    (O::PractitionerList,       "YYYYYYY"),
    (O::PractitionerRead,       "YYYYYYY"),
    (O::PractitionerWrite,      "YYYYYYY"),
    (O::PersonCreate,           "YYYYYYY"),
    (O::PersonRead,             "YYYYYYY"),
    (O::PersonUpdate,           "YYYYYYY"),
    (O::PersonFind,             "YYYYYYY"),
    (O::FamilyCreate,           "YYYYYYY"),
    (O::FamilyList,             "YYYYYYY"),
    (O::FamilyRead,             "YYYYYYY"),
    (O::FamilyUpdate,           "YYYYYYY"),
    (O::ChronologyCreate,       "YYYYYYY"),
    (O::ChronologyList,         "YYYYYYY"),
    (O::ChronologyRead,         "YYYYYYY"),
    (O::ChronologyUpdate,       "YYYYYww"),
    (O::ChronologyOpen,         "YYYYYYY"),
    (O::ChronologyConsolidate,  "YYYYYYY"),
    (O::ChronologySignOff,      "YYYYYYY"),
    (O::ChronologyClose,        "YYYYYYY"),
    (O::ChronologyReopen,       "YYYYYYY"),
    (O::ChronologyExtend,       "YYYYYYY"),
    (O::ChronologyDestroy,      "YYYYYYY"),
    (O::DestructionRead,        "YYYYYYY"),
    (O::TombstoneRead,          "YYYYYYY"),
    (O::ReadersRead,            "YYYYYYY"),
    (O::InvitationCreate,       "YYYwwww"),
    (O::InvitationList,         "YYYYYYY"),
    (O::InvitationRead,         "YYYYYYY"),
    (O::InvitationUpdate,       "YYYYYww"),
    (O::FormRead,               "nYYwwww"),
    (O::InvitationDraft,        "nYYwwww"),
    (O::InvitationNilReturn,    "nYYwwww"),
    (O::InvitationDecline,      "nYYwwww"),
    (O::FragmentSubmit,         "nYYwwww"),
    (O::FragmentProxy,          "wYYwwww"),
    (O::FragmentSubmitAdvance,  "YYYYYYY"),
    (O::FragmentList,           "YYYYYYY"),
    (O::FragmentRead,           "YYYYYYY"),
    (O::FragmentVersions,       "YYYYYYY"),
    (O::FragmentCorrect,        "nYYYwww"),
    (O::FragmentWithdraw,       "nYYYwww"),
    (O::FragmentExtend,         "nYYYYYY"),
    (O::TimelineRead,           "wYYYYYY"),
    (O::LinkRead,               "wYYYYYY"),
    (O::LinkDecisionRead,       "YYYYYYY"),
    (O::LinkDecide,             "wYYYwww"),
    (O::PersonLinkRead,         "YYYYYYY"),
    (O::PersonLinkDecide,       "wYYwwww"),
    (O::PersonLinkUndo,         "wYYYwww"),
    (O::ConsolidationList,      "YYYYYYY"),
    (O::ConsolidationRead,      "YYYYYYY"),
    (O::SnapshotRead,           "wwwwYYw"),
    (O::HoldPlace,              "YYYYYYY"),
    (O::HoldList,               "YYYYYYY"),
    (O::HoldRelease,            "YYYYYYY"),
    (O::FragmentReaders,        "nYYYYYY"),
    (O::EmergencyOpen,          "wYYYYww"),
    (O::EmergencyRead,          "YYYYYYY"),
    (O::EmergencyEnd,           "YYYYYYY"),
    (O::EmergencyReview,        "YYYYYYY"),
    (O::AlertList,              "YYYYYYY"),
    (O::CertificateList,        "YYYYYYY"),
    (O::CertificateRead,        "YYYYYYY"),
    (O::UnpurgedList,           "YYYYYYY"),
    (O::AuditRead,              "YYYYYYY"),
    (O::AuditCheckpointRead,    "YYYYYYY"),
    (O::AuditProve,             "YYYYYYY"),
];

/// The decisions about one operation, one letter for each state.
fn decisions_by_state(operation: O) -> String {
    let permitted = EXPECTED
        .iter()
        .find(|(listed, _)| *listed == operation)
        .and_then(|(_, letters)| PERSONAS.chars().nth(letters.find('Y')?))
        .unwrap();
    let (actor, facts) = persona(permitted);
    let facts = facts_for(operation, facts);
    ChronologyState::ALL
        .iter()
        .map(|state| {
            let facts = AccessFacts {
                state: Some(*state),
                ..facts.clone()
            };
            decision(&actor, operation, &facts)
        })
        .collect()
}

#[test]
fn every_operation_is_possible_in_exactly_the_states_of_the_table() {
    assert_eq!(
        STATES
            .iter()
            .map(|(operation, _)| *operation)
            .collect::<Vec<_>>(),
        O::ALL
    );
    let wrong: Vec<_> = STATES
        .iter()
        .map(|(operation, expected)| (*operation, *expected, decisions_by_state(*operation)))
        .filter(|(_, expected, found)| expected != found)
        .collect();
    assert_eq!(wrong, []);
}
