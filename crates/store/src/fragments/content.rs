//! The one place that reads what agencies have written. What is expired or withdrawn is not found here; the same
//! condition stands in every query: the fragment, its version and, when it has one, its chronology all live.

use std::collections::HashMap;

use diesel::dsl::exists;
use diesel::prelude::*;
use domain::{ChronologyId, EntryId, FragmentId, Instant, Permit};

use super::{EntryRow, FragmentRow, FragmentVersionRow};
use crate::page::within;
use crate::schema::{chronologies, entries, fragment_versions, fragments};
use crate::types::Bind;
use crate::{FragmentState, StoreError, Tx};

/// A fragment with its current version and that version's entries, in the order in which they were submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FragmentContent {
    /// The fragment.
    pub fragment: FragmentRow,
    /// Its current version.
    pub version: FragmentVersionRow,
    /// The version's entries.
    pub entries: Vec<EntryRow>,
}

/// Versions of fragments, as far as they live and the permit's partnership has them.
macro_rules! live_versions {
    ($permit:expr, $now:expr) => {
        fragment_versions::table
            .inner_join(fragments::table.on(fragments::id.eq(fragment_versions::fragment_id)))
            .filter(within!(fragments::partnership_id, $permit.partnership()))
            .filter(within!(fragment_versions::partnership_id, $permit.partnership()))
            .filter(fragments::state.eq(Bind(FragmentState::Submitted)))
            .filter(fragments::expires_at.gt(Bind($now)))
            .filter(fragment_versions::expires_at.gt(Bind($now)))
            .filter(
                fragments::chronology_id.is_null().or(exists(
                    chronologies::table
                        .filter(chronologies::id.nullable().eq(fragments::chronology_id))
                        .filter(chronologies::expires_at.gt(Bind($now))),
                )),
            )
    };
}
pub(super) use live_versions;

/// Everything live that was submitted to a chronology, by the time it was submitted. Two queries, however many
/// fragments there are.
///
/// # Errors
/// When the database fails.
pub fn live_content(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Vec<FragmentContent>, StoreError> {
    live_content_without(tx, permit, chronology, now, |_, _| Ok(Vec::new()))
}

/// Most entries that are left out where they lie; what is beyond is for the caller to leave out.
pub(super) const MOST_LEFT_OUT: usize = 10_000;

/// As [`live_content`], but without the entries that `left_out` names of each fragment's current version: they are not
/// read from the database, so that nothing about them can be told from how long it takes.
///
/// # Errors
/// When the database fails, or as `left_out`.
pub fn live_content_without<E: From<StoreError>>(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
    now: Instant,
    mut left_out: impl FnMut(&FragmentRow, &FragmentVersionRow) -> Result<Vec<EntryId>, E>,
) -> Result<Vec<FragmentContent>, E> {
    let query = live_versions!(permit, now)
        .filter(fragments::chronology_id.eq(Some(Bind(chronology))))
        .filter(fragment_versions::version.eq(fragments::version))
        .order((fragments::created_at, fragments::id))
        .select((FragmentRow::as_select(), FragmentVersionRow::as_select()));
    let found: Vec<(FragmentRow, FragmentVersionRow)> = tx.run(|c| query.load(c))?;
    let mut without = Vec::new();
    for (fragment, version) in &found {
        without.extend(left_out(fragment, version)?);
    }
    without.truncate(MOST_LEFT_OUT);
    let mut entries = current_entries(tx, permit, chronology, now, &without)?;
    Ok(found
        .into_iter()
        .map(|(fragment, version)| FragmentContent {
            entries: entries.remove(&fragment.id).unwrap_or_default(),
            fragment,
            version,
        })
        .collect())
}

/// The entries of the current versions of a chronology's fragments but for some, each fragment's in order. The chronology
/// leads to its fragments and each fragment to its entries, by keys alone: no list of fragments that a planner could
/// answer from anything larger.
fn current_entries(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
    now: Instant,
    without: &[EntryId],
) -> Result<HashMap<FragmentId, Vec<EntryRow>>, StoreError> {
    let query = fragments::table
        .inner_join(
            entries::table.on(entries::fragment_id.eq(fragments::id).and(entries::version.eq(fragments::version))),
        )
        .filter(fragments::chronology_id.eq(Some(Bind(chronology))))
        .filter(fragments::state.eq(Bind(FragmentState::Submitted)))
        .filter(fragments::expires_at.gt(Bind(now)))
        .filter(within!(fragments::partnership_id, permit.partnership()))
        .filter(within!(entries::partnership_id, permit.partnership()))
        .filter(entries::id.ne_all(without.iter().copied().map(Bind)))
        .order((entries::fragment_id, entries::position))
        .select(EntryRow::as_select());
    let rows: Vec<EntryRow> = tx.run(|c| query.load(c))?;
    let mut entries: HashMap<FragmentId, Vec<EntryRow>> = HashMap::new();
    for row in rows {
        entries.entry(row.fragment_id).or_default().push(row);
    }
    Ok(entries)
}

/// One version of a fragment, while it lives.
///
/// # Errors
/// When the database fails.
pub fn version(
    tx: &mut Tx<'_>,
    permit: &Permit,
    fragment: FragmentId,
    version: i64,
    now: Instant,
) -> Result<Option<FragmentVersionRow>, StoreError> {
    let query = live_versions!(permit, now)
        .filter(fragment_versions::fragment_id.eq(Bind(fragment)))
        .filter(fragment_versions::version.eq(version))
        .select(FragmentVersionRow::as_select());
    tx.run(|c| query.get_result(c).optional())
}

/// The live versions of a fragment, oldest first.
///
/// # Errors
/// When the database fails.
pub fn versions(
    tx: &mut Tx<'_>,
    permit: &Permit,
    fragment: FragmentId,
    now: Instant,
) -> Result<Vec<FragmentVersionRow>, StoreError> {
    let query = live_versions!(permit, now)
        .filter(fragment_versions::fragment_id.eq(Bind(fragment)))
        .order(fragment_versions::version)
        .select(FragmentVersionRow::as_select());
    tx.run(|c| query.load(c))
}

/// The entries of one version of a fragment, in the order in which they were submitted, while it lives.
///
/// # Errors
/// When the database fails.
pub fn entries(
    tx: &mut Tx<'_>,
    permit: &Permit,
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
