"""SQLite and PostgreSQL for the resilience checks: databases can be copied, and audit records
removed and restored by direct access.
"""

import os
import secrets
import sqlite3
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

RECORDS_QUERY = """SELECT {id} AS id, records.number, tree.position IS NOT NULL
FROM audit_records AS records LEFT JOIN audit_tree AS tree ON tree.record_id = records.id AND tree.level = 0
WHERE records.run_id = {run} ORDER BY records.number"""


@dataclass(frozen=True)
class Record:
    """One audit record: its id and run as hexadecimal digits, and whether it has a position in the
    Merkle tree.
    """

    id: str
    run: str
    number: int
    sequenced: bool


class Sqlite:
    """A file in the node's data folder, which is copied together with the folder."""

    def __init__(self, data: Path):
        self.file = data / "chronology.db"
        self.url = f"sqlite:{self.file}"

    def copy(self, data: Path) -> "Sqlite":
        return Sqlite(data)

    def drop(self) -> None:
        """Does nothing: the file is deleted with its folder."""

    def wait_for_disconnect(self) -> None:
        """Does nothing: a killed process cannot commit anything later."""

    def _connection(self) -> sqlite3.Connection:
        return sqlite3.connect(self.file, timeout=10, isolation_level=None)

    def records(self, run: str) -> list[Record]:
        connection = self._connection()
        rows = connection.execute(
            RECORDS_QUERY.format(id="lower(hex(records.id))", run=f"X'{run}'")
        ).fetchall()
        connection.close()
        return [Record(one, run, number, bool(sequenced)) for one, number, sequenced in rows]

    def remove_record(self, record: Record) -> tuple:
        connection = self._connection()
        removed = connection.execute(
            "SELECT * FROM audit_records WHERE id = ?", (bytes.fromhex(record.id),)
        ).fetchone()
        trigger = "SELECT sql FROM sqlite_master WHERE name = 'audit_records_no_delete'"
        definition = connection.execute(trigger).fetchone()[0]
        connection.execute("DROP TRIGGER audit_records_no_delete")
        connection.execute("DELETE FROM audit_records WHERE id = ?", (bytes.fromhex(record.id),))
        connection.execute(definition)
        connection.close()
        return removed

    def restore_record(self, removed: tuple) -> None:
        connection = self._connection()
        connection.execute(
            f"INSERT INTO audit_records VALUES ({', '.join('?' * len(removed))})", removed
        )
        connection.close()


class Postgresql:
    """A separate database on the check's private server."""

    def __init__(self, _data: Path, template: str | None = None):
        self.admin_url = os.environ["CHRONOLOGY_TEST_POSTGRES"]
        self.name = f"resilience_{secrets.token_hex(4)}"
        self.url = urlunsplit(urlsplit(self.admin_url)._replace(path=f"/{self.name}"))
        template_clause = f" TEMPLATE {template}" if template else ""
        psql(self.admin_url, f"CREATE DATABASE {self.name}{template_clause}")

    def copy(self, data: Path) -> "Postgresql":
        self.wait_for_disconnect()
        return Postgresql(data, self.name)

    def drop(self) -> None:
        psql(self.admin_url, f"DROP DATABASE {self.name} WITH (FORCE)")

    def wait_for_disconnect(self) -> None:
        """Waits until the server has closed the killed process's sessions. Until then it may commit
        what they had sent.
        """
        open_sessions = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{self.name}'"
        for _ in range(300):
            if psql(self.admin_url, open_sessions).strip() == b"0":
                return
            time.sleep(0.05)
        raise RuntimeError("PostgreSQL keeps sessions of a killed process open")

    def records(self, run: str) -> list[Record]:
        query = RECORDS_QUERY.format(id="replace(records.id::text, '-', '')", run=f"'{run}'::uuid")
        rows = (line.split("|") for line in psql(self.url, query).decode().splitlines())
        return [Record(one, run, int(number), sequenced == "t") for one, number, sequenced in rows]

    def remove_record(self, record: Record) -> bytes:
        removed = psql(
            self.url, f"COPY (SELECT * FROM audit_records WHERE id = '{record.id}') TO STDOUT"
        )
        psql(
            self.url,
            "ALTER TABLE audit_records DISABLE TRIGGER USER",
            f"DELETE FROM audit_records WHERE id = '{record.id}'",
            "ALTER TABLE audit_records ENABLE TRIGGER USER",
        )
        return removed

    def restore_record(self, removed: bytes) -> None:
        psql(self.url, "COPY audit_records FROM STDIN", data=removed)


def psql(url: str, *statements: str, data: bytes | None = None) -> bytes:
    command = [
        "psql",
        "--quiet",
        "--no-psqlrc",
        "--set=ON_ERROR_STOP=1",
        "--tuples-only",
        "--no-align",
        "--dbname",
        url,
    ]
    for statement in statements:
        command += ["--command", statement]
    completed = subprocess.run(command, input=data, capture_output=True, check=False)
    if completed.returncode != 0:
        raise RuntimeError(f"{statements[0]}: {completed.stderr.decode()}")
    return completed.stdout


DATABASES = {"sqlite": Sqlite, "postgresql": Postgresql}
