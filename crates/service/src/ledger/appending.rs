//! Audit records on their way into the database and back.

use domain::{AgencyId, AuditId, ChronologyId, Instant, PartnershipId, PractitionerId, RequestId};
use ledger::payload_hash;
use serde::{Deserialize, Serialize};
use store::{AuditDraft, AuditRow, Token, Tx};
use uuid::Uuid;
use vault::{AuditEpoch, AuditKey, Place, VaultError};
use zeroize::Zeroizing;

use crate::{Answer, Service, ServiceError};

/// How long a salt is, in bytes.
const SALT: usize = 32;

/// Who did or tried what, to which object, when, and why it was allowed. Identifiers, words from closed lists, times and
/// counts; no names, no narrative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// The record.
    pub id: AuditId,
    /// Its partnership.
    pub partnership_id: PartnershipId,
    /// When it happened.
    pub at: Instant,
    /// What was done or tried.
    pub operation: String,
    /// How it ended.
    pub outcome: String,
    /// Why it was allowed.
    pub reason: Option<String>,
    /// Who.
    pub practitioner_id: Option<PractitionerId>,
    /// For which agency.
    pub agency_id: Option<AgencyId>,
    /// In which role.
    pub role: Option<String>,
    /// For what purpose.
    pub purpose: Option<String>,
    /// What kind of object it was about.
    pub object_kind: Option<String>,
    /// Which object.
    pub object_id: Option<Uuid>,
    /// The chronology concerned.
    pub chronology_id: Option<ChronologyId>,
    /// The request; none when the record's retention has ended.
    pub request_id: Option<RequestId>,
    /// How many entries left with the answer.
    pub entry_count: Option<i64>,
}

/// What of a record is sealed: everything by which a person could be told.
#[derive(Serialize, Deserialize)]
pub(super) struct Payload {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    practitioner_id: Option<PractitionerId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agency_id: Option<AgencyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object_kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chronology_id: Option<ChronologyId>,
    request_id: Option<RequestId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entry_count: Option<i64>,
}

/// The tokens by which a record is found.
pub(super) struct Tokens {
    pub(super) practitioner: Option<Token>,
    pub(super) agency: Option<Token>,
    pub(super) object: Option<Token>,
    pub(super) chronology: Option<Token>,
}

impl Tokens {
    pub(super) fn of(key: &AuditKey, partnership: PartnershipId, payload: &Payload) -> Self {
        let token = |kind: &str, id: Option<Uuid>| id.map(|id| token(key, partnership, kind, id));
        Self {
            practitioner: token("practitioner", payload.practitioner_id.map(Uuid::from)),
            agency: token("agency", payload.agency_id.map(Uuid::from)),
            object: token("object", payload.object_id),
            chronology: token("chronology", payload.chronology_id.map(Uuid::from)),
        }
    }
}

fn token(key: &AuditKey, partnership: PartnershipId, kind: &str, id: Uuid) -> Token {
    key.token(partnership, kind, id.as_bytes()).to_vec().into()
}

fn place(id: AuditId) -> Place {
    Place { table: "audit_records", row: id.0, version: 0 }
}

/// A payload opened again, with whether it is the one that the record's hash speaks of.
pub(super) struct Opened {
    pub(super) payload: Payload,
    pub(super) as_hashed: bool,
}

/// Opens a record's payload; none when the key of its period is gone.
pub(super) fn open(key: &AuditKey, row: &AuditRow) -> Result<Opened, VaultError> {
    let bytes = key.open(&place(row.id), row.sealed.as_slice())?;
    let (salt, body) = bytes.split_first_chunk::<SALT>().ok_or(VaultError::Malformed)?;
    let payload = serde_json::from_slice(body).map_err(|_| VaultError::Malformed)?;
    Ok(Opened { payload, as_hashed: payload_hash(salt, body).0 == *row.payload_hash.as_slice() })
}

impl Service {
    /// Adds a record to the audit, in the transaction of what it tells.
    pub(crate) fn append(&self, tx: &mut Tx<'_>, record: &AuditRecord) -> Answer<()> {
        Ok(store::audit::insert(tx, &self.draft(record)?)?)
    }

    /// A record sealed under the key of its period; one of long ago, of whose period there is no key, under today's.
    pub(super) fn draft(&self, record: &AuditRecord) -> Answer<AuditDraft> {
        let now = self.now();
        let (epoch, key) = match self.vault().audit_key(now, AuditEpoch::of(record.at)) {
            Ok(key) => (AuditEpoch::of(record.at), key),
            Err(VaultError::Destroyed) => (AuditEpoch::of(now), self.vault().audit_key(now, AuditEpoch::of(now))?),
            Err(error) => return Err(error.into()),
        };
        let payload = Payload {
            reason: record.reason.clone(),
            practitioner_id: record.practitioner_id,
            agency_id: record.agency_id,
            role: record.role.clone(),
            purpose: record.purpose.clone(),
            object_kind: record.object_kind.clone(),
            object_id: record.object_id,
            chronology_id: record.chronology_id,
            request_id: record.request_id,
            entry_count: record.entry_count,
        };
        let salt = AuditKey::salt()?;
        let mut bytes = Zeroizing::new(salt.to_vec());
        serde_json::to_writer(&mut *bytes, &payload).map_err(|_| ServiceError::Internal("serialise"))?;
        let hash = payload_hash(&salt, bytes.get(SALT..).unwrap_or_default());
        let tokens = Tokens::of(&key, record.partnership_id, &payload);
        Ok(AuditDraft {
            id: record.id,
            partnership_id: record.partnership_id,
            at: record.at,
            operation: record.operation.clone(),
            outcome: record.outcome.clone(),
            period: epoch.0,
            payload_hash: hash,
            practitioner_token: tokens.practitioner,
            agency_token: tokens.agency,
            object_token: tokens.object,
            chronology_token: tokens.chronology,
            sealed: key.seal(&place(record.id), &bytes)?.into(),
        })
    }

    /// The record of a row. What it says of people is left out when its retention has ended.
    pub(crate) fn audit_record(&self, row: AuditRow) -> Answer<AuditRecord> {
        let opened = match self.vault().audit_key(self.now(), AuditEpoch(row.period)) {
            Ok(key) => Some(open(&key, &row)?.payload),
            Err(VaultError::Destroyed) => None,
            Err(error) => return Err(error.into()),
        };
        let mut record = AuditRecord {
            id: row.id,
            partnership_id: row.partnership_id,
            at: row.at,
            operation: row.operation,
            outcome: row.outcome,
            reason: None,
            practitioner_id: None,
            agency_id: None,
            role: None,
            purpose: None,
            object_kind: None,
            object_id: None,
            chronology_id: None,
            request_id: None,
            entry_count: None,
        };
        if let Some(payload) = opened {
            (record.reason, record.role, record.purpose) = (payload.reason, payload.role, payload.purpose);
            (record.practitioner_id, record.agency_id) = (payload.practitioner_id, payload.agency_id);
            (record.object_kind, record.object_id) = (payload.object_kind, payload.object_id);
            (record.chronology_id, record.request_id) = (payload.chronology_id, payload.request_id);
            record.entry_count = payload.entry_count;
        }
        Ok(record)
    }

    /// The tokens under which records about one thing are found: one for each period that can still be opened.
    pub(crate) fn audit_tokens(&self, partnership: PartnershipId, kind: &str, id: Uuid) -> Answer<Vec<Token>> {
        let mut tokens = Vec::new();
        for epoch in self.vault().audit_epochs()? {
            match self.vault().audit_key(self.now(), epoch) {
                Ok(key) => tokens.push(token(&key, partnership, kind, id)),
                Err(VaultError::Destroyed) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(tokens)
    }
}
