//! The verifiable audit log. Records are sealed and numbered as they are written; a sequencer
//! appends them to a Merkle tree per partnership and signs checkpoints; anyone who has the public
//! key can verify the log.

mod circuit_breaker;
mod merge_delay;
mod records;
mod recovery;
mod sequencer;
mod verification;
mod void_records;

use std::fmt;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use store::journal::Journal;

pub(crate) use circuit_breaker::RecordingAttempt;
pub use merge_delay::{MERGE_DELAY_ALARM, MERGE_DELAY_LIMIT};
pub use records::AuditRecord;
pub(crate) use records::RecordOrigin;
pub use verification::{AuditFault, AuditFaultKind, AuditReport, LogKey};

use self::circuit_breaker::CircuitBreaker;
use crate::ServiceResult;

/// The configuration of the audit log.
#[derive(Clone)]
pub struct LedgerConfig {
    /// The origin of the log names: the log of a partnership is named `ORIGIN/CODE`. No white
    /// space, no plus sign.
    pub origin: String,
    /// The folder for this node's journals; none to keep no journal.
    pub journal: Option<PathBuf>,
    /// How long the personal identifiers in records can be decrypted.
    pub retention: Duration,
}

impl LedgerConfig {
    /// The default retention period: seven years of 365 days.
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

/// The state of the audit log in this process.
pub(crate) struct Ledger {
    pub config: LedgerConfig,
    /// Refuses reads while their audit records cannot be written.
    pub breaker: CircuitBreaker,
    /// The last measurement of the merge delay; none before the first.
    last_observation: Mutex<Option<DelayObservation>>,
}

/// One measurement of the merge delay.
#[derive(Debug, Clone, Copy)]
struct DelayObservation {
    /// The age of the oldest record that was not yet in the tree.
    delay: Duration,
    /// When it was measured, on the monotonic clock.
    observed_at: Duration,
    /// When the tree was last seen to contain every record, on the monotonic clock; before that,
    /// the time of the first measurement.
    caught_up_at: Duration,
}

impl Ledger {
    pub(crate) fn new(config: LedgerConfig) -> Self {
        Self {
            config,
            breaker: CircuitBreaker::default(),
            last_observation: Mutex::default(),
        }
    }

    /// Creates the audit sequence of this run, with its journal if one is configured.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`](crate::ServiceError::Unavailable) when the journal cannot be
    /// created.
    pub(crate) fn open_sequence(&self, run: uuid::Uuid) -> ServiceResult<store::AuditSequence> {
        let opened = self
            .config
            .journal
            .as_ref()
            .map(|folder| Journal::create(folder, run))
            .transpose();
        let journal = opened.map_err(|error| crate::ServiceError::Unavailable(Box::new(error)))?;
        Ok(store::AuditSequence::new(run, journal))
    }

    pub(crate) fn origin(&self, partnership: &str) -> String {
        format!("{}/{partnership}", self.config.origin)
    }
}

/// Encodes bytes in standard base64.
pub fn encode_base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
