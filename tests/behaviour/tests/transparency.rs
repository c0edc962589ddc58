//! Each agency sees who was shown what it contributed, and nothing of what others did.

use behaviour::inputs::{entry, fragment, with};
use behaviour::{Seed, TestApp, User, on_both, raw};
use serde_json::{Value, json};

const NOTHING: Value = Value::Null;

fn submit(app: &TestApp, seed: &Seed, user: User, entries: &[Value]) -> String {
    app.by(user).post(&seed.at("fragments"), &fragment(entries)).id()
}

fn readers(app: &TestApp, user: User, fragment: &str) -> Vec<Value> {
    let listed = app.by(user).get(&format!("/v1/fragments/{fragment}/readers")).ok();
    listed["items"].as_array().cloned().unwrap_or_default()
}

/// Who read, by what and how many entries, oldest first.
fn brief(seed: &Seed, readers: &[Value]) -> Vec<(String, String, i64)> {
    let name = |id: &Value| {
        let found = seed.people.iter().find(|(_, known)| json!(known) == *id);
        found.map_or_else(|| id.to_string(), |(name, _)| (*name).to_owned())
    };
    let one = |reader: &Value| {
        let operation = reader["operation"].as_str().unwrap_or_default().to_owned();
        (name(&reader["practitioner_id"]), operation, reader["entry_count"].as_i64().unwrap_or(-1))
    };
    readers.iter().rev().map(one).collect()
}

fn told(who: &str, operation: &str, entries: i64) -> (String, String, i64) {
    (who.to_owned(), operation.to_owned(), entries)
}

on_both! {
    fn an_agency_sees_who_was_shown_what_it_contributed_and_by_what(app) {
        let seed = app.seed();
        let (owner, manager, path) = (app.by(User::OWNER), app.by(User::MANAGER), format!("/v1/fragments/{}", seed.fragment));
        let ours = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-12", &[&seed.twin]), entry("a fall", "2025-11-02", &[])]);
        assert_eq!(readers(app, User::RETURNED, &seed.fragment), Vec::<Value>::new());
        let mut expected = Vec::new();
        let mut step = |who: &str, operation: &str, entries: i64| {
            expected.push(told(who, operation, entries));
            app.pass(1);
        };
        let _ = owner.get(&seed.at("timeline")).ok();
        step("OWNER", "timeline.read", 1);
        let _ = owner.get(&path).ok();
        step("OWNER", "fragment.read", 1);
        let _ = app.by(User::WAITING).get(&seed.at("timeline")).ok();
        step("WAITING", "timeline.read", 1);
        let _ = app.by(User::LEAD).get(&path).ok();
        step("LEAD", "fragment.read", 1);
        let _ = manager.get(&format!("{path}/versions/1")).ok();
        step("MANAGER", "fragment.versions", 1);
        let frozen = manager.post(&seed.at("consolidations"), &NOTHING).id();
        step("MANAGER", "chronology.consolidate", 1);
        let _ = app.by(User::TEAM).get(&seed.at(&format!("consolidations/{frozen}"))).ok();
        step("TEAM", "consolidation.read", 1);
        let _ = manager.post(&seed.at("sign-off"), &json!({"snapshot": "export"})).ok();
        let _ = owner.get(&seed.at("snapshot")).ok();
        step("OWNER", "snapshot.read", 1);
        let found = readers(app, User::RETURNED, &seed.fragment);
        assert_eq!(brief(&seed, &found), expected);
        assert_eq!(readers(app, User::LEAD, &seed.fragment), found);
        let newest = &found[0];
        for (name, value) in [("reason", json!("owner")), ("role", json!("social_worker")), ("purpose", json!("initial_conference")),
                              ("agency_id", json!(seed.agencies["care"]))] {
            assert_eq!(newest[name], value, "{name}");
        }
        // The surgery's own, with its own count, and no more.
        let theirs = brief(&seed, &readers(app, User::WAITING, &ours));
        assert_eq!(theirs[0], told("OWNER", "timeline.read", 2));
        assert!(theirs.iter().all(|(_, _, entries)| *entries == 2), "{theirs:?}");
        // What gives no content leaves nothing.
        for quiet in [seed.path.clone(), seed.at("invitations"), seed.at("fragments"), seed.at("consolidations"), seed.at("readers"), format!("{path}/readers")] {
            let _ = owner.get(&quiet);
        }
        assert_eq!(app.by(User::STRANGER).get(&seed.at("timeline")).status, 404);
        assert_eq!(readers(app, User::RETURNED, &seed.fragment), found);
    }

    fn links_and_pages_and_filters_tell_what_they_showed(app) {
        let seed = app.seed();
        let ours = submit(app, &seed, User::WAITING, &[with(entry("missed the school nurse", "2026-01-12", &[&seed.twin]), json!({"category": "HEALTH"})),
                                                      with(entry("moved", "2020-01-02", &[]), json!({"category": "HOME"}))]);
        let owner = app.by(User::OWNER);
        let _ = owner.get(&seed.at("timeline?category=HOME")).ok();
        assert_eq!(readers(app, User::RETURNED, &seed.fragment), Vec::<Value>::new(), "filtered away");
        assert_eq!(brief(&seed, &readers(app, User::WAITING, &ours)), [told("OWNER", "timeline.read", 1)]);
        app.pass(1);
        // The first row is the oldest event: the surgery's alone.
        let _ = owner.get(&seed.at("timeline?limit=1")).ok();
        assert_eq!(readers(app, User::RETURNED, &seed.fragment), Vec::<Value>::new(), "on another page");
        app.pass(1);
        let links = owner.get(&seed.at("links")).ok();
        let joined = links["events"].as_array().is_some_and(|events| !events.is_empty());
        assert!(joined, "{links}");
        assert_eq!(brief(&seed, &readers(app, User::RETURNED, &seed.fragment)), [told("OWNER", "link.read", 1)]);
        // And the chronology's owner sees it among its readers.
        let listed = owner.get(&seed.at("readers")).ok();
        assert_eq!(listed["items"][0]["operation"], "link.read");
    }

    fn a_reader_from_whom_everything_was_kept_does_not_appear(app) {
        let seed = app.seed();
        let _ = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-30", &[&seed.twin])]);
        let marked = with(entry("a MARAC was held", "2026-01-30", &[]), json!({"handling": {"marking": "restricted", "named_agencies": [seed.agencies["surgery"]]}}));
        let crime = with(entry("an arrest", "2026-01-29", &[]), json!({"category": "CRIME"}));
        let police = submit(app, &seed, User::OFFICER, std::slice::from_ref(&marked));
        let arrest = submit(app, &seed, User::OFFICER, &[marked, crime]);
        let _ = submit(app, &seed, User::HOUSING, &[entry("a visit", "2026-01-05", &[])]);
        for user in [User::HOUSING, User::WAITING, User::TEAM, User::OWNER, User::RETURNED] {
            app.pass(1);
            let _ = app.by(user).get(&seed.at("timeline")).ok();
        }
        assert_eq!(brief(&seed, &readers(app, User::OFFICER, &police)),
                   [told("WAITING", "timeline.read", 1), told("TEAM", "timeline.read", 1), told("OWNER", "timeline.read", 1)]);
        assert_eq!(brief(&seed, &readers(app, User::OFFICER, &arrest)),
                   [told("WAITING", "timeline.read", 1), told("TEAM", "timeline.read", 1), told("OWNER", "timeline.read", 2)]);
        // What the school sees of its own is the same, marked entries of others or not.
        let school = readers(app, User::RETURNED, &seed.fragment);
        assert!(school.iter().all(|reader| reader["entry_count"] == 1) && school.len() == 5, "{school:?}");
    }

    fn another_agencys_readers_are_absent_and_proxies_are_social_cares(app) {
        let seed = app.seed();
        let proxy = with(fragment(&[entry("a session", "2026-01-07", &[])]), json!({"on_behalf_of": seed.agencies["beacon"]}));
        let proxy = app.by(User::OWNER).post(&seed.at("fragments"), &proxy);
        let absent = "/v1/fragments/01999999-0000-7000-8000-00000000dead/readers";
        let path = format!("/v1/fragments/{}/readers", seed.fragment);
        for user in [User::OWNER, User::MANAGER, User::TEAM, User::WAITING, User::UNNAMED, User::STRANGER, User::AUDITOR, User::FOREIGNER, User::LEFT] {
            let (theirs, nothing) = (app.by(user).get(&path), app.by(user).get(absent));
            assert_eq!((theirs.status, theirs.without_request()), (404, nothing.without_request()), "{}", user.name);
        }
        let proxy = proxy.id();
        let _ = app.by(User::TEAM).get(&seed.at("timeline")).ok();
        assert_eq!(brief(&seed, &readers(app, User::OWNER, &proxy)), [told("TEAM", "timeline.read", 1)]);
        assert_eq!(app.by(User::RETURNED).get(&format!("/v1/fragments/{proxy}/readers")).status, 404);
        assert_eq!(readers(app, User::SYSTEM, &seed.fragment).len(), 1);
    }

    fn newest_first_page_by_page(app) {
        let seed = app.seed();
        for _ in 0..5 {
            app.pass(1);
            let _ = app.by(User::OWNER).get(&seed.at("timeline")).ok();
        }
        // Two at one instant.
        let _ = app.by(User::MANAGER).get(&seed.at("timeline")).ok();
        let path = format!("/v1/fragments/{}/readers", seed.fragment);
        let whole = readers(app, User::RETURNED, &seed.fragment);
        assert_eq!(whole.len(), 6);
        let (mut found, mut next) = (Vec::new(), format!("{path}?limit=1"));
        loop {
            let page = app.by(User::RETURNED).get(&next).ok();
            found.extend(page["items"].as_array().cloned().unwrap());
            let Some(cursor) = page["next"].as_str() else { break };
            next = format!("{path}?limit=1&cursor={cursor}");
        }
        assert_eq!(found, whole);
        let times: Vec<&str> = whole.iter().map(|reader| reader["at"].as_str().unwrap()).collect();
        assert!(times.windows(2).all(|pair| pair[0] >= pair[1]));
    }

    fn they_go_with_the_fragment(app) {
        let seed = app.seed();
        let rows = || raw::count(app, "SELECT count(*) AS count FROM shown_fragments");
        let ours = submit(app, &seed, User::WAITING, &[entry("weighed", "2026-01-12", &[&seed.twin])]);
        let _ = app.by(User::OWNER).get(&seed.at("timeline")).ok();
        assert_eq!(rows(), 2);
        let end = app.by(User::OWNER).get(&seed.path).ok()["expires_at"].clone();
        let version = app.by(User::WAITING).get(&format!("/v1/fragments/{ours}")).version();
        let _ = app.by(User::WAITING).delete(&format!("/v1/fragments/{ours}"), Some(version));
        app.set_to(&end);
        let gone = app.by(User::RETURNED).get(&format!("/v1/fragments/{}/readers", seed.fragment));
        assert_eq!(gone.status, 410);
        app.work();
        assert_eq!(rows(), 0);
    }

    fn nothing_is_shown_when_it_cannot_be_written_down(app) {
        let seed = app.seed();
        raw::execute(
            app,
            "CREATE TRIGGER no_shown BEFORE INSERT ON shown_fragments BEGIN SELECT RAISE(ABORT, 'no'); END;",
            "CREATE FUNCTION no_shown() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
             CREATE TRIGGER no_shown BEFORE INSERT ON shown_fragments FOR EACH ROW EXECUTE FUNCTION no_shown();",
        );
        let before = raw::records(app);
        for path in [seed.at("timeline"), format!("/v1/fragments/{}", seed.fragment)] {
            let answer = app.by(User::OWNER).get(&path);
            assert_eq!((answer.status, answer.text().contains("Canary")), (503, false), "{path}");
        }
        assert_eq!(raw::records(app), before, "and no record says that it was");
    }
}
