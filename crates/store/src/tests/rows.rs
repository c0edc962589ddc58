//! What is written is what is read, column by column, and references are unique where they must be.

use domain::{DeclineReason, InvitationState, Marking};

use super::world::{END, World, id, minute, now, sealed, token};
use crate::*;

on_each_database! {
    fn every_row_comes_back_as_it_was_written(db) {
        let world = World::make(db, "marl");
        let p = world.partnership;
        let (person, family) = (world.person(), world.family());
        let chronology = world.chronology(family.id);
        let invitation = InvitationRow {
            state: InvitationState::Declined,
            viewed_at: Some(minute(4)),
            drafting_at: Some(minute(5)),
            answered_at: Some(minute(6)),
            decline_reason: Some(DeclineReason::MoreDetrimentalToChild),
            answered_by: Some(world.teacher),
            ..world.invitation(chronology.id, world.school)
        };
        let fragment = FragmentRow {
            child_id: Some(person.id),
            proxy_by_agency: Some(world.care),
            reference_index: Some(token("reference")),
            ..world.fragment(family.id, Some(chronology.id))
        };
        let version = world.version(&fragment, 1);
        let mut entries = world.entries(fragment.id, 1, 3);
        entries[1].marking = Marking::Restricted;
        entries[1].reference_index = Some(token("record"));
        entries[2].sealed = Sealed(Vec::new());
        let record = world.record(7, domain::Operation::TimelineRead, Some(chronology.id));
        let bare = AuditDraft {
            id: domain::AuditId(id()),
            practitioner_token: None, agency_token: None, object_token: None, chronology_token: None,
            ..record.clone()
        };
        db.write("write", |tx| {
            people::insert(tx, &person, &[])?;
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            invitations::insert(tx, &invitation)?;
            fragments::insert(tx, &fragment)?;
            fragments::insert_version(tx, &version, &entries)?;
            audit::insert(tx, &record)?;
            audit::insert(tx, &bare)
        })
        .unwrap();
        let leave = world.permit();
        db.read("read", |tx| {
            assert_eq!(people::find(tx, &leave, person.id, now())?, Some(person.clone()));
            assert_eq!(families::find(tx, &leave, family.id, now())?, Some(family.clone()));
            assert_eq!(chronologies::find(tx, p, chronology.id, now())?, Some(chronology.clone()));
            assert_eq!(invitations::find(tx, p, invitation.id)?, Some(invitation.clone()));
            assert_eq!(fragments::find(tx, p, fragment.id)?, Some(fragment.clone()));
            let content = FragmentContent { fragment: fragment.clone(), version: version.clone(), entries: entries.clone() };
            assert_eq!(fragments::live_content(tx, &leave, chronology.id, now())?, [content]);
            let records = audit::page(tx, p, &AuditFilter::default(), None, 9)?;
            let written = records.iter().map(|row| (row.id, row.number, row.practitioner_token.clone(), row.sealed.clone()));
            let given = [&record, &bare].map(|draft| (draft.id, draft.practitioner_token.clone(), draft.sealed.clone()));
            let given = given.into_iter().zip(1..).map(|((id, token, sealed), number)| (id, number, token, sealed));
            assert_eq!(written.collect::<Vec<_>>(), given.collect::<Vec<_>>());
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn an_update_writes_every_column_and_none_clears(db) {
        let world = World::make(db, "marl");
        let family = world.family();
        let chronology = world.chronology(family.id);
        let invitation = world.invitation(chronology.id, world.school);
        let answered = InvitationRow {
            state: InvitationState::Submitted,
            due_at: minute(700),
            viewed_at: Some(minute(4)),
            answered_at: Some(minute(6)),
            answered_by: Some(world.teacher),
            wrapped_key: sealed("another key"),
            sealed: sealed("another message"),
            version: 2,
            updated_at: minute(6),
            ..invitation.clone()
        };
        let cleared = InvitationRow { version: 3, ..invitation.clone() };
        db.write("rows", |tx| {
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            invitations::insert(tx, &invitation)?;
            invitations::update(tx, &answered, 1)?;
            assert_eq!(invitations::find(tx, world.partnership, invitation.id)?, Some(answered.clone()));
            invitations::update(tx, &cleared, 2)?;
            assert_eq!(invitations::find(tx, world.partnership, invitation.id)?, Some(cleared.clone()));
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn only_the_current_version_is_content_and_earlier_ones_stay(db) {
        let world = World::make(db, "marl");
        let family = world.family();
        let chronology = world.chronology(family.id);
        let fragment = world.fragment(family.id, Some(chronology.id));
        let corrected = FragmentRow { version: 2, ..fragment.clone() };
        // More than fit into one statement.
        let many = world.entries(fragment.id, 2, 1_203);
        db.write("rows", |tx| {
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            world.submit(tx, &fragment)?;
            fragments::insert_version(tx, &world.version(&fragment, 2), &many)?;
            fragments::update(tx, &corrected, 1)
        })
        .unwrap();
        let (leave, p) = (world.permit(), world.partnership);
        db.read("content", |tx| {
            let content = fragments::live_content(tx, &leave, chronology.id, now())?;
            assert_eq!(content.len(), 1);
            assert_eq!((content[0].version.version, &content[0].entries), (2, &many));
            assert_eq!(fragments::entries(tx, &leave, fragment.id, 1, now())?.len(), 2);
            assert_eq!(fragments::entries(tx, &leave, fragment.id, 3, now())?, []);
            let versions: Vec<i64> = fragments::versions(tx, &leave, fragment.id, now())?.iter().map(|v| v.version).collect();
            assert_eq!(versions, [1, 2]);
            assert_eq!(fragments::digests(tx, p, fragment.id)?.len(), 2);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn a_reference_is_used_once_on_a_chronology_and_once_ahead(db) {
        let world = World::make(db, "marl");
        let family = world.family();
        let (first, second) = (world.chronology(family.id), world.chronology(family.id));
        let named = |on| FragmentRow { reference_index: Some(token("AB-1")), ..world.fragment(family.id, on) };
        let taken = Err(StoreError::NotUnique("fragment reference"));
        db.write("rows", |tx| {
            families::insert(tx, &family)?;
            chronologies::insert(tx, &first)?;
            chronologies::insert(tx, &second)
        })
        .unwrap();
        let insert = |row: &FragmentRow| db.write("insert", |tx| fragments::insert(tx, row));
        let (one, two, ahead) = (named(Some(first.id)), named(Some(second.id)), named(None));
        assert_eq!(insert(&one), Ok(()));
        assert_eq!(insert(&named(Some(first.id))), taken);
        assert_eq!(insert(&two), Ok(()));
        assert_eq!(insert(&ahead), Ok(()));
        assert_eq!(insert(&named(None)), taken);
        let unnamed = || world.fragment(family.id, Some(first.id));
        assert_eq!((insert(&unnamed()), insert(&unnamed())), (Ok(()), Ok(())), "no reference is no clash");
        let moved = FragmentRow { chronology_id: Some(first.id), version: 2, ..ahead.clone() };
        assert_eq!(db.write("attach", |tx| fragments::update(tx, &moved, 1)), taken);
        assert_eq!(db.write("erase", |tx| purge::delete_fragment(tx, world.partnership, one.id)), Ok(true));
        assert_eq!(db.write("attach", |tx| fragments::update(tx, &moved, 1)), Ok(()), "erasing released it");
    }

    fn keys_of_a_person_are_replaced_whole(db) {
        let world = World::make(db, "marl");
        let p = world.partnership;
        let (person, twin) = (world.person(), world.person());
        let found = |kind: &str, value: &[u8]| db.read("look up", |tx| people::ids_by_token(tx, p, kind, value, now())).unwrap();
        db.write("rows", |tx| {
            people::insert(tx, &person, &[("nhs_number", b"1".to_vec()), ("name_birth", b"2".to_vec())])?;
            people::insert(tx, &twin, &[("name_birth", b"2".to_vec())])
        })
        .unwrap();
        assert_eq!(found("name_birth", b"2"), [person.id, twin.id]);
        assert_eq!(found("nhs_number", b"2"), [], "a token counts for its own kind");
        let changed = PersonRow { version: 2, ..person.clone() };
        db.write("update", |tx| people::update(tx, &changed, 1, &[("nhs_number", b"3".to_vec())])).unwrap();
        assert_eq!(found("name_birth", b"2"), [twin.id]);
        assert_eq!((found("nhs_number", b"1"), found("nhs_number", b"3")), (vec![], vec![person.id]));
        let stale = db.write("stale", |tx| people::update(tx, &changed, 1, &[]));
        assert_eq!(stale, Err(StoreError::Stale));
        assert_eq!(found("nhs_number", b"3"), [person.id], "a refused update leaves the keys");
    }

    fn the_latest_reference_is_that_of_whatever_lives_longest(db) {
        let world = World::make(db, "marl");
        let (family, person, p) = (world.family(), world.person(), world.partnership);
        let latest = |at| db.read("latest", |tx| families::latest_reference(tx, p, family.id, minute(at))).unwrap();
        db.write("rows", |tx| {
            people::insert(tx, &person, &[])?;
            families::insert(tx, &family)
        })
        .unwrap();
        assert_eq!(latest(0), None);
        let chronology = ChronologyRow { expires_at: minute(20), ..world.chronology(family.id) };
        let ahead = FragmentRow { expires_at: minute(30), ..world.fragment(family.id, None) };
        let withdrawn =
            FragmentRow { expires_at: minute(90), state: FragmentState::Withdrawn, ..world.fragment(family.id, None) };
        db.write("refer", |tx| {
            chronologies::insert(tx, &chronology)?;
            fragments::insert(tx, &ahead)?;
            fragments::insert(tx, &withdrawn)
        })
        .unwrap();
        assert_eq!([latest(0), latest(20), latest(29), latest(30)], [Some(minute(30)), Some(minute(30)), Some(minute(30)), None]);
        let lifetime = |at| db.read("lifetime", |tx| families::longest_lifetime_of(tx, p, person.id, minute(at))).unwrap();
        assert_eq!(lifetime(0), None, "no family yet");
        let other = FamilyRow { expires_at: minute(40), ..world.family() };
        db.write("join", |tx| {
            families::insert(tx, &other)?;
            families::add_member(tx, p, family.id, person.id)?;
            families::add_member(tx, p, other.id, person.id)
        })
        .unwrap();
        assert_eq!(lifetime(0), Some(minute(END)));
        db.write("shorten", |tx| families::set_lifetime(tx, p, family.id, minute(35), &sealed("key"))).unwrap();
        assert_eq!([lifetime(0), lifetime(39), lifetime(40)], [Some(minute(40)), Some(minute(40)), None]);
    }

    fn a_frozen_view_is_signed_off_once(db) {
        let world = World::make(db, "marl");
        let family = world.family();
        let chronology = world.chronology(family.id);
        let (old, new) = (world.consolidation(chronology.id), world.consolidation(chronology.id));
        let (leave, p) = (world.permit(), world.partnership);
        db.write("rows", |tx| {
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            consolidations::insert(tx, &old, &[], None)?;
            consolidations::insert(tx, &new, &[], None)
        })
        .unwrap();
        let signed = || db.read("signed", |tx| consolidations::signed_off(tx, &leave, chronology.id, now())).unwrap();
        assert_eq!(signed(), None);
        let sign = |at| db.write("sign", |tx| consolidations::sign_off(tx, p, old.id, world.worker, minute(at)));
        assert_eq!((sign(8), sign(9)), (Ok(()), Err(StoreError::Stale)));
        let (at, by) = (Some(minute(8)), Some(world.worker));
        assert_eq!(signed(), Some(ConsolidationRow { signed_off_at: at, signed_off_by: by, ..old }));
        let latest = db.read("latest", |tx| consolidations::latest(tx, &leave, chronology.id, now())).unwrap();
        assert_eq!(latest, Some(new));
    }

    fn a_frozen_view_reads_the_versions_it_was_frozen_with(db) {
        let world = World::make(db, "marl");
        let family = world.family();
        let chronology = world.chronology(family.id);
        let (fragment, other) = (world.fragment(family.id, Some(chronology.id)), world.fragment(family.id, Some(chronology.id)));
        let view = world.consolidation(chronology.id);
        let (leave, p) = (world.permit(), world.partnership);
        db.write("rows", |tx| {
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            world.submit(tx, &fragment)?;
            world.submit(tx, &other)?;
            let frozen = [world.frozen(&view, &fragment), world.frozen(&view, &other)];
            consolidations::insert(tx, &view, &frozen, Some(&world.frozen_links(&view)))?;
            fragments::insert_version(tx, &world.version(&fragment, 2), &world.entries(fragment.id, 2, 3))?;
            fragments::update(tx, &FragmentRow { version: 2, ..fragment.clone() }, 1)
        })
        .unwrap();
        let frozen = |left_out: &[domain::EntryId]| {
            db.read("frozen", |tx| {
                let of = (chronology.id, view.id);
                fragments::frozen_content_without::<StoreError>(tx, &leave, of, now(), |_, _, _| {
                    Ok(fragments::KeptApart { without: left_out.to_vec(), only: None })
                })
            })
            .unwrap()
        };
        let found = frozen(&[]);
        let versions = |found: &[fragments::FragmentContent]| {
            let mut all: Vec<_> = found.iter().map(|one| (one.fragment.id, one.version.version, one.entries.len())).collect();
            all.sort();
            all
        };
        let mut both = [(fragment.id, 1, 2), (other.id, 1, 2)];
        both.sort();
        assert_eq!(versions(&found), both, "a correction does not change it");
        let left_out = frozen(&[found[0].entries[1].id]);
        assert_eq!(left_out[0].entries, found[0].entries[..1], "what is left out is not read");
        // A fragment that goes back to where it came from is no longer the chronology's.
        db.write("back", |tx| {
            fragments::update(tx, &FragmentRow { chronology_id: None, ..other.clone() }, 1)
        })
        .unwrap();
        assert_eq!(versions(&frozen(&[])), [(fragment.id, 1, 2)]);
        db.write("forget", |tx| consolidations::forget_fragment(tx, p, other.id)).unwrap();
        db.read("left", |tx| {
            assert_eq!(consolidations::fragments(tx, &leave, chronology.id)?[&view.id], [fragment.id]);
            assert_eq!(consolidations::links(tx, &leave, view.id, now())?, None, "what was found told of it, too");
            Ok::<_, StoreError>(())
        })
        .unwrap();
        db.write("delete", |tx| purge::delete_fragment(tx, p, fragment.id)).unwrap();
        assert_eq!(frozen(&[]), []);
        let left = db.read("left", |tx| consolidations::fragments(tx, &leave, chronology.id)).unwrap();
        assert!(left.is_empty(), "it goes with the fragment");
    }

    fn a_tombstone_is_left_once(db) {
        let world = World::make(db, "marl");
        let stone = TombstoneRow {
            id: id(),
            kind: TombstoneKind::Fragment,
            partnership_id: world.partnership,
            chronology_id: Some(domain::ChronologyId(id())),
            agency_id: world.school,
            owner_id: world.teacher,
            reason: TombstoneReason::Withdrawn,
            created_at: minute(1),
            expired_at: minute(2),
            deleted_at: minute(3),
            entry_count: 4,
            content_index: token("hash"),
        };
        let insert = || db.write("leave", |tx| tombstones::insert(tx, &stone, &[], &[world.teacher, world.worker, world.teacher]));
        assert_eq!((insert(), insert()), (Ok(()), Err(StoreError::NotUnique("tombstone"))));
        let found = db.read("find", |tx| tombstones::find(tx, world.partnership, stone.id)).unwrap().unwrap();
        assert_eq!(found.tombstone, stone);
        assert_eq!(found.practitioners, [world.worker, world.teacher]);
    }
}
