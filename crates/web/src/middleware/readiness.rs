//! Readiness of the service, checked against the database once for all concurrent probes: probes
//! need no token, so many of them must cost no more than one.

use std::time::Duration;

use actix_web::web;
use domain::Clock;
use tokio::sync::Mutex;

/// How long a result is reused.
const CACHE_TTL: Duration = Duration::from_millis(250);

/// The latest result and when it was obtained.
#[derive(Default)]
pub(crate) struct ReadinessCache(Mutex<Option<(Duration, bool)>>);

impl ReadinessCache {
    /// Whether the service is ready, by `probe` or by a result younger than [`CACHE_TTL`].
    pub(crate) async fn is_ready(
        &self,
        clock: &dyn Clock,
        probe: impl FnOnce() -> bool + Send + 'static,
    ) -> bool {
        // Concurrent probes wait here and then reuse the result.
        let mut cached = self.0.lock().await;
        if let Some((at, ready)) = *cached
            && clock.monotonic().saturating_sub(at) < CACHE_TTL
        {
            return ready;
        }
        let ready = web::block(probe).await.unwrap_or(false);
        *cached = Some((clock.monotonic(), ready));
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
    async fn concurrent_probes_share_one_check() {
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        let readiness = ReadinessCache::default();
        let probe_count = Arc::new(AtomicU32::new(0));
        let probe = |ready: bool| {
            let probe_count = Arc::clone(&probe_count);
            move || {
                probe_count.fetch_add(1, Ordering::Relaxed);
                ready
            }
        };
        let probes = (0..20).map(|_| readiness.is_ready(&clock, probe(true)));
        assert!(
            futures_util::future::join_all(probes)
                .await
                .into_iter()
                .all(|ready| ready)
        );
        assert_eq!(probe_count.load(Ordering::Relaxed), 1);
        assert!(
            readiness.is_ready(&clock, probe(false)).await,
            "the result is still cached"
        );
        clock.advance(CACHE_TTL);
        assert!(!readiness.is_ready(&clock, probe(false)).await);
        assert_eq!(probe_count.load(Ordering::Relaxed), 2);
    }
}
