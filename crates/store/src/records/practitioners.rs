//! The practitioners and system clients of agencies.

use diesel::prelude::*;
use domain::{AgencyId, Instant, PartnershipId, PractitionerId};

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::page::{rows_after, unindexed_eq};
use crate::connection::statements::{insert_new, require_one};
use crate::schema::practitioners::{self, dsl};
use crate::{Keyset, Sealed, StoreError, Token, Tx};

row! {
    /// A practitioner or system client of an agency.
    PractitionerRow in practitioners {
        /// The practitioner identifier.
        id: PractitionerId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The agency that the practitioner works for.
        agency_id: AgencyId,
        /// The blind index of the access token's issuer and subject.
        subject_index: Token,
        /// The wrapped data key of `sealed`.
        wrapped_key: Sealed,
        /// Name, job title, contact.
        sealed: Sealed,
        /// Whether they may use the service; false once they have left the agency.
        active: bool,
        /// The version, counted from 1.
        version: i64,
        /// When they were registered.
        created_at: Instant,
        /// When the row was last changed.
        updated_at: Instant,
        /// When the row is erased, for a practitioner known only from an access token; `None` once
        /// they are confirmed by being named or by a lasting action of their own.
        provisional_until: Option<Instant>,
    }
}

/// Registers a practitioner.
///
/// # Errors
/// [`StoreError::NotUnique`] when the agency already has a practitioner with that subject.
pub fn insert(tx: &mut Tx<'_>, row: &PractitionerRow) -> Result<(), StoreError> {
    insert_new!(tx, practitioners::table, row, "practitioner subject")
}

/// Writes a changed practitioner over the version `expected`.
///
/// # Errors
/// [`StoreError::Stale`] when the row is at another version.
pub fn update(tx: &mut Tx<'_>, row: &PractitionerRow, expected: i64) -> Result<(), StoreError> {
    let target = dsl::practitioners
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::version.eq(expected));
    // The key is not part of the change: SQLite would otherwise search every table for references
    // to it.
    let change = (
        dsl::wrapped_key.eq(&row.wrapped_key),
        dsl::sealed.eq(&row.sealed),
        dsl::active.eq(row.active),
        dsl::version.eq(row.version),
        dsl::updated_at.eq(Bind(row.updated_at)),
        // A change confirms the practitioner: if the row were erased, the token would register an
        // active one again.
        dsl::provisional_until.eq(None::<Bind<Instant>>),
    );
    require_one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// Confirms practitioners who were known only from their access tokens, so that their rows are
/// kept.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn confirm(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    ids: &[PractitionerId],
) -> Result<(), StoreError> {
    let target = dsl::practitioners
        .filter(unindexed_eq(dsl::partnership_id, partnership))
        .filter(dsl::id.eq_any(ids.iter().copied().map(Bind)));
    tx.run(|c| {
        diesel::update(target)
            .set(dsl::provisional_until.eq(None::<Bind<Instant>>))
            .execute(c)
    })?;
    Ok(())
}

/// The number of unconfirmed practitioners of an agency, counted up to `most`.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn count_provisional(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: AgencyId,
    now: Instant,
    most: impl Into<i64>,
) -> Result<usize, StoreError> {
    let query = dsl::practitioners
        .filter(unindexed_eq(dsl::partnership_id, partnership))
        .filter(dsl::agency_id.eq(Bind(agency)))
        .filter(dsl::provisional_until.gt(Some(Bind(now))))
        .limit(most.into())
        .select(dsl::id);
    let found: Vec<PractitionerId> = tx.run(|c| query.load(c))?;
    Ok(found.len())
}

/// The value of `provisional_until` in erased rows, which is never used as a time.
const ERASED: Instant = Instant::from_micros(0);

/// Erases at most `limit` unconfirmed practitioners whose time is over; returns how many. An empty,
/// inactive row remains of each, because deleting it would read every table that may refer to a
/// practitioner. `unique` generates the tokens that replace their subject indexes.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn erase_provisional(
    tx: &mut Tx<'_>,
    now: Instant,
    limit: impl Into<i64>,
    unique: impl Fn() -> Token,
) -> Result<usize, StoreError> {
    let expired = dsl::practitioners
        .filter(dsl::provisional_until.gt(Some(Bind(ERASED))))
        .filter(dsl::provisional_until.le(Some(Bind(now))))
        .order(dsl::provisional_until)
        .limit(limit.into())
        .select(dsl::id);
    let expired: Vec<PractitionerId> = tx.run(|c| expired.load(c))?;
    for id in &expired {
        let target = dsl::practitioners.filter(dsl::id.eq(Bind(*id)));
        let change = (
            dsl::subject_index.eq(unique()),
            dsl::wrapped_key.eq(Sealed(Vec::new())),
            dsl::sealed.eq(Sealed(Vec::new())),
            dsl::active.eq(false),
            dsl::provisional_until.eq(Some(Bind(ERASED))),
        );
        tx.run(|c| diesel::update(target).set(change).execute(c))?;
    }
    Ok(expired.len())
}

/// The practitioner `id`.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: PractitionerId,
) -> Result<Option<PractitionerRow>, StoreError> {
    let query = dsl::practitioners
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    let found = tx.run(|c| {
        query
            .select(PractitionerRow::as_select())
            .get_result(c)
            .optional()
    })?;
    Ok(found.filter(|row| row.provisional_until != Some(ERASED)))
}

/// The practitioners among `ids` that belong to the partnership, by identifier.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find_many(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    ids: &[PractitionerId],
) -> Result<Vec<PractitionerRow>, StoreError> {
    let query = dsl::practitioners
        .filter(unindexed_eq(dsl::partnership_id, partnership))
        .filter(dsl::id.eq_any(ids.iter().copied().map(Bind)))
        .order(dsl::id);
    let found: Vec<PractitionerRow> =
        tx.run(|c| query.select(PractitionerRow::as_select()).load(c))?;
    Ok(found
        .into_iter()
        .filter(|row| row.provisional_until != Some(ERASED))
        .collect())
}

/// The practitioner of an agency whom an access token identifies.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find_by_subject(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: AgencyId,
    subject_index: &[u8],
) -> Result<Option<PractitionerRow>, StoreError> {
    let query = dsl::practitioners
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::agency_id.eq(Bind(agency)))
        .filter(dsl::subject_index.eq(subject_index));
    tx.run(|c| {
        query
            .select(PractitionerRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// At most `limit` practitioners after a cursor, of one agency or of all, in the order in which
/// they were registered.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: Option<AgencyId>,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<PractitionerRow>, StoreError> {
    let not_erased = dsl::provisional_until
        .is_null()
        .or(dsl::provisional_until.ne(Some(Bind(ERASED))));
    let query = dsl::practitioners
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(not_erased.assume_not_null())
        .into_boxed();
    let query = match agency {
        Some(agency) => query.filter(dsl::agency_id.eq(Bind(agency))),
        None => query,
    };
    let query = rows_after(query, after, dsl::created_at, dsl::id, PractitionerId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(PractitionerRow::as_select()).load(c))
}
