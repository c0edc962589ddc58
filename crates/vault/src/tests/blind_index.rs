//! Blind index tokens and page cursors.

use std::collections::HashSet;

use super::*;
use crate::VaultError;

#[test]
fn tokens_are_stable_across_restarts_and_epochs() {
    let fixture = Fixture::new();
    let token = fixture
        .vault
        .index(partnership(1), "nhs_number", b"9990000018");
    fixture.vault.destroy_expired_epochs(Instant::MAX).unwrap();
    assert_eq!(
        fixture
            .restarted_vault()
            .index(partnership(1), "nhs_number", b"9990000018"),
        token
    );
}

#[test]
fn tokens_differ_by_partnership_kind_value_keystore_and_field_boundary() {
    let one = Fixture::new().vault;
    let other = Fixture::new().vault;
    let tokens = HashSet::from([
        one.index(partnership(1), "upn", b"value"),
        one.index(partnership(2), "upn", b"value"),
        one.index(partnership(1), "reference", b"value"),
        one.index(partnership(1), "upn", b"other"),
        one.index(partnership(1), "upnv", b"alue"),
        one.index(partnership(1), "up", b"nvalue"),
        other.index(partnership(1), "upn", b"value"),
    ]);
    assert_eq!(tokens.len(), 7);
}

#[test]
fn cursor_round_trips_and_is_url_safe() {
    let fixture = Fixture::new();
    let keys = b"2026-03-02T09:30:00Z/01999999-0000-7000-8000-000000000000";
    let text = fixture.vault.seal_cursor(partnership(1), keys).unwrap();
    assert!(
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'),
        "{text}"
    );
    assert_eq!(
        fixture
            .restarted_vault()
            .open_cursor(partnership(1), &text)
            .unwrap(),
        keys
    );
    assert_ne!(
        fixture.vault.seal_cursor(partnership(1), keys).unwrap(),
        text
    );
}

#[test]
fn foreign_changed_and_malformed_cursors_are_refused() {
    let fixture = Fixture::new();
    let text = fixture
        .vault
        .seal_cursor(partnership(1), b"position")
        .unwrap();
    assert_eq!(
        fixture.vault.open_cursor(partnership(2), &text),
        Err(VaultError::Cursor)
    );
    for index in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(
            fixture.vault.open_cursor(partnership(1), &changed),
            Err(VaultError::Cursor),
            "{index}"
        );
    }
    for rubbish in [
        "",
        "=",
        "AAAA",
        "ø",
        " ",
        &"A".repeat(5_000),
        &format!("{text}="),
        &format!("{text}A"),
    ] {
        assert_eq!(
            fixture.vault.open_cursor(partnership(1), rubbish),
            Err(VaultError::Cursor)
        );
    }
}
