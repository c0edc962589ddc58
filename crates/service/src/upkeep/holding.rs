//! What legal holds keep from destruction.

use domain::{ChronologyId, FamilyId, Instant, PartnershipId};
use store::Tx;

use crate::Answer;

/// Whether a hold keeps a chronology, or what is kept about a family.
pub(super) fn held(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: Option<ChronologyId>,
    family: FamilyId,
    now: Instant,
) -> Answer<bool> {
    let people = store::families::members(tx, partnership, family)?;
    Ok(store::holds::active(tx, partnership, chronology, &people, now)?)
}

/// The expiries by which something under a legal hold lives: its own, its fragments', its family's and its people's.
pub(crate) fn held_expiries(tx: &mut Tx<'_>, now: Instant) -> Answer<Vec<Instant>> {
    let mut kept = Vec::new();
    for due in store::purge::due_chronologies_unlocked(tx, now)? {
        let Some(row) = store::purge::chronology(tx, due.partnership, due.id)? else { continue };
        if held(tx, due.partnership, Some(row.id), row.family_id, now)? {
            kept.push(due.expired_at);
            let fragments = store::purge::fragments_of(tx, due.partnership, due.id)?;
            kept.extend(fragments.iter().map(|fragment| fragment.expires_at));
        }
    }
    for (partnership, chronology, family, expired_at) in store::purge::due_fragments_unlocked(tx, now)? {
        if held(tx, partnership, chronology, family, now)? {
            kept.push(expired_at);
        }
    }
    for due in store::purge::due_families_unlocked(tx, now)? {
        if held(tx, due.partnership, None, due.id, now)? {
            kept.push(due.expired_at);
        }
    }
    for due in store::purge::due_people_unlocked(tx, now)? {
        let families = store::people::families_of(tx, due.partnership, due.id)?;
        let of_family = families.iter().map(|family| held(tx, due.partnership, None, *family, now));
        let mut of_family = of_family.collect::<Answer<Vec<bool>>>()?.into_iter();
        if of_family.any(|held| held) || store::holds::active(tx, due.partnership, None, &[due.id], now)? {
            kept.push(due.expired_at);
        }
    }
    Ok(kept)
}
