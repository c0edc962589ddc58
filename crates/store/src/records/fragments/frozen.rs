//! Reads the live content of frozen views, under the same conditions as all content.

use std::collections::HashMap;

use diesel::prelude::*;
use domain::{AccessPermit, ChronologyId, ConsolidationId, EntryId, FragmentId, Instant};

use super::content::{MAX_EXCLUDED_IN_QUERY, live_versions};
use super::{EntryRow, FragmentContent, FragmentRow, FragmentVersionRow};
use crate::columns::Bind;
use crate::schema::{consolidation_fragments, entries, fragment_versions, fragments};
use crate::{StoreError, Tx};

/// The current version of a fragment that was corrected after a view was frozen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentVersion {
    /// The version.
    pub version: FragmentVersionRow,
    /// Its entries in order; a corrected entry keeps its identifier.
    pub entries: Vec<EntryRow>,
}

/// The entries of a frozen version that a reader may not see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryExclusions {
    /// Entries to exclude.
    pub excluded: Vec<EntryId>,
    /// If set, all entries but these are excluded too.
    pub only: Option<Vec<EntryId>>,
}

/// All live fragments of a frozen view of a chronology, in the versions that it was frozen with and
/// in the order in which they were submitted, without the entries that `exclusions` returns for
/// each version. `exclusions` receives the current version too when it is another one. Fragments
/// that have been detached from the chronology are not included.
///
/// # Errors
/// The error of `exclusions`, or a [`StoreError`] when a query fails.
pub fn frozen_content_excluding<E: From<StoreError>>(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    (chronology, view): (ChronologyId, ConsolidationId),
    now: Instant,
    mut exclusions: impl FnMut(
        &FragmentRow,
        &FragmentVersionRow,
        Option<&CurrentVersion>,
    ) -> Result<EntryExclusions, E>,
) -> Result<Vec<FragmentContent>, E> {
    use consolidation_fragments::dsl as of;
    let frozen = of::fragment_id
        .eq(fragment_versions::fragment_id)
        .and(of::version.eq(fragment_versions::version));
    let query = live_versions(permit.partnership(), now)
        .inner_join(of::consolidation_fragments.on(frozen))
        .filter(of::consolidation_id.eq(Bind(view)))
        .filter(fragments::chronology_id.eq(Some(Bind(chronology))))
        .order((fragments::created_at, fragments::id))
        .select((FragmentRow::as_select(), FragmentVersionRow::as_select()));
    let found: Vec<(FragmentRow, FragmentVersionRow)> = tx.run(|c| query.load(c))?;
    let current = current_versions(tx, permit, view, now)?;
    let mut excluded_ids = Vec::new();
    let mut only = HashMap::new();
    for (fragment, version) in &found {
        let version_exclusions = exclusions(fragment, version, current.get(&fragment.id))?;
        excluded_ids.extend(version_exclusions.excluded);
        only.extend(
            version_exclusions
                .only
                .map(|entries| (fragment.id, entries)),
        );
    }
    excluded_ids.truncate(MAX_EXCLUDED_IN_QUERY);
    let mut entries = frozen_entries(tx, permit, view, &excluded_ids)?;
    for (fragment, visible) in only {
        if let Some(rows) = entries.get_mut(&fragment) {
            rows.retain(|row| visible.contains(&row.id));
        }
    }
    let content = found
        .into_iter()
        .map(|(fragment, version)| FragmentContent {
            entries: entries.remove(&fragment.id).unwrap_or_default(),
            fragment,
            version,
        });
    Ok(content.collect())
}

/// The current versions of those fragments of a view that were corrected after it was frozen.
fn current_versions(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    view: ConsolidationId,
    now: Instant,
) -> Result<HashMap<FragmentId, CurrentVersion>, StoreError> {
    use consolidation_fragments::dsl as of;
    let query = live_versions(permit.partnership(), now)
        .inner_join(of::consolidation_fragments.on(of::fragment_id.eq(fragments::id)))
        .filter(of::consolidation_id.eq(Bind(view)))
        .filter(of::version.ne(fragments::version))
        .filter(fragment_versions::version.eq(fragments::version))
        .select(FragmentVersionRow::as_select());
    let versions: Vec<FragmentVersionRow> = tx.run(|c| query.load(c))?;
    let mut current = HashMap::new();
    for version in versions {
        let query = entries::table
            .filter(entries::fragment_id.eq(Bind(version.fragment_id)))
            .filter(entries::version.eq(version.version))
            .order(entries::position)
            .select(EntryRow::as_select());
        let entries: Vec<EntryRow> = tx.run(|c| query.load(c))?;
        current.insert(version.fragment_id, CurrentVersion { version, entries });
    }
    Ok(current)
}

/// The entries of the versions in a frozen view, without the excluded ones, each fragment's in
/// order.
fn frozen_entries(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    view: ConsolidationId,
    excluded_ids: &[EntryId],
) -> Result<HashMap<FragmentId, Vec<EntryRow>>, StoreError> {
    use consolidation_fragments::dsl as of;
    let frozen = entries::fragment_id
        .eq(of::fragment_id)
        .and(entries::version.eq(of::version));
    // The partnership is compared in the view's rows only: with the same condition on the entries,
    // SQLite would read the whole partnership.
    let query = of::consolidation_fragments
        .inner_join(entries::table.on(frozen))
        .filter(of::consolidation_id.eq(Bind(view)))
        .filter(of::partnership_id.eq(Bind(permit.partnership())))
        .filter(entries::id.ne_all(excluded_ids.iter().copied().map(Bind)))
        .order((entries::fragment_id, entries::position))
        .select(EntryRow::as_select());
    let rows: Vec<EntryRow> = tx.run(|c| query.load(c))?;
    let mut found: HashMap<FragmentId, Vec<EntryRow>> = HashMap::new();
    for row in rows {
        found.entry(row.fragment_id).or_default().push(row);
    }
    Ok(found)
}
