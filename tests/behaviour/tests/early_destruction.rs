//! One chronology is destroyed before its time: for good, at once, and only when nothing forbids it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test fails by panicking, and a story is told in one piece"
)]

use behaviour::inputs::{child, entry, fragment, reason, with, without};
use behaviour::{Seed, TestApp, User, on_both, raw};
use serde_json::{Value, json};
use vault::certificate::{SignedCertificate, check};

fn order() -> Value {
    json!({"reason_code": "made_in_error", "reason": "Canary order: the wrong family.", "snapshot_waiver": "Canary waiver: nothing to keep."})
}

fn destroy(app: &TestApp, seed: &Seed) -> Value {
    app.by(User::MANAGER).post(&seed.at("destruction"), &order()).ok()
}

/// Tables in which something of a chronology stands.
const OF_A_CHRONOLOGY: [&str; 14] = [
    "chronologies",
    "chronology_team",
    "invitations",
    "invitation_practitioners",
    "fragments",
    "fragment_versions",
    "entries",
    "consolidations",
    "consolidation_fragments",
    "consolidation_links",
    "event_links",
    "link_decisions",
    "link_decision_entries",
    "fragment_origins",
];

on_both! {
    fn everything_goes_at_once_and_only_the_tombstone_stays(app) {
        let seed = app.seed();
        let told = app.by(User::WAITING).post(&seed.at("fragments"), &fragment(&[entry("a burn", "2026-01-02", &[])]));
        let entries = [seed.fragment.clone(), told.id()].map(|id| app.by(User::OWNER).get(&format!("/v1/fragments/{id}")).ok()["entries"][0]["id"].clone());
        let link = json!({"decision": "related", "entries": [entries[0]], "with": [entries[1]], "reason": "Canary"});
        let _ = app.by(User::OWNER).post(&seed.at("link-decisions"), &link).ok();
        let _ = app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).ok();
        let key = format!("scope-{}", seed.chronology);
        assert!(app.keys().contains(&key));
        let out = destroy(app, &seed);
        assert_eq!((&out["reason_code"], &out["snapshot"], &out["decided_by"]), (&json!("made_in_error"), &json!("waived"), &json!(seed.people["MANAGER"])));
        assert!(!app.keys().contains(&key), "the key is gone when it is answered");
        let counts = raw::counts(app);
        for table in OF_A_CHRONOLOGY {
            assert_eq!(counts[table], 0, "{table}");
        }
        for (user, path, status) in [
            (User::OWNER, seed.path.clone(), 410), (User::OWNER, seed.at("timeline"), 410), (User::RETURNED, seed.at("timeline"), 410),
            (User::RETURNED, format!("/v1/fragments/{}", seed.fragment), 410), (User::STRANGER, seed.path.clone(), 404), (User::COLLEAGUE, seed.path.clone(), 404),
        ] {
            assert_eq!(app.by(user).get(&path).status, status, "{} {path}", user.name);
        }
        let stone = app.by(User::OWNER).get(&format!("/v1/tombstones/{}", seed.chronology)).ok();
        assert_eq!((&stone["reason"], &stone["entry_count"], &stone["destruction"]["reason"]), (&json!("destroyed"), &json!(2), &json!("Canary order: the wrong family.")));
        let schools = app.by(User::RETURNED).get(&format!("/v1/tombstones/{}", seed.fragment)).ok();
        assert_eq!((&schools["reason"], schools.get("destruction")), (&json!("destroyed"), None));
        assert!(!schools.to_string().contains("Canary"));
        // The family lives on for a while, unreferred to.
        assert_eq!(app.by(User::OWNER).get(&format!("/v1/families/{}", seed.family)).ok()["expires_at"], app.in_days(14));
        // By what a repeat is known the identifier stays, without content, for a day and no longer.
        let named = format!("SELECT count(*) AS count FROM idempotency WHERE {}", object(app, &seed.chronology));
        assert!(raw::count(app, &named) > 0);
        app.pass_days(1);
        app.work();
        assert_eq!(raw::count(app, &named), 0);
    }

    fn the_certificate_of_the_key_and_later_that_of_the_hour(app) {
        let seed = app.seed();
        let end = app.by(User::OWNER).get(&seed.path).ok()["expires_at"].clone();
        let out = destroy(app, &seed);
        let id = out["certificates"][0].as_str().expect("a certificate").to_owned();
        let document = app.by(User::LEAD).get(&format!("/v1/deletion-certificates/{id}")).ok();
        let signed: SignedCertificate = serde_json::from_value(document.clone()).expect("a certificate");
        assert_eq!(check(&signed, Some(&app.public_key())), Ok(()));
        assert_eq!((document["certificate"]["key"]["id"].clone(), document["proofs"][0]["object_id"].clone()), (json!(seed.chronology), json!(seed.fragment)));
        app.set_to(&end);
        app.pass(3_600);
        app.work();
        let stone = app.by(User::LEAD).get(&format!("/v1/tombstones/{}", seed.fragment)).ok();
        assert_eq!(stone["certificates"].as_array().map(Vec::len), Some(2), "{stone}");
    }

    fn only_a_manager_of_the_agency_that_owns_it(app) {
        let seed = app.seed();
        for user in [User::OWNER, User::SUPPORT, User::TEAM, User::COLLEAGUE, User::RETURNED, User::LEAD, User::SYSTEM, User::STRANGER, User::FOREIGNER, User::AUDITOR] {
            assert_eq!(app.by(user).post(&seed.at("destruction"), &order()).status, 404, "{}", user.name);
        }
        assert_eq!(raw::counts(app)["chronologies"], 1);
    }

    fn a_copy_first_or_a_reason_why_not(app) {
        let seed = app.seed();
        let manager = app.by(User::MANAGER);
        let bare = without(order(), "/snapshot_waiver");
        let answer = manager.post(&seed.at("destruction"), &bare);
        assert_eq!((answer.status, answer.faults().1[0].1.as_str()), (409, "snapshot_needed"));
        let blank = with(order(), json!({"reason": " ", "snapshot_waiver": " "}));
        assert_eq!(manager.post(&seed.at("destruction"), &blank).faults().1.len(), 2);
        for wrong in [with(order(), json!({"reason_code": "because"})), without(order(), "/reason"), with(order(), json!({"reason": "x".repeat(2_001)}))] {
            assert_eq!(manager.post(&seed.at("destruction"), &wrong).status, 422, "{wrong}");
        }
        let _ = app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).ok();
        assert_eq!(manager.post(&seed.at("destruction"), &bare).status, 409, "frozen is not signed off");
        let _ = manager.post(&seed.at("sign-off"), &json!({"snapshot": "export"})).ok();
        assert_eq!(manager.post(&seed.at("destruction"), &bare).ok()["snapshot"], "signed_off");
    }

    fn a_hold_forbids_it(app) {
        for scope in ["chronology", "child", "all"] {
            let app = &TestApp::start(app.db.kind());
            let seed = app.seed();
            let target = match scope { "chronology" => json!(seed.chronology), "child" => json!(seed.twin), _ => Value::Null };
            let body = json!({"scope": scope, "target_id": target, "reason": "Canary", "review_at": app.in_days(9)});
            let body = if target.is_null() { without(body, "/target_id") } else { body };
            let hold = app.by(User::MANAGER).post("/v1/holds", &body).id();
            let answer = app.by(User::MANAGER).post(&seed.at("destruction"), &order());
            assert_eq!((answer.status, answer.faults().1[0].1.as_str()), (409, "held"), "{scope}");
            assert_eq!(app.by(User::OWNER).get(&seed.at("timeline")).ok()["header"]["entry_count"], 1);
            let _ = app.by(User::MANAGER).post(&format!("/v1/holds/{hold}/release"), &json!({"reason": "Canary"})).ok();
            let _ = destroy(app, &seed);
        }
    }

    fn asked_again_it_answers_the_same(app) {
        let seed = app.seed();
        let manager = app.by(User::MANAGER);
        let first = manager.post_as("end", &seed.at("destruction"), &order());
        let again = manager.post_as("end", &seed.at("destruction"), &order());
        assert_eq!((again.ok(), again.header("idempotent-replayed")), (first.ok(), Some("true")));
        let other = with(order(), json!({"reason_code": "closed"}));
        assert_eq!(manager.post_as("end", &seed.at("destruction"), &other).status, 422, "the key was another request's");
        assert_eq!(manager.post(&seed.at("destruction"), &other).ok(), first.ok(), "what was decided stands");
        assert_eq!(app.by(User::OWNER).post(&seed.at("destruction"), &order()).status, 404);
        assert_eq!(app.by(User::FOREIGNER).post(&seed.at("destruction"), &order()).status, 404);
        app.pass_days(2);
        app.work();
        assert_eq!(manager.post(&seed.at("destruction"), &order()).ok(), first.ok());
    }

    fn once_expired_there_is_nothing_to_destroy(app) {
        let seed = app.seed();
        app.set_to(&app.by(User::OWNER).get(&seed.path).ok()["expires_at"]);
        assert_eq!(app.by(User::MANAGER).post(&seed.at("destruction"), &order()).status, 410);
        app.work();
        assert_eq!(app.by(User::MANAGER).post(&seed.at("destruction"), &order()).status, 410);
    }

    fn a_draft_made_in_error_goes_too(app) {
        let seed = app.seed_draft();
        let out = destroy(app, &seed);
        assert_eq!(out["certificates"].as_array().map(Vec::len), Some(1));
        assert_eq!(app.by(User::OWNER).get(&seed.path).status, 410);
        assert_eq!(raw::counts(app)["chronologies"], 0);
    }

    fn what_was_sent_ahead_loses_its_former_key_as_well(app) {
        let draft = app.seed_draft();
        let sender = app.by(User::RETURNED);
        let known = sender.post("/v1/people", &child("Orla", "2019-05-14", 0)).id();
        let family = sender.post("/v1/families", &json!({"label": "Canary", "members": [known]})).id();
        let body = with(fragment(&[entry("arrived hungry", "2026-01-02", &[&known])]), json!({"family_id": family, "expires_at": app.in_days(40)}));
        let ahead = sender.post("/v1/fragments", &body).id();
        let owner = app.by(User::OWNER);
        let invite = json!({"agency_id": draft.agencies["school"], "practitioners": [draft.people["RETURNED"]]});
        let _ = owner.post(&format!("{}/invitations", draft.path), &invite).ok();
        let _ = owner.post(&format!("{}/open", draft.path), &Value::Null).ok();
        assert_eq!(owner.get(&draft.at("timeline")).ok()["header"]["entry_count"], 1, "it was taken in");
        assert!(app.keys().contains(&format!("scope-{ahead}")));
        let out = destroy(app, &draft);
        assert_eq!(out["certificates"].as_array().map(Vec::len), Some(2), "{out}");
        let left: Vec<_> = app.keys().into_iter().filter(|key| key.contains(&ahead) || key.contains(&draft.chronology)).collect();
        assert_eq!(left, Vec::<String>::new());
    }

    fn what_was_decided_and_not_finished_is_finished_by_the_next(app) {
        let seed = app.seed();
        // The certificate cannot be written: as after a kill between the rows and the certificate.
        raw::execute(
            app,
            "CREATE TRIGGER killed BEFORE INSERT ON deletion_certificates BEGIN SELECT RAISE(ABORT, 'killed'); END;",
            "CREATE FUNCTION killed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'killed'; END $$;
             CREATE TRIGGER killed BEFORE INSERT ON deletion_certificates FOR EACH ROW EXECUTE FUNCTION killed();",
        );
        assert_eq!(app.by(User::MANAGER).post_as("end", &seed.at("destruction"), &order()).status, 503);
        assert_eq!(app.by(User::OWNER).get(&seed.path).status, 410, "what was decided is decided");
        raw::execute(app, "DROP TRIGGER killed", "DROP TRIGGER killed ON deletion_certificates");
        assert_eq!(raw::counts(app)["deletion_certificates"], 0);
        app.work();
        assert!(!app.keys().contains(&format!("scope-{}", seed.chronology)));
        let again = app.by(User::MANAGER).post_as("end", &seed.at("destruction"), &order()).ok();
        let id = again["certificates"][0].as_str().unwrap_or_default().to_owned();
        assert_eq!(app.by(User::LEAD).get(&format!("/v1/deletion-certificates/{id}")).status, 200);
    }

    fn a_chronology_that_nobody_has_signed_off_warns_before_it_expires(app) {
        let seed = app.seed();
        assert_eq!(app.by(User::OWNER).get(&seed.path).ok().get("warnings"), None);
        app.pass_days(47);
        let seen = app.by(User::OWNER).get(&seed.path).ok();
        assert_eq!(seen["warnings"], json!(["expires_without_sign_off"]), "{seen}");
        assert_eq!(app.by(User::RETURNED).get(&seed.path).ok().get("warnings"), None, "that is its owner's business");
        let _ = app.by(User::OWNER).post(&seed.at("extend"), &reason(json!({"expires_at": app.in_days(60)}))).ok();
        assert_eq!(app.by(User::OWNER).get(&seed.path).ok().get("warnings"), None);
    }
}

/// The condition that names an object on either database.
fn object(app: &TestApp, id: &str) -> String {
    match app.db.kind() {
        behaviour::Kind::Sqlite => format!("object_id = x'{}'", id.replace('-', "")),
        behaviour::Kind::Postgresql => format!("object_id = '{id}'"),
    }
}
