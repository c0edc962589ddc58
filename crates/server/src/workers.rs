//! Background workers: they delete expired data, mark overdue invitations, destroy keys and evict
//! cached keys. Any node may run them. Each logs only counts, backs off after failures, and runs
//! until the service stops.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::{self, task::JoinHandle};
use identity::Verifier;
use metrics_exporter_prometheus::PrometheusHandle;
use service::{MERGE_DELAY_ALARM, MERGE_DELAY_LIMIT, PurgeReport, Service, ServiceResult};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};
use vault::Vault;

use crate::config::WorkerSettings;

/// Cached keys live at most 60 s; they are checked four times in that period.
const EVICTION_INTERVAL: Duration = Duration::from_secs(15);
/// How often the verifier is asked to read issuers' keys. It decides which are due.
const ISSUERS_INTERVAL: Duration = Duration::from_secs(30);
/// How often samples are merged into the metrics' totals.
const METRICS_INTERVAL: Duration = Duration::from_secs(5);
/// Records are added to the tree well within a second of being written.
const SEQUENCE_INTERVAL: Duration = Duration::from_millis(250);
/// Numbers of rolled-back transactions are usually reused before this interval has passed.
const FILL_INTERVAL: Duration = Duration::from_secs(5);
/// How far the clock can be set back across a crash without being noticed.
const CLOCK_INTERVAL: Duration = Duration::from_secs(5);
const WATCH_INTERVAL: Duration = Duration::from_secs(1);
const RETENTION_INTERVAL: Duration = Duration::from_secs(3_600);
/// Database statistics are refreshed at start and then hourly; tables do not grow tenfold in an
/// How often events that no worker has handled are claimed.
const OUTBOX_INTERVAL: Duration = Duration::from_secs(15);
/// hour.
const STATISTICS_INTERVAL: Duration = Duration::from_secs(3_600);
/// Longest delay after repeated failures: less than the minute within which expired content must be
/// deleted.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// Steps in a row before the worker waits for its next tick.
const MAX_STEPS_PER_TICK: u32 = 100;

/// Whether a step left more work to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepOutcome {
    MoreToDo,
    Done,
}

/// The running workers.
pub(crate) struct Workers {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// What the workers need.
pub(crate) struct WorkerContext {
    pub(crate) service: Service,
    pub(crate) vault: Vault,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) metrics: Option<PrometheusHandle>,
}

impl Workers {
    /// Starts all workers on the current runtime.
    pub(crate) fn start(context: WorkerContext, settings: WorkerSettings) -> Self {
        let (stop, stopped) = watch::channel(false);
        let WorkerContext {
            service,
            vault,
            verifier,
            metrics,
        } = context;
        let mut tasks = spawn_audit_workers(&service, &stopped);
        tasks.push(spawn_worker("clock", CLOCK_INTERVAL, &stopped, {
            let service = service.clone();
            let verifier = Arc::clone(&verifier);
            move || {
                verifier
                    .vouched_time()
                    .into_iter()
                    .for_each(|at| service.kernel.vouch(at));
                service.kernel.persist_time().map(|()| StepOutcome::Done)
            }
        }));
        tasks.extend(spawn_deadline_workers(&service, &settings, &stopped));
        tasks.extend([
            spawn_worker("forget", EVICTION_INTERVAL, &stopped, {
                let service = service.clone();
                move || {
                    vault.evict_expired_keys(service.kernel.clock().now());
                    Ok(StepOutcome::Done)
                }
            }),
            spawn_worker("outbox", OUTBOX_INTERVAL, &stopped, {
                let service = service.clone();
                move || {
                    let queued = service.linking.queue_due_events();
                    queued.map(|()| StepOutcome::Done)
                }
            }),
            spawn_worker("statistics", STATISTICS_INTERVAL, &stopped, {
                let service = service.clone();
                move || {
                    service
                        .retention
                        .refresh_statistics()
                        .map(|_| StepOutcome::Done)
                }
            }),
            spawn_worker("issuers", ISSUERS_INTERVAL, &stopped, move || {
                // The verifier logs which keys could not be read and continues with those it has.
                verifier.refresh(service.kernel.clock().now());
                Ok(StepOutcome::Done)
            }),
        ]);
        if let Some(metrics) = metrics {
            tasks.push(spawn_worker(
                "metrics",
                METRICS_INTERVAL,
                &stopped,
                move || {
                    metrics.run_upkeep();
                    Ok(StepOutcome::Done)
                },
            ));
        }
        Self { stop, tasks }
    }

    /// Lets each worker finish its current step, and stops it.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

/// Workers that act when a time has come: they delete expired data, mark overdue invitations and
/// destroy keys.
fn spawn_deadline_workers(
    service: &Service,
    settings: &WorkerSettings,
    stopped: &watch::Receiver<bool>,
) -> [JoinHandle<()>; 3] {
    let batch = settings.batch;
    let purging_service = service.clone();
    let marking_service = service.clone();
    let destroying_service = service.clone();
    [
        spawn_worker("purge", settings.purge_every, stopped, move || {
            purge(&purging_service, batch)
        }),
        spawn_worker("due", settings.due_every, stopped, move || {
            mark_overdue(&marking_service, batch)
        }),
        spawn_worker("keys", settings.keys_every, stopped, move || {
            destroy_keys(&destroying_service)
        }),
    ]
}

/// Workers that keep the audit provable: they sequence records, fill unused numbers with void
/// records, watch the merge delay and end the retention.
fn spawn_audit_workers(service: &Service, stopped: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
    let sequencing_service = service.clone();
    let filling_service = service.clone();
    let watching_service = service.clone();
    let retention_service = service.clone();
    #[cfg(feature = "bench-switches")]
    if crate::safeguard_switches::is_sequencing_disabled() {
        return Vec::new();
    }
    vec![
        spawn_worker("audit_sequence", SEQUENCE_INTERVAL, stopped, move || {
            metrics::counter!("audit_records_placed_total")
                .increment(sequencing_service.kernel.sequence_audit()?);
            Ok(StepOutcome::Done)
        }),
        spawn_worker("audit_fill", FILL_INTERVAL, stopped, move || {
            metrics::counter!("audit_numbers_filled_total")
                .increment(u64::from(filling_service.kernel.fill_audit_gaps()?));
            Ok(StepOutcome::Done)
        }),
        spawn_worker("audit_watch", WATCH_INTERVAL, stopped, move || {
            let delay = watching_service.kernel.measure_merge_delay();
            metrics::gauge!("audit_merge_delay_seconds").set(delay.as_secs_f64());
            if delay >= MERGE_DELAY_ALARM {
                let refuses = delay >= MERGE_DELAY_LIMIT;
                tracing::error!(
                    seconds = delay.as_secs(),
                    refuses,
                    "audit records are waiting to be added to the tree"
                );
            }
            Ok(StepOutcome::Done)
        }),
        spawn_worker("audit_retention", RETENTION_INTERVAL, stopped, move || {
            let ended = retention_service
                .kernel
                .end_audit_retention(retention_service.kernel.clock().now())?;
            if ended > 0 {
                tracing::info!(
                    ended,
                    "retention of audit periods ended; their personal data is destroyed"
                );
            }
            Ok(StepOutcome::Done)
        }),
    ]
}

/// Runs `step` at once and then at every interval, on a blocking thread, until the service stops.
fn spawn_worker(
    name: &'static str,
    interval_length: Duration,
    stopped: &watch::Receiver<bool>,
    step: impl Fn() -> ServiceResult<StepOutcome> + Send + Sync + 'static,
) -> JoinHandle<()> {
    let mut stopped = stopped.clone();
    let step = Arc::new(step);
    rt::spawn(async move {
        let mut ticks = interval(interval_length);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failures = 0;
        while wait_unless_stopped(&mut stopped, ticks.tick()).await {
            failures = run_step_until_done(name, &step, &mut stopped, failures).await;
            if failures > 0
                && !wait_unless_stopped(
                    &mut stopped,
                    sleep(backoff_delay(failures, interval_length)),
                )
                .await
            {
                return;
            }
        }
    })
}

/// Repeats `step` while there is more to do. Returns the number of consecutive failures.
async fn run_step_until_done(
    name: &'static str,
    step: &Arc<impl Fn() -> ServiceResult<StepOutcome> + Send + Sync + 'static>,
    stopped: &mut watch::Receiver<bool>,
    failures: u32,
) -> u32 {
    // Bounded, so that an item that stays due cannot cause an endless loop.
    for _ in 0..MAX_STEPS_PER_TICK {
        let step = Arc::clone(step);
        let done = rt::task::spawn_blocking(move || step()).await;
        match done {
            Ok(Ok(StepOutcome::MoreToDo)) if !*stopped.borrow() => {}
            Ok(Ok(_)) => return 0,
            Ok(Err(error)) => {
                tracing::warn!(worker = name, %error, failures = failures + 1, "background work failed");
                return record_failure(name, failures);
            }
            // The panic hook has logged the location; the next tick tries again.
            Err(_) => return record_failure(name, failures),
        }
    }
    0
}

fn record_failure(name: &'static str, failures: u32) -> u32 {
    metrics::counter!("worker_failures_total", "worker" => name).increment(1);
    failures.saturating_add(1)
}

/// Waits for `event`; returns false when the service stops first.
async fn wait_unless_stopped(stopped: &mut watch::Receiver<bool>, event: impl Future) -> bool {
    tokio::select! {
        biased;
        _ = stopped.wait_for(|stop| *stop) => false,
        _ = event => true,
    }
}

/// One second, doubled with each failure. Frequent work has a lower maximum, so that it is retried
/// soon.
fn backoff_delay(failures: u32, interval_length: Duration) -> Duration {
    let max_delay = interval_length
        .saturating_mul(8)
        .clamp(Duration::from_secs(1), MAX_BACKOFF);
    Duration::from_secs(1 << failures.saturating_sub(1).min(5)).min(max_delay)
}

fn purge(service: &Service, batch: u32) -> ServiceResult<StepOutcome> {
    let report = service.retention.purge(batch)?;
    let PurgeReport {
        chronologies,
        fragments,
        people,
        families,
        idempotency_records,
        failed,
        ..
    } = report;
    let PurgeReport {
        unpurged,
        oldest_unpurged,
        overdue_holds,
        ..
    } = report;
    let oldest = oldest_unpurged.unwrap_or_default().as_secs_f64();
    metrics::gauge!("oldest_unpurged_seconds").set(oldest);
    for (kind, rows) in unpurged {
        metrics::gauge!("unpurged", "kind" => kind)
            .set(f64::from(u32::try_from(rows).unwrap_or(u32::MAX)));
    }
    let overdue = u32::try_from(overdue_holds).unwrap_or(u32::MAX);
    metrics::gauge!("holds_review_overdue").set(f64::from(overdue));
    if failed > 0 {
        tracing::warn!(
            failed,
            "expired data could not be deleted; each identifier is logged above"
        );
    }
    let counts = [
        ("chronology", chronologies),
        ("fragment", fragments),
        ("person", people),
        ("family", families),
        ("reply", idempotency_records),
    ];
    for (kind, count) in counts {
        metrics::counter!("purged_total", "kind" => kind).increment(u64::from(count));
    }
    if counts.iter().any(|(_, count)| *count > 0) {
        tracing::info!(
            chronologies,
            fragments,
            people,
            families,
            idempotency_records,
            "expired data deleted"
        );
    }
    Ok(StepOutcome::Done)
}

fn mark_overdue(service: &Service, batch: u32) -> ServiceResult<StepOutcome> {
    let passed = service.retention.mark_overdue(batch)?;
    if passed > 0 {
        tracing::info!(passed, "due dates passed");
    }
    Ok(if passed >= batch {
        StepOutcome::MoreToDo
    } else {
        StepOutcome::Done
    })
}

fn destroy_keys(service: &Service) -> ServiceResult<StepOutcome> {
    let destroyed = service.retention.destroy_keys()?;
    metrics::counter!("keys_destroyed_total").increment(u64::from(destroyed));
    if destroyed > 0 {
        tracing::info!(destroyed, "keys destroyed");
    }
    Ok(StepOutcome::Done)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use service::ServiceError;

    use super::*;

    #[test]
    fn backoff_grows_up_to_its_maximum() {
        let delays = |interval_length| {
            (1..=8)
                .map(|failures| backoff_delay(failures, interval_length).as_secs())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            delays(Duration::from_secs(15)),
            [1, 2, 4, 8, 16, 30, 30, 30]
        );
        assert_eq!(delays(SEQUENCE_INTERVAL), [1, 2, 2, 2, 2, 2, 2, 2]);
    }

    #[actix_web::test]
    async fn worker_survives_errors_and_panics() {
        let calls = Arc::new(AtomicU32::new(0));
        let call_count = Arc::clone(&calls);
        let step = Arc::new(move || match call_count.fetch_add(1, Ordering::SeqCst) {
            0 => Err(ServiceError::Internal("first")),
            1 => panic!("second"),
            2 => Ok(StepOutcome::MoreToDo),
            _ => Ok(StepOutcome::Done),
        });
        let (_stop, mut stopped) = watch::channel(false);
        let failures = run_step_until_done("test", &step, &mut stopped, 0).await;
        assert_eq!(failures, 1);
        let failures = run_step_until_done("test", &step, &mut stopped, failures).await;
        assert_eq!(failures, 2, "a panic is a failure like any other");
        let failures = run_step_until_done("test", &step, &mut stopped, failures).await;
        assert_eq!(
            (failures, calls.load(Ordering::SeqCst)),
            (0, 4),
            "the remaining work follows at once"
        );
    }

    #[actix_web::test]
    async fn unfinished_work_is_bounded_and_stopped_worker_ends() {
        let calls = Arc::new(AtomicU32::new(0));
        let (stop, stopped) = watch::channel(false);
        let call_count = Arc::clone(&calls);
        let step = move || {
            call_count.fetch_add(1, Ordering::SeqCst);
            Ok(StepOutcome::MoreToDo)
        };
        let failures =
            run_step_until_done("test", &Arc::new(step.clone()), &mut stopped.clone(), 0).await;
        assert_eq!(
            (failures, calls.load(Ordering::SeqCst)),
            (0, MAX_STEPS_PER_TICK)
        );
        let task = spawn_worker("test", Duration::from_secs(3_600), &stopped, step);
        stop.send(true).unwrap();
        task.await.unwrap();
    }
}
