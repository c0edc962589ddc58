//! Links that linkage found among the entries of a chronology, stored for each view: the set of
//! entries that a group of readers may see.

use diesel::prelude::*;
use domain::{AccessPermit, ChronologyId, Instant, PartnershipId};

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::statements::insert_new;
use crate::schema::event_links::{self, dsl};
use crate::{Sealed, StoreError, Token, Tx};

row! {
    /// The links among exactly the entries whose keyed hash is `view_index`.
    EventLinksRow in event_links {
        /// The chronology that the row belongs to.
        chronology_id: ChronologyId,
        /// The keyed hash of the compared entries.
        view_index: Token,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The earliest expiry among the compared entries when the links were sealed.
        expires_at: Instant,
        /// The wrapped data key of `sealed`.
        wrapped_key: Sealed,
        /// Linked entries, with the evidence.
        sealed: Sealed,
        /// When the entries were compared.
        created_at: Instant,
    }
}

/// The links of a view, unless they have expired.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    chronology: ChronologyId,
    view: &Token,
    now: Instant,
) -> Result<Option<EventLinksRow>, StoreError> {
    let query = dsl::event_links
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::view_index.eq(view))
        .filter(dsl::expires_at.gt(Bind(now)));
    tx.run(|c| {
        query
            .select(EventLinksRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// Stores the links of the given views of a chronology, and deletes those of its other views. Links
/// stored before stay as they are, because the same view always has the same links.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn replace(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
    rows: &[EventLinksRow],
) -> Result<(), StoreError> {
    let current_indexes: Vec<&Token> = rows.iter().map(|row| &row.view_index).collect();
    let outdated = dsl::event_links
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::view_index.ne_all(current_indexes));
    tx.run(|c| diesel::delete(outdated).execute(c))?;
    for row in rows {
        match insert_new!(tx, event_links::table, row, "view") {
            Ok(()) | Err(StoreError::NotUnique(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Deletes the links of a chronology, because they quote deleted entries or are sealed under a key
/// that the chronology no longer uses.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn delete_for_chronology(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
) -> Result<(), StoreError> {
    replace(tx, partnership, chronology, &[])
}

/// The number of rows, over all partnerships.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
#[cfg(any(test, feature = "testing"))]
pub fn count(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.run(|c| dsl::event_links.count().get_result(c))
}

/// Deletes all links of all partnerships, for tests of a new comparison.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
#[cfg(any(test, feature = "testing"))]
pub fn delete_all(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.run(|c| diesel::delete(dsl::event_links).execute(c))
        .map(|_| ())
}
