//! Person matching: an advance submission is attached to the chronology of its children, a person
//! decides where the match is uncertain, and every link can be undone.

use behaviour::inputs::{
    adult, child, entry, fragment, nhs_number, unborn_child, with_members, with_reason,
    with_value_at, without_member,
};
use behaviour::{ALL_USERS, ApiResponse, Seed, TestApp, User, on_both, raw_db};
use domain::Role;
use serde_json::{Value, json};

/// Records people and a family of them, as known to the user's agency; returns the ids of the
/// people and of the family.
fn record_family(app: &TestApp, user: User, people: &[Value]) -> (Vec<String>, String) {
    let client = app.as_user(user);
    let people: Vec<String> = people
        .iter()
        .map(|person| client.post("/v1/people", person).id())
        .collect();
    let family = client
        .post(
            "/v1/families",
            &json!({"label": "Canary family of ours", "members": people}),
        )
        .id();
    (people, family)
}

/// A child without an NHS number.
fn child_without_nhs_number(given: &str, birth_date: &str) -> Value {
    with_members(
        without_member(child(given, birth_date, 0), "/nhs_number"),
        json!({"no_nhs_number_reason": "not_known_to_agency"}),
    )
}

/// The elder twin with another year of birth and without NHS number or address: an uncertain match.
fn possible_match() -> Value {
    without_member(child_without_nhs_number("Orla", "2018-05-14"), "/addresses")
}

/// Submits an advance fragment with one entry about a family; returns its id.
fn submit_in_advance(app: &TestApp, user: User, family: &str, what: &str) -> String {
    let body = fragment(&[entry(what, "2026-02-03", &[])]);
    let body = with_members(
        body,
        json!({"family_id": family, "expires_at": app.in_days(80)}),
    );
    app.as_user(user).post("/v1/fragments", &body).id()
}

fn invite(app: &TestApp, seed: &Seed, agency: &str, user: User) {
    let body = json!({
        "agency_id": seed.agencies[agency], "practitioners": [seed.people[user.name]],
    });
    let _ = app
        .as_user(User::OWNER)
        .post(&seed.path_to("invitations"), &body)
        .expect_ok();
}

/// Invites the surgery and the health visitors, and opens the chronology.
fn invite_and_open(app: &TestApp, seed: &Seed) {
    invite(app, seed, "surgery", User::WAITING);
    invite(app, seed, "visitors", User::VISITOR);
    let _ = app
        .as_user(User::OWNER)
        .post(&seed.path_to("open"), &Value::Null)
        .expect_ok();
}

fn items(app: &TestApp, path: &str) -> Vec<Value> {
    app.as_user(User::OWNER).get(path).expect_ok()["items"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

fn questions(app: &TestApp, seed: &Seed) -> Vec<Value> {
    items(app, &seed.path_to("questions"))
}

fn links(app: &TestApp, seed: &Seed) -> Vec<Value> {
    items(app, &seed.path_to("person-links"))
}

fn rows(app: &TestApp, seed: &Seed) -> usize {
    app.as_user(User::OWNER)
        .get(&seed.path_to("timeline"))
        .expect_ok()["rows"]
        .as_array()
        .map_or(0, Vec::len)
}

/// The body of the timeline that the owner is shown.
fn timeline(app: &TestApp, seed: &Seed) -> String {
    app.as_user(User::OWNER)
        .get(&seed.path_to("timeline"))
        .text()
}

fn decide(app: &TestApp, seed: &Seed, body: Value) -> ApiResponse {
    app.as_user(User::OWNER)
        .post(&seed.path_to("person-decisions"), &with_reason(body))
}

fn undo(app: &TestApp, seed: &Seed, link: &Value) -> ApiResponse {
    let path = seed.path_to(&format!("person-links/{}", link["id"].as_str().unwrap()));
    app.as_user(User::OWNER).patch(
        &path,
        link["version"].as_i64(),
        &with_reason(json!({"state": "undone"})),
    )
}

/// The string at a JSON pointer; empty if there is none.
fn string_at<'a>(body: &'a Value, pointer: &str) -> &'a str {
    body.pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// An advance fragment that is attached to a chronology of which its sender must not learn.
struct HiddenAttachment {
    seed: Seed,
    /// The elder twin, the younger twin and the father, as the sender recorded them.
    people: Vec<String>,
    /// The sender's family of these people.
    family: String,
    /// The fragment as it was sent.
    body: Value,
    path: String,
    /// Path of a fragment by the same sender that matched nothing.
    control: String,
}

/// Submits an advance fragment by a practitioner who was not asked to contribute.
fn submit_without_access(app: &TestApp) -> HiddenAttachment {
    let seed = app.seed_draft();
    invite(app, &seed, "school", User::RETURNED);
    invite_and_open(app, &seed);
    // The children of the chronology, recorded by a practitioner who was not asked to
    // contribute.
    let client = app.as_user(User::UNNAMED);
    let until = app.in_days(80);
    let recorded = [
        child("Orla", "2019-05-14", 0),
        child("Isla", "2019-05-14", 1),
        adult("Dara", "male"),
    ];
    let (people, family) = record_family(app, User::UNNAMED, &recorded);
    let what = with_members(
        entry("a burn", "2026-02-03", &[&people[0], &people[1]]),
        json!({
            "adults": [{"person": people[2], "role": "father"}],
            "child_voice": {"words": "Canary words", "child": people[1]},
        }),
    );
    let body = with_members(
        fragment(&[what]),
        json!({"family_id": family, "expires_at": until, "child_id": people[1]}),
    );
    app.advance_seconds(60);
    let path = format!("/v1/fragments/{}", client.post("/v1/fragments", &body).id());
    // Their safeguarding lead answers for the agency and sees that the fragment is attached.
    let attached = app.as_user(User::LEAD).get(&path).expect_ok();
    assert_eq!(
        (string_at(&attached, "/chronology_id"), rows(app, &seed)),
        (seed.chronology.as_str(), 1)
    );
    let (_, unmatched_family) = record_family(
        app,
        User::UNNAMED,
        &[with_value_at(
            child_without_nhs_number("Zebedee", "2011-09-21"),
            "/name/family",
            json!("Quillfeather"),
        )],
    );
    let control_body = with_members(
        fragment(&[entry("a burn", "2026-02-03", &[])]),
        json!({"family_id": unmatched_family, "expires_at": until}),
    );
    let control = format!(
        "/v1/fragments/{}",
        client.post("/v1/fragments", &control_body).id()
    );
    HiddenAttachment {
        seed,
        people,
        family,
        body,
        path,
        control,
    }
}

/// To the sender the fragment looks as submitted, like the control fragment. Returns the control's
/// expiry.
fn assert_sender_sees_what_was_sent(app: &TestApp, sent: &HiddenAttachment) -> Value {
    let HiddenAttachment {
        seed,
        people,
        family,
        path,
        control,
        ..
    } = sent;
    let client = app.as_user(User::UNNAMED);
    app.advance_seconds(60);
    let seen = client.get(path).expect_ok();
    let plain = client.get(control).expect_ok();
    assert_eq!(
        (
            string_at(&seen, "/family_id"),
            string_at(&seen, "/child_id")
        ),
        (family.as_str(), people[1].as_str())
    );
    assert_eq!(
        [&seen["expires_at"], &seen["updated_at"]],
        [&plain["expires_at"], &plain["updated_at"]]
    );
    assert_eq!(
        (seen.get("chronology_id"), plain.get("chronology_id")),
        (None, None)
    );
    let mut children = people[..2].to_vec();
    children.sort();
    assert_eq!(
        (
            seen["entries"][0]["children"].clone(),
            string_at(&seen, "/entries/0/adults/0/person"),
            string_at(&seen, "/entries/0/child_voice/child")
        ),
        (json!(children), people[2].as_str(), people[1].as_str())
    );
    let versions = client.get(&format!("{path}/versions")).expect_ok();
    let list = client.get("/v1/fragments").expect_ok();
    let listed: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["id"] == seen["id"])
        .collect();
    assert_eq!(
        (
            listed.len(),
            listed[0]["family_id"].clone(),
            listed[0]["child_id"].clone(),
            listed[0].get("chronology_id")
        ),
        (1, json!(family), json!(people[1]), None)
    );
    assert_eq!(
        (
            listed[0]["updated_at"].clone(),
            listed[0]["expires_at"].clone()
        ),
        (seen["updated_at"].clone(), seen["expires_at"].clone())
    );
    let shown = [
        seen.to_string(),
        versions.to_string(),
        list.to_string(),
        client
            .get(&format!("{path}/versions/1"))
            .expect_ok()
            .to_string(),
    ]
    .concat();
    for id in [
        &seed.chronology,
        &seed.family,
        &seed.twin,
        &seed.other_twin,
        &seed.father,
    ] {
        assert!(!shown.contains(id.as_str()), "{shown}");
    }
    plain["expires_at"].clone()
}

/// The sender is shown the readers that the fragment would have if it had not been attached.
fn assert_readers_do_not_reveal_chronology(app: &TestApp, sent: &HiddenAttachment) {
    let HiddenAttachment {
        seed,
        path,
        control,
        ..
    } = sent;
    let _ = app
        .as_user(User::OWNER)
        .get(&seed.path_to("timeline"))
        .expect_ok();
    for path in [path, control] {
        let _ = app.as_user(User::LEAD).get(path).expect_ok();
    }
    let readers = |path: &str, user: User| {
        app.as_user(user)
            .get(&format!("{path}/readers"))
            .expect_ok()["items"]
            .as_array()
            .cloned()
            .unwrap()
    };
    let describe = |readers: &[Value]| -> Vec<String> {
        readers
            .iter()
            .map(|item| format!("{} {}", item["operation"], item["practitioner_id"]))
            .collect()
    };
    let sender_readers = readers(path, User::UNNAMED);
    let control_readers = readers(control, User::UNNAMED);
    assert!(
        !describe(&sender_readers)
            .iter()
            .any(|item| item.contains("timeline"))
            && sender_readers
                .iter()
                .all(|item| item.get("purpose").is_none() && item.get("reason").is_none()),
        "{sender_readers:?}"
    );
    assert_eq!(
        sender_readers[0]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        control_readers[0]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>()
    );
    assert!(
        describe(&readers(path, User::LEAD))
            .iter()
            .any(|item| item.contains("timeline")),
        "their lead, who knows of the chronology, sees the reads of the timeline"
    );
}

/// The sender corrects, extends and withdraws the fragment as before, without an effect on its
/// place in the chronology.
fn assert_changes_do_not_reveal_chronology(app: &TestApp, sent: &HiddenAttachment, expiry: &Value) {
    let HiddenAttachment {
        seed,
        people,
        body,
        path,
        ..
    } = sent;
    let client = app.as_user(User::UNNAMED);
    let changed = json!({
        "entries": [entry("a burn, healed", "2026-02-03", &[&people[1]])],
        "child_id": people[1],
    });
    let mut correction = with_members(body.clone(), changed);
    let _ = correction.as_object_mut().unwrap().remove("family_id");
    let corrected = client.put(path, Some(1), &correction).expect_ok();
    assert_eq!(
        (
            corrected.get("chronology_id"),
            &corrected["expires_at"],
            corrected["findings"].clone()
        ),
        (None, expiry, json!([]))
    );
    let attached = app.as_user(User::LEAD).get(path).expect_ok();
    assert_eq!(
        (
            string_at(&attached, "/child_id"),
            &attached["entries"][0]["children"]
        ),
        (seed.other_twin.as_str(), &json!([seed.other_twin]))
    );
    assert_eq!(
        attached["expires_at"],
        app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"]
    );
    let later = with_reason(json!({"expires_at": app.in_days(85)}));
    let extended = client.post(&format!("{path}/extend"), &later).expect_ok();
    assert_eq!(
        (extended.get("chronology_id"), &extended["expires_at"]),
        (None, &later["expires_at"])
    );
    let seen = client.get(path).expect_ok();
    assert_eq!(
        (&seen["expires_at"], &seen["entries"][0]["children"]),
        (&later["expires_at"], &json!([people[1]]))
    );
    assert_eq!(app.as_user(User::STRANGER).get(path).status, 404);
    assert_eq!(client.delete(path, Some(2)).status, 204);
    assert_eq!(rows(app, seed), 0);
}

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

    fn undoing_a_link_restores_the_timeline(app) {
        let seed = app.seed_draft();
        let owner = app.as_user(User::OWNER);
        invite(app, &seed, "visitors", User::VISITOR);
        let _ = owner.post(&seed.path_to("open"), &Value::Null).expect_ok();
        let body = fragment(&[entry("weighed", "2026-01-05", &[&seed.twin])]);
        let _ = app
            .as_user(User::VISITOR)
            .post(&seed.path_to("fragments"), &body)
            .expect_status(201);
        let dara = adult("Dara", "male");
        let (people, family) = record_family(
            app,
            User::WAITING,
            &[
                child("Orla", "2019-05-14", 0),
                child("Isla", "2019-05-14", 1),
                dara,
            ],
        );
        let about = |what: &str, children: &[&str]| {
            with_members(
                entry(what, "2026-02-03", children),
                json!({"adults": [{"person": people[2], "role": "father"}]}),
            )
        };
        let voice = json!({"words": "Canary words", "child": people[1]});
        let entries = [
            about("a burn", &[&people[1], &people[0]]),
            with_members(
                about("a graze", &[&people[1]]),
                json!({"child_voice": voice}),
            ),
        ];
        let body = with_members(
            fragment(&entries),
            json!({"family_id": family, "expires_at": app.in_days(80), "child_id": people[1]}),
        );
        let waiting = app.as_user(User::WAITING);
        let id = waiting.post("/v1/fragments", &body).id();
        let path = format!("/v1/fragments/{id}");
        let before_sent = waiting.get(&path).expect_ok();
        let _ = timeline(app, &seed);
        invite(app, &seed, "surgery", User::WAITING);
        assert_eq!(rows(app, &seed), 3);
        let all = links(app, &seed);
        assert_eq!(all.len(), 3);
        let link_of = |links: &[Value], id: &str| {
            links
                .iter()
                .find(|link| link["their_person_id"] == id)
                .cloned()
                .unwrap()
        };
        // Undoing the father's link leaves the fragment attached; he appears under his own id
        // again.
        let father = undo(app, &seed, &link_of(&all, &people[2])).expect_status(200);
        assert_eq!(
            (rows(app, &seed), string_at(&father, "/state")),
            (3, "undone")
        );
        assert!(timeline(app, &seed).contains(&people[2]));
        // Undoing a child's link detaches the fragment.
        let _ = undo(app, &seed, &link_of(&all, &people[0])).expect_status(200);
        let after_detaching = timeline(app, &seed);
        let detached = waiting.get(&path).expect_ok();
        let without_time = |body: &Value| with_members(body.clone(), json!({"updated_at": null}));
        assert_eq!(
            without_time(&detached),
            without_time(&before_sent),
            "as its agency submitted it"
        );
        assert_eq!(app.as_user(User::OWNER).get(&path).status, 404);
        assert!(!after_detaching.contains(&people[2]) && !after_detaching.contains("burn"));
        assert_eq!(
            links(app, &seed).len(),
            2,
            "links that only matching had made are deleted with it"
        );
        // Attached again by a decision and undone again, the timeline is the same byte for byte.
        let again =
            json!({"their_person_id": people[0], "our_person_id": seed.twin, "decision": "same"});
        let link = decide(app, &seed, again).expect_status(201);
        assert_eq!(rows(app, &seed), 3);
        let _ = undo(app, &seed, &link).expect_status(200);
        assert_eq!(timeline(app, &seed), after_detaching);
        let stale = undo(app, &seed, &link);
        assert_eq!(stale.status, 412);
        let now = owner
            .get(&seed.path_to(&format!("person-links/{}", string_at(&link, "/id"))))
            .expect_ok();
        assert_eq!(
            (string_at(&now, "/state"), undo(app, &seed, &now).status),
            ("undone", 409)
        );
    }

    fn automatic_link_can_be_separated_and_restored(app) {
        let seed = app.seed_draft();
        let (people, family) = record_family(
            app,
            User::WAITING,
            &[
                child("Orla", "2019-05-14", 0),
                child("Isla", "2019-05-14", 1),
            ],
        );
        let _ = submit_in_advance(app, User::WAITING, &family, "a burn");
        invite_and_open(app, &seed);
        let before = timeline(app, &seed);
        let pair = json!({"their_person_id": people[0], "our_person_id": seed.twin});
        let parted = decide(
            app,
            &seed,
            with_members(pair.clone(), json!({"decision": "different"})),
        )
        .expect_status(201);
        assert_eq!(
            (
                rows(app, &seed),
                string_at(&parted, "/decision"),
                links(app, &seed).len()
            ),
            (0, "different", 1)
        );
        assert_eq!(parted["version"], 2);
        let joined = undo(app, &seed, &parted).expect_status(200);
        assert_eq!(
            (
                string_at(&joined, "/state"),
                joined.get("decision"),
                joined["steps"].as_array().unwrap().len()
            ),
            ("standing", None, 3)
        );
        assert_eq!((timeline(app, &seed), links(app, &seed).len()), (before, 2));
        // Undoing a person's confirmation restores the automatic link.
        let confirmed =
            decide(app, &seed, with_members(pair, json!({"decision": "same"}))).expect_status(201);
        let again = undo(app, &seed, &confirmed).expect_status(200);
        assert_eq!(
            (string_at(&again, "/state"), rows(app, &seed)),
            ("standing", 1)
        );
        assert_eq!(
            (
                string_at(&undo(app, &seed, &again).expect_status(200), "/state"),
                rows(app, &seed)
            ),
            ("undone", 0)
        );
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

    fn undoing_a_link_restores_the_nil_return(app) {
        let seed = app.seed_draft();
        let (_, family) = record_family(app, User::WAITING, &[possible_match()]);
        let _ = submit_in_advance(app, User::WAITING, &family, "a burn");
        invite_and_open(app, &seed);
        let invitations = app
            .as_user(User::WAITING)
            .get("/v1/invitations")
            .expect_ok();
        let nil = format!(
            "/v1/invitations/{}/nil-return",
            string_at(&invitations, "/items/0/id")
        );
        let _ = app
            .as_user(User::WAITING)
            .post(&nil, &behaviour::inputs::nil_return())
            .expect_ok();
        let before = timeline(app, &seed);
        assert!(before.contains("nil_return"));
        let question = questions(app, &seed).remove(0);
        let link = decide(
            app,
            &seed,
            json!({"question": question["id"], "decision": "same"}),
        )
        .expect_status(201);
        assert!(!timeline(app, &seed).contains("nil_return"));
        let frozen = app
            .as_user(User::OWNER)
            .post(&seed.path_to("consolidations"), &Value::Null)
            .expect_ok();
        assert_eq!(
            string_at(&frozen, "/view/rows/0/accounts/0/what"),
            "Canary a burn"
        );
        let _ = undo(app, &seed, &link).expect_status(200);
        let path = seed.path_to(&format!("consolidations/{}", string_at(&frozen, "/id")));
        assert_eq!(
            app.as_user(User::OWNER).get(&path).expect_ok()["view"]["rows"],
            json!([]),
            "a detached fragment is in no frozen view"
        );
        let _ = app
            .as_user(User::MANAGER)
            .post(&seed.path_to("reopen"), &with_reason(json!({})))
            .expect_ok();
        assert_eq!(timeline(app, &seed), before);
        let invitation = format!("/v1/invitations/{}", string_at(&invitations, "/items/0/id"));
        assert_eq!(
            string_at(
                &app.as_user(User::OWNER).get(&invitation).expect_ok(),
                "/statement"
            ),
            "Canary: both systems searched."
        );
    }

    fn links_expire_with_their_fragment(app) {
        let seed = app.seed_draft();
        let (people, family) = record_family(app, User::WAITING, &[child("Orla", "2019-05-14", 0)]);
        let id = submit_in_advance(app, User::WAITING, &family, "a burn");
        let (_, uncertain_family) = record_family(app, User::VISITOR, &[possible_match()]);
        let _ = submit_in_advance(app, User::VISITOR, &uncertain_family, "a graze");
        invite_and_open(app, &seed);
        let end = |pointer: &str| string_at(&links(app, &seed)[0], pointer).to_owned();
        let chronology_end =
            app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"].clone();
        assert_eq!(json!(end("/expires_at")), chronology_end);
        // After an extension, the link follows its fragment, which keeps the expiry that its agency
        // chose.
        let later = with_reason(json!({"expires_at": app.in_days(120)}));
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("extend"), &later)
            .expect_ok();
        assert_eq!(
            app.as_user(User::WAITING)
                .get(&format!("/v1/fragments/{id}"))
                .expect_ok()["expires_at"],
            app.in_days(80)
        );
        assert_eq!(end("/expires_at"), app.in_days(80));
        assert_eq!(questions(app, &seed)[0]["expires_at"], app.in_days(80));
        // The sender's people are kept while the fragment may still be detached.
        app.advance_days(70);
        app.run_background_jobs();
        assert_eq!(
            app.as_user(User::WAITING)
                .get(&format!("/v1/people/{}", people[0]))
                .status,
            200
        );
        // When the agency changes the expiry, the link follows.
        let sooner = with_reason(json!({"expires_at": app.in_days(5)}));
        let _ = app
            .as_user(User::WAITING)
            .post(&format!("/v1/fragments/{id}/extend"), &sooner)
            .expect_ok();
        assert_eq!(end("/expires_at"), app.in_days(5));
        app.advance_days(5);
        for stage in ["before deletion", "after deletion"] {
            assert_eq!(links(app, &seed).len(), 0, "{stage}");
            app.run_background_jobs();
        }
        assert_eq!(
            raw_db::row_counts(app)["person_links"],
            1,
            "the question is left"
        );
        assert_eq!(
            app.as_user(User::WAITING)
                .get(&format!("/v1/people/{}", people[0]))
                .status,
            404
        );
        app.advance_days(5);
        assert_eq!(questions(app, &seed).len(), 0);
        app.run_background_jobs();
        let counts = raw_db::row_counts(app);
        assert_eq!(
            (
                counts["person_links"],
                counts["fragment_origins"],
                counts["families"]
            ),
            (0, 0, 1),
            "only the chronology's own family is left"
        );
        app.advance_days(100);
        app.run_background_jobs();
        assert_eq!(app.expiring_keys(), Vec::<String>::new());
    }

    fn links_and_keys_are_deleted_with_the_chronology(app) {
        let seed = app.seed_draft();
        let (_, family) = record_family(app, User::WAITING, &[child("Orla", "2019-05-14", 0)]);
        invite_and_open(app, &seed);
        app.advance_seconds(60);
        let id = submit_in_advance(app, User::WAITING, &family, "sent after the opening");
        assert_eq!((rows(app, &seed), links(app, &seed).len()), (1, 1));
        let withdrawn = submit_in_advance(app, User::WAITING, &family, "and withdrawn");
        assert_eq!(
            app.as_user(User::WAITING)
                .delete(&format!("/v1/fragments/{withdrawn}"), Some(1))
                .status,
            204
        );
        assert!(
            !app.stored_keys()
                .iter()
                .any(|key| *key == format!("scope-{withdrawn}"))
        );
        assert!(
            app.stored_keys()
                .iter()
                .any(|key| *key == format!("scope-{id}"))
        );
        app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"].clone());
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&seed.path_to("person-links"))
                .status,
            410
        );
        app.run_background_jobs();
        let counts = raw_db::row_counts(app);
        assert_eq!(
            (
                counts["person_links"],
                counts["fragment_origins"],
                counts["people"],
                counts["fragments"]
            ),
            (0, 0, 0, 0)
        );
        assert!(
            app.expiring_keys()
                .iter()
                .all(|key| key.starts_with("epoch")),
            "{:?}",
            app.expiring_keys()
        );
        app.advance_days(40);
        app.run_background_jobs();
        assert_eq!(app.expiring_keys(), Vec::<String>::new());
    }

    fn person_links_are_hidden_from_other_users(app) {
        let seed = app.seed_draft();
        let (people, family) = record_family(app, User::WAITING, &[possible_match()]);
        let _ = submit_in_advance(app, User::WAITING, &family, "a burn");
        let (_, plain) = record_family(app, User::VISITOR, &[child("Isla", "2019-05-14", 1)]);
        let _ = submit_in_advance(app, User::VISITOR, &plain, "a graze");
        invite_and_open(app, &seed);
        let link = links(app, &seed).remove(0);
        let lists = [seed.path_to("questions"), seed.path_to("person-links")];
        let item = seed.path_to(&format!("person-links/{}", string_at(&link, "/id")));
        let absent = seed
            .path
            .replace(&seed.chronology, "01999999-0000-7000-8000-000000000000");
        let decision = with_reason(
            json!({"their_person_id": people[0], "our_person_id": seed.twin, "decision": "same"}),
        );
        let change = with_reason(json!({"state": "undone"}));
        for user in ALL_USERS
            .iter()
            .copied()
            .filter(|user| *user != User::NOBODY)
        {
            let client = app.as_user(user);
            let reads = [User::OWNER, User::MANAGER, User::TEAM].contains(&user);
            for path in lists.iter().chain([&item]) {
                assert_eq!(
                    client.get(path).status,
                    if reads { 200 } else { 404 },
                    "{} {path}",
                    user.name
                );
            }
            if !reads {
                let existing = client.post(&seed.path_to("person-decisions"), &decision);
                let nonexistent = client.post(&format!("{absent}/person-decisions"), &decision);
                assert_eq!(
                    (existing.status, existing.body_without_request_fields()),
                    (404, nonexistent.body_without_request_fields()),
                    "{}",
                    user.name
                );
                assert_eq!(
                    client.patch(&item, Some(1), &change).status,
                    404,
                    "{}",
                    user.name
                );
            }
        }
        assert_eq!(links(app, &seed), [link]);
        assert_eq!(questions(app, &seed).len(), 1);
        // A person whom the owner may not see and one who does not exist get the same response.
        let (strangers, _) = record_family(
            app,
            User::STRANGER,
            &[child_without_nhs_number("Orla", "2019-05-14")],
        );
        let decide_same = |id: &str| {
            decide(
                app,
                &seed,
                json!({"their_person_id": id, "our_person_id": seed.twin, "decision": "same"}),
            )
        };
        let existing = decide_same(&strangers[0]);
        let nonexistent = decide_same("01999999-0000-7000-8000-000000000000");
        assert_eq!(
            (existing.status, existing.body_without_request_fields()),
            (422, nonexistent.body_without_request_fields())
        );
        let neither = decide(app, &seed, json!({"decision": "same"}));
        assert_eq!(
            neither.field_errors(),
            [(String::new(), "required".to_owned())]
        );
    }

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

    fn each_family_is_detached_by_its_own_links(app) {
        let seed = app.seed_draft();
        let waiting = app.as_user(User::WAITING);
        let person = |given: &str, number: usize| {
            waiting
                .post("/v1/people", &child(given, "2019-05-14", number))
                .id()
        };
        // The elder twin is recorded once, the younger twice, once for each family.
        let elder = person("Orla", 0);
        let younger = person("Isla", 1);
        let younger_again = person("Isla", 1);
        let family = |members: &[&String]| {
            waiting
                .post(
                    "/v1/families",
                    &json!({"label": "Canary", "members": members}),
                )
                .id()
        };
        let sent = |family: &str, what: &str, child: &String| {
            let when = format!("2026-02-{:02}", 3 * what.len());
            let body = with_members(
                fragment(&[entry(what, &when, &[child])]),
                json!({"family_id": family, "expires_at": app.in_days(80), "child_id": child}),
            );
            format!(
                "/v1/fragments/{}",
                waiting.post("/v1/fragments", &body).id()
            )
        };
        let paths = [
            sent(&family(&[&elder, &younger]), "a fall", &younger),
            sent(
                &family(&[&elder, &younger_again]),
                "weighed",
                &younger_again,
            ),
            sent(&family(&[&younger]), "measured", &younger),
        ];
        let shown = |path: &String| {
            with_members(waiting.get(path).expect_ok(), json!({"updated_at": null}))
        };
        let before: Vec<Value> = paths.iter().map(shown).collect();
        invite_and_open(app, &seed);
        assert_eq!((rows(app, &seed), links(app, &seed).len()), (3, 3));
        let link_of = |id: &str| {
            links(app, &seed)
                .into_iter()
                .find(|link| link["their_person_id"] == id)
                .unwrap()
        };
        let attached: Vec<Value> = paths.iter().map(shown).collect();
        let _ = undo(app, &seed, &link_of(&elder)).expect_status(200);
        // The third family consists of the younger twin only: it stays attached and can still be
        // detached.
        assert_eq!([shown(&paths[0]), shown(&paths[1])], before[..2]);
        assert_eq!(
            (rows(app, &seed), shown(&paths[2])),
            (1, attached[2].clone())
        );
        let again =
            json!({"their_person_id": elder, "our_person_id": seed.twin, "decision": "same"});
        let _ = decide(app, &seed, again).expect_status(201);
        assert_eq!(paths.iter().map(shown).collect::<Vec<_>>(), attached);
        let _ = undo(app, &seed, &link_of(&younger)).expect_status(200);
        assert_eq!(
            [shown(&paths[0]), shown(&paths[2])],
            [before[0].clone(), before[2].clone()]
        );
        assert_eq!(shown(&paths[1]), attached[1]);
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

    fn sender_without_access_does_not_learn_of_the_chronology(app) {
        let sent = submit_without_access(app);
        let expiry = assert_sender_sees_what_was_sent(app, &sent);
        assert_readers_do_not_reveal_chronology(app, &sent);
        assert_changes_do_not_reveal_chronology(app, &sent, &expiry);
    }

    fn fragment_naming_an_unrelated_person_cannot_be_detached(app) {
        let seed = app.seed_draft();
        let client = app.as_user(User::WAITING);
        let (people, family) = record_family(app, User::WAITING, &[child("Orla", "2019-05-14", 0)]);
        let path = format!(
            "/v1/fragments/{}",
            submit_in_advance(app, User::WAITING, &family, "a burn")
        );
        invite_and_open(app, &seed);
        let corrected = |children: &[&str], version: i64| {
            let entries = [
                entry("a burn", "2026-02-03", &[&seed.twin]),
                entry("a bite", "2026-02-09", children),
            ];
            let _ = client
                .put(&path, Some(version), &fragment(&entries))
                .expect_ok();
        };
        corrected(&[&seed.other_twin], 1);
        let before = timeline(app, &seed);
        let link = links(app, &seed).remove(0);
        let refused = undo(app, &seed, &link);
        assert_eq!(
            (refused.status, refused.field_errors()[0].1.as_str()),
            (409, "corrected_since")
        );
        assert_eq!(
            (timeline(app, &seed), links(app, &seed)),
            (before, vec![link.clone()])
        );
        // After another correction it is detached, whatever its earlier versions contain.
        corrected(&[&seed.twin], 2);
        let _ = undo(app, &seed, &link).expect_status(200);
        let back = client.get(&path).expect_ok();
        assert_eq!(
            (
                string_at(&back, "/family_id"),
                back.get("chronology_id"),
                back["entries"].as_array().map(Vec::len)
            ),
            (family.as_str(), None, Some(2))
        );
        assert!(
            back["entries"]
                .as_array()
                .unwrap()
                .iter()
                .all(|item| item["children"] == json!([people[0]])),
            "{back}"
        );
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
