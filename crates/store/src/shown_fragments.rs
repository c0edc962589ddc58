//! Who was shown what a fragment tells, for the agency that submitted it: a row for each answer and fragment of which an
//! entry was in the answer, written with the answer's audit record. Rows go with their fragment (a trigger deletes them).

use diesel::prelude::*;
use domain::{AgencyId, AuditId, ChronologyId, FragmentId, Instant, Operation, PartnershipId, PractitionerId, Role};
use uuid::Uuid;

use crate::page::before;
use crate::rows::row;
use crate::schema::shown_fragments::{self, dsl};
use crate::statements::insert_many;
use crate::types::Bind;
use crate::{Keyset, StoreError, Tx};

row! {
    /// One answer in which entries of a fragment were shown. Words are kept as text, as in the audit.
    ShownFragmentRow in shown_fragments {
        /// The fragment's partnership.
        partnership_id: PartnershipId,
        /// The fragment's chronology, or the fragment itself while it is ahead of one.
        scope_id: Uuid,
        /// The fragment.
        fragment_id: FragmentId,
        /// When.
        at: Instant,
        /// The answer's audit record.
        record_id: AuditId,
        /// To whom.
        practitioner_id: PractitionerId,
        /// For which agency.
        agency_id: AgencyId,
        /// In which role.
        role: Option<String>,
        /// By which operation.
        operation: String,
        /// Why it was allowed.
        reason: Option<String>,
        /// For what purpose.
        purpose: Option<String>,
        /// How many of the fragment's entries were shown.
        entry_count: i64,
    }
}

/// Adds what one answer showed, in one statement.
///
/// # Errors
/// When the database fails: then nothing may be shown.
pub fn insert(tx: &mut Tx<'_>, rows: &[ShownFragmentRow]) -> Result<(), StoreError> {
    insert_many!(tx, shown_fragments::table, rows)
}

/// Direct reads of a fragment by its sender and by those who may always read what their agency sends.
#[derive(Debug, Clone, Copy)]
pub struct AsSent {
    /// The agency that sent it.
    pub agency: AgencyId,
    /// Who sent it.
    pub sender: PractitionerId,
}

/// At most `limit` answers that showed something of a fragment, before a place, newest first; with `as_sent`, only those
/// that there are while a fragment waits ahead of any chronology. Those of a chronology that it is no longer in are not
/// among them.
///
/// # Errors
/// When the database fails.
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    (fragment, chronology): (FragmentId, Option<ChronologyId>),
    as_sent: Option<AsSent>,
    place: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<ShownFragmentRow>, StoreError> {
    let scopes = chronology.map(Uuid::from).into_iter().chain([fragment.0]);
    let mut query = dsl::shown_fragments
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::scope_id.eq_any(scopes.map(Bind)))
        .filter(dsl::fragment_id.eq(Bind(fragment)))
        .into_boxed();
    if let Some(AsSent { agency, sender }) = as_sent {
        let direct = [Operation::FragmentRead, Operation::FragmentVersions].map(Operation::as_str);
        let always = [Role::SafeguardingLead, Role::SystemClient].map(|role| Some(role.as_str()));
        query = query
            .filter(dsl::agency_id.eq(Bind(agency)))
            .filter(dsl::operation.eq_any(direct))
            .filter(dsl::practitioner_id.eq(Bind(sender)).or(dsl::role.eq_any(always).assume_not_null()));
    }
    let query = before!(query, place, dsl::at, dsl::record_id, AuditId);
    let query = query.order((dsl::at.desc(), dsl::record_id.desc())).limit(limit.into());
    tx.run(|c| query.select(ShownFragmentRow::as_select()).load(c))
}
