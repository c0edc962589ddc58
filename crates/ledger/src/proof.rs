//! Inclusion and consistency proofs of RFC 6962 (sections 2.1.1 and 2.1.2), built from the roots of
//! perfect subtrees.

use crate::hash::{Hash, node_hash};

/// Source of the roots of perfect subtrees, such as a table of stored hashes.
pub trait SubtreeSource {
    /// The error of a look-up.
    type Error;

    /// The root of the perfect subtree of `2^height` leaves with the index `index` among the
    /// subtrees of its height. Called only for complete subtrees.
    ///
    /// # Errors
    /// `Self::Error` when the source cannot provide the root.
    fn subtree(&mut self, height: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// A tree in memory, as the hashes of its leaves. For small trees and tests.
#[derive(Debug, Clone)]
pub struct InMemoryTree(pub Vec<Hash>);

impl SubtreeSource for InMemoryTree {
    type Error = std::convert::Infallible;

    fn subtree(&mut self, height: u32, index: u64) -> Result<Hash, Self::Error> {
        if height == 0 {
            let leaf = usize::try_from(index)
                .ok()
                .and_then(|index| self.0.get(index));
            return Ok(leaf.copied().unwrap_or_else(Hash::empty_tree));
        }
        Ok(node_hash(
            self.subtree(height - 1, 2 * index)?,
            self.subtree(height - 1, 2 * index + 1)?,
        ))
    }
}

/// The largest power of two smaller than `size`, which must be more than 1.
const fn split_point(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// The root over the leaves `[start, end)`.
fn range_root<S: SubtreeSource>(source: &mut S, start: u64, end: u64) -> Result<Hash, S::Error> {
    let size = end - start;
    if size.is_power_of_two() && start.is_multiple_of(size) {
        return source.subtree(size.trailing_zeros(), start / size);
    }
    if size == 0 {
        return Ok(Hash::empty_tree());
    }
    let middle = start + split_point(size);
    Ok(node_hash(
        range_root(source, start, middle)?,
        range_root(source, middle, end)?,
    ))
}

/// The root of the tree as it was at `size` leaves.
///
/// # Errors
/// The error of the source when it cannot provide a subtree.
pub fn tree_root<S: SubtreeSource>(source: &mut S, size: u64) -> Result<Hash, S::Error> {
    range_root(source, 0, size)
}

/// The inclusion proof (audit path) of the leaf at `index` in the tree of `size` leaves; empty when
/// there is no such leaf.
///
/// # Errors
/// The error of the source when it cannot provide a subtree.
pub fn inclusion_proof<S: SubtreeSource>(
    source: &mut S,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, S::Error> {
    let mut path = Vec::new();
    let mut start = 0;
    let mut end = size;
    while index < size && end - start > 1 {
        let middle = start + split_point(end - start);
        if index < middle {
            path.push(range_root(source, middle, end)?);
            end = middle;
        } else {
            path.push(range_root(source, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The consistency proof that the tree of `new` leaves begins with the tree of `old` leaves; empty
/// when `old` is 0 or not smaller than `new`.
///
/// # Errors
/// The error of the source when it cannot provide a subtree.
pub fn consistency_proof<S: SubtreeSource>(
    source: &mut S,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, S::Error> {
    let mut proof = Vec::new();
    if old == 0 || old >= new {
        return Ok(proof);
    }
    let mut start = 0;
    let mut end = new;
    // Whether the range still starts at the first leaf, so that its root is the old root, which the
    // verifier knows.
    let mut is_old_tree = true;
    while old != end {
        let middle = start + split_point(end - start);
        if old <= middle {
            proof.push(range_root(source, middle, end)?);
            end = middle;
        } else {
            proof.push(range_root(source, start, middle)?);
            start = middle;
            is_old_tree = false;
        }
    }
    if !is_old_tree {
        proof.push(range_root(source, start, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `proof` proves that `leaf` is at `index` in the tree of `size` leaves with the root
/// `root`.
#[must_use]
pub fn verify_inclusion(index: u64, size: u64, leaf: Hash, proof: &[Hash], root: Hash) -> bool {
    if index >= size {
        return false;
    }
    let mut position = index;
    let mut last = size - 1;
    let mut hash = leaf;
    let mut path = proof.iter();
    while last > 0 {
        if !position.is_multiple_of(2) || position == last {
            let Some(left) = path.next() else {
                return false;
            };
            hash = node_hash(*left, hash);
            while position.is_multiple_of(2) && position != 0 {
                (position, last) = (position / 2, last / 2);
            }
        } else {
            let Some(right) = path.next() else {
                return false;
            };
            hash = node_hash(hash, *right);
        }
        (position, last) = (position / 2, last / 2);
    }
    path.next().is_none() && hash == root
}

/// Whether `proof` proves that the tree of `new` leaves with the root `new_root` begins with the
/// tree of `old` leaves with the root `old_root`. Every tree begins with the empty tree.
#[must_use]
pub fn verify_consistency(
    old: u64,
    old_root: Hash,
    new: u64,
    new_root: Hash,
    proof: &[Hash],
) -> bool {
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return proof.is_empty() && old_root == Hash::empty_tree();
    }
    if old > new {
        return false;
    }
    let mut path = proof.iter().copied();
    let mut position = old - 1;
    let mut last = new - 1;
    while !position.is_multiple_of(2) {
        (position, last) = (position / 2, last / 2);
    }
    let first = if old.is_power_of_two() {
        Some(old_root)
    } else {
        path.next()
    };
    let Some(first) = first else { return false };
    let mut old_hash = first;
    let mut new_hash = first;
    while last > 0 {
        if !position.is_multiple_of(2) || position == last {
            let Some(left) = path.next() else {
                return false;
            };
            old_hash = node_hash(left, old_hash);
            new_hash = node_hash(left, new_hash);
            while position.is_multiple_of(2) && position != 0 {
                (position, last) = (position / 2, last / 2);
            }
        } else {
            let Some(right) = path.next() else {
                return false;
            };
            new_hash = node_hash(new_hash, right);
        }
        (position, last) = (position / 2, last / 2);
    }
    path.next().is_none() && old_hash == old_root && new_hash == new_root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Frontier, leaf_hash};

    const MAX_SIZE: u64 = 70;

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    fn frontier_of(leaves: &[Hash]) -> Frontier {
        let mut frontier = Frontier::default();
        leaves.iter().for_each(|leaf| frontier.push(*leaf));
        frontier
    }

    fn hex(text: &str) -> Hash {
        Hash::parse(text).unwrap()
    }

    /// The test vectors of the reference implementation of RFC 6962 (Certificate Transparency).
    #[test]
    fn roots_match_the_reference_implementation() {
        let data: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let leaves: Vec<Hash> = data.iter().map(|data| leaf_hash(data)).collect();
        let known = [
            (
                0,
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                1,
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            ),
            (
                2,
                "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            ),
            (
                3,
                "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            ),
            (
                8,
                "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
            ),
        ];
        for (size, expected) in known {
            assert_eq!(frontier_of(&leaves[..size]).root(), hex(expected), "{size}");
            assert_eq!(
                tree_root(&mut InMemoryTree(leaves.clone()), size as u64).unwrap(),
                hex(expected),
                "{size}"
            );
        }
    }

    #[test]
    fn frontier_and_whole_tree_agree_at_every_size() {
        let all = leaves(MAX_SIZE);
        for size in 0..=MAX_SIZE {
            let frontier = frontier_of(&all[..size as usize]);
            assert_eq!(
                frontier.root(),
                tree_root(&mut InMemoryTree(all.clone()), size).unwrap()
            );
            assert_eq!(
                Frontier::from_bytes(size, &frontier.to_bytes()),
                Some(frontier.clone())
            );
            assert_eq!(
                Frontier::from_bytes(size + 2, &frontier.to_bytes()).is_some(),
                (size + 2).count_ones() == size.count_ones()
            );
        }
    }

    #[test]
    fn inclusion_proofs_verify_only_for_their_leaf_index_and_tree() {
        let mut tree = InMemoryTree(leaves(MAX_SIZE));
        for size in 1..=MAX_SIZE {
            let top = tree_root(&mut tree, size).unwrap();
            for index in 0..size {
                let proof = inclusion_proof(&mut tree, index, size).unwrap();
                let leaf = tree.0[index as usize];
                assert!(
                    verify_inclusion(index, size, leaf, &proof, top),
                    "{index} of {size}"
                );
                assert!(!verify_inclusion(
                    index,
                    size,
                    leaf_hash(b"another"),
                    &proof,
                    top
                ));
                assert_eq!(verify_inclusion(index, size, leaf, &proof, leaf), size == 1);
                assert_eq!(
                    verify_inclusion((index + 1) % size, size, leaf, &proof, top),
                    size == 1
                );
                let longer = [&proof[..], &[top]].concat();
                assert!(!verify_inclusion(index, size, leaf, &longer, top));
                assert_eq!(
                    verify_inclusion(
                        index,
                        size,
                        leaf,
                        &proof[..proof.len().saturating_sub(1)],
                        top
                    ),
                    proof.is_empty()
                );
            }
        }
    }

    #[test]
    fn consistency_proofs_verify_only_for_their_trees() {
        let mut tree = InMemoryTree(leaves(MAX_SIZE));
        for new in 0..=MAX_SIZE {
            let new_root = tree_root(&mut tree, new).unwrap();
            for old in 0..=new {
                let old_root = tree_root(&mut tree, old).unwrap();
                let proof = consistency_proof(&mut tree, old, new).unwrap();
                assert!(
                    verify_consistency(old, old_root, new, new_root, &proof),
                    "{old} of {new}"
                );
                let wrong = leaf_hash(b"another tree");
                assert!(
                    !verify_consistency(old, wrong, new, new_root, &proof),
                    "{old} of {new}"
                );
                assert_eq!(
                    verify_consistency(old, old_root, new, wrong, &proof),
                    old == 0 && new != 0,
                    "{old} of {new}"
                );
                let longer = [&proof[..], &[wrong]].concat();
                assert!(!verify_consistency(old, old_root, new, new_root, &longer));
            }
        }
    }

    #[test]
    fn completed_subtrees_are_reported_with_their_index() {
        let all = leaves(MAX_SIZE);
        let mut frontier = Frontier::default();
        let mut reported = Vec::new();
        for leaf in &all {
            frontier.push_and_report(*leaf, |height, index, root| {
                reported.push((height, index, root))
            });
        }
        let mut tree = InMemoryTree(all);
        assert_eq!(
            reported.len() as u64,
            (0..7).map(|height| MAX_SIZE >> height).sum::<u64>()
        );
        for (height, index, root) in reported {
            assert_eq!(
                tree.subtree(height, index).unwrap(),
                root,
                "{height} {index}"
            );
        }
    }
}
