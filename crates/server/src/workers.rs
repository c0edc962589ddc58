//! Background work: deletes what has expired, notes passed due dates, destroys keys, forgets unwrapped ones. Any node may
//! do it; each task logs counts only, backs off when something fails, and never ends before the service does.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::{self, task::JoinHandle};
use identity::Verifier;
use metrics_exporter_prometheus::PrometheusHandle;
use service::{Answer, MERGE_DELAY_ALARM, MERGE_DELAY_REFUSES, PurgeReport, Service};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};
use vault::Vault;

use crate::config::WorkerSettings;

/// Unwrapped keys live at most 60 s; looked at four times in that.
const FORGET_EVERY: Duration = Duration::from_secs(15);
/// Issuers' keys are read again when they are due; the verifier decides.
const ISSUERS_EVERY: Duration = Duration::from_secs(30);
/// Samples are folded into the metrics' totals.
const METRICS_EVERY: Duration = Duration::from_secs(5);
/// A record has its place well within a second of being written.
const SEQUENCE_EVERY: Duration = Duration::from_millis(250);
/// Numbers of transactions that were undone are mostly taken again before this.
const FILL_EVERY: Duration = Duration::from_secs(5);
/// How far a clock can be set back across a crash without anybody knowing.
const KEEP_TIME_EVERY: Duration = Duration::from_secs(5);
const WATCH_EVERY: Duration = Duration::from_secs(1);
const RETENTION_EVERY: Duration = Duration::from_secs(3_600);
/// Statistics of the database: at the start and from then on; tables do not grow tenfold in an hour.
const STATISTICS_EVERY: Duration = Duration::from_secs(3_600);
/// Longest pause after repeated failures: short of the minute within which expired text must be deleted.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Batches in one go before the next tick is waited for.
const ROUNDS_AT_ONCE: u32 = 100;

/// Whether a step found more to do than it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum More {
    Yes,
    No,
}

/// Running workers.
pub(crate) struct Workers {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// What workers work on.
pub(crate) struct Works {
    pub(crate) service: Service,
    pub(crate) vault: Vault,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) metrics: Option<PrometheusHandle>,
}

impl Workers {
    /// Starts them on the present runtime.
    pub(crate) fn start(works: Works, settings: WorkerSettings) -> Self {
        let (stop, stopped) = watch::channel(false);
        let Works { service, vault, verifier, metrics } = works;
        let batch = settings.batch;
        let mut tasks = audit_workers(&service, &stopped);
        tasks.push(worker("clock", KEEP_TIME_EVERY, &stopped, {
            let (service, verifier) = (service.clone(), Arc::clone(&verifier));
            move || {
                verifier.vouched_time().into_iter().for_each(|at| service.vouch(at));
                service.keep_time().map(|()| More::No)
            }
        }));
        tasks.extend([
            worker("purge", settings.purge_every, &stopped, {
                let service = service.clone();
                move || purge(&service, batch)
            }),
            worker("due", settings.due_every, &stopped, {
                let service = service.clone();
                move || pass_due(&service, batch)
            }),
            worker("keys", settings.keys_every, &stopped, {
                let service = service.clone();
                move || destroy_keys(&service)
            }),
            worker("forget", FORGET_EVERY, &stopped, {
                let service = service.clone();
                move || {
                    vault.forget_unwrapped(service.clock().now());
                    Ok(More::No)
                }
            }),
            worker("statistics", STATISTICS_EVERY, &stopped, {
                let service = service.clone();
                move || service.refresh_statistics().map(|_| More::No)
            }),
            worker("issuers", ISSUERS_EVERY, &stopped, move || {
                // The verifier logs whose keys could not be read, and goes on with those it has.
                verifier.refresh(service.clock().now());
                Ok(More::No)
            }),
        ]);
        if let Some(metrics) = metrics {
            tasks.push(worker("metrics", METRICS_EVERY, &stopped, move || {
                metrics.run_upkeep();
                Ok(More::No)
            }));
        }
        Self { stop, tasks }
    }

    /// Lets each finish what it is doing, and ends them.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

/// What keeps the audit provable: places for records, void records for numbers that stand for none, an eye on the delay,
/// and the end of retention.
fn audit_workers(service: &Service, stopped: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
    let (placing, filling, watching, ending) = (service.clone(), service.clone(), service.clone(), service.clone());
    #[cfg(feature = "bench-switches")]
    if crate::bench::unsequenced() {
        return Vec::new();
    }
    vec![
        worker("audit_sequence", SEQUENCE_EVERY, stopped, move || {
            metrics::counter!("audit_records_placed_total").increment(placing.sequence_audit()?);
            Ok(More::No)
        }),
        worker("audit_fill", FILL_EVERY, stopped, move || {
            metrics::counter!("audit_numbers_filled_total").increment(u64::from(filling.fill_audit()?));
            Ok(More::No)
        }),
        worker("audit_watch", WATCH_EVERY, stopped, move || {
            let delay = watching.watch_audit();
            metrics::gauge!("audit_merge_delay_seconds").set(delay.as_secs_f64());
            if delay >= MERGE_DELAY_ALARM {
                let refuses = delay >= MERGE_DELAY_REFUSES;
                tracing::error!(seconds = delay.as_secs(), refuses, "audit records wait for their place in the tree");
            }
            Ok(More::No)
        }),
        worker("audit_retention", RETENTION_EVERY, stopped, move || {
            let ended = ending.end_audit_retention(ending.clock().now())?;
            if ended > 0 {
                tracing::info!(ended, "what audit records of these periods said of people is gone");
            }
            Ok(More::No)
        }),
    ]
}

/// Runs `step` at once and then every `every`, on a thread that may block, until told to stop.
fn worker(
    name: &'static str,
    every: Duration,
    stopped: &watch::Receiver<bool>,
    step: impl Fn() -> Answer<More> + Send + Sync + 'static,
) -> JoinHandle<()> {
    let (mut stopped, step) = (stopped.clone(), Arc::new(step));
    rt::spawn(async move {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failures = 0;
        while until(&mut stopped, ticks.tick()).await {
            failures = round(name, &step, &mut stopped, failures).await;
            if failures > 0 && !until(&mut stopped, sleep(pause(failures, every))).await {
                return;
            }
        }
    })
}

/// Repeats `step` while there is more; gives the number of failures in a row.
async fn round(
    name: &'static str,
    step: &Arc<impl Fn() -> Answer<More> + Send + Sync + 'static>,
    stopped: &mut watch::Receiver<bool>,
    failures: u32,
) -> u32 {
    // Bounded: something that stays due whatever is done must not spin.
    for _ in 0..ROUNDS_AT_ONCE {
        let step = Arc::clone(step);
        let done = rt::task::spawn_blocking(move || step()).await;
        match done {
            Ok(Ok(More::Yes)) if !*stopped.borrow() => {}
            Ok(Ok(_)) => return 0,
            Ok(Err(error)) => {
                tracing::warn!(worker = name, %error, failures = failures + 1, "background work failed");
                return failed(name, failures);
            }
            // The panic hook has said where; the next round tries again.
            Err(_) => return failed(name, failures),
        }
    }
    0
}

fn failed(name: &'static str, failures: u32) -> u32 {
    metrics::counter!("worker_failures_total", "worker" => name).increment(1);
    failures.saturating_add(1)
}

/// Waits for `event`; false when the service stops first.
async fn until(stopped: &mut watch::Receiver<bool>, event: impl Future) -> bool {
    tokio::select! {
        biased;
        _ = stopped.wait_for(|stop| *stop) => false,
        _ = event => true,
    }
}

/// One second, then twice as long each time; what is done often is tried again soon.
fn pause(failures: u32, every: Duration) -> Duration {
    let longest = every.saturating_mul(8).clamp(Duration::from_secs(1), LONGEST_PAUSE);
    Duration::from_secs(1 << failures.saturating_sub(1).min(5)).min(longest)
}

fn purge(service: &Service, batch: u32) -> Answer<More> {
    let report = service.purge(batch)?;
    let PurgeReport { chronologies, fragments, people, families, replies, failed, .. } = report;
    let PurgeReport { unpurged, oldest_unpurged, overdue_holds, .. } = report;
    let oldest = oldest_unpurged.unwrap_or_default().as_secs_f64();
    metrics::gauge!("oldest_unpurged_seconds").set(oldest);
    for (kind, rows) in unpurged {
        metrics::gauge!("unpurged", "kind" => kind).set(f64::from(u32::try_from(rows).unwrap_or(u32::MAX)));
    }
    let overdue = u32::try_from(overdue_holds).unwrap_or(u32::MAX);
    metrics::gauge!("holds_review_overdue").set(f64::from(overdue));
    if failed > 0 {
        tracing::warn!(failed, "expired data could not be deleted; each identifier is logged above");
    }
    let counts = [
        ("chronology", chronologies),
        ("fragment", fragments),
        ("person", people),
        ("family", families),
        ("reply", replies),
    ];
    for (kind, count) in counts {
        metrics::counter!("purged_total", "kind" => kind).increment(u64::from(count));
    }
    if counts.iter().any(|(_, count)| *count > 0) {
        tracing::info!(chronologies, fragments, people, families, replies, "expired data deleted");
    }
    Ok(More::No)
}

fn pass_due(service: &Service, batch: u32) -> Answer<More> {
    let passed = service.pass_due(batch)?;
    if passed > 0 {
        tracing::info!(passed, "due dates passed");
    }
    Ok(if passed >= batch { More::Yes } else { More::No })
}

fn destroy_keys(service: &Service) -> Answer<More> {
    let destroyed = service.destroy_keys()?;
    metrics::counter!("keys_destroyed_total").increment(u64::from(destroyed));
    if destroyed > 0 {
        tracing::info!(destroyed, "keys destroyed");
    }
    Ok(More::No)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use service::ServiceError;

    use super::*;

    #[test]
    fn pauses_grow_and_stay_below_the_promise() {
        let pauses = |every| (1..=8).map(|failures| pause(failures, every).as_secs()).collect::<Vec<_>>();
        assert_eq!(pauses(Duration::from_secs(15)), [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(pauses(SEQUENCE_EVERY), [1, 2, 2, 2, 2, 2, 2, 2]);
    }

    #[actix_web::test]
    async fn a_worker_survives_errors_and_panics() {
        let calls = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&calls);
        let step = Arc::new(move || match seen.fetch_add(1, Ordering::SeqCst) {
            0 => Err(ServiceError::Internal("first")),
            1 => panic!("second"),
            2 => Ok(More::Yes),
            _ => Ok(More::No),
        });
        let (_stop, mut stopped) = watch::channel(false);
        let failures = round("test", &step, &mut stopped, 0).await;
        assert_eq!(failures, 1);
        let failures = round("test", &step, &mut stopped, failures).await;
        assert_eq!(failures, 2, "a panic is a failure like any other");
        let failures = round("test", &step, &mut stopped, failures).await;
        assert_eq!((failures, calls.load(Ordering::SeqCst)), (0, 4), "what is left follows at once");
    }

    #[actix_web::test]
    async fn what_stays_due_does_not_spin_and_a_stopped_worker_ends() {
        let calls = Arc::new(AtomicU32::new(0));
        let (stop, stopped) = watch::channel(false);
        let seen = Arc::clone(&calls);
        let step = move || {
            seen.fetch_add(1, Ordering::SeqCst);
            Ok(More::Yes)
        };
        let failures = round("test", &Arc::new(step.clone()), &mut stopped.clone(), 0).await;
        assert_eq!((failures, calls.load(Ordering::SeqCst)), (0, ROUNDS_AT_ONCE));
        let task = worker("test", Duration::from_secs(3_600), &stopped, step);
        stop.send(true).unwrap();
        task.await.unwrap();
    }
}
