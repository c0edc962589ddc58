//! People live as long as something live refers to them, and their keys no longer.

use behaviour::inputs::{adult, chronology, entry, fragment, reason};
use behaviour::{Seed, TestApp, User, on_both, raw};
use serde_json::{Value, json};

fn expiry(app: &TestApp, path: &str) -> Value {
    app.by(User::OWNER).get(path).ok()["expires_at"].clone()
}

/// Expiries of the family and of everybody in it: one and the same.
fn family_expiry(app: &TestApp, seed: &Seed) -> Value {
    let family = expiry(app, &format!("/v1/families/{}", seed.family));
    for person in [&seed.twin, &seed.other_twin, &seed.unborn, &seed.father, &seed.mother] {
        assert_eq!(expiry(app, &format!("/v1/people/{person}")), family);
    }
    family
}

on_both! {
    fn nobody_refers_to_them(app) {
        let owner = app.by(User::OWNER);
        let person = owner.post("/v1/people", &adult("Rhys", "male")).id();
        let family = owner.post("/v1/families", &json!({"label": "Canary", "members": [person]})).id();
        assert_eq!(expiry(app, &format!("/v1/people/{person}")), app.in_days(14));
        app.pass(14 * 86_400 - 1);
        app.work();
        assert_eq!(owner.get(&format!("/v1/people/{person}")).status, 200);
        app.pass(1);
        assert_eq!(owner.get(&format!("/v1/people/{person}")).status, 404);
        assert_eq!(owner.get(&format!("/v1/families/{family}")).status, 404);
        let find = owner.post("/v1/people/find", &json!({"nhs_number": behaviour::inputs::nhs_number(0)}));
        assert_eq!(find.ok()["items"], json!([]));
        app.work();
        let counts = raw::counts(app);
        assert_eq!((counts["people"], counts["families"], counts["person_keys"]), (0, 0, 0));
        app.pass(3_600);
        app.work();
        let left = app.mortal_keys();
        assert_eq!(left, Vec::<String>::new());
    }

    fn they_follow_their_chronology(app) {
        let seed = app.seed();
        assert_eq!(family_expiry(app, &seed), expiry(app, &seed.path));
        let _ = app.by(User::OWNER).post(&seed.at("extend"), &reason(json!({"expires_at": app.in_days(200)}))).ok();
        assert_eq!(family_expiry(app, &seed), app.in_days(200));
        // A second chronology of the family, longer lived, and a fragment that comes and goes, change what they should.
        let body = behaviour::inputs::with(chronology(&seed.family, &[]), json!({"expires_at": app.in_days(250)}));
        let second = app.by(User::OWNER).post("/v1/chronologies", &body).id();
        assert_eq!(family_expiry(app, &seed), app.in_days(250));
        let waiting = app.by(User::WAITING);
        let id = waiting.post(&seed.at("fragments"), &fragment(&[entry("a burn", "2026-01-02", &[])])).id();
        assert_eq!(waiting.delete(&format!("/v1/fragments/{id}"), Some(1)).status, 204);
        assert_eq!(family_expiry(app, &seed), app.in_days(250));
        assert_eq!(app.by(User::OWNER).get(&format!("/v1/people/{}", seed.twin)).ok()["name"]["given"], "CanaryOrla", "the key was wrapped again");
        app.set_to(&expiry(app, &format!("/v1/chronologies/{second}")));
        app.work();
        let counts = raw::counts(app);
        assert_eq!((counts["people"], counts["families"], counts["chronologies"]), (0, 0, 0));
    }

    fn a_child_in_two_families_lives_with_the_longer(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        let father = owner.post("/v1/people", &adult("Emrys", "male")).id();
        let other = owner.post("/v1/families", &json!({"label": "Canary other", "members": [seed.twin, father]})).id();
        let body = behaviour::inputs::with(chronology(&other, &[]), json!({"expires_at": app.in_days(100)}));
        let second = owner.post("/v1/chronologies", &body).id();
        assert_eq!(expiry(app, &format!("/v1/people/{}", seed.twin)), app.in_days(100));
        assert_eq!(expiry(app, &format!("/v1/people/{}", seed.other_twin)), app.in_days(60));
        app.pass_days(60);
        app.work();
        assert_eq!(raw::counts(app)["people"], 2, "the twin and the other father");
        assert_eq!(owner.get(&format!("/v1/people/{}", seed.twin)).ok()["name"]["given"], "CanaryOrla");
        assert_eq!(owner.get(&format!("/v1/people/{}", seed.other_twin)).status, 404);
        assert_eq!(owner.get(&format!("/v1/families/{other}")).ok()["members"].as_array().map(Vec::len), Some(2));
        let _ = second;
    }

    fn a_member_in_use_stays_and_a_changed_one_still_opens(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        let path = format!("/v1/families/{}", seed.family);
        let shrunk = json!({"label": "Canaryfell family", "members": [seed.other_twin]});
        assert_eq!(owner.put(&path, Some(1), &shrunk).faults().1[0].1, "member_in_use");
        let grown = json!({"label": "Canary new name", "members": [seed.twin, seed.other_twin, seed.unborn, seed.father, seed.mother]});
        assert_eq!(owner.put(&path, Some(1), &grown).ok()["label"], "Canary new name");
        let person = format!("/v1/people/{}", seed.unborn);
        let born = behaviour::inputs::child("Eira", "2026-03-01", 7);
        assert_eq!(owner.put(&person, Some(1), &born).ok()["version"], 2);
        let found = owner.post("/v1/people/find", &json!({"nhs_number": behaviour::inputs::nhs_number(7)})).ok();
        assert_eq!(found["items"][0]["id"], json!(seed.unborn));
        let _ = owner.post(&seed.at("extend"), &reason(json!({"expires_at": app.in_days(200)}))).ok();
        assert_eq!(owner.get(&person).ok()["name"]["given"], "CanaryEira");
        assert_eq!(owner.get(&seed.at("timeline")).ok()["header"]["children"].as_array().map(Vec::len), Some(3));
    }

    fn a_key_that_a_killed_purge_left_goes_at_the_next_round(app) {
        let seed = app.seed();
        let left = |app: &TestApp| app.keys().iter().filter(|key| key.contains(&seed.chronology)).count();
        assert_eq!(left(app), 1);
        raw::execute(
            app,
            &format!("INSERT INTO scopes_to_destroy VALUES (x'{}', 0, 0)", seed.chronology.replace('-', "")),
            &format!("INSERT INTO scopes_to_destroy VALUES ('{}', now(), false)", seed.chronology),
        );
        app.work();
        assert_eq!((left(app), raw::count(app, "SELECT count(*) AS count FROM scopes_to_destroy")), (0, 0));
    }

    fn a_clock_set_back_resurrects_nothing(app) {
        let seed = app.seed();
        let end = expiry(app, &seed.path);
        app.set_to(&end);
        app.work();
        app.clock.set(domain::Instant::parse("2026-03-02T09:30:00Z").expect("an instant"));
        for path in [seed.path.clone(), seed.at("timeline"), format!("/v1/fragments/{}", seed.fragment)] {
            assert_eq!(app.by(User::OWNER).get(&path).status, 410, "{path}");
        }
    }

    fn a_clock_set_back_before_deletion_resurrects_nothing_either(app) {
        let seed = app.seed();
        let _ = app.service.purge(1).expect("it runs");
        let end = expiry(app, &seed.path);
        app.set_to(&end);
        // The mark is raised while a hold keeps everything there.
        let _ = app.hold_everything(&json!(app.in_days(30)));
        app.work();
        app.clock.set(domain::Instant::parse("2026-03-02T09:30:00Z").expect("an instant"));
        assert_eq!(raw::counts(app)["chronologies"], 1);
        assert_eq!(app.by(User::OWNER).get(&seed.at("timeline")).status, 410);
    }
}
