//! The consolidated timeline.

use domain::{
    AgencyId, AgencyKind, BirthDate, Category, ChronologyId, ChronologyState, DeclineReason,
    FamilyId, Instant, InvitationState, PersonId, PersonName, Purpose, Significance,
};
use serde::{Deserialize, Serialize};
use timeline::Row;
use utoipa::ToSchema;

use super::{EmergencyNotice, Involvement, MemberOut};

/// A filter for the timeline; empty lists match everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimelineQuery {
    /// Only rows that concern any of these children.
    pub children: Vec<PersonId>,
    /// Only rows with an account by any of these agencies.
    pub agencies: Vec<AgencyId>,
    /// Only rows of any of these categories.
    pub categories: Vec<Category>,
    /// Only rows of any of these significances.
    pub significance: Vec<Significance>,
    /// Only rows that may have happened on or after this day.
    pub from: Option<time::Date>,
    /// Only rows that may have happened on or before this day.
    pub to: Option<time::Date>,
    /// The cursor from the previous page.
    pub cursor: Option<String>,
    /// The number of rows on a page; if absent, the whole timeline as far as it fits on one page.
    pub limit: Option<u16>,
}

/// A child listed in the header of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChildHeader {
    /// The identifier, as used in the rows.
    pub id: PersonId,
    /// The name in use.
    pub name: PersonName,
    /// The date of birth, or the expected date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<BirthDate>,
}

/// The state of one agency's return, and the agency's part in the support network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CoverageOut {
    /// The identifier of the agency.
    pub agency_id: AgencyId,
    /// The name of the agency.
    pub agency_name: String,
    /// The kind of the agency.
    pub agency_kind: AgencyKind,
    /// The state of the agency's invitation; a nil return and a refusal are answers, silence is
    /// not.
    pub state: InvitationState,
    /// When the agency answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Instant>,
    /// The reason for declining; for social care only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
    /// The number of this agency's entries that you can see here.
    pub entry_count: i64,
    /// The agency's part in the support network, as it describes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub involvement: Option<Involvement>,
}

/// The header of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineHeader {
    /// The identifier of the chronology.
    pub chronology_id: ChronologyId,
    /// The identifier of the family.
    pub family_id: FamilyId,
    /// The purpose of the chronology.
    pub purpose: Purpose,
    /// The state of the chronology.
    pub state: ChronologyState,
    /// The first day of the look-back period; absent means from first contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date")]
    pub look_back_from: Option<String>,
    /// The children of the family.
    pub children: Vec<ChildHeader>,
    /// The adults of the family.
    pub adults: Vec<MemberOut>,
    /// Every invited agency, with its answer (returned, nil return, declined or not answered) and
    /// its part in the support network.
    pub coverage: Vec<CoverageOut>,
    /// The coverage in one sentence.
    pub coverage_statement: String,
    /// The rule by which events are ordered, including those with imprecise dates.
    pub ordering_rule: String,
    /// The number of rows that you can see, over all pages of this response.
    pub row_count: i64,
    /// The number of entries in those rows.
    pub entry_count: i64,
    /// When the timeline was generated.
    pub generated_at: Instant,
    /// When the timeline expires.
    pub expires_at: Instant,
    /// Present when read under an emergency access; to be shown in red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNotice>,
}

/// The consolidated timeline: each event once, with every agency's account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TimelineOut {
    /// The header of the timeline.
    pub header: TimelineHeader,
    /// The events, in order.
    pub rows: Vec<Row>,
    /// The cursor of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// When the first part of the content expires; from then on none of this response is sent,
    /// because it is one whole. Not part of the response; absent from stored views.
    #[serde(skip)]
    #[schema(ignore)]
    pub until: Option<Instant>,
}
