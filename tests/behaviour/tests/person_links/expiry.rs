//! Deletion of links and matching keys.

use behaviour::inputs::{child, with_reason};
use behaviour::{User, on_both, raw_db};
use serde_json::json;

use super::{
    invite_and_open, links, possible_match, questions, record_family, rows, string_at,
    submit_in_advance,
};

on_both! {
    fn links_expire_with_their_fragment(app) {
        let seed = app.seed_draft();
        let (people, family) = record_family(app, User::WAITING, &[child("Orla", "2019-05-14", 0)]);
        let id = submit_in_advance(app, User::WAITING, &family, "a burn");
        let (_, uncertain_family) = record_family(app, User::VISITOR, &[possible_match()]);
        let _ = submit_in_advance(app, User::VISITOR, &uncertain_family, "a graze");
        invite_and_open(app, &seed);
        let end = |pointer: &str| string_at(&links(app, &seed)[0], pointer).to_owned();
        let chronology_end =
            app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"].clone();
        assert_eq!(json!(end("/expires_at")), chronology_end);
        // After an extension, the link follows its fragment, which keeps the expiry that its agency
        // chose.
        let later = with_reason(json!({"expires_at": app.in_days(120)}));
        let _ = app
            .as_user(User::OWNER)
            .post(&seed.path_to("extend"), &later)
            .expect_ok();
        assert_eq!(
            app.as_user(User::WAITING)
                .get(&format!("/v1/fragments/{id}"))
                .expect_ok()["expires_at"],
            app.in_days(80)
        );
        assert_eq!(end("/expires_at"), app.in_days(80));
        assert_eq!(questions(app, &seed)[0]["expires_at"], app.in_days(80));
        // The sender's people are kept while the fragment may still be detached.
        app.advance_days(70);
        app.run_background_jobs();
        assert_eq!(
            app.as_user(User::WAITING)
                .get(&format!("/v1/people/{}", people[0]))
                .status,
            200
        );
        // When the agency changes the expiry, the link follows.
        let sooner = with_reason(json!({"expires_at": app.in_days(5)}));
        let _ = app
            .as_user(User::WAITING)
            .post(&format!("/v1/fragments/{id}/extend"), &sooner)
            .expect_ok();
        assert_eq!(end("/expires_at"), app.in_days(5));
        app.advance_days(5);
        for stage in ["before deletion", "after deletion"] {
            assert_eq!(links(app, &seed).len(), 0, "{stage}");
            app.run_background_jobs();
        }
        assert_eq!(
            raw_db::row_counts(app)["person_links"],
            1,
            "the question is left"
        );
        assert_eq!(
            app.as_user(User::WAITING)
                .get(&format!("/v1/people/{}", people[0]))
                .status,
            404
        );
        app.advance_days(5);
        assert_eq!(questions(app, &seed).len(), 0);
        app.run_background_jobs();
        let counts = raw_db::row_counts(app);
        assert_eq!(
            (
                counts["person_links"],
                counts["fragment_origins"],
                counts["families"]
            ),
            (0, 0, 1),
            "only the chronology's own family is left"
        );
        app.advance_days(100);
        app.run_background_jobs();
        assert_eq!(app.expiring_keys(), Vec::<String>::new());
    }

    fn links_and_keys_are_deleted_with_the_chronology(app) {
        let seed = app.seed_draft();
        let (_, family) = record_family(app, User::WAITING, &[child("Orla", "2019-05-14", 0)]);
        invite_and_open(app, &seed);
        app.advance_seconds(60);
        let id = submit_in_advance(app, User::WAITING, &family, "sent after the opening");
        assert_eq!((rows(app, &seed), links(app, &seed).len()), (1, 1));
        let withdrawn = submit_in_advance(app, User::WAITING, &family, "and withdrawn");
        assert_eq!(
            app.as_user(User::WAITING)
                .delete(&format!("/v1/fragments/{withdrawn}"), Some(1))
                .status,
            204
        );
        assert!(
            !app.stored_keys()
                .iter()
                .any(|key| *key == format!("scope-{withdrawn}"))
        );
        assert!(
            app.stored_keys()
                .iter()
                .any(|key| *key == format!("scope-{id}"))
        );
        app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"].clone());
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&seed.path_to("person-links"))
                .status,
            410
        );
        app.run_background_jobs();
        let counts = raw_db::row_counts(app);
        assert_eq!(
            (
                counts["person_links"],
                counts["fragment_origins"],
                counts["people"],
                counts["fragments"]
            ),
            (0, 0, 0, 0)
        );
        assert!(
            app.expiring_keys()
                .iter()
                .all(|key| key.starts_with("epoch")),
            "{:?}",
            app.expiring_keys()
        );
        app.advance_days(40);
        app.run_background_jobs();
        assert_eq!(app.expiring_keys(), Vec::<String>::new());
    }
}
