//! Blocking: which entries are compared. Entries that share a key are in one block, and each is
//! compared with a limited number of neighbours in it, so that the cost is n log n even when all
//! entries are of one day.

use std::hash::Hash;

use crate::stable_hash::stable_hash;

/// The number of next neighbours in its block with which an entry is compared.
const NEIGHBOURS: usize = 16;
/// A block with more entries than this is large.
const LARGE_BLOCK: usize = 64;
/// The number of next neighbours with which an entry of a large block is compared.
const NEIGHBOURS_IN_LARGE_BLOCK: usize = 2;

/// Nodes by the hashes of their keys. Nodes that share a key are in one block.
#[derive(Default)]
pub(crate) struct BlockIndex(Vec<(u64, usize)>);

impl BlockIndex {
    pub(crate) fn add(&mut self, key: &impl Hash, node: usize) {
        self.0.push((stable_hash(key), node));
    }

    /// Pairs each node with its next neighbours by `rank` in each of its blocks. Each pair occurs
    /// once, the smaller node first, in ascending order.
    pub(crate) fn into_pairs(self, rank: &[usize]) -> Vec<(usize, usize)> {
        let ranked =
            |(key, node): (u64, usize)| (key, rank.get(node).copied().unwrap_or(node), node);
        let mut keyed: Vec<(u64, usize, usize)> = self.0.into_iter().map(ranked).collect();
        keyed.sort_unstable();
        keyed.dedup();
        let mut pairs = Vec::new();
        for block in keyed
            .chunk_by(|one, other| one.0 == other.0)
            .filter(|block| block.len() > 1)
        {
            let neighbours = if block.len() > LARGE_BLOCK {
                NEIGHBOURS_IN_LARGE_BLOCK
            } else {
                NEIGHBOURS
            };
            for (index, (.., node)) in block.iter().enumerate() {
                let next = block.iter().skip(index + 1).take(neighbours);
                pairs.extend(next.map(|(.., other)| (*node.min(other), *node.max(other))));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }
}

/// The rank of each of `count` nodes when they are sorted by `key`. Nodes with equal keys keep
/// their own order.
pub(crate) fn rank_by<K: Ord>(count: usize, key: impl Fn(usize) -> K) -> Vec<usize> {
    let mut sorted: Vec<(K, usize)> = (0..count).map(|node| (key(node), node)).collect();
    sorted.sort();
    let mut ranks = vec![0; count];
    for (rank, (_, node)) in sorted.into_iter().enumerate() {
        if let Some(slot) = ranks.get_mut(node) {
            *slot = rank;
        }
    }
    ranks
}

/// Three sketches of a text: of its first four words, its last four and its three longest. An edit
/// in one place leaves at least one of them unchanged.
pub(crate) fn sketches(words: &[&str]) -> [(u8, u64); 3] {
    let head: Vec<_> = words.iter().take(4).collect();
    let tail: Vec<_> = words.iter().rev().take(4).collect();
    [
        (0, stable_hash(&head)),
        (1, stable_hash(&tail)),
        (2, stable_hash(&three_longest(words))),
    ]
}

/// The three longest words, each once. The result does not depend on the order of the words.
fn three_longest<'w>(words: &[&'w str]) -> [&'w str; 3] {
    let mut longest = [""; 3];
    for &word in words {
        let mut carried = word;
        for slot in &mut longest {
            if *slot == carried {
                break;
            }
            if (carried.len(), carried) > (slot.len(), *slot) {
                std::mem::swap(slot, &mut carried);
            }
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_words_do_not_depend_on_their_order() {
        assert_eq!(
            three_longest(&["a", "ccc", "bb", "ccc", "dddd"]),
            ["dddd", "ccc", "bb"]
        );
        assert_eq!(
            three_longest(&["dddd", "ccc", "ccc", "bb", "a"]),
            three_longest(&["bb", "a", "ccc", "dddd"])
        );
    }
}
