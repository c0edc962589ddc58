//! Closed lists that are used only in tables.

use domain::UnknownVariant;

/// Defines an enum that is stored as a snake_case word, with each word written once. (A function
/// cannot define a type.)
macro_rules! text_enums {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
        }

        impl $name {
            /// The word as stored in the table.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownVariant;

            fn from_str(word: &str) -> Result<Self, UnknownVariant> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownVariant { name: stringify!($name) }),
                }
            }
        }
    };
}

text_enums! {
    /// The state of a fragment.
    FragmentState {
        /// Submitted: its current version is on the timeline until it expires.
        Submitted = "submitted",
        /// Withdrawn by its agency; it is no longer served.
        Withdrawn = "withdrawn",
    }
}

text_enums! {
    /// The scope of a legal hold.
    HoldScope {
        /// One chronology and what was submitted to it.
        Chronology = "chronology",
        /// Everything about one child.
        Child = "child",
        /// All data of the partnership.
        All = "all",
    }
}

text_enums! {
    /// The kind of object that a tombstone replaces.
    TombstoneKind {
        /// A chronology.
        Chronology = "chronology",
        /// A fragment.
        Fragment = "fragment",
    }
}

text_enums! {
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

text_enums! {
    /// The result of linkage for two records of people.
    PersonLinkBand {
        /// The records are of the same person.
        Match = "match",
        /// The records may be of the same person.
        Possible = "possible",
        /// Two people.
        Different = "different",
    }
}

text_enums! {
    /// The state of a link between two records of people.
    PersonLinkState {
        /// Awaiting a practitioner's decision.
        Open = "open",
        /// In force, by linkage or by a practitioner's verdict.
        Standing = "standing",
        /// Undone by a practitioner; linkage does not link the two records again.
        Undone = "undone",
    }
}

text_enums! {
    /// A practitioner's decision about two records of people.
    PersonVerdict {
        /// The same person.
        Same = "same",
        /// Two people.
        Different = "different",
    }
}

text_enums! {
    /// The outcome of a submission, kept for replays of the request.
    WriteOutcome {
        /// A fragment was created.
        Created = "created",
        /// A version was added to a fragment.
        Updated = "updated",
        /// Nothing changed.
        Unchanged = "unchanged",
    }
}
