//! Links and decisions that involve entries hidden from a reader.

use behaviour::inputs::{entry, with_members, with_reason};
use behaviour::{Seed, TestApp, User, on_both};
use serde_json::{Value, json};

use super::{
    SCHOOL_ACCOUNT, decision, record_decision, rows, share_row, submit, submit_three_accounts,
    timeline,
};

/// Submits an offence and a restricted entry, and records decisions about them. Returns the id of
/// the decision about the offence.
fn decide_about_hidden_entries(
    app: &TestApp,
    seed: &Seed,
    [police, school, surgery]: [&str; 3],
) -> String {
    let crime = with_members(
        entry("charged with assault", "2026-01-27", &[]),
        json!({"category": "CRIME"}),
    );
    let marked = with_members(
        entry("held a meeting", "2026-01-27", &[]),
        json!({"handling": {"marking": "restricted", "named_agencies": []}}),
    );
    let (_, hidden) = submit(app, seed, User::OFFICER, &[crime, marked]);
    let first = record_decision(app, seed, &decision("related", &[&hidden[0]], &[surgery]));
    let _ = record_decision(
        app,
        seed,
        &decision("same_event", &[&hidden[1], surgery], &[]),
    );
    let _ = record_decision(
        app,
        seed,
        &decision("different_events", &[school], &[police, &hidden[0]]),
    );
    first
}

on_both! {
    fn restricted_entry_changes_nothing_for_readers_without_access(app) {
        let seed = app.seed();
        let (_, school, surgery) = submit_three_accounts(app, &seed);
        let before = timeline(app, &seed, User::WAITING);
        let marked = with_members(
            entry(SCHOOL_ACCOUNT, "2026-01-20", &[]),
            json!({"handling": {"marking": "restricted", "named_agencies": []}}),
        );
        let (_, secret) = submit(app, &seed, User::OFFICER, &[marked]);
        assert_eq!(
            timeline(app, &seed, User::WAITING),
            before,
            "linking it changes nothing that others see"
        );
        // Decisions link the restricted entry with entries that others see.
        let apart = record_decision(
            app,
            &seed,
            &decision("different_events", &[&secret[0]], &[&school[0]]),
        );
        assert_eq!(
            timeline(app, &seed, User::WAITING),
            before,
            "nor does a decision about it"
        );
        let id = [
            apart,
            record_decision(
                app,
                &seed,
                &decision("same_event", &[&secret[0], &surgery[0]], &[]),
            ),
        ];
        assert_eq!(timeline(app, &seed, User::WAITING), before);
        assert_eq!(
            app.as_user(User::WAITING)
                .get(&seed.path_to("links"))
                .expect_status(200)["events"]
                .to_string()
                .find(&secret[0]),
            None
        );
        assert_eq!(
            app.as_user(User::WAITING)
                .get(&format!("{}/{}", seed.path_to("link-decisions"), id[0]))
                .status,
            404
        );
        // A social worker without permission for criminal-offence data sees it: it is restricted,
        // not an offence.
        assert!(share_row(
            &timeline(app, &seed, User::TEAM),
            &secret[0],
            &surgery[0]
        ));
    }

    fn decision_about_hidden_entry_is_not_visible(app) {
        let seed = app.seed();
        let (police, school, surgery) = submit_three_accounts(app, &seed);
        let seen = |user: User| {
            (
                timeline(app, &seed, user),
                app.as_user(user).get(&seed.path_to("links")).expect_ok(),
            )
        };
        let before = (seen(User::TEAM), seen(User::WAITING));
        let first = decide_about_hidden_entries(app, &seed, [&police[0], &school[0], &surgery[0]]);
        let strip = |view: &Value| {
            let mut view = view.clone();
            for row in view["rows"].as_array_mut().into_iter().flatten() {
                row["sequence"] = Value::Null;
            }
            view
        };
        let after = seen(User::WAITING);
        assert_eq!(
            (strip(&after.0), &after.1),
            (strip(&before.1.0), &before.1.1),
            "neither timeline nor links show the decisions"
        );
        // Social care without permission for offence data may see the restricted entry but not the
        // offence.
        let list = app
            .as_user(User::TEAM)
            .get(&format!("{}?limit=1", seed.path_to("link-decisions")))
            .expect_ok();
        assert_eq!(
            (list["items"].as_array().unwrap().len(), list.get("next")),
            (1, None),
            "{list}"
        );
        assert_eq!(list["items"][0]["decision"], json!("same_event"));
        let path = format!("{}/{first}", seed.path_to("link-decisions"));
        assert_eq!(app.as_user(User::TEAM).get(&path).status, 404);
        assert_eq!(
            app.as_user(User::TEAM)
                .post(&format!("{path}/withdrawal"), &with_reason(json!({})))
                .status,
            404
        );
        assert_eq!(
            app.as_user(User::OWNER).get(&path).expect_ok()["reason"],
            json!("Canary: both told me so.")
        );
        assert!(
            share_row(&timeline(app, &seed, User::TEAM), &police[0], &school[0]),
            "the decision about the offence has no effect for them"
        );
        assert!(!share_row(
            &timeline(app, &seed, User::OWNER),
            &police[0],
            &school[0]
        ));
        let all = app
            .as_user(User::OWNER)
            .get(&format!("{}?limit=2", seed.path_to("link-decisions")))
            .expect_ok();
        let next = all["next"].as_str().unwrap();
        let rest = app
            .as_user(User::OWNER)
            .get(&format!(
                "{}?limit=2&cursor={next}",
                seed.path_to("link-decisions")
            ))
            .expect_ok();
        assert_eq!(
            (
                all["items"].as_array().unwrap().len(),
                rest["items"].as_array().unwrap().len()
            ),
            (2, 1)
        );
        assert_eq!(
            before.0.0["header"]["row_count"],
            json!(rows(&before.0.0).len())
        );
    }
}
