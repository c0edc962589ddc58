"""Test data of an invented county: its partnership, agencies, a family and entries. Every text
carries a canary, a random word that occurs nowhere else, so that copies of a text can be searched
for.
"""

import secrets

PARTNERSHIP = "brackenshire"

# Code, name, kind, whether the agency has access to the service.
AGENCIES = [
    ("brackenshire-childrens-services", "Brackenshire Children's Services", "social_care", True),
    ("otter-lane-primary", "Otter Lane Primary School", "education", True),
    ("millrace-surgery", "Millrace Surgery", "gp", True),
    ("brackenshire-health-visiting", "Brackenshire Health Visiting", "health_visiting", True),
    ("brackenshire-hospitals", "Brackenshire Hospitals NHS Trust", "hospital", True),
    ("brackenshire-police", "Brackenshire Constabulary", "police", True),
    ("teasel-homes", "Teasel Homes", "housing", True),
    ("brackenshire-camhs", "Brackenshire CAMHS", "camhs", True),
    ("brackenshire-early-help", "Brackenshire Early Help", "early_help", True),
    ("the-rowan-refuge", "The Rowan Refuge", "voluntary", False),
]
SOCIAL_CARE = AGENCIES[0][0]

# NHS numbers with valid check digits, from the range 999, which is never issued.
NHS_NUMBERS = ["9991000011", "9992000015", "9993000019"]


class Canaries:
    """Adds a numbered canary to each text. A canary may occur only in responses to authorised
    callers, and nowhere after expiry.
    """

    def __init__(self):
        self.seed = "zq" + secrets.token_hex(5)
        self.count = 0

    def __call__(self, text: str) -> str:
        self.count += 1
        return f"{text} {self.seed}{self.count:03d}"


def person(kind: str, given: str, family: str, **more) -> dict:
    return {"kind": kind, "name": {"given": given, "family": family}} | more


def children(canary: Canaries, nhs_numbers: list[str]) -> dict[str, dict]:
    """The family's people: two sisters, an unborn baby, their mother and the baby's father."""
    home = [{"lines": canary("14 Teasel Rise, Nether Bracken"), "postcode": "ZZ9 9ZX"}]
    return {
        "elder": person(
            "child",
            "Maren",
            canary("Ashdown"),
            birth={"date": "2017-05-03"},
            sex="female",
            nhs_number=nhs_numbers[0],
            addresses=home,
        ),
        "younger": person(
            "child",
            "Tamsin",
            canary("Ashdown"),
            birth={"date": "2020-11-19"},
            sex="female",
            nhs_number=nhs_numbers[1],
            addresses=home,
        ),
        "unborn": person(
            "child",
            "Unborn baby",
            canary("Ashdown"),
            birth={"date": "2027-03-20", "expected": True},
            no_nhs_number_reason="unborn",
        ),
        "mother": person("adult", "Jolene", canary("Ashdown"), sex="female"),
        "father": person("adult", "Corin", canary("Pask"), sex="male"),
    }


def family(canary: Canaries, ids: dict[str, str]) -> dict:
    sisters = [{"from": ids["elder"], "kind": "sibling_of", "to": ids["younger"]}]
    parents = [
        {"from": ids["mother"], "kind": "mother_of", "to": ids[child]}
        for child in ("elder", "younger", "unborn")
    ]
    father = [{"from": ids["father"], "kind": "father_of", "to": ids["unborn"]}]
    household = {
        "label": canary("Teasel Rise"),
        "members": [ids["elder"], ids["younger"], ids["mother"]],
    }
    return {
        "label": canary("Ashdown and Pask"),
        "members": list(ids.values()),
        "relationships": sisters + parents + father,
        "households": [household],
    }


def sharing(canary: Canaries) -> dict:
    return {
        "decided_by": canary("Designated safeguarding lead"),
        "reason": canary("Relevant to the section 47 enquiry and limited to the children's safety"),
    }


def entry(
    canary: Canaries,
    date: str,
    what: str,
    category: str,
    significance: str,
    role: str,
    system: str,
    **more,
) -> dict:
    """One entry. A `date` that begins with a year is sent as EDTF, any other as the agency's
    wording.
    """
    when = {"edtf": date} if date[:4].isdigit() else {"words": date}
    built = {
        "when": when,
        "what": canary(what),
        "category": category,
        "significance": significance,
        "source": {"role": role, "record_system": system},
        "action_taken": canary("Recorded and discussed with the family"),
    }
    built |= more
    if "children" not in built:
        built["all_children"] = True
    return built


def fragment(canary: Canaries, *entries: dict, **more) -> dict:
    return {"sharing": sharing(canary), "entries": list(entries)} | more
