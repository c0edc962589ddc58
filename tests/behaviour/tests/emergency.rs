//! Emergency access: what it gives access to, who can open it and for how long, who is alerted, and
//! who reviews it.

mod by_number;
mod duration;
mod opening;
mod reads;
mod review;

use behaviour::inputs::with_members;
use behaviour::{ApiResponse, Seed, TestApp, User};
use serde_json::{Value, json};

const PATH: &str = "/v1/emergency-accesses";
const HOLDER: User = User::COLLEAGUE;
/// A social worker of the emergency duty team who may not read criminal-offence data.
const DUTY: User = User {
    name: "DUTY",
    offence_data: false,
    ..User::COLLEAGUE
};

fn emergency_request(target: Value) -> Value {
    with_members(
        json!({"reason_code": "child_missing", "reason": "Canary reason: not seen since noon."}),
        target,
    )
}

fn request_for_chronology(seed: &Seed) -> Value {
    emergency_request(json!({"chronology_id": seed.chronology}))
}

fn review_body(finding: &str) -> Value {
    json!({"finding": finding, "note": "Canary note: the duty log shows it."})
}

fn open_emergency_access(app: &TestApp, user: User, body: &Value) -> Value {
    app.as_user(user).post(PATH, body).expect_status(201)
}

fn access_path(access: &Value, rest: &str) -> String {
    format!("{PATH}/{}{rest}", access["id"].as_str().unwrap())
}

fn response_items(response: &ApiResponse) -> Vec<Value> {
    response.expect_ok()["items"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

fn find_audit_record(app: &TestApp, response: &ApiResponse) -> Value {
    let id = response
        .header("x-request-id")
        .unwrap_or_default()
        .to_owned();
    let all = response_items(&app.as_user(User::AUDITOR).get("/v1/audit?limit=500"));
    all.into_iter()
        .find(|record| record["request_id"] == json!(id))
        .expect("a record")
}
