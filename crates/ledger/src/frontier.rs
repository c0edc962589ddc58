//! A tree as it grows: no more than the roots of its whole subtrees.

use crate::hash::{Hash, node_hash};

/// The right edge of a tree: the roots of the perfect subtrees of which it is made, largest first. Enough to add leaves
/// and to know the root; 32 bytes for each bit of the size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The frontier of a tree of `size` leaves, from what [`Frontier::to_bytes`] gave. `None` when the two do not fit.
    #[must_use]
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (chunks, rest) = bytes.as_chunks::<32>();
        let fits = rest.is_empty() && u32::try_from(chunks.len()).is_ok_and(|count| count == size.count_ones());
        fits.then(|| Self { size, peaks: chunks.iter().map(|bytes| Hash(*bytes)).collect() })
    }

    /// The peaks, one after another.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.iter().flat_map(|peak| peak.0).collect()
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, |_, _, _| {});
    }

    /// Adds a leaf and tells of every perfect subtree that it completes: its height (0 is the leaf itself), its place
    /// among those of its height, and its root.
    pub fn push_with(&mut self, leaf: Hash, mut completed: impl FnMut(u32, u64, Hash)) {
        let (mut root, mut height) = (leaf, 0);
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
        let joined = self.peaks.iter().rev().copied().reduce(|right, left| node_hash(left, right));
        joined.unwrap_or_else(Hash::of_nothing)
    }
}
