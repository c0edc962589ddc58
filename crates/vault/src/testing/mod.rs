//! What every keystore must do, as tests: give [`Shelf`] for yours and write `vault::keystore_tests!(YourShelf);` in a
//! test module. [`FileKeystore`](crate::FileKeystore) and the PostgreSQL keystore pass the same list.
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

use crate::{KeyId, KeyScope, Keystore, Place, RootKey, Terms, Vault, VaultError};

/// A place for one test's keys: opened by as many nodes as the test likes, and looked at from beneath.
pub trait Shelf: Sized + Send + Sync {
    /// The keystore that lies on it.
    type Keystore: Keystore + 'static;

    /// An empty one.
    fn new() -> Self;

    /// The keystore as a node that has just started sees it.
    ///
    /// # Errors
    /// Whatever opening it says.
    fn open(&self, root_key: RootKey) -> Result<Self::Keystore, VaultError>;

    /// What is stored for the key, its marker passed by.
    fn raw(&self, key: KeyId) -> Option<Vec<u8>>;

    /// Stores something else for the key, or takes it away, behind every keystore's back.
    fn put_raw(&self, key: KeyId, bytes: Option<&[u8]>);

    /// Everything stored, as a thief would find it.
    fn everything(&self) -> Vec<u8>;

    /// A second one with all that this one holds, as a backup would.
    #[must_use]
    fn copy(&self) -> Self;
}

/// A vault over a shelf of its own, with the root key to open it again.
pub struct Bench<S: Shelf> {
    pub vault: Vault,
    pub root: String,
    pub shelf: S,
}

impl<S: Shelf> Default for Bench<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Shelf> Bench<S> {
    #[must_use]
    pub fn new() -> Self {
        let shelf = S::new();
        let root = RootKey::generate().unwrap().to_base64().to_string();
        let vault = over(&shelf, &root);
        Self { vault, root, shelf }
    }

    /// The keystore as another node, just started, sees it.
    #[must_use]
    pub fn keystore(&self) -> S::Keystore {
        self.shelf.open(root_key(&self.root)).unwrap()
    }

    /// The vault as another node, just started, sees it: nothing in memory.
    #[must_use]
    pub fn restarted(&self) -> Vault {
        over(&self.shelf, &self.root)
    }
}

/// A vault over the shelf.
#[must_use]
pub fn over<S: Shelf>(shelf: &S, root: &str) -> Vault {
    Vault::new(Arc::new(shelf.open(root_key(root)).unwrap())).unwrap()
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
pub const fn until(scope: KeyScope, expires_at: Instant) -> Terms {
    Terms::Until { scope, object: None, expires_at }
}

#[must_use]
pub const fn partnership(number: u128) -> PartnershipId {
    PartnershipId(Uuid::from_u128(number))
}

#[must_use]
pub const fn version_place() -> Place {
    Place { table: "fragment_versions", row: Uuid::from_u128(40), version: 1 }
}

/// A data key under `terms`, wrapped.
#[must_use]
pub fn wrapped<S: Shelf>(bench: &Bench<S>, terms: &Terms) -> Vec<u8> {
    bench.vault.create_key(now(), terms, &version_place()).unwrap().1
}

/// Why the vault does not open it; `None` when it does.
#[must_use]
pub fn refusal(vault: &Vault, terms: &Terms, wrapped: &[u8]) -> Option<VaultError> {
    vault.open_key(now(), terms, &version_place(), wrapped).err()
}

/// Makes one test of each promise for the [`Shelf`] named.
#[macro_export]
macro_rules! keystore_tests {
    ($shelf:ty) => {
        $crate::keystore_tests!(@ $shelf: destruction:
            an_epoch_is_destroyed_when_its_hour_is_over_and_not_before,
            a_destroyed_epoch_is_not_made_again_even_by_a_clock_set_back,
            an_epoch_of_the_past_is_not_made,
            a_scope_is_destroyed_early_alone_and_for_good,
            an_object_is_destroyed_alone_and_goes_with_its_scope,
            a_discarded_key_is_away_without_a_trace,
            a_scope_destroyed_before_its_first_use_stays_so,
            a_copy_without_the_key_opens_nothing,
            a_destruction_killed_half_way_is_over_at_once_and_finished_at_the_next_start,
            a_half_destroyed_epoch_is_finished_by_the_running_worker_too,
            a_key_that_can_no_longer_be_read_can_still_be_destroyed,
            a_node_forgets_within_a_minute_what_another_destroyed,
            a_clock_set_back_makes_a_node_ask_the_keystore_again,
            audit_periods_go_one_by_one,
        );
        $crate::keystore_tests!(@ $shelf: listing:
            nothing_stored_holds_a_key_in_clear,
            another_root_key_opens_nothing_and_destroys_nothing,
            a_keystore_without_its_index_root_is_not_taken_for_a_new_one,
            one_keys_record_under_anothers_name_does_not_open,
            every_field_of_a_record_is_bound,
            what_lives_and_what_is_gone_is_listed_in_order,
        );
        $crate::keystore_tests!(@ $shelf: races:
            nodes_that_start_at_once_end_with_the_same_keys,
            a_scope_destroyed_while_others_use_it_is_gone_for_all,
            making_and_destroying_at_once_leaves_no_key,
        );
    };
    (@ $shelf:ty: $module:ident: $($name:ident),+ $(,)?) => {$(
        #[test]
        fn $name() {
            $crate::testing::$module::$name::<$shelf>();
        }
    )+};
}
