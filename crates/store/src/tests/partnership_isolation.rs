//! Every finder and every update is confined to its partnership, as if other partnerships did not
//! exist.

use domain::{
    AccessPermit, HoldScope, Instant, OutboxEvent, OutboxSubject, PartnershipId, Role,
    SubmissionOutcome, TombstoneKind, TombstoneReason,
};

use super::fixture::{
    EXPIRY_MINUTE, Fixture, RowCounts, access_permit, at_minute, count_rows, keyed_token, next_id,
    now, sealed, token,
};
use crate::*;

/// One row of each kind, in one partnership.
struct PartnershipRows {
    fixture: Fixture,
    person: PersonRow,
    family: FamilyRow,
    chronology: ChronologyRow,
    invitation: InvitationRow,
    fragment: FragmentRow,
    advance_fragment: FragmentRow,
    consolidation: ConsolidationRow,
    links: EventLinksRow,
    decision: LinkDecisionRow,
    hold: HoldRow,
    idempotency_record: IdempotencyRow,
    tombstone: TombstoneRow,
    access: EmergencyAccessRow,
    chronology_access: EmergencyChronologyRow,
    shown_fragment: ShownFragmentRow,
    event: OutboxRow,
}

fn insert_all(db: &Db, code: &str) -> PartnershipRows {
    let fixture = Fixture::create(db, code);
    let person = fixture.person();
    let family = fixture.family();
    let chronology = fixture.chronology(family.id);
    let mut fragment = fixture.fragment(family.id, Some(chronology.id));
    fragment.reference_index = Some(token("same"));
    let mut advance_fragment = fixture.fragment(family.id, None);
    advance_fragment.reference_index = Some(token("same"));
    let (access, chronology_access) = fixture.emergency_access(chronology.id);
    let rows = PartnershipRows {
        access,
        chronology_access,
        shown_fragment: fixture.shown_fragment(&fragment),
        event: fixture.outbox_row(OutboxEvent::Relink, chronology.id),
        fixture,
        invitation: fixture.invitation(chronology.id, fixture.school),
        consolidation: ConsolidationRow {
            signed_off_at: Some(now()),
            ..fixture.consolidation(chronology.id)
        },
        links: fixture.event_links(chronology.id),
        decision: fixture.link_decision(chronology.id),
        hold: fixture.hold(HoldScope::Chronology, Some(chronology.id.into())),
        idempotency_record: idempotency_record(&fixture),
        tombstone: tombstone(&fixture),
        person,
        family,
        chronology,
        fragment,
        advance_fragment,
    };
    db.write("rows", |tx| rows.insert(tx)).unwrap();
    rows
}

fn idempotency_record(fixture: &Fixture) -> IdempotencyRow {
    IdempotencyRow {
        partnership_id: fixture.partnership,
        practitioner_id: fixture.social_worker,
        key_index: token("same"),
        fingerprint: token("body"),
        object_id: Some(next_id()),
        outcome: Some(SubmissionOutcome::Created),
        expires_at: at_minute(EXPIRY_MINUTE),
        created_at: now(),
    }
}

fn tombstone(fixture: &Fixture) -> TombstoneRow {
    TombstoneRow {
        id: next_id(),
        kind: TombstoneKind::Chronology,
        partnership_id: fixture.partnership,
        chronology_id: None,
        agency_id: fixture.social_care,
        owner_id: fixture.social_worker,
        reason: TombstoneReason::Expired,
        created_at: now(),
        expired_at: now(),
        deleted_at: now(),
        entry_count: 7,
        content_index: token("hash"),
    }
}

impl PartnershipRows {
    fn insert(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let fixture = &self.fixture;
        people::insert(tx, &self.person, &[("nhs_number", b"same".to_vec())])?;
        families::insert(tx, &self.family)?;
        families::add_member(tx, fixture.partnership, self.family.id, self.person.id)?;
        chronologies::insert(tx, &self.chronology)?;
        chronologies::set_team(
            tx,
            fixture.partnership,
            self.chronology.id,
            &[fixture.social_worker],
        )?;
        invitations::insert(tx, &self.invitation)?;
        invitations::set_practitioners(
            tx,
            fixture.partnership,
            self.invitation.id,
            &[fixture.teacher],
        )?;
        fixture.insert_fragment(tx, &self.fragment)?;
        fixture.insert_fragment(tx, &self.advance_fragment)?;
        let consolidation_fragment =
            fixture.consolidation_fragment(&self.consolidation, &self.fragment);
        consolidations::insert(
            tx,
            &self.consolidation,
            &[consolidation_fragment],
            Some(&fixture.consolidation_links(&self.consolidation)),
        )?;
        event_links::replace(
            tx,
            fixture.partnership,
            self.chronology.id,
            std::slice::from_ref(&self.links),
        )?;
        link_decisions::insert(
            tx,
            &self.decision,
            &[fixture.decided_entry(&self.decision, &self.fragment)],
        )?;
        holds::insert(tx, &self.hold)?;
        idempotency::insert(tx, &self.idempotency_record)?;
        emergency::insert(
            tx,
            &self.access,
            std::slice::from_ref(&self.chronology_access),
        )?;
        shown_fragments::insert(tx, std::slice::from_ref(&self.shown_fragment))?;
        outbox::insert(tx, std::slice::from_ref(&self.event))?;
        let agency = TombstoneAgencyRow {
            tombstone_id: self.tombstone.id,
            agency_id: fixture.school,
            partnership_id: fixture.partnership,
            invitation_state: domain::InvitationState::Submitted,
        };
        tombstones::insert(
            tx,
            &self.tombstone,
            &[agency],
            &[fixture.teacher, fixture.teacher],
        )?;
        audit::insert(
            tx,
            &fixture.audit_draft(1, domain::Operation::TimelineRead, Some(self.chronology.id)),
        )
    }

    /// The number of these rows that each finder returns in the partnership of `caller`.
    fn count_found_by(&self, tx: &mut Tx<'_>, caller: &Fixture) -> Result<RowCounts, StoreError> {
        let mut found = self.count_directory(tx, caller)?;
        found.extend(self.count_people(tx, caller)?);
        found.extend(self.count_families(tx, caller)?);
        found.extend(self.count_chronologies(tx, caller)?);
        found.extend(self.count_invitations(tx, caller)?);
        found.extend(self.count_fragments(tx, caller)?);
        found.extend(self.count_consolidations(tx, caller)?);
        found.extend(self.count_links(tx, caller)?);
        found.extend(self.count_records(tx, caller)?);
        found.extend(self.count_emergencies(tx, caller)?);
        Ok(found)
    }

    fn count_directory(&self, tx: &mut Tx<'_>, caller: &Fixture) -> Result<RowCounts, StoreError> {
        let fixture = &self.fixture;
        let partnership = caller.partnership;
        let social_care = fixture.social_care;
        let staff = [fixture.social_worker, fixture.teacher];
        let index = fixture
            .practitioner(fixture.social_worker, social_care)
            .subject_index;
        let mut counts = count_rows![
            agencies::find(tx, partnership, social_care),
            practitioners::find(tx, partnership, fixture.social_worker),
            practitioners::find_by_subject(tx, partnership, social_care, &index),
            practitioners::page(tx, partnership, Some(social_care), None, 9),
        ];
        let found = practitioners::find_many(tx, partnership, &staff)?;
        counts.push(("practitioners::find_many", found.len().min(1)));
        Ok(counts)
    }

    fn count_people(&self, tx: &mut Tx<'_>, caller: &Fixture) -> Result<RowCounts, StoreError> {
        let partnership = caller.partnership;
        let permit = caller.reader_permit();
        let now = now();
        let person = self.person.id;
        let school = self.fixture.school;
        let teacher = self.fixture.teacher;
        let mut counts = count_rows![
            people::find(tx, &permit, person, now),
            people::find_many(tx, &permit, &[person], now),
            people::facts(tx, partnership, person, now),
            people::families_of(tx, partnership, person),
            people::invitation_access(tx, partnership, person, school, teacher, now),
        ];
        let by_token = people::ids_by_token(tx, partnership, "nhs_number", b"same", now)?;
        let own = by_token.into_iter().filter(|id| *id == person);
        counts.push(("people::ids_by_token", own.count()));
        Ok(counts)
    }

    fn count_families(&self, tx: &mut Tx<'_>, caller: &Fixture) -> Result<RowCounts, StoreError> {
        let partnership = caller.partnership;
        let permit = caller.reader_permit();
        let now = now();
        let person = self.person.id;
        let family = self.family.id;
        let school = self.fixture.school;
        let teacher = self.fixture.teacher;
        Ok(count_rows![
            families::find(tx, &permit, family, now),
            families::facts(tx, partnership, family, now),
            families::members(tx, partnership, family),
            families::invitation_access(tx, partnership, family, school, teacher, now),
            families::latest_referring_expiry(tx, partnership, family, now),
            families::latest_expiry_for_person(tx, partnership, person, now),
        ])
    }

    fn count_chronologies(
        &self,
        tx: &mut Tx<'_>,
        caller: &Fixture,
    ) -> Result<RowCounts, StoreError> {
        let partnership = caller.partnership;
        let chronology = self.chronology.id;
        let school = self.fixture.school;
        let teacher = self.fixture.teacher;
        let mut counts = count_rows![
            chronologies::find(tx, partnership, chronology, now()),
            chronologies::facts(tx, partnership, chronology, school, teacher),
            chronologies::team(tx, partnership, chronology),
            purge::find_chronology(tx, partnership, chronology),
            purge::list_fragments(tx, partnership, chronology),
        ];
        let is_locked = chronologies::lock(tx, partnership, chronology)?;
        counts.push(("chronologies::lock", usize::from(is_locked)));
        Ok(counts)
    }

    fn count_invitations(
        &self,
        tx: &mut Tx<'_>,
        caller: &Fixture,
    ) -> Result<RowCounts, StoreError> {
        let partnership = caller.partnership;
        let chronology = self.chronology.id;
        let invitation = self.invitation.id;
        let school = self.fixture.school;
        let named = Some(self.fixture.teacher);
        Ok(count_rows![
            invitations::find(tx, partnership, invitation),
            invitations::find_for_agency(tx, partnership, chronology, school),
            invitations::list(tx, partnership, chronology),
            invitations::practitioners(tx, partnership, invitation),
            invitations::page_for_agency(tx, partnership, school, named, now(), None, 9),
        ])
    }

    fn count_fragments(&self, tx: &mut Tx<'_>, caller: &Fixture) -> Result<RowCounts, StoreError> {
        let partnership = caller.partnership;
        let permit = caller.reader_permit();
        let now = now();
        let school = self.fixture.school;
        let family = self.family.id;
        let chronology = self.chronology.id;
        let fragment = self.fragment.id;
        let mut counts = count_rows![
            fragments::find(tx, partnership, fragment),
            fragments::find_by_reference(tx, partnership, school, Some(chronology), b"same"),
            fragments::list(tx, partnership, chronology, now),
            fragments::list_advance_for_family(tx, partnership, family, now),
            fragments::digests(tx, partnership, fragment),
            fragments::version(tx, &permit, fragment, 1, now),
            fragments::versions(tx, &permit, fragment, now),
            fragments::live_content(tx, &permit, chronology, now),
        ];
        let advance = fragments::find_by_reference(tx, partnership, school, None, b"same")?;
        let page = fragments::page_for_agency(tx, partnership, school, None, now, None, 9)?;
        let entries = fragments::entries(tx, &permit, fragment, 1, now)?;
        let frozen = self.frozen_content(tx, &permit, now)?;
        counts.extend([
            (
                "fragments::find_by_reference of an advance submission",
                advance.iter().count(),
            ),
            ("fragments::page_for_agency", page.len().min(1)),
            ("fragments::entries", entries.len().min(1)),
            ("fragments::frozen_content_excluding", frozen.len()),
        ]);
        Ok(counts)
    }

    fn count_consolidations(
        &self,
        tx: &mut Tx<'_>,
        caller: &Fixture,
    ) -> Result<RowCounts, StoreError> {
        let permit = caller.reader_permit();
        let now = now();
        let chronology = self.chronology.id;
        let consolidation = self.consolidation.id;
        Ok(count_rows![
            consolidations::links(tx, &permit, consolidation, now),
            consolidations::fragments(tx, &permit, chronology),
            consolidations::find(tx, &permit, consolidation, now),
            consolidations::page(tx, &permit, chronology, now, None, 9),
            consolidations::list_all(tx, &permit, chronology, now),
            consolidations::latest(tx, &permit, chronology, now),
            consolidations::signed_off(tx, &permit, chronology, now),
        ])
    }

    fn frozen_content(
        &self,
        tx: &mut Tx<'_>,
        permit: &AccessPermit,
        now: Instant,
    ) -> Result<Vec<fragments::FragmentContent>, StoreError> {
        let consolidation = (self.chronology.id, self.consolidation.id);
        fragments::frozen_content_excluding(tx, permit, consolidation, now, |_, _, _| {
            Ok(fragments::EntryExclusions::default())
        })
    }

    fn count_links(&self, tx: &mut Tx<'_>, caller: &Fixture) -> Result<RowCounts, StoreError> {
        let permit = caller.reader_permit();
        let chronology = self.chronology.id;
        let decision = self.decision.id;
        Ok(count_rows![
            event_links::find(tx, &permit, chronology, &self.links.view_index, now()),
            link_decisions::find(tx, &permit, decision),
            link_decisions::page(tx, &permit, chronology, None, 9),
            link_decisions::list_active(tx, &permit, chronology),
            link_decisions::entries(tx, &permit, &[decision]),
        ])
    }

    fn count_emergencies(
        &self,
        tx: &mut Tx<'_>,
        caller: &Fixture,
    ) -> Result<RowCounts, StoreError> {
        let partnership = caller.partnership;
        let now = now();
        let access = self.access.id;
        let chronology = self.chronology.id;
        let families = [self.family.id];
        let owner = self.fixture.social_worker;
        let social_care = self.fixture.social_care;
        let shown = (self.fragment.id, Some(chronology));
        Ok(count_rows![
            emergency::find(tx, partnership, access),
            emergency::list_chronologies(tx, partnership, &[access]),
            emergency::find_live(tx, partnership, owner, chronology, now),
            emergency::list_holders(tx, partnership, chronology),
            emergency::live_chronologies_of_families(tx, partnership, &families, now),
            emergency::list_for_owner(tx, partnership, owner, social_care),
            emergency::page(tx, partnership, Some(&[access]), None, 9),
            shown_fragments::page(tx, partnership, shown, None, None, 9),
        ])
    }

    fn count_records(&self, tx: &mut Tx<'_>, caller: &Fixture) -> Result<RowCounts, StoreError> {
        let partnership = caller.partnership;
        let now = now();
        let chronology = self.chronology.id;
        let chronology_token = keyed_token(chronology);
        let social_worker = self.fixture.social_worker;
        let filter = AuditFilter {
            chronology: Some(vec![chronology_token.clone()]),
            ..AuditFilter::default()
        };
        let mut counts = count_rows![
            holds::find(tx, partnership, self.hold.id),
            tombstones::find(tx, partnership, self.tombstone.id),
            audit::page(tx, partnership, &filter, None, 9),
            audit::latest_readers(tx, partnership, &[chronology_token], 9),
            idempotency::find(tx, partnership, social_worker, b"same", now),
        ];
        let is_held = holds::is_held(tx, partnership, Some(chronology), &[], now)?;
        counts.push(("holds::is_held", usize::from(is_held)));
        Ok(counts)
    }
}

/// Calls updates, and asserts that each finds no row to update.
macro_rules! assert_stale {
    ($($module:ident::$update:ident($($argument:expr),* $(,)?)),* $(,)?) => {
        $(assert_eq!(
            $module::$update($($argument),*),
            Err(StoreError::Stale),
            "{}",
            stringify!($module::$update($($argument),*))
        );)*
    };
}

fn assert_people_not_updated(tx: &mut Tx<'_>, ours: &PartnershipRows, theirs: &PartnershipRows) {
    let partnership = ours.fixture.partnership;
    let key = sealed("stolen");
    let later = at_minute(5);
    let person = theirs.person.id;
    let family = theirs.family.id;
    assert_stale![
        people::set_lifetime(tx, partnership, person, later, &key),
        families::set_lifetime(tx, partnership, family, later, &key),
        families::add_member(tx, partnership, family, ours.person.id),
        families::add_member(tx, partnership, ours.family.id, person),
        families::remove_member(tx, partnership, family, person),
    ];
}

/// Chronologies, and what is collected in them.
fn assert_collection_not_updated(
    tx: &mut Tx<'_>,
    ours: &PartnershipRows,
    theirs: &PartnershipRows,
) {
    let partnership = ours.fixture.partnership;
    let key = sealed("stolen");
    let later = at_minute(5);
    let signer = ours.fixture.social_worker;
    let invitation = theirs.invitation.id;
    let fragment = theirs.fragment.id;
    let consolidation = theirs.consolidation.id;
    assert_stale![
        chronologies::set_team(tx, partnership, theirs.chronology.id, &[]),
        invitations::set_wrapped_key(tx, partnership, invitation, &key),
        invitations::set_practitioners(tx, partnership, invitation, &[]),
        fragments::set_version_lifetime(tx, partnership, fragment, 1, later, &key),
        consolidations::set_lifetime(tx, partnership, consolidation, later, &key),
        consolidations::sign_off(tx, partnership, consolidation, signer, later),
        consolidations::set_links_lifetime(tx, partnership, consolidation, later, &key),
    ];
}

/// Decisions about links, and emergency accesses.
fn assert_decisions_not_updated(tx: &mut Tx<'_>, ours: &PartnershipRows, theirs: &PartnershipRows) {
    let partnership = ours.fixture.partnership;
    let key = sealed("stolen");
    let later = at_minute(5);
    let decision = LinkDecisionRow {
        partnership_id: partnership,
        version: 2,
        ..theirs.decision.clone()
    };
    let access = EmergencyAccessRow {
        partnership_id: partnership,
        version: 2,
        ..theirs.access.clone()
    };
    assert_stale![
        link_decisions::set_lifetime(tx, partnership, decision.id, later, &key),
        link_decisions::update(tx, &decision, 1),
        emergency::update(tx, &access, 1),
    ];
}

fn assert_nothing_deleted(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    theirs: &PartnershipRows,
) -> Result<(), StoreError> {
    let chronology = theirs.chronology.id;
    let fragment = theirs.fragment.id;
    event_links::delete_for_chronology(tx, partnership, chronology)?;
    link_decisions::remove_fragment(tx, partnership, fragment)?;
    consolidations::remove_fragment(tx, partnership, fragment)?;
    outbox::delete_of_subject(tx, partnership, OutboxSubject::Chronology, chronology)?;
    assert!(!purge::delete_fragment(tx, partnership, fragment)?);
    assert!(!purge::delete_chronology(tx, partnership, chronology)?);
    Ok(())
}

on_each_database! {
    fn finders_return_nothing_of_another_partnership(db) {
        let ours = insert_all(db, "ours");
        let theirs = insert_all(db, "theirs");
        db.write("find", |tx| {
            for (finder, found) in ours.count_found_by(tx, &ours.fixture)? {
                assert_eq!(found, 1, "{finder} finds rows of its own partnership");
            }
            for (finder, found) in theirs.count_found_by(tx, &ours.fixture)? {
                assert_eq!(found, 0, "{finder} finds rows of another partnership");
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn lists_exclude_other_partnerships(db) {
        let ours = insert_all(db, "ours");
        let theirs = insert_all(db, "theirs");
        let fixture = &ours.fixture;
        let now = now();
        let manager = access_permit(&fixture.actor(
            fixture.social_care,
            fixture.social_worker,
            &[Role::TeamManager, Role::SafeguardingLead],
        ));
        db.read("lists", |tx| {
            let all = AuditFilter::default();
            let partnership = fixture.partnership;
            assert!(
                agencies::page(tx, partnership, None, 99)?
                    .iter()
                    .all(|row| row.partnership_id == partnership)
            );
            assert!(
                practitioners::page(tx, partnership, None, None, 99)?
                    .iter()
                    .all(|row| row.partnership_id == partnership)
            );
            assert_eq!(
                families::page(tx, &manager, now, None, 99)?,
                std::slice::from_ref(&ours.family)
            );
            assert_eq!(
                chronologies::page_for(tx, &manager, now, None, 99)?,
                std::slice::from_ref(&ours.chronology)
            );
            assert_eq!(
                holds::page(tx, partnership, None, 99)?,
                std::slice::from_ref(&ours.hold)
            );
            assert_eq!(audit::page(tx, partnership, &all, None, 99)?.len(), 1);
            Ok::<_, StoreError>(())
        })
        .unwrap();
        assert_ne!(ours.family.id, theirs.family.id);
    }

    fn updates_do_not_affect_other_partnerships(db) {
        let ours = insert_all(db, "ours");
        let theirs = insert_all(db, "theirs");
        db.write("changes", |tx| {
            assert_people_not_updated(tx, &ours, &theirs);
            assert_collection_not_updated(tx, &ours, &theirs);
            assert_decisions_not_updated(tx, &ours, &theirs);
            assert_nothing_deleted(tx, ours.fixture.partnership, &theirs)
        })
        .unwrap();
        let found = db
            .write("find", |tx| theirs.count_found_by(tx, &theirs.fixture))
            .unwrap();
        assert!(found.iter().all(|(_, found)| *found == 1), "{found:?}");
        let events = db.write("claim", |tx| {
            outbox::claim(tx, OutboxEvent::ALL, now(), now(), 9)
        });
        assert!(
            events.unwrap().iter().any(|row| row.id == theirs.event.id),
            "the event remains"
        );
    }
}
