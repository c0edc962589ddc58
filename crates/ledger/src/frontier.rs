//! The right edge of a growing tree: the roots of its complete subtrees.

use crate::hash::{Hash, node_hash};

/// The frontier (right edge) of a tree: the roots of the perfect subtrees that make it up, largest
/// first. It suffices to append leaves and to compute the root, and takes 32 bytes for each bit set
/// in the size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Restores the frontier of a tree of `size` leaves from the bytes of [`Frontier::to_bytes`].
    /// `None` when the number of bytes does not match the size.
    #[must_use]
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (chunks, rest) = bytes.as_chunks::<32>();
        let fits = rest.is_empty()
            && u32::try_from(chunks.len()).is_ok_and(|count| count == size.count_ones());
        fits.then(|| Self {
            size,
            peaks: chunks.iter().map(|bytes| Hash(*bytes)).collect(),
        })
    }

    /// The hashes of the peaks, concatenated.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.iter().flat_map(|peak| peak.0).collect()
    }

    /// The number of leaves of the tree.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_and_report(leaf, |_, _, _| {});
    }

    /// Appends a leaf and reports every perfect subtree that it completes: its height (0 is the
    /// leaf itself), its index among the subtrees of that height, and its root.
    pub fn push_and_report(&mut self, leaf: Hash, mut completed: impl FnMut(u32, u64, Hash)) {
        let mut root = leaf;
        let mut height = 0;
        completed(0, self.size, root);
        while self.size >> height & 1 == 1
            && let Some(left) = self.peaks.pop()
        {
            root = node_hash(left, root);
            height += 1;
            completed(height, self.size >> height, root);
        }
        self.peaks.push(root);
        self.size += 1;
    }

    /// The root hash (MTH of RFC 6962, section 2.1).
    #[must_use]
    pub fn root(&self) -> Hash {
        let joined = self
            .peaks
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(left, right));
        joined.unwrap_or_else(Hash::empty_tree)
    }
}
