//! How somebody comes to a family or a person: through which invitation, and through which chronologies of their own.

use diesel::dsl::exists;
use diesel::prelude::*;
use domain::{
    AgencyId, ChronologyId, ChronologyState, FamilyId, Instant, InvitationFacts, InvitationState, PartnershipId,
    PersonId, PractitionerId,
};

use crate::page::within;
use crate::schema::{
    chronologies, chronology_team, emergency_accesses, emergency_chronologies, family_members,
    invitation_practitioners, invitations,
};
use crate::types::Bind;
use crate::{StoreError, Tx};

/// An invitation that leads to a family, with where its chronology stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The invitation.
    pub invitation: InvitationFacts,
    /// Where its chronology stands.
    pub state: ChronologyState,
    /// When that ends.
    pub expires_at: Instant,
}

/// The invitations of an agency to live chronologies that somebody has been asked about, from rows that lead to chronologies.
macro_rules! reached {
    ($from:expr, $partnership:expr, $agency:expr, $practitioner:expr, $now:expr) => {{
        let named = exists(
            invitation_practitioners::table
                .filter(invitation_practitioners::partnership_id.eq(Bind($partnership)))
                .filter(invitation_practitioners::practitioner_id.eq(Bind($practitioner)))
                .filter(invitation_practitioners::invitation_id.eq(invitations::id)),
        );
        $from
            .filter(within!(invitations::partnership_id, $partnership))
            // Not by its agency, which may be invited to every chronology there is.
            .filter(within!(invitations::agency_id, $agency))
            .filter(within!(chronologies::partnership_id, $partnership))
            .filter(chronologies::expires_at.gt(Bind($now)))
            .filter(chronologies::opened_at.is_not_null())
            .order(invitations::id)
            .select((invitations::state, named, chronologies::state, chronologies::expires_at))
    }};
}

type Reached = (InvitationState, bool, ChronologyState, Instant);

fn reach((state, named, of, expires_at): Reached) -> Reach {
    Reach { invitation: InvitationFacts { state, named }, state: of, expires_at }
}

/// The invitations by which a practitioner of an agency knows of a family. Chronologies in preparation invite nobody yet, and
/// those whose time is over no longer do.
pub(crate) fn to_family(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    family: FamilyId,
    agency: AgencyId,
    practitioner: PractitionerId,
    now: Instant,
) -> Result<Vec<Reach>, StoreError> {
    let from = chronologies::table
        .inner_join(invitations::table.on(invitations::chronology_id.eq(chronologies::id)))
        .filter(chronologies::family_id.eq(Bind(family)));
    let query = reached!(from, partnership, agency, practitioner, now);
    let found: Vec<Reached> = tx.run(|c| query.load(c))?;
    Ok(found.into_iter().map(reach).collect())
}

/// As [`to_family`], of any of the families that a person belongs to. One query: how many they are is not to be told from the
/// work.
pub(crate) fn to_person(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    person: PersonId,
    agency: AgencyId,
    practitioner: PractitionerId,
    now: Instant,
) -> Result<Vec<Reach>, StoreError> {
    let from = family_members::table
        .inner_join(chronologies::table.on(chronologies::family_id.eq(family_members::family_id)))
        .inner_join(invitations::table.on(invitations::chronology_id.eq(chronologies::id)))
        .filter(family_members::partnership_id.eq(Bind(partnership)))
        .filter(family_members::person_id.eq(Bind(person)));
    let query = reached!(from, partnership, agency, practitioner, now);
    let found: Vec<Reached> = tx.run(|c| query.load(c))?;
    Ok(found.into_iter().map(reach).collect())
}

/// A live chronology that is about a person, as somebody stands to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseRow {
    /// The chronology.
    pub chronology: ChronologyId,
    /// Who owns it.
    pub owner: PractitionerId,
    /// For which agency.
    pub owner_agency: AgencyId,
    /// Where it stands.
    pub state: ChronologyState,
    /// Whether they are on its team.
    pub on_team: bool,
    /// Whether they have an emergency access to it that has neither run out nor been ended.
    pub emergency: bool,
}

/// The live chronologies of the families that a person belongs to, as a practitioner stands to them.
///
/// # Errors
/// When the database fails.
pub fn cases_of_person(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    person: PersonId,
    practitioner: PractitionerId,
    now: Instant,
) -> Result<Vec<CaseRow>, StoreError> {
    let on_team = exists(
        chronology_team::table
            .filter(chronology_team::partnership_id.eq(Bind(partnership)))
            .filter(chronology_team::practitioner_id.eq(Bind(practitioner)))
            .filter(chronology_team::chronology_id.eq(chronologies::id)),
    );
    let emergency = exists(
        emergency_chronologies::table
            .inner_join(emergency_accesses::table.on(emergency_accesses::id.eq(emergency_chronologies::access_id)))
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
        .filter(within!(chronologies::partnership_id, partnership))
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
    type Found = (ChronologyId, PractitionerId, AgencyId, ChronologyState, bool, bool);
    let found: Vec<Found> = tx.run(|c| query.load(c))?;
    let case = |(chronology, owner, owner_agency, state, on_team, emergency)| CaseRow {
        chronology,
        owner,
        owner_agency,
        state,
        on_team,
        emergency,
    };
    Ok(found.into_iter().map(case).collect())
}
