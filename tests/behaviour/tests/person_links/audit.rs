//! Audit records of person links.

use behaviour::inputs::{child, nhs_number};
use behaviour::{User, on_both, raw_db};
use serde_json::json;

use super::{
    decide, invite_and_open, links, possible_match, questions, record_family, string_at,
    submit_in_advance, undo,
};

on_both! {
    fn every_step_is_audited_without_personal_data(app) {
        let seed = app.seed_draft();
        let (_, family) = record_family(app, User::WAITING, &[possible_match()]);
        let _ = submit_in_advance(app, User::WAITING, &family, "a burn");
        let (_, plain) = record_family(app, User::VISITOR, &[child("Isla", "2019-05-14", 1)]);
        let _ = submit_in_advance(app, User::VISITOR, &plain, "a graze");
        invite_and_open(app, &seed);
        let question = questions(app, &seed).remove(0);
        let link = decide(
            app,
            &seed,
            json!({"question": question["id"], "decision": "same"}),
        )
        .expect_status(201);
        let _ = undo(app, &seed, &link).expect_status(200);
        let audit = app
            .as_user(User::AUDITOR)
            .get(&format!(
                "/v1/audit?limit=500&chronology={}",
                seed.chronology
            ))
            .expect_ok();
        let operations: Vec<&str> = audit["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| string_at(item, "/operation"))
            .collect();
        for word in [
            "person_link.ask",
            "person_link.find",
            "person_link.read",
            "person_link.decide",
            "person_link.undo",
        ] {
            assert!(operations.contains(&word), "{word}: {operations:?}");
        }
        assert!(!audit.to_string().contains("Canary"));
        for needle in ["canary", &nhs_number(1)] {
            assert!(
                !raw_db::contains_plaintext(app, needle),
                "{needle} is stored in clear"
            );
        }
    }

    fn consequences_of_undoing_a_link_are_audited_once(app) {
        let seed = app.seed_draft();
        let twins = [
            child("Orla", "2019-05-14", 0),
            child("Isla", "2019-05-14", 1),
        ];
        let (people, family) = record_family(app, User::WAITING, &twins);
        let fragment = submit_in_advance(app, User::WAITING, &family, "a burn");
        invite_and_open(app, &seed);
        let all = links(app, &seed);
        let link_of = |id: &str| {
            all.iter()
                .find(|link| link["their_person_id"] == id)
                .unwrap()
        };
        let _ = undo(app, &seed, link_of(&people[0])).expect_status(200);
        let audit = app
            .as_user(User::AUDITOR)
            .get(&format!(
                "/v1/audit?limit=500&chronology={}",
                seed.chronology
            ))
            .expect_ok();
        let deleted_link = string_at(link_of(&people[1]), "/id");
        let expected_records = [
            ("fragment.take_in", fragment.as_str()),
            ("fragment.send_back", &fragment),
            ("person_link.forget", deleted_link),
        ];
        for (operation, object) in expected_records {
            let records = audit["items"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|item| item["operation"] == operation);
            let objects: Vec<&str> = records.map(|item| string_at(item, "/object_id")).collect();
            assert_eq!(objects, [object], "{operation}");
        }
    }
}
