//! Keys come, go and cannot be read: when they are read again, and what is accepted meanwhile.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use common::{EcKey, NOON, Page, RsaKey, at, claims, county, header, set, trust, with};
use identity::{FetchError, FetchKeys, IdentityError, IssuerConfig, KeySource, KeyTrouble, Refusal, Verifier};
use serde_json::json;

const HOURS: i64 = 3_600;

fn url() -> KeySource {
    KeySource::JwksUrl("https://id.county.example/jwks".into())
}

fn signed(key: &EcKey, kid: &str, now: i64) -> String {
    let times = json!({ "iat": NOON + now, "nbf": null, "exp": NOON + now + HOURS });
    key.sign(&with(header(), json!({ "kid": kid })), &with(claims(), times))
}

fn bench(answer: Result<String, FetchError>) -> (Arc<Page>, Verifier) {
    let page = Arc::new(Page::new(answer));
    let verifier = Verifier::new(vec![county(url())], Arc::clone(&page) as Arc<dyn FetchKeys>).unwrap();
    (page, verifier)
}

#[test]
fn an_unknown_key_is_looked_for_at_most_every_thirty_seconds() {
    let (first, second) = (EcKey::new(), EcKey::new());
    let (page, verifier) = bench(Ok(set(&[first.jwk("k1")])));
    assert!(verifier.verify(&signed(&first, "k1", 0), None, at(0)).is_ok());
    assert_eq!(page.reads(), 1);

    page.say(Ok(set(&[first.jwk("k1"), second.jwk("k2")])));
    let new = signed(&second, "k2", 0);
    for now in [0, 1, 29] {
        assert_eq!(verifier.verify(&new, None, at(now)).err(), Some(Refusal::UnknownKey), "at {now} s");
    }
    assert_eq!(page.reads(), 1);
    assert!(verifier.verify(&new, None, at(30)).is_ok());
    assert_eq!(page.reads(), 2);

    for guess in 0..100 {
        let forged = signed(&second, &format!("guess-{guess}"), 31);
        assert_eq!(verifier.verify(&forged, None, at(31 + guess)).err(), Some(Refusal::UnknownKey));
    }
    assert_eq!(page.reads(), 5, "at 60, 90 and 120 s");
}

#[test]
fn a_failed_read_is_not_repeated_at_once_either() {
    let key = EcKey::new();
    let (page, verifier) = bench(Err(FetchError::Unreachable));
    let token = signed(&key, "k1", 0);
    for now in [0, 10, 29] {
        assert_eq!(verifier.verify(&token, None, at(now)).err(), Some(Refusal::KeysUnavailable));
    }
    assert_eq!(page.reads(), 1);
    page.say(Ok(set(&[key.jwk("k1")])));
    assert!(verifier.verify(&token, None, at(30)).is_ok());
}

#[test]
fn a_withdrawn_key_counts_no_longer_even_for_a_token_accepted_before() {
    let (old, new) = (EcKey::new(), EcKey::new());
    let (page, verifier) = bench(Ok(set(&[old.jwk("k1")])));
    let token = signed(&old, "k1", 0);
    assert!(verifier.verify(&token, None, at(0)).is_ok());
    page.say(Ok(set(&[new.jwk("k2")])));
    assert!(verifier.verify(&token, None, at(60)).is_ok(), "nothing has been read since");
    assert!(verifier.verify(&signed(&new, "k2", 60), None, at(60)).is_ok());
    assert_eq!(verifier.verify(&token, None, at(61)).err(), Some(Refusal::UnknownKey));
}

#[test]
fn another_key_under_the_same_id_counts_as_another_key() {
    let (old, new) = (EcKey::new(), EcKey::new());
    let (page, verifier) = bench(Ok(set(&[old.jwk("k1")])));
    let token = signed(&old, "k1", 0);
    assert!(verifier.verify(&token, None, at(0)).is_ok());
    page.say(Ok(set(&[new.jwk("k1")])));
    assert_eq!(verifier.verify(&token, None, at(600)).err(), Some(Refusal::BadSignature));
}

#[test]
fn an_issuer_that_withdraws_all_keys_is_believed() {
    let key = EcKey::new();
    let (page, verifier) = bench(Ok(set(&[key.jwk("k1")])));
    let token = signed(&key, "k1", 0);
    assert!(verifier.verify(&token, None, at(0)).is_ok());
    page.say(Ok(set(&[])));
    assert_eq!(verifier.verify(&token, None, at(600)).err(), Some(Refusal::UnknownKey));
}

#[test]
fn old_keys_serve_while_the_source_is_down_but_not_for_ever() {
    let key = EcKey::new();
    let (page, verifier) = bench(Ok(set(&[key.jwk("k1")])));
    assert!(verifier.verify(&signed(&key, "k1", 0), None, at(0)).is_ok());
    assert!(verifier.verify(&signed(&key, "k1", 0), None, at(599)).is_ok());
    assert_eq!(page.reads(), 1);

    for trouble in [Err(FetchError::Status(503)), Ok("<html>".into()), Ok("{}".into())] {
        page.say(trouble);
        let now = 600 + 60 * i64::try_from(page.reads()).unwrap();
        assert!(verifier.verify(&signed(&key, "k1", now), None, at(now)).is_ok());
    }
    assert_eq!(page.reads(), 4);
    let late = signed(&key, "k1", 4 * HOURS);
    assert!(verifier.verify(&late, None, at(4 * HOURS)).is_ok());
    assert_eq!(verifier.verify(&late, None, at(4 * HOURS + 1)).err(), Some(Refusal::KeysUnavailable));
    page.say(Ok(set(&[key.jwk("k1")])));
    assert!(verifier.verify(&late, None, at(4 * HOURS + 31)).is_ok());
}

#[test]
fn a_clock_set_back_does_not_stop_the_reading() {
    let (first, second) = (EcKey::new(), EcKey::new());
    let (page, verifier) = bench(Ok(set(&[first.jwk("k1")])));
    assert!(verifier.verify(&signed(&first, "k1", 0), None, at(0)).is_ok());
    page.say(Ok(set(&[second.jwk("k2")])));
    assert!(verifier.verify(&signed(&second, "k2", -HOURS), None, at(-HOURS)).is_ok());
    assert_eq!(page.reads(), 2);
    assert_eq!(verifier.verify(&signed(&first, "k9", -HOURS), None, at(-HOURS)).err(), Some(Refusal::UnknownKey));
    assert_eq!(page.reads(), 2);
}

#[test]
fn at_hand_never_reads_and_says_when_to() {
    let key = EcKey::new();
    let (page, verifier) = bench(Ok(set(&[key.jwk("k1")])));
    let token = signed(&key, "k1", 0);
    assert_eq!(verifier.verify_at_hand(&token, None, at(0)), Ok(None));
    assert_eq!(verifier.verify_at_hand("nonsense", None, at(0)), Err(Refusal::NotAToken));
    assert_eq!(page.reads(), 0);
    assert_eq!(verifier.refresh(at(0)), []);
    assert!(verifier.verify_at_hand(&token, None, at(0)).unwrap().is_some());
    assert_eq!(verifier.verify_at_hand(&signed(&key, "k2", 0), None, at(29)), Err(Refusal::UnknownKey));
    assert_eq!(verifier.verify_at_hand(&signed(&key, "k2", 0), None, at(30)), Ok(None));
    assert_eq!(verifier.verify_at_hand(&token, None, at(600)), Ok(None), "remembered, but the keys are old");
    assert_eq!(page.reads(), 1);
}

#[test]
fn refreshing_names_the_issuers_in_trouble() {
    let (page, verifier) = bench(Err(FetchError::Status(404)));
    let trouble = KeyTrouble { issuer: common::COUNTY.into(), error: FetchError::Status(404) };
    assert_eq!(verifier.refresh(at(0)), [trouble]);
    assert_eq!(verifier.refresh(at(1)), [], "not tried again yet");
    assert_eq!(page.reads(), 1);
}

/// A key page whose readers wait until they are let go.
struct SlowPage {
    page: Page,
    arrived: Sender<()>,
    leave: Mutex<Receiver<()>>,
}

impl FetchKeys for SlowPage {
    fn fetch(&self, source: &KeySource) -> Result<Vec<u8>, FetchError> {
        self.arrived.send(()).unwrap();
        self.leave.lock().unwrap().recv().unwrap();
        self.page.fetch(source)
    }
}

#[test]
fn while_one_reads_the_others_do_not_wait() {
    let (first, second) = (EcKey::new(), EcKey::new());
    let ((arrived, arrivals), (go, leave)) = (channel(), channel());
    let slow = SlowPage { page: Page::new(Ok(set(&[first.jwk("k1")]))), arrived, leave: Mutex::new(leave) };
    let slow = Arc::new(slow);
    let verifier = Verifier::new(vec![county(url())], Arc::clone(&slow) as Arc<dyn FetchKeys>).unwrap();
    go.send(()).unwrap();
    verifier.refresh(at(0));
    arrivals.recv().unwrap();
    slow.page.say(Ok(set(&[first.jwk("k1"), second.jwk("k2")])));

    std::thread::scope(|scope| {
        let reader = scope.spawn(|| verifier.verify(&signed(&second, "k2", 60), None, at(60)));
        arrivals.recv().unwrap();
        // The reader now waits for the page. If any of these waited for it, this test would never end.
        for _ in 0..50 {
            assert!(verifier.verify(&signed(&first, "k1", 60), None, at(60)).is_ok());
            assert_eq!(verifier.verify(&signed(&second, "k2", 60), None, at(60)).err(), Some(Refusal::UnknownKey));
            assert!(verifier.verify(&signed(&first, "k1", 700), None, at(700)).is_ok(), "old keys, too");
            assert_ne!(verifier.verify_at_hand(&signed(&first, "k1", 700), None, at(700)), Ok(None));
        }
        go.send(()).unwrap();
        assert!(reader.join().unwrap().is_ok());
    });
    assert_eq!(slow.page.reads(), 2);
}

#[test]
fn every_mistake_in_the_configuration_is_named() {
    let key = EcKey::new();
    let mut nameless = county(url());
    nameless.issuer = String::new();
    nameless.agencies = vec!["a".into(), "a".into()];
    nameless.roles.clear();
    let mut mute = county(KeySource::JwksUrl("http://id.county.example/jwks".into()));
    mute.agencies = vec![];
    let mut weak = county(KeySource::Inline(set(&[with(key.jwk("k1"), json!({ "d": "AAAA" }))])));
    weak.issuer = "weak".into();
    let mut empty = county(KeySource::Inline(set(&[])));
    empty.issuer = "empty".into();
    let issuers = vec![nameless, mute, weak, empty, county(url()), county(url())];

    let result = Verifier::new(issuers, Arc::new(Page::new(Err(FetchError::Unreachable))));
    let Err(IdentityError::Configuration { problems }) = result else { panic!("accepted") };
    let expected = [
        "the name is empty",
        "an agency is named twice",
        "may give no role",
        "speaks for no agency",
        "not at an https address",
        "private key material is published",
        "no key for ES256",
        "configured twice",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn the_time_is_vouched_for_by_the_latest_admitted_token() {
    let key = EcKey::new();
    let (_, verifier) = bench(Ok(set(&[key.jwk("k1")])));
    assert_eq!(verifier.vouched_time(), None);
    for (issued, now, latest) in [(0, 5, Some(0)), (100, 105, Some(100)), (50, 106, Some(100))] {
        assert!(verifier.verify(&signed(&key, "k1", issued), None, at(now)).is_ok());
        assert_eq!(verifier.vouched_time(), latest.map(at));
    }
    // Refused ones say nothing: from the future, over, or signed by somebody else.
    for (signer, issued) in [(&key, 500), (&key, -2 * HOURS), (&EcKey::new(), 110)] {
        assert!(verifier.verify(&signed(signer, "k1", issued), None, at(120)).is_err());
    }
    assert_eq!(verifier.vouched_time(), Some(at(100)));
}

/// Otherwise any agency's issuer could bring a destruction forward.
#[test]
fn an_issuer_that_may_not_vouch_says_nothing_of_the_time() {
    let key = EcKey::new();
    let mut silent = county(KeySource::Inline(set(&[key.jwk("k1")])));
    silent.vouches_for_time = false;
    let vouching = trust(KeySource::Inline(set(&[RsaKey::new().jwk("r1")])));
    let issuers = vec![silent, IssuerConfig { vouches_for_time: true, ..vouching }];
    let verifier = Verifier::new(issuers, Arc::new(Page::new(Err(FetchError::Unreachable)))).unwrap();
    assert!(verifier.verify(&signed(&key, "k1", 100), None, at(105)).is_ok());
    assert_eq!(verifier.vouched_time(), None);
}
