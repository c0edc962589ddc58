//! The service itself: what it holds, and the one way in for reads and for writes.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, RwLock};

use domain::{Clock, Ids, Instant, NodeId, Operation, PartnershipId, PartnershipPolicy, RequestId};
use store::{Db, Tx};
use vault::{KeyId, SigningKey, Vault};

use crate::idempotency::{Flight, KeptReply};
use crate::keys_in_use::{self, Known};
use crate::ledger::{Ledger, LedgerConfig};
use crate::linking::{self, Queue, Relink};
use crate::recording::Outcome;
use crate::session::{Call, Entered, Scene, Trail};
use crate::time::{TimePolicy, TrustedTime};
use crate::{AgencyIn, Answer, ServiceError, Written, transparency};

/// What a service is made of.
pub struct ServiceConfig {
    /// The database, migrated.
    pub db: Db,
    /// Keys and sealing.
    pub vault: Vault,
    /// Source of time.
    pub clock: Arc<dyn Clock>,
    /// Source of identifiers.
    pub ids: Arc<dyn Ids>,
    /// How the audit is kept.
    pub ledger: LedgerConfig,
    /// Which node this is; kept from start to start.
    pub node: NodeId,
    /// What deletion certificates are signed with; the same on every node.
    pub signing_key: Arc<SigningKey>,
}

/// A partnership as configured.
#[derive(Debug, Clone)]
pub struct PartnershipConfig {
    /// Short name that tokens carry.
    pub code: String,
    /// Full name.
    pub name: String,
    /// What it decides for itself.
    pub policy: PartnershipPolicy,
    /// Agencies to register when they are not yet there.
    pub agencies: Vec<AgencyIn>,
}

/// A configured partnership with the id it has in the database.
#[derive(Debug)]
pub(crate) struct Partnership {
    pub(crate) id: PartnershipId,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) policy: PartnershipPolicy,
}

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) partnerships: RwLock<HashMap<String, Arc<Partnership>>>,
    pub(crate) node: NodeId,
    pub(crate) signing_key: Arc<SigningKey>,
    /// Commitments to keys that are known to be published.
    pub(crate) known: Known,
    pub(crate) flights: Mutex<HashSet<Flight>>,
    /// How the audit is kept, and how far its tree is behind.
    pub(crate) ledger: Ledger,
    /// Chronologies to be linked.
    pub(crate) links: Arc<Queue>,
    /// What has been seen and vouched for: which time to believe.
    pub(crate) time: TrustedTime,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.links.close();
    }
}

/// The use cases. Cheap to clone; all methods are synchronous and may block on the database.
#[derive(Clone)]
pub struct Service(pub(crate) Arc<Inner>);

impl Service {
    /// A service over a migrated database.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database does not answer.
    pub fn new(config: ServiceConfig) -> Answer<Self> {
        Self::with_time(config, TimePolicy::default())
    }

    /// As [`Service::new`], believing a time by `policy`.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when database or keystore do not answer.
    pub fn with_time(config: ServiceConfig, policy: TimePolicy) -> Answer<Self> {
        let ServiceConfig { db, vault, clock, ids, ledger, node, signing_key } = config;
        let ledger = Ledger::new(ledger);
        db.keep_book(ledger.begin(ids.next(clock.now()))?);
        let time = TrustedTime::open(&db, &vault, clock.as_ref(), policy)?;
        let links = Arc::<Queue>::default();
        let inner = Arc::new(Inner {
            db,
            vault,
            clock,
            ids,
            partnerships: RwLock::default(),
            node,
            signing_key,
            known: Known::default(),
            flights: Mutex::default(),
            ledger,
            links: Arc::clone(&links),
            time,
        });
        linking::start(links, Arc::downgrade(&inner));
        Ok(Self(inner))
    }

    /// The clock that every use case goes by.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.0.clock.as_ref()
    }

    /// A new request identifier.
    #[must_use]
    pub fn new_request_id(&self) -> RequestId {
        RequestId::new(self.ids(), self.0.clock.now())
    }

    /// Whether database and keystore answer.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when one of them does not.
    pub fn ready(&self) -> Answer<()> {
        self.0.db.read("ready", store::clock::high_water)?;
        Ok(())
    }

    pub(crate) fn ids(&self) -> &dyn Ids {
        self.0.ids.as_ref()
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// Carries out a read: `act` in one read transaction, then its audit record, then the answer.
    pub(crate) fn read<T>(
        &self,
        call: &Call,
        operation: Operation,
        trail: Trail,
        act: impl Fn(&mut Scene<'_, '_>) -> Answer<T>,
    ) -> Answer<T> {
        if !matches!(operation, Operation::AuditRead | Operation::AuditCheckpointRead | Operation::AuditProve) {
            self.check_merge_delay()?;
        }
        let trying = self.0.ledger.gate.pass()?;
        let now = self.now();
        let attempt = |entered: bool| {
            self.0.db.read(operation.as_str(), |tx| {
                let Some(Entered { session, partnership }) = self.enter(tx, call, now)? else {
                    return if entered { Err(ServiceError::NotFound) } else { Ok(None) };
                };
                let trail = trail.clone();
                let mut scene = Scene {
                    tx,
                    session: &session,
                    partnership: &partnership,
                    trail,
                    writes: false,
                    relink: None,
                    repeats: None,
                };
                let result = act(&mut scene);
                let trail = scene.trail;
                Ok(Some((result, trail, session)))
            })
        };
        let first = attempt(false).map_err(|error| {
            if error.is_database_away() {
                // It could not record this either; whoever waits behind us need not find that out one by one.
                trying.went(false);
                return error;
            }
            self.record_failure(call, operation, now, Failed { error, trail: trail.clone() })
        })?;
        let (result, trail, session) = match first {
            Some(done) => done,
            None => {
                let unmet = |error| self.record_failure(call, operation, now, Failed { error, trail: trail.clone() });
                self.meet(call).map_err(unmet)?;
                attempt(true)?.ok_or(ServiceError::NotFound)?
            }
        };
        #[cfg(feature = "bench-switches")]
        if crate::bench_switches::unrecorded() {
            return result;
        }
        let outcome = result.as_ref().map_or_else(ServiceError::outcome, |_| "allowed");
        let record = self.record(call, &session, operation, Outcome { word: outcome, trail: &trail });
        let shown = if result.is_ok() { transparency::rows(&record, &session, operation, &trail) } else { Vec::new() };
        if trying.is_hopeless() {
            return Err(ServiceError::Unavailable(Box::new(store::StoreError::Unavailable)));
        }
        // Whoever was let read of a family stays in the directory: the audit names them.
        let stays = session.provisional && result.is_ok() && showed_a_family(operation, &trail);
        let (partnership, me) = (session.actor.partnership, session.actor.practitioner);
        let written = self.0.db.write_grouped("audit.append", move |tx| {
            self.append(tx, &record)?;
            if stays {
                store::practitioners::confirm(tx, partnership, &[me])?;
            }
            Ok::<_, ServiceError>(store::shown_fragments::insert(tx, &shown)?)
        });
        trying.went(written.is_ok());
        written?;
        // Something of what is answered ran out under way: nothing leaves. Asked again, the rest is there.
        if trail.expires_at.is_some_and(|end| end <= self.now()) && result.is_ok() {
            return Err(ServiceError::Expired);
        }
        result
    }

    /// Carries out a write that needs no idempotency key, because it names the version that it changes or because sent
    /// again it changes nothing: `act` and its audit record in one transaction. A failure rolls back everything and is
    /// recorded by itself.
    pub(crate) fn write<T>(
        &self,
        call: &Call,
        operation: Operation,
        trail: Trail,
        act: impl Fn(&mut Scene<'_, '_>) -> Answer<T>,
    ) -> Answer<Written<T>> {
        let never = |_: &mut Scene<'_, '_>, _: &KeptReply| Err(ServiceError::Internal("a write that is not kept"));
        self.write_once(call, operation, trail, act, never)
    }

    /// Carries out a write once for each idempotency key: as [`Service::write`], and its object is kept in the same
    /// transaction. A repeat has no effect. `redraw` answers it as reading the object would be answered: by the leave that
    /// reading needs, with what the caller may see now.
    pub(crate) fn write_once<T>(
        &self,
        call: &Call,
        operation: Operation,
        trail: Trail,
        act: impl Fn(&mut Scene<'_, '_>) -> Answer<T>,
        redraw: impl Fn(&mut Scene<'_, '_>, &KeptReply) -> Answer<T>,
    ) -> Answer<Written<T>> {
        self.check_merge_delay()?;
        let _flight = self.take_off(call, operation)?;
        let now = self.now();
        let attempt = || {
            self.0.db.write(operation.as_str(), |tx| self.write_in(tx, call, operation, (&trail, now), (&act, &redraw)))
        };
        let mut done = attempt();
        if matches!(done, Err(Failed { error: ServiceError::Unmet, .. })) {
            let unmet = |error| self.record_failure(call, operation, now, Failed::new(error, &trail));
            self.meet(call).map_err(unmet)?;
            done = attempt();
        }
        let Done { written, relink, published } =
            done.map_err(|failed| self.record_failure(call, operation, now, failed))?;
        if let Some((partnership, keys)) = published {
            self.0.known.remember(partnership, keys);
        }
        if let Some(job) = relink {
            self.0.links.add(job);
        }
        Ok(written)
    }

    fn write_in<T>(
        &self,
        tx: &mut Tx<'_>,
        call: &Call,
        operation: Operation,
        (trail, now): (&Trail, Instant),
        (act, redraw): (
            &impl Fn(&mut Scene<'_, '_>) -> Answer<T>,
            &impl Fn(&mut Scene<'_, '_>, &KeptReply) -> Answer<T>,
        ),
    ) -> Result<Done<T>, Failed> {
        keys_in_use::begin();
        let entered = self.enter(tx, call, now).map_err(|error| Failed::new(error, trail))?;
        let Some(Entered { session, partnership }) = entered else {
            return Err(Failed::new(ServiceError::Unmet, trail));
        };
        if !session.active {
            return Err(Failed::new(ServiceError::NotFound, trail));
        }
        let kept = self.kept_reply(tx, call, &session, operation).map_err(|error| Failed::new(error, trail))?;
        let trail = trail.clone();
        if let Some(kept) = kept {
            let trail = Trail { object_id: Some(kept.object_id), ..trail };
            let mut scene = Scene {
                tx,
                session: &session,
                partnership: &partnership,
                trail,
                writes: true,
                relink: None,
                repeats: Some(operation),
            };
            let drawn = redraw(&mut scene, &kept);
            let (trail, tx) = (scene.trail, scene.tx);
            let value = drawn.map_err(|error| Failed::new(error, &trail))?;
            let record = self.record(call, &session, operation, Outcome { word: "replayed", trail: &trail });
            self.append(tx, &record)?;
            store::shown_fragments::insert(tx, &transparency::rows(&record, &session, operation, &trail))?;
            return Ok(Done { written: Written { value, replayed: true }, relink: None, published: None });
        }
        let mut scene = Scene {
            tx,
            session: &session,
            partnership: &partnership,
            trail,
            writes: true,
            relink: None,
            repeats: None,
        };
        let acted = act(&mut scene);
        let (trail, tx, relink) = (scene.trail, scene.tx, scene.relink);
        let value = acted.map_err(|error| Failed::new(error, &trail))?;
        if session.provisional {
            store::practitioners::confirm(tx, session.actor.partnership, &[session.actor.practitioner])?;
        }
        let outcome = Outcome { word: "allowed", trail: &trail };
        let record = self.record(call, &session, operation, outcome);
        self.append(tx, &record)?;
        if trail.told.lowered > 0 {
            self.append(tx, &self.record_of_lowering(call, &session, &trail))?;
        }
        store::shown_fragments::insert(tx, &transparency::rows(&record, &session, operation, &trail))?;
        self.keep_reply(tx, call, &session, operation, &trail).map_err(|error| Failed::new(error, &trail))?;
        let partnership = session.actor.partnership;
        let keys = self.publish_used(tx, partnership, now).map_err(|error| Failed::new(error, &trail))?;
        Ok(Done { written: Written { value, replayed: false }, relink, published: Some((partnership, keys)) })
    }

    fn record_failure(&self, call: &Call, operation: Operation, now: Instant, failed: Failed) -> ServiceError {
        let Failed { error, trail } = failed;
        let written = self.0.db.write_grouped("audit.append", {
            let (service, call, word) = (self.clone(), call.clone(), error.outcome());
            move |tx| {
                let entered = match service.enter(tx, &call, now) {
                    Ok(entered) => entered,
                    Err(ServiceError::Unavailable(error)) => return Err(ServiceError::Unavailable(error)),
                    Err(_) => None,
                };
                let word = if trail.told.address_refused { "address_refused" } else { word };
                let outcome = Outcome { word, trail: &trail };
                let record = match entered {
                    Some(entered) => {
                        if trail.told.address_refused {
                            let actor = &entered.session.actor;
                            store::practitioners::confirm(tx, actor.partnership, &[actor.practitioner])?;
                            service.note_address_refusal(tx, &entered.session, operation, &trail)?;
                        }
                        service.record(&call, &entered.session, operation, outcome)
                    }
                    None => service.record_stranger(&call, operation, outcome)?,
                };
                service.append(tx, &record)
            }
        });
        match written {
            Ok(()) => error,
            Err(unrecorded) => unrecorded,
        }
    }

    /// Records that somebody was refused before what they sent was looked at.
    pub(crate) fn record_refusal(
        &self,
        call: &Call,
        operation: Operation,
        now: Instant,
        error: ServiceError,
        trail: Trail,
    ) -> ServiceError {
        self.record_failure(call, operation, now, Failed { error, trail })
    }

    /// Records a request that failed validation before it reached a use case.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the record cannot be written.
    pub fn note_invalid(&self, call: &Call, operation: Operation, object: Option<uuid::Uuid>) -> Answer<()> {
        self.meet_if_new(call)?;
        let trail = Trail { object_id: object, ..Trail::default() };
        let failed = Failed { error: ServiceError::Invalid(Vec::new()), trail };
        let recorded = self.record_failure(call, operation, self.now(), failed);
        if matches!(recorded, ServiceError::Invalid(_)) { Ok(()) } else { Err(recorded) }
    }
}

/// Whether a read showed something that is kept about a family, rather than the partnership and its staff, or nothing.
fn showed_a_family(operation: Operation, trail: &Trail) -> bool {
    let of_the_partnership = matches!(
        operation,
        Operation::PartnershipRead
            | Operation::AgencyRead
            | Operation::PractitionerRead
            | Operation::AuditCheckpointRead
            | Operation::AuditProve
            | Operation::CertificateRead
            | Operation::TombstoneRead
    );
    let found = operation == Operation::PersonFind && trail.expires_at.is_some();
    found || (trail.object_id.is_some() && !of_the_partnership)
}

/// A write whose transaction is about to be committed.
struct Done<T> {
    written: Written<T>,
    relink: Option<Relink>,
    /// Keys whose commitments are published once it is.
    published: Option<(PartnershipId, Vec<KeyId>)>,
}

/// A write that did not happen, with what is known of its object, for the audit.
pub(crate) struct Failed {
    error: ServiceError,
    trail: Trail,
}

impl Failed {
    fn new(error: ServiceError, trail: &Trail) -> Self {
        Self { error, trail: trail.clone() }
    }
}

impl From<ServiceError> for Failed {
    fn from(error: ServiceError) -> Self {
        Self { error, trail: Trail::default() }
    }
}

impl From<store::StoreError> for Failed {
    fn from(error: store::StoreError) -> Self {
        Self { error: error.into(), trail: Trail::default() }
    }
}
