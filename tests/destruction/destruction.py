"""Kills the real binary before each file-system call of one round of deletion and destruction, and looks at what is left.

A demonstration county is filled once. Time is then told (by `faketime`, vouched for by `chronology confirm-time`, because
a clock alone destroys nothing) at which one chronology is over and the others are not. One undisturbed round shows which
calls there are; each point then gets a copy of the data and a round that is killed there.
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

BINARY = os.environ.get("CHRONOLOGY_BINARY") or str(Path(__file__).parents[2] / "target/debug/chronology")
# Everything by which files and folders change, or change durably.
CALLS = ["openat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "unlink", "unlinkat", "rename", "renameat", "renameat2",
         "link", "linkat", "mkdir", "rmdir", "fallocate", "msync"]
# Calls that repeat with the same meaning: a spread of so many is enough unless all are asked for.
REPEATED = {"pwrite64": 16, "openat": 16}
AT_ONCE = 2
TABLES = ["chronologies", "invitations", "fragments", "fragment_versions", "entries", "consolidations", "people", "families",
          "person_links", "tombstones"]


class Node:
    """A folder with a database and a keystore of its own."""

    def __init__(self, folder: Path):
        self.folder = folder

    @property
    def database(self) -> Path:
        return self.folder / "chronology.db"

    def command(self, *arguments: str, at: float | None = None, tracer: list[str] | None = None) -> subprocess.CompletedProcess:
        environment = os.environ | {"CHRONOLOGY_DATA_FOLDER": str(self.folder), "CHRONOLOGY_LOGGING__LEVEL": "warn"}
        command = [*(tracer or []), BINARY, *arguments]
        if at is not None:
            # Only what the machine's settable clock says; the time that passes stays what it is.
            library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
            moment = datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("@%Y-%m-%d %H:%M:%S")
            environment |= {"LD_PRELOAD": str(library), "FAKETIME": moment, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def good(self, *arguments: str, at: float | None = None) -> str:
        done = self.command(*arguments, at=at)
        if done.returncode != 0:
            raise RuntimeError(f"chronology {arguments[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def copy(self, folder: Path) -> "Node":
        shutil.copytree(self.folder, folder)
        return Node(folder)

    def keys(self) -> dict[str, bytes]:
        return {path.stem: path.read_bytes() for path in (self.folder / "keys").rglob("*.key")}

    def destroyed(self) -> set[str]:
        return {path.stem for path in (self.folder / "keys").rglob("*.gone")}

    def look(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.database)
        if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise AssertionError("the database is not whole")
        return connection

    def rows(self) -> dict[str, list]:
        with self.look() as database:
            return {table: sorted(database.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in TABLES}


def iso(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def prepared(work: Path) -> tuple[Node, float]:
    """A county in which one chronology has just run out, the hour in which it did is over, and nothing is deleted yet."""
    base = Node(work / "base")
    base.good("demo", "--fill-only")
    with base.look() as database:
        ends = sorted(end for (end,) in database.execute("SELECT expires_at FROM chronologies"))
        if len(ends) < 2:
            raise AssertionError("the demonstration has too few chronologies")
    hour = 3_600
    over = (ends[0] // 1_000_000 // hour + 1) * hour + 5
    # What ran out before it (people nobody refers to, replies) goes first, so that the round is about the one.
    base.good("confirm-time", iso(ends[0] // 1_000_000 - 60), at=ends[0] // 1_000_000 - 60)
    base.good("purge-now", at=ends[0] // 1_000_000 - 60)
    base.good("confirm-time", iso(over), at=over)
    return base, over


def calls_of(base: Node, work: Path, over: float) -> tuple[list[tuple[str, int]], Node]:
    """The points: a call and which of its kind it is in the process, from the beginning of the work on."""
    node = base.copy(work / "counted")
    trace = work / "trace"
    done = node.command("purge-now", at=over, tracer=["strace", "-qq", "-o", str(trace), "-e", f"trace={','.join(CALLS)}"])
    if done.returncode != 0:
        raise RuntimeError(f"the round under strace ended with {done.returncode}: {done.stdout}{done.stderr}")
    count, points, working = collections.Counter(), [], False
    for line in trace.read_text().splitlines():
        name = line.split("(", 1)[0]
        count[name] += 1
        if working:
            points.append((name, count[name]))
        working = working or (name == "write" and line.startswith('write(1, "begins'))
    return points, node


def thinned(points: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """A spread of the calls that repeat, all of the others."""
    kept = []
    for name in dict.fromkeys(name for name, _ in points):
        own = [point for point in points if point[0] == name]
        most = REPEATED.get(name, len(own))
        step = max(1, len(own) / most)
        kept += [own[int(index * step)] for index in range(min(most, len(own)))]
    return kept


class Expected:
    """What is there before the round and after it."""

    def __init__(self, before: Node, after: Node):
        self.keys_before, self.keys_after = before.keys(), after.keys()
        self.rows_before, self.rows_after = before.rows(), after.rows()
        self.gone_after = after.destroyed()
        # The middle of every sealed value that goes.
        self.pieces = [value[len(value) // 2 - 16:len(value) // 2 + 16]
                       for table in TABLES for row in self.rows_before[table] if row not in self.rows_after[table]
                       for value in row if isinstance(value, bytes) and len(value) >= 40]
        if len(self.pieces) < 20:
            raise AssertionError("the round deletes too little to be a test")
        self.due = set(self.keys_before) - set(self.keys_after)
        # Of these no marker is left: another key, which is destroyed, ends what they opened.
        self.unneeded = self.due - self.gone_after
        if not self.unneeded:
            raise AssertionError("the round takes no fragment's own key away")
        if not any(name.startswith("epoch") for name in self.due) or not any(name.startswith("scope") for name in self.due):
            raise AssertionError(f"the round destroys too little to be a test: {self.due}")
        if not self.rows_after["chronologies"] or self.rows_after["chronologies"] == self.rows_before["chronologies"]:
            raise AssertionError("the round is to delete one chronology and leave others")


def check_half_way(node: Node, expected: Expected) -> str:
    """Each key wholly usable or dead, none dead that has time; each row as it was before or as it is after."""
    keys, destroyed = node.keys(), node.destroyed()
    for name, content in expected.keys_before.items():
        if name in destroyed:
            assert name in expected.due or name in expected.gone_after, f"{name} was destroyed before its time"
        elif name not in expected.unneeded:
            assert keys.get(name) == content, f"{name} is neither whole nor gone"
    rows = node.rows()
    fragments = {row[0] for row in rows["fragments"]}
    for name in expected.unneeded:
        own = bytes.fromhex(name.removeprefix("scope-").replace("-", ""))
        assert keys.get(name) == expected.keys_before[name] or own not in fragments, f"{name} is harmed and its fragment is there"
    for table in TABLES:
        if table != "tombstones":
            before, after = expected.rows_before[table], expected.rows_after[table]
            assert all(row in before or row in after for row in rows[table]), f"{table}: a row is neither as before nor as after"
            assert all(row in rows[table] for row in after if row in before), f"{table}: a row that has time is gone"
    # A chronology goes with all that is its own, and leaves its tombstone in the same moment.
    left = {row[0] for row in rows["chronologies"]}
    for row in expected.rows_before["chronologies"]:
        stones = [stone for stone in rows["tombstones"] if stone[0] == row[0]]
        assert (row[0] in left) != bool(stones), "a chronology is neither there nor buried"
    # No key of a scope is gone while what lives by it could still be read.
    for key in destroyed & expected.due:
        if key.startswith("scope-"):
            scope = bytes.fromhex(key.removeprefix("scope-").replace("-", ""))
            assert scope not in left, "a chronology is there and its key is not"
    return "after" if rows["chronologies"] == expected.rows_after["chronologies"] else "before"


def check_finished(node: Node, expected: Expected) -> None:
    """The next round leaves what an undisturbed one leaves."""
    keys = node.keys()
    assert keys == expected.keys_after, f"left: {set(keys) ^ set(expected.keys_after)}"
    assert expected.due - expected.unneeded <= node.destroyed()
    unplaced = [path for path in (node.folder / "keys").rglob(".new-*")]
    assert not unplaced, f"half-written files stay: {unplaced}"
    rows = node.rows()
    for table in TABLES:
        # The moment of deletion differs in tombstones; what they are about does not.
        if table == "tombstones":
            assert [row[0] for row in rows[table]] == [row[0] for row in expected.rows_after[table]]
        else:
            same = [row[:1] for row in rows[table]] == [row[:1] for row in expected.rows_after[table]]
            assert same, f"{table} differs after the next round"
    files = b"".join(path.read_bytes() for path in node.folder.glob("chronology.db*"))
    assert not any(piece in files for piece in expected.pieces), "bytes of deleted rows stay in the database's files"


def killed(base: Node, work: Path, over: float, expected: Expected, point: tuple[str, int]) -> str:
    name, number = point
    node = base.copy(work / f"{name}-{number}")
    injection = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={number}"]
    done = node.command("purge-now", at=over, tracer=injection)
    try:
        # The last few calls belong to the closing of files, and not every round has the same number of them.
        assert done.returncode in (-9, 137, 0), f"was not killed: {done.returncode} {done.stdout}{done.stderr}"
        state = check_half_way(node, expected) if done.returncode else "not reached"
        node.good("purge-now", at=over)
        check_finished(node, expected)
    except (AssertionError, RuntimeError) as fault:
        raise AssertionError(f"killed before {name} number {number}: {fault}") from fault
    shutil.rmtree(node.folder)
    return state


def main() -> None:
    work = Path(sys.argv[1])
    begun = time.monotonic()
    base, over = prepared(work)
    points, after = calls_of(base, work, over)
    expected = Expected(base, after)
    found = collections.Counter(name for name, _ in points)
    chosen = points if "--all" in sys.argv else thinned(points)
    filled = time.monotonic() - begun
    with ThreadPoolExecutor(AT_ONCE) as pool:
        states = collections.Counter(pool.map(lambda point: killed(base, work, over, expected, point), chosen))
    assert states["before"] and states["after"], f"the points lie on one side of the deletion: {states}"
    assert states["not reached"] <= len(chosen) // 10, f"too many points were not reached: {states}"
    print(json.dumps({"calls": dict(found), "killed_at": len(chosen), "of": len(points), "states": dict(states),
                      "keys_due": len(expected.due), "sealed_values_due": len(expected.pieces), "half_gone": 0, "seconds": round(time.monotonic() - begun, 1),
                      "filling_seconds": round(filled, 1)}))


if __name__ == "__main__":
    main()
