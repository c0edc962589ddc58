//! Event links: made at submission, explained by evidence, overruled by decisions of people,
//! restored exactly when a decision is withdrawn, and deleted with the entries that they join.

mod decisions;
mod expiry;
mod rows;
mod visibility;

use behaviour::inputs::{entry, fragment, with_members};
use behaviour::{Seed, TestApp, User};
use serde_json::{Value, json};

/// The police's account of an incident.
const POLICE_ACCOUNT: &str = "police called to a fight between the parents at the flat in Weir \
    Court, a neighbour named Pettigrew rang";
/// The school's account of the same incident.
const SCHOOL_ACCOUNT: &str = "told by police that officers attended a fight between the parents \
    at Weir Court after the neighbour rang";

/// The timeline that `user` is shown, without the time at which it was generated.
fn timeline(app: &TestApp, seed: &Seed, user: User) -> Value {
    let mut view = app.as_user(user).get(&seed.path_to("timeline")).expect_ok();
    view["header"]["generated_at"] = Value::Null;
    view
}

fn rows(view: &Value) -> Vec<Value> {
    view["rows"].as_array().cloned().unwrap()
}

/// The ids of the entries on each row, including repeated submissions.
fn entry_ids_by_row(view: &Value) -> Vec<Vec<String>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let account = |account: &Value| {
        let repeats = account["also_submitted_as"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let repeats = repeats
            .iter()
            .map(|repeat| text(&repeat["entry_id"]))
            .collect::<Vec<_>>();
        [vec![text(&account["entry_id"])], repeats].concat()
    };
    rows(view)
        .iter()
        .map(|row| {
            row["accounts"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(account)
                .collect()
        })
        .collect()
}

/// The row on which an entry stands.
fn row_of<'v>(view: &'v Value, entry: &str) -> &'v Value {
    let rows = entry_ids_by_row(view);
    let index = rows.iter().position(|row| row.iter().any(|id| id == entry));
    &view["rows"][index.expect("every entry has a row")]
}

/// Whether two entries stand on one row.
fn share_row(view: &Value, entry: &str, other: &str) -> bool {
    row_of(view, entry)["id"] == row_of(view, other)["id"]
}

/// Submits entries; returns the ids of the fragment and of its entries.
fn submit(app: &TestApp, seed: &Seed, user: User, entries: &[Value]) -> (String, Vec<String>) {
    let receipt = app
        .as_user(user)
        .post(&seed.path_to("fragments"), &fragment(entries))
        .expect_ok();
    let ids = receipt["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["id"].as_str().unwrap().to_owned());
    (
        receipt["fragment_id"].as_str().unwrap().to_owned(),
        ids.collect(),
    )
}

/// The body of a decision about `entries`, and about `others` where it takes two sides.
fn decision(verdict: &str, entries: &[&str], others: &[&str]) -> Value {
    json!({
        "decision": verdict, "entries": entries, "with": others,
        "reason": "Canary: both told me so.",
    })
}

/// Records a decision as the owner; returns its id.
fn record_decision(app: &TestApp, seed: &Seed, body: &Value) -> String {
    app.as_user(User::OWNER)
        .post(&seed.path_to("link-decisions"), body)
        .id()
}

/// Submits the two accounts of the incident, and an unrelated entry by the surgery. Returns the
/// entry ids of police, school and surgery.
fn submit_three_accounts(app: &TestApp, seed: &Seed) -> (Vec<String>, Vec<String>, Vec<String>) {
    let police = submit(
        app,
        seed,
        User::OFFICER,
        &[with_members(
            entry(POLICE_ACCOUNT, "2026-01-20T20:40", &[]),
            json!({"category": "DOMESTIC_ABUSE"}),
        )],
    );
    let school = submit(
        app,
        seed,
        User::RETURNED,
        &[with_members(
            entry(SCHOOL_ACCOUNT, "2026-01-20", &[]),
            json!({"category": "DOMESTIC_ABUSE"}),
        )],
    );
    let surgery = submit(
        app,
        seed,
        User::WAITING,
        &[entry(
            "routine immunisation given",
            "2026-01-27",
            &[&seed.twin],
        )],
    );
    (police.1, school.1, surgery.1)
}
