//! Disclosures of fragments, for the agencies that submitted them: one row for each response and
//! fragment of which an entry was in the response, written with the audit record of the response. A
//! trigger deletes the rows with their fragment.

use diesel::prelude::*;
use domain::{
    AgencyId, AuditId, ChronologyId, FragmentId, Instant, Operation, PartnershipId, PractitionerId,
    Role,
};
use uuid::Uuid;

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::page::rows_before;
use crate::connection::statements::insert_many;
use crate::schema::shown_fragments::{self, dsl};
use crate::{Keyset, StoreError, Tx};

row! {
    /// One response that disclosed entries of a fragment. Roles, operations and reasons are stored
    /// as text, as in the audit.
    ShownFragmentRow in shown_fragments {
        /// The fragment's partnership.
        partnership_id: PartnershipId,
        /// The fragment's chronology, or for an advance submission the fragment itself.
        scope_id: Uuid,
        /// The fragment that the row belongs to.
        fragment_id: FragmentId,
        /// When the response was given.
        at: Instant,
        /// The audit record of the response.
        record_id: AuditId,
        /// The practitioner who read it.
        practitioner_id: PractitionerId,
        /// The agency they acted for.
        agency_id: AgencyId,
        /// The role they acted in.
        role: Option<String>,
        /// The operation that showed the fragment.
        operation: String,
        /// Why it was allowed.
        reason: Option<String>,
        /// The stated purpose.
        purpose: Option<String>,
        /// The number of the fragment's entries in the response.
        entry_count: i64,
    }
}

/// Records the disclosures of one response in one statement.
///
/// # Errors
/// [`StoreError`] when the rows cannot be written: the response must then not be given.
pub fn insert(tx: &mut Tx<'_>, rows: &[ShownFragmentRow]) -> Result<(), StoreError> {
    insert_many(tx, shown_fragments::table, rows)
}

/// Restricts disclosures to direct reads of a fragment by its sender, and by those roles of the
/// sending agency that may read all of the agency's fragments.
#[derive(Debug, Clone, Copy)]
pub struct SenderViewFilter {
    /// The agency that submitted it.
    pub agency: AgencyId,
    /// The practitioner who submitted it.
    pub sender: PractitionerId,
}

/// At most `limit` disclosures of a fragment before a cursor, newest first; with `sender_view`,
/// only the kinds of read that are possible for an advance submission. Disclosures in a chronology
/// from which the fragment was detached are excluded.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    (fragment, chronology): (FragmentId, Option<ChronologyId>),
    sender_view: Option<SenderViewFilter>,
    before: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<ShownFragmentRow>, StoreError> {
    let scopes = chronology.map(Uuid::from).into_iter().chain([fragment.0]);
    let mut query = dsl::shown_fragments
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::scope_id.eq_any(scopes.map(Bind)))
        .filter(dsl::fragment_id.eq(Bind(fragment)))
        .into_boxed();
    if let Some(SenderViewFilter { agency, sender }) = sender_view {
        let direct_reads =
            [Operation::FragmentRead, Operation::FragmentVersions].map(Operation::as_str);
        let roles_reading_all =
            [Role::SafeguardingLead, Role::SystemClient].map(|role| Some(role.as_str()));
        query = query
            .filter(dsl::agency_id.eq(Bind(agency)))
            .filter(dsl::operation.eq_any(direct_reads))
            .filter(
                dsl::practitioner_id
                    .eq(Bind(sender))
                    .or(dsl::role.eq_any(roles_reading_all).assume_not_null()),
            );
    }
    let query = rows_before(query, before, dsl::at, dsl::record_id, AuditId);
    let query = query
        .order((dsl::at.desc(), dsl::record_id.desc()))
        .limit(limit.into());
    tx.run(|c| query.select(ShownFragmentRow::as_select()).load(c))
}
