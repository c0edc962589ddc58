//! Links between people's records: found by tokens in common, confined to their partnership, gone with either side.

use domain::{ChronologyId, FamilyId, PersonId, PersonLinkId};

use super::world::{END, World, id, minute, now, sealed};
use crate::*;

/// A family of social care's with a chronology that invites the school, and one of the school's with a fragment ahead.
struct Sides {
    world: World,
    ours: PersonRow,
    theirs: PersonRow,
    their_family: FamilyId,
    chronology: ChronologyId,
    ahead: FragmentRow,
    link: PersonLinkRow,
}

fn link(world: &World, chronology: ChronologyId, theirs: PersonId, ours: PersonId) -> PersonLinkRow {
    PersonLinkRow {
        id: PersonLinkId(id()),
        partnership_id: world.partnership,
        chronology_id: chronology,
        their_person_id: theirs,
        our_person_id: ours,
        band: PersonLinkBand::Possible,
        state: PersonLinkState::Standing,
        verdict: Some(PersonVerdict::Same),
        decided_by: Some(world.worker),
        expires_at: minute(END),
        wrapped_key: sealed("key"),
        sealed: sealed("evidence"),
        version: 1,
        created_at: now(),
        updated_at: now(),
    }
}

fn make(db: &Db, code: &str) -> Sides {
    let world = World::make(db, code);
    let (ours, theirs, stranger) = (world.person(), world.person(), world.person());
    let (family, their_family, far) = (world.family(), world.family(), world.family());
    let chronology = ChronologyRow { opened_at: Some(now()), ..world.chronology(family.id) };
    let (ahead, far_ahead) = (world.fragment(their_family.id, None), world.fragment(far.id, None));
    let row = link(&world, chronology.id, theirs.id, ours.id);
    let p = world.partnership;
    db.write("sides", |tx| {
        let shared = ("blocking", b"same".to_vec());
        people::insert(tx, &ours, &[shared.clone(), ("upn", b"ours".to_vec())])?;
        people::insert(tx, &theirs, &[shared])?;
        people::insert(tx, &stranger, &[("blocking", b"other".to_vec()), ("nhs_number", b"same".to_vec())])?;
        for (family, person) in [(&family, &ours), (&their_family, &theirs), (&far, &stranger)] {
            families::insert(tx, family)?;
            families::add_member(tx, p, family.id, person.id)?;
        }
        chronologies::insert(tx, &chronology)?;
        invitations::insert(tx, &world.invitation(chronology.id, world.school))?;
        world.submit(tx, &ahead)?;
        world.submit(tx, &far_ahead)?;
        person_links::insert(tx, &row)
    })
    .unwrap();
    Sides { world, ours, theirs, their_family: their_family.id, chronology: chronology.id, ahead, link: row }
}

on_each_database! {
    fn a_token_in_common_is_found_from_both_sides_and_nothing_else(db) {
        let (one, other) = (make(db, "ours"), make(db, "theirs"));
        let (p, school, now) = (one.world.partnership, one.world.school, now());
        db.read("meet", |tx| {
            let waiting = |tx: &mut Tx<'_>, agency, person| person_links::families_waiting(tx, p, agency, &[person], now);
            assert_eq!(waiting(tx, school, one.ours.id)?, [one.their_family]);
            assert_eq!(waiting(tx, one.world.care, one.ours.id)?, [], "of that agency");
            assert_eq!(waiting(tx, school, other.ours.id)?, [], "of another partnership");
            let asking = |tx: &mut Tx<'_>, agency, person| person_links::chronologies_asking(tx, p, agency, &[person], now);
            assert_eq!(asking(tx, school, one.theirs.id)?, [one.chronology]);
            assert_eq!(asking(tx, one.world.care, one.theirs.id)?, []);
            assert_eq!(person_links::families_waiting(tx, p, school, &[], now)?, []);
            let about = |tx: &mut Tx<'_>, person, at| person_links::waiting_about(tx, p, one.chronology, person, at);
            assert_eq!(about(tx, one.theirs.id, now)?, [(one.their_family, school)]);
            assert_eq!(about(tx, one.ours.id, now)?, []);
            assert_eq!(about(tx, one.theirs.id, one.ahead.expires_at)?, [], "over");
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn links_come_back_as_they_were_written_to_their_partnership_alone(db) {
        let (one, other) = (make(db, "ours"), make(db, "theirs"));
        let (p, foreign, now) = (one.world.partnership, other.world.partnership, now());
        db.write("links", |tx| {
            let find = |tx: &mut Tx<'_>, p, at| person_links::find(tx, p, one.chronology, one.link.id, at);
            assert_eq!(find(tx, p, now)?, Some(one.link.clone()));
            assert_eq!((find(tx, foreign, now)?, find(tx, p, minute(END))?), (None, None));
            assert_eq!(person_links::of_chronology(tx, p, one.chronology, now)?, std::slice::from_ref(&one.link));
            assert_eq!(person_links::of_chronology(tx, foreign, one.chronology, now)?, []);
            assert_eq!(person_links::of_person(tx, p, one.ours.id, now)?.len(), 1);
            assert_eq!(person_links::of_person(tx, p, one.theirs.id, now)?.len(), 1);
            assert_eq!(person_links::of_person(tx, foreign, one.theirs.id, now)?.len(), 0);
            let again = link(&one.world, one.chronology, one.theirs.id, one.ours.id);
            assert_eq!(person_links::insert(tx, &again), Err(StoreError::NotUnique("person link")), "one row for a pair");
            let stolen = PersonLinkRow { partnership_id: p, ..other.link.clone() };
            assert_eq!(person_links::update(tx, &stolen, 1), Err(StoreError::Stale));
            assert_eq!(person_links::delete(tx, &stolen), Err(StoreError::Stale));
            assert_eq!(person_links::set_lifetime(tx, p, other.link.id, now, &sealed("x")), Err(StoreError::Stale));
            let changed = PersonLinkRow { state: PersonLinkState::Undone, verdict: None, version: 2, ..one.link.clone() };
            person_links::update(tx, &changed, 1)?;
            assert_eq!(person_links::update(tx, &changed, 1), Err(StoreError::Stale));
            assert_eq!(find(tx, p, now)?, Some(changed));
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn links_go_with_either_person_and_origins_keep_a_family(db) {
        let sides = make(db, "ours");
        let (world, p, now) = (sides.world, sides.world.partnership, now());
        let taken_in = FragmentRow { chronology_id: Some(sides.chronology), expires_at: minute(END - 7), ..sides.ahead.clone() };
        let origin = FragmentOriginRow {
            fragment_id: sides.ahead.id,
            partnership_id: p,
            chronology_id: sides.chronology,
            family_id: sides.their_family,
            asked_expiry: minute(END),
            created_at: now,
        };
        let home = db.read("home", |tx| chronologies::find(tx, p, sides.chronology, now)).unwrap().unwrap().family_id;
        db.write("take in", |tx| {
            fragments::update(tx, &FragmentRow { family_id: home, ..taken_in.clone() }, 1)?;
            assert_eq!(families::latest_reference(tx, p, sides.their_family, now)?, None);
            origins::insert(tx, &origin)?;
            assert_eq!(origins::find(tx, p, sides.ahead.id)?, Some(origin.clone()));
            assert_eq!(origins::of_chronology(tx, p, sides.chronology)?, std::slice::from_ref(&origin));
            assert_eq!(families::latest_reference(tx, p, sides.their_family, now)?, Some(minute(END - 7)));
            let abroad = domain::PartnershipId(id());
            assert_eq!((origins::find(tx, abroad, sides.ahead.id)?, origins::of_chronology(tx, abroad, sides.chronology)?), (None, vec![]));
            assert_eq!(origins::set_asked_expiry(tx, abroad, sides.ahead.id, now), Err(StoreError::Stale));
            assert_eq!(origins::delete(tx, abroad, sides.ahead.id), Err(StoreError::Stale));
            Ok::<_, StoreError>(())
        })
        .unwrap();
        let kept = db.write("kept", |tx| purge::delete_family(tx, p, sides.their_family));
        assert!(matches!(kept, Err(StoreError::Database(_))), "it may have to go back: {kept:?}");
        db.write("gone", |tx| {
            families::remove_member(tx, p, sides.their_family, sides.theirs.id)?;
            assert!(purge::delete_person(tx, p, sides.theirs.id)?);
            assert_eq!(person_links::of_chronology(tx, p, sides.chronology, now)?, []);
            assert!(purge::delete_chronology(tx, p, sides.chronology)?);
            assert_eq!(origins::of_chronology(tx, p, sides.chronology)?, []);
            assert!(purge::delete_family(tx, p, sides.their_family)?);
            Ok::<_, StoreError>(())
        })
        .unwrap();
        let _ = world;
    }
}
