//! Who is in the directory, who puts them there, and who goes again.

use behaviour::inputs::{adult, chronology, entry, fragment};
use behaviour::{Kind, TestApp, User, on_both, raw};
use domain::PartnershipPolicy;
use serde_json::{Value, json};

/// Subjects that an issuer makes up.
fn invented(number: usize) -> User {
    User { name: Box::leak(format!("INVENTED-{number}").into_boxed_str()), ..User::STRANGER }
}

fn practitioners(app: &TestApp) -> i64 {
    raw::counts(app)["practitioners"]
}

on_both! {
    fn whom_a_token_alone_has_made_known_goes_again(app) {
        let seed = app.seed();
        let before = practitioners(app);
        for number in 0..5 {
            assert_eq!(app.by(invented(number)).get(&seed.path).status, 404);
            assert_eq!(app.by(invented(number)).get("/v1/me").status, 200);
        }
        assert_eq!(practitioners(app), before + 5);
        // Who does something that lasts, or is named by somebody, stays.
        let _ = app.by(invented(0)).post("/v1/people", &adult("Dara", "male")).id();
        let named = app.by(invented(1)).get("/v1/me").ok()["id"].clone();
        let invite = json!({"agency_id": seed.agencies["camhs"], "practitioners": [named]});
        let _ = app.by(User::OWNER).post(&seed.at("invitations"), &invite).ok();
        let ids: Vec<Value> = (0..5).map(|number| app.by(invented(number)).get("/v1/me").ok()["id"].clone()).collect();
        app.pass_days(1);
        app.work();
        let there: Vec<u16> = ids.iter().map(|id| app.by(User::OWNER).get(&format!("/v1/practitioners/{}", id.as_str().unwrap())).status).collect();
        assert_eq!(there, [200, 200, 404, 404, 404]);
        assert_eq!(app.by(invented(1)).get("/v1/me").ok()["id"], named);
        assert_ne!(app.by(invented(2)).get("/v1/me").ok()["id"], named, "and who comes again is met again");
        // Whoever has read of a chronology is named by the audit, and stays.
        let reader = app.by(User::RETURNED).get("/v1/me").ok()["id"].clone();
        app.pass_days(2);
        app.work();
        assert_eq!(app.by(User::RETURNED).get("/v1/me").ok()["id"], reader);
    }

    fn a_token_without_a_role_gets_nothing_and_is_not_met(app) {
        let seed = app.seed();
        let key = "made-once";
        let made = app.by(User::OWNER).post_as(key, "/v1/people", &adult("Dara", "male"));
        assert_eq!(made.status, 201);
        let before = practitioners(app);
        for path in ["/v1/me", "/v1/agencies", "/v1/partnership", "/v1/audit/checkpoint", seed.path.as_str()] {
            for user in [User::OWNER, invented(9)] {
                assert_eq!(app.without_roles(user).get(path).status, 401, "{} {path}", user.name);
            }
        }
        let again = app.without_roles(User::OWNER).post_as(key, "/v1/people", &adult("Dara", "male"));
        assert_eq!(again.status, 401, "what was kept for a retry is not theirs any more: {}", again.text());
        assert_eq!(app.by(User::OWNER).post_as(key, "/v1/people", &adult("Dara", "male")).body, made.body);
        assert_eq!(practitioners(app), before);
    }

    fn a_former_owners_repeat_is_refused(app) {
        let seed = app.seed();
        let body = chronology(&seed.family, &[&seed.people[User::TEAM.name]]);
        let made = app.by(User::OWNER).post_as("made", "/v1/chronologies", &body);
        let path = format!("/v1/chronologies/{}", made.id());
        let invite = json!({"agency_id": seed.agencies["camhs"], "practitioners": []});
        assert_eq!(app.by(User::OWNER).post_as("asked", &format!("{path}/invitations"), &invite).status, 201);
        let handed = json!({"owner_id": seed.people[User::COLLEAGUE.name]});
        let version = app.by(User::OWNER).get(&path).version();
        let _ = app.by(User::MANAGER).patch(&path, Some(version), &handed).ok();
        for (key, path, body) in [("made", "/v1/chronologies".to_owned(), &body), ("asked", format!("{path}/invitations"), &invite)] {
            assert_eq!(app.by(User::OWNER).post_as(key, &path, body).status, 404, "{key}");
        }
        // Somebody who still reads, and may no longer do this, is not answered as if they had.
        let closed = app.by(User::TEAM).post_as("closed", &format!("{path}/close"), &Value::Null);
        assert_eq!(closed.status, 200);
        let support = User { name: User::TEAM.name, role: domain::Role::BusinessSupport, ..User::TEAM };
        assert_eq!(app.by(support).get(&path).status, 200);
        assert_eq!(app.by(support).post_as("closed", &format!("{path}/close"), &Value::Null).status, 404);
    }

    fn business_support_registers_its_own_agencys_people(app) {
        let seed = app.seed();
        let body = |agency: &str| json!({"agency_id": seed.agencies[agency], "issuer": "https://sign-in.marlshire.example", "subject": format!("new-at-{agency}"), "name": "Canary Newcomer"});
        assert_eq!(app.by(User::SUPPORT).post("/v1/practitioners", &body("care")).status, 201);
        assert_eq!(app.by(User::SUPPORT).post("/v1/practitioners", &body("school")).status, 404);
        assert_eq!(app.by(User::LEAD).post("/v1/practitioners", &body("school")).status, 201);
        assert_eq!(app.by(User::MANAGER).post("/v1/practitioners", &body("surgery")).status, 201);
        let teacher = format!("/v1/practitioners/{}", seed.people[User::RETURNED.name]);
        assert_eq!(app.by(User::SUPPORT).patch(&teacher, Some(1), &json!({"active": false})).status, 404);
    }
}

#[test]
fn an_issuer_fills_the_directory_so_far_and_no_further() {
    for kind in [Kind::Sqlite, Kind::Postgresql] {
        let policy = PartnershipPolicy { provisional_practitioners: 3, ..PartnershipPolicy::default() };
        let app = TestApp::with_policy(kind, policy);
        let before = practitioners(&app);
        let met = (0..6).map(|number| app.by(invented(number)).get("/v1/me").status).collect::<Vec<_>>();
        assert_eq!(met, [200, 200, 200, 429, 429, 429]);
        let refused = app.by(invented(4)).post("/v1/people", &adult("Dara", "male"));
        assert_eq!((refused.status, refused.faults().0.as_str()), (429, "too_many_new_callers"), "{}", refused.text());
        assert_eq!(practitioners(&app), before + 3);
        assert_eq!(app.by(User::RETURNED).get("/v1/me").status, 200, "another agency's come in");
        app.pass_days(1);
        app.work();
        assert_eq!(app.by(invented(5)).get("/v1/me").status, 200);
        let _ = (entry("", "2026-01-01", &[]), fragment(&[]));
    }
}
