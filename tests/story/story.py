"""The main story: the life of a chronology from the family's record to the tombstone, with the real
binary over TLS.

story.py DATABASE FOLDER      DATABASE is sqlite or postgresql
"""

import sys
import time
from pathlib import Path

import after_expiry
from databases import DATABASES
from harness.county import NHS_NUMBERS, Canaries, children, entry, family, fragment, person
from harness.process import Service
from people import RESPONDENTS, Callers, check, check_equal, instant, say, seconds_until

# The chronology's first lifetime, and its remaining lifetime after the extension, in seconds: long
# enough for the steps on a busy machine, but not much longer, because the check waits for the
# expiry.
FIRST_LIFETIME = 36
LAST_STRETCH = 15
RETURNS_DUE = 14


class Story:
    """The steps, and the values that later steps need from earlier ones."""

    def __init__(self, service: Service, database):
        self.service, self.database = service, database
        self.canary = Canaries()
        self.people: Callers
        self.ids: dict[str, str] = {}
        self.fragments: dict[str, str] = {}
        self.entries: set[str] = set()
        self.chronology = self.family = ""
        self.invitations: dict[str, str] = {}

    @property
    def path(self) -> str:
        return f"/v1/chronologies/{self.chronology}"

    def record_receipt(self, key: str, receipt) -> None:
        self.fragments[key] = receipt["fragment_id"]
        self.entries |= {one["id"] for one in receipt["entries"]}

    def timeline(self, reader: str = "worker", query: str = "") -> dict:
        return self.people[reader].get(f"{self.path}/timeline{query}").body

    def texts(self, reader: str = "worker", query: str = "") -> list[str]:
        return [
            account["what"]
            for row in self.timeline(reader, query)["rows"]
            for account in row["accounts"]
        ]

    # --- The steps, in order ----------------------------------------------------------------------

    def start(self) -> None:
        check_equal("check-config", bool(self.service.command("check-config") or True), True)
        if "postgres" in self.database.url:
            self.service.command("migrate")
        seconds = self.service.start()
        self.people = Callers(self.service)
        say(
            f"ready after {seconds:.1f} s; {len(self.people.callers)} callers of 9 agencies, each with their own token"
        )

    def submit_in_advance(self) -> None:
        """The health visitor knows the elder child and submits a fragment before there is a
        chronology.
        """
        visitor, canary = self.people["health_visitor"], self.canary
        child = person(
            "child",
            "Maren",
            canary("Ashdown"),
            birth={"date": "2017-05-03"},
            sex="female",
            nhs_number=NHS_NUMBERS[0],
        )
        child_id = visitor.post("/v1/people", child, expect=201)["id"]
        family_request = {"label": canary("Ashdown, as we know them"), "members": [child_id]}
        family_id = visitor.post("/v1/families", family_request, expect=201)["id"]
        event = entry(
            canary,
            "2024-02",
            "Was not brought to two developmental reviews",
            "MISSED",
            "risk",
            "health visitor",
            "SystmOne",
            impact=canary("Speech delay was found a year late"),
        )
        # The agency's own records keep the expiry that it chose; an attached fragment takes that of
        # the chronology.
        self.advance_expires_at = instant(FIRST_LIFETIME + 1)
        advance_fragment = fragment(
            canary, event, family_id=family_id, expires_at=self.advance_expires_at
        )
        receipt = visitor.post("/v1/fragments", advance_fragment, expect=201)
        self.record_receipt("health_visitor", receipt)
        self.ids |= {"visitor_child": child_id, "visitor_family": family_id}
        self.people["worker"].get(f"/v1/fragments/{receipt['fragment_id']}", expect=404)
        self.people["manager"].get(f"/v1/families/{family_id}", expect=404)
        say("health visiting submits a fragment in advance; nobody else can read it")

    def prepare(self) -> None:
        worker, canary = self.people["worker"], self.canary
        for key, record in children(canary, NHS_NUMBERS).items():
            self.ids[key] = worker.post("/v1/people", record, expect=201)["id"]
        members = {key: self.ids[key] for key in ("elder", "younger", "unborn", "mother", "father")}
        self.family_body = family(canary, members)
        self.family = worker.post("/v1/families", self.family_body, expect=201, key="family-1")[
            "id"
        ]
        draft = {
            "family_id": self.family,
            "purpose": "strategy_discussion",
            "question": canary("What does each agency know of the last year?"),
            "lawful_basis": "public_task",
            "no_consent_reason": "would_prejudice_protection",
            "family_told": False,
            "look_back_from": "2019-01-01",
            "due_at": instant(RETURNS_DUE),
            "expires_at": instant(FIRST_LIFETIME),
        }
        created = worker.post("/v1/chronologies", draft, expect=201)
        self.chronology = created["id"]
        check_equal("state of a draft", created["state"], "draft")
        missing = worker.post(f"{self.path}/open", expect=422)["errors"]
        check(
            "opening reports what is missing",
            {fault["pointer"] for fault in missing} >= {"/family_not_told_reason"},
        )
        patch = {
            "family_not_told_reason": canary("Telling them now would put the younger child at risk")
        }
        worker.patch(self.path, patch, created.etag)
        say(
            "children's services records the family and prepares a chronology; opening reports what is missing"
        )

    def invite(self) -> None:
        worker = self.people["worker"]
        for agency, key in RESPONDENTS.items():
            named = [self.people.ids[key]] if key and key != "school" else []
            invitation = {
                "agency_id": self.people.agencies[agency],
                "practitioners": named,
                "message": self.canary("Please look back to 2019"),
            }
            self.invitations[agency] = worker.post(
                f"{self.path}/invitations", invitation, expect=201
            )["id"]
        check_equal(
            "invitations visible for a draft",
            self.people["surgery"].get("/v1/invitations")["items"],
            [],
        )
        self.people["surgery"].get(self.path, expect=404)
        check_equal(
            "state after opening", worker.post(f"{self.path}/open", expect=200)["state"], "open"
        )
        visible = [
            invitation["id"]
            for invitation in self.people["surgery"].get("/v1/invitations")["items"]
        ]
        check_equal(
            "invitations visible to the surgery", visible, [self.invitations["millrace-surgery"]]
        )
        attached = self.people["health_visitor"].get(
            f"/v1/fragments/{self.fragments['health_visitor']}"
        )
        check_equal(
            "chronology of the advance submission", attached["chronology_id"], self.chronology
        )
        self.people["surgery"].get(f"{self.path}/timeline", expect=409)
        say(
            "nine agencies are invited and the chronology is opened; the advance submission is attached; no agency reads others' "
            "entries before its own return"
        )

    def submit_per_child(self) -> None:
        """The school's record system, over mutual TLS, sends a fragment for each sister with the
        same event in both.
        """
        school, canary = self.people["school"], self.canary
        event = entry(
            canary,
            "2026-09-14",
            "Collected by an unknown man who smelt of alcohol",
            "SUBSTANCES",
            "risk",
            "designated safeguarding lead",
            "CPOMS",
            impact=canary("Both sisters were frightened"),
        )
        for key in ("elder", "younger"):
            school_entry = {name: value for name, value in event.items() if name != "all_children"}
            school_entry |= {"children": [self.ids[key]], "reference": f"CPOMS-{key}"}
            sent = fragment(canary, school_entry, child_id=self.ids[key])
            path = f"{self.path}/fragments/otter-lane-{key}"
            receipt = school.put(path, sent, expect=201)
            self.record_receipt(f"school_{key}", receipt)
            again = school.put(path, sent, etag=receipt.etag, expect=200)
            check_equal("outcome of the same fragment sent twice", again["outcome"], "unchanged")
            school.put(path, sent, expect=428)
        say(
            "the school's record system submits per child with a certificate-bound token; a repeated submission changes nothing"
        )

    def submit_per_family(self) -> None:
        surgery, canary = self.people["surgery"], self.canary
        form = surgery.get(f"/v1/invitations/{self.invitations['millrace-surgery']}/form")
        check_equal("agency on the form", form["agency"]["code"], "millrace-surgery")
        check_equal(
            "children on the form",
            {one["id"] for one in form["family"]["members"]} >= {self.ids["elder"]},
            True,
        )
        surgery.post(f"/v1/invitations/{self.invitations['millrace-surgery']}/draft")
        shared_entry = entry(
            canary,
            "22.05.25",
            "Mother attended with low mood; three children discussed",
            "MENTAL_HEALTH",
            "both",
            "GP",
            "EMIS",
            impact=canary("Tired in the mornings"),
            reference="EMIS-1",
            adults=[{"person": self.ids["mother"], "role": "mother"}],
        )
        single_child_entry = entry(
            canary,
            "early March 2026",
            "Bruise to the upper arm seen at an unrelated visit",
            "HEALTH",
            "risk",
            "practice nurse",
            "EMIS",
            children=[self.ids["younger"]],
            reference="EMIS-2",
            seen="seen_alone",
            child_voice={"words": canary("Corin was cross"), "child": self.ids["younger"]},
        )
        involvement = {
            "status": "current",
            "support": canary("Sees mother monthly"),
            "since": "2021",
        }
        self.surgery_fragment = fragment(
            canary, shared_entry, single_child_entry, involvement=involvement
        )
        receipt = surgery.post(
            f"{self.path}/fragments", self.surgery_fragment, expect=201, key="surgery-1"
        )
        self.record_receipt("surgery", receipt)
        replay = surgery.post(f"{self.path}/fragments", self.surgery_fragment, key="surgery-1")
        check_equal("a replay is marked", replay.headers.get("idempotent-replayed"), "true")
        check_equal("a replay has the same body", replay.body, receipt.body)
        surgery.post(
            f"{self.path}/fragments",
            fragment(canary, single_child_entry),
            key="surgery-1",
            expect=422,
        )
        say(
            "the surgery, with a token of the health service's issuer, completes the form and submits for the family"
        )

    def submit_marked(self) -> None:
        police, canary = self.people["police"], self.canary
        arrest = entry(
            canary,
            "2026-03-02T22:40",
            "Corin Pask arrested on suspicion of assault",
            "CRIME",
            "risk",
            "response officer",
            "Niche",
        )
        marac = entry(
            canary,
            "2026-04",
            "Heard at MARAC as a high-risk case",
            "DOMESTIC_ABUSE",
            "risk",
            "DA officer",
            "Niche",
            handling={"marking": "restricted"},
        )
        short_entry = entry(
            canary,
            "2026-05-01",
            "Welfare check, all well",
            "CONTACT",
            "strength",
            "neighbourhood officer",
            "Niche",
            seen="seen",
        )
        faulty = fragment(
            canary,
            arrest | {"when": {"edtf": "2026-02-30"}},
            short_entry | {"children": [self.ids["visitor_family"]], "all_children": False},
        )
        faults = police.post(f"{self.path}/fragments", faulty, expect=422)["errors"]
        check_equal(
            "every error is reported",
            {fault["pointer"] for fault in faults},
            {"/entries/0/when/edtf", "/entries/1/children/0"},
        )
        self.record_receipt(
            "police",
            police.post(f"{self.path}/fragments", fragment(canary, arrest, marac), expect=201),
        )
        short_receipt = police.post(
            f"{self.path}/fragments",
            fragment(canary, short_entry, expires_at=instant(7)),
            expect=201,
        )
        self.record_receipt("police_brief", short_receipt)
        self.short_text, self.short_expires_at = short_entry["what"], short_receipt["expires_at"]
        say(
            "the police submit an offence, a restricted entry, and a fragment that expires before all others"
        )

    def restart(self) -> None:
        self.service.stop()
        seconds = self.service.start()
        check(
            "the short-lived entry still exists",
            self.short_text in self.texts() or seconds_until(self.short_expires_at) < 0,
        )
        say(f"SIGTERM, a clean exit, and ready again after {seconds:.1f} s without loss")

    def kill(self) -> None:
        """An acknowledged write survives SIGKILL, and its retry has no second effect."""
        worker, canary = self.people["worker"], self.canary
        event = entry(
            canary,
            "summer 2025",
            "Mother and children stayed for six weeks",
            "DOMESTIC_ABUSE",
            "risk",
            "refuge worker",
            "paper file",
        )
        proxy = fragment(canary, event, on_behalf_of=self.people.agencies["the-rowan-refuge"])
        receipt = worker.post(f"{self.path}/fragments", proxy, expect=201, key="proxy-1")
        self.service.kill()
        self.record_receipt("refuge", receipt)
        seconds = self.service.start()
        replay = worker.post(f"{self.path}/fragments", proxy, key="proxy-1")
        check_equal(
            "the retry after the crash is a replay",
            (replay.headers.get("idempotent-replayed"), replay.body),
            ("true", receipt.body),
        )
        found = worker.get(f"/v1/fragments/{receipt['fragment_id']}")
        check_equal(
            "texts after the crash", [one["what"] for one in found["entries"]], [event["what"]]
        )
        check_equal(
            "agency of the proxy entry",
            found["agency_id"],
            self.people.agencies["the-rowan-refuge"],
        )
        check_equal(
            "agency that entered it",
            found["proxy_by_agency_id"],
            self.people.agencies["brackenshire-childrens-services"],
        )
        say(
            f"a proxy entry for the refuge is acknowledged, the service killed (SIGKILL), ready again after {seconds:.1f} s: nothing lost or duplicated"
        )

    def respond_without_fragments(self) -> None:
        canary, path = self.canary, lambda agency: f"/v1/invitations/{self.invitations[agency]}"
        nil_return = {
            "decided_by": canary("Named nurse"),
            "statement": canary("Searched attendances since 2019"),
        }
        check_equal(
            "nil return",
            self.people["hospital"].post(
                f"{path('brackenshire-hospitals')}/nil-return", nil_return
            )["state"],
            "nil_return",
        )
        check_equal(
            "nil return",
            self.people["housing"].post(f"{path('teasel-homes')}/nil-return", nil_return)["state"],
            "nil_return",
        )
        refusal = {
            "reason": "more_detrimental_to_child",
            "decided_by": canary("Clinical lead"),
            "statement": canary("It would end the work with her"),
        }
        check_equal(
            "refusal",
            self.people["camhs"].post(f"{path('brackenshire-camhs')}/decline", refusal)["state"],
            "declined",
        )
        check_equal(
            "viewed",
            self.people["early_help"].get(path("brackenshire-early-help"))["state"],
            "viewed",
        )
        check_equal(
            "drafting",
            self.people["early_help"].post(f"{path('brackenshire-early-help')}/draft")["state"],
            "drafting",
        )
        self.people["camhs"].get(f"{self.path}/timeline", expect=(404, 409))
        say(
            "the hospitals and housing submit nil returns, CAMHS declines with a reason, early help starts a draft and never submits"
        )

    def read(self) -> None:
        rows = self.timeline()["rows"]
        school_rows = [row for row in rows if "unknown man" in row["accounts"][0]["what"]]
        check_equal("rows for the event that the school sent for each sister", len(school_rows), 1)
        check_equal(
            "children on that row",
            {child["id"] for child in school_rows[0]["children"]},
            {self.ids["elder"], self.ids["younger"]},
        )
        check_equal("sequence", [row["sequence"] for row in rows], list(range(1, len(rows) + 1)))
        child = f"?child={self.ids['younger']}"
        check(
            "by child: the bruise is shown",
            any("Bruise" in text for text in self.texts(query=child)),
        )
        check(
            "by child: the sister's reviews are not shown",
            not any("developmental" in text for text in self.texts(query=child)),
        )
        check(
            "by family: the reviews are shown",
            any("developmental" in text for text in self.texts()),
        )
        check_equal(
            "by agency and category",
            len(
                self.timeline(
                    query=f"?agency={self.people.agencies['millrace-surgery']}&category=HEALTH"
                )["rows"]
            ),
            1,
        )
        contributor = self.texts("surgery")
        check(
            "a contributor reads other agencies' accounts",
            any("unknown man" in text for text in contributor),
        )
        check(
            "a contributor reads no restricted entry",
            not any("MARAC" in text for text in contributor),
        )
        check(
            "a contributor without permission reads no offence data",
            not any("arrested" in text for text in contributor),
        )
        check(
            "social care reads both",
            sum("MARAC" in text or "arrested" in text for text in self.texts()) == 2,
        )
        first = self.people["worker"].get(f"{self.path}/timeline?limit=2")
        cursor, pages = first["next"], [first["rows"]]
        while cursor:
            page = self.people["worker"].get(f"{self.path}/timeline?limit=2&cursor={cursor}").body
            pages, cursor = [*pages, page["rows"]], page.get("next")
        check_equal(
            "rows of all pages",
            [row["id"] for page in pages for row in page],
            [row["id"] for row in self.timeline()["rows"]],
        )
        say(
            f"read by child, by family, by agency and page by page: {len(rows)} rows; a contributor sees only permitted entries"
        )

    def check_hidden(self) -> None:
        """A chronology that does not exist and one that the caller may not read give the same
        response, except for request ids.
        """
        absent = self.path.replace(
            self.chronology[-4:], "0000" if self.chronology[-4:] != "0000" else "0001"
        )
        for key in ("auditor",):
            for tail in ("", "/timeline", "/invitations", "/fragments"):
                real, missing = (
                    self.people[key].get(path + tail, expect=404) for path in (self.path, absent)
                )
                strip = lambda response: {
                    k: v for k, v in response.body.items() if k not in ("instance", "requestId")
                }
                check_equal("not existing and not permitted", strip(real), strip(missing))
        self.people["early_help"].get(f"{self.path}/timeline", expect=409)
        say("for an outsider the chronology does not exist")

    def check_short_expiry(self) -> None:
        time.sleep(max(0.0, seconds_until(self.short_expires_at)))
        check(
            "an expired fragment disappears from the timeline at once",
            self.short_text not in self.texts(),
        )
        self.people["police"].get(
            f"/v1/fragments/{self.fragments['police_brief']}", expect=(404, 410)
        )
        check("the other fragments remain", any("arrested" in text for text in self.texts()))
        self.wait_until_deleted("police_brief")
        say(
            f"the fragment with the early expiry is unreadable at that moment, and deleted {-seconds_until(self.short_expires_at):.1f} s after it; the rest remains"
        )

    def wait_until_deleted(self, key: str) -> None:
        remaining = {key}
        while remaining and seconds_until(self.short_expires_at) > -60:
            remaining = (
                self.database.tables_with(self.fragments[key]) - after_expiry.TABLES_WITH_IDS
            )
            time.sleep(0.2)
        check_equal("tables with its id after a minute", remaining, set())

    def check_overdue(self) -> None:
        states = {}
        for _ in range(int(RETURNS_DUE + 20)):
            found = self.people["worker"].get(f"{self.path}/invitations?limit=500")["items"]
            states = {one["agency_id"]: one["state"] for one in found}
            if states[self.people.agencies["brackenshire-early-help"]] == "overdue":
                break
            time.sleep(1)
        expected = {
            "otter-lane-primary": "submitted",
            "millrace-surgery": "submitted",
            "brackenshire-health-visiting": "submitted",
            "brackenshire-hospitals": "nil_return",
            "brackenshire-police": "submitted",
            "teasel-homes": "nil_return",
            "brackenshire-camhs": "declined",
            "brackenshire-early-help": "overdue",
            "the-rowan-refuge": "submitted",
        }
        check_equal(
            "state of each agency's invitation",
            states,
            {self.people.agencies[code]: state for code, state in expected.items()},
        )
        statement = self.timeline()["header"]["coverage_statement"]
        check("the header names the overdue agency", "Early Help" in statement)
        say(f"past the due date: {statement}")

    def correct(self) -> None:
        surgery, canary, path = (
            self.people["surgery"],
            self.canary,
            f"/v1/fragments/{self.fragments['surgery']}",
        )
        now = surgery.get(path)
        entries = [dict(one) for one in self.surgery_fragment["entries"]]
        self.original_text = entries[1]["what"]
        entries[1]["what"] = canary(
            "Bruise to the lower arm, not the upper, seen at an unrelated visit"
        )
        sent = self.surgery_fragment | {
            "entries": entries,
            "correction_reason": canary("The note was misread"),
        }
        surgery.put(path, sent, etag=now.etag, expect=200)
        surgery.put(path, sent, etag=now.etag, expect=412)
        surgery.put(path, sent, expect=428)
        texts = self.texts()
        check(
            "the correction is on the timeline",
            entries[1]["what"] in texts and self.original_text not in texts,
        )
        check_equal(
            "versions kept",
            [one["version"] for one in surgery.get(f"{path}/versions")["items"]],
            [1, 2],
        )
        check(
            "the first version is readable",
            self.original_text
            in [one["what"] for one in surgery.get(f"{path}/versions/1")["entries"]],
        )
        say(
            "the surgery corrects an entry: a new version, the old one is kept, a stale update is refused"
        )

    def extend(self) -> None:
        worker = self.people["worker"]
        old_expiry = worker.get(self.path)["expires_at"]
        new_expiry = instant(max(LAST_STRETCH, seconds_until(old_expiry) + 1))
        reason = self.canary("The meeting was moved")
        worker.post(
            f"{self.path}/extend",
            {"expires_at": instant(400 * 86_400), "reason": reason},
            expect=422,
        )
        self.expires_at = worker.post(
            f"{self.path}/extend", {"expires_at": new_expiry, "reason": reason}
        )["expires_at"]
        say(
            f"extended within policy (more is refused): {seconds_until(self.expires_at):.0f} s remain"
        )

    def consolidate(self) -> None:
        consolidation = self.people["support"].post(f"{self.path}/consolidations", expect=404)
        check_equal("business support may not consolidate", consolidation.status, 404)
        consolidation = self.people["worker"].post(f"{self.path}/consolidations", expect=201)
        self.consolidation = consolidation["id"]
        check_equal("consolidated rows", consolidation["row_count"], len(self.timeline()["rows"]))
        check_equal("state", self.people["worker"].get(self.path)["state"], "consolidated")
        late_fragment = fragment(
            self.canary,
            entry(
                self.canary,
                "2026-01-09",
                "Family support offered",
                "SUPPORT",
                "neutral",
                "worker",
                "EHM",
            ),
        )
        self.people["early_help"].post(f"{self.path}/fragments", late_fragment, expect=409)
        say("consolidated for the meeting; a late return is refused")

    def sign_off(self) -> None:
        self.people["worker"].post(f"{self.path}/sign-off", {"snapshot": "export"}, expect=404)
        sign_off = self.people["manager"].post(
            f"{self.path}/sign-off", {"snapshot": "export", "consolidation_id": self.consolidation}
        )
        check_equal("state", sign_off["state"], "signed_off")
        snapshot = self.people["worker"].get(f"{self.path}/snapshot")
        check("the snapshot contains the texts", "lower arm" in snapshot.raw.decode())
        self.people["surgery"].get(f"{self.path}/timeline", expect=404)
        readers = self.people["worker"].get(f"{self.path}/readers")["items"]
        check(
            "the last readers are listed",
            {one["practitioner_id"] for one in readers}
            >= {self.people.ids["worker"], self.people.ids["surgery"]},
        )
        say("the manager signs off, the snapshot is exported; contributors have no access any more")

    def run(self) -> None:
        for step in (
            self.start,
            self.submit_in_advance,
            self.prepare,
            self.invite,
            self.submit_per_child,
            self.submit_per_family,
            self.submit_marked,
            self.restart,
            self.kill,
            self.respond_without_fragments,
            self.read,
            self.check_hidden,
            self.check_short_expiry,
            self.check_overdue,
            self.correct,
            self.extend,
            self.consolidate,
            self.sign_off,
        ):
            step()
        after_expiry.run_checks(self)


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    database = DATABASES[name](folder)
    service = Service(folder, database.url)
    started = time.monotonic()
    print(f"== the story on {name}", flush=True)
    try:
        Story(service, database).run()
    finally:
        service.cleanup()
    print(f"== the story on {name} succeeds in {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
