//! What linkage found among the entries of a chronology that one kind of reader sees.

use diesel::prelude::*;
use domain::{ChronologyId, Instant, PartnershipId, Permit};

use crate::rows::row;
use crate::schema::event_links::{self, dsl};
use crate::statements::insert_new;
use crate::types::Bind;
use crate::{Sealed, StoreError, Token, Tx};

row! {
    /// What linkage found among exactly the entries whose keyed hash is `view_index`.
    EventLinksRow in event_links {
        /// The chronology.
        chronology_id: ChronologyId,
        /// Keyed hash of what was compared.
        view_index: Token,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The earliest end of what was compared, as it was sealed.
        expires_at: Instant,
        /// Data key of `sealed`.
        wrapped_key: Sealed,
        /// Entries told together, with the evidence.
        sealed: Sealed,
        /// When it was found.
        created_at: Instant,
    }
}

/// What was found for a view, while it lives.
///
/// # Errors
/// When the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
    view: &Token,
    now: Instant,
) -> Result<Option<EventLinksRow>, StoreError> {
    let query = dsl::event_links
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::view_index.eq(view))
        .filter(dsl::expires_at.gt(Bind(now)));
    tx.run(|c| query.select(EventLinksRow::as_select()).get_result(c).optional())
}

/// Keeps what was found for the views of a chronology, and forgets what was found for others. What is known already
/// stays as it is: the same view always gives the same.
///
/// # Errors
/// When the database fails.
pub fn replace(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
    rows: &[EventLinksRow],
) -> Result<(), StoreError> {
    let kept: Vec<&Token> = rows.iter().map(|row| &row.view_index).collect();
    let outdated = dsl::event_links
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::view_index.ne_all(kept));
    tx.run(|c| diesel::delete(outdated).execute(c))?;
    for row in rows {
        match insert_new!(tx, event_links::table, row, "view") {
            Ok(()) | Err(StoreError::NotUnique(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Forgets what was found among the entries of a chronology: it tells of entries that are gone, or lives by a key that
/// the chronology no longer does.
///
/// # Errors
/// When the database fails.
pub fn forget(tx: &mut Tx<'_>, partnership: PartnershipId, chronology: ChronologyId) -> Result<(), StoreError> {
    replace(tx, partnership, chronology, &[])
}

/// How many there are, of any partnership.
///
/// # Errors
/// When the database fails.
#[cfg(any(test, feature = "testing"))]
pub fn count(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.run(|c| dsl::event_links.count().get_result(c))
}

/// Forgets all of any partnership, for a test of what is found anew.
///
/// # Errors
/// When the database fails.
#[cfg(any(test, feature = "testing"))]
pub fn forget_all(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.run(|c| diesel::delete(dsl::event_links).execute(c)).map(|_| ())
}
