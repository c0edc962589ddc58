"""`chronology link` over packs of submissions, as a partnership would run it over its own.

    link.py [FOLDER…]      folders with a submissions.ndjson; by default every pack in crates/linkage/packs

The binary is CHRONOLOGY_BINARY.
"""

import copy
import json
import os
import random
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import jsonschema_rs

PROJECT = Path(__file__).parents[2]
BINARY = os.environ.get("CHRONOLOGY_BINARY", str(PROJECT / "target/debug/chronology"))
ALL_READ, NOT_ALL_READ = 0, 2


def check(what: str, holds: bool, detail: object = "") -> None:
    if not holds:
        sys.exit(f"link: FAILED: {what} {detail}")


def schema(which: str):
    printed = subprocess.run([BINARY, "link", "--schema", which], check=True, capture_output=True).stdout
    return jsonschema_rs.validator_for(json.loads(printed))


@dataclass
class Linked:
    """What one run wrote and said."""

    links: dict
    status: int
    said: str
    # The most memory it took, in bytes, as far as it was looked at.
    peak: int


def link(folder: Path, lines: list[bytes], *arguments: str) -> Linked:
    submissions, links = folder / "submissions.ndjson", folder / "links.json"
    submissions.write_bytes(b"".join(line + b"\n" for line in lines))
    command = [BINARY, "link", "--input", str(submissions), "--output", str(links), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        peak = peak_memory(running)
        said = running.stdout.read()
    check("the run ends well", running.returncode in (ALL_READ, NOT_ALL_READ), (running.returncode, said))
    check("the links are for nobody else", stat.S_IMODE(links.stat().st_mode) == 0o600)
    check("nothing is left beside them", {file.name for file in folder.iterdir()} == {submissions.name, links.name})
    return Linked(json.loads(links.read_bytes()), running.returncode, said, peak)


def peak_memory(running: subprocess.Popen) -> int:
    """Waits for the process; the peak that the system keeps for it, in bytes."""
    peak = 0
    while running.poll() is None:
        try:
            status = Path(f"/proc/{running.pid}/status").read_text()
        except OSError:
            break
        peaks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
        peak = max(peak, *(int(kilobytes) * 1024 for kilobytes in peaks), 0)
        time.sleep(0.02)
    return peak


def packs(arguments: list[str]) -> list[Path]:
    folders = [Path(one) for one in arguments] or sorted((PROJECT / "crates/linkage/packs").iterdir())
    found = [folder for folder in folders if (folder / "submissions.ndjson").is_file()]
    check("there are packs", bool(found))
    return found


def submissions_of(pack: Path) -> list[dict]:
    lines = (pack / "submissions.ndjson").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def encoded(submissions: list[dict]) -> list[bytes]:
    return [json.dumps(one, ensure_ascii=False).encode() for one in submissions]


def entries(links: dict) -> list[str]:
    return [entry for row in links["rows"] for entry in row["entries"]]


def without_lines(links: dict) -> dict:
    """Everything but where a warning stands in the file."""
    links = copy.deepcopy(links)
    for warning in links["warnings"]:
        del warning["line"]
    return links


def whole(links: dict, submissions: list[dict]) -> None:
    """Every entry and every submission exactly once, and every name of the document is one of its own."""
    told = sorted(f"{one['submission']}/{event['id']}" for one in submissions for event in one["events"])
    check("every entry stands on exactly one row", sorted(entries(links)) == told)
    people = links["children"] + links["adults"]
    of = sorted(submission for person in people for submission in person["submissions"])
    check("every submission is one person's", of == sorted(one["submission"] for one in submissions))
    rows = {row["id"]: row for row in links["rows"]}
    children = {child["id"] for child in links["children"]}
    check("rows have names of their own", len(rows) == len(links["rows"]))
    in_families = {child for family in links["families"] for child in family["children"]}
    check("every child has a family", in_families == children)
    check("rows name children", all(set(row["children"]) <= children for row in rows.values()))
    agency = {one["submission"]: one["agency"] for one in submissions}
    for told_once in links["told_once"]:
        check("told once: on its row", set(told_once["entries"]) <= set(rows[told_once["row"]]["entries"]))
        check("told once: one agency", {agency[e.split("/")[0]] for e in told_once["entries"]} == {told_once["agency"]})
        check("told once: with reasons", bool(told_once["evidence"]))
    for linked in links["linked"]:
        check("linked: its row", linked["entries"] == rows[linked["row"]]["entries"])
        check("linked: several agencies", len({agency[e.split("/")[0]] for e in linked["entries"]}) > 1)
        check("linked: with reasons", bool(linked["evidence"]))
    together = [row for row in rows.values() if len(row["entries"]) > 1]
    kept = {one["row"] for one in links["told_once"] + links["linked"]}
    check("every row of several entries is told once or linked", {row["id"] for row in together} == kept)
    for question in links["questions"]:
        check("questions are between two people", len(set(question["people"])) == 2)
        check("questions come with evidence", bool(question["evidence"]))


def keeps_silent(linked: Linked, submissions: list[dict]) -> None:
    """Neither the terminal nor the document repeats a name or a text."""
    written = json.dumps(linked.links, ensure_ascii=False)
    for one in submissions:
        texts = [event["text"] for event in one["events"] if event.get("text") and len(event["text"]) > 20]
        check("no text is repeated", not any(text in written or text in linked.said for text in texts))
        families = [one["subject"].get("family"), *(relation["family"] for relation in one["subject"]["relations"])]
        families = [name for name in families if name and len(name) > 4]
        check("no family is named at the terminal", not any(name in linked.said for name in families))


def the_pack(folder: Path, pack: Path) -> None:
    submissions = submissions_of(pack)
    linked = link(folder, encoded(submissions))
    check("all lines are read", linked.status == ALL_READ and not linked.links["failed_lines"])
    whole(linked.links, submissions)
    keeps_silent(linked, submissions)
    schema("output").validate(linked.links)
    expected = without_lines(linked.links)
    for seed in (1, 2, 3):
        shuffled = list(submissions)
        random.Random(seed).shuffle(shuffled)
        again = link(folder, encoded(shuffled)).links
        check(f"the order of lines plays no part ({pack.name}, {seed})", without_lines(again) == expected)
    counts = linked.links["counts"]
    print(f"link: {pack.name}: {counts['entries']} entries, {counts['rows']} events, {counts['children']} children")


def bad_lines(folder: Path, submissions: list[dict]) -> None:
    good = encoded(submissions)
    alone = link(folder, good).links
    bad = [b"{", b"\xff\xfe", b"[]", b'{"subject":"x"}', b'{"events":[],"events":[]}', b'{"a":' * 5000]
    lines = [bad[0], *good[:7], *bad[1:4], b"", *good[7:], *bad[4:]]
    linked = link(folder, lines)
    check("bad lines end with a status of their own", linked.status == NOT_ALL_READ)
    wanted = [number for number, line in enumerate(lines, 1) if line in bad]
    found = linked.links["failed_lines"]
    check("every bad line is named", [fault["line"] for fault in found] == wanted, found)
    check("with a code", all(fault["code"] and fault["message"] for fault in found))
    check("the terminal names them too", all(f"line {number}" in linked.said for number in wanted))
    for part in ("children", "families", "rows", "told_once", "linked", "related", "questions"):
        check(f"good lines go on: {part}", linked.links[part] == alone[part])
    schema("output").validate(linked.links)


def odd_values(folder: Path, submissions: list[dict]) -> None:
    """Whatever an export holds, the entries are all there."""
    odd = ["", " ", "A", "🙂" * 40, "Ö" * 5000, "Οδυσσέας 奥德修斯", "\u0000\u202e'\"\\/#%", "1 January", "99999-99-99"]
    changed = copy.deepcopy(submissions)
    for place, one in enumerate(changed):
        value, subject = odd[place % len(odd)], one["subject"]
        for key in ("given", "family", "nhs_number", "upn", "born_on", "sex", "school"):
            if place % 3 == 0:
                subject[key] = value
        subject["known_as"] = [value, None, 7] if place % 2 else value
        subject["shoe_size"] = 4
        subject["addresses"] = value if place % 2 else [{"lines": value, "postcode": value, "from": value}]
        for number, event in enumerate(one["events"]):
            key = ("date", "time", "type", "text", "reference", "also_about")[number % 6]
            event[key] = value
    changed[0]["subject"]["relations"] = None
    changed[1]["agency"] = None
    changed[2]["subject"]["born_on"] = "1890-01-01"
    changed[3]["subject"]["born_on"] = "2150-01-01"
    linked = link(folder, encoded(changed))
    check("odd values are no bad lines", linked.status == ALL_READ, linked.links["failed_lines"])
    told = sorted(f"{one['submission']}/{event['id']}" for one in changed for event in one["events"])
    check("odd values lose nothing", sorted(entries(linked.links)) == told)
    unknown = [warning for warning in linked.links["warnings"] if warning["code"] == "unknown_property"]
    check("unknown properties are named once a line", len(unknown) == len(changed))
    schema("output").validate(linked.links)


def unknown_types(folder: Path, submissions: list[dict]) -> None:
    changed = copy.deepcopy(submissions)
    for one in changed:
        for event in one["events"]:
            event["type"] = "Zorb 17"
    linked = link(folder, encoded(changed))
    check("types that nobody knows lose nothing", len(entries(linked.links)) == sum(len(s["events"]) for s in changed))
    check("types that nobody knows are linked", bool(linked.links["told_once"]) and bool(linked.links["linked"]))
    agencies = {one["agency"] for one in changed if one["events"]}
    unknown = [warning for warning in linked.links["warnings"] if warning["code"] == "type_unknown"]
    check("types that nobody knows are named once for each agency", len(unknown) == len(agencies))


def name(*seed: object) -> str:
    """An invented name, the same for the same seed, unlike those of other seeds."""
    chance = random.Random(repr(seed))
    return "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(4)).capitalize()


def of_its_own(submission: dict, number: int) -> dict:
    """A copy of a submission about a family that shares nothing with the other copies."""
    one = copy.deepcopy(submission)
    one["submission"] = f"{number}-{one['submission']}"
    subject = one["subject"]
    subject.update(nhs_number=None, upn=None, reference=None, id=f"{number}-{subject['id']}", addresses=[], known_as=[])
    for person in (subject, *subject["relations"]):
        for key in ("given", "family"):
            person[key] = name(number, person[key]) if person.get(key) else None
        if person.get("born_on"):
            year, rest = person["born_on"][:4], person["born_on"][4:]
            person["born_on"] = f"{int(year) - number % 9}{rest}".replace("-02-29", "-02-28")
    for event in one["events"][:1]:
        event["text"] = (event["text"] or "") + " and so on" * 2500
    return one


def much(folder: Path, submissions: list[dict]) -> None:
    """Many families: narrative of one circle of them is in memory, not of all."""
    sizes, peaks = [], []
    for copies in (1, 5):
        many = encoded([of_its_own(one, number) for number in range(copies) for one in submissions])
        sizes.append(sum(len(line) for line in many))
        started = time.monotonic()
        linked = link(folder, many)
        took = time.monotonic() - started
        peaks.append(linked.peak)
        told = copies * sum(len(one["events"]) for one in submissions)
        check("many families lose nothing", len(set(entries(linked.links))) == told)
        families = linked.links["counts"]["families"]
        check("families that share nothing stay apart", families > copies * 8, families)
        print(f"link: {families} families, {sizes[-1] >> 20} MiB: {took:.1f} s, {linked.peak >> 20} MiB of memory")
    check("narrative is not kept in memory", peaks[1] - peaks[0] < (sizes[1] - sizes[0]) / 2, (sizes, peaks))


def main() -> None:
    found = packs(sys.argv[1:])
    first = submissions_of(found[0])
    validator = schema("input")
    for pack in found:
        for one in submissions_of(pack):
            validator.validate(one)
    with tempfile.TemporaryDirectory(prefix="chronology-link.") as work:
        folder = Path(work)
        for pack in found:
            the_pack(folder, pack)
        bad_lines(folder, first)
        odd_values(folder, first)
        unknown_types(folder, first)
        much(folder, first)
    print("link: good")


if __name__ == "__main__":
    main()
