"""A pack told to the running service as its agencies would tell it, and the rows that social care then reads.

A service of its own for each pack, on loopback, with an embedded database in a temporary folder.
"""

import sys
import tempfile
import uuid
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "lib"))

from e2e import process
from e2e.caller import Caller, Unexpected
from household import Household
from pack import Pack
from scores import Rows

PARTNERSHIP = "through"
UNKNOWN = "OTHER"
# Kinds of agency in packs that the service calls otherwise; what neither knows is "other".
KINDS = {
    "school": "education",
    "nursery": "education",
    "health_visitor": "health_visiting",
    "midwife": "midwifery",
    "maternity": "midwifery",
    "youth_justice": "probation",
    "substance_misuse": "adult_services",
    "adult_mental_health": "adult_services",
    "adult_social_care": "adult_services",
    "charity": "voluntary",
}
SERVICE_KINDS = {
    "social_care", "education", "gp", "health_visiting", "hospital", "midwifery", "camhs", "police", "housing", "probation",
    "early_help", "adult_services", "voluntary",
}  # fmt: skip
# What `chronology link` takes for an event without a date, in the form that the API does not hold to lie in the future.
UNDATED = "[..2099-12-31]"
LONGEST_TEXT = 4_000


class PackService(process.Service):
    """The service, configured with a pack's agencies and the development issuer."""

    def __init__(self, folder: Path, binary: Path, pack: Pack):
        process.BINARY = str(binary)
        self.agencies = agencies_of(pack)
        self.owner = next(code for code, kind in self.agencies.items() if kind == "social_care")
        super().__init__(folder)
        # Every token is the development issuer's.
        self.issuers = []

    def _configuration(self) -> str:
        quoted = process.quoted
        lines = [
            f"data_folder = {quoted(str(self.data))}",
            "[server]", f'listen = "127.0.0.1:{self.port}"', f"public_url = {quoted(self.public_url)}",
            "[limits]", "caller_allowance = 10000000", "failed_sign_ins = 1000000",
            "[logging]", 'level = "error"', 'format = "json"',
            "[development_issuer]", "enabled = true", f"partnership = {quoted(PARTNERSHIP)}",
            "[[partnerships]]", f"code = {quoted(PARTNERSHIP)}", 'name = "A pack\'s partnership"',
            # As `chronology link` calls what no glossary knows.
            "[[partnerships.policy.categories]]", f"code = {quoted(UNKNOWN)}", 'covers = "What no other category covers"',
        ]  # fmt: skip
        for code, kind in self.agencies.items():
            lines += ["[[partnerships.agencies]]", f"code = {quoted(code)}", f"name = {quoted(code)}", f"kind = {quoted(kind)}"]
        return "\n".join(lines) + "\n"


def agencies_of(pack: Pack) -> dict[str, str]:
    """The agencies with the kinds that the service knows; with social care among them, whoever sent something."""
    found = {}
    for one in pack.submissions:
        kind = KINDS.get(one["agency_kind"], one["agency_kind"])
        found.setdefault(one["agency"], kind if kind in SERVICE_KINDS else "other")
    return found if "social_care" in found.values() else found | {"social-care-of-the-pack": "social_care"}


class Telling:
    """A pack, told to a running service set by set."""

    def __init__(self, service: PackService, pack: Pack, categories: dict[str, str]):
        self.service, self.pack, self.categories = service, pack, categories
        self.worker = service.caller(service.owner, ["social_worker"], "worker", "Social worker", offence_data=True)
        self.leads: dict[str, Caller] = {}
        self.agency_ids = {one["code"]: one["id"] for one in self.worker.get("/v1/agencies?limit=500")["items"]}
        self.entry_of: dict[str, str] = {}
        self.row_of: dict[str, str] = {}
        self.suggested: set[frozenset[str]] = set()
        # What could not be told as the pack has it.
        self.notes = Counter[str]()

    def tell(self, submissions: list[str]) -> None:
        """One set of families: recorded, asked about, told of by every agency, read."""
        household = Household(self.pack, submissions)
        family, people = self._record(household)
        path = self._open(family, sorted({one["agency"] for one in household.submissions}))
        for one in household.submissions:
            self._submit(path, household, people, one)
        self._read(path, submissions)

    def _record(self, household: Household) -> tuple[str, dict[str, str]]:
        """The family's id, and those of its children."""
        people = {key: self._person(child.person()) for key, child in household.children.items()}
        adults = {}
        for key, (given, family) in household.adults.items():
            name = {"given": given, "family": family} if family else {"given": given}
            adults[key] = self._person({"kind": "adult", "name": name})
        relations = [{"from": adults[adult], "kind": kind, "to": people[child]} for adult, kind, child in household.relations]
        sent = {"label": "Family", "members": [*people.values(), *adults.values()], "relationships": relations}
        return self.worker.post("/v1/families", sent, expect=201)["id"], people

    def _person(self, record: dict) -> str:
        return self.worker.post("/v1/people", record, expect=201)["id"]

    def _open(self, family: str, agencies: list[str]) -> str:
        draft = {"family_id": family, "purpose": "initial_conference", "question": "What does each agency know?",
                 "lawful_basis": "public_task", "family_told": True, "look_back_from": "1990-01-01"}  # fmt: skip
        path = f"/v1/chronologies/{self.worker.post('/v1/chronologies', draft, expect=201)['id']}"
        for agency in agencies:
            self.worker.post(f"{path}/invitations", {"agency_id": self.agency_ids[agency]}, expect=201)
        self.worker.post(f"{path}/open", expect=200)
        return path

    def _lead(self, agency: str) -> Caller:
        if agency not in self.leads:
            self.leads[agency] = self.service.caller(agency, ["safeguarding_lead"], f"lead@{agency}", "Lead", offence_data=True)
        return self.leads[agency]

    def _submit(self, path: str, household: Household, people: dict[str, str], one: dict) -> None:
        """One fragment for the submission, its entries in the submission's order."""
        told = {}
        # One that stands on several entries is a case's or a tenancy's, and the API takes an entry's own.
        references = Counter(event["reference"] for event in one["events"] if event.get("reference"))
        for event in one["events"]:
            name = f"{one['submission']}/{event['id']}"
            entry = self._entry(one, event)
            if not entry:
                self.notes["entries left out, because they have no text"] += 1
                continue
            reference = event.get("reference")
            if references[reference] == 1:
                entry["reference"] = reference
            self.notes["references left out, because they repeat within a fragment"] += references[reference] > 1
            children, unknown = household.about(one, self.pack.child_of[one["submission"]], event)
            self.notes["names in also_about that no one child goes by"] += unknown
            told[name] = entry | {"children": [people[child] for child in children]}
        if not told:
            return
        sharing = {"decided_by": "Safeguarding lead", "reason": "Relevant to the children's safety"}
        sent = {"sharing": sharing, "agency_reference": one["submission"], "entries": list(told.values())}
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.pack.name}/{one['submission']}"))
        receipt = self._lead(one["agency"]).post(f"{path}/fragments", sent, expect=201, key=key)
        names = list(told)
        self.entry_of |= {kept["id"]: names[kept["position"]] for kept in receipt["entries"]}

    def _entry(self, one: dict, event: dict) -> dict | None:
        kind, text = (event.get("type") or "").strip(), (event.get("text") or "").strip()
        what = f"{kind}. {text}" if kind and text else kind or text
        if not what:
            return None
        if len(what) > LONGEST_TEXT:
            self.notes["texts cut to 4,000 characters"] += 1
        return {
            "when": {"edtf": self._edtf(event)},
            "what": what[:LONGEST_TEXT],
            "category": self.categories.get(kind, UNKNOWN),
            "significance": "neutral",
            "action_taken": "As recorded",
            "source": {"role": one["agency_kind"] or "practitioner", "record_system": "records"},
        }

    def _edtf(self, event: dict) -> str:
        if event.get("date"):
            return f"{event['date']}T{event['time']}" if event.get("time") else event["date"]
        if not event.get("edtf"):
            self.notes["entries without a date, told as on any day"] += 1
        return event.get("edtf") or UNDATED

    def _read(self, path: str, submissions: list[str]) -> None:
        """Rows from the links; the timeline says that every entry is there, and on the same rows."""
        shown = {}
        for row in self.worker.get(f"{path}/timeline")["rows"]:
            for account in row["accounts"]:
                entries = [account, *account.get("also_submitted_as", [])]
                shown |= {self.entry_of[one["entry_id"]]: row["id"] for one in entries}
        links = self.worker.get(f"{path}/links").body
        linked = {self.entry_of[one["entry_id"]]: event["row"] for event in links["events"] for one in event["entries"]}
        together = Counter(shown.values())
        if linked != {name: row for name, row in shown.items() if together[row] > 1}:
            raise Unexpected(f"{path}: the links tell of other rows than the timeline")
        told = {name for name in self.entry_of.values() if name.split("/")[0] in set(submissions)}
        self.notes["entries missing on the timeline"] += len(told - set(shown))
        self.row_of |= shown
        self.suggested |= {frozenset((one["row"], one["other_row"])) for one in links["suggested"]}


def rows(binary: Path, pack: Pack, categories: dict[str, str]) -> tuple[Rows, Counter]:
    """The rows that social care reads, and what could not be told as the pack has it."""
    with tempfile.TemporaryDirectory(prefix="chronology-through.") as folder:
        service = PackService(Path(folder), binary, pack)
        try:
            service.start()
            telling = Telling(service, pack, categories)
            for submissions in pack.sets:
                telling.tell(submissions)
        finally:
            service.end()
    return Rows(telling.row_of, telling.suggested), telling.notes
