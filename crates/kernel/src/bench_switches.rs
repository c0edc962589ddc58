//! Switches off the audit records of reads, to measure what they cost. Compiled into benchmark
//! builds only.

use std::sync::atomic::{AtomicBool, Ordering};

static READ_RECORDING_DISABLED: AtomicBool = AtomicBool::new(false);

/// Switches off audit records of reads in this process.
pub fn disable_read_recording() {
    READ_RECORDING_DISABLED.store(true, Ordering::Release);
}

/// Whether audit records of reads are switched off.
pub fn is_read_recording_disabled() -> bool {
    READ_RECORDING_DISABLED.load(Ordering::Acquire)
}
