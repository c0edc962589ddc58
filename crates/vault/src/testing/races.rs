//! Concurrent access to the same keys by many nodes and threads.

use std::collections::HashSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;
use crate::Epoch;

const KEYS: u128 = 25;

fn test_keys() -> Vec<KeyId> {
    let epochs = (0..10).map(|hour| KeyId::Epoch(Epoch(Epoch::for_expiry(now()).0 + hour)));
    epochs
        .chain((0..KEYS).map(|number| scope(number).into()))
        .collect()
}

/// Creates all keys in a fixed order and returns their bytes.
pub fn create_all_keys(keystore: &impl Keystore) -> Vec<[u8; 32]> {
    let mut keys = vec![
        *keystore
            .load_or_create(now(), KeyId::IndexRoot)
            .unwrap()
            .expose(),
    ];
    keys.extend(
        test_keys()
            .into_iter()
            .map(|key| *keystore.load_or_create(now(), key).unwrap().expose()),
    );
    keys
}

pub fn concurrently_starting_nodes_share_the_same_keys<B: KeystoreBackend>() {
    let backend = B::new();
    let root = RootKey::generate().unwrap().to_base64().to_string();
    let barrier = Barrier::new(6);
    let seen: HashSet<_> = thread::scope(|threads| {
        let starters: Vec<_> = (0..6)
            .map(|_| {
                threads.spawn(|| {
                    barrier.wait();
                    create_all_keys(&backend.open(root_key(&root)).unwrap())
                })
            })
            .collect();
        starters
            .into_iter()
            .map(|starter| starter.join().unwrap())
            .collect()
    });
    assert_eq!(seen.len(), 1);
}

pub fn scope_destroyed_during_use_stops_opening_everywhere<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let terms = expiring_terms(scope(1), now().plus(hours(2)));
    let wrap = wrapped_key(&fixture, &terms);
    let open = || {
        fixture
            .vault
            .open_key(now(), &terms, &version_location(), &wrap)
            .map(drop)
    };
    let is_over = AtomicBool::new(false);
    thread::scope(|threads| {
        for _ in 0..6 {
            threads.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    // Readers never see `Tampered`, although the stored bytes are overwritten while
                    // they read.
                    assert!(matches!(open(), Ok(()) | Err(VaultError::Destroyed)));
                }
                assert_eq!(
                    open(),
                    Err(VaultError::Destroyed),
                    "no thread cached it again"
                );
            });
        }
        fixture.vault.destroy_scope(now(), scope(1)).unwrap();
        is_over.store(true, Ordering::SeqCst);
    });
}

pub fn concurrent_creation_and_destruction_leaves_no_key<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let keystore = fixture.keystore();
    let other = fixture.keystore();
    for number in 0..40 {
        let key = KeyId::from(scope(number));
        let barrier = Barrier::new(2);
        thread::scope(|threads| {
            threads.spawn(|| {
                barrier.wait();
                let made = keystore.load_or_create(now(), key);
                assert!(
                    matches!(made, Ok(_) | Err(VaultError::Destroyed)),
                    "{made:?}"
                );
            });
            barrier.wait();
            other.destroy(now(), key).unwrap();
        });
        assert_eq!(keystore.load(key).unwrap_err(), VaultError::Destroyed);
        assert!(!keystore.destruction(key).unwrap().unwrap().probe_opens);
        assert!(fixture.backend.stored_bytes(key).is_none());
    }
}
