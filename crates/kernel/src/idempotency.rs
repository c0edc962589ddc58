//! Idempotency keys: a retried write has one effect. What is stored is the object that the write
//! was about, not its response; a repeat is answered with the object as it is now and as the caller
//! may see it now.

use std::sync::PoisonError;
use std::time::Duration;

use domain::{ObjectRef, Operation, SubmissionOutcome};
use store::{IdempotencyRow, Tx};
use uuid::Uuid;

use crate::caller::{CallContext, CallerSession};
use crate::unit_of_work::AuditContext;
use crate::{Kernel, ServiceError, ServiceResult};

/// How long an idempotency record is kept. It outlives its object: a retry that comes after the
/// object is deleted is still a retry.
const RECORD_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The client's idempotency key, and the content that distinguishes requests under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key as sent by the client.
    pub key: String,
    /// Method, path and raw body; only a keyed hash of it is stored.
    pub fingerprint: Vec<u8>,
}

/// What is stored about a write to answer a repeat. The type is `Copy`, so that no text and no list
/// can become part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// The object that the write was about. Only its identifier is stored; its kind is the first
    /// that the table of operations lists for the write.
    pub(crate) object: ObjectRef,
    /// The outcome of a submission, which determines the response status.
    pub outcome: Option<SubmissionOutcome>,
}

impl IdempotencyRecord {
    fn new(
        operation: Operation,
        id: Uuid,
        outcome: Option<SubmissionOutcome>,
    ) -> ServiceResult<Self> {
        let object = operation
            .spec()
            .objects
            .first()
            .and_then(|kind| ObjectRef::from_parts(*kind, id))
            .ok_or(ServiceError::Internal(
                "an idempotent write of a kind of object without an id",
            ))?;
        Ok(Self { object, outcome })
    }

    /// The identifier of the object that the write was about.
    ///
    /// # Errors
    /// [`ServiceError::Internal`] when the object is of another kind.
    pub fn object<T: TryFrom<ObjectRef>>(&self) -> ServiceResult<T> {
        T::try_from(self.object)
            .map_err(|_| ServiceError::Internal("an idempotency record of another kind of object"))
    }
}

/// Identifies a write that is in progress on this node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct InFlightKey(Vec<u8>);

/// Marks its write as finished when dropped.
pub(crate) struct InFlightGuard<'a> {
    kernel: &'a Kernel,
    in_flight_key: Option<InFlightKey>,
}

impl Drop for InFlightGuard<'_> {
    fn drop(&mut self) {
        if let Some(in_flight_key) = &self.in_flight_key {
            self.kernel
                .in_flight
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(in_flight_key);
        }
    }
}

impl Kernel {
    /// Marks the write as in progress on this node. When the first request runs on another node,
    /// the database makes the second one wait.
    ///
    /// # Errors
    /// [`ServiceError::InFlight`] when a request with the same key is in progress.
    pub(crate) fn begin_request(
        &self,
        call: &CallContext,
        operation: Operation,
    ) -> ServiceResult<InFlightGuard<'_>> {
        let Some(idempotency) = &call.idempotency else {
            return Ok(InFlightGuard {
                kernel: self,
                in_flight_key: None,
            });
        };
        let partnership = self.partnership_by_code(&call.claims.partnership)?;
        let caller = self.subject_index(
            &partnership,
            &call.claims.issuer,
            call.claims.subject.as_str(),
        );
        let parts = [
            caller.as_slice(),
            operation.as_str().as_bytes(),
            idempotency.key.as_bytes(),
        ];
        let in_flight_key = InFlightKey(parts.join(&0));
        let is_new = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(in_flight_key.clone());
        if is_new {
            Ok(InFlightGuard {
                kernel: self,
                in_flight_key: Some(in_flight_key),
            })
        } else {
            Err(ServiceError::InFlight)
        }
    }

    /// Finds the record of an earlier request with the same key.
    ///
    /// # Errors
    /// [`ServiceError::KeyReused`] when that request had another content; [`ServiceError::Expired`]
    /// when the record was written by a version of the service that stored responses, which no
    /// longer exist.
    pub(crate) fn find_idempotency_record(
        &self,
        tx: &mut Tx<'_>,
        call: &CallContext,
        session: &CallerSession,
        operation: Operation,
    ) -> ServiceResult<Option<IdempotencyRecord>> {
        let Some(idempotency) = &call.idempotency else {
            return Ok(None);
        };
        let actor = &session.actor;
        let now = session.now;
        let key_index = self.key_blind_index(session, operation, idempotency);
        let Some(row) =
            store::idempotency::find(tx, actor.partnership, actor.practitioner, &key_index, now)?
        else {
            return Ok(None);
        };
        if row.fingerprint.as_ref() != self.request_fingerprint(session, idempotency).as_slice() {
            return Err(ServiceError::KeyReused);
        }
        let object_id = row.object_id.ok_or(ServiceError::Expired)?;
        IdempotencyRecord::new(operation, object_id, row.outcome).map(Some)
    }

    /// Stores the record of a write, for retries.
    ///
    /// # Errors
    /// [`ServiceError::InFlight`] when another transaction has stored a record for the same key.
    pub(crate) fn insert_idempotency_record(
        &self,
        tx: &mut Tx<'_>,
        call: &CallContext,
        session: &CallerSession,
        operation: Operation,
        audit: &AuditContext,
    ) -> ServiceResult<()> {
        let Some(idempotency) = &call.idempotency else {
            return Ok(());
        };
        let actor = &session.actor;
        let now = session.now;
        let object = audit.subject.object().ok_or(ServiceError::Internal(
            "an idempotent write without an object",
        ))?;
        let record = IdempotencyRecord::new(operation, object.id(), audit.outcome)?;
        if record.object != object {
            return Err(ServiceError::Internal(
                "an idempotent write of another kind of object than its operation",
            ));
        }
        let row = IdempotencyRow {
            partnership_id: actor.partnership,
            practitioner_id: actor.practitioner,
            fingerprint: self.request_fingerprint(session, idempotency).into(),
            key_index: self.key_blind_index(session, operation, idempotency).into(),
            object_id: Some(record.object.id()),
            outcome: record.outcome,
            expires_at: now.plus(RECORD_LIFETIME),
            created_at: now,
        };
        match store::idempotency::insert(tx, &row) {
            Err(store::StoreError::NotUnique(_)) => Err(ServiceError::InFlight),
            other => Ok(other?),
        }
    }

    fn key_blind_index(
        &self,
        session: &CallerSession,
        operation: Operation,
        idempotency: &IdempotencyKey,
    ) -> Vec<u8> {
        let value = [operation.as_str().as_bytes(), idempotency.key.as_bytes()].join(&0);
        self.vault()
            .index(session.actor.partnership, "idempotency_key", &value)
            .to_vec()
    }

    fn request_fingerprint(
        &self,
        session: &CallerSession,
        idempotency: &IdempotencyKey,
    ) -> Vec<u8> {
        self.vault()
            .index(
                session.actor.partnership,
                "idempotency_request",
                &idempotency.fingerprint,
            )
            .to_vec()
    }
}

#[cfg(test)]
mod tests {
    use domain::{ChronologyId, InvitationId};

    use super::*;

    #[test]
    fn objects_of_another_kind_are_refused() {
        let id = Uuid::from_u128(7);
        let record = IdempotencyRecord::new(Operation::InvitationCreate, id, None).unwrap();
        assert_eq!(record.object::<InvitationId>().unwrap(), InvitationId(id));
        assert!(matches!(
            record.object::<ChronologyId>(),
            Err(ServiceError::Internal(_))
        ));
    }
}
