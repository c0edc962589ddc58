//! Pages are complete and hold nothing twice, whatever their length and however many rows share one instant.

use domain::{AgencyId, AgencyKind, Operation, PractitionerId, Role};
use uuid::Uuid;

use super::world::{World, id, minute, now, permit};
use crate::*;

/// Fifteen instants in an order of their own, with ties: three, one, five and six at the same one.
const AT: [i64; 15] = [9, 2, 9, 5, 2, 2, 9, 2, 7, 9, 2, 5, 9, 9, 5];

/// Goes through a list with pages of each length and compares with the whole.
fn complete<R, E: std::fmt::Debug>(
    name: &str,
    expected: &[(i64, Uuid)],
    page: impl Fn(Option<Keyset>, i64) -> Result<Vec<R>, E>,
    key: impl Fn(&R) -> Keyset,
) {
    let mut expected: Vec<Keyset> = expected.iter().map(|(at, id)| Keyset { at: minute(*at), id: *id }).collect();
    expected.sort();
    for limit in [1, 2, 3, 4, 7, 14, 15, 16, 100] {
        let mut seen = Vec::new();
        loop {
            let rows = page(seen.last().copied(), limit).unwrap();
            assert!(rows.len() as i64 <= limit);
            if rows.is_empty() {
                break;
            }
            seen.extend(rows.iter().map(&key));
        }
        assert_eq!(seen, expected, "{name} by {limit}");
    }
}

/// Identifiers that do not rise with time, so that ties are settled by them alone.
fn scattered() -> Vec<(i64, Uuid)> {
    let mix = |n: u128| Uuid::from_u128(n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C834).rotate_left(17));
    AT.iter().map(|at| (*at, mix(id().as_u128()))).collect()
}

on_each_database! {
    fn directory(db) {
        let world = World::make(db, "marl");
        let (agencies, staff) = (scattered(), scattered());
        db.write("rows", |tx| {
            for (at, id) in &agencies {
                let row = world.agency(AgencyId(*id), &id.to_string(), AgencyKind::Gp);
                agencies::insert(tx, &AgencyRow { created_at: minute(*at), ..row })?;
            }
            for (at, id) in &staff {
                let row = world.practitioner(PractitionerId(*id), AgencyId(agencies[0].1));
                practitioners::insert(tx, &PractitionerRow { created_at: minute(*at), ..row })?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
        let p = world.partnership;
        let founders = [(0, world.care.0), (0, world.school.0)];
        complete(
            "agencies",
            &[agencies.clone(), founders.to_vec()].concat(),
            |after, limit| db.read("page", |tx| agencies::page(tx, p, after, limit)),
            |row| Keyset::of(row.created_at, row.id),
        );
        complete(
            "practitioners",
            &staff,
            |after, limit| {
                db.read("page", |tx| practitioners::page(tx, p, Some(AgencyId(agencies[0].1)), after, limit))
            },
            |row| Keyset::of(row.created_at, row.id),
        );
    }

    fn families_and_chronologies(db) {
        let world = World::make(db, "marl");
        let (families, chronologies, invited) = (scattered(), scattered(), scattered());
        db.write("rows", |tx| {
            for ((at, family), ((created, chronology), (asked, invitation))) in
                families.iter().zip(chronologies.iter().zip(&invited))
            {
                let row = FamilyRow { id: domain::FamilyId(*family), created_at: minute(*at), ..world.family() };
                families::insert(tx, &row)?;
                let id = domain::ChronologyId(*chronology);
                let row = ChronologyRow { id, created_at: minute(*created), ..world.chronology(row.id) };
                chronologies::insert(tx, &row)?;
                let id = domain::InvitationId(*invitation);
                let row = InvitationRow { id, created_at: minute(*asked), ..world.invitation(row.id, world.school) };
                invitations::insert(tx, &row)?;
                invitations::set_practitioners(tx, world.partnership, id, &[world.teacher])?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
        let (worker, p) = (world.permit(), world.partnership);
        complete(
            "families",
            &families,
            |after, limit| db.read("page", |tx| families::page(tx, &worker, now(), after, limit)),
            |row| Keyset::of(row.created_at, row.id),
        );
        for actor in [
            world.actor(world.care, world.worker, &[Role::SocialWorker]),
            world.actor(world.care, world.worker, &[Role::BusinessSupport]),
            world.actor(world.school, world.teacher, &[Role::Practitioner]),
            world.actor(world.school, world.teacher, &[Role::SafeguardingLead]),
        ] {
            let leave = permit(&actor);
            complete(
                "chronologies",
                &chronologies,
                |after, limit| db.read("page", |tx| chronologies::page_for(tx, &leave, now(), after, limit)),
                |row| Keyset::of(row.created_at, row.id),
            );
        }
        for named in [None, Some(world.teacher)] {
            complete(
                "invitations",
                &invited,
                |after, limit| {
                    db.read("page", |tx| {
                        invitations::page_for_agency(tx, p, world.school, named, now(), after, limit)
                    })
                },
                |row| Keyset::of(row.created_at, row.id),
            );
        }
    }

    fn content_and_records(db) {
        let world = World::make(db, "marl");
        let family = world.family();
        let chronology = world.chronology(family.id);
        let (fragments, views, holds, records) = (scattered(), scattered(), scattered(), scattered());
        db.write("rows", |tx| {
            families::insert(tx, &family)?;
            chronologies::insert(tx, &chronology)?;
            for (at, id) in &fragments {
                let row = world.fragment(family.id, Some(chronology.id));
                let row = FragmentRow { id: domain::FragmentId(*id), created_at: minute(*at), ..row };
                world.submit(tx, &row)?;
            }
            for (at, id) in &views {
                let row = world.consolidation(chronology.id);
                let id = domain::ConsolidationId(*id);
                consolidations::insert(tx, &ConsolidationRow { id, created_at: minute(*at), ..row }, &[], None)?;
            }
            for (at, id) in &holds {
                let row = world.hold(HoldScope::All, None);
                holds::insert(tx, &HoldRow { id: domain::HoldId(*id), placed_at: minute(*at), ..row })?;
            }
            for (at, id) in &records {
                let row = world.record(*at, Operation::TimelineRead, Some(chronology.id));
                audit::insert(tx, &AuditDraft { id: domain::AuditId(*id), ..row })?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
        let (leave, p, now) = (world.permit(), world.partnership, now());
        for author in [None, Some(world.teacher)] {
            complete(
                "fragments",
                &fragments,
                |after, limit| {
                    db.read("page", |tx| {
                        fragments::page_for_agency(tx, p, world.school, author, now, after, limit)
                    })
                },
                |row| Keyset::of(row.created_at, row.id),
            );
        }
        complete(
            "frozen views",
            &views,
            |after, limit| db.read("page", |tx| consolidations::page(tx, &leave, chronology.id, now, after, limit)),
            |row| Keyset::of(row.created_at, row.id),
        );
        complete(
            "holds",
            &holds,
            |after, limit| db.read("page", |tx| holds::page(tx, p, after, limit)),
            |row| Keyset::of(row.placed_at, row.id),
        );
        let filter = AuditFilter { chronology: Some(vec![crate::tests::world::keyed(chronology.id)]), ..AuditFilter::default() };
        complete(
            "audit",
            &records,
            |after, limit| db.read("page", |tx| audit::page(tx, p, &filter, after, limit)),
            |row| Keyset::of(row.at, row.id),
        );
        let order: Vec<Uuid> = {
            let mut sorted = fragments.clone();
            sorted.sort();
            sorted.into_iter().map(|(_, id)| id).collect()
        };
        let content = db.read("content", |tx| fragments::live_content(tx, &leave, chronology.id, now)).unwrap();
        assert_eq!(content.iter().map(|one| one.fragment.id.0).collect::<Vec<_>>(), order);
    }

    fn what_is_over(db) {
        let world = World::make(db, "marl");
        let people = scattered();
        db.write("rows", |tx| {
            for (at, id) in &people {
                let row = PersonRow { id: domain::PersonId(*id), expires_at: minute(*at), ..world.person() };
                people::insert(tx, &row, &[])?;
            }
            people::insert(tx, &world.person(), &[])
        })
        .unwrap();
        complete(
            "people whose time is over",
            &people,
            |after, limit| db.write("due", |tx| purge::due_people(tx, minute(9), after, limit)),
            |due| Keyset::of(due.expired_at, due.id),
        );
    }
}
