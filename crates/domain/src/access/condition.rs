//! Conditions besides entitlement and state.
#![deny(clippy::wildcard_enum_match_arm)]

use super::entitlement::content_reason;
use super::{AccessFacts, Actor, Denial, is_recorded_by_own_agency};
use crate::{ChronologyState, ReadReason};

/// What else must hold for an actor who is entitled to an operation; each row of the table of
/// operations names one condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccessCondition {
    /// Nothing else.
    None,
    /// For contributors: their agency's own return is in.
    OwnReturn,
    /// The actor cannot read the chronology otherwise, and few enough of the actor's emergency
    /// accesses await a review.
    EmergencyNeeded,
    /// The actor sees all of the person's record: they recorded it or have a case about the person.
    CaseInvolvement,
    /// Somebody else opened the emergency access.
    OthersAccess,
}

/// Checks the condition for an actor who is entitled to the operation for `reason`.
///
/// # Errors
/// The [`Denial`] of the condition that does not hold.
pub(super) fn check_condition(
    condition: AccessCondition,
    actor: &Actor,
    facts: &AccessFacts,
    reason: ReadReason,
) -> Result<(), Denial> {
    match condition {
        AccessCondition::None => Ok(()),
        AccessCondition::OwnReturn => match reason {
            ReadReason::NamedContributor => check_contributor_timeline(facts),
            ReadReason::Owner
            | ReadReason::Manager
            | ReadReason::TeamMember
            | ReadReason::AgencyLead
            | ReadReason::AgencySystem
            | ReadReason::Auditor
            | ReadReason::Member
            | ReadReason::SocialCare
            | ReadReason::Emergency => Ok(()),
        },
        AccessCondition::EmergencyNeeded => check_emergency_needed(actor, facts),
        AccessCondition::CaseInvolvement => {
            let is_involved = facts.owner || facts.case || is_recorded_by_own_agency(actor, facts);
            require(is_involved, Denial::NoCaseInvolvement)
        }
        AccessCondition::OthersAccess => require(!facts.owner, Denial::OwnEmergencyAccess),
    }
}

fn require(holds: bool, denial: Denial) -> Result<(), Denial> {
    if holds { Ok(()) } else { Err(denial) }
}

fn check_emergency_needed(actor: &Actor, facts: &AccessFacts) -> Result<(), Denial> {
    require(
        content_reason(actor, facts).is_none(),
        Denial::AlreadyAccessible,
    )?;
    require(!facts.reviews_outstanding, Denial::ReviewsOutstanding)
}

/// Checks whether a contributor may read the timeline: where the partnership allows it, after their
/// agency's own return, and while the chronology is open to contributors.
fn check_contributor_timeline(facts: &AccessFacts) -> Result<(), Denial> {
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
