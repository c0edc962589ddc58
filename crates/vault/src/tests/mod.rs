//! The promises of the vault, attacked from outside: through its public functions and through the folder's files.

mod folder;
mod lookup;
mod races;
mod sealing;

use std::path::{Path, PathBuf};

use domain::Instant;
use tempfile::TempDir;
use uuid::Uuid;

use crate::keystore_tests;
use crate::testing::{Bench, Shelf, hours, now, partnership, root_key, scope, until, version_place};
use crate::{FileKeystore, KeyId, KeyKind, KeyScope, Place, RootKey, Terms, VaultError};

/// A vault in a temporary folder, with the root key to open it again.
type Fixture = Bench<FileShelf>;

/// A folder of keys in a temporary one.
struct FileShelf(TempDir);

impl FileShelf {
    fn keys(&self) -> PathBuf {
        self.0.path().join("keys")
    }

    fn file(&self, key: KeyId) -> PathBuf {
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

impl Shelf for FileShelf {
    type Keystore = FileKeystore;

    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open(&self, root_key: RootKey) -> Result<FileKeystore, VaultError> {
        FileKeystore::open(&self.keys(), root_key)
    }

    fn raw(&self, key: KeyId) -> Option<Vec<u8>> {
        std::fs::read(self.file(key)).ok()
    }

    fn put_raw(&self, key: KeyId, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => std::fs::write(self.file(key), bytes).unwrap(),
            None => std::fs::remove_file(self.file(key)).unwrap(),
        }
    }

    fn everything(&self) -> Vec<u8> {
        files(&self.keys()).iter().flat_map(|path| std::fs::read(path).unwrap()).collect()
    }

    fn copy(&self) -> Self {
        let copy = Self::new();
        copy_folder(&self.keys(), &copy.keys());
        copy
    }
}

keystore_tests!(FileShelf);

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

const fn entry_place() -> Place {
    Place { table: "entries", row: Uuid::from_u128(41), version: 1 }
}
