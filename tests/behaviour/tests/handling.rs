//! Marked entries: a hidden entry does not show in any count, header, entity tag or page, and a
//! marking survives every write.

mod corrections;
mod traces;
mod visibility;

use behaviour::inputs::{entry, fragment, with_members};
use behaviour::{Seed, TestApp, User};
use serde_json::{Value, json};

fn restricted(what: &str, children: &[&str], named: &[&str]) -> Value {
    with_members(
        entry(what, "2026-01-30", children),
        json!({"handling": {"marking": "restricted", "named_agencies": named}}),
    )
}

fn crime(what: &str) -> Value {
    with_members(entry(what, "2026-01-29", &[]), json!({"category": "CRIME"}))
}

/// The timeline as shown to a user, without its creation time, and its entity tag.
fn timeline_and_tag(app: &TestApp, seed: &Seed, user: User) -> (Value, String) {
    let response = app.as_user(user).get(&seed.path_to("timeline"));
    let tag = response.header("etag").unwrap_or_default().to_owned();
    let mut view = response.expect_ok();
    view["header"]["generated_at"] = Value::Null;
    (view, tag)
}

fn account_texts(view: &Value) -> Vec<String> {
    let rows = view["rows"].as_array().cloned().unwrap_or_default();
    let accounts = rows
        .iter()
        .flat_map(|row| row["accounts"].as_array().cloned().unwrap_or_default());
    accounts
        .map(|account| {
            account["what"]
                .as_str()
                .unwrap_or_default()
                .trim_start_matches("Canary ")
                .to_owned()
        })
        .collect()
}

fn submit(app: &TestApp, seed: &Seed, user: User, entries: &[Value]) -> String {
    app.as_user(user)
        .post(&seed.path_to("fragments"), &fragment(entries))
        .id()
}
