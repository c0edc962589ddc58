//! Use cases: authorise, act, audit, one database transaction each.
//!
//! Every method of [`Service`] is one use case. It enters with a [`Call`] (who asks, and under which request), finds out
//! who that is, gathers the facts the policy needs, asks the policy for leave, acts, and writes its audit record. A write
//! and its record commit together. What is read leaves only after its record is durable; if the record cannot be
//! written, the answer is [`ServiceError::Unavailable`] and nothing is shown.
//!
//! Much of this decides who learns what, so no match on an enumeration has a wildcard arm: what is new does not compile
//! until somebody has decided about it.
#![deny(clippy::wildcard_enum_match_arm)]

mod audit;
mod authorising;
#[cfg(feature = "bench-switches")]
pub mod bench_switches;
mod certificates;
mod chronologies;
mod destroying;
mod directory;
mod emergency;
mod engine;
mod error;
mod fragments;
mod holds;
mod idempotency;
mod invitations;
mod keys_in_use;
mod ledger;
mod linking;
mod model;
mod paging;
mod people;
mod recording;
mod sealing;
mod session;
mod time;
mod timeline;
mod transparency;
mod upkeep;
mod who;

pub use authorising::Subject;
pub use engine::{PartnershipConfig, Service, ServiceConfig};
pub use error::{Conflict, Fault, ServiceError};
pub use idempotency::IdempotencyKey;
pub use ledger::{
    AuditFault, AuditFaultKind, AuditRecord, AuditReport, LedgerConfig, LogKey, MERGE_DELAY_ALARM, MERGE_DELAY_REFUSES,
};
pub use model::*;
pub use session::{Call, SignIn};
pub use time::{TimePolicy, TimeReport};
pub use upkeep::PurgeReport;

/// What a use case answers.
pub type Answer<T> = Result<T, ServiceError>;

/// What a write answers: the value, and whether it is the stored reply of an earlier request with the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// The value.
    pub value: T,
    /// Whether this is the reply to an earlier request with the same idempotency key.
    pub replayed: bool,
}
