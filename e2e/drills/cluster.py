"""A private PostgreSQL server that uses the drill's fake clock, with the usual ways to copy it:
base backups, an archive of the write-ahead log, a standby, dumps.
"""

import os
import pwd
import secrets
import shutil
import subprocess
from pathlib import Path

from fake_clock import FakeClock
from harness.process import free_port

SETTINGS = """
listen_addresses = '127.0.0.1'
max_connections = 60
shared_buffers = 64MB
wal_level = replica
"""
# The server logs every statement with all parameter values.
LOG_EVERYTHING = """
log_statement = 'all'
log_min_duration_statement = 0
log_parameter_max_length = -1
log_parameter_max_length_on_error = -1
log_min_messages = debug1
log_connections = on
"""


class Cluster:
    """One server with its own folder."""

    def __init__(
        self, folder: Path, clock: FakeClock, archive: bool = False, log_everything: bool = False
    ):
        self.folder, self.clock, self.archive, self.log_everything = (
            folder,
            clock,
            archive,
            log_everything,
        )
        self.data, self.log, self.port = folder / "data", folder / "log", free_port()
        self.password_file = folder / "password"
        self.programs = Path(os.environ["DRILLS_POSTGRES_PROGRAMS"])
        self.account = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    @property
    def password(self) -> str:
        return self.password_file.read_text().strip()

    @property
    def url(self) -> str:
        return f"postgres://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    @property
    def archive_folder(self) -> Path:
        return self.folder / "archive"

    def run(self, program: str, *arguments: str, data: bytes | None = None) -> bytes:
        """Runs one of PostgreSQL's programs with the server's account and the fake clock."""
        # The variables are set by `env` after the change of account, so that libfaketime's files
        # belong to that account.
        clock = [f"{name}={value}" for name, value in self.clock.environment.items()]
        command = ["env", *clock, str(self.programs / program), *arguments]
        if os.geteuid() == 0:
            command = [
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--init-groups",
                "--",
                *command,
            ]
        environment = os.environ | {"PGPASSWORD": self.password}
        environment.pop("HOME", None)
        completed = subprocess.run(
            command,
            capture_output=program != "pg_ctl",
            input=data,
            env=environment,
            cwd=self.folder,
            check=False,
            **(
                {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
                if program == "pg_ctl"
                else {}
            ),
        )
        if completed.returncode != 0:
            output = (completed.stderr or b"").decode() or (
                self.log.read_text()[-3000:] if self.log.exists() else ""
            )
            raise RuntimeError(f"{program} {' '.join(arguments)}: {output}")
        return completed.stdout or b""

    def chown_to_server(self, *paths: Path) -> None:
        if os.geteuid() == 0:
            for path in paths:
                subprocess.run(["chown", "-R", "postgres:", str(path)], check=True)

    def create(self) -> None:
        self.folder.mkdir(parents=True)
        self.archive_folder.mkdir()
        self.password_file.write_text(secrets.token_hex(16) + "\n")
        self.chown_to_server(self.folder)
        self.run(
            "initdb",
            f"--pgdata={self.data}",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--auth=scram-sha-256",
            f"--pwfile={self.password_file}",
            "--no-sync",
        )
        self.add_settings(SETTINGS + f"unix_socket_directories = '{self.folder}'\n")
        if self.archive:
            self.add_settings(
                f"archive_mode = on\narchive_command = 'cp %p {self.archive_folder}/%f'\n"
            )
        if self.log_everything:
            self.add_settings(LOG_EVERYTHING)

    def add_settings(self, lines: str) -> None:
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(lines)

    def start(self) -> None:
        self.run(
            "pg_ctl",
            f"--pgdata={self.data}",
            f"--log={self.log}",
            f"--options=-p {self.port}",
            "--wait",
            "--timeout=60",
            "--silent",
            "start",
        )

    def stop(self, mode: str = "fast") -> None:
        if (self.data / "postmaster.pid").exists():
            self.run(
                "pg_ctl", f"--pgdata={self.data}", f"--mode={mode}", "--wait", "--silent", "stop"
            )

    def sql(self, statement: str) -> str:
        return (
            self.run(
                "psql",
                "--dbname",
                self.url,
                "--no-psqlrc",
                "--tuples-only",
                "--no-align",
                "--field-separator=|",
                "--command",
                statement,
            )
            .decode()
            .strip()
        )

    def base_backup(self, target: Path, standby: bool = False) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        self.chown_to_server(target.parent)
        options = ["--write-recovery-conf"] if standby else []
        self.run(
            "pg_basebackup",
            f"--dbname={self.url}",
            f"--pgdata={target}",
            "--checkpoint=fast",
            "--wal-method=stream",
            "--no-sync",
            *options,
        )

    def attach_copy(self, folder: Path) -> "Cluster":
        """A server on a copy of this server's data, which is already in `folder`/data."""
        server = Cluster(folder, self.clock)
        shutil.copy(self.password_file, server.password_file)
        self.chown_to_server(folder)
        server.add_settings(f"unix_socket_directories = '{folder}'\narchive_mode = off\n")
        return server
