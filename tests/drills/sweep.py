"""Every operation of the API, asked along its own document: with a canary in each text in turn, in all at once, in
headers, paths and queries, and in bodies that are no JSON."""

import copy
from collections import Counter

import yaml
from clockwork import DAY, written
from e2e import county

# Names of organisations are no secret and stand in clear.
PUBLIC = {"create_agency", "update_agency"}
# They would end the story for the operations after them.
LAST = ["close_chronology", "withdraw_fragment"]
ANYTHING = tuple(range(200, 600))


class Words(yaml.SafeLoader):
    """Dates stay the text that they are in JSON."""


Words.yaml_implicit_resolvers = {first: [one for one in those if one[0] != "tag:yaml.org,2002:timestamp"]
                                 for first, those in yaml.SafeLoader.yaml_implicit_resolvers.items()}


class Counts(Counter):
    operations = 0


def everything(world, staff, told, chronology: str) -> Counts:
    document = yaml.load(staff.worker.get("/openapi.yaml").raw, Words)
    counts = Counts()
    story(staff, told, chronology, counts)
    ids = known(staff, told, chronology)
    operations = [(path, method, operation) for path, item in document["paths"].items() for method, operation in item.items()
                  if method in ("get", "post", "put", "patch", "delete") and operation["operationId"] not in PUBLIC]
    operations.sort(key=lambda one: one[2]["operationId"] in LAST)
    callers = [staff.manager, staff.worker, staff.agencies["millrace-surgery"]]
    for path, method, operation in operations:
        counts.operations += 1
        sent = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        for caller in callers:
            for body in variations(told.canary, sent, whole=caller is staff.manager):
                ask(caller, counts, method, filled(path, ids), body)
        ask(staff.worker, counts, method, filled(path, ids), sent, X_Request_ID=told.canary("id"), User_Agent=told.canary("agent"), Referer=told.canary("from"))
        ask(staff.worker, counts, method, filled(path, ids) + f"?note={told.canary('q').replace(' ', '%20')}", sent)
        ask(staff.worker, counts, method, filled(path, {name: told.canary("x").replace(" ", "%20") for name in ids}), sent)
    badly(staff, told, chronology, counts)
    return counts


def ask(caller, counts: Counts, method: str, path: str, body=None, **headers) -> object:
    verb = getattr(caller, method)
    more = {"expect": ANYTHING} | headers
    if method in ("put", "patch", "delete"):
        more["etag"] = '"1"'
    answer = verb(path, body, **more) if method in ("post", "put", "patch") else verb(path, **more)
    counts[answer.status // 100] += 1
    return answer


def known(staff, told, chronology: str) -> dict[str, str]:
    """Identifiers that lead somewhere, by the name of the parameter."""
    worker = staff.worker
    first = lambda path: (worker.get(path)["items"] or [{"id": chronology}])[0]["id"]
    millrace = [one for one, (agency, _) in told.fragments.items() if agency == "millrace-surgery"]
    return {"chronology_id": chronology, "person_id": told.people["elder"], "family_id": told.family, "fragment_id": millrace[0], "version": "1",
            "invitation_id": first(f"/v1/chronologies/{chronology}/invitations"), "practitioner_id": staff.ids["teasel-homes"]["id"],
            "agency_id": staff.ids["teasel-homes"]["agency_id"], "hold_id": staff.manager.get("/v1/holds")["items"][0]["id"],
            "consolidation_id": first(f"/v1/chronologies/{chronology}/consolidations"), "tombstone_id": chronology, "link_id": chronology,
            "link_decision_id": chronology, "agency_reference": "EMIS-77"}


def filled(path: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        path = path.replace("{" + name + "}", value)
    return path


def leaves(body, at=()):
    """Places of every text in a body."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield from leaves(value, (*at, name))
    elif isinstance(body, list):
        for index, value in enumerate(body):
            yield from leaves(value, (*at, index))
    elif isinstance(body, str):
        yield at


def put(body, at, value):
    changed = copy.deepcopy(body)
    inner = changed
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = value
    return changed


def variations(canary: county.Canaries, sent, whole: bool):
    """The document's own example; then with a canary in one text after the other, and as the name of a property."""
    yield sent
    if sent is None or not whole:
        return
    for at in leaves(sent):
        yield put(sent, at, canary("words"))
    yield sent | {canary("property"): canary("value")}


def badly(staff, told, chronology: str, counts: Counts) -> None:
    """Bodies that are no JSON, tokens that are none, keys and tags that say too much."""
    path, worker, canary = f"/v1/chronologies/{chronology}/fragments", staff.worker, told.canary
    for body in (canary("a text"), [canary("a list")], {"entries": canary("no list")}, {"entries": [{"when": {"edtf": canary("2026")}}]}):
        ask(worker, counts, "post", path, body)
    ask(worker, counts, "post", path, county.fragment(canary, {"what": canary("long") * 20_000}))
    ask(worker, counts, "post", path, {}, Idempotency_Key_=canary("key"))
    ask(worker, counts, "post", path, {}, key=canary("key").replace(" ", "-"))
    ask(worker, counts, "get", f"/v1/chronologies/{chronology}", If_None_Match=f'"{canary("tag")}"')
    for token in (canary("token"), worker.token[:-9] + canary("").strip(), ".".join(["e30", canary("").strip(), "x"])):
        kept, worker.token = worker.token, token
        ask(worker, counts, "get", "/v1/me")
        worker.token = kept
    ask(worker, counts, "get", f"/{canary('nowhere').replace(' ', '/')}")


def story(staff, told, chronology: str, counts: Counts) -> None:
    """What is accepted: each kind of text in its place."""
    canary, worker, manager = told.canary, staff.worker, staff.manager
    surgery, path = staff.agencies["millrace-surgery"], f"/v1/chronologies/{chronology}"

    def done(answer):
        counts[answer.status // 100] += 1
        return answer

    soon = written(staff.world.clock.now() + 30 * DAY)
    mine = [one for one, (agency, _) in told.fragments.items() if agency == "millrace-surgery"]
    event = county.entry(canary, "2026-03", "Seen again", "HEALTH", "risk", "GP", "EMIS", impact=canary("impact"), outcome=canary("outcome"),
                         family_account={"words": canary("account"), "disputed": True}, child_voice={"words": canary("voice"), "child": told.people["elder"]})
    event_plain = county.entry(canary, "2026-04", "Seen", "HEALTH", "risk", "GP", "EMIS", impact=canary("impact"))
    for one in (event, event_plain):
        sent = county.fragment(canary, one, correction_reason=canary("why"), involvement={"status": "current", "support": canary("support"), "lead_professional": canary("lead")})
        tag = surgery.get(f"/v1/fragments/{mine[0]}").etag
        done(surgery.put(f"/v1/fragments/{mine[0]}", sent, etag=tag, expect=(200, 422)))
    done(surgery.put(f"{path}/fragments/EMIS-77", county.fragment(canary, event_plain), expect=(200, 201)))
    person = county.person("child", canary("Given"), canary("Family"), birth={"date": "2018-02-03"}, no_nhs_number_reason="not_known",
                           addresses=[{"lines": canary("1 Lane"), "postcode": "ZZ9 9ZX", "protected": True}])
    made = worker.post("/v1/people", person, expect=(201, 422))
    done(made)
    for question in ({"nhs_number": county.NHS_NUMBERS[0]}, {"name": {"given": canary("Maren")}}):
        done(worker.post("/v1/people/find", question, expect=(200, 422)))
    hold = done(manager.post("/v1/holds", {"scope": "chronology", "target_id": chronology, "reason": canary("order"), "review_at": soon}))
    done(manager.post(f"/v1/holds/{hold['id']}/release", {"reason": canary("discharged")}))
    done(manager.post("/v1/practitioners", {"agency_id": staff.ids["teasel-homes"]["agency_id"], "issuer": "https://login.example", "subject": canary("subject"),
                                            "name": canary("Somebody"), "job_title": canary("Officer")}, expect=(201, 422)))
    done(worker.post(f"{path}/extend", {"expires_at": written(staff.world.clock.now() + 90 * DAY), "reason": canary("moved")}))
    entries = [row["accounts"][0]["entry_id"] for row in worker.get(f"{path}/timeline")["rows"][:2]]
    decision = done(worker.post(f"{path}/link-decisions", {"decision": "different_events", "entries": entries, "reason": canary("apart")}, expect=(200, 201, 422)))
    if decision.status < 300:
        done(worker.post(f"{path}/link-decisions/{decision['id']}/withdrawal", {"reason": canary("mistaken")}))
    frozen = done(worker.post(f"{path}/consolidations", expect=201))
    for read in ("", "/timeline", "/timeline?limit=2", "/invitations", "/fragments", "/links", "/link-decisions", "/consolidations", f"/consolidations/{frozen['id']}",
                 "/questions", "/person-links", "/readers"):
        done(worker.get(path + read))
    done(manager.post(f"{path}/sign-off", {"snapshot": "export", "consolidation_id": frozen["id"]}))
    done(worker.get(f"{path}/snapshot"))
    done(manager.post(f"{path}/reopen", {"reason": canary("again")}))
    done(manager.post(f"{path}/sign-off", {"snapshot": "waive", "waiver_reason": canary("waived")}, expect=(200, 409, 422)))
    done(manager.post(f"{path}/reopen", {"reason": canary("again")}, expect=(200, 409)))
