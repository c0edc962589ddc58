//! Lists of expired objects by kind, in the order in which they are deleted.

use domain::{ChronologyId, FamilyId, FragmentId, Instant, PersonId};
use store::{DueForDeletion, Keyset, StoreError, Tx};

/// A function that lists expired objects after a keyset position, up to a limit.
pub(crate) type ExpiredLister<I> =
    fn(&mut Tx<'_>, Instant, Option<Keyset>, i64) -> Result<Vec<DueForDeletion<I>>, StoreError>;

pub(super) fn chronologies(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: i64,
) -> Result<Vec<DueForDeletion<ChronologyId>>, StoreError> {
    store::purge::due_chronologies(tx, now, after, limit)
}

pub(super) fn fragments(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: i64,
) -> Result<Vec<DueForDeletion<FragmentId>>, StoreError> {
    store::purge::due_fragments(tx, now, after, limit)
}

pub(super) fn families(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: i64,
) -> Result<Vec<DueForDeletion<FamilyId>>, StoreError> {
    store::purge::due_families(tx, now, after, limit)
}

pub(super) fn people(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: i64,
) -> Result<Vec<DueForDeletion<PersonId>>, StoreError> {
    store::purge::due_people(tx, now, after, limit)
}
