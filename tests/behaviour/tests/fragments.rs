//! Fragments: resubmission, correction, withdrawal, their own expiry, and advance submissions.

use behaviour::inputs::{child, entry, fragment, with_members, with_reason, with_value_at};
use behaviour::{Seed, TestApp, User, on_both, raw_db};
use serde_json::{Value, json};

fn rows(app: &TestApp, seed: &Seed) -> Vec<Value> {
    app.as_user(User::OWNER)
        .get(&seed.path_to("timeline"))
        .expect_ok()["rows"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

fn outcome(response: &behaviour::ApiResponse) -> (u16, String, i64) {
    let body = response.expect_ok();
    (
        response.status,
        body["outcome"].as_str().unwrap_or_default().to_owned(),
        response.version(),
    )
}

fn entry_ids(response: &behaviour::ApiResponse) -> Vec<Value> {
    response.expect_ok()["entries"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| entry["id"].clone())
        .collect()
}

/// Creates a family with one child as another agency. Child number 0 has the NHS number of the
/// seeded twin. Returns the identifiers of the family and the child.
fn create_family(app: &TestApp, user: User, number: usize, given: &str) -> (String, String) {
    let client = app.as_user(user);
    let child = client
        .post("/v1/people", &child(given, "2019-05-14", number))
        .id();
    let family = client
        .post(
            "/v1/families",
            &json!({"label": "Canary family of ours", "members": [child]}),
        )
        .id();
    (family, child)
}

fn advance_submission(app: &TestApp, family: &str, what: &str) -> Value {
    with_members(
        fragment(&[entry(what, "2026-02-03", &[])]),
        json!({"family_id": family, "expires_at": app.in_days(80)}),
    )
}

/// Invites the surgery and the visitors and opens the chronology.
fn invite_and_open(app: &TestApp, seed: &Seed) {
    let owner = app.as_user(User::OWNER);
    for (agency, user) in [("surgery", User::WAITING), ("visitors", User::VISITOR)] {
        let body =
            json!({"agency_id": seed.agencies[agency], "practitioners": [seed.people[user.name]]});
        let _ = owner.post(&seed.path_to("invitations"), &body).expect_ok();
    }
    let _ = owner.post(&seed.path_to("open"), &Value::Null).expect_ok();
}

/// Other users find neither the fragment nor its people.
fn assert_hidden_from_others(app: &TestApp, path: &str, child: &str, family: &str) {
    for user in [
        User::OWNER,
        User::MANAGER,
        User::TEAM,
        User::RETURNED,
        User::LEAD,
        User::STRANGER,
    ] {
        assert_eq!(app.as_user(user).get(path).status, 404, "{}", user.name);
        assert_eq!(
            app.as_user(user).get(&format!("/v1/people/{child}")).status,
            404,
            "{}",
            user.name
        );
        assert_eq!(
            app.as_user(user)
                .get(&format!("/v1/families/{family}"))
                .status,
            404,
            "{}",
            user.name
        );
    }
}

/// The fragment is attached and refers to the chronology's child; the one about another child is
/// not.
fn assert_only_matching_fragment_attached(
    app: &TestApp,
    seed: &Seed,
    path: &str,
    unattached: &str,
) {
    let waiting = app.as_user(User::WAITING);
    let view = app
        .as_user(User::OWNER)
        .get(&seed.path_to("timeline"))
        .expect_ok();
    assert_eq!(view["header"]["entry_count"], 2, "{view}");
    assert_eq!(
        view["rows"][0]["children"][0]["id"],
        json!(seed.twin),
        "the entry refers to the child of the chronology's family"
    );
    assert_eq!(
        view["rows"][1]["accounts"][0]["handling"]["marking"],
        "restricted"
    );
    assert_eq!(
        app.as_user(User::OWNER)
            .get(&format!("/v1/fragments/{unattached}"))
            .status,
        404
    );
    assert_eq!(
        waiting.get(&format!("/v1/fragments/{unattached}")).status,
        200
    );
    assert_eq!(
        waiting.get(path).expect_ok()["chronology_id"],
        json!(seed.chronology)
    );
}

on_both! {
    fn resubmission_of_the_same_fragment_changes_nothing(app) {
        let seed = app.seed();
        let waiting = app.as_user(User::WAITING);
        let path = seed.path_to("fragments");
        let plain = fragment(&[
            entry("a burn", "2026-01-02", &[&seed.twin]),
            entry("a graze", "2026-01-03", &[]),
        ]);
        let first = waiting.post(&path, &plain);
        assert_eq!(outcome(&first), (201, "created".into(), 1));
        let counts_before = raw_db::row_counts(app);
        let rows_before = rows(app, &seed);
        let again = waiting.post(&path, &plain);
        assert_eq!(outcome(&again), (200, "unchanged".into(), 1));
        assert_eq!(
            (again.id(), entry_ids(&again)),
            (first.id(), entry_ids(&first))
        );

        let named = with_members(
            fragment(&[entry("a cough", "2026-01-04", &[])]),
            json!({"agency_reference": "GP-7"}),
        );
        let created = waiting.post(&path, &named);
        assert_eq!(outcome(&created), (201, "created".into(), 1));
        assert_eq!(
            outcome(&waiting.post(&path, &named)),
            (200, "unchanged".into(), 1)
        );
        let put = format!("{path}/GP-7");
        assert_eq!(waiting.put(&put, None, &named).status, 428);
        assert_eq!(waiting.put(&put, Some(2), &named).status, 412);
        assert_eq!(
            outcome(&waiting.put(&put, Some(1), &named)),
            (200, "unchanged".into(), 1)
        );
        let changed = with_value_at(named, "/entries/0/what", json!("Canary a bad cough"));
        let updated = waiting.put(&put, Some(1), &changed);
        assert_eq!(outcome(&updated), (200, "updated".into(), 2));
        assert_eq!(
            entry_ids(&updated),
            entry_ids(&created),
            "a corrected entry keeps its id"
        );
        assert_eq!(
            raw_db::row_counts(app)["fragments"],
            counts_before["fragments"] + 1
        );
        assert_eq!(
            raw_db::row_counts(app)["entries"],
            counts_before["entries"] + 2,
            "one entry in two versions"
        );
        assert_eq!(rows(app, &seed).len(), rows_before.len() + 1);
    }

    fn put_creates_a_fragment_with_the_reference_in_the_path(app) {
        let seed = app.seed();
        let body = fragment(&[entry("a burn", "2026-01-02", &[])]);
        let path = format!("{}/GP%2F2026%20%C3%A9", seed.path_to("fragments"));
        let created = app.as_user(User::WAITING).put(&path, None, &body);
        assert_eq!(outcome(&created), (201, "created".into(), 1));
        let location = created.header("location").unwrap_or_default().to_owned();
        assert_eq!(
            app.as_user(User::WAITING).get(&location).expect_ok()["agency_reference"],
            "GP/2026 é"
        );
        let other = with_members(body, json!({"agency_reference": "another"}));
        let refused = app.as_user(User::WAITING).put(&path, Some(1), &other);
        assert_eq!(
            refused.field_errors(),
            [("/agency_reference".to_owned(), "contradicts".to_owned())]
        );
    }

    fn repeats_for_siblings_form_one_row_with_all_children(app) {
        let seed = app.seed();
        let waiting = app.as_user(User::WAITING);
        for child in [&seed.twin, &seed.other_twin, &seed.unborn] {
            let body = with_members(
                fragment(&[entry(
                    "police attended an argument at home",
                    "2026-01-20",
                    &[],
                )]),
                json!({"child_id": child}),
            );
            assert_eq!(waiting.post(&seed.path_to("fragments"), &body).status, 201);
        }
        let view = app
            .as_user(User::OWNER)
            .get(&seed.path_to("timeline"))
            .expect_ok();
        let rows = view["rows"].as_array().cloned().unwrap_or_default();
        let matching: Vec<_> = rows
            .iter()
            .filter(|row| row["when"]["edtf"] == "2026-01-20")
            .collect();
        assert_eq!(matching.len(), 1, "{view}");
        let mut children: Vec<_> = matching[0]["children"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|child| child["id"].as_str().unwrap_or_default().to_owned())
            .collect();
        children.sort();
        let mut all = vec![
            seed.twin.clone(),
            seed.other_twin.clone(),
            seed.unborn.clone(),
        ];
        all.sort();
        assert_eq!(children, all);
        assert_eq!(matching[0]["accounts"].as_array().map(Vec::len), Some(1));
        assert_eq!(
            matching[0]["accounts"][0]["also_submitted_as"]
                .as_array()
                .map(Vec::len),
            Some(2),
            "no entry is lost"
        );
        assert_eq!(view["header"]["entry_count"], 4);
    }

    fn corrections_keep_entry_ids_and_earlier_versions(app) {
        let seed = app.seed();
        let waiting = app.as_user(User::WAITING);
        let named = |what: &str, reference: &str| {
            with_members(
                entry(what, "2026-01-02", &[]),
                json!({"reference": reference}),
            )
        };
        let one = fragment(&[
            named("a burn", "E1"),
            named("a graze", "E2"),
            entry("a fall", "2026-01-05", &[]),
        ]);
        let first = waiting.post(&seed.path_to("fragments"), &one);
        let path = format!("/v1/fragments/{}", first.id());
        let two = fragment(&[
            entry("a fall", "2026-01-05", &[]),
            named("a graze", "E2"),
            named("a scald", "E1"),
            entry("new", "2026-01-06", &[]),
        ]);
        assert_eq!(waiting.put(&path, None, &two).status, 428);
        assert_eq!(waiting.put(&path, Some(7), &two).status, 412);
        let second = waiting.put(&path, Some(1), &two);
        let old = entry_ids(&first);
        let new = entry_ids(&second);
        assert_eq!((&new[2], &new[1], &new[0]), (&old[0], &old[1], &old[2]));
        assert!(!old.contains(&new[3]));
        assert_eq!(
            waiting.put(&path, Some(1), &one).status,
            412,
            "the version is no longer current"
        );
        let versions = waiting.get(&format!("{path}/versions")).expect_ok();
        assert_eq!(versions["items"].as_array().map(Vec::len), Some(2));
        assert_eq!(
            waiting.get(&format!("{path}/versions/1")).expect_ok()["entries"][0]["what"],
            "Canary a burn"
        );
        assert_eq!(waiting.get(&format!("{path}/versions/3")).status, 404);
    }

    fn withdrawal_frees_the_reference_and_leaves_a_tombstone(app) {
        let seed = app.seed();
        let waiting = app.as_user(User::WAITING);
        let body = with_members(
            fragment(&[entry("a burn", "2026-01-02", &[])]),
            json!({"agency_reference": "GP-7"}),
        );
        let id = waiting.post(&seed.path_to("fragments"), &body).id();
        let path = format!("/v1/fragments/{id}");
        assert_eq!(waiting.delete(&path, Some(1)).status, 204);
        assert_eq!(
            app.as_user(User::OWNER).get(&path).status,
            410,
            "the owner could read it before"
        );
        assert_eq!(waiting.get(&path).status, 410);
        assert_eq!(app.as_user(User::RETURNED).get(&path).status, 404);
        let tombstone = waiting.get(&format!("/v1/tombstones/{id}")).expect_ok();
        assert_eq!(
            (&tombstone["reason"], &tombstone["entry_count"]),
            (&json!("withdrawn"), &json!(1))
        );
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&format!("/v1/tombstones/{id}"))
                .expect_ok()["kind"],
            "fragment"
        );
        assert_eq!(
            app.as_user(User::RETURNED)
                .get(&format!("/v1/tombstones/{id}"))
                .status,
            404
        );
        let again = waiting.post(&seed.path_to("fragments"), &body);
        assert_eq!(again.status, 201);
        assert_ne!(again.id(), id);
    }

    fn fragment_with_an_earlier_expiry_expires_alone(app) {
        let seed = app.seed();
        let waiting = app.as_user(User::WAITING);
        let body = with_members(
            fragment(&[entry("a burn", "2026-01-02", &[])]),
            json!({"expires_at": app.in_days(5)}),
        );
        let id = waiting.post(&seed.path_to("fragments"), &body).id();
        assert_eq!(rows(app, &seed).len(), 2);
        app.advance_days(5);
        let path = format!("/v1/fragments/{id}");
        for stage in ["before deletion", "after deletion"] {
            assert_eq!(rows(app, &seed).len(), 1, "{stage}");
            for (user, status) in [
                (User::OWNER, 410),
                (User::WAITING, 410),
                (User::RETURNED, 404),
                (User::COLLEAGUE, 404),
                (User::SUPPORT, 404),
            ] {
                assert_eq!(
                    app.as_user(user).get(&path).status,
                    status,
                    "{} {stage}",
                    user.name
                );
            }
            app.run_background_jobs();
        }
        assert_eq!(raw_db::row_counts(app)["fragments"], 1);
        let later = app.as_user(User::OWNER).post(
            &seed.path_to("extend"),
            &with_reason(json!({"expires_at": app.in_days(100)})),
        );
        assert_eq!(later.status, 200);
        app.run_background_jobs();
        assert_eq!(rows(app, &seed).len(), 1);
    }

    fn fragment_expiry_can_be_extended_up_to_the_chronologys(app) {
        let seed = app.seed();
        let client = app.as_user(User::RETURNED);
        let path = format!("/v1/fragments/{}", seed.fragment);
        let extend = |days: u64| {
            client.post(
                &format!("{path}/extend"),
                &with_reason(json!({"expires_at": app.in_days(days)})),
            )
        };
        assert_eq!(
            extend(61).field_errors(),
            [("/expires_at".to_owned(), "beyond_policy".to_owned())]
        );
        assert_eq!(extend(20).expect_ok()["expires_at"], app.in_days(20));
        // Extending the chronology does not change an earlier expiry that the agency has set.
        let _ = app
            .as_user(User::OWNER)
            .post(
                &seed.path_to("extend"),
                &with_reason(json!({"expires_at": app.in_days(90)})),
            )
            .expect_ok();
        assert_eq!(client.get(&path).expect_ok()["expires_at"], app.in_days(20));
        assert_eq!(extend(90).expect_ok()["expires_at"], app.in_days(90));
        assert_eq!(
            client.get(&path).expect_ok()["entries"][0]["what"],
            "Canary missed the school nurse"
        );
        assert_eq!(client.get(&format!("{path}/versions/1")).status, 200);
    }

    fn advance_submission_is_private_until_a_chronology_opens(app) {
        let seed = app.seed_draft();
        let (family, child) = create_family(app, User::WAITING, 0, "Orla");
        let waiting = app.as_user(User::WAITING);
        let marked = with_members(
            entry("a marked burn", "2026-02-04", &[&child]),
            json!({"handling": {"marking": "restricted"}}),
        );
        let entries = json!([entry("a burn", "2026-02-03", &[]), marked]);
        let body = with_value_at(
            advance_submission(app, &family, "a burn"),
            "/entries",
            entries,
        );
        let submitted = waiting.post("/v1/fragments", &body);
        let path = format!("/v1/fragments/{}", submitted.id());
        let (unrelated_family, _) = create_family(app, User::WAITING, 9, "Mali");
        let unattached = waiting
            .post(
                "/v1/fragments",
                &advance_submission(app, &unrelated_family, "somebody else's child"),
            )
            .id();
        assert_hidden_from_others(app, &path, &child, &family);
        let found = app
            .as_user(User::OWNER)
            .post(
                "/v1/people/find",
                &json!({"nhs_number": behaviour::inputs::nhs_number(9)}),
            )
            .expect_ok();
        assert_eq!(
            found["items"],
            json!([]),
            "a person recorded for an advance submission is not found by others"
        );
        assert_eq!(
            waiting.get(&path).expect_ok()["entries"]
                .as_array()
                .map(Vec::len),
            Some(2)
        );
        invite_and_open(app, &seed);
        assert_only_matching_fragment_attached(app, &seed, &path, &unattached);
        // An attached submission answers the invitation, so the agency can read the timeline.
        assert_eq!(waiting.get(&seed.path_to("timeline")).status, 200);
        let visitor = app.as_user(User::VISITOR);
        let _ = visitor
            .post(
                &seed.path_to("fragments"),
                &fragment(&[entry("weighed", "2026-02-05", &[])]),
            )
            .expect_status(201);
        let view = visitor.get(&seed.path_to("timeline")).expect_ok();
        assert_eq!(
            view["header"]["entry_count"], 2,
            "the marking is kept: {view}"
        );
    }

    fn twins_are_not_confused_when_attaching(app) {
        let seed = app.seed_draft();
        // Same family name and date of birth but another NHS number: it is not clear which twin is
        // meant.
        let (family, _) = create_family(app, User::WAITING, 9, "Orlaith");
        let id = app
            .as_user(User::WAITING)
            .post("/v1/fragments", &advance_submission(app, &family, "a burn"))
            .id();
        invite_and_open(app, &seed);
        assert_eq!(rows(app, &seed).len(), 0);
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&format!("/v1/fragments/{id}"))
                .status,
            404
        );
    }

    fn advance_submission_expires_with_its_people(app) {
        let _ = app.seed_draft();
        let (family, child) = create_family(app, User::STRANGER, 9, "Mali");
        let client = app.as_user(User::STRANGER);
        let id = client
            .post("/v1/fragments", &advance_submission(app, &family, "a burn"))
            .id();
        let late = with_members(
            advance_submission(app, &family, "late"),
            json!({"expires_at": app.in_days(91)}),
        );
        assert_eq!(
            client.post("/v1/fragments", &late).field_errors(),
            [("/expires_at".to_owned(), "beyond_policy".to_owned())]
        );
        assert_eq!(
            client.get(&format!("/v1/families/{family}")).expect_ok()["expires_at"],
            app.in_days(80),
            "the family expires with it"
        );
        app.advance_days(80);
        for stage in ["before deletion", "after deletion"] {
            assert_eq!(
                client.get(&format!("/v1/fragments/{id}")).status,
                410,
                "{stage}"
            );
            assert_eq!(
                client.get(&format!("/v1/people/{child}")).status,
                404,
                "{stage}"
            );
            assert_eq!(
                app.as_user(User::OWNER)
                    .get(&format!("/v1/fragments/{id}"))
                    .status,
                404,
                "{stage}"
            );
            app.run_background_jobs();
        }
        assert_eq!(raw_db::row_counts(app)["fragments"], 0);
    }
}

on_both! {
    fn keys_of_advance_submissions_are_destroyed(app) {
        let seed = app.seed_draft();
        let (family, _) = create_family(app, User::WAITING, 0, "Orla");
        let (unrelated, _) = create_family(app, User::WAITING, 9, "Mali");
        let waiting = app.as_user(User::WAITING);
        let attached = waiting
            .post("/v1/fragments", &advance_submission(app, &family, "a burn"))
            .id();
        let withdrawn = waiting
            .post(
                "/v1/fragments",
                &advance_submission(app, &unrelated, "a graze"),
            )
            .id();
        let has_scope_key = |id: &str| {
            app.stored_keys()
                .iter()
                .any(|key| *key == format!("scope-{id}"))
        };
        assert!(has_scope_key(&attached) && has_scope_key(&withdrawn));
        assert_eq!(
            waiting
                .delete(&format!("/v1/fragments/{withdrawn}"), Some(1))
                .status,
            204
        );
        invite_and_open(app, &seed);
        assert_eq!(
            waiting
                .get(&format!("/v1/fragments/{attached}"))
                .expect_ok()["chronology_id"],
            json!(seed.chronology)
        );
        app.advance_days(100);
        app.run_background_jobs();
        assert_eq!(app.expiring_keys(), Vec::<String>::new());
    }
}
