//! Each agency sees who was shown the entries that it submitted, and nothing about the entries of
//! other agencies.

use behaviour::inputs::{entry, fragment, with_members};
use behaviour::{Seed, TestApp, User, on_both, raw_db};
use serde_json::{Value, json};

const NO_BODY: Value = Value::Null;

fn submit(app: &TestApp, seed: &Seed, user: User, entries: &[Value]) -> String {
    app.as_user(user)
        .post(&seed.path_to("fragments"), &fragment(entries))
        .id()
}

fn list_readers(app: &TestApp, user: User, fragment: &str) -> Vec<Value> {
    let listed = app
        .as_user(user)
        .get(&format!("/v1/fragments/{fragment}/readers"))
        .expect_ok();
    listed["items"].as_array().cloned().unwrap_or_default()
}

/// User name, operation and entry count of each read, oldest first.
fn summarize(seed: &Seed, readers: &[Value]) -> Vec<(String, String, i64)> {
    let name = |id: &Value| {
        let found = seed.people.iter().find(|(_, known)| json!(known) == *id);
        found.map_or_else(|| id.to_string(), |(name, _)| (*name).to_owned())
    };
    let one = |reader: &Value| {
        let operation = reader["operation"].as_str().unwrap_or_default().to_owned();
        (
            name(&reader["practitioner_id"]),
            operation,
            reader["entry_count"].as_i64().unwrap_or(-1),
        )
    };
    readers.iter().rev().map(one).collect()
}

/// One read, as [`summarize`] gives it.
fn reading(who: &str, operation: &str, entries: i64) -> (String, String, i64) {
    (who.to_owned(), operation.to_owned(), entries)
}

/// Requests that return no content are not listed.
fn assert_reads_without_content_not_listed(app: &TestApp, seed: &Seed, found: &[Value]) {
    let owner = app.as_user(User::OWNER);
    let path = format!("/v1/fragments/{}", seed.fragment);
    for path_without_content in [
        seed.path.clone(),
        seed.path_to("invitations"),
        seed.path_to("fragments"),
        seed.path_to("consolidations"),
        seed.path_to("readers"),
        format!("{path}/readers"),
    ] {
        let _ = owner.get(&path_without_content);
    }
    assert_eq!(
        app.as_user(User::STRANGER)
            .get(&seed.path_to("timeline"))
            .status,
        404
    );
    assert_eq!(list_readers(app, User::RETURNED, &seed.fragment), found);
}

on_both! {
    fn agency_sees_every_read_of_its_fragment(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let manager = app.as_user(User::MANAGER);
        let path = format!("/v1/fragments/{}", seed.fragment);
        let surgery_fragment = submit(
            app,
            &seed,
            User::WAITING,
            &[
                entry("weighed", "2026-01-12", &[&seed.twin]),
                entry("a fall", "2025-11-02", &[]),
            ],
        );
        assert_eq!(
            list_readers(app, User::RETURNED, &seed.fragment),
            Vec::<Value>::new()
        );
        let mut expected = Vec::new();
        let mut step = |who: &str, operation: &str, entries: i64| {
            expected.push(reading(who, operation, entries));
            app.advance_seconds(1);
        };
        let _ = owner.get(&seed.path_to("timeline")).expect_ok();
        step("OWNER", "timeline.read", 1);
        let _ = owner.get(&path).expect_ok();
        step("OWNER", "fragment.read", 1);
        let _ = app
            .as_user(User::WAITING)
            .get(&seed.path_to("timeline"))
            .expect_ok();
        step("WAITING", "timeline.read", 1);
        let _ = app.as_user(User::LEAD).get(&path).expect_ok();
        step("LEAD", "fragment.read", 1);
        let _ = manager.get(&format!("{path}/versions/1")).expect_ok();
        step("MANAGER", "fragment.versions", 1);
        let frozen = manager.post(&seed.path_to("consolidations"), &NO_BODY).id();
        step("MANAGER", "chronology.consolidate", 1);
        let _ = app
            .as_user(User::TEAM)
            .get(&seed.path_to(&format!("consolidations/{frozen}")))
            .expect_ok();
        step("TEAM", "consolidation.read", 1);
        let _ = manager
            .post(&seed.path_to("sign-off"), &json!({"snapshot": "export"}))
            .expect_ok();
        let _ = owner.get(&seed.path_to("snapshot")).expect_ok();
        step("OWNER", "snapshot.read", 1);
        let found = list_readers(app, User::RETURNED, &seed.fragment);
        assert_eq!(summarize(&seed, &found), expected);
        assert_eq!(list_readers(app, User::LEAD, &seed.fragment), found);
        let newest = &found[0];
        for (name, value) in [
            ("reason", json!("owner")),
            ("role", json!("social_worker")),
            ("purpose", json!("initial_conference")),
            ("agency_id", json!(seed.agencies["care"])),
        ] {
            assert_eq!(newest[name], value, "{name}");
        }
        // The surgery sees reads of its own fragment only, with the count of its own entries.
        let surgery_readers =
            summarize(&seed, &list_readers(app, User::WAITING, &surgery_fragment));
        assert_eq!(surgery_readers[0], reading("OWNER", "timeline.read", 2));
        assert!(
            surgery_readers.iter().all(|(_, _, entries)| *entries == 2),
            "{surgery_readers:?}"
        );
        assert_reads_without_content_not_listed(app, &seed, &found);
    }

    fn only_entries_shown_by_links_pages_and_filters_are_recorded(app) {
        let seed = app.seed();
        let surgery_fragment = submit(
            app,
            &seed,
            User::WAITING,
            &[
                with_members(
                    entry("missed the school nurse", "2026-01-12", &[&seed.twin]),
                    json!({"category": "HEALTH"}),
                ),
                with_members(
                    entry("moved", "2020-01-02", &[]),
                    json!({"category": "HOME"}),
                ),
            ],
        );
        let owner = app.as_user(User::OWNER);
        let _ = owner
            .get(&seed.path_to("timeline?category=HOME"))
            .expect_ok();
        assert_eq!(
            list_readers(app, User::RETURNED, &seed.fragment),
            Vec::<Value>::new(),
            "excluded by the filter"
        );
        assert_eq!(
            summarize(&seed, &list_readers(app, User::WAITING, &surgery_fragment)),
            [reading("OWNER", "timeline.read", 1)]
        );
        app.advance_seconds(1);
        // The first row is the oldest event, which only the surgery reports.
        let _ = owner.get(&seed.path_to("timeline?limit=1")).expect_ok();
        assert_eq!(
            list_readers(app, User::RETURNED, &seed.fragment),
            Vec::<Value>::new(),
            "on another page"
        );
        app.advance_seconds(1);
        let links = owner.get(&seed.path_to("links")).expect_ok();
        let joined = links["events"]
            .as_array()
            .is_some_and(|events| !events.is_empty());
        assert!(joined, "{links}");
        assert_eq!(
            summarize(&seed, &list_readers(app, User::RETURNED, &seed.fragment)),
            [reading("OWNER", "link.read", 1)]
        );
        // The owner sees the read among those of the chronology.
        let listed = owner.get(&seed.path_to("readers")).expect_ok();
        assert_eq!(listed["items"][0]["operation"], "link.read");
    }

    fn reader_who_was_shown_no_entry_is_not_listed(app) {
        let seed = app.seed();
        let _ = submit(
            app,
            &seed,
            User::WAITING,
            &[entry("weighed", "2026-01-30", &[&seed.twin])],
        );
        let marked = with_members(
            entry("a MARAC was held", "2026-01-30", &[]),
            json!({
                "handling": {"marking": "restricted", "named_agencies": [seed.agencies["surgery"]]},
            }),
        );
        let crime = with_members(
            entry("an arrest", "2026-01-29", &[]),
            json!({"category": "CRIME"}),
        );
        let police = submit(app, &seed, User::OFFICER, std::slice::from_ref(&marked));
        let arrest = submit(app, &seed, User::OFFICER, &[marked, crime]);
        let _ = submit(
            app,
            &seed,
            User::HOUSING,
            &[entry("a visit", "2026-01-05", &[])],
        );
        for user in [
            User::HOUSING,
            User::WAITING,
            User::TEAM,
            User::OWNER,
            User::RETURNED,
        ] {
            app.advance_seconds(1);
            let _ = app.as_user(user).get(&seed.path_to("timeline")).expect_ok();
        }
        assert_eq!(
            summarize(&seed, &list_readers(app, User::OFFICER, &police)),
            [
                reading("WAITING", "timeline.read", 1),
                reading("TEAM", "timeline.read", 1),
                reading("OWNER", "timeline.read", 1)
            ]
        );
        assert_eq!(
            summarize(&seed, &list_readers(app, User::OFFICER, &arrest)),
            [
                reading("WAITING", "timeline.read", 1),
                reading("TEAM", "timeline.read", 1),
                reading("OWNER", "timeline.read", 2)
            ]
        );
        // What the school sees does not depend on the restricted entries of others.
        let school = list_readers(app, User::RETURNED, &seed.fragment);
        assert!(
            school.iter().all(|reader| reader["entry_count"] == 1) && school.len() == 5,
            "{school:?}"
        );
    }

    fn readers_are_visible_only_to_the_submitting_agency(app) {
        let seed = app.seed();
        let proxy = with_members(
            fragment(&[entry("a session", "2026-01-07", &[])]),
            json!({"on_behalf_of": seed.agencies["beacon"]}),
        );
        let proxy = app
            .as_user(User::OWNER)
            .post(&seed.path_to("fragments"), &proxy);
        let absent = "/v1/fragments/01999999-0000-7000-8000-00000000dead/readers";
        let path = format!("/v1/fragments/{}/readers", seed.fragment);
        for user in [
            User::OWNER,
            User::MANAGER,
            User::TEAM,
            User::WAITING,
            User::UNNAMED,
            User::STRANGER,
            User::AUDITOR,
            User::FOREIGNER,
            User::LEFT,
        ] {
            let existing = app.as_user(user).get(&path);
            let nonexistent = app.as_user(user).get(absent);
            assert_eq!(
                (existing.status, existing.body_without_request_fields()),
                (404, nonexistent.body_without_request_fields()),
                "{}",
                user.name
            );
        }
        let proxy = proxy.id();
        let _ = app
            .as_user(User::TEAM)
            .get(&seed.path_to("timeline"))
            .expect_ok();
        assert_eq!(
            summarize(&seed, &list_readers(app, User::OWNER, &proxy)),
            [reading("TEAM", "timeline.read", 1)]
        );
        assert_eq!(
            app.as_user(User::RETURNED)
                .get(&format!("/v1/fragments/{proxy}/readers"))
                .status,
            404
        );
        assert_eq!(list_readers(app, User::SYSTEM, &seed.fragment).len(), 1);
    }

    fn readers_are_paged_newest_first(app) {
        let seed = app.seed();
        for _ in 0..5 {
            app.advance_seconds(1);
            let _ = app
                .as_user(User::OWNER)
                .get(&seed.path_to("timeline"))
                .expect_ok();
        }
        // Two reads at the same instant.
        let _ = app
            .as_user(User::MANAGER)
            .get(&seed.path_to("timeline"))
            .expect_ok();
        let path = format!("/v1/fragments/{}/readers", seed.fragment);
        let whole = list_readers(app, User::RETURNED, &seed.fragment);
        assert_eq!(whole.len(), 6);
        let mut found = Vec::new();
        let mut next = format!("{path}?limit=1");
        loop {
            let page = app.as_user(User::RETURNED).get(&next).expect_ok();
            found.extend(page["items"].as_array().cloned().unwrap());
            let Some(cursor) = page["next"].as_str() else {
                break;
            };
            next = format!("{path}?limit=1&cursor={cursor}");
        }
        assert_eq!(found, whole);
        let times: Vec<&str> = whole
            .iter()
            .map(|reader| reader["at"].as_str().unwrap())
            .collect();
        assert!(times.windows(2).all(|pair| pair[0] >= pair[1]));
    }

    fn readers_are_deleted_with_the_fragment(app) {
        let seed = app.seed();
        let rows = || raw_db::query_count(app, "SELECT count(*) AS count FROM shown_fragments");
        let surgery_fragment = submit(
            app,
            &seed,
            User::WAITING,
            &[entry("weighed", "2026-01-12", &[&seed.twin])],
        );
        let _ = app
            .as_user(User::OWNER)
            .get(&seed.path_to("timeline"))
            .expect_ok();
        assert_eq!(rows(), 2);
        let end = app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"].clone();
        let version = app
            .as_user(User::WAITING)
            .get(&format!("/v1/fragments/{surgery_fragment}"))
            .version();
        let _ = app
            .as_user(User::WAITING)
            .delete(&format!("/v1/fragments/{surgery_fragment}"), Some(version));
        app.set_time(&end);
        let gone = app
            .as_user(User::RETURNED)
            .get(&format!("/v1/fragments/{}/readers", seed.fragment));
        assert_eq!(gone.status, 410);
        app.run_background_jobs();
        assert_eq!(rows(), 0);
    }

    fn nothing_is_shown_when_the_read_cannot_be_recorded(app) {
        let seed = app.seed();
        raw_db::execute(
            app,
            "CREATE TRIGGER no_shown BEFORE INSERT ON shown_fragments \
             BEGIN SELECT RAISE(ABORT, 'no'); END;",
            "CREATE FUNCTION no_shown() RETURNS trigger LANGUAGE plpgsql AS $$ \
             BEGIN RAISE EXCEPTION 'no'; END $$; \
             CREATE TRIGGER no_shown BEFORE INSERT ON shown_fragments FOR EACH ROW \
             EXECUTE FUNCTION no_shown();",
        );
        let before = raw_db::count_audit_records(app);
        for path in [
            seed.path_to("timeline"),
            format!("/v1/fragments/{}", seed.fragment),
        ] {
            let response = app.as_user(User::OWNER).get(&path);
            assert_eq!(
                (response.status, response.text().contains("Canary")),
                (503, false),
                "{path}"
            );
        }
        assert_eq!(
            raw_db::count_audit_records(app),
            before,
            "no audit record claims that it was shown"
        );
    }
}
