//! What people decide about links: made with a reason, taken back with a reason, never changed.

use std::collections::BTreeSet;

use domain::{ChronologyId, EntryId, Instant, LinkDecisionId, LinkVerdict, Operation, Permit};
use store::{ChronologyRow, DecidedEntryRow, LinkDecisionRow};
use timeline::{LiveEntry, SortedEvents};

use super::reasons::Reasons;
use super::showing::{end_of, out};
use crate::chronologies::{Admitted, trail};
use crate::session::{Call, Scene};
use crate::timeline::{Opened, family_facts};
use crate::{
    Answer, Conflict, Fault, LinkDecisionIn, LinkDecisionOut, LinkWithdrawalIn, Service, ServiceError, Written,
};

/// Decisions about one chronology, at most, withdrawn ones included.
const MAX_DECISIONS: usize = 1_000;

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
        self.write_once(
            call,
            Operation::LinkDecide,
            trail(id),
            |scene| {
                let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::LinkDecide)?;
                self.refuse_addresses(scene, &permit, chronology.family_id, &input)?;
                let opened = self.open_content(scene, &permit, &permit.reader(), &chronology, None)?;
                let shown = self.rows_as_shown(scene, &permit, &chronology, &opened)?;
                let checked = check(&input, &opened.entries, &shown)?;
                self.check_room_for_decision(scene, &permit, id)?;
                let about = about(&checked, &opened.entries);
                let (mut row, entries) = new_decision(self.ids(), scene, &chronology, &input, &about);
                let expires_at = first_end(&entries, &opened, &chronology);
                row.expires_at = expires_at;
                let reasons = Reasons { reason: Some(input.reason.clone()), withdrawal_reason: None };
                self.seal_reasons(&mut row, scene.now(), &reasons)?;
                scene.trail.object_kind = Some("link_decision");
                scene.trail.object_id = Some(row.id.0);
                scene.trail.expires_at = Some(expires_at);
                store::link_decisions::insert(scene.tx, &row, &entries)?;
                Ok(out(&row, &entries, None, expires_at))
            },
            |scene, kept| self.read_link_decision(scene, id, LinkDecisionId(kept.object_id), false),
        )
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
        self.write_once(
            call,
            Operation::LinkDecide,
            trail(id),
            |scene| {
                let Admitted { permit, row: chronology } = self.admit(scene, id, Operation::LinkDecide)?;
                scene.trail.object_kind = Some("link_decision");
                scene.trail.object_id = Some(decision.0);
                self.refuse_addresses(scene, &permit, chronology.family_id, &input)?;
                let (mut row, entries, opened) = self.decision_seen(scene, &permit, &chronology, decision)?;
                if row.withdrawn_at.is_some() {
                    return Err(ServiceError::Conflict(Conflict::AlreadyWithdrawn));
                }
                if input.reason.as_str().trim().is_empty() {
                    return Err(ServiceError::fault("/reason", "required", "a reason in words"));
                }
                let reason = self.reasons(&row, scene.now())?.and_then(|reasons| reasons.reason);
                let before = row.version;
                row.version += 1;
                row.updated_at = scene.now();
                (row.withdrawn_at, row.withdrawn_by) = (Some(scene.now()), Some(scene.me()));
                row.expires_at = first_end(&entries, &opened, &chronology);
                self.seal_reasons(
                    &mut row,
                    scene.now(),
                    &Reasons { reason, withdrawal_reason: Some(input.reason.clone()) },
                )?;
                let end = end_of(&row, &chronology, scene.now());
                scene.trail.expires_at = Some(end);
                store::link_decisions::update(scene.tx, &row, before)?;
                Ok(out(&row, &entries, None, end))
            },
            |scene, _| self.read_link_decision(scene, id, decision, false),
        )
    }

    /// Entries sorted into events as the caller sees them now.
    fn rows_as_shown(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        opened: &Opened,
    ) -> Answer<SortedEvents> {
        let family = self.open_family(scene, permit, chronology.family_id)?;
        Ok(self.linked(scene, permit, chronology, opened, &family_facts(&family))?.decided(&opened.entries))
    }

    fn check_room_for_decision(&self, scene: &mut Scene<'_, '_>, permit: &Permit, id: ChronologyId) -> Answer<()> {
        let made = store::link_decisions::page(scene.tx, permit, id, None, i64::MAX)?.len();
        if made < MAX_DECISIONS {
            return Ok(());
        }
        Err(ServiceError::fault("", "too_many_decisions", "a chronology has at most 1,000 decisions about links"))
    }
}

/// A decision without its reasons, with the entries it is about.
fn new_decision(
    ids: &dyn domain::Ids,
    scene: &Scene<'_, '_>,
    chronology: &ChronologyRow,
    input: &LinkDecisionIn,
    about: &[(&LiveEntry, i64)],
) -> (LinkDecisionRow, Vec<DecidedEntryRow>) {
    let now = scene.now();
    let row = LinkDecisionRow {
        id: LinkDecisionId::new(ids, now),
        partnership_id: chronology.partnership_id,
        chronology_id: chronology.id,
        verdict: input.decision,
        author_id: scene.me(),
        expires_at: chronology.expires_at,
        wrapped_key: None,
        sealed: None,
        withdrawn_at: None,
        withdrawn_by: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let entry = |(entry, side): &(&LiveEntry, i64)| DecidedEntryRow {
        decision_id: row.id,
        entry_id: entry.entry_id,
        partnership_id: row.partnership_id,
        fragment_id: entry.fragment_id,
        side: *side,
    };
    let entries = about.iter().map(entry).collect();
    (row, entries)
}

/// When the first of what a decision is about expires.
fn first_end(about: &[DecidedEntryRow], opened: &Opened, chronology: &ChronologyRow) -> Instant {
    let fragments = about.iter().filter_map(|entry| opened.expires.get(&entry.fragment_id).copied());
    fragments.chain([chronology.expires_at]).min().unwrap_or(chronology.expires_at)
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
    let with = if input.decision == LinkVerdict::DifferentEvents && input.with.is_empty() {
        others_on_their_rows(&input.entries, entries, shown)
    } else {
        input.with.clone()
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
