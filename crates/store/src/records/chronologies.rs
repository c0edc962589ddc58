//! Chronologies: their owners, their states, and who may know that they exist.

mod listing;

pub use listing::page_for;

use diesel::dsl::exists;
use diesel::prelude::*;
use domain::{
    AgencyId, ChronologyId, ChronologyState, FamilyId, Instant, InvitationId, InvitationState,
    PartnershipId, PractitionerId, Purpose,
};

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::AnyConnection;
use crate::connection::statements::{insert_many, insert_one, require_one};
use crate::schema::chronologies::{self, dsl};
use crate::schema::{chronology_team, invitation_practitioners, invitations};
use crate::{Sealed, StoreError, Tx};

row! {
    /// One multi-agency chronology.
    ChronologyRow in chronologies {
        /// The chronology identifier.
        id: ChronologyId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The family it is about.
        family_id: FamilyId,
        /// The requesting social worker.
        owner_id: PractitionerId,
        /// The owner's agency.
        owner_agency_id: AgencyId,
        /// The purpose of the request.
        purpose: Purpose,
        /// The state in the workflow.
        state: ChronologyState,
        /// By when the agencies are to answer.
        due_at: Instant,
        /// When agencies were first invited; the lifetime is counted from here.
        opened_at: Option<Instant>,
        /// When it expires: from then on none of its content is served.
        expires_at: Instant,
        /// The wrapped data key of `sealed`.
        wrapped_key: Sealed,
        /// Lawful basis, whether the family was informed, reasons, look-back, the question asked.
        sealed: Sealed,
        /// The version, counted from 1.
        version: i64,
        /// When it was created.
        created_at: Instant,
        /// When the row was last changed.
        updated_at: Instant,
    }
}

row! {
    /// A colleague of the owner who may act on the chronology.
    TeamMemberRow in chronology_team {
        /// The chronology that the row belongs to.
        chronology_id: ChronologyId,
        /// The colleague on the team.
        practitioner_id: PractitionerId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
    }
}

/// A chronology with the facts that decide a practitioner's access to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChronologyFacts {
    /// The chronology, expired or not; its sealed content can be opened only until it expires.
    pub chronology: ChronologyRow,
    /// Whether the practitioner is on its team.
    pub on_team: bool,
    /// The agency's invitation, its state, and whether the practitioner is named on it.
    pub invitation: Option<(InvitationId, InvitationState, bool)>,
}

/// Prepares a chronology.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn insert(tx: &mut Tx<'_>, row: &ChronologyRow) -> Result<(), StoreError> {
    insert_one(tx, chronologies::table, row)
}

/// Writes a changed chronology over the version `expected`.
///
/// # Errors
/// [`StoreError::Stale`] when the row is at another version.
pub fn update(tx: &mut Tx<'_>, row: &ChronologyRow, expected: i64) -> Result<(), StoreError> {
    let target = dsl::chronologies
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::version.eq(expected));
    require_one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// The chronology `id`, unless it has expired.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ChronologyId,
    now: Instant,
) -> Result<Option<ChronologyRow>, StoreError> {
    let query = dsl::chronologies
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)))
        .filter(dsl::expires_at.gt(Bind(now)));
    tx.run(|c| {
        query
            .select(ChronologyRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// Serialises writers of one chronology, so that a decision still holds when the rows that depend
/// on it are written; returns whether the chronology exists. On PostgreSQL this rewrites the row
/// unchanged: a transaction that read the row before another one committed is then run again and
/// sees the other's changes. A plain row lock would not achieve that at this isolation level.
/// SQLite has a single writer and needs no lock.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn lock(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ChronologyId,
) -> Result<bool, StoreError> {
    let target = dsl::chronologies
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    let found = tx.run(|connection| match connection {
        AnyConnection::Postgresql(c) => diesel::update(target)
            .set(dsl::version.eq(dsl::version))
            .execute(c),
        AnyConnection::Sqlite(c) => target
            .count()
            .get_result::<i64>(c)
            .map(|rows| usize::try_from(rows).unwrap_or(0)),
    })?;
    Ok(found == 1)
}

/// A chronology, expired or not, with the facts that decide the access of a practitioner of an
/// agency.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn facts(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ChronologyId,
    agency: AgencyId,
    practitioner: PractitionerId,
) -> Result<Option<ChronologyFacts>, StoreError> {
    let on_team = exists(
        chronology_team::table
            .filter(chronology_team::partnership_id.eq(Bind(partnership)))
            .filter(chronology_team::practitioner_id.eq(Bind(practitioner)))
            .filter(chronology_team::chronology_id.eq(chronologies::id)),
    );
    let query = dsl::chronologies
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)))
        .select((ChronologyRow::as_select(), on_team));
    let found = tx.run(|c| query.get_result(c).optional())?;
    // Queried even without a chronology, so that the response time does not reveal whether it
    // exists.
    let invitation = invitation_facts(tx, partnership, id, agency, practitioner)?;
    Ok(found.map(|(chronology, on_team)| ChronologyFacts {
        chronology,
        on_team,
        invitation,
    }))
}

fn invitation_facts(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ChronologyId,
    agency: AgencyId,
    practitioner: PractitionerId,
) -> Result<Option<(InvitationId, InvitationState, bool)>, StoreError> {
    let named = exists(
        invitation_practitioners::table
            .filter(invitation_practitioners::partnership_id.eq(Bind(partnership)))
            .filter(invitation_practitioners::practitioner_id.eq(Bind(practitioner)))
            .filter(invitation_practitioners::invitation_id.eq(invitations::id)),
    );
    let query = invitations::table
        .filter(invitations::partnership_id.eq(Bind(partnership)))
        .filter(invitations::chronology_id.eq(Bind(id)))
        .filter(invitations::agency_id.eq(Bind(agency)))
        .select((invitations::id, invitations::state, named));
    tx.run(|c| query.get_result(c).optional())
}

/// The team members, by identifier.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn team(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ChronologyId,
) -> Result<Vec<PractitionerId>, StoreError> {
    let query = chronology_team::table
        .filter(chronology_team::partnership_id.eq(Bind(partnership)))
        .filter(chronology_team::chronology_id.eq(Bind(id)))
        .order(chronology_team::practitioner_id)
        .select(chronology_team::practitioner_id);
    tx.run(|c| query.load(c))
}

/// Replaces the team. Repeated members count once.
///
/// # Errors
/// [`StoreError::Stale`] when the partnership has no such chronology.
pub fn set_team(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ChronologyId,
    team: &[PractitionerId],
) -> Result<(), StoreError> {
    if !lock(tx, partnership, id)? {
        return Err(StoreError::Stale);
    }
    let old = chronology_team::table
        .filter(chronology_team::partnership_id.eq(Bind(partnership)))
        .filter(chronology_team::chronology_id.eq(Bind(id)));
    tx.run(|c| diesel::delete(old).execute(c))?;
    let distinct: std::collections::BTreeSet<PractitionerId> = team.iter().copied().collect();
    let rows: Vec<TeamMemberRow> = distinct
        .into_iter()
        .map(|practitioner_id| TeamMemberRow {
            chronology_id: id,
            practitioner_id,
            partnership_id: partnership,
        })
        .collect();
    insert_many(tx, chronology_team::table, &rows)
}

/// At most `limit` live chronologies of any partnership that are open after their due date, the
/// longest overdue first. For the worker that closes them to new submissions.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn past_due(
    tx: &mut Tx<'_>,
    now: Instant,
    limit: impl Into<i64>,
) -> Result<Vec<ChronologyRow>, StoreError> {
    let query = dsl::chronologies
        .filter(dsl::state.eq(Bind(ChronologyState::Open)))
        .filter(dsl::due_at.le(Bind(now)))
        .filter(dsl::expires_at.gt(Bind(now)))
        .order((dsl::due_at, dsl::id))
        .limit(limit.into());
    tx.run(|c| query.select(ChronologyRow::as_select()).load(c))
}
