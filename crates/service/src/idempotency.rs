//! A retried write has one effect: the first reply is kept, sealed, and given again.

use std::sync::PoisonError;
use std::time::Duration;

use domain::{ChronologyId, FamilyId, FragmentId, InvitationId, Operation, PersonId};
use serde::{Serialize, de::DeserializeOwned};
use store::{IdempotencyRow, Tx};
use uuid::Uuid;
use vault::{Place, Terms};

use crate::session::{Call, Scene, Session, Trail};
use crate::{Answer, Service, ServiceError};

/// How long a reply is kept for a retry, unless what it is about goes earlier.
const REPLY_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The client's key of a write, and what tells one request from another under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key as the client sent it.
    pub key: String,
    /// Method, path and raw body; only its keyed hash is kept.
    pub fingerprint: Vec<u8>,
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

    /// The stored reply of an earlier request with the same key, about an object of this kind.
    pub(crate) fn replay<T: DeserializeOwned>(
        &self,
        tx: &mut Tx<'_>,
        call: &Call,
        session: &Session,
        operation: Operation,
        kind: Option<&'static str>,
    ) -> Answer<Option<T>> {
        let Some(idempotency) = &call.idempotency else { return Ok(None) };
        let (actor, now) = (&session.actor, session.now);
        let key_index = self.key_index(session, operation, idempotency);
        let Some(row) = store::idempotency::find(tx, actor.partnership, actor.practitioner, &key_index, now)? else {
            return Ok(None);
        };
        if row.fingerprint.as_ref() != self.fingerprint(session, idempotency).as_slice() {
            return Err(ServiceError::KeyReused);
        }
        if is_over(tx, session, kind, row.object_id)? {
            return Err(ServiceError::Expired);
        }
        let place = reply_place(row.key_index.as_ref());
        let terms = reply_terms(session, row.object_id, row.expires_at);
        self.unseal(&place, &terms, now, row.wrapped_key.as_ref(), row.sealed.as_ref()).map(Some)
    }

    /// Keeps the reply for a retry.
    pub(crate) fn remember(
        &self,
        tx: &mut Tx<'_>,
        call: &Call,
        session: &Session,
        operation: Operation,
        trail: &Trail,
        value: &impl Serialize,
    ) -> Answer<()> {
        let Some(idempotency) = &call.idempotency else { return Ok(()) };
        let (actor, now) = (&session.actor, session.now);
        let kept_until = now.plus(REPLY_LIFETIME);
        let expires_at = trail.expires_at.map_or(kept_until, |end| end.min(kept_until));
        // What never goes (an agency, a hold) has no key to go with: its replies share the partnership's.
        let mortal = trail.object_id.filter(|_| trail.expires_at.is_some());
        let object_id = trail.chronology.map(Uuid::from).or(mortal).filter(|_| !trail.outlives);
        let key_index = self.key_index(session, operation, idempotency);
        let sealed = self.seal(&reply_place(&key_index), &reply_terms(session, object_id, expires_at), now, value)?;
        let row = IdempotencyRow {
            partnership_id: actor.partnership,
            practitioner_id: actor.practitioner,
            fingerprint: self.fingerprint(session, idempotency).into(),
            key_index: key_index.into(),
            object_id,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
            expires_at,
            created_at: now,
        };
        match store::idempotency::insert(tx, &row) {
            Err(store::StoreError::NotUnique(_)) => Err(ServiceError::InFlight),
            other => Ok(other?),
        }
    }

    /// A kept reply goes only to whoever could still be told of what it is about: not to somebody who has been taken off
    /// the chronology since. That its state has moved on does not matter.
    pub(crate) fn still_entitled(&self, scene: &mut Scene<'_, '_>, operation: Operation) -> Answer<()> {
        let leave = match (scene.trail.object_kind, scene.trail.object_id) {
            (Some("chronology"), Some(id)) if operation == Operation::ChronologyDestroy => {
                self.ordered(scene, ChronologyId(id)).map(drop)
            }
            (Some("chronology"), Some(id)) => self.admit(scene, ChronologyId(id), operation).map(drop),
            (Some("invitation"), Some(id)) => self.admit_to_invitation(scene, InvitationId(id), operation).map(drop),
            (Some("fragment"), Some(id)) => self.admit_to_fragment(scene, FragmentId(id), operation).map(drop),
            _ => Ok(()),
        };
        match leave {
            Err(ServiceError::Conflict(_)) => Ok(()),
            other => other,
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

/// Whether the object of a reply has expired before the reply. Only people and families do: what refers to them gives
/// them another expiry than the one they were recorded with.
fn is_over(tx: &mut Tx<'_>, session: &Session, kind: Option<&'static str>, object: Option<Uuid>) -> Answer<bool> {
    let (partnership, now) = (session.actor.partnership, session.now);
    Ok(match (kind, object) {
        (Some("family"), Some(id)) => store::families::facts(tx, partnership, FamilyId(id), now)?.is_none(),
        (Some("person"), Some(id)) => store::people::facts(tx, partnership, PersonId(id), now)?.is_none(),
        _ => false,
    })
}

/// A reply has no id of its own: its place is the first half of its key's blind index.
fn reply_place(key_index: &[u8]) -> Place {
    let mut row = [0; 16];
    for (to, from) in row.iter_mut().zip(key_index) {
        *to = *from;
    }
    Place { table: "idempotency", row: Uuid::from_bytes(row), version: 1 }
}

/// A reply dies with what it is about: it is wrapped under that object's scope.
fn reply_terms(session: &Session, object_id: Option<Uuid>, expires_at: domain::Instant) -> Terms {
    crate::sealing::until(object_id.unwrap_or(session.actor.partnership.0), expires_at)
}
