//! Fragments: sent twice, corrected, withdrawn, with a time of their own, ahead of a chronology.

use behaviour::inputs::{at, child, entry, fragment, reason, with};
use behaviour::{Seed, TestApp, User, on_both, raw};
use serde_json::{Value, json};

fn rows(app: &TestApp, seed: &Seed) -> Vec<Value> {
    app.by(User::OWNER).get(&seed.at("timeline")).ok()["rows"].as_array().cloned().unwrap_or_default()
}

fn outcome(answer: &behaviour::Answer) -> (u16, String, i64) {
    let body = answer.ok();
    (answer.status, body["outcome"].as_str().unwrap_or_default().to_owned(), answer.version())
}

fn entry_ids(answer: &behaviour::Answer) -> Vec<Value> {
    answer.ok()["entries"].as_array().into_iter().flatten().map(|entry| entry["id"].clone()).collect()
}

/// A family as an agency records it for itself: one child, with the number the owner's twin has, or another.
fn own_family(app: &TestApp, user: User, number: usize, given: &str) -> (String, String) {
    let theirs = app.by(user);
    let child = theirs.post("/v1/people", &child(given, "2019-05-14", number)).id();
    let family = theirs.post("/v1/families", &json!({"label": "Canary family of ours", "members": [child]})).id();
    (family, child)
}

fn ahead(app: &TestApp, family: &str, what: &str) -> Value {
    with(fragment(&[entry(what, "2026-02-03", &[])]), json!({"family_id": family, "expires_at": app.in_days(80)}))
}

/// Invites the surgery and the visitors and opens.
fn open(app: &TestApp, seed: &Seed) {
    let owner = app.by(User::OWNER);
    for (agency, user) in [("surgery", User::WAITING), ("visitors", User::VISITOR)] {
        let body = json!({"agency_id": seed.agencies[agency], "practitioners": [seed.people[user.name]]});
        let _ = owner.post(&seed.at("invitations"), &body).ok();
    }
    let _ = owner.post(&seed.at("open"), &Value::Null).ok();
}

on_both! {
    fn sent_twice_changes_nothing(app) {
        let seed = app.seed();
        let waiting = app.by(User::WAITING);
        let path = seed.at("fragments");
        let plain = fragment(&[entry("a burn", "2026-01-02", &[&seed.twin]), entry("a graze", "2026-01-03", &[])]);
        let first = waiting.post(&path, &plain);
        assert_eq!(outcome(&first), (201, "created".into(), 1));
        let before = (raw::counts(app)["fragments"], raw::counts(app)["entries"], rows(app, &seed));
        let again = waiting.post(&path, &plain);
        assert_eq!(outcome(&again), (200, "unchanged".into(), 1));
        assert_eq!((again.id(), entry_ids(&again)), (first.id(), entry_ids(&first)));

        let named = with(fragment(&[entry("a cough", "2026-01-04", &[])]), json!({"agency_reference": "GP-7"}));
        let created = waiting.post(&path, &named);
        assert_eq!(outcome(&created), (201, "created".into(), 1));
        assert_eq!(outcome(&waiting.post(&path, &named)), (200, "unchanged".into(), 1));
        let put = format!("{path}/GP-7");
        assert_eq!(waiting.put(&put, None, &named).status, 428);
        assert_eq!(waiting.put(&put, Some(2), &named).status, 412);
        assert_eq!(outcome(&waiting.put(&put, Some(1), &named)), (200, "unchanged".into(), 1));
        let changed = at(named, "/entries/0/what", json!("Canary a bad cough"));
        let updated = waiting.put(&put, Some(1), &changed);
        assert_eq!(outcome(&updated), (200, "updated".into(), 2));
        assert_eq!(entry_ids(&updated), entry_ids(&created), "a corrected entry keeps its id");
        assert_eq!(raw::counts(app)["fragments"], before.0 + 1);
        assert_eq!(raw::counts(app)["entries"], before.1 + 2, "one entry in two versions");
        assert_eq!(rows(app, &seed).len(), before.2.len() + 1);
    }

    fn put_creates_and_the_path_names_the_reference(app) {
        let seed = app.seed();
        let body = fragment(&[entry("a burn", "2026-01-02", &[])]);
        let path = format!("{}/GP%2F2026%20%C3%A9", seed.at("fragments"));
        let created = app.by(User::WAITING).put(&path, None, &body);
        assert_eq!(outcome(&created), (201, "created".into(), 1));
        let location = created.header("location").unwrap_or_default().to_owned();
        assert_eq!(app.by(User::WAITING).get(&location).ok()["agency_reference"], "GP/2026 é");
        let other = with(body, json!({"agency_reference": "another"}));
        let refused = app.by(User::WAITING).put(&path, Some(1), &other);
        assert_eq!(refused.faults().1, [("/agency_reference".to_owned(), "contradicts".to_owned())]);
    }

    fn siblings_repeats_are_one_row_that_names_all_children(app) {
        let seed = app.seed();
        let waiting = app.by(User::WAITING);
        for child in [&seed.twin, &seed.other_twin, &seed.unborn] {
            let body = with(fragment(&[entry("police attended an argument at home", "2026-01-20", &[])]), json!({"child_id": child}));
            assert_eq!(waiting.post(&seed.at("fragments"), &body).status, 201);
        }
        let view = app.by(User::OWNER).get(&seed.at("timeline")).ok();
        let rows = view["rows"].as_array().cloned().unwrap_or_default();
        let told: Vec<_> = rows.iter().filter(|row| row["when"]["edtf"] == "2026-01-20").collect();
        assert_eq!(told.len(), 1, "{view}");
        let mut children: Vec<_> = told[0]["children"].as_array().into_iter().flatten().map(|child| child["id"].as_str().unwrap_or_default().to_owned()).collect();
        children.sort();
        let mut all = vec![seed.twin.clone(), seed.other_twin.clone(), seed.unborn.clone()];
        all.sort();
        assert_eq!(children, all);
        assert_eq!(told[0]["accounts"].as_array().map(Vec::len), Some(1));
        assert_eq!(told[0]["accounts"][0]["also_submitted_as"].as_array().map(Vec::len), Some(2), "no entry is lost");
        assert_eq!(view["header"]["entry_count"], 4);
    }

    fn corrections_keep_ids_and_words(app) {
        let seed = app.seed();
        let waiting = app.by(User::WAITING);
        let named = |what: &str, reference: &str| with(entry(what, "2026-01-02", &[]), json!({"reference": reference}));
        let one = fragment(&[named("a burn", "E1"), named("a graze", "E2"), entry("a fall", "2026-01-05", &[])]);
        let first = waiting.post(&seed.at("fragments"), &one);
        let path = format!("/v1/fragments/{}", first.id());
        let two = fragment(&[entry("a fall", "2026-01-05", &[]), named("a graze", "E2"), named("a scald", "E1"), entry("new", "2026-01-06", &[])]);
        assert_eq!(waiting.put(&path, None, &two).status, 428);
        assert_eq!(waiting.put(&path, Some(7), &two).status, 412);
        let second = waiting.put(&path, Some(1), &two);
        let (old, new) = (entry_ids(&first), entry_ids(&second));
        assert_eq!((&new[2], &new[1], &new[0]), (&old[0], &old[1], &old[2]));
        assert!(!old.contains(&new[3]));
        assert_eq!(waiting.put(&path, Some(1), &one).status, 412, "the tag is spent");
        let versions = waiting.get(&format!("{path}/versions")).ok();
        assert_eq!(versions["items"].as_array().map(Vec::len), Some(2));
        assert_eq!(waiting.get(&format!("{path}/versions/1")).ok()["entries"][0]["what"], "Canary a burn");
        assert_eq!(waiting.get(&format!("{path}/versions/3")).status, 404);
    }

    fn withdrawal_frees_the_reference_and_leaves_a_tombstone(app) {
        let seed = app.seed();
        let waiting = app.by(User::WAITING);
        let body = with(fragment(&[entry("a burn", "2026-01-02", &[])]), json!({"agency_reference": "GP-7"}));
        let id = waiting.post(&seed.at("fragments"), &body).id();
        let path = format!("/v1/fragments/{id}");
        assert_eq!(waiting.delete(&path, Some(1)).status, 204);
        assert_eq!(app.by(User::OWNER).get(&path).status, 410, "the owner was entitled to it");
        assert_eq!(waiting.get(&path).status, 410);
        assert_eq!(app.by(User::RETURNED).get(&path).status, 404);
        let stone = waiting.get(&format!("/v1/tombstones/{id}")).ok();
        assert_eq!((&stone["reason"], &stone["entry_count"]), (&json!("withdrawn"), &json!(1)));
        assert_eq!(app.by(User::OWNER).get(&format!("/v1/tombstones/{id}")).ok()["kind"], "fragment");
        assert_eq!(app.by(User::RETURNED).get(&format!("/v1/tombstones/{id}")).status, 404);
        let again = waiting.post(&seed.at("fragments"), &body);
        assert_eq!(again.status, 201);
        assert_ne!(again.id(), id);
    }

    fn an_earlier_expiry_takes_one_fragment_alone(app) {
        let seed = app.seed();
        let waiting = app.by(User::WAITING);
        let body = with(fragment(&[entry("a burn", "2026-01-02", &[])]), json!({"expires_at": app.in_days(5)}));
        let id = waiting.post(&seed.at("fragments"), &body).id();
        assert_eq!(rows(app, &seed).len(), 2);
        app.pass_days(5);
        let path = format!("/v1/fragments/{id}");
        for stage in ["before deletion", "after deletion"] {
            assert_eq!(rows(app, &seed).len(), 1, "{stage}");
            for (user, status) in [(User::OWNER, 410), (User::WAITING, 410), (User::RETURNED, 404), (User::COLLEAGUE, 404), (User::SUPPORT, 404)] {
                assert_eq!(app.by(user).get(&path).status, status, "{} {stage}", user.name);
            }
            app.work();
        }
        assert_eq!(raw::counts(app)["fragments"], 1);
        let later = app.by(User::OWNER).post(&seed.at("extend"), &reason(json!({"expires_at": app.in_days(100)})));
        assert_eq!(later.status, 200);
        app.work();
        assert_eq!(rows(app, &seed).len(), 1);
    }

    fn a_fragments_expiry_moves_within_the_chronologys(app) {
        let seed = app.seed();
        let by = app.by(User::RETURNED);
        let path = format!("/v1/fragments/{}", seed.fragment);
        let ask = |days: u64| by.post(&format!("{path}/extend"), &reason(json!({"expires_at": app.in_days(days)})));
        assert_eq!(ask(61).faults().1, [("/expires_at".to_owned(), "beyond_policy".to_owned())]);
        assert_eq!(ask(20).ok()["expires_at"], app.in_days(20));
        // What its agency gave an earlier expiry keeps it when the chronology is extended.
        let _ = app.by(User::OWNER).post(&seed.at("extend"), &reason(json!({"expires_at": app.in_days(90)}))).ok();
        assert_eq!(by.get(&path).ok()["expires_at"], app.in_days(20));
        assert_eq!(ask(90).ok()["expires_at"], app.in_days(90));
        assert_eq!(by.get(&path).ok()["entries"][0]["what"], "Canary missed the school nurse");
        assert_eq!(by.get(&format!("{path}/versions/1")).status, 200);
    }

    fn ahead_of_a_chronology_it_is_the_agencys_alone_until_one_is_opened(app) {
        let seed = app.seed_draft();
        let (family, child) = own_family(app, User::WAITING, 0, "Orla");
        let waiting = app.by(User::WAITING);
        let marked = with(entry("a marked burn", "2026-02-04", &[&child]), json!({"handling": {"marking": "restricted"}}));
        let entries = json!([entry("a burn", "2026-02-03", &[]), marked]);
        let body = at(ahead(app, &family, "a burn"), "/entries", entries);
        let sent = waiting.post("/v1/fragments", &body);
        let path = format!("/v1/fragments/{}", sent.id());
        let (strange_family, _) = own_family(app, User::WAITING, 9, "Mali");
        let stays = waiting.post("/v1/fragments", &ahead(app, &strange_family, "somebody else's child")).id();
        for user in [User::OWNER, User::MANAGER, User::TEAM, User::RETURNED, User::LEAD, User::STRANGER] {
            assert_eq!(app.by(user).get(&path).status, 404, "{}", user.name);
            assert_eq!(app.by(user).get(&format!("/v1/people/{child}")).status, 404, "{}", user.name);
            assert_eq!(app.by(user).get(&format!("/v1/families/{family}")).status, 404, "{}", user.name);
        }
        let found = app.by(User::OWNER).post("/v1/people/find", &json!({"nhs_number": behaviour::inputs::nhs_number(9)})).ok();
        assert_eq!(found["items"], json!([]), "what an agency recorded ahead is not found");
        assert_eq!(waiting.get(&path).ok()["entries"].as_array().map(Vec::len), Some(2));
        open(app, &seed);
        let view = app.by(User::OWNER).get(&seed.at("timeline")).ok();
        assert_eq!(view["header"]["entry_count"], 2, "{view}");
        assert_eq!(view["rows"][0]["children"][0]["id"], json!(seed.twin), "children are named as the chronology's family names them");
        assert_eq!(view["rows"][1]["accounts"][0]["handling"]["marking"], "restricted");
        assert_eq!(app.by(User::OWNER).get(&format!("/v1/fragments/{stays}")).status, 404);
        assert_eq!(waiting.get(&format!("/v1/fragments/{stays}")).status, 200);
        assert_eq!(waiting.get(&path).ok()["chronology_id"], json!(seed.chronology));
        // Taken in is a return: the timeline is open to the agency, and lives no longer than it said.
        assert_eq!(waiting.get(&seed.at("timeline")).status, 200);
        let visitor = app.by(User::VISITOR);
        let _ = visitor.post(&seed.at("fragments"), &fragment(&[entry("weighed", "2026-02-05", &[])])).when(201);
        let seen = visitor.get(&seed.at("timeline")).ok();
        assert_eq!(seen["header"]["entry_count"], 2, "the marking came along: {seen}");
    }

    fn a_twin_is_not_taken_for_the_other(app) {
        let seed = app.seed_draft();
        // Same family name, same birthday, no number in common: nothing says plainly which twin it is.
        let (family, _) = own_family(app, User::WAITING, 9, "Orlaith");
        let id = app.by(User::WAITING).post("/v1/fragments", &ahead(app, &family, "a burn")).id();
        open(app, &seed);
        assert_eq!(rows(app, &seed).len(), 0);
        assert_eq!(app.by(User::OWNER).get(&format!("/v1/fragments/{id}")).status, 404);
    }

    fn ahead_it_expires_by_itself_with_its_people(app) {
        let _ = app.seed_draft();
        let (family, child) = own_family(app, User::STRANGER, 9, "Mali");
        let by = app.by(User::STRANGER);
        let id = by.post("/v1/fragments", &ahead(app, &family, "a burn")).id();
        let late = with(ahead(app, &family, "late"), json!({"expires_at": app.in_days(91)}));
        assert_eq!(by.post("/v1/fragments", &late).faults().1, [("/expires_at".to_owned(), "beyond_policy".to_owned())]);
        assert_eq!(by.get(&format!("/v1/families/{family}")).ok()["expires_at"], app.in_days(80), "the family lives as long");
        app.pass_days(80);
        for stage in ["before deletion", "after deletion"] {
            assert_eq!(by.get(&format!("/v1/fragments/{id}")).status, 410, "{stage}");
            assert_eq!(by.get(&format!("/v1/people/{child}")).status, 404, "{stage}");
            assert_eq!(app.by(User::OWNER).get(&format!("/v1/fragments/{id}")).status, 404, "{stage}");
            app.work();
        }
        assert_eq!(raw::counts(app)["fragments"], 0);
    }
}

on_both! {
    fn no_key_outlives_what_was_sent_ahead(app) {
        let seed = app.seed_draft();
        let (family, _) = own_family(app, User::WAITING, 0, "Orla");
        let (strange, _) = own_family(app, User::WAITING, 9, "Mali");
        let waiting = app.by(User::WAITING);
        let taken_in = waiting.post("/v1/fragments", &ahead(app, &family, "a burn")).id();
        let withdrawn = waiting.post("/v1/fragments", &ahead(app, &strange, "a graze")).id();
        let scope = |id: &str| app.keys().iter().any(|key| *key == format!("scope-{id}"));
        assert!(scope(&taken_in) && scope(&withdrawn));
        assert_eq!(waiting.delete(&format!("/v1/fragments/{withdrawn}"), Some(1)).status, 204);
        open(app, &seed);
        assert_eq!(waiting.get(&format!("/v1/fragments/{taken_in}")).ok()["chronology_id"], json!(seed.chronology));
        app.pass_days(100);
        app.work();
        assert_eq!(app.mortal_keys(), Vec::<String>::new());
    }
}
