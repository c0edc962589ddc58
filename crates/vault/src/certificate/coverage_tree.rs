//! The set of objects that a destruction covered: a Merkle tree over salted identifiers, with
//! inclusion proofs.

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Covers, Hash};
use crate::VaultError;
use crate::seal::random_key;

/// Generates the secret seed of a tree.
///
/// # Errors
/// [`VaultError::Keystore`] when the operating system returns no random bytes.
pub fn generate_seed() -> Result<[u8; 32], VaultError> {
    Ok(*random_key()?)
}

/// Number of leaves of the smallest tree.
pub const MIN_LEAVES: usize = 16;

/// Merkle tree over the objects that one destruction covered. Salts and filler leaves are derived
/// from one secret seed. The leaves are sorted by hash, so that positions reveal nothing.
pub struct CoverageTree {
    seed: hmac::Key,
    /// Levels of the tree, leaves first and root last.
    levels: Vec<Vec<Hash>>,
}

/// Proof that one object is among those a certificate covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Kind of the object: chronology, fragment, family, person or consolidation.
    #[schema(example = "fragment")]
    pub object_kind: String,
    /// Identifier of the object.
    #[schema(value_type = String, format = "uuid")]
    pub object_id: Uuid,
    /// Position of the object's leaf, from 0.
    #[schema(example = 5)]
    pub index: u32,
    /// Salt of the object's leaf.
    pub salt: Hash,
    /// Sibling hashes on the path from the leaf to the root.
    #[schema(max_items = 32)]
    pub path: Vec<Hash>,
}

impl CoverageTree {
    /// Builds the tree over `objects`, each given with its kind.
    #[must_use]
    pub fn new<'a>(seed: &[u8], objects: impl IntoIterator<Item = (&'a str, Uuid)>) -> Self {
        let seed = hmac::Key::new(hmac::HMAC_SHA256, seed);
        let mut leaves: Vec<Hash> = objects
            .into_iter()
            .map(|(kind, id)| leaf_hash(&leaf_salt(&seed, kind, id), kind, id))
            .collect();
        let leaf_count = leaves.len().max(MIN_LEAVES).next_power_of_two();
        leaves.extend((leaves.len()..leaf_count).map(|index| filler_leaf(&seed, index)));
        leaves.sort_unstable();
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let above = below.chunks(2).map(|pair| match pair {
                [left, right] => node_hash(left, right),
                _ => pair.first().copied().unwrap_or(Hash([0; 32])),
            });
            let above = above.collect();
            levels.push(above);
        }
        Self { seed, levels }
    }

    /// The summary that the certificate contains.
    #[must_use]
    pub fn covers(&self) -> Covers {
        let root = self
            .levels
            .last()
            .and_then(|top| top.first())
            .copied()
            .unwrap_or(Hash([0; 32]));
        let leaves = self.levels.first().map_or(0, Vec::len);
        Covers {
            leaves: u32::try_from(leaves).unwrap_or(u32::MAX),
            root,
        }
    }

    /// The proof for one object; `None` when the tree does not contain it.
    #[must_use]
    pub fn proof(&self, kind: &str, id: Uuid) -> Option<Proof> {
        let salt = leaf_salt(&self.seed, kind, id);
        let index = self
            .levels
            .first()?
            .binary_search(&leaf_hash(&salt, kind, id))
            .ok()?;
        let below = self.levels.split_last()?.1;
        let path = below
            .iter()
            .enumerate()
            .map(|(height, level)| level.get((index >> height) ^ 1).copied());
        Some(Proof {
            object_kind: kind.to_owned(),
            object_id: id,
            index: u32::try_from(index).ok()?,
            salt,
            path: path.collect::<Option<_>>()?,
        })
    }
}

impl Proof {
    /// Whether the proof leads to the root of `covers`.
    #[must_use]
    pub fn is_included_in(&self, covers: &Covers) -> bool {
        let height = u32::try_from(self.path.len()).unwrap_or(u32::MAX);
        if self.index >= covers.leaves || 1_u32.checked_shl(height) != Some(covers.leaves) {
            return false;
        }
        let start = leaf_hash(&self.salt, &self.object_kind, self.object_id);
        let root = self
            .path
            .iter()
            .enumerate()
            .fold(start, |at, (height, sibling)| {
                if self.index >> height & 1 == 0 {
                    node_hash(&at, sibling)
                } else {
                    node_hash(sibling, &at)
                }
            });
        root == covers.root
    }
}

fn leaf_salt(seed: &hmac::Key, kind: &str, id: Uuid) -> Hash {
    hmac_sha256(seed, &[b"salt", id.as_bytes(), kind.as_bytes()])
}

fn filler_leaf(seed: &hmac::Key, index: usize) -> Hash {
    hmac_sha256(seed, &[b"fill", &(index as u64).to_be_bytes()])
}

fn hmac_sha256(seed: &hmac::Key, parts: &[&[u8]]) -> Hash {
    let mut context = hmac::Context::with_key(seed);
    parts.iter().for_each(|part| context.update(part));
    to_hash(context.sign().as_ref())
}

/// Leaf hash after RFC 6962, section 2.1: prefix 0, then salt, identifier and kind. Salt and
/// identifier have fixed lengths.
fn leaf_hash(salt: &Hash, kind: &str, id: Uuid) -> Hash {
    sha256(&[&[0], &salt.0, id.as_bytes(), kind.as_bytes()])
}

/// Node hash after RFC 6962, section 2.1: prefix 1, then both child hashes.
fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], &left.0, &right.0])
}

fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    to_hash(context.finish().as_ref())
}

fn to_hash(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.iter_mut()
        .zip(bytes)
        .for_each(|(to, from)| *to = *from);
    Hash(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree_of(count: u128) -> (CoverageTree, Vec<Uuid>) {
        let ids: Vec<Uuid> = (1..=count).map(Uuid::from_u128).collect();
        (
            CoverageTree::new(&[7; 32], ids.iter().map(|id| ("fragment", *id))),
            ids,
        )
    }

    #[test]
    fn proofs_exist_only_for_covered_objects() {
        for count in [1, 2, 15, 16, 17, 100] {
            let (covering, ids) = tree_of(count);
            let covers = covering.covers();
            for id in ids {
                let proof = covering.proof("fragment", id).unwrap();
                assert!(proof.is_included_in(&covers), "{count}");
                assert_eq!(covering.proof("chronology", id), None);
                let other = Proof {
                    object_id: Uuid::from_u128(999),
                    ..proof.clone()
                };
                let shorter = Proof {
                    path: proof.path[1..].to_vec(),
                    ..proof.clone()
                };
                let sibling = Proof {
                    index: proof.index ^ 1,
                    ..proof.clone()
                };
                let beyond = Proof {
                    index: proof.index + covers.leaves,
                    ..proof
                };
                for wrong in [other, shorter, sibling, beyond] {
                    assert!(!wrong.is_included_in(&covers));
                }
            }
            assert_eq!(covering.proof("fragment", Uuid::from_u128(999)), None);
        }
    }

    #[test]
    fn leaf_count_hides_object_count() {
        let leaves = |count| tree_of(count).0.covers().leaves;
        assert_eq!([1, 2, 16].map(leaves), [16; 3]);
        assert_eq!([17, 32].map(leaves), [32; 2]);
        assert_ne!(tree_of(1).0.covers().root, tree_of(2).0.covers().root);
    }

    #[test]
    fn different_seeds_give_different_trees() {
        let id = Uuid::from_u128(1);
        let roots =
            [[1; 32], [2; 32]].map(|seed| CoverageTree::new(&seed, [("person", id)]).covers().root);
        assert_ne!(roots[0], roots[1]);
    }
}
