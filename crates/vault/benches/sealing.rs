//! What sealing costs: payloads, keys and tokens on one thread, and warm key openings on sixteen.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints and may stop")]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::sync::Arc;
use std::time::{Duration, Instant as Watch};

use domain::{Instant, PartnershipId};
use uuid::Uuid;
use vault::{FileKeystore, KeyScope, Place, RootKey, Terms, Vault};

const ENTRIES: u128 = 200;
const ROUNDS: u32 = 200;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let keystore = FileKeystore::open(&folder.path().join("keys"), RootKey::generate().unwrap()).unwrap();
    let vault = Vault::new(Arc::new(keystore)).unwrap();
    let now = Instant::parse("2026-03-02T09:30:00Z").unwrap();
    let row = Uuid::from_u128(1);
    let terms = Terms::Until { scope: KeyScope(row), object: None, expires_at: now.plus(Duration::from_secs(86_400)) };
    let place = Place { table: "fragment_versions", row, version: 1 };
    let (key, wrapped) = vault.create_key(now, &terms, &place).unwrap();
    let sealed: Vec<_> = (0..ENTRIES)
        .map(|number| Place { table: "entries", row: Uuid::from_u128(number), version: 1 })
        .map(|entry| (entry, key.seal(&entry, &[b'x'; 500]).unwrap()))
        .collect();

    measure("open 200 payloads of 500 bytes", || {
        assert!(sealed.iter().all(|(entry, bytes)| key.open(entry, bytes).is_ok()));
    });
    measure("seal 200 payloads of 500 bytes", || {
        assert!(sealed.iter().all(|(entry, _)| key.seal(entry, &[b'x'; 500]).is_ok()));
    });
    measure("open a key, warm", || drop(vault.open_key(now, &terms, &place, &wrapped).unwrap()));
    // Each round a minute later, so that nothing cached counts.
    let mut later = now;
    measure("open a key, cold", || {
        later = later.plus(Duration::from_secs(60));
        drop(vault.open_key(later, &terms, &place, &wrapped).unwrap());
    });
    measure("blind index token", || _ = vault.index(PartnershipId(row), "upn", b"B801200005001"));
    measure("16 threads, 1,000 warm keys each", || {
        std::thread::scope(|threads| {
            for _ in 0..16 {
                threads.spawn(|| {
                    (0..1_000).for_each(|_| drop(vault.open_key(later, &terms, &place, &wrapped).unwrap()));
                });
            }
        });
    });
}

fn measure(what: &str, mut round: impl FnMut()) {
    round();
    let watch = Watch::now();
    (0..ROUNDS).for_each(|_| round());
    println!("{what:<34} {:>10.2} µs", watch.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS));
}
