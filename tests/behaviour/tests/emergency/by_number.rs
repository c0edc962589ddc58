//! Emergency access opened by a child's number.

use behaviour::inputs::{child, chronology, nhs_number, with_members};
use behaviour::{Seed, TestApp, User, on_both, raw_db};
use serde_json::{Value, json};

use super::{
    DUTY, HOLDER, PATH, access_path, emergency_request, find_audit_record, open_emergency_access,
    request_for_chronology, response_items,
};

/// Records a child of another partnership, a child without a chronology, and a number in two
/// families with a chronology each. Returns the id of the second chronology.
fn create_unusable_numbers(app: &TestApp, seed: &Seed) -> String {
    let _ = app
        .as_user(User::FOREIGNER)
        .post("/v1/people", &child("Mora", "2018-01-01", 7))
        .id();
    let _ = app
        .as_user(User::OWNER)
        .post("/v1/people", &child("Vena", "2018-01-01", 8))
        .id();
    let same_number = app
        .as_user(User::OWNER)
        .post("/v1/people", &child("Nessa", "2017-03-02", 1))
        .id();
    let family = app
        .as_user(User::OWNER)
        .post(
            "/v1/families",
            &json!({"label": "Canary other family", "members": [same_number]}),
        )
        .id();
    let other = app
        .as_user(User::OWNER)
        .post("/v1/chronologies", &chronology(&family, &[]))
        .id();
    let _ = app
        .as_user(User::OWNER)
        .post(
            &format!("/v1/chronologies/{other}/invitations"),
            &json!({"agency_id": seed.agencies["camhs"], "practitioners": []}),
        )
        .id();
    let _ = app
        .as_user(User::OWNER)
        .post(&format!("/v1/chronologies/{other}/open"), &Value::Null)
        .expect_ok();
    other
}

/// Opens an emergency access by a number that leads to no chronology: it is recorded and alerted
/// like any other, and gives access to neither chronology.
fn assert_nothing_opened(app: &TestApp, seed: &Seed, other: &str, holder: User, target: &Value) {
    let response = app
        .as_user(holder)
        .post(PATH, &emergency_request(target.clone()));
    let access = response.expect_status(201);
    assert_eq!(
        (&access["chronologies"], &access["active"], &access["state"]),
        (&json!([]), &json!(true), &json!("open")),
        "{target}"
    );
    let record = find_audit_record(app, &response);
    assert_eq!(
        (
            &record["operation"],
            &record["outcome"],
            &record["object_id"]
        ),
        (
            &json!("emergency_access.open"),
            &json!("allowed"),
            &access["id"]
        ),
        "{target}"
    );
    let alert = response_items(&app.as_user(User::AUDITOR).get("/v1/alerts"))
        .into_iter()
        .find(|alert| alert["id"] == access["id"])
        .expect("an alert");
    assert_eq!(
        (&alert["chronology_ids"], &alert["active"]),
        (&json!([]), &json!(true)),
        "{target}"
    );
    for path in [
        seed.path_to("timeline"),
        format!("/v1/chronologies/{other}/timeline"),
    ] {
        assert_eq!(
            app.as_user(holder).get(&path).status,
            404,
            "{target} {path}"
        );
    }
    assert_eq!(
        app.as_user(holder)
            .get(&access_path(&access, ""))
            .expect_ok()["chronologies"],
        json!([]),
        "{target}"
    );
}

on_both! {
    fn nhs_number_opens_every_open_chronology_of_the_child(app) {
        let seed = app.seed();
        let other = app
            .as_user(User::OWNER)
            .post("/v1/chronologies", &chronology(&seed.family, &[]))
            .id();
        let second = format!("/v1/chronologies/{other}");
        let _ = app
            .as_user(User::OWNER)
            .post(
                &format!("{second}/invitations"),
                &json!({"agency_id": seed.agencies["camhs"], "practitioners": []}),
            )
            .id();
        let _ = app
            .as_user(User::OWNER)
            .post(&format!("{second}/open"), &Value::Null)
            .expect_ok();
        let access = open_emergency_access(
            app,
            HOLDER,
            &emergency_request(json!({"nhs_number": nhs_number(0)})),
        );
        assert_eq!(access["chronologies"].as_array().map(Vec::len), Some(2));
        for path in [&seed.path, &second] {
            assert_eq!(
                app.as_user(HOLDER).get(&format!("{path}/timeline")).status,
                200
            );
        }
        let number = nhs_number(0);
        assert!(
            !access.to_string().contains(&number),
            "the response does not contain the number"
        );
        assert!(
            !raw_db::contains_plaintext(app, &number)
                && !raw_db::contains_plaintext(app, "not seen since noon"),
            "the number and the reason are not stored in clear"
        );
        for invalid in [
            json!({}),
            json!({"chronology_id": seed.chronology, "upn": "B801200005001"}),
        ] {
            assert_eq!(
                app.as_user(HOLDER)
                    .post(PATH, &emergency_request(invalid))
                    .field_errors()[0]
                    .1,
                "one_target"
            );
        }
        for (target, pointer) in [
            (json!({"nhs_number": "9434765918"}), "/nhs_number"),
            (json!({"upn": "A801200005001"}), "/upn"),
        ] {
            assert_eq!(
                app.as_user(HOLDER)
                    .post(PATH, &emergency_request(target))
                    .field_errors(),
                [(pointer.to_owned(), "check_digit".to_owned())]
            );
        }
        let blank = with_members(request_for_chronology(&seed), json!({"reason": "  "}));
        assert_eq!(
            app.as_user(HOLDER).post(PATH, &blank).field_errors()[0].0,
            "/reason"
        );
    }

    fn unknown_or_ambiguous_number_opens_nothing_but_is_recorded(app) {
        let seed = app.seed();
        let other = create_unusable_numbers(app, &seed);
        let targets = [
            json!({"nhs_number": nhs_number(9)}),
            json!({"nhs_number": nhs_number(7)}),
            json!({"nhs_number": nhs_number(8)}),
            json!({"upn": "B801200005001"}),
            json!({"nhs_number": nhs_number(1)}),
        ];
        for (round, target) in targets.iter().enumerate() {
            let holder = if round % 2 == 0 { HOLDER } else { DUTY };
            assert_nothing_opened(app, &seed, &other, holder, target);
            app.advance_seconds(1);
        }
        // The response has the same members whether or not a chronology was found.
        let member_names = |access: Value| {
            access
                .as_object()
                .expect("an object")
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        let known = open_emergency_access(
            app,
            HOLDER,
            &emergency_request(json!({"nhs_number": nhs_number(0)})),
        );
        assert_eq!(known["chronologies"].as_array().map(Vec::len), Some(1));
        app.advance_seconds(1);
        assert_eq!(
            member_names(known),
            member_names(open_emergency_access(
                app,
                DUTY,
                &emergency_request(json!({"nhs_number": nhs_number(9)}))
            ))
        );
    }

    fn person_recorded_by_another_agency_does_not_make_the_number_ambiguous(app) {
        let seed = app.seed();
        let _ = app
            .as_user(User::RETURNED)
            .post("/v1/people", &child("Orla", "2019-05-14", 0))
            .id();
        let access = open_emergency_access(
            app,
            HOLDER,
            &emergency_request(json!({"nhs_number": nhs_number(0)})),
        );
        assert_eq!(
            access["chronologies"][0]["chronology_id"],
            json!(seed.chronology)
        );
    }
}
