//! A marking survives corrections and every other write.

use behaviour::inputs::{entry, fragment, with_members, with_reason};
use behaviour::{TestApp, User, on_both};
use serde_json::{Value, json};

use super::{account_texts, crime, restricted, submit, timeline_and_tag};

/// Submitting the hidden entry again with the same content changes nothing and duplicates nothing.
fn assert_resubmission_changes_nothing(app: &TestApp, path: &str, resubmission: &Value) {
    let before = app.as_user(User::OWNER).get(path).expect_ok()["version"].clone();
    for _ in 0..2 {
        let version = app.as_user(User::TEAM).get(path).version();
        let _ = app
            .as_user(User::TEAM)
            .put(path, Some(version), resubmission)
            .expect_ok();
    }
    assert_eq!(
        app.as_user(User::OWNER).get(path).expect_ok()["version"],
        before
    );
    let fragment_for_owner = app.as_user(User::OWNER).get(path).expect_ok();
    assert_eq!(
        (
            fragment_for_owner["version"].clone(),
            fragment_for_owner["entries"].as_array().map(Vec::len)
        ),
        (json!(4), Some(2)),
        "{fragment_for_owner}"
    );
    assert!(
        fragment_for_owner
            .to_string()
            .contains("told of an arrest and bail")
    );
}

on_both! {
    /// A social worker submits a fragment for an agency without access. A colleague who may not
    /// read criminal-offence data corrects it: the entry that the colleague cannot see stays.
    fn correction_keeps_entries_that_its_author_cannot_see(app) {
        let seed = app.seed();
        let body = |entries: &[Value]| {
            with_members(
                fragment(entries),
                json!({"on_behalf_of": seed.agencies["beacon"]}),
            )
        };
        let club = || {
            with_members(
                entry("came to the club", "2026-01-20", &[]),
                json!({"reference": "B-1"}),
            )
        };
        let id = app
            .as_user(User::OWNER)
            .post(
                &seed.path_to("fragments"),
                &body(&[club(), crime("told of an arrest")]),
            )
            .id();
        let path = format!("/v1/fragments/{id}");
        let seen_by_team = app.as_user(User::TEAM).get(&path);
        assert_eq!(
            seen_by_team.expect_ok()["entries"].as_array().map(Vec::len),
            Some(1)
        );
        let second_entry = entry("came again", "2026-01-21", &[]);
        let corrected = app
            .as_user(User::TEAM)
            .put(
                &path,
                Some(seen_by_team.version()),
                &body(&[club(), second_entry.clone()]),
            )
            .expect_ok();
        assert_eq!(
            (
                corrected["entries"].as_array().map(Vec::len),
                &corrected["version"]
            ),
            (Some(2), &json!(2)),
            "{corrected}"
        );
        // A change by the owner to the hidden entry is no new version for the colleague.
        let _ = app
            .as_user(User::OWNER)
            .put(
                &path,
                Some(2),
                &body(&[
                    club(),
                    second_entry.clone(),
                    crime("told of an arrest and bail"),
                ]),
            )
            .expect_ok();
        let seen_by_team = app.as_user(User::TEAM).get(&path);
        assert_eq!(seen_by_team.version(), 2);
        let again = app
            .as_user(User::TEAM)
            .put(&path, Some(2), &body(&[club()]))
            .expect_ok();
        assert_eq!(again["version"], 3);
        let hidden = crime("told of an arrest and bail");
        assert_resubmission_changes_nothing(app, &path, &body(&[club(), hidden]));
    }

    fn lowering_a_marking_is_audited(app) {
        let seed = app.seed();
        let police = submit(
            app,
            &seed,
            User::OFFICER,
            &[restricted("a MARAC was held", &[], &[]), crime("an arrest")],
        );
        let path = format!("/v1/fragments/{police}");
        let lowering_records = || {
            let all = app
                .as_user(User::AUDITOR)
                .get(&format!(
                    "/v1/audit?chronology={}&limit=500",
                    seed.chronology
                ))
                .expect_ok();
            let all = all["items"].as_array().cloned().unwrap_or_default();
            let all = all
                .iter()
                .filter(|record| record["operation"] == "fragment.markings_lowered");
            all.map(|record| (record["object_id"].clone(), record["entry_count"].clone()))
                .collect::<Vec<_>>()
        };
        let put = |version: i64, entries: &[Value]| {
            app.as_user(User::OFFICER)
                .put(&path, Some(version), &fragment(entries))
                .expect_ok()
        };
        let _ = put(
            1,
            &[
                restricted("a MARAC was held", &[], &[]),
                crime("an arrest"),
                entry("a call", "2026-01-02", &[]),
            ],
        );
        assert_eq!(lowering_records(), vec![], "no marking was lowered");
        let normal = with_members(
            entry("a MARAC was held", "2026-01-30", &[]),
            json!({"handling": {"marking": "normal"}}),
        );
        let health = with_members(
            entry("an arrest", "2026-01-29", &[]),
            json!({"category": "HOME"}),
        );
        let _ = put(2, &[normal, health, entry("a call", "2026-01-02", &[])]);
        assert_eq!(lowering_records(), vec![(json!(police), json!(2))]);
        let _ = put(3, &[restricted("a MARAC was held", &[], &[])]);
        let _ = put(
            4,
            &[restricted(
                "a MARAC was held",
                &[],
                &[&seed.agencies["school"]],
            )],
        );
        assert_eq!(
            lowering_records().len(),
            2,
            "naming an agency also counts as lowering"
        );
    }

    fn marking_survives_every_write(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let manager = app.as_user(User::MANAGER);
        let _ = submit(
            app,
            &seed,
            User::WAITING,
            &[entry("weighed", "2026-01-30", &[])],
        );
        let id = submit(
            app,
            &seed,
            User::OFFICER,
            &[restricted("a MARAC was held", &[], &[])],
        );
        let assert_hidden = |stage: &str| {
            let (view, _) = timeline_and_tag(app, &seed, User::WAITING);
            assert_eq!(
                account_texts(&view),
                ["missed the school nurse", "weighed"],
                "{stage}"
            );
            assert_eq!(view["header"]["entry_count"], 2, "{stage}");
            assert!(
                account_texts(&timeline_and_tag(app, &seed, User::OWNER).0)
                    .iter()
                    .any(|what| what.contains("MARAC")),
                "{stage}"
            );
        };
        assert_hidden("submitted");
        let corrected = fragment(&[restricted("a MARAC was held again", &[], &[])]);
        let _ = app
            .as_user(User::OFFICER)
            .put(&format!("/v1/fragments/{id}"), Some(1), &corrected)
            .expect_ok();
        assert_hidden("corrected");
        let _ = owner
            .post(&seed.path_to("consolidations"), &Value::Null)
            .expect_ok();
        assert_hidden("consolidated");
        let _ = manager
            .post(&seed.path_to("sign-off"), &json!({"snapshot": "export"}))
            .expect_ok();
        let _ = manager
            .post(&seed.path_to("reopen"), &with_reason(json!({})))
            .expect_ok();
        assert_hidden("reopened");
        let _ = owner
            .post(
                &seed.path_to("extend"),
                &with_reason(json!({"expires_at": app.in_days(100)})),
            )
            .expect_ok();
        assert_hidden("extended");
        let again = app.as_user(User::OFFICER).post(
            &format!("/v1/fragments/{id}/extend"),
            &with_reason(json!({"expires_at": app.in_days(99)})),
        );
        let _ = again.expect_ok();
        assert_hidden("given another expiry");
    }

    /// A record system that does not support markings resubmits a fragment: the markings stay until
    /// a request changes them.
    fn correction_without_handling_keeps_the_marking(app) {
        let seed = app.seed();
        let restricted = json!({"handling": {"marking": "restricted"}});
        let entry_with = |what: &str, second_entry: Value| {
            with_members(entry(what, "2026-01-20", &[&seed.twin]), second_entry)
        };
        let id = app
            .as_user(User::OFFICER)
            .post(
                &seed.path_to("fragments"),
                &fragment(&[entry_with("officers attended", restricted)]),
            )
            .id();
        let put = |version: i64, entry: Value| {
            let _ = app
                .as_user(User::OFFICER)
                .put(
                    &format!("/v1/fragments/{id}"),
                    Some(version),
                    &fragment(&[entry]),
                )
                .expect_ok();
            let read = app
                .as_user(User::OFFICER)
                .get(&format!("/v1/fragments/{id}"))
                .expect_ok();
            read["entries"][0]["handling"]["marking"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        // Resubmitted without a reference, it is recognized as the same fragment.
        let again = app
            .as_user(User::OFFICER)
            .post(
                &seed.path_to("fragments"),
                &fragment(&[entry_with("officers attended", json!({}))]),
            )
            .expect_ok();
        assert_eq!(
            (again["fragment_id"].as_str(), again["outcome"].as_str()),
            (Some(id.as_str()), Some("unchanged"))
        );
        let without_handling = json!({"category": "HOME"});
        assert_eq!(
            put(1, entry_with("officers attended", without_handling.clone())),
            "restricted",
            "the same text"
        );
        assert_eq!(
            put(
                2,
                entry_with("officers attended at night", without_handling.clone())
            ),
            "restricted",
            "another text"
        );
        assert!(
            !app.as_user(User::RETURNED)
                .get(&seed.path_to("timeline"))
                .text()
                .contains("officers attended")
        );
        let normal = json!({"category": "HOME", "handling": {"marking": "normal"}});
        assert_eq!(
            put(3, entry_with("officers attended at night", normal)),
            "normal",
            "changed explicitly"
        );
        assert_eq!(
            put(4, entry_with("officers attended", without_handling)),
            "normal"
        );
    }
}
