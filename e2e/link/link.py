"""Checks `chronology link` on packs of submissions.

    link.py [FOLDER…]      folders with a submissions.ndjson; by default every pack in crates/linkage/packs

The environment variable CHRONOLOGY_BINARY names the binary.
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
EXIT_ALL_READ, EXIT_SOME_LINES_FAILED = 0, 2


def check(what: str, condition: bool, detail: object = "") -> None:
    if not condition:
        sys.exit(f"link: FAILED: {what} {detail}")


def schema(which: str):
    printed = subprocess.run(
        [BINARY, "link", "--schema", which], check=True, capture_output=True
    ).stdout
    return jsonschema_rs.validator_for(json.loads(printed))


@dataclass
class LinkRun:
    """Output of one run: the document, the exit status and what it printed."""

    links: dict
    status: int
    output: str
    # Peak resident memory in bytes, as sampled while it ran.
    peak: int


def run_link(folder: Path, lines: list[bytes], *arguments: str) -> LinkRun:
    submissions, links = folder / "submissions.ndjson", folder / "links.json"
    submissions.write_bytes(b"".join(line + b"\n" for line in lines))
    command = [BINARY, "link", "--input", str(submissions), "--output", str(links), *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        peak = peak_memory(process)
        output = process.stdout.read()
    check(
        "the run succeeds",
        process.returncode in (EXIT_ALL_READ, EXIT_SOME_LINES_FAILED),
        (process.returncode, output),
    )
    check("only the owner can read the links file", stat.S_IMODE(links.stat().st_mode) == 0o600)
    check(
        "no other file remains",
        {file.name for file in folder.iterdir()} == {submissions.name, links.name},
    )
    return LinkRun(json.loads(links.read_bytes()), process.returncode, output, peak)


def peak_memory(process: subprocess.Popen) -> int:
    """Waits for the process to exit. Returns its peak resident memory in bytes, as reported by the
    system.
    """
    peak = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        peaks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
        peak = max(peak, *(int(kilobytes) * 1024 for kilobytes in peaks), 0)
        time.sleep(0.02)
    return peak


def find_packs(arguments: list[str]) -> list[Path]:
    folders = [Path(argument) for argument in arguments] or sorted(
        (PROJECT / "crates/linkage/packs").iterdir()
    )
    found = [folder for folder in folders if (folder / "submissions.ndjson").is_file()]
    check("packs were found", bool(found))
    return found


def read_submissions(pack: Path) -> list[dict]:
    lines = (pack / "submissions.ndjson").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def encode_lines(submissions: list[dict]) -> list[bytes]:
    return [json.dumps(submission, ensure_ascii=False).encode() for submission in submissions]


def linked_entries(links: dict) -> list[str]:
    return [entry for row in links["rows"] for entry in row["entries"]]


def without_lines(links: dict) -> dict:
    """The document without the line numbers of warnings."""
    links = copy.deepcopy(links)
    for warning in links["warnings"]:
        del warning["line"]
    return links


def check_complete(links: dict, submissions: list[dict]) -> None:
    """Every entry and every submission occurs exactly once, and every reference within the document
    is valid.
    """
    expected_entries = sorted(
        f"{submission['submission']}/{event['id']}"
        for submission in submissions
        for event in submission["events"]
    )
    check("every entry is on exactly one row", sorted(linked_entries(links)) == expected_entries)
    people = links["children"] + links["adults"]
    assigned = sorted(submission for person in people for submission in person["submissions"])
    check(
        "every submission belongs to exactly one person",
        assigned == sorted(submission["submission"] for submission in submissions),
    )
    rows = {row["id"]: row for row in links["rows"]}
    children = {child["id"] for child in links["children"]}
    check("row ids are unique", len(rows) == len(links["rows"]))
    in_families = {child for family in links["families"] for child in family["children"]}
    check("every child has a family", in_families == children)
    check(
        "rows refer to known children",
        all(set(row["children"]) <= children for row in rows.values()),
    )
    agency = {submission["submission"]: submission["agency"] for submission in submissions}
    for repeat in links["told_once"]:
        check(
            "told_once: its entries are on its row",
            set(repeat["entries"]) <= set(rows[repeat["row"]]["entries"]),
        )
        check(
            "told_once: the entries are of its agency",
            {agency[e.split("/")[0]] for e in repeat["entries"]} == {repeat["agency"]},
        )
        check("told_once: it has evidence", bool(repeat["evidence"]))
    for link in links["linked"]:
        check(
            "linked: its entries are those of its row",
            link["entries"] == rows[link["row"]]["entries"],
        )
        check(
            "linked: the entries are of several agencies",
            len({agency[e.split("/")[0]] for e in link["entries"]}) > 1,
        )
        check("linked: it has evidence", bool(link["evidence"]))
    merged_rows = {row["id"] for row in rows.values() if len(row["entries"]) > 1}
    explained_rows = {link["row"] for link in links["told_once"] + links["linked"]}
    check("every row with several entries is in told_once or linked", merged_rows == explained_rows)
    for question in links["questions"]:
        check("questions are about two people", len(set(question["people"])) == 2)
        check("questions have evidence", bool(question["evidence"]))


def check_nothing_disclosed(run: LinkRun, submissions: list[dict]) -> None:
    """Neither the console output nor the document contains texts; the console output contains no
    family names.
    """
    written = json.dumps(run.links, ensure_ascii=False)
    for submission in submissions:
        texts = [
            event["text"]
            for event in submission["events"]
            if event.get("text") and len(event["text"]) > 20
        ]
        check(
            "no text is disclosed", not any(text in written or text in run.output for text in texts)
        )
        families = [
            submission["subject"].get("family"),
            *(relation["family"] for relation in submission["subject"]["relations"]),
        ]
        families = [name for name in families if name and len(name) > 4]
        check("no family name is printed", not any(name in run.output for name in families))


def check_pack(folder: Path, pack: Path) -> None:
    submissions = read_submissions(pack)
    run = run_link(folder, encode_lines(submissions))
    check("all lines are read", run.status == EXIT_ALL_READ and not run.links["failed_lines"])
    check_complete(run.links, submissions)
    check_nothing_disclosed(run, submissions)
    schema("output").validate(run.links)
    expected = without_lines(run.links)
    for seed in (1, 2, 3):
        shuffled = list(submissions)
        random.Random(seed).shuffle(shuffled)
        again = run_link(folder, encode_lines(shuffled)).links
        check(
            f"the order of lines does not matter ({pack.name}, {seed})",
            without_lines(again) == expected,
        )
    counts = run.links["counts"]
    print(
        f"link: {pack.name}: {counts['entries']} entries, {counts['rows']} events, {counts['children']} children"
    )


def check_bad_lines(folder: Path, submissions: list[dict]) -> None:
    good = encode_lines(submissions)
    alone = run_link(folder, good).links
    bad = [
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"subject":"x"}',
        b'{"events":[],"events":[]}',
        b'{"a":' * 5000,
    ]
    lines = [bad[0], *good[:7], *bad[1:4], b"", *good[7:], *bad[4:]]
    run = run_link(folder, lines)
    check("bad lines have their own exit status", run.status == EXIT_SOME_LINES_FAILED)
    expected_lines = [number for number, line in enumerate(lines, 1) if line in bad]
    found = run.links["failed_lines"]
    check("every bad line is reported", [fault["line"] for fault in found] == expected_lines, found)
    check("each with code and message", all(fault["code"] and fault["message"] for fault in found))
    check(
        "the console output names them too",
        all(f"line {number}" in run.output for number in expected_lines),
    )
    for part in ("children", "families", "rows", "told_once", "linked", "related", "questions"):
        check(f"good lines are processed as before: {part}", run.links[part] == alone[part])
    schema("output").validate(run.links)


def check_unusual_values(folder: Path, submissions: list[dict]) -> None:
    """Unusual values in an export lose no entry."""
    unusual = [
        "",
        " ",
        "A",
        "🙂" * 40,
        "Ö" * 5000,
        "Οδυσσέας 奥德修斯",
        "\u0000\u202e'\"\\/#%",
        "1 January",
        "99999-99-99",
    ]
    changed = copy.deepcopy(submissions)
    for index, submission in enumerate(changed):
        value, subject = unusual[index % len(unusual)], submission["subject"]
        for key in ("given", "family", "nhs_number", "upn", "born_on", "sex", "school"):
            if index % 3 == 0:
                subject[key] = value
        subject["known_as"] = [value, None, 7] if index % 2 else value
        subject["shoe_size"] = 4
        subject["addresses"] = (
            value if index % 2 else [{"lines": value, "postcode": value, "from": value}]
        )
        for number, event in enumerate(submission["events"]):
            key = ("date", "time", "type", "text", "reference", "also_about")[number % 6]
            event[key] = value
    changed[0]["subject"]["relations"] = None
    changed[1]["agency"] = None
    changed[2]["subject"]["born_on"] = "1890-01-01"
    changed[3]["subject"]["born_on"] = "2150-01-01"
    run = run_link(folder, encode_lines(changed))
    check(
        "unusual values are not bad lines", run.status == EXIT_ALL_READ, run.links["failed_lines"]
    )
    expected_entries = sorted(
        f"{submission['submission']}/{event['id']}"
        for submission in changed
        for event in submission["events"]
    )
    check("unusual values lose no entry", sorted(linked_entries(run.links)) == expected_entries)
    unknown = [
        warning for warning in run.links["warnings"] if warning["code"] == "unknown_property"
    ]
    check("unknown properties are reported once per line", len(unknown) == len(changed))
    schema("output").validate(run.links)


def check_unknown_types(folder: Path, submissions: list[dict]) -> None:
    changed = copy.deepcopy(submissions)
    for submission in changed:
        for event in submission["events"]:
            event["type"] = "Zorb 17"
    run = run_link(folder, encode_lines(changed))
    check(
        "unknown types lose no entry",
        len(linked_entries(run.links)) == sum(len(s["events"]) for s in changed),
    )
    check(
        "entries of unknown types are linked",
        bool(run.links["told_once"]) and bool(run.links["linked"]),
    )
    agencies = {submission["agency"] for submission in changed if submission["events"]}
    unknown = [warning for warning in run.links["warnings"] if warning["code"] == "type_unknown"]
    check("unknown types are reported once per agency", len(unknown) == len(agencies))


def invented_name(*seed: object) -> str:
    """An invented name, determined by the seed."""
    generator = random.Random(repr(seed))
    return "".join(
        generator.choice("bdfgklmnprstvz") + generator.choice("aeiou") for _ in range(4)
    ).capitalize()


def independent_copy(submission: dict, number: int) -> dict:
    """A copy of a submission about another family, which has no names or identifiers in common with
    other copies.
    """
    copied = copy.deepcopy(submission)
    copied["submission"] = f"{number}-{copied['submission']}"
    subject = copied["subject"]
    subject.update(
        nhs_number=None,
        upn=None,
        reference=None,
        id=f"{number}-{subject['id']}",
        addresses=[],
        known_as=[],
    )
    for person in (subject, *subject["relations"]):
        for key in ("given", "family"):
            person[key] = invented_name(number, person[key]) if person.get(key) else None
        if person.get("born_on"):
            year, rest = person["born_on"][:4], person["born_on"][4:]
            person["born_on"] = f"{int(year) - number % 9}{rest}".replace("-02-29", "-02-28")
    for event in copied["events"][:1]:
        event["text"] = (event["text"] or "") + " and so on" * 2500
    return copied


def check_memory(folder: Path, submissions: list[dict]) -> None:
    """With many families, only the narratives of one connected component are in memory."""
    sizes, peaks = [], []
    for copies in (1, 5):
        many = encode_lines(
            [
                independent_copy(submission, number)
                for number in range(copies)
                for submission in submissions
            ]
        )
        sizes.append(sum(len(line) for line in many))
        started = time.monotonic()
        run = run_link(folder, many)
        seconds = time.monotonic() - started
        peaks.append(run.peak)
        expected_entries = copies * sum(len(submission["events"]) for submission in submissions)
        check(
            "many families lose no entry", len(set(linked_entries(run.links))) == expected_entries
        )
        families = run.links["counts"]["families"]
        check("unrelated families are not merged", families > copies * 8, families)
        print(
            f"link: {families} families, {sizes[-1] >> 20} MiB: {seconds:.1f} s, {run.peak >> 20} MiB of memory"
        )
    check(
        "narratives are not kept in memory",
        peaks[1] - peaks[0] < (sizes[1] - sizes[0]) / 2,
        (sizes, peaks),
    )


def main() -> None:
    found = find_packs(sys.argv[1:])
    first = read_submissions(found[0])
    validator = schema("input")
    for pack in found:
        for submission in read_submissions(pack):
            validator.validate(submission)
    with tempfile.TemporaryDirectory(prefix="chronology-link.") as work:
        folder = Path(work)
        for pack in found:
            check_pack(folder, pack)
        check_bad_lines(folder, first)
        check_unusual_values(folder, first)
        check_unknown_types(folder, first)
        check_memory(folder, first)
    print("link: passed")


if __name__ == "__main__":
    main()
