//! Who had a chronology destroyed before its time, and why.

use diesel::prelude::*;
use domain::{ChronologyId, DestructionReason, Instant, PartnershipId, PractitionerId, SnapshotKept};

use crate::rows::row;
use crate::schema::deletion_orders::{self, dsl};
use crate::statements::{insert_new, one, words_with_an_end};
use crate::types::Bind;
use crate::{Sealed, StoreError, Tx};

row! {
    /// A decision to destroy a chronology.
    DeletionOrderRow in deletion_orders {
        /// The chronology.
        chronology_id: ChronologyId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// Why.
        reason: DestructionReason,
        /// What was decided about a copy.
        snapshot: SnapshotKept,
        /// Who decided.
        decided_by: PractitionerId,
        /// When.
        decided_at: Instant,
        /// From when on the words are gone; none for words sealed for good by a former version.
        words_until: Option<Instant>,
        /// Data key of `sealed`; none once the words are gone.
        wrapped_key: Option<Sealed>,
        /// The reasons in words.
        sealed: Option<Sealed>,
        /// Who asked for it; none where whoever decided needed nobody.
        asked_by: Option<PractitionerId>,
    }
}

/// Notes a decision.
///
/// # Errors
/// [`StoreError::NotUnique`] when the chronology was destroyed before.
pub fn insert(tx: &mut Tx<'_>, row: &DeletionOrderRow) -> Result<(), StoreError> {
    insert_new!(tx, deletion_orders::table, row, "deletion order")
}

/// The decision by which a chronology was destroyed; none when it was not.
///
/// # Errors
/// When the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ChronologyId,
) -> Result<Option<DeletionOrderRow>, StoreError> {
    let query = dsl::deletion_orders
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::chronology_id.eq(Bind(id)))
        .select(DeletionOrderRow::as_select());
    tx.run(|c| query.get_result(c).optional())
}

words_with_an_end!(deletion_orders, DeletionOrderRow, chronology_id, ChronologyId, "decision");
