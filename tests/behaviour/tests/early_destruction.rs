//! Early destruction of a chronology: it is irreversible and immediate, and refused while a hold
//! applies or a snapshot is missing.

use behaviour::inputs::{child, entry, fragment, with_members, with_reason, without_member};
use behaviour::{Seed, TestApp, User, on_both, raw_db};
use serde_json::{Value, json};
use vault::certificate::{SignedCertificate, verify};

fn destruction_order() -> Value {
    json!({
        "reason_code": "made_in_error", "reason": "Canary order: the wrong family.",
        "snapshot_waiver": "Canary waiver: nothing to keep.",
    })
}

fn destroy(app: &TestApp, seed: &Seed) -> Value {
    app.destroy_chronology(seed, &destruction_order())
}

/// Tables that hold data of a chronology.
const CHRONOLOGY_TABLES: [&str; 14] = [
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

/// Adds a second fragment, a link decision and a frozen view.
fn submit_link_and_consolidate(app: &TestApp, seed: &Seed) {
    let submitted = app.as_user(User::WAITING).post(
        &seed.path_to("fragments"),
        &fragment(&[entry("a burn", "2026-01-02", &[])]),
    );
    let entries = [seed.fragment.clone(), submitted.id()].map(|id| {
        app.as_user(User::OWNER)
            .get(&format!("/v1/fragments/{id}"))
            .expect_ok()["entries"][0]["id"]
            .clone()
    });
    let link = json!({
        "decision": "related", "entries": [entries[0]], "with": [entries[1]], "reason": "Canary",
    });
    let _ = app
        .as_user(User::OWNER)
        .post(&seed.path_to("link-decisions"), &link)
        .expect_ok();
    let _ = app
        .as_user(User::OWNER)
        .post(&seed.path_to("consolidations"), &Value::Null)
        .expect_ok();
}

/// The owner reads the reason of the destruction; a contributor does not.
fn assert_destruction_in_tombstones(app: &TestApp, seed: &Seed) {
    let tombstone = app
        .as_user(User::OWNER)
        .get(&format!("/v1/tombstones/{}", seed.chronology))
        .expect_ok();
    assert_eq!(
        (
            &tombstone["reason"],
            &tombstone["entry_count"],
            &tombstone["destruction"]["reason"]
        ),
        (
            &json!("destroyed"),
            &json!(2),
            &json!("Canary order: the wrong family.")
        )
    );
    let school_tombstone = app
        .as_user(User::RETURNED)
        .get(&format!("/v1/tombstones/{}", seed.fragment))
        .expect_ok();
    assert_eq!(
        (
            &school_tombstone["reason"],
            school_tombstone.get("destruction")
        ),
        (&json!("destroyed"), None)
    );
    assert!(!school_tombstone.to_string().contains("Canary"));
}

/// Requests the destruction, which destroys nothing yet. Returns the request.
fn request_destruction(app: &TestApp, seed: &Seed) -> Value {
    let manager = app.as_user(User::MANAGER);
    let path = seed.path_to("destruction");
    assert_eq!(manager.get(&path).status, 404);
    let requested = manager.post(&path, &destruction_order()).expect_ok();
    assert_eq!(
        (&requested["state"], &requested["certificates"]),
        (&json!("requested"), &json!([])),
        "{requested}"
    );
    assert_eq!(
        requested["request"]["asked_by"],
        json!(seed.people["MANAGER"])
    );
    assert_eq!(
        app.as_user(User::OWNER)
            .get(&seed.path_to("timeline"))
            .expect_ok()["header"]["entry_count"],
        1,
        "nothing is destroyed"
    );
    assert_eq!(
        app.as_user(User::OWNER).get(&seed.path).expect_ok()["warnings"],
        json!(["destruction_requested"])
    );
    assert_eq!(
        app.as_user(User::RETURNED)
            .get(&seed.path)
            .expect_ok()
            .get("warnings"),
        None
    );
    requested
}

on_both! {
    fn destruction_deletes_all_content_at_once_and_leaves_a_tombstone(app) {
        let seed = app.seed();
        submit_link_and_consolidate(app, &seed);
        let key = format!("scope-{}", seed.chronology);
        assert!(app.stored_keys().contains(&key));
        let destruction = destroy(app, &seed);
        assert_eq!(
            (
                &destruction["reason_code"],
                &destruction["snapshot"],
                &destruction["decided_by"]
            ),
            (
                &json!("made_in_error"),
                &json!("waived"),
                &app.as_user(User::DEPUTY).get("/v1/me").expect_ok()["id"]
            )
        );
        assert_eq!(
            (&destruction["state"], &destruction["asked_by"]),
            (&json!("destroyed"), &json!(seed.people["MANAGER"]))
        );
        assert!(
            !app.stored_keys().contains(&key),
            "the key is destroyed before the response is sent"
        );
        let counts = raw_db::row_counts(app);
        for table in CHRONOLOGY_TABLES {
            assert_eq!(counts[table], 0, "{table}");
        }
        for (user, path, status) in [
            (User::OWNER, seed.path.clone(), 410),
            (User::OWNER, seed.path_to("timeline"), 410),
            (User::RETURNED, seed.path_to("timeline"), 410),
            (
                User::RETURNED,
                format!("/v1/fragments/{}", seed.fragment),
                410,
            ),
            (User::STRANGER, seed.path.clone(), 404),
            (User::COLLEAGUE, seed.path.clone(), 404),
        ] {
            assert_eq!(
                app.as_user(user).get(&path).status,
                status,
                "{} {path}",
                user.name
            );
        }
        assert_destruction_in_tombstones(app, &seed);
        // The family, which nothing refers to any more, is kept for 14 days.
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&format!("/v1/families/{}", seed.family))
                .expect_ok()["expires_at"],
            app.in_days(14)
        );
        // The idempotency record keeps the identifier, without content, for one day.
        let idempotency_records = format!(
            "SELECT count(*) AS count FROM idempotency WHERE {}",
            object_condition(app, &seed.chronology)
        );
        assert!(raw_db::query_count(app, &idempotency_records) > 0);
        app.advance_days(1);
        app.run_background_jobs();
        assert_eq!(raw_db::query_count(app, &idempotency_records), 0);
    }

    fn scope_key_and_later_epoch_key_are_certified(app) {
        let seed = app.seed();
        let end = app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"].clone();
        let destruction = destroy(app, &seed);
        let id = destruction["certificates"][0]
            .as_str()
            .expect("a certificate")
            .to_owned();
        let document = app
            .as_user(User::LEAD)
            .get(&format!("/v1/deletion-certificates/{id}"))
            .expect_ok();
        let signed: SignedCertificate =
            serde_json::from_value(document.clone()).expect("a certificate");
        assert_eq!(verify(&signed, Some(&app.public_key())), Ok(()));
        assert_eq!(
            (
                document["certificate"]["key"]["id"].clone(),
                document["proofs"][0]["object_id"].clone()
            ),
            (json!(seed.chronology), json!(seed.fragment))
        );
        app.set_time(&end);
        app.advance_seconds(3_600);
        app.run_background_jobs();
        let tombstone = app
            .as_user(User::LEAD)
            .get(&format!("/v1/tombstones/{}", seed.fragment))
            .expect_ok();
        assert_eq!(
            tombstone["certificates"].as_array().map(Vec::len),
            Some(2),
            "{tombstone}"
        );
    }

    fn only_a_manager_of_the_owning_agency_can_destroy(app) {
        let seed = app.seed();
        for user in [
            User::OWNER,
            User::SUPPORT,
            User::TEAM,
            User::COLLEAGUE,
            User::RETURNED,
            User::LEAD,
            User::SYSTEM,
            User::STRANGER,
            User::FOREIGNER,
            User::AUDITOR,
        ] {
            assert_eq!(
                app.as_user(user)
                    .post(&seed.path_to("destruction"), &destruction_order())
                    .status,
                404,
                "{}",
                user.name
            );
        }
        assert_eq!(raw_db::row_counts(app)["chronologies"], 1);
    }

    fn destruction_requires_a_snapshot_or_a_waiver(app) {
        let seed = app.seed();
        let manager = app.as_user(User::MANAGER);
        let without_waiver = without_member(destruction_order(), "/snapshot_waiver");
        let response = manager.post(&seed.path_to("destruction"), &without_waiver);
        assert_eq!(
            (response.status, response.field_errors()[0].1.as_str()),
            (409, "snapshot_needed")
        );
        let blank = with_members(
            destruction_order(),
            json!({"reason": " ", "snapshot_waiver": " "}),
        );
        assert_eq!(
            manager
                .post(&seed.path_to("destruction"), &blank)
                .field_errors()
                .len(),
            2
        );
        for invalid in [
            with_members(destruction_order(), json!({"reason_code": "because"})),
            without_member(destruction_order(), "/reason"),
            with_members(destruction_order(), json!({"reason": "x".repeat(2_001)})),
        ] {
            assert_eq!(
                manager.post(&seed.path_to("destruction"), &invalid).status,
                422,
                "{invalid}"
            );
        }
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("consolidations"), &Value::Null)
            .expect_ok();
        assert_eq!(
            manager
                .post(&seed.path_to("destruction"), &without_waiver)
                .status,
            409,
            "a frozen view alone is not a signed-off snapshot"
        );
        let _ = manager
            .post(&seed.path_to("sign-off"), &json!({"snapshot": "export"}))
            .expect_ok();
        assert_eq!(
            app.destroy_chronology(&seed, &without_waiver)["snapshot"],
            "signed_off"
        );
    }

    fn hold_prevents_destruction(app) {
        for scope in ["chronology", "child", "all"] {
            let app = &TestApp::start(app.db.kind());
            let seed = app.seed();
            let hold = if scope == "all" {
                app.hold_everything(&json!(app.in_days(9)))
            } else {
                let target = if scope == "child" {
                    &seed.twin
                } else {
                    &seed.chronology
                };
                let body = json!({
                    "scope": scope, "target_id": target, "reason": "Canary",
                    "review_at": app.in_days(9),
                });
                app.as_user(User::MANAGER).post("/v1/holds", &body).id()
            };
            let response = app
                .as_user(User::MANAGER)
                .post(&seed.path_to("destruction"), &destruction_order());
            assert_eq!(
                (response.status, response.field_errors()[0].1.as_str()),
                (409, "held"),
                "{scope}"
            );
            assert_eq!(
                app.as_user(User::OWNER)
                    .get(&seed.path_to("timeline"))
                    .expect_ok()["header"]["entry_count"],
                1
            );
            let _ = app
                .as_user(User::MANAGER)
                .post(
                    &format!("/v1/holds/{hold}/release"),
                    &json!({"reason": "Canary"}),
                )
                .expect_ok();
            let _ = destroy(app, &seed);
        }
    }

    fn repeated_request_gets_the_same_response(app) {
        let seed = app.seed();
        let manager = app.as_user(User::MANAGER);
        let deputy = app.as_user(User::DEPUTY);
        let path = seed.path_to("destruction");
        let requested = manager
            .post_with_key("ask", &path, &destruction_order())
            .expect_ok();
        assert_eq!(
            manager
                .post_with_key("ask", &path, &destruction_order())
                .expect_ok(),
            requested
        );
        let confirmation = with_members(
            destruction_order(),
            json!({"confirms": requested["request"]["id"]}),
        );
        let first = deputy.post_with_key("end", &path, &confirmation);
        let again = deputy.post_with_key("end", &path, &confirmation);
        assert_eq!(
            (again.expect_ok(), again.header("idempotent-replayed")),
            (first.expect_ok(), Some("true"))
        );
        let other = with_members(destruction_order(), json!({"reason_code": "closed"}));
        assert_eq!(
            deputy.post_with_key("end", &path, &other).status,
            422,
            "the key belongs to another request"
        );
        assert_eq!(
            manager.post(&path, &other).expect_ok(),
            first.expect_ok(),
            "the decision is final"
        );
        assert_eq!(manager.get(&path).expect_ok(), first.expect_ok());
        assert_eq!(
            app.as_user(User::OWNER)
                .post(&path, &destruction_order())
                .status,
            404
        );
        assert_eq!(
            app.as_user(User::FOREIGNER)
                .post(&path, &destruction_order())
                .status,
            404
        );
        app.advance_days(2);
        app.run_background_jobs();
        assert_eq!(
            manager.post(&path, &destruction_order()).expect_ok(),
            first.expect_ok()
        );
    }

    fn destruction_requires_two_people(app) {
        let seed = app.seed();
        let manager = app.as_user(User::MANAGER);
        let deputy = app.as_user(User::DEPUTY);
        let path = seed.path_to("destruction");
        let requested = request_destruction(app, &seed);
        let confirmation = with_members(
            destruction_order(),
            json!({
                "confirms": requested["request"]["id"], "reason": "Canary: I have seen the file.",
            }),
        );
        let own = manager.post(&path, &confirmation);
        assert_eq!(
            (own.status, own.problem_type().as_str()),
            (409, "second_person"),
            "{}",
            own.text()
        );
        assert_eq!(
            manager.post(&path, &destruction_order()).expect_ok(),
            requested,
            "a repeated request creates no second one"
        );
        let second = deputy.post(&path, &destruction_order());
        assert_eq!(
            (second.status, second.problem_type().as_str()),
            (409, "already_exists"),
            "a second request confirms nothing"
        );
        let unknown_request =
            with_members(confirmation.clone(), json!({"confirms": seed.fragment}));
        assert_eq!(
            deputy.post(&path, &unknown_request).field_errors(),
            [("/confirms".to_owned(), "unknown".to_owned())]
        );
        assert_eq!(
            deputy.get(&path).expect_ok()["reason"],
            "Canary order: the wrong family."
        );
        for user in [
            User::OWNER,
            User::SUPPORT,
            User::TEAM,
            User::RETURNED,
            User::AUDITOR,
        ] {
            assert_eq!(app.as_user(user).get(&path).status, 404, "{}", user.name);
            assert_eq!(
                app.as_user(user).post(&path, &confirmation).status,
                404,
                "{}",
                user.name
            );
        }
        let confirmed = deputy.post(&path, &confirmation).expect_ok();
        assert_eq!(
            (&confirmed["state"], &confirmed["asked_by"]),
            (&json!("destroyed"), &json!(seed.people["MANAGER"]))
        );
        assert_eq!(
            (&confirmed["reason"], &confirmed["confirmation_reason"]),
            (
                &json!("Canary order: the wrong family."),
                &json!("Canary: I have seen the file.")
            )
        );
        assert_eq!(raw_db::row_counts(app)["chronologies"], 0);
        assert_eq!(raw_db::row_counts(app)["destruction_requests"], 0);
    }

    fn destruction_request_lapses_after_seven_days(app) {
        let seed = app.seed();
        let manager = app.as_user(User::MANAGER);
        let deputy = app.as_user(User::DEPUTY);
        let path = seed.path_to("destruction");
        let requested = manager.post(&path, &destruction_order()).expect_ok();
        app.advance_days(7);
        let confirmation = with_members(
            destruction_order(),
            json!({"confirms": requested["request"]["id"]}),
        );
        assert_eq!(deputy.post(&path, &confirmation).status, 422);
        assert_eq!(manager.get(&path).status, 404);
        assert_eq!(
            deputy.post(&path, &destruction_order()).expect_ok()["state"],
            "requested",
            "any manager can request it again"
        );
        app.advance_days(8);
        app.run_background_jobs();
        assert_eq!(raw_db::row_counts(app)["destruction_requests"], 0);
    }

    fn request_of_an_inactive_practitioner_cannot_be_confirmed(app) {
        let seed = app.seed();
        let manager = app.as_user(User::MANAGER);
        let deputy = app.as_user(User::DEPUTY);
        let path = seed.path_to("destruction");
        let requested = deputy.post(&path, &destruction_order()).expect_ok();
        let other = with_members(
            destruction_order(),
            json!({"confirms": requested["request"]["id"], "reason_code": "closed"}),
        );
        assert_eq!(
            manager.post(&path, &other).field_errors(),
            [("/reason_code".to_owned(), "contradicts".to_owned())]
        );
        let deputy_path = format!(
            "/v1/practitioners/{}",
            deputy.get("/v1/me").expect_ok()["id"].as_str().unwrap()
        );
        let version = manager.get(&deputy_path).version();
        let _ = manager
            .patch(&deputy_path, Some(version), &json!({"active": false}))
            .expect_ok();
        let confirmation = with_members(
            destruction_order(),
            json!({"confirms": requested["request"]["id"]}),
        );
        assert_eq!(
            manager.post(&path, &confirmation).field_errors(),
            [("/confirms".to_owned(), "unknown".to_owned())]
        );
        assert_eq!(
            manager.post(&path, &destruction_order()).expect_ok()["request"]["asked_by"],
            json!(seed.people["MANAGER"]),
            "it can be requested again"
        );
    }

    fn hold_placed_after_the_request_prevents_confirmation(app) {
        let seed = app.seed();
        let requested = app
            .as_user(User::MANAGER)
            .post(&seed.path_to("destruction"), &destruction_order())
            .expect_ok();
        let body = json!({
            "scope": "chronology", "target_id": seed.chronology, "reason": "Canary",
            "review_at": app.in_days(9),
        });
        let _ = app.as_user(User::MANAGER).post("/v1/holds", &body).id();
        let confirmation = with_members(
            destruction_order(),
            json!({"confirms": requested["request"]["id"]}),
        );
        assert_eq!(
            app.as_user(User::DEPUTY)
                .post(&seed.path_to("destruction"), &confirmation)
                .field_errors()[0]
                .1,
            "held"
        );
    }

    fn expired_chronology_cannot_be_destroyed(app) {
        let seed = app.seed();
        app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"]);
        assert_eq!(
            app.as_user(User::MANAGER)
                .post(&seed.path_to("destruction"), &destruction_order())
                .status,
            410
        );
        app.run_background_jobs();
        assert_eq!(
            app.as_user(User::MANAGER)
                .post(&seed.path_to("destruction"), &destruction_order())
                .status,
            410
        );
    }

    fn draft_can_be_destroyed(app) {
        let seed = app.seed_draft();
        let destruction = destroy(app, &seed);
        assert_eq!(
            destruction["certificates"].as_array().map(Vec::len),
            Some(1)
        );
        assert_eq!(app.as_user(User::OWNER).get(&seed.path).status, 410);
        assert_eq!(raw_db::row_counts(app)["chronologies"], 0);
    }

    fn destruction_also_destroys_the_key_of_an_attached_advance_submission(app) {
        let draft = app.seed_draft();
        let sender = app.as_user(User::RETURNED);
        let child_id = sender
            .post("/v1/people", &child("Orla", "2019-05-14", 0))
            .id();
        let family = sender
            .post(
                "/v1/families",
                &json!({"label": "Canary", "members": [child_id]}),
            )
            .id();
        let body = with_members(
            fragment(&[entry("arrived hungry", "2026-01-02", &[&child_id])]),
            json!({"family_id": family, "expires_at": app.in_days(40)}),
        );
        let advance_submission = sender.post("/v1/fragments", &body).id();
        let owner = app.as_user(User::OWNER);
        let invite = json!({
            "agency_id": draft.agencies["school"], "practitioners": [draft.people["RETURNED"]],
        });
        let _ = owner
            .post(&format!("{}/invitations", draft.path), &invite)
            .expect_ok();
        let _ = owner
            .post(&format!("{}/open", draft.path), &Value::Null)
            .expect_ok();
        assert_eq!(
            owner.get(&draft.path_to("timeline")).expect_ok()["header"]["entry_count"],
            1,
            "the advance submission was attached"
        );
        assert!(
            app.stored_keys()
                .contains(&format!("scope-{advance_submission}"))
        );
        let destruction = destroy(app, &draft);
        assert_eq!(
            destruction["certificates"].as_array().map(Vec::len),
            Some(2),
            "{destruction}"
        );
        let remaining_keys: Vec<_> = app
            .stored_keys()
            .into_iter()
            .filter(|key| key.contains(&advance_submission) || key.contains(&draft.chronology))
            .collect();
        assert_eq!(remaining_keys, Vec::<String>::new());
    }

    fn interrupted_destruction_is_completed_by_the_next_job(app) {
        let seed = app.seed();
        // The certificate cannot be written, as if the process were killed after the deletion of
        // the rows.
        raw_db::execute(
            app,
            "CREATE TRIGGER killed BEFORE INSERT ON deletion_certificates BEGIN SELECT RAISE(ABORT, 'killed'); END;",
            "CREATE FUNCTION killed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'killed'; END $$;
             CREATE TRIGGER killed BEFORE INSERT ON deletion_certificates FOR EACH ROW EXECUTE FUNCTION killed();",
        );
        let requested = app
            .as_user(User::MANAGER)
            .post(&seed.path_to("destruction"), &destruction_order())
            .expect_ok();
        let confirmation = with_members(
            destruction_order(),
            json!({"confirms": requested["request"]["id"]}),
        );
        assert_eq!(
            app.as_user(User::DEPUTY)
                .post_with_key("end", &seed.path_to("destruction"), &confirmation)
                .status,
            503
        );
        assert_eq!(
            app.as_user(User::OWNER).get(&seed.path).status,
            410,
            "the decision is stored"
        );
        raw_db::execute(
            app,
            "DROP TRIGGER killed",
            "DROP TRIGGER killed ON deletion_certificates",
        );
        assert_eq!(raw_db::row_counts(app)["deletion_certificates"], 0);
        app.run_background_jobs();
        assert!(
            !app.stored_keys()
                .contains(&format!("scope-{}", seed.chronology))
        );
        let again = app
            .as_user(User::DEPUTY)
            .post_with_key("end", &seed.path_to("destruction"), &confirmation)
            .expect_ok();
        let id = again["certificates"][0]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert_eq!(
            app.as_user(User::LEAD)
                .get(&format!("/v1/deletion-certificates/{id}"))
                .status,
            200
        );
    }

    fn owner_is_warned_before_expiry_without_sign_off(app) {
        let seed = app.seed();
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&seed.path)
                .expect_ok()
                .get("warnings"),
            None
        );
        app.advance_days(47);
        let chronology = app.as_user(User::OWNER).get(&seed.path).expect_ok();
        assert_eq!(
            chronology["warnings"],
            json!(["expires_without_sign_off"]),
            "{chronology}"
        );
        assert_eq!(
            app.as_user(User::RETURNED)
                .get(&seed.path)
                .expect_ok()
                .get("warnings"),
            None,
            "only the owning agency is warned"
        );
        let _ = app
            .as_user(User::OWNER)
            .post(
                &seed.path_to("extend"),
                &with_reason(json!({"expires_at": app.in_days(60)})),
            )
            .expect_ok();
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&seed.path)
                .expect_ok()
                .get("warnings"),
            None
        );
    }
}

/// The SQL condition that selects an object, in the dialect of the database.
fn object_condition(app: &TestApp, id: &str) -> String {
    match app.db.kind() {
        behaviour::DatabaseKind::Sqlite => format!("object_id = x'{}'", id.replace('-', "")),
        behaviour::DatabaseKind::Postgresql => format!("object_id = '{id}'"),
    }
}

#[test]
fn one_person_suffices_when_policy_allows_it() {
    for kind in [
        behaviour::DatabaseKind::Sqlite,
        behaviour::DatabaseKind::Postgresql,
    ] {
        let policy = domain::PartnershipPolicy {
            two_people: false,
            ..domain::PartnershipPolicy::default()
        };
        let app = TestApp::with_policy(kind, policy);
        let seed = app.seed();
        let confirmed = app
            .as_user(User::MANAGER)
            .post(&seed.path_to("destruction"), &destruction_order())
            .expect_ok();
        assert_eq!(
            (&confirmed["state"], confirmed.get("asked_by")),
            (&json!("destroyed"), None)
        );
        let body = json!({"scope": "all", "reason": "Canary", "review_at": app.in_days(9)});
        assert_eq!(
            app.as_user(User::MANAGER)
                .post("/v1/holds", &body)
                .expect_status(201)["awaiting_confirmation"],
            false
        );
    }
}
