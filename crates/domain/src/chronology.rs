//! The states of a chronology and the legal grounds for sharing.

use crate::enums::string_enum;

string_enum! {
    /// The state of a chronology in the workflow.
    ChronologyState {
        /// Being prepared; no agency has been asked yet.
        Draft = "draft",
        /// Agencies have been asked and may submit.
        Open = "open",
        /// The due date has passed; late returns are still accepted.
        Closing = "closing",
        /// Frozen for a meeting.
        Consolidated = "consolidated",
        /// Signed off: a snapshot was taken or explicitly waived.
        SignedOff = "signed_off",
        /// Work has ended; social care can read it until it expires.
        Closed = "closed",
        /// It has expired: only the tombstone and the audit trail remain.
        Expired = "expired",
    }
}

string_enum! {
    /// A transition from one state to another.
    Transition {
        /// Ask the agencies.
        Open = "open",
        /// The due date passed (a background worker's transition, not a user's).
        PassDue = "pass_due",
        /// Freeze the timeline for a meeting.
        Consolidate = "consolidate",
        /// A manager or chair signs off.
        SignOff = "sign_off",
        /// End the work.
        Close = "close",
        /// Return to open: needs permission and a reason.
        Reopen = "reopen",
        /// The expiry has been reached.
        Expire = "expire",
    }
}

impl ChronologyState {
    /// The state after a transition, or `None` when the transition is not allowed from this state.
    #[must_use]
    pub const fn after(self, transition: Transition) -> Option<Self> {
        use ChronologyState as S;
        use Transition as T;
        match (self, transition) {
            (S::Draft, T::Open)
            | (S::Closing | S::Consolidated | S::SignedOff | S::Closed, T::Reopen) => Some(S::Open),
            (S::Open, T::PassDue) => Some(S::Closing),
            (S::Open | S::Closing | S::Consolidated, T::Consolidate) => Some(S::Consolidated),
            (S::Consolidated, T::SignOff) => Some(S::SignedOff),
            (S::Draft | S::SignedOff, T::Close) => Some(S::Closed),
            (S::Expired, _) => None,
            (_, T::Expire) => Some(S::Expired),
            _ => None,
        }
    }

    /// Whether agencies may submit, return nil or decline.
    #[must_use]
    pub const fn accepts_returns(self) -> bool {
        matches!(self, Self::Open | Self::Closing)
    }

    /// Whether agencies that have returned may read the timeline in this state.
    #[must_use]
    pub const fn is_open_to_contributors(self) -> bool {
        matches!(self, Self::Open | Self::Closing | Self::Consolidated)
    }
}

string_enum! {
    /// The lawful basis for sharing: UK GDPR Art 6(1), with Art 9(2)(g) and Data Protection Act
    /// 2018 Schedule 1 paragraph 18 for special categories.
    LawfulBasis {
        /// Art 6(1)(e): a task in the public interest or official authority.
        PublicTask = "public_task",
        /// Art 6(1)(c): a legal obligation.
        LegalObligation = "legal_obligation",
    }
}

string_enum! {
    /// Why consent is not relied on (Data Protection Act 2018, Schedule 1, paragraph 18(2)).
    NoConsentReason {
        /// Consent cannot be given by the data subject.
        CannotBeGiven = "cannot_be_given",
        /// The controller cannot reasonably be expected to obtain consent.
        CannotReasonablyBeObtained = "cannot_reasonably_be_obtained",
        /// Obtaining consent would prejudice the protection of the child.
        WouldPrejudiceProtection = "would_prejudice_protection",
    }
}

string_enum! {
    /// A warning about a chronology that needs attention.
    ChronologyWarning {
        /// The chronology expires within 14 days, and a snapshot for the social-care record is
        /// neither signed off nor waived.
        ExpiresWithoutSignOff = "expires_without_sign_off",
        /// A practitioner has requested the destruction of the chronology before its expiry; a
        /// second team manager has to confirm or ignore the request.
        DestructionRequested = "destruction_requested",
    }
}

string_enum! {
    /// What happens to the frozen view at sign-off.
    SnapshotDecision {
        /// The view is exported for the social-care record.
        Export = "export",
        /// No copy is kept, for a stated reason.
        Waive = "waive",
    }
}

#[cfg(test)]
mod tests {
    use super::{ChronologyState as S, Transition as T};

    #[test]
    fn usual_transitions_lead_from_draft_to_expired() {
        let transitions = [
            T::Open,
            T::PassDue,
            T::Consolidate,
            T::SignOff,
            T::Close,
            T::Expire,
        ];
        let end = transitions.into_iter().try_fold(S::Draft, S::after);
        assert_eq!(end, Some(S::Expired));
    }

    #[test]
    fn expired_is_final_and_only_reopening_goes_back() {
        for transition in T::ALL {
            assert_eq!(S::Expired.after(*transition), None);
        }
        for (state, transition) in S::ALL
            .iter()
            .flat_map(|s| T::ALL.iter().map(move |t| (*s, *t)))
        {
            if let Some(next) = state.after(transition)
                && next < state
            {
                assert_eq!(transition, T::Reopen, "{state} -> {next}");
            }
        }
    }

    #[test]
    fn sign_off_requires_a_consolidated_chronology() {
        for state in [S::Draft, S::Open, S::Closing, S::Closed] {
            assert_eq!(state.after(T::SignOff), None);
        }
    }
}
