//! Questions about possible matches, and the decisions that answer them.

use behaviour::inputs::{child, nhs_number, with_members, with_reason, with_value_at};
use behaviour::{User, on_both};
use serde_json::{Value, json};

use super::{
    child_without_nhs_number, decide, invite_and_open, items, links, possible_match, questions,
    record_family, rows, string_at, submit_in_advance, timeline, undo,
};

on_both! {
    fn nhs_number_of_another_child_raises_a_question(app) {
        let seed = app.seed_draft();
        // The name and birthday of one twin with the NHS number of the other.
        let (_, family) = record_family(app, User::WAITING, &[child("Orla", "2019-05-14", 1)]);
        let _ = submit_in_advance(app, User::WAITING, &family, "a burn");
        invite_and_open(app, &seed);
        assert_eq!((rows(app, &seed), links(app, &seed).len()), (0, 0));
        assert!(
            questions(app, &seed)
                .iter()
                .any(|item| item["ours"]["person_id"] == json!(seed.twin))
        );
    }

    fn question_shows_both_records_without_narrative(app) {
        let seed = app.seed_draft();
        // Everything agrees except the NHS number.
        let (people, family) = record_family(app, User::WAITING, &[child("Orla", "2019-05-14", 5)]);
        let id = submit_in_advance(app, User::WAITING, &family, "a burn with narrative");
        invite_and_open(app, &seed);
        let questions = questions(app, &seed);
        let [question] = questions.as_slice() else {
            panic!("one question: {questions:?}")
        };
        assert_eq!(
            (
                string_at(question, "/theirs/person_id"),
                string_at(question, "/ours/person_id")
            ),
            (people[0].as_str(), seed.twin.as_str())
        );
        assert_eq!(
            (
                string_at(question, "/theirs/birth/date"),
                string_at(question, "/theirs/name/given")
            ),
            ("2019-05-14", "CanaryOrla")
        );
        assert_eq!(
            (
                string_at(question, "/theirs/agency_id"),
                string_at(question, "/ours/agency_id")
            ),
            (
                seed.agencies["surgery"].as_str(),
                seed.agencies["care"].as_str()
            )
        );
        assert_eq!(
            (
                string_at(question, "/theirs/nhs_number"),
                string_at(question, "/ours/nhs_number")
            ),
            (nhs_number(5).as_str(), nhs_number(0).as_str())
        );
        assert_eq!(
            string_at(question, "/theirs/addresses/0/lines"),
            "4 Canary Row"
        );
        let evidence_texts: Vec<&str> = question["evidence"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| string_at(item, "/words"))
            .collect();
        assert!(
            evidence_texts.contains(&"The NHS numbers differ, and both could be right"),
            "{evidence_texts:?}"
        );
        let shown = question.to_string();
        assert!(
            !shown.contains("Refuge") && !shown.contains("burn"),
            "{shown}"
        );
        assert_eq!((rows(app, &seed), links(app, &seed).len()), (0, 0));
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&format!("/v1/fragments/{id}"))
                .status,
            404,
            "hidden until the question is answered"
        );
        // Withdrawing the fragment removes the question.
        assert_eq!(
            app.as_user(User::WAITING)
                .delete(&format!("/v1/fragments/{id}"), Some(1))
                .status,
            204
        );
        assert_eq!(items(app, &seed.path_to("questions")), [] as [Value; 0]);
    }

    fn answer_same_attaches_the_fragment(app) {
        let seed = app.seed_draft();
        let (people, family) = record_family(app, User::WAITING, &[possible_match()]);
        let id = submit_in_advance(app, User::WAITING, &family, "a burn");
        invite_and_open(app, &seed);
        let question = questions(app, &seed).remove(0);
        let body = json!({"question": question["id"], "decision": "same"});
        let missing = app
            .as_user(User::OWNER)
            .post(&seed.path_to("person-decisions"), &body);
        assert_eq!(
            missing.field_errors(),
            [("/reason".to_owned(), "required".to_owned())]
        );
        let response = decide(app, &seed, body.clone());
        let link = response.expect_status(201);
        assert_eq!(
            (
                response.version(),
                string_at(&link, "/decision"),
                string_at(&link, "/state")
            ),
            (2, "same", "standing")
        );
        assert_eq!(
            response.header("location"),
            Some(
                seed.path_to(&format!("person-links/{}", string_at(&link, "/id")))
                    .as_str()
            )
        );
        // The response has neither reason nor evidence, which can be read at the link.
        assert_eq!(
            (link["evidence"].clone(), link["steps"][1].get("reason")),
            (json!([]), None)
        );
        let stored_link = links(app, &seed).remove(0);
        assert_eq!(
            (
                string_at(&stored_link, "/decided_by"),
                string_at(&stored_link, "/steps/1/reason")
            ),
            (
                seed.people["OWNER"].as_str(),
                "Canary reason: the conference was moved."
            )
        );
        assert_ne!(stored_link["evidence"], json!([]));
        assert_eq!(
            with_members(stored_link, json!({"evidence": [], "steps": link["steps"]})),
            link
        );
        assert_eq!((rows(app, &seed), questions(app, &seed).len()), (1, 0));
        assert_eq!(
            app.as_user(User::WAITING)
                .get(&format!("/v1/fragments/{id}"))
                .expect_ok()["chronology_id"],
            json!(seed.chronology)
        );
        let view = app
            .as_user(User::OWNER)
            .get(&seed.path_to("timeline"))
            .expect_ok();
        assert_eq!(string_at(&view, "/rows/0/children/0/id"), seed.twin);
        assert_eq!(
            decide(app, &seed, body).field_errors()[0].1,
            "already_answered"
        );
        // A person cannot be linked to two people.
        let other = json!({
            "their_person_id": people[0], "our_person_id": seed.other_twin, "decision": "same",
        });
        assert_eq!(
            decide(app, &seed, other).field_errors()[0].1,
            "already_linked"
        );
    }

    fn answer_different_is_not_asked_again(app) {
        let seed = app.seed_draft();
        let (_, family) = record_family(app, User::WAITING, &[possible_match()]);
        let id = submit_in_advance(app, User::WAITING, &family, "a burn");
        invite_and_open(app, &seed);
        let question = questions(app, &seed).remove(0);
        let link = decide(
            app,
            &seed,
            json!({"question": question["id"], "decision": "different"}),
        )
        .expect_status(201);
        assert_eq!((rows(app, &seed), questions(app, &seed).len()), (0, 0));
        let _ = submit_in_advance(app, User::WAITING, &family, "another burn");
        assert_eq!(
            (rows(app, &seed), questions(app, &seed).len()),
            (0, 0),
            "later submissions do not ask again"
        );
        assert_eq!(
            app.as_user(User::WAITING)
                .get(&format!("/v1/fragments/{id}"))
                .expect_ok()
                .get("chronology_id"),
            None
        );
        // After the decision is undone, the question is open again.
        let undone = undo(app, &seed, &link).expect_status(200);
        assert_eq!(
            (string_at(&undone, "/state"), undone.get("decision")),
            ("open", None)
        );
        assert_eq!(questions(app, &seed).len(), 1);
    }

    fn decision_applies_to_later_submissions(app) {
        let seed = app.seed_draft();
        let (people, family) = record_family(app, User::WAITING, &[possible_match()]);
        let id = submit_in_advance(app, User::WAITING, &family, "a burn");
        invite_and_open(app, &seed);
        let question = questions(app, &seed).remove(0);
        let _ = decide(
            app,
            &seed,
            json!({"question": question["id"], "decision": "same"}),
        )
        .expect_status(201);
        let _ = submit_in_advance(app, User::WAITING, &family, "a graze");
        assert_eq!(
            items(app, &seed.path_to("fragments")).len(),
            2,
            "attached at once, without another question"
        );
        for fragment in items(app, &seed.path_to("fragments")) {
            let path = format!("/v1/fragments/{}", string_at(&fragment, "/id"));
            assert_eq!(
                app.as_user(User::WAITING).delete(&path, Some(1)).status,
                204
            );
        }
        assert_eq!(rows(app, &seed), 0);
        let again = submit_in_advance(app, User::WAITING, &family, "a burn");
        assert_ne!(again, id);
        assert_eq!((rows(app, &seed), questions(app, &seed).len()), (1, 0));
        assert_eq!(links(app, &seed)[0]["their_person_id"], json!(people[0]));
        // An automatic match that a person has separated is not made again.
        let link = links(app, &seed).remove(0);
        let _ = undo(app, &seed, &link).expect_status(200);
        let apart = json!({
            "their_person_id": people[0], "our_person_id": seed.twin, "decision": "different",
        });
        let _ = decide(app, &seed, apart).expect_status(201);
        let _ = submit_in_advance(app, User::WAITING, &family, "a cough");
        assert_eq!(rows(app, &seed), 0);
    }

    fn questions_are_paged(app) {
        let seed = app.seed_draft();
        for _ in 0..3 {
            let (_, family) = record_family(app, User::WAITING, &[possible_match()]);
            let _ = submit_in_advance(app, User::WAITING, &family, "a burn");
        }
        invite_and_open(app, &seed);
        let mut path = seed.path_to("questions?limit=2");
        let mut seen = Vec::new();
        for length in [2, 1] {
            let page = app.as_user(User::OWNER).get(&path).expect_ok();
            assert_eq!(page["items"].as_array().map(Vec::len), Some(length));
            seen.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|item| string_at(item, "/id").to_owned()),
            );
            path = seed.path_to(&format!(
                "questions?limit=2&cursor={}",
                string_at(&page, "/next").replace('+', "%2B")
            ));
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 3);
    }

    fn retried_decision_has_one_effect(app) {
        let seed = app.seed_draft();
        let (_, family) = record_family(app, User::WAITING, &[possible_match()]);
        let _ = submit_in_advance(app, User::WAITING, &family, "a burn");
        invite_and_open(app, &seed);
        let body =
            with_reason(json!({"question": questions(app, &seed)[0]["id"], "decision": "same"}));
        let owner = app.as_user(User::OWNER);
        let first = owner.post_with_key("once", &seed.path_to("person-decisions"), &body);
        let again = owner.post_with_key("once", &seed.path_to("person-decisions"), &body);
        assert_eq!(
            (
                first.status,
                again.status,
                again.header("idempotent-replayed")
            ),
            (201, 201, Some("true"))
        );
        assert_eq!((first.body, rows(app, &seed)), (again.body, 1));
    }

    fn answer_attaches_only_complete_families(app) {
        let seed = app.seed_draft();
        let client = app.as_user(User::WAITING);
        let record = |person: &Value| client.post("/v1/people", person).id();
        let stranger = with_value_at(
            with_value_at(
                child_without_nhs_number("", "2010-01-03"),
                "/name/given",
                json!("Peregrine"),
            ),
            "/name/family",
            json!("Quillfeather"),
        );
        let child = record(&possible_match());
        let stranger = record(&stranger);
        for (what, members) in [
            ("a burn", vec![&child, &stranger]),
            ("a graze", vec![&child]),
        ] {
            let family = client
                .post(
                    "/v1/families",
                    &json!({"label": "Canary", "members": members}),
                )
                .id();
            let _ = submit_in_advance(app, User::WAITING, &family, what);
            app.advance_seconds(60);
        }
        invite_and_open(app, &seed);
        let question = questions(app, &seed).remove(0);
        let _ = decide(
            app,
            &seed,
            json!({"question": question["id"], "decision": "same"}),
        )
        .expect_status(201);
        let shown = timeline(app, &seed);
        assert!(
            shown.contains("a graze") && !shown.contains("a burn"),
            "only the family whose members are all linked is attached"
        );
    }
}
