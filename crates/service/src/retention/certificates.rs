//! Certificates for destroyed keys. Keys that are destroyed and not certified yet are found in the
//! commitments table, so that any node can finish the work of a process that died in between.

use std::collections::HashSet;

use domain::{DeletionCertificateId, Instant, PartnershipId};
use store::{CertificateRow, CommitmentRow, ManifestRow, Tx};
use uuid::Uuid;
use vault::certificate::{Certificate, CertifiedKey, CoverageTree, FORMAT, Hash, generate_seed};
use vault::{DestructionRecord, Epoch, KeyId};

use super::SystemAction;
use super::key_destruction::{build_manifest_row, expiring_in_epoch};
use crate::{Service, ServiceError, ServiceResult};

/// The number of manifest rows recorded in one transaction.
const MANIFEST_BATCH: usize = 500;
/// The most unsettled keys handled in one run; far more than one hour produces.
const BATCH_SIZE: i64 = 10_000;

impl Service {
    /// Completes every scheduled destruction that `wanted` selects: destroys the key and issues its
    /// certificate. An epoch key that a legal hold retains is left for a later run.
    ///
    /// # Errors
    /// The first error of a destruction; the others are still attempted.
    pub(crate) fn complete_destructions(
        &self,
        wanted: impl Fn(&CommitmentRow) -> bool,
    ) -> ServiceResult<()> {
        let now = self.now();
        let unsettled = self.0.db.read("keys.unsettled", |tx| {
            store::commitments::list_unsettled(tx, now, BATCH_SIZE)
        })?;
        let mut first_error = None;
        for row in unsettled.into_iter().filter(|row| wanted(row)) {
            if let Err(error) = self.complete_destruction(&row) {
                tracing::warn!(kind = row.kind, key = row.key_id, %error, "the destruction of a key could not be completed");
                first_error.get_or_insert(error);
            }
        }
        first_error.map_or(Ok(()), Err)
    }

    fn complete_destruction(&self, row: &CommitmentRow) -> ServiceResult<()> {
        let key = KeyId::parse(&row.kind, &row.key_id).ok_or(ServiceError::Internal(
            "a commitment row with an invalid key id",
        ))?;
        if let KeyId::Scope(scope) = key {
            self.vault()
                .destroy_scope(self.now(), vault::KeyScope(scope))?;
        }
        let Some(destruction) = self.vault().destruction(key)? else {
            return Ok(());
        };
        if destruction.probe_opens {
            tracing::error!(
                kind = row.kind,
                key = row.key_id,
                "a destroyed key can still be opened"
            );
            metrics::counter!("destroyed_keys_found_total").increment(1);
            return Err(ServiceError::Internal(
                "a destroyed key can still be opened",
            ));
        }
        if let KeyId::Epoch(epoch) = key {
            self.record_manifest_in_batches(row.partnership_id, epoch)?;
        }
        let certified = self.0.db.write("keys.certify", |tx| {
            self.certify_destruction(tx, row, key, &destruction)
        });
        match certified {
            // Another node completed it first.
            Err(ServiceError::Stale | ServiceError::Conflict(_)) => Ok(()),
            other => other,
        }
    }

    /// Records the manifest of an epoch's certificate in batches, so that other writers wait for
    /// one batch only. Rows added after this are recorded when the certificate is issued.
    fn record_manifest_in_batches(
        &self,
        partnership: PartnershipId,
        epoch: Epoch,
    ) -> ServiceResult<()> {
        let key = KeyId::Epoch(epoch);
        let missing = self.0.db.read("keys.missing_manifest", |tx| {
            let manifest = store::destruction_manifest::list_for_key(
                tx,
                partnership,
                key.kind().as_str(),
                &key.id(),
            )?;
            Self::missing_manifest_rows(tx, partnership, epoch, &manifest)
        })?;
        for batch in missing.chunks(MANIFEST_BATCH) {
            self.0.db.write("keys.record_manifest", |tx| {
                store::destruction_manifest::record(tx, batch)
            })?;
        }
        Ok(())
    }

    /// Finds the data of an epoch that is not in the recorded manifest.
    fn missing_manifest_rows(
        tx: &mut Tx<'_>,
        partnership: PartnershipId,
        epoch: Epoch,
        recorded: &[ManifestRow],
    ) -> ServiceResult<Vec<ManifestRow>> {
        let recorded: HashSet<(&str, Uuid)> = recorded
            .iter()
            .map(|row| (row.object_kind.as_str(), row.object_id))
            .collect();
        let expected =
            store::destruction_manifest::collect(tx, partnership, expiring_in_epoch(epoch))?;
        let missing = expected
            .iter()
            .filter(|entry| !recorded.contains(&(entry.object_kind, entry.object_id)));
        Ok(missing
            .map(|entry| build_manifest_row(partnership, KeyId::Epoch(epoch), entry))
            .collect())
    }

    fn certify_destruction(
        &self,
        tx: &mut Tx<'_>,
        row: &CommitmentRow,
        key: KeyId,
        destruction: &DestructionRecord,
    ) -> ServiceResult<()> {
        let now = self.now();
        let partnership = row.partnership_id;
        let mut manifest =
            store::destruction_manifest::list_for_key(tx, partnership, &row.kind, &row.key_id)?;
        if let KeyId::Epoch(epoch) = key {
            // Data that could not be deleted in time is covered too, because its key is gone.
            let missing = Self::missing_manifest_rows(tx, partnership, epoch, &manifest)?;
            if !missing.is_empty() {
                store::destruction_manifest::record(tx, &missing)?;
                manifest = store::destruction_manifest::list_for_key(
                    tx,
                    partnership,
                    &row.kind,
                    &row.key_id,
                )?;
            }
        }
        if manifest.is_empty() {
            return Ok(store::commitments::mark_settled(tx, row, None, now)?);
        }
        let id = row
            .certificate_id
            .unwrap_or_else(|| DeletionCertificateId::new(self.ids(), now));
        store::commitments::mark_settled(tx, row, Some(id), now)?;
        let certificate = self.sign_certificate(row, id, &manifest, destruction, now)?;
        store::certificates::insert(tx, &certificate)?;
        self.append_audit_record(
            tx,
            &self.build_key_audit_record(
                partnership,
                domain::SystemAction::KeyDestroy,
                Some(id),
                now,
            ),
        )?;
        metrics::counter!("deletion_certificates_total").increment(1);
        Ok(())
    }

    fn sign_certificate(
        &self,
        row: &CommitmentRow,
        id: DeletionCertificateId,
        manifest: &[ManifestRow],
        destruction: &DestructionRecord,
        now: Instant,
    ) -> ServiceResult<CertificateRow> {
        let seed = generate_seed()?;
        let key = self.0.signing_key.as_ref();
        let certificate = Certificate {
            certificate_id: id,
            commitment: Some(parse_hash(row.commitment.as_slice())?),
            covers: manifest_tree(&seed, manifest).covers(),
            destroyed_at: destruction.destroyed_at,
            destroyed_commitment: Hash(destruction.commitment),
            format: FORMAT.to_owned(),
            key: CertifiedKey {
                id: row.key_id.clone(),
                kind: row.kind.clone(),
                made_at: row.made_at,
            },
            node_id: self.0.node,
            partnership_id: row.partnership_id,
            probe_opens: destruction.probe_opens,
            probed_at: now.max(destruction.destroyed_at),
            published_at: Some(row.published_at),
        };
        let document = certificate.canonical_json()?;
        Ok(CertificateRow {
            id,
            partnership_id: row.partnership_id,
            kind: row.kind.clone(),
            key_id: row.key_id.clone(),
            issued_at: now,
            public_key: key.public_key().into(),
            signature: key.sign(&document).to_vec().into(),
            document: String::from_utf8(document)
                .map_err(|_| ServiceError::Internal("a certificate is not UTF-8"))?,
            seed: seed.into(),
        })
    }

    /// Builds the audit record of the service's own action on a key.
    pub(crate) fn build_key_audit_record(
        &self,
        partnership: PartnershipId,
        operation: domain::SystemAction,
        certificate: Option<DeletionCertificateId>,
        now: Instant,
    ) -> crate::AuditRecord {
        let kind = if certificate.is_some() {
            "certificate"
        } else {
            "key"
        };
        let id = certificate.map(|id| id.0);
        self.build_system_record(
            partnership,
            &SystemAction {
                operation: operation.as_str(),
                reason: "upkeep",
                kind,
                id,
                chronology: None,
            },
            now,
        )
    }
}

/// Builds the Merkle tree over the manifest of a certificate.
pub(crate) fn manifest_tree(seed: &[u8], manifest: &[ManifestRow]) -> CoverageTree {
    CoverageTree::new(
        seed,
        manifest
            .iter()
            .map(|row| (row.object_kind.as_str(), row.object_id)),
    )
}

fn parse_hash(bytes: &[u8]) -> ServiceResult<Hash> {
    bytes
        .try_into()
        .map(Hash)
        .map_err(|_| ServiceError::Internal("a commitment does not have 32 bytes"))
}
