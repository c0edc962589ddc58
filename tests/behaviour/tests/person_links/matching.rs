//! What matching attaches on its own, and what it leaves alone.

use behaviour::inputs::{adult, child, entry, fragment, unborn_child, with_members, with_value_at};
use behaviour::{User, on_both, raw_db};
use domain::Role;
use serde_json::{Value, json};

use super::{
    child_without_nhs_number, decide, invite_and_open, links, possible_match, questions,
    record_family, rows, string_at, submit_in_advance, timeline,
};

on_both! {
    fn clear_matches_are_attached_with_evidence(app) {
        let seed = app.seed_draft();
        let (people, family) = record_family(
            app,
            User::WAITING,
            &[child("Orla", "2019-05-14", 0), adult("Dara", "male")],
        );
        let id = submit_in_advance(app, User::WAITING, &family, "a burn");
        invite_and_open(app, &seed);
        assert_eq!(rows(app, &seed), 1);
        assert_eq!(questions(app, &seed), [] as [Value; 0]);
        let links = links(app, &seed);
        assert_eq!(
            links.len(),
            2,
            "links for the child and the father: {links:?}"
        );
        let link_of = |id: &str| {
            links
                .iter()
                .find(|link| link["their_person_id"] == id)
                .unwrap()
        };
        let child = link_of(&people[0]);
        let father = link_of(&people[1]);
        assert_eq!(
            (
                string_at(child, "/our_person_id"),
                string_at(father, "/our_person_id")
            ),
            (seed.twin.as_str(), seed.father.as_str())
        );
        assert_eq!(
            (
                string_at(child, "/band"),
                string_at(child, "/state"),
                child.get("decision")
            ),
            ("match", "standing", None)
        );
        let evidence_texts: Vec<&str> = child["evidence"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| string_at(item, "/words"))
            .collect();
        assert!(
            evidence_texts.contains(&"The NHS number is the same")
                && evidence_texts.contains(&"The dates of birth are the same"),
            "{evidence_texts:?}"
        );
        assert!(
            child["evidence"]
                .as_array()
                .unwrap()
                .iter()
                .any(|item| item["weight"].as_i64().unwrap() > 0)
        );
        assert_eq!(string_at(child, "/steps/0/step"), "found");
        let path = seed.path_to(&format!("person-links/{}", string_at(child, "/id")));
        assert_eq!(app.as_user(User::OWNER).get(&path).version(), 1);
        assert_eq!(
            app.as_user(User::WAITING)
                .get(&format!("/v1/fragments/{id}"))
                .expect_ok()["child_id"],
            Value::Null
        );
        // The evidence repeats nothing of a record.
        assert!(
            !links.iter().any(|link| link.to_string().contains("Canary")),
            "{links:?}"
        );
    }

    fn twins_and_strangers_are_not_attached(app) {
        let seed = app.seed_draft();
        let unrelated_child = |given: &str| {
            with_value_at(
                child_without_nhs_number("", "2019-05-14"),
                "/name/given",
                json!(given),
            )
        };
        // Same birthday, family name and address, another given name: a twin, a sibling or somebody
        // else.
        let (_, family) = record_family(app, User::WAITING, &[unrelated_child("Marigold")]);
        let id = submit_in_advance(app, User::WAITING, &family, "a burn");
        // A clear match together with a child whom this family does not have: not attached, and no
        // question.
        let (_, both) = record_family(
            app,
            User::WAITING,
            &[child("Orla", "2019-05-14", 0), unrelated_child("Marigold")],
        );
        let _ = submit_in_advance(app, User::WAITING, &both, "a graze");
        // A possible match together with a child whom this family does not have: no answer could
        // attach it.
        let (_, third) = record_family(
            app,
            User::VISITOR,
            &[
                possible_match(),
                with_value_at(
                    unrelated_child("Peregrine"),
                    "/birth/date",
                    json!("2010-01-03"),
                ),
            ],
        );
        let _ = submit_in_advance(app, User::VISITOR, &third, "a cough");
        invite_and_open(app, &seed);
        assert_eq!(
            (
                rows(app, &seed),
                links(app, &seed).len(),
                questions(app, &seed).len()
            ),
            (0, 0, 0)
        );
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&format!("/v1/fragments/{id}"))
                .status,
            404
        );
        assert_eq!(raw_db::row_counts(app)["person_links"], 0);
    }

    fn unborn_child_is_matched_by_its_mother(app) {
        let seed = app.seed_draft();
        let client = app.as_user(User::WAITING);
        let baby = |expected: &str| {
            client
                .post(
                    "/v1/people",
                    &with_members(unborn_child(expected), json!({"name": {"given": "Baby"}})),
                )
                .id()
        };
        let family = |baby: &str, mother: Value| {
            let mother = client.post("/v1/people", &mother).id();
            let relations = json!([{"from": mother, "kind": "mother_of", "to": baby}]);
            let body =
                json!({"label": "Canary", "members": [baby, mother], "relationships": relations});
            client.post("/v1/families", &body).id()
        };
        let same = baby("2026-07-03");
        let other = baby("2026-07-03");
        let _ = submit_in_advance(
            app,
            User::WAITING,
            &family(&same, adult("Ffion", "female")),
            "a scan",
        );
        let stranger = with_members(
            adult("", "female"),
            json!({"name": {"given": "Philippa", "family": "Quillfeather"}}),
        );
        let _ = submit_in_advance(
            app,
            User::WAITING,
            &family(&other, stranger),
            "a stranger's scan",
        );
        invite_and_open(app, &seed);
        // The baby is linked or asked about; the baby of the other mother is neither.
        let all: Vec<Value> = links(app, &seed)
            .into_iter()
            .chain(questions(app, &seed))
            .collect();
        let their_person = |item: &Value| {
            item["their_person_id"]
                .as_str()
                .or(item["theirs"]["person_id"].as_str())
                .unwrap()
                .to_owned()
        };
        assert!(all.iter().any(|item| their_person(item) == same), "{all:?}");
        assert!(
            all.iter().all(|item| their_person(item) != other),
            "{all:?}"
        );
    }

    fn families_without_shared_tokens_are_not_read(app) {
        let seed = app.seed_draft();
        let (_, family) = record_family(app, User::WAITING, &[child("Orla", "2019-05-14", 0)]);
        let _ = submit_in_advance(app, User::WAITING, &family, "a burn");
        let unrelated_child = |n: usize| {
            let birth_date = format!("20{:02}-{:02}-{:02}", 9 + n % 9, 1 + n % 4, 15 + n);
            let person = json!({
                "name": {"given": format!("Zebedee{n}"), "family": format!("Quillfeather{n}")},
                "birth": {"date": birth_date},
                "addresses": [
                    {"lines": format!("{n} Far Street"), "postcode": format!("ZY{n} 8ZZ")},
                ],
            });
            with_members(child("x", "2019-05-14", 20 + n), person)
        };
        for n in 0..8 {
            let (_, family) = record_family(app, User::WAITING, &[unrelated_child(n)]);
            let _ = submit_in_advance(app, User::WAITING, &family, "somebody else's");
        }
        // Records are made unreadable: reading one would fail, so none of them is read.
        let surgery_people = "SELECT p.id FROM people p \
                              JOIN practitioners w ON w.id = p.created_by \
                              JOIN agencies a ON a.id = w.agency_id WHERE a.code = 'surgery'";
        let matching_people = "SELECT person_id FROM person_keys WHERE kind = 'nhs_number' \
                               GROUP BY token, person_id HAVING token IN \
                               (SELECT token FROM person_keys \
                               WHERE kind = 'nhs_number' GROUP BY token HAVING count(*) > 1)";
        let corrupt = |empty: &str| {
            format!(
                "UPDATE people SET sealed = {empty} \
                 WHERE id IN ({surgery_people}) AND id NOT IN ({matching_people})"
            )
        };
        raw_db::execute(app, &corrupt("X''"), &corrupt("''::bytea"));
        invite_and_open(app, &seed);
        assert_eq!(
            (
                rows(app, &seed),
                links(app, &seed).len(),
                questions(app, &seed).len()
            ),
            (1, 1, 0)
        );
        assert_eq!(raw_db::row_counts(app)["person_links"], 1);
    }

    fn advance_submission_of_the_owning_agency_keeps_its_child(app) {
        let seed = app.seed_draft();
        let carer = User {
            name: "CARER",
            agency: "care",
            role: Role::Practitioner,
            offence_data: false,
        };
        let client = app.as_user(carer);
        let me = client.get("/v1/me").expect_ok();
        let body = fragment(&[entry("a burn", "2026-02-03", &[&seed.twin])]);
        let body = with_members(
            body,
            json!({"expires_at": app.in_days(5), "child_id": seed.twin}),
        );
        let path = format!(
            "/v1/fragments/{}",
            client
                .post(
                    "/v1/fragments",
                    &with_members(body.clone(), json!({"family_id": seed.family}))
                )
                .id()
        );
        let carers = json!({"agency_id": seed.agencies["care"], "practitioners": [me["id"]]});
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("invitations"), &carers)
            .expect_ok();
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("open"), &Value::Null)
            .expect_ok();
        let attached = app.as_user(User::OWNER).get(&path).expect_ok();
        assert_eq!(
            (
                string_at(&attached, "/chronology_id"),
                string_at(&attached, "/child_id")
            ),
            (seed.chronology.as_str(), seed.twin.as_str())
        );
        let again = client.post(&seed.path_to("fragments"), &body).expect_ok();
        assert_eq!(
            (string_at(&again, "/outcome"), rows(app, &seed)),
            ("unchanged", 1),
            "{again:?}"
        );
        // Two members of the family cannot be linked to each other.
        let before = timeline(app, &seed);
        let decide_same = |id: &str| {
            decide(
                app,
                &seed,
                json!({"their_person_id": id, "our_person_id": seed.twin, "decision": "same"}),
            )
        };
        let existing = decide_same(&seed.other_twin);
        let nonexistent = decide_same("01999999-0000-7000-8000-000000000000");
        assert_eq!(
            (existing.status, existing.body_without_request_fields()),
            (422, nonexistent.body_without_request_fields())
        );
        assert_eq!((links(app, &seed).len(), timeline(app, &seed)), (0, before));
    }
}
