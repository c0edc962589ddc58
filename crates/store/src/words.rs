//! Closed lists that stand in tables alone.

use domain::UnknownWord;

/// Defines an enum whose table form is one snake_case word.
macro_rules! table_words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
        }

        impl $name {
            /// The word as it stands in the table.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { list: stringify!($name) }),
                }
            }
        }
    };
}

table_words! {
    /// Where a fragment stands.
    FragmentState {
        /// Counts: its current version is on the timeline while it lives.
        Submitted = "submitted",
        /// Taken back by its agency; no route serves it.
        Withdrawn = "withdrawn",
    }
}

table_words! {
    /// What a legal hold covers.
    HoldScope {
        /// One chronology and what was submitted to it.
        Chronology = "chronology",
        /// Everything about one child.
        Child = "child",
        /// Everything of the partnership.
        All = "all",
    }
}

table_words! {
    /// What a tombstone stands for.
    TombstoneKind {
        /// A chronology.
        Chronology = "chronology",
        /// A fragment.
        Fragment = "fragment",
    }
}

table_words! {
    /// Why something is gone.
    TombstoneReason {
        /// Its time was over.
        Expired = "expired",
        /// Its agency took it back.
        Withdrawn = "withdrawn",
        /// Its chronology was destroyed before its time.
        Destroyed = "destroyed",
    }
}

table_words! {
    /// What linkage says of two records of people.
    PersonLinkBand {
        /// Plainly one person.
        Match = "match",
        /// Perhaps one person.
        Possible = "possible",
        /// Two people.
        Different = "different",
    }
}

table_words! {
    /// Where a link between two records of people stands.
    PersonLinkState {
        /// A question that nobody has answered.
        Open = "open",
        /// Holds: by linkage or by a person's verdict.
        Standing = "standing",
        /// A person undid it; linkage does not link the two again.
        Undone = "undone",
    }
}

table_words! {
    /// What a person decided of two records of people.
    PersonVerdict {
        /// One person.
        Same = "same",
        /// Two people.
        Different = "different",
    }
}

table_words! {
    /// What became of a submission that is kept for a repeat.
    WriteOutcome {
        /// A new fragment.
        Created = "created",
        /// A new version of a fragment.
        Updated = "updated",
        /// Nothing changed.
        Unchanged = "unchanged",
    }
}
