//! A fair queue for use cases. A node runs only as many at a time as its database serves; the
//! others wait. A free permit goes to the waiting caller who has used the least execution time
//! recently, so that a heavy caller delays only themselves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Clock;
use tokio::sync::oneshot;

use super::rate_limiter::CallerKey;

/// Recorded execution time is halved after this.
const HALF_LIFE: Duration = Duration::from_secs(2);
/// Recorded execution time below this is forgotten.
const NEGLIGIBLE_USAGE: Duration = Duration::from_millis(1);
/// Execution time charged when a permit is granted, until the actual time is known.
const ESTIMATED_DURATION: Duration = Duration::from_millis(20);

/// Class of a use case by its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkClass {
    /// Reads the audit; has reserved permits.
    Audit,
    /// Decrypts a few rows.
    Light,
    /// Decrypts a whole chronology.
    Heavy,
}

/// Number of permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QueueCapacity {
    /// For all classes but the audit.
    pub(crate) ordinary: usize,
    /// Of the ordinary ones, how many heavy use cases may hold.
    pub(crate) heavy: usize,
    /// Reserved for the audit.
    pub(crate) audit: usize,
}

/// Grants permits. Clones share them.
#[derive(Clone)]
pub(crate) struct WorkQueue(Arc<Inner>);

struct Inner {
    capacity: QueueCapacity,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ordinary: usize,
    heavy: usize,
    audit: usize,
    waiting: Vec<Waiter>,
    recent_usage: HashMap<CallerKey, Duration>,
    /// When recorded usage was last halved, by the monotonic clock.
    decayed_at: Duration,
}

struct Waiter {
    caller: CallerKey,
    class: WorkClass,
    sender: oneshot::Sender<Permit>,
}

/// The right to run one use case; dropping it lets the next waiter run.
pub(crate) struct Permit {
    queue: WorkQueue,
    caller: CallerKey,
    class: WorkClass,
    started_at: Duration,
}

impl WorkQueue {
    pub(crate) fn new(capacity: QueueCapacity, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            capacity,
            clock,
            state: Mutex::default(),
        }))
    }

    /// Waits for a permit for at most `timeout`; `None` after that.
    pub(crate) async fn acquire(
        &self,
        caller: CallerKey,
        class: WorkClass,
        timeout: Duration,
    ) -> Option<Permit> {
        let receiver = {
            let mut state = self.lock_state();
            if state.has_capacity(class, &self.0.capacity)
                && !state.waiting.iter().any(|other| other.class == class)
            {
                return Some(self.start(&mut state, caller, class));
            }
            let (sender, receiver) = oneshot::channel();
            state.waiting.push(Waiter {
                caller,
                class,
                sender,
            });
            receiver
        };
        tokio::time::timeout(timeout, receiver).await.ok()?.ok()
    }

    fn start(&self, state: &mut State, caller: CallerKey, class: WorkClass) -> Permit {
        state.start(class);
        *state.recent_usage.entry(caller).or_default() += ESTIMATED_DURATION;
        Permit {
            queue: self.clone(),
            caller,
            class,
            started_at: self.0.clock.monotonic(),
        }
    }

    /// Grants free permits to waiters.
    fn dispatch(&self) {
        while let Some((permit, sender)) = self.grant_next() {
            // A waiter that was cancelled drops the permit, which then goes to the next.
            let _ = sender.send(permit);
        }
    }

    fn grant_next(&self) -> Option<(Permit, oneshot::Sender<Permit>)> {
        let mut state = self.lock_state();
        loop {
            let Waiter {
                caller,
                class,
                sender,
            } = state.pop_next(&self.0.capacity)?;
            if !sender.is_closed() {
                return Some((self.start(&mut state, caller, class), sender));
            }
        }
    }

    fn lock_state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn has_capacity(&self, class: WorkClass, capacity: &QueueCapacity) -> bool {
        match class {
            WorkClass::Audit => self.audit < capacity.audit,
            WorkClass::Light => self.ordinary < capacity.ordinary,
            WorkClass::Heavy => self.ordinary < capacity.ordinary && self.heavy < capacity.heavy,
        }
    }

    const fn start(&mut self, class: WorkClass) {
        match class {
            WorkClass::Audit => self.audit += 1,
            WorkClass::Light => self.ordinary += 1,
            WorkClass::Heavy => {
                self.ordinary += 1;
                self.heavy += 1;
            }
        }
    }

    const fn finish(&mut self, class: WorkClass) {
        match class {
            WorkClass::Audit => self.audit -= 1,
            WorkClass::Light => self.ordinary -= 1,
            WorkClass::Heavy => {
                self.ordinary -= 1;
                self.heavy -= 1;
            }
        }
    }

    /// Removes the next waiter with capacity for its class: of the caller with the least recent
    /// usage, in order of arrival.
    fn pop_next(&mut self, capacity: &QueueCapacity) -> Option<Waiter> {
        let waiters = self.waiting.iter().enumerate();
        let runnable = waiters.filter(|(_, waiter)| self.has_capacity(waiter.class, capacity));
        let usage_of =
            |caller: &CallerKey| self.recent_usage.get(caller).copied().unwrap_or_default();
        let next = runnable.min_by_key(|(_, waiter)| usage_of(&waiter.caller));
        let index = next.map(|(index, _)| index)?;
        Some(self.waiting.remove(index))
    }

    /// Records execution time of a caller and decays older usage.
    fn record_usage(&mut self, caller: CallerKey, time: Duration, now: Duration) {
        let usage = self.recent_usage.entry(caller).or_default();
        *usage = usage.saturating_sub(ESTIMATED_DURATION) + time;
        let passed = now.saturating_sub(self.decayed_at);
        let halvings =
            u32::try_from(passed.as_millis() / HALF_LIFE.as_millis()).unwrap_or(u32::MAX);
        if halvings > 0 {
            self.decayed_at = now;
            let divisor = 2_u32.saturating_pow(halvings);
            self.recent_usage
                .values_mut()
                .for_each(|usage| *usage /= divisor);
            self.recent_usage
                .retain(|_, usage| *usage >= NEGLIGIBLE_USAGE);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let now = self.queue.0.clock.monotonic();
        let mut state = self.queue.lock_state();
        state.finish(self.class);
        state.record_usage(self.caller, now.saturating_sub(self.started_at), now);
        drop(state);
        self.queue.dispatch();
    }
}

#[cfg(test)]
mod tests {
    use domain::{Instant, MockClock};
    use futures_util::future::poll_immediate;

    use super::*;

    const HEAVY_CALLER: CallerKey = [1; 32];
    const LIGHT_CALLER: CallerKey = [2; 32];
    const TIMEOUT: Duration = Duration::from_secs(5);

    fn queue() -> (WorkQueue, MockClock) {
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        (
            WorkQueue::new(
                QueueCapacity {
                    ordinary: 2,
                    heavy: 1,
                    audit: 1,
                },
                Arc::new(clock.clone()),
            ),
            clock,
        )
    }

    async fn acquire(queue: &WorkQueue, caller: CallerKey, class: WorkClass) -> Option<Permit> {
        queue.acquire(caller, class, TIMEOUT).await
    }

    #[tokio::test(start_paused = true)]
    async fn grants_next_permit_to_least_served_caller() {
        let (queue, clock) = queue();
        let first = acquire(&queue, HEAVY_CALLER, WorkClass::Light)
            .await
            .unwrap();
        let second = acquire(&queue, HEAVY_CALLER, WorkClass::Light)
            .await
            .unwrap();
        clock.advance(Duration::from_millis(900));
        let mut heavy_waiter = Box::pin(acquire(&queue, HEAVY_CALLER, WorkClass::Light));
        let mut light_waiter = Box::pin(acquire(&queue, LIGHT_CALLER, WorkClass::Light));
        assert!(
            poll_immediate(&mut heavy_waiter).await.is_none()
                && poll_immediate(&mut light_waiter).await.is_none()
        );
        drop(first);
        assert!(
            poll_immediate(&mut heavy_waiter).await.is_none(),
            "first in the queue but with more recent usage"
        );
        assert!(light_waiter.await.is_some());
        drop(second);
        assert!(heavy_waiter.await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn heavy_work_leaves_capacity_for_light_and_audit_work() {
        let (queue, _) = queue();
        let _heavy = acquire(&queue, HEAVY_CALLER, WorkClass::Heavy)
            .await
            .unwrap();
        assert!(
            acquire(&queue, LIGHT_CALLER, WorkClass::Heavy)
                .await
                .is_none(),
            "one heavy permit, and waiting times out"
        );
        let _light = acquire(&queue, LIGHT_CALLER, WorkClass::Light)
            .await
            .unwrap();
        assert!(
            acquire(&queue, LIGHT_CALLER, WorkClass::Light)
                .await
                .is_none()
        );
        assert!(
            acquire(&queue, LIGHT_CALLER, WorkClass::Audit)
                .await
                .is_some()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn permit_of_cancelled_waiter_goes_to_next() {
        let (queue, _) = queue();
        let first = acquire(&queue, HEAVY_CALLER, WorkClass::Light).await;
        let second = acquire(&queue, HEAVY_CALLER, WorkClass::Light).await;
        let mut cancelled = Box::pin(acquire(&queue, LIGHT_CALLER, WorkClass::Light));
        let mut next = Box::pin(acquire(&queue, HEAVY_CALLER, WorkClass::Light));
        assert!(
            poll_immediate(&mut cancelled).await.is_none()
                && poll_immediate(&mut next).await.is_none()
        );
        drop(cancelled);
        drop((first, second));
        assert!(next.await.is_some());
        assert_eq!(queue.lock_state().ordinary, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn old_usage_decays_to_nothing() {
        let (queue, clock) = queue();
        let permit = acquire(&queue, HEAVY_CALLER, WorkClass::Light)
            .await
            .unwrap();
        clock.advance(Duration::from_secs(1));
        drop(permit);
        assert!(queue.lock_state().recent_usage[&HEAVY_CALLER] >= Duration::from_millis(900));
        clock.advance(Duration::from_secs(60));
        drop(acquire(&queue, LIGHT_CALLER, WorkClass::Light).await);
        assert!(!queue.lock_state().recent_usage.contains_key(&HEAVY_CALLER));
    }
}
