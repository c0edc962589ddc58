//! Round trips, and everything a sealed value is bound to.

use std::time::Duration;

use rstest::rstest;
use uuid::Uuid;

use super::*;
use crate::VaultError;

#[test]
fn one_key_seals_many_places_and_survives_a_restart() {
    let fixture = Fixture::new();
    let terms = until(scope(1), now().plus(hours(48)));
    let (key, wrapped) = fixture.vault.create_key(now(), &terms, &version_place()).unwrap();
    let sealed: Vec<_> = (0_u8..5)
        .map(|number| {
            let place = Place { row: Uuid::from_u128(u128::from(number)), ..entry_place() };
            (place, vec![number; usize::from(number) * 100], key.seal(&place, &vec![number; usize::from(number) * 100]))
        })
        .collect();
    let opened = fixture.restarted().open_key(now(), &terms, &version_place(), &wrapped).unwrap();
    for (place, plain, sealed) in sealed {
        assert_eq!(*opened.open(&place, &sealed.unwrap()).unwrap(), plain);
    }
}

#[test]
fn permanent_terms_need_no_epoch() {
    let fixture = Fixture::new();
    let terms = Terms::Permanent { partnership: partnership(1) };
    let (key, wrapped) = fixture.vault.create_key(now(), &terms, &version_place()).unwrap();
    let sealed = key.seal(&entry_place(), b"Health visitor").unwrap();
    let far = now().plus(hours(24 * 365 * 50));
    assert!(fixture.vault.destroy_epochs_over(far).unwrap().is_empty());
    let opened = fixture.restarted().open_key(far, &terms, &version_place(), &wrapped).unwrap();
    assert_eq!(opened.open(&entry_place(), &sealed).unwrap().as_slice(), b"Health visitor");
    let other = Terms::Permanent { partnership: partnership(2) };
    fixture.vault.create_key(now(), &other, &version_place()).unwrap();
    assert_eq!(fixture.vault.open_key(now(), &other, &version_place(), &wrapped).unwrap_err(), VaultError::Tampered);
}

#[rstest]
#[case::table(Place { table: "people", ..version_place() }, scope(1), 0)]
#[case::row(Place { row: Uuid::from_u128(99), ..version_place() }, scope(1), 0)]
#[case::version(Place { version: 2, ..version_place() }, scope(1), 0)]
#[case::scope(version_place(), scope(2), 0)]
#[case::end_in_the_same_epoch(version_place(), scope(1), 1)]
#[case::end_in_another_epoch(version_place(), scope(1), 3_600_000_000)]
fn a_wrap_opens_only_where_it_belongs(#[case] place: Place, #[case] under: KeyScope, #[case] later_micros: u64) {
    let fixture = Fixture::new();
    let ends = now().plus(hours(1));
    let (_, wrapped) = fixture.vault.create_key(now(), &until(scope(1), ends), &version_place()).unwrap();
    let terms = until(under, ends.plus(Duration::from_micros(later_micros)));
    // The other keys exist, so that what refuses is the binding and not a missing key.
    fixture.vault.create_key(now(), &terms, &place).unwrap();
    assert_eq!(fixture.vault.open_key(now(), &terms, &place, &wrapped).unwrap_err(), VaultError::Tampered);
}

#[rstest]
#[case::table(Place { table: "fragment_versions", ..entry_place() })]
#[case::row(Place { row: Uuid::from_u128(42), ..entry_place() })]
#[case::version(Place { version: 2, ..entry_place() })]
fn a_payload_opens_only_where_it_belongs(#[case] place: Place) {
    let fixture = Fixture::new();
    let (key, _) = fixture.vault.create_key(now(), &until(scope(1), now().plus(hours(1))), &version_place()).unwrap();
    let sealed = key.seal(&entry_place(), b"Seen alone").unwrap();
    assert_eq!(key.open(&place, &sealed).unwrap_err(), VaultError::Tampered);
    assert!(key.open(&entry_place(), &sealed).is_ok());
}

#[test]
fn a_wrapped_key_and_a_payload_do_not_stand_for_each_other() {
    let fixture = Fixture::new();
    let terms = until(scope(1), now().plus(hours(1)));
    let (key, wrapped) = fixture.vault.create_key(now(), &terms, &version_place()).unwrap();
    let (other, _) = fixture.vault.create_key(now(), &terms, &version_place()).unwrap();
    let sealed = key.seal(&version_place(), &[1; 32]).unwrap();
    assert_eq!(other.open(&version_place(), &sealed).unwrap_err(), VaultError::Tampered);
    assert!(fixture.vault.open_key(now(), &terms, &version_place(), &sealed).is_err());
    assert!(key.open(&version_place(), &wrapped).is_err());
}

#[test]
fn every_byte_of_a_wrap_counts() {
    let fixture = Fixture::new();
    let terms = until(scope(1), now().plus(hours(1)));
    let (_, wrapped) = fixture.vault.create_key(now(), &terms, &version_place()).unwrap();
    for at in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[at] ^= 0x80;
        let expected = if at == 0 { VaultError::Malformed } else { VaultError::Tampered };
        assert_eq!(fixture.vault.open_key(now(), &terms, &version_place(), &changed).unwrap_err(), expected);
        assert!(fixture.vault.open_key(now(), &terms, &version_place(), &wrapped[..at]).is_err());
    }
}

#[rstest]
#[case::on_the_hour("2026-03-02T11:00:00Z")]
#[case::within_the_hour("2026-03-02T11:20:00.000001Z")]
#[case::last_of_the_hour("2026-03-02T10:59:59.999999Z")]
fn nothing_opens_from_its_end_on(#[case] ends: &str) {
    let fixture = Fixture::new();
    let ends = Instant::parse(ends).unwrap();
    let terms = until(scope(1), ends);
    let (_, wrapped) = fixture.vault.create_key(now(), &terms, &version_place()).unwrap();
    let last = ends.minus(Duration::from_micros(1));
    assert!(fixture.vault.open_key(last, &terms, &version_place(), &wrapped).is_ok());
    let longer = until(scope(1), ends.plus(hours(5)));
    for late in [ends, ends.plus(hours(2)), Instant::MAX] {
        assert_eq!(fixture.vault.open_key(late, &terms, &version_place(), &wrapped).unwrap_err(), VaultError::Expired);
        assert_eq!(fixture.vault.create_key(late, &terms, &version_place()).unwrap_err(), VaultError::Expired);
        let extended = fixture.vault.rewrap(late, &terms, &longer, &version_place(), &wrapped);
        assert_eq!(extended.unwrap_err(), VaultError::Expired);
    }
    let ended = fixture.vault.rewrap(last, &terms, &until(scope(1), last), &version_place(), &wrapped);
    assert_eq!(ended.unwrap_err(), VaultError::Expired, "the new end is over");
}

#[rstest]
#[case::later(scope(1), 72)]
#[case::earlier(scope(1), 2)]
#[case::same_epoch_other_scope(scope(2), 24)]
fn a_key_wrapped_anew_opens_the_old_payloads(#[case] to_scope: KeyScope, #[case] to_hours: u64) {
    let fixture = Fixture::new();
    let (from, to) = (until(scope(1), now().plus(hours(24))), until(to_scope, now().plus(hours(to_hours))));
    let (key, wrapped) = fixture.vault.create_key(now(), &from, &version_place()).unwrap();
    let sealed = key.seal(&entry_place(), b"Moved house").unwrap();
    let anew = fixture.vault.rewrap(now(), &from, &to, &version_place(), &wrapped).unwrap();
    let vault = fixture.restarted();
    let opened = vault.open_key(now(), &to, &version_place(), &anew).unwrap();
    assert_eq!(opened.open(&entry_place(), &sealed).unwrap().as_slice(), b"Moved house");
    assert!(vault.open_key(now(), &from, &version_place(), &anew).is_err());
    assert!(vault.open_key(now(), &to, &version_place(), &wrapped).is_err());
}

#[test]
fn an_extension_outlives_its_first_epoch() {
    let fixture = Fixture::new();
    let (from, to) = (until(scope(1), now().plus(hours(2))), until(scope(1), now().plus(hours(50))));
    let (_, wrapped) = fixture.vault.create_key(now(), &from, &version_place()).unwrap();
    let anew = fixture.vault.rewrap(now(), &from, &to, &version_place(), &wrapped).unwrap();
    let later = now().plus(hours(10));
    assert_eq!(fixture.vault.destroy_epochs_over(later).unwrap().len(), 1);
    assert!(fixture.restarted().open_key(later, &to, &version_place(), &anew).is_ok());
}

#[test]
fn nothing_shows_itself_in_debug() {
    let fixture = Fixture::new();
    let (key, _) = fixture.vault.create_key(now(), &until(scope(1), now().plus(hours(1))), &version_place()).unwrap();
    assert_eq!(format!("{key:?} {:?} {:?}", fixture.vault, fixture.keystore()), "DataKey(…) Vault(…) FileKeystore(…)");
}
