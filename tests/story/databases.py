"""SQLite and PostgreSQL for the checks after expiry: searches in rows and files."""

import contextlib
import os
import secrets
import sqlite3
import subprocess
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit


class Sqlite:
    """A file in the service's data folder."""

    def __init__(self, folder: Path):
        self.file = folder / "data" / "chronology.db"
        self.url = f"sqlite:{self.file}"

    def tables_with(self, *identifiers: str) -> set[str]:
        """Tables with a row that contains one of the identifiers."""
        needles = {bytes.fromhex(one.replace("-", "")) for one in identifiers} | set(identifiers)
        connection = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)
        try:
            tables = [
                name
                for (name,) in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                )
            ]
            rows = {
                table: connection.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables
            }
        finally:
            connection.close()
        return {
            table
            for table in tables
            if any(value in needles for row in rows[table] for value in row)
        }

    def count(self, table: str) -> int:
        connection = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)
        try:
            return connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        finally:
            connection.close()

    def copies(self) -> dict[str, bytes]:
        """The contents of all database files."""
        return {path.name: path.read_bytes() for path in self.file.parent.glob("chronology.db*")}


class Postgresql:
    """A separate database on the run's private server."""

    def __init__(self, _folder: Path):
        self.server_folder = Path(os.environ["STORY_POSTGRES_FOLDER"])
        administration = os.environ["CHRONOLOGY_TEST_POSTGRES"]
        name = f"story_{secrets.token_hex(4)}"
        self._program("psql", administration, "--command", f"CREATE DATABASE {name}")
        self.url = urlunsplit(urlsplit(administration)._replace(path=f"/{name}"))

    def _program(self, program: str, url: str, *arguments: str) -> bytes:
        done = subprocess.run(
            [program, "--dbname", url, *arguments], capture_output=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr.decode()}")
        return done.stdout

    def tables_with(self, *identifiers: str) -> set[str]:
        """Tables with a row that contains one of the identifiers, according to `pg_dump`."""
        table, found, needles = "", set(), [one.encode() for one in identifiers]
        for line in self.dump().splitlines():
            if line.startswith(b"COPY "):
                table = line.split()[1].decode().removeprefix("public.")
            elif any(one in line for one in needles):
                found.add(table)
        return found

    def count(self, table: str) -> int:
        return int(
            self._program(
                "psql", self.url, "--tuples-only", "--command", f'SELECT count(*) FROM "{table}"'
            )
        )

    def dump(self) -> bytes:
        return self._program("pg_dump", self.url, "--data-only")

    def copies(self) -> dict[str, bytes]:
        """A dump and the contents of all files of the server: tables, indexes, write-ahead log,
        server log.
        """
        self._program("psql", self.url, "--command", "CHECKPOINT")
        found = {"pg_dump": self.dump()}
        for path in self.server_folder.rglob("*"):
            # The running server may delete files meanwhile.
            with contextlib.suppress(FileNotFoundError):
                if path.is_file():
                    found[str(path.relative_to(self.server_folder))] = path.read_bytes()
        return found


DATABASES = {"sqlite": Sqlite, "postgresql": Postgresql}
