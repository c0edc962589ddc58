//! Undoing a link detaches what it attached and restores what was shown before.

use behaviour::inputs::{adult, child, entry, fragment, with_members, with_reason};
use behaviour::{TestApp, User, on_both};
use serde_json::{Value, json};

use super::{
    decide, invite, invite_and_open, links, possible_match, questions, record_family, rows,
    string_at, submit_in_advance, timeline, undo,
};

/// An advance submission about both twins and their father, with the words of the younger twin.
fn advance_submission(app: &TestApp, family: &str, people: &[String]) -> Value {
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
    with_members(
        fragment(&entries),
        json!({"family_id": family, "expires_at": app.in_days(80), "child_id": people[1]}),
    )
}

on_both! {
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
        let body = advance_submission(app, &family, &people);
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
}
