"""Faults that stop the service from writing audit records, for each database. Each is a context
manager: the fault lasts while the block runs and is repaired afterwards.
"""

import contextlib
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit


class FullDisk:
    """Fills a small file system completely."""

    def __init__(self, folder: Path):
        self.filler_file = folder / "filler"

    def __enter__(self):
        with contextlib.suppress(OSError), self.filler_file.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def __exit__(self, *_):
        self.filler_file.unlink()


class Sqlite:
    """The database and the journal are on a small file system of their own, which can be filled."""

    def __init__(self, folder: Path):
        self.small_folder = folder / "small"
        mount_small_filesystem(self.small_folder, "64m")
        self.file = self.small_folder / "chronology.db"
        self.url = f"sqlite:{self.file}"

    def settings(self) -> dict[str, str]:
        return {"journal_folder": str(self.small_folder / "journal")}

    def prepare(self, service) -> None:
        """Does nothing: the service creates the database file."""

    def _run(self, *statements: str) -> None:
        connection = sqlite3.connect(self.file, timeout=10, isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.close()

    @contextlib.contextmanager
    def inserts_refused(self):
        self._run(
            "CREATE TRIGGER broken BEFORE INSERT ON audit_records BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        yield
        self._run("DROP TRIGGER broken")

    @contextlib.contextmanager
    def table_locked(self):
        connection = sqlite3.connect(self.file, timeout=10, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
        connection.close()

    @contextlib.contextmanager
    def sequencer_blocked(self):
        self._run(
            "CREATE TRIGGER broken BEFORE INSERT ON audit_tree BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        yield
        self._run("DROP TRIGGER broken")

    def tamper(self) -> None:
        self._run(
            "DROP TRIGGER audit_records_no_update",
            "UPDATE audit_records SET outcome = 'denied' WHERE rowid = (SELECT max(rowid) / 2 FROM audit_records)",
        )

    def faults(self) -> dict:
        return {
            "inserts refused": self.inserts_refused,
            "table locked": self.table_locked,
            "disk full": lambda: FullDisk(self.small_folder),
        }


class Postgresql:
    """A private server, a role that may only append to the audit, and a journal on a small file
    system.
    """

    def __init__(self, folder: Path):
        self.small_folder = folder / "small"
        mount_small_filesystem(self.small_folder, "32m")
        self.server_folder = Path(os.environ["AUDIT_POSTGRES_FOLDER"])
        self.admin_url = os.environ["CHRONOLOGY_TEST_POSTGRES"]
        self.port = urlsplit(self.admin_url).port
        self.execute(
            self.admin_url,
            "CREATE DATABASE audited",
            "CREATE ROLE chronology_service LOGIN PASSWORD 'only-here'",
        )
        self.owner_url = self.admin_url.rsplit("/", 1)[0] + "/audited"
        self.url = f"postgres://chronology_service:only-here@127.0.0.1:{self.port}/audited"

    def settings(self) -> dict[str, str]:
        return {"journal_folder": str(self.small_folder / "journal")}

    def prepare(self, service) -> None:
        """Migrates as the database's owner and grants the service's role its rights."""
        service.use_database(self.owner_url)
        service.command("migrate")
        roles = Path(__file__).parents[2] / "deploy/postgresql-roles.sql"
        self.psql(self.owner_url, "--set=role=chronology_service", f"--file={roles}")
        service.use_database(self.url)
        for forbidden in (
            "UPDATE audit_records SET outcome = 'x'",
            "DELETE FROM audit_records",
            "TRUNCATE audit_records",
            "UPDATE audit_tree SET hash = '' ",
            "DELETE FROM audit_tree",
        ):
            completed = subprocess.run(
                ["psql", "--dbname", self.url, "--command", forbidden],
                capture_output=True,
                text=True,
            )
            if "permission denied" not in completed.stderr:
                raise AssertionError(f"the service's role is allowed to execute: {forbidden}")

    def psql(self, url: str, *arguments: str) -> None:
        command = ["psql", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", url, *arguments]
        completed = subprocess.run(command, capture_output=True, text=True, check=False)
        if completed.returncode != 0:
            raise RuntimeError(completed.stderr)

    def execute(self, url: str, *statements: str) -> None:
        for statement in statements:
            self.psql(url, "--command", statement)

    @contextlib.contextmanager
    def inserts_refused(self):
        self.execute(self.owner_url, "REVOKE INSERT ON audit_records FROM chronology_service")
        yield
        self.execute(self.owner_url, "GRANT INSERT ON audit_records TO chronology_service")

    @contextlib.contextmanager
    def session_holding(self, *statements: str):
        """A database session that executes the statements and keeps their locks until the block
        ends.
        """
        command = ["psql", "--quiet", "--dbname", self.owner_url]
        session = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        session.stdin.write(
            "".join(f"{statement};\n" for statement in ("BEGIN", *statements)) + "\\echo locked\n"
        )
        session.stdin.flush()
        while session.stdout.readline().strip() != "locked":
            pass
        yield
        session.communicate("ROLLBACK;\n")

    def table_locked(self):
        return self.session_holding("LOCK TABLE audit_records IN ACCESS EXCLUSIVE MODE")

    def sequencer_blocked(self):
        return self.session_holding("LOCK TABLE audit_tree IN ACCESS EXCLUSIVE MODE")

    @contextlib.contextmanager
    def slow_inserts(self):
        self.execute(
            self.owner_url,
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$",
            "CREATE TRIGGER slow BEFORE INSERT ON audit_records FOR EACH ROW EXECUTE FUNCTION slow()",
        )
        yield
        self.execute(self.owner_url, "DROP TRIGGER slow ON audit_records", "DROP FUNCTION slow()")

    @contextlib.contextmanager
    def server_killed(self):
        os.kill(
            int((self.server_folder / "data/postmaster.pid").read_text().splitlines()[0]),
            signal.SIGKILL,
        )
        yield
        time.sleep(0.5)
        pg_ctl = [str(path) for path in Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")]
        command = [
            *pg_ctl[-1:],
            "--pgdata",
            str(self.server_folder / "data"),
            "--log",
            str(self.server_folder / "log"),
            "--options",
            f"-p {self.port}",
            "--wait",
            "--silent",
            "start",
        ]
        if os.getuid() == 0:
            command = [
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--init-groups",
                "--",
                *command,
            ]
        # The killed server's child processes may need a moment to exit.
        for attempt in range(10):
            if (
                subprocess.run(
                    command, cwd=self.server_folder, stdin=subprocess.DEVNULL, capture_output=True
                ).returncode
                == 0
            ):
                return
            time.sleep(0.5 * (attempt + 1))
        raise RuntimeError("PostgreSQL did not restart")

    def tamper(self) -> None:
        self.execute(
            self.owner_url,
            "ALTER TABLE audit_records DISABLE TRIGGER ALL",
            "UPDATE audit_records SET outcome = 'denied' WHERE id = (SELECT id FROM audit_records ORDER BY at LIMIT 1 OFFSET 30)",
        )

    def faults(self) -> dict:
        return {
            "INSERT privilege revoked": self.inserts_refused,
            "table locked": self.table_locked,
            "statement timeout": self.slow_inserts,
            "journal disk full": lambda: FullDisk(self.small_folder),
            "server killed": self.server_killed,
        }


def mount_small_filesystem(folder: Path, size: str) -> None:
    """Mounts a tmpfs of this size; needs root."""
    folder.mkdir(parents=True)
    completed = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
    )
    if completed.returncode != 0:
        raise RuntimeError(
            f"a small file system cannot be mounted (this needs root): {completed.stderr}"
        )


DATABASES = {"sqlite": Sqlite, "postgresql": Postgresql}
