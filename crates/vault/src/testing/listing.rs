//! What is stored and listed: no plaintext, and nothing that can be changed, moved or mistaken for
//! something else.

use std::io::ErrorKind;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::*;
use crate::{Epoch, KeyKind};

fn fixture_with_keys<B: KeystoreBackend>() -> (VaultFixture<B>, Vec<KeyId>) {
    let fixture = VaultFixture::<B>::new();
    let ends = now().plus(hours(2));
    fixture
        .vault
        .create_key(now(), &expiring_terms(scope(1), ends), &version_location())
        .unwrap();
    fixture
        .vault
        .create_key(
            now(),
            &KeyTerms::Permanent {
                partnership: partnership(1),
            },
            &version_location(),
        )
        .unwrap();
    let keys = [
        KeyId::IndexRoot,
        KeyId::Epoch(Epoch::for_expiry(ends)),
        scope(1).into(),
        KeyId::Permanent(partnership(1)),
    ];
    (fixture, keys.into())
}

pub fn stored_data_contains_no_plaintext_key<B: KeystoreBackend>() {
    let (fixture, keys) = fixture_with_keys::<B>();
    let content = fixture.backend.all_stored_bytes();
    for key in keys {
        let stored = fixture.keystore().load(key).unwrap().unwrap();
        let bytes = stored.expose();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let texts = [
            STANDARD.encode(bytes),
            URL_SAFE.encode(bytes),
            hex.clone(),
            hex.to_uppercase(),
        ];
        for needle in texts.iter().map(String::as_bytes).chain([bytes.as_slice()]) {
            // Even half a key must not appear.
            let half = &needle[..needle.len() / 2];
            assert!(
                !content.windows(half.len()).any(|part| part == half),
                "{key}"
            );
        }
        assert!(
            fixture
                .backend
                .stored_bytes(key)
                .is_some_and(|raw| content.windows(raw.len()).any(|part| part == raw)),
            "{key}"
        );
    }
}

pub fn wrong_root_key_opens_and_destroys_nothing<B: KeystoreBackend>() {
    let (fixture, keys) = fixture_with_keys::<B>();
    let opened = fixture.backend.open(RootKey::generate().unwrap());
    assert_eq!(opened.err(), Some(VaultError::Tampered));
    for key in keys {
        assert!(fixture.keystore().load(key).unwrap().is_some(), "{key}");
    }
}

pub fn keystore_without_index_root_is_refused<B: KeystoreBackend>() {
    let (fixture, _) = fixture_with_keys::<B>();
    fixture.backend.set_stored_bytes(KeyId::IndexRoot, None);
    let opened = fixture.backend.open(root_key(&fixture.root));
    assert_eq!(
        opened.err(),
        Some(VaultError::Keystore(ErrorKind::NotFound))
    );
}

pub fn stored_key_under_another_name_does_not_open<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let keystore = fixture.keystore();
    let one = KeyId::from(scope(1));
    let other = KeyId::from(scope(2));
    keystore.load_or_create(now(), one).unwrap();
    fixture
        .backend
        .set_stored_bytes(other, fixture.backend.stored_bytes(one).as_deref());
    assert_eq!(keystore.load(other).unwrap_err(), VaultError::Tampered);
    assert!(keystore.load(one).is_ok());
}

pub fn every_stored_field_is_authenticated<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let keystore = fixture.keystore();
    let key = KeyId::from(scope(1));
    keystore.load_or_create(now(), key).unwrap();
    let whole: serde_json::Value =
        serde_json::from_slice(&fixture.backend.stored_bytes(key).unwrap()).unwrap();
    let other = STANDARD.encode([9; 32]);
    let changes = [("salt", &other), ("commitment", &other), ("sealed", &other)];
    let date = "2026-03-02T09:30:00.000001Z".to_owned();
    for (field, value) in changes.into_iter().chain([("created_at", &date)]) {
        let mut changed = whole.clone();
        changed[field] = value.clone().into();
        fixture
            .backend
            .set_stored_bytes(key, Some(changed.to_string().as_bytes()));
        assert!(keystore.load(key).is_err(), "{field}");
    }
    fixture
        .backend
        .set_stored_bytes(key, Some(whole.to_string().as_bytes()));
    assert!(keystore.load(key).is_ok());
}

pub fn live_and_destroyed_epochs_are_listed_in_order<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let keystore = fixture.keystore();
    let first = Epoch::for_expiry(now());
    // Created out of order, and across a change in the number of digits.
    let epochs = [first.0 + 9, 1_000_001, first.0, first.0 + 1].map(Epoch);
    for epoch in epochs {
        keystore.load_or_create(now(), KeyId::Epoch(epoch)).unwrap();
    }
    keystore.load_or_create(now(), scope(1).into()).unwrap();
    let mut sorted = epochs.to_vec();
    sorted.sort_unstable();
    assert_eq!(keystore.epochs().unwrap(), sorted);
    let destroyed = keystore.destroy(now(), KeyId::Epoch(epochs[0])).unwrap();
    keystore.destroy(now(), KeyId::Epoch(epochs[2])).unwrap();
    assert_eq!(
        (destroyed.kind, destroyed.id),
        (KeyKind::Epoch, epochs[0].0.to_string())
    );
    assert_eq!(keystore.destroyed_epochs().unwrap(), [epochs[2], epochs[0]]);
    assert_eq!(fixture.keystore().epochs().unwrap(), [epochs[3], epochs[1]]);
    assert_eq!(keystore.record(KeyId::Epoch(epochs[0])), Ok(None));
    let record = keystore.record(KeyId::Epoch(epochs[1])).unwrap().unwrap();
    assert_eq!(
        (record.key, record.created_at),
        (KeyId::Epoch(epochs[1]), now())
    );
    assert!(keystore.audit_epochs().unwrap().is_empty());
}
