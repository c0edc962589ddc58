//! Retried, conditional, concurrent and paged requests.

use std::collections::BTreeSet;

use behaviour::inputs::{adult, entry, fragment, with_reason};
use behaviour::{ApiResponse, TestApp, User, on_both, raw_db};
use serde_json::{Value, json};

fn replayed(response: &ApiResponse) -> bool {
    response.header("idempotent-replayed") == Some("true")
}

/// Reads every page of a list; returns the number of pages and all their items.
fn all_pages(app: &TestApp, user: User, path: &str) -> (usize, Vec<Value>) {
    let mut pages = 0;
    let mut items = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let response = app.as_user(user).get(&path);
        let body = response.expect_ok();
        items.extend(
            body["items"]
                .as_array()
                .or(body["rows"].as_array())
                .cloned()
                .unwrap_or_default(),
        );
        pages += 1;
        assert!(pages < 200, "{path} has no end");
        let link = response.header("link").map(str::to_owned);
        assert_eq!(link.is_some(), body["next"].is_string());
        next = link.map(|link| {
            link.trim_start_matches('<')
                .split('>')
                .next()
                .unwrap_or_default()
                .to_owned()
        });
    }
    (pages, items)
}

on_both! {
    fn retried_write_has_one_effect(app) {
        let seed = app.seed();
        let waiting = app.as_user(User::WAITING);
        let path = seed.path_to("fragments");
        let body = fragment(&[entry("a burn", "2026-01-02", &[])]);
        let first = waiting.post_with_key("k1", &path, &body);
        assert!(!replayed(&first) && first.status == 201);
        let before = raw_db::row_counts(app);
        let again = waiting.post_with_key("k1", &path, &body);
        assert!(replayed(&again));
        assert_eq!(
            (
                again.status,
                &again.body,
                again.header("etag"),
                again.header("location")
            ),
            (
                first.status,
                &first.body,
                first.header("etag"),
                first.header("location")
            )
        );
        let after = raw_db::row_counts(app);
        assert_eq!(
            (
                before["fragments"],
                before["entries"],
                before["idempotency"]
            ),
            (after["fragments"], after["entries"], after["idempotency"])
        );
        let other = fragment(&[entry("a graze", "2026-01-02", &[])]);
        assert_eq!(
            waiting.post_with_key("k1", &path, &other).problem_type(),
            "idempotency_key_reused"
        );
        assert_eq!(
            waiting
                .post_with_key("k1", &seed.path_to("fragments?x=1"), &body)
                .status,
            422
        );
        let missing = waiting.send(
            "POST",
            &path,
            &[("Content-Type", "application/json")],
            b"{}",
        );
        assert_eq!(
            (missing.status, missing.problem_type().as_str()),
            (400, "idempotency_key_missing")
        );
    }

    fn request_id_is_not_an_idempotency_key(app) {
        let seed = app.seed();
        let waiting = app.as_user(User::WAITING);
        let path = seed.path_to("fragments");
        let body = fragment(&[entry("a burn", "2026-01-02", &[])]).to_string();
        let added = [("Content-Type", "application/json"), ("X-Request-ID", "k1")];
        let before = raw_db::row_counts(app)["fragments"];
        let missing = waiting.send("POST", &path, &added, body.as_bytes());
        assert_eq!(
            (missing.status, missing.problem_type().as_str()),
            (400, "idempotency_key_missing")
        );
        for key in ["k1", "k2"] {
            let keyed = [added[0], added[1], ("Idempotency-Key", key)];
            let sent = waiting.send("POST", &path, &keyed, body.as_bytes());
            assert!(
                sent.status < 300 && !replayed(&sent),
                "{key} was not used before: {}",
                sent.text()
            );
        }
        assert_eq!(
            raw_db::row_counts(app)["fragments"],
            before + 1,
            "the second submission finds the first by its content, which is not a replay"
        );
    }

    fn idempotency_keys_are_scoped_to_the_user(app) {
        let _ = app.seed_draft();
        let body = adult("Rhys", "male");
        let one = app
            .as_user(User::OWNER)
            .post_with_key("same", "/v1/people", &body);
        let two = app.as_user(User::COLLEAGUE).post_with_key(
            "same",
            "/v1/people",
            &adult("Gwen", "female"),
        );
        assert!(one.status == 201 && two.status == 201 && !replayed(&two));
        assert_ne!(one.id(), two.id());
        let strange = app
            .as_user(User::FOREIGNER)
            .post_with_key("same", "/v1/people", &body);
        assert!(strange.status == 201 && !replayed(&strange));
    }

    fn writes_can_be_replayed_for_one_day(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let extend = with_reason(json!({"expires_at": app.in_days(70)}));
        let first = owner.post_with_key("k2", &seed.path_to("extend"), &extend);
        assert_eq!(first.status, 200);
        app.advance_seconds(86_399);
        assert!(replayed(&owner.post_with_key(
            "k2",
            &seed.path_to("extend"),
            &extend
        )));
        app.advance_seconds(1);
        app.run_background_jobs();
        assert_eq!(raw_db::row_counts(app)["idempotency"], 0);
        let late = owner.post_with_key("k2", &seed.path_to("extend"), &extend);
        assert_eq!(
            (late.status, replayed(&late)),
            (422, false),
            "no later than before"
        );
        let expires_at = owner.get(&seed.path).expect_ok()["expires_at"].clone();
        let returned = app.as_user(User::RETURNED);
        app.set_time(&expires_at);
        app.clock.advance(std::time::Duration::ZERO);
        let body = fragment(&[entry(
            "missed the school nurse",
            "2026-01-12",
            &[&seed.twin],
        )]);
        assert_eq!(
            returned
                .post_with_key("k3", &seed.path_to("fragments"), &body)
                .status,
            410
        );
    }

    fn write_is_not_replayed_after_chronology_expiry(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let end = owner.get(&seed.path).expect_ok()["expires_at"].clone();
        app.set_time(&end);
        app.clock.set(instant_before(&end, 3_600));
        let sent = owner.post_with_key("k4", &seed.path_to("consolidations"), &Value::Null);
        assert_eq!(sent.status, 201);
        app.set_time(&end);
        let after = owner.post_with_key("k4", &seed.path_to("consolidations"), &Value::Null);
        assert_eq!(
            (after.status, replayed(&after)),
            (410, false),
            "{}",
            after.text()
        );
        app.run_background_jobs();
        let purged = owner.post_with_key("k4", &seed.path_to("consolidations"), &Value::Null);
        assert_eq!((purged.status, replayed(&purged)), (410, false));
    }

    fn write_is_not_replayed_to_removed_user(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let team = app.as_user(User::TEAM);
        let frozen = team.post_with_key("k5", &seed.path_to("consolidations"), &Value::Null);
        assert!(frozen.status == 201 && frozen.text().contains("Canary"));
        let waiting = app.as_user(User::WAITING);
        let draft = format!("{}/draft", seed.invitation_path("surgery"));
        assert_eq!(owner.post("/v1/people", &adult("Rhys", "male")).status, 201);
        let version = owner.get(&seed.path).version();
        let _ = owner
            .patch(&seed.path, Some(version), &json!({"team": []}))
            .expect_ok();
        let again = team.post_with_key("k5", &seed.path_to("consolidations"), &Value::Null);
        assert_eq!(
            (again.status, again.text().contains("Canary")),
            (404, false)
        );
        let manager = app.as_user(User::MANAGER);
        let _ = manager
            .post(&seed.path_to("reopen"), &with_reason(json!({})))
            .expect_ok();
        assert_eq!(
            waiting.post_with_key("k6", &draft, &Value::Null).status,
            200
        );
        let version = owner.get(&seed.invitation_path("surgery")).version();
        let _ = owner
            .patch(
                &seed.invitation_path("surgery"),
                Some(version),
                &json!({"practitioners": []}),
            )
            .expect_ok();
        assert_eq!(
            waiting.post_with_key("k6", &draft, &Value::Null).status,
            404
        );
        // A later change of state does not prevent a replay.
        let extend = with_reason(json!({"expires_at": app.in_days(80)}));
        let first = owner.post_with_key("k7", &seed.path_to("extend"), &extend);
        let _ = owner
            .post(&seed.path_to("consolidations"), &Value::Null)
            .expect_ok();
        let again = owner.post_with_key("k7", &seed.path_to("extend"), &extend);
        assert_eq!(
            (first.status, again.status, replayed(&again)),
            (200, 200, true)
        );
        assert_eq!(
            (again.json(), &again.json()["state"]),
            (owner.get(&seed.path).expect_ok(), &json!("consolidated")),
            "the chronology is returned in its current state"
        );
    }

    fn concurrent_requests_with_one_key_have_one_effect(app) {
        let seed = app.seed();
        let body = fragment(&[entry("a burn", "2026-01-02", &[])]);
        let path = seed.path_to("fragments");
        for round in 0..4 {
            let before = raw_db::row_counts(app)["fragments"];
            let body = behaviour::inputs::with_value_at(
                body.clone(),
                "/entries/0/what",
                json!(format!("Canary burn {round}")),
            );
            let key = format!("together-{round}");
            let responses: Vec<ApiResponse> = std::thread::scope(|scope| {
                let sent: Vec<_> = (0..4)
                    .map(|_| {
                        scope.spawn(|| app.as_user(User::WAITING).post_with_key(&key, &path, &body))
                    })
                    .collect();
                sent.into_iter()
                    .map(|one| one.join().expect("an answer"))
                    .collect()
            });
            assert_eq!(raw_db::row_counts(app)["fragments"], before + 1);
            assert_eq!(
                responses
                    .iter()
                    .filter(|response| response.status == 201 && !replayed(response))
                    .count(),
                1
            );
            for response in &responses {
                let in_flight = response.status == 409 && response.problem_type() == "in_flight";
                assert!(
                    response.status == 201 || in_flight,
                    "{} {}",
                    response.status,
                    response.text()
                );
            }
        }
    }

    fn concurrent_identical_submissions_create_one_fragment(app) {
        let seed = app.seed();
        let body = fragment(&[entry("a burn", "2026-01-02", &[])]);
        let before = raw_db::row_counts(app)["fragments"];
        let mut outcomes: Vec<Value> = std::thread::scope(|scope| {
            let send = || {
                app.as_user(User::WAITING)
                    .post(&seed.path_to("fragments"), &body)
                    .expect_ok()["outcome"]
                    .clone()
            };
            let sent: Vec<_> = (0..3).map(|_| scope.spawn(send)).collect();
            sent.into_iter()
                .map(|one| one.join().expect("an answer"))
                .collect()
        });
        outcomes.sort_by_key(Value::to_string);
        assert_eq!(outcomes, ["created", "unchanged", "unchanged"]);
        assert_eq!(raw_db::row_counts(app)["fragments"], before + 1);
    }

    fn changes_require_the_current_version(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let change = json!({"question": "Canary: and since then?"});
        let tag = owner.get(&seed.path).version();
        assert_eq!(
            owner.patch(&seed.path, None, &change).problem_type(),
            "precondition_required"
        );
        assert_eq!(
            owner
                .patch(&seed.path, Some(tag + 1), &change)
                .problem_type(),
            "stale"
        );
        let changed = owner.patch(&seed.path, Some(tag), &change);
        assert_eq!((changed.status, changed.version()), (200, tag + 1));
        assert_eq!(owner.patch(&seed.path, Some(tag), &change).status, 412);
        let weak = owner.send(
            "PATCH",
            &seed.path,
            &[
                ("Content-Type", "application/json"),
                ("If-Match", "W/\"3\""),
            ],
            b"{}",
        );
        assert_eq!(weak.status, 412);
        let star = owner.send(
            "PATCH",
            &seed.path,
            &[("Content-Type", "application/json"), ("If-Match", "*")],
            b"{}",
        );
        assert_eq!(star.status, 400);
    }

    fn poll_returns_304_until_change_or_expiry(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        for path in [
            seed.path.clone(),
            seed.path_to("timeline"),
            seed.path_to("invitations"),
            format!("/v1/fragments/{}", seed.fragment),
        ] {
            let tag = owner
                .get(&path)
                .header("etag")
                .unwrap_or_default()
                .to_owned();
            app.advance_seconds(1);
            let same = owner.get_if_none_match(&path, &tag);
            assert_eq!(
                (same.status, same.body.len(), same.header("etag")),
                (304, 0, Some(tag.as_str())),
                "{path}"
            );
        }
        let tag = owner
            .get(&seed.path_to("timeline"))
            .header("etag")
            .unwrap_or_default()
            .to_owned();
        let _ = app
            .as_user(User::WAITING)
            .post(
                &seed.path_to("fragments"),
                &fragment(&[entry("a burn", "2026-01-02", &[])]),
            )
            .expect_ok();
        assert_eq!(
            owner
                .get_if_none_match(&seed.path_to("timeline"), &tag)
                .status,
            200
        );
        let tags: Vec<_> = [seed.path.clone(), seed.path_to("timeline")]
            .map(|path| {
                (
                    owner
                        .get(&path)
                        .header("etag")
                        .unwrap_or_default()
                        .to_owned(),
                    path,
                )
            })
            .into();
        app.set_time(&owner.get(&seed.path).expect_ok()["expires_at"]);
        for (tag, path) in tags {
            assert_eq!(owner.get_if_none_match(&path, &tag).status, 410, "{path}");
            assert_eq!(owner.get_if_none_match(&path, "*").status, 410, "{path}");
        }
    }

    fn pages_are_complete_when_sort_keys_tie(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        for number in 0..11 {
            let person = owner
                .post("/v1/people", &adult(&format!("Adult{number}"), "male"))
                .id();
            let _ = owner
                .post(
                    "/v1/families",
                    &json!({"label": format!("Canary {number}"), "members": [person]}),
                )
                .expect_ok();
        }
        for (user, path) in [
            (User::OWNER, "/v1/families"),
            (User::OWNER, "/v1/agencies"),
            (User::OWNER, "/v1/practitioners"),
            (User::OWNER, &*seed.path_to("invitations")),
            (User::OWNER, &*seed.path_to("fragments")),
            (User::WAITING, "/v1/invitations"),
        ] {
            let (_, whole) = all_pages(app, user, &format!("{path}?limit=500"));
            for limit in [1, 2, 5] {
                let (pages, items) = all_pages(app, user, &format!("{path}?limit={limit}"));
                assert_eq!(items, whole, "{path} by {limit}");
                assert_eq!(
                    pages,
                    whole.len().div_ceil(limit).max(1),
                    "{path} by {limit}"
                );
            }
        }
        let ids: BTreeSet<String> = all_pages(app, User::AUDITOR, "/v1/audit?limit=7")
            .1
            .iter()
            .map(|item| item["id"].to_string())
            .collect();
        assert!(ids.len() > 60, "each record is listed once: {}", ids.len());
    }

    fn timeline_is_the_same_whole_or_paged(app) {
        let seed = app.seed();
        let entries: Vec<_> = (1..=9)
            .map(|day| entry(&format!("visit {day}"), &format!("2026-02-0{day}"), &[]))
            .collect();
        let _ = app
            .as_user(User::WAITING)
            .post(&seed.path_to("fragments"), &fragment(&entries))
            .expect_ok();
        let (_, whole) = all_pages(app, User::OWNER, &seed.path_to("timeline"));
        assert_eq!(whole.len(), 10);
        let (pages, items) = all_pages(app, User::OWNER, &seed.path_to("timeline?limit=3"));
        assert_eq!((pages, items), (4, whole));
    }

    fn limit_and_cursor_parameters_are_validated(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        for limit in ["0", "501", "-1", "1.5", "", "99999999999"] {
            for path in ["/v1/families", "/v1/audit", &*seed.path_to("timeline")] {
                let user = if path == "/v1/audit" {
                    User::AUDITOR
                } else {
                    User::OWNER
                };
                let refused = app.as_user(user).get(&format!("{path}?limit={limit}"));
                assert_eq!(refused.status, 422, "{path} {limit}");
                assert_eq!(refused.field_errors()[0].0, "/query/limit");
            }
        }
        assert_eq!(owner.get("/v1/families?limit=500").status, 200);
        let cursor = owner.get("/v1/practitioners?limit=1").expect_ok()["next"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
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
            (User::OWNER, &*seed.path_to("timeline"), &cursor),
        ] {
            let refused = app
                .as_user(user)
                .get(&format!("{path}?limit=1&cursor={cursor}"));
            assert_eq!(
                (refused.status, refused.field_errors()[0].0.as_str()),
                (422, "/query/cursor"),
                "{path}"
            );
        }
        assert_eq!(owner.get("/v1/families?limit=1&limit=2").status, 422);
    }
}

/// The instant `seconds` before an RFC 3339 instant.
fn instant_before(instant: &Value, seconds: u64) -> domain::Instant {
    let at = instant
        .as_str()
        .and_then(|text| domain::Instant::parse(text).ok());
    at.expect("an instant")
        .minus(std::time::Duration::from_secs(seconds))
}
