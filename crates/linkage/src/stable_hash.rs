//! A hash function that is fast and gives the same result in every run. It is no defence against
//! keys chosen to collide.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// Multiplier from Steele and Vigna, "Computationally easy, spectrally good multipliers for
/// congruential pseudorandom number generators" (2021).
const MULTIPLIER: u64 = 0xd134_2543_de82_ef95;

/// A table keyed by words of the embedded lists, which no submission can choose to collide.
pub(crate) type WordTable<T> = HashMap<&'static str, T, BuildHasherDefault<StableHasher>>;

/// A set of words of the embedded lists.
pub(crate) type WordSet = HashSet<&'static str, BuildHasherDefault<StableHasher>>;

/// The state of the hash function.
#[derive(Default)]
pub(crate) struct StableHasher(u64);

impl Hasher for StableHasher {
    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(MULTIPLIER);
        mixed ^ (mixed >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let chunk: [u8; 8] = chunk.try_into().unwrap_or_default();
            self.write_u64(u64::from_le_bytes(chunk));
        }
        let rest = chunks.remainder();
        if !rest.is_empty() {
            let mut last = [0; 8];
            last.iter_mut()
                .zip(rest)
                .for_each(|(slot, byte)| *slot = *byte);
            self.write_u64(u64::from_le_bytes(last));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value) + 1);
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(23) ^ value).wrapping_mul(MULTIPLIER);
    }
}

/// A 64-bit hash of a value. Where two values collide, blocking compares one pair more; nothing
/// else depends on it.
pub(crate) fn stable_hash(value: &impl Hash) -> u64 {
    let mut hasher = StableHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}
