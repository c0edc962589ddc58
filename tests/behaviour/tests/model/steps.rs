//! The steps of a case: each is sent to the service, and its outcome must be the one that the model
//! predicts.

use std::time::Duration;

use behaviour::inputs::{
    child, chronology, entry, fragment, nhs_number, with_members, with_reason,
};
use behaviour::{ApiResponse, User};
use domain::Instant;
use serde_json::{Value, json};

use super::random::Random;
use super::service_model::{
    AGENCIES, Chronology, ChronologyState, Fragment, FrozenView, MAX_LIFETIME, ServiceModel,
};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// One step. Chronologies, fragments and views are given by index, in the order of their creation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    CreateChronology {
        days: u64,
    },
    Submit {
        chronology: usize,
        agency: usize,
        hours: Option<u64>,
    },
    Correct {
        chronology: usize,
        fragment: usize,
    },
    Withdraw {
        chronology: usize,
        fragment: usize,
    },
    ExtendFragment {
        chronology: usize,
        fragment: usize,
        hours: u64,
    },
    Extend {
        chronology: usize,
        days: u64,
    },
    Consolidate {
        chronology: usize,
    },
    SignOff {
        chronology: usize,
        view: usize,
    },
    Close {
        chronology: usize,
    },
    Reopen {
        chronology: usize,
    },
    Hold {
        chronology: usize,
    },
    Release {
        chronology: usize,
    },
    AdvanceTime {
        seconds: u64,
    },
    /// Sets the clock to the next expiry of a chronology or fragment, or to a few microseconds
    /// before it.
    AdvanceToNextExpiry {
        microseconds_before: u64,
    },
    RunWorker,
    Restart,
}

/// Chooses a random step that is possible in the present state of the model.
pub(crate) fn choose(model: &ServiceModel, random: &mut Random) -> Step {
    let now = model.now();
    let live = model
        .chronologies
        .iter()
        .filter(|chronology| !chronology.is_expired(now))
        .count();
    if live == 0 || (live < 2 && random.below(12) == 0) {
        return Step::CreateChronology {
            days: [2, 15, 40][random.below(3)],
        };
    }
    // One of the three latest chronologies, some of which have expired.
    let count = model.chronologies.len();
    let recent = count.min(1 + random.below(3));
    let chronology = count - 1 - random.below(recent);
    let fragment = random.below(model.chronologies[chronology].fragments.len());
    let has_fragments = !model.chronologies[chronology].fragments.is_empty();
    match random.below(24) {
        0..=5 => Step::Submit {
            chronology,
            agency: random.below(3),
            hours: [None, Some(1), Some(30), Some(200)][random.below(4)],
        },
        6 | 7 if has_fragments => Step::Correct {
            chronology,
            fragment,
        },
        8 if has_fragments => Step::Withdraw {
            chronology,
            fragment,
        },
        9 if has_fragments => Step::ExtendFragment {
            chronology,
            fragment,
            hours: [2, 48, 300, 5_000][random.below(4)],
        },
        10 => Step::Extend {
            chronology,
            days: [1, 20, 400][random.below(3)],
        },
        11 => Step::Consolidate { chronology },
        12 => Step::SignOff {
            chronology,
            view: random.below(model.chronologies[chronology].frozen_views.len()),
        },
        13 => Step::Close { chronology },
        14 => Step::Reopen { chronology },
        15 => Step::Hold { chronology },
        16 => Step::Release { chronology },
        17 => Step::AdvanceTime {
            seconds: [60, 2 * HOUR, 3 * DAY, 12 * DAY][random.below(4)],
        },
        18 | 19 => Step::AdvanceToNextExpiry {
            microseconds_before: [0, 0, 1][random.below(3)],
        },
        20 => Step::Restart,
        _ => Step::RunWorker,
    }
}

/// Executes a step on the service and on the model.
pub(crate) fn execute(model: &mut ServiceModel, step: Step) {
    match step {
        Step::CreateChronology { days } => create_chronology(model, days),
        Step::Submit {
            chronology,
            agency,
            hours,
        } => submit(model, chronology, agency, hours),
        Step::Correct {
            chronology,
            fragment,
        } => correct(model, chronology, fragment),
        Step::Withdraw {
            chronology,
            fragment,
        } => withdraw(model, chronology, fragment),
        Step::ExtendFragment {
            chronology,
            fragment,
            hours,
        } => extend_fragment(model, chronology, fragment, hours),
        Step::Extend { chronology, days } => extend(model, chronology, days),
        Step::Consolidate { chronology } => consolidate(model, chronology),
        Step::SignOff { chronology, view } => sign_off(model, chronology, view),
        Step::Close { chronology } => change_state(
            model,
            chronology,
            User::OWNER,
            "close",
            &Value::Null,
            |state| (state == ChronologyState::SignedOff).then_some(ChronologyState::Closed),
        ),
        Step::Reopen { chronology } => {
            change_state(
                model,
                chronology,
                User::MANAGER,
                "reopen",
                &with_reason(json!({})),
                |state| (state != ChronologyState::Open).then_some(ChronologyState::Open),
            );
        }
        Step::Hold { chronology } => hold(model, chronology),
        Step::Release { chronology } => release(model, chronology),
        Step::AdvanceTime { seconds } => model.app.advance_seconds(seconds),
        Step::AdvanceToNextExpiry {
            microseconds_before,
        } => advance_to_next_expiry(model, microseconds_before),
        Step::RunWorker => model.app.run_background_jobs(),
        Step::Restart => model.app.restart(),
    }
    model.worker_is_current = false;
    if matches!(step, Step::RunWorker) {
        model.apply_worker_run();
    }
}

/// Releases every hold and advances the clock by a year, so that everything is deleted.
pub(crate) fn expire_everything(model: &mut ServiceModel) {
    for chronology in 0..model.chronologies.len() {
        while !model.chronologies[chronology].holds.is_empty() {
            release(model, chronology);
        }
    }
    model.app.advance_days(366);
    model.app.run_background_jobs();
    // People are deleted in the run after the one that deletes their family.
    model.app.run_background_jobs();
    model.apply_worker_run();
}

fn assert_status(response: &ApiResponse, status: u16) -> Value {
    assert_eq!(
        response.status,
        status,
        "{}: {}",
        response.request,
        response.text()
    );
    response.json()
}

fn create_chronology(model: &mut ServiceModel, days: u64) {
    let number = model.chronologies.len();
    let now = model.now();
    let owner = model.app.as_user(User::OWNER);
    let child = owner
        .post(
            "/v1/people",
            &child(&format!("Ada{number}"), "2019-05-14", number),
        )
        .id();
    let family = owner
        .post(
            "/v1/families",
            &json!({"label": "Canary family", "members": [child]}),
        )
        .id();
    let due_at = plus(now, DAY);
    let expires_at = plus(now, days * DAY);
    let body = with_members(
        chronology(&family, &[&model.practitioners["TEAM"]]),
        json!({"due_at": due_at.to_string(), "expires_at": expires_at.to_string()}),
    );
    let id = owner.post("/v1/chronologies", &body).id();
    let path = format!("/v1/chronologies/{id}");
    for (agency, (_, user)) in AGENCIES.iter().enumerate() {
        let invitation = json!({
            "agency_id": model.agencies[agency],
            "practitioners": [model.practitioners[user.name]],
        });
        let _ = assert_status(
            &owner.post(&format!("{path}/invitations"), &invitation),
            201,
        );
    }
    let _ = assert_status(&owner.post(&format!("{path}/open"), &Value::Null), 200);
    model.chronologies.push(Chronology {
        id,
        path,
        child,
        number,
        opened_at: now,
        due_at,
        expires_at,
        state: ChronologyState::Open,
        answered: [false; 3],
        fragments: Vec::new(),
        frozen_views: Vec::new(),
        signed_off_view: None,
        holds: Vec::new(),
        is_purged: false,
        last_etag: None,
    });
    assert!(nhs_number(number).starts_with("999"));
}

/// Builds a fragment with one entry; returns the entry's marker and the body.
fn build_fragment(model: &mut ServiceModel, more: Value) -> (String, Value) {
    let (marker, day) = model.next_marker();
    (
        marker.clone(),
        with_members(fragment(&[entry(&marker, &day, &[])]), more),
    )
}

fn submit(model: &mut ServiceModel, chronology_index: usize, agency: usize, hours: Option<u64>) {
    let now = model.now();
    let wanted = hours.map(|hours| plus(now, hours * HOUR));
    let (marker, body) = build_fragment(
        model,
        wanted.map_or(json!({}), |end| json!({"expires_at": end.to_string()})),
    );
    let chronology = &mut model.chronologies[chronology_index];
    let response = model
        .app
        .as_user(AGENCIES[agency].1)
        .post(&format!("{}/fragments", chronology.path), &body);
    let expires_at = wanted.unwrap_or(chronology.expires_at);
    let status = match () {
        () if chronology.is_expired(now) => 410,
        () if !chronology.state.accepts_returns() => 409,
        () if expires_at > chronology.expires_at => 422,
        () => 201,
    };
    let receipt = assert_status(&response, status);
    if status == 201 {
        let id = receipt["fragment_id"].as_str().expect("an id").to_owned();
        chronology.fragments.push(Fragment {
            id,
            agency,
            markers: vec![marker],
            expires_at,
            is_deleted: false,
        });
        chronology.answered[agency] = true;
    }
}

/// The status with which a change of the fragment is refused; none when it is accepted.
fn refusal_status(chronology: &Chronology, fragment: usize, now: Instant) -> Option<u16> {
    if !chronology.is_live(fragment, now) {
        return Some(410);
    }
    (!chronology.state.is_open_to_contributors()).then_some(409)
}

fn correct(model: &mut ServiceModel, chronology_index: usize, fragment_index: usize) {
    let now = model.now();
    let (marker, body) = build_fragment(model, json!({"correction_reason": "Canary: misread"}));
    let chronology = &mut model.chronologies[chronology_index];
    let refusal = refusal_status(chronology, fragment_index, now);
    let fragment = &mut chronology.fragments[fragment_index];
    let version = i64::try_from(fragment.markers.len()).ok();
    let response = model.app.as_user(AGENCIES[fragment.agency].1).put(
        &format!("/v1/fragments/{}", fragment.id),
        version,
        &body,
    );
    let _ = assert_status(&response, refusal.unwrap_or(200));
    if refusal.is_none() {
        fragment.markers.push(marker);
    }
}

fn withdraw(model: &mut ServiceModel, chronology_index: usize, fragment_index: usize) {
    let now = model.now();
    let chronology = &mut model.chronologies[chronology_index];
    let held_status = (!chronology.holds.is_empty()).then_some(409);
    let refusal = refusal_status(chronology, fragment_index, now).or(held_status);
    let agency = chronology.fragments[fragment_index].agency;
    let id = &chronology.fragments[fragment_index].id;
    let version = i64::try_from(chronology.fragments[fragment_index].markers.len()).ok();
    let response = model
        .app
        .as_user(AGENCIES[agency].1)
        .delete(&format!("/v1/fragments/{id}"), version);
    let _ = assert_status(&response, refusal.unwrap_or(204));
    if refusal.is_none() {
        chronology.fragments[fragment_index].is_deleted = true;
        chronology.update_answered(agency, now);
    }
}

fn extend_fragment(
    model: &mut ServiceModel,
    chronology_index: usize,
    fragment_index: usize,
    hours: u64,
) {
    let now = model.now();
    let chronology = &mut model.chronologies[chronology_index];
    let wanted = plus(now, hours * HOUR);
    let status = match () {
        () if !chronology.is_live(fragment_index, now) => 410,
        () if wanted > chronology.expires_at => 422,
        () => 200,
    };
    let fragment = &mut chronology.fragments[fragment_index];
    let body = with_reason(json!({"expires_at": wanted.to_string()}));
    let response = model
        .app
        .as_user(AGENCIES[fragment.agency].1)
        .post(&format!("/v1/fragments/{}/extend", fragment.id), &body);
    let _ = assert_status(&response, status);
    if status == 200 {
        fragment.expires_at = wanted;
    }
}

fn extend(model: &mut ServiceModel, chronology_index: usize, days: u64) {
    let now = model.now();
    let chronology = &mut model.chronologies[chronology_index];
    let former_expiry = chronology.expires_at;
    let wanted = plus(former_expiry, days * DAY);
    let status = match () {
        () if chronology.is_expired(now) => 410,
        () if wanted > chronology.opened_at.plus(MAX_LIFETIME) => 422,
        () => 200,
    };
    let body = with_reason(json!({"expires_at": wanted.to_string()}));
    let response = model
        .app
        .as_user(User::OWNER)
        .post(&format!("{}/extend", chronology.path), &body);
    let _ = assert_status(&response, status);
    if status == 200 {
        chronology.expires_at = wanted;
        let following = chronology
            .fragments
            .iter_mut()
            .filter(|fragment| fragment.expires_at == former_expiry);
        following.for_each(|fragment| fragment.expires_at = wanted);
    }
}

fn consolidate(model: &mut ServiceModel, chronology_index: usize) {
    // Frozen views are told apart by their time, so no two may be created at the same instant.
    model.app.advance_seconds(1);
    let now = model.now();
    let chronology = &mut model.chronologies[chronology_index];
    let status = match () {
        () if chronology.is_expired(now) => 410,
        () if !chronology.state.is_open_to_contributors() => 409,
        () => 201,
    };
    let response = model
        .app
        .as_user(User::OWNER)
        .post(&format!("{}/consolidations", chronology.path), &Value::Null);
    let frozen = assert_status(&response, status);
    if status == 201 {
        let live =
            (0..chronology.fragments.len()).filter(|fragment| chronology.is_live(*fragment, now));
        let latest_marker = |fragment: usize| {
            chronology.fragments[fragment]
                .markers
                .last()
                .expect("a version")
                .clone()
        };
        let contents = live
            .map(|fragment| (fragment, latest_marker(fragment)))
            .collect();
        chronology.frozen_views.push(FrozenView {
            id: frozen["id"].as_str().expect("an id").to_owned(),
            contents,
        });
        chronology.state = ChronologyState::Consolidated;
    }
}

fn sign_off(model: &mut ServiceModel, chronology_index: usize, view: usize) {
    model.app.advance_seconds(1);
    let Some(frozen) = model.chronologies[chronology_index].frozen_views.get(view) else {
        return;
    };
    let body = json!({"snapshot": "export", "consolidation_id": frozen.id});
    let former_state = model.chronologies[chronology_index].state;
    change_state(
        model,
        chronology_index,
        User::MANAGER,
        "sign-off",
        &body,
        |state| (state == ChronologyState::Consolidated).then_some(ChronologyState::SignedOff),
    );
    if model.chronologies[chronology_index].state != former_state {
        model.chronologies[chronology_index].signed_off_view = Some(view);
    }
}

/// Posts `body` to `action` of a chronology. `next` gives the state that follows; with none the
/// service must refuse.
fn change_state(
    model: &mut ServiceModel,
    chronology_index: usize,
    user: User,
    action: &str,
    body: &Value,
    next: impl Fn(ChronologyState) -> Option<ChronologyState>,
) {
    let now = model.now();
    let chronology = &mut model.chronologies[chronology_index];
    let after = next(chronology.state).filter(|_| !chronology.is_expired(now));
    let status = match after {
        Some(_) => 200,
        None if chronology.is_expired(now) => 410,
        None => 409,
    };
    let _ = assert_status(
        &model
            .app
            .as_user(user)
            .post(&format!("{}/{action}", chronology.path), body),
        status,
    );
    chronology.state = after.unwrap_or(chronology.state);
}

fn hold(model: &mut ServiceModel, chronology_index: usize) {
    let now = model.now();
    let chronology = &mut model.chronologies[chronology_index];
    let body = json!({
        "scope": "chronology", "target_id": chronology.id, "reason": "Canary: an order",
        "review_at": plus(now, 300 * DAY).to_string(),
    });
    let status = if chronology.is_expired(now) { 422 } else { 201 };
    let placed = assert_status(
        &model.app.as_user(User::MANAGER).post("/v1/holds", &body),
        status,
    );
    if status == 201 {
        chronology
            .holds
            .push(placed["id"].as_str().expect("an id").to_owned());
    }
}

fn release(model: &mut ServiceModel, chronology_index: usize) {
    if let Some(id) = model.chronologies[chronology_index].holds.pop() {
        let body = json!({"reason": "Canary: discharged"});
        let _ = assert_status(
            &model
                .app
                .as_user(User::MANAGER)
                .post(&format!("/v1/holds/{id}/release"), &body),
            200,
        );
    }
}

fn advance_to_next_expiry(model: &ServiceModel, microseconds_before: u64) {
    let now = model.now();
    let fragments = model.chronologies.iter().flat_map(|chronology| {
        chronology
            .fragments
            .iter()
            .map(|fragment| fragment.expires_at)
    });
    let ends = model
        .chronologies
        .iter()
        .map(|chronology| chronology.expires_at)
        .chain(fragments);
    let margin = Duration::from_micros(microseconds_before);
    if let Some(end) = ends
        .map(|end| end.minus(margin))
        .filter(|end| *end > now)
        .min()
    {
        model.app.clock.set(end);
    }
}

fn plus(now: Instant, seconds: u64) -> Instant {
    now.plus(Duration::from_secs(seconds))
}
