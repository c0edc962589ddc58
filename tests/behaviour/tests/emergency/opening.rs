//! Who can open emergency access, and when it is refused.

use behaviour::inputs::{chronology, nhs_number};
use behaviour::{ALL_USERS, User, on_both, raw_db};
use serde_json::{Value, json};

use super::{
    DUTY, HOLDER, PATH, access_path, emergency_request, find_audit_record, open_emergency_access,
    request_for_chronology, review_body,
};
const ABSENT: &str = "01999999-0000-7000-8000-00000000dead";

on_both! {
    fn only_social_care_without_access_can_open_emergency_access(app) {
        let seed = app.seed();
        let body = request_for_chronology(&seed);
        for user in ALL_USERS.iter().filter(|user| **user != User::NOBODY) {
            let response = app.as_user(*user).post(PATH, &body);
            let status = response.status;
            let problem_type = response.json()["type"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            match user.name {
                "COLLEAGUE" => assert_eq!(status, 201),
                "OWNER" | "MANAGER" | "TEAM" => assert_eq!(
                    (status, problem_type.as_str()),
                    (409, "/problems/already_yours"),
                    "{}",
                    user.name
                ),
                name => assert_eq!(status, 404, "{name}"),
            }
        }
        assert_eq!(
            raw_db::query_count(app, "SELECT count(*) AS count FROM emergency_accesses"),
            1
        );
    }

    fn absent_and_unavailable_chronologies_get_the_same_response(app) {
        let seed = app.seed();
        let holder = app.as_user(HOLDER);
        let draft = app
            .as_user(User::OWNER)
            .post("/v1/chronologies", &chronology(&seed.family, &[]))
            .id();
        let absent = holder.post(PATH, &emergency_request(json!({"chronology_id": ABSENT})));
        assert_eq!(absent.status, 404);
        let response = holder.post(PATH, &emergency_request(json!({"chronology_id": draft})));
        assert_eq!(
            (response.status, response.body_without_request_fields()),
            (404, absent.body_without_request_fields())
        );
        let record = find_audit_record(app, &response);
        assert_eq!(
            (&record["operation"], &record["outcome"]),
            (&json!("emergency_access.open"), &json!("denied"))
        );
        let manager = app.as_user(User::MANAGER);
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("consolidations"), &Value::Null)
            .id();
        let _ = manager
            .post(&seed.path_to("sign-off"), &json!({"snapshot": "export"}))
            .expect_ok();
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("close"), &Value::Null)
            .expect_ok();
        assert_eq!(
            holder
                .post(PATH, &request_for_chronology(&seed))
                .body_without_request_fields(),
            absent.body_without_request_fields(),
            "closed"
        );
        // Likewise for an access: one that does not exist and one that belongs to another user.
        let _ = manager
            .post(&seed.path_to("reopen"), &json!({"reason": "Canary"}))
            .expect_ok();
        let access = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        for user in [
            User::OWNER,
            User::STRANGER,
            DUTY,
            User::FOREIGNER,
            User::RETURNED,
        ] {
            let existing = app.as_user(user).get(&access_path(&access, ""));
            let absent = app.as_user(user).get(&format!("{PATH}/{ABSENT}"));
            assert_eq!(
                (existing.status, existing.body_without_request_fields()),
                (404, absent.body_without_request_fields()),
                "{}",
                user.name
            );
            for step in ["/end", "/review"] {
                let body = if step == "/review" {
                    review_body("justified")
                } else {
                    Value::Null
                };
                let existing = app.as_user(user).post(&access_path(&access, step), &body);
                let absent = app
                    .as_user(user)
                    .post(&format!("{PATH}/{ABSENT}{step}"), &body);
                assert_eq!(
                    (existing.status, existing.body_without_request_fields()),
                    (404, absent.body_without_request_fields()),
                    "{} {step}",
                    user.name
                );
            }
        }
    }

    fn no_access_is_opened_while_too_many_await_review(app) {
        let seed = app.seed();
        // Four accesses: one to a chronology, three by unknown numbers, one of which is ended at
        // once.
        let first = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        let mut opened = Vec::new();
        for number in 20..23 {
            app.advance_seconds(1);
            opened.push(open_emergency_access(
                app,
                HOLDER,
                &emergency_request(json!({"nhs_number": nhs_number(number)})),
            ));
        }
        let _ = app
            .as_user(HOLDER)
            .post(&access_path(&opened[0], "/end"), &Value::Null)
            .expect_status(200);
        for target in [
            json!({"chronology_id": seed.chronology}),
            json!({"nhs_number": nhs_number(0)}),
            json!({"nhs_number": nhs_number(9)}),
            json!({"chronology_id": ABSENT}),
        ] {
            let response = app
                .as_user(HOLDER)
                .post(PATH, &emergency_request(target.clone()));
            assert_eq!(
                (response.status, &response.json()["type"]),
                (409, &json!("/problems/reviews_outstanding")),
                "{target}"
            );
            assert_eq!(
                find_audit_record(app, &response)["outcome"],
                "wrong_state",
                "{target}"
            );
        }
        // Open accesses stay open, and the limit is per practitioner.
        assert_eq!(
            app.as_user(HOLDER).get(&seed.path_to("timeline")).status,
            200
        );
        let _ = open_emergency_access(app, DUTY, &request_for_chronology(&seed));
        // Reviews that become overdue still count.
        app.advance_days(4);
        assert_eq!(
            app.as_user(HOLDER)
                .post(PATH, &request_for_chronology(&seed))
                .status,
            409
        );
        let _ = app
            .as_user(User::MANAGER)
            .post(&access_path(&first, "/review"), &review_body("justified"))
            .expect_status(200);
        let _ = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        assert_eq!(
            app.as_user(HOLDER)
                .post(PATH, &request_for_chronology(&seed))
                .status,
            409
        );
    }
}
