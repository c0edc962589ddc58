//! Proofs of RFC 6962, sections 2.1.1 and 2.1.2: made from the roots of perfect subtrees, verified from nothing but hashes.

use crate::hash::{Hash, node_hash};

/// Where the roots of perfect subtrees come from.
pub trait Subtrees {
    /// What can go wrong in looking one up.
    type Error;

    /// The root of the perfect subtree of `2^height` leaves that is the `index`-th of its height. Asked only for
    /// subtrees that are complete.
    ///
    /// # Errors
    /// When it cannot be had.
    fn subtree(&mut self, height: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// A tree held as its leaves' hashes, for small trees and tests.
#[derive(Debug, Clone)]
pub struct InMemory(pub Vec<Hash>);

impl Subtrees for InMemory {
    type Error = std::convert::Infallible;

    fn subtree(&mut self, height: u32, index: u64) -> Result<Hash, Self::Error> {
        if height == 0 {
            let leaf = usize::try_from(index).ok().and_then(|index| self.0.get(index));
            return Ok(leaf.copied().unwrap_or_else(Hash::of_nothing));
        }
        Ok(node_hash(self.subtree(height - 1, 2 * index)?, self.subtree(height - 1, 2 * index + 1)?))
    }
}

/// The largest power of two below `size`, which must be more than 1.
const fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// The root over the leaves `[start, end)`.
fn range<S: Subtrees>(source: &mut S, start: u64, end: u64) -> Result<Hash, S::Error> {
    let size = end - start;
    if size.is_power_of_two() && start.is_multiple_of(size) {
        return source.subtree(size.trailing_zeros(), start / size);
    }
    if size == 0 {
        return Ok(Hash::of_nothing());
    }
    let middle = start + split(size);
    Ok(node_hash(range(source, start, middle)?, range(source, middle, end)?))
}

/// The root of the tree as it was at `size` leaves.
///
/// # Errors
/// When a subtree cannot be had.
pub fn root<S: Subtrees>(source: &mut S, size: u64) -> Result<Hash, S::Error> {
    range(source, 0, size)
}

/// The audit path of the leaf at `index` in the tree of `size` leaves; empty when there is no such leaf.
///
/// # Errors
/// When a subtree cannot be had.
pub fn inclusion_proof<S: Subtrees>(source: &mut S, index: u64, size: u64) -> Result<Vec<Hash>, S::Error> {
    let mut path = Vec::new();
    let (mut start, mut end) = (0, size);
    while index < size && end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range(source, middle, end)?);
            end = middle;
        } else {
            path.push(range(source, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `new` leaves begins with the tree of `old`; empty when `old` is 0, equal or larger.
///
/// # Errors
/// When a subtree cannot be had.
pub fn consistency_proof<S: Subtrees>(source: &mut S, old: u64, new: u64) -> Result<Vec<Hash>, S::Error> {
    let mut proof = Vec::new();
    if old == 0 || old >= new {
        return Ok(proof);
    }
    let (mut start, mut end, mut whole) = (0, new, true);
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(range(source, middle, end)?);
            end = middle;
        } else {
            proof.push(range(source, start, middle)?);
            (start, whole) = (middle, false);
        }
    }
    if !whole {
        proof.push(range(source, start, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `proof` shows that `leaf` is the one at `index` in the tree of `size` leaves whose root is `root`.
#[must_use]
pub fn verify_inclusion(index: u64, size: u64, leaf: Hash, proof: &[Hash], root: Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    let mut path = proof.iter();
    while last > 0 {
        if at % 2 == 1 || at == last {
            let Some(left) = path.next() else { return false };
            hash = node_hash(*left, hash);
            while at % 2 == 0 && at != 0 {
                (at, last) = (at / 2, last / 2);
            }
        } else {
            let Some(right) = path.next() else { return false };
            hash = node_hash(hash, *right);
        }
        (at, last) = (at / 2, last / 2);
    }
    path.next().is_none() && hash == root
}

/// Whether `proof` shows that the tree of `new` leaves with root `new_root` begins with the tree of `old` leaves with root
/// `old_root`. An empty tree begins every other.
#[must_use]
pub fn verify_consistency(old: u64, old_root: Hash, new: u64, new_root: Hash, proof: &[Hash]) -> bool {
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return proof.is_empty() && old_root == Hash::of_nothing();
    }
    if old > new {
        return false;
    }
    let mut path = proof.iter().copied();
    let (mut at, mut last) = (old - 1, new - 1);
    while at % 2 == 1 {
        (at, last) = (at / 2, last / 2);
    }
    let first = if old.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(first) = first else { return false };
    let (mut of_old, mut of_new) = (first, first);
    while last > 0 {
        if at % 2 == 1 || at == last {
            let Some(left) = path.next() else { return false };
            (of_old, of_new) = (node_hash(left, of_old), node_hash(left, of_new));
            while at % 2 == 0 && at != 0 {
                (at, last) = (at / 2, last / 2);
            }
        } else {
            let Some(right) = path.next() else { return false };
            of_new = node_hash(of_new, right);
        }
        (at, last) = (at / 2, last / 2);
    }
    path.next().is_none() && of_old == old_root && of_new == new_root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Frontier, leaf_hash};

    const MOST: u64 = 70;

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    fn grown(leaves: &[Hash]) -> Frontier {
        let mut frontier = Frontier::default();
        leaves.iter().for_each(|leaf| frontier.push(*leaf));
        frontier
    }

    fn hex(text: &str) -> Hash {
        Hash::parse(text).unwrap()
    }

    /// The leaves and roots of RFC 6962's reference implementation, as every log's tests use them.
    #[test]
    fn roots_are_those_everybody_computes() {
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
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ];
        for (size, expected) in known {
            assert_eq!(grown(&leaves[..size]).root(), hex(expected), "{size}");
            assert_eq!(root(&mut InMemory(leaves.clone()), size as u64).unwrap(), hex(expected), "{size}");
        }
    }

    #[test]
    fn a_frontier_and_the_whole_tree_agree_at_every_size() {
        let all = leaves(MOST);
        for size in 0..=MOST {
            let frontier = grown(&all[..size as usize]);
            assert_eq!(frontier.root(), root(&mut InMemory(all.clone()), size).unwrap());
            assert_eq!(Frontier::from_bytes(size, &frontier.to_bytes()), Some(frontier.clone()));
            assert_eq!(
                Frontier::from_bytes(size + 2, &frontier.to_bytes()).is_some(),
                (size + 2).count_ones() == size.count_ones()
            );
        }
    }

    #[test]
    fn every_leaf_is_proved_in_every_tree_and_no_other_place_or_tree_is() {
        let mut tree = InMemory(leaves(MOST));
        for size in 1..=MOST {
            let top = root(&mut tree, size).unwrap();
            for index in 0..size {
                let proof = inclusion_proof(&mut tree, index, size).unwrap();
                let leaf = tree.0[index as usize];
                assert!(verify_inclusion(index, size, leaf, &proof, top), "{index} of {size}");
                assert!(!verify_inclusion(index, size, leaf_hash(b"another"), &proof, top));
                assert_eq!(verify_inclusion(index, size, leaf, &proof, leaf), size == 1);
                assert_eq!(verify_inclusion((index + 1) % size, size, leaf, &proof, top), size == 1);
                let longer = [&proof[..], &[top]].concat();
                assert!(!verify_inclusion(index, size, leaf, &longer, top));
                assert_eq!(
                    verify_inclusion(index, size, leaf, &proof[..proof.len().saturating_sub(1)], top),
                    proof.is_empty()
                );
            }
        }
    }

    #[test]
    fn every_tree_is_proved_to_begin_every_later_one_and_nothing_else() {
        let mut tree = InMemory(leaves(MOST));
        for new in 0..=MOST {
            let new_root = root(&mut tree, new).unwrap();
            for old in 0..=new {
                let old_root = root(&mut tree, old).unwrap();
                let proof = consistency_proof(&mut tree, old, new).unwrap();
                assert!(verify_consistency(old, old_root, new, new_root, &proof), "{old} of {new}");
                let wrong = leaf_hash(b"another tree");
                assert!(!verify_consistency(old, wrong, new, new_root, &proof), "{old} of {new}");
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
    fn a_completed_subtree_is_told_with_its_place() {
        let all = leaves(MOST);
        let (mut frontier, mut told) = (Frontier::default(), Vec::new());
        for leaf in &all {
            frontier.push_with(*leaf, |height, index, root| told.push((height, index, root)));
        }
        let mut tree = InMemory(all);
        assert_eq!(told.len() as u64, (0..7).map(|height| MOST >> height).sum::<u64>());
        for (height, index, root) in told {
            assert_eq!(tree.subtree(height, index).unwrap(), root, "{height} {index}");
        }
    }
}
