//! Free-text reasons that outlive the objects they are about have an expiry of their own: they are
//! shown until then, deleted afterwards, and unreadable in every copy once the key of that hour is
//! destroyed.

use std::time::Duration;

use behaviour::{Seed, TestApp, User, on_both, raw_db};
use domain::{Instant, PartnershipId};
use serde_json::{Value, json};
use uuid::Uuid;
use vault::{KeyTerms, RecordLocation, SealedTable};

const DAY: u64 = 86_400;
/// How long reasons are kept, by the default policy.
const RETENTION: Duration = Duration::from_secs(180 * DAY);

fn place_hold(app: &TestApp, seed: &Seed) -> String {
    let body = json!({
        "scope": "child", "target_id": seed.twin, "reason": "Canary hold: the inquiry asked.",
        "review_at": app.in_days(9),
    });
    app.as_user(User::MANAGER).post("/v1/holds", &body).id()
}

fn release_hold(app: &TestApp, hold: &str) {
    let body = json!({"reason": "Canary release: the inquiry has ended."});
    let _ = app
        .as_user(User::MANAGER)
        .post(&format!("/v1/holds/{hold}/release"), &body)
        .expect_ok();
}

/// Opens and ends an emergency access; returns its path.
fn use_emergency_access(app: &TestApp, seed: &Seed) -> String {
    let body = json!({
        "chronology_id": seed.chronology, "reason_code": "court_order",
        "reason": "Canary glass: a hearing.",
    });
    let id = app
        .as_user(User::COLLEAGUE)
        .post("/v1/emergency-accesses", &body)
        .id();
    let _ = app
        .as_user(User::COLLEAGUE)
        .post(&format!("/v1/emergency-accesses/{id}/end"), &Value::Null)
        .expect_ok();
    format!("/v1/emergency-accesses/{id}")
}

fn review_access(app: &TestApp, access: &str) {
    let body = json!({"finding": "justified", "note": "Canary note: it was urgent."});
    let _ = app
        .as_user(User::MANAGER)
        .post(&format!("{access}/review"), &body)
        .expect_ok();
}

fn destroy(app: &TestApp, seed: &Seed) {
    let body = json!({
        "reason_code": "made_in_error", "reason": "Canary order: the wrong family.",
        "snapshot_waiver": "Canary waiver.",
    });
    let _ = app.destroy_chronology(seed, &body);
}

/// The reasons that the manager is shown: of the hold, the emergency access and the destruction.
fn shown_reasons(app: &TestApp, seed: &Seed, access: &str) -> [Value; 3] {
    let manager = app.as_user(User::MANAGER);
    let hold = manager.get("/v1/holds").expect_ok()["items"][0]["reason"].clone();
    let access = manager.get(access).expect_ok();
    let reasons = if access["reason"] == Value::Null {
        Value::Null
    } else {
        json!([access["reason"], access["note"]])
    };
    let destruction = manager
        .get(&format!("/v1/tombstones/{}", seed.chronology))
        .expect_ok()["destruction"]
        .clone();
    assert_eq!(
        destruction["reason"].is_null(),
        destruction["snapshot_waiver"].is_null(),
        "{destruction}"
    );
    assert_eq!(
        destruction["reason_code"], "made_in_error",
        "the code stays"
    );
    [hold, reasons, destruction["reason"].clone()]
}

/// Counts the rows of a table that contain a sealed reason, readable or not.
fn count_stored_reasons(app: &TestApp, table: &str) -> i64 {
    raw_db::query_count(
        app,
        &format!(
            "SELECT count(*) AS count FROM {table} \
             WHERE sealed IS NOT NULL OR wrapped_key IS NOT NULL"
        ),
    )
}

fn just_before(end: Instant) -> Instant {
    end.minus(Duration::from_micros(1))
}

/// Replaces the reason of a hold by one that is sealed without an expiry, as a former version did.
fn store_permanently_sealed_reason(app: &TestApp, hold: &str) {
    let partnership = PartnershipId(
        Uuid::parse_str(&app.as_user(User::OWNER).get("/v1/partnership").id()).unwrap(),
    );
    let location = RecordLocation {
        table: SealedTable::Holds,
        row: Uuid::parse_str(hold).unwrap(),
        version: 1,
    };
    let vault = app.open_second_vault();
    let (key, wrapped) = vault
        .create_key(
            domain::Clock::now(&app.clock),
            &KeyTerms::Permanent { partnership },
            &location,
        )
        .unwrap();
    let sealed = key
        .seal(
            &location,
            br#"{"reason":"Canary hold of long ago","release_reason":null}"#,
        )
        .unwrap();
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let wrapped = hex(&wrapped);
    let sealed = hex(&sealed);
    raw_db::execute(
        app,
        &format!(
            "UPDATE holds SET words_until = NULL, wrapped_key = x'{wrapped}', sealed = x'{sealed}'"
        ),
        &format!(
            "UPDATE holds SET words_until = NULL, wrapped_key = '\\x{wrapped}', \
             sealed = '\\x{sealed}'"
        ),
    );
}

fn count_holds_without_expiry(app: &TestApp) -> i64 {
    raw_db::query_count(
        app,
        "SELECT count(*) AS count FROM holds WHERE words_until IS NULL",
    )
}

on_both! {
    fn reasons_are_shown_until_expiry_and_then_deleted(app) {
        let seed = app.seed();
        let start = domain::Clock::now(&app.clock);
        let hold = place_hold(app, &seed);
        let access = use_emergency_access(app, &seed);
        review_access(app, &access);
        app.advance_days(1);
        release_hold(app, &hold);
        destroy(app, &seed);
        let after = |days: u64| start.plus(Duration::from_secs(days * DAY)).plus(RETENTION);
        let of_access = after(0);
        let of_order = after(1);
        let of_hold = after(9);
        for (end, gone) in [
            (of_access, [false, true, false]),
            (of_order, [false, true, true]),
            (of_hold, [true; 3]),
        ] {
            app.clock.set(just_before(end));
            app.run_background_jobs();
            assert!(
                shown_reasons(app, &seed, &access)
                    .iter()
                    .any(Value::is_string),
                "one microsecond before {end}"
            );
            app.clock.set(end);
            let reasons = shown_reasons(app, &seed, &access);
            assert_eq!(
                reasons.each_ref().map(Value::is_null),
                gone,
                "not shown although not deleted yet: {reasons:?}"
            );
            app.run_background_jobs();
            assert_eq!(
                ["holds", "emergency_accesses", "deletion_orders"]
                    .map(|table| count_stored_reasons(app, table) == 0),
                gone
            );
        }
        app.advance_seconds(3_600);
        app.run_background_jobs();
        assert_eq!(
            app.expiring_keys(),
            Vec::<String>::new(),
            "no copy can be decrypted"
        );
        let audit = app
            .as_user(User::AUDITOR)
            .get("/v1/audit?limit=500")
            .expect_ok();
        assert!(
            audit["items"]
                .as_array()
                .is_some_and(|items| items.len() > 20)
                && !audit.to_string().contains("Canary")
        );
    }

    fn reason_is_readable_while_its_key_exists(app) {
        let seed = app.seed();
        let access = use_emergency_access(app, &seed);
        destroy(app, &seed);
        app.clock
            .set(just_before(domain::Clock::now(&app.clock).plus(RETENTION)));
        app.run_background_jobs();
        let reasons = shown_reasons(app, &seed, &access);
        assert_eq!(reasons[2], "Canary order: the wrong family.");
        assert!(
            !app.expiring_keys().is_empty(),
            "control: the key that opens them exists"
        );
    }

    fn review_note_is_kept_after_the_access_reason_expired(app) {
        let seed = app.seed();
        let access = use_emergency_access(app, &seed);
        app.clock
            .set(domain::Clock::now(&app.clock).plus(RETENTION));
        app.run_background_jobs();
        app.advance_seconds(3_600);
        app.run_background_jobs();
        review_access(app, &access);
        let read = app.as_user(User::MANAGER).get(&access).expect_ok();
        assert_eq!(
            (read.get("reason"), &read["note"]),
            (None, &json!("Canary note: it was urgent."))
        );
        app.clock
            .set(domain::Clock::now(&app.clock).plus(RETENTION));
        app.run_background_jobs();
        assert_eq!(count_stored_reasons(app, "emergency_accesses"), 0);
    }

    fn unreviewed_hold_outlives_its_reason_and_can_be_released(app) {
        let seed = app.seed();
        let hold = place_hold(app, &seed);
        app.advance_days(9);
        app.clock
            .set(domain::Clock::now(&app.clock).plus(RETENTION));
        app.run_background_jobs();
        let listed = app.as_user(User::MANAGER).get("/v1/holds").expect_ok()["items"][0].clone();
        assert_eq!(
            (
                listed.get("reason"),
                &listed["review_overdue"],
                count_stored_reasons(app, "holds")
            ),
            (None, &json!(true), 0)
        );
        assert_eq!(
            raw_db::row_counts(app)["chronologies"],
            1,
            "the hold is still in force"
        );
        release_hold(app, &hold);
        assert_eq!(
            count_stored_reasons(app, "holds"),
            1,
            "the reason for the release is stored"
        );
        app.clock
            .set(domain::Clock::now(&app.clock).plus(RETENTION));
        app.run_background_jobs();
        assert_eq!(count_stored_reasons(app, "holds"), 0);
    }

    fn permanently_sealed_reasons_are_given_an_expiry(app) {
        let seed = app.seed();
        let hold = place_hold(app, &seed);
        store_permanently_sealed_reason(app, &hold);
        let reason = || {
            app.as_user(User::MANAGER).get("/v1/holds").expect_ok()["items"][0]["reason"].clone()
        };
        assert_eq!(
            (reason(), count_holds_without_expiry(app)),
            (json!("Canary hold of long ago"), 1)
        );
        app.run_background_jobs();
        assert_eq!(
            (reason(), count_holds_without_expiry(app)),
            (json!("Canary hold of long ago"), 0)
        );
        app.advance_days(9);
        app.clock
            .set(domain::Clock::now(&app.clock).plus(RETENTION));
        app.run_background_jobs();
        assert_eq!(
            (reason(), count_stored_reasons(app, "holds")),
            (Value::Null, 0)
        );
    }
}
