//! Use cases. Each one authorises the caller, acts and writes its audit record in one database
//! transaction.
//!
//! A [`Service`] consists of slices, one for each subject. A slice names the slices that it needs, so
//! the compiler rejects two that need each other. Below all slices are the [`kernel`] and the stored
//! records. Every public method of a slice that takes a [`CallContext`] is one use case. It resolves
//! the caller, gathers the facts that the policy needs, asks the policy for authorisation, acts, and
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

mod access;
mod audit;
mod authorization;
mod chronologies;
mod directory;
mod fragments;
mod input;
mod invitations;
mod linking;
mod people;
mod person_matching;
mod records;
mod retention;
mod service;
mod timeline;

pub use access::{Disclosure, EmergencyAccess, LegalHolds};
pub use audit::AuditLog;
pub use authorization::{Authorization, RequestTarget};
pub use chronologies::Chronologies;
pub use contract::*;
pub use directory::{Directory, PartnershipConfig};
pub use fragments::Fragments;
pub use invitations::Invitations;
#[cfg(feature = "bench-switches")]
pub use kernel::bench_switches;
pub use kernel::{
    AuditFault, AuditFaultKind, AuditRecord, AuditReport, CallContext, CallerClaims, Conflict,
    Fault, IdempotencyKey, KernelConfig, LedgerConfig, LogKey, MERGE_DELAY_ALARM,
    MERGE_DELAY_LIMIT, ServiceError, ServiceResult, TimePolicy, TimeReport, WriteReply,
};
pub use linking::Linking;
pub use people::People;
pub use person_matching::PersonMatching;
pub use retention::{PurgeReport, Retention};
pub use service::{Service, Slices};
pub use timeline::Timelines;
