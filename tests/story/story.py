"""The whole story of a chronology, from the family's record to the tombstone, told to the real binary over TLS.

    story.py DATABASE FOLDER      DATABASE is sqlite or postgresql
"""

import sys
import time
from pathlib import Path

import afterwards
from databases import DATABASES
from e2e.county import Canaries, NHS_NUMBERS, children, entry, family, fragment, person
from e2e.process import Service
from people import ANSWERS_FOR, People, holds, instant, same, say, seconds_until

# Seconds the chronology lives at first, and those it still has when it is extended: enough for a busy machine to tell
# its half of the story in, and not much more, because the end has to be waited for.
FIRST_LIFETIME = 36
LAST_STRETCH = 15
RETURNS_DUE = 14


class Story:
    """What one step learns and a later one needs."""

    def __init__(self, service: Service, database):
        self.service, self.database = service, database
        self.canary = Canaries()
        self.people: People
        self.ids: dict[str, str] = {}
        self.fragments: dict[str, str] = {}
        self.entries: set[str] = set()
        self.chronology = self.family = ""
        self.invitations: dict[str, str] = {}

    @property
    def path(self) -> str:
        return f"/v1/chronologies/{self.chronology}"

    def keep(self, key: str, receipt) -> None:
        self.fragments[key] = receipt["fragment_id"]
        self.entries |= {one["id"] for one in receipt["entries"]}

    def timeline(self, reader: str = "worker", query: str = "") -> dict:
        return self.people[reader].get(f"{self.path}/timeline{query}").body

    def texts(self, reader: str = "worker", query: str = "") -> list[str]:
        return [account["what"] for row in self.timeline(reader, query)["rows"] for account in row["accounts"]]

    # --- The steps, in order -----------------------------------------------------------------------------------

    def start(self) -> None:
        same("check-config", bool(self.service.command("check-config") or True), True)
        if "postgres" in self.database.url:
            self.service.command("migrate")
        took = self.service.start()
        self.people = People(self.service)
        say(f"ready after {took:.1f} s; {len(self.people.callers)} people of 9 agencies, each with a token of their own")

    def sent_ahead(self) -> None:
        """The health visitor knows of the elder child and writes before anybody asks."""
        visitor, canary = self.people["health_visitor"], self.canary
        child = person("child", "Maren", canary("Ashdown"), birth={"date": "2017-05-03"}, sex="female", nhs_number=NHS_NUMBERS[0])
        child_id = visitor.post("/v1/people", child, expect=201)["id"]
        own = {"label": canary("Ashdown, as we know them"), "members": [child_id]}
        family_id = visitor.post("/v1/families", own, expect=201)["id"]
        event = entry(canary, "2024-02", "Was not brought to two developmental reviews", "MISSED", "risk", "health visitor",
                      "SystmOne", impact=canary("Speech delay was found a year late"))
        # What the agency recorded for itself lives as long as it asked for; what is taken in follows the chronology.
        self.ahead_ends = instant(FIRST_LIFETIME + 1)
        ahead = fragment(canary, event, family_id=family_id, expires_at=self.ahead_ends)
        receipt = visitor.post("/v1/fragments", ahead, expect=201)
        self.keep("health_visitor", receipt)
        self.ids |= {"visitor_child": child_id, "visitor_family": family_id}
        self.people["worker"].get(f"/v1/fragments/{receipt['fragment_id']}", expect=404)
        self.people["manager"].get(f"/v1/families/{family_id}", expect=404)
        say("health visiting submits ahead of a chronology; nobody else sees it")

    def prepare(self) -> None:
        worker, canary = self.people["worker"], self.canary
        for key, record in children(canary, NHS_NUMBERS).items():
            self.ids[key] = worker.post("/v1/people", record, expect=201)["id"]
        members = {key: self.ids[key] for key in ("elder", "younger", "unborn", "mother", "father")}
        self.family_sent = family(canary, members)
        self.family = worker.post("/v1/families", self.family_sent, expect=201, key="family-1")["id"]
        draft = {"family_id": self.family, "purpose": "strategy_discussion", "question": canary("What does each agency know of the last year?"),
                 "lawful_basis": "public_task", "no_consent_reason": "would_prejudice_protection", "family_told": False,
                 "look_back_from": "2019-01-01", "due_at": instant(RETURNS_DUE), "expires_at": instant(FIRST_LIFETIME)}
        made = worker.post("/v1/chronologies", draft, expect=201)
        self.chronology = made["id"]
        same("state of a draft", made["state"], "draft")
        missing = worker.post(f"{self.path}/open", expect=422)["errors"]
        holds("opening names what is missing", {fault["pointer"] for fault in missing} >= {"/family_not_told_reason"})
        told = {"family_not_told_reason": canary("Telling them now would put the younger child at risk")}
        worker.patch(self.path, told, made.etag)
        say("children's services records the family and prepares a chronology; opening lists what is still missing")

    def invite(self) -> None:
        worker = self.people["worker"]
        for agency, key in ANSWERS_FOR.items():
            named = [self.people.ids[key]] if key and key != "school" else []
            wish = {"agency_id": self.people.agencies[agency], "practitioners": named, "message": self.canary("Please look back to 2019")}
            self.invitations[agency] = worker.post(f"{self.path}/invitations", wish, expect=201)["id"]
        same("invitations a draft shows", self.people["surgery"].get("/v1/invitations")["items"], [])
        self.people["surgery"].get(self.path, expect=404)
        same("state after opening", worker.post(f"{self.path}/open", expect=200)["state"], "open")
        same("invitations the surgery sees", [one["id"] for one in self.people["surgery"].get("/v1/invitations")["items"]],
             [self.invitations["millrace-surgery"]])
        taken_in = self.people["health_visitor"].get(f"/v1/fragments/{self.fragments['health_visitor']}")
        same("chronology of what was sent ahead", taken_in["chronology_id"], self.chronology)
        self.people["surgery"].get(f"{self.path}/timeline", expect=409)
        say("nine agencies are invited and the chronology opened; what was sent ahead is taken in; own return comes first")

    def submit_per_child(self) -> None:
        """The school's record system, over mutual TLS, has a file for each sister and the same event in both."""
        school, canary = self.people["school"], self.canary
        event = entry(canary, "2026-09-14", "Collected by an unknown man who smelt of alcohol", "SUBSTANCES", "risk",
                      "designated safeguarding lead", "CPOMS", impact=canary("Both sisters were frightened"))
        for key in ("elder", "younger"):
            own = {name: value for name, value in event.items() if name != "all_children"}
            own |= {"children": [self.ids[key]], "reference": f"CPOMS-{key}"}
            sent = fragment(canary, own, child_id=self.ids[key])
            path = f"{self.path}/fragments/otter-lane-{key}"
            receipt = school.put(path, sent, expect=201)
            self.keep(f"school_{key}", receipt)
            again = school.put(path, sent, etag=receipt.etag, expect=200)
            same("outcome of the same file sent twice", again["outcome"], "unchanged")
            school.put(path, sent, expect=428)
        say("the school's record system submits per child, bound to its certificate; sent twice, it changes nothing")

    def submit_per_family(self) -> None:
        surgery, canary = self.people["surgery"], self.canary
        form = surgery.get(f"/v1/invitations/{self.invitations['millrace-surgery']}/form")
        same("agency on the form", form["agency"]["code"], "millrace-surgery")
        same("children on the form", {one["id"] for one in form["family"]["members"]} >= {self.ids["elder"]}, True)
        surgery.post(f"/v1/invitations/{self.invitations['millrace-surgery']}/draft")
        everyone = entry(canary, "22.05.25", "Mother attended with low mood; three children discussed", "MENTAL_HEALTH", "both",
                         "GP", "EMIS", impact=canary("Tired in the mornings"), reference="EMIS-1",
                         adults=[{"person": self.ids["mother"], "role": "mother"}])
        one = entry(canary, "early March 2026", "Bruise to the upper arm seen at an unrelated visit", "HEALTH", "risk", "practice nurse",
                    "EMIS", children=[self.ids["younger"]], reference="EMIS-2", seen="seen_alone",
                    child_voice={"words": canary("Corin was cross"), "child": self.ids["younger"]})
        involved = {"status": "current", "support": canary("Sees mother monthly"), "since": "2021"}
        self.surgery_sent = fragment(canary, everyone, one, involvement=involved)
        receipt = surgery.post(f"{self.path}/fragments", self.surgery_sent, expect=201, key="surgery-1")
        self.keep("surgery", receipt)
        replay = surgery.post(f"{self.path}/fragments", self.surgery_sent, key="surgery-1")
        same("a replay is marked", replay.headers.get("idempotent-replayed"), "true")
        same("a replay answers the same", replay.body, receipt.body)
        surgery.post(f"{self.path}/fragments", fragment(canary, one), key="surgery-1", expect=422)
        say("the surgery, with a token of the health service's own issuer, fills the form and submits for the family")

    def submit_marked(self) -> None:
        police, canary = self.people["police"], self.canary
        arrest = entry(canary, "2026-03-02T22:40", "Corin Pask arrested on suspicion of assault", "CRIME", "risk", "response officer", "Niche")
        marac = entry(canary, "2026-04", "Heard at MARAC as a high-risk case", "DOMESTIC_ABUSE", "risk", "DA officer", "Niche",
                      handling={"marking": "restricted"})
        brief = entry(canary, "2026-05-01", "Welfare check, all well", "CONTACT", "strength", "neighbourhood officer", "Niche", seen="seen")
        faulty = fragment(canary, arrest | {"when": {"edtf": "2026-02-30"}}, brief | {"children": [self.ids["visitor_family"]], "all_children": False})
        faults = police.post(f"{self.path}/fragments", faulty, expect=422)["errors"]
        same("every fault is named", {fault["pointer"] for fault in faults}, {"/entries/0/when/edtf", "/entries/1/children/0"})
        self.keep("police", police.post(f"{self.path}/fragments", fragment(canary, arrest, marac), expect=201))
        short = police.post(f"{self.path}/fragments", fragment(canary, brief, expires_at=instant(7)), expect=201)
        self.keep("police_brief", short)
        self.brief_text, self.brief_ends = brief["what"], short["expires_at"]
        say("the police submit: an offence, a restricted entry, and a fragment that expires before all others")

    def restart(self) -> None:
        self.service.stop()
        took = self.service.start()
        holds("the brief entry is still there", self.brief_text in self.texts() or seconds_until(self.brief_ends) < 0)
        say(f"SIGTERM, an orderly end, and ready again after {took:.1f} s with everything in place")

    def kill(self) -> None:
        """An acknowledged write outlives SIGKILL, and its retry has one effect."""
        worker, canary = self.people["worker"], self.canary
        event = entry(canary, "summer 2025", "Mother and children stayed for six weeks", "DOMESTIC_ABUSE", "risk", "refuge worker", "paper file")
        proxy = fragment(canary, event, on_behalf_of=self.people.agencies["the-rowan-refuge"])
        receipt = worker.post(f"{self.path}/fragments", proxy, expect=201, key="proxy-1")
        self.service.kill()
        self.keep("refuge", receipt)
        took = self.service.start()
        replay = worker.post(f"{self.path}/fragments", proxy, key="proxy-1")
        same("the retry after the crash is a replay", (replay.headers.get("idempotent-replayed"), replay.body), ("true", receipt.body))
        found = worker.get(f"/v1/fragments/{receipt['fragment_id']}")
        same("words after the crash", [one["what"] for one in found["entries"]], [event["what"]])
        same("agency of the proxy entry", found["agency_id"], self.people.agencies["the-rowan-refuge"])
        same("who entered it", found["proxy_by_agency_id"], self.people.agencies["brackenshire-childrens-services"])
        say(f"a proxy entry for the refuge is acknowledged, the service killed (SIGKILL), ready again after {took:.1f} s: nothing lost, nothing twice")

    def answer_otherwise(self) -> None:
        canary, path = self.canary, lambda agency: f"/v1/invitations/{self.invitations[agency]}"
        nil = {"decided_by": canary("Named nurse"), "statement": canary("Searched attendances since 2019")}
        same("nil return", self.people["hospital"].post(f"{path('brackenshire-hospitals')}/nil-return", nil)["state"], "nil_return")
        same("nil return", self.people["housing"].post(f"{path('teasel-homes')}/nil-return", nil)["state"], "nil_return")
        no = {"reason": "more_detrimental_to_child", "decided_by": canary("Clinical lead"), "statement": canary("It would end the work with her")}
        same("refusal", self.people["camhs"].post(f"{path('brackenshire-camhs')}/decline", no)["state"], "declined")
        same("viewed", self.people["early_help"].get(path("brackenshire-early-help"))["state"], "viewed")
        same("drafting", self.people["early_help"].post(f"{path('brackenshire-early-help')}/draft")["state"], "drafting")
        self.people["camhs"].get(f"{self.path}/timeline", expect=(404, 409))
        say("the hospitals and housing answer nil, CAMHS declines with a reason, early help begins and never answers")

    def read(self) -> None:
        rows = self.timeline()["rows"]
        told = [row for row in rows if "unknown man" in row["accounts"][0]["what"]]
        same("rows of what the school sent for each sister", len(told), 1)
        same("children on that row", {child["id"] for child in told[0]["children"]}, {self.ids["elder"], self.ids["younger"]})
        same("sequence", [row["sequence"] for row in rows], list(range(1, len(rows) + 1)))
        child = f"?child={self.ids['younger']}"
        holds("by child: her bruise is there", any("Bruise" in text for text in self.texts(query=child)))
        holds("by child: her sister's reviews are not", not any("developmental" in text for text in self.texts(query=child)))
        holds("by family: they are", any("developmental" in text for text in self.texts()))
        same("by agency and category", len(self.timeline(query=f"?agency={self.people.agencies['millrace-surgery']}&category=HEALTH")["rows"]), 1)
        contributor = self.texts("surgery")
        holds("a contributor reads others' accounts", any("unknown man" in text for text in contributor))
        holds("but nothing restricted", not any("MARAC" in text for text in contributor))
        holds("and no offence without leave", not any("arrested" in text for text in contributor))
        holds("social care reads both", sum("MARAC" in text or "arrested" in text for text in self.texts()) == 2)
        first = self.people["worker"].get(f"{self.path}/timeline?limit=2")
        rest, pages = first["next"], [first["rows"]]
        while rest:
            page = self.people["worker"].get(f"{self.path}/timeline?limit=2&cursor={rest}").body
            pages, rest = [*pages, page["rows"]], page.get("next")
        same("the pages together", [row["id"] for page in pages for row in page], [row["id"] for row in self.timeline()["rows"]])
        say(f"read by child, by family, by agency and page by page: {len(rows)} rows; a contributor sees what is theirs to see")

    def hidden(self) -> None:
        """Absent and not yours answer the same, to the byte but for ids and the time."""
        absent = self.path.replace(self.chronology[-4:], "0000" if self.chronology[-4:] != "0000" else "0001")
        strangers = [key for key in ("auditor",)]
        for key in strangers:
            for tail in ("", "/timeline", "/invitations", "/fragments"):
                mine, other = (self.people[key].get(path + tail, expect=404) for path in (self.path, absent))
                strip = lambda answer: {k: v for k, v in answer.body.items() if k not in ("instance", "requestId")}
                same("absent and not yours", strip(mine), strip(other))
        self.people["early_help"].get(f"{self.path}/timeline", expect=409)
        say("to an outsider the chronology does not exist")

    def brief_one_expires(self) -> None:
        time.sleep(max(0.0, seconds_until(self.brief_ends)))
        holds("an expired fragment is off the timeline at once", self.brief_text not in self.texts())
        self.people["police"].get(f"/v1/fragments/{self.fragments['police_brief']}", expect=(404, 410))
        holds("the others stay", any("arrested" in text for text in self.texts()))
        self.wait_until_deleted("police_brief")
        say(f"the fragment with the early expiry is gone at that moment, and deleted {-seconds_until(self.brief_ends):.1f} s after it; the rest stays")

    def wait_until_deleted(self, key: str) -> None:
        left = {key}
        while left and seconds_until(self.brief_ends) > -60:
            left = self.database.tables_with(self.fragments[key]) - afterwards.REMAINS
            time.sleep(0.2)
        same("tables that know it after a minute", left, set())

    def overdue(self) -> None:
        states = {}
        for _ in range(int(RETURNS_DUE + 20)):
            found = self.people["worker"].get(f"{self.path}/invitations?limit=500")["items"]
            states = {one["agency_id"]: one["state"] for one in found}
            if states[self.people.agencies["brackenshire-early-help"]] == "overdue":
                break
            time.sleep(1)
        expected = {"otter-lane-primary": "submitted", "millrace-surgery": "submitted", "brackenshire-health-visiting": "submitted",
                    "brackenshire-hospitals": "nil_return", "brackenshire-police": "submitted", "teasel-homes": "nil_return",
                    "brackenshire-camhs": "declined", "brackenshire-early-help": "overdue", "the-rowan-refuge": "submitted"}
        same("where each agency stands", states, {self.people.agencies[code]: state for code, state in expected.items()})
        statement = self.timeline()["header"]["coverage_statement"]
        holds("the header says so in words", "Early Help" in statement)
        say(f"past the due date: {statement}")

    def correct(self) -> None:
        surgery, canary, path = self.people["surgery"], self.canary, f"/v1/fragments/{self.fragments['surgery']}"
        now = surgery.get(path)
        entries = [dict(one) for one in self.surgery_sent["entries"]]
        self.corrected_from = entries[1]["what"]
        entries[1]["what"] = canary("Bruise to the lower arm, not the upper, seen at an unrelated visit")
        sent = self.surgery_sent | {"entries": entries, "correction_reason": canary("The note was misread")}
        surgery.put(path, sent, etag=now.etag, expect=200)
        surgery.put(path, sent, etag=now.etag, expect=412)
        surgery.put(path, sent, expect=428)
        texts = self.texts()
        holds("the correction is on the timeline", entries[1]["what"] in texts and self.corrected_from not in texts)
        same("versions kept", [one["version"] for one in surgery.get(f"{path}/versions")["items"]], [1, 2])
        holds("the first version is readable", self.corrected_from in [one["what"] for one in surgery.get(f"{path}/versions/1")["entries"]])
        say("the surgery corrects an entry: a new version, the old one kept, a stale one refused")

    def extend(self) -> None:
        worker = self.people["worker"]
        before = worker.get(self.path)["expires_at"]
        wanted = instant(max(LAST_STRETCH, seconds_until(before) + 1))
        reason = self.canary("The meeting was moved")
        worker.post(f"{self.path}/extend", {"expires_at": instant(400 * 86_400), "reason": reason}, expect=422)
        self.ends = worker.post(f"{self.path}/extend", {"expires_at": wanted, "reason": reason})["expires_at"]
        say(f"extended within policy (beyond it is refused): {seconds_until(self.ends):.0f} s are left")

    def consolidate(self) -> None:
        frozen = self.people["support"].post(f"{self.path}/consolidations", expect=404)
        same("who only prepares does not freeze", frozen.status, 404)
        frozen = self.people["worker"].post(f"{self.path}/consolidations", expect=201)
        self.consolidation = frozen["id"]
        same("rows frozen", frozen["row_count"], len(self.timeline()["rows"]))
        same("state", self.people["worker"].get(self.path)["state"], "consolidated")
        late = fragment(self.canary, entry(self.canary, "2026-01-09", "Family support offered", "SUPPORT", "neutral", "worker", "EHM"))
        self.people["early_help"].post(f"{self.path}/fragments", late, expect=409)
        say("frozen for the meeting; a late return is refused")

    def sign_off(self) -> None:
        self.people["worker"].post(f"{self.path}/sign-off", {"snapshot": "export"}, expect=404)
        signed = self.people["manager"].post(f"{self.path}/sign-off", {"snapshot": "export", "consolidation_id": self.consolidation})
        same("state", signed["state"], "signed_off")
        snapshot = self.people["worker"].get(f"{self.path}/snapshot")
        holds("the snapshot holds the words", "lower arm" in snapshot.raw.decode())
        self.people["surgery"].get(f"{self.path}/timeline", expect=404)
        readers = self.people["worker"].get(f"{self.path}/readers")["items"]
        holds("the last readers are shown", {one["practitioner_id"] for one in readers} >= {self.people.ids["worker"], self.people.ids["surgery"]})
        say("the manager signs off, the snapshot is exported; contributors no longer read")

    def tell(self) -> None:
        for step in (self.start, self.sent_ahead, self.prepare, self.invite, self.submit_per_child, self.submit_per_family,
                     self.submit_marked, self.restart, self.kill, self.answer_otherwise, self.read, self.hidden,
                     self.brief_one_expires, self.overdue, self.correct, self.extend, self.consolidate, self.sign_off):
            step()
        afterwards.tell(self)


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    database = DATABASES[name](folder)
    service = Service(folder, database.url)
    begun = time.monotonic()
    print(f"== the story on {name}", flush=True)
    try:
        Story(service, database).tell()
    finally:
        service.end()
    print(f"== the story on {name} holds, in {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
