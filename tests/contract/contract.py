"""Attacks the real server along the document it serves, once for each kind of caller.

    contract.py [ROLE…]      roles are those of CALLERS; all of them by default
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from e2e import county
from e2e.caller import Caller
from e2e.process import Service

HERE = Path(__file__).parent
# Seconds for each caller, of two busy cores.
SECONDS_EACH = int(os.environ.get("CONTRACT_SECONDS", "18"))


@dataclass
class Kind:
    """One kind of caller: who they are, and which part of the attack is theirs."""

    agency: str
    roles: list[str]
    phases: str
    known_ids: bool


CALLERS = {
    # May do nearly everything, and finds real ids in every path.
    "manager": Kind(county.SOCIAL_CARE, ["social_worker", "team_manager"], "examples,coverage,fuzzing", True),
    # Follows ids from answer to request by itself.
    "wanderer": Kind(county.SOCIAL_CARE, ["social_worker", "team_manager"], "stateful", False),
    "contributor": Kind("millrace-surgery", ["practitioner", "safeguarding_lead"], "examples,coverage,fuzzing", True),
    "auditor": Kind(county.SOCIAL_CARE, ["auditor"], "examples,coverage", True),
}


def furnish(worker: Caller, surgery: Caller) -> dict[str, str]:
    """A family, an open chronology, a return and a frozen view, so that paths lead somewhere; their ids by parameter."""
    canary = county.Canaries()
    # Who is switched off in the course of the attack must be nobody who is needed.
    agency = worker.post("/v1/agencies", {"code": "expendable", "name": "Expendable Agency", "kind": "other"})["id"]
    leaver = {"agency_id": agency, "issuer": "https://login.example", "subject": "leaver", "name": "Leaver"}
    practitioner = worker.post("/v1/practitioners", leaver)["id"]
    child = worker.post("/v1/people", county.children(canary, county.NHS_NUMBERS)["elder"])["id"]
    family = worker.post("/v1/families", {"label": "Ashdown family", "members": [child]})["id"]
    draft = {"family_id": family, "purpose": "neglect", "lawful_basis": "public_task", "family_told": True}
    chronology = worker.post("/v1/chronologies", draft)["id"]
    path, contributor = f"/v1/chronologies/{chronology}", surgery.get("/v1/me")
    wish = {"agency_id": contributor["agency_id"], "practitioners": [contributor["id"]]}
    invitation = worker.post(f"{path}/invitations", wish)["id"]
    worker.post(f"{path}/open")
    event = county.entry(canary, "2026-03", "Bruise to the upper arm", "HEALTH", "risk", "GP", "EMIS")
    fragment = surgery.post(f"{path}/fragments", county.fragment(canary, event, agency_reference="EMIS-1"))["fragment_id"]
    frozen = worker.post(f"{path}/consolidations")["id"]
    worker.post(f"{path}/reopen", {"reason": "To be frozen again"})
    hold = worker.post("/v1/holds", {"scope": "chronology", "target_id": chronology, "reason": "Court order",
                                     "review_at": time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 30 * 86_400))})["id"]
    return {"agency_id": agency, "practitioner_id": practitioner, "person_id": child, "family_id": family,
            "chronology_id": chronology, "invitation_id": invitation, "fragment_id": fragment, "consolidation_id": frozen,
            "hold_id": hold, "tombstone_id": chronology, "agency_reference": "EMIS-1"}


def configuration(kind: Kind, ids: dict[str, str], folder: Path) -> Path:
    """The kept configuration, with the ids that lead somewhere."""
    text = (HERE / "schemathesis.toml").read_text()
    if kind.known_ids:
        text += "\n[parameters]\n" + "".join(f'"path.{name}" = "{value}"\n' for name, value in ids.items())
    file = folder / "schemathesis.toml"
    file.write_text(text)
    return file


def attack(service: Service, name: str, kind: Kind, ids: dict[str, str]) -> bool:
    token = service.token(kind.agency, kind.roles, f"{name}@{kind.agency}", name)
    begun = time.monotonic()
    command = ["schemathesis", "--config-file", str(configuration(kind, ids, service.folder)), "run", f"{service.public_url}/openapi.yaml",
               "--tls-verify", str(service.authority), "--header", f"Authorization: Bearer {token}", "--phases", kind.phases,
               "--max-time", str(SECONDS_EACH), *sys.argv[2:]]
    print(f"== as {name}: {kind.phases}", flush=True)
    logged = service.log.stat().st_size
    done = subprocess.run(command, cwd=service.folder, check=False)
    statuses = answered(service.log, logged)
    good = done.returncode == 0 and max(statuses) < 500 and any(status < 300 for status in statuses)
    summary = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    print(f"== as {name}: {'no contradiction' if good else 'CONTRADICTIONS'} in {time.monotonic() - begun:.0f} s; {summary}", flush=True)
    return good


def answered(log: Path, start: int) -> Counter:
    """What the server itself says that it answered, by status."""
    with log.open("rb") as file:
        file.seek(start)
        records = [json.loads(line) for line in file if b'"answered"' in line]
    return Counter(int((record.get("fields") or record)["status"]) for record in records)


def main() -> int:
    chosen = sys.argv[1].split(",") if len(sys.argv) > 1 else list(CALLERS)
    with tempfile.TemporaryDirectory(prefix="chronology-contract.") as folder:
        service = Service(Path(folder))
        try:
            service.start()
            worker = service.caller(county.SOCIAL_CARE, ["social_worker", "team_manager"], f"manager@{county.SOCIAL_CARE}", "manager")
            surgery = service.caller("millrace-surgery", ["practitioner", "safeguarding_lead"], "contributor@millrace-surgery", "contributor")
            ids = furnish(worker, surgery)
            failed = [name for name in chosen if not attack(service, name, CALLERS[name], ids)]
        finally:
            service.end()
    if failed:
        print(f"the server contradicts its document: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
