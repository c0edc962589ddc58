"""Who takes part in the story, each with a token of their own, and the places the story keeps coming back to."""

import time
from datetime import datetime, timedelta, timezone

from e2e import county
from e2e.caller import Caller, Unexpected
from e2e.process import Service

# Key, agency, roles, name, and whether they may read criminal-offence data.
CAST = [
    ("worker", county.SOCIAL_CARE, ["social_worker"], "Edda Quillfeather", True),
    ("manager", county.SOCIAL_CARE, ["team_manager"], "Bram Oatley", True),
    ("support", county.SOCIAL_CARE, ["business_support"], "Perrin Lade", False),
    ("auditor", county.SOCIAL_CARE, ["auditor"], "Sunniva Crake", False),
    ("school", "otter-lane-primary", ["system_client"], "Otter Lane records", False),
    ("school_lead", "otter-lane-primary", ["safeguarding_lead"], "Wilf Tansley", False),
    ("surgery", "millrace-surgery", ["practitioner"], "Dr Ottoline Pym", False),
    ("health_visitor", "brackenshire-health-visiting", ["practitioner"], "Fenella Rudd", False),
    ("hospital", "brackenshire-hospitals", ["safeguarding_lead"], "Ansel Wherry", False),
    ("police", "brackenshire-police", ["practitioner"], "Sgt Iolo Breck", True),
    ("housing", "teasel-homes", ["practitioner"], "Marnie Sedge", False),
    ("camhs", "brackenshire-camhs", ["safeguarding_lead"], "Dr Lorcan Vey", False),
    ("early_help", "brackenshire-early-help", ["practitioner"], "Tilda Broome", False),
]
# Who answers for each invited agency.
ANSWERS_FOR = {
    "otter-lane-primary": "school", "millrace-surgery": "surgery", "brackenshire-health-visiting": "health_visitor",
    "brackenshire-hospitals": "hospital", "brackenshire-police": "police", "teasel-homes": "housing",
    "brackenshire-camhs": "camhs", "brackenshire-early-help": "early_help", "the-rowan-refuge": None,
}
BEGUN = time.monotonic()


def say(line: str) -> None:
    print(f"  {time.monotonic() - BEGUN:5.1f} s  {line}", flush=True)


def same(what: str, found, expected) -> None:
    """Fails the story, naming what was asked, when an answer is not what it should be."""
    if found != expected:
        raise Unexpected(f"{what}: {found!r} instead of {expected!r}")


def holds(what: str, condition: object) -> None:
    if not condition:
        raise Unexpected(what)


def instant(seconds_from_now: float) -> str:
    at = datetime.now(timezone.utc) + timedelta(seconds=seconds_from_now)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def seconds_until(text: str) -> float:
    return (datetime.fromisoformat(text.replace("Z", "+00:00")) - datetime.now(timezone.utc)).total_seconds()


class People:
    """The cast, met by the directory, and their agencies."""

    def __init__(self, service: Service):
        self.service = service
        self.callers: dict[str, Caller] = {}
        self.ids: dict[str, str] = {}
        for key, agency, roles, name, offence_data in CAST:
            caller = service.caller(agency, roles, f"{key}@{agency}", name, offence_data)
            self.callers[key] = caller
            self.ids[key] = caller.get("/v1/me")["id"]
        agencies = self["support"].get("/v1/agencies?limit=500")["items"]
        self.agencies = {agency["code"]: agency["id"] for agency in agencies}

    def __getitem__(self, key: str) -> Caller:
        return self.callers[key]

    def others(self, *keys: str) -> list[str]:
        return [key for key in self.callers if key not in keys]
