//! The same question has the same answer on SQLite and on PostgreSQL: the same operations, drawn at random, by the same
//! clock and with the same identifiers, are answered the same.

use behaviour::inputs::{entry, fragment, nil, reason, suggested_pair, with};
use behaviour::{Answer, Kind, Seed, TestApp, User, raw};
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

/// One step: what, by whom, and a number that it makes something of.
type Step = (u8, usize, u32);

/// A test's memory: the same for both databases as long as they answer the same.
struct Story {
    seed: Seed,
    fragments: Vec<String>,
}

fn step(app: &TestApp, story: &Story, (what, who, number): Step) -> Option<Answer> {
    let (seed, user) = (&story.seed, USERS[who % USERS.len()]);
    let by = app.by(user);
    let fragment_path = || format!("/v1/fragments/{}", story.fragments[number as usize % story.fragments.len()]);
    let key = format!("step-{what}-{who}-{number}");
    Some(match what {
        0..=3 => by.post_as(&key, &seed.at("fragments"), &body(seed, number)),
        4 | 5 => by.put(&fragment_path(), Some(i64::from(number % 3) + 1), &body(seed, number / 3)),
        6 => by.delete(&fragment_path(), Some(i64::from(number % 2) + 1)),
        7..=10 => {
            by.get(&seed.at(["timeline", "timeline?limit=2", "fragments", "invitations", "consolidations", "readers"]
                [number as usize % 6]))
        }
        11 => by.get(&fragment_path()),
        12 => by.get(
            ["/v1/fragments", "/v1/invitations", "/v1/chronologies", "/v1/families", "/v1/people/find"]
                [number as usize % 5],
        ),
        13 => by.post_as(&key, &seed.at("extend"), &reason(json!({"expires_at": app.in_days(u64::from(number % 90))}))),
        14 => by.post_as(&key, &seed.at("consolidations"), &Value::Null),
        15 => by.post_as(
            &key,
            &seed.at(["reopen", "close", "open"][number as usize % 3]),
            &if number.is_multiple_of(3) { reason(json!({})) } else { Value::Null },
        ),
        16 => by.post_as(
            &key,
            &format!("{}/nil-return", seed.invitation(["surgery", "visitors", "police"][number as usize % 3])),
            &nil(),
        ),
        17 => by.post_as(
            &key,
            &seed.at("invitations"),
            &json!({"agency_id": seed.agencies[["camhs", "school"][number as usize % 2]]}),
        ),
        18 => by.get(&format!("/v1/tombstones/{}", story.fragments[number as usize % story.fragments.len()])),
        19 => {
            let path = seed.at("link-decisions");
            let links = app.by(User::OWNER).get(&seed.at("timeline")).json();
            let entries: Vec<Value> = links["rows"]
                .as_array()
                .cloned()
                .unwrap_or_default()
                .iter()
                .map(|row| row["accounts"][0]["entry_id"].clone())
                .collect();
            if entries.len() < 2 {
                return Some(by.get(&path));
            }
            let place = |at: u32| entries[at as usize % entries.len()].clone();
            let verdict = ["same_event", "different_events", "related", "not_related"][number as usize % 4];
            let body = json!({"decision": verdict, "entries": [place(number / 4)], "with": [place(number / 7)], "reason": "Canary"});
            by.post_as(&key, &path, &body)
        }
        20 => {
            let listed = app.by(User::OWNER).get(&seed.at("link-decisions")).json();
            let Some(id) = listed["items"][0]["id"].as_str() else { return Some(by.get(&seed.at("links"))) };
            by.post_as(&key, &format!("{}/{id}/withdrawal", seed.at("link-decisions")), &reason(json!({})))
        }
        21 => {
            app.pass(u64::from(number % 12) * 43_200 + u64::from(number % 7));
            return None;
        }
        _ => {
            app.work();
            return None;
        }
    })
}

fn body(seed: &Seed, number: u32) -> Value {
    let day = format!("2026-0{}-1{}", number % 2 + 1, number % 4);
    let children: &[&str] = if number.is_multiple_of(3) { &[&seed.twin] } else { &[] };
    let [attended, heard] = suggested_pair().map(|(what, _, _)| what);
    let all = ["seen at home", "seen at home", "did not attend", "police attended an argument", attended, heard];
    let words = all[number as usize % 6];
    let entry = entry(words, &day, children);
    let entry = match number % 5 {
        0 => with(entry, json!({"handling": {"marking": "restricted"}})),
        1 => with(entry, json!({"category": "CRIME"})),
        2 => with(entry, json!({"when": {"edtf": "2026-02-31"}})),
        _ => entry,
    };
    let whole = fragment(&[entry]);
    if number.is_multiple_of(4) { with(whole, json!({"agency_reference": format!("R-{}", number % 3)})) } else { whole }
}

/// What may differ: what is made with a random key.
fn masked(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if (name == "content_hash" || name == "next") && member.is_string() {
                    *member = json!("masked");
                } else {
                    masked(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(masked),
        _ => {}
    }
}

fn shown(answer: &Answer) -> (u16, Value, Option<String>, bool) {
    let mut body = answer.json();
    masked(&mut body);
    let replayed = answer.header("idempotent-replayed").is_some();
    (answer.status, body, answer.header("location").map(str::to_owned), replayed)
}

#[test]
fn random_operations_are_answered_the_same() {
    let apps = [Kind::Sqlite, Kind::Postgresql].map(TestApp::start);
    let seeds = apps.each_ref().map(TestApp::seed);
    assert_eq!(format!("{:?}", seeds[0].path), format!("{:?}", seeds[1].path));
    let config = Config { cases: 4, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
    let [seed, _] = seeds;
    let first = seed.fragment.clone();
    let story = std::cell::RefCell::new(Story { seed, fragments: vec![first] });
    let counted = std::cell::Cell::new([0_u32; 6]);
    let steps = proptest::collection::vec((0_u8..23, 0_usize..64, 0_u32..1_000), 66);
    TestRunner::new(config)
        .run(&steps, |steps| {
            for one in steps {
                let answers = apps.each_ref().map(|app| step(app, &story.borrow(), one));
                let [Some(left), Some(right)] = answers else { continue };
                prop_assert_eq!(shown(&left), shown(&right), "{}", left.asked);
                let mut tally = counted.get();
                tally[usize::from(left.status / 100)] += 1;
                counted.set(tally);
                if left.status == 201 && left.asked.ends_with("/fragments") {
                    story.borrow_mut().fragments.push(left.id());
                }
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let tally = counted.get();
    assert!(tally[2] > 20 && tally[4] > 20, "both kinds of answers were compared: {tally:?}");
    assert_eq!(raw::counts(&apps[0]), raw::counts(&apps[1]));
}
