//! Files and folders with access for their owner only.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use zeroize::Zeroizing;

/// Creates a folder with mode 0700, and missing parent folders. An existing folder is not changed.
///
/// # Errors
/// Fails when the folder cannot be created.
pub fn create_private_folder(folder: &Path) -> anyhow::Result<()> {
    let created = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    created.with_context(|| format!("{}: the folder cannot be created", folder.display()))
}

/// Reads a secret file; `None` when it does not exist. `what` describes the file in errors.
///
/// # Errors
/// Fails when the file cannot be read, or users other than its owner have access to it.
pub(crate) fn read_secret(file: &Path, what: &str) -> anyhow::Result<Option<Zeroizing<Vec<u8>>>> {
    let describe = || format!("{what} {}", file.display());
    if !file.try_exists().with_context(describe)? {
        return Ok(None);
    }
    if is_accessible_by_others(file).with_context(describe)? {
        bail!(
            "{what} {}: accessible by others: set its mode to 0600",
            file.display()
        );
    }
    fs::read(file)
        .map(Zeroizing::new)
        .map(Some)
        .with_context(describe)
}

/// Writes a file with mode 0600, atomically and durably.
///
/// # Errors
/// Fails when the file cannot be written.
pub fn write_private(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    let temporary = temporary_path(file);
    let written = write_durably(&temporary, content)
        .and_then(|()| fs::rename(&temporary, file))
        .and_then(|()| sync_parent_folder(file));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.with_context(|| format!("{}: cannot be written", file.display()))
}

/// Writes a file with mode 0600 through a writer, atomically and durably.
///
/// # Errors
/// Fails when the file cannot be written or `write` fails.
pub(crate) fn write_private_with<T>(
    file: &Path,
    write: impl FnOnce(&mut dyn io::Write) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let temporary = temporary_path(file);
    let mut out = BufWriter::new(
        open_private(&temporary)
            .with_context(|| format!("{}: cannot be written", file.display()))?,
    );
    let written = write(&mut out).and_then(|value| {
        out.into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_all()?;
        fs::rename(&temporary, file)?;
        sync_parent_folder(file)?;
        Ok(value)
    });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// As [`write_private`], but never replaces an existing file: of two processes that start together,
/// the first one succeeds and the file stays.
///
/// # Errors
/// Fails when the file cannot be written for a reason other than that it exists.
pub(crate) fn write_private_once(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    let temporary = temporary_path(file);
    let linked = write_durably(&temporary, content)
        .and_then(|()| fs::hard_link(&temporary, file))
        .and_then(|()| sync_parent_folder(file));
    let _ = fs::remove_file(&temporary);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("{}: cannot be written", file.display()))
        }
        _ => Ok(()),
    }
}

/// Whether users other than the owner have access to the file.
///
/// # Errors
/// Fails when the metadata of the file cannot be read.
pub(crate) fn is_accessible_by_others(file: &Path) -> io::Result<bool> {
    Ok(fs::metadata(file)?.mode() & 0o077 != 0)
}

fn temporary_path(file: &Path) -> PathBuf {
    file.with_extension(format!("draft-{}", std::process::id()))
}

fn write_durably(file: &Path, content: &[u8]) -> io::Result<()> {
    let mut handle = open_private(file)?;
    handle.write_all(content)?;
    handle.sync_all()
}

fn open_private(file: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
}

fn sync_parent_folder(file: &Path) -> io::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_private_and_written_atomically() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        create_private_folder(&inner).unwrap();
        assert_eq!(fs::metadata(&inner).unwrap().mode() & 0o777, 0o700);
        let file = inner.join("key");
        write_private(&file, b"one").unwrap();
        assert!(!is_accessible_by_others(&file).unwrap());
        write_private_once(&file, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"one", "the first file stays");
        let failed = write_private_with(&file, |out| {
            out.write_all(b"half")?;
            anyhow::bail!("enough")
        });
        assert!(failed.map(|(): ()| ()).is_err());
        assert_eq!(
            fs::read(&file).unwrap(),
            b"one",
            "half a file replaces nothing"
        );
        write_private_with(&file, |out| Ok(out.write_all(b"three")?)).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"three");
        assert!(!is_accessible_by_others(&file).unwrap());
        assert_eq!(
            fs::read_dir(&inner).unwrap().count(),
            1,
            "no temporary file is left"
        );
    }
}
