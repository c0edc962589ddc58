//! What a response discloses beyond its audit record. Each response that shows entries stores, with
//! its audit record, how many entries of which fragments it showed; the agency that submitted a
//! fragment can read that. A response from which every entry of a fragment was withheld, because it
//! is marked or filtered out, stores nothing for that fragment.

use std::collections::BTreeMap;

use contract::EmergencyNotice;
use domain::{FragmentId, Operation};
use store::ShownFragmentRow;

use crate::AuditRecord;
use crate::caller::CallerSession;
use crate::unit_of_work::AuditContext;

/// The number of entries that a response shows, by fragment.
pub type ShownEntryCounts = BTreeMap<FragmentId, i64>;

/// What one response discloses, beyond the data in its audit record.
#[derive(Debug, Clone, Default)]
pub struct Disclosures {
    /// How many entries of which fragments the response shows; the submitting agencies can read
    /// this.
    pub shown_entries: ShownEntryCounts,
    /// The notice to the reader that they read under an emergency access.
    pub emergency: Option<EmergencyNotice>,
    /// How many entries became visible to more people through a correction; recorded for the
    /// auditor.
    pub lowered_entries: i64,
    /// Whether a text of the write disclosed a protected address; the owner and the data protection
    /// officer are alerted.
    pub address_refused: bool,
}

/// Builds the rows to store with the audit record of a response.
pub(crate) fn build_shown_fragment_rows(
    record: &AuditRecord,
    session: &CallerSession,
    operation: Operation,
    audit: &AuditContext,
) -> Vec<ShownFragmentRow> {
    let actor = &session.actor;
    let row = |(fragment, entries): (&FragmentId, &i64)| ShownFragmentRow {
        partnership_id: actor.partnership,
        scope_id: audit.chronology.map_or(fragment.0, Into::into),
        fragment_id: *fragment,
        at: record.at,
        record_id: record.id,
        practitioner_id: actor.practitioner,
        agency_id: actor.agency,
        role: actor.primary_role().map(|role| role.as_str().to_owned()),
        operation: operation.as_str().to_owned(),
        reason: audit.reason.map(|reason| reason.as_str().to_owned()),
        purpose: audit
            .purpose
            .or(session.purpose)
            .map(|purpose| purpose.as_str().to_owned()),
        entry_count: *entries,
    };
    audit
        .disclosures
        .shown_entries
        .iter()
        .filter(|(_, entries)| **entries > 0)
        .map(row)
        .collect()
}
