//! The folder itself: what stands in it, who may read it, what a stranger or a kill left there.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::*;
use crate::{Epoch, KeyId, Keystore as _, VaultError};

fn in_use() -> (Fixture, Vec<KeyId>) {
    let fixture = Fixture::new();
    let ends = now().plus(hours(2));
    fixture.vault.create_key(now(), &until(scope(1), ends), &version_place()).unwrap();
    fixture.vault.create_key(now(), &Terms::Permanent { partnership: partnership(1) }, &version_place()).unwrap();
    let keys = [KeyId::IndexRoot, KeyId::Epoch(Epoch::of(ends)), scope(1).into(), KeyId::Permanent(partnership(1))];
    (fixture, keys.into())
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn no_file_holds_a_key_in_clear() {
    let (fixture, keys) = in_use();
    let contents: Vec<_> = files(&fixture.keys()).iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert_eq!(contents.len(), keys.len());
    for key in keys {
        let stored = fixture.keystore().load(key).unwrap().unwrap();
        let bytes = stored.expose();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let texts = [STANDARD.encode(bytes), URL_SAFE.encode(bytes), hex.clone(), hex.to_uppercase()];
        for needle in texts.iter().map(String::as_bytes).chain([bytes.as_slice()]) {
            // Half a key would be too much already.
            let half = &needle[..needle.len() / 2];
            assert!(contents.iter().all(|content| !content.windows(half.len()).any(|part| part == half)), "{key}");
        }
    }
}

#[test]
fn the_folder_is_the_owners_alone() {
    let (fixture, _) = in_use();
    fixture.vault.destroy_scope(now(), scope(1)).unwrap();
    for folder in ["", "epochs", "scopes", "permanent"] {
        assert_eq!(mode(&fixture.keys().join(folder)), 0o700, "{folder}");
    }
    for path in files(&fixture.keys()) {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    std::fs::set_permissions(fixture.keys(), std::fs::Permissions::from_mode(0o755)).unwrap();
    fixture.keystore();
    assert_eq!(mode(&fixture.keys()), 0o700, "closed again at the next start");
}

#[test]
fn another_root_key_opens_nothing_and_destroys_nothing() {
    let (fixture, keys) = in_use();
    let opened = FileKeystore::open(&fixture.keys(), RootKey::generate().unwrap());
    assert_eq!(opened.unwrap_err(), VaultError::Tampered);
    for key in keys {
        assert!(fixture.keystore().load(key).unwrap().is_some(), "{key}");
    }
}

#[test]
fn a_folder_without_its_index_root_is_not_taken_for_a_new_one() {
    let (fixture, _) = in_use();
    std::fs::remove_file(fixture.keys().join("index-root.key")).unwrap();
    let opened = FileKeystore::open(&fixture.keys(), RootKey::from_base64(&fixture.root).unwrap());
    assert_eq!(opened.unwrap_err(), VaultError::Keystore(ErrorKind::NotFound));
}

#[test]
fn one_keys_file_under_anothers_name_does_not_open() {
    let fixture = Fixture::new();
    let keystore = fixture.keystore();
    let (one, other) = (KeyId::from(scope(1)), KeyId::from(scope(2)));
    keystore.load_or_create(now(), one).unwrap();
    let scopes = fixture.keys().join("scopes");
    std::fs::copy(scopes.join(format!("{one}.key")), scopes.join(format!("{other}.key"))).unwrap();
    assert_eq!(keystore.load(other).unwrap_err(), VaultError::Tampered);
    assert!(keystore.load(one).is_ok());
}

#[test]
fn every_field_of_a_key_file_is_bound() {
    let fixture = Fixture::new();
    let keystore = fixture.keystore();
    keystore.load_or_create(now(), scope(1).into()).unwrap();
    let path = files(&fixture.keys().join("scopes")).remove(0);
    let whole: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let other = STANDARD.encode([9; 32]);
    let changes = [("salt", &other), ("commitment", &other), ("sealed", &other)];
    let date = "2026-03-02T09:30:00.000001Z".to_owned();
    for (field, value) in changes.into_iter().chain([("created_at", &date)]) {
        let mut changed = whole.clone();
        changed[field] = value.clone().into();
        std::fs::write(&path, changed.to_string()).unwrap();
        assert!(keystore.load(scope(1).into()).is_err(), "{field}");
    }
    std::fs::write(&path, whole.to_string()).unwrap();
    assert!(keystore.load(scope(1).into()).is_ok());
}

#[test]
fn what_a_kill_left_unplaced_is_tidied_up_at_the_next_start() {
    let (fixture, keys) = in_use();
    let before: Vec<_> = keys.iter().map(|key| *fixture.keystore().load(*key).unwrap().unwrap().expose()).collect();
    let scopes = fixture.keys().join("scopes");
    // Killed while writing, and killed between link and removal of the first name.
    std::fs::write(scopes.join(".new-00000000000000000000000000000001"), b"{\"kind\":\"sco").unwrap();
    let placed = files(&scopes).into_iter().find(|path| path.extension().is_some()).unwrap();
    std::fs::hard_link(placed, scopes.join(".new-00000000000000000000000000000002")).unwrap();
    let keystore = fixture.keystore();
    assert_eq!(files(&scopes).len(), 1);
    for (key, bytes) in keys.iter().zip(before) {
        assert_eq!(*keystore.load(*key).unwrap().unwrap().expose(), bytes, "{key}");
    }
}

#[test]
fn a_keystore_that_cannot_be_read_says_so() {
    let (fixture, _) = in_use();
    let epochs = fixture.keys().join("epochs");
    std::fs::remove_dir_all(&epochs).unwrap();
    std::fs::write(&epochs, b"").unwrap();
    let terms = until(scope(1), now().plus(hours(9)));
    let made = fixture.vault.create_key(now(), &terms, &version_place());
    assert!(matches!(made.unwrap_err(), VaultError::Keystore(_)));
    assert!(matches!(fixture.vault.destroy_epochs_over(now()), Err(VaultError::Keystore(_))));
}
