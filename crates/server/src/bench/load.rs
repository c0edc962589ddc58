//! So many clients at once, each asking again as soon as it has its answer.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use domain::{Clock as _, Instant};
use serde_json::Value;

use super::child::{Running, since};
use super::client::{Client, Question};
use super::county::County;
use super::machine::Effort;
use super::work::fragment;
use crate::clock::SystemClock;

/// Not counted: connections, caches and the other clients get going.
const WARM_UP: Duration = Duration::from_millis(500);
/// Entries of one submission.
const ENTRIES: usize = 20;

/// What clients do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Read the whole timeline.
    Timeline,
    /// Submit a new fragment.
    Submission,
}

/// How it went.
pub(super) struct Outcome {
    pub(super) kind: Kind,
    pub(super) clients: usize,
    /// Microseconds of each request, sorted.
    pub(super) times: Vec<u64>,
    pub(super) seconds: f64,
    /// Who used the processors meanwhile.
    pub(super) effort: Effort,
}

impl Outcome {
    /// The time within which this share of the requests was answered, in milliseconds (nearest rank).
    pub(super) fn within(&self, share: f64) -> f64 {
        let rank = (self.times.len() as f64 * share).ceil() as usize;
        let time = self.times.get(rank.saturating_sub(1)).copied().unwrap_or(0);
        time as f64 / 1_000.0
    }

    /// Milliseconds of processor time that the service spent on one request. It hardly depends on who else is busy.
    pub(super) fn cost(&self) -> f64 {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64;
        let spent = self.effort.shares().service * cores * self.seconds * 1_000.0;
        spent / (self.times.len().max(1) as f64)
    }

    /// Requests answered in a second.
    pub(super) fn rate(&self) -> f64 {
        self.times.len() as f64 / self.seconds
    }
}

/// Measures.
pub(super) fn run(
    running: &Running,
    county: &County,
    kind: Kind,
    clients: usize,
    seconds: u64,
) -> anyhow::Result<Outcome> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let connections = (0..clients).map(|_| running.client()).collect::<anyhow::Result<Vec<_>>>()?;
    let start = Barrier::new(clients + 1);
    let length = Duration::from_secs(seconds);
    let (times, effort) = thread::scope(|scope| {
        let asking = connections.into_iter().enumerate().map(|(at, client)| {
            let (start, next) = (&start, &NEXT);
            scope.spawn(move || {
                start.wait();
                let from = SystemClock.now().plus(WARM_UP);
                let mut one = One { county, kind, at, client, next };
                one.until(from, from.plus(length))
            })
        });
        let asking: Vec<_> = asking.collect();
        start.wait();
        let before = Effort::so_far(running.id());
        let times: anyhow::Result<Vec<_>> =
            asking.into_iter().map(|one| one.join().unwrap_or_else(|_| anyhow::bail!("a client failed"))).collect();
        anyhow::Ok((times?, Effort::so_far(running.id())?.since(&before?)))
    })?;
    let mut times = times.concat();
    times.sort_unstable();
    Ok(Outcome { kind, clients, times, seconds: seconds as f64, effort })
}

/// One client.
struct One<'a> {
    county: &'a County,
    kind: Kind,
    at: usize,
    client: Client,
    /// Counts submissions, so that each is new.
    next: &'a AtomicU64,
}

impl One<'_> {
    /// Asks until it is over; gives the time of each request that began and ended within.
    fn until(&mut self, from: Instant, to: Instant) -> anyhow::Result<Vec<u64>> {
        let mut times = Vec::with_capacity(1 << 16);
        loop {
            let took = match self.kind {
                Kind::Timeline => self.read()?,
                Kind::Submission => self.submit()?,
            };
            let now = SystemClock.now();
            if now >= to {
                return Ok(times);
            }
            if now >= from {
                times.push(took);
            }
        }
    }

    fn read(&mut self) -> anyhow::Result<u64> {
        let path = format!("{}/timeline", self.county.told.path);
        let token = self.county.readers.get(self.at % self.county.readers.len()).map(String::as_str);
        let began = SystemClock.now();
        let answer = self.client.get(&path, token)?;
        let took = since(began);
        anyhow::ensure!(answer.status == 200, "a timeline answers {}", answer.status);
        // Each reader's allowances differ little; a timeline that lacks entries would be much smaller.
        anyhow::ensure!(answer.body.len() > self.county.timeline_bytes / 2, "a timeline is too small");
        Ok(took)
    }

    fn submit(&mut self) -> anyhow::Result<u64> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let reference = format!("submitted-{number}");
        let turn = usize::try_from(number)?;
        let (taking, contributors) = (&self.county.taking, &self.county.contributors);
        let Some(chronology) = taking.get(turn % taking.len()) else { return Ok(0) };
        // Every agency in turn on every chronology, however many clients ask.
        let token = contributors.get(turn / taking.len() % contributors.len()).map(String::as_str);
        let body = serde_json::to_vec::<Value>(&fragment(&chronology.children, &reference, turn % 1_000, ENTRIES))?;
        let path = format!("{}/fragments", chronology.path);
        let question = Question { method: "POST", path: &path, token, post: Some((&reference, &body)) };
        let began = SystemClock.now();
        let answer = self.client.ask(&question)?;
        let took = since(began);
        anyhow::ensure!(
            answer.status == 201,
            "a submission answers {}: {}",
            answer.status,
            String::from_utf8_lossy(answer.body)
        );
        Ok(took)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_by_nearest_rank() {
        let times = (1..=200).map(|ms| ms * 1_000).collect();
        let outcome = Outcome { kind: Kind::Timeline, clients: 1, times, seconds: 2.0, effort: Effort::default() };
        assert_eq!((outcome.within(0.5), outcome.within(0.99), outcome.rate()), (100.0, 198.0, 100.0));
        let none = Outcome { times: Vec::new(), ..outcome };
        assert_eq!((none.within(0.5), none.rate()), (0.0, 0.0));
    }
}
