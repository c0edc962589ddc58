//! Many nodes and threads at the same keys at once.

use std::collections::HashSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;
use crate::Epoch;

const KEYS: u128 = 25;

fn all_keys() -> Vec<KeyId> {
    let epochs = (0..10).map(|hour| KeyId::Epoch(Epoch(Epoch::of(now()).0 + hour)));
    epochs.chain((0..KEYS).map(|number| scope(number).into())).collect()
}

/// What one of several starters sees of all keys, in the order it made them.
pub fn make_all(keystore: &impl Keystore) -> Vec<[u8; 32]> {
    let mut keys = vec![*keystore.load_or_create(now(), KeyId::IndexRoot).unwrap().expose()];
    keys.extend(all_keys().into_iter().map(|key| *keystore.load_or_create(now(), key).unwrap().expose()));
    keys
}

pub fn nodes_that_start_at_once_end_with_the_same_keys<S: Shelf>() {
    let shelf = S::new();
    let root = RootKey::generate().unwrap().to_base64().to_string();
    let barrier = Barrier::new(6);
    let seen: HashSet<_> = thread::scope(|threads| {
        let starters: Vec<_> = (0..6)
            .map(|_| {
                threads.spawn(|| {
                    barrier.wait();
                    make_all(&shelf.open(root_key(&root)).unwrap())
                })
            })
            .collect();
        starters.into_iter().map(|starter| starter.join().unwrap()).collect()
    });
    assert_eq!(seen.len(), 1);
}

pub fn a_scope_destroyed_while_others_use_it_is_gone_for_all<S: Shelf>() {
    let bench = Bench::<S>::new();
    let terms = until(scope(1), now().plus(hours(2)));
    let wrap = wrapped(&bench, &terms);
    let open = || bench.vault.open_key(now(), &terms, &version_place(), &wrap).map(drop);
    let is_over = AtomicBool::new(false);
    thread::scope(|threads| {
        for _ in 0..6 {
            threads.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    // Never "tampered", though what is stored is overwritten under the readers' eyes.
                    assert!(matches!(open(), Ok(()) | Err(VaultError::Destroyed)));
                }
                assert_eq!(open(), Err(VaultError::Destroyed), "nobody put it back into memory");
            });
        }
        bench.vault.destroy_scope(now(), scope(1)).unwrap();
        is_over.store(true, Ordering::SeqCst);
    });
}

pub fn making_and_destroying_at_once_leaves_no_key<S: Shelf>() {
    let bench = Bench::<S>::new();
    let (keystore, other) = (bench.keystore(), bench.keystore());
    for number in 0..40 {
        let key = KeyId::from(scope(number));
        let barrier = Barrier::new(2);
        thread::scope(|threads| {
            threads.spawn(|| {
                barrier.wait();
                let made = keystore.load_or_create(now(), key);
                assert!(matches!(made, Ok(_) | Err(VaultError::Destroyed)), "{made:?}");
            });
            barrier.wait();
            other.destroy(now(), key).unwrap();
        });
        assert_eq!(keystore.load(key).unwrap_err(), VaultError::Destroyed);
        assert!(!keystore.destruction(key).unwrap().unwrap().probe_opens);
        assert!(bench.shelf.raw(key).is_none());
    }
}
