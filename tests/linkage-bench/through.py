"""Linkage measured through the product itself, on labelled packs.

    through.py --binary PATH --how link|api|both [--show] PACK_FOLDER…

`link` runs `chronology link`, which finds children and families too. `api` tells every set of families that share a
child to a service of its own, each agency its own returns, and reads the links as the social worker; which submissions
are of one child is then known. `both` prints the figures of both and the pairs of entries on which they differ, which
`--show` lists. Figures are defined as in `src/events/measure.rs`.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import over_api
from pack import Pack, Told
from scores import Rows, pairs, tally

# For all packs together; whatever still runs by then is ended.
LONGEST_SECONDS = 1_800


@dataclass
class Linked:
    """What `chronology link` found in a pack."""

    rows: Rows
    # Submissions of one child, for each child.
    children: list[frozenset[str]]
    # Submissions of families that share a child.
    circles: list[frozenset[str]]


def link(binary: Path, file: Path) -> dict:
    with tempfile.TemporaryDirectory(prefix="chronology-through.") as folder:
        output = Path(folder) / "out.json"
        command = [str(binary), "link", "--input", str(file), "--output", str(output)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS)
        if done.returncode != 0:
            sys.exit(f"chronology link ended with {done.returncode}: {done.stdout}{done.stderr}")
        return json.loads(output.read_text(encoding="utf-8"))


def linked(binary: Path, pack: Pack) -> Linked:
    links = link(binary, pack.file)
    row_of = {entry: row["id"] for row in links["rows"] for entry in row["entries"]}
    if strange := row_of.keys() - pack.entries.keys():
        sys.exit(f"{pack.name}: entries that the key does not know: {sorted(strange)[:5]}")
    suggested = {frozenset(one["rows"]) for one in links["suggested"]}
    children = {child["id"]: frozenset(child["submissions"]) for child in links["children"]}
    return Linked(Rows(row_of, suggested), list(children.values()), circles(links["families"], children))


def circles(families: list[dict], children: dict[str, frozenset[str]]) -> list[frozenset[str]]:
    found: list[set[str]] = []
    for family in families:
        shared = [circle for circle in found if circle & set(family["children"])]
        found = [circle for circle in found if circle not in shared]
        found.append(set(family["children"]).union(*shared))
    return [frozenset().union(*(children[child] for child in circle)) for circle in found]


def categories(binary: Path, pack: Pack) -> dict[str, str]:
    """The category that `chronology link` gives each type: it is asked with one unrelated child for each."""
    kinds = sorted({(event.get("type") or "").strip() for one in pack.submissions for event in one["events"]} - {""})
    with tempfile.TemporaryDirectory(prefix="chronology-through.") as folder:
        file = Path(folder) / "types.ndjson"
        lines = [
            {"submission": f"t{number}", "agency": f"agency-{number}", "subject": {}, "events": [{"id": "e", "type": kind, "text": "-"}]}
            for number, kind in enumerate(kinds)
        ]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        links = link(binary, file)
    of = {entry: row["categories"] for row in links["rows"] for entry in row["entries"]}
    return {kind: of[f"t{number}/e"][0] for number, kind in enumerate(kinds) if len(of[f"t{number}/e"]) == 1}


def differing(pack: Pack, one: Rows, other: Rows) -> Iterator[tuple[Told, Told]]:
    """Pairs of entries that stand on one row in one and on two in the other."""
    return ((a, b) for a, b in pairs(pack) if one.together(a, b) != other.together(a, b))


def found_as_they_are(pack: Pack, found: Linked) -> set[str]:
    """Submissions of the sets of families whose children and families `chronology link` found as the key has them."""
    same: set[str] = set()
    for submissions in pack.sets:
        children: dict[str, set[str]] = {}
        for one in submissions:
            children.setdefault(pack.child_of[one], set()).add(one)
        if set(submissions) in found.circles and all(child in found.children for child in children.values()):
            same |= set(submissions)
    return same


def compare(pack: Pack, found: Linked, told: Rows, show: bool) -> None:
    same_families = found_as_they_are(pack, found)
    differ = list(differing(pack, found.rows, told))
    apart = [pair for pair in differ if pair[0].submission not in same_families]
    together = sum(found.rows.together(a, b) or told.together(a, b) for a, b in pairs(pack))
    sets = sum(submissions[0] in same_families for submissions in pack.sets)
    print(f"{pack.name}, link beside api: {len(differ)} pairs differ of {together} that either shows as one event")
    print(f"  {len(differ) - len(apart)} of them where link finds children and families as the key has them: {sets} of {len(pack.sets)} sets")
    for a, b in differ if show else []:
        by = "link" if found.rows.together(a, b) else "api"
        truth = "one event" if a.event == b.event else "related" if pack.are_related(a, b) else "two events"
        print(f"  only by {by:<4}  {a.name:<12} {b.name:<12} {truth}")


def measure(pack: Pack, how: str, binary: Path, show: bool) -> None:
    found = told = None
    begun = time.monotonic()
    if how != "api":
        found = linked(binary, pack)
        tally(pack, found.rows).show(f"{pack.name}, by chronology link")
        print(f"  {time.monotonic() - begun:.1f} s", flush=True)
    begun = time.monotonic()
    if how != "link":
        told, notes = over_api.rows(binary, pack, categories(binary, pack))
        tally(pack, told).show(f"{pack.name}, over the API")
        for what, count in sorted((+notes).items()):
            print(f"  {what}: {count}")
        print(f"  {time.monotonic() - begun:.1f} s", flush=True)
    if found and told:
        compare(pack, found, told, show)


def give_up(number: int, _frame: object) -> None:
    """Ends by an exception, so that what was started is ended and what was written is removed."""
    sys.exit(f"through: given up after {LONGEST_SECONDS} s" if number == signal.SIGALRM else 128 + number)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", type=Path, required=True, help="the chronology binary")
    arguments.add_argument("--how", choices=["link", "api", "both"], default="both")
    arguments.add_argument("--show", action="store_true", help="list the pairs on which link and api differ")
    arguments.add_argument("packs", nargs="+", type=Path, metavar="PACK_FOLDER")
    wanted = arguments.parse_args()
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, give_up)
    signal.alarm(LONGEST_SECONDS)
    for folder in wanted.packs:
        measure(Pack(folder), wanted.how, wanted.binary.resolve(), wanted.show)


if __name__ == "__main__":
    main()
