//! Frozen views: signed off once, and read with the versions that they were frozen with.

use domain::{ChronologyId, ConsolidationId, EntryId, FragmentId};

use super::fixture::{Fixture, at_minute, now};
use crate::*;

/// A consolidation of two fragments, of which one was corrected after it.
struct FrozenConsolidation {
    fixture: Fixture,
    chronology: ChronologyId,
    consolidation: ConsolidationId,
    corrected: FragmentRow,
    other: FragmentRow,
}

fn insert_frozen_consolidation(db: &Db) -> FrozenConsolidation {
    let fixture = Fixture::create(db, "marl");
    let family = fixture.family();
    let chronology = fixture.chronology(family.id);
    let fragment = fixture.fragment(family.id, Some(chronology.id));
    let other = fixture.fragment(family.id, Some(chronology.id));
    let consolidation = fixture.consolidation(chronology.id);
    let frozen = [&fragment, &other]
        .map(|fragment| fixture.consolidation_fragment(&consolidation, fragment));
    let links = fixture.consolidation_links(&consolidation);
    let corrected = FragmentRow {
        version: 2,
        ..fragment.clone()
    };
    let second_version = fixture.fragment_version(&fragment, 2);
    db.write("rows", |tx| {
        families::insert(tx, &family)?;
        chronologies::insert(tx, &chronology)?;
        fixture.insert_fragment(tx, &fragment)?;
        fixture.insert_fragment(tx, &other)?;
        consolidations::insert(tx, &consolidation, &frozen, Some(&links))?;
        fragments::insert_version(tx, &second_version, &fixture.entries(fragment.id, 2, 3))?;
        fragments::update(tx, &corrected, 1)
    })
    .unwrap();
    FrozenConsolidation {
        fixture,
        chronology: chronology.id,
        consolidation: consolidation.id,
        corrected,
        other,
    }
}

impl FrozenConsolidation {
    /// The frozen content without the excluded entries.
    fn content(&self, db: &Db, excluded: &[EntryId]) -> Vec<FragmentContent> {
        let permit = self.fixture.reader_permit();
        let consolidation = (self.chronology, self.consolidation);
        db.read("frozen", |tx| {
            fragments::frozen_content_excluding::<StoreError>(
                tx,
                &permit,
                consolidation,
                now(),
                |_, _, _| {
                    Ok(fragments::EntryExclusions {
                        excluded: excluded.to_vec(),
                        only: None,
                    })
                },
            )
        })
        .unwrap()
    }

    /// Each frozen fragment with its version and its number of entries, sorted.
    fn versions(&self, db: &Db) -> Vec<(FragmentId, i64, usize)> {
        let mut all: Vec<_> = self
            .content(db, &[])
            .iter()
            .map(|content| {
                (
                    content.fragment.id,
                    content.version.version,
                    content.entries.len(),
                )
            })
            .collect();
        all.sort();
        all
    }
}

on_each_database! {
    fn consolidation_is_signed_off_once(db) {
        let fixture = Fixture::create(db, "marl");
        let family = fixture.family();
        let chronology = fixture.chronology(family.id);
        let old = fixture.consolidation(chronology.id);
        let new = fixture.consolidation(chronology.id);
        let permit = fixture.reader_permit();
        let partnership = fixture.partnership;
        db.write("rows", |tx| {
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            consolidations::insert(tx, &old, &[], None)?;
            consolidations::insert(tx, &new, &[], None)
        })
        .unwrap();
        let signed = || {
            db.read("signed", |tx| {
                consolidations::signed_off(tx, &permit, chronology.id, now())
            })
            .unwrap()
        };
        assert_eq!(signed(), None);
        let sign = |at| {
            db.write("sign", |tx| {
                consolidations::sign_off(
                    tx,
                    partnership,
                    old.id,
                    fixture.social_worker,
                    at_minute(at),
                )
            })
        };
        assert_eq!((sign(8), sign(9)), (Ok(()), Err(StoreError::Stale)));
        let at = Some(at_minute(8));
        let by = Some(fixture.social_worker);
        assert_eq!(
            signed(),
            Some(ConsolidationRow {
                signed_off_at: at,
                signed_off_by: by,
                ..old
            })
        );
        let latest = db
            .read("latest", |tx| {
                consolidations::latest(tx, &permit, chronology.id, now())
            })
            .unwrap();
        assert_eq!(latest, Some(new));
    }

    fn consolidation_reads_the_versions_it_was_frozen_with(db) {
        let frozen = insert_frozen_consolidation(db);
        let mut both = [(frozen.corrected.id, 1, 2), (frozen.other.id, 1, 2)];
        both.sort();
        assert_eq!(
            frozen.versions(db),
            both,
            "a correction does not change the consolidation"
        );
        let content = frozen.content(db, &[]);
        let excluded = frozen.content(db, &[content[0].entries[1].id]);
        assert_eq!(
            excluded[0].entries,
            content[0].entries[..1],
            "excluded entries are not read"
        );
    }

    fn detached_or_deleted_fragment_leaves_the_consolidation(db) {
        let frozen = insert_frozen_consolidation(db);
        let permit = frozen.fixture.reader_permit();
        let partnership = frozen.fixture.partnership;
        let corrected = frozen.corrected.id;
        let detached = FragmentRow {
            chronology_id: None,
            ..frozen.other.clone()
        };
        db.write("detach", |tx| fragments::update(tx, &detached, 1))
            .unwrap();
        assert_eq!(frozen.versions(db), [(corrected, 1, 2)]);
        let fragments_of_chronology = |tx: &mut Tx<'_>| {
            consolidations::fragments(tx, &permit, frozen.chronology)
        };
        db.write("remove", |tx| {
            consolidations::remove_fragment(tx, partnership, detached.id)
        })
        .unwrap();
        db.read("remaining", |tx| {
            assert_eq!(
                fragments_of_chronology(tx)?[&frozen.consolidation],
                [corrected]
            );
            assert_eq!(
                consolidations::links(tx, &permit, frozen.consolidation, now())?,
                None,
                "the links mention the removed fragment, too"
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
        db.write("delete", |tx| {
            purge::delete_fragment(tx, partnership, corrected)
        })
        .unwrap();
        assert_eq!(frozen.content(db, &[]), []);
        let remaining = db.read("remaining", fragments_of_chronology).unwrap();
        assert!(
            remaining.is_empty(),
            "the reference is deleted with the fragment"
        );
    }
}
