//! The [`Kernel`] type and the state that all use cases share.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use domain::{Clock, IdGenerator, NodeId, RequestId};
use store::Db;
use vault::{SigningKey, Vault};

use crate::ServiceResult;
use crate::idempotency::InFlightKey;
use crate::key_commitments::PublishedKeys;
use crate::ledger::{Ledger, LedgerConfig};
use crate::outbox::OutboxListeners;
use crate::partnerships::PartnershipRegistry;
use crate::time::{TimePolicy, TrustedTime};

/// The parts that a [`Kernel`] is built from.
pub struct KernelConfig {
    /// The database, with all migrations applied.
    pub db: Db,
    /// The keystore and the encryption that uses it.
    pub vault: Vault,
    /// The clock for all use cases; no other code reads the system time.
    pub clock: Arc<dyn Clock>,
    /// The generator of new identifiers.
    pub ids: Arc<dyn IdGenerator>,
    /// The configuration of the audit log.
    pub ledger: LedgerConfig,
    /// The identifier of this node; it stays the same across restarts.
    pub node: NodeId,
    /// The key that signs deletion certificates and checkpoints; the same on every node.
    pub signing_key: Arc<SigningKey>,
    /// Which time to trust.
    pub time: TimePolicy,
}

/// What every use case needs. All methods are synchronous and may block on the database.
pub struct Kernel {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdGenerator>,
    pub(crate) partnerships: PartnershipRegistry,
    pub(crate) node: NodeId,
    pub(crate) signing_key: Arc<SigningKey>,
    /// The keys whose commitments are known to be published.
    pub(crate) published_keys: PublishedKeys,
    pub(crate) in_flight: Mutex<HashSet<InFlightKey>>,
    /// The state of the audit log, including the merge delay of its tree.
    pub(crate) ledger: Ledger,
    /// Receive the events that this node commits.
    pub(crate) listeners: OutboxListeners,
    /// The trusted time: the high-water mark and what other sources have confirmed.
    pub(crate) time: TrustedTime,
}

impl Kernel {
    /// Creates a kernel over a migrated database.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when the database or the keystore cannot be reached.
    pub fn new(config: KernelConfig) -> ServiceResult<Self> {
        let KernelConfig {
            db,
            vault,
            clock,
            ids,
            ledger,
            node,
            signing_key,
            time,
        } = config;
        let ledger = Ledger::new(ledger);
        db.set_audit_sequence(ledger.open_sequence(ids.next(clock.now()))?);
        let time = TrustedTime::open(&db, &vault, clock.as_ref(), time)?;
        Ok(Self {
            db,
            vault,
            clock,
            ids,
            partnerships: PartnershipRegistry::default(),
            node,
            signing_key,
            published_keys: PublishedKeys::default(),
            in_flight: Mutex::default(),
            ledger,
            listeners: OutboxListeners::default(),
            time,
        })
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The keystore and the encryption that uses it.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The generator of new identifiers.
    #[must_use]
    pub fn ids(&self) -> &dyn IdGenerator {
        self.ids.as_ref()
    }

    /// The clock that every use case reads.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// The identifier of this node.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The key that signs deletion certificates and checkpoints.
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        &self.signing_key
    }

    /// The name of a partnership's audit log, as its checkpoints carry it.
    #[must_use]
    pub fn audit_log_origin(&self, partnership: &str) -> String {
        self.ledger.origin(partnership)
    }

    /// Generates a new request identifier.
    #[must_use]
    pub fn new_request_id(&self) -> RequestId {
        RequestId::new(self.ids(), self.clock.now())
    }

    /// Checks that the database answers.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when it does not.
    pub fn check_ready(&self) -> ServiceResult<()> {
        self.db.read("ready", store::clock::high_water)?;
        Ok(())
    }
}
