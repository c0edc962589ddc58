//! Page cursors: no cursor can be forged, a genuine one opens for its own partnership only, and its
//! content is a position in a list.
#![no_main]

use std::sync::{Arc, OnceLock};

use domain::{Instant, PartnershipId};
use serde::Deserialize;
use uuid::Uuid;
use vault::{FileKeystore, RootKey, Vault};

/// The content of a cursor (see `service::paging`).
#[derive(Deserialize)]
struct Cursor {
    #[allow(dead_code)]
    list: String,
    after: (i64, Uuid),
}

fn create_vault() -> (tempfile::TempDir, Vault) {
    let folder = tempfile::tempdir().expect("a temporary folder is created");
    let keystore = FileKeystore::open(
        folder.path(),
        RootKey::generate().expect("a root key is generated"),
    )
    .expect("the keystore opens");
    (
        folder,
        Vault::new(Arc::new(keystore)).expect("the vault is created"),
    )
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // The fuzzer traces comparisons and could learn secrets of one vault from them, so forgeries
    // are tried on another.
    static VAULTS: OnceLock<[(tempfile::TempDir, Vault); 2]> = OnceLock::new();
    let [(_, vault), (_, other_vault)] = VAULTS.get_or_init(|| [create_vault(), create_vault()]);
    let own = PartnershipId(Uuid::from_u128(1));
    let other = PartnershipId(Uuid::from_u128(2));
    assert!(
        other_vault
            .open_cursor(own, &fuzz::lossy_text(data))
            .is_err(),
        "a cursor from arbitrary bytes was opened"
    );

    let genuine = vault.seal_cursor(own, data).expect("the cursor is sealed");
    // Longer cursors are rejected unread.
    if genuine.len() <= 2_048 {
        assert_eq!(
            vault
                .open_cursor(own, &genuine)
                .expect("a genuine cursor opens"),
            data
        );
    }
    assert!(vault.open_cursor(other, &genuine).is_err());
    let forged = fuzz::mutate(genuine.as_bytes(), data);
    if forged != genuine.as_bytes() {
        assert!(
            vault.open_cursor(own, &fuzz::lossy_text(&forged)).is_err(),
            "a changed cursor was opened"
        );
    }

    if let Ok(cursor) = serde_json::from_slice::<Cursor>(data) {
        let at = Instant::from_micros(cursor.after.0);
        assert!((Instant::MIN..=Instant::MAX).contains(&at));
        assert_eq!(Instant::parse(&at.to_string()), Ok(at));
    }
});
