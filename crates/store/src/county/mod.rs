//! A synthetic county: the rows of a large partnership, for tests of query plans and for the
//! benchmark. They are written through the functions of this crate, some hundred families in each
//! transaction. Sealed columns contain noise of the usual length, because queries never read them.

mod deleted;
mod directory;
mod families;
mod links;
mod records;

use std::ops::Range;
use std::sync::OnceLock;

use domain::{AgencyId, AgencyKind, Instant, PartnershipId, PractitionerId};
use uuid::Uuid;

use crate::*;

/// The current time of a test's county: all its rows were created before and expire after.
pub const NOW: Instant = Instant::from_micros(1_800_000_000_000_000);
const DAY: i64 = 86_400_000_000;
const AGENCIES: u128 = 30;
/// The number of practitioners of social care, who own the chronologies.
const SOCIAL_WORKERS: u128 = 300;
/// The number of practitioners of each other agency.
const STAFF: u128 = 10;
/// The number of families written in one transaction.
const FAMILIES_PER_TRANSACTION: u128 = 200;
const FRAGMENTS: u128 = 4;
/// The number of entries of each fragment: 96 for a family.
const ENTRIES: u128 = 24;
/// The number of audit records and idempotency records of each family.
const RECORDS: u128 = 2;
const CHILDREN: u128 = 3;

/// The number of entries of each family.
pub const ENTRIES_PER_FAMILY: u32 = (FRAGMENTS * ENTRIES) as u32;

/// A partnership to be filled with synthetic families.
pub struct SyntheticCounty {
    partnership: PartnershipId,
    /// The first is social care.
    agencies: Vec<AgencyId>,
    now: Instant,
    /// Whether audit records and the tree are filled too; not when a service writes its own.
    with_audit: bool,
}

impl SyntheticCounty {
    /// Creates a partnership with its agencies and practitioners.
    ///
    /// # Errors
    /// The [errors common to all functions](crate#errors).
    pub fn create(db: &Db) -> Result<Self, StoreError> {
        let partnership = PartnershipId(id(ObjectKind::Partnership, 0));
        let agencies = (0..AGENCIES)
            .map(|number| AgencyId(id(ObjectKind::Agency, number)))
            .collect();
        let county = Self {
            partnership,
            agencies,
            now: NOW,
            with_audit: true,
        };
        db.write("county.create", |tx| {
            county.insert_directory(tx)?;
            county.insert_practitioners(tx)
        })?;
        Ok(county)
    }

    /// Opens an existing partnership with its own agencies, at the time `now`.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when there is no partnership with this code.
    pub fn open(db: &Db, code: &str, now: Instant) -> Result<Self, StoreError> {
        db.write("county.open", |tx| {
            let partnership = partnerships::find_by_code(tx, code)?
                .ok_or(StoreError::Stale)?
                .id;
            let mut agencies = agencies::page(tx, partnership, None, i64::MAX)?;
            agencies.sort_by_key(|agency| (agency.kind != AgencyKind::SocialCare, agency.id));
            let agencies = agencies.into_iter().map(|agency| agency.id).collect();
            let county = Self {
                partnership,
                agencies,
                now,
                with_audit: false,
            };
            if practitioners::find(tx, partnership, county.practitioner(0, 0))?.is_none() {
                county.insert_practitioners(tx)?;
            }
            Ok(county)
        })
    }

    /// Adds families, each with a chronology to which four agencies have submitted 24 entries each.
    ///
    /// # Errors
    /// The [errors common to all functions](crate#errors).
    pub fn fill(&self, db: &Db, families: Range<u32>) -> Result<(), StoreError> {
        let mut first = u128::from(families.start);
        let end = u128::from(families.end);
        while first < end {
            let last = (first + FAMILIES_PER_TRANSACTION).min(end);
            db.write("county.families", |tx| {
                (first..last).try_for_each(|number| self.insert_family(tx, number))
            })?;
            first = last;
        }
        Ok(())
    }
}

/// The kind of object that an identifier names. Identifiers of different kinds differ.
#[derive(Clone, Copy)]
enum ObjectKind {
    Partnership,
    Agency,
    Practitioner,
    Person,
    Family,
    Chronology,
    Invitation,
    Fragment,
    Entry,
    Consolidation,
    Decision,
    PersonLink,
    Record,
    Hold,
    Emergency,
    Deleted,
    Certificate,
}

/// The identifier of the `number`-th object of a kind. The numbers are scattered like random
/// identifiers.
fn id(kind: ObjectKind, number: u128) -> Uuid {
    let scattered = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    Uuid::from_u128((scattered & !0xff) | (kind as u128))
}

/// Bytes that resemble sealed content.
fn noise(number: u128, length: usize) -> Sealed {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = BYTES.get_or_init(|| {
        (0..1_024)
            .flat_map(|at| *id(ObjectKind::Deleted, at).as_bytes())
            .collect()
    });
    let start = usize::try_from(number % 8_192).unwrap_or(0);
    Sealed(
        bytes
            .get(start..start + length)
            .unwrap_or_default()
            .to_vec(),
    )
}

fn token(kind: u128, number: u128) -> Token {
    Token(
        [
            id(ObjectKind::Deleted, number * 64 + kind)
                .as_bytes()
                .as_slice(),
            &[7; 16],
        ]
        .concat(),
    )
}

/// The number of practitioners of an agency.
fn practitioner_count(agency: u128) -> u128 {
    if agency == 0 { SOCIAL_WORKERS } else { STAFF }
}

impl SyntheticCounty {
    fn before(&self, days: u128) -> Instant {
        Instant::from_micros(self.now.as_micros() - 1 - DAY * i64::try_from(days).unwrap_or(0))
    }

    fn after(&self, days: u128) -> Instant {
        Instant::from_micros(self.now.as_micros() + 1 + DAY * i64::try_from(days).unwrap_or(0))
    }

    fn agency_count(&self) -> u128 {
        self.agencies.len().max(1) as u128
    }

    fn agency(&self, number: u128) -> AgencyId {
        let index = usize::try_from(number % self.agency_count()).unwrap_or(0);
        self.agencies
            .get(index)
            .copied()
            .unwrap_or(AgencyId(Uuid::nil()))
    }

    /// A practitioner of the `agency`-th agency.
    fn practitioner(&self, agency: u128, number: u128) -> PractitionerId {
        let agency = agency % self.agency_count();
        let number = number % practitioner_count(agency);
        PractitionerId(id(
            ObjectKind::Practitioner,
            if agency == 0 {
                number
            } else {
                SOCIAL_WORKERS + agency * STAFF + number
            },
        ))
    }
}
