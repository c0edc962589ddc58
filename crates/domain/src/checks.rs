//! Checks of entries and fragments while a practitioner writes them: errors, warnings and prompts.
//! They never change the text, never repeat it in a message, and give the same findings for the
//! same input.

mod addresses;
mod entry_rules;
mod fragment_prompts;
mod personal_data;
mod text;
mod vocabulary;
mod wording;

pub use addresses::{ProtectedAddresses, looks_like_address};

use std::collections::BTreeSet;

use time::Date;

use crate::enums::string_enum;
use crate::{EntryDetails, PartnershipPolicy, PersonId};

string_enum! {
    /// How a finding has to be treated.
    Severity {
        /// Must be corrected before the entry is accepted.
        Error = "error",
        /// Should be reviewed; the writer decides.
        Warning = "warning",
        /// A question about the whole fragment; the writer decides.
        Prompt = "prompt",
    }
}

/// One result of a check. The message never repeats the text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema)]
pub struct Finding {
    /// JSON pointer to the field concerned, relative to the entry or the fragment; empty for the
    /// whole.
    #[schema(example = "/what")]
    pub pointer: String,
    /// Stable code.
    #[schema(value_type = String, example = "impact_missing")]
    pub code: &'static str,
    /// How the finding has to be treated.
    pub severity: Severity,
    /// What to do, in plain English.
    pub message: String,
}

/// What the checks need to know of the day, the partnership and the family. It borrows everything;
/// build one per fragment.
#[derive(Debug, Clone, Copy)]
pub struct CheckContext<'a> {
    /// Today's date in the United Kingdom.
    pub today: Date,
    /// The policy of the partnership: categories and mandatory fields.
    pub policy: &'a PartnershipPolicy,
    /// The first day of the look-back, when there is one.
    pub look_back_from: Option<Date>,
    /// The day the eldest child's pregnancy began, when it is known.
    pub eldest_conception: Option<Date>,
    /// The day of the latest referral, when there is one.
    pub latest_referral: Option<Date>,
    /// The children of the family. Empty when they are not known yet; children are then not
    /// checked.
    pub children: &'a [PersonId],
    /// Names of all people in the family, in full or in parts.
    pub known_names: &'a [&'a str],
    /// Postcodes of the family's addresses that are not protected.
    pub known_postcodes: &'a [&'a str],
    /// Postcodes of protected addresses, which only a restricted entry may contain.
    pub protected_postcodes: &'a [&'a str],
    /// Abbreviations that the partnership knows beyond the built-in list.
    pub glossary: &'a [&'a str],
}

impl<'a> CheckContext<'a> {
    /// A context with the day and the policy, and nothing about the family.
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

/// Checks one entry, in time proportional to the length of its texts. Pointers are relative to the
/// entry. An end before its start is not checked here, because an [`crate::EventDate`] cannot hold
/// it.
#[must_use]
pub fn check_entry(entry: &EntryDetails, context: &CheckContext<'_>) -> Vec<Finding> {
    entry_findings(entry, &PreparedContext::new(context))
}

/// Checks a fragment: first every entry (pointers start with `/entries/{n}`), then the fragment as
/// a whole.
#[must_use]
pub fn check_fragment(entries: &[EntryDetails], context: &CheckContext<'_>) -> Vec<Finding> {
    let prepared = PreparedContext::new(context);
    let mut findings = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let own = entry_findings(entry, &prepared);
        findings.extend(
            own.into_iter()
                .map(|finding| finding.with_pointer_prefix(&format!("/entries/{index}"))),
        );
    }
    fragment_prompts::check(entries, context, &mut findings);
    findings
}

fn entry_findings(entry: &EntryDetails, prepared: &PreparedContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    entry_rules::check(entry, prepared.context, &mut findings);
    let fields = text::text_fields(entry);
    wording::check(entry, &fields, prepared, &mut findings);
    personal_data::check(entry, &fields, prepared, &mut findings);
    findings
}

impl Finding {
    fn new(severity: Severity, code: &'static str, pointer: &str, message: &str) -> Self {
        Self {
            pointer: pointer.to_owned(),
            code,
            severity,
            message: message.to_owned(),
        }
    }

    fn with_pointer_prefix(self, prefix: &str) -> Self {
        Self {
            pointer: format!("{prefix}{}", self.pointer),
            ..self
        }
    }
}

/// A [`CheckContext`] prepared for look-ups by the text checks.
struct PreparedContext<'a> {
    context: &'a CheckContext<'a>,
    /// The parts of the names in the family, in lower case.
    names: BTreeSet<String>,
    /// Unprotected postcodes of the family, in upper case without spaces.
    open_postcodes: BTreeSet<String>,
    /// Protected postcodes, in upper case without spaces.
    protected_postcodes: BTreeSet<String>,
}

impl<'a> PreparedContext<'a> {
    fn new(context: &'a CheckContext<'a>) -> Self {
        let name_parts = context
            .known_names
            .iter()
            .flat_map(|name| name.split(|c: char| !c.is_alphanumeric()));
        let compact = |postcode: &&str| {
            postcode
                .chars()
                .filter(|c| c.is_alphanumeric())
                .flat_map(char::to_uppercase)
                .collect()
        };
        Self {
            context,
            names: name_parts
                .filter(|part| !part.is_empty())
                .map(str::to_lowercase)
                .collect(),
            open_postcodes: context.known_postcodes.iter().map(compact).collect(),
            protected_postcodes: context.protected_postcodes.iter().map(compact).collect(),
        }
    }
}
