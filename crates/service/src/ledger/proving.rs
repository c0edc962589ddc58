//! What anybody needs to verify the audit without us: where the tree stands, its hashes, and proofs.

use domain::{AuditId, Operation};
use ledger::{Hash, TILE_WIDTH, Tile, consistency_proof, inclusion_proof};
use store::audit_tree::StoredTree;
use store::{AuditHeadRow, Tx};

use crate::session::{Call, Scene, Trail};
use crate::{Answer, AuditCheckpointOut, AuditConsistencyOut, AuditProofOut, AuditTileOut, Service, ServiceError};

impl Service {
    /// Where the partnership's audit stands, signed.
    ///
    /// # Errors
    /// As every read; [`ServiceError::NotFound`] before the first record has its place.
    pub fn audit_checkpoint(&self, call: &Call) -> Answer<AuditCheckpointOut> {
        self.read(call, Operation::AuditCheckpointRead, Trail::of("audit_checkpoint"), |scene| {
            scene.permit_collection(Operation::AuditCheckpointRead)?;
            let head = head(scene)?;
            let key = &self.0.signing_key;
            Ok(AuditCheckpointOut {
                origin: self.0.ledger.origin(&scene.partnership.code),
                size: head.size,
                root: hash_of(head.root.as_slice())?.to_string(),
                signed_at: head.signed_at,
                note: head.checkpoint,
                public_key: Hash(key.public_key()).to_string(),
            })
        })
    }

    /// The proof that a record is in the tree as it stood at `size`; as it stands when none is given.
    ///
    /// # Errors
    /// As every read; [`ServiceError::NotFound`] when there is no such record, or it has no place yet;
    /// [`ServiceError::Invalid`] when the tree had not, or has not, so many.
    pub fn audit_proof(&self, call: &Call, id: AuditId, size: Option<i64>) -> Answer<AuditProofOut> {
        self.read(call, Operation::AuditProve, Trail::about("audit_record", id), |scene| {
            let permit = scene.permit_collection(Operation::AuditProve)?;
            let partnership = permit.partnership();
            let row = store::audit::find(scene.tx, partnership, id)?.ok_or(ServiceError::NotFound)?;
            let position = store::audit_tree::position(scene.tx, partnership, id)?.ok_or(ServiceError::NotFound)?;
            let head = head(scene)?;
            let size = size.unwrap_or(head.size);
            if size <= position || size > head.size {
                return Err(out_of_range("/query/size"));
            }
            let (at, of) = (unsigned(position)?, unsigned(size)?);
            let path = inclusion_proof(&mut StoredTree::new(scene.tx, partnership), at, of)?;
            let leaf = row.leaf()?;
            Ok(AuditProofOut {
                record_id: id,
                leaf: crate::ledger::base64(&leaf.to_bytes()),
                leaf_hash: leaf.hash().to_string(),
                position,
                size,
                path: path.iter().map(Hash::to_string).collect(),
            })
        })
    }

    /// The proof that the tree of `to` records begins with that of `from`.
    ///
    /// # Errors
    /// As every read; [`ServiceError::Invalid`] when the two are no sizes of the tree in their order.
    pub fn audit_consistency(&self, call: &Call, from: i64, to: i64) -> Answer<AuditConsistencyOut> {
        self.read(call, Operation::AuditCheckpointRead, Trail::of("audit_consistency"), |scene| {
            let permit = scene.permit_collection(Operation::AuditCheckpointRead)?;
            let head = head(scene)?;
            if to > head.size || to < from {
                return Err(out_of_range("/query/to"));
            }
            let (old, new) = (unsigned(from)?, unsigned(to)?);
            let path = consistency_proof(&mut StoredTree::new(scene.tx, permit.partnership()), old, new)?;
            Ok(AuditConsistencyOut { from, to, path: path.iter().map(Hash::to_string).collect() })
        })
    }

    /// One tile of the tree's hashes.
    ///
    /// # Errors
    /// As every read; [`ServiceError::NotFound`] when the tree has no such tile.
    pub fn audit_tile(&self, call: &Call, level: i64, index: i64) -> Answer<AuditTileOut> {
        self.read(call, Operation::AuditCheckpointRead, Trail::of("audit_tile"), |scene| {
            let permit = scene.permit_collection(Operation::AuditCheckpointRead)?;
            let hashes = tile(scene.tx, permit.partnership(), level, index)?;
            if hashes.is_empty() {
                return Err(ServiceError::NotFound);
            }
            Ok(AuditTileOut { level, index, hashes: hashes.iter().map(Hash::to_string).collect() })
        })
    }
}

fn tile(tx: &mut Tx<'_>, partnership: domain::PartnershipId, level: i64, index: i64) -> Answer<Vec<Hash>> {
    let width = i64::try_from(TILE_WIDTH).unwrap_or(i64::MAX);
    let Some(start) = index.checked_mul(width) else { return Ok(Vec::new()) };
    Ok(store::audit_tree::hashes(tx, partnership, level, start, width)?)
}

fn head(scene: &mut Scene<'_, '_>) -> Answer<AuditHeadRow> {
    let partnership = scene.actor().partnership;
    store::audit_tree::head(scene.tx, partnership)?.ok_or(ServiceError::NotFound)
}

fn out_of_range(pointer: &str) -> ServiceError {
    ServiceError::fault(pointer, "out_of_range", "a size of the tree, not before the record or the other size")
}

fn unsigned(number: i64) -> Answer<u64> {
    u64::try_from(number).map_err(|_| ServiceError::Internal("a negative size"))
}

fn hash_of(bytes: &[u8]) -> Answer<Hash> {
    bytes.try_into().map(Hash).map_err(|_| ServiceError::Internal("not a hash"))
}

impl Service {
    /// The files of a partnership's log in the layout of C2SP "tlog-tiles" (`checkpoint`, `tile/…`, `tile/entries/…`):
    /// path and bytes, one after another, to `write`. Says how many records there are.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when there is no such partnership or nothing in its log, [`ServiceError::Unavailable`] when
    /// the database fails; whatever `write` says.
    pub fn export_audit(&self, partnership: &str, write: &mut dyn FnMut(&str, &[u8]) -> Answer<()>) -> Answer<i64> {
        let partnership = self.partnership_named(partnership)?;
        self.0.db.read("audit.export", |tx| {
            let head = store::audit_tree::head(tx, partnership.id)?.ok_or(ServiceError::NotFound)?;
            write("checkpoint", head.checkpoint.as_bytes())?;
            let size = unsigned(head.size)?;
            for level in 0..8_u32 {
                let count = size >> (8 * level);
                for index in 0..count.div_ceil(TILE_WIDTH) {
                    let name = Tile { level, index, width: (count - index * TILE_WIDTH).min(TILE_WIDTH) };
                    let hashes = tile(tx, partnership.id, i64::from(level), i64::try_from(index).unwrap_or(i64::MAX))?;
                    let width = usize::try_from(name.width).unwrap_or(usize::MAX);
                    let bytes: Vec<u8> = hashes.iter().take(width).flat_map(|hash| hash.0).collect();
                    write(&format!("tile/{}", name.path()), &bytes)?;
                    if level == 0 {
                        let bundle = entries(tx, partnership.id, index, name.width)?;
                        let path = name.path().replacen("0/", "tile/entries/", 1);
                        write(&path, &bundle)?;
                    }
                }
            }
            Ok(head.size)
        })
    }
}

/// The leaves of a tile, each with its length in two bytes before it.
fn entries(tx: &mut Tx<'_>, partnership: domain::PartnershipId, index: u64, width: u64) -> Answer<Vec<u8>> {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let leaves = store::audit_tree::leaves(tx, partnership, number(index * TILE_WIDTH), number(width))?;
    let mut bundle = Vec::new();
    for (_, row) in leaves {
        let bytes = row.ok_or(ServiceError::Internal("a record is missing"))?.leaf()?.to_bytes();
        bundle.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
        bundle.extend_from_slice(&bytes);
    }
    Ok(bundle)
}
