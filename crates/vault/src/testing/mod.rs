//! The contract of a keystore as tests. Implement [`KeystoreBackend`] and write
//! `vault::keystore_tests!(YourBackend);` in a test module. [`FileKeystore`](crate::FileKeystore)
//! and the PostgreSQL keystore pass the same tests.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "part of tests: whatever goes wrong here is to end the test, and the names say what is tested"
)]

pub mod destruction;
pub mod listing;
pub mod races;

use std::sync::Arc;
use std::time::Duration;

use domain::{Instant, PartnershipId};
use uuid::Uuid;

use crate::{
    KeyId, KeyScope, KeyTerms, Keystore, RecordLocation, RootKey, SealedTable, Vault, VaultError,
};

/// Storage for the keys of one test. The test can open it as several nodes and inspect the stored
/// bytes directly.
pub trait KeystoreBackend: Sized + Send + Sync {
    /// The keystore implementation under test.
    type Keystore: Keystore + 'static;

    /// Creates empty storage.
    fn new() -> Self;

    /// Opens the keystore like a node that has just started.
    ///
    /// # Errors
    /// The errors of opening the keystore.
    fn open(&self, root_key: RootKey) -> Result<Self::Keystore, VaultError>;

    /// The stored bytes of the key, whether or not it has a destruction marker.
    fn stored_bytes(&self, key: KeyId) -> Option<Vec<u8>>;

    /// Replaces or removes the stored bytes of the key without going through the keystore.
    fn set_stored_bytes(&self, key: KeyId, bytes: Option<&[u8]>);

    /// All stored bytes, as an attacker with access to the storage would read them.
    fn all_stored_bytes(&self) -> Vec<u8>;

    /// Copies the whole storage, as a backup would.
    #[must_use]
    fn duplicate(&self) -> Self;
}

/// A vault over its own storage, with the root key to open it again.
pub struct VaultFixture<B: KeystoreBackend> {
    pub vault: Vault,
    pub root: String,
    pub backend: B,
}

impl<B: KeystoreBackend> Default for VaultFixture<B> {
    fn default() -> Self {
        Self::new()
    }
}

impl<B: KeystoreBackend> VaultFixture<B> {
    #[must_use]
    pub fn new() -> Self {
        let backend = B::new();
        let root = RootKey::generate().unwrap().to_base64().to_string();
        let vault = open_vault(&backend, &root);
        Self {
            vault,
            root,
            backend,
        }
    }

    /// Opens the keystore as another node that has just started.
    #[must_use]
    pub fn keystore(&self) -> B::Keystore {
        self.backend.open(root_key(&self.root)).unwrap()
    }

    /// Opens the vault as another node that has just started, with an empty cache.
    #[must_use]
    pub fn restarted_vault(&self) -> Vault {
        open_vault(&self.backend, &self.root)
    }
}

/// Opens a vault over the storage.
#[must_use]
pub fn open_vault<B: KeystoreBackend>(backend: &B, root: &str) -> Vault {
    Vault::new(Arc::new(backend.open(root_key(root)).unwrap())).unwrap()
}

#[must_use]
pub fn root_key(text: &str) -> RootKey {
    RootKey::from_base64(text).unwrap()
}

#[must_use]
pub fn now() -> Instant {
    Instant::parse("2026-03-02T09:30:00Z").unwrap()
}

#[must_use]
pub const fn hours(count: u64) -> Duration {
    Duration::from_secs(3_600 * count)
}

#[must_use]
pub const fn scope(number: u128) -> KeyScope {
    KeyScope(Uuid::from_u128(number))
}

#[must_use]
pub const fn expiring_terms(scope: KeyScope, expires_at: Instant) -> KeyTerms {
    KeyTerms::Expiring {
        scope,
        object: None,
        expires_at,
    }
}

#[must_use]
pub const fn partnership(number: u128) -> PartnershipId {
    PartnershipId(Uuid::from_u128(number))
}

#[must_use]
pub const fn version_location() -> RecordLocation {
    RecordLocation {
        table: SealedTable::FragmentVersions,
        row: Uuid::from_u128(40),
        version: 1,
    }
}

/// Creates a data key under `terms` and returns its wrapped form.
#[must_use]
pub fn wrapped_key<B: KeystoreBackend>(fixture: &VaultFixture<B>, terms: &KeyTerms) -> Vec<u8> {
    fixture
        .vault
        .create_key(now(), terms, &version_location())
        .unwrap()
        .1
}

/// The error with which the vault refuses to open the key; `None` when it opens.
#[must_use]
pub fn open_error(vault: &Vault, terms: &KeyTerms, wrapped: &[u8]) -> Option<VaultError> {
    vault
        .open_key(now(), terms, &version_location(), wrapped)
        .err()
}

/// Generates one test per rule for the given [`KeystoreBackend`].
#[macro_export]
macro_rules! keystore_tests {
    ($backend:ty) => {
        $crate::keystore_tests!(@ $backend: destruction:
            epoch_is_destroyed_only_after_its_hour_ends,
            destroyed_epoch_is_not_recreated_after_clock_set_back,
            past_epoch_is_not_created,
            scope_destruction_is_early_isolated_and_permanent,
            object_key_can_be_destroyed_alone_or_with_its_scope,
            discarded_key_leaves_no_marker,
            scope_destroyed_before_first_use_is_never_created,
            copy_without_the_key_opens_nothing,
            interrupted_destruction_takes_effect_and_finishes_at_next_start,
            interrupted_epoch_destruction_is_finished_by_running_worker,
            unreadable_key_can_be_destroyed,
            other_nodes_evict_destroyed_keys_within_a_minute,
            clock_set_back_forces_reload_from_keystore,
            audit_periods_are_destroyed_independently,
        );
        $crate::keystore_tests!(@ $backend: listing:
            stored_data_contains_no_plaintext_key,
            wrong_root_key_opens_and_destroys_nothing,
            keystore_without_index_root_is_refused,
            stored_key_under_another_name_does_not_open,
            every_stored_field_is_authenticated,
            live_and_destroyed_epochs_are_listed_in_order,
        );
        $crate::keystore_tests!(@ $backend: races:
            concurrently_starting_nodes_share_the_same_keys,
            scope_destroyed_during_use_stops_opening_everywhere,
            concurrent_creation_and_destruction_leaves_no_key,
        );
    };
    (@ $backend:ty: $module:ident: $($name:ident),+ $(,)?) => {$(
        #[test]
        fn $name() {
            $crate::testing::$module::$name::<$backend>();
        }
    )+};
}
