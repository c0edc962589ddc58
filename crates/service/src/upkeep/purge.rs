//! Deleting what is over. One thing that fails keeps nothing else from going.

use std::time::Duration;

use domain::Instant;
use store::{Due, Keyset, StoreError, Tx};
use uuid::Uuid;
use vault::KeyScope;

use super::lists::{self, Lister};
use crate::{Answer, Service, ServiceError};

/// What a purge did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PurgeReport {
    /// Chronologies deleted, with everything that belonged to them.
    pub chronologies: u32,
    /// Fragments deleted that expired before their chronology, or had none.
    pub fragments: u32,
    /// People deleted.
    pub people: u32,
    /// Families deleted.
    pub families: u32,
    /// Stored replies deleted.
    pub replies: u32,
    /// Things that nothing keeps and that could not be deleted; each was logged by its identifier.
    pub failed: u32,
    /// What is over and still there, by kind; kinds of which there is nothing included.
    pub unpurged: Vec<(&'static str, i64)>,
    /// How long the oldest thing that is due has been waiting; something held or failed to go stays in here.
    pub oldest_unpurged: Option<Duration>,
    /// Legal holds that stand past the date by which they were to be reviewed.
    pub overdue_holds: i64,
}

/// What became of one thing that was due.
pub(super) enum Fate {
    /// Deleted; these keys have nothing left to open.
    Gone(Keys),
    /// Left behind: under a legal hold, or still referred to by something that is.
    Left,
}

impl Fate {
    fn note(&self, tx: &mut Tx<'_>, now: Instant) -> Result<(), StoreError> {
        match self {
            Self::Gone(keys) => keys.note(tx, now),
            Self::Left => Ok(()),
        }
    }
}

/// Keys that have nothing left to open.
#[derive(Default)]
pub(crate) struct Keys {
    /// Destroyed, so that no copy of what was deleted opens.
    pub(crate) destroyed: Vec<KeyScope>,
    /// Taken away: another key, which is destroyed, ends what they opened.
    pub(crate) unneeded: Vec<KeyScope>,
}

impl Keys {
    /// Notes them in the transaction that deletes: whoever is killed before they are gone leaves the note.
    pub(crate) fn note(&self, tx: &mut Tx<'_>, now: Instant) -> Result<(), StoreError> {
        store::scopes_to_destroy::insert(tx, self.destroyed.iter().map(|scope| scope.0), now)?;
        store::scopes_to_destroy::insert_unneeded(tx, self.unneeded.iter().map(|scope| scope.0), now)
    }
}

/// What became of all things of a kind.
#[derive(Default)]
struct Tally {
    gone: u32,
    failed: u32,
    /// A key that could not be destroyed: said once everything else is done.
    error: Option<ServiceError>,
}

impl Service {
    /// Deletes what is over, `limit` rows of a kind in a transaction, until nothing is left that can go. Each deletion
    /// leaves its tombstone, what its key's certificate is to cover, and its audit record in the same transaction. What
    /// fails is logged by its identifier, counted, and tried again the next time; everything else goes.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when database or keystore do not answer; what was deleted before stays deleted.
    pub fn purge(&self, limit: u32) -> Answer<PurgeReport> {
        let now = self.settle_time()?;
        let limit = limit.max(1);
        let chronologies = self
            .purge_each("chronology", limit, now, lists::chronologies, |tx, due| self.bury_chronology(tx, due, now))?;
        let fragments =
            self.purge_each("fragment", limit, now, lists::fragments, |tx, due| self.bury_fragment(tx, due, now))?;
        let families =
            self.purge_each("family", limit, now, lists::families, |tx, due| self.drop_family(tx, due, now))?;
        let people = self.purge_each("person", limit, now, lists::people, |tx, due| self.drop_person(tx, due, now))?;
        let replies = self.purge_replies(limit, now)?;
        let reasons = self.forget_reasons(limit, now);
        store::purge::checkpoint(&self.0.db)?;
        let (backlog, overdue_holds) = self.0.db.read("purge.backlog", |tx| {
            Ok::<_, StoreError>((store::purge::backlog(tx, now)?, store::holds::overdue(tx, now)?))
        })?;
        let report = PurgeReport {
            chronologies: chronologies.gone,
            fragments: fragments.gone,
            families: families.gone,
            people: people.gone,
            replies,
            failed: chronologies.failed + fragments.failed + families.failed + people.failed,
            unpurged: backlog.kinds,
            oldest_unpurged: backlog.oldest.map(|since| now.since(since)),
            overdue_holds,
        };
        let errors = [chronologies.error, fragments.error, families.error, people.error];
        errors.into_iter().flatten().chain(reasons.err()).next().map_or(Ok(report), Err)
    }

    fn purge_each<I: Copy + Into<Uuid>>(
        &self,
        kind: &'static str,
        limit: u32,
        now: Instant,
        list: Lister<I>,
        bury: impl Fn(&mut Tx<'_>, &Due<I>) -> Answer<Fate>,
    ) -> Answer<Tally> {
        let (mut tally, mut after) = (Tally::default(), None);
        loop {
            let together = self.0.db.write("purge.batch", |tx| {
                let batch = list(tx, now, after, i64::from(limit))?;
                let fates = batch.iter().map(|due| bury(tx, due)).collect::<Answer<Vec<Fate>>>()?;
                fates.iter().try_for_each(|fate| fate.note(tx, now))?;
                Ok::<_, ServiceError>((batch, fates))
            });
            let (batch, fates) = match together {
                Ok(done) => done,
                Err(error) if error.is_database_away() => return Err(error),
                Err(_) => self.purge_one_by_one(kind, limit, now, (list, after), &bury, &mut tally)?,
            };
            let gone = fates.iter().filter(|fate| matches!(fate, Fate::Gone(_))).count();
            tally.gone += u32::try_from(gone).unwrap_or(u32::MAX);
            if let Err(error) = self.destroy_noted_scopes(now) {
                tally.error.get_or_insert(error);
            }
            match batch.last() {
                Some(last) if batch.len() >= limit as usize => after = Some(Keyset::of(last.expired_at, last.id)),
                _ => return Ok(tally),
            }
        }
    }

    /// The same batch, each thing in a transaction of its own: something in it cannot go, and the others are to.
    fn purge_one_by_one<I: Copy + Into<Uuid>>(
        &self,
        kind: &'static str,
        limit: u32,
        now: Instant,
        (list, after): (Lister<I>, Option<Keyset>),
        bury: &impl Fn(&mut Tx<'_>, &Due<I>) -> Answer<Fate>,
        tally: &mut Tally,
    ) -> Answer<(Vec<Due<I>>, Vec<Fate>)> {
        let batch = self.0.db.write("purge.list", |tx| list(tx, now, after, i64::from(limit)))?;
        let mut fates = Vec::with_capacity(batch.len());
        for due in &batch {
            let alone = self.0.db.write("purge.one", |tx| {
                let fate = bury(tx, due)?;
                fate.note(tx, now)?;
                Ok::<_, ServiceError>(fate)
            });
            match alone {
                Ok(fate) => fates.push(fate),
                Err(error) if error.is_database_away() => return Err(error),
                Err(error) => {
                    let id: Uuid = due.id.into();
                    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                    tracing::warn!(kind, %id, %error, cause, "something expired could not be deleted");
                    metrics::counter!("purge_failures_total", "kind" => kind).increment(1);
                    tally.failed += 1;
                }
            }
        }
        Ok((batch, fates))
    }

    fn purge_replies(&self, limit: u32, now: Instant) -> Answer<u32> {
        let mut gone = 0;
        loop {
            let deleted = self
                .0
                .db
                .write("purge.replies", |tx| store::purge::delete_expired_replies(tx, now, i64::from(limit)))?;
            gone += u32::try_from(deleted).unwrap_or(u32::MAX);
            if deleted < limit as usize {
                return Ok(gone);
            }
        }
    }
}
