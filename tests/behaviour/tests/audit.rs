//! Auditing: every request writes one audit record, and no content is returned without one.

use behaviour::inputs::{
    adult, child, decline, entry, fragment, nil_return, with_members, with_reason,
};
use behaviour::{ApiResponse, Seed, TestApp, User, on_both, raw_db};
use domain::Operation;
use serde_json::{Value, json};

const ABSENT: &str = "01999999-0000-7000-8000-00000000dead";
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// One operation of the OpenAPI document: method, path and audit operation name.
struct AuditedOperation {
    method: String,
    path: String,
    event: String,
}

/// All operations of the OpenAPI document.
fn audited_operations() -> Vec<AuditedOperation> {
    let document: Value = serde_json::from_str(&api::openapi_json()).expect("JSON");
    let paths = document["paths"].as_object().cloned().unwrap_or_default();
    let operations_of = |(path, methods): (String, Value)| {
        let methods = methods.as_object().cloned().unwrap_or_default();
        methods
            .into_iter()
            .filter(|(method, _)| method != "parameters")
            .map(move |(method, operation)| {
                let event = operation["x-audit-event"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{method} {path} has no event"))
                    .to_owned();
                AuditedOperation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    event,
                }
            })
    };
    let all: Vec<_> = paths
        .into_iter()
        .filter(|(path, _)| path.starts_with("/v1"))
        .flat_map(operations_of)
        .collect();
    assert!(all.len() >= 53, "{}", all.len());
    all
}

/// Sends a request and returns the response and the single audit record it wrote.
#[track_caller]
fn send_and_find_record(app: &TestApp, send: impl FnOnce() -> ApiResponse) -> (ApiResponse, Value) {
    let count_before = raw_db::count_audit_records(app);
    let response = send();
    assert_eq!(
        raw_db::count_audit_records(app),
        count_before + 1,
        "{}: {} {}",
        response.request,
        response.status,
        response.text()
    );
    let id = response
        .header("x-request-id")
        .unwrap_or_default()
        .to_owned();
    let first_page = app
        .as_user(User::AUDITOR)
        .get("/v1/audit?limit=500")
        .expect_ok();
    let records = load_remaining_pages(app, first_page);
    let found: Vec<_> = records
        .into_iter()
        .filter(|record| record["request_id"] == json!(id))
        .collect();
    assert_eq!(
        found.len(),
        1,
        "{}: the record names the request",
        response.request
    );
    assert_object_kind(&found[0]);
    (response, found[0].clone())
}

/// The kind of the object that a record names is one of those in the table of operations.
#[track_caller]
fn assert_object_kind(record: &Value) {
    let operation: Operation = record["operation"]
        .as_str()
        .and_then(|word| word.parse().ok())
        .expect("an operation");
    if let Some(kind) = record["object_kind"].as_str() {
        let kinds = operation.spec().objects;
        assert!(
            kinds.iter().any(|known| known.as_str() == kind),
            "{operation}: {kind}"
        );
    }
}

fn load_remaining_pages(app: &TestApp, mut page: Value) -> Vec<Value> {
    let mut items = page["items"].as_array().cloned().unwrap_or_default();
    while let Some(next) = page["next"].as_str() {
        page = app
            .as_user(User::AUDITOR)
            .get(&format!("/v1/audit?limit=500&cursor={next}"))
            .expect_ok();
        items.extend(page["items"].as_array().cloned().unwrap_or_default());
    }
    items
}

fn path_of_existing(seed: &Seed, consolidation: &str, path: &str) -> String {
    path.replace("{agency_id}", &seed.agencies["school"])
        .replace("{practitioner_id}", &seed.people["RETURNED"])
        .replace("{person_id}", &seed.twin)
        .replace("{family_id}", &seed.family)
        .replace("{chronology_id}", &seed.chronology)
        .replace("{invitation_id}", &seed.invitations["school"])
        .replace("{fragment_id}", &seed.fragment)
        .replace("{consolidation_id}", consolidation)
        .replace("{tombstone_id}", ABSENT)
        .replace("{version}", "1")
        .replace("{agency_reference}", "NEW")
}

fn path_of_absent(path: &str) -> String {
    let ids = path.split('/').map(|part| match part {
        "{version}" => "1",
        "{agency_reference}" => "NEW",
        "{level}" => "7",
        "{index}" => "5",
        part if part.starts_with('{') => ABSENT,
        part => part,
    });
    ids.collect::<Vec<_>>().join("/")
}

fn make_audit_inserts_fail(app: &TestApp) {
    raw_db::execute(
        app,
        "CREATE TRIGGER no_audit BEFORE INSERT ON audit_records BEGIN SELECT RAISE(ABORT, 'no audit'); END;",
        "CREATE FUNCTION no_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no audit'; END $$;
         CREATE TRIGGER no_audit BEFORE INSERT ON audit_records FOR EACH ROW EXECUTE FUNCTION no_audit();",
    );
}

/// Objects that exist when the operations are requested.
struct ExistingObjects {
    seed: Seed,
    consolidation: String,
    link_decision: String,
    person_link: String,
    emergency_access: String,
    /// A record of the audit that has its position in the ledger.
    audit_record: String,
}

impl ExistingObjects {
    /// The path of an operation with the identifiers of these objects.
    fn path(&self, path: &str) -> String {
        let path = path.replace("{emergency_access_id}", &self.emergency_access);
        let path = path_of_existing(&self.seed, &self.consolidation, &path)
            .replace("{link_decision_id}", &self.link_decision)
            .replace("{link_id}", &self.person_link);
        path.replace("{audit_id}", &self.audit_record)
            .replace("{level}", "0")
            .replace("{index}", "0")
    }
}

/// Creates an object of every kind that does not need a sign-off or a deletion.
fn create_existing_objects(app: &TestApp) -> ExistingObjects {
    let seed = app.seed();
    let frozen = app
        .as_user(User::OWNER)
        .post(&seed.path_to("consolidations"), &Value::Null)
        .id();
    let _ = app
        .as_user(User::MANAGER)
        .post(&seed.path_to("reopen"), &with_reason(json!({})))
        .expect_ok();
    let second_fragment = app.as_user(User::RETURNED).post(
        &seed.path_to("fragments"),
        &fragment(&[entry("a cut", "2026-01-20", &[])]),
    );
    let entries = [
        format!("/v1/fragments/{}", seed.fragment),
        format!("/v1/fragments/{}", second_fragment.id()),
    ]
    .map(|path| app.as_user(User::OWNER).get(&path).expect_ok()["entries"][0]["id"].clone());
    let link = json!({
        "decision": "related", "entries": [entries[0]], "with": [entries[1]], "reason": "Canary",
    });
    let link = app
        .as_user(User::OWNER)
        .post(&seed.path_to("link-decisions"), &link)
        .id();
    let same_child = child("Orla", "2019-05-14", 0);
    let person = app
        .as_user(User::WAITING)
        .post("/v1/people", &same_child)
        .id();
    let family = app
        .as_user(User::WAITING)
        .post(
            "/v1/families",
            &json!({"label": "Canary", "members": [person]}),
        )
        .id();
    let advance_submission = with_members(
        fragment(&[entry("a burn", "2026-01-21", &[])]),
        json!({"family_id": family, "expires_at": app.in_days(9)}),
    );
    let _ = app
        .as_user(User::WAITING)
        .post("/v1/fragments", &advance_submission)
        .expect_ok();
    let person_link = app
        .as_user(User::OWNER)
        .get(&seed.path_to("person-links"))
        .expect_ok()["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let emergency_access = json!({
        "chronology_id": seed.chronology, "reason_code": "court_order", "reason": "Canary",
    });
    let access = app
        .as_user(User::COLLEAGUE)
        .post("/v1/emergency-accesses", &emergency_access)
        .id();
    app.service
        .kernel
        .sequence_audit()
        .expect("records are sequenced");
    let sequenced_record = app
        .as_user(User::AUDITOR)
        .get("/v1/audit?limit=1")
        .expect_ok()["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    ExistingObjects {
        seed,
        consolidation: frozen,
        link_decision: link,
        person_link,
        emergency_access: access,
        audit_record: sequenced_record,
    }
}

/// A request with an unknown query parameter is recorded as invalid.
fn assert_invalid_request_recorded(app: &TestApp, operation: &AuditedOperation, existing: &str) {
    let AuditedOperation {
        method,
        path,
        event,
    } = operation;
    let with_unknown_parameter = format!("{existing}?zzz=1");
    let key = format!("strange {method}{path}").replace(' ', "-");
    let headers = [
        JSON,
        ("Idempotency-Key", key.as_str()),
        ("If-Match", "\"1\""),
    ];
    let (response, found) = send_and_find_record(app, || {
        app.as_user(User::OWNER)
            .send(method, &with_unknown_parameter, &headers, &[])
    });
    assert_eq!(
        (response.status, &found["outcome"], &found["operation"]),
        (422, &json!("invalid"), &json!(event)),
        "{method} {path}"
    );
}

/// A request for an absent object by an uninvolved practitioner is recorded as denied.
fn assert_denied_request_recorded(app: &TestApp, operation: &AuditedOperation) {
    let AuditedOperation {
        method,
        path,
        event,
    } = operation;
    let body: &[u8] = if method == "GET" || method == "DELETE" {
        &[]
    } else {
        b"{\"zzz\": 1}"
    };
    let key = format!("denied {method}{path}").replace(' ', "-");
    let headers = [
        JSON,
        ("Idempotency-Key", key.as_str()),
        ("If-Match", "\"1\""),
    ];
    let (response, found) = send_and_find_record(app, || {
        app.as_user(User::STRANGER)
            .send(method, &path_of_absent(path), &headers, body)
    });
    assert_eq!(found["operation"], json!(event), "{method} {path}");
    let outcome = match response.status {
        200 => "allowed",
        404 => "denied",
        _ => "invalid",
    };
    assert_eq!(
        found["outcome"],
        outcome,
        "{method} {path}: {}",
        response.text()
    );
}

/// Reads an existing object as each user until one may read it; returns the record of that read.
fn read_and_find_record(
    app: &TestApp,
    operation: &AuditedOperation,
    existing: &str,
) -> Option<Value> {
    let AuditedOperation { path, event, .. } = operation;
    let readers = [User::OWNER, User::MANAGER, User::RETURNED, User::AUDITOR];
    readers.iter().find_map(|user| {
        let required_query = if path.ends_with("/consistency") {
            "?from=0&to=1"
        } else {
            ""
        };
        let (response, found) = send_and_find_record(app, || {
            app.as_user(*user)
                .get(&format!("{existing}{required_query}"))
        });
        assert_eq!(found["operation"], json!(event), "{path}");
        (response.status == 200).then_some(found)
    })
}

/// A write with an idempotency key, and the audit operation name that it is recorded under.
struct AuditedWrite {
    event: &'static str,
    user: User,
    key: &'static str,
    path: String,
    body: Value,
}

/// The fragment that the surgery submits.
fn surgery_fragment() -> Value {
    fragment(&[entry("a burn", "2026-01-02", &[])])
}

fn audited_write(
    event: &'static str,
    user: User,
    key: &'static str,
    path: String,
    body: Value,
) -> AuditedWrite {
    AuditedWrite {
        event,
        user,
        key,
        path,
        body,
    }
}

/// The surgery's answers to its invitation, and the owner's decisions about a link.
fn answers_and_decisions(seed: &Seed, link: &Value, withdrawal: &str) -> [AuditedWrite; 7] {
    let invitation = |rest: &str| format!("{}/{rest}", seed.invitation_path("surgery"));
    [
        audited_write(
            "invitation.draft",
            User::WAITING,
            "w0",
            invitation("draft"),
            Value::Null,
        ),
        audited_write(
            "invitation.decline",
            User::WAITING,
            "w1",
            invitation("decline"),
            decline(),
        ),
        audited_write(
            "invitation.nil_return",
            User::WAITING,
            "w2",
            invitation("nil-return"),
            nil_return(),
        ),
        audited_write(
            "fragment.submit",
            User::WAITING,
            "w3",
            seed.path_to("fragments"),
            surgery_fragment(),
        ),
        audited_write(
            "link.decide",
            User::OWNER,
            "w10",
            seed.path_to("link-decisions"),
            link.clone(),
        ),
        audited_write(
            "link.decide",
            User::OWNER,
            "w11",
            withdrawal.to_owned(),
            with_reason(json!({})),
        ),
        audited_write(
            "person.create",
            User::OWNER,
            "w4",
            "/v1/people".to_owned(),
            adult("Rhys", "male"),
        ),
    ]
}

/// An emergency access from its opening to its review.
fn emergency_access_writes(emergency_access: &Value, access: &str) -> [AuditedWrite; 3] {
    let opening = "/v1/emergency-accesses".to_owned();
    let review = json!({"finding": "justified", "note": "Canary"});
    [
        audited_write(
            "emergency_access.open",
            User::COLLEAGUE,
            "e0",
            opening,
            emergency_access.clone(),
        ),
        audited_write(
            "emergency_access.end",
            User::COLLEAGUE,
            "e1",
            format!("{access}/end"),
            Value::Null,
        ),
        audited_write(
            "emergency_access.review",
            User::MANAGER,
            "e2",
            format!("{access}/review"),
            review,
        ),
    ]
}

/// The changes of a chronology's state, and its extension.
fn state_changes(app: &TestApp, seed: &Seed) -> [AuditedWrite; 5] {
    let at = |rest: &str| seed.path_to(rest);
    let export = json!({"snapshot": "export"});
    let later = with_reason(json!({"expires_at": app.in_days(80)}));
    [
        audited_write(
            "chronology.consolidate",
            User::OWNER,
            "w5",
            at("consolidations"),
            Value::Null,
        ),
        audited_write(
            "chronology.sign_off",
            User::MANAGER,
            "w6",
            at("sign-off"),
            export,
        ),
        audited_write(
            "chronology.close",
            User::OWNER,
            "w7",
            at("close"),
            Value::Null,
        ),
        audited_write(
            "chronology.reopen",
            User::MANAGER,
            "w8",
            at("reopen"),
            with_reason(json!({})),
        ),
        audited_write("chronology.extend", User::OWNER, "w9", at("extend"), later),
    ]
}

on_both! {
    fn every_operation_writes_one_record_for_every_outcome(app) {
        let existing = create_existing_objects(app);
        let mut never_read = Vec::new();
        for operation in audited_operations() {
            let path = existing.path(&operation.path);
            assert_invalid_request_recorded(app, &operation, &path);
            assert_denied_request_recorded(app, &operation);
            // Allowed: reads only; writes have their own test below.
            if operation.method == "GET" {
                match read_and_find_record(app, &operation, &path) {
                    Some(found) => assert_eq!(
                        (&found["outcome"], found["reason"].is_string()),
                        (&json!("allowed"), true),
                        "{}: {found}",
                        operation.path
                    ),
                    None => never_read.push(operation.path),
                }
            }
        }
        let without_object = [
            "/v1/chronologies/{chronology_id}/destruction",
            "/v1/chronologies/{chronology_id}/snapshot",
            "/v1/deletion-certificates/{certificate_id}",
            "/v1/tombstones/{tombstone_id}",
        ];
        assert_eq!(
            never_read, without_object,
            "nothing is signed off or deleted"
        );
    }

    fn every_write_and_every_replay_writes_one_record(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let waiting = app.as_user(User::WAITING);
        let second_fragment = app
            .as_user(User::RETURNED)
            .post(
                &seed.path_to("fragments"),
                &fragment(&[entry("a cut", "2026-01-20", &[])]),
            )
            .id();
        let entries = [&seed.fragment, &second_fragment].map(|id| {
            owner.get(&format!("/v1/fragments/{id}")).expect_ok()["entries"][0]["id"].clone()
        });
        let link = json!({"decision": "same_event", "entries": entries, "reason": "Canary"});
        let decision = owner.post(&seed.path_to("link-decisions"), &link).id();
        let withdrawal = format!("{}/{decision}/withdrawal", seed.path_to("link-decisions"));
        let colleague = app.as_user(User::COLLEAGUE);
        let emergency_access = json!({
            "chronology_id": seed.chronology, "reason_code": "court_order", "reason": "Canary",
        });
        let access = format!(
            "/v1/emergency-accesses/{}",
            colleague
                .post("/v1/emergency-accesses", &emergency_access)
                .id()
        );
        let writes = answers_and_decisions(&seed, &link, &withdrawal)
            .into_iter()
            .chain(emergency_access_writes(&emergency_access, &access))
            .chain(state_changes(app, &seed));
        for write in writes {
            let event = write.event;
            let send = || {
                app.as_user(write.user)
                    .post_with_key(write.key, &write.path, &write.body)
            };
            let (response, found) = send_and_find_record(app, send);
            assert!(response.status < 300, "{event}: {}", response.text());
            assert_eq!(
                (&found["operation"], &found["outcome"]),
                (&json!(event), &json!("allowed"))
            );
            assert!(
                found["reason"].is_string() && found["object_id"].is_string(),
                "{found}"
            );
            let (again, found) = send_and_find_record(app, send);
            assert_eq!(
                (again.status, &found["outcome"]),
                (response.status, &json!("replayed")),
                "{event}"
            );
        }
        let own = surgery_fragment();
        let fragment = waiting
            .post_with_key("w3", &seed.path_to("fragments"), &own)
            .id();
        let (_, found) = send_and_find_record(app, || {
            waiting.delete(&format!("/v1/fragments/{fragment}"), None)
        });
        assert_eq!(
            (&found["operation"], &found["outcome"]),
            (&json!("fragment.withdraw"), &json!("invalid"))
        );
    }

    fn read_record_names_reader_object_reason_and_count(app) {
        let seed = app.seed();
        let (_, found) = send_and_find_record(app, || {
            app.as_user(User::RETURNED).get(&seed.path_to("timeline"))
        });
        for (name, value) in [
            ("operation", json!("timeline.read")),
            ("outcome", json!("allowed")),
            ("reason", json!("named_contributor")),
            ("practitioner_id", json!(seed.people["RETURNED"])),
            ("agency_id", json!(seed.agencies["school"])),
            ("role", json!("practitioner")),
            ("purpose", json!("initial_conference")),
            ("chronology_id", json!(seed.chronology)),
            ("entry_count", json!(1)),
        ] {
            assert_eq!(found[name], value, "{name}");
        }
        let (_, found) = send_and_find_record(app, || {
            app.as_user(User::LEFT).get(&seed.path_to("timeline"))
        });
        assert_eq!(
            (&found["outcome"], &found["practitioner_id"]),
            (&json!("denied"), &json!(seed.people["LEFT"]))
        );
    }

    fn requests_fail_when_the_audit_record_cannot_be_written(app) {
        let seed = app.seed();
        let before = raw_db::row_counts(app);
        make_audit_inserts_fail(app);
        let owner = app.as_user(User::OWNER);
        let waiting = app.as_user(User::WAITING);
        for path in [
            seed.path.clone(),
            seed.path_to("timeline"),
            seed.path_to("invitations"),
            format!("/v1/people/{}", seed.twin),
            format!("/v1/families/{}", seed.family),
            "/v1/families".to_owned(),
            format!("/v1/fragments/{}", seed.fragment),
            "/v1/agencies".to_owned(),
            seed.path_to("readers"),
        ] {
            let response = owner.get(&path);
            assert_eq!(
                (response.status, response.text().contains("Canary")),
                (503, false),
                "{path}"
            );
            assert!(
                response.header("retry-after").is_some() && response.header("etag").is_none(),
                "{path}"
            );
        }
        let form = waiting.get(&format!("{}/form", seed.invitation_path("surgery")));
        assert_eq!((form.status, form.text().contains("Canary")), (503, false));
        let denied = app.as_user(User::STRANGER).get(&seed.path_to("timeline"));
        assert_eq!(
            denied.status, 503,
            "a denial is not returned without a record either"
        );
        let own = fragment(&[entry("a burn", "2026-01-02", &[])]);
        assert_eq!(
            waiting
                .post_with_key("again", &seed.path_to("fragments"), &own)
                .status,
            503
        );
        assert_eq!(owner.post("/v1/people", &adult("Rhys", "male")).status, 503);
        assert_eq!(
            waiting.post("/v1/fragments", &json!({"zzz": 1})).status,
            503
        );
        assert_eq!(
            app.as_user(User::RETURNED)
                .delete(&format!("/v1/fragments/{}", seed.fragment), Some(1))
                .status,
            503
        );
        assert_eq!(raw_db::row_counts(app), before);
        raw_db::execute(
            app,
            "DROP TRIGGER no_audit",
            "DROP TRIGGER no_audit ON audit_records",
        );
        assert_eq!(
            owner.get(&seed.path_to("timeline")).status,
            200,
            "without a restart"
        );
        assert_eq!(
            waiting
                .post_with_key("again", &seed.path_to("fragments"), &own)
                .status,
            201
        );
    }

    fn audit_records_cannot_be_updated_or_deleted(app) {
        let _ = app.seed_draft();
        for statement in [
            "UPDATE audit_records SET outcome = 'denied'",
            "DELETE FROM audit_records",
        ] {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                raw_db::execute(app, statement, statement)
            }));
            assert!(result.is_err(), "{statement}");
        }
    }

    fn readers_lists_the_last_25_newest_first(app) {
        let seed = app.seed();
        for number in 0..27 {
            let name: &'static str = Box::leak(format!("READER-{number}").into_boxed_str());
            app.advance_seconds(1);
            let reader = User {
                name,
                ..User::MANAGER
            };
            let _ = app
                .as_user(reader)
                .get(&seed.path_to("timeline"))
                .expect_ok();
        }
        let listed = app
            .as_user(User::OWNER)
            .get(&seed.path_to("readers"))
            .expect_ok();
        let items = listed["items"].as_array().cloned().unwrap_or_default();
        assert_eq!(items.len(), 25);
        let times: Vec<_> = items
            .iter()
            .map(|item| item["at"].as_str().unwrap_or_default().to_owned())
            .collect();
        assert!(times.windows(2).all(|pair| pair[0] > pair[1]), "{times:?}");
        assert_eq!(items[0]["operation"], "timeline.read");
        let _ = app.as_user(User::STRANGER).get(&seed.path_to("timeline"));
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&seed.path_to("readers"))
                .expect_ok(),
            listed,
            "a denied request does not count as reading"
        );
    }
}
