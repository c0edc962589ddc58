//! Use cases that give a client what it needs to verify the audit log independently: checkpoints,
//! hashes and proofs.

use contract::{AuditCheckpointOut, AuditConsistencyOut, AuditProofOut, AuditTileOut};
use domain::{AuditId, ObjectKind, Operation};
use kernel::{AuditContext, CallContext, ServiceError, ServiceResult, UnitOfWork};
use ledger::{Hash, TILE_WIDTH, Tile, consistency_proof, inclusion_proof};
use store::audit_tree::StoredTree;
use store::{AuditHeadRow, Tx};

use crate::audit::AuditLog;

impl AuditLog {
    /// Reads the signed checkpoint of the partnership's audit log.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors); [`ServiceError::NotFound`] before the first
    /// record has been sequenced.
    pub fn get_audit_checkpoint(&self, call: &CallContext) -> ServiceResult<AuditCheckpointOut> {
        self.kernel.read(
            call,
            Operation::AuditCheckpointRead,
            AuditContext::of(ObjectKind::AuditCheckpoint),
            |uow| {
                uow.authorize_collection(Operation::AuditCheckpointRead)?;
                let head = load_head(uow)?;
                let key = &self.kernel.signing_key();
                Ok(AuditCheckpointOut {
                    origin: self.kernel.audit_log_origin(&uow.partnership.code),
                    size: head.size,
                    root: parse_hash(head.root.as_slice())?.to_string(),
                    signed_at: head.signed_at,
                    note: head.checkpoint,
                    public_key: Hash(key.public_key()).to_string(),
                })
            },
        )
    }

    /// Builds the proof that a record is in the tree of `size` records; in the current tree when no
    /// size is given.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors); [`ServiceError::NotFound`] when there is no such
    /// record or it has not been sequenced yet; [`ServiceError::Invalid`] when `size` is greater
    /// than the current tree or does not include the record.
    pub fn get_audit_proof(
        &self,
        call: &CallContext,
        id: AuditId,
        size: Option<i64>,
    ) -> ServiceResult<AuditProofOut> {
        self.kernel.read(
            call,
            Operation::AuditProve,
            AuditContext::about(id),
            |uow| {
                let permit = uow.authorize_collection(Operation::AuditProve)?;
                let partnership = permit.partnership();
                let row =
                    store::audit::find(uow.tx, partnership, id)?.ok_or(ServiceError::NotFound)?;
                let position = store::audit_tree::position(uow.tx, partnership, id)?
                    .ok_or(ServiceError::NotFound)?;
                let head = load_head(uow)?;
                let size = size.unwrap_or(head.size);
                if size <= position || size > head.size {
                    return Err(out_of_range("/query/size"));
                }
                let at = to_u64(position)?;
                let of = to_u64(size)?;
                let path = inclusion_proof(&mut StoredTree::new(uow.tx, partnership), at, of)?;
                let leaf = row.leaf()?;
                Ok(AuditProofOut {
                    record_id: id,
                    leaf: kernel::encode_base64(&leaf.to_bytes()),
                    leaf_hash: leaf.hash().to_string(),
                    position,
                    size,
                    path: path.iter().map(Hash::to_string).collect(),
                })
            },
        )
    }

    /// Builds the proof that the tree of `to` records extends the tree of `from` records.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors); [`ServiceError::Invalid`] when `to` is greater
    /// than the current tree or less than `from`.
    pub fn get_audit_consistency_proof(
        &self,
        call: &CallContext,
        from: i64,
        to: i64,
    ) -> ServiceResult<AuditConsistencyOut> {
        self.kernel.read(
            call,
            Operation::AuditCheckpointRead,
            AuditContext::of(ObjectKind::AuditConsistency),
            |uow| {
                let permit = uow.authorize_collection(Operation::AuditCheckpointRead)?;
                let head = load_head(uow)?;
                if to > head.size || to < from {
                    return Err(out_of_range("/query/to"));
                }
                let old = to_u64(from)?;
                let new = to_u64(to)?;
                let path = consistency_proof(
                    &mut StoredTree::new(uow.tx, permit.partnership()),
                    old,
                    new,
                )?;
                Ok(AuditConsistencyOut {
                    from,
                    to,
                    path: path.iter().map(Hash::to_string).collect(),
                })
            },
        )
    }

    /// Reads one tile of the tree's hashes.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors); [`ServiceError::NotFound`] when the tree has no
    /// such tile.
    pub fn get_audit_tile(
        &self,
        call: &CallContext,
        level: i64,
        index: i64,
    ) -> ServiceResult<AuditTileOut> {
        self.kernel.read(
            call,
            Operation::AuditCheckpointRead,
            AuditContext::of(ObjectKind::AuditTile),
            |uow| {
                let permit = uow.authorize_collection(Operation::AuditCheckpointRead)?;
                let hashes = load_tile(uow.tx, permit.partnership(), level, index)?;
                if hashes.is_empty() {
                    return Err(ServiceError::NotFound);
                }
                Ok(AuditTileOut {
                    level,
                    index,
                    hashes: hashes.iter().map(Hash::to_string).collect(),
                })
            },
        )
    }
}

fn load_tile(
    tx: &mut Tx<'_>,
    partnership: domain::PartnershipId,
    level: i64,
    index: i64,
) -> ServiceResult<Vec<Hash>> {
    let width = i64::try_from(TILE_WIDTH).unwrap_or(i64::MAX);
    let Some(start) = index.checked_mul(width) else {
        return Ok(Vec::new());
    };
    Ok(store::audit_tree::hashes(
        tx,
        partnership,
        level,
        start,
        width,
    )?)
}

fn load_head(uow: &mut UnitOfWork<'_, '_>) -> ServiceResult<AuditHeadRow> {
    let partnership = uow.actor().partnership;
    store::audit_tree::head(uow.tx, partnership)?.ok_or(ServiceError::NotFound)
}

fn out_of_range(pointer: &str) -> ServiceError {
    ServiceError::invalid(
        pointer,
        "out_of_range",
        "must be a size of the current tree that is not before the record or the other size",
    )
}

fn to_u64(number: i64) -> ServiceResult<u64> {
    u64::try_from(number).map_err(|_| ServiceError::Internal("a negative size"))
}

fn parse_hash(bytes: &[u8]) -> ServiceResult<Hash> {
    bytes
        .try_into()
        .map(Hash)
        .map_err(|_| ServiceError::Internal("not a hash"))
}

impl AuditLog {
    /// Writes the files of a partnership's log in the layout of C2SP "tlog-tiles" (`checkpoint`,
    /// `tile/…`, `tile/entries/…`) by calling `write` with each path and content. Returns the
    /// number of records.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when there is no such partnership or its log is empty;
    /// [`ServiceError::Unavailable`] when the database cannot be reached; any error that `write`
    /// returns.
    pub fn export_audit(
        &self,
        partnership: &str,
        write: &mut dyn FnMut(&str, &[u8]) -> ServiceResult<()>,
    ) -> ServiceResult<i64> {
        let partnership = self.kernel.partnership_by_code(partnership)?;
        self.kernel.db().read("audit.export", |tx| {
            let head =
                store::audit_tree::head(tx, partnership.id)?.ok_or(ServiceError::NotFound)?;
            write("checkpoint", head.checkpoint.as_bytes())?;
            let size = to_u64(head.size)?;
            for level in 0..8_u32 {
                let count = size >> (8 * level);
                for index in 0..count.div_ceil(TILE_WIDTH) {
                    let name = Tile {
                        level,
                        index,
                        width: (count - index * TILE_WIDTH).min(TILE_WIDTH),
                    };
                    let hashes = load_tile(
                        tx,
                        partnership.id,
                        i64::from(level),
                        i64::try_from(index).unwrap_or(i64::MAX),
                    )?;
                    let width = usize::try_from(name.width).unwrap_or(usize::MAX);
                    let bytes: Vec<u8> =
                        hashes.iter().take(width).flat_map(|hash| hash.0).collect();
                    write(&format!("tile/{}", name.path()), &bytes)?;
                    if level == 0 {
                        let bundle = load_entry_bundle(tx, partnership.id, index, name.width)?;
                        let path = name.path().replacen("0/", "tile/entries/", 1);
                        write(&path, &bundle)?;
                    }
                }
            }
            Ok(head.size)
        })
    }
}

/// Loads the leaves of a tile, each preceded by its length in two bytes.
fn load_entry_bundle(
    tx: &mut Tx<'_>,
    partnership: domain::PartnershipId,
    index: u64,
    width: u64,
) -> ServiceResult<Vec<u8>> {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let leaves =
        store::audit_tree::leaves(tx, partnership, number(index * TILE_WIDTH), number(width))?;
    let mut bundle = Vec::new();
    for (_, row) in leaves {
        let bytes = row
            .ok_or(ServiceError::Internal("a record is missing"))?
            .leaf()?
            .to_bytes();
        bundle.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
        bundle.extend_from_slice(&bytes);
    }
    Ok(bundle)
}
