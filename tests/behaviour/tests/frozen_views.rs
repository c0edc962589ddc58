//! Frozen views and the snapshot do not keep content of fragments. An expired or withdrawn fragment
//! is missing from them and from every copy of the database, and the rest looks as if it had never
//! been submitted.

use behaviour::backup::{SealedRow, copy_sealed_rows};
use behaviour::inputs::{entry, fragment, with_members, with_reason};
use behaviour::{Seed, TestApp, User, on_both, raw_db};
use domain::{Clock as _, Instant};
use serde_json::{Value, json};
use uuid::Uuid;
use vault::Vault;

const FIGHT: &str = "police called to a fight between the parents at the flat in Weir Court, a neighbour named Pettigrew rang";
const SCHOOL_ACCOUNT: &str = "told by police that officers attended a fight between the parents at Weir Court after the neighbour rang";
/// Words that only the police wrote: in the account, its other members and their involvement.
const POLICE_WORDS: [&str; 4] = ["Pettigrew", "Quillon", "officers on call", "20:40"];
/// Users who can read frozen views; `TEAM` may not read criminal-offence data.
const READERS: [User; 3] = [User::OWNER, User::MANAGER, User::TEAM];

/// The police's fragment: the most precise account of the fight, about all children and a key
/// incident, and an involvement.
fn police_fragment(seed: &Seed, members: Value) -> Value {
    let account = with_members(
        entry(
            FIGHT,
            "2026-01-20T20:40",
            &[&seed.twin, &seed.other_twin, &seed.unborn],
        ),
        json!({
            "category": "DOMESTIC_ABUSE", "key_incident": true, "seen": "seen_alone",
            "outcome": "Canary Quillon was charged.",
        }),
    );
    let involvement =
        json!({"involvement": {"status": "current", "support": "Canary officers on call"}});
    with_members(with_members(fragment(&[account]), involvement), members)
}

/// The school's fragment: a second-hand account of the fight, about one child.
fn school_fragment(seed: &Seed) -> Value {
    let details = json!({"category": "FAMILY", "significance": "neutral", "seen": "not_seen"});
    fragment(&[with_members(
        entry(SCHOOL_ACCOUNT, "2026-01-20", &[&seed.other_twin]),
        details,
    )])
}

/// Submits fragments of three agencies, two of them about the same event; returns the identifier of
/// the police's fragment.
fn submit_fragments(app: &TestApp, seed: &Seed, police_members: Value) -> String {
    let _ = app
        .as_user(User::RETURNED)
        .post(&seed.path_to("fragments"), &school_fragment(seed))
        .expect_status(201);
    let other = entry("routine immunisation given", "2026-01-27", &[&seed.twin]);
    let _ = app
        .as_user(User::WAITING)
        .post(&seed.path_to("fragments"), &fragment(&[other]))
        .expect_status(201);
    app.as_user(User::OFFICER)
        .post(
            &seed.path_to("fragments"),
            &police_fragment(seed, police_members),
        )
        .id()
}

fn consolidate(app: &TestApp, seed: &Seed) -> String {
    app.as_user(User::OWNER)
        .post(&seed.path_to("consolidations"), &Value::Null)
        .id()
}

/// A frozen view as shown to a reader, without its creation time.
fn read_frozen_view(app: &TestApp, seed: &Seed, user: User, id: &str) -> Value {
    let mut view = app
        .as_user(user)
        .get(&seed.path_to(&format!("consolidations/{id}")))
        .expect_ok()["view"]
        .clone();
    view["header"]["generated_at"] = Value::Null;
    view
}

/// The row about the fight.
fn fight_row(view: &Value) -> Value {
    let is_about_the_fight = |row: &&Value| row["accounts"].to_string().contains("Weir Court");
    let rows: Vec<&Value> = view["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(is_about_the_fight)
        .collect();
    assert_eq!(rows.len(), 1, "{view:#}");
    rows[0].clone()
}

fn child_ids(row: &Value) -> Vec<String> {
    row["children"]
        .as_array()
        .unwrap()
        .iter()
        .map(|child| child["id"].as_str().unwrap().to_owned())
        .collect()
}

fn coverage_of(view: &Value, seed: &Seed, agency: &str) -> Value {
    let lines = view["header"]["coverage"].as_array().unwrap();
    lines
        .iter()
        .find(|line| line["agency_id"] == json!(seed.agencies[agency]))
        .unwrap()
        .clone()
}

/// Asserts that the view is complete and that the row about the fight takes its values from the
/// police's account.
fn assert_complete(view: &Value, seed: &Seed) {
    let row = fight_row(view);
    assert_eq!(row["accounts"].as_array().map(Vec::len), Some(2), "{row:#}");
    assert_eq!(row["when"]["edtf"], "2026-01-20T20:40");
    assert_eq!(
        (&row["category"], &row["significance"]),
        (&json!("DOMESTIC_ABUSE"), &json!("risk"))
    );
    assert_eq!(
        (&row["key_incident"], child_ids(&row).len()),
        (&json!(true), 3)
    );
    assert!(
        !row["conflicts"].as_array().unwrap().is_empty()
            && !row["linked_because"].as_array().unwrap().is_empty()
    );
    assert_eq!(view["header"]["entry_count"], 4);
    let line = coverage_of(view, seed, "police");
    assert_eq!(
        (&line["state"], &line["entry_count"]),
        (&json!("submitted"), &json!(1))
    );
    assert_eq!(line["involvement"]["support"], "Canary officers on call");
}

/// Asserts that nothing of the police's fragment is left and everything else is.
fn assert_without_police(view: &Value, seed: &Seed) {
    let text = view.to_string();
    for word in POLICE_WORDS {
        assert!(!text.contains(word), "{word} in {view:#}");
    }
    for word in [
        "told by police",
        "missed the school nurse",
        "routine immunisation",
    ] {
        assert!(text.contains(word), "{word} is not in {view:#}");
    }
    let row = fight_row(view);
    assert_eq!(row["when"]["edtf"], "2026-01-20");
    assert_eq!(
        (&row["category"], &row["significance"]),
        (&json!("FAMILY"), &json!("neutral"))
    );
    assert_eq!(row["key_incident"], json!(false));
    assert_eq!(
        child_ids(&row),
        std::slice::from_ref(&seed.other_twin),
        "the children that the school names"
    );
    assert_eq!(
        (&row["conflicts"], &row["linked_because"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(view["header"]["entry_count"], 3);
    let line = coverage_of(view, seed, "police");
    assert_eq!(
        (
            &line["entry_count"],
            line.get("involvement"),
            line.get("answered_at")
        ),
        (&json!(0), None, None)
    );
    assert_ne!(line["state"], "submitted");
    assert!(
        view["header"]["coverage_statement"]
            .as_str()
            .unwrap()
            .contains("2 of 6 agencies"),
        "{view:#}"
    );
}

/// Asserts for every reader that the frozen view `id` and its list item equal those of `new_id`,
/// which was frozen after the police's fragment was gone.
fn assert_equals_new_view(app: &TestApp, seed: &Seed, id: &str, new_id: &str) {
    for user in READERS {
        let view = read_frozen_view(app, seed, user, id);
        assert_without_police(&view, seed);
        assert_eq!(
            view,
            read_frozen_view(app, seed, user, new_id),
            "{}",
            user.name
        );
        let listed = app
            .as_user(user)
            .get(&seed.path_to("consolidations"))
            .expect_ok();
        let counts = |id: &str| {
            let items = listed["items"].as_array().unwrap();
            let item = items.iter().find(|item| item["id"] == json!(id)).unwrap();
            (item["row_count"].clone(), item["entry_count"].clone())
        };
        assert_eq!(counts(id), counts(new_id));
        assert_eq!(
            counts(id),
            (
                view["header"]["row_count"].clone(),
                view["header"]["entry_count"].clone()
            )
        );
    }
}

fn sign_off(app: &TestApp, seed: &Seed, id: &str) {
    let body = json!({"snapshot": "export", "consolidation_id": id});
    let _ = app
        .as_user(User::MANAGER)
        .post(&seed.path_to("sign-off"), &body)
        .expect_ok();
}

fn read_snapshot(app: &TestApp, seed: &Seed, user: User) -> Value {
    let mut view =
        app.as_user(user).get(&seed.path_to("snapshot")).expect_ok()["consolidation"]["view"]
            .clone();
    view["header"]["generated_at"] = Value::Null;
    view
}

/// Asserts that an account is hidden in a frozen view from readers who may not read
/// criminal-offence data, once the police have marked it so. `text` is the text of the account from
/// then on.
fn assert_hidden_in_frozen_view_once_marked(app: &TestApp, text: &str) {
    let seed = app.seed();
    let police_fragment_id = submit_fragments(app, &seed, json!({}));
    let id = consolidate(app, &seed);
    assert_complete(&read_frozen_view(app, &seed, User::TEAM, &id), &seed);
    let children = [
        seed.twin.as_str(),
        seed.other_twin.as_str(),
        seed.unborn.as_str(),
    ];
    let marked = with_members(
        entry(text, "2026-01-20T20:40", &children),
        json!({"category": "CRIME"}),
    );
    let _ = app
        .as_user(User::OFFICER)
        .put(
            &format!("/v1/fragments/{police_fragment_id}"),
            Some(1),
            &fragment(&[marked]),
        )
        .expect_ok();
    let rows = |user: User| read_frozen_view(app, &seed, user, &id)["rows"].to_string();
    assert!(
        !rows(User::TEAM).contains(POLICE_WORDS[0]),
        "may not read criminal-offence data"
    );
    assert!(
        rows(User::TEAM).contains("Weir Court"),
        "the school's account stays"
    );
    assert!(
        rows(User::OWNER).contains(POLICE_WORDS[0]),
        "may read criminal-offence data"
    );
}

/// Asserts that an account is hidden in the first version from readers who may not read
/// criminal-offence data, once the police have marked it so. `text` is the text of the account from
/// then on.
fn assert_hidden_in_first_version_once_marked(app: &TestApp, text: &str) {
    let seed = app.seed();
    let id = submit_fragments(app, &seed, json!({}));
    let first = |user: User| {
        app.as_user(user)
            .get(&format!("/v1/fragments/{id}/versions/1"))
            .expect_ok()
            .to_string()
    };
    assert!(
        first(User::TEAM).contains(POLICE_WORDS[0]),
        "before it is marked"
    );
    let children = [
        seed.twin.as_str(),
        seed.other_twin.as_str(),
        seed.unborn.as_str(),
    ];
    let marked = with_members(
        entry(text, "2026-01-20T20:40", &children),
        json!({"category": "CRIME"}),
    );
    let _ = app
        .as_user(User::OFFICER)
        .put(
            &format!("/v1/fragments/{id}"),
            Some(1),
            &fragment(&[marked]),
        )
        .expect_ok();
    assert!(
        !first(User::TEAM).contains(POLICE_WORDS[0]),
        "may not read criminal-offence data"
    );
    assert!(
        first(User::OWNER).contains(POLICE_WORDS[0]),
        "may read criminal-offence data"
    );
}

/// Asserts that a frozen view shows the marking "not for family" that the police add later. `text`
/// is the text of the account from then on.
fn assert_later_marking_shown_in_frozen_view(app: &TestApp, text: &str) {
    let seed = app.seed();
    let police_fragment_id = submit_fragments(app, &seed, json!({}));
    let view = consolidate(app, &seed);
    let marking = |words: &str| {
        let view_shown = read_frozen_view(app, &seed, User::OWNER, &view);
        let accounts = view_shown["rows"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|row| row["accounts"].as_array().unwrap());
        let mut matching =
            accounts.filter(|account| account["what"].as_str().unwrap().contains(words));
        matching.next().unwrap()["handling"]["marking"].clone()
    };
    assert_eq!(
        (marking(POLICE_WORDS[0]), marking("told by police")),
        (json!("normal"), json!("normal"))
    );
    let children = [
        seed.twin.as_str(),
        seed.other_twin.as_str(),
        seed.unborn.as_str(),
    ];
    let handling = json!({"handling": {"marking": "not_for_family"}});
    let marked = with_members(entry(text, "2026-01-20T20:40", &children), handling);
    let _ = app
        .as_user(User::OFFICER)
        .put(
            &format!("/v1/fragments/{police_fragment_id}"),
            Some(1),
            &fragment(&[marked]),
        )
        .expect_ok();
    assert_eq!(
        (marking(POLICE_WORDS[0]), marking("told by police")),
        (json!("not_for_family"), json!("normal"))
    );
}

/// A decrypted row: its table, whether it expires with the first fragment, and its text.
type DecryptedRow = (String, bool, String);

/// Decrypts the rows for which the vault still has a key.
fn decrypt_all(
    rows: &[SealedRow],
    vault: &Vault,
    scope: Uuid,
    copied_at: Instant,
    ends: &str,
) -> Vec<DecryptedRow> {
    rows.iter()
        .filter_map(|row| {
            let text = row.decrypt(vault, scope, copied_at)?;
            Some((row.table.clone(), row.expires_at.to_string() == ends, text))
        })
        .collect()
}

/// The rows without their text.
fn tables(rows: &[DecryptedRow]) -> Vec<(String, bool)> {
    rows.iter()
        .map(|(table, ends, _)| (table.clone(), *ends))
        .collect()
}

/// The other entries can still be decrypted; the layout of the frozen view holds no text of them.
fn assert_unexpired_content_remains(remaining: &[DecryptedRow]) {
    let count_entries_with = |word: &str| {
        remaining
            .iter()
            .filter(|(table, _, text)| table == "entries" && text.contains(word))
            .count()
    };
    assert_eq!(
        (
            count_entries_with("told by police"),
            count_entries_with("routine immunisation")
        ),
        (1, 1),
        "unexpired entries can still be decrypted"
    );
    let layouts: Vec<&String> = remaining
        .iter()
        .filter(|(table, ..)| table == "consolidations")
        .map(|row| &row.2)
        .collect();
    for word in [
        "told by police",
        "routine immunisation",
        "Weir Court",
        "weekly group",
    ] {
        assert!(
            layouts.iter().all(|text| !text.contains(word)),
            "a frozen view's layout holds no text of fragments: {word}"
        );
    }
}

on_both! {
    fn withdrawn_fragment_leaves_no_trace_in_frozen_views(app) {
        let seed = app.seed();
        let police_fragment_id = submit_fragments(app, &seed, json!({}));
        let id = consolidate(app, &seed);
        for user in READERS {
            assert_complete(&read_frozen_view(app, &seed, user, &id), &seed);
        }
        assert_eq!(
            app.as_user(User::OFFICER)
                .delete(&format!("/v1/fragments/{police_fragment_id}"), Some(1))
                .status,
            204
        );
        let new_id = consolidate(app, &seed);
        assert_equals_new_view(app, &seed, &id, &new_id);
        sign_off(app, &seed, &id);
        for user in [User::OWNER, User::MANAGER] {
            assert_eq!(
                read_snapshot(app, &seed, user),
                read_frozen_view(app, &seed, user, &new_id)
            );
        }
    }

    fn expired_fragment_leaves_no_trace_in_the_snapshot(app) {
        let seed = app.seed();
        let ends = app.in_days(5);
        let _ = submit_fragments(app, &seed, json!({"expires_at": ends}));
        let id = consolidate(app, &seed);
        sign_off(app, &seed, &id);
        assert_complete(&read_snapshot(app, &seed, User::OWNER), &seed);
        app.set_time(&json!(ends));
        let remaining = read_snapshot(app, &seed, User::OWNER);
        assert_without_police(&remaining, &seed);
        for stage in ["deleted", "destroyed"] {
            app.run_background_jobs();
            assert_eq!(read_snapshot(app, &seed, User::OWNER), remaining, "{stage}");
            app.advance_seconds(3_600);
        }
        let _ = app
            .as_user(User::MANAGER)
            .post(&seed.path_to("reopen"), &with_reason(json!({})))
            .expect_ok();
        let new_id = consolidate(app, &seed);
        assert_equals_new_view(app, &seed, &id, &new_id);
    }

    /// A repeat for a sibling is folded into the account it repeats. When one of the two expires,
    /// the other stays with its child.
    fn remaining_account_keeps_its_child_when_a_repeat_expires(app) {
        let seed = app.seed();
        let entries = |child: &str| -> Vec<Value> {
            let days = [
                "2026-01-05",
                "2026-01-13",
                "2026-01-21",
                "2026-02-03",
                "2026-02-11",
                "2026-02-19",
            ];
            days.iter()
                .map(|day| {
                    entry(
                        &format!("arrived hungry without a coat on {day}"),
                        day,
                        &[child],
                    )
                })
                .collect()
        };
        let brief = with_members(
            fragment(&entries(&seed.twin)),
            json!({"expires_at": app.in_days(5)}),
        );
        let _ = app
            .as_user(User::WAITING)
            .post(&seed.path_to("fragments"), &brief)
            .expect_status(201);
        let _ = app
            .as_user(User::WAITING)
            .post(
                &seed.path_to("fragments"),
                &fragment(&entries(&seed.other_twin)),
            )
            .expect_status(201);
        let id = consolidate(app, &seed);
        let rows = |view: &Value| -> Vec<Value> {
            let hungry = |row: &&Value| row["accounts"].to_string().contains("arrived hungry");
            view["rows"]
                .as_array()
                .unwrap()
                .iter()
                .filter(hungry)
                .cloned()
                .collect()
        };
        let before = rows(&read_frozen_view(app, &seed, User::OWNER, &id));
        assert_eq!(
            before
                .iter()
                .map(|row| child_ids(row).len())
                .collect::<Vec<_>>(),
            [2; 6],
            "{before:#?}"
        );
        app.advance_days(5);
        for stage in ["expired", "deleted"] {
            let remaining = rows(&read_frozen_view(app, &seed, User::OWNER, &id));
            assert_eq!(remaining.len(), 6, "{stage}");
            for row in &remaining {
                assert_eq!(
                    child_ids(row),
                    std::slice::from_ref(&seed.other_twin),
                    "{stage}: {row:#}"
                );
                assert_eq!(
                    row["accounts"][0]["children"]
                        .as_array()
                        .map(Vec::len)
                        .unwrap_or(1),
                    1
                );
                assert_eq!(row["accounts"][0].get("also_submitted_as"), None);
            }
            app.run_background_jobs();
        }
    }

    fn corrections_and_extensions_do_not_change_frozen_views(app) {
        let seed = app.seed();
        let police_fragment_id =
            submit_fragments(app, &seed, json!({"expires_at": app.in_days(5)}));
        let id = consolidate(app, &seed);
        let before = read_frozen_view(app, &seed, User::OWNER, &id);
        let assert_links_expire_first = || {
            let query = "SELECT count(*) AS count FROM consolidation_links WHERE expires_at = (SELECT min(expires_at) FROM fragments)";
            assert_eq!(
                raw_db::query_count(app, query),
                1,
                "links between fragments expire with the first of them"
            );
        };
        assert_links_expire_first();
        let longer = with_reason(json!({"expires_at": app.in_days(9)}));
        let _ = app
            .as_user(User::OFFICER)
            .post(
                &format!("/v1/fragments/{police_fragment_id}/extend"),
                &longer,
            )
            .expect_ok();
        assert_links_expire_first();
        let other = with_members(
            entry("nobody was at home", "2026-01-20T20:40", &[&seed.twin]),
            json!({"category": "HOME"}),
        );
        let corrected = with_members(fragment(&[other]), json!({"expires_at": app.in_days(8)}));
        let _ = app
            .as_user(User::OFFICER)
            .put(
                &format!("/v1/fragments/{police_fragment_id}"),
                Some(1),
                &corrected,
            )
            .expect_ok();
        assert_links_expire_first();
        let _ = app
            .as_user(User::OWNER)
            .post(
                &seed.path_to("extend"),
                &with_reason(json!({"expires_at": app.in_days(200)})),
            )
            .expect_ok();
        assert_links_expire_first();
        assert!(
            app.as_user(User::OWNER)
                .get(&seed.path_to("timeline"))
                .text()
                .contains("nobody was at home")
        );
        app.advance_days(7);
        app.run_background_jobs();
        assert_eq!(
            read_frozen_view(app, &seed, User::OWNER, &id),
            before,
            "after extension, correction and a longer chronology"
        );
        app.advance_days(1);
        app.run_background_jobs();
        assert_without_police(&read_frozen_view(app, &seed, User::OWNER, &id), &seed);
    }

    fn later_marking_applies_to_frozen_views(app) {
        assert_hidden_in_frozen_view_once_marked(app, FIGHT);
    }

    fn later_marking_with_changed_text_applies_to_frozen_views(app) {
        assert_hidden_in_frozen_view_once_marked(
            app,
            "the father was charged with assault after the fight",
        );
    }

    fn later_marking_applies_to_earlier_versions(app) {
        assert_hidden_in_first_version_once_marked(app, FIGHT);
    }

    fn later_marking_with_changed_text_applies_to_earlier_versions(app) {
        assert_hidden_in_first_version_once_marked(
            app,
            "the father was charged with assault after the fight",
        );
    }

    fn later_not_for_family_marking_is_shown_in_frozen_views(app) {
        assert_later_marking_shown_in_frozen_view(app, FIGHT);
    }

    fn later_not_for_family_marking_with_changed_text_is_shown_in_frozen_views(app) {
        assert_later_marking_shown_in_frozen_view(app, "officers attended the flat");
    }

    /// Takes a copy of the database before a fragment expires and tries to decrypt it with all keys
    /// that exist a day after.
    fn expired_content_cannot_be_decrypted_from_a_database_copy(app) {
        let seed = app.seed();
        let ends = app.in_days(5);
        let _ = submit_fragments(app, &seed, json!({"expires_at": ends}));
        let id = consolidate(app, &seed);
        sign_off(app, &seed, &id);
        app.service.linking.wait_for_links();
        let backup = copy_sealed_rows(app);
        let copied_at = app.clock.now();
        let scope = Uuid::try_parse(&seed.chronology).unwrap();
        let vault = app.open_second_vault();
        let reads = |vault: &Vault| decrypt_all(&backup, vault, scope, copied_at, &ends);
        let all = reads(&vault);
        assert_eq!(
            all.len(),
            backup.len(),
            "every row can be decrypted while all keys exist: {:?}",
            tables(&all)
        );
        let ending = all
            .iter()
            .filter(|(_, ends, _)| *ends)
            .map(|(table, ..)| table.as_str());
        assert_eq!(
            ending.collect::<Vec<_>>(),
            ["entries", "consolidation_links", "event_links"],
            "the entry and its links"
        );
        assert!(all.iter().any(|(_, _, text)| text.contains("Pettigrew")));

        app.set_time(&json!(ends));
        app.run_background_jobs();
        app.advance_days(1);
        app.run_background_jobs();
        let remaining = reads(&app.open_second_vault());
        let count_in = |table: &str| remaining.iter().filter(|(one, ..)| one == table).count();
        assert_eq!(
            (count_in("consolidations"), count_in("entries")),
            (1, 3),
            "{:?}",
            tables(&remaining)
        );
        assert_eq!(
            (count_in("consolidation_links"), count_in("event_links")),
            (0, 0),
            "{:?}",
            tables(&remaining)
        );
        for (table, ends, text) in &remaining {
            assert!(
                !ends && POLICE_WORDS.iter().all(|word| !text.contains(word)),
                "{table}: {text}"
            );
        }
        assert_unexpired_content_remains(&remaining);
    }
}
