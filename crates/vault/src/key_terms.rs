//! The terms under which a data key exists, and the location of a sealed value.

use domain::{Instant, PartnershipId};
use uuid::Uuid;

use crate::VaultError;
use crate::associated_data::AssociatedData;

/// Identifies the key that, with the epoch key, wraps a data key: the key of a chronology, or of a
/// person, family or fragment outside any chronology. Destroying it makes everything wrapped under
/// it unreadable, whatever its epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyScope(pub Uuid);

/// The terms under which a data key exists. They are bound into the wrapped key: the key does not
/// open under other terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyTerms {
    /// Content that is readable until exactly `expires_at`, under the epoch of that hour and the
    /// scope's key.
    Expiring {
        /// The scope whose key is needed with the epoch key.
        scope: KeyScope,
        /// An additional key of the object itself, so that this object alone can be destroyed
        /// early, in every copy, while everything else under the scope stays readable.
        object: Option<KeyScope>,
        /// From this instant on nothing opens.
        expires_at: Instant,
    },
    /// Directory data without an expiry (practitioners): under a key of the partnership, without an
    /// epoch.
    Permanent {
        /// The partnership that the directory belongs to.
        partnership: PartnershipId,
    },
}

impl KeyTerms {
    /// Checks that the terms have not expired at `now`.
    ///
    /// # Errors
    /// [`VaultError::Expired`] from `expires_at` on.
    pub(crate) fn check_not_expired(&self, now: Instant) -> Result<(), VaultError> {
        match self {
            Self::Expiring { expires_at, .. } if now >= *expires_at => Err(VaultError::Expired),
            _ => Ok(()),
        }
    }
}

/// The tables with sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SealedTable {
    /// Audit records.
    AuditRecords,
    /// Details of chronologies.
    Chronologies,
    /// Links of frozen views.
    ConsolidationLinks,
    /// Layouts of frozen views.
    Consolidations,
    /// Reasons of early destructions.
    DeletionOrders,
    /// Reasons of requests for early destruction.
    DestructionRequests,
    /// Reasons and notes of emergency accesses.
    EmergencyAccesses,
    /// Entries of fragments.
    Entries,
    /// Links between entries.
    EventLinks,
    /// Details of families.
    Families,
    /// Details of fragments, by version.
    FragmentVersions,
    /// Reasons of legal holds.
    Holds,
    /// Texts of invitations and answers.
    Invitations,
    /// Reasons of decisions about links.
    LinkDecisions,
    /// Records of people.
    People,
    /// Evidence of links between person records.
    PersonLinks,
    /// Details of directory entries.
    Practitioners,
}

impl SealedTable {
    /// The name of the table, which is bound to every sealed value as associated data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuditRecords => "audit_records",
            Self::Chronologies => "chronologies",
            Self::ConsolidationLinks => "consolidation_links",
            Self::Consolidations => "consolidations",
            Self::DeletionOrders => "deletion_orders",
            Self::DestructionRequests => "destruction_requests",
            Self::EmergencyAccesses => "emergency_accesses",
            Self::Entries => "entries",
            Self::EventLinks => "event_links",
            Self::Families => "families",
            Self::FragmentVersions => "fragment_versions",
            Self::Holds => "holds",
            Self::Invitations => "invitations",
            Self::LinkDecisions => "link_decisions",
            Self::People => "people",
            Self::PersonLinks => "person_links",
            Self::Practitioners => "practitioners",
        }
    }

    /// Whether the scope that wraps the table's keys can be destroyed before its expiry: only those
    /// of chronologies and of advance submissions can.
    #[must_use]
    pub const fn has_destructible_scope(self) -> bool {
        matches!(self, Self::Chronologies | Self::FragmentVersions)
    }
}

/// Database location of a sealed value. A value copied to another table, row or version does not
/// open there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecordLocation {
    /// The table.
    pub table: SealedTable,
    /// Identifier of the row.
    pub row: Uuid,
    /// Version of the row, or 0 where rows have none.
    pub version: i64,
}

impl RecordLocation {
    fn associated_data(&self, label: &str) -> AssociatedData {
        AssociatedData::new(label)
            .text(self.table.as_str())
            .id(self.row)
            .number(self.version)
    }

    /// Associated data of a payload at this location.
    pub(crate) fn payload_associated_data(&self) -> AssociatedData {
        self.associated_data("chronology payload 1")
    }

    /// Associated data of a data key wrapped at this location under `terms`.
    pub(crate) fn wrapping_associated_data(&self, terms: &KeyTerms) -> AssociatedData {
        let data = self.associated_data("chronology wrap 1");
        match terms {
            KeyTerms::Expiring {
                scope,
                object,
                expires_at,
            } => {
                let data = data.text("until").id(scope.0);
                let data = object.iter().fold(data, |data, object| data.id(object.0));
                data.number(expires_at.as_micros())
            }
            KeyTerms::Permanent { partnership } => data.text("permanent").id(partnership.0),
        }
    }
}
