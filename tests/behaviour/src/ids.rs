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
}
