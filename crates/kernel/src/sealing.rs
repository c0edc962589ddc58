//! Sealing of values: a value is serialised and encrypted with a fresh data key, which is wrapped
//! under the terms that determine its lifetime.

use domain::{ChronologyId, Instant, PartnershipId};
use serde::{Serialize, de::DeserializeOwned};
use store::Tx;
use uuid::Uuid;
use vault::{DataKey, KeyScope, KeyTerms, RecordLocation, SealedTable};
use zeroize::Zeroizing;

use crate::key_commitments::note_use;
use crate::{Kernel, ServiceError, ServiceResult};

/// An encrypted value with its wrapped data key.
pub struct SealedValue {
    /// The data key, wrapped under the terms of the value.
    pub wrapped_key: Vec<u8>,
    /// The encrypted value.
    pub sealed: Vec<u8>,
}

/// Returns the key terms for data of a scope that expires at an instant.
pub fn scope_terms(scope: impl Into<Uuid>, expires_at: Instant) -> KeyTerms {
    KeyTerms::Expiring {
        scope: KeyScope(scope.into()),
        object: None,
        expires_at,
    }
}

/// Returns the key terms for data of a chronology.
pub fn chronology_terms(id: ChronologyId, expires_at: Instant) -> KeyTerms {
    scope_terms(id, expires_at)
}

/// Serialises a value to JSON in memory that is zeroised when dropped.
pub fn to_json_bytes(value: &impl Serialize) -> ServiceResult<Zeroizing<Vec<u8>>> {
    serde_json::to_vec(value)
        .map(Zeroizing::new)
        .map_err(|_| ServiceError::Internal("serialise"))
}

/// Parses a stored JSON value.
///
/// # Errors
/// [`ServiceError::Internal`] when the value does not parse.
pub fn from_json_bytes<T: DeserializeOwned>(bytes: &[u8]) -> ServiceResult<T> {
    serde_json::from_slice(bytes).map_err(|_| ServiceError::Internal("stored value does not parse"))
}

impl Kernel {
    /// Encrypts a value with a data key of its own, and notes the keys that wrap it in the
    /// transaction.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the keystore cannot be reached.
    pub fn seal(
        &self,
        tx: &mut Tx<'_>,
        location: &RecordLocation,
        terms: &KeyTerms,
        now: Instant,
        value: &impl Serialize,
    ) -> ServiceResult<SealedValue> {
        note_use(tx, terms, location);
        self.encrypt(location, terms, now, value)
    }

    /// Encrypts the links between entries. They are sealed under terms whose keys seal those entries
    /// already, so that their commitments are published.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the keystore cannot be reached;
    /// [`ServiceError::Internal`] for any other table.
    pub fn seal_links(
        &self,
        location: &RecordLocation,
        terms: &KeyTerms,
        now: Instant,
        value: &impl Serialize,
    ) -> ServiceResult<SealedValue> {
        if location.table != SealedTable::EventLinks {
            return Err(ServiceError::Internal(
                "only links are sealed without noting keys",
            ));
        }
        self.encrypt(location, terms, now, value)
    }

    fn encrypt(
        &self,
        location: &RecordLocation,
        terms: &KeyTerms,
        now: Instant,
        value: &impl Serialize,
    ) -> ServiceResult<SealedValue> {
        let (key, wrapped_key) = self.vault().create_key(now, terms, location)?;
        let sealed = key.seal(location, &to_json_bytes(value)?)?;
        Ok(SealedValue {
            wrapped_key,
            sealed,
        })
    }

    /// Decrypts a value that has a data key of its own.
    pub fn unseal<T: DeserializeOwned>(
        &self,
        location: &RecordLocation,
        terms: &KeyTerms,
        now: Instant,
        wrapped_key: &[u8],
        sealed: &[u8],
    ) -> ServiceResult<T> {
        let key = self.vault().open_key(now, terms, location, wrapped_key)?;
        open_with(&key, location, sealed)
    }

    /// Encrypts directory data, whose key does not expire with any chronology.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the keystore cannot be reached.
    pub fn seal_permanent(
        &self,
        partnership: PartnershipId,
        location: &RecordLocation,
        now: Instant,
        value: &impl Serialize,
    ) -> ServiceResult<SealedValue> {
        self.encrypt(location, &KeyTerms::Permanent { partnership }, now, value)
    }
}

/// Decrypts a value with a data key that is already unwrapped.
pub fn open_with<T: DeserializeOwned>(
    key: &DataKey,
    location: &RecordLocation,
    sealed: &[u8],
) -> ServiceResult<T> {
    from_json_bytes(&key.open(location, sealed)?)
}
