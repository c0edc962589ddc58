//! A fragment or chronology expires between two related requests: no content is served after its
//! expiry.

use behaviour::inputs::{entry, fragment, with_members, with_reason};
use behaviour::{ApiResponse, Seed, TestApp, User, on_both};
use serde_json::{Value, json};

/// Submits twelve entries of the surgery, half of them in a fragment that expires after two days;
/// returns that expiry.
fn submit_twelve_entries(app: &TestApp, seed: &Seed) -> Value {
    let brief_expiry = app.in_days(2);
    for (label, more) in [
        ("brief", json!({"expires_at": brief_expiry})),
        ("lasting", json!({})),
    ] {
        let entries: Vec<Value> = (1..=6)
            .map(|n| entry(&format!("{label} {n}"), &format!("2025-{n:02}-11"), &[]))
            .collect();
        let _ = app
            .as_user(User::WAITING)
            .post(
                &seed.path_to("fragments"),
                &with_members(fragment(&entries), more),
            )
            .expect_status(201);
    }
    json!(brief_expiry)
}

/// Asserts a refusal without content, entity tag or next page.
fn assert_no_content(response: &ApiResponse, status: u16) {
    assert_eq!(
        response.status,
        status,
        "{}: {}",
        response.request,
        response.text()
    );
    assert!(!response.text().contains("Canary"), "{}", response.request);
    assert_eq!(
        (response.header("etag"), response.header("link")),
        (None, None),
        "{}",
        response.request
    );
}

on_both! {
    fn expired_rows_are_left_out_of_the_next_timeline_page(app) {
        let seed = app.seed();
        let brief_expiry = submit_twelve_entries(app, &seed);
        let owner = app.as_user(User::OWNER);
        let first = owner.get(&seed.path_to("timeline?limit=3")).expect_ok();
        let next = seed.path_to(&format!(
            "timeline?limit=500&cursor={}",
            first["next"].as_str().expect("another page")
        ));
        assert!(owner.get(&next).text().contains("brief"));
        app.set_time(&brief_expiry);
        let response = owner.get(&next);
        assert!(
            !response.text().contains("brief"),
            "{}: {}",
            response.status,
            response.text()
        );
        // The row at the cursor may have expired; then the cursor is refused and the reader starts
        // again.
        assert!(
            matches!(response.status, 200 | 422 | 400),
            "{}: {}",
            response.status,
            response.text()
        );
        assert_eq!(
            owner
                .get(&seed.path_to("timeline"))
                .text()
                .matches("Canary lasting")
                .count(),
            6
        );

        let page = owner.get(&seed.path_to("timeline?limit=2"));
        let next = seed.path_to(&format!(
            "timeline?limit=2&cursor={}",
            page.expect_ok()["next"].as_str().expect("another page")
        ));
        app.set_time(&owner.get(&seed.path).expect_ok()["expires_at"]);
        assert_no_content(&owner.get(&next), 410);
        assert_no_content(&app.as_user(User::STRANGER).get(&next), 404);
    }

    fn expired_fragments_are_left_out_of_the_next_list_page(app) {
        let seed = app.seed();
        let brief_expiry = submit_twelve_entries(app, &seed);
        let waiting = app.as_user(User::WAITING);
        let first = waiting.get("/v1/fragments?limit=1").expect_ok();
        let next = format!(
            "/v1/fragments?limit=1&cursor={}",
            first["next"].as_str().expect("another page")
        );
        let item_count =
            |response: &ApiResponse| response.expect_ok()["items"].as_array().map_or(0, Vec::len);
        assert_eq!(item_count(&waiting.get(&next)), 1);
        app.set_time(&brief_expiry);
        let rest = waiting.get(&next);
        assert!(
            item_count(&waiting.get("/v1/fragments")) == 1 && item_count(&rest) <= 1,
            "{}",
            rest.text()
        );
        app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"]);
        assert_eq!(item_count(&waiting.get(&next)), 0);
    }

    fn expired_content_is_left_out_of_replay_and_snapshot(app) {
        let seed = app.seed();
        let brief_expiry = submit_twelve_entries(app, &seed);
        let owner = app.as_user(User::OWNER);
        let freeze =
            || owner.post_with_key("freeze-once", &seed.path_to("consolidations"), &Value::Null);
        let frozen = freeze();
        assert!(frozen.text().contains("brief") && frozen.text().contains("lasting"));
        let view = seed.path_to(&format!("consolidations/{}", frozen.id()));
        let tag = owner
            .get(&view)
            .header("etag")
            .map(str::to_owned)
            .expect("a tag");
        assert_eq!(owner.get_if_none_match(&view, &tag).status, 304);
        app.set_time(&brief_expiry);
        let replay = freeze();
        assert!(
            !replay.text().contains("brief"),
            "{}: {}",
            replay.status,
            replay.text()
        );
        let after = owner.get_if_none_match(&view, &tag);
        assert!(
            after.status == 200
                && !after.text().contains("brief")
                && after.text().contains("lasting"),
            "{}",
            after.text()
        );
        let _ = app
            .as_user(User::MANAGER)
            .post(&seed.path_to("sign-off"), &json!({"snapshot": "export"}))
            .expect_ok();
        let snapshot = owner.get(&seed.path_to("snapshot"));
        assert!(snapshot.text().contains("lasting") && !snapshot.text().contains("brief"));
        let tags = [
            view,
            seed.path_to("snapshot"),
            seed.path_to("timeline"),
            seed.path.clone(),
        ]
        .map(|path| {
            let tag = owner
                .get(&path)
                .header("etag")
                .map(str::to_owned)
                .expect("a tag");
            (path, tag)
        });
        app.set_time(&owner.get(&seed.path).expect_ok()["expires_at"]);
        for (path, tag) in tags {
            assert_no_content(&owner.get_if_none_match(&path, &tag), 410);
            assert_no_content(&owner.get_if_none_match(&path, "*"), 410);
        }
    }

    fn frozen_view_follows_the_extension_of_its_chronology(app) {
        let seed = app.seed();
        let owner = app.as_user(User::OWNER);
        let frozen = seed.path_to(&format!(
            "consolidations/{}",
            owner
                .post(&seed.path_to("consolidations"), &Value::Null)
                .id()
        ));
        let _ = app
            .as_user(User::MANAGER)
            .post(&seed.path_to("sign-off"), &json!({"snapshot": "export"}))
            .expect_ok();
        let before = owner.get(&seed.path).expect_ok()["expires_at"].clone();
        let longer = owner
            .post(
                &seed.path_to("extend"),
                &with_reason(json!({"expires_at": app.in_days(200)})),
            )
            .expect_ok()["expires_at"]
            .clone();
        app.set_time(&before);
        app.run_background_jobs();
        for path in [&frozen, &seed.path_to("snapshot")] {
            let response = owner.get(path);
            assert_eq!(response.status, 200, "{path}: {}", response.text());
            assert!(response.text().contains("missed the school nurse"));
        }
        app.set_time(&longer);
        for path in [&frozen, &seed.path_to("snapshot")] {
            assert_no_content(&owner.get(path), 410);
        }
    }
}
