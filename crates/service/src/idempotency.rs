//! A retried write has one effect. Of a write its object is kept, not its answer: a repeat is answered anew, as its object
//! is now and as the caller may read it now.

use std::sync::PoisonError;
use std::time::Duration;

use domain::Operation;
use store::{IdempotencyRow, Tx, WriteOutcome};
use uuid::Uuid;

use crate::session::{Call, Session, Trail};
use crate::{Answer, Service, ServiceError, SubmissionOutcome};

/// How long a write is kept for a retry, whatever becomes of its object: a retry that comes after the object is gone is
/// still a retry.
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The client's key of a write, and what tells one request from another under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key as the client sent it.
    pub key: String,
    /// Method, path and raw body; only its keyed hash is kept.
    pub fingerprint: Vec<u8>,
}

/// What is kept of a write to answer a repeat. It is `Copy`, so that no text and no list can become part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeptReply {
    /// What the write was about.
    pub(crate) object_id: Uuid,
    /// What became of a submission: its status depends on it.
    pub(crate) outcome: Option<SubmissionOutcome>,
}

/// A write that is being carried out on this node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Flight(Vec<u8>);

/// Takes its flight off the board when dropped.
pub(crate) struct Landing<'a> {
    service: &'a Service,
    flight: Option<Flight>,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        if let Some(flight) = &self.flight {
            self.service.0.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(flight);
        }
    }
}

impl Service {
    /// Marks the write as being carried out. On another node the database makes the second request wait instead.
    pub(crate) fn take_off(&self, call: &Call, operation: Operation) -> Answer<Landing<'_>> {
        let Some(idempotency) = &call.idempotency else {
            return Ok(Landing { service: self, flight: None });
        };
        let partnership = self.partnership_named(&call.sign_in.partnership)?;
        let caller = self.subject_index(&partnership, &call.sign_in.issuer, call.sign_in.subject.as_str());
        let parts = [caller.as_slice(), operation.as_str().as_bytes(), idempotency.key.as_bytes()];
        let flight = Flight(parts.join(&0));
        let fresh = self.0.flights.lock().unwrap_or_else(PoisonError::into_inner).insert(flight.clone());
        if fresh { Ok(Landing { service: self, flight: Some(flight) }) } else { Err(ServiceError::InFlight) }
    }

    /// What is kept of an earlier request with the same key.
    ///
    /// # Errors
    /// [`ServiceError::KeyReused`] when that was another request; [`ServiceError::Expired`] when it was kept by a version
    /// of the service that kept its answer, which is gone.
    pub(crate) fn kept_reply(
        &self,
        tx: &mut Tx<'_>,
        call: &Call,
        session: &Session,
        operation: Operation,
    ) -> Answer<Option<KeptReply>> {
        let Some(idempotency) = &call.idempotency else { return Ok(None) };
        let (actor, now) = (&session.actor, session.now);
        let key_index = self.key_index(session, operation, idempotency);
        let Some(row) = store::idempotency::find(tx, actor.partnership, actor.practitioner, &key_index, now)? else {
            return Ok(None);
        };
        if row.fingerprint.as_ref() != self.fingerprint(session, idempotency).as_slice() {
            return Err(ServiceError::KeyReused);
        }
        let object_id = row.object_id.ok_or(ServiceError::Expired)?;
        Ok(Some(KeptReply { object_id, outcome: row.outcome.map(outcome_out) }))
    }

    /// Keeps a write for a retry.
    pub(crate) fn keep_reply(
        &self,
        tx: &mut Tx<'_>,
        call: &Call,
        session: &Session,
        operation: Operation,
        trail: &Trail,
    ) -> Answer<()> {
        let Some(idempotency) = &call.idempotency else { return Ok(()) };
        let (actor, now) = (&session.actor, session.now);
        let object_id = trail.object_id.ok_or(ServiceError::Internal("a write that names no object"))?;
        let row = IdempotencyRow {
            partnership_id: actor.partnership,
            practitioner_id: actor.practitioner,
            fingerprint: self.fingerprint(session, idempotency).into(),
            key_index: self.key_index(session, operation, idempotency).into(),
            object_id: Some(object_id),
            outcome: trail.outcome.map(store_outcome),
            expires_at: now.plus(KEPT_FOR),
            created_at: now,
        };
        match store::idempotency::insert(tx, &row) {
            Err(store::StoreError::NotUnique(_)) => Err(ServiceError::InFlight),
            other => Ok(other?),
        }
    }

    fn key_index(&self, session: &Session, operation: Operation, idempotency: &IdempotencyKey) -> Vec<u8> {
        let value = [operation.as_str().as_bytes(), idempotency.key.as_bytes()].join(&0);
        self.vault().index(session.actor.partnership, "idempotency_key", &value).to_vec()
    }

    fn fingerprint(&self, session: &Session, idempotency: &IdempotencyKey) -> Vec<u8> {
        self.vault().index(session.actor.partnership, "idempotency_request", &idempotency.fingerprint).to_vec()
    }
}

const fn store_outcome(outcome: SubmissionOutcome) -> WriteOutcome {
    match outcome {
        SubmissionOutcome::Created => WriteOutcome::Created,
        SubmissionOutcome::Updated => WriteOutcome::Updated,
        SubmissionOutcome::Unchanged => WriteOutcome::Unchanged,
    }
}

const fn outcome_out(outcome: WriteOutcome) -> SubmissionOutcome {
    match outcome {
        WriteOutcome::Created => SubmissionOutcome::Created,
        WriteOutcome::Updated => SubmissionOutcome::Updated,
        WriteOutcome::Unchanged => SubmissionOutcome::Unchanged,
    }
}
