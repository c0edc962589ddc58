//! What is over and still there, for those who answer for it: identifiers and times alone.

use diesel::prelude::*;
use domain::{ChronologyId, FamilyId, FragmentId, Instant, PartnershipId, PersonId};
use uuid::Uuid;

use crate::page::{after, within};
use crate::schema::{chronologies, families, fragment_origins, fragments, people};
use crate::types::Bind;
use crate::{Keyset, StoreError, Tx};

/// Something that should be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unpurged {
    /// A chronology.
    Chronology(ChronologyId, Instant),
    /// A fragment.
    Fragment(FragmentId, Instant),
    /// A family.
    Family(FamilyId, Instant),
    /// A person.
    Person(PersonId, Instant),
}

impl Unpurged {
    /// Its kind in a word.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Chronology(..) => "chronology",
            Self::Fragment(..) => "fragment",
            Self::Family(..) => "family",
            Self::Person(..) => "person",
        }
    }

    /// Since when it has been over, and its identifier: its place in a list.
    #[must_use]
    pub fn place(&self) -> (Instant, Uuid) {
        match *self {
            Self::Chronology(id, at) => (at, id.0),
            Self::Fragment(id, at) => (at, id.0),
            Self::Family(id, at) => (at, id.0),
            Self::Person(id, at) => (at, id.0),
        }
    }
}

/// At most `limit` things of a partnership that are over and still there, after a place, the oldest first.
///
/// # Errors
/// When the database fails.
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    now: Instant,
    after: Option<Keyset>,
    limit: i64,
) -> Result<Vec<Unpurged>, StoreError> {
    let mut all = Vec::new();
    macro_rules! add {
        ($($table:ident, $id:ident, $kind:ident);+) => {$(
            let query = $table::table
                .filter(within!($table::partnership_id, partnership))
                .filter($table::expires_at.le(Bind(now)))
                .into_boxed();
            let query = after!(query, after, $table::expires_at, $table::id, $id);
            let query = query.order(($table::expires_at, $table::id)).limit(limit);
            let rows: Vec<($id, Instant)> = tx.run(|c| query.select(($table::id, $table::expires_at)).load(c))?;
            all.extend(rows.into_iter().map(|(id, at)| Unpurged::$kind(id, at)));
        )+};
    }
    add!(
        chronologies, ChronologyId, Chronology; fragments, FragmentId, Fragment;
        families, FamilyId, Family; people, PersonId, Person
    );
    all.sort_by_key(Unpurged::place);
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(all)
}

/// Whether a chronology, a fragment or a fragment's origin still refers to a family.
///
/// # Errors
/// When the database fails.
pub fn family_in_use(tx: &mut Tx<'_>, partnership: PartnershipId, id: FamilyId) -> Result<bool, StoreError> {
    macro_rules! refers {
        ($($table:ident),+) => {$(
            let query = $table::table
                .filter($table::partnership_id.eq(Bind(partnership)))
                .filter($table::family_id.eq(Bind(id)));
            let rows: i64 = tx.run(|c| query.count().get_result(c))?;
            if rows > 0 {
                return Ok(true);
            }
        )+};
    }
    refers!(chronologies, fragments, fragment_origins);
    Ok(false)
}
