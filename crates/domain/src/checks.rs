//! Checks while writing (`practice.md`): faults, warnings and prompts about an entry or a whole fragment. They never change the
//! words, never repeat them, and give the same answer every time.

use time::Date;

use crate::words::closed_list;
use crate::{EntryDetails, PartnershipPolicy, PersonId};

closed_list! {
    /// What a finding asks of the writer.
    Severity {
        /// Must be mended before it is taken.
        Error = "error",
        /// Should be looked at; the writer decides.
        Warning = "warning",
        /// A question about the whole; the writer decides.
        Prompt = "prompt",
    }
}

/// Something found while checking. The message never repeats what was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema)]
pub struct Finding {
    /// JSON pointer to what it is about, relative to the entry or the fragment; empty for the whole.
    #[schema(example = "/what")]
    pub pointer: String,
    /// Stable code.
    #[schema(value_type = String, example = "impact_missing")]
    pub code: &'static str,
    /// What it asks.
    pub severity: Severity,
    /// What to do, in plain words.
    pub message: String,
}

/// What the checks need to know. It borrows everything; make one for a whole fragment.
#[derive(Debug, Clone, Copy)]
pub struct CheckContext<'a> {
    /// Today's day in the United Kingdom.
    pub today: Date,
    /// What the partnership decides: categories, what is mandatory.
    pub policy: &'a PartnershipPolicy,
    /// The first day of the look-back, when there is one.
    pub look_back_from: Option<Date>,
    /// The day the eldest child's pregnancy began, when it can be told.
    pub eldest_conception: Option<Date>,
    /// The day of the latest referral, when there is one.
    pub latest_referral: Option<Date>,
    /// The children of the family; empty when they are not known yet, which checks nothing.
    pub children: &'a [PersonId],
    /// Names of everybody in the family, in full or in parts.
    pub known_names: &'a [&'a str],
    /// Postcodes of the family's addresses that are not protected.
    pub known_postcodes: &'a [&'a str],
    /// Postcodes of protected addresses: they may stand in no text at all.
    pub protected_postcodes: &'a [&'a str],
    /// Abbreviations the partnership knows beyond the built-in glossary.
    pub glossary: &'a [&'a str],
}

impl<'a> CheckContext<'a> {
    /// A context that knows the day and the policy, and nothing of the family.
    #[must_use]
    pub const fn new(today: Date, policy: &'a PartnershipPolicy) -> Self {
        Self {
            today,
            policy,
            look_back_from: None,
            eldest_conception: None,
            latest_referral: None,
            children: &[],
            known_names: &[],
            known_postcodes: &[],
            protected_postcodes: &[],
            glossary: &[],
        }
    }
}

/// Checks one entry. Findings come in the order of the entry's fields; pointers are relative to the entry.
#[must_use]
pub fn check_entry(entry: &EntryDetails, context: &CheckContext<'_>) -> Vec<Finding> {
    let _ = (entry, context);
    Vec::new()
}

/// Checks a whole fragment: every entry (pointers start with `/entries/{n}`), then what only the whole shows.
#[must_use]
pub fn check_fragment(entries: &[EntryDetails], context: &CheckContext<'_>) -> Vec<Finding> {
    let _ = (entries, context);
    Vec::new()
}
