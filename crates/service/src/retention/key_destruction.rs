//! Destruction of keys: epoch keys whose hour is over, and scope keys whose destruction was
//! scheduled.

use std::time::Duration;

use domain::{ChronologyId, DeletionCertificateId, Instant, PartnershipId};
use kernel::ServiceResult;
use store::{ChronologyRow, ManifestEntry, ManifestRow, ManifestScope, Tx};
use vault::{Epoch, KeyId, KeyScope};

use crate::retention::Retention;
use crate::retention::legal_holds::list_held_expiries;

impl Retention {
    /// Destroys the key of every epoch that is over, except those that protect data under a legal
    /// hold, and of every scope whose destruction was scheduled. Then certifies every destroyed key
    /// that is not certified yet, including those that another process destroyed before it died.
    /// Returns the number of epoch keys destroyed.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when the database or the keystore cannot be reached.
    pub fn destroy_keys(&self) -> ServiceResult<u32> {
        let now = self.kernel.refresh_agreed_time()?;
        let held_expiries = self
            .kernel
            .db()
            .read("keys.held", |tx| list_held_expiries(tx, now))?;
        let destroyed = self
            .kernel
            .vault()
            .destroy_expired_epochs_except(now, &held_expiries);
        // A failure for one epoch stops neither the destruction nor the certification of the
        // others.
        self.complete_destructions(|_| true)?;
        Ok(u32::try_from(destroyed?.len()).unwrap_or(u32::MAX))
    }

    /// Records the manifest for the certificates of the epoch keys that protect the objects in
    /// `scope`.
    pub(crate) fn record_manifest(
        &self,
        tx: &mut Tx<'_>,
        partnership: PartnershipId,
        scope: ManifestScope,
        now: Instant,
    ) -> ServiceResult<()> {
        for entry in store::destruction_manifest::collect(tx, partnership, scope)? {
            let key = KeyId::Epoch(Epoch::for_expiry(entry.expires_at));
            self.kernel.publish_key(tx, partnership, key, now)?;
            store::destruction_manifest::record(
                tx,
                &[build_manifest_row(partnership, key, &entry)],
            )?;
        }
        Ok(())
    }

    /// Schedules the destruction of the keys of a chronology and of the advance submissions
    /// attached to it, and records the manifests of their certificates.
    pub(super) fn schedule_scope_destruction(
        &self,
        tx: &mut Tx<'_>,
        row: &ChronologyRow,
        scopes: &[KeyScope],
        now: Instant,
    ) -> ServiceResult<()> {
        let partnership = row.partnership_id;
        let manifest = store::destruction_manifest::collect(
            tx,
            partnership,
            ManifestScope::Chronology(row.id),
        )?;
        for scope in scopes {
            let key = KeyId::from(*scope);
            // A fragment submitted directly to the chronology has no key of its own, so there is
            // nothing to certify.
            if self.kernel.vault().record(key)?.is_none() {
                continue;
            }
            self.kernel.publish_key(tx, partnership, key, now)?;
            let entries = manifest
                .iter()
                .filter(|entry| ChronologyId(scope.0) == row.id || entry.object_id == scope.0);
            let rows: Vec<ManifestRow> = entries
                .map(|entry| build_manifest_row(partnership, key, entry))
                .collect();
            store::destruction_manifest::record(tx, &rows)?;
            let certificate = DeletionCertificateId::new(self.kernel.ids(), now);
            store::commitments::schedule_destruction(
                tx,
                partnership,
                (key.kind().as_str(), &key.id()),
                certificate,
                now,
            )?;
        }
        Ok(())
    }

    /// Lists the epochs whose keys should have been destroyed at least `late` ago by the agreed
    /// time and still exist, except those under a legal hold.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when the database or the keystore cannot be reached.
    pub fn overdue_epochs(&self, late: Duration) -> ServiceResult<Vec<Epoch>> {
        let now = self.kernel.time_report()?.agreed;
        let held_expiries = self
            .kernel
            .db()
            .read("keys.held", |tx| list_held_expiries(tx, now))?;
        let held_epochs: Vec<Epoch> = held_expiries
            .iter()
            .map(|expires_at| Epoch::for_expiry(*expires_at))
            .collect();
        let living = self.kernel.vault().live_epochs()?.into_iter();
        Ok(living
            .filter(|epoch| now >= epoch.ends_at().plus(late) && !held_epochs.contains(epoch))
            .collect())
    }
}

/// Builds the manifest row for one object under one key.
pub(crate) fn build_manifest_row(
    partnership: PartnershipId,
    key: KeyId,
    entry: &ManifestEntry,
) -> ManifestRow {
    ManifestRow {
        partnership_id: partnership,
        kind: key.kind().as_str().to_owned(),
        key_id: key.id(),
        object_kind: entry.object_kind.to_owned(),
        object_id: entry.object_id,
        agency_id: entry.agency_id,
        runs_agency_id: entry.runs_agency_id,
        owner_id: entry.owner_id,
    }
}

/// Selects the data that an epoch key protects.
pub(crate) fn expiring_in_epoch(epoch: Epoch) -> ManifestScope {
    ManifestScope::Ending(epoch.starts_after(), epoch.ends_at())
}
