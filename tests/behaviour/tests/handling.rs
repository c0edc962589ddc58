//! Marked entries: a hidden entry does not show in any count, header, entity tag or page, and a marking survives every
//! write.

use behaviour::inputs::{entry, fragment, with_members, with_reason};
use behaviour::{ApiResponse, Seed, TestApp, User, on_both};
use serde_json::{Value, json};
use uuid::Uuid;

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

on_both! {
    fn restricted_entry_leaves_no_trace_for_other_contributors(app) {
        let seed = app.seed();
        let _ = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-30", &[&seed.twin])]);
        let police = submit(app, &seed, User::OFFICER, &[entry("a call", "2026-01-28", &[&seed.twin])]);
        let before = timeline_and_tag(app, &seed, User::WAITING);
        let owner_before = timeline_and_tag(app, &seed, User::OWNER);
        // Adds a restricted entry of its own and one about another child on a date that has an unrestricted row.
        let body = fragment(&[entry("a call", "2026-01-28", &[&seed.twin]), restricted("a MARAC was held", &[&seed.other_twin], &[]),
                              restricted("weighed", &[&seed.other_twin], &[])]);
        let _ = app.as_user(User::OFFICER).put(&format!("/v1/fragments/{police}"), Some(1), &body).expect_ok();
        let after = timeline_and_tag(app, &seed, User::WAITING);
        assert_eq!(after, before, "rows, their children, counts, coverage, versions, times and entity tag");
        let owner = timeline_and_tag(app, &seed, User::OWNER);
        let count = |view: &Value| view["header"]["entry_count"].as_i64().unwrap_or(0);
        assert_eq!(count(&owner.0), count(&owner_before.0) + 2);
        assert_eq!(account_texts(&timeline_and_tag(app, &seed, User::OFFICER).0).len(), 5, "its own agency sees it");
        assert_eq!(app.as_user(User::WAITING).get(&format!("/v1/fragments/{police}")).status, 404);
    }

    fn fragment_of_only_marked_entries_changes_nothing_for_others(app) {
        let seed = app.seed();
        let _ = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-30", &[&seed.twin])]);
        let _ = submit(app, &seed, User::OFFICER, &[entry("a call", "2026-01-28", &[&seed.twin])]);
        let before = timeline_and_tag(app, &seed, User::WAITING);
        let _ = submit(app, &seed, User::OFFICER, &[restricted("a MARAC was held", &[&seed.other_twin], &[])]);
        assert_eq!(timeline_and_tag(app, &seed, User::WAITING), before, "including the entity tag");
        let tag = app.as_user(User::WAITING).get_if_none_match(&seed.path_to("timeline"), &before.1);
        assert_eq!(tag.status, 304);
    }

    fn correction_of_only_marked_entries_creates_no_version_for_others(app) {
        let seed = app.seed();
        let _ = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-30", &[&seed.twin])]);
        let unmarked = || entry("a call", "2026-01-28", &[&seed.twin]);
        let police = submit(app, &seed, User::OFFICER, &[unmarked(), crime("an arrest")]);
        let path = format!("/v1/fragments/{police}");
        let everything_shown_to = |user: User| {
            let paths = [path.clone(), format!("{path}/versions"), format!("{path}/versions/1"), format!("{path}/versions/2"), seed.path_to("fragments"), seed.path_to("links")];
            let responses = paths.map(|path| app.as_user(user).get(&path));
            let compared = |response: ApiResponse| {
                let tag = response.header("etag").map(str::to_owned);
                (response.status, tag, response.body_without_request_fields())
            };
            (responses.map(compared), timeline_and_tag(app, &seed, user))
        };
        // A team member who may not read criminal-offence data, and a practitioner of another agency.
        let watchers = [User::TEAM, User::WAITING];
        let before = watchers.map(everything_shown_to);
        for (version, words) in [(1, "an arrest at night"), (2, "an arrest and bail")] {
            app.advance_seconds(60);
            let body = with_members(fragment(&[unmarked(), crime(words)]), json!({"correction_reason": "Canary: the custody record"}));
            let _ = app.as_user(User::OFFICER).put(&path, Some(version), &body).expect_ok();
        }
        assert_eq!(watchers.map(everything_shown_to), before);
        assert_eq!(app.as_user(User::OFFICER).get(&path).expect_ok()["version"], 3);
        assert_eq!(app.as_user(User::OWNER).get(&path).expect_ok()["version"], 3, "a user who sees all entries sees every version");
        // A change to a visible entry is version 2 for these users, although it is version 4 for others.
        app.advance_seconds(60);
        let body = with_members(fragment(&[entry("a second call", "2026-01-28", &[&seed.twin]), crime("an arrest and bail")]), json!({"correction_reason": "Canary: another call"}));
        let _ = app.as_user(User::OFFICER).put(&path, Some(3), &body).expect_ok();
        let fragment = app.as_user(User::TEAM).get(&path).expect_ok();
        assert_eq!((&fragment["version"], &fragment["correction_reason"]), (&json!(2), &json!("Canary: another call")), "{fragment}");
        let versions = app.as_user(User::TEAM).get(&format!("{path}/versions")).expect_ok();
        let numbers: Vec<&Value> = versions["items"].as_array().unwrap().iter().map(|version| &version["version"]).collect();
        assert_eq!(numbers, [1, 2]);
        let first = app.as_user(User::TEAM).get(&format!("{path}/versions/1"));
        assert_eq!((first.status, first.expect_ok()["version"].clone()), (200, json!(1)));
        assert!(!versions.to_string().contains("custody") && !first.text().contains("arrest"));
        assert_eq!(app.as_user(User::OWNER).get(&format!("{path}/versions")).expect_ok()["items"].as_array().map(Vec::len), Some(4));
    }

    fn fragment_without_visible_entries_looks_like_a_nil_return(app) {
        let seed = app.seed();
        let _ = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-30", &[&seed.twin])]);
        let involved = json!({"involvement": {"status": "current", "support": "Canary: MARAC chair"}, "expires_at": app.in_days(5)});
        let police = app.as_user(User::OFFICER).post(&seed.path_to("fragments"), &with_members(fragment(&[restricted("a MARAC was held", &[], &[]), crime("an arrest")]), involved)).id();
        let nil = json!({"decided_by": "Canary lead"});
        let _ = app.as_user(User::VISITOR).post(&format!("{}/nil-return", seed.invitation_path("visitors")), &nil).expect_ok();
        // A third agency submits a fragment with its involvement but no entries.
        let involvement_only = with_members(fragment(&[]), json!({"involvement": {"status": "past", "support": "Canary: rehoused"}}));
        let _ = app.as_user(User::HOUSING).post(&seed.path_to("fragments"), &involvement_only).expect_status(201);
        let coverage_line = |user: User, agency: &str| {
            let view = app.as_user(user).get(&seed.path_to("timeline")).expect_ok();
            let coverage = view["header"]["coverage"].as_array().cloned().unwrap_or_default();
            let mut line = coverage.into_iter().find(|line| line["agency_id"] == json!(seed.agencies[agency])).unwrap();
            for identifying in ["agency_id", "agency_name", "agency_kind"] {
                line[identifying] = Value::Null;
            }
            (line, view["until"].clone())
        };
        let coverage_lines = |user| ["police", "visitors", "homes"].map(|agency| coverage_line(user, agency));
        let [police_line, nil_line, alone_line] = coverage_lines(User::WAITING);
        assert_eq!(police_line, nil_line, "hidden entries look like a nil return");
        assert_eq!(police_line, alone_line);
        assert_eq!((&police_line.0["state"], &police_line.0["entry_count"]), (&json!("submitted"), &json!(0)));
        // The time until which the view is valid does not reveal the fragment's expiry.
        assert_ne!(police_line.1, json!(app.in_days(5)));
        let [police_line, nil_line, alone_line] = coverage_lines(User::OWNER);
        assert_eq!((&police_line.0["entry_count"], &police_line.0["involvement"]["support"]), (&json!(2), &json!("Canary: MARAC chair")));
        assert_eq!((&nil_line.0["state"], &alone_line.0["involvement"]["support"]), (&json!("nil_return"), &json!("Canary: rehoused")));
        let for_team = app.as_user(User::TEAM).get(&format!("/v1/fragments/{police}")).expect_ok();
        assert_eq!(for_team["entries"].as_array().map(Vec::len), Some(1), "social care sees restricted entries");
        // Versions do not distinguish a fragment with only an involvement from one with only hidden entries.
        let changed = with_members(fragment(&[]), json!({"involvement": {"status": "past", "support": "Canary: rehoused again"}}));
        let housing = app.as_user(User::HOUSING).get("/v1/fragments").expect_ok()["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/fragments/{housing}");
        let _ = app.as_user(User::HOUSING).put(&path, Some(1), &changed).expect_ok();
        assert_eq!((app.as_user(User::TEAM).get(&path).version(), app.as_user(User::OWNER).get(&path).version()), (1, 2));
        let empty = app.as_user(User::HOUSING).post(&seed.path_to("fragments"), &behaviour::inputs::without_member(fragment(&[]), "/involvement"));
        assert_eq!((empty.status, empty.field_errors()), (422, vec![("/entries".to_owned(), "required".to_owned())]));
    }

    /// A social worker submits a fragment for an agency without access. A colleague who may not read criminal-offence data
    /// corrects it: the entry that the colleague cannot see stays.
    fn correction_keeps_entries_that_its_author_cannot_see(app) {
        let seed = app.seed();
        let body = |entries: &[Value]| with_members(fragment(entries), json!({"on_behalf_of": seed.agencies["beacon"]}));
        let club = || with_members(entry("came to the club", "2026-01-20", &[]), json!({"reference": "B-1"}));
        let id = app.as_user(User::OWNER).post(&seed.path_to("fragments"), &body(&[club(), crime("told of an arrest")])).id();
        let path = format!("/v1/fragments/{id}");
        let seen_by_team = app.as_user(User::TEAM).get(&path);
        assert_eq!(seen_by_team.expect_ok()["entries"].as_array().map(Vec::len), Some(1));
        let more = entry("came again", "2026-01-21", &[]);
        let corrected = app.as_user(User::TEAM).put(&path, Some(seen_by_team.version()), &body(&[club(), more.clone()])).expect_ok();
        assert_eq!((corrected["entries"].as_array().map(Vec::len), &corrected["version"]), (Some(2), &json!(2)), "{corrected}");
        // A change by the owner to the hidden entry is no new version for the colleague.
        let _ = app.as_user(User::OWNER).put(&path, Some(2), &body(&[club(), more.clone(), crime("told of an arrest and bail")])).expect_ok();
        let seen_by_team = app.as_user(User::TEAM).get(&path);
        assert_eq!(seen_by_team.version(), 2);
        let again = app.as_user(User::TEAM).put(&path, Some(2), &body(&[club()])).expect_ok();
        assert_eq!(again["version"], 3);
        // Submitting the hidden entry again with the same content changes nothing and duplicates nothing.
        let hidden = crime("told of an arrest and bail");
        let resubmission = || body(&[club(), hidden.clone()]);
        let before = app.as_user(User::OWNER).get(&path).expect_ok()["version"].clone();
        for _ in 0..2 {
            let version = app.as_user(User::TEAM).get(&path).version();
            let _ = app.as_user(User::TEAM).put(&path, Some(version), &resubmission()).expect_ok();
        }
        assert_eq!(app.as_user(User::OWNER).get(&path).expect_ok()["version"], before);
        let whole = app.as_user(User::OWNER).get(&path).expect_ok();
        assert_eq!((whole["version"].clone(), whole["entries"].as_array().map(Vec::len)), (json!(4), Some(2)), "{whole}");
        assert!(whole.to_string().contains("told of an arrest and bail"));
    }

    fn lowering_a_marking_is_audited(app) {
        let seed = app.seed();
        let police = submit(app, &seed, User::OFFICER, &[restricted("a MARAC was held", &[], &[]), crime("an arrest")]);
        let path = format!("/v1/fragments/{police}");
        let lowering_records = || {
            let all = app.as_user(User::AUDITOR).get(&format!("/v1/audit?chronology={}&limit=500", seed.chronology)).expect_ok();
            let all = all["items"].as_array().cloned().unwrap_or_default();
            let all = all.iter().filter(|record| record["operation"] == "fragment.markings_lowered");
            all.map(|record| (record["object_id"].clone(), record["entry_count"].clone())).collect::<Vec<_>>()
        };
        let put = |version: i64, entries: &[Value]| app.as_user(User::OFFICER).put(&path, Some(version), &fragment(entries)).expect_ok();
        let _ = put(1, &[restricted("a MARAC was held", &[], &[]), crime("an arrest"), entry("a call", "2026-01-02", &[])]);
        assert_eq!(lowering_records(), vec![], "no marking was lowered");
        let normal = with_members(entry("a MARAC was held", "2026-01-30", &[]), json!({"handling": {"marking": "normal"}}));
        let health = with_members(entry("an arrest", "2026-01-29", &[]), json!({"category": "HOME"}));
        let _ = put(2, &[normal, health, entry("a call", "2026-01-02", &[])]);
        assert_eq!(lowering_records(), vec![(json!(police), json!(2))]);
        let _ = put(3, &[restricted("a MARAC was held", &[], &[])]);
        let _ = put(4, &[restricted("a MARAC was held", &[], &[&seed.agencies["school"]])]);
        assert_eq!(lowering_records().len(), 2, "naming an agency also counts as lowering");
    }

    fn restricted_entry_is_shown_to_named_agencies_only(app) {
        let seed = app.seed();
        for user in [User::WAITING, User::HOUSING] {
            let _ = submit(app, &seed, user, &[entry("seen", "2026-01-02", &[])]);
        }
        let _ = submit(app, &seed, User::OFFICER, &[restricted("a MARAC was held", &[], &[&seed.agencies["surgery"]])]);
        assert_eq!(account_texts(&timeline_and_tag(app, &seed, User::WAITING).0).len(), 4);
        assert_eq!(account_texts(&timeline_and_tag(app, &seed, User::HOUSING).0).len(), 3);
    }

    fn criminal_offence_data_requires_its_own_permission(app) {
        let seed = app.seed();
        let _ = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-30", &[])]);
        let fragment = submit(app, &seed, User::OFFICER, &[crime("an arrest")]);
        assert!(account_texts(&timeline_and_tag(app, &seed, User::OWNER).0).contains(&"an arrest".to_owned()));
        for user in [User::TEAM, User::WAITING] {
            let view = timeline_and_tag(app, &seed, user).0;
            assert_eq!(account_texts(&view).len(), 2, "{}: {view}", user.name);
            assert_eq!(view["header"]["entry_count"], 2);
        }
        assert_eq!(app.as_user(User::TEAM).get(&format!("/v1/fragments/{fragment}")).expect_ok()["entries"], json!([]));
        assert_eq!(app.as_user(User::TEAM).get(&format!("/v1/fragments/{fragment}/versions/1")).expect_ok()["entries"], json!([]));
        // A frozen view shows each reader only what they may see.
        let frozen = app.as_user(User::OWNER).post(&seed.path_to("consolidations"), &Value::Null).id();
        let path = seed.path_to(&format!("consolidations/{frozen}"));
        assert_eq!(account_texts(&app.as_user(User::OWNER).get(&path).expect_ok()["view"]).len(), 3);
        let team = app.as_user(User::TEAM).get(&path).expect_ok();
        assert_eq!(account_texts(&team["view"]).len(), 2);
        let sequence_numbers: Vec<_> = team["view"]["rows"].as_array().into_iter().flatten().map(|row| row["sequence"].clone()).collect();
        assert_eq!(sequence_numbers, [1, 2], "no gap reveals the hidden row");
        assert_eq!(team["entry_count"], 2, "totals count what the reader may see");
        let listed = app.as_user(User::TEAM).get(&seed.path_to("consolidations")).text();
        assert!(!listed.contains("\"entry_count\":3"), "{listed}");
        let versions = app.as_user(User::TEAM).get(&format!("/v1/fragments/{fragment}/versions")).expect_ok();
        assert_eq!(versions["items"][0]["entry_count"], 0, "{versions}");
        let tag_for = |user: User| app.as_user(user).get(&path).header("etag").unwrap_or_default().to_owned();
        assert_ne!(tag_for(User::TEAM), tag_for(User::OWNER));
    }

    fn consolidation_includes_entries_that_its_author_cannot_see(app) {
        let seed = app.seed();
        let _ = submit(app, &seed, User::OFFICER, &[crime("an arrest")]);
        let response = app.as_user(User::TEAM).post(&seed.path_to("consolidations"), &Value::Null);
        let frozen = response.id();
        assert!(!response.text().contains("an arrest"));
        let path = seed.path_to(&format!("consolidations/{frozen}"));
        let owner = app.as_user(User::OWNER).get(&path).expect_ok();
        assert_eq!(account_texts(&owner["view"]), ["missed the school nurse", "an arrest"], "no entry is lost because of who requested the consolidation");
        assert_eq!(account_texts(&app.as_user(User::TEAM).get(&path).expect_ok()["view"]), ["missed the school nurse"]);
    }

    fn marking_survives_every_write(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let manager = app.as_user(User::MANAGER);
        let _ = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-30", &[])]);
        let id = submit(app, &seed, User::OFFICER, &[restricted("a MARAC was held", &[], &[])]);
        let assert_hidden = |stage: &str| {
            let (view, _) = timeline_and_tag(app, &seed, User::WAITING);
            assert_eq!(account_texts(&view), ["missed the school nurse", "weighed"], "{stage}");
            assert_eq!(view["header"]["entry_count"], 2, "{stage}");
            assert!(account_texts(&timeline_and_tag(app, &seed, User::OWNER).0).iter().any(|what| what.contains("MARAC")), "{stage}");
        };
        assert_hidden("submitted");
        let corrected = fragment(&[restricted("a MARAC was held again", &[], &[])]);
        let _ = app.as_user(User::OFFICER).put(&format!("/v1/fragments/{id}"), Some(1), &corrected).expect_ok();
        assert_hidden("corrected");
        let _ = owner.post(&seed.path_to("consolidations"), &Value::Null).expect_ok();
        assert_hidden("consolidated");
        let _ = manager.post(&seed.path_to("sign-off"), &json!({"snapshot": "export"})).expect_ok();
        let _ = manager.post(&seed.path_to("reopen"), &with_reason(json!({}))).expect_ok();
        assert_hidden("reopened");
        let _ = owner.post(&seed.path_to("extend"), &with_reason(json!({"expires_at": app.in_days(100)}))).expect_ok();
        assert_hidden("extended");
        let again = app.as_user(User::OFFICER).post(&format!("/v1/fragments/{id}/extend"), &with_reason(json!({"expires_at": app.in_days(99)})));
        let _ = again.expect_ok();
        assert_hidden("given another expiry");
    }

    fn protected_addresses_are_shown_to_social_care_only(app) {
        let seed = app.seed();
        let path = format!("/v1/people/{}", seed.twin);
        assert!(app.as_user(User::OWNER).get(&path).text().contains("Canary Refuge"));
        let contributor = app.as_user(User::RETURNED).get(&path).text();
        assert!(contributor.contains("Canary Row") && !contributor.contains("Refuge") && !contributor.contains("9ZX"));
        assert!(!app.as_user(User::WAITING).get(&format!("{}/form", seed.invitation_path("surgery"))).text().contains("Refuge"));
    }

    /// A record system that does not support markings resubmits a fragment: the markings stay until a request changes them.
    fn correction_without_handling_keeps_the_marking(app) {
        let seed = app.seed();
        let restricted = json!({"handling": {"marking": "restricted"}});
        let entry_with = |what: &str, more: Value| with_members(entry(what, "2026-01-20", &[&seed.twin]), more);
        let id = app.as_user(User::OFFICER).post(&seed.path_to("fragments"), &fragment(&[entry_with("officers attended", restricted)])).id();
        let put = |version: i64, entry: Value| {
            let _ = app.as_user(User::OFFICER).put(&format!("/v1/fragments/{id}"), Some(version), &fragment(&[entry])).expect_ok();
            let read = app.as_user(User::OFFICER).get(&format!("/v1/fragments/{id}")).expect_ok();
            read["entries"][0]["handling"]["marking"].as_str().unwrap().to_owned()
        };
        // Resubmitted without a reference, it is recognized as the same fragment.
        let again = app.as_user(User::OFFICER).post(&seed.path_to("fragments"), &fragment(&[entry_with("officers attended", json!({}))])).expect_ok();
        assert_eq!((again["fragment_id"].as_str(), again["outcome"].as_str()), (Some(id.as_str()), Some("unchanged")));
        let without_handling = json!({"category": "HOME"});
        assert_eq!(put(1, entry_with("officers attended", without_handling.clone())), "restricted", "the same text");
        assert_eq!(put(2, entry_with("officers attended at night", without_handling.clone())), "restricted", "another text");
        assert!(!app.as_user(User::RETURNED).get(&seed.path_to("timeline")).text().contains("officers attended"));
        let normal = json!({"category": "HOME", "handling": {"marking": "normal"}});
        assert_eq!(put(3, entry_with("officers attended at night", normal)), "normal", "changed explicitly");
        assert_eq!(put(4, entry_with("officers attended", without_handling)), "normal");
    }

    /// Time-ordered identifiers would reveal how many hidden entries lie between two visible ones.
    fn entry_ids_are_not_ordered(app) {
        let seed = app.seed();
        let entries: Vec<Value> =
            (1..=40).map(|number| entry(&format!("visit {number}"), "2026-01-20", &[&seed.twin])).collect();
        let receipt = app.as_user(User::OFFICER).post(&seed.path_to("fragments"), &fragment(&entries)).expect_status(201);
        let ids: Vec<Uuid> = receipt["entries"].as_array().unwrap().iter()
            .map(|entry| Uuid::try_parse(entry["id"].as_str().unwrap()).unwrap()).collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 4), "{ids:?}");
        assert!(!ids.is_sorted() && ids.len() == 40);
        let rows = app.as_user(User::OWNER).get(&seed.path_to("timeline?limit=500")).expect_ok();
        let numbers: Vec<&str> = rows["rows"].as_array().unwrap().iter()
            .filter_map(|row| row["accounts"][0]["what"].as_str())
            .filter_map(|what| what.split_once(" visit ").map(|(_, number)| number)).collect();
        let expected: Vec<String> = (1..=40).map(|number: u32| number.to_string()).collect();
        assert_eq!(numbers, expected, "events of one day keep the order of the submission");
    }
}
