//! Children and adults. Names, identifiers and addresses are sealed; exact look-ups use keyed
//! tokens.

use diesel::prelude::*;
use domain::{
    AccessPermit, AgencyId, FamilyId, Instant, PartnershipId, PersonId, PersonKind, PractitionerId,
};

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::page::unindexed_eq;
use crate::connection::statements::{insert_many, insert_one, require_one};
use crate::family_access::{self, InvitationAccess};
use crate::schema::people::{self, dsl};
use crate::schema::{family_members, person_keys};
use crate::{Sealed, StoreError, Token, Tx};

row! {
    /// A child or an adult.
    PersonRow in people {
        /// The person identifier.
        id: PersonId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// Child or adult.
        kind: PersonKind,
        /// The practitioner who recorded them.
        created_by: PractitionerId,
        /// The agency they acted for.
        created_by_agency: AgencyId,
        /// When the record expires: with the last live object that refers to the person.
        expires_at: Instant,
        /// The wrapped data key of `sealed`.
        wrapped_key: Sealed,
        /// The details of the person.
        sealed: Sealed,
        /// The version, counted from 1.
        version: i64,
        /// When they were recorded.
        created_at: Instant,
        /// When the row was last changed.
        updated_at: Instant,
    }
}

row! {
    /// A token by which a person can be looked up.
    PersonKeyRow in person_keys {
        /// The person whom the token finds.
        person_id: PersonId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// What was hashed: an NHS number, a name with a birth date, and so on.
        kind: String,
        /// The keyed hash.
        token: Token,
    }
}

/// The unsealed facts about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFacts {
    /// Child or adult.
    pub kind: PersonKind,
    /// The practitioner who recorded them.
    pub created_by: PractitionerId,
    /// The agency they acted for.
    pub created_by_agency: AgencyId,
    /// When the record expires.
    pub expires_at: Instant,
    /// The current version.
    pub version: i64,
}

/// Records a person with the tokens by which they can be looked up.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn insert(
    tx: &mut Tx<'_>,
    row: &PersonRow,
    keys: &[(&str, Vec<u8>)],
) -> Result<(), StoreError> {
    insert_one(tx, people::table, row)?;
    insert_keys(tx, row, keys)
}

/// Writes a changed person over the version `expected`, and replaces the tokens.
///
/// # Errors
/// [`StoreError::Stale`] when the row is at another version.
pub fn update(
    tx: &mut Tx<'_>,
    row: &PersonRow,
    expected: i64,
    keys: &[(&str, Vec<u8>)],
) -> Result<(), StoreError> {
    let target = dsl::people
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::version.eq(expected));
    require_one(tx.run(|c| diesel::update(target).set(row).execute(c))?)?;
    let old = person_keys::table
        .filter(person_keys::partnership_id.eq(Bind(row.partnership_id)))
        .filter(person_keys::person_id.eq(Bind(row.id)));
    tx.run(|c| diesel::delete(old).execute(c))?;
    insert_keys(tx, row, keys)
}

fn insert_keys(
    tx: &mut Tx<'_>,
    row: &PersonRow,
    keys: &[(&str, Vec<u8>)],
) -> Result<(), StoreError> {
    let key = |(kind, token): &(&str, Vec<u8>)| key_row(row.partnership_id, row.id, kind, token);
    let rows: Vec<PersonKeyRow> = keys.iter().map(key).collect();
    insert_many(tx, person_keys::table, &rows)
}

fn key_row(partnership: PartnershipId, person: PersonId, kind: &str, token: &[u8]) -> PersonKeyRow {
    PersonKeyRow {
        person_id: person,
        partnership_id: partnership,
        kind: kind.to_owned(),
        token: Token(token.to_vec()),
    }
}

/// Replaces a person's tokens of one kind, such as those derived from family members.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn replace_keys(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    person: PersonId,
    kind: &str,
    tokens: &[Vec<u8>],
) -> Result<(), StoreError> {
    let old = person_keys::table
        .filter(person_keys::partnership_id.eq(Bind(partnership)))
        .filter(person_keys::person_id.eq(Bind(person)))
        .filter(person_keys::kind.eq(kind));
    tx.run(|c| diesel::delete(old).execute(c))?;
    let rows: Vec<PersonKeyRow> = tokens
        .iter()
        .map(|token| key_row(partnership, person, kind, token))
        .collect();
    insert_many(tx, person_keys::table, &rows)
}

/// The person `id`, unless their record has expired.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    id: PersonId,
    now: Instant,
) -> Result<Option<PersonRow>, StoreError> {
    Ok(find_many(tx, permit, &[id], now)?.pop())
}

/// The people among `ids` whose records are live, by identifier.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find_many(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    ids: &[PersonId],
    now: Instant,
) -> Result<Vec<PersonRow>, StoreError> {
    let query = dsl::people
        .filter(unindexed_eq(dsl::partnership_id, permit.partnership()))
        .filter(dsl::id.eq_any(ids.iter().copied().map(Bind)))
        .filter(dsl::expires_at.gt(Bind(now)))
        .order(dsl::id);
    tx.run(|c| query.select(PersonRow::as_select()).load(c))
}

/// The people with a token whose records are live, by identifier.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn ids_by_token(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    kind: &str,
    token: &[u8],
    now: Instant,
) -> Result<Vec<PersonId>, StoreError> {
    let query = person_keys::table
        .inner_join(people::table.on(people::id.eq(person_keys::person_id)))
        .filter(person_keys::partnership_id.eq(Bind(partnership)))
        .filter(person_keys::kind.eq(kind))
        .filter(person_keys::token.eq(token))
        .filter(people::partnership_id.eq(Bind(partnership)))
        .filter(people::expires_at.gt(Bind(now)))
        .order(people::id)
        .select(people::id);
    tx.run(|c| query.load(c))
}

/// Changes the expiry of a person's record, together with its data key as wrapped again for that
/// expiry.
///
/// # Errors
/// [`StoreError::Stale`] when the person does not exist.
pub fn set_lifetime(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: PersonId,
    expires_at: Instant,
    wrapped_key: &Sealed,
) -> Result<(), StoreError> {
    let target = dsl::people
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    let change = (
        dsl::expires_at.eq(Bind(expires_at)),
        dsl::wrapped_key.eq(wrapped_key),
    );
    require_one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// The unsealed facts about a person, unless their record has expired.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn facts(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: PersonId,
    now: Instant,
) -> Result<Option<PersonFacts>, StoreError> {
    let query = dsl::people
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)))
        .filter(dsl::expires_at.gt(Bind(now)))
        .select((
            dsl::kind,
            dsl::created_by,
            dsl::created_by_agency,
            dsl::expires_at,
            dsl::version,
        ));
    let found = tx.run(|c| query.get_result(c).optional())?;
    Ok(found.map(
        |(kind, created_by, created_by_agency, expires_at, version)| PersonFacts {
            kind,
            created_by,
            created_by_agency,
            expires_at,
            version,
        },
    ))
}

/// The invitations that give a practitioner access to a person: those to live chronologies of the
/// person's families that have been opened.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn invitation_access(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    person: PersonId,
    agency: AgencyId,
    practitioner: PractitionerId,
    now: Instant,
) -> Result<Vec<InvitationAccess>, StoreError> {
    family_access::for_person(tx, partnership, person, agency, practitioner, now)
}

/// The families of a person, by identifier.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn families_of(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    person: PersonId,
) -> Result<Vec<FamilyId>, StoreError> {
    let query = family_members::table
        .filter(family_members::partnership_id.eq(Bind(partnership)))
        .filter(family_members::person_id.eq(Bind(person)))
        .order(family_members::family_id)
        .select(family_members::family_id);
    tx.run(|c| query.load(c))
}
