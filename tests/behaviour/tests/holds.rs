//! Legal holds: they delay deletion and do not extend access.

use behaviour::{Seed, TestApp, User, on_both, raw_db};
use serde_json::json;

fn place_hold(app: &TestApp, scope: &str, target: Option<&str>) -> String {
    if scope == "all" {
        return app.hold_everything(&json!(app.in_days(300)));
    }
    let body = json!({
        "scope": scope, "target_id": target, "reason": "Canary: an order of the court",
        "review_at": app.in_days(300),
    });
    let body = if target.is_none() {
        behaviour::inputs::without_member(body, "/target_id")
    } else {
        body
    };
    app.as_user(User::MANAGER).post("/v1/holds", &body).id()
}

fn let_expire(app: &TestApp, seed: &Seed) {
    app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"]);
}

/// Asserts that held data is not served but kept with its keys after expiry, and deleted with its
/// keys after release.
fn assert_deletion_delayed(app: &TestApp, scope: &str, target: impl Fn(&Seed) -> Option<String>) {
    let seed = app.seed();
    let id = place_hold(app, scope, target(&seed).as_deref());
    let_expire(app, &seed);
    assert_kept_but_not_served(app, &seed, scope);
    let scopes = app
        .stored_keys()
        .into_iter()
        .filter(|key| key.contains(&seed.chronology))
        .count();
    assert_eq!(scopes, 1, "the chronology's key is kept");
    assert!(
        app.stored_keys().iter().any(|key| key.starts_with("epoch")),
        "the epoch key is kept"
    );
    assert!(
        app.service
            .retention
            .purge(10)
            .expect("the deletion job runs")
            .oldest_unpurged
            .is_some_and(|age| age.as_secs() >= 48 * 3_600),
        "the overdue deletion is reported"
    );

    let released = app.as_user(User::MANAGER).post(
        &format!("/v1/holds/{id}/release"),
        &json!({"reason": "Canary: the order is discharged"}),
    );
    assert_eq!(
        released.expect_ok()["released_by"],
        json!(seed.people["MANAGER"])
    );
    app.run_background_jobs();
    app.run_background_jobs();
    let counts = raw_db::row_counts(app);
    for table in [
        "chronologies",
        "fragments",
        "entries",
        "people",
        "families",
        "invitations",
    ] {
        assert_eq!(counts[table], 0, "{scope}: {table}");
    }
    // The epoch that the hold's reason belongs to ends last.
    app.advance_days(600);
    app.run_background_jobs();
    let remaining_keys = app.expiring_keys();
    assert_eq!(remaining_keys, Vec::<String>::new(), "{scope}");
    let again = app.as_user(User::MANAGER).post(
        &format!("/v1/holds/{id}/release"),
        &json!({"reason": "Canary"}),
    );
    assert_eq!(again.status, 409);
}

/// Held data is kept and not served, however long ago it expired.
fn assert_kept_but_not_served(app: &TestApp, seed: &Seed, scope: &str) {
    for hours in [0, 2, 48] {
        app.advance_seconds(hours * 3_600);
        app.run_background_jobs();
        let counts = raw_db::row_counts(app);
        assert_eq!(
            (
                counts["chronologies"],
                counts["fragments"],
                counts["entries"]
            ),
            (1, 1, 1),
            "{scope} after {hours} h"
        );
        assert_eq!(
            (counts["people"], counts["families"]),
            (5, 1),
            "{scope} after {hours} h"
        );
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&seed.path_to("timeline"))
                .status,
            410,
            "held data is not served"
        );
        assert_eq!(
            app.as_user(User::RETURNED)
                .get(&format!("/v1/fragments/{}", seed.fragment))
                .status,
            410
        );
        assert_eq!(app.as_user(User::STRANGER).get(&seed.path).status, 404);
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&format!("/v1/people/{}", seed.twin))
                .status,
            404
        );
    }
}

on_both! {
    fn hold_on_a_chronology_delays_deletion_until_release(app) {
        assert_deletion_delayed(app, "chronology", |seed| Some(seed.chronology.clone()));
    }

    fn hold_on_a_child_delays_deletion_until_release(app) {
        assert_deletion_delayed(app, "child", |seed| Some(seed.other_twin.clone()));
    }

    fn hold_on_everything_delays_deletion_until_release(app) {
        assert_deletion_delayed(app, "all", |_| None);
    }

    fn hold_on_everything_requires_two_people(app) {
        let seed = app.seed();
        let body = json!({"scope": "all", "reason": "Canary", "review_at": app.in_days(300)});
        let manager = app.as_user(User::MANAGER);
        let deputy = app.as_user(User::DEPUTY);
        let placed = manager.post("/v1/holds", &body).expect_status(201);
        assert_eq!(placed["awaiting_confirmation"], true, "{placed}");
        let confirmation = format!(
            "/v1/holds/{}/confirmation",
            placed["id"].as_str().expect("an id")
        );
        let own = manager.post(&confirmation, &serde_json::Value::Null);
        assert_eq!(
            (own.status, own.problem_type().as_str()),
            (409, "second_person")
        );
        for user in [
            User::OWNER,
            User::SUPPORT,
            User::RETURNED,
            User::AUDITOR,
            User::FOREIGNER,
        ] {
            assert_eq!(
                app.as_user(user)
                    .post(&confirmation, &serde_json::Value::Null)
                    .status,
                404,
                "{}",
                user.name
            );
        }
        let path = format!("/v1/fragments/{}", seed.fragment);
        assert_eq!(
            app.as_user(User::RETURNED).delete(&path, Some(1)).status,
            204,
            "an unconfirmed hold has no effect"
        );
        let confirmed = deputy
            .post(&confirmation, &serde_json::Value::Null)
            .expect_ok();
        assert_eq!(
            (&confirmed["placed_by"], &confirmed["awaiting_confirmation"]),
            (&json!(seed.people["MANAGER"]), &json!(false))
        );
        assert_eq!(
            confirmed["confirmed_by"],
            deputy.get("/v1/me").expect_ok()["id"]
        );
        assert_eq!(
            deputy.post(&confirmation, &serde_json::Value::Null).status,
            409,
            "it can be confirmed only once"
        );
        let_expire(app, &seed);
        app.run_background_jobs();
        assert_eq!(raw_db::row_counts(app)["chronologies"], 1);
        // A hold on one child needs one person, but not on an expired chronology's child.
        let one = json!({
            "scope": "child", "target_id": seed.twin, "reason": "Canary",
            "review_at": app.in_days(30),
        });
        assert_eq!(
            manager.post("/v1/holds", &one).status,
            422,
            "an expired object is not found"
        );
    }

    fn held_fragment_cannot_be_withdrawn(app) {
        let seed = app.seed();
        let _ = place_hold(app, "chronology", Some(&seed.chronology));
        let response = app
            .as_user(User::RETURNED)
            .delete(&format!("/v1/fragments/{}", seed.fragment), Some(1));
        assert_eq!(
            (response.status, response.field_errors()[0].1.as_str()),
            (409, "held")
        );
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&seed.path_to("timeline"))
                .expect_ok()["header"]["entry_count"],
            1
        );
    }

    fn hold_cannot_be_placed_on_an_expired_chronology(app) {
        let seed = app.seed();
        let_expire(app, &seed);
        let body = json!({
            "scope": "chronology", "target_id": seed.chronology, "reason": "Canary",
            "review_at": app.in_days(30),
        });
        assert_eq!(
            app.as_user(User::MANAGER).post("/v1/holds", &body).status,
            422,
            "an expired object is not found"
        );
    }

    fn auditor_sees_holds_without_their_reasons(app) {
        let seed = app.seed();
        let _ = place_hold(app, "chronology", Some(&seed.chronology));
        let holds = app.as_user(User::AUDITOR).get("/v1/holds").expect_ok();
        assert_eq!(holds["items"].as_array().map(Vec::len), Some(1));
        assert!(!holds.to_string().contains("Canary"));
        assert!(
            app.as_user(User::MANAGER)
                .get("/v1/holds")
                .text()
                .contains("an order of the court")
        );
        let records = app
            .as_user(User::AUDITOR)
            .get(&format!(
                "/v1/audit?chronology={}&operation=hold.place",
                seed.chronology
            ))
            .expect_ok();
        assert_eq!(records["items"].as_array().map(Vec::len), Some(1));
    }
}
