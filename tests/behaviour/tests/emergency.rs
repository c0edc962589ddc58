//! Breaking the glass: what it gives and to whom, for how long, who is told, and who reviews it.

use behaviour::inputs::{child, chronology, entry, fragment, nhs_number, with};
use behaviour::{Answer, EVERYBODY, Seed, TestApp, User, on_both, raw};
use domain::Clock as _;
use serde_json::{Value, json};

const ABSENT: &str = "01999999-0000-7000-8000-00000000dead";
const PATH: &str = "/v1/emergency-accesses";
const HOLDER: User = User::COLLEAGUE;
/// A social worker of the emergency duty team without leave to read criminal-offence data.
const DUTY: User = User { name: "DUTY", offence_data: false, ..User::COLLEAGUE };

fn glass(target: Value) -> Value {
    with(json!({"reason_code": "child_missing", "reason": "Canary reason: not seen since noon."}), target)
}

fn to(seed: &Seed) -> Value {
    glass(json!({"chronology_id": seed.chronology}))
}

fn note(finding: &str) -> Value {
    json!({"finding": finding, "note": "Canary note: the duty log shows it."})
}

fn break_glass(app: &TestApp, user: User, body: &Value) -> Value {
    app.by(user).post(PATH, body).when(201)
}

fn at(access: &Value, rest: &str) -> String {
    format!("{PATH}/{}{rest}", access["id"].as_str().unwrap())
}

/// Everything that an emergency access gives to read.
fn given(seed: &Seed, frozen: &str) -> Vec<String> {
    vec![
        seed.path.clone(),
        seed.at("timeline"),
        seed.at("links"),
        seed.at("invitations"),
        format!("/v1/fragments/{}", seed.fragment),
        seed.at(&format!("consolidations/{frozen}")),
    ]
}

fn freeze(app: &TestApp, seed: &Seed) -> String {
    app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).id()
}

fn items(answer: &Answer) -> Vec<Value> {
    answer.ok()["items"].as_array().cloned().unwrap_or_default()
}

/// Every notice in an answer, however deep.
fn notices(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("emergency").cloned());
            members.values().for_each(|value| notices(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| notices(value, found)),
        _ => {}
    }
}

fn last_record(app: &TestApp, answer: &Answer) -> Value {
    let id = answer.header("x-request-id").unwrap_or_default().to_owned();
    let all = items(&app.by(User::AUDITOR).get("/v1/audit?limit=500"));
    all.into_iter().find(|record| record["request_id"] == json!(id)).expect("a record")
}

on_both! {
    fn it_gives_reading_with_a_banner_to_the_second_and_nothing_that_writes(app) {
        let seed = app.seed();
        let frozen = freeze(app, &seed);
        let (holder, given) = (app.by(HOLDER), given(&seed, &frozen));
        let before: Vec<Answer> = given.iter().map(|path| holder.get(path)).collect();
        assert!(before.iter().all(|answer| answer.status == 404));
        let access = break_glass(app, HOLDER, &with(to(&seed), json!({"minutes": 30})));
        assert_eq!((&access["active"], &access["state"], &access["overdue"]), (&json!(true), &json!("open"), &json!(false)));
        for path in &given {
            let answer = holder.get(path);
            let mut found = Vec::new();
            notices(&answer.when(200), &mut found);
            assert!(!found.is_empty(), "{path}");
            for notice in found {
                assert_eq!((&notice["access_id"], &notice["reason_code"], &notice["until"]), (&access["id"], &json!("child_missing"), &access["until"]));
                assert!(notice["banner"].as_str().unwrap().contains("EMERGENCY"));
            }
            let record = last_record(app, &answer);
            assert_eq!((&record["reason"], &record["outcome"]), (&json!("emergency"), &json!("allowed")), "{path}");
        }
        // Each invitation of the list, and the frozen view's own header.
        assert!(items(&holder.get(&seed.at("invitations"))).iter().all(|one| one["emergency"].is_object()));
        assert!(holder.get(&seed.at(&format!("consolidations/{frozen}"))).ok()["view"]["header"]["emergency"].is_object());
        for path in [seed.at("fragments"), seed.at("readers"), seed.at("consolidations"), seed.at("link-decisions"), seed.at("person-links"), seed.at("snapshot"),
                     format!("/v1/fragments/{}/versions", seed.fragment), format!("/v1/fragments/{}/readers", seed.fragment), seed.invitation("school"),
                     format!("/v1/tombstones/{}", seed.chronology)] {
            assert_eq!(holder.get(&path).status, 404, "{path}");
        }
        for (path, body) in [("consolidations", Value::Null), ("close", Value::Null), ("extend", json!({"reason": "Canary", "expires_at": app.in_days(70)})),
                             ("reopen", json!({"reason": "Canary"})), ("sign-off", json!({"snapshot": "export"})),
                             ("fragments", fragment(&[entry("a cut", "2026-01-20", &[])]))] {
            assert_eq!(holder.post(&seed.at(path), &body).status, 404, "{path}");
        }
        assert_eq!(holder.patch(&seed.path, Some(2), &json!({"question": "Canary"})).status, 404);
        // Nobody else gets anything of it.
        assert_eq!(app.by(DUTY).get(&seed.at("timeline")).status, 404);
        // Nor does what they read otherwise say that it is an emergency.
        let mut found = Vec::new();
        notices(&app.by(User::OWNER).get(&seed.at("timeline")).ok(), &mut found);
        assert_eq!(found, Vec::<Value>::new());
        // To the second.
        let tag = holder.get(&seed.at("timeline")).header("etag").unwrap().to_owned();
        app.pass(30 * 60 - 1);
        assert_eq!(holder.get_unless(&seed.at("timeline"), &tag).status, 304);
        app.pass(1);
        for (path, before) in given.iter().zip(&before) {
            assert_eq!(holder.get(path).without_request(), before.without_request(), "{path}");
        }
        assert_eq!(holder.get_unless(&seed.at("timeline"), &tag).status, 404);
        assert_eq!(holder.get(&at(&access, "")).ok()["active"], json!(false));
        assert_eq!(holder.post(&at(&access, "/end"), &Value::Null).faults().1[0].1, "already_ended");
    }

    fn it_lasts_an_hour_unless_asked_and_four_at_most(app) {
        let seed = app.seed();
        for (minutes, pointer) in [(241, "/minutes"), (0, "/minutes"), (1441, "/minutes")] {
            let answer = app.by(HOLDER).post(PATH, &with(to(&seed), json!({"minutes": minutes})));
            assert_eq!((answer.status, answer.faults().1[0].0.as_str()), (422, pointer), "{minutes}");
        }
        let _ = break_glass(app, HOLDER, &with(to(&seed), json!({"minutes": 240})));
        let _ = break_glass(app, DUTY, &to(&seed));
        app.pass(3_599);
        assert_eq!(app.by(DUTY).get(&seed.at("timeline")).status, 200);
        app.pass(1);
        assert_eq!(app.by(DUTY).get(&seed.at("timeline")).status, 404);
        assert_eq!(app.by(HOLDER).get(&seed.at("timeline")).status, 200);
    }

    fn its_holder_ends_it_early_and_nobody_else_does(app) {
        let seed = app.seed();
        let access = break_glass(app, HOLDER, &to(&seed));
        let end = at(&access, "/end");
        for user in [User::OWNER, User::MANAGER, User::AUDITOR, DUTY, User::RETURNED, User::FOREIGNER] {
            assert_eq!(app.by(user).post(&end, &Value::Null).status, 404, "{}", user.name);
        }
        app.pass(60);
        let ended = app.by(HOLDER).post_as("end", &end, &Value::Null).when(200);
        assert_eq!((&ended["active"], ended["ended_at"].is_string(), &ended["reason"]), (&json!(false), true, &json!("Canary reason: not seen since noon.")));
        assert_eq!(app.by(HOLDER).get(&seed.at("timeline")).status, 404);
        assert_eq!(app.by(HOLDER).post_as("end", &end, &Value::Null).header("idempotent-replayed"), Some("true"));
        assert_eq!(app.by(HOLDER).post(&end, &Value::Null).status, 409);
    }

    fn it_never_reads_past_the_chronologys_own_end(app) {
        let seed = app.seed();
        let end = app.by(User::OWNER).get(&seed.path).ok()["expires_at"].clone();
        app.set_to(&end);
        app.clock.set(app.clock.now().minus(std::time::Duration::from_secs(600)));
        let access = break_glass(app, HOLDER, &to(&seed));
        assert_eq!(access["until"], end);
        app.pass(599);
        assert_eq!(app.by(HOLDER).get(&seed.at("timeline")).status, 200);
        app.pass(1);
        let gone = app.by(HOLDER).get(&seed.at("timeline"));
        app.work();
        let purged = app.by(HOLDER).get(&seed.at("timeline"));
        assert_eq!((gone.status, purged.status), (404, 404));
        assert_eq!(gone.without_request(), purged.without_request());
        // The record outlives the chronology, and is still told to whoever owned it.
        assert_eq!(items(&app.by(User::AUDITOR).get("/v1/alerts")).len(), 1);
        assert_eq!(items(&app.by(User::OWNER).get("/v1/alerts"))[0]["chronology_ids"], json!([seed.chronology]));
        let tombstone = app.by(User::OWNER).get(&format!("/v1/tombstones/{}", seed.chronology)).ok();
        assert!(tombstone["readers"].as_array().unwrap().iter().any(|reader| reader["emergency_access_id"] == access["id"]));
    }

    fn what_is_marked_stays_hidden_from_whoever_reads_in_an_emergency(app) {
        let seed = app.seed();
        let crime = with(entry("an arrest", "2026-01-29", &[]), json!({"category": "CRIME"}));
        let restricted = |what: &str| {
            with(entry(what, "2026-01-30", &[]), json!({"handling": {"marking": "restricted", "named_agencies": [seed.agencies["care"]]}}))
        };
        let police = app.by(User::OFFICER).post(&seed.at("fragments"), &fragment(&[crime, restricted("an informant said"), entry("a patrol", "2026-01-31", &[])])).id();
        // Not even what their own agency entered on another's behalf.
        let own = with(fragment(&[restricted("a refuge's words"), entry("a visit", "2026-02-01", &[])]), json!({"on_behalf_of": seed.agencies["beacon"]}));
        let own = app.by(User::OWNER).post(&seed.at("fragments"), &own).id();
        let frozen = freeze(app, &seed);
        assert_eq!(app.by(User::OWNER).get(&seed.at("timeline")).ok()["header"]["entry_count"], 6);
        let _ = break_glass(app, DUTY, &to(&seed));
        let _ = break_glass(app, HOLDER, &to(&seed));
        for path in given(&seed, &frozen).into_iter().chain([police.as_str(), own.as_str()].map(|id| format!("/v1/fragments/{id}"))) {
            // The same for a social worker with leave to read criminal-offence data.
            let (duty, holder) = (app.by(DUTY).get(&path), app.by(HOLDER).get(&path));
            assert_eq!((duty.status, holder.status), (200, 200), "{path}");
            for (answer, words) in [&duty, &holder].into_iter().flat_map(|answer| ["an arrest", "an informant", "a refuge's"].map(|words| (answer, words))) {
                assert!(!answer.text().contains(words), "{path}: {words}");
            }
        }
        for user in [DUTY, HOLDER] {
            let (now, then) = (app.by(user).get(&seed.at("timeline")).ok(), app.by(user).get(&seed.at(&format!("consolidations/{frozen}"))).ok());
            assert_eq!((&now["header"]["entry_count"], &then["entry_count"]), (&json!(3), &json!(3)), "{}", user.name);
        }
        let _ = app.by(User::MANAGER).post(&seed.at("sign-off"), &json!({"snapshot": "export"})).ok();
        assert_eq!(app.by(HOLDER).get(&seed.at("snapshot")).status, 404);
        let readers = items(&app.by(User::OFFICER).get(&format!("/v1/fragments/{police}/readers")));
        assert!(readers.iter().any(|reader| reader["reason"] == "emergency" && reader["entry_count"] == 1), "{readers:?}");
    }

    fn only_children_s_social_care_breaks_glass_and_not_to_what_is_theirs(app) {
        let seed = app.seed();
        let body = to(&seed);
        for user in EVERYBODY.iter().filter(|user| **user != User::NOBODY) {
            let answer = app.by(*user).post(PATH, &body);
            let (status, word) = (answer.status, answer.json()["type"].as_str().unwrap_or_default().to_owned());
            match user.name {
                "COLLEAGUE" => assert_eq!(status, 201),
                "OWNER" | "MANAGER" | "TEAM" => assert_eq!((status, word.as_str()), (409, "/problems/already_yours"), "{}", user.name),
                name => assert_eq!(status, 404, "{name}"),
            }
        }
        assert_eq!(raw::count(app, "SELECT count(*) AS count FROM emergency_accesses"), 1);
    }

    fn no_such_chronology_and_none_to_be_opened_are_one_answer(app) {
        let seed = app.seed();
        let holder = app.by(HOLDER);
        let draft = app.by(User::OWNER).post("/v1/chronologies", &chronology(&seed.family, &[])).id();
        let absent = holder.post(PATH, &glass(json!({"chronology_id": ABSENT})));
        assert_eq!(absent.status, 404);
        let answer = holder.post(PATH, &glass(json!({"chronology_id": draft})));
        assert_eq!((answer.status, answer.without_request()), (404, absent.without_request()));
        let record = last_record(app, &answer);
        assert_eq!((&record["operation"], &record["outcome"]), (&json!("emergency_access.open"), &json!("denied")));
        let manager = app.by(User::MANAGER);
        let _ = app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).id();
        let _ = manager.post(&seed.at("sign-off"), &json!({"snapshot": "export"})).ok();
        let _ = app.by(User::OWNER).post(&seed.at("close"), &Value::Null).ok();
        assert_eq!(holder.post(PATH, &to(&seed)).without_request(), absent.without_request(), "closed");
        // And of accesses: absent, and not one's own.
        let _ = manager.post(&seed.at("reopen"), &json!({"reason": "Canary"})).ok();
        let access = break_glass(app, HOLDER, &to(&seed));
        for user in [User::OWNER, User::STRANGER, DUTY, User::FOREIGNER, User::RETURNED] {
            let (theirs, nothing) = (app.by(user).get(&at(&access, "")), app.by(user).get(&format!("{PATH}/{ABSENT}")));
            assert_eq!((theirs.status, theirs.without_request()), (404, nothing.without_request()), "{}", user.name);
            for step in ["/end", "/review"] {
                let body = if step == "/review" { note("justified") } else { Value::Null };
                let (theirs, nothing) = (app.by(user).post(&at(&access, step), &body), app.by(user).post(&format!("{PATH}/{ABSENT}{step}"), &body));
                assert_eq!((theirs.status, theirs.without_request()), (404, nothing.without_request()), "{} {step}", user.name);
            }
        }
    }

    fn by_the_childs_number_it_is_to_every_open_chronology(app) {
        let seed = app.seed();
        let other = app.by(User::OWNER).post("/v1/chronologies", &chronology(&seed.family, &[])).id();
        let second = format!("/v1/chronologies/{other}");
        let _ = app.by(User::OWNER).post(&format!("{second}/invitations"), &json!({"agency_id": seed.agencies["camhs"], "practitioners": []})).id();
        let _ = app.by(User::OWNER).post(&format!("{second}/open"), &Value::Null).ok();
        let access = break_glass(app, HOLDER, &glass(json!({"nhs_number": nhs_number(0)})));
        assert_eq!(access["chronologies"].as_array().map(Vec::len), Some(2));
        for path in [&seed.path, &second] {
            assert_eq!(app.by(HOLDER).get(&format!("{path}/timeline")).status, 200);
        }
        let number = nhs_number(0);
        assert!(!access.to_string().contains(&number), "the number is not in what is answered");
        assert!(!raw::finds(app, &number) && !raw::finds(app, "not seen since noon"), "nor in clear where things are kept");
        for bad in [json!({}), json!({"chronology_id": seed.chronology, "upn": "B801200005001"})] {
            assert_eq!(app.by(HOLDER).post(PATH, &glass(bad)).faults().1[0].1, "one_target");
        }
        for (target, pointer) in [(json!({"nhs_number": "9434765918"}), "/nhs_number"), (json!({"upn": "A801200005001"}), "/upn")] {
            assert_eq!(app.by(HOLDER).post(PATH, &glass(target)).faults().1, [(pointer.to_owned(), "check_digit".to_owned())]);
        }
        let blank = with(to(&seed), json!({"reason": "  "}));
        assert_eq!(app.by(HOLDER).post(PATH, &blank).faults().1[0].0, "/reason");
    }

    fn by_a_number_of_nobody_or_of_several_it_opens_nothing_and_is_on_record_all_the_same(app) {
        let seed = app.seed();
        // Another partnership's child, one without a chronology, and one recorded for two families, each with a chronology.
        let _ = app.by(User::FOREIGNER).post("/v1/people", &child("Mora", "2018-01-01", 7)).id();
        let _ = app.by(User::OWNER).post("/v1/people", &child("Vena", "2018-01-01", 8)).id();
        let namesake = app.by(User::OWNER).post("/v1/people", &child("Nessa", "2017-03-02", 1)).id();
        let family = app.by(User::OWNER).post("/v1/families", &json!({"label": "Canary other family", "members": [namesake]})).id();
        let other = app.by(User::OWNER).post("/v1/chronologies", &chronology(&family, &[])).id();
        let _ = app.by(User::OWNER).post(&format!("/v1/chronologies/{other}/invitations"), &json!({"agency_id": seed.agencies["camhs"], "practitioners": []})).id();
        let _ = app.by(User::OWNER).post(&format!("/v1/chronologies/{other}/open"), &Value::Null).ok();
        let targets = [json!({"nhs_number": nhs_number(9)}), json!({"nhs_number": nhs_number(7)}), json!({"nhs_number": nhs_number(8)}),
                       json!({"upn": "B801200005001"}), json!({"nhs_number": nhs_number(1)})];
        for (turn, target) in targets.iter().enumerate() {
            let holder = if turn % 2 == 0 { HOLDER } else { DUTY };
            let answer = app.by(holder).post(PATH, &glass(target.clone()));
            let access = answer.when(201);
            assert_eq!((&access["chronologies"], &access["active"], &access["state"]), (&json!([]), &json!(true), &json!("open")), "{target}");
            let record = last_record(app, &answer);
            assert_eq!((&record["operation"], &record["outcome"], &record["object_id"]), (&json!("emergency_access.open"), &json!("allowed"), &access["id"]), "{target}");
            let alert = items(&app.by(User::AUDITOR).get("/v1/alerts")).into_iter().find(|alert| alert["id"] == access["id"]).expect("an alert");
            assert_eq!((&alert["chronology_ids"], &alert["active"]), (&json!([]), &json!(true)), "{target}");
            for path in [seed.at("timeline"), format!("/v1/chronologies/{other}/timeline")] {
                assert_eq!(app.by(holder).get(&path).status, 404, "{target} {path}");
            }
            assert_eq!(app.by(holder).get(&at(&access, "")).ok()["chronologies"], json!([]), "{target}");
            app.pass(1);
        }
        // What it answers is of one shape.
        let members = |access: Value| access.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
        let known = break_glass(app, HOLDER, &glass(json!({"nhs_number": nhs_number(0)})));
        assert_eq!(known["chronologies"].as_array().map(Vec::len), Some(1));
        app.pass(1);
        assert_eq!(members(known), members(break_glass(app, DUTY, &glass(json!({"nhs_number": nhs_number(9)})))));
    }

    fn what_another_agency_recorded_ahead_keeps_no_chronology_closed(app) {
        let seed = app.seed();
        let _ = app.by(User::RETURNED).post("/v1/people", &child("Orla", "2019-05-14", 0)).id();
        let access = break_glass(app, HOLDER, &glass(json!({"nhs_number": nhs_number(0)})));
        assert_eq!(access["chronologies"][0]["chronology_id"], json!(seed.chronology));
    }

    fn while_too_many_await_review_no_other_is_opened(app) {
        let seed = app.seed();
        // More than three: one to a chronology, the others by numbers of nobody; one of them ended at once.
        let first = break_glass(app, HOLDER, &to(&seed));
        let mut opened = Vec::new();
        for number in 20..23 {
            app.pass(1);
            opened.push(break_glass(app, HOLDER, &glass(json!({"nhs_number": nhs_number(number)}))));
        }
        let _ = app.by(HOLDER).post(&at(&opened[0], "/end"), &Value::Null).when(200);
        for target in [json!({"chronology_id": seed.chronology}), json!({"nhs_number": nhs_number(0)}), json!({"nhs_number": nhs_number(9)}), json!({"chronology_id": ABSENT})] {
            let answer = app.by(HOLDER).post(PATH, &glass(target.clone()));
            assert_eq!((answer.status, &answer.json()["type"]), (409, &json!("/problems/reviews_outstanding")), "{target}");
            assert_eq!(last_record(app, &answer)["outcome"], "wrong_state", "{target}");
        }
        // It takes nothing away of what is open, and counts for each practitioner alone.
        assert_eq!(app.by(HOLDER).get(&seed.at("timeline")).status, 200);
        let _ = break_glass(app, DUTY, &to(&seed));
        // Time alone changes nothing: they are overdue then.
        app.pass_days(4);
        assert_eq!(app.by(HOLDER).post(PATH, &to(&seed)).status, 409);
        let _ = app.by(User::MANAGER).post(&at(&first, "/review"), &note("justified")).when(200);
        let _ = break_glass(app, HOLDER, &to(&seed));
        assert_eq!(app.by(HOLDER).post(PATH, &to(&seed)).status, 409);
    }

    fn the_owner_and_the_officer_are_told_without_personal_data(app) {
        let seed = app.seed();
        let access = break_glass(app, HOLDER, &to(&seed));
        let _ = app.by(HOLDER).get(&seed.at("timeline")).ok();
        for user in [User::OWNER, User::MANAGER, User::AUDITOR] {
            let answer = app.by(user).get("/v1/alerts");
            let found = items(&answer);
            assert_eq!(found.len(), 1, "{}", user.name);
            let alert = &found[0];
            for (name, value) in [("id", &access["id"]), ("kind", &json!("emergency_access")), ("practitioner_id", &json!(seed.people["COLLEAGUE"])),
                                  ("reason_code", &json!("child_missing")), ("chronology_ids", &json!([seed.chronology])), ("state", &json!("open")),
                                  ("active", &json!(true)), ("overdue", &json!(false)), ("at", &access["opened_at"])] {
                assert_eq!(alert[name], *value, "{name}");
            }
            assert!(!answer.text().contains("Canary"), "{}", answer.text());
        }
        // Not the owner of another chronology, not the holder, not those who contribute.
        assert_eq!(items(&app.by(User::TEAM).get("/v1/alerts")).len(), 0);
        assert_eq!(items(&app.by(HOLDER).get("/v1/alerts")).len(), 0);
        for user in [User::SUPPORT, User::RETURNED, User::LEAD, User::STRANGER, User::SYSTEM] {
            assert_eq!(app.by(user).get("/v1/alerts").status, 404, "{}", user.name);
        }
        assert_eq!(items(&app.by(User::FOREIGNER).get("/v1/alerts")).len(), 0);
        // The owner sees among the readers who came that way, also when they read in another way later.
        let readers = items(&app.by(User::OWNER).get(&seed.at("readers")));
        let reader = readers.iter().find(|reader| reader["practitioner_id"] == json!(seed.people["COLLEAGUE"])).unwrap();
        assert_eq!((&reader["reason"], &reader["emergency_access_id"]), (&json!("emergency"), &access["id"]));
        assert!(readers.iter().filter(|reader| reader["practitioner_id"] != json!(seed.people["COLLEAGUE"])).all(|reader| reader["emergency_access_id"].is_null()));
        // Three days without a review.
        app.pass(3 * 86_400 - 1);
        assert_eq!(items(&app.by(User::AUDITOR).get("/v1/alerts"))[0]["overdue"], false);
        app.pass(1);
        assert_eq!(items(&app.by(User::AUDITOR).get("/v1/alerts"))[0]["overdue"], true);
        // Newest first, page by page.
        for _ in 0..2 {
            app.pass(1);
            let _ = break_glass(app, HOLDER, &to(&seed));
        }
        let first = app.by(User::AUDITOR).get("/v1/alerts?limit=2").ok();
        assert_eq!(first["items"].as_array().map(Vec::len), Some(2));
        let rest = items(&app.by(User::AUDITOR).get(&format!("/v1/alerts?limit=2&cursor={}", first["next"].as_str().unwrap())));
        assert_eq!((rest.len(), &rest[0]["id"]), (1, &access["id"]));
    }

    fn whoever_broke_the_glass_does_not_review_it_and_somebody_else_does_once(app) {
        let seed = app.seed();
        let access = break_glass(app, HOLDER, &to(&seed));
        let review = at(&access, "/review");
        for user in [User::MANAGER, User::AUDITOR, HOLDER] {
            let seen = app.by(user).get(&at(&access, "")).ok();
            assert_eq!(seen["reason"], "Canary reason: not seen since noon.", "{}", user.name);
        }
        let own = app.by(HOLDER).post(&review, &note("justified"));
        assert_eq!((own.status, own.json()["type"].clone()), (409, json!("/problems/own_access")));
        assert_eq!(last_record(app, &own)["outcome"], "wrong_state");
        // Nor with another role.
        let officer = User { role: domain::Role::Auditor, ..HOLDER };
        app.pass(1);
        assert_eq!(app.by(officer).post(&review, &note("justified")).status, 409);
        assert_eq!(app.by(User::AUDITOR).post(&review, &note("justified")).faults().1[0].1, "still_running");
        app.pass(3_600);
        for user in [User::OWNER, User::TEAM, User::SUPPORT, User::LEAD] {
            assert_eq!(app.by(user).post(&review, &note("justified")).status, 404, "{}", user.name);
        }
        assert_eq!(app.by(User::AUDITOR).post(&review, &json!({"finding": "justified", "note": " "})).status, 422);
        let reviewed = app.by(User::AUDITOR).post(&review, &note("needs_action")).when(200);
        assert_eq!((&reviewed["state"], &reviewed["finding"], &reviewed["reviewed_by"]), (&json!("reviewed"), &json!("needs_action"), &json!(seed.people["AUDITOR"])));
        assert_eq!((&reviewed["note"], &reviewed["reason"]), (&json!("Canary note: the duty log shows it."), &json!("Canary reason: not seen since noon.")));
        assert_eq!(app.by(User::MANAGER).post(&review, &note("justified")).faults().1[0].1, "already_reviewed");
        let seen = app.by(HOLDER).get(&at(&access, "")).ok();
        assert_eq!((&seen["finding"], seen["note"].is_null()), (&json!("needs_action"), true));
        let alert = &items(&app.by(User::OWNER).get("/v1/alerts"))[0];
        assert_eq!((&alert["state"], &alert["finding"], &alert["overdue"]), (&json!("reviewed"), &json!("needs_action"), &json!(false)));
        assert!(!raw::finds(app, "the duty log") && !raw::finds(app, "not seen since"));
    }

    fn one_that_is_found_unjustified_ends_at_once(app) {
        let seed = app.seed();
        let access = break_glass(app, HOLDER, &to(&seed));
        assert_eq!(app.by(HOLDER).get(&seed.at("timeline")).status, 200);
        let reviewed = app.by(User::MANAGER).post(&at(&access, "/review"), &note("not_justified")).when(200);
        assert_eq!(reviewed["active"], false);
        assert_eq!(app.by(HOLDER).get(&seed.at("timeline")).status, 404);
    }

    fn its_words_go_and_its_record_stays(app) {
        let seed = app.seed();
        let access = break_glass(app, HOLDER, &to(&seed));
        app.pass(3_600);
        let _ = app.by(User::AUDITOR).post(&at(&access, "/review"), &note("justified")).ok();
        app.pass_days(179);
        app.work();
        assert_eq!(app.by(User::AUDITOR).get(&at(&access, "")).ok()["reason"], "Canary reason: not seen since noon.");
        app.pass_days(1);
        let seen = app.by(User::AUDITOR).get(&at(&access, "")).ok();
        assert_eq!((seen["reason"].is_null(), seen["note"].is_null(), &seen["finding"]), (true, true, &json!("justified")));
        app.work();
        app.pass(3_600);
        app.work();
        assert_eq!(raw::count(app, "SELECT count(*) AS count FROM emergency_accesses WHERE sealed IS NOT NULL"), 0);
        assert_eq!(app.by(User::AUDITOR).get(&at(&access, "")).ok(), seen);
        assert!(!app.keys().iter().any(|key| key.contains(access["id"].as_str().unwrap())));
    }
}
