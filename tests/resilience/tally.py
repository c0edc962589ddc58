"""Counts what was tried and what broke, by attack, and prints it as a table.

    tally.py FILE…      merges the counts that the parts of the check saved; ends with status 1 when anything broke
"""

import json
import sys
import threading
from pathlib import Path

# Reasons printed for each row; the rest are counted.
SHOWN = 3


def say(text: str) -> None:
    print(f"  {text}", flush=True)


class Tally:
    """Rows of tried and broken, in the order in which they first came. Threads may share it."""

    def __init__(self):
        self.rows: dict[str, list[int]] = {}
        self.lock = threading.Lock()

    def add(self, attack: str, tried: int = 1, broken: int = 0, why: object = "") -> None:
        with self.lock:
            row = self.rows.setdefault(attack, [0, 0, 0])
            row[0] += tried
            row[1] += broken
            row[2] += bool(broken)
            shown = row[2]
        if broken and shown <= SHOWN:
            say(f"BROKEN  {attack}: {str(why)[:1_000]}")

    def check(self, attack: str, good: object, why: object = "") -> bool:
        """Counts one attempt; `why` says what is wrong when it is not good."""
        self.add(attack, 1, 0 if good else 1, why)
        return bool(good)

    def save(self, file: Path) -> None:
        file.write_text(json.dumps({attack: row[:2] for attack, row in self.rows.items()}))


def table(rows: dict[str, list[int]]) -> str:
    width = max(map(len, [*rows, "attack"]))
    lines = [f"{'attack':<{width}}  {'tried':>8}  {'broken':>8}"]
    lines += [f"{attack:<{width}}  {tried:>8}  {broken:>8}" for attack, (tried, broken) in rows.items()]
    tried, broken = (sum(row[index] for row in rows.values()) for index in (0, 1))
    return "\n".join([*lines, f"{'all':<{width}}  {tried:>8}  {broken:>8}"])


def merged(files: list[Path]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for file in files:
        for attack, (tried, broken) in json.loads(file.read_text()).items():
            row = rows.setdefault(attack, [0, 0])
            row[0] += tried
            row[1] += broken
    return rows


def main() -> None:
    rows = merged([Path(file) for file in sys.argv[1:]])
    print(table(rows))
    if not rows or any(broken for _, broken in rows.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
