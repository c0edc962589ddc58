//! A small set of things that are told apart by their place.

/// A set of at most [`Bits::MOST`] things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub(crate) struct Bits(u128);

impl Bits {
    /// How many things there can be.
    pub(crate) const MOST: usize = 128;

    /// The empty set.
    pub(crate) const fn none() -> Self {
        Self(0)
    }

    /// The set of the one thing at `place`.
    pub(crate) const fn one(place: u32) -> Self {
        Self(1 << place)
    }

    /// How many things it holds.
    pub(crate) const fn count(self) -> u32 {
        self.0.count_ones()
    }

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Every thing there can be, alone.
    pub(crate) fn all_single() -> impl Iterator<Item = Self> {
        (0..128).map(Self::one)
    }

    /// The places of the things in the set.
    pub(crate) fn places(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let place = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            usize::try_from(place).ok()
        })
    }

    /// Each thing of the set on its own.
    pub(crate) fn each(self) -> impl Iterator<Item = Self> {
        Self::all_single().filter(move |one| self.meets(*one))
    }
}
