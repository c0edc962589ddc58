//! The caller of a use case, and the unit of work that a use case runs in.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use domain::{
    AccessFacts, AccessPermit, Actor, AgencyKind, ChronologyId, Denial, Instant, ObjectKind,
    Operation, PartnershipPolicy, PractitionerId, Purpose, ReadReason, RequestId, Role, Sensitive,
    decide_access, is_entitled,
};
use serde::{Deserialize, Serialize};
use store::{PractitionerRow, Tx};
use uuid::Uuid;

use crate::disclosures::Disclosures;
use crate::idempotency::IdempotencyKey;
use crate::linking::LinkingJob;
use crate::service::Partnership;
use crate::{Service, ServiceError, ServiceResult, SubmissionOutcome};

/// The claims of a verified access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerClaims {
    /// The issuer of the token.
    pub issuer: String,
    /// The subject identifier, unique at that issuer.
    pub subject: Sensitive<String>,
    /// The code of the partnership.
    pub partnership: String,
    /// The code of the agency that the caller acts for.
    pub agency: String,
    /// The roles that the issuer grants.
    pub roles: BTreeSet<Role>,
    /// Whether the caller may read criminal-offence data.
    pub offence_data: bool,
    /// The caller's name, stored in the directory.
    pub name: Option<Sensitive<String>>,
    /// The caller's job title, stored in the directory.
    pub job_title: Option<Sensitive<String>>,
    /// The purpose that the token was issued for.
    pub purpose: Option<Purpose>,
}

/// The context of one use-case call: the caller and the request.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// The claims of the caller's token.
    pub claims: Arc<CallerClaims>,
    /// The request identifier that problems, logs and the audit record carry.
    pub request: RequestId,
    /// The idempotency key; present on every POST that writes.
    pub idempotency: Option<IdempotencyKey>,
}

/// A caller as found in the directory, with the instant at which the call began.
#[derive(Debug, Clone)]
pub(crate) struct CallerSession {
    pub(crate) actor: Actor,
    pub(crate) now: Instant,
    pub(crate) purpose: Option<Purpose>,
    /// False for a practitioner who has left the agency, and for any practitioner of an agency
    /// without access or no longer taking part. An inactive caller may do nothing.
    pub(crate) active: bool,
    /// Whether the directory entry was created from a token alone and may be deleted again.
    pub(crate) provisional: bool,
}

/// A caller found in the directory, with their partnership.
pub(crate) struct ResolvedCaller {
    pub(crate) session: CallerSession,
    pub(crate) partnership: Arc<Partnership>,
}

/// The data about a use case's object that goes into its audit record. Contains no personal data.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuditContext {
    pub(crate) object_kind: Option<ObjectKind>,
    pub(crate) object_id: Option<Uuid>,
    pub(crate) chronology: Option<ChronologyId>,
    pub(crate) purpose: Option<Purpose>,
    pub(crate) reason: Option<ReadReason>,
    pub(crate) entry_count: Option<i64>,
    /// What the result discloses beyond the audit record.
    pub(crate) disclosures: Box<Disclosures>,
    /// When the first part of the result expires; checked again after the record is written.
    pub(crate) expires_at: Option<Instant>,
    /// The outcome of a submission, stored for a repeated request.
    pub(crate) outcome: Option<SubmissionOutcome>,
}

impl AuditContext {
    /// Creates the context for one object.
    pub(crate) fn about(kind: ObjectKind, id: impl Into<Uuid>) -> Self {
        Self {
            object_kind: Some(kind),
            object_id: Some(id.into()),
            ..Self::default()
        }
    }

    /// Creates the context for a collection.
    pub(crate) fn of(kind: ObjectKind) -> Self {
        Self {
            object_kind: Some(kind),
            ..Self::default()
        }
    }
}

/// The unit of work of one use case: its transaction, the caller, and the context of its audit
/// record.
pub(crate) struct UnitOfWork<'a, 'c> {
    pub(crate) tx: &'a mut Tx<'c>,
    pub(crate) session: &'a CallerSession,
    pub(crate) partnership: &'a Partnership,
    pub(crate) audit: AuditContext,
    /// Whether the transaction writes. Authorisation on a chronology then locks it, so that its
    /// writers run one after another.
    pub(crate) is_write: bool,
    /// A linkage job to queue after the commit.
    pub(crate) linking_job: Option<LinkingJob>,
    /// The write that this call repeats. A caller who gets its result again must still be entitled
    /// to that write.
    pub(crate) replay_of: Option<Operation>,
}

impl<'a, 'c> UnitOfWork<'a, 'c> {
    /// Creates the unit of work of a read.
    pub(crate) fn for_read(
        tx: &'a mut Tx<'c>,
        caller: &'a ResolvedCaller,
        audit: AuditContext,
    ) -> Self {
        Self {
            tx,
            session: &caller.session,
            partnership: &caller.partnership,
            audit,
            is_write: false,
            linking_job: None,
            replay_of: None,
        }
    }

    /// Creates the unit of work of a write.
    pub(crate) fn for_write(
        tx: &'a mut Tx<'c>,
        caller: &'a ResolvedCaller,
        audit: AuditContext,
    ) -> Self {
        Self {
            is_write: true,
            ..Self::for_read(tx, caller, audit)
        }
    }
}

impl UnitOfWork<'_, '_> {
    pub(crate) fn now(&self) -> Instant {
        self.session.now
    }

    pub(crate) fn actor(&self) -> &Actor {
        &self.session.actor
    }

    pub(crate) fn caller_id(&self) -> PractitionerId {
        self.session.actor.practitioner
    }

    pub(crate) fn policy(&self) -> &PartnershipPolicy {
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
    pub(crate) fn is_hidden(&self, operation: Operation, facts: &AccessFacts) -> bool {
        decide_access(self.actor(), operation, &self.with_policy(facts)) == Err(Denial::NotFound)
    }

    /// Asks the policy for authorisation and stores the reason in the audit context.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when the caller is inactive, may not know of the object, or
    /// repeats a write that they are no longer entitled to; otherwise the error for the [`Denial`].
    pub(crate) fn authorize(
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
    pub(crate) fn authorize_collection(
        &mut self,
        operation: Operation,
    ) -> ServiceResult<AccessPermit> {
        self.authorize(operation, &AccessFacts::collection())
    }
}

/// The sealed content of a practitioner's directory entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PractitionerDetails {
    pub(crate) name: Sensitive<String>,
    pub(crate) job_title: Option<String>,
}

impl Service {
    pub(crate) fn partnership_by_code(&self, code: &str) -> ServiceResult<Arc<Partnership>> {
        let partnerships = self
            .0
            .partnerships
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        partnerships
            .get(code)
            .cloned()
            .ok_or(ServiceError::NotFound)
    }

    /// Computes the blind index of a practitioner from issuer and subject; the length prefix makes
    /// the concatenation unambiguous.
    pub(crate) fn subject_index(
        &self,
        partnership: &Partnership,
        issuer: &str,
        subject: &str,
    ) -> Vec<u8> {
        let mut value = Vec::with_capacity(issuer.len() + subject.len() + 8);
        value.extend_from_slice(&(issuer.len() as u64).to_be_bytes());
        value.extend_from_slice(issuer.as_bytes());
        value.extend_from_slice(subject.as_bytes());
        self.vault()
            .index(partnership.id, "subject", &value)
            .to_vec()
    }

    /// Looks up the caller in the directory; none if they have no entry yet.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when the partnership or the agency is unknown.
    pub(crate) fn resolve_caller(
        &self,
        tx: &mut Tx<'_>,
        call: &CallContext,
        now: Instant,
    ) -> ServiceResult<Option<ResolvedCaller>> {
        let claims = call.claims.as_ref();
        let partnership = self.partnership_by_code(&claims.partnership)?;
        let agency = store::agencies::find_by_code(tx, partnership.id, &claims.agency)?
            .ok_or(ServiceError::NotFound)?;
        let index = self.subject_index(&partnership, &claims.issuer, claims.subject.as_str());
        let Some(practitioner) =
            store::practitioners::find_by_subject(tx, partnership.id, agency.id, &index)?
        else {
            return Ok(None);
        };
        let actor = Actor {
            partnership: partnership.id,
            agency: agency.id,
            social_care: agency.kind == AgencyKind::SocialCare,
            practitioner: practitioner.id,
            roles: claims.roles.clone(),
            offence_data: claims.offence_data,
        };
        let active = agency.active && agency.has_access && practitioner.active;
        let provisional = practitioner.provisional_until.is_some();
        let session = CallerSession {
            actor,
            now,
            purpose: claims.purpose,
            active,
            provisional,
        };
        Ok(Some(ResolvedCaller {
            session,
            partnership,
        }))
    }

    /// Adds a directory entry for a new caller, so that audit records can refer to them. The entry
    /// is provisional: it is deleted again unless the caller does something that lasts. The number
    /// of provisional entries per agency is limited, because an issuer can invent any number of
    /// subjects.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a token without a role; [`ServiceError::TooManyNewCallers`]
    /// when the agency has reached the limit of provisional entries.
    pub(crate) fn register_caller(&self, call: &CallContext) -> ServiceResult<()> {
        let claims = call.claims.as_ref();
        if claims.roles.is_empty() {
            return Err(ServiceError::NotFound);
        }
        let partnership = self.partnership_by_code(&claims.partnership)?;
        let index = self.subject_index(&partnership, &claims.issuer, claims.subject.as_str());
        let now = self.now();
        let limit = partnership.policy.provisional_practitioners;
        let agency = self.0.db.read("practitioner.register", |tx| {
            let found = store::agencies::find_by_code(tx, partnership.id, &claims.agency)?;
            let agency = found
                .map(|agency| agency.id)
                .ok_or(ServiceError::NotFound)?;
            let waiting = store::practitioners::count_provisional(
                tx,
                partnership.id,
                agency,
                now,
                i64::from(limit),
            )?;
            if u32::try_from(waiting).unwrap_or(u32::MAX) >= limit {
                return Err(ServiceError::TooManyNewCallers);
            }
            Ok(agency)
        })?;
        let details = PractitionerDetails {
            name: claims
                .name
                .clone()
                .unwrap_or_else(|| claims.subject.clone()),
            job_title: claims
                .job_title
                .as_ref()
                .map(|title| title.as_str().to_owned()),
        };
        let row = self.build_practitioner_row(&partnership, agency, index, &details, now)?;
        let row = PractitionerRow {
            provisional_until: Some(now.plus(partnership.policy.provisional_lifetime)),
            ..row
        };
        match self.0.db.write("practitioner.register", |tx| {
            store::practitioners::insert(tx, &row)
        }) {
            Ok(()) | Err(store::StoreError::NotUnique(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds the caller to the directory unless they have an entry.
    ///
    /// # Errors
    /// As [`Service::register_caller`].
    pub(crate) fn register_caller_if_new(&self, call: &CallContext) -> ServiceResult<()> {
        let now = self.now();
        match self.0.db.read("practitioner.resolve", |tx| {
            self.resolve_caller(tx, call, now)
        })? {
            Some(_) => Ok(()),
            None => self.register_caller(call),
        }
    }

    pub(crate) fn build_practitioner_row(
        &self,
        partnership: &Partnership,
        agency: domain::AgencyId,
        subject_index: Vec<u8>,
        details: &PractitionerDetails,
        now: Instant,
    ) -> ServiceResult<PractitionerRow> {
        let id = PractitionerId::new(self.ids(), now);
        let sealed = self.seal_permanent(partnership.id, "practitioners", id.0, 1, now, details)?;
        Ok(PractitionerRow {
            id,
            partnership_id: partnership.id,
            agency_id: agency,
            subject_index: subject_index.into(),
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
            active: true,
            version: 1,
            created_at: now,
            updated_at: now,
            provisional_until: None,
        })
    }
}
