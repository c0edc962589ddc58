//! Operations that the state of a chronology excludes for every actor.
#![deny(clippy::wildcard_enum_match_arm)]

use super::AccessFacts;
use crate::ChronologyState;

/// The states of the chronology in which an operation is possible; each row of the table of
/// operations names one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateRule {
    /// While returns are accepted. A link between records of a child brings in an account, which is
    /// possible in the same states.
    AcceptsReturns,
    /// While agencies can be invited.
    AcceptsInvitations,
    /// From opening to sign-off.
    BeforeSignOff,
    /// Until the work has ended.
    BeforeClosure,
    /// While the chronology is worked on: a closed one is no longer, and a draft has no
    /// contributions.
    InProgress,
    /// Once there is a timeline.
    HasTimeline,
    /// Once there is a snapshot.
    HasSnapshot,
    /// A transition: [`ChronologyState::after`] decides from which states it is possible.
    ByTransition,
    /// What is stored about a chronology can be read for as long as it is stored.
    WhileStored,
    /// Also after the object has expired.
    AfterExpiry,
    /// Lifetimes and emergency accesses continue after the work has ended.
    AnyState,
    /// The operation concerns no single chronology.
    NoState,
}

impl StateRule {
    /// Whether the operation is possible after the object has expired.
    pub(super) const fn allows_expired(self) -> bool {
        match self {
            Self::AfterExpiry => true,
            Self::AcceptsReturns
            | Self::AcceptsInvitations
            | Self::BeforeSignOff
            | Self::BeforeClosure
            | Self::InProgress
            | Self::HasTimeline
            | Self::HasSnapshot
            | Self::ByTransition
            | Self::WhileStored
            | Self::AnyState
            | Self::NoState => false,
        }
    }
}

/// Whether the state of the chronology meets the rule. An object without a chronology has no state
/// and allows all.
pub(super) fn is_possible_in_state(rule: StateRule, facts: &AccessFacts) -> bool {
    use ChronologyState as S;
    let Some(state) = facts.state else {
        return true;
    };
    match rule {
        StateRule::AcceptsReturns => state.accepts_returns(),
        StateRule::AcceptsInvitations => matches!(state, S::Draft | S::Open | S::Closing),
        StateRule::BeforeSignOff => matches!(state, S::Open | S::Closing | S::Consolidated),
        StateRule::BeforeClosure => {
            matches!(
                state,
                S::Draft | S::Open | S::Closing | S::Consolidated | S::SignedOff
            )
        }
        StateRule::InProgress => {
            matches!(state, S::Open | S::Closing | S::Consolidated | S::SignedOff)
        }
        StateRule::HasTimeline => {
            matches!(
                state,
                S::Open | S::Closing | S::Consolidated | S::SignedOff | S::Closed | S::Expired
            )
        }
        StateRule::HasSnapshot => matches!(state, S::SignedOff | S::Closed),
        StateRule::ByTransition
        | StateRule::WhileStored
        | StateRule::AfterExpiry
        | StateRule::AnyState
        | StateRule::NoState => true,
    }
}
