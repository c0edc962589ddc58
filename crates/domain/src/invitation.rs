//! One agency's place on a chronology and the answers it can give. Silence is never an answer.

use crate::words::closed_list;

closed_list! {
    /// Where an invitation stands.
    InvitationState {
        /// Asked; nobody at the agency has looked yet.
        Invited = "invited",
        /// Somebody at the agency has opened it.
        Viewed = "viewed",
        /// A return is being written.
        Drafting = "drafting",
        /// The agency has submitted a fragment.
        Submitted = "submitted",
        /// The agency holds nothing relevant and says so.
        NilReturn = "nil_return",
        /// The agency declines, with a reason.
        Declined = "declined",
        /// The due date passed without an answer; the agency can still answer.
        Overdue = "overdue",
        /// The chronology's time is over.
        Expired = "expired",
    }
}

impl InvitationState {
    /// Whether the agency has given an explicit answer (a return, a nil return or a refusal).
    #[must_use]
    pub const fn answered(self) -> bool {
        matches!(self, Self::Submitted | Self::NilReturn | Self::Declined)
    }

    /// Whether the agency's own return is in, which opens the consolidated timeline to it. A refusal is not a return.
    #[must_use]
    pub const fn returned(self) -> bool {
        matches!(self, Self::Submitted | Self::NilReturn)
    }

    /// Whether the state can become `next`. An answer can be changed for another while returns are taken; looking
    /// and drafting never undo an answer or overdue.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match next {
            Self::Invited => false,
            Self::Viewed => matches!(self, Self::Invited),
            Self::Drafting => matches!(self, Self::Invited | Self::Viewed),
            Self::Submitted | Self::NilReturn | Self::Declined => !matches!(self, Self::Expired),
            Self::Overdue => matches!(self, Self::Invited | Self::Viewed | Self::Drafting),
            Self::Expired => !matches!(self, Self::Expired),
        }
    }
}

closed_list! {
    /// Why an agency declines.
    DeclineReason {
        /// Sharing would be more detrimental to the child than not (Children Act 2004, s.16LA).
        MoreDetrimentalToChild = "more_detrimental_to_child",
        /// Not relevant to the recipient's functions.
        NotRelevant = "not_relevant",
        /// Another body holds the record.
        HeldElsewhere = "held_elsewhere",
        /// A court order or legal privilege forbids it.
        LegalRestriction = "legal_restriction",
        /// Another reason, in words.
        Other = "other",
    }
}

#[cfg(test)]
mod tests {
    use super::InvitationState as S;

    #[test]
    fn looking_never_undoes_an_answer() {
        for answered in [S::Submitted, S::NilReturn, S::Declined, S::Overdue] {
            assert!(!answered.may_become(S::Viewed) && !answered.may_become(S::Drafting));
        }
        assert!(S::Overdue.may_become(S::Submitted), "a late return is still a return");
        assert!(!S::Expired.may_become(S::Submitted));
    }

    #[test]
    fn a_refusal_is_an_answer_but_not_a_return() {
        assert!(S::Declined.answered() && !S::Declined.returned());
        assert!(S::NilReturn.answered() && S::NilReturn.returned());
    }
}
