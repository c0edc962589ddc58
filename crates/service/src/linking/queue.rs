//! Chronologies that wait to be linked, and the one thread that links them: nobody who submits waits for the comparing,
//! and a chronology that changes while it waits is linked once.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use domain::ChronologyId;

use super::Relink;
use crate::Service;
use crate::engine::Inner;

/// What waits.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: BTreeMap<ChronologyId, Relink>,
    /// Whether one is being linked.
    busy: bool,
    /// Whether the service has ended.
    closed: bool,
}

impl Queue {
    /// Has a chronology linked soon.
    pub(crate) fn add(&self, job: Relink) {
        self.lock().waiting.insert(job.chronology.id, job);
        self.changed.notify_all();
    }

    /// Waits until nothing waits.
    fn idle(&self) {
        let state = self.lock();
        let at_work = |state: &mut State| state.busy || !state.waiting.is_empty();
        drop(self.changed.wait_while(state, at_work).unwrap_or_else(PoisonError::into_inner));
    }

    /// The next to be linked; none once the service has ended.
    fn next(&self) -> Option<Relink> {
        let state = self.lock();
        let nothing = |state: &mut State| !state.closed && state.waiting.is_empty();
        let mut state = self.changed.wait_while(state, nothing).unwrap_or_else(PoisonError::into_inner);
        let next = if state.closed { None } else { state.waiting.pop_first() };
        state.busy = next.is_some();
        next.map(|(_, job)| job)
    }

    fn done(&self) {
        self.lock().busy = false;
        self.changed.notify_all();
    }

    /// Ends the thread. What waits is found when it is read.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Links what waits until the service has ended.
pub(crate) fn start(queue: Arc<Queue>, inner: Weak<Inner>) {
    let work = move || {
        while let Some(job) = queue.next() {
            let Some(inner) = inner.upgrade() else { return };
            // A fault in comparing one chronology keeps no other from being linked.
            let linked = catch_unwind(AssertUnwindSafe(|| Service(inner).relink(&job)));
            if linked.is_err() {
                tracing::error!("linking a chronology failed: its links are found at reading");
            }
            queue.done();
        }
    };
    if std::thread::Builder::new().name("linking".to_owned()).spawn(work).is_err() {
        tracing::warn!("no thread for linking: links are found at reading");
    }
}

impl Service {
    /// Waits until everything submitted so far is linked.
    pub fn wait_for_links(&self) {
        self.0.links.idle();
    }
}
