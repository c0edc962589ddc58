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

diesel::define_sql_function! {
    /// Bytes of a value.
    fn length(bytes: diesel::sql_types::Binary) -> diesel::sql_types::Integer;
}

/// How large what an agency submitted is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FragmentSize {
    /// The fragment.
    pub fragment: FragmentId,
    /// Entries of its current version.
    pub entries: usize,
    /// Bytes of them as they are stored.
    pub bytes: usize,
}

/// How large the live fragments are that `row`'s agency has on its chronology, or ahead of one about its family.
///
/// # Errors
/// When the database fails.
pub fn sizes(tx: &mut Tx<'_>, row: &FragmentRow, now: Instant) -> Result<Vec<FragmentSize>, StoreError> {
    let live = fragments::table
        .inner_join(
            entries::table.on(entries::fragment_id.eq(fragments::id).and(entries::version.eq(fragments::version))),
        )
        .filter(within!(fragments::partnership_id, row.partnership_id))
        .filter(within!(entries::partnership_id, row.partnership_id))
        .filter(within!(fragments::agency_id, row.agency_id))
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
            Some(last) => (last.entries, last.bytes) = (last.entries + 1, last.bytes + bytes),
            None => sizes.push(FragmentSize { fragment, entries: 1, bytes }),
        }
    }
    Ok(sizes)
}

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
