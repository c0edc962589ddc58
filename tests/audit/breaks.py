"""Ways in which an audit breaks, each with how it is mended; by database."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit


class Filled:
    """A small file system, full to the last byte for a while."""

    def __init__(self, folder: Path):
        self.filler = folder / "filler"

    def __enter__(self):
        with contextlib.suppress(OSError), self.filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def __exit__(self, *_):
        self.filler.unlink()


class Sqlite:
    """The data folder stands on a small file system of its own, so that it can be filled."""

    def __init__(self, folder: Path):
        self.small = folder / "small"
        small(self.small, "64m")
        self.file = self.small / "chronology.db"
        self.url = f"sqlite:{self.file}"

    def settings(self) -> dict[str, str]:
        return {"journal_folder": str(self.small / "journal")}

    def prepare(self, service) -> None:
        """Nothing: the service makes the file."""

    def _run(self, *statements: str) -> None:
        connection = sqlite3.connect(self.file, timeout=10, isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.close()

    @contextlib.contextmanager
    def refused(self):
        self._run("CREATE TRIGGER broken BEFORE INSERT ON audit_records BEGIN SELECT RAISE(ABORT, 'no'); END")
        yield
        self._run("DROP TRIGGER broken")

    @contextlib.contextmanager
    def locked(self):
        connection = sqlite3.connect(self.file, timeout=10, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
        connection.close()

    @contextlib.contextmanager
    def unplaced(self):
        self._run("CREATE TRIGGER broken BEFORE INSERT ON audit_tree BEGIN SELECT RAISE(ABORT, 'no'); END")
        yield
        self._run("DROP TRIGGER broken")

    def tamper(self) -> None:
        self._run("DROP TRIGGER audit_records_no_update",
                  "UPDATE audit_records SET outcome = 'denied' WHERE rowid = (SELECT max(rowid) / 2 FROM audit_records)")

    def breaks(self) -> dict:
        return {"inserts refused": self.refused, "table locked": self.locked, "disk full": lambda: Filled(self.small)}


class Postgresql:
    """A server of its own, a role that may only add to the audit, and a journal on a small file system."""

    def __init__(self, folder: Path):
        self.small = folder / "small"
        small(self.small, "32m")
        self.server = Path(os.environ["AUDIT_POSTGRES_FOLDER"])
        self.admin = os.environ["CHRONOLOGY_TEST_POSTGRES"]
        self.port = urlsplit(self.admin).port
        self.psql(self.admin, "CREATE DATABASE audited", "CREATE ROLE chronology_service LOGIN PASSWORD 'only-here'")
        self.owner = self.admin.rsplit("/", 1)[0] + "/audited"
        self.url = f"postgres://chronology_service:only-here@127.0.0.1:{self.port}/audited"

    def settings(self) -> dict[str, str]:
        return {"journal_folder": str(self.small / "journal")}

    def prepare(self, service) -> None:
        """The owner migrates and gives the service's role its rights."""
        service.configure(self.owner)
        service.command("migrate")
        roles = Path(__file__).parents[2] / "deploy/postgresql-roles.sql"
        self._call(self.owner, "--set=role=chronology_service", f"--file={roles}")
        service.configure(self.url)
        for forbidden in ("UPDATE audit_records SET outcome = 'x'", "DELETE FROM audit_records", "TRUNCATE audit_records",
                          "UPDATE audit_tree SET hash = '' ", "DELETE FROM audit_tree"):
            tried = subprocess.run(["psql", "--dbname", self.url, "--command", forbidden], capture_output=True, text=True)
            if "permission denied" not in tried.stderr:
                raise AssertionError(f"the service's role may: {forbidden}")

    def _call(self, url: str, *arguments: str) -> None:
        command = ["psql", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", url, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def psql(self, url: str, *statements: str) -> None:
        for statement in statements:
            self._call(url, "--command", statement)

    @contextlib.contextmanager
    def refused(self):
        self.psql(self.owner, "REVOKE INSERT ON audit_records FROM chronology_service")
        yield
        self.psql(self.owner, "GRANT INSERT ON audit_records TO chronology_service")

    @contextlib.contextmanager
    def held(self, *statements: str):
        """A session that holds what the statements take until it is ended."""
        command = ["psql", "--quiet", "--dbname", self.owner]
        session = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        session.stdin.write("".join(f"{one};\n" for one in ("BEGIN", *statements)) + "\\echo held\n")
        session.stdin.flush()
        while session.stdout.readline().strip() != "held":
            pass
        yield
        session.communicate("ROLLBACK;\n")

    def locked(self):
        return self.held("LOCK TABLE audit_records IN ACCESS EXCLUSIVE MODE")

    def unplaced(self):
        return self.held("LOCK TABLE audit_tree IN ACCESS EXCLUSIVE MODE")

    @contextlib.contextmanager
    def slow(self):
        self.psql(self.owner,
                  "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$",
                  "CREATE TRIGGER slow BEFORE INSERT ON audit_records FOR EACH ROW EXECUTE FUNCTION slow()")
        yield
        self.psql(self.owner, "DROP TRIGGER slow ON audit_records", "DROP FUNCTION slow()")

    @contextlib.contextmanager
    def killed(self):
        os.kill(int((self.server / "data/postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
        yield
        time.sleep(0.5)
        control = [str(path) for path in Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")]
        command = [*control[-1:], "--pgdata", str(self.server / "data"), "--log", str(self.server / "log"),
                   "--options", f"-p {self.port}", "--wait", "--silent", "start"]
        if os.getuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *command]
        # Children of the one that was killed may need a moment to notice.
        for attempt in range(10):
            if subprocess.run(command, cwd=self.server, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0:
                return
            time.sleep(0.5 * (attempt + 1))
        raise RuntimeError("PostgreSQL did not come back")

    def tamper(self) -> None:
        self.psql(self.owner, "ALTER TABLE audit_records DISABLE TRIGGER ALL",
                  "UPDATE audit_records SET outcome = 'denied' WHERE id = (SELECT id FROM audit_records ORDER BY at LIMIT 1 OFFSET 30)")

    def breaks(self) -> dict:
        return {"no right to insert": self.refused, "table locked": self.locked, "statement timeout": self.slow,
                "disk of the journal full": lambda: Filled(self.small), "primary killed": self.killed}


def small(folder: Path, size: str) -> None:
    folder.mkdir(parents=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"a small file system cannot be mounted (root can): {done.stderr}")


DATABASES = {"sqlite": Sqlite, "postgresql": Postgresql}
