//! Breaking the glass: the words in which it is said why, and what a review found.

use crate::words::closed_list;

closed_list! {
    /// Why somebody who is not on a chronology's team must read it now.
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

closed_list! {
    /// What the review of an emergency access found.
    ReviewFinding {
        /// There was reason for it.
        Justified = "justified",
        /// There was not.
        NotJustified = "not_justified",
        /// Something is to be done before it can be said.
        NeedsAction = "needs_action",
    }
}
