//! Where keystore, root key and database lie, and who may read them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use super::{Finding, either, good, warning, wrong};
use crate::config::Settings;

/// File systems by the number that Linux gives them, with what they mean for keys. Numbers: `statfs(2)`.
const KINDS: [(i64, &str, Nature); 8] = [
    (0x9123_683E, "btrfs", Nature::Snapshots),
    (0x2FC1_2FC1, "zfs", Nature::Snapshots),
    (0xCA45_1A4E, "bcachefs", Nature::Snapshots),
    (0x794C_7630, "overlay", Nature::Snapshots),
    (0x0102_1994, "tmpfs", Nature::Lost),
    (0x6969, "nfs", Nature::Elsewhere),
    (0xFF53_4D42, "cifs", Nature::Elsewhere),
    (0xFE53_4D42, "smb", Nature::Elsewhere),
];

/// What a file system does with what is written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    /// Overwrites in place, as far as it says.
    Plain,
    /// Keeps what is overwritten when somebody takes a snapshot, or writes elsewhere each time.
    Snapshots,
    /// Is gone when the machine stops.
    Lost,
    /// Is another machine's.
    Elsewhere,
}

/// A place on a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) device: u64,
    pub(super) nature: Nature,
    /// What the volume is called.
    pub(super) volume: String,
}

/// The file of a SQLite address.
pub(super) fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
}

/// Everything about places that can be seen without opening anything.
pub(super) fn look(settings: &Settings) -> Vec<Finding> {
    let file = &settings.keystore.root_key_file;
    let mut findings = modes(file, "root key", "0600");
    let database = sqlite_file(settings.database.url.expose_secret());
    if settings.keystore.url.is_none() {
        let folder = &settings.keystore.folder;
        findings.extend(modes(folder, "keystore", "0700"));
        if let Some(keys) = place(folder) {
            let database = database.as_deref().and_then(place);
            findings.extend(judge(&keys, database.as_ref(), place(file).as_ref()));
        }
    }
    findings
        .extend(database.filter(|file| file.exists()).map(|file| modes(&file, "database", "0600")).unwrap_or_default());
    findings
}

/// What follows from where they lie.
pub(super) fn judge(keys: &Place, database: Option<&Place>, root: Option<&Place>) -> Vec<Finding> {
    let mut findings = vec![match keys.nature {
        Nature::Plain => good(format!("keystore: on {}, which overwrites in place", keys.volume)),
        Nature::Snapshots => warning(format!(
            "keystore: on {}, which keeps what is overwritten, snapshots above all; what is left of a key is sealed under \
             the root key and no more",
            keys.volume
        )),
        Nature::Lost => wrong(format!("keystore: on {}: all keys are lost when this machine stops", keys.volume)),
        Nature::Elsewhere => warning(format!(
            "keystore: on {}: what that machine keeps of deleted files cannot be seen from here",
            keys.volume
        )),
    }];
    if let Some(database) = database {
        findings.push(apart(keys, database));
    }
    if let Some(root) = root {
        let beside = root.path.parent() == keys.path.parent();
        findings.push(either(
            !beside,
            "root key: not beside the keystore",
            warning("root key: beside the keystore: whoever copies that folder has all that opens the database"),
        ));
    }
    findings
}

/// Keystore and database must not be copied by one hand.
fn apart(keys: &Place, database: &Place) -> Finding {
    let folder = database.path.parent().unwrap_or(&database.path);
    if keys.device == database.device && keys.nature == Nature::Snapshots {
        return warning(format!(
            "keystore and database: both on one volume that can be snapshotted ({}): a snapshot of it undoes every deletion",
            keys.volume
        ));
    }
    if keys.path.starts_with(folder) {
        return warning("keystore and database: in one folder: whoever backs up the one has the other");
    }
    if keys.device == database.device {
        return warning("keystore and database: on one volume: an image of it holds both");
    }
    good("keystore and database: on two volumes")
}

fn modes(path: &Path, name: &str, mode: &str) -> Vec<Finding> {
    let Ok(metadata) = fs::metadata(path) else { return Vec::new() };
    let closed = metadata.mode() & 0o077 == 0;
    let open = wrong(format!("{name}: others than its owner may enter or read it: set its mode to {mode}"));
    vec![either(closed, &format!("{name}: its owner's alone"), open)]
}

/// Where a path lies; `None` when it is not there.
fn place(path: &Path) -> Option<Place> {
    let path = fs::canonicalize(path).ok()?;
    let device = fs::metadata(&path).ok()?.dev();
    let number = rustix::fs::statfs(&path).ok()?.f_type;
    let known = KINDS.iter().find(|(kind, ..)| *kind == number || *kind == number & 0xFFFF_FFFF);
    let (name, nature) = known.map_or(("a plain file system", Nature::Plain), |(_, name, nature)| (*name, *nature));
    let thin = nature == Nature::Plain && is_logical_volume(device);
    let (volume, nature) =
        if thin { ("a logical volume".to_owned(), Nature::Snapshots) } else { (name.to_owned(), nature) };
    Some(Place { path, device, nature, volume })
}

/// LVM can snapshot each of its volumes; its device-mapper names say so.
fn is_logical_volume(device: u64) -> bool {
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let uuid = fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/dm/uuid"));
    uuid.is_ok_and(|uuid| uuid.starts_with("LVM-"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::Grade;
    use super::*;

    fn at(path: &str, device: u64, nature: Nature) -> Place {
        Place { path: path.into(), device, nature, volume: "it".to_owned() }
    }

    fn worst(keys: &Place, database: &Place) -> Grade {
        judge(keys, Some(database), None).iter().map(|finding| finding.grade).max().unwrap()
    }

    #[test]
    fn keys_and_database_belong_on_two_volumes() {
        let database = at("/srv/chronology/chronology.db", 1, Nature::Plain);
        assert_eq!(worst(&at("/keys", 2, Nature::Plain), &database), Grade::Good);
        assert_eq!(worst(&at("/keys", 1, Nature::Plain), &database), Grade::Warning);
        assert_eq!(worst(&at("/srv/chronology/keys", 2, Nature::Plain), &database), Grade::Warning);
        assert_eq!(worst(&at("/keys", 2, Nature::Lost), &database), Grade::Wrong);
        let one = judge(&at("/keys", 1, Nature::Snapshots), Some(&at("/srv/c.db", 1, Nature::Snapshots)), None);
        assert!(one.iter().any(|finding| finding.what.contains("one volume that can be snapshotted")), "{one:?}");
    }

    #[test]
    fn a_root_key_beside_the_keystore_is_seen() {
        let keys = at("/var/lib/keys", 1, Nature::Plain);
        let grades = |root: &str| judge(&keys, None, Some(&at(root, 1, Nature::Plain))).pop().unwrap().grade;
        assert_eq!(grades("/var/lib/root.key"), Grade::Warning);
        assert_eq!(grades("/etc/chronology/root.key"), Grade::Good);
    }

    #[test]
    fn open_modes_are_wrong_and_what_is_absent_is_passed_by() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("root.key");
        assert!(modes(&file, "root key", "0600").is_empty());
        fs::write(&file, b"key").unwrap();
        for (mode, grade) in [(0o640, Grade::Wrong), (0o600, Grade::Good)] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(modes(&file, "root key", "0600")[0].grade, grade);
        }
        assert!(place(&file).is_some_and(|place| place.device != 0));
    }

    #[test]
    fn a_sqlite_address_names_its_file() {
        assert_eq!(sqlite_file("sqlite:var/a.db"), Some("var/a.db".into()));
        assert_eq!(sqlite_file("sqlite:///srv/a.db"), Some("/srv/a.db".into()));
        assert_eq!(sqlite_file("postgresql:///a"), None);
    }
}
