//! Certifying destroyed keys. What was destroyed and not certified yet is found in the table of commitments, so that a
//! process killed between the two is made up for by the next one, on any node.

use std::collections::HashSet;

use domain::{DeletionCertificateId, Instant, PartnershipId};
use store::{CertificateRow, CommitmentRow, CoveredRow, Tx};
use uuid::Uuid;
use vault::certificate::{Certificate, CertifiedKey, Covering, FORMAT, Hash, new_seed};
use vault::{Destruction, Epoch, KeyId};

use super::OwnDeed;
use super::keys::{covered_row, part_of};
use crate::{Answer, Service, ServiceError};

/// Things noted in one transaction.
const COVERED_AT_ONCE: usize = 500;
/// Keys looked at in one go; far more than an hour brings.
const AT_ONCE: i64 = 10_000;

impl Service {
    /// Finishes every destruction that was decided and that is `wanted`: the key destroyed, its certificate made. An hour
    /// that a legal hold keeps is left for later.
    pub(crate) fn settle_destructions(&self, wanted: impl Fn(&CommitmentRow) -> bool) -> Answer<()> {
        let now = self.now();
        let open = self.0.db.read("keys.unsettled", |tx| store::commitments::unsettled(tx, now, AT_ONCE))?;
        let mut first = None;
        for row in open.into_iter().filter(|row| wanted(row)) {
            if let Err(error) = self.settle_one(&row) {
                tracing::warn!(kind = row.kind, key = row.key_id, %error, "a destruction could not be certified");
                first.get_or_insert(error);
            }
        }
        first.map_or(Ok(()), Err)
    }

    fn settle_one(&self, row: &CommitmentRow) -> Answer<()> {
        let key = KeyId::parse(&row.kind, &row.key_id).ok_or(ServiceError::Internal("a key without a name"))?;
        if let KeyId::Scope(scope) = key {
            self.vault().destroy_scope(self.now(), vault::KeyScope(scope))?;
        }
        let Some(destruction) = self.vault().destruction(key)? else { return Ok(()) };
        if destruction.probe_opens {
            tracing::error!(kind = row.kind, key = row.key_id, "a destroyed key can still be had");
            metrics::counter!("destroyed_keys_found_total").increment(1);
            return Err(ServiceError::Internal("a destroyed key can still be had"));
        }
        if let KeyId::Epoch(epoch) = key {
            self.cover_in_parts(row.partnership_id, epoch)?;
        }
        let done = self.0.db.write("keys.certify", |tx| self.certify(tx, row, key, &destruction));
        match done {
            // Another node was quicker.
            Err(ServiceError::Stale | ServiceError::Conflict(_)) => Ok(()),
            other => other,
        }
    }

    /// Notes what an hour's certificate covers, some at a time: whoever waits to write meanwhile waits for some, however
    /// many there are. What is there that is not noted when the certificate is made is noted with it.
    fn cover_in_parts(&self, partnership: PartnershipId, epoch: Epoch) -> Answer<()> {
        let key = KeyId::Epoch(epoch);
        let missing = self.0.db.read("keys.uncovered", |tx| {
            let covered = store::covered::of_key(tx, partnership, key.kind().as_str(), &key.id())?;
            Self::not_covered(tx, partnership, epoch, &covered)
        })?;
        for some in missing.chunks(COVERED_AT_ONCE) {
            self.0.db.write("keys.cover", |tx| store::covered::note(tx, some))?;
        }
        Ok(())
    }

    /// What is there of an hour and is not among what is noted.
    fn not_covered(
        tx: &mut Tx<'_>,
        partnership: PartnershipId,
        epoch: Epoch,
        noted: &[CoveredRow],
    ) -> Answer<Vec<CoveredRow>> {
        let noted: HashSet<(&str, Uuid)> = noted.iter().map(|row| (row.object_kind.as_str(), row.object_id)).collect();
        let there = store::covered::gather(tx, partnership, part_of(epoch))?;
        let missing = there.iter().filter(|thing| !noted.contains(&(thing.object_kind, thing.object_id)));
        Ok(missing.map(|thing| covered_row(partnership, KeyId::Epoch(epoch), thing)).collect())
    }

    fn certify(&self, tx: &mut Tx<'_>, row: &CommitmentRow, key: KeyId, destruction: &Destruction) -> Answer<()> {
        let (now, partnership) = (self.now(), row.partnership_id);
        let mut covered = store::covered::of_key(tx, partnership, &row.kind, &row.key_id)?;
        if let KeyId::Epoch(epoch) = key {
            // What could not be deleted in time is covered too: its key is gone all the same.
            let missing = Self::not_covered(tx, partnership, epoch, &covered)?;
            if !missing.is_empty() {
                store::covered::note(tx, &missing)?;
                covered = store::covered::of_key(tx, partnership, &row.kind, &row.key_id)?;
            }
        }
        if covered.is_empty() {
            return Ok(store::commitments::settle(tx, row, None, now)?);
        }
        let id = row.certificate_id.unwrap_or_else(|| DeletionCertificateId::new(self.ids(), now));
        store::commitments::settle(tx, row, Some(id), now)?;
        let certificate = self.signed(row, id, &covered, destruction, now)?;
        store::certificates::insert(tx, &certificate)?;
        self.append(tx, &self.key_record(partnership, "key.destroy", Some(id), now))?;
        metrics::counter!("deletion_certificates_total").increment(1);
        Ok(())
    }

    fn signed(
        &self,
        row: &CommitmentRow,
        id: DeletionCertificateId,
        covered: &[CoveredRow],
        destruction: &Destruction,
        now: Instant,
    ) -> Answer<CertificateRow> {
        let seed = new_seed()?;
        let key = self.0.signing_key.as_ref();
        let certificate = Certificate {
            certificate_id: id,
            commitment: Some(hash_of(row.commitment.as_slice())?),
            covers: covering(&seed, covered).covers(),
            destroyed_at: destruction.destroyed_at,
            destroyed_commitment: Hash(destruction.commitment),
            format: FORMAT.to_owned(),
            key: CertifiedKey { id: row.key_id.clone(), kind: row.kind.clone(), made_at: row.made_at },
            node_id: self.0.node,
            partnership_id: row.partnership_id,
            probe_opens: destruction.probe_opens,
            probed_at: now.max(destruction.destroyed_at),
            published_at: Some(row.published_at),
        };
        let document = certificate.canonical()?;
        Ok(CertificateRow {
            id,
            partnership_id: row.partnership_id,
            kind: row.kind.clone(),
            key_id: row.key_id.clone(),
            issued_at: now,
            public_key: key.public_key().into(),
            signature: key.sign(&document).to_vec().into(),
            document: String::from_utf8(document).map_err(|_| ServiceError::Internal("a certificate is text"))?,
            seed: seed.into(),
        })
    }

    /// The service's own record about a key.
    pub(crate) fn key_record(
        &self,
        partnership: PartnershipId,
        operation: &str,
        certificate: Option<DeletionCertificateId>,
        now: Instant,
    ) -> crate::AuditRecord {
        let kind = if certificate.is_some() { "certificate" } else { "key" };
        let id = certificate.map(|id| id.0);
        self.own_record(partnership, &OwnDeed { operation, reason: "upkeep", kind, id, chronology: None }, now)
    }
}

/// The tree over what a certificate covers.
pub(crate) fn covering(seed: &[u8], covered: &[CoveredRow]) -> Covering {
    Covering::new(seed, covered.iter().map(|row| (row.object_kind.as_str(), row.object_id)))
}

fn hash_of(bytes: &[u8]) -> Answer<Hash> {
    bytes.try_into().map(Hash).map_err(|_| ServiceError::Internal("a commitment has 32 bytes"))
}
