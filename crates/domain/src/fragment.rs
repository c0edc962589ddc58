//! Fragments: their states, and the agency's part in the support network.

use crate::enums::string_enum;

string_enum! {
    /// The state of a fragment.
    FragmentState {
        /// The fragment is submitted and part of the timeline, or held in advance of a chronology.
        Submitted = "submitted",
        /// The fragment was withdrawn by its agency.
        Withdrawn = "withdrawn",
    }
}

string_enum! {
    /// The outcome of a submission.
    SubmissionOutcome {
        /// A new fragment was created.
        Created = "created",
        /// A new version of the fragment was created.
        Updated = "updated",
        /// The content is the same as in the current version; nothing changed.
        Unchanged = "unchanged",
    }
}

string_enum! {
    /// Whether the agency works with the family.
    InvolvementStatus {
        /// The agency works with the family now.
        Current = "current",
        /// The agency worked with the family in the past.
        Past = "past",
        /// The agency has never worked with the family.
        None = "none",
    }
}
