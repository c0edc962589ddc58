//! What is kept of a person, and how it is shown.

use domain::{Instant, PersonDetails, ProtectedAddresses};
use serde::{Deserialize, Serialize};
use store::PersonRow;

use crate::{EmergencyNotice, PersonOut};

/// What a person's sealed column holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PersonRecord {
    #[serde(flatten)]
    pub(super) details: PersonDetails,
    /// The version for those who see no protected address: it counts changes of the rest alone. Records of before this was
    /// kept have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shown: Option<ShownVersion>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct ShownVersion {
    version: i64,
    at: Instant,
}

impl PersonRecord {
    /// What is recorded first.
    pub(super) const fn first(details: PersonDetails, at: Instant) -> Self {
        Self { details, shown: Some(ShownVersion { version: 1, at }) }
    }

    fn shown(&self, row: &PersonRow) -> ShownVersion {
        self.shown.unwrap_or(ShownVersion { version: row.version, at: row.updated_at })
    }

    /// Takes out open addresses that are protected ones of somebody else.
    pub(super) fn withhold(&mut self, protected: &ProtectedAddresses) {
        self.details.addresses.retain(|address| address.protected || !protected.is_one(address));
    }

    /// The record with what it is changed to.
    pub(super) fn changed_to(self, row: &PersonRow, details: PersonDetails, now: Instant) -> Self {
        let before = self.shown(row);
        let open = |details: &PersonDetails| {
            let addresses = details.addresses.iter().filter(|address| !address.protected).cloned().collect();
            PersonDetails { addresses, ..details.clone() }
        };
        let same = open(&self.details) == open(&details);
        let shown = if same { before } else { ShownVersion { version: before.version + 1, at: now } };
        Self { details, shown: Some(shown) }
    }
}

pub(super) fn person_out(
    row: &PersonRow,
    record: PersonRecord,
    all_addresses: bool,
    emergency: Option<EmergencyNotice>,
) -> PersonOut {
    let ShownVersion { version, at } = record.shown(row);
    let (version, updated_at) = if all_addresses { (row.version, row.updated_at) } else { (version, at) };
    let PersonDetails { kind, name, other_names, birth, sex, nhs_number, no_nhs_number_reason, upn, addresses } =
        record.details;
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
        addresses: addresses.into_iter().filter(|address| all_addresses || !address.protected).collect(),
        expires_at: row.expires_at,
        version,
        created_at: row.created_at,
        updated_at,
        emergency,
    }
}
