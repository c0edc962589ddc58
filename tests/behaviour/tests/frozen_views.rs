//! Frozen views and the snapshot keep nothing of a fragment: what has expired or was withdrawn is gone from them, in every
//! copy of the database, and what is left is drawn as if it had never been there.

use behaviour::inputs::{entry, fragment, reason, with};
use behaviour::older_copy::{Sealed, copy};
use behaviour::{Seed, TestApp, User, on_both, raw};
use domain::Clock as _;
use serde_json::{Value, json};
use uuid::Uuid;
use vault::Vault;

const FIGHT: &str =
    "police called to a fight between the parents at the flat in Weir Court, a neighbour named Pettigrew rang";
const TOLD: &str =
    "told by police that officers attended a fight between the parents at Weir Court after the neighbour rang";
/// Words that only the police wrote: in the account, beside it, and of their part in the network.
const LOST: [&str; 4] = ["Pettigrew", "Quillon", "officers on call", "20:40"];
/// Everybody who reads frozen views, with and without leave to read criminal-offence data.
const READERS: [User; 3] = [User::OWNER, User::MANAGER, User::TEAM];

/// The police's account of the fight: the most exact, about all children, a key incident, and an involvement of its own.
fn police(seed: &Seed, more: Value) -> Value {
    let told = with(
        entry(FIGHT, "2026-01-20T20:40", &[&seed.twin, &seed.other_twin, &seed.unborn]),
        json!({
            "category": "DOMESTIC_ABUSE", "key_incident": true, "seen": "seen_alone", "outcome": "Canary Quillon was charged.",
        }),
    );
    let involvement = json!({"involvement": {"status": "current", "support": "Canary officers on call"}});
    with(with(fragment(&[told]), involvement), more)
}

/// What the school heard of it, about one child.
fn school(seed: &Seed) -> Value {
    let heard = json!({"category": "FAMILY", "significance": "neutral", "seen": "not_seen"});
    fragment(&[with(entry(TOLD, "2026-01-20", &[&seed.other_twin]), heard)])
}

/// Three agencies' accounts, two of them of one event; says what the fragment of the police is called.
fn told(app: &TestApp, seed: &Seed, police_more: Value) -> String {
    let _ = app.by(User::RETURNED).post(&seed.at("fragments"), &school(seed)).when(201);
    let other = entry("routine immunisation given", "2026-01-27", &[&seed.twin]);
    let _ = app.by(User::WAITING).post(&seed.at("fragments"), &fragment(&[other])).when(201);
    app.by(User::OFFICER).post(&seed.at("fragments"), &police(seed, police_more)).id()
}

fn freeze(app: &TestApp, seed: &Seed) -> String {
    app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).id()
}

/// A frozen view as a reader is shown it, without the moment it was frozen.
fn frozen(app: &TestApp, seed: &Seed, user: User, id: &str) -> Value {
    let mut view = app.by(user).get(&seed.at(&format!("consolidations/{id}"))).ok()["view"].clone();
    view["header"]["generated_at"] = Value::Null;
    view
}

/// The row of the fight.
fn fight(view: &Value) -> Value {
    let told = |row: &&Value| row["accounts"].to_string().contains("Weir Court");
    let rows: Vec<&Value> = view["rows"].as_array().unwrap().iter().filter(told).collect();
    assert_eq!(rows.len(), 1, "{view:#}");
    rows[0].clone()
}

fn children(row: &Value) -> Vec<String> {
    row["children"].as_array().unwrap().iter().map(|child| child["id"].as_str().unwrap().to_owned()).collect()
}

fn coverage(view: &Value, seed: &Seed, agency: &str) -> Value {
    let lines = view["header"]["coverage"].as_array().unwrap();
    lines.iter().find(|line| line["agency_id"] == json!(seed.agencies[agency])).unwrap().clone()
}

/// Before anything is lost, the police's account leads the row of the fight.
fn is_whole(view: &Value, seed: &Seed) {
    let row = fight(view);
    assert_eq!(row["accounts"].as_array().map(Vec::len), Some(2), "{row:#}");
    assert_eq!(row["when"]["edtf"], "2026-01-20T20:40");
    assert_eq!((&row["category"], &row["significance"]), (&json!("DOMESTIC_ABUSE"), &json!("risk")));
    assert_eq!((&row["key_incident"], children(&row).len()), (&json!(true), 3));
    assert!(!row["conflicts"].as_array().unwrap().is_empty() && !row["linked_because"].as_array().unwrap().is_empty());
    assert_eq!(view["header"]["entry_count"], 4);
    let line = coverage(view, seed, "police");
    assert_eq!((&line["state"], &line["entry_count"]), (&json!("submitted"), &json!(1)));
    assert_eq!(line["involvement"]["support"], "Canary officers on call");
}

/// Nothing of the police's account is left, everything else is.
fn is_without_the_police(view: &Value, seed: &Seed) {
    let text = view.to_string();
    for word in LOST {
        assert!(!text.contains(word), "{word} in {view:#}");
    }
    for word in ["told by police", "missed the school nurse", "routine immunisation"] {
        assert!(text.contains(word), "{word} is not in {view:#}");
    }
    let row = fight(view);
    assert_eq!(row["when"]["edtf"], "2026-01-20");
    assert_eq!((&row["category"], &row["significance"]), (&json!("FAMILY"), &json!("neutral")));
    assert_eq!(row["key_incident"], json!(false));
    assert_eq!(children(&row), std::slice::from_ref(&seed.other_twin), "the children whom the school names");
    assert_eq!((&row["conflicts"], &row["linked_because"]), (&json!([]), &json!([])));
    assert_eq!(view["header"]["entry_count"], 3);
    let line = coverage(view, seed, "police");
    assert_eq!((&line["entry_count"], line.get("involvement"), line.get("answered_at")), (&json!(0), None, None));
    assert_ne!(line["state"], "submitted");
    assert!(view["header"]["coverage_statement"].as_str().unwrap().contains("2 of 6 agencies"), "{view:#}");
}

/// The frozen view, the list of views and the snapshot, for every reader, are those of a view that was frozen without it.
fn is_as_if_never_there(app: &TestApp, seed: &Seed, id: &str, anew: &str) {
    for user in READERS {
        let left = frozen(app, seed, user, id);
        is_without_the_police(&left, seed);
        assert_eq!(left, frozen(app, seed, user, anew), "{}", user.name);
        let listed = app.by(user).get(&seed.at("consolidations")).ok();
        let counts = |id: &str| {
            let items = listed["items"].as_array().unwrap();
            let item = items.iter().find(|item| item["id"] == json!(id)).unwrap();
            (item["row_count"].clone(), item["entry_count"].clone())
        };
        assert_eq!(counts(id), counts(anew));
        assert_eq!(counts(id), (left["header"]["row_count"].clone(), left["header"]["entry_count"].clone()));
    }
}

fn signed_off(app: &TestApp, seed: &Seed, id: &str) {
    let body = json!({"snapshot": "export", "consolidation_id": id});
    let _ = app.by(User::MANAGER).post(&seed.at("sign-off"), &body).ok();
}

fn snapshot(app: &TestApp, seed: &Seed, user: User) -> Value {
    let mut view = app.by(user).get(&seed.at("snapshot")).ok()["consolidation"]["view"].clone();
    view["header"]["generated_at"] = Value::Null;
    view
}

/// The police mark their account as criminal-offence data, in these words, after the view was frozen.
fn is_kept_apart_once_marked(app: &TestApp, words: &str) {
    let seed = app.seed();
    let lost = told(app, &seed, json!({}));
    let id = freeze(app, &seed);
    is_whole(&frozen(app, &seed, User::TEAM, &id), &seed);
    let children = [seed.twin.as_str(), seed.other_twin.as_str(), seed.unborn.as_str()];
    let marked = with(entry(words, "2026-01-20T20:40", &children), json!({"category": "CRIME"}));
    let _ = app.by(User::OFFICER).put(&format!("/v1/fragments/{lost}"), Some(1), &fragment(&[marked])).ok();
    let rows = |user: User| frozen(app, &seed, user, &id)["rows"].to_string();
    assert!(!rows(User::TEAM).contains(LOST[0]), "without leave to read offences");
    assert!(rows(User::TEAM).contains("Weir Court"), "what the school told stays");
    assert!(rows(User::OWNER).contains(LOST[0]), "with leave to read offences");
}

/// The police mark their account as criminal-offence data, in these words: whoever may not read it reads no earlier version.
fn holds_for_the_first_version(app: &TestApp, words: &str) {
    let seed = app.seed();
    let id = told(app, &seed, json!({}));
    let first = |user: User| app.by(user).get(&format!("/v1/fragments/{id}/versions/1")).ok().to_string();
    assert!(first(User::TEAM).contains(LOST[0]), "before it is marked");
    let children = [seed.twin.as_str(), seed.other_twin.as_str(), seed.unborn.as_str()];
    let marked = with(entry(words, "2026-01-20T20:40", &children), json!({"category": "CRIME"}));
    let _ = app.by(User::OFFICER).put(&format!("/v1/fragments/{id}"), Some(1), &fragment(&[marked])).ok();
    assert!(!first(User::TEAM).contains(LOST[0]), "without leave to read offences");
    assert!(first(User::OWNER).contains(LOST[0]), "with leave to read offences");
}

/// The police say later, in these words, that the family is not to be told: every view of before says so too.
fn is_marked_in_what_was_frozen(app: &TestApp, words: &str) {
    let seed = app.seed();
    let lost = told(app, &seed, json!({}));
    let view = freeze(app, &seed);
    let marking = |words: &str| {
        let seen = frozen(app, &seed, User::OWNER, &view);
        let accounts = seen["rows"].as_array().unwrap().iter().flat_map(|row| row["accounts"].as_array().unwrap());
        let mut saying = accounts.filter(|account| account["what"].as_str().unwrap().contains(words));
        saying.next().unwrap()["handling"]["marking"].clone()
    };
    assert_eq!((marking(LOST[0]), marking("told by police")), (json!("normal"), json!("normal")));
    let children = [seed.twin.as_str(), seed.other_twin.as_str(), seed.unborn.as_str()];
    let handling = json!({"handling": {"marking": "not_for_family"}});
    let marked = with(entry(words, "2026-01-20T20:40", &children), handling);
    let _ = app.by(User::OFFICER).put(&format!("/v1/fragments/{lost}"), Some(1), &fragment(&[marked])).ok();
    assert_eq!((marking(LOST[0]), marking("told by police")), (json!("not_for_family"), json!("normal")));
}

on_both! {
    fn what_is_withdrawn_leaves_a_frozen_view_as_if_it_had_never_been_there(app) {
        let seed = app.seed();
        let lost = told(app, &seed, json!({}));
        let id = freeze(app, &seed);
        for user in READERS {
            is_whole(&frozen(app, &seed, user, &id), &seed);
        }
        assert_eq!(app.by(User::OFFICER).delete(&format!("/v1/fragments/{lost}"), Some(1)).status, 204);
        let anew = freeze(app, &seed);
        is_as_if_never_there(app, &seed, &id, &anew);
        signed_off(app, &seed, &id);
        for user in [User::OWNER, User::MANAGER] {
            assert_eq!(snapshot(app, &seed, user), frozen(app, &seed, user, &anew));
        }
    }

    fn what_has_expired_leaves_the_snapshot_as_if_it_had_never_been_there(app) {
        let seed = app.seed();
        let ends = app.in_days(5);
        let _ = told(app, &seed, json!({"expires_at": ends}));
        let id = freeze(app, &seed);
        signed_off(app, &seed, &id);
        is_whole(&snapshot(app, &seed, User::OWNER), &seed);
        app.set_to(&json!(ends));
        let left = snapshot(app, &seed, User::OWNER);
        is_without_the_police(&left, &seed);
        for stage in ["purged", "destroyed"] {
            app.work();
            assert_eq!(snapshot(app, &seed, User::OWNER), left, "{stage}");
            app.pass(3_600);
        }
        let _ = app.by(User::MANAGER).post(&seed.at("reopen"), &reason(json!({}))).ok();
        let anew = freeze(app, &seed);
        is_as_if_never_there(app, &seed, &id, &anew);
    }

    /// An agency's repeat for a sibling is folded into the account that says the same: whichever of the two goes, the other
    /// stays with its child.
    fn no_child_is_lost_whom_a_remaining_account_names(app) {
        let seed = app.seed();
        let entries = |child: &str| -> Vec<Value> {
            let days = ["2026-01-05", "2026-01-13", "2026-01-21", "2026-02-03", "2026-02-11", "2026-02-19"];
            days.iter().map(|day| entry(&format!("arrived hungry without a coat on {day}"), day, &[child])).collect()
        };
        let brief = with(fragment(&entries(&seed.twin)), json!({"expires_at": app.in_days(5)}));
        let _ = app.by(User::WAITING).post(&seed.at("fragments"), &brief).when(201);
        let _ = app.by(User::WAITING).post(&seed.at("fragments"), &fragment(&entries(&seed.other_twin))).when(201);
        let id = freeze(app, &seed);
        let rows = |view: &Value| -> Vec<Value> {
            let hungry = |row: &&Value| row["accounts"].to_string().contains("arrived hungry");
            view["rows"].as_array().unwrap().iter().filter(hungry).cloned().collect()
        };
        let before = rows(&frozen(app, &seed, User::OWNER, &id));
        assert_eq!(before.iter().map(|row| children(row).len()).collect::<Vec<_>>(), [2; 6], "{before:#?}");
        app.pass_days(5);
        for stage in ["run out", "purged"] {
            let left = rows(&frozen(app, &seed, User::OWNER, &id));
            assert_eq!(left.len(), 6, "{stage}");
            for row in &left {
                assert_eq!(children(row), std::slice::from_ref(&seed.other_twin), "{stage}: {row:#}");
                assert_eq!(row["accounts"][0]["children"].as_array().map(Vec::len).unwrap_or(1), 1);
                assert_eq!(row["accounts"][0].get("also_submitted_as"), None);
            }
            app.work();
        }
    }

    fn a_correction_or_another_end_does_not_change_what_was_frozen(app) {
        let seed = app.seed();
        let lost = told(app, &seed, json!({"expires_at": app.in_days(5)}));
        let id = freeze(app, &seed);
        let before = frozen(app, &seed, User::OWNER, &id);
        let links_end_first = || {
            let query = "SELECT count(*) AS count FROM consolidation_links WHERE expires_at = (SELECT min(expires_at) FROM fragments)";
            assert_eq!(raw::count(app, query), 1, "what was found of several fragments lives no longer than the first");
        };
        links_end_first();
        let longer = reason(json!({"expires_at": app.in_days(9)}));
        let _ = app.by(User::OFFICER).post(&format!("/v1/fragments/{lost}/extend"), &longer).ok();
        links_end_first();
        let other = with(entry("nobody was at home", "2026-01-20T20:40", &[&seed.twin]), json!({"category": "HOME"}));
        let corrected = with(fragment(&[other]), json!({"expires_at": app.in_days(8)}));
        let _ = app.by(User::OFFICER).put(&format!("/v1/fragments/{lost}"), Some(1), &corrected).ok();
        links_end_first();
        let _ = app.by(User::OWNER).post(&seed.at("extend"), &reason(json!({"expires_at": app.in_days(200)}))).ok();
        links_end_first();
        assert!(app.by(User::OWNER).get(&seed.at("timeline")).text().contains("nobody was at home"));
        app.pass_days(7);
        app.work();
        assert_eq!(frozen(app, &seed, User::OWNER, &id), before, "extended, corrected and followed");
        app.pass_days(1);
        app.work();
        is_without_the_police(&frozen(app, &seed, User::OWNER, &id), &seed);
    }

    fn a_marking_that_came_later_holds_for_what_was_frozen(app) {
        is_kept_apart_once_marked(app, FIGHT);
    }

    fn a_marking_that_came_with_other_words_holds_for_what_was_frozen(app) {
        is_kept_apart_once_marked(app, "the father was charged with assault after the fight");
    }

    fn a_marking_that_came_later_holds_for_earlier_versions_too(app) {
        holds_for_the_first_version(app, FIGHT);
    }

    fn a_marking_that_came_with_other_words_holds_for_earlier_versions_too(app) {
        holds_for_the_first_version(app, "the father was charged with assault after the fight");
    }

    fn what_is_later_not_for_the_family_is_marked_so_in_what_was_frozen(app) {
        is_marked_in_what_was_frozen(app, FIGHT);
    }

    fn what_is_later_not_for_the_family_in_other_words_is_marked_so_in_what_was_frozen(app) {
        is_marked_in_what_was_frozen(app, "officers attended the flat");
    }

    /// A copy of the database from when everything lived, and every key that is left a day after one fragment's end.
    fn no_copy_of_a_frozen_view_gives_back_what_has_expired(app) {
        let seed = app.seed();
        let ends = app.in_days(5);
        let _ = told(app, &seed, json!({"expires_at": ends}));
        let id = freeze(app, &seed);
        signed_off(app, &seed, &id);
        app.service.wait_for_links();
        let (backup, lived) = (copy(app), app.clock.now());
        let scope = Uuid::try_parse(&seed.chronology).unwrap();
        let vault = app.another_vault();
        let reads = |vault: &Vault| -> Vec<(String, bool, String)> {
            let end = |row: &Sealed| row.expires_at.to_string() == ends;
            let read = |row: &Sealed| Some((row.table.clone(), end(row), row.opened(vault, scope, lived)?));
            backup.iter().filter_map(read).collect()
        };
        let tables = |read: &[(String, bool, String)]| -> Vec<(String, bool)> {
            read.iter().map(|(table, ends, _)| (table.clone(), *ends)).collect()
        };
        let all = reads(&vault);
        assert_eq!(all.len(), backup.len(), "the thief's way of opening is right: {:?}", tables(&all));
        let ending = all.iter().filter(|(_, ends, _)| *ends).map(|(table, ..)| table.as_str());
        assert_eq!(ending.collect::<Vec<_>>(), ["entries", "consolidation_links", "event_links"], "and what links it to others");
        assert!(all.iter().any(|(_, _, text)| text.contains("Pettigrew")));

        app.set_to(&json!(ends));
        app.work();
        app.pass_days(1);
        app.work();
        let left = reads(&app.another_vault());
        let of = |table: &str| left.iter().filter(|(one, ..)| one == table).count();
        assert_eq!((of("consolidations"), of("entries")), (1, 3), "{:?}", tables(&left));
        assert_eq!((of("consolidation_links"), of("event_links")), (0, 0), "{:?}", tables(&left));
        for (table, ends, text) in &left {
            assert!(!ends && LOST.iter().all(|word| !text.contains(word)), "{table}: {text}");
        }
        let words = |word: &str| left.iter().filter(|(table, _, text)| table == "entries" && text.contains(word)).count();
        assert_eq!((words("told by police"), words("routine immunisation")), (1, 1), "the control is readable");
        let layouts: Vec<&String> = left.iter().filter(|(table, ..)| table == "consolidations").map(|row| &row.2).collect();
        for word in ["told by police", "routine immunisation", "Weir Court", "weekly group"] {
            assert!(layouts.iter().all(|text| !text.contains(word)), "a layout holds no words of any fragment: {word}");
        }
    }
}
