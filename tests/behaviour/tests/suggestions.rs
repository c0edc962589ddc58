//! Suggestions that two rows are the same event: shown on both rows and listed, accepted or refused
//! by one decision, restored exactly when it is withdrawn, and without any effect for users who may
//! not see one of the entries.

use behaviour::inputs::{
    entry, entry_with_category, fragment, suggested_pair, with_members, with_reason,
};
use behaviour::{Seed, TestApp, User, on_both};
use serde_json::{Value, json};

/// The users who may read the timeline once the police and the school have submitted.
const READERS: [User; 5] = [
    User::OWNER,
    User::MANAGER,
    User::TEAM,
    User::RETURNED,
    User::OFFICER,
];

/// Two fragments of one entry each: ids of the fragment and of the entry.
struct SubmittedPair {
    police: (String, String),
    school: (String, String),
}

/// Submits entries; returns the ids of the fragment and of its first entry.
fn submit(app: &TestApp, seed: &Seed, user: User, entries: &[Value]) -> (String, String) {
    let receipt = app
        .as_user(user)
        .post(&seed.path_to("fragments"), &fragment(entries))
        .expect_ok();
    let id = receipt["entries"][0]["id"].as_str().unwrap().to_owned();
    (receipt["fragment_id"].as_str().unwrap().to_owned(), id)
}

/// Submits the police's and the school's accounts, for which linkage makes a suggestion.
fn submit_pair(app: &TestApp, seed: &Seed) -> SubmittedPair {
    let [attended, heard] = suggested_pair().map(entry_with_category);
    let police = submit(app, seed, User::OFFICER, &[attended]);
    SubmittedPair {
        police,
        school: submit(app, seed, User::RETURNED, &[heard]),
    }
}

/// The bodies of the timeline and of the links that `user` is shown.
fn response_texts(app: &TestApp, seed: &Seed, user: User) -> [String; 2] {
    ["timeline", "links"].map(|what| {
        let response = app.as_user(user).get(&seed.path_to(what));
        assert_eq!(response.status, 200, "{}", response.text());
        response.text()
    })
}

fn timeline(app: &TestApp, seed: &Seed, user: User) -> Value {
    app.as_user(user).get(&seed.path_to("timeline")).expect_ok()
}

/// The row on which an entry stands.
fn row_of<'v>(view: &'v Value, entry: &str) -> &'v Value {
    let holds_entry = |row: &&Value| {
        row["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|account| account["entry_id"] == json!(entry))
    };
    view["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(holds_entry)
        .expect("every entry has a row")
}

/// The suggestions shown on the row of an entry.
fn suggestions_on_row(view: &Value, entry: &str) -> Vec<Value> {
    row_of(view, entry)["may_be_same"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

/// The suggestions among the links that `user` is shown.
fn list_suggestions(app: &TestApp, seed: &Seed, user: User) -> Vec<Value> {
    app.as_user(user).get(&seed.path_to("links")).expect_ok()["suggested"]
        .as_array()
        .cloned()
        .expect("the list is always there")
}

/// Answers the only suggestion by a decision about the entries that it lists; returns the id of the
/// decision.
fn answer_suggestion(app: &TestApp, seed: &Seed, verdict: &str) -> String {
    let listed = list_suggestions(app, seed, User::OWNER);
    assert_eq!(listed.len(), 1, "{listed:#?}");
    let body = json!({
        "decision": verdict, "entries": listed[0]["entries"], "with": listed[0]["with"],
        "reason": "Canary: asked both.",
    });
    app.as_user(User::OWNER)
        .post(&seed.path_to("link-decisions"), &body)
        .id()
}

fn withdraw_decision(app: &TestApp, seed: &Seed, id: &str) {
    let path = format!("{}/{id}/withdrawal", seed.path_to("link-decisions"));
    let _ = app
        .as_user(User::OWNER)
        .post(&path, &with_reason(json!({})))
        .expect_status(200);
}

/// Whether the pair is suggested; asserts that all readers are shown the same, on both rows and in
/// the list.
fn is_suggested(app: &TestApp, seed: &Seed, pair: &SubmittedPair) -> bool {
    let seen = READERS.map(|user| {
        let view = timeline(app, seed, user);
        let [police, school] = [&pair.police.1, &pair.school.1]
            .map(|entry| !suggestions_on_row(&view, entry).is_empty());
        let listed = !list_suggestions(app, seed, user).is_empty();
        assert_eq!(
            [police, school],
            [listed, listed],
            "{}: {view:#}",
            user.name
        );
        listed
    });
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    seen[0]
}

on_both! {
    fn suggestion_is_shown_on_both_rows_and_listed_with_evidence(app) {
        let seed = app.seed();
        let pair = submit_pair(app, &seed);
        assert!(is_suggested(app, &seed, &pair));
        for user in READERS {
            let view = timeline(app, &seed, user);
            let police = row_of(&view, &pair.police.1);
            let school = row_of(&view, &pair.school.1);
            assert_ne!(
                police["id"], school["id"],
                "two rows until somebody decides"
            );
            for (own, other) in [(police, school), (school, police)] {
                let pointer = &own["may_be_same"][0];
                assert_eq!(
                    (&pointer["row"], &pointer["sequence"]),
                    (&other["id"], &other["sequence"]),
                    "{}",
                    user.name
                );
                assert!(
                    !pointer["because"].as_array().unwrap().is_empty()
                        && pointer["despite"].is_array()
                );
            }
            let listed = list_suggestions(app, &seed, user);
            let id_list = |entry: &str| json!([entry]);
            assert_eq!(
                (&listed[0]["entries"], &listed[0]["with"]),
                (&id_list(&pair.police.1), &id_list(&pair.school.1))
            );
            assert_eq!(
                (&listed[0]["row"], &listed[0]["other_row"]),
                (&police["id"], &school["id"])
            );
            assert_eq!(listed[0]["evidence"], police["may_be_same"][0]["because"]);
            assert_eq!(listed[0]["despite"], police["may_be_same"][0]["despite"]);
        }
    }

    fn stored_suggestions_equal_recomputed_suggestions(app) {
        let seed = app.seed();
        let _ = submit_pair(app, &seed);
        app.service.linking.wait_for_links();
        let stored = READERS.map(|user| response_texts(app, &seed, user));
        app.db
            .write("delete links", store::event_links::delete_all)
            .unwrap();
        assert_eq!(READERS.map(|user| response_texts(app, &seed, user)), stored);
    }

    fn withdrawing_an_acceptance_restores_the_timeline(app) {
        let seed = app.seed();
        let pair = submit_pair(app, &seed);
        let before = READERS.map(|user| response_texts(app, &seed, user));
        let id = answer_suggestion(app, &seed, "same_event");
        for user in READERS {
            let view = timeline(app, &seed, user);
            let row = row_of(&view, &pair.police.1);
            assert_eq!(
                row["id"],
                row_of(&view, &pair.school.1)["id"],
                "{}",
                user.name
            );
            assert!(
                row["linked_because"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|fact| fact["code"] == json!("decided_same")),
                "{row}"
            );
        }
        assert!(!is_suggested(app, &seed, &pair));
        withdraw_decision(app, &seed, &id);
        assert_eq!(READERS.map(|user| response_texts(app, &seed, user)), before);
    }

    fn withdrawing_a_refusal_restores_the_suggestion(app) {
        let seed = app.seed();
        let pair = submit_pair(app, &seed);
        let before = READERS.map(|user| response_texts(app, &seed, user));
        let id = answer_suggestion(app, &seed, "different_events");
        assert!(!is_suggested(app, &seed, &pair));
        let view = timeline(app, &seed, User::OWNER);
        assert_ne!(
            row_of(&view, &pair.police.1)["id"],
            row_of(&view, &pair.school.1)["id"]
        );
        withdraw_decision(app, &seed, &id);
        assert_eq!(READERS.map(|user| response_texts(app, &seed, user)), before);
    }

    fn refusal_survives_corrections_and_later_submissions(app) {
        let seed = app.seed();
        let pair = submit_pair(app, &seed);
        let id = answer_suggestion(app, &seed, "different_events");
        let [attended, heard] = suggested_pair().map(behaviour::inputs::entry_with_category);
        let all = [
            (User::OFFICER, &pair.police, attended),
            (User::RETURNED, &pair.school, heard),
        ];
        for (user, (own, entry_id), account) in all {
            let corrected =
                with_members(account, json!({"outcome": "Canary: the landlord was told"}));
            let receipt = app
                .as_user(user)
                .put(
                    &format!("/v1/fragments/{own}"),
                    Some(1),
                    &fragment(&[corrected]),
                )
                .expect_ok();
            assert_eq!(
                receipt["entries"][0]["id"],
                json!(entry_id),
                "a corrected entry keeps its id"
            );
            assert!(!is_suggested(app, &seed, &pair), "{}", user.name);
        }
        let _ = submit(
            app,
            &seed,
            User::VISITOR,
            &[entry("weighed at home", "2026-01-13", &[&seed.twin])],
        );
        assert!(!is_suggested(app, &seed, &pair));
        withdraw_decision(app, &seed, &id);
        assert!(is_suggested(app, &seed, &pair), "the suggestion is back");
    }

    fn answer_applies_to_every_entry_of_a_row(app) {
        let seed = app.seed();
        let [attended, heard] = suggested_pair();
        let account_for = |child: &str, account: (&str, &str, &str)| {
            with_members(
                behaviour::inputs::entry_with_category(account),
                json!({"children": [child], "all_children": false}),
            )
        };
        // The police submit the account once for each twin.
        let (_, police) = submit(
            app,
            &seed,
            User::OFFICER,
            &[
                account_for(&seed.twin, attended),
                account_for(&seed.other_twin, attended),
            ],
        );
        let school = submit(
            app,
            &seed,
            User::RETURNED,
            &[behaviour::inputs::entry_with_category(heard)],
        );
        let pair = SubmittedPair {
            police: (String::new(), police),
            school,
        };
        let listed = list_suggestions(app, &seed, User::OWNER);
        let counts = ["entries", "with"].map(|side| listed[0][side].as_array().map(Vec::len));
        assert_eq!(counts, [Some(2), Some(1)], "{listed:#?}");
        let before = response_texts(app, &seed, User::RETURNED);
        let refused = answer_suggestion(app, &seed, "different_events");
        assert!(!is_suggested(app, &seed, &pair));
        withdraw_decision(app, &seed, &refused);
        let accepted = answer_suggestion(app, &seed, "same_event");
        let view = timeline(app, &seed, User::RETURNED);
        assert_eq!(
            row_of(&view, &pair.police.1)["id"],
            row_of(&view, &pair.school.1)["id"]
        );
        withdraw_decision(app, &seed, &accepted);
        assert_eq!(response_texts(app, &seed, User::RETURNED), before);
    }

    fn contributor_sees_suggestion_but_cannot_decide(app) {
        let seed = app.seed();
        let pair = submit_pair(app, &seed);
        let listed = list_suggestions(app, &seed, User::RETURNED);
        let body = json!({
            "decision": "same_event", "entries": listed[0]["entries"], "with": listed[0]["with"],
            "reason": "Canary",
        });
        let refused = app
            .as_user(User::RETURNED)
            .post(&seed.path_to("link-decisions"), &body);
        let absent = app
            .as_user(User::STRANGER)
            .post(&seed.path_to("link-decisions"), &body);
        assert_eq!(
            (refused.status, absent.status),
            (404, 404),
            "{}",
            refused.text()
        );
        assert!(is_suggested(app, &seed, &pair));
    }

    fn suggestion_about_hidden_entry_is_absent(app) {
        let seed = app.seed();
        let [attended, heard] = suggested_pair().map(entry_with_category);
        let (_, police) = submit(app, &seed, User::OFFICER, &[attended]);
        let others = [User::OFFICER, User::VISITOR];
        let _ = submit(
            app,
            &seed,
            User::VISITOR,
            &[entry("weighed at home", "2026-01-20", &[&seed.twin])],
        );
        let before = others.map(|user| response_texts(app, &seed, user));
        let marked = with_members(
            heard,
            json!({"handling": {"marking": "restricted", "named_agencies": []}}),
        );
        let (_, school) = submit(app, &seed, User::RETURNED, &[marked]);
        assert_eq!(
            suggestions_on_row(&timeline(app, &seed, User::OWNER), &police)[0]["row"],
            json!(school)
        );
        assert_eq!(others.map(|user| response_texts(app, &seed, user)), before);
        let id = answer_suggestion(app, &seed, "different_events");
        assert_eq!(others.map(|user| response_texts(app, &seed, user)), before);
        withdraw_decision(app, &seed, &id);
        let _ = answer_suggestion(app, &seed, "same_event");
        assert_eq!(others.map(|user| response_texts(app, &seed, user)), before);
    }

    fn quoting_a_filtered_row_is_recorded_as_disclosure(app) {
        let seed = app.seed();
        let pair = submit_pair(app, &seed);
        let [(_, _, category), (school_text, _, _)] = suggested_pair();
        let view = app
            .as_user(User::OWNER)
            .get(&seed.path_to(&format!("timeline?category={category}")))
            .expect_ok();
        assert_eq!(view["rows"].as_array().map(Vec::len), Some(1), "{view:#}");
        assert_eq!(
            suggestions_on_row(&view, &pair.police.1)[0]["row"],
            json!(pair.school.1)
        );
        let quoted = view["rows"][0]["may_be_same"].to_string();
        let readers = app
            .as_user(User::RETURNED)
            .get(&format!("/v1/fragments/{}/readers", pair.school.0))
            .expect_ok();
        let disclosures = readers["items"].as_array().unwrap().len();
        let repeats = school_text
            .split(' ')
            .any(|word| word.len() > 3 && quoted.contains(word));
        assert_eq!(
            disclosures,
            usize::from(repeats),
            "a reader who was shown a quotation is listed: {quoted} {readers}"
        );
    }

    fn frozen_view_omits_suggestions_about_withdrawn_entries(app) {
        let seed = app.seed();
        let pair = submit_pair(app, &seed);
        let frozen = app
            .as_user(User::OWNER)
            .post(&seed.path_to("consolidations"), &Value::Null)
            .id();
        let path = seed.path_to(&format!("consolidations/{frozen}"));
        let view = |user: User| app.as_user(user).get(&path).expect_ok()["view"].clone();
        assert_eq!(
            suggestions_on_row(&view(User::OWNER), &pair.police.1).len(),
            1
        );
        assert_eq!(
            app.as_user(User::RETURNED)
                .delete(&format!("/v1/fragments/{}", pair.school.0), Some(1))
                .status,
            204
        );
        for user in [User::OWNER, User::TEAM] {
            let left = view(user);
            assert!(
                suggestions_on_row(&left, &pair.police.1).is_empty(),
                "{left:#}"
            );
            let text = left.to_string();
            for word in ["broken", "quiet", "tired", &pair.school.1] {
                assert!(!text.contains(word), "{word} in {text}");
            }
        }
    }

    fn frozen_view_omits_suggestions_about_expired_entries(app) {
        let seed = app.seed();
        let [attended, heard] = suggested_pair().map(entry_with_category);
        let brief = with_members(fragment(&[heard]), json!({"expires_at": app.in_days(5)}));
        let school = app
            .as_user(User::RETURNED)
            .post(&seed.path_to("fragments"), &brief)
            .expect_ok()["entries"][0]["id"]
            .clone();
        let (_, police) = submit(app, &seed, User::OFFICER, &[attended]);
        let frozen = app
            .as_user(User::OWNER)
            .post(&seed.path_to("consolidations"), &Value::Null)
            .id();
        let path = seed.path_to(&format!("consolidations/{frozen}"));
        assert_eq!(
            suggestions_on_row(
                &app.as_user(User::OWNER).get(&path).expect_ok()["view"],
                &police
            )[0]["row"],
            school
        );
        app.advance_days(5);
        for stage in ["expired", "purged"] {
            let left = app.as_user(User::OWNER).get(&path);
            assert!(
                suggestions_on_row(&left.expect_ok()["view"], &police).is_empty(),
                "{stage}"
            );
            for word in ["broken", "quiet", "tired"] {
                assert!(
                    !left.text().contains(word),
                    "{stage}: {word} in {}",
                    left.text()
                );
            }
            app.run_background_jobs();
        }
    }

    fn evidence_is_not_stored_in_clear(app) {
        let seed = app.seed();
        let _ = submit_pair(app, &seed);
        app.service.linking.wait_for_links();
        let _ = READERS.map(|user| response_texts(app, &seed, user));
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("consolidations"), &Value::Null)
            .expect_ok();
        for word in ["mill lane", "door at home"] {
            assert!(!behaviour::raw_db::contains_plaintext(app, word), "{word}");
        }
    }
}
