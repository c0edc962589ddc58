//! Every limit the OpenAPI document states, at it and one beyond: at it a value is not refused for its size, one beyond
//! it is refused with a problem that names the place. The cases are made from the document, so that a new input has them
//! from its first day.

use behaviour::document::{Documented, Limit, document, followed, is_a, limits, operations, placed};
use behaviour::inputs::{ABSENT, entry, fragment, with};
use behaviour::{Answer, Seed, TestApp, User, on_both};
use serde_json::{Value, json};

/// Codes that speak of a body's shape.
const SHAPE: [&str; 8] =
    ["too_long", "too_short", "too_many", "too_few", "too_large", "too_small", "wrong_pattern", "wrong_type"];
const JSON: (&str, &str) = ("Content-Type", "application/json");
const MEBIBYTES: usize = 2 << 20;

/// The path of an operation on things that are there.
fn filled(path: &str, seed: &Seed, changed: Option<(&str, &str)>) -> String {
    let parts = path.split('/').map(|part| {
        let name = part.trim_matches(['{', '}']);
        if let Some((_, value)) = changed.filter(|(known, _)| part.starts_with('{') && *known == name) {
            return value.to_owned();
        }
        let known = match part {
            "{chronology_id}" => &seed.chronology,
            "{family_id}" => &seed.family,
            "{fragment_id}" => &seed.fragment,
            "{person_id}" => &seed.twin,
            "{invitation_id}" => &seed.invitations["surgery"],
            "{agency_id}" => &seed.agencies["police"],
            "{practitioner_id}" => &seed.people["HOUSING"],
            "{version}" | "{level}" | "{index}" => "1",
            "{agency_reference}" => "REF-1",
            other if other.starts_with('{') => ABSENT,
            plain => plain,
        };
        known.to_owned()
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Somebody who may do most of what the operation is about.
fn asker(known: &Documented) -> User {
    match known.path.as_str() {
        path if path.contains("{fragment_id}") => User::RETURNED,
        path if path.contains("fragment") => User::WAITING,
        path if path.ends_with("nil-return") || path.ends_with("decline") => User::WAITING,
        path if path.starts_with("/v1/agencies") || path.starts_with("/v1/practitioners") => User::MANAGER,
        path if path.starts_with("/v1/holds") => User::MANAGER,
        path if ["/destruction", "/sign-off", "/reopen"].iter().any(|step| path.ends_with(step)) => User::MANAGER,
        path if path.ends_with("/review") => User::AUDITOR,
        path if path.starts_with("/v1/audit") => User::AUDITOR,
        _ => User::OWNER,
    }
}

fn send(app: &TestApp, known: &Documented, path: &str, body: &Value) -> Answer {
    let by = app.by(asker(known));
    match known.method.as_str() {
        "POST" => by.post(path, body),
        "PUT" => by.put(path, Some(1), body),
        "PATCH" => by.patch(path, Some(1), body),
        "DELETE" => by.delete(path, Some(1)),
        _ => by.get(path),
    }
}

#[track_caller]
fn not_for_its_size(answer: &Answer, limit: &Limit) {
    let faults = if answer.status < 300 { Vec::new() } else { answer.faults().1 };
    let shapeless: Vec<_> = faults.iter().filter(|(_, code)| SHAPE.contains(&code.as_str())).take(5).collect();
    let about = format!("{} {} {}", answer.asked, limit.pointer, limit.word);
    assert!(shapeless.is_empty(), "{about}: {shapeless:?}");
    assert!(![400, 413, 415].contains(&answer.status) && answer.status < 500, "{about}: {}", answer.text());
}

#[track_caller]
fn refused_there(answer: &Answer, status: u16, pointer: &str) {
    let named = answer.faults().1.into_iter().any(|(known, _)| known == pointer);
    assert!(answer.status == status && named, "{} {pointer}: {} {}", answer.asked, answer.status, answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
}

/// Text without a greatest length and lists without a greatest number, below this schema.
fn boundless(document: &Value, schema: &Value, pointer: &str, found: &mut Vec<String>) {
    let schema = followed(document, schema);
    let bounded = ["maxLength", "enum", "pattern"].iter().any(|word| schema.get(word).is_some());
    let by_form = schema["format"] == "uuid" || schema["format"] == "date";
    if is_a(&schema, "string") && !bounded && !by_form || is_a(&schema, "array") && schema.get("maxItems").is_none() {
        found.push(pointer.to_owned());
    }
    if let Some(items) = schema.get("items") {
        boundless(document, items, &format!("{pointer}/0"), found);
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        boundless(document, inner, &format!("{pointer}/{name}"), found);
    }
}

#[test]
fn every_input_has_a_limit() {
    let document = document();
    let mut found = Vec::new();
    for known in operations(&document) {
        let at = format!("{} {}", known.method, known.path);
        if let Some(schema) = known.body(&document) {
            boundless(&document, &schema, &format!("{at} "), &mut found);
        }
        // Tags that nobody gave are passed over, however long.
        let limited = known.parameters(&document).into_iter().filter(|parameter| parameter["name"] != "If-None-Match");
        for parameter in limited {
            boundless(&document, &parameter["schema"], &format!("{at} {}", parameter["name"]), &mut found);
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

on_both! {
    fn every_limit_of_every_body(app) {
        let seed = app.seed();
        let document = document();
        let mut tried = 0;
        let emergency = json!({"chronology_id": seed.chronology, "reason_code": "child_missing", "reason": "Canary: not seen."});
        let emergency = app.by(User::COLLEAGUE).post("/v1/emergency-accesses", &emergency).id();
        for known in operations(&document) {
            let Some(schema) = known.body(&document) else { continue };
            let path = match known.path.starts_with("/v1/emergency-accesses/") {
                // To whoever may not, what they sent is not looked at.
                true => filled(&known.path, &seed, Some(("emergency_access_id", &emergency))),
                false => filled(&known.path, &seed, None),
            };
            for limit in limits(&document, &schema) {
                let made = |value: &Value| placed(&document, &schema, known.example(), &limit.pointer, value.clone());
                not_for_its_size(&send(app, &known, &path, &made(&limit.at)), &limit);
                refused_there(&send(app, &known, &path, &made(&limit.beyond)), 422, &limit.pointer);
                tried += 1;
            }
        }
        assert!(tried > 250, "only {tried} limits were found");
    }

    fn every_limit_of_every_parameter(app) {
        let seed = app.seed();
        let document = document();
        let mut tried = 0;
        for known in operations(&document) {
            let body = if known.body(&document).is_some() { known.example() } else { Value::Null };
            for parameter in known.parameters(&document) {
                let name = parameter["name"].as_str().unwrap();
                for limit in limits(&document, &parameter["schema"]) {
                    let both = [&limit.at, &limit.beyond].map(|value| {
                        with_parameter(app, &known, &seed, &parameter, name, value, &body)
                    });
                    let [at, beyond] = both;
                    tried += 1;
                    match parameter["in"].as_str().unwrap() {
                        "query" if !limit.pointer.is_empty() => {}
                        "query" => {
                            // A cursor of the right length is still not one of ours, nor a category of the right form listed.
                            let unknown = ["cursor", "category"].contains(&name);
                            assert!(unknown || at.status != 422, "{} {}: {}", at.asked, limit.word, at.text());
                            let too_many = |(pointer, code): &(String, String)| *pointer == format!("/query/{name}") && code == "too_many";
                            assert!(!at.faults().1.iter().any(too_many), "{} {}: {}", at.asked, limit.word, at.text());
                            refused_there(&beyond, 422, &format!("/query/{name}"));
                        }
                        "header" => {
                            assert_ne!(at.status, 400, "{} {}: {}", at.asked, limit.word, at.text());
                            refused_there(&beyond, 400, &format!("/header/{name}"));
                        }
                        // A path that names nothing is absent.
                        _ => assert_eq!((at.status == 404 && at.faults().0 == "not_found" && !["version", "level", "index"].contains(&name), beyond.status),
                                        (false, 404), "{} {}: {}", at.asked, limit.word, at.text()),
                    }
                }
            }
        }
        assert!(tried > 60, "only {tried} limits were found");
    }

    fn the_limits_that_are_told_in_words(app) {
        let seed = app.seed();
        let waiting = app.by(User::WAITING);
        let path = seed.at("fragments");
        let whole = fragment(&[entry("a burn", "2026-01-02", &[&seed.twin])]);

        // 2 MiB of body.
        let padded = |size: usize| {
            let mut body = whole.to_string().into_bytes();
            body.resize(size, b' ');
            body
        };
        let post = |key: &str, body: &[u8]| waiting.send("POST", &path, &[JSON, ("Idempotency-Key", key)], body);
        assert_eq!(post("too-large", &padded(MEBIBYTES + 1)).status, 413);
        assert_eq!(post("large", &padded(MEBIBYTES)).status, 201);

        // 32 levels.
        let nested = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat().into_bytes();
        assert_eq!(post("deep", &nested(32)).faults().1, [(String::new(), "wrong_type".to_owned())]);
        assert_eq!(post("too-deep", &nested(33)).faults().1[0].1, "too_deep");

        // 2,000 characters of If-None-Match; more is passed over.
        let first = app.by(User::OWNER).get(&seed.path);
        let tag = first.header("etag").unwrap();
        let tags = |size: usize| format!("\"{}\",{tag}", "x".repeat(size - tag.len() - 3));
        assert_eq!(app.by(User::OWNER).get_unless(&seed.path, &tags(2_000)).status, 304);
        assert_eq!(app.by(User::OWNER).get_unless(&seed.path, &tags(2_001)).status, 200);

        // 100 fragments of one agency to one chronology; one is there.
        for number in 0..99 {
            let body = with(whole.clone(), json!({"agency_reference": format!("R-{number}")}));
            let _ = waiting.post(&path, &body).ok();
        }
        let one_more = with(whole.clone(), json!({"agency_reference": "R-99"}));
        let refused = waiting.post(&path, &one_more);
        assert_eq!(refused.faults().1, [(String::new(), "too_many_fragments".to_owned())], "{}", refused.text());

        // 3,000 entries of one agency on one chronology; of the replaced version none counts.
        let entries = |from: usize, count: usize| -> Vec<Value> {
            (from..from + count).map(|number| entry(&number.to_string(), "2026-01-02", &[&seed.twin])).collect()
        };
        let many = |reference: usize, count: usize| {
            with(fragment(&entries(1_000 * reference, count)), json!({"agency_reference": format!("R-{reference}")}))
        };
        let put = |reference: usize, version: i64, body: &Value| {
            waiting.put(&format!("{path}/R-{reference}"), Some(version), body)
        };
        // 94 fragments of one entry each stay, and the one without a reference.
        for reference in 0..5 {
            let _ = put(reference, 1, &many(reference, 500)).when(200);
        }
        let _ = put(5, 1, &many(5, 406)).when(200);
        let refused = put(5, 2, &many(5, 407));
        assert_eq!(refused.faults().1, [("/entries".to_owned(), "too_many_entries".to_owned())], "{}", refused.text());

        // A year for the review of a hold.
        let hold = |days: u64| json!({"scope": "chronology", "target_id": seed.chronology, "reason": "Canary", "review_at": app.in_days(days)});
        refused_there(&app.by(User::MANAGER).post("/v1/holds", &hold(367)), 422, "/review_at");
        let _ = app.by(User::MANAGER).post("/v1/holds", &hold(366)).when(201);
    }
}

/// An answer to the operation with a parameter set to a value.
fn with_parameter(
    app: &TestApp,
    known: &Documented,
    seed: &Seed,
    parameter: &Value,
    name: &str,
    value: &Value,
    body: &Value,
) -> Answer {
    let words = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let by = app.by(asker(known));
    let plain = filled(&known.path, seed, None);
    match parameter["in"].as_str().unwrap() {
        "query" => {
            let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            let mut pairs: Vec<String> = values.iter().map(|value| format!("{name}={}", words(value))).collect();
            let document = document();
            let others = known
                .parameters(&document)
                .into_iter()
                .filter(|other| other["in"] == "query" && other["required"] == true);
            pairs.extend(
                others
                    .filter(|other| other["name"] != name)
                    .map(|other| format!("{}=0", other["name"].as_str().unwrap())),
            );
            by.get(&format!("{plain}?{}", pairs.join("&")))
        }
        "header" => {
            // A tag's own characters stand between quotes.
            let mut text = words(value);
            if name == "If-Match" {
                let inside = "x".repeat(text.len().saturating_sub(2));
                text = if text.len() < 2 { "\"".to_owned() } else { format!("\"{inside}\"") };
            }
            let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
            by.send(&known.method, &plain, &[JSON, (name, &text)], &body)
        }
        _ => send(app, known, &filled(&known.path, seed, Some((name, &words(value)))), body),
    }
}
