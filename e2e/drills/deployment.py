"""Shared by the drills: a service on either database with a fake clock, test data with many short
entries, and helpers that count which texts can still be read.
"""

import http.client
import json
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cluster import Cluster
from fake_clock import DAY, FakeClock, format_instant, orphaned_shared_memory
from harness import county
from harness.caller import ApiResponse, Caller, CheckFailed, parse_response
from harness.process import Service

CONTRIBUTORS = [
    "millrace-surgery",
    "brackenshire-health-visiting",
    "brackenshire-hospitals",
    "brackenshire-police",
    "teasel-homes",
]
STARTED = time.monotonic()


def say(line: str) -> None:
    print(f"  {time.monotonic() - STARTED:5.1f} s  {line}", flush=True)


def check_equal(what: str, actual, expected) -> None:
    if actual != expected:
        raise CheckFailed(f"{what}: {actual!r} instead of {expected!r}")


def check(what: str, condition: object) -> None:
    if not condition:
        raise CheckFailed(what)


def wait_until(what: str, condition, seconds: float = 30.0):
    """Waits until the condition returns a true value, and returns it. The time limit is measured
    with the machine's clock.
    """
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        check(f"{what}, within {seconds:.0f} s", time.monotonic() < deadline)
        time.sleep(0.1)
    return result


class PersistentCaller(Caller):
    """A caller that keeps one connection open in each thread, for many successive calls."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.local = threading.local()

    def call(
        self, method: str, path: str, body=None, expect: int | tuple[int, ...] = 200, **headers: str
    ) -> ApiResponse:
        fields = {name.replace("_", "-"): value for name, value in headers.items()} | {
            "Authorization": f"Bearer {self.token}"
        }
        data = None
        if body is not None:
            data, fields["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            response = self._send_request(method, path, data, fields)
        except (OSError, http.client.HTTPException):
            # The service has closed the idle connection. A retry is safe, because every POST has an
            # idempotency key.
            self.local.connection.close()
            del self.local.connection
            response = self._send_request(method, path, data, fields)
        self._check(method, path, response, expect)
        return response

    def _send_request(
        self, method: str, path: str, data: bytes | None, fields: dict[str, str]
    ) -> ApiResponse:
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPSConnection(
                "localhost", self.port, timeout=30, context=self.context
            )
        self.local.connection.request(method, path, data, fields)
        received = self.local.connection.getresponse()
        return parse_response(received.status, dict(received.getheaders()), received.read())


class Deployment:
    """One service on one database, both with the same fake clock."""

    def __init__(self, kind: str, folder: Path, **options):
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        self.shared_memory_before = orphaned_shared_memory()
        self.kind, self.folder, self.clock = kind, folder, FakeClock(folder)
        environment = self.clock.environment | options.pop("environment", {})
        self.cluster = (
            Cluster(folder / "server", self.clock, **options.pop("server", {}))
            if kind == "postgresql"
            else None
        )
        self.service = Service(
            folder / "node", clock=self.clock.now, environment=environment, **options
        )
        if self.cluster:
            self.cluster.create()
            self.cluster.start()
            try:
                self.service.use_database(self.cluster.url)
                self.service.command("migrate")
            except Exception:
                self.cleanup()
                raise

    def stop(self) -> None:
        """Stops the service. A failure status is ignored if the service has logged a complete
        shutdown, because libfaketime may crash in its exit handler.
        """
        try:
            self.service.stop()
        except RuntimeError:
            if b"shutdown complete" not in self.service.log.read_bytes()[-400:]:
                raise

    def cleanup(self) -> None:
        self.service.cleanup()
        if self.cluster:
            self.cluster.stop("immediate")
        for path in orphaned_shared_memory() - self.shared_memory_before:
            path.unlink(missing_ok=True)

    def caller(
        self, agency: str, *roles: str, offence_data: bool = False, user: str | None = None
    ) -> PersistentCaller:
        """A caller with a token issued at the current fake time."""
        caller = self.service.caller(
            agency,
            list(roles),
            f"{user or '-'.join(roles)}@{agency}",
            f"{roles[0]} of {agency}",
            offence_data,
        )
        return PersistentCaller(caller.name, caller.port, self.service.ca_file, caller.token)

    def staff(self) -> "Staff":
        return Staff(self)

    @property
    def keys(self) -> Path:
        return self.service.data / "keys"

    def epoch_key(self, instant: float) -> Path:
        """The key file of the hour in which data that expires at `instant` is destroyed."""
        return self.keys / "epochs" / f"epoch-{-int(-instant // 3_600)}.key"


class Staff:
    """The requesting social worker, two managers and one practitioner of each contributing agency,
    all with new tokens.
    """

    def __init__(self, deployment: Deployment):
        self.deployment = deployment
        self.worker = deployment.caller(county.SOCIAL_CARE, "social_worker", offence_data=True)
        self.manager = deployment.caller(county.SOCIAL_CARE, "team_manager", offence_data=True)
        self.deputy = deployment.caller(
            county.SOCIAL_CARE, "team_manager", offence_data=True, user="deputy"
        )
        self.agencies = {code: deployment.caller(code, "practitioner") for code in CONTRIBUTORS}

    def registered(self) -> "Staff":
        """Makes a first call as each member, which registers them in the directory."""
        self.profiles = {code: caller.get("/v1/me").body for code, caller in self.agencies.items()}
        self.manager.get("/v1/me")
        return self


class CaseFixture:
    """A family, its chronologies, and the submitted fragments with agency and texts."""

    def __init__(self, staff: Staff, canary: county.Canaries | None = None):
        self.canary = canary or county.Canaries()
        self.staff = staff
        self.chronologies: list[str] = []
        self.fragments: dict[str, tuple[str, list[str]]] = {}
        records = county.children(self.canary, county.NHS_NUMBERS)
        self.people = {
            key: staff.worker.post("/v1/people", record)["id"] for key, record in records.items()
        }
        self.family = staff.worker.post("/v1/families", county.family(self.canary, self.people))[
            "id"
        ]

    def open_chronology(self, expires_at: float, agencies=CONTRIBUTORS) -> str:
        """Creates and opens a chronology to which the agencies are invited. Returns its id."""
        worker = self.staff.worker
        draft = {
            "family_id": self.family,
            "purpose": "strategy_discussion",
            "question": self.canary("What does each agency know?"),
            "lawful_basis": "public_task",
            "no_consent_reason": "would_prejudice_protection",
            "family_told": True,
            "due_at": format_instant(expires_at - 60),
            "expires_at": format_instant(expires_at),
        }
        chronology = worker.post("/v1/chronologies", draft)["id"]
        for code in agencies:
            profile = self.staff.profiles[code]
            invitation = {"agency_id": profile["agency_id"], "practitioners": [profile["id"]]}
            worker.post(f"/v1/chronologies/{chronology}/invitations", invitation)
        worker.post(f"/v1/chronologies/{chronology}/open")
        self.chronologies.append(chronology)
        return chronology

    def submit_from_all(self, chronologies: list[str], each: int, entries: int = 5, **more) -> None:
        """Submits to each chronology `each` fragments of every agency, with `entries` entries;
        agencies in parallel.
        """

        def submit_agency(code: str) -> None:
            for chronology in chronologies:
                for number in range(each):
                    self.submit(
                        code,
                        chronology,
                        [f"Visit {number}, part {part}, of {code}" for part in range(entries)],
                        **more,
                    )

        with ThreadPoolExecutor(len(CONTRIBUTORS)) as pool:
            list(pool.map(submit_agency, CONTRIBUTORS))

    def submit(self, code: str, chronology: str, texts: list[str], **more) -> str:
        """Submits one fragment with one entry per text. Returns its id."""
        entries = [
            county.entry(
                self.canary,
                f"2026-{1 + number % 9:02d}-{1 + number // 9 % 28:02d}",
                text,
                "CONTACT",
                "risk",
                "worker",
                "record",
            )
            for number, text in enumerate(texts)
        ]
        body = county.fragment(self.canary, *entries, **more)
        fragment = self.staff.agencies[code].post(
            f"/v1/chronologies/{chronology}/fragments", body, expect=201
        )["fragment_id"]
        self.fragments[fragment] = (code, [entry["what"] for entry in entries])
        return fragment

    @property
    def texts(self) -> set[str]:
        return {text for _, texts in self.fragments.values() for text in texts}

    def count_readable(self, staff: Staff, as_contributors: bool = True) -> int:
        """The number of texts that can be read: on the timelines as the requesting worker and,
        `as_contributors`, in each fragment as its own agency. Every other response must be a
        problem document, not a broken connection.
        """
        allowed = (200, 404, 409, 410, 503)
        responses = [
            staff.worker.get(f"/v1/chronologies/{chronology}/timeline", expect=allowed).raw.decode()
            for chronology in self.chronologies
        ]

        def read_fragments(code: str) -> list[str]:
            fragments = [
                fragment for fragment, (agency, _) in self.fragments.items() if agency == code
            ]
            return [
                staff.agencies[code].get(f"/v1/fragments/{fragment}", expect=allowed).raw.decode()
                for fragment in fragments
            ]

        if as_contributors:
            with ThreadPoolExecutor(len(CONTRIBUTORS)) as pool:
                for agency_responses in pool.map(read_fragments, CONTRIBUTORS):
                    responses += agency_responses
        return count_found(" ".join(responses), self.texts)


def count_found(content: str, texts: set[str]) -> int:
    """The number of texts that occur in the content. Each text ends with a unique word, so only
    that word is searched for.
    """
    words = {word.strip('"\\,.') for word in content.replace('"', " ").split()}
    return sum(text.rsplit(" ", 1)[1] in words for text in texts)


def create_control(staff: Staff, chronology: str, number: int, review_at: float) -> dict[str, str]:
    """Creates a control group of texts that do not expire: reasons of legal holds on a long-lived
    chronology. Returns the texts by hold.
    """

    def place_hold(count: int) -> tuple[str, str]:
        reason = f"Order {count} of the court, {uuid.uuid4().hex}"
        body = {
            "scope": "chronology",
            "target_id": chronology,
            "reason": reason,
            "review_at": format_instant(review_at),
        }
        return staff.manager.post("/v1/holds", body)["id"], reason

    with ThreadPoolExecutor(4) as pool:
        return dict(pool.map(place_hold, range(number)))


def count_readable_control(staff: Staff, texts: dict[str, str]) -> int:
    """The number of texts of the control group that the manager can read."""
    found, cursor = set(), ""
    while True:
        page = staff.manager.get(f"/v1/holds?limit=500{cursor}").body
        found |= {
            hold["id"] for hold in page["items"] if texts.get(hold["id"]) == hold.get("reason")
        }
        if not page.get("next"):
            return len(found)
        cursor = f"&cursor={page['next']}"


LONG = 60 * DAY
