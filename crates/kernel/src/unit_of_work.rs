//! The unit of work that a use case runs in, and the context of its audit record.

use contract::SubmissionOutcome;
use domain::{
    AccessFacts, AccessPermit, Actor, ChronologyId, Denial, Instant, ObjectKind, ObjectRef,
    Operation, PartnershipPolicy, PractitionerId, Purpose, ReadReason, decide_access, is_entitled,
};
use store::Tx;

use crate::audit_subject::AuditSubject;
use crate::caller::{CallerSession, ResolvedCaller};
use crate::disclosures::Disclosures;
use crate::outbox::NamedEvent;
use crate::{Partnership, ServiceError, ServiceResult};

/// The data about a use case's object that goes into its audit record. Contains no personal data.
#[derive(Debug, Clone, Default)]
pub struct AuditContext {
    /// The object or collection.
    pub subject: AuditSubject,
    /// The chronology that the object belongs to.
    pub chronology: Option<ChronologyId>,
    /// The purpose, if it is another than that of the token.
    pub purpose: Option<Purpose>,
    /// The reason for which the policy allowed the operation.
    pub reason: Option<ReadReason>,
    /// The number of entries that the response shows.
    pub entry_count: Option<i64>,
    /// What the result discloses beyond the audit record.
    pub disclosures: Box<Disclosures>,
    /// When the first part of the result expires; checked again after the record is written.
    pub expires_at: Option<Instant>,
    /// The outcome of a submission, stored for a repeated request.
    pub outcome: Option<SubmissionOutcome>,
}

impl AuditContext {
    /// Creates the context for one object.
    pub fn about(object: impl Into<ObjectRef>) -> Self {
        Self {
            subject: AuditSubject::Object(object.into()),
            ..Self::default()
        }
    }

    /// Creates the context for a collection.
    pub fn of(kind: ObjectKind) -> Self {
        Self {
            subject: AuditSubject::Collection(kind),
            ..Self::default()
        }
    }

    /// Names the object that the use case has created or found.
    pub fn set_object(&mut self, object: impl Into<ObjectRef>) {
        self.subject = AuditSubject::Object(object.into());
    }
}

/// The unit of work of one use case: its transaction, the caller, and the context of its audit
/// record.
pub struct UnitOfWork<'a, 'c> {
    /// The transaction.
    pub tx: &'a mut Tx<'c>,
    /// The caller.
    pub session: &'a CallerSession,
    /// The caller's partnership.
    pub partnership: &'a Partnership,
    /// The context of the audit record.
    pub audit: AuditContext,
    /// Whether the transaction writes. Authorisation on a chronology then locks it, so that its
    /// writers run one after another.
    pub is_write: bool,
    /// The effects that follow the commit.
    pub(crate) events: Vec<NamedEvent>,
    /// The write that this call repeats. A caller who gets its result again must still be entitled
    /// to that write.
    pub replay_of: Option<Operation>,
}

impl<'a, 'c> UnitOfWork<'a, 'c> {
    /// Creates the unit of work of a read.
    pub fn for_read(tx: &'a mut Tx<'c>, caller: &'a ResolvedCaller, audit: AuditContext) -> Self {
        Self {
            tx,
            session: &caller.session,
            partnership: &caller.partnership,
            audit,
            is_write: false,
            events: Vec::new(),
            replay_of: None,
        }
    }

    /// Creates the unit of work of a write.
    pub fn for_write(tx: &'a mut Tx<'c>, caller: &'a ResolvedCaller, audit: AuditContext) -> Self {
        Self {
            is_write: true,
            ..Self::for_read(tx, caller, audit)
        }
    }
}

impl UnitOfWork<'_, '_> {
    /// The instant at which the call began.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.session.now
    }

    /// The caller as the policy knows them.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.session.actor
    }

    /// The caller's directory entry.
    #[must_use]
    pub fn caller_id(&self) -> PractitionerId {
        self.session.actor.practitioner
    }

    /// The settings of the caller's partnership.
    #[must_use]
    pub fn policy(&self) -> &PartnershipPolicy {
        &self.partnership.policy
    }

    /// Adds the partnership's own settings to the facts.
    fn with_policy(&self, facts: &AccessFacts) -> AccessFacts {
        AccessFacts {
            contributors_read_timeline: self.policy().contributors_read_timeline,
            advance_submissions_allowed: self.policy().allow_ahead,
            ..facts.clone()
        }
    }

    /// Whether the policy hides the existence of the object from the caller.
    pub fn is_hidden(&self, operation: Operation, facts: &AccessFacts) -> bool {
        decide_access(self.actor(), operation, &self.with_policy(facts)) == Err(Denial::NotFound)
    }

    /// Asks the policy for authorisation and stores the reason in the audit context.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when the caller is inactive, may not know of the object, or
    /// repeats a write that they are no longer entitled to; otherwise the error for the [`Denial`].
    pub fn authorize(
        &mut self,
        operation: Operation,
        facts: &AccessFacts,
    ) -> ServiceResult<AccessPermit> {
        let facts = self.with_policy(facts);
        if !self.session.active {
            return Err(ServiceError::NotFound);
        }
        let permit = decide_access(self.actor(), operation, &facts)?;
        if self
            .replay_of
            .is_some_and(|write| !is_entitled(self.actor(), write, &facts))
        {
            return Err(ServiceError::NotFound);
        }
        self.audit.reason = Some(permit.reason());
        Ok(permit)
    }

    /// Authorises an operation on a collection.
    ///
    /// # Errors
    /// As [`UnitOfWork::authorize`].
    pub fn authorize_collection(&mut self, operation: Operation) -> ServiceResult<AccessPermit> {
        self.authorize(operation, &AccessFacts::collection())
    }
}
