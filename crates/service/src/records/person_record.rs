//! The stored record of a person and its API representation.

use contract::{EmergencyNotice, PersonOut};
use domain::{Instant, PersonDetails, ProtectedAddresses};
use serde::{Deserialize, Serialize};
use store::PersonRow;

/// The content of a person's sealed column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PersonRecord {
    #[serde(flatten)]
    pub(crate) details: PersonDetails,
    /// The version for readers who see no protected addresses; it counts changes to the rest only.
    /// Records stored by early releases lack it.
    #[serde(rename = "shown", default, skip_serializing_if = "Option::is_none")]
    pub(crate) redacted: Option<RedactedVersion>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct RedactedVersion {
    pub(crate) version: i64,
    pub(crate) at: Instant,
}

impl PersonRecord {
    /// The first version of a record.
    pub(crate) const fn new(details: PersonDetails, at: Instant) -> Self {
        Self {
            details,
            redacted: Some(RedactedVersion { version: 1, at }),
        }
    }

    fn redacted_version(&self, row: &PersonRow) -> RedactedVersion {
        self.redacted.unwrap_or(RedactedVersion {
            version: row.version,
            at: row.updated_at,
        })
    }

    /// Removes unprotected addresses that are another member's protected address.
    pub(crate) fn withhold_protected_addresses(&mut self, protected: &ProtectedAddresses) {
        self.details
            .addresses
            .retain(|address| address.protected || !protected.contains(address));
    }

    /// The record after an update; the redacted version changes only with the unprotected details.
    pub(crate) fn updated_with(
        self,
        row: &PersonRow,
        details: PersonDetails,
        now: Instant,
    ) -> Self {
        let before = self.redacted_version(row);
        let without_protected = |details: &PersonDetails| {
            let addresses = details
                .addresses
                .iter()
                .filter(|address| !address.protected)
                .cloned()
                .collect();
            PersonDetails {
                addresses,
                ..details.clone()
            }
        };
        let same = without_protected(&self.details) == without_protected(&details);
        let redacted = if same {
            before
        } else {
            RedactedVersion {
                version: before.version + 1,
                at: now,
            }
        };
        Self {
            details,
            redacted: Some(redacted),
        }
    }
}

/// Converts to the API representation; `all_addresses` includes protected ones.
pub(crate) fn person_out(
    row: &PersonRow,
    record: PersonRecord,
    all_addresses: bool,
    emergency: Option<EmergencyNotice>,
) -> PersonOut {
    let RedactedVersion { version, at } = record.redacted_version(row);
    let (version, updated_at) = if all_addresses {
        (row.version, row.updated_at)
    } else {
        (version, at)
    };
    let PersonDetails {
        kind,
        name,
        other_names,
        birth,
        sex,
        nhs_number,
        no_nhs_number_reason,
        upn,
        addresses,
    } = record.details;
    PersonOut {
        id: row.id,
        kind,
        name,
        other_names,
        birth,
        sex,
        nhs_number: nhs_number.map(|number| number.as_str().into()),
        no_nhs_number_reason,
        upn: upn.map(|upn| upn.as_str().into()),
        addresses: addresses
            .into_iter()
            .filter(|address| all_addresses || !address.protected)
            .collect(),
        expires_at: row.expires_at,
        version,
        created_at: row.created_at,
        updated_at,
        emergency,
    }
}
