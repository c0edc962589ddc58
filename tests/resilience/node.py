"""A node with the settings of this check, copies of it, and the chronologies that the check works on."""

import copy
import http.client
import json
import shutil
import subprocess
import time
import uuid
from pathlib import Path

import verify
from e2e import county
from e2e.caller import Answer, Caller, read
from e2e.county import Canaries, entry, fragment, person
from e2e.process import BINARY, Service

FAULTS_FOUND = 3


class Node(Service):
    """A service with default limits, except for the callers' allowances, on a database that can be copied."""

    def __init__(self, folder: Path, database, settings: dict[str, dict[str, int]] | None = None):
        """`settings` are further ones, by section. Those that the binary does not know are left out."""
        self.settings: dict[str, dict[str, int]] = {}
        self.storage = database
        # How the other subcommands ended, of this node and of its copies.
        self.ended: list[str] = []
        super().__init__(folder, database.url)
        for section, values in (settings or {}).items():
            for name, value in values.items():
                self._set_if_known(section, name, value)
        if "postgres" in database.url:
            self.command("migrate")

    def _configuration(self) -> str:
        lines = super()._configuration().replace('level = "trace"', 'level = "info"').splitlines()
        # The default of this limit is part of what is checked.
        lines = [line for line in lines if not line.startswith("failed_sign_ins")]
        for section, values in self.settings.items():
            at = lines.index(f"[{section}]") + 1
            lines[at:at] = [f"{name} = {value}" for name, value in values.items()]
        return "\n".join(lines) + "\n"

    def _set_if_known(self, section: str, name: str, value: int) -> None:
        before = copy.deepcopy(self.settings)
        self.settings.setdefault(section, {})[name] = value
        self.config.write_text(self._configuration())
        if self._run("check-config").returncode != 0:
            self.settings = before
            self.config.write_text(self._configuration())

    def _run(self, *arguments: str) -> subprocess.CompletedProcess:
        command = [BINARY, "--config", str(self.config), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment)
        signalled = f"chronology {' '.join(arguments[:2])} was ended by signal {-done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}"
        self.ended.append(signalled if done.returncode < 0 else "")
        return done

    def copy(self, folder: Path) -> "Node":
        """A node on a copy of database, keystore and journals. This one must not run."""
        other = copy.copy(self)
        other.folder, other.process = folder, None
        other.data, other.log, other.config = folder / "data", folder / "service.log", folder / "chronology.toml"
        folder.mkdir(parents=True)
        shutil.copytree(self.data, other.data)
        other.storage = self.storage.copy(other.data)
        other.reconfigure(other.storage.url)
        return other

    def discard(self) -> None:
        """Ends a copy and deletes what it is made of."""
        self.end()
        self.storage.drop()
        shutil.rmtree(self.folder)

    @property
    def journal(self) -> Path:
        return self.data / "journal"

    def launch(self) -> None:
        """Starts the process and does not wait until it is ready."""
        with self.log.open("ab") as log:
            command = [BINARY, "--config", str(self.config), "serve"]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=self.environment)

    def verified(self) -> dict:
        """What `audit verify` reports."""
        done = self._run("audit", "verify", "--partnership", county.PARTNERSHIP)
        if done.returncode < 0:
            # Counted; what it found is still wanted.
            done = self._run("audit", "verify", "--partnership", county.PARTNERSHIP)
        if done.returncode not in (0, FAULTS_FOUND):
            raise AssertionError(f"audit verify ended with {done.returncode}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        report = json.loads(done.stdout.splitlines()[0])
        if bool(report["fault_count"]) != (done.returncode == FAULTS_FOUND):
            raise AssertionError(f"audit verify ended with {done.returncode} and reports {report['fault_count']} faults")
        return report

    def exported(self, folder: Path, with_journal: bool) -> str:
        """What the second verifier says about the exported log; nothing when it finds no fault."""
        shutil.rmtree(folder, ignore_errors=True)
        done = self._run("audit", "export", "--partnership", county.PARTNERSHIP, "--output", str(folder))
        if done.returncode != 0:
            return f"the export failed: {done.stdout}{done.stderr}".strip()
        origin = (folder / "checkpoint").read_text().splitlines()[0]
        try:
            verify.verify(folder, origin, public_key(self.data / "signing-key"), self.journal if with_journal else None)
        except verify.Wrong as wrong:
            return str(wrong)
        return ""


def public_key(file: Path) -> bytes:
    """The public half of an Ed25519 signing key (RFC 8032, section 5.1.5)."""
    secret = verify.base64.b64decode(file.read_text())
    digest = verify.hashlib.sha512(secret).digest()
    scalar = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    x, y = verify.times(scalar, verify.BASE)
    return (y | (x & 1) << 255).to_bytes(32, "little")


class Client:
    """One caller on one connection that is kept open, from a network address of its own."""

    def __init__(self, caller: Caller, address: str = "127.0.0.1", timeout: float = 20.0):
        self.caller, self.address, self.timeout = caller, address, timeout
        self.connection: http.client.HTTPSConnection | None = None

    def close(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection = None

    def sent(self, method: str, path: str, body=None, **headers: str) -> http.client.HTTPResponse:
        """The answer, whatever its status is, with its body not yet read.

        Raises `OSError` or `http.client.HTTPException` when there is none; the next call opens a new connection.
        """
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.caller.token:
            fields["Authorization"] = f"Bearer {self.caller.token}"
        if method == "POST":
            fields.setdefault("Idempotency-Key", str(uuid.uuid4()))
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            fields["Content-Type"] = "application/json"
        try:
            if self.connection is None:
                self.connection = http.client.HTTPSConnection("127.0.0.1", self.caller.port, timeout=self.timeout,
                                                              context=self.caller.context, source_address=(self.address, 0))
            self.connection.request(method, path, data, fields)
            return self.connection.getresponse()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def call(self, method: str, path: str, body=None, **headers: str) -> Answer:
        """As `sent`, with the body read."""
        response = self.sent(method, path, body, **headers)
        try:
            return read(response.status, dict(response.getheaders()), response.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise


class County:
    """The people of the check, and chronologies with returns of a chosen size."""

    def __init__(self, node: Node):
        self.node, self.canary = node, Canaries()
        self.worker = node.caller(county.SOCIAL_CARE, ["social_worker"], "worker", "Edda Quillfeather")
        self.auditor = node.caller(county.SOCIAL_CARE, ["auditor"], "auditor", "Sunniva Crake")
        agencies = self.worker.get("/v1/agencies?limit=500")["items"]
        self.agencies = {agency["code"]: agency["id"] for agency in agencies}

    def practitioner(self, agency: str, number: int) -> Caller:
        return self.node.caller(agency, ["practitioner"], f"{agency}-{number}", f"Practitioner {number}")

    def chronology(self, invited: dict[str, list[Caller]]) -> str:
        """The path of a new open chronology, to which these practitioners of these agencies are invited."""
        worker, canary = self.worker, self.canary
        child = person("child", "Maren", canary("Ashdown"), birth={"date": "2017-05-03"}, sex="female",
                       no_nhs_number_reason="not_known_to_agency")
        members = [worker.post("/v1/people", child)["id"]]
        family = worker.post("/v1/families", {"label": canary("Ashdown"), "members": members})["id"]
        draft = {"family_id": family, "purpose": "strategy_discussion", "question": canary("What is known?"),
                 "lawful_basis": "public_task", "no_consent_reason": "would_prejudice_protection", "family_told": True,
                 "look_back_from": "2019-01-01"}
        path = f"/v1/chronologies/{worker.post('/v1/chronologies', draft)['id']}"
        for agency, callers in invited.items():
            named = [caller.get("/v1/me")["id"] for caller in callers]
            invitation = {"agency_id": self.agencies[agency], "practitioners": named, "message": canary("Please")}
            worker.post(f"{path}/invitations", invitation)
        worker.post(f"{path}/open")
        return path

    def event(self, number: int, padding: int = 0, reference: str | None = None) -> dict:
        """One entry; `padding` is the number of characters in each of its four long texts."""
        text = "The health visitor called and spoke with the parents about sleep and meals. " * (padding // 76 + 1)
        more = {name: text[:padding] for name in ("action_taken", "impact") if padding}
        more |= {"outcome": text[:min(padding, 2_000)]} if padding else {}
        more |= {"reference": reference} if reference else {}
        month, day = number % 12 + 1, number // 12 % 28 + 1
        whole = entry(self.canary, f"{2020 + number // 336 % 6}-{month:02d}-{day:02d}", text[:padding] or "Seen at the surgery",
                      "HEALTH", "neutral", "GP", "EMIS", **more)
        return whole | ({"what": text[:padding]} if padding else {})

    def submission(self, *entries: dict) -> dict:
        return fragment(self.canary, *entries)


def wait_until(condition, seconds: float, pause: float = 0.1) -> bool:
    late = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > late:
            return False
        time.sleep(pause)
    return True
