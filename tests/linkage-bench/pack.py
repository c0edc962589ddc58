"""A labelled pack of submissions with its key, as the measuring through the product needs it."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# A day alone; "about" and "uncertain" do not widen it.
ONE_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})[~?%]?")


@dataclass(frozen=True)
class Told:
    """One entry: which submission tells it, and what the key says of it."""

    name: str
    submission: str
    agency: str
    event: str
    day: str | None


class Pack:
    """Submissions in the order of their file, entries, and the sets of families that share a child."""

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
        self.entries = {told.name: told for told in self._told(key["events"])}

    def _told(self, events: dict[str, str]) -> list[Told]:
        told = []
        for one in self.submissions:
            for event in one["events"]:
                name = f"{one['submission']}/{event['id']}"
                told.append(Told(name, one["submission"], one["agency"], events[name], exact_day(event)))
        return told

    @cached_property
    def sets(self) -> list[list[str]]:
        """Submissions of families that share a child, each list in the order of the file."""
        root: dict[str, str] = {}

        def top(family: str) -> str:
            while root.setdefault(family, family) != family:
                family = root[family]
            return family

        for first, *others in self.families_of.values():
            for family in others:
                root[top(family)] = top(first)
        sets: dict[str, list[str]] = {}
        for one in self.submissions:
            sets.setdefault(top(self.families_of[one["submission"]][0]), []).append(one["submission"])
        return list(sets.values())

    def entries_of(self, submissions: list[str]) -> list[Told]:
        wanted = set(submissions)
        return [told for told in self.entries.values() if told.submission in wanted]

    def are_related(self, a: Told, b: Told) -> bool:
        """Whether their events have to do with each other and are not one."""
        return a.event != b.event and frozenset((a.event, b.event)) in self.related


def exact_day(event: dict) -> str | None:
    """The day an entry is dated to, when it is one."""
    found = ONE_DAY.fullmatch(event.get("date") or event.get("edtf") or "")
    return found[1] if found else None
