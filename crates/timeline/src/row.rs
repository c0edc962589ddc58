//! The rows of a timeline, as they are answered and frozen.

use std::collections::BTreeMap;

use domain::{
    AdultConcerned, AgencyId, Category, ChildVoice, EntryId, FamilyAccount, FragmentId, Handling, Instant, PersonId,
    Rag, SeenStatus, Sensitive, Significance, Source, WhenOut,
};
use linkage::Evidence;
use serde::{Deserialize, Serialize};

use crate::{AgeAtEvent, Conflict};

/// One event on the timeline, told by one or more accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Row {
    /// The smallest entry id among the row's accounts and repeats: it stays while that entry is live and seen.
    pub id: EntryId,
    /// Place on the reader's whole timeline, from 1; filters leave it as it is.
    #[schema(minimum = 1)]
    pub sequence: u32,
    /// When it happened: the date of the most exact account.
    pub when: WhenOut,
    /// What the row's place assumes of an inexact date; absent for an exact one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Only the month is known: placed at the start of the month, after events of its first day")]
    pub order_note: Option<String>,
    /// Every child whom any account concerns, the eldest first.
    pub children: Vec<RowChild>,
    /// Category code.
    pub category: Category,
    /// Strength, risk, neutral or both, taken over all accounts.
    pub significance: Significance,
    /// Every account, in order of submission. Never merged into one text.
    #[schema(min_items = 1)]
    pub accounts: Vec<Account>,
    /// Why the accounts and repeats are shown as one event, quoting them where that says more; empty for a single entry.
    pub linked_because: Vec<Evidence>,
    /// What spoke against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked_despite: Vec<Evidence>,
    /// Other events that have to do with this one: a referral and its strategy discussion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<RelatedRow>,
    /// Other events that may be this one: too little speaks for it to show one row, enough to ask a person. A decision
    /// about links accepts or refuses it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_be_same: Vec<SuggestedRow>,
    /// Where accounts contradict each other.
    pub conflicts: Vec<Conflict>,
    /// Whether any account calls it a key incident.
    pub key_incident: bool,
    /// Whether any account calls it family history from before the eldest child's pregnancy.
    pub family_history: bool,
    /// The entries that `related` and `may_be_same` quote, with their fragments: they may stand on rows that are left out.
    /// Not part of the answer; absent from what was stored.
    #[serde(skip)]
    #[schema(ignore)]
    pub quoted: BTreeMap<EntryId, FragmentId>,
}

/// Another event that has to do with a row's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RelatedRow {
    /// The other event's row, which a filter may have left out.
    pub row: EntryId,
    /// The other row's place on the whole timeline.
    #[serde(default)]
    #[schema(required = true, minimum = 1)]
    pub sequence: u32,
    /// Why.
    pub because: Vec<Evidence>,
}

/// Another event that may be a row's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SuggestedRow {
    /// The other event's row, which a filter may have left out.
    pub row: EntryId,
    /// The other row's place on the whole timeline.
    #[schema(minimum = 1)]
    pub sequence: u32,
    /// What speaks for one event.
    pub because: Vec<Evidence>,
    /// What speaks against it.
    pub despite: Vec<Evidence>,
}

/// A child concerned in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RowChild {
    /// The child.
    pub id: PersonId,
    /// Age when it happened; absent when the birth or the event is not dated closely enough to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_at_event: Option<AgeAtEvent>,
}

/// One agency's account of an event, word for word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Account {
    /// The entry.
    pub entry_id: EntryId,
    /// The fragment it stands in.
    pub fragment_id: FragmentId,
    /// The fragment's version it is taken from.
    pub fragment_version: i64,
    /// The agency that tells it.
    pub agency: AgencyId,
    /// The agency that entered it on its behalf: a proxy entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_by: Option<AgencyId>,
    /// When it was submitted.
    pub submitted_at: Instant,
    /// The same agency's entries that say the same in every field, for a sibling or sent again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_submitted_as: Vec<Repeat>,
    /// The agency's own record reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub reference: Option<String>,
    /// When this agency says that it happened.
    pub when: WhenOut,
    /// What happened.
    #[schema(value_type = String)]
    pub what: Sensitive<String>,
    /// Category code.
    pub category: Category,
    /// Role and record system.
    pub source: Source,
    /// The children this entry concerns.
    pub children: Vec<PersonId>,
    /// Adults it concerns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adults: Vec<AdultConcerned>,
    /// Strength, risk, neutral or both.
    pub significance: Significance,
    /// What was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub action_taken: Option<Sensitive<String>>,
    /// Why nothing was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub no_action_reason: Option<Sensitive<String>>,
    /// Impact on the child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub impact: Option<Sensitive<String>>,
    /// The child's voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_voice: Option<ChildVoice>,
    /// The family's account, beside the fact and never over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_account: Option<FamilyAccount>,
    /// Outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub outcome: Option<Sensitive<String>>,
    /// Reference of a document in the agency's own system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_reference: Option<String>,
    /// Red, amber or green.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rag: Option<Rag>,
    /// Whether the child was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenStatus>,
    /// Who may see it.
    pub handling: Handling,
    /// A key incident, exempt from the look-back.
    pub key_incident: bool,
    /// Family history from before the eldest child's pregnancy.
    pub family_history: bool,
}

/// An entry of the same agency that says the same in every field but the children it was submitted for and its reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Repeat {
    /// The entry.
    pub entry_id: EntryId,
    /// The fragment it stands in.
    pub fragment_id: FragmentId,
    /// The fragment's version it is taken from.
    pub fragment_version: i64,
    /// When it was submitted.
    pub submitted_at: Instant,
    /// The agency's own record reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub reference: Option<String>,
    /// The children it was submitted for.
    pub children: Vec<PersonId>,
}
