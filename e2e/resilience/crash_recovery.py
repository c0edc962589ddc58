"""Kills the service under load, round after round, and verifies its audit: no false faults, and a
record that is removed directly in the database is found.

    crash_recovery.py DATABASE FOLDER ROUNDS [SEED]

DATABASE is sqlite or postgresql; SEED determines the random choices.

Each round: sixteen practitioners read a timeline and update their fragments until SIGKILL. Copies
of the node are then verified as they are, after a restart, and without one audit record.
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
from node import Fixtures, Node, PersistentClient, wait_until
from results import ResultCounter, say

AGENCY = "millrace-surgery"
PRACTITIONERS = 16
MIN_LOAD_SECONDS, MAX_LOAD_SECONDS = 0.3, 1.5
# In every third round the next start is killed too, within this range of seconds, while it recovers
# from the killed run.
STARTUP_KILL_RANGE = (0.05, 0.6)
RECORD_KINDS = [
    "a sequenced record",
    "a committed record that is not sequenced",
    "the last record of the killed run",
]

VERIFY_AFTER_KILL = "audit verify directly after the kill"
VERIFY_AFTER_RESTART = "audit verify after a restart"
NOTHING_PENDING = "no pending numbers after a restart"
INDEPENDENT_VERIFIER = "independent verifier after a restart"
WRITES_SURVIVE = "acknowledged writes survive the kill"
RESPONSES_RECORDED = "responses before the kill are in the audit"
STARTS_AFTER_KILL = "start after the kill"
REMOVED_RECORD_FOUND = "removed record is found: {}"
REMOVED_RECORD_FOUND_AFTER_RESTART = "removed record is found after a restart: {}"
INDEPENDENT_VERIFIER_FINDS_REMOVAL = "independent verifier finds the removed record"
VERIFY_AFTER_RESTORE = "audit verify with the record restored"


class Practitioner:
    """Reads the timeline and updates one fragment alternately, on one connection, until the
    connection fails.
    """

    def __init__(self, number: int, fixtures: Fixtures):
        self.fixtures, self.caller = fixtures, fixtures.create_practitioner(AGENCY, number)
        self.reference = f"return-{number}"
        self.client = PersistentClient(self.caller)
        self.path = self.fragment = self.etag = ""
        self.version = 0
        # The text of the last acknowledged update, and of an update whose response was not
        # received.
        self.acknowledged, self.unanswered = "", ""
        self.request_ids: list[str] = []
        self.refused = 0

    def make_submission(self) -> dict:
        self.version += 1
        entry = self.fixtures.make_entry(self.version, reference="event")
        entry["what"] = f"{self.reference}, update {self.version}, {uuid.uuid4()}"
        return self.fixtures.make_fragment(entry)

    def submit(self) -> None:
        """Sends one update of the fragment."""
        fragment = self.make_submission()
        self.unanswered = fragment["entries"][0]["what"]
        headers = {"If_Match": self.etag} if self.etag else {}
        response = self.client.call(
            "PUT", f"{self.path}/fragments/{self.reference}", fragment, **headers
        )
        if response.status in (200, 201):
            self.fragment, self.etag = response["fragment_id"], response.etag
            self.acknowledged = self.unanswered
            self.request_ids.append(response.headers["x-request-id"])
        elif response.status != 503:
            raise AssertionError(f"an update returned {response.status}: {response.raw[:500]!r}")
        else:
            self.refused += 1
        if response.status != 503:
            self.unanswered = ""

    def read(self) -> None:
        response = self.client.call("GET", f"{self.path}/timeline?limit=20")
        if response.status == 200:
            self.request_ids.append(response.headers["x-request-id"])
        elif response.status == 503:
            self.refused += 1
        else:
            raise AssertionError(f"a read returned {response.status}: {response.raw[:500]!r}")

    def check_acknowledged_update(self) -> str:
        """Returns an error if the last acknowledged update is lost, otherwise an empty string.
        Stores the current entity tag.
        """
        self.client.close()
        response = self.client.call("GET", f"/v1/fragments/{self.fragment}")
        if response.status != 200:
            return f"{self.reference} returned {response.status}"
        self.etag = response.etag
        found = response["entries"][0]["what"]
        if found not in (self.acknowledged, self.unanswered):
            return f"{self.reference} contains {found!r}, but the acknowledged text is {self.acknowledged!r}"
        self.acknowledged, self.unanswered = found, ""
        return ""


class Load:
    """Runs the practitioners in threads."""

    def __init__(self, practitioners: list[Practitioner]):
        self.practitioners, self.failures, self.stop_event = practitioners, [], threading.Event()
        self.threads = [
            threading.Thread(target=self._work, args=(one,), daemon=True) for one in practitioners
        ]
        for thread in self.threads:
            thread.start()

    def _work(self, practitioner: Practitioner) -> None:
        try:
            while not self.stop_event.is_set():
                practitioner.read()
                practitioner.submit()
        except (OSError, http.client.HTTPException):
            # The service was killed.
            practitioner.client.close()
        except AssertionError as error:
            self.failures.append(str(error))

    def stop(self) -> None:
        self.stop_event.set()
        for thread in self.threads:
            thread.join(30)


class CrashRecoveryCheck:
    """The check on one database."""

    def __init__(self, kind: str, folder: Path, rounds: int, seed: int):
        self.folder, self.rounds = folder, rounds
        self.random_source, self.results = random.Random(seed), ResultCounter()
        self.node = Node(folder / "node", DATABASES[kind](folder / "node" / "data"))
        self.killed_run = ""

    def prepare(self) -> None:
        self.node.start()
        fixtures = Fixtures(self.node)
        self.auditor = PersistentClient(fixtures.auditor)
        self.practitioners = [Practitioner(number, fixtures) for number in range(PRACTITIONERS)]
        path = fixtures.open_chronology({AGENCY: [one.caller for one in self.practitioners]})
        for one in self.practitioners:
            one.path = path
            one.submit()
        self.node.stop()

    def run_rounds(self) -> None:
        for number in range(1, self.rounds + 1):
            started = time.monotonic()
            if not self.start(self.node):
                return
            summary = self.kill_under_load()
            if number % 3 == 0:
                summary += self.kill_during_startup()
            summary += self.check_removal(number)
            self.check_restart(number)
            say(f"round {number} of {self.rounds}: {summary} ({time.monotonic() - started:.1f} s)")
        if self.start(self.node):
            self.check_writes_survive()
            self.node.stop()
        for message in self.node.signals:
            self.results.check("commands are not terminated by signals", not message, message)

    def start(self, node: Node) -> bool:
        try:
            node.start()
        except RuntimeError as error:
            return self.results.check(STARTS_AFTER_KILL, False, error)
        return self.results.check(STARTS_AFTER_KILL, True)

    def kill_under_load(self) -> str:
        """Runs the load and kills the service at a random moment."""
        self.check_writes_survive()
        for one in self.practitioners:
            one.request_ids, one.refused = [], 0
        load = Load(self.practitioners)
        moment = self.random_source.uniform(MIN_LOAD_SECONDS, MAX_LOAD_SECONDS)
        time.sleep(moment)
        self.node.kill()
        load.stop()
        for failure in load.failures:
            self.results.check("responses under load", False, failure)
        self.node.storage.wait_for_disconnect()
        self.killed_run = latest_run(self.node.journal)
        answered = sum(len(one.request_ids) for one in self.practitioners)
        refused = sum(one.refused for one in self.practitioners)
        return f"killed after {moment:.2f} s, {answered} responses, {refused} refused"

    def kill_during_startup(self) -> str:
        moment = self.random_source.uniform(*STARTUP_KILL_RANGE)
        self.node.launch()
        time.sleep(moment)
        self.node.kill()
        self.node.storage.wait_for_disconnect()
        return f", again {moment:.2f} s into the next start"

    def check_writes_survive(self) -> None:
        """Checks that each practitioner's last acknowledged update is not lost."""
        # Directly after its start the service may not have loaded the issuers' keys yet.
        wait_until(
            lambda: (
                PersistentClient(self.practitioners[0].caller).call("GET", "/v1/me").status != 401
            ),
            2,
        )
        for one in self.practitioners:
            missing = one.check_acknowledged_update()
            self.results.check(WRITES_SURVIVE, not missing, missing)

    def check_responses_recorded(self) -> None:
        """Checks that every response received before the kill has an audit record."""
        expected = {one for practitioner in self.practitioners for one in practitioner.request_ids}
        recorded, query = set(), f"limit=500&from={earliest_time(expected)}"
        while query:
            page = self.auditor.call("GET", f"/v1/audit?{query}")
            if page.status != 200:
                self.results.check(RESPONSES_RECORDED, False, f"the audit returned {page.status}")
                return
            recorded |= {record["request_id"] for record in page["items"]}
            query = (
                f"{query.split('&cursor=')[0]}&cursor={page['next']}"
                if page.body.get("next")
                else ""
            )
        missing = expected - recorded
        self.results.add(
            RESPONSES_RECORDED,
            len(expected),
            len(missing),
            f"{len(missing)} of {len(expected)} responses have no audit record",
        )

    def check_removal(self, number: int) -> str:
        """Verifies a copy unchanged, without one record, with the record restored, and without it
        after a restart.
        """
        copy = self.node.copy(self.folder / "without")
        try:
            clean = self.expect_no_faults(VERIFY_AFTER_KILL, copy.verify_audit())
            kind, record, unattested = self.choose_record(copy, number)
            if record is None:
                return f", {unattested} records neither sequenced nor marked as committed, no record to remove"
            removed = copy.storage.remove_record(record)
            found = self.expect_removal_found(
                REMOVED_RECORD_FOUND.format(kind), copy.verify_audit(), record
            )
            copy.storage.restore_record(removed)
            if clean:
                self.expect_no_faults(VERIFY_AFTER_RESTORE, copy.verify_audit())
            copy.storage.remove_record(record)
            self.check_removal_after_restart(copy, kind, record)
            return f", {unattested} records neither sequenced nor marked as committed, removed {kind}: {'found' if found else 'NOT FOUND'}"
        finally:
            copy.discard()

    def choose_record(self, copy: Node, number: int) -> tuple[str, Record | None, int]:
        """The record to remove in this round, with its kind, and the number of unattested records
        of the killed run: those that are neither sequenced nor marked as committed in the journal.
        """
        records = copy.storage.records(self.killed_run)
        committed = committed_numbers(copy.journal, self.killed_run)
        attested = [one for one in records if one.sequenced or one.number in committed]
        candidates = {
            RECORD_KINDS[0]: [one for one in attested if one.sequenced],
            RECORD_KINDS[1]: [one for one in attested if not one.sequenced],
            RECORD_KINDS[2]: attested[-1:],
        }
        preferred_kind = RECORD_KINDS[number % len(RECORD_KINDS)]
        # In rare cases all records are sequenced when the service is killed.
        kind = preferred_kind if candidates[preferred_kind] else RECORD_KINDS[2]
        record = self.random_source.choice(candidates[kind]) if candidates[kind] else None
        return kind, record, len(records) - len(attested)

    def check_removal_after_restart(self, copy: Node, kind: str, record: Record) -> None:
        if not self.start(copy):
            return
        copy.stop()
        self.expect_removal_found(
            REMOVED_RECORD_FOUND_AFTER_RESTART.format(kind), copy.verify_audit(), record
        )
        fault = copy.verify_exported_log(self.folder / "log", with_journal=True)
        # The export fails if a sequenced record is missing.
        named = f"number {record.number} of run {uuid.UUID(record.run)}" in fault or (
            record.sequenced and "export failed" in fault
        )
        self.results.check(
            INDEPENDENT_VERIFIER_FINDS_REMOVAL,
            named,
            f"{kind}, number {record.number}: the verifier reports {fault!r}",
        )

    def check_restart(self, number: int) -> None:
        """Restarts and verifies the node, in every second round a copy, so that there are also
        kills without a clean shutdown in between.
        """
        if number % 2:
            return self.restart_and_verify(self.node)
        copy = self.node.copy(self.folder / "restarted")
        try:
            self.restart_and_verify(copy)
        finally:
            copy.discard()

    def restart_and_verify(self, node: Node) -> None:
        if not self.start(node):
            return
        self.auditor.close()
        self.check_responses_recorded()
        self.auditor.close()
        node.stop()
        report = node.verify_audit()
        self.expect_no_faults(VERIFY_AFTER_RESTART, report)
        # A number that stays unused becomes a fault after a minute.
        self.results.check(
            NOTHING_PENDING, report["pending"] == 0, f"{report['pending']} numbers are pending"
        )
        fault = node.verify_exported_log(self.folder / "log", with_journal=report["waiting"] == 0)
        self.results.check(INDEPENDENT_VERIFIER, not fault, fault)

    def expect_no_faults(self, check: str, report: dict) -> bool:
        kinds = sorted({fault["kind"] for fault in report["faults"]})
        return self.results.check(
            check, report["fault_count"] == 0, f"{report['fault_count']} faults: {', '.join(kinds)}"
        )

    def expect_removal_found(self, check: str, report: dict, record: Record) -> bool:
        """Checks that a fault names the removed record."""
        number = [str(uuid.UUID(record.run)), record.number]
        named = [
            fault
            for fault in report["faults"]
            if fault.get("record") == str(uuid.UUID(record.id)) or fault.get("number") == number
        ]
        reason = f"number {record.number} of run {number[0]} is not among the first {len(report['faults'])} of {report['fault_count']} faults"
        return self.results.check(check, named, reason)


def latest_run(journal: Path) -> str:
    """The run with the most recently modified journal, as hexadecimal digits."""
    newest = max(journal.glob("*.journal"), key=lambda file: file.stat().st_mtime_ns)
    return uuid.UUID(newest.stem.rpartition("-")[0]).hex


def committed_numbers(journal: Path, run: str) -> set[int]:
    """The numbers of the run that the journal marks as committed."""
    partnerships = {
        line.split(" ")[1]
        for file in journal.glob("*.journal")
        for line in file.read_text(errors="replace").split("\n")[:-1]
    }
    committed = set()
    for partnership in partnerships:
        committed |= {
            number
            for record_run, number in verify.committed_records(journal, uuid.UUID(partnership))
            if record_run.hex == run
        }
    return committed


def earliest_time(request_ids: set[str]) -> str:
    """The time of the first request, minus a second. Request ids begin with milliseconds since 1970
    (UUIDv7, RFC 9562).
    """
    first = min((uuid.UUID(one).int >> 80 for one in request_ids), default=int(time.time() * 1000))
    at = first // 1000 - 1
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def main() -> None:
    kind, folder, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1_000_000)
    say(f"{rounds} rounds of kill -9 under load, seed {seed}")
    check = CrashRecoveryCheck(kind, folder, rounds, seed)
    try:
        check.prepare()
        check.run_rounds()
    except Exception:
        check.results.check("the check completes", False, traceback.format_exc()[-600:])
    finally:
        check.node.cleanup()
        check.results.save(folder / "results.json")
    if any(failures for _, failures, _ in check.results.rows.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
