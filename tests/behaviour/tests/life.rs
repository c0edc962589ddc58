//! A chronology's whole life, from the first draft to the tombstone.

use behaviour::inputs::{entry, fragment, nil, reason, refusal, with};
use behaviour::{Seed, TestApp, User, on_both, raw};
use serde_json::{Value, json};

const NOTHING: Value = Value::Null;

fn states(view: &Value) -> Vec<(String, String)> {
    let lines = view["header"]["coverage"].as_array().cloned().unwrap_or_default();
    let word = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let mut states: Vec<_> = lines.iter().map(|line| (word(line, "agency_name"), word(line, "state"))).collect();
    states.sort();
    states
}

fn whats(view: &Value) -> Vec<String> {
    let rows = view["rows"].as_array().cloned().unwrap_or_default();
    let accounts = rows.iter().flat_map(|row| row["accounts"].as_array().cloned().unwrap_or_default());
    accounts
        .map(|account| account["what"].as_str().unwrap_or_default().trim_start_matches("Canary ").to_owned())
        .collect()
}

/// The agencies answer: the school has; the surgery drafts and returns for one child and the family, the visitors nil,
/// the police decline, social care enters for the youth club, housing says nothing.
fn answers(app: &TestApp, seed: &Seed) {
    let waiting = app.by(User::WAITING);
    let surgery = seed.invitation("surgery");
    assert_eq!(waiting.get(&surgery).ok()["state"], "viewed");
    let form = waiting.get(&format!("{surgery}/form")).ok();
    assert_eq!(form["family"]["members"].as_array().map(Vec::len), Some(5), "{form}");
    assert_eq!(form["agency"]["code"], "surgery");
    assert!(form.get("last_return").is_none() && form["practitioner"]["name"] == "Canaryname WAITING", "{form}");
    assert_eq!(waiting.post(&format!("{surgery}/draft"), &NOTHING).ok()["state"], "drafting");
    assert_eq!(waiting.get(&seed.at("timeline")).faults().0, "own_return_first");
    let child =
        with(fragment(&[entry("weight below the second centile", "2026-01", &[])]), json!({"child_id": seed.twin}));
    let family =
        fragment(&[entry("moved in with the grandmother", "2025-11-03", &[]), entry("registered", "2018~", &[])]);
    for body in [child, family] {
        let _ = waiting.post(&seed.at("fragments"), &body).when(201);
    }
    assert_eq!(waiting.get(&surgery).ok()["state"], "submitted");
    let visitor = app.by(User::VISITOR).post(&format!("{}/nil-return", seed.invitation("visitors")), &nil());
    assert_eq!(visitor.ok()["state"], "nil_return");
    let officer = app.by(User::OFFICER).post(&format!("{}/decline", seed.invitation("police")), &refusal());
    assert_eq!(officer.ok()["state"], "declined");
    let proxy = with(
        fragment(&[entry("came to the club hungry", "2026-02-01", &[&seed.twin, &seed.other_twin])]),
        json!({"on_behalf_of": seed.agencies["beacon"]}),
    );
    let _ = app.by(User::OWNER).post(&seed.at("fragments"), &proxy).when(201);
}

on_both! {
    fn from_draft_to_tombstone(app) {
        let seed = app.seed();
        answers(app, &seed);
        let (owner, manager) = (app.by(User::OWNER), app.by(User::MANAGER));

        // Due dates pass: only silence becomes overdue.
        app.pass_days(11);
        app.work();
        assert_eq!(owner.get(&seed.path).ok()["state"], "closing");
        let view = owner.get(&seed.at("timeline")).ok();
        let expected = [("Beacon Youth Club", "submitted"), ("Elm Row Surgery", "submitted"), ("Marlshire Health Visiting", "nil_return"),
                        ("Marlshire Homes", "overdue"), ("Marlshire Police", "declined"), ("Oakmere Primary School", "submitted")];
        assert_eq!(states(&view), expected.map(|(name, state)| (name.to_owned(), state.to_owned())));
        let order = ["registered", "moved in with the grandmother", "weight below the second centile", "missed the school nurse", "came to the club hungry"];
        assert_eq!(whats(&view), order);
        assert_eq!((&view["header"]["row_count"], &view["header"]["entry_count"]), (&json!(5), &json!(5)));
        let statement = view["header"]["coverage_statement"].as_str().unwrap_or_default().to_owned();
        assert!(statement.contains("Declined: Marlshire Police") && statement.contains("No answer from: Marlshire Homes"), "{statement}");
        let proxied = view["rows"].as_array().into_iter().flatten().find(|row| row["accounts"][0].get("proxy_by").is_some());
        assert_eq!(proxied.map(|row| &row["accounts"][0]["agency"]), Some(&json!(seed.agencies["beacon"])));

        // Contributors read what social care reads; a refusal opens nothing.
        assert_eq!(whats(&app.by(User::WAITING).get(&seed.at("timeline")).ok()), order);
        assert_eq!(whats(&app.by(User::VISITOR).get(&seed.at("timeline")).ok()), order, "nil is a return");
        assert_eq!(app.by(User::OFFICER).get(&seed.at("timeline")).faults().0, "own_return_first");
        assert_eq!(app.by(User::HOUSING).get(&seed.at("timeline")).faults().0, "own_return_first");

        // Frozen, then corrected: the frozen view stays what it was.
        let frozen = owner.post(&seed.at("consolidations"), &NOTHING).when(201);
        let frozen_at = seed.at(&format!("consolidations/{}", frozen["id"].as_str().unwrap_or_default()));
        let before = owner.get(&frozen_at);
        let path = format!("/v1/fragments/{}", seed.fragment);
        let corrected = with(fragment(&[entry("missed the school dentist", "2026-01-12", &[&seed.twin])]),
                             json!({"correction_reason": "Canary: the wrong clinic"}));
        let receipt = app.by(User::RETURNED).put(&path, Some(1), &corrected);
        assert_eq!((receipt.version(), receipt.ok()["outcome"].clone()), (2, json!("updated")));
        assert!(whats(&owner.get(&seed.at("timeline")).ok()).contains(&"missed the school dentist".to_owned()));
        assert_eq!(owner.get(&frozen_at).body, before.body, "the frozen view does not change");
        let old = owner.get(&format!("{path}/versions/1")).ok();
        assert_eq!(old["entries"][0]["what"], "Canary missed the school nurse");
        assert_eq!(app.by(User::HOUSING).post(&seed.at("fragments"), &fragment(&[entry("arrears", "2026-01-01", &[])])).status, 409,
                   "frozen for a meeting, no returns are taken");

        // Signed off with a snapshot, closed, reopened, extended to the cap and not a second further.
        let _ = manager.post(&seed.at("sign-off"), &json!({"snapshot": "waive"})).when(422);
        assert_eq!(manager.post(&seed.at("sign-off"), &json!({"snapshot": "export"})).ok()["state"], "signed_off");
        let snapshot = owner.get(&seed.at("snapshot")).ok();
        assert_eq!(snapshot["consolidation"]["view"], before.ok()["view"]);
        assert_eq!(app.by(User::WAITING).get(&seed.at("timeline")).status, 404, "signed off is no longer open");
        assert_eq!(owner.post(&seed.at("close"), &NOTHING).ok()["state"], "closed");
        assert_eq!(manager.post(&seed.at("reopen"), &reason(json!({}))).ok()["state"], "open");
        let opened = "2026-03-02T09:30:00Z";
        assert_eq!(owner.get(&seed.path).ok()["opened_at"], opened);
        let beyond = owner.post(&seed.at("extend"), &reason(json!({"expires_at": "2027-01-26T09:30:01Z"})));
        assert_eq!(beyond.faults(), ("invalid".into(), vec![("/expires_at".into(), "beyond_policy".into())]));
        let extended = owner.post(&seed.at("extend"), &reason(json!({"expires_at": "2027-01-26T09:30:00Z"}))).ok();
        assert!(!raw::finds(app, "canary"), "nothing is in clear");

        // A microsecond before it is all there; at the instant it is gone.
        app.set_to(&json!("2027-01-26T09:29:59.999999Z"));
        app.work();
        assert_eq!(whats(&owner.get(&seed.at("timeline")).ok()).len(), 5);
        app.set_to(&extended["expires_at"]);
        for path in [seed.path.clone(), seed.at("timeline"), seed.at("snapshot"), frozen_at, path] {
            assert_eq!(owner.get(&path).status, 410, "{path}");
            assert_eq!(app.by(User::STRANGER).get(&path).status, 404, "{path}");
        }
        app.work();
        let counts = raw::counts(app);
        for table in ["chronologies", "invitations", "fragments", "fragment_versions", "entries", "consolidations", "people", "families", "person_keys", "idempotency"] {
            assert_eq!(counts[table], 0, "{table}");
        }
        let stone = owner.get(&format!("/v1/tombstones/{}", seed.chronology)).ok();
        assert_eq!((&stone["entry_count"], &stone["reason"]), (&json!(5), &json!("expired")));
        let readers = stone["readers"].as_array().cloned().unwrap_or_default();
        assert!(readers.iter().any(|reader| reader["practitioner_id"] == json!(seed.people["WAITING"])), "{stone}");
        assert_eq!(app.by(User::WAITING).get(&format!("/v1/tombstones/{}", seed.chronology)).ok()["agencies"].as_array().map(Vec::len), Some(1));
        let contributor = app.by(User::RETURNED).get(&format!("/v1/tombstones/{}", seed.chronology)).ok();
        assert_eq!(contributor["entry_count"], 1, "its own: totals of others are not its to know");
        let audit = app.by(User::AUDITOR).get(&format!("/v1/audit?chronology={}&limit=500", seed.chronology)).ok();
        assert!(audit["items"].as_array().is_some_and(|items| items.iter().any(|item| item["operation"] == "chronology.expire")));
        assert_eq!(app.keys().iter().filter(|key| key.starts_with("scope")).count(), 0, "the chronology's keys go at once");
        app.pass(3_600);
        app.work();
        let left = app.mortal_keys();
        assert_eq!(left, Vec::<String>::new(), "and the hour's within the hour");
        assert!(!raw::finds(app, "canary"));
    }

    fn the_timeline_is_filtered(app) {
        let seed = app.seed();
        answers(app, &seed);
        let owner = app.by(User::OWNER);
        let ask = |query: &str| whats(&owner.get(&format!("{}?{query}", seed.at("timeline"))).ok());
        assert_eq!(ask(&format!("child={}", seed.other_twin)), ["registered", "moved in with the grandmother", "came to the club hungry"]);
        assert_eq!(ask(&format!("agency={}", seed.agencies["school"])), ["missed the school nurse"]);
        assert_eq!(ask("category=HOME"), Vec::<String>::new());
        assert_eq!(ask("significance=risk&from=2026-01-13"), ["weight below the second centile", "came to the club hungry"]);
        assert_eq!(ask("to=2025-12-31"), ["registered", "moved in with the grandmother"]);
        assert_eq!(ask("category=HEALTH&category=LEGAL").len(), ask("category=HEALTH").len());
        assert_eq!(owner.get(&format!("{}?from=2026-13-01", seed.at("timeline"))).status, 422);
        assert_eq!(owner.get(&format!("{}?colour=red", seed.at("timeline"))).status, 422);
    }

    fn an_overdue_agency_can_still_answer_and_change_its_answer(app) {
        let seed = app.seed();
        app.pass_days(11);
        app.work();
        let housing = app.by(User::HOUSING);
        let homes = seed.invitation("homes");
        assert_eq!(housing.get(&homes).ok()["state"], "overdue");
        assert_eq!(housing.post(&format!("{homes}/decline"), &refusal()).ok()["state"], "declined");
        assert_eq!(housing.post(&format!("{homes}/nil-return"), &nil()).ok()["state"], "nil_return");
        let body = housing.get(&homes).ok();
        assert!(body.get("decline_reason").is_none(), "{body}");
        let sent = housing.post(&seed.at("fragments"), &fragment(&[entry("arrears", "2026-01-01", &[])]));
        let id = sent.id();
        assert_eq!(housing.get(&homes).ok()["state"], "submitted");
        assert_eq!(housing.post(&format!("{homes}/nil-return"), &nil()).faults().1[0].1, "has_return");
        assert_eq!(housing.delete(&format!("/v1/fragments/{id}"), Some(1)).status, 204);
        assert_eq!(housing.get(&homes).ok()["state"], "overdue");
        assert_eq!(housing.get(&seed.at("timeline")).faults().0, "own_return_first");
    }

    fn opening_names_all_that_is_missing(app) {
        let seed = app.seed_draft();
        let owner = app.by(User::OWNER);
        let bare = json!({"family_id": seed.family, "purpose": "neglect"});
        let id = owner.post("/v1/chronologies", &bare).id();
        let refused = owner.post(&format!("/v1/chronologies/{id}/open"), &NOTHING);
        let pointers: Vec<_> = refused.faults().1.into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(pointers, ["/family_told", "/invitations", "/lawful_basis"]);
        assert_eq!(owner.get(&format!("/v1/chronologies/{id}")).ok()["state"], "draft");
    }

    fn a_waiver_needs_its_reason_and_leaves_no_snapshot(app) {
        let seed = app.seed();
        let (owner, manager) = (app.by(User::OWNER), app.by(User::MANAGER));
        let _ = owner.post(&seed.at("consolidations"), &NOTHING).when(201);
        let waiver = json!({"snapshot": "waive", "waiver_reason": "Canary: already in the record"});
        assert_eq!(manager.post(&seed.at("sign-off"), &waiver).ok()["state"], "signed_off");
        assert_eq!(owner.get(&seed.at("snapshot")).status, 404);
    }

    fn a_waiver_after_a_reopening_takes_back_the_snapshot_of_before(app) {
        let seed = app.seed();
        let (owner, manager) = (app.by(User::OWNER), app.by(User::MANAGER));
        let freeze = || drop(owner.post(&seed.at("consolidations"), &NOTHING).when(201));
        freeze();
        let _ = manager.post(&seed.at("sign-off"), &json!({"snapshot": "export"})).ok();
        assert_eq!(owner.get(&seed.at("snapshot")).status, 200);
        let _ = manager.post(&seed.at("reopen"), &json!({"reason": "Another return came"})).ok();
        freeze();
        let waiver = json!({"snapshot": "waive", "waiver_reason": "Canary: already in the record"});
        let _ = manager.post(&seed.at("sign-off"), &waiver).ok();
        assert_eq!(owner.get(&seed.at("snapshot")).status, 404);
    }

    fn a_chronology_has_so_many_frozen_views_and_no_more(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        for _ in 0..100 {
            let _ = owner.post(&seed.at("consolidations"), &NOTHING).when(201);
        }
        let refused = owner.post(&seed.at("consolidations"), &NOTHING).when(422);
        assert!(refused.to_string().contains("too_many_views"), "{refused}");
    }
}
