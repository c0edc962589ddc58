//! The consolidated timeline.

use domain::{
    AgencyId, AgencyKind, BirthDate, Category, ChronologyId, ChronologyState, DeclineReason, FamilyId, Instant,
    InvitationState, PersonId, PersonName, Purpose, Significance,
};
use serde::{Deserialize, Serialize};
use timeline::Row;
use utoipa::ToSchema;

use super::{EmergencyNotice, Involvement, MemberOut};

/// Which part of the timeline is asked for; empty lists ask for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimelineQuery {
    /// Rows that concern any of these children.
    pub children: Vec<PersonId>,
    /// Rows that any of these agencies tells.
    pub agencies: Vec<AgencyId>,
    /// Rows of any of these categories.
    pub categories: Vec<Category>,
    /// Rows of any of these significances.
    pub significance: Vec<Significance>,
    /// Rows that may have happened on or after this day.
    pub from: Option<time::Date>,
    /// Rows that may have happened on or before this day.
    pub to: Option<time::Date>,
    /// Cursor from the previous page.
    pub cursor: Option<String>,
    /// Rows on a page; when absent, the whole timeline as far as it fits on one.
    pub limit: Option<u16>,
}

/// A child at the head of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChildHeader {
    /// Identifier, as rows name it.
    pub id: PersonId,
    /// The name in use.
    pub name: PersonName,
    /// Date of birth, or expected date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<BirthDate>,
}

/// Where one agency stands, and its part in the support network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CoverageOut {
    /// The agency.
    pub agency_id: AgencyId,
    /// Its name.
    pub agency_name: String,
    /// What kind of agency it is.
    pub agency_kind: AgencyKind,
    /// Where its invitation stands; a nil return and a refusal are answers, silence is not.
    pub state: InvitationState,
    /// When it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Instant>,
    /// Why it declined; for social care only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
    /// Entries of this agency that you can see here.
    pub entry_count: i64,
    /// Its part in the support network, as it says itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub involvement: Option<Involvement>,
}

/// What stands above the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineHeader {
    /// The chronology.
    pub chronology_id: ChronologyId,
    /// The family.
    pub family_id: FamilyId,
    /// Why it was asked for.
    pub purpose: Purpose,
    /// Where the chronology stands.
    pub state: ChronologyState,
    /// First day asked for; absent means from first contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date")]
    pub look_back_from: Option<String>,
    /// The children.
    pub children: Vec<ChildHeader>,
    /// The adults.
    pub adults: Vec<MemberOut>,
    /// Every invited agency: returned, nil, declined, not answered; and its part in the support network.
    pub coverage: Vec<CoverageOut>,
    /// The same in one sentence.
    pub coverage_statement: String,
    /// How events are put in order, imprecise dates included.
    pub ordering_rule: String,
    /// Rows of the whole answer, over all its pages, that you can see.
    pub row_count: i64,
    /// Entries told by those rows.
    pub entry_count: i64,
    /// When the timeline was drawn up.
    pub generated_at: Instant,
    /// When it expires.
    pub expires_at: Instant,
    /// There when it is read under an emergency access: to be shown in red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyNotice>,
}

/// The consolidated timeline: each event once, with every agency's account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TimelineOut {
    /// What stands above it.
    pub header: TimelineHeader,
    /// The events, in order.
    pub rows: Vec<Row>,
    /// Cursor of the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// When the first of what is shown expires: from then on none of this leaves, because the whole is one answer. Not
    /// part of the answer; absent from what was stored.
    #[serde(skip)]
    #[schema(ignore)]
    pub until: Option<Instant>,
}
