"""A clock for whole programs: libfaketime reads it from a file, so that the service, and the PostgreSQL server, live in
a time that the drill moves, while their timers run as ever."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

HOUR, DAY = 3_600, 86_400


class Clock:
    """The drill's time: the machine's, so many seconds ahead or behind."""

    def __init__(self, folder: Path):
        self.file = folder / "clock"
        self.offset = 0.0
        self._write()

    def now(self) -> float:
        return time.time() + self.offset

    def set_to(self, instant: float) -> None:
        """From here on it is that time, for every program that goes by this clock."""
        self.offset = instant - time.time()
        self._write()

    def _write(self) -> None:
        # Replaced whole: who reads it meanwhile must not find half a number.
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{self.offset:+.3f}\n")
        fresh.chmod(0o644)
        fresh.rename(self.file)

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to live by it. Its monotonic clock is left alone: waiting stays waiting. Nothing is
        shared between processes, so that one that is killed leaves nothing behind."""
        return {"LD_PRELOAD": os.environ["DRILLS_FAKETIME"], "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DISABLE_SHM": "1"}


def left_behind() -> set[Path]:
    """What libfaketime keeps in memory for processes that are no more: those that were killed could not take it away."""
    found = Path("/dev/shm").glob("*faketime_s*_*")
    return {path for path in found if not lives_by_it(path.name.rsplit("_", 1)[1])}


def lives_by_it(process: str) -> bool:
    """Whether there is such a process and it is one that libfaketime is in: numbers are given again."""
    try:
        return "faketime" in Path(f"/proc/{process}/maps").read_text()
    except OSError:
        return False


def written(instant: float) -> str:
    """An instant as the API has it."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def next_hour(instant: float) -> float:
    return (instant // HOUR + 1) * HOUR
