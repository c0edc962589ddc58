//! Fragments: what agencies submit, correct, extend and withdraw.

mod ahead;
mod as_sent;
mod changing;
mod correcting;
mod entries;
mod findings;
mod going_back;
mod guarded;
mod histories;
mod reading;
mod receipts;
mod room;
mod submitting;
mod taking_in;

pub(crate) use guarded::{LaterMarkings, SealedVersion, raise_markings};
pub(crate) use histories::VersionSeen;
pub(crate) use reading::whole;

use domain::{Actor, ChronologyId, Denial, EntryId, Facts, FragmentId, Instant, Operation, Permit, Sensitive, decide};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, FragmentRow};
use vault::{KeyScope, Place, Terms};

use crate::chronologies::facts_of;
use crate::emergency::settle;
use crate::sealing::until;
use crate::session::{Scene, Trail};
use crate::{Answer, Involvement, Service, ServiceError, SharingDecision};

/// What a fragment version's sealed column holds besides its entries.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FragmentDetails {
    pub(crate) agency_reference: Option<String>,
    pub(crate) sharing: SharingDecision,
    pub(crate) involvement: Option<Involvement>,
    pub(crate) correction_reason: Option<Sensitive<String>>,
}

/// A fragment that the caller was given leave to do something with.
pub(crate) struct Held {
    pub(crate) permit: Permit,
    pub(crate) row: FragmentRow,
    /// The chronology it belongs to; none for one sent ahead.
    chronology: Option<ChronologyRow>,
}

/// Where a fragment version's key and details stand.
pub(crate) fn version_place(id: FragmentId, version: i64) -> Place {
    Place { table: "fragment_versions", row: id.0, version }
}

/// Where one entry stands; it is sealed under its version's key.
pub(crate) fn entry_place(id: EntryId, version: i64) -> Place {
    Place { table: "entries", row: id.0, version }
}

/// A fragment's data keys live by its chronology's key and by the fragment's own, or by its own alone while it is ahead of
/// a chronology. One that a former version wrapped under the chronology's key alone stays so until its end is changed.
pub(crate) fn fragment_terms(row: &FragmentRow, expires_at: Instant) -> Terms {
    let own = KeyScope(row.id.0);
    let Some(chronology) = row.chronology_id else { return until(row.id, expires_at) };
    let object = row.wrapped_until.map(|_| own);
    Terms::Until { scope: KeyScope(chronology.0), object, expires_at }
}

/// The row with another end, and how far its keys have reached by it: a copy of the database from before an end that was
/// brought forward opens until that, unless the fragment's own key is destroyed.
pub(super) fn living_until(row: FragmentRow, expires_at: Instant) -> FragmentRow {
    let before = row.wrapped_until.unwrap_or(row.expires_at).max(row.expires_at);
    FragmentRow { expires_at, wrapped_until: Some(before.max(expires_at)), ..row }
}

pub(crate) fn trail(id: FragmentId) -> Trail {
    Trail::about("fragment", id)
}

impl Service {
    /// Asks for leave to do something with a fragment.
    pub(crate) fn admit_to_fragment(
        &self,
        scene: &mut Scene<'_, '_>,
        id: FragmentId,
        operation: Operation,
    ) -> Answer<Held> {
        let (actor, now) = (scene.actor().clone(), scene.now());
        let (partnership, agency, me) = (actor.partnership, actor.agency, actor.practitioner);
        let row = store::fragments::find(scene.tx, partnership, id)?;
        // Of one that is not there as much is asked as of another's.
        let of = row.as_ref().and_then(|row| row.chronology_id).unwrap_or(ChronologyId(id.0));
        let found = store::chronologies::facts(scene.tx, partnership, of, agency, me)?;
        let origin = store::origins::find(scene.tx, partnership, id)?;
        let facts = match (&row, &found) {
            (None, _) => Facts::default(),
            (Some(row), Some(found)) => facts_for(&actor, operation, (row, origin.is_some()), found, now),
            (Some(row), None) if row.chronology_id.is_none() => {
                Facts { owner: row.author_id == me, ..Facts::collection() }
            }
            (Some(_), None) => Facts::default(),
        };
        let facts = self.with_emergency(scene, operation, of, facts)?;
        let facts = match &row {
            None => facts,
            Some(row) => Facts {
                expired: facts.expired || row.expires_at <= now,
                own_agency: row.agency_id == agency,
                proxy: row.proxy_by_agency == Some(agency),
                ..facts
            },
        };
        let refused = scene.is_not_theirs(operation, &facts);
        let Some(row) = row.filter(|_| !refused) else {
            let facts = self.gone_facts(scene, id.0)?;
            scene.permit(operation, &facts)?;
            return Err(ServiceError::Expired);
        };
        let chronology = found.map(|found| found.chronology);
        if let Some(chronology) = &chronology {
            scene.trail.chronology = Some(chronology.id);
            scene.trail.purpose = Some(chronology.purpose);
        }
        let permit = scene.permit(operation, &facts)?;
        if let Some(chronology) = row.chronology_id.filter(|_| scene.writes) {
            store::chronologies::lock(scene.tx, actor.partnership, chronology)?;
        }
        scene.trail.expires_at = Some(row.expires_at);
        settle(scene, &permit);
        Ok(Held { permit, row, chronology })
    }
}

/// Facts about a fragment of a chronology. What its sender may not know to be taken in stays theirs to read, correct and
/// withdraw, as it was ahead; what the chronology's state rules out it rules out for them too.
fn facts_for(
    actor: &Actor,
    operation: Operation,
    (row, taken_in): (&FragmentRow, bool),
    found: &store::ChronologyFacts,
    now: Instant,
) -> Facts {
    use Operation as O;
    let facts = facts_of(found, actor, now);
    let reads = matches!(operation, O::FragmentRead | O::FragmentVersions | O::FragmentReaders);
    let writes = matches!(operation, O::FragmentCorrect | O::FragmentWithdraw | O::FragmentExtend);
    let theirs = taken_in && row.agency_id == actor.agency;
    if !(reads || writes) || !theirs || !is_unseen(actor, &facts) {
        return facts;
    }
    let (state, owner) = (facts.state, row.author_id == actor.practitioner);
    Facts { expired: facts.expired, state, owner, ..Facts::collection() }
}

/// Whether a chronology that a fragment of the actor's agency was taken into is not the actor's to know of.
fn is_unseen(actor: &Actor, chronology: &Facts) -> bool {
    let facts = Facts { own_agency: true, ..chronology.clone() };
    decide(actor, Operation::FragmentRead, &facts) == Err(Denial::NotYours)
}
