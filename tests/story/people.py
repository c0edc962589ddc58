"""The callers of the story, each with their own token, and helpers for its checks."""

import time
from datetime import datetime, timedelta, timezone

from harness import county
from harness.caller import Caller, CheckFailed
from harness.process import Service

# Key, agency, roles, name, and whether the caller may read criminal-offence data.
CALLERS = [
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
# The caller who responds for each invited agency.
RESPONDENTS = {
    "otter-lane-primary": "school",
    "millrace-surgery": "surgery",
    "brackenshire-health-visiting": "health_visitor",
    "brackenshire-hospitals": "hospital",
    "brackenshire-police": "police",
    "teasel-homes": "housing",
    "brackenshire-camhs": "camhs",
    "brackenshire-early-help": "early_help",
    "the-rowan-refuge": None,
}
STARTED = time.monotonic()


def say(line: str) -> None:
    print(f"  {time.monotonic() - STARTED:5.1f} s  {line}", flush=True)


def check_equal(what: str, found, expected) -> None:
    """Raises `CheckFailed` with a description when the value differs from the expected one."""
    if found != expected:
        raise CheckFailed(f"{what}: {found!r} instead of {expected!r}")


def check(what: str, condition: object) -> None:
    if not condition:
        raise CheckFailed(what)


def instant(seconds_from_now: float) -> str:
    at = datetime.now(timezone.utc) + timedelta(seconds=seconds_from_now)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def seconds_until(text: str) -> float:
    return (
        datetime.fromisoformat(text.replace("Z", "+00:00")) - datetime.now(timezone.utc)
    ).total_seconds()


class Callers:
    """All callers by key, registered in the directory, and the ids of the agencies by code."""

    def __init__(self, service: Service):
        self.service = service
        self.callers: dict[str, Caller] = {}
        self.ids: dict[str, str] = {}
        for key, agency, roles, name, offence_data in CALLERS:
            caller = service.caller(agency, roles, f"{key}@{agency}", name, offence_data)
            self.callers[key] = caller
            self.ids[key] = caller.get("/v1/me")["id"]
        agencies = self["support"].get("/v1/agencies?limit=500")["items"]
        self.agencies = {agency["code"]: agency["id"] for agency in agencies}

    def __getitem__(self, key: str) -> Caller:
        return self.callers[key]

    def others(self, *keys: str) -> list[str]:
        return [key for key in self.callers if key not in keys]
