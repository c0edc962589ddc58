//! The list of chronologies that one reader may know of.

use diesel::prelude::*;
use diesel::sql_types::Bool;
use domain::{Actor, ChronologyId, Instant, Permit, Role};

use super::ChronologyRow;
use crate::connection::MultiBackend;
use crate::page::after;
use crate::schema::chronologies::{self, dsl};
use crate::schema::{chronology_team, invitation_practitioners, invitations};
use crate::types::Bind;
use crate::{Keyset, StoreError, Tx};

type Condition = Box<dyn BoxableExpression<chronologies::table, MultiBackend, SqlType = Bool>>;

/// At most `limit` live chronologies after a place that the holder of the permit may know of, oldest first. It is the
/// access policy's table turned into a condition: to own it, to manage or support the agency that owns it, to be on its
/// team, or, once agencies are asked, to contribute for an invited one.
///
/// # Errors
/// When the database fails.
pub fn page_for(
    tx: &mut Tx<'_>,
    permit: &Permit,
    now: Instant,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<ChronologyRow>, StoreError> {
    let Some(known) = known_to(permit.actor()) else { return Ok(Vec::new()) };
    let query = dsl::chronologies
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::expires_at.gt(Bind(now)))
        .filter(known)
        .into_boxed();
    let query = after!(query, after, dsl::created_at, dsl::id, ChronologyId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(ChronologyRow::as_select()).load(c))
}

/// What makes a chronology known to somebody; `None` when nothing can.
fn known_to(actor: &Actor) -> Option<Condition> {
    let conditions = [inside(actor), on_team(actor), contributing(actor)];
    conditions.into_iter().flatten().reduce(|either, or| Box::new(either.or(or)))
}

/// Social care's own: the owner, the managers and the support of the owner's agency.
fn inside(actor: &Actor) -> Option<Condition> {
    let owns = actor.is(Role::SocialWorker) || actor.is(Role::TeamManager);
    let runs = actor.is(Role::TeamManager) || actor.is(Role::BusinessSupport);
    let owned = || dsl::owner_id.eq(Bind(actor.practitioner));
    let owned_here = || dsl::owner_agency_id.eq(Bind(actor.agency));
    match (actor.social_care, owns, runs) {
        (true, true, true) => Some(Box::new(owned().or(owned_here()))),
        (true, true, false) => Some(Box::new(owned())),
        (true, false, true) => Some(Box::new(owned_here())),
        (false, _, _) | (true, false, false) => None,
    }
}

/// Colleagues named on the team.
fn on_team(actor: &Actor) -> Option<Condition> {
    let deals_with_families = actor.roles.iter().any(|role| *role != Role::Auditor);
    if !actor.social_care || !deals_with_families {
        return None;
    }
    let mine = chronology_team::table
        .filter(chronology_team::partnership_id.eq(Bind(actor.partnership)))
        .filter(chronology_team::practitioner_id.eq(Bind(actor.practitioner)))
        .select(chronology_team::chronology_id);
    Some(Box::new(dsl::id.eq_any(mine)))
}

/// Contributors: all of an invited agency's for its lead and its system, for others those on which they are named.
fn contributing(actor: &Actor) -> Option<Condition> {
    let asked = dsl::opened_at.is_not_null();
    let of_agency = invitations::table
        .filter(invitations::partnership_id.eq(Bind(actor.partnership)))
        .filter(invitations::agency_id.eq(Bind(actor.agency)));
    if actor.is(Role::SafeguardingLead) || actor.is(Role::SystemClient) {
        let all = of_agency.select(invitations::chronology_id);
        return Some(Box::new(asked.and(dsl::id.eq_any(all))));
    }
    if !actor.roles.iter().any(|role| *role != Role::Auditor) {
        return None;
    }
    let named = invitation_practitioners::table
        .filter(invitation_practitioners::partnership_id.eq(Bind(actor.partnership)))
        .filter(invitation_practitioners::practitioner_id.eq(Bind(actor.practitioner)))
        .select(invitation_practitioners::invitation_id);
    let mine = of_agency.filter(invitations::id.eq_any(named)).select(invitations::chronology_id);
    Some(Box::new(asked.and(dsl::id.eq_any(mine))))
}
