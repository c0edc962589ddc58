//! Links between the records of people: candidates are found by shared tokens, a link is confined
//! to its partnership, and it is deleted with either person.

use domain::{
    ChronologyId, FamilyId, PersonId, PersonLinkBand, PersonLinkId, PersonLinkState, PersonVerdict,
};

use super::fixture::{EXPIRY_MINUTE, Fixture, at_minute, next_id, now, sealed};
use crate::*;

/// A family of social care with a chronology to which the school is invited, a family of the school
/// with an advance submission, and a link between one person of each.
struct LinkedPeople {
    fixture: Fixture,
    ours: PersonRow,
    theirs: PersonRow,
    our_family: FamilyId,
    their_family: FamilyId,
    chronology: ChronologyId,
    advance_fragment: FragmentRow,
    link: PersonLinkRow,
}

fn person_link(
    fixture: &Fixture,
    chronology: ChronologyId,
    theirs: PersonId,
    ours: PersonId,
) -> PersonLinkRow {
    PersonLinkRow {
        id: PersonLinkId(next_id()),
        partnership_id: fixture.partnership,
        chronology_id: chronology,
        their_person_id: theirs,
        our_person_id: ours,
        band: PersonLinkBand::Possible,
        state: PersonLinkState::Standing,
        verdict: Some(PersonVerdict::Same),
        decided_by: Some(fixture.social_worker),
        expires_at: at_minute(EXPIRY_MINUTE),
        wrapped_key: sealed("key"),
        sealed: sealed("evidence"),
        version: 1,
        created_at: now(),
        updated_at: now(),
    }
}

fn insert_linked_people(db: &Db, code: &str) -> LinkedPeople {
    let fixture = Fixture::create(db, code);
    let ours = fixture.person();
    let theirs = fixture.person();
    let unrelated_person = fixture.person();
    let family = fixture.family();
    let their_family = fixture.family();
    let unrelated_family = fixture.family();
    let chronology = ChronologyRow {
        opened_at: Some(now()),
        ..fixture.chronology(family.id)
    };
    let advance_fragment = fixture.fragment(their_family.id, None);
    let unrelated_fragment = fixture.fragment(unrelated_family.id, None);
    let row = person_link(&fixture, chronology.id, theirs.id, ours.id);
    let partnership = fixture.partnership;
    db.write("rows", |tx| {
        let shared = ("blocking", b"same".to_vec());
        people::insert(tx, &ours, &[shared.clone(), ("upn", b"ours".to_vec())])?;
        people::insert(tx, &theirs, &[shared])?;
        people::insert(
            tx,
            &unrelated_person,
            &[
                ("blocking", b"other".to_vec()),
                ("nhs_number", b"same".to_vec()),
            ],
        )?;
        for (family, person) in [
            (&family, &ours),
            (&their_family, &theirs),
            (&unrelated_family, &unrelated_person),
        ] {
            families::insert(tx, family)?;
            families::add_member(tx, partnership, family.id, person.id)?;
        }
        chronologies::insert(tx, &chronology)?;
        invitations::insert(tx, &fixture.invitation(chronology.id, fixture.school))?;
        fixture.insert_fragment(tx, &advance_fragment)?;
        fixture.insert_fragment(tx, &unrelated_fragment)?;
        person_links::insert(tx, &row)
    })
    .unwrap();
    LinkedPeople {
        fixture,
        ours,
        theirs,
        our_family: family.id,
        their_family: their_family.id,
        chronology: chronology.id,
        advance_fragment,
        link: row,
    }
}

impl LinkedPeople {
    /// Attaches the advance submission to the chronology.
    fn attach_fragment(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let attached = FragmentRow {
            family_id: self.our_family,
            chronology_id: Some(self.chronology),
            expires_at: at_minute(EXPIRY_MINUTE - 7),
            ..self.advance_fragment.clone()
        };
        fragments::update(tx, &attached, 1)
    }

    /// Where the attached fragment came from.
    fn origin(&self) -> FragmentOriginRow {
        FragmentOriginRow {
            fragment_id: self.advance_fragment.id,
            partnership_id: self.fixture.partnership,
            chronology_id: self.chronology,
            family_id: self.their_family,
            asked_expiry: at_minute(EXPIRY_MINUTE),
            created_at: now(),
        }
    }
}

on_each_database! {
    fn shared_token_is_found_from_both_sides_only(db) {
        let one = insert_linked_people(db, "ours");
        let other = insert_linked_people(db, "theirs");
        let partnership = one.fixture.partnership;
        let school = one.fixture.school;
        let now = now();
        db.read("candidates", |tx| {
            let advance_families = |tx: &mut Tx<'_>, agency, person| {
                person_links::families_with_advance_fragments(
                    tx,
                    partnership,
                    agency,
                    &[person],
                    now,
                )
            };
            assert_eq!(
                advance_families(tx, school, one.ours.id)?,
                [one.their_family]
            );
            assert_eq!(
                advance_families(tx, one.fixture.social_care, one.ours.id)?,
                [],
                "no advance submission of that agency"
            );
            assert_eq!(
                advance_families(tx, school, other.ours.id)?,
                [],
                "a person of another partnership"
            );
            let inviting = |tx: &mut Tx<'_>, agency, person| {
                person_links::inviting_chronologies(tx, partnership, agency, &[person], now)
            };
            assert_eq!(inviting(tx, school, one.theirs.id)?, [one.chronology]);
            assert_eq!(inviting(tx, one.fixture.social_care, one.theirs.id)?, []);
            assert_eq!(
                person_links::families_with_advance_fragments(tx, partnership, school, &[], now)?,
                []
            );
            let families_with = |tx: &mut Tx<'_>, person, at| {
                person_links::advance_families_with_person(
                    tx,
                    partnership,
                    one.chronology,
                    person,
                    at,
                )
            };
            assert_eq!(
                families_with(tx, one.theirs.id, now)?,
                [(one.their_family, school)]
            );
            assert_eq!(families_with(tx, one.ours.id, now)?, []);
            assert_eq!(
                families_with(tx, one.theirs.id, one.advance_fragment.expires_at)?,
                [],
                "expired"
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn links_read_back_as_written_in_their_partnership_only(db) {
        let one = insert_linked_people(db, "ours");
        let other = insert_linked_people(db, "theirs");
        let partnership = one.fixture.partnership;
        let foreign = other.fixture.partnership;
        let now = now();
        db.read("links", |tx| {
            let find = |tx: &mut Tx<'_>, partnership, at| {
                person_links::find(tx, partnership, one.chronology, one.link.id, at)
            };
            assert_eq!(find(tx, partnership, now)?, Some(one.link.clone()));
            assert_eq!(find(tx, foreign, now)?, None);
            assert_eq!(find(tx, partnership, at_minute(EXPIRY_MINUTE))?, None);
            assert_eq!(
                person_links::list_for_chronology(tx, partnership, one.chronology, now)?,
                std::slice::from_ref(&one.link)
            );
            assert_eq!(
                person_links::list_for_chronology(tx, foreign, one.chronology, now)?,
                []
            );
            let count_for = |tx: &mut Tx<'_>, partnership, person| {
                person_links::list_for_person(tx, partnership, person, now).map(|all| all.len())
            };
            assert_eq!(count_for(tx, partnership, one.ours.id)?, 1);
            assert_eq!(count_for(tx, partnership, one.theirs.id)?, 1);
            assert_eq!(count_for(tx, foreign, one.theirs.id)?, 0);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn pair_has_one_link(db) {
        let rows = insert_linked_people(db, "ours");
        let duplicate = person_link(&rows.fixture, rows.chronology, rows.theirs.id, rows.ours.id);
        assert_eq!(
            db.write("duplicate", |tx| person_links::insert(tx, &duplicate)),
            Err(StoreError::NotUnique("person link"))
        );
    }

    fn links_are_changed_once_and_in_their_partnership_only(db) {
        let one = insert_linked_people(db, "ours");
        let other = insert_linked_people(db, "theirs");
        let partnership = one.fixture.partnership;
        let now = now();
        let stale = Err(StoreError::Stale);
        let foreign = PersonLinkRow {
            partnership_id: partnership,
            ..other.link.clone()
        };
        let changed = PersonLinkRow {
            state: PersonLinkState::Undone,
            verdict: None,
            version: 2,
            ..one.link.clone()
        };
        db.write("links", |tx| {
            assert_eq!(person_links::update(tx, &foreign, 1), stale);
            assert_eq!(person_links::delete(tx, &foreign), stale);
            assert_eq!(
                person_links::set_lifetime(tx, partnership, foreign.id, now, &sealed("x")),
                stale
            );
            person_links::update(tx, &changed, 1)?;
            assert_eq!(person_links::update(tx, &changed, 1), stale);
            assert_eq!(
                person_links::find(tx, partnership, one.chronology, one.link.id, now)?,
                Some(changed.clone())
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn origin_reads_back_and_refers_to_its_family(db) {
        let rows = insert_linked_people(db, "ours");
        let partnership = rows.fixture.partnership;
        let origin = rows.origin();
        db.write("attach", |tx| {
            let latest = |tx: &mut Tx<'_>| {
                families::latest_referring_expiry(tx, partnership, rows.their_family, now())
            };
            rows.attach_fragment(tx)?;
            assert_eq!(latest(tx)?, None);
            origins::insert(tx, &origin)?;
            assert_eq!(
                origins::find(tx, partnership, rows.advance_fragment.id)?,
                Some(origin.clone())
            );
            assert_eq!(
                origins::list_for_chronology(tx, partnership, rows.chronology)?,
                std::slice::from_ref(&origin)
            );
            assert_eq!(latest(tx)?, Some(at_minute(EXPIRY_MINUTE - 7)));
            Ok::<_, StoreError>(())
        })
        .unwrap();
        let refused = db.write("delete family", |tx| {
            purge::delete_family(tx, partnership, rows.their_family)
        });
        assert!(
            matches!(refused, Err(StoreError::Database(_))),
            "the fragment may be sent back to it: {refused:?}"
        );
    }

    fn origin_is_confined_to_its_partnership(db) {
        let rows = insert_linked_people(db, "ours");
        let foreign = domain::PartnershipId(next_id());
        let fragment = rows.advance_fragment.id;
        db.write("attach", |tx| {
            rows.attach_fragment(tx)?;
            origins::insert(tx, &rows.origin())?;
            assert_eq!(origins::find(tx, foreign, fragment)?, None);
            assert_eq!(
                origins::list_for_chronology(tx, foreign, rows.chronology)?,
                []
            );
            assert_eq!(
                origins::set_asked_expiry(tx, foreign, fragment, now()),
                Err(StoreError::Stale)
            );
            assert_eq!(
                origins::delete(tx, foreign, fragment),
                Err(StoreError::Stale)
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn links_are_deleted_with_a_person_and_origins_with_the_chronology(db) {
        let rows = insert_linked_people(db, "ours");
        let partnership = rows.fixture.partnership;
        db.write("attach", |tx| {
            rows.attach_fragment(tx)?;
            origins::insert(tx, &rows.origin())
        })
        .unwrap();
        db.write("delete", |tx| {
            families::remove_member(tx, partnership, rows.their_family, rows.theirs.id)?;
            assert!(purge::delete_person(tx, partnership, rows.theirs.id)?);
            assert_eq!(
                person_links::list_for_chronology(tx, partnership, rows.chronology, now())?,
                []
            );
            assert!(purge::delete_chronology(tx, partnership, rows.chronology)?);
            assert_eq!(
                origins::list_for_chronology(tx, partnership, rows.chronology)?,
                []
            );
            assert!(purge::delete_family(tx, partnership, rows.their_family)?);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }
}
