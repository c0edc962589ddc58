//! Trusted time. Access to data follows the clock, but never an earlier instant than the latest one
//! seen. Deletion and the destruction of keys cannot be undone, so they follow a time that more
//! than one source agrees on: a clock that jumps forward destroys nothing.
//!
//! The agreed time is the earlier of the clock and the latest instant that another source has
//! vouched for. These sources vouch for an instant:
//! - the machine's monotonic clock ([`domain::Clock::monotonic`]), for the time passed since the
//!   last vouched instant;
//! - the `iat` claim of an access token that was just verified, from an issuer that is configured
//!   to vouch for the time and runs on another machine ([`Service::vouch`]);
//! - the database's clock, if the database runs on another machine;
//! - an operator ([`Service::confirm_time`]);
//! - once at start-up, the instant stored when the service last ran, plus a few minutes for the
//!   pause since.
//!
//! The vouched instant is stored in the database, so that nodes share it and a restart continues
//! from it. The allowance for the pause is not stored, so that repeated restarts gain nothing. A
//! second source that is slow delays destruction and never brings it forward.

mod agreed_time;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{AuditId, Clock, Instant, RequestId, SystemAction};
use store::Db;
use vault::{Epoch, Vault};

use crate::{AuditRecord, Fault, Service, ServiceError, ServiceResult};
use agreed_time::AgreedTime;

/// How far the clock may be ahead of the agreed time before a warning is logged.
const MAX_CLOCK_LEAD: Duration = Duration::from_secs(60);
/// The shortest time between two warnings.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);
/// How far a time that an operator confirms may be ahead of the machine's clock.
const MAX_OPERATOR_LEAD: Duration = Duration::from_secs(300);

/// The settings of trusted time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimePolicy {
    /// The longest pause for which the clock is trusted at start-up without a second source.
    pub gap: Duration,
    /// Whether the database runs on another machine, so that its clock is a second source; when
    /// absent, the database is asked.
    pub database_elsewhere: Option<bool>,
}

impl Default for TimePolicy {
    /// Allows a pause of five minutes, and asks the database where it runs.
    fn default() -> Self {
        Self {
            gap: Duration::from_secs(300),
            database_elsewhere: None,
        }
    }
}

/// What each source reports as the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeReport {
    /// The time of the machine's clock.
    pub clock: Instant,
    /// The agreed time, by which data is deleted and keys are destroyed.
    pub agreed: Instant,
    /// The latest vouched instant that is stored; none if there is none.
    pub vouched: Option<Instant>,
    /// The time of the database's clock, if it runs on another machine.
    pub database: Option<Instant>,
}

impl TimeReport {
    /// Returns how far the clock is ahead of the agreed time.
    #[must_use]
    pub fn clock_lead(&self) -> Duration {
        self.clock.since(self.agreed)
    }
}

/// The trusted time of this process.
pub(crate) struct TrustedTime {
    policy: TimePolicy,
    /// The latest agreed instant, in microseconds. A clock that is set back does not make expired
    /// data readable again.
    high_water_mark: AtomicI64,
    agreed_time: Mutex<AgreedTime>,
    /// When the last warning was logged, on the monotonic clock.
    last_warning: Mutex<Option<Duration>>,
}

impl TrustedTime {
    /// Loads the trusted time from the database. An installation without any keys has nothing to
    /// lose and trusts its clock.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database or the keystore cannot be reached.
    pub(crate) fn open(
        db: &Db,
        vault: &Vault,
        clock: &dyn Clock,
        policy: TimePolicy,
    ) -> ServiceResult<Self> {
        let (high_water_mark, vouched) = db.read("clock.load", |tx| {
            Ok::<_, ServiceError>((store::clock::high_water(tx)?, store::clock::vouched(tx)?))
        })?;
        let wall_clock = clock.now();
        let known = match vouched.or(high_water_mark) {
            Some(known) => known,
            None if vault.live_epochs()?.is_empty() => wall_clock,
            None => Instant::MIN,
        };
        let agreed_time =
            AgreedTime::new_at_startup(known, policy.gap, wall_clock, clock.monotonic());
        Ok(Self {
            policy,
            high_water_mark: AtomicI64::new(high_water_mark.unwrap_or(Instant::MIN).as_micros()),
            agreed_time: Mutex::new(agreed_time),
            last_warning: Mutex::default(),
        })
    }

    fn high_water_mark(&self) -> Instant {
        Instant::from_micros(self.high_water_mark.load(Ordering::Acquire))
    }

    fn agreed_time(&self) -> MutexGuard<'_, AgreedTime> {
        self.agreed_time
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether enough time has passed since the last warning; if so, stores this one.
    fn should_warn(&self, monotonic: Duration) -> bool {
        let mut last_warning = self
            .last_warning
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let due =
            last_warning.is_none_or(|last| monotonic.saturating_sub(last) >= WARNING_INTERVAL);
        if due {
            *last_warning = Some(monotonic);
        }
        due
    }
}

impl Service {
    /// Returns the current instant, never earlier than the latest one seen. Access to data follows
    /// this time.
    pub(crate) fn now(&self) -> Instant {
        // An agreed instant is never taken back, even if the clock is set back before it is stored.
        let agreed = self.agreed_now().as_micros();
        let high_water_mark = self
            .0
            .time
            .high_water_mark
            .fetch_max(agreed, Ordering::AcqRel)
            .max(agreed);
        self.0
            .clock
            .now()
            .max(Instant::from_micros(high_water_mark))
    }

    /// Stores the agreed time, so that a clock that is set back across a restart does not make
    /// expired data readable again. Called every few seconds.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database cannot be reached.
    pub fn persist_time(&self) -> ServiceResult<()> {
        self.refresh_agreed_time().map(drop)
    }

    /// Returns the agreed time, by which data may be deleted and keys destroyed: the clock, as far
    /// as another source vouches for it.
    pub(crate) fn agreed_now(&self) -> Instant {
        let vouched = self.0.time.agreed_time().agreed(self.0.clock.monotonic());
        self.0
            .clock
            .now()
            .min(vouched)
            .max(self.0.time.high_water_mark())
    }

    /// Accepts from another source that it is `at` or later, for example from the `iat` claim of a
    /// token just verified. The caller ensures that the source is another machine.
    pub fn vouch(&self, at: Instant) {
        self.0
            .time
            .agreed_time()
            .vouch(at, self.0.clock.monotonic());
    }

    /// Asks the available second sources, stores the agreed time, learns what other nodes have
    /// stored, and returns the agreed time.
    pub(crate) fn refresh_agreed_time(&self) -> ServiceResult<Instant> {
        if let Some(at) = self.read_database_clock()? {
            self.vouch(at);
        }
        let confirmed = self
            .0
            .time
            .agreed_time()
            .confirmed(self.0.clock.monotonic());
        let agreed = self.agreed_now();
        let (high_water_mark, vouched) = self.0.db.write("clock.raise", |tx| {
            let high_water_mark = store::clock::raise_high_water(tx, agreed)?;
            Ok::<_, ServiceError>((high_water_mark, store::clock::raise_vouched(tx, confirmed)?))
        })?;
        self.0
            .time
            .high_water_mark
            .fetch_max(high_water_mark.as_micros(), Ordering::AcqRel);
        self.vouch(vouched);
        self.report_clock_lead();
        Ok(self.agreed_now())
    }

    /// Reads the database's clock if the database runs on another machine.
    fn read_database_clock(&self) -> ServiceResult<Option<Instant>> {
        let is_elsewhere = self.0.time.policy.database_elsewhere;
        if is_elsewhere == Some(false) {
            return Ok(None);
        }
        self.0.db.read("clock.database", |tx| {
            let is_elsewhere = is_elsewhere.map_or_else(|| store::clock::is_remote(tx), Ok)?;
            Ok(if is_elsewhere {
                Some(store::clock::database_now(tx)?)
            } else {
                None
            })
        })
    }

    fn report_clock_lead(&self) {
        let clock_lead = self.0.clock.now().since(self.agreed_now());
        metrics::gauge!("clock_ahead_seconds").set(clock_lead.as_secs_f64());
        if clock_lead > MAX_CLOCK_LEAD && self.0.time.should_warn(self.0.clock.monotonic()) {
            tracing::warn!(
                ahead_seconds = clock_lead.as_secs(),
                "the clock is ahead of what any other source vouches for: data that has expired by this clock alone is \
                 not destroyed; correct it, or run `chronology confirm-time`"
            );
        }
    }

    /// Reports the time of each source; changes nothing.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database cannot be reached.
    pub fn time_report(&self) -> ServiceResult<TimeReport> {
        let database = self.read_database_clock()?;
        let vouched = self.0.db.read("clock.vouched", store::clock::vouched)?;
        let mut agreed_time = self.0.time.agreed_time().clone();
        database
            .into_iter()
            .chain(vouched)
            .for_each(|at| agreed_time.vouch(at, self.0.clock.monotonic()));
        let clock = self.0.clock.now();
        let vouched_now = agreed_time.agreed(self.0.clock.monotonic());
        Ok(TimeReport {
            clock,
            agreed: clock.min(vouched_now).max(self.0.time.high_water_mark()),
            vouched,
            database,
        })
    }

    /// Accepts from an operator that it is `at` or later, read from another clock than this
    /// machine's; recorded in the audit log of every partnership. Running nodes adopt it within a
    /// minute.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] when it is more than five minutes ahead of the machine's clock,
    /// because a later jump of that clock would then be trusted; [`ServiceError::Unavailable`] when
    /// the database cannot be reached.
    pub fn confirm_time(&self, at: Instant) -> ServiceResult<()> {
        if at > self.0.clock.now().plus(MAX_OPERATOR_LEAD) {
            let message = "is ahead of this machine's clock: correct that clock first";
            return Err(ServiceError::Invalid(vec![Fault::new(
                "/at",
                "in_the_future",
                message,
            )]));
        }
        self.0.db.write("clock.confirm", |tx| {
            store::clock::raise_vouched(tx, at)?;
            for partnership in store::partnerships::list_all(tx)? {
                self.append_audit_record(tx, &self.build_confirmation_record(partnership.id))?;
            }
            Ok::<_, ServiceError>(())
        })?;
        self.vouch(at);
        Ok(())
    }

    /// Builds the audit record that an operator vouched for the time.
    fn build_confirmation_record(&self, partnership: domain::PartnershipId) -> AuditRecord {
        let at = self.now();
        AuditRecord {
            id: AuditId::new(self.ids(), at),
            partnership_id: partnership,
            at,
            operation: SystemAction::ClockConfirm.as_str().to_owned(),
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

    /// Lists the epochs whose keys should have been destroyed at least `late` ago by the agreed
    /// time and still exist, except those under a legal hold.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database or the keystore cannot be reached.
    pub fn overdue_epochs(&self, late: Duration) -> ServiceResult<Vec<Epoch>> {
        let now = self.time_report()?.agreed;
        let held_expiries = self.0.db.read("keys.held", |tx| {
            crate::retention::list_held_expiries(tx, now)
        })?;
        let held_epochs: Vec<Epoch> = held_expiries
            .iter()
            .map(|expires_at| Epoch::for_expiry(*expires_at))
            .collect();
        let living = self.vault().live_epochs()?.into_iter();
        Ok(living
            .filter(|epoch| now >= epoch.ends_at().plus(late) && !held_epochs.contains(epoch))
            .collect())
    }
}
