//! Trusted time: after the clock has jumped, nothing is deleted until a second source agrees; a
//! correct clock is trusted.

use std::collections::BTreeMap;
use std::time::Duration;

use behaviour::{Seed, TestApp, User, on_both, raw_db};
use domain::{Clock as _, Instant};
use serde_json::Value;
use service::{Service, ServiceError, TimePolicy};

const DAY: Duration = Duration::from_secs(86_400);
const MINUTE: Duration = Duration::from_secs(60);

/// The row counts and keys that a deletion would change.
fn stored_content(app: &TestApp) -> (BTreeMap<String, i64>, Vec<String>) {
    let mut counts = raw_db::row_counts(app);
    counts.retain(|table, _| {
        !table.starts_with("audit") && !table.contains("clock") && table != "shown_fragments"
    });
    (counts, app.stored_keys())
}

fn timeline(app: &TestApp, seed: &Seed) -> Value {
    app.as_user(User::OWNER)
        .get(&seed.path_to("timeline"))
        .expect_ok()["rows"]
        .clone()
}

/// The expiry of the seed's chronology.
fn chronology_expiry(app: &TestApp, seed: &Seed) -> Instant {
    let expires_at = app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"].clone();
    Instant::parse(expires_at.as_str().unwrap()).unwrap()
}

/// A time at which everything has expired and every key is due.
fn after_all_expiries(app: &TestApp, seed: &Seed) -> Instant {
    chronology_expiry(app, seed).plus(DAY * 90)
}

/// Runs the deletion workers of a node once.
fn run_workers(service: &Service) {
    service
        .retention
        .mark_overdue(100)
        .expect("overdue chronologies are marked");
    service
        .retention
        .purge(10)
        .expect("expired objects are deleted");
    service
        .retention
        .destroy_keys()
        .expect("keys are destroyed");
}

/// Whether all rows and keys of the seed are deleted.
fn is_deleted(app: &TestApp) -> bool {
    let counts = raw_db::row_counts(app);
    let rows =
        ["chronologies", "fragments", "entries", "people", "families"].map(|table| counts[table]);
    rows == [0; 5] && app.expiring_keys().is_empty()
}

/// Creates the seed and runs the workers once, so that the service has recorded the present time.
fn seed_and_run_workers(app: &TestApp) -> Seed {
    let seed = app.seed();
    app.run_background_jobs();
    seed
}

on_both! {
    fn clock_jump_forward_deletes_nothing(app) {
        let seed = seed_and_run_workers(app);
        let before = stored_content(app);
        let rows = timeline(app, &seed);
        let correct_time = app.clock.now();
        let state = app.as_user(User::OWNER).get(&seed.path).expect_ok()["state"].clone();
        app.clock.jump(after_all_expiries(app, &seed));
        for _ in 0..3 {
            app.run_background_jobs();
            app.advance_seconds(3_600);
        }
        assert_eq!(
            stored_content(app),
            before,
            "nothing is deleted, no key destroyed, nothing marked overdue"
        );
        assert_eq!(
            app.as_user(User::OWNER).get(&seed.path).status,
            410,
            "expired by that clock, it is not served"
        );
        assert!(app.service.kernel.time_report().unwrap().clock_lead() > DAY * 89);
        app.service
            .kernel
            .check_ready()
            .expect("the node is ready all the same");

        app.clock
            .jump(correct_time.plus(Duration::from_secs(3 * 3_600)));
        app.run_background_jobs();
        assert_eq!(
            (
                timeline(app, &seed),
                app.as_user(User::OWNER).get(&seed.path).expect_ok()["state"].clone()
            ),
            (rows, state)
        );
        assert_eq!(
            app.service.kernel.time_report().unwrap().clock_lead(),
            Duration::ZERO
        );
    }

    fn elapsed_time_counts_whatever_the_clock_shows(app) {
        let seed = seed_and_run_workers(app);
        let after_expiry = after_all_expiries(app, &seed);
        let remaining = after_expiry.since(app.clock.now());
        app.clock.jump(after_expiry.plus(DAY * 1_000));
        app.run_background_jobs();
        assert!(!is_deleted(app));
        app.clock.advance(remaining);
        app.run_background_jobs();
        app.run_background_jobs();
        assert!(
            is_deleted(app),
            "it has expired by the monotonic clock, which nobody can set"
        );
    }

    fn agreement_of_a_second_source_allows_deletion(app) {
        let seed = seed_and_run_workers(app);
        let before = stored_content(app);
        let after_expiry = after_all_expiries(app, &seed);
        app.clock.jump(after_expiry);
        app.service.kernel.vouch(after_expiry.minus(DAY * 300));
        app.run_background_jobs();
        assert_eq!(
            stored_content(app),
            before,
            "a confirmation of an earlier time does not count"
        );
        app.service.kernel.vouch(after_expiry);
        app.run_background_jobs();
        app.run_background_jobs();
        assert!(is_deleted(app));
    }

    fn operator_confirmation_is_audited_and_applies_to_every_node(app) {
        let seed = seed_and_run_workers(app);
        let before = stored_content(app);
        let after_expiry = after_all_expiries(app, &seed);
        let node = app.start_second_node(TimePolicy::default());
        let early = app.service.kernel.confirm_time(after_expiry);
        assert!(
            matches!(early, Err(ServiceError::Invalid(_))),
            "ahead of the clock: {early:?}"
        );
        app.clock.jump(after_expiry);
        run_workers(&node);
        assert_eq!(stored_content(app), before);
        app.service
            .kernel
            .confirm_time(after_expiry)
            .expect("the time is confirmed");
        // The first run reads the confirmation, the second applies it.
        run_workers(&node);
        run_workers(&node);
        assert!(is_deleted(app));
        let audit = app
            .as_user(User::AUDITOR)
            .get("/v1/audit?limit=500")
            .expect_ok();
        let confirmed = |item: &&Value| item["operation"] == "clock.confirm";
        assert_eq!(
            audit["items"]
                .as_array()
                .unwrap()
                .iter()
                .filter(confirmed)
                .count(),
            1
        );
    }

    fn start_after_a_long_pause_requires_a_second_source(app) {
        let seed = seed_and_run_workers(app);
        let before = stored_content(app);
        let after_expiry = after_all_expiries(app, &seed);
        app.clock.set(after_expiry);
        for _ in 0..20 {
            // However often the node is started: the tolerated pause does not accumulate.
            run_workers(&app.start_second_node(TimePolicy {
                gap: Duration::from_secs(3_600),
                database_elsewhere: None,
            }));
        }
        assert_eq!(stored_content(app), before);
        let node = app.start_second_node(TimePolicy::default());
        node.kernel.vouch(after_expiry);
        run_workers(&node);
        run_workers(&node);
        assert!(is_deleted(app));
    }

    fn start_after_a_short_pause_trusts_the_clock(app) {
        let seed = seed_and_run_workers(app);
        app.clock.set(chronology_expiry(app, &seed).minus(MINUTE));
        app.run_background_jobs();
        app.advance_seconds(240);
        run_workers(&app.start_second_node(TimePolicy::default()));
        assert_eq!(raw_db::row_counts(app)["chronologies"], 0);
    }

    fn remote_database_is_a_second_source(app) {
        let seed = seed_and_run_workers(app);
        let before = stored_content(app);
        // By the database's real clock, the time of the test is in the past and the year 2100 in
        // the future.
        let node = app.start_second_node(TimePolicy {
            database_elsewhere: Some(true),
            ..TimePolicy::default()
        });
        let after_expiry = chronology_expiry(app, &seed).minus(MINUTE);
        let correct_time = app.clock.now();
        app.clock
            .jump(Instant::parse("2100-01-01T00:00:00Z").unwrap());
        let report = node.kernel.time_report().unwrap();
        assert!(
            report.database.is_some_and(|at| at > after_expiry) && report.clock_lead() > DAY * 365,
            "{report:?}"
        );
        app.clock.jump(correct_time);
        assert_eq!(stored_content(app), before);
        app.clock
            .jump(after_all_expiries(app, &seed).min(report.agreed));
        run_workers(&node);
        run_workers(&node);
        assert_eq!(raw_db::row_counts(app)["chronologies"], 0);
    }

    fn clock_set_back_restores_nothing_and_delays_nothing(app) {
        let seed = seed_and_run_workers(app);
        app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"]);
        app.run_background_jobs();
        app.run_background_jobs();
        let after_deletion = stored_content(app);
        app.clock
            .jump(app.clock.now().minus(Duration::from_secs(3_600)));
        for _ in 0..3 {
            assert_eq!(app.as_user(User::OWNER).get(&seed.path).status, 410);
            app.run_background_jobs();
        }
        assert_eq!(stored_content(app), after_deletion);
        let node = app.start_second_node(TimePolicy::default());
        run_workers(&node);
        assert_eq!(stored_content(app), after_deletion, "nor after a restart");
    }
}
