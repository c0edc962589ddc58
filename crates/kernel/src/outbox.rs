//! Effects that follow a commit. A use case names them as events; they are written to the outbox in
//! its transaction and, once it has committed, handed to the worker of this node. If the process
//! stops in between, any node claims the event when the claim of this one has lapsed.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use domain::{Instant, OutboxEvent, OutboxId, OutboxSubject, PartnershipId};
use store::{OutboxRow, Tx};
use uuid::Uuid;

use crate::unit_of_work::UnitOfWork;
use crate::{Kernel, ServiceResult};

/// How long a worker has for an event before another may claim it.
const CLAIM: Duration = Duration::from_secs(60);
/// The wait after a first failed attempt; each further failure doubles it.
const FIRST_RETRY: Duration = Duration::from_secs(5);
/// The longest wait between two attempts, as a number of doublings: about 85 minutes.
const MAX_DOUBLINGS: u32 = 10;

/// Receives the events of one kind that this node has committed.
type Listener = Box<dyn Fn(OutboxRow) + Send + Sync>;

/// The listeners of this process, by event.
#[derive(Default)]
pub(crate) struct OutboxListeners(RwLock<Vec<(OutboxEvent, Listener)>>);

impl OutboxListeners {
    fn has(&self, event: OutboxEvent) -> bool {
        let listeners = self.0.read().unwrap_or_else(PoisonError::into_inner);
        listeners.iter().any(|(kind, _)| *kind == event)
    }

    fn notify(&self, row: &OutboxRow) {
        let listeners = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for (_, listener) in listeners.iter().filter(|(kind, _)| *kind == row.event) {
            listener(row.clone());
        }
    }
}

/// An event that a use case has named, about one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NamedEvent {
    event: OutboxEvent,
    subject: (OutboxSubject, Uuid),
}

impl UnitOfWork<'_, '_> {
    /// Names an effect that follows the commit of this write. An event that is named twice occurs
    /// once.
    pub fn emit(&mut self, event: OutboxEvent, subject: OutboxSubject, id: impl Into<Uuid>) {
        let named = NamedEvent {
            event,
            subject: (subject, id.into()),
        };
        if !self.events.contains(&named) {
            self.events.push(named);
        }
    }
}

impl Kernel {
    /// Calls `listener` with every event of a kind that this node commits. The event is claimed for
    /// it.
    pub fn listen(&self, event: OutboxEvent, listener: impl Fn(OutboxRow) + Send + Sync + 'static) {
        self.listeners
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push((event, Box::new(listener)));
    }

    /// Writes events to the outbox in the transaction that causes them.
    pub(crate) fn insert_events(
        &self,
        tx: &mut Tx<'_>,
        partnership: PartnershipId,
        events: &[NamedEvent],
        now: Instant,
    ) -> ServiceResult<Vec<OutboxRow>> {
        let row = |named: &NamedEvent| OutboxRow {
            id: OutboxId::new(self.ids(), now),
            partnership_id: partnership,
            event: named.event,
            subject_kind: named.subject.0,
            subject_id: named.subject.1,
            created_at: now,
            attempts: 0,
            not_before: now,
            claimed_until: self.listeners.has(named.event).then(|| now.plus(CLAIM)),
        };
        let rows: Vec<OutboxRow> = events.iter().map(row).collect();
        if !rows.is_empty() {
            store::outbox::insert(tx, &rows)?;
        }
        Ok(rows)
    }

    /// Hands committed events to the listeners of this node.
    pub(crate) fn dispatch_events(&self, rows: &[OutboxRow]) {
        for row in rows {
            self.listeners.notify(row);
        }
    }

    /// Claims at most `limit` events of a kind that are due and that no worker has claimed: those
    /// of processes that stopped, and those that failed before. Also measures how far the workers
    /// are behind.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when the database cannot be reached.
    pub fn claim_events(&self, event: OutboxEvent, limit: u32) -> ServiceResult<Vec<OutboxRow>> {
        let now = self.now();
        let oldest = self.db.read("outbox.oldest", store::outbox::oldest)?;
        let delay = oldest.map_or(Duration::ZERO, |oldest| now.since(oldest));
        metrics::gauge!("outbox_delay_seconds").set(delay.as_secs_f64());
        if oldest.is_none() {
            return Ok(Vec::new());
        }
        Ok(self.db.write("outbox.claim", |tx| {
            store::outbox::claim(tx, &[event], now, now.plus(CLAIM), limit)
        })?)
    }

    /// Releases an event after a failed attempt; it is due again after a wait that doubles with
    /// every failure.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when the database cannot be reached; its claim lapses
    /// then.
    pub fn release_event(&self, row: &OutboxRow) -> ServiceResult<()> {
        let doublings = u32::try_from(row.attempts).unwrap_or(MAX_DOUBLINGS);
        let wait = FIRST_RETRY * 2_u32.pow(doublings.min(MAX_DOUBLINGS));
        let not_before = self.now().plus(wait);
        Ok(self.db.write("outbox.release", |tx| {
            store::outbox::fail(tx, row.id, not_before)
        })?)
    }
}
