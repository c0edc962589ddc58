//! Views of the timeline frozen for a meeting.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Actor, ChronologyId, ConsolidationId, EntryId, FragmentId, Instant, Operation, Permit, PersonId, Transition,
};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, ConsolidationRow, Tx};
use timeline::{Account, Row};
use vault::Place;

use super::steps::step;
use super::{Admitted, trail};
use crate::sealing::{of_chronology, to_bytes};
use crate::session::{Call, Scene};
use crate::transparency::shown_in_view;
use crate::{Answer, ConsolidationOut, Page, PageQuery, Service, ServiceError, TimelineOut, TimelineQuery, Written};

/// What a frozen view's sealed column holds: nothing is left out by who pressed the button. Its readers are social
/// care's, who differ only in whether they may read criminal-offence data.
#[derive(Serialize, Deserialize)]
struct Frozen {
    whole: TimelineOut,
    /// As drawn for readers without criminal-offence data; absent when it is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    without_offences: Option<TimelineOut>,
}

impl Frozen {
    /// Leaves out what fragments told that are no longer there: a frozen view outlives nobody's word.
    fn without(&mut self, gone: &dyn Fn(FragmentId) -> bool) -> bool {
        let whole = leave_out(&mut self.whole, gone);
        let other = self.without_offences.as_mut().is_some_and(|view| leave_out(view, gone));
        whole || other
    }

    /// The view that `reader` may see, drawn for such a reader, so that no row, count or place tells of what is left out.
    fn shown_to(self, reader: &Actor) -> TimelineOut {
        if reader.offence_data { self.whole } else { self.without_offences.unwrap_or(self.whole) }
    }
}

impl Service {
    /// Freezes the timeline as it is now, for a meeting. The frozen view never changes; each reader sees of it what is
    /// theirs to see.
    ///
    /// # Errors
    /// As every write; `Conflict` when the chronology is a draft, signed off or closed.
    pub fn consolidate(&self, call: &Call, id: ChronologyId) -> Answer<Written<ConsolidationOut>> {
        self.write_once(
            call,
            Operation::ChronologyConsolidate,
            trail(id),
            |scene| {
                let Admitted { permit, mut row } = self.admit(scene, id, Operation::ChronologyConsolidate)?;
                let details = self.chronology_details(&row, scene.now())?;
                step(&mut row, Transition::Consolidate)?;
                let frozen = self.freeze(scene, &permit, &row)?;
                scene.trail.object_kind = Some("consolidation");
                scene.trail.object_id = Some(frozen.id.0);
                scene.trail.entry_count = Some(frozen.entry_count);
                store::consolidations::insert(scene.tx, &frozen)?;
                self.save_chronology(scene.tx, scene.session.now, &mut row, &details)?;
                let live = self.live_fragments(scene.tx, scene.session.now, &row)?;
                let out = self.consolidation_out(&frozen, scene.now(), scene.actor(), &live, true)?;
                scene.trail.told.shown = shown_in_view(out.view.as_ref());
                Ok(out)
            },
            |scene, kept| self.read_consolidation(scene, id, ConsolidationId(kept.object_id)),
        )
    }

    fn draw_whole(&self, scene: &mut Scene<'_, '_>, permit: &Permit, row: &ChronologyRow) -> Answer<Frozen> {
        let mut reader = permit.actor().clone();
        let query = TimelineQuery::default();
        reader.offence_data = true;
        let whole = self.draw_timeline(scene, permit, &reader, row, &query)?;
        reader.offence_data = false;
        let without = self.draw_timeline(scene, permit, &reader, row, &query)?;
        let without_offences = (without != whole).then_some(without);
        Ok(Frozen { whole, without_offences })
    }

    fn freeze(&self, scene: &mut Scene<'_, '_>, permit: &Permit, row: &ChronologyRow) -> Answer<ConsolidationRow> {
        let frozen = self.draw_whole(scene, permit, row)?;
        let now = scene.now();
        let id = ConsolidationId::new(self.ids(), now);
        let content_index = self.vault().index(row.partnership_id, "consolidation", &to_bytes(&frozen.whole)?);
        let sealed = self.seal(&place(id), &of_chronology(row.id, row.expires_at), now, &frozen)?;
        Ok(ConsolidationRow {
            id,
            partnership_id: row.partnership_id,
            chronology_id: row.id,
            author_id: scene.me(),
            row_count: frozen.whole.header.row_count,
            entry_count: frozen.whole.header.entry_count,
            content_index: content_index.to_vec().into(),
            expires_at: row.expires_at,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
            signed_off_at: None,
            signed_off_by: None,
            created_at: now,
        })
    }

    /// The frozen views of a chronology, oldest first, without their content.
    ///
    /// # Errors
    /// As every read.
    pub fn consolidations(&self, call: &Call, id: ChronologyId, query: PageQuery) -> Answer<Page<ConsolidationOut>> {
        self.read(call, Operation::ConsolidationList, trail(id), |scene| {
            let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::ConsolidationList)?;
            let live = self.live_fragments(scene.tx, scene.session.now, &chronology)?;
            let slice = self.slice(scene, "consolidations", &query)?;
            let (now, actor) = (scene.now(), scene.actor().clone());
            let rows = store::consolidations::page(scene.tx, &permit, id, now, slice.after, slice.limit + 1)?;
            let key = |row: &ConsolidationRow| (row.created_at, row.id.0);
            self.page(scene, "consolidations", &slice, rows, key, |row| {
                self.consolidation_out(&row, now, &actor, &live, false)
            })
        })
    }

    /// One frozen view.
    ///
    /// # Errors
    /// As every read.
    pub fn consolidation(&self, call: &Call, id: ChronologyId, frozen: ConsolidationId) -> Answer<ConsolidationOut> {
        self.read(call, Operation::ConsolidationRead, trail(id), |scene| self.read_consolidation(scene, id, frozen))
    }

    fn read_consolidation(
        &self,
        scene: &mut Scene<'_, '_>,
        id: ChronologyId,
        frozen: ConsolidationId,
    ) -> Answer<ConsolidationOut> {
        scene.trail.object_kind = Some("consolidation");
        scene.trail.object_id = Some(frozen.0);
        let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::ConsolidationRead)?;
        let found = store::consolidations::find(scene.tx, &permit, frozen, scene.session.now)?;
        let row = found.filter(|row| row.chronology_id == id).ok_or(ServiceError::NotFound)?;
        let live = self.live_fragments(scene.tx, scene.session.now, &chronology)?;
        let mut out = self.consolidation_out(&row, scene.now(), scene.actor(), &live, true)?;
        scene.trail.entry_count = Some(out.entry_count);
        scene.trail.told.shown = shown_in_view(out.view.as_ref());
        out.emergency.clone_from(&scene.trail.told.emergency);
        if let Some(view) = &mut out.view {
            view.header.emergency.clone_from(&scene.trail.told.emergency);
        }
        Ok(out)
    }

    /// The fragments of a chronology that still live, and until when.
    pub(super) fn live_fragments(
        &self,
        tx: &mut Tx<'_>,
        now: Instant,
        chronology: &ChronologyRow,
    ) -> Answer<BTreeMap<FragmentId, Instant>> {
        let standing = store::fragments::list(tx, chronology.partnership_id, chronology.id, now)?;
        Ok(standing.into_iter().map(|row| (row.id, row.expires_at)).collect())
    }

    /// Takes the words of a fragment that goes out of every frozen view of its chronology, and seals the views anew.
    pub(crate) fn forget_in_frozen_views(
        &self,
        tx: &mut Tx<'_>,
        now: Instant,
        chronology: &ChronologyRow,
        gone: FragmentId,
    ) -> Answer<()> {
        let terms = of_chronology(chronology.id, chronology.expires_at);
        for row in store::consolidations::of_chronology(tx, chronology.partnership_id, chronology.id, now)? {
            let place = place(row.id);
            let mut frozen: Frozen = self.unseal(&place, &terms, now, row.wrapped_key.as_ref(), row.sealed.as_ref())?;
            if !frozen.without(&|fragment| fragment == gone) {
                continue;
            }
            let sealed = self.seal(&place, &terms, now, &frozen)?;
            let (rows, entries) = (frozen.whole.header.row_count, frozen.whole.header.entry_count);
            let (wrapped, sealed) = (sealed.wrapped_key.into(), sealed.sealed.into());
            store::consolidations::reseal(tx, row.partnership_id, row.id, rows, entries, &wrapped, &sealed)?;
        }
        Ok(())
    }

    /// As the API shows it to `reader`, counts included.
    pub(super) fn consolidation_out(
        &self,
        row: &ConsolidationRow,
        now: Instant,
        reader: &Actor,
        live: &BTreeMap<FragmentId, Instant>,
        with_view: bool,
    ) -> Answer<ConsolidationOut> {
        let terms = of_chronology(row.chronology_id, row.expires_at);
        let mut frozen: Frozen =
            self.unseal(&place(row.id), &terms, now, row.wrapped_key.as_ref(), row.sealed.as_ref())?;
        let content_index = match frozen.without_offences.as_ref().filter(|_| !reader.offence_data) {
            // A hash over what they do not see would tell them whether it changed.
            Some(theirs) => self.vault().index(row.partnership_id, "consolidation", &to_bytes(theirs)?).to_vec(),
            None => row.content_index.as_ref().to_vec(),
        };
        // Also for a list: the counts are of what this reader may see and of what is still there.
        frozen.without(&|fragment| !live.contains_key(&fragment));
        let mut view = frozen.shown_to(reader);
        number_related(&mut view);
        // Not by its header: that says what was true when it was frozen, and the chronology may have been extended since.
        view.until = ends_first(&view, live).into_iter().chain([row.expires_at]).min();
        let (row_count, entry_count) = (view.header.row_count, view.header.entry_count);
        Ok(ConsolidationOut {
            id: row.id,
            chronology_id: row.chronology_id,
            author_id: row.author_id,
            row_count,
            entry_count,
            content_hash: hex(&content_index),
            created_at: row.created_at,
            signed_off_at: row.signed_off_at,
            signed_off_by: row.signed_off_by,
            view: with_view.then_some(view),
            emergency: None,
        })
    }
}

/// When the first of the fragments that a view shows expires.
fn ends_first(view: &TimelineOut, live: &BTreeMap<FragmentId, Instant>) -> Option<Instant> {
    let accounts = view.rows.iter().flat_map(|row| &row.accounts);
    let shown = accounts.flat_map(|account| {
        account.also_submitted_as.iter().map(|repeat| repeat.fragment_id).chain([account.fragment_id])
    });
    shown.filter_map(|fragment| live.get(&fragment).copied()).min()
}

/// Takes the accounts of gone fragments off a view; says whether there were any.
fn leave_out(view: &mut TimelineOut, gone: &dyn Fn(FragmentId) -> bool) -> bool {
    let lost: BTreeSet<EntryId> =
        view.rows.iter_mut().filter_map(|row| leave_out_of_row(row, gone).then_some(row.id)).collect();
    if lost.is_empty() {
        return false;
    }
    view.rows.retain(|row| !row.accounts.is_empty());
    for row in &mut view.rows {
        // What ties a row to one that has lost an account may quote what is gone.
        row.related.retain(|other| !lost.contains(&other.row));
        row.may_be_same.retain(|other| !lost.contains(&other.row));
    }
    view.header.row_count = crate::timeline::count(view.rows.len());
    view.header.entry_count = crate::timeline::entries_of(&view.rows);
    for line in &mut view.header.coverage {
        line.entry_count = crate::timeline::entries_by(&view.rows, line.agency_id);
    }
    true
}

/// Takes the accounts and repeats of gone fragments off a row, with all that may quote or tell of them; says whether there
/// were any.
fn leave_out_of_row(row: &mut Row, gone: &dyn Fn(FragmentId) -> bool) -> bool {
    let told = |row: &Row| row.accounts.iter().map(|account| 1 + account.also_submitted_as.len()).sum::<usize>();
    let before = told(row);
    row.accounts.retain(|account| !gone(account.fragment_id));
    for account in &mut row.accounts {
        account.also_submitted_as.retain(|repeat| !gone(repeat.fragment_id));
    }
    if told(row) == before {
        return false;
    }
    row.linked_because.clear();
    row.linked_despite.clear();
    row.related.clear();
    row.may_be_same.clear();
    row.conflicts.clear();
    let concerns = |account: &Account, child: PersonId| {
        let repeats = account.also_submitted_as.iter().map(|repeat| &repeat.children);
        repeats.chain([&account.children]).any(|children| children.contains(&child))
    };
    row.children.retain(|child| row.accounts.iter().any(|account| concerns(account, child.id)));
    true
}

/// Gives pointers to related rows their places, which views frozen by earlier versions do not hold.
fn number_related(view: &mut TimelineOut) {
    let places: BTreeMap<EntryId, u32> = view.rows.iter().map(|row| (row.id, row.sequence)).collect();
    for other in view.rows.iter_mut().flat_map(|row| &mut row.related) {
        other.sequence = places.get(&other.row).copied().unwrap_or(other.sequence);
    }
}

pub(crate) fn place(id: ConsolidationId) -> Place {
    Place { table: "consolidations", row: id.0, version: 1 }
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> String {
        Uuid::from_u128(number).to_string()
    }

    /// An account of its own fragment, with a sibling's repeat from the fragments that `repeats` names.
    fn account(fragment: u128, children: &[u128], repeats: &[u128]) -> Value {
        let when = json!({"edtf": "2026-01-19", "precision": "date", "earliest": "2026-01-19", "latest": "2026-01-19"});
        let repeat = |fragment: &u128| {
            json!({"entry_id": id(fragment + 500), "fragment_id": id(*fragment), "fragment_version": 1,
                   "submitted_at": "2026-03-04T14:00:00Z", "children": [id(901)]})
        };
        json!({
            "entry_id": id(fragment + 100), "fragment_id": id(fragment), "fragment_version": 1, "agency": id(fragment + 700),
            "submitted_at": "2026-03-04T14:00:00Z", "when": when, "what": "x", "category": "HOME",
            "also_submitted_as": repeats.iter().map(repeat).collect::<Vec<_>>(),
            "source": {"role": "x", "record_system": "x"}, "children": children.iter().map(|child| id(*child)).collect::<Vec<_>>(),
            "significance": "risk", "handling": {"marking": "normal"}, "key_incident": false, "family_history": false,
        })
    }

    /// A row whose reasons quote, and which points to these rows.
    fn row(number: u128, accounts: &[Value], to: &[u128]) -> Value {
        let reason = json!([{"code": "shared_words", "words": format!("quoted {number}")}]);
        let related = |other: &u128| json!({"row": id(*other), "sequence": 1, "because": reason});
        let suggested = |other: &u128| json!({"row": id(*other), "sequence": 1, "because": reason, "despite": reason});
        json!({
            "id": id(number), "sequence": number, "when": accounts[0]["when"], "children": [{"id": id(900)}, {"id": id(901)}],
            "category": "HOME", "significance": "risk", "accounts": accounts, "linked_because": reason,
            "linked_despite": reason, "related": to.iter().map(related).collect::<Vec<_>>(),
            "may_be_same": to.iter().map(suggested).collect::<Vec<_>>(),
            "conflicts": [{"field": "when", "words": "Accounts give different dates, or one is less exact"}],
            "key_incident": false, "family_history": false,
        })
    }

    /// Row 1 is told by fragments 1 and 2, row 2 by 3, row 3 by 4 with a repeat in 5; all point to each other.
    fn view() -> TimelineOut {
        let rows = json!([
            row(1, &[account(1, &[900], &[]), account(2, &[900], &[])], &[2, 3]),
            row(2, &[account(3, &[900], &[])], &[1, 3]),
            row(3, &[account(4, &[900], &[5])], &[1, 2]),
        ]);
        let header = json!({
            "chronology_id": id(1), "family_id": id(1), "purpose": "initial_conference", "state": "open", "children": [],
            "adults": [], "coverage": [], "coverage_statement": "", "ordering_rule": "", "row_count": 3, "entry_count": 5,
            "generated_at": "2026-03-05T09:00:00Z", "expires_at": "2026-05-01T00:00:00Z",
        });
        serde_json::from_value(json!({"header": header, "rows": rows})).unwrap()
    }

    /// What is left of each row: its id, whether it has reasons of its own, and the rows that it points to.
    fn left(view: &TimelineOut) -> Vec<(u128, bool, Vec<u128>, Vec<u128>)> {
        let row = |row: &Row| {
            assert_eq!(row.linked_because.is_empty(), row.linked_despite.is_empty());
            assert_eq!(row.linked_because.is_empty(), row.conflicts.is_empty());
            let related = row.related.iter().map(|other| other.row.0.as_u128()).collect();
            let suggested = row.may_be_same.iter().map(|other| other.row.0.as_u128()).collect();
            (row.id.0.as_u128(), !row.linked_because.is_empty(), related, suggested)
        };
        view.rows.iter().map(row).collect()
    }

    fn without(fragments: &[u128]) -> TimelineOut {
        let mut view = view();
        let gone = |fragment: FragmentId| fragments.contains(&fragment.0.as_u128());
        assert_eq!(leave_out(&mut view, &gone), !fragments.is_empty());
        view
    }

    #[test]
    fn a_view_that_lost_nothing_stays_as_it_is() {
        assert_eq!(without(&[]), view());
    }

    #[test]
    fn a_row_that_lost_an_account_has_no_reasons_and_no_pointers_to_or_from_it() {
        let view = without(&[2]);
        assert_eq!(left(&view), [(1, false, vec![], vec![]), (2, true, vec![3], vec![3]), (3, true, vec![2], vec![2])]);
        assert_eq!((view.header.row_count, view.header.entry_count), (3, 4));
    }

    #[test]
    fn nothing_points_to_a_row_that_is_gone() {
        let view = without(&[3]);
        assert_eq!(left(&view), [(1, true, vec![3], vec![3]), (3, true, vec![1], vec![1])]);
        assert_eq!((view.header.row_count, view.header.entry_count), (2, 4));
    }

    #[test]
    fn a_repeat_is_told_too() {
        let view = without(&[5]);
        assert_eq!(left(&view)[2], (3, false, vec![], vec![]));
        assert_eq!(view.header.entry_count, 4);
        let children =
            |view: &TimelineOut| view.rows[2].children.iter().map(|child| child.id.0.as_u128()).collect::<Vec<_>>();
        assert_eq!(children(&view), [900], "the sibling was named by the repeat alone");
    }

    #[test]
    fn pointers_of_earlier_views_are_given_their_places() {
        let mut view = view();
        number_related(&mut view);
        let places: Vec<u32> =
            view.rows.iter().flat_map(|row| row.related.iter().map(|other| other.sequence)).collect();
        assert_eq!(places, [2, 3, 1, 3, 1, 2]);
    }
}
