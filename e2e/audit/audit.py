"""Injects faults into the audit of a running service while sixteen clients read, and verifies the
log with an independent program.

    audit.py DATABASE FOLDER      DATABASE is sqlite or postgresql

The requirements: no content without an audit record, 503 within two seconds, recovery without a
restart.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

import verify
from fault_injection import DATABASES
from harness import county
from harness.county import Canaries, entry, fragment, person
from harness.process import BINARY, Service, toml_string

CLIENTS = 16
# How long a fault lasts, in seconds.
FAULT_SECONDS = 4.0
# The longest response time during a fault, in seconds: the documented limit, and what this check
# tolerates on a busy machine.
DOCUMENTED_LIMIT, TOLERATED_LIMIT = 2.0, 5.0
# How long the sequencer is stopped: longer than the minute for which the service accepts
# unsequenced records.
SEQUENCER_STOPPED_SECONDS = 63.0


def say(text: str) -> None:
    print(f"  {text}", flush=True)


class AuditedService(Service):
    """A service with the audit settings of the database under test."""

    def __init__(self, folder: Path, database):
        self.audit_settings = database.settings()
        super().__init__(folder, database.url)

    def _render_config(self) -> str:
        audit = "\n".join(
            f"{key} = {toml_string(value)}" for key, value in self.audit_settings.items()
        )
        config = super()._render_config().replace("[limits]", f"[audit]\n{audit}\n[limits]")
        return config.replace('level = "trace"', 'level = "info"')


class Read(NamedTuple):
    """One request for the timeline and its response."""

    started: float
    ended: float
    status: int
    request_id: str
    has_content: bool


class Readers:
    """Clients that read the timeline continuously."""

    def __init__(self, new_caller, path: str):
        self.path, self.stop_event = path, threading.Event()
        self.reads: list[Read] = []
        self.connection_errors: list[tuple[float, float, str]] = []
        self.callers = [new_caller() for _ in range(CLIENTS)]
        self.threads = [
            threading.Thread(target=self._read, args=(caller,), daemon=True)
            for caller in self.callers
        ]
        for thread in self.threads:
            thread.start()

    def _read(self, caller) -> None:
        while not self.stop_event.is_set():
            started = time.monotonic()
            try:
                response = caller.get(self.path, expect=(200, 503))
            except (OSError, http.client.HTTPException) as error:
                self.connection_errors.append((started, time.monotonic() - started, repr(error)))
                continue
            ended = time.monotonic()
            has_content = b"zq" in response.raw
            self.reads.append(
                Read(started, ended, response.status, response.headers["x-request-id"], has_content)
            )
            if response.status == 503:
                time.sleep(0.02)

    def since(self, moment: float) -> list[Read]:
        return [read for read in list(self.reads) if read.started >= moment]

    def successful_since(self, moment: float) -> list[Read]:
        return [read for read in self.since(moment) if read.status == 200]

    def stop(self) -> None:
        self.stop_event.set()
        for thread in self.threads:
            thread.join(30)


def open_chronology(service: Service):
    """An open chronology with one fragment. Returns its path and a function that creates callers
    who may read it.
    """
    canary = Canaries()
    worker = service.caller(county.SOCIAL_CARE, ["social_worker"], "worker", "Edda Quillfeather")
    surgery = service.caller("millrace-surgery", ["practitioner"], "surgery", "Dr Ottoline Pym")
    surgery_id = surgery.get("/v1/me")["id"]
    child = worker.post(
        "/v1/people",
        person(
            "child",
            "Maren",
            canary("Ashdown"),
            birth={"date": "2017-05-03"},
            sex="female",
            no_nhs_number_reason="not_known_to_agency",
        ),
    )["id"]
    family = worker.post("/v1/families", {"label": canary("Ashdown"), "members": [child]})["id"]
    draft = {
        "family_id": family,
        "purpose": "strategy_discussion",
        "question": canary("What is known?"),
        "lawful_basis": "public_task",
        "no_consent_reason": "would_prejudice_protection",
        "family_told": True,
        "look_back_from": "2019-01-01",
    }
    chronology = worker.post("/v1/chronologies", draft)["id"]
    path = f"/v1/chronologies/{chronology}"
    agencies = {
        agency["code"]: agency["id"] for agency in worker.get("/v1/agencies?limit=500")["items"]
    }
    invitation = {
        "agency_id": agencies["millrace-surgery"],
        "practitioners": [surgery_id],
        "message": canary("Please"),
    }
    worker.post(f"{path}/invitations", invitation)
    worker.post(f"{path}/open")
    events = [
        entry(canary, f"2026-0{month}-11", "Seen at the surgery", "HEALTH", "neutral", "GP", "EMIS")
        for month in range(1, 8)
    ]
    surgery.post(f"{path}/fragments", fragment(canary, *events))
    return path, lambda: service.caller(
        county.SOCIAL_CARE, ["social_worker"], "worker", "Edda Quillfeather"
    )


def recorded_reads(auditor, path: str) -> set[str]:
    """The request ids of all allowed reads of the timeline in the audit."""
    query = f"/v1/audit?operation=timeline.read&limit=500&chronology={path.rsplit('/', 1)[1]}"
    request_ids, page = set(), auditor.get(query)
    while True:
        request_ids |= {
            record["request_id"] for record in page["items"] if record["outcome"] == "allowed"
        }
        if not page.body.get("next"):
            return request_ids
        page = auditor.get(f"{query}&cursor={page['next']}")


def check_fault(readers: Readers, name: str, inject_fault) -> None:
    """During the fault requests are refused in time and without content; after it the service
    recovers by itself.
    """
    with inject_fault():
        started = time.monotonic()
        time.sleep(FAULT_SECONDS)
        ended = time.monotonic()
    repaired = time.monotonic()
    during = [read for read in readers.since(started) if read.ended <= ended]
    late = [
        read
        for read in readers.since(started)
        if read.started < ended and read.ended - read.started > TOLERATED_LIMIT
    ]
    if late:
        raise AssertionError(
            f"{name}: a response took {max(read.ended - read.started for read in late):.1f} s"
        )
    refused = sum(read.status == 503 for read in during)
    if refused == 0:
        raise AssertionError(
            f"{name}: no request was refused, so the fault had no effect ({len(during)} responses)"
        )
    if any(read.status == 503 and read.has_content for read in during):
        raise AssertionError(f"{name}: a 503 response contains content")
    while not readers.successful_since(repaired):
        if time.monotonic() > repaired + 30:
            raise AssertionError(f"{name}: no recovery without a restart")
        time.sleep(0.05)
    slowest = max((read.ended - read.started for read in during), default=0.0)
    recovery = min(read.ended for read in readers.successful_since(repaired)) - repaired
    say(
        f"{name}: {refused} of {len(during)} refused, slowest response {slowest:.2f} s (limit {DOCUMENTED_LIMIT:.0f} s), "
        f"recovered after {recovery:.2f} s"
    )


def check_sequencer_stopped(readers: Readers, auditor, database) -> None:
    """When no record has been sequenced for more than a minute the service refuses requests, and
    recovers afterwards.
    """
    with database.sequencer_blocked():
        started = time.monotonic()
        time.sleep(SEQUENCER_STOPPED_SECONDS)
        latest = list(readers.since(time.monotonic() - 1.0))
        if not latest or any(read.status != 503 for read in latest):
            statuses = [read.status for read in latest][:5]
            raise AssertionError(
                f"content {SEQUENCER_STOPPED_SECONDS:.0f} s after the last record was sequenced: {statuses}"
            )
        first_refusal = (
            min(read.started for read in readers.since(started) if read.status == 503) - started
        )
        auditor.get("/v1/audit?limit=1")
    repaired = time.monotonic()
    while not readers.successful_since(repaired):
        if time.monotonic() > repaired + 40:
            raise AssertionError("requests are still refused although records are sequenced again")
        time.sleep(0.05)
    say(
        f"sequencer stopped: refused after {first_refusal:.0f} s, the audit itself still readable; "
        f"recovered after {time.monotonic() - repaired:.1f} s"
    )


def verification_report(service: Service, expect: int = 0) -> dict:
    """The report of the service's own `audit verify`, which must exit with the expected status."""
    completed = subprocess.run(
        [
            BINARY,
            "--config",
            str(service.config),
            "audit",
            "verify",
            "--partnership",
            county.PARTNERSHIP,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if completed.returncode != expect:
        output = f"{completed.stdout[-2000:]}{completed.stderr[-2000:]}"
        raise AssertionError(f"audit verify exited with {completed.returncode}: {output}")
    return json.loads(completed.stdout.splitlines()[0])


def check_verifiers_agree(service: Service, auditor, folder: Path) -> None:
    """The service's verifier and the independent one find the same log, and the API's proofs lead
    to its root.
    """
    report = verification_report(service)
    exported = folder / "log"
    service.command(
        "audit", "export", "--partnership", county.PARTNERSHIP, "--output", str(exported)
    )
    checkpoint = auditor.get("/v1/audit/checkpoint").body
    public_key = verify.base64.b64decode(checkpoint["public_key"])
    size, root = verify.verify(exported, checkpoint["origin"], public_key)
    if size < report["size"] or verify.base64.b64encode(root).decode() == "":
        raise AssertionError("the two verifiers do not agree")
    if size == report["size"] and verify.base64.b64encode(root).decode() != report["root"]:
        raise AssertionError("the two verifiers compute different roots")
    for record in auditor.get("/v1/audit?limit=20")["items"]:
        proof = auditor.get(f"/v1/audit/records/{record['id']}/proof?size={size}").body
        leaf = verify.leaf_hash(verify.base64.b64decode(proof["leaf"]))
        path = [verify.base64.b64decode(node) for node in proof["path"]]
        if not verify.is_inclusion_proof(proof["position"], size, leaf, path, root):
            raise AssertionError("an inclusion proof does not lead to the root")
    say(f"{size} records: both verifiers agree, and 20 inclusion proofs lead to the root")


def main() -> None:
    folder = Path(sys.argv[2])
    database = DATABASES[sys.argv[1]](folder)
    service = AuditedService(folder / "node", database)
    try:
        database.prepare(service)
        service.start()
        path, new_caller = open_chronology(service)
        auditor = service.caller(county.SOCIAL_CARE, ["auditor"], "auditor", "Sunniva Crake")
        readers = Readers(new_caller, f"{path}/timeline")
        for name, inject_fault in database.faults().items():
            check_fault(readers, name, inject_fault)
        check_sequencer_stopped(readers, auditor, database)
        readers.stop()
        if readers.connection_errors:
            raise AssertionError(
                f"{len(readers.connection_errors)} connections failed: {readers.connection_errors[:3]}"
            )
        served = {read.request_id for read in readers.reads if read.status == 200}
        unrecorded = served - recorded_reads(auditor, path)
        if unrecorded:
            raise AssertionError(
                f"{len(unrecorded)} of {len(served)} responses with content have no audit record"
            )
        say(f"{len(served)} responses with content, each with an audit record")
        time.sleep(6.5)
        check_verifiers_agree(service, auditor, folder)
        service.stop()
        database.tamper()
        faults = verification_report(service, expect=3)["faults"]
        if "record_changed" not in {fault["kind"] for fault in faults}:
            raise AssertionError(f"the changed record was not found: {faults}")
        say("one field of one record changed: found")
    finally:
        service.cleanup()


if __name__ == "__main__":
    main()
