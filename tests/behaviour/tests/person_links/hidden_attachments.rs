//! Users without access learn nothing of links, and a sender who was not asked to contribute does
//! not learn that a fragment is attached.

use behaviour::inputs::{adult, child, entry, fragment, with_members, with_reason, with_value_at};
use behaviour::{ALL_USERS, Seed, TestApp, User, on_both};
use serde_json::{Value, json};

use super::{
    child_without_nhs_number, decide, invite, invite_and_open, links, possible_match, questions,
    record_family, rows, string_at, submit_in_advance,
};

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
    assert_lists_show_what_was_sent(app, sent, &seen);
    plain["expires_at"].clone()
}

/// Lists and versions agree with the fragment `seen`, and nothing names the chronology or its
/// people.
fn assert_lists_show_what_was_sent(app: &TestApp, sent: &HiddenAttachment, seen: &Value) {
    let HiddenAttachment {
        seed,
        people,
        family,
        path,
        ..
    } = sent;
    let client = app.as_user(User::UNNAMED);
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

    fn sender_without_access_does_not_learn_of_the_chronology(app) {
        let sent = submit_without_access(app);
        let expiry = assert_sender_sees_what_was_sent(app, &sent);
        assert_readers_do_not_reveal_chronology(app, &sent);
        assert_changes_do_not_reveal_chronology(app, &sent, &expiry);
    }
}
