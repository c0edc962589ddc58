"""What the drills share: a service on either database in a time of its own, a county with many short narratives, and
the questions that are asked again and again."""

import http.client
import json
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from clockwork import DAY, Clock, left_behind, written
from cluster import Cluster
from e2e import county
from e2e.caller import Answer, Caller, Unexpected, read
from e2e.process import Service

CONTRIBUTORS = ["millrace-surgery", "brackenshire-health-visiting", "brackenshire-hospitals", "brackenshire-police", "teasel-homes"]
BEGUN = time.monotonic()


def say(line: str) -> None:
    print(f"  {time.monotonic() - BEGUN:5.1f} s  {line}", flush=True)


def same(what: str, found, expected) -> None:
    if found != expected:
        raise Unexpected(f"{what}: {found!r} instead of {expected!r}")


def holds(what: str, condition: object) -> None:
    if not condition:
        raise Unexpected(what)


def until(what: str, condition, seconds: float = 30.0):
    """Waits for it on the machine's own clock; gives what it gave."""
    late = time.monotonic() + seconds
    while not (found := condition()):
        holds(f"{what}, within {seconds:.0f} s", time.monotonic() < late)
        time.sleep(0.1)
    return found


class Keeping(Caller):
    """A caller whose connection stays open: for many calls in a row, from one thread."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.own = threading.local()

    def call(self, method: str, path: str, body=None, expect: int | tuple[int, ...] = 200, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()} | {"Authorization": f"Bearer {self.token}"}
        data = None
        if body is not None:
            data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            answer = self._ask(method, path, data, sent)
        except (OSError, http.client.HTTPException):
            # The service has closed what lay idle. Asking again is safe: every POST has its key.
            self.own.connection.close()
            del self.own.connection
            answer = self._ask(method, path, data, sent)
        self._check(method, path, answer, expect)
        return answer

    def _ask(self, method: str, path: str, data: bytes | None, sent: dict[str, str]) -> Answer:
        if not hasattr(self.own, "connection"):
            self.own.connection = http.client.HTTPSConnection("localhost", self.port, timeout=30, context=self.context)
        self.own.connection.request(method, path, data, sent)
        response = self.own.connection.getresponse()
        return read(response.status, dict(response.getheaders()), response.read())


class World:
    """One service on one database, both living by one clock."""

    def __init__(self, kind: str, folder: Path, **options):
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        self.before = left_behind()
        self.kind, self.folder, self.clock = kind, folder, Clock(folder)
        more = self.clock.environment | options.pop("environment", {})
        self.cluster = Cluster(folder / "server", self.clock, **options.pop("server", {})) if kind == "postgresql" else None
        self.service = Service(folder / "node", clock=self.clock.now, environment=more, **options)
        if self.cluster:
            self.cluster.make()
            self.cluster.start()
            try:
                self.service.reconfigure(self.cluster.url)
                self.service.command("migrate")
            except Exception:
                self.end()
                raise

    def stop(self) -> None:
        """An orderly end. The status counts only if the service did not say that it has ended in order: libfaketime
        may trip over its own tidying when the process exits."""
        try:
            self.service.stop()
        except RuntimeError:
            if b"ended in order" not in self.service.log.read_bytes()[-400:]:
                raise

    def end(self) -> None:
        self.service.end()
        if self.cluster:
            self.cluster.stop("immediate")
        for path in left_behind() - self.before:
            path.unlink(missing_ok=True)

    def caller(self, agency: str, *roles: str, offence_data: bool = False, who: str | None = None) -> Keeping:
        """Somebody with a token of this moment."""
        known = self.service.caller(agency, list(roles), f"{who or '-'.join(roles)}@{agency}", f"{roles[0]} of {agency}", offence_data)
        return Keeping(known.who, known.port, self.service.authority, known.token)

    def staff(self) -> "Staff":
        return Staff(self)

    @property
    def keys(self) -> Path:
        return self.service.data / "keys"

    def epoch_key(self, instant: float) -> Path:
        """The file of the key of the hour in which something expires at `instant`."""
        return self.keys / "epochs" / f"epoch-{-int(-instant // 3_600)}.key"


class Staff:
    """The social worker who asks, the manager, another manager, and one practitioner of each contributing agency; all with fresh tokens."""

    def __init__(self, world: World):
        self.world = world
        self.worker = world.caller(county.SOCIAL_CARE, "social_worker", offence_data=True)
        self.manager = world.caller(county.SOCIAL_CARE, "team_manager", offence_data=True)
        self.deputy = world.caller(county.SOCIAL_CARE, "team_manager", offence_data=True, who="deputy")
        self.agencies = {code: world.caller(code, "practitioner") for code in CONTRIBUTORS}

    def introduced(self) -> "Staff":
        self.ids = {code: caller.get("/v1/me").body for code, caller in self.agencies.items()}
        self.manager.get("/v1/me")
        return self


class Told:
    """A family, its chronologies, and what was told: each fragment's agency and texts."""

    def __init__(self, staff: Staff, canary: county.Canaries | None = None):
        self.canary = canary or county.Canaries()
        self.staff = staff
        self.chronologies: list[str] = []
        self.fragments: dict[str, tuple[str, list[str]]] = {}
        records = county.children(self.canary, county.NHS_NUMBERS)
        ids = {key: staff.worker.post("/v1/people", record)["id"] for key, record in records.items()}
        self.people = ids
        self.family = staff.worker.post("/v1/families", county.family(self.canary, ids))["id"]

    def open(self, expires_at: float, agencies=CONTRIBUTORS) -> str:
        """One chronology with its invitations, opened."""
        worker = self.staff.worker
        draft = {"family_id": self.family, "purpose": "strategy_discussion", "question": self.canary("What does each agency know?"),
                 "lawful_basis": "public_task", "no_consent_reason": "would_prejudice_protection", "family_told": True,
                 "due_at": written(expires_at - 60), "expires_at": written(expires_at)}
        chronology = worker.post("/v1/chronologies", draft)["id"]
        for code in agencies:
            me = self.staff.ids[code]
            worker.post(f"/v1/chronologies/{chronology}/invitations", {"agency_id": me["agency_id"], "practitioners": [me["id"]]})
        worker.post(f"/v1/chronologies/{chronology}/open")
        self.chronologies.append(chronology)
        return chronology

    def submit(self, chronologies: list[str], each: int, entries: int = 5, **more) -> None:
        """So many fragments from each agency on each chronology, of so many entries; agencies at the same time."""
        def send(code: str) -> None:
            for chronology in chronologies:
                for number in range(each):
                    self.send(code, chronology, [f"Visit {number}, part {part}, of {code}" for part in range(entries)], **more)

        with ThreadPoolExecutor(len(CONTRIBUTORS)) as pool:
            list(pool.map(send, CONTRIBUTORS))

    def send(self, code: str, chronology: str, told: list[str], **more) -> str:
        """One fragment; its identifier."""
        events = [county.entry(self.canary, f"2026-{1 + at % 9:02d}-{1 + at // 9 % 28:02d}", what, "CONTACT", "risk", "worker", "record")
                  for at, what in enumerate(told)]
        sent = county.fragment(self.canary, *events, **more)
        fragment = self.staff.agencies[code].post(f"/v1/chronologies/{chronology}/fragments", sent, expect=201)["fragment_id"]
        self.fragments[fragment] = (code, [event["what"] for event in events])
        return fragment

    @property
    def texts(self) -> set[str]:
        return {text for _, texts in self.fragments.values() for text in texts}

    def readable(self, staff: Staff, everyone: bool = True) -> int:
        """How many of the narratives come back in any answer: each by its own agency and by its identifier, and all by
        the timelines of who asked for them. Whatever else is answered, it is a problem and not a broken connection."""
        allowed = (200, 404, 409, 410, 503)
        said = [staff.worker.get(f"/v1/chronologies/{one}/timeline", expect=allowed).raw.decode() for one in self.chronologies]

        def ask(code: str) -> list[str]:
            mine = [one for one, (agency, _) in self.fragments.items() if agency == code]
            return [staff.agencies[code].get(f"/v1/fragments/{one}", expect=allowed).raw.decode() for one in mine]

        if everyone:
            with ThreadPoolExecutor(len(CONTRIBUTORS)) as pool:
                for some in pool.map(ask, CONTRIBUTORS):
                    said += some
        return found_in(" ".join(said), self.texts)


def found_in(said: str, texts: set[str]) -> int:
    """How many of the texts stand in it. Each ends with a word of its own, so that a word is enough to look for."""
    words = {word.strip('"\\,.') for word in said.replace('"', " ").split()}
    return sum(text.rsplit(" ", 1)[1] in words for text in texts)


def control(staff: Staff, chronology: str, number: int, until_when: float) -> dict[str, str]:
    """Words that live on: reasons of holds on something that lives long. Text by hold."""
    def place(count: int) -> tuple[str, str]:
        reason = f"Order {count} of the court, {uuid.uuid4().hex}"
        body = {"scope": "chronology", "target_id": chronology, "reason": reason, "review_at": written(until_when)}
        return staff.manager.post("/v1/holds", body)["id"], reason

    with ThreadPoolExecutor(4) as pool:
        return dict(pool.map(place, range(number)))


def control_readable(staff: Staff, texts: dict[str, str]) -> int:
    """How many of those the manager still reads."""
    found, cursor = set(), ""
    while True:
        page = staff.manager.get(f"/v1/holds?limit=500{cursor}").body
        found |= {one["id"] for one in page["items"] if texts.get(one["id"]) == one.get("reason")}
        if not page.get("next"):
            return len(found)
        cursor = f"&cursor={page['next']}"


LONG = 60 * DAY
