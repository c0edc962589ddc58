//! Operations that the state of a chronology excludes for every actor.
#![deny(clippy::wildcard_enum_match_arm)]

use super::{AccessFacts, Denial};
use crate::{ChronologyState, Operation};

/// Checks whether a contributor may read the timeline: where the partnership allows it, after their
/// agency's own return, and while the chronology is open to contributors.
pub(super) fn check_contributor_timeline(facts: &AccessFacts) -> Result<(), Denial> {
    if !facts.contributors_read_timeline {
        return Err(Denial::NotFound);
    }
    let has_returned = facts
        .invitation
        .is_some_and(|invitation| invitation.state.has_returned());
    if !has_returned {
        return Err(Denial::OwnReturnRequired);
    }
    let is_open = facts
        .state
        .is_some_and(ChronologyState::is_open_to_contributors);
    if is_open {
        Ok(())
    } else {
        Err(Denial::NotFound)
    }
}

/// Whether the state of the chronology allows an operation. An object without a chronology has no
/// state and allows all.
pub(super) fn is_possible_in_state(operation: Operation, facts: &AccessFacts) -> bool {
    use ChronologyState as S;
    use Operation as O;
    let Some(state) = facts.state else {
        return true;
    };
    match operation {
        // A link between records of a child brings in an account, which is possible while returns
        // are accepted.
        O::FormRead
        | O::InvitationDraft
        | O::InvitationNilReturn
        | O::InvitationDecline
        | O::FragmentSubmit
        | O::FragmentProxy
        | O::PersonLinkDecide => state.accepts_returns(),
        O::FragmentCorrect | O::FragmentWithdraw | O::LinkDecide | O::PersonLinkUndo => {
            matches!(state, S::Open | S::Closing | S::Consolidated)
        }
        O::InvitationCreate => matches!(state, S::Draft | S::Open | S::Closing),
        O::InvitationUpdate | O::ChronologyUpdate => {
            matches!(
                state,
                S::Draft | S::Open | S::Closing | S::Consolidated | S::SignedOff
            )
        }
        O::TimelineRead | O::LinkRead => {
            matches!(
                state,
                S::Open | S::Closing | S::Consolidated | S::SignedOff | S::Closed | S::Expired
            )
        }
        O::SnapshotRead => matches!(state, S::SignedOff | S::Closed),
        // A closed chronology is no longer worked on, and a draft has no contributions.
        O::EmergencyOpen => matches!(state, S::Open | S::Closing | S::Consolidated | S::SignedOff),
        // `ChronologyState::after` decides which transitions a state allows.
        #[rustfmt::skip]
        O::ChronologyOpen | O::ChronologyConsolidate | O::ChronologySignOff | O::ChronologyClose
        | O::ChronologyReopen | O::ChronologyExtend | O::ChronologyDestroy => true,
        // What is stored about a chronology can be read for as long as it is stored.
        #[rustfmt::skip]
        O::ChronologyList | O::ChronologyRead | O::DestructionRead | O::TombstoneRead
        | O::ReadersRead | O::InvitationList | O::InvitationRead
        | O::FragmentList | O::FragmentRead | O::FragmentVersions | O::FragmentReaders
        | O::LinkDecisionRead | O::PersonLinkRead | O::ConsolidationList | O::ConsolidationRead
        | O::EmergencyRead | O::AlertList => true,
        // Lifetimes and emergency accesses continue after the work has ended.
        O::FragmentExtend | O::EmergencyEnd | O::EmergencyReview => true,
        // Operations that concern no single chronology.
        #[rustfmt::skip]
        O::PartnershipRead | O::AgencyList | O::AgencyRead | O::AgencyWrite
        | O::PractitionerList | O::PractitionerRead | O::PractitionerWrite
        | O::PersonCreate | O::PersonRead | O::PersonUpdate | O::PersonFind
        | O::FamilyCreate | O::FamilyList | O::FamilyRead | O::FamilyUpdate
        | O::ChronologyCreate | O::FragmentSubmitAdvance
        | O::HoldPlace | O::HoldList | O::HoldRelease
        | O::CertificateList | O::CertificateRead | O::UnpurgedList
        | O::AuditRead | O::AuditCheckpointRead | O::AuditProve => true,
    }
}
