//! Submitting a fragment in named steps: find an existing one, parse, check, compare, build the
//! receipt. `storage` seals and stores it.

use contract::{EntryReceipt, FragmentIn, FragmentReceipt, SubmissionOutcome};
use domain::{AgencyId, ChronologyId, EntryDetails, EntryId, Operation};
use kernel::{CallContext, Conflict, ServiceError, ServiceResult, UnitOfWork, WriteReply};
use store::FragmentRow;

use crate::fragments::Fragments;
use crate::fragments::findings::collect_findings;
use crate::fragments::validation::Submission;
use crate::linking::schedule_linking;
use crate::records::{AuthorizedChronology, ChronologyScope, about_chronology};

/// Maximum number of fragments per agency on one chronology.
const MAX_FRAGMENTS: usize = 100;

impl Fragments {
    /// Submits a fragment to a chronology. Repeating the same content changes nothing; repeating an
    /// agency reference creates a new version.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Invalid`] with every fault of
    /// every entry; a `Conflict` when the chronology does not accept returns.
    pub fn submit_fragment(
        &self,
        call: &CallContext,
        id: ChronologyId,
        input: FragmentIn,
    ) -> ServiceResult<WriteReply<FragmentReceipt>> {
        let operation = submission_operation(&input);
        let act = |uow: &mut UnitOfWork<'_, '_>| {
            self.submit(uow, id, &input, input.agency_reference.as_deref(), None)
        };
        self.kernel
            .write_idempotent(call, operation, about_chronology(id), act, |uow, record| {
                self.rebuild_receipt(uow, record, true)
            })
    }

    /// Submits or updates the fragment that the agency calls `reference`. Creating needs no
    /// version; updating needs the current one.
    ///
    /// # Errors
    /// As [`Self::submit_fragment`]; [`ServiceError::Stale`] when `if_match` is not the current
    /// version; [`ServiceError::PreconditionRequired`] when the fragment exists and `if_match` is
    /// `None`.
    pub fn put_fragment(
        &self,
        call: &CallContext,
        id: ChronologyId,
        reference: String,
        if_match: Option<i64>,
        input: FragmentIn,
    ) -> ServiceResult<FragmentReceipt> {
        let expected = VersionPrecondition { if_match };
        let operation = submission_operation(&input);
        let written = self
            .kernel
            .write(call, operation, about_chronology(id), |uow| {
                if input
                    .agency_reference
                    .as_ref()
                    .is_some_and(|own| *own != reference)
                {
                    let message = "differs from the reference in the path";
                    return Err(ServiceError::invalid(
                        "/agency_reference",
                        "contradicts",
                        message,
                    ));
                }
                let input = &FragmentIn {
                    agency_reference: Some(reference.clone()),
                    ..input.clone()
                };
                self.submit(uow, id, input, Some(&reference), Some(&expected))
            })?;
        Ok(written.value)
    }

    fn submit(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: ChronologyId,
        input: &FragmentIn,
        reference: Option<&str>,
        expected: Option<&VersionPrecondition>,
    ) -> ServiceResult<FragmentReceipt> {
        let records = &self.records;
        let AuthorizedChronology {
            permit,
            row: chronology,
        } = records
            .chronologies
            .authorize_chronology(uow, id, submission_operation(input))?;
        let family = records
            .families
            .open_family(uow, &permit, chronology.family_id)?;
        let scope = ChronologyScope {
            permit: &permit,
            row: &chronology,
            family: &family,
        };
        let submission = self.validate_submission(uow, scope, input, reference)?;
        let agency = submission.agency;
        let (receipt, entries) = self.store_submission(uow, scope, submission, expected)?;
        records
            .invitations
            .mark_invitation_submitted(uow, &chronology, agency)?;
        if receipt.outcome != SubmissionOutcome::Unchanged {
            self.linking
                .update_decision_expiries(uow, &permit, &chronology)?;
            schedule_linking(uow, chronology.id);
        }
        uow.audit.outcome = Some(receipt.outcome);
        let details = records
            .chronologies
            .open_chronology_details(&chronology, uow.now())?;
        let findings = collect_findings(uow, &family, &details, &entries);
        Ok(FragmentReceipt {
            findings,
            ..receipt
        })
    }

    /// Stores a submission as a new fragment, or as a correction of the one that it repeats.
    fn store_submission(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        scope: ChronologyScope<'_>,
        submission: Submission,
        expected: Option<&VersionPrecondition>,
    ) -> ServiceResult<(FragmentReceipt, Vec<EntryDetails>)> {
        let permit = scope.permit;
        let existing = self.find_existing_fragment(uow, scope, &submission)?;
        if existing
            .as_ref()
            .is_some_and(|row| row.proxy_by_agency != submission.proxy_by)
        {
            // A proxy submission never replaces the agency's own, nor the reverse.
            return Err(ServiceError::Conflict(Conflict::AlreadyExists));
        }
        if let Some(expected) = expected {
            let version = existing
                .as_ref()
                .map(|row| self.visible_version_number(uow, permit, row))
                .transpose()?;
            expected.check(version)?;
        }
        match existing {
            Some(row) => self.apply_correction(uow, permit, (row, scope.family), submission),
            None => {
                check_fragment_count(uow, scope, submission.agency)?;
                self.store_new_fragment(uow, scope, submission)
            }
        }
    }

    /// The live fragment that this submission repeats: the one with its reference, or, without a
    /// reference, the one with the same content.
    fn find_existing_fragment(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        scope: ChronologyScope<'_>,
        submission: &Submission,
    ) -> ServiceResult<Option<FragmentRow>> {
        let ChronologyScope {
            permit,
            row: chronology,
            ..
        } = scope;
        let partnership = permit.partnership();
        let now = uow.now();
        if let Some(reference) = &submission.details.agency_reference {
            let index = self.reference_index(uow, reference);
            let found = store::fragments::find_by_reference(
                uow.tx,
                partnership,
                submission.agency,
                Some(chronology.id),
                &index,
            )?;
            return Ok(found);
        }
        for row in store::fragments::list(uow.tx, partnership, chronology.id, now)? {
            if row.agency_id != submission.agency || row.child_id != submission.child {
                continue;
            }
            let Some(current) =
                store::fragments::version(uow.tx, permit, row.id, row.version, now)?
            else {
                continue;
            };
            let is_same = current.content_index.as_ref() == submission.content_index.as_slice();
            if is_same
                || self.differs_only_in_markings(uow, permit, (&row, &current), submission)?
            {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    pub(super) fn reference_index(&self, uow: &UnitOfWork<'_, '_>, reference: &str) -> Vec<u8> {
        self.kernel
            .vault()
            .index(
                uow.actor().partnership,
                "fragment_reference",
                reference.as_bytes(),
            )
            .to_vec()
    }

    pub(super) fn entry_reference_index(
        &self,
        uow: &UnitOfWork<'_, '_>,
        reference: &str,
    ) -> Vec<u8> {
        self.kernel
            .vault()
            .index(
                uow.actor().partnership,
                "entry_reference",
                reference.as_bytes(),
            )
            .to_vec()
    }

    fn store_new_fragment(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        scope: ChronologyScope<'_>,
        submission: Submission,
    ) -> ServiceResult<(FragmentReceipt, Vec<EntryDetails>)> {
        let ChronologyScope {
            permit,
            row: chronology,
            family,
        } = scope;
        self.refuse_addresses_in_submission(uow, permit, family, (&submission, &[]))?;
        let row =
            self.new_fragment_row(uow, Some(chronology.id), chronology.family_id, &submission);
        store::fragments::insert(uow.tx, &row)?;
        let receipt =
            self.store_version(uow, &row, &submission, None, SubmissionOutcome::Created)?;
        self.records
            .families
            .update_family_expiry(uow, permit, chronology.family_id)?;
        Ok((receipt, submission.entries))
    }
}

/// Limits the number of an agency's fragments on one chronology, which bounds the cost of reading
/// it.
fn check_fragment_count(
    uow: &mut UnitOfWork<'_, '_>,
    scope: ChronologyScope<'_>,
    agency: AgencyId,
) -> ServiceResult<()> {
    let partnership = scope.permit.partnership();
    let existing = store::fragments::list(uow.tx, partnership, scope.row.id, uow.session.now)?;
    let own = existing
        .iter()
        .filter(|row| row.agency_id == agency)
        .count();
    if own < MAX_FRAGMENTS {
        return Ok(());
    }
    let message = "an agency has at most 100 fragments on a chronology: correct or withdraw one";
    Err(ServiceError::invalid("", "too_many_fragments", message))
}

/// The version that a `PUT` expects to replace.
struct VersionPrecondition {
    if_match: Option<i64>,
}

impl VersionPrecondition {
    fn check(&self, existing: Option<i64>) -> ServiceResult<()> {
        match (existing, self.if_match) {
            (None, None) => Ok(()),
            (Some(existing), Some(version)) if existing == version => Ok(()),
            (None, Some(_)) | (Some(_), Some(_)) => Err(ServiceError::Stale),
            (Some(_), None) => Err(ServiceError::PreconditionRequired),
        }
    }
}

/// A proxy submission, entered by social care for an agency without access, is an operation of its
/// own.
fn submission_operation(input: &FragmentIn) -> Operation {
    if input.on_behalf_of.is_some() {
        Operation::FragmentProxy
    } else {
        Operation::FragmentSubmit
    }
}

/// The receipt of a submission, without findings.
pub(super) fn build_receipt(
    row: &FragmentRow,
    entries: &[(EntryId, EntryDetails)],
    outcome: SubmissionOutcome,
) -> FragmentReceipt {
    let entries = entries
        .iter()
        .zip(0_i64..)
        .map(|((id, details), position)| EntryReceipt {
            id: *id,
            position,
            reference: details.reference.clone(),
        });
    FragmentReceipt {
        fragment_id: row.id,
        chronology_id: row.chronology_id,
        version: row.version,
        outcome,
        expires_at: row.expires_at,
        entries: entries.collect(),
        findings: Vec::new(),
    }
}
