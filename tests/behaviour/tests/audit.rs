//! Every look is on record: one record for each request, and no content without one.

use behaviour::inputs::{adult, child, entry, fragment, nil, reason, refusal, with};
use behaviour::{Answer, Seed, TestApp, User, on_both, raw};
use serde_json::{Value, json};

const ABSENT: &str = "01999999-0000-7000-8000-00000000dead";
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// One operation of the document: method, path and the word for the audit.
struct Listed {
    method: String,
    path: String,
    event: String,
}

/// Every operation that the document lists.
fn listed() -> Vec<Listed> {
    let document: Value = serde_json::from_str(&api::openapi_json()).expect("JSON");
    let paths = document["paths"].as_object().cloned().unwrap_or_default();
    let of_path = |(path, methods): (String, Value)| {
        let methods = methods.as_object().cloned().unwrap_or_default();
        methods.into_iter().filter(|(method, _)| method != "parameters").map(move |(method, operation)| {
            let event = operation["x-audit-event"]
                .as_str()
                .unwrap_or_else(|| panic!("{method} {path} has no event"))
                .to_owned();
            Listed { method: method.to_uppercase(), path: path.clone(), event }
        })
    };
    let all: Vec<_> = paths.into_iter().filter(|(path, _)| path.starts_with("/v1")).flat_map(of_path).collect();
    assert!(all.len() >= 53, "{}", all.len());
    all
}

/// Sends one request, again and again.
type Send<'a> = Box<dyn Fn() -> Answer + 'a>;

/// The one record that a request leaves, as an auditor reads it.
#[track_caller]
fn record(app: &TestApp, send: impl FnOnce() -> Answer) -> (Answer, Value) {
    let before = raw::records(app);
    let answer = send();
    assert_eq!(raw::records(app), before + 1, "{}: {} {}", answer.asked, answer.status, answer.text());
    let id = answer.header("x-request-id").unwrap_or_default().to_owned();
    let all = app.by(User::AUDITOR).get("/v1/audit?limit=500").ok();
    let all = pages(app, all);
    let found: Vec<_> = all.into_iter().filter(|record| record["request_id"] == json!(id)).collect();
    assert_eq!(found.len(), 1, "{}: the record names the request", answer.asked);
    (answer, found[0].clone())
}

fn pages(app: &TestApp, mut page: Value) -> Vec<Value> {
    let mut items = page["items"].as_array().cloned().unwrap_or_default();
    while let Some(next) = page["next"].as_str() {
        page = app.by(User::AUDITOR).get(&format!("/v1/audit?limit=500&cursor={next}")).ok();
        items.extend(page["items"].as_array().cloned().unwrap_or_default());
    }
    items
}

fn real(seed: &Seed, consolidation: &str, path: &str) -> String {
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

fn absent(path: &str) -> String {
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

fn refuse_audit(app: &TestApp) {
    raw::execute(
        app,
        "CREATE TRIGGER no_audit BEFORE INSERT ON audit_records BEGIN SELECT RAISE(ABORT, 'no audit'); END;",
        "CREATE FUNCTION no_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no audit'; END $$;
         CREATE TRIGGER no_audit BEFORE INSERT ON audit_records FOR EACH ROW EXECUTE FUNCTION no_audit();",
    );
}

on_both! {
    fn every_operation_leaves_one_record_however_it_ends(app) {
        let seed = app.seed();
        let frozen = app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).id();
        let _ = app.by(User::MANAGER).post(&seed.at("reopen"), &reason(json!({}))).ok();
        let told = app.by(User::RETURNED).post(&seed.at("fragments"), &fragment(&[entry("a cut", "2026-01-20", &[])]));
        let entries = [format!("/v1/fragments/{}", seed.fragment), format!("/v1/fragments/{}", told.id())]
            .map(|path| app.by(User::OWNER).get(&path).ok()["entries"][0]["id"].clone());
        let link = json!({"decision": "related", "entries": [entries[0]], "with": [entries[1]], "reason": "Canary"});
        let link = app.by(User::OWNER).post(&seed.at("link-decisions"), &link).id();
        let ours = child("Orla", "2019-05-14", 0);
        let person = app.by(User::WAITING).post("/v1/people", &ours).id();
        let family = app.by(User::WAITING).post("/v1/families", &json!({"label": "Canary", "members": [person]})).id();
        let ahead = with(fragment(&[entry("a burn", "2026-01-21", &[])]), json!({"family_id": family, "expires_at": app.in_days(9)}));
        let _ = app.by(User::WAITING).post("/v1/fragments", &ahead).ok();
        let same = app.by(User::OWNER).get(&seed.at("person-links")).ok()["items"][0]["id"].as_str().unwrap().to_owned();
        let glass = json!({"chronology_id": seed.chronology, "reason_code": "court_order", "reason": "Canary"});
        let access = app.by(User::COLLEAGUE).post("/v1/emergency-accesses", &glass).id();
        app.service.sequence_audit().expect("records have their places");
        let placed = app.by(User::AUDITOR).get("/v1/audit?limit=1").ok()["items"][0]["id"].as_str().unwrap().to_owned();
        let real = |path: &str| {
            let path = path.replace("{emergency_access_id}", &access);
            let path = real(&seed, &frozen, &path).replace("{link_decision_id}", &link).replace("{link_id}", &same);
            path.replace("{audit_id}", &placed).replace("{level}", "0").replace("{index}", "0")
        };
        let readers = [User::OWNER, User::MANAGER, User::RETURNED, User::AUDITOR];
        let mut never_read = Vec::new();
        for Listed { method, path, event } in listed() {
            // Invalid: an unknown parameter.
            let strange = format!("{}?zzz=1", real(&path));
            let key = format!("strange {method}{path}").replace(' ', "-");
            let headers = [JSON, ("Idempotency-Key", key.as_str()), ("If-Match", "\"1\"")];
            let (answer, found) = record(app, || app.by(User::OWNER).send(&method, &strange, &headers, &[]));
            assert_eq!((answer.status, &found["outcome"], &found["operation"]), (422, &json!("invalid"), &json!(event)), "{method} {path}");
            // Denied: not there, to somebody who has no part in it.
            let body: &[u8] = if method == "GET" || method == "DELETE" { &[] } else { b"{\"zzz\": 1}" };
            let key = format!("denied {method}{path}").replace(' ', "-");
            let headers = [JSON, ("Idempotency-Key", key.as_str()), ("If-Match", "\"1\"")];
            let (answer, found) = record(app, || app.by(User::STRANGER).send(&method, &absent(&path), &headers, body));
            assert_eq!(found["operation"], json!(event), "{method} {path}");
            let outcome = match answer.status {
                200 => "allowed",
                404 => "denied",
                _ => "invalid",
            };
            assert_eq!(found["outcome"], outcome, "{method} {path}: {}", answer.text());
            // Allowed, for reads; writes have a test of their own.
            if method == "GET" {
                let read = readers.iter().find_map(|user| {
                    let needed = if path.ends_with("/consistency") { "?from=0&to=1" } else { "" };
                    let (answer, found) = record(app, || app.by(*user).get(&format!("{}{needed}", real(&path))));
                    assert_eq!(found["operation"], json!(event), "{path}");
                    (answer.status == 200).then_some(found)
                });
                match read {
                    Some(found) => assert_eq!((&found["outcome"], found["reason"].is_string()), (&json!("allowed"), true), "{path}: {found}"),
                    None => never_read.push(path),
                }
            }
        }
        let nothing_there = ["/v1/chronologies/{chronology_id}/destruction", "/v1/chronologies/{chronology_id}/snapshot", "/v1/deletion-certificates/{certificate_id}", "/v1/tombstones/{tombstone_id}"];
        assert_eq!(never_read, nothing_there, "nothing is signed off or gone");
    }

    fn every_write_leaves_one_record_and_a_replay_another(app) {
        let seed = app.seed();
        let (owner, manager, waiting) = (app.by(User::OWNER), app.by(User::MANAGER), app.by(User::WAITING));
        let own = fragment(&[entry("a burn", "2026-01-02", &[])]);
        let surgery = seed.invitation("surgery");
        let told = app.by(User::RETURNED).post(&seed.at("fragments"), &fragment(&[entry("a cut", "2026-01-20", &[])])).id();
        let entries = [&seed.fragment, &told]
            .map(|id| owner.get(&format!("/v1/fragments/{id}")).ok()["entries"][0]["id"].clone());
        let link = json!({"decision": "same_event", "entries": entries, "reason": "Canary"});
        let standing = owner.post(&seed.at("link-decisions"), &link).id();
        let withdrawal = format!("{}/{standing}/withdrawal", seed.at("link-decisions"));
        let colleague = app.by(User::COLLEAGUE);
        let glass = json!({"chronology_id": seed.chronology, "reason_code": "court_order", "reason": "Canary"});
        let access = format!("/v1/emergency-accesses/{}", colleague.post("/v1/emergency-accesses", &glass).id());
        let review = json!({"finding": "justified", "note": "Canary"});
        let writes: Vec<(&str, Send<'_>)> = vec![
            ("invitation.draft", Box::new(|| waiting.post_as("w0", &format!("{surgery}/draft"), &Value::Null))),
            ("invitation.decline", Box::new(|| waiting.post_as("w1", &format!("{surgery}/decline"), &refusal()))),
            ("invitation.nil_return", Box::new(|| waiting.post_as("w2", &format!("{surgery}/nil-return"), &nil()))),
            ("fragment.submit", Box::new(|| waiting.post_as("w3", &seed.at("fragments"), &own))),
            ("link.decide", Box::new(|| owner.post_as("w10", &seed.at("link-decisions"), &link))),
            ("link.decide", Box::new(|| owner.post_as("w11", &withdrawal, &reason(json!({}))))),
            ("person.create", Box::new(|| owner.post_as("w4", "/v1/people", &adult("Rhys", "male")))),
            ("emergency_access.open", Box::new(|| colleague.post_as("e0", "/v1/emergency-accesses", &glass))),
            ("emergency_access.end", Box::new(|| colleague.post_as("e1", &format!("{access}/end"), &Value::Null))),
            ("emergency_access.review", Box::new(|| manager.post_as("e2", &format!("{access}/review"), &review))),
            ("chronology.consolidate", Box::new(|| owner.post_as("w5", &seed.at("consolidations"), &Value::Null))),
            ("chronology.sign_off", Box::new(|| manager.post_as("w6", &seed.at("sign-off"), &json!({"snapshot": "export"})))),
            ("chronology.close", Box::new(|| owner.post_as("w7", &seed.at("close"), &Value::Null))),
            ("chronology.reopen", Box::new(|| manager.post_as("w8", &seed.at("reopen"), &reason(json!({}))))),
            ("chronology.extend", Box::new(|| owner.post_as("w9", &seed.at("extend"), &reason(json!({"expires_at": app.in_days(80)}))))),
        ];
        for (event, send) in &writes {
            let (answer, found) = record(app, send);
            assert!(answer.status < 300, "{event}: {}", answer.text());
            assert_eq!((&found["operation"], &found["outcome"]), (&json!(event), &json!("allowed")));
            assert!(found["reason"].is_string() && found["object_id"].is_string(), "{found}");
            let (again, found) = record(app, send);
            assert_eq!((again.status, &found["outcome"]), (answer.status, &json!("replayed")), "{event}");
        }
        let fragment = waiting.post_as("w3", &seed.at("fragments"), &own).id();
        let (_, found) = record(app, || waiting.delete(&format!("/v1/fragments/{fragment}"), None));
        assert_eq!((&found["operation"], &found["outcome"]), (&json!("fragment.withdraw"), &json!("invalid")));
    }

    fn a_read_says_who_what_why_and_how_much(app) {
        let seed = app.seed();
        let (_, found) = record(app, || app.by(User::RETURNED).get(&seed.at("timeline")));
        for (name, value) in [("operation", json!("timeline.read")), ("outcome", json!("allowed")), ("reason", json!("named_contributor")),
                              ("practitioner_id", json!(seed.people["RETURNED"])), ("agency_id", json!(seed.agencies["school"])), ("role", json!("practitioner")),
                              ("purpose", json!("initial_conference")), ("chronology_id", json!(seed.chronology)), ("entry_count", json!(1))] {
            assert_eq!(found[name], value, "{name}");
        }
        let (_, found) = record(app, || app.by(User::LEFT).get(&seed.at("timeline")));
        assert_eq!((&found["outcome"], &found["practitioner_id"]), (&json!("denied"), &json!(seed.people["LEFT"])));
    }

    fn without_a_record_nothing_is_shown_or_done(app) {
        let seed = app.seed();
        let before = raw::counts(app);
        refuse_audit(app);
        let (owner, waiting) = (app.by(User::OWNER), app.by(User::WAITING));
        for path in [seed.path.clone(), seed.at("timeline"), seed.at("invitations"), format!("/v1/people/{}", seed.twin), format!("/v1/families/{}", seed.family),
                     "/v1/families".to_owned(), format!("/v1/fragments/{}", seed.fragment), "/v1/agencies".to_owned(), seed.at("readers")] {
            let answer = owner.get(&path);
            assert_eq!((answer.status, answer.text().contains("Canary")), (503, false), "{path}");
            assert!(answer.header("retry-after").is_some() && answer.header("etag").is_none(), "{path}");
        }
        let form = waiting.get(&format!("{}/form", seed.invitation("surgery")));
        assert_eq!((form.status, form.text().contains("Canary")), (503, false));
        let denied = app.by(User::STRANGER).get(&seed.at("timeline"));
        assert_eq!(denied.status, 503, "nor is a refusal given without a record");
        let own = fragment(&[entry("a burn", "2026-01-02", &[])]);
        assert_eq!(waiting.post_as("again", &seed.at("fragments"), &own).status, 503);
        assert_eq!(owner.post("/v1/people", &adult("Rhys", "male")).status, 503);
        assert_eq!(waiting.post("/v1/fragments", &json!({"zzz": 1})).status, 503);
        assert_eq!(app.by(User::RETURNED).delete(&format!("/v1/fragments/{}", seed.fragment), Some(1)).status, 503);
        assert_eq!(raw::counts(app), before);
        raw::execute(app, "DROP TRIGGER no_audit", "DROP TRIGGER no_audit ON audit_records");
        assert_eq!(owner.get(&seed.at("timeline")).status, 200, "without a restart");
        assert_eq!(waiting.post_as("again", &seed.at("fragments"), &own).status, 201);
    }

    fn the_audit_cannot_be_changed(app) {
        let _ = app.seed_draft();
        for statement in ["UPDATE audit_records SET outcome = 'denied'", "DELETE FROM audit_records"] {
            let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| raw::execute(app, statement, statement)));
            assert!(tried.is_err(), "{statement}");
        }
    }

    fn the_last_twenty_five_readers_newest_first(app) {
        let seed = app.seed();
        for number in 0..27 {
            let name: &'static str = Box::leak(format!("READER-{number}").into_boxed_str());
            app.pass(1);
            let reader = User { name, ..User::MANAGER };
            let _ = app.by(reader).get(&seed.at("timeline")).ok();
        }
        let listed = app.by(User::OWNER).get(&seed.at("readers")).ok();
        let items = listed["items"].as_array().cloned().unwrap_or_default();
        assert_eq!(items.len(), 25);
        let times: Vec<_> = items.iter().map(|item| item["at"].as_str().unwrap_or_default().to_owned()).collect();
        assert!(times.windows(2).all(|pair| pair[0] > pair[1]), "{times:?}");
        assert_eq!(items[0]["operation"], "timeline.read");
        let _ = app.by(User::STRANGER).get(&seed.at("timeline"));
        assert_eq!(app.by(User::OWNER).get(&seed.at("readers")).ok(), listed, "a refusal is no reading");
    }
}
