//! The audit: append-only, in the transaction of what it tells.

use diesel::dsl::max;
use diesel::prelude::*;
use domain::{AgencyId, AuditId, ChronologyId, Instant, Operation, PartnershipId, PractitionerId, RequestId};
use uuid::Uuid;

use crate::page::after;
use crate::rows::row;
use crate::schema::audit::{self, dsl};
use crate::statements::insert_one;
use crate::types::Bind;
use crate::{Keyset, StoreError, Tx};

row! {
    /// Who did or tried what, to which object, when, and why it was allowed. Words are kept as text, because records
    /// outlive the lists from which the words come. No personal data.
    AuditRow in audit {
        /// The record.
        id: AuditId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// When it happened.
        at: Instant,
        /// What was done or tried.
        operation: String,
        /// How it ended.
        outcome: String,
        /// Why it was allowed.
        reason: Option<String>,
        /// Who.
        practitioner_id: Option<PractitionerId>,
        /// For which agency.
        agency_id: Option<AgencyId>,
        /// In which role.
        role: Option<String>,
        /// For what purpose.
        purpose: Option<String>,
        /// What kind of object it was about.
        object_kind: Option<String>,
        /// Which object.
        object_id: Option<Uuid>,
        /// The chronology concerned.
        chronology_id: Option<ChronologyId>,
        /// The request.
        request_id: RequestId,
        /// How many entries left with the answer.
        entry_count: Option<i64>,
    }
}

/// Which records to show; what is none does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// About this chronology.
    pub chronology: Option<ChronologyId>,
    /// About this object.
    pub object: Option<Uuid>,
    /// By this practitioner.
    pub practitioner: Option<PractitionerId>,
    /// For this agency.
    pub agency: Option<AgencyId>,
    /// Of this operation.
    pub operation: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// At this instant or later.
    pub from: Option<Instant>,
    /// Before this instant.
    pub until: Option<Instant>,
}

/// Operations that give somebody the chronology's content to read.
const READS: [Operation; 10] = [
    Operation::ChronologyConsolidate,
    Operation::TimelineRead,
    Operation::LinkRead,
    Operation::LinkDecisionRead,
    Operation::PersonLinkRead,
    Operation::FragmentRead,
    Operation::FragmentVersions,
    Operation::ConsolidationRead,
    Operation::SnapshotRead,
    Operation::FormRead,
];

/// Records of content that was given out.
macro_rules! readings {
    ($partnership:expr, $chronology:expr) => {
        dsl::audit
            .filter(dsl::partnership_id.eq(Bind($partnership)))
            .filter(dsl::chronology_id.eq(Some(Bind($chronology))))
            .filter(dsl::practitioner_id.is_not_null())
            .filter(dsl::outcome.eq_any(["allowed", "replayed"]))
            .filter(dsl::operation.eq_any(READS.map(Operation::as_str)))
    };
}

/// Adds a record.
///
/// # Errors
/// When the database fails: then what the record tells must not happen.
pub fn insert(tx: &mut Tx<'_>, row: &AuditRow) -> Result<(), StoreError> {
    insert_one!(tx, audit::table, row)
}

/// At most `limit` records after a place, oldest first.
///
/// # Errors
/// When the database fails.
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    filter: &AuditFilter,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<AuditRow>, StoreError> {
    let mut query = dsl::audit.filter(dsl::partnership_id.eq(Bind(partnership))).into_boxed();
    if let Some(chronology) = filter.chronology {
        query = query.filter(dsl::chronology_id.eq(Some(Bind(chronology))));
    }
    if let Some(object) = filter.object {
        query = query.filter(dsl::object_id.eq(Some(Bind(object))));
    }
    if let Some(practitioner) = filter.practitioner {
        query = query.filter(dsl::practitioner_id.eq(Some(Bind(practitioner))));
    }
    if let Some(agency) = filter.agency {
        query = query.filter(dsl::agency_id.eq(Some(Bind(agency))));
    }
    if let Some(operation) = &filter.operation {
        query = query.filter(dsl::operation.eq(operation));
    }
    if let Some(outcome) = &filter.outcome {
        query = query.filter(dsl::outcome.eq(outcome));
    }
    if let Some(from) = filter.from {
        query = query.filter(dsl::at.ge(Bind(from)));
    }
    if let Some(until) = filter.until {
        query = query.filter(dsl::at.lt(Bind(until)));
    }
    let query = after!(query, after, dsl::at, dsl::id, AuditId);
    let query = query.order((dsl::at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(AuditRow::as_select()).load(c))
}

/// The last `limit` people who were given content of a chronology to read, each with their latest reading, newest
/// first.
///
/// # Errors
/// When the database fails.
pub fn readers(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
    limit: impl Into<i64>,
) -> Result<Vec<AuditRow>, StoreError> {
    let latest = readings!(partnership, chronology)
        .group_by(dsl::practitioner_id)
        .order((max(dsl::at).desc(), dsl::practitioner_id))
        .limit(limit.into())
        .select((dsl::practitioner_id, max(dsl::at)));
    let latest: Vec<(Option<PractitionerId>, Option<Instant>)> = tx.run(|c| latest.load(c))?;
    let instants: Vec<Bind<Instant>> = latest.iter().filter_map(|(_, at)| *at).map(Bind).collect();
    let readings = readings!(partnership, chronology)
        .filter(dsl::at.eq_any(instants))
        .order((dsl::at.desc(), dsl::id.desc()))
        .select(AuditRow::as_select());
    let readings: Vec<AuditRow> = tx.run(|c| readings.load(c))?;
    let of = |reader: (Option<PractitionerId>, Option<Instant>)| {
        readings.iter().find(|row| row.practitioner_id == reader.0 && Some(row.at) == reader.1).cloned()
    };
    Ok(latest.into_iter().filter_map(of).collect())
}
