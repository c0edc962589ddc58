"""Submits a pack to the running service as its agencies would, and reads the rows that social care sees.

Each pack gets a service of its own, on loopback, with an embedded database in a temporary folder.
"""

import sys
import tempfile
import uuid
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "e2e"))

from harness import process
from harness.caller import Caller, CheckFailed
from household import Household
from pack import Pack
from scores import Rows

PARTNERSHIP = "through"
UNKNOWN = "OTHER"
# Kinds of agency in packs that have another name in the service. Kinds that neither knows are "other".
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
# The date of an event without a date, as in `chronology link`, in a form that the API does not take to be in the future.
UNDATED = "[..2099-12-31]"
MAX_TEXT_LENGTH = 4_000


class PackService(process.Service):
    """The service, configured with the agencies of a pack and the development issuer."""

    def __init__(self, folder: Path, binary: Path, pack: Pack):
        process.BINARY = str(binary)
        self.agencies = agencies_of(pack)
        self.owner = next(code for code, kind in self.agencies.items() if kind == "social_care")
        super().__init__(folder)
        # All tokens come from the development issuer.
        self.issuers = []

    def _render_config(self) -> str:
        quoted = process.toml_string
        lines = [
            f"data_folder = {quoted(str(self.data))}",
            "[server]", f'listen = "127.0.0.1:{self.port}"', f"public_url = {quoted(self.public_url)}",
            "[limits]", "caller_allowance = 10000000", "failed_sign_ins = 1000000",
            "[logging]", 'level = "error"', 'format = "json"',
            "[development_issuer]", "enabled = true", f"partnership = {quoted(PARTNERSHIP)}",
            "[[partnerships]]", f"code = {quoted(PARTNERSHIP)}", 'name = "A pack\'s partnership"',
            # The category that `chronology link` gives to types that no glossary lists.
            "[[partnerships.policy.categories]]", f"code = {quoted(UNKNOWN)}", 'covers = "What no other category covers"',
        ]  # fmt: skip
        for code, kind in self.agencies.items():
            lines += ["[[partnerships.agencies]]", f"code = {quoted(code)}", f"name = {quoted(code)}", f"kind = {quoted(kind)}"]
        return "\n".join(lines) + "\n"


def agencies_of(pack: Pack) -> dict[str, str]:
    """The agencies with their kinds in the service. One for social care is added where the pack has none."""
    found = {}
    for one in pack.submissions:
        kind = KINDS.get(one["agency_kind"], one["agency_kind"])
        found.setdefault(one["agency"], kind if kind in SERVICE_KINDS else "other")
    return found if "social_care" in found.values() else found | {"social-care-of-the-pack": "social_care"}


class PackSubmitter:
    """Submits a pack to a running service, one set of families after the other."""

    def __init__(self, service: PackService, pack: Pack, categories: dict[str, str]):
        self.service, self.pack, self.categories = service, pack, categories
        self.worker = service.caller(service.owner, ["social_worker"], "worker", "Social worker", offence_data=True)
        self.leads: dict[str, Caller] = {}
        self.agency_ids = {one["code"]: one["id"] for one in self.worker.get("/v1/agencies?limit=500")["items"]}
        self.entry_of: dict[str, str] = {}
        self.row_of: dict[str, str] = {}
        self.suggested: set[frozenset[str]] = set()
        # What could not be submitted as it is in the pack.
        self.notes = Counter[str]()

    def submit_set(self, submissions: list[str]) -> None:
        """Records one set of families, opens a chronology, submits every agency's entries and reads the links."""
        household = Household(self.pack, submissions)
        family, people = self._record_household(household)
        path = self._open_chronology(family, sorted({one["agency"] for one in household.submissions}))
        for one in household.submissions:
            self._submit(path, household, people, one)
        self._read_links(path, submissions)

    def _record_household(self, household: Household) -> tuple[str, dict[str, str]]:
        """Creates the family and its people. Returns the ids of the family and of its children."""
        people = {key: self._create_person(child.person()) for key, child in household.children.items()}
        adults = {}
        for key, (given, family) in household.adults.items():
            name = {"given": given, "family": family} if family else {"given": given}
            adults[key] = self._create_person({"kind": "adult", "name": name})
        relations = [{"from": adults[adult], "kind": kind, "to": people[child]} for adult, kind, child in household.relations]
        sent = {"label": "Family", "members": [*people.values(), *adults.values()], "relationships": relations}
        return self.worker.post("/v1/families", sent, expect=201)["id"], people

    def _create_person(self, record: dict) -> str:
        return self.worker.post("/v1/people", record, expect=201)["id"]

    def _open_chronology(self, family: str, agencies: list[str]) -> str:
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
        """Submits one fragment, with the entries of the submission in their order."""
        entries = {}
        # A reference on several entries identifies a case or a tenancy. The API takes references of single entries only.
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
            self.notes["names in also_about that match no child or several"] += unknown
            entries[name] = entry | {"children": [people[child] for child in children]}
        if not entries:
            return
        sharing = {"decided_by": "Safeguarding lead", "reason": "Relevant to the children's safety"}
        sent = {"sharing": sharing, "agency_reference": one["submission"], "entries": list(entries.values())}
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.pack.name}/{one['submission']}"))
        receipt = self._lead(one["agency"]).post(f"{path}/fragments", sent, expect=201, key=key)
        names = list(entries)
        self.entry_of |= {kept["id"]: names[kept["position"]] for kept in receipt["entries"]}

    def _entry(self, one: dict, event: dict) -> dict | None:
        kind, text = (event.get("type") or "").strip(), (event.get("text") or "").strip()
        what = f"{kind}. {text}" if kind and text else kind or text
        if not what:
            return None
        if len(what) > MAX_TEXT_LENGTH:
            self.notes["texts cut to 4,000 characters"] += 1
        return {
            "when": {"edtf": self._edtf(event)},
            "what": what[:MAX_TEXT_LENGTH],
            "category": self.categories.get(kind, UNKNOWN),
            "significance": "neutral",
            "action_taken": "As recorded",
            "source": {"role": one["agency_kind"] or "practitioner", "record_system": "records"},
        }

    def _edtf(self, event: dict) -> str:
        if event.get("date"):
            return f"{event['date']}T{event['time']}" if event.get("time") else event["date"]
        if not event.get("edtf"):
            self.notes["entries without a date, submitted with an open date"] += 1
        return event.get("edtf") or UNDATED

    def _read_links(self, path: str, submissions: list[str]) -> None:
        """Takes the rows from the links, and checks against the timeline that every entry is there and on the same row."""
        shown = {}
        for row in self.worker.get(f"{path}/timeline")["rows"]:
            for account in row["accounts"]:
                entries = [account, *account.get("also_submitted_as", [])]
                shown |= {self.entry_of[one["entry_id"]]: row["id"] for one in entries}
        links = self.worker.get(f"{path}/links").body
        linked = {self.entry_of[one["entry_id"]]: event["row"] for event in links["events"] for one in event["entries"]}
        row_sizes = Counter(shown.values())
        if linked != {name: row for name, row in shown.items() if row_sizes[row] > 1}:
            raise CheckFailed(f"{path}: the links and the timeline have different rows")
        submitted = {name for name in self.entry_of.values() if name.split("/")[0] in set(submissions)}
        self.notes["entries missing on the timeline"] += len(submitted - set(shown))
        self.row_of |= shown
        self.suggested |= {frozenset((one["row"], one["other_row"])) for one in links["suggested"]}


def rows(binary: Path, pack: Pack, categories: dict[str, str]) -> tuple[Rows, Counter]:
    """The rows that social care sees, and counts of what could not be submitted as it is in the pack."""
    with tempfile.TemporaryDirectory(prefix="chronology-through.") as folder:
        service = PackService(Path(folder), binary, pack)
        try:
            service.start()
            submitter = PackSubmitter(service, pack, categories)
            for submissions in pack.sets:
                submitter.submit_set(submissions)
        finally:
            service.cleanup()
    return Rows(submitter.row_of, submitter.suggested), submitter.notes
