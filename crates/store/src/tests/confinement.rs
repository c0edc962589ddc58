//! Every finder answers for its own partnership alone: what another has is as if it were not there.

use domain::{Instant, Permit, Role};

use super::world::{World, minute, now, permit, sealed, token};
use crate::*;

/// One of everything, in one partnership.
struct Everything {
    world: World,
    person: PersonRow,
    family: FamilyRow,
    chronology: ChronologyRow,
    invitation: InvitationRow,
    fragment: FragmentRow,
    ahead: FragmentRow,
    consolidation: ConsolidationRow,
    links: EventLinksRow,
    decision: LinkDecisionRow,
    hold: HoldRow,
    reply: IdempotencyRow,
    tombstone: TombstoneRow,
    access: EmergencyAccessRow,
    access_to: EmergencyChronologyRow,
    shown: ShownFragmentRow,
}

fn make(db: &Db, code: &str) -> Everything {
    let world = World::make(db, code);
    let (person, family) = (world.person(), world.family());
    let chronology = world.chronology(family.id);
    let mut fragment = world.fragment(family.id, Some(chronology.id));
    fragment.reference_index = Some(token("same"));
    let mut ahead = world.fragment(family.id, None);
    ahead.reference_index = Some(token("same"));
    let (access, access_to) = world.emergency(chronology.id);
    let all = Everything {
        access,
        access_to,
        shown: world.shown(&fragment),
        world,
        invitation: world.invitation(chronology.id, world.school),
        consolidation: ConsolidationRow { signed_off_at: Some(now()), ..world.consolidation(chronology.id) },
        links: world.links(chronology.id),
        decision: world.decision(chronology.id),
        hold: world.hold(HoldScope::Chronology, Some(chronology.id.into())),
        reply: reply(&world),
        tombstone: tombstone(&world),
        person,
        family,
        chronology,
        fragment,
        ahead,
    };
    db.write("everything", |tx| all.insert(tx)).unwrap();
    all
}

fn reply(world: &World) -> IdempotencyRow {
    IdempotencyRow {
        partnership_id: world.partnership,
        practitioner_id: world.worker,
        key_index: token("same"),
        fingerprint: token("body"),
        object_id: Some(super::world::id()),
        outcome: Some(WriteOutcome::Created),
        expires_at: minute(super::world::END),
        created_at: now(),
    }
}

fn tombstone(world: &World) -> TombstoneRow {
    TombstoneRow {
        id: super::world::id(),
        kind: TombstoneKind::Chronology,
        partnership_id: world.partnership,
        chronology_id: None,
        agency_id: world.care,
        owner_id: world.worker,
        reason: TombstoneReason::Expired,
        created_at: now(),
        expired_at: now(),
        deleted_at: now(),
        entry_count: 7,
        content_index: token("hash"),
    }
}

impl Everything {
    fn insert(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let world = &self.world;
        people::insert(tx, &self.person, &[("nhs_number", b"same".to_vec())])?;
        families::insert(tx, &self.family)?;
        families::add_member(tx, world.partnership, self.family.id, self.person.id)?;
        chronologies::insert(tx, &self.chronology)?;
        chronologies::set_team(tx, world.partnership, self.chronology.id, &[world.worker])?;
        invitations::insert(tx, &self.invitation)?;
        invitations::set_practitioners(tx, world.partnership, self.invitation.id, &[world.teacher])?;
        world.submit(tx, &self.fragment)?;
        world.submit(tx, &self.ahead)?;
        let frozen = world.frozen(&self.consolidation, &self.fragment);
        consolidations::insert(tx, &self.consolidation, &[frozen], Some(&world.frozen_links(&self.consolidation)))?;
        event_links::replace(tx, world.partnership, self.chronology.id, std::slice::from_ref(&self.links))?;
        link_decisions::insert(tx, &self.decision, &[world.decided(&self.decision, &self.fragment)])?;
        holds::insert(tx, &self.hold)?;
        idempotency::insert(tx, &self.reply)?;
        emergency::insert(tx, &self.access, std::slice::from_ref(&self.access_to))?;
        shown_fragments::insert(tx, std::slice::from_ref(&self.shown))?;
        let agency = TombstoneAgencyRow {
            tombstone_id: self.tombstone.id,
            agency_id: world.school,
            partnership_id: world.partnership,
            invitation_state: domain::InvitationState::Submitted,
        };
        tombstones::insert(tx, &self.tombstone, &[agency], &[world.teacher, world.teacher])?;
        audit::insert(tx, &world.record(1, domain::Operation::TimelineRead, Some(self.chronology.id)))
    }

    /// How much every finder gives when `asker`'s partnership asks for what is here. Each name stands once.
    fn found_by(&self, tx: &mut Tx<'_>, asker: &World) -> Result<Vec<(&'static str, usize)>, StoreError> {
        let mut found = self.directory_found_by(tx, asker)?;
        found.extend(self.people_found_by(tx, asker)?);
        found.extend(self.chronologies_found_by(tx, asker)?);
        found.extend(self.content_found_by(tx, asker)?);
        found.extend(self.links_found_by(tx, asker)?);
        found.extend(self.records_found_by(tx, asker)?);
        found.extend(self.emergencies_found_by(tx, asker)?);
        Ok(found)
    }

    fn directory_found_by(&self, tx: &mut Tx<'_>, asker: &World) -> Result<Vec<(&'static str, usize)>, StoreError> {
        let (world, p) = (&self.world, asker.partnership);
        let index = world.practitioner(world.worker, world.care).subject_index;
        Ok(vec![
            ("agencies::find", agencies::find(tx, p, world.care)?.iter().count()),
            ("practitioners::find", practitioners::find(tx, p, world.worker)?.iter().count()),
            ("practitioners::find_many", practitioners::find_many(tx, p, &[world.worker, world.teacher])?.len().min(1)),
            (
                "practitioners::find_by_subject",
                practitioners::find_by_subject(tx, p, world.care, &index)?.iter().count(),
            ),
            ("practitioners::page", practitioners::page(tx, p, Some(world.care), None, 9)?.len()),
        ])
    }

    fn people_found_by(&self, tx: &mut Tx<'_>, asker: &World) -> Result<Vec<(&'static str, usize)>, StoreError> {
        let (world, p, leave, now) = (&self.world, asker.partnership, asker.permit(), now());
        let (person, family) = (self.person.id, self.family.id);
        let by_token = people::ids_by_token(tx, p, "nhs_number", b"same", now)?;
        let reach = (world.school, world.teacher);
        Ok(vec![
            ("people::find", people::find(tx, &leave, person, now)?.iter().count()),
            ("people::find_many", people::find_many(tx, &leave, &[person], now)?.len()),
            ("people::ids_by_token", by_token.into_iter().filter(|id| *id == person).count()),
            ("people::facts", people::facts(tx, p, person, now)?.iter().count()),
            ("people::families_of", people::families_of(tx, p, person)?.len()),
            ("people::reachable_by", people::reachable_by(tx, p, person, reach.0, reach.1, now)?.len()),
            ("families::find", families::find(tx, &leave, family, now)?.iter().count()),
            ("families::facts", families::facts(tx, p, family, now)?.iter().count()),
            ("families::members", families::members(tx, p, family)?.len()),
            ("families::reachable_by", families::reachable_by(tx, p, family, reach.0, reach.1, now)?.len()),
            ("families::latest_reference", families::latest_reference(tx, p, family, now)?.iter().count()),
            ("families::longest_lifetime_of", families::longest_lifetime_of(tx, p, person, now)?.iter().count()),
        ])
    }

    fn chronologies_found_by(&self, tx: &mut Tx<'_>, asker: &World) -> Result<Vec<(&'static str, usize)>, StoreError> {
        let (world, p, now) = (&self.world, asker.partnership, now());
        let (chronology, invitation) = (self.chronology.id, self.invitation.id);
        let standing = chronologies::facts(tx, p, chronology, world.school, world.teacher)?;
        Ok(vec![
            ("chronologies::find", chronologies::find(tx, p, chronology, now)?.iter().count()),
            ("chronologies::lock", usize::from(chronologies::lock(tx, p, chronology)?)),
            ("chronologies::facts", standing.iter().count()),
            ("chronologies::team", chronologies::team(tx, p, chronology)?.len()),
            ("invitations::find", invitations::find(tx, p, invitation)?.iter().count()),
            (
                "invitations::find_for_agency",
                invitations::find_for_agency(tx, p, chronology, world.school)?.iter().count(),
            ),
            ("invitations::list", invitations::list(tx, p, chronology)?.len()),
            ("invitations::practitioners", invitations::practitioners(tx, p, invitation)?.len()),
            (
                "invitations::page_for_agency",
                invitations::page_for_agency(tx, p, world.school, Some(world.teacher), now, None, 9)?.len(),
            ),
            ("purge::chronology", purge::chronology(tx, p, chronology)?.iter().count()),
            ("purge::fragments_of", purge::fragments_of(tx, p, chronology)?.len()),
        ])
    }

    fn content_found_by(&self, tx: &mut Tx<'_>, asker: &World) -> Result<Vec<(&'static str, usize)>, StoreError> {
        let (world, p, leave, now) = (&self.world, asker.partnership, asker.permit(), now());
        let (chronology, fragment) = (self.chronology.id, self.fragment.id);
        let reference = |tx: &mut Tx<'_>, on| fragments::find_by_reference(tx, p, world.school, on, b"same");
        Ok(vec![
            ("fragments::find", fragments::find(tx, p, fragment)?.iter().count()),
            ("fragments::find_by_reference", reference(tx, Some(chronology))?.iter().count()),
            ("fragments::find_by_reference ahead", reference(tx, None)?.iter().count()),
            ("fragments::list", fragments::list(tx, p, chronology, now)?.len()),
            (
                "fragments::page_for_agency",
                fragments::page_for_agency(tx, p, world.school, None, now, None, 9)?.len().min(1),
            ),
            ("fragments::ahead_of", fragments::ahead_of(tx, p, self.family.id, now)?.len()),
            ("fragments::digests", fragments::digests(tx, p, fragment)?.len()),
            ("fragments::version", fragments::version(tx, &leave, fragment, 1, now)?.iter().count()),
            ("fragments::versions", fragments::versions(tx, &leave, fragment, now)?.len()),
            ("fragments::entries", fragments::entries(tx, &leave, fragment, 1, now)?.len().min(1)),
            ("fragments::live_content", fragments::live_content(tx, &leave, chronology, now)?.len()),
            ("fragments::frozen_content_without", self.frozen_content(tx, &leave, now)?.len()),
            ("consolidations::links", consolidations::links(tx, &leave, self.consolidation.id, now)?.iter().count()),
            ("consolidations::fragments", consolidations::fragments(tx, &leave, chronology)?.len()),
            ("consolidations::find", consolidations::find(tx, &leave, self.consolidation.id, now)?.iter().count()),
            ("consolidations::page", consolidations::page(tx, &leave, chronology, now, None, 9)?.len()),
            ("consolidations::all", consolidations::all(tx, &leave, chronology, now)?.len()),
            ("consolidations::latest", consolidations::latest(tx, &leave, chronology, now)?.iter().count()),
            ("consolidations::signed_off", consolidations::signed_off(tx, &leave, chronology, now)?.iter().count()),
        ])
    }

    fn frozen_content(
        &self,
        tx: &mut Tx<'_>,
        leave: &Permit,
        now: Instant,
    ) -> Result<Vec<fragments::FragmentContent>, StoreError> {
        let of = (self.chronology.id, self.consolidation.id);
        fragments::frozen_content_without(tx, leave, of, now, |_, _, _| Ok(fragments::KeptApart::default()))
    }

    fn links_found_by(&self, tx: &mut Tx<'_>, asker: &World) -> Result<Vec<(&'static str, usize)>, StoreError> {
        let (leave, now, chronology, decision) = (asker.permit(), now(), self.chronology.id, self.decision.id);
        let links = event_links::find(tx, &leave, chronology, &self.links.view_index, now)?;
        Ok(vec![
            ("event_links::find", links.iter().count()),
            ("link_decisions::find", link_decisions::find(tx, &leave, decision)?.iter().count()),
            ("link_decisions::page", link_decisions::page(tx, &leave, chronology, None, 9)?.len()),
            ("link_decisions::standing", link_decisions::standing(tx, &leave, chronology)?.len()),
            ("link_decisions::entries", link_decisions::entries(tx, &leave, &[decision])?.len()),
        ])
    }

    fn emergencies_found_by(&self, tx: &mut Tx<'_>, asker: &World) -> Result<Vec<(&'static str, usize)>, StoreError> {
        let (world, p, now) = (&self.world, asker.partnership, now());
        let (access, chronology, family) = (self.access.id, self.chronology.id, self.family.id);
        let only = [access];
        let shown = shown_fragments::page(tx, p, (self.fragment.id, Some(chronology)), None, None, 9)?;
        Ok(vec![
            ("emergency::find", emergency::find(tx, p, access)?.iter().count()),
            ("emergency::chronologies_of", emergency::chronologies_of(tx, p, &only)?.len()),
            ("emergency::live", emergency::live(tx, p, world.worker, chronology, now)?.iter().count()),
            ("emergency::holders", emergency::holders(tx, p, chronology)?.len()),
            ("emergency::of_families", emergency::chronologies_of_families(tx, p, &[family], now)?.len()),
            ("emergency::concerning", emergency::concerning(tx, p, world.worker, world.care)?.len()),
            ("emergency::page", emergency::page(tx, p, Some(&only), None, 9)?.len()),
            ("shown_fragments::page", shown.len()),
        ])
    }

    fn records_found_by(&self, tx: &mut Tx<'_>, asker: &World) -> Result<Vec<(&'static str, usize)>, StoreError> {
        let (world, p, now) = (&self.world, asker.partnership, now());
        let chronology = self.chronology.id;
        let filter = AuditFilter { chronology: Some(vec![super::world::keyed(chronology)]), ..AuditFilter::default() };
        Ok(vec![
            ("holds::find", holds::find(tx, p, self.hold.id)?.iter().count()),
            ("holds::active", usize::from(holds::active(tx, p, Some(chronology), &[], now)?)),
            ("tombstones::find", tombstones::find(tx, p, self.tombstone.id)?.iter().count()),
            ("audit::page", audit::page(tx, p, &filter, None, 9)?.len()),
            ("audit::readers", audit::readers(tx, p, &[super::world::keyed(chronology)], 9)?.len()),
            ("idempotency::find", idempotency::find(tx, p, world.worker, b"same", now)?.iter().count()),
        ])
    }
}

on_each_database! {
    fn finders_give_nothing_of_another_partnership(db) {
        let (ours, theirs) = (make(db, "ours"), make(db, "theirs"));
        db.write("find", |tx| {
            for (finder, found) in ours.found_by(tx, &ours.world)? {
                assert_eq!(found, 1, "{finder} finds its own");
            }
            for (finder, found) in theirs.found_by(tx, &ours.world)? {
                assert_eq!(found, 0, "{finder} finds another's");
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn lists_hold_nothing_of_another_partnership(db) {
        let (ours, theirs) = (make(db, "ours"), make(db, "theirs"));
        let (us, now) = (&ours.world, now());
        let manager = permit(&us.actor(us.care, us.worker, &[Role::TeamManager, Role::SafeguardingLead]));
        db.read("lists", |tx| {
            let all = AuditFilter::default();
            let p = us.partnership;
            assert!(agencies::page(tx, p, None, 99)?.iter().all(|row| row.partnership_id == p));
            assert!(practitioners::page(tx, p, None, None, 99)?.iter().all(|row| row.partnership_id == p));
            assert_eq!(families::page(tx, &manager, now, None, 99)?, std::slice::from_ref(&ours.family));
            assert_eq!(chronologies::page_for(tx, &manager, now, None, 99)?, std::slice::from_ref(&ours.chronology));
            assert_eq!(holds::page(tx, p, None, 99)?, std::slice::from_ref(&ours.hold));
            assert_eq!(audit::page(tx, p, &all, None, 99)?.len(), 1);
            Ok::<_, StoreError>(())
        })
        .unwrap();
        assert_ne!(ours.family.id, theirs.family.id);
    }

    fn changes_touch_nothing_of_another_partnership(db) {
        let (ours, theirs) = (make(db, "ours"), make(db, "theirs"));
        let p = ours.world.partnership;
        let stale = |outcome: Result<(), StoreError>, what: &str| assert_eq!(outcome, Err(StoreError::Stale), "{what}");
        db.write("changes", |tx| {
            let (key, later) = (sealed("stolen"), minute(5));
            stale(people::set_lifetime(tx, p, theirs.person.id, later, &key), "person");
            stale(families::set_lifetime(tx, p, theirs.family.id, later, &key), "family");
            stale(families::add_member(tx, p, theirs.family.id, ours.person.id), "member of theirs");
            stale(families::add_member(tx, p, ours.family.id, theirs.person.id), "their person");
            stale(families::remove_member(tx, p, theirs.family.id, theirs.person.id), "their member");
            stale(chronologies::set_team(tx, p, theirs.chronology.id, &[]), "team");
            stale(invitations::set_wrapped_key(tx, p, theirs.invitation.id, &key), "invitation");
            stale(invitations::set_practitioners(tx, p, theirs.invitation.id, &[]), "named");
            stale(fragments::set_version_lifetime(tx, p, theirs.fragment.id, 1, later, &key), "version");
            stale(consolidations::set_lifetime(tx, p, theirs.consolidation.id, later, &key), "frozen view");
            stale(consolidations::sign_off(tx, p, theirs.consolidation.id, ours.world.worker, later), "signature");
            stale(consolidations::set_links_lifetime(tx, p, theirs.consolidation.id, later, &key), "links of a view");
            stale(link_decisions::set_lifetime(tx, p, theirs.decision.id, later, &key), "reasons");
            let foreign = LinkDecisionRow { partnership_id: p, version: 2, ..theirs.decision.clone() };
            stale(link_decisions::update(tx, &foreign, 1), "decision");
            let foreign = EmergencyAccessRow { partnership_id: p, version: 2, ..theirs.access.clone() };
            stale(emergency::update(tx, &foreign, 1), "emergency access");
            event_links::forget(tx, p, theirs.chronology.id)?;
            link_decisions::forget_fragment(tx, p, theirs.fragment.id)?;
            consolidations::forget_fragment(tx, p, theirs.fragment.id)?;
            assert!(!purge::delete_fragment(tx, p, theirs.fragment.id)?);
            assert!(!purge::delete_chronology(tx, p, theirs.chronology.id)?);
            Ok::<_, StoreError>(())
        })
        .unwrap();
        let still = db.write("still", |tx| theirs.found_by(tx, &theirs.world)).unwrap();
        assert!(still.iter().all(|(_, found)| *found == 1), "{still:?}");
    }
}
