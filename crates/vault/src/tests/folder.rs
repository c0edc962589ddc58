//! The keystore folder: permissions, leftover temporary files and unreadable folders.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::{Epoch, KeyId, Keystore as _, VaultError};

fn fixture_with_keys() -> (Fixture, Vec<KeyId>) {
    let fixture = Fixture::new();
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

fn permission_mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn folder_is_accessible_to_the_owner_only() {
    let (fixture, _) = fixture_with_keys();
    fixture.vault.destroy_scope(now(), scope(1)).unwrap();
    for folder in ["", "epochs", "scopes", "permanent"] {
        assert_eq!(
            permission_mode(&fixture.backend.keys().join(folder)),
            0o700,
            "{folder}"
        );
    }
    for path in list_files(&fixture.backend.keys()) {
        assert_eq!(permission_mode(&path), 0o600, "{}", path.display());
    }
    std::fs::set_permissions(
        fixture.backend.keys(),
        std::fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    drop(fixture.keystore());
    assert_eq!(
        permission_mode(&fixture.backend.keys()),
        0o700,
        "closed again at the next start"
    );
}

#[test]
fn temporary_files_are_removed_at_next_start() {
    let (fixture, keys) = fixture_with_keys();
    let before: Vec<_> = keys
        .iter()
        .map(|key| *fixture.keystore().load(*key).unwrap().unwrap().expose())
        .collect();
    let scopes = fixture.backend.keys().join("scopes");
    // Simulates a kill while writing, and one between link and removal of the temporary name.
    std::fs::write(
        scopes.join(".new-00000000000000000000000000000001"),
        b"{\"kind\":\"sco",
    )
    .unwrap();
    let placed = list_files(&scopes)
        .into_iter()
        .find(|path| path.extension().is_some())
        .unwrap();
    std::fs::hard_link(placed, scopes.join(".new-00000000000000000000000000000002")).unwrap();
    let keystore = fixture.keystore();
    assert_eq!(list_files(&scopes).len(), 1);
    for (key, bytes) in keys.iter().zip(before) {
        assert_eq!(
            *keystore.load(*key).unwrap().unwrap().expose(),
            bytes,
            "{key}"
        );
    }
}

#[test]
fn unreadable_keystore_returns_keystore_error() {
    let (fixture, _) = fixture_with_keys();
    let epochs = fixture.backend.keys().join("epochs");
    std::fs::remove_dir_all(&epochs).unwrap();
    std::fs::write(&epochs, b"").unwrap();
    let terms = expiring_terms(scope(1), now().plus(hours(9)));
    let made = fixture.vault.create_key(now(), &terms, &version_location());
    assert!(matches!(made.unwrap_err(), VaultError::Keystore(_)));
    assert!(matches!(
        fixture.vault.destroy_expired_epochs(now()),
        Err(VaultError::Keystore(_))
    ));
}
