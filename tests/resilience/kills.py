"""Kills the service under load, round after round, and verifies its audit: no false fault, and a record that is removed by
hand is found.

    kills.py DATABASE FOLDER ROUNDS [SEED]      DATABASE is sqlite or postgresql; the seed chooses the moments

Each round: sixteen practitioners read a timeline and update their returns until SIGKILL. Copies of what is left are then
verified as they are, after another start, and without one record.
"""

import http.client
import random
import sys
import threading
import time
import traceback
import uuid
from pathlib import Path

import verify
from databases import DATABASES, Record
from node import Client, County, Node, wait_until
from tally import Tally, say

AGENCY = "millrace-surgery"
CALLERS = 16
EARLIEST, LATEST = 0.3, 1.5
# In every third round the next start is killed too, after so many seconds, while it finishes what the killed run left.
START_KILLED = (0.05, 0.6)
KINDS = ["a record with a place in the tree", "a committed record without a place", "the last record of the killed run"]

STRAIGHT = "audit verify straight after the kill"
RESTARTED = "audit verify after another start"
PENDING = "no number still pending after another start"
SECOND = "second verifier after another start"
KEPT = "acknowledged writes are there after the kill"
RECORDED = "acknowledged answers are on record after the kill"
STARTS = "start after the kill"
REMOVED = "removed by hand: {}"
REMOVED_RESTARTED = "removed by hand, then another start: {}"
SECOND_REMOVED = "second verifier, record removed by hand"
PUT_BACK = "audit verify with the record put back"


class Practitioner:
    """Reads the timeline and updates one return of their own, on one connection, until the connection breaks."""

    def __init__(self, number: int, county: County):
        self.county, self.caller = county, county.practitioner(AGENCY, number)
        self.reference = f"return-{number}"
        self.client = Client(self.caller)
        self.path = self.fragment = self.etag = ""
        self.made = 0
        # The text of the last update that was acknowledged, and of one that was sent and not answered.
        self.acknowledged, self.unanswered = "", ""
        self.request_ids: list[str] = []
        self.refused = 0

    def submission(self) -> dict:
        self.made += 1
        event = self.county.event(self.made, reference="event")
        event["what"] = f"{self.reference}, update {self.made}, {uuid.uuid4()}"
        return self.county.submission(event)

    def submit(self) -> None:
        """One update of the return."""
        sent = self.submission()
        self.unanswered = sent["entries"][0]["what"]
        tag = {"If_Match": self.etag} if self.etag else {}
        answer = self.client.call("PUT", f"{self.path}/fragments/{self.reference}", sent, **tag)
        if answer.status in (200, 201):
            self.fragment, self.etag = answer["fragment_id"], answer.etag
            self.acknowledged = self.unanswered
            self.request_ids.append(answer.headers["x-request-id"])
        elif answer.status != 503:
            raise AssertionError(f"an update was answered {answer.status}: {answer.raw[:500]!r}")
        else:
            self.refused += 1
        if answer.status != 503:
            self.unanswered = ""

    def read(self) -> None:
        answer = self.client.call("GET", f"{self.path}/timeline?limit=20")
        if answer.status == 200:
            self.request_ids.append(answer.headers["x-request-id"])
        elif answer.status == 503:
            self.refused += 1
        else:
            raise AssertionError(f"a read was answered {answer.status}: {answer.raw[:500]!r}")

    def kept(self) -> str:
        """What of the acknowledged update is not there; nothing when all is well. Takes up the present entity tag."""
        self.client.close()
        answer = self.client.call("GET", f"/v1/fragments/{self.fragment}")
        if answer.status != 200:
            return f"{self.reference} answered {answer.status}"
        self.etag = answer.etag
        found = answer["entries"][0]["what"]
        if found not in (self.acknowledged, self.unanswered):
            return f"{self.reference} holds {found!r}, acknowledged was {self.acknowledged!r}"
        self.acknowledged, self.unanswered = found, ""
        return ""


class Load:
    """Sixteen practitioners at work in threads."""

    def __init__(self, practitioners: list[Practitioner]):
        self.practitioners, self.failures, self.over = practitioners, [], threading.Event()
        self.threads = [threading.Thread(target=self._work, args=(one,), daemon=True) for one in practitioners]
        for thread in self.threads:
            thread.start()

    def _work(self, practitioner: Practitioner) -> None:
        try:
            while not self.over.is_set():
                practitioner.read()
                practitioner.submit()
        except (OSError, http.client.HTTPException):
            # The kill.
            practitioner.client.close()
        except AssertionError as error:
            self.failures.append(str(error))

    def stop(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(30)


class Kills:
    """The rounds on one database."""

    def __init__(self, kind: str, folder: Path, rounds: int, seed: int):
        self.folder, self.rounds = folder, rounds
        self.chance, self.tally = random.Random(seed), Tally()
        self.node = Node(folder / "node", DATABASES[kind](folder / "node" / "data"))
        self.killed_run = ""

    def prepare(self) -> None:
        self.node.start()
        county = County(self.node)
        self.auditor = Client(county.auditor)
        self.practitioners = [Practitioner(number, county) for number in range(CALLERS)]
        path = county.chronology({AGENCY: [one.caller for one in self.practitioners]})
        for one in self.practitioners:
            one.path = path
            one.submit()
        self.node.stop()

    def all_rounds(self) -> None:
        for number in range(1, self.rounds + 1):
            begun = time.monotonic()
            if not self.start(self.node):
                return
            text = self.killed()
            if number % 3 == 0:
                text += self.killed_in_start()
            text += self.removal(number)
            self.restarted(number)
            say(f"round {number} of {self.rounds}: {text} ({time.monotonic() - begun:.1f} s)")
        if self.start(self.node):
            self.check_kept()
            self.node.stop()
        for signalled in self.node.ended:
            self.tally.check("commands end by themselves", not signalled, signalled)

    def start(self, node: Node) -> bool:
        try:
            node.start()
        except RuntimeError as error:
            return self.tally.check(STARTS, False, error)
        return self.tally.check(STARTS, True)

    def killed(self) -> str:
        """Load, and SIGKILL at some moment; what the run left is verified as it is."""
        self.check_kept()
        for one in self.practitioners:
            one.request_ids, one.refused = [], 0
        load = Load(self.practitioners)
        moment = self.chance.uniform(EARLIEST, LATEST)
        time.sleep(moment)
        self.node.kill()
        load.stop()
        for failure in load.failures:
            self.tally.check("answers under load", False, failure)
        self.node.storage.settle()
        self.killed_run = newest_run(self.node.journal)
        answered = sum(len(one.request_ids) for one in self.practitioners)
        refused = sum(one.refused for one in self.practitioners)
        return f"killed after {moment:.2f} s, {answered} answers, {refused} refused"

    def killed_in_start(self) -> str:
        moment = self.chance.uniform(*START_KILLED)
        self.node.launch()
        time.sleep(moment)
        self.node.kill()
        self.node.storage.settle()
        return f", again {moment:.2f} s into the next start"

    def check_kept(self) -> None:
        """What each practitioner's last acknowledged update says is there."""
        # For a moment after its start the service may not have read the issuers' keys.
        wait_until(lambda: Client(self.practitioners[0].caller).call("GET", "/v1/me").status != 401, 2)
        for one in self.practitioners:
            missing = one.kept()
            self.tally.check(KEPT, not missing, missing)

    def check_recorded(self) -> None:
        """Every answer that came before the kill has its record."""
        expected = {one for practitioner in self.practitioners for one in practitioner.request_ids}
        recorded, query = set(), f"limit=500&from={oldest(expected)}"
        while query:
            page = self.auditor.call("GET", f"/v1/audit?{query}")
            if page.status != 200:
                self.tally.check(RECORDED, False, f"the audit answered {page.status}")
                return
            recorded |= {record["request_id"] for record in page["items"]}
            query = f"{query.split('&cursor=')[0]}&cursor={page['next']}" if page.body.get("next") else ""
        missing = expected - recorded
        self.tally.add(RECORDED, len(expected), len(missing), f"{len(missing)} of {len(expected)} answers are not on record")

    def removal(self, number: int) -> str:
        """On a copy: verified as it is, without one record, with it again, and without it after another start."""
        copy = self.node.copy(self.folder / "without")
        try:
            clean = self.no_fault(STRAIGHT, copy.verified())
            kind, record, unattested = self.chosen(copy, number)
            if record is None:
                return f", {unattested} records neither placed nor settled, none to remove"
            removed = copy.storage.remove(record)
            found = self.found(REMOVED.format(kind), copy.verified(), record)
            copy.storage.put_back(removed)
            if clean:
                self.no_fault(PUT_BACK, copy.verified())
            copy.storage.remove(record)
            self.found_later(copy, kind, record)
            return f", {unattested} records neither placed nor settled, removed {kind}: {'found' if found else 'NOT FOUND'}"
        finally:
            copy.discard()

    def chosen(self, copy: Node, number: int) -> tuple[str, Record | None, int]:
        """The record to remove in this round, and how many records of the killed run nothing attests yet: they have no
        place in the tree, and the journal does not say that they are committed."""
        records = copy.storage.records(self.killed_run)
        settled = settled_numbers(copy.journal, self.killed_run)
        attested = [one for one in records if one.placed or one.number in settled]
        pools = {KINDS[0]: [one for one in attested if one.placed], KINDS[1]: [one for one in attested if not one.placed],
                 KINDS[2]: attested[-1:]}
        wanted = KINDS[number % len(KINDS)]
        # Rarely every record has its place when the run is killed.
        kind = wanted if pools[wanted] else KINDS[2]
        chosen = self.chance.choice(pools[kind]) if pools[kind] else None
        return kind, chosen, len(records) - len(attested)

    def found_later(self, copy: Node, kind: str, record: Record) -> None:
        if not self.start(copy):
            return
        copy.stop()
        self.found(REMOVED_RESTARTED.format(kind), copy.verified(), record)
        said = copy.exported(self.folder / "log", with_journal=True)
        # A log in which a record with a place is missing cannot even be written out.
        named = f"number {record.number} of run {uuid.UUID(record.run)}" in said or (record.placed and "export failed" in said)
        self.tally.check(SECOND_REMOVED, named, f"{kind}, number {record.number}: the verifier says {said!r}")

    def restarted(self, number: int) -> None:
        """Started and stopped once more, every second time on a copy, so that kills also follow each other."""
        if number % 2:
            return self.started_and_stopped(self.node)
        copy = self.node.copy(self.folder / "restarted")
        try:
            self.started_and_stopped(copy)
        finally:
            copy.discard()

    def started_and_stopped(self, node: Node) -> None:
        if not self.start(node):
            return
        self.auditor.close()
        self.check_recorded()
        self.auditor.close()
        node.stop()
        report = node.verified()
        self.no_fault(RESTARTED, report)
        # A number that nothing will ever fill is a fault a minute later.
        self.tally.check(PENDING, report["pending"] == 0, f"{report['pending']} numbers are pending")
        said = node.exported(self.folder / "log", with_journal=report["waiting"] == 0)
        self.tally.check(SECOND, not said, said)

    def no_fault(self, attack: str, report: dict) -> bool:
        kinds = sorted({fault["kind"] for fault in report["faults"]})
        return self.tally.check(attack, report["fault_count"] == 0, f"{report['fault_count']} faults: {', '.join(kinds)}")

    def found(self, attack: str, report: dict, record: Record) -> bool:
        """Whether a fault names the removed record."""
        number = [str(uuid.UUID(record.run)), record.number]
        named = [fault for fault in report["faults"] if fault.get("record") == str(uuid.UUID(record.id)) or fault.get("number") == number]
        why = f"number {record.number} of run {number[0]} is not among the first {len(report['faults'])} of {report['fault_count']} faults"
        return self.tally.check(attack, named, why)


def newest_run(journal: Path) -> str:
    """The run that wrote its journal last, as hexadecimal digits."""
    newest = max(journal.glob("*.journal"), key=lambda file: file.stat().st_mtime_ns)
    return uuid.UUID(newest.stem.rpartition("-")[0]).hex


def settled_numbers(journal: Path, run: str) -> set[int]:
    """The numbers of one run that its journal says are committed."""
    partnerships = {line.split(" ")[1] for file in journal.glob("*.journal") for line in file.read_text(errors="replace").split("\n")[:-1]}
    settled = set()
    for partnership in partnerships:
        settled |= {number for of, number in verify.committed(journal, uuid.UUID(partnership)) if of.hex == run}
    return settled


def oldest(request_ids: set[str]) -> str:
    """When the first of these requests came: their ids begin with milliseconds since 1970 (UUIDv7, RFC 9562)."""
    first = min((uuid.UUID(one).int >> 80 for one in request_ids), default=int(time.time() * 1000))
    at = first // 1000 - 1
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def main() -> None:
    kind, folder, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1_000_000)
    say(f"{rounds} rounds of kill -9 under load, seed {seed}")
    kills = Kills(kind, folder, rounds, seed)
    try:
        kills.prepare()
        kills.all_rounds()
    except Exception:
        kills.tally.check("the check itself", False, traceback.format_exc()[-600:])
    finally:
        kills.node.end()
        kills.tally.save(folder / "tally.json")
    if any(broken for _, broken, _ in kills.tally.rows.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
