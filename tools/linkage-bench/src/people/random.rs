//! A pseudorandom number generator that gives the same numbers for a seed on every machine:
//! SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).

/// The state of the generator.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is above zero.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// True in `per_mille` of a thousand cases.
    pub(crate) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// A random element of a list.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let index = usize::try_from(self.below(list.len() as u64)).unwrap_or(0);
        list.get(index)
            .unwrap_or_else(|| unreachable!("lists of names are never empty"))
    }

    /// A random element of a list, earlier ones more often, as with names.
    pub(crate) fn pick_common<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let one = self.below(list.len() as u64);
        let other = self.below(list.len() as u64);
        let index = usize::try_from(one.min(other)).unwrap_or(0);
        list.get(index)
            .unwrap_or_else(|| unreachable!("lists of names are never empty"))
    }
}
