//! The promises of the vault, attacked from outside: through its public functions and through the folder's files.

mod destruction;
mod folder;
mod lookup;
mod races;
mod sealing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::{Instant, PartnershipId};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{FileKeystore, KeyScope, Place, RootKey, Terms, Vault};

/// A vault in a temporary folder, with the root key to open it again.
struct Fixture {
    vault: Vault,
    root: String,
    folder: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = RootKey::generate().unwrap().to_base64().to_string();
        let vault = open(&folder.path().join("keys"), &root);
        Self { vault, root, folder }
    }

    fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    fn keystore(&self) -> FileKeystore {
        FileKeystore::open(&self.keys(), RootKey::from_base64(&self.root).unwrap()).unwrap()
    }

    /// The vault as another process, just started, sees it: nothing cached.
    fn restarted(&self) -> Vault {
        open(&self.keys(), &self.root)
    }

    /// A copy of the folder as it is now, as a backup would hold it.
    fn copy(&self, name: &str) -> PathBuf {
        let copy = self.folder.path().join(name);
        copy_folder(&self.keys(), &copy);
        copy
    }
}

fn open(folder: &Path, root: &str) -> Vault {
    let keystore = FileKeystore::open(folder, RootKey::from_base64(root).unwrap()).unwrap();
    Vault::new(Arc::new(keystore)).unwrap()
}

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

fn now() -> Instant {
    Instant::parse("2026-03-02T09:30:00Z").unwrap()
}

fn hours(count: u64) -> Duration {
    Duration::from_secs(3_600 * count)
}

fn scope(number: u128) -> KeyScope {
    KeyScope(Uuid::from_u128(number))
}

fn until(scope: KeyScope, expires_at: Instant) -> Terms {
    Terms::Until { scope, expires_at }
}

fn partnership(number: u128) -> PartnershipId {
    PartnershipId(Uuid::from_u128(number))
}

const fn version_place() -> Place {
    Place { table: "fragment_versions", row: Uuid::from_u128(40), version: 1 }
}

const fn entry_place() -> Place {
    Place { table: "entries", row: Uuid::from_u128(41), version: 1 }
}
