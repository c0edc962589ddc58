//! Identifiers: UUIDv7 (RFC 9562, section 5.7) from the given time and the cryptographic random
//! source.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use domain::{IdGenerator, Instant};
use uuid::Uuid;

/// Bits of the counter that follows the milliseconds: `rand_a` and the top of `rand_b`.
const COUNTER_BITS: u32 = 42;
/// A new counter starts in the lower half, so that it can be incremented within the millisecond.
const COUNTER_START_MASK: u64 = (1 << (COUNTER_BITS - 1)) - 1;
const COUNTER_MAX: u64 = (1 << COUNTER_BITS) - 1;

/// UUIDv7 generator. Within a process each identifier is greater than the one before (RFC 9562,
/// section 6.2, method 1: a 42-bit counter with a random start in each millisecond), even when the
/// clock stands still or is set back. 32 random bits follow.
pub(crate) struct RandomIds {
    random: SystemRandom,
    last: Mutex<LastIssued>,
}

#[derive(Clone, Copy, Default)]
struct LastIssued {
    millis: u64,
    counter: u64,
}

impl RandomIds {
    /// Creates a generator.
    pub(crate) fn new() -> Self {
        Self {
            random: SystemRandom::new(),
            last: Mutex::default(),
        }
    }

    fn random_bits(&self) -> u128 {
        let mut bytes = [0; 16];
        // AWS-LC aborts the process rather than return bad random numbers; only the signature has
        // an error.
        let _ = self.random.fill(&mut bytes);
        u128::from_be_bytes(bytes)
    }
}

impl IdGenerator for RandomIds {
    fn next(&self, now: Instant) -> Uuid {
        let bits = self.random_bits();
        let millis = u64::try_from(now.as_micros().div_euclid(1_000)).unwrap_or(0);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = last.next(millis, low_64(bits >> 64) & COUNTER_START_MASK);
        let LastIssued { millis, counter } = *last;
        drop(last);
        build_uuid(millis, counter, low_64(bits) & 0xffff_ffff)
    }

    fn random(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.random_bits().to_be_bytes()).into_uuid()
    }
}

impl LastIssued {
    /// Advances: a later millisecond starts a new counter, any other time increments the current
    /// one.
    const fn next(self, millis: u64, start: u64) -> Self {
        if millis > self.millis {
            Self {
                millis,
                counter: start,
            }
        } else if self.counter < COUNTER_MAX {
            Self {
                millis: self.millis,
                counter: self.counter + 1,
            }
        } else {
            Self {
                millis: self.millis + 1,
                counter: start,
            }
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the lower half is what is wanted"
)]
const fn low_64(bits: u128) -> u64 {
    bits as u64
}

/// 48 bits of time, version, 12 bits of counter, variant, 30 bits of counter, 32 random bits.
fn build_uuid(millis: u64, counter: u64, random: u64) -> Uuid {
    let high = (millis << 16) | (0x7 << 12) | (counter >> 30);
    let low = (0b10 << 62) | ((counter & 0x3fff_ffff) << 32) | random;
    Uuid::from_u64_pair(high, low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Instant {
        Instant::from_micros(millis * 1_000)
    }

    #[test]
    fn next_is_version_7_with_the_given_time() {
        let id = RandomIds::new().next(at(1_800_000_000_123));
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(id.as_u64_pair().0 >> 16, 1_800_000_000_123);
    }

    #[test]
    fn ids_increase_while_the_clock_stands_still_or_goes_back() {
        let ids = RandomIds::new();
        let mut before = ids.next(at(1_800_000_000_000));
        for step in 0..5_000 {
            let next = ids.next(at(1_800_000_000_000 - step));
            assert!(next > before);
            before = next;
        }
    }

    #[test]
    fn full_counter_advances_to_the_next_millisecond() {
        let full = LastIssued {
            millis: 5,
            counter: COUNTER_MAX,
        };
        let next = full.next(5, 3);
        assert_eq!((next.millis, next.counter), (6, 3));
        assert!(build_uuid(6, 3, 0) > build_uuid(5, COUNTER_MAX, u64::from(u32::MAX)));
    }

    #[test]
    fn generators_give_different_ids() {
        let one = RandomIds::new();
        let two = RandomIds::new();
        assert_ne!(one.next(at(1)), two.next(at(1)));
    }
}
