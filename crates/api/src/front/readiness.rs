//! Whether the service is ready, asked of the database once for all who want to know: a probe needs no token, so that many of
//! them must cost no more than one.

use std::time::Duration;

use actix_web::web;
use domain::Clock;
use tokio::sync::Mutex;

/// How long an answer counts.
const FRESH: Duration = Duration::from_millis(250);

/// What was found last, and when.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<(Duration, bool)>>);

impl Readiness {
    /// Whether the service is ready: as `ask` says, or as it said a moment ago.
    pub(crate) async fn get(&self, clock: &dyn Clock, ask: impl FnOnce() -> bool + Send + 'static) -> bool {
        // Whoever comes while it is being found out waits here, and then takes the answer.
        let mut last = self.0.lock().await;
        if let Some((at, ready)) = *last
            && clock.monotonic().saturating_sub(at) < FRESH
        {
            return ready;
        }
        let ready = web::block(ask).await.unwrap_or(false);
        *last = Some((clock.monotonic(), ready));
        ready
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use domain::{Instant, MockClock};

    use super::*;

    #[actix_web::test]
    async fn many_probes_ask_once_and_later_ones_again() {
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        let (readiness, asked) = (Readiness::default(), Arc::new(AtomicU32::new(0)));
        let ask = |ready: bool| {
            let asked = Arc::clone(&asked);
            move || {
                asked.fetch_add(1, Ordering::Relaxed);
                ready
            }
        };
        let probes = (0..20).map(|_| readiness.get(&clock, ask(true)));
        assert!(futures_util::future::join_all(probes).await.into_iter().all(|ready| ready));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert!(readiness.get(&clock, ask(false)).await, "a moment ago it was");
        clock.advance(FRESH);
        assert!(!readiness.get(&clock, ask(false)).await);
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }
}
