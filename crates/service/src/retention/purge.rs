//! Deletes expired objects. An object whose deletion fails does not prevent the deletion of others.

use std::time::Duration;

use domain::Instant;
use kernel::{ServiceError, ServiceResult};
use store::{DueForDeletion, Keyset, StoreError, Tx};
use uuid::Uuid;
use vault::KeyScope;

use super::expired_lists;
use crate::retention::Retention;
use crate::retention::expired_lists::ExpiredLister;

/// The result of one purge run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PurgeReport {
    /// The number of chronologies deleted, each with everything that belonged to it.
    pub chronologies: u32,
    /// The number of fragments deleted that expired before their chronology, or had none.
    pub fragments: u32,
    /// The number of people deleted.
    pub people: u32,
    /// The number of families deleted.
    pub families: u32,
    /// The number of idempotency records deleted.
    pub idempotency_records: u32,
    /// The number of objects whose deletion failed; each was logged with its identifier.
    pub failed: u32,
    /// The number of expired objects that still exist, by kind; kinds without any are included.
    pub unpurged: Vec<(&'static str, i64)>,
    /// How long the oldest expired object has been waiting for deletion; objects under a legal hold
    /// and failed deletions count.
    pub oldest_unpurged: Option<Duration>,
    /// The number of active legal holds that are past their review date.
    pub overdue_holds: i64,
}

/// The outcome of the deletion of one object.
pub(crate) enum DeletionOutcome {
    /// The object was deleted; these keys have nothing left to decrypt.
    Deleted(ObsoleteKeys),
    /// The object was retained: it is under a legal hold, or referenced by an object that is.
    Retained,
}

impl DeletionOutcome {
    fn queue_keys(&self, tx: &mut Tx<'_>, now: Instant) -> Result<(), StoreError> {
        match self {
            Self::Deleted(keys) => keys.queue(tx, now),
            Self::Retained => Ok(()),
        }
    }
}

/// Scope keys that have nothing left to decrypt.
#[derive(Default)]
pub(crate) struct ObsoleteKeys {
    /// Keys to destroy, so that no copy of the deleted data can be decrypted.
    pub(crate) destroyed: Vec<KeyScope>,
    /// Keys to remove without a certificate: the data that they wrapped also needs another key,
    /// which is destroyed.
    pub(crate) unneeded: Vec<KeyScope>,
}

impl ObsoleteKeys {
    /// Queues the keys in the transaction that deletes the data, so that they are destroyed even if
    /// the process dies in between.
    pub(crate) fn queue(&self, tx: &mut Tx<'_>, now: Instant) -> Result<(), StoreError> {
        store::scopes_to_destroy::insert(tx, self.destroyed.iter().map(|scope| scope.0), now)?;
        store::scopes_to_destroy::insert_unneeded(
            tx,
            self.unneeded.iter().map(|scope| scope.0),
            now,
        )
    }
}

/// The counts for one kind of object.
#[derive(Default)]
struct PurgeTally {
    deleted: u32,
    failed: u32,
    /// The first error of a key destruction; reported after all other work is done.
    error: Option<ServiceError>,
}

impl Retention {
    /// Deletes expired data, `limit` rows of a kind per transaction, until nothing is left to
    /// delete. Each deletion writes its tombstone, the manifest for its key's certificate, and its
    /// audit record in the same transaction. A failed deletion is logged with its identifier,
    /// counted and retried in the next run; it does not stop the others.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database or the keystore cannot be reached; deletions
    /// committed before that stay.
    pub fn purge(&self, limit: u32) -> ServiceResult<PurgeReport> {
        let now = self.kernel.refresh_agreed_time()?;
        let limit = limit.max(1);
        let chronologies = self.purge_kind(
            "chronology",
            limit,
            now,
            expired_lists::chronologies,
            |tx, due| self.delete_expired_chronology(tx, due, now),
        )?;
        let fragments = self.purge_kind(
            "fragment",
            limit,
            now,
            expired_lists::fragments,
            |tx, due| self.delete_expired_fragment(tx, due, now),
        )?;
        let families =
            self.purge_kind("family", limit, now, expired_lists::families, |tx, due| {
                self.delete_unused_family(tx, due, now)
            })?;
        let people = self.purge_kind("person", limit, now, expired_lists::people, |tx, due| {
            self.delete_unused_person(tx, due, now)
        })?;
        let idempotency_records = self.purge_idempotency_records(limit, now)?;
        let reasons = self.delete_expired_reasons(limit, now);
        store::purge::checkpoint(self.kernel.db())?;
        let (backlog, overdue_holds) = self.kernel.db().read("purge.backlog", |tx| {
            Ok::<_, StoreError>((
                store::purge::backlog(tx, now)?,
                store::holds::count_overdue(tx, now)?,
            ))
        })?;
        let report = PurgeReport {
            chronologies: chronologies.deleted,
            fragments: fragments.deleted,
            families: families.deleted,
            people: people.deleted,
            idempotency_records,
            failed: chronologies.failed + fragments.failed + families.failed + people.failed,
            unpurged: backlog.kinds,
            oldest_unpurged: backlog.oldest.map(|since| now.since(since)),
            overdue_holds,
        };
        let errors = [
            chronologies.error,
            fragments.error,
            families.error,
            people.error,
        ];
        errors
            .into_iter()
            .flatten()
            .chain(reasons.err())
            .next()
            .map_or(Ok(report), Err)
    }

    fn purge_kind<I: Copy + Into<Uuid>>(
        &self,
        kind: &'static str,
        limit: u32,
        now: Instant,
        list: ExpiredLister<I>,
        delete: impl Fn(&mut Tx<'_>, &DueForDeletion<I>) -> ServiceResult<DeletionOutcome>,
    ) -> ServiceResult<PurgeTally> {
        let mut tally = PurgeTally::default();
        let mut after = None;
        loop {
            let result = self.kernel.db().write("purge.batch", |tx| {
                let batch = list(tx, now, after, i64::from(limit))?;
                let outcomes = batch
                    .iter()
                    .map(|due| delete(tx, due))
                    .collect::<ServiceResult<Vec<DeletionOutcome>>>()?;
                outcomes
                    .iter()
                    .try_for_each(|outcome| outcome.queue_keys(tx, now))?;
                Ok::<_, ServiceError>((batch, outcomes))
            });
            let (batch, outcomes) = match result {
                Ok(done) => done,
                Err(error) if error.is_database_unavailable() => return Err(error),
                Err(_) => {
                    self.purge_individually(kind, limit, now, (list, after), &delete, &mut tally)?
                }
            };
            let deleted = outcomes
                .iter()
                .filter(|outcome| matches!(outcome, DeletionOutcome::Deleted(_)))
                .count();
            tally.deleted += u32::try_from(deleted).unwrap_or(u32::MAX);
            if let Err(error) = self.kernel.destroy_queued_scopes(now) {
                tally.error.get_or_insert(error);
            }
            match batch.last() {
                Some(last) if batch.len() >= limit as usize => {
                    after = Some(Keyset::new(last.expired_at, last.id))
                }
                _ => return Ok(tally),
            }
        }
    }

    /// Deletes a batch again with one transaction for each object, because one deletion in the
    /// batch failed and the others are to go on.
    fn purge_individually<I: Copy + Into<Uuid>>(
        &self,
        kind: &'static str,
        limit: u32,
        now: Instant,
        (list, after): (ExpiredLister<I>, Option<Keyset>),
        delete: &impl Fn(&mut Tx<'_>, &DueForDeletion<I>) -> ServiceResult<DeletionOutcome>,
        tally: &mut PurgeTally,
    ) -> ServiceResult<(Vec<DueForDeletion<I>>, Vec<DeletionOutcome>)> {
        let batch = self
            .kernel
            .db()
            .write("purge.list", |tx| list(tx, now, after, i64::from(limit)))?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for due in &batch {
            let result = self.kernel.db().write("purge.one", |tx| {
                let outcome = delete(tx, due)?;
                outcome.queue_keys(tx, now)?;
                Ok::<_, ServiceError>(outcome)
            });
            match result {
                Ok(outcome) => outcomes.push(outcome),
                Err(error) if error.is_database_unavailable() => return Err(error),
                Err(error) => {
                    let id: Uuid = due.id.into();
                    let cause = std::error::Error::source(&error)
                        .map(ToString::to_string)
                        .unwrap_or_default();
                    tracing::warn!(kind, %id, %error, cause, "expired data could not be deleted");
                    metrics::counter!("purge_failures_total", "kind" => kind).increment(1);
                    tally.failed += 1;
                }
            }
        }
        Ok((batch, outcomes))
    }

    fn purge_idempotency_records(&self, limit: u32, now: Instant) -> ServiceResult<u32> {
        let mut deleted = 0;
        loop {
            let in_batch = self.kernel.db().write("purge.idempotency_records", |tx| {
                store::purge::delete_expired_idempotency_records(tx, now, i64::from(limit))
            })?;
            deleted += u32::try_from(in_batch).unwrap_or(u32::MAX);
            if in_batch < limit as usize {
                return Ok(deleted);
            }
        }
    }
}
