//! Small files that are wholly there or not there at all, and that can be destroyed.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::VaultError;
use crate::seal::fill_random;

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// What the names of files not yet in place begin with.
const UNPLACED: &str = ".new-";
/// A process that starts removes every file not yet in place, another process's too: that one tries again.
const ATTEMPTS: u32 = 5;

/// Makes `folder` if need be, for the owner alone, and makes an existing one the owner's alone.
pub(super) fn make_folder(folder: &Path) -> Result<(), VaultError> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
    if std::fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
        tracing::warn!("the keystore's folder was open to others than its owner; it no longer is");
        std::fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))?;
    }
    match folder.parent() {
        Some(parent) if parent.as_os_str().is_empty() => sync_folder(Path::new(".")),
        Some(parent) => sync_folder(parent),
        None => Ok(()),
    }
}

/// Makes what happened to a folder's names durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), VaultError> {
    Ok(File::open(folder)?.sync_all()?)
}

/// The file's bytes; `None` if there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, VaultError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether the file is there.
pub(super) fn exists(path: &Path) -> Result<bool, VaultError> {
    Ok(path.try_exists()?)
}

/// The names in a folder that are text; ours all are.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, VaultError> {
    let names: io::Result<Vec<_>> = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect();
    Ok(names?.into_iter().filter_map(|name| name.into_string().ok()).collect())
}

/// Puts a new file in place, durably, unless one of that name is there already: of several who try at once exactly
/// one wins and all find the winner's bytes. Durable on return in either case.
pub(super) fn place_new(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), VaultError> {
    let path = folder.join(name);
    for _ in 0..ATTEMPTS {
        match link_new(folder, &path, bytes) {
            Ok(()) => return sync_folder(folder),
            Err(VaultError::Keystore(ErrorKind::AlreadyExists)) => return sync_folder(folder),
            Err(VaultError::Keystore(ErrorKind::NotFound)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(VaultError::Keystore(ErrorKind::NotFound))
}

/// A hard link is the one portable way to give a file its name only if nobody else has it.
fn link_new(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let unplaced = write_unplaced(folder, bytes)?;
    let linked = std::fs::hard_link(&unplaced, path);
    // Its absence is as good: another process that has just started may have tidied up.
    let removed = std::fs::remove_file(&unplaced);
    linked?;
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn write_unplaced(folder: &Path, bytes: &[u8]) -> Result<PathBuf, VaultError> {
    let mut tail = [0; 16];
    fill_random(&mut tail)?;
    let path = folder.join(format!("{UNPLACED}{:032x}", u128::from_be_bytes(tail)));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(path)
}

/// Removes files that a killed process left before they were in place. Their bytes were never used, or are also in
/// place under their own name (the kill came between link and removal), where they must stay: so no overwriting.
pub(super) fn remove_unplaced(folder: &Path) -> Result<(), VaultError> {
    for name in names(folder)?.iter().filter(|name| name.starts_with(UNPLACED)) {
        done_or_gone(std::fs::remove_file(folder.join(name)))?;
    }
    Ok(())
}

/// Overwrites the file with random bytes, makes that durable, removes it, and makes that durable. No file is as good.
pub(super) fn destroy(folder: &Path, path: &Path) -> Result<(), VaultError> {
    match OpenOptions::new().write(true).open(path) {
        Ok(mut file) => {
            overwrite(&mut file)?;
            file.sync_all()?;
        }
        Err(error) => done_or_gone(Err(error))?,
    }
    done_or_gone(std::fs::remove_file(path))?;
    sync_folder(folder)
}

/// Overwrites the file with random bytes and removes it, without waiting for the disk. No file is as good.
pub(super) fn wipe(path: &Path) -> Result<(), VaultError> {
    match OpenOptions::new().write(true).open(path) {
        Ok(mut file) => overwrite(&mut file)?,
        Err(error) => done_or_gone(Err(error))?,
    }
    done_or_gone(std::fs::remove_file(path))
}

fn overwrite(file: &mut File) -> Result<(), VaultError> {
    let length = usize::try_from(file.metadata()?.len()).map_err(|_| VaultError::Malformed)?;
    let mut noise = Zeroizing::new(vec![0; length]);
    fill_random(&mut noise)?;
    Ok(file.write_all(&noise)?)
}

fn done_or_gone(outcome: io::Result<()>) -> Result<(), VaultError> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_to_place_a_file_wins() {
        let folder = tempfile::tempdir().unwrap();
        place_new(folder.path(), "one", b"first").unwrap();
        place_new(folder.path(), "one", b"second").unwrap();
        assert_eq!(read(&folder.path().join("one")).unwrap().unwrap(), b"first");
        assert_eq!(names(folder.path()).unwrap(), ["one"]);
    }

    #[test]
    fn destroying_overwrites_the_bytes_themselves() {
        let folder = tempfile::tempdir().unwrap();
        place_new(folder.path(), "one", &[7; 300]).unwrap();
        // A second name for the same bytes shows what is left of them.
        std::fs::hard_link(folder.path().join("one"), folder.path().join("other")).unwrap();
        destroy(folder.path(), &folder.path().join("one")).unwrap();
        assert!(!exists(&folder.path().join("one")).unwrap());
        let left = read(&folder.path().join("other")).unwrap().unwrap();
        assert_eq!(left.len(), 300);
        assert!(!left.windows(4).any(|bytes| bytes == [7; 4]));
        destroy(folder.path(), &folder.path().join("one")).unwrap();
    }

    #[test]
    fn tidying_up_spares_a_file_that_is_in_place_under_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        let unplaced = write_unplaced(folder.path(), b"key").unwrap();
        std::fs::hard_link(&unplaced, folder.path().join("one")).unwrap();
        write_unplaced(folder.path(), b"never used").unwrap();
        remove_unplaced(folder.path()).unwrap();
        assert_eq!(names(folder.path()).unwrap(), ["one"]);
        assert_eq!(read(&folder.path().join("one")).unwrap().unwrap(), b"key");
    }
}
