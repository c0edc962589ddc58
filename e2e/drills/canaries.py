"""The canary scan: every API operation is called with canaries in all texts, in valid and invalid
requests, while the service logs at trace level with metrics enabled and the database server logs
all statements with their values. No file of the database, write-ahead log, logs, keystore,
temporary folders or metrics may then contain a canary, in any common encoding.

    canaries.py DATABASE FOLDER      DATABASE is sqlite or postgresql
"""

import base64
import contextlib
import os
import sys
import threading
import time
import urllib.request
from pathlib import Path

import sweep
from deployment import CaseFixture, Deployment, Staff, check, check_equal, say
from fake_clock import DAY, HOUR
from harness import county
from harness.process import free_port

# Encoded canaries of at least this length do not occur by chance.
MIN_ENCODED_LENGTH = 8


def encodings(word: str) -> dict[str, bytes]:
    """The word in all common encodings. All but base64 are in lower case, because they are compared
    without regard to case.
    """
    raw = word.encode()
    encoded_words = {
        "text": raw,
        "UTF-16LE": word.encode("utf-16-le"),
        "UTF-16BE": word.encode("utf-16-be"),
        "hexadecimal": raw.hex().encode(),
        "percent": "".join(f"%{byte:02x}" for byte in raw).encode(),
        "UTF-32": word.encode("utf-32-le"),
    }
    for shift in range(3):
        # The alignment depends on the preceding bytes. Characters that also encode neighbouring
        # bytes are left out.
        encoded = base64.b64encode(b"\0" * shift + raw)
        stable = encoded[-(-shift * 8 // 6) if shift else 0 : (shift + len(raw)) * 8 // 6]
        encoded_words[f"base64 +{shift}"] = stable
        encoded_words[f"base64url +{shift}"] = stable.replace(b"+", b"-").replace(b"/", b"_")
    return encoded_words


class CanarySearch:
    """Searches bytes for a word in all encodings."""

    def __init__(self, word: str):
        self.encodings = encodings(word)
        check(
            "every encoding is long enough",
            all(len(encoding) >= MIN_ENCODED_LENGTH for encoding in self.encodings.values()),
        )
        for name, encoding in self.encodings.items():
            check(
                f"the search finds the word as {name}",
                self.matches(b"\x00prefix" + encoding + b"suffix"),
            )
        for before in (b"", b"a", b"ab", b"abc"):
            check(
                "the search finds the word inside base64",
                self.matches(base64.b64encode(before + word.encode() + b" and more")),
            )

    def matches(self, data: bytes) -> list[str]:
        lower = data.lower()
        return [
            name
            for name, encoding in self.encodings.items()
            if encoding in (data if "base64" in name else lower)
        ]


class TemporaryFileMonitor:
    """Records the contents of all temporary files in a folder, and of deleted files that a process
    holds open.
    """

    def __init__(self, folder: Path, pid: int):
        self.folder, self.pid, self.contents, self.stopped = folder, pid, {}, False
        self.thread = threading.Thread(target=self._poll, daemon=True)
        self.thread.start()

    def _poll(self) -> None:
        while not self.stopped:
            for path in list(self.folder.rglob("*")):
                with contextlib.suppress(OSError):
                    self.contents.setdefault(str(path), b"")
                    self.contents[str(path)] += path.read_bytes()
            with contextlib.suppress(OSError):
                for handle in Path(f"/proc/{self.pid}/fd").iterdir():
                    with contextlib.suppress(OSError):
                        target = os.readlink(handle)
                        if target.endswith("(deleted)") and target.startswith("/"):
                            self.contents[target] = (
                                self.contents.get(target, b"") + handle.read_bytes()
                            )
            time.sleep(0.02)

    def stop(self) -> dict[str, bytes]:
        self.stopped = True
        self.thread.join()
        return self.contents


class CanaryScan:
    def __init__(self, kind: str, folder: Path):
        self.kind = kind
        self.temporary = folder.parent / f"{folder.name}-temporary"
        self.temporary.mkdir()
        metrics = free_port()
        self.metrics = f"http://127.0.0.1:{metrics}/metrics"
        server = {"server": {"log_everything": True}} if kind == "postgresql" else {}
        self.deployment = Deployment(
            kind,
            folder,
            metrics=f"127.0.0.1:{metrics}",
            environment={"TMPDIR": str(self.temporary)},
            **server,
        )
        self.canary = county.Canaries()
        self.search = CanarySearch(self.canary.seed)
        self.scanned: dict[str, int] = {}

    def run_scenario(self) -> None:
        deployment = self.deployment
        deployment.service.start()
        monitor = TemporaryFileMonitor(self.temporary, deployment.service.process.pid)
        staff = deployment.staff().registered()
        case = CaseFixture(staff, self.canary)
        chronology = case.open_chronology(deployment.clock.now() + 60 * DAY)
        case.submit_from_all([chronology], each=2, entries=3)
        check_equal("readable by authorised callers", case.count_readable(staff), len(case.texts))
        short_lived = case.open_chronology(deployment.clock.now() + HOUR)
        expiring_fragments = [
            case.submit("brackenshire-hospitals", short_lived, ["What expires first"])
            for _ in range(3)
        ]
        counts = sweep.call_all_operations(deployment, staff, case, chronology)
        say(
            f"{sum(counts.values())} requests on {counts.operations} operations: {counts[2]} accepted, {counts[4]} refused; {self.canary.count} canaries"
        )
        check(
            "the sweep covers accepted and refused requests",
            counts[2] > 100 and counts[4] > 200 and counts[5] == 0,
        )
        self.scan("running", self.process_and_endpoints())
        self.scan("running", self.files())
        deployment.clock.set_to(deployment.clock.now() + 2 * HOUR)
        time.sleep(4)
        staff = Staff(deployment)
        responses = [
            staff.agencies["brackenshire-hospitals"]
            .get(f"/v1/fragments/{fragment}", expect=410)
            .raw
            for fragment in expiring_fragments
        ]
        check(
            "responses contain nothing that has expired",
            not any(self.search.matches(response) for response in responses),
        )
        self.scan("temporary folder", monitor.stop() | {"(nothing)": b""})
        deployment.stop()
        self.scan("stopped", self.files())

    def process_and_endpoints(self) -> dict[str, bytes]:
        """What the operating system shows of the process, and the public pages and metrics of the
        service.
        """
        pid, contents = self.deployment.service.process.pid, {}
        for name in ("environ", "cmdline", "status", "maps", "comm"):
            contents[f"process {name}"] = Path(f"/proc/{pid}/{name}").read_bytes()
        with urllib.request.urlopen(self.metrics, timeout=10) as response:
            contents["metrics"] = response.read()
        check("metrics are enabled", b"# TYPE" in contents["metrics"])
        worker = Staff(self.deployment).worker
        for path in (
            "/docs",
            "/openapi.yaml",
            "/health/live",
            "/health/ready",
            "/problems/invalid",
            "/debug",
            "/metrics",
        ):
            contents[path] = worker.get(path, expect=tuple(range(200, 500))).raw
        return contents

    def files(self) -> dict[str, bytes]:
        """All files of the node (logs, keys, SQLite database) and of the database server, and a
        database dump.
        """
        contents = {}
        if cluster := self.deployment.cluster:
            cluster.sql("ANALYZE")
            cluster.sql("CHECKPOINT")
            contents["dump"] = cluster.run("pg_dump", f"--dbname={cluster.url}")
            log = cluster.log.read_bytes()
            check(
                "the database server logged values",
                b"parameters: $1" in log or b"Parameters: $1" in log,
            )
        for path in self.deployment.folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file() and not path.is_symlink():
                    contents[str(path.relative_to(self.deployment.folder))] = path.read_bytes()
        check("the service logged requests", contents["node/service.log"].count(b"answered") > 100)
        check(
            "the service logs at trace level",
            b'level = "trace"' in contents["node/chronology.toml"],
        )
        return contents

    def scan(self, what: str, contents: dict[str, bytes]) -> None:
        leaks = {
            name: encodings
            for name, data in contents.items()
            if (encodings := self.search.matches(data))
        }
        check_equal(f"{what}: files and responses with canaries", leaks, {})
        self.scanned[what] = self.scanned.get(what, 0) + len(contents)
        self.scanned["bytes"] = self.scanned.get("bytes", 0) + sum(
            len(data) for data in contents.values()
        )

    def run(self) -> None:
        try:
            self.run_scenario()
        finally:
            self.deployment.cleanup()
        number = sum(count for what, count in self.scanned.items() if what != "bytes")
        print(
            f"{self.kind}: 0 of {self.canary.count} canaries in {number} files and responses ({self.scanned['bytes'] / 1e6:.0f} MB), "
            f"each searched for in {len(self.search.encodings)} encodings",
            flush=True,
        )


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    print(f"== canary scan on {kind}", flush=True)
    CanaryScan(kind, folder).run()


if __name__ == "__main__":
    main()
