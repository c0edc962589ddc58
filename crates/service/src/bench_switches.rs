//! The record of a read switched off, to measure what it costs. Exists in a build for the benchmark alone.

use std::sync::atomic::{AtomicBool, Ordering};

static UNRECORDED: AtomicBool = AtomicBool::new(false);

/// From now on reads leave no record in this process.
pub fn record_no_reads() {
    UNRECORDED.store(true, Ordering::Release);
}

/// Whether reads leave none.
pub(crate) fn unrecorded() -> bool {
    UNRECORDED.load(Ordering::Acquire)
}
