//! The list of chronologies that a practitioner may know of.

use std::collections::BTreeMap;

use diesel::prelude::*;
use domain::{AccessPermit, Actor, ChronologyId, Instant, Role};

use super::ChronologyRow;
use crate::columns::Bind;
use crate::connection::MultiBackend;
use crate::connection::page::{rows_after, unindexed_eq};
use crate::schema::chronologies::{self, dsl};
use crate::schema::{chronology_team, invitation_practitioners, invitations};
use crate::{Keyset, StoreError, Tx};

type ChronologyQuery = chronologies::BoxedQuery<'static, MultiBackend>;

/// At most `limit` live chronologies after a cursor that the permit's holder may know of, oldest
/// first. One query for each ground of access in the access policy: owning the chronology, managing
/// or supporting the agency that owns it, being on its team, or, once agencies are invited,
/// contributing for an invited one. A single query with all of them as alternatives would read
/// every chronology of the partnership.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page_for(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    now: Instant,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<ChronologyRow>, StoreError> {
    let limit = limit.into();
    let mut visible = BTreeMap::new();
    for query in visible_to(permit.actor()) {
        let query = query.filter(dsl::expires_at.gt(Bind(now)));
        let query = rows_after(query, after, dsl::created_at, dsl::id, ChronologyId);
        let query = query.order((dsl::created_at, dsl::id)).limit(limit);
        let rows: Vec<ChronologyRow> =
            tx.run(|c| query.select(ChronologyRow::as_select()).load(c))?;
        visible.extend(rows.into_iter().map(|row| ((row.created_at, row.id), row)));
    }
    Ok(visible
        .into_values()
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .collect())
}

/// One query for each ground on which the actor may know of chronologies.
fn visible_to(actor: &Actor) -> Vec<ChronologyQuery> {
    [
        owned(actor),
        owned_by_agency(actor),
        on_team(actor),
        contributing(actor),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The chronologies of the actor's partnership, for queries that another condition makes selective.
fn in_partnership(actor: &Actor) -> ChronologyQuery {
    dsl::chronologies
        .filter(unindexed_eq(dsl::partnership_id, actor.partnership))
        .into_boxed()
}

/// Chronologies that the actor owns, in children's social care.
fn owned(actor: &Actor) -> Option<ChronologyQuery> {
    let may_own = actor.has_role(Role::SocialWorker) || actor.has_role(Role::TeamManager);
    (actor.social_care && may_own)
        .then(|| in_partnership(actor).filter(dsl::owner_id.eq(Bind(actor.practitioner))))
}

/// Chronologies that the actor's agency owns, for its managers and business support, in children's
/// social care.
fn owned_by_agency(actor: &Actor) -> Option<ChronologyQuery> {
    let oversees = actor.has_role(Role::TeamManager) || actor.has_role(Role::BusinessSupport);
    let of_agency = dsl::chronologies
        .filter(dsl::partnership_id.eq(Bind(actor.partnership)))
        .filter(dsl::owner_agency_id.eq(Bind(actor.agency)));
    (actor.social_care && oversees).then(|| of_agency.into_boxed())
}

/// Chronologies whose team names the actor.
fn on_team(actor: &Actor) -> Option<ChronologyQuery> {
    let works_with_families = actor.roles.iter().any(|role| *role != Role::Auditor);
    if !actor.social_care || !works_with_families {
        return None;
    }
    let own_teams = chronology_team::table
        .filter(unindexed_eq(
            chronology_team::partnership_id,
            actor.partnership,
        ))
        .filter(chronology_team::practitioner_id.eq(Bind(actor.practitioner)))
        .select(chronology_team::chronology_id);
    Some(in_partnership(actor).filter(dsl::id.eq_any(own_teams)))
}

/// Chronologies to which the actor's agency is invited: all of them for its safeguarding lead and
/// its system client, for other practitioners those that name them.
fn contributing(actor: &Actor) -> Option<ChronologyQuery> {
    let opened = in_partnership(actor).filter(dsl::opened_at.is_not_null());
    if actor.has_role(Role::SafeguardingLead) || actor.has_role(Role::SystemClient) {
        let all = invitations::table
            .filter(invitations::partnership_id.eq(Bind(actor.partnership)))
            .filter(invitations::agency_id.eq(Bind(actor.agency)))
            .select(invitations::chronology_id);
        return Some(opened.filter(dsl::id.eq_any(all)));
    }
    if !actor.roles.iter().any(|role| *role != Role::Auditor) {
        return None;
    }
    let named = invitation_practitioners::table
        .filter(unindexed_eq(
            invitation_practitioners::partnership_id,
            actor.partnership,
        ))
        .filter(invitation_practitioners::practitioner_id.eq(Bind(actor.practitioner)))
        .select(invitation_practitioners::invitation_id);
    let own_invitations = invitations::table
        .filter(unindexed_eq(invitations::partnership_id, actor.partnership))
        .filter(unindexed_eq(invitations::agency_id, actor.agency))
        .filter(invitations::id.eq_any(named))
        .select(invitations::chronology_id);
    Some(opened.filter(dsl::id.eq_any(own_invitations)))
}
