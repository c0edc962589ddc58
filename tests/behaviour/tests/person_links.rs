//! Person matching: an advance submission is attached to the chronology of its children, a person
//! decides where the match is uncertain, and every link can be undone.

mod audit;
mod expiry;
mod hidden_attachments;
mod matching;
mod questions;
mod undo;

use behaviour::inputs::{child, entry, fragment, with_members, with_reason, without_member};
use behaviour::{ApiResponse, Seed, TestApp, User};
use serde_json::{Value, json};

/// Records people and a family of them, as known to the user's agency; returns the ids of the
/// people and of the family.
fn record_family(app: &TestApp, user: User, people: &[Value]) -> (Vec<String>, String) {
    let client = app.as_user(user);
    let people: Vec<String> = people
        .iter()
        .map(|person| client.post("/v1/people", person).id())
        .collect();
    let family = client
        .post(
            "/v1/families",
            &json!({"label": "Canary family of ours", "members": people}),
        )
        .id();
    (people, family)
}

/// A child without an NHS number.
fn child_without_nhs_number(given: &str, birth_date: &str) -> Value {
    with_members(
        without_member(child(given, birth_date, 0), "/nhs_number"),
        json!({"no_nhs_number_reason": "not_known_to_agency"}),
    )
}

/// The elder twin with another year of birth and without NHS number or address: an uncertain match.
fn possible_match() -> Value {
    without_member(child_without_nhs_number("Orla", "2018-05-14"), "/addresses")
}

/// Submits an advance fragment with one entry about a family; returns its id.
fn submit_in_advance(app: &TestApp, user: User, family: &str, what: &str) -> String {
    let body = fragment(&[entry(what, "2026-02-03", &[])]);
    let body = with_members(
        body,
        json!({"family_id": family, "expires_at": app.in_days(80)}),
    );
    app.as_user(user).post("/v1/fragments", &body).id()
}

fn invite(app: &TestApp, seed: &Seed, agency: &str, user: User) {
    let body = json!({
        "agency_id": seed.agencies[agency], "practitioners": [seed.people[user.name]],
    });
    let _ = app
        .as_user(User::OWNER)
        .post(&seed.path_to("invitations"), &body)
        .expect_ok();
}

/// Invites the surgery and the health visitors, and opens the chronology.
fn invite_and_open(app: &TestApp, seed: &Seed) {
    invite(app, seed, "surgery", User::WAITING);
    invite(app, seed, "visitors", User::VISITOR);
    let _ = app
        .as_user(User::OWNER)
        .post(&seed.path_to("open"), &Value::Null)
        .expect_ok();
}

fn items(app: &TestApp, path: &str) -> Vec<Value> {
    app.as_user(User::OWNER).get(path).expect_ok()["items"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

fn questions(app: &TestApp, seed: &Seed) -> Vec<Value> {
    items(app, &seed.path_to("questions"))
}

fn links(app: &TestApp, seed: &Seed) -> Vec<Value> {
    items(app, &seed.path_to("person-links"))
}

fn rows(app: &TestApp, seed: &Seed) -> usize {
    app.as_user(User::OWNER)
        .get(&seed.path_to("timeline"))
        .expect_ok()["rows"]
        .as_array()
        .map_or(0, Vec::len)
}

/// The body of the timeline that the owner is shown.
fn timeline(app: &TestApp, seed: &Seed) -> String {
    app.as_user(User::OWNER)
        .get(&seed.path_to("timeline"))
        .text()
}

fn decide(app: &TestApp, seed: &Seed, body: Value) -> ApiResponse {
    app.as_user(User::OWNER)
        .post(&seed.path_to("person-decisions"), &with_reason(body))
}

fn undo(app: &TestApp, seed: &Seed, link: &Value) -> ApiResponse {
    let path = seed.path_to(&format!("person-links/{}", link["id"].as_str().unwrap()));
    app.as_user(User::OWNER).patch(
        &path,
        link["version"].as_i64(),
        &with_reason(json!({"state": "undone"})),
    )
}

/// The string at a JSON pointer; empty if there is none.
fn string_at<'a>(body: &'a Value, pointer: &str) -> &'a str {
    body.pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
