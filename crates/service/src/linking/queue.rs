//! The queue of events that this node has committed and its single worker thread. A submission does
//! not wait for the comparison, and an event that the process does not live to handle is in the
//! outbox.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use store::OutboxRow;

use crate::linking::Linking;

/// The linking queue.
#[derive(Default)]
pub(crate) struct LinkingQueue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    waiting: VecDeque<OutboxRow>,
    /// Whether a job is running.
    busy: bool,
    /// Whether the service has shut down.
    closed: bool,
}

impl LinkingQueue {
    /// Queues an event. Events about one chronology that wait together are handled together.
    pub(crate) fn enqueue(&self, event: OutboxRow) {
        self.lock().waiting.push_back(event);
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
        let first = if state.closed {
            None
        } else {
            state.waiting.pop_front()
        };
        state.busy = first.is_some();
        let first = first?;
        let (same, others) = std::mem::take(&mut state.waiting)
            .into_iter()
            .partition::<VecDeque<_>, _>(|event| event.subject_id == first.subject_id);
        state.waiting = others;
        Some(std::iter::once(first).chain(same).collect())
    }

    fn finish_current(&self) {
        self.lock().busy = false;
        self.changed.notify_all();
    }

    /// Closes the queue and stops the worker. Another node handles the queued events.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the worker thread, which runs queued jobs until the queue is closed.
pub(crate) fn start_worker(queue: Arc<LinkingQueue>, linking: Weak<Linking>) {
    let run = move || {
        while let Some(events) = queue.take_next() {
            let Some(linking) = linking.upgrade() else {
                return;
            };
            // A panic in one job must not stop the worker.
            let linked = catch_unwind(AssertUnwindSafe(|| linking.handle_events(&events)));
            if linked.is_err() {
                tracing::error!(
                    "linking a chronology failed; its links will be computed when read"
                );
            }
            queue.finish_current();
        }
    };
    if std::thread::Builder::new()
        .name("linking".to_owned())
        .spawn(run)
        .is_err()
    {
        tracing::warn!("the linking thread did not start; links will be computed when read");
    }
}

impl Linking {
    /// Waits until everything submitted so far is linked.
    pub fn wait_for_links(&self) {
        self.queue.wait_until_idle();
    }
}
