"""A node for the resilience checks, which can be copied; a client; and test data."""

import copy
import http.client
import json
import shutil
import subprocess
import time
import uuid
from pathlib import Path

import verify
from harness import county
from harness.caller import ApiResponse, Caller, parse_response
from harness.county import Canaries, entry, fragment, person
from harness.process import BINARY, Service

EXIT_FAULTS_FOUND = 3


class Node(Service):
    """A service with the default limits, except for the caller allowance, on a database that can be
    copied.
    """

    def __init__(self, folder: Path, database, settings: dict[str, dict[str, int]] | None = None):
        """`settings` are additional settings by section. Those that the binary does not know are
        left out.
        """
        self.settings: dict[str, dict[str, int]] = {}
        self.storage = database
        # For each subcommand that was run on this node or a copy: a message if a signal ended it,
        # otherwise an empty string.
        self.signals: list[str] = []
        super().__init__(folder, database.url)
        for section, values in (settings or {}).items():
            for name, value in values.items():
                self._set_if_known(section, name, value)
        if "postgres" in database.url:
            self.command("migrate")

    def _render_config(self) -> str:
        lines = super()._render_config().replace('level = "trace"', 'level = "info"').splitlines()
        # The check covers the default of this limit.
        lines = [line for line in lines if not line.startswith("failed_sign_ins")]
        for section, values in self.settings.items():
            position = lines.index(f"[{section}]") + 1
            lines[position:position] = [f"{name} = {value}" for name, value in values.items()]
        return "\n".join(lines) + "\n"

    def _set_if_known(self, section: str, name: str, value: int) -> None:
        previous = copy.deepcopy(self.settings)
        self.settings.setdefault(section, {})[name] = value
        self.config.write_text(self._render_config())
        if self._run_subcommand("check-config").returncode != 0:
            self.settings = previous
            self.config.write_text(self._render_config())

    def _run_subcommand(self, *arguments: str) -> subprocess.CompletedProcess:
        command = [BINARY, "--config", str(self.config), *arguments]
        completed = subprocess.run(
            command, capture_output=True, text=True, check=False, env=self.environment
        )
        message = f"chronology {' '.join(arguments[:2])} was terminated by signal {-completed.returncode}: {completed.stdout[-300:]}{completed.stderr[-300:]}"
        self.signals.append(message if completed.returncode < 0 else "")
        return completed

    def copy(self, folder: Path) -> "Node":
        """A node with a copy of database, keystore and journals. This node must be stopped."""
        copied = copy.copy(self)
        copied.folder, copied.process = folder, None
        copied.data, copied.log, copied.config = (
            folder / "data",
            folder / "service.log",
            folder / "chronology.toml",
        )
        folder.mkdir(parents=True)
        shutil.copytree(self.data, copied.data)
        copied.storage = self.storage.copy(copied.data)
        copied.use_database(copied.storage.url)
        return copied

    def discard(self) -> None:
        """Kills a copy if it is running and deletes its data."""
        self.cleanup()
        self.storage.drop()
        shutil.rmtree(self.folder)

    @property
    def journal(self) -> Path:
        return self.data / "journal"

    def launch(self) -> None:
        """Starts the process without waiting until it is ready."""
        with self.log.open("ab") as log:
            command = [BINARY, "--config", str(self.config), "serve"]
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, env=self.environment
            )

    def verify_audit(self) -> dict:
        """The report of `audit verify`."""
        completed = self._run_subcommand("audit", "verify", "--partnership", county.PARTNERSHIP)
        if completed.returncode < 0:
            # The signal has been noted as a failure; the report is still needed.
            completed = self._run_subcommand("audit", "verify", "--partnership", county.PARTNERSHIP)
        if completed.returncode not in (0, EXIT_FAULTS_FOUND):
            raise AssertionError(
                f"audit verify exited with {completed.returncode}: {completed.stdout[-1000:]}{completed.stderr[-1000:]}"
            )
        report = json.loads(completed.stdout.splitlines()[0])
        if bool(report["fault_count"]) != (completed.returncode == EXIT_FAULTS_FOUND):
            raise AssertionError(
                f"audit verify exited with {completed.returncode} but reports {report['fault_count']} faults"
            )
        return report

    def verify_exported_log(self, folder: Path, with_journal: bool) -> str:
        """Exports the log and verifies it with the independent verifier. Returns the fault that it
        finds, or an empty string.
        """
        shutil.rmtree(folder, ignore_errors=True)
        completed = self._run_subcommand(
            "audit", "export", "--partnership", county.PARTNERSHIP, "--output", str(folder)
        )
        if completed.returncode != 0:
            return f"the export failed: {completed.stdout}{completed.stderr}".strip()
        origin = (folder / "checkpoint").read_text().splitlines()[0]
        try:
            verify.verify(
                folder,
                origin,
                public_key(self.data / "signing-key"),
                self.journal if with_journal else None,
            )
        except verify.VerificationError as error:
            return str(error)
        return ""


def public_key(file: Path) -> bytes:
    """The public key of an Ed25519 signing key (RFC 8032, section 5.1.5)."""
    secret = verify.base64.b64decode(file.read_text())
    digest = verify.hashlib.sha512(secret).digest()
    scalar = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    x, y = verify.multiply_point(scalar, verify.BASE)
    return (y | (x & 1) << 255).to_bytes(32, "little")


class PersistentClient:
    """A caller that keeps one connection open. Its source address can be chosen."""

    def __init__(self, caller: Caller, address: str = "127.0.0.1", timeout: float = 20.0):
        self.caller, self.address, self.timeout = caller, address, timeout
        self.connection: http.client.HTTPSConnection | None = None

    def close(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection = None

    def send(self, method: str, path: str, body=None, **headers: str) -> http.client.HTTPResponse:
        """Sends a request and returns the response, whatever its status, before its body is read.

        Raises `OSError` or `http.client.HTTPException` if there is no response; the next call then
        opens a new connection.
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
                self.connection = http.client.HTTPSConnection(
                    "127.0.0.1",
                    self.caller.port,
                    timeout=self.timeout,
                    context=self.caller.context,
                    source_address=(self.address, 0),
                )
            self.connection.request(method, path, data, fields)
            return self.connection.getresponse()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def call(self, method: str, path: str, body=None, **headers: str) -> ApiResponse:
        """Like `send`, but reads and parses the body."""
        response = self.send(method, path, body, **headers)
        try:
            return parse_response(response.status, dict(response.getheaders()), response.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise


class Fixtures:
    """Test data: callers of the county, and chronologies with fragments of a chosen size."""

    def __init__(self, node: Node):
        self.node, self.canary = node, Canaries()
        self.worker = node.caller(
            county.SOCIAL_CARE, ["social_worker"], "worker", "Edda Quillfeather"
        )
        self.auditor = node.caller(county.SOCIAL_CARE, ["auditor"], "auditor", "Sunniva Crake")
        agencies = self.worker.get("/v1/agencies?limit=500")["items"]
        self.agencies = {agency["code"]: agency["id"] for agency in agencies}

    def create_practitioner(self, agency: str, number: int) -> Caller:
        return self.node.caller(
            agency, ["practitioner"], f"{agency}-{number}", f"Practitioner {number}"
        )

    def open_chronology(self, invited: dict[str, list[Caller]]) -> str:
        """Creates and opens a chronology to which these practitioners are invited, by agency.
        Returns its path.
        """
        worker, canary = self.worker, self.canary
        child = person(
            "child",
            "Maren",
            canary("Ashdown"),
            birth={"date": "2017-05-03"},
            sex="female",
            no_nhs_number_reason="not_known_to_agency",
        )
        members = [worker.post("/v1/people", child)["id"]]
        family = worker.post("/v1/families", {"label": canary("Ashdown"), "members": members})["id"]
        draft = {
            "family_id": family,
            "purpose": "strategy_discussion",
            "question": canary("What is known?"),
            "lawful_basis": "public_task",
            "no_consent_reason": "would_prejudice_protection",
            "family_told": True,
            "look_back_from": "2019-01-01",
        }
        path = f"/v1/chronologies/{worker.post('/v1/chronologies', draft)['id']}"
        for agency, callers in invited.items():
            practitioner_ids = [caller.get("/v1/me")["id"] for caller in callers]
            invitation = {
                "agency_id": self.agencies[agency],
                "practitioners": practitioner_ids,
                "message": canary("Please"),
            }
            worker.post(f"{path}/invitations", invitation)
        worker.post(f"{path}/open")
        return path

    def make_entry(self, number: int, padding: int = 0, reference: str | None = None) -> dict:
        """One entry; `padding` is the number of characters in each of its four long texts."""
        text = "The health visitor called and spoke with the parents about sleep and meals. " * (
            padding // 76 + 1
        )
        more = {name: text[:padding] for name in ("action_taken", "impact") if padding}
        more |= {"outcome": text[: min(padding, 2_000)]} if padding else {}
        more |= {"reference": reference} if reference else {}
        month, day = number % 12 + 1, number // 12 % 28 + 1
        built = entry(
            self.canary,
            f"{2020 + number // 336 % 6}-{month:02d}-{day:02d}",
            text[:padding] or "Seen at the surgery",
            "HEALTH",
            "neutral",
            "GP",
            "EMIS",
            **more,
        )
        return built | ({"what": text[:padding]} if padding else {})

    def make_fragment(self, *entries: dict) -> dict:
        return fragment(self.canary, *entries)


def wait_until(condition, seconds: float, pause: float = 0.1) -> bool:
    """Waits until the condition holds. Returns whether it did within that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
