"""A PostgreSQL server of a drill's own that lives by the drill's clock, with everything that an operator takes copies
with: base backups, an archive of the write-ahead log, a standby, dumps."""

import os
import pwd
import secrets
import shutil
import subprocess
from pathlib import Path

from clockwork import Clock
from e2e.process import free_port

SETTINGS = """
listen_addresses = '127.0.0.1'
max_connections = 60
shared_buffers = 64MB
wal_level = replica
"""
# The server writes down every statement with every value that comes with it.
TALKATIVE = """
log_statement = 'all'
log_min_duration_statement = 0
log_parameter_max_length = -1
log_parameter_max_length_on_error = -1
log_min_messages = debug1
log_connections = on
"""


class Cluster:
    """One server in a folder of its own."""

    def __init__(self, folder: Path, clock: Clock, archive: bool = False, talkative: bool = False):
        self.folder, self.clock, self.archive, self.talkative = folder, clock, archive, talkative
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
    def archived(self) -> Path:
        return self.folder / "archive"

    def run(self, program: str, *arguments: str, data: bytes | None = None) -> bytes:
        """One of the server's programs, under the account it may run under, in the drill's time."""
        # Set by `env`, after the account has changed: what the clock keeps for a process belongs to that account.
        clock = [f"{name}={value}" for name, value in self.clock.environment.items()]
        command = ["env", *clock, str(self.programs / program), *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *command]
        environment = os.environ | {"PGPASSWORD": self.password}
        environment.pop("HOME", None)
        done = subprocess.run(command, capture_output=program != "pg_ctl", input=data, env=environment, cwd=self.folder, check=False,
                              **({"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} if program == "pg_ctl" else {}))
        if done.returncode != 0:
            said = (done.stderr or b"").decode() or (self.log.read_text()[-3000:] if self.log.exists() else "")
            raise RuntimeError(f"{program} {' '.join(arguments)}: {said}")
        return done.stdout or b""

    def own(self, *paths: Path) -> None:
        if os.geteuid() == 0:
            for path in paths:
                subprocess.run(["chown", "-R", "postgres:", str(path)], check=True)

    def make(self) -> None:
        self.folder.mkdir(parents=True)
        self.archived.mkdir()
        self.password_file.write_text(secrets.token_hex(16) + "\n")
        self.own(self.folder)
        self.run("initdb", f"--pgdata={self.data}", "--username=postgres", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256",
                 f"--pwfile={self.password_file}", "--no-sync")
        self.settings(SETTINGS + f"unix_socket_directories = '{self.folder}'\n")
        if self.archive:
            self.settings(f"archive_mode = on\narchive_command = 'cp %p {self.archived}/%f'\n")
        if self.talkative:
            self.settings(TALKATIVE)

    def settings(self, lines: str) -> None:
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(lines)

    def start(self) -> None:
        self.run("pg_ctl", f"--pgdata={self.data}", f"--log={self.log}", f"--options=-p {self.port}", "--wait", "--timeout=60", "--silent", "start")

    def stop(self, mode: str = "fast") -> None:
        if (self.data / "postmaster.pid").exists():
            self.run("pg_ctl", f"--pgdata={self.data}", f"--mode={mode}", "--wait", "--silent", "stop")

    def sql(self, statement: str) -> str:
        return self.run("psql", "--dbname", self.url, "--no-psqlrc", "--tuples-only", "--no-align", "--field-separator=|", "--command", statement).decode().strip()

    def base_backup(self, to: Path, standby: bool = False) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        self.own(to.parent)
        more = ["--write-recovery-conf"] if standby else []
        self.run("pg_basebackup", f"--dbname={self.url}", f"--pgdata={to}", "--checkpoint=fast", "--wal-method=stream", "--no-sync", *more)

    def sibling(self, folder: Path) -> "Cluster":
        """A server on a copy of this one's data, which lies in `folder`/data."""
        other = Cluster(folder, self.clock)
        shutil.copy(self.password_file, other.password_file)
        self.own(folder)
        other.settings(f"unix_socket_directories = '{folder}'\narchive_mode = off\n")
        return other
