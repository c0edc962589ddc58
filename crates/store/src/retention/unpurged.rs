//! Expired objects that have not been deleted, for those who are accountable for them: identifiers
//! and times alone.

use diesel::prelude::*;
use domain::{ChronologyId, FamilyId, FragmentId, Instant, PartnershipId, PersonId};
use uuid::Uuid;

use crate::columns::Bind;
use crate::connection::page::{rows_after, unindexed_eq};
use crate::schema::{chronologies, families, fragment_origins, fragments, people};
use crate::{Keyset, StoreError, Tx};

/// An expired object that has not been deleted, with when it expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnpurgedObject {
    /// A chronology.
    Chronology(ChronologyId, Instant),
    /// A fragment.
    Fragment(FragmentId, Instant),
    /// A family.
    Family(FamilyId, Instant),
    /// A person.
    Person(PersonId, Instant),
}

impl UnpurgedObject {
    /// The kind of object.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Chronology(..) => "chronology",
            Self::Fragment(..) => "fragment",
            Self::Family(..) => "family",
            Self::Person(..) => "person",
        }
    }

    /// When it expired, and its identifier: the sort key of lists.
    #[must_use]
    pub fn sort_key(&self) -> (Instant, Uuid) {
        match *self {
            Self::Chronology(id, at) => (at, id.0),
            Self::Fragment(id, at) => (at, id.0),
            Self::Family(id, at) => (at, id.0),
            Self::Person(id, at) => (at, id.0),
        }
    }
}

/// At most `limit` expired objects of a partnership that have not been deleted, after a cursor, the
/// oldest first.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    now: Instant,
    after: Option<Keyset>,
    limit: i64,
) -> Result<Vec<UnpurgedObject>, StoreError> {
    let mut all = Vec::new();
    /// Adds the expired rows of a table. (A function generic over the table would need a bound for
    /// every clause of the query.)
    macro_rules! add_table {
        ($($table:ident, $id:ident, $kind:ident);+) => {$(
            let query = $table::table
                .filter(unindexed_eq($table::partnership_id, partnership))
                .filter($table::expires_at.le(Bind(now)))
                .into_boxed();
            let query = rows_after(query, after, $table::expires_at, $table::id, $id);
            let query = query.order(($table::expires_at, $table::id)).limit(limit);
            let rows: Vec<($id, Instant)> = tx.run(|c| query.select(($table::id, $table::expires_at)).load(c))?;
            all.extend(rows.into_iter().map(|(id, at)| UnpurgedObject::$kind(id, at)));
        )+};
    }
    add_table!(
        chronologies, ChronologyId, Chronology; fragments, FragmentId, Fragment;
        families, FamilyId, Family; people, PersonId, Person
    );
    all.sort_by_key(UnpurgedObject::sort_key);
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(all)
}

/// Whether a chronology, a fragment or a fragment's origin still refers to a family.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn is_family_referenced(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: FamilyId,
) -> Result<bool, StoreError> {
    let of_chronologies = chronologies::table
        .filter(chronologies::partnership_id.eq(Bind(partnership)))
        .filter(chronologies::family_id.eq(Bind(id)))
        .count();
    let of_fragments = fragments::table
        .filter(fragments::partnership_id.eq(Bind(partnership)))
        .filter(fragments::family_id.eq(Bind(id)))
        .count();
    let of_origins = fragment_origins::table
        .filter(fragment_origins::partnership_id.eq(Bind(partnership)))
        .filter(fragment_origins::family_id.eq(Bind(id)))
        .count();
    Ok(tx.run(|c| of_chronologies.get_result::<i64>(c))? > 0
        || tx.run(|c| of_fragments.get_result::<i64>(c))? > 0
        || tx.run(|c| of_origins.get_result::<i64>(c))? > 0)
}
