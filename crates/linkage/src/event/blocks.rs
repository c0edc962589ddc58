//! Which entries are compared: those that share a key, each with a bounded number of neighbours, so that the cost is
//! n log n even when every entry is of one day.

use std::hash::Hash;

use super::mixing::digest;

/// With how many neighbours in its block an entry is compared.
const NEIGHBOURS: usize = 16;
/// In a block larger than this, with fewer.
const CROWDED: usize = 64;
const NEIGHBOURS_IN_CROWD: usize = 2;

/// Nodes with the keys they have, several nodes having one.
#[derive(Default)]
pub(crate) struct Blocks(Vec<(u64, usize)>);

impl Blocks {
    pub(crate) fn add(&mut self, key: &impl Hash, node: usize) {
        self.0.push((digest(key), node));
    }

    /// Each node of a block with its next neighbours by `rank`; each pair once, the smaller node first, in order.
    pub(crate) fn pairs(self, rank: &[usize]) -> Vec<(usize, usize)> {
        let mut keyed: Vec<(u64, usize, usize)> =
            self.0.into_iter().map(|(key, node)| (key, rank.get(node).copied().unwrap_or(node), node)).collect();
        keyed.sort_unstable();
        keyed.dedup();
        let mut pairs = Vec::new();
        for block in keyed.chunk_by(|one, other| one.0 == other.0).filter(|block| block.len() > 1) {
            let reach = if block.len() > CROWDED { NEIGHBOURS_IN_CROWD } else { NEIGHBOURS };
            for (place, (.., node)) in block.iter().enumerate() {
                let next = block.iter().skip(place + 1).take(reach);
                pairs.extend(next.map(|(.., other)| (*node.min(other), *node.max(other))));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }
}

/// The place of each of `count` nodes when they are sorted by `key`; nodes that agree stay in their own order.
pub(crate) fn ranks<K: Ord>(count: usize, key: impl Fn(usize) -> K) -> Vec<usize> {
    let mut sorted: Vec<(K, usize)> = (0..count).map(|node| (key(node), node)).collect();
    sorted.sort();
    let mut ranks = vec![0; count];
    for (rank, (_, node)) in sorted.into_iter().enumerate() {
        if let Some(place) = ranks.get_mut(node) {
            *place = rank;
        }
    }
    ranks
}

/// Three views of a text, one of which survives an edit elsewhere: its first four words, its last four, its three longest.
pub(crate) fn sketches(words: &[&str]) -> [(u8, u64); 3] {
    let head: Vec<_> = words.iter().take(4).collect();
    let tail: Vec<_> = words.iter().rev().take(4).collect();
    [(0, digest(&head)), (1, digest(&tail)), (2, digest(&longest(words)))]
}

/// The three longest words, each once, in an order that does not depend on theirs.
fn longest<'w>(words: &[&'w str]) -> [&'w str; 3] {
    let mut longest = [""; 3];
    for &word in words {
        let mut carried = word;
        for place in &mut longest {
            if *place == carried {
                break;
            }
            if (carried.len(), carried) > (place.len(), *place) {
                std::mem::swap(place, &mut carried);
            }
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_words_do_not_depend_on_their_order() {
        assert_eq!(longest(&["a", "ccc", "bb", "ccc", "dddd"]), ["dddd", "ccc", "bb"]);
        assert_eq!(longest(&["dddd", "ccc", "ccc", "bb", "a"]), longest(&["bb", "a", "ccc", "dddd"]));
    }
}
