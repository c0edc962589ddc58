//! The agencies of a partnership.

use diesel::prelude::*;
use domain::{AgencyId, AgencyKind, Instant, PartnershipId};

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::page::rows_after;
use crate::connection::statements::{insert_new, require_one};
use crate::schema::agencies::{self, dsl};
use crate::{Keyset, StoreError, Tx};

row! {
    /// An agency of a partnership.
    AgencyRow in agencies {
        /// The agency identifier.
        id: AgencyId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The short name, as access tokens give it.
        code: String,
        /// The display name.
        name: String,
        /// The kind of agency.
        kind: AgencyKind,
        /// Whether the agency uses the service itself; if not, social care enters events on its
        /// behalf.
        has_access: bool,
        /// Whether the agency still takes part.
        active: bool,
        /// The version, counted from 1.
        version: i64,
        /// When the agency was registered.
        created_at: Instant,
        /// When the row was last changed.
        updated_at: Instant,
    }
}

/// Registers an agency.
///
/// # Errors
/// [`StoreError::NotUnique`] when the partnership already has an agency with that code.
pub fn insert(tx: &mut Tx<'_>, row: &AgencyRow) -> Result<(), StoreError> {
    insert_new!(tx, agencies::table, row, "agency code")
}

/// Writes a changed agency over the version `expected`.
///
/// # Errors
/// [`StoreError::Stale`] when the row is at another version.
pub fn update(tx: &mut Tx<'_>, row: &AgencyRow, expected: i64) -> Result<(), StoreError> {
    let target = dsl::agencies
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::version.eq(expected));
    // The key is not part of the change: SQLite would otherwise search every table for references
    // to it.
    let change = (
        dsl::code.eq(&row.code),
        dsl::name.eq(&row.name),
        dsl::kind.eq(Bind(row.kind)),
        dsl::has_access.eq(row.has_access),
        dsl::active.eq(row.active),
        dsl::version.eq(row.version),
        dsl::updated_at.eq(Bind(row.updated_at)),
    );
    require_one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// The agency `id`.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: AgencyId,
) -> Result<Option<AgencyRow>, StoreError> {
    let query = dsl::agencies
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    tx.run(|c| {
        query
            .select(AgencyRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// The agency with this code, as access tokens give it.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find_by_code(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    code: &str,
) -> Result<Option<AgencyRow>, StoreError> {
    let query = dsl::agencies
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::code.eq(code));
    tx.run(|c| {
        query
            .select(AgencyRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// At most `limit` agencies after a cursor, in the order in which they were registered.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<AgencyRow>, StoreError> {
    let query = dsl::agencies
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .into_boxed();
    let query = rows_after(query, after, dsl::created_at, dsl::id, AgencyId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(AgencyRow::as_select()).load(c))
}

/// The agencies among `ids` that belong to the partnership, ordered by identifier.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find_many(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    ids: &[AgencyId],
) -> Result<Vec<AgencyRow>, StoreError> {
    let wanted: Vec<_> = ids.iter().copied().map(Bind).collect();
    let query = dsl::agencies
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq_any(wanted))
        .order(dsl::id);
    tx.run(|c| query.select(AgencyRow::as_select()).load(c))
}
