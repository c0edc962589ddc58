//! Keys that outlive epochs: blind index and page cursors, both derived from the index root.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::PartnershipId;

use crate::associated::Associated;
use crate::seal::{Sealer, derive};
use crate::{StoredKey, VaultError};

/// Longest cursor text looked at. A cursor holds a handful of sort keys.
const CURSOR_LIMIT: usize = 4_096;

/// Derived once at start and kept for the life of the process: without them nothing can be looked up.
pub(crate) struct Lookup {
    index: hmac::Key,
    cursor: Sealer,
}

impl Lookup {
    pub(crate) fn new(root: &StoredKey) -> Result<Self, VaultError> {
        let index = derive(&[root.expose()], "chronology blind index 1")?;
        let cursor = derive(&[root.expose()], "chronology cursor 1")?;
        Ok(Self { index: hmac::Key::new(hmac::HMAC_SHA256, index.as_slice()), cursor: Sealer::new(&cursor)? })
    }

    pub(crate) fn index(&self, partnership: PartnershipId, kind: &str, value: &[u8]) -> [u8; 32] {
        let named = Associated::new("chronology blind index 1").id(partnership.0).text(kind);
        let mut context = hmac::Context::with_key(&self.index);
        context.update(named.as_ref());
        // Last and alone, so its length needs no prefix and the value no second copy in memory.
        context.update(value);
        let mut token = [0; 32];
        token.copy_from_slice(context.sign().as_ref());
        token
    }

    pub(crate) fn seal_cursor(&self, partnership: PartnershipId, bytes: &[u8]) -> Result<String, VaultError> {
        Ok(URL_SAFE_NO_PAD.encode(self.cursor.seal(&cursor_of(partnership), bytes)?))
    }

    pub(crate) fn open_cursor(&self, partnership: PartnershipId, text: &str) -> Result<Vec<u8>, VaultError> {
        if text.len() > CURSOR_LIMIT {
            return Err(VaultError::Cursor);
        }
        let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| VaultError::Cursor)?;
        let mut bytes = self.cursor.open(&cursor_of(partnership), &sealed).map_err(|_| VaultError::Cursor)?;
        Ok(std::mem::take(&mut *bytes))
    }
}

fn cursor_of(partnership: PartnershipId) -> Associated {
    Associated::new("chronology cursor 1").id(partnership.0)
}
