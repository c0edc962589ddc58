//! The verifiable audit log: encoding, hashing and proofs. No input, no output, no clock.
//!
//! Each audit record becomes a [`Leaf`]: identifiers, time, operation, outcome and the salted hash
//! of its personal data, in one canonical encoding. Leaves are hashed into a Merkle tree as
//! specified in RFC 6962 (section 2.1), so that one hash, the root, commits to every record up
//! to a position, and short proofs show that a record is in the tree and that a later tree only
//! appends to an earlier one. A [`Checkpoint`] states the size and root of a tree, signed, in the
//! text format of the C2SP specifications "tlog-checkpoint" and "signed-note"; hashes are served in
//! the tiles of "tlog-tiles". Agencies can therefore verify the log with independent tools.
//!
//! ```
//! use ledger::{Frontier, Hash, leaf_hash, verify_inclusion, inclusion_proof, InMemoryTree};
//!
//! let leaves: Vec<Hash> = (0..5_u8).map(|n| leaf_hash(&[n])).collect();
//! let mut frontier = Frontier::default();
//! leaves.iter().for_each(|leaf| frontier.push(*leaf));
//! let mut tree = InMemoryTree(leaves.clone());
//! let proof = inclusion_proof(&mut tree, 3, 5).unwrap();
//! assert!(verify_inclusion(3, 5, leaves[3], &proof, frontier.root()));
//! ```

mod checkpoint;
mod frontier;
mod hash;
mod journal;
mod leaf;
mod proof;
mod tile;

pub use checkpoint::{Checkpoint, CheckpointError, key_id};
pub use frontier::Frontier;
pub use hash::{Hash, leaf_hash, node_hash, payload_hash};
pub use journal::JournalLine;
pub use leaf::{Leaf, LeafError};
pub use proof::{
    InMemoryTree, SubtreeSource, consistency_proof, inclusion_proof, tree_root, verify_consistency,
    verify_inclusion,
};
pub use tile::{TILE_HEIGHT, TILE_WIDTH, Tile};
