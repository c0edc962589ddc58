//! Pages contain every row exactly once, for any page length and any number of rows with the same
//! instant.

use domain::{AgencyId, AgencyKind, HoldScope, Operation, PractitionerId, Role};
use uuid::Uuid;

use super::fixture::{Fixture, access_permit, at_minute, keyed_token, next_id, now};
use crate::*;

/// Fifteen unordered instants with ties, in minutes.
const CREATED_AT_MINUTES: [i64; 15] = [9, 2, 9, 5, 2, 2, 9, 2, 7, 9, 2, 5, 9, 9, 5];

/// Reads all pages of a list, for several page lengths, and compares the rows with the expected
/// ones.
fn assert_pages_complete<R, E: std::fmt::Debug>(
    name: &str,
    expected: &[(i64, Uuid)],
    page: impl Fn(Option<Keyset>, i64) -> Result<Vec<R>, E>,
    key: impl Fn(&R) -> Keyset,
) {
    let mut expected: Vec<Keyset> = expected
        .iter()
        .map(|(at, id)| Keyset {
            at: at_minute(*at),
            id: *id,
        })
        .collect();
    expected.sort();
    for limit in [1, 2, 3, 4, 7, 14, 15, 16, 100] {
        let mut found = Vec::new();
        loop {
            let rows = page(found.last().copied(), limit).unwrap();
            assert!(rows.len() as i64 <= limit);
            if rows.is_empty() {
                break;
            }
            found.extend(rows.iter().map(&key));
        }
        assert_eq!(found, expected, "{name} by {limit}");
    }
}

/// Instants and identifiers. The identifiers do not increase with time, so that the order of ties
/// depends on them.
fn scattered_keys() -> Vec<(i64, Uuid)> {
    let mix = |n: u128| {
        Uuid::from_u128(
            n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C834)
                .rotate_left(17),
        )
    };
    CREATED_AT_MINUTES
        .iter()
        .map(|at| (*at, mix(next_id().as_u128())))
        .collect()
}

/// Families with one chronology each, to which the school and its teacher are invited.
struct ScatteredRows {
    fixture: Fixture,
    families: Vec<(i64, Uuid)>,
    chronologies: Vec<(i64, Uuid)>,
    invitations: Vec<(i64, Uuid)>,
}

fn insert_scattered(db: &Db) -> ScatteredRows {
    let rows = ScatteredRows {
        fixture: Fixture::create(db, "marl"),
        families: scattered_keys(),
        chronologies: scattered_keys(),
        invitations: scattered_keys(),
    };
    let keys = rows.chronologies.iter().zip(&rows.invitations);
    db.write("rows", |tx| {
        for (family, (chronology, invitation)) in rows.families.iter().zip(keys.clone()) {
            rows.insert_family(tx, *family, *chronology, *invitation)?;
        }
        Ok::<_, StoreError>(())
    })
    .unwrap();
    rows
}

impl ScatteredRows {
    /// Inserts a family, its chronology and an invitation, each created at its minute.
    fn insert_family(
        &self,
        tx: &mut Tx<'_>,
        family: (i64, Uuid),
        chronology: (i64, Uuid),
        invitation: (i64, Uuid),
    ) -> Result<(), StoreError> {
        let fixture = &self.fixture;
        let family = FamilyRow {
            id: domain::FamilyId(family.1),
            created_at: at_minute(family.0),
            ..fixture.family()
        };
        let chronology = ChronologyRow {
            id: domain::ChronologyId(chronology.1),
            created_at: at_minute(chronology.0),
            ..fixture.chronology(family.id)
        };
        let invitation = InvitationRow {
            id: domain::InvitationId(invitation.1),
            created_at: at_minute(invitation.0),
            ..fixture.invitation(chronology.id, fixture.school)
        };
        families::insert(tx, &family)?;
        chronologies::insert(tx, &chronology)?;
        invitations::insert(tx, &invitation)?;
        let named = [fixture.teacher];
        invitations::set_practitioners(tx, fixture.partnership, invitation.id, &named)
    }
}

/// Inserts a partnership with one chronology.
fn insert_chronology(db: &Db) -> (Fixture, ChronologyRow) {
    let fixture = Fixture::create(db, "marl");
    let family = fixture.family();
    let chronology = fixture.chronology(family.id);
    db.write("rows", |tx| {
        families::insert(tx, &family)?;
        chronologies::insert(tx, &chronology)
    })
    .unwrap();
    (fixture, chronology)
}

on_each_database! {
    fn pages_of_agencies_and_practitioners_are_complete(db) {
        let fixture = Fixture::create(db, "marl");
        let agencies = scattered_keys();
        let staff = scattered_keys();
        db.write("rows", |tx| {
            for (at, id) in &agencies {
                let row = fixture.agency(AgencyId(*id), &id.to_string(), AgencyKind::Gp);
                agencies::insert(
                    tx,
                    &AgencyRow {
                        created_at: at_minute(*at),
                        ..row
                    },
                )?;
            }
            for (at, id) in &staff {
                let row = fixture.practitioner(PractitionerId(*id), AgencyId(agencies[0].1));
                practitioners::insert(
                    tx,
                    &PractitionerRow {
                        created_at: at_minute(*at),
                        ..row
                    },
                )?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
        let partnership = fixture.partnership;
        let fixture_agencies = [(0, fixture.social_care.0), (0, fixture.school.0)];
        assert_pages_complete(
            "agencies",
            &[agencies.clone(), fixture_agencies.to_vec()].concat(),
            |after, limit| db.read("page", |tx| agencies::page(tx, partnership, after, limit)),
            |row| Keyset::new(row.created_at, row.id),
        );
        assert_pages_complete(
            "practitioners",
            &staff,
            |after, limit| {
                db.read("page", |tx| {
                    practitioners::page(
                        tx,
                        partnership,
                        Some(AgencyId(agencies[0].1)),
                        after,
                        limit,
                    )
                })
            },
            |row| Keyset::new(row.created_at, row.id),
        );
    }

    fn pages_of_families_are_complete(db) {
        let rows = insert_scattered(db);
        let permit = rows.fixture.reader_permit();
        assert_pages_complete(
            "families",
            &rows.families,
            |after, limit| {
                db.read("page", |tx| {
                    families::page(tx, &permit, now(), after, limit)
                })
            },
            |row| Keyset::new(row.created_at, row.id),
        );
    }

    fn pages_of_chronologies_are_complete(db) {
        let rows = insert_scattered(db);
        let fixture = &rows.fixture;
        let of_social_care =
            |role| fixture.actor(fixture.social_care, fixture.social_worker, &[role]);
        let of_school = |role| fixture.actor(fixture.school, fixture.teacher, &[role]);
        for actor in [
            of_social_care(Role::SocialWorker),
            of_social_care(Role::BusinessSupport),
            of_school(Role::Practitioner),
            of_school(Role::SafeguardingLead),
        ] {
            let permit = access_permit(&actor);
            assert_pages_complete(
                "chronologies",
                &rows.chronologies,
                |after, limit| {
                    db.read("page", |tx| {
                        chronologies::page_for(tx, &permit, now(), after, limit)
                    })
                },
                |row| Keyset::new(row.created_at, row.id),
            );
        }
    }

    fn pages_of_invitations_are_complete(db) {
        let rows = insert_scattered(db);
        let partnership = rows.fixture.partnership;
        let school = rows.fixture.school;
        let now = now();
        for named in [None, Some(rows.fixture.teacher)] {
            assert_pages_complete(
                "invitations",
                &rows.invitations,
                |after, limit| {
                    db.read("page", |tx| {
                        invitations::page_for_agency(
                            tx,
                            partnership,
                            school,
                            named,
                            now,
                            after,
                            limit,
                        )
                    })
                },
                |row| Keyset::new(row.created_at, row.id),
            );
        }
    }

    fn pages_of_fragments_are_complete_and_content_is_in_their_order(db) {
        let (fixture, chronology) = insert_chronology(db);
        let mut keys = scattered_keys();
        db.write("rows", |tx| {
            keys.iter().try_for_each(|(at, id)| {
                let row = FragmentRow {
                    id: domain::FragmentId(*id),
                    created_at: at_minute(*at),
                    ..fixture.fragment(chronology.family_id, Some(chronology.id))
                };
                fixture.insert_fragment(tx, &row)
            })
        })
        .unwrap();
        let partnership = fixture.partnership;
        let school = fixture.school;
        let now = now();
        for author in [None, Some(fixture.teacher)] {
            assert_pages_complete(
                "fragments",
                &keys,
                |after, limit| {
                    db.read("page", |tx| {
                        fragments::page_for_agency(
                            tx,
                            partnership,
                            school,
                            author,
                            now,
                            after,
                            limit,
                        )
                    })
                },
                |row| Keyset::new(row.created_at, row.id),
            );
        }
        keys.sort();
        let permit = fixture.reader_permit();
        let content = db
            .read("content", |tx| {
                fragments::live_content(tx, &permit, chronology.id, now)
            })
            .unwrap();
        let order: Vec<Uuid> = keys.into_iter().map(|(_, id)| id).collect();
        let found: Vec<Uuid> = content.iter().map(|content| content.fragment.id.0).collect();
        assert_eq!(found, order);
    }

    fn pages_of_consolidations_are_complete(db) {
        let (fixture, chronology) = insert_chronology(db);
        let keys = scattered_keys();
        db.write("rows", |tx| {
            keys.iter().try_for_each(|(at, id)| {
                let row = ConsolidationRow {
                    id: domain::ConsolidationId(*id),
                    created_at: at_minute(*at),
                    ..fixture.consolidation(chronology.id)
                };
                consolidations::insert(tx, &row, &[], None)
            })
        })
        .unwrap();
        let permit = fixture.reader_permit();
        assert_pages_complete(
            "consolidations",
            &keys,
            |after, limit| {
                db.read("page", |tx| {
                    consolidations::page(tx, &permit, chronology.id, now(), after, limit)
                })
            },
            |row| Keyset::new(row.created_at, row.id),
        );
    }

    fn pages_of_holds_are_complete(db) {
        let fixture = Fixture::create(db, "marl");
        let keys = scattered_keys();
        db.write("rows", |tx| {
            keys.iter().try_for_each(|(at, id)| {
                let row = HoldRow {
                    id: domain::HoldId(*id),
                    placed_at: at_minute(*at),
                    ..fixture.hold(HoldScope::All, None)
                };
                holds::insert(tx, &row)
            })
        })
        .unwrap();
        let partnership = fixture.partnership;
        assert_pages_complete(
            "holds",
            &keys,
            |after, limit| db.read("page", |tx| holds::page(tx, partnership, after, limit)),
            |row| Keyset::new(row.placed_at, row.id),
        );
    }

    fn pages_of_audit_records_are_complete(db) {
        let (fixture, chronology) = insert_chronology(db);
        let keys = scattered_keys();
        db.write("rows", |tx| {
            keys.iter().try_for_each(|(at, id)| {
                let row = AuditDraft {
                    id: domain::AuditId(*id),
                    ..fixture.audit_draft(*at, Operation::TimelineRead, Some(chronology.id))
                };
                audit::insert(tx, &row)
            })
        })
        .unwrap();
        let partnership = fixture.partnership;
        let filter = AuditFilter {
            chronology: Some(vec![keyed_token(chronology.id)]),
            ..AuditFilter::default()
        };
        assert_pages_complete(
            "audit",
            &keys,
            |after, limit| {
                db.read("page", |tx| {
                    audit::page(tx, partnership, &filter, after, limit)
                })
            },
            |row| Keyset::new(row.at, row.id),
        );
    }

    fn pages_of_due_people_are_complete(db) {
        let fixture = Fixture::create(db, "marl");
        let people = scattered_keys();
        db.write("rows", |tx| {
            for (at, id) in &people {
                let row = PersonRow {
                    id: domain::PersonId(*id),
                    expires_at: at_minute(*at),
                    ..fixture.person()
                };
                people::insert(tx, &row, &[])?;
            }
            people::insert(tx, &fixture.person(), &[])
        })
        .unwrap();
        assert_pages_complete(
            "expired people",
            &people,
            |after, limit| {
                db.write("due", |tx| {
                    purge::due_people(tx, at_minute(9), after, limit)
                })
            },
            |due| Keyset::new(due.expired_at, due.id),
        );
    }
}
