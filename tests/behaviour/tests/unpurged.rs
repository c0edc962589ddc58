//! What cannot be deleted is counted, listed and keeps nothing else; and when everything has gone, only what may stay stays.

use std::collections::BTreeMap;

use behaviour::inputs::{child, entry, fragment, with};
use behaviour::{TestApp, User, on_both, raw};
use serde_json::{Value, json};

fn listed(app: &TestApp) -> Vec<(String, String, String)> {
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let items = app.by(User::AUDITOR).get("/v1/unpurged").ok()["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| (text(item, "kind"), text(item, "id"), text(item, "why"))).collect()
}

/// Makes the deletion of one fragment fail.
fn forbid(app: &TestApp, fragment: &str) {
    raw::execute(
        app,
        &format!("CREATE TRIGGER stuck BEFORE DELETE ON fragments WHEN OLD.id = x'{}' BEGIN SELECT RAISE(ABORT, 'stuck'); END;", fragment.replace('-', "")),
        &format!("CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.id = '{fragment}' THEN RAISE EXCEPTION 'stuck'; END IF; RETURN OLD; END $$;
                  CREATE TRIGGER stuck BEFORE DELETE ON fragments FOR EACH ROW EXECUTE FUNCTION stuck();"),
    );
}

on_both! {
    fn one_that_fails_keeps_no_other(app) {
        let seed = app.seed();
        let waiting = app.by(User::WAITING);
        let own = |days: u64| with(fragment(&[entry(&format!("burn {days}"), "2026-01-02", &[])]), json!({"expires_at": app.in_days(days)}));
        let send = |days| waiting.post(&seed.at("fragments"), &own(days)).id();
        let ids = [send(9), send(10), send(11), send(12)];
        forbid(app, &ids[1]);
        app.pass_days(12);
        let report = app.service.purge(2).expect("it runs");
        assert_eq!((report.fragments, report.failed), (3, 1));
        assert_eq!(report.unpurged.iter().find(|(kind, _)| *kind == "fragment"), Some(&("fragment", 1)));
        assert!(report.oldest_unpurged.is_some_and(|age| age.as_secs() >= 2 * 86_400));
        assert_eq!(listed(app), [("fragment".into(), ids[1].clone(), "failed".into())]);
        assert_eq!(app.by(User::WAITING).get(&format!("/v1/fragments/{}", ids[1])).status, 410, "nobody is served it");
        // Its key goes in time whatever became of its rows, and the certificate covers it.
        app.pass(3_600);
        let _ = app.service.destroy_keys().expect("keys go");
        let certificates = waiting.get("/v1/deletion-certificates").ok();
        let ids_of = certificates["items"].as_array().cloned().unwrap_or_default();
        let proofs = ids_of.iter().filter_map(|item| {
            let id = item["id"].as_str().unwrap_or_default();
            waiting.get(&format!("/v1/deletion-certificates/{id}?object={}", ids[1])).ok()["proofs"].as_array().map(Vec::len)
        });
        assert_eq!((ids_of.len(), proofs.sum::<usize>()), (4, 1));
        raw::execute(app, "DROP TRIGGER stuck", "DROP TRIGGER stuck ON fragments");
        assert_eq!(app.service.purge(2).map(|report| (report.fragments, report.failed)).expect("it runs"), (1, 0));
        assert_eq!(listed(app), []);
    }

    fn a_chronology_that_fails_keeps_no_other_either(app) {
        let seed = app.seed();
        let body = behaviour::inputs::chronology(&seed.family, &[]);
        let second = app.by(User::OWNER).post("/v1/chronologies", &body).id();
        forbid(app, &seed.fragment);
        app.pass_days(61);
        let report = app.service.purge(10).expect("it runs");
        assert_eq!((report.chronologies, report.failed), (1, 2), "its fragment is due by itself and fails as well");
        assert_eq!(app.by(User::OWNER).get(&format!("/v1/tombstones/{second}")).status, 200);
        let whys: BTreeMap<_, _> = listed(app).into_iter().map(|(kind, _, why)| (kind, why)).collect();
        let expected = [("chronology", "failed"), ("family", "referred_to"), ("fragment", "failed"), ("person", "referred_to")];
        assert_eq!(whys, expected.map(|(kind, why)| (kind.to_owned(), why.to_owned())).into());
    }

    fn what_is_held_is_listed_as_held(app) {
        let seed = app.seed();
        let _ = app.hold_everything(&json!(app.in_days(61)));
        assert_eq!(app.by(User::MANAGER).get("/v1/holds").ok()["items"][0]["review_overdue"], false);
        app.set_to(&app.by(User::OWNER).get(&seed.path).ok()["expires_at"]);
        assert!(listed(app).iter().all(|(_, _, why)| why == "held"));
        app.pass_days(2);
        let report = app.service.purge(10).expect("it runs");
        assert_eq!((report.failed, report.overdue_holds), (0, 1));
        assert_eq!(listed(app).len(), 8, "chronology, fragment, family, five people");
        assert_eq!(app.by(User::MANAGER).get("/v1/holds").ok()["items"][0]["review_overdue"], true);
        let first = app.by(User::MANAGER).get("/v1/unpurged?limit=5").ok();
        let next = first["next"].as_str().expect("a cursor").to_owned();
        let second = app.by(User::MANAGER).get(&format!("/v1/unpurged?limit=5&cursor={next}")).ok();
        assert_eq!((first["items"].as_array().map(Vec::len), second["items"].as_array().map(Vec::len)), (Some(5), Some(3)));
        assert!(!first.to_string().contains("Canary"));
        for user in [User::OWNER, User::LEAD, User::RETURNED, User::STRANGER] {
            assert_eq!(app.by(user).get("/v1/unpurged").status, 404, "{}", user.name);
        }
        assert_eq!(app.by(User::FOREIGNER).get("/v1/unpurged").status, 404);
    }

    fn when_everything_has_gone_only_what_may_stay_stays(app) {
        // Something in every table: people with tokens, an account sent ahead and taken in, links, decisions, a frozen view.
        let sender = app.by(User::RETURNED);
        let known = sender.post("/v1/people", &child("Orla", "2019-05-14", 0)).id();
        let family = sender.post("/v1/families", &json!({"label": "Canary", "members": [known]})).id();
        let body = with(fragment(&[entry("arrived hungry", "2026-01-02", &[&known])]), json!({"family_id": family, "expires_at": app.in_days(40)}));
        let _ = sender.post("/v1/fragments", &body).ok();
        let seed = app.seed();
        let _ = app.by(User::WAITING).post(&seed.at("fragments"), &fragment(&[entry("arrived hungry", "2026-01-02", &[])])).ok();
        let rows = app.by(User::OWNER).get(&seed.at("timeline")).ok()["rows"].clone();
        let entries: Vec<Value> = rows.as_array().into_iter().flatten().map(|row| row["accounts"][0]["entry_id"].clone()).collect();
        let link = json!({"decision": "related", "entries": [entries[0]], "with": [entries[1]], "reason": "Canary"});
        let _ = app.by(User::OWNER).post(&seed.at("link-decisions"), &link).ok();
        let _ = app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).ok();
        let told = fragment(&[entry("lives at Canary Refuge", "2026-01-02", &[])]);
        assert_eq!(app.by(User::RETURNED).put(&format!("/v1/fragments/{}", seed.fragment), Some(1), &told).status, 422);
        let order = json!({"reason_code": "made_in_error", "reason": "Canary", "snapshot_waiver": "Canary"});
        let _ = app.by(User::MANAGER).post(&seed.at("destruction"), &order).ok();
        app.service.wait_for_links();
        let full = raw::counts(app);
        let may_stay = ["partnerships", "agencies", "practitioners", "clock_mark", "clock_trust", "scopes_to_destroy", "emergency_accesses", "emergency_chronologies", "address_refusals", "key_commitments", "tombstones", "tombstone_agencies",
                        "tombstone_practitioners", "deletion_covered", "deletion_certificates", "deletion_orders", "holds", "__diesel_schema_migrations"];
        let mortal: Vec<&String> = full.keys().filter(|table| !may_stay.contains(&table.as_str()) && !table.starts_with("sqlite_") && !table.starts_with("audit_")).collect();
        let untested: Vec<&&String> = mortal.iter().filter(|table| full[table.as_str()] == 0).collect();
        assert_eq!(untested, Vec::<&&String>::new(), "a table that this test does not fill");
        app.set_to(&app.by(User::OWNER).get(&seed.path).ok()["expires_at"]);
        app.work();
        app.pass_days(15);
        app.work();
        app.pass_days(2);
        app.work();
        let left = raw::counts(app);
        for table in mortal {
            assert_eq!(left[table], 0, "{table}");
        }
        assert_eq!(app.mortal_keys(), Vec::<String>::new());
        assert_eq!(listed(app), []);
    }
}
