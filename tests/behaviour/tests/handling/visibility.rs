//! Who is shown marked entries, criminal-offence data and protected addresses.

use behaviour::inputs::entry;
use behaviour::{User, on_both};
use serde_json::{Value, json};

use super::{account_texts, crime, restricted, submit, timeline_and_tag};

on_both! {
    fn restricted_entry_is_shown_to_named_agencies_only(app) {
        let seed = app.seed();
        for user in [User::WAITING, User::HOUSING] {
            let _ = submit(app, &seed, user, &[entry("seen", "2026-01-02", &[])]);
        }
        let _ = submit(
            app,
            &seed,
            User::OFFICER,
            &[restricted(
                "a MARAC was held",
                &[],
                &[&seed.agencies["surgery"]],
            )],
        );
        assert_eq!(
            account_texts(&timeline_and_tag(app, &seed, User::WAITING).0).len(),
            4
        );
        assert_eq!(
            account_texts(&timeline_and_tag(app, &seed, User::HOUSING).0).len(),
            3
        );
    }

    fn criminal_offence_data_requires_its_own_permission(app) {
        let seed = app.seed();
        let _ = submit(
            app,
            &seed,
            User::WAITING,
            &[entry("weighed", "2026-01-30", &[])],
        );
        let fragment = submit(app, &seed, User::OFFICER, &[crime("an arrest")]);
        assert!(
            account_texts(&timeline_and_tag(app, &seed, User::OWNER).0)
                .contains(&"an arrest".to_owned())
        );
        for user in [User::TEAM, User::WAITING] {
            let view = timeline_and_tag(app, &seed, user).0;
            assert_eq!(account_texts(&view).len(), 2, "{}: {view}", user.name);
            assert_eq!(view["header"]["entry_count"], 2);
        }
        assert_eq!(
            app.as_user(User::TEAM)
                .get(&format!("/v1/fragments/{fragment}"))
                .expect_ok()["entries"],
            json!([])
        );
        assert_eq!(
            app.as_user(User::TEAM)
                .get(&format!("/v1/fragments/{fragment}/versions/1"))
                .expect_ok()["entries"],
            json!([])
        );
        // A frozen view shows each reader only what they may see.
        let frozen = app
            .as_user(User::OWNER)
            .post(&seed.path_to("consolidations"), &Value::Null)
            .id();
        let path = seed.path_to(&format!("consolidations/{frozen}"));
        assert_eq!(
            account_texts(&app.as_user(User::OWNER).get(&path).expect_ok()["view"]).len(),
            3
        );
        let team = app.as_user(User::TEAM).get(&path).expect_ok();
        assert_eq!(account_texts(&team["view"]).len(), 2);
        let sequence_numbers: Vec<_> = team["view"]["rows"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|row| row["sequence"].clone())
            .collect();
        assert_eq!(sequence_numbers, [1, 2], "no gap reveals the hidden row");
        assert_eq!(
            team["entry_count"], 2,
            "totals count what the reader may see"
        );
        let listed = app
            .as_user(User::TEAM)
            .get(&seed.path_to("consolidations"))
            .text();
        assert!(!listed.contains("\"entry_count\":3"), "{listed}");
        let versions = app
            .as_user(User::TEAM)
            .get(&format!("/v1/fragments/{fragment}/versions"))
            .expect_ok();
        assert_eq!(versions["items"][0]["entry_count"], 0, "{versions}");
        let tag_for = |user: User| {
            app.as_user(user)
                .get(&path)
                .header("etag")
                .unwrap_or_default()
                .to_owned()
        };
        assert_ne!(tag_for(User::TEAM), tag_for(User::OWNER));
    }

    fn consolidation_includes_entries_that_its_author_cannot_see(app) {
        let seed = app.seed();
        let _ = submit(app, &seed, User::OFFICER, &[crime("an arrest")]);
        let response = app
            .as_user(User::TEAM)
            .post(&seed.path_to("consolidations"), &Value::Null);
        let frozen = response.id();
        assert!(!response.text().contains("an arrest"));
        let path = seed.path_to(&format!("consolidations/{frozen}"));
        let owner = app.as_user(User::OWNER).get(&path).expect_ok();
        assert_eq!(
            account_texts(&owner["view"]),
            ["missed the school nurse", "an arrest"],
            "no entry is lost because of who requested the consolidation"
        );
        assert_eq!(
            account_texts(&app.as_user(User::TEAM).get(&path).expect_ok()["view"]),
            ["missed the school nurse"]
        );
    }

    fn protected_addresses_are_shown_to_social_care_only(app) {
        let seed = app.seed();
        let path = format!("/v1/people/{}", seed.twin);
        assert!(
            app.as_user(User::OWNER)
                .get(&path)
                .text()
                .contains("Canary Refuge")
        );
        let contributor = app.as_user(User::RETURNED).get(&path).text();
        assert!(
            contributor.contains("Canary Row")
                && !contributor.contains("Refuge")
                && !contributor.contains("9ZX")
        );
        assert!(
            !app.as_user(User::WAITING)
                .get(&format!("{}/form", seed.invitation_path("surgery")))
                .text()
                .contains("Refuge")
        );
    }
}
