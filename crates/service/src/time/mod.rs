//! Which time to believe. Reading goes by the clock, and never by an earlier instant than the latest seen; what is deleted
//! and whose keys are destroyed goes by a time that more than one source agrees on, because there is no way back: a clock
//! that jumps forward destroys nothing.
//!
//! The time agreed is the earlier of two: what the clock shows, and the latest instant vouched for. Who vouches:
//! - the time that has passed since, by the machine's clock that nobody can set ([`domain::Clock::monotonic`]);
//! - an access token just verified, of an issuer that the configuration lets vouch for the time: it was not issued before
//!   its `iat`, by another machine ([`Service::vouch`]);
//! - the database's clock, when the database runs on another machine;
//! - an operator ([`Service::confirm_time`]);
//! - once, at a start: what was vouched for when the service last looked, and a few minutes for the pause in between.
//!
//! What was vouched for is kept in the database, so that nodes share it and a restart begins with it; the minutes for the
//! pause are not, so that restarting again and again gains nothing. A second source that is late makes destruction late,
//! never early.

mod agreement;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{AuditId, Clock, Instant, RequestId};
use store::Db;
use vault::{Epoch, Vault};

use crate::{Answer, AuditRecord, Fault, Service, ServiceError};
use agreement::Agreement;

/// A clock further ahead than this is warned of.
const TOLERANCE: Duration = Duration::from_secs(60);
/// How often it is warned of.
const WARN_EVERY: Duration = Duration::from_secs(60);
/// How far an operator's watch may be ahead of the machine's clock.
const WATCH: Duration = Duration::from_secs(300);

/// How a service finds out which time to believe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimePolicy {
    /// How long the service may have been away for its clock to be believed at a start without a second source.
    pub gap: Duration,
    /// Whether the database's clock is another machine's; when absent the database is asked where it runs.
    pub database_elsewhere: Option<bool>,
}

impl Default for TimePolicy {
    /// Five minutes; the database is asked.
    fn default() -> Self {
        Self { gap: Duration::from_secs(300), database_elsewhere: None }
    }
}

/// What each source says of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeReport {
    /// The machine's clock.
    pub clock: Instant,
    /// The time by which things are deleted and destroyed.
    pub agreed: Instant,
    /// The latest instant vouched for that is stored; none when nothing was.
    pub vouched: Option<Instant>,
    /// The database's clock, when it is another machine's.
    pub database: Option<Instant>,
}

impl TimeReport {
    /// How far the clock is ahead of what is agreed.
    #[must_use]
    pub fn ahead(&self) -> Duration {
        self.clock.since(self.agreed)
    }
}

/// What has been seen and vouched for.
pub(crate) struct TrustedTime {
    policy: TimePolicy,
    /// The latest instant the database has seen, in microseconds: a clock set back resurrects nothing.
    mark: AtomicI64,
    agreement: Mutex<Agreement>,
    /// When the last warning was given, by the clock that cannot be set.
    warned: Mutex<Option<Duration>>,
}

impl TrustedTime {
    /// As the database knows it. A service that has nothing yet has nothing to lose and believes its clock.
    ///
    /// # Errors
    /// When database or keystore do not answer.
    pub(crate) fn open(db: &Db, vault: &Vault, clock: &dyn Clock, policy: TimePolicy) -> Answer<Self> {
        let (mark, vouched) = db.read("clock.known", |tx| {
            Ok::<_, ServiceError>((store::clock::high_water(tx)?, store::clock::vouched(tx)?))
        })?;
        let wall = clock.now();
        let known = match vouched.or(mark) {
            Some(known) => known,
            None if vault.living_epochs()?.is_empty() => wall,
            None => Instant::MIN,
        };
        let agreement = Agreement::at_start(known, policy.gap, wall, clock.monotonic());
        Ok(Self {
            policy,
            mark: AtomicI64::new(mark.unwrap_or(Instant::MIN).as_micros()),
            agreement: Mutex::new(agreement),
            warned: Mutex::default(),
        })
    }

    fn mark(&self) -> Instant {
        Instant::from_micros(self.mark.load(Ordering::Acquire))
    }

    fn agreement(&self) -> MutexGuard<'_, Agreement> {
        self.agreement.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is time for a warning.
    fn may_warn(&self, monotonic: Duration) -> bool {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        let due = warned.is_none_or(|last| monotonic.saturating_sub(last) >= WARN_EVERY);
        if due {
            *warned = Some(monotonic);
        }
        due
    }
}

impl Service {
    /// The current instant, never earlier than the latest that was seen. What may be read goes by this.
    pub(crate) fn now(&self) -> Instant {
        // What was believed once is not taken back, whoever sets the clock before it is stored.
        let agreed = self.agreed_now().as_micros();
        let mark = self.0.time.mark.fetch_max(agreed, Ordering::AcqRel).max(agreed);
        self.0.clock.now().max(Instant::from_micros(mark))
    }

    /// Stores the time agreed as seen, so that a clock set back across a restart resurrects nothing; every few seconds.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database does not answer.
    pub fn keep_time(&self) -> Answer<()> {
        self.settle_time().map(drop)
    }

    /// The time by which things may be deleted and destroyed: what the clock shows, if that is vouched for.
    pub(crate) fn agreed_now(&self) -> Instant {
        let vouched = self.0.time.agreement().agreed(self.0.clock.monotonic());
        self.0.clock.now().min(vouched).max(self.0.time.mark())
    }

    /// Takes somebody else's word that it is `at` or later, such as the `iat` of a token just verified. The caller answers
    /// for its being another machine's word.
    pub fn vouch(&self, at: Instant) {
        self.0.time.agreement().vouch(at, self.0.clock.monotonic());
    }

    /// Asks the second sources at hand, stores what is agreed as seen, learns what other nodes know, and gives the time
    /// agreed.
    pub(crate) fn settle_time(&self) -> Answer<Instant> {
        if let Some(at) = self.ask_database()? {
            self.vouch(at);
        }
        let sure = self.0.time.agreement().sure(self.0.clock.monotonic());
        let agreed = self.agreed_now();
        let (mark, vouched) = self.0.db.write("clock.raise", |tx| {
            let mark = store::clock::raise_high_water(tx, agreed)?;
            Ok::<_, ServiceError>((mark, store::clock::raise_vouched(tx, sure)?))
        })?;
        self.0.time.mark.fetch_max(mark.as_micros(), Ordering::AcqRel);
        self.vouch(vouched);
        self.watch_clock();
        Ok(self.agreed_now())
    }

    /// The database's clock, if it is another machine's.
    fn ask_database(&self) -> Answer<Option<Instant>> {
        let elsewhere = self.0.time.policy.database_elsewhere;
        if elsewhere == Some(false) {
            return Ok(None);
        }
        self.0.db.read("clock.database", |tx| {
            let elsewhere = elsewhere.map_or_else(|| store::clock::is_elsewhere(tx), Ok)?;
            Ok(if elsewhere { Some(store::clock::database_now(tx)?) } else { None })
        })
    }

    fn watch_clock(&self) {
        let ahead = self.0.clock.now().since(self.agreed_now());
        metrics::gauge!("clock_ahead_seconds").set(ahead.as_secs_f64());
        if ahead > TOLERANCE && self.0.time.may_warn(self.0.clock.monotonic()) {
            tracing::warn!(
                ahead_seconds = ahead.as_secs(),
                "the clock is ahead of what any other source vouches for: nothing that is over by it alone is destroyed; \
                 set it right, or run `chronology confirm-time`"
            );
        }
    }

    /// What each source says of the time; changes nothing.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database does not answer.
    pub fn time_report(&self) -> Answer<TimeReport> {
        let database = self.ask_database()?;
        let vouched = self.0.db.read("clock.vouched", store::clock::vouched)?;
        let mut agreement = self.0.time.agreement().clone();
        database.into_iter().chain(vouched).for_each(|at| agreement.vouch(at, self.0.clock.monotonic()));
        let (clock, vouched_now) = (self.0.clock.now(), agreement.agreed(self.0.clock.monotonic()));
        Ok(TimeReport { clock, agreed: clock.min(vouched_now).max(self.0.time.mark()), vouched, database })
    }

    /// An operator's word that it is `at` or later, read from another clock than this machine's; recorded in the audit of
    /// every partnership. Running nodes go by it within a minute.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] when it is more than five minutes ahead of the machine's clock, which would let that
    /// clock jump later on; [`ServiceError::Unavailable`] when the database does not answer.
    pub fn confirm_time(&self, at: Instant) -> Answer<()> {
        if at > self.0.clock.now().plus(WATCH) {
            let message = "is ahead of this machine's clock: set that right first";
            return Err(ServiceError::Invalid(vec![Fault::new("/at", "in_the_future", message)]));
        }
        self.0.db.write("clock.confirm", |tx| {
            store::clock::raise_vouched(tx, at)?;
            for partnership in store::partnerships::all(tx)? {
                self.append(tx, &self.confirmation(partnership.id))?;
            }
            Ok::<_, ServiceError>(())
        })?;
        self.vouch(at);
        Ok(())
    }

    /// The service's own record that an operator vouched for the time.
    fn confirmation(&self, partnership: domain::PartnershipId) -> AuditRecord {
        let at = self.now();
        AuditRecord {
            id: AuditId::new(self.ids(), at),
            partnership_id: partnership,
            at,
            operation: "clock.confirm".to_owned(),
            outcome: "allowed".to_owned(),
            reason: Some("operator".to_owned()),
            practitioner_id: None,
            agency_id: None,
            role: None,
            purpose: None,
            object_kind: None,
            object_id: None,
            chronology_id: None,
            request_id: Some(RequestId::new(self.ids(), at)),
            entry_count: None,
        }
    }

    /// The hours whose keys should have been destroyed `late` ago and were not, but for those under a legal hold; by the
    /// time agreed.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when database or keystore do not answer.
    pub fn overdue_hours(&self, late: Duration) -> Answer<Vec<Epoch>> {
        let now = self.time_report()?.agreed;
        let held = self.0.db.read("keys.held", |tx| crate::upkeep::held_expiries(tx, now))?;
        let kept: Vec<Epoch> = held.iter().map(|expires_at| Epoch::of(*expires_at)).collect();
        let living = self.vault().living_epochs()?.into_iter();
        Ok(living.filter(|epoch| now >= epoch.over_at().plus(late) && !kept.contains(epoch)).collect())
    }
}
