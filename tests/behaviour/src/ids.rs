//! Identifiers that repeat themselves from run to run.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::{Ids, Instant};
use uuid::Uuid;

/// UUIDv7 with a counter where others have random bits.
#[derive(Default)]
pub(crate) struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn next(&self, now: Instant) -> Uuid {
        let count = u128::from(self.0.fetch_add(1, Ordering::Relaxed));
        let millis = u128::try_from(now.as_micros() / 1_000).expect("after 1970");
        Uuid::from_u128((millis << 80) | (0x7 << 76) | (0b10 << 62) | count)
    }

    fn random(&self) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        uuid::Builder::from_random_bytes(scattered(count).to_be_bytes()).into_uuid()
    }
}

/// A number without any order: different for each count, and the same in each run (the finaliser of SplitMix64, twice).
fn scattered(count: u64) -> u128 {
    let mix = |seed: u64| {
        let mut bits = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    };
    (u128::from(mix(count)) << 64) | u128::from(mix(!count))
}
