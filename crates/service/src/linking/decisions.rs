//! What people decide about links: made with a reason, taken back with a reason, never changed.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ChronologyId, EntryId, FragmentId, Instant, LinkDecisionId, LinkVerdict, Operation, Permit, Sensitive};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, DecidedEntryRow, LinkDecisionRow};
use timeline::{LiveEntry, SortedEvents};

use super::{decision_place, reason_lives};
use crate::chronologies::{Admitted, trail};
use crate::sealing::of_chronology;
use crate::session::{Call, Scene};
use crate::timeline::child_facts;
use crate::{
    Answer, Fault, LinkDecisionIn, LinkDecisionOut, LinkWithdrawalIn, Page, PageQuery, Service, ServiceError, Written,
};

/// Decisions about one chronology, at most, withdrawn ones included.
const MAX_DECISIONS: usize = 1_000;

/// What a decision's sealed column holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Reasons {
    reason: Sensitive<String>,
    withdrawal_reason: Option<Sensitive<String>>,
}

/// A decision that was asked for, checked.
struct Checked {
    entries: Vec<EntryId>,
    with: Vec<EntryId>,
}

impl Service {
    /// Decides about entries of a chronology.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Invalid`] names every fault; `Conflict` once the chronology is signed off.
    pub fn decide_link(
        &self,
        call: &Call,
        id: ChronologyId,
        input: LinkDecisionIn,
    ) -> Answer<Written<LinkDecisionOut>> {
        self.write(call, Operation::LinkDecide, trail(id), |scene| {
            let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::LinkDecide)?;
            let opened = self.open_content(scene, &permit, permit.actor(), &chronology)?;
            let shown = self.rows_as_shown(scene, &permit, &chronology, &opened.entries)?;
            let checked = check(&input, &opened.entries, &shown)?;
            self.check_room_for_decision(scene, &permit, id)?;
            let about = about(&checked, &opened.entries);
            let fragments = about.iter().filter_map(|(entry, _)| opened.expires.get(&entry.fragment_id).copied());
            let expires_at = fragments.chain([chronology.expires_at]).min().unwrap_or(chronology.expires_at);
            let (row, entries) = self.new_decision(scene, &chronology, &input, &about, expires_at)?;
            scene.trail.object_kind = Some("link_decision");
            scene.trail.object_id = Some(row.id.0);
            scene.trail.expires_at = Some(expires_at);
            store::link_decisions::insert(scene.tx, &row, &entries)?;
            Ok(out(&row, &entries, None, expires_at))
        })
    }

    /// Takes a decision back: the timeline is as if it had not been made.
    ///
    /// # Errors
    /// As every write; `Conflict` when it is withdrawn already.
    pub fn withdraw_link_decision(
        &self,
        call: &Call,
        id: ChronologyId,
        decision: LinkDecisionId,
        input: LinkWithdrawalIn,
    ) -> Answer<Written<LinkDecisionOut>> {
        self.write(call, Operation::LinkDecide, trail(id), |scene| {
            let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::LinkDecide)?;
            scene.trail.object_kind = Some("link_decision");
            scene.trail.object_id = Some(decision.0);
            let (mut row, entries, whole) = self.decision_seen(scene, &permit, &chronology, decision)?;
            if row.withdrawn_at.is_some() {
                return Err(ServiceError::Conflict("already_withdrawn"));
            }
            if input.reason.as_str().trim().is_empty() {
                return Err(ServiceError::fault("/reason", "required", "a reason in words"));
            }
            let reasons = if whole { self.reasons(&row, scene.now())? } else { None };
            let before = row.version;
            row.version += 1;
            row.updated_at = scene.now();
            (row.withdrawn_at, row.withdrawn_by) = (Some(scene.now()), Some(scene.me()));
            // Reasons that are gone, or that this person may not read, are not written over.
            if let Some(reasons) = reasons {
                let reasons = Reasons { withdrawal_reason: Some(input.reason.clone()), ..reasons };
                self.seal_reasons(&mut row, scene.now(), &reasons)?;
            } else {
                (row.wrapped_key, row.sealed) = (None, None);
            }
            let end = end_of(&row, &chronology, scene.now());
            scene.trail.expires_at = Some(end);
            store::link_decisions::update(scene.tx, &row, before)?;
            Ok(out(&row, &entries, None, end))
        })
    }

    /// Decisions about a chronology, oldest first, those taken back too.
    ///
    /// # Errors
    /// As every read.
    pub fn link_decisions(&self, call: &Call, id: ChronologyId, query: PageQuery) -> Answer<Page<LinkDecisionOut>> {
        self.read(call, Operation::LinkDecisionRead, trail(id), |scene| {
            let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::LinkDecisionRead)?;
            let seen = self.entries_seen(scene, &permit, &chronology)?;
            let slice = self.slice(scene, "link_decisions", &query)?;
            let rows = store::link_decisions::page(scene.tx, &permit, id, slice.after, slice.limit + 1)?;
            let ids: Vec<LinkDecisionId> = rows.iter().map(|row| row.id).collect();
            let mut about = store::link_decisions::entries(scene.tx, &permit, &ids)?;
            let now = scene.now();
            let key = |row: &LinkDecisionRow| (row.created_at, row.id.0);
            let page = self.page(scene, "link_decisions", &slice, rows, key, |row| {
                let end = end_of(&row, &chronology, now);
                self.shown(&row, about.remove(&row.id).unwrap_or_default(), &seen, now, end)
            })?;
            Ok(Page { items: page.items.into_iter().flatten().collect(), next: page.next })
        })
    }

    /// One decision.
    ///
    /// # Errors
    /// As every read.
    pub fn link_decision(&self, call: &Call, id: ChronologyId, decision: LinkDecisionId) -> Answer<LinkDecisionOut> {
        self.read(call, Operation::LinkDecisionRead, trail(id), |scene| {
            scene.trail.object_kind = Some("link_decision");
            scene.trail.object_id = Some(decision.0);
            let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::LinkDecisionRead)?;
            let (row, entries, whole) = self.decision_seen(scene, &permit, &chronology, decision)?;
            let reasons = if whole { self.reasons(&row, scene.now())? } else { None };
            Ok(out(&row, &entries, reasons, end_of(&row, &chronology, scene.now())))
        })
    }

    /// Takes everything that was kept about a fragment's place among links away, before the fragment goes.
    pub(crate) fn forget_links(
        &self,
        tx: &mut store::Tx<'_>,
        partnership: domain::PartnershipId,
        chronology: Option<ChronologyId>,
        fragment: FragmentId,
    ) -> Answer<()> {
        let Some(chronology) = chronology else { return Ok(()) };
        store::link_decisions::forget_fragment(tx, partnership, fragment)?;
        Ok(store::event_links::forget(tx, partnership, chronology)?)
    }

    /// Gives the reasons of a chronology's decisions the expiry of the first of what they are about, after expiries have
    /// changed.
    pub(crate) fn settle_decisions(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
    ) -> Answer<()> {
        let (now, partnership) = (scene.now(), permit.partnership());
        let rows = store::link_decisions::page(scene.tx, permit, chronology.id, None, i64::MAX)?;
        if rows.is_empty() {
            return Ok(());
        }
        let fragments = store::fragments::list(scene.tx, partnership, chronology.id, now)?;
        let ends: BTreeMap<FragmentId, Instant> = fragments.iter().map(|row| (row.id, row.expires_at)).collect();
        let ids: Vec<LinkDecisionId> = rows.iter().map(|row| row.id).collect();
        let about = store::link_decisions::entries(scene.tx, permit, &ids)?;
        for row in rows {
            let concerned = about.get(&row.id).into_iter().flatten();
            let first = concerned.filter_map(|entry| ends.get(&entry.fragment_id).copied());
            let expires_at = first.chain([chronology.expires_at]).min().unwrap_or(chronology.expires_at);
            let Some(wrapped) = row.wrapped_key.as_ref().filter(|_| expires_at != row.expires_at) else { continue };
            let (from, to) = (of_chronology(chronology.id, row.expires_at), of_chronology(chronology.id, expires_at));
            let wrapped = self.vault().rewrap(now, &from, &to, &decision_place(&row), wrapped.as_ref())?;
            store::link_decisions::set_lifetime(scene.tx, partnership, row.id, expires_at, &wrapped.into())?;
        }
        Ok(())
    }

    /// Entries sorted into events as the caller sees them now.
    fn rows_as_shown(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        entries: &[LiveEntry],
    ) -> Answer<SortedEvents> {
        let family = self.open_family(scene, permit, chronology.family_id)?;
        Ok(self.linked(scene, permit, chronology, entries, &child_facts(&family))?.decided(entries))
    }

    fn check_room_for_decision(&self, scene: &mut Scene<'_, '_>, permit: &Permit, id: ChronologyId) -> Answer<()> {
        let made = store::link_decisions::page(scene.tx, permit, id, None, i64::MAX)?.len();
        if made < MAX_DECISIONS {
            return Ok(());
        }
        Err(ServiceError::fault("", "too_many_decisions", "a chronology has at most 1,000 decisions about links"))
    }

    fn new_decision(
        &self,
        scene: &Scene<'_, '_>,
        chronology: &ChronologyRow,
        input: &LinkDecisionIn,
        about: &[(&LiveEntry, i64)],
        expires_at: Instant,
    ) -> Answer<(LinkDecisionRow, Vec<DecidedEntryRow>)> {
        let now = scene.now();
        let mut row = LinkDecisionRow {
            id: LinkDecisionId::new(self.ids(), now),
            partnership_id: chronology.partnership_id,
            chronology_id: chronology.id,
            verdict: input.decision,
            author_id: scene.me(),
            expires_at,
            wrapped_key: None,
            sealed: None,
            withdrawn_at: None,
            withdrawn_by: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        self.seal_reasons(&mut row, now, &Reasons { reason: input.reason.clone(), withdrawal_reason: None })?;
        let entries = about.iter().map(|(entry, side)| DecidedEntryRow {
            decision_id: row.id,
            entry_id: entry.entry_id,
            partnership_id: row.partnership_id,
            fragment_id: entry.fragment_id,
            side: *side,
        });
        let entries = entries.collect();
        Ok((row, entries))
    }

    fn seal_reasons(&self, row: &mut LinkDecisionRow, now: Instant, reasons: &Reasons) -> Answer<()> {
        let terms = of_chronology(row.chronology_id, row.expires_at);
        let sealed = self.seal(&decision_place(row), &terms, now, reasons)?;
        (row.wrapped_key, row.sealed) = (Some(sealed.wrapped_key.into()), Some(sealed.sealed.into()));
        Ok(())
    }

    /// The reasons of a decision, while they live.
    fn reasons(&self, row: &LinkDecisionRow, now: Instant) -> Answer<Option<Reasons>> {
        let (Some(wrapped), Some(sealed)) = (&row.wrapped_key, &row.sealed) else { return Ok(None) };
        if !reason_lives(row, now) {
            return Ok(None);
        }
        let terms = of_chronology(row.chronology_id, row.expires_at);
        self.unseal(&decision_place(row), &terms, now, wrapped.as_ref(), sealed.as_ref()).map(Some)
    }

    fn entries_seen(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
    ) -> Answer<BTreeSet<EntryId>> {
        let opened = self.open_content(scene, permit, permit.actor(), chronology)?;
        Ok(opened.entries.iter().map(|entry| entry.entry_id).collect())
    }

    /// A decision with those of its entries that the caller may see, and whether that is all of them. One about nothing
    /// that the caller sees is absent.
    fn decision_seen(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        id: LinkDecisionId,
    ) -> Answer<(LinkDecisionRow, Vec<DecidedEntryRow>, bool)> {
        let found = store::link_decisions::find(scene.tx, permit, id)?;
        let row = found.filter(|row| row.chronology_id == chronology.id).ok_or(ServiceError::NotFound)?;
        let seen = self.entries_seen(scene, permit, chronology)?;
        let mut about = store::link_decisions::entries(scene.tx, permit, &[id])?.remove(&id).unwrap_or_default();
        let all = about.len();
        about.retain(|entry| seen.contains(&entry.entry_id));
        if about.is_empty() {
            return Err(ServiceError::NotFound);
        }
        let whole = about.len() == all;
        Ok((row, about, whole))
    }

    /// A decision as it is listed; none when it is about nothing that the caller may see.
    fn shown(
        &self,
        row: &LinkDecisionRow,
        mut about: Vec<DecidedEntryRow>,
        seen: &BTreeSet<EntryId>,
        now: Instant,
        end: Instant,
    ) -> Answer<Option<LinkDecisionOut>> {
        let all = about.len();
        about.retain(|entry| seen.contains(&entry.entry_id));
        if about.is_empty() {
            return Ok(None);
        }
        let reasons = if about.len() == all { self.reasons(row, now)? } else { None };
        Ok(Some(out(row, &about, reasons, end)))
    }
}

/// The entries that are decided about, each with its side.
fn about<'e>(checked: &Checked, entries: &'e [LiveEntry]) -> Vec<(&'e LiveEntry, i64)> {
    let sides = checked.entries.iter().map(|id| (id, 0)).chain(checked.with.iter().map(|id| (id, 1)));
    sides.filter_map(|(id, side)| Some((entries.iter().find(|entry| entry.entry_id == *id)?, side))).collect()
}

/// Every entry is there and seen, each once; both sides are there; and there is a reason.
fn check(input: &LinkDecisionIn, entries: &[LiveEntry], shown: &SortedEvents) -> Answer<Checked> {
    let mut faults = Vec::new();
    let mut named = BTreeSet::new();
    for (field, ids) in [("entries", &input.entries), ("with", &input.with)] {
        for (at, id) in ids.iter().enumerate() {
            let pointer = format!("/{field}/{at}");
            if !entries.iter().any(|entry| entry.entry_id == *id) {
                faults.push(Fault::new(pointer, "unknown", "no such entry on this timeline"));
            } else if !named.insert(*id) {
                faults.push(Fault::new(pointer, "duplicate", "each entry is named once"));
            }
        }
    }
    if input.reason.as_str().trim().is_empty() {
        faults.push(Fault::new("/reason", "required", "a reason in words"));
    }
    let with = match input.decision {
        LinkVerdict::DifferentEvents if input.with.is_empty() => others_on_their_rows(&input.entries, entries, shown),
        _ => input.with.clone(),
    };
    faults.extend(sides_missing(input, &with));
    if faults.is_empty() {
        Ok(Checked { entries: input.entries.clone(), with })
    } else {
        Err(ServiceError::Invalid(faults))
    }
}

fn sides_missing(input: &LinkDecisionIn, with: &[EntryId]) -> Option<Fault> {
    let missing = match input.decision {
        LinkVerdict::SameEvent => (input.entries.len() + with.len() < 2).then_some("name two entries or more"),
        LinkVerdict::DifferentEvents => with.is_empty().then_some("nothing else stands on their row to be kept apart"),
        LinkVerdict::Related | LinkVerdict::NotRelated => with.is_empty().then_some("name an entry of the other event"),
    };
    missing.map(|message| Fault::new("/with", "required", message))
}

/// What else stands on the rows of these entries.
fn others_on_their_rows(ids: &[EntryId], entries: &[LiveEntry], shown: &SortedEvents) -> Vec<EntryId> {
    let id = |place: &usize| entries.get(*place).map(|entry| entry.entry_id);
    let rows = shown.clusters.iter().map(|cluster| cluster.members.iter().filter_map(id).collect::<Vec<_>>());
    let theirs = rows.filter(|row| row.iter().any(|entry| ids.contains(entry)));
    theirs.flatten().filter(|entry| !ids.contains(entry)).collect()
}

/// When a decision expires as it is shown: with its reasons, and once these are gone with the chronology.
fn end_of(row: &LinkDecisionRow, chronology: &ChronologyRow, now: Instant) -> Instant {
    if reason_lives(row, now) { row.expires_at } else { chronology.expires_at }
}

fn out(
    row: &LinkDecisionRow,
    about: &[DecidedEntryRow],
    reasons: Option<Reasons>,
    expires_at: Instant,
) -> LinkDecisionOut {
    let side = |wanted: i64| about.iter().filter(|entry| entry.side == wanted).map(|entry| entry.entry_id).collect();
    let (reason, withdrawal_reason) = match reasons {
        Some(reasons) => (Some(reasons.reason), reasons.withdrawal_reason),
        None => (None, None),
    };
    LinkDecisionOut {
        id: row.id,
        chronology_id: row.chronology_id,
        decision: row.verdict,
        entries: side(0),
        with: side(1),
        reason,
        decided_by: row.author_id,
        decided_at: row.created_at,
        withdrawn_at: row.withdrawn_at,
        withdrawn_by: row.withdrawn_by,
        withdrawal_reason,
        expires_at,
        version: row.version,
    }
}
