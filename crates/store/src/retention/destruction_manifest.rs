//! Destruction manifests: the objects that a deletion certificate covers, because the destroyed key
//! sealed them.

use std::collections::HashMap;

use diesel::prelude::*;
use domain::{
    AgencyId, ChronologyId, ConsolidationId, FamilyId, FragmentId, Instant, PartnershipId,
    PersonId, PractitionerId,
};
use uuid::Uuid;

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::page::unindexed_eq;
use crate::connection::statements::insert_new;
use crate::schema::deletion_covered::{self, dsl};
use crate::schema::{chronologies, consolidations, families, fragments, people};
use crate::{StoreError, Tx};

row! {
    /// One object that the destruction of a key covers.
    ManifestRow in deletion_covered {
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The kind of key.
        kind: String,
        /// The identifier of the key that protects the object.
        key_id: String,
        /// The kind of object.
        object_kind: String,
        /// The identifier of the object.
        object_id: Uuid,
        /// The agency whose object it was.
        agency_id: AgencyId,
        /// The agency that owned its chronology; `None` for an object without one.
        runs_agency_id: Option<AgencyId>,
        /// The practitioner who wrote, recorded or owned it.
        owner_id: PractitionerId,
    }
}

/// A sealed object that still exists, with its expiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestEntry {
    /// The kind of object.
    pub object_kind: &'static str,
    /// The identifier of the object.
    pub object_id: Uuid,
    /// The agency whose object it is.
    pub agency_id: AgencyId,
    /// The agency that owns its chronology; `None` for an object without one.
    pub runs_agency_id: Option<AgencyId>,
    /// The practitioner who wrote, recorded or owns it.
    pub owner_id: PractitionerId,
    /// When it expires.
    pub expires_at: Instant,
}

/// Which objects a manifest lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestScope {
    /// A chronology with its fragments and frozen views.
    Chronology(ChronologyId),
    /// A fragment.
    Fragment(FragmentId),
    /// A family.
    Family(FamilyId),
    /// A person.
    Person(PersonId),
    /// Everything that expires after the first instant and not after the second.
    Ending(Instant, Instant),
}

/// Selects the rows of a table in a scope; `$own` limits the query when the scope names one object.
///
/// A function cannot do it: generic over the table, it would need a bound for every clause.
macro_rules! select_rows {
    (
        $tx:expr, $partnership:expr, $scope:expr, $table:ident, $columns:expr,
        { $($pattern:pat => $own:expr),+ $(,)? }
    ) => {{
        let query = $table::table.filter(unindexed_eq($table::partnership_id, $partnership)).into_boxed();
        let query = match $scope {
            $($pattern => Some(query.filter($own)),)+
            ManifestScope::Ending(after, until) => Some(
                query.filter($table::expires_at.gt(Bind(after))).filter($table::expires_at.le(Bind(until))),
            ),
            #[allow(unreachable_patterns, reason = "some tables handle every scope")]
            _ => None,
        };
        match query {
            Some(query) => $tx.run(|c| query.order($table::id).select($columns).load(c))?,
            None => Vec::new(),
        }
    }};
}

/// The objects in a scope of a partnership's data, live or expired.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn collect(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    scope: ManifestScope,
) -> Result<Vec<ManifestEntry>, StoreError> {
    let mut all = chronologies_of(tx, partnership, scope)?;
    all.extend(fragments_of(tx, partnership, scope)?);
    all.extend(views_of(tx, partnership, scope)?);
    all.extend(families_of(tx, partnership, scope)?);
    all.extend(people_of(tx, partnership, scope)?);
    Ok(all)
}

fn chronologies_of(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    scope: ManifestScope,
) -> Result<Vec<ManifestEntry>, StoreError> {
    use chronologies as t;
    let columns = (t::id, t::owner_agency_id, t::owner_id, t::expires_at);
    type Columns = (ChronologyId, AgencyId, PractitionerId, Instant);
    let rows: Vec<Columns> = select_rows!(tx, partnership, scope, chronologies, columns, {
        ManifestScope::Chronology(id) => t::id.eq(Bind(id)),
    });
    Ok(rows
        .into_iter()
        .map(|(id, agency_id, owner_id, expires_at)| ManifestEntry {
            object_kind: "chronology",
            object_id: id.0,
            agency_id,
            runs_agency_id: Some(agency_id),
            owner_id,
            expires_at,
        })
        .collect())
}

fn fragments_of(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    scope: ManifestScope,
) -> Result<Vec<ManifestEntry>, StoreError> {
    use fragments as t;
    let columns = (
        t::id,
        t::chronology_id,
        t::agency_id,
        t::author_id,
        t::expires_at,
    );
    type Columns = (
        FragmentId,
        Option<ChronologyId>,
        AgencyId,
        PractitionerId,
        Instant,
    );
    let rows: Vec<Columns> = select_rows!(tx, partnership, scope, fragments, columns, {
        ManifestScope::Fragment(id) => t::id.nullable().eq(Some(Bind(id))),
        ManifestScope::Chronology(id) => t::chronology_id.eq(Some(Bind(id))),
    });
    let owner_agencies = owner_agencies(tx, partnership, rows.iter().filter_map(|row| row.1))?;
    Ok(rows
        .into_iter()
        .map(
            |(id, chronology, agency_id, owner_id, expires_at)| ManifestEntry {
                object_kind: "fragment",
                object_id: id.0,
                agency_id,
                runs_agency_id: chronology.and_then(|id| owner_agencies.get(&id).copied()),
                owner_id,
                expires_at,
            },
        )
        .collect())
}

fn views_of(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    scope: ManifestScope,
) -> Result<Vec<ManifestEntry>, StoreError> {
    use consolidations as t;
    let columns = (t::id, t::chronology_id, t::author_id, t::expires_at);
    type Columns = (ConsolidationId, ChronologyId, PractitionerId, Instant);
    let rows: Vec<Columns> = select_rows!(tx, partnership, scope, consolidations, columns, {
        ManifestScope::Chronology(id) => t::chronology_id.eq(Bind(id)),
    });
    let owner_agencies = owner_agencies(tx, partnership, rows.iter().map(|row| row.1))?;
    let entries = rows
        .into_iter()
        .filter_map(|(id, chronology, owner_id, expires_at)| {
            let agency_id = owner_agencies.get(&chronology).copied()?;
            Some(ManifestEntry {
                object_kind: "consolidation",
                object_id: id.0,
                agency_id,
                runs_agency_id: Some(agency_id),
                owner_id,
                expires_at,
            })
        });
    Ok(entries.collect())
}

fn families_of(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    scope: ManifestScope,
) -> Result<Vec<ManifestEntry>, StoreError> {
    use families as t;
    let columns = (t::id, t::created_by_agency, t::created_by, t::expires_at);
    type Columns = (FamilyId, AgencyId, PractitionerId, Instant);
    let rows: Vec<Columns> = select_rows!(tx, partnership, scope, families, columns, {
        ManifestScope::Family(id) => t::id.eq(Bind(id)),
    });
    Ok(rows
        .into_iter()
        .map(|(id, agency_id, owner_id, expires_at)| ManifestEntry {
            object_kind: "family",
            object_id: id.0,
            agency_id,
            runs_agency_id: None,
            owner_id,
            expires_at,
        })
        .collect())
}

fn people_of(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    scope: ManifestScope,
) -> Result<Vec<ManifestEntry>, StoreError> {
    use people as t;
    let columns = (t::id, t::created_by_agency, t::created_by, t::expires_at);
    type Columns = (PersonId, AgencyId, PractitionerId, Instant);
    let rows: Vec<Columns> = select_rows!(tx, partnership, scope, people, columns, {
        ManifestScope::Person(id) => t::id.eq(Bind(id)),
    });
    Ok(rows
        .into_iter()
        .map(|(id, agency_id, owner_id, expires_at)| ManifestEntry {
            object_kind: "person",
            object_id: id.0,
            agency_id,
            runs_agency_id: None,
            owner_id,
            expires_at,
        })
        .collect())
}

/// The agencies that own chronologies.
fn owner_agencies(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    ids: impl Iterator<Item = ChronologyId>,
) -> Result<HashMap<ChronologyId, AgencyId>, StoreError> {
    let wanted: std::collections::BTreeSet<ChronologyId> = ids.collect();
    let wanted: Vec<ChronologyId> = wanted.into_iter().collect();
    let mut found = HashMap::new();
    // Batches below both databases' limits on bound values.
    for batch in wanted.chunks(500) {
        let query = chronologies::table
            .filter(unindexed_eq(chronologies::partnership_id, partnership))
            .filter(chronologies::id.eq_any(batch.iter().copied().map(Bind)))
            .select((chronologies::id, chronologies::owner_agency_id));
        let rows: Vec<(ChronologyId, AgencyId)> = tx.run(|c| query.load(c))?;
        found.extend(rows);
    }
    Ok(found)
}

/// Records objects that a key's destruction covers. Objects recorded before stay unchanged.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn record(tx: &mut Tx<'_>, rows: &[ManifestRow]) -> Result<(), StoreError> {
    for row in rows {
        match insert_new!(tx, deletion_covered::table, row, "covered") {
            Ok(()) | Err(StoreError::NotUnique(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The objects that a key's destruction covers, by identifier.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_for_key(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    kind: &str,
    key_id: &str,
) -> Result<Vec<ManifestRow>, StoreError> {
    let query = dsl::deletion_covered
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::kind.eq(kind))
        .filter(dsl::key_id.eq(key_id))
        .order(dsl::object_id)
        .select(ManifestRow::as_select());
    tx.run(|c| query.load(c))
}
