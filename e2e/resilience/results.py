"""Counts attempts and failures of each check and prints them as a table.

results.py FILE…      merges saved counts; exits with status 1 if there are failures
"""

import json
import sys
import threading
from pathlib import Path

# For each check, this many failures are printed with their reason; further ones are only counted.
MAX_REASONS = 3


def say(text: str) -> None:
    print(f"  {text}", flush=True)


class ResultCounter:
    """Attempts and failures of each check, in order of first use. Can be shared by threads."""

    def __init__(self):
        self.rows: dict[str, list[int]] = {}
        self.lock = threading.Lock()

    def add(self, check: str, attempts: int = 1, failures: int = 0, reason: object = "") -> None:
        with self.lock:
            row = self.rows.setdefault(check, [0, 0, 0])
            row[0] += attempts
            row[1] += failures
            row[2] += bool(failures)
            failure_number = row[2]
        if failures and failure_number <= MAX_REASONS:
            say(f"FAILED  {check}: {str(reason)[:1_000]}")

    def check(self, check: str, passed: object, reason: object = "") -> bool:
        """Counts one attempt. `reason` is printed if it failed."""
        self.add(check, 1, 0 if passed else 1, reason)
        return bool(passed)

    def save(self, file: Path) -> None:
        file.write_text(json.dumps({check: row[:2] for check, row in self.rows.items()}))


def format_table(rows: dict[str, list[int]]) -> str:
    width = max(map(len, [*rows, "check"]))
    lines = [f"{'check':<{width}}  {'attempts':>8}  {'failures':>8}"]
    lines += [
        f"{check:<{width}}  {attempts:>8}  {failures:>8}"
        for check, (attempts, failures) in rows.items()
    ]
    attempts, failures = (sum(row[index] for row in rows.values()) for index in (0, 1))
    return "\n".join([*lines, f"{'all':<{width}}  {attempts:>8}  {failures:>8}"])


def merge_files(files: list[Path]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for file in files:
        for check, (attempts, failures) in json.loads(file.read_text()).items():
            row = rows.setdefault(check, [0, 0])
            row[0] += attempts
            row[1] += failures
    return rows


def main() -> None:
    rows = merge_files([Path(file) for file in sys.argv[1:]])
    print(format_table(rows))
    if not rows or any(failures for _, failures in rows.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
