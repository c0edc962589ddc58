//! Files and folders that only we may read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use zeroize::Zeroizing;

/// Makes a folder with mode 0700, and those above it; one that is there stays as it is.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn private_folder(folder: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("{}: the folder cannot be made", folder.display()))
}

/// A secret that others than its owner may not read; `None` when there is no such file. `what` names it in errors.
///
/// # Errors
/// When it cannot be read, or others than its owner can.
pub(crate) fn read_secret(file: &Path, what: &str) -> anyhow::Result<Option<Zeroizing<Vec<u8>>>> {
    let named = || format!("{what} {}", file.display());
    if !file.try_exists().with_context(named)? {
        return Ok(None);
    }
    if exposed(file).with_context(named)? {
        bail!("{what} {}: others can read it: set its mode to 0600", file.display());
    }
    fs::read(file).map(Zeroizing::new).map(Some).with_context(named)
}

/// Writes a file with mode 0600 so that it is there whole or not at all, and durable.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_private(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    let draft = draft_of(file);
    let written = write_durably(&draft, content).and_then(|()| fs::rename(&draft, file)).and_then(|()| settle(file));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written.with_context(|| format!("{}: cannot be written", file.display()))
}

/// Writes a file with mode 0600 piece by piece, so that it is there whole or not at all, and durable.
///
/// # Errors
/// When it cannot be written, or what writes it fails.
pub(crate) fn write_private_through<T>(
    file: &Path,
    write: impl FnOnce(&mut dyn io::Write) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let draft = draft_of(file);
    let mut out = BufWriter::new(private(&draft).with_context(|| format!("{}: cannot be written", file.display()))?);
    let written = write(&mut out).and_then(|value| {
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&draft, file)?;
        settle(file)?;
        Ok(value)
    });
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

/// As [`write_private`], but never over a file that is there: of two processes that start together one wins.
///
/// # Errors
/// When it cannot be written for any other reason than that it is there.
pub(crate) fn write_private_once(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    let draft = draft_of(file);
    let linked = write_durably(&draft, content).and_then(|()| fs::hard_link(&draft, file)).and_then(|()| settle(file));
    let _ = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("{}: cannot be written", file.display()))
        }
        _ => Ok(()),
    }
}

/// Whether others than the owner may read the file.
///
/// # Errors
/// When the file cannot be looked at.
pub(crate) fn exposed(file: &Path) -> io::Result<bool> {
    Ok(fs::metadata(file)?.mode() & 0o077 != 0)
}

fn draft_of(file: &Path) -> PathBuf {
    file.with_extension(format!("draft-{}", std::process::id()))
}

fn write_durably(file: &Path, content: &[u8]) -> io::Result<()> {
    let mut handle = private(file)?;
    handle.write_all(content)?;
    handle.sync_all()
}

fn private(file: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)
}

fn settle(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_for_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        private_folder(&inner).unwrap();
        assert_eq!(fs::metadata(&inner).unwrap().mode() & 0o777, 0o700);
        let file = inner.join("key");
        write_private(&file, b"one").unwrap();
        assert!(!exposed(&file).unwrap());
        write_private_once(&file, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"one", "the first stays");
        let failed = write_private_through(&file, |out| {
            out.write_all(b"half")?;
            anyhow::bail!("enough")
        });
        assert!(failed.map(|(): ()| ()).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"one", "half a file replaces nothing");
        write_private_through(&file, |out| Ok(out.write_all(b"three")?)).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"three");
        assert!(!exposed(&file).unwrap());
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 1, "no draft is left");
    }
}
