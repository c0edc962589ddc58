//! Reads the content that agencies submitted; no other module does. Expired and withdrawn content
//! is never returned: every query requires that the fragment, its version and, if it has one, its
//! chronology are live.

use std::collections::HashMap;

use diesel::dsl::{auto_type, exists};
use diesel::prelude::*;
use domain::{
    AccessPermit, ChronologyId, ContentScope, EntryId, FragmentId, FragmentState, Instant,
    PartnershipId,
};

use super::{EntryRow, FragmentRow, FragmentVersionRow};
use crate::columns::Bind;
use crate::connection::page::unindexed_eq;
use crate::schema::{chronologies, entries, fragment_versions, fragments};
use crate::{StoreError, Tx};

/// A fragment with its current version and that version's entries, in the order in which they were
/// submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FragmentContent {
    /// The fragment itself.
    pub fragment: FragmentRow,
    /// Its current version.
    pub version: FragmentVersionRow,
    /// The version's entries.
    pub entries: Vec<EntryRow>,
}

/// Selects the live versions of fragments in a partnership.
#[auto_type]
pub(super) fn live_versions(partnership: PartnershipId, now: Instant) -> _ {
    let submitted: FragmentState = FragmentState::Submitted;
    let has_live_chronology: chronology_is_live = chronology_is_live(now);
    fragment_versions::table
        .inner_join(fragments::table.on(fragments::id.eq(fragment_versions::fragment_id)))
        .filter(unindexed_eq(fragments::partnership_id, partnership))
        .filter(unindexed_eq(fragment_versions::partnership_id, partnership))
        .filter(fragments::state.eq(Bind(submitted)))
        .filter(fragments::expires_at.gt(Bind(now)))
        .filter(fragment_versions::expires_at.gt(Bind(now)))
        .filter(fragments::chronology_id.is_null().or(has_live_chronology))
}

/// The condition that the chronology of a fragment is live.
#[auto_type]
fn chronology_is_live(now: Instant) -> _ {
    exists(
        chronologies::table
            .filter(chronologies::id.nullable().eq(fragments::chronology_id))
            .filter(chronologies::expires_at.gt(Bind(now))),
    )
}

diesel::define_sql_function! {
    /// The length of a value in bytes.
    fn length(bytes: diesel::sql_types::Binary) -> diesel::sql_types::Integer;
}

/// The size of a fragment's current version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FragmentSize {
    /// The fragment that is measured.
    pub fragment: FragmentId,
    /// The number of entries.
    pub entries: usize,
    /// The stored size of the entries in bytes.
    pub bytes: usize,
}

/// The sizes of the live fragments of `row`'s agency on its chronology or, for an advance
/// submission, of the agency's advance submissions about its family.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn sizes(
    tx: &mut Tx<'_>,
    row: &FragmentRow,
    now: Instant,
) -> Result<Vec<FragmentSize>, StoreError> {
    let live = fragments::table
        .inner_join(
            entries::table.on(entries::fragment_id
                .eq(fragments::id)
                .and(entries::version.eq(fragments::version))),
        )
        .filter(unindexed_eq(fragments::partnership_id, row.partnership_id))
        .filter(unindexed_eq(entries::partnership_id, row.partnership_id))
        .filter(unindexed_eq(fragments::agency_id, row.agency_id))
        .filter(fragments::state.eq(Bind(FragmentState::Submitted)))
        .filter(fragments::expires_at.gt(Bind(now)))
        .order(fragments::id)
        .select((fragments::id, length(entries::sealed)));
    let lengths: Vec<(FragmentId, i32)> = match row.chronology_id {
        Some(chronology) => {
            let query = live.filter(fragments::chronology_id.eq(Some(Bind(chronology))));
            tx.run(|c| query.load(c))?
        }
        None => {
            let ahead = live.filter(fragments::chronology_id.is_null());
            let query = ahead.filter(fragments::family_id.eq(Bind(row.family_id)));
            tx.run(|c| query.load(c))?
        }
    };
    let mut sizes: Vec<FragmentSize> = Vec::new();
    for (fragment, length) in lengths {
        let bytes = usize::try_from(length).unwrap_or_default();
        match sizes.last_mut().filter(|last| last.fragment == fragment) {
            Some(last) => {
                last.entries += 1;
                last.bytes += bytes;
            }
            None => sizes.push(FragmentSize {
                fragment,
                entries: 1,
                bytes,
            }),
        }
    }
    Ok(sizes)
}

/// All live fragments of a chronology with their content, in the order in which they were
/// submitted. Two queries, independent of the number of fragments.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn live_content(
    tx: &mut Tx<'_>,
    scope: &impl ContentScope,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Vec<FragmentContent>, StoreError> {
    live_content_excluding(tx, scope, chronology, now, |_, _| Ok(Vec::new()))
}

/// Maximum number of entries that the query excludes; the caller must exclude any further ones.
pub(super) const MAX_EXCLUDED_IN_QUERY: usize = 10_000;

/// As [`live_content`], but without the entries that `excluded` names for each fragment's current
/// version. They are not read from the database, so the response time reveals nothing about them.
///
/// # Errors
/// The error of `excluded`, or a [`StoreError`] when a query fails.
pub fn live_content_excluding<E: From<StoreError>>(
    tx: &mut Tx<'_>,
    scope: &impl ContentScope,
    chronology: ChronologyId,
    now: Instant,
    mut excluded: impl FnMut(&FragmentRow, &FragmentVersionRow) -> Result<Vec<EntryId>, E>,
) -> Result<Vec<FragmentContent>, E> {
    let query = live_versions(scope.partnership(), now)
        .filter(fragments::chronology_id.eq(Some(Bind(chronology))))
        .filter(fragment_versions::version.eq(fragments::version))
        .order((fragments::created_at, fragments::id))
        .select((FragmentRow::as_select(), FragmentVersionRow::as_select()));
    let found: Vec<(FragmentRow, FragmentVersionRow)> = tx.run(|c| query.load(c))?;
    let mut excluded_ids = Vec::new();
    for (fragment, version) in &found {
        excluded_ids.extend(excluded(fragment, version)?);
    }
    excluded_ids.truncate(MAX_EXCLUDED_IN_QUERY);
    let mut entries = current_entries(tx, scope, chronology, now, &excluded_ids)?;
    Ok(found
        .into_iter()
        .map(|(fragment, version)| FragmentContent {
            entries: entries.remove(&fragment.id).unwrap_or_default(),
            fragment,
            version,
        })
        .collect())
}

/// The entries of the current versions of a chronology's fragments, without the excluded ones, each
/// fragment's in order. The joins go from the chronology to its fragments to their entries by keys
/// alone, so the planner has no list of fragments that it could answer from a larger index.
fn current_entries(
    tx: &mut Tx<'_>,
    scope: &impl ContentScope,
    chronology: ChronologyId,
    now: Instant,
    excluded_ids: &[EntryId],
) -> Result<HashMap<FragmentId, Vec<EntryRow>>, StoreError> {
    let query = fragments::table
        .inner_join(
            entries::table.on(entries::fragment_id
                .eq(fragments::id)
                .and(entries::version.eq(fragments::version))),
        )
        .filter(fragments::chronology_id.eq(Some(Bind(chronology))))
        .filter(fragments::state.eq(Bind(FragmentState::Submitted)))
        .filter(fragments::expires_at.gt(Bind(now)))
        .filter(unindexed_eq(fragments::partnership_id, scope.partnership()))
        .filter(unindexed_eq(entries::partnership_id, scope.partnership()))
        .filter(entries::id.ne_all(excluded_ids.iter().copied().map(Bind)))
        .order((entries::fragment_id, entries::position))
        .select(EntryRow::as_select());
    let rows: Vec<EntryRow> = tx.run(|c| query.load(c))?;
    let mut entries: HashMap<FragmentId, Vec<EntryRow>> = HashMap::new();
    for row in rows {
        entries.entry(row.fragment_id).or_default().push(row);
    }
    Ok(entries)
}

/// One version of a fragment, if it is live.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn version(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    fragment: FragmentId,
    version: i64,
    now: Instant,
) -> Result<Option<FragmentVersionRow>, StoreError> {
    let query = live_versions(permit.partnership(), now)
        .filter(fragment_versions::fragment_id.eq(Bind(fragment)))
        .filter(fragment_versions::version.eq(version))
        .select(FragmentVersionRow::as_select());
    tx.run(|c| query.get_result(c).optional())
}

/// The live versions of a fragment, oldest first.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn versions(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    fragment: FragmentId,
    now: Instant,
) -> Result<Vec<FragmentVersionRow>, StoreError> {
    let query = live_versions(permit.partnership(), now)
        .filter(fragment_versions::fragment_id.eq(Bind(fragment)))
        .order(fragment_versions::version)
        .select(FragmentVersionRow::as_select());
    tx.run(|c| query.load(c))
}

/// The entries of one version of a fragment, in the order in which they were submitted; empty
/// unless the version is live.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn entries(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    fragment: FragmentId,
    of_version: i64,
    now: Instant,
) -> Result<Vec<EntryRow>, StoreError> {
    if version(tx, permit, fragment, of_version, now)?.is_none() {
        return Ok(Vec::new());
    }
    let query = entries::table
        .filter(entries::partnership_id.eq(Bind(permit.partnership())))
        .filter(entries::fragment_id.eq(Bind(fragment)))
        .filter(entries::version.eq(of_version))
        .order(entries::position)
        .select(EntryRow::as_select());
    tx.run(|c| query.load(c))
}
