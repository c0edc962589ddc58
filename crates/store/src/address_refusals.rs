//! Texts that were refused because they tell where a protected person lives: who wrote them, and when. No words.

use diesel::prelude::*;
use domain::{AddressRefusalId, AgencyId, ChronologyId, Instant, PartnershipId, PractitionerId};

use crate::page::before;
use crate::rows::row;
use crate::schema::address_refusals::{self, dsl};
use crate::statements::insert_one;
use crate::types::Bind;
use crate::{Keyset, StoreError, Tx};

row! {
    /// A write that was refused for an address in its text.
    AddressRefusalRow in address_refusals {
        /// The refusal.
        id: AddressRefusalId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// Who wrote the text.
        practitioner_id: PractitionerId,
        /// For which agency.
        agency_id: AgencyId,
        /// By which operation, in the words of the audit.
        operation: String,
        /// The chronology that it was written about, which may be gone.
        chronology_id: Option<ChronologyId>,
        /// The chronology's owner at the time.
        owner_id: Option<PractitionerId>,
        /// And their agency.
        owner_agency_id: Option<AgencyId>,
        /// When.
        refused_at: Instant,
    }
}

/// Notes a refusal.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, row: &AddressRefusalRow) -> Result<(), StoreError> {
    insert_one!(tx, address_refusals::table, row)
}

/// The times of a practitioner's refusals after `since`, at most `limit` of them, the latest first.
///
/// # Errors
/// When the database fails.
pub fn of_practitioner(
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

/// Whose refusals are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concerning {
    /// All of the partnership's.
    All,
    /// Those about chronologies of this owner.
    Owner(PractitionerId),
    /// Those about chronologies of this agency.
    Agency(AgencyId),
}

/// At most `limit` refusals before a place, the latest first.
///
/// # Errors
/// When the database fails.
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    concerning: Concerning,
    place: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<AddressRefusalRow>, StoreError> {
    let query = dsl::address_refusals.filter(dsl::partnership_id.eq(Bind(partnership))).into_boxed();
    let query = match concerning {
        Concerning::All => query,
        Concerning::Owner(owner) => query.filter(dsl::owner_id.eq(Some(Bind(owner)))),
        Concerning::Agency(agency) => query.filter(dsl::owner_agency_id.eq(Some(Bind(agency)))),
    };
    let query = before!(query, place, dsl::refused_at, dsl::id, AddressRefusalId);
    let query = query.order((dsl::refused_at.desc(), dsl::id.desc())).limit(limit.into());
    tx.run(|c| query.select(AddressRefusalRow::as_select()).load(c))
}

/// Deletes at most `limit` refusals from before `until`; says how many.
///
/// # Errors
/// When the database fails.
pub fn forget(tx: &mut Tx<'_>, until: Instant, limit: impl Into<i64>) -> Result<usize, StoreError> {
    let old = dsl::address_refusals
        .filter(dsl::refused_at.le(Bind(until)))
        .order(dsl::refused_at)
        .limit(limit.into())
        .select(dsl::id);
    let old: Vec<AddressRefusalId> = tx.run(|c| old.load(c))?;
    let target = dsl::address_refusals.filter(dsl::id.eq_any(old.iter().copied().map(Bind)));
    tx.run(|c| diesel::delete(target).execute(c))
}
