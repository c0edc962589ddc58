//! Storing a fragment: its row, and each version with its sealed entries.

use contract::FragmentReceipt;
use domain::{ChronologyId, EntryDetails, EntryId, FragmentId, FragmentState, SubmissionOutcome};
use kernel::{ServiceResult, UnitOfWork, to_json_bytes};
use store::{EntryRow, FragmentRow, FragmentVersionRow};
use vault::DataKey;

use crate::fragments::Fragments;
use crate::fragments::quota::check_content_quota;
use crate::fragments::submission::build_receipt;
use crate::fragments::validation::Submission;
use crate::records::{
    PreviousVersion, SealedVersion, VersionContent, build_histories, entry_location,
    fragment_terms, version_location,
};

impl Fragments {
    pub(super) fn new_fragment_row(
        &self,
        uow: &UnitOfWork<'_, '_>,
        chronology: Option<ChronologyId>,
        family: domain::FamilyId,
        submission: &Submission,
    ) -> FragmentRow {
        let now = uow.now();
        let reference = submission.details.agency_reference.as_deref();
        FragmentRow {
            id: FragmentId::new(self.kernel.ids(), now),
            partnership_id: uow.actor().partnership,
            agency_id: submission.agency,
            chronology_id: chronology,
            family_id: family,
            child_id: submission.child,
            proxy_by_agency: submission.proxy_by,
            reference_index: reference.map(|reference| self.reference_index(uow, reference).into()),
            state: FragmentState::Submitted,
            author_id: uow.caller_id(),
            expires_at: submission.expires_at,
            wrapped_until: Some(submission.expires_at),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Seals and stores one version with its entries. An entry that corrects one of the previous
    /// version keeps its id.
    pub(super) fn store_version(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        row: &FragmentRow,
        submission: &Submission,
        before: Option<&PreviousVersion>,
        outcome: SubmissionOutcome,
    ) -> ServiceResult<FragmentReceipt> {
        check_content_quota(uow, row, submission)?;
        let now = uow.now();
        let location = version_location(row.id, row.version);
        let (key, wrapped_key) =
            self.kernel
                .create_key(uow.tx, now, &fragment_terms(row, row.expires_at), &location)?;
        let ids = self.assign_entry_ids(
            before.map_or(&[][..], |before| &before.entries),
            &submission.entries,
        );
        let entries: Vec<(EntryId, EntryDetails)> = ids
            .into_iter()
            .zip(submission.entries.iter().cloned())
            .collect();
        let content = VersionContent {
            row,
            details: &submission.details,
            entries: &entries,
        };
        let histories = build_histories(&content, before, now);
        let sealed =
            SealedVersion::of(submission.details.clone(), &entries, histories).into_bytes()?;
        let version = FragmentVersionRow {
            fragment_id: row.id,
            version: row.version,
            partnership_id: row.partnership_id,
            expires_at: row.expires_at,
            wrapped_key: wrapped_key.into(),
            sealed: key.seal(&location, &sealed)?.into(),
            content_index: submission.content_index.clone().into(),
            entry_count: i64::try_from(submission.entries.len()).unwrap_or(i64::MAX),
            author_id: uow.caller_id(),
            created_at: now,
        };
        let rows = self.seal_entries(uow, row, &key, &entries)?;
        store::fragments::insert_version(uow.tx, &version, &rows)?;
        uow.audit.set_object(row.id);
        uow.audit.entry_count = Some(version.entry_count);
        uow.audit.expires_at = Some(row.expires_at);
        Ok(build_receipt(row, &entries, outcome))
    }

    /// Seals the entries of a version under the version's key.
    fn seal_entries(
        &self,
        uow: &UnitOfWork<'_, '_>,
        row: &FragmentRow,
        key: &DataKey,
        entries: &[(EntryId, EntryDetails)],
    ) -> ServiceResult<Vec<EntryRow>> {
        let mut rows = Vec::with_capacity(entries.len());
        for (position, (id, details)) in entries.iter().enumerate() {
            let reference = details.reference.as_deref();
            rows.push(EntryRow {
                id: *id,
                fragment_id: row.id,
                version: row.version,
                partnership_id: row.partnership_id,
                position: i64::try_from(position).unwrap_or(i64::MAX),
                marking: details.handling.marking,
                reference_index: reference
                    .map(|reference| self.entry_reference_index(uow, reference).into()),
                sealed: key
                    .seal(&entry_location(*id, row.version), &to_json_bytes(details)?)?
                    .into(),
            });
        }
        Ok(rows)
    }
}
