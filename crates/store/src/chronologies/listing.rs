//! The list of chronologies that one reader may know of.

use std::collections::BTreeMap;

use diesel::prelude::*;
use domain::{Actor, ChronologyId, Instant, Permit, Role};

use super::ChronologyRow;
use crate::connection::MultiBackend;
use crate::page::{after, within};
use crate::schema::chronologies::{self, dsl};
use crate::schema::{chronology_team, invitation_practitioners, invitations};
use crate::types::Bind;
use crate::{Keyset, StoreError, Tx};

type Rows = chronologies::BoxedQuery<'static, MultiBackend>;

/// At most `limit` live chronologies after a place that the holder of the permit may know of, oldest first. It is the
/// access policy's table turned into queries, one for each way to know of a chronology: to own it, to manage or support the
/// agency that owns it, to be on its team, or, once agencies are asked, to contribute for an invited one. One query with all
/// of them as alternatives would go through every chronology of the partnership.
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
    let limit = limit.into();
    let mut known = BTreeMap::new();
    for query in known_to(permit.actor()) {
        let query = query.filter(dsl::expires_at.gt(Bind(now)));
        let query = after!(query, after, dsl::created_at, dsl::id, ChronologyId);
        let query = query.order((dsl::created_at, dsl::id)).limit(limit);
        let rows: Vec<ChronologyRow> = tx.run(|c| query.select(ChronologyRow::as_select()).load(c))?;
        known.extend(rows.into_iter().map(|row| ((row.created_at, row.id), row)));
    }
    Ok(known.into_values().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
}

/// What makes chronologies known to somebody.
fn known_to(actor: &Actor) -> Vec<Rows> {
    [own(actor), of_own_agency(actor), on_team(actor), contributing(actor)].into_iter().flatten().collect()
}

/// Chronologies of a partnership that something else than the partnership leads to.
fn led_to(actor: &Actor) -> Rows {
    dsl::chronologies.filter(within!(dsl::partnership_id, actor.partnership)).into_boxed()
}

/// Social care's own: the owner's.
fn own(actor: &Actor) -> Option<Rows> {
    let owns = actor.is(Role::SocialWorker) || actor.is(Role::TeamManager);
    (actor.social_care && owns).then(|| led_to(actor).filter(dsl::owner_id.eq(Bind(actor.practitioner))))
}

/// Social care's own: those of the agency, for its managers and its support.
fn of_own_agency(actor: &Actor) -> Option<Rows> {
    let runs = actor.is(Role::TeamManager) || actor.is(Role::BusinessSupport);
    let here = dsl::chronologies
        .filter(dsl::partnership_id.eq(Bind(actor.partnership)))
        .filter(dsl::owner_agency_id.eq(Bind(actor.agency)));
    (actor.social_care && runs).then(|| here.into_boxed())
}

/// Colleagues named on the team.
fn on_team(actor: &Actor) -> Option<Rows> {
    let deals_with_families = actor.roles.iter().any(|role| *role != Role::Auditor);
    if !actor.social_care || !deals_with_families {
        return None;
    }
    let mine = chronology_team::table
        .filter(within!(chronology_team::partnership_id, actor.partnership))
        .filter(chronology_team::practitioner_id.eq(Bind(actor.practitioner)))
        .select(chronology_team::chronology_id);
    Some(led_to(actor).filter(dsl::id.eq_any(mine)))
}

/// Contributors: all of an invited agency's for its lead and its system, for others those on which they are named.
fn contributing(actor: &Actor) -> Option<Rows> {
    let asked = led_to(actor).filter(dsl::opened_at.is_not_null());
    if actor.is(Role::SafeguardingLead) || actor.is(Role::SystemClient) {
        let all = invitations::table
            .filter(invitations::partnership_id.eq(Bind(actor.partnership)))
            .filter(invitations::agency_id.eq(Bind(actor.agency)))
            .select(invitations::chronology_id);
        return Some(asked.filter(dsl::id.eq_any(all)));
    }
    if !actor.roles.iter().any(|role| *role != Role::Auditor) {
        return None;
    }
    let named = invitation_practitioners::table
        .filter(within!(invitation_practitioners::partnership_id, actor.partnership))
        .filter(invitation_practitioners::practitioner_id.eq(Bind(actor.practitioner)))
        .select(invitation_practitioners::invitation_id);
    let mine = invitations::table
        .filter(within!(invitations::partnership_id, actor.partnership))
        .filter(within!(invitations::agency_id, actor.agency))
        .filter(invitations::id.eq_any(named))
        .select(invitations::chronology_id);
    Some(asked.filter(dsl::id.eq_any(mine)))
}
