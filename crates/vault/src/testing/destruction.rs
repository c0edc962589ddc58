//! Gone means gone: destroyed keys, copies of the keystore, kills half-way, and what a node still has in memory.

use super::*;
use crate::{AuditEpoch, Destruction, Epoch, KeyKind};

pub fn an_epoch_is_destroyed_when_its_hour_is_over_and_not_before<S: Shelf>() {
    let bench = Bench::<S>::new();
    let ends = Instant::parse("2026-03-02T11:20:00Z").unwrap();
    let kept = until(scope(1), ends.plus(hours(1)));
    let (gone_wrap, kept_wrap) = (wrapped(&bench, &until(scope(1), ends)), wrapped(&bench, &kept));
    let over = Instant::parse("2026-03-02T12:00:00Z").unwrap();
    assert!(bench.vault.destroy_epochs_over(over.minus(Duration::from_micros(1))).unwrap().is_empty());
    let published = bench.vault.epochs().unwrap();
    let destroyed = bench.vault.destroy_epochs_over(over).unwrap();
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
    for vault in [&bench.vault, &bench.restarted()] {
        assert_eq!(refusal(vault, &until(scope(1), ends), &gone_wrap), Some(VaultError::Destroyed));
        assert_eq!(refusal(vault, &kept, &kept_wrap), None);
    }
    assert!(bench.vault.destroy_epochs_over(over).unwrap().is_empty(), "once is enough");
    assert_eq!(bench.restarted().destroyed_epochs(now()).unwrap(), destroyed, "what a killed worker still certifies");
    assert!(bench.vault.destroyed_epochs(over.plus(Duration::from_micros(1))).unwrap().is_empty());
}

pub fn a_destroyed_epoch_is_not_made_again_even_by_a_clock_set_back<S: Shelf>() {
    let bench = Bench::<S>::new();
    let terms = until(scope(1), now().plus(hours(1)));
    let _ = wrapped(&bench, &terms);
    bench.vault.destroy_epochs_over(now().plus(hours(9))).unwrap();
    for vault in [&bench.vault, &bench.restarted()] {
        assert_eq!(vault.create_key(now(), &terms, &version_place()).unwrap_err(), VaultError::Destroyed);
    }
}

pub fn an_epoch_of_the_past_is_not_made<S: Shelf>() {
    let bench = Bench::<S>::new();
    let epoch = Epoch::of(now());
    let made = bench.keystore().load_or_create(epoch.over_at(), KeyId::Epoch(epoch));
    assert_eq!(made.unwrap_err(), VaultError::Expired);
    assert!(bench.keystore().load_or_create(now(), KeyId::Epoch(epoch)).is_ok());
}

pub fn a_scope_is_destroyed_early_alone_and_for_good<S: Shelf>() {
    let bench = Bench::<S>::new();
    let (closed, other) = (until(scope(1), now().plus(hours(24))), until(scope(2), now().plus(hours(24))));
    let (closed_wrap, other_wrap) = (wrapped(&bench, &closed), wrapped(&bench, &other));
    let published = bench.vault.scope(scope(1)).unwrap().unwrap();
    let destroyed = bench.vault.destroy_scope(now().plus(hours(1)), scope(1)).unwrap();
    assert_eq!(
        (destroyed.kind, destroyed.commitment, destroyed.probe_opens),
        (KeyKind::Scope, published.commitment, false)
    );
    assert_eq!((destroyed.created_at, destroyed.destroyed_at), (now(), now().plus(hours(1))));
    for vault in [&bench.vault, &bench.restarted()] {
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

pub fn an_object_is_destroyed_alone_and_goes_with_its_scope<S: Shelf>() {
    let bench = Bench::<S>::new();
    let under = |object| Terms::Until { scope: scope(1), object, expires_at: now().plus(hours(24)) };
    let [one, other, whole] = [under(Some(scope(11))), under(Some(scope(12))), under(None)];
    let wraps = [&one, &other, &whole].map(|terms| wrapped(&bench, terms));
    let refusals = |vault: &Vault| {
        let each = [&one, &other, &whole].into_iter().zip(&wraps);
        each.map(|(terms, wrap)| refusal(vault, terms, wrap)).collect::<Vec<_>>()
    };
    assert_eq!(refusals(&bench.vault), [None, None, None]);
    bench.vault.destroy_scope(now(), scope(11)).unwrap();
    for vault in [&bench.vault, &bench.restarted()] {
        assert_eq!(refusals(vault), [Some(VaultError::Destroyed), None, None]);
        assert_eq!(vault.create_key(now(), &one, &version_place()).unwrap_err(), VaultError::Destroyed);
    }
    bench.vault.destroy_scope(now(), scope(1)).unwrap();
    for vault in [&bench.vault, &bench.restarted()] {
        assert_eq!(refusals(vault), [const { Some(VaultError::Destroyed) }; 3]);
    }
}

pub fn a_discarded_key_is_away_without_a_trace<S: Shelf>() {
    let bench = Bench::<S>::new();
    let under =
        |object| Terms::Until { scope: scope(1), object: Some(scope(object)), expires_at: now().plus(hours(24)) };
    let wraps = [11, 12, 13].map(|object| wrapped(&bench, &under(object)));
    bench.vault.destroy_scope(now(), scope(13)).unwrap();
    bench.vault.discard_scopes(&[scope(11), scope(13), scope(14)]).unwrap();
    for vault in [&bench.vault, &bench.restarted()] {
        assert_eq!(refusal(vault, &under(11), &wraps[0]), Some(VaultError::Destroyed));
        assert_eq!(refusal(vault, &under(12), &wraps[1]), None);
        assert_eq!((vault.scope(scope(11)), vault.destroyed_scope(scope(11))), (Ok(None), Ok(None)));
        assert!(vault.destroyed_scope(scope(13)).unwrap().is_some(), "what is destroyed stays so");
    }
    assert_eq!(bench.shelf.raw(KeyId::from(scope(11))), None);
}

pub fn a_scope_destroyed_before_its_first_use_stays_so<S: Shelf>() {
    let bench = Bench::<S>::new();
    assert!(!bench.vault.destroy_scope(now(), scope(7)).unwrap().probe_opens);
    let made = bench.vault.create_key(now(), &until(scope(7), now().plus(hours(1))), &version_place());
    assert_eq!(made.unwrap_err(), VaultError::Destroyed);
    assert!(bench.vault.epochs().unwrap().is_empty(), "and left no epoch key behind");
}

pub fn a_copy_without_the_key_opens_nothing<S: Shelf>() {
    let terms = until(scope(1), now().plus(hours(2)));
    for key in [KeyId::Epoch(Epoch::of(now().plus(hours(2)))), scope(1).into()] {
        let bench = Bench::<S>::new();
        let wrap = wrapped(&bench, &terms);
        let copy = bench.shelf.copy();
        assert_eq!(refusal(&over(&copy, &bench.root), &terms, &wrap), None, "the copy is good while it has the key");
        copy.put_raw(key, None);
        assert_eq!(refusal(&over(&copy, &bench.root), &terms, &wrap), Some(VaultError::Destroyed));
        // Nor does a key of the same name made afresh.
        let anew = over(&copy, &bench.root);
        anew.create_key(now(), &terms, &version_place()).unwrap();
        assert_eq!(refusal(&anew, &terms, &wrap), Some(VaultError::Tampered));
    }
}

/// What a kill leaves after each step of a destruction: the marker alone, and the key overwritten in part or in full.
pub fn a_destruction_killed_half_way_is_over_at_once_and_finished_at_the_next_start<S: Shelf>() {
    for overwritten in [0, 1, 150, usize::MAX] {
        let bench = Bench::<S>::new();
        let (terms, key) = (until(scope(1), now().plus(hours(2))), KeyId::from(scope(1)));
        let wrap = wrapped(&bench, &terms);
        let mut bytes = bench.shelf.raw(key).unwrap();
        let destroyed = bench.vault.destroy_scope(now(), scope(1)).unwrap();
        bytes.iter_mut().take(overwritten).for_each(|byte| *byte ^= 0x55);
        let running = bench.restarted();
        bench.shelf.put_raw(key, Some(&bytes));

        assert_eq!(refusal(&running, &terms, &wrap), Some(VaultError::Destroyed));
        let probed = running.destroyed_scope(scope(1)).unwrap().unwrap();
        assert_eq!(probed.probe_opens, overwritten == 0, "the probe tells");
        assert_eq!(refusal(&bench.restarted(), &terms, &wrap), Some(VaultError::Destroyed));
        assert!(bench.shelf.raw(key).is_none());
        assert_eq!(bench.vault.destroyed_scope(scope(1)).unwrap(), Some(destroyed));
    }
}

pub fn a_half_destroyed_epoch_is_finished_by_the_running_worker_too<S: Shelf>() {
    let bench = Bench::<S>::new();
    let _ = wrapped(&bench, &until(scope(1), now().plus(hours(2))));
    let key = KeyId::Epoch(Epoch::of(now().plus(hours(2))));
    let bytes = bench.shelf.raw(key).unwrap();
    let late = now().plus(hours(5));
    let first = bench.vault.destroy_epochs_over(late).unwrap();
    bench.shelf.put_raw(key, Some(&bytes));
    assert_eq!(bench.vault.destroy_epochs_over(late.plus(hours(1))).unwrap(), first);
    assert!(bench.shelf.raw(key).is_none());
}

pub fn a_key_that_can_no_longer_be_read_can_still_be_destroyed<S: Shelf>() {
    let bench = Bench::<S>::new();
    let (terms, key) = (until(scope(1), now().plus(hours(2))), KeyId::from(scope(1)));
    let wrap = wrapped(&bench, &terms);
    bench.shelf.put_raw(key, Some(b"{"));
    assert_eq!(refusal(&bench.restarted(), &terms, &wrap), Some(VaultError::Tampered));
    assert!(bench.shelf.raw(key).is_some(), "damage alone is no reason to destroy");
    let destroyed = bench.vault.destroy_scope(now(), scope(1)).unwrap();
    assert_eq!((destroyed.commitment, destroyed.probe_opens), ([0; 32], false));
    assert!(bench.shelf.raw(key).is_none());
}

pub fn a_node_forgets_within_a_minute_what_another_destroyed<S: Shelf>() {
    let bench = Bench::<S>::new();
    let terms = until(scope(1), now().plus(hours(2)));
    let wrap = wrapped(&bench, &terms);
    let other = bench.restarted();
    assert_eq!(refusal(&other, &terms, &wrap), None);
    bench.vault.destroy_scope(now(), scope(1)).unwrap();
    let after = |seconds| {
        let at = now().plus(Duration::from_secs(seconds));
        other.open_key(at, &terms, &version_place(), &wrap).err()
    };
    assert_eq!(after(30), None);
    assert_eq!(after(60), Some(VaultError::Destroyed));
}

pub fn a_clock_set_back_makes_a_node_ask_the_keystore_again<S: Shelf>() {
    for back in [now().minus(hours(1)), Instant::MIN] {
        let bench = Bench::<S>::new();
        let terms = until(scope(1), now().plus(hours(2)));
        let wrap = wrapped(&bench, &terms);
        let other = bench.restarted();
        assert_eq!(refusal(&other, &terms, &wrap), None);
        bench.vault.destroy_scope(now(), scope(1)).unwrap();
        let opened = other.open_key(back, &terms, &version_place(), &wrap);
        assert_eq!(opened.unwrap_err(), VaultError::Destroyed);
    }
}

pub fn audit_periods_go_one_by_one<S: Shelf>() {
    let bench = Bench::<S>::new();
    let (first, second) = (AuditEpoch::of(now()), AuditEpoch(AuditEpoch::of(now()).0 + 1));
    let place = Place { table: "audit", row: Uuid::from_u128(1), version: 0 };
    let sealed = bench.vault.audit_key(now(), first).unwrap().seal(&place, b"who").unwrap();
    let _ = bench.vault.audit_key(first.over_at(), second).unwrap();
    assert_eq!(bench.vault.audit_epochs().unwrap(), [first, second]);
    assert_eq!(bench.restarted().audit_key(now(), first).unwrap().open(&place, &sealed).unwrap().as_slice(), b"who");
    let gone = bench.vault.destroy_audit_epochs(second.over_at(), first.over_at()).unwrap();
    assert_eq!(gone.iter().map(|one| (one.kind, one.probe_opens)).collect::<Vec<_>>(), [(KeyKind::Audit, false)]);
    for vault in [&bench.vault, &bench.restarted()] {
        assert_eq!(vault.audit_epochs().unwrap(), [second]);
        assert_eq!(vault.audit_key(now(), first).unwrap_err(), VaultError::Destroyed);
    }
}
