//! Authorisation before parsing. Whether a caller may carry out an operation at all is decided
//! before the request body is parsed: validation costs work, and its faults must not be disclosed
//! to a caller who may not send the request.

use std::sync::Arc;

use domain::{
    AccessFacts, AgencyId, ChronologyId, EmergencyAccessId, FamilyId, FragmentId, Instant,
    InvitationId, Operation, PersonId, PractitionerId,
};
use kernel::{AuditContext, CallContext, Kernel, ServiceError, ServiceResult, UnitOfWork};

use crate::access::authorize_emergency_access;
use crate::directory::{authorize_agency, authorize_practitioner};
use crate::people::{People, authorize_family};
use crate::records::{Records, about_chronology};

/// Authorisation of a request before its body is read.
pub struct Authorization {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) records: Arc<Records>,
    pub(crate) people: Arc<People>,
}

/// The object that a request is about, taken from its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestTarget {
    /// No existing object.
    Collection,
    /// One agency.
    Agency(AgencyId),
    /// One practitioner.
    Practitioner(PractitionerId),
    /// One person.
    Person(PersonId),
    /// One family.
    Family(FamilyId),
    /// One chronology, or an object addressed through it.
    Chronology(ChronologyId),
    /// One invitation.
    Invitation(InvitationId),
    /// One fragment.
    Fragment(FragmentId),
    /// One emergency access.
    EmergencyAccess(EmergencyAccessId),
}

impl RequestTarget {
    fn audit_context(self) -> AuditContext {
        match self {
            Self::Collection => AuditContext::default(),
            Self::Agency(id) => AuditContext::about(id),
            Self::Practitioner(id) => AuditContext::about(id),
            Self::Person(id) => AuditContext::about(id),
            Self::Family(id) => AuditContext::about(id),
            Self::Chronology(id) => about_chronology(id),
            Self::Invitation(id) => AuditContext::about(id),
            Self::Fragment(id) => AuditContext::about(id),
            Self::EmergencyAccess(id) => AuditContext::about(id),
        }
    }
}

impl Authorization {
    /// Refuses a caller who may not carry out `operation` on `target`, whatever they sent, and
    /// records the refusal. Conflicts with the object's state are left to the operation itself: the
    /// request may be the repeat of one that succeeded.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] and [`ServiceError::Expired`] as the operation would return them;
    /// [`ServiceError::Unavailable`] when the database cannot be reached or the refusal cannot be
    /// recorded.
    pub fn authorize(
        &self,
        call: &CallContext,
        operation: Operation,
        target: RequestTarget,
    ) -> ServiceResult<()> {
        let now = self.kernel.now();
        let checked = self
            .check_authorization(call, operation, target, now)
            .and_then(|checked| match checked {
                Some(refused) => Ok(refused),
                None => {
                    self.kernel.register_caller(call)?;
                    self.check_authorization(call, operation, target, now)?
                        .ok_or(ServiceError::NotFound)
                }
            });
        let refused = checked.map_err(|error| {
            self.kernel
                .record_refusal(call, operation, now, error, target.audit_context())
        })?;
        match refused {
            None => Ok(()),
            Some((error @ (ServiceError::NotFound | ServiceError::Expired), audit)) => Err(self
                .kernel
                .record_refusal(call, operation, now, error, audit)),
            Some((error @ (ServiceError::Unavailable(_) | ServiceError::Internal(_)), _)) => {
                Err(error)
            }
            Some((
                ServiceError::UnknownCaller
                | ServiceError::Conflict(_)
                | ServiceError::Invalid(_)
                | ServiceError::Stale
                | ServiceError::PreconditionRequired
                | ServiceError::KeyReused
                | ServiceError::InFlight
                | ServiceError::TooManyAddressRefusals { .. }
                | ServiceError::TooManyNewCallers
                | ServiceError::Cursor,
                _,
            )) => Ok(()),
        }
    }

    /// Checks authorisation. Returns none for a caller without a directory entry, otherwise the
    /// refusal if there is one.
    fn check_authorization(
        &self,
        call: &CallContext,
        operation: Operation,
        target: RequestTarget,
        now: Instant,
    ) -> ServiceResult<Option<Option<(ServiceError, AuditContext)>>> {
        self.kernel.db().read("authorise", |tx| {
            let Some(caller) = self.kernel.resolve_caller(tx, call, now)? else {
                return Ok(None);
            };
            let mut uow = UnitOfWork::for_read(tx, &caller, target.audit_context());
            let authorized = match self.authorize_target(&mut uow, operation, target) {
                // Social care may be submitting on behalf of an agency that has no access.
                Err(ServiceError::NotFound) if operation == Operation::FragmentSubmit => {
                    self.authorize_target(&mut uow, Operation::FragmentProxy, target)
                }
                authorized => authorized,
            };
            Ok(Some(authorized.err().map(|error| (error, uow.audit))))
        })
    }

    fn authorize_target(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        operation: Operation,
        target: RequestTarget,
    ) -> ServiceResult<()> {
        match target {
            // The agency is named in the body; the operation itself checks it.
            RequestTarget::Collection => uow
                .authorize(
                    operation,
                    &AccessFacts {
                        own_agency: true,
                        ..AccessFacts::collection()
                    },
                )
                .map(drop),
            RequestTarget::Agency(id) => authorize_agency(uow, id, operation),
            RequestTarget::Practitioner(id) => authorize_practitioner(uow, id, operation),
            RequestTarget::Person(id) => self.people.authorize_person(uow, id, operation),
            RequestTarget::Family(id) => authorize_family(uow, id, operation),
            RequestTarget::Chronology(id) => self
                .records
                .chronologies
                .authorize_chronology(uow, id, operation)
                .map(drop),
            RequestTarget::Invitation(id) => self
                .records
                .invitations
                .authorize_invitation(uow, id, operation)
                .map(drop),
            RequestTarget::Fragment(id) => self
                .records
                .fragments
                .authorize_fragment(uow, id, operation)
                .map(drop),
            RequestTarget::EmergencyAccess(id) => authorize_emergency_access(uow, id, operation),
        }
    }
}
