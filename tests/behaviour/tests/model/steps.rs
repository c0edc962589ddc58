//! What can be done, what the model says comes of it, and that the service says the same.

use std::time::Duration;

use behaviour::inputs::{child, chronology, entry, fragment, nhs_number, reason, with};
use behaviour::{Answer, User};
use domain::Instant;
use serde_json::{Value, json};

use super::county::{AGENCIES, Chronology, County, Fragment, Frozen, LONGEST, State};
use super::random::Random;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// One step; numbers name chronologies and fragments in the order in which they were made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Begin {
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
    Pass {
        seconds: u64,
    },
    /// To the end of the next thing that ends, or so many microseconds before it.
    PassToAnEnd {
        before: u64,
    },
    Work,
    Restart,
}

pub(crate) fn choose(county: &County, random: &mut Random) -> Step {
    let now = county.now();
    let living = county.chronologies.iter().filter(|one| !one.over(now)).count();
    if living == 0 || (living < 2 && random.below(12) == 0) {
        return Step::Begin { days: [2, 15, 40][random.below(3)] };
    }
    // Mostly the latest, now and then one that is long over.
    let count = county.chronologies.len();
    let recent = count.min(1 + random.below(3));
    let chronology = count - 1 - random.below(recent);
    let fragment = random.below(county.chronologies[chronology].fragments.len());
    let some = !county.chronologies[chronology].fragments.is_empty();
    match random.below(24) {
        0..=5 => Step::Submit {
            chronology,
            agency: random.below(3),
            hours: [None, Some(1), Some(30), Some(200)][random.below(4)],
        },
        6 | 7 if some => Step::Correct { chronology, fragment },
        8 if some => Step::Withdraw { chronology, fragment },
        9 if some => Step::ExtendFragment { chronology, fragment, hours: [2, 48, 300, 5_000][random.below(4)] },
        10 => Step::Extend { chronology, days: [1, 20, 400][random.below(3)] },
        11 => Step::Consolidate { chronology },
        12 => Step::SignOff { chronology, view: random.below(county.chronologies[chronology].frozen.len()) },
        13 => Step::Close { chronology },
        14 => Step::Reopen { chronology },
        15 => Step::Hold { chronology },
        16 => Step::Release { chronology },
        17 => Step::Pass { seconds: [60, 2 * HOUR, 3 * DAY, 12 * DAY][random.below(4)] },
        18 | 19 => Step::PassToAnEnd { before: [0, 0, 1][random.below(3)] },
        20 => Step::Restart,
        _ => Step::Work,
    }
}

pub(crate) fn carry_out(county: &mut County, step: Step) {
    match step {
        Step::Begin { days } => begin(county, days),
        Step::Submit { chronology, agency, hours } => submit(county, chronology, agency, hours),
        Step::Correct { chronology, fragment } => correct(county, chronology, fragment),
        Step::Withdraw { chronology, fragment } => withdraw(county, chronology, fragment),
        Step::ExtendFragment { chronology, fragment, hours } => extend_fragment(county, chronology, fragment, hours),
        Step::Extend { chronology, days } => extend(county, chronology, days),
        Step::Consolidate { chronology } => consolidate(county, chronology),
        Step::SignOff { chronology, view } => sign_off(county, chronology, view),
        Step::Close { chronology } => move_on(county, chronology, User::OWNER, "close", &Value::Null, |state| {
            (state == State::SignedOff).then_some(State::Closed)
        }),
        Step::Reopen { chronology } => {
            move_on(county, chronology, User::MANAGER, "reopen", &reason(json!({})), |state| {
                (state != State::Open).then_some(State::Open)
            });
        }
        Step::Hold { chronology } => hold(county, chronology),
        Step::Release { chronology } => release(county, chronology),
        Step::Pass { seconds } => county.app.pass(seconds),
        Step::PassToAnEnd { before } => pass_to_an_end(county, before),
        Step::Work => county.app.work(),
        Step::Restart => county.app.restart(),
    }
    county.worked = false;
    if matches!(step, Step::Work) {
        county.work();
    }
}

/// Everything is released, and a year passes.
pub(crate) fn end(county: &mut County) {
    for chronology in 0..county.chronologies.len() {
        while !county.chronologies[chronology].holds.is_empty() {
            release(county, chronology);
        }
    }
    county.app.pass_days(366);
    county.app.work();
    // What a family kept goes once the family is gone.
    county.app.work();
    county.work();
}

fn expect(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}: {}", answer.asked, answer.text());
    answer.json()
}

fn begin(county: &mut County, days: u64) {
    let number = county.chronologies.len();
    let (app, now) = (&county.app, county.now());
    let owner = app.by(User::OWNER);
    let child = owner.post("/v1/people", &child(&format!("Ada{number}"), "2019-05-14", number)).id();
    let family = owner.post("/v1/families", &json!({"label": "Canary family", "members": [child]})).id();
    let (due, expires) = (plus(now, DAY), plus(now, days * DAY));
    let body = with(
        chronology(&family, &[&county.people["TEAM"]]),
        json!({"due_at": due.to_string(), "expires_at": expires.to_string()}),
    );
    let id = owner.post("/v1/chronologies", &body).id();
    let path = format!("/v1/chronologies/{id}");
    for (at, (_, user)) in AGENCIES.iter().enumerate() {
        let wish = json!({"agency_id": county.agencies[at], "practitioners": [county.people[user.name]]});
        let _ = expect(&owner.post(&format!("{path}/invitations"), &wish), 201);
    }
    let _ = expect(&owner.post(&format!("{path}/open"), &Value::Null), 200);
    county.chronologies.push(Chronology {
        id,
        path,
        child,
        number,
        opened: now,
        due,
        expires,
        state: State::Open,
        answered: [false; 3],
        fragments: Vec::new(),
        frozen: Vec::new(),
        signed: None,
        holds: Vec::new(),
        purged: false,
        tag: None,
    });
    assert!(nhs_number(number).starts_with("999"));
}

fn told(county: &mut County, more: Value) -> (String, Value) {
    let (word, day) = county.next_word();
    (word.clone(), with(fragment(&[entry(&word, &day, &[])]), more))
}

fn submit(county: &mut County, at: usize, agency: usize, hours: Option<u64>) {
    let now = county.now();
    let wanted = hours.map(|hours| plus(now, hours * HOUR));
    let (word, body) = told(county, wanted.map_or(json!({}), |end| json!({"expires_at": end.to_string()})));
    let chronology = &mut county.chronologies[at];
    let answer = county.app.by(AGENCIES[agency].1).post(&format!("{}/fragments", chronology.path), &body);
    let expires = wanted.unwrap_or(chronology.expires);
    let status = match () {
        () if chronology.over(now) => 410,
        () if !chronology.state.takes_returns() => 409,
        () if expires > chronology.expires => 422,
        () => 201,
    };
    let receipt = expect(&answer, status);
    if status == 201 {
        let id = receipt["fragment_id"].as_str().expect("an id").to_owned();
        chronology.fragments.push(Fragment { id, agency, words: vec![word], expires, gone: false });
        chronology.answered[agency] = true;
    }
}

/// What keeps a fragment from being changed, as a status.
fn barred(chronology: &Chronology, fragment: usize, now: Instant) -> Option<u16> {
    if !chronology.lives(fragment, now) {
        return Some(410);
    }
    (!chronology.state.open_to_contributors()).then_some(409)
}

fn correct(county: &mut County, at: usize, one: usize) {
    let now = county.now();
    let (word, body) = told(county, json!({"correction_reason": "Canary: misread"}));
    let chronology = &mut county.chronologies[at];
    let bar = barred(chronology, one, now);
    let fragment = &mut chronology.fragments[one];
    let version = i64::try_from(fragment.words.len()).ok();
    let answer =
        county.app.by(AGENCIES[fragment.agency].1).put(&format!("/v1/fragments/{}", fragment.id), version, &body);
    let _ = expect(&answer, bar.unwrap_or(200));
    if bar.is_none() {
        fragment.words.push(word);
    }
}

fn withdraw(county: &mut County, at: usize, one: usize) {
    let now = county.now();
    let chronology = &mut county.chronologies[at];
    let held = (!chronology.holds.is_empty()).then_some(409);
    let bar = barred(chronology, one, now).or(held);
    let (agency, id) = (chronology.fragments[one].agency, &chronology.fragments[one].id);
    let version = i64::try_from(chronology.fragments[one].words.len()).ok();
    let answer = county.app.by(AGENCIES[agency].1).delete(&format!("/v1/fragments/{id}"), version);
    let _ = expect(&answer, bar.unwrap_or(204));
    if bar.is_none() {
        chronology.fragments[one].gone = true;
        chronology.settle_answer(agency, now);
    }
}

fn extend_fragment(county: &mut County, at: usize, one: usize, hours: u64) {
    let now = county.now();
    let chronology = &mut county.chronologies[at];
    let wanted = plus(now, hours * HOUR);
    let status = match () {
        () if !chronology.lives(one, now) => 410,
        () if wanted > chronology.expires => 422,
        () => 200,
    };
    let fragment = &mut chronology.fragments[one];
    let body = reason(json!({"expires_at": wanted.to_string()}));
    let answer =
        county.app.by(AGENCIES[fragment.agency].1).post(&format!("/v1/fragments/{}/extend", fragment.id), &body);
    let _ = expect(&answer, status);
    if status == 200 {
        fragment.expires = wanted;
    }
}

fn extend(county: &mut County, at: usize, days: u64) {
    let now = county.now();
    let chronology = &mut county.chronologies[at];
    let before = chronology.expires;
    let wanted = plus(before, days * DAY);
    let status = match () {
        () if chronology.over(now) => 410,
        () if wanted > chronology.opened.plus(LONGEST) => 422,
        () => 200,
    };
    let body = reason(json!({"expires_at": wanted.to_string()}));
    let answer = county.app.by(User::OWNER).post(&format!("{}/extend", chronology.path), &body);
    let _ = expect(&answer, status);
    if status == 200 {
        chronology.expires = wanted;
        chronology.fragments.iter_mut().filter(|one| one.expires == before).for_each(|one| one.expires = wanted);
    }
}

fn consolidate(county: &mut County, at: usize) {
    // No two views of one moment: they are told apart by when they were frozen.
    county.app.pass(1);
    let now = county.now();
    let chronology = &mut county.chronologies[at];
    let status = match () {
        () if chronology.over(now) => 410,
        () if !chronology.state.open_to_contributors() => 409,
        () => 201,
    };
    let answer = county.app.by(User::OWNER).post(&format!("{}/consolidations", chronology.path), &Value::Null);
    let frozen = expect(&answer, status);
    if status == 201 {
        let live = (0..chronology.fragments.len()).filter(|one| chronology.lives(*one, now));
        let shows = live.map(|one| (one, chronology.fragments[one].words.last().expect("a version").clone())).collect();
        chronology.frozen.push(Frozen { id: frozen["id"].as_str().expect("an id").to_owned(), shows });
        chronology.state = State::Consolidated;
    }
}

fn sign_off(county: &mut County, at: usize, view: usize) {
    county.app.pass(1);
    let Some(frozen) = county.chronologies[at].frozen.get(view) else { return };
    let body = json!({"snapshot": "export", "consolidation_id": frozen.id});
    let was = county.chronologies[at].state;
    move_on(county, at, User::MANAGER, "sign-off", &body, |state| {
        (state == State::Consolidated).then_some(State::SignedOff)
    });
    if county.chronologies[at].state != was {
        county.chronologies[at].signed = Some(view);
    }
}

fn move_on(county: &mut County, at: usize, by: User, to: &str, body: &Value, next: impl Fn(State) -> Option<State>) {
    let now = county.now();
    let chronology = &mut county.chronologies[at];
    let after = next(chronology.state).filter(|_| !chronology.over(now));
    let status = match after {
        Some(_) => 200,
        None if chronology.over(now) => 410,
        None => 409,
    };
    let _ = expect(&county.app.by(by).post(&format!("{}/{to}", chronology.path), body), status);
    chronology.state = after.unwrap_or(chronology.state);
}

fn hold(county: &mut County, at: usize) {
    let now = county.now();
    let chronology = &mut county.chronologies[at];
    let body = json!({"scope": "chronology", "target_id": chronology.id, "reason": "Canary: an order",
                      "review_at": plus(now, 300 * DAY).to_string()});
    let status = if chronology.over(now) { 422 } else { 201 };
    let placed = expect(&county.app.by(User::MANAGER).post("/v1/holds", &body), status);
    if status == 201 {
        chronology.holds.push(placed["id"].as_str().expect("an id").to_owned());
    }
}

fn release(county: &mut County, at: usize) {
    if let Some(id) = county.chronologies[at].holds.pop() {
        let body = json!({"reason": "Canary: discharged"});
        let _ = expect(&county.app.by(User::MANAGER).post(&format!("/v1/holds/{id}/release"), &body), 200);
    }
}

fn pass_to_an_end(county: &County, before: u64) {
    let now = county.now();
    let fragments = county.chronologies.iter().flat_map(|one| one.fragments.iter().map(|fragment| fragment.expires));
    let ends = county.chronologies.iter().map(|one| one.expires).chain(fragments);
    let before = Duration::from_micros(before);
    if let Some(end) = ends.map(|end| end.minus(before)).filter(|end| *end > now).min() {
        county.app.clock.set(end);
    }
}

fn plus(now: Instant, seconds: u64) -> Instant {
    now.plus(Duration::from_secs(seconds))
}
