//! The directory of practitioners: how they are added and when they are removed.

use behaviour::inputs::{adult, chronology, entry, fragment};
use behaviour::{DatabaseKind, TestApp, User, on_both, raw_db};
use domain::PartnershipPolicy;
use serde_json::{Value, json};

/// A user whose subject is known to no one but the issuer.
fn unregistered_user(number: usize) -> User {
    User {
        name: Box::leak(format!("INVENTED-{number}").into_boxed_str()),
        ..User::STRANGER
    }
}

fn count_practitioners(app: &TestApp) -> i64 {
    raw_db::row_counts(app)["practitioners"]
}

on_both! {
    fn practitioner_known_only_from_a_token_is_removed_after_a_day(app) {
        let seed = app.seed();
        let before = count_practitioners(app);
        for number in 0..5 {
            assert_eq!(
                app.as_user(unregistered_user(number))
                    .get(&seed.path)
                    .status,
                404
            );
            assert_eq!(
                app.as_user(unregistered_user(number)).get("/v1/me").status,
                200
            );
        }
        assert_eq!(count_practitioners(app), before + 5);
        // A practitioner who creates something, or is named by someone, stays.
        let _ = app
            .as_user(unregistered_user(0))
            .post("/v1/people", &adult("Dara", "male"))
            .id();
        let named = app.as_user(unregistered_user(1)).get("/v1/me").expect_ok()["id"].clone();
        let invite = json!({"agency_id": seed.agencies["camhs"], "practitioners": [named]});
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("invitations"), &invite)
            .expect_ok();
        let ids: Vec<Value> = (0..5)
            .map(|number| {
                app.as_user(unregistered_user(number))
                    .get("/v1/me")
                    .expect_ok()["id"]
                    .clone()
            })
            .collect();
        app.advance_days(1);
        app.run_background_jobs();
        let statuses: Vec<u16> = ids
            .iter()
            .map(|id| {
                app.as_user(User::OWNER)
                    .get(&format!("/v1/practitioners/{}", id.as_str().unwrap()))
                    .status
            })
            .collect();
        assert_eq!(statuses, [200, 200, 404, 404, 404]);
        assert_eq!(
            app.as_user(unregistered_user(1)).get("/v1/me").expect_ok()["id"],
            named
        );
        assert_ne!(
            app.as_user(unregistered_user(2)).get("/v1/me").expect_ok()["id"],
            named,
            "a removed practitioner is registered again"
        );
        // A practitioner who has read a chronology is referred to by the audit and stays.
        let reader = app.as_user(User::RETURNED).get("/v1/me").expect_ok()["id"].clone();
        app.advance_days(2);
        app.run_background_jobs();
        assert_eq!(
            app.as_user(User::RETURNED).get("/v1/me").expect_ok()["id"],
            reader
        );
    }

    fn token_without_roles_is_refused_and_not_registered(app) {
        let seed = app.seed();
        let key = "made-once";
        let created =
            app.as_user(User::OWNER)
                .post_with_key(key, "/v1/people", &adult("Dara", "male"));
        assert_eq!(created.status, 201);
        let before = count_practitioners(app);
        for path in [
            "/v1/me",
            "/v1/agencies",
            "/v1/partnership",
            "/v1/audit/checkpoint",
            seed.path.as_str(),
        ] {
            for user in [User::OWNER, unregistered_user(9)] {
                assert_eq!(
                    app.as_user_without_roles(user).get(path).status,
                    401,
                    "{} {path}",
                    user.name
                );
            }
        }
        let again = app.as_user_without_roles(User::OWNER).post_with_key(
            key,
            "/v1/people",
            &adult("Dara", "male"),
        );
        assert_eq!(
            again.status,
            401,
            "the stored reply is not replayed without a role: {}",
            again.text()
        );
        assert_eq!(
            app.as_user(User::OWNER)
                .post_with_key(key, "/v1/people", &adult("Dara", "male"))
                .body,
            created.body
        );
        assert_eq!(count_practitioners(app), before);
    }

    fn replay_by_a_former_owner_is_refused(app) {
        let seed = app.seed();
        let body = chronology(&seed.family, &[&seed.people[User::TEAM.name]]);
        let created = app
            .as_user(User::OWNER)
            .post_with_key("made", "/v1/chronologies", &body);
        let path = format!("/v1/chronologies/{}", created.id());
        let invite = json!({"agency_id": seed.agencies["camhs"], "practitioners": []});
        assert_eq!(
            app.as_user(User::OWNER)
                .post_with_key("asked", &format!("{path}/invitations"), &invite)
                .status,
            201
        );
        let new_owner = json!({"owner_id": seed.people[User::COLLEAGUE.name]});
        let version = app.as_user(User::OWNER).get(&path).version();
        let _ = app
            .as_user(User::MANAGER)
            .patch(&path, Some(version), &new_owner)
            .expect_ok();
        for (key, path, body) in [
            ("made", "/v1/chronologies".to_owned(), &body),
            ("asked", format!("{path}/invitations"), &invite),
        ] {
            assert_eq!(
                app.as_user(User::OWNER)
                    .post_with_key(key, &path, body)
                    .status,
                404,
                "{key}"
            );
        }
        // A user who may still read, but no longer close, does not get the stored reply.
        let closed =
            app.as_user(User::TEAM)
                .post_with_key("closed", &format!("{path}/close"), &Value::Null);
        assert_eq!(closed.status, 200);
        let support = User {
            name: User::TEAM.name,
            role: domain::Role::BusinessSupport,
            ..User::TEAM
        };
        assert_eq!(app.as_user(support).get(&path).status, 200);
        assert_eq!(
            app.as_user(support)
                .post_with_key("closed", &format!("{path}/close"), &Value::Null)
                .status,
            404
        );
    }

    fn business_support_manages_practitioners_of_its_own_agency(app) {
        let seed = app.seed();
        let body = |agency: &str| json!({"agency_id": seed.agencies[agency], "issuer": "https://sign-in.marlshire.example", "subject": format!("new-at-{agency}"), "name": "Canary Newcomer"});
        assert_eq!(
            app.as_user(User::SUPPORT)
                .post("/v1/practitioners", &body("care"))
                .status,
            201
        );
        assert_eq!(
            app.as_user(User::SUPPORT)
                .post("/v1/practitioners", &body("school"))
                .status,
            404
        );
        assert_eq!(
            app.as_user(User::LEAD)
                .post("/v1/practitioners", &body("school"))
                .status,
            201
        );
        assert_eq!(
            app.as_user(User::MANAGER)
                .post("/v1/practitioners", &body("surgery"))
                .status,
            201
        );
        let teacher = format!("/v1/practitioners/{}", seed.people[User::RETURNED.name]);
        assert_eq!(
            app.as_user(User::SUPPORT)
                .patch(&teacher, Some(1), &json!({"active": false}))
                .status,
            404
        );
    }
}

#[test]
fn new_practitioners_of_one_agency_are_limited() {
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgresql] {
        let policy = PartnershipPolicy {
            provisional_practitioners: 3,
            ..PartnershipPolicy::default()
        };
        let app = TestApp::with_policy(kind, policy);
        let before = count_practitioners(&app);
        let statuses = (0..6)
            .map(|number| app.as_user(unregistered_user(number)).get("/v1/me").status)
            .collect::<Vec<_>>();
        assert_eq!(statuses, [200, 200, 200, 429, 429, 429]);
        let refused = app
            .as_user(unregistered_user(4))
            .post("/v1/people", &adult("Dara", "male"));
        assert_eq!(
            (refused.status, refused.problem_type().as_str()),
            (429, "too_many_new_callers"),
            "{}",
            refused.text()
        );
        assert_eq!(count_practitioners(&app), before + 3);
        assert_eq!(
            app.as_user(User::RETURNED).get("/v1/me").status,
            200,
            "practitioners of another agency are still registered"
        );
        app.advance_days(1);
        app.run_background_jobs();
        assert_eq!(app.as_user(unregistered_user(5)).get("/v1/me").status, 200);
        let _ = (entry("", "2026-01-01", &[]), fragment(&[]));
    }
}
