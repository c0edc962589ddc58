//! Families: children and adults with their relationships. A child can belong to two families.

use diesel::dsl::max;
use diesel::prelude::*;
use domain::{
    AccessPermit, AgencyId, ContentScope, FamilyId, FamilyListScope, FragmentState, Instant,
    PartnershipId, PersonId, PractitionerId, family_list_scope,
};

use crate::columns::{Bind, row};
use crate::connection::AnyConnection;
use crate::connection::page::{rows_after, unindexed_eq};
use crate::connection::statements::{insert_new, insert_one, require_one};
use crate::family_access::InvitationAccess;
use crate::schema::families::dsl;
use crate::schema::{chronologies, families, family_members, fragment_origins, fragments};
use crate::{Keyset, Sealed, StoreError, Tx, family_access};

row! {
    /// A recorded family.
    FamilyRow in families {
        /// The family identifier.
        id: FamilyId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The practitioner who recorded it.
        created_by: PractitionerId,
        /// The agency they acted for.
        created_by_agency: AgencyId,
        /// When the record expires: with the last live object that refers to it.
        expires_at: Instant,
        /// The wrapped data key of `sealed`.
        wrapped_key: Sealed,
        /// Label, households, relationships.
        sealed: Sealed,
        /// The version, counted from 1.
        version: i64,
        /// When it was recorded.
        created_at: Instant,
        /// When the row was last changed.
        updated_at: Instant,
    }
}

row! {
    /// The membership of a person in a family.
    FamilyMemberRow in family_members {
        /// The family that the member belongs to.
        family_id: FamilyId,
        /// The person who is the member.
        person_id: PersonId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
    }
}

/// The unsealed facts about a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyFacts {
    /// The practitioner who recorded it.
    pub created_by: PractitionerId,
    /// The agency they acted for.
    pub created_by_agency: AgencyId,
    /// When the record expires.
    pub expires_at: Instant,
    /// The current version.
    pub version: i64,
}

/// Records a family.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn insert(tx: &mut Tx<'_>, row: &FamilyRow) -> Result<(), StoreError> {
    insert_one(tx, families::table, row)
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
    require_one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// The family `id`, unless its record has expired.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    scope: &impl ContentScope,
    id: FamilyId,
    now: Instant,
) -> Result<Option<FamilyRow>, StoreError> {
    let query = dsl::families
        .filter(dsl::partnership_id.eq(Bind(scope.partnership())))
        .filter(dsl::id.eq(Bind(id)))
        .filter(dsl::expires_at.gt(Bind(now)));
    tx.run(|c| {
        query
            .select(FamilyRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// At most `limit` families after a cursor that the permit's holder can open, among the live
/// records of their agency, oldest first.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    now: Instant,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<FamilyRow>, StoreError> {
    let partnership = permit.partnership();
    let agency = permit.actor().agency;
    let query = match family_list_scope(permit) {
        FamilyListScope::Agency => dsl::families
            .filter(dsl::partnership_id.eq(Bind(partnership)))
            .filter(dsl::created_by_agency.eq(Bind(agency)))
            .into_boxed(),
        FamilyListScope::Own(practitioner) => dsl::families
            .filter(dsl::created_by.eq(Bind(practitioner)))
            .filter(unindexed_eq(dsl::partnership_id, partnership))
            .filter(unindexed_eq(dsl::created_by_agency, agency))
            .into_boxed(),
        FamilyListScope::None => return Ok(Vec::new()),
    };
    let query = query.filter(dsl::expires_at.gt(Bind(now)));
    let query = rows_after(query, after, dsl::created_at, dsl::id, FamilyId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(FamilyRow::as_select()).load(c))
}

/// The members of a family, by identifier.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn members(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    family: FamilyId,
) -> Result<Vec<PersonId>, StoreError> {
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
/// [`StoreError::NotUnique`] when the person is a member already; [`StoreError::Stale`] when the
/// partnership lacks the family or the person.
pub fn add_member(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    family: FamilyId,
    person: PersonId,
) -> Result<(), StoreError> {
    let existing = families::table
        .inner_join(crate::schema::people::table.on(crate::schema::people::id.eq(Bind(person))))
        .filter(families::id.eq(Bind(family)))
        .filter(families::partnership_id.eq(Bind(partnership)))
        .filter(crate::schema::people::partnership_id.eq(Bind(partnership)))
        .select(families::id);
    let family_found: Option<FamilyId> = tx.run(|c| existing.get_result(c).optional())?;
    family_found.ok_or(StoreError::Stale)?;
    let row = FamilyMemberRow {
        family_id: family,
        person_id: person,
        partnership_id: partnership,
    };
    insert_new!(tx, family_members::table, &row, "family member")
}

/// Removes a person from a family.
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
    require_one(tx.run(|c| diesel::delete(target).execute(c))?)
}

/// Changes the expiry of a family's record, together with its data key as wrapped again for that
/// expiry.
///
/// # Errors
/// [`StoreError::Stale`] when the family does not exist.
pub fn set_lifetime(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: FamilyId,
    expires_at: Instant,
    wrapped_key: &Sealed,
) -> Result<(), StoreError> {
    let target = dsl::families
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    let change = (
        dsl::expires_at.eq(Bind(expires_at)),
        dsl::wrapped_key.eq(wrapped_key),
    );
    require_one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// The unsealed facts about a family, unless its record has expired.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
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
        .select((
            dsl::created_by,
            dsl::created_by_agency,
            dsl::expires_at,
            dsl::version,
        ));
    let found = tx.run(|c| query.get_result(c).optional())?;
    Ok(found.map(
        |(created_by, created_by_agency, expires_at, version)| FamilyFacts {
            created_by,
            created_by_agency,
            expires_at,
            version,
        },
    ))
}

/// The invitations that give a practitioner access to a family: those to its live chronologies that
/// have been opened.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn invitation_access(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    family: FamilyId,
    agency: AgencyId,
    practitioner: PractitionerId,
    now: Instant,
) -> Result<Vec<InvitationAccess>, StoreError> {
    family_access::for_family(tx, partnership, family, agency, practitioner, now)
}

/// The latest expiry among the live chronologies and live fragments of a family, including
/// fragments that were attached to a chronology of another family and may be detached again; `None`
/// when no live object refers to the family.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn latest_referring_expiry(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    family: FamilyId,
    now: Instant,
) -> Result<Option<Instant>, StoreError> {
    let chronologies_query = chronologies::table
        .filter(chronologies::partnership_id.eq(Bind(partnership)))
        .filter(chronologies::family_id.eq(Bind(family)))
        .filter(chronologies::expires_at.gt(Bind(now)))
        .select(max(chronologies::expires_at));
    let fragments_query = fragments::table
        .filter(fragments::partnership_id.eq(Bind(partnership)))
        .filter(fragments::family_id.eq(Bind(family)))
        .filter(fragments::state.eq(Bind(FragmentState::Submitted)))
        .filter(fragments::expires_at.gt(Bind(now)))
        .select(max(fragments::expires_at));
    let attached_query = fragment_origins::table
        .inner_join(fragments::table.on(fragments::id.eq(fragment_origins::fragment_id)))
        .filter(fragment_origins::partnership_id.eq(Bind(partnership)))
        .filter(fragment_origins::family_id.eq(Bind(family)))
        .filter(unindexed_eq(fragments::partnership_id, partnership))
        .filter(fragments::state.eq(Bind(FragmentState::Submitted)))
        .filter(fragments::expires_at.gt(Bind(now)))
        .select(max(fragments::expires_at));
    let chronology: Option<Instant> = tx.run(|c| chronologies_query.get_result(c))?;
    let fragment: Option<Instant> = tx.run(|c| fragments_query.get_result(c))?;
    let attached: Option<Instant> = tx.run(|c| attached_query.get_result(c))?;
    Ok(chronology.max(fragment).max(attached))
}

/// The latest expiry among the live families of a person; `None` when the person belongs to none.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn latest_expiry_for_person(
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

/// Serialises writers of one family; see [`crate::chronologies::lock`].
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn lock(tx: &mut Tx<'_>, partnership: PartnershipId, id: FamilyId) -> Result<(), StoreError> {
    let target = dsl::families
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    tx.run(|connection| match connection {
        AnyConnection::Postgresql(c) => diesel::update(target)
            .set(dsl::version.eq(dsl::version))
            .execute(c),
        AnyConnection::Sqlite(_) => Ok(1),
    })?;
    Ok(())
}
