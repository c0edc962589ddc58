//! Keys that outlive epochs: blind index and page cursors, both derived from the index root.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::PartnershipId;

use crate::associated_data::AssociatedData;
use crate::seal::{Sealer, derive};
use crate::{StoredKey, VaultError};

/// Longest cursor that is decoded. A cursor holds a handful of sort keys.
const MAX_CURSOR_LENGTH: usize = 4_096;

/// Keys derived from the index root. They stay in memory for the life of the process, because no
/// lookup works without them.
pub(crate) struct IndexKeys {
    index: hmac::Key,
    cursor: Sealer,
}

impl IndexKeys {
    pub(crate) fn new(root: &StoredKey) -> Result<Self, VaultError> {
        let index = derive(&[root.expose()], "chronology blind index 1")?;
        let cursor = derive(&[root.expose()], "chronology cursor 1")?;
        Ok(Self {
            index: hmac::Key::new(hmac::HMAC_SHA256, index.as_slice()),
            cursor: Sealer::new(&cursor)?,
        })
    }

    pub(crate) fn index(&self, partnership: PartnershipId, kind: &str, value: &[u8]) -> [u8; 32] {
        let context_data = AssociatedData::new("chronology blind index 1")
            .id(partnership.0)
            .text(kind);
        let mut context = hmac::Context::with_key(&self.index);
        context.update(context_data.as_ref());
        // The value is the last field, so it needs no length prefix and no second copy in memory.
        context.update(value);
        let mut token = [0; 32];
        token.copy_from_slice(context.sign().as_ref());
        token
    }

    pub(crate) fn seal_cursor(
        &self,
        partnership: PartnershipId,
        plaintext: &[u8],
    ) -> Result<String, VaultError> {
        Ok(URL_SAFE_NO_PAD.encode(
            self.cursor
                .seal(&cursor_associated_data(partnership), plaintext)?,
        ))
    }

    pub(crate) fn open_cursor(
        &self,
        partnership: PartnershipId,
        text: &str,
    ) -> Result<Vec<u8>, VaultError> {
        if text.len() > MAX_CURSOR_LENGTH {
            return Err(VaultError::Cursor);
        }
        let sealed = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| VaultError::Cursor)?;
        let mut plaintext = self
            .cursor
            .open(&cursor_associated_data(partnership), &sealed)
            .map_err(|_| VaultError::Cursor)?;
        Ok(std::mem::take(&mut *plaintext))
    }
}

fn cursor_associated_data(partnership: PartnershipId) -> AssociatedData {
    AssociatedData::new("chronology cursor 1").id(partnership.0)
}
