//! Links: decisions that entries tell one event, or do not.

use crate::words::closed_list;

closed_list! {
    /// What a person decided about two sides, each one or more entries.
    LinkVerdict {
        /// Both sides tell one event, together with whatever linkage has found to tell it too.
        SameEvent = "same_event",
        /// The first side tells another event than the second: it stands on a row of its own.
        DifferentEvents = "different_events",
        /// The events of both sides have to do with each other and are not one.
        Related = "related",
        /// The events of both sides have nothing to do with each other.
        NotRelated = "not_related",
    }
}
