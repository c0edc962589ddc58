"""Breaks the audit of a running service under sixteen clients who read, and verifies it with a program of another kind.

    audit.py DATABASE FOLDER      DATABASE is sqlite or postgresql

What must hold: no content without a record, 503 within two seconds, recovery without a restart.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import verify
from breaks import DATABASES
from e2e import county
from e2e.county import Canaries, entry, fragment, person
from e2e.process import BINARY, Service, quoted

CLIENTS = 16
# Seconds a break lasts, and the longest an answer may take during it: what is promised, and a busy machine's share.
LASTS = 4.0
PROMISED, GRANTED = 2.0, 5.0
BEHIND = 63.0


def say(text: str) -> None:
    print(f"  {text}", flush=True)


class Audited(Service):
    """A service whose journal stands where the test says."""

    def __init__(self, folder: Path, database):
        self.more = database.settings()
        super().__init__(folder, database.url)

    def configure(self, url: str) -> None:
        self.database = url
        self.config.write_text(self._configuration())

    def _configuration(self) -> str:
        audit = "\n".join(f"{key} = {quoted(value)}" for key, value in self.more.items())
        text = super()._configuration().replace("[limits]", f"[audit]\n{audit}\n[limits]").replace('level = "trace"', 'level = "info"')
        return text


class Readers:
    """Clients who read the timeline as fast as they are answered."""

    def __init__(self, service: Service, token_of, path: str):
        self.path, self.answers, self.lost, self.over = path, [], [], threading.Event()
        self.callers = [token_of() for _ in range(CLIENTS)]
        self.threads = [threading.Thread(target=self._read, args=(caller,), daemon=True) for caller in self.callers]
        for thread in self.threads:
            thread.start()

    def _read(self, caller) -> None:
        while not self.over.is_set():
            begun = time.monotonic()
            try:
                answer = caller.get(self.path, expect=(200, 503))
            except (OSError, http.client.HTTPException) as error:
                self.lost.append((begun, time.monotonic() - begun, repr(error)))
                continue
            ended = time.monotonic()
            content = b"zq" in answer.raw
            self.answers.append((begun, ended, answer.status, answer.headers["x-request-id"], content))
            if answer.status == 503:
                time.sleep(0.02)

    def since(self, moment: float) -> list:
        return [one for one in list(self.answers) if one[0] >= moment]

    def stop(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(30)


def opened(service: Service):
    """An open chronology with one return in it; its owner, and how to be the owner once more."""
    canary = Canaries()
    worker = service.caller(county.SOCIAL_CARE, ["social_worker"], "worker", "Edda Quillfeather")
    surgery = service.caller("millrace-surgery", ["practitioner"], "surgery", "Dr Ottoline Pym")
    surgery_id = surgery.get("/v1/me")["id"]
    child = worker.post("/v1/people", person("child", "Maren", canary("Ashdown"), birth={"date": "2017-05-03"}, sex="female",
                                             no_nhs_number_reason="not_known_to_agency"))["id"]
    family = worker.post("/v1/families", {"label": canary("Ashdown"), "members": [child]})["id"]
    draft = {"family_id": family, "purpose": "strategy_discussion", "question": canary("What is known?"), "lawful_basis": "public_task",
             "no_consent_reason": "would_prejudice_protection", "family_told": True, "look_back_from": "2019-01-01"}
    chronology = worker.post("/v1/chronologies", draft)["id"]
    path = f"/v1/chronologies/{chronology}"
    agencies = {one["code"]: one["id"] for one in worker.get("/v1/agencies?limit=500")["items"]}
    worker.post(f"{path}/invitations", {"agency_id": agencies["millrace-surgery"], "practitioners": [surgery_id], "message": canary("Please")})
    worker.post(f"{path}/open")
    events = [entry(canary, f"2026-0{month}-11", "Seen at the surgery", "HEALTH", "neutral", "GP", "EMIS") for month in range(1, 8)]
    surgery.post(f"{path}/fragments", fragment(canary, *events))
    return path, lambda: service.caller(county.SOCIAL_CARE, ["social_worker"], "worker", "Edda Quillfeather")


def recorded(auditor, path: str) -> set[str]:
    """The requests of all reads of the timeline that are on record as allowed."""
    found, page = set(), auditor.get(f"/v1/audit?operation=timeline.read&limit=500&chronology={path.rsplit('/', 1)[1]}")
    while True:
        found |= {one["request_id"] for one in page["items"] if one["outcome"] == "allowed"}
        if not page.body.get("next"):
            return found
        page = auditor.get(f"/v1/audit?operation=timeline.read&limit=500&chronology={path.rsplit('/', 1)[1]}&cursor={page['next']}")


def broken(readers: Readers, name: str, breaking) -> None:
    with breaking():
        begun = time.monotonic()
        time.sleep(LASTS)
        ended = time.monotonic()
    mended = time.monotonic()
    during = [one for one in readers.since(begun) if one[1] <= ended]
    late = [one for one in readers.since(begun) if one[0] < ended and one[1] - one[0] > GRANTED]
    if late:
        raise AssertionError(f"{name}: an answer took {max(one[1] - one[0] for one in late):.1f} s")
    refused = sum(one[2] == 503 for one in during)
    if refused == 0:
        raise AssertionError(f"{name}: nobody was refused, so nothing was broken ({len(during)} answers)")
    if any(one[2] == 503 and one[4] for one in during):
        raise AssertionError(f"{name}: a refusal with content in it")
    while not [one for one in readers.since(mended) if one[2] == 200]:
        if time.monotonic() > mended + 30:
            raise AssertionError(f"{name}: no recovery without a restart")
        time.sleep(0.05)
    slowest = max((one[1] - one[0] for one in during), default=0.0)
    back = min(one[1] for one in readers.since(mended) if one[2] == 200) - mended
    say(f"{name}: {refused} of {len(during)} refused, slowest answer {slowest:.2f} s (promised {PROMISED:.0f}), back after {back:.2f} s")


def behind(readers: Readers, service: Service, auditor, database) -> None:
    """Nobody gives records their places for more than a minute: then nothing is served, and again when somebody does."""
    with database.unplaced():
        begun = time.monotonic()
        time.sleep(BEHIND)
        last = [one for one in readers.since(time.monotonic() - 1.0)]
        if not last or any(one[2] != 503 for one in last):
            raise AssertionError(f"content {BEHIND:.0f} s after the last record had its place: {[one[2] for one in last][:5]}")
        first = min(one[0] for one in readers.since(begun) if one[2] == 503) - begun
        auditor.get("/v1/audit?limit=1")
    mended = time.monotonic()
    while not [one for one in readers.since(mended) if one[2] == 200]:
        if time.monotonic() > mended + 40:
            raise AssertionError("nothing is served though records have their places again")
        time.sleep(0.05)
    say(f"sequencer stopped: refused from {first:.0f} s on, the audit itself still read; served again after {time.monotonic() - mended:.1f} s")


def verified(service: Service, folder: Path, expect: int = 0) -> dict:
    done = subprocess.run([BINARY, "--config", str(service.config), "audit", "verify", "--partnership", county.PARTNERSHIP],
                          capture_output=True, text=True, check=False)
    if done.returncode != expect:
        raise AssertionError(f"audit verify ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[0])


def agree(service: Service, auditor, folder: Path) -> None:
    """Ours and the other say the same of the same log, and the API's proofs lead to the same root."""
    ours = verified(service, folder)
    exported = folder / "log"
    service.command("audit", "export", "--partnership", county.PARTNERSHIP, "--output", str(exported))
    shown = auditor.get("/v1/audit/checkpoint").body
    public_key = verify.base64.b64decode(shown["public_key"])
    size, root = verify.verify(exported, shown["origin"], public_key)
    if size < ours["size"] or verify.base64.b64encode(root).decode() == "":
        raise AssertionError("the two verifiers do not agree")
    if size == ours["size"] and verify.base64.b64encode(root).decode() != ours["root"]:
        raise AssertionError("the two verifiers find different roots")
    for record in auditor.get("/v1/audit?limit=20")["items"]:
        proof = auditor.get(f"/v1/audit/records/{record['id']}/proof?size={size}").body
        leaf = verify.leaf_hash(verify.base64.b64decode(proof["leaf"]))
        if not verify.follows(proof["position"], size, leaf, [verify.base64.b64decode(one) for one in proof["path"]], root):
            raise AssertionError("a proof does not lead to the root")
    say(f"{size} records: ours and the other verifier agree, and 20 proofs lead to the root")


def main() -> None:
    folder = Path(sys.argv[2])
    database = DATABASES[sys.argv[1]](folder)
    service = Audited(folder / "node", database)
    try:
        database.prepare(service)
        service.start()
        path, again = opened(service)
        auditor = service.caller(county.SOCIAL_CARE, ["auditor"], "auditor", "Sunniva Crake")
        readers = Readers(service, again, f"{path}/timeline")
        for name, breaking in database.breaks().items():
            broken(readers, name, breaking)
        behind(readers, service, auditor, database)
        readers.stop()
        if readers.lost:
            raise AssertionError(f"{len(readers.lost)} connections were lost: {readers.lost[:3]}")
        shown = {one[3] for one in readers.answers if one[2] == 200}
        missing = shown - recorded(auditor, path)
        if missing:
            raise AssertionError(f"{len(missing)} of {len(shown)} answers with content are not on record")
        say(f"{len(shown)} answers with content, each on record")
        time.sleep(6.5)
        agree(service, auditor, folder)
        service.stop()
        database.tamper()
        faults = verified(service, folder, expect=3)["faults"]
        if "record_changed" not in {fault["kind"] for fault in faults}:
            raise AssertionError(f"a changed record was not found: {faults}")
        say("one word of one record changed: found")
    finally:
        service.end()


if __name__ == "__main__":
    main()
