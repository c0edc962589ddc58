//! Audit records that an earlier version kept before the provable audit, waiting to be imported
//! into it.

use diesel::prelude::*;
use domain::{AgencyId, AuditId, ChronologyId, Instant, PartnershipId, PractitionerId, RequestId};
use uuid::Uuid;

use crate::columns::Bind;
use crate::columns::row;
use crate::schema::audit_before::{self, dsl};
use crate::{StoreError, Tx};

row! {
    /// An audit record as the earlier version kept it.
    LegacyAuditRow in audit_before {
        /// The identifier of the record.
        id: AuditId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// When it happened.
        at: Instant,
        /// The operation done or attempted.
        operation: String,
        /// The outcome of the operation.
        outcome: String,
        /// Why it was allowed.
        reason: Option<String>,
        /// The practitioner who acted.
        practitioner_id: Option<PractitionerId>,
        /// The agency they acted for.
        agency_id: Option<AgencyId>,
        /// The role they acted in.
        role: Option<String>,
        /// The stated purpose.
        purpose: Option<String>,
        /// The kind of object.
        object_kind: Option<String>,
        /// The object concerned.
        object_id: Option<Uuid>,
        /// The chronology concerned.
        chronology_id: Option<ChronologyId>,
        /// The request that caused the record.
        request_id: RequestId,
        /// How many entries the response contained.
        entry_count: Option<i64>,
    }
}

/// The oldest `limit` records that have not been imported.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn oldest(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<LegacyAuditRow>, StoreError> {
    let query = dsl::audit_before
        .order((dsl::at, dsl::id))
        .limit(limit)
        .select(LegacyAuditRow::as_select());
    tx.run(|c| query.load(c))
}

/// Deletes a record that has been imported.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn remove(tx: &mut Tx<'_>, id: AuditId) -> Result<(), StoreError> {
    tx.run(|c| diesel::delete(dsl::audit_before.filter(dsl::id.eq(Bind(id)))).execute(c))
        .map(|_| ())
}
