//! A fragment that was withdrawn, or whose expiry was brought forward, cannot be decrypted in any
//! older copy of the database, whatever its expiry was in that copy. Everything else remains
//! readable.

use behaviour::backup::{SealedRow, copy_sealed_rows};
use behaviour::inputs::{entry, fragment, with_members, with_reason};
use behaviour::{Seed, TestApp, User, on_both};
use domain::{Clock as _, Instant};
use serde_json::json;
use uuid::Uuid;

const KEPT_TEXT: &str = "routine immunisation given at the surgery";
const DELETED_TEXT: &str = "officers attended the flat in Weir Court";

/// Submits two fragments that expire with the chronology; returns the id of the one that the test
/// deletes.
fn submit_two_fragments(app: &TestApp, seed: &Seed) -> String {
    let submit = |user: User, phrase: &str, day: &str| {
        app.as_user(user)
            .post(
                &seed.path_to("fragments"),
                &fragment(&[entry(phrase, day, &[&seed.twin])]),
            )
            .id()
    };
    let _ = submit(User::WAITING, KEPT_TEXT, "2026-01-27");
    submit(User::OFFICER, DELETED_TEXT, "2026-01-20")
}

/// Counts the entries of a copy that contain `phrase` and can be decrypted with the remaining keys.
/// `at` is a time at which everything in the copy was live.
fn count_readable(
    app: &TestApp,
    seed: &Seed,
    copy: &[SealedRow],
    at: Instant,
    phrase: &str,
) -> usize {
    let vault = app.open_second_vault();
    let scope = Uuid::try_parse(&seed.chronology).unwrap();
    let opened = copy.iter().filter_map(|row| row.decrypt(&vault, scope, at));
    opened.filter(|text| text.contains(phrase)).count()
}

on_both! {
    fn withdrawn_fragment_is_unreadable_in_older_copies(app) {
        let seed = app.seed();
        let deleted_id = submit_two_fragments(app, &seed);
        let older = copy_sealed_rows(app);
        let at = app.clock.now();
        assert_eq!(
            (
                count_readable(app, &seed, &older, at, DELETED_TEXT),
                count_readable(app, &seed, &older, at, KEPT_TEXT)
            ),
            (1, 1)
        );
        assert_eq!(
            app.as_user(User::OFFICER)
                .delete(&format!("/v1/fragments/{deleted_id}"), Some(1))
                .status,
            204
        );
        assert_eq!(
            (
                count_readable(app, &seed, &older, at, DELETED_TEXT),
                count_readable(app, &seed, &older, at, KEPT_TEXT)
            ),
            (0, 1)
        );
        assert!(
            app.as_user(User::OWNER)
                .get(&seed.path_to("timeline"))
                .text()
                .contains(KEPT_TEXT)
        );
    }

    fn shortened_expiry_applies_to_older_copies(app) {
        let seed = app.seed();
        let deleted_id = submit_two_fragments(app, &seed);
        let older = copy_sealed_rows(app);
        let at = app.clock.now();
        let sooner = with_reason(json!({"expires_at": app.in_days(2)}));
        let _ = app
            .as_user(User::OFFICER)
            .post(&format!("/v1/fragments/{deleted_id}/extend"), &sooner)
            .expect_ok();
        assert!(
            app.as_user(User::OWNER)
                .get(&seed.path_to("timeline"))
                .text()
                .contains(DELETED_TEXT),
            "it is readable until the new expiry"
        );
        app.advance_days(2);
        app.run_background_jobs();
        assert_eq!(
            (
                count_readable(app, &seed, &older, at, DELETED_TEXT),
                count_readable(app, &seed, &older, at, KEPT_TEXT)
            ),
            (0, 1)
        );
    }

    fn expiry_shortened_by_correction_applies_to_older_copies(app) {
        let seed = app.seed();
        let deleted_id = submit_two_fragments(app, &seed);
        let older = copy_sealed_rows(app);
        let at = app.clock.now();
        let corrected = with_members(
            fragment(&[entry(DELETED_TEXT, "2026-01-21", &[&seed.twin])]),
            json!({"expires_at": app.in_days(2)}),
        );
        let _ = app
            .as_user(User::OFFICER)
            .put(&format!("/v1/fragments/{deleted_id}"), Some(1), &corrected)
            .expect_ok();
        app.advance_days(2);
        app.run_background_jobs();
        assert_eq!(
            (
                count_readable(app, &seed, &older, at, DELETED_TEXT),
                count_readable(app, &seed, &older, at, KEPT_TEXT)
            ),
            (0, 1)
        );
    }

    /// Restoring a backup brings back the row of a fragment withdrawn since, but not its key.
    fn unreadable_row_does_not_hide_other_rows(app) {
        let seed = app.seed();
        let deleted_id = submit_two_fragments(app, &seed);
        let view = app
            .as_user(User::OWNER)
            .post(&seed.path_to("consolidations"), &json!(null))
            .id();
        let own = vault::KeyScope(Uuid::try_parse(&deleted_id).unwrap());
        app.open_second_vault()
            .destroy_scope(app.clock.now(), own)
            .unwrap();
        // After a minute no node has the key in memory any more.
        app.advance_seconds(61);
        for path in ["timeline".to_owned(), format!("consolidations/{view}")] {
            let shown = app
                .as_user(User::OWNER)
                .get(&seed.path_to(&path))
                .expect_ok()
                .to_string();
            assert!(
                shown.contains(KEPT_TEXT) && !shown.contains(DELETED_TEXT),
                "{path}"
            );
        }
        assert_eq!(
            app.as_user(User::OWNER).get(&seed.path_to("links")).status,
            200
        );
        let longer = with_reason(json!({"expires_at": app.in_days(200)}));
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("extend"), &longer)
            .expect_ok();
        assert_eq!(
            app.as_user(User::OFFICER)
                .delete(&format!("/v1/fragments/{deleted_id}"), Some(1))
                .status,
            204
        );
    }

    /// Destroying the chronology's key makes all its content unreadable; even so, no key of a
    /// deleted fragment is kept.
    fn fragment_keys_are_destroyed_with_their_fragments(app) {
        let seed = app.seed();
        let brief = with_members(
            fragment(&[entry(DELETED_TEXT, "2026-01-20", &[&seed.twin])]),
            json!({"expires_at": app.in_days(2)}),
        );
        let brief = app
            .as_user(User::OFFICER)
            .post(&seed.path_to("fragments"), &brief)
            .id();
        let lasting = submit_two_fragments(app, &seed);
        let has_key = |id: &str| {
            let scope = vault::KeyScope(Uuid::try_parse(id).unwrap());
            app.open_second_vault()
                .scope_record(scope)
                .unwrap()
                .is_some()
        };
        assert!(has_key(&brief) && has_key(&lasting));
        app.advance_days(2);
        app.run_background_jobs();
        assert!(!has_key(&brief) && has_key(&lasting));
        app.advance_days(400);
        app.run_background_jobs();
        assert!(!has_key(&lasting) && !has_key(&seed.chronology));
    }
}
