//! What every use case needs: the caller, the unit of work with its authorisation and audit record,
//! idempotency, sealing, paging, trusted time and the audit log.
//!
//! A use case calls [`Kernel::read`], [`Kernel::write`] or [`Kernel::write_idempotent`]. Each
//! resolves the caller, runs the use case in one transaction, and writes its audit record. A write
//! and its record commit together. The result of a read is returned only after its record is
//! durable; if the record cannot be written, the use case fails with [`ServiceError::Unavailable`]
//! and discloses nothing.
//!
//! # Errors
//!
//! Errors common to reads: [`ServiceError::NotFound`] when the object does not exist or the caller
//! may not know of it, [`ServiceError::Expired`] when it has expired, [`ServiceError::Conflict`]
//! when the policy gives a reason for its refusal, [`ServiceError::Cursor`] for an invalid page
//! cursor, and [`ServiceError::Unavailable`] when the database or the keystore cannot be reached or
//! the audit record cannot be written.
//!
//! Errors common to writes: those of reads, [`ServiceError::InFlight`] and
//! [`ServiceError::KeyReused`] for an idempotency key that is in use, and
//! [`ServiceError::TooManyAddressRefusals`] when too many of the caller's texts were refused
//! because they disclose a protected address.
//!
//! Much of this code decides who may see what, so no match on an enumeration has a wildcard arm: a
//! new variant does not compile until somebody has decided how to treat it.
#![deny(clippy::wildcard_enum_match_arm)]

mod address_refusals;
mod audit_recording;
mod audit_subject;
#[cfg(feature = "bench-switches")]
pub mod bench_switches;
mod caller;
mod disclosures;
mod error;
mod execution;
mod idempotency;
mod kernel;
mod key_commitments;
mod ledger;
mod outbox;
mod paging;
mod partnerships;
mod scope_destruction;
mod sealing;
mod time;
mod unit_of_work;

pub use audit_subject::AuditSubject;
pub use caller::{
    CallContext, CallerClaims, CallerSession, PractitionerDetails, ResolvedCaller,
    practitioner_location,
};
pub use disclosures::{Disclosures, ShownEntryCounts};
pub use error::{Conflict, Fault, ServiceError};
pub use idempotency::{IdempotencyKey, IdempotencyRecord};
pub use kernel::{Kernel, KernelConfig};
pub use key_commitments::RewrappedKey;
pub use ledger::{
    AuditFault, AuditFaultKind, AuditRecord, AuditReport, LedgerConfig, LogKey, MERGE_DELAY_ALARM,
    MERGE_DELAY_LIMIT, encode_base64,
};
pub use paging::PageBounds;
pub use partnerships::Partnership;
pub use sealing::{
    SealedValue, chronology_terms, from_json_bytes, open_with, scope_terms, to_json_bytes,
};
pub use time::{TimePolicy, TimeReport};
pub use unit_of_work::{AuditContext, UnitOfWork};

/// The result of a use case.
pub type ServiceResult<T> = Result<T, ServiceError>;

/// The result of a write: the value, and whether it answers a repeat of an earlier request with the
/// same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteReply<T> {
    /// The object as it is after the write.
    pub value: T,
    /// Whether this request repeats an earlier one with the same idempotency key.
    pub replayed: bool,
}
