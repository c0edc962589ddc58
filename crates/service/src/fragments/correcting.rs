//! Corrections: what a submission changes of a version that stands, which entry corrects which, and what an entry keeps when
//! the correction says nothing of it.

use std::collections::BTreeMap;

use domain::{EntryDetails, EntryId, Marking, Permit, may_read_entry};
use store::{FragmentRow, FragmentState, FragmentVersionRow};

use super::guarded::{kept_alike, place_among_alike};
use super::histories::{Before, VersionSeen};
use super::living_until;
use super::submitting::{Submission, receipt_of};
use crate::session::Scene;
use crate::{Answer, FragmentReceipt, Service, ServiceError, SubmissionOutcome};

impl Service {
    /// Writes a new version over the standing one, or nothing when the content is the same.
    pub(super) fn correct_standing(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        mut row: FragmentRow,
        submission: Submission,
    ) -> Answer<(FragmentReceipt, Vec<EntryDetails>)> {
        let now = scene.now();
        let current = store::fragments::version(scene.tx, permit, row.id, row.version, now)?;
        let current = current.ok_or(ServiceError::NotFound)?;
        let before = self.standing_before(scene, permit, &row, &current)?;
        let submission = self.over(scene, submission, &before.entries)?;
        let unseen = unseen_in(permit, &row, &before.entries, &submission);
        let submission = self.with_unseen(scene, submission, &unseen)?;
        let of_sender = submission.entries.len() - unseen.len();
        let sent = |mut receipt: FragmentReceipt, mut entries: Vec<EntryDetails>| {
            receipt.entries.truncate(of_sender);
            entries.truncate(of_sender);
            (receipt, entries)
        };
        if current.content_index.as_ref() == submission.content_index.as_slice()
            && row.state == FragmentState::Submitted
        {
            let seen = seen_of(permit, &row, before.entries);
            let receipt = receipt_of(&row, &seen, SubmissionOutcome::Unchanged);
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
        let receipt = self.store_version(scene, &row, &submission, Some(&before), SubmissionOutcome::Updated)?;
        self.settle_family(scene, permit, row.family_id)?;
        if row.expires_at != current.expires_at {
            self.settle_origin(scene, permit, &row, row.expires_at)?;
        }
        self.known_as(scene, permit, sent(receipt, submission.entries))
    }

    /// What stands before a correction.
    fn standing_before(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        row: &FragmentRow,
        current: &FragmentVersionRow,
    ) -> Answer<Before> {
        let (_, sealed) = self.open_version(scene.now(), row, current)?;
        let entries = self.open_entries(scene, permit, row, current)?;
        let versions = if sealed.histories.is_empty() {
            let rows = store::fragments::versions(scene.tx, permit, row.id, scene.session.now)?;
            rows.into_iter().map(|row| VersionSeen { version: row.version, at: row.created_at }).collect()
        } else {
            Vec::new()
        };
        Ok(Before { row: row.clone(), details: sealed.details, entries, histories: sealed.histories, versions })
    }

    /// A correction with what its sender may not see of what stands, which it leaves as it is.
    fn with_unseen(
        &self,
        scene: &Scene<'_, '_>,
        mut submission: Submission,
        unseen: &[EntryDetails],
    ) -> Answer<Submission> {
        if !unseen.is_empty() {
            submission.entries.extend_from_slice(unseen);
            submission.unmarked.extend(unseen.iter().map(|_| false));
            submission.content_index = self.content_index(scene, &submission)?;
        }
        Ok(submission)
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
    /// they correct.
    fn over(
        &self,
        scene: &Scene<'_, '_>,
        mut submission: Submission,
        before: &[(EntryId, EntryDetails)],
    ) -> Answer<Submission> {
        if keep_markings(&mut submission, before) {
            submission.content_index = self.content_index(scene, &submission)?;
        }
        Ok(submission)
    }

    /// Whether a submission that says nothing of who may see its entries is what stands already, marked.
    pub(super) fn is_same_but_for_markings(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        (row, current): (&FragmentRow, &FragmentVersionRow),
        submission: &Submission,
    ) -> Answer<bool> {
        let as_many = usize::try_from(current.entry_count).is_ok_and(|count| count == submission.entries.len());
        if !as_many || !submission.unmarked.contains(&true) {
            return Ok(false);
        }
        let rows = store::fragments::entries(scene.tx, permit, row.id, row.version, scene.session.now)?;
        if rows.iter().all(|entry| entry.marking == Marking::Normal) {
            return Ok(false);
        }
        let before = self.open_entries(scene, permit, row, current)?;
        let marked = self.over(scene, submission.clone(), &before)?;
        Ok(current.content_index.as_ref() == marked.content_index.as_slice())
    }

    /// An id for each entry: the one it had before when it has the same reference, or the same time and words, or else
    /// stands at the same place (among those of its marking) with the same time; otherwise a new one.
    pub(super) fn entry_ids(&self, before: &[(EntryId, EntryDetails)], after: &[EntryDetails]) -> Vec<EntryId> {
        let mut free: BTreeMap<usize, &(EntryId, EntryDetails)> = before.iter().enumerate().collect();
        let mut ids: Vec<Option<EntryId>> = vec![None; after.len()];
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
        let rules: [Same<'_>; 3] = [&same_reference, &same_words, &same_place];
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

/// What stands that the sender of a correction may not see and does not send again: social care that enters a fragment for an
/// agency without access need not see all of it.
fn unseen_in(
    permit: &Permit,
    row: &FragmentRow,
    before: &[(EntryId, EntryDetails)],
    submission: &Submission,
) -> Vec<EntryDetails> {
    let reader = permit.reader();
    let may = |entry: &EntryDetails| may_read_entry(&reader, row.agency_id, &entry.category, &entry.handling);
    let sent_again = |old: &EntryDetails| {
        let same_reference = |new: &EntryDetails| old.reference.is_some() && old.reference == new.reference;
        let same_words = |new: &EntryDetails| old.what == new.what && old.when.edtf() == new.when.edtf();
        submission.entries.iter().any(|new| same_reference(new) || same_words(new))
    };
    before.iter().map(|(_, entry)| entry).filter(|entry| !may(entry) && !sent_again(entry)).cloned().collect()
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
