//! The folder itself: what stands in it, who may read it, what a stranger or a kill left there.

use std::os::unix::fs::PermissionsExt as _;

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
fn the_folder_is_the_owners_alone() {
    let (fixture, _) = in_use();
    fixture.vault.destroy_scope(now(), scope(1)).unwrap();
    for folder in ["", "epochs", "scopes", "permanent"] {
        assert_eq!(mode(&fixture.shelf.keys().join(folder)), 0o700, "{folder}");
    }
    for path in files(&fixture.shelf.keys()) {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    std::fs::set_permissions(fixture.shelf.keys(), std::fs::Permissions::from_mode(0o755)).unwrap();
    drop(fixture.keystore());
    assert_eq!(mode(&fixture.shelf.keys()), 0o700, "closed again at the next start");
}

#[test]
fn what_a_kill_left_unplaced_is_tidied_up_at_the_next_start() {
    let (fixture, keys) = in_use();
    let before: Vec<_> = keys.iter().map(|key| *fixture.keystore().load(*key).unwrap().unwrap().expose()).collect();
    let scopes = fixture.shelf.keys().join("scopes");
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
    let epochs = fixture.shelf.keys().join("epochs");
    std::fs::remove_dir_all(&epochs).unwrap();
    std::fs::write(&epochs, b"").unwrap();
    let terms = until(scope(1), now().plus(hours(9)));
    let made = fixture.vault.create_key(now(), &terms, &version_place());
    assert!(matches!(made.unwrap_err(), VaultError::Keystore(_)));
    assert!(matches!(fixture.vault.destroy_epochs_over(now()), Err(VaultError::Keystore(_))));
}
