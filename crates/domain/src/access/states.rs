//! What the state of a chronology rules out, whoever asks.
#![deny(clippy::wildcard_enum_match_arm)]

use super::{Denial, Facts};
use crate::{ChronologyState, Operation};

/// "Yes, after own return, while open."
pub(super) fn timeline_for_contributor(facts: &Facts) -> Result<(), Denial> {
    if !facts.contributors_read_timeline {
        return Err(Denial::NotYours);
    }
    let returned = facts.invitation.is_some_and(|invitation| invitation.state.returned());
    if !returned {
        return Err(Denial::OwnReturnFirst);
    }
    let open = facts.state.is_some_and(ChronologyState::open_to_contributors);
    if open { Ok(()) } else { Err(Denial::NotYours) }
}

/// What the chronology's state rules out whoever asks. Objects without a chronology are always possible.
pub(super) fn possible_in_state(operation: Operation, facts: &Facts) -> bool {
    use ChronologyState as S;
    use Operation as O;
    let Some(state) = facts.state else { return true };
    match operation {
        O::FormRead | O::InvitationDraft | O::InvitationNilReturn | O::InvitationDecline => state.takes_returns(),
        O::FragmentSubmit | O::FragmentProxy => state.takes_returns(),
        O::FragmentCorrect | O::FragmentWithdraw | O::LinkDecide => {
            matches!(state, S::Open | S::Closing | S::Consolidated)
        }
        O::InvitationCreate => matches!(state, S::Draft | S::Open | S::Closing),
        O::InvitationUpdate | O::ChronologyUpdate => {
            matches!(state, S::Draft | S::Open | S::Closing | S::Consolidated | S::SignedOff)
        }
        O::TimelineRead | O::LinkRead => {
            matches!(state, S::Open | S::Closing | S::Consolidated | S::SignedOff | S::Closed | S::Expired)
        }
        // To say that it is the same child brings in an account, which is possible while accounts come in.
        O::PersonLinkDecide => state.takes_returns(),
        O::PersonLinkUndo => matches!(state, S::Open | S::Closing | S::Consolidated),
        O::SnapshotRead => matches!(state, S::SignedOff | S::Closed),
        // What is closed is no longer worked with; a draft has asked nobody.
        O::EmergencyOpen => matches!(state, S::Open | S::Closing | S::Consolidated | S::SignedOff),
        // Which step a state allows is the state's own: `ChronologyState::after`.
        O::ChronologyOpen
        | O::ChronologyConsolidate
        | O::ChronologySignOff
        | O::ChronologyClose
        | O::ChronologyReopen
        | O::ChronologyExtend
        | O::ChronologyDestroy => true,
        // What is kept of a chronology is read as long as it is kept.
        O::DestructionRead
        | O::ChronologyList
        | O::ChronologyRead
        | O::TombstoneRead
        | O::ReadersRead
        | O::InvitationList
        | O::InvitationRead
        | O::FragmentList
        | O::FragmentRead
        | O::FragmentVersions
        | O::FragmentReaders
        | O::LinkDecisionRead
        | O::PersonLinkRead
        | O::ConsolidationList
        | O::ConsolidationRead
        | O::EmergencyRead
        | O::AlertList => true,
        // Lifetimes and emergency accesses outlast the work.
        O::FragmentExtend | O::EmergencyEnd | O::EmergencyReview => true,
        // Nothing of one chronology.
        O::PartnershipRead
        | O::AgencyList
        | O::AgencyRead
        | O::AgencyWrite
        | O::PractitionerList
        | O::PractitionerRead
        | O::PractitionerWrite
        | O::PersonCreate
        | O::PersonRead
        | O::PersonUpdate
        | O::PersonFind
        | O::FamilyCreate
        | O::FamilyList
        | O::FamilyRead
        | O::FamilyUpdate
        | O::ChronologyCreate
        | O::FragmentAhead
        | O::HoldPlace
        | O::HoldList
        | O::HoldRelease
        | O::CertificateList
        | O::CertificateRead
        | O::UnpurgedList
        | O::AuditRead
        | O::AuditCheckpointRead
        | O::AuditProve => true,
    }
}
