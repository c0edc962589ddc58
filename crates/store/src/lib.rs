//! The query layer over SQLite and PostgreSQL: one set of queries with the same behaviour on both
//! databases.
//!
//! A use case opens one transaction ([`Db::read`], [`Db::write`], [`Db::write_grouped`]) and calls
//! the functions of the modules named after the tables. Every finder is confined to a partnership;
//! those that return sealed narrative require a [`domain::AccessPermit`] and never return expired
//! rows.
//!
//! # Errors
//!
//! Errors common to all functions that issue statements: [`StoreError::Unavailable`] when the
//! database cannot be reached or could not serialise the transaction, [`StoreError::Timeout`] when a
//! statement reached a time limit, [`StoreError::Corrupt`] when a stored value is not one that this
//! program writes, and [`StoreError::Database`] for any other error of the database, such as a
//! violated constraint. A function names only the errors that it has besides.

mod columns;
mod connection;
mod error;
mod records;
mod retention;
mod schema;

pub mod audit;
#[cfg(any(test, feature = "testing", feature = "county"))]
pub mod county;
pub mod keystore;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use audit::{audit_tree, journal, legacy_audit};
pub use connection::{clock, inspect, statistics, temp_database};
pub use records::{
    address_refusals, agencies, chronologies, consolidations, emergency, event_links, families,
    family_access, fragments, holds, idempotency, invitations, link_decisions, origins, outbox,
    partnerships, people, person_links, practitioners, shown_fragments,
};
pub use retention::{
    certificates, commitments, deletion_orders, destruction_manifest, destruction_requests, purge,
    scopes_to_destroy, tombstones, unpurged,
};

pub use address_refusals::AddressRefusalRow;
pub use agencies::AgencyRow;
pub use audit::audit_sequence::AuditSequence;
pub use audit::audit_tree::{AuditHeadRow, AuditTreeRow};
pub use audit::{AuditDraft, AuditFilter, AuditRow};
pub use certificates::CertificateRow;
pub use chronologies::{ChronologyFacts, ChronologyRow, TeamMemberRow};
pub use columns::{
    FragmentState, HoldScope, PersonLinkBand, PersonLinkState, PersonVerdict, Sealed, Token,
    TombstoneKind, TombstoneReason, WriteOutcome,
};
pub use commitments::CommitmentRow;
pub use connection::{
    ConnectionCounts, DatabaseKind, Db, DbConfig, Keyset, Tx, check, migrate, pending, revert,
    revert_all,
};
pub use consolidations::{ConsolidationFragmentRow, ConsolidationLinksRow, ConsolidationRow};
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
pub use origins::FragmentOriginRow;
pub use outbox::OutboxRow;
pub use partnerships::PartnershipRow;
pub use people::{PersonFacts, PersonKeyRow, PersonRow};
pub use person_links::PersonLinkRow;
pub use practitioners::PractitionerRow;
pub use purge::{DueForDeletion, PurgeBacklog};
pub use scopes_to_destroy::ScopeToDestroyRow;
pub use shown_fragments::ShownFragmentRow;
pub use tombstones::{Tombstone, TombstoneAgencyRow, TombstonePractitionerRow, TombstoneRow};
pub use unpurged::UnpurgedObject;

#[cfg(test)]
mod tests;
