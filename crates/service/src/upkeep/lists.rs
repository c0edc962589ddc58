//! What is over, kind by kind, in the order in which it is dealt with.

use domain::{ChronologyId, FamilyId, FragmentId, Instant, PersonId};
use store::{Due, Keyset, StoreError, Tx};

/// Lists what is due, after a place, at most so many.
pub(super) type Lister<I> = fn(&mut Tx<'_>, Instant, Option<Keyset>, i64) -> Result<Vec<Due<I>>, StoreError>;

pub(super) fn chronologies(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: i64,
) -> Result<Vec<Due<ChronologyId>>, StoreError> {
    store::purge::due_chronologies(tx, now, after, limit)
}

pub(super) fn fragments(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: i64,
) -> Result<Vec<Due<FragmentId>>, StoreError> {
    store::purge::due_fragments(tx, now, after, limit)
}

pub(super) fn families(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: i64,
) -> Result<Vec<Due<FamilyId>>, StoreError> {
    store::purge::due_families(tx, now, after, limit)
}

pub(super) fn people(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: i64,
) -> Result<Vec<Due<PersonId>>, StoreError> {
    store::purge::due_people(tx, now, after, limit)
}
