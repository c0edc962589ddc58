//! The standard measurement of one database, from an empty folder to all figures.

use std::sync::mpsc;
use std::time::Duration;

use crate::dataset;
use crate::environment::BenchEnvironment;
use crate::load::{self, LoadResult, RequestKind};
use crate::service_process::{MemoryUsage, ServiceProcess};

/// Numbers of concurrent clients.
const CLIENT_COUNTS: [usize; 3] = [1, 4, 16];
/// How often the start on an existing database is measured.
const STARTUPS: usize = 5;
/// How long the service is left idle before its memory is measured.
const IDLE_PAUSE: Duration = Duration::from_millis(1_500);

/// Settings of the measurement.
pub(crate) struct BenchPlan {
    /// Duration of each measurement in seconds.
    pub(crate) seconds: u64,
}

/// All figures of one database.
pub(crate) struct Measurements {
    /// Milliseconds from start to ready on an existing database, sorted.
    pub(crate) startup_ms: Vec<f64>,
    /// Memory after a start, before any request.
    pub(crate) idle_memory: MemoryUsage,
    /// Memory after the timeline reads, and after everything.
    pub(crate) memory_under_load: [MemoryUsage; 2],
    pub(crate) results: Vec<LoadResult>,
    pub(crate) timeline_bytes: usize,
}

/// Runs the whole measurement.
pub(crate) fn measure(
    environment: &BenchEnvironment,
    plan: &BenchPlan,
) -> anyhow::Result<Measurements> {
    let first_process = ServiceProcess::start(environment)?;
    let dataset = dataset::create(environment, &first_process)?;
    first_process.stop()?;
    let startup_ms = (0..STARTUPS)
        .map(|_| measure_startup_ms(environment))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let service_process = ServiceProcess::start(environment)?;
    pause();
    let idle_memory = service_process.memory()?;
    let measure_load = |kind| {
        CLIENT_COUNTS
            .map(|clients| load::run(&service_process, &dataset, kind, clients, plan.seconds))
    };
    let timelines = measure_load(RequestKind::Timeline)
        .into_iter()
        .collect::<anyhow::Result<Vec<_>>>()?;
    let after_timelines = service_process.memory()?;
    let submissions = measure_load(RequestKind::Submission)
        .into_iter()
        .collect::<anyhow::Result<Vec<_>>>()?;
    let memory_under_load = [after_timelines, service_process.memory()?];
    service_process.stop()?;
    let results = timelines.into_iter().chain(submissions).collect();
    Ok(Measurements {
        startup_ms: sorted(startup_ms),
        idle_memory,
        memory_under_load,
        results,
        timeline_bytes: dataset.timeline_bytes,
    })
}

fn measure_startup_ms(environment: &BenchEnvironment) -> anyhow::Result<f64> {
    let service_process = ServiceProcess::start(environment)?;
    let elapsed = service_process.startup_micros as f64 / 1_000.0;
    service_process.stop()?;
    Ok(elapsed)
}

fn sorted(mut times: Vec<f64>) -> Vec<f64> {
    times.sort_by(f64::total_cmp);
    times
}

/// Waits for [`IDLE_PAUSE`]: nothing is ever sent on the channel.
fn pause() {
    let (_sender, receiver) = mpsc::channel::<()>();
    let _ = receiver.recv_timeout(IDLE_PAUSE);
}
