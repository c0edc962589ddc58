//! The [`Service`] type and its shared state.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, RwLock};

use domain::{Clock, IdGenerator, NodeId, PartnershipId, PartnershipPolicy, RequestId};
use store::Db;
use vault::{SigningKey, Vault};

use crate::idempotency::InFlightKey;
use crate::key_commitments::PublishedKeys;
use crate::ledger::{Ledger, LedgerConfig};
use crate::linking::{self, LinkingQueue};
use crate::time::{TimePolicy, TrustedTime};
use crate::{AgencyIn, ServiceResult};

/// The parts that a [`Service`] is built from.
pub struct ServiceConfig {
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
}

/// A partnership as configured.
#[derive(Debug, Clone)]
pub struct PartnershipConfig {
    /// The short code that access tokens carry.
    pub code: String,
    /// The full name for display.
    pub name: String,
    /// The settings that the partnership chooses for itself.
    pub policy: PartnershipPolicy,
    /// The agencies to register if the database does not have them yet.
    pub agencies: Vec<AgencyIn>,
}

/// A configured partnership with its database identifier.
#[derive(Debug)]
pub(crate) struct Partnership {
    pub(crate) id: PartnershipId,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) policy: PartnershipPolicy,
}

pub(crate) struct ServiceState {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdGenerator>,
    pub(crate) partnerships: RwLock<HashMap<String, Arc<Partnership>>>,
    pub(crate) node: NodeId,
    pub(crate) signing_key: Arc<SigningKey>,
    /// The keys whose commitments are known to be published.
    pub(crate) published_keys: PublishedKeys,
    pub(crate) in_flight: Mutex<HashSet<InFlightKey>>,
    /// The state of the audit log, including the merge delay of its tree.
    pub(crate) ledger: Ledger,
    /// The queue of chronologies that wait for linkage.
    pub(crate) links: Arc<LinkingQueue>,
    /// The trusted time: the high-water mark and what other sources have confirmed.
    pub(crate) time: TrustedTime,
}

impl Drop for ServiceState {
    fn drop(&mut self) {
        self.links.close();
    }
}

/// The use cases. Cheap to clone; all methods are synchronous and may block on the database.
#[derive(Clone)]
pub struct Service(pub(crate) Arc<ServiceState>);

impl Service {
    /// Creates a service over a migrated database, with the default [`TimePolicy`].
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when the database or the keystore cannot be reached.
    pub fn new(config: ServiceConfig) -> ServiceResult<Self> {
        Self::with_time_policy(config, TimePolicy::default())
    }

    /// Creates a service that decides which time to trust by `policy`.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when the database or the keystore cannot be reached.
    pub fn with_time_policy(config: ServiceConfig, policy: TimePolicy) -> ServiceResult<Self> {
        let ServiceConfig {
            db,
            vault,
            clock,
            ids,
            ledger,
            node,
            signing_key,
        } = config;
        let ledger = Ledger::new(ledger);
        db.set_audit_sequence(ledger.open_sequence(ids.next(clock.now()))?);
        let time = TrustedTime::open(&db, &vault, clock.as_ref(), policy)?;
        let links = Arc::<LinkingQueue>::default();
        let state = Arc::new(ServiceState {
            db,
            vault,
            clock,
            ids,
            partnerships: RwLock::default(),
            node,
            signing_key,
            published_keys: PublishedKeys::default(),
            in_flight: Mutex::default(),
            ledger,
            links: Arc::clone(&links),
            time,
        });
        linking::start_worker(links, Arc::downgrade(&state));
        Ok(Self(state))
    }

    /// Returns the clock that every use case reads.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.0.clock.as_ref()
    }

    /// Generates a new request identifier.
    #[must_use]
    pub fn new_request_id(&self) -> RequestId {
        RequestId::new(self.ids(), self.0.clock.now())
    }

    /// Checks that the database answers.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when it does not.
    pub fn check_ready(&self) -> ServiceResult<()> {
        self.0.db.read("ready", store::clock::high_water)?;
        Ok(())
    }

    pub(crate) fn ids(&self) -> &dyn IdGenerator {
        self.0.ids.as_ref()
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }
}
