//! Sealing of values: serialised, encrypted under a fresh data key, the key wrapped under the terms it may live.

use domain::{ChronologyId, Instant, PartnershipId};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;
use vault::{DataKey, KeyScope, Place, Terms};
use zeroize::Zeroizing;

use crate::{Answer, Service, ServiceError};

/// A sealed value with its wrapped key.
pub(crate) struct SealedValue {
    pub(crate) wrapped_key: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
}

/// Terms under a scope until an instant.
pub(crate) fn until(scope: impl Into<Uuid>, expires_at: Instant) -> Terms {
    Terms::Until { scope: KeyScope(scope.into()), object: None, expires_at }
}

/// Terms of what belongs to a chronology.
pub(crate) fn of_chronology(id: ChronologyId, expires_at: Instant) -> Terms {
    until(id, expires_at)
}

/// Serialised bytes that are wiped when dropped.
pub(crate) fn to_bytes(value: &impl Serialize) -> Answer<Zeroizing<Vec<u8>>> {
    serde_json::to_vec(value).map(Zeroizing::new).map_err(|_| ServiceError::Internal("serialise"))
}

/// The value that was serialised.
pub(crate) fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    serde_json::from_slice(bytes).map_err(|_| ServiceError::Internal("stored value does not parse"))
}

impl Service {
    /// Seals a value under its own key.
    pub(crate) fn seal(
        &self,
        place: &Place,
        terms: &Terms,
        now: Instant,
        value: &impl Serialize,
    ) -> Answer<SealedValue> {
        let (key, wrapped_key) = self.create_key(now, terms, place)?;
        let sealed = key.seal(place, &to_bytes(value)?)?;
        Ok(SealedValue { wrapped_key, sealed })
    }

    /// Opens a value sealed under its own key.
    pub(crate) fn unseal<T: DeserializeOwned>(
        &self,
        place: &Place,
        terms: &Terms,
        now: Instant,
        wrapped_key: &[u8],
        sealed: &[u8],
    ) -> Answer<T> {
        let key = self.vault().open_key(now, terms, place, wrapped_key)?;
        open_with(&key, place, sealed)
    }

    /// Seals directory data that outlives every chronology.
    pub(crate) fn seal_permanent(
        &self,
        partnership: PartnershipId,
        table: &'static str,
        row: Uuid,
        version: i64,
        now: Instant,
        value: &impl Serialize,
    ) -> Answer<SealedValue> {
        self.seal(&Place { table, row, version }, &Terms::Permanent { partnership }, now, value)
    }
}

/// Opens a value with a data key at hand.
pub(crate) fn open_with<T: DeserializeOwned>(key: &DataKey, place: &Place, sealed: &[u8]) -> Answer<T> {
    from_bytes(&key.open(place, sealed)?)
}
