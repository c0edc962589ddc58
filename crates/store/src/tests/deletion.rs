//! Key commitments, destruction manifests, certificates and deletion orders: each is confined to
//! its partnership, and a certificate is readable only by those concerned.

use domain::{
    AccessFacts, AccessPermit, Actor, AgencyId, ChronologyId, ConsolidationId,
    DeletionCertificateId, DestructionReason, FamilyId, FragmentId, Operation, PartnershipId,
    PersonId, Role, SnapshotKept, decide_access,
};
use uuid::Uuid;

use super::fixture::{EXPIRY_MINUTE, Fixture, at_minute, next_id, now, sealed, token};
use crate::*;

fn commitment(fixture: &Fixture, key_id: &str, due: Option<i64>) -> CommitmentRow {
    CommitmentRow {
        partnership_id: fixture.partnership,
        kind: "epoch".into(),
        key_id: key_id.into(),
        commitment: token("commitment"),
        made_at: at_minute(1),
        published_at: at_minute(2),
        due_at: due.map(at_minute),
        certificate_id: None,
        settled_at: None,
    }
}

fn certificate(fixture: &Fixture, key_id: &str) -> CertificateRow {
    CertificateRow {
        id: DeletionCertificateId(next_id()),
        partnership_id: fixture.partnership,
        kind: "epoch".into(),
        key_id: key_id.into(),
        issued_at: now(),
        document: "{}".into(),
        public_key: token("public"),
        signature: token("signature"),
        seed: token("seed"),
    }
}

fn manifest_row(fixture: &Fixture, key_id: &str, entry: &ManifestEntry) -> ManifestRow {
    ManifestRow {
        partnership_id: fixture.partnership,
        kind: "epoch".into(),
        key_id: key_id.into(),
        object_kind: entry.object_kind.into(),
        object_id: entry.object_id,
        agency_id: entry.agency_id,
        runs_agency_id: entry.runs_agency_id,
        owner_id: entry.owner_id,
    }
}

fn certificate_permit(actor: &Actor) -> AccessPermit {
    decide_access(
        actor,
        Operation::CertificateList,
        &AccessFacts::collection(),
    )
    .unwrap()
}

/// An expiring object of each kind that a manifest lists, and an advance submission.
struct DestructibleRows {
    fixture: Fixture,
    person: PersonId,
    family: FamilyId,
    chronology: ChronologyId,
    fragment: FragmentId,
    advance: FragmentId,
    consolidation: ConsolidationId,
}

fn insert_destructible(db: &Db) -> DestructibleRows {
    let fixture = Fixture::create(db, "marl");
    let person = fixture.person();
    let family = fixture.family();
    let chronology = fixture.chronology(family.id);
    let fragment = fixture.fragment(family.id, Some(chronology.id));
    let advance = fixture.fragment(family.id, None);
    let consolidation = fixture.consolidation(chronology.id);
    db.write("rows", |tx| {
        people::insert(tx, &person, &[])?;
        families::insert(tx, &family)?;
        chronologies::insert(tx, &chronology)?;
        fragments::insert(tx, &fragment)?;
        fragments::insert(tx, &advance)?;
        consolidations::insert(tx, &consolidation, &[], None)
    })
    .unwrap();
    DestructibleRows {
        fixture,
        person: person.id,
        family: family.id,
        chronology: chronology.id,
        fragment: fragment.id,
        advance: advance.id,
        consolidation: consolidation.id,
    }
}

/// The kind and identifier of each object, its agency, and the agency that owns its chronology.
fn collect_manifest(
    db: &Db,
    partnership: PartnershipId,
    scope: ManifestScope,
) -> Vec<(&'static str, Uuid, AgencyId, Option<AgencyId>)> {
    let entries = db
        .read("manifest", |tx| {
            destruction_manifest::collect(tx, partnership, scope)
        })
        .unwrap();
    entries
        .into_iter()
        .map(|entry| {
            (
                entry.object_kind,
                entry.object_id,
                entry.agency_id,
                entry.runs_agency_id,
            )
        })
        .collect()
}

/// Certificate "1" for a chronology of social care with a fragment of the school, and certificate
/// "2" for an advance submission of the school.
struct CertificateRows {
    fixture: Fixture,
    for_both: CertificateRow,
    for_school: CertificateRow,
    /// The fragment of certificate "1".
    of_school: Uuid,
}

fn insert_certificates(db: &Db) -> CertificateRows {
    let fixture = Fixture::create(db, "marl");
    let social_care = fixture.social_care;
    let entry = |kind, agency_id, runs_agency_id, owner_id| ManifestEntry {
        object_kind: kind,
        object_id: next_id(),
        agency_id,
        runs_agency_id,
        owner_id,
        expires_at: now(),
    };
    let owner = fixture.social_worker;
    let of_social_care = entry("chronology", social_care, Some(social_care), owner);
    let teacher = fixture.teacher;
    let of_school = entry("fragment", fixture.school, Some(social_care), teacher);
    let of_school_only = entry("fragment", fixture.school, None, teacher);
    let for_both = certificate(&fixture, "1");
    let for_school = certificate(&fixture, "2");
    let manifest = [
        manifest_row(&fixture, "1", &of_social_care),
        manifest_row(&fixture, "1", &of_school),
        manifest_row(&fixture, "2", &of_school_only),
    ];
    db.write("rows", |tx| {
        destruction_manifest::record(tx, &manifest)?;
        destruction_manifest::record(tx, &manifest)?;
        certificates::insert(tx, &for_both)?;
        certificates::insert(tx, &for_school)
    })
    .unwrap();
    CertificateRows {
        fixture,
        for_both,
        for_school,
        of_school: of_school.object_id,
    }
}

impl CertificateRows {
    /// The key ids of the certificates that the actor can list, which are those that it can find.
    fn readable_by(&self, db: &Db, actor: &Actor) -> Vec<String> {
        let permit = certificate_permit(actor);
        db.read("read", |tx| {
            let page = certificates::page(tx, &permit, None, 9)?;
            for row in [&self.for_both, &self.for_school] {
                let found = certificates::find(tx, &permit, row.id)?;
                assert_eq!(found.is_some(), page.contains(row));
            }
            Ok::<_, StoreError>(page.into_iter().map(|row| row.key_id).collect())
        })
        .unwrap()
    }
}

on_each_database! {
    fn commitment_is_published_scheduled_and_settled_once(db) {
        let fixture = Fixture::create(db, "marl");
        let other = Fixture::create(db, "north");
        let row = commitment(&fixture, "1", Some(10));
        let unscheduled = commitment(&fixture, "2", None);
        let certificate = DeletionCertificateId(next_id());
        db.write("commitments", |tx| {
            assert!(commitments::publish(tx, &row)?);
            assert!(!commitments::publish(tx, &row)?);
            assert!(
                commitments::publish(tx, &unscheduled)?
                    && commitments::publish(tx, &commitment(&other, "1", Some(5)))?
            );
            assert_eq!(
                commitments::find(tx, fixture.partnership, "epoch", "1")?,
                Some(row.clone())
            );
            assert_eq!(
                commitments::find(tx, fixture.partnership, "scope", "1")?,
                None
            );
            let keys = |rows: Vec<CommitmentRow>| {
                rows.into_iter()
                    .map(|row| (row.partnership_id, row.key_id))
                    .collect::<Vec<_>>()
            };
            assert_eq!(
                keys(commitments::list_unsettled(tx, at_minute(9), 9)?),
                [(other.partnership, "1".to_owned())]
            );
            commitments::schedule_destruction(
                tx,
                fixture.partnership,
                ("epoch", "2"),
                certificate,
                at_minute(20),
            )?;
            commitments::schedule_destruction(
                tx,
                fixture.partnership,
                ("epoch", "2"),
                DeletionCertificateId(next_id()),
                at_minute(30),
            )?;
            let scheduled = commitments::find(tx, fixture.partnership, "epoch", "2")?.unwrap();
            assert_eq!(
                (scheduled.due_at, scheduled.certificate_id),
                (Some(at_minute(20)), Some(certificate)),
                "the first decision remains"
            );
            commitments::mark_settled(tx, &scheduled, Some(certificate), at_minute(21))?;
            assert_eq!(
                commitments::mark_settled(tx, &scheduled, None, at_minute(22)),
                Err(StoreError::Stale)
            );
            assert_eq!(
                keys(commitments::list_unsettled(tx, at_minute(40), 9)?).len(),
                2
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn manifest_collects_objects_with_their_agencies(db) {
        let rows = insert_destructible(db);
        let social_care = rows.fixture.social_care;
        let school = rows.fixture.school;
        let collect = |scope| collect_manifest(db, rows.fixture.partnership, scope);
        let chronology = rows.chronology.0;
        let consolidation = rows.consolidation.0;
        assert_eq!(
            collect(ManifestScope::Chronology(rows.chronology)),
            [
                ("chronology", chronology, social_care, Some(social_care)),
                ("fragment", rows.fragment.0, school, Some(social_care)),
                ("consolidation", consolidation, social_care, Some(social_care)),
            ]
        );
        assert_eq!(
            collect(ManifestScope::Fragment(rows.advance)),
            [("fragment", rows.advance.0, school, None)]
        );
        assert_eq!(
            collect(ManifestScope::Family(rows.family)),
            [("family", rows.family.0, social_care, None)]
        );
        assert_eq!(
            collect(ManifestScope::Person(rows.person)),
            [("person", rows.person.0, social_care, None)]
        );
        let until = |from, to| ManifestScope::Ending(at_minute(from), at_minute(to));
        assert_eq!(collect(until(EXPIRY_MINUTE - 60, EXPIRY_MINUTE)).len(), 6);
        assert_eq!(
            collect(until(EXPIRY_MINUTE, EXPIRY_MINUTE + 60)),
            [],
            "the range includes its end"
        );
    }

    fn manifest_contains_nothing_of_another_partnership(db) {
        let rows = insert_destructible(db);
        let other = Fixture::create(db, "north");
        for scope in [
            ManifestScope::Ending(at_minute(0), at_minute(EXPIRY_MINUTE)),
            ManifestScope::Chronology(rows.chronology),
        ] {
            assert_eq!(collect_manifest(db, other.partnership, scope), []);
        }
        let (own, foreign) = db
            .read("referenced", |tx| {
                let own = rows.fixture.partnership;
                Ok::<_, StoreError>((
                    unpurged::is_family_referenced(tx, own, rows.family)?,
                    unpurged::is_family_referenced(tx, other.partnership, rows.family)?,
                ))
            })
            .unwrap();
        assert!(own && !foreign);
    }

    fn unpurged_objects_are_listed_from_their_expiry_on(db) {
        let rows = insert_destructible(db);
        let page = |minute, after| {
            db.read("unpurged", |tx| {
                let partnership = rows.fixture.partnership;
                unpurged::page(tx, partnership, at_minute(minute), after, 99)
            })
            .unwrap()
        };
        assert_eq!(page(EXPIRY_MINUTE - 1, None), []);
        let all = page(EXPIRY_MINUTE, None);
        assert_eq!(
            all.len(),
            5,
            "a consolidation is not listed apart from its chronology"
        );
        let (at, first) = all[1].sort_key();
        let rest = page(EXPIRY_MINUTE, Some(Keyset::new(at, first)));
        assert_eq!(rest, all[2..]);
    }

    fn certificate_and_its_objects_are_recorded_once(db) {
        let other = Fixture::create(db, "north");
        let CertificateRows { fixture, for_both, of_school, .. } = insert_certificates(db);
        let partnership = fixture.partnership;
        db.write("records", |tx| {
            assert_eq!(
                certificates::insert(tx, &certificate(&fixture, "2")),
                Err(StoreError::NotUnique("certificate"))
            );
            assert_eq!(
                destruction_manifest::list_for_key(tx, partnership, "epoch", "1")?.len(),
                2
            );
            assert_eq!(
                destruction_manifest::list_for_key(tx, other.partnership, "epoch", "1")?,
                []
            );
            assert_eq!(
                certificates::list_for_object(tx, partnership, of_school)?,
                [for_both.id]
            );
            assert_eq!(
                certificates::list_for_object(tx, other.partnership, of_school)?,
                []
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }

    fn certificate_is_readable_by_those_concerned(db) {
        use Role::{Auditor, Practitioner, SafeguardingLead, SocialWorker, TeamManager};
        let other = Fixture::create(db, "north");
        let rows = insert_certificates(db);
        let fixture = &rows.fixture;
        let owner = fixture.social_worker;
        let colleague = domain::PractitionerId(next_id());
        let of_social_care = |practitioner, role| {
            let actor = fixture.actor(fixture.social_care, practitioner, &[role]);
            rows.readable_by(db, &actor)
        };
        let of_school = |practitioner, role| {
            let actor = fixture.actor(fixture.school, practitioner, &[role]);
            rows.readable_by(db, &actor)
        };
        let foreign_auditor = other.actor(other.social_care, other.social_worker, &[Auditor]);
        let nothing: [&str; 0] = [];
        assert_eq!(of_social_care(owner, TeamManager), ["1"]);
        assert_eq!(of_social_care(owner, SocialWorker), ["1"]);
        assert_eq!(of_social_care(colleague, SocialWorker), nothing);
        assert_eq!(of_social_care(owner, Auditor), ["1", "2"]);
        assert_eq!(of_school(owner, SafeguardingLead), ["1", "2"]);
        assert_eq!(of_school(fixture.teacher, Practitioner), ["1", "2"]);
        assert_eq!(rows.readable_by(db, &foreign_auditor), nothing);
    }

    fn deletion_order_is_unique(db) {
        let fixture = Fixture::create(db, "marl");
        let other = Fixture::create(db, "north");
        let row = DeletionOrderRow {
            chronology_id: ChronologyId(next_id()),
            partnership_id: fixture.partnership,
            reason: DestructionReason::Ordered,
            snapshot: SnapshotKept::Waived,
            decided_by: fixture.social_worker,
            decided_at: now(),
            words_until: Some(now()),
            wrapped_key: Some(sealed("key")),
            sealed: Some(sealed("reasons")),
            asked_by: None,
        };
        db.write("order", |tx| {
            deletion_orders::insert(tx, &row)?;
            assert_eq!(
                deletion_orders::insert(tx, &row),
                Err(StoreError::NotUnique("deletion order"))
            );
            assert_eq!(
                deletion_orders::find(tx, fixture.partnership, row.chronology_id)?,
                Some(row.clone())
            );
            assert_eq!(
                deletion_orders::find(tx, other.partnership, row.chronology_id)?,
                None
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
    }
}
