//! Receipts rebuilt for a repeated request: the outcome of the first request with the present state
//! of the fragment.

use contract::FragmentReceipt;
use domain::{EntryDetails, FragmentId, Operation};
use kernel::{IdempotencyRecord, ServiceError, ServiceResult, UnitOfWork};

use super::findings;
use crate::fragments::Fragments;
use crate::fragments::submission::build_receipt;
use crate::records::AuthorizedFragment;

impl Fragments {
    /// Rebuilds the receipt of a repeated submission under the caller's present read permission:
    /// the current version with the entries that the caller may see now, and with findings where
    /// the submission had them.
    pub(super) fn rebuild_receipt(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        record: &IdempotencyRecord,
        with_findings: bool,
    ) -> ServiceResult<FragmentReceipt> {
        let id: FragmentId = record.object()?;
        uow.audit.set_object(id);
        let AuthorizedFragment {
            permit,
            row,
            chronology,
        } = self
            .records
            .fragments
            .authorize_fragment(uow, id, Operation::FragmentRead)?;
        let outcome = record.outcome.ok_or(ServiceError::Internal(
            "an idempotency record of a submission has no outcome",
        ))?;
        let found = store::fragments::version(uow.tx, &permit, id, row.version, uow.session.now)?;
        let version = found.ok_or(ServiceError::NotFound)?;
        let (_, entries) = self
            .records
            .fragments
            .open_visible_entries(uow, &permit, &row, &version)?;
        let is_hidden = self.hidden_origin(uow, &row)?.is_some();
        let known = self.visible_version_number(uow, &permit, &row)?;
        let (shown, _) = self.sender_view(uow, &permit, row)?;
        let receipt = FragmentReceipt {
            version: known,
            ..build_receipt(&shown, &entries, outcome)
        };
        let Some(chronology) = chronology.filter(|_| with_findings && !is_hidden) else {
            return Ok(receipt);
        };
        let family = self
            .records
            .families
            .open_family(uow, &permit, chronology.family_id)?;
        let details = self
            .records
            .chronologies
            .open_chronology_details(&chronology, uow.now())?;
        let entries: Vec<EntryDetails> = entries.into_iter().map(|(_, entry)| entry).collect();
        Ok(FragmentReceipt {
            findings: findings::collect_findings(uow, &family, &details, &entries),
            ..receipt
        })
    }
}
