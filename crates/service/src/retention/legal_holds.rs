//! Legal holds as the deletion of expired data sees them.

use domain::{ChronologyId, FamilyId, Instant, PartnershipId};
use kernel::ServiceResult;
use store::Tx;

/// Whether a legal hold retains a chronology, or the data about a family.
pub(crate) fn is_under_legal_hold(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: Option<ChronologyId>,
    family: FamilyId,
    now: Instant,
) -> ServiceResult<bool> {
    let people = store::families::members(tx, partnership, family)?;
    Ok(store::holds::is_held(
        tx,
        partnership,
        chronology,
        &people,
        now,
    )?)
}

/// Lists the expiries of expired data under a legal hold: of the held object itself, its fragments,
/// its family and its people. The epoch keys of these instants are retained.
pub(crate) fn list_held_expiries(tx: &mut Tx<'_>, now: Instant) -> ServiceResult<Vec<Instant>> {
    let mut expiries = Vec::new();
    for due in store::purge::due_chronologies_unlocked(tx, now)? {
        let Some(row) = store::purge::find_chronology(tx, due.partnership, due.id)? else {
            continue;
        };
        if is_under_legal_hold(tx, due.partnership, Some(row.id), row.family_id, now)? {
            expiries.push(due.expired_at);
            let fragments = store::purge::list_fragments(tx, due.partnership, due.id)?;
            expiries.extend(fragments.iter().map(|fragment| fragment.expires_at));
        }
    }
    for (partnership, chronology, family, expired_at) in
        store::purge::due_fragments_unlocked(tx, now)?
    {
        if is_under_legal_hold(tx, partnership, chronology, family, now)? {
            expiries.push(expired_at);
        }
    }
    for due in store::purge::due_families_unlocked(tx, now)? {
        if is_under_legal_hold(tx, due.partnership, None, due.id, now)? {
            expiries.push(due.expired_at);
        }
    }
    for due in store::purge::due_people_unlocked(tx, now)? {
        let families = store::people::families_of(tx, due.partnership, due.id)?;
        let family_holds = families
            .iter()
            .map(|family| is_under_legal_hold(tx, due.partnership, None, *family, now));
        let mut family_holds = family_holds
            .collect::<ServiceResult<Vec<bool>>>()?
            .into_iter();
        if family_holds.any(|held| held)
            || store::holds::is_held(tx, due.partnership, None, &[due.id], now)?
        {
            expiries.push(due.expired_at);
        }
    }
    Ok(expiries)
}
