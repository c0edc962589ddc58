"""The service's binary as a process: configuration, start, tokens, shutdown and kill."""

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

BINARY = os.environ.get("CHRONOLOGY_BINARY") or str(
    Path(__file__).parents[2] / "target/debug/chronology"
)
# For start and shutdown; generous, because the machine may be busy.
TIMEOUT_SECONDS = 30.0


def free_port() -> int:
    """A port on loopback that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Service:
    """One node of the service on loopback, with its own folder."""

    def __init__(
        self,
        folder: Path,
        database: str | None = None,
        caller_allowance: int = 1_000_000,
        clock=time.time,
        metrics: str = "",
        environment: dict[str, str] | None = None,
    ):
        """`clock` returns the service's time, which tokens are issued for; `environment` extends
        this process's environment.
        """
        self.folder, self.database, self.caller_allowance, self.metrics = (
            folder,
            database,
            caller_allowance,
            metrics,
        )
        self.clock, self.environment = clock, os.environ | (environment or {})
        folder.mkdir(parents=True, exist_ok=True)
        self.data, self.log, self.port = folder / "data", folder / "service.log", free_port()
        self.public_url = f"https://localhost:{self.port}"
        self.issuers = [
            Issuer(
                folder,
                "login-health",
                "ES256",
                ["millrace-surgery", "brackenshire-health-visiting", "brackenshire-hospitals"],
            ),
            Issuer(folder, "login-police", "RS256", ["brackenshire-police"]),
        ]
        self.certificate = ClientCertificate(folder, "otter-lane-records")
        self.process: subprocess.Popen | None = None
        self.config = folder / "chronology.toml"
        self.config.write_text(self._render_config())

    @property
    def ca_file(self) -> Path:
        return self.data / "tls" / "ca.pem"

    def _render_config(self) -> str:
        url = f"url = {toml_string(self.database)}" if self.database else ""
        lines = [
            f"data_folder = {toml_string(str(self.data))}",
            "[server]",
            f'listen = "127.0.0.1:{self.port}"',
            f"public_url = {toml_string(self.public_url)}",
            "[server.tls]",
            f"client_ca_file = {toml_string(str(self.certificate.ca_file))}",
            # The certificate authority of the checks publishes no revocation list.
            "allow_unknown_revocation_status = true",
            "[database]",
            url,
            "[limits]",
            f"caller_allowance = {self.caller_allowance}",
            f"failed_sign_ins = {min(self.caller_allowance, 1_000_000)}",
            "[metrics]",
            f"listen = {toml_string(self.metrics)}",
            # The most verbose level, so that the search for leaked texts in the logs is meaningful.
            "[logging]",
            'level = "trace"',
            'format = "json"',
            "[workers]",
            "purge_every_seconds = 1",
            "due_every_seconds = 1",
            "keys_every_seconds = 2",
            "[development_issuer]",
            "enabled = true",
            f"partnership = {toml_string(county.PARTNERSHIP)}",
        ]
        for issuer in self.issuers:
            lines += [
                "[[issuers]]",
                f"issuer = {toml_string(issuer.url)}",
                f"audience = {toml_string(self.public_url)}",
                f"partnership = {toml_string(county.PARTNERSHIP)}",
                f"agencies = {json.dumps(issuer.agencies)}",
                "vouches_for_time = true",
                f"algorithm = {toml_string(issuer.algorithm)}",
                f"jwks_file = {toml_string(str(issuer.jwks))}",
            ]
        lines += [
            "[[partnerships]]",
            f"code = {toml_string(county.PARTNERSHIP)}",
            'name = "Brackenshire Safeguarding Children Partnership"',
        ]
        for code, name, kind, has_access in county.AGENCIES:
            lines += [
                "[[partnerships.agencies]]",
                f"code = {toml_string(code)}",
                f"name = {toml_string(name)}",
                f"kind = {toml_string(kind)}",
                f"has_access = {json.dumps(has_access)}",
            ]
        return "\n".join(lines) + "\n"

    def use_database(self, database: str | None) -> None:
        """Configures another database; it takes effect at the next start."""
        self.database = database
        self.config.write_text(self._render_config())

    def command(self, *arguments: str) -> str:
        """Runs another subcommand of the binary and returns its standard output."""
        completed = subprocess.run(
            [BINARY, "--config", str(self.config), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
        )
        if completed.returncode != 0:
            raise RuntimeError(
                f"chronology {arguments[0]} exited with {completed.returncode}: {completed.stdout}{completed.stderr}"
            )
        return completed.stdout.strip()

    def start(self) -> float:
        """Starts the service and waits until it is ready. Returns the seconds that this took."""
        started = time.monotonic()
        log = self.log.open("ab")
        self.process = subprocess.Popen(
            [BINARY, "--config", str(self.config), "serve"],
            stdout=subprocess.PIPE,
            stderr=log,
            env=self.environment,
        )
        log.close()
        kill_timer = threading.Timer(TIMEOUT_SECONDS, self.process.kill)
        kill_timer.start()
        try:
            while line := self.process.stdout.readline():
                if line.startswith(b"ready: "):
                    return time.monotonic() - started
        finally:
            kill_timer.cancel()
        raise RuntimeError(f"the service did not start: {self.log.read_text()[-3000:]}")

    def stop(self) -> None:
        """Sends SIGTERM and expects a clean exit."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(TIMEOUT_SECONDS)
        self.process.stdout.close()
        if status != 0:
            raise RuntimeError(
                f"the service exited with {status} after SIGTERM: {self.log.read_text()[-3000:]}"
            )

    def kill(self) -> None:
        """Sends SIGKILL."""
        self.process.kill()
        self.process.wait(TIMEOUT_SECONDS)
        self.process.stdout.close()

    def cleanup(self) -> None:
        """Kills the process if it is still running, for example after a failed check."""
        if self.process and self.process.poll() is None:
            self.kill()

    def token(
        self, agency: str, roles: list[str], subject: str, name: str, offence_data: bool = False
    ) -> str:
        """A token from the agency's issuer if it has one, otherwise from the development issuer."""
        for issuer in self.issuers:
            if agency in issuer.agencies:
                return issuer.token(
                    self.public_url, agency, roles, subject, name, offence_data, int(self.clock())
                )
        arguments = ["--agency", agency, "--subject", subject, "--name", name]
        for role in roles:
            arguments += ["--role", role]
        if offence_data:
            arguments.append("--offence-data")
        if "system_client" in roles:
            arguments += ["--certificate", str(self.certificate.file)]
        return self.command("token", *arguments)

    def caller(
        self, agency: str, roles: list[str], subject: str, name: str, offence_data: bool = False
    ) -> Caller:
        """A caller with a new token; a record system also has its client certificate."""
        certificate = self.certificate if "system_client" in roles else None
        token = self.token(agency, roles, subject, name, offence_data)
        return Caller(f"{name} ({agency})", self.port, self.ca_file, token, certificate)


def toml_string(text: str) -> str:
    """The text as a TOML basic string. JSON's escaping rules are valid in TOML."""
    return json.dumps(text)
