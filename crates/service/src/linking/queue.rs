//! The queue of events that this node has committed and its single worker thread. A submission does
//! not wait for the comparison, and an event that the process does not live to handle is in the
//! outbox.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use store::OutboxRow;
use uuid::Uuid;

use crate::linking::Linking;

/// The linking queue.
#[derive(Default)]
pub(crate) struct LinkingQueue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    /// The waiting events, by the chronology that they are about.
    waiting: BTreeMap<Uuid, Vec<OutboxRow>>,
    /// Whether a job is running.
    busy: bool,
    /// Whether the service has shut down.
    closed: bool,
}

impl LinkingQueue {
    /// Queues an event, unless it waits already. Events about one chronology that wait together are
    /// handled together. After the queue is closed nothing is queued.
    pub(crate) fn enqueue(&self, event: OutboxRow) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        let waiting = state.waiting.entry(event.subject_id).or_default();
        if waiting.iter().all(|other| other.id != event.id) {
            waiting.push(event);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until the queue is empty and no job is running.
    fn wait_until_idle(&self) {
        let state = self.lock();
        let is_busy = |state: &mut QueueState| state.busy || !state.waiting.is_empty();
        drop(
            self.changed
                .wait_while(state, is_busy)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// Waits for the next events, all about one chronology; `None` once the queue is closed.
    fn take_next(&self) -> Option<Vec<OutboxRow>> {
        let state = self.lock();
        let is_waiting = |state: &mut QueueState| !state.closed && state.waiting.is_empty();
        let mut state = self
            .changed
            .wait_while(state, is_waiting)
            .unwrap_or_else(PoisonError::into_inner);
        let next = if state.closed {
            None
        } else {
            state.waiting.pop_first()
        };
        state.busy = next.is_some();
        next.map(|(_, events)| events)
    }

    fn finish_current(&self) {
        self.lock().busy = false;
        self.changed.notify_all();
    }

    /// Closes the queue and stops the worker. Another node handles the queued events.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.clear();
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the worker thread, which runs queued jobs until the queue is closed.
pub(crate) fn start_worker(queue: Arc<LinkingQueue>, linking: Weak<Linking>) {
    let running = Arc::clone(&queue);
    let run = move || {
        while let Some(events) = running.take_next() {
            let Some(linking) = linking.upgrade() else {
                return;
            };
            linking.handle_events(&events);
            running.finish_current();
        }
    };
    if std::thread::Builder::new()
        .name("linking".to_owned())
        .spawn(run)
        .is_err()
    {
        queue.close();
        tracing::warn!("the linking thread did not start; links will be computed when read");
    }
}

impl Linking {
    /// Waits until everything submitted so far is linked.
    pub fn wait_for_links(&self) {
        self.queue.wait_until_idle();
    }
}
