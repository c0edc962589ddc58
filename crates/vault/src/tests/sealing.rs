//! Round trips, and everything that a sealed value is bound to.

use std::time::Duration;

use rstest::rstest;
use uuid::Uuid;

use super::*;
use crate::VaultError;

#[test]
fn key_seals_many_records_and_survives_a_restart() {
    let fixture = Fixture::new();
    let terms = expiring_terms(scope(1), now().plus(hours(48)));
    let (key, wrapped) = fixture
        .vault
        .create_key(now(), &terms, &version_location())
        .unwrap();
    let sealed: Vec<_> = (0_u8..5)
        .map(|number| {
            let location = RecordLocation {
                row: Uuid::from_u128(u128::from(number)),
                ..entry_location()
            };
            (
                location,
                vec![number; usize::from(number) * 100],
                key.seal(&location, &vec![number; usize::from(number) * 100]),
            )
        })
        .collect();
    let opened = fixture
        .restarted_vault()
        .open_key(now(), &terms, &version_location(), &wrapped)
        .unwrap();
    for (location, plain, sealed) in sealed {
        assert_eq!(*opened.open(&location, &sealed.unwrap()).unwrap(), plain);
    }
}

#[test]
fn permanent_terms_need_no_epoch() {
    let fixture = Fixture::new();
    let terms = KeyTerms::Permanent {
        partnership: partnership(1),
    };
    let (key, wrapped) = fixture
        .vault
        .create_key(now(), &terms, &version_location())
        .unwrap();
    let sealed = key.seal(&entry_location(), b"Health visitor").unwrap();
    let far = now().plus(hours(24 * 365 * 50));
    assert!(
        fixture
            .vault
            .destroy_expired_epochs(far)
            .unwrap()
            .is_empty()
    );
    let opened = fixture
        .restarted_vault()
        .open_key(far, &terms, &version_location(), &wrapped)
        .unwrap();
    assert_eq!(
        opened.open(&entry_location(), &sealed).unwrap().as_slice(),
        b"Health visitor"
    );
    let other = KeyTerms::Permanent {
        partnership: partnership(2),
    };
    fixture
        .vault
        .create_key(now(), &other, &version_location())
        .unwrap();
    assert_eq!(
        fixture
            .vault
            .open_key(now(), &other, &version_location(), &wrapped)
            .unwrap_err(),
        VaultError::Tampered
    );
}

#[rstest]
#[case::table(RecordLocation { table: SealedTable::People, ..version_location() }, scope(1), 0)]
#[case::row(RecordLocation { row: Uuid::from_u128(99), ..version_location() }, scope(1), 0)]
#[case::version(RecordLocation { version: 2, ..version_location() }, scope(1), 0)]
#[case::scope(version_location(), scope(2), 0)]
#[case::end_in_the_same_epoch(version_location(), scope(1), 1)]
#[case::end_in_another_epoch(version_location(), scope(1), 3_600_000_000)]
fn wrapped_key_opens_only_for_its_location_and_terms(
    #[case] location: RecordLocation,
    #[case] under: KeyScope,
    #[case] later_micros: u64,
) {
    let fixture = Fixture::new();
    let ends = now().plus(hours(1));
    let (_, wrapped) = fixture
        .vault
        .create_key(now(), &expiring_terms(scope(1), ends), &version_location())
        .unwrap();
    let terms = expiring_terms(under, ends.plus(Duration::from_micros(later_micros)));
    // The other keys exist, so that the binding refuses the key and not a missing key.
    fixture.vault.create_key(now(), &terms, &location).unwrap();
    assert_eq!(
        fixture
            .vault
            .open_key(now(), &terms, &location, &wrapped)
            .unwrap_err(),
        VaultError::Tampered
    );
}

#[rstest]
#[case::table(RecordLocation { table: SealedTable::FragmentVersions, ..entry_location() })]
#[case::row(RecordLocation { row: Uuid::from_u128(42), ..entry_location() })]
#[case::version(RecordLocation { version: 2, ..entry_location() })]
fn payload_opens_only_for_its_location(#[case] location: RecordLocation) {
    let fixture = Fixture::new();
    let (key, _) = fixture
        .vault
        .create_key(
            now(),
            &expiring_terms(scope(1), now().plus(hours(1))),
            &version_location(),
        )
        .unwrap();
    let sealed = key.seal(&entry_location(), b"Seen alone").unwrap();
    assert_eq!(
        key.open(&location, &sealed).unwrap_err(),
        VaultError::Tampered
    );
    assert!(key.open(&entry_location(), &sealed).is_ok());
}

#[test]
fn wrapped_key_and_payload_are_not_interchangeable() {
    let fixture = Fixture::new();
    let terms = expiring_terms(scope(1), now().plus(hours(1)));
    let (key, wrapped) = fixture
        .vault
        .create_key(now(), &terms, &version_location())
        .unwrap();
    let (other, _) = fixture
        .vault
        .create_key(now(), &terms, &version_location())
        .unwrap();
    let sealed = key.seal(&version_location(), &[1; 32]).unwrap();
    assert_eq!(
        other.open(&version_location(), &sealed).unwrap_err(),
        VaultError::Tampered
    );
    assert!(
        fixture
            .vault
            .open_key(now(), &terms, &version_location(), &sealed)
            .is_err()
    );
    assert!(key.open(&version_location(), &wrapped).is_err());
}

#[test]
fn changed_or_truncated_wrapped_key_is_refused() {
    let fixture = Fixture::new();
    let terms = expiring_terms(scope(1), now().plus(hours(1)));
    let (_, wrapped) = fixture
        .vault
        .create_key(now(), &terms, &version_location())
        .unwrap();
    for index in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[index] ^= 0x80;
        let expected = if index == 0 {
            VaultError::Malformed
        } else {
            VaultError::Tampered
        };
        assert_eq!(
            fixture
                .vault
                .open_key(now(), &terms, &version_location(), &changed)
                .unwrap_err(),
            expected
        );
        assert!(
            fixture
                .vault
                .open_key(now(), &terms, &version_location(), &wrapped[..index])
                .is_err()
        );
    }
}

#[rstest]
#[case::on_the_hour("2026-03-02T11:00:00Z")]
#[case::within_the_hour("2026-03-02T11:20:00.000001Z")]
#[case::last_of_the_hour("2026-03-02T10:59:59.999999Z")]
fn nothing_opens_from_expires_at_on(#[case] ends: &str) {
    let fixture = Fixture::new();
    let ends = Instant::parse(ends).unwrap();
    let terms = expiring_terms(scope(1), ends);
    let (_, wrapped) = fixture
        .vault
        .create_key(now(), &terms, &version_location())
        .unwrap();
    let last = ends.minus(Duration::from_micros(1));
    assert!(
        fixture
            .vault
            .open_key(last, &terms, &version_location(), &wrapped)
            .is_ok()
    );
    let longer = expiring_terms(scope(1), ends.plus(hours(5)));
    for late in [ends, ends.plus(hours(2)), Instant::MAX] {
        assert_eq!(
            fixture
                .vault
                .open_key(late, &terms, &version_location(), &wrapped)
                .unwrap_err(),
            VaultError::Expired
        );
        assert_eq!(
            fixture
                .vault
                .create_key(late, &terms, &version_location())
                .unwrap_err(),
            VaultError::Expired
        );
        let extended = fixture
            .vault
            .rewrap(late, &terms, &longer, &version_location(), &wrapped);
        assert_eq!(extended.unwrap_err(), VaultError::Expired);
    }
    let ended = fixture.vault.rewrap(
        last,
        &terms,
        &expiring_terms(scope(1), last),
        &version_location(),
        &wrapped,
    );
    assert_eq!(
        ended.unwrap_err(),
        VaultError::Expired,
        "the new end is over"
    );
}

#[rstest]
#[case::later(scope(1), 72)]
#[case::earlier(scope(1), 2)]
#[case::same_epoch_other_scope(scope(2), 24)]
fn rewrapped_key_opens_existing_payloads(#[case] to_scope: KeyScope, #[case] to_hours: u64) {
    let fixture = Fixture::new();
    let from = expiring_terms(scope(1), now().plus(hours(24)));
    let to = expiring_terms(to_scope, now().plus(hours(to_hours)));
    let (key, wrapped) = fixture
        .vault
        .create_key(now(), &from, &version_location())
        .unwrap();
    let sealed = key.seal(&entry_location(), b"Moved house").unwrap();
    let rewrapped = fixture
        .vault
        .rewrap(now(), &from, &to, &version_location(), &wrapped)
        .unwrap();
    let vault = fixture.restarted_vault();
    let opened = vault
        .open_key(now(), &to, &version_location(), &rewrapped)
        .unwrap();
    assert_eq!(
        opened.open(&entry_location(), &sealed).unwrap().as_slice(),
        b"Moved house"
    );
    assert!(
        vault
            .open_key(now(), &from, &version_location(), &rewrapped)
            .is_err()
    );
    assert!(
        vault
            .open_key(now(), &to, &version_location(), &wrapped)
            .is_err()
    );
}

#[test]
fn extended_key_outlives_its_original_epoch() {
    let fixture = Fixture::new();
    let from = expiring_terms(scope(1), now().plus(hours(2)));
    let to = expiring_terms(scope(1), now().plus(hours(50)));
    let (_, wrapped) = fixture
        .vault
        .create_key(now(), &from, &version_location())
        .unwrap();
    let rewrapped = fixture
        .vault
        .rewrap(now(), &from, &to, &version_location(), &wrapped)
        .unwrap();
    let later = now().plus(hours(10));
    assert_eq!(
        fixture.vault.destroy_expired_epochs(later).unwrap().len(),
        1
    );
    assert!(
        fixture
            .restarted_vault()
            .open_key(later, &to, &version_location(), &rewrapped)
            .is_ok()
    );
}

#[test]
fn debug_output_exposes_no_secrets() {
    let fixture = Fixture::new();
    let (key, _) = fixture
        .vault
        .create_key(
            now(),
            &expiring_terms(scope(1), now().plus(hours(1))),
            &version_location(),
        )
        .unwrap();
    assert_eq!(
        format!("{key:?} {:?} {:?}", fixture.vault, fixture.keystore()),
        "DataKey(…) Vault(…) FileKeystore(…)"
    );
}
