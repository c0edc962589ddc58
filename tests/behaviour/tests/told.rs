//! What may not be told, and is not: by the work that an answer takes, by what is written where a protected person lives, and
//! by lists of what cannot be opened.

use behaviour::inputs::{ABSENT, adult, child, chronology, entry, fragment, reason, with};
use behaviour::{Seed, TestApp, User, on_both};
use domain::Role;
use serde_json::{Value, json};
use store::testing::statements::traced;

/// A social worker of the same agency without leave to read criminal-offence data, who has no case.
const DUTY: User = User { name: "DUTY", offence_data: false, ..User::COLLEAGUE };
/// Works for an agency that runs nothing and is not invited.
const CAMHS_LEAD: User =
    User { name: "CAMHS_LEAD", agency: "camhs", role: Role::SafeguardingLead, offence_data: false };

/// The statements and the openings of sealed values that an answer takes.
fn work(app: &TestApp, user: User, method: &str, path: &str) -> (u16, Vec<String>, (u64, u64)) {
    app.service.wait_for_links();
    let before = app.vault.work().done();
    let (answer, statements) = traced(|| match method {
        "GET" => app.by(user).get(path),
        "DELETE" => app.by(user).delete(path, Some(1)),
        "PUT" => app.by(user).put(path, Some(1), &body_of(path)),
        "PATCH" => app.by(user).patch(path, Some(1), &json!({})),
        _ => app.by(user).post(path, &body_of(path)),
    });
    let after = app.vault.work().done();
    (answer.status, statements, (after.0 - before.0, after.1 - before.1))
}

/// A body that is right in shape, for a path.
fn body_of(path: &str) -> Value {
    let part = |rest: &str| path.contains(rest);
    if part("/people/") {
        return adult("Dara", "male");
    }
    if part("/families/") {
        return json!({"label": "Canary", "members": [ABSENT]});
    }
    if part("/fragments/") && part("/extend") {
        return reason(json!({"expires_at": "2026-05-01T00:00:00Z"}));
    }
    if part("/fragments") {
        return fragment(&[entry("seen", "2026-01-02", &[])]);
    }
    if part("/nil-return") {
        return json!({"decided_by": "Canary lead"});
    }
    if part("/decline") {
        return json!({"decided_by": "Canary lead", "statement": "Canary", "reason": "not_relevant"});
    }
    if part("/extend") {
        return reason(json!({"expires_at": "2026-05-01T00:00:00Z"}));
    }
    reason(json!({}))
}

/// Routes about one thing, by what the thing is: everything that can be asked of it.
fn routes(seed: &Seed) -> Vec<(&'static str, String, String)> {
    let mut all = Vec::new();
    let mut add = |method: &'static str, route: &str, id: &str| {
        all.push((method, route.replace("{}", id), route.replace("{}", ABSENT)));
    };
    for id in [&seed.twin, &seed.father] {
        add("GET", "/v1/people/{}", id);
        add("PUT", "/v1/people/{}", id);
    }
    add("GET", "/v1/families/{}", &seed.family);
    add("PUT", "/v1/families/{}", &seed.family);
    for rest in
        ["", "/timeline", "/links", "/link-decisions", "/fragments", "/invitations", "/consolidations", "/readers"]
    {
        add("GET", &format!("/v1/chronologies/{{}}{rest}"), &seed.chronology);
    }
    for rest in ["/open", "/close", "/fragments", "/consolidations"] {
        add("POST", &format!("/v1/chronologies/{{}}{rest}"), &seed.chronology);
    }
    add("PATCH", "/v1/chronologies/{}", &seed.chronology);
    for rest in ["", "/form"] {
        add("GET", &format!("/v1/invitations/{{}}{rest}"), &seed.invitations["visitors"]);
    }
    for rest in ["/draft", "/nil-return", "/decline"] {
        add("POST", &format!("/v1/invitations/{{}}{rest}"), &seed.invitations["visitors"]);
    }
    add("PATCH", "/v1/invitations/{}", &seed.invitations["visitors"]);
    for rest in ["", "/versions", "/versions/1", "/readers"] {
        add("GET", &format!("/v1/fragments/{{}}{rest}"), &seed.fragment);
    }
    add("PUT", "/v1/fragments/{}", &seed.fragment);
    add("DELETE", "/v1/fragments/{}", &seed.fragment);
    add("GET", "/v1/tombstones/{}", &seed.fragment);
    add("GET", "/v1/tombstones/{}", &seed.chronology);
    all
}

on_both! {
    fn absent_and_not_yours_take_the_same_work(app) {
        let seed = app.seed();
        let mut differ = Vec::new();
        for user in [User::STRANGER, CAMHS_LEAD, User::UNNAMED, User::COLLEAGUE, DUTY, User::AUDITOR, User::SUPPORT] {
            // Met before, so that nobody is met on the way.
            let _ = app.by(user).get("/v1/me");
            for (method, there, absent) in routes(&seed) {
                let one = work(app, user, method, &there);
                // Somebody who may read it knows that it is there.
                let base = there.split('/').take(4).collect::<Vec<_>>().join("/");
                if one.0 != 404 || app.by(user).get(&base).status == 200 {
                    continue;
                }
                let other = work(app, user, method, &absent);
                assert_eq!(other.0, 404, "{} {method} {absent}", user.name);
                if (&one.1, one.2) != (&other.1, other.2) {
                    let short = |all: &[String]| all.iter().map(|text| text.chars().take(150).collect::<String>()).collect::<Vec<_>>();
                    differ.push(format!("{} {method} {there}: {:?} {:#?}\nabsent: {:?} {:#?}", user.name, one.2, short(&one.1), other.2, short(&other.1)));
                }
            }
        }
        assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
    }

    fn an_address_is_refused_in_every_text_that_another_may_read(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        let told = "now lives at Canary   Refuge";
        let refused = |by: User, method: &str, path: &str, body: &Value, pointers: &[&str]| {
            let answer = match method {
                "PUT" => app.by(by).put(path, Some(1), body),
                "PATCH" => app.by(by).patch(path, Some(app.by(by).get(path).version()), body),
                _ => app.by(by).post(path, body),
            };
            let (word, faults) = answer.faults();
            assert_eq!((answer.status, word.as_str()), (422, "invalid"), "{} {method} {path}: {}", by.name, answer.text());
            let expected: Vec<_> = pointers.iter().map(|pointer| ((*pointer).to_owned(), "address_in_clear".to_owned())).collect();
            assert_eq!(faults, expected, "{} {method} {path}", by.name);
            assert!(!answer.text().contains("Refuge") && !answer.text().contains(&seed.twin), "the answer names neither place nor person");
        };
        let plain = fragment(&[entry("seen", "2026-01-02", &[])]);
        let fragments = seed.at("fragments");
        for (pointer, body) in [
            ("/involvement/support", with(plain.clone(), json!({"involvement": {"status": "current", "support": told}}))),
            ("/involvement/lead_professional", with(plain.clone(), json!({"involvement": {"status": "current", "lead_professional": told}}))),
            ("/sharing/reason", with(plain.clone(), json!({"sharing": {"decided_by": "Canary lead", "reason": told}}))),
            ("/entries/0/what", fragment(&[entry(told, "2026-01-02", &[])])),
            ("/entries/0/outcome", fragment(&[with(entry("seen", "2026-01-02", &[]), json!({"outcome": told}))])),
        ] {
            // Each by somebody else: a caller is refused so often and no more.
            let by = User { name: Box::leak(pointer.replace('/', "_").into_boxed_str()), ..User::LEAD };
            refused(by, "POST", &fragments, &body, &[pointer]);
        }
        // Whoever may know is told as well, so that others do not come to read it.
        refused(User::OWNER, "PATCH", &seed.path, &json!({"question": told}), &["/question"]);
        refused(User::OWNER, "POST", "/v1/chronologies", &with(chronology(&seed.family, &[]), json!({"question": told})), &["/question"]);
        let invite = json!({"agency_id": seed.agencies["camhs"], "practitioners": [], "message": told});
        refused(User::OWNER, "POST", &seed.at("invitations"), &invite, &["/message"]);
        refused(User::OWNER, "PATCH", &seed.invitation("visitors"), &json!({"message": told}), &["/message"]);
        let nil = json!({"decided_by": "Canary lead", "statement": told});
        refused(User::VISITOR, "POST", &format!("{}/nil-return", seed.invitation("visitors")), &nil, &["/statement"]);
        let decline = json!({"decided_by": "Canary lead", "statement": told, "reason": "not_relevant"});
        refused(User::HOUSING, "POST", &format!("{}/decline", seed.invitation("homes")), &decline, &["/statement"]);
        let extended = json!({"expires_at": app.in_days(70), "reason": told});
        refused(User::OWNER, "POST", &seed.at("extend"), &extended, &["/reason"]);
        let glass = json!({"chronology_id": seed.chronology, "reason_code": "child_missing", "reason": told});
        refused(DUTY, "POST", "/v1/emergency-accesses", &glass, &["/reason"]);
        let order = json!({"reason_code": "closed", "reason": told, "snapshot_waiver": "Canary"});
        refused(User::MANAGER, "POST", &seed.at("destruction"), &order, &["/reason"]);
        let family = json!({"label": "Canaryfell", "members": [seed.twin], "households": [{"label": told, "members": [seed.twin]}]});
        refused(User::MANAGER, "POST", "/v1/families", &family, &["/households/0/label"]);
        // Nothing of it was kept, and who wrote it is an alert for the owner and the data protection officer.
        assert_eq!(owner.get(&seed.at("timeline")).ok()["header"]["entry_count"], 1);
        let alerts = app.by(User::AUDITOR).get("/v1/alerts").ok()["items"].clone();
        let kinds: Vec<_> = alerts.as_array().into_iter().flatten().map(|alert| (alert["kind"].clone(), alert["operation"].clone())).collect();
        assert!(kinds.contains(&(json!("address_refused"), json!("invitation.nil_return"))), "{kinds:?}");
        assert!(!alerts.to_string().contains("Canary"), "{alerts}");
        let mine = owner.get("/v1/alerts").ok()["items"].clone();
        assert!(mine.as_array().is_some_and(|mine| mine.len() > 5 && mine.iter().all(|alert| alert["chronology_ids"] == json!([seed.chronology]))), "{mine}");
        assert_eq!(app.by(User::COLLEAGUE).get("/v1/alerts").ok()["items"], json!([]), "others are told nothing");
        let records = app.by(User::AUDITOR).get(&format!("/v1/audit?chronology={}&operation=invitation.nil_return", seed.chronology)).ok();
        assert_eq!(records["items"][0]["outcome"], "address_refused", "{records}");
    }

    fn nobody_finds_an_address_by_guessing(app) {
        let seed = app.seed();
        let guess = |text: &str| app.by(User::WAITING).post(&seed.at("fragments"), &fragment(&[entry(text, "2026-01-02", &[])]));
        // Among texts that read like an address the right one does not stand out.
        let many: Vec<Value> = ["14 Elm Close", "Canary Refuge", "3 Tarn Row", "no address at all"].iter().map(|text| entry(text, "2026-01-02", &[])).collect();
        let answer = app.by(User::WAITING).post(&seed.at("fragments"), &fragment(&many));
        let pointers: Vec<String> = answer.faults().1.into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(pointers, ["/entries/0/what", "/entries/1/what", "/entries/2/what"], "{}", answer.text());
        for _ in 1..5 {
            assert_eq!(guess("seen at Canary Refuge").status, 422);
        }
        let stopped = guess("seen at Canary Refuge");
        assert_eq!((stopped.status, stopped.faults().0.as_str()), (429, "address_refusals"), "{}", stopped.text());
        assert!(stopped.header("retry-after").is_some());
        assert_eq!(guess("seen at 9 Elm Close").status, 429, "whatever the next guess is");
        assert_eq!(guess("seen at school").status, 201, "what reads like no address is written on");
        assert_eq!(app.by(User::RETURNED).put(&format!("/v1/fragments/{}", seed.fragment), Some(1), &fragment(&[entry("seen", "2026-01-02", &[])])).status, 200, "others write on");
        app.pass_days(1);
        assert_eq!(guess("seen at 9 Elm Close").status, 201);
        // A write that is refused anyhow is no guess: it is not told whether its address is right.
        let faulty = fragment(&[entry("seen at Canary Refuge", "2999-01-01", &[])]);
        let answer = app.by(User::WAITING).post(&seed.at("fragments"), &faulty);
        assert!(answer.status == 422 && !answer.text().contains("address_in_clear"), "{}", answer.text());
        // Those who read the addresses guess nothing.
        for _ in 0..7 {
            assert_eq!(app.by(User::OWNER).patch(&seed.path, Some(app.by(User::OWNER).get(&seed.path).version()), &json!({"question": "Canary Refuge?"})).status, 422);
        }
        app.pass_days(91);
        app.work();
        assert_eq!(behaviour::raw::counts(app)["address_refusals"], 0, "and they are forgotten");
    }

    fn a_protected_address_is_for_a_case_or_an_emergency(app) {
        let seed = app.seed();
        let path = format!("/v1/people/{}", seed.twin);
        let sees = |user: User| {
            let person = app.by(user).get(&path).ok();
            let found = app.by(user).post("/v1/people/find", &json!({"nhs_number": behaviour::inputs::nhs_number(0)}));
            let found = if found.status == 200 { found.text().contains("Canary Refuge") } else { false };
            (person["addresses"].to_string().contains("Canary Refuge"), found)
        };
        assert_eq!((sees(User::OWNER), sees(User::MANAGER), sees(User::TEAM)), ((true, true), (true, true), (true, true)));
        assert_eq!((sees(User::COLLEAGUE), sees(DUTY)), ((false, false), (false, false)), "to be of social care is not enough");
        assert_eq!(sees(User::RETURNED), (false, false));
        // Nor is it told that it has changed.
        let before = app.by(DUTY).get(&path);
        let contributor = app.by(User::RETURNED).get(&path);
        let mut body = child("Orla", "2019-05-14", 0);
        body["addresses"][1]["lines"] = json!("Canary Refuge, moved");
        app.pass(60);
        let changed = app.by(User::OWNER).put(&path, Some(1), &body).ok();
        assert_eq!(changed["version"], 2);
        for (user, before) in [(DUTY, before), (User::RETURNED, contributor)] {
            let after = app.by(user).get(&path);
            assert_eq!((&after.body, after.header("etag")), (&before.body, before.header("etag")), "{}", user.name);
        }
        body["addresses"][0]["lines"] = json!("5 Canary Row");
        let _ = app.by(User::OWNER).put(&path, Some(2), &body).ok();
        assert_eq!(app.by(DUTY).get(&path).ok()["version"], 2, "what they see has changed once");
        // Whoever does not see all of it does not write it over.
        let refused = app.by(DUTY).put(&path, Some(2), &body);
        assert_eq!((refused.status, refused.faults().0.as_str()), (409, "no_case"), "{}", refused.text());
        let glass = json!({"chronology_id": seed.chronology, "reason_code": "child_missing", "reason": "Canary: not seen since noon."});
        let _ = app.by(DUTY).post("/v1/emergency-accesses", &glass).id();
        let read = app.by(DUTY).get(&path).ok();
        assert!(read["addresses"].to_string().contains("Canary Refuge, moved") && read["emergency"]["banner"].is_string(), "{read}");
        assert_eq!(app.by(DUTY).put(&path, Some(3), &body).status, 409, "an emergency lets nobody write");
        let records = app.by(User::AUDITOR).get("/v1/audit?operation=person.read").ok();
        assert!(records["items"].as_array().is_some_and(|all| all.iter().any(|record| record["reason"] == "emergency")), "{records}");
        app.pass(3_601);
        assert!(!sees(DUTY).0);
    }

    fn who_declined_or_is_done_knows_no_more_of_the_family(app) {
        let seed = app.seed();
        let paths = [format!("/v1/people/{}", seed.twin), format!("/v1/families/{}", seed.family)];
        let status = |user: User| paths.each_ref().map(|path| app.by(user).get(path).status);
        assert_eq!((status(User::HOUSING), status(User::RETURNED)), ([200; 2], [200; 2]));
        let no = json!({"decided_by": "Canary lead", "statement": "Canary", "reason": "not_relevant"});
        let _ = app.by(User::HOUSING).post(&format!("{}/decline", seed.invitation("homes")), &no).ok();
        assert_eq!(status(User::HOUSING), [404; 2]);
        let _ = app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).ok();
        assert_eq!(status(User::RETURNED), [200; 2]);
        let _ = app.by(User::MANAGER).post(&seed.at("sign-off"), &json!({"snapshot": "export"})).ok();
        assert_eq!(status(User::RETURNED), [404; 2]);
        let _ = app.by(User::OWNER).post(&seed.at("close"), &Value::Null).ok();
        assert_eq!((status(User::RETURNED), status(User::OWNER)), ([404; 2], [200; 2]));
    }

    fn a_list_holds_nothing_that_cannot_be_opened(app) {
        let seed = app.seed();
        let _ = app.by(User::SUPPORT).post("/v1/families", &json!({"label": "Canary of support", "members": [app.by(User::SUPPORT).post("/v1/people", &adult("Sian", "female")).id()]})).id();
        let care_lead = User { name: "CARE_LEAD", agency: "care", role: Role::SafeguardingLead, offence_data: false };
        let mut seen = 0;
        for user in behaviour::EVERYBODY.iter().copied().chain([care_lead, DUTY, CAMHS_LEAD]) {
            if user == User::NOBODY || user == User::LEFT {
                continue;
            }
            for list in ["families", "chronologies", "invitations", "fragments", "practitioners", "agencies"] {
                let answer = app.by(user).get(&format!("/v1/{list}"));
                if answer.status != 200 {
                    continue;
                }
                for item in answer.json()["items"].as_array().into_iter().flatten() {
                    let path = format!("/v1/{list}/{}", item["id"].as_str().unwrap());
                    assert_eq!(app.by(user).get(&path).status, 200, "{} {path}", user.name);
                    seen += 1;
                }
            }
        }
        assert!(seen > 100, "{seen}");
        let listed = app.by(User::SUPPORT).get("/v1/families").ok()["items"].clone();
        assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
        let _ = seed;
    }

    fn what_was_written_before_the_address_was_protected_is_kept_from_others(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        let told = with(fragment(&[entry("lives at 7 Quornbeck Lodge with an aunt", "2026-01-02", &[]), entry("weighed", "2026-01-03", &[])]),
                        json!({"involvement": {"status": "current", "support": "Canary visits to Quornbeck Lodge"}}));
        let _ = app.by(User::WAITING).post(&seed.at("fragments"), &told).when(201);
        let _ = app.by(User::HOUSING).post(&seed.at("fragments"), &fragment(&[entry("rent paid", "2026-01-04", &[])])).when(201);
        let reads = |user: User| {
            let view = app.by(user).get(&seed.at("timeline")).ok();
            (view["header"]["entry_count"].clone(), view.to_string().matches("Quornbeck").count())
        };
        assert_eq!(reads(User::HOUSING), (json!(4), 2));
        let mut person = child("Orla", "2019-05-14", 0);
        person["addresses"][1]["lines"] = json!("7 Quornbeck Lodge, Marlton");
        let _ = owner.put(&format!("/v1/people/{}", seed.twin), Some(1), &person).ok();
        assert_eq!(reads(User::HOUSING), (json!(3), 0));
        assert_eq!(reads(User::WAITING), (json!(4), 2), "its own is its own");
        assert_eq!(reads(User::OWNER), (json!(4), 2));
        // A brother who lives there is recorded without that: it is not shown to those who may not know.
        let mut brother = child("Isla", "2019-05-14", 1);
        brother["addresses"] = json!([{"lines": "7 Quornbeck Lodge", "postcode": "ZZ9 9ZX"}, {"lines": "4 Canary Row", "postcode": "ZZ9 9ZZ"}]);
        let path = format!("/v1/people/{}", seed.other_twin);
        let _ = owner.put(&path, Some(1), &brother).ok();
        let shown = app.by(User::HOUSING).get(&path).text();
        assert!(shown.contains("Canary Row") && !shown.contains("Quornbeck") && !shown.contains("9ZX"), "{shown}");
        let found = app.by(DUTY).post("/v1/people/find", &json!({"nhs_number": behaviour::inputs::nhs_number(1)})).text();
        assert!(found.contains("Canary Row") && !found.contains("Quornbeck"), "{found}");
        // Nor does it take the protection off what others write, nor stand among their names.
        let guess = app.by(User::HOUSING).post(&seed.at("fragments"), &fragment(&[entry("seen at Quornbeck Lodge", "2026-01-05", &[])]));
        assert_eq!(guess.faults().1, [("/entries/0/what".to_owned(), "address_in_clear".to_owned())]);
        brother["other_names"] = json!([{"given": "of Quornbeck Lodge"}]);
        assert_eq!(owner.put(&path, Some(2), &brother).faults().1, [("/other_names/0/given".to_owned(), "address_in_clear".to_owned())]);
    }
}
