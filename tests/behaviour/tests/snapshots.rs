//! Snapshots of complete responses in the main workflows. Any change of a text, field or order
//! shows as a difference in `snapshots/`, to be reviewed and accepted with `cargo insta review`.
//! Both databases must produce the same snapshots.

use std::collections::HashMap;

use behaviour::inputs::{
    decline, entry, entry_with_category, fragment, nil_return, suggested_pair, with_members,
    with_reason,
};
use behaviour::{ApiResponse, Seed, TestApp, User, on_both};
use serde_json::{Value, json};
use uuid::Uuid;

/// Members whose values depend on random keys and so differ between runs.
const RANDOM_MEMBERS: [&str; 3] = ["content_hash", "next", "commitment"];

/// Makes responses comparable between runs: identifiers are numbered in the order in which they
/// first appear, and values that depend on random keys are replaced.
#[derive(Default)]
struct Redaction {
    numbers: HashMap<Uuid, usize>,
}

impl Redaction {
    fn redact(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let redacted = members.iter().map(|(name, member)| {
                    let random = RANDOM_MEMBERS.contains(&name.as_str()) && member.is_string();
                    let member = if random {
                        json!("[random]")
                    } else {
                        self.redact(member)
                    };
                    (name.clone(), member)
                });
                Value::Object(redacted.collect())
            }
            Value::Array(items) => items.iter().map(|item| self.redact(item)).collect(),
            Value::String(text) => Value::String(self.redact_text(text)),
            other => other.clone(),
        }
    }

    /// Replaces identifiers, also within paths.
    fn redact_text(&mut self, text: &str) -> String {
        let segments = text
            .split('/')
            .map(|segment| match Uuid::parse_str(segment) {
                Ok(id) => {
                    let next = self.numbers.len() + 1;
                    format!("[id {}]", self.numbers.entry(id).or_insert(next))
                }
                Err(_) => segment.to_owned(),
            });
        segments.collect::<Vec<_>>().join("/")
    }
}

/// Compares a response's status and body with the snapshot of that name.
fn assert_response_snapshot(name: &str, response: &ApiResponse) {
    let body = Redaction::default().redact(&response.json());
    let snapshot = json!({"status": response.status, "body": body});
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_yaml_snapshot!(name, snapshot);
    });
}

/// Answers the invitations: the surgery and the police submit fragments about one event, the
/// visitors a nil return, and housing declines. The school has already submitted and the youth club
/// does not answer.
fn submit_answers(app: &TestApp, seed: &Seed) {
    let [attended, heard] = suggested_pair();
    let police = fragment(&[entry_with_category(attended)]);
    let _ = app
        .as_user(User::OFFICER)
        .post(&seed.path_to("fragments"), &police)
        .expect_status(201);
    let surgery = fragment(&[
        entry_with_category(heard),
        entry("weight below the second centile", "2026-01", &[&seed.twin]),
    ]);
    let _ = app
        .as_user(User::WAITING)
        .post(&seed.path_to("fragments"), &surgery)
        .expect_status(201);
    let _ = app
        .as_user(User::VISITOR)
        .post(
            &format!("{}/nil-return", seed.invitation_path("visitors")),
            &nil_return(),
        )
        .expect_ok();
    let _ = app
        .as_user(User::HOUSING)
        .post(
            &format!("{}/decline", seed.invitation_path("homes")),
            &decline(),
        )
        .expect_ok();
}

on_both! {
    fn practitioner_answers_an_invitation(app) {
        let seed = app.seed();
        let practitioner = app.as_user(User::WAITING);
        assert_response_snapshot(
            "invitations_of_practitioner",
            &practitioner.get("/v1/invitations"),
        );
        assert_response_snapshot(
            "form_to_fill_in",
            &practitioner.get(&format!("{}/form", seed.invitation_path("surgery"))),
        );
        assert_response_snapshot(
            "timeline_before_own_return",
            &practitioner.get(&seed.path_to("timeline")),
        );
        let duplicate_children = json!([seed.twin, seed.twin]);
        let invalid = with_members(
            entry("seen at home", "2026-02-31", &[]),
            json!({"category": "WEATHER", "children": duplicate_children}),
        );
        assert_response_snapshot(
            "return_with_faults",
            &practitioner.post(&seed.path_to("fragments"), &fragment(&[invalid])),
        );
        let date_in_words = with_members(
            entry("seen at home", "2026-02-03", &[&seed.twin]),
            json!({"when": {"words": "early February 2026"}}),
        );
        assert_response_snapshot(
            "receipt_of_return",
            &practitioner.post(&seed.path_to("fragments"), &fragment(&[date_in_words])),
        );
    }

    fn social_worker_reads_the_timeline(app) {
        let seed = app.seed();
        submit_answers(app, &seed);
        let social_worker = app.as_user(User::OWNER);
        assert_response_snapshot("chronology", &social_worker.get(&seed.path));
        assert_response_snapshot(
            "timeline_for_social_worker",
            &social_worker.get(&seed.path_to("timeline")),
        );
        assert_response_snapshot(
            "links_with_suggestion",
            &social_worker.get(&seed.path_to("links")),
        );
        assert_response_snapshot(
            "timeline_for_contributor",
            &app.as_user(User::RETURNED).get(&seed.path_to("timeline")),
        );
        assert_response_snapshot(
            "timeline_for_uninvolved_practitioner",
            &app.as_user(User::STRANGER).get(&seed.path_to("timeline")),
        );
    }

    fn manager_signs_off_and_the_chronology_expires(app) {
        let seed = app.seed();
        submit_answers(app, &seed);
        let social_worker = app.as_user(User::OWNER);
        let manager = app.as_user(User::MANAGER);
        let early = manager.post(&seed.path_to("sign-off"), &json!({"snapshot": "export"}));
        assert_response_snapshot("sign_off_without_frozen_view", &early);
        assert_response_snapshot(
            "frozen_view",
            &social_worker.post(&seed.path_to("consolidations"), &Value::Null),
        );
        assert_response_snapshot(
            "sign_off",
            &manager.post(&seed.path_to("sign-off"), &json!({"snapshot": "export"})),
        );
        let extension = with_reason(json!({"expires_at": "2030-01-01T00:00:00Z"}));
        assert_response_snapshot(
            "extension_beyond_policy",
            &social_worker.post(&seed.path_to("extend"), &extension),
        );
        let expiry = social_worker.get(&seed.path).expect_ok()["expires_at"].clone();
        app.set_time(&expiry);
        assert_response_snapshot(
            "expired_for_social_worker",
            &social_worker.get(&seed.path_to("timeline")),
        );
        assert_response_snapshot(
            "expired_for_uninvolved_practitioner",
            &app.as_user(User::STRANGER).get(&seed.path_to("timeline")),
        );
        app.run_background_jobs();
        assert_response_snapshot(
            "tombstone",
            &social_worker.get(&format!("/v1/tombstones/{}", seed.chronology)),
        );
    }
}
