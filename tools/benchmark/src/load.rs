//! Load from a number of concurrent clients, each sending its next request as soon as it has a
//! response.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use domain::{Clock as _, Instant};
use serde_json::Value;

use crate::client::{Client, Request};
use crate::dataset::Dataset;
use crate::machine::CpuTicks;
use crate::sample_fragments::fragment_body;
use crate::service_process::{ServiceProcess, elapsed_micros};
use server::clock::SystemClock;

/// Not measured: connections, caches and the other clients start up.
const WARM_UP: Duration = Duration::from_millis(500);
/// Entries per submission.
const ENTRIES_PER_SUBMISSION: usize = 20;

/// Kind of request that the clients send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// Reads the whole timeline.
    Timeline,
    /// Submits a new fragment.
    Submission,
}

/// Result of one measurement.
pub(crate) struct LoadResult {
    pub(crate) kind: RequestKind,
    pub(crate) clients: usize,
    /// Duration of each request in microseconds, sorted.
    pub(crate) times: Vec<u64>,
    pub(crate) seconds: f64,
    /// Processor time used during the measurement.
    pub(crate) cpu_ticks: CpuTicks,
}

impl LoadResult {
    /// The time within which this fraction of the requests was answered, in milliseconds (nearest
    /// rank).
    pub(crate) fn percentile(&self, fraction: f64) -> f64 {
        let rank = (self.times.len() as f64 * fraction).ceil() as usize;
        let time = self.times.get(rank.saturating_sub(1)).copied().unwrap_or(0);
        time as f64 / 1_000.0
    }

    /// Processor time that the service used per request, in milliseconds. It hardly depends on
    /// other load.
    pub(crate) fn cpu_ms_per_request(&self) -> f64 {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64;
        let spent = self.cpu_ticks.shares().service * cores * self.seconds * 1_000.0;
        spent / (self.times.len().max(1) as f64)
    }

    /// Requests answered per second.
    pub(crate) fn requests_per_second(&self) -> f64 {
        self.times.len() as f64 / self.seconds
    }
}

/// Runs `clients` concurrent clients for `seconds` seconds.
pub(crate) fn run(
    service_process: &ServiceProcess,
    dataset: &Dataset,
    kind: RequestKind,
    clients: usize,
    seconds: u64,
) -> anyhow::Result<LoadResult> {
    static NEXT_SUBMISSION: AtomicU64 = AtomicU64::new(0);
    let connections = (0..clients)
        .map(|_| service_process.client())
        .collect::<anyhow::Result<Vec<_>>>()?;
    let start = Barrier::new(clients + 1);
    let length = Duration::from_secs(seconds);
    let (times, cpu_ticks) = thread::scope(|scope| {
        let threads = connections.into_iter().enumerate().map(|(index, client)| {
            let start = &start;
            let next_submission = &NEXT_SUBMISSION;
            scope.spawn(move || {
                start.wait();
                let from = SystemClock.now().plus(WARM_UP);
                let mut client_run = LoadClient {
                    dataset,
                    kind,
                    index,
                    client,
                    next_submission,
                };
                client_run.run_until(from, from.plus(length))
            })
        });
        let threads: Vec<_> = threads.collect();
        start.wait();
        let before = CpuTicks::read(service_process.pid());
        let times: anyhow::Result<Vec<_>> = threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| anyhow::bail!("a client failed"))
            })
            .collect();
        anyhow::Ok((
            times?,
            CpuTicks::read(service_process.pid())?.since(&before?),
        ))
    })?;
    let mut times = times.concat();
    times.sort_unstable();
    Ok(LoadResult {
        kind,
        clients,
        times,
        seconds: seconds as f64,
        cpu_ticks,
    })
}

/// One client.
struct LoadClient<'a> {
    dataset: &'a Dataset,
    kind: RequestKind,
    index: usize,
    client: Client,
    /// Numbers the submissions, so that each is new.
    next_submission: &'a AtomicU64,
}

impl LoadClient<'_> {
    /// Sends requests until `to` and returns the durations of those that began and ended within the
    /// period.
    fn run_until(&mut self, from: Instant, to: Instant) -> anyhow::Result<Vec<u64>> {
        let mut times = Vec::with_capacity(1 << 16);
        loop {
            let elapsed = match self.kind {
                RequestKind::Timeline => self.read()?,
                RequestKind::Submission => self.submit()?,
            };
            let now = SystemClock.now();
            if now >= to {
                return Ok(times);
            }
            if now >= from {
                times.push(elapsed);
            }
        }
    }

    fn read(&mut self) -> anyhow::Result<u64> {
        let path = format!("{}/timeline", self.dataset.full_chronology.path);
        let token = self
            .dataset
            .reader_tokens
            .get(self.index % self.dataset.reader_tokens.len())
            .map(String::as_str);
        let started_at = SystemClock.now();
        let response = self.client.get(&path, token)?;
        let elapsed = elapsed_micros(started_at);
        anyhow::ensure!(
            response.status == 200,
            "a timeline read returned {}",
            response.status
        );
        // Timelines of different readers differ little in size; one that lacks entries would be
        // much smaller.
        anyhow::ensure!(
            response.body.len() > self.dataset.timeline_bytes / 2,
            "a timeline response is too small"
        );
        Ok(elapsed)
    }

    fn submit(&mut self) -> anyhow::Result<u64> {
        let number = self.next_submission.fetch_add(1, Ordering::Relaxed);
        let reference = format!("submitted-{number}");
        let round = usize::try_from(number)?;
        let chronologies = &self.dataset.submission_chronologies;
        let tokens = &self.dataset.contributor_tokens;
        let Some(chronology) = chronologies.get(round % chronologies.len()) else {
            return Ok(0);
        };
        // Every agency in turn submits to every chronology, independently of the number of clients.
        let token = tokens
            .get(round / chronologies.len() % tokens.len())
            .map(String::as_str);
        let body = fragment_body(
            &chronology.children,
            &reference,
            round % 1_000,
            ENTRIES_PER_SUBMISSION,
        );
        let body = serde_json::to_vec::<Value>(&body)?;
        let path = format!("{}/fragments", chronology.path);
        let request = Request {
            method: "POST",
            path: &path,
            token,
            post: Some((&reference, &body)),
        };
        let started_at = SystemClock.now();
        let response = self.client.send_and_receive(&request)?;
        let elapsed = elapsed_micros(started_at);
        anyhow::ensure!(
            response.status == 201,
            "a submission returned {}: {}",
            response.status,
            String::from_utf8_lossy(response.body)
        );
        Ok(elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_use_the_nearest_rank() {
        let times = (1..=200).map(|ms| ms * 1_000).collect();
        let outcome = LoadResult {
            kind: RequestKind::Timeline,
            clients: 1,
            times,
            seconds: 2.0,
            cpu_ticks: CpuTicks::default(),
        };
        assert_eq!(
            (
                outcome.percentile(0.5),
                outcome.percentile(0.99),
                outcome.requests_per_second()
            ),
            (100.0, 198.0, 100.0)
        );
        let none = LoadResult {
            times: Vec::new(),
            ..outcome
        };
        assert_eq!(
            (none.percentile(0.5), none.requests_per_second()),
            (0.0, 0.0)
        );
    }
}
