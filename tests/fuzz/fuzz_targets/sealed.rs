//! Sealed values and wrapped keys: nothing panics, and only unchanged bytes open, for their own
//! record location and key terms, before they expire.
#![no_main]

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::Instant;
use uuid::Uuid;
use vault::{FileKeystore, KeyScope, KeyTerms, RecordLocation, SealedTable, RootKey, Vault};

const NOW: Instant = Instant::from_micros(1_800_000_000_000_000);
const LOCATION: RecordLocation = RecordLocation {
    table: SealedTable::Entries,
    row: Uuid::from_u128(7),
    version: 1,
};
const OTHER_LOCATION: RecordLocation = RecordLocation {
    table: SealedTable::Entries,
    row: Uuid::from_u128(7),
    version: 2,
};

struct VaultFixture {
    _folder: tempfile::TempDir,
    vault: Vault,
    terms: KeyTerms,
    wrapped: Vec<u8>,
    sealed: Vec<u8>,
}

fn create_fixture() -> VaultFixture {
    let folder = tempfile::tempdir().expect("a temporary folder is created");
    let keystore = FileKeystore::open(
        folder.path(),
        RootKey::generate().expect("a root key is generated"),
    )
    .expect("the keystore opens");
    let vault = Vault::new(Arc::new(keystore)).expect("the vault is created");
    let expires_at = NOW.plus(Duration::from_secs(3_600));
    let terms = KeyTerms::Expiring {
        scope: KeyScope(Uuid::from_u128(1)),
        object: None,
        expires_at,
    };
    let (key, wrapped) = vault
        .create_key(NOW, &terms, &LOCATION)
        .expect("the key is created");
    let sealed = key
        .seal(&LOCATION, b"seen at home, and well")
        .expect("the value is sealed");
    VaultFixture {
        _folder: folder,
        vault,
        terms,
        wrapped,
        sealed,
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // The fuzzer traces comparisons and could learn secrets of one vault from them, so forgeries
    // are tried on another.
    static FIXTURES: OnceLock<[VaultFixture; 2]> = OnceLock::new();
    let [fixture, other_fixture] = FIXTURES.get_or_init(|| [create_fixture(), create_fixture()]);
    let vault = &fixture.vault;
    let key = vault
        .open_key(NOW, &fixture.terms, &LOCATION, &fixture.wrapped)
        .expect("the unchanged key opens");
    let other_key = other_fixture
        .vault
        .open_key(NOW, &other_fixture.terms, &LOCATION, &other_fixture.wrapped)
        .expect("the unchanged key opens");
    assert!(
        other_fixture
            .vault
            .open_key(NOW, &other_fixture.terms, &LOCATION, data)
            .is_err(),
        "a wrapped key from arbitrary bytes was opened"
    );
    assert!(
        other_key.open(&LOCATION, data).is_err(),
        "a sealed value from arbitrary bytes was opened"
    );

    let forged = fuzz::mutate(&fixture.wrapped, data);
    let opened = vault.open_key(NOW, &fixture.terms, &LOCATION, &forged);
    assert_eq!(opened.is_ok(), forged == fixture.wrapped);
    assert!(
        vault
            .open_key(NOW, &fixture.terms, &OTHER_LOCATION, &forged)
            .is_err()
    );
    assert!(
        vault
            .open_key(
                NOW.plus(Duration::from_secs(3_600)),
                &fixture.terms,
                &LOCATION,
                &forged
            )
            .is_err(),
        "an expired key was opened"
    );

    let forged = fuzz::mutate(&fixture.sealed, data);
    assert_eq!(
        key.open(&LOCATION, &forged).is_ok(),
        forged == fixture.sealed
    );
    assert!(key.open(&OTHER_LOCATION, &forged).is_err());

    // A sealed value opens to the plaintext, and its length reveals only the length of the
    // plaintext.
    let sealed = key.seal(&LOCATION, data).expect("the value is sealed");
    assert_eq!(sealed.len(), data.len() + 29);
    assert_eq!(
        key.open(&LOCATION, &sealed)
            .expect("the unchanged value opens")
            .as_slice(),
        data
    );
});
