//! An identifier generator that produces the same identifiers in every run.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::{IdGenerator, Instant};
use uuid::Uuid;

/// Generates UUIDv7 with a counter in place of the random bits.
#[derive(Default)]
pub(crate) struct CountedIds(AtomicU64);

impl IdGenerator for CountedIds {
    fn next(&self, now: Instant) -> Uuid {
        let count = u128::from(self.0.fetch_add(1, Ordering::Relaxed));
        let millis = u128::try_from(now.as_micros() / 1_000).expect("after 1970");
        Uuid::from_u128((millis << 80) | (0x7 << 76) | (0b10 << 62) | count)
    }

    fn random(&self) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        uuid::Builder::from_random_bytes(mix_bits(count).to_be_bytes()).into_uuid()
    }
}

/// Maps a counter to a number that looks random but is the same in every run (the finaliser of
/// SplitMix64, twice).
fn mix_bits(count: u64) -> u128 {
    let mix = |seed: u64| {
        let mut bits = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    };
    (u128::from(mix(count)) << 64) | u128::from(mix(!count))
}
