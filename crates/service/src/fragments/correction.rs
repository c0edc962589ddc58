//! Corrections: what a submission changes in the current version, which entry corrects which, and
//! which markings an entry inherits when the submission does not set any.

use std::collections::BTreeMap;

use contract::{EntryReceipt, FragmentReceipt};
use domain::{
    AccessPermit, EntryDetails, EntryId, FragmentState, Marking, SubmissionOutcome, may_read_entry,
};
use kernel::{ServiceError, ServiceResult, UnitOfWork};
use store::{FragmentRow, FragmentVersionRow};

use crate::fragments::Fragments;
use crate::fragments::submission::build_receipt;
use crate::fragments::validation::Submission;
use crate::records::{
    FamilyView, PreviousVersion, VisibleVersion, has_same_access, is_access_limited,
    position_among_alike, with_expiry,
};

impl Fragments {
    /// Stores a new version of the fragment, or nothing when the content is unchanged. `family` is
    /// the family as the sender knows it; its protected addresses are checked.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] when a text discloses a protected address;
    /// [`ServiceError::NotFound`] when the current version is gone.
    pub(super) fn apply_correction(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        (row, family): (FragmentRow, &FamilyView),
        submission: Submission,
    ) -> ServiceResult<(FragmentReceipt, Vec<EntryDetails>)> {
        let now = uow.now();
        let current = store::fragments::version(uow.tx, permit, row.id, row.version, now)?;
        let current = current.ok_or(ServiceError::NotFound)?;
        let before = self.load_previous_version(uow, permit, (&row, &current), &submission)?;
        let (submission, carried_over) =
            self.merge_with_current(uow, permit, &row, submission, &before.entries)?;
        self.refuse_addresses_in_submission(uow, permit, family, (&submission, &carried_over))?;
        let is_unchanged = current.content_index.as_ref() == submission.content_index.as_slice()
            && row.state == FragmentState::Submitted;
        let receipt = if is_unchanged {
            uow.audit.set_object(row.id);
            build_receipt(&row, &before.entries, SubmissionOutcome::Unchanged)
        } else {
            self.store_correction(uow, permit, (&current, &before), &submission)?
        };
        let visible = without_carried_over(receipt, submission.entries, &carried_over);
        self.with_visible_version(uow, permit, visible)
    }

    /// Stores a corrected fragment as a new version. A new expiry applies to its earlier versions
    /// as well.
    fn store_correction(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        (current, before): (&FragmentVersionRow, &PreviousVersion),
        submission: &Submission,
    ) -> ServiceResult<FragmentReceipt> {
        let former_row = &before.row;
        let mut row = former_row.clone();
        row.version += 1;
        row.updated_at = uow.now();
        row.state = FragmentState::Submitted;
        row.author_id = uow.caller_id();
        row.child_id = submission.child;
        if submission.expires_at != current.expires_at || row.wrapped_until.is_none() {
            row = with_expiry(row, submission.expires_at);
            self.records
                .fragments
                .rewrap_versions(uow, permit, former_row, &row)?;
        }
        store::fragments::update(uow.tx, &row, former_row.version)?;
        uow.audit.disclosures.lowered_entries =
            self.count_lowered_markings(&before.entries, &submission.entries);
        let outcome = SubmissionOutcome::Updated;
        let receipt = self.store_version(uow, &row, submission, Some(before), outcome)?;
        self.records
            .families
            .update_family_expiry(uow, permit, row.family_id)?;
        if row.expires_at != current.expires_at {
            self.records
                .fragments
                .update_origin_expiry(uow, permit, &row, row.expires_at)?;
        }
        Ok(receipt)
    }

    /// Number of entries that a correction makes visible to more people than before.
    fn count_lowered_markings(
        &self,
        before: &[(EntryId, EntryDetails)],
        after: &[EntryDetails],
    ) -> i64 {
        let ids = self.assign_entry_ids(before, after);
        let opened = ids.iter().zip(after).filter(|(id, new)| {
            let old = before
                .iter()
                .find(|(known, _)| known == *id)
                .map(|(_, old)| old);
            old.is_some_and(|old| is_marking_lowered(old, new))
        });
        i64::try_from(opened.count()).unwrap_or(i64::MAX)
    }

    /// The fragment's current version, in the form that a correction replaces.
    fn load_previous_version(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        (row, current): (&FragmentRow, &FragmentVersionRow),
        submission: &Submission,
    ) -> ServiceResult<PreviousVersion> {
        let (_, sealed) = self
            .records
            .fragments
            .open_version(uow.now(), row, current)?;
        let entries = self
            .records
            .fragments
            .open_entries(uow, permit, row, current)?;
        let old = entries.iter().map(|(_, entry)| entry);
        let access_limited =
            submission.entries.is_empty() || old.chain(&submission.entries).any(is_access_limited);
        let versions = if access_limited && sealed.histories.is_empty() {
            let rows = store::fragments::versions(uow.tx, permit, row.id, uow.session.now)?;
            rows.into_iter()
                .map(|row| VisibleVersion {
                    version: row.version,
                    at: row.created_at,
                })
                .collect()
        } else {
            Vec::new()
        };
        Ok(PreviousVersion {
            row: row.clone(),
            details: sealed.details,
            entries,
            histories: sealed.histories,
            versions,
        })
    }

    /// The receipt with the fragment's version number as the caller counts versions.
    fn with_visible_version(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        (receipt, entries): (FragmentReceipt, Vec<EntryDetails>),
    ) -> ServiceResult<(FragmentReceipt, Vec<EntryDetails>)> {
        let found = store::fragments::find(uow.tx, permit.partnership(), receipt.fragment_id)?;
        let row = found.ok_or(ServiceError::NotFound)?;
        let version = self.visible_version_number(uow, permit, &row)?;
        Ok((FragmentReceipt { version, ..receipt }, entries))
    }

    /// The number of the fragment's current version as the permit holder counts versions.
    pub(super) fn visible_version_number(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
    ) -> ServiceResult<i64> {
        let reader = permit.reader();
        if reader.sees_all_entries_of(row.agency_id) {
            return Ok(row.version);
        }
        let found =
            store::fragments::version(uow.tx, permit, row.id, row.version, uow.session.now)?;
        let current = found.ok_or(ServiceError::NotFound)?;
        let (_, sealed) = self
            .records
            .fragments
            .open_version(uow.now(), row, &current)?;
        let current_version = VisibleVersion {
            version: current.version,
            at: current.created_at,
        };
        Ok(sealed
            .latest_visible_to(&reader, row.agency_id, current_version)
            .0)
    }

    /// Merges a submission with the current version. Entries without handling inherit the marking
    /// of the entry that they correct; entries that the sender may not see are carried over in
    /// place. The flags in the result mark the entries that were carried over.
    fn merge_with_current(
        &self,
        uow: &UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
        mut submission: Submission,
        before: &[(EntryId, EntryDetails)],
    ) -> ServiceResult<(Submission, Vec<bool>)> {
        let seen = visible_entries(permit, row, before.to_vec());
        let mut changed = inherit_markings(&mut submission, &seen);
        let mut carried_over = vec![false; submission.entries.len()];
        for (at, (id, entry)) in before.iter().enumerate() {
            // An identical entry in the submission already stands for this one.
            if seen.iter().any(|(known, _)| known == id) || submission.entries.contains(entry) {
                continue;
            }
            let at = at.min(submission.entries.len());
            submission.entries.insert(at, entry.clone());
            submission.unmarked.insert(at, false);
            carried_over.insert(at, true);
            changed = true;
        }
        if changed {
            submission.content_index = self.compute_content_index(uow, &submission)?;
        }
        Ok((submission, carried_over))
    }

    /// Whether the submission equals the current version once its entries have inherited their
    /// markings.
    pub(super) fn differs_only_in_markings(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        (row, current): (&FragmentRow, &FragmentVersionRow),
        submission: &Submission,
    ) -> ServiceResult<bool> {
        let sees_all_entries = permit.reader().sees_all_entries_of(row.agency_id);
        let same_count = usize::try_from(current.entry_count)
            .is_ok_and(|count| count == submission.entries.len());
        if sees_all_entries && (!same_count || !submission.unmarked.contains(&true)) {
            return Ok(false);
        }
        let rows = store::fragments::entries(uow.tx, permit, row.id, row.version, uow.session.now)?;
        if sees_all_entries && rows.iter().all(|entry| entry.marking == Marking::Normal) {
            return Ok(false);
        }
        let before = self
            .records
            .fragments
            .open_entries(uow, permit, row, current)?;
        if !sees_all_entries && visible_entries(permit, row, before.clone()).is_empty() {
            return Ok(false);
        }
        let (marked, _) = self.merge_with_current(uow, permit, row, submission.clone(), &before)?;
        Ok(current.content_index.as_ref() == marked.content_index.as_slice())
    }

    /// Assigns an id to each entry. An entry keeps the id of a previous one that is identical, has
    /// the same reference, has the same time and text, or has the same time and the same position
    /// among entries of its marking; otherwise it gets a new id.
    pub(super) fn assign_entry_ids(
        &self,
        before: &[(EntryId, EntryDetails)],
        after: &[EntryDetails],
    ) -> Vec<EntryId> {
        let mut free: BTreeMap<usize, &(EntryId, EntryDetails)> =
            before.iter().enumerate().collect();
        let mut ids: Vec<Option<EntryId>> = vec![None; after.len()];
        let is_identical = |_: usize, old: &EntryDetails, _: usize, new: &EntryDetails| old == new;
        let same_reference = |_: usize, old: &EntryDetails, _: usize, new: &EntryDetails| {
            old.reference.is_some() && old.reference == new.reference
        };
        let same_text = |_: usize, old: &EntryDetails, _: usize, new: &EntryDetails| {
            old.what == new.what
                && old.when.edtf() == new.when.edtf()
                && old.reference == new.reference
        };
        // Position among entries with the same access limits, so that adding or removing a marked
        // entry does not shift the others.
        let old_position =
            |at: usize| position_among_alike(before.iter().map(|(_, entry)| entry), at);
        let new_position = |at: usize| position_among_alike(after.iter(), at);
        let same_position =
            |old_at: usize, old: &EntryDetails, new_at: usize, new: &EntryDetails| {
                has_same_access(old, new)
                    && old_position(old_at) == new_position(new_at)
                    && old.when.edtf() == new.when.edtf()
                    && old.reference.is_none()
                    && new.reference.is_none()
            };
        type MatchRule<'s> = &'s dyn Fn(usize, &EntryDetails, usize, &EntryDetails) -> bool;
        let rules: [MatchRule<'_>; 4] =
            [&is_identical, &same_reference, &same_text, &same_position];
        for same in rules {
            for (at, (slot, new)) in ids.iter_mut().zip(after).enumerate() {
                if slot.is_none()
                    && let Some((old_at, (id, _))) = free
                        .iter()
                        .find(|(old_at, (_, old))| same(**old_at, old, at, new))
                {
                    *slot = Some(*id);
                    let taken = *old_at;
                    free.remove(&taken);
                }
            }
        }
        ids.into_iter()
            .map(|id| id.unwrap_or_else(|| EntryId::new(self.kernel.ids())))
            .collect()
    }
}

/// The receipt and the entries without the entries that were carried over, which the sender may not
/// see; the positions in the receipt are counted again.
fn without_carried_over(
    receipt: FragmentReceipt,
    entries: Vec<EntryDetails>,
    carried_over: &[bool],
) -> (FragmentReceipt, Vec<EntryDetails>) {
    let is_visible = |at: usize| !carried_over.get(at).copied().unwrap_or_default();
    let listed = receipt
        .entries
        .into_iter()
        .enumerate()
        .filter(|(at, _)| is_visible(*at))
        .map(|(_, entry)| entry)
        .zip(0_i64..)
        .map(|(entry, position)| EntryReceipt { position, ..entry })
        .collect();
    let entries = entries
        .into_iter()
        .enumerate()
        .filter(|(at, _)| is_visible(*at))
        .map(|(_, entry)| entry)
        .collect();
    let receipt = FragmentReceipt {
        entries: listed,
        ..receipt
    };
    (receipt, entries)
}

/// Whether the correction lets more people see the entry, or lets it be shown to the family.
fn is_marking_lowered(old: &EntryDetails, new: &EntryDetails) -> bool {
    let is_offence = |entry: &EntryDetails| entry.category.as_str() == "CRIME";
    let named = new
        .handling
        .named_agencies
        .iter()
        .any(|agency| !old.handling.named_agencies.contains(agency));
    let restricted = old.handling.marking == Marking::Restricted;
    new.handling.marking < old.handling.marking
        || (is_offence(old) && !is_offence(new))
        || (restricted && named)
}

/// The entries that the permit holder may see.
pub(crate) fn visible_entries(
    permit: &AccessPermit,
    row: &FragmentRow,
    entries: Vec<(EntryId, EntryDetails)>,
) -> Vec<(EntryId, EntryDetails)> {
    let reader = permit.reader();
    let is_visible = |entry: &EntryDetails| {
        may_read_entry(&reader, row.agency_id, &entry.category, &entry.handling)
    };
    entries
        .into_iter()
        .filter(|(_, entry)| is_visible(entry))
        .collect()
}

/// Gives each entry without handling the marking of the entry that it corrects: the one with its
/// reference, else the one with its text and time, else, when neither has a reference, the most
/// strictly marked one of the same time whose text the submission does not repeat. Returns whether
/// any marking changed.
fn inherit_markings(submission: &mut Submission, before: &[(EntryId, EntryDetails)]) -> bool {
    let mut changed = false;
    let same_text_and_time = |old: &EntryDetails, new: &EntryDetails| {
        old.what == new.what && old.when.edtf() == new.when.edtf()
    };
    let repeated: Vec<bool> = before
        .iter()
        .map(|(_, old)| {
            submission
                .entries
                .iter()
                .any(|new| same_text_and_time(old, new))
        })
        .collect();
    for (new, _) in submission
        .entries
        .iter_mut()
        .zip(&submission.unmarked)
        .filter(|(_, unmarked)| **unmarked)
    {
        let old = || before.iter().map(|(_, old)| old);
        let by_reference =
            || old().find(|old| old.reference.is_some() && old.reference == new.reference);
        let by_text = || old().find(|old| same_text_and_time(old, new));
        let by_time = || {
            let others = before
                .iter()
                .zip(&repeated)
                .filter(|(_, repeated)| !**repeated)
                .map(|((_, old), _)| old);
            let candidates = others.filter(|old| old.when.edtf() == new.when.edtf());
            let candidates =
                candidates.filter(|old| old.reference.is_none() && new.reference.is_none());
            candidates.max_by_key(|old| old.handling.marking)
        };
        let corrected = by_reference().or_else(by_text).or_else(by_time);
        if let Some(old) = corrected.filter(|old| old.handling != new.handling) {
            new.handling = old.handling.clone();
            changed = true;
        }
    }
    changed
}
