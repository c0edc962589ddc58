//! Links: found at submission, explained, decided over by people, taken back exactly, and gone with what they join.

use behaviour::inputs::{entry, fragment, reason, with};
use behaviour::{Seed, TestApp, User, on_both};
use serde_json::{Value, json};

const FIGHT: &str =
    "police called to a fight between the parents at the flat in Weir Court, a neighbour named Pettigrew rang";
const TOLD: &str =
    "told by police that officers attended a fight between the parents at Weir Court after the neighbour rang";

/// The timeline without the moment it was drawn up, as it stands on the wire.
fn timeline(app: &TestApp, seed: &Seed, user: User) -> Value {
    let mut view = app.by(user).get(&seed.at("timeline")).ok();
    view["header"]["generated_at"] = Value::Null;
    view
}

fn rows(view: &Value) -> Vec<Value> {
    view["rows"].as_array().cloned().unwrap()
}

/// Entry ids on each row, repeats included.
fn told(view: &Value) -> Vec<Vec<String>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let account = |account: &Value| {
        let repeats = account["also_submitted_as"].as_array().cloned().unwrap_or_default();
        let repeats = repeats.iter().map(|repeat| text(&repeat["entry_id"])).collect::<Vec<_>>();
        [vec![text(&account["entry_id"])], repeats].concat()
    };
    rows(view).iter().map(|row| row["accounts"].as_array().unwrap().iter().flat_map(account).collect()).collect()
}

fn row_of<'v>(view: &'v Value, entry: &str) -> &'v Value {
    let place = told(view).iter().position(|row| row.iter().any(|id| id == entry)).expect("every entry has a row");
    &view["rows"][place]
}

fn together(view: &Value, one: &str, other: &str) -> bool {
    row_of(view, one)["id"] == row_of(view, other)["id"]
}

/// Submits entries; gives the fragment and the entries' ids.
fn submit(app: &TestApp, seed: &Seed, user: User, entries: &[Value]) -> (String, Vec<String>) {
    let receipt = app.by(user).post(&seed.at("fragments"), &fragment(entries)).ok();
    let ids = receipt["entries"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned());
    (receipt["fragment_id"].as_str().unwrap().to_owned(), ids.collect())
}

fn decision(verdict: &str, entries: &[&str], others: &[&str]) -> Value {
    json!({"decision": verdict, "entries": entries, "with": others, "reason": "Canary: both told me so."})
}

fn decide(app: &TestApp, seed: &Seed, body: &Value) -> String {
    app.by(User::OWNER).post(&seed.at("link-decisions"), body).id()
}

fn withdraw(app: &TestApp, seed: &Seed, id: &str) {
    let path = format!("{}/{id}/withdrawal", seed.at("link-decisions"));
    let _ = app.by(User::OWNER).post(&path, &reason(json!({}))).when(200);
}

/// A visit told by the police and heard of by the school, and something else told by the surgery.
fn told_twice(app: &TestApp, seed: &Seed) -> (Vec<String>, Vec<String>, Vec<String>) {
    let police = submit(
        app,
        seed,
        User::OFFICER,
        &[with(entry(FIGHT, "2026-01-20T20:40", &[]), json!({"category": "DOMESTIC_ABUSE"}))],
    );
    let school = submit(
        app,
        seed,
        User::RETURNED,
        &[with(entry(TOLD, "2026-01-20", &[]), json!({"category": "DOMESTIC_ABUSE"}))],
    );
    let surgery = submit(app, seed, User::WAITING, &[entry("routine immunisation given", "2026-01-27", &[&seed.twin])]);
    (police.1, school.1, surgery.1)
}

on_both! {
    fn two_agencies_accounts_are_one_row_word_for_word_with_the_evidence(app) {
        let seed = app.seed();
        let (police, school, surgery) = told_twice(app, &seed);
        let view = timeline(app, &seed, User::OWNER);
        assert!(together(&view, &police[0], &school[0]), "{view:#}");
        assert!(!together(&view, &police[0], &surgery[0]));
        let row = row_of(&view, &police[0]);
        let words: Vec<&str> = row["accounts"].as_array().unwrap().iter().map(|account| account["what"].as_str().unwrap()).collect();
        assert_eq!(words, [format!("Canary {FIGHT}"), format!("Canary {TOLD}")]);
        let links = app.by(User::OWNER).get(&seed.at("links")).ok();
        let event = links["events"].as_array().unwrap().iter().find(|event| event["row"] == row["id"]).unwrap();
        assert_eq!(event["evidence"], row["linked_because"]);
        assert!(!event["evidence"].as_array().unwrap().is_empty() && event["automatic"] == json!(true));
    }

    fn a_row_is_found_by_the_category_of_any_of_its_accounts(app) {
        let seed = app.seed();
        let (police, school, _) = told_twice(app, &seed);
        let own = app.by(User::RETURNED).get("/v1/fragments").ok();
        let own = own["items"].as_array().unwrap().iter().find(|item| item["id"] != json!(seed.fragment)).unwrap()["id"].clone();
        let other = with(entry(TOLD, "2026-01-20", &[]), json!({"category": "FAMILY"}));
        let _ = app.by(User::RETURNED).put(&format!("/v1/fragments/{}", own.as_str().unwrap()), Some(1), &fragment(&[other])).ok();
        let all = timeline(app, &seed, User::OWNER);
        let row = row_of(&all, &police[0]);
        assert!(together(&all, &police[0], &school[0]), "{all:#}");
        assert_eq!(row["category"], json!("DOMESTIC_ABUSE"), "the police know the time");
        for category in ["FAMILY", "DOMESTIC_ABUSE"] {
            let found = app.by(User::OWNER).get(&seed.at(&format!("timeline?category={category}"))).ok();
            assert_eq!(rows(&found), std::slice::from_ref(row), "{category}");
        }
        let hidden = with(entry(TOLD, "2026-01-20", &[]), json!({"category": "FAMILY", "handling": {"marking": "restricted", "named_agencies": []}}));
        let _ = app.by(User::RETURNED).put(&format!("/v1/fragments/{}", own.as_str().unwrap()), Some(2), &fragment(&[hidden])).ok();
        let unseen = app.by(User::OFFICER).get(&seed.at("timeline?category=FAMILY")).ok();
        assert_eq!(rows(&unseen), Vec::<Value>::new(), "not by one that the reader may not see");
    }

    fn no_reason_in_a_frozen_view_outlives_what_it_quotes(app) {
        let seed = app.seed();
        let (police, school, surgery) = told_twice(app, &seed);
        let (visit, _) = submit(app, &seed, User::VISITOR, &[entry("mother spoke of the fight at Weir Court, Zebedee slept through", "2026-01-21", &[])]);
        let later = timeline(app, &seed, User::OWNER)["rows"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
        let _ = decide(app, &seed, &decision("related", &[&police[0]], &[&surgery[0]]));
        let _ = decide(app, &seed, &decision("related", &[&later], &[&school[0]]));
        let frozen = app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).id();
        let path = seed.at(&format!("consolidations/{frozen}"));
        let view = |user: User| app.by(user).get(&path).ok()["view"].clone();
        assert!(!row_of(&view(User::OWNER), &police[0])["linked_because"].as_array().unwrap().is_empty());
        assert_eq!(app.by(User::VISITOR).delete(&format!("/v1/fragments/{visit}"), Some(1)).status, 204);
        let own = app.by(User::RETURNED).get("/v1/fragments").ok();
        let own = own["items"].as_array().unwrap().iter().find(|item| item["id"] != json!(seed.fragment)).unwrap();
        let own = own["id"].as_str().unwrap();
        assert_eq!(app.by(User::RETURNED).delete(&format!("/v1/fragments/{own}"), Some(1)).status, 204);
        for user in [User::OWNER, User::TEAM] {
            let left = view(user);
            let text = left.to_string();
            assert!(text.contains("Pettigrew") && !text.contains("told by police") && !text.contains("Zebedee"), "{text}");
            let row = row_of(&left, &police[0]);
            assert_eq!((&row["linked_because"], row.get("linked_despite")), (&json!([]), None), "{row}");
            // What was decided about two accounts that stay holds; nothing points to what is gone.
            let there: Vec<Value> = rows(&left).iter().map(|row| row["id"].clone()).collect();
            for row in rows(&left) {
                let pointers = ["related", "may_be_same"].map(|kind| row[kind].as_array().cloned().unwrap_or_default());
                assert!(pointers.concat().iter().all(|other| there.contains(&other["row"])), "{row}");
            }
            assert_eq!(row_of(&left, &surgery[0])["related"][0]["row"], json!(police[0]), "{left:#}");
        }
    }

    fn what_is_kept_is_what_would_be_found(app) {
        let seed = app.seed();
        let _ = told_twice(app, &seed);
        app.service.wait_for_links();
        let kept = [User::OWNER, User::TEAM, User::RETURNED].map(|user| timeline(app, &seed, user));
        let count = |app: &TestApp| app.db.read("kept", store::event_links::count).unwrap();
        app.service.wait_for_links();
        assert!(count(app) > 0, "links are kept at submission");
        app.db.write("forget", store::event_links::forget_all).unwrap();
        assert_eq!(count(app), 0);
        let found = [User::OWNER, User::TEAM, User::RETURNED].map(|user| timeline(app, &seed, user));
        assert_eq!(kept, found);
    }

    fn a_row_is_split_and_the_undoing_is_exact(app) {
        let seed = app.seed();
        let (police, school, _) = told_twice(app, &seed);
        let before = timeline(app, &seed, User::OWNER);
        let id = decide(app, &seed, &decision("different_events", &[&school[0]], &[]));
        let split = timeline(app, &seed, User::OWNER);
        assert!(!together(&split, &police[0], &school[0]));
        assert_eq!(told(&split).concat().len(), told(&before).concat().len(), "no entry is lost");
        withdraw(app, &seed, &id);
        assert_eq!(timeline(app, &seed, User::OWNER), before);
        let shown = app.by(User::OWNER).get(&format!("{}/{id}", seed.at("link-decisions"))).ok();
        assert_eq!(shown["reason"], json!("Canary: both told me so."));
        assert!(shown["withdrawn_at"].is_string() && shown["withdrawal_reason"].is_string(), "{shown}");
    }

    fn rows_are_brought_together_and_the_undoing_is_exact(app) {
        let seed = app.seed();
        let (police, _, surgery) = told_twice(app, &seed);
        let before = timeline(app, &seed, User::OWNER);
        let id = decide(app, &seed, &decision("same_event", &[&police[0], &surgery[0]], &[]));
        let joined = timeline(app, &seed, User::OWNER);
        let row = row_of(&joined, &police[0]);
        assert!(together(&joined, &police[0], &surgery[0]));
        assert!(row["linked_because"].as_array().unwrap().iter().any(|fact| fact["code"] == json!("decided_same")), "{row}");
        withdraw(app, &seed, &id);
        assert_eq!(timeline(app, &seed, User::OWNER), before);
    }

    fn a_decision_survives_corrections_and_later_submissions(app) {
        let seed = app.seed();
        let (police, school, _) = told_twice(app, &seed);
        let _ = decide(app, &seed, &decision("different_events", &[&school[0]], &[]));
        let fragments = app.by(User::RETURNED).get("/v1/fragments").ok();
        let mine = fragments["items"].as_array().unwrap().iter().find(|item| item["id"] != json!(seed.fragment)).unwrap();
        let path = format!("/v1/fragments/{}", mine["id"].as_str().unwrap());
        let corrected = with(entry(TOLD, "2026-01-20", &[]), json!({"category": "DOMESTIC_ABUSE", "outcome": "Canary: spoke to mother"}));
        let receipt = app.by(User::RETURNED).put(&path, Some(1), &fragment(&[corrected])).ok();
        assert_eq!(receipt["entries"][0]["id"], json!(school[0]), "a corrected entry keeps its id");
        let _ = submit(app, &seed, User::VISITOR, &[entry("home visit, mother spoke of the fight at Weir Court", "2026-01-21", &[])]);
        assert!(!together(&timeline(app, &seed, User::OWNER), &police[0], &school[0]));
    }

    fn events_are_related_without_becoming_one_and_related_no_more(app) {
        let seed = app.seed();
        let (police, _, surgery) = told_twice(app, &seed);
        let before = timeline(app, &seed, User::OWNER);
        let _ = decide(app, &seed, &decision("related", &[&police[0]], &[&surgery[0]]));
        let view = timeline(app, &seed, User::OWNER);
        assert!(!together(&view, &police[0], &surgery[0]));
        let other = row_of(&view, &surgery[0])["id"].clone();
        let related = row_of(&view, &police[0])["related"].as_array().cloned().unwrap();
        assert!(related.iter().any(|related| related["row"] == other), "{related:?}");
        let links = app.by(User::OWNER).get(&seed.at("links")).ok();
        assert!(links["related"].as_array().unwrap().iter().any(|pair| pair["other_row"] == other || pair["row"] == other));
        let _ = decide(app, &seed, &decision("not_related", &[&surgery[0]], &[&police[0]]));
        assert_eq!(timeline(app, &seed, User::OWNER), before);
    }

    fn a_marked_entry_joins_nothing_for_those_who_may_not_see_it(app) {
        let seed = app.seed();
        let (_, school, surgery) = told_twice(app, &seed);
        let before = timeline(app, &seed, User::WAITING);
        let marked = with(entry(TOLD, "2026-01-20", &[]), json!({"handling": {"marking": "restricted", "named_agencies": []}}));
        let (_, secret) = submit(app, &seed, User::OFFICER, &[marked]);
        assert_eq!(timeline(app, &seed, User::WAITING), before, "linking it changes nothing that others see");
        // A person links it with something that others do see.
        let apart = decide(app, &seed, &decision("different_events", &[&secret[0]], &[&school[0]]));
        assert_eq!(timeline(app, &seed, User::WAITING), before, "nor does a decision about it");
        let id = [apart, decide(app, &seed, &decision("same_event", &[&secret[0], &surgery[0]], &[]))];
        assert_eq!(timeline(app, &seed, User::WAITING), before);
        assert_eq!(app.by(User::WAITING).get(&seed.at("links")).when(200)["events"].to_string().find(&secret[0]), None);
        assert_eq!(app.by(User::WAITING).get(&format!("{}/{}", seed.at("link-decisions"), id[0])).status, 404);
        // A social worker without leave for criminal-offence data sees it: it is marked, not an offence.
        assert!(together(&timeline(app, &seed, User::TEAM), &secret[0], &surgery[0]));
    }

    fn a_decision_about_something_unseen_is_not_there(app) {
        let seed = app.seed();
        let (police, school, surgery) = told_twice(app, &seed);
        let seen = |user: User| (timeline(app, &seed, user), app.by(user).get(&seed.at("links")).ok());
        let before = (seen(User::TEAM), seen(User::WAITING));
        let crime = with(entry("charged with assault", "2026-01-27", &[]), json!({"category": "CRIME"}));
        let marked = with(entry("held a meeting", "2026-01-27", &[]), json!({"handling": {"marking": "restricted", "named_agencies": []}}));
        let (_, hidden) = submit(app, &seed, User::OFFICER, &[crime, marked]);
        let first = decide(app, &seed, &decision("related", &[&hidden[0]], &[&surgery[0]]));
        let _ = decide(app, &seed, &decision("same_event", &[&hidden[1], &surgery[0]], &[]));
        let _ = decide(app, &seed, &decision("different_events", &[&school[0]], &[&police[0], &hidden[0]]));
        let strip = |view: &Value| {
            let mut view = view.clone();
            for row in view["rows"].as_array_mut().into_iter().flatten() {
                row["sequence"] = Value::Null;
            }
            view
        };
        let after = seen(User::WAITING);
        assert_eq!((strip(&after.0), &after.1), (strip(&before.1.0), &before.1.1), "neither timeline nor links tell of it");
        // Social care without leave for offences: the marked entry is theirs to see, the offence is not.
        let list = app.by(User::TEAM).get(&format!("{}?limit=1", seed.at("link-decisions"))).ok();
        assert_eq!((list["items"].as_array().unwrap().len(), list.get("next")), (1, None), "{list}");
        assert_eq!(list["items"][0]["decision"], json!("same_event"));
        let path = format!("{}/{first}", seed.at("link-decisions"));
        assert_eq!(app.by(User::TEAM).get(&path).status, 404);
        assert_eq!(app.by(User::TEAM).post(&format!("{path}/withdrawal"), &reason(json!({}))).status, 404);
        assert_eq!(app.by(User::OWNER).get(&path).ok()["reason"], json!("Canary: both told me so."));
        assert!(together(&timeline(app, &seed, User::TEAM), &police[0], &school[0]), "nor does it do anything");
        assert!(!together(&timeline(app, &seed, User::OWNER), &police[0], &school[0]));
        let all = app.by(User::OWNER).get(&format!("{}?limit=2", seed.at("link-decisions"))).ok();
        let next = all["next"].as_str().unwrap();
        let rest = app.by(User::OWNER).get(&format!("{}?limit=2&cursor={next}", seed.at("link-decisions"))).ok();
        assert_eq!((all["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (2, 1));
        assert_eq!(before.0.0["header"]["row_count"], json!(rows(&before.0.0).len()));
    }

    fn a_correction_that_shortens_a_fragment_shortens_the_reasons(app) {
        let seed = app.seed();
        let (police, _, surgery) = told_twice(app, &seed);
        let id = decide(app, &seed, &decision("related", &[&police[0]], &[&surgery[0]]));
        let mine = app.by(User::WAITING).get("/v1/fragments").ok()["items"][0]["id"].as_str().unwrap().to_owned();
        let soon = app.in_days(3);
        let shorter = with(fragment(&[entry("routine immunisation given", "2026-01-27", &[&seed.twin])]), json!({"expires_at": soon}));
        let _ = app.by(User::WAITING).put(&format!("/v1/fragments/{mine}"), Some(1), &shorter).ok();
        let shown = app.by(User::OWNER).get(&format!("{}/{id}", seed.at("link-decisions"))).ok();
        assert_eq!(shown["expires_at"], json!(soon));
    }

    fn under_a_hold_what_has_run_out_stops_no_extension(app) {
        let seed = app.seed();
        let (police, school, surgery) = told_twice(app, &seed);
        let mine = app.by(User::WAITING).get("/v1/fragments").ok()["items"][0]["id"].as_str().unwrap().to_owned();
        let _ = app.by(User::WAITING).post(&format!("/v1/fragments/{mine}/extend"), &reason(json!({"expires_at": app.in_days(2)}))).when(200);
        let _ = decide(app, &seed, &decision("same_event", &[&police[0], &school[0], &surgery[0]], &[]));
        let hold = json!({"scope": "chronology", "target_id": seed.chronology, "reason": "Canary order", "review_at": app.in_days(30)});
        let _ = app.by(User::MANAGER).post("/v1/holds", &hold).ok();
        app.pass_days(3);
        app.work();
        let later = reason(json!({"expires_at": app.in_days(72)}));
        let _ = app.by(User::OWNER).post(&seed.at("extend"), &later).when(200);
    }

    fn every_fault_of_a_decision_is_named(app) {
        let seed = app.seed();
        let (police, school, surgery) = told_twice(app, &seed);
        let path = seed.at("link-decisions");
        let ask = |body: &Value| app.by(User::OWNER).post(&path, body).faults().1;
        let absent = "01999999-0000-7000-8000-00000000dead";
        let body = json!({"decision": "related", "entries": [absent, police[0]], "with": [police[0]], "reason": "  "});
        assert_eq!(ask(&body), [("/entries/0", "unknown"), ("/reason", "required"), ("/with/0", "duplicate")].map(|(at, code)| (at.to_owned(), code.to_owned())));
        let needs = [("same_event", vec![&police[0]]), ("different_events", vec![&surgery[0]]), ("related", vec![&school[0]])];
        for (verdict, entries) in needs {
            let body = json!({"decision": verdict, "entries": entries, "reason": "Canary"});
            assert_eq!(ask(&body), [("/with".to_owned(), "required".to_owned())], "{verdict}");
        }
        let many: Vec<&String> = std::iter::repeat_n(&police[0], 101).collect();
        assert_eq!(app.by(User::OWNER).post(&path, &json!({"decision": "same_event", "entries": many, "reason": "x"})).status, 422);
        let long = "x".repeat(2_001);
        assert_eq!(app.by(User::OWNER).post(&path, &json!({"decision": "same_event", "entries": [police[0], school[0]], "reason": long})).status, 422);
    }

    fn a_decision_is_taken_back_once_and_made_once(app) {
        let seed = app.seed();
        let (police, _, surgery) = told_twice(app, &seed);
        let body = decision("same_event", &[&police[0]], &[&surgery[0]]);
        let owner = app.by(User::OWNER);
        let first = owner.post_as("once", &seed.at("link-decisions"), &body);
        let again = owner.post_as("once", &seed.at("link-decisions"), &body);
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!(first.json(), again.json());
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(first.json().get("reason"), None, "what was sent is not kept a second time");
        withdraw(app, &seed, &first.id());
        let path = format!("{}/{}/withdrawal", seed.at("link-decisions"), first.id());
        assert_eq!(owner.post(&path, &reason(json!({}))).status, 409);
        let listed = owner.get(&seed.at("link-decisions")).ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    }

    fn reasons_go_with_the_first_of_what_they_are_about(app) {
        let seed = app.seed();
        let (police, school, surgery) = told_twice(app, &seed);
        let all = decide(app, &seed, &decision("same_event", &[&police[0], &school[0], &surgery[0]], &[]));
        let pair = decide(app, &seed, &decision("related", &[&police[0]], &[&surgery[0]]));
        let fragments = app.by(User::WAITING).get("/v1/fragments").ok();
        let mine = &fragments["items"][0];
        let path = format!("/v1/fragments/{}", mine["id"].as_str().unwrap());
        assert_eq!(app.by(User::WAITING).delete(&path, mine["version"].as_i64()).status, 204);
        let left = app.by(User::OWNER).get(&format!("{}/{all}", seed.at("link-decisions"))).ok();
        assert_eq!(left["entries"].as_array().unwrap().len(), 2);
        assert_eq!(left.get("reason"), None);
        assert!(together(&timeline(app, &seed, User::OWNER), &police[0], &school[0]), "the rest of it stands");
        assert_eq!(app.by(User::OWNER).get(&format!("{}/{pair}", seed.at("link-decisions"))).status, 404);
    }

    fn links_and_decisions_go_with_the_chronology(app) {
        let seed = app.seed();
        let (police, _, surgery) = told_twice(app, &seed);
        let _ = decide(app, &seed, &decision("same_event", &[&police[0]], &[&surgery[0]]));
        let owner = app.by(User::OWNER);
        app.set_to(&owner.get(&seed.path).ok()["expires_at"]);
        assert_eq!(owner.get(&seed.at("links")).status, 410);
        assert_eq!(owner.get(&seed.at("link-decisions")).status, 410);
        app.work();
        assert_eq!(owner.get(&seed.at("links")).status, 410);
        let left = app.db.read("left", |tx| Ok::<_, store::StoreError>((store::event_links::count(tx)?, store::link_decisions::count(tx)?)));
        assert_eq!(left.unwrap(), (0, 0));
    }

    fn reasons_follow_an_extension(app) {
        let seed = app.seed();
        let (police, _, surgery) = told_twice(app, &seed);
        let id = decide(app, &seed, &decision("same_event", &[&police[0]], &[&surgery[0]]));
        let owner = app.by(User::OWNER);
        let before = owner.get(&seed.path).ok()["expires_at"].clone();
        let later = reason(json!({"expires_at": app.in_days(75)}));
        let _ = owner.post(&seed.at("extend"), &later).when(200);
        app.set_to(&before);
        app.work();
        let shown = owner.get(&format!("{}/{id}", seed.at("link-decisions"))).ok();
        assert_eq!(shown["reason"], json!("Canary: both told me so."), "{before}");
    }

    fn nothing_is_decided_once_it_is_signed_off(app) {
        let seed = app.seed();
        let (police, _, surgery) = told_twice(app, &seed);
        let id = decide(app, &seed, &decision("same_event", &[&police[0]], &[&surgery[0]]));
        let _ = app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).ok();
        let _ = app.by(User::MANAGER).post(&seed.at("sign-off"), &json!({"snapshot": "export"})).ok();
        let owner = app.by(User::OWNER);
        assert_eq!(owner.post(&seed.at("link-decisions"), &decision("same_event", &[&police[0]], &[&surgery[0]])).status, 409);
        assert_eq!(owner.post(&format!("{}/{id}/withdrawal", seed.at("link-decisions")), &reason(json!({}))).status, 409);
        assert_eq!(owner.get(&seed.at("links")).status, 200);
    }
}
