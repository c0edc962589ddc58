//! Decisions of people about which entries describe the same event.

use crate::enums::string_enum;

string_enum! {
    /// A person's decision about two sides, each of one or more entries.
    LinkVerdict {
        /// Both sides describe one event, together with the entries that the service has linked to
        /// either.
        SameEvent = "same_event",
        /// The sides describe different events: the first side gets a row of its own.
        DifferentEvents = "different_events",
        /// The sides describe two related events.
        Related = "related",
        /// The sides describe events that are not related.
        NotRelated = "not_related",
    }
}
