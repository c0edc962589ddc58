//! The provable audit, as arithmetic: no input, no output, no clock.
//!
//! Each audit record becomes a [`Leaf`]: identifiers, time, operation, outcome and the salted hash of what it says of
//! people, in one canonical encoding. Leaves are hashed into a Merkle tree as RFC 6962 (section 2.1) lays down, so that
//! one hash, the root, speaks for every record up to a place, and short proofs show that a record is in the tree and
//! that a later tree only added to an earlier one. A [`Checkpoint`] states a tree's size and root, signed, in the text
//! format of the C2SP documents "tlog-checkpoint" and "signed-note"; hashes are served in the tiles of "tlog-tiles". So
//! anybody can verify with a tool that is not ours.
//!
//! ```
//! use ledger::{Frontier, Hash, leaf_hash, verify_inclusion, inclusion_proof, InMemory};
//!
//! let leaves: Vec<Hash> = (0..5_u8).map(|n| leaf_hash(&[n])).collect();
//! let mut frontier = Frontier::default();
//! leaves.iter().for_each(|leaf| frontier.push(*leaf));
//! let mut tree = InMemory(leaves.clone());
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
pub use journal::Line;
pub use leaf::{Leaf, LeafError};
pub use proof::{InMemory, Subtrees, consistency_proof, inclusion_proof, root, verify_consistency, verify_inclusion};
pub use tile::{TILE_HEIGHT, TILE_WIDTH, Tile};
