"""The canary scan: every operation of the API is asked with words in every text that stand nowhere else in the world,
rightly and wrongly, while the service logs at trace level with its metrics on and the database server writes down all
it is told. No file of database, write-ahead log, logs, keystore, temporary folders or metrics then holds any of them,
in whatever form.

    canaries.py KIND FOLDER      KIND is sqlite or postgresql
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
from clockwork import DAY, HOUR
from e2e import county
from e2e.process import free_port
from world import Staff, Told, World, holds, same, say

# From the shortest form that chance does not make.
SHORTEST = 8


def forms(word: str) -> dict[str, bytes]:
    """A word as software is apt to write it; all in lower case but base64, which has no case to lose."""
    plain = word.encode()
    found = {"text": plain, "UTF-16LE": word.encode("utf-16-le"), "UTF-16BE": word.encode("utf-16-be"), "hexadecimal": plain.hex().encode(),
             "percent": "".join(f"%{byte:02x}" for byte in plain).encode(), "UTF-32": word.encode("utf-32-le")}
    for shift in range(3):
        # What stands before it decides how the bits fall; the characters that it shares with its neighbours are left out.
        coded = base64.b64encode(b"\0" * shift + plain)
        inner = coded[-(-shift * 8 // 6) if shift else 0:(shift + len(plain)) * 8 // 6]
        found[f"base64 +{shift}"] = inner
        found[f"base64url +{shift}"] = inner.replace(b"+", b"-").replace(b"/", b"_")
    return found


class Search:
    """Looks through bytes for a word in all its forms."""

    def __init__(self, word: str):
        self.forms = forms(word)
        holds("every form is long enough", all(len(form) >= SHORTEST for form in self.forms.values()))
        for name, form in self.forms.items():
            holds(f"the search finds the word as {name}", self.found(b"\x00prefix" + form + b"suffix"))
        for before in (b"", b"a", b"ab", b"abc"):
            holds("the search finds it inside base64", self.found(base64.b64encode(before + word.encode() + b" and more")))

    def found(self, data: bytes) -> list[str]:
        lower = data.lower()
        return [name for name, form in self.forms.items() if form in (data if "base64" in name else lower)]


class Watch:
    """What comes and goes in a folder for temporary files, and what a process holds open without a name."""

    def __init__(self, folder: Path, pid: int):
        self.folder, self.pid, self.seen, self.ended = folder, pid, {}, False
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def _look(self) -> None:
        while not self.ended:
            for path in list(self.folder.rglob("*")):
                with contextlib.suppress(OSError):
                    self.seen.setdefault(str(path), b"")
                    self.seen[str(path)] += path.read_bytes()
            with contextlib.suppress(OSError):
                for handle in Path(f"/proc/{self.pid}/fd").iterdir():
                    with contextlib.suppress(OSError):
                        target = os.readlink(handle)
                        if target.endswith("(deleted)") and target.startswith("/"):
                            self.seen[target] = self.seen.get(target, b"") + handle.read_bytes()
            time.sleep(0.02)

    def end(self) -> dict[str, bytes]:
        self.ended = True
        self.thread.join()
        return self.seen


class Scan:
    def __init__(self, kind: str, folder: Path):
        self.kind = kind
        self.temporary = folder.parent / f"{folder.name}-temporary"
        self.temporary.mkdir()
        metrics = free_port()
        self.metrics = f"http://127.0.0.1:{metrics}/metrics"
        server = {"server": {"talkative": True}} if kind == "postgresql" else {}
        self.world = World(kind, folder, metrics=f"127.0.0.1:{metrics}", environment={"TMPDIR": str(self.temporary)}, **server)
        self.canary = county.Canaries()
        self.search = Search(self.canary.seed)
        self.scanned: dict[str, int] = {}

    def drive(self) -> None:
        world = self.world
        world.service.start()
        watch = Watch(self.temporary, world.service.process.pid)
        staff = world.staff().introduced()
        told = Told(staff, self.canary)
        chronology = told.open(world.clock.now() + 60 * DAY)
        told.submit([chronology], each=2, entries=3)
        same("readable by those entitled", told.readable(staff), len(told.texts))
        brief = told.open(world.clock.now() + HOUR)
        ending = [told.send("brackenshire-hospitals", brief, ["What ends first"]) for _ in range(3)]
        counts = sweep.everything(world, staff, told, chronology)
        say(f"{sum(counts.values())} requests on {counts.operations} operations: {counts[2]} accepted, {counts[4]} refused; {self.canary.made} words")
        holds("the sweep is one", counts[2] > 100 and counts[4] > 200 and counts[5] == 0)
        self.look("alive", self.process_and_endpoints())
        self.look("alive", self.files())
        world.clock.set_to(world.clock.now() + 2 * HOUR)
        time.sleep(4)
        late = Staff(world)
        said = [late.agencies["brackenshire-hospitals"].get(f"/v1/fragments/{one}", expect=410).raw for one in ending]
        holds("what has expired is not said", not any(self.search.found(one) for one in said))
        self.look("temporary folder", watch.end() | {"(nothing)": b""})
        world.stop()
        self.look("ended", self.files())

    def process_and_endpoints(self) -> dict[str, bytes]:
        """What the machine tells of the process, and what it tells of itself to anybody."""
        pid, found = self.world.service.process.pid, {}
        for name in ("environ", "cmdline", "status", "maps", "comm"):
            found[f"process {name}"] = Path(f"/proc/{pid}/{name}").read_bytes()
        with urllib.request.urlopen(self.metrics, timeout=10) as answer:
            found["metrics"] = answer.read()
        holds("metrics are on", b"# TYPE" in found["metrics"])
        anybody = Staff(self.world).worker
        for path in ("/docs", "/openapi.yaml", "/health/live", "/health/ready", "/problems/invalid", "/debug", "/metrics"):
            found[path] = anybody.get(path, expect=tuple(range(200, 500))).raw
        return found

    def files(self) -> dict[str, bytes]:
        """Every file there is: of the node, with its logs, keys and SQLite's database; of the database server."""
        found = {}
        if cluster := self.world.cluster:
            cluster.sql("ANALYZE")
            cluster.sql("CHECKPOINT")
            found["dump"] = cluster.run("pg_dump", f"--dbname={cluster.url}")
            log = cluster.log.read_bytes()
            holds("the database server wrote down values", b"parameters: $1" in log or b"Parameters: $1" in log)
        for path in self.world.folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file() and not path.is_symlink():
                    found[str(path.relative_to(self.world.folder))] = path.read_bytes()
        holds("the service logs, at trace level", found["node/service.log"].count(b"answered") > 100 and b'level = "trace"' in found["node/chronology.toml"])
        return found

    def look(self, what: str, copies: dict[str, bytes]) -> None:
        hits = {name: forms for name, data in copies.items() if (forms := self.search.found(data))}
        same(f"{what}: copies with a word in them", hits, {})
        self.scanned[what] = self.scanned.get(what, 0) + len(copies)
        self.scanned["bytes"] = self.scanned.get("bytes", 0) + sum(len(data) for data in copies.values())

    def run(self) -> None:
        try:
            self.drive()
        finally:
            self.world.end()
        number = sum(count for what, count in self.scanned.items() if what != "bytes")
        print(f"{self.kind}: 0 of {self.canary.made} words in {number} files and answers ({self.scanned['bytes'] / 1e6:.0f} MB), in {len(self.search.forms)} forms each",
              flush=True)


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    print(f"== canary scan on {kind}", flush=True)
    Scan(kind, folder).run()


if __name__ == "__main__":
    main()
