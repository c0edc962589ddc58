"""What was found against what is true, by the definitions of `src/events/measure.rs`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

from pack import Pack, Told


@dataclass
class Rows:
    """Which row each entry stands on, and which rows were suggested to be one event."""

    row_of: dict[str, str]
    suggested: set[frozenset[str]]

    def together(self, a: Told, b: Told) -> bool:
        row = self.row_of.get(a.name)
        return row is not None and row == self.row_of.get(b.name)

    def connected(self, a: Told, b: Told) -> bool:
        rows = {self.row_of.get(a.name), self.row_of.get(b.name)}
        return self.together(a, b) or frozenset(rows) in self.suggested

    def entries_by_row(self, pack: Pack) -> dict[str, list[Told]]:
        rows: dict[str, list[Told]] = {}
        for name, row in self.row_of.items():
            rows.setdefault(row, []).append(pack.entries[name])
        return rows


@dataclass
class Score:
    """Pairs found, wanted, and both."""

    right: int = 0
    found: int = 0
    wanted: int = 0

    def add(self, found: bool, wanted: bool) -> None:
        self.right += found and wanted
        self.found += found
        self.wanted += wanted

    def __str__(self) -> str:
        precision, recall = ratio(self.right, self.found), ratio(self.right, self.wanted)
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        counts = f"({self.right} right, {self.found} found, {self.wanted} wanted)"
        return f"P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}  {counts}"


@dataclass
class Share:
    """Some of all."""

    some: int = 0
    all: int = 0

    def add(self, holds: bool) -> None:
        self.some += holds
        self.all += 1

    def __str__(self) -> str:
        return f"{self.some} of {self.all} = {100 * ratio(self.some, self.all):.1f} %"


def ratio(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


@dataclass
class Tally:
    """What was counted in one pack; pairs are pairs of entries."""

    across: Score = field(default_factory=Score)
    same_day: Score = field(default_factory=Score)
    unrelated_same_day: Share = field(default_factory=Share)
    related_merged: Share = field(default_factory=Share)
    mixed_rows: Share = field(default_factory=Share)
    merged_or_suggested: Share = field(default_factory=Share)
    suggested_same: Share = field(default_factory=Share)
    suggested_related: Share = field(default_factory=Share)
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
            empty = isinstance(figure, Share) and figure.all == 0
            print(f"  {what:<27} {'none' if empty else figure}")
        if self.across_families:
            print(f"  pairs merged of families that share no child: {self.across_families}")


def pairs(pack: Pack) -> Iterator[tuple[Told, Told]]:
    """All pairs of entries within families that share a child."""
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
        if len({told.agency for told in members}) > 1:
            counted.mixed_rows.add(len({told.event for told in members}) > 1)
        families = [set_of[told.submission] for told in members]
        counted.across_families += sum(one != other for one, other in combinations(families, 2))
    for suggestion in rows.suggested:
        one, other = suggestion
        between = [(a, b) for a in by_row[one] for b in by_row[other]]
        same = any(a.event == b.event for a, b in between)
        counted.suggested_same.add(same)
        counted.suggested_related.add(same or any(pack.are_related(a, b) for a, b in between))
    return counted


def count_pair(pack: Pack, rows: Rows, pair: tuple[Told, Told], counted: Tally) -> None:
    a, b = pair
    found, wanted = rows.together(a, b), a.event == b.event
    same_day = a.day is not None and a.day == b.day
    counted.across.add(found, wanted)
    if same_day:
        counted.same_day.add(found, wanted)
    if wanted:
        counted.merged_or_suggested.add(rows.connected(a, b))
    elif pack.are_related(a, b):
        counted.related_merged.add(found)
    elif same_day:
        counted.unrelated_same_day.add(found)
