//! The invitation of one agency to a chronology, and the answers that it can give. No answer is
//! never taken as a nil return.

use crate::enums::string_enum;

string_enum! {
    /// The state of an invitation.
    InvitationState {
        /// Sent; nobody at the agency has opened it yet.
        Invited = "invited",
        /// Somebody at the agency has opened it.
        Viewed = "viewed",
        /// A return is being written.
        Drafting = "drafting",
        /// The agency has submitted a fragment.
        Submitted = "submitted",
        /// The agency has stated that it holds nothing relevant.
        NilReturn = "nil_return",
        /// The agency has declined, with a reason.
        Declined = "declined",
        /// The due date passed without an answer; the agency can still answer.
        Overdue = "overdue",
        /// The chronology has expired.
        Expired = "expired",
    }
}

impl InvitationState {
    /// Whether the agency has given an explicit answer: a return, a nil return or a refusal.
    #[must_use]
    pub const fn is_answered(self) -> bool {
        matches!(self, Self::Submitted | Self::NilReturn | Self::Declined)
    }

    /// Whether the agency has submitted a return or a nil return, which gives it access to the
    /// consolidated timeline. A refusal is not a return.
    #[must_use]
    pub const fn has_returned(self) -> bool {
        matches!(self, Self::Submitted | Self::NilReturn)
    }

    /// Whether the transition to `next` is allowed. An agency can replace one answer with another
    /// while returns are accepted. Opening the invitation and drafting never undo an answer or the
    /// overdue state.
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
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

string_enum! {
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
        /// Another reason, given in words.
        Other = "other",
    }
}

#[cfg(test)]
mod tests {
    use super::InvitationState as S;

    #[test]
    fn viewing_and_drafting_never_undo_an_answer() {
        for state in [S::Submitted, S::NilReturn, S::Declined, S::Overdue] {
            assert!(!state.can_become(S::Viewed) && !state.can_become(S::Drafting));
        }
        assert!(
            S::Overdue.can_become(S::Submitted),
            "a late return is still a return"
        );
        assert!(!S::Expired.can_become(S::Submitted));
    }

    #[test]
    fn refusal_is_an_answer_but_not_a_return() {
        assert!(S::Declined.is_answered() && !S::Declined.has_returned());
        assert!(S::NilReturn.is_answered() && S::NilReturn.has_returned());
    }
}
