"""A clock for the processes under test. libfaketime reads the time from a file, so that a drill can
change the time of the service and of the PostgreSQL server while their timers run normally.
"""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

HOUR, DAY = 3_600, 86_400


class FakeClock:
    """The drill's time: the machine's time plus an offset in seconds."""

    def __init__(self, folder: Path):
        self.file = folder / "clock"
        self.offset = 0.0
        self._write()

    def now(self) -> float:
        return time.time() + self.offset

    def set_to(self, instant: float) -> None:
        """Sets the time of every process that uses this clock; it continues from there."""
        self.offset = instant - time.time()
        self._write()

    def _write(self) -> None:
        # Replaced atomically, so that no process reads an incomplete number.
        temporary = self.file.with_suffix(".new")
        temporary.write_text(f"{self.offset:+.3f}\n")
        temporary.chmod(0o644)
        temporary.rename(self.file)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which a process uses this clock. Its monotonic clock is
        not changed. Shared memory is disabled, so that a killed process leaves nothing behind.
        """
        return {
            "LD_PRELOAD": os.environ["DRILLS_FAKETIME"],
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
        }


def orphaned_shared_memory() -> set[Path]:
    """libfaketime's shared memory of processes that no longer exist; killed processes could not
    remove it.
    """
    found = Path("/dev/shm").glob("*faketime_s*_*")
    return {path for path in found if not uses_faketime(path.name.rsplit("_", 1)[1])}


def uses_faketime(process: str) -> bool:
    """Whether a process with this id exists and has loaded libfaketime; process ids are reused."""
    try:
        return "faketime" in Path(f"/proc/{process}/maps").read_text()
    except OSError:
        return False


def format_instant(instant: float) -> str:
    """The instant in the format of the API."""
    return (
        datetime.fromtimestamp(instant, UTC)
        .isoformat(timespec="microseconds")
        .replace("+00:00", "Z")
    )


def next_hour(instant: float) -> float:
    return (instant // HOUR + 1) * HOUR
