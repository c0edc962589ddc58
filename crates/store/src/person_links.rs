//! Which of an agency's records of people are the same person as one of a chronology's family.

use std::collections::BTreeSet;

use diesel::prelude::*;
use domain::{
    AgencyId, ChronologyId, FamilyId, Instant, PartnershipId, PersonId, PersonKind, PersonLinkId, PractitionerId,
};

use crate::page::{IsTrue, within};
use crate::rows::row;
use crate::schema::person_links::{self, dsl};
use crate::schema::{chronologies, family_members, fragments, invitations, people, person_keys};
use crate::statements::{insert_new, one};
use crate::types::Bind;
use crate::{FragmentState, PersonLinkBand, PersonLinkState, PersonVerdict, Sealed, StoreError, Token, Tx};

row! {
    /// What is known of two records of people.
    PersonLinkRow in person_links {
        /// The link.
        id: PersonLinkId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The chronology for which it holds.
        chronology_id: ChronologyId,
        /// The person as an agency recorded them.
        their_person_id: PersonId,
        /// The person of the chronology's family.
        our_person_id: PersonId,
        /// What linkage says.
        band: PersonLinkBand,
        /// Where it stands.
        state: PersonLinkState,
        /// What a person decided; none while linkage alone did.
        verdict: Option<PersonVerdict>,
        /// Who decided last.
        decided_by: Option<PractitionerId>,
        /// From when on nothing of it is served.
        expires_at: Instant,
        /// Data key of `sealed`.
        wrapped_key: Sealed,
        /// Evidence and reasons.
        sealed: Sealed,
        /// Counts changes, from 1.
        version: i64,
        /// When the question was put or the link made.
        created_at: Instant,
        /// When the row was last changed.
        updated_at: Instant,
    }
}

/// Adds what is known of two records.
///
/// # Errors
/// [`StoreError::NotUnique`] when something is known of them already.
pub fn insert(tx: &mut Tx<'_>, row: &PersonLinkRow) -> Result<(), StoreError> {
    insert_new!(tx, person_links::table, row, "person link")
}

/// Writes a changed link over the version `expected`.
///
/// # Errors
/// [`StoreError::Stale`] when the row is at another version.
pub fn update(tx: &mut Tx<'_>, row: &PersonLinkRow, expected: i64) -> Result<(), StoreError> {
    let target = dsl::person_links
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::version.eq(expected));
    one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// Deletes a link at the version `expected`.
///
/// # Errors
/// [`StoreError::Stale`] when the row is at another version.
pub fn delete(tx: &mut Tx<'_>, row: &PersonLinkRow) -> Result<(), StoreError> {
    let target = dsl::person_links
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::version.eq(row.version));
    one(tx.run(|c| diesel::delete(target).execute(c))?)
}

/// The link `id` of a chronology, while it lives.
///
/// # Errors
/// When the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
    id: PersonLinkId,
    now: Instant,
) -> Result<Option<PersonLinkRow>, StoreError> {
    let query = dsl::person_links
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::id.eq(Bind(id)))
        .filter(dsl::expires_at.gt(Bind(now)))
        .select(PersonLinkRow::as_select());
    tx.run(|c| query.get_result(c).optional())
}

/// The live links of a chronology, in the order in which they were made. A chronology has as many as its family has
/// look-alikes among what invited agencies sent: few.
///
/// # Errors
/// When the database fails.
pub fn of_chronology(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Vec<PersonLinkRow>, StoreError> {
    let query = dsl::person_links
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::expires_at.gt(Bind(now)))
        .order((dsl::created_at, dsl::id))
        .select(PersonLinkRow::as_select());
    tx.run(|c| query.load(c))
}

/// The live links of a chronology with these people of theirs.
///
/// # Errors
/// When the database fails.
pub fn of_theirs(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
    theirs: &[PersonId],
    now: Instant,
) -> Result<Vec<PersonLinkRow>, StoreError> {
    let query = dsl::person_links
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::their_person_id.eq_any(theirs.iter().copied().map(Bind)))
        .filter(dsl::expires_at.gt(Bind(now)))
        .order((dsl::created_at, dsl::id))
        .select(PersonLinkRow::as_select());
    tx.run(|c| query.load(c))
}

/// The live links of a person, on either side, with the expiry of the chronology they hold for.
///
/// # Errors
/// When the database fails.
pub fn of_person(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    person: PersonId,
    now: Instant,
) -> Result<Vec<(PersonLinkRow, Instant)>, StoreError> {
    let query = dsl::person_links
        .inner_join(chronologies::table.on(chronologies::id.eq(dsl::chronology_id)))
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::their_person_id.eq(Bind(person)).or(dsl::our_person_id.eq(Bind(person))))
        .filter(dsl::expires_at.gt(Bind(now)))
        .filter(chronologies::expires_at.gt(Bind(now)))
        .order(dsl::id)
        .select((PersonLinkRow::as_select(), chronologies::expires_at));
    tx.run(|c| query.load(c))
}

/// Moves the expiry of a link; its data key has been wrapped again for it.
///
/// # Errors
/// [`StoreError::Stale`] when the link is not there.
pub fn set_lifetime(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: PersonLinkId,
    expires_at: Instant,
    wrapped_key: &Sealed,
) -> Result<(), StoreError> {
    let target = dsl::person_links.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    let change = (dsl::expires_at.eq(Bind(expires_at)), dsl::wrapped_key.eq(wrapped_key));
    one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// The kinds of token by which records that may be one child find each other.
const MEETING: [&str; 5] = ["blocking", "kin", "name_birth", "nhs_number", "upn"];

/// The tokens of people, by kind.
fn tokens_of(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    kind: &str,
    people: &[PersonId],
) -> Result<Vec<Token>, StoreError> {
    let query = person_keys::table
        .filter(within!(person_keys::partnership_id, partnership))
        .filter(person_keys::person_id.eq_any(people.iter().copied().map(Bind)))
        .filter(person_keys::kind.eq(kind))
        .select(person_keys::token);
    tx.run(|c| query.load(c))
}

/// The families about which `agency` has a live fragment waiting ahead of a chronology, and that have a child who shares
/// a token with one of `children`; by identifier. What it costs goes with those who share a token, not with how many
/// families there are.
///
/// # Errors
/// When the database fails.
pub fn families_waiting(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: AgencyId,
    children: &[PersonId],
    now: Instant,
) -> Result<Vec<FamilyId>, StoreError> {
    let mut found: Vec<FamilyId> = Vec::new();
    for kind in MEETING {
        let tokens = tokens_of(tx, partnership, kind, children)?;
        if tokens.is_empty() {
            continue;
        }
        let query = person_keys::table
            .inner_join(people::table.on(people::id.eq(person_keys::person_id)))
            .inner_join(family_members::table.on(family_members::person_id.eq(person_keys::person_id)))
            .inner_join(fragments::table.on(fragments::family_id.eq(family_members::family_id)))
            .filter(person_keys::partnership_id.eq(Bind(partnership)))
            .filter(person_keys::kind.eq(kind))
            .filter(person_keys::token.eq_any(tokens))
            .filter(people::kind.eq(Bind(PersonKind::Child)))
            .filter(people::expires_at.gt(Bind(now)))
            .filter(within!(family_members::partnership_id, partnership))
            .filter(within!(fragments::partnership_id, partnership))
            .filter(fragments::agency_id.eq(Bind(agency)))
            .filter(fragments::chronology_id.is_null())
            .filter(fragments::state.eq(Bind(FragmentState::Submitted)))
            .filter(fragments::expires_at.gt(Bind(now)))
            .select(fragments::family_id)
            .distinct();
        found.extend(tx.run(|c| query.load::<FamilyId>(c))?);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The live open chronologies that invite `agency` and whose family has a child who shares a token with one of
/// `children`; by identifier, so the oldest first.
///
/// # Errors
/// When the database fails.
pub fn chronologies_asking(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: AgencyId,
    children: &[PersonId],
    now: Instant,
) -> Result<Vec<ChronologyId>, StoreError> {
    let mut found: Vec<ChronologyId> = Vec::new();
    for kind in MEETING {
        let tokens = tokens_of(tx, partnership, kind, children)?;
        if tokens.is_empty() {
            continue;
        }
        let query = person_keys::table
            .inner_join(people::table.on(people::id.eq(person_keys::person_id)))
            .inner_join(family_members::table.on(family_members::person_id.eq(person_keys::person_id)))
            .inner_join(chronologies::table.on(chronologies::family_id.eq(family_members::family_id)))
            .inner_join(invitations::table.on(invitations::chronology_id.eq(chronologies::id)))
            .filter(person_keys::partnership_id.eq(Bind(partnership)))
            .filter(person_keys::kind.eq(kind))
            .filter(person_keys::token.eq_any(tokens))
            .filter(people::kind.eq(Bind(PersonKind::Child)))
            .filter(people::expires_at.gt(Bind(now)))
            .filter(within!(family_members::partnership_id, partnership))
            .filter(within!(chronologies::partnership_id, partnership))
            .filter(chronologies::opened_at.is_not_null())
            .filter(chronologies::expires_at.gt(Bind(now)))
            .filter(within!(invitations::partnership_id, partnership))
            .filter(invitations::agency_id.eq(Bind(agency)))
            .select(chronologies::id)
            .distinct();
        found.extend(tx.run(|c| query.load::<ChronologyId>(c))?);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The families of which `person` is a member and about which an invited agency has a live fragment waiting ahead of a
/// chronology, each once with that agency; that of the oldest fragment first.
///
/// # Errors
/// When the database fails.
pub fn waiting_about(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
    person: PersonId,
    now: Instant,
) -> Result<Vec<(FamilyId, AgencyId)>, StoreError> {
    let query = fragments::table
        .inner_join(family_members::table.on(family_members::family_id.eq(fragments::family_id)))
        .inner_join(invitations::table.on(invitations::agency_id.eq(fragments::agency_id)))
        .filter(within!(fragments::partnership_id, partnership))
        .filter(fragments::chronology_id.is_null())
        .filter(fragments::state.eq(Bind(FragmentState::Submitted)))
        .filter(IsTrue::new(fragments::expires_at.gt(Bind(now))))
        .filter(within!(family_members::partnership_id, partnership))
        .filter(family_members::person_id.eq(Bind(person)))
        .filter(within!(invitations::partnership_id, partnership))
        .filter(invitations::chronology_id.eq(Bind(chronology)))
        .order((fragments::created_at, fragments::id))
        .select((fragments::family_id, fragments::agency_id));
    let mut seen = BTreeSet::new();
    let mut found: Vec<(FamilyId, AgencyId)> = tx.run(|c| query.load(c))?;
    found.retain(|one| seen.insert(*one));
    Ok(found)
}
