//! Audit records of before the provable audit, waiting to be taken over into it.

use diesel::prelude::*;
use domain::{AgencyId, AuditId, ChronologyId, Instant, PartnershipId, PractitionerId, RequestId};
use uuid::Uuid;

use crate::rows::row;
use crate::schema::audit_before::{self, dsl};
use crate::types::Bind;
use crate::{StoreError, Tx};

row! {
    /// A record as it was kept before.
    AuditBeforeRow in audit_before {
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

/// The oldest `limit` records that have not been taken over.
///
/// # Errors
/// When the database fails.
pub fn oldest(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<AuditBeforeRow>, StoreError> {
    let query = dsl::audit_before.order((dsl::at, dsl::id)).limit(limit).select(AuditBeforeRow::as_select());
    tx.run(|c| query.load(c))
}

/// Removes a record that has been taken over.
///
/// # Errors
/// When the database fails.
pub fn remove(tx: &mut Tx<'_>, id: AuditId) -> Result<(), StoreError> {
    tx.run(|c| diesel::delete(dsl::audit_before.filter(dsl::id.eq(Bind(id)))).execute(c)).map(|_| ())
}
