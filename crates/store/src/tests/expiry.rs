//! Expired rows are not found: a row is returned until the microsecond before `expires_at`, and not
//! from then on.

use domain::{FragmentState, Instant, SubmissionOutcome};

use super::fixture::{
    EXPIRY_MINUTE, Fixture, RowCounts, at_minute, count_rows, next_id, sealed, token,
};
use crate::*;

/// Rows that all expire at [`EXPIRY_MINUTE`].
struct TestRows {
    fixture: Fixture,
    person: PersonRow,
    family: FamilyRow,
    chronology: ChronologyRow,
    fragment: FragmentRow,
    consolidation: ConsolidationRow,
}

fn insert_rows(db: &Db) -> TestRows {
    let fixture = Fixture::create(db, "marl");
    let person = fixture.person();
    let family = fixture.family();
    let chronology = fixture.chronology(family.id);
    let fragment = fixture.fragment(family.id, Some(chronology.id));
    let consolidation = fixture.consolidation(chronology.id);
    db.write("rows", |tx| {
        people::insert(tx, &person, &[("upn", b"token".to_vec())])?;
        families::insert(tx, &family)?;
        families::add_member(tx, fixture.partnership, family.id, person.id)?;
        chronologies::insert(tx, &chronology)?;
        let invitation = fixture.invitation(chronology.id, fixture.school);
        invitations::insert(tx, &invitation)?;
        fixture.insert_fragment(tx, &fragment)?;
        fixture.insert_fragment(tx, &fixture.fragment(family.id, None))?;
        let frozen_fragment = fixture.consolidation_fragment(&consolidation, &fragment);
        consolidations::insert(
            tx,
            &consolidation,
            &[frozen_fragment],
            Some(&fixture.consolidation_links(&consolidation)),
        )?;
        consolidations::sign_off(
            tx,
            fixture.partnership,
            consolidation.id,
            fixture.social_worker,
            at_minute(6),
        )?;
        idempotency::insert(
            tx,
            &idempotency_record(&fixture, at_minute(EXPIRY_MINUTE), at_minute(1)),
        )
    })
    .unwrap();
    TestRows {
        fixture,
        person,
        family,
        chronology,
        fragment,
        consolidation,
    }
}

fn idempotency_record(
    fixture: &Fixture,
    expires_at: Instant,
    created_at: Instant,
) -> IdempotencyRow {
    IdempotencyRow {
        partnership_id: fixture.partnership,
        practitioner_id: fixture.social_worker,
        key_index: token("key"),
        fingerprint: token("body"),
        object_id: Some(next_id()),
        outcome: Some(SubmissionOutcome::Updated),
        expires_at,
        created_at,
    }
}

impl TestRows {
    /// The number of rows that each finder returns at an instant.
    fn count_found_at(&self, tx: &mut Tx<'_>, now: Instant) -> Result<RowCounts, StoreError> {
        let mut found = self.count_people(tx, now)?;
        found.extend(self.count_chronologies(tx, now)?);
        found.extend(self.count_fragments(tx, now)?);
        found.extend(self.count_consolidations(tx, now)?);
        Ok(found)
    }

    fn count_people(&self, tx: &mut Tx<'_>, now: Instant) -> Result<RowCounts, StoreError> {
        let partnership = self.fixture.partnership;
        let permit = self.fixture.reader_permit();
        let school = self.fixture.school;
        let teacher = self.fixture.teacher;
        let person = self.person.id;
        let family = self.family.id;
        Ok(count_rows![
            people::find(tx, &permit, person, now),
            people::find_many(tx, &permit, &[person], now),
            people::ids_by_token(tx, partnership, "upn", b"token", now),
            people::facts(tx, partnership, person, now),
            people::invitation_access(tx, partnership, person, school, teacher, now),
            families::find(tx, &permit, family, now),
            families::page(tx, &permit, now, None, 9),
            families::facts(tx, partnership, family, now),
            families::invitation_access(tx, partnership, family, school, teacher, now),
            families::latest_referring_expiry(tx, partnership, family, now),
            families::latest_expiry_for_person(tx, partnership, person, now),
        ])
    }

    fn count_chronologies(&self, tx: &mut Tx<'_>, now: Instant) -> Result<RowCounts, StoreError> {
        let partnership = self.fixture.partnership;
        let permit = self.fixture.reader_permit();
        let school = self.fixture.school;
        let social_worker = self.fixture.social_worker;
        Ok(count_rows![
            chronologies::find(tx, partnership, self.chronology.id, now),
            chronologies::page_for(tx, &permit, now, None, 9),
            chronologies::past_due(tx, now, 9),
            invitations::past_due(tx, now, 9),
            invitations::page_for_agency(tx, partnership, school, None, now, None, 9),
            idempotency::find(tx, partnership, social_worker, b"key", now),
        ])
    }

    fn count_fragments(&self, tx: &mut Tx<'_>, now: Instant) -> Result<RowCounts, StoreError> {
        let partnership = self.fixture.partnership;
        let permit = self.fixture.reader_permit();
        let school = self.fixture.school;
        let chronology = self.chronology.id;
        let fragment = self.fragment.id;
        let mut counts = count_rows![
            fragments::list(tx, partnership, chronology, now),
            fragments::list_advance_for_family(tx, partnership, self.family.id, now),
            fragments::live_content(tx, &permit, chronology, now),
            fragments::version(tx, &permit, fragment, 1, now),
            fragments::versions(tx, &permit, fragment, now),
        ];
        let entries = fragments::entries(tx, &permit, fragment, 1, now)?;
        let page = fragments::page_for_agency(tx, partnership, school, None, now, None, 9)?;
        counts.extend([
            ("fragments::entries", entries.len().min(1)),
            ("fragments::page_for_agency", page.len().min(1)),
        ]);
        Ok(counts)
    }

    fn count_consolidations(&self, tx: &mut Tx<'_>, now: Instant) -> Result<RowCounts, StoreError> {
        let permit = self.fixture.reader_permit();
        let chronology = self.chronology.id;
        let consolidation = self.consolidation.id;
        let mut counts = count_rows![
            consolidations::find(tx, &permit, consolidation, now),
            consolidations::links(tx, &permit, consolidation, now),
            consolidations::list_all(tx, &permit, chronology, now),
            consolidations::latest(tx, &permit, chronology, now),
            consolidations::signed_off(tx, &permit, chronology, now),
        ];
        let frozen = fragments::frozen_content_excluding::<StoreError>(
            tx,
            &permit,
            (chronology, consolidation),
            now,
            |_, _, _| Ok(fragments::EntryExclusions::default()),
        )?;
        counts.push(("fragments::frozen_content_excluding", frozen.len()));
        Ok(counts)
    }
}

on_each_database! {
    fn nothing_is_found_from_expires_at_on(db) {
        let rows = insert_rows(db);
        let last = Instant::from_micros(at_minute(EXPIRY_MINUTE).as_micros() - 1);
        for (now, expected) in [(last, 1), (at_minute(EXPIRY_MINUTE), 0), (Instant::MAX, 0)] {
            let found = db.read("at", |tx| rows.count_found_at(tx, now)).unwrap();
            for (finder, found) in found {
                assert_eq!(found, expected, "{finder} at {now}");
            }
        }
    }

    /// Content is served only until the fragment, its version or the chronology expires.
    fn content_ends_at_the_earliest_of_three_expiries(db) {
        let TestRows {
            fixture,
            mut chronology,
            mut fragment,
            family,
            ..
        } = insert_rows(db);
        let permit = fixture.reader_permit();
        let now = at_minute(600);
        let live = || {
            db.read("live", |tx| {
                let fragments = fragments::live_content(tx, &permit, chronology.id, now)?.len();
                let version = fragments::version(tx, &permit, fragment.id, 1, now)?
                    .iter()
                    .count();
                let entries = fragments::entries(tx, &permit, fragment.id, 1, now)?.len();
                Ok::<_, StoreError>((fragments, version, entries))
            })
            .unwrap()
        };
        assert_eq!(live(), (1, 1, 2));
        let update = |row: &FragmentRow| {
            db.write("end", |tx| fragments::update(tx, row, row.version))
                .unwrap()
        };
        fragment.expires_at = now;
        update(&fragment);
        assert_eq!(live(), (0, 0, 0), "the fragment has expired");
        fragment.expires_at = at_minute(EXPIRY_MINUTE);
        update(&fragment);
        let set_version_expiry = |at| {
            let change = |tx: &mut Tx<'_>| {
                fragments::set_version_lifetime(
                    tx,
                    fixture.partnership,
                    fragment.id,
                    1,
                    at,
                    &sealed("key"),
                )
            };
            db.write("end", change).unwrap();
        };
        set_version_expiry(now);
        assert_eq!(live(), (0, 0, 0), "the version has expired");
        set_version_expiry(at_minute(EXPIRY_MINUTE));
        assert_eq!(live(), (1, 1, 2));
        let id = chronology.id;
        chronology.expires_at = now;
        db.write("end", |tx| chronologies::update(tx, &chronology, 1))
            .unwrap();
        let after = db.read("live", |tx| {
            let fragments = fragments::live_content(tx, &permit, id, now)?.len();
            Ok::<_, StoreError>((
                fragments,
                fragments::entries(tx, &permit, fragment.id, 1, now)?.len(),
            ))
        });
        assert_eq!(after, Ok((0, 0)), "the chronology has expired");
        assert_eq!(family.expires_at, at_minute(EXPIRY_MINUTE));
    }

    fn withdrawn_fragment_is_not_served(db) {
        let TestRows {
            fixture,
            chronology,
            fragment,
            ..
        } = insert_rows(db);
        let withdrawn = FragmentRow {
            state: FragmentState::Withdrawn,
            version: 2,
            ..fragment
        };
        db.write("withdraw", |tx| fragments::update(tx, &withdrawn, 1))
            .unwrap();
        let permit = fixture.reader_permit();
        let now = at_minute(600);
        db.read("live", |tx| {
            assert_eq!(
                fragments::live_content(tx, &permit, chronology.id, now)?,
                []
            );
            assert_eq!(fragments::versions(tx, &permit, withdrawn.id, now)?, []);
            assert_eq!(fragments::entries(tx, &permit, withdrawn.id, 1, now)?, []);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn expired_idempotency_record_is_replaced(db) {
        let fixture = Fixture::create(db, "marl");
        let first = idempotency_record(&fixture, at_minute(10), at_minute(1));
        let too_early = idempotency_record(&fixture, at_minute(30), at_minute(9));
        let in_time = idempotency_record(&fixture, at_minute(30), at_minute(10));
        db.write("records", |tx| {
            idempotency::insert(tx, &first)?;
            assert_eq!(
                idempotency::insert(tx, &too_early),
                Err(StoreError::NotUnique("idempotency key"))
            );
            idempotency::insert(tx, &in_time)
        })
        .unwrap();
        let found = db.read("found", |tx| {
            idempotency::find(
                tx,
                fixture.partnership,
                fixture.social_worker,
                b"key",
                at_minute(20),
            )
        });
        assert_eq!(found, Ok(Some(in_time)));
    }

    fn facts_remain_available_after_expiry(db) {
        let TestRows {
            fixture,
            chronology,
            fragment,
            ..
        } = insert_rows(db);
        db.read("facts", |tx| {
            let partnership = fixture.partnership;
            let facts = chronologies::facts(
                tx,
                partnership,
                chronology.id,
                fixture.school,
                fixture.teacher,
            )?
            .unwrap();
            assert_eq!(facts.chronology.expires_at, at_minute(EXPIRY_MINUTE));
            assert!(facts.invitation.is_some());
            assert!(fragments::find(tx, partnership, fragment.id)?.is_some());
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }
}
