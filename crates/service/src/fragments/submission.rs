//! Submitting a fragment in named steps: find an existing one, parse, check, compare, build the
//! receipt. `storage` seals and stores it.

use contract::{
    EntryIn, EntryReceipt, FragmentIn, FragmentReceipt, Involvement, SubmissionOutcome,
};
use domain::{
    AccessPermit, AgencyId, ChronologyId, EntryDetails, EntryId, Instant, Operation, PersonId,
};
use kernel::{
    CallContext, Conflict, Fault, ServiceError, ServiceResult, UnitOfWork, WriteReply,
    to_json_bytes,
};
use store::{ChronologyRow, FragmentRow};

use crate::fragments::Fragments;
use crate::fragments::entries::{EntryScope, validate_entries};
use crate::fragments::findings::collect_findings;
use crate::input::edtf_fault;
use crate::linking::schedule_linking;
use crate::records::{
    AuthorizedChronology, ChronologyScope, FamilyView, FragmentDetails, about_chronology,
};

/// Maximum number of fragments per agency on one chronology.
const MAX_FRAGMENTS: usize = 100;

/// A submission that has passed every check and is not yet stored.
#[derive(Clone)]
pub(crate) struct Submission {
    pub(crate) agency: AgencyId,
    pub(crate) proxy_by: Option<AgencyId>,
    pub(crate) child: Option<PersonId>,
    pub(crate) expires_at: Instant,
    requested_expiry: Option<Instant>,
    pub(crate) details: FragmentDetails,
    pub(crate) entries: Vec<EntryDetails>,
    /// Which entries were sent without handling.
    pub(crate) unmarked: Vec<bool>,
    /// Keyed hash of the content: the same content is a no-op.
    pub(crate) content_index: Vec<u8>,
}

/// What a submission is built from, once its entries are parsed.
pub(crate) struct SubmissionParts<'a> {
    pub(crate) agency: AgencyId,
    pub(crate) proxy_by: Option<AgencyId>,
    pub(crate) child: Option<PersonId>,
    /// The expiry that the fragment gets.
    pub(crate) expires_at: Instant,
    /// The expiry that the sender requested, if any.
    pub(crate) requested_expiry: Option<Instant>,
    pub(crate) details: FragmentDetails,
    /// The entries as sent.
    pub(crate) sent: &'a [EntryIn],
    /// The entries as parsed.
    pub(crate) entries: Vec<EntryDetails>,
}

/// A correction of a fragment that has yet to be validated.
pub(crate) struct Correction<'a> {
    pub(crate) row: &'a FragmentRow,
    pub(crate) input: &'a FragmentIn,
    /// The expiry that the fragment gets.
    pub(crate) expires_at: Instant,
    /// The latest expiry that is allowed.
    pub(crate) latest_expiry: Instant,
}

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

    /// The agency that the fragment speaks for: the caller's own, or the one that social care
    /// enters it for.
    fn resolve_author_agency(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: &ChronologyRow,
        input: &FragmentIn,
    ) -> ServiceResult<AgencyId> {
        let Some(agency) = input.on_behalf_of else {
            return Ok(uow.actor().agency);
        };
        let partnership = uow.actor().partnership;
        let invited =
            store::invitations::find_for_agency(uow.tx, partnership, chronology.id, agency)?;
        let row = store::agencies::find(uow.tx, partnership, agency)?;
        let message = match row.filter(|_| invited.is_some()) {
            None => "no such agency is invited to this chronology",
            Some(row) if row.has_access => "that agency has access and submits its own fragments",
            Some(_) => return Ok(agency),
        };
        Err(ServiceError::invalid(
            "/on_behalf_of",
            "not_possible",
            message,
        ))
    }

    fn validate_submission(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        scope: ChronologyScope<'_>,
        input: &FragmentIn,
        reference: Option<&str>,
    ) -> ServiceResult<Submission> {
        let agency = self.resolve_author_agency(uow, scope.row, input)?;
        let entry_scope = entry_scope(uow, scope.family, input.child_id);
        let faults = check_submission(uow, &entry_scope, input, scope.row.expires_at);
        let entries = validate_entries(uow, &entry_scope, faults, &input.entries)?;
        let details = FragmentDetails {
            agency_reference: reference.map(str::to_owned),
            sharing: input.sharing.clone(),
            involvement: input.involvement.clone(),
            correction_reason: input.correction_reason.clone(),
        };
        let parts = SubmissionParts {
            agency,
            proxy_by: input.on_behalf_of.map(|_| uow.actor().agency),
            child: input.child_id,
            expires_at: input.expires_at.unwrap_or(scope.row.expires_at),
            requested_expiry: input.expires_at,
            details,
            sent: &input.entries,
            entries,
        };
        self.build_submission(uow, parts)
    }

    /// Validates a correction against the family as the sender knows it.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] with every fault of the input, or when the correction changes the
    /// agency's reference.
    pub(super) fn validate_correction(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        family: &FamilyView,
        correction: &Correction<'_>,
    ) -> ServiceResult<Submission> {
        let Correction {
            row,
            input,
            expires_at,
            latest_expiry,
        } = *correction;
        let scope = entry_scope(uow, family, input.child_id);
        let mut faults = check_sharing(&input.sharing, input.involvement.as_ref(), &input.entries);
        faults.extend(check_expiry(uow, expires_at, latest_expiry));
        faults.extend(check_child(&scope));
        let entries = validate_entries(uow, &scope, faults, &input.entries)?;
        let agency_reference = self.load_agency_reference(uow, permit, row)?;
        if input.agency_reference.is_some() && input.agency_reference != agency_reference {
            return Err(ServiceError::invalid(
                "/agency_reference",
                "fixed",
                "a fragment keeps its reference",
            ));
        }
        let details = FragmentDetails {
            agency_reference,
            sharing: input.sharing.clone(),
            involvement: input.involvement.clone(),
            correction_reason: input.correction_reason.clone(),
        };
        let parts = SubmissionParts {
            agency: row.agency_id,
            proxy_by: row.proxy_by_agency,
            child: input.child_id,
            expires_at,
            requested_expiry: input.expires_at,
            details,
            sent: &input.entries,
            entries,
        };
        self.build_submission(uow, parts)
    }

    /// The agency's own reference of a fragment, which a correction cannot change.
    fn load_agency_reference(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
    ) -> ServiceResult<Option<String>> {
        let current =
            store::fragments::version(uow.tx, permit, row.id, row.version, uow.session.now)?;
        let current = current.ok_or(ServiceError::NotFound)?;
        Ok(self
            .records
            .fragments
            .version_details(uow, row, &current)?
            .agency_reference)
    }

    /// Builds a submission and computes its content hash.
    pub(super) fn build_submission(
        &self,
        uow: &UnitOfWork<'_, '_>,
        parts: SubmissionParts<'_>,
    ) -> ServiceResult<Submission> {
        let is_unmarked = |entry: &EntryIn| entry.handling.is_none();
        let submission = Submission {
            agency: parts.agency,
            proxy_by: parts.proxy_by,
            child: parts.child,
            expires_at: parts.expires_at,
            requested_expiry: parts.requested_expiry,
            details: parts.details,
            entries: parts.entries,
            unmarked: parts.sent.iter().map(is_unmarked).collect(),
            content_index: Vec::new(),
        };
        let content_index = self.compute_content_index(uow, &submission)?;
        Ok(Submission {
            content_index,
            ..submission
        })
    }

    pub(super) fn compute_content_index(
        &self,
        uow: &UnitOfWork<'_, '_>,
        submission: &Submission,
    ) -> ServiceResult<Vec<u8>> {
        let Submission {
            child,
            requested_expiry,
            details,
            entries,
            ..
        } = submission;
        // A default expiry follows the chronology's and is not part of the content.
        let content = to_json_bytes(&(
            child,
            requested_expiry,
            &details.sharing,
            &details.involvement,
            entries,
        ))?;
        Ok(self
            .kernel
            .vault()
            .index(uow.actor().partnership, "fragment", &content)
            .to_vec())
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

/// The scope that entries about this family are validated against.
pub(crate) fn entry_scope(
    uow: &UnitOfWork<'_, '_>,
    family: &FamilyView,
    child: Option<PersonId>,
) -> EntryScope {
    EntryScope {
        children: family.children().map(|(id, _)| *id).collect(),
        members: family.members.iter().map(|(id, _)| *id).collect(),
        child,
        today: domain::uk_date_at(uow.now()),
    }
}

fn check_submission(
    uow: &UnitOfWork<'_, '_>,
    scope: &EntryScope,
    input: &FragmentIn,
    latest: Instant,
) -> Vec<Fault> {
    let mut faults = check_sharing(&input.sharing, input.involvement.as_ref(), &input.entries);
    if let Some(expires_at) = input.expires_at {
        faults.extend(check_expiry(uow, expires_at, latest));
    }
    faults.extend(check_child(scope));
    faults
}

/// Checks that the child that the fragment is about belongs to the family.
pub(crate) fn check_child(scope: &EntryScope) -> Option<Fault> {
    let is_outside_family = scope
        .child
        .is_some_and(|child| !scope.children.contains(&child));
    is_outside_family
        .then(|| Fault::new("/child_id", "not_in_family", "not a child of this family"))
}

/// Checks that the sharing decision is filled in, that the days of the agency's involvement parse,
/// and that there is content: an event, or the agency's part in the support network.
pub(crate) fn check_sharing(
    sharing: &crate::SharingDecision,
    involvement: Option<&Involvement>,
    entries: &[EntryIn],
) -> Vec<Fault> {
    let mut faults: Vec<Fault> = [
        ("decided_by", &sharing.decided_by),
        ("reason", &sharing.reason),
    ]
    .into_iter()
    .filter(|(_, text)| text.as_str().trim().is_empty())
    .map(|(field, _)| {
        Fault::new(
            format!("/sharing/{field}"),
            "required",
            "say who decided to share, and why",
        )
    })
    .collect();
    if entries.is_empty() && involvement.is_none() {
        let message = "give an event or the agency's involvement; an agency that holds nothing answers with a nil return";
        faults.push(Fault::new("/entries", "required", message));
    }
    if let Some(involvement) = involvement {
        let days = [("since", &involvement.since), ("until", &involvement.until)];
        faults.extend(
            days.into_iter()
                .filter_map(|(field, day)| edtf_fault(format!("/involvement/{field}"), day)),
        );
    }
    faults
}

/// Checks that an expiry lies in the future and not after `latest`.
pub(crate) fn check_expiry(
    uow: &UnitOfWork<'_, '_>,
    expires_at: Instant,
    latest: Instant,
) -> Option<Fault> {
    if expires_at <= uow.now() {
        return Some(Fault::new(
            "/expires_at",
            "past",
            "the expiry is in the past",
        ));
    }
    (expires_at > latest).then(|| {
        Fault::new(
            "/expires_at",
            "beyond_policy",
            "later than the chronology or the partnership's policy allows",
        )
    })
}

/// The receipt of a submission, without findings.
pub(crate) fn build_receipt(
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
