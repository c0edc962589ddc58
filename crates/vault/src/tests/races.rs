//! Many threads and many processes at the same keys at once.

use std::collections::HashSet;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;
use crate::{Epoch, KeyId, Keystore as _, VaultError};

const FOLDER: &str = "VAULT_TEST_FOLDER";
const ROOT: &str = "VAULT_TEST_ROOT";
const KEYS: u128 = 25;

fn all_keys() -> Vec<KeyId> {
    let epochs = (0..10).map(|hour| KeyId::Epoch(Epoch(Epoch::of(now()).0 + hour)));
    epochs.chain((0..KEYS).map(|number| scope(number).into())).collect()
}

/// What one of several starters sees of all keys, in the order it made them.
fn make_all(folder: &Path, root: &str) -> Vec<[u8; 32]> {
    let keystore = FileKeystore::open(folder, RootKey::from_base64(root).unwrap()).unwrap();
    let mut keys = vec![*keystore.load_or_create(now(), KeyId::IndexRoot).unwrap().expose()];
    keys.extend(all_keys().into_iter().map(|key| *keystore.load_or_create(now(), key).unwrap().expose()));
    keys
}

#[test]
fn threads_that_start_at_once_end_with_the_same_keys() {
    let folder = tempfile::tempdir().unwrap();
    let root = RootKey::generate().unwrap().to_base64().to_string();
    let barrier = Barrier::new(8);
    let seen: HashSet<_> = thread::scope(|threads| {
        let starters: Vec<_> = (0..8)
            .map(|_| {
                threads.spawn(|| {
                    barrier.wait();
                    make_all(folder.path(), &root)
                })
            })
            .collect();
        starters.into_iter().map(|starter| starter.join().unwrap()).collect()
    });
    assert_eq!(seen.len(), 1);
    let leftovers = files(folder.path()).into_iter().filter(|path| path.extension().is_none());
    assert_eq!(leftovers.count(), 0);
}

/// Does nothing unless started by the test below, as another process.
#[test]
fn another_process() {
    let (Some(folder), Some(root)) = (std::env::var_os(FOLDER), std::env::var_os(ROOT)) else { return };
    let hash = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        &make_all(Path::new(&folder), root.to_str().unwrap()).concat(),
    );
    println!("keys: {hash:?}");
}

#[test]
fn processes_that_start_at_once_end_with_the_same_keys() {
    let folder = tempfile::tempdir().unwrap();
    let root = RootKey::generate().unwrap().to_base64().to_string();
    let children: Vec<_> = (0..4)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "tests::races::another_process", "--nocapture"])
                .env(FOLDER, folder.path())
                .env(ROOT, &root)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let outputs: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    assert!(outputs.iter().all(|output| output.status.success()));
    let texts: Vec<_> = outputs.iter().map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).collect();
    let said: Vec<_> =
        texts.iter().filter_map(|text| text.lines().find_map(|line| line.split_once("keys: "))).collect();
    let seen: HashSet<_> = said.iter().map(|(_, hash)| hash).collect();
    assert_eq!((said.len(), seen.len()), (4, 1));
}

#[test]
fn a_scope_destroyed_while_others_use_it_is_gone_for_all() {
    let fixture = Fixture::new();
    let terms = until(scope(1), now().plus(hours(2)));
    let (_, wrap) = fixture.vault.create_key(now(), &terms, &version_place()).unwrap();
    let open = || fixture.vault.open_key(now(), &terms, &version_place(), &wrap).map(drop);
    let is_over = AtomicBool::new(false);
    thread::scope(|threads| {
        for _ in 0..6 {
            threads.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    // Never "tampered", though the file is overwritten under the readers' eyes.
                    assert!(matches!(open(), Ok(()) | Err(VaultError::Destroyed)));
                }
                assert_eq!(open(), Err(VaultError::Destroyed), "nobody put it back into memory");
            });
        }
        fixture.vault.destroy_scope(now(), scope(1)).unwrap();
        is_over.store(true, Ordering::SeqCst);
    });
}

#[test]
fn making_and_destroying_at_once_leaves_no_key() {
    for number in 0..40 {
        let fixture = Fixture::new();
        let (keystore, other) = (fixture.keystore(), fixture.keystore());
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
    }
}
