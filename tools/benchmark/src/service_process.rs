//! The service as a separate process: started, observed from outside, and stopped with a signal.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, bail};
use domain::{Clock as _, Instant};
use rustix::process::{Pid, Signal, kill_process};

use crate::client::{Client, TrustedAuthority};
use crate::environment::BenchEnvironment;
use server::clock::SystemClock;

/// First argument with which the benchmark runs as the service. The service's own arguments follow.
pub(crate) const SERVICE_ARGUMENT: &str = "run-service";

/// A running service that answers requests.
pub(crate) struct ServiceProcess {
    process: KillOnDrop,
    address: SocketAddr,
    authority: TrustedAuthority,
    /// Microseconds from starting the process until it reported that it is ready.
    pub(crate) startup_micros: u64,
    /// Kept open: the service would fail to write to a closed pipe.
    _output: BufReader<ChildStdout>,
}

/// Memory of a process, in KiB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemoryUsage {
    /// Current resident memory.
    pub(crate) resident: u64,
    /// Highest resident memory so far.
    pub(crate) peak: u64,
}

/// Kills the process when dropped, so that it never outlives the measurement.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl ServiceProcess {
    /// Starts the service and waits until `/readyz` reports that it is ready.
    pub(crate) fn start(environment: &BenchEnvironment) -> anyhow::Result<Self> {
        Self::start_with(environment, &["serve"])
    }

    /// As [`ServiceProcess::start`], with another subcommand.
    pub(crate) fn start_with(
        environment: &BenchEnvironment,
        subcommand: &[&str],
    ) -> anyhow::Result<Self> {
        let program =
            std::env::current_exe().context("the path of this program cannot be determined")?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(environment.log_file())?;
        let mut command = Command::new(program);
        command
            .arg(SERVICE_ARGUMENT)
            .arg("--config")
            .arg(environment.config_file())
            .args(subcommand);
        command
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let started_at = SystemClock.now();
        let mut process = KillOnDrop(command.spawn().context("the service cannot be started")?);
        let Some(output) = process.0.stdout.take() else {
            bail!("the service's standard output is not connected")
        };
        let mut output = BufReader::new(output);
        let address =
            read_ready_address(&mut output).with_context(|| last_log_line(environment))?;
        let authority =
            TrustedAuthority::from_certificate_file(&environment.data_folder().join("tls/ca.pem"))?;
        let status = Client::connect(address, &authority)?
            .get("/readyz", None)?
            .status;
        if status != 200 {
            bail!("/readyz returned {status}");
        }
        Ok(Self {
            process,
            address,
            authority,
            startup_micros: elapsed_micros(started_at),
            _output: output,
        })
    }

    /// Opens a new connection.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        Client::connect(self.address, &self.authority)
    }

    /// Process id of the service.
    pub(crate) fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// Reads the memory of the process.
    pub(crate) fn memory(&self) -> anyhow::Result<MemoryUsage> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().find_map(|word| word.parse().ok())
        };
        let required_field =
            |name: &str| field(name).with_context(|| format!("no {name} in the process's status"));
        Ok(MemoryUsage {
            resident: required_field("VmRSS:")?,
            peak: required_field("VmHWM:")?,
        })
    }

    /// Stops the service with SIGTERM, as a service manager does.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        kill_process(Pid::from_child(&self.process.0), Signal::TERM)?;
        let status = self.process.0.wait()?;
        if !status.success() {
            bail!("the service exited with {status}");
        }
        Ok(())
    }
}

/// Microseconds since `started_at`.
pub(crate) fn elapsed_micros(started_at: Instant) -> u64 {
    u64::try_from(SystemClock.now().as_micros() - started_at.as_micros()).unwrap_or(0)
}

fn read_ready_address(output: &mut impl BufRead) -> anyhow::Result<SocketAddr> {
    let mut line = String::new();
    while output.read_line(&mut line)? > 0 {
        if let Some(address) = line.trim().strip_prefix("ready: https://") {
            return Ok(address.parse()?);
        }
        line.clear();
    }
    bail!("the service exited before it was ready")
}

fn last_log_line(environment: &BenchEnvironment) -> String {
    let log = std::fs::read_to_string(environment.log_file()).unwrap_or_default();
    log.lines().last().unwrap_or("the log is empty").to_owned()
}
