//! Retried, conditional and paged requests.

use std::collections::BTreeSet;

use behaviour::inputs::{adult, entry, fragment, reason};
use behaviour::{Answer, TestApp, User, on_both, raw};
use serde_json::{Value, json};

fn replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

/// Reads every page of a list; says how many there were and what was on them.
fn all_pages(app: &TestApp, user: User, path: &str) -> (usize, Vec<Value>) {
    let (mut pages, mut items, mut next) = (0, Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let answer = app.by(user).get(&path);
        let body = answer.ok();
        items.extend(body["items"].as_array().or(body["rows"].as_array()).cloned().unwrap_or_default());
        pages += 1;
        assert!(pages < 200, "{path} has no end");
        let link = answer.header("link").map(str::to_owned);
        assert_eq!(link.is_some(), body["next"].is_string());
        next = link.map(|link| link.trim_start_matches('<').split('>').next().unwrap_or_default().to_owned());
    }
    (pages, items)
}

on_both! {
    fn a_retried_write_has_one_effect(app) {
        let seed = app.seed();
        let waiting = app.by(User::WAITING);
        let path = seed.at("fragments");
        let body = fragment(&[entry("a burn", "2026-01-02", &[])]);
        let first = waiting.post_as("k1", &path, &body);
        assert!(!replayed(&first) && first.status == 201);
        let before = raw::counts(app);
        let again = waiting.post_as("k1", &path, &body);
        assert!(replayed(&again));
        assert_eq!((again.status, &again.body, again.header("etag"), again.header("location")),
                   (first.status, &first.body, first.header("etag"), first.header("location")));
        let after = raw::counts(app);
        assert_eq!((before["fragments"], before["entries"], before["idempotency"]), (after["fragments"], after["entries"], after["idempotency"]));
        let other = fragment(&[entry("a graze", "2026-01-02", &[])]);
        assert_eq!(waiting.post_as("k1", &path, &other).faults().0, "idempotency_key_reused");
        assert_eq!(waiting.post_as("k1", &seed.at("fragments?x=1"), &body).status, 422);
        let missing = waiting.send("POST", &path, &[("Content-Type", "application/json")], b"{}");
        assert_eq!((missing.status, missing.faults().0.as_str()), (400, "idempotency_key_missing"));
    }

    fn a_request_id_that_a_proxy_added_is_no_key(app) {
        let seed = app.seed();
        let waiting = app.by(User::WAITING);
        let (path, body) = (seed.at("fragments"), fragment(&[entry("a burn", "2026-01-02", &[])]).to_string());
        let added = [("Content-Type", "application/json"), ("X-Request-ID", "k1")];
        let before = raw::counts(app)["fragments"];
        let missing = waiting.send("POST", &path, &added, body.as_bytes());
        assert_eq!((missing.status, missing.faults().0.as_str()), (400, "idempotency_key_missing"));
        for key in ["k1", "k2"] {
            let keyed = [added[0], added[1], ("Idempotency-Key", key)];
            let sent = waiting.send("POST", &path, &keyed, body.as_bytes());
            assert!(sent.status < 300 && !replayed(&sent), "{key} is a key of its own: {}", sent.text());
        }
        assert_eq!(raw::counts(app)["fragments"], before + 1, "the second finds the first, which is not a replay");
    }

    fn keys_are_each_users_own(app) {
        let _ = app.seed_draft();
        let body = adult("Rhys", "male");
        let one = app.by(User::OWNER).post_as("same", "/v1/people", &body);
        let two = app.by(User::COLLEAGUE).post_as("same", "/v1/people", &adult("Gwen", "female"));
        assert!(one.status == 201 && two.status == 201 && !replayed(&two));
        assert_ne!(one.id(), two.id());
        let strange = app.by(User::FOREIGNER).post_as("same", "/v1/people", &body);
        assert!(strange.status == 201 && !replayed(&strange));
    }

    fn a_write_is_kept_for_a_repeat_for_a_day(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        let extend = reason(json!({"expires_at": app.in_days(70)}));
        let first = owner.post_as("k2", &seed.at("extend"), &extend);
        assert_eq!(first.status, 200);
        app.pass(86_399);
        assert!(replayed(&owner.post_as("k2", &seed.at("extend"), &extend)));
        app.pass(1);
        app.work();
        assert_eq!(raw::counts(app)["idempotency"], 0);
        let late = owner.post_as("k2", &seed.at("extend"), &extend);
        assert_eq!((late.status, replayed(&late)), (422, false), "no later than before");
        let read = owner.get(&seed.path).ok()["expires_at"].clone();
        let near = app.by(User::RETURNED);
        app.set_to(&read);
        app.clock.advance(std::time::Duration::ZERO);
        let body = fragment(&[entry("missed the school nurse", "2026-01-12", &[&seed.twin])]);
        assert_eq!(near.post_as("k3", &seed.at("fragments"), &body).status, 410);
    }

    fn a_reply_is_not_replayed_once_the_chronology_is_over(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        let end = owner.get(&seed.path).ok()["expires_at"].clone();
        app.set_to(&end);
        app.clock.set(domain_before(&end, 3_600));
        let sent = owner.post_as("k4", &seed.at("consolidations"), &Value::Null);
        assert_eq!(sent.status, 201);
        app.set_to(&end);
        let after = owner.post_as("k4", &seed.at("consolidations"), &Value::Null);
        assert_eq!((after.status, replayed(&after)), (410, false), "{}", after.text());
        app.work();
        let purged = owner.post_as("k4", &seed.at("consolidations"), &Value::Null);
        assert_eq!((purged.status, replayed(&purged)), (410, false));
    }

    fn a_reply_is_not_replayed_to_somebody_taken_off_since(app) {
        let seed = app.seed();
        let (owner, team) = (app.by(User::OWNER), app.by(User::TEAM));
        let frozen = team.post_as("k5", &seed.at("consolidations"), &Value::Null);
        assert!(frozen.status == 201 && frozen.text().contains("Canary"));
        let waiting = app.by(User::WAITING);
        let draft = format!("{}/draft", seed.invitation("surgery"));
        assert_eq!(owner.post("/v1/people", &adult("Rhys", "male")).status, 201);
        let version = owner.get(&seed.path).version();
        let _ = owner.patch(&seed.path, Some(version), &json!({"team": []})).ok();
        let again = team.post_as("k5", &seed.at("consolidations"), &Value::Null);
        assert_eq!((again.status, again.text().contains("Canary")), (404, false));
        let manager = app.by(User::MANAGER);
        let _ = manager.post(&seed.at("reopen"), &reason(json!({}))).ok();
        assert_eq!(waiting.post_as("k6", &draft, &Value::Null).status, 200);
        let version = owner.get(&seed.invitation("surgery")).version();
        let _ = owner.patch(&seed.invitation("surgery"), Some(version), &json!({"practitioners": []})).ok();
        assert_eq!(waiting.post_as("k6", &draft, &Value::Null).status, 404);
        // A state that has moved on is no reason.
        let extend = reason(json!({"expires_at": app.in_days(80)}));
        let first = owner.post_as("k7", &seed.at("extend"), &extend);
        let _ = owner.post(&seed.at("consolidations"), &Value::Null).ok();
        let again = owner.post_as("k7", &seed.at("extend"), &extend);
        assert_eq!((first.status, again.status, replayed(&again)), (200, 200, true));
        assert_eq!((again.json(), &again.json()["state"]), (owner.get(&seed.path).ok(), &json!("consolidated")), "as it is now");
    }

    fn at_the_same_time_is_once(app) {
        let seed = app.seed();
        let body = fragment(&[entry("a burn", "2026-01-02", &[])]);
        let path = seed.at("fragments");
        for round in 0..4 {
            let before = raw::counts(app)["fragments"];
            let body = behaviour::inputs::at(body.clone(), "/entries/0/what", json!(format!("Canary burn {round}")));
            let key = format!("together-{round}");
            let answers: Vec<Answer> = std::thread::scope(|scope| {
                let sent: Vec<_> = (0..4).map(|_| scope.spawn(|| app.by(User::WAITING).post_as(&key, &path, &body))).collect();
                sent.into_iter().map(|one| one.join().expect("an answer")).collect()
            });
            assert_eq!(raw::counts(app)["fragments"], before + 1);
            assert_eq!(answers.iter().filter(|answer| answer.status == 201 && !replayed(answer)).count(), 1);
            for answer in &answers {
                let in_flight = answer.status == 409 && answer.faults().0 == "in_flight";
                assert!(answer.status == 201 || in_flight, "{} {}", answer.status, answer.text());
            }
        }
    }

    fn the_same_content_at_the_same_time_under_two_keys_is_one_fragment(app) {
        let seed = app.seed();
        let body = fragment(&[entry("a burn", "2026-01-02", &[])]);
        let before = raw::counts(app)["fragments"];
        let mut outcomes: Vec<Value> = std::thread::scope(|scope| {
            let send = || app.by(User::WAITING).post(&seed.at("fragments"), &body).ok()["outcome"].clone();
            let sent: Vec<_> = (0..3).map(|_| scope.spawn(send)).collect();
            sent.into_iter().map(|one| one.join().expect("an answer")).collect()
        });
        outcomes.sort_by_key(Value::to_string);
        assert_eq!(outcomes, ["created", "unchanged", "unchanged"]);
        assert_eq!(raw::counts(app)["fragments"], before + 1);
    }

    fn changes_need_the_present_version(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        let change = json!({"question": "Canary: and since then?"});
        let tag = owner.get(&seed.path).version();
        assert_eq!(owner.patch(&seed.path, None, &change).faults().0, "precondition_required");
        assert_eq!(owner.patch(&seed.path, Some(tag + 1), &change).faults().0, "stale");
        let changed = owner.patch(&seed.path, Some(tag), &change);
        assert_eq!((changed.status, changed.version()), (200, tag + 1));
        assert_eq!(owner.patch(&seed.path, Some(tag), &change).status, 412);
        let weak = owner.send("PATCH", &seed.path, &[("Content-Type", "application/json"), ("If-Match", "W/\"3\"")], b"{}");
        assert_eq!(weak.status, 412);
        let star = owner.send("PATCH", &seed.path, &[("Content-Type", "application/json"), ("If-Match", "*")], b"{}");
        assert_eq!(star.status, 400);
    }

    fn a_poll_is_304_while_nothing_changes_and_never_after_expiry(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        for path in [seed.path.clone(), seed.at("timeline"), seed.at("invitations"), format!("/v1/fragments/{}", seed.fragment)] {
            let tag = owner.get(&path).header("etag").unwrap_or_default().to_owned();
            app.pass(1);
            let same = owner.get_unless(&path, &tag);
            assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, Some(tag.as_str())), "{path}");
        }
        let tag = owner.get(&seed.at("timeline")).header("etag").unwrap_or_default().to_owned();
        let _ = app.by(User::WAITING).post(&seed.at("fragments"), &fragment(&[entry("a burn", "2026-01-02", &[])])).ok();
        assert_eq!(owner.get_unless(&seed.at("timeline"), &tag).status, 200);
        let tags: Vec<_> = [seed.path.clone(), seed.at("timeline")].map(|path| (owner.get(&path).header("etag").unwrap_or_default().to_owned(), path)).into();
        app.set_to(&owner.get(&seed.path).ok()["expires_at"]);
        for (tag, path) in tags {
            assert_eq!(owner.get_unless(&path, &tag).status, 410, "{path}");
            assert_eq!(owner.get_unless(&path, "*").status, 410, "{path}");
        }
    }

    fn pages_are_complete_under_ties(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        for number in 0..11 {
            let person = owner.post("/v1/people", &adult(&format!("Adult{number}"), "male")).id();
            let _ = owner.post("/v1/families", &json!({"label": format!("Canary {number}"), "members": [person]})).ok();
        }
        for (user, path) in [(User::OWNER, "/v1/families"), (User::OWNER, "/v1/agencies"), (User::OWNER, "/v1/practitioners"),
                             (User::OWNER, &*seed.at("invitations")), (User::OWNER, &*seed.at("fragments")), (User::WAITING, "/v1/invitations")] {
            let (_, whole) = all_pages(app, user, &format!("{path}?limit=500"));
            for limit in [1, 2, 5] {
                let (pages, items) = all_pages(app, user, &format!("{path}?limit={limit}"));
                assert_eq!(items, whole, "{path} by {limit}");
                assert_eq!(pages, whole.len().div_ceil(limit).max(1), "{path} by {limit}");
            }
        }
        let ids: BTreeSet<String> = all_pages(app, User::AUDITOR, "/v1/audit?limit=7").1.iter().map(|item| item["id"].to_string()).collect();
        assert!(ids.len() > 60, "every record once: {}", ids.len());
    }

    fn the_timeline_is_whole_or_paged(app) {
        let seed = app.seed();
        let entries: Vec<_> = (1..=9).map(|day| entry(&format!("visit {day}"), &format!("2026-02-0{day}"), &[])).collect();
        let _ = app.by(User::WAITING).post(&seed.at("fragments"), &fragment(&entries)).ok();
        let (_, whole) = all_pages(app, User::OWNER, &seed.at("timeline"));
        assert_eq!(whole.len(), 10);
        let (pages, items) = all_pages(app, User::OWNER, &seed.at("timeline?limit=3"));
        assert_eq!((pages, items), (4, whole));
    }

    fn limits_and_cursors_are_checked(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        for limit in ["0", "501", "-1", "1.5", "", "99999999999"] {
            for path in ["/v1/families", "/v1/audit", &*seed.at("timeline")] {
                let user = if path == "/v1/audit" { User::AUDITOR } else { User::OWNER };
                let refused = app.by(user).get(&format!("{path}?limit={limit}"));
                assert_eq!(refused.status, 422, "{path} {limit}");
                assert_eq!(refused.faults().1[0].0, "/query/limit");
            }
        }
        assert_eq!(owner.get("/v1/families?limit=500").status, 200);
        let cursor = owner.get("/v1/practitioners?limit=1").ok()["next"].as_str().unwrap_or_default().to_owned();
        assert!(!cursor.is_empty());
        let mut tampered = cursor.clone().into_bytes();
        let middle = tampered.len() / 2;
        tampered[middle] = if tampered[middle] == b'A' { b'B' } else { b'A' };
        let tampered = String::from_utf8(tampered).unwrap_or_default();
        for (user, path, cursor) in [
            (User::OWNER, "/v1/agencies", &cursor),
            (User::OWNER, "/v1/practitioners", &tampered),
            (User::FOREIGNER, "/v1/practitioners", &cursor),
            (User::OWNER, "/v1/practitioners", &"x".to_owned()),
            (User::OWNER, &*seed.at("timeline"), &cursor),
        ] {
            let refused = app.by(user).get(&format!("{path}?limit=1&cursor={cursor}"));
            assert_eq!((refused.status, refused.faults().1[0].0.as_str()), (422, "/query/cursor"), "{path}");
        }
        assert_eq!(owner.get("/v1/families?limit=1&limit=2").status, 422);
    }
}

/// Some seconds before what was written on the wire.
fn domain_before(instant: &Value, seconds: u64) -> domain::Instant {
    let at = instant.as_str().and_then(|text| domain::Instant::parse(text).ok());
    at.expect("an instant").minus(std::time::Duration::from_secs(seconds))
}
