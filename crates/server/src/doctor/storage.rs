//! Checks where keystore, root key and database are stored, and who can read them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use super::{Finding, check, failure, pass, warning};
use crate::config::Settings;

/// File systems by the magic number that Linux gives them (`statfs(2)`), with their effect on
/// destroyed keys.
const FILE_SYSTEMS: [(i64, &str, FileSystemKind); 8] = [
    (0x9123_683E, "btrfs", FileSystemKind::KeepsOldData),
    (0x2FC1_2FC1, "zfs", FileSystemKind::KeepsOldData),
    (0xCA45_1A4E, "bcachefs", FileSystemKind::KeepsOldData),
    (0x794C_7630, "overlay", FileSystemKind::KeepsOldData),
    (0x0102_1994, "tmpfs", FileSystemKind::Volatile),
    (0x6969, "nfs", FileSystemKind::Remote),
    (0xFF53_4D42, "cifs", FileSystemKind::Remote),
    (0xFE53_4D42, "smb", FileSystemKind::Remote),
];

/// How a file system treats data that is overwritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileSystemKind {
    /// It overwrites in place, as far as it reports.
    OverwritesInPlace,
    /// It keeps old data in snapshots, or writes to a new location each time.
    KeepsOldData,
    /// It loses everything when the machine stops.
    Volatile,
    /// It is on another machine.
    Remote,
}

/// Location of a file or folder on a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StorageLocation {
    pub(super) path: PathBuf,
    pub(super) device: u64,
    pub(super) kind: FileSystemKind,
    /// Name of the volume for messages.
    pub(super) volume: String,
}

/// The file of a SQLite URL.
pub(super) fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
}

/// Runs all checks that need no open database or keystore.
pub(super) fn inspect(settings: &Settings) -> Vec<Finding> {
    let file = &settings.keystore.root_key_file;
    let mut findings = check_mode(file, "root key", "0600");
    let database = sqlite_file(settings.database.url.expose_secret());
    if settings.keystore.url.is_none() {
        let folder = &settings.keystore.folder;
        findings.extend(check_mode(folder, "keystore", "0700"));
        if let Some(keystore) = locate(folder) {
            let database = database.as_deref().and_then(locate);
            findings.extend(grade_locations(
                &keystore,
                database.as_ref(),
                locate(file).as_ref(),
            ));
        }
    }
    findings.extend(
        database
            .filter(|file| file.exists())
            .map(|file| check_mode(&file, "database", "0600"))
            .unwrap_or_default(),
    );
    findings
}

/// Grades the locations and their separation.
pub(super) fn grade_locations(
    keystore: &StorageLocation,
    database: Option<&StorageLocation>,
    root_key: Option<&StorageLocation>,
) -> Vec<Finding> {
    let mut findings = vec![match keystore.kind {
        FileSystemKind::OverwritesInPlace => pass(format!(
            "keystore: on {}, which overwrites in place",
            keystore.volume
        )),
        FileSystemKind::KeepsOldData => warning(format!(
            "keystore: on {}, which keeps overwritten data, especially in snapshots; the remains of a destroyed key are \
             protected by the root key only",
            keystore.volume
        )),
        FileSystemKind::Volatile => failure(format!(
            "keystore: on {}: all keys are lost when this machine stops",
            keystore.volume
        )),
        FileSystemKind::Remote => warning(format!(
            "keystore: on {}: whether that machine keeps deleted files cannot be checked from here",
            keystore.volume
        )),
    }];
    if let Some(database) = database {
        findings.push(grade_separation(keystore, database));
    }
    if let Some(root_key) = root_key {
        let is_beside = root_key.path.parent() == keystore.path.parent();
        findings.push(check(
            !is_beside,
            "root key: stored separately from the keystore",
            warning(
                "root key: in the same folder as the keystore: a copy of that folder is enough to open the database",
            ),
        ));
    }
    findings
}

/// Keystore and database must not be part of the same copy.
fn grade_separation(keystore: &StorageLocation, database: &StorageLocation) -> Finding {
    let folder = database.path.parent().unwrap_or(&database.path);
    if keystore.device == database.device && keystore.kind == FileSystemKind::KeepsOldData {
        return warning(format!(
            "keystore and database: both on one volume that can be snapshotted ({}): a snapshot undoes every deletion",
            keystore.volume
        ));
    }
    if keystore.path.starts_with(folder) {
        return warning("keystore and database: in one folder: a backup of one contains the other");
    }
    if keystore.device == database.device {
        return warning("keystore and database: on one volume: an image of it contains both");
    }
    pass("keystore and database: on two volumes")
}

fn check_mode(path: &Path, name: &str, mode: &str) -> Vec<Finding> {
    let Ok(metadata) = fs::metadata(path) else {
        return Vec::new();
    };
    let is_private = metadata.mode() & 0o077 == 0;
    let exposed = failure(format!(
        "{name}: accessible by users other than its owner: set its mode to {mode}"
    ));
    vec![check(
        is_private,
        &format!("{name}: accessible by its owner only"),
        exposed,
    )]
}

/// The location of a path; `None` when it does not exist.
fn locate(path: &Path) -> Option<StorageLocation> {
    let path = fs::canonicalize(path).ok()?;
    let device = fs::metadata(&path).ok()?.dev();
    let number = rustix::fs::statfs(&path).ok()?.f_type;
    let file_system = FILE_SYSTEMS
        .iter()
        .find(|(magic, ..)| *magic == number || *magic == number & 0xFFFF_FFFF);
    let (name, kind) = file_system.map_or(
        ("a plain file system", FileSystemKind::OverwritesInPlace),
        |(_, name, kind)| (*name, *kind),
    );
    let is_snapshottable = kind == FileSystemKind::OverwritesInPlace && is_logical_volume(device);
    let (volume, kind) = if is_snapshottable {
        ("a logical volume".to_owned(), FileSystemKind::KeepsOldData)
    } else {
        (name.to_owned(), kind)
    };
    Some(StorageLocation {
        path,
        device,
        kind,
        volume,
    })
}

/// LVM can snapshot all its volumes. Their device-mapper names identify them.
fn is_logical_volume(device: u64) -> bool {
    let major = rustix::fs::major(device);
    let minor = rustix::fs::minor(device);
    let uuid = fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/dm/uuid"));
    uuid.is_ok_and(|uuid| uuid.starts_with("LVM-"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::Severity;
    use super::*;

    fn location(path: &str, device: u64, kind: FileSystemKind) -> StorageLocation {
        StorageLocation {
            path: path.into(),
            device,
            kind,
            volume: "it".to_owned(),
        }
    }

    fn worst(keystore: &StorageLocation, database: &StorageLocation) -> Severity {
        grade_locations(keystore, Some(database), None)
            .iter()
            .map(|finding| finding.severity)
            .max()
            .unwrap()
    }

    #[test]
    fn keystore_and_database_should_be_on_two_volumes() {
        let database = location(
            "/srv/chronology/chronology.db",
            1,
            FileSystemKind::OverwritesInPlace,
        );
        assert_eq!(
            worst(
                &location("/keys", 2, FileSystemKind::OverwritesInPlace),
                &database
            ),
            Severity::Pass
        );
        assert_eq!(
            worst(
                &location("/keys", 1, FileSystemKind::OverwritesInPlace),
                &database
            ),
            Severity::Warning
        );
        assert_eq!(
            worst(
                &location("/srv/chronology/keys", 2, FileSystemKind::OverwritesInPlace),
                &database
            ),
            Severity::Warning
        );
        assert_eq!(
            worst(&location("/keys", 2, FileSystemKind::Volatile), &database),
            Severity::Failure
        );
        let one = grade_locations(
            &location("/keys", 1, FileSystemKind::KeepsOldData),
            Some(&location("/srv/c.db", 1, FileSystemKind::KeepsOldData)),
            None,
        );
        assert!(
            one.iter().any(|finding| finding
                .message
                .contains("one volume that can be snapshotted")),
            "{one:?}"
        );
    }

    #[test]
    fn root_key_beside_the_keystore_is_a_warning() {
        let keystore = location("/var/lib/keys", 1, FileSystemKind::OverwritesInPlace);
        let root_key_severity = |root_key: &str| {
            grade_locations(
                &keystore,
                None,
                Some(&location(root_key, 1, FileSystemKind::OverwritesInPlace)),
            )
            .pop()
            .unwrap()
            .severity
        };
        assert_eq!(root_key_severity("/var/lib/root.key"), Severity::Warning);
        assert_eq!(
            root_key_severity("/etc/chronology/root.key"),
            Severity::Pass
        );
    }

    #[test]
    fn open_modes_are_errors_and_absent_files_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("root.key");
        assert!(check_mode(&file, "root key", "0600").is_empty());
        fs::write(&file, b"key").unwrap();
        for (mode, severity) in [(0o640, Severity::Failure), (0o600, Severity::Pass)] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(check_mode(&file, "root key", "0600")[0].severity, severity);
        }
        assert!(locate(&file).is_some_and(|location| location.device != 0));
    }

    #[test]
    fn sqlite_url_gives_its_file() {
        assert_eq!(sqlite_file("sqlite:var/a.db"), Some("var/a.db".into()));
        assert_eq!(sqlite_file("sqlite:///srv/a.db"), Some("/srv/a.db".into()));
        assert_eq!(sqlite_file("postgresql:///a"), None);
    }
}
