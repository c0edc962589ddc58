"""The checks after expiry: only the tombstone and the audit remain."""

import time
from collections import Counter

from people import check, check_equal, say, seconds_until

# Tables that may still contain ids of expired objects. The table `idempotency` keeps them for a
# day, without content, so that a late retry has no second effect.
TABLES_WITH_IDS = {
    "tombstones",
    "tombstone_agencies",
    "tombstone_practitioners",
    "deletion_covered",
    "key_commitments",
    "idempotency",
}
# Tables that must be empty, because the county had only one family and one chronology.
EMPTY_TABLES = [
    "chronologies",
    "chronology_team",
    "invitations",
    "invitation_practitioners",
    "fragments",
    "fragment_versions",
    "entries",
    "consolidations",
    "consolidation_fragments",
    "consolidation_links",
    "people",
    "person_keys",
    "families",
    "family_members",
]
DELETION_LIMIT = 60.0


def run_checks(story) -> None:
    old_expiry = content_paths(story)
    check_sealed_before_expiry(story)
    expire_while_stopped(story)
    check_nothing_served(story, old_expiry, ("worker", "surgery"))
    check_purged(story)
    check_nothing_served(
        story, old_expiry, ("worker", "manager", "health_visitor", "school", "auditor")
    )
    check_keys_destroyed(story)
    check_no_canary_left(story)
    check_tombstone(story)
    check_audit(story)


def content_paths(story) -> list[str]:
    """Every path to content of the chronology and to the people in it."""
    pages = [
        "",
        "/timeline",
        f"/timeline?child={story.ids['elder']}",
        "/timeline?limit=1",
        "/invitations",
        "/fragments",
        "/consolidations",
        f"/consolidations/{story.consolidation}",
        "/snapshot",
        "/readers",
    ]
    content = [story.path + page for page in pages]
    content += [
        f"/v1/fragments/{one}{tail}"
        for one in story.fragments.values()
        for tail in ("", "/versions", "/versions/1")
    ]
    content += [
        f"/v1/invitations/{one}{tail}"
        for one in story.invitations.values()
        for tail in ("", "/form")
    ]
    content += [
        f"/v1/people/{story.ids[key]}"
        for key in ("elder", "younger", "unborn", "mother", "father", "visitor_child")
    ]
    return content + [f"/v1/families/{story.family}", f"/v1/families/{story.ids['visitor_family']}"]


def check_sealed_before_expiry(story) -> None:
    """While authorised callers can read the content, the database contains no plaintext of it."""
    check("the texts are readable now", "lower arm" in " ".join(story.texts()))
    found = find_leaks(story, story.database.copies())
    check_equal("copies with plaintext", found, [])
    check_equal(
        "tables other than these contain the chronology's id",
        story.database.tables_with(story.chronology) - TABLES_WITH_IDS != set(),
        True,
    )
    say("before expiry: readable for authorised callers, no plaintext in any database file")


def expire_while_stopped(story) -> None:
    """The service is stopped at the time of expiry, so that only the clock can end access."""
    story.service.stop()
    remaining = seconds_until(story.expires_at)
    check(
        f"the steps were completed in time ({remaining:.1f} s left): this machine is too slow for FIRST_LIFETIME or LAST_STRETCH",
        remaining > 0,
    )
    time.sleep(max(remaining, seconds_until(story.advance_expires_at)) + 0.05)
    story.service.start()
    story.restarted_at = time.monotonic()
    replay = story.people["worker"].post(
        "/v1/families", story.family_body, expect=(404, 410, 422), key="family-1"
    )
    check(
        "no stored reply is returned after its object has expired",
        story.canary.seed not in replay.raw.decode(),
    )
    say("the service is stopped, the chronology expires, the service starts again")


def check_nothing_served(story, content: list[str], readers: tuple[str, ...]) -> None:
    statuses = Counter()
    for path in content:
        for reader in readers:
            response = story.people[reader].get(path, expect=(404, 410))
            statuses[response.status] += 1
            check(
                f"{path} returns no expired content",
                story.canary.seed not in response.raw.decode() and "etag" not in response.headers,
            )
    for path in ("/v1/chronologies", "/v1/invitations", "/v1/fragments", "/v1/families"):
        for reader in story.people.others("auditor"):
            if path == "/v1/families" and reader in ("school", "police"):
                continue
            check_equal(
                f"{path} of {reader}",
                story.people[reader].get(path, expect=(200, 404)).body.get("items", []),
                [],
            )
    conditional = story.people["worker"].get(
        f"{story.path}/timeline", expect=410, If_None_Match="*"
    )
    check_equal("a conditional request after expiry", conditional.status, 410)
    story.people["surgery"].post(
        f"{story.path}/fragments", story.surgery_fragment, expect=410, key="surgery-1"
    )
    say(
        f"{sum(statuses.values())} requests on {len(content)} routes: {statuses[410]} × 410 for callers who had access, {statuses[404]} × 404"
    )


def check_purged(story) -> None:
    remaining = EMPTY_TABLES
    while remaining and time.monotonic() - story.restarted_at < DELETION_LIMIT:
        time.sleep(0.5)
        remaining = [table for table in EMPTY_TABLES if story.database.count(table) > 0]
    seconds = time.monotonic() - story.restarted_at
    check_equal("tables with remaining rows after 60 s", remaining, [])
    identifiers = {
        story.chronology,
        story.family,
        *story.fragments.values(),
        *story.invitations.values(),
        *story.ids.values(),
        *story.entries,
    }
    check_equal(
        "other tables with ids of deleted objects",
        story.database.tables_with(*identifiers) - TABLES_WITH_IDS,
        set(),
    )
    say(
        f"deleted at most {seconds:.1f} s after the start: {len(identifiers)} ids remain only in tombstones, key commitments, deletion manifests and, for a day, idempotency records"
    )


def check_keys_destroyed(story) -> None:
    keys = story.service.data / "keys" / "scopes"
    scope = f"scope-{story.chronology}"
    names = {path.name for path in keys.iterdir()}
    check_equal("the chronology's key", f"{scope}.key" in names, False)
    check_equal("the marker of its destruction", f"{scope}.gone" in names, True)
    owners = {
        f"scope-{one}.key": what
        for what, one in (story.fragments | story.ids | {"family": story.family}).items()
    }
    check_equal(
        "remaining keys", [owners.get(name, name) for name in names if name.endswith(".key")], []
    )
    say(
        f"the keystore has destroyed the chronology's key and {len(names) - 1} others; the markers remain"
    )


def check_no_canary_left(story) -> None:
    story.service.stop()
    files = {
        str(path.relative_to(story.service.folder)): path.read_bytes()
        for path in story.service.folder.rglob("*")
        if path.is_file()
    }
    database = story.database.copies()
    check(
        "the search finds a text that must be there",
        any(b"brackenshire-police" in data for data in database.values()),
    )
    copies = database | files
    check_equal("copies with plaintext", find_leaks(story, copies), [])
    story.service.start()
    size = sum(len(data) for data in copies.values()) / 1e6
    say(
        f"none of {story.canary.count} canaries in {len(copies)} files ({size:.0f} MB): database, write-ahead log, keys, logs at trace level"
    )


def find_leaks(story, copies: dict[str, bytes]) -> list[str]:
    words = [
        story.canary.seed.encode(),
        b"lower arm",
        b"unknown man who smelt",
        story.canary.seed.encode("utf-16-le"),
    ]
    return [name for name, data in copies.items() if any(word in data for word in words)]


def check_tombstone(story) -> None:
    tombstone = story.people["worker"].get(f"/v1/tombstones/{story.chronology}").body
    check_equal(
        "tombstone",
        (tombstone["id"], tombstone["kind"], tombstone["reason"]),
        (story.chronology, "chronology", "expired"),
    )
    check_equal("agencies on the tombstone", len(tombstone["agencies"]), 9)
    check("deleted after the expiry", tombstone["deleted_at"] >= tombstone["expired_at"])
    check(
        "readers on the tombstone",
        story.people.ids["surgery"] in {one["practitioner_id"] for one in tombstone["readers"]},
    )
    own_view = story.people["surgery"].get(f"/v1/tombstones/{story.chronology}").body
    check_equal(
        "a contributing agency sees only itself",
        [one["agency_id"] for one in own_view["agencies"]],
        [story.people.agencies["millrace-surgery"]],
    )
    story.people["surgery"].get(f"/v1/tombstones/{story.fragments['surgery']}")
    story.people["auditor"].get(f"/v1/tombstones/{story.chronology}", expect=404)
    say(
        f"the tombstone: {tombstone['entry_count']} entries of {len(tombstone['agencies'])} agencies, hash {tombstone['content_hash'][:12]}…, {len(tombstone['readers'])} readers"
    )


def check_audit(story) -> None:
    records, cursor = [], ""
    while True:
        page = (
            story.people["auditor"]
            .get(f"/v1/audit?chronology={story.chronology}&limit=500{cursor}")
            .body
        )
        records += page["items"]
        if not page.get("next"):
            break
        cursor = f"&cursor={page['next']}"
    counts = Counter((one["operation"], one["outcome"]) for one in records)
    expected = [
        ("chronology.create", "allowed"),
        ("invitation.create", "allowed"),
        ("chronology.open", "invalid"),
        ("chronology.open", "allowed"),
        ("fragment.submit", "allowed"),
        ("fragment.submit", "invalid"),
        ("fragment.proxy", "allowed"),
        ("invitation.nil_return", "allowed"),
        ("invitation.decline", "allowed"),
        ("timeline.read", "allowed"),
        ("timeline.read", "denied"),
        ("timeline.read", "expired"),
        ("fragment.correct", "allowed"),
        ("fragment.correct", "stale"),
        ("chronology.extend", "allowed"),
        ("chronology.consolidate", "allowed"),
        ("chronology.sign_off", "allowed"),
        ("chronology.sign_off", "denied"),
        ("snapshot.read", "allowed"),
        ("chronology.expire", "allowed"),
    ]
    check_equal("audit records that are missing", [one for one in expected if not counts[one]], [])
    story.people["worker"].get("/v1/audit", expect=404)
    say(
        f"the audit: {len(records)} records of this chronology, {sum(n for (_, o), n in counts.items() if o == 'denied')} refusals among them"
    )
