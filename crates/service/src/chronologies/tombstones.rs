//! What is left after expiry, and who has read what.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use domain::{Actor, ChronologyId, ChronologyState, Facts, InvitationFacts, Operation, Permit};
use store::{TombstoneKind, TombstoneRow};
use uuid::Uuid;

use super::consolidations::hex;
use super::{facts_of, trail};
use crate::audit::reader_out;
use crate::session::{Call, Scene, Trail};
use crate::{Answer, Page, ReaderOut, Service, ServiceError, TombstoneAgency, TombstoneOut};

/// How many readers the owner is shown.
const READERS_SHOWN: i64 = 25;

impl Service {
    /// Facts about something of which only the tombstone is left: who was entitled to know of it. The same is asked of the
    /// database whatever is found, so that what is absent, and what was never the caller's, take the same work.
    pub(crate) fn gone_facts(&self, scene: &mut Scene<'_, '_>, id: Uuid) -> Answer<Facts> {
        let (actor, now) = (scene.actor().clone(), scene.now());
        let (partnership, agency, me) = (actor.partnership, actor.agency, actor.practitioner);
        let found = store::tombstones::find(scene.tx, partnership, id)?;
        let of = found.as_ref().and_then(|found| found.tombstone.chronology_id).unwrap_or(ChronologyId(id));
        let chronology = store::chronologies::facts(scene.tx, partnership, of, agency, me)?;
        let chronology_gone = store::tombstones::find(scene.tx, partnership, of.0)?;
        let Some(found) = found else { return Ok(Facts::default()) };
        let stone = &found.tombstone;
        if stone.kind != TombstoneKind::Fragment {
            return Ok(facts_of_gone(&found, &actor));
        }
        // A fragment's tombstone is for those who were entitled to know of the fragment: by its chronology, live or gone, or,
        // ahead of one, its author and agency.
        let of_chronology = match (stone.chronology_id, chronology, chronology_gone) {
            (None, ..) => Facts { owner: stone.owner_id == me, ..Facts::collection() },
            (Some(_), Some(live), _) => facts_of(&live, &actor, now),
            (Some(_), None, Some(gone)) => facts_of_gone(&gone, &actor),
            (Some(_), None, None) => Facts::default(),
        };
        Ok(Facts { expired: true, own_agency: stone.agency_id == actor.agency, ..of_chronology })
    }

    /// What is left of an expired chronology or fragment.
    ///
    /// # Errors
    /// As every read; [`ServiceError::NotFound`] to whoever was not entitled to know of it while it lived.
    pub fn tombstone(&self, call: &Call, id: Uuid) -> Answer<TombstoneOut> {
        self.read(call, Operation::TombstoneRead, Trail::about("tombstone", id), |scene| {
            let facts = self.gone_facts(scene, id)?;
            let found = store::tombstones::find(scene.tx, scene.session.actor.partnership, id)?;
            if found.as_ref().is_some_and(|found| found.tombstone.kind == TombstoneKind::Fragment) {
                was_readable(scene.permit(Operation::FragmentRead, &facts))?;
            }
            let permit = scene.permit(Operation::TombstoneRead, &facts)?;
            let found = found.ok_or(ServiceError::NotFound)?;
            let stone = found.tombstone;
            scene.trail.chronology = stone.chronology_id;
            let readers = match stone.chronology_id.filter(|_| permit.sees_all_agencies()) {
                Some(chronology) => Some(self.last_readers(scene, chronology)?),
                None => None,
            };
            let certificates = self.certificates_of(scene, id)?;
            let destruction = match stone.chronology_id.filter(|_| permit.sees_all_agencies()) {
                Some(chronology) => {
                    let order = store::deletion_orders::find(scene.tx, stone.partnership_id, chronology)?;
                    order.map(|order| self.destruction_out(scene, &order)).transpose()?
                }
                None => None,
            };
            let entry_count = entries_known_to(scene, &permit, &stone)?;
            let mine = |agency: &store::TombstoneAgencyRow| {
                permit.sees_all_agencies() || agency.agency_id == permit.actor().agency
            };
            let agencies = found.agencies.iter().filter(|agency| mine(agency));
            Ok(TombstoneOut {
                id: stone.id,
                kind: stone.kind.as_str().to_owned(),
                chronology_id: stone.chronology_id,
                agency_id: stone.agency_id,
                reason: stone.reason.as_str().to_owned(),
                created_at: stone.created_at,
                expired_at: stone.expired_at,
                deleted_at: stone.deleted_at,
                entry_count,
                content_hash: hex(stone.content_index.as_ref()),
                agencies: agencies
                    .map(|agency| TombstoneAgency { agency_id: agency.agency_id, state: agency.invitation_state })
                    .collect(),
                readers,
                certificates,
                destruction,
            })
        })
    }

    /// Who read the chronology's content, newest first: the last 25.
    ///
    /// # Errors
    /// As every read.
    pub fn readers(&self, call: &Call, id: ChronologyId) -> Answer<Page<ReaderOut>> {
        self.read(call, Operation::ReadersRead, trail(id), |scene| {
            self.admit(scene, id, Operation::ReadersRead)?;
            Ok(Page { items: self.last_readers(scene, id)?, next: None })
        })
    }
}

/// Who was entitled to know of a chronology that is gone.
fn facts_of_gone(found: &store::Tombstone, actor: &Actor) -> Facts {
    let stone = &found.tombstone;
    let named = found.practitioners.contains(&actor.practitioner);
    let own = found.agencies.iter().find(|agency| agency.agency_id == actor.agency);
    let agency_owns = stone.agency_id == actor.agency;
    Facts {
        in_partnership: true,
        expired: true,
        own_agency: own.is_some(),
        owner: stone.owner_id == actor.practitioner,
        agency_owns,
        on_team: agency_owns && named,
        state: Some(ChronologyState::Expired),
        invitation: own.map(|agency| InvitationFacts { state: agency.invitation_state, named }),
        ..Facts::default()
    }
}

/// A fragment's tombstone is shown to those who could read the fragment: to them, and only to them, it has expired.
fn was_readable(leave: Answer<Permit>) -> Answer<()> {
    match leave {
        Ok(_) | Err(ServiceError::Expired) => Ok(()),
        Err(other) => Err(other),
    }
}

/// How many entries there were: of all agencies to social care's side, of its own to another agency. Which of them were
/// criminal-offence data is known no more, so the total is not for those who could not see them all.
fn entries_known_to(scene: &mut Scene<'_, '_>, permit: &Permit, stone: &TombstoneRow) -> Answer<Option<i64>> {
    let actor = permit.actor();
    let own = stone.kind == TombstoneKind::Fragment && stone.agency_id == actor.agency;
    if own || permit.sees_all_agencies() {
        return Ok((own || actor.offence_data).then_some(stone.entry_count));
    }
    let fragments = store::tombstones::fragments_of(scene.tx, stone)?;
    let mine = fragments.iter().filter(|fragment| fragment.agency_id == actor.agency);
    Ok(Some(mine.map(|fragment| fragment.entry_count).sum()))
}

impl Service {
    fn last_readers(&self, scene: &mut Scene<'_, '_>, id: ChronologyId) -> Answer<Vec<ReaderOut>> {
        let partnership = scene.actor().partnership;
        let tokens = self.audit_tokens(partnership, "chronology", id.0)?;
        // A reader of several periods comes once for each.
        let most = READERS_SHOWN.saturating_mul(i64::try_from(tokens.len()).unwrap_or(i64::MAX));
        let rows = store::audit::readers(scene.tx, partnership, &tokens, most)?;
        let emergency = store::emergency::holders(scene.tx, partnership, id)?.into_iter().collect();
        let (me, offence_data) = (scene.me(), scene.actor().offence_data);
        let mut readers = Vec::new();
        let mut met = BTreeSet::new();
        for row in rows {
            let Some(mut reader) = reader_out(self.audit_record(row)?, &emergency) else { continue };
            // How many entries another was shown tells whoever was shown fewer that there are more.
            reader.entry_count = reader.entry_count.filter(|_| offence_data || reader.practitioner_id == me);
            if met.insert(reader.practitioner_id) {
                readers.push(reader);
            }
        }
        // Those of one instant by who they are, whatever the order of their tokens.
        readers.sort_by_key(|reader| (Reverse(reader.at), reader.practitioner_id));
        readers.truncate(usize::try_from(READERS_SHOWN).unwrap_or(usize::MAX));
        Ok(readers)
    }
}
