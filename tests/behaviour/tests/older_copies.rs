//! What was withdrawn, or whose end was brought forward, opens in no older copy of the database, whatever hour it was to
//! live to; everything else goes on opening.

use behaviour::inputs::{entry, fragment, reason, with};
use behaviour::older_copy::{Sealed, copy};
use behaviour::{Seed, TestApp, User, on_both};
use domain::{Clock as _, Instant};
use serde_json::json;
use uuid::Uuid;

const STAYS: &str = "routine immunisation given at the surgery";
const GOES: &str = "officers attended the flat in Weir Court";

/// Two fragments that live as long as the chronology, one of which is to go; says which that is.
fn told(app: &TestApp, seed: &Seed) -> String {
    let tell = |user: User, words: &str, day: &str| {
        app.by(user).post(&seed.at("fragments"), &fragment(&[entry(words, day, &[&seed.twin])])).id()
    };
    let _ = tell(User::WAITING, STAYS, "2026-01-27");
    tell(User::OFFICER, GOES, "2026-01-20")
}

/// How many entries of a copy say so and open with the keys that are left, at a time when everything in it lived.
fn readable(app: &TestApp, seed: &Seed, copy: &[Sealed], at: Instant, words: &str) -> usize {
    let (vault, scope) = (app.another_vault(), Uuid::try_parse(&seed.chronology).unwrap());
    let opened = copy.iter().filter_map(|row| row.opened(&vault, scope, at));
    opened.filter(|text| text.contains(words)).count()
}

on_both! {
    fn what_was_withdrawn_opens_in_no_older_copy(app) {
        let seed = app.seed();
        let lost = told(app, &seed);
        let (older, at) = (copy(app), app.clock.now());
        assert_eq!((readable(app, &seed, &older, at, GOES), readable(app, &seed, &older, at, STAYS)), (1, 1));
        assert_eq!(app.by(User::OFFICER).delete(&format!("/v1/fragments/{lost}"), Some(1)).status, 204);
        assert_eq!((readable(app, &seed, &older, at, GOES), readable(app, &seed, &older, at, STAYS)), (0, 1));
        assert!(app.by(User::OWNER).get(&seed.at("timeline")).text().contains(STAYS));
    }

    fn an_end_brought_forward_holds_for_older_copies_too(app) {
        let seed = app.seed();
        let lost = told(app, &seed);
        let (older, at) = (copy(app), app.clock.now());
        let sooner = reason(json!({"expires_at": app.in_days(2)}));
        let _ = app.by(User::OFFICER).post(&format!("/v1/fragments/{lost}/extend"), &sooner).ok();
        assert!(app.by(User::OWNER).get(&seed.at("timeline")).text().contains(GOES), "until then it is read");
        app.pass_days(2);
        app.work();
        assert_eq!((readable(app, &seed, &older, at, GOES), readable(app, &seed, &older, at, STAYS)), (0, 1));
    }

    fn so_does_one_given_with_a_correction(app) {
        let seed = app.seed();
        let lost = told(app, &seed);
        let (older, at) = (copy(app), app.clock.now());
        let corrected = with(fragment(&[entry(GOES, "2026-01-21", &[&seed.twin])]), json!({"expires_at": app.in_days(2)}));
        let _ = app.by(User::OFFICER).put(&format!("/v1/fragments/{lost}"), Some(1), &corrected).ok();
        app.pass_days(2);
        app.work();
        assert_eq!((readable(app, &seed, &older, at, GOES), readable(app, &seed, &older, at, STAYS)), (0, 1));
    }

    /// What a restore brings back of a fragment that was withdrawn since: a row whose key is gone.
    fn a_row_that_nothing_opens_hides_nothing_else(app) {
        let seed = app.seed();
        let lost = told(app, &seed);
        let view = app.by(User::OWNER).post(&seed.at("consolidations"), &json!(null)).id();
        let own = vault::KeyScope(Uuid::try_parse(&lost).unwrap());
        app.another_vault().destroy_scope(app.clock.now(), own).unwrap();
        // By now no node has it in memory any more.
        app.pass(61);
        for path in ["timeline".to_owned(), format!("consolidations/{view}")] {
            let shown = app.by(User::OWNER).get(&seed.at(&path)).ok().to_string();
            assert!(shown.contains(STAYS) && !shown.contains(GOES), "{path}");
        }
        assert_eq!(app.by(User::OWNER).get(&seed.at("links")).status, 200);
        let longer = reason(json!({"expires_at": app.in_days(200)}));
        let _ = app.by(User::OWNER).post(&seed.at("extend"), &longer).ok();
        assert_eq!(app.by(User::OFFICER).delete(&format!("/v1/fragments/{lost}"), Some(1)).status, 204);
    }

    /// The chronology's key ends everything under it; the fragments' own keys are not kept without need.
    fn no_fragments_key_is_left_when_its_fragment_is_gone(app) {
        let seed = app.seed();
        let brief = with(fragment(&[entry(GOES, "2026-01-20", &[&seed.twin])]), json!({"expires_at": app.in_days(2)}));
        let brief = app.by(User::OFFICER).post(&seed.at("fragments"), &brief).id();
        let lasting = told(app, &seed);
        let has_key = |id: &str| {
            let scope = vault::KeyScope(Uuid::try_parse(id).unwrap());
            app.another_vault().scope(scope).unwrap().is_some()
        };
        assert!(has_key(&brief) && has_key(&lasting));
        app.pass_days(2);
        app.work();
        assert!(!has_key(&brief) && has_key(&lasting));
        app.pass_days(400);
        app.work();
        assert!(!has_key(&lasting) && !has_key(&seed.chronology));
    }
}
