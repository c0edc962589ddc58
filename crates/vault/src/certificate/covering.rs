//! What a destruction covered: a tree over salted identifiers, and proofs that one of them is in it.

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Covers, Hash};
use crate::VaultError;
use crate::seal::random_key;

/// A new secret seed for a tree.
///
/// # Errors
/// [`VaultError::Keystore`] when the system gives no random bytes.
pub fn new_seed() -> Result<[u8; 32], VaultError> {
    Ok(*random_key()?)
}

/// Leaves of the smallest tree.
pub const LEAST_LEAVES: usize = 16;

/// A tree over what one destruction covered. Salts and the leaves that stand for nothing come from one secret seed; all
/// leaves stand in the order of their hashes, so that places tell nothing.
pub struct Covering {
    seed: hmac::Key,
    /// Leaves first, the root last.
    levels: Vec<Vec<Hash>>,
}

/// That one object is among what a certificate covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// What it was: chronology, fragment, family, person or consolidation.
    #[schema(example = "fragment")]
    pub object_kind: String,
    /// Its identifier.
    #[schema(value_type = String, format = "uuid")]
    pub object_id: Uuid,
    /// Its leaf's place, from 0.
    #[schema(example = 5)]
    pub index: u32,
    /// Its leaf's salt.
    pub salt: Hash,
    /// The hashes beside the way from the leaf up to the root.
    #[schema(max_items = 32)]
    pub path: Vec<Hash>,
}

impl Covering {
    /// The tree over `objects`, each with its kind.
    #[must_use]
    pub fn new<'a>(seed: &[u8], objects: impl IntoIterator<Item = (&'a str, Uuid)>) -> Self {
        let seed = hmac::Key::new(hmac::HMAC_SHA256, seed);
        let mut leaves: Vec<Hash> =
            objects.into_iter().map(|(kind, id)| leaf(&salt(&seed, kind, id), kind, id)).collect();
        let wanted = leaves.len().max(LEAST_LEAVES).next_power_of_two();
        leaves.extend((leaves.len()..wanted).map(|place| filler(&seed, place)));
        leaves.sort_unstable();
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let above = below.chunks(2).map(|pair| match pair {
                [left, right] => node(left, right),
                _ => pair.first().copied().unwrap_or(Hash([0; 32])),
            });
            let above = above.collect();
            levels.push(above);
        }
        Self { seed, levels }
    }

    /// What the certificate says of it.
    #[must_use]
    pub fn covers(&self) -> Covers {
        let root = self.levels.last().and_then(|top| top.first()).copied().unwrap_or(Hash([0; 32]));
        let leaves = self.levels.first().map_or(0, Vec::len);
        Covers { leaves: u32::try_from(leaves).unwrap_or(u32::MAX), root }
    }

    /// The proof for one object; `None` when it is not in the tree.
    #[must_use]
    pub fn proof(&self, kind: &str, id: Uuid) -> Option<Proof> {
        let salt = salt(&self.seed, kind, id);
        let index = self.levels.first()?.binary_search(&leaf(&salt, kind, id)).ok()?;
        let below = self.levels.split_last()?.1;
        let path = below.iter().enumerate().map(|(height, level)| level.get((index >> height) ^ 1).copied());
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
    /// Whether it leads to the root of `covers`.
    #[must_use]
    pub fn holds(&self, covers: &Covers) -> bool {
        let height = u32::try_from(self.path.len()).unwrap_or(u32::MAX);
        if self.index >= covers.leaves || 1_u32.checked_shl(height) != Some(covers.leaves) {
            return false;
        }
        let start = leaf(&self.salt, &self.object_kind, self.object_id);
        let reached = self.path.iter().enumerate().fold(start, |at, (height, beside)| {
            if self.index >> height & 1 == 0 { node(&at, beside) } else { node(beside, &at) }
        });
        reached == covers.root
    }
}

fn salt(seed: &hmac::Key, kind: &str, id: Uuid) -> Hash {
    keyed(seed, &[b"salt", id.as_bytes(), kind.as_bytes()])
}

fn filler(seed: &hmac::Key, place: usize) -> Hash {
    keyed(seed, &[b"fill", &(place as u64).to_be_bytes()])
}

fn keyed(seed: &hmac::Key, parts: &[&[u8]]) -> Hash {
    let mut context = hmac::Context::with_key(seed);
    parts.iter().for_each(|part| context.update(part));
    taken(context.sign().as_ref())
}

/// RFC 6962, section 2.1: a leaf is hashed with 0 before it. What is hashed is salt, identifier and kind; the first two
/// have fixed lengths.
fn leaf(salt: &Hash, kind: &str, id: Uuid) -> Hash {
    hashed(&[&[0], &salt.0, id.as_bytes(), kind.as_bytes()])
}

/// RFC 6962, section 2.1: two hashes are joined with 1 before them.
fn node(left: &Hash, right: &Hash) -> Hash {
    hashed(&[&[1], &left.0, &right.0])
}

fn hashed(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    taken(context.finish().as_ref())
}

fn taken(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    Hash(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(count: u128) -> (Covering, Vec<Uuid>) {
        let ids: Vec<Uuid> = (1..=count).map(Uuid::from_u128).collect();
        (Covering::new(&[7; 32], ids.iter().map(|id| ("fragment", *id))), ids)
    }

    #[test]
    fn every_object_is_proved_and_nothing_else() {
        for count in [1, 2, 15, 16, 17, 100] {
            let (covering, ids) = tree(count);
            let covers = covering.covers();
            for id in ids {
                let proof = covering.proof("fragment", id).unwrap();
                assert!(proof.holds(&covers), "{count}");
                assert_eq!(covering.proof("chronology", id), None);
                let other = Proof { object_id: Uuid::from_u128(999), ..proof.clone() };
                let shorter = Proof { path: proof.path[1..].to_vec(), ..proof.clone() };
                let beside = Proof { index: proof.index ^ 1, ..proof.clone() };
                let beyond = Proof { index: proof.index + covers.leaves, ..proof };
                for wrong in [other, shorter, beside, beyond] {
                    assert!(!wrong.holds(&covers));
                }
            }
            assert_eq!(covering.proof("fragment", Uuid::from_u128(999)), None);
        }
    }

    #[test]
    fn how_many_there_are_does_not_show() {
        let leaves = |count| tree(count).0.covers().leaves;
        assert_eq!([1, 2, 16].map(leaves), [16; 3]);
        assert_eq!([17, 32].map(leaves), [32; 2]);
        assert_ne!(tree(1).0.covers().root, tree(2).0.covers().root);
    }

    #[test]
    fn another_seed_is_another_tree() {
        let id = Uuid::from_u128(1);
        let roots = [[1; 32], [2; 32]].map(|seed| Covering::new(&seed, [("person", id)]).covers().root);
        assert_ne!(roots[0], roots[1]);
    }
}
