//! Bad input: a problem that names every fault by pointer; nothing stored, nothing lost of what was there before.

use behaviour::inputs::{adult, at, child, chronology, entry, fragment, reason, with, without};
use behaviour::{Answer, Kind, Seed, TestApp, User, on_both, raw};
use domain::{Category, PartnershipPolicy};
use serde_json::{Value, json};

const ABSENT: &str = "01999999-0000-7000-8000-00000000dead";
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// Nothing changed but the audit, which has one record more.
#[track_caller]
fn refused(app: &TestApp, send: impl FnOnce() -> Answer) -> Answer {
    let mut before = raw::counts(app);
    let answer = send();
    let after = raw::counts(app);
    before.entry("audit_records".into()).and_modify(|records| *records += 1);
    assert_eq!(after, before, "{} {}", answer.asked, answer.text());
    assert!((400..500).contains(&answer.status), "{}: {} {}", answer.asked, answer.status, answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.asked);
    assert!(!answer.text().contains("Canary"), "a problem quotes nothing: {}", answer.text());
    answer
}

#[track_caller]
fn names(answer: &Answer, status: u16, expected: &[(&str, &str)]) {
    let found = answer.faults().1;
    let expected: Vec<_> = expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect();
    assert_eq!((answer.status, found), (status, expected), "{}", answer.text());
}

fn good(seed: &Seed) -> Value {
    fragment(&[entry("a burn", "2026-01-02", &[&seed.twin]), entry("a graze", "2026-01-03", &[])])
}

fn raw_post(app: &TestApp, path: &str, key: &str, body: &[u8]) -> Answer {
    app.by(User::WAITING).send("POST", path, &[JSON, ("Idempotency-Key", key)], body)
}

on_both! {
    fn what_is_no_json_is_told_so(app) {
        let seed = app.seed();
        let path = seed.at("fragments");
        let whole = good(&seed).to_string();
        let twice = whole.replacen("\"what\":", "\"what\":\"Canary first\",\"what\":", 1);
        let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
            ("cut off", whole.as_bytes()[..whole.len() / 2].to_vec(), 400, "not_json"),
            ("not UTF-8", [&b"{\"entries\":[{\"what\":\""[..], &[0xc3, 0x28], b"\"}]}"].concat(), 400, "not_utf8"),
            ("a lone surrogate", whole.replacen("Canary", "\\ud800", 1).into_bytes(), 400, "not_json"),
            ("twice the same member", twice.into_bytes(), 400, "duplicate_member"),
            ("nested deeply", ["[".repeat(40).into_bytes(), "]".repeat(40).into_bytes()].concat(), 400, "too_deep"),
            ("nested without end", "[".repeat(200_000).into_bytes(), 400, "too_deep"),
            ("something after it", format!("{whole}x").into_bytes(), 400, "not_json"),
            ("a list", b"[]".to_vec(), 422, "wrong_type"),
            ("text with NUL", whole.replacen("Canary", "\\u0000", 1).into_bytes(), 422, "nul_character"),
        ];
        for (number, (case, body, status, code)) in cases.into_iter().enumerate() {
            let answer = refused(app, || raw_post(app, &path, &format!("bad-{number}"), &body));
            assert_eq!((answer.status, answer.faults().1[0].1.as_str()), (status, code), "{case}: {}", answer.text());
        }
        let large = vec![b' '; 2 * 1024 * 1024 + 1];
        assert_eq!(refused(app, || raw_post(app, &path, "large", &large)).status, 413);
        let send = |kind: &str| app.by(User::WAITING).send("POST", &path, &[("Content-Type", kind), ("Idempotency-Key", "kind")], whole.as_bytes());
        assert_eq!(refused(app, || send("text/plain")).status, 415);
        assert_eq!(refused(app, || send("application/json; charset=latin1")).status, 415);
    }

    fn every_fault_of_a_fragment_is_named_at_once(app) {
        let seed = app.seed();
        let path = seed.at("fragments");
        let post = |body: &Value| refused(app, || app.by(User::WAITING).post(&path, body));
        let body = good(&seed);

        // Shape: all at once.
        let shapeless = at(at(without(at(at(body.clone(), "/entries/0/what", json!(7)), "/entries/1/colour", json!("red")), "/sharing/reason"),
                              "/entries/1/significance", json!("terrible")), "/entries/0/source/role", json!(""));
        let found = post(&shapeless);
        let pointers: Vec<_> = found.faults().1.into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(found.status, 422);
        for pointer in ["/entries/0/source/role", "/entries/0/what", "/entries/1/colour", "/entries/1/significance"] {
            assert!(pointers.iter().any(|found| found == pointer), "{pointer} in {pointers:?}");
        }
        assert!(pointers.iter().any(|found| found.starts_with("/sharing")), "{pointers:?}");

        // Meaning: all at once.
        let body = at(body, "/entries/0/when", json!({"edtf": "2026-02-30"}));
        let body = at(body, "/entries/0/children", json!([seed.twin, ABSENT]));
        let body = at(body, "/entries/0/category", json!("UNHEARD_OF"));
        let body = at(body, "/entries/1/when", json!({"edtf": "2026-03-09"}));
        let body = without(body, "/entries/1/action_taken");
        let body = at(body, "/entries/1/adults", json!([{"person": ABSENT, "role": "father"}]));
        let body = at(body, "/entries/1/handling", json!({"marking": "normal", "named_agencies": [seed.agencies["police"]]}));
        let body = with(body, json!({"expires_at": app.in_days(61), "child_id": seed.father}));
        names(&post(&body), 422, &[
            ("/child_id", "not_in_family"),
            ("/entries/0/category", "unknown"),
            ("/entries/0/children/1", "not_in_family"),
            ("/entries/0/when/edtf", "impossible_date"),
            ("/entries/1/action_taken", "required"),
            ("/entries/1/adults/0/person", "not_in_family"),
            ("/entries/1/handling/named_agencies", "not_restricted"),
            ("/entries/1/when/edtf", "future_date"),
            ("/expires_at", "beyond_policy"),
        ]);
    }

    fn dates_that_cannot_be(app) {
        let seed = app.seed();
        let path = seed.at("fragments");
        for (when, pointer, code) in [
            (json!({"edtf": "2026-13"}), "edtf", "impossible_date"),
            (json!({"edtf": "2025-02-29"}), "edtf", "impossible_date"),
            (json!({"edtf": "2026-01-02T25:00"}), "edtf", "impossible_date"),
            (json!({"edtf": "2026-02-01/2026-01-01"}), "edtf", "end_before_start"),
            (json!({"edtf": "yesterday"}), "edtf", "unparseable_date"),
            (json!({"words": "some time or other"}), "words", "unparseable_date"),
            (json!({"words": "31.04.2025"}), "words", "impossible_date"),
            (json!({"edtf": "2027"}), "edtf", "future_date"),
        ] {
            let body = at(good(&seed), "/entries/0/when", when.clone());
            let answer = refused(app, || app.by(User::WAITING).post(&path, &body));
            names(&answer, 422, &[(&format!("/entries/0/when/{pointer}"), code)]);
        }
        let body = at(good(&seed), "/entries/0/when", json!({}));
        names(&refused(app, || app.by(User::WAITING).post(&path, &body)), 422, &[("/entries/0/when", "required")]);
    }

    fn nobody_speaks_for_another_agency(app) {
        let seed = app.seed();
        let path = seed.at("fragments");
        let body = with(good(&seed), json!({"on_behalf_of": seed.agencies["police"]}));
        assert_eq!(refused(app, || app.by(User::WAITING).post(&path, &body)).status, 404, "an agency proxies for none");
        names(&refused(app, || app.by(User::OWNER).post(&path, &body)), 422, &[("/on_behalf_of", "not_possible")]);
        let stamped = with(good(&seed), json!({"agency_id": seed.agencies["police"]}));
        names(&refused(app, || app.by(User::WAITING).post(&path, &stamped)), 422, &[("/agency_id", "unknown_property")]);
        let typed = at(good(&seed), "/entries/0/agency", json!(seed.agencies["police"]));
        names(&refused(app, || app.by(User::WAITING).post(&path, &typed)), 422, &[("/entries/0/agency", "unknown_property")]);
        assert_eq!(refused(app, || app.by(User::WAITING).put(&format!("/v1/fragments/{}", seed.fragment), Some(1), &good(&seed))).status, 404);
    }

    fn a_faulty_correction_leaves_what_was_there(app) {
        let seed = app.seed();
        let path = format!("/v1/fragments/{}", seed.fragment);
        let before = app.by(User::RETURNED).get(&path);
        let body = at(good(&seed), "/entries/1/children", json!([ABSENT]));
        names(&refused(app, || app.by(User::RETURNED).put(&path, Some(1), &body)), 422, &[("/entries/1/children/0", "not_in_family")]);
        for stranger in [ABSENT, &seed.father] {
            let body = with(good(&seed), json!({"child_id": stranger}));
            names(&refused(app, || app.by(User::RETURNED).put(&path, Some(1), &body)), 422, &[("/child_id", "not_in_family")]);
        }
        let repeated = at(at(good(&seed), "/entries/0/reference", json!("E1")), "/entries/1/reference", json!("E1"));
        names(&refused(app, || app.by(User::RETURNED).put(&path, Some(1), &repeated)), 422, &[("/entries/1/reference", "repeated")]);
        assert_eq!(app.by(User::RETURNED).get(&path).body, before.body);
    }

    fn people_and_families(app) {
        let seed = app.seed_draft();
        let owner = app.by(User::OWNER);
        let post = |path: &str, body: &Value| refused(app, || owner.post(path, body));
        let wrong = with(child("Nia", "2026-03-03", 5), json!({"nhs_number": "9434765918", "upn": "A801200005001", "no_nhs_number_reason": "unborn"}));
        let found = post("/v1/people", &wrong);
        for (pointer, code) in [("/birth/date", "future_date"), ("/nhs_number", "check_digit"), ("/upn", "check_digit")] {
            assert!(found.faults().1.contains(&(pointer.to_owned(), code.to_owned())), "{}", found.text());
        }
        names(&post("/v1/people", &without(child("Nia", "2020-01-01", 5), "/nhs_number")), 422, &[("/no_nhs_number_reason", "required")]);
        let born = at(child("Nia", "2020-01-01", 5), "/birth/date", json!("2020-02-30"));
        assert_eq!(post("/v1/people", &born).faults().1[0].0, "/birth/date");
        assert_eq!(post("/v1/people", &at(adult("Rhys", "male"), "/name/given", json!(""))).faults().1[0].0, "/name/given");
        let family = json!({"label": "Canary", "members": [seed.twin, ABSENT], "relationships": [{"from": seed.twin, "kind": "twin_of", "to": seed.twin},
                            {"from": seed.father, "kind": "father_of", "to": seed.twin}], "households": [{"label": "Canary", "members": [seed.mother]}]});
        names(&post("/v1/families", &family), 422, &[("/households/0/members/0", "not_a_member"), ("/members/1", "unknown"),
                                                     ("/relationships/0/to", "same_person"), ("/relationships/1/from", "not_a_member")]);
        // Somebody else's people are unknown, in the same words as those who do not exist.
        let strange = app.by(User::STRANGER).post("/v1/people", &adult("Theirs", "male")).id();
        names(&post("/v1/families", &json!({"label": "Canary", "members": [strange]})), 422, &[("/members/0", "unknown")]);
    }

    fn chronologies_invitations_and_holds(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        let post = |path: &str, body: &Value| refused(app, || owner.post(path, body));
        let body = with(chronology(&seed.family, &[&seed.people["RETURNED"]]), json!({"expires_at": app.in_days(331), "due_at": app.in_days(332)}));
        let found = post("/v1/chronologies", &body);
        let faults = found.faults().1;
        for (pointer, code) in [("/due_at", "after_expiry"), ("/expires_at", "beyond_policy"), ("/team/0", "unknown")] {
            assert!(faults.contains(&(pointer.to_owned(), code.to_owned())), "{pointer}: {}", found.text());
        }
        let past = with(chronology(&seed.family, &[]), json!({"expires_at": "2026-03-02T09:30:00Z"}));
        assert!(post("/v1/chronologies", &past).faults().1.contains(&("/expires_at".to_owned(), "past".to_owned())));
        names(&post(&seed.at("invitations"), &json!({"agency_id": ABSENT})), 422, &[("/agency_id", "unknown")]);
        assert_eq!(post(&seed.at("invitations"), &json!({"agency_id": seed.agencies["school"]})).status, 409, "invited already");
        let elsewhere = json!({"agency_id": seed.agencies["camhs"], "practitioners": [seed.people["RETURNED"]]});
        names(&post(&seed.at("invitations"), &elsewhere), 422, &[("/practitioners/0", "unknown")]);
        names(&post(&seed.at("extend"), &reason(json!({"expires_at": app.in_days(331)}))), 422, &[("/expires_at", "beyond_policy")]);
        assert_eq!(post(&seed.at("open"), &json!({"now": true})).status, 422, "no body is wanted");
        let manager = app.by(User::MANAGER);
        let hold = json!({"scope": "all", "target_id": seed.chronology, "reason": "Canary", "review_at": app.in_days(400)});
        names(&refused(app, || manager.post("/v1/holds", &hold)), 422, &[("/review_at", "out_of_range"), ("/target_id", "unknown")]);
        let agency = json!({"code": "Bad Code", "name": "", "kind": "circus"});
        let found = refused(app, || manager.post("/v1/agencies", &agency));
        let pointers: Vec<_> = found.faults().1.into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(pointers, ["/code", "/kind", "/name"]);
        let taken = json!({"code": "school", "name": "Another", "kind": "education"});
        assert_eq!(refused(app, || manager.post("/v1/agencies", &taken)).status, 409);
    }

    fn paths_and_queries_that_name_nothing(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        for path in ["/v1/chronologies/1", "/v1/chronologies/not-an-id-but-exactly-thirty-six-ch", "/v1/fragments/%00", &*seed.at("consolidations/x"),
                     &*format!("/v1/fragments/{}/versions/-1", seed.fragment), &*format!("/v1/fragments/{}/versions/99999999999999999999", seed.fragment)] {
            assert_eq!(refused(app, || owner.get(path)).status, 404, "{path}");
        }
        for query in ["child=x", "significance=loud", "from=soon", "category=lower", "limit=2&limit=3", "cursor="] {
            assert_eq!(refused(app, || owner.get(&seed.at(&format!("timeline?{query}")))).status, 422, "{query}");
        }
        let found = owner.get(&seed.at("timeline?category=WEATHER&category=HOME&category=lower&child=x&significance=loud&from=soon"));
        names(&found, 422, &[("/query/category/0", "unknown"), ("/query/category/2", "unknown"), ("/query/child/0", "wrong_format"),
                             ("/query/from", "wrong_format"), ("/query/significance/0", "not_on_the_list")]);
        assert!(!found.text().contains("WEATHER"), "no value is repeated");
        assert_eq!(owner.send("PATCH", "/v1/me", &[], &[]).status, 405);
        assert_eq!(owner.get("/v1/nothing").status, 404);
    }
}

#[test]
fn a_partnerships_own_category_is_asked_for_like_any_other() {
    let own = (Category::new("FIRE").unwrap(), "fires and fire safety".to_owned());
    for kind in [Kind::Sqlite, Kind::Postgresql] {
        let policy = PartnershipPolicy { extra_categories: vec![own.clone()], ..PartnershipPolicy::default() };
        let app = TestApp::with_policy(kind, policy);
        let seed = app.seed();
        let fire = behaviour::inputs::told(("a pan caught fire", "2026-01-20", "FIRE"));
        let _ = app.by(User::WAITING).post(&seed.at("fragments"), &fragment(&[fire])).ok();
        let found = app.by(User::OWNER).get(&seed.at("timeline?category=FIRE&category=LEGAL")).ok();
        assert_eq!(found["rows"].as_array().map(Vec::len), Some(1), "{found}");
        names(
            &app.by(User::OWNER).get(&seed.at("timeline?category=FIRE&category=FLOOD")),
            422,
            &[("/query/category/1", "unknown")],
        );
    }
}

/// Numbers that pass the check and are nobody's: zeros, equal digits, before, between and after the ranges in use.
const NEVER_ISSUED: [&str; 6] = ["0000000000", "1111111111", "444 444 4444", "0100999999", "5000000005", "9434765919"];

#[test]
fn a_number_that_is_never_issued_identifies_nobody() {
    for kind in [Kind::Sqlite, Kind::Postgresql] {
        let app = TestApp::start(kind);
        let seed = app.seed();
        for number in NEVER_ISSUED {
            refuses(&app, &seed.twin, number);
        }
    }
}

#[test]
fn numbers_kept_for_tests_are_refused_unless_the_policy_accepts_them() {
    for kind in [Kind::Sqlite, Kind::Postgresql] {
        let app = TestApp::with_exactly(kind, PartnershipPolicy::default());
        let owner = app.by(User::OWNER);
        let issued = with(child("Nia", "2020-01-01", 5), json!({"nhs_number": "4010232137"}));
        let person = owner.post("/v1/people", &issued).id();
        refuses(&app, &person, &behaviour::inputs::nhs_number(5));
    }
}

/// Wherever a number is taken: recording, changing and looking up a child, and breaking the glass.
fn refuses(app: &TestApp, person: &str, number: &str) {
    let expected = [("/nhs_number", "never_issued")];
    let owner = app.by(User::OWNER);
    let wrong = with(child("Nia", "2020-01-01", 5), json!({"nhs_number": number}));
    names(&owner.post("/v1/people", &wrong), 422, &expected);
    names(&owner.put(&format!("/v1/people/{person}"), Some(1), &wrong), 422, &expected);
    names(&owner.post("/v1/people/find", &json!({"nhs_number": number})), 422, &expected);
    let glass = json!({"nhs_number": number, "reason_code": "child_missing", "reason": "Canary reason: not seen."});
    let answer = app.by(User::COLLEAGUE).post("/v1/emergency-accesses", &glass);
    names(&answer, 422, &expected);
    assert!(!answer.json()["errors"].to_string().contains(number), "{}", answer.text());
}
