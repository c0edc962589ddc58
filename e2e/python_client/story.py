"""The main story with the client generated from openapi.yaml, as an integrator would use it: every
request is built and every response parsed by the generated code.
"""

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
from chronology_client.api.chronologies import (
    create_chronology,
    extend_chronology,
    get_chronology,
    get_tombstone,
    open_chronology,
    sign_off_chronology,
)
from chronology_client.api.directory import get_me, list_agencies
from chronology_client.api.fragments import (
    correct_fragment,
    get_fragment,
    list_fragment_versions,
    put_fragment,
    submit_fragment,
)
from chronology_client.api.invitations import (
    create_invitation,
    decline_invitation,
    get_form,
    list_invitations,
    start_draft,
    submit_nil_return,
)
from chronology_client.api.people_and_families import create_family, create_person
from chronology_client.api.timeline import create_consolidation, get_snapshot, get_timeline
from harness import county
from harness.process import Service

LIFETIME = timedelta(seconds=20)
# Key, agency, roles and name of each caller. All nine agencies with access have at least one.
CALLERS = [
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


def connect(
    service: Service, agency: str, roles: list[str], subject: str, name: str
) -> AuthenticatedClient:
    context = ssl.create_default_context(cafile=str(service.ca_file))
    if "system_client" in roles:
        context.load_cert_chain(service.certificate.file, service.certificate.key)
    return AuthenticatedClient(
        base_url=service.public_url,
        token=service.token(agency, roles, subject, name),
        verify_ssl=context,
    )


def new_key() -> str:
    return str(uuid.uuid4())


def expect_success(response, *expected: HTTPStatus):
    """The parsed body of a response. Fails unless the status is expected and the document defines a
    type for it.
    """
    expected = expected or (HTTPStatus.OK, HTTPStatus.CREATED)
    assert response.status_code in expected, (
        f"{response.status_code}: {response.content.decode()[:1000]}"
    )
    assert response.parsed is not None, f"{response.status_code} has no type in the document"
    return response.parsed


def expect_problem(response, status: HTTPStatus) -> models.Problem:
    problem = expect_success(response, status)
    assert isinstance(problem, models.Problem), type(problem)
    return problem


def check_all_operations_generated(document: Path, package: Path) -> int:
    """Compares the generated operations with the document, because the generator omits operations
    that it does not support.
    """
    paths = yaml.safe_load(document.read_text())["paths"]
    methods = ("get", "put", "post", "delete", "patch")
    expected_operations = {
        item[method]["operationId"]
        for item in paths.values()
        for method in methods
        if method in item
    }
    generated = {path.stem for path in package.glob("api/*/*.py")} - {"__init__"}
    assert expected_operations == generated, (
        f"not generated: {sorted(expected_operations - generated)}; unexpected: {sorted(generated - expected_operations)}"
    )
    return len(generated)


def sharing_decision() -> models.SharingDecision:
    return models.SharingDecision(
        decided_by="Safeguarding lead", reason="Relevant to the section 47 enquiry"
    )


def make_entry(
    edtf: str, what: str, category: str, significance: models.Significance, **more
) -> models.EntryIn:
    source = models.Source(role="practitioner", record_system="case notes")
    if "children" not in more:
        more["all_children"] = True
    return models.EntryIn(
        when=models.WhenIn(edtf=edtf),
        what=what,
        category=category,
        significance=significance,
        source=source,
        action_taken="Discussed with the family",
        **more,
    )


class Story:
    """The integrator's clients, one for each caller, and the ids that the steps have collected."""

    def __init__(self, service: Service):
        self.clients = {
            name: connect(service, agency, roles, f"{name}@{agency}", person)
            for name, agency, roles, person in CALLERS
        }
        self.agencies = {
            agency.code: agency.id
            for agency in expect_success(
                list_agencies.sync_detailed(client=self.clients["worker"])
            ).items
        }
        self.agency_of = {name: self.agencies[agency] for name, agency, _, _ in CALLERS}

    def create_family_records(self) -> None:
        worker = self.clients["worker"]
        people = []
        for given, born, number in (
            ("Maren", date(2017, 5, 3), county.NHS_NUMBERS[0]),
            ("Tamsin", date(2020, 11, 19), county.NHS_NUMBERS[1]),
        ):
            child = models.PersonIn(
                kind=models.PersonKind.CHILD,
                name=models.PersonName(given=given, family="Ashdown"),
                birth=models.BirthDate(date=born),
                nhs_number=number,
            )
            people.append(
                expect_success(
                    create_person.sync_detailed(
                        client=worker, body=child, idempotency_key=new_key()
                    ),
                    HTTPStatus.CREATED,
                ).id
            )
        family = models.FamilyIn(
            label="Ashdown family",
            members=people,
            relationships=[
                models.Relationship(
                    from_=people[0], kind=models.RelationshipKind.SIBLING_OF, to=people[1]
                )
            ],
        )
        self.children = people
        self.family = expect_success(
            create_family.sync_detailed(client=worker, body=family, idempotency_key=new_key()),
            HTTPStatus.CREATED,
        ).id

    def open_chronology(self) -> None:
        worker, self.expires_at = self.clients["worker"], datetime.now(UTC) + LIFETIME
        draft = models.ChronologyIn(
            family_id=self.family,
            purpose=models.Purpose.STRATEGY_DISCUSSION,
            family_told=True,
            lawful_basis=models.LawfulBasis.PUBLIC_TASK,
            expires_at=self.expires_at,
        )
        self.chronology = expect_success(
            create_chronology.sync_detailed(client=worker, body=draft, idempotency_key=new_key()),
            HTTPStatus.CREATED,
        ).id
        for name in [name for name, *_ in CALLERS if name not in ("worker", "auditor")]:
            named = (
                []
                if name == "school"
                else [expect_success(get_me.sync_detailed(client=self.clients[name])).id]
            )
            invitation_request = models.InvitationIn(
                agency_id=self.agency_of[name], practitioners=named
            )
            expect_success(
                create_invitation.sync_detailed(
                    self.chronology,
                    client=worker,
                    body=invitation_request,
                    idempotency_key=new_key(),
                ),
                HTTPStatus.CREATED,
            )
        refuge_invitation = models.InvitationIn(agency_id=self.agencies["the-rowan-refuge"])
        expect_success(
            create_invitation.sync_detailed(
                self.chronology, client=worker, body=refuge_invitation, idempotency_key=new_key()
            ),
            HTTPStatus.CREATED,
        )
        opened = expect_success(
            open_chronology.sync_detailed(self.chronology, client=worker, idempotency_key=new_key())
        )
        assert opened.state == models.ChronologyState.OPEN

    def submit(self, name: str, *entries: models.EntryIn, **more) -> models.FragmentReceipt:
        sent = models.FragmentIn(sharing=sharing_decision(), entries=list(entries), **more)
        response = submit_fragment.sync_detailed(
            self.chronology, client=self.clients[name], body=sent, idempotency_key=new_key()
        )
        return expect_success(response, HTTPStatus.CREATED)

    def respond(self) -> None:
        risk, strength = models.Significance.RISK, models.Significance.STRENGTH
        self.surgery_event = make_entry(
            "2026-03",
            "Bruise to the upper arm",
            "HEALTH",
            risk,
            children=[self.children[1]],
            reference="E-1",
            seen=models.SeenStatus.SEEN_ALONE,
        )
        self.surgery = self.submit("surgery", self.surgery_event)
        for child in self.children:
            put_request = models.FragmentIn(
                sharing=sharing_decision(),
                child_id=child,
                entries=[
                    make_entry("2026-09-14", "Collected late", "EDUCATION", risk, children=[child])
                ],
            )
            put_response = put_fragment.sync_detailed(
                self.chronology, f"otter/{child}", client=self.clients["school"], body=put_request
            )
            assert (
                expect_success(put_response, HTTPStatus.CREATED).outcome
                == models.SubmissionOutcome.CREATED
            )
        self.submit("health_visitor", make_entry("2024", "Reviews were missed", "MISSED", risk))
        self.submit(
            "police",
            make_entry("2026-05-01T22:10", "Called to a loud argument", "DOMESTIC_ABUSE", risk),
        )
        self.submit(
            "early_help",
            make_entry("2026-06~", "Mother began the parenting course", "SUPPORT", strength),
        )
        self.submit(
            "worker",
            make_entry("2025-22", "Stayed at the refuge", "HOME", risk),
            on_behalf_of=self.agencies["the-rowan-refuge"],
        )
        nil_return = models.NilReturnIn(decided_by="Named professional")
        for name in ("hospital", "housing"):
            assert (
                expect_success(
                    submit_nil_return.sync_detailed(
                        self.invitation(name),
                        client=self.clients[name],
                        body=nil_return,
                        idempotency_key=new_key(),
                    )
                ).state
                == models.InvitationState.NIL_RETURN
            )
        form = expect_success(
            get_form.sync_detailed(self.invitation("camhs"), client=self.clients["camhs"])
        )
        assert {member.id for member in form.family.members} == set(self.children)
        expect_success(
            start_draft.sync_detailed(
                self.invitation("camhs"), client=self.clients["camhs"], idempotency_key=new_key()
            )
        )
        decline_request = models.DeclineIn(
            reason=models.DeclineReason.MORE_DETRIMENTAL_TO_CHILD,
            statement="It would end the work",
            decided_by="Clinical lead",
        )
        expect_success(
            decline_invitation.sync_detailed(
                self.invitation("camhs"),
                client=self.clients["camhs"],
                body=decline_request,
                idempotency_key=new_key(),
            )
        )

    def invitation(self, name: str) -> uuid.UUID:
        return expect_success(list_invitations.sync_detailed(client=self.clients[name])).items[0].id

    def check_refusals(self) -> None:
        faulty = models.FragmentIn(
            sharing=sharing_decision(),
            entries=[
                make_entry(
                    "2026-02-30",
                    "An event on a date that does not exist",
                    "HEALTH",
                    models.Significance.RISK,
                )
            ],
        )
        response = submit_fragment.sync_detailed(
            self.chronology, client=self.clients["surgery"], body=faulty, idempotency_key=new_key()
        )
        assert [
            fault.pointer
            for fault in expect_problem(response, HTTPStatus.UNPROCESSABLE_ENTITY).errors
        ] == ["/entries/0/when/edtf"]
        expect_problem(
            get_timeline.sync_detailed(self.chronology, client=self.clients["auditor"]),
            HTTPStatus.NOT_FOUND,
        )

    def read_timeline(self) -> None:
        timeline = expect_success(
            get_timeline.sync_detailed(self.chronology, client=self.clients["worker"])
        )
        assert len(timeline.header.coverage) == 9 and "CAMHS" in timeline.header.coverage_statement
        assert len(timeline.rows) == 6, [row.accounts[0].what for row in timeline.rows]
        late = next(row for row in timeline.rows if row.accounts[0].what == "Collected late")
        assert {child.id for child in late.children} == set(self.children)
        elder = expect_success(
            get_timeline.sync_detailed(
                self.chronology, client=self.clients["worker"], child=[self.children[0]]
            )
        )
        assert all("Bruise" not in account.what for row in elder.rows for account in row.accounts)
        expect_success(
            get_timeline.sync_detailed(
                self.chronology,
                client=self.clients["surgery"],
                significance=[models.Significance.RISK],
            )
        )

    def correct_surgery_fragment(self) -> None:
        surgery, fragment = self.clients["surgery"], self.surgery.fragment_id
        etag = get_fragment.sync_detailed(fragment, client=surgery).headers["etag"]
        self.surgery_event.what = "Bruise to the lower arm"
        sent = models.FragmentIn(
            sharing=sharing_decision(),
            entries=[self.surgery_event],
            correction_reason="The note was misread",
        )
        assert (
            expect_success(
                correct_fragment.sync_detailed(fragment, client=surgery, body=sent, if_match=etag)
            ).version
            == 2
        )
        expect_problem(
            correct_fragment.sync_detailed(fragment, client=surgery, body=sent, if_match=etag),
            HTTPStatus.PRECONDITION_FAILED,
        )
        assert (
            len(
                expect_success(list_fragment_versions.sync_detailed(fragment, client=surgery)).items
            )
            == 2
        )

    def sign_off(self) -> None:
        worker = self.clients["worker"]
        consolidation = expect_success(
            create_consolidation.sync_detailed(
                self.chronology, client=worker, idempotency_key=new_key()
            ),
            HTTPStatus.CREATED,
        )
        sign_off_request = models.SignOffIn(
            snapshot=models.SnapshotDecision.EXPORT, consolidation_id=consolidation.id
        )
        assert (
            expect_success(
                sign_off_chronology.sync_detailed(
                    self.chronology, client=worker, body=sign_off_request, idempotency_key=new_key()
                )
            ).state
            == models.ChronologyState.SIGNED_OFF
        )
        snapshot = expect_success(get_snapshot.sync_detailed(self.chronology, client=worker))
        assert "lower arm" in str(snapshot.to_dict())
        extend_request = models.ExtendIn(
            expires_at=max(
                self.expires_at + timedelta(seconds=1), datetime.now(UTC) + timedelta(seconds=3)
            ),
            reason="The meeting was moved",
        )
        self.expires_at = expect_success(
            extend_chronology.sync_detailed(
                self.chronology, client=worker, body=extend_request, idempotency_key=new_key()
            )
        ).expires_at

    def tombstone(self) -> models.TombstoneOut:
        deadline = time.monotonic() + 60
        while True:
            response = get_tombstone.sync_detailed(self.chronology, client=self.clients["worker"])
            if response.status_code == HTTPStatus.OK or time.monotonic() > deadline:
                return expect_success(response)
            time.sleep(0.5)

    def check_expiry(self) -> None:
        time.sleep(max(0.0, (self.expires_at - datetime.now(UTC)).total_seconds()) + 0.05)
        for operation in (get_chronology, get_timeline, get_snapshot):
            expect_problem(
                operation.sync_detailed(self.chronology, client=self.clients["worker"]),
                HTTPStatus.GONE,
            )
        expect_problem(
            get_fragment.sync_detailed(self.surgery.fragment_id, client=self.clients["surgery"]),
            HTTPStatus.GONE,
        )
        tombstone = self.tombstone()
        assert tombstone.reason == "expired" and len(tombstone.agencies) == 9, tombstone
        records = expect_success(
            list_audit.sync_detailed(
                client=self.clients["auditor"], chronology=self.chronology, limit=500
            )
        ).items
        assert {"timeline.read", "chronology.sign_off", "chronology.expire"} <= {
            record.operation for record in records
        }


def main() -> None:
    import chronology_client

    document = Path(__file__).parents[2] / "openapi.yaml"
    count = check_all_operations_generated(document, Path(chronology_client.__file__).parent)
    print(f"== the generated client has all {count} operations")
    with tempfile.TemporaryDirectory(prefix="chronology-python.") as folder:
        service = Service(Path(folder))
        try:
            service.start()
            story = Story(service)
            steps = (
                story.create_family_records,
                story.open_chronology,
                story.respond,
                story.check_refusals,
                story.read_timeline,
                story.correct_surgery_fragment,
                story.sign_off,
                story.check_expiry,
            )
            for step in steps:
                step()
                print(f"  {step.__name__.replace('_', ' ')}")
        finally:
            service.cleanup()
    print("== the story succeeds with the generated client")


if __name__ == "__main__":
    main()
