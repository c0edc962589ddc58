//! Switches that turn safeguards off, so that the benchmark can measure their cost. They exist only
//! with the feature `bench-switches`.

use std::sync::atomic::{AtomicBool, Ordering};

static SEQUENCING_DISABLED: AtomicBool = AtomicBool::new(false);

/// A safeguard that the benchmark can switch off.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Safeguard {
    /// Content is sealed.
    Sealing,
    /// Every read is recorded in the audit.
    Audit,
    /// Every audit record is added to the Merkle tree.
    Sequencing,
}

impl Safeguard {
    /// Switches the safeguard off for this process.
    pub(crate) fn disable(self) {
        match self {
            Self::Sealing => vault::bench_switches::disable_sealing(),
            Self::Audit => service::bench_switches::disable_read_recording(),
            Self::Sequencing => SEQUENCING_DISABLED.store(true, Ordering::Release),
        }
    }
}

/// Whether sequencing is switched off.
pub(crate) fn is_sequencing_disabled() -> bool {
    SEQUENCING_DISABLED.load(Ordering::Acquire)
}
