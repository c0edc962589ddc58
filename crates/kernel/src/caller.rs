//! The caller of a use case: the claims of their token, and their entry in the directory.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::{Actor, AgencyKind, Instant, PractitionerId, Purpose, RequestId, Role, Sensitive};
use serde::{Deserialize, Serialize};
use store::{PractitionerRow, Tx};
use vault::{RecordLocation, SealedTable};

use crate::idempotency::IdempotencyKey;
use crate::{Kernel, Partnership, ServiceError, ServiceResult};

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
pub struct CallerSession {
    /// The caller as the policy knows them.
    pub actor: Actor,
    /// The instant at which the call began.
    pub now: Instant,
    /// The purpose that the token was issued for.
    pub purpose: Option<Purpose>,
    /// False for a practitioner who has left the agency, and for any practitioner of an agency
    /// without access or no longer taking part. An inactive caller may do nothing.
    pub active: bool,
    /// Whether the directory entry was created from a token alone and may be deleted again.
    pub provisional: bool,
}

/// A caller found in the directory, with their partnership.
pub struct ResolvedCaller {
    /// The caller.
    pub session: CallerSession,
    /// The caller's partnership.
    pub partnership: Arc<Partnership>,
}

/// The sealed content of a practitioner's directory entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PractitionerDetails {
    /// The name, or the subject of the token where it has no name.
    pub name: Sensitive<String>,
    /// The job title.
    pub job_title: Option<String>,
}

impl Kernel {
    /// Computes the blind index of a practitioner from issuer and subject; the length prefix makes
    /// the concatenation unambiguous.
    pub fn subject_index(&self, partnership: &Partnership, issuer: &str, subject: &str) -> Vec<u8> {
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
    pub fn resolve_caller(
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
    pub fn register_caller(&self, call: &CallContext) -> ServiceResult<()> {
        let claims = call.claims.as_ref();
        if claims.roles.is_empty() {
            return Err(ServiceError::NotFound);
        }
        let partnership = self.partnership_by_code(&claims.partnership)?;
        let index = self.subject_index(&partnership, &claims.issuer, claims.subject.as_str());
        let now = self.now();
        let limit = partnership.policy.provisional_practitioners;
        let agency = self.db.read("practitioner.register", |tx| {
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
        match self.db.write("practitioner.register", |tx| {
            store::practitioners::insert(tx, &row)
        }) {
            Ok(()) | Err(store::StoreError::NotUnique(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds the caller to the directory unless they have an entry.
    ///
    /// # Errors
    /// As [`Kernel::register_caller`].
    pub fn register_caller_if_new(&self, call: &CallContext) -> ServiceResult<()> {
        let now = self.now();
        match self.db.read("practitioner.resolve", |tx| {
            self.resolve_caller(tx, call, now)
        })? {
            Some(_) => Ok(()),
            None => self.register_caller(call),
        }
    }

    /// Builds the row of a new directory entry, with its details sealed.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the keystore cannot be reached.
    pub fn build_practitioner_row(
        &self,
        partnership: &Partnership,
        agency: domain::AgencyId,
        subject_index: Vec<u8>,
        details: &PractitionerDetails,
        now: Instant,
    ) -> ServiceResult<PractitionerRow> {
        let id = PractitionerId::new(self.ids(), now);
        let location = practitioner_location(id, 1);
        let sealed = self.seal_permanent(partnership.id, &location, now, details)?;
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

/// Location of the sealed details of a directory entry.
#[must_use]
pub fn practitioner_location(id: PractitionerId, version: i64) -> RecordLocation {
    RecordLocation {
        table: SealedTable::Practitioners,
        row: id.0,
        version,
    }
}
