//! Emergency access: its reasons, and the findings of its review.

use crate::enums::string_enum;

string_enum! {
    /// Why somebody who is not on the team of a chronology needs to read it now.
    EmergencyReason {
        /// A child is in danger at this moment.
        ImmediateRisk = "immediate_risk",
        /// A child is missing.
        ChildMissing = "child_missing",
        /// A referral came in out of hours.
        OutOfHoursReferral = "out_of_hours_referral",
        /// Police protection (Children Act 1989, section 46).
        PoliceProtection = "police_protection",
        /// A court ordered something that cannot wait, such as an emergency protection order.
        CourtOrder = "court_order",
    }
}

string_enum! {
    /// The finding of the review of an emergency access.
    ReviewFinding {
        /// The access was justified.
        Justified = "justified",
        /// The access was not justified.
        NotJustified = "not_justified",
        /// Action is needed before the review can conclude.
        NeedsAction = "needs_action",
    }
}
