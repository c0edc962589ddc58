//! Files created on first start: the identifier of the node and the signing key of the deployment.

use std::path::Path;

use anyhow::Context as _;
use domain::{Clock as _, IdGenerator, NodeId};
use vault::SigningKey;

use crate::clock::SystemClock;
use crate::config::Settings;
use crate::files;

/// Loads the identifier of this node from the file `node-id` in the data folder, and creates it on
/// first start.
///
/// # Errors
/// Fails when the file cannot be read or created, or does not contain an identifier.
pub(crate) fn load_node_id(settings: &Settings, ids: &dyn IdGenerator) -> anyhow::Result<NodeId> {
    let file = settings.data_folder.join("node-id");
    let describe = || format!("node identifier {}", file.display());
    if !file.try_exists().with_context(describe)? {
        let id = NodeId::new(ids, SystemClock.now());
        files::write_private_once(&file, id.to_string().as_bytes())?;
    }
    let text = std::fs::read_to_string(&file).with_context(describe)?;
    text.trim().parse().with_context(describe)
}

/// Loads the key that signs checkpoints and deletion certificates, and creates it on first start.
/// The nodes of one deployment share the file.
///
/// # Errors
/// Fails when the file cannot be read or created, is accessible by others, or does not contain a
/// key.
pub(crate) fn load_signing_key(settings: &Settings) -> anyhow::Result<SigningKey> {
    let file = &settings.audit.signing_key_file;
    if !file
        .try_exists()
        .with_context(|| format!("signing key {}", file.display()))?
    {
        if let Some(folder) = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            files::create_private_folder(folder)?;
        }
        files::write_private_once(file, SigningKey::generate()?.to_base64().as_bytes())?;
        tracing::info!("signing key created");
    }
    read_signing_key(file)
}

fn read_signing_key(file: &Path) -> anyhow::Result<SigningKey> {
    let describe = || format!("signing key {}", file.display());
    let bytes = files::read_secret(file, "signing key")?
        .with_context(|| format!("{}: does not exist", describe()))?;
    SigningKey::from_file_bytes(&bytes).with_context(describe)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::config::settings_with_data_folder;
    use crate::ids::RandomIds;

    #[test]
    fn node_files_are_created_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings_with_data_folder(folder.path());
        let ids = RandomIds::new();
        let first = load_node_id(&settings, &ids).unwrap();
        let key = load_signing_key(&settings).unwrap().public_key();
        assert_eq!(load_node_id(&settings, &ids).unwrap(), first);
        assert_eq!(load_signing_key(&settings).unwrap().public_key(), key);
        let file = folder.path().join("signing-key");
        assert!(!files::is_accessible_by_others(&file).unwrap());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(load_signing_key(&settings).is_err());
    }
}
