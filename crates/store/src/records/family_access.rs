//! Access to a family or a person through invitations, and through chronologies that the
//! practitioner works on.

use diesel::dsl::exists;
use diesel::prelude::*;
use domain::{
    AgencyId, ChronologyId, ChronologyState, FamilyId, Instant, InvitationFacts, InvitationState,
    PartnershipId, PersonId, PractitionerId,
};

use crate::columns::Bind;
use crate::connection::page::unindexed_eq;
use crate::schema::{
    chronologies, chronology_team, emergency_accesses, emergency_chronologies, family_members,
    invitation_practitioners, invitations,
};
use crate::{StoreError, Tx};

/// An invitation that gives access to a family, with the state of its chronology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvitationAccess {
    /// The invitation of the caller's agency.
    pub invitation: InvitationFacts,
    /// The state of its chronology.
    pub state: ChronologyState,
    /// When the chronology expires.
    pub expires_at: Instant,
}

/// Selects the invitations of an agency to live, opened chronologies, from a query that joins
/// chronologies. A function cannot do it: generic over the joined tables, it would need a bound for
/// every clause.
macro_rules! invitations_through {
    ($from:expr, $partnership:expr, $agency:expr, $practitioner:expr, $now:expr) => {{
        let named = exists(
            invitation_practitioners::table
                .filter(invitation_practitioners::partnership_id.eq(Bind($partnership)))
                .filter(invitation_practitioners::practitioner_id.eq(Bind($practitioner)))
                .filter(invitation_practitioners::invitation_id.eq(invitations::id)),
        );
        $from
            .filter(unindexed_eq(invitations::partnership_id, $partnership))
            // Never by the index on the agency, which may be invited to every chronology.
            .filter(unindexed_eq(invitations::agency_id, $agency))
            .filter(unindexed_eq(chronologies::partnership_id, $partnership))
            .filter(chronologies::expires_at.gt(Bind($now)))
            .filter(chronologies::opened_at.is_not_null())
            .order(invitations::id)
            .select((
                invitations::state,
                named,
                chronologies::state,
                chronologies::expires_at,
            ))
    }};
}

type InvitationColumns = (InvitationState, bool, ChronologyState, Instant);

fn invitation_access(
    (state, named, chronology_state, expires_at): InvitationColumns,
) -> InvitationAccess {
    InvitationAccess {
        invitation: InvitationFacts { state, named },
        state: chronology_state,
        expires_at,
    }
}

/// The invitations that give a practitioner of an agency access to a family. Chronologies that are
/// not opened yet, and expired ones, do not count.
pub(crate) fn for_family(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    family: FamilyId,
    agency: AgencyId,
    practitioner: PractitionerId,
    now: Instant,
) -> Result<Vec<InvitationAccess>, StoreError> {
    let from = chronologies::table
        .inner_join(invitations::table.on(invitations::chronology_id.eq(chronologies::id)))
        .filter(chronologies::family_id.eq(Bind(family)));
    let query = invitations_through!(from, partnership, agency, practitioner, now);
    let found: Vec<InvitationColumns> = tx.run(|c| query.load(c))?;
    Ok(found.into_iter().map(invitation_access).collect())
}

/// As [`for_family`], for all families of a person. One query, so that the response time does not
/// reveal how many families there are.
pub(crate) fn for_person(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    person: PersonId,
    agency: AgencyId,
    practitioner: PractitionerId,
    now: Instant,
) -> Result<Vec<InvitationAccess>, StoreError> {
    let from = family_members::table
        .inner_join(chronologies::table.on(chronologies::family_id.eq(family_members::family_id)))
        .inner_join(invitations::table.on(invitations::chronology_id.eq(chronologies::id)))
        .filter(family_members::partnership_id.eq(Bind(partnership)))
        .filter(family_members::person_id.eq(Bind(person)));
    let query = invitations_through!(from, partnership, agency, practitioner, now);
    let found: Vec<InvitationColumns> = tx.run(|c| query.load(c))?;
    Ok(found.into_iter().map(invitation_access).collect())
}

/// A live chronology about a person, with a practitioner's relation to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct PersonChronologyRow {
    /// The chronology about the person.
    pub chronology: ChronologyId,
    /// The practitioner who owns the chronology.
    pub owner: PractitionerId,
    /// The owner's agency.
    pub owner_agency: AgencyId,
    /// The state of the chronology.
    pub state: ChronologyState,
    /// Whether the practitioner is on its team.
    pub on_team: bool,
    /// Whether the practitioner has an emergency access to it that has not ended.
    pub emergency: bool,
}

/// The live chronologies of a person's families, each with a practitioner's relation to it.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn chronologies_for_person(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    person: PersonId,
    practitioner: PractitionerId,
    now: Instant,
) -> Result<Vec<PersonChronologyRow>, StoreError> {
    let on_team = exists(
        chronology_team::table
            .filter(chronology_team::partnership_id.eq(Bind(partnership)))
            .filter(chronology_team::practitioner_id.eq(Bind(practitioner)))
            .filter(chronology_team::chronology_id.eq(chronologies::id)),
    );
    let emergency = exists(
        emergency_chronologies::table
            .inner_join(
                emergency_accesses::table
                    .on(emergency_accesses::id.eq(emergency_chronologies::access_id)),
            )
            .filter(emergency_chronologies::partnership_id.eq(Bind(partnership)))
            .filter(emergency_chronologies::chronology_id.eq(chronologies::id))
            .filter(emergency_chronologies::practitioner_id.eq(Bind(practitioner)))
            .filter(emergency_chronologies::ends_at.gt(Bind(now)))
            .filter(emergency_accesses::ends_at.gt(Bind(now)))
            .filter(emergency_accesses::ended_at.is_null()),
    );
    let query = family_members::table
        .inner_join(chronologies::table.on(chronologies::family_id.eq(family_members::family_id)))
        .filter(family_members::partnership_id.eq(Bind(partnership)))
        .filter(family_members::person_id.eq(Bind(person)))
        .filter(unindexed_eq(chronologies::partnership_id, partnership))
        .filter(chronologies::expires_at.gt(Bind(now)))
        .order(chronologies::id)
        .select((
            chronologies::id,
            chronologies::owner_id,
            chronologies::owner_agency_id,
            chronologies::state,
            on_team,
            emergency,
        ));
    tx.run(|c| query.load(c))
}
