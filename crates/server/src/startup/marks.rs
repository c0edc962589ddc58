//! What tells a node from others and a deployment from others: made on first start, kept in files.

use std::path::Path;

use anyhow::Context as _;
use domain::{Clock as _, Ids, NodeId};
use vault::SigningKey;

use crate::clock::SystemClock;
use crate::config::Settings;
use crate::files;

/// Which node this is: the identifier in the file `node-id` of the data folder.
///
/// # Errors
/// When the file cannot be read or made, or holds something else.
pub(crate) fn node(settings: &Settings, ids: &dyn Ids) -> anyhow::Result<NodeId> {
    let file = settings.data_folder.join("node-id");
    let named = || format!("node identifier {}", file.display());
    if !file.try_exists().with_context(named)? {
        let id = NodeId::new(ids, SystemClock.now());
        files::write_private_once(&file, id.to_string().as_bytes())?;
    }
    let text = std::fs::read_to_string(&file).with_context(named)?;
    text.trim().parse().with_context(named)
}

/// What deletion certificates are signed with. Nodes of one deployment share the file.
///
/// # Errors
/// When the file cannot be read or made, others can read it, or it holds something else.
pub(crate) fn signing_key(settings: &Settings) -> anyhow::Result<SigningKey> {
    let file = &settings.audit.signing_key_file;
    if !file.try_exists().with_context(|| format!("signing key {}", file.display()))? {
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            files::private_folder(folder)?;
        }
        files::write_private_once(file, SigningKey::generate()?.to_base64().as_bytes())?;
        tracing::info!("a signing key was made");
    }
    read_signing_key(file)
}

fn read_signing_key(file: &Path) -> anyhow::Result<SigningKey> {
    let named = || format!("signing key {}", file.display());
    let bytes = files::read_secret(file, "signing key")?.with_context(|| format!("{}: is not there", named()))?;
    SigningKey::from_file_bytes(&bytes).with_context(named)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::config::of_folder;
    use crate::ids::RandomIds;

    #[test]
    fn made_once_and_kept_for_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let settings = of_folder(folder.path());
        let ids = RandomIds::new();
        let (first, key) = (node(&settings, &ids).unwrap(), signing_key(&settings).unwrap().public_key());
        assert_eq!(node(&settings, &ids).unwrap(), first);
        assert_eq!(signing_key(&settings).unwrap().public_key(), key);
        let file = folder.path().join("signing-key");
        assert!(!files::exposed(&file).unwrap());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(signing_key(&settings).is_err());
    }
}
