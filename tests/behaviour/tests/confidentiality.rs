//! What users must not learn indirectly: from the work that a response takes, from protected
//! addresses written into shared texts, and from lists of objects that they may not read.

use behaviour::inputs::{
    ABSENT, adult, child, chronology, entry, fragment, with_members, with_reason,
};
use behaviour::{ApiResponse, Seed, TestApp, User, on_both};
use domain::Role;
use serde_json::{Value, json};
use store::testing::statements::trace_statements;

/// A social worker of the same agency without a case and without permission to read
/// criminal-offence data.
const DUTY: User = User {
    name: "DUTY",
    offence_data: false,
    ..User::COLLEAGUE
};
/// The safeguarding lead of an agency that owns no chronology and is not invited.
const CAMHS_LEAD: User = User {
    name: "CAMHS_LEAD",
    agency: "camhs",
    role: Role::SafeguardingLead,
    offence_data: false,
};

/// What one request cost.
struct Cost {
    status: u16,
    /// The SQL statements issued.
    statements: Vec<String>,
    /// The number of sealed values opened, and their bytes.
    decryptions: (u64, u64),
}

/// Sends a request and measures its cost.
fn measure_cost(app: &TestApp, user: User, method: &str, path: &str) -> Cost {
    app.service.linking.wait_for_links();
    let before = app.vault.decryption_stats().totals();
    let (response, statements) = trace_statements(|| match method {
        "GET" => app.as_user(user).get(path),
        "DELETE" => app.as_user(user).delete(path, Some(1)),
        "PUT" => app.as_user(user).put(path, Some(1), &valid_body(path)),
        "PATCH" => app.as_user(user).patch(path, Some(1), &json!({})),
        _ => app.as_user(user).post(path, &valid_body(path)),
    });
    let after = app.vault.decryption_stats().totals();
    Cost {
        status: response.status,
        statements,
        decryptions: (after.0 - before.0, after.1 - before.1),
    }
}

/// A body that is valid for a path.
fn valid_body(path: &str) -> Value {
    let has = |part: &str| path.contains(part);
    if has("/people/") {
        return adult("Dara", "male");
    }
    if has("/families/") {
        return json!({"label": "Canary", "members": [ABSENT]});
    }
    if has("/fragments/") && has("/extend") {
        return with_reason(json!({"expires_at": "2026-05-01T00:00:00Z"}));
    }
    if has("/fragments") {
        return fragment(&[entry("seen", "2026-01-02", &[])]);
    }
    if has("/nil-return") {
        return json!({"decided_by": "Canary lead"});
    }
    if has("/decline") {
        return json!({
            "decided_by": "Canary lead", "statement": "Canary", "reason": "not_relevant",
        });
    }
    if has("/extend") {
        return with_reason(json!({"expires_at": "2026-05-01T00:00:00Z"}));
    }
    with_reason(json!({}))
}

/// Method and path of every request about an object of the seed, with the same path for an absent
/// object.
fn routes_with_absent_counterparts(seed: &Seed) -> Vec<(&'static str, String, String)> {
    let mut all = Vec::new();
    let mut add = |method: &'static str, route: &str, id: &str| {
        all.push((method, route.replace("{}", id), route.replace("{}", ABSENT)));
    };
    for id in [&seed.twin, &seed.father] {
        add("GET", "/v1/people/{}", id);
        add("PUT", "/v1/people/{}", id);
    }
    add("GET", "/v1/families/{}", &seed.family);
    add("PUT", "/v1/families/{}", &seed.family);
    for rest in [
        "",
        "/timeline",
        "/links",
        "/link-decisions",
        "/fragments",
        "/invitations",
        "/consolidations",
        "/readers",
    ] {
        add(
            "GET",
            &format!("/v1/chronologies/{{}}{rest}"),
            &seed.chronology,
        );
    }
    for rest in ["/open", "/close", "/fragments", "/consolidations"] {
        add(
            "POST",
            &format!("/v1/chronologies/{{}}{rest}"),
            &seed.chronology,
        );
    }
    add("PATCH", "/v1/chronologies/{}", &seed.chronology);
    for rest in ["", "/form"] {
        add(
            "GET",
            &format!("/v1/invitations/{{}}{rest}"),
            &seed.invitations["visitors"],
        );
    }
    for rest in ["/draft", "/nil-return", "/decline"] {
        add(
            "POST",
            &format!("/v1/invitations/{{}}{rest}"),
            &seed.invitations["visitors"],
        );
    }
    add("PATCH", "/v1/invitations/{}", &seed.invitations["visitors"]);
    for rest in ["", "/versions", "/versions/1", "/readers"] {
        add("GET", &format!("/v1/fragments/{{}}{rest}"), &seed.fragment);
    }
    add("PUT", "/v1/fragments/{}", &seed.fragment);
    add("DELETE", "/v1/fragments/{}", &seed.fragment);
    add("GET", "/v1/tombstones/{}", &seed.fragment);
    add("GET", "/v1/tombstones/{}", &seed.chronology);
    all
}

/// A text that names the protected address of the elder twin.
const ADDRESS_TEXT: &str = "now lives at Canary   Refuge";

/// Sends a body with [`ADDRESS_TEXT`] and asserts that it is refused because of the text at
/// `pointer`.
fn assert_address_refused(
    app: &TestApp,
    seed: &Seed,
    by: User,
    method: &str,
    path: &str,
    body: &Value,
    pointer: &str,
) {
    let client = app.as_user(by);
    let response = match method {
        "PATCH" => client.patch(path, Some(client.get(path).version()), body),
        _ => client.post(path, body),
    };
    let (problem_type, errors) = response.problem();
    assert_eq!(
        (response.status, problem_type.as_str()),
        (422, "invalid"),
        "{} {method} {path}: {}",
        by.name,
        response.text()
    );
    let expected = [(pointer.to_owned(), "address_in_clear".to_owned())];
    assert_eq!(errors, expected, "{} {method} {path}", by.name);
    assert!(
        !response.text().contains("Refuge") && !response.text().contains(&seed.twin),
        "the response names neither the place nor the person"
    );
}

/// The address is refused in each text of a fragment.
fn assert_address_refused_in_fragments(app: &TestApp, seed: &Seed) {
    let plain_with =
        |members: Value| with_members(fragment(&[entry("seen", "2026-01-02", &[])]), members);
    for (pointer, body) in [
        (
            "/involvement/support",
            plain_with(json!({"involvement": {"status": "current", "support": ADDRESS_TEXT}})),
        ),
        (
            "/involvement/lead_professional",
            plain_with(
                json!({"involvement": {"status": "current", "lead_professional": ADDRESS_TEXT}}),
            ),
        ),
        (
            "/sharing/reason",
            plain_with(json!({"sharing": {"decided_by": "Canary lead", "reason": ADDRESS_TEXT}})),
        ),
        (
            "/entries/0/what",
            fragment(&[entry(ADDRESS_TEXT, "2026-01-02", &[])]),
        ),
        (
            "/entries/0/outcome",
            fragment(&[with_members(
                entry("seen", "2026-01-02", &[]),
                json!({"outcome": ADDRESS_TEXT}),
            )]),
        ),
    ] {
        // Each by another user, because the refusals of one user are limited.
        let by = User {
            name: Box::leak(pointer.replace('/', "_").into_boxed_str()),
            ..User::LEAD
        };
        assert_address_refused(
            app,
            seed,
            by,
            "POST",
            &seed.path_to("fragments"),
            &body,
            pointer,
        );
    }
}

/// A write with [`ADDRESS_TEXT`] in one text: user, method, path, pointer to the text, and body.
type TextWrite = (User, &'static str, String, &'static str, Value);

/// Writes of texts of chronologies and invitations. Users who may read the address are refused
/// too, so that others do not read it in their texts.
fn writes_of_chronology_texts(seed: &Seed) -> [TextWrite; 6] {
    [
        (
            User::OWNER,
            "PATCH",
            seed.path.clone(),
            "/question",
            json!({"question": ADDRESS_TEXT}),
        ),
        (
            User::OWNER,
            "POST",
            "/v1/chronologies".to_owned(),
            "/question",
            with_members(
                chronology(&seed.family, &[]),
                json!({"question": ADDRESS_TEXT}),
            ),
        ),
        (
            User::OWNER,
            "POST",
            seed.path_to("invitations"),
            "/message",
            json!({
                "agency_id": seed.agencies["camhs"], "practitioners": [], "message": ADDRESS_TEXT,
            }),
        ),
        (
            User::OWNER,
            "PATCH",
            seed.invitation_path("visitors"),
            "/message",
            json!({"message": ADDRESS_TEXT}),
        ),
        (
            User::VISITOR,
            "POST",
            format!("{}/nil-return", seed.invitation_path("visitors")),
            "/statement",
            json!({"decided_by": "Canary lead", "statement": ADDRESS_TEXT}),
        ),
        (
            User::HOUSING,
            "POST",
            format!("{}/decline", seed.invitation_path("homes")),
            "/statement",
            json!({
                "decided_by": "Canary lead", "statement": ADDRESS_TEXT, "reason": "not_relevant",
            }),
        ),
    ]
}

/// Writes of reasons and labels.
fn writes_of_reasons_and_labels(app: &TestApp, seed: &Seed) -> [TextWrite; 4] {
    [
        (
            User::OWNER,
            "POST",
            seed.path_to("extend"),
            "/reason",
            json!({"expires_at": app.in_days(70), "reason": ADDRESS_TEXT}),
        ),
        (
            DUTY,
            "POST",
            "/v1/emergency-accesses".to_owned(),
            "/reason",
            json!({
                "chronology_id": seed.chronology, "reason_code": "child_missing",
                "reason": ADDRESS_TEXT,
            }),
        ),
        (
            User::MANAGER,
            "POST",
            seed.path_to("destruction"),
            "/reason",
            json!({"reason_code": "closed", "reason": ADDRESS_TEXT, "snapshot_waiver": "Canary"}),
        ),
        (
            User::MANAGER,
            "POST",
            "/v1/families".to_owned(),
            "/households/0/label",
            json!({
                "label": "Canaryfell", "members": [seed.twin],
                "households": [{"label": ADDRESS_TEXT, "members": [seed.twin]}],
            }),
        ),
    ]
}

/// Nothing was stored, and the owner and the data protection officer are alerted.
fn assert_refusals_alerted_and_audited(app: &TestApp, seed: &Seed) {
    let owner = app.as_user(User::OWNER);
    assert_eq!(
        owner.get(&seed.path_to("timeline")).expect_ok()["header"]["entry_count"],
        1
    );
    let alerts = app.as_user(User::AUDITOR).get("/v1/alerts").expect_ok()["items"].clone();
    let kinds: Vec<_> = alerts
        .as_array()
        .into_iter()
        .flatten()
        .map(|alert| (alert["kind"].clone(), alert["operation"].clone()))
        .collect();
    assert!(
        kinds.contains(&(json!("address_refused"), json!("invitation.nil_return"))),
        "{kinds:?}"
    );
    assert!(!alerts.to_string().contains("Canary"), "{alerts}");
    let owner_alerts = owner.get("/v1/alerts").expect_ok()["items"].clone();
    assert!(
        owner_alerts
            .as_array()
            .is_some_and(|owner_alerts| owner_alerts.len() > 5
                && owner_alerts
                    .iter()
                    .all(|alert| alert["chronology_ids"] == json!([seed.chronology]))),
        "{owner_alerts}"
    );
    assert_eq!(
        app.as_user(User::COLLEAGUE).get("/v1/alerts").expect_ok()["items"],
        json!([]),
        "others get no alert"
    );
    let records = app
        .as_user(User::AUDITOR)
        .get(&format!(
            "/v1/audit?chronology={}&operation=invitation.nil_return",
            seed.chronology
        ))
        .expect_ok();
    assert_eq!(
        records["items"][0]["outcome"], "address_refused",
        "{records}"
    );
}

/// Submits a fragment with one text, by an agency that may not read the address.
fn guess_address(app: &TestApp, seed: &Seed, text: &str) -> ApiResponse {
    app.as_user(User::WAITING).post(
        &seed.path_to("fragments"),
        &fragment(&[entry(text, "2026-01-02", &[])]),
    )
}

/// After five guesses every text that looks like an address is refused for its author.
fn assert_guesses_are_stopped(app: &TestApp, seed: &Seed) {
    let guess = |text: &str| guess_address(app, seed, text);
    // Every text that looks like an address is refused alike, so that the right one does not
    // stand out.
    let many: Vec<Value> = [
        "14 Elm Close",
        "Canary Refuge",
        "3 Tarn Row",
        "no address at all",
    ]
    .iter()
    .map(|text| entry(text, "2026-01-02", &[]))
    .collect();
    let response = app
        .as_user(User::WAITING)
        .post(&seed.path_to("fragments"), &fragment(&many));
    let pointers: Vec<String> = response
        .field_errors()
        .into_iter()
        .map(|(pointer, _)| pointer)
        .collect();
    assert_eq!(
        pointers,
        ["/entries/0/what", "/entries/1/what", "/entries/2/what"],
        "{}",
        response.text()
    );
    for _ in 1..5 {
        assert_eq!(guess("seen at Canary Refuge").status, 422);
    }
    let stopped = guess("seen at Canary Refuge");
    assert_eq!(
        (stopped.status, stopped.problem_type().as_str()),
        (429, "address_refusals"),
        "{}",
        stopped.text()
    );
    assert!(stopped.header("retry-after").is_some());
    assert_eq!(
        guess("seen at 9 Elm Close").status,
        429,
        "any further guess is refused"
    );
    assert_eq!(
        guess("seen at school").status,
        201,
        "a text that does not look like an address is accepted"
    );
    assert_eq!(
        app.as_user(User::RETURNED)
            .put(
                &format!("/v1/fragments/{}", seed.fragment),
                Some(1),
                &fragment(&[entry("seen", "2026-01-02", &[])])
            )
            .status,
        200,
        "others are not affected"
    );
}

/// Whether a user is shown the protected address of the person at `path`, and whether they find it
/// by the person's NHS number.
fn sees_address(app: &TestApp, path: &str, user: User) -> (bool, bool) {
    let person = app.as_user(user).get(path).expect_ok();
    let found = app.as_user(user).post(
        "/v1/people/find",
        &json!({"nhs_number": behaviour::inputs::nhs_number(0)}),
    );
    let found = if found.status == 200 {
        found.text().contains("Canary Refuge")
    } else {
        false
    };
    (
        person["addresses"].to_string().contains("Canary Refuge"),
        found,
    )
}

/// Changes the protected address and then the other one. Users without a case do not learn of the
/// first change. Returns the body of the second.
fn change_address(app: &TestApp, path: &str) -> Value {
    let before = app.as_user(DUTY).get(path);
    let contributor = app.as_user(User::RETURNED).get(path);
    let mut body = child("Orla", "2019-05-14", 0);
    body["addresses"][1]["lines"] = json!("Canary Refuge, moved");
    app.advance_seconds(60);
    let changed = app
        .as_user(User::OWNER)
        .put(path, Some(1), &body)
        .expect_ok();
    assert_eq!(changed["version"], 2);
    for (user, before) in [(DUTY, before), (User::RETURNED, contributor)] {
        let after = app.as_user(user).get(path);
        assert_eq!(
            (&after.body, after.header("etag")),
            (&before.body, before.header("etag")),
            "{}",
            user.name
        );
    }
    body["addresses"][0]["lines"] = json!("5 Canary Row");
    let _ = app
        .as_user(User::OWNER)
        .put(path, Some(2), &body)
        .expect_ok();
    assert_eq!(
        app.as_user(DUTY).get(path).expect_ok()["version"],
        2,
        "what they are shown has changed once"
    );
    body
}

/// Two agencies submit fragments; one names an address that is not protected yet.
fn submit_texts_with_unprotected_address(app: &TestApp, seed: &Seed) {
    let body = with_members(
        fragment(&[
            entry("lives at 7 Quornbeck Lodge with an aunt", "2026-01-02", &[]),
            entry("weighed", "2026-01-03", &[]),
        ]),
        json!({
            "involvement": {"status": "current", "support": "Canary visits to Quornbeck Lodge"},
        }),
    );
    let _ = app
        .as_user(User::WAITING)
        .post(&seed.path_to("fragments"), &body)
        .expect_status(201);
    let _ = app
        .as_user(User::HOUSING)
        .post(
            &seed.path_to("fragments"),
            &fragment(&[entry("rent paid", "2026-01-04", &[])]),
        )
        .expect_status(201);
}

on_both! {
    fn absent_and_forbidden_objects_cost_the_same(app) {
        let seed = app.seed();
        let mut differences = Vec::new();
        for user in [
            User::STRANGER,
            CAMHS_LEAD,
            User::UNNAMED,
            User::COLLEAGUE,
            DUTY,
            User::AUDITOR,
            User::SUPPORT,
        ] {
            // The first request registers the user; it must not be one of those compared.
            let _ = app.as_user(user).get("/v1/me");
            for (method, existing, absent) in routes_with_absent_counterparts(&seed) {
                let existing_cost = measure_cost(app, user, method, &existing);
                // Skips objects that the user may read and therefore knows.
                let base = existing.split('/').take(4).collect::<Vec<_>>().join("/");
                if existing_cost.status != 404 || app.as_user(user).get(&base).status == 200 {
                    continue;
                }
                let absent_cost = measure_cost(app, user, method, &absent);
                assert_eq!(absent_cost.status, 404, "{} {method} {absent}", user.name);
                if (&existing_cost.statements, existing_cost.decryptions)
                    != (&absent_cost.statements, absent_cost.decryptions)
                {
                    let short = |all: &[String]| {
                        all.iter()
                            .map(|text| text.chars().take(150).collect::<String>())
                            .collect::<Vec<_>>()
                    };
                    differences.push(format!(
                        "{} {method} {existing}: {:?} {:#?}\nabsent: {:?} {:#?}",
                        user.name,
                        existing_cost.decryptions,
                        short(&existing_cost.statements),
                        absent_cost.decryptions,
                        short(&absent_cost.statements)
                    ));
                }
            }
        }
        assert!(
            differences.is_empty(),
            "{} differ:\n{}",
            differences.len(),
            differences.join("\n")
        );
    }

    fn protected_address_is_refused_in_every_shared_text(app) {
        let seed = app.seed();
        assert_address_refused_in_fragments(app, &seed);
        let other_writes = writes_of_chronology_texts(&seed)
            .into_iter()
            .chain(writes_of_reasons_and_labels(app, &seed));
        for (user, method, path, pointer, body) in other_writes {
            assert_address_refused(app, &seed, user, method, &path, &body, pointer);
        }
        assert_refusals_alerted_and_audited(app, &seed);
    }

    fn protected_address_cannot_be_guessed(app) {
        let seed = app.seed();
        assert_guesses_are_stopped(app, &seed);
        app.advance_days(1);
        assert_eq!(guess_address(app, &seed, "seen at 9 Elm Close").status, 201);
        // A write that is refused for another reason does not reveal whether the address is right.
        let faulty = fragment(&[entry("seen at Canary Refuge", "2999-01-01", &[])]);
        let response = app
            .as_user(User::WAITING)
            .post(&seed.path_to("fragments"), &faulty);
        assert!(
            response.status == 422 && !response.text().contains("address_in_clear"),
            "{}",
            response.text()
        );
        // Refusals of users who may read the address are not limited.
        for _ in 0..7 {
            assert_eq!(
                app.as_user(User::OWNER)
                    .patch(
                        &seed.path,
                        Some(app.as_user(User::OWNER).get(&seed.path).version()),
                        &json!({"question": "Canary Refuge?"})
                    )
                    .status,
                422
            );
        }
        app.advance_days(91);
        app.run_background_jobs();
        assert_eq!(
            behaviour::raw_db::row_counts(app)["address_refusals"],
            0,
            "refusals are deleted"
        );
    }

    fn protected_address_requires_a_case_or_emergency_access(app) {
        let seed = app.seed();
        let path = format!("/v1/people/{}", seed.twin);
        let sees = |user: User| sees_address(app, &path, user);
        assert_eq!(
            (sees(User::OWNER), sees(User::MANAGER), sees(User::TEAM)),
            ((true, true), (true, true), (true, true))
        );
        assert_eq!(
            (sees(User::COLLEAGUE), sees(DUTY)),
            ((false, false), (false, false)),
            "working in social care is not enough"
        );
        assert_eq!(sees(User::RETURNED), (false, false));
        let body = change_address(app, &path);
        // A user who does not see all of a person may not replace it.
        let refused = app.as_user(DUTY).put(&path, Some(2), &body);
        assert_eq!(
            (refused.status, refused.problem_type().as_str()),
            (409, "no_case"),
            "{}",
            refused.text()
        );
        let access_body = json!({
            "chronology_id": seed.chronology, "reason_code": "child_missing",
            "reason": "Canary: not seen since noon.",
        });
        let _ = app
            .as_user(DUTY)
            .post("/v1/emergency-accesses", &access_body)
            .id();
        let read = app.as_user(DUTY).get(&path).expect_ok();
        assert!(
            read["addresses"]
                .to_string()
                .contains("Canary Refuge, moved")
                && read["emergency"]["banner"].is_string(),
            "{read}"
        );
        assert_eq!(
            app.as_user(DUTY).put(&path, Some(3), &body).status,
            409,
            "emergency access does not permit writing"
        );
        let records = app
            .as_user(User::AUDITOR)
            .get("/v1/audit?operation=person.read")
            .expect_ok();
        assert!(
            records["items"]
                .as_array()
                .is_some_and(|all| all.iter().any(|record| record["reason"] == "emergency")),
            "{records}"
        );
        app.advance_seconds(3_601);
        assert!(!sees(DUTY).0);
    }

    fn family_is_hidden_after_decline_or_sign_off(app) {
        let seed = app.seed();
        let paths = [
            format!("/v1/people/{}", seed.twin),
            format!("/v1/families/{}", seed.family),
        ];
        let status = |user: User| {
            paths
                .each_ref()
                .map(|path| app.as_user(user).get(path).status)
        };
        assert_eq!(
            (status(User::HOUSING), status(User::RETURNED)),
            ([200; 2], [200; 2])
        );
        let no =
            json!({"decided_by": "Canary lead", "statement": "Canary", "reason": "not_relevant"});
        let _ = app
            .as_user(User::HOUSING)
            .post(&format!("{}/decline", seed.invitation_path("homes")), &no)
            .expect_ok();
        assert_eq!(status(User::HOUSING), [404; 2]);
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("consolidations"), &Value::Null)
            .expect_ok();
        assert_eq!(status(User::RETURNED), [200; 2]);
        let _ = app
            .as_user(User::MANAGER)
            .post(&seed.path_to("sign-off"), &json!({"snapshot": "export"}))
            .expect_ok();
        assert_eq!(status(User::RETURNED), [404; 2]);
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("close"), &Value::Null)
            .expect_ok();
        assert_eq!(
            (status(User::RETURNED), status(User::OWNER)),
            ([404; 2], [200; 2])
        );
    }

    fn every_listed_object_can_be_read(app) {
        let seed = app.seed();
        let _ = app.as_user(User::SUPPORT).post("/v1/families", &json!({
            "label": "Canary of support",
            "members": [
                app.as_user(User::SUPPORT).post("/v1/people", &adult("Sian", "female")).id(),
            ],
        })).id();
        let care_lead = User {
            name: "CARE_LEAD",
            agency: "care",
            role: Role::SafeguardingLead,
            offence_data: false,
        };
        let mut seen = 0;
        for user in behaviour::ALL_USERS
            .iter()
            .copied()
            .chain([care_lead, DUTY, CAMHS_LEAD])
        {
            if user == User::NOBODY || user == User::LEFT {
                continue;
            }
            for list in [
                "families",
                "chronologies",
                "invitations",
                "fragments",
                "practitioners",
                "agencies",
            ] {
                let response = app.as_user(user).get(&format!("/v1/{list}"));
                if response.status != 200 {
                    continue;
                }
                for item in response.json()["items"].as_array().into_iter().flatten() {
                    let path = format!("/v1/{list}/{}", item["id"].as_str().unwrap());
                    assert_eq!(
                        app.as_user(user).get(&path).status,
                        200,
                        "{} {path}",
                        user.name
                    );
                    seen += 1;
                }
            }
        }
        assert!(seen > 100, "{seen}");
        let listed = app.as_user(User::SUPPORT).get("/v1/families").expect_ok()["items"].clone();
        assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
        let _ = seed;
    }

    fn earlier_text_naming_a_protected_address_is_hidden(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        submit_texts_with_unprotected_address(app, &seed);
        let reads = |user: User| {
            let view = app.as_user(user).get(&seed.path_to("timeline")).expect_ok();
            (
                view["header"]["entry_count"].clone(),
                view.to_string().matches("Quornbeck").count(),
            )
        };
        assert_eq!(reads(User::HOUSING), (json!(4), 2));
        let mut person = child("Orla", "2019-05-14", 0);
        person["addresses"][1]["lines"] = json!("7 Quornbeck Lodge, Marlton");
        let _ = owner
            .put(&format!("/v1/people/{}", seed.twin), Some(1), &person)
            .expect_ok();
        assert_eq!(reads(User::HOUSING), (json!(3), 0));
        assert_eq!(
            reads(User::WAITING),
            (json!(4), 2),
            "an agency sees its own text"
        );
        assert_eq!(reads(User::OWNER), (json!(4), 2));
        // The same address, recorded for a sibling without protection, is hidden as well.
        let mut sibling = child("Isla", "2019-05-14", 1);
        sibling["addresses"] = json!([
            {"lines": "7 Quornbeck Lodge", "postcode": "ZZ9 9ZX"},
            {"lines": "4 Canary Row", "postcode": "ZZ9 9ZZ"},
        ]);
        let path = format!("/v1/people/{}", seed.other_twin);
        let _ = owner.put(&path, Some(1), &sibling).expect_ok();
        let shown = app.as_user(User::HOUSING).get(&path).text();
        assert!(
            shown.contains("Canary Row") && !shown.contains("Quornbeck") && !shown.contains("9ZX"),
            "{shown}"
        );
        let found = app
            .as_user(DUTY)
            .post(
                "/v1/people/find",
                &json!({"nhs_number": behaviour::inputs::nhs_number(1)}),
            )
            .text();
        assert!(
            found.contains("Canary Row") && !found.contains("Quornbeck"),
            "{found}"
        );
        // The sibling's record does not lift the refusal in texts, and the address is refused in
        // names too.
        let guess = app.as_user(User::HOUSING).post(
            &seed.path_to("fragments"),
            &fragment(&[entry("seen at Quornbeck Lodge", "2026-01-05", &[])]),
        );
        assert_eq!(
            guess.field_errors(),
            [("/entries/0/what".to_owned(), "address_in_clear".to_owned())]
        );
        sibling["other_names"] = json!([{"given": "of Quornbeck Lodge"}]);
        assert_eq!(
            owner.put(&path, Some(2), &sibling).field_errors(),
            [(
                "/other_names/0/given".to_owned(),
                "address_in_clear".to_owned()
            )]
        );
    }
}
