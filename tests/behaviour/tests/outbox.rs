//! Effects that follow a commit: an event that the process does not live to handle is handled by
//! another, a failed one is tried again, and none outlives what it is about.

use behaviour::inputs::{entry_with_category, fragment, suggested_pair};
use behaviour::{Seed, TestApp, User, on_both, raw_db};
use domain::{Instant, OutboxEvent, OutboxId, OutboxSubject};
use store::OutboxRow;

/// Later than any time in a test, and within what both databases store.
pub(crate) const NEVER: Instant = Instant::from_micros(i64::MAX / 2);

/// Submits two returns of one entry each, and waits until they are linked.
fn submit_and_link(app: &TestApp, seed: &Seed) {
    let [attended, heard] = suggested_pair().map(entry_with_category);
    for (user, entry) in [(User::OFFICER, attended), (User::RETURNED, heard)] {
        let _ = app
            .as_user(user)
            .post(&seed.path_to("fragments"), &fragment(&[entry]))
            .expect_ok();
    }
    app.service.linking.wait_for_links();
}

fn stored_links(app: &TestApp) -> i64 {
    app.db
        .read("count links", store::event_links::count)
        .unwrap()
}

fn delete_links(app: &TestApp) {
    app.db
        .write("delete links", store::event_links::delete_all)
        .unwrap();
}

fn oldest_event(app: &TestApp) -> Option<Instant> {
    app.db.read("oldest event", store::outbox::oldest).unwrap()
}

/// Writes the event that a process committed and did not handle; it is claimed until then.
pub(crate) fn leave_event(app: &TestApp, subject: uuid::Uuid, claimed_until: Option<Instant>) {
    let now = app.service.kernel.clock().now();
    app.db
        .write("leave an event", |tx| {
            let partnerships = store::partnerships::list_all(tx)?;
            let row = OutboxRow {
                id: OutboxId::new(app.service.kernel.ids(), now),
                partnership_id: partnerships[0].id,
                event: OutboxEvent::Relink,
                subject_kind: OutboxSubject::Chronology,
                subject_id: subject,
                created_at: now,
                attempts: 0,
                not_before: now,
                claimed_until,
            };
            store::outbox::insert(tx, &[row])
        })
        .unwrap();
}

on_both! {
    fn an_event_is_deleted_with_the_links_that_it_asked_for(app) {
        let seed = app.seed();
        submit_and_link(app, &seed);
        assert!(stored_links(app) > 0);
        assert_eq!(oldest_event(app), None);
    }

    fn an_event_of_a_stopped_process_is_handled_when_its_claim_lapses(app) {
        let seed = app.seed();
        submit_and_link(app, &seed);
        delete_links(app);
        let now = app.service.kernel.clock().now();
        let chronology = seed.chronology.parse().unwrap();
        leave_event(app, chronology, Some(now.plus(std::time::Duration::from_secs(60))));
        app.run_background_jobs();
        assert_eq!(stored_links(app), 0, "another process has claimed the event");
        app.advance_seconds(61);
        app.run_background_jobs();
        assert!(stored_links(app) > 0);
        assert_eq!(oldest_event(app), None);
    }

    fn an_event_about_nothing_that_exists_is_completed(app) {
        let _ = app.seed();
        leave_event(app, uuid::Uuid::from_u128(7), None);
        app.run_background_jobs();
        assert_eq!(oldest_event(app), None);
    }

    fn a_failed_event_is_tried_again_a_few_times(app) {
        let seed = app.seed();
        submit_and_link(app, &seed);
        delete_links(app);
        let damage = "UPDATE fragment_versions SET sealed = wrapped_key";
        raw_db::execute(app, damage, damage);
        leave_event(app, seed.chronology.parse().unwrap(), None);
        app.run_background_jobs();
        assert!(oldest_event(app).is_some(), "tried again later");
        for _ in 0..4 {
            app.advance_seconds(300);
            app.run_background_jobs();
        }
        assert_eq!(oldest_event(app), None, "links are computed when they are read");
        assert_eq!(stored_links(app), 0);
    }

    fn an_event_goes_with_its_chronology(app) {
        let seed = app.seed();
        submit_and_link(app, &seed);
        leave_event(app, seed.chronology.parse().unwrap(), Some(NEVER));
        app.advance_days(400);
        app.run_background_jobs();
        assert_eq!(oldest_event(app), None);
    }
}
