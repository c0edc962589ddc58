//! Tests of the vault through its public functions and through the files of the keystore.

mod blind_index;
mod folder;
mod races;
mod sealing;

use std::path::{Path, PathBuf};

use domain::Instant;
use tempfile::TempDir;
use uuid::Uuid;

use crate::keystore_tests;
use crate::testing::{
    KeystoreBackend, VaultFixture, expiring_terms, hours, now, partnership, root_key, scope,
    version_location,
};
use crate::{
    FileKeystore, KeyId, KeyKind, KeyScope, KeyTerms, RecordLocation, RootKey, SealedTable,
    VaultError,
};

/// A vault in a temporary folder, with the root key to open it again.
type Fixture = VaultFixture<FileBackend>;

/// A keystore folder inside a temporary folder.
struct FileBackend(TempDir);

impl FileBackend {
    fn keys(&self) -> PathBuf {
        self.0.path().join("keys")
    }

    fn key_file(&self, key: KeyId) -> PathBuf {
        let folder = match key.kind() {
            KeyKind::Epoch => "epochs",
            KeyKind::Scope => "scopes",
            KeyKind::Permanent => "permanent",
            KeyKind::Audit => "audit",
            KeyKind::IndexRoot => "",
        };
        self.keys().join(folder).join(format!("{key}.key"))
    }
}

impl KeystoreBackend for FileBackend {
    type Keystore = FileKeystore;

    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open(&self, root_key: RootKey) -> Result<FileKeystore, VaultError> {
        FileKeystore::open(&self.keys(), root_key)
    }

    fn stored_bytes(&self, key: KeyId) -> Option<Vec<u8>> {
        std::fs::read(self.key_file(key)).ok()
    }

    fn set_stored_bytes(&self, key: KeyId, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => std::fs::write(self.key_file(key), bytes).unwrap(),
            None => std::fs::remove_file(self.key_file(key)).unwrap(),
        }
    }

    fn all_stored_bytes(&self) -> Vec<u8> {
        list_files(&self.keys())
            .iter()
            .flat_map(|path| std::fs::read(path).unwrap())
            .collect()
    }

    fn duplicate(&self) -> Self {
        let copy = Self::new();
        copy_folder(&self.keys(), &copy.keys());
        copy
    }
}

keystore_tests!(FileBackend);

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.as_ref().unwrap().path();
        let target = to.join(entry.unwrap().file_name());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

/// All files below a folder.
fn list_files(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                list_files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

const fn entry_location() -> RecordLocation {
    RecordLocation {
        table: SealedTable::Entries,
        row: Uuid::from_u128(41),
        version: 1,
    }
}
