//! What is stored: nothing in clear, nothing that can be changed, moved or taken for something else; and what is listed.

use std::io::ErrorKind;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::*;
use crate::{Epoch, KeyKind};

fn in_use<S: Shelf>() -> (Bench<S>, Vec<KeyId>) {
    let bench = Bench::<S>::new();
    let ends = now().plus(hours(2));
    bench.vault.create_key(now(), &until(scope(1), ends), &version_place()).unwrap();
    bench.vault.create_key(now(), &Terms::Permanent { partnership: partnership(1) }, &version_place()).unwrap();
    let keys = [KeyId::IndexRoot, KeyId::Epoch(Epoch::of(ends)), scope(1).into(), KeyId::Permanent(partnership(1))];
    (bench, keys.into())
}

pub fn nothing_stored_holds_a_key_in_clear<S: Shelf>() {
    let (bench, keys) = in_use::<S>();
    let content = bench.shelf.everything();
    for key in keys {
        let stored = bench.keystore().load(key).unwrap().unwrap();
        let bytes = stored.expose();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let texts = [STANDARD.encode(bytes), URL_SAFE.encode(bytes), hex.clone(), hex.to_uppercase()];
        for needle in texts.iter().map(String::as_bytes).chain([bytes.as_slice()]) {
            // Half a key would be too much already.
            let half = &needle[..needle.len() / 2];
            assert!(!content.windows(half.len()).any(|part| part == half), "{key}");
        }
        assert!(bench.shelf.raw(key).is_some_and(|raw| content.windows(raw.len()).any(|part| part == raw)), "{key}");
    }
}

pub fn another_root_key_opens_nothing_and_destroys_nothing<S: Shelf>() {
    let (bench, keys) = in_use::<S>();
    let opened = bench.shelf.open(RootKey::generate().unwrap());
    assert_eq!(opened.err(), Some(VaultError::Tampered));
    for key in keys {
        assert!(bench.keystore().load(key).unwrap().is_some(), "{key}");
    }
}

pub fn a_keystore_without_its_index_root_is_not_taken_for_a_new_one<S: Shelf>() {
    let (bench, _) = in_use::<S>();
    bench.shelf.put_raw(KeyId::IndexRoot, None);
    let opened = bench.shelf.open(root_key(&bench.root));
    assert_eq!(opened.err(), Some(VaultError::Keystore(ErrorKind::NotFound)));
}

pub fn one_keys_record_under_anothers_name_does_not_open<S: Shelf>() {
    let bench = Bench::<S>::new();
    let keystore = bench.keystore();
    let (one, other) = (KeyId::from(scope(1)), KeyId::from(scope(2)));
    keystore.load_or_create(now(), one).unwrap();
    bench.shelf.put_raw(other, bench.shelf.raw(one).as_deref());
    assert_eq!(keystore.load(other).unwrap_err(), VaultError::Tampered);
    assert!(keystore.load(one).is_ok());
}

pub fn every_field_of_a_record_is_bound<S: Shelf>() {
    let bench = Bench::<S>::new();
    let (keystore, key) = (bench.keystore(), KeyId::from(scope(1)));
    keystore.load_or_create(now(), key).unwrap();
    let whole: serde_json::Value = serde_json::from_slice(&bench.shelf.raw(key).unwrap()).unwrap();
    let other = STANDARD.encode([9; 32]);
    let changes = [("salt", &other), ("commitment", &other), ("sealed", &other)];
    let date = "2026-03-02T09:30:00.000001Z".to_owned();
    for (field, value) in changes.into_iter().chain([("created_at", &date)]) {
        let mut changed = whole.clone();
        changed[field] = value.clone().into();
        bench.shelf.put_raw(key, Some(changed.to_string().as_bytes()));
        assert!(keystore.load(key).is_err(), "{field}");
    }
    bench.shelf.put_raw(key, Some(whole.to_string().as_bytes()));
    assert!(keystore.load(key).is_ok());
}

pub fn what_lives_and_what_is_gone_is_listed_in_order<S: Shelf>() {
    let bench = Bench::<S>::new();
    let keystore = bench.keystore();
    let first = Epoch::of(now());
    // Not in the order of their making, and over a change in the number of digits.
    let epochs = [first.0 + 9, 1_000_001, first.0, first.0 + 1].map(Epoch);
    for epoch in epochs {
        keystore.load_or_create(now(), KeyId::Epoch(epoch)).unwrap();
    }
    keystore.load_or_create(now(), scope(1).into()).unwrap();
    let mut sorted = epochs.to_vec();
    sorted.sort_unstable();
    assert_eq!(keystore.epochs().unwrap(), sorted);
    let gone = keystore.destroy(now(), KeyId::Epoch(epochs[0])).unwrap();
    keystore.destroy(now(), KeyId::Epoch(epochs[2])).unwrap();
    assert_eq!((gone.kind, gone.id), (KeyKind::Epoch, epochs[0].0.to_string()));
    assert_eq!(keystore.destroyed_epochs().unwrap(), [epochs[2], epochs[0]]);
    assert_eq!(bench.keystore().epochs().unwrap(), [epochs[3], epochs[1]]);
    assert_eq!(keystore.record(KeyId::Epoch(epochs[0])), Ok(None));
    let record = keystore.record(KeyId::Epoch(epochs[1])).unwrap().unwrap();
    assert_eq!((record.key, record.created_at), (KeyId::Epoch(epochs[1]), now()));
    assert!(keystore.audit_epochs().unwrap().is_empty());
}
