//! What figures depend on and no program decides: the processors, who else uses them, and what a wait for the disk
//! costs.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use domain::Clock as _;

use super::child::since;
use crate::clock::SystemClock;

/// Writes that the probe of the disk makes.
const PROBES: usize = 100;

/// The machine.
pub(super) struct Machine {
    pub(super) cores: usize,
    pub(super) processor: String,
    pub(super) memory_mib: u64,
    /// Processes that wanted to run in the last minute, on average.
    pub(super) load: String,
    pub(super) folder: String,
    /// Median and 99th percentile of appending 4 KiB and waiting for the disk, in milliseconds.
    pub(super) fsync: (f64, f64),
    /// Built with optimisation.
    pub(super) optimised: bool,
}

impl Machine {
    /// Looks at this machine, and at the disk that `folder` lies on.
    pub(super) fn look_at(folder: &Path) -> anyhow::Result<Self> {
        let field = |file: &str, name: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with(name)).map(str::to_owned)?;
            line.split_once(':').map(|(_, value)| value.trim().to_owned())
        };
        let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned()),
            memory_mib: memory.split(' ').next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1_024,
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            folder: folder.display().to_string(),
            fsync: probe(folder).with_context(|| format!("{}: cannot be written to", folder.display()))?,
            optimised: !cfg!(debug_assertions),
        })
    }
}

fn probe(folder: &Path) -> std::io::Result<(f64, f64)> {
    let path = folder.join(format!("chronology-bench-{}.probe", std::process::id()));
    let mut file = File::create_new(&path)?;
    let times = (0..PROBES).map(|_| {
        let began = SystemClock.now();
        file.write_all(&[0x5a; 4_096])?;
        file.sync_data()?;
        Ok(since(began))
    });
    let times: std::io::Result<Vec<u64>> = times.collect();
    fs::remove_file(&path)?;
    let mut times = times?;
    times.sort_unstable();
    let at = |place: usize| times.get(place).map_or(0.0, |micros| *micros as f64 / 1_000.0);
    Ok((at(PROBES / 2), at(PROBES * 99 / 100)))
}

/// Processor time by who used it, in the system's ticks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Effort {
    service: u64,
    client: u64,
    /// Processes of a PostgreSQL server, whosever they are.
    database: u64,
    busy: u64,
    all: u64,
}

/// Shares of the whole machine, each of 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shares {
    pub(super) service: f64,
    pub(super) client: f64,
    pub(super) database: f64,
    /// Everybody who has nothing to do with the measurement, and the system.
    pub(super) others: f64,
}

impl Effort {
    /// What was used since the machine started.
    pub(super) fn so_far(service: u32) -> anyhow::Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().context("/proc/stat is empty")?;
        let fields: Vec<u64> = line.split_whitespace().skip(1).take(8).filter_map(|field| field.parse().ok()).collect();
        let all = fields.iter().sum();
        let idle: u64 = fields.iter().skip(3).take(2).sum();
        Ok(Self {
            service: used(&service.to_string(), None),
            client: used("self", None),
            database: servers(),
            busy: all - idle,
            all,
        })
    }

    /// What was used since `before`.
    pub(super) fn since(&self, before: &Self) -> Self {
        Self {
            service: self.service.saturating_sub(before.service),
            client: self.client.saturating_sub(before.client),
            database: self.database.saturating_sub(before.database),
            busy: self.busy.saturating_sub(before.busy),
            all: self.all.saturating_sub(before.all),
        }
    }

    /// As shares of what there was.
    pub(super) fn shares(&self) -> Shares {
        let of = |ticks: u64| ticks as f64 / self.all.max(1) as f64;
        let others = self.busy.saturating_sub(self.service + self.client + self.database);
        Shares { service: of(self.service), client: of(self.client), database: of(self.database), others: of(others) }
    }
}

fn servers() -> u64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|process| process.file_name().into_string().ok());
    numbers.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).map(|id| used(&id, Some("postgres"))).sum()
}

/// Ticks of one process in user and kernel mode, its ended children's not counted; 0 unless it has the name asked for.
fn used(process: &str, named: Option<&str>) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let (Some(open), Some(close)) = (stat.find('('), stat.rfind(')')) else { return 0 };
    let name = stat.get(open + 1..close).unwrap_or_default();
    if named.is_some_and(|wanted| wanted != name) {
        return 0;
    }
    let fields = stat.get(close + 1..).unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effort_is_told_apart() {
        let before = Effort { service: 10, client: 5, database: 0, busy: 100, all: 1_000 };
        let after = Effort { service: 40, client: 15, database: 10, busy: 200, all: 1_200 };
        let shares = after.since(&before).shares();
        assert_eq!((shares.service, shares.client, shares.database, shares.others), (0.15, 0.05, 0.05, 0.25));
    }

    #[test]
    fn this_machine_can_be_looked_at() {
        let machine = Machine::look_at(&std::env::temp_dir()).unwrap();
        assert!(machine.cores > 0 && machine.fsync.0 > 0.0 && machine.fsync.0 <= machine.fsync.1);
        assert!(Effort::so_far(std::process::id()).unwrap().all > 0);
    }
}
