"""The real binary as a process: configured, started, asked for tokens, ended and killed."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from . import county
from .caller import Caller
from .issuer import ClientCertificate, Issuer

BINARY = os.environ.get("CHRONOLOGY_BINARY") or str(Path(__file__).parents[3] / "target/debug/chronology")
# Of a machine that is busy with other things too.
PATIENCE = 30.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Service:
    """One node with a folder of its own, on loopback."""

    def __init__(self, folder: Path, database: str | None = None, allowance: int = 1_000_000, clock=time.time, metrics: str = "",
                 environment: dict[str, str] | None = None):
        """`clock` gives the time the service lives in, for tokens; `environment` goes over this process's own."""
        self.folder, self.database, self.allowance, self.metrics = folder, database, allowance, metrics
        self.clock, self.environment = clock, os.environ | (environment or {})
        folder.mkdir(parents=True, exist_ok=True)
        self.data, self.log, self.port = folder / "data", folder / "service.log", free_port()
        self.public_url = f"https://localhost:{self.port}"
        self.issuers = [
            Issuer(folder, "login-health", "ES256", ["millrace-surgery", "brackenshire-health-visiting", "brackenshire-hospitals"]),
            Issuer(folder, "login-police", "RS256", ["brackenshire-police"]),
        ]
        self.certificate = ClientCertificate(folder, "otter-lane-records")
        self.process: subprocess.Popen | None = None
        self.config = folder / "chronology.toml"
        self.config.write_text(self._configuration())

    @property
    def authority(self) -> Path:
        return self.data / "tls" / "ca.pem"

    def _configuration(self) -> str:
        url = f"url = {quoted(self.database)}" if self.database else ""
        lines = [
            f"data_folder = {quoted(str(self.data))}",
            "[server]", f'listen = "127.0.0.1:{self.port}"', f"public_url = {quoted(self.public_url)}",
            "[server.tls]", f"client_ca_file = {quoted(str(self.certificate.authority))}",
            # The authority of the checks publishes no revocation list.
            "allow_unknown_revocation_status = true",
            "[database]", url,
            "[limits]", f"caller_allowance = {self.allowance}", f"failed_sign_ins = {min(self.allowance, 1_000_000)}",
            "[metrics]", f"listen = {quoted(self.metrics)}",
            # Everything, so that the search for words that were never to be written down is worth something.
            "[logging]", 'level = "trace"', 'format = "json"',
            "[workers]", "purge_every_seconds = 1", "due_every_seconds = 1", "keys_every_seconds = 2",
            "[development_issuer]", "enabled = true", f"partnership = {quoted(county.PARTNERSHIP)}",
        ]
        for issuer in self.issuers:
            lines += ["[[issuers]]", f"issuer = {quoted(issuer.url)}", f"audience = {quoted(self.public_url)}",
                      f"partnership = {quoted(county.PARTNERSHIP)}", f"agencies = {json.dumps(issuer.agencies)}",
                      "vouches_for_time = true", f"algorithm = {quoted(issuer.algorithm)}", f"jwks_file = {quoted(str(issuer.jwks))}"]
        lines += ["[[partnerships]]", f"code = {quoted(county.PARTNERSHIP)}",
                  'name = "Brackenshire Safeguarding Children Partnership"']
        for code, name, kind, has_access in county.AGENCIES:
            lines += ["[[partnerships.agencies]]", f"code = {quoted(code)}", f"name = {quoted(name)}", f"kind = {quoted(kind)}",
                      f"has_access = {json.dumps(has_access)}"]
        return "\n".join(lines) + "\n"

    def reconfigure(self, database: str | None) -> None:
        """From its next start on it works on another database."""
        self.database = database
        self.config.write_text(self._configuration())

    def command(self, *arguments: str) -> str:
        """One of the binary's other subcommands; what it printed."""
        done = subprocess.run([BINARY, "--config", str(self.config), *arguments], capture_output=True, text=True, check=False,
                              env=self.environment)
        if done.returncode != 0:
            raise RuntimeError(f"chronology {arguments[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def start(self) -> float:
        """Starts it and waits until it says that it is ready; seconds that took."""
        begun = time.monotonic()
        log = self.log.open("ab")
        self.process = subprocess.Popen([BINARY, "--config", str(self.config), "serve"], stdout=subprocess.PIPE, stderr=log,
                                        env=self.environment)
        log.close()
        late = threading.Timer(PATIENCE, self.process.kill)
        late.start()
        try:
            while line := self.process.stdout.readline():
                if line.startswith(b"ready: "):
                    return time.monotonic() - begun
        finally:
            late.cancel()
        raise RuntimeError(f"the service did not start: {self.log.read_text()[-3000:]}")

    def stop(self) -> None:
        """SIGTERM, and an orderly end."""
        self.process.send_signal(signal.SIGTERM)
        ended = self.process.wait(PATIENCE)
        self.process.stdout.close()
        if ended != 0:
            raise RuntimeError(f"the service ended with {ended} after SIGTERM: {self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """SIGKILL: no warning, no last words."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdout.close()

    def end(self) -> None:
        """Whatever became of the story, nothing stays behind."""
        if self.process and self.process.poll() is None:
            self.kill()

    def token(self, agency: str, roles: list[str], subject: str, name: str, offence_data: bool = False) -> str:
        """A token from the agency's own issuer, or else from the development issuer."""
        for issuer in self.issuers:
            if agency in issuer.agencies:
                return issuer.token(self.public_url, agency, roles, subject, name, offence_data, int(self.clock()))
        wanted = ["--agency", agency, "--subject", subject, "--name", name]
        for role in roles:
            wanted += ["--role", role]
        if offence_data:
            wanted.append("--offence-data")
        if "system_client" in roles:
            wanted += ["--certificate", str(self.certificate.file)]
        return self.command("token", *wanted)

    def caller(self, agency: str, roles: list[str], subject: str, name: str, offence_data: bool = False) -> Caller:
        """Somebody with a token of their own; a record system also with its certificate."""
        certificate = self.certificate if "system_client" in roles else None
        token = self.token(agency, roles, subject, name, offence_data)
        return Caller(f"{name} ({agency})", self.port, self.authority, token, certificate)


def quoted(text: str) -> str:
    """A TOML basic string; JSON's rules for these are the same."""
    return json.dumps(text)
