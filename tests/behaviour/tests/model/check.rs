//! Reads everything as every user and compares the responses with the model.

use behaviour::inputs::nhs_number;
use behaviour::{ApiResponse, User, raw_db};
use domain::Instant;
use serde_json::json;

use super::service_model::{AGENCIES, Chronology, ChronologyState, ServiceModel};

/// Asserts that the service agrees with the model in everything that can be read.
pub(crate) fn check_all(model: &mut ServiceModel) {
    let now = model.now();
    for index in 0..model.chronologies.len() {
        let etag = {
            let chronology = &model.chronologies[index];
            // Purged chronologies were checked when they were purged. To save time, only the latest
            // two are checked again.
            if chronology.is_purged && index + 2 < model.chronologies.len() {
                continue;
            }
            check_chronology(model, chronology, now);
            check_fragments(model, chronology, now);
            check_frozen_views(model, chronology, now);
            check_people(model, chronology, now);
            check_tombstones(model, chronology);
            check_timeline(model, chronology, now)
        };
        model.chronologies[index].last_etag = etag;
    }
    check_lists(model, now);
    check_row_counts(model);
    if model.worker_is_current {
        check_keys(model, now);
    }
}

/// Asserts that `response` contains exactly `markers` of all markers ever submitted to the
/// chronology.
fn assert_markers_shown(response: &ApiResponse, chronology: &Chronology, markers: &[String]) {
    let text = response.text();
    for marker in chronology
        .fragments
        .iter()
        .flat_map(|fragment| &fragment.markers)
    {
        assert_eq!(
            text.contains(&format!("Canary {marker}")),
            markers.contains(marker),
            "{}: {marker}: {text}",
            response.request
        );
    }
}

/// Reads `path` as `user`; asserts the status, and that a refusal carries no content.
fn get_expecting(model: &ServiceModel, user: User, path: &str, status: u16) -> ApiResponse {
    let response = model.app.as_user(user).get(path);
    assert_eq!(
        response.status,
        status,
        "{}: {}",
        response.request,
        response.text()
    );
    assert!(
        status == 200 || !response.text().contains("Canary"),
        "{}: {}",
        response.request,
        response.text()
    );
    response
}

fn check_chronology(model: &ServiceModel, chronology: &Chronology, now: Instant) {
    let status = if chronology.is_expired(now) { 410 } else { 200 };
    let response = get_expecting(model, User::OWNER, &chronology.path, status);
    if status == 200 {
        assert_eq!(response.json()["state"], chronology.state.wire_name());
        assert_eq!(
            response.json()["expires_at"],
            chronology.expires_at.to_string()
        );
    }
    for path in [
        chronology.path.clone(),
        format!("{}/timeline", chronology.path),
    ] {
        let _ = get_expecting(model, User::STRANGER, &path, 404);
    }
}

fn check_timeline(model: &ServiceModel, chronology: &Chronology, now: Instant) -> Option<String> {
    let path = format!("{}/timeline", chronology.path);
    let markers = chronology.live_markers(now);
    if chronology.is_expired(now) {
        let _ = get_expecting(model, User::OWNER, &path, 410);
        let _ = get_expecting(model, AGENCIES[0].1, &path, 410);
        let etag = chronology.last_etag.as_deref().unwrap_or("*");
        assert_eq!(
            model
                .app
                .as_user(User::OWNER)
                .get_if_none_match(&path, etag)
                .status,
            410,
            "a poll after expiry is not answered with 304"
        );
        return chronology.last_etag.clone();
    }
    let whole = get_expecting(model, User::OWNER, &path, 200);
    assert_markers_shown(&whole, chronology, &markers);
    assert_eq!(whole.json()["header"]["entry_count"], markers.len());
    for (agency, (_, user)) in AGENCIES.iter().enumerate() {
        match (
            chronology.answered[agency],
            chronology.state.is_open_to_contributors(),
        ) {
            (false, _) => drop(get_expecting(model, *user, &path, 409)),
            (true, false) => drop(get_expecting(model, *user, &path, 404)),
            (true, true) => assert_markers_shown(
                &get_expecting(model, *user, &path, 200),
                chronology,
                &markers,
            ),
        }
    }
    let etag = whole.header("etag").map(str::to_owned);
    if let (Some(before), Some(etag)) = (&chronology.last_etag, &etag) {
        let again = model
            .app
            .as_user(User::OWNER)
            .get_if_none_match(&path, before);
        assert_eq!(again.status, if before == etag { 304 } else { 200 });
    }
    etag
}

fn check_fragments(model: &ServiceModel, chronology: &Chronology, now: Instant) {
    for (index, fragment) in chronology.fragments.iter().enumerate() {
        let path = format!("/v1/fragments/{}", fragment.id);
        let status = if chronology.is_live(index, now) {
            200
        } else {
            410
        };
        for user in [AGENCIES[fragment.agency].1, User::OWNER] {
            let response = get_expecting(model, user, &path, status);
            if status == 200 {
                assert_markers_shown(
                    &response,
                    chronology,
                    &fragment.markers[fragment.markers.len() - 1..],
                );
            }
        }
        let _ = get_expecting(model, AGENCIES[(fragment.agency + 1) % 3].1, &path, 404);
        let _ = get_expecting(model, User::STRANGER, &path, 404);
        let first = get_expecting(
            model,
            AGENCIES[fragment.agency].1,
            &format!("{path}/versions/1"),
            status,
        );
        if status == 200 {
            assert_markers_shown(&first, chronology, &fragment.markers[..1]);
        }
    }
}

/// A frozen view shows the fragments it was frozen with, as long as they are live.
fn check_frozen_views(model: &ServiceModel, chronology: &Chronology, now: Instant) {
    let shown = |view: usize| -> Vec<String> {
        let contents = chronology.frozen_views[view].contents.iter();
        let live = contents.filter(|(fragment, _)| chronology.is_live(*fragment, now));
        live.map(|(_, marker)| marker.clone()).collect()
    };
    for (view, frozen) in chronology.frozen_views.iter().enumerate() {
        let path = format!("{}/consolidations/{}", chronology.path, frozen.id);
        let response = get_expecting(
            model,
            User::OWNER,
            &path,
            if chronology.is_expired(now) { 410 } else { 200 },
        );
        if !chronology.is_expired(now) {
            assert_markers_shown(&response, chronology, &shown(view));
        }
        let _ = get_expecting(model, AGENCIES[0].1, &path, 404);
    }
    let path = format!("{}/snapshot", chronology.path);
    match (
        chronology.is_expired(now),
        chronology.state,
        chronology.signed_off_view,
    ) {
        (true, ..) => drop(get_expecting(model, User::OWNER, &path, 410)),
        (false, ChronologyState::SignedOff | ChronologyState::Closed, Some(view)) => {
            assert_markers_shown(
                &get_expecting(model, User::OWNER, &path, 200),
                chronology,
                &shown(view),
            );
        }
        _ => drop(get_expecting(model, User::OWNER, &path, 409)),
    }
}

/// A person exists, and is found by NHS number, as long as a live chronology refers to them.
fn check_people(model: &ServiceModel, chronology: &Chronology, now: Instant) {
    let owner = model.app.as_user(User::OWNER);
    let is_live = !chronology.is_expired(now);
    let response = owner.get(&format!("/v1/people/{}", chronology.child));
    assert_eq!(
        response.status,
        if is_live { 200 } else { 404 },
        "{}: {}",
        response.request,
        response.text()
    );
    let found = owner
        .post(
            "/v1/people/find",
            &json!({"nhs_number": nhs_number(chronology.number)}),
        )
        .expect_ok();
    let ids: Vec<_> = found["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|person| person["id"].clone())
        .collect();
    assert_eq!(ids.contains(&json!(chronology.child)), is_live, "{found}");
}

fn check_tombstones(model: &ServiceModel, chronology: &Chronology) {
    let path = format!("/v1/tombstones/{}", chronology.id);
    let _ = get_expecting(
        model,
        User::OWNER,
        &path,
        if chronology.is_purged { 200 } else { 404 },
    );
    let _ = get_expecting(model, User::STRANGER, &path, 404);
    for fragment in &chronology.fragments {
        let path = format!("/v1/tombstones/{}", fragment.id);
        let _ = get_expecting(
            model,
            AGENCIES[fragment.agency].1,
            &path,
            if fragment.is_deleted { 200 } else { 404 },
        );
    }
}

fn check_lists(model: &ServiceModel, now: Instant) {
    let listed = get_expecting(model, User::OWNER, "/v1/chronologies?limit=500", 200).text();
    for chronology in &model.chronologies {
        assert_eq!(
            listed.contains(&chronology.id),
            !chronology.is_expired(now),
            "{listed}"
        );
    }
    for (agency, (_, user)) in AGENCIES.iter().enumerate() {
        let listed = get_expecting(model, *user, "/v1/fragments?limit=500", 200).text();
        for chronology in &model.chronologies {
            for (index, fragment) in chronology.fragments.iter().enumerate() {
                let expected = fragment.agency == agency && chronology.is_live(index, now);
                assert_eq!(
                    listed.contains(&fragment.id),
                    expected,
                    "{}: {listed}",
                    user.name
                );
            }
        }
    }
}

/// Rows exist for everything that is held or not yet purged, and for nothing else.
fn check_row_counts(model: &ServiceModel) {
    let counts = raw_db::row_counts(&model.app);
    let remaining = |chronology: &Chronology| {
        chronology
            .fragments
            .iter()
            .filter(|fragment| !fragment.is_deleted)
            .count()
    };
    let fragments: usize = model.chronologies.iter().map(remaining).sum();
    assert_eq!(counts["fragments"], i64::try_from(fragments).expect("few"));
    let chronologies = model
        .chronologies
        .iter()
        .filter(|chronology| !chronology.is_purged)
        .count();
    assert_eq!(
        counts["chronologies"],
        i64::try_from(chronologies).expect("few")
    );
}

/// After the workers have run, keys of past hours remain only for held content, and held content
/// still has its keys.
fn check_keys(model: &ServiceModel, now: Instant) {
    let keys = model.app.stored_keys();
    let epoch_key =
        |end: Instant| format!("epoch-{}", -(-end.as_micros()).div_euclid(3_600_000_000));
    let mut held = Vec::new();
    for chronology in &model.chronologies {
        let scope = format!("scope-{}", chronology.id);
        assert_eq!(keys.contains(&scope), !chronology.is_purged, "{scope}");
        if !chronology.holds.is_empty() {
            held.push(epoch_key(chronology.expires_at));
            let remaining_fragments = chronology
                .fragments
                .iter()
                .filter(|fragment| !fragment.is_deleted);
            held.extend(remaining_fragments.map(|fragment| epoch_key(fragment.expires_at)));
        }
    }
    for key in keys.iter().filter(|key| key.starts_with("epoch-")) {
        let epoch_end = key["epoch-".len()..].parse::<i64>().expect("an hour") * 3_600_000_000;
        assert!(
            now.as_micros() < epoch_end || held.contains(key),
            "{key} is of a past hour and no held content needs it"
        );
    }
    for key in held {
        assert!(keys.contains(&key), "{key} is needed by held content");
    }
}

/// Asserts that nothing is left but the tombstones and the audit.
pub(crate) fn check_nothing_left(model: &ServiceModel) {
    let counts = raw_db::row_counts(&model.app);
    for table in [
        "chronologies",
        "fragments",
        "fragment_versions",
        "entries",
        "consolidations",
        "people",
        "families",
        "person_keys",
    ] {
        assert_eq!(counts[table], 0, "{table}");
    }
    // The reasons of holds expire last: half a year after their review date.
    model.app.advance_days(500);
    model.app.run_background_jobs();
    assert_eq!(model.app.expiring_keys(), Vec::<String>::new());
    assert!(!raw_db::contains_plaintext(&model.app, "canary"));
}
