//! The default keystore: a folder of small files.

mod disk;

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use domain::Instant;

use crate::{
    AuditEpoch, DestructionMarker, DestructionRecord, Epoch, KeyId, KeyKind, KeyRecord, Keystore,
    RootKey, RootSealer, SealedKey, StoredKey, VaultError,
};

const KEY_EXTENSION: &str = "key";
const MARKER_EXTENSION: &str = "gone";
/// Upper limit of remembered durable keys. Beyond it the set is cleared, and the keys are synced
/// once more when used.
const MAX_REMEMBERED_KEYS: usize = 100_000;
const ALL_KINDS: [KeyKind; 5] = [
    KeyKind::IndexRoot,
    KeyKind::Epoch,
    KeyKind::Scope,
    KeyKind::Permanent,
    KeyKind::Audit,
];

/// A keystore in a folder (mode 0700) with one file (mode 0600) per key: `epochs/epoch-<hour>.key`,
/// `scopes/scope-<uuid>.key`, `permanent/permanent-<uuid>.key`, `audit/audit-<period>.key` and
/// `index-root.key`. Each file holds a key sealed under the root key, its commitment and its
/// creation time.
///
/// Several processes on one machine may use the same folder. When two create the same key at once,
/// one of them succeeds and both use its key. Exclude the folder from every backup and snapshot
/// that includes the database, and put it on a file system that overwrites in place. Where the file
/// system does not (copy-on-write, worn flash), the remains of a file are still sealed under the
/// root key, and only destroying the root key makes them worthless.
///
/// # Steps of a destruction
/// 1. A marker, `….gone`, is created and made durable (file and folder). From then on the key opens
///    nothing and can never be created again; before, it is fully usable. The marker holds the
///    commitment and the dates.
/// 2. The key file is overwritten with random bytes, synced and removed, and the folder is synced.
///
/// A process killed between the two steps leaves a marker beside a key file. The next
/// [`FileKeystore::open`] or the next call to destroy completes the destruction. A key file that
/// does not open but has *no* marker is never treated as a destruction in progress: the root key
/// may be the wrong one, and destroying files on that ground would lose everything.
pub struct FileKeystore {
    folder: PathBuf,
    root: RootSealer,
    /// Keys whose files are known to be durable, so that repeated use does not sync again.
    durable: Mutex<HashSet<KeyId>>,
}

impl FileKeystore {
    /// Opens the folder and creates it if necessary. Removes temporary files of killed processes
    /// and completes their destructions.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when the folder was written under another root key;
    /// [`VaultError::Keystore`] when it cannot be read or written, with kind `NotFound` when it
    /// holds keys but no index root: without the index root a partly restored folder would find
    /// none of the people it knows.
    pub fn open(folder: &Path, root_key: RootKey) -> Result<Self, VaultError> {
        let keystore = Self {
            folder: folder.to_owned(),
            root: RootSealer::new(root_key)?,
            durable: Mutex::default(),
        };
        keystore.create_folders()?;
        keystore.require_index_root()?;
        keystore.finish_interrupted_operations()?;
        Ok(keystore)
    }

    fn create_folders(&self) -> Result<(), VaultError> {
        ALL_KINDS
            .into_iter()
            .try_for_each(|kind| disk::create_private_folder(&self.kind_folder(kind)))
    }

    /// The index root is always the first key created, so keys without it mean an incomplete
    /// folder. The order of the two checks matters: another process may be creating its first keys
    /// between them.
    fn require_index_root(&self) -> Result<(), VaultError> {
        let has_keys = !self.list_stems(KeyKind::Epoch, KEY_EXTENSION)?.is_empty()
            || !self.list_stems(KeyKind::Scope, KEY_EXTENSION)?.is_empty()
            || !self
                .list_stems(KeyKind::Permanent, KEY_EXTENSION)?
                .is_empty()
            || !self.list_stems(KeyKind::Audit, KEY_EXTENSION)?.is_empty();
        match self.load(KeyId::IndexRoot)? {
            None if has_keys => Err(VaultError::Keystore(ErrorKind::NotFound)),
            _ => Ok(()),
        }
    }

    fn finish_interrupted_operations(&self) -> Result<(), VaultError> {
        for kind in ALL_KINDS {
            let folder = self.kind_folder(kind);
            disk::remove_temporary_files(&folder)?;
            for stem in self.list_stems(kind, MARKER_EXTENSION)? {
                let key_file = folder.join(format!("{stem}.{KEY_EXTENSION}"));
                if disk::exists(&key_file)? {
                    disk::destroy(&folder, &key_file)?;
                }
            }
        }
        Ok(())
    }

    /// File names in the folder of this kind that have the extension, without the extension.
    fn list_stems(&self, kind: KeyKind, extension: &str) -> Result<Vec<String>, VaultError> {
        let names = disk::list_names(&self.kind_folder(kind))?;
        let stems = names
            .iter()
            .filter_map(|name| name.strip_suffix(extension)?.strip_suffix('.'));
        Ok(stems.map(str::to_owned).collect())
    }

    /// The numbers that name the keys of this kind, in ascending order.
    fn list_numbers(&self, kind: KeyKind, extension: &str) -> Result<Vec<i64>, VaultError> {
        let stems = self.list_stems(kind, extension)?;
        let number = |stem: &String| {
            stem.strip_prefix(kind.as_str())?
                .strip_prefix('-')?
                .parse()
                .ok()
        };
        let mut numbers: Vec<i64> = stems.iter().filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn kind_folder(&self, kind: KeyKind) -> PathBuf {
        match kind {
            KeyKind::IndexRoot => self.folder.clone(),
            KeyKind::Epoch => self.folder.join("epochs"),
            KeyKind::Scope => self.folder.join("scopes"),
            KeyKind::Permanent => self.folder.join("permanent"),
            KeyKind::Audit => self.folder.join("audit"),
        }
    }

    fn key_path(&self, key: KeyId, extension: &str) -> PathBuf {
        self.kind_folder(key.kind())
            .join(format!("{key}.{extension}"))
    }

    fn has_marker(&self, key: KeyId) -> Result<bool, VaultError> {
        disk::exists(&self.key_path(key, MARKER_EXTENSION))
    }

    fn read_sealed_key(&self, key: KeyId) -> Result<Option<SealedKey>, VaultError> {
        disk::read(&self.key_path(key, KEY_EXTENSION))?
            .as_deref()
            .map(SealedKey::from_bytes)
            .transpose()
    }

    /// Creates a key file unless one exists, then completes a destruction that was decided
    /// meanwhile.
    fn create_key_file(&self, now: Instant, key: KeyId) -> Result<(), VaultError> {
        let file = SealedKey::generate(&self.root, now, key)?.to_bytes()?;
        disk::create_if_absent(
            &self.kind_folder(key.kind()),
            &format!("{key}.{KEY_EXTENSION}"),
            &file,
        )?;
        if self.has_marker(key)? {
            self.destroy_key_file(key)
        } else {
            Ok(())
        }
    }

    fn is_known_durable(&self, key: KeyId) -> bool {
        self.durable
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&key)
    }

    fn remember_durable(&self, key: KeyId) {
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        if durable.len() >= MAX_REMEMBERED_KEYS {
            durable.clear();
        }
        durable.insert(key);
    }

    fn destroy_key_file(&self, key: KeyId) -> Result<(), VaultError> {
        disk::destroy(
            &self.kind_folder(key.kind()),
            &self.key_path(key, KEY_EXTENSION),
        )
    }

    /// Step 1 of a destruction.
    fn write_marker(&self, now: Instant, key: KeyId) -> Result<(), VaultError> {
        if !disk::exists(&self.key_path(key, KEY_EXTENSION))? {
            self.create_key_file(now, key)?;
        }
        let record = match self.read_sealed_key(key) {
            Ok(file) => file.and_then(|file| file.record(key).ok()),
            Err(VaultError::Tampered) => None,
            Err(error) => return Err(error),
        };
        let marker = DestructionMarker::new(now, record).to_bytes()?;
        disk::create_if_absent(
            &self.kind_folder(key.kind()),
            &format!("{key}.{MARKER_EXTENSION}"),
            &marker,
        )
    }
}

impl Keystore for FileKeystore {
    fn load(&self, key: KeyId) -> Result<Option<StoredKey>, VaultError> {
        // Reads the file before the marker: a destruction decided after the first read then counts
        // as later than this call.
        let opened = self
            .read_sealed_key(key)
            .and_then(|file| file.map(|file| file.open(&self.root, key)).transpose());
        if self.has_marker(key)? {
            Err(VaultError::Destroyed)
        } else {
            opened
        }
    }

    fn load_or_create(&self, now: Instant, key: KeyId) -> Result<StoredKey, VaultError> {
        if matches!(key, KeyId::Epoch(epoch) if now >= epoch.ends_at()) {
            return Err(VaultError::Expired);
        }
        if let Some(stored) = self.load(key)? {
            if !self.is_known_durable(key) {
                // Another process may have created the file just now and not have synced the folder
                // yet.
                disk::sync_folder(&self.kind_folder(key.kind()))?;
                self.remember_durable(key);
            }
            return Ok(stored);
        }
        self.create_key_file(now, key)?;
        self.remember_durable(key);
        self.load(key)?.ok_or(VaultError::Destroyed)
    }

    fn record(&self, key: KeyId) -> Result<Option<KeyRecord>, VaultError> {
        let record = self
            .read_sealed_key(key)
            .and_then(|file| file.map(|file| file.record(key)).transpose());
        if self.has_marker(key)? {
            Ok(None)
        } else {
            record
        }
    }

    fn epochs(&self) -> Result<Vec<Epoch>, VaultError> {
        Ok(self
            .list_numbers(KeyKind::Epoch, KEY_EXTENSION)?
            .into_iter()
            .map(Epoch)
            .collect())
    }

    fn destroyed_epochs(&self) -> Result<Vec<Epoch>, VaultError> {
        Ok(self
            .list_numbers(KeyKind::Epoch, MARKER_EXTENSION)?
            .into_iter()
            .map(Epoch)
            .collect())
    }

    fn audit_epochs(&self) -> Result<Vec<AuditEpoch>, VaultError> {
        Ok(self
            .list_numbers(KeyKind::Audit, KEY_EXTENSION)?
            .into_iter()
            .map(AuditEpoch)
            .collect())
    }

    fn destroy(&self, now: Instant, key: KeyId) -> Result<DestructionRecord, VaultError> {
        if !self.has_marker(key)? {
            self.write_marker(now, key)?;
        }
        self.destroy_key_file(key)?;
        self.destruction(key)?
            .ok_or(VaultError::Keystore(ErrorKind::NotFound))
    }

    fn discard(&self, keys: &[KeyId]) -> Result<(), VaultError> {
        for key in keys {
            disk::overwrite_and_remove(&self.key_path(*key, KEY_EXTENSION))?;
        }
        let folders: BTreeSet<PathBuf> = keys
            .iter()
            .map(|key| self.kind_folder(key.kind()))
            .collect();
        folders
            .iter()
            .try_for_each(|folder| disk::sync_folder(folder))
    }

    fn destruction(&self, key: KeyId) -> Result<Option<DestructionRecord>, VaultError> {
        let Some(bytes) = disk::read(&self.key_path(key, MARKER_EXTENSION))? else {
            return Ok(None);
        };
        let marker = DestructionMarker::from_bytes(&bytes)?;
        // The probe reads the key file itself and ignores the marker.
        let opens = self
            .read_sealed_key(key)
            .is_ok_and(|file| file.is_some_and(|file| file.open(&self.root, key).is_ok()));
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
    fn key_created_after_its_marker_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let keystore = FileKeystore::open(folder.path(), RootKey::generate().unwrap()).unwrap();
        let key = KeyId::Scope(uuid::Uuid::from_u128(1));
        keystore.destroy(Instant::MIN, key).unwrap();
        keystore.create_key_file(Instant::MIN, key).unwrap();
        assert!(!disk::exists(&keystore.key_path(key, KEY_EXTENSION)).unwrap());
    }
}
