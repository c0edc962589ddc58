//! Regression tests for weaknesses found by adversarial testing.

use behaviour::inputs::{adult, entry, fragment, with_members, with_reason, with_value_at};
use behaviour::{ApiResponse, Seed, TestApp, User, on_both, raw_db};
use domain::Role;
use serde_json::{Value, json};

const ABSENT: &str = "01999999-0000-7000-8000-00000000dead";
/// Safeguarding lead of the agency that owns the chronology.
const CARE_LEAD: User = User {
    name: "CARE_LEAD",
    agency: "care",
    role: Role::SafeguardingLead,
    offence_data: false,
};
/// A practitioner of an agency without access to the service.
const BEACON: User = User {
    name: "BEACON",
    agency: "beacon",
    role: Role::Practitioner,
    offence_data: false,
};

fn invalid_field(pointer: &str, code: &str) -> (String, Vec<(String, String)>) {
    (
        "invalid".to_owned(),
        vec![(pointer.to_owned(), code.to_owned())],
    )
}

fn burn_fragment() -> Value {
    fragment(&[entry("a burn", "2026-01-02", &[])])
}

/// Creates a family of these people as the surgery; returns the family's and the people's
/// identifiers.
fn create_surgery_family(app: &TestApp, people: &[Value]) -> (String, Vec<String>) {
    let waiting = app.as_user(User::WAITING);
    let members: Vec<String> = people
        .iter()
        .map(|person| waiting.post("/v1/people", person).id())
        .collect();
    let family = waiting
        .post(
            "/v1/families",
            &json!({"label": "Canary family of ours", "members": members}),
        )
        .id();
    (family, members)
}

fn submit_in_advance(app: &TestApp, family: &str, entry: &Value) -> String {
    let body = with_members(
        fragment(std::slice::from_ref(entry)),
        json!({"family_id": family, "expires_at": app.in_days(50)}),
    );
    app.as_user(User::WAITING).post("/v1/fragments", &body).id()
}

fn invite(app: &TestApp, seed: &Seed, agency: &str, users: &[User]) -> ApiResponse {
    let practitioners: Vec<_> = users
        .iter()
        .map(|user| seed.people[user.name].clone())
        .collect();
    let body = json!({"agency_id": seed.agencies[agency], "practitioners": practitioners});
    app.as_user(User::OWNER)
        .post(&seed.path_to("invitations"), &body)
}

fn current_version(app: &TestApp, user: User, path: &str) -> Option<i64> {
    Some(app.as_user(user).get(path).version())
}

fn is_own_return_missing(app: &TestApp, seed: &Seed) -> bool {
    let response = app.as_user(User::WAITING).get(&seed.path_to("timeline"));
    (response.status, response.problem_type().as_str()) == (409, "own_return_first")
}

/// The frozen view and the snapshot show these of the three entries and count them.
fn assert_entries_shown(app: &TestApp, seed: &Seed, frozen: &str, expected: &[&str], stage: &str) {
    for user in [User::OWNER, User::TEAM] {
        for path in [
            seed.path_to(&format!("consolidations/{frozen}")),
            seed.path_to("snapshot"),
        ] {
            let response = app.as_user(user).get(&path);
            let body = response.expect_ok();
            let found = if path.ends_with("snapshot") {
                &body["consolidation"]
            } else {
                &body
            };
            for what in ["missed the school nurse", "a burn", "weighed"] {
                assert_eq!(
                    response.text().contains(what),
                    expected.contains(&what),
                    "{stage}, {}: {what}",
                    user.name
                );
            }
            assert_eq!(
                found["view"]["header"]["entry_count"],
                expected.len(),
                "{stage}"
            );
            assert_eq!(found["entry_count"], expected.len(), "{stage}");
        }
    }
}

on_both! {
    fn families_are_not_matched_by_adults_alone(app) {
        let seed = app.seed_draft();
        // The adult has the same name as the father of the seeded family, but this family has no
        // child on record.
        let (family, _) = create_surgery_family(app, &[adult("Dara", "male")]);
        let id = submit_in_advance(app, &family, &entry("drinks", "2026-02-03", &[]));
        let _ = invite(app, &seed, "surgery", &[User::WAITING]).expect_ok();
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("open"), &Value::Null)
            .expect_ok();
        let path = format!("/v1/fragments/{id}");
        assert_eq!(app.as_user(User::OWNER).get(&path).status, 404);
        assert!(
            app.as_user(User::WAITING)
                .get(&path)
                .expect_ok()
                .get("chronology_id")
                .is_none()
        );
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&seed.path_to("timeline"))
                .expect_ok()["header"]["entry_count"],
            0
        );
        assert!(is_own_return_missing(app, &seed));
    }

    fn late_invitation_attaches_advance_submission_with_its_adults(app) {
        let seed = app.seed_draft();
        let orla = behaviour::inputs::child("Orla", "2019-05-14", 0);
        let (family, members) =
            create_surgery_family(app, &[orla, adult("Dara", "male"), adult("Emrys", "male")]);
        let adults = json!([
            {"person": members[1], "role": "father"}, {"person": members[2], "role": "other"},
        ]);
        let id = submit_in_advance(
            app,
            &family,
            &with_members(
                entry("a burn", "2026-02-03", &[]),
                json!({"adults": adults}),
            ),
        );
        let _ = invite(app, &seed, "visitors", &[User::VISITOR]).expect_ok();
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("open"), &Value::Null)
            .expect_ok();
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&format!("/v1/fragments/{id}"))
                .status,
            404,
            "its agency is not invited yet"
        );
        assert_eq!(
            invite(app, &seed, "surgery", &[User::WAITING]).expect_status(201)["state"],
            "submitted"
        );
        let attached = app
            .as_user(User::OWNER)
            .get(&format!("/v1/fragments/{id}"))
            .expect_ok();
        assert_eq!(
            attached["entries"][0]["children"],
            json!([seed.twin]),
            "{attached}"
        );
        assert_eq!(
            attached["entries"][0]["adults"][0]["person"],
            json!(seed.father),
            "an adult who matches the family's father"
        );
        assert_eq!(
            attached["entries"][0]["adults"][1]["person"],
            json!(members[2]),
            "an adult without a match keeps the original record"
        );
        assert_eq!(
            app.as_user(User::WAITING)
                .get(&seed.path_to("timeline"))
                .expect_ok()["header"]["entry_count"],
            1
        );
    }

    fn correction_cannot_name_a_child_outside_the_family(app) {
        let seed = app.seed();
        let path = format!("/v1/fragments/{}", seed.fragment);
        let unrelated_child = app
            .as_user(User::OWNER)
            .post(
                "/v1/people",
                &behaviour::inputs::child("Mali", "2018-01-01", 9),
            )
            .id();
        let before = app.as_user(User::RETURNED).get(&path);
        for child in [unrelated_child.as_str(), ABSENT] {
            let refused = app.as_user(User::RETURNED).put(
                &path,
                Some(1),
                &with_members(burn_fragment(), json!({"child_id": child})),
            );
            assert_eq!(
                (refused.status, refused.problem()),
                (422, invalid_field("/child_id", "not_in_family")),
                "{}",
                refused.text()
            );
        }
        assert_eq!(app.as_user(User::RETURNED).get(&path).body, before.body);
    }

    fn protected_postcode_cannot_be_confirmed_by_guessing(app) {
        let seed = app.seed();
        let waiting = app.as_user(User::WAITING);
        let with_postcode =
            |postcode: &str| fragment(&[entry(&format!("seen at {postcode}"), "2026-01-02", &[])]);
        let refusal_of = |postcode: &str| {
            let response = waiting.post(&seed.path_to("fragments"), &with_postcode(postcode));
            assert_eq!(
                response.problem(),
                invalid_field("/entries/0/what", "address_in_clear"),
                "{postcode}: {}",
                response.text()
            );
            (response.status, response.body_without_request_fields())
        };
        let protected = refusal_of("ZZ9 9ZX");
        assert_eq!(protected.0, 422);
        assert_eq!(protected, refusal_of("ZZ8 8YY"));
        let path = format!("/v1/fragments/{}", seed.fragment);
        for postcode in ["ZZ9 9ZX", "ZZ8 8YY"] {
            let response =
                app.as_user(User::RETURNED)
                    .put(&path, Some(1), &with_postcode(postcode));
            assert_eq!(
                response.problem(),
                invalid_field("/entries/0/what", "address_in_clear"),
                "{postcode}"
            );
        }
        let restricted = with_value_at(
            with_postcode("ZZ9 9ZX"),
            "/entries/0/handling",
            json!({"marking": "restricted"}),
        );
        let _ = waiting
            .post(&seed.path_to("fragments"), &restricted)
            .expect_status(201);
        let _ = waiting
            .post(&seed.path_to("fragments"), &with_postcode("ZZ9 9ZZ"))
            .expect_status(201);
    }

    fn stored_reply_is_not_replayed_after_removal_from_the_team(app) {
        let seed = app.seed();
        let team = app.as_user(User::TEAM);
        let consolidate =
            || team.post_with_key("freeze-once", &seed.path_to("consolidations"), &Value::Null);
        let first = consolidate();
        assert!(first.status == 201 && first.text().contains("missed the school nurse"));
        assert_eq!(consolidate().body, first.body);
        let _ = app
            .as_user(User::OWNER)
            .patch(
                &seed.path,
                current_version(app, User::OWNER, &seed.path),
                &json!({"team": []}),
            )
            .expect_ok();
        let again = consolidate();
        assert_eq!(
            (again.status, again.text().contains("Canary")),
            (404, false)
        );
    }

    fn proxy_cannot_overwrite_an_agencys_own_fragment(app) {
        let seed = app.seed();
        let school = format!("/v1/agencies/{}", seed.agencies["school"]);
        let manager = app.as_user(User::MANAGER);
        let updated = manager.patch(
            &school,
            current_version(app, User::MANAGER, &school),
            &json!({"has_access": false}),
        );
        assert_eq!(updated.expect_ok()["has_access"], false);
        let proxy = json!({"on_behalf_of": seed.agencies["school"], "agency_reference": "SCH-1"});
        let overwriting = with_members(
            fragment(&[entry("Canary: another story", "2026-01-12", &[])]),
            proxy,
        );
        let owner = app.as_user(User::OWNER);
        let put = seed.path_to("fragments/SCH-1");
        for response in [
            owner.post(&seed.path_to("fragments"), &overwriting),
            owner.put(&put, Some(1), &overwriting),
            owner.put(&put, None, &overwriting),
        ] {
            assert_eq!(
                response.status,
                409,
                "{}: {}",
                response.request,
                response.text()
            );
        }
        let stored = owner.get(&format!("/v1/fragments/{}", seed.fragment));
        assert_eq!(
            (stored.version(), &stored.expect_ok()["entries"][0]["what"]),
            (1, &json!("Canary missed the school nurse"))
        );
        for user in [User::RETURNED, User::LEAD, User::SYSTEM, BEACON] {
            let client = app.as_user(user);
            for path in [
                "/v1/me",
                "/v1/partnership",
                "/v1/agencies",
                "/v1/chronologies",
                "/v1/invitations",
                "/v1/fragments",
                &seed.path,
                &seed.path_to("timeline"),
                &seed.path_to("fragments"),
                &seed.invitation_path("school"),
                &format!("/v1/fragments/{}", seed.fragment),
                &format!("/v1/people/{}", seed.twin),
            ] {
                assert_eq!(client.get(path).status, 404, "{} {path}", user.name);
            }
            assert_eq!(
                client
                    .post(&seed.path_to("fragments"), &burn_fragment())
                    .status,
                404,
                "{}",
                user.name
            );
            assert_eq!(
                client
                    .delete(&format!("/v1/fragments/{}", seed.fragment), Some(1))
                    .status,
                404,
                "{}",
                user.name
            );
        }
    }

    fn resubmission_after_extension_is_unchanged(app) {
        let seed = app.seed();
        let waiting = app.as_user(User::WAITING);
        let first = waiting
            .post(&seed.path_to("fragments"), &burn_fragment())
            .expect_status(201);
        let school = with_members(
            fragment(&[entry(
                "missed the school nurse",
                "2026-01-12",
                &[&seed.twin],
            )]),
            json!({"agency_reference": "SCH-1"}),
        );
        let before = raw_db::row_counts(app);
        let _ = app
            .as_user(User::OWNER)
            .post(
                &seed.path_to("extend"),
                &with_reason(json!({"expires_at": app.in_days(100)})),
            )
            .expect_ok();
        let again = waiting
            .post(&seed.path_to("fragments"), &burn_fragment())
            .expect_status(200);
        assert_eq!(
            (&again["outcome"], &again["fragment_id"]),
            (&json!("unchanged"), &first["fragment_id"])
        );
        let named = app
            .as_user(User::RETURNED)
            .post(&seed.path_to("fragments"), &school);
        assert_eq!(
            (named.version(), named.expect_status(200)["outcome"].clone()),
            (1, json!("unchanged"))
        );
        let after = raw_db::row_counts(app);
        for table in ["fragments", "fragment_versions", "entries"] {
            assert_eq!(after[table], before[table], "{table}");
        }
    }

    fn frozen_view_drops_expired_and_withdrawn_fragments(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let brief = with_members(burn_fragment(), json!({"expires_at": app.in_days(5)}));
        let _ = app
            .as_user(User::WAITING)
            .post(&seed.path_to("fragments"), &brief)
            .expect_status(201);
        let visitor = app
            .as_user(User::VISITOR)
            .post(
                &seed.path_to("fragments"),
                &fragment(&[entry("weighed", "2026-01-03", &[])]),
            )
            .id();
        let frozen = owner
            .post(&seed.path_to("consolidations"), &Value::Null)
            .id();
        let _ = app
            .as_user(User::MANAGER)
            .post(&seed.path_to("sign-off"), &json!({"snapshot": "export"}))
            .expect_ok();
        let assert_shown = |expected: &[&str], stage: &str| {
            assert_entries_shown(app, &seed, &frozen, expected, stage);
        };
        assert_shown(&["missed the school nurse", "a burn", "weighed"], "frozen");
        app.advance_days(5);
        assert_shown(&["missed the school nurse", "weighed"], "expired");
        app.run_background_jobs();
        assert_shown(&["missed the school nurse", "weighed"], "deleted");
        let listed = owner.get(&seed.path_to("consolidations")).expect_ok();
        assert_eq!(
            listed["items"][0]["entry_count"], 2,
            "the stored count no longer includes it: {listed}"
        );
        // After sign-off nothing can be withdrawn; after reopening it can.
        let _ = app
            .as_user(User::MANAGER)
            .post(&seed.path_to("reopen"), &with_reason(json!({})))
            .expect_ok();
        assert_eq!(
            app.as_user(User::VISITOR)
                .delete(&format!("/v1/fragments/{visitor}"), Some(1))
                .status,
            204
        );
        let view = owner.get(&seed.path_to(&format!("consolidations/{frozen}")));
        assert!(
            view.text().contains("missed the school nurse") && !view.text().contains("weighed")
        );
        assert_eq!(
            owner.get(&seed.path_to("consolidations")).expect_ok()["items"][0]["entry_count"],
            1
        );
    }

    fn hold_on_a_child_keeps_child_and_family(app) {
        let _ = app.sign_in_all_users();
        let owner = app.as_user(User::OWNER);
        let create = |body: &Value| owner.post("/v1/people", body).id();
        let held = create(&behaviour::inputs::child("Orla", "2019-05-14", 0));
        let free = create(&adult("Rhys", "male"));
        let mother = create(&adult("Ffion", "female"));
        let without_family = create(&behaviour::inputs::child("Mali", "2018-01-01", 9));
        for (label, members) in [
            ("Canary held", vec![&held, &mother]),
            ("Canary free", vec![&free]),
        ] {
            let _ = owner
                .post("/v1/families", &json!({"label": label, "members": members}))
                .expect_ok();
        }
        let holds = [&held, &without_family].map(|child| {
            let body = json!({
                "scope": "child", "target_id": child, "reason": "Canary: an order",
                "review_at": app.in_days(90),
            });
            app.as_user(User::MANAGER).post("/v1/holds", &body).id()
        });
        for days in [14, 2] {
            app.advance_days(days);
            app.run_background_jobs();
            let counts = raw_db::row_counts(app);
            assert_eq!(
                (counts["people"], counts["families"]),
                (3, 1),
                "both held children and the mother of one"
            );
            assert_eq!(
                owner.get(&format!("/v1/people/{held}")).status,
                404,
                "a held but expired person is not served"
            );
            assert!(
                app.stored_keys().iter().any(|key| key.starts_with("epoch")),
                "the epoch key is kept"
            );
        }
        for hold in holds {
            let release = format!("/v1/holds/{hold}/release");
            let _ = app
                .as_user(User::MANAGER)
                .post(&release, &json!({"reason": "Canary: discharged"}))
                .expect_ok();
        }
        app.run_background_jobs();
        app.run_background_jobs();
        let counts = raw_db::row_counts(app);
        assert_eq!(
            (counts["people"], counts["families"], counts["person_keys"]),
            (0, 0, 0)
        );
        // The epoch that the reasons of the holds belong to ends last.
        app.advance_days(600);
        app.run_background_jobs();
        assert_eq!(app.expiring_keys(), Vec::<String>::new());
    }

    fn business_support_cannot_grant_itself_access(app) {
        let seed = app.seed();
        let support = app.as_user(User::SUPPORT);
        let me = seed.people[User::SUPPORT.name].clone();
        let current = current_version(app, User::SUPPORT, &seed.path);
        for (body, pointer) in [
            (json!({"team": [me]}), "/team"),
            (json!({"team": []}), "/team"),
            (json!({"owner_id": me}), "/owner_id"),
        ] {
            let refused = support.patch(&seed.path, current, &body);
            assert!(
                refused.status == 422
                    && refused
                        .field_errors()
                        .contains(&(pointer.into(), "not_yours".into())),
                "{body}: {}",
                refused.text()
            );
        }
        let own = json!({"agency_id": seed.agencies["care"], "practitioners": [me]});
        let refused = support.post(&seed.path_to("invitations"), &own);
        assert_eq!(
            (refused.status, refused.problem()),
            (422, invalid_field("/practitioners", "not_yours")),
            "{}",
            refused.text()
        );
        let invitation = support
            .post(
                &seed.path_to("invitations"),
                &json!({"agency_id": seed.agencies["care"]}),
            )
            .id();
        let path = format!("/v1/invitations/{invitation}");
        let refused = support.patch(
            &path,
            current_version(app, User::SUPPORT, &path),
            &json!({"practitioners": [me]}),
        );
        assert_eq!(
            (refused.status, refused.problem()),
            (422, invalid_field("/practitioners", "not_yours")),
            "{}",
            refused.text()
        );
        assert_eq!(support.get(&seed.path_to("timeline")).status, 404);
        // Changing the question is still allowed.
        let _ = support
            .patch(
                &seed.path,
                current_version(app, User::SUPPORT, &seed.path),
                &json!({"question": "Canary?"}),
            )
            .expect_ok();
    }

    fn lead_of_owning_agency_sees_only_its_own_invitation(app) {
        let mut seed = app.seed();
        let _ = app.as_user(CARE_LEAD).get("/v1/me").expect_ok();
        let care = invite(app, &seed, "care", &[]).id();
        seed.invitations.insert("care", care.clone());
        let lead = app.as_user(CARE_LEAD);
        let listed = lead.get(&seed.path_to("invitations")).expect_ok();
        let ids: Vec<&Value> = listed["items"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| &one["id"])
            .collect();
        assert_eq!(ids, [&json!(care)]);
        assert!(
            lead.get(&seed.path).expect_ok().get("team").is_none(),
            "the team is shown to the owning side only"
        );
        for agency in ["surgery", "school"] {
            let path = seed.invitation_path(agency);
            let current = current_version(app, User::OWNER, &path);
            for body in [json!({"practitioners": []}), json!({"message": "Canary"})] {
                assert_eq!(
                    lead.patch(&path, current, &body).status,
                    404,
                    "{agency}: {body}"
                );
            }
            assert_eq!(lead.get(&path).status, 404, "{agency}");
        }
        let path = seed.invitation_path("care");
        let refused = lead.patch(
            &path,
            current_version(app, CARE_LEAD, &path),
            &json!({"message": "Canary"}),
        );
        assert_eq!(
            refused.problem(),
            invalid_field("/message", "not_yours"),
            "{}",
            refused.text()
        );
    }

    fn expired_fragment_no_longer_answers_the_invitation(app) {
        let seed = app.seed();
        let surgery = seed.invitation_path("surgery");
        let submit_and_let_expire = |days: u64, expected: &str| {
            let body = with_members(burn_fragment(), json!({"expires_at": app.in_days(days)}));
            let _ = app
                .as_user(User::WAITING)
                .post(&seed.path_to("fragments"), &body)
                .expect_status(201);
            assert_eq!(
                app.as_user(User::WAITING).get(&surgery).expect_ok()["state"],
                "submitted"
            );
            assert_eq!(
                app.as_user(User::WAITING)
                    .get(&seed.path_to("timeline"))
                    .status,
                200
            );
            app.advance_days(days);
            app.run_background_jobs();
            let body = app.as_user(User::WAITING).get(&surgery).expect_ok();
            assert_eq!(body["state"], expected);
            assert!(body.get("answered_at").is_none(), "{body}");
            assert!(is_own_return_missing(app, &seed), "{expected}");
        };
        submit_and_let_expire(2, "drafting");
        submit_and_let_expire(12, "overdue");
    }

    fn consolidating_is_recorded_as_reading(app) {
        let seed = app.seed();
        let team_member_is_listed = || {
            let readers = app
                .as_user(User::OWNER)
                .get(&seed.path_to("readers"))
                .expect_ok();
            let team_member = json!(seed.people[User::TEAM.name]);
            readers["items"].as_array().is_some_and(|items| {
                items
                    .iter()
                    .any(|reader| reader["practitioner_id"] == team_member)
            })
        };
        assert!(!team_member_is_listed());
        let frozen = app
            .as_user(User::TEAM)
            .post(&seed.path_to("consolidations"), &Value::Null);
        assert!(
            frozen.text().contains("missed the school nurse"),
            "the response shows the timeline"
        );
        assert!(team_member_is_listed());
    }

    fn etag_changes_when_an_embedded_person_changes(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let path = format!("/v1/families/{}", seed.family);
        let first = owner.get(&path);
        let tag = first.header("etag").expect("a tag");
        assert_eq!(owner.get_if_none_match(&path, tag).status, 304);
        let _ = owner
            .put(
                &format!("/v1/people/{}", seed.father),
                Some(1),
                &adult("Dewi", "male"),
            )
            .expect_ok();
        let after = owner.get_if_none_match(&path, tag);
        assert_eq!(after.status, 200, "the name of a member has changed");
        assert!(after.text().contains("CanaryDewi") && !first.text().contains("CanaryDewi"));
        assert_eq!(
            after.version(),
            first.version(),
            "the family itself has not changed"
        );
        assert_eq!(
            owner
                .get_if_none_match(&path, after.header("etag").expect("a tag"))
                .status,
            304
        );
    }

    fn fragments_of_one_agency_per_chronology_are_limited(app) {
        let seed = app.seed();
        let waiting = app.as_user(User::WAITING);
        let send = |n: usize| {
            let body = with_members(
                burn_fragment(),
                json!({"agency_reference": format!("GP-{n}")}),
            );
            waiting.post(&seed.path_to("fragments"), &body)
        };
        let first = send(1).id();
        for n in 2..=100 {
            assert_eq!(send(n).status, 201, "{n}");
        }
        let refused = send(101);
        assert_eq!(
            (refused.status, refused.problem()),
            (422, invalid_field("", "too_many_fragments"))
        );
        assert_eq!(
            send(100).expect_status(200)["outcome"],
            "unchanged",
            "an existing fragment can be sent again"
        );
        assert_eq!(
            app.as_user(User::VISITOR)
                .post(&seed.path_to("fragments"), &burn_fragment())
                .status,
            201,
            "the limit is per agency"
        );
        assert_eq!(
            waiting
                .delete(&format!("/v1/fragments/{first}"), Some(1))
                .status,
            204
        );
        assert_eq!(send(101).status, 201);
    }
}
