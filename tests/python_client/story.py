"""The story once more, by an integrator who has nothing but openapi.yaml: every request and every answer goes through
the client that was generated from it."""

import ssl
import tempfile
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import yaml
from chronology_client import AuthenticatedClient, models
from chronology_client.api.audit import list_audit
from chronology_client.api.chronologies import (create_chronology, extend_chronology, get_chronology, get_tombstone,
                                                open_chronology, sign_off_chronology)
from chronology_client.api.directory import get_me, list_agencies
from chronology_client.api.fragments import (correct_fragment, get_fragment, list_fragment_versions, put_fragment,
                                             submit_fragment)
from chronology_client.api.invitations import (create_invitation, decline_invitation, get_form, list_invitations, start_draft,
                                               submit_nil_return)
from chronology_client.api.people_and_families import create_family, create_person
from chronology_client.api.timeline import create_consolidation, get_snapshot, get_timeline
from e2e import county
from e2e.process import Service

LIFETIME = timedelta(seconds=20)
# Key, agency, roles, name: one for each of the nine agencies with access.
CAST = [
    ("worker", county.SOCIAL_CARE, ["social_worker", "team_manager"], "Edda Quillfeather"),
    ("auditor", county.SOCIAL_CARE, ["auditor"], "Sunniva Crake"),
    ("school", "otter-lane-primary", ["system_client"], "Otter Lane records"),
    ("surgery", "millrace-surgery", ["practitioner"], "Dr Ottoline Pym"),
    ("health_visitor", "brackenshire-health-visiting", ["practitioner"], "Fenella Rudd"),
    ("hospital", "brackenshire-hospitals", ["practitioner"], "Ansel Wherry"),
    ("police", "brackenshire-police", ["practitioner"], "Sgt Iolo Breck"),
    ("housing", "teasel-homes", ["practitioner"], "Marnie Sedge"),
    ("camhs", "brackenshire-camhs", ["practitioner"], "Dr Lorcan Vey"),
    ("early_help", "brackenshire-early-help", ["practitioner"], "Tilda Broome"),
]


def client(service: Service, agency: str, roles: list[str], subject: str, name: str) -> AuthenticatedClient:
    context = ssl.create_default_context(cafile=str(service.authority))
    if "system_client" in roles:
        context.load_cert_chain(service.certificate.file, service.certificate.key)
    return AuthenticatedClient(base_url=service.public_url, token=service.token(agency, roles, subject, name), verify_ssl=context)


def key() -> str:
    return str(uuid.uuid4())


def done(response, *expected: HTTPStatus):
    """What a call answered, as the type that the document promises for its status."""
    wanted = expected or (HTTPStatus.OK, HTTPStatus.CREATED)
    assert response.status_code in wanted, f"{response.status_code}: {response.content.decode()[:1000]}"
    assert response.parsed is not None, f"{response.status_code} has no type in the document"
    return response.parsed


def refused(response, status: HTTPStatus) -> models.Problem:
    problem = done(response, status)
    assert isinstance(problem, models.Problem), type(problem)
    return problem


def every_operation_is_there(document: Path, package: Path) -> int:
    """The generator leaves out what it cannot make, so what it made is counted."""
    paths = yaml.safe_load(document.read_text())["paths"]
    methods = ("get", "put", "post", "delete", "patch")
    wanted = {item[method]["operationId"] for item in paths.values() for method in methods if method in item}
    made = {path.stem for path in package.glob("api/*/*.py")} - {"__init__"}
    assert wanted == made, f"not generated: {sorted(wanted - made)}; from nowhere: {sorted(made - wanted)}"
    return len(made)


def sharing() -> models.SharingDecision:
    return models.SharingDecision(decided_by="Safeguarding lead", reason="Relevant to the section 47 enquiry")


def event(edtf: str, what: str, category: str, significance: models.Significance, **more) -> models.EntryIn:
    source = models.Source(role="practitioner", record_system="case notes")
    if "children" not in more:
        more["all_children"] = True
    return models.EntryIn(when=models.WhenIn(edtf=edtf), what=what, category=category, significance=significance, source=source,
                          action_taken="Discussed with the family", **more)


class Story:
    """The integrator's clients, one for each agency, and what they have learnt so far."""

    def __init__(self, service: Service):
        self.clients = {name: client(service, agency, roles, f"{name}@{agency}", person) for name, agency, roles, person in CAST}
        self.agencies = {one.code: one.id for one in done(list_agencies.sync_detailed(client=self.clients["worker"])).items}
        self.agency_of = {name: self.agencies[agency] for name, agency, _, _ in CAST}

    def record(self) -> None:
        worker = self.clients["worker"]
        people = []
        for given, born, number in (("Maren", date(2017, 5, 3), county.NHS_NUMBERS[0]), ("Tamsin", date(2020, 11, 19), county.NHS_NUMBERS[1])):
            child = models.PersonIn(kind=models.PersonKind.CHILD, name=models.PersonName(given=given, family="Ashdown"),
                                    birth=models.BirthDate(date=born), nhs_number=number)
            people.append(done(create_person.sync_detailed(client=worker, body=child, idempotency_key=key()), HTTPStatus.CREATED).id)
        family = models.FamilyIn(label="Ashdown family", members=people,
                                 relationships=[models.Relationship(from_=people[0], kind=models.RelationshipKind.SIBLING_OF, to=people[1])])
        self.children = people
        self.family = done(create_family.sync_detailed(client=worker, body=family, idempotency_key=key()), HTTPStatus.CREATED).id

    def open(self) -> None:
        worker, self.ends = self.clients["worker"], datetime.now(UTC) + LIFETIME
        draft = models.ChronologyIn(family_id=self.family, purpose=models.Purpose.STRATEGY_DISCUSSION, family_told=True,
                                    lawful_basis=models.LawfulBasis.PUBLIC_TASK, expires_at=self.ends)
        self.chronology = done(create_chronology.sync_detailed(client=worker, body=draft, idempotency_key=key()), HTTPStatus.CREATED).id
        for name in [name for name, *_ in CAST if name not in ("worker", "auditor")]:
            named = [] if name == "school" else [done(get_me.sync_detailed(client=self.clients[name])).id]
            wish = models.InvitationIn(agency_id=self.agency_of[name], practitioners=named)
            done(create_invitation.sync_detailed(self.chronology, client=worker, body=wish, idempotency_key=key()), HTTPStatus.CREATED)
        refuge = models.InvitationIn(agency_id=self.agencies["the-rowan-refuge"])
        done(create_invitation.sync_detailed(self.chronology, client=worker, body=refuge, idempotency_key=key()), HTTPStatus.CREATED)
        opened = done(open_chronology.sync_detailed(self.chronology, client=worker, idempotency_key=key()))
        assert opened.state == models.ChronologyState.OPEN

    def submit(self, name: str, *entries: models.EntryIn, **more) -> models.FragmentReceipt:
        sent = models.FragmentIn(sharing=sharing(), entries=list(entries), **more)
        answer = submit_fragment.sync_detailed(self.chronology, client=self.clients[name], body=sent, idempotency_key=key())
        return done(answer, HTTPStatus.CREATED)

    def answer(self) -> None:
        risk, strength = models.Significance.RISK, models.Significance.STRENGTH
        self.surgery_event = event("2026-03", "Bruise to the upper arm", "HEALTH", risk, children=[self.children[1]], reference="E-1",
                                   seen=models.SeenStatus.SEEN_ALONE)
        self.surgery = self.submit("surgery", self.surgery_event)
        for child in self.children:
            own = models.FragmentIn(sharing=sharing(), child_id=child, entries=[event("2026-09-14", "Collected late", "EDUCATION", risk, children=[child])])
            put = put_fragment.sync_detailed(self.chronology, f"otter/{child}", client=self.clients["school"], body=own)
            assert done(put, HTTPStatus.CREATED).outcome == models.SubmissionOutcome.CREATED
        self.submit("health_visitor", event("2024", "Reviews were missed", "MISSED", risk))
        self.submit("police", event("2026-05-01T22:10", "Called to a loud argument", "DOMESTIC_ABUSE", risk))
        self.submit("early_help", event("2026-06~", "Mother began the parenting course", "SUPPORT", strength))
        self.submit("worker", event("2025-22", "Stayed at the refuge", "HOME", risk), on_behalf_of=self.agencies["the-rowan-refuge"])
        nil = models.NilReturnIn(decided_by="Named professional")
        for name in ("hospital", "housing"):
            assert done(submit_nil_return.sync_detailed(self.invitation(name), client=self.clients[name], body=nil, idempotency_key=key())
                        ).state == models.InvitationState.NIL_RETURN
        form = done(get_form.sync_detailed(self.invitation("camhs"), client=self.clients["camhs"]))
        assert {member.id for member in form.family.members} == set(self.children)
        done(start_draft.sync_detailed(self.invitation("camhs"), client=self.clients["camhs"], idempotency_key=key()))
        no = models.DeclineIn(reason=models.DeclineReason.MORE_DETRIMENTAL_TO_CHILD, statement="It would end the work", decided_by="Clinical lead")
        done(decline_invitation.sync_detailed(self.invitation("camhs"), client=self.clients["camhs"], body=no, idempotency_key=key()))

    def invitation(self, name: str) -> uuid.UUID:
        return done(list_invitations.sync_detailed(client=self.clients[name])).items[0].id

    def refusals(self) -> None:
        faulty = models.FragmentIn(sharing=sharing(), entries=[event("2026-02-30", "A day that never was", "HEALTH", models.Significance.RISK)])
        answer = submit_fragment.sync_detailed(self.chronology, client=self.clients["surgery"], body=faulty, idempotency_key=key())
        assert [fault.pointer for fault in refused(answer, HTTPStatus.UNPROCESSABLE_ENTITY).errors] == ["/entries/0/when/edtf"]
        refused(get_timeline.sync_detailed(self.chronology, client=self.clients["auditor"]), HTTPStatus.NOT_FOUND)

    def read(self) -> None:
        whole = done(get_timeline.sync_detailed(self.chronology, client=self.clients["worker"]))
        assert len(whole.header.coverage) == 9 and "CAMHS" in whole.header.coverage_statement
        assert len(whole.rows) == 6, [row.accounts[0].what for row in whole.rows]
        late = next(row for row in whole.rows if row.accounts[0].what == "Collected late")
        assert {child.id for child in late.children} == set(self.children)
        elder = done(get_timeline.sync_detailed(self.chronology, client=self.clients["worker"], child=[self.children[0]]))
        assert all("Bruise" not in account.what for row in elder.rows for account in row.accounts)
        done(get_timeline.sync_detailed(self.chronology, client=self.clients["surgery"], significance=[models.Significance.RISK]))

    def correct(self) -> None:
        surgery, fragment = self.clients["surgery"], self.surgery.fragment_id
        etag = get_fragment.sync_detailed(fragment, client=surgery).headers["etag"]
        self.surgery_event.what = "Bruise to the lower arm"
        sent = models.FragmentIn(sharing=sharing(), entries=[self.surgery_event], correction_reason="The note was misread")
        assert done(correct_fragment.sync_detailed(fragment, client=surgery, body=sent, if_match=etag)).version == 2
        refused(correct_fragment.sync_detailed(fragment, client=surgery, body=sent, if_match=etag), HTTPStatus.PRECONDITION_FAILED)
        assert len(done(list_fragment_versions.sync_detailed(fragment, client=surgery)).items) == 2

    def sign_off(self) -> None:
        worker = self.clients["worker"]
        frozen = done(create_consolidation.sync_detailed(self.chronology, client=worker, idempotency_key=key()), HTTPStatus.CREATED)
        signed = models.SignOffIn(snapshot=models.SnapshotDecision.EXPORT, consolidation_id=frozen.id)
        assert done(sign_off_chronology.sync_detailed(self.chronology, client=worker, body=signed, idempotency_key=key())
                    ).state == models.ChronologyState.SIGNED_OFF
        snapshot = done(get_snapshot.sync_detailed(self.chronology, client=worker))
        assert "lower arm" in str(snapshot.to_dict())
        longer = models.ExtendIn(expires_at=max(self.ends + timedelta(seconds=1), datetime.now(UTC) + timedelta(seconds=3)), reason="The meeting was moved")
        self.ends = done(extend_chronology.sync_detailed(self.chronology, client=worker, body=longer, idempotency_key=key())).expires_at

    def tombstone(self) -> models.TombstoneOut:
        patience = time.monotonic() + 60
        while True:
            answer = get_tombstone.sync_detailed(self.chronology, client=self.clients["worker"])
            if answer.status_code == HTTPStatus.OK or time.monotonic() > patience:
                return done(answer)
            time.sleep(0.5)

    def expire(self) -> None:
        time.sleep(max(0.0, (self.ends - datetime.now(UTC)).total_seconds()) + 0.05)
        for read in (get_chronology, get_timeline, get_snapshot):
            refused(read.sync_detailed(self.chronology, client=self.clients["worker"]), HTTPStatus.GONE)
        refused(get_fragment.sync_detailed(self.surgery.fragment_id, client=self.clients["surgery"]), HTTPStatus.GONE)
        stone = self.tombstone()
        assert stone.reason == "expired" and len(stone.agencies) == 9, stone
        records = done(list_audit.sync_detailed(client=self.clients["auditor"], chronology=self.chronology, limit=500)).items
        assert {"timeline.read", "chronology.sign_off", "chronology.expire"} <= {record.operation for record in records}


def main() -> None:
    import chronology_client
    document = Path(__file__).parents[2] / "openapi.yaml"
    count = every_operation_is_there(document, Path(chronology_client.__file__).parent)
    print(f"== the generated client has all {count} operations")
    with tempfile.TemporaryDirectory(prefix="chronology-python.") as folder:
        service = Service(Path(folder))
        try:
            service.start()
            story = Story(service)
            for step in (story.record, story.open, story.answer, story.refusals, story.read, story.correct, story.sign_off, story.expire):
                step()
                print(f"  {step.__name__.replace('_', ' ')}")
        finally:
            service.end()
    print("== the story holds through the generated client")


if __name__ == "__main__":
    main()
