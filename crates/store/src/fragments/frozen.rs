//! What a frozen view was frozen with, as far as it lives: the condition is that of all content.

use std::collections::HashMap;

use diesel::dsl::exists;
use diesel::prelude::*;
use domain::{ChronologyId, ConsolidationId, EntryId, FragmentId, Instant, Permit};

use super::content::{MOST_LEFT_OUT, live_versions};
use super::{EntryRow, FragmentContent, FragmentRow, FragmentVersionRow};
use crate::page::within;
use crate::schema::{chronologies, consolidation_fragments, entries, fragment_versions, fragments};
use crate::types::Bind;
use crate::{FragmentState, StoreError, Tx};

/// The version that stands now of a fragment that has been corrected since a view was frozen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingVersion {
    /// The version.
    pub version: FragmentVersionRow,
    /// Its entries, in order: an entry that is corrected keeps its id.
    pub entries: Vec<EntryRow>,
}

/// What of a frozen version a reader may not see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptApart {
    /// Entries that are left out.
    pub without: Vec<EntryId>,
    /// When there are any, all others but these are left out too.
    pub only: Option<Vec<EntryId>>,
}

/// Everything live that a view of a chronology was frozen with, in the versions that stood then, by the time it was
/// submitted; but without the entries that `left_out` keeps apart of each version, given the version that stands now when
/// that is another. A fragment that has gone back to where it came from is not there.
///
/// # Errors
/// When the database fails, or as `left_out`.
pub fn frozen_content_without<E: From<StoreError>>(
    tx: &mut Tx<'_>,
    permit: &Permit,
    (chronology, view): (ChronologyId, ConsolidationId),
    now: Instant,
    mut left_out: impl FnMut(&FragmentRow, &FragmentVersionRow, Option<&StandingVersion>) -> Result<KeptApart, E>,
) -> Result<Vec<FragmentContent>, E> {
    use consolidation_fragments::dsl as of;
    let frozen = of::fragment_id.eq(fragment_versions::fragment_id).and(of::version.eq(fragment_versions::version));
    let query = live_versions!(permit, now)
        .inner_join(of::consolidation_fragments.on(frozen))
        .filter(of::consolidation_id.eq(Bind(view)))
        .filter(fragments::chronology_id.eq(Some(Bind(chronology))))
        .order((fragments::created_at, fragments::id))
        .select((FragmentRow::as_select(), FragmentVersionRow::as_select()));
    let found: Vec<(FragmentRow, FragmentVersionRow)> = tx.run(|c| query.load(c))?;
    let standing = standing_versions(tx, permit, view, now)?;
    let (mut without, mut only) = (Vec::new(), HashMap::new());
    for (fragment, version) in &found {
        let kept = left_out(fragment, version, standing.get(&fragment.id))?;
        without.extend(kept.without);
        only.extend(kept.only.map(|entries| (fragment.id, entries)));
    }
    without.truncate(MOST_LEFT_OUT);
    let mut entries = frozen_entries(tx, permit, view, &without)?;
    for (fragment, shown) in only {
        if let Some(rows) = entries.get_mut(&fragment) {
            rows.retain(|row| shown.contains(&row.id));
        }
    }
    let content = found.into_iter().map(|(fragment, version)| FragmentContent {
        entries: entries.remove(&fragment.id).unwrap_or_default(),
        fragment,
        version,
    });
    Ok(content.collect())
}

/// The versions that stand now of those fragments of a view that have been corrected since.
fn standing_versions(
    tx: &mut Tx<'_>,
    permit: &Permit,
    view: ConsolidationId,
    now: Instant,
) -> Result<HashMap<FragmentId, StandingVersion>, StoreError> {
    use consolidation_fragments::dsl as of;
    let query = live_versions!(permit, now)
        .inner_join(of::consolidation_fragments.on(of::fragment_id.eq(fragments::id)))
        .filter(of::consolidation_id.eq(Bind(view)))
        .filter(of::version.ne(fragments::version))
        .filter(fragment_versions::version.eq(fragments::version))
        .select(FragmentVersionRow::as_select());
    let versions: Vec<FragmentVersionRow> = tx.run(|c| query.load(c))?;
    let mut standing = HashMap::new();
    for version in versions {
        let ids = entries::table
            .filter(entries::fragment_id.eq(Bind(version.fragment_id)))
            .filter(entries::version.eq(version.version))
            .order(entries::position)
            .select(EntryRow::as_select());
        let entries: Vec<EntryRow> = tx.run(|c| ids.load(c))?;
        standing.insert(version.fragment_id, StandingVersion { version, entries });
    }
    Ok(standing)
}

/// The entries of the versions that a view was frozen with but for some, each fragment's in order.
fn frozen_entries(
    tx: &mut Tx<'_>,
    permit: &Permit,
    view: ConsolidationId,
    without: &[EntryId],
) -> Result<HashMap<FragmentId, Vec<EntryRow>>, StoreError> {
    use consolidation_fragments::dsl as of;
    let frozen = entries::fragment_id.eq(of::fragment_id).and(entries::version.eq(of::version));
    // The partnership is asked of the view's own rows alone: asked of the entries too, SQLite would read all of it.
    let query = of::consolidation_fragments
        .inner_join(entries::table.on(frozen))
        .filter(of::consolidation_id.eq(Bind(view)))
        .filter(of::partnership_id.eq(Bind(permit.partnership())))
        .filter(entries::id.ne_all(without.iter().copied().map(Bind)))
        .order((entries::fragment_id, entries::position))
        .select(EntryRow::as_select());
    let rows: Vec<EntryRow> = tx.run(|c| query.load(c))?;
    let mut found: HashMap<FragmentId, Vec<EntryRow>> = HashMap::new();
    for row in rows {
        found.entry(row.fragment_id).or_default().push(row);
    }
    Ok(found)
}
