//! Facts about the machine that the figures depend on: processors, other load, and the cost of a
//! disk sync.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use domain::Clock as _;

use crate::service_process::elapsed_micros;
use server::clock::SystemClock;

/// Number of writes in the disk measurement.
const FSYNC_SAMPLES: usize = 100;

/// Facts about the machine.
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) processor: String,
    pub(crate) memory_mib: u64,
    /// Load average of the last minute.
    pub(crate) load: String,
    pub(crate) folder: String,
    /// Median and 99th percentile of appending 4 KiB and syncing to disk, in milliseconds.
    pub(crate) fsync_ms: (f64, f64),
    /// Whether this program was built with optimisation.
    pub(crate) optimised: bool,
}

impl Machine {
    /// Inspects this machine, and the disk that `folder` is on.
    pub(crate) fn inspect(folder: &Path) -> anyhow::Result<Self> {
        let field = |file: &str, name: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let line = text
                .lines()
                .find(|line| line.starts_with(name))
                .map(str::to_owned)?;
            line.split_once(':')
                .map(|(_, value)| value.trim().to_owned())
        };
        let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned()),
            memory_mib: memory
                .split(' ')
                .next()
                .and_then(|kib| kib.parse::<u64>().ok())
                .unwrap_or(0)
                / 1_024,
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            folder: folder.display().to_string(),
            fsync_ms: measure_fsync(folder)
                .with_context(|| format!("{}: cannot be written to", folder.display()))?,
            optimised: !cfg!(debug_assertions),
        })
    }
}

fn measure_fsync(folder: &Path) -> std::io::Result<(f64, f64)> {
    let path = folder.join(format!("chronology-bench-{}.probe", std::process::id()));
    let mut file = File::create_new(&path)?;
    let times = (0..FSYNC_SAMPLES).map(|_| {
        let started_at = SystemClock.now();
        file.write_all(&[0x5a; 4_096])?;
        file.sync_data()?;
        Ok(elapsed_micros(started_at))
    });
    let times: std::io::Result<Vec<u64>> = times.collect();
    fs::remove_file(&path)?;
    let mut times = times?;
    times.sort_unstable();
    let millis_at = |index: usize| {
        times
            .get(index)
            .map_or(0.0, |micros| *micros as f64 / 1_000.0)
    };
    Ok((
        millis_at(FSYNC_SAMPLES / 2),
        millis_at(FSYNC_SAMPLES * 99 / 100),
    ))
}

/// Processor time by user, in clock ticks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CpuTicks {
    service: u64,
    client: u64,
    /// All processes of PostgreSQL servers on this machine.
    database: u64,
    busy: u64,
    total: u64,
}

/// Shares of the whole machine's processor time, from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuShares {
    pub(crate) service: f64,
    pub(crate) client: f64,
    pub(crate) database: f64,
    /// Other processes and the operating system.
    pub(crate) others: f64,
}

impl CpuTicks {
    /// Ticks used since the machine started.
    pub(crate) fn read(service: u32) -> anyhow::Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().context("/proc/stat is empty")?;
        let fields: Vec<u64> = line
            .split_whitespace()
            .skip(1)
            .take(8)
            .filter_map(|field| field.parse().ok())
            .collect();
        let total = fields.iter().sum();
        let idle: u64 = fields.iter().skip(3).take(2).sum();
        Ok(Self {
            service: process_ticks(&service.to_string(), None),
            client: process_ticks("self", None),
            database: postgres_ticks(),
            busy: total - idle,
            total,
        })
    }

    /// Ticks used since `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            service: self.service.saturating_sub(before.service),
            client: self.client.saturating_sub(before.client),
            database: self.database.saturating_sub(before.database),
            busy: self.busy.saturating_sub(before.busy),
            total: self.total.saturating_sub(before.total),
        }
    }

    /// Converts ticks to shares of the available processor time.
    pub(crate) fn shares(&self) -> CpuShares {
        let fraction = |ticks: u64| ticks as f64 / self.total.max(1) as f64;
        let others = self
            .busy
            .saturating_sub(self.service + self.client + self.database);
        CpuShares {
            service: fraction(self.service),
            client: fraction(self.client),
            database: fraction(self.database),
            others: fraction(others),
        }
    }
}

fn postgres_ticks() -> u64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|process| process.file_name().into_string().ok());
    numbers
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .map(|id| process_ticks(&id, Some("postgres")))
        .sum()
}

/// Ticks of one process in user and kernel mode, without its ended children; 0 if the process does
/// not have the required name.
fn process_ticks(process: &str, required_name: Option<&str>) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let (Some(open), Some(close)) = (stat.find('('), stat.rfind(')')) else {
        return 0;
    };
    let name = stat.get(open + 1..close).unwrap_or_default();
    if required_name.is_some_and(|wanted| wanted != name) {
        return 0;
    }
    let fields = stat.get(close + 1..).unwrap_or_default().split_whitespace();
    fields
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_shares_are_computed_from_tick_differences() {
        let before = CpuTicks {
            service: 10,
            client: 5,
            database: 0,
            busy: 100,
            total: 1_000,
        };
        let after = CpuTicks {
            service: 40,
            client: 15,
            database: 10,
            busy: 200,
            total: 1_200,
        };
        let shares = after.since(&before).shares();
        assert_eq!(
            (
                shares.service,
                shares.client,
                shares.database,
                shares.others
            ),
            (0.15, 0.05, 0.05, 0.25)
        );
    }

    #[test]
    fn machine_can_be_inspected() {
        let machine = Machine::inspect(&std::env::temp_dir()).unwrap();
        assert!(
            machine.cores > 0
                && machine.fsync_ms.0 > 0.0
                && machine.fsync_ms.0 <= machine.fsync_ms.1
        );
        assert!(CpuTicks::read(std::process::id()).unwrap().total > 0);
    }
}
