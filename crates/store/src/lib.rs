//! The query layer over SQLite and PostgreSQL: one set of queries with the same behaviour on both
//! databases.
//!
//! A use case opens one transaction ([`Db::read`], [`Db::write`], [`Db::write_grouped`]) and calls
//! the functions of the modules named after the tables. Every finder is confined to a partnership;
//! those that return sealed narrative require a [`domain::AccessPermit`] and never return expired
//! rows.

mod audit_sequence;
mod bytes;
mod config;
mod connection;
mod db;
mod error;
pub mod family_access;
mod group;
mod migrate;
mod page;
mod pool;
mod postgresql;
mod rows;
mod schema;
mod sqlite;
mod statements;
mod tx;
mod types;

pub mod address_refusals;
pub mod agencies;
pub mod audit;
pub mod audit_tree;
pub mod certificates;
pub mod chronologies;
pub mod clock;
pub mod commitments;
pub mod consolidations;
#[cfg(any(test, feature = "testing", feature = "county"))]
pub mod county;
pub mod deletion_orders;
pub mod destruction_manifest;
pub mod destruction_requests;
pub mod emergency;
pub mod event_links;
pub mod families;
pub mod fragments;
pub mod holds;
pub mod idempotency;
pub mod inspect;
pub mod invitations;
pub mod journal;
pub mod keystore;
pub mod legacy_audit;
pub mod link_decisions;
pub mod origins;
pub mod partnerships;
pub mod people;
pub mod person_links;
pub mod practitioners;
pub mod purge;
pub mod scopes_to_destroy;
pub mod shown_fragments;
pub mod statistics;
pub mod temp_database;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod tombstones;
pub mod unpurged;

pub use address_refusals::AddressRefusalRow;
pub use agencies::AgencyRow;
pub use audit::{AuditDraft, AuditFilter, AuditRow};
pub use audit_sequence::AuditSequence;
pub use audit_tree::{AuditHeadRow, AuditTreeRow};
pub use bytes::{Sealed, Token};
pub use certificates::CertificateRow;
pub use chronologies::{ChronologyFacts, ChronologyRow, TeamMemberRow};
pub use commitments::CommitmentRow;
pub use config::{DatabaseKind, DbConfig};
pub use consolidations::{ConsolidationFragmentRow, ConsolidationLinksRow, ConsolidationRow};
pub use db::{ConnectionCounts, Db};
pub use deletion_orders::DeletionOrderRow;
pub use destruction_manifest::{ManifestEntry, ManifestRow, ManifestScope};
pub use destruction_requests::DestructionRequestRow;
pub use emergency::{EmergencyAccessRow, EmergencyChronologyRow};
pub use error::{DatabaseFault, StoreError};
pub use event_links::EventLinksRow;
pub use families::{FamilyFacts, FamilyMemberRow, FamilyRow};
pub use fragments::{EntryRow, FragmentContent, FragmentRow, FragmentVersionRow, VersionDigest};
pub use holds::HoldRow;
pub use idempotency::IdempotencyRow;
pub use invitations::{InvitationRow, InvitedPractitionerRow};
pub use legacy_audit::LegacyAuditRow;
pub use link_decisions::{DecidedEntryRow, LinkDecisionRow};
pub use migrate::{check, migrate, pending, revert, revert_all};
pub use origins::FragmentOriginRow;
pub use page::Keyset;
pub use partnerships::PartnershipRow;
pub use people::{PersonFacts, PersonKeyRow, PersonRow};
pub use person_links::PersonLinkRow;
pub use practitioners::PractitionerRow;
pub use purge::{DueForDeletion, PurgeBacklog};
pub use scopes_to_destroy::ScopeToDestroyRow;
pub use shown_fragments::ShownFragmentRow;
pub use tombstones::{Tombstone, TombstoneAgencyRow, TombstonePractitionerRow, TombstoneRow};
pub use tx::Tx;
pub use unpurged::UnpurgedObject;

#[cfg(test)]
mod tests;
