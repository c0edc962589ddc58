//! Legal holds stop destruction and nothing else.

use behaviour::{Seed, TestApp, User, on_both, raw};
use serde_json::json;

fn hold(app: &TestApp, scope: &str, target: Option<&str>) -> String {
    if scope == "all" {
        return app.hold_everything(&json!(app.in_days(300)));
    }
    let body = json!({"scope": scope, "target_id": target, "reason": "Canary: an order of the court", "review_at": app.in_days(300)});
    let body = if target.is_none() { behaviour::inputs::without(body, "/target_id") } else { body };
    app.by(User::MANAGER).post("/v1/holds", &body).id()
}

fn expire(app: &TestApp, seed: &Seed) {
    app.set_to(&app.by(User::OWNER).get(&seed.path).ok()["expires_at"]);
}

/// Held: refused to all, still there, keys too; released: gone, keys too.
fn holds_back(app: &TestApp, scope: &str, target: impl Fn(&Seed) -> Option<String>) {
    let seed = app.seed();
    let id = hold(app, scope, target(&seed).as_deref());
    expire(app, &seed);
    for hours in [0, 2, 48] {
        app.pass(hours * 3_600);
        app.work();
        let counts = raw::counts(app);
        assert_eq!(
            (counts["chronologies"], counts["fragments"], counts["entries"]),
            (1, 1, 1),
            "{scope} after {hours} h"
        );
        assert_eq!((counts["people"], counts["families"]), (5, 1), "{scope} after {hours} h");
        assert_eq!(app.by(User::OWNER).get(&seed.at("timeline")).status, 410, "held is not served");
        assert_eq!(app.by(User::RETURNED).get(&format!("/v1/fragments/{}", seed.fragment)).status, 410);
        assert_eq!(app.by(User::STRANGER).get(&seed.path).status, 404);
        assert_eq!(app.by(User::OWNER).get(&format!("/v1/people/{}", seed.twin)).status, 404);
    }
    let scopes = app.keys().into_iter().filter(|key| key.contains(&seed.chronology)).count();
    assert_eq!(scopes, 1, "the chronology's key is kept");
    assert!(app.keys().iter().any(|key| key.starts_with("epoch")), "and its hour's");
    assert!(
        app.service.purge(10).expect("it runs").oldest_unpurged.is_some_and(|age| age.as_secs() >= 48 * 3_600),
        "and counted"
    );

    let released = app
        .by(User::MANAGER)
        .post(&format!("/v1/holds/{id}/release"), &json!({"reason": "Canary: the order is discharged"}));
    assert_eq!(released.ok()["released_by"], json!(seed.people["MANAGER"]));
    app.work();
    app.work();
    let counts = raw::counts(app);
    for table in ["chronologies", "fragments", "entries", "people", "families", "invitations"] {
        assert_eq!(counts[table], 0, "{scope}: {table}");
    }
    // The hour by which the hold's words live is the last to end.
    app.pass_days(600);
    app.work();
    let left = app.mortal_keys();
    assert_eq!(left, Vec::<String>::new(), "{scope}");
    let again = app.by(User::MANAGER).post(&format!("/v1/holds/{id}/release"), &json!({"reason": "Canary"}));
    assert_eq!(again.status, 409);
}

on_both! {
    fn on_a_chronology(app) {
        holds_back(app, "chronology", |seed| Some(seed.chronology.clone()));
    }

    fn on_a_child(app) {
        holds_back(app, "child", |seed| Some(seed.other_twin.clone()));
    }

    fn on_everything(app) {
        holds_back(app, "all", |_| None);
    }

    fn a_hold_on_everything_takes_two_people(app) {
        let seed = app.seed();
        let body = json!({"scope": "all", "reason": "Canary", "review_at": app.in_days(300)});
        let (manager, deputy) = (app.by(User::MANAGER), app.by(User::DEPUTY));
        let placed = manager.post("/v1/holds", &body).when(201);
        assert_eq!(placed["awaiting_confirmation"], true, "{placed}");
        let confirmation = format!("/v1/holds/{}/confirmation", placed["id"].as_str().expect("an id"));
        let own = manager.post(&confirmation, &serde_json::Value::Null);
        assert_eq!((own.status, own.faults().0.as_str()), (409, "second_person"));
        for user in [User::OWNER, User::SUPPORT, User::RETURNED, User::AUDITOR, User::FOREIGNER] {
            assert_eq!(app.by(user).post(&confirmation, &serde_json::Value::Null).status, 404, "{}", user.name);
        }
        let path = format!("/v1/fragments/{}", seed.fragment);
        assert_eq!(app.by(User::RETURNED).delete(&path, Some(1)).status, 204, "until then it holds nothing");
        let confirmed = deputy.post(&confirmation, &serde_json::Value::Null).ok();
        assert_eq!((&confirmed["placed_by"], &confirmed["awaiting_confirmation"]), (&json!(seed.people["MANAGER"]), &json!(false)));
        assert_eq!(confirmed["confirmed_by"], deputy.get("/v1/me").ok()["id"]);
        assert_eq!(deputy.post(&confirmation, &serde_json::Value::Null).status, 409, "once");
        expire(app, &seed);
        app.work();
        assert_eq!(raw::counts(app)["chronologies"], 1);
        // One chronology is held by one person, at once.
        let one = json!({"scope": "child", "target_id": seed.twin, "reason": "Canary", "review_at": app.in_days(30)});
        assert_eq!(manager.post("/v1/holds", &one).status, 422, "what is over is not to be found any more");
    }

    fn a_held_fragment_is_not_withdrawn(app) {
        let seed = app.seed();
        let _ = hold(app, "chronology", Some(&seed.chronology));
        let answer = app.by(User::RETURNED).delete(&format!("/v1/fragments/{}", seed.fragment), Some(1));
        assert_eq!((answer.status, answer.faults().1[0].1.as_str()), (409, "held"));
        assert_eq!(app.by(User::OWNER).get(&seed.at("timeline")).ok()["header"]["entry_count"], 1);
    }

    fn a_hold_can_still_be_placed_between_expiry_and_deletion_or_not_at_all(app) {
        let seed = app.seed();
        expire(app, &seed);
        let body = json!({"scope": "chronology", "target_id": seed.chronology, "reason": "Canary", "review_at": app.in_days(30)});
        assert_eq!(app.by(User::MANAGER).post("/v1/holds", &body).status, 422, "what is over is not to be found any more");
    }

    fn auditors_see_that_there_is_one_and_not_why(app) {
        let seed = app.seed();
        let _ = hold(app, "chronology", Some(&seed.chronology));
        let seen = app.by(User::AUDITOR).get("/v1/holds").ok();
        assert_eq!(seen["items"].as_array().map(Vec::len), Some(1));
        assert!(!seen.to_string().contains("Canary"));
        assert!(app.by(User::MANAGER).get("/v1/holds").text().contains("an order of the court"));
        let records = app.by(User::AUDITOR).get(&format!("/v1/audit?chronology={}&operation=hold.place", seed.chronology)).ok();
        assert_eq!(records["items"].as_array().map(Vec::len), Some(1));
    }
}
