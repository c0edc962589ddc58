//! A clock that jumps destroys nothing until a second source agrees; a clock that is right is believed.

use std::collections::BTreeMap;
use std::time::Duration;

use behaviour::{Seed, TestApp, User, on_both, raw};
use domain::{Clock as _, Instant};
use serde_json::Value;
use service::{Service, ServiceError, TimePolicy};

const DAY: Duration = Duration::from_secs(86_400);
const MINUTE: Duration = Duration::from_secs(60);

/// What deletion would change, and what it would leave.
fn content(app: &TestApp) -> (BTreeMap<String, i64>, Vec<String>) {
    let mut counts = raw::counts(app);
    counts.retain(|table, _| !table.starts_with("audit") && !table.contains("clock") && table != "shown_fragments");
    (counts, app.keys())
}

fn timeline(app: &TestApp, seed: &Seed) -> Value {
    app.by(User::OWNER).get(&seed.at("timeline")).ok()["rows"].clone()
}

fn end(app: &TestApp, seed: &Seed) -> Instant {
    let expires_at = app.by(User::OWNER).get(&seed.path).ok()["expires_at"].clone();
    Instant::parse(expires_at.as_str().unwrap()).unwrap()
}

/// A moment at which everything is over, and its hour too.
fn all_over(app: &TestApp, seed: &Seed) -> Instant {
    end(app, seed).plus(DAY * 90)
}

fn work(service: &Service) {
    service.pass_due(100).expect("due dates pass");
    service.purge(10).expect("what is over goes");
    service.destroy_keys().expect("keys go");
}

fn is_gone(app: &TestApp) -> bool {
    let counts = raw::counts(app);
    let rows = ["chronologies", "fragments", "entries", "people", "families"].map(|table| counts[table]);
    rows == [0; 5] && app.mortal_keys().is_empty()
}

/// A seed, with what has been seen of it; the workers have been round once.
fn seeded(app: &TestApp) -> Seed {
    let seed = app.seed();
    app.work();
    seed
}

on_both! {
    fn a_clock_that_jumps_forward_destroys_nothing_and_once_right_all_is_there(app) {
        let seed = seeded(app);
        let (before, rows, right) = (content(app), timeline(app, &seed), app.clock.now());
        let state = app.by(User::OWNER).get(&seed.path).ok()["state"].clone();
        app.clock.jump(all_over(app, &seed));
        for _ in 0..3 {
            app.work();
            app.pass(3_600);
        }
        assert_eq!(content(app), before, "nothing is deleted, no key destroyed, no due date passed");
        assert_eq!(app.by(User::OWNER).get(&seed.path).status, 410, "but by that clock it is not served");
        assert!(app.service.time_report().unwrap().ahead() > DAY * 89);
        app.service.ready().expect("ready all the same");

        app.clock.jump(right.plus(Duration::from_secs(3 * 3_600)));
        app.work();
        assert_eq!((timeline(app, &seed), app.by(User::OWNER).get(&seed.path).ok()["state"].clone()), (rows, state));
        assert_eq!(app.service.time_report().unwrap().ahead(), Duration::ZERO);
    }

    fn time_that_has_passed_counts_whatever_the_clock_shows(app) {
        let seed = seeded(app);
        let over = all_over(app, &seed);
        let left = over.since(app.clock.now());
        app.clock.jump(over.plus(DAY * 1_000));
        app.work();
        assert!(!is_gone(app));
        app.clock.advance(left);
        app.work();
        app.work();
        assert!(is_gone(app), "its time has come by the clock that nobody can set");
    }

    fn a_second_source_that_agrees_lets_it_go(app) {
        let seed = seeded(app);
        let (before, over) = (content(app), all_over(app, &seed));
        app.clock.jump(over);
        app.service.vouch(over.minus(DAY * 300));
        app.work();
        assert_eq!(content(app), before, "a word about an earlier time is none");
        app.service.vouch(over);
        app.work();
        app.work();
        assert!(is_gone(app));
    }

    fn an_operator_agrees_on_the_record_and_every_node_goes_by_it(app) {
        let seed = seeded(app);
        let (before, over) = (content(app), all_over(app, &seed));
        let node = app.another_node(TimePolicy::default());
        let early = app.service.confirm_time(over);
        assert!(matches!(early, Err(ServiceError::Invalid(_))), "ahead of the clock: {early:?}");
        app.clock.jump(over);
        work(&node);
        assert_eq!(content(app), before);
        app.service.confirm_time(over).expect("it is confirmed");
        // The first round learns of it, the next goes by it.
        work(&node);
        work(&node);
        assert!(is_gone(app));
        let audit = app.by(User::AUDITOR).get("/v1/audit?limit=500").ok();
        let confirmed = |item: &&Value| item["operation"] == "clock.confirm";
        assert_eq!(audit["items"].as_array().unwrap().iter().filter(confirmed).count(), 1);
    }

    fn a_start_after_a_long_pause_waits_for_a_second_source(app) {
        let seed = seeded(app);
        let (before, over) = (content(app), all_over(app, &seed));
        app.clock.set(over);
        for _ in 0..20 {
            // However often it is started: the allowance for the pause is not handed on.
            work(&app.another_node(TimePolicy { gap: Duration::from_secs(3_600), database_elsewhere: None }));
        }
        assert_eq!(content(app), before);
        let node = app.another_node(TimePolicy::default());
        node.vouch(over);
        work(&node);
        work(&node);
        assert!(is_gone(app));
    }

    fn a_start_after_a_short_pause_believes_its_clock(app) {
        let seed = seeded(app);
        app.clock.set(end(app, &seed).minus(MINUTE));
        app.work();
        app.pass(240);
        work(&app.another_node(TimePolicy::default()));
        assert_eq!(raw::counts(app)["chronologies"], 0);
    }

    fn another_machines_database_is_a_second_source(app) {
        let seed = seeded(app);
        let before = content(app);
        // The tests' time is long past by the database's clock, which has not come to the year 2100.
        let node = app.another_node(TimePolicy { database_elsewhere: Some(true), ..TimePolicy::default() });
        let (over, right) = (end(app, &seed).minus(MINUTE), app.clock.now());
        app.clock.jump(Instant::parse("2100-01-01T00:00:00Z").unwrap());
        let report = node.time_report().unwrap();
        assert!(report.database.is_some_and(|at| at > over) && report.ahead() > DAY * 365, "{report:?}");
        app.clock.jump(right);
        assert_eq!(content(app), before);
        app.clock.jump(all_over(app, &seed).min(report.agreed));
        work(&node);
        work(&node);
        assert_eq!(raw::counts(app)["chronologies"], 0);
    }

    fn a_clock_set_back_an_hour_brings_nothing_back_and_holds_nothing_up(app) {
        let seed = seeded(app);
        app.set_to(&app.by(User::OWNER).get(&seed.path).ok()["expires_at"]);
        app.work();
        app.work();
        let gone = content(app);
        app.clock.jump(app.clock.now().minus(Duration::from_secs(3_600)));
        for _ in 0..3 {
            assert_eq!(app.by(User::OWNER).get(&seed.path).status, 410);
            app.work();
        }
        assert_eq!(content(app), gone);
        let node = app.another_node(TimePolicy::default());
        work(&node);
        assert_eq!(content(app), gone, "nor after a start");
    }
}
