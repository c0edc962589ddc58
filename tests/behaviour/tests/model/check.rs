//! Asks for everything, as everybody, and compares with the model.

use behaviour::inputs::nhs_number;
use behaviour::{Answer, User, raw};
use domain::Instant;
use serde_json::json;

use super::county::{AGENCIES, Chronology, County, State};

/// The model holds for all there is.
pub(crate) fn all(county: &mut County) {
    let now = county.now();
    for at in 0..county.chronologies.len() {
        let tag = {
            let chronology = &county.chronologies[at];
            // What was purged was looked at when it went; a glance is enough from then on.
            if chronology.purged && at + 2 < county.chronologies.len() {
                continue;
            }
            itself(county, chronology, now);
            fragments(county, chronology, now);
            frozen(county, chronology, now);
            people(county, chronology, now);
            tombstones(county, chronology);
            timeline(county, chronology, now)
        };
        county.chronologies[at].tag = tag;
    }
    lists(county, now);
    rows(county);
    if county.worked {
        keys(county, now);
    }
}

/// All words that were ever written stand in `answer` exactly if they are among `words`.
fn says(answer: &Answer, chronology: &Chronology, words: &[String]) {
    let text = answer.text();
    for word in chronology.fragments.iter().flat_map(|fragment| &fragment.words) {
        assert_eq!(text.contains(&format!("Canary {word}")), words.contains(word), "{}: {word}: {text}", answer.asked);
    }
}

fn answers(county: &County, user: User, path: &str, status: u16) -> Answer {
    let answer = county.app.by(user).get(path);
    assert_eq!(answer.status, status, "{}: {}", answer.asked, answer.text());
    assert!(status == 200 || !answer.text().contains("Canary"), "{}: {}", answer.asked, answer.text());
    answer
}

fn itself(county: &County, chronology: &Chronology, now: Instant) {
    let status = if chronology.over(now) { 410 } else { 200 };
    let answer = answers(county, User::OWNER, &chronology.path, status);
    if status == 200 {
        assert_eq!(answer.json()["state"], chronology.state.word());
        assert_eq!(answer.json()["expires_at"], chronology.expires.to_string());
    }
    for path in [chronology.path.clone(), format!("{}/timeline", chronology.path)] {
        let _ = answers(county, User::STRANGER, &path, 404);
    }
}

fn timeline(county: &County, chronology: &Chronology, now: Instant) -> Option<String> {
    let path = format!("{}/timeline", chronology.path);
    let words = chronology.live_words(now);
    if chronology.over(now) {
        let _ = answers(county, User::OWNER, &path, 410);
        let _ = answers(county, AGENCIES[0].1, &path, 410);
        let tag = chronology.tag.as_deref().unwrap_or("*");
        assert_eq!(county.app.by(User::OWNER).get_unless(&path, tag).status, 410, "a poll after expiry is no 304");
        return chronology.tag.clone();
    }
    let whole = answers(county, User::OWNER, &path, 200);
    says(&whole, chronology, &words);
    assert_eq!(whole.json()["header"]["entry_count"], words.len());
    for (agency, (_, user)) in AGENCIES.iter().enumerate() {
        match (chronology.answered[agency], chronology.state.open_to_contributors()) {
            (false, _) => drop(answers(county, *user, &path, 409)),
            (true, false) => drop(answers(county, *user, &path, 404)),
            (true, true) => says(&answers(county, *user, &path, 200), chronology, &words),
        }
    }
    let tag = whole.header("etag").map(str::to_owned);
    if let (Some(before), Some(tag)) = (&chronology.tag, &tag) {
        let again = county.app.by(User::OWNER).get_unless(&path, before);
        assert_eq!(again.status, if before == tag { 304 } else { 200 });
    }
    tag
}

fn fragments(county: &County, chronology: &Chronology, now: Instant) {
    for (at, fragment) in chronology.fragments.iter().enumerate() {
        let path = format!("/v1/fragments/{}", fragment.id);
        let status = if chronology.lives(at, now) { 200 } else { 410 };
        for user in [AGENCIES[fragment.agency].1, User::OWNER] {
            let answer = answers(county, user, &path, status);
            if status == 200 {
                says(&answer, chronology, &fragment.words[fragment.words.len() - 1..]);
            }
        }
        let _ = answers(county, AGENCIES[(fragment.agency + 1) % 3].1, &path, 404);
        let _ = answers(county, User::STRANGER, &path, 404);
        let first = answers(county, AGENCIES[fragment.agency].1, &format!("{path}/versions/1"), status);
        if status == 200 {
            says(&first, chronology, &fragment.words[..1]);
        }
    }
}

/// A frozen view shows what it was frozen with, as long as that lives.
fn frozen(county: &County, chronology: &Chronology, now: Instant) {
    let shown = |view: usize| -> Vec<String> {
        let shows = chronology.frozen[view].shows.iter();
        shows.filter(|(one, _)| chronology.lives(*one, now)).map(|(_, word)| word.clone()).collect()
    };
    for (view, frozen) in chronology.frozen.iter().enumerate() {
        let path = format!("{}/consolidations/{}", chronology.path, frozen.id);
        let answer = answers(county, User::OWNER, &path, if chronology.over(now) { 410 } else { 200 });
        if !chronology.over(now) {
            says(&answer, chronology, &shown(view));
        }
        let _ = answers(county, AGENCIES[0].1, &path, 404);
    }
    let path = format!("{}/snapshot", chronology.path);
    match (chronology.over(now), chronology.state, chronology.signed) {
        (true, ..) => drop(answers(county, User::OWNER, &path, 410)),
        (false, State::SignedOff | State::Closed, Some(view)) => {
            says(&answers(county, User::OWNER, &path, 200), chronology, &shown(view));
        }
        _ => drop(answers(county, User::OWNER, &path, 409)),
    }
}

/// People live as long as what refers to them, and are found no longer.
fn people(county: &County, chronology: &Chronology, now: Instant) {
    let owner = county.app.by(User::OWNER);
    let lives = !chronology.over(now);
    let answer = owner.get(&format!("/v1/people/{}", chronology.child));
    assert_eq!(answer.status, if lives { 200 } else { 404 }, "{}: {}", answer.asked, answer.text());
    let found = owner.post("/v1/people/find", &json!({"nhs_number": nhs_number(chronology.number)})).ok();
    let ids: Vec<_> = found["items"].as_array().into_iter().flatten().map(|one| one["id"].clone()).collect();
    assert_eq!(ids.contains(&json!(chronology.child)), lives, "{found}");
}

fn tombstones(county: &County, chronology: &Chronology) {
    let path = format!("/v1/tombstones/{}", chronology.id);
    let _ = answers(county, User::OWNER, &path, if chronology.purged { 200 } else { 404 });
    let _ = answers(county, User::STRANGER, &path, 404);
    for fragment in &chronology.fragments {
        let path = format!("/v1/tombstones/{}", fragment.id);
        let _ = answers(county, AGENCIES[fragment.agency].1, &path, if fragment.gone { 200 } else { 404 });
    }
}

fn lists(county: &County, now: Instant) {
    let listed = answers(county, User::OWNER, "/v1/chronologies?limit=500", 200).text();
    for chronology in &county.chronologies {
        assert_eq!(listed.contains(&chronology.id), !chronology.over(now), "{listed}");
    }
    for (agency, (_, user)) in AGENCIES.iter().enumerate() {
        let listed = answers(county, *user, "/v1/fragments?limit=500", 200).text();
        for chronology in &county.chronologies {
            for (at, fragment) in chronology.fragments.iter().enumerate() {
                let expected = fragment.agency == agency && chronology.lives(at, now);
                assert_eq!(listed.contains(&fragment.id), expected, "{}: {listed}", user.name);
            }
        }
    }
}

/// What is held or not yet purged is there; what is gone is not.
fn rows(county: &County) {
    let counts = raw::counts(&county.app);
    let there = |one: &Chronology| one.fragments.iter().filter(|fragment| !fragment.gone).count();
    let fragments: usize = county.chronologies.iter().map(there).sum();
    assert_eq!(counts["fragments"], i64::try_from(fragments).expect("few"));
    let chronologies = county.chronologies.iter().filter(|one| !one.purged).count();
    assert_eq!(counts["chronologies"], i64::try_from(chronologies).expect("few"));
}

/// After a worker's round: no key of an hour that is over, but for what is held; and what is held has its keys.
fn keys(county: &County, now: Instant) {
    let keys = county.app.keys();
    let hour = |end: Instant| format!("epoch-{}", -(-end.as_micros()).div_euclid(3_600_000_000));
    let mut held = Vec::new();
    for chronology in &county.chronologies {
        let scope = format!("scope-{}", chronology.id);
        assert_eq!(keys.contains(&scope), !chronology.purged, "{scope}");
        if !chronology.holds.is_empty() {
            held.push(hour(chronology.expires));
            let kept = chronology.fragments.iter().filter(|fragment| !fragment.gone);
            held.extend(kept.map(|fragment| hour(fragment.expires)));
        }
    }
    for key in keys.iter().filter(|key| key.starts_with("epoch-")) {
        let over = key["epoch-".len()..].parse::<i64>().expect("an hour") * 3_600_000_000;
        assert!(now.as_micros() < over || held.contains(key), "{key} is over and opens nothing that is held");
    }
    for key in held {
        assert!(keys.contains(&key), "{key} opens something that is held");
    }
}

/// Nothing of anybody is left but the tombstones and the audit.
pub(crate) fn nothing_is_left(county: &County) {
    let counts = raw::counts(&county.app);
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
    // The reasons of holds have an end of their own, the last of all: their review date and half a year.
    county.app.pass_days(500);
    county.app.work();
    assert_eq!(county.app.mortal_keys(), Vec::<String>::new());
    assert!(!raw::finds(&county.app, "canary"));
}
