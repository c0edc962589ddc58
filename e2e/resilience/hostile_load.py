"""Hostile clients against one node, while eight legitimate clients measure response times.

    hostile_load.py DATABASE FOLDER PROFILE [ONLY]

DATABASE is sqlite or postgresql, PROFILE is short or long.

ONLY is a part of the name of an attack. If it is given, only matching attacks run, which helps to
find the cause of a failure.
"""

import multiprocessing
import os
import resource
import statistics
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import hostile_clients
import legitimate_clients
import malformed
from databases import DATABASES
from legitimate_clients import Measurement
from node import Fixtures, Node, wait_until
from results import ResultCounter, say

CLIENTS = 8
CLIENT_AGENCY, OTHER_AGENCIES = (
    "millrace-surgery",
    ["brackenshire-health-visiting", "brackenshire-hospitals", "brackenshire-police"],
)
UNINVITED_AGENCY = "teasel-homes"
# Seconds before the attack in which the legitimate clients are measured without it.
BASELINE_SECONDS = 2.0
# In kilobytes of resident memory.
MEMORY_LIMIT = 512 * 1024
# The service is killed when it uses this much, in kilobytes, to protect the machine.
MEMORY_KILL_LIMIT = 6 * 1024 * 1024
MAX_503_SHARE = 0.01
# Tolerance for the number of open descriptors, which varies by itself: database connections, idle
# connections of probes.
DESCRIPTOR_TOLERANCE = 32
# Entries of a long fragment, and characters in each of their long texts: about 1.5 megabytes.
LONG_FRAGMENT_ENTRIES, LONG_TEXT_LENGTH = 110, 4_000


@dataclass(frozen=True)
class LoadProfile:
    """In seconds: duration of the attack, maximum age of a held connection, and limits of the
    response times of legitimate clients, probes and the auditor. Also the number of fragments in
    the long timeline, and settings of the service, of which those that the binary does not know are
    ignored.
    """

    attack: float
    max_hold_seconds: float
    p99: float
    probe: float
    audit: float
    long_fragments: int
    settings: dict
    check_latency: bool = True


# The short profile has shorter timeouts, so that the check can wait for them, and more generous
# limits, because two nodes, usually debug builds, share the processors.
SHORT = {
    "server": {"request_timeout_seconds": 5, "idle_timeout_seconds": 8, "write_timeout_seconds": 8},
    "limits": {"body_timeout_seconds": 8},
}
# For the same reason the latency of legitimate clients is checked only in the long profile.
PROFILES = {
    "short": LoadProfile(12, 45, 3.0, 8.0, 12.0, 2, SHORT, check_latency=False),
    "long": LoadProfile(180, 60, 1.0, 1.0, 2.0, 4, {}),
}


class ProcessMonitor:
    """Samples the memory and the open connections of the node."""

    def __init__(self, node: Node):
        self.port, self.process = node.port, node.process
        self.stop_event = threading.Event()
        # By client address and port: when the connection was first and last observed.
        self.connection_periods: dict[tuple[str, int], list[float]] = {}
        self.connection_ages: list[tuple[str, float]] = []
        self.thread = threading.Thread(target=self._sample, daemon=True)
        self.thread.start()

    def status(self, name: str) -> int:
        """A field of the process's status, in kilobytes; 0 if it has exited."""
        try:
            lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        except OSError:
            return 0
        return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def _sample(self) -> None:
        self.peak = 0
        while not self.stop_event.wait(0.25):
            self.peak = max(self.peak, self.status("VmHWM"))
            if self.status("VmRSS") > MEMORY_KILL_LIMIT:
                say(f"the process uses more than {MEMORY_KILL_LIMIT // 1024} MB and is killed")
                self.process.kill()
            now = time.monotonic()
            for connection in hostile_clients.open_connections(self.port):
                period = self.connection_periods.setdefault(connection, [now, now])
                if now - period[1] > 1.5:
                    self.connection_ages.append((connection[0], period[1] - period[0]))
                    period[0] = now
                period[1] = now

    def finish(self) -> list[tuple[str, float]]:
        """The age of each connection in seconds, with the client's address."""
        self.stop_event.set()
        self.thread.join()
        return self.connection_ages + [
            (address, last - first)
            for (address, _), (first, last) in self.connection_periods.items()
        ]


def processor_seconds(pid: int) -> float:
    """The processor time used by a process; 0 if it has exited."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy_seconds() -> float:
    """The total busy time of all processors."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


class Usage:
    """Processor usage since creation, in total and by process."""

    def __init__(self, **processes: int):
        self.processes, self.started = processes, time.monotonic()
        self.before = {name: processor_seconds(pid) for name, pid in processes.items()}
        self.busy = busy_seconds()

    def __str__(self) -> str:
        percent = (time.monotonic() - self.started) * os.cpu_count() / 100
        usage = {
            name: (processor_seconds(pid) - self.before[name]) / percent
            for name, pid in self.processes.items()
        }
        parts = ", ".join(f"{name} {max(share, 0):.0f} %" for name, share in usage.items())
        return f"processors busy {(busy_seconds() - self.busy) / percent:.0f} %: {parts}"


class HostileLoadCheck:
    """The check on one node."""

    def __init__(self, kind: str, folder: Path, profile: LoadProfile, only: str = ""):
        self.profile, self.only, self.results = profile, only, ResultCounter()
        self.node = Node(
            folder / "node", DATABASES[kind](folder / "node" / "data"), profile.settings
        )
        self.processes = multiprocessing.get_context("spawn")
        self.running = []

    # --- Preparation ------------------------------------------------------------------------------

    def prepare(self) -> None:
        self.node.start()
        self.fixtures = Fixtures(self.node)
        self.clients = [
            self.fixtures.create_practitioner(CLIENT_AGENCY, number) for number in range(CLIENTS)
        ]
        others = {
            agency: [self.fixtures.create_practitioner(agency, 0)] for agency in OTHER_AGENCIES
        }
        self.path = self.fixtures.open_chronology({CLIENT_AGENCY: self.clients} | others)
        for agency in OTHER_AGENCIES:
            fragment = self.fixtures.make_fragment(
                *(self.fixtures.make_entry(number) for number in range(10))
            )
            others[agency][0].post(f"{self.path}/fragments", fragment)
        self.client_fields = [self._create_client_fragment(number) for number in range(CLIENTS)]
        self.uninvited_tokens = [
            self.fixtures.create_practitioner(UNINVITED_AGENCY, number).token
            for number in range(12)
        ]
        # In parallel, because one of the malformed requests takes as long as the timeout for
        # request heads.
        malformed_check = threading.Thread(target=self.check_malformed)
        malformed_check.start()
        self.timeline = self._create_long_timeline()
        malformed_check.join()
        settings = ", ".join(
            f"{name} {value}"
            for values in self.node.settings.values()
            for name, value in values.items()
        )
        say(f"settings: {settings or 'the defaults'}")

    def _create_client_fragment(self, number: int) -> dict:
        caller, reference = self.clients[number], f"return-{number}"
        fragment = self.fixtures.make_fragment(
            *(
                self.fixtures.make_entry(10 + entry, reference=f"event-{entry}")
                for entry in range(3)
            )
        )
        receipt = caller.put(f"{self.path}/fragments/{reference}", fragment, expect=201)
        return {
            "token": caller.token,
            "address": f"127.77.0.{number + 1}",
            "path": self.path,
            "reference": reference,
            "fragment": receipt["fragment_id"],
            "etag": receipt.etag,
            "submission": fragment,
        }

    def _create_long_timeline(self) -> str:
        """Creates a timeline of several megabytes. Returns its path."""
        agencies = [CLIENT_AGENCY, *OTHER_AGENCIES][: self.profile.long_fragments]
        self.contributors = [self.fixtures.create_practitioner(agency, 99) for agency in agencies]
        self.slow_reader = self.fixtures.create_practitioner(CLIENT_AGENCY, 98)
        invited = {agency: [caller] for agency, caller in zip(agencies, self.contributors)}
        invited[CLIENT_AGENCY].append(self.slow_reader)
        path = self.fixtures.open_chronology(invited)
        for number, caller in enumerate(self.contributors):
            entries = [
                self.fixtures.make_entry(number * LONG_FRAGMENT_ENTRIES + entry, LONG_TEXT_LENGTH)
                for entry in range(LONG_FRAGMENT_ENTRIES)
            ]
            caller.post(f"{path}/fragments", self.fixtures.make_fragment(*entries))
        timeline = f"{path}/timeline"
        say(
            f"the long timeline has {len(self.fixtures.worker.get(f'{timeline}?limit=500').raw) / 1e6:.1f} MB"
        )
        return timeline

    def target(self) -> hostile_clients.Target:
        readers = [caller.token for caller in [*self.contributors, self.fixtures.worker]]
        return hostile_clients.Target(
            self.node.port,
            self.path,
            self.timeline,
            self.uninvited_tokens,
            self.clients[0].token,
            readers,
        )

    # --- The attack -------------------------------------------------------------------------------

    def run(self) -> None:
        self.prepare()
        target = self.target()
        monitor = ProcessMonitor(self.node)
        self.descriptors = monitor.descriptors()
        say(f"before: {monitor.status('VmHWM') // 1024} MB at most, {self.descriptors} descriptors")
        (measurements, probes, slow_reads), hostile_results, period = self.run_attack(
            target, monitor
        )
        self.check_held_connections(monitor.finish(), hostile_results["opened"])
        self.check_expensive_requests(hostile_results["counts"])
        self.check_legitimate_clients(measurements, period)
        self.check_probes(probes, period)
        errors = [error for error in slow_reads if error]
        self.results.add(
            "legitimate clients: a slow reader receives all of a long timeline",
            len(slow_reads),
            len(errors),
            errors[:1],
        )
        self.check_process(monitor)

    def run_attack(self, target: hostile_clients.Target, monitor: ProcessMonitor) -> tuple:
        """Runs the attack. Returns the measurements of the legitimate clients, the results of the
        hostile ones, and start and end.
        """
        stop, end, stop_clients = (self.processes.Event() for _ in range(3))
        measurements, results = self.processes.Queue(), self.processes.Queue()
        slow_reader = (self.slow_reader.token, f"{self.timeline}?limit=500")
        auditor_token = self.fixtures.auditor.token
        arguments = (
            self.node.port,
            self.node.ca_file,
            self.client_fields,
            auditor_token,
            slow_reader,
            stop_clients,
            measurements,
        )
        self._start_process(legitimate_clients.run, arguments)
        time.sleep(BASELINE_SECONDS)
        started = time.monotonic()
        self._start_process(hostile_clients.run, (target, stop, end, results, self.only))
        usage = Usage(
            service=self.node.process.pid,
            legitimate=self.running[0].pid,
            hostile=self.running[1].pid,
        )
        wait_until(lambda: not monitor.is_alive(), self.profile.attack)
        say(str(usage))
        stop.set()
        stop_clients.set()
        period = (started, time.monotonic())
        client_results = measurements.get(timeout=60)
        self.attacks = hostile_clients.attacks_by_address(target)
        attack_addresses = {
            address for address, (_, holds_connections) in self.attacks.items() if holds_connections
        }
        # The newest connections were opened when the attack ended.
        remaining = self.profile.max_hold_seconds + 3 - (time.monotonic() - period[1])
        wait_until(
            lambda: (
                not {address for address, _ in hostile_clients.open_connections(self.node.port)}
                & attack_addresses
            ),
            remaining,
        )
        end.set()
        hostile_results = results.get(timeout=90)
        return client_results, hostile_results, period

    def _start_process(self, function, arguments: tuple) -> None:
        process = self.processes.Process(target=function, args=arguments, daemon=True)
        process.start()
        self.running.append(process)

    def finish(self) -> None:
        for process in self.running:
            process.kill()
            process.join(10)
        self.node.cleanup()

    # --- Checks -----------------------------------------------------------------------------------

    def check_malformed(self) -> None:
        requests = malformed.malformed_requests(self.uninvited_tokens[0])
        with ThreadPoolExecutor(len(requests)) as pool:
            details = list(
                pool.map(
                    lambda name: (
                        name,
                        malformed.send_malformed(self.node.port, name, requests[name], 15),
                    ),
                    requests,
                )
            )
        failed = [
            fault for name, answer in details if (fault := malformed.find_fault(name, answer))
        ]
        self.results.add(
            "malformed requests: answered with a problem document",
            len(requests),
            len(failed),
            "; ".join(failed),
        )

    def check_held_connections(
        self, connection_ages: list[tuple[str, float]], opened: dict[str, int]
    ) -> None:
        """The service closed every held connection in time."""
        for name in sorted(
            {name for name, holds_connections in self.attacks.values() if holds_connections}
        ):
            selected = [
                age for address, age in connection_ages if self.attacks.get(address) == (name, True)
            ]
            late = [age for age in selected if age > self.profile.max_hold_seconds + 1]
            if selected or opened.get(name):
                reason = f"{len(late)} connections held longer than {self.profile.max_hold_seconds:.0f} s, at most {max(selected, default=0):.0f} s"
                self.results.add(
                    f"held: {name}", max(len(selected), opened.get(name, 0)), len(late), reason
                )

    def check_expensive_requests(self, counts: dict[str, list]) -> None:
        for name, (sent, failed, first) in sorted(counts.items()):
            self.results.add(f"sent: {name}", sent, failed, first)

    def check_legitimate_clients(
        self, measurements: list[Measurement], period: tuple[float, float]
    ) -> None:
        baseline = [
            measurement
            for measurement in measurements
            if measurement.started + measurement.seconds < period[0]
        ]
        during = [
            measurement
            for measurement in measurements
            if period[0] <= measurement.started < period[1]
        ]
        say(
            f"legitimate clients alone: {summarize(baseline)}; during the attack: {summarize(during)}"
        )
        say(f"median and maximum in each sixth of the attack: {summarize_sixths(during, period)}")
        unanswered = [measurement for measurement in during if measurement.status == 0]
        self.results.add(
            "legitimate clients: a response to every request",
            len(during),
            len(unanswered),
            unanswered[:1],
        )
        failed = [
            measurement
            for measurement in during
            if measurement.status not in (0, 200, 503, 412)
            or measurement.detail.startswith("without Retry-After")
        ]
        self.results.add(
            "legitimate clients: 200, or 503 with Retry-After", len(during), len(failed), failed[:1]
        )
        refused = [measurement for measurement in during if measurement.status == 503]
        within_limit = len(refused) <= MAX_503_SHARE * len(during)
        if not self.profile.check_latency:
            return
        self.results.check(
            "legitimate clients: 503 in at most 1 %",
            within_limit,
            f"{len(refused)} of {len(during)}: {refused[:1]}",
        )
        p99 = percentile(during, 0.99)
        self.results.check(
            f"legitimate clients: p99 under {self.profile.p99:.0f} s",
            during and p99 < self.profile.p99,
            f"{p99:.2f} s",
        )

    def check_probes(
        self, probes: list[tuple[str, Measurement]], period: tuple[float, float]
    ) -> None:
        for path in sorted({path for path, _ in probes}):
            limit = self.profile.audit if "audit" in path else self.profile.probe
            selected = [
                measurement
                for probed, measurement in probes
                if probed == path and period[0] <= measurement.started < period[1]
            ]
            failed = [
                measurement
                for measurement in selected
                if measurement.status != 200 or measurement.seconds > limit
            ]
            say(f"{path}: {summarize(selected)}")
            self.results.add(
                f"{path} answers 200 within {limit:.0f} s", len(selected), len(failed), failed[:1]
            )

    def check_process(self, monitor: ProcessMonitor) -> None:
        is_alive = monitor.is_alive()
        ended = (
            ""
            if is_alive
            else f"it exited with {self.node.process.poll()}: {self.node.log.read_text()[-400:]}"
        )
        self.results.check("the process is alive", is_alive, ended)
        panics = self.node.log.read_text(errors="replace").count("panicked")
        self.results.check("no panic in the log", panics == 0, f"{panics} panics")
        peak = max(monitor.peak, monitor.status("VmHWM"))
        say(f"peak resident memory {peak // 1024} MB")
        self.results.check(
            f"at most {MEMORY_LIMIT // 1024} MB of resident memory",
            peak <= MEMORY_LIMIT,
            f"{peak // 1024} MB",
        )
        if is_alive:
            limit = self.descriptors + DESCRIPTOR_TOLERANCE
            wait_until(lambda: monitor.descriptors() <= limit, 10)
            self.results.check(
                "descriptors are released",
                monitor.descriptors() <= limit,
                f"{monitor.descriptors()}, before {self.descriptors}",
            )


def percentile(measurements: list[Measurement], share: float) -> float:
    times = sorted(measurement.seconds for measurement in measurements)
    return times[min(int(share * len(times)), len(times) - 1)] if times else 0.0


def summarize_sixths(measurements: list[Measurement], period: tuple[float, float]) -> str:
    length = (period[1] - period[0]) / 6
    parts: list[list[float]] = [[] for _ in range(6)]
    for measurement in measurements:
        sixth = int((measurement.started - period[0]) / length)
        if 0 <= sixth < 6:
            parts[sixth].append(measurement.seconds)
    return ", ".join(
        f"{statistics.median(part):.2f} and {max(part):.2f} s" if part else "none" for part in parts
    )


def summarize(measurements: list[Measurement]) -> str:
    if not measurements:
        return "no responses"
    median = statistics.median(measurement.seconds for measurement in measurements)
    refused = sum(measurement.status == 503 for measurement in measurements)
    unanswered = sum(measurement.status == 0 for measurement in measurements)
    return (
        f"{len(measurements)} responses, {refused} of them 503, {unanswered} lost, median {median * 1000:.0f} ms, "
        f"p99 {percentile(measurements, 0.99):.2f} s, maximum {max(measurement.seconds for measurement in measurements):.2f} s"
    )


def main() -> None:
    kind, folder, profile = sys.argv[1], Path(sys.argv[2]), PROFILES[sys.argv[3]]
    # One process holds the connections of all hostile clients.
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(
        resource.RLIMIT_NOFILE,
        (min(limit, 20_000) if limit != resource.RLIM_INFINITY else 20_000, limit),
    )
    check = HostileLoadCheck(kind, folder, profile, sys.argv[4] if len(sys.argv) > 4 else "")
    try:
        check.run()
    except Exception:
        check.results.check("the check completes", False, traceback.format_exc()[-600:])
    finally:
        check.finish()
        check.results.save(folder / "results.json")
    if any(failures for _, failures, _ in check.results.rows.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
