//! SQLite and PostgreSQL behave alike: the same random operations, with the same clock and the same
//! identifiers, give equal responses on both.

use behaviour::inputs::{entry, fragment, nil_return, suggested_pair, with_members, with_reason};
use behaviour::{ApiClient, ApiResponse, DatabaseKind, Seed, TestApp, User, raw_db};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

const USERS: [User; 8] = [
    User::OWNER,
    User::MANAGER,
    User::TEAM,
    User::RETURNED,
    User::WAITING,
    User::OFFICER,
    User::VISITOR,
    User::STRANGER,
];

/// One step: the operation, the index of the user, and a number from which its details are derived.
type Step = (u8, usize, u32);

/// What the steps refer to: the same on both databases as long as their responses are equal.
struct Scenario {
    seed: Seed,
    fragments: Vec<String>,
}

impl Scenario {
    fn fragment_path(&self, number: u32) -> String {
        format!(
            "/v1/fragments/{}",
            self.fragments[number as usize % self.fragments.len()]
        )
    }
}

/// Performs a step; returns the response, if it sends a request.
fn perform_step(
    app: &TestApp,
    scenario: &Scenario,
    (operation, user, number): Step,
) -> Option<ApiResponse> {
    let seed = &scenario.seed;
    let client = app.as_user(USERS[user % USERS.len()]);
    let key = step_key((operation, user, number));
    Some(match operation {
        0..=6 => write_fragment(app, scenario, (operation, user, number)),
        7..=12 | 18 => read(app, scenario, (operation, user, number)),
        13 => client.post_with_key(
            &key,
            &seed.path_to("extend"),
            &with_reason(json!({"expires_at": app.in_days(u64::from(number % 90))})),
        ),
        14 => client.post_with_key(&key, &seed.path_to("consolidations"), &Value::Null),
        15 => client.post_with_key(
            &key,
            &seed.path_to(["reopen", "close", "open"][number as usize % 3]),
            &if number.is_multiple_of(3) {
                with_reason(json!({}))
            } else {
                Value::Null
            },
        ),
        16 => client.post_with_key(
            &key,
            &format!(
                "{}/nil-return",
                seed.invitation_path(["surgery", "visitors", "police"][number as usize % 3])
            ),
            &nil_return(),
        ),
        17 => client.post_with_key(
            &key,
            &seed.path_to("invitations"),
            &json!({"agency_id": seed.agencies[["camhs", "school"][number as usize % 2]]}),
        ),
        19 => decide_link(app, seed, &client, &key, number),
        20 => withdraw_decision(app, seed, &client, &key),
        21 => {
            app.advance_seconds(u64::from(number % 12) * 43_200 + u64::from(number % 7));
            return None;
        }
        _ => {
            app.run_background_jobs();
            return None;
        }
    })
}

/// The idempotency key of a step.
fn step_key((operation, user, number): Step) -> String {
    format!("step-{operation}-{user}-{number}")
}

/// Submits, corrects or withdraws a fragment.
fn write_fragment(
    app: &TestApp,
    scenario: &Scenario,
    (operation, user, number): Step,
) -> ApiResponse {
    let seed = &scenario.seed;
    let client = app.as_user(USERS[user % USERS.len()]);
    let key = step_key((operation, user, number));
    match operation {
        0..=3 => client.post_with_key(
            &key,
            &seed.path_to("fragments"),
            &build_fragment(seed, number),
        ),
        4 | 5 => client.put(
            &scenario.fragment_path(number),
            Some(i64::from(number % 3) + 1),
            &build_fragment(seed, number / 3),
        ),
        _ => client.delete(
            &scenario.fragment_path(number),
            Some(i64::from(number % 2) + 1),
        ),
    }
}

/// Reads an object or a list.
fn read(app: &TestApp, scenario: &Scenario, (operation, user, number): Step) -> ApiResponse {
    let seed = &scenario.seed;
    let client = app.as_user(USERS[user % USERS.len()]);
    match operation {
        7..=10 => client.get(&seed.path_to(
            [
                "timeline",
                "timeline?limit=2",
                "fragments",
                "invitations",
                "consolidations",
                "readers",
            ][number as usize % 6],
        )),
        11 => client.get(&scenario.fragment_path(number)),
        12 => client.get(
            [
                "/v1/fragments",
                "/v1/invitations",
                "/v1/chronologies",
                "/v1/families",
                "/v1/people/find",
            ][number as usize % 5],
        ),
        _ => client.get(&format!(
            "/v1/tombstones/{}",
            scenario.fragments[number as usize % scenario.fragments.len()]
        )),
    }
}

/// Records a link decision about two entries of the timeline, if it has two.
fn decide_link(
    app: &TestApp,
    seed: &Seed,
    client: &ApiClient<'_>,
    key: &str,
    number: u32,
) -> ApiResponse {
    let path = seed.path_to("link-decisions");
    let links = app
        .as_user(User::OWNER)
        .get(&seed.path_to("timeline"))
        .json();
    let entries: Vec<Value> = links["rows"]
        .as_array()
        .cloned()
        .unwrap_or_default()
        .iter()
        .map(|row| row["accounts"][0]["entry_id"].clone())
        .collect();
    if entries.len() < 2 {
        return client.get(&path);
    }
    let pick = |index: u32| entries[index as usize % entries.len()].clone();
    let verdict = ["same_event", "different_events", "related", "not_related"][number as usize % 4];
    let body = json!({
        "decision": verdict, "entries": [pick(number / 4)], "with": [pick(number / 7)],
        "reason": "Canary",
    });
    client.post_with_key(key, &path, &body)
}

/// Withdraws the newest link decision, if there is one.
fn withdraw_decision(app: &TestApp, seed: &Seed, client: &ApiClient<'_>, key: &str) -> ApiResponse {
    let listed = app
        .as_user(User::OWNER)
        .get(&seed.path_to("link-decisions"))
        .json();
    let Some(id) = listed["items"][0]["id"].as_str() else {
        return client.get(&seed.path_to("links"));
    };
    client.post_with_key(
        key,
        &format!("{}/{id}/withdrawal", seed.path_to("link-decisions")),
        &with_reason(json!({})),
    )
}

/// A fragment of one entry, valid or not.
fn build_fragment(seed: &Seed, number: u32) -> Value {
    let day = format!("2026-0{}-1{}", number % 2 + 1, number % 4);
    let children: &[&str] = if number.is_multiple_of(3) {
        &[&seed.twin]
    } else {
        &[]
    };
    let [attended, heard] = suggested_pair().map(|(what, _, _)| what);
    let all = [
        "seen at home",
        "seen at home",
        "did not attend",
        "police attended an argument",
        attended,
        heard,
    ];
    let text = all[number as usize % 6];
    let entry = entry(text, &day, children);
    let entry = match number % 5 {
        0 => with_members(entry, json!({"handling": {"marking": "restricted"}})),
        1 => with_members(entry, json!({"category": "CRIME"})),
        2 => with_members(entry, json!({"when": {"edtf": "2026-02-31"}})),
        _ => entry,
    };
    let body = fragment(&[entry]);
    if number.is_multiple_of(4) {
        with_members(
            body,
            json!({"agency_reference": format!("R-{}", number % 3)}),
        )
    } else {
        body
    }
}

/// Replaces the values that are made with a random key and therefore differ.
fn mask_random_values(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if (name == "content_hash" || name == "next") && member.is_string() {
                    *member = json!("masked");
                } else {
                    mask_random_values(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_random_values),
        _ => {}
    }
}

/// Status, body, location and whether it is a replay.
fn comparable(response: &ApiResponse) -> (u16, Value, Option<String>, bool) {
    let mut body = response.json();
    mask_random_values(&mut body);
    let replayed = response.header("idempotent-replayed").is_some();
    (
        response.status,
        body,
        response.header("location").map(str::to_owned),
        replayed,
    )
}

#[test]
fn random_operations_give_equal_responses() {
    let apps = [DatabaseKind::Sqlite, DatabaseKind::Postgresql].map(TestApp::start);
    let seeds = apps.each_ref().map(TestApp::seed);
    assert_eq!(
        format!("{:?}", seeds[0].path),
        format!("{:?}", seeds[1].path)
    );
    let config = Config {
        cases: 4,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..Config::default()
    };
    let [seed, _] = seeds;
    let first = seed.fragment.clone();
    let scenario = std::cell::RefCell::new(Scenario {
        seed,
        fragments: vec![first],
    });
    let counted = std::cell::Cell::new([0_u32; 6]);
    let steps = proptest::collection::vec((0_u8..23, 0_usize..64, 0_u32..1_000), 66);
    TestRunner::new(config)
        .run(&steps, |steps| {
            for step in steps {
                let responses = apps
                    .each_ref()
                    .map(|app| perform_step(app, &scenario.borrow(), step));
                let [Some(left), Some(right)] = responses else {
                    continue;
                };
                prop_assert_eq!(comparable(&left), comparable(&right), "{}", left.request);
                let mut tally = counted.get();
                tally[usize::from(left.status / 100)] += 1;
                counted.set(tally);
                if left.status == 201 && left.request.ends_with("/fragments") {
                    scenario.borrow_mut().fragments.push(left.id());
                }
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let tally = counted.get();
    assert!(
        tally[2] > 20 && tally[4] > 20,
        "successes and refusals were compared: {tally:?}"
    );
    assert_eq!(raw_db::row_counts(&apps[0]), raw_db::row_counts(&apps[1]));
}
