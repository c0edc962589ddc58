//! Page cursors: nobody can make one, one of ours opens for its own partnership and for no other, and what it holds is
//! a place in a list.
#![no_main]

use std::sync::{Arc, OnceLock};

use domain::{Instant, PartnershipId};
use serde::Deserialize;
use uuid::Uuid;
use vault::{FileKeystore, RootKey, Vault};

/// What a cursor holds (`service::paging`).
#[derive(Deserialize)]
struct Cursor {
    #[allow(dead_code)]
    list: String,
    after: (i64, Uuid),
}

fn vault() -> (tempfile::TempDir, Vault) {
    let folder = tempfile::tempdir().expect("a folder");
    let keystore = FileKeystore::open(folder.path(), RootKey::generate().expect("a key")).expect("a keystore");
    (folder, Vault::new(Arc::new(keystore)).expect("a vault"))
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // The fuzzer learns what is compared with what: what it may have learnt of one vault is tried on another.
    static VAULTS: OnceLock<[(tempfile::TempDir, Vault); 2]> = OnceLock::new();
    let [(_, vault), (_, unknown)] = VAULTS.get_or_init(|| [vault(), vault()]);
    let (ours, theirs) = (PartnershipId(Uuid::from_u128(1)), PartnershipId(Uuid::from_u128(2)));
    assert!(unknown.open_cursor(ours, &fuzz::text(data)).is_err(), "a cursor out of nothing");

    let genuine = vault.seal_cursor(ours, data).expect("a cursor");
    // Longer ones are not looked at, so none of ours may be.
    if genuine.len() <= 2_048 {
        assert_eq!(vault.open_cursor(ours, &genuine).expect("one of ours"), data);
    }
    assert!(vault.open_cursor(theirs, &genuine).is_err());
    let forged = fuzz::changed(genuine.as_bytes(), data);
    if forged != genuine.as_bytes() {
        assert!(vault.open_cursor(ours, &fuzz::text(&forged)).is_err(), "a changed cursor");
    }

    if let Ok(cursor) = serde_json::from_slice::<Cursor>(data) {
        let at = Instant::from_micros(cursor.after.0);
        assert!((Instant::MIN..=Instant::MAX).contains(&at));
        assert_eq!(Instant::parse(&at.to_string()), Ok(at));
    }
});
