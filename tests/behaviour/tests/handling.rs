//! Marked entries: unseen means unseen, in every count, header, tag and page; and a marking survives every write.

use behaviour::inputs::{entry, fragment, reason, with};
use behaviour::{Seed, TestApp, User, on_both};
use serde_json::{Value, json};
use uuid::Uuid;

const NOTHING: Value = Value::Null;

fn restricted(what: &str, children: &[&str], named: &[&str]) -> Value {
    with(entry(what, "2026-01-30", children), json!({"handling": {"marking": "restricted", "named_agencies": named}}))
}

fn crime(what: &str) -> Value {
    with(entry(what, "2026-01-29", &[]), json!({"category": "CRIME"}))
}

/// What somebody sees of the timeline, and its tag.
fn seen(app: &TestApp, seed: &Seed, user: User) -> (Value, String) {
    let answer = app.by(user).get(&seed.at("timeline"));
    let tag = answer.header("etag").unwrap_or_default().to_owned();
    let mut view = answer.ok();
    view["header"]["generated_at"] = NOTHING;
    (view, tag)
}

fn whats(view: &Value) -> Vec<String> {
    let rows = view["rows"].as_array().cloned().unwrap_or_default();
    let accounts = rows.iter().flat_map(|row| row["accounts"].as_array().cloned().unwrap_or_default());
    accounts
        .map(|account| account["what"].as_str().unwrap_or_default().trim_start_matches("Canary ").to_owned())
        .collect()
}

fn submit(app: &TestApp, seed: &Seed, user: User, entries: &[Value]) -> String {
    app.by(user).post(&seed.at("fragments"), &fragment(entries)).id()
}

on_both! {
    fn a_restricted_entry_leaves_no_trace_for_another_contributor(app) {
        let seed = app.seed();
        let _ = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-30", &[&seed.twin])]);
        let police = submit(app, &seed, User::OFFICER, &[entry("a call", "2026-01-28", &[&seed.twin])]);
        let before = seen(app, &seed, User::WAITING);
        let owner_before = seen(app, &seed, User::OWNER);
        // One marked entry on its own, one about another child on a day when others tell of something.
        let body = fragment(&[entry("a call", "2026-01-28", &[&seed.twin]), restricted("a MARAC was held", &[&seed.other_twin], &[]),
                              restricted("weighed", &[&seed.other_twin], &[])]);
        let _ = app.by(User::OFFICER).put(&format!("/v1/fragments/{police}"), Some(1), &body).ok();
        let after = seen(app, &seed, User::WAITING);
        assert_eq!(after, before, "rows, children on rows, counts, coverage, versions, times and the tag");
        let owner = seen(app, &seed, User::OWNER);
        let count = |view: &Value| view["header"]["entry_count"].as_i64().unwrap_or(0);
        assert_eq!(count(&owner.0), count(&owner_before.0) + 2);
        assert_eq!(whats(&seen(app, &seed, User::OFFICER).0).len(), 5, "its own agency sees it");
        assert_eq!(app.by(User::WAITING).get(&format!("/v1/fragments/{police}")).status, 404);
    }

    fn a_new_fragment_of_marked_entries_alone_changes_nothing_for_others(app) {
        let seed = app.seed();
        let _ = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-30", &[&seed.twin])]);
        let _ = submit(app, &seed, User::OFFICER, &[entry("a call", "2026-01-28", &[&seed.twin])]);
        let before = seen(app, &seed, User::WAITING);
        let _ = submit(app, &seed, User::OFFICER, &[restricted("a MARAC was held", &[&seed.other_twin], &[])]);
        assert_eq!(seen(app, &seed, User::WAITING), before, "and the tag is the same");
        let tag = app.by(User::WAITING).get_unless(&seed.at("timeline"), &before.1);
        assert_eq!(tag.status, 304);
    }

    fn a_correction_of_what_is_marked_alone_makes_no_version_for_others(app) {
        let seed = app.seed();
        let _ = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-30", &[&seed.twin])]);
        let plain = || entry("a call", "2026-01-28", &[&seed.twin]);
        let police = submit(app, &seed, User::OFFICER, &[plain(), crime("an arrest")]);
        let path = format!("/v1/fragments/{police}");
        let all_of = |user: User| {
            let paths = [path.clone(), format!("{path}/versions"), format!("{path}/versions/1"), format!("{path}/versions/2"), seed.at("fragments"), seed.at("links")];
            let answers = paths.map(|path| app.by(user).get(&path));
            (answers.map(|answer| (answer.status, answer.header("etag").map(str::to_owned), answer.without_request())), seen(app, &seed, user))
        };
        // A social worker on the team without leave to read criminal-offence data, and another agency's practitioner.
        let watchers = [User::TEAM, User::WAITING];
        let before = watchers.map(all_of);
        for (version, words) in [(1, "an arrest at night"), (2, "an arrest and bail")] {
            app.pass(60);
            let body = with(fragment(&[plain(), crime(words)]), json!({"correction_reason": "Canary: the custody record"}));
            let _ = app.by(User::OFFICER).put(&path, Some(version), &body).ok();
        }
        assert_eq!(watchers.map(all_of), before);
        assert_eq!(app.by(User::OFFICER).get(&path).ok()["version"], 3);
        assert_eq!(app.by(User::OWNER).get(&path).ok()["version"], 3, "who sees all of it sees every version");
        // What they may see makes their second version, whatever number it has for others.
        app.pass(60);
        let body = with(fragment(&[entry("a second call", "2026-01-28", &[&seed.twin]), crime("an arrest and bail")]), json!({"correction_reason": "Canary: another call"}));
        let _ = app.by(User::OFFICER).put(&path, Some(3), &body).ok();
        let fragment = app.by(User::TEAM).get(&path).ok();
        assert_eq!((&fragment["version"], &fragment["correction_reason"]), (&json!(2), &json!("Canary: another call")), "{fragment}");
        let versions = app.by(User::TEAM).get(&format!("{path}/versions")).ok();
        let numbers: Vec<&Value> = versions["items"].as_array().unwrap().iter().map(|one| &one["version"]).collect();
        assert_eq!(numbers, [1, 2]);
        let first = app.by(User::TEAM).get(&format!("{path}/versions/1"));
        assert_eq!((first.status, first.ok()["version"].clone()), (200, json!(1)));
        assert!(!versions.to_string().contains("custody") && !first.text().contains("arrest"));
        assert_eq!(app.by(User::OWNER).get(&format!("{path}/versions")).ok()["items"].as_array().map(Vec::len), Some(4));
    }

    fn of_a_return_with_nothing_for_the_reader_only_the_answer_is_told(app) {
        let seed = app.seed();
        let _ = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-30", &[&seed.twin])]);
        let involved = json!({"involvement": {"status": "current", "support": "Canary: MARAC chair"}, "expires_at": app.in_days(5)});
        let police = app.by(User::OFFICER).post(&seed.at("fragments"), &with(fragment(&[restricted("a MARAC was held", &[], &[]), crime("an arrest")]), involved)).id();
        let nil = json!({"decided_by": "Canary lead"});
        let _ = app.by(User::VISITOR).post(&format!("{}/nil-return", seed.invitation("visitors")), &nil).ok();
        // And a return of an agency's involvement alone.
        let alone = with(fragment(&[]), json!({"involvement": {"status": "past", "support": "Canary: rehoused"}}));
        let _ = app.by(User::HOUSING).post(&seed.at("fragments"), &alone).when(201);
        let line = |user: User, agency: &str| {
            let view = app.by(user).get(&seed.at("timeline")).ok();
            let coverage = view["header"]["coverage"].as_array().cloned().unwrap_or_default();
            let mut line = coverage.into_iter().find(|line| line["agency_id"] == json!(seed.agencies[agency])).unwrap();
            for told in ["agency_id", "agency_name", "agency_kind"] {
                line[told] = NOTHING;
            }
            (line, view["until"].clone())
        };
        let of = |user| ["police", "visitors", "homes"].map(|agency| line(user, agency));
        let [police_line, nil_line, alone_line] = of(User::WAITING);
        assert_eq!(police_line, nil_line, "what is kept from them looks like nothing");
        assert_eq!(police_line, alone_line);
        assert_eq!((&police_line.0["state"], &police_line.0["entry_count"]), (&json!("submitted"), &json!(0)));
        // Nor when it ends.
        assert_ne!(police_line.1, json!(app.in_days(5)));
        let [police_line, nil_line, alone_line] = of(User::OWNER);
        assert_eq!((&police_line.0["entry_count"], &police_line.0["involvement"]["support"]), (&json!(2), &json!("Canary: MARAC chair")));
        assert_eq!((&nil_line.0["state"], &alone_line.0["involvement"]["support"]), (&json!("nil_return"), &json!("Canary: rehoused")));
        let without = app.by(User::TEAM).get(&format!("/v1/fragments/{police}")).ok();
        assert_eq!(without["entries"].as_array().map(Vec::len), Some(1), "social care sees what is restricted");
        // Nor do versions tell a return of involvement alone from one of what is kept from them.
        let changed = with(fragment(&[]), json!({"involvement": {"status": "past", "support": "Canary: rehoused again"}}));
        let housing = app.by(User::HOUSING).get("/v1/fragments").ok()["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/fragments/{housing}");
        let _ = app.by(User::HOUSING).put(&path, Some(1), &changed).ok();
        assert_eq!((app.by(User::TEAM).get(&path).version(), app.by(User::OWNER).get(&path).version()), (1, 2));
        let empty = app.by(User::HOUSING).post(&seed.at("fragments"), &behaviour::inputs::without(fragment(&[]), "/involvement"));
        assert_eq!((empty.status, empty.faults().1), (422, vec![("/entries".to_owned(), "required".to_owned())]));
    }

    /// Social care enters an account for an agency without access, and a colleague without leave to read offence data corrects
    /// it: what the colleague may not see stays.
    fn who_does_not_see_all_of_it_takes_nothing_away(app) {
        let seed = app.seed();
        let body = |entries: &[Value]| with(fragment(entries), json!({"on_behalf_of": seed.agencies["beacon"]}));
        let club = || with(entry("came to the club", "2026-01-20", &[]), json!({"reference": "B-1"}));
        let id = app.by(User::OWNER).post(&seed.at("fragments"), &body(&[club(), crime("told of an arrest")])).id();
        let path = format!("/v1/fragments/{id}");
        let seen_by_team = app.by(User::TEAM).get(&path);
        assert_eq!(seen_by_team.ok()["entries"].as_array().map(Vec::len), Some(1));
        let more = entry("came again", "2026-01-21", &[]);
        let corrected = app.by(User::TEAM).put(&path, Some(seen_by_team.version()), &body(&[club(), more.clone()])).ok();
        assert_eq!((corrected["entries"].as_array().map(Vec::len), &corrected["version"]), (Some(2), &json!(2)), "{corrected}");
        // What the owner changes of what the colleague cannot see is no version for them.
        let _ = app.by(User::OWNER).put(&path, Some(2), &body(&[club(), more.clone(), crime("told of an arrest and bail")])).ok();
        let seen_by_team = app.by(User::TEAM).get(&path);
        assert_eq!(seen_by_team.version(), 2);
        let again = app.by(User::TEAM).put(&path, Some(2), &body(&[club()])).ok();
        assert_eq!(again["version"], 3);
        // Sending again in every particular what one may not read back changes nothing and makes nothing double.
        let hidden = crime("told of an arrest and bail");
        let sent = || body(&[club(), hidden.clone()]);
        let before = app.by(User::OWNER).get(&path).ok()["version"].clone();
        for _ in 0..2 {
            let version = app.by(User::TEAM).get(&path).version();
            let _ = app.by(User::TEAM).put(&path, Some(version), &sent()).ok();
        }
        assert_eq!(app.by(User::OWNER).get(&path).ok()["version"], before);
        let whole = app.by(User::OWNER).get(&path).ok();
        assert_eq!((whole["version"].clone(), whole["entries"].as_array().map(Vec::len)), (json!(4), Some(2)), "{whole}");
        assert!(whole.to_string().contains("told of an arrest and bail"));
    }

    fn lowering_a_marking_is_on_record(app) {
        let seed = app.seed();
        let police = submit(app, &seed, User::OFFICER, &[restricted("a MARAC was held", &[], &[]), crime("an arrest")]);
        let path = format!("/v1/fragments/{police}");
        let lowered = || {
            let all = app.by(User::AUDITOR).get(&format!("/v1/audit?chronology={}&limit=500", seed.chronology)).ok();
            let all = all["items"].as_array().cloned().unwrap_or_default();
            let all = all.iter().filter(|record| record["operation"] == "fragment.markings_lowered");
            all.map(|record| (record["object_id"].clone(), record["entry_count"].clone())).collect::<Vec<_>>()
        };
        let put = |version: i64, entries: &[Value]| app.by(User::OFFICER).put(&path, Some(version), &fragment(entries)).ok();
        let _ = put(1, &[restricted("a MARAC was held", &[], &[]), crime("an arrest"), entry("a call", "2026-01-02", &[])]);
        assert_eq!(lowered(), vec![], "nothing was");
        let normal = with(entry("a MARAC was held", "2026-01-30", &[]), json!({"handling": {"marking": "normal"}}));
        let health = with(entry("an arrest", "2026-01-29", &[]), json!({"category": "HOME"}));
        let _ = put(2, &[normal, health, entry("a call", "2026-01-02", &[])]);
        assert_eq!(lowered(), vec![(json!(police), json!(2))]);
        let _ = put(3, &[restricted("a MARAC was held", &[], &[])]);
        let _ = put(4, &[restricted("a MARAC was held", &[], &[&seed.agencies["school"]])]);
        assert_eq!(lowered().len(), 2, "naming an agency opens it too");
    }

    fn named_agencies_see_it_and_others_do_not(app) {
        let seed = app.seed();
        for user in [User::WAITING, User::HOUSING] {
            let _ = submit(app, &seed, user, &[entry("seen", "2026-01-02", &[])]);
        }
        let _ = submit(app, &seed, User::OFFICER, &[restricted("a MARAC was held", &[], &[&seed.agencies["surgery"]])]);
        assert_eq!(whats(&seen(app, &seed, User::WAITING).0).len(), 4);
        assert_eq!(whats(&seen(app, &seed, User::HOUSING).0).len(), 3);
    }

    fn offence_data_needs_its_own_permission(app) {
        let seed = app.seed();
        let _ = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-30", &[])]);
        let fragment = submit(app, &seed, User::OFFICER, &[crime("an arrest")]);
        assert!(whats(&seen(app, &seed, User::OWNER).0).contains(&"an arrest".to_owned()));
        for user in [User::TEAM, User::WAITING] {
            let view = seen(app, &seed, user).0;
            assert_eq!(whats(&view).len(), 2, "{}: {view}", user.name);
            assert_eq!(view["header"]["entry_count"], 2);
        }
        assert_eq!(app.by(User::TEAM).get(&format!("/v1/fragments/{fragment}")).ok()["entries"], json!([]));
        assert_eq!(app.by(User::TEAM).get(&format!("/v1/fragments/{fragment}/versions/1")).ok()["entries"], json!([]));
        // A frozen view is shown to each as they may see it.
        let frozen = app.by(User::OWNER).post(&seed.at("consolidations"), &NOTHING).id();
        let path = seed.at(&format!("consolidations/{frozen}"));
        assert_eq!(whats(&app.by(User::OWNER).get(&path).ok()["view"]).len(), 3);
        let team = app.by(User::TEAM).get(&path).ok();
        assert_eq!(whats(&team["view"]).len(), 2);
        let places: Vec<_> = team["view"]["rows"].as_array().into_iter().flatten().map(|row| row["sequence"].clone()).collect();
        assert_eq!(places, [1, 2], "no gap tells of a row");
        assert_eq!(team["entry_count"], 2, "totals count what the reader may see");
        let listed = app.by(User::TEAM).get(&seed.at("consolidations")).text();
        assert!(!listed.contains("\"entry_count\":3"), "{listed}");
        let versions = app.by(User::TEAM).get(&format!("/v1/fragments/{fragment}/versions")).ok();
        assert_eq!(versions["items"][0]["entry_count"], 0, "{versions}");
        let tagged = |user: User| app.by(user).get(&path).header("etag").unwrap_or_default().to_owned();
        assert_ne!(tagged(User::TEAM), tagged(User::OWNER));
    }

    fn one_without_the_permission_freezes_no_less_than_all(app) {
        let seed = app.seed();
        let _ = submit(app, &seed, User::OFFICER, &[crime("an arrest")]);
        let answer = app.by(User::TEAM).post(&seed.at("consolidations"), &NOTHING);
        let frozen = answer.id();
        assert!(!answer.text().contains("an arrest"));
        let path = seed.at(&format!("consolidations/{frozen}"));
        let owner = app.by(User::OWNER).get(&path).ok();
        assert_eq!(whats(&owner["view"]), ["missed the school nurse", "an arrest"], "no entry is lost by who pressed the button");
        assert_eq!(whats(&app.by(User::TEAM).get(&path).ok()["view"]), ["missed the school nurse"]);
    }

    fn a_marking_survives_every_write(app) {
        let seed = app.seed();
        let (owner, manager) = (app.by(User::OWNER), app.by(User::MANAGER));
        let _ = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-30", &[])]);
        let id = submit(app, &seed, User::OFFICER, &[restricted("a MARAC was held", &[], &[])]);
        let unseen = |stage: &str| {
            let (view, _) = seen(app, &seed, User::WAITING);
            assert_eq!(whats(&view), ["missed the school nurse", "weighed"], "{stage}");
            assert_eq!(view["header"]["entry_count"], 2, "{stage}");
            assert!(whats(&seen(app, &seed, User::OWNER).0).iter().any(|what| what.contains("MARAC")), "{stage}");
        };
        unseen("submitted");
        let corrected = fragment(&[restricted("a MARAC was held again", &[], &[])]);
        let _ = app.by(User::OFFICER).put(&format!("/v1/fragments/{id}"), Some(1), &corrected).ok();
        unseen("corrected");
        let _ = owner.post(&seed.at("consolidations"), &NOTHING).ok();
        unseen("consolidated");
        let _ = manager.post(&seed.at("sign-off"), &json!({"snapshot": "export"})).ok();
        let _ = manager.post(&seed.at("reopen"), &reason(json!({}))).ok();
        unseen("reopened");
        let _ = owner.post(&seed.at("extend"), &reason(json!({"expires_at": app.in_days(100)}))).ok();
        unseen("extended");
        let again = app.by(User::OFFICER).post(&format!("/v1/fragments/{id}/extend"), &reason(json!({"expires_at": app.in_days(99)})));
        let _ = again.ok();
        unseen("given another expiry");
    }

    fn protected_addresses_stay_with_social_care(app) {
        let seed = app.seed();
        let path = format!("/v1/people/{}", seed.twin);
        assert!(app.by(User::OWNER).get(&path).text().contains("Canary Refuge"));
        let contributor = app.by(User::RETURNED).get(&path).text();
        assert!(contributor.contains("Canary Row") && !contributor.contains("Refuge") && !contributor.contains("9ZX"));
        assert!(!app.by(User::WAITING).get(&format!("{}/form", seed.invitation("surgery"))).text().contains("Refuge"));
    }

    /// An agency's system that knows nothing of markings sends a return again: what was marked stays so, until somebody says
    /// otherwise.
    fn a_correction_that_says_nothing_of_a_marking_keeps_it(app) {
        let seed = app.seed();
        let restricted = json!({"handling": {"marking": "restricted"}});
        let told = |what: &str, more: Value| with(entry(what, "2026-01-20", &[&seed.twin]), more);
        let id = app.by(User::OFFICER).post(&seed.at("fragments"), &fragment(&[told("officers attended", restricted)])).id();
        let put = |version: i64, entry: Value| {
            let _ = app.by(User::OFFICER).put(&format!("/v1/fragments/{id}"), Some(version), &fragment(&[entry])).ok();
            let read = app.by(User::OFFICER).get(&format!("/v1/fragments/{id}")).ok();
            read["entries"][0]["handling"]["marking"].as_str().unwrap().to_owned()
        };
        // Sent again without a reference, it is the same return and no second one.
        let again = app.by(User::OFFICER).post(&seed.at("fragments"), &fragment(&[told("officers attended", json!({}))])).ok();
        assert_eq!((again["fragment_id"].as_str(), again["outcome"].as_str()), (Some(id.as_str()), Some("unchanged")));
        let nothing = json!({"category": "HOME"});
        assert_eq!(put(1, told("officers attended", nothing.clone())), "restricted", "the same words");
        assert_eq!(put(2, told("officers attended at night", nothing.clone())), "restricted", "other words");
        assert!(!app.by(User::RETURNED).get(&seed.at("timeline")).text().contains("officers attended"));
        let normal = json!({"category": "HOME", "handling": {"marking": "normal"}});
        assert_eq!(put(3, told("officers attended at night", normal)), "normal", "said so");
        assert_eq!(put(4, told("officers attended", nothing)), "normal");
    }

    /// Identifiers in order of time would say how many entries stand between two that are seen.
    fn the_ids_of_entries_have_no_order(app) {
        let seed = app.seed();
        let entries: Vec<Value> =
            (1..=40).map(|number| entry(&format!("visit {number}"), "2026-01-20", &[&seed.twin])).collect();
        let receipt = app.by(User::OFFICER).post(&seed.at("fragments"), &fragment(&entries)).when(201);
        let ids: Vec<Uuid> = receipt["entries"].as_array().unwrap().iter()
            .map(|entry| Uuid::try_parse(entry["id"].as_str().unwrap()).unwrap()).collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 4), "{ids:?}");
        assert!(!ids.is_sorted() && ids.len() == 40);
        let rows = app.by(User::OWNER).get(&seed.at("timeline?limit=500")).ok();
        let told: Vec<&str> = rows["rows"].as_array().unwrap().iter()
            .filter_map(|row| row["accounts"][0]["what"].as_str())
            .filter_map(|what| what.split_once(" visit ").map(|(_, number)| number)).collect();
        let expected: Vec<String> = (1..=40).map(|number: u32| number.to_string()).collect();
        assert_eq!(told, expected, "events of one day stand as their agency listed them");
    }
}
