//! Who asks, and what a use case works with.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use domain::{
    Actor, AgencyKind, ChronologyId, Denial, Facts, Instant, Operation, PartnershipPolicy, Permit, PractitionerId,
    Purpose, ReadReason, RequestId, Role, Sensitive, decide, is_entitled,
};
use serde::{Deserialize, Serialize};
use store::{PractitionerRow, Tx};
use uuid::Uuid;

use crate::engine::Partnership;
use crate::idempotency::IdempotencyKey;
use crate::linking::Relink;
use crate::transparency::Told;
use crate::{Answer, Service, ServiceError, SubmissionOutcome};

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The token's issuer.
    pub issuer: String,
    /// The subject at that issuer.
    pub subject: Sensitive<String>,
    /// Code of the partnership.
    pub partnership: String,
    /// Code of the agency the token speaks for.
    pub agency: String,
    /// Roles.
    pub roles: BTreeSet<Role>,
    /// Whether criminal-offence data may be read.
    pub offence_data: bool,
    /// Name, for the directory.
    pub name: Option<Sensitive<String>>,
    /// Job title, for the directory.
    pub job_title: Option<Sensitive<String>>,
    /// Purpose the token was issued for.
    pub purpose: Option<Purpose>,
}

/// One call of a use case.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who asks.
    pub sign_in: Arc<SignIn>,
    /// The request, as in problems, logs and the audit.
    pub request: RequestId,
    /// Present on every POST that writes.
    pub idempotency: Option<IdempotencyKey>,
}

/// Who asks, looked up.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) actor: Actor,
    pub(crate) now: Instant,
    pub(crate) purpose: Option<Purpose>,
    /// False for whoever has left the agency, or whose agency has no access or no longer takes part: they may do nothing.
    pub(crate) active: bool,
    /// Whether the directory has met them by their token alone, and may forget them again.
    pub(crate) provisional: bool,
}

/// A caller looked up, with their partnership.
pub(crate) struct Entered {
    pub(crate) session: Session,
    pub(crate) partnership: Arc<Partnership>,
}

/// What the audit will say about a use case's object. No personal data.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trail {
    pub(crate) object_kind: Option<&'static str>,
    pub(crate) object_id: Option<Uuid>,
    pub(crate) chronology: Option<ChronologyId>,
    pub(crate) purpose: Option<Purpose>,
    pub(crate) reason: Option<ReadReason>,
    pub(crate) entry_count: Option<i64>,
    /// What others are told of it, and what is told with it.
    pub(crate) told: Box<Told>,
    /// When what is answered expires: checked again after the record is written.
    pub(crate) expires_at: Option<Instant>,
    /// What became of a submission: kept for a repeat.
    pub(crate) outcome: Option<SubmissionOutcome>,
}

impl Trail {
    /// A trail about one object.
    pub(crate) fn about(kind: &'static str, id: impl Into<Uuid>) -> Self {
        Self { object_kind: Some(kind), object_id: Some(id.into()), ..Self::default() }
    }

    /// A trail about a collection.
    pub(crate) fn of(kind: &'static str) -> Self {
        Self { object_kind: Some(kind), ..Self::default() }
    }
}

/// What a use case works with: its transaction, who asks, and the trail it leaves.
pub(crate) struct Scene<'a, 'c> {
    pub(crate) tx: &'a mut Tx<'c>,
    pub(crate) session: &'a Session,
    pub(crate) partnership: &'a Partnership,
    pub(crate) trail: Trail,
    /// Whether the transaction writes: then writers of one chronology take turns.
    pub(crate) writes: bool,
    /// A chronology to link once this is safely written.
    pub(crate) relink: Option<Relink>,
    /// The write that this answers again: whoever reads its outcome must still be entitled to the write itself.
    pub(crate) repeats: Option<Operation>,
}

impl Scene<'_, '_> {
    pub(crate) fn now(&self) -> Instant {
        self.session.now
    }

    pub(crate) fn actor(&self) -> &Actor {
        &self.session.actor
    }

    pub(crate) fn me(&self) -> PractitionerId {
        self.session.actor.practitioner
    }

    pub(crate) fn policy(&self) -> &PartnershipPolicy {
        &self.partnership.policy
    }

    /// Facts with what the partnership has decided for itself.
    fn with_policy(&self, facts: &Facts) -> Facts {
        Facts {
            contributors_read_timeline: self.policy().contributors_read_timeline,
            ahead_allowed: self.policy().allow_ahead,
            ..facts.clone()
        }
    }

    /// Whether the object is not the caller's to know of.
    pub(crate) fn is_not_theirs(&self, operation: Operation, facts: &Facts) -> bool {
        decide(self.actor(), operation, &self.with_policy(facts)) == Err(Denial::NotYours)
    }

    /// Asks the policy for leave, and notes why it was given.
    pub(crate) fn permit(&mut self, operation: Operation, facts: &Facts) -> Answer<Permit> {
        let facts = self.with_policy(facts);
        if !self.session.active {
            return Err(ServiceError::NotFound);
        }
        let permit = decide(self.actor(), operation, &facts)?;
        if self.repeats.is_some_and(|write| !is_entitled(self.actor(), write, &facts)) {
            return Err(ServiceError::NotFound);
        }
        self.trail.reason = Some(permit.reason());
        Ok(permit)
    }

    /// Leave for an operation on a collection.
    pub(crate) fn permit_collection(&mut self, operation: Operation) -> Answer<Permit> {
        self.permit(operation, &Facts::collection())
    }
}

/// What the directory holds of a practitioner, sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PractitionerDetails {
    pub(crate) name: Sensitive<String>,
    pub(crate) job_title: Option<String>,
}

impl Service {
    pub(crate) fn partnership_named(&self, code: &str) -> Answer<Arc<Partnership>> {
        let partnerships = self.0.partnerships.read().unwrap_or_else(PoisonError::into_inner);
        partnerships.get(code).cloned().ok_or(ServiceError::NotFound)
    }

    /// Blind index of a practitioner: issuer and subject, unambiguously joined.
    pub(crate) fn subject_index(&self, partnership: &Partnership, issuer: &str, subject: &str) -> Vec<u8> {
        let mut value = Vec::with_capacity(issuer.len() + subject.len() + 8);
        value.extend_from_slice(&(issuer.len() as u64).to_be_bytes());
        value.extend_from_slice(issuer.as_bytes());
        value.extend_from_slice(subject.as_bytes());
        self.vault().index(partnership.id, "subject", &value).to_vec()
    }

    /// Looks up who asks; none when the directory has not met them.
    pub(crate) fn enter(&self, tx: &mut Tx<'_>, call: &Call, now: Instant) -> Answer<Option<Entered>> {
        let sign_in = call.sign_in.as_ref();
        let partnership = self.partnership_named(&sign_in.partnership)?;
        let agency =
            store::agencies::find_by_code(tx, partnership.id, &sign_in.agency)?.ok_or(ServiceError::NotFound)?;
        let index = self.subject_index(&partnership, &sign_in.issuer, sign_in.subject.as_str());
        let Some(practitioner) = store::practitioners::find_by_subject(tx, partnership.id, agency.id, &index)? else {
            return Ok(None);
        };
        let actor = Actor {
            partnership: partnership.id,
            agency: agency.id,
            social_care: agency.kind == AgencyKind::SocialCare,
            practitioner: practitioner.id,
            roles: sign_in.roles.clone(),
            offence_data: sign_in.offence_data,
        };
        let active = agency.active && agency.has_access && practitioner.active;
        let provisional = practitioner.provisional_until.is_some();
        let session = Session { actor, now, purpose: sign_in.purpose, active, provisional };
        Ok(Some(Entered { session, partnership }))
    }

    /// Puts a caller whom the directory has not met into it, so that the audit can name them. Who does nothing that lasts is
    /// forgotten again, and of one agency only so many wait for that: an issuer can invent subjects without end.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a token without a role; [`ServiceError::TooManyNew`].
    pub(crate) fn meet(&self, call: &Call) -> Answer<()> {
        let sign_in = call.sign_in.as_ref();
        if sign_in.roles.is_empty() {
            return Err(ServiceError::NotFound);
        }
        let partnership = self.partnership_named(&sign_in.partnership)?;
        let index = self.subject_index(&partnership, &sign_in.issuer, sign_in.subject.as_str());
        let (now, most) = (self.now(), partnership.policy.provisional_practitioners);
        let agency = self.0.db.read("practitioner.meet", |tx| {
            let found = store::agencies::find_by_code(tx, partnership.id, &sign_in.agency)?;
            let agency = found.map(|agency| agency.id).ok_or(ServiceError::NotFound)?;
            let waiting = store::practitioners::provisional(tx, partnership.id, agency, now, i64::from(most))?;
            if u32::try_from(waiting).unwrap_or(u32::MAX) >= most {
                return Err(ServiceError::TooManyNew);
            }
            Ok(agency)
        })?;
        let details = PractitionerDetails {
            name: sign_in.name.clone().unwrap_or_else(|| sign_in.subject.clone()),
            job_title: sign_in.job_title.as_ref().map(|title| title.as_str().to_owned()),
        };
        let row = self.practitioner_row(&partnership, agency, index, &details, now)?;
        let row = PractitionerRow { provisional_until: Some(now.plus(partnership.policy.provisional_lifetime)), ..row };
        match self.0.db.write("practitioner.meet", |tx| store::practitioners::insert(tx, &row)) {
            Ok(()) | Err(store::StoreError::NotUnique(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Meets the caller unless the directory already has.
    pub(crate) fn meet_if_new(&self, call: &Call) -> Answer<()> {
        let now = self.now();
        match self.0.db.read("practitioner.known", |tx| self.enter(tx, call, now))? {
            Some(_) => Ok(()),
            None => self.meet(call),
        }
    }

    pub(crate) fn practitioner_row(
        &self,
        partnership: &Partnership,
        agency: domain::AgencyId,
        subject_index: Vec<u8>,
        details: &PractitionerDetails,
        now: Instant,
    ) -> Answer<PractitionerRow> {
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
