//! Commitments, what they cover, and certificates: each in its partnership, each read by those it concerns.

use domain::{Actor, DeletionCertificateId, DestructionReason, Facts, Operation, Permit, Role, SnapshotKept, decide};

use super::world::{END, World, id, minute, now, sealed, token};
use crate::*;

fn commitment(world: &World, key_id: &str, due: Option<i64>) -> CommitmentRow {
    CommitmentRow {
        partnership_id: world.partnership,
        kind: "epoch".into(),
        key_id: key_id.into(),
        commitment: token("commitment"),
        made_at: minute(1),
        published_at: minute(2),
        due_at: due.map(minute),
        certificate_id: None,
        settled_at: None,
    }
}

fn certificate(world: &World, key_id: &str) -> CertificateRow {
    CertificateRow {
        id: DeletionCertificateId(id()),
        partnership_id: world.partnership,
        kind: "epoch".into(),
        key_id: key_id.into(),
        issued_at: now(),
        document: "{}".into(),
        public_key: token("public"),
        signature: token("signature"),
        seed: token("seed"),
    }
}

fn noted(world: &World, key_id: &str, thing: &Covered) -> CoveredRow {
    CoveredRow {
        partnership_id: world.partnership,
        kind: "epoch".into(),
        key_id: key_id.into(),
        object_kind: thing.object_kind.into(),
        object_id: thing.object_id,
        agency_id: thing.agency_id,
        runs_agency_id: thing.runs_agency_id,
        owner_id: thing.owner_id,
    }
}

fn leave(actor: &Actor) -> Permit {
    decide(actor, Operation::CertificateList, &Facts::collection()).unwrap()
}

on_each_database! {
    fn a_commitment_is_published_once_decided_once_and_settled_once(db) {
        let (world, other) = (World::make(db, "marl"), World::make(db, "north"));
        let (row, later) = (commitment(&world, "1", Some(10)), commitment(&world, "2", None));
        let certificate = DeletionCertificateId(id());
        db.write("life", |tx| {
            assert!(commitments::publish(tx, &row)?);
            assert!(!commitments::publish(tx, &row)?);
            assert!(commitments::publish(tx, &later)? && commitments::publish(tx, &commitment(&other, "1", Some(5)))?);
            assert_eq!(commitments::find(tx, world.partnership, "epoch", "1")?, Some(row.clone()));
            assert_eq!(commitments::find(tx, world.partnership, "scope", "1")?, None);
            let due = |rows: Vec<CommitmentRow>| rows.into_iter().map(|row| (row.partnership_id, row.key_id)).collect::<Vec<_>>();
            assert_eq!(due(commitments::unsettled(tx, minute(9), 9)?), [(other.partnership, "1".to_owned())]);
            commitments::decide(tx, world.partnership, ("epoch", "2"), certificate, minute(20))?;
            commitments::decide(tx, world.partnership, ("epoch", "2"), DeletionCertificateId(id()), minute(30))?;
            let decided = commitments::find(tx, world.partnership, "epoch", "2")?.unwrap();
            assert_eq!((decided.due_at, decided.certificate_id), (Some(minute(20)), Some(certificate)), "the first stands");
            commitments::settle(tx, &decided, Some(certificate), minute(21))?;
            assert_eq!(commitments::settle(tx, &decided, None, minute(22)), Err(StoreError::Stale));
            assert_eq!(due(commitments::unsettled(tx, minute(40), 9)?).len(), 2);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn what_lives_by_an_hour_is_gathered_with_whose_it_is(db) {
        let (world, other) = (World::make(db, "marl"), World::make(db, "north"));
        let (person, family) = (world.person(), world.family());
        let chronology = world.chronology(family.id);
        let (fragment, ahead) = (world.fragment(family.id, Some(chronology.id)), world.fragment(family.id, None));
        let view = world.consolidation(chronology.id);
        db.write("rows", |tx| {
            people::insert(tx, &person, &[])?;
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            fragments::insert(tx, &fragment)?;
            fragments::insert(tx, &ahead)?;
            consolidations::insert(tx, &view, &[], None)
        })
        .unwrap();
        let gather = |partnership, part| {
            let things = db.read("gather", |tx| covered::gather(tx, partnership, part)).unwrap();
            things.into_iter().map(|one| (one.object_kind, one.object_id, one.agency_id, one.runs_agency_id)).collect::<Vec<_>>()
        };
        let (care, school) = (world.care, world.school);
        let of_chronology = [
            ("chronology", chronology.id.0, care, Some(care)),
            ("fragment", fragment.id.0, school, Some(care)),
            ("consolidation", view.id.0, care, Some(care)),
        ];
        assert_eq!(gather(world.partnership, Part::Chronology(chronology.id)), of_chronology);
        assert_eq!(gather(world.partnership, Part::Fragment(ahead.id)), [("fragment", ahead.id.0, school, None)]);
        assert_eq!(gather(world.partnership, Part::Family(family.id)), [("family", family.id.0, care, None)]);
        assert_eq!(gather(world.partnership, Part::Person(person.id)), [("person", person.id.0, care, None)]);
        assert_eq!(gather(world.partnership, Part::Ending(minute(END - 60), minute(END))).len(), 6);
        assert_eq!(gather(world.partnership, Part::Ending(minute(END), minute(END + 60))), [], "the hour's end belongs to it");
        assert_eq!(gather(other.partnership, Part::Ending(minute(0), minute(END))), []);
        assert_eq!(gather(other.partnership, Part::Chronology(chronology.id)), []);
        let (in_use, free) = db.read("use", |tx| {
            Ok::<_, StoreError>((unpurged::family_in_use(tx, world.partnership, family.id)?, unpurged::family_in_use(tx, other.partnership, family.id)?))
        }).unwrap();
        assert!(in_use && !free);
        let all = db.read("over", |tx| unpurged::page(tx, world.partnership, minute(END), None, 99)).unwrap();
        assert_eq!(all.len(), 5, "a frozen view goes with its chronology");
        let (at, first) = all[1].place();
        let rest = db.read("over", |tx| unpurged::page(tx, world.partnership, minute(END), Some(Keyset::of(at, first)), 99)).unwrap();
        assert_eq!(rest, all[2..]);
        assert_eq!(db.read("over", |tx| unpurged::page(tx, world.partnership, minute(END - 1), None, 99)).unwrap(), []);
    }

    fn a_certificate_is_read_by_those_it_concerns(db) {
        let (world, other) = (World::make(db, "marl"), World::make(db, "north"));
        let thing = |kind, agency_id, runs_agency_id, owner_id| Covered {
            object_kind: kind, object_id: id(), agency_id, runs_agency_id, owner_id, expires_at: now(),
        };
        let ours = thing("chronology", world.care, Some(world.care), world.worker);
        let theirs = thing("fragment", world.school, Some(world.care), world.teacher);
        let alone = thing("fragment", world.school, None, world.teacher);
        let (both, schools) = (certificate(&world, "1"), certificate(&world, "2"));
        db.write("rows", |tx| {
            let rows = [noted(&world, "1", &ours), noted(&world, "1", &theirs), noted(&world, "2", &alone)];
            covered::note(tx, &rows)?;
            covered::note(tx, &rows)?;
            certificates::insert(tx, &both)?;
            certificates::insert(tx, &schools)?;
            assert_eq!(certificates::insert(tx, &certificate(&world, "2")), Err(StoreError::NotUnique("certificate")));
            assert_eq!(covered::of_key(tx, world.partnership, "epoch", "1")?.len(), 2);
            assert_eq!(covered::of_key(tx, other.partnership, "epoch", "1")?, []);
            assert_eq!(certificates::of_object(tx, world.partnership, theirs.object_id)?, [both.id]);
            assert_eq!(certificates::of_object(tx, other.partnership, theirs.object_id)?, []);
            Ok::<_, StoreError>(())
        })
        .unwrap();
        let read = |actor: &Actor| {
            let leave = leave(actor);
            db.read("read", |tx| {
                let page = certificates::page(tx, &leave, None, 9)?;
                for row in [&both, &schools] {
                    assert_eq!(certificates::find(tx, &leave, row.id)?.is_some(), page.contains(row));
                }
                Ok::<_, StoreError>(page.into_iter().map(|row| row.key_id).collect::<Vec<_>>())
            })
            .unwrap()
        };
        let manager = Actor { social_care: true, ..world.actor(world.care, world.worker, &[Role::TeamManager]) };
        assert_eq!(read(&manager), ["1"]);
        assert_eq!(read(&world.actor(world.school, world.worker, &[Role::SafeguardingLead])), ["1", "2"]);
        assert_eq!(read(&world.actor(world.school, world.teacher, &[Role::Practitioner])), ["1", "2"]);
        assert_eq!(read(&world.actor(world.care, world.worker, &[Role::SocialWorker])), ["1"]);
        assert_eq!(read(&world.actor(world.care, domain::PractitionerId(id()), &[Role::SocialWorker])), Vec::<String>::new());
        assert_eq!(read(&world.actor(world.care, world.worker, &[Role::Auditor])), ["1", "2"]);
        assert_eq!(read(&other.actor(other.care, other.worker, &[Role::Auditor])), Vec::<String>::new());
    }

    fn an_order_is_there_once(db) {
        let (world, other) = (World::make(db, "marl"), World::make(db, "north"));
        let row = DeletionOrderRow {
            chronology_id: domain::ChronologyId(id()),
            partnership_id: world.partnership,
            reason: DestructionReason::Ordered,
            snapshot: SnapshotKept::Waived,
            decided_by: world.worker,
            decided_at: now(),
            words_until: Some(now()),
            wrapped_key: Some(sealed("key")),
            sealed: Some(sealed("reasons")),
            asked_by: None,
        };
        db.write("order", |tx| {
            deletion_orders::insert(tx, &row)?;
            assert_eq!(deletion_orders::insert(tx, &row), Err(StoreError::NotUnique("deletion order")));
            assert_eq!(deletion_orders::find(tx, world.partnership, row.chronology_id)?, Some(row.clone()));
            assert_eq!(deletion_orders::find(tx, other.partnership, row.chronology_id)?, None);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }
}
