//! Emergency access: what it gives access to, who can open it and for how long, who is alerted, and who reviews it.

use behaviour::inputs::{child, chronology, entry, fragment, nhs_number, with_members};
use behaviour::{ALL_USERS, ApiResponse, Seed, TestApp, User, on_both, raw_db};
use domain::Clock as _;
use serde_json::{Value, json};

const ABSENT: &str = "01999999-0000-7000-8000-00000000dead";
const PATH: &str = "/v1/emergency-accesses";
const HOLDER: User = User::COLLEAGUE;
/// A social worker of the emergency duty team who may not read criminal-offence data.
const DUTY: User = User {
    name: "DUTY",
    offence_data: false,
    ..User::COLLEAGUE
};

fn emergency_request(target: Value) -> Value {
    with_members(
        json!({"reason_code": "child_missing", "reason": "Canary reason: not seen since noon."}),
        target,
    )
}

fn request_for_chronology(seed: &Seed) -> Value {
    emergency_request(json!({"chronology_id": seed.chronology}))
}

fn review_body(finding: &str) -> Value {
    json!({"finding": finding, "note": "Canary note: the duty log shows it."})
}

fn open_emergency_access(app: &TestApp, user: User, body: &Value) -> Value {
    app.as_user(user).post(PATH, body).expect_status(201)
}

fn access_path(access: &Value, rest: &str) -> String {
    format!("{PATH}/{}{rest}", access["id"].as_str().unwrap())
}

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

fn response_items(response: &ApiResponse) -> Vec<Value> {
    response.expect_ok()["items"]
        .as_array()
        .cloned()
        .unwrap_or_default()
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

fn find_audit_record(app: &TestApp, response: &ApiResponse) -> Value {
    let id = response
        .header("x-request-id")
        .unwrap_or_default()
        .to_owned();
    let all = response_items(&app.as_user(User::AUDITOR).get("/v1/audit?limit=500"));
    all.into_iter()
        .find(|record| record["request_id"] == json!(id))
        .expect("a record")
}

on_both! {
    fn access_is_read_only_shows_a_notice_and_ends_to_the_second(app) {
        let seed = app.seed();
        let frozen = consolidate(app, &seed);
        let holder = app.as_user(HOLDER);
        let readable = readable_paths(&seed, &frozen);
        let before: Vec<ApiResponse> = readable.iter().map(|path| holder.get(path)).collect();
        assert!(before.iter().all(|response| response.status == 404));
        let access = open_emergency_access(app, HOLDER, &with_members(request_for_chronology(&seed), json!({"minutes": 30})));
        assert_eq!((&access["active"], &access["state"], &access["overdue"]), (&json!(true), &json!("open"), &json!(false)));
        for path in &readable {
            let response = holder.get(path);
            let mut found = Vec::new();
            collect_notices(&response.expect_status(200), &mut found);
            assert!(!found.is_empty(), "{path}");
            for notice in found {
                assert_eq!((&notice["access_id"], &notice["reason_code"], &notice["until"]), (&access["id"], &json!("child_missing"), &access["until"]));
                assert!(notice["banner"].as_str().unwrap().contains("EMERGENCY"));
            }
            let record = find_audit_record(app, &response);
            assert_eq!((&record["reason"], &record["outcome"]), (&json!("emergency"), &json!("allowed")), "{path}");
        }
        // The notice is in each invitation of the list and in the header of the frozen view.
        assert!(response_items(&holder.get(&seed.path_to("invitations"))).iter().all(|invitation| invitation["emergency"].is_object()));
        assert!(holder.get(&seed.path_to(&format!("consolidations/{frozen}"))).expect_ok()["view"]["header"]["emergency"].is_object());
        for path in [seed.path_to("fragments"), seed.path_to("readers"), seed.path_to("consolidations"), seed.path_to("link-decisions"), seed.path_to("person-links"), seed.path_to("snapshot"),
                     format!("/v1/fragments/{}/versions", seed.fragment), format!("/v1/fragments/{}/readers", seed.fragment), seed.invitation_path("school"),
                     format!("/v1/tombstones/{}", seed.chronology)] {
            assert_eq!(holder.get(&path).status, 404, "{path}");
        }
        for (path, body) in [("consolidations", Value::Null), ("close", Value::Null), ("extend", json!({"reason": "Canary", "expires_at": app.in_days(70)})),
                             ("reopen", json!({"reason": "Canary"})), ("sign-off", json!({"snapshot": "export"})),
                             ("fragments", fragment(&[entry("a cut", "2026-01-20", &[])]))] {
            assert_eq!(holder.post(&seed.path_to(path), &body).status, 404, "{path}");
        }
        assert_eq!(holder.patch(&seed.path, Some(2), &json!({"question": "Canary"})).status, 404);
        // The access is for its holder only.
        assert_eq!(app.as_user(DUTY).get(&seed.path_to("timeline")).status, 404);
        // A user with ordinary access sees no notice.
        let mut found = Vec::new();
        collect_notices(&app.as_user(User::OWNER).get(&seed.path_to("timeline")).expect_ok(), &mut found);
        assert_eq!(found, Vec::<Value>::new());
        // The access ends to the second.
        let tag = holder.get(&seed.path_to("timeline")).header("etag").unwrap().to_owned();
        app.advance_seconds(30 * 60 - 1);
        assert_eq!(holder.get_if_none_match(&seed.path_to("timeline"), &tag).status, 304);
        app.advance_seconds(1);
        for (path, before) in readable.iter().zip(&before) {
            assert_eq!(holder.get(path).body_without_request_fields(), before.body_without_request_fields(), "{path}");
        }
        assert_eq!(holder.get_if_none_match(&seed.path_to("timeline"), &tag).status, 404);
        assert_eq!(holder.get(&access_path(&access, "")).expect_ok()["active"], json!(false));
        assert_eq!(holder.post(&access_path(&access, "/end"), &Value::Null).field_errors()[0].1, "already_ended");
    }

    fn access_lasts_one_hour_by_default_and_at_most_four(app) {
        let seed = app.seed();
        for (minutes, pointer) in [(241, "/minutes"), (0, "/minutes"), (1441, "/minutes")] {
            let response = app.as_user(HOLDER).post(PATH, &with_members(request_for_chronology(&seed), json!({"minutes": minutes})));
            assert_eq!((response.status, response.field_errors()[0].0.as_str()), (422, pointer), "{minutes}");
        }
        let _ = open_emergency_access(app, HOLDER, &with_members(request_for_chronology(&seed), json!({"minutes": 240})));
        let _ = open_emergency_access(app, DUTY, &request_for_chronology(&seed));
        app.advance_seconds(3_599);
        assert_eq!(app.as_user(DUTY).get(&seed.path_to("timeline")).status, 200);
        app.advance_seconds(1);
        assert_eq!(app.as_user(DUTY).get(&seed.path_to("timeline")).status, 404);
        assert_eq!(app.as_user(HOLDER).get(&seed.path_to("timeline")).status, 200);
    }

    fn only_the_holder_can_end_access_early(app) {
        let seed = app.seed();
        let access = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        let end = access_path(&access, "/end");
        for user in [User::OWNER, User::MANAGER, User::AUDITOR, DUTY, User::RETURNED, User::FOREIGNER] {
            assert_eq!(app.as_user(user).post(&end, &Value::Null).status, 404, "{}", user.name);
        }
        app.advance_seconds(60);
        let ended = app.as_user(HOLDER).post_with_key("end", &end, &Value::Null).expect_status(200);
        assert_eq!((&ended["active"], ended["ended_at"].is_string(), &ended["reason"]), (&json!(false), true, &json!("Canary reason: not seen since noon.")));
        assert_eq!(app.as_user(HOLDER).get(&seed.path_to("timeline")).status, 404);
        assert_eq!(app.as_user(HOLDER).post_with_key("end", &end, &Value::Null).header("idempotent-replayed"), Some("true"));
        assert_eq!(app.as_user(HOLDER).post(&end, &Value::Null).status, 409);
    }

    fn access_ends_with_the_chronologys_expiry(app) {
        let seed = app.seed();
        let end = app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"].clone();
        app.set_time(&end);
        app.clock.set(app.clock.now().minus(std::time::Duration::from_secs(600)));
        let access = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        assert_eq!(access["until"], end);
        app.advance_seconds(599);
        assert_eq!(app.as_user(HOLDER).get(&seed.path_to("timeline")).status, 200);
        app.advance_seconds(1);
        let expired = app.as_user(HOLDER).get(&seed.path_to("timeline"));
        app.run_background_jobs();
        let deleted = app.as_user(HOLDER).get(&seed.path_to("timeline"));
        assert_eq!((expired.status, deleted.status), (404, 404));
        assert_eq!(expired.body_without_request_fields(), deleted.body_without_request_fields());
        // The record outlives the chronology and is still listed for its owner.
        assert_eq!(response_items(&app.as_user(User::AUDITOR).get("/v1/alerts")).len(), 1);
        assert_eq!(response_items(&app.as_user(User::OWNER).get("/v1/alerts"))[0]["chronology_ids"], json!([seed.chronology]));
        let tombstone = app.as_user(User::OWNER).get(&format!("/v1/tombstones/{}", seed.chronology)).expect_ok();
        assert!(tombstone["readers"].as_array().unwrap().iter().any(|reader| reader["emergency_access_id"] == access["id"]));
    }

    fn marked_entries_stay_hidden_in_emergency_access(app) {
        let seed = app.seed();
        let crime = with_members(entry("an arrest", "2026-01-29", &[]), json!({"category": "CRIME"}));
        let restricted = |what: &str| {
            with_members(entry(what, "2026-01-30", &[]), json!({"handling": {"marking": "restricted", "named_agencies": [seed.agencies["care"]]}}))
        };
        let police = app.as_user(User::OFFICER).post(&seed.path_to("fragments"), &fragment(&[crime, restricted("an informant said"), entry("a patrol", "2026-01-31", &[])])).id();
        // This includes entries that their own agency submitted for another agency.
        let proxy = with_members(fragment(&[restricted("a refuge's words"), entry("a visit", "2026-02-01", &[])]), json!({"on_behalf_of": seed.agencies["beacon"]}));
        let proxy = app.as_user(User::OWNER).post(&seed.path_to("fragments"), &proxy).id();
        let frozen = consolidate(app, &seed);
        assert_eq!(app.as_user(User::OWNER).get(&seed.path_to("timeline")).expect_ok()["header"]["entry_count"], 6);
        let _ = open_emergency_access(app, DUTY, &request_for_chronology(&seed));
        let _ = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        for path in readable_paths(&seed, &frozen).into_iter().chain([police.as_str(), proxy.as_str()].map(|id| format!("/v1/fragments/{id}"))) {
            // The holder may read criminal-offence data otherwise, but not in an emergency access.
            let duty = app.as_user(DUTY).get(&path);
            let holder = app.as_user(HOLDER).get(&path);
            assert_eq!((duty.status, holder.status), (200, 200), "{path}");
            for (response, words) in [&duty, &holder].into_iter().flat_map(|response| ["an arrest", "an informant", "a refuge's"].map(|words| (response, words))) {
                assert!(!response.text().contains(words), "{path}: {words}");
            }
        }
        for user in [DUTY, HOLDER] {
            let timeline = app.as_user(user).get(&seed.path_to("timeline")).expect_ok();
            let frozen_view = app.as_user(user).get(&seed.path_to(&format!("consolidations/{frozen}"))).expect_ok();
            assert_eq!((&timeline["header"]["entry_count"], &frozen_view["entry_count"]), (&json!(3), &json!(3)), "{}", user.name);
        }
        let _ = app.as_user(User::MANAGER).post(&seed.path_to("sign-off"), &json!({"snapshot": "export"})).expect_ok();
        assert_eq!(app.as_user(HOLDER).get(&seed.path_to("snapshot")).status, 404);
        let readers = response_items(&app.as_user(User::OFFICER).get(&format!("/v1/fragments/{police}/readers")));
        assert!(readers.iter().any(|reader| reader["reason"] == "emergency" && reader["entry_count"] == 1), "{readers:?}");
    }

    fn only_social_care_without_access_can_open_emergency_access(app) {
        let seed = app.seed();
        let body = request_for_chronology(&seed);
        for user in ALL_USERS.iter().filter(|user| **user != User::NOBODY) {
            let response = app.as_user(*user).post(PATH, &body);
            let status = response.status;
            let problem_type = response.json()["type"].as_str().unwrap_or_default().to_owned();
            match user.name {
                "COLLEAGUE" => assert_eq!(status, 201),
                "OWNER" | "MANAGER" | "TEAM" => assert_eq!((status, problem_type.as_str()), (409, "/problems/already_yours"), "{}", user.name),
                name => assert_eq!(status, 404, "{name}"),
            }
        }
        assert_eq!(raw_db::query_count(app, "SELECT count(*) AS count FROM emergency_accesses"), 1);
    }

    fn absent_and_unavailable_chronologies_get_the_same_response(app) {
        let seed = app.seed();
        let holder = app.as_user(HOLDER);
        let draft = app.as_user(User::OWNER).post("/v1/chronologies", &chronology(&seed.family, &[])).id();
        let absent = holder.post(PATH, &emergency_request(json!({"chronology_id": ABSENT})));
        assert_eq!(absent.status, 404);
        let response = holder.post(PATH, &emergency_request(json!({"chronology_id": draft})));
        assert_eq!((response.status, response.body_without_request_fields()), (404, absent.body_without_request_fields()));
        let record = find_audit_record(app, &response);
        assert_eq!((&record["operation"], &record["outcome"]), (&json!("emergency_access.open"), &json!("denied")));
        let manager = app.as_user(User::MANAGER);
        let _ = app.as_user(User::OWNER).post(&seed.path_to("consolidations"), &Value::Null).id();
        let _ = manager.post(&seed.path_to("sign-off"), &json!({"snapshot": "export"})).expect_ok();
        let _ = app.as_user(User::OWNER).post(&seed.path_to("close"), &Value::Null).expect_ok();
        assert_eq!(holder.post(PATH, &request_for_chronology(&seed)).body_without_request_fields(), absent.body_without_request_fields(), "closed");
        // Likewise for an access: one that does not exist and one that belongs to another user.
        let _ = manager.post(&seed.path_to("reopen"), &json!({"reason": "Canary"})).expect_ok();
        let access = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        for user in [User::OWNER, User::STRANGER, DUTY, User::FOREIGNER, User::RETURNED] {
            let existing = app.as_user(user).get(&access_path(&access, ""));
            let absent = app.as_user(user).get(&format!("{PATH}/{ABSENT}"));
            assert_eq!((existing.status, existing.body_without_request_fields()), (404, absent.body_without_request_fields()), "{}", user.name);
            for step in ["/end", "/review"] {
                let body = if step == "/review" { review_body("justified") } else { Value::Null };
                let existing = app.as_user(user).post(&access_path(&access, step), &body);
                let absent = app.as_user(user).post(&format!("{PATH}/{ABSENT}{step}"), &body);
                assert_eq!((existing.status, existing.body_without_request_fields()), (404, absent.body_without_request_fields()), "{} {step}", user.name);
            }
        }
    }

    fn nhs_number_opens_every_open_chronology_of_the_child(app) {
        let seed = app.seed();
        let other = app.as_user(User::OWNER).post("/v1/chronologies", &chronology(&seed.family, &[])).id();
        let second = format!("/v1/chronologies/{other}");
        let _ = app.as_user(User::OWNER).post(&format!("{second}/invitations"), &json!({"agency_id": seed.agencies["camhs"], "practitioners": []})).id();
        let _ = app.as_user(User::OWNER).post(&format!("{second}/open"), &Value::Null).expect_ok();
        let access = open_emergency_access(app, HOLDER, &emergency_request(json!({"nhs_number": nhs_number(0)})));
        assert_eq!(access["chronologies"].as_array().map(Vec::len), Some(2));
        for path in [&seed.path, &second] {
            assert_eq!(app.as_user(HOLDER).get(&format!("{path}/timeline")).status, 200);
        }
        let number = nhs_number(0);
        assert!(!access.to_string().contains(&number), "the response does not contain the number");
        assert!(!raw_db::contains_plaintext(app, &number) && !raw_db::contains_plaintext(app, "not seen since noon"), "the number and the reason are not stored in clear");
        for invalid in [json!({}), json!({"chronology_id": seed.chronology, "upn": "B801200005001"})] {
            assert_eq!(app.as_user(HOLDER).post(PATH, &emergency_request(invalid)).field_errors()[0].1, "one_target");
        }
        for (target, pointer) in [(json!({"nhs_number": "9434765918"}), "/nhs_number"), (json!({"upn": "A801200005001"}), "/upn")] {
            assert_eq!(app.as_user(HOLDER).post(PATH, &emergency_request(target)).field_errors(), [(pointer.to_owned(), "check_digit".to_owned())]);
        }
        let blank = with_members(request_for_chronology(&seed), json!({"reason": "  "}));
        assert_eq!(app.as_user(HOLDER).post(PATH, &blank).field_errors()[0].0, "/reason");
    }

    fn unknown_or_ambiguous_number_opens_nothing_but_is_recorded(app) {
        let seed = app.seed();
        // A child of another partnership, a child without a chronology, and a number recorded in two families with a
        // chronology each.
        let _ = app.as_user(User::FOREIGNER).post("/v1/people", &child("Mora", "2018-01-01", 7)).id();
        let _ = app.as_user(User::OWNER).post("/v1/people", &child("Vena", "2018-01-01", 8)).id();
        let same_number = app.as_user(User::OWNER).post("/v1/people", &child("Nessa", "2017-03-02", 1)).id();
        let family = app.as_user(User::OWNER).post("/v1/families", &json!({"label": "Canary other family", "members": [same_number]})).id();
        let other = app.as_user(User::OWNER).post("/v1/chronologies", &chronology(&family, &[])).id();
        let _ = app.as_user(User::OWNER).post(&format!("/v1/chronologies/{other}/invitations"), &json!({"agency_id": seed.agencies["camhs"], "practitioners": []})).id();
        let _ = app.as_user(User::OWNER).post(&format!("/v1/chronologies/{other}/open"), &Value::Null).expect_ok();
        let targets = [json!({"nhs_number": nhs_number(9)}), json!({"nhs_number": nhs_number(7)}), json!({"nhs_number": nhs_number(8)}),
                       json!({"upn": "B801200005001"}), json!({"nhs_number": nhs_number(1)})];
        for (round, target) in targets.iter().enumerate() {
            let holder = if round % 2 == 0 { HOLDER } else { DUTY };
            let response = app.as_user(holder).post(PATH, &emergency_request(target.clone()));
            let access = response.expect_status(201);
            assert_eq!((&access["chronologies"], &access["active"], &access["state"]), (&json!([]), &json!(true), &json!("open")), "{target}");
            let record = find_audit_record(app, &response);
            assert_eq!((&record["operation"], &record["outcome"], &record["object_id"]), (&json!("emergency_access.open"), &json!("allowed"), &access["id"]), "{target}");
            let alert = response_items(&app.as_user(User::AUDITOR).get("/v1/alerts")).into_iter().find(|alert| alert["id"] == access["id"]).expect("an alert");
            assert_eq!((&alert["chronology_ids"], &alert["active"]), (&json!([]), &json!(true)), "{target}");
            for path in [seed.path_to("timeline"), format!("/v1/chronologies/{other}/timeline")] {
                assert_eq!(app.as_user(holder).get(&path).status, 404, "{target} {path}");
            }
            assert_eq!(app.as_user(holder).get(&access_path(&access, "")).expect_ok()["chronologies"], json!([]), "{target}");
            app.advance_seconds(1);
        }
        // The response has the same members whether or not a chronology was found.
        let member_names = |access: Value| access.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
        let known = open_emergency_access(app, HOLDER, &emergency_request(json!({"nhs_number": nhs_number(0)})));
        assert_eq!(known["chronologies"].as_array().map(Vec::len), Some(1));
        app.advance_seconds(1);
        assert_eq!(member_names(known), member_names(open_emergency_access(app, DUTY, &emergency_request(json!({"nhs_number": nhs_number(9)})))));
    }

    fn person_recorded_by_another_agency_does_not_make_the_number_ambiguous(app) {
        let seed = app.seed();
        let _ = app.as_user(User::RETURNED).post("/v1/people", &child("Orla", "2019-05-14", 0)).id();
        let access = open_emergency_access(app, HOLDER, &emergency_request(json!({"nhs_number": nhs_number(0)})));
        assert_eq!(access["chronologies"][0]["chronology_id"], json!(seed.chronology));
    }

    fn no_access_is_opened_while_too_many_await_review(app) {
        let seed = app.seed();
        // Four accesses: one to a chronology, three by unknown numbers, one of which is ended at once.
        let first = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        let mut opened = Vec::new();
        for number in 20..23 {
            app.advance_seconds(1);
            opened.push(open_emergency_access(app, HOLDER, &emergency_request(json!({"nhs_number": nhs_number(number)}))));
        }
        let _ = app.as_user(HOLDER).post(&access_path(&opened[0], "/end"), &Value::Null).expect_status(200);
        for target in [json!({"chronology_id": seed.chronology}), json!({"nhs_number": nhs_number(0)}), json!({"nhs_number": nhs_number(9)}), json!({"chronology_id": ABSENT})] {
            let response = app.as_user(HOLDER).post(PATH, &emergency_request(target.clone()));
            assert_eq!((response.status, &response.json()["type"]), (409, &json!("/problems/reviews_outstanding")), "{target}");
            assert_eq!(find_audit_record(app, &response)["outcome"], "wrong_state", "{target}");
        }
        // Open accesses stay open, and the limit is per practitioner.
        assert_eq!(app.as_user(HOLDER).get(&seed.path_to("timeline")).status, 200);
        let _ = open_emergency_access(app, DUTY, &request_for_chronology(&seed));
        // Reviews that become overdue still count.
        app.advance_days(4);
        assert_eq!(app.as_user(HOLDER).post(PATH, &request_for_chronology(&seed)).status, 409);
        let _ = app.as_user(User::MANAGER).post(&access_path(&first, "/review"), &review_body("justified")).expect_status(200);
        let _ = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        assert_eq!(app.as_user(HOLDER).post(PATH, &request_for_chronology(&seed)).status, 409);
    }

    fn owner_and_auditor_are_alerted_without_personal_data(app) {
        let seed = app.seed();
        let access = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        let _ = app.as_user(HOLDER).get(&seed.path_to("timeline")).expect_ok();
        for user in [User::OWNER, User::MANAGER, User::AUDITOR] {
            let response = app.as_user(user).get("/v1/alerts");
            let found = response_items(&response);
            assert_eq!(found.len(), 1, "{}", user.name);
            let alert = &found[0];
            for (name, value) in [("id", &access["id"]), ("kind", &json!("emergency_access")), ("practitioner_id", &json!(seed.people["COLLEAGUE"])),
                                  ("reason_code", &json!("child_missing")), ("chronology_ids", &json!([seed.chronology])), ("state", &json!("open")),
                                  ("active", &json!(true)), ("overdue", &json!(false)), ("at", &access["opened_at"])] {
                assert_eq!(alert[name], *value, "{name}");
            }
            assert!(!response.text().contains("Canary"), "{}", response.text());
        }
        // Alerts are not shown to other social workers, the holder or contributors.
        assert_eq!(response_items(&app.as_user(User::TEAM).get("/v1/alerts")).len(), 0);
        assert_eq!(response_items(&app.as_user(HOLDER).get("/v1/alerts")).len(), 0);
        for user in [User::SUPPORT, User::RETURNED, User::LEAD, User::STRANGER, User::SYSTEM] {
            assert_eq!(app.as_user(user).get("/v1/alerts").status, 404, "{}", user.name);
        }
        assert_eq!(response_items(&app.as_user(User::FOREIGNER).get("/v1/alerts")).len(), 0);
        // The list of readers tells the owner who read with emergency access.
        let readers = response_items(&app.as_user(User::OWNER).get(&seed.path_to("readers")));
        let reader = readers.iter().find(|reader| reader["practitioner_id"] == json!(seed.people["COLLEAGUE"])).unwrap();
        assert_eq!((&reader["reason"], &reader["emergency_access_id"]), (&json!("emergency"), &access["id"]));
        assert!(readers.iter().filter(|reader| reader["practitioner_id"] != json!(seed.people["COLLEAGUE"])).all(|reader| reader["emergency_access_id"].is_null()));
        // A review is overdue after three days.
        app.advance_seconds(3 * 86_400 - 1);
        assert_eq!(response_items(&app.as_user(User::AUDITOR).get("/v1/alerts"))[0]["overdue"], false);
        app.advance_seconds(1);
        assert_eq!(response_items(&app.as_user(User::AUDITOR).get("/v1/alerts"))[0]["overdue"], true);
        // Alerts are listed newest first, in pages.
        for _ in 0..2 {
            app.advance_seconds(1);
            let _ = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        }
        let first = app.as_user(User::AUDITOR).get("/v1/alerts?limit=2").expect_ok();
        assert_eq!(first["items"].as_array().map(Vec::len), Some(2));
        let second_page = response_items(&app.as_user(User::AUDITOR).get(&format!("/v1/alerts?limit=2&cursor={}", first["next"].as_str().unwrap())));
        assert_eq!((second_page.len(), &second_page[0]["id"]), (1, &access["id"]));
    }

    fn access_is_reviewed_once_and_not_by_its_holder(app) {
        let seed = app.seed();
        let access = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        let review = access_path(&access, "/review");
        for user in [User::MANAGER, User::AUDITOR, HOLDER] {
            let seen = app.as_user(user).get(&access_path(&access, "")).expect_ok();
            assert_eq!(seen["reason"], "Canary reason: not seen since noon.", "{}", user.name);
        }
        let own = app.as_user(HOLDER).post(&review, &review_body("justified"));
        assert_eq!((own.status, own.json()["type"].clone()), (409, json!("/problems/own_access")));
        assert_eq!(find_audit_record(app, &own)["outcome"], "wrong_state");
        // The holder cannot review it in another role either.
        let officer = User { role: domain::Role::Auditor, ..HOLDER };
        app.advance_seconds(1);
        assert_eq!(app.as_user(officer).post(&review, &review_body("justified")).status, 409);
        assert_eq!(app.as_user(User::AUDITOR).post(&review, &review_body("justified")).field_errors()[0].1, "still_running");
        app.advance_seconds(3_600);
        for user in [User::OWNER, User::TEAM, User::SUPPORT, User::LEAD] {
            assert_eq!(app.as_user(user).post(&review, &review_body("justified")).status, 404, "{}", user.name);
        }
        assert_eq!(app.as_user(User::AUDITOR).post(&review, &json!({"finding": "justified", "note": " "})).status, 422);
        let reviewed = app.as_user(User::AUDITOR).post(&review, &review_body("needs_action")).expect_status(200);
        assert_eq!((&reviewed["state"], &reviewed["finding"], &reviewed["reviewed_by"]), (&json!("reviewed"), &json!("needs_action"), &json!(seed.people["AUDITOR"])));
        assert_eq!((&reviewed["note"], &reviewed["reason"]), (&json!("Canary note: the duty log shows it."), &json!("Canary reason: not seen since noon.")));
        assert_eq!(app.as_user(User::MANAGER).post(&review, &review_body("justified")).field_errors()[0].1, "already_reviewed");
        let seen = app.as_user(HOLDER).get(&access_path(&access, "")).expect_ok();
        assert_eq!((&seen["finding"], seen["note"].is_null()), (&json!("needs_action"), true));
        let alert = &response_items(&app.as_user(User::OWNER).get("/v1/alerts"))[0];
        assert_eq!((&alert["state"], &alert["finding"], &alert["overdue"]), (&json!("reviewed"), &json!("needs_action"), &json!(false)));
        assert!(!raw_db::contains_plaintext(app, "the duty log") && !raw_db::contains_plaintext(app, "not seen since"));
    }

    fn unjustified_access_ends_immediately(app) {
        let seed = app.seed();
        let access = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        assert_eq!(app.as_user(HOLDER).get(&seed.path_to("timeline")).status, 200);
        let reviewed = app.as_user(User::MANAGER).post(&access_path(&access, "/review"), &review_body("not_justified")).expect_status(200);
        assert_eq!(reviewed["active"], false);
        assert_eq!(app.as_user(HOLDER).get(&seed.path_to("timeline")).status, 404);
    }

    fn reason_is_deleted_after_180_days_and_the_record_stays(app) {
        let seed = app.seed();
        let access = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        app.advance_seconds(3_600);
        let _ = app.as_user(User::AUDITOR).post(&access_path(&access, "/review"), &review_body("justified")).expect_ok();
        app.advance_days(179);
        app.run_background_jobs();
        assert_eq!(app.as_user(User::AUDITOR).get(&access_path(&access, "")).expect_ok()["reason"], "Canary reason: not seen since noon.");
        app.advance_days(1);
        let seen = app.as_user(User::AUDITOR).get(&access_path(&access, "")).expect_ok();
        assert_eq!((seen["reason"].is_null(), seen["note"].is_null(), &seen["finding"]), (true, true, &json!("justified")));
        app.run_background_jobs();
        app.advance_seconds(3_600);
        app.run_background_jobs();
        assert_eq!(raw_db::query_count(app, "SELECT count(*) AS count FROM emergency_accesses WHERE sealed IS NOT NULL"), 0);
        assert_eq!(app.as_user(User::AUDITOR).get(&access_path(&access, "")).expect_ok(), seen);
        assert!(!app.stored_keys().iter().any(|key| key.contains(access["id"].as_str().unwrap())));
    }
}
