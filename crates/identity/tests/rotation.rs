//! Key rotation and failing key sources: when keys are fetched again, and which tokens are accepted
//! meanwhile.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use crate::common::{
    EcKey, FakeKeySource, NOON, RsaKey, at, claims, county, header, set, trust, with,
};
use identity::{
    FetchError, FetchKeys, IdentityError, IssuerConfig, KeyRefreshFailure, KeySource, TokenError,
    Verifier,
};
use serde_json::json;

const HOURS: i64 = 3_600;

fn url() -> KeySource {
    KeySource::JwksUrl("https://id.county.example/jwks".into())
}

fn signed_token(key: &EcKey, kid: &str, now: i64) -> String {
    let times = json!({ "iat": NOON + now, "nbf": null, "exp": NOON + now + HOURS });
    key.sign(
        &with(header(), json!({ "kid": kid })),
        &with(claims(), times),
    )
}

fn fixture(answer: Result<String, FetchError>) -> (Arc<FakeKeySource>, Verifier) {
    let source = Arc::new(FakeKeySource::new(answer));
    let verifier = Verifier::new(
        vec![county(url())],
        Arc::clone(&source) as Arc<dyn FetchKeys>,
    )
    .unwrap();
    (source, verifier)
}

#[test]
fn unknown_key_triggers_refresh_at_most_every_30_s() {
    let first = EcKey::new();
    let second = EcKey::new();
    let (source, verifier) = fixture(Ok(set(&[first.jwk("k1")])));
    assert!(
        verifier
            .verify(&signed_token(&first, "k1", 0), None, at(0))
            .is_ok()
    );
    assert_eq!(source.reads(), 1);

    source.set_answer(Ok(set(&[first.jwk("k1"), second.jwk("k2")])));
    let new = signed_token(&second, "k2", 0);
    for now in [0, 1, 29] {
        assert_eq!(
            verifier.verify(&new, None, at(now)).err(),
            Some(TokenError::UnknownKey),
            "at {now} s"
        );
    }
    assert_eq!(source.reads(), 1);
    assert!(verifier.verify(&new, None, at(30)).is_ok());
    assert_eq!(source.reads(), 2);

    for guess in 0..100 {
        let forged = signed_token(&second, &format!("guess-{guess}"), 31);
        assert_eq!(
            verifier.verify(&forged, None, at(31 + guess)).err(),
            Some(TokenError::UnknownKey)
        );
    }
    assert_eq!(source.reads(), 5, "at 60, 90 and 120 s");
}

#[test]
fn failed_refresh_is_not_retried_immediately() {
    let key = EcKey::new();
    let (source, verifier) = fixture(Err(FetchError::Unreachable));
    let token = signed_token(&key, "k1", 0);
    for now in [0, 10, 29] {
        assert_eq!(
            verifier.verify(&token, None, at(now)).err(),
            Some(TokenError::KeysUnavailable)
        );
    }
    assert_eq!(source.reads(), 1);
    source.set_answer(Ok(set(&[key.jwk("k1")])));
    assert!(verifier.verify(&token, None, at(30)).is_ok());
}

#[test]
fn withdrawn_key_invalidates_cached_tokens() {
    let old = EcKey::new();
    let new = EcKey::new();
    let (source, verifier) = fixture(Ok(set(&[old.jwk("k1")])));
    let token = signed_token(&old, "k1", 0);
    assert!(verifier.verify(&token, None, at(0)).is_ok());
    source.set_answer(Ok(set(&[new.jwk("k2")])));
    assert!(
        verifier.verify(&token, None, at(60)).is_ok(),
        "nothing has been read since"
    );
    assert!(
        verifier
            .verify(&signed_token(&new, "k2", 60), None, at(60))
            .is_ok()
    );
    assert_eq!(
        verifier.verify(&token, None, at(61)).err(),
        Some(TokenError::UnknownKey)
    );
}

#[test]
fn replaced_key_with_same_id_is_a_new_key() {
    let old = EcKey::new();
    let new = EcKey::new();
    let (source, verifier) = fixture(Ok(set(&[old.jwk("k1")])));
    let token = signed_token(&old, "k1", 0);
    assert!(verifier.verify(&token, None, at(0)).is_ok());
    source.set_answer(Ok(set(&[new.jwk("k1")])));
    assert_eq!(
        verifier.verify(&token, None, at(600)).err(),
        Some(TokenError::BadSignature)
    );
}

#[test]
fn withdrawal_of_all_keys_is_applied() {
    let key = EcKey::new();
    let (source, verifier) = fixture(Ok(set(&[key.jwk("k1")])));
    let token = signed_token(&key, "k1", 0);
    assert!(verifier.verify(&token, None, at(0)).is_ok());
    source.set_answer(Ok(set(&[])));
    assert_eq!(
        verifier.verify(&token, None, at(600)).err(),
        Some(TokenError::UnknownKey)
    );
}

#[test]
fn stale_keys_serve_for_a_limited_time() {
    let key = EcKey::new();
    let (source, verifier) = fixture(Ok(set(&[key.jwk("k1")])));
    assert!(
        verifier
            .verify(&signed_token(&key, "k1", 0), None, at(0))
            .is_ok()
    );
    assert!(
        verifier
            .verify(&signed_token(&key, "k1", 0), None, at(599))
            .is_ok()
    );
    assert_eq!(source.reads(), 1);

    for trouble in [
        Err(FetchError::Status(503)),
        Ok("<html>".into()),
        Ok("{}".into()),
    ] {
        source.set_answer(trouble);
        let now = 600 + 60 * i64::try_from(source.reads()).unwrap();
        assert!(
            verifier
                .verify(&signed_token(&key, "k1", now), None, at(now))
                .is_ok()
        );
    }
    assert_eq!(source.reads(), 4);
    let late = signed_token(&key, "k1", 4 * HOURS);
    assert!(verifier.verify(&late, None, at(4 * HOURS)).is_ok());
    assert_eq!(
        verifier.verify(&late, None, at(4 * HOURS + 1)).err(),
        Some(TokenError::KeysUnavailable)
    );
    source.set_answer(Ok(set(&[key.jwk("k1")])));
    assert!(verifier.verify(&late, None, at(4 * HOURS + 31)).is_ok());
}

#[test]
fn refresh_continues_after_clock_set_back() {
    let first = EcKey::new();
    let second = EcKey::new();
    let (source, verifier) = fixture(Ok(set(&[first.jwk("k1")])));
    assert!(
        verifier
            .verify(&signed_token(&first, "k1", 0), None, at(0))
            .is_ok()
    );
    source.set_answer(Ok(set(&[second.jwk("k2")])));
    assert!(
        verifier
            .verify(&signed_token(&second, "k2", -HOURS), None, at(-HOURS))
            .is_ok()
    );
    assert_eq!(source.reads(), 2);
    assert_eq!(
        verifier
            .verify(&signed_token(&first, "k9", -HOURS), None, at(-HOURS))
            .err(),
        Some(TokenError::UnknownKey)
    );
    assert_eq!(source.reads(), 2);
}

#[test]
fn nonblocking_verify_never_fetches() {
    let key = EcKey::new();
    let (source, verifier) = fixture(Ok(set(&[key.jwk("k1")])));
    let token = signed_token(&key, "k1", 0);
    assert_eq!(verifier.verify_nonblocking(&token, None, at(0)), Ok(None));
    assert_eq!(
        verifier.verify_nonblocking("nonsense", None, at(0)),
        Err(TokenError::NotAToken)
    );
    assert_eq!(source.reads(), 0);
    assert_eq!(verifier.refresh(at(0)), []);
    assert!(
        verifier
            .verify_nonblocking(&token, None, at(0))
            .unwrap()
            .is_some()
    );
    assert_eq!(
        verifier.verify_nonblocking(&signed_token(&key, "k2", 0), None, at(29)),
        Err(TokenError::UnknownKey)
    );
    assert_eq!(
        verifier.verify_nonblocking(&signed_token(&key, "k2", 0), None, at(30)),
        Ok(None)
    );
    assert_eq!(
        verifier.verify_nonblocking(&token, None, at(600)),
        Ok(None),
        "the token is cached, but the keys are old"
    );
    assert_eq!(source.reads(), 1);
}

#[test]
fn refresh_reports_failing_issuers() {
    let (source, verifier) = fixture(Err(FetchError::Status(404)));
    let failure = KeyRefreshFailure {
        issuer: crate::common::COUNTY.into(),
        error: FetchError::Status(404),
    };
    assert_eq!(verifier.refresh(at(0)), [failure]);
    assert_eq!(verifier.refresh(at(1)), [], "not retried yet");
    assert_eq!(source.reads(), 1);
}

/// A key source whose callers block until they are released.
struct BlockingKeySource {
    source: FakeKeySource,
    started: Sender<()>,
    release: Mutex<Receiver<()>>,
}

impl FetchKeys for BlockingKeySource {
    fn fetch(&self, source: &KeySource) -> Result<Vec<u8>, FetchError> {
        self.started.send(()).unwrap();
        self.release.lock().unwrap().recv().unwrap();
        self.source.fetch(source)
    }
}

#[test]
fn other_threads_do_not_wait_for_refresh() {
    let first = EcKey::new();
    let second = EcKey::new();
    let (started, starts) = channel();
    let (releaser, release) = channel();
    let blocking = BlockingKeySource {
        source: FakeKeySource::new(Ok(set(&[first.jwk("k1")]))),
        started,
        release: Mutex::new(release),
    };
    let blocking = Arc::new(blocking);
    let verifier = Verifier::new(
        vec![county(url())],
        Arc::clone(&blocking) as Arc<dyn FetchKeys>,
    )
    .unwrap();
    releaser.send(()).unwrap();
    verifier.refresh(at(0));
    starts.recv().unwrap();
    blocking
        .source
        .set_answer(Ok(set(&[first.jwk("k1"), second.jwk("k2")])));

    std::thread::scope(|scope| {
        let reader =
            scope.spawn(|| verifier.verify(&signed_token(&second, "k2", 60), None, at(60)));
        starts.recv().unwrap();
        // The fetching thread is blocked now. If any of these calls waited for it, the test would
        // not end.
        for _ in 0..50 {
            assert!(
                verifier
                    .verify(&signed_token(&first, "k1", 60), None, at(60))
                    .is_ok()
            );
            assert_eq!(
                verifier
                    .verify(&signed_token(&second, "k2", 60), None, at(60))
                    .err(),
                Some(TokenError::UnknownKey)
            );
            assert!(
                verifier
                    .verify(&signed_token(&first, "k1", 700), None, at(700))
                    .is_ok(),
                "also with old keys"
            );
            assert_ne!(
                verifier.verify_nonblocking(&signed_token(&first, "k1", 700), None, at(700)),
                Ok(None)
            );
        }
        releaser.send(()).unwrap();
        assert!(reader.join().unwrap().is_ok());
    });
    assert_eq!(blocking.source.reads(), 2);
}

#[test]
fn reports_every_configuration_error() {
    let key = EcKey::new();
    let mut nameless = county(url());
    nameless.issuer = String::new();
    nameless.agencies = vec!["a".into(), "a".into()];
    nameless.roles.clear();
    let mut mute = county(KeySource::JwksUrl("http://id.county.example/jwks".into()));
    mute.agencies = vec![];
    let mut weak = county(KeySource::Inline(set(&[with(
        key.jwk("k1"),
        json!({ "d": "AAAA" }),
    )])));
    weak.issuer = "weak".into();
    let mut empty = county(KeySource::Inline(set(&[])));
    empty.issuer = "empty".into();
    let issuers = vec![nameless, mute, weak, empty, county(url()), county(url())];

    let result = Verifier::new(
        issuers,
        Arc::new(FakeKeySource::new(Err(FetchError::Unreachable))),
    );
    let Err(IdentityError::Configuration { problems }) = result else {
        panic!("accepted")
    };
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
fn vouched_time_is_latest_accepted_issue_time() {
    let key = EcKey::new();
    let (_, verifier) = fixture(Ok(set(&[key.jwk("k1")])));
    assert_eq!(verifier.vouched_time(), None);
    for (issued, now, latest) in [(0, 5, Some(0)), (100, 105, Some(100)), (50, 106, Some(100))] {
        assert!(
            verifier
                .verify(&signed_token(&key, "k1", issued), None, at(now))
                .is_ok()
        );
        assert_eq!(verifier.vouched_time(), latest.map(at));
    }
    // Rejected tokens do not count: issued in the future, expired, or signed with another key.
    for (signer, issued) in [(&key, 500), (&key, -2 * HOURS), (&EcKey::new(), 110)] {
        assert!(
            verifier
                .verify(&signed_token(signer, "k1", issued), None, at(120))
                .is_err()
        );
    }
    assert_eq!(verifier.vouched_time(), Some(at(100)));
}

/// Otherwise the issuer of any agency could bring a destruction forward.
#[test]
fn non_vouching_issuer_does_not_set_time() {
    let key = EcKey::new();
    let mut silent = county(KeySource::Inline(set(&[key.jwk("k1")])));
    silent.vouches_for_time = false;
    let vouching = trust(KeySource::Inline(set(&[RsaKey::new().jwk("r1")])));
    let issuers = vec![
        silent,
        IssuerConfig {
            vouches_for_time: true,
            ..vouching
        },
    ];
    let verifier = Verifier::new(
        issuers,
        Arc::new(FakeKeySource::new(Err(FetchError::Unreachable))),
    )
    .unwrap();
    assert!(
        verifier
            .verify(&signed_token(&key, "k1", 100), None, at(105))
            .is_ok()
    );
    assert_eq!(verifier.vouched_time(), None);
}
