//! Tests of the test harness itself.

use behaviour::{User, on_both, raw_db};

on_both! {
    fn draft_is_readable(app) {
        let seed = app.seed_draft();
        let view = app.as_user(User::OWNER).get(&seed.path).text();
        eprintln!(
            "{}",
            app.as_user(User::OWNER)
                .get(&format!("/v1/families/{}", seed.family))
                .text()
        );
        eprintln!(
            "{}",
            app.as_user(User::AUDITOR)
                .get("/v1/audit?operation=chronology.read")
                .text()
        );
        eprintln!("{view}");
        let body = serde_json::json!({"agency_id": seed.agencies["school"]});
        eprintln!(
            "{}",
            app.as_user(User::OWNER)
                .post(&seed.path_to("invitations"), &body)
                .text()
        );
    }

    fn seed_is_complete(app) {
        let seed = app.seed();
        let view = app
            .as_user(User::OWNER)
            .get(&seed.path_to("timeline"))
            .expect_ok();
        assert_eq!(view["header"]["entry_count"], 1, "{view}");
        assert!(raw_db::query_count(app, "SELECT count(*) AS count FROM entries") == 1);
        assert!(!raw_db::contains_plaintext(app, "canary"));
        assert!(
            raw_db::contains_plaintext(app, "Marlshire Homes"),
            "control: text stored in clear is found"
        );
    }
}
