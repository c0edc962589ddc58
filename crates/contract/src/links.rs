//! Links between entries that describe one event, and the decisions of practitioners about them.

use domain::{
    AgencyId, ChronologyId, EntryId, Instant, LinkDecisionId, LinkVerdict, PractitionerId,
    Sensitive,
};
use serde::{Deserialize, Serialize};
use timeline::Evidence;
use utoipa::ToSchema;
use validator::Validate;

use super::EmergencyNotice;

/// A decision about entries of one chronology. `same_event` accepts a link that linkage found or
/// suggests, or joins rows; `different_events` rejects a link or splits a row. A suggestion is
/// decided with its `entries` and `with` as they were read.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkDecisionIn {
    /// The decision.
    pub decision: LinkVerdict,
    /// The entries concerned; for `different_events`, those that describe another event than the
    /// rest. 1 to 100.
    #[validate(length(min = 1, max = 100))]
    #[schema(min_items = 1, max_items = 100)]
    pub entries: Vec<EntryId>,
    /// The entries that these are, or are not, linked with; at most 100. May be left out for
    /// `same_event` if `entries` names two or more, and for `different_events`, where it then means
    /// all others on their rows.
    #[serde(default)]
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    pub with: Vec<EntryId>,
    /// The reason; 1 to 2,000 characters. It is kept no longer than the entries concerned.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
}

/// A request to withdraw a decision.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkWithdrawalIn {
    /// The reason; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
}

/// A practitioner's decision about entries. It is never changed but can be withdrawn; the timeline
/// is then as if it had not been made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkDecisionOut {
    /// The unique identifier.
    pub id: LinkDecisionId,
    /// The chronology that the entries belong to.
    pub chronology_id: ChronologyId,
    /// The decision.
    pub decision: LinkVerdict,
    /// The entries concerned, as far as they still exist. A decision about anything that you may
    /// not see is left out.
    pub entries: Vec<EntryId>,
    /// The entries that these are, or are not, linked with.
    pub with: Vec<EntryId>,
    /// The reason. Absent in the response to the decision itself, and after some of the entries
    /// concerned are deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Sensitive<String>>,
    /// The practitioner who decided.
    pub decided_by: PractitionerId,
    /// When the decision was made.
    pub decided_at: Instant,
    /// When the decision was withdrawn; absent while it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<Instant>,
    /// The practitioner who withdrew it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_by: Option<PractitionerId>,
    /// The reason for the withdrawal; absent in the same cases as `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub withdrawal_reason: Option<Sensitive<String>>,
    /// When the decision expires: with the first of the entries concerned.
    pub expires_at: Instant,
    /// The version, as in the `ETag`.
    pub version: i64,
}

/// An entry that is part of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkedEntryOut {
    /// The identifier of the entry.
    pub entry_id: EntryId,
    /// The agency that submitted the entry.
    pub agency: AgencyId,
}

/// Entries shown as one event, or separated by a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventLinkOut {
    /// The identifier of the row on the timeline.
    pub row: EntryId,
    /// The entries of the row, including one agency's repeats and other agencies' accounts.
    pub entries: Vec<LinkedEntryOut>,
    /// The evidence for showing them together; empty for a single entry.
    pub evidence: Vec<Evidence>,
    /// The evidence against it; absent if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub despite: Vec<Evidence>,
    /// Whether linkage alone would show the same row.
    pub automatic: bool,
    /// The decisions in force that concern any of its entries.
    pub decisions: Vec<LinkDecisionId>,
}

/// Two different events that are related.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RelatedLinkOut {
    /// The first row.
    pub row: EntryId,
    /// The second row.
    pub other_row: EntryId,
    /// The evidence.
    pub evidence: Vec<Evidence>,
}

/// Two events that may be the same. A practitioner who may decide accepts the suggestion with a
/// `same_event` decision that contains `entries` and `with` as given here, or rejects it with a
/// `different_events` decision with the same content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SuggestedLinkOut {
    /// The first row.
    pub row: EntryId,
    /// The second row.
    pub other_row: EntryId,
    /// Entries of the first row, at most 100; they represent all of its entries.
    #[schema(min_items = 1, max_items = 100)]
    pub entries: Vec<EntryId>,
    /// Entries of the second row, at most 100; they represent all of its entries.
    #[schema(min_items = 1, max_items = 100)]
    pub with: Vec<EntryId>,
    /// The evidence for one event.
    pub evidence: Vec<Evidence>,
    /// The evidence against one event.
    pub despite: Vec<Evidence>,
}

/// Every link on a timeline that you may see, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinksOut {
    /// The chronology that the entries belong to.
    pub chronology_id: ChronologyId,
    /// The rows with more than one entry, and the rows that a decision concerns; ordered by row
    /// identifier.
    pub events: Vec<EventLinkOut>,
    /// The pairs of related rows.
    pub related: Vec<RelatedLinkOut>,
    /// The pairs of rows that may be one event and are not decided yet.
    #[serde(default)]
    #[schema(required = true)]
    pub suggested: Vec<SuggestedLinkOut>,
    /// When the chronology expires.
    pub expires_at: Instant,
    /// Present when read under an emergency access; to be shown in red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNotice>,
}
