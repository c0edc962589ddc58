//! How long emergency access lasts and who can end it.

use behaviour::inputs::with_members;
use behaviour::{User, on_both};
use domain::Clock as _;
use serde_json::{Value, json};

use super::{
    DUTY, HOLDER, PATH, access_path, open_emergency_access, request_for_chronology, response_items,
};

on_both! {
    fn access_lasts_one_hour_by_default_and_at_most_four(app) {
        let seed = app.seed();
        for (minutes, pointer) in [(241, "/minutes"), (0, "/minutes"), (1441, "/minutes")] {
            let response = app.as_user(HOLDER).post(
                PATH,
                &with_members(request_for_chronology(&seed), json!({"minutes": minutes})),
            );
            assert_eq!(
                (response.status, response.field_errors()[0].0.as_str()),
                (422, pointer),
                "{minutes}"
            );
        }
        let _ = open_emergency_access(
            app,
            HOLDER,
            &with_members(request_for_chronology(&seed), json!({"minutes": 240})),
        );
        let _ = open_emergency_access(app, DUTY, &request_for_chronology(&seed));
        app.advance_seconds(3_599);
        assert_eq!(app.as_user(DUTY).get(&seed.path_to("timeline")).status, 200);
        app.advance_seconds(1);
        assert_eq!(app.as_user(DUTY).get(&seed.path_to("timeline")).status, 404);
        assert_eq!(
            app.as_user(HOLDER).get(&seed.path_to("timeline")).status,
            200
        );
    }

    fn only_the_holder_can_end_access_early(app) {
        let seed = app.seed();
        let access = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        let end = access_path(&access, "/end");
        for user in [
            User::OWNER,
            User::MANAGER,
            User::AUDITOR,
            DUTY,
            User::RETURNED,
            User::FOREIGNER,
        ] {
            assert_eq!(
                app.as_user(user).post(&end, &Value::Null).status,
                404,
                "{}",
                user.name
            );
        }
        app.advance_seconds(60);
        let ended = app
            .as_user(HOLDER)
            .post_with_key("end", &end, &Value::Null)
            .expect_status(200);
        assert_eq!(
            (
                &ended["active"],
                ended["ended_at"].is_string(),
                &ended["reason"]
            ),
            (
                &json!(false),
                true,
                &json!("Canary reason: not seen since noon.")
            )
        );
        assert_eq!(
            app.as_user(HOLDER).get(&seed.path_to("timeline")).status,
            404
        );
        assert_eq!(
            app.as_user(HOLDER)
                .post_with_key("end", &end, &Value::Null)
                .header("idempotent-replayed"),
            Some("true")
        );
        assert_eq!(app.as_user(HOLDER).post(&end, &Value::Null).status, 409);
    }

    fn access_ends_with_the_chronologys_expiry(app) {
        let seed = app.seed();
        let end = app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"].clone();
        app.set_time(&end);
        app.clock
            .set(app.clock.now().minus(std::time::Duration::from_secs(600)));
        let access = open_emergency_access(app, HOLDER, &request_for_chronology(&seed));
        assert_eq!(access["until"], end);
        app.advance_seconds(599);
        assert_eq!(
            app.as_user(HOLDER).get(&seed.path_to("timeline")).status,
            200
        );
        app.advance_seconds(1);
        let expired = app.as_user(HOLDER).get(&seed.path_to("timeline"));
        app.run_background_jobs();
        let deleted = app.as_user(HOLDER).get(&seed.path_to("timeline"));
        assert_eq!((expired.status, deleted.status), (404, 404));
        assert_eq!(
            expired.body_without_request_fields(),
            deleted.body_without_request_fields()
        );
        // The record outlives the chronology and is still listed for its owner.
        assert_eq!(
            response_items(&app.as_user(User::AUDITOR).get("/v1/alerts")).len(),
            1
        );
        assert_eq!(
            response_items(&app.as_user(User::OWNER).get("/v1/alerts"))[0]["chronology_ids"],
            json!([seed.chronology])
        );
        let tombstone = app
            .as_user(User::OWNER)
            .get(&format!("/v1/tombstones/{}", seed.chronology))
            .expect_ok();
        assert!(
            tombstone["readers"]
                .as_array()
                .unwrap()
                .iter()
                .any(|reader| reader["emergency_access_id"] == access["id"])
        );
    }
}
