//! Every column reads back as it was written, and unique keys are enforced.

use domain::{ChronologyId, DeclineReason, InvitationState, Marking};

use super::fixture::{EXPIRY_MINUTE, Fixture, at_minute, next_id, now, sealed, token};
use crate::*;

on_each_database! {
    fn every_row_reads_back_as_written(db) {
        let fixture = Fixture::create(db, "marl");
        let partnership = fixture.partnership;
        let person = fixture.person();
        let family = fixture.family();
        let chronology = fixture.chronology(family.id);
        let invitation = InvitationRow {
            state: InvitationState::Declined,
            viewed_at: Some(at_minute(4)),
            drafting_at: Some(at_minute(5)),
            answered_at: Some(at_minute(6)),
            decline_reason: Some(DeclineReason::MoreDetrimentalToChild),
            answered_by: Some(fixture.teacher),
            ..fixture.invitation(chronology.id, fixture.school)
        };
        db.write("write", |tx| {
            people::insert(tx, &person, &[])?;
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            invitations::insert(tx, &invitation)
        })
        .unwrap();
        let permit = fixture.reader_permit();
        db.read("read", |tx| {
            assert_eq!(
                people::find(tx, &permit, person.id, now())?,
                Some(person.clone())
            );
            assert_eq!(
                families::find(tx, &permit, family.id, now())?,
                Some(family.clone())
            );
            assert_eq!(
                chronologies::find(tx, partnership, chronology.id, now())?,
                Some(chronology.clone())
            );
            assert_eq!(
                invitations::find(tx, partnership, invitation.id)?,
                Some(invitation.clone())
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn fragment_reads_back_with_its_version_and_entries(db) {
        let fixture = Fixture::create(db, "marl");
        let person = fixture.person();
        let family = fixture.family();
        let chronology = fixture.chronology(family.id);
        let fragment = FragmentRow {
            child_id: Some(person.id),
            proxy_by_agency: Some(fixture.social_care),
            reference_index: Some(token("reference")),
            ..fixture.fragment(family.id, Some(chronology.id))
        };
        let version = fixture.fragment_version(&fragment, 1);
        let mut entries = fixture.entries(fragment.id, 1, 3);
        entries[1].marking = Marking::Restricted;
        entries[1].reference_index = Some(token("record"));
        entries[2].sealed = Sealed(Vec::new());
        db.write("write", |tx| {
            people::insert(tx, &person, &[])?;
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            fragments::insert(tx, &fragment)?;
            fragments::insert_version(tx, &version, &entries)
        })
        .unwrap();
        let permit = fixture.reader_permit();
        db.read("read", |tx| {
            assert_eq!(
                fragments::find(tx, fixture.partnership, fragment.id)?,
                Some(fragment.clone())
            );
            let content = FragmentContent {
                fragment: fragment.clone(),
                version: version.clone(),
                entries: entries.clone(),
            };
            assert_eq!(
                fragments::live_content(tx, &permit, chronology.id, now())?,
                [content]
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn audit_records_read_back_in_order_with_consecutive_numbers(db) {
        let fixture = Fixture::create(db, "marl");
        let chronology = Some(ChronologyId(next_id()));
        let record = fixture.audit_draft(7, domain::Operation::TimelineRead, chronology);
        let bare = AuditDraft {
            id: domain::AuditId(next_id()),
            practitioner_token: None,
            agency_token: None,
            object_token: None,
            chronology_token: None,
            ..record.clone()
        };
        db.write("write", |tx| {
            audit::insert(tx, &record)?;
            audit::insert(tx, &bare)
        })
        .unwrap();
        let records = db
            .read("read", |tx| {
                audit::page(tx, fixture.partnership, &AuditFilter::default(), None, 9)
            })
            .unwrap();
        let found: Vec<_> = records
            .into_iter()
            .map(|row| (row.id, row.number, row.practitioner_token, row.sealed))
            .collect();
        let expected = [(1, record), (2, bare)]
            .map(|(number, draft)| (draft.id, number, draft.practitioner_token, draft.sealed));
        assert_eq!(found, expected);
    }

    fn update_writes_every_column_and_none_clears_it(db) {
        let fixture = Fixture::create(db, "marl");
        let family = fixture.family();
        let chronology = fixture.chronology(family.id);
        let invitation = fixture.invitation(chronology.id, fixture.school);
        let answered = InvitationRow {
            state: InvitationState::Submitted,
            due_at: at_minute(700),
            viewed_at: Some(at_minute(4)),
            answered_at: Some(at_minute(6)),
            answered_by: Some(fixture.teacher),
            wrapped_key: sealed("another key"),
            sealed: sealed("another message"),
            version: 2,
            updated_at: at_minute(6),
            ..invitation.clone()
        };
        let cleared = InvitationRow {
            version: 3,
            ..invitation.clone()
        };
        db.write("rows", |tx| {
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            invitations::insert(tx, &invitation)?;
            invitations::update(tx, &answered, 1)?;
            assert_eq!(
                invitations::find(tx, fixture.partnership, invitation.id)?,
                Some(answered.clone())
            );
            invitations::update(tx, &cleared, 2)?;
            assert_eq!(
                invitations::find(tx, fixture.partnership, invitation.id)?,
                Some(cleared.clone())
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn live_content_is_the_current_version_and_earlier_ones_remain(db) {
        let fixture = Fixture::create(db, "marl");
        let family = fixture.family();
        let chronology = fixture.chronology(family.id);
        let fragment = fixture.fragment(family.id, Some(chronology.id));
        let corrected = FragmentRow {
            version: 2,
            ..fragment.clone()
        };
        // More entries than one insert statement accepts.
        let many = fixture.entries(fragment.id, 2, 1_203);
        db.write("rows", |tx| {
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            fixture.insert_fragment(tx, &fragment)?;
            fragments::insert_version(tx, &fixture.fragment_version(&fragment, 2), &many)?;
            fragments::update(tx, &corrected, 1)
        })
        .unwrap();
        let permit = fixture.reader_permit();
        let partnership = fixture.partnership;
        db.read("content", |tx| {
            let content = fragments::live_content(tx, &permit, chronology.id, now())?;
            assert_eq!(content.len(), 1);
            assert_eq!(
                (content[0].version.version, &content[0].entries),
                (2, &many)
            );
            assert_eq!(
                fragments::entries(tx, &permit, fragment.id, 1, now())?.len(),
                2
            );
            assert_eq!(fragments::entries(tx, &permit, fragment.id, 3, now())?, []);
            let versions: Vec<i64> = fragments::versions(tx, &permit, fragment.id, now())?
                .iter()
                .map(|version| version.version)
                .collect();
            assert_eq!(versions, [1, 2]);
            assert_eq!(fragments::digests(tx, partnership, fragment.id)?.len(), 2);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn reference_is_unique_per_chronology_and_among_advance_submissions(db) {
        let fixture = Fixture::create(db, "marl");
        let family = fixture.family();
        let first = fixture.chronology(family.id);
        let second = fixture.chronology(family.id);
        let with_reference = |on| FragmentRow {
            reference_index: Some(token("AB-1")),
            ..fixture.fragment(family.id, on)
        };
        let taken = Err(StoreError::NotUnique("fragment reference"));
        db.write("rows", |tx| {
            families::insert(tx, &family)?;
            chronologies::insert(tx, &first)?;
            chronologies::insert(tx, &second)
        })
        .unwrap();
        let insert = |row: &FragmentRow| db.write("insert", |tx| fragments::insert(tx, row));
        let one = with_reference(Some(first.id));
        let two = with_reference(Some(second.id));
        let advance = with_reference(None);
        assert_eq!(insert(&one), Ok(()));
        assert_eq!(insert(&with_reference(Some(first.id))), taken);
        assert_eq!(insert(&two), Ok(()));
        assert_eq!(insert(&advance), Ok(()));
        assert_eq!(insert(&with_reference(None)), taken);
        let without_reference = || fixture.fragment(family.id, Some(first.id));
        assert_eq!(
            (insert(&without_reference()), insert(&without_reference())),
            (Ok(()), Ok(())),
            "fragments without a reference do not conflict"
        );
        let moved = FragmentRow {
            chronology_id: Some(first.id),
            version: 2,
            ..advance.clone()
        };
        assert_eq!(
            db.write("attach", |tx| fragments::update(tx, &moved, 1)),
            taken
        );
        assert_eq!(
            db.write("delete", |tx| purge::delete_fragment(
                tx,
                fixture.partnership,
                one.id
            )),
            Ok(true)
        );
        assert_eq!(
            db.write("attach", |tx| fragments::update(tx, &moved, 1)),
            Ok(()),
            "deleting the other fragment released the reference"
        );
    }

    fn person_tokens_are_replaced_together(db) {
        let fixture = Fixture::create(db, "marl");
        let partnership = fixture.partnership;
        let person = fixture.person();
        let twin = fixture.person();
        let found = |kind: &str, value: &[u8]| {
            db.read("look up", |tx| {
                people::ids_by_token(tx, partnership, kind, value, now())
            })
            .unwrap()
        };
        db.write("rows", |tx| {
            people::insert(
                tx,
                &person,
                &[("nhs_number", b"1".to_vec()), ("name_birth", b"2".to_vec())],
            )?;
            people::insert(tx, &twin, &[("name_birth", b"2".to_vec())])
        })
        .unwrap();
        assert_eq!(found("name_birth", b"2"), [person.id, twin.id]);
        assert_eq!(
            found("nhs_number", b"2"),
            [],
            "a token matches only its own kind"
        );
        let changed = PersonRow {
            version: 2,
            ..person.clone()
        };
        db.write("update", |tx| {
            people::update(tx, &changed, 1, &[("nhs_number", b"3".to_vec())])
        })
        .unwrap();
        assert_eq!(found("name_birth", b"2"), [twin.id]);
        assert_eq!(
            (found("nhs_number", b"1"), found("nhs_number", b"3")),
            (vec![], vec![person.id])
        );
        let stale = db.write("stale", |tx| people::update(tx, &changed, 1, &[]));
        assert_eq!(stale, Err(StoreError::Stale));
        assert_eq!(
            found("nhs_number", b"3"),
            [person.id],
            "a refused update does not change the tokens"
        );
    }

    fn latest_referring_expiry_is_the_maximum(db) {
        let fixture = Fixture::create(db, "marl");
        let family = fixture.family();
        let partnership = fixture.partnership;
        let latest = |at| {
            db.read("latest", |tx| {
                families::latest_referring_expiry(tx, partnership, family.id, at_minute(at))
            })
            .unwrap()
        };
        db.write("family", |tx| families::insert(tx, &family))
            .unwrap();
        assert_eq!(latest(0), None);
        let chronology = ChronologyRow {
            expires_at: at_minute(20),
            ..fixture.chronology(family.id)
        };
        let advance = FragmentRow {
            expires_at: at_minute(30),
            ..fixture.fragment(family.id, None)
        };
        let withdrawn = FragmentRow {
            expires_at: at_minute(90),
            state: FragmentState::Withdrawn,
            ..fixture.fragment(family.id, None)
        };
        db.write("refer", |tx| {
            chronologies::insert(tx, &chronology)?;
            fragments::insert(tx, &advance)?;
            fragments::insert(tx, &withdrawn)
        })
        .unwrap();
        let of_advance = Some(at_minute(30));
        assert_eq!(
            [0, 20, 29, 30].map(latest),
            [of_advance, of_advance, of_advance, None]
        );
    }

    fn latest_expiry_for_person_is_the_maximum_of_the_families(db) {
        let fixture = Fixture::create(db, "marl");
        let family = fixture.family();
        let person = fixture.person();
        let partnership = fixture.partnership;
        let latest = |at| {
            db.read("latest", |tx| {
                families::latest_expiry_for_person(tx, partnership, person.id, at_minute(at))
            })
            .unwrap()
        };
        db.write("rows", |tx| {
            people::insert(tx, &person, &[])?;
            families::insert(tx, &family)
        })
        .unwrap();
        assert_eq!(latest(0), None, "no family yet");
        let other = FamilyRow {
            expires_at: at_minute(40),
            ..fixture.family()
        };
        db.write("join", |tx| {
            families::insert(tx, &other)?;
            families::add_member(tx, partnership, family.id, person.id)?;
            families::add_member(tx, partnership, other.id, person.id)
        })
        .unwrap();
        assert_eq!(latest(0), Some(at_minute(EXPIRY_MINUTE)));
        db.write("shorten", |tx| {
            families::set_lifetime(tx, partnership, family.id, at_minute(35), &sealed("key"))
        })
        .unwrap();
        let of_other = Some(at_minute(40));
        assert_eq!([0, 39, 40].map(latest), [of_other, of_other, None]);
    }

    fn tombstone_is_unique(db) {
        let fixture = Fixture::create(db, "marl");
        let tombstone = TombstoneRow {
            id: next_id(),
            kind: TombstoneKind::Fragment,
            partnership_id: fixture.partnership,
            chronology_id: Some(ChronologyId(next_id())),
            agency_id: fixture.school,
            owner_id: fixture.teacher,
            reason: TombstoneReason::Withdrawn,
            created_at: at_minute(1),
            expired_at: at_minute(2),
            deleted_at: at_minute(3),
            entry_count: 4,
            content_index: token("hash"),
        };
        let insert = || {
            db.write("tombstone", |tx| {
                tombstones::insert(
                    tx,
                    &tombstone,
                    &[],
                    &[fixture.teacher, fixture.social_worker, fixture.teacher],
                )
            })
        };
        assert_eq!(
            (insert(), insert()),
            (Ok(()), Err(StoreError::NotUnique("tombstone")))
        );
        let found = db
            .read("find", |tx| {
                tombstones::find(tx, fixture.partnership, tombstone.id)
            })
            .unwrap()
            .unwrap();
        assert_eq!(found.tombstone, tombstone);
        assert_eq!(
            found.practitioners,
            [fixture.social_worker, fixture.teacher]
        );
    }
}
