"""A set of families of a pack as social care would record it: its children, its adults, and whom an entry is about.

Which submissions are of one child is taken from the key; everything else from what the agencies say.
"""

import re
import unicodedata
from collections import Counter
from datetime import date
from difflib import SequenceMatcher

from pack import Pack

SIBLINGS = {"sibling_of", "half_sibling_of", "twin_of"}
PLACEHOLDERS = {"unborn", "unborn baby", "unborn child", "ub", "ubb", "baby", "bump", "new baby"}
SEXES = {"f": "female", "female": "female", "m": "male", "male": "male", "indeterminate": "indeterminate"}
# From the first that anybody can know to a late birth.
PREGNANCY_DAYS = 300
# More alike than this, a name that nobody goes by is a slip: Neveah for Nevaeh.
SLIP = 0.8
# The API's limits.
MOST_NAMES, MOST_ADDRESSES = 20, 50


class Child:
    """What all submissions about one child say of it."""

    def __init__(self, key: str, submissions: list[dict]):
        self.key = key
        self.subjects = [one["subject"] for one in submissions]
        self.records = {
            (one["agency"], str(own).lower())
            for one in submissions
            for own in (one["subject"].get("id"), one["subject"].get("reference"))
            if own
        }
        self.names = self._names()
        self.born = self._most("born_on")
        self.expected = self._most("expected_on")
        self.called = {call for given, family in self.names for call in calls(given, family)}

    def _most(self, field: str) -> str | None:
        """What most submissions say; of those said equally often, what stands first."""
        said = Counter(subject[field] for subject in self.subjects if subject.get(field))
        return said.most_common(1)[0][0] if said else None

    def _names(self) -> list[tuple[str, str | None]]:
        """The name in use first: the one that most say, and a placeholder only if there is nothing else."""
        in_use = Counter[tuple[str, str | None]]()
        others = []
        for subject in self.subjects:
            if subject.get("given"):
                in_use[(subject["given"].strip(), subject.get("family"))] += 1
            others += [split(one, subject.get("family")) for one in subject.get("known_as") or []]
        often = [name for name, _ in in_use.most_common()]
        often.sort(key=lambda name: plain(name[0]) in PLACEHOLDERS)
        return list(dict.fromkeys(often + others)) or [("Unborn baby", self._most("family"))]

    def nearly_called(self, name: str) -> bool:
        return any(SequenceMatcher(None, name, call).ratio() > SLIP for call in self.called)

    def unborn_on(self, day: str | None) -> bool:
        if self.born is None:
            return self.expected is not None
        return day is not None and 1 <= (date.fromisoformat(self.born) - date.fromisoformat(day)).days <= PREGNANCY_DAYS

    def addresses(self) -> list[dict]:
        found = {}
        for subject in self.subjects:
            for one in subject.get("addresses") or []:
                kept = {name: one[name] for name in ("lines", "postcode", "from", "until") if one.get(name)}
                found.setdefault((plain(one["lines"]), one.get("from"), one.get("until")), kept)
        return list(found.values())[:MOST_ADDRESSES]

    def person(self) -> dict:
        """The record as the API takes it."""
        (given, family), *others = self.names
        record = {
            "kind": "child",
            "name": name_of(given, family),
            "other_names": [name_of(*one) for one in others[:MOST_NAMES]],
            "no_nhs_number_reason": "not_known_to_agency",
            "addresses": self.addresses(),
            "sex": SEXES.get(str(self._most("sex")).lower(), "not_known"),
        }
        if self.born or self.expected:
            record["birth"] = {"date": self.born} if self.born else {"date": self.expected, "expected": True}
        return record


class Household:
    """The children and adults of families that share a child."""

    def __init__(self, pack: Pack, submissions: list[str]):
        self.submissions = [pack.by_id[one] for one in submissions]
        keys = dict.fromkeys(pack.child_of[one] for one in submissions)
        of = {key: [pack.by_id[one] for one in submissions if pack.child_of[one] == key] for key in keys}
        self.children = {key: Child(key, of[key]) for key in keys}
        self.families = {key: {family for one in of[key] for family in pack.families_of[one["submission"]]} for key in keys}
        # Adults by plain name, and what they are to which child.
        self.adults: dict[tuple[str, str], tuple[str, str | None]] = {}
        self.relations: dict[tuple[tuple[str, str], str, str], None] = {}
        for key, child in self.children.items():
            self._learn_adults(key, child)

    def _learn_adults(self, key: str, child: Child) -> None:
        relations = [one for subject in child.subjects for one in subject.get("relations") or []]
        for one in relations:
            given, family = one.get("given") or one.get("family"), one.get("family")
            if one["kind"] in SIBLINGS or not given:
                continue
            adult = (plain(given), plain(family or ""))
            self.adults.setdefault(adult, (given, family if one.get("given") else None))
            self.relations.setdefault((adult, one["kind"], key))

    def about(self, submission: dict, child: str, event: dict) -> tuple[list[str], int]:
        """The children an entry is about, the submission's own first, and how many names nobody or several go by."""
        named, unknown = [child], 0
        for name in event.get("also_about") or []:
            found = self._found(submission["agency"], child, event, name)
            named += [found] if found else []
            unknown += found is None
        return list(dict.fromkeys(named)), unknown

    def _found(self, agency: str, child: str, event: dict, name: str) -> str | None:
        """By record, by name, as the unborn child, by a slip; in the child's own families before others."""
        called = plain(name)
        all_of_them = self.children.values()
        searches = [
            [one.key for one in all_of_them if (agency, name.strip().lower()) in one.records],
            [one.key for one in all_of_them if called in one.called],
        ]
        if called in PLACEHOLDERS or called.split(" ")[0] in PLACEHOLDERS:
            day = event.get("date")
            searches.append([one.key for one in all_of_them if one.unborn_on(day)])
            searches.append([one.key for one in all_of_them if one.expected])
        searches.append([one.key for one in all_of_them if one.key != child and one.nearly_called(called)])
        for found in searches:
            near = [key for key in found if self.families[key] & self.families[child]] or found
            if near:
                return near[0] if len(near) == 1 else None
        return None


def plain(name: str) -> str:
    """Small letters without accents and apostrophes, one space between words."""
    bare = unicodedata.normalize("NFKD", name.lower().replace("'", "").replace("’", ""))
    bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return " ".join(re.findall(r"\w+", bare))


def calls(given: str, family: str | None) -> set[str]:
    """What a person of this name is called in lists of names."""
    given, family = plain(given), plain(family or "")
    first = given.split(" ")[0]
    return {given, first} | ({f"{given} {family}", f"{first} {family}", f"{family} {given}"} if family else set())


def split(known_as: str, family: str | None) -> tuple[str, str | None]:
    """A name that somebody goes by; with the family name where it ends in it."""
    given, _, last = known_as.strip().rpartition(" ")
    return (given, last) if given and family and plain(last) == plain(family) else (known_as.strip(), None)


def name_of(given: str, family: str | None) -> dict:
    return {"given": given, "family": family} if family else {"given": given}
