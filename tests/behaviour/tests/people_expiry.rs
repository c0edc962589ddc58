//! Expiry of people: they and their keys exist as long as something unexpired refers to them.

use behaviour::inputs::{adult, chronology, entry, fragment, with_reason};
use behaviour::{Seed, TestApp, User, on_both, raw_db};
use serde_json::{Value, json};

fn expiry_of(app: &TestApp, path: &str) -> Value {
    app.as_user(User::OWNER).get(path).expect_ok()["expires_at"].clone()
}

/// The expiry of the family, after asserting that all its members have the same one.
fn family_expiry(app: &TestApp, seed: &Seed) -> Value {
    let family = expiry_of(app, &format!("/v1/families/{}", seed.family));
    for person in [
        &seed.twin,
        &seed.other_twin,
        &seed.unborn,
        &seed.father,
        &seed.mother,
    ] {
        assert_eq!(expiry_of(app, &format!("/v1/people/{person}")), family);
    }
    family
}

on_both! {
    fn unreferenced_people_are_deleted_after_14_days(app) {
        let owner = app.as_user(User::OWNER);
        let person = owner.post("/v1/people", &adult("Rhys", "male")).id();
        let family = owner
            .post(
                "/v1/families",
                &json!({"label": "Canary", "members": [person]}),
            )
            .id();
        assert_eq!(
            expiry_of(app, &format!("/v1/people/{person}")),
            app.in_days(14)
        );
        app.advance_seconds(14 * 86_400 - 1);
        app.run_background_jobs();
        assert_eq!(owner.get(&format!("/v1/people/{person}")).status, 200);
        app.advance_seconds(1);
        assert_eq!(owner.get(&format!("/v1/people/{person}")).status, 404);
        assert_eq!(owner.get(&format!("/v1/families/{family}")).status, 404);
        let find = owner.post(
            "/v1/people/find",
            &json!({"nhs_number": behaviour::inputs::nhs_number(0)}),
        );
        assert_eq!(find.expect_ok()["items"], json!([]));
        app.run_background_jobs();
        let counts = raw_db::row_counts(app);
        assert_eq!(
            (counts["people"], counts["families"], counts["person_keys"]),
            (0, 0, 0)
        );
        app.advance_seconds(3_600);
        app.run_background_jobs();
        let remaining_keys = app.expiring_keys();
        assert_eq!(remaining_keys, Vec::<String>::new());
    }

    fn people_expire_with_the_last_chronology_of_their_family(app) {
        let seed = app.seed();
        assert_eq!(family_expiry(app, &seed), expiry_of(app, &seed.path));
        let _ = app
            .as_user(User::OWNER)
            .post(
                &seed.path_to("extend"),
                &with_reason(json!({"expires_at": app.in_days(200)})),
            )
            .expect_ok();
        assert_eq!(family_expiry(app, &seed), app.in_days(200));
        // A second chronology with a later expiry extends it; a fragment that is submitted and
        // withdrawn does not change it.
        let body = behaviour::inputs::with_members(
            chronology(&seed.family, &[]),
            json!({"expires_at": app.in_days(250)}),
        );
        let second = app
            .as_user(User::OWNER)
            .post("/v1/chronologies", &body)
            .id();
        assert_eq!(family_expiry(app, &seed), app.in_days(250));
        let waiting = app.as_user(User::WAITING);
        let id = waiting
            .post(
                &seed.path_to("fragments"),
                &fragment(&[entry("a burn", "2026-01-02", &[])]),
            )
            .id();
        assert_eq!(
            waiting
                .delete(&format!("/v1/fragments/{id}"), Some(1))
                .status,
            204
        );
        assert_eq!(family_expiry(app, &seed), app.in_days(250));
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&format!("/v1/people/{}", seed.twin))
                .expect_ok()["name"]["given"],
            "CanaryOrla",
            "the data key was wrapped again"
        );
        app.set_time(&expiry_of(app, &format!("/v1/chronologies/{second}")));
        app.run_background_jobs();
        let counts = raw_db::row_counts(app);
        assert_eq!(
            (counts["people"], counts["families"], counts["chronologies"]),
            (0, 0, 0)
        );
    }

    fn child_in_two_families_expires_with_the_later_one(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let father = owner.post("/v1/people", &adult("Emrys", "male")).id();
        let other = owner
            .post(
                "/v1/families",
                &json!({"label": "Canary other", "members": [seed.twin, father]}),
            )
            .id();
        let body = behaviour::inputs::with_members(
            chronology(&other, &[]),
            json!({"expires_at": app.in_days(100)}),
        );
        let second = owner.post("/v1/chronologies", &body).id();
        assert_eq!(
            expiry_of(app, &format!("/v1/people/{}", seed.twin)),
            app.in_days(100)
        );
        assert_eq!(
            expiry_of(app, &format!("/v1/people/{}", seed.other_twin)),
            app.in_days(60)
        );
        app.advance_days(60);
        app.run_background_jobs();
        assert_eq!(
            raw_db::row_counts(app)["people"],
            2,
            "the twin and the other father"
        );
        assert_eq!(
            owner.get(&format!("/v1/people/{}", seed.twin)).expect_ok()["name"]["given"],
            "CanaryOrla"
        );
        assert_eq!(
            owner.get(&format!("/v1/people/{}", seed.other_twin)).status,
            404
        );
        assert_eq!(
            owner.get(&format!("/v1/families/{other}")).expect_ok()["members"]
                .as_array()
                .map(Vec::len),
            Some(2)
        );
        let _ = second;
    }

    fn member_in_use_cannot_be_removed_and_changed_member_stays_readable(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let path = format!("/v1/families/{}", seed.family);
        let without_members = json!({"label": "Canaryfell family", "members": [seed.other_twin]});
        assert_eq!(
            owner.put(&path, Some(1), &without_members).field_errors()[0].1,
            "member_in_use"
        );
        let with_all_members = json!({"label": "Canary new name", "members": [seed.twin, seed.other_twin, seed.unborn, seed.father, seed.mother]});
        assert_eq!(
            owner.put(&path, Some(1), &with_all_members).expect_ok()["label"],
            "Canary new name"
        );
        let person = format!("/v1/people/{}", seed.unborn);
        let born = behaviour::inputs::child("Eira", "2026-03-01", 7);
        assert_eq!(owner.put(&person, Some(1), &born).expect_ok()["version"], 2);
        let found = owner
            .post(
                "/v1/people/find",
                &json!({"nhs_number": behaviour::inputs::nhs_number(7)}),
            )
            .expect_ok();
        assert_eq!(found["items"][0]["id"], json!(seed.unborn));
        let _ = owner
            .post(
                &seed.path_to("extend"),
                &with_reason(json!({"expires_at": app.in_days(200)})),
            )
            .expect_ok();
        assert_eq!(
            owner.get(&person).expect_ok()["name"]["given"],
            "CanaryEira"
        );
        assert_eq!(
            owner.get(&seed.path_to("timeline")).expect_ok()["header"]["children"]
                .as_array()
                .map(Vec::len),
            Some(3)
        );
    }

    fn key_left_by_an_interrupted_deletion_is_destroyed_by_the_next_job(app) {
        let seed = app.seed();
        let count_scope_keys = |app: &TestApp| {
            app.stored_keys()
                .iter()
                .filter(|key| key.contains(&seed.chronology))
                .count()
        };
        assert_eq!(count_scope_keys(app), 1);
        raw_db::execute(
            app,
            &format!(
                "INSERT INTO scopes_to_destroy VALUES (x'{}', 0, 0)",
                seed.chronology.replace('-', "")
            ),
            &format!(
                "INSERT INTO scopes_to_destroy VALUES ('{}', now(), false)",
                seed.chronology
            ),
        );
        app.run_background_jobs();
        assert_eq!(
            (
                count_scope_keys(app),
                raw_db::query_count(app, "SELECT count(*) AS count FROM scopes_to_destroy")
            ),
            (0, 0)
        );
    }

    fn clock_set_back_after_deletion_does_not_restore_access(app) {
        let seed = app.seed();
        let end = expiry_of(app, &seed.path);
        app.set_time(&end);
        app.run_background_jobs();
        app.clock
            .set(domain::Instant::parse("2026-03-02T09:30:00Z").expect("an instant"));
        for path in [
            seed.path.clone(),
            seed.path_to("timeline"),
            format!("/v1/fragments/{}", seed.fragment),
        ] {
            assert_eq!(app.as_user(User::OWNER).get(&path).status, 410, "{path}");
        }
    }

    fn clock_set_back_before_deletion_does_not_restore_access(app) {
        let seed = app.seed();
        let _ = app.service.retention.purge(1).expect("the deletion job runs");
        let end = expiry_of(app, &seed.path);
        app.set_time(&end);
        // The service stores that this time was reached, while a hold prevents deletion.
        let _ = app.hold_everything(&json!(app.in_days(30)));
        app.run_background_jobs();
        app.clock
            .set(domain::Instant::parse("2026-03-02T09:30:00Z").expect("an instant"));
        assert_eq!(raw_db::row_counts(app)["chronologies"], 1);
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&seed.path_to("timeline"))
                .status,
            410
        );
    }
}
