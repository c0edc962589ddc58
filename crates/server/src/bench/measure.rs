//! One database, from an empty folder to all its figures.

use std::sync::mpsc;
use std::time::Duration;

use super::child::{Memory, Running};
use super::county;
use super::load::{self, Kind, Outcome};
use super::place::Place;

/// Clients at once.
const CLIENTS: [usize; 3] = [1, 4, 16];
/// Starts on the database that is there by then.
const STARTS: usize = 5;
/// How long the service is left alone before its memory counts as idle.
const REST: Duration = Duration::from_millis(1_500);

/// How long to measure.
pub(super) struct Plan {
    /// Seconds for each measurement.
    pub(super) seconds: u64,
}

/// All figures of one database.
pub(super) struct Figures {
    /// Milliseconds from start to ready on an existing database, sorted.
    pub(super) ready: Vec<f64>,
    /// After a start, before anybody asks.
    pub(super) idle: Memory,
    /// After timelines, and after everything.
    pub(super) loaded: [Memory; 2],
    pub(super) outcomes: Vec<Outcome>,
    pub(super) timeline_bytes: usize,
}

/// Measures all of it.
pub(super) fn measure(place: &Place, plan: &Plan) -> anyhow::Result<Figures> {
    let first = Running::start(place)?;
    let county = county::tell(place, &first)?;
    first.end()?;
    let ready = (0..STARTS).map(|_| start_once(place)).collect::<anyhow::Result<Vec<_>>>()?;
    let running = Running::start(place)?;
    rest();
    let idle = running.memory()?;
    let run = |kind| CLIENTS.map(|clients| load::run(&running, &county, kind, clients, plan.seconds));
    let timelines = run(Kind::Timeline).into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let after_timelines = running.memory()?;
    let submissions = run(Kind::Submission).into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let loaded = [after_timelines, running.memory()?];
    running.end()?;
    let outcomes = timelines.into_iter().chain(submissions).collect();
    Ok(Figures { ready: sorted(ready), idle, loaded, outcomes, timeline_bytes: county.timeline_bytes })
}

fn start_once(place: &Place) -> anyhow::Result<f64> {
    let running = Running::start(place)?;
    let took = running.ready_after as f64 / 1_000.0;
    running.end()?;
    Ok(took)
}

fn sorted(mut times: Vec<f64>) -> Vec<f64> {
    times.sort_by(f64::total_cmp);
    times
}

/// Waits; nobody ever sends.
fn rest() {
    let (_sender, receiver) = mpsc::channel::<()>();
    let _ = receiver.recv_timeout(REST);
}
