//! A small set whose members are numbered from 0.

/// A set of at most [`BitSet::CAPACITY`] members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub(crate) struct BitSet(u128);

impl BitSet {
    /// The number of possible members.
    pub(crate) const CAPACITY: usize = 128;

    /// The empty set.
    pub(crate) const fn empty() -> Self {
        Self(0)
    }

    /// The set with one member.
    pub(crate) const fn single(index: u32) -> Self {
        Self(1 << index)
    }

    /// The number of members.
    pub(crate) const fn len(self) -> u32 {
        self.0.count_ones()
    }

    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The union of several sets.
    pub(crate) const fn union_of(sets: &[Self]) -> Self {
        let mut sum = Self::empty();
        let mut rest = sets;
        while let [first, others @ ..] = rest {
            sum = sum.union(*first);
            rest = others;
        }
        sum
    }

    pub(crate) const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Every possible set with one member, in order.
    pub(crate) fn all_singletons() -> impl Iterator<Item = Self> {
        (0..128).map(Self::single)
    }

    /// The numbers of the members, ascending.
    pub(crate) fn indices(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let index = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            usize::try_from(index).ok()
        })
    }

    /// Each member as a set of its own, ascending.
    pub(crate) fn singletons(self) -> impl Iterator<Item = Self> {
        Self::all_singletons().filter(move |singleton| self.intersects(*singleton))
    }
}
