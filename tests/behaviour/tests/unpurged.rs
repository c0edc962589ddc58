//! Objects that cannot be deleted are counted and listed, and do not block other deletions. After
//! everything has expired, only the tables that may keep rows have any.

use std::collections::BTreeMap;

use behaviour::inputs::{child, entry, fragment, with_members};
use behaviour::{Seed, TestApp, User, on_both, raw_db};
use serde_json::{Value, json};

use crate::outbox::{NEVER, leave_event};

/// Tables that may keep rows after everything has expired.
const MAY_KEEP_ROWS: [&str; 18] = [
    "partnerships",
    "agencies",
    "practitioners",
    "clock_mark",
    "clock_trust",
    "scopes_to_destroy",
    "emergency_accesses",
    "emergency_chronologies",
    "address_refusals",
    "key_commitments",
    "tombstones",
    "tombstone_agencies",
    "tombstone_practitioners",
    "deletion_covered",
    "deletion_certificates",
    "deletion_orders",
    "holds",
    "__diesel_schema_migrations",
];

/// Kind, id and reason of every object that the auditor is shown as not deleted.
fn list_unpurged(app: &TestApp) -> Vec<(String, String, String)> {
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let items = app.as_user(User::AUDITOR).get("/v1/unpurged").expect_ok()["items"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    items
        .iter()
        .map(|item| (text(item, "kind"), text(item, "id"), text(item, "why")))
        .collect()
}

/// Makes the deletion of a fragment fail.
fn block_deletion(app: &TestApp, fragment: &str) {
    let blob = fragment.replace('-', "");
    let on_sqlite = format!(
        "CREATE TRIGGER stuck BEFORE DELETE ON fragments WHEN OLD.id = x'{blob}' \
         BEGIN SELECT RAISE(ABORT, 'stuck'); END;"
    );
    let on_postgresql = format!(
        "CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS $$ \
         BEGIN IF OLD.id = '{fragment}' THEN RAISE EXCEPTION 'stuck'; END IF; RETURN OLD; END $$; \
         CREATE TRIGGER stuck BEFORE DELETE ON fragments FOR EACH ROW EXECUTE FUNCTION stuck();"
    );
    raw_db::execute(app, &on_sqlite, &on_postgresql);
}

/// Fills every table: people with tokens, an attached advance submission, links, decisions, a
/// frozen view, a refused address, a request for destruction.
fn fill_every_table(app: &TestApp) -> Seed {
    let sender = app.as_user(User::RETURNED);
    let known = sender
        .post("/v1/people", &child("Orla", "2019-05-14", 0))
        .id();
    let family = sender
        .post(
            "/v1/families",
            &json!({"label": "Canary", "members": [known]}),
        )
        .id();
    let body = with_members(
        fragment(&[entry("arrived hungry", "2026-01-02", &[&known])]),
        json!({"family_id": family, "expires_at": app.in_days(40)}),
    );
    let _ = sender.post("/v1/fragments", &body).expect_ok();
    let seed = app.seed();
    let _ = app
        .as_user(User::WAITING)
        .post(
            &seed.path_to("fragments"),
            &fragment(&[entry("arrived hungry", "2026-01-02", &[])]),
        )
        .expect_ok();
    let rows = app
        .as_user(User::OWNER)
        .get(&seed.path_to("timeline"))
        .expect_ok()["rows"]
        .clone();
    let entries: Vec<Value> = rows
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| row["accounts"][0]["entry_id"].clone())
        .collect();
    let link = json!({
        "decision": "related", "entries": [entries[0]], "with": [entries[1]],
        "reason": "Canary",
    });
    let _ = app
        .as_user(User::OWNER)
        .post(&seed.path_to("link-decisions"), &link)
        .expect_ok();
    let _ = app
        .as_user(User::OWNER)
        .post(&seed.path_to("consolidations"), &Value::Null)
        .expect_ok();
    let correction = fragment(&[entry("lives at Canary Refuge", "2026-01-02", &[])]);
    assert_eq!(
        app.as_user(User::RETURNED)
            .put(
                &format!("/v1/fragments/{}", seed.fragment),
                Some(1),
                &correction
            )
            .status,
        422
    );
    let order = json!({
        "reason_code": "made_in_error", "reason": "Canary", "snapshot_waiver": "Canary",
    });
    let _ = app
        .as_user(User::MANAGER)
        .post(&seed.path_to("destruction"), &order)
        .expect_ok();
    seed
}

on_both! {
    fn failed_deletion_does_not_block_others(app) {
        let seed = app.seed();
        let waiting = app.as_user(User::WAITING);
        let own = |days: u64| {
            with_members(
                fragment(&[entry(&format!("burn {days}"), "2026-01-02", &[])]),
                json!({"expires_at": app.in_days(days)}),
            )
        };
        let send = |days| waiting.post(&seed.path_to("fragments"), &own(days)).id();
        let ids = [send(9), send(10), send(11), send(12)];
        block_deletion(app, &ids[1]);
        app.advance_days(12);
        let report = app.service.retention.purge(2).expect("the purge runs");
        assert_eq!((report.fragments, report.failed), (3, 1));
        assert_eq!(
            report.unpurged.iter().find(|(kind, _)| *kind == "fragment"),
            Some(&("fragment", 1))
        );
        assert!(
            report
                .oldest_unpurged
                .is_some_and(|age| age.as_secs() >= 2 * 86_400)
        );
        assert_eq!(
            list_unpurged(app),
            [("fragment".into(), ids[1].clone(), "failed".into())]
        );
        assert_eq!(
            app.as_user(User::WAITING)
                .get(&format!("/v1/fragments/{}", ids[1]))
                .status,
            410,
            "it is served to nobody"
        );
        // Its key is destroyed in time although its rows remain, and the certificate covers it.
        app.advance_seconds(3_600);
        let _ = app.service.retention.destroy_keys().expect("keys are destroyed");
        let certificates = waiting.get("/v1/deletion-certificates").expect_ok();
        let ids_of = certificates["items"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let proofs = ids_of.iter().filter_map(|item| {
            let id = item["id"].as_str().unwrap_or_default();
            waiting
                .get(&format!("/v1/deletion-certificates/{id}?object={}", ids[1]))
                .expect_ok()["proofs"]
                .as_array()
                .map(Vec::len)
        });
        assert_eq!((ids_of.len(), proofs.sum::<usize>()), (4, 1));
        raw_db::execute(app, "DROP TRIGGER stuck", "DROP TRIGGER stuck ON fragments");
        assert_eq!(
            app.service
                .retention
                .purge(2)
                .map(|report| (report.fragments, report.failed))
                .expect("the purge runs"),
            (1, 0)
        );
        assert_eq!(list_unpurged(app), []);
    }

    fn failed_chronology_deletion_does_not_block_others(app) {
        let seed = app.seed();
        let body = behaviour::inputs::chronology(&seed.family, &[]);
        let second = app
            .as_user(User::OWNER)
            .post("/v1/chronologies", &body)
            .id();
        block_deletion(app, &seed.fragment);
        app.advance_days(61);
        let report = app.service.retention.purge(10).expect("the purge runs");
        assert_eq!(
            (report.chronologies, report.failed),
            (1, 2),
            "its fragment is due too and fails as well"
        );
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&format!("/v1/tombstones/{second}"))
                .status,
            200
        );
        let whys: BTreeMap<_, _> = list_unpurged(app)
            .into_iter()
            .map(|(kind, _, why)| (kind, why))
            .collect();
        let expected = [
            ("chronology", "failed"),
            ("family", "referred_to"),
            ("fragment", "failed"),
            ("person", "referred_to"),
        ];
        assert_eq!(
            whys,
            expected
                .map(|(kind, why)| (kind.to_owned(), why.to_owned()))
                .into()
        );
    }

    fn held_objects_are_listed_as_held(app) {
        let seed = app.seed();
        let _ = app.hold_everything(&json!(app.in_days(61)));
        assert_eq!(
            app.as_user(User::MANAGER).get("/v1/holds").expect_ok()["items"][0]["review_overdue"],
            false
        );
        app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"]);
        assert!(list_unpurged(app).iter().all(|(_, _, why)| why == "held"));
        app.advance_days(2);
        let report = app.service.retention.purge(10).expect("the purge runs");
        assert_eq!((report.failed, report.overdue_holds), (0, 1));
        assert_eq!(
            list_unpurged(app).len(),
            8,
            "chronology, fragment, family, five people"
        );
        assert_eq!(
            app.as_user(User::MANAGER).get("/v1/holds").expect_ok()["items"][0]["review_overdue"],
            true
        );
        let first = app
            .as_user(User::MANAGER)
            .get("/v1/unpurged?limit=5")
            .expect_ok();
        let next = first["next"].as_str().expect("a cursor").to_owned();
        let second = app
            .as_user(User::MANAGER)
            .get(&format!("/v1/unpurged?limit=5&cursor={next}"))
            .expect_ok();
        assert_eq!(
            (
                first["items"].as_array().map(Vec::len),
                second["items"].as_array().map(Vec::len)
            ),
            (Some(5), Some(3))
        );
        assert!(!first.to_string().contains("Canary"));
        for user in [User::OWNER, User::LEAD, User::RETURNED, User::STRANGER] {
            assert_eq!(
                app.as_user(user).get("/v1/unpurged").status,
                404,
                "{}",
                user.name
            );
        }
        assert_eq!(app.as_user(User::FOREIGNER).get("/v1/unpurged").status, 404);
    }

    fn only_permitted_tables_keep_rows_after_expiry(app) {
        let seed = fill_every_table(app);
        app.service.linking.wait_for_links();
        // No worker can handle this event, so that it goes only with its chronology.
        leave_event(app, seed.chronology.parse().unwrap(), Some(NEVER));
        let full = raw_db::row_counts(app);
        let must_be_empty: Vec<&String> = full
            .keys()
            .filter(|table| {
                !MAY_KEEP_ROWS.contains(&table.as_str())
                    && !table.starts_with("sqlite_")
                    && !table.starts_with("audit_")
            })
            .collect();
        let untested: Vec<&&String> = must_be_empty
            .iter()
            .filter(|table| full[table.as_str()] == 0)
            .collect();
        assert_eq!(
            untested,
            Vec::<&&String>::new(),
            "tables that this test does not fill"
        );
        app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"]);
        app.run_background_jobs();
        app.advance_days(15);
        app.run_background_jobs();
        app.advance_days(2);
        app.run_background_jobs();
        let left = raw_db::row_counts(app);
        for table in must_be_empty {
            assert_eq!(left[table], 0, "{table}");
        }
        assert_eq!(app.expiring_keys(), Vec::<String>::new());
        assert_eq!(list_unpurged(app), []);
    }
}
