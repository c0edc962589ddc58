//! The default keystore: a folder of small files.

mod disk;

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use domain::Instant;

use crate::{
    AuditEpoch, Destruction, Epoch, Gone, KeyId, KeyKind, KeyRecord, Keystore, RootKey, RootSealer, SealedKey,
    StoredKey, VaultError,
};

const KEY: &str = "key";
const GONE: &str = "gone";
/// Keys that are known to be durable; beyond that they are forgotten and made durable once more.
const MOST_REMEMBERED: usize = 100_000;
const KINDS: [KeyKind; 5] = [KeyKind::IndexRoot, KeyKind::Epoch, KeyKind::Scope, KeyKind::Permanent, KeyKind::Audit];

/// A keystore in a folder (mode 0700) of one file (mode 0600) a key: `epochs/epoch-<hour>.key`,
/// `scopes/scope-<uuid>.key`, `permanent/permanent-<uuid>.key`, `audit/audit-<period>.key` and `index-root.key`. Each holds a key sealed under the
/// root key, its commitment, and when it was made.
///
/// Several processes on one machine may use the same folder; of two that make the same key at once one wins and both
/// use the winner's. Keep the folder out of every backup and snapshot that the database is in, and on a file system that
/// overwrites in place: where it does not (copy-on-write, worn flash), what is left of a file is still sealed under the
/// root key, and only destroying that too makes it worthless.
///
/// # Destruction, step by step
/// 1. A marker, `….gone`, is put in place and made durable (file and folder). From here on the key opens nothing and
///    can never be made again; before this point it is wholly usable. The marker holds the commitment and the dates.
/// 2. The key's file is overwritten with random bytes, made durable, removed, and the folder made durable.
///
/// Whoever is killed between the two leaves a marker beside a key file: the next [`FileKeystore::open`], or the next
/// call to destroy, finishes. A key file that does not open *without* a marker is never taken for a destruction: it may
/// be the wrong root key, and destroying on that ground would lose everything.
pub struct FileKeystore {
    folder: PathBuf,
    root: RootSealer,
    /// Keys whose names are known to be on the disk, so that one that is used again and again costs no further wait.
    durable: Mutex<HashSet<KeyId>>,
}

impl FileKeystore {
    /// Opens the folder, making it if need be; tidies up after killed processes and finishes their destructions.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when the folder was written under another root key; [`VaultError::Keystore`] when it
    /// cannot be read or written, with kind `NotFound` when it holds keys but the index root is missing: a folder
    /// restored in part would otherwise find none of the people it knows.
    pub fn open(folder: &Path, root_key: RootKey) -> Result<Self, VaultError> {
        let keystore = Self { folder: folder.to_owned(), root: RootSealer::new(root_key)?, durable: Mutex::default() };
        keystore.make_folders()?;
        keystore.check_index_root()?;
        keystore.tidy()?;
        Ok(keystore)
    }

    fn make_folders(&self) -> Result<(), VaultError> {
        KINDS.into_iter().try_for_each(|kind| disk::make_folder(&self.folder_of(kind)))
    }

    /// The index root is always the first key made, so keys without it mean a folder that is not whole. The order of
    /// the two questions matters: another process may be making its first keys between them.
    fn check_index_root(&self) -> Result<(), VaultError> {
        let has_keys = !self.stems(KeyKind::Epoch, KEY)?.is_empty()
            || !self.stems(KeyKind::Scope, KEY)?.is_empty()
            || !self.stems(KeyKind::Permanent, KEY)?.is_empty()
            || !self.stems(KeyKind::Audit, KEY)?.is_empty();
        match self.load(KeyId::IndexRoot)? {
            None if has_keys => Err(VaultError::Keystore(ErrorKind::NotFound)),
            _ => Ok(()),
        }
    }

    fn tidy(&self) -> Result<(), VaultError> {
        for kind in KINDS {
            let folder = self.folder_of(kind);
            disk::remove_unplaced(&folder)?;
            for stem in self.stems(kind, GONE)? {
                let half_gone = folder.join(format!("{stem}.{KEY}"));
                if disk::exists(&half_gone)? {
                    disk::destroy(&folder, &half_gone)?;
                }
            }
        }
        Ok(())
    }

    /// Names in a kind's folder that end so, without the ending.
    fn stems(&self, kind: KeyKind, ending: &str) -> Result<Vec<String>, VaultError> {
        let names = disk::names(&self.folder_of(kind))?;
        let stems = names.iter().filter_map(|name| name.strip_suffix(ending)?.strip_suffix('.'));
        Ok(stems.map(str::to_owned).collect())
    }

    /// The numbers by which the keys of a kind are named, in order.
    fn numbers(&self, kind: KeyKind, ending: &str) -> Result<Vec<i64>, VaultError> {
        let stems = self.stems(kind, ending)?;
        let number = |stem: &String| stem.strip_prefix(kind.as_str())?.strip_prefix('-')?.parse().ok();
        let mut numbers: Vec<i64> = stems.iter().filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn folder_of(&self, kind: KeyKind) -> PathBuf {
        match kind {
            KeyKind::IndexRoot => self.folder.clone(),
            KeyKind::Epoch => self.folder.join("epochs"),
            KeyKind::Scope => self.folder.join("scopes"),
            KeyKind::Permanent => self.folder.join("permanent"),
            KeyKind::Audit => self.folder.join("audit"),
        }
    }

    fn path(&self, key: KeyId, ending: &str) -> PathBuf {
        self.folder_of(key.kind()).join(format!("{key}.{ending}"))
    }

    fn is_gone(&self, key: KeyId) -> Result<bool, VaultError> {
        disk::exists(&self.path(key, GONE))
    }

    fn key_file(&self, key: KeyId) -> Result<Option<SealedKey>, VaultError> {
        disk::read(&self.path(key, KEY))?.as_deref().map(SealedKey::from_bytes).transpose()
    }

    /// Puts a new key in place unless there is one; then finishes a destruction decided meanwhile.
    fn create(&self, now: Instant, key: KeyId) -> Result<(), VaultError> {
        let file = SealedKey::make(&self.root, now, key)?.to_bytes()?;
        disk::place_new(&self.folder_of(key.kind()), &format!("{key}.{KEY}"), &file)?;
        if self.is_gone(key)? { self.overwrite(key) } else { Ok(()) }
    }

    fn is_known_durable(&self, key: KeyId) -> bool {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner).contains(&key)
    }

    fn remember_durable(&self, key: KeyId) {
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        if durable.len() >= MOST_REMEMBERED {
            durable.clear();
        }
        durable.insert(key);
    }

    fn overwrite(&self, key: KeyId) -> Result<(), VaultError> {
        disk::destroy(&self.folder_of(key.kind()), &self.path(key, KEY))
    }

    /// Step 1 of a destruction.
    fn decide(&self, now: Instant, key: KeyId) -> Result<(), VaultError> {
        if !disk::exists(&self.path(key, KEY))? {
            self.create(now, key)?;
        }
        let record = match self.key_file(key) {
            Ok(file) => file.and_then(|file| file.record(key).ok()),
            Err(VaultError::Tampered) => None,
            Err(error) => return Err(error),
        };
        let marker = Gone::new(now, record).to_bytes()?;
        disk::place_new(&self.folder_of(key.kind()), &format!("{key}.{GONE}"), &marker)
    }
}

impl Keystore for FileKeystore {
    fn load(&self, key: KeyId) -> Result<Option<StoredKey>, VaultError> {
        // The file before the marker: a destruction decided after this look is one that came later.
        let opened = self.key_file(key).and_then(|file| file.map(|file| file.open(&self.root, key)).transpose());
        if self.is_gone(key)? { Err(VaultError::Destroyed) } else { opened }
    }

    fn load_or_create(&self, now: Instant, key: KeyId) -> Result<StoredKey, VaultError> {
        if matches!(key, KeyId::Epoch(epoch) if now >= epoch.over_at()) {
            return Err(VaultError::Expired);
        }
        if let Some(stored) = self.load(key)? {
            if !self.is_known_durable(key) {
                // Another process may have put it in place this very moment and not made that durable yet.
                disk::sync_folder(&self.folder_of(key.kind()))?;
                self.remember_durable(key);
            }
            return Ok(stored);
        }
        self.create(now, key)?;
        self.remember_durable(key);
        self.load(key)?.ok_or(VaultError::Destroyed)
    }

    fn record(&self, key: KeyId) -> Result<Option<KeyRecord>, VaultError> {
        let record = self.key_file(key).and_then(|file| file.map(|file| file.record(key)).transpose());
        if self.is_gone(key)? { Ok(None) } else { record }
    }

    fn epochs(&self) -> Result<Vec<Epoch>, VaultError> {
        Ok(self.numbers(KeyKind::Epoch, KEY)?.into_iter().map(Epoch).collect())
    }

    fn destroyed_epochs(&self) -> Result<Vec<Epoch>, VaultError> {
        Ok(self.numbers(KeyKind::Epoch, GONE)?.into_iter().map(Epoch).collect())
    }

    fn audit_epochs(&self) -> Result<Vec<AuditEpoch>, VaultError> {
        Ok(self.numbers(KeyKind::Audit, KEY)?.into_iter().map(AuditEpoch).collect())
    }

    fn destroy(&self, now: Instant, key: KeyId) -> Result<Destruction, VaultError> {
        if !self.is_gone(key)? {
            self.decide(now, key)?;
        }
        self.overwrite(key)?;
        self.destruction(key)?.ok_or(VaultError::Keystore(ErrorKind::NotFound))
    }

    fn discard(&self, keys: &[KeyId]) -> Result<(), VaultError> {
        for key in keys {
            disk::wipe(&self.path(*key, KEY))?;
        }
        let folders: BTreeSet<PathBuf> = keys.iter().map(|key| self.folder_of(key.kind())).collect();
        folders.iter().try_for_each(|folder| disk::sync_folder(folder))
    }

    fn destruction(&self, key: KeyId) -> Result<Option<Destruction>, VaultError> {
        let Some(bytes) = disk::read(&self.path(key, GONE))? else { return Ok(None) };
        let marker = Gone::from_bytes(&bytes)?;
        // The probe asks the file itself and passes the marker by.
        let opens = self.key_file(key).is_ok_and(|file| file.is_some_and(|file| file.open(&self.root, key).is_ok()));
        marker.destruction(key, opens).map(Some)
    }
}

impl fmt::Debug for FileKeystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKeystore(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_placed_just_after_its_destruction_was_decided_does_not_stay() {
        let folder = tempfile::tempdir().unwrap();
        let keystore = FileKeystore::open(folder.path(), RootKey::generate().unwrap()).unwrap();
        let key = KeyId::Scope(uuid::Uuid::from_u128(1));
        keystore.destroy(Instant::MIN, key).unwrap();
        keystore.create(Instant::MIN, key).unwrap();
        assert!(!disk::exists(&keystore.path(key, KEY)).unwrap());
    }
}
