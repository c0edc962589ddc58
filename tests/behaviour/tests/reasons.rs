//! Reasons in words that outlive what they are about have an end of their own: shown until then, deleted after it, and
//! unreadable in every copy once the hour's key is gone.

use std::time::Duration;

use behaviour::{Seed, TestApp, User, on_both, raw};
use domain::{Instant, PartnershipId};
use serde_json::{Value, json};
use uuid::Uuid;
use vault::{Place, Terms};

const DAY: u64 = 86_400;
/// The partnership's default.
const KEPT: Duration = Duration::from_secs(180 * DAY);

fn place_hold(app: &TestApp, seed: &Seed) -> String {
    let body = json!({"scope": "child", "target_id": seed.twin, "reason": "Canary hold: the inquiry asked.", "review_at": app.in_days(9)});
    app.by(User::MANAGER).post("/v1/holds", &body).id()
}

fn release(app: &TestApp, hold: &str) {
    let body = json!({"reason": "Canary release: the inquiry has ended."});
    let _ = app.by(User::MANAGER).post(&format!("/v1/holds/{hold}/release"), &body).ok();
}

fn break_glass(app: &TestApp, seed: &Seed) -> String {
    let body =
        json!({"chronology_id": seed.chronology, "reason_code": "court_order", "reason": "Canary glass: a hearing."});
    let id = app.by(User::COLLEAGUE).post("/v1/emergency-accesses", &body).id();
    let _ = app.by(User::COLLEAGUE).post(&format!("/v1/emergency-accesses/{id}/end"), &Value::Null).ok();
    format!("/v1/emergency-accesses/{id}")
}

fn review(app: &TestApp, access: &str) {
    let body = json!({"finding": "justified", "note": "Canary note: it was urgent."});
    let _ = app.by(User::MANAGER).post(&format!("{access}/review"), &body).ok();
}

fn destroy(app: &TestApp, seed: &Seed) {
    let body = json!({"reason_code": "made_in_error", "reason": "Canary order: the wrong family.", "snapshot_waiver": "Canary waiver."});
    let _ = app.destroy(seed, &body);
}

/// The words that the manager is shown of hold, access and destruction, in this order.
fn shown(app: &TestApp, seed: &Seed, access: &str) -> [Value; 3] {
    let manager = app.by(User::MANAGER);
    let hold = manager.get("/v1/holds").ok()["items"][0]["reason"].clone();
    let access = manager.get(access).ok();
    let words = if access["reason"] == Value::Null { Value::Null } else { json!([access["reason"], access["note"]]) };
    let destruction = manager.get(&format!("/v1/tombstones/{}", seed.chronology)).ok()["destruction"].clone();
    assert_eq!(destruction["reason"].is_null(), destruction["snapshot_waiver"].is_null(), "{destruction}");
    assert_eq!(destruction["reason_code"], "made_in_error", "the code stays");
    [hold, words, destruction["reason"].clone()]
}

/// In how many rows of a table words are kept, in whatever state.
fn kept(app: &TestApp, table: &str) -> i64 {
    raw::count(
        app,
        &format!("SELECT count(*) AS count FROM {table} WHERE sealed IS NOT NULL OR wrapped_key IS NOT NULL"),
    )
}

fn before(end: Instant) -> Instant {
    end.minus(Duration::from_micros(1))
}

/// Puts words sealed for good, as a former version sealed them, in place of a hold's.
fn seal_for_good(app: &TestApp, hold: &str) {
    let partnership = PartnershipId(Uuid::parse_str(&app.by(User::OWNER).get("/v1/partnership").id()).unwrap());
    let place = Place { table: "holds", row: Uuid::parse_str(hold).unwrap(), version: 1 };
    let vault = app.another_vault();
    let (key, wrapped) =
        vault.create_key(domain::Clock::now(&app.clock), &Terms::Permanent { partnership }, &place).unwrap();
    let sealed = key.seal(&place, br#"{"reason":"Canary hold of long ago","release_reason":null}"#).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (wrapped, sealed) = (hex(&wrapped), hex(&sealed));
    raw::execute(
        app,
        &format!("UPDATE holds SET words_until = NULL, wrapped_key = x'{wrapped}', sealed = x'{sealed}'"),
        &format!("UPDATE holds SET words_until = NULL, wrapped_key = '\\x{wrapped}', sealed = '\\x{sealed}'"),
    );
}

fn without_an_end(app: &TestApp) -> i64 {
    raw::count(app, "SELECT count(*) AS count FROM holds WHERE words_until IS NULL")
}

on_both! {
    fn each_is_shown_until_its_end_and_gone_from_then_on(app) {
        let seed = app.seed();
        let begun = domain::Clock::now(&app.clock);
        let hold = place_hold(app, &seed);
        let access = break_glass(app, &seed);
        review(app, &access);
        app.pass_days(1);
        release(app, &hold);
        destroy(app, &seed);
        let after = |days: u64| begun.plus(Duration::from_secs(days * DAY)).plus(KEPT);
        let (of_access, of_order, of_hold) = (after(0), after(1), after(9));
        for (end, gone) in [(of_access, [false, true, false]), (of_order, [false, true, true]), (of_hold, [true; 3])] {
            app.clock.set(before(end));
            app.work();
            assert!(shown(app, &seed, &access).iter().any(Value::is_string), "a moment before: {end}");
            app.clock.set(end);
            let words = shown(app, &seed, &access);
            assert_eq!(words.each_ref().map(Value::is_null), gone, "not deleted yet, and not shown: {words:?}");
            app.work();
            assert_eq!(["holds", "emergency_accesses", "deletion_orders"].map(|table| kept(app, table) == 0), gone);
        }
        app.pass(3_600);
        app.work();
        assert_eq!(app.mortal_keys(), Vec::<String>::new(), "no copy opens");
        let audit = app.by(User::AUDITOR).get("/v1/audit?limit=500").ok();
        assert!(audit["items"].as_array().is_some_and(|items| items.len() > 20) && !audit.to_string().contains("Canary"));
    }

    fn while_a_key_lives_it_is_there(app) {
        let seed = app.seed();
        let access = break_glass(app, &seed);
        destroy(app, &seed);
        app.clock.set(before(domain::Clock::now(&app.clock).plus(KEPT)));
        app.work();
        let words = shown(app, &seed, &access);
        assert_eq!(words[2], "Canary order: the wrong family.");
        assert!(!app.mortal_keys().is_empty(), "the control: something by which they open");
    }

    fn an_access_reviewed_after_its_words_are_gone_keeps_the_reviewers_note(app) {
        let seed = app.seed();
        let access = break_glass(app, &seed);
        app.clock.set(domain::Clock::now(&app.clock).plus(KEPT));
        app.work();
        app.pass(3_600);
        app.work();
        review(app, &access);
        let read = app.by(User::MANAGER).get(&access).ok();
        assert_eq!((read.get("reason"), &read["note"]), (None, &json!("Canary note: it was urgent.")));
        app.clock.set(domain::Clock::now(&app.clock).plus(KEPT));
        app.work();
        assert_eq!(kept(app, "emergency_accesses"), 0);
    }

    fn a_hold_that_nobody_reviews_holds_on_without_words_and_is_released_with_some(app) {
        let seed = app.seed();
        let hold = place_hold(app, &seed);
        app.pass_days(9);
        app.clock.set(domain::Clock::now(&app.clock).plus(KEPT));
        app.work();
        let listed = app.by(User::MANAGER).get("/v1/holds").ok()["items"][0].clone();
        assert_eq!((listed.get("reason"), &listed["review_overdue"], kept(app, "holds")), (None, &json!(true), 0));
        assert_eq!(raw::counts(app)["chronologies"], 1, "it holds");
        release(app, &hold);
        assert_eq!(kept(app, "holds"), 1, "why it was released");
        app.clock.set(domain::Clock::now(&app.clock).plus(KEPT));
        app.work();
        assert_eq!(kept(app, "holds"), 0);
    }

    fn words_that_a_former_version_sealed_for_good_are_given_an_end(app) {
        let seed = app.seed();
        let hold = place_hold(app, &seed);
        seal_for_good(app, &hold);
        let reason = || app.by(User::MANAGER).get("/v1/holds").ok()["items"][0]["reason"].clone();
        assert_eq!((reason(), without_an_end(app)), (json!("Canary hold of long ago"), 1));
        app.work();
        assert_eq!((reason(), without_an_end(app)), (json!("Canary hold of long ago"), 0));
        app.pass_days(9);
        app.clock.set(domain::Clock::now(&app.clock).plus(KEPT));
        app.work();
        assert_eq!((reason(), kept(app, "holds")), (Value::Null, 0));
    }
}
