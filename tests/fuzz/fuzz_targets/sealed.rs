//! Sealed values and wrapped keys: nothing panics, and only untouched bytes open, in their own place, under their own
//! terms, before their time is over.
#![no_main]

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::Instant;
use uuid::Uuid;
use vault::{FileKeystore, KeyScope, Place, RootKey, Terms, Vault};

const NOW: Instant = Instant::from_micros(1_800_000_000_000_000);
const PLACE: Place = Place { table: "entries", row: Uuid::from_u128(7), version: 1 };
const ELSEWHERE: Place = Place { table: "entries", row: Uuid::from_u128(7), version: 2 };

struct Safe {
    _folder: tempfile::TempDir,
    vault: Vault,
    terms: Terms,
    wrapped: Vec<u8>,
    sealed: Vec<u8>,
}

fn safe() -> Safe {
    let folder = tempfile::tempdir().expect("a folder");
    let keystore = FileKeystore::open(folder.path(), RootKey::generate().expect("a key")).expect("a keystore");
    let vault = Vault::new(Arc::new(keystore)).expect("a vault");
    let expires_at = NOW.plus(Duration::from_secs(3_600));
    let terms = Terms::Until { scope: KeyScope(Uuid::from_u128(1)), object: None, expires_at };
    let (key, wrapped) = vault.create_key(NOW, &terms, &PLACE).expect("a key");
    let sealed = key.seal(&PLACE, b"seen at home, and well").expect("sealed");
    Safe { _folder: folder, vault, terms, wrapped, sealed }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // The fuzzer learns what is compared with what: what it may have learnt of one safe is tried on another.
    static SAFES: OnceLock<[Safe; 2]> = OnceLock::new();
    let [safe, unknown] = SAFES.get_or_init(|| [safe(), safe()]);
    let vault = &safe.vault;
    let key = vault.open_key(NOW, &safe.terms, &PLACE, &safe.wrapped).expect("the key as it was wrapped");
    let other = unknown.vault.open_key(NOW, &unknown.terms, &PLACE, &unknown.wrapped).expect("the other's too");
    assert!(unknown.vault.open_key(NOW, &unknown.terms, &PLACE, data).is_err(), "a wrapped key out of nothing");
    assert!(other.open(&PLACE, data).is_err(), "a sealed value out of nothing");

    let forged = fuzz::changed(&safe.wrapped, data);
    let opened = vault.open_key(NOW, &safe.terms, &PLACE, &forged);
    assert_eq!(opened.is_ok(), forged == safe.wrapped);
    assert!(vault.open_key(NOW, &safe.terms, &ELSEWHERE, &forged).is_err());
    assert!(vault.open_key(NOW.plus(Duration::from_secs(3_600)), &safe.terms, &PLACE, &forged).is_err(), "expired");

    let forged = fuzz::changed(&safe.sealed, data);
    assert_eq!(key.open(&PLACE, &forged).is_ok(), forged == safe.sealed);
    assert!(key.open(&ELSEWHERE, &forged).is_err());

    // What is sealed comes back, and its length tells no more than the length of what went in.
    let sealed = key.seal(&PLACE, data).expect("sealed");
    assert_eq!(sealed.len(), data.len() + 29);
    assert_eq!(key.open(&PLACE, &sealed).expect("as it was sealed").as_slice(), data);
});
