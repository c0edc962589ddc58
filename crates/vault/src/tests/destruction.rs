//! Gone means gone: destroyed keys, copies of the folder, kills half-way, and what a node still has in memory.

use std::time::Duration;

use rstest::rstest;

use super::*;
use crate::{Destruction, Epoch, KeyId, KeyKind, Keystore as _, VaultError};

/// A data key under `terms`, wrapped.
fn wrapped(fixture: &Fixture, terms: &Terms) -> Vec<u8> {
    fixture.vault.create_key(now(), terms, &version_place()).unwrap().1
}

fn refusal(vault: &Vault, terms: &Terms, wrapped: &[u8]) -> Option<VaultError> {
    vault.open_key(now(), terms, &version_place(), wrapped).err()
}

#[test]
fn an_epoch_is_destroyed_when_its_hour_is_over_and_not_before() {
    let fixture = Fixture::new();
    let ends = Instant::parse("2026-03-02T11:20:00Z").unwrap();
    let kept = until(scope(1), ends.plus(hours(1)));
    let (gone_wrap, kept_wrap) = (wrapped(&fixture, &until(scope(1), ends)), wrapped(&fixture, &kept));
    let over = Instant::parse("2026-03-02T12:00:00Z").unwrap();
    assert!(fixture.vault.destroy_epochs_over(over.minus(Duration::from_micros(1))).unwrap().is_empty());
    let published = fixture.vault.epochs().unwrap();
    let destroyed = fixture.vault.destroy_epochs_over(over).unwrap();
    let expected = Destruction {
        kind: KeyKind::Epoch,
        id: Epoch::of(ends).0.to_string(),
        commitment: published[0].commitment,
        created_at: now(),
        destroyed_at: over,
        probe_opens: false,
    };
    assert_eq!(destroyed, [expected]);
    // The time is given as one at which it was live: a clock set back.
    for vault in [&fixture.vault, &fixture.restarted()] {
        assert_eq!(refusal(vault, &until(scope(1), ends), &gone_wrap), Some(VaultError::Destroyed));
        assert_eq!(refusal(vault, &kept, &kept_wrap), None);
    }
    assert!(fixture.vault.destroy_epochs_over(over).unwrap().is_empty(), "once is enough");
    assert_eq!(fixture.restarted().destroyed_epochs(now()).unwrap(), destroyed, "what a killed worker still certifies");
    assert!(fixture.vault.destroyed_epochs(over.plus(Duration::from_micros(1))).unwrap().is_empty());
}

#[test]
fn a_destroyed_epoch_is_not_made_again_even_by_a_clock_set_back() {
    let fixture = Fixture::new();
    let terms = until(scope(1), now().plus(hours(1)));
    wrapped(&fixture, &terms);
    fixture.vault.destroy_epochs_over(now().plus(hours(9))).unwrap();
    for vault in [&fixture.vault, &fixture.restarted()] {
        assert_eq!(vault.create_key(now(), &terms, &version_place()).unwrap_err(), VaultError::Destroyed);
    }
}

#[test]
fn an_epoch_of_the_past_is_not_made() {
    let fixture = Fixture::new();
    let epoch = Epoch::of(now());
    let made = fixture.keystore().load_or_create(epoch.over_at(), KeyId::Epoch(epoch));
    assert_eq!(made.unwrap_err(), VaultError::Expired);
    assert!(fixture.keystore().load_or_create(now(), KeyId::Epoch(epoch)).is_ok());
}

#[test]
fn a_scope_is_destroyed_early_alone_and_for_good() {
    let fixture = Fixture::new();
    let (closed, other) = (until(scope(1), now().plus(hours(24))), until(scope(2), now().plus(hours(24))));
    let (closed_wrap, other_wrap) = (wrapped(&fixture, &closed), wrapped(&fixture, &other));
    let published = fixture.vault.scope(scope(1)).unwrap().unwrap();
    let destroyed = fixture.vault.destroy_scope(now().plus(hours(1)), scope(1)).unwrap();
    assert_eq!(
        (destroyed.kind, destroyed.commitment, destroyed.probe_opens),
        (KeyKind::Scope, published.commitment, false)
    );
    assert_eq!((destroyed.created_at, destroyed.destroyed_at), (now(), now().plus(hours(1))));
    for vault in [&fixture.vault, &fixture.restarted()] {
        assert_eq!(refusal(vault, &closed, &closed_wrap), Some(VaultError::Destroyed));
        assert_eq!(vault.create_key(now(), &closed, &version_place()).unwrap_err(), VaultError::Destroyed);
        assert_eq!(vault.rewrap(now(), &other, &closed, &version_place(), &other_wrap), Err(VaultError::Destroyed));
        assert_eq!(refusal(vault, &other, &other_wrap), None);
        assert_eq!(vault.scope(scope(1)), Ok(None));
        assert_eq!(vault.destroy_scope(now().plus(hours(5)), scope(1)).unwrap(), destroyed, "asked again");
        assert_eq!(vault.destroyed_scope(scope(1)).unwrap(), Some(destroyed.clone()));
        assert_eq!(vault.destroyed_scope(scope(2)), Ok(None));
    }
}

#[test]
fn a_scope_destroyed_before_its_first_use_stays_so() {
    let fixture = Fixture::new();
    assert!(!fixture.vault.destroy_scope(now(), scope(7)).unwrap().probe_opens);
    let made = fixture.vault.create_key(now(), &until(scope(7), now().plus(hours(1))), &version_place());
    assert_eq!(made.unwrap_err(), VaultError::Destroyed);
    assert!(fixture.vault.epochs().unwrap().is_empty(), "and left no epoch key behind");
}

#[rstest]
#[case::epoch(true)]
#[case::scope(false)]
fn a_copy_of_the_folder_without_the_key_opens_nothing(#[case] epoch: bool) {
    let fixture = Fixture::new();
    let terms = until(scope(1), now().plus(hours(2)));
    let wrap = wrapped(&fixture, &terms);
    let copy = fixture.copy("copy");
    let key = if epoch { KeyId::Epoch(Epoch::of(now().plus(hours(2)))) } else { scope(1).into() };
    let control = open(&copy, &fixture.root);
    assert_eq!(refusal(&control, &terms, &wrap), None, "the copy is good while it has the key");
    let name = format!("{key}.key");
    let file = files(&copy).into_iter().find(|path| path.ends_with(&name)).unwrap();
    std::fs::remove_file(file).unwrap();
    assert_eq!(refusal(&open(&copy, &fixture.root), &terms, &wrap), Some(VaultError::Destroyed));
    // Nor does a key of the same name made afresh.
    let anew = open(&copy, &fixture.root);
    anew.create_key(now(), &terms, &version_place()).unwrap();
    assert_eq!(refusal(&anew, &terms, &wrap), Some(VaultError::Tampered));
}

/// What a kill leaves after each step of a destruction: the marker alone, and the file overwritten in part or in full.
#[rstest]
#[case::marker_only(0)]
#[case::one_byte_overwritten(1)]
#[case::half_overwritten(150)]
#[case::overwritten_not_removed(usize::MAX)]
fn a_destruction_killed_half_way_is_over_at_once_and_finished_at_the_next_start(#[case] overwritten: usize) {
    let fixture = Fixture::new();
    let terms = until(scope(1), now().plus(hours(2)));
    let wrap = wrapped(&fixture, &terms);
    let key = fixture.keys().join("scopes").join(format!("{}.key", KeyId::from(scope(1))));
    let mut bytes = std::fs::read(&key).unwrap();
    let destroyed = fixture.vault.destroy_scope(now(), scope(1)).unwrap();
    bytes.iter_mut().take(overwritten).for_each(|byte| *byte ^= 0x55);
    let running = fixture.restarted();
    std::fs::write(&key, bytes).unwrap();

    assert_eq!(refusal(&running, &terms, &wrap), Some(VaultError::Destroyed));
    assert_eq!(running.destroyed_scope(scope(1)).unwrap().unwrap().probe_opens, overwritten == 0, "the probe tells");
    assert_eq!(refusal(&fixture.restarted(), &terms, &wrap), Some(VaultError::Destroyed));
    assert!(!key.exists());
    assert_eq!(fixture.vault.destroyed_scope(scope(1)).unwrap(), Some(destroyed));
}

#[test]
fn a_half_destroyed_epoch_is_finished_by_the_running_worker_too() {
    let fixture = Fixture::new();
    let terms = until(scope(1), now().plus(hours(2)));
    wrapped(&fixture, &terms);
    let name = format!("{}.key", KeyId::Epoch(Epoch::of(now().plus(hours(2)))));
    let key = fixture.keys().join("epochs").join(name);
    let bytes = std::fs::read(&key).unwrap();
    let late = now().plus(hours(5));
    let first = fixture.vault.destroy_epochs_over(late).unwrap();
    std::fs::write(&key, bytes).unwrap();
    assert_eq!(fixture.vault.destroy_epochs_over(late.plus(hours(1))).unwrap(), first);
    assert!(!key.exists());
}

#[test]
fn a_key_file_that_can_no_longer_be_read_can_still_be_destroyed() {
    let fixture = Fixture::new();
    let terms = until(scope(1), now().plus(hours(2)));
    let wrap = wrapped(&fixture, &terms);
    let key = fixture.keys().join("scopes").join(format!("{}.key", KeyId::from(scope(1))));
    std::fs::write(&key, b"{").unwrap();
    assert_eq!(refusal(&fixture.restarted(), &terms, &wrap), Some(VaultError::Tampered));
    assert!(key.exists(), "damage alone is no reason to destroy");
    let destroyed = fixture.vault.destroy_scope(now(), scope(1)).unwrap();
    assert_eq!((destroyed.commitment, destroyed.probe_opens), ([0; 32], false));
    assert!(!key.exists());
}

#[test]
fn a_node_forgets_within_a_minute_what_another_destroyed() {
    let fixture = Fixture::new();
    let terms = until(scope(1), now().plus(hours(2)));
    let wrap = wrapped(&fixture, &terms);
    let other = fixture.restarted();
    assert_eq!(refusal(&other, &terms, &wrap), None);
    fixture.vault.destroy_scope(now(), scope(1)).unwrap();
    let after = |seconds| {
        let at = now().plus(Duration::from_secs(seconds));
        other.open_key(at, &terms, &version_place(), &wrap).err()
    };
    assert_eq!(after(30), None);
    assert_eq!(after(60), Some(VaultError::Destroyed));
}

#[rstest]
#[case::set_back(now().minus(hours(1)))]
#[case::set_far_back(Instant::MIN)]
fn a_clock_set_back_makes_a_node_ask_the_keystore_again(#[case] back: Instant) {
    let fixture = Fixture::new();
    let terms = until(scope(1), now().plus(hours(2)));
    let wrap = wrapped(&fixture, &terms);
    let other = fixture.restarted();
    assert_eq!(refusal(&other, &terms, &wrap), None);
    fixture.vault.destroy_scope(now(), scope(1)).unwrap();
    let opened = other.open_key(back, &terms, &version_place(), &wrap);
    assert_eq!(opened.unwrap_err(), VaultError::Destroyed);
}
