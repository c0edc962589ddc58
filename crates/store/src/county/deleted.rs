//! What is left of deleted chronologies: tombstones, orders, commitments and certificates.

use domain::{ChronologyId, InvitationState};
use uuid::Uuid;

use super::{ObjectKind, SyntheticCounty, id, noise, token};
use crate::{
    CertificateRow, CommitmentRow, DeletionOrderRow, ManifestRow, StoreError, TombstoneAgencyRow,
    TombstoneKind, TombstoneReason, TombstoneRow, Tx, certificates, commitments, deletion_orders,
    destruction_manifest, tombstones,
};

impl SyntheticCounty {
    /// A deleted chronology: its tombstone, deletion order, key commitment, destruction manifest
    /// and certificate.
    pub(super) fn insert_deleted(&self, tx: &mut Tx<'_>, number: u128) -> Result<(), StoreError> {
        let deleted = id(ObjectKind::Deleted, number);
        self.insert_tombstone(tx, deleted, number)?;
        self.insert_deletion_order(tx, deleted, number)?;
        self.insert_destroyed_key(tx, deleted, number)
    }

    fn insert_tombstone(
        &self,
        tx: &mut Tx<'_>,
        deleted: Uuid,
        number: u128,
    ) -> Result<(), StoreError> {
        let tombstone = TombstoneRow {
            id: deleted,
            kind: TombstoneKind::Chronology,
            partnership_id: self.partnership,
            chronology_id: Some(ChronologyId(deleted)),
            agency_id: self.agency(0),
            owner_id: self.practitioner(0, number),
            reason: TombstoneReason::Expired,
            created_at: self.before(400),
            expired_at: self.before(310),
            deleted_at: self.before(310),
            entry_count: 96,
            content_index: token(17, number),
        };
        let invited = TombstoneAgencyRow {
            tombstone_id: deleted,
            agency_id: self.agency(number + 1),
            partnership_id: self.partnership,
            invitation_state: InvitationState::Submitted,
        };
        tombstones::insert(
            tx,
            &tombstone,
            &[invited],
            &[self.practitioner(number + 1, number)],
        )
    }

    fn insert_deletion_order(
        &self,
        tx: &mut Tx<'_>,
        deleted: Uuid,
        number: u128,
    ) -> Result<(), StoreError> {
        let order = DeletionOrderRow {
            chronology_id: ChronologyId(deleted),
            partnership_id: self.partnership,
            reason: domain::DestructionReason::Closed,
            snapshot: domain::SnapshotKept::SignedOff,
            decided_by: self.practitioner(0, number),
            decided_at: self.before(310),
            words_until: Some(self.after(30)),
            wrapped_key: Some(noise(number, 60)),
            sealed: Some(noise(number, 60)),
            asked_by: None,
        };
        deletion_orders::insert(tx, &order)
    }

    /// The commitment to the key of a deleted chronology, the manifest of what the key protected
    /// and the certificate of its destruction.
    fn insert_destroyed_key(
        &self,
        tx: &mut Tx<'_>,
        deleted: Uuid,
        number: u128,
    ) -> Result<(), StoreError> {
        let kind = "scope".to_owned();
        let key_id = deleted.to_string();
        let certificate = domain::DeletionCertificateId(id(ObjectKind::Certificate, number));
        let commitment = CommitmentRow {
            partnership_id: self.partnership,
            kind: kind.clone(),
            key_id: key_id.clone(),
            commitment: token(18, number),
            made_at: self.before(400),
            published_at: self.before(400),
            due_at: Some(self.before(310)),
            certificate_id: Some(certificate),
            settled_at: Some(self.before(310)),
        };
        commitments::publish(tx, &commitment)?;
        let manifest: Vec<ManifestRow> = (0..3)
            .map(|index| ManifestRow {
                partnership_id: self.partnership,
                kind: kind.clone(),
                key_id: key_id.clone(),
                object_kind: if index == 0 { "chronology" } else { "fragment" }.to_owned(),
                object_id: id(ObjectKind::Deleted, number * 16 + index),
                agency_id: self.agency(number + index),
                runs_agency_id: Some(self.agency(0)),
                owner_id: self.practitioner(number + index, number),
            })
            .collect();
        destruction_manifest::record(tx, &manifest)?;
        let row = CertificateRow {
            id: certificate,
            partnership_id: self.partnership,
            kind,
            key_id,
            issued_at: self.before(310),
            document: "{}".to_owned(),
            public_key: token(19, 0),
            signature: token(20, number),
            seed: token(21, number),
        };
        certificates::insert(tx, &row)
    }
}
