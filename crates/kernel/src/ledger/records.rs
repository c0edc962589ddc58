//! Sealing audit records for the database, and opening them again.

use domain::{
    AgencyId, AuditId, ChronologyId, IdGenerator, Instant, Operation, PartnershipId,
    PractitionerId, RequestId, SystemAction,
};
use ledger::payload_hash;
use serde::{Deserialize, Serialize};
use store::{AuditDraft, AuditRow, Token, Tx};
use uuid::Uuid;
use vault::{AuditEpoch, AuditKey, RecordLocation, SealedTable, VaultError};
use zeroize::Zeroizing;

use crate::{Kernel, ServiceError, ServiceResult};

/// The length of a salt in bytes.
const SALT: usize = 32;

/// One audit record: who did or attempted what to which object, when, and why it was allowed. It
/// contains identifiers, values from closed lists, times and counts; no names and no narrative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// The identifier of the record.
    pub id: AuditId,
    /// The partnership that the record belongs to.
    pub partnership_id: PartnershipId,
    /// When the operation took place.
    pub at: Instant,
    /// The operation that was carried out or attempted.
    pub operation: String,
    /// The outcome of the operation.
    pub outcome: String,
    /// The reason for which it was allowed.
    pub reason: Option<String>,
    /// The practitioner who acted.
    pub practitioner_id: Option<PractitionerId>,
    /// The agency that the practitioner acted for.
    pub agency_id: Option<AgencyId>,
    /// The role that the practitioner acted in.
    pub role: Option<String>,
    /// The purpose of the operation.
    pub purpose: Option<String>,
    /// The kind of the object concerned.
    pub object_kind: Option<String>,
    /// The object concerned.
    pub object_id: Option<Uuid>,
    /// The chronology concerned.
    pub chronology_id: Option<ChronologyId>,
    /// The request; none when the retention of the record's personal data has ended.
    pub request_id: Option<RequestId>,
    /// The number of entries that the response disclosed.
    pub entry_count: Option<i64>,
}

/// Which record, in which partnership, and the time and request that it comes from.
pub(crate) struct RecordOrigin {
    pub(crate) id: AuditId,
    pub(crate) partnership: PartnershipId,
    pub(crate) at: Instant,
    pub(crate) request: RequestId,
}

impl AuditRecord {
    /// The record of an operation that somebody requested, about no object.
    pub(crate) fn of_request(origin: RecordOrigin, operation: Operation, outcome: &str) -> Self {
        Self::new(origin, operation.as_str(), outcome)
    }

    /// The record of an action of the service itself or of an operator, with the object's kind and
    /// the reason that the action has.
    pub fn system(
        action: SystemAction,
        partnership: PartnershipId,
        ids: &dyn IdGenerator,
        at: Instant,
    ) -> Self {
        let origin = RecordOrigin {
            id: AuditId::new(ids, at),
            partnership,
            at,
            request: RequestId::new(ids, at),
        };
        Self {
            reason: action.reason().map(str::to_owned),
            object_kind: action.object().map(|kind| kind.as_str().to_owned()),
            ..Self::new(origin, action.as_str(), "allowed")
        }
    }

    fn new(origin: RecordOrigin, operation: &str, outcome: &str) -> Self {
        Self {
            id: origin.id,
            partnership_id: origin.partnership,
            at: origin.at,
            operation: operation.to_owned(),
            outcome: outcome.to_owned(),
            reason: None,
            practitioner_id: None,
            agency_id: None,
            role: None,
            purpose: None,
            object_kind: None,
            object_id: None,
            chronology_id: None,
            request_id: Some(origin.request),
            entry_count: None,
        }
    }
}

/// The sealed part of a record: everything that could identify a person.
#[derive(Serialize, Deserialize)]
pub(super) struct AuditPayload {
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

/// The blind-index tokens by which a record can be searched for.
pub(super) struct AuditTokens {
    pub(super) practitioner: Option<Token>,
    pub(super) agency: Option<Token>,
    pub(super) object: Option<Token>,
    pub(super) chronology: Option<Token>,
}

impl AuditTokens {
    pub(super) fn of(key: &AuditKey, partnership: PartnershipId, payload: &AuditPayload) -> Self {
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

fn audit_record_location(id: AuditId) -> RecordLocation {
    RecordLocation {
        table: SealedTable::AuditRecords,
        row: id.0,
        version: 0,
    }
}

/// A decrypted payload, and whether it matches the hash in the record.
pub(super) struct OpenedPayload {
    pub(super) payload: AuditPayload,
    pub(super) hash_matches: bool,
}

/// Decrypts a record's payload.
///
/// # Errors
/// [`VaultError::Tampered`] or [`VaultError::Malformed`] when the payload does not decrypt or does
/// not parse.
pub(super) fn open_payload(key: &AuditKey, row: &AuditRow) -> Result<OpenedPayload, VaultError> {
    let bytes = key.open(&audit_record_location(row.id), row.sealed.as_slice())?;
    let (salt, body) = bytes
        .split_first_chunk::<SALT>()
        .ok_or(VaultError::Malformed)?;
    let payload = serde_json::from_slice(body).map_err(|_| VaultError::Malformed)?;
    Ok(OpenedPayload {
        payload,
        hash_matches: payload_hash(salt, body).0 == *row.payload_hash.as_slice(),
    })
}

impl Kernel {
    /// Adds a record to the audit log, in the transaction of the operation that it describes.
    pub fn append_audit_record(&self, tx: &mut Tx<'_>, record: &AuditRecord) -> ServiceResult<()> {
        Ok(store::audit::insert(tx, &self.seal_audit_record(record)?)?)
    }

    /// Seals a record with the key of its period. A record whose period has no key any more is
    /// sealed with the current period's key.
    pub(super) fn seal_audit_record(&self, record: &AuditRecord) -> ServiceResult<AuditDraft> {
        let now = self.now();
        let (epoch, key) = match self
            .vault()
            .audit_key(now, AuditEpoch::containing(record.at))
        {
            Ok(key) => (AuditEpoch::containing(record.at), key),
            Err(VaultError::Destroyed) => (
                AuditEpoch::containing(now),
                self.vault().audit_key(now, AuditEpoch::containing(now))?,
            ),
            Err(error) => return Err(error.into()),
        };
        let payload = AuditPayload {
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
        serde_json::to_writer(&mut *bytes, &payload)
            .map_err(|_| ServiceError::Internal("serialise"))?;
        let hash = payload_hash(&salt, bytes.get(SALT..).unwrap_or_default());
        let tokens = AuditTokens::of(&key, record.partnership_id, &payload);
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
            sealed: key.seal(&audit_record_location(record.id), &bytes)?.into(),
        })
    }

    /// Opens a stored record. Its personal data are left out when their retention has ended.
    pub fn open_audit_record(&self, row: AuditRow) -> ServiceResult<AuditRecord> {
        let opened = match self.vault().audit_key(self.now(), AuditEpoch(row.period)) {
            Ok(key) => Some(open_payload(&key, &row)?.payload),
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
            record.reason = payload.reason;
            record.role = payload.role;
            record.purpose = payload.purpose;
            record.practitioner_id = payload.practitioner_id;
            record.agency_id = payload.agency_id;
            record.object_kind = payload.object_kind;
            record.object_id = payload.object_id;
            record.chronology_id = payload.chronology_id;
            record.request_id = payload.request_id;
            record.entry_count = payload.entry_count;
        }
        Ok(record)
    }

    /// Computes the tokens under which records about one object can be found: one for each period
    /// whose key still exists.
    pub fn compute_audit_tokens(
        &self,
        partnership: PartnershipId,
        kind: &str,
        id: Uuid,
    ) -> ServiceResult<Vec<Token>> {
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
