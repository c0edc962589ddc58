//! Families: children and adults with relationships. A child can belong to two.

use diesel::dsl::max;
use diesel::prelude::*;
use domain::{AgencyId, FamilyId, FamilyReach, Instant, PartnershipId, Permit, PersonId, PractitionerId, family_reach};

use crate::connection::AnyConnection;
use crate::page::{after, within};
use crate::reach::{self, Reach};
use crate::rows::row;
use crate::schema::families::{self, dsl};
use crate::schema::{chronologies, family_members, fragment_origins, fragments};
use crate::statements::{insert_new, insert_one, one};
use crate::types::Bind;
use crate::{FragmentState, Keyset, Sealed, StoreError, Tx};

row! {
    /// A family.
    FamilyRow in families {
        /// The family.
        id: FamilyId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// Who recorded it.
        created_by: PractitionerId,
        /// For which agency.
        created_by_agency: AgencyId,
        /// The latest expiry of anything live that refers to it.
        expires_at: Instant,
        /// Data key of `sealed`.
        wrapped_key: Sealed,
        /// Label, households, relationships.
        sealed: Sealed,
        /// Counts changes, from 1.
        version: i64,
        /// When it was recorded.
        created_at: Instant,
        /// When the row was last changed.
        updated_at: Instant,
    }
}

row! {
    /// One person's place in one family.
    FamilyMemberRow in family_members {
        /// The family.
        family_id: FamilyId,
        /// The person.
        person_id: PersonId,
        /// Their partnership.
        partnership_id: PartnershipId,
    }
}

/// What may be known of a family without opening anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyFacts {
    /// Who recorded it.
    pub created_by: PractitionerId,
    /// For which agency.
    pub created_by_agency: AgencyId,
    /// When its record goes.
    pub expires_at: Instant,
    /// The current version.
    pub version: i64,
}

/// Records a family.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, row: &FamilyRow) -> Result<(), StoreError> {
    insert_one!(tx, families::table, row)
}

/// Writes a changed family over the version `expected`.
///
/// # Errors
/// [`StoreError::Stale`] when the row is at another version.
pub fn update(tx: &mut Tx<'_>, row: &FamilyRow, expected: i64) -> Result<(), StoreError> {
    let target = dsl::families
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::version.eq(expected));
    one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// The family `id`, while its record lives.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, permit: &Permit, id: FamilyId, now: Instant) -> Result<Option<FamilyRow>, StoreError> {
    let query = dsl::families
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::id.eq(Bind(id)))
        .filter(dsl::expires_at.gt(Bind(now)));
    tx.run(|c| query.select(FamilyRow::as_select()).get_result(c).optional())
}

/// At most `limit` families after a place that the holder can open, among those that their agency recorded and whose records
/// live, oldest first.
///
/// # Errors
/// When the database fails.
pub fn page(
    tx: &mut Tx<'_>,
    permit: &Permit,
    now: Instant,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<FamilyRow>, StoreError> {
    let (partnership, agency) = (permit.partnership(), permit.actor().agency);
    let query = match family_reach(permit) {
        FamilyReach::Agency => dsl::families
            .filter(dsl::partnership_id.eq(Bind(partnership)))
            .filter(dsl::created_by_agency.eq(Bind(agency)))
            .into_boxed(),
        FamilyReach::Own(practitioner) => dsl::families
            .filter(dsl::created_by.eq(Bind(practitioner)))
            .filter(within!(dsl::partnership_id, partnership))
            .filter(within!(dsl::created_by_agency, agency))
            .into_boxed(),
        FamilyReach::Nothing => return Ok(Vec::new()),
    };
    let query = query.filter(dsl::expires_at.gt(Bind(now)));
    let query = after!(query, after, dsl::created_at, dsl::id, FamilyId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(FamilyRow::as_select()).load(c))
}

/// The members of a family, by identifier.
///
/// # Errors
/// When the database fails.
pub fn members(tx: &mut Tx<'_>, partnership: PartnershipId, family: FamilyId) -> Result<Vec<PersonId>, StoreError> {
    let query = family_members::table
        .filter(family_members::partnership_id.eq(Bind(partnership)))
        .filter(family_members::family_id.eq(Bind(family)))
        .order(family_members::person_id)
        .select(family_members::person_id);
    tx.run(|c| query.load(c))
}

/// Adds a person to a family.
///
/// # Errors
/// [`StoreError::NotUnique`] when the person is a member; [`StoreError::Stale`] when the partnership does not have
/// both.
pub fn add_member(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    family: FamilyId,
    person: PersonId,
) -> Result<(), StoreError> {
    let both = families::table
        .inner_join(crate::schema::people::table.on(crate::schema::people::id.eq(Bind(person))))
        .filter(families::id.eq(Bind(family)))
        .filter(families::partnership_id.eq(Bind(partnership)))
        .filter(crate::schema::people::partnership_id.eq(Bind(partnership)))
        .select(families::id);
    let here: Option<FamilyId> = tx.run(|c| both.get_result(c).optional())?;
    here.ok_or(StoreError::Stale)?;
    let row = FamilyMemberRow { family_id: family, person_id: person, partnership_id: partnership };
    insert_new!(tx, family_members::table, &row, "family member")
}

/// Takes a person out of a family.
///
/// # Errors
/// [`StoreError::Stale`] when the person is not a member.
pub fn remove_member(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    family: FamilyId,
    person: PersonId,
) -> Result<(), StoreError> {
    let target = family_members::table
        .filter(family_members::partnership_id.eq(Bind(partnership)))
        .filter(family_members::family_id.eq(Bind(family)))
        .filter(family_members::person_id.eq(Bind(person)));
    one(tx.run(|c| diesel::delete(target).execute(c))?)
}

/// Moves the expiry of a family's record; its data key has been wrapped again for it.
///
/// # Errors
/// [`StoreError::Stale`] when the family is not there.
pub fn set_lifetime(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: FamilyId,
    expires_at: Instant,
    wrapped_key: &Sealed,
) -> Result<(), StoreError> {
    let target = dsl::families.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    let change = (dsl::expires_at.eq(Bind(expires_at)), dsl::wrapped_key.eq(wrapped_key));
    one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// What may be known of a family without opening anything, while its record lives.
///
/// # Errors
/// When the database fails.
pub fn facts(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: FamilyId,
    now: Instant,
) -> Result<Option<FamilyFacts>, StoreError> {
    let query = dsl::families
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)))
        .filter(dsl::expires_at.gt(Bind(now)))
        .select((dsl::created_by, dsl::created_by_agency, dsl::expires_at, dsl::version));
    let found = tx.run(|c| query.get_result(c).optional())?;
    Ok(found.map(|(created_by, created_by_agency, expires_at, version)| FamilyFacts {
        created_by,
        created_by_agency,
        expires_at,
        version,
    }))
}

/// The invitations by which a practitioner knows of a family: those to chronologies of it. Chronologies in preparation do not
/// count.
///
/// # Errors
/// When the database fails.
pub fn reachable_by(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    family: FamilyId,
    agency: AgencyId,
    practitioner: PractitionerId,
    now: Instant,
) -> Result<Vec<Reach>, StoreError> {
    reach::to_family(tx, partnership, family, agency, practitioner, now)
}

/// The latest expiry among the live chronologies and live fragments of a family, those included that were taken from it
/// into a chronology of another and may have to go back; `None` when nothing live refers to it.
///
/// # Errors
/// When the database fails.
pub fn latest_reference(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    family: FamilyId,
    now: Instant,
) -> Result<Option<Instant>, StoreError> {
    let of_chronologies = chronologies::table
        .filter(chronologies::partnership_id.eq(Bind(partnership)))
        .filter(chronologies::family_id.eq(Bind(family)))
        .filter(chronologies::expires_at.gt(Bind(now)))
        .select(max(chronologies::expires_at));
    let of_fragments = fragments::table
        .filter(fragments::partnership_id.eq(Bind(partnership)))
        .filter(fragments::family_id.eq(Bind(family)))
        .filter(fragments::state.eq(Bind(FragmentState::Submitted)))
        .filter(fragments::expires_at.gt(Bind(now)))
        .select(max(fragments::expires_at));
    let of_taken_in = fragment_origins::table
        .inner_join(fragments::table.on(fragments::id.eq(fragment_origins::fragment_id)))
        .filter(fragment_origins::partnership_id.eq(Bind(partnership)))
        .filter(fragment_origins::family_id.eq(Bind(family)))
        .filter(within!(fragments::partnership_id, partnership))
        .filter(fragments::state.eq(Bind(FragmentState::Submitted)))
        .filter(fragments::expires_at.gt(Bind(now)))
        .select(max(fragments::expires_at));
    let chronology: Option<Instant> = tx.run(|c| of_chronologies.get_result(c))?;
    let fragment: Option<Instant> = tx.run(|c| of_fragments.get_result(c))?;
    let taken_in: Option<Instant> = tx.run(|c| of_taken_in.get_result(c))?;
    Ok(chronology.max(fragment).max(taken_in))
}

/// The latest expiry among the live families a person belongs to; `None` when the person belongs to none.
///
/// # Errors
/// When the database fails.
pub fn longest_lifetime_of(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    person: PersonId,
    now: Instant,
) -> Result<Option<Instant>, StoreError> {
    let query = family_members::table
        .inner_join(families::table.on(families::id.eq(family_members::family_id)))
        .filter(family_members::partnership_id.eq(Bind(partnership)))
        .filter(family_members::person_id.eq(Bind(person)))
        .filter(families::partnership_id.eq(Bind(partnership)))
        .filter(families::expires_at.gt(Bind(now)))
        .select(max(families::expires_at));
    tx.run(|c| query.get_result(c))
}

/// Makes writers of one family take turns; see [`crate::chronologies::lock`].
///
/// # Errors
/// When the database fails.
pub fn lock(tx: &mut Tx<'_>, partnership: PartnershipId, id: FamilyId) -> Result<(), StoreError> {
    let target = dsl::families.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    tx.run(|connection| match connection {
        AnyConnection::Postgresql(c) => diesel::update(target).set(dsl::version.eq(dsl::version)).execute(c),
        AnyConnection::Sqlite(_) => Ok(1),
    })?;
    Ok(())
}
