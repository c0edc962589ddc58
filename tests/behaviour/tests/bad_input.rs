//! Invalid input: the problem names every error by JSON pointer, and nothing stored changes.

use behaviour::inputs::{
    adult, child, chronology, entry, fragment, with_members, with_reason, with_value_at,
    without_member,
};
use behaviour::{ApiResponse, DatabaseKind, Seed, TestApp, User, on_both, raw_db};
use domain::{Category, PartnershipPolicy};
use serde_json::{Value, json};

const ABSENT: &str = "01999999-0000-7000-8000-00000000dead";
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// Sends a request and asserts that it is refused with a problem and changes nothing except for one
/// audit record.
#[track_caller]
fn send_refused(app: &TestApp, send: impl FnOnce() -> ApiResponse) -> ApiResponse {
    let mut before = raw_db::row_counts(app);
    let response = send();
    let after = raw_db::row_counts(app);
    before
        .entry("audit_records".into())
        .and_modify(|records| *records += 1);
    assert_eq!(after, before, "{} {}", response.request, response.text());
    assert!(
        (400..500).contains(&response.status),
        "{}: {} {}",
        response.request,
        response.status,
        response.text()
    );
    assert_eq!(
        response.header("content-type"),
        Some("application/problem+json"),
        "{}",
        response.request
    );
    assert!(
        !response.text().contains("Canary"),
        "a problem must not quote the input: {}",
        response.text()
    );
    response
}

/// Asserts the status and exactly these field errors.
#[track_caller]
fn assert_field_errors(response: &ApiResponse, status: u16, expected: &[(&str, &str)]) {
    let found = response.field_errors();
    let expected: Vec<_> = expected
        .iter()
        .map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned()))
        .collect();
    assert_eq!(
        (response.status, found),
        (status, expected),
        "{}",
        response.text()
    );
}

fn valid_fragment(seed: &Seed) -> Value {
    fragment(&[
        entry("a burn", "2026-01-02", &[&seed.twin]),
        entry("a graze", "2026-01-03", &[]),
    ])
}

fn raw_post(app: &TestApp, path: &str, key: &str, body: &[u8]) -> ApiResponse {
    app.as_user(User::WAITING)
        .send("POST", path, &[JSON, ("Idempotency-Key", key)], body)
}

/// Malformed bodies made from a valid one: description, body, status and error code.
fn malformed_bodies(valid_json: &str) -> Vec<(&'static str, Vec<u8>, u16, &'static str)> {
    let with_duplicate_member =
        valid_json.replacen("\"what\":", "\"what\":\"Canary first\",\"what\":", 1);
    vec![
        (
            "cut off",
            valid_json.as_bytes()[..valid_json.len() / 2].to_vec(),
            400,
            "not_json",
        ),
        (
            "not UTF-8",
            [&b"{\"entries\":[{\"what\":\""[..], &[0xc3, 0x28], b"\"}]}"].concat(),
            400,
            "not_utf8",
        ),
        (
            "a lone surrogate",
            valid_json.replacen("Canary", "\\ud800", 1).into_bytes(),
            400,
            "not_json",
        ),
        (
            "twice the same member",
            with_duplicate_member.into_bytes(),
            400,
            "duplicate_member",
        ),
        (
            "nested deeply",
            ["[".repeat(40).into_bytes(), "]".repeat(40).into_bytes()].concat(),
            400,
            "too_deep",
        ),
        (
            "nested without end",
            "[".repeat(200_000).into_bytes(),
            400,
            "too_deep",
        ),
        (
            "something after it",
            format!("{valid_json}x").into_bytes(),
            400,
            "not_json",
        ),
        ("a list", b"[]".to_vec(), 422, "wrong_type"),
        (
            "text with NUL",
            valid_json.replacen("Canary", "\\u0000", 1).into_bytes(),
            422,
            "nul_character",
        ),
    ]
}

/// Invalid dates and teams of a chronology are reported.
fn assert_invalid_chronologies_refused(app: &TestApp, seed: &Seed) {
    let post =
        |path: &str, body: &Value| send_refused(app, || app.as_user(User::OWNER).post(path, body));
    let body = with_members(
        chronology(&seed.family, &[&seed.people["RETURNED"]]),
        json!({"expires_at": app.in_days(331), "due_at": app.in_days(332)}),
    );
    let found = post("/v1/chronologies", &body);
    let faults = found.field_errors();
    for (pointer, code) in [
        ("/due_at", "after_expiry"),
        ("/expires_at", "beyond_policy"),
        ("/team/0", "unknown"),
    ] {
        assert!(
            faults.contains(&(pointer.to_owned(), code.to_owned())),
            "{pointer}: {}",
            found.text()
        );
    }
    let past = with_members(
        chronology(&seed.family, &[]),
        json!({"expires_at": "2026-03-02T09:30:00Z"}),
    );
    assert!(
        post("/v1/chronologies", &past)
            .field_errors()
            .contains(&("/expires_at".to_owned(), "past".to_owned()))
    );
}

on_both! {
    fn malformed_json_is_refused_with_its_error_code(app) {
        let seed = app.seed();
        let path = seed.path_to("fragments");
        let valid_json = valid_fragment(&seed).to_string();
        let cases = malformed_bodies(&valid_json);
        for (number, (case, body, status, code)) in cases.into_iter().enumerate() {
            let response = send_refused(app, || {
                raw_post(app, &path, &format!("bad-{number}"), &body)
            });
            assert_eq!(
                (response.status, response.field_errors()[0].1.as_str()),
                (status, code),
                "{case}: {}",
                response.text()
            );
        }
        let large = vec![b' '; 2 * 1024 * 1024 + 1];
        assert_eq!(
            send_refused(app, || raw_post(app, &path, "large", &large)).status,
            413
        );
        let send = |kind: &str| {
            app.as_user(User::WAITING).send(
                "POST",
                &path,
                &[("Content-Type", kind), ("Idempotency-Key", "kind")],
                valid_json.as_bytes(),
            )
        };
        assert_eq!(send_refused(app, || send("text/plain")).status, 415);
        assert_eq!(
            send_refused(app, || send("application/json; charset=latin1")).status,
            415
        );
    }

    fn all_errors_of_a_fragment_are_reported_together(app) {
        let seed = app.seed();
        let path = seed.path_to("fragments");
        let post =
            |body: &Value| send_refused(app, || app.as_user(User::WAITING).post(&path, body));
        let body = valid_fragment(&seed);

        // All errors of the JSON's structure are reported together.
        let malformed = with_value_at(body.clone(), "/entries/0/what", json!(7));
        let malformed = with_value_at(malformed, "/entries/1/colour", json!("red"));
        let malformed = without_member(malformed, "/sharing/reason");
        let malformed = with_value_at(malformed, "/entries/1/significance", json!("terrible"));
        let malformed = with_value_at(malformed, "/entries/0/source/role", json!(""));
        let found = post(&malformed);
        let pointers: Vec<_> = found
            .field_errors()
            .into_iter()
            .map(|(pointer, _)| pointer)
            .collect();
        assert_eq!(found.status, 422);
        for pointer in [
            "/entries/0/source/role",
            "/entries/0/what",
            "/entries/1/colour",
            "/entries/1/significance",
        ] {
            assert!(
                pointers.iter().any(|found| found == pointer),
                "{pointer} in {pointers:?}"
            );
        }
        assert!(
            pointers.iter().any(|found| found.starts_with("/sharing")),
            "{pointers:?}"
        );

        // All errors of the values are reported together.
        let body = with_value_at(body, "/entries/0/when", json!({"edtf": "2026-02-30"}));
        let body = with_value_at(body, "/entries/0/children", json!([seed.twin, ABSENT]));
        let body = with_value_at(body, "/entries/0/category", json!("UNHEARD_OF"));
        let body = with_value_at(body, "/entries/1/when", json!({"edtf": "2026-03-09"}));
        let body = without_member(body, "/entries/1/action_taken");
        let body = with_value_at(
            body,
            "/entries/1/adults",
            json!([{"person": ABSENT, "role": "father"}]),
        );
        let body = with_value_at(
            body,
            "/entries/1/handling",
            json!({"marking": "normal", "named_agencies": [seed.agencies["police"]]}),
        );
        let body = with_members(
            body,
            json!({"expires_at": app.in_days(61), "child_id": seed.father}),
        );
        assert_field_errors(
            &post(&body),
            422,
            &[
                ("/child_id", "not_in_family"),
                ("/entries/0/category", "unknown"),
                ("/entries/0/children/1", "not_in_family"),
                ("/entries/0/when/edtf", "impossible_date"),
                ("/entries/1/action_taken", "required"),
                ("/entries/1/adults/0/person", "not_in_family"),
                ("/entries/1/handling/named_agencies", "not_restricted"),
                ("/entries/1/when/edtf", "future_date"),
                ("/expires_at", "beyond_policy"),
            ],
        );
    }

    fn impossible_dates_are_refused(app) {
        let seed = app.seed();
        let path = seed.path_to("fragments");
        for (when, pointer, code) in [
            (json!({"edtf": "2026-13"}), "edtf", "impossible_date"),
            (json!({"edtf": "2025-02-29"}), "edtf", "impossible_date"),
            (
                json!({"edtf": "2026-01-02T25:00"}),
                "edtf",
                "impossible_date",
            ),
            (
                json!({"edtf": "2026-02-01/2026-01-01"}),
                "edtf",
                "end_before_start",
            ),
            (json!({"edtf": "yesterday"}), "edtf", "unparseable_date"),
            (
                json!({"words": "some time or other"}),
                "words",
                "unparseable_date",
            ),
            (json!({"words": "31.04.2025"}), "words", "impossible_date"),
            (json!({"edtf": "2027"}), "edtf", "future_date"),
        ] {
            let body = with_value_at(valid_fragment(&seed), "/entries/0/when", when.clone());
            let response = send_refused(app, || app.as_user(User::WAITING).post(&path, &body));
            assert_field_errors(
                &response,
                422,
                &[(&format!("/entries/0/when/{pointer}"), code)],
            );
        }
        let body = with_value_at(valid_fragment(&seed), "/entries/0/when", json!({}));
        assert_field_errors(
            &send_refused(app, || app.as_user(User::WAITING).post(&path, &body)),
            422,
            &[("/entries/0/when", "required")],
        );
    }

    fn fragment_cannot_be_submitted_for_another_agency(app) {
        let seed = app.seed();
        let path = seed.path_to("fragments");
        let body = with_members(
            valid_fragment(&seed),
            json!({"on_behalf_of": seed.agencies["police"]}),
        );
        assert_eq!(
            send_refused(app, || app.as_user(User::WAITING).post(&path, &body)).status,
            404,
            "only social care can submit for another agency"
        );
        assert_field_errors(
            &send_refused(app, || app.as_user(User::OWNER).post(&path, &body)),
            422,
            &[("/on_behalf_of", "not_possible")],
        );
        let with_agency_id = with_members(
            valid_fragment(&seed),
            json!({"agency_id": seed.agencies["police"]}),
        );
        assert_field_errors(
            &send_refused(app, || {
                app.as_user(User::WAITING).post(&path, &with_agency_id)
            }),
            422,
            &[("/agency_id", "unknown_property")],
        );
        let with_entry_agency = with_value_at(
            valid_fragment(&seed),
            "/entries/0/agency",
            json!(seed.agencies["police"]),
        );
        assert_field_errors(
            &send_refused(app, || {
                app.as_user(User::WAITING).post(&path, &with_entry_agency)
            }),
            422,
            &[("/entries/0/agency", "unknown_property")],
        );
        assert_eq!(
            send_refused(app, || app.as_user(User::WAITING).put(
                &format!("/v1/fragments/{}", seed.fragment),
                Some(1),
                &valid_fragment(&seed)
            ))
            .status,
            404
        );
    }

    fn invalid_correction_leaves_the_fragment_unchanged(app) {
        let seed = app.seed();
        let path = format!("/v1/fragments/{}", seed.fragment);
        let before = app.as_user(User::RETURNED).get(&path);
        let body = with_value_at(
            valid_fragment(&seed),
            "/entries/1/children",
            json!([ABSENT]),
        );
        assert_field_errors(
            &send_refused(app, || {
                app.as_user(User::RETURNED).put(&path, Some(1), &body)
            }),
            422,
            &[("/entries/1/children/0", "not_in_family")],
        );
        for unrelated in [ABSENT, &seed.father] {
            let body = with_members(valid_fragment(&seed), json!({"child_id": unrelated}));
            assert_field_errors(
                &send_refused(app, || {
                    app.as_user(User::RETURNED).put(&path, Some(1), &body)
                }),
                422,
                &[("/child_id", "not_in_family")],
            );
        }
        let repeated = with_value_at(
            with_value_at(valid_fragment(&seed), "/entries/0/reference", json!("E1")),
            "/entries/1/reference",
            json!("E1"),
        );
        assert_field_errors(
            &send_refused(app, || {
                app.as_user(User::RETURNED).put(&path, Some(1), &repeated)
            }),
            422,
            &[("/entries/1/reference", "repeated")],
        );
        assert_eq!(app.as_user(User::RETURNED).get(&path).body, before.body);
    }

    fn invalid_people_and_families_are_refused(app) {
        let seed = app.seed_draft();
        let owner = app.as_user(User::OWNER);
        let post = |path: &str, body: &Value| send_refused(app, || owner.post(path, body));
        let invalid = with_members(
            child("Nia", "2026-03-03", 5),
            json!({
                "nhs_number": "9434765918", "upn": "A801200005001",
                "no_nhs_number_reason": "unborn",
            }),
        );
        let found = post("/v1/people", &invalid);
        for (pointer, code) in [
            ("/birth/date", "future_date"),
            ("/nhs_number", "check_digit"),
            ("/upn", "check_digit"),
        ] {
            assert!(
                found
                    .field_errors()
                    .contains(&(pointer.to_owned(), code.to_owned())),
                "{}",
                found.text()
            );
        }
        assert_field_errors(
            &post(
                "/v1/people",
                &without_member(child("Nia", "2020-01-01", 5), "/nhs_number"),
            ),
            422,
            &[("/no_nhs_number_reason", "required")],
        );
        let born = with_value_at(
            child("Nia", "2020-01-01", 5),
            "/birth/date",
            json!("2020-02-30"),
        );
        assert_eq!(post("/v1/people", &born).field_errors()[0].0, "/birth/date");
        assert_eq!(
            post(
                "/v1/people",
                &with_value_at(adult("Rhys", "male"), "/name/given", json!(""))
            )
            .field_errors()[0]
                .0,
            "/name/given"
        );
        let family = json!({
            "label": "Canary", "members": [seed.twin, ABSENT],
            "relationships": [
                {"from": seed.twin, "kind": "twin_of", "to": seed.twin},
                {"from": seed.father, "kind": "father_of", "to": seed.twin},
            ],
            "households": [{"label": "Canary", "members": [seed.mother]}],
        });
        assert_field_errors(
            &post("/v1/families", &family),
            422,
            &[
                ("/households/0/members/0", "not_a_member"),
                ("/members/1", "unknown"),
                ("/relationships/0/to", "same_person"),
                ("/relationships/1/from", "not_a_member"),
            ],
        );
        // A person recorded by another agency gets the same error as one who does not exist.
        let recorded_elsewhere = app
            .as_user(User::STRANGER)
            .post("/v1/people", &adult("Theirs", "male"))
            .id();
        assert_field_errors(
            &post(
                "/v1/families",
                &json!({"label": "Canary", "members": [recorded_elsewhere]}),
            ),
            422,
            &[("/members/0", "unknown")],
        );
    }

    fn invalid_chronologies_invitations_and_holds_are_refused(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let post = |path: &str, body: &Value| send_refused(app, || owner.post(path, body));
        assert_invalid_chronologies_refused(app, &seed);
        assert_field_errors(
            &post(&seed.path_to("invitations"), &json!({"agency_id": ABSENT})),
            422,
            &[("/agency_id", "unknown")],
        );
        assert_eq!(
            post(
                &seed.path_to("invitations"),
                &json!({"agency_id": seed.agencies["school"]})
            )
            .status,
            409,
            "already invited"
        );
        let elsewhere = json!({
            "agency_id": seed.agencies["camhs"], "practitioners": [seed.people["RETURNED"]],
        });
        assert_field_errors(
            &post(&seed.path_to("invitations"), &elsewhere),
            422,
            &[("/practitioners/0", "unknown")],
        );
        assert_field_errors(
            &post(
                &seed.path_to("extend"),
                &with_reason(json!({"expires_at": app.in_days(331)})),
            ),
            422,
            &[("/expires_at", "beyond_policy")],
        );
        assert_eq!(
            post(&seed.path_to("open"), &json!({"now": true})).status,
            422,
            "the operation takes no body"
        );
        let manager = app.as_user(User::MANAGER);
        let hold = json!({
            "scope": "all", "target_id": seed.chronology, "reason": "Canary",
            "review_at": app.in_days(400),
        });
        assert_field_errors(
            &send_refused(app, || manager.post("/v1/holds", &hold)),
            422,
            &[("/review_at", "out_of_range"), ("/target_id", "unknown")],
        );
        let agency = json!({"code": "Bad Code", "name": "", "kind": "circus"});
        let found = send_refused(app, || manager.post("/v1/agencies", &agency));
        let pointers: Vec<_> = found
            .field_errors()
            .into_iter()
            .map(|(pointer, _)| pointer)
            .collect();
        assert_eq!(pointers, ["/code", "/kind", "/name"]);
        let taken = json!({"code": "school", "name": "Another", "kind": "education"});
        assert_eq!(
            send_refused(app, || manager.post("/v1/agencies", &taken)).status,
            409
        );
    }

    fn unknown_paths_and_query_values_are_refused(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        for path in [
            "/v1/chronologies/1",
            "/v1/chronologies/not-an-id-but-exactly-thirty-six-ch",
            "/v1/fragments/%00",
            &*seed.path_to("consolidations/x"),
            &*format!("/v1/fragments/{}/versions/-1", seed.fragment),
            &*format!(
                "/v1/fragments/{}/versions/99999999999999999999",
                seed.fragment
            ),
        ] {
            assert_eq!(send_refused(app, || owner.get(path)).status, 404, "{path}");
        }
        for query in [
            "child=x",
            "significance=loud",
            "from=soon",
            "category=lower",
            "limit=2&limit=3",
            "cursor=",
        ] {
            assert_eq!(
                send_refused(app, || owner
                    .get(&seed.path_to(&format!("timeline?{query}"))))
                .status,
                422,
                "{query}"
            );
        }
        let found = owner.get(&seed.path_to("timeline?category=WEATHER&category=HOME&category=lower&child=x&significance=loud&from=soon"));
        assert_field_errors(
            &found,
            422,
            &[
                ("/query/category/0", "unknown"),
                ("/query/category/2", "unknown"),
                ("/query/child/0", "wrong_format"),
                ("/query/from", "wrong_format"),
                ("/query/significance/0", "not_on_the_list"),
            ],
        );
        assert!(
            !found.text().contains("WEATHER"),
            "the problem must not quote the value"
        );
        assert_eq!(owner.send("PATCH", "/v1/me", &[], &[]).status, 405);
        assert_eq!(owner.get("/v1/nothing").status, 404);
    }
}

#[test]
fn timeline_filters_by_a_partnerships_own_category() {
    let own = (
        Category::new("FIRE").unwrap(),
        "fires and fire safety".to_owned(),
    );
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgresql] {
        let policy = PartnershipPolicy {
            extra_categories: vec![own.clone()],
            ..PartnershipPolicy::default()
        };
        let app = TestApp::with_policy(kind, policy);
        let seed = app.seed();
        let fire =
            behaviour::inputs::entry_with_category(("a pan caught fire", "2026-01-20", "FIRE"));
        let _ = app
            .as_user(User::WAITING)
            .post(&seed.path_to("fragments"), &fragment(&[fire]))
            .expect_ok();
        let found = app
            .as_user(User::OWNER)
            .get(&seed.path_to("timeline?category=FIRE&category=LEGAL"))
            .expect_ok();
        assert_eq!(found["rows"].as_array().map(Vec::len), Some(1), "{found}");
        assert_field_errors(
            &app.as_user(User::OWNER)
                .get(&seed.path_to("timeline?category=FIRE&category=FLOOD")),
            422,
            &[("/query/category/1", "unknown")],
        );
    }
}

/// Numbers outside the ranges that the NHS issues: zeros, equal digits, and numbers before, between
/// and after the ranges.
const NEVER_ISSUED: [&str; 6] = [
    "0000000000",
    "1111111111",
    "444 444 4444",
    "0100999999",
    "5000000005",
    "9434765919",
];

#[test]
fn never_issued_nhs_numbers_are_refused() {
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgresql] {
        let app = TestApp::start(kind);
        let seed = app.seed();
        for number in NEVER_ISSUED {
            assert_number_refused(&app, &seed.twin, number);
        }
    }
}

#[test]
fn test_nhs_numbers_are_refused_by_default() {
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgresql] {
        let app = TestApp::with_exact_policy(kind, PartnershipPolicy::default());
        let owner = app.as_user(User::OWNER);
        let issued = with_members(
            child("Nia", "2020-01-01", 5),
            json!({"nhs_number": "4010232137"}),
        );
        let person = owner.post("/v1/people", &issued).id();
        assert_number_refused(&app, &person, &behaviour::inputs::nhs_number(5));
    }
}

/// Asserts that the number is refused wherever the API accepts one: creating, changing and finding
/// a child, and emergency access.
fn assert_number_refused(app: &TestApp, person: &str, number: &str) {
    let expected = [("/nhs_number", "never_issued")];
    let owner = app.as_user(User::OWNER);
    let invalid = with_members(child("Nia", "2020-01-01", 5), json!({"nhs_number": number}));
    assert_field_errors(&owner.post("/v1/people", &invalid), 422, &expected);
    assert_field_errors(
        &owner.put(&format!("/v1/people/{person}"), Some(1), &invalid),
        422,
        &expected,
    );
    assert_field_errors(
        &owner.post("/v1/people/find", &json!({"nhs_number": number})),
        422,
        &expected,
    );
    let emergency_access = json!({
        "nhs_number": number, "reason_code": "child_missing", "reason": "Canary reason: not seen.",
    });
    let response = app
        .as_user(User::COLLEAGUE)
        .post("/v1/emergency-accesses", &emergency_access);
    assert_field_errors(&response, 422, &expected);
    assert!(
        !response.json()["errors"].to_string().contains(number),
        "{}",
        response.text()
    );
}
