//! What emergency access shows and what it keeps hidden.

use behaviour::inputs::{entry, fragment, with_members};
use behaviour::{ApiResponse, Seed, TestApp, User, on_both};
use serde_json::{Value, json};

use super::{
    DUTY, HOLDER, access_path, find_audit_record, open_emergency_access, request_for_chronology,
    response_items,
};

/// Every path that an emergency access can read.
fn readable_paths(seed: &Seed, frozen: &str) -> Vec<String> {
    vec![
        seed.path.clone(),
        seed.path_to("timeline"),
        seed.path_to("links"),
        seed.path_to("invitations"),
        format!("/v1/fragments/{}", seed.fragment),
        seed.path_to(&format!("consolidations/{frozen}")),
    ]
}

fn consolidate(app: &TestApp, seed: &Seed) -> String {
    app.as_user(User::OWNER)
        .post(&seed.path_to("consolidations"), &Value::Null)
        .id()
}

/// Collects every emergency notice in a response, at any depth.
fn collect_notices(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("emergency").cloned());
            members
                .values()
                .for_each(|value| collect_notices(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_notices(value, found)),
        _ => {}
    }
}

/// Every read by the holder contains the notice and is recorded with the emergency as its reason.
fn assert_every_read_shows_the_notice(app: &TestApp, seed: &Seed, frozen: &str, access: &Value) {
    let holder = app.as_user(HOLDER);
    for path in &readable_paths(seed, frozen) {
        let response = holder.get(path);
        let mut found = Vec::new();
        collect_notices(&response.expect_status(200), &mut found);
        assert!(!found.is_empty(), "{path}");
        for notice in found {
            assert_eq!(
                (
                    &notice["access_id"],
                    &notice["reason_code"],
                    &notice["until"]
                ),
                (&access["id"], &json!("child_missing"), &access["until"])
            );
            assert!(notice["banner"].as_str().unwrap().contains("EMERGENCY"));
        }
        let record = find_audit_record(app, &response);
        assert_eq!(
            (&record["reason"], &record["outcome"]),
            (&json!("emergency"), &json!("allowed")),
            "{path}"
        );
    }
    // The notice is in each invitation of the list and in the header of the frozen view.
    assert!(
        response_items(&holder.get(&seed.path_to("invitations")))
            .iter()
            .all(|invitation| invitation["emergency"].is_object())
    );
    assert!(
        holder
            .get(&seed.path_to(&format!("consolidations/{frozen}")))
            .expect_ok()["view"]["header"]["emergency"]
            .is_object()
    );
}

/// The holder can read nothing else and write nothing.
fn assert_nothing_else_is_permitted(app: &TestApp, seed: &Seed) {
    let holder = app.as_user(HOLDER);
    for path in [
        seed.path_to("fragments"),
        seed.path_to("readers"),
        seed.path_to("consolidations"),
        seed.path_to("link-decisions"),
        seed.path_to("person-links"),
        seed.path_to("snapshot"),
        format!("/v1/fragments/{}/versions", seed.fragment),
        format!("/v1/fragments/{}/readers", seed.fragment),
        seed.invitation_path("school"),
        format!("/v1/tombstones/{}", seed.chronology),
    ] {
        assert_eq!(holder.get(&path).status, 404, "{path}");
    }
    for (path, body) in [
        ("consolidations", Value::Null),
        ("close", Value::Null),
        (
            "extend",
            json!({"reason": "Canary", "expires_at": app.in_days(70)}),
        ),
        ("reopen", json!({"reason": "Canary"})),
        ("sign-off", json!({"snapshot": "export"})),
        ("fragments", fragment(&[entry("a cut", "2026-01-20", &[])])),
    ] {
        assert_eq!(
            holder.post(&seed.path_to(path), &body).status,
            404,
            "{path}"
        );
    }
    assert_eq!(
        holder
            .patch(&seed.path, Some(2), &json!({"question": "Canary"}))
            .status,
        404
    );
}

/// After the end the holder gets the responses from before the access.
fn assert_access_ends_to_the_second(
    app: &TestApp,
    seed: &Seed,
    access: &Value,
    readable: &[String],
    before: &[ApiResponse],
) {
    let holder = app.as_user(HOLDER);
    let tag = holder
        .get(&seed.path_to("timeline"))
        .header("etag")
        .unwrap()
        .to_owned();
    app.advance_seconds(30 * 60 - 1);
    assert_eq!(
        holder
            .get_if_none_match(&seed.path_to("timeline"), &tag)
            .status,
        304
    );
    app.advance_seconds(1);
    for (path, before) in readable.iter().zip(before) {
        assert_eq!(
            holder.get(path).body_without_request_fields(),
            before.body_without_request_fields(),
            "{path}"
        );
    }
    assert_eq!(
        holder
            .get_if_none_match(&seed.path_to("timeline"), &tag)
            .status,
        404
    );
    assert_eq!(
        holder.get(&access_path(access, "")).expect_ok()["active"],
        json!(false)
    );
    assert_eq!(
        holder
            .post(&access_path(access, "/end"), &Value::Null)
            .field_errors()[0]
            .1,
        "already_ended"
    );
}

/// The police, and social care for another agency, submit marked entries beside unmarked ones.
/// Returns the ids of the fragments.
fn submit_marked_entries(app: &TestApp, seed: &Seed) -> [String; 2] {
    let crime = with_members(
        entry("an arrest", "2026-01-29", &[]),
        json!({"category": "CRIME"}),
    );
    let restricted = |what: &str| {
        with_members(
            entry(what, "2026-01-30", &[]),
            json!({
                "handling": {
                    "marking": "restricted", "named_agencies": [seed.agencies["care"]],
                },
            }),
        )
    };
    let police = app
        .as_user(User::OFFICER)
        .post(
            &seed.path_to("fragments"),
            &fragment(&[
                crime,
                restricted("an informant said"),
                entry("a patrol", "2026-01-31", &[]),
            ]),
        )
        .id();
    // This includes entries that their own agency submitted for another agency.
    let proxy = with_members(
        fragment(&[
            restricted("a refuge's words"),
            entry("a visit", "2026-02-01", &[]),
        ]),
        json!({"on_behalf_of": seed.agencies["beacon"]}),
    );
    let proxy = app
        .as_user(User::OWNER)
        .post(&seed.path_to("fragments"), &proxy)
        .id();
    [police, proxy]
}

on_both! {
    fn access_is_read_only_shows_a_notice_and_ends_to_the_second(app) {
        let seed = app.seed();
        let frozen = consolidate(app, &seed);
        let holder = app.as_user(HOLDER);
        let readable = readable_paths(&seed, &frozen);
        let before: Vec<ApiResponse> = readable.iter().map(|path| holder.get(path)).collect();
        assert!(before.iter().all(|response| response.status == 404));
        let access = open_emergency_access(
            app,
            HOLDER,
            &with_members(request_for_chronology(&seed), json!({"minutes": 30})),
        );
        assert_eq!(
            (&access["active"], &access["state"], &access["overdue"]),
            (&json!(true), &json!("open"), &json!(false))
        );
        assert_every_read_shows_the_notice(app, &seed, &frozen, &access);
        assert_nothing_else_is_permitted(app, &seed);
        // The access is for its holder only.
        assert_eq!(app.as_user(DUTY).get(&seed.path_to("timeline")).status, 404);
        // A user with ordinary access sees no notice.
        let mut found = Vec::new();
        collect_notices(
            &app.as_user(User::OWNER)
                .get(&seed.path_to("timeline"))
                .expect_ok(),
            &mut found,
        );
        assert_eq!(found, Vec::<Value>::new());
        assert_access_ends_to_the_second(app, &seed, &access, &readable, &before);
    }

    fn marked_entries_stay_hidden_in_emergency_access(app) {
        let seed = app.seed();
        let [police, proxy] = submit_marked_entries(app, &seed);
        let frozen = consolidate(app, &seed);
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&seed.path_to("timeline"))
                .expect_ok()["header"]["entry_count"],
            6
        );
        let _ = open_emergency_access(app, DUTY, &request_for_chronology(&seed));
        let _ = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        for path in readable_paths(&seed, &frozen)
            .into_iter()
            .chain([police.as_str(), proxy.as_str()].map(|id| format!("/v1/fragments/{id}")))
        {
            // The holder may read criminal-offence data otherwise, but not in an emergency access.
            let duty = app.as_user(DUTY).get(&path);
            let holder = app.as_user(HOLDER).get(&path);
            assert_eq!((duty.status, holder.status), (200, 200), "{path}");
            for (response, words) in [&duty, &holder].into_iter().flat_map(|response| {
                ["an arrest", "an informant", "a refuge's"].map(|words| (response, words))
            }) {
                assert!(!response.text().contains(words), "{path}: {words}");
            }
        }
        for user in [DUTY, HOLDER] {
            let timeline = app.as_user(user).get(&seed.path_to("timeline")).expect_ok();
            let frozen_view = app
                .as_user(user)
                .get(&seed.path_to(&format!("consolidations/{frozen}")))
                .expect_ok();
            assert_eq!(
                (
                    &timeline["header"]["entry_count"],
                    &frozen_view["entry_count"]
                ),
                (&json!(3), &json!(3)),
                "{}",
                user.name
            );
        }
        let _ = app
            .as_user(User::MANAGER)
            .post(&seed.path_to("sign-off"), &json!({"snapshot": "export"}))
            .expect_ok();
        assert_eq!(
            app.as_user(HOLDER).get(&seed.path_to("snapshot")).status,
            404
        );
        let readers = response_items(
            &app.as_user(User::OFFICER)
                .get(&format!("/v1/fragments/{police}/readers")),
        );
        assert!(
            readers
                .iter()
                .any(|reader| reader["reason"] == "emergency" && reader["entry_count"] == 1),
            "{readers:?}"
        );
    }
}
