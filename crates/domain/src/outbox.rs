//! Effects that follow a commit.

use crate::enums::string_enum;

string_enum! {
    /// What has to happen after the transaction that caused it.
    OutboxEvent {
        /// The entries of a chronology have to be compared again.
        Relink = "relink",
        /// Those concerned have to be notified, by webhook or mail. No use case names it yet.
        Notify = "notify",
    }
}

string_enum! {
    /// The kind of object that an event is about. An event about anything else in a chronology (an
    /// invitation, a frozen view) names the chronology, and is deleted with it.
    OutboxSubject {
        /// A chronology.
        Chronology = "chronology",
        /// A fragment.
        Fragment = "fragment",
        /// A family.
        Family = "family",
        /// A child or an adult.
        Person = "person",
    }
}
