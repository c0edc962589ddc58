//! Writes that were refused because their text contained the address of a protected person: who
//! wrote it and when, never the text.

use diesel::prelude::*;
use domain::{AddressRefusalId, AgencyId, ChronologyId, Instant, PartnershipId, PractitionerId};

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::page::rows_before;
use crate::connection::statements::insert_one;
use crate::schema::address_refusals::{self, dsl};
use crate::{Keyset, StoreError, Tx};

row! {
    /// A write that was refused because of an address in its text.
    AddressRefusalRow in address_refusals {
        /// The identifier of the refusal.
        id: AddressRefusalId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The practitioner who wrote the text.
        practitioner_id: PractitionerId,
        /// The agency they acted for.
        agency_id: AgencyId,
        /// The operation, named as in the audit.
        operation: String,
        /// The chronology that the text was about; it may have been deleted since.
        chronology_id: Option<ChronologyId>,
        /// The chronology's owner at the time.
        owner_id: Option<PractitionerId>,
        /// The owner's agency at the time.
        owner_agency_id: Option<AgencyId>,
        /// When the write was refused.
        refused_at: Instant,
    }
}

/// Records a refusal.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn insert(tx: &mut Tx<'_>, row: &AddressRefusalRow) -> Result<(), StoreError> {
    insert_one(tx, address_refusals::table, row)
}

/// The times of a practitioner's refusals after `since`, at most `limit` of them, the latest first.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_times_for_practitioner(
    tx: &mut Tx<'_>,
    practitioner: PractitionerId,
    since: Instant,
    limit: impl Into<i64>,
) -> Result<Vec<Instant>, StoreError> {
    let query = dsl::address_refusals
        .filter(dsl::practitioner_id.eq(Bind(practitioner)))
        .filter(dsl::refused_at.gt(Bind(since)))
        .order(dsl::refused_at.desc())
        .limit(limit.into())
        .select(dsl::refused_at);
    tx.run(|c| query.load(c))
}

/// Which refusals to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalFilter {
    /// All refusals of the partnership.
    All,
    /// Refusals about chronologies of this owner.
    Owner(PractitionerId),
    /// Refusals about chronologies of this agency.
    Agency(AgencyId),
}

/// At most `limit` refusals before a cursor, the latest first.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    refusals: RefusalFilter,
    before: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<AddressRefusalRow>, StoreError> {
    let query = dsl::address_refusals
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .into_boxed();
    let query = match refusals {
        RefusalFilter::All => query,
        RefusalFilter::Owner(owner) => query.filter(dsl::owner_id.eq(Some(Bind(owner)))),
        RefusalFilter::Agency(agency) => query.filter(dsl::owner_agency_id.eq(Some(Bind(agency)))),
    };
    let query = rows_before(query, before, dsl::refused_at, dsl::id, AddressRefusalId);
    let query = query
        .order((dsl::refused_at.desc(), dsl::id.desc()))
        .limit(limit.into());
    tx.run(|c| query.select(AddressRefusalRow::as_select()).load(c))
}

/// Deletes at most `limit` refusals made until `until`; returns how many were deleted.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn delete_older(
    tx: &mut Tx<'_>,
    until: Instant,
    limit: impl Into<i64>,
) -> Result<usize, StoreError> {
    let old = dsl::address_refusals
        .filter(dsl::refused_at.le(Bind(until)))
        .order(dsl::refused_at)
        .limit(limit.into())
        .select(dsl::id);
    let old: Vec<AddressRefusalId> = tx.run(|c| old.load(c))?;
    let target = dsl::address_refusals.filter(dsl::id.eq_any(old.iter().copied().map(Bind)));
    tx.run(|c| diesel::delete(target).execute(c))
}
