//! What lived by a key and was deleted: what the key's deletion certificate covers.

use std::collections::HashMap;

use diesel::prelude::*;
use domain::{
    AgencyId, ChronologyId, ConsolidationId, FamilyId, FragmentId, Instant, PartnershipId, PersonId, PractitionerId,
};
use uuid::Uuid;

use crate::page::within;
use crate::rows::row;
use crate::schema::deletion_covered::{self, dsl};
use crate::schema::{chronologies, consolidations, families, fragments, people};
use crate::statements::insert_new;
use crate::types::Bind;
use crate::{StoreError, Tx};

row! {
    /// One thing that a key's destruction covers.
    CoveredRow in deletion_covered {
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The key's kind.
        kind: String,
        /// The key.
        key_id: String,
        /// What it was.
        object_kind: String,
        /// Which.
        object_id: Uuid,
        /// Whose it was.
        agency_id: AgencyId,
        /// Who ran its chronology.
        runs_agency_id: Option<AgencyId>,
        /// Who wrote, recorded or owned it.
        owner_id: PractitionerId,
    }
}

/// Something sealed that is there, and until when it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// What it is.
    pub object_kind: &'static str,
    /// Which.
    pub object_id: Uuid,
    /// Whose it is.
    pub agency_id: AgencyId,
    /// Who runs its chronology.
    pub runs_agency_id: Option<AgencyId>,
    /// Who wrote, recorded or owns it.
    pub owner_id: PractitionerId,
    /// Its end.
    pub expires_at: Instant,
}

/// Which things are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A chronology with its fragments and frozen views.
    Chronology(ChronologyId),
    /// A fragment.
    Fragment(FragmentId),
    /// A family.
    Family(FamilyId),
    /// A person.
    Person(PersonId),
    /// Everything whose end is after the first instant and not after the second.
    Ending(Instant, Instant),
}

/// Rows of a table that belong to a part; `$own` limits the query where the part names one thing.
macro_rules! rows_of {
    ($tx:expr, $partnership:expr, $part:expr, $table:ident, $columns:expr, { $($pattern:pat => $own:expr),+ $(,)? }) => {{
        let query = $table::table.filter(within!($table::partnership_id, $partnership)).into_boxed();
        let query = match $part {
            $($pattern => Some(query.filter($own)),)+
            Part::Ending(after, until) => Some(
                query.filter($table::expires_at.gt(Bind(after))).filter($table::expires_at.le(Bind(until))),
            ),
            #[allow(unreachable_patterns, reason = "some tables answer for every part")]
            _ => None,
        };
        match query {
            Some(query) => $tx.run(|c| query.order($table::id).select($columns).load(c))?,
            None => Vec::new(),
        }
    }};
}

/// What is there of a part of a partnership's data, live or over.
///
/// # Errors
/// When the database fails.
pub fn gather(tx: &mut Tx<'_>, partnership: PartnershipId, part: Part) -> Result<Vec<Covered>, StoreError> {
    let mut all = chronologies_of(tx, partnership, part)?;
    all.extend(fragments_of(tx, partnership, part)?);
    all.extend(views_of(tx, partnership, part)?);
    all.extend(families_of(tx, partnership, part)?);
    all.extend(people_of(tx, partnership, part)?);
    Ok(all)
}

fn chronologies_of(tx: &mut Tx<'_>, partnership: PartnershipId, part: Part) -> Result<Vec<Covered>, StoreError> {
    use chronologies as t;
    let columns = (t::id, t::owner_agency_id, t::owner_id, t::expires_at);
    let rows: Vec<(ChronologyId, AgencyId, PractitionerId, Instant)> =
        rows_of!(tx, partnership, part, chronologies, columns, { Part::Chronology(one) => t::id.eq(Bind(one)) });
    Ok(rows
        .into_iter()
        .map(|(id, agency_id, owner_id, expires_at)| Covered {
            object_kind: "chronology",
            object_id: id.0,
            agency_id,
            runs_agency_id: Some(agency_id),
            owner_id,
            expires_at,
        })
        .collect())
}

fn fragments_of(tx: &mut Tx<'_>, partnership: PartnershipId, part: Part) -> Result<Vec<Covered>, StoreError> {
    use fragments as t;
    let columns = (t::id, t::chronology_id, t::agency_id, t::author_id, t::expires_at);
    let rows: Vec<(FragmentId, Option<ChronologyId>, AgencyId, PractitionerId, Instant)> = rows_of!(tx, partnership, part, fragments, columns, {
        Part::Fragment(one) => t::id.nullable().eq(Some(Bind(one))),
        Part::Chronology(one) => t::chronology_id.eq(Some(Bind(one))),
    });
    let runners = runners(tx, partnership, rows.iter().filter_map(|row| row.1))?;
    Ok(rows
        .into_iter()
        .map(|(id, chronology, agency_id, owner_id, expires_at)| Covered {
            object_kind: "fragment",
            object_id: id.0,
            agency_id,
            runs_agency_id: chronology.and_then(|id| runners.get(&id).copied()),
            owner_id,
            expires_at,
        })
        .collect())
}

fn views_of(tx: &mut Tx<'_>, partnership: PartnershipId, part: Part) -> Result<Vec<Covered>, StoreError> {
    use consolidations as t;
    let columns = (t::id, t::chronology_id, t::author_id, t::expires_at);
    let rows: Vec<(ConsolidationId, ChronologyId, PractitionerId, Instant)> = rows_of!(tx, partnership, part, consolidations, columns, {
        Part::Chronology(one) => t::chronology_id.eq(Bind(one)),
    });
    let runners = runners(tx, partnership, rows.iter().map(|row| row.1))?;
    let covered = rows.into_iter().filter_map(|(id, chronology, owner_id, expires_at)| {
        let agency_id = runners.get(&chronology).copied()?;
        Some(Covered {
            object_kind: "consolidation",
            object_id: id.0,
            agency_id,
            runs_agency_id: Some(agency_id),
            owner_id,
            expires_at,
        })
    });
    Ok(covered.collect())
}

macro_rules! recorded {
    ($name:ident: $table:ident, $id:ident, $part:ident, $kind:literal) => {
        fn $name(tx: &mut Tx<'_>, partnership: PartnershipId, part: Part) -> Result<Vec<Covered>, StoreError> {
            use $table as t;
            let columns = (t::id, t::created_by_agency, t::created_by, t::expires_at);
            let rows: Vec<($id, AgencyId, PractitionerId, Instant)> =
                rows_of!(tx, partnership, part, $table, columns, { Part::$part(one) => t::id.eq(Bind(one)) });
            Ok(rows
                .into_iter()
                .map(|(id, agency_id, owner_id, expires_at)| Covered {
                    object_kind: $kind,
                    object_id: id.0,
                    agency_id,
                    runs_agency_id: None,
                    owner_id,
                    expires_at,
                })
                .collect())
        }
    };
}

recorded!(families_of: families, FamilyId, Family, "family");
recorded!(people_of: people, PersonId, Person, "person");

/// Which agency runs each chronology.
fn runners(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    ids: impl Iterator<Item = ChronologyId>,
) -> Result<HashMap<ChronologyId, AgencyId>, StoreError> {
    let wanted: std::collections::BTreeSet<ChronologyId> = ids.collect();
    let wanted: Vec<ChronologyId> = wanted.into_iter().collect();
    let mut found = HashMap::new();
    // Below both databases' limits on values in a statement.
    for some in wanted.chunks(500) {
        let query = chronologies::table
            .filter(within!(chronologies::partnership_id, partnership))
            .filter(chronologies::id.eq_any(some.iter().copied().map(Bind)))
            .select((chronologies::id, chronologies::owner_agency_id));
        let rows: Vec<(ChronologyId, AgencyId)> = tx.run(|c| query.load(c))?;
        found.extend(rows);
    }
    Ok(found)
}

/// Notes what a key's destruction covers. What is noted already stays as it is.
///
/// # Errors
/// When the database fails.
pub fn note(tx: &mut Tx<'_>, rows: &[CoveredRow]) -> Result<(), StoreError> {
    for row in rows {
        match insert_new!(tx, deletion_covered::table, row, "covered") {
            Ok(()) | Err(StoreError::NotUnique(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// All that a key's destruction covers, by identifier.
///
/// # Errors
/// When the database fails.
pub fn of_key(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    kind: &str,
    key_id: &str,
) -> Result<Vec<CoveredRow>, StoreError> {
    let query = dsl::deletion_covered
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::kind.eq(kind))
        .filter(dsl::key_id.eq(key_id))
        .order(dsl::object_id)
        .select(CoveredRow::as_select());
    tx.run(|c| query.load(c))
}
