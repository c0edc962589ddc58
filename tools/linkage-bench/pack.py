"""A labelled pack of submissions with its key."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# A single day; an "approximate" or "uncertain" mark does not change the day.
ONE_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})[~?%]?")


@dataclass(frozen=True)
class LabelledEntry:
    """One entry of a submission, with its labels from the key."""

    name: str
    submission: str
    agency: str
    event: str
    day: str | None


class Pack:
    """The submissions in the order of their file, their entries, and the sets of families that share a child."""

    def __init__(self, folder: Path):
        self.folder, self.name = folder, folder.resolve().name
        self.file = folder / "submissions.ndjson"
        lines = self.file.read_text(encoding="utf-8").splitlines()
        self.submissions = [json.loads(line) for line in lines if line.strip()]
        self.by_id = {one["submission"]: one for one in self.submissions}
        key = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        self.child_of: dict[str, str] = key["children"]
        self.families_of: dict[str, list[str]] = key["families"]
        self.related = {frozenset(pair) for pair in key.get("related", [])}
        self.entries = {entry.name: entry for entry in self._label_entries(key["events"])}

    def _label_entries(self, events: dict[str, str]) -> list[LabelledEntry]:
        entries = []
        for one in self.submissions:
            for event in one["events"]:
                name = f"{one['submission']}/{event['id']}"
                entries.append(LabelledEntry(name, one["submission"], one["agency"], events[name], exact_day(event)))
        return entries

    @cached_property
    def sets(self) -> list[list[str]]:
        """The submissions of each set of families that share a child, in the order of the file."""
        root: dict[str, str] = {}

        def find_root(family: str) -> str:
            while root.setdefault(family, family) != family:
                family = root[family]
            return family

        for first, *others in self.families_of.values():
            for family in others:
                root[find_root(family)] = find_root(first)
        sets: dict[str, list[str]] = {}
        for one in self.submissions:
            sets.setdefault(find_root(self.families_of[one["submission"]][0]), []).append(one["submission"])
        return list(sets.values())

    def entries_of(self, submissions: list[str]) -> list[LabelledEntry]:
        wanted = set(submissions)
        return [entry for entry in self.entries.values() if entry.submission in wanted]

    def are_related(self, a: LabelledEntry, b: LabelledEntry) -> bool:
        """Whether the entries are about related events that are not one."""
        return a.event != b.event and frozenset((a.event, b.event)) in self.related


def exact_day(event: dict) -> str | None:
    """The day to which an event is dated, when it is one day."""
    found = ONE_DAY.fullmatch(event.get("date") or event.get("edtf") or "")
    return found[1] if found else None
