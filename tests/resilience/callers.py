"""Hostile callers against one node, while eight honest callers measure how they are served.

    callers.py DATABASE FOLDER FORM [ONLY]      DATABASE is sqlite or postgresql, FORM is short or long

ONLY is a part of the name of an attack: then the others stay away, which helps to find what breaks.
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

import hostile
import malformed
from databases import DATABASES
from honest import Answered, measure
from node import County, Node, wait_until
from tally import Tally, say

HONEST = 8
HONEST_AGENCY, OTHERS = "millrace-surgery", ["brackenshire-health-visiting", "brackenshire-hospitals", "brackenshire-police"]
UNINVITED = "teasel-homes"
# Seconds before the attack in which honest callers are measured alone.
ALONE = 2.0
MEMORY_LIMIT, BUSY_SHARE = 512 * 1024, 0.01
# The process is ended when it takes so much, in kilobytes: the machine has other work.
MEMORY_END = 6 * 1024 * 1024
# Descriptors that may come and go by themselves: database connections, idle connections of probes.
DESCRIPTORS = 32
# Entries of a long return, and characters in each of their long texts: about 1.5 megabytes.
LONG_RETURN, LONG_TEXT = 110, 4_000


@dataclass(frozen=True)
class Form:
    """How long the attack lasts, how long a connection may be held, and the limits for what honest callers, probes and the
    auditor are answered, all in seconds; how many returns the long timeline has; and settings, for those the binary knows."""

    attack: float
    held: float
    p99: float
    probe: float
    audit: float
    long_returns: int
    settings: dict
    judged: bool = True


# Shorter limits of time in the short form, so that their end can be waited for. Two nodes, mostly of a debug build, share
# the processors in it, and so their answers may take three times as long.
SHORT = {"server": {"request_timeout_seconds": 5, "idle_timeout_seconds": 8, "write_timeout_seconds": 8},
         "limits": {"body_timeout_seconds": 8}}
# How fast honest callers are answered is judged in the long form alone: two nodes of a debug build share the processors in
# the short one.
FORMS = {"short": Form(12, 45, 3.0, 8.0, 12.0, 2, SHORT, judged=False), "long": Form(180, 60, 1.0, 1.0, 2.0, 4, {})}


class Monitor:
    """What the operating system says about the node: its memory, and the connections that it holds."""

    def __init__(self, node: Node):
        self.port, self.process = node.port, node.process
        self.over = threading.Event()
        # By the caller's address and port: when the node was first and last seen to hold the connection.
        self.seen: dict[tuple[str, int], list[float]] = {}
        self.ages: list[tuple[str, float]] = []
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def status(self, name: str) -> int:
        """A field of the process's status, in kilobytes; 0 when it has ended."""
        try:
            lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        except OSError:
            return 0
        return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def _watch(self) -> None:
        self.peak = 0
        while not self.over.wait(0.25):
            self.peak = max(self.peak, self.status("VmHWM"))
            if self.status("VmRSS") > MEMORY_END:
                say(f"the process takes more than {MEMORY_END // 1024} MB and is ended")
                self.process.kill()
            now = time.monotonic()
            for connection in hostile.held_by(self.port):
                period = self.seen.setdefault(connection, [now, now])
                if now - period[1] > 1.5:
                    self.ages.append((connection[0], period[1] - period[0]))
                    period[0] = now
                period[1] = now

    def finish(self) -> list[tuple[str, float]]:
        """How long each connection was held, in seconds, by the caller's address."""
        self.over.set()
        self.thread.join()
        return self.ages + [(address, last - first) for (address, _), (first, last) in self.seen.items()]


def processor_seconds(pid: int) -> float:
    """What a process has used; 0 when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy_seconds() -> float:
    """What all processors of the machine together have worked."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


class Usage:
    """How busy the processors were from one moment to another, and with what."""

    def __init__(self, **processes: int):
        self.processes, self.begun = processes, time.monotonic()
        self.before = {name: processor_seconds(pid) for name, pid in processes.items()}
        self.busy = busy_seconds()

    def __str__(self) -> str:
        every = (time.monotonic() - self.begun) * os.cpu_count() / 100
        used = {name: (processor_seconds(pid) - self.before[name]) / every for name, pid in self.processes.items()}
        parts = ", ".join(f"{name} {max(share, 0):.0f} %" for name, share in used.items())
        return f"processors busy {(busy_seconds() - self.busy) / every:.0f} %: {parts}"


class Callers:
    """The attack on one node."""

    def __init__(self, kind: str, folder: Path, form: Form, only: str = ""):
        self.form, self.only, self.tally = form, only, Tally()
        self.node = Node(folder / "node", DATABASES[kind](folder / "node" / "data"), form.settings)
        self.processes = multiprocessing.get_context("spawn")
        self.running = []

    # --- Before ------------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        self.node.start()
        self.county = County(self.node)
        self.honest = [self.county.practitioner(HONEST_AGENCY, number) for number in range(HONEST)]
        others = {agency: [self.county.practitioner(agency, 0)] for agency in OTHERS}
        self.path = self.county.chronology({HONEST_AGENCY: self.honest} | others)
        for agency in OTHERS:
            submission = self.county.submission(*(self.county.event(number) for number in range(10)))
            others[agency][0].post(f"{self.path}/fragments", submission)
        self.people = [self._person(number) for number in range(HONEST)]
        self.uninvited = [self.county.practitioner(UNINVITED, number).token for number in range(12)]
        # At the same time: one of the requests takes as long as a head may take.
        checking = threading.Thread(target=self.check_malformed)
        checking.start()
        self.timeline = self._long_timeline()
        checking.join()
        settings = ", ".join(f"{name} {value}" for values in self.node.settings.values() for name, value in values.items())
        say(f"settings: {settings or 'the defaults'}")

    def _person(self, number: int) -> dict:
        caller, reference = self.honest[number], f"return-{number}"
        submission = self.county.submission(*(self.county.event(10 + entry, reference=f"event-{entry}") for entry in range(3)))
        receipt = caller.put(f"{self.path}/fragments/{reference}", submission, expect=201)
        return {"token": caller.token, "address": f"127.77.0.{number + 1}", "path": self.path, "reference": reference,
                "fragment": receipt["fragment_id"], "etag": receipt.etag, "submission": submission}

    def _long_timeline(self) -> str:
        """The path of a timeline of several megabytes."""
        agencies = [HONEST_AGENCY, *OTHERS][:self.form.long_returns]
        self.contributors = [self.county.practitioner(agency, 99) for agency in agencies]
        self.slow = self.county.practitioner(HONEST_AGENCY, 98)
        invited = {agency: [caller] for agency, caller in zip(agencies, self.contributors)}
        invited[HONEST_AGENCY].append(self.slow)
        path = self.county.chronology(invited)
        for number, caller in enumerate(self.contributors):
            entries = [self.county.event(number * LONG_RETURN + entry, LONG_TEXT) for entry in range(LONG_RETURN)]
            caller.post(f"{path}/fragments", self.county.submission(*entries))
        timeline = f"{path}/timeline"
        say(f"the long timeline has {len(self.county.worker.get(f'{timeline}?limit=500').raw) / 1e6:.1f} MB")
        return timeline

    def target(self) -> hostile.Target:
        readers = [caller.token for caller in [*self.contributors, self.county.worker]]
        return hostile.Target(self.node.port, self.path, self.timeline, self.uninvited, self.honest[0].token, readers)

    # --- The attack --------------------------------------------------------------------------------------------------

    def run(self) -> None:
        self.prepare()
        target = self.target()
        monitor = Monitor(self.node)
        self.descriptors = monitor.descriptors()
        say(f"before: {monitor.status('VmHWM') // 1024} MB at most, {self.descriptors} descriptors")
        (answers, probes, slow), results, period = self.attacked(target, monitor)
        self.check_held(monitor.finish(), results["opened"])
        self.check_bodies(results["counts"])
        self.check_honest(answers, period)
        self.check_probes(probes, period)
        wrong = [one for one in slow if one]
        self.tally.add("honest callers: a slow reader gets all of a long timeline", len(slow), len(wrong), wrong[:1])
        self.check_process(monitor)

    def attacked(self, target: hostile.Target, monitor: Monitor) -> tuple:
        """What the honest callers measured, what the hostile ones did, and from when to when."""
        stop, end, measured, results = (self.processes.Event(), self.processes.Event(), self.processes.Queue(), self.processes.Queue())
        enough = self.processes.Event()
        slow = (self.slow.token, f"{self.timeline}?limit=500")
        self._begin(measure, (self.node.port, self.node.authority, self.people, self.county.auditor.token, slow, enough, measured))
        time.sleep(ALONE)
        begun = time.monotonic()
        self._begin(hostile.attack, (target, stop, end, results, self.only))
        usage = Usage(service=self.node.process.pid, honest=self.running[0].pid, hostile=self.running[1].pid)
        wait_until(lambda: not monitor.is_alive(), self.form.attack)
        say(str(usage))
        stop.set()
        enough.set()
        period = (begun, time.monotonic())
        answers = measured.get(timeout=60)
        self.kinds = hostile.addresses_of(target)
        holding = {address for address, (_, holds) in self.kinds.items() if holds}
        # The last connections were opened when the attack ended.
        rest = self.form.held + 3 - (time.monotonic() - period[1])
        wait_until(lambda: not {address for address, _ in hostile.held_by(self.node.port)} & holding, rest)
        end.set()
        found = results.get(timeout=90)
        return answers, found, period

    def _begin(self, function, arguments: tuple) -> None:
        process = self.processes.Process(target=function, args=arguments, daemon=True)
        process.start()
        self.running.append(process)

    def finish(self) -> None:
        for process in self.running:
            process.kill()
            process.join(10)
        self.node.end()

    # --- What is checked ---------------------------------------------------------------------------------------------

    def check_malformed(self) -> None:
        requests = malformed.requests(self.uninvited[0])
        with ThreadPoolExecutor(len(requests)) as pool:
            said = list(pool.map(lambda name: (name, malformed.answered(self.node.port, name, requests[name], 15)), requests))
        wrong = [fault for name, answer in said if (fault := malformed.fault(name, answer))]
        self.tally.add("malformed requests: a problem document", len(requests), len(wrong), "; ".join(wrong))

    def check_held(self, ages: list[tuple[str, float]], opened: dict[str, int]) -> None:
        """Every connection of those who hold connections was closed in time."""
        for name in sorted({name for name, holds in self.kinds.values() if holds}):
            own = [age for address, age in ages if self.kinds.get(address) == (name, True)]
            late = [age for age in own if age > self.form.held + 1]
            if own or opened.get(name):
                why = f"{len(late)} connections held longer than {self.form.held:.0f} s, at most {max(own, default=0):.0f} s"
                self.tally.add(f"held: {name}", max(len(own), opened.get(name, 0)), len(late), why)

    def check_bodies(self, counts: dict[str, list]) -> None:
        for name, (sent, wrong, first) in sorted(counts.items()):
            self.tally.add(f"sent: {name}", sent, wrong, first)

    def check_honest(self, answers: list[Answered], period: tuple[float, float]) -> None:
        alone = [one for one in answers if one.begun + one.seconds < period[0]]
        during = [one for one in answers if period[0] <= one.begun < period[1]]
        say(f"honest callers alone: {summary(alone)}; during the attack: {summary(during)}")
        say(f"median and longest in each sixth of the attack: {sixths(during, period)}")
        lost = [one for one in during if one.status == 0]
        self.tally.add("honest callers: an answer to each request", len(during), len(lost), lost[:1])
        wrong = [one for one in during if one.status not in (0, 200, 503, 412) or one.said.startswith("without Retry-After")]
        self.tally.add("honest callers: 200, or 503 with Retry-After", len(during), len(wrong), wrong[:1])
        busy = [one for one in during if one.status == 503]
        few = len(busy) <= BUSY_SHARE * len(during)
        if not self.form.judged:
            return
        self.tally.check("honest callers: 503 in at most 1 %", few, f"{len(busy)} of {len(during)}: {busy[:1]}")
        slow = percentile(during, 0.99)
        self.tally.check(f"honest callers: p99 under {self.form.p99:.0f} s", during and slow < self.form.p99, f"{slow:.2f} s")

    def check_probes(self, probes: list[tuple[str, Answered]], period: tuple[float, float]) -> None:
        for path in sorted({path for path, _ in probes}):
            limit = self.form.audit if "audit" in path else self.form.probe
            own = [one for found, one in probes if found == path and period[0] <= one.begun < period[1]]
            wrong = [one for one in own if one.status != 200 or one.seconds > limit]
            say(f"{path}: {summary(own)}")
            self.tally.add(f"{path} answers 200 within {limit:.0f} s", len(own), len(wrong), wrong[:1])

    def check_process(self, monitor: Monitor) -> None:
        alive = monitor.is_alive()
        ended = "" if alive else f"it ended with {self.node.process.poll()}: {self.node.log.read_text()[-400:]}"
        self.tally.check("the process lives", alive, ended)
        panics = self.node.log.read_text(errors="replace").count("panicked")
        self.tally.check("no panic in the log", panics == 0, f"{panics} panics")
        peak = max(monitor.peak, monitor.status("VmHWM"))
        say(f"peak resident memory {peak // 1024} MB")
        self.tally.check(f"at most {MEMORY_LIMIT // 1024} MB of resident memory", peak <= MEMORY_LIMIT, f"{peak // 1024} MB")
        if alive:
            most = self.descriptors + DESCRIPTORS
            wait_until(lambda: monitor.descriptors() <= most, 10)
            self.tally.check("descriptors given back", monitor.descriptors() <= most, f"{monitor.descriptors()}, before {self.descriptors}")


def percentile(answers: list[Answered], share: float) -> float:
    times = sorted(one.seconds for one in answers)
    return times[min(int(share * len(times)), len(times) - 1)] if times else 0.0


def sixths(answers: list[Answered], period: tuple[float, float]) -> str:
    length = (period[1] - period[0]) / 6
    parts = [[one.seconds for one in answers if int((one.begun - period[0]) / length) == number] for number in range(6)]
    return ", ".join(f"{statistics.median(part):.2f} and {max(part):.2f} s" if part else "none" for part in parts)


def summary(answers: list[Answered]) -> str:
    if not answers:
        return "no answers"
    middle = statistics.median(one.seconds for one in answers)
    refused = sum(one.status == 503 for one in answers)
    lost = sum(one.status == 0 for one in answers)
    return (f"{len(answers)} answers, {refused} of them 503, {lost} lost, median {middle * 1000:.0f} ms, "
            f"p99 {percentile(answers, 0.99):.2f} s, longest {max(one.seconds for one in answers):.2f} s")


def main() -> None:
    kind, folder, form = sys.argv[1], Path(sys.argv[2]), FORMS[sys.argv[3]]
    # Connections of hostile callers, all in one process.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 20_000) if most != resource.RLIM_INFINITY else 20_000, most))
    callers = Callers(kind, folder, form, sys.argv[4] if len(sys.argv) > 4 else "")
    try:
        callers.run()
    except Exception:
        callers.tally.check("the check itself", False, traceback.format_exc()[-600:])
    finally:
        callers.finish()
        callers.tally.save(folder / "tally.json")
    if any(broken for _, broken, _ in callers.tally.rows.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
