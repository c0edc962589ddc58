//! One chronology is destroyed before its time: for good, at once, and only when nothing forbids it.

use behaviour::inputs::{child, entry, fragment, reason, with, without};
use behaviour::{Seed, TestApp, User, on_both, raw};
use serde_json::{Value, json};
use vault::certificate::{SignedCertificate, check};

fn order() -> Value {
    json!({"reason_code": "made_in_error", "reason": "Canary order: the wrong family.", "snapshot_waiver": "Canary waiver: nothing to keep."})
}

fn destroy(app: &TestApp, seed: &Seed) -> Value {
    app.destroy(seed, &order())
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
        assert_eq!((&out["reason_code"], &out["snapshot"], &out["decided_by"]), (&json!("made_in_error"), &json!("waived"), &app.by(User::DEPUTY).get("/v1/me").ok()["id"]));
        assert_eq!((&out["state"], &out["asked_by"]), (&json!("destroyed"), &json!(seed.people["MANAGER"])));
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
        assert_eq!(app.destroy(&seed, &bare)["snapshot"], "signed_off");
    }

    fn a_hold_forbids_it(app) {
        for scope in ["chronology", "child", "all"] {
            let app = &TestApp::start(app.db.kind());
            let seed = app.seed();
            let hold = if scope == "all" {
                app.hold_everything(&json!(app.in_days(9)))
            } else {
                let target = if scope == "child" { &seed.twin } else { &seed.chronology };
                let body = json!({"scope": scope, "target_id": target, "reason": "Canary", "review_at": app.in_days(9)});
                app.by(User::MANAGER).post("/v1/holds", &body).id()
            };
            let answer = app.by(User::MANAGER).post(&seed.at("destruction"), &order());
            assert_eq!((answer.status, answer.faults().1[0].1.as_str()), (409, "held"), "{scope}");
            assert_eq!(app.by(User::OWNER).get(&seed.at("timeline")).ok()["header"]["entry_count"], 1);
            let _ = app.by(User::MANAGER).post(&format!("/v1/holds/{hold}/release"), &json!({"reason": "Canary"})).ok();
            let _ = destroy(app, &seed);
        }
    }

    fn asked_again_it_answers_the_same(app) {
        let seed = app.seed();
        let (manager, deputy, path) = (app.by(User::MANAGER), app.by(User::DEPUTY), seed.at("destruction"));
        let asked = manager.post_as("ask", &path, &order()).ok();
        assert_eq!(manager.post_as("ask", &path, &order()).ok(), asked);
        let confirms = with(order(), json!({"confirms": asked["request"]["id"]}));
        let first = deputy.post_as("end", &path, &confirms);
        let again = deputy.post_as("end", &path, &confirms);
        assert_eq!((again.ok(), again.header("idempotent-replayed")), (first.ok(), Some("true")));
        let other = with(order(), json!({"reason_code": "closed"}));
        assert_eq!(deputy.post_as("end", &path, &other).status, 422, "the key was another request's");
        assert_eq!(manager.post(&path, &other).ok(), first.ok(), "what was decided stands");
        assert_eq!(manager.get(&path).ok(), first.ok());
        assert_eq!(app.by(User::OWNER).post(&path, &order()).status, 404);
        assert_eq!(app.by(User::FOREIGNER).post(&path, &order()).status, 404);
        app.pass_days(2);
        app.work();
        assert_eq!(manager.post(&path, &order()).ok(), first.ok());
    }

    fn it_takes_two_people(app) {
        let seed = app.seed();
        let (manager, deputy, path) = (app.by(User::MANAGER), app.by(User::DEPUTY), seed.at("destruction"));
        assert_eq!(manager.get(&path).status, 404);
        let asked = manager.post(&path, &order()).ok();
        assert_eq!((&asked["state"], &asked["certificates"]), (&json!("requested"), &json!([])), "{asked}");
        assert_eq!(asked["request"]["asked_by"], json!(seed.people["MANAGER"]));
        assert_eq!(app.by(User::OWNER).get(&seed.at("timeline")).ok()["header"]["entry_count"], 1, "nothing is destroyed");
        assert_eq!(app.by(User::OWNER).get(&seed.path).ok()["warnings"], json!(["destruction_requested"]));
        assert_eq!(app.by(User::RETURNED).get(&seed.path).ok().get("warnings"), None);
        let confirms = with(order(), json!({"confirms": asked["request"]["id"], "reason": "Canary: I have seen the file."}));
        let own = manager.post(&path, &confirms);
        assert_eq!((own.status, own.faults().0.as_str()), (409, "second_person"), "{}", own.text());
        assert_eq!(manager.post(&path, &order()).ok(), asked, "asking twice asks once");
        let second = deputy.post(&path, &order());
        assert_eq!((second.status, second.faults().0.as_str()), (409, "already_exists"), "a second request confirms nothing");
        let stranger = with(confirms.clone(), json!({"confirms": seed.fragment}));
        assert_eq!(deputy.post(&path, &stranger).faults().1, [("/confirms".to_owned(), "unknown".to_owned())]);
        assert_eq!(deputy.get(&path).ok()["reason"], "Canary order: the wrong family.");
        for user in [User::OWNER, User::SUPPORT, User::TEAM, User::RETURNED, User::AUDITOR] {
            assert_eq!(app.by(user).get(&path).status, 404, "{}", user.name);
            assert_eq!(app.by(user).post(&path, &confirms).status, 404, "{}", user.name);
        }
        let done = deputy.post(&path, &confirms).ok();
        assert_eq!((&done["state"], &done["asked_by"]), (&json!("destroyed"), &json!(seed.people["MANAGER"])));
        assert_eq!((&done["reason"], &done["confirmation_reason"]), (&json!("Canary order: the wrong family."), &json!("Canary: I have seen the file.")));
        assert_eq!(raw::counts(app)["chronologies"], 0);
        assert_eq!(raw::counts(app)["destruction_requests"], 0);
    }

    fn a_request_lapses(app) {
        let seed = app.seed();
        let (manager, deputy, path) = (app.by(User::MANAGER), app.by(User::DEPUTY), seed.at("destruction"));
        let asked = manager.post(&path, &order()).ok();
        app.pass_days(7);
        let confirms = with(order(), json!({"confirms": asked["request"]["id"]}));
        assert_eq!(deputy.post(&path, &confirms).status, 422);
        assert_eq!(manager.get(&path).status, 404);
        assert_eq!(deputy.post(&path, &order()).ok()["state"], "requested", "and can be asked anew, by anybody");
        app.pass_days(8);
        app.work();
        assert_eq!(raw::counts(app)["destruction_requests"], 0);
    }

    fn whoever_asked_and_has_left_asked_for_nothing(app) {
        let seed = app.seed();
        let (manager, deputy, path) = (app.by(User::MANAGER), app.by(User::DEPUTY), seed.at("destruction"));
        let asked = deputy.post(&path, &order()).ok();
        let other = with(order(), json!({"confirms": asked["request"]["id"], "reason_code": "closed"}));
        assert_eq!(manager.post(&path, &other).faults().1, [("/reason_code".to_owned(), "contradicts".to_owned())]);
        let gone = format!("/v1/practitioners/{}", deputy.get("/v1/me").ok()["id"].as_str().unwrap());
        let version = manager.get(&gone).version();
        let _ = manager.patch(&gone, Some(version), &json!({"active": false})).ok();
        let confirms = with(order(), json!({"confirms": asked["request"]["id"]}));
        assert_eq!(manager.post(&path, &confirms).faults().1, [("/confirms".to_owned(), "unknown".to_owned())]);
        assert_eq!(manager.post(&path, &order()).ok()["request"]["asked_by"], json!(seed.people["MANAGER"]), "and it can be asked anew");
    }

    fn a_hold_that_comes_between_forbids_the_confirmation(app) {
        let seed = app.seed();
        let asked = app.by(User::MANAGER).post(&seed.at("destruction"), &order()).ok();
        let body = json!({"scope": "chronology", "target_id": seed.chronology, "reason": "Canary", "review_at": app.in_days(9)});
        let _ = app.by(User::MANAGER).post("/v1/holds", &body).id();
        let confirms = with(order(), json!({"confirms": asked["request"]["id"]}));
        assert_eq!(app.by(User::DEPUTY).post(&seed.at("destruction"), &confirms).faults().1[0].1, "held");
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
        let asked = app.by(User::MANAGER).post(&seed.at("destruction"), &order()).ok();
        let confirms = with(order(), json!({"confirms": asked["request"]["id"]}));
        assert_eq!(app.by(User::DEPUTY).post_as("end", &seed.at("destruction"), &confirms).status, 503);
        assert_eq!(app.by(User::OWNER).get(&seed.path).status, 410, "what was decided is decided");
        raw::execute(app, "DROP TRIGGER killed", "DROP TRIGGER killed ON deletion_certificates");
        assert_eq!(raw::counts(app)["deletion_certificates"], 0);
        app.work();
        assert!(!app.keys().contains(&format!("scope-{}", seed.chronology)));
        let again = app.by(User::DEPUTY).post_as("end", &seed.at("destruction"), &confirms).ok();
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

/// Where the partnership does not ask for it, one is enough.
#[test]
fn one_person_is_enough_where_the_partnership_says_so() {
    for kind in [behaviour::Kind::Sqlite, behaviour::Kind::Postgresql] {
        let policy = domain::PartnershipPolicy { two_people: false, ..domain::PartnershipPolicy::default() };
        let app = TestApp::with_policy(kind, policy);
        let seed = app.seed();
        let done = app.by(User::MANAGER).post(&seed.at("destruction"), &order()).ok();
        assert_eq!((&done["state"], done.get("asked_by")), (&json!("destroyed"), None));
        let body = json!({"scope": "all", "reason": "Canary", "review_at": app.in_days(9)});
        assert_eq!(app.by(User::MANAGER).post("/v1/holds", &body).when(201)["awaiting_confirmation"], false);
    }
}
