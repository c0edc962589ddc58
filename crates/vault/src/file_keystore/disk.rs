//! Small files that are created atomically and can be destroyed.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::VaultError;
use crate::seal::fill_random;

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// Prefix of the names of temporary files.
const TEMPORARY_PREFIX: &str = ".new-";
/// A starting process removes all temporary files, those of other processes included; they retry.
const MAX_ATTEMPTS: u32 = 5;

/// Creates `folder` with access for the owner only. An existing folder is restricted to its owner.
pub(super) fn create_private_folder(folder: &Path) -> Result<(), VaultError> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)?;
    if std::fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
        tracing::warn!(
            "the keystore folder was accessible by others; it is now restricted to its owner"
        );
        std::fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))?;
    }
    match folder.parent() {
        Some(parent) if parent.as_os_str().is_empty() => sync_folder(Path::new(".")),
        Some(parent) => sync_folder(parent),
        None => Ok(()),
    }
}

/// Makes changes to the folder's directory entries durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), VaultError> {
    Ok(File::open(folder)?.sync_all()?)
}

/// The content of the file; `None` if it does not exist.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, VaultError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether the file exists.
pub(super) fn exists(path: &Path) -> Result<bool, VaultError> {
    Ok(path.try_exists()?)
}

/// The file names in a folder that are valid UTF-8. All names that the keystore writes are.
pub(super) fn list_names(folder: &Path) -> Result<Vec<String>, VaultError> {
    let names: io::Result<Vec<_>> = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name()))
        .collect();
    Ok(names?
        .into_iter()
        .filter_map(|name| name.into_string().ok())
        .collect())
}

/// Creates a file durably unless one of that name exists. Of several concurrent callers exactly one
/// succeeds, and all of them then read the same bytes. Durable on return in either case.
pub(super) fn create_if_absent(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), VaultError> {
    let path = folder.join(name);
    for _ in 0..MAX_ATTEMPTS {
        match link_new(folder, &path, bytes) {
            Ok(()) => return sync_folder(folder),
            Err(VaultError::Keystore(ErrorKind::AlreadyExists)) => return sync_folder(folder),
            Err(VaultError::Keystore(ErrorKind::NotFound)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(VaultError::Keystore(ErrorKind::NotFound))
}

/// A hard link is the portable way to create a file name only if it does not exist yet.
fn link_new(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let temporary = write_temporary(folder, bytes)?;
    let linked = std::fs::hard_link(&temporary, path);
    // A process that has just started may already have removed the temporary file.
    let removed = std::fs::remove_file(&temporary);
    linked?;
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn write_temporary(folder: &Path, bytes: &[u8]) -> Result<PathBuf, VaultError> {
    let mut suffix = [0; 16];
    fill_random(&mut suffix)?;
    let path = folder.join(format!(
        "{TEMPORARY_PREFIX}{:032x}",
        u128::from_be_bytes(suffix)
    ));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(&path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(path)
}

/// Removes temporary files left by a killed process. Their bytes were never used, or are also
/// linked under their final name (the process was killed between link and removal) and must stay.
/// They are therefore not overwritten.
pub(super) fn remove_temporary_files(folder: &Path) -> Result<(), VaultError> {
    for name in list_names(folder)?
        .iter()
        .filter(|name| name.starts_with(TEMPORARY_PREFIX))
    {
        ignore_not_found(std::fs::remove_file(folder.join(name)))?;
    }
    Ok(())
}

/// Overwrites the file with random bytes, syncs it, removes it and syncs the folder. A missing file
/// is not an error.
pub(super) fn destroy(folder: &Path, path: &Path) -> Result<(), VaultError> {
    match OpenOptions::new().write(true).open(path) {
        Ok(mut file) => {
            overwrite_with_random(&mut file)?;
            file.sync_all()?;
        }
        Err(error) => ignore_not_found(Err(error))?,
    }
    ignore_not_found(std::fs::remove_file(path))?;
    sync_folder(folder)
}

/// Overwrites the file with random bytes and removes it, without waiting for the disk. A missing
/// file is not an error.
pub(super) fn overwrite_and_remove(path: &Path) -> Result<(), VaultError> {
    match OpenOptions::new().write(true).open(path) {
        Ok(mut file) => overwrite_with_random(&mut file)?,
        Err(error) => ignore_not_found(Err(error))?,
    }
    ignore_not_found(std::fs::remove_file(path))
}

fn overwrite_with_random(file: &mut File) -> Result<(), VaultError> {
    let length = usize::try_from(file.metadata()?.len()).map_err(|_| VaultError::Malformed)?;
    let mut random_bytes = Zeroizing::new(vec![0; length]);
    fill_random(&mut random_bytes)?;
    Ok(file.write_all(&random_bytes)?)
}

fn ignore_not_found(outcome: io::Result<()>) -> Result<(), VaultError> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_creation_wins() {
        let folder = tempfile::tempdir().unwrap();
        create_if_absent(folder.path(), "one", b"first").unwrap();
        create_if_absent(folder.path(), "one", b"second").unwrap();
        assert_eq!(read(&folder.path().join("one")).unwrap().unwrap(), b"first");
        assert_eq!(list_names(folder.path()).unwrap(), ["one"]);
    }

    #[test]
    fn destroy_overwrites_the_file_content() {
        let folder = tempfile::tempdir().unwrap();
        create_if_absent(folder.path(), "one", &[7; 300]).unwrap();
        // A second hard link to the same inode shows the content after the destruction.
        std::fs::hard_link(folder.path().join("one"), folder.path().join("other")).unwrap();
        destroy(folder.path(), &folder.path().join("one")).unwrap();
        assert!(!exists(&folder.path().join("one")).unwrap());
        let remaining = read(&folder.path().join("other")).unwrap().unwrap();
        assert_eq!(remaining.len(), 300);
        assert!(!remaining.windows(4).any(|bytes| bytes == [7; 4]));
        destroy(folder.path(), &folder.path().join("one")).unwrap();
    }

    #[test]
    fn removing_temporary_files_keeps_linked_content() {
        let folder = tempfile::tempdir().unwrap();
        let temporary = write_temporary(folder.path(), b"key").unwrap();
        std::fs::hard_link(&temporary, folder.path().join("one")).unwrap();
        write_temporary(folder.path(), b"never used").unwrap();
        remove_temporary_files(folder.path()).unwrap();
        assert_eq!(list_names(folder.path()).unwrap(), ["one"]);
        assert_eq!(read(&folder.path().join("one")).unwrap().unwrap(), b"key");
    }
}
