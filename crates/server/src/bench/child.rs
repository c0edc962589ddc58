//! The service as a process of its own: started, looked at from outside, ended in order.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, bail};
use domain::{Clock as _, Instant};
use rustix::process::{Pid, Signal, kill_process};

use super::client::{Client, Trust};
use super::place::Place;
use crate::clock::SystemClock;

/// A service that answers.
pub(super) struct Running {
    process: Process,
    address: SocketAddr,
    trust: Trust,
    /// From the start of the process until it answered that it is ready, in microseconds.
    pub(super) ready_after: u64,
    /// Kept open: a service whose output nobody reads any more would be told so.
    _output: BufReader<ChildStdout>,
}

/// What a process holds in memory, in KiB.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    /// Resident now.
    pub(super) resident: u64,
    /// The most that ever was.
    pub(super) peak: u64,
}

/// Never outlives the measurement.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts the service and waits until `/readyz` says yes.
    pub(super) fn start(place: &Place) -> anyhow::Result<Self> {
        Self::start_as(place, &["serve"])
    }

    /// The same by another command line.
    pub(super) fn start_as(place: &Place, subcommand: &[&str]) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program cannot be found")?;
        let log = File::options().create(true).append(true).open(place.log())?;
        let mut command = Command::new(program);
        command.arg("--config").arg(place.configuration()).args(subcommand);
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let began = SystemClock.now();
        let mut process = Process(command.spawn().context("the service cannot be started")?);
        let Some(output) = process.0.stdout.take() else { bail!("the service has no output") };
        let mut output = BufReader::new(output);
        let address = announced(&mut output).with_context(|| last_words(place))?;
        let trust = Trust::in_authority(&place.data().join("tls/ca.pem"))?;
        let status = Client::connect(address, &trust)?.get("/readyz", None)?.status;
        if status != 200 {
            bail!("/readyz answers {status}");
        }
        Ok(Self { process, address, trust, ready_after: since(began), _output: output })
    }

    /// A new connection.
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        Client::connect(self.address, &self.trust)
    }

    /// The number of the process.
    pub(super) fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// Its memory.
    pub(super) fn memory(&self) -> anyhow::Result<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().find_map(|word| word.parse().ok())
        };
        let of = |name: &str| field(name).with_context(|| format!("no {name} in the process's status"));
        Ok(Memory { resident: of("VmRSS:")?, peak: of("VmHWM:")? })
    }

    /// Ends it as a service manager does.
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        kill_process(Pid::from_child(&self.process.0), Signal::TERM)?;
        let status = self.process.0.wait()?;
        if !status.success() {
            bail!("the service ended with {status}");
        }
        Ok(())
    }
}

/// Microseconds since `began`.
pub(super) fn since(began: Instant) -> u64 {
    u64::try_from(SystemClock.now().as_micros() - began.as_micros()).unwrap_or(0)
}

fn announced(output: &mut impl BufRead) -> anyhow::Result<SocketAddr> {
    let mut line = String::new();
    while output.read_line(&mut line)? > 0 {
        if let Some(address) = line.trim().strip_prefix("ready: https://") {
            return Ok(address.parse()?);
        }
        line.clear();
    }
    bail!("the service ended before it was ready")
}

fn last_words(place: &Place) -> String {
    let log = std::fs::read_to_string(place.log()).unwrap_or_default();
    log.lines().last().unwrap_or("it left no log").to_owned()
}
