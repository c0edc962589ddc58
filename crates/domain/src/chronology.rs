//! A chronology's states and the grounds on which it may be opened.

use crate::words::closed_list;

closed_list! {
    /// Where a chronology stands. `practice.md`, "The workflow".
    ChronologyState {
        /// Being prepared; nobody is asked yet.
        Draft = "draft",
        /// Agencies are asked and may submit.
        Open = "open",
        /// The due date has passed; late returns are still taken.
        Closing = "closing",
        /// Frozen for a meeting.
        Consolidated = "consolidated",
        /// Signed off: a snapshot was taken or explicitly waived.
        SignedOff = "signed_off",
        /// Work has ended; readable to social care until it expires.
        Closed = "closed",
        /// Its time is over: only the tombstone and the audit remain.
        Expired = "expired",
    }
}

closed_list! {
    /// A step from one state to the next.
    Transition {
        /// Ask the agencies.
        Open = "open",
        /// The due date passed (a worker's step, nobody's choice).
        PassDue = "pass_due",
        /// Freeze a view for a meeting.
        Consolidate = "consolidate",
        /// A manager or chair signs off.
        SignOff = "sign_off",
        /// End the work.
        Close = "close",
        /// Back to open: needs permission and a reason.
        Reopen = "reopen",
        /// Time is over.
        Expire = "expire",
    }
}

impl ChronologyState {
    /// The state after `step`, or `None` when the step is not allowed from here.
    #[must_use]
    pub const fn after(self, step: Transition) -> Option<Self> {
        use ChronologyState as S;
        use Transition as T;
        match (self, step) {
            (S::Draft, T::Open) | (S::Closing | S::Consolidated | S::SignedOff | S::Closed, T::Reopen) => Some(S::Open),
            (S::Open, T::PassDue) => Some(S::Closing),
            (S::Open | S::Closing | S::Consolidated, T::Consolidate) => Some(S::Consolidated),
            (S::Consolidated, T::SignOff) => Some(S::SignedOff),
            (S::Draft | S::SignedOff, T::Close) => Some(S::Closed),
            (S::Expired, _) => None,
            (_, T::Expire) => Some(S::Expired),
            _ => None,
        }
    }

    /// Whether agencies may submit, answer nil or decline.
    #[must_use]
    pub const fn takes_returns(self) -> bool {
        matches!(self, Self::Open | Self::Closing)
    }

    /// Whether there is a timeline that agencies who have returned may read ("yes, after own return, while open").
    #[must_use]
    pub const fn open_to_contributors(self) -> bool {
        matches!(self, Self::Open | Self::Closing | Self::Consolidated)
    }
}

closed_list! {
    /// The ground for sharing. UK GDPR Art 6(1), with Art 9(2)(g) and Data Protection Act 2018 Schedule 1 paragraph 18
    /// for special categories.
    LawfulBasis {
        /// Art 6(1)(e): a task in the public interest or official authority.
        PublicTask = "public_task",
        /// Art 6(1)(c): a legal obligation.
        LegalObligation = "legal_obligation",
    }
}

closed_list! {
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

#[cfg(test)]
mod tests {
    use super::{ChronologyState as S, Transition as T};

    #[test]
    fn the_usual_way_through() {
        let steps = [T::Open, T::PassDue, T::Consolidate, T::SignOff, T::Close, T::Expire];
        let end = steps.into_iter().try_fold(S::Draft, S::after);
        assert_eq!(end, Some(S::Expired));
    }

    #[test]
    fn nothing_leaves_expired_and_nothing_but_a_reopening_goes_back() {
        for step in T::ALL {
            assert_eq!(S::Expired.after(*step), None);
        }
        for (state, step) in S::ALL.iter().flat_map(|s| T::ALL.iter().map(move |t| (*s, *t))) {
            if let Some(next) = state.after(step)
                && next < state
            {
                assert_eq!(step, T::Reopen, "{state} -> {next}");
            }
        }
    }

    #[test]
    fn no_sign_off_without_a_frozen_view() {
        for state in [S::Draft, S::Open, S::Closing, S::Closed] {
            assert_eq!(state.after(T::SignOff), None);
        }
    }
}
