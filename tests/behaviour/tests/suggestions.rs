//! Events that may be one: shown on both rows and listed, accepted or refused by one decision, taken back exactly, and
//! absent, in their effects too, for those who may not see an entry that they are about.

use behaviour::inputs::{entry, fragment, reason, suggested_pair, told, with};
use behaviour::{Seed, TestApp, User, on_both};
use serde_json::{Value, json};

/// Everybody who may read the timeline once the police and the school have returned.
const READERS: [User; 5] = [User::OWNER, User::MANAGER, User::TEAM, User::RETURNED, User::OFFICER];

/// The two fragments, with the ids of their entries.
struct Told {
    police: (String, String),
    school: (String, String),
}

fn submit(app: &TestApp, seed: &Seed, user: User, entries: &[Value]) -> (String, String) {
    let receipt = app.by(user).post(&seed.at("fragments"), &fragment(entries)).ok();
    let id = receipt["entries"][0]["id"].as_str().unwrap().to_owned();
    (receipt["fragment_id"].as_str().unwrap().to_owned(), id)
}

/// The police's account and the school's, which may tell one event.
fn tell(app: &TestApp, seed: &Seed) -> Told {
    let [attended, heard] = suggested_pair().map(told);
    let police = submit(app, seed, User::OFFICER, &[attended]);
    Told { police, school: submit(app, seed, User::RETURNED, &[heard]) }
}

/// What the timeline and the links tell a reader, to the byte.
fn bytes(app: &TestApp, seed: &Seed, user: User) -> [String; 2] {
    ["timeline", "links"].map(|what| {
        let answer = app.by(user).get(&seed.at(what));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    })
}

fn timeline(app: &TestApp, seed: &Seed, user: User) -> Value {
    app.by(user).get(&seed.at("timeline")).ok()
}

fn row_of<'v>(view: &'v Value, entry: &str) -> &'v Value {
    let of =
        |row: &&Value| row["accounts"].as_array().unwrap().iter().any(|account| account["entry_id"] == json!(entry));
    view["rows"].as_array().unwrap().iter().find(of).expect("every entry has a row")
}

/// The rows that may be the same event as that of an entry.
fn pointers(view: &Value, entry: &str) -> Vec<Value> {
    row_of(view, entry)["may_be_same"].as_array().cloned().unwrap_or_default()
}

fn suggested(app: &TestApp, seed: &Seed, user: User) -> Vec<Value> {
    app.by(user).get(&seed.at("links")).ok()["suggested"].as_array().cloned().expect("the list is always there")
}

/// Answers the only suggestion with its lists as they were read.
fn answer(app: &TestApp, seed: &Seed, verdict: &str) -> String {
    let listed = suggested(app, seed, User::OWNER);
    assert_eq!(listed.len(), 1, "{listed:#?}");
    let body = json!({"decision": verdict, "entries": listed[0]["entries"], "with": listed[0]["with"], "reason": "Canary: asked both."});
    app.by(User::OWNER).post(&seed.at("link-decisions"), &body).id()
}

fn withdraw(app: &TestApp, seed: &Seed, id: &str) {
    let path = format!("{}/{id}/withdrawal", seed.at("link-decisions"));
    let _ = app.by(User::OWNER).post(&path, &reason(json!({}))).when(200);
}

/// Whether anybody is told that the two may be one event; all readers are told the same.
fn is_suggested(app: &TestApp, seed: &Seed, told: &Told) -> bool {
    let seen = READERS.map(|user| {
        let view = timeline(app, seed, user);
        let [police, school] = [&told.police.1, &told.school.1].map(|entry| !pointers(&view, entry).is_empty());
        let listed = !suggested(app, seed, user).is_empty();
        assert_eq!([police, school], [listed, listed], "{}: {view:#}", user.name);
        listed
    });
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    seen[0]
}

on_both! {
    fn it_stands_on_both_rows_and_is_listed_with_the_reasons(app) {
        let seed = app.seed();
        let told = tell(app, &seed);
        assert!(is_suggested(app, &seed, &told));
        for user in READERS {
            let view = timeline(app, &seed, user);
            let (police, school) = (row_of(&view, &told.police.1), row_of(&view, &told.school.1));
            assert_ne!(police["id"], school["id"], "two rows until somebody decides");
            for (own, other) in [(police, school), (school, police)] {
                let pointer = &own["may_be_same"][0];
                assert_eq!((&pointer["row"], &pointer["sequence"]), (&other["id"], &other["sequence"]), "{}", user.name);
                assert!(!pointer["because"].as_array().unwrap().is_empty() && pointer["despite"].is_array());
            }
            let listed = suggested(app, &seed, user);
            let named = |entry: &str| json!([entry]);
            assert_eq!((&listed[0]["entries"], &listed[0]["with"]), (&named(&told.police.1), &named(&told.school.1)));
            assert_eq!((&listed[0]["row"], &listed[0]["other_row"]), (&police["id"], &school["id"]));
            assert_eq!(listed[0]["evidence"], police["may_be_same"][0]["because"]);
            assert_eq!(listed[0]["despite"], police["may_be_same"][0]["despite"]);
        }
    }

    fn what_is_kept_is_what_would_be_found(app) {
        let seed = app.seed();
        let _ = tell(app, &seed);
        app.service.wait_for_links();
        let kept = READERS.map(|user| bytes(app, &seed, user));
        app.db.write("forget", store::event_links::forget_all).unwrap();
        assert_eq!(READERS.map(|user| bytes(app, &seed, user)), kept);
    }

    fn accepted_it_is_one_row_and_the_undoing_is_exact(app) {
        let seed = app.seed();
        let told = tell(app, &seed);
        let before = READERS.map(|user| bytes(app, &seed, user));
        let id = answer(app, &seed, "same_event");
        for user in READERS {
            let view = timeline(app, &seed, user);
            let row = row_of(&view, &told.police.1);
            assert_eq!(row["id"], row_of(&view, &told.school.1)["id"], "{}", user.name);
            assert!(row["linked_because"].as_array().unwrap().iter().any(|fact| fact["code"] == json!("decided_same")), "{row}");
        }
        assert!(!is_suggested(app, &seed, &told));
        withdraw(app, &seed, &id);
        assert_eq!(READERS.map(|user| bytes(app, &seed, user)), before);
    }

    fn refused_it_is_gone_for_everybody_and_the_undoing_is_exact(app) {
        let seed = app.seed();
        let told = tell(app, &seed);
        let before = READERS.map(|user| bytes(app, &seed, user));
        let id = answer(app, &seed, "different_events");
        assert!(!is_suggested(app, &seed, &told));
        let view = timeline(app, &seed, User::OWNER);
        assert_ne!(row_of(&view, &told.police.1)["id"], row_of(&view, &told.school.1)["id"]);
        withdraw(app, &seed, &id);
        assert_eq!(READERS.map(|user| bytes(app, &seed, user)), before);
    }

    fn a_refusal_survives_corrections_of_either_and_later_submissions(app) {
        let seed = app.seed();
        let told = tell(app, &seed);
        let id = answer(app, &seed, "different_events");
        let [attended, heard] = suggested_pair().map(behaviour::inputs::told);
        let all = [(User::OFFICER, &told.police, attended), (User::RETURNED, &told.school, heard)];
        for (user, (own, entry_id), account) in all {
            let corrected = with(account, json!({"outcome": "Canary: the landlord was told"}));
            let receipt = app.by(user).put(&format!("/v1/fragments/{own}"), Some(1), &fragment(&[corrected])).ok();
            assert_eq!(receipt["entries"][0]["id"], json!(entry_id), "a corrected entry keeps its id");
            assert!(!is_suggested(app, &seed, &told), "{}", user.name);
        }
        let _ = submit(app, &seed, User::VISITOR, &[entry("weighed at home", "2026-01-13", &[&seed.twin])]);
        assert!(!is_suggested(app, &seed, &told));
        withdraw(app, &seed, &id);
        assert!(is_suggested(app, &seed, &told), "the suggestion is back");
    }

    fn a_row_of_several_entries_is_answered_as_a_whole(app) {
        let seed = app.seed();
        let [attended, heard] = suggested_pair();
        let of = |child: &str, account: (&str, &str, &str)| {
            with(behaviour::inputs::told(account), json!({"children": [child], "all_children": false}))
        };
        // The police tell it for each twin.
        let (_, police) = submit(app, &seed, User::OFFICER, &[of(&seed.twin, attended), of(&seed.other_twin, attended)]);
        let school = submit(app, &seed, User::RETURNED, &[behaviour::inputs::told(heard)]);
        let told = Told { police: (String::new(), police), school };
        let listed = suggested(app, &seed, User::OWNER);
        let counts = ["entries", "with"].map(|side| listed[0][side].as_array().map(Vec::len));
        assert_eq!(counts, [Some(2), Some(1)], "{listed:#?}");
        let before = bytes(app, &seed, User::RETURNED);
        let refused = answer(app, &seed, "different_events");
        assert!(!is_suggested(app, &seed, &told));
        withdraw(app, &seed, &refused);
        let accepted = answer(app, &seed, "same_event");
        let view = timeline(app, &seed, User::RETURNED);
        assert_eq!(row_of(&view, &told.police.1)["id"], row_of(&view, &told.school.1)["id"]);
        withdraw(app, &seed, &accepted);
        assert_eq!(bytes(app, &seed, User::RETURNED), before);
    }

    fn a_contributor_sees_it_and_cannot_decide(app) {
        let seed = app.seed();
        let told = tell(app, &seed);
        let listed = suggested(app, &seed, User::RETURNED);
        let body = json!({"decision": "same_event", "entries": listed[0]["entries"], "with": listed[0]["with"], "reason": "Canary"});
        let refused = app.by(User::RETURNED).post(&seed.at("link-decisions"), &body);
        let absent = app.by(User::STRANGER).post(&seed.at("link-decisions"), &body);
        assert_eq!((refused.status, absent.status), (404, 404), "{}", refused.text());
        assert!(is_suggested(app, &seed, &told));
    }

    fn one_about_an_entry_that_may_not_be_seen_is_absent(app) {
        let seed = app.seed();
        let [attended, heard] = suggested_pair().map(told);
        let (_, police) = submit(app, &seed, User::OFFICER, &[attended]);
        let others = [User::OFFICER, User::VISITOR];
        let _ = submit(app, &seed, User::VISITOR, &[entry("weighed at home", "2026-01-20", &[&seed.twin])]);
        let before = others.map(|user| bytes(app, &seed, user));
        let marked = with(heard, json!({"handling": {"marking": "restricted", "named_agencies": []}}));
        let (_, school) = submit(app, &seed, User::RETURNED, &[marked]);
        assert_eq!(pointers(&timeline(app, &seed, User::OWNER), &police)[0]["row"], json!(school));
        assert_eq!(others.map(|user| bytes(app, &seed, user)), before);
        let id = answer(app, &seed, "different_events");
        assert_eq!(others.map(|user| bytes(app, &seed, user)), before);
        withdraw(app, &seed, &id);
        let _ = answer(app, &seed, "same_event");
        assert_eq!(others.map(|user| bytes(app, &seed, user)), before);
    }

    fn a_row_that_a_filter_leaves_out_is_pointed_to_and_its_agency_learns_of_it(app) {
        let seed = app.seed();
        let told = tell(app, &seed);
        let [(_, _, category), (words, _, _)] = suggested_pair();
        let view = app.by(User::OWNER).get(&seed.at(&format!("timeline?category={category}"))).ok();
        assert_eq!(view["rows"].as_array().map(Vec::len), Some(1), "{view:#}");
        assert_eq!(pointers(&view, &told.police.1)[0]["row"], json!(told.school.1));
        let quoted = view["rows"][0]["may_be_same"].to_string();
        let readers = app.by(User::RETURNED).get(&format!("/v1/fragments/{}/readers", told.school.0)).ok();
        let learnt = readers["items"].as_array().unwrap().len();
        let repeats = words.split(' ').any(|word| word.len() > 3 && quoted.contains(word));
        assert_eq!(learnt, usize::from(repeats), "whoever was shown a quote is named: {quoted} {readers}");
    }

    fn no_word_of_a_withdrawn_account_is_left_in_a_frozen_view(app) {
        let seed = app.seed();
        let told = tell(app, &seed);
        let frozen = app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).id();
        let path = seed.at(&format!("consolidations/{frozen}"));
        let view = |user: User| app.by(user).get(&path).ok()["view"].clone();
        assert_eq!(pointers(&view(User::OWNER), &told.police.1).len(), 1);
        assert_eq!(app.by(User::RETURNED).delete(&format!("/v1/fragments/{}", told.school.0), Some(1)).status, 204);
        for user in [User::OWNER, User::TEAM] {
            let left = view(user);
            assert!(pointers(&left, &told.police.1).is_empty(), "{left:#}");
            let text = left.to_string();
            for word in ["broken", "quiet", "tired", &told.school.1] {
                assert!(!text.contains(word), "{word} in {text}");
            }
        }
    }

    fn when_an_account_has_run_out_no_word_of_it_is_left_in_a_frozen_view(app) {
        let seed = app.seed();
        let [attended, heard] = suggested_pair().map(told);
        let brief = with(fragment(&[heard]), json!({"expires_at": app.in_days(5)}));
        let school = app.by(User::RETURNED).post(&seed.at("fragments"), &brief).ok()["entries"][0]["id"].clone();
        let (_, police) = submit(app, &seed, User::OFFICER, &[attended]);
        let frozen = app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).id();
        let path = seed.at(&format!("consolidations/{frozen}"));
        assert_eq!(pointers(&app.by(User::OWNER).get(&path).ok()["view"], &police)[0]["row"], school);
        app.pass_days(5);
        for stage in ["run out", "purged"] {
            let left = app.by(User::OWNER).get(&path);
            assert!(pointers(&left.ok()["view"], &police).is_empty(), "{stage}");
            for word in ["broken", "quiet", "tired"] {
                assert!(!left.text().contains(word), "{stage}: {word} in {}", left.text());
            }
            app.work();
        }
    }

    fn narrative_in_reasons_is_never_kept_in_clear(app) {
        let seed = app.seed();
        let _ = tell(app, &seed);
        app.service.wait_for_links();
        let _ = READERS.map(|user| bytes(app, &seed, user));
        let _ = app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).ok();
        for word in ["mill lane", "door at home"] {
            assert!(!behaviour::raw::finds(app, word), "{word}");
        }
    }
}
