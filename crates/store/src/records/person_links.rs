//! Links between the records of an agency's people and the people of a chronology's family.

use std::collections::BTreeSet;

use diesel::prelude::*;
use domain::{
    AgencyId, ChronologyId, FamilyId, FragmentState, Instant, PartnershipId, PersonId, PersonKind,
    PersonLinkBand, PersonLinkId, PersonLinkState, PersonVerdict, PractitionerId,
};

use crate::columns::{Bind, row};
use crate::connection::page::{IsTrue, unindexed_eq};
use crate::connection::statements::{insert_new, require_one};
use crate::schema::person_links::dsl;
use crate::schema::{
    chronologies, family_members, fragments, invitations, people, person_keys, person_links,
};
use crate::{Sealed, StoreError, Token, Tx};

row! {
    /// A link between two records of people.
    PersonLinkRow in person_links {
        /// The link identifier.
        id: PersonLinkId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The chronology to which the link applies.
        chronology_id: ChronologyId,
        /// The person as the agency recorded them.
        their_person_id: PersonId,
        /// The person of the chronology's family.
        our_person_id: PersonId,
        /// The result of linkage.
        band: PersonLinkBand,
        /// Whether the link awaits a decision, is in force or was undone.
        state: PersonLinkState,
        /// The practitioner's verdict; `None` while only linkage has decided.
        verdict: Option<PersonVerdict>,
        /// The practitioner who decided last.
        decided_by: Option<PractitionerId>,
        /// When it expires: from then on it is not served.
        expires_at: Instant,
        /// The wrapped data key of `sealed`.
        wrapped_key: Sealed,
        /// The evidence and the reasons.
        sealed: Sealed,
        /// The version, counted from 1.
        version: i64,
        /// When the link was created.
        created_at: Instant,
        /// When the row was last changed.
        updated_at: Instant,
    }
}

/// Inserts a link between two records.
///
/// # Errors
/// [`StoreError::NotUnique`] when the two records have a link already.
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
    require_one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// Deletes a link at the version of `row`.
///
/// # Errors
/// [`StoreError::Stale`] when the row is at another version.
pub fn delete(tx: &mut Tx<'_>, row: &PersonLinkRow) -> Result<(), StoreError> {
    let target = dsl::person_links
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::version.eq(row.version));
    require_one(tx.run(|c| diesel::delete(target).execute(c))?)
}

/// The link `id` of a chronology, unless it has expired.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
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

/// The live links of a chronology, in the order in which they were created. They are few: one for
/// each similar person among the records of the invited agencies.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_for_chronology(
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

/// The live links of a chronology to the given people of other agencies.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_for_their_people(
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

/// The live links of a person, on either side, with the expiry of the chronology to which they
/// apply.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_for_person(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    person: PersonId,
    now: Instant,
) -> Result<Vec<(PersonLinkRow, Instant)>, StoreError> {
    let query = dsl::person_links
        .inner_join(chronologies::table.on(chronologies::id.eq(dsl::chronology_id)))
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(
            dsl::their_person_id
                .eq(Bind(person))
                .or(dsl::our_person_id.eq(Bind(person))),
        )
        .filter(dsl::expires_at.gt(Bind(now)))
        .filter(chronologies::expires_at.gt(Bind(now)))
        .order(dsl::id)
        .select((PersonLinkRow::as_select(), chronologies::expires_at));
    tx.run(|c| query.load(c))
}

/// Changes the expiry of a link, together with its data key as wrapped again for that expiry.
///
/// # Errors
/// [`StoreError::Stale`] when the link does not exist.
pub fn set_lifetime(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: PersonLinkId,
    expires_at: Instant,
    wrapped_key: &Sealed,
) -> Result<(), StoreError> {
    let target = dsl::person_links
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    let change = (
        dsl::expires_at.eq(Bind(expires_at)),
        dsl::wrapped_key.eq(wrapped_key),
    );
    require_one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// The kinds of token by which candidate records of the same child are found.
const MATCHING_TOKEN_KINDS: [&str; 5] = ["blocking", "kin", "name_birth", "nhs_number", "upn"];

/// The tokens of one kind of some people.
fn tokens_of(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    kind: &str,
    people: &[PersonId],
) -> Result<Vec<Token>, StoreError> {
    let query = person_keys::table
        .filter(unindexed_eq(person_keys::partnership_id, partnership))
        .filter(person_keys::person_id.eq_any(people.iter().copied().map(Bind)))
        .filter(person_keys::kind.eq(kind))
        .select(person_keys::token);
    tx.run(|c| query.load(c))
}

/// The families about which `agency` has a live advance submission, and which include a child who
/// shares a token with one of `children`; by identifier. The cost depends on the number of people
/// who share a token, not on the number of families.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn families_with_advance_fragments(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: AgencyId,
    children: &[PersonId],
    now: Instant,
) -> Result<Vec<FamilyId>, StoreError> {
    let mut found: Vec<FamilyId> = Vec::new();
    for kind in MATCHING_TOKEN_KINDS {
        let tokens = tokens_of(tx, partnership, kind, children)?;
        if tokens.is_empty() {
            continue;
        }
        let query = person_keys::table
            .inner_join(people::table.on(people::id.eq(person_keys::person_id)))
            .inner_join(
                family_members::table.on(family_members::person_id.eq(person_keys::person_id)),
            )
            .inner_join(fragments::table.on(fragments::family_id.eq(family_members::family_id)))
            .filter(person_keys::partnership_id.eq(Bind(partnership)))
            .filter(person_keys::kind.eq(kind))
            .filter(person_keys::token.eq_any(tokens))
            .filter(people::kind.eq(Bind(PersonKind::Child)))
            .filter(people::expires_at.gt(Bind(now)))
            .filter(unindexed_eq(family_members::partnership_id, partnership))
            .filter(unindexed_eq(fragments::partnership_id, partnership))
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

/// The live, opened chronologies that invite `agency` and whose family includes a child who shares
/// a token with one of `children`; by identifier, and therefore oldest first.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn inviting_chronologies(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: AgencyId,
    children: &[PersonId],
    now: Instant,
) -> Result<Vec<ChronologyId>, StoreError> {
    let mut found: Vec<ChronologyId> = Vec::new();
    for kind in MATCHING_TOKEN_KINDS {
        let tokens = tokens_of(tx, partnership, kind, children)?;
        if tokens.is_empty() {
            continue;
        }
        let query = person_keys::table
            .inner_join(people::table.on(people::id.eq(person_keys::person_id)))
            .inner_join(
                family_members::table.on(family_members::person_id.eq(person_keys::person_id)),
            )
            .inner_join(
                chronologies::table.on(chronologies::family_id.eq(family_members::family_id)),
            )
            .inner_join(invitations::table.on(invitations::chronology_id.eq(chronologies::id)))
            .filter(person_keys::partnership_id.eq(Bind(partnership)))
            .filter(person_keys::kind.eq(kind))
            .filter(person_keys::token.eq_any(tokens))
            .filter(people::kind.eq(Bind(PersonKind::Child)))
            .filter(people::expires_at.gt(Bind(now)))
            .filter(unindexed_eq(family_members::partnership_id, partnership))
            .filter(unindexed_eq(chronologies::partnership_id, partnership))
            .filter(chronologies::opened_at.is_not_null())
            .filter(chronologies::expires_at.gt(Bind(now)))
            .filter(unindexed_eq(invitations::partnership_id, partnership))
            .filter(invitations::agency_id.eq(Bind(agency)))
            .select(chronologies::id)
            .distinct();
        found.extend(tx.run(|c| query.load::<ChronologyId>(c))?);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The families of `person` about which an invited agency has a live advance submission, each once
/// with that agency, in order of the oldest submission.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn advance_families_with_person(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
    person: PersonId,
    now: Instant,
) -> Result<Vec<(FamilyId, AgencyId)>, StoreError> {
    let query = fragments::table
        .inner_join(family_members::table.on(family_members::family_id.eq(fragments::family_id)))
        .inner_join(invitations::table.on(invitations::agency_id.eq(fragments::agency_id)))
        .filter(unindexed_eq(fragments::partnership_id, partnership))
        .filter(fragments::chronology_id.is_null())
        .filter(fragments::state.eq(Bind(FragmentState::Submitted)))
        .filter(IsTrue::new(fragments::expires_at.gt(Bind(now))))
        .filter(unindexed_eq(family_members::partnership_id, partnership))
        .filter(family_members::person_id.eq(Bind(person)))
        .filter(unindexed_eq(invitations::partnership_id, partnership))
        .filter(invitations::chronology_id.eq(Bind(chronology)))
        .order((fragments::created_at, fragments::id))
        .select((fragments::family_id, fragments::agency_id));
    let mut seen = BTreeSet::new();
    let mut found: Vec<(FamilyId, AgencyId)> = tx.run(|c| query.load(c))?;
    found.retain(|pair| seen.insert(*pair));
    Ok(found)
}
