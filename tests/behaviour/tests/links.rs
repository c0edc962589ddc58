//! Event links: made at submission, explained by evidence, overruled by decisions of people,
//! restored exactly when a decision is withdrawn, and deleted with the entries that they join.

use behaviour::inputs::{entry, fragment, with_members, with_reason};
use behaviour::{Seed, TestApp, User, on_both};
use serde_json::{Value, json};

/// The police's account of an incident.
const POLICE_ACCOUNT: &str = "police called to a fight between the parents at the flat in Weir \
    Court, a neighbour named Pettigrew rang";
/// The school's account of the same incident.
const SCHOOL_ACCOUNT: &str = "told by police that officers attended a fight between the parents \
    at Weir Court after the neighbour rang";

/// The timeline that `user` is shown, without the time at which it was generated.
fn timeline(app: &TestApp, seed: &Seed, user: User) -> Value {
    let mut view = app.as_user(user).get(&seed.path_to("timeline")).expect_ok();
    view["header"]["generated_at"] = Value::Null;
    view
}

fn rows(view: &Value) -> Vec<Value> {
    view["rows"].as_array().cloned().unwrap()
}

/// The ids of the entries on each row, including repeated submissions.
fn entry_ids_by_row(view: &Value) -> Vec<Vec<String>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let account = |account: &Value| {
        let repeats = account["also_submitted_as"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let repeats = repeats
            .iter()
            .map(|repeat| text(&repeat["entry_id"]))
            .collect::<Vec<_>>();
        [vec![text(&account["entry_id"])], repeats].concat()
    };
    rows(view)
        .iter()
        .map(|row| {
            row["accounts"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(account)
                .collect()
        })
        .collect()
}

/// The row on which an entry stands.
fn row_of<'v>(view: &'v Value, entry: &str) -> &'v Value {
    let rows = entry_ids_by_row(view);
    let index = rows.iter().position(|row| row.iter().any(|id| id == entry));
    &view["rows"][index.expect("every entry has a row")]
}

/// Whether two entries stand on one row.
fn share_row(view: &Value, entry: &str, other: &str) -> bool {
    row_of(view, entry)["id"] == row_of(view, other)["id"]
}

/// Submits entries; returns the ids of the fragment and of its entries.
fn submit(app: &TestApp, seed: &Seed, user: User, entries: &[Value]) -> (String, Vec<String>) {
    let receipt = app
        .as_user(user)
        .post(&seed.path_to("fragments"), &fragment(entries))
        .expect_ok();
    let ids = receipt["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["id"].as_str().unwrap().to_owned());
    (
        receipt["fragment_id"].as_str().unwrap().to_owned(),
        ids.collect(),
    )
}

/// The body of a decision about `entries`, and about `others` where it takes two sides.
fn decision(verdict: &str, entries: &[&str], others: &[&str]) -> Value {
    json!({
        "decision": verdict, "entries": entries, "with": others,
        "reason": "Canary: both told me so.",
    })
}

/// Records a decision as the owner; returns its id.
fn record_decision(app: &TestApp, seed: &Seed, body: &Value) -> String {
    app.as_user(User::OWNER)
        .post(&seed.path_to("link-decisions"), body)
        .id()
}

fn withdraw_decision(app: &TestApp, seed: &Seed, id: &str) {
    let path = format!("{}/{id}/withdrawal", seed.path_to("link-decisions"));
    let _ = app
        .as_user(User::OWNER)
        .post(&path, &with_reason(json!({})))
        .expect_status(200);
}

/// Submits the two accounts of the incident, and an unrelated entry by the surgery. Returns the
/// entry ids of police, school and surgery.
fn submit_three_accounts(app: &TestApp, seed: &Seed) -> (Vec<String>, Vec<String>, Vec<String>) {
    let police = submit(
        app,
        seed,
        User::OFFICER,
        &[with_members(
            entry(POLICE_ACCOUNT, "2026-01-20T20:40", &[]),
            json!({"category": "DOMESTIC_ABUSE"}),
        )],
    );
    let school = submit(
        app,
        seed,
        User::RETURNED,
        &[with_members(
            entry(SCHOOL_ACCOUNT, "2026-01-20", &[]),
            json!({"category": "DOMESTIC_ABUSE"}),
        )],
    );
    let surgery = submit(
        app,
        seed,
        User::WAITING,
        &[entry(
            "routine immunisation given",
            "2026-01-27",
            &[&seed.twin],
        )],
    );
    (police.1, school.1, surgery.1)
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
        app.service.wait_for_links();
        let with_stored_links =
            [User::OWNER, User::TEAM, User::RETURNED].map(|user| timeline(app, &seed, user));
        let count = |app: &TestApp| {
            app.db
                .read("count links", store::event_links::count)
                .unwrap()
        };
        app.service.wait_for_links();
        assert!(count(app) > 0, "links are stored at submission");
        app.db
            .write("delete links", store::event_links::delete_all)
            .unwrap();
        assert_eq!(count(app), 0);
        let with_recomputed_links =
            [User::OWNER, User::TEAM, User::RETURNED].map(|user| timeline(app, &seed, user));
        assert_eq!(with_stored_links, with_recomputed_links);
    }

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
        let crime = with_members(
            entry("charged with assault", "2026-01-27", &[]),
            json!({"category": "CRIME"}),
        );
        let marked = with_members(
            entry("held a meeting", "2026-01-27", &[]),
            json!({"handling": {"marking": "restricted", "named_agencies": []}}),
        );
        let (_, hidden) = submit(app, &seed, User::OFFICER, &[crime, marked]);
        let first = record_decision(
            app,
            &seed,
            &decision("related", &[&hidden[0]], &[&surgery[0]]),
        );
        let _ = record_decision(
            app,
            &seed,
            &decision("same_event", &[&hidden[1], &surgery[0]], &[]),
        );
        let _ = record_decision(
            app,
            &seed,
            &decision("different_events", &[&school[0]], &[&police[0], &hidden[0]]),
        );
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
