//! The queue of chronologies to link and its single worker thread. A submission does not wait for
//! the comparison, and a chronology that changes while it is queued is linked once.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use domain::ChronologyId;

use crate::linking::Linking;
use crate::linking::background::LinkingJob;

/// The linking queue.
#[derive(Default)]
pub(crate) struct LinkingQueue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    waiting: BTreeMap<ChronologyId, LinkingJob>,
    /// Whether a job is running.
    busy: bool,
    /// Whether the service has shut down.
    closed: bool,
}

impl LinkingQueue {
    /// Queues a job; it replaces a queued job of the same chronology.
    pub(crate) fn enqueue(&self, job: LinkingJob) {
        self.lock().waiting.insert(job.chronology.id, job);
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

    /// Waits for the next job; `None` once the queue is closed.
    fn take_next(&self) -> Option<LinkingJob> {
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
        next.map(|(_, job)| job)
    }

    fn finish_current(&self) {
        self.lock().busy = false;
        self.changed.notify_all();
    }

    /// Closes the queue and stops the worker. Links of queued jobs are computed when they are read.
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
        while let Some(job) = queue.take_next() {
            let Some(linking) = linking.upgrade() else {
                return;
            };
            // A panic in one job must not stop the worker.
            let linked = catch_unwind(AssertUnwindSafe(|| linking.run_linking_job(&job)));
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
