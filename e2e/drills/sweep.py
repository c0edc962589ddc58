"""Calls every operation of the API according to its OpenAPI document, with canaries in each text of
the body, in property names, headers, paths and queries, and in malformed requests.
"""

import copy
from collections import Counter

import yaml
from fake_clock import DAY, format_instant
from harness import county

# These operations store names of organisations, which are public and therefore not encrypted.
PUBLIC_OPERATIONS = {"create_agency", "update_agency"}
# Called last, because other operations need the objects that these close.
LAST_OPERATIONS = ["close_chronology", "withdraw_fragment"]
ANY_STATUS = tuple(range(200, 600))


class StringDatesLoader(yaml.SafeLoader):
    """Keeps dates as strings, as they are in JSON."""


StringDatesLoader.yaml_implicit_resolvers = {
    first: [resolver for resolver in resolvers if resolver[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class RequestCounts(Counter):
    """The number of responses by the first digit of their status, and the number of operations
    called.
    """

    operations = 0


def call_all_operations(deployment, staff, case, chronology: str) -> RequestCounts:
    document = yaml.load(staff.worker.get("/openapi.yaml").raw, StringDatesLoader)
    counts = RequestCounts()
    send_accepted_requests(staff, case, chronology, counts)
    ids = known_ids(staff, case, chronology)
    operations = [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
        and operation["operationId"] not in PUBLIC_OPERATIONS
    ]
    operations.sort(key=lambda operation: operation[2]["operationId"] in LAST_OPERATIONS)
    callers = [staff.manager, staff.worker, staff.agencies["millrace-surgery"]]
    for path, method, operation in operations:
        counts.operations += 1
        example = (
            operation.get("requestBody", {})
            .get("content", {})
            .get("application/json", {})
            .get("example")
        )
        for caller in callers:
            for body in body_variants(case.canary, example, with_canaries=caller is staff.manager):
                send_request(caller, counts, method, fill_path(path, ids), body)
        headers = {
            "X_Request_ID": case.canary("id"),
            "User_Agent": case.canary("agent"),
            "Referer": case.canary("from"),
        }
        send_request(staff.worker, counts, method, fill_path(path, ids), example, **headers)
        send_request(
            staff.worker,
            counts,
            method,
            fill_path(path, ids) + f"?note={case.canary('q').replace(' ', '%20')}",
            example,
        )
        canary_ids = {name: case.canary("x").replace(" ", "%20") for name in ids}
        send_request(staff.worker, counts, method, fill_path(path, canary_ids), example)
    send_malformed_requests(staff, case, chronology, counts)
    return counts


def send_request(
    caller, counts: RequestCounts, method: str, path: str, body=None, **headers
) -> object:
    verb = getattr(caller, method)
    more = {"expect": ANY_STATUS} | headers
    if method in ("put", "patch", "delete"):
        more["etag"] = '"1"'
    response = (
        verb(path, body, **more) if method in ("post", "put", "patch") else verb(path, **more)
    )
    counts[response.status // 100] += 1
    return response


def known_ids(staff, case, chronology: str) -> dict[str, str]:
    """Ids of existing objects, by path parameter."""
    worker = staff.worker
    first = lambda path: (worker.get(path)["items"] or [{"id": chronology}])[0]["id"]
    surgery_fragments = [
        fragment for fragment, (agency, _) in case.fragments.items() if agency == "millrace-surgery"
    ]
    return {
        "chronology_id": chronology,
        "person_id": case.people["elder"],
        "family_id": case.family,
        "fragment_id": surgery_fragments[0],
        "version": "1",
        "invitation_id": first(f"/v1/chronologies/{chronology}/invitations"),
        "practitioner_id": staff.profiles["teasel-homes"]["id"],
        "agency_id": staff.profiles["teasel-homes"]["agency_id"],
        "hold_id": staff.manager.get("/v1/holds")["items"][0]["id"],
        "consolidation_id": first(f"/v1/chronologies/{chronology}/consolidations"),
        "tombstone_id": chronology,
        "link_id": chronology,
        "link_decision_id": chronology,
        "agency_reference": "EMIS-77",
    }


def fill_path(path: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        path = path.replace("{" + name + "}", value)
    return path


def text_paths(body, path=()):
    """The path of every string in a body."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield from text_paths(value, (*path, name))
    elif isinstance(body, list):
        for index, value in enumerate(body):
            yield from text_paths(value, (*path, index))
    elif isinstance(body, str):
        yield path


def replace_text(body, path, value):
    changed = copy.deepcopy(body)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


def body_variants(canary: county.Canaries, example, with_canaries: bool):
    """The document's example; then variants with a canary in one string each, and as the name of a
    property.
    """
    yield example
    if example is None or not with_canaries:
        return
    for path in text_paths(example):
        yield replace_text(example, path, canary("words"))
    yield example | {canary("property"): canary("value")}


def send_malformed_requests(staff, case, chronology: str, counts: RequestCounts) -> None:
    """Sends malformed bodies, tokens, idempotency keys and entity tags that contain canaries."""
    path, worker, canary = f"/v1/chronologies/{chronology}/fragments", staff.worker, case.canary
    for body in (
        canary("a text"),
        [canary("a list")],
        {"entries": canary("no list")},
        {"entries": [{"when": {"edtf": canary("2026")}}]},
    ):
        send_request(worker, counts, "post", path, body)
    send_request(
        worker, counts, "post", path, county.fragment(canary, {"what": canary("long") * 20_000})
    )
    send_request(worker, counts, "post", path, {}, Idempotency_Key_=canary("key"))
    send_request(worker, counts, "post", path, {}, key=canary("key").replace(" ", "-"))
    send_request(
        worker, counts, "get", f"/v1/chronologies/{chronology}", If_None_Match=f'"{canary("tag")}"'
    )
    for token in (
        canary("token"),
        worker.token[:-9] + canary("").strip(),
        ".".join(["e30", canary("").strip(), "x"]),
    ):
        valid_token, worker.token = worker.token, token
        send_request(worker, counts, "get", "/v1/me")
        worker.token = valid_token
    send_request(worker, counts, "get", f"/{canary('nowhere').replace(' ', '/')}")


def send_accepted_requests(staff, case, chronology: str, counts: RequestCounts) -> None:
    """Sends valid requests with a canary in every kind of text."""
    canary, worker, manager = case.canary, staff.worker, staff.manager
    surgery, path = staff.agencies["millrace-surgery"], f"/v1/chronologies/{chronology}"

    def count(response):
        counts[response.status // 100] += 1
        return response

    in_a_month = format_instant(staff.deployment.clock.now() + 30 * DAY)
    own_fragments = [
        fragment for fragment, (agency, _) in case.fragments.items() if agency == "millrace-surgery"
    ]
    event = county.entry(
        canary,
        "2026-03",
        "Seen again",
        "HEALTH",
        "risk",
        "GP",
        "EMIS",
        impact=canary("impact"),
        outcome=canary("outcome"),
        family_account={"words": canary("account"), "disputed": True},
        child_voice={"words": canary("voice"), "child": case.people["elder"]},
    )
    plain_event = county.entry(
        canary, "2026-04", "Seen", "HEALTH", "risk", "GP", "EMIS", impact=canary("impact")
    )
    involvement = {
        "status": "current",
        "support": canary("support"),
        "lead_professional": canary("lead"),
    }
    for entry in (event, plain_event):
        correction = county.fragment(
            canary, entry, correction_reason=canary("why"), involvement=involvement
        )
        tag = surgery.get(f"/v1/fragments/{own_fragments[0]}").etag
        count(
            surgery.put(
                f"/v1/fragments/{own_fragments[0]}", correction, etag=tag, expect=(200, 422)
            )
        )
    count(
        surgery.put(
            f"{path}/fragments/EMIS-77", county.fragment(canary, plain_event), expect=(200, 201)
        )
    )
    person = county.person(
        "child",
        canary("Given"),
        canary("Family"),
        birth={"date": "2018-02-03"},
        no_nhs_number_reason="not_known",
        addresses=[{"lines": canary("1 Lane"), "postcode": "ZZ9 9ZX", "protected": True}],
    )
    count(worker.post("/v1/people", person, expect=(201, 422)))
    for query in ({"nhs_number": county.NHS_NUMBERS[0]}, {"name": {"given": canary("Maren")}}):
        count(worker.post("/v1/people/find", query, expect=(200, 422)))
    hold = count(
        manager.post(
            "/v1/holds",
            {
                "scope": "chronology",
                "target_id": chronology,
                "reason": canary("order"),
                "review_at": in_a_month,
            },
        )
    )
    count(manager.post(f"/v1/holds/{hold['id']}/release", {"reason": canary("discharged")}))
    count(
        manager.post(
            "/v1/practitioners",
            {
                "agency_id": staff.profiles["teasel-homes"]["agency_id"],
                "issuer": "https://login.example",
                "subject": canary("subject"),
                "name": canary("Somebody"),
                "job_title": canary("Officer"),
            },
            expect=(201, 422),
        )
    )
    count(
        worker.post(
            f"{path}/extend",
            {
                "expires_at": format_instant(staff.deployment.clock.now() + 90 * DAY),
                "reason": canary("moved"),
            },
        )
    )
    entries = [row["accounts"][0]["entry_id"] for row in worker.get(f"{path}/timeline")["rows"][:2]]
    decision = count(
        worker.post(
            f"{path}/link-decisions",
            {"decision": "different_events", "entries": entries, "reason": canary("apart")},
            expect=(200, 201, 422),
        )
    )
    if decision.status < 300:
        count(
            worker.post(
                f"{path}/link-decisions/{decision['id']}/withdrawal", {"reason": canary("mistaken")}
            )
        )
    consolidation = count(worker.post(f"{path}/consolidations", expect=201))
    for page in (
        "",
        "/timeline",
        "/timeline?limit=2",
        "/invitations",
        "/fragments",
        "/links",
        "/link-decisions",
        "/consolidations",
        f"/consolidations/{consolidation['id']}",
        "/questions",
        "/person-links",
        "/readers",
    ):
        count(worker.get(path + page))
    count(
        manager.post(
            f"{path}/sign-off", {"snapshot": "export", "consolidation_id": consolidation["id"]}
        )
    )
    count(worker.get(f"{path}/snapshot"))
    count(manager.post(f"{path}/reopen", {"reason": canary("again")}))
    count(
        manager.post(
            f"{path}/sign-off",
            {"snapshot": "waive", "waiver_reason": canary("waived")},
            expect=(200, 409, 422),
        )
    )
    count(manager.post(f"{path}/reopen", {"reason": canary("again")}, expect=(200, 409)))
