//! Legal holds, and what happens to objects that expire or are destroyed.

use crate::enums::string_enum;

string_enum! {
    /// What a legal hold covers.
    HoldScope {
        /// The hold covers one chronology.
        Chronology = "chronology",
        /// The hold covers every chronology of one child.
        Child = "child",
        /// The hold covers all data of the partnership.
        All = "all",
    }
}

string_enum! {
    /// The progress of a destruction before the expiry.
    DestructionState {
        /// The destruction is requested and has to be confirmed by another practitioner. Nothing is
        /// destroyed yet.
        Requested = "requested",
        /// The chronology is destroyed.
        Destroyed = "destroyed",
    }
}

string_enum! {
    /// The kind of object that a tombstone replaces.
    TombstoneKind {
        /// A chronology.
        Chronology = "chronology",
        /// A fragment.
        Fragment = "fragment",
    }
}

string_enum! {
    /// Why an object was deleted.
    TombstoneReason {
        /// It expired.
        Expired = "expired",
        /// Its agency withdrew it.
        Withdrawn = "withdrawn",
        /// Its chronology was destroyed early.
        Destroyed = "destroyed",
    }
}

string_enum! {
    /// Why expired data still exists.
    UnpurgedReason {
        /// A legal hold retains the object.
        Held = "held",
        /// Another existing object refers to it.
        ReferredTo = "referred_to",
        /// The deletion is due within a minute of the expiry, which has not passed yet.
        Waiting = "waiting",
        /// The deletion failed and is tried again.
        Failed = "failed",
    }
}
