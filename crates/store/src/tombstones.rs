//! What is left after expiry: identifiers, agencies, dates, counts and a hash, and who was entitled to know of it.

use diesel::prelude::*;
use domain::{AgencyId, ChronologyId, Instant, InvitationState, PartnershipId, PractitionerId};
use uuid::Uuid;

use crate::rows::row;
use crate::schema::tombstones::{self, dsl};
use crate::schema::{tombstone_agencies, tombstone_practitioners};
use crate::statements::{insert_many, insert_new};
use crate::types::Bind;
use crate::{StoreError, Token, TombstoneKind, TombstoneReason, Tx};

row! {
    /// What is left of a chronology or fragment.
    TombstoneRow in tombstones {
        /// The identifier of what is gone.
        id: Uuid,
        /// What it was.
        kind: TombstoneKind,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The chronology; none for a fragment that had none.
        chronology_id: Option<ChronologyId>,
        /// The owner's agency, or the agency that submitted.
        agency_id: AgencyId,
        /// The owner, or the author.
        owner_id: PractitionerId,
        /// Why it is gone.
        reason: TombstoneReason,
        /// When it was made.
        created_at: Instant,
        /// From when on it was not served.
        expired_at: Instant,
        /// When its rows were deleted.
        deleted_at: Instant,
        /// How many entries it had.
        entry_count: i64,
        /// Keyed hash over the content hashes of its versions.
        content_index: Token,
    }
}

row! {
    /// An agency that was entitled to know of it.
    TombstoneAgencyRow in tombstone_agencies {
        /// What is gone.
        tombstone_id: Uuid,
        /// The agency.
        agency_id: AgencyId,
        /// The partnership.
        partnership_id: PartnershipId,
        /// Where its invitation stood last.
        invitation_state: InvitationState,
    }
}

row! {
    /// A practitioner who was entitled to know of it.
    TombstonePractitionerRow in tombstone_practitioners {
        /// What is gone.
        tombstone_id: Uuid,
        /// The practitioner.
        practitioner_id: PractitionerId,
        /// The partnership.
        partnership_id: PartnershipId,
    }
}

/// A tombstone with those who were entitled to know of what is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// What is left.
    pub tombstone: TombstoneRow,
    /// The invited agencies, by identifier.
    pub agencies: Vec<TombstoneAgencyRow>,
    /// The practitioners named, by identifier.
    pub practitioners: Vec<PractitionerId>,
}

/// Leaves a tombstone.
///
/// # Errors
/// [`StoreError::NotUnique`] when there is one already.
pub fn insert(
    tx: &mut Tx<'_>,
    row: &TombstoneRow,
    agencies: &[TombstoneAgencyRow],
    practitioners: &[PractitionerId],
) -> Result<(), StoreError> {
    insert_new!(tx, tombstones::table, row, "tombstone")?;
    for agency in agencies {
        insert_new!(tx, tombstone_agencies::table, agency, "agency of the tombstone")?;
    }
    let distinct: std::collections::BTreeSet<PractitionerId> = practitioners.iter().copied().collect();
    let rows: Vec<TombstonePractitionerRow> = distinct
        .into_iter()
        .map(|practitioner_id| TombstonePractitionerRow {
            tombstone_id: row.id,
            practitioner_id,
            partnership_id: row.partnership_id,
        })
        .collect();
    insert_many!(tx, tombstone_practitioners::table, rows)
}

/// What is left of `id`.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, partnership: PartnershipId, id: impl Into<Uuid>) -> Result<Option<Tombstone>, StoreError> {
    let id = id.into();
    let stone = dsl::tombstones.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    let tombstone = tx.run(|c| stone.select(TombstoneRow::as_select()).get_result(c).optional())?;
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
    // Asked in any case: whether there is such a tombstone is not to be told from the work.
    let (agencies, practitioners) = (tx.run(|c| agencies.load(c))?, tx.run(|c| practitioners.load(c))?);
    Ok(tombstone.map(|tombstone| Tombstone { tombstone, agencies, practitioners }))
}

/// Tombstones of the fragments that went with a chronology, in the order of their identifiers.
///
/// # Errors
/// When the database fails.
pub fn fragments_of(tx: &mut Tx<'_>, chronology: &TombstoneRow) -> Result<Vec<TombstoneRow>, StoreError> {
    let query = dsl::tombstones
        .filter(dsl::partnership_id.eq(Bind(chronology.partnership_id)))
        .filter(dsl::chronology_id.eq(chronology.chronology_id.map(Bind)))
        .filter(dsl::kind.eq(Bind(TombstoneKind::Fragment)))
        .filter(dsl::deleted_at.eq(Bind(chronology.deleted_at)))
        .order(dsl::id);
    tx.run(|c| query.select(TombstoneRow::as_select()).load(c))
}
