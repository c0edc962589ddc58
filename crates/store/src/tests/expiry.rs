//! From `expires_at` on nothing is found: a microsecond before it is there, at the instant itself it is gone.

use domain::Instant;

use super::world::{END, World, id, minute, sealed, token};
use crate::*;

/// What is over at `END` and nothing else.
struct Scene {
    world: World,
    person: PersonRow,
    family: FamilyRow,
    chronology: ChronologyRow,
    fragment: FragmentRow,
    consolidation: ConsolidationRow,
}

fn scene(db: &Db) -> Scene {
    let world = World::make(db, "marl");
    let (person, family) = (world.person(), world.family());
    let chronology = world.chronology(family.id);
    let fragment = world.fragment(family.id, Some(chronology.id));
    let consolidation = world.consolidation(chronology.id);
    db.write("scene", |tx| {
        people::insert(tx, &person, &[("upn", b"token".to_vec())])?;
        families::insert(tx, &family)?;
        families::add_member(tx, world.partnership, family.id, person.id)?;
        chronologies::insert(tx, &chronology)?;
        let invitation = world.invitation(chronology.id, world.school);
        invitations::insert(tx, &invitation)?;
        world.submit(tx, &fragment)?;
        world.submit(tx, &world.fragment(family.id, None))?;
        let frozen = world.frozen(&consolidation, &fragment);
        consolidations::insert(tx, &consolidation, &[frozen], Some(&world.frozen_links(&consolidation)))?;
        consolidations::sign_off(tx, world.partnership, consolidation.id, world.worker, minute(6))?;
        idempotency::insert(tx, &reply(&world, minute(END), minute(1)))
    })
    .unwrap();
    Scene { world, person, family, chronology, fragment, consolidation }
}

fn reply(world: &World, expires_at: Instant, created_at: Instant) -> IdempotencyRow {
    IdempotencyRow {
        partnership_id: world.partnership,
        practitioner_id: world.worker,
        key_index: token("key"),
        fingerprint: token("body"),
        object_id: Some(id()),
        outcome: Some(WriteOutcome::Updated),
        expires_at,
        created_at,
    }
}

impl Scene {
    /// How many things each finder gives at an instant.
    fn found_at(&self, tx: &mut Tx<'_>, now: Instant) -> Result<Vec<(&'static str, usize)>, StoreError> {
        let (world, p, leave) = (&self.world, self.world.partnership, self.world.permit());
        let (person, family, chronology, fragment) =
            (self.person.id, self.family.id, self.chronology.id, self.fragment.id);
        let (school, teacher) = (world.school, world.teacher);
        let frozen = (chronology, self.consolidation.id);
        let frozen = fragments::frozen_content_without::<StoreError>(tx, &leave, frozen, now, |_, _, _| {
            Ok(fragments::KeptApart::default())
        })?;
        Ok(vec![
            ("fragments::frozen_content_without", frozen.len()),
            ("consolidations::links", consolidations::links(tx, &leave, self.consolidation.id, now)?.iter().count()),
            ("people::find", people::find(tx, &leave, person, now)?.iter().count()),
            ("people::find_many", people::find_many(tx, &leave, &[person], now)?.len()),
            ("people::ids_by_token", people::ids_by_token(tx, p, "upn", b"token", now)?.len()),
            ("people::facts", people::facts(tx, p, person, now)?.iter().count()),
            ("people::reachable_by", people::reachable_by(tx, p, person, school, teacher, now)?.len()),
            ("families::find", families::find(tx, &leave, family, now)?.iter().count()),
            ("families::page", families::page(tx, &leave, now, None, 9)?.len()),
            ("families::facts", families::facts(tx, p, family, now)?.iter().count()),
            ("families::reachable_by", families::reachable_by(tx, p, family, school, teacher, now)?.len()),
            ("families::latest_reference", families::latest_reference(tx, p, family, now)?.iter().count()),
            ("families::longest_lifetime_of", families::longest_lifetime_of(tx, p, person, now)?.iter().count()),
            ("chronologies::find", chronologies::find(tx, p, chronology, now)?.iter().count()),
            ("chronologies::page_for", chronologies::page_for(tx, &leave, now, None, 9)?.len()),
            ("chronologies::past_due", chronologies::past_due(tx, now, 9)?.len()),
            ("invitations::past_due", invitations::past_due(tx, now, 9)?.len()),
            ("invitations::page_for_agency", invitations::page_for_agency(tx, p, school, None, now, None, 9)?.len()),
            ("fragments::list", fragments::list(tx, p, chronology, now)?.len()),
            ("fragments::ahead_of", fragments::ahead_of(tx, p, family, now)?.len()),
            ("fragments::live_content", fragments::live_content(tx, &leave, chronology, now)?.len()),
            ("fragments::version", fragments::version(tx, &leave, fragment, 1, now)?.iter().count()),
            ("fragments::versions", fragments::versions(tx, &leave, fragment, now)?.len()),
            ("fragments::entries", fragments::entries(tx, &leave, fragment, 1, now)?.len().min(1)),
            ("fragments::page_for_agency", fragments::page_for_agency(tx, p, school, None, now, None, 9)?.len().min(1)),
            ("consolidations::find", consolidations::find(tx, &leave, self.consolidation.id, now)?.iter().count()),
            ("consolidations::all", consolidations::all(tx, &leave, chronology, now)?.len()),
            ("consolidations::latest", consolidations::latest(tx, &leave, chronology, now)?.iter().count()),
            ("consolidations::signed_off", consolidations::signed_off(tx, &leave, chronology, now)?.iter().count()),
            ("idempotency::find", idempotency::find(tx, p, world.worker, b"key", now)?.iter().count()),
        ])
    }
}

on_each_database! {
    fn the_boundary_is_exactly_at_expires_at(db) {
        let scene = scene(db);
        let last = Instant::from_micros(minute(END).as_micros() - 1);
        for (now, expected) in [(last, 1), (minute(END), 0), (Instant::MAX, 0)] {
            let found = db.read("at", |tx| scene.found_at(tx, now)).unwrap();
            for (finder, found) in found {
                assert_eq!(found, expected, "{finder} at {now}");
            }
        }
    }

    /// Words are served only while fragment, version and chronology all live.
    fn the_earliest_of_three_expiries_ends_content(db) {
        let Scene { world, mut chronology, mut fragment, family, .. } = scene(db);
        let (leave, now) = (world.permit(), minute(600));
        let live = || {
            db.read("live", |tx| {
                let whole = fragments::live_content(tx, &leave, chronology.id, now)?.len();
                let version = fragments::version(tx, &leave, fragment.id, 1, now)?.iter().count();
                let entries = fragments::entries(tx, &leave, fragment.id, 1, now)?.len();
                Ok::<_, StoreError>((whole, version, entries))
            })
            .unwrap()
        };
        assert_eq!(live(), (1, 1, 2));
        let bring_forward = |row: &FragmentRow| db.write("end", |tx| fragments::update(tx, row, row.version)).unwrap();
        fragment.expires_at = now;
        bring_forward(&fragment);
        assert_eq!(live(), (0, 0, 0), "the fragment is over");
        fragment.expires_at = minute(END);
        bring_forward(&fragment);
        let set = |at| {
            let change = |tx: &mut Tx<'_>| {
                fragments::set_version_lifetime(tx, world.partnership, fragment.id, 1, at, &sealed("key"))
            };
            db.write("end", change).unwrap();
        };
        set(now);
        assert_eq!(live(), (0, 0, 0), "the version is over");
        set(minute(END));
        assert_eq!(live(), (1, 1, 2));
        let id = chronology.id;
        chronology.expires_at = now;
        db.write("end", |tx| chronologies::update(tx, &chronology, 1)).unwrap();
        let over = db.read("live", |tx| {
            let whole = fragments::live_content(tx, &leave, id, now)?.len();
            Ok::<_, StoreError>((whole, fragments::entries(tx, &leave, fragment.id, 1, now)?.len()))
        });
        assert_eq!(over, Ok((0, 0)), "the chronology is over");
        assert_eq!(family.expires_at, minute(END));
    }

    fn withdrawn_is_not_served(db) {
        let Scene { world, chronology, fragment, .. } = scene(db);
        let withdrawn = FragmentRow { state: FragmentState::Withdrawn, version: 2, ..fragment };
        db.write("withdraw", |tx| fragments::update(tx, &withdrawn, 1)).unwrap();
        let (leave, now) = (world.permit(), minute(600));
        db.read("live", |tx| {
            assert_eq!(fragments::live_content(tx, &leave, chronology.id, now)?, []);
            assert_eq!(fragments::versions(tx, &leave, withdrawn.id, now)?, []);
            assert_eq!(fragments::entries(tx, &leave, withdrawn.id, 1, now)?, []);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn a_reply_that_is_over_makes_room(db) {
        let world = World::make(db, "marl");
        let first = reply(&world, minute(10), minute(1));
        let too_early = reply(&world, minute(30), minute(9));
        let in_time = reply(&world, minute(30), minute(10));
        db.write("replies", |tx| {
            idempotency::insert(tx, &first)?;
            assert_eq!(idempotency::insert(tx, &too_early), Err(StoreError::NotUnique("idempotency key")));
            idempotency::insert(tx, &in_time)
        })
        .unwrap();
        let found = db.read("found", |tx| idempotency::find(tx, world.partnership, world.worker, b"key", minute(20)));
        assert_eq!(found, Ok(Some(in_time)));
    }

    fn facts_outlive_expiry_so_that_those_entitled_hear_of_it(db) {
        let Scene { world, chronology, fragment, .. } = scene(db);
        db.read("facts", |tx| {
            let p = world.partnership;
            let facts = chronologies::facts(tx, p, chronology.id, world.school, world.teacher)?.unwrap();
            assert_eq!(facts.chronology.expires_at, minute(END));
            assert!(facts.invitation.is_some());
            assert!(fragments::find(tx, p, fragment.id)?.is_some());
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }
}
