//! Which entries tell one event, and what people decided about it.

use domain::{AgencyId, ChronologyId, EntryId, Instant, LinkDecisionId, LinkVerdict, PractitionerId, Sensitive};
use serde::{Deserialize, Serialize};
use timeline::Evidence;
use utoipa::ToSchema;
use validator::Validate;

use super::EmergencyNotice;

/// A decision about entries of one chronology. Accepting what linkage found or suggests, and bringing rows together:
/// `same_event`. Refusing it, and splitting a row: `different_events`. A suggestion is answered with its `entries` and
/// `with` as they were read.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkDecisionIn {
    /// What is decided.
    pub decision: LinkVerdict,
    /// The entries it is about; for `different_events`, those that tell another event than the rest. 1 to 100.
    #[validate(length(min = 1, max = 100))]
    #[schema(min_items = 1, max_items = 100)]
    pub entries: Vec<EntryId>,
    /// The entries they are, or are not, linked with; at most 100. May be left out for `same_event` when `entries` names
    /// two or more, and for `different_events`, which then means all others on their rows.
    #[serde(default)]
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    pub with: Vec<EntryId>,
    /// Why; 1 to 2,000 characters. It is kept no longer than what it is about.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
}

/// Taking a decision back.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkWithdrawalIn {
    /// Why; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
}

/// A person's decision about entries. It is never changed, but may be taken back: then the timeline is as if it had not
/// been made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkDecisionOut {
    /// Identifier.
    pub id: LinkDecisionId,
    /// The chronology.
    pub chronology_id: ChronologyId,
    /// What was decided.
    pub decision: LinkVerdict,
    /// The entries it is about, as far as they live. A decision about anything that you may not see is absent.
    pub entries: Vec<EntryId>,
    /// The entries they are, or are not, linked with.
    pub with: Vec<EntryId>,
    /// Why. Absent in the answer to the decision itself, and once what it was about has gone in part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Sensitive<String>>,
    /// Who decided.
    pub decided_by: PractitionerId,
    /// When.
    pub decided_at: Instant,
    /// When it was taken back; absent while it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<Instant>,
    /// Who took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_by: Option<PractitionerId>,
    /// Why it was taken back; absent as `reason` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub withdrawal_reason: Option<Sensitive<String>>,
    /// When it expires, with the first of what it is about.
    pub expires_at: Instant,
    /// Version, as in the `ETag`.
    pub version: i64,
}

/// An entry of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkedEntryOut {
    /// The entry.
    pub entry_id: EntryId,
    /// The agency that tells it.
    pub agency: AgencyId,
}

/// Entries shown as one event, or kept apart by a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventLinkOut {
    /// The timeline's row.
    pub row: EntryId,
    /// Its entries, one agency's repeats and other agencies' accounts alike.
    pub entries: Vec<LinkedEntryOut>,
    /// Why they are shown together; empty for a single entry.
    pub evidence: Vec<Evidence>,
    /// What spoke against it; absent when nothing did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub despite: Vec<Evidence>,
    /// Whether linkage alone would show the same row.
    pub automatic: bool,
    /// Decisions that stand and concern any of its entries.
    pub decisions: Vec<LinkDecisionId>,
}

/// Two events that have to do with each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RelatedLinkOut {
    /// One row.
    pub row: EntryId,
    /// The other.
    pub other_row: EntryId,
    /// Why.
    pub evidence: Vec<Evidence>,
}

/// Two events that may be one. Somebody who may decide accepts it by a decision `same_event` with `entries` and `with` as
/// they stand here, and refuses it by a decision `different_events` with the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SuggestedLinkOut {
    /// One row.
    pub row: EntryId,
    /// The other.
    pub other_row: EntryId,
    /// Entries of the one row; 100 at most, which stand for all.
    #[schema(min_items = 1, max_items = 100)]
    pub entries: Vec<EntryId>,
    /// Entries of the other row; 100 at most, which stand for all.
    #[schema(min_items = 1, max_items = 100)]
    pub with: Vec<EntryId>,
    /// What speaks for one event.
    pub evidence: Vec<Evidence>,
    /// What speaks against it.
    pub despite: Vec<Evidence>,
}

/// Every link on a timeline as you may see it, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinksOut {
    /// The chronology.
    pub chronology_id: ChronologyId,
    /// Rows told by more than one entry, and rows that a decision concerns; in order of their row id.
    pub events: Vec<EventLinkOut>,
    /// Rows that have to do with each other.
    pub related: Vec<RelatedLinkOut>,
    /// Rows that may be one event and about which nobody has decided.
    #[serde(default)]
    #[schema(required = true)]
    pub suggested: Vec<SuggestedLinkOut>,
    /// When the chronology expires.
    pub expires_at: Instant,
    /// There when it is read under an emergency access: to be shown in red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNotice>,
}
