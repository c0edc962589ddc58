//! The end comes between two requests that belong together, or while an answer is on its way: nothing leaves after it.

use behaviour::inputs::{entry, fragment, reason, with};
use behaviour::{Answer, Seed, TestApp, User, on_both};
use serde_json::{Value, json};

/// Twelve entries of the surgery: half of them in a fragment that ends after two days.
fn many(app: &TestApp, seed: &Seed) -> Value {
    let brief = app.in_days(2);
    for (told, more) in [("brief", json!({"expires_at": brief})), ("lasting", json!({}))] {
        let entries: Vec<Value> =
            (1..=6).map(|n| entry(&format!("{told} {n}"), &format!("2025-{n:02}-11"), &[])).collect();
        let _ = app.by(User::WAITING).post(&seed.at("fragments"), &with(fragment(&entries), more)).when(201);
    }
    json!(brief)
}

fn gone(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}: {}", answer.asked, answer.text());
    assert!(!answer.text().contains("Canary"), "{}", answer.asked);
    assert_eq!((answer.header("etag"), answer.header("link")), (None, None), "{}", answer.asked);
}

on_both! {
    fn on_the_second_page(app) {
        let seed = app.seed();
        let brief = many(app, &seed);
        let owner = app.by(User::OWNER);
        let first = owner.get(&seed.at("timeline?limit=3")).ok();
        let next = seed.at(&format!("timeline?limit=500&cursor={}", first["next"].as_str().expect("another page")));
        assert!(owner.get(&next).text().contains("brief"));
        app.set_to(&brief);
        let answer = owner.get(&next);
        assert!(!answer.text().contains("brief"), "{}: {}", answer.status, answer.text());
        // The row that the cursor stands on may be among those that have ended: then the reader begins anew.
        assert!(matches!(answer.status, 200 | 422 | 400), "{}: {}", answer.status, answer.text());
        assert_eq!(owner.get(&seed.at("timeline")).text().matches("Canary lasting").count(), 6);

        let page = owner.get(&seed.at("timeline?limit=2"));
        let next = seed.at(&format!("timeline?limit=2&cursor={}", page.ok()["next"].as_str().expect("another page")));
        app.set_to(&owner.get(&seed.path).ok()["expires_at"]);
        gone(&owner.get(&next), 410);
        gone(&app.by(User::STRANGER).get(&next), 404);
    }

    fn on_the_second_page_of_a_list(app) {
        let seed = app.seed();
        let brief = many(app, &seed);
        let waiting = app.by(User::WAITING);
        let first = waiting.get("/v1/fragments?limit=1").ok();
        let next = format!("/v1/fragments?limit=1&cursor={}", first["next"].as_str().expect("another page"));
        let listed = |answer: &Answer| answer.ok()["items"].as_array().map_or(0, Vec::len);
        assert_eq!(listed(&waiting.get(&next)), 1);
        app.set_to(&brief);
        let rest = waiting.get(&next);
        assert!(listed(&waiting.get("/v1/fragments")) == 1 && listed(&rest) <= 1, "{}", rest.text());
        app.set_to(&app.by(User::OWNER).get(&seed.path).ok()["expires_at"]);
        assert_eq!(listed(&waiting.get(&next)), 0);
    }

    fn between_freezing_signing_and_export(app) {
        let seed = app.seed();
        let brief = many(app, &seed);
        let owner = app.by(User::OWNER);
        let freeze = || owner.post_as("freeze-once", &seed.at("consolidations"), &Value::Null);
        let frozen = freeze();
        assert!(frozen.text().contains("brief") && frozen.text().contains("lasting"));
        let view = seed.at(&format!("consolidations/{}", frozen.id()));
        let tag = owner.get(&view).header("etag").map(str::to_owned).expect("a tag");
        assert_eq!(owner.get_unless(&view, &tag).status, 304);
        app.set_to(&brief);
        let replay = freeze();
        assert!(!replay.text().contains("brief"), "{}: {}", replay.status, replay.text());
        let after = owner.get_unless(&view, &tag);
        assert!(after.status == 200 && !after.text().contains("brief") && after.text().contains("lasting"), "{}", after.text());
        let _ = app.by(User::MANAGER).post(&seed.at("sign-off"), &json!({"snapshot": "export"})).ok();
        let snapshot = owner.get(&seed.at("snapshot"));
        assert!(snapshot.text().contains("lasting") && !snapshot.text().contains("brief"));
        let tags = [view, seed.at("snapshot"), seed.at("timeline"), seed.path.clone()].map(|path| {
            let tag = owner.get(&path).header("etag").map(str::to_owned).expect("a tag");
            (path, tag)
        });
        app.set_to(&owner.get(&seed.path).ok()["expires_at"]);
        for (path, tag) in tags {
            gone(&owner.get_unless(&path, &tag), 410);
            gone(&owner.get_unless(&path, "*"), 410);
        }
    }

    fn a_frozen_view_lives_as_long_as_its_chronology_is_extended(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        let frozen = seed.at(&format!("consolidations/{}", owner.post(&seed.at("consolidations"), &Value::Null).id()));
        let _ = app.by(User::MANAGER).post(&seed.at("sign-off"), &json!({"snapshot": "export"})).ok();
        let before = owner.get(&seed.path).ok()["expires_at"].clone();
        let longer = owner.post(&seed.at("extend"), &reason(json!({"expires_at": app.in_days(200)}))).ok()["expires_at"].clone();
        app.set_to(&before);
        app.work();
        for path in [&frozen, &seed.at("snapshot")] {
            let answer = owner.get(path);
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            assert!(answer.text().contains("missed the school nurse"));
        }
        app.set_to(&longer);
        for path in [&frozen, &seed.at("snapshot")] {
            gone(&owner.get(path), 410);
        }
    }
}
