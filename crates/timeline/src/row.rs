//! The rows of a timeline, as they are returned to readers and stored in frozen views.

use std::collections::BTreeMap;

use domain::{
    AgencyId, Category, EntryId, FragmentId, Handling, Instant, PersonId, Significance, WhenOut,
};
use linkage::Evidence;
use serde::{Deserialize, Serialize};

use crate::{AgeAtEvent, Conflict};

/// One event on the timeline, described by one or more accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Row {
    /// The id of the row's first entry in order of submission. It stays the same while that entry
    /// is live and visible.
    pub id: EntryId,
    /// The position on the reader's whole timeline, from 1. A filter does not change it.
    #[schema(minimum = 1)]
    pub sequence: u32,
    /// When the event happened: the date of the most exact account.
    pub when: WhenOut,
    /// What the order of rows assumes of an inexact date; absent for an exact one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "Only the month is known: placed at the start of the month, after events of its first day"
    )]
    pub order_note: Option<String>,
    /// Every child whom any account concerns, the eldest first.
    pub children: Vec<RowChild>,
    /// Category code.
    pub category: Category,
    /// Strength, risk, neutral or both, taken over all accounts.
    pub significance: Significance,
    /// All accounts, in order of submission. They are never merged into one text.
    #[schema(min_items = 1)]
    pub accounts: Vec<Account>,
    /// Why the accounts and repeats are shown as one event, with quotations where they help; empty
    /// for a single entry.
    pub linked_because: Vec<Evidence>,
    /// The evidence against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked_despite: Vec<Evidence>,
    /// Other events that are related to this one, such as a referral and its strategy discussion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<RelatedRow>,
    /// Other events that may be the same as this one: the evidence is too weak for one row, but
    /// strong enough to ask a person. A link decision accepts or rejects it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_be_same: Vec<SuggestedRow>,
    /// Where accounts contradict each other.
    pub conflicts: Vec<Conflict>,
    /// Whether any account marks it as a key incident.
    pub key_incident: bool,
    /// Whether any account marks it as family history from before the eldest child's pregnancy.
    pub family_history: bool,
    /// The entries that `related` and `may_be_same` quote, with their fragments. They may be on
    /// rows that the filter omits. This field is part of neither the response nor the stored form.
    #[serde(skip)]
    #[schema(ignore)]
    pub quoted: BTreeMap<EntryId, FragmentId>,
}

/// A reference to a related event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RelatedRow {
    /// The row of the other event, which a filter may have omitted.
    pub row: EntryId,
    /// The position of the other row on the whole timeline.
    #[serde(default)]
    #[schema(required = true, minimum = 1)]
    pub sequence: u32,
    /// The evidence for it.
    pub because: Vec<Evidence>,
}

/// A reference to an event that may be the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SuggestedRow {
    /// The row of the other event, which a filter may have omitted.
    pub row: EntryId,
    /// The position of the other row on the whole timeline.
    #[schema(minimum = 1)]
    pub sequence: u32,
    /// The evidence that they are the same event.
    pub because: Vec<Evidence>,
    /// The evidence against it.
    pub despite: Vec<Evidence>,
}

/// A child whom a row concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RowChild {
    /// The child.
    pub id: PersonId,
    /// The age of the child at the event; absent when the date of birth or of the event is not
    /// exact enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_at_event: Option<AgeAtEvent>,
}

domain::entry_form! {
    account
    /// One agency's account of an event, word for word.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
    pub struct Account {
        /// The entry.
        pub entry_id: EntryId,
        /// The fragment that contains the entry.
        pub fragment_id: FragmentId,
        /// The version of the fragment.
        pub fragment_version: i64,
        /// The agency whose account it is.
        pub agency: AgencyId,
        /// The agency that entered it on behalf of that agency (proxy entry).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub proxy_by: Option<AgencyId>,
        /// When it was submitted.
        pub submitted_at: Instant,
        /// Entries of the same agency that repeat this one, for a sibling or because they were sent
        /// again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub also_submitted_as: Vec<Repeat>,
    }
    with { when: WhenOut, handling: Handling }
}

/// An entry of the same agency that is equal in every field except the children that it was
/// submitted for and its reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Repeat {
    /// The entry.
    pub entry_id: EntryId,
    /// The fragment that contains the entry.
    pub fragment_id: FragmentId,
    /// The version of the fragment.
    pub fragment_version: i64,
    /// When it was submitted.
    pub submitted_at: Instant,
    /// The agency's own record reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub reference: Option<String>,
    /// The children that it was submitted for.
    pub children: Vec<PersonId>,
}
