//! Decisions of people about links, and their withdrawal.

use behaviour::inputs::{entry, fragment, with_members, with_reason};
use behaviour::{Seed, TestApp, User, on_both};
use serde_json::{Value, json};

use super::{
    SCHOOL_ACCOUNT, decision, entry_ids_by_row, record_decision, row_of, share_row, submit,
    submit_three_accounts, timeline,
};

fn withdraw_decision(app: &TestApp, seed: &Seed, id: &str) {
    let path = format!("{}/{id}/withdrawal", seed.path_to("link-decisions"));
    let _ = app
        .as_user(User::OWNER)
        .post(&path, &with_reason(json!({})))
        .expect_status(200);
}

on_both! {
    fn withdrawing_a_split_restores_the_timeline(app) {
        let seed = app.seed();
        let (police, school, _) = submit_three_accounts(app, &seed);
        let before = timeline(app, &seed, User::OWNER);
        let id = record_decision(
            app,
            &seed,
            &decision("different_events", &[&school[0]], &[]),
        );
        let split = timeline(app, &seed, User::OWNER);
        assert!(!share_row(&split, &police[0], &school[0]));
        assert_eq!(
            entry_ids_by_row(&split).concat().len(),
            entry_ids_by_row(&before).concat().len(),
            "no entry is lost"
        );
        withdraw_decision(app, &seed, &id);
        assert_eq!(timeline(app, &seed, User::OWNER), before);
        let shown = app
            .as_user(User::OWNER)
            .get(&format!("{}/{id}", seed.path_to("link-decisions")))
            .expect_ok();
        assert_eq!(shown["reason"], json!("Canary: both told me so."));
        assert!(
            shown["withdrawn_at"].is_string() && shown["withdrawal_reason"].is_string(),
            "{shown}"
        );
    }

    fn withdrawing_a_merge_restores_the_timeline(app) {
        let seed = app.seed();
        let (police, _, surgery) = submit_three_accounts(app, &seed);
        let before = timeline(app, &seed, User::OWNER);
        let id = record_decision(
            app,
            &seed,
            &decision("same_event", &[&police[0], &surgery[0]], &[]),
        );
        let joined = timeline(app, &seed, User::OWNER);
        let row = row_of(&joined, &police[0]);
        assert!(share_row(&joined, &police[0], &surgery[0]));
        assert!(
            row["linked_because"]
                .as_array()
                .unwrap()
                .iter()
                .any(|fact| fact["code"] == json!("decided_same")),
            "{row}"
        );
        withdraw_decision(app, &seed, &id);
        assert_eq!(timeline(app, &seed, User::OWNER), before);
    }

    fn decision_survives_corrections_and_later_submissions(app) {
        let seed = app.seed();
        let (police, school, _) = submit_three_accounts(app, &seed);
        let _ = record_decision(
            app,
            &seed,
            &decision("different_events", &[&school[0]], &[]),
        );
        let fragments = app.as_user(User::RETURNED).get("/v1/fragments").expect_ok();
        let own_fragment = fragments["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["id"] != json!(seed.fragment))
            .unwrap();
        let path = format!("/v1/fragments/{}", own_fragment["id"].as_str().unwrap());
        let corrected = with_members(
            entry(SCHOOL_ACCOUNT, "2026-01-20", &[]),
            json!({"category": "DOMESTIC_ABUSE", "outcome": "Canary: spoke to mother"}),
        );
        let receipt = app
            .as_user(User::RETURNED)
            .put(&path, Some(1), &fragment(&[corrected]))
            .expect_ok();
        assert_eq!(
            receipt["entries"][0]["id"],
            json!(school[0]),
            "a corrected entry keeps its id"
        );
        let _ = submit(
            app,
            &seed,
            User::VISITOR,
            &[entry(
                "home visit, mother spoke of the fight at Weir Court",
                "2026-01-21",
                &[],
            )],
        );
        assert!(!share_row(
            &timeline(app, &seed, User::OWNER),
            &police[0],
            &school[0]
        ));
    }

    fn related_events_keep_separate_rows_and_can_be_unrelated(app) {
        let seed = app.seed();
        let (police, _, surgery) = submit_three_accounts(app, &seed);
        let before = timeline(app, &seed, User::OWNER);
        let _ = record_decision(
            app,
            &seed,
            &decision("related", &[&police[0]], &[&surgery[0]]),
        );
        let view = timeline(app, &seed, User::OWNER);
        assert!(!share_row(&view, &police[0], &surgery[0]));
        let other = row_of(&view, &surgery[0])["id"].clone();
        let related = row_of(&view, &police[0])["related"]
            .as_array()
            .cloned()
            .unwrap();
        assert!(
            related.iter().any(|related| related["row"] == other),
            "{related:?}"
        );
        let links = app
            .as_user(User::OWNER)
            .get(&seed.path_to("links"))
            .expect_ok();
        assert!(
            links["related"]
                .as_array()
                .unwrap()
                .iter()
                .any(|pair| pair["other_row"] == other || pair["row"] == other)
        );
        let _ = record_decision(
            app,
            &seed,
            &decision("not_related", &[&surgery[0]], &[&police[0]]),
        );
        assert_eq!(timeline(app, &seed, User::OWNER), before);
    }

    fn invalid_decision_reports_every_error(app) {
        let seed = app.seed();
        let (police, school, surgery) = submit_three_accounts(app, &seed);
        let path = seed.path_to("link-decisions");
        let ask = |body: &Value| app.as_user(User::OWNER).post(&path, body).field_errors();
        let absent = "01999999-0000-7000-8000-00000000dead";
        let body = json!({
            "decision": "related", "entries": [absent, police[0]], "with": [police[0]],
            "reason": "  ",
        });
        assert_eq!(
            ask(&body),
            [
                ("/entries/0", "unknown"),
                ("/reason", "required"),
                ("/with/0", "duplicate")
            ]
            .map(|(at, code)| (at.to_owned(), code.to_owned()))
        );
        let needs = [
            ("same_event", vec![&police[0]]),
            ("different_events", vec![&surgery[0]]),
            ("related", vec![&school[0]]),
        ];
        for (verdict, entries) in needs {
            let body = json!({"decision": verdict, "entries": entries, "reason": "Canary"});
            assert_eq!(
                ask(&body),
                [("/with".to_owned(), "required".to_owned())],
                "{verdict}"
            );
        }
        let many: Vec<&String> = std::iter::repeat_n(&police[0], 101).collect();
        assert_eq!(
            app.as_user(User::OWNER)
                .post(
                    &path,
                    &json!({"decision": "same_event", "entries": many, "reason": "x"})
                )
                .status,
            422
        );
        let long = "x".repeat(2_001);
        assert_eq!(
            app.as_user(User::OWNER)
                .post(
                    &path,
                    &json!({
                        "decision": "same_event", "entries": [police[0], school[0]], "reason": long,
                    })
                )
                .status,
            422
        );
    }

    fn decision_is_created_once_and_withdrawn_once(app) {
        let seed = app.seed();
        let (police, _, surgery) = submit_three_accounts(app, &seed);
        let body = decision("same_event", &[&police[0]], &[&surgery[0]]);
        let owner = app.as_user(User::OWNER);
        let first = owner.post_with_key("once", &seed.path_to("link-decisions"), &body);
        let again = owner.post_with_key("once", &seed.path_to("link-decisions"), &body);
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!(first.json(), again.json());
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(
            first.json().get("reason"),
            None,
            "the reason is not stored with the idempotency record"
        );
        withdraw_decision(app, &seed, &first.id());
        let path = format!(
            "{}/{}/withdrawal",
            seed.path_to("link-decisions"),
            first.id()
        );
        assert_eq!(owner.post(&path, &with_reason(json!({}))).status, 409);
        let listed = owner.get(&seed.path_to("link-decisions")).expect_ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    }

    fn decisions_are_refused_after_sign_off(app) {
        let seed = app.seed();
        let (police, _, surgery) = submit_three_accounts(app, &seed);
        let id = record_decision(
            app,
            &seed,
            &decision("same_event", &[&police[0]], &[&surgery[0]]),
        );
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("consolidations"), &Value::Null)
            .expect_ok();
        let _ = app
            .as_user(User::MANAGER)
            .post(&seed.path_to("sign-off"), &json!({"snapshot": "export"}))
            .expect_ok();
        let owner = app.as_user(User::OWNER);
        assert_eq!(
            owner
                .post(
                    &seed.path_to("link-decisions"),
                    &decision("same_event", &[&police[0]], &[&surgery[0]])
                )
                .status,
            409
        );
        assert_eq!(
            owner
                .post(
                    &format!("{}/{id}/withdrawal", seed.path_to("link-decisions")),
                    &with_reason(json!({}))
                )
                .status,
            409
        );
        assert_eq!(owner.get(&seed.path_to("links")).status, 200);
    }
}
