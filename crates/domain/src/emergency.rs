//! Emergency access: its reasons, the findings of its review, and the alerts.

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

string_enum! {
    /// The subject of an alert.
    AlertKind {
        /// A practitioner opened an emergency access.
        EmergencyAccess = "emergency_access",
        /// A practitioner wrote a text that discloses where a protected person lives; it was
        /// refused.
        AddressRefused = "address_refused",
    }
}

string_enum! {
    /// Whether an emergency access has been reviewed.
    AlertState {
        /// The access has not been reviewed.
        Open = "open",
        /// The access has been reviewed.
        Reviewed = "reviewed",
    }
}
