//! Cost of sealing: payloads, keys and tokens on one thread, and opening cached keys on sixteen.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints and may stop"
)]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use domain::{Instant, PartnershipId};
use uuid::Uuid;
use vault::{FileKeystore, KeyScope, KeyTerms, RecordLocation, RootKey, SealedTable, Vault};

const ENTRIES: u128 = 200;
const ROUNDS: u32 = 200;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let keystore =
        FileKeystore::open(&folder.path().join("keys"), RootKey::generate().unwrap()).unwrap();
    let vault = Vault::new(Arc::new(keystore)).unwrap();
    let now = Instant::parse("2026-03-02T09:30:00Z").unwrap();
    let row = Uuid::from_u128(1);
    let terms = KeyTerms::Expiring {
        scope: KeyScope(row),
        object: None,
        expires_at: now.plus(Duration::from_secs(86_400)),
    };
    let location = RecordLocation {
        table: SealedTable::FragmentVersions,
        row,
        version: 1,
    };
    let (key, wrapped) = vault.create_key(now, &terms, &location).unwrap();
    let sealed: Vec<_> = (0..ENTRIES)
        .map(|number| RecordLocation {
            table: SealedTable::Entries,
            row: Uuid::from_u128(number),
            version: 1,
        })
        .map(|entry| (entry, key.seal(&entry, &[b'x'; 500]).unwrap()))
        .collect();

    report_timing("open 200 payloads of 500 bytes", || {
        assert!(
            sealed
                .iter()
                .all(|(entry, bytes)| key.open(entry, bytes).is_ok())
        );
    });
    report_timing("seal 200 payloads of 500 bytes", || {
        assert!(
            sealed
                .iter()
                .all(|(entry, _)| key.seal(entry, &[b'x'; 500]).is_ok())
        );
    });
    report_timing("open a key, warm", || {
        drop(vault.open_key(now, &terms, &location, &wrapped).unwrap())
    });
    // Each round is one minute later than the last, so that the key is never in the cache.
    let mut later = now;
    report_timing("open a key, cold", || {
        later = later.plus(Duration::from_secs(60));
        drop(vault.open_key(later, &terms, &location, &wrapped).unwrap());
    });
    report_timing("blind index token", || {
        _ = vault.index(PartnershipId(row), "upn", b"B801200005001")
    });
    report_timing("16 threads, 1,000 warm keys each", || {
        std::thread::scope(|threads| {
            for _ in 0..16 {
                threads.spawn(|| {
                    (0..1_000).for_each(|_| {
                        drop(vault.open_key(later, &terms, &location, &wrapped).unwrap())
                    });
                });
            }
        });
    });
}

fn report_timing(what: &str, mut round: impl FnMut()) {
    round();
    let stopwatch = Stopwatch::now();
    (0..ROUNDS).for_each(|_| round());
    println!(
        "{what:<34} {:>10.2} µs",
        stopwatch.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS)
    );
}
