//! Automatic links: the rows that they form, and the evidence shown for them.

use behaviour::inputs::{entry, fragment, with_members};
use behaviour::{Seed, TestApp, User, on_both};
use serde_json::{Value, json};

use super::{
    POLICE_ACCOUNT, SCHOOL_ACCOUNT, decision, record_decision, row_of, rows, share_row, submit,
    submit_three_accounts, timeline,
};

/// The health visitors and the school withdraw their fragments.
fn withdraw_visit_and_school_account(app: &TestApp, seed: &Seed, visit: &str) {
    assert_eq!(
        app.as_user(User::VISITOR)
            .delete(&format!("/v1/fragments/{visit}"), Some(1))
            .status,
        204
    );
    let own = app.as_user(User::RETURNED).get("/v1/fragments").expect_ok();
    let own = own["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["id"] != json!(seed.fragment))
        .unwrap();
    let own = own["id"].as_str().unwrap();
    assert_eq!(
        app.as_user(User::RETURNED)
            .delete(&format!("/v1/fragments/{own}"), Some(1))
            .status,
        204
    );
}

on_both! {
    fn linked_accounts_share_a_row_verbatim_with_evidence(app) {
        let seed = app.seed();
        let (police, school, surgery) = submit_three_accounts(app, &seed);
        let view = timeline(app, &seed, User::OWNER);
        assert!(share_row(&view, &police[0], &school[0]), "{view:#}");
        assert!(!share_row(&view, &police[0], &surgery[0]));
        let row = row_of(&view, &police[0]);
        let texts: Vec<&str> = row["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|account| account["what"].as_str().unwrap())
            .collect();
        assert_eq!(
            texts,
            [
                format!("Canary {POLICE_ACCOUNT}"),
                format!("Canary {SCHOOL_ACCOUNT}")
            ]
        );
        let links = app
            .as_user(User::OWNER)
            .get(&seed.path_to("links"))
            .expect_ok();
        let event = links["events"]
            .as_array()
            .unwrap()
            .iter()
            .find(|event| event["row"] == row["id"])
            .unwrap();
        assert_eq!(event["evidence"], row["linked_because"]);
        assert!(
            !event["evidence"].as_array().unwrap().is_empty() && event["automatic"] == json!(true)
        );
    }

    fn category_filter_matches_any_visible_account_of_a_row(app) {
        let seed = app.seed();
        let (police, school, _) = submit_three_accounts(app, &seed);
        let own = app.as_user(User::RETURNED).get("/v1/fragments").expect_ok();
        let own = own["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["id"] != json!(seed.fragment))
            .unwrap()["id"]
            .clone();
        let other = with_members(
            entry(SCHOOL_ACCOUNT, "2026-01-20", &[]),
            json!({"category": "FAMILY"}),
        );
        let _ = app
            .as_user(User::RETURNED)
            .put(
                &format!("/v1/fragments/{}", own.as_str().unwrap()),
                Some(1),
                &fragment(&[other]),
            )
            .expect_ok();
        let all = timeline(app, &seed, User::OWNER);
        let row = row_of(&all, &police[0]);
        assert!(share_row(&all, &police[0], &school[0]), "{all:#}");
        assert_eq!(
            row["category"],
            json!("DOMESTIC_ABUSE"),
            "the account with the time sets the row's category"
        );
        for category in ["FAMILY", "DOMESTIC_ABUSE"] {
            let found = app
                .as_user(User::OWNER)
                .get(&seed.path_to(&format!("timeline?category={category}")))
                .expect_ok();
            assert_eq!(rows(&found), std::slice::from_ref(row), "{category}");
        }
        let hidden = with_members(
            entry(SCHOOL_ACCOUNT, "2026-01-20", &[]),
            json!({
                "category": "FAMILY", "handling": {"marking": "restricted", "named_agencies": []},
            }),
        );
        let _ = app
            .as_user(User::RETURNED)
            .put(
                &format!("/v1/fragments/{}", own.as_str().unwrap()),
                Some(2),
                &fragment(&[hidden]),
            )
            .expect_ok();
        let unseen = app
            .as_user(User::OFFICER)
            .get(&seed.path_to("timeline?category=FAMILY"))
            .expect_ok();
        assert_eq!(
            rows(&unseen),
            Vec::<Value>::new(),
            "an account that the reader may not see does not match"
        );
    }

    fn frozen_view_drops_evidence_that_quotes_deleted_accounts(app) {
        let seed = app.seed();
        let (police, school, surgery) = submit_three_accounts(app, &seed);
        let (visit, _) = submit(
            app,
            &seed,
            User::VISITOR,
            &[entry(
                "mother spoke of the fight at Weir Court, Zebedee slept through",
                "2026-01-21",
                &[],
            )],
        );
        let later = timeline(app, &seed, User::OWNER)["rows"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let _ = record_decision(
            app,
            &seed,
            &decision("related", &[&police[0]], &[&surgery[0]]),
        );
        let _ = record_decision(app, &seed, &decision("related", &[&later], &[&school[0]]));
        let frozen = app
            .as_user(User::OWNER)
            .post(&seed.path_to("consolidations"), &Value::Null)
            .id();
        let path = seed.path_to(&format!("consolidations/{frozen}"));
        let view = |user: User| app.as_user(user).get(&path).expect_ok()["view"].clone();
        assert!(
            !row_of(&view(User::OWNER), &police[0])["linked_because"]
                .as_array()
                .unwrap()
                .is_empty()
        );
        withdraw_visit_and_school_account(app, &seed, &visit);
        for user in [User::OWNER, User::TEAM] {
            let left = view(user);
            let text = left.to_string();
            assert!(
                text.contains("Pettigrew")
                    && !text.contains("told by police")
                    && !text.contains("Zebedee"),
                "{text}"
            );
            let row = row_of(&left, &police[0]);
            assert_eq!(
                (&row["linked_because"], row.get("linked_despite")),
                (&json!([]), None),
                "{row}"
            );
            // A decision about two remaining accounts still applies; no row refers to a deleted
            // one.
            let row_ids: Vec<Value> = rows(&left).iter().map(|row| row["id"].clone()).collect();
            for row in rows(&left) {
                let pointers = ["related", "may_be_same"]
                    .map(|kind| row[kind].as_array().cloned().unwrap_or_default());
                assert!(
                    pointers
                        .concat()
                        .iter()
                        .all(|other| row_ids.contains(&other["row"])),
                    "{row}"
                );
            }
            assert_eq!(
                row_of(&left, &surgery[0])["related"][0]["row"],
                json!(police[0]),
                "{left:#}"
            );
        }
    }

    fn stored_links_equal_recomputed_links(app) {
        let seed = app.seed();
        let _ = submit_three_accounts(app, &seed);
        app.service.linking.wait_for_links();
        let with_stored_links =
            [User::OWNER, User::TEAM, User::RETURNED].map(|user| timeline(app, &seed, user));
        let count = |app: &TestApp| {
            app.db
                .read("count links", store::event_links::count)
                .unwrap()
        };
        app.service.linking.wait_for_links();
        assert!(count(app) > 0, "links are stored at submission");
        app.db
            .write("delete links", store::event_links::delete_all)
            .unwrap();
        assert_eq!(count(app), 0);
        let with_recomputed_links =
            [User::OWNER, User::TEAM, User::RETURNED].map(|user| timeline(app, &seed, user));
        assert_eq!(with_stored_links, with_recomputed_links);
    }
}
