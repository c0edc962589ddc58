//! Who was shown what a fragment tells, for the agency that submitted it: a row for each answer and fragment of which an
//! entry was in the answer, written with the answer's audit record. Rows go with their fragment (a trigger deletes them).

use diesel::prelude::*;
use domain::{AgencyId, AuditId, FragmentId, Instant, PartnershipId, PractitionerId};

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

/// At most `limit` answers that showed something of a fragment, before a place, newest first; with `agency`, only those
/// given to it.
///
/// # Errors
/// When the database fails.
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    fragment: FragmentId,
    agency: Option<AgencyId>,
    place: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<ShownFragmentRow>, StoreError> {
    let mut query = dsl::shown_fragments
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::fragment_id.eq(Bind(fragment)))
        .into_boxed();
    if let Some(agency) = agency {
        query = query.filter(dsl::agency_id.eq(Bind(agency)));
    }
    let query = before!(query, place, dsl::at, dsl::record_id, AuditId);
    let query = query.order((dsl::at.desc(), dsl::record_id.desc())).limit(limit.into());
    tx.run(|c| query.select(ShownFragmentRow::as_select()).load(c))
}
