"""Measures FEBRL 3 and 4 through `chronology link --population register`: precision, recall and F1 over pairs.

    python3 tools/linkage-bench/febrl_link.py --binary target/release/chronology

Each line of the data is a submission with given name, surname, date of birth and address, but not the social security
number. FEBRL 4 has two files without duplicates within each, so each is an agency with record ids. FEBRL 3 is one file
with duplicates, of one agency.
"""

import argparse
import csv
import json
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

SETS = {"FEBRL3": ["dataset3.csv"], "FEBRL4": ["dataset4a.csv", "dataset4b.csv"]}


def submission(row: dict[str, str], agency: str) -> dict:
    """One line of the data as an agency would export it."""
    born = row["date_of_birth"]
    subject = {
        "kind": "adult",
        "id": row["rec_id"],
        "given": row["given_name"],
        "family": row["surname"],
        "addresses": [
            {
                "lines": " ".join(row[name] for name in ("street_number", "address_1", "address_2", "suburb")),
                "postcode": row["postcode"],
            }
        ],
    }
    if len(born) == 8:
        subject["born_on"] = f"{born[:4]}-{born[4:6]}-{born[6:]}"
    return {"submission": row["rec_id"], "agency": agency, "subject": subject, "events": []}


def read(folder: Path, files: list[str]) -> list[dict]:
    lines = []
    for name in files:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, skipinitialspace=True)
            lines += [submission({key: (value or "").strip() for key, value in row.items()}, name) for row in rows]
    return lines


def pairs(sizes: Counter) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())


def person(record: str) -> str:
    """rec-12-org and rec-12-dup-0 are person 12."""
    return record.split("-")[1]


def measure(binary: Path, name: str, lines: list[dict]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "submissions.ndjson"), Path(folder, "links.json")
        source.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        command = [binary, "link", "--population", "register", "--input", source, "--output", target]
        subprocess.run(command, check=True, capture_output=True)
        links = json.loads(target.read_text(encoding="utf-8"))
    found = correct = 0
    for one in links["children"] + links["adults"]:
        found += pairs(Counter({"all": len(one["submissions"])}))
        correct += pairs(Counter(person(record) for record in one["submissions"]))
    expected = pairs(Counter(person(line["submission"]) for line in lines))
    precision, recall = correct / found, correct / expected
    f1 = 2 * precision * recall / (precision + recall)
    print(f"{name} through chronology link: P {precision:.4f} R {recall:.4f} F1 {f1:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--febrl", type=Path, default=Path(".venv/febrl"))
    arguments = parser.parse_args()
    for name, files in SETS.items():
        measure(arguments.binary, name, read(arguments.febrl, files))


if __name__ == "__main__":
    main()
