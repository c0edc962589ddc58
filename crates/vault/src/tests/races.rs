//! Concurrent access by several processes. Races between threads are covered by the tests that
//! every keystore passes.

use std::collections::HashSet;
use std::process::{Command, Stdio};

use super::*;
use crate::testing::races::create_all_keys;

const FOLDER: &str = "VAULT_TEST_FOLDER";
const ROOT: &str = "VAULT_TEST_ROOT";

/// Does nothing unless the test below starts it as another process.
#[test]
fn child_process_creates_keys() {
    let (Some(folder), Some(root)) = (std::env::var_os(FOLDER), std::env::var_os(ROOT)) else {
        return;
    };
    let hash = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        &create_all_keys(
            &FileKeystore::open(Path::new(&folder), root_key(root.to_str().unwrap())).unwrap(),
        )
        .concat(),
    );
    println!("keys: {hash:?}");
}

#[test]
fn concurrently_starting_processes_share_the_same_keys() {
    let folder = tempfile::tempdir().unwrap();
    let root = RootKey::generate().unwrap().to_base64().to_string();
    let children: Vec<_> = (0..4)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "tests::races::child_process_creates_keys",
                    "--nocapture",
                ])
                .env(FOLDER, folder.path())
                .env(ROOT, &root)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let outputs: Vec<_> = children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect();
    assert!(outputs.iter().all(|output| output.status.success()));
    let texts: Vec<_> = outputs
        .iter()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .collect();
    let key_hashes: Vec<_> = texts
        .iter()
        .filter_map(|text| text.lines().find_map(|line| line.split_once("keys: ")))
        .collect();
    let seen: HashSet<_> = key_hashes.iter().map(|(_, hash)| hash).collect();
    assert_eq!((key_hashes.len(), seen.len()), (4, 1));
}
