"""Compares the rows that were found with the true events, by the definitions of `src/events/measure.rs`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

from pack import LabelledEntry, Pack


@dataclass
class Rows:
    """The row of each entry, and the pairs of rows that were suggested to be one event."""

    row_of: dict[str, str]
    suggested: set[frozenset[str]]

    def are_merged(self, a: LabelledEntry, b: LabelledEntry) -> bool:
        row = self.row_of.get(a.name)
        return row is not None and row == self.row_of.get(b.name)

    def are_merged_or_suggested(self, a: LabelledEntry, b: LabelledEntry) -> bool:
        rows = {self.row_of.get(a.name), self.row_of.get(b.name)}
        return self.are_merged(a, b) or frozenset(rows) in self.suggested

    def entries_by_row(self, pack: Pack) -> dict[str, list[LabelledEntry]]:
        rows: dict[str, list[LabelledEntry]] = {}
        for name, row in self.row_of.items():
            rows.setdefault(row, []).append(pack.entries[name])
        return rows


@dataclass
class PairCounts:
    """Counts of pairs: found, expected by the key, and both."""

    correct: int = 0
    found: int = 0
    expected: int = 0

    def add(self, found: bool, expected: bool) -> None:
        self.correct += found and expected
        self.found += found
        self.expected += expected

    def __str__(self) -> str:
        precision, recall = ratio(self.correct, self.found), ratio(self.correct, self.expected)
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        counts = f"({self.correct} correct, {self.found} found, {self.expected} expected)"
        return f"P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}  {counts}"


@dataclass
class Proportion:
    """How many of all cases have a property."""

    holding: int = 0
    all: int = 0

    def add(self, holds: bool) -> None:
        self.holding += holds
        self.all += 1

    def __str__(self) -> str:
        return f"{self.holding} of {self.all} = {100 * ratio(self.holding, self.all):.1f} %"


def ratio(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


@dataclass
class Tally:
    """The counts of one pack. Pairs are pairs of entries."""

    across: PairCounts = field(default_factory=PairCounts)
    same_day: PairCounts = field(default_factory=PairCounts)
    unrelated_same_day: Proportion = field(default_factory=Proportion)
    related_merged: Proportion = field(default_factory=Proportion)
    mixed_rows: Proportion = field(default_factory=Proportion)
    merged_or_suggested: Proportion = field(default_factory=Proportion)
    suggested_same: Proportion = field(default_factory=Proportion)
    suggested_related: Proportion = field(default_factory=Proportion)
    across_families: int = 0
    entries: int = 0
    lost: int = 0

    def show(self, title: str) -> None:
        print(f"{title}: {self.entries} entries, {self.lost} lost")
        for what, figure in [
            ("across agencies", self.across),
            ("  on one day", self.same_day),
            ("unrelated, one day, merged", self.unrelated_same_day),
            ("related merged", self.related_merged),
            ("rows that mix events", self.mixed_rows),
            ("merged or suggested", self.merged_or_suggested),
            ("suggested: same", self.suggested_same),
            ("suggested: same or related", self.suggested_related),
        ]:
            empty = isinstance(figure, Proportion) and figure.all == 0
            print(f"  {what:<27} {'none' if empty else figure}")
        if self.across_families:
            print(f"  pairs merged of families that share no child: {self.across_families}")


def pairs(pack: Pack) -> Iterator[tuple[LabelledEntry, LabelledEntry]]:
    """All pairs of entries within each set of families that share a child."""
    for submissions in pack.sets:
        yield from combinations(pack.entries_of(submissions), 2)


def tally(pack: Pack, rows: Rows) -> Tally:
    counted = Tally(entries=len(pack.entries), lost=sum(name not in rows.row_of for name in pack.entries))
    for a, b in pairs(pack):
        if a.agency != b.agency:
            count_pair(pack, rows, (a, b), counted)
    by_row = rows.entries_by_row(pack)
    set_of = {one: number for number, submissions in enumerate(pack.sets) for one in submissions}
    for members in by_row.values():
        if len({entry.agency for entry in members}) > 1:
            counted.mixed_rows.add(len({entry.event for entry in members}) > 1)
        families = [set_of[entry.submission] for entry in members]
        counted.across_families += sum(one != other for one, other in combinations(families, 2))
    for suggestion in rows.suggested:
        one, other = suggestion
        between = [(a, b) for a in by_row[one] for b in by_row[other]]
        same = any(a.event == b.event for a, b in between)
        counted.suggested_same.add(same)
        counted.suggested_related.add(same or any(pack.are_related(a, b) for a, b in between))
    return counted


def count_pair(pack: Pack, rows: Rows, pair: tuple[LabelledEntry, LabelledEntry], counted: Tally) -> None:
    a, b = pair
    found, expected = rows.are_merged(a, b), a.event == b.event
    same_day = a.day is not None and a.day == b.day
    counted.across.add(found, expected)
    if same_day:
        counted.same_day.add(found, expected)
    if expected:
        counted.merged_or_suggested.add(rows.are_merged_or_suggested(a, b))
    elif pack.are_related(a, b):
        counted.related_merged.add(found)
    elif same_day:
        counted.unrelated_same_day.add(found)
