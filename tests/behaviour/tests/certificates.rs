//! Every destruction is certified, and whoever contributed can check it.

use behaviour::inputs::{entry, fragment};
use behaviour::{Seed, TestApp, User, on_both, raw};
use domain::Clock as _;
use serde_json::{Value, json};
use vault::certificate::{CertificateFault, SignedCertificate, check};

const LIST: &str = "/v1/deletion-certificates";

fn listed(app: &TestApp, user: User) -> Vec<Value> {
    app.by(user).get(LIST).ok()["items"].as_array().cloned().unwrap_or_default()
}

fn read(app: &TestApp, user: User, id: &Value) -> Value {
    app.by(user).get(&format!("{LIST}/{}", id.as_str().expect("an id"))).ok()
}

fn signed(document: &Value) -> SignedCertificate {
    serde_json::from_value(document.clone()).expect("a certificate")
}

/// Identifiers that a certificate proves to its reader, sorted.
fn proved(document: &Value) -> Vec<String> {
    let proofs = document["proofs"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<_> =
        proofs.iter().map(|proof| proof["object_id"].as_str().unwrap_or_default().to_owned()).collect();
    ids.sort();
    ids
}

fn sorted(ids: &[&String]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
    ids.sort();
    ids
}

/// Two agencies have contributed and a view is frozen; then everything expires and the hour passes.
fn expired(app: &TestApp) -> (Seed, String, String) {
    let seed = app.seed();
    let other =
        app.by(User::WAITING).post(&seed.at("fragments"), &fragment(&[entry("a burn", "2026-01-02", &[])])).id();
    let frozen = app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).id();
    app.set_to(&app.by(User::OWNER).get(&seed.path).ok()["expires_at"]);
    app.work();
    app.pass(3_600);
    app.work();
    (seed, other, frozen)
}

on_both! {
    fn a_commitment_is_published_with_the_first_use_and_only_once(app) {
        let seed = app.seed();
        let chronology = format!("SELECT count(*) AS count FROM key_commitments WHERE kind = 'scope' AND key_id = '{}'", seed.chronology);
        assert_eq!(raw::count(app, &chronology), 1);
        let epochs = raw::count(app, "SELECT count(*) AS count FROM key_commitments WHERE kind = 'epoch'");
        assert!(epochs >= 2, "the chronology's hour and that of what nothing refers to yet: {epochs}");
        let before = raw::counts(app)["key_commitments"];
        let _ = app.by(User::WAITING).post(&seed.at("fragments"), &fragment(&[entry("a burn", "2026-01-02", &[])])).ok();
        assert_eq!(raw::counts(app)["key_commitments"], before, "nothing new is used");
        let records = app.by(User::AUDITOR).get("/v1/audit?limit=500").ok();
        let published = records["items"].as_array().cloned().unwrap_or_default().into_iter().filter(|record| record["operation"] == "key.publish").count();
        assert_eq!(i64::try_from(published), Ok(before), "each is on record");
    }

    fn what_is_rolled_back_is_published_the_next_time(app) {
        let seed = app.seed();
        let before = raw::counts(app)["key_commitments"];
        raw::execute(
            app,
            "CREATE TRIGGER no_reply BEFORE INSERT ON idempotency BEGIN SELECT RAISE(ABORT, 'no reply'); END;",
            "CREATE FUNCTION no_reply() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no reply'; END $$;
             CREATE TRIGGER no_reply BEFORE INSERT ON idempotency FOR EACH ROW EXECUTE FUNCTION no_reply();",
        );
        let body = behaviour::inputs::reason(json!({"expires_at": app.in_days(100)}));
        assert_eq!(app.by(User::OWNER).post(&seed.at("extend"), &body).status, 503);
        assert_eq!(raw::counts(app)["key_commitments"], before);
        raw::execute(app, "DROP TRIGGER no_reply", "DROP TRIGGER no_reply ON idempotency");
        let _ = app.by(User::OWNER).post(&seed.at("extend"), &body).ok();
        assert_eq!(raw::counts(app)["key_commitments"], before + 1, "the new hour");
    }

    fn each_agency_is_proved_its_own_and_learns_of_nothing_else(app) {
        let (seed, other, frozen) = expired(app);
        // The school's lead: its fragment alone. The surgery's practitioner: what they wrote.
        let lead = listed(app, User::LEAD);
        assert_eq!(lead.len(), 1, "{lead:?}");
        let id = &lead[0]["id"];
        assert_eq!(listed(app, User::WAITING)[0]["id"], *id);
        let schools = read(app, User::LEAD, id);
        assert_eq!(proved(&schools), std::slice::from_ref(&seed.fragment));
        assert_eq!(proved(&read(app, User::WAITING, id)), std::slice::from_ref(&other));
        assert_eq!(proved(&read(app, User::RETURNED, id)), std::slice::from_ref(&seed.fragment));
        // Social care's manager: all that the agency ran.
        let all = [&seed.chronology, &seed.fragment, &other, &frozen, &seed.family, &seed.twin, &seed.other_twin, &seed.unborn, &seed.father, &seed.mother];
        assert_eq!(proved(&read(app, User::MANAGER, id)), sorted(&all));
        // One object alone can be asked for; another's cannot.
        let one = app.by(User::MANAGER).get(&format!("{LIST}/{}?object={}", id.as_str().unwrap_or_default(), seed.twin)).ok();
        assert_eq!(proved(&one), std::slice::from_ref(&seed.twin));
        let none = app.by(User::LEAD).get(&format!("{LIST}/{}?object={other}", id.as_str().unwrap_or_default())).ok();
        assert_eq!(proved(&none), Vec::<String>::new());
        // The auditor reads all of it and is proved nothing; what does not show is how many there were.
        assert_eq!(listed(app, User::AUDITOR).len(), 1);
        assert_eq!(proved(&read(app, User::AUDITOR, id)), Vec::<String>::new());
        assert_eq!(schools["certificate"]["covers"]["leaves"], 16);
        assert!(!schools.to_string().contains(&other) && !schools.to_string().contains(&seed.chronology));
        // Nobody else: not an agency that contributed nothing, not a colleague, not another partnership.
        for user in [User::STRANGER, User::COLLEAGUE, User::UNNAMED, User::HOUSING, User::FOREIGNER] {
            assert_eq!(listed(app, user), Vec::<Value>::new(), "{}", user.name);
            let there = app.by(user).get(&format!("{LIST}/{}", id.as_str().unwrap_or_default()));
            let absent = app.by(user).get(&format!("{LIST}/01999999-0000-7000-8000-00000000dead"));
            assert_eq!((there.status, there.without_request()), (404, absent.without_request()), "{}", user.name);
        }
    }

    fn it_holds_before_a_checker_that_knows_nothing_but_the_public_key(app) {
        let (seed, _, _) = expired(app);
        let id = listed(app, User::LEAD)[0]["id"].clone();
        let document = signed(&read(app, User::LEAD, &id));
        assert_eq!(check(&document, Some(&app.public_key())), Ok(()));
        assert_eq!(document.proofs.len(), 1);
        assert!(document.certificate.published_at.is_some_and(|at| at < document.certificate.destroyed_at));
        let mut changed = document.clone();
        changed.certificate.probed_at = changed.certificate.probed_at.plus(std::time::Duration::from_secs(1));
        assert_eq!(check(&changed, Some(&app.public_key())), Err(CertificateFault::Signature));
        let mut other = document;
        other.proofs[0].object_id = seed.twin.parse().expect("an id");
        assert!(matches!(check(&other, None), Err(CertificateFault::Proof(_))));
    }

    fn a_tombstone_leads_to_its_certificate_once_there_is_one(app) {
        let seed = app.seed();
        app.set_to(&app.by(User::OWNER).get(&seed.path).ok()["expires_at"]);
        let _ = app.service.purge(10).expect("it runs");
        let path = format!("/v1/tombstones/{}", seed.fragment);
        assert_eq!(app.by(User::RETURNED).get(&path).ok()["certificates"], json!([]));
        app.pass(3_600);
        app.work();
        let id = listed(app, User::LEAD)[0]["id"].clone();
        assert_eq!(app.by(User::RETURNED).get(&path).ok()["certificates"], json!([id]));
        assert_eq!(app.by(User::OWNER).get(&format!("/v1/tombstones/{}", seed.chronology)).ok()["certificates"], json!([id]));
    }

    fn a_process_killed_before_it_could_certify_is_made_up_for(app) {
        let seed = app.seed();
        app.set_to(&app.by(User::OWNER).get(&seed.path).ok()["expires_at"]);
        let _ = app.service.purge(10).expect("it runs");
        app.pass(3_600);
        let destroyed = app.another_vault().destroy_epochs_over(app.clock.now()).expect("keys go");
        assert!(!destroyed.is_empty());
        assert_eq!(listed(app, User::LEAD), Vec::<Value>::new());
        app.work();
        let id = listed(app, User::LEAD)[0]["id"].clone();
        assert_eq!(check(&signed(&read(app, User::LEAD, &id)), Some(&app.public_key())), Ok(()));
        app.pass(3_600);
        app.work();
        assert_eq!(listed(app, User::AUDITOR).len(), 1, "once");
    }

    fn an_hour_in_which_nothing_lay_has_no_certificate(app) {
        // The family lived by this hour until a chronology gave it a longer life.
        let _ = app.seed_draft();
        app.pass_days(15);
        app.work();
        assert!(raw::count(app, "SELECT count(*) AS count FROM key_commitments WHERE settled_at IS NOT NULL") >= 1, "that of two weeks");
        assert_eq!(raw::counts(app)["deletion_certificates"], 0);
    }

    fn what_was_withdrawn_is_covered_when_its_hour_is_over(app) {
        let seed = app.seed();
        assert_eq!(app.by(User::RETURNED).delete(&format!("/v1/fragments/{}", seed.fragment), Some(1)).status, 204);
        app.set_to(&app.by(User::OWNER).get(&seed.path).ok()["expires_at"]);
        app.pass(3_600);
        app.work();
        let id = listed(app, User::LEAD)[0]["id"].clone();
        assert_eq!(proved(&read(app, User::LEAD, &id)), std::slice::from_ref(&seed.fragment));
    }

    fn what_is_held_is_certified_when_it_is_released(app) {
        let seed = app.seed();
        let hold = app.hold_everything(&json!(app.in_days(90)));
        app.set_to(&app.by(User::OWNER).get(&seed.path).ok()["expires_at"]);
        app.pass(7_200);
        app.work();
        assert_eq!(listed(app, User::AUDITOR), Vec::<Value>::new());
        let _ = app.by(User::MANAGER).post(&format!("/v1/holds/{hold}/release"), &json!({"reason": "Canary"})).ok();
        app.work();
        app.work();
        let id = listed(app, User::LEAD)[0]["id"].clone();
        assert_eq!(check(&signed(&read(app, User::LEAD, &id)), Some(&app.public_key())), Ok(()));
    }

    fn certificates_come_in_pages(app) {
        let seed = app.seed();
        let waiting = app.by(User::WAITING);
        for days in [10, 20, 30] {
            let body = behaviour::inputs::with(fragment(&[entry("a burn", "2026-01-02", &[])]), json!({"expires_at": app.in_days(days)}));
            let _ = waiting.post(&seed.at("fragments"), &body).ok();
        }
        app.set_to(&app.by(User::OWNER).get(&seed.path).ok()["expires_at"]);
        app.pass(3_600);
        app.work();
        let whole = listed(app, User::AUDITOR);
        assert_eq!(whole.len(), 4);
        let first = app.by(User::AUDITOR).get(&format!("{LIST}?limit=3")).ok();
        let next = first["next"].as_str().unwrap_or_default().to_owned();
        let second = app.by(User::AUDITOR).get(&format!("{LIST}?limit=3&cursor={next}")).ok();
        let joined: Vec<Value> = [&first, &second].iter().flat_map(|page| page["items"].as_array().cloned().unwrap_or_default()).collect();
        assert_eq!(joined, whole);
        assert_eq!(listed(app, User::WAITING).len(), 3);
    }
}
