//! Destroyed keys stay destroyed: in copies of the keystore, after interrupted destructions, and in
//! the memory of nodes.

use super::*;
use crate::{AuditEpoch, DestructionRecord, Epoch, KeyKind};

pub fn epoch_is_destroyed_only_after_its_hour_ends<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let ends = Instant::parse("2026-03-02T11:20:00Z").unwrap();
    let kept = expiring_terms(scope(1), ends.plus(hours(1)));
    let destroyed_wrap = wrapped_key(&fixture, &expiring_terms(scope(1), ends));
    let kept_wrap = wrapped_key(&fixture, &kept);
    let over = Instant::parse("2026-03-02T12:00:00Z").unwrap();
    assert!(
        fixture
            .vault
            .destroy_expired_epochs(over.minus(Duration::from_micros(1)))
            .unwrap()
            .is_empty()
    );
    let published = fixture.vault.epoch_records().unwrap();
    let destroyed = fixture.vault.destroy_expired_epochs(over).unwrap();
    let expected = DestructionRecord {
        kind: KeyKind::Epoch,
        id: Epoch::for_expiry(ends).0.to_string(),
        commitment: published[0].commitment,
        created_at: now(),
        destroyed_at: over,
        probe_opens: false,
    };
    assert_eq!(destroyed, [expected]);
    // Simulates a clock set back to a time when the content had not expired.
    for vault in [&fixture.vault, &fixture.restarted_vault()] {
        assert_eq!(
            open_error(vault, &expiring_terms(scope(1), ends), &destroyed_wrap),
            Some(VaultError::Destroyed)
        );
        assert_eq!(open_error(vault, &kept, &kept_wrap), None);
    }
    assert!(
        fixture
            .vault
            .destroy_expired_epochs(over)
            .unwrap()
            .is_empty(),
        "once is enough"
    );
    assert_eq!(
        fixture.restarted_vault().destroyed_epochs(now()).unwrap(),
        destroyed,
        "what a killed worker still certifies"
    );
    assert!(
        fixture
            .vault
            .destroyed_epochs(over.plus(Duration::from_micros(1)))
            .unwrap()
            .is_empty()
    );
}

pub fn destroyed_epoch_is_not_recreated_after_clock_set_back<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let terms = expiring_terms(scope(1), now().plus(hours(1)));
    let _ = wrapped_key(&fixture, &terms);
    fixture
        .vault
        .destroy_expired_epochs(now().plus(hours(9)))
        .unwrap();
    for vault in [&fixture.vault, &fixture.restarted_vault()] {
        assert_eq!(
            vault
                .create_key(now(), &terms, &version_location())
                .unwrap_err(),
            VaultError::Destroyed
        );
    }
}

pub fn past_epoch_is_not_created<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let epoch = Epoch::for_expiry(now());
    let made = fixture
        .keystore()
        .load_or_create(epoch.ends_at(), KeyId::Epoch(epoch));
    assert_eq!(made.unwrap_err(), VaultError::Expired);
    assert!(
        fixture
            .keystore()
            .load_or_create(now(), KeyId::Epoch(epoch))
            .is_ok()
    );
}

pub fn scope_destruction_is_early_isolated_and_permanent<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let closed = expiring_terms(scope(1), now().plus(hours(24)));
    let other = expiring_terms(scope(2), now().plus(hours(24)));
    let closed_wrap = wrapped_key(&fixture, &closed);
    let other_wrap = wrapped_key(&fixture, &other);
    let published = fixture.vault.scope_record(scope(1)).unwrap().unwrap();
    let destroyed = fixture
        .vault
        .destroy_scope(now().plus(hours(1)), scope(1))
        .unwrap();
    assert_eq!(
        (destroyed.kind, destroyed.commitment, destroyed.probe_opens),
        (KeyKind::Scope, published.commitment, false)
    );
    assert_eq!(
        (destroyed.created_at, destroyed.destroyed_at),
        (now(), now().plus(hours(1)))
    );
    for vault in [&fixture.vault, &fixture.restarted_vault()] {
        assert_eq!(
            open_error(vault, &closed, &closed_wrap),
            Some(VaultError::Destroyed)
        );
        assert_eq!(
            vault
                .create_key(now(), &closed, &version_location())
                .unwrap_err(),
            VaultError::Destroyed
        );
        assert_eq!(
            vault.rewrap(now(), &other, &closed, &version_location(), &other_wrap),
            Err(VaultError::Destroyed)
        );
        assert_eq!(open_error(vault, &other, &other_wrap), None);
        assert_eq!(vault.scope_record(scope(1)), Ok(None));
        assert_eq!(
            vault.destroy_scope(now().plus(hours(5)), scope(1)).unwrap(),
            destroyed,
            "asked again"
        );
        assert_eq!(
            vault.scope_destruction(scope(1)).unwrap(),
            Some(destroyed.clone())
        );
        assert_eq!(vault.scope_destruction(scope(2)), Ok(None));
    }
}

pub fn object_key_can_be_destroyed_alone_or_with_its_scope<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let under = |object| KeyTerms::Expiring {
        scope: scope(1),
        object,
        expires_at: now().plus(hours(24)),
    };
    let [one, other, whole] = [under(Some(scope(11))), under(Some(scope(12))), under(None)];
    let wraps = [&one, &other, &whole].map(|terms| wrapped_key(&fixture, terms));
    let refusals = |vault: &Vault| {
        let each = [&one, &other, &whole].into_iter().zip(&wraps);
        each.map(|(terms, wrap)| open_error(vault, terms, wrap))
            .collect::<Vec<_>>()
    };
    assert_eq!(refusals(&fixture.vault), [None, None, None]);
    fixture.vault.destroy_scope(now(), scope(11)).unwrap();
    for vault in [&fixture.vault, &fixture.restarted_vault()] {
        assert_eq!(refusals(vault), [Some(VaultError::Destroyed), None, None]);
        assert_eq!(
            vault
                .create_key(now(), &one, &version_location())
                .unwrap_err(),
            VaultError::Destroyed
        );
    }
    fixture.vault.destroy_scope(now(), scope(1)).unwrap();
    for vault in [&fixture.vault, &fixture.restarted_vault()] {
        assert_eq!(refusals(vault), [const { Some(VaultError::Destroyed) }; 3]);
    }
}

pub fn discarded_key_leaves_no_marker<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let under = |object| KeyTerms::Expiring {
        scope: scope(1),
        object: Some(scope(object)),
        expires_at: now().plus(hours(24)),
    };
    let wraps = [11, 12, 13].map(|object| wrapped_key(&fixture, &under(object)));
    fixture.vault.destroy_scope(now(), scope(13)).unwrap();
    fixture
        .vault
        .discard_scopes(&[scope(11), scope(13), scope(14)])
        .unwrap();
    for vault in [&fixture.vault, &fixture.restarted_vault()] {
        assert_eq!(
            open_error(vault, &under(11), &wraps[0]),
            Some(VaultError::Destroyed)
        );
        assert_eq!(open_error(vault, &under(12), &wraps[1]), None);
        assert_eq!(
            (
                vault.scope_record(scope(11)),
                vault.scope_destruction(scope(11))
            ),
            (Ok(None), Ok(None))
        );
        assert!(
            vault.scope_destruction(scope(13)).unwrap().is_some(),
            "what is destroyed stays so"
        );
    }
    assert_eq!(fixture.backend.stored_bytes(KeyId::from(scope(11))), None);
}

pub fn scope_destroyed_before_first_use_is_never_created<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    assert!(
        !fixture
            .vault
            .destroy_scope(now(), scope(7))
            .unwrap()
            .probe_opens
    );
    let made = fixture.vault.create_key(
        now(),
        &expiring_terms(scope(7), now().plus(hours(1))),
        &version_location(),
    );
    assert_eq!(made.unwrap_err(), VaultError::Destroyed);
    assert!(
        fixture.vault.epoch_records().unwrap().is_empty(),
        "and left no epoch key behind"
    );
}

pub fn copy_without_the_key_opens_nothing<B: KeystoreBackend>() {
    let terms = expiring_terms(scope(1), now().plus(hours(2)));
    for key in [
        KeyId::Epoch(Epoch::for_expiry(now().plus(hours(2)))),
        scope(1).into(),
    ] {
        let fixture = VaultFixture::<B>::new();
        let wrap = wrapped_key(&fixture, &terms);
        let copy = fixture.backend.duplicate();
        assert_eq!(
            open_error(&open_vault(&copy, &fixture.root), &terms, &wrap),
            None,
            "the copy is good while it has the key"
        );
        copy.set_stored_bytes(key, None);
        assert_eq!(
            open_error(&open_vault(&copy, &fixture.root), &terms, &wrap),
            Some(VaultError::Destroyed)
        );
        // A new key of the same name does not open it either.
        let anew = open_vault(&copy, &fixture.root);
        anew.create_key(now(), &terms, &version_location()).unwrap();
        assert_eq!(open_error(&anew, &terms, &wrap), Some(VaultError::Tampered));
    }
}

/// Simulates a kill after each step of a destruction: the marker only, then the key overwritten in
/// part or in full.
pub fn interrupted_destruction_takes_effect_and_finishes_at_next_start<B: KeystoreBackend>() {
    for overwritten in [0, 1, 150, usize::MAX] {
        let fixture = VaultFixture::<B>::new();
        let terms = expiring_terms(scope(1), now().plus(hours(2)));
        let key = KeyId::from(scope(1));
        let wrap = wrapped_key(&fixture, &terms);
        let mut bytes = fixture.backend.stored_bytes(key).unwrap();
        let destroyed = fixture.vault.destroy_scope(now(), scope(1)).unwrap();
        bytes
            .iter_mut()
            .take(overwritten)
            .for_each(|byte| *byte ^= 0x55);
        let running = fixture.restarted_vault();
        fixture.backend.set_stored_bytes(key, Some(&bytes));

        assert_eq!(
            open_error(&running, &terms, &wrap),
            Some(VaultError::Destroyed)
        );
        let probed = running.scope_destruction(scope(1)).unwrap().unwrap();
        assert_eq!(probed.probe_opens, overwritten == 0, "the probe tells");
        assert_eq!(
            open_error(&fixture.restarted_vault(), &terms, &wrap),
            Some(VaultError::Destroyed)
        );
        assert!(fixture.backend.stored_bytes(key).is_none());
        assert_eq!(
            fixture.vault.scope_destruction(scope(1)).unwrap(),
            Some(destroyed)
        );
    }
}

pub fn interrupted_epoch_destruction_is_finished_by_running_worker<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let _ = wrapped_key(&fixture, &expiring_terms(scope(1), now().plus(hours(2))));
    let key = KeyId::Epoch(Epoch::for_expiry(now().plus(hours(2))));
    let bytes = fixture.backend.stored_bytes(key).unwrap();
    let late = now().plus(hours(5));
    let first = fixture.vault.destroy_expired_epochs(late).unwrap();
    fixture.backend.set_stored_bytes(key, Some(&bytes));
    assert_eq!(
        fixture
            .vault
            .destroy_expired_epochs(late.plus(hours(1)))
            .unwrap(),
        first
    );
    assert!(fixture.backend.stored_bytes(key).is_none());
}

pub fn unreadable_key_can_be_destroyed<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let terms = expiring_terms(scope(1), now().plus(hours(2)));
    let key = KeyId::from(scope(1));
    let wrap = wrapped_key(&fixture, &terms);
    fixture.backend.set_stored_bytes(key, Some(b"{"));
    assert_eq!(
        open_error(&fixture.restarted_vault(), &terms, &wrap),
        Some(VaultError::Tampered)
    );
    assert!(
        fixture.backend.stored_bytes(key).is_some(),
        "damage alone is no reason to destroy"
    );
    let destroyed = fixture.vault.destroy_scope(now(), scope(1)).unwrap();
    assert_eq!(
        (destroyed.commitment, destroyed.probe_opens),
        ([0; 32], false)
    );
    assert!(fixture.backend.stored_bytes(key).is_none());
}

pub fn other_nodes_evict_destroyed_keys_within_a_minute<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let terms = expiring_terms(scope(1), now().plus(hours(2)));
    let wrap = wrapped_key(&fixture, &terms);
    let other = fixture.restarted_vault();
    assert_eq!(open_error(&other, &terms, &wrap), None);
    fixture.vault.destroy_scope(now(), scope(1)).unwrap();
    let after = |seconds| {
        let at = now().plus(Duration::from_secs(seconds));
        other.open_key(at, &terms, &version_location(), &wrap).err()
    };
    assert_eq!(after(30), None);
    assert_eq!(after(60), Some(VaultError::Destroyed));
}

pub fn clock_set_back_forces_reload_from_keystore<B: KeystoreBackend>() {
    for back in [now().minus(hours(1)), Instant::MIN] {
        let fixture = VaultFixture::<B>::new();
        let terms = expiring_terms(scope(1), now().plus(hours(2)));
        let wrap = wrapped_key(&fixture, &terms);
        let other = fixture.restarted_vault();
        assert_eq!(open_error(&other, &terms, &wrap), None);
        fixture.vault.destroy_scope(now(), scope(1)).unwrap();
        let opened = other.open_key(back, &terms, &version_location(), &wrap);
        assert_eq!(opened.unwrap_err(), VaultError::Destroyed);
    }
}

pub fn audit_periods_are_destroyed_independently<B: KeystoreBackend>() {
    let fixture = VaultFixture::<B>::new();
    let first = AuditEpoch::containing(now());
    let second = AuditEpoch(AuditEpoch::containing(now()).0 + 1);
    let location = RecordLocation {
        table: SealedTable::AuditRecords,
        row: Uuid::from_u128(1),
        version: 0,
    };
    let sealed = fixture
        .vault
        .audit_key(now(), first)
        .unwrap()
        .seal(&location, b"who")
        .unwrap();
    let _ = fixture.vault.audit_key(first.ends_at(), second).unwrap();
    assert_eq!(fixture.vault.audit_epochs().unwrap(), [first, second]);
    assert_eq!(
        fixture
            .restarted_vault()
            .audit_key(now(), first)
            .unwrap()
            .open(&location, &sealed)
            .unwrap()
            .as_slice(),
        b"who"
    );
    let destroyed = fixture
        .vault
        .destroy_audit_epochs(second.ends_at(), first.ends_at())
        .unwrap();
    assert_eq!(
        destroyed
            .iter()
            .map(|key| (key.kind, key.probe_opens))
            .collect::<Vec<_>>(),
        [(KeyKind::Audit, false)]
    );
    for vault in [&fixture.vault, &fixture.restarted_vault()] {
        assert_eq!(vault.audit_epochs().unwrap(), [second]);
        assert_eq!(
            vault.audit_key(now(), first).unwrap_err(),
            VaultError::Destroyed
        );
    }
}
