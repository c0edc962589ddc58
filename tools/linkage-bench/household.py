"""A set of families of a pack as social care would record it: its children, its adults, and whom an entry is about.

The key says which submissions are about one child. Everything else comes from the submissions.
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
# The longest time before a birth at which a pregnancy is known.
PREGNANCY_DAYS = 300
# An unknown name more similar than this to a known one is a misspelling of it: Neveah for Nevaeh.
MISSPELLING_SIMILARITY = 0.8
# The limits of the API.
MAX_NAMES, MAX_ADDRESSES = 20, 50


class Child:
    """What all submissions about one child say about it."""

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
        self.born = self._most_frequent("born_on")
        self.expected = self._most_frequent("expected_on")
        self.called = {call for given, family in self.names for call in name_forms(given, family)}

    def _most_frequent(self, field: str) -> str | None:
        """The value in most submissions; among equally frequent values, the first."""
        values = Counter(subject[field] for subject in self.subjects if subject.get(field))
        return values.most_common(1)[0][0] if values else None

    def _names(self) -> list[tuple[str, str | None]]:
        """All names, the most frequent first. A placeholder comes first only if there is no other name."""
        frequencies = Counter[tuple[str, str | None]]()
        others = []
        for subject in self.subjects:
            if subject.get("given"):
                frequencies[(subject["given"].strip(), subject.get("family"))] += 1
            others += [split_known_name(one, subject.get("family")) for one in subject.get("known_as") or []]
        often = [name for name, _ in frequencies.most_common()]
        often.sort(key=lambda name: plain(name[0]) in PLACEHOLDERS)
        return list(dict.fromkeys(often + others)) or [("Unborn baby", self._most_frequent("family"))]

    def has_similar_name(self, name: str) -> bool:
        return any(SequenceMatcher(None, name, call).ratio() > MISSPELLING_SIMILARITY for call in self.called)

    def is_unborn_on(self, day: str | None) -> bool:
        if self.born is None:
            return self.expected is not None
        return day is not None and 1 <= (date.fromisoformat(self.born) - date.fromisoformat(day)).days <= PREGNANCY_DAYS

    def addresses(self) -> list[dict]:
        found = {}
        for subject in self.subjects:
            for one in subject.get("addresses") or []:
                kept = {name: one[name] for name in ("lines", "postcode", "from", "until") if one.get(name)}
                found.setdefault((plain(one["lines"]), one.get("from"), one.get("until")), kept)
        return list(found.values())[:MAX_ADDRESSES]

    def person(self) -> dict:
        """The record as the API takes it."""
        (given, family), *others = self.names
        record = {
            "kind": "child",
            "name": name_of(given, family),
            "other_names": [name_of(*one) for one in others[:MAX_NAMES]],
            "no_nhs_number_reason": "not_known_to_agency",
            "addresses": self.addresses(),
            "sex": SEXES.get(str(self._most_frequent("sex")).lower(), "not_known"),
        }
        if self.born or self.expected:
            record["birth"] = {"date": self.born} if self.born else {"date": self.expected, "expected": True}
        return record


class Household:
    """The children and adults of one set of families that share a child."""

    def __init__(self, pack: Pack, submissions: list[str]):
        self.submissions = [pack.by_id[one] for one in submissions]
        keys = dict.fromkeys(pack.child_of[one] for one in submissions)
        of = {key: [pack.by_id[one] for one in submissions if pack.child_of[one] == key] for key in keys}
        self.children = {key: Child(key, of[key]) for key in keys}
        self.families = {key: {family for one in of[key] for family in pack.families_of[one["submission"]]} for key in keys}
        # Adults by normalized name, and their relations to children.
        self.adults: dict[tuple[str, str], tuple[str, str | None]] = {}
        self.relations: dict[tuple[tuple[str, str], str, str], None] = {}
        for key, child in self.children.items():
            self._add_adults(key, child)

    def _add_adults(self, key: str, child: Child) -> None:
        relations = [one for subject in child.subjects for one in subject.get("relations") or []]
        for one in relations:
            given, family = one.get("given") or one.get("family"), one.get("family")
            if one["kind"] in SIBLINGS or not given:
                continue
            adult = (plain(given), plain(family or ""))
            self.adults.setdefault(adult, (given, family if one.get("given") else None))
            self.relations.setdefault((adult, one["kind"], key))

    def about(self, submission: dict, child: str, event: dict) -> tuple[list[str], int]:
        """The children an entry is about, the submission's own first, and the number of names that match none or several."""
        named, unknown = [child], 0
        for name in event.get("also_about") or []:
            found = self._find_child(submission["agency"], child, event, name)
            named += [found] if found else []
            unknown += found is None
        return list(dict.fromkeys(named)), unknown

    def _find_child(self, agency: str, child: str, event: dict, name: str) -> str | None:
        """Finds a child by record, by name, as the unborn child or by a misspelling; in the child's own families first."""
        called = plain(name)
        all_of_them = self.children.values()
        searches = [
            [one.key for one in all_of_them if (agency, name.strip().lower()) in one.records],
            [one.key for one in all_of_them if called in one.called],
        ]
        if called in PLACEHOLDERS or called.split(" ")[0] in PLACEHOLDERS:
            day = event.get("date")
            searches.append([one.key for one in all_of_them if one.is_unborn_on(day)])
            searches.append([one.key for one in all_of_them if one.expected])
        searches.append([one.key for one in all_of_them if one.key != child and one.has_similar_name(called)])
        for found in searches:
            near = [key for key in found if self.families[key] & self.families[child]] or found
            if near:
                return near[0] if len(near) == 1 else None
        return None


def plain(name: str) -> str:
    """The name in lower case without accents and apostrophes, with one space between words."""
    bare = unicodedata.normalize("NFKD", name.lower().replace("'", "").replace("’", ""))
    bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return " ".join(re.findall(r"\w+", bare))


def name_forms(given: str, family: str | None) -> set[str]:
    """The forms in which a person of this name occurs in lists of names."""
    given, family = plain(given), plain(family or "")
    first = given.split(" ")[0]
    return {given, first} | ({f"{given} {family}", f"{first} {family}", f"{family} {given}"} if family else set())


def split_known_name(known_as: str, family: str | None) -> tuple[str, str | None]:
    """Splits a known name into given and family name, where it ends in the family name."""
    given, _, last = known_as.strip().rpartition(" ")
    return (given, last) if given and family and plain(last) == plain(family) else (known_as.strip(), None)


def name_of(given: str, family: str | None) -> dict:
    return {"given": given, "family": family} if family else {"given": given}
