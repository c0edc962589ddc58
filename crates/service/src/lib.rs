//! Use cases. Each one authorises the caller, acts and writes its audit record in one database
//! transaction.
//!
//! Every public method of [`Service`] that takes a [`CallContext`] is one use case. It resolves the
//! caller, gathers the facts that the policy needs, asks the policy for authorisation, acts, and
//! writes its audit record. A write and its record commit together. The result of a read leaves the
//! service only after its record is durable; if the record cannot be written, the use case fails
//! with [`ServiceError::Unavailable`] and discloses nothing.
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

mod audit;
mod authorization;
mod chronologies;
mod deletion_certificates;
mod directory;
mod disclosures;
mod emergency;
mod fragments;
mod holds;
mod invitations;
mod linking;
mod people;
mod person_matching;
mod retention;
mod service;
mod timeline;

pub use authorization::RequestTarget;
pub use contract::*;
pub use directory::PartnershipConfig;
#[cfg(feature = "bench-switches")]
pub use kernel::bench_switches;
pub use kernel::{
    AuditFault, AuditFaultKind, AuditRecord, AuditReport, CallContext, CallerClaims, Conflict,
    Fault, IdempotencyKey, KernelConfig, LedgerConfig, LogKey, MERGE_DELAY_ALARM,
    MERGE_DELAY_LIMIT, ServiceError, ServiceResult, TimePolicy, TimeReport, WriteReply,
};
pub use retention::PurgeReport;
pub use service::Service;
