//! The provable audit at work: records are sealed and numbered as they are written, a sequencer gives them their places in
//! the tree and signs where it stands, and anybody can verify it.

mod appending;
mod filling;
mod gate;
mod proving;
mod recovering;
mod sequencing;
mod verifying;
mod watching;

use std::fmt;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use store::journal::Journal;

pub use appending::AuditRecord;
pub use verifying::{AuditFault, AuditFaultKind, AuditReport, LogKey};
pub use watching::{MERGE_DELAY_ALARM, MERGE_DELAY_REFUSES};

use self::gate::Gate;
use crate::Answer;

/// How the audit is kept.
#[derive(Clone)]
pub struct LedgerConfig {
    /// Names the logs: each partnership's is `ORIGIN/CODE`. No white space, no plus sign.
    pub origin: String,
    /// Folder of this node's journals; none: no journal is kept.
    pub journal: Option<PathBuf>,
    /// How long what records say of people can be opened.
    pub retention: Duration,
}

impl LedgerConfig {
    /// The default retention: seven years of 365 days.
    pub const RETENTION: Duration = Duration::from_hours(7 * 365 * 24);
}

impl fmt::Debug for LedgerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerConfig")
            .field("origin", &self.origin)
            .field("journal", &self.journal)
            .finish_non_exhaustive()
    }
}

/// What the service knows of its audit.
pub(crate) struct Ledger {
    pub(crate) config: LedgerConfig,
    /// Whether records of reads can be written.
    pub(crate) gate: Gate,
    /// How far the tree was behind at the last look, and when that was; none when nobody watches.
    seen: Mutex<Option<Seen>>,
}

/// What a look at the tree found.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// How long the oldest record without a place had been waiting.
    delay: Duration,
    /// When, by the clock that cannot be set.
    at: Duration,
    /// When every record was last seen to have its place, by the same clock; or when the first look was.
    clear: Duration,
}

impl Ledger {
    pub(crate) fn new(config: LedgerConfig) -> Self {
        Self { config, gate: Gate::default(), seen: Mutex::default() }
    }

    /// Begins this run's book, with its journal if one is to be kept.
    pub(crate) fn begin(&self, run: uuid::Uuid) -> Answer<store::Book> {
        let begun = self.config.journal.as_ref().map(|folder| Journal::begin(folder, run)).transpose();
        let journal = begun.map_err(|error| crate::ServiceError::Unavailable(Box::new(error)))?;
        Ok(store::Book::new(run, journal))
    }

    pub(crate) fn origin(&self, partnership: &str) -> String {
        format!("{}/{partnership}", self.config.origin)
    }
}

/// Standard base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
