//! Corrections: what a submission changes of a version that stands, which entry corrects which, and what an entry keeps when
//! the correction says nothing of it.

use std::collections::BTreeMap;

use domain::{EntryDetails, EntryId, Marking, Permit, may_read_entry};
use store::{FragmentRow, FragmentState, FragmentVersionRow};

use super::guarded::{is_guarded, kept_alike, place_among_alike};
use super::histories::{Before, VersionSeen};
use super::living_until;
use super::submitting::{Submission, receipt_of};
use crate::people::FamilyView;
use crate::session::Scene;
use crate::{Answer, EntryReceipt, FragmentReceipt, Service, ServiceError, SubmissionOutcome};

impl Service {
    /// Writes a new version over the standing one, or nothing when the content is the same. Protected addresses are those of
    /// `family`, as the sender knows it.
    pub(super) fn correct_standing(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        (mut row, family): (FragmentRow, &FamilyView),
        submission: Submission,
    ) -> Answer<(FragmentReceipt, Vec<EntryDetails>)> {
        let now = scene.now();
        let current = store::fragments::version(scene.tx, permit, row.id, row.version, now)?;
        let current = current.ok_or(ServiceError::NotFound)?;
        let before = self.standing_before(scene, permit, (&row, &current), &submission)?;
        let (submission, unseen) = self.over(scene, permit, &row, submission, &before.entries)?;
        let sent = |receipt: FragmentReceipt, entries: Vec<EntryDetails>| {
            let seen = |at: usize| !unseen.get(at).copied().unwrap_or_default();
            let listed = receipt.entries.into_iter().enumerate().filter(|(at, _)| seen(*at)).map(|(_, entry)| entry);
            let listed = listed.zip(0_i64..).map(|(entry, position)| EntryReceipt { position, ..entry }).collect();
            let entries = entries.into_iter().enumerate().filter(|(at, _)| seen(*at)).map(|(_, entry)| entry);
            (FragmentReceipt { entries: listed, ..receipt }, entries.collect())
        };
        self.refuse_told(scene, permit, family, (&submission, &unseen))?;
        if current.content_index.as_ref() == submission.content_index.as_slice()
            && row.state == FragmentState::Submitted
        {
            let receipt = receipt_of(&row, &before.entries, SubmissionOutcome::Unchanged);
            scene.trail.object_kind = Some("fragment");
            scene.trail.object_id = Some(row.id.0);
            return self.known_as(scene, permit, sent(receipt, submission.entries));
        }
        let was = row.clone();
        row.version += 1;
        row.updated_at = now;
        row.state = FragmentState::Submitted;
        row.author_id = scene.me();
        row.child_id = submission.child;
        if submission.expires_at != current.expires_at || row.wrapped_until.is_none() {
            row = living_until(row, submission.expires_at);
            self.rewrap_versions(scene, permit, &was, &row)?;
        }
        store::fragments::update(scene.tx, &row, was.version)?;
        scene.trail.told.lowered = self.lowered(&before.entries, &submission.entries);
        let receipt = self.store_version(scene, &row, &submission, Some(&before), SubmissionOutcome::Updated)?;
        self.settle_family(scene, permit, row.family_id)?;
        if row.expires_at != current.expires_at {
            self.settle_origin(scene, permit, &row, row.expires_at)?;
        }
        self.known_as(scene, permit, sent(receipt, submission.entries))
    }

    /// How many entries a correction opens to more people than before.
    fn lowered(&self, before: &[(EntryId, EntryDetails)], after: &[EntryDetails]) -> i64 {
        let ids = self.entry_ids(before, after);
        let opened = ids.iter().zip(after).filter(|(id, new)| {
            let old = before.iter().find(|(known, _)| known == *id).map(|(_, old)| old);
            old.is_some_and(|old| is_lowered(old, new))
        });
        i64::try_from(opened.count()).unwrap_or(i64::MAX)
    }

    /// What stands before a correction.
    fn standing_before(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        (row, current): (&FragmentRow, &FragmentVersionRow),
        submission: &Submission,
    ) -> Answer<Before> {
        let (_, sealed) = self.open_version(scene.now(), row, current)?;
        let entries = self.open_entries(scene, permit, row, current)?;
        let old = entries.iter().map(|(_, entry)| entry);
        let guarded = submission.entries.is_empty() || old.chain(&submission.entries).any(is_guarded);
        let versions = if guarded && sealed.histories.is_empty() {
            let rows = store::fragments::versions(scene.tx, permit, row.id, scene.session.now)?;
            rows.into_iter().map(|row| VersionSeen { version: row.version, at: row.created_at }).collect()
        } else {
            Vec::new()
        };
        Ok(Before { row: row.clone(), details: sealed.details, entries, histories: sealed.histories, versions })
    }

    /// A receipt with the fragment's version as its receiver knows it.
    fn known_as(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        (receipt, entries): (FragmentReceipt, Vec<EntryDetails>),
    ) -> Answer<(FragmentReceipt, Vec<EntryDetails>)> {
        let found = store::fragments::find(scene.tx, permit.partnership(), receipt.fragment_id)?;
        let row = found.ok_or(ServiceError::NotFound)?;
        let version = self.version_known_to(scene, permit, &row)?;
        Ok((FragmentReceipt { version, ..receipt }, entries))
    }

    /// The current version of a fragment as the permit's holder counts versions.
    pub(super) fn version_known_to(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: &FragmentRow,
    ) -> Answer<i64> {
        let reader = permit.reader();
        if reader.sees_every_entry_of(row.agency_id) {
            return Ok(row.version);
        }
        let found = store::fragments::version(scene.tx, permit, row.id, row.version, scene.session.now)?;
        let current = found.ok_or(ServiceError::NotFound)?;
        let (_, sealed) = self.open_version(scene.now(), row, &current)?;
        let whole = VersionSeen { version: current.version, at: current.created_at };
        Ok(sealed.seen_by(&reader, row.agency_id, whole).0)
    }

    /// A submission over a version that stands: entries that say nothing of who may see them are marked as the entries that
    /// they correct, and entries that the sender may not see stay as and where they are; which of them these are.
    fn over(
        &self,
        scene: &Scene<'_, '_>,
        permit: &Permit,
        row: &FragmentRow,
        mut submission: Submission,
        before: &[(EntryId, EntryDetails)],
    ) -> Answer<(Submission, Vec<bool>)> {
        let seen = seen_of(permit, row, before.to_vec());
        let mut changed = keep_markings(&mut submission, &seen);
        let mut unseen = vec![false; submission.entries.len()];
        for (at, (id, entry)) in before.iter().enumerate() {
            // One that was sent again in every particular stands for the one that is there.
            if seen.iter().any(|(known, _)| known == id) || submission.entries.contains(entry) {
                continue;
            }
            let at = at.min(submission.entries.len());
            submission.entries.insert(at, entry.clone());
            submission.unmarked.insert(at, false);
            unseen.insert(at, true);
            changed = true;
        }
        if changed {
            submission.content_index = self.content_index(scene, &submission)?;
        }
        Ok((submission, unseen))
    }

    /// Whether a submission that says nothing of who may see its entries is what stands already, marked.
    pub(super) fn is_same_but_for_markings(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        (row, current): (&FragmentRow, &FragmentVersionRow),
        submission: &Submission,
    ) -> Answer<bool> {
        let whole = permit.reader().sees_every_entry_of(row.agency_id);
        let as_many = usize::try_from(current.entry_count).is_ok_and(|count| count == submission.entries.len());
        if whole && (!as_many || !submission.unmarked.contains(&true)) {
            return Ok(false);
        }
        let rows = store::fragments::entries(scene.tx, permit, row.id, row.version, scene.session.now)?;
        if whole && rows.iter().all(|entry| entry.marking == Marking::Normal) {
            return Ok(false);
        }
        let before = self.open_entries(scene, permit, row, current)?;
        if !whole && seen_of(permit, row, before.clone()).is_empty() {
            return Ok(false);
        }
        let (marked, _) = self.over(scene, permit, row, submission.clone(), &before)?;
        Ok(current.content_index.as_ref() == marked.content_index.as_slice())
    }

    /// An id for each entry: the one it had before when it is the same in everything, has the same reference, or the same time
    /// and words, or else stands at the same place (among those of its marking) with the same time; otherwise a new one.
    pub(super) fn entry_ids(&self, before: &[(EntryId, EntryDetails)], after: &[EntryDetails]) -> Vec<EntryId> {
        let mut free: BTreeMap<usize, &(EntryId, EntryDetails)> = before.iter().enumerate().collect();
        let mut ids: Vec<Option<EntryId>> = vec![None; after.len()];
        let the_same = |_: usize, old: &EntryDetails, _: usize, new: &EntryDetails| old == new;
        let same_reference = |_: usize, old: &EntryDetails, _: usize, new: &EntryDetails| {
            old.reference.is_some() && old.reference == new.reference
        };
        let same_words = |_: usize, old: &EntryDetails, _: usize, new: &EntryDetails| {
            old.what == new.what && old.when.edtf() == new.when.edtf() && old.reference == new.reference
        };
        // The place among those that are kept from the same people: marked entries that come or go move no other.
        let old_place = |at: usize| place_among_alike(before.iter().map(|(_, entry)| entry), at);
        let new_place = |at: usize| place_among_alike(after.iter(), at);
        let same_place = |old_at: usize, old: &EntryDetails, new_at: usize, new: &EntryDetails| {
            kept_alike(old, new)
                && old_place(old_at) == new_place(new_at)
                && old.when.edtf() == new.when.edtf()
                && old.reference.is_none()
                && new.reference.is_none()
        };
        type Same<'s> = &'s dyn Fn(usize, &EntryDetails, usize, &EntryDetails) -> bool;
        let rules: [Same<'_>; 4] = [&the_same, &same_reference, &same_words, &same_place];
        for same in rules {
            for (at, (slot, new)) in ids.iter_mut().zip(after).enumerate() {
                if slot.is_none()
                    && let Some((old_at, (id, _))) = free.iter().find(|(old_at, (_, old))| same(**old_at, old, at, new))
                {
                    *slot = Some(*id);
                    let taken = *old_at;
                    free.remove(&taken);
                }
            }
        }
        ids.into_iter().map(|id| id.unwrap_or_else(|| EntryId::new(self.ids()))).collect()
    }
}

/// Whether anybody may see the new entry, or show it the family, who might not the old.
fn is_lowered(old: &EntryDetails, new: &EntryDetails) -> bool {
    let offence = |entry: &EntryDetails| entry.category.as_str() == "CRIME";
    let named = new.handling.named_agencies.iter().any(|agency| !old.handling.named_agencies.contains(agency));
    let restricted = old.handling.marking == Marking::Restricted;
    new.handling.marking < old.handling.marking || (offence(old) && !offence(new)) || (restricted && named)
}

/// Those of the entries that the permit's holder may see.
pub(super) fn seen_of(
    permit: &Permit,
    row: &FragmentRow,
    entries: Vec<(EntryId, EntryDetails)>,
) -> Vec<(EntryId, EntryDetails)> {
    let reader = permit.reader();
    let may = |entry: &EntryDetails| may_read_entry(&reader, row.agency_id, &entry.category, &entry.handling);
    entries.into_iter().filter(|(_, entry)| may(entry)).collect()
}

/// Entries of a correction that say nothing of who may see them are marked as the entry that each corrects: the one with its
/// reference, or with its words and time, or, where neither has a reference, the most strictly marked of its time that is not
/// there word for word. Says whether that changed anything.
fn keep_markings(submission: &mut Submission, before: &[(EntryId, EntryDetails)]) -> bool {
    let mut changed = false;
    let said = |old: &EntryDetails, new: &EntryDetails| old.what == new.what && old.when.edtf() == new.when.edtf();
    let repeated: Vec<bool> =
        before.iter().map(|(_, old)| submission.entries.iter().any(|new| said(old, new))).collect();
    for (new, _) in submission.entries.iter_mut().zip(&submission.unmarked).filter(|(_, unmarked)| **unmarked) {
        let old = || before.iter().map(|(_, old)| old);
        let by_reference = || old().find(|old| old.reference.is_some() && old.reference == new.reference);
        let by_words = || old().find(|old| said(old, new));
        let by_time = || {
            let others = before.iter().zip(&repeated).filter(|(_, repeated)| !**repeated).map(|((_, old), _)| old);
            let alike = others.filter(|old| old.when.edtf() == new.when.edtf());
            let alike = alike.filter(|old| old.reference.is_none() && new.reference.is_none());
            alike.max_by_key(|old| old.handling.marking)
        };
        let corrected = by_reference().or_else(by_words).or_else(by_time);
        if let Some(old) = corrected.filter(|old| old.handling != new.handling) {
            new.handling = old.handling.clone();
            changed = true;
        }
    }
    changed
}
