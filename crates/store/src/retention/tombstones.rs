//! Tombstones: what is left of an expired object (identifiers, agencies, dates, counts and a hash),
//! and who was entitled to know of it.

use diesel::prelude::*;
use domain::{
    AgencyId, ChronologyId, Instant, InvitationState, PartnershipId, PractitionerId, TombstoneKind,
    TombstoneReason,
};
use uuid::Uuid;

use crate::columns::{Bind, row};
use crate::connection::statements::{insert_many, insert_new};
use crate::schema::tombstones::dsl;
use crate::schema::{tombstone_agencies, tombstone_practitioners, tombstones};
use crate::{StoreError, Token, Tx};

row! {
    /// The tombstone of a chronology or fragment.
    TombstoneRow in tombstones {
        /// The identifier of the deleted object.
        id: Uuid,
        /// The kind of object.
        kind: TombstoneKind,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The chronology; `None` for an unattached advance submission.
        chronology_id: Option<ChronologyId>,
        /// The owner's agency, or the agency that submitted the fragment.
        agency_id: AgencyId,
        /// The owner, or the author of the fragment.
        owner_id: PractitionerId,
        /// Why it was deleted.
        reason: TombstoneReason,
        /// When the object was created.
        created_at: Instant,
        /// When it expired.
        expired_at: Instant,
        /// When its rows were deleted.
        deleted_at: Instant,
        /// The number of its entries.
        entry_count: i64,
        /// The keyed hash over the content hashes of its versions.
        content_index: Token,
    }
}

row! {
    /// An agency that was entitled to know of the deleted object.
    TombstoneAgencyRow in tombstone_agencies {
        /// The deleted object.
        tombstone_id: Uuid,
        /// The agency that was invited.
        agency_id: AgencyId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The last state of its invitation.
        invitation_state: InvitationState,
    }
}

row! {
    /// A practitioner who was entitled to know of the deleted object.
    TombstonePractitionerRow in tombstone_practitioners {
        /// The deleted object.
        tombstone_id: Uuid,
        /// The practitioner who was entitled.
        practitioner_id: PractitionerId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
    }
}

/// A tombstone with those who were entitled to know of the deleted object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// The tombstone itself.
    pub tombstone: TombstoneRow,
    /// The invited agencies, by identifier.
    pub agencies: Vec<TombstoneAgencyRow>,
    /// The named practitioners, by identifier.
    pub practitioners: Vec<PractitionerId>,
}

/// Inserts a tombstone.
///
/// # Errors
/// [`StoreError::NotUnique`] when the object has a tombstone already.
pub fn insert(
    tx: &mut Tx<'_>,
    row: &TombstoneRow,
    agencies: &[TombstoneAgencyRow],
    practitioners: &[PractitionerId],
) -> Result<(), StoreError> {
    insert_new!(tx, tombstones::table, row, "tombstone")?;
    for agency in agencies {
        insert_new!(
            tx,
            tombstone_agencies::table,
            agency,
            "agency of the tombstone"
        )?;
    }
    let distinct: std::collections::BTreeSet<PractitionerId> =
        practitioners.iter().copied().collect();
    let rows: Vec<TombstonePractitionerRow> = distinct
        .into_iter()
        .map(|practitioner_id| TombstonePractitionerRow {
            tombstone_id: row.id,
            practitioner_id,
            partnership_id: row.partnership_id,
        })
        .collect();
    insert_many(tx, tombstone_practitioners::table, &rows)
}

/// The tombstone of `id`.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: impl Into<Uuid>,
) -> Result<Option<Tombstone>, StoreError> {
    let id = id.into();
    let query = dsl::tombstones
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    let tombstone = tx.run(|c| {
        query
            .select(TombstoneRow::as_select())
            .get_result(c)
            .optional()
    })?;
    let agencies = tombstone_agencies::table
        .filter(tombstone_agencies::partnership_id.eq(Bind(partnership)))
        .filter(tombstone_agencies::tombstone_id.eq(Bind(id)))
        .order(tombstone_agencies::agency_id)
        .select(TombstoneAgencyRow::as_select());
    let practitioners = tombstone_practitioners::table
        .filter(tombstone_practitioners::partnership_id.eq(Bind(partnership)))
        .filter(tombstone_practitioners::tombstone_id.eq(Bind(id)))
        .order(tombstone_practitioners::practitioner_id)
        .select(tombstone_practitioners::practitioner_id);
    // Queried even without a tombstone, so that the response time does not reveal whether it
    // exists.
    let agencies = tx.run(|c| agencies.load(c))?;
    let practitioners = tx.run(|c| practitioners.load(c))?;
    Ok(tombstone.map(|tombstone| Tombstone {
        tombstone,
        agencies,
        practitioners,
    }))
}

/// The tombstones of the fragments that were deleted with a chronology, in order of their
/// identifiers.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_for_fragments(
    tx: &mut Tx<'_>,
    chronology: &TombstoneRow,
) -> Result<Vec<TombstoneRow>, StoreError> {
    let query = dsl::tombstones
        .filter(dsl::partnership_id.eq(Bind(chronology.partnership_id)))
        .filter(dsl::chronology_id.eq(chronology.chronology_id.map(Bind)))
        .filter(dsl::kind.eq(Bind(TombstoneKind::Fragment)))
        .filter(dsl::deleted_at.eq(Bind(chronology.deleted_at)))
        .order(dsl::id);
    tx.run(|c| query.select(TombstoneRow::as_select()).load(c))
}
