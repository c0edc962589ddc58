//! Expiry and deletion of links and decisions.

use behaviour::inputs::{entry, fragment, with_members, with_reason};
use behaviour::{User, on_both};
use serde_json::json;

use super::{decision, record_decision, share_row, submit_three_accounts, timeline};

on_both! {
    fn decision_expires_with_a_fragment_shortened_by_correction(app) {
        let seed = app.seed();
        let (police, _, surgery) = submit_three_accounts(app, &seed);
        let id = record_decision(
            app,
            &seed,
            &decision("related", &[&police[0]], &[&surgery[0]]),
        );
        let own_fragment = app.as_user(User::WAITING).get("/v1/fragments").expect_ok()["items"][0]
            ["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let soon = app.in_days(3);
        let shorter = with_members(
            fragment(&[entry(
                "routine immunisation given",
                "2026-01-27",
                &[&seed.twin],
            )]),
            json!({"expires_at": soon}),
        );
        let _ = app
            .as_user(User::WAITING)
            .put(&format!("/v1/fragments/{own_fragment}"), Some(1), &shorter)
            .expect_ok();
        let shown = app
            .as_user(User::OWNER)
            .get(&format!("{}/{id}", seed.path_to("link-decisions")))
            .expect_ok();
        assert_eq!(shown["expires_at"], json!(soon));
    }

    fn expired_fragment_under_hold_does_not_block_extension(app) {
        let seed = app.seed();
        let (police, school, surgery) = submit_three_accounts(app, &seed);
        let own_fragment = app.as_user(User::WAITING).get("/v1/fragments").expect_ok()["items"][0]
            ["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let _ = app
            .as_user(User::WAITING)
            .post(
                &format!("/v1/fragments/{own_fragment}/extend"),
                &with_reason(json!({"expires_at": app.in_days(2)})),
            )
            .expect_status(200);
        let _ = record_decision(
            app,
            &seed,
            &decision("same_event", &[&police[0], &school[0], &surgery[0]], &[]),
        );
        let hold = json!({
            "scope": "chronology", "target_id": seed.chronology, "reason": "Canary order",
            "review_at": app.in_days(30),
        });
        let _ = app
            .as_user(User::MANAGER)
            .post("/v1/holds", &hold)
            .expect_ok();
        app.advance_days(3);
        app.run_background_jobs();
        let later = with_reason(json!({"expires_at": app.in_days(72)}));
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("extend"), &later)
            .expect_status(200);
    }

    fn decision_reason_is_deleted_with_the_first_of_its_entries(app) {
        let seed = app.seed();
        let (police, school, surgery) = submit_three_accounts(app, &seed);
        let all = record_decision(
            app,
            &seed,
            &decision("same_event", &[&police[0], &school[0], &surgery[0]], &[]),
        );
        let pair = record_decision(
            app,
            &seed,
            &decision("related", &[&police[0]], &[&surgery[0]]),
        );
        let fragments = app.as_user(User::WAITING).get("/v1/fragments").expect_ok();
        let own_fragment = &fragments["items"][0];
        let path = format!("/v1/fragments/{}", own_fragment["id"].as_str().unwrap());
        assert_eq!(
            app.as_user(User::WAITING)
                .delete(&path, own_fragment["version"].as_i64())
                .status,
            204
        );
        let left = app
            .as_user(User::OWNER)
            .get(&format!("{}/{all}", seed.path_to("link-decisions")))
            .expect_ok();
        assert_eq!(left["entries"].as_array().unwrap().len(), 2);
        assert_eq!(left.get("reason"), None);
        assert!(
            share_row(&timeline(app, &seed, User::OWNER), &police[0], &school[0]),
            "the decision still applies to the remaining entries"
        );
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&format!("{}/{pair}", seed.path_to("link-decisions")))
                .status,
            404
        );
    }

    fn links_and_decisions_are_deleted_with_the_chronology(app) {
        let seed = app.seed();
        let (police, _, surgery) = submit_three_accounts(app, &seed);
        let _ = record_decision(
            app,
            &seed,
            &decision("same_event", &[&police[0]], &[&surgery[0]]),
        );
        let owner = app.as_user(User::OWNER);
        app.set_time(&owner.get(&seed.path).expect_ok()["expires_at"]);
        assert_eq!(owner.get(&seed.path_to("links")).status, 410);
        assert_eq!(owner.get(&seed.path_to("link-decisions")).status, 410);
        app.run_background_jobs();
        assert_eq!(owner.get(&seed.path_to("links")).status, 410);
        let left = app.db.read("count rows", |tx| {
            Ok::<_, store::StoreError>((
                store::event_links::count(tx)?,
                store::link_decisions::count(tx)?,
            ))
        });
        assert_eq!(left.unwrap(), (0, 0));
    }

    fn decision_reason_is_kept_after_an_extension(app) {
        let seed = app.seed();
        let (police, _, surgery) = submit_three_accounts(app, &seed);
        let id = record_decision(
            app,
            &seed,
            &decision("same_event", &[&police[0]], &[&surgery[0]]),
        );
        let owner = app.as_user(User::OWNER);
        let before = owner.get(&seed.path).expect_ok()["expires_at"].clone();
        let later = with_reason(json!({"expires_at": app.in_days(75)}));
        let _ = owner
            .post(&seed.path_to("extend"), &later)
            .expect_status(200);
        app.set_time(&before);
        app.run_background_jobs();
        let shown = owner
            .get(&format!("{}/{id}", seed.path_to("link-decisions")))
            .expect_ok();
        assert_eq!(
            shown["reason"],
            json!("Canary: both told me so."),
            "{before}"
        );
    }
}
