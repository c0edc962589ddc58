//! Idempotent replays: no content is stored with an idempotency record, so a replay returns nothing
//! that a read would refuse.

use std::collections::BTreeSet;

use behaviour::inputs::{
    adult, child, chronology, decline, entry, fragment, nil_return, with_members, with_reason,
    without_member,
};
use behaviour::openapi::{openapi_document, operations};
use behaviour::{ApiResponse, Seed, TestApp, User, on_both, raw_db};
use serde_json::{Value, json};

/// The owner, whose token no longer lets them read criminal-offence data.
const OWNER_WITHOUT_OFFENCES: User = User {
    offence_data: false,
    ..User::OWNER
};

/// The columns of an idempotency record: identifiers, keyed hashes, an outcome from a closed list,
/// times. A column that could hold content, in clear or sealed, does not belong here.
const STORED_COLUMNS: [&str; 8] = [
    "created_at",
    "expires_at",
    "fingerprint",
    "key_index",
    "object_id",
    "outcome",
    "partnership_id",
    "practitioner_id",
];

fn replayed(response: &ApiResponse) -> bool {
    response.header("idempotent-replayed") == Some("true")
}

/// A write under an idempotency key as it was sent, and the path at which its object is read.
struct SentWrite {
    operation: &'static str,
    user: User,
    path: String,
    body: Value,
    first: ApiResponse,
    read_at: Option<String>,
}

/// The writes of the test, each repeated at once and again at the end.
struct Scenario<'a> {
    app: &'a TestApp,
    sent: Vec<SentWrite>,
}

impl Scenario<'_> {
    /// Sends a write under a key of its own and repeats it. In `read_at`, `{id}` stands for the
    /// identifier in the response. If `equals_read`, the replay must equal a read of that path.
    fn send_and_repeat(
        &mut self,
        operation: &'static str,
        user: User,
        path: &str,
        body: &Value,
        read_at: Option<&str>,
        equals_read: bool,
    ) -> ApiResponse {
        let client = self.app.as_user(user);
        let first = client.post_with_key(operation, path, body);
        assert!(
            first.status < 300 && !replayed(&first),
            "{operation}: {} {}",
            first.status,
            first.text()
        );
        let again = client.post_with_key(operation, path, body);
        assert!(replayed(&again), "{operation}: {}", again.text());
        assert_eq!(
            (again.status, again.json()),
            (first.status, first.json()),
            "{operation}"
        );
        assert_eq!(
            again.header("location"),
            first.header("location"),
            "{operation}"
        );
        let read_at = read_at.map(|path| {
            if path.contains("{id}") {
                path.replace("{id}", &first.id())
            } else {
                path.into()
            }
        });
        if let Some(path) = read_at.as_deref().filter(|_| equals_read) {
            assert_eq!(
                again.json(),
                client.get(path).expect_ok(),
                "{operation} is replayed as {path} is read"
            );
        }
        self.sent.push(SentWrite {
            operation,
            user,
            path: path.into(),
            body: body.clone(),
            first: first.clone(),
            read_at,
        });
        first
    }

    /// Repeats every write: each must succeed or be refused as a read of its object is.
    fn repeat_all(&self) {
        for sent in &self.sent {
            let client = self.app.as_user(sent.user);
            let again = client.post_with_key(sent.operation, &sent.path, &sent.body);
            let expected = match &sent.read_at {
                Some(path) => match client.get(path).status {
                    200 => sent.first.status,
                    refused => refused,
                },
                None => sent.first.status,
            };
            assert_eq!(
                again.status,
                expected,
                "{}: {}",
                sent.operation,
                again.text()
            );
            assert_eq!(replayed(&again), expected < 300, "{}", sent.operation);
        }
    }
}

/// The id of a fragment's first entry.
fn first_entry_id(app: &TestApp, fragment: &str) -> Value {
    app.as_user(User::OWNER)
        .get(&format!("/v1/fragments/{fragment}"))
        .expect_ok()["entries"][0]["id"]
        .clone()
}

/// Makes the writes that come before agencies answer: directory, people, advance submission,
/// chronologies, invitation.
fn prepare_chronologies(scenario: &mut Scenario<'_>, seed: &Seed) {
    prepare_directory(scenario);
    submit_in_advance(scenario);
    let second = chronology(&seed.family, &[]);
    scenario.send_and_repeat(
        "create_chronology",
        User::OWNER,
        "/v1/chronologies",
        &second,
        Some("/v1/chronologies/{id}"),
        true,
    );
    let invited = json!({
        "agency_id": seed.agencies["surgery"], "practitioners": [seed.people[User::WAITING.name]],
        "message": "Canary",
    });
    scenario.send_and_repeat(
        "create_invitation",
        User::OWNER,
        &seed.path_to("invitations"),
        &invited,
        Some("/v1/invitations/{id}"),
        true,
    );
    scenario.send_and_repeat(
        "open_chronology",
        User::OWNER,
        &seed.path_to("open"),
        &Value::Null,
        Some(&seed.path),
        true,
    );
}

/// The surgery's advance submission. Its child is a possible match of the elder twin, so that it
/// raises a question.
fn submit_in_advance(scenario: &mut Scenario<'_>) {
    let app = scenario.app;
    let people = "/v1/people";
    let possible_match = without_member(child("Orla", "2018-05-14", 0), "/nhs_number");
    let possible_match = without_member(
        with_members(
            possible_match,
            json!({"no_nhs_number_reason": "not_known_to_agency"}),
        ),
        "/addresses",
    );
    let possible_match_id = scenario
        .send_and_repeat(
            "create_person",
            User::WAITING,
            people,
            &possible_match,
            Some("/v1/people/{id}"),
            true,
        )
        .id();
    let family = json!({"label": "Canary family of ours", "members": [possible_match_id]});
    let family = scenario
        .send_and_repeat(
            "create_family",
            User::WAITING,
            "/v1/families",
            &family,
            Some("/v1/families/{id}"),
            true,
        )
        .id();
    let advance_submission = fragment(&[entry("a burn", "2026-02-03", &[])]);
    let advance_submission = with_members(
        advance_submission,
        json!({"family_id": family, "expires_at": app.in_days(80)}),
    );
    scenario.send_and_repeat(
        "submit_fragment_ahead",
        User::WAITING,
        "/v1/fragments",
        &advance_submission,
        Some("/v1/fragments/{id}"),
        false,
    );
}

/// An agency and a practitioner.
fn prepare_directory(scenario: &mut Scenario<'_>) {
    let agency = json!({"code": "clinic", "name": "Hill Clinic", "kind": "gp", "has_access": true});
    let agency = scenario
        .send_and_repeat(
            "create_agency",
            User::MANAGER,
            "/v1/agencies",
            &agency,
            Some("/v1/agencies/{id}"),
            true,
        )
        .id();
    let practitioner = json!({
        "agency_id": agency, "issuer": "https://marlshire.example/issuer", "subject": "new",
        "name": "Canaryname New",
    });
    scenario.send_and_repeat(
        "create_practitioner",
        User::MANAGER,
        "/v1/practitioners",
        &practitioner,
        Some("/v1/practitioners/{id}"),
        true,
    );
}

/// Invites an agency; returns the path of the invitation.
fn invite(app: &TestApp, seed: &Seed, agency: &str, user: User) -> String {
    let body = json!({
        "agency_id": seed.agencies[agency], "practitioners": [seed.people[user.name]],
    });
    format!(
        "/v1/invitations/{}",
        app.as_user(User::OWNER)
            .post(&seed.path_to("invitations"), &body)
            .id()
    )
}

/// Agencies answer their invitations, and the owner decides about links and matches.
fn submit_and_decide(scenario: &mut Scenario<'_>, seed: &Seed) {
    let app = scenario.app;
    answer_without_fragment(scenario, seed);
    let _ = invite(app, seed, "police", User::OFFICER);
    let _ = invite(app, seed, "school", User::RETURNED);
    let fragments = seed.path_to("fragments");
    let own = fragment(&[entry("missed the school nurse", "2026-01-12", &[])]);
    let school = scenario
        .send_and_repeat(
            "submit_fragment",
            User::RETURNED,
            &fragments,
            &own,
            Some("/v1/fragments/{id}"),
            false,
        )
        .id();
    let own = fragment(&[entry("seen at home", "2026-01-12", &[])]);
    let police = app.as_user(User::OFFICER).post(&fragments, &own).id();
    let later = with_reason(json!({"expires_at": app.in_days(50)}));
    let extend = format!("/v1/fragments/{school}/extend");
    scenario.send_and_repeat(
        "extend_fragment",
        User::RETURNED,
        &extend,
        &later,
        Some(&format!("/v1/fragments/{school}")),
        false,
    );
    let link = json!({
        "decision": "same_event",
        "entries": [first_entry_id(app, &school), first_entry_id(app, &police)], "reason": "Canary",
    });
    let decisions = seed.path_to("link-decisions");
    let decision = scenario
        .send_and_repeat(
            "create_link_decision",
            User::OWNER,
            &decisions,
            &link,
            Some(&format!("{decisions}/{{id}}")),
            false,
        )
        .id();
    let withdrawal = format!("{decisions}/{decision}/withdrawal");
    scenario.send_and_repeat(
        "withdraw_link_decision",
        User::OWNER,
        &withdrawal,
        &with_reason(json!({})),
        Some(&format!("{decisions}/{decision}")),
        false,
    );
    answer_question(scenario, seed);
}

/// The owner answers the question about a possible match.
fn answer_question(scenario: &mut Scenario<'_>, seed: &Seed) {
    let app = scenario.app;
    let question = app
        .as_user(User::OWNER)
        .get(&seed.path_to("questions"))
        .expect_ok()["items"][0]["id"]
        .clone();
    let decided = with_reason(json!({"question": question, "decision": "different"}));
    let links = seed.path_to("person-links/{id}");
    scenario.send_and_repeat(
        "decide_person",
        User::OWNER,
        &seed.path_to("person-decisions"),
        &decided,
        Some(&links),
        false,
    );
}

/// A draft, a declined invitation and a nil return.
fn answer_without_fragment(scenario: &mut Scenario<'_>, seed: &Seed) {
    let app = scenario.app;
    let visitors = invite(app, seed, "visitors", User::VISITOR);
    scenario.send_and_repeat(
        "start_draft",
        User::VISITOR,
        &format!("{visitors}/draft"),
        &Value::Null,
        Some(&visitors),
        true,
    );
    scenario.send_and_repeat(
        "decline_invitation",
        User::VISITOR,
        &format!("{visitors}/decline"),
        &decline(),
        Some(&visitors),
        true,
    );
    let homes = invite(app, seed, "homes", User::HOUSING);
    scenario.send_and_repeat(
        "submit_nil_return",
        User::HOUSING,
        &format!("{homes}/nil-return"),
        &nil_return(),
        Some(&homes),
        true,
    );
}

/// Emergency access, holds, consolidation and the end of the chronology.
fn finish_chronology(scenario: &mut Scenario<'_>, seed: &Seed) {
    open_access_and_hold(scenario, seed);
    close_and_reopen(scenario, seed);
    scenario.repeat_all();
    destroy(scenario, seed);
}

/// Early destruction, by two people.
fn destroy(scenario: &mut Scenario<'_>, seed: &Seed) {
    let app = scenario.app;
    let order = json!({
        "reason_code": "closed", "reason": "Canary order", "snapshot_waiver": "Canary waiver",
    });
    let tombstone = format!("/v1/tombstones/{}", seed.chronology);
    let request = app
        .as_user(User::DEPUTY)
        .post(&seed.path_to("destruction"), &order)
        .expect_ok();
    let confirms = with_members(order, json!({"confirms": request["request"]["id"]}));
    scenario.send_and_repeat(
        "destroy_chronology",
        User::MANAGER,
        &seed.path_to("destruction"),
        &confirms,
        Some(&tombstone),
        false,
    );
}

/// Consolidation, sign-off, closing, reopening and extension.
fn close_and_reopen(scenario: &mut Scenario<'_>, seed: &Seed) {
    let app = scenario.app;
    let frozen = seed.path_to("consolidations/{id}");
    scenario.send_and_repeat(
        "create_consolidation",
        User::OWNER,
        &seed.path_to("consolidations"),
        &Value::Null,
        Some(&frozen),
        true,
    );
    scenario.send_and_repeat(
        "sign_off_chronology",
        User::MANAGER,
        &seed.path_to("sign-off"),
        &json!({"snapshot": "export"}),
        Some(&seed.path),
        true,
    );
    scenario.send_and_repeat(
        "close_chronology",
        User::OWNER,
        &seed.path_to("close"),
        &Value::Null,
        Some(&seed.path),
        true,
    );
    scenario.send_and_repeat(
        "reopen_chronology",
        User::MANAGER,
        &seed.path_to("reopen"),
        &with_reason(json!({})),
        Some(&seed.path),
        true,
    );
    let later = with_reason(json!({"expires_at": app.in_days(70)}));
    scenario.send_and_repeat(
        "extend_chronology",
        User::OWNER,
        &seed.path_to("extend"),
        &later,
        Some(&seed.path),
        true,
    );
}

/// Emergency access and its review; holds and their release.
fn open_access_and_hold(scenario: &mut Scenario<'_>, seed: &Seed) {
    let app = scenario.app;
    let access_body = json!({
        "chronology_id": seed.chronology, "reason_code": "court_order", "reason": "Canary",
    });
    let at = "/v1/emergency-accesses";
    let access = scenario
        .send_and_repeat(
            "open_emergency_access",
            User::COLLEAGUE,
            at,
            &access_body,
            Some(&format!("{at}/{{id}}")),
            true,
        )
        .id();
    let access = format!("{at}/{access}");
    scenario.send_and_repeat(
        "end_emergency_access",
        User::COLLEAGUE,
        &format!("{access}/end"),
        &Value::Null,
        Some(&access),
        true,
    );
    let review = json!({"finding": "justified", "note": "Canary"});
    scenario.send_and_repeat(
        "review_emergency_access",
        User::MANAGER,
        &format!("{access}/review"),
        &review,
        Some(&access),
        true,
    );
    let hold = json!({
        "scope": "chronology", "target_id": seed.chronology, "reason": "Canary",
        "review_at": app.in_days(9),
    });
    let hold = scenario
        .send_and_repeat("place_hold", User::MANAGER, "/v1/holds", &hold, None, false)
        .id();
    let everything = json!({"scope": "all", "reason": "Canary", "review_at": app.in_days(9)});
    let everything = app
        .as_user(User::DEPUTY)
        .post("/v1/holds", &everything)
        .id();
    let confirmation = format!("/v1/holds/{everything}/confirmation");
    scenario.send_and_repeat(
        "confirm_hold",
        User::MANAGER,
        &confirmation,
        &Value::Null,
        None,
        false,
    );
    let release = format!("/v1/holds/{everything}/release");
    let _ = app
        .as_user(User::DEPUTY)
        .post(&release, &json!({"reason": "Canary"}))
        .expect_ok();
    let release = format!("/v1/holds/{hold}/release");
    scenario.send_and_repeat(
        "release_hold",
        User::MANAGER,
        &release,
        &json!({"reason": "Canary"}),
        None,
        false,
    );
}

/// The ids of the operations that take an idempotency key, according to the OpenAPI document.
fn operations_with_idempotency_key() -> BTreeSet<String> {
    let document = openapi_document();
    let takes_key = |one: &&behaviour::openapi::DocumentedOperation| {
        one.parameters(&document)
            .iter()
            .any(|parameter| parameter["name"] == "Idempotency-Key")
    };
    let all = operations(&document);
    all.iter()
        .filter(takes_key)
        .filter_map(|one| one.operation["operationId"].as_str().map(str::to_owned))
        .collect()
}

on_both! {
    fn idempotency_records_have_no_content_columns(app) {
        let _ = app.seed();
        assert_eq!(raw_db::column_names(app, "idempotency"), STORED_COLUMNS);
    }

    fn every_keyed_write_is_replayed_as_its_object_is_read(app) {
        let seed = app.seed_draft();
        let mut scenario = Scenario {
            app,
            sent: Vec::new(),
        };
        prepare_chronologies(&mut scenario, &seed);
        submit_and_decide(&mut scenario, &seed);
        finish_chronology(&mut scenario, &seed);
        let covered: BTreeSet<String> = scenario
            .sent
            .iter()
            .map(|sent| sent.operation.to_owned())
            .collect();
        assert_eq!(
            covered,
            operations_with_idempotency_key(),
            "every operation with a key is covered by this test"
        );
        // The chronology is destroyed, and with it most of the objects that were written.
        scenario.repeat_all();
        let counts = raw_db::row_counts(app);
        assert_eq!(
            (counts["chronologies"], counts["idempotency"] >= 27),
            (1, true),
            "no repeat had an effect: {counts:?}"
        );
        app.advance_days(1);
        app.run_background_jobs();
        assert_eq!(
            raw_db::row_counts(app)["idempotency"],
            0,
            "no record is kept longer than a day"
        );
    }

    fn replayed_consolidation_omits_withdrawn_entries(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let brief = app
            .as_user(User::WAITING)
            .post(
                &seed.path_to("fragments"),
                &fragment(&[entry("brief burn", "2026-01-02", &[])]),
            )
            .id();
        let freeze =
            || owner.post_with_key("freeze", &seed.path_to("consolidations"), &Value::Null);
        let first = freeze();
        assert!(
            first.status == 201
                && first.text().contains("brief burn")
                && first.text().contains("missed the school nurse")
        );
        assert_eq!(freeze().body, first.body, "while nothing has changed");
        let _ = app
            .as_user(User::WAITING)
            .delete(&format!("/v1/fragments/{brief}"), Some(1))
            .expect_ok();
        let again = freeze();
        assert_eq!(
            (
                again.status,
                replayed(&again),
                again.text().contains("brief burn")
            ),
            (201, true, false),
            "{}",
            again.text()
        );
        assert_eq!(
            again.json(),
            owner
                .get(&seed.path_to(&format!("consolidations/{}", first.id())))
                .expect_ok()
        );
        let readers = app
            .as_user(User::RETURNED)
            .get(&format!("/v1/fragments/{}/readers", seed.fragment))
            .expect_ok();
        let shown = readers["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["operation"] == "chronology.consolidate")
            .count();
        assert_eq!(
            shown, 3,
            "the contributor sees every replay among the readers: {readers}"
        );
    }

    fn replayed_consolidation_omits_offence_data_without_permission(app) {
        let seed = app.seed();
        let offence = with_members(
            entry("arrested at home", "2026-01-02", &[]),
            json!({"category": "CRIME"}),
        );
        let _ = app
            .as_user(User::OFFICER)
            .post(&seed.path_to("fragments"), &fragment(&[offence]))
            .expect_ok();
        let freeze = |user: User| {
            app.as_user(user)
                .post_with_key("freeze", &seed.path_to("consolidations"), &Value::Null)
        };
        assert!(freeze(User::OWNER).text().contains("arrested at home"));
        app.advance_seconds(1);
        let again = freeze(OWNER_WITHOUT_OFFENCES);
        assert_eq!(
            (again.status, replayed(&again)),
            (201, true),
            "{}",
            again.text()
        );
        assert!(
            !again.text().contains("arrested") && again.text().contains("missed the school nurse")
        );
        app.advance_seconds(1);
        assert!(
            freeze(User::OWNER).text().contains("arrested at home"),
            "replayed in full to a user with permission"
        );
    }

    fn replayed_consolidation_omits_expired_entries(app) {
        let seed = app.seed();
        let body = with_members(
            fragment(&[entry("brief burn", "2026-01-02", &[])]),
            json!({"expires_at": "2026-03-02T10:00:00Z"}),
        );
        let brief = app
            .as_user(User::WAITING)
            .post_with_key("sent", &seed.path_to("fragments"), &body)
            .id();
        let freeze = || {
            app.as_user(User::OWNER).post_with_key(
                "freeze",
                &seed.path_to("consolidations"),
                &Value::Null,
            )
        };
        assert!(freeze().text().contains("brief burn"));
        app.advance_seconds(1_799);
        assert!(freeze().text().contains("brief burn"));
        app.advance_seconds(1);
        let again = freeze();
        assert_eq!(
            (
                again.status,
                replayed(&again),
                again.text().contains("brief")
            ),
            (201, true, false),
            "{}",
            again.text()
        );
        app.run_background_jobs();
        let receipt =
            app.as_user(User::WAITING)
                .post_with_key("sent", &seed.path_to("fragments"), &body);
        let read = app
            .as_user(User::WAITING)
            .get(&format!("/v1/fragments/{brief}"));
        assert_eq!(
            (receipt.status, read.status),
            (410, 410),
            "{}",
            receipt.text()
        );
        assert_eq!(
            raw_db::row_counts(app)["fragments"],
            1,
            "the fragment is not submitted a second time"
        );
    }

    fn replayed_submission_returns_original_outcome_and_current_state(app) {
        let seed = app.seed();
        let body = with_members(
            fragment(&[entry("a burn", "2026-01-02", &[])]),
            json!({"agency_reference": "S-1"}),
        );
        let sent = |key: &str, body: &Value| {
            app.as_user(User::WAITING)
                .post_with_key(key, &seed.path_to("fragments"), body)
        };
        let first = sent("one", &body);
        let more = with_members(
            fragment(&[
                entry("a burn", "2026-01-02", &[]),
                entry("a cut", "2026-01-03", &[]),
            ]),
            json!({"agency_reference": "S-1"}),
        );
        let second = sent("two", &more);
        assert_eq!((first.status, second.status), (201, 200));
        let again = sent("one", &body);
        assert_eq!(
            (again.status, replayed(&again), &again.json()["outcome"]),
            (201, true, &json!("created"))
        );
        assert_eq!(
            (
                again.version(),
                again.json()["entries"].as_array().map(Vec::len)
            ),
            (2, Some(2))
        );
        let _ = app
            .as_user(User::WAITING)
            .delete(&format!("/v1/fragments/{}", first.id()), Some(2))
            .expect_ok();
        for (key, body) in [("one", &body), ("two", &more)] {
            assert_eq!(
                sent(key, body).status,
                410,
                "refused as a read of the withdrawn fragment is"
            );
        }
        assert_eq!(raw_db::row_counts(app)["fragments"], 1);
    }

    fn replayed_link_decision_requires_access_to_its_entries(app) {
        let seed = app.seed();
        let offence = with_members(
            entry("arrested at home", "2026-01-12", &[]),
            json!({"category": "CRIME"}),
        );
        let police = app
            .as_user(User::OFFICER)
            .post(&seed.path_to("fragments"), &fragment(&[offence]))
            .id();
        let body = json!({
            "decision": "related", "entries": [first_entry_id(app, &seed.fragment)],
            "with": [first_entry_id(app, &police)], "reason": "Canary",
        });
        let decide = |user: User| {
            app.as_user(user)
                .post_with_key("decide", &seed.path_to("link-decisions"), &body)
        };
        let first = decide(User::OWNER);
        assert_eq!(first.status, 201);
        app.advance_seconds(1);
        let again = decide(OWNER_WITHOUT_OFFENCES);
        let read = app
            .as_user(OWNER_WITHOUT_OFFENCES)
            .get(&seed.path_to(&format!("link-decisions/{}", first.id())));
        assert_eq!((again.status, read.status), (404, 404), "{}", again.text());
    }

    fn replay_is_refused_to_deactivated_practitioner(app) {
        let seed = app.seed();
        let person = app.as_user(User::WAITING).post_with_key(
            "person",
            "/v1/people",
            &adult("Rhys", "male"),
        );
        assert_eq!(person.status, 201);
        let path = format!("/v1/practitioners/{}", seed.people[User::WAITING.name]);
        let version = app.as_user(User::MANAGER).get(&path).version();
        let _ = app
            .as_user(User::MANAGER)
            .patch(&path, Some(version), &json!({"active": false}))
            .expect_ok();
        assert_eq!(
            app.as_user(User::WAITING)
                .post_with_key("person", "/v1/people", &adult("Rhys", "male"))
                .status,
            404
        );
    }
}
