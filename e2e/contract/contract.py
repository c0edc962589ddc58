"""Tests the real server against its own OpenAPI document with schemathesis, once for each caller
profile.

contract.py [PROFILE,…]      names from CALLERS, separated by commas; all of them by default
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

from harness import county
from harness.caller import Caller
from harness.process import Service

HERE = Path(__file__).parent
# Time limit for each caller profile.
SECONDS_EACH = int(os.environ.get("CONTRACT_SECONDS", "18"))


@dataclass
class CallerProfile:
    """A caller's agency and roles, the test phases to run, and whether paths are filled with
    existing ids.
    """

    agency: str
    roles: list[str]
    phases: str
    known_ids: bool


CALLERS = {
    # Has nearly every permission; paths contain existing ids.
    "manager": CallerProfile(
        county.SOCIAL_CARE, ["social_worker", "team_manager"], "examples,coverage,fuzzing", True
    ),
    # Stateful: takes the ids of its requests from earlier responses.
    "stateful": CallerProfile(
        county.SOCIAL_CARE, ["social_worker", "team_manager"], "stateful", False
    ),
    "contributor": CallerProfile(
        "millrace-surgery", ["practitioner", "safeguarding_lead"], "examples,coverage,fuzzing", True
    ),
    "auditor": CallerProfile(county.SOCIAL_CARE, ["auditor"], "examples,coverage", True),
}


def create_test_data(worker: Caller, surgery: Caller) -> dict[str, str]:
    """Creates a family, an open chronology, a fragment, a consolidation and a hold. Returns their
    ids by path parameter.
    """
    canary = county.Canaries()
    # The test may deactivate this agency and this practitioner, so no other caller may depend on
    # them.
    agency = worker.post(
        "/v1/agencies", {"code": "expendable", "name": "Expendable Agency", "kind": "other"}
    )["id"]
    leaver = {
        "agency_id": agency,
        "issuer": "https://login.example",
        "subject": "leaver",
        "name": "Leaver",
    }
    practitioner = worker.post("/v1/practitioners", leaver)["id"]
    child = worker.post("/v1/people", county.children(canary, county.NHS_NUMBERS)["elder"])["id"]
    family = worker.post("/v1/families", {"label": "Ashdown family", "members": [child]})["id"]
    draft = {
        "family_id": family,
        "purpose": "neglect",
        "lawful_basis": "public_task",
        "family_told": True,
    }
    chronology = worker.post("/v1/chronologies", draft)["id"]
    path, contributor = f"/v1/chronologies/{chronology}", surgery.get("/v1/me")
    invitation_request = {
        "agency_id": contributor["agency_id"],
        "practitioners": [contributor["id"]],
    }
    invitation = worker.post(f"{path}/invitations", invitation_request)["id"]
    worker.post(f"{path}/open")
    event = county.entry(
        canary, "2026-03", "Bruise to the upper arm", "HEALTH", "risk", "GP", "EMIS"
    )
    fragment = surgery.post(
        f"{path}/fragments", county.fragment(canary, event, agency_reference="EMIS-1")
    )["fragment_id"]
    consolidation = worker.post(f"{path}/consolidations")["id"]
    worker.post(f"{path}/reopen", {"reason": "To be consolidated again"})
    hold = worker.post(
        "/v1/holds",
        {
            "scope": "chronology",
            "target_id": chronology,
            "reason": "Court order",
            "review_at": time.strftime(
                "%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 30 * 86_400)
            ),
        },
    )["id"]
    return {
        "agency_id": agency,
        "practitioner_id": practitioner,
        "person_id": child,
        "family_id": family,
        "chronology_id": chronology,
        "invitation_id": invitation,
        "fragment_id": fragment,
        "consolidation_id": consolidation,
        "hold_id": hold,
        "tombstone_id": chronology,
        "agency_reference": "EMIS-1",
    }


def write_config(profile: CallerProfile, ids: dict[str, str], folder: Path) -> Path:
    """Writes the committed configuration, extended with existing ids for path parameters."""
    text = (HERE / "schemathesis.toml").read_text()
    if profile.known_ids:
        text += "\n[parameters]\n" + "".join(
            f'"path.{name}" = "{value}"\n' for name, value in ids.items()
        )
    file = folder / "schemathesis.toml"
    file.write_text(text)
    return file


def run_schemathesis(
    service: Service, name: str, profile: CallerProfile, ids: dict[str, str]
) -> bool:
    token = service.token(profile.agency, profile.roles, f"{name}@{profile.agency}", name)
    started = time.monotonic()
    command = [
        "schemathesis",
        "--config-file",
        str(write_config(profile, ids, service.folder)),
        "run",
        f"{service.public_url}/openapi.yaml",
        "--tls-verify",
        str(service.ca_file),
        "--header",
        f"Authorization: Bearer {token}",
        "--phases",
        profile.phases,
        "--max-time",
        str(SECONDS_EACH),
        *sys.argv[2:],
    ]
    print(f"== as {name}: {profile.phases}", flush=True)
    log_size = service.log.stat().st_size
    completed = subprocess.run(command, cwd=service.folder, check=False)
    statuses = count_statuses(service.log, log_size)
    passed = (
        completed.returncode == 0
        and max(statuses) < 500
        and any(status < 300 for status in statuses)
    )
    summary = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    print(
        f"== as {name}: {'passed' if passed else 'FAILED'} in {time.monotonic() - started:.0f} s; {summary}",
        flush=True,
    )
    return passed


def count_statuses(log: Path, start: int) -> Counter:
    """The number of responses by status in the service's log, beginning at the byte `start`."""
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
            worker = service.caller(
                county.SOCIAL_CARE,
                ["social_worker", "team_manager"],
                f"manager@{county.SOCIAL_CARE}",
                "manager",
            )
            surgery = service.caller(
                "millrace-surgery",
                ["practitioner", "safeguarding_lead"],
                "contributor@millrace-surgery",
                "contributor",
            )
            ids = create_test_data(worker, surgery)
            failed = [
                name for name in chosen if not run_schemathesis(service, name, CALLERS[name], ids)
            ]
        finally:
            service.cleanup()
    if failed:
        print(f"the server violates its OpenAPI document: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
