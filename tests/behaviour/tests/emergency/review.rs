//! Alerts about emergency access, its review, and the deletion of its reasons.

use behaviour::{Seed, TestApp, User, on_both, raw_db};
use serde_json::{Value, json};

use super::{
    HOLDER, access_path, find_audit_record, open_emergency_access, request_for_chronology,
    response_items, review_body,
};

/// The owner, their manager and the auditor get one alert; nobody else does.
fn assert_only_owner_and_auditor_alerted(app: &TestApp, seed: &Seed, access: &Value) {
    for user in [User::OWNER, User::MANAGER, User::AUDITOR] {
        let response = app.as_user(user).get("/v1/alerts");
        let found = response_items(&response);
        assert_eq!(found.len(), 1, "{}", user.name);
        let alert = &found[0];
        for (name, value) in [
            ("id", &access["id"]),
            ("kind", &json!("emergency_access")),
            ("practitioner_id", &json!(seed.people["COLLEAGUE"])),
            ("reason_code", &json!("child_missing")),
            ("chronology_ids", &json!([seed.chronology])),
            ("state", &json!("open")),
            ("active", &json!(true)),
            ("overdue", &json!(false)),
            ("at", &access["opened_at"]),
        ] {
            assert_eq!(alert[name], *value, "{name}");
        }
        assert!(!response.text().contains("Canary"), "{}", response.text());
    }
    // Alerts are not shown to other social workers, the holder or contributors.
    assert_eq!(
        response_items(&app.as_user(User::TEAM).get("/v1/alerts")).len(),
        0
    );
    assert_eq!(
        response_items(&app.as_user(HOLDER).get("/v1/alerts")).len(),
        0
    );
    for user in [
        User::SUPPORT,
        User::RETURNED,
        User::LEAD,
        User::STRANGER,
        User::SYSTEM,
    ] {
        assert_eq!(
            app.as_user(user).get("/v1/alerts").status,
            404,
            "{}",
            user.name
        );
    }
    assert_eq!(
        response_items(&app.as_user(User::FOREIGNER).get("/v1/alerts")).len(),
        0
    );
}

/// The holder cannot review the access in any role, and nobody can while it is open.
fn assert_holder_cannot_review(app: &TestApp, access: &Value) {
    let review = access_path(access, "/review");
    let own = app.as_user(HOLDER).post(&review, &review_body("justified"));
    assert_eq!(
        (own.status, own.json()["type"].clone()),
        (409, json!("/problems/own_access"))
    );
    assert_eq!(find_audit_record(app, &own)["outcome"], "wrong_state");
    // The holder cannot review it in another role either.
    let officer = User {
        role: domain::Role::Auditor,
        ..HOLDER
    };
    app.advance_seconds(1);
    assert_eq!(
        app.as_user(officer)
            .post(&review, &review_body("justified"))
            .status,
        409
    );
    assert_eq!(
        app.as_user(User::AUDITOR)
            .post(&review, &review_body("justified"))
            .field_errors()[0]
            .1,
        "still_running"
    );
}

on_both! {
    fn owner_and_auditor_are_alerted_without_personal_data(app) {
        let seed = app.seed();
        let access = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        let _ = app
            .as_user(HOLDER)
            .get(&seed.path_to("timeline"))
            .expect_ok();
        assert_only_owner_and_auditor_alerted(app, &seed, &access);
        // The list of readers tells the owner who read with emergency access.
        let readers = response_items(&app.as_user(User::OWNER).get(&seed.path_to("readers")));
        let reader = readers
            .iter()
            .find(|reader| reader["practitioner_id"] == json!(seed.people["COLLEAGUE"]))
            .unwrap();
        assert_eq!(
            (&reader["reason"], &reader["emergency_access_id"]),
            (&json!("emergency"), &access["id"])
        );
        assert!(
            readers
                .iter()
                .filter(|reader| reader["practitioner_id"] != json!(seed.people["COLLEAGUE"]))
                .all(|reader| reader["emergency_access_id"].is_null())
        );
        // A review is overdue after three days.
        app.advance_seconds(3 * 86_400 - 1);
        assert_eq!(
            response_items(&app.as_user(User::AUDITOR).get("/v1/alerts"))[0]["overdue"],
            false
        );
        app.advance_seconds(1);
        assert_eq!(
            response_items(&app.as_user(User::AUDITOR).get("/v1/alerts"))[0]["overdue"],
            true
        );
        // Alerts are listed newest first, in pages.
        for _ in 0..2 {
            app.advance_seconds(1);
            let _ = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        }
        let first = app
            .as_user(User::AUDITOR)
            .get("/v1/alerts?limit=2")
            .expect_ok();
        assert_eq!(first["items"].as_array().map(Vec::len), Some(2));
        let second_page = response_items(&app.as_user(User::AUDITOR).get(&format!(
            "/v1/alerts?limit=2&cursor={}",
            first["next"].as_str().unwrap()
        )));
        assert_eq!(
            (second_page.len(), &second_page[0]["id"]),
            (1, &access["id"])
        );
    }

    fn access_is_reviewed_once_and_not_by_its_holder(app) {
        let seed = app.seed();
        let access = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        let review = access_path(&access, "/review");
        for user in [User::MANAGER, User::AUDITOR, HOLDER] {
            let seen = app.as_user(user).get(&access_path(&access, "")).expect_ok();
            assert_eq!(
                seen["reason"], "Canary reason: not seen since noon.",
                "{}",
                user.name
            );
        }
        assert_holder_cannot_review(app, &access);
        app.advance_seconds(3_600);
        for user in [User::OWNER, User::TEAM, User::SUPPORT, User::LEAD] {
            assert_eq!(
                app.as_user(user)
                    .post(&review, &review_body("justified"))
                    .status,
                404,
                "{}",
                user.name
            );
        }
        assert_eq!(
            app.as_user(User::AUDITOR)
                .post(&review, &json!({"finding": "justified", "note": " "}))
                .status,
            422
        );
        let reviewed = app
            .as_user(User::AUDITOR)
            .post(&review, &review_body("needs_action"))
            .expect_status(200);
        assert_eq!(
            (
                &reviewed["state"],
                &reviewed["finding"],
                &reviewed["reviewed_by"]
            ),
            (
                &json!("reviewed"),
                &json!("needs_action"),
                &json!(seed.people["AUDITOR"])
            )
        );
        assert_eq!(
            (&reviewed["note"], &reviewed["reason"]),
            (
                &json!("Canary note: the duty log shows it."),
                &json!("Canary reason: not seen since noon.")
            )
        );
        assert_eq!(
            app.as_user(User::MANAGER)
                .post(&review, &review_body("justified"))
                .field_errors()[0]
                .1,
            "already_reviewed"
        );
        let seen = app
            .as_user(HOLDER)
            .get(&access_path(&access, ""))
            .expect_ok();
        assert_eq!(
            (&seen["finding"], seen["note"].is_null()),
            (&json!("needs_action"), true)
        );
        let alert = &response_items(&app.as_user(User::OWNER).get("/v1/alerts"))[0];
        assert_eq!(
            (&alert["state"], &alert["finding"], &alert["overdue"]),
            (&json!("reviewed"), &json!("needs_action"), &json!(false))
        );
        assert!(
            !raw_db::contains_plaintext(app, "the duty log")
                && !raw_db::contains_plaintext(app, "not seen since")
        );
    }

    fn unjustified_access_ends_immediately(app) {
        let seed = app.seed();
        let access = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        assert_eq!(
            app.as_user(HOLDER).get(&seed.path_to("timeline")).status,
            200
        );
        let reviewed = app
            .as_user(User::MANAGER)
            .post(
                &access_path(&access, "/review"),
                &review_body("not_justified"),
            )
            .expect_status(200);
        assert_eq!(reviewed["active"], false);
        assert_eq!(
            app.as_user(HOLDER).get(&seed.path_to("timeline")).status,
            404
        );
    }

    fn reason_is_deleted_after_180_days_and_the_record_stays(app) {
        let seed = app.seed();
        let access = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        app.advance_seconds(3_600);
        let _ = app
            .as_user(User::AUDITOR)
            .post(&access_path(&access, "/review"), &review_body("justified"))
            .expect_ok();
        app.advance_days(179);
        app.run_background_jobs();
        assert_eq!(
            app.as_user(User::AUDITOR)
                .get(&access_path(&access, ""))
                .expect_ok()["reason"],
            "Canary reason: not seen since noon."
        );
        app.advance_days(1);
        let seen = app
            .as_user(User::AUDITOR)
            .get(&access_path(&access, ""))
            .expect_ok();
        assert_eq!(
            (
                seen["reason"].is_null(),
                seen["note"].is_null(),
                &seen["finding"]
            ),
            (true, true, &json!("justified"))
        );
        app.run_background_jobs();
        app.advance_seconds(3_600);
        app.run_background_jobs();
        assert_eq!(
            raw_db::query_count(
                app,
                "SELECT count(*) AS count FROM emergency_accesses WHERE sealed IS NOT NULL"
            ),
            0
        );
        assert_eq!(
            app.as_user(User::AUDITOR)
                .get(&access_path(&access, ""))
                .expect_ok(),
            seen
        );
        assert!(
            !app.stored_keys()
                .iter()
                .any(|key| key.contains(access["id"].as_str().unwrap()))
        );
    }
}
