"""Kills the real binary before each file-system call of a purge run, and checks database and
keystore afterwards.

The demonstration data is created once. The clock is then set to a time at which one chronology has
expired and the others have not: with `faketime`, and confirmed with `chronology confirm-time`,
because a single clock must not trigger destruction. An undisturbed purge run gives the list of
system calls. For each selected call, a purge run on a copy of the data is killed there.
"""

import collections
import datetime
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BINARY = os.environ.get("CHRONOLOGY_BINARY") or str(
    Path(__file__).parents[2] / "target/debug/chronology"
)
# The system calls that change files and folders or make changes durable.
CALLS = [
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "mkdir",
    "rmdir",
    "fallocate",
    "msync",
]
# Calls that repeat many times: this many of each are sampled, unless --all is given.
REPEATED = {"pwrite64": 16, "openat": 16}
PARALLEL_CHECKS = 2
TABLES = [
    "chronologies",
    "invitations",
    "fragments",
    "fragment_versions",
    "entries",
    "consolidations",
    "people",
    "families",
    "person_links",
    "tombstones",
]


class Node:
    """A node's data folder with database and keystore."""

    def __init__(self, folder: Path):
        self.folder = folder

    @property
    def database(self) -> Path:
        return self.folder / "chronology.db"

    def command(
        self, *arguments: str, at: float | None = None, tracer: list[str] | None = None
    ) -> subprocess.CompletedProcess:
        environment = os.environ | {
            "CHRONOLOGY_DATA_FOLDER": str(self.folder),
            "CHRONOLOGY_LOGGING__LEVEL": "warn",
        }
        command = [*(tracer or []), BINARY, *arguments]
        if at is not None:
            # Only the real-time clock is changed, not the monotonic one.
            library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
            moment = datetime.datetime.fromtimestamp(at, datetime.UTC).strftime(
                "@%Y-%m-%d %H:%M:%S"
            )
            environment |= {
                "LD_PRELOAD": str(library),
                "FAKETIME": moment,
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "TZ": "UTC",
            }
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def run_successfully(self, *arguments: str, at: float | None = None) -> str:
        completed = self.command(*arguments, at=at)
        if completed.returncode != 0:
            raise RuntimeError(
                f"chronology {arguments[0]} exited with {completed.returncode}: {completed.stdout}{completed.stderr}"
            )
        return completed.stdout

    def copy(self, folder: Path) -> "Node":
        shutil.copytree(self.folder, folder)
        return Node(folder)

    def keys(self) -> dict[str, bytes]:
        return {path.stem: path.read_bytes() for path in (self.folder / "keys").rglob("*.key")}

    def destruction_markers(self) -> set[str]:
        return {path.stem for path in (self.folder / "keys").rglob("*.gone")}

    def open_database(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.database)
        if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise AssertionError("the database is corrupt")
        return connection

    def rows(self) -> dict[str, list]:
        with self.open_database() as database:
            return {
                table: sorted(database.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
                for table in TABLES
            }


def iso(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def prepare_county(work: Path) -> tuple[Node, float]:
    """Data in which one chronology has expired, the hour of its expiry is over, and it has not been
    deleted yet.
    """
    base = Node(work / "base")
    base.run_successfully("demo", "--fill-only")
    with base.open_database() as database:
        expiry_times = sorted(
            end for (end,) in database.execute("SELECT expires_at FROM chronologies")
        )
        if len(expiry_times) < 2:
            raise AssertionError("the demonstration has too few chronologies")
    hour = 3_600
    purge_time = (expiry_times[0] // 1_000_000 // hour + 1) * hour + 5
    # Everything that expired earlier (unreferenced people, stored replies) is deleted first, so
    # that the purge run under test deletes only this chronology.
    minute_before = expiry_times[0] // 1_000_000 - 60
    base.run_successfully("confirm-time", iso(minute_before), at=minute_before)
    base.run_successfully("purge-now", at=minute_before)
    base.run_successfully("confirm-time", iso(purge_time), at=purge_time)
    return base, purge_time


def list_kill_points(
    base: Node, work: Path, purge_time: float
) -> tuple[list[tuple[str, int]], Node]:
    """The system calls from the start of the purge on, each with its number among the process's
    calls of that name; and the node after the purge.
    """
    node = base.copy(work / "counted")
    trace = work / "trace"
    completed = node.command(
        "purge-now",
        at=purge_time,
        tracer=["strace", "-qq", "-o", str(trace), "-e", f"trace={','.join(CALLS)}"],
    )
    if completed.returncode != 0:
        raise RuntimeError(
            f"the purge run under strace exited with {completed.returncode}: {completed.stdout}{completed.stderr}"
        )
    count, points, started_work = collections.Counter(), [], False
    for line in trace.read_text().splitlines():
        name = line.split("(", 1)[0]
        count[name] += 1
        if started_work:
            points.append((name, count[name]))
        started_work = started_work or (name == "write" and line.startswith('write(1, "started'))
    return points, node


def sample_points(points: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """An even sample of the repeated calls, and all others."""
    sampled = []
    for name in dict.fromkeys(name for name, _ in points):
        same_call = [point for point in points if point[0] == name]
        limit = REPEATED.get(name, len(same_call))
        step = max(1, len(same_call) / limit)
        sampled += [same_call[int(index * step)] for index in range(min(limit, len(same_call)))]
    return sampled


class ExpectedStates:
    """Keys and rows before and after an undisturbed purge run."""

    def __init__(self, before: Node, after: Node):
        self.keys_before, self.keys_after = before.keys(), after.keys()
        self.rows_before, self.rows_after = before.rows(), after.rows()
        self.markers_after = after.destruction_markers()
        # The middle of every sealed value that is deleted.
        self.sealed_samples = [
            value[len(value) // 2 - 16 : len(value) // 2 + 16]
            for table in TABLES
            for row in self.rows_before[table]
            if row not in self.rows_after[table]
            for value in row
            if isinstance(value, bytes) and len(value) >= 40
        ]
        if len(self.sealed_samples) < 20:
            raise AssertionError("the purge run deletes too few rows for a meaningful check")
        self.deleted_keys = set(self.keys_before) - set(self.keys_after)
        # Keys that are deleted without a marker: the data that they protected also needs another
        # key, which is destroyed.
        self.unmarked_keys = self.deleted_keys - self.markers_after
        if not self.unmarked_keys:
            raise AssertionError("the purge run deletes no fragment key")
        if not any(name.startswith("epoch") for name in self.deleted_keys) or not any(
            name.startswith("scope") for name in self.deleted_keys
        ):
            raise AssertionError(
                f"the purge run destroys too few keys for a meaningful check: {self.deleted_keys}"
            )
        if (
            not self.rows_after["chronologies"]
            or self.rows_after["chronologies"] == self.rows_before["chronologies"]
        ):
            raise AssertionError("the purge run must delete one chronology and keep others")


def check_after_kill(node: Node, expected: ExpectedStates) -> str:
    """Each key is either intact or destroyed, no unexpired key is destroyed, and each row is as
    before or as after the purge. Returns which of the two holds for the chronologies.
    """
    keys, destruction_markers = node.keys(), node.destruction_markers()
    for name, content in expected.keys_before.items():
        if name in destruction_markers:
            assert name in expected.deleted_keys or name in expected.markers_after, (
                f"{name} was destroyed before its expiry"
            )
        elif name not in expected.unmarked_keys:
            assert keys.get(name) == content, f"{name} is neither intact nor destroyed"
    rows = node.rows()
    fragment_ids = {row[0] for row in rows["fragments"]}
    for name in expected.unmarked_keys:
        fragment_id = bytes.fromhex(name.removeprefix("scope-").replace("-", ""))
        intact = keys.get(name) == expected.keys_before[name]
        assert intact or fragment_id not in fragment_ids, (
            f"{name} is damaged or missing, but its fragment still exists"
        )
    for table in TABLES:
        if table != "tombstones":
            before, after = expected.rows_before[table], expected.rows_after[table]
            assert all(row in before or row in after for row in rows[table]), (
                f"{table}: a row is neither as before nor as after the purge"
            )
            assert all(row in rows[table] for row in after if row in before), (
                f"{table}: an unexpired row was deleted"
            )
    # A chronology is deleted and its tombstone written in one transaction.
    remaining = {row[0] for row in rows["chronologies"]}
    for row in expected.rows_before["chronologies"]:
        tombstones = [tombstone for tombstone in rows["tombstones"] if tombstone[0] == row[0]]
        assert (row[0] in remaining) != bool(tombstones), (
            "a chronology has both rows and a tombstone, or neither"
        )
    # No scope key is destroyed while data that it protects could still be read.
    for key in destruction_markers & expected.deleted_keys:
        if key.startswith("scope-"):
            scope_id = bytes.fromhex(key.removeprefix("scope-").replace("-", ""))
            assert scope_id not in remaining, "a chronology still exists, but its key is destroyed"
    return "after" if rows["chronologies"] == expected.rows_after["chronologies"] else "before"


def check_finished(node: Node, expected: ExpectedStates) -> None:
    """After the next purge run, keys and rows are the same as after an undisturbed one."""
    keys = node.keys()
    assert keys == expected.keys_after, f"keys differ: {set(keys) ^ set(expected.keys_after)}"
    assert expected.deleted_keys - expected.unmarked_keys <= node.destruction_markers()
    temporary_files = [path for path in (node.folder / "keys").rglob(".new-*")]
    assert not temporary_files, f"temporary files remain: {temporary_files}"
    rows = node.rows()
    for table in TABLES:
        # Tombstones differ only in the time of deletion.
        if table == "tombstones":
            assert [row[0] for row in rows[table]] == [row[0] for row in expected.rows_after[table]]
        else:
            unchanged = [row[:1] for row in rows[table]] == [
                row[:1] for row in expected.rows_after[table]
            ]
            assert unchanged, f"{table} differs after the next purge run"
    database_files = b"".join(path.read_bytes() for path in node.folder.glob("chronology.db*"))
    assert not any(sample in database_files for sample in expected.sealed_samples), (
        "bytes of deleted rows remain in the database files"
    )


def check_kill_point(
    base: Node, work: Path, purge_time: float, expected: ExpectedStates, point: tuple[str, int]
) -> str:
    name, number = point
    node = base.copy(work / f"{name}-{number}")
    injection = [
        "strace",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={name}",
        "-e",
        f"inject={name}:signal=SIGKILL:when={number}",
    ]
    completed = node.command("purge-now", at=purge_time, tracer=injection)
    try:
        # The last few calls close files; their number varies between runs.
        assert completed.returncode in (-9, 137, 0), (
            f"was not killed: {completed.returncode} {completed.stdout}{completed.stderr}"
        )
        state = check_after_kill(node, expected) if completed.returncode else "not reached"
        node.run_successfully("purge-now", at=purge_time)
        check_finished(node, expected)
    except (AssertionError, RuntimeError) as error:
        raise AssertionError(f"killed before {name} number {number}: {error}") from error
    shutil.rmtree(node.folder)
    return state


def main() -> None:
    work = Path(sys.argv[1])
    started = time.monotonic()
    base, purge_time = prepare_county(work)
    points, after = list_kill_points(base, work, purge_time)
    expected = ExpectedStates(base, after)
    call_counts = collections.Counter(name for name, _ in points)
    selected = points if "--all" in sys.argv else sample_points(points)
    setup_seconds = time.monotonic() - started
    with ThreadPoolExecutor(PARALLEL_CHECKS) as executor:
        states = collections.Counter(
            executor.map(
                lambda point: check_kill_point(base, work, purge_time, expected, point), selected
            )
        )
    assert states["before"] and states["after"], (
        f"all kill points are on one side of the deletion: {states}"
    )
    assert states["not reached"] <= len(selected) // 10, (
        f"too many kill points were not reached: {states}"
    )
    print(
        json.dumps(
            {
                "calls": dict(call_counts),
                "kill_points_checked": len(selected),
                "kill_points": len(points),
                "states": dict(states),
                "keys_to_delete": len(expected.deleted_keys),
                "sealed_values_to_delete": len(expected.sealed_samples),
                "partial_deletions": 0,
                "seconds": round(time.monotonic() - started, 1),
                "setup_seconds": round(setup_seconds, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
