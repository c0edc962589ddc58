//! Hidden entries leave no trace in what other readers are shown.

use behaviour::inputs::{entry, fragment, with_members};
use behaviour::{ApiResponse, Seed, TestApp, User, on_both};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{account_texts, crime, restricted, submit, timeline_and_tag};

/// The police submit hidden entries only, the health visitors a nil return, and housing an
/// involvement without entries. Returns the id of the fragment of the police.
fn submit_hidden_and_nil_returns(app: &TestApp, seed: &Seed) -> String {
    let _ = submit(
        app,
        seed,
        User::WAITING,
        &[entry("weighed", "2026-01-30", &[&seed.twin])],
    );
    let involved = json!({
        "involvement": {"status": "current", "support": "Canary: MARAC chair"},
        "expires_at": app.in_days(5),
    });
    let police = app
        .as_user(User::OFFICER)
        .post(
            &seed.path_to("fragments"),
            &with_members(
                fragment(&[restricted("a MARAC was held", &[], &[]), crime("an arrest")]),
                involved,
            ),
        )
        .id();
    let nil = json!({"decided_by": "Canary lead"});
    let _ = app
        .as_user(User::VISITOR)
        .post(
            &format!("{}/nil-return", seed.invitation_path("visitors")),
            &nil,
        )
        .expect_ok();
    // A third agency submits a fragment with its involvement but no entries.
    let involvement_only = with_members(
        fragment(&[]),
        json!({"involvement": {"status": "past", "support": "Canary: rehoused"}}),
    );
    let _ = app
        .as_user(User::HOUSING)
        .post(&seed.path_to("fragments"), &involvement_only)
        .expect_status(201);
    police
}

/// Versions do not distinguish a fragment with only an involvement from one with only hidden
/// entries.
fn assert_versions_do_not_reveal_hidden_entries(app: &TestApp) {
    let changed = with_members(
        fragment(&[]),
        json!({"involvement": {"status": "past", "support": "Canary: rehoused again"}}),
    );
    let housing = app.as_user(User::HOUSING).get("/v1/fragments").expect_ok()["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/fragments/{housing}");
    let _ = app
        .as_user(User::HOUSING)
        .put(&path, Some(1), &changed)
        .expect_ok();
    assert_eq!(
        (
            app.as_user(User::TEAM).get(&path).version(),
            app.as_user(User::OWNER).get(&path).version()
        ),
        (1, 2)
    );
}

/// A change to a visible entry is version 2 for users who do not see the hidden one, although it is
/// version 4 for others.
fn assert_visible_change_is_version_two(app: &TestApp, seed: &Seed, path: &str) {
    app.advance_seconds(60);
    let body = with_members(
        fragment(&[
            entry("a second call", "2026-01-28", &[&seed.twin]),
            crime("an arrest and bail"),
        ]),
        json!({"correction_reason": "Canary: another call"}),
    );
    let _ = app
        .as_user(User::OFFICER)
        .put(path, Some(3), &body)
        .expect_ok();
    let fragment = app.as_user(User::TEAM).get(path).expect_ok();
    assert_eq!(
        (&fragment["version"], &fragment["correction_reason"]),
        (&json!(2), &json!("Canary: another call")),
        "{fragment}"
    );
    let versions = app
        .as_user(User::TEAM)
        .get(&format!("{path}/versions"))
        .expect_ok();
    let numbers: Vec<&Value> = versions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| &version["version"])
        .collect();
    assert_eq!(numbers, [1, 2]);
    let first = app.as_user(User::TEAM).get(&format!("{path}/versions/1"));
    assert_eq!(
        (first.status, first.expect_ok()["version"].clone()),
        (200, json!(1))
    );
    assert!(!versions.to_string().contains("custody") && !first.text().contains("arrest"));
    assert_eq!(
        app.as_user(User::OWNER)
            .get(&format!("{path}/versions"))
            .expect_ok()["items"]
            .as_array()
            .map(Vec::len),
        Some(4)
    );
}

on_both! {
    fn restricted_entry_leaves_no_trace_for_other_contributors(app) {
        let seed = app.seed();
        let _ = submit(
            app,
            &seed,
            User::WAITING,
            &[entry("weighed", "2026-01-30", &[&seed.twin])],
        );
        let police = submit(
            app,
            &seed,
            User::OFFICER,
            &[entry("a call", "2026-01-28", &[&seed.twin])],
        );
        let before = timeline_and_tag(app, &seed, User::WAITING);
        let owner_before = timeline_and_tag(app, &seed, User::OWNER);
        // Adds a restricted entry of its own and one about another child on a date that has an
        // unrestricted row.
        let body = fragment(&[
            entry("a call", "2026-01-28", &[&seed.twin]),
            restricted("a MARAC was held", &[&seed.other_twin], &[]),
            restricted("weighed", &[&seed.other_twin], &[]),
        ]);
        let _ = app
            .as_user(User::OFFICER)
            .put(&format!("/v1/fragments/{police}"), Some(1), &body)
            .expect_ok();
        let after = timeline_and_tag(app, &seed, User::WAITING);
        assert_eq!(
            after, before,
            "rows, their children, counts, coverage, versions, times and entity tag"
        );
        let owner = timeline_and_tag(app, &seed, User::OWNER);
        let count = |view: &Value| view["header"]["entry_count"].as_i64().unwrap_or(0);
        assert_eq!(count(&owner.0), count(&owner_before.0) + 2);
        assert_eq!(
            account_texts(&timeline_and_tag(app, &seed, User::OFFICER).0).len(),
            5,
            "its own agency sees it"
        );
        assert_eq!(
            app.as_user(User::WAITING)
                .get(&format!("/v1/fragments/{police}"))
                .status,
            404
        );
    }

    fn fragment_of_only_marked_entries_changes_nothing_for_others(app) {
        let seed = app.seed();
        let _ = submit(
            app,
            &seed,
            User::WAITING,
            &[entry("weighed", "2026-01-30", &[&seed.twin])],
        );
        let _ = submit(
            app,
            &seed,
            User::OFFICER,
            &[entry("a call", "2026-01-28", &[&seed.twin])],
        );
        let before = timeline_and_tag(app, &seed, User::WAITING);
        let _ = submit(
            app,
            &seed,
            User::OFFICER,
            &[restricted("a MARAC was held", &[&seed.other_twin], &[])],
        );
        assert_eq!(
            timeline_and_tag(app, &seed, User::WAITING),
            before,
            "including the entity tag"
        );
        let tag = app
            .as_user(User::WAITING)
            .get_if_none_match(&seed.path_to("timeline"), &before.1);
        assert_eq!(tag.status, 304);
    }

    fn correction_of_only_marked_entries_creates_no_version_for_others(app) {
        let seed = app.seed();
        let _ = submit(
            app,
            &seed,
            User::WAITING,
            &[entry("weighed", "2026-01-30", &[&seed.twin])],
        );
        let unmarked = || entry("a call", "2026-01-28", &[&seed.twin]);
        let police = submit(app, &seed, User::OFFICER, &[unmarked(), crime("an arrest")]);
        let path = format!("/v1/fragments/{police}");
        let everything_shown_to = |user: User| {
            let paths = [
                path.clone(),
                format!("{path}/versions"),
                format!("{path}/versions/1"),
                format!("{path}/versions/2"),
                seed.path_to("fragments"),
                seed.path_to("links"),
            ];
            let responses = paths.map(|path| app.as_user(user).get(&path));
            let compared = |response: ApiResponse| {
                let tag = response.header("etag").map(str::to_owned);
                (response.status, tag, response.body_without_request_fields())
            };
            (responses.map(compared), timeline_and_tag(app, &seed, user))
        };
        // A team member who may not read criminal-offence data, and a practitioner of another
        // agency.
        let watchers = [User::TEAM, User::WAITING];
        let before = watchers.map(everything_shown_to);
        for (version, words) in [(1, "an arrest at night"), (2, "an arrest and bail")] {
            app.advance_seconds(60);
            let body = with_members(
                fragment(&[unmarked(), crime(words)]),
                json!({"correction_reason": "Canary: the custody record"}),
            );
            let _ = app
                .as_user(User::OFFICER)
                .put(&path, Some(version), &body)
                .expect_ok();
        }
        assert_eq!(watchers.map(everything_shown_to), before);
        assert_eq!(
            app.as_user(User::OFFICER).get(&path).expect_ok()["version"],
            3
        );
        assert_eq!(
            app.as_user(User::OWNER).get(&path).expect_ok()["version"],
            3,
            "a user who sees all entries sees every version"
        );
        assert_visible_change_is_version_two(app, &seed, &path);
    }

    fn fragment_without_visible_entries_looks_like_a_nil_return(app) {
        let seed = app.seed();
        let police = submit_hidden_and_nil_returns(app, &seed);
        let coverage_line = |user: User, agency: &str| {
            let view = app.as_user(user).get(&seed.path_to("timeline")).expect_ok();
            let coverage = view["header"]["coverage"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let mut line = coverage
                .into_iter()
                .find(|line| line["agency_id"] == json!(seed.agencies[agency]))
                .unwrap();
            for identifying in ["agency_id", "agency_name", "agency_kind"] {
                line[identifying] = Value::Null;
            }
            (line, view["until"].clone())
        };
        let coverage_lines =
            |user| ["police", "visitors", "homes"].map(|agency| coverage_line(user, agency));
        let [police_line, nil_line, alone_line] = coverage_lines(User::WAITING);
        assert_eq!(
            police_line, nil_line,
            "hidden entries look like a nil return"
        );
        assert_eq!(police_line, alone_line);
        assert_eq!(
            (&police_line.0["state"], &police_line.0["entry_count"]),
            (&json!("submitted"), &json!(0))
        );
        // The time until which the view is valid does not reveal the fragment's expiry.
        assert_ne!(police_line.1, json!(app.in_days(5)));
        let [police_line, nil_line, alone_line] = coverage_lines(User::OWNER);
        assert_eq!(
            (
                &police_line.0["entry_count"],
                &police_line.0["involvement"]["support"]
            ),
            (&json!(2), &json!("Canary: MARAC chair"))
        );
        assert_eq!(
            (
                &nil_line.0["state"],
                &alone_line.0["involvement"]["support"]
            ),
            (&json!("nil_return"), &json!("Canary: rehoused"))
        );
        let for_team = app
            .as_user(User::TEAM)
            .get(&format!("/v1/fragments/{police}"))
            .expect_ok();
        assert_eq!(
            for_team["entries"].as_array().map(Vec::len),
            Some(1),
            "social care sees restricted entries"
        );
        assert_versions_do_not_reveal_hidden_entries(app);
        let empty = app.as_user(User::HOUSING).post(
            &seed.path_to("fragments"),
            &behaviour::inputs::without_member(fragment(&[]), "/involvement"),
        );
        assert_eq!(
            (empty.status, empty.field_errors()),
            (422, vec![("/entries".to_owned(), "required".to_owned())])
        );
    }

    /// Time-ordered identifiers would reveal how many hidden entries lie between two visible ones.
    fn entry_ids_are_not_ordered(app) {
        let seed = app.seed();
        let entries: Vec<Value> = (1..=40)
            .map(|number| entry(&format!("visit {number}"), "2026-01-20", &[&seed.twin]))
            .collect();
        let receipt = app
            .as_user(User::OFFICER)
            .post(&seed.path_to("fragments"), &fragment(&entries))
            .expect_status(201);
        let ids: Vec<Uuid> = receipt["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| Uuid::try_parse(entry["id"].as_str().unwrap()).unwrap())
            .collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 4), "{ids:?}");
        assert!(!ids.is_sorted() && ids.len() == 40);
        let rows = app
            .as_user(User::OWNER)
            .get(&seed.path_to("timeline?limit=500"))
            .expect_ok();
        let numbers: Vec<&str> = rows["rows"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|row| row["accounts"][0]["what"].as_str())
            .filter_map(|what| what.split_once(" visit ").map(|(_, number)| number))
            .collect();
        let expected: Vec<String> = (1..=40).map(|number: u32| number.to_string()).collect();
        assert_eq!(
            numbers, expected,
            "events of one day keep the order of the submission"
        );
    }
}
