"""The end of the story: nothing is left but the tombstone and the audit."""

import time
from collections import Counter

from people import holds, same, say, seconds_until

# Where an identifier of what has expired may still stand. A write is known by its object's for a day, without content, so
# that a late repeat has no second effect.
REMAINS = {"tombstones", "tombstone_agencies", "tombstone_practitioners", "deletion_covered", "key_commitments", "idempotency"}
# Where no row may be left of a county that had one family and one chronology.
EMPTY = ["chronologies", "chronology_team", "invitations", "invitation_practitioners", "fragments", "fragment_versions", "entries",
         "consolidations", "consolidation_fragments", "consolidation_links", "people", "person_keys", "families", "family_members"]
PROMISED = 60.0


def tell(story) -> None:
    before = routes(story)
    sealed_while_alive(story)
    over_while_down(story)
    nothing_is_served(story, before, ("worker", "surgery"))
    purged(story)
    nothing_is_served(story, before, ("worker", "manager", "health_visitor", "school", "auditor"))
    keys_are_gone(story)
    no_word_anywhere(story)
    tombstone(story)
    audit(story)


def routes(story) -> list[str]:
    """Every way to the chronology's content, and to the people in it."""
    pages = ["", "/timeline", f"/timeline?child={story.ids['elder']}", "/timeline?limit=1", "/invitations", "/fragments",
             "/consolidations", f"/consolidations/{story.consolidation}", "/snapshot", "/readers"]
    content = [story.path + page for page in pages]
    content += [f"/v1/fragments/{one}{tail}" for one in story.fragments.values() for tail in ("", "/versions", "/versions/1")]
    content += [f"/v1/invitations/{one}{tail}" for one in story.invitations.values() for tail in ("", "/form")]
    content += [f"/v1/people/{story.ids[key]}" for key in ("elder", "younger", "unborn", "mother", "father", "visitor_child")]
    return content + [f"/v1/families/{story.family}", f"/v1/families/{story.ids['visitor_family']}"]


def sealed_while_alive(story) -> None:
    """Even while everything is readable to those entitled, no word of it lies in the database in clear."""
    holds("the words are readable now", "lower arm" in " ".join(story.texts()))
    found = search(story, story.database.copies())
    same("copies with a word in clear", found, [])
    same("tables that know the chronology", story.database.tables_with(story.chronology) - REMAINS != set(), True)
    say("while it lives: readable to those entitled, in no file of the database in clear")


def over_while_down(story) -> None:
    """The service is down when the time comes, so nothing but the clock can have ended it."""
    story.service.stop()
    left = seconds_until(story.ends)
    holds(f"the story was told in time ({left:.1f} s left): this machine is too slow for FIRST_LIFETIME or LAST_STRETCH", left > 0)
    time.sleep(max(left, seconds_until(story.ahead_ends)) + 0.05)
    story.service.start()
    story.restarted = time.monotonic()
    replay = story.people["worker"].post("/v1/families", story.family_sent, expect=(404, 410, 422), key="family-1")
    holds("no stored reply outlives what it is about", story.canary.seed not in replay.raw.decode())
    say("the service is stopped, the time comes, the service starts again")


def nothing_is_served(story, content: list[str], readers: tuple[str, ...]) -> None:
    answers = Counter()
    for path in content:
        for reader in readers:
            answer = story.people[reader].get(path, expect=(404, 410))
            answers[answer.status] += 1
            holds(f"{path} says nothing of what was", story.canary.seed not in answer.raw.decode() and "etag" not in answer.headers)
    for path in ("/v1/chronologies", "/v1/invitations", "/v1/fragments", "/v1/families"):
        for reader in story.people.others("auditor"):
            if path == "/v1/families" and reader in ("school", "police"):
                continue
            same(f"{path} of {reader}", story.people[reader].get(path, expect=(200, 404)).body.get("items", []), [])
    stale = story.people["worker"].get(f"{story.path}/timeline", expect=410, If_None_Match="*")
    same("a poll after expiry is no 304", stale.status, 410)
    story.people["surgery"].post(f"{story.path}/fragments", story.surgery_sent, expect=410, key="surgery-1")
    say(f"{sum(answers.values())} questions on {len(content)} routes: {answers[410]} × 410 to those who were entitled, {answers[404]} × 404")


def purged(story) -> None:
    left = EMPTY
    while left and time.monotonic() - story.restarted < PROMISED:
        time.sleep(0.5)
        left = [table for table in EMPTY if story.database.count(table) > 0]
    took = time.monotonic() - story.restarted
    same("tables with rows left after 60 s", left, [])
    known = {story.chronology, story.family, *story.fragments.values(), *story.invitations.values(), *story.ids.values(), *story.entries}
    same("tables that still know what is gone", story.database.tables_with(*known) - REMAINS, set())
    say(f"deleted at most {took:.1f} s after the start: {len(known)} identifiers stand in tombstones, commitments, what certificates cover and, for a day, by what a write is known, alone")


def keys_are_gone(story) -> None:
    keys = story.service.data / "keys" / "scopes"
    scope = f"scope-{story.chronology}"
    names = {path.name for path in keys.iterdir()}
    same("the chronology's key", f"{scope}.key" in names, False)
    same("the marker of its destruction", f"{scope}.gone" in names, True)
    whose = {f"scope-{one}.key": what for what, one in (story.fragments | story.ids | {"family": story.family}).items()}
    same("keys of what stood alone", [whose.get(name, name) for name in names if name.endswith(".key")], [])
    say(f"the keystore has destroyed its key, and {len(names) - 1} others; the markers stay")


def no_word_anywhere(story) -> None:
    story.service.stop()
    files = {str(path.relative_to(story.service.folder)): path.read_bytes() for path in story.service.folder.rglob("*") if path.is_file()}
    database = story.database.copies()
    holds("the search itself finds what is there", any(b"brackenshire-police" in data for data in database.values()))
    copies = database | files
    same("copies with a word in clear", search(story, copies), [])
    story.service.start()
    size = sum(len(data) for data in copies.values()) / 1e6
    say(f"none of {story.canary.made} canary words in {len(copies)} files ({size:.0f} MB): database, write-ahead log, keys, logs at trace level")


def search(story, copies: dict[str, bytes]) -> list[str]:
    words = [story.canary.seed.encode(), b"lower arm", b"unknown man who smelt", story.canary.seed.encode("utf-16-le")]
    return [name for name, data in copies.items() if any(word in data for word in words)]


def tombstone(story) -> None:
    stone = story.people["worker"].get(f"/v1/tombstones/{story.chronology}").body
    same("tombstone", (stone["id"], stone["kind"], stone["reason"]), (story.chronology, "chronology", "expired"))
    same("agencies on it", len(stone["agencies"]), 9)
    holds("deleted within a minute of the start", stone["deleted_at"] >= stone["expired_at"])
    holds("who read it", story.people.ids["surgery"] in {one["practitioner_id"] for one in stone["readers"]})
    own = story.people["surgery"].get(f"/v1/tombstones/{story.chronology}").body
    same("a contributing agency sees only itself", [one["agency_id"] for one in own["agencies"]], [story.people.agencies["millrace-surgery"]])
    story.people["surgery"].get(f"/v1/tombstones/{story.fragments['surgery']}")
    story.people["auditor"].get(f"/v1/tombstones/{story.chronology}", expect=404)
    say(f"the tombstone: {stone['entry_count']} entries of {len(stone['agencies'])} agencies, hash {stone['content_hash'][:12]}…, {len(stone['readers'])} readers")


def audit(story) -> None:
    records, cursor = [], ""
    while True:
        page = story.people["auditor"].get(f"/v1/audit?chronology={story.chronology}&limit=500{cursor}").body
        records += page["items"]
        if not page.get("next"):
            break
        cursor = f"&cursor={page['next']}"
    seen = Counter((one["operation"], one["outcome"]) for one in records)
    expected = [("chronology.create", "allowed"), ("invitation.create", "allowed"), ("chronology.open", "invalid"), ("chronology.open", "allowed"),
                ("fragment.submit", "allowed"), ("fragment.submit", "invalid"), ("fragment.proxy", "allowed"), ("invitation.nil_return", "allowed"),
                ("invitation.decline", "allowed"), ("timeline.read", "allowed"), ("timeline.read", "denied"), ("timeline.read", "expired"),
                ("fragment.correct", "allowed"), ("fragment.correct", "stale"), ("chronology.extend", "allowed"), ("chronology.consolidate", "allowed"),
                ("chronology.sign_off", "allowed"), ("chronology.sign_off", "denied"), ("snapshot.read", "allowed"), ("chronology.expire", "allowed")]
    same("audit records that are missing", [one for one in expected if not seen[one]], [])
    story.people["worker"].get("/v1/audit", expect=404)
    say(f"the audit: {len(records)} records of this chronology, {sum(n for (_, o), n in seen.items() if o == 'denied')} refusals among them")
