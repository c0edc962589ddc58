//! Practitioners and system clients of agencies.

use diesel::prelude::*;
use domain::{AgencyId, Instant, PartnershipId, PractitionerId};

use crate::page::{after, within};
use crate::rows::row;
use crate::schema::practitioners::{self, dsl};
use crate::statements::{insert_new, one};
use crate::types::Bind;
use crate::{Keyset, Sealed, StoreError, Token, Tx};

row! {
    /// A practitioner or system client of an agency.
    PractitionerRow in practitioners {
        /// The practitioner.
        id: PractitionerId,
        /// Their partnership.
        partnership_id: PartnershipId,
        /// Their agency.
        agency_id: AgencyId,
        /// Blind index of the token's issuer and subject.
        subject_index: Token,
        /// Data key of `sealed`.
        wrapped_key: Sealed,
        /// Name, job title, contact.
        sealed: Sealed,
        /// False once they have left the agency: they may do nothing.
        active: bool,
        /// Counts changes, from 1.
        version: i64,
        /// When they were registered.
        created_at: Instant,
        /// When the row was last changed.
        updated_at: Instant,
        /// Met by a token alone: the row goes then, unless somebody names them or they do something that lasts.
        provisional_until: Option<Instant>,
    }
}

/// Registers a practitioner.
///
/// # Errors
/// [`StoreError::NotUnique`] when the agency has a practitioner with that subject.
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
    // Not the row with its key: SQLite would then look for references to the old one in every table.
    let change = (
        dsl::wrapped_key.eq(&row.wrapped_key),
        dsl::sealed.eq(&row.sealed),
        dsl::active.eq(row.active),
        dsl::version.eq(row.version),
        dsl::updated_at.eq(Bind(row.updated_at)),
        // Whoever somebody has changed stays: one who was put out would come in anew.
        dsl::provisional_until.eq(None::<Bind<Instant>>),
    );
    one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// Makes practitioners stay who were met by their tokens alone.
///
/// # Errors
/// When the database fails.
pub fn confirm(tx: &mut Tx<'_>, partnership: PartnershipId, ids: &[PractitionerId]) -> Result<(), StoreError> {
    let target = dsl::practitioners
        .filter(within!(dsl::partnership_id, partnership))
        .filter(dsl::id.eq_any(ids.iter().copied().map(Bind)));
    tx.run(|c| diesel::update(target).set(dsl::provisional_until.eq(None::<Bind<Instant>>)).execute(c))?;
    Ok(())
}

/// How many practitioners of an agency were met by their tokens alone and may go again; counts to `most`.
///
/// # Errors
/// When the database fails.
pub fn provisional(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: AgencyId,
    now: Instant,
    most: impl Into<i64>,
) -> Result<usize, StoreError> {
    let query = dsl::practitioners
        .filter(within!(dsl::partnership_id, partnership))
        .filter(dsl::agency_id.eq(Bind(agency)))
        .filter(dsl::provisional_until.gt(Some(Bind(now))))
        .limit(most.into())
        .select(dsl::id);
    let found: Vec<PractitionerId> = tx.run(|c| query.load(c))?;
    Ok(found.len())
}

/// When whoever was forgotten was provisional until: no moment that is ever given.
const FORGOTTEN: Instant = Instant::from_micros(0);

/// Forgets at most `limit` practitioners who were met by their tokens alone and whose time is over; says how many. Of each an
/// empty row stays, inactive and of nobody: to delete it every table that may refer to a practitioner would be read. `unique`
/// makes what stands in the place of their subjects.
///
/// # Errors
/// When the database fails.
pub fn forget_provisional(
    tx: &mut Tx<'_>,
    now: Instant,
    limit: impl Into<i64>,
    unique: impl Fn() -> Token,
) -> Result<usize, StoreError> {
    let over = dsl::practitioners
        .filter(dsl::provisional_until.gt(Some(Bind(FORGOTTEN))))
        .filter(dsl::provisional_until.le(Some(Bind(now))))
        .order(dsl::provisional_until)
        .limit(limit.into())
        .select(dsl::id);
    let over: Vec<PractitionerId> = tx.run(|c| over.load(c))?;
    for id in &over {
        let target = dsl::practitioners.filter(dsl::id.eq(Bind(*id)));
        let change = (
            dsl::subject_index.eq(unique()),
            dsl::wrapped_key.eq(Sealed(Vec::new())),
            dsl::sealed.eq(Sealed(Vec::new())),
            dsl::active.eq(false),
            dsl::provisional_until.eq(Some(Bind(FORGOTTEN))),
        );
        tx.run(|c| diesel::update(target).set(change).execute(c))?;
    }
    Ok(over.len())
}

/// The practitioner `id`.
///
/// # Errors
/// When the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: PractitionerId,
) -> Result<Option<PractitionerRow>, StoreError> {
    let query = dsl::practitioners.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    let found = tx.run(|c| query.select(PractitionerRow::as_select()).get_result(c).optional())?;
    Ok(found.filter(|row| row.provisional_until != Some(FORGOTTEN)))
}

/// Those of `ids` that the partnership has, by identifier.
///
/// # Errors
/// When the database fails.
pub fn find_many(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    ids: &[PractitionerId],
) -> Result<Vec<PractitionerRow>, StoreError> {
    let query = dsl::practitioners
        .filter(within!(dsl::partnership_id, partnership))
        .filter(dsl::id.eq_any(ids.iter().copied().map(Bind)))
        .order(dsl::id);
    let found: Vec<PractitionerRow> = tx.run(|c| query.select(PractitionerRow::as_select()).load(c))?;
    Ok(found.into_iter().filter(|row| row.provisional_until != Some(FORGOTTEN)).collect())
}

/// The practitioner of the agency for whom a token speaks.
///
/// # Errors
/// When the database fails.
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
    tx.run(|c| query.select(PractitionerRow::as_select()).get_result(c).optional())
}

/// At most `limit` practitioners after a place, of one agency or of all, in the order in which they were registered.
///
/// # Errors
/// When the database fails.
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: Option<AgencyId>,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<PractitionerRow>, StoreError> {
    let known = dsl::provisional_until.is_null().or(dsl::provisional_until.ne(Some(Bind(FORGOTTEN))));
    let query = dsl::practitioners
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(known.assume_not_null())
        .into_boxed();
    let query = match agency {
        Some(agency) => query.filter(dsl::agency_id.eq(Bind(agency))),
        None => query,
    };
    let query = after!(query, after, dsl::created_at, dsl::id, PractitionerId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(PractitionerRow::as_select()).load(c))
}
