//! Deletion certificates: every key destruction is certified, and contributors can verify it.

use behaviour::inputs::{entry, fragment};
use behaviour::{Seed, TestApp, User, on_both, raw_db};
use domain::Clock as _;
use serde_json::{Value, json};
use vault::certificate::{CertificateError, SignedCertificate, verify};

const LIST: &str = "/v1/deletion-certificates";

fn list_certificates(app: &TestApp, user: User) -> Vec<Value> {
    app.as_user(user).get(LIST).expect_ok()["items"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

fn read_certificate(app: &TestApp, user: User, id: &Value) -> Value {
    app.as_user(user)
        .get(&format!("{LIST}/{}", id.as_str().expect("an id")))
        .expect_ok()
}

fn parse_signed(document: &Value) -> SignedCertificate {
    serde_json::from_value(document.clone()).expect("a certificate")
}

/// The identifiers of the objects whose destruction the certificate proves to its reader, sorted.
fn proved_ids(document: &Value) -> Vec<String> {
    let proofs = document["proofs"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<_> = proofs
        .iter()
        .map(|proof| proof["object_id"].as_str().unwrap_or_default().to_owned())
        .collect();
    ids.sort();
    ids
}

fn sorted_ids(ids: &[&String]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
    ids.sort();
    ids
}

/// Submits fragments of two agencies and freezes a view, then lets everything expire and the epoch
/// end. Returns the seed and the identifiers of the surgery's fragment and the frozen view.
fn create_and_let_expire(app: &TestApp) -> (Seed, String, String) {
    let seed = app.seed();
    let other = app
        .as_user(User::WAITING)
        .post(
            &seed.path_to("fragments"),
            &fragment(&[entry("a burn", "2026-01-02", &[])]),
        )
        .id();
    let frozen = app
        .as_user(User::OWNER)
        .post(&seed.path_to("consolidations"), &Value::Null)
        .id();
    app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"]);
    app.run_background_jobs();
    app.advance_seconds(3_600);
    app.run_background_jobs();
    (seed, other, frozen)
}

/// Users without a contribution, who are not involved, or of another partnership cannot read it.
fn assert_unreadable_for_others(app: &TestApp, id: &Value) {
    for user in [
        User::STRANGER,
        User::COLLEAGUE,
        User::UNNAMED,
        User::HOUSING,
        User::FOREIGNER,
    ] {
        assert_eq!(
            list_certificates(app, user),
            Vec::<Value>::new(),
            "{}",
            user.name
        );
        let existing = app
            .as_user(user)
            .get(&format!("{LIST}/{}", id.as_str().unwrap_or_default()));
        let absent = app
            .as_user(user)
            .get(&format!("{LIST}/01999999-0000-7000-8000-00000000dead"));
        assert_eq!(
            (existing.status, existing.body_without_request_fields()),
            (404, absent.body_without_request_fields()),
            "{}",
            user.name
        );
    }
}

on_both! {
    fn key_commitment_is_published_once_at_first_use(app) {
        let seed = app.seed();
        let chronology = format!(
            "SELECT count(*) AS count FROM key_commitments WHERE kind = 'scope' AND key_id = '{}'",
            seed.chronology
        );
        assert_eq!(raw_db::query_count(app, &chronology), 1);
        let epochs = raw_db::query_count(
            app,
            "SELECT count(*) AS count FROM key_commitments WHERE kind = 'epoch'",
        );
        assert!(
            epochs >= 2,
            "the chronology's epoch and that of objects that nothing refers to yet: {epochs}"
        );
        let before = raw_db::row_counts(app)["key_commitments"];
        let _ = app
            .as_user(User::WAITING)
            .post(
                &seed.path_to("fragments"),
                &fragment(&[entry("a burn", "2026-01-02", &[])]),
            )
            .expect_ok();
        assert_eq!(
            raw_db::row_counts(app)["key_commitments"],
            before,
            "no new key is used"
        );
        let records = app
            .as_user(User::AUDITOR)
            .get("/v1/audit?limit=500")
            .expect_ok();
        let published = records["items"]
            .as_array()
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .filter(|record| record["operation"] == "key.publish")
            .count();
        assert_eq!(
            i64::try_from(published),
            Ok(before),
            "each publication is audited"
        );
    }

    fn rolled_back_commitment_is_published_by_the_next_request(app) {
        let seed = app.seed();
        let before = raw_db::row_counts(app)["key_commitments"];
        raw_db::execute(
            app,
            "CREATE TRIGGER no_reply BEFORE INSERT ON idempotency BEGIN SELECT RAISE(ABORT, 'no reply'); END;",
            "CREATE FUNCTION no_reply() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no reply'; END $$;
             CREATE TRIGGER no_reply BEFORE INSERT ON idempotency FOR EACH ROW EXECUTE FUNCTION no_reply();",
        );
        let body = behaviour::inputs::with_reason(json!({"expires_at": app.in_days(100)}));
        assert_eq!(
            app.as_user(User::OWNER)
                .post(&seed.path_to("extend"), &body)
                .status,
            503
        );
        assert_eq!(raw_db::row_counts(app)["key_commitments"], before);
        raw_db::execute(
            app,
            "DROP TRIGGER no_reply",
            "DROP TRIGGER no_reply ON idempotency",
        );
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("extend"), &body)
            .expect_ok();
        assert_eq!(
            raw_db::row_counts(app)["key_commitments"],
            before + 1,
            "the new epoch"
        );
    }

    fn certificate_proves_to_each_reader_only_their_own_objects(app) {
        let (seed, other, frozen) = create_and_let_expire(app);
        // The school's lead and practitioner get a proof for its fragment, the surgery's
        // practitioner for their own.
        let certificates = list_certificates(app, User::LEAD);
        assert_eq!(certificates.len(), 1, "{certificates:?}");
        let id = &certificates[0]["id"];
        assert_eq!(list_certificates(app, User::WAITING)[0]["id"], *id);
        let for_school = read_certificate(app, User::LEAD, id);
        assert_eq!(
            proved_ids(&for_school),
            std::slice::from_ref(&seed.fragment)
        );
        assert_eq!(
            proved_ids(&read_certificate(app, User::WAITING, id)),
            std::slice::from_ref(&other)
        );
        assert_eq!(
            proved_ids(&read_certificate(app, User::RETURNED, id)),
            std::slice::from_ref(&seed.fragment)
        );
        // The manager of the owning agency gets proofs for everything.
        let all = [
            &seed.chronology,
            &seed.fragment,
            &other,
            &frozen,
            &seed.family,
            &seed.twin,
            &seed.other_twin,
            &seed.unborn,
            &seed.father,
            &seed.mother,
        ];
        assert_eq!(
            proved_ids(&read_certificate(app, User::MANAGER, id)),
            sorted_ids(&all)
        );
        // Proofs can be limited to one object, but not to one the reader may not see.
        let for_one_object = app
            .as_user(User::MANAGER)
            .get(&format!(
                "{LIST}/{}?object={}",
                id.as_str().unwrap_or_default(),
                seed.twin
            ))
            .expect_ok();
        assert_eq!(
            proved_ids(&for_one_object),
            std::slice::from_ref(&seed.twin)
        );
        let for_other_object = app
            .as_user(User::LEAD)
            .get(&format!(
                "{LIST}/{}?object={other}",
                id.as_str().unwrap_or_default()
            ))
            .expect_ok();
        assert_eq!(proved_ids(&for_other_object), Vec::<String>::new());
        // The auditor can read every certificate without proofs. The padded leaf count hides the
        // number of objects.
        assert_eq!(list_certificates(app, User::AUDITOR).len(), 1);
        assert_eq!(
            proved_ids(&read_certificate(app, User::AUDITOR, id)),
            Vec::<String>::new()
        );
        assert_eq!(for_school["certificate"]["covers"]["leaves"], 16);
        assert!(
            !for_school.to_string().contains(&other)
                && !for_school.to_string().contains(&seed.chronology)
        );
        assert_unreadable_for_others(app, id);
    }

    fn certificate_verifies_with_the_public_key_alone(app) {
        let (seed, _, _) = create_and_let_expire(app);
        let id = list_certificates(app, User::LEAD)[0]["id"].clone();
        let document = parse_signed(&read_certificate(app, User::LEAD, &id));
        assert_eq!(verify(&document, Some(&app.public_key())), Ok(()));
        assert_eq!(document.proofs.len(), 1);
        assert!(
            document
                .certificate
                .published_at
                .is_some_and(|published_at| published_at < document.certificate.destroyed_at)
        );
        let mut changed = document.clone();
        changed.certificate.probed_at = changed
            .certificate
            .probed_at
            .plus(std::time::Duration::from_secs(1));
        assert_eq!(
            verify(&changed, Some(&app.public_key())),
            Err(CertificateError::InvalidSignature)
        );
        let mut other = document;
        other.proofs[0].object_id = seed.twin.parse().expect("an id");
        assert!(matches!(
            verify(&other, None),
            Err(CertificateError::InvalidProof(_))
        ));
    }

    fn tombstone_lists_its_certificate_once_issued(app) {
        let seed = app.seed();
        app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"]);
        let _ = app.service.retention.purge(10).expect("the deletion job runs");
        let path = format!("/v1/tombstones/{}", seed.fragment);
        assert_eq!(
            app.as_user(User::RETURNED).get(&path).expect_ok()["certificates"],
            json!([])
        );
        app.advance_seconds(3_600);
        app.run_background_jobs();
        let id = list_certificates(app, User::LEAD)[0]["id"].clone();
        assert_eq!(
            app.as_user(User::RETURNED).get(&path).expect_ok()["certificates"],
            json!([id])
        );
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&format!("/v1/tombstones/{}", seed.chronology))
                .expect_ok()["certificates"],
            json!([id])
        );
    }

    fn missing_certificate_is_issued_after_a_kill(app) {
        let seed = app.seed();
        app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"]);
        let _ = app.service.retention.purge(10).expect("the deletion job runs");
        app.advance_seconds(3_600);
        let destroyed = app
            .open_second_vault()
            .destroy_expired_epochs(app.clock.now())
            .expect("keys are destroyed");
        assert!(!destroyed.is_empty());
        assert_eq!(list_certificates(app, User::LEAD), Vec::<Value>::new());
        app.run_background_jobs();
        let id = list_certificates(app, User::LEAD)[0]["id"].clone();
        assert_eq!(
            verify(
                &parse_signed(&read_certificate(app, User::LEAD, &id)),
                Some(&app.public_key())
            ),
            Ok(())
        );
        app.advance_seconds(3_600);
        app.run_background_jobs();
        assert_eq!(
            list_certificates(app, User::AUDITOR).len(),
            1,
            "issued only once"
        );
    }

    fn epoch_without_objects_has_no_certificate(app) {
        // The family used this epoch until the chronology extended its expiry.
        let _ = app.seed_draft();
        app.advance_days(15);
        app.run_background_jobs();
        assert!(
            raw_db::query_count(
                app,
                "SELECT count(*) AS count FROM key_commitments WHERE settled_at IS NOT NULL"
            ) >= 1,
            "the epoch of unreferenced people"
        );
        assert_eq!(raw_db::row_counts(app)["deletion_certificates"], 0);
    }

    fn withdrawn_fragment_is_certified_when_its_epoch_ends(app) {
        let seed = app.seed();
        assert_eq!(
            app.as_user(User::RETURNED)
                .delete(&format!("/v1/fragments/{}", seed.fragment), Some(1))
                .status,
            204
        );
        app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"]);
        app.advance_seconds(3_600);
        app.run_background_jobs();
        let id = list_certificates(app, User::LEAD)[0]["id"].clone();
        assert_eq!(
            proved_ids(&read_certificate(app, User::LEAD, &id)),
            std::slice::from_ref(&seed.fragment)
        );
    }

    fn held_objects_are_certified_after_release(app) {
        let seed = app.seed();
        let hold = app.hold_everything(&json!(app.in_days(90)));
        app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"]);
        app.advance_seconds(7_200);
        app.run_background_jobs();
        assert_eq!(list_certificates(app, User::AUDITOR), Vec::<Value>::new());
        let _ = app
            .as_user(User::MANAGER)
            .post(
                &format!("/v1/holds/{hold}/release"),
                &json!({"reason": "Canary"}),
            )
            .expect_ok();
        app.run_background_jobs();
        app.run_background_jobs();
        let id = list_certificates(app, User::LEAD)[0]["id"].clone();
        assert_eq!(
            verify(
                &parse_signed(&read_certificate(app, User::LEAD, &id)),
                Some(&app.public_key())
            ),
            Ok(())
        );
    }

    fn certificates_are_listed_in_pages(app) {
        let seed = app.seed();
        let waiting = app.as_user(User::WAITING);
        for days in [10, 20, 30] {
            let body = behaviour::inputs::with_members(
                fragment(&[entry("a burn", "2026-01-02", &[])]),
                json!({"expires_at": app.in_days(days)}),
            );
            let _ = waiting.post(&seed.path_to("fragments"), &body).expect_ok();
        }
        app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"]);
        app.advance_seconds(3_600);
        app.run_background_jobs();
        let all = list_certificates(app, User::AUDITOR);
        assert_eq!(all.len(), 4);
        let first = app
            .as_user(User::AUDITOR)
            .get(&format!("{LIST}?limit=3"))
            .expect_ok();
        let next = first["next"].as_str().unwrap_or_default().to_owned();
        let second = app
            .as_user(User::AUDITOR)
            .get(&format!("{LIST}?limit=3&cursor={next}"))
            .expect_ok();
        let joined: Vec<Value> = [&first, &second]
            .iter()
            .flat_map(|page| page["items"].as_array().cloned().unwrap_or_default())
            .collect();
        assert_eq!(joined, all);
        assert_eq!(list_certificates(app, User::WAITING).len(), 3);
    }
}
