//! The life cycle of a chronology, from draft to tombstone.

use behaviour::inputs::{decline, entry, fragment, nil_return, with_members, with_reason};
use behaviour::{ApiResponse, Seed, TestApp, User, on_both, raw_db};
use serde_json::{Value, json};

/// The accounts of the answered invitations, in the order of the timeline.
const TIMELINE_ORDER: [&str; 5] = [
    "registered",
    "moved in with the grandmother",
    "weight below the second centile",
    "missed the school nurse",
    "came to the club hungry",
];

fn coverage_states(view: &Value) -> Vec<(String, String)> {
    let lines = view["header"]["coverage"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let field = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let mut states: Vec<_> = lines
        .iter()
        .map(|line| (field(line, "agency_name"), field(line, "state")))
        .collect();
    states.sort();
    states
}

fn account_texts(view: &Value) -> Vec<String> {
    let rows = view["rows"].as_array().cloned().unwrap_or_default();
    let accounts = rows
        .iter()
        .flat_map(|row| row["accounts"].as_array().cloned().unwrap_or_default());
    accounts
        .map(|account| {
            account["what"]
                .as_str()
                .unwrap_or_default()
                .trim_start_matches("Canary ")
                .to_owned()
        })
        .collect()
}

/// Answers the invitations. The school has already submitted. The surgery starts a draft and
/// submits a fragment for one child and one for the family, the health visitors submit a nil
/// return, the police decline, and social care submits for the youth club. Housing does not answer.
fn answer_invitations(app: &TestApp, seed: &Seed) {
    let waiting = app.as_user(User::WAITING);
    let surgery = seed.invitation_path("surgery");
    assert_eq!(waiting.get(&surgery).expect_ok()["state"], "viewed");
    let form = waiting.get(&format!("{surgery}/form")).expect_ok();
    assert_eq!(
        form["family"]["members"].as_array().map(Vec::len),
        Some(5),
        "{form}"
    );
    assert_eq!(form["agency"]["code"], "surgery");
    assert!(
        form.get("last_return").is_none() && form["practitioner"]["name"] == "Canaryname WAITING",
        "{form}"
    );
    assert_eq!(
        waiting
            .post(&format!("{surgery}/draft"), &Value::Null)
            .expect_ok()["state"],
        "drafting"
    );
    assert_eq!(
        waiting.get(&seed.path_to("timeline")).problem_type(),
        "own_return_first"
    );
    let child = with_members(
        fragment(&[entry("weight below the second centile", "2026-01", &[])]),
        json!({"child_id": seed.twin}),
    );
    let family = fragment(&[
        entry("moved in with the grandmother", "2025-11-03", &[]),
        entry("registered", "2018~", &[]),
    ]);
    for body in [child, family] {
        let _ = waiting
            .post(&seed.path_to("fragments"), &body)
            .expect_status(201);
    }
    assert_eq!(waiting.get(&surgery).expect_ok()["state"], "submitted");
    let visitor = app.as_user(User::VISITOR).post(
        &format!("{}/nil-return", seed.invitation_path("visitors")),
        &nil_return(),
    );
    assert_eq!(visitor.expect_ok()["state"], "nil_return");
    let officer = app.as_user(User::OFFICER).post(
        &format!("{}/decline", seed.invitation_path("police")),
        &decline(),
    );
    assert_eq!(officer.expect_ok()["state"], "declined");
    let proxy = with_members(
        fragment(&[entry(
            "came to the club hungry",
            "2026-02-01",
            &[&seed.twin, &seed.other_twin],
        )]),
        json!({"on_behalf_of": seed.agencies["beacon"]}),
    );
    let _ = app
        .as_user(User::OWNER)
        .post(&seed.path_to("fragments"), &proxy)
        .expect_status(201);
}

/// After the due date only the unanswered invitation is overdue.
fn assert_timeline_after_due_date(app: &TestApp, seed: &Seed) {
    let owner = app.as_user(User::OWNER);
    app.advance_days(11);
    app.run_background_jobs();
    assert_eq!(owner.get(&seed.path).expect_ok()["state"], "closing");
    let view = owner.get(&seed.path_to("timeline")).expect_ok();
    let expected = [
        ("Beacon Youth Club", "submitted"),
        ("Elm Row Surgery", "submitted"),
        ("Marlshire Health Visiting", "nil_return"),
        ("Marlshire Homes", "overdue"),
        ("Marlshire Police", "declined"),
        ("Oakmere Primary School", "submitted"),
    ];
    assert_eq!(
        coverage_states(&view),
        expected.map(|(name, state)| (name.to_owned(), state.to_owned()))
    );
    assert_eq!(account_texts(&view), TIMELINE_ORDER);
    assert_eq!(
        (&view["header"]["row_count"], &view["header"]["entry_count"]),
        (&json!(5), &json!(5))
    );
    let statement = view["header"]["coverage_statement"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        statement.contains("Declined: Marlshire Police")
            && statement.contains("No answer from: Marlshire Homes"),
        "{statement}"
    );
    let proxied = view["rows"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|row| row["accounts"][0].get("proxy_by").is_some());
    assert_eq!(
        proxied.map(|row| &row["accounts"][0]["agency"]),
        Some(&json!(seed.agencies["beacon"]))
    );
}

/// Contributors read the same timeline as social care; declining gives no access.
fn assert_contributors_read_the_timeline(app: &TestApp, seed: &Seed) {
    assert_eq!(
        account_texts(
            &app.as_user(User::WAITING)
                .get(&seed.path_to("timeline"))
                .expect_ok()
        ),
        TIMELINE_ORDER
    );
    assert_eq!(
        account_texts(
            &app.as_user(User::VISITOR)
                .get(&seed.path_to("timeline"))
                .expect_ok()
        ),
        TIMELINE_ORDER,
        "a nil return gives access"
    );
    assert_eq!(
        app.as_user(User::OFFICER)
            .get(&seed.path_to("timeline"))
            .problem_type(),
        "own_return_first"
    );
    assert_eq!(
        app.as_user(User::HOUSING)
            .get(&seed.path_to("timeline"))
            .problem_type(),
        "own_return_first"
    );
}

/// Consolidates, and corrects a fragment afterwards, which does not change the frozen view. Returns
/// the path of the frozen view and the response to its first read.
fn consolidate_and_correct(app: &TestApp, seed: &Seed) -> (String, ApiResponse) {
    let owner = app.as_user(User::OWNER);
    let frozen = owner
        .post(&seed.path_to("consolidations"), &Value::Null)
        .expect_status(201);
    let frozen_path = seed.path_to(&format!(
        "consolidations/{}",
        frozen["id"].as_str().unwrap_or_default()
    ));
    let before = owner.get(&frozen_path);
    let path = format!("/v1/fragments/{}", seed.fragment);
    let corrected = with_members(
        fragment(&[entry(
            "missed the school dentist",
            "2026-01-12",
            &[&seed.twin],
        )]),
        json!({"correction_reason": "Canary: the wrong clinic"}),
    );
    let receipt = app.as_user(User::RETURNED).put(&path, Some(1), &corrected);
    assert_eq!(
        (receipt.version(), receipt.expect_ok()["outcome"].clone()),
        (2, json!("updated"))
    );
    assert!(
        account_texts(&owner.get(&seed.path_to("timeline")).expect_ok())
            .contains(&"missed the school dentist".to_owned())
    );
    assert_eq!(
        owner.get(&frozen_path).body,
        before.body,
        "the frozen view does not change"
    );
    let old = owner.get(&format!("{path}/versions/1")).expect_ok();
    assert_eq!(old["entries"][0]["what"], "Canary missed the school nurse");
    assert_eq!(
        app.as_user(User::HOUSING)
            .post(
                &seed.path_to("fragments"),
                &fragment(&[entry("arrears", "2026-01-01", &[])])
            )
            .status,
        409,
        "after consolidation no new fragments are accepted"
    );
    (frozen_path, before)
}

/// Signs off with a snapshot, closes, reopens, and extends up to the limit of the policy. Returns
/// the extended chronology.
fn sign_off_reopen_and_extend(app: &TestApp, seed: &Seed, frozen: &ApiResponse) -> Value {
    let owner = app.as_user(User::OWNER);
    let manager = app.as_user(User::MANAGER);
    let _ = manager
        .post(&seed.path_to("sign-off"), &json!({"snapshot": "waive"}))
        .expect_status(422);
    assert_eq!(
        manager
            .post(&seed.path_to("sign-off"), &json!({"snapshot": "export"}))
            .expect_ok()["state"],
        "signed_off"
    );
    let snapshot = owner.get(&seed.path_to("snapshot")).expect_ok();
    assert_eq!(
        snapshot["consolidation"]["view"],
        frozen.expect_ok()["view"]
    );
    assert_eq!(
        app.as_user(User::WAITING)
            .get(&seed.path_to("timeline"))
            .status,
        404,
        "contributors lose access at sign-off"
    );
    assert_eq!(
        owner.post(&seed.path_to("close"), &Value::Null).expect_ok()["state"],
        "closed"
    );
    assert_eq!(
        manager
            .post(&seed.path_to("reopen"), &with_reason(json!({})))
            .expect_ok()["state"],
        "open"
    );
    let opened = "2026-03-02T09:30:00Z";
    assert_eq!(owner.get(&seed.path).expect_ok()["opened_at"], opened);
    let beyond = owner.post(
        &seed.path_to("extend"),
        &with_reason(json!({"expires_at": "2027-01-26T09:30:01Z"})),
    );
    assert_eq!(
        beyond.problem(),
        (
            "invalid".into(),
            vec![("/expires_at".into(), "beyond_policy".into())]
        )
    );
    let extended = owner
        .post(
            &seed.path_to("extend"),
            &with_reason(json!({"expires_at": "2027-01-26T09:30:00Z"})),
        )
        .expect_ok();
    assert!(
        !raw_db::contains_plaintext(app, "canary"),
        "nothing is stored in clear"
    );
    extended
}

/// Everything is served until the last microsecond.
fn assert_all_served_before_expiry(app: &TestApp, seed: &Seed) {
    let owner = app.as_user(User::OWNER);
    app.set_time(&json!("2027-01-26T09:29:59.999999Z"));
    app.run_background_jobs();
    assert_eq!(
        account_texts(&owner.get(&seed.path_to("timeline")).expect_ok()).len(),
        5
    );
}

/// Nothing is served from the expiry on. Deletes what has expired.
fn assert_nothing_served_after_expiry(
    app: &TestApp,
    seed: &Seed,
    extended: &Value,
    frozen_path: &str,
) {
    let owner = app.as_user(User::OWNER);
    app.set_time(&extended["expires_at"]);
    for path in [
        seed.path.clone(),
        seed.path_to("timeline"),
        seed.path_to("snapshot"),
        frozen_path.to_owned(),
        format!("/v1/fragments/{}", seed.fragment),
    ] {
        assert_eq!(owner.get(&path).status, 410, "{path}");
        assert_eq!(app.as_user(User::STRANGER).get(&path).status, 404, "{path}");
    }
    app.run_background_jobs();
}

/// No table keeps rows of the chronology.
fn assert_rows_deleted(app: &TestApp) {
    let counts = raw_db::row_counts(app);
    for table in [
        "chronologies",
        "invitations",
        "fragments",
        "fragment_versions",
        "entries",
        "consolidations",
        "people",
        "families",
        "person_keys",
        "idempotency",
    ] {
        assert_eq!(counts[table], 0, "{table}");
    }
}

/// The owner and the contributors each read a tombstone.
fn assert_tombstones(app: &TestApp, seed: &Seed) {
    let owner = app.as_user(User::OWNER);
    let tombstone = owner
        .get(&format!("/v1/tombstones/{}", seed.chronology))
        .expect_ok();
    assert_eq!(
        (&tombstone["entry_count"], &tombstone["reason"]),
        (&json!(5), &json!("expired"))
    );
    let readers = tombstone["readers"].as_array().cloned().unwrap_or_default();
    assert!(
        readers
            .iter()
            .any(|reader| reader["practitioner_id"] == json!(seed.people["WAITING"])),
        "{tombstone}"
    );
    assert_eq!(
        app.as_user(User::WAITING)
            .get(&format!("/v1/tombstones/{}", seed.chronology))
            .expect_ok()["agencies"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    let contributor = app
        .as_user(User::RETURNED)
        .get(&format!("/v1/tombstones/{}", seed.chronology))
        .expect_ok();
    assert_eq!(
        contributor["entry_count"], 1,
        "a contributor sees only its own count"
    );
}

/// The expiry is in the audit, and all keys are destroyed within the hour.
fn assert_expiry_audited_and_keys_destroyed(app: &TestApp, seed: &Seed) {
    let audit = app
        .as_user(User::AUDITOR)
        .get(&format!(
            "/v1/audit?chronology={}&limit=500",
            seed.chronology
        ))
        .expect_ok();
    assert!(audit["items"].as_array().is_some_and(|items| {
        items
            .iter()
            .any(|item| item["operation"] == "chronology.expire")
    }));
    assert_eq!(
        app.stored_keys()
            .iter()
            .filter(|key| key.starts_with("scope"))
            .count(),
        0,
        "the chronology's keys are destroyed at once"
    );
    app.advance_seconds(3_600);
    app.run_background_jobs();
    let remaining_keys = app.expiring_keys();
    assert_eq!(
        remaining_keys,
        Vec::<String>::new(),
        "the epoch key is destroyed within the hour"
    );
    assert!(!raw_db::contains_plaintext(app, "canary"));
}

on_both! {
    fn chronology_goes_from_draft_to_tombstone(app) {
        let seed = app.seed();
        answer_invitations(app, &seed);
        assert_timeline_after_due_date(app, &seed);
        assert_contributors_read_the_timeline(app, &seed);
        let (frozen_path, before) = consolidate_and_correct(app, &seed);
        let extended = sign_off_reopen_and_extend(app, &seed, &before);
        assert_all_served_before_expiry(app, &seed);
        assert_nothing_served_after_expiry(app, &seed, &extended, &frozen_path);
        assert_rows_deleted(app);
        assert_tombstones(app, &seed);
        assert_expiry_audited_and_keys_destroyed(app, &seed);
    }

    fn timeline_can_be_filtered(app) {
        let seed = app.seed();
        answer_invitations(app, &seed);
        let owner = app.as_user(User::OWNER);
        let filtered = |query: &str| {
            account_texts(
                &owner
                    .get(&format!("{}?{query}", seed.path_to("timeline")))
                    .expect_ok(),
            )
        };
        assert_eq!(
            filtered(&format!("child={}", seed.other_twin)),
            [
                "registered",
                "moved in with the grandmother",
                "came to the club hungry"
            ]
        );
        assert_eq!(
            filtered(&format!("agency={}", seed.agencies["school"])),
            ["missed the school nurse"]
        );
        assert_eq!(filtered("category=HOME"), Vec::<String>::new());
        assert_eq!(
            filtered("significance=risk&from=2026-01-13"),
            ["weight below the second centile", "came to the club hungry"]
        );
        assert_eq!(
            filtered("to=2025-12-31"),
            ["registered", "moved in with the grandmother"]
        );
        assert_eq!(
            filtered("category=HEALTH&category=LEGAL").len(),
            filtered("category=HEALTH").len()
        );
        assert_eq!(
            owner
                .get(&format!("{}?from=2026-13-01", seed.path_to("timeline")))
                .status,
            422
        );
        assert_eq!(
            owner
                .get(&format!("{}?colour=red", seed.path_to("timeline")))
                .status,
            422
        );
    }

    fn overdue_agency_can_answer_and_change_its_answer(app) {
        let seed = app.seed();
        app.advance_days(11);
        app.run_background_jobs();
        let housing = app.as_user(User::HOUSING);
        let homes = seed.invitation_path("homes");
        assert_eq!(housing.get(&homes).expect_ok()["state"], "overdue");
        assert_eq!(
            housing
                .post(&format!("{homes}/decline"), &decline())
                .expect_ok()["state"],
            "declined"
        );
        assert_eq!(
            housing
                .post(&format!("{homes}/nil-return"), &nil_return())
                .expect_ok()["state"],
            "nil_return"
        );
        let body = housing.get(&homes).expect_ok();
        assert!(body.get("decline_reason").is_none(), "{body}");
        let submitted = housing.post(
            &seed.path_to("fragments"),
            &fragment(&[entry("arrears", "2026-01-01", &[])]),
        );
        let id = submitted.id();
        assert_eq!(housing.get(&homes).expect_ok()["state"], "submitted");
        assert_eq!(
            housing
                .post(&format!("{homes}/nil-return"), &nil_return())
                .field_errors()[0]
                .1,
            "has_return"
        );
        assert_eq!(
            housing
                .delete(&format!("/v1/fragments/{id}"), Some(1))
                .status,
            204
        );
        assert_eq!(housing.get(&homes).expect_ok()["state"], "overdue");
        assert_eq!(
            housing.get(&seed.path_to("timeline")).problem_type(),
            "own_return_first"
        );
    }

    fn opening_reports_every_missing_field(app) {
        let seed = app.seed_draft();
        let owner = app.as_user(User::OWNER);
        let incomplete = json!({"family_id": seed.family, "purpose": "neglect"});
        let id = owner.post("/v1/chronologies", &incomplete).id();
        let refused = owner.post(&format!("/v1/chronologies/{id}/open"), &Value::Null);
        let pointers: Vec<_> = refused
            .field_errors()
            .into_iter()
            .map(|(pointer, _)| pointer)
            .collect();
        assert_eq!(pointers, ["/family_told", "/invitations", "/lawful_basis"]);
        assert_eq!(
            owner.get(&format!("/v1/chronologies/{id}")).expect_ok()["state"],
            "draft"
        );
    }

    fn sign_off_with_waiver_leaves_no_snapshot(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let manager = app.as_user(User::MANAGER);
        let _ = owner
            .post(&seed.path_to("consolidations"), &Value::Null)
            .expect_status(201);
        let waiver = json!({"snapshot": "waive", "waiver_reason": "Canary: already in the record"});
        assert_eq!(
            manager.post(&seed.path_to("sign-off"), &waiver).expect_ok()["state"],
            "signed_off"
        );
        assert_eq!(owner.get(&seed.path_to("snapshot")).status, 404);
    }

    fn waiver_after_reopening_removes_the_earlier_snapshot(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let manager = app.as_user(User::MANAGER);
        let consolidate = || {
            drop(
                owner
                    .post(&seed.path_to("consolidations"), &Value::Null)
                    .expect_status(201),
            )
        };
        consolidate();
        let _ = manager
            .post(&seed.path_to("sign-off"), &json!({"snapshot": "export"}))
            .expect_ok();
        assert_eq!(owner.get(&seed.path_to("snapshot")).status, 200);
        let _ = manager
            .post(
                &seed.path_to("reopen"),
                &json!({"reason": "Another return came"}),
            )
            .expect_ok();
        consolidate();
        let waiver = json!({"snapshot": "waive", "waiver_reason": "Canary: already in the record"});
        let _ = manager.post(&seed.path_to("sign-off"), &waiver).expect_ok();
        assert_eq!(owner.get(&seed.path_to("snapshot")).status, 404);
    }

    fn frozen_views_per_chronology_are_limited(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        for _ in 0..100 {
            let _ = owner
                .post(&seed.path_to("consolidations"), &Value::Null)
                .expect_status(201);
        }
        let refused = owner
            .post(&seed.path_to("consolidations"), &Value::Null)
            .expect_status(422);
        assert!(refused.to_string().contains("too_many_views"), "{refused}");
    }
}
