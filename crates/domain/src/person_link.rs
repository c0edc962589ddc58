//! Links between two agencies' records of people: comparison, state, history and decisions.

use crate::enums::string_enum;

string_enum! {
    /// The result of comparing two records.
    PersonLinkBand {
        /// The records are clearly of one person.
        Match = "match",
        /// The records may be of one person; a practitioner has to decide.
        Possible = "possible",
        /// The records are of two people.
        Different = "different",
    }
}

string_enum! {
    /// The state of a link.
    PersonLinkState {
        /// A question that has not been answered.
        Open = "open",
        /// The link is in force, found automatically or decided.
        Standing = "standing",
        /// The link was undone; it is not made automatically again.
        Undone = "undone",
    }
}

string_enum! {
    /// A practitioner's decision about two records.
    PersonVerdict {
        /// The records are of one person.
        Same = "same",
        /// The records are of two people.
        Different = "different",
    }
}

string_enum! {
    /// One event in the history of a link.
    PersonLinkStep {
        /// The two records were linked automatically.
        Found = "found",
        /// The comparison left the decision to a practitioner.
        Asked = "asked",
        /// A practitioner decided that they are one person.
        Same = "same",
        /// A practitioner decided that they are two people.
        Different = "different",
        /// A practitioner undid the link.
        Undone = "undone",
    }
}

string_enum! {
    /// The state to which a link can be changed.
    PersonLinkChange {
        /// The link is undone.
        Undone = "undone",
    }
}
