//! Destroying keys: hours that are over, and scopes whose destruction was decided.

use domain::{ChronologyId, DeletionCertificateId, Instant, PartnershipId};
use store::{ChronologyRow, Covered, CoveredRow, Part, Tx};
use vault::{Epoch, KeyId, KeyScope};

use super::holding::held_expiries;
use crate::{Answer, Service};

impl Service {
    /// Destroys the keys of every hour that is over, but for those by which something under a legal hold lives, and of
    /// every scope whose destruction was decided; then certifies what is not certified yet, also what another process
    /// destroyed before it was killed. Says how many hours' keys were destroyed.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when database or keystore do not answer.
    pub fn destroy_keys(&self) -> Answer<u32> {
        let now = self.settle_time()?;
        let held = self.0.db.read("keys.held", |tx| held_expiries(tx, now))?;
        let destroyed = self.vault().destroy_epochs_over_except(now, &held);
        // One hour's failure keeps the others neither from destruction nor from their certificates.
        self.settle_destructions(|_| true)?;
        Ok(u32::try_from(destroyed?.len()).unwrap_or(u32::MAX))
    }

    /// Notes what the certificates of the hours by which a part lives are to cover.
    pub(crate) fn note_covered(
        &self,
        tx: &mut Tx<'_>,
        partnership: PartnershipId,
        part: Part,
        now: Instant,
    ) -> Answer<()> {
        for thing in store::covered::gather(tx, partnership, part)? {
            let key = KeyId::Epoch(Epoch::of(thing.expires_at));
            self.publish_key(tx, partnership, key, now)?;
            store::covered::note(tx, &[covered_row(partnership, key, &thing)])?;
        }
        Ok(())
    }

    /// Decides that the keys of a chronology, and of what was sent ahead and taken into it, are to be destroyed now, and
    /// notes what their certificates are to cover.
    pub(super) fn decide_scopes(
        &self,
        tx: &mut Tx<'_>,
        row: &ChronologyRow,
        scopes: &[KeyScope],
        now: Instant,
    ) -> Answer<()> {
        let partnership = row.partnership_id;
        let things = store::covered::gather(tx, partnership, Part::Chronology(row.id))?;
        for scope in scopes {
            let key = KeyId::from(*scope);
            // A fragment that was submitted where it was never had a key of its own: there is nothing to certify.
            if self.vault().record(key)?.is_none() {
                continue;
            }
            self.publish_key(tx, partnership, key, now)?;
            let under = things.iter().filter(|thing| ChronologyId(scope.0) == row.id || thing.object_id == scope.0);
            let rows: Vec<CoveredRow> = under.map(|thing| covered_row(partnership, key, thing)).collect();
            store::covered::note(tx, &rows)?;
            let certificate = DeletionCertificateId::new(self.ids(), now);
            store::commitments::decide(tx, partnership, (key.kind().as_str(), &key.id()), certificate, now)?;
        }
        Ok(())
    }
}

/// One thing under one key.
pub(super) fn covered_row(partnership: PartnershipId, key: KeyId, thing: &Covered) -> CoveredRow {
    CoveredRow {
        partnership_id: partnership,
        kind: key.kind().as_str().to_owned(),
        key_id: key.id(),
        object_kind: thing.object_kind.to_owned(),
        object_id: thing.object_id,
        agency_id: thing.agency_id,
        runs_agency_id: thing.runs_agency_id,
        owner_id: thing.owner_id,
    }
}

/// The part of a partnership's data that lives by an hour's key.
pub(super) fn part_of(epoch: Epoch) -> Part {
    Part::Ending(epoch.starts_after(), epoch.over_at())
}
