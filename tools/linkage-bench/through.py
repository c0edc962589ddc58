"""Measures linkage through the product itself, on labelled packs.

    through.py --binary PATH --how link|api|both [--show] PACK_FOLDER…

`link` runs `chronology link`, which finds children and families too. `api` starts a service for each pack, submits every
set of families that share a child, each agency its own entries, and reads the links as the social worker; there, the key
says which submissions are about one child. `both` prints the figures of both and the number of pairs of entries on which
they differ; `--show` lists these pairs. Figures are defined as in `src/events/measure.rs`.
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
from pack import LabelledEntry, Pack
from scores import Rows, pairs, tally

# The time limit for all packs together.
TIMEOUT_SECONDS = 1_800


@dataclass
class LinkResult:
    """What `chronology link` found in a pack."""

    rows: Rows
    # The submissions of each child.
    children: list[frozenset[str]]
    # The submissions of each set of families that share a child.
    family_sets: list[frozenset[str]]


def run_link(binary: Path, file: Path) -> dict:
    with tempfile.TemporaryDirectory(prefix="chronology-through.") as folder:
        output = Path(folder) / "out.json"
        command = [str(binary), "link", "--input", str(file), "--output", str(output)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS)
        if done.returncode != 0:
            sys.exit(f"chronology link ended with {done.returncode}: {done.stdout}{done.stderr}")
        return json.loads(output.read_text(encoding="utf-8"))


def link_pack(binary: Path, pack: Pack) -> LinkResult:
    links = run_link(binary, pack.file)
    row_of = {entry: row["id"] for row in links["rows"] for entry in row["entries"]}
    if unknown := row_of.keys() - pack.entries.keys():
        sys.exit(f"{pack.name}: entries that the key does not know: {sorted(unknown)[:5]}")
    suggested = {frozenset(one["rows"]) for one in links["suggested"]}
    children = {child["id"]: frozenset(child["submissions"]) for child in links["children"]}
    return LinkResult(Rows(row_of, suggested), list(children.values()), group_families(links["families"], children))


def group_families(families: list[dict], children: dict[str, frozenset[str]]) -> list[frozenset[str]]:
    found: list[set[str]] = []
    for family in families:
        shared = [group for group in found if group & set(family["children"])]
        found = [group for group in found if group not in shared]
        found.append(set(family["children"]).union(*shared))
    return [frozenset().union(*(children[child] for child in group)) for group in found]


def categories(binary: Path, pack: Pack) -> dict[str, str]:
    """The category that `chronology link` gives each type, found by linking one unrelated child for each."""
    kinds = sorted({(event.get("type") or "").strip() for one in pack.submissions for event in one["events"]} - {""})
    with tempfile.TemporaryDirectory(prefix="chronology-through.") as folder:
        file = Path(folder) / "types.ndjson"
        lines = [
            {"submission": f"t{number}", "agency": f"agency-{number}", "subject": {}, "events": [{"id": "e", "type": kind, "text": "-"}]}
            for number, kind in enumerate(kinds)
        ]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        links = run_link(binary, file)
    of = {entry: row["categories"] for row in links["rows"] for entry in row["entries"]}
    return {kind: of[f"t{number}/e"][0] for number, kind in enumerate(kinds) if len(of[f"t{number}/e"]) == 1}


def differing_pairs(pack: Pack, one: Rows, other: Rows) -> Iterator[tuple[LabelledEntry, LabelledEntry]]:
    """Pairs of entries that are on one row in one result and on two rows in the other."""
    return ((a, b) for a, b in pairs(pack) if one.are_merged(a, b) != other.are_merged(a, b))


def submissions_found_as_in_key(pack: Pack, found: LinkResult) -> set[str]:
    """The submissions of those sets of families for which `chronology link` found the children and families of the key."""
    same: set[str] = set()
    for submissions in pack.sets:
        children: dict[str, set[str]] = {}
        for one in submissions:
            children.setdefault(pack.child_of[one], set()).add(one)
        if set(submissions) in found.family_sets and all(child in found.children for child in children.values()):
            same |= set(submissions)
    return same


def compare(pack: Pack, found: LinkResult, api_rows: Rows, show: bool) -> None:
    same_families = submissions_found_as_in_key(pack, found)
    differ = list(differing_pairs(pack, found.rows, api_rows))
    apart = [pair for pair in differ if pair[0].submission not in same_families]
    merged_by_either = sum(found.rows.are_merged(a, b) or api_rows.are_merged(a, b) for a, b in pairs(pack))
    sets = sum(submissions[0] in same_families for submissions in pack.sets)
    print(f"{pack.name}, link compared with api: {len(differ)} pairs differ of {merged_by_either} that either shows as one event")
    print(f"  {len(differ) - len(apart)} of them where link finds the children and families of the key: {sets} of {len(pack.sets)} sets")
    for a, b in differ if show else []:
        by = "link" if found.rows.are_merged(a, b) else "api"
        truth = "one event" if a.event == b.event else "related" if pack.are_related(a, b) else "two events"
        print(f"  only by {by:<4}  {a.name:<12} {b.name:<12} {truth}")


def measure(pack: Pack, how: str, binary: Path, show: bool) -> None:
    found = api_rows = None
    begun = time.monotonic()
    if how != "api":
        found = link_pack(binary, pack)
        tally(pack, found.rows).show(f"{pack.name}, by chronology link")
        print(f"  {time.monotonic() - begun:.1f} s", flush=True)
    begun = time.monotonic()
    if how != "link":
        api_rows, notes = over_api.rows(binary, pack, categories(binary, pack))
        tally(pack, api_rows).show(f"{pack.name}, over the API")
        for what, count in sorted((+notes).items()):
            print(f"  {what}: {count}")
        print(f"  {time.monotonic() - begun:.1f} s", flush=True)
    if found and api_rows:
        compare(pack, found, api_rows, show)


def abort(number: int, _frame: object) -> None:
    """Raises SystemExit, so that started processes are stopped and temporary files removed."""
    sys.exit(f"through: aborted after {TIMEOUT_SECONDS} s" if number == signal.SIGALRM else 128 + number)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", type=Path, required=True, help="the chronology binary")
    arguments.add_argument("--how", choices=["link", "api", "both"], default="both")
    arguments.add_argument("--show", action="store_true", help="list the pairs on which link and api differ")
    arguments.add_argument("packs", nargs="+", type=Path, metavar="PACK_FOLDER")
    options = arguments.parse_args()
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, abort)
    signal.alarm(TIMEOUT_SECONDS)
    for folder in options.packs:
        measure(Pack(folder), options.how, options.binary.resolve(), options.show)


if __name__ == "__main__":
    main()
