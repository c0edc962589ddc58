//! Checks while writing (`practice.md`): faults, warnings and prompts about an entry or a whole fragment. They never change the
//! words, never repeat them, and give the same answer every time.

mod addresses;
mod facts;
mod people;
mod text;
mod whole;
mod wording;

pub use addresses::{ProtectedAddresses, reads_like_an_address};

use std::collections::BTreeSet;

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
    /// Postcodes of protected addresses: they may stand in a restricted entry only.
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

/// Checks one entry, in time that grows with the length of its text. Pointers are relative to the entry. An end before its start
/// cannot be held by an [`crate::EventDate`] and is refused where dates are read.
#[must_use]
pub fn check_entry(entry: &EntryDetails, context: &CheckContext<'_>) -> Vec<Finding> {
    entry_findings(entry, &Prepared::new(context))
}

/// Checks a whole fragment: every entry (pointers start with `/entries/{n}`), then what only the whole shows.
#[must_use]
pub fn check_fragment(entries: &[EntryDetails], context: &CheckContext<'_>) -> Vec<Finding> {
    let prepared = Prepared::new(context);
    let mut findings = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        let own = entry_findings(entry, &prepared);
        findings.extend(own.into_iter().map(|finding| finding.inside(&format!("/entries/{number}"))));
    }
    whole::check(entries, context, &mut findings);
    findings
}

fn entry_findings(entry: &EntryDetails, prepared: &Prepared<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    facts::check(entry, prepared.context, &mut findings);
    let fields = text::fields(entry);
    wording::check(entry, &fields, prepared, &mut findings);
    people::check(entry, &fields, prepared, &mut findings);
    findings
}

impl Finding {
    fn new(severity: Severity, code: &'static str, pointer: &str, message: &str) -> Self {
        Self { pointer: pointer.to_owned(), code, severity, message: message.to_owned() }
    }

    fn inside(self, prefix: &str) -> Self {
        Self { pointer: format!("{prefix}{}", self.pointer), ..self }
    }
}

/// The context in the form the text checks look things up in: small letters, no spaces in postcodes.
struct Prepared<'a> {
    context: &'a CheckContext<'a>,
    names: BTreeSet<String>,
    postcodes: BTreeSet<String>,
    protected: BTreeSet<String>,
}

impl<'a> Prepared<'a> {
    fn new(context: &'a CheckContext<'a>) -> Self {
        let parts = context.known_names.iter().flat_map(|name| name.split(|c: char| !c.is_alphanumeric()));
        let compact =
            |postcode: &&str| postcode.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
        Self {
            context,
            names: parts.filter(|part| !part.is_empty()).map(str::to_lowercase).collect(),
            postcodes: context.known_postcodes.iter().map(compact).collect(),
            protected: context.protected_postcodes.iter().map(compact).collect(),
        }
    }
}
