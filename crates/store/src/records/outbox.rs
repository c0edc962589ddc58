//! The outbox: effects that follow a commit. Each row is written in the transaction that causes the
//! effect, so it exists exactly if that transaction was committed; a worker claims it, brings the
//! effect about and deletes the row. An effect can occur twice, when a worker stops before it
//! deletes the row, so it must be one that may be repeated.

use diesel::prelude::*;
use domain::{ChronologyId, Instant, OutboxEvent, OutboxId, OutboxSubject, PartnershipId};
use uuid::Uuid;

use crate::columns::{Bind, row};
use crate::connection::AnyConnection;
use crate::connection::statements::insert_many;
use crate::schema::fragments;
use crate::schema::outbox::{self, dsl};
use crate::{StoreError, Tx};

row! {
    /// An effect that has not occurred yet.
    OutboxRow in outbox {
        /// The identifier, which is ordered by time of creation.
        id: OutboxId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// What has to happen.
        event: OutboxEvent,
        /// The kind of object that it concerns.
        subject_kind: OutboxSubject,
        /// The object that it concerns.
        subject_id: Uuid,
        /// When its cause was committed.
        created_at: Instant,
        /// The number of attempts that failed.
        attempts: i64,
        /// When it is due.
        not_before: Instant,
        /// Until when a worker has claimed it; `None` when none has.
        claimed_until: Option<Instant>,
    }
}

/// Adds rows, in the transaction that causes the effects.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn insert(tx: &mut Tx<'_>, rows: &[OutboxRow]) -> Result<(), StoreError> {
    insert_many(tx, outbox::table, rows)
}

/// Claims at most `limit` rows of any partnership until the instant `until`, and returns them: rows
/// with one of `events` that are due at `now` and not claimed, those that have been due longest
/// first. On PostgreSQL, rows that another node's transaction has locked are skipped.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn claim(
    tx: &mut Tx<'_>,
    events: &[OutboxEvent],
    now: Instant,
    until: Instant,
    limit: impl Into<i64>,
) -> Result<Vec<OutboxRow>, StoreError> {
    let unclaimed = dsl::claimed_until
        .is_null()
        .or(dsl::claimed_until.le(Some(Bind(now))));
    let due = dsl::outbox
        .filter(dsl::not_before.le(Bind(now)))
        .filter(unclaimed)
        .filter(dsl::event.eq_any(events.iter().copied().map(Bind)))
        .order((dsl::not_before, dsl::id))
        .limit(limit.into());
    let mut rows: Vec<OutboxRow> = tx.run(|connection| match connection {
        AnyConnection::Postgresql(c) => due
            .select(OutboxRow::as_select())
            .for_update()
            .skip_locked()
            .load(c),
        AnyConnection::Sqlite(c) => due.select(OutboxRow::as_select()).load(c),
    })?;
    if rows.is_empty() {
        return Ok(rows);
    }
    let until = Some(until);
    let claimed = dsl::outbox.filter(dsl::id.eq_any(rows.iter().map(|row| Bind(row.id))));
    let change = dsl::claimed_until.eq(until.map(Bind));
    tx.run(|c| diesel::update(claimed).set(change).execute(c))?;
    for row in &mut rows {
        row.claimed_until = until;
    }
    Ok(rows)
}

/// Deletes rows whose effects have occurred.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn complete(tx: &mut Tx<'_>, ids: &[OutboxId]) -> Result<(), StoreError> {
    let done = dsl::outbox.filter(dsl::id.eq_any(ids.iter().copied().map(Bind)));
    tx.run(|c| diesel::delete(done).execute(c)).map(|_| ())
}

/// Releases the claim on a row after a failed attempt, counts the attempt, and makes the row due
/// again at `not_before`. Does nothing when the row was deleted with its subject meanwhile.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn fail(tx: &mut Tx<'_>, id: OutboxId, not_before: Instant) -> Result<(), StoreError> {
    let unclaimed: Option<Bind<Instant>> = None;
    let change = (
        dsl::attempts.eq(dsl::attempts + 1),
        dsl::not_before.eq(Bind(not_before)),
        dsl::claimed_until.eq(unclaimed),
    );
    let failed = dsl::outbox.filter(dsl::id.eq(Bind(id)));
    tx.run(|c| diesel::update(failed).set(change).execute(c))
        .map(|_| ())
}

/// Deletes the rows that concern an object, because it is deleted.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn delete_of_subject(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    kind: OutboxSubject,
    id: impl Into<Uuid>,
) -> Result<(), StoreError> {
    let own = dsl::outbox
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::subject_kind.eq(Bind(kind)))
        .filter(dsl::subject_id.eq(Bind(id.into())));
    tx.run(|c| diesel::delete(own).execute(c)).map(|_| ())
}

/// Deletes the rows that concern a chronology or one of its fragments, before they are deleted.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub(crate) fn delete_of_chronology(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
) -> Result<(), StoreError> {
    let its_fragments = fragments::table
        .filter(fragments::partnership_id.eq(Bind(partnership)))
        .filter(fragments::chronology_id.eq(Some(Bind(chronology))))
        .select(fragments::id);
    let of_fragments = dsl::outbox
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::subject_kind.eq(Bind(OutboxSubject::Fragment)))
        .filter(dsl::subject_id.eq_any(its_fragments));
    tx.run(|c| diesel::delete(of_fragments).execute(c))?;
    delete_of_subject(tx, partnership, OutboxSubject::Chronology, chronology)
}

/// When the oldest row was created, of any partnership: how far the workers are behind.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn oldest(tx: &mut Tx<'_>) -> Result<Option<Instant>, StoreError> {
    let query = dsl::outbox.order(dsl::id).limit(1).select(dsl::created_at);
    tx.run(|c| query.get_result(c).optional())
}
