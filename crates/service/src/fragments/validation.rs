//! Validation of a submission or a correction: its parts are checked, its entries parsed, and the
//! content that is compared with an earlier one is hashed.

use contract::{EntryIn, FragmentIn, Involvement};
use domain::{AccessPermit, AgencyId, EntryDetails, Instant, PersonId};
use kernel::{Fault, ServiceError, ServiceResult, UnitOfWork, to_json_bytes};
use store::{ChronologyRow, FragmentRow};

use crate::fragments::Fragments;
use crate::fragments::entries::{EntryScope, validate_entries};
use crate::input::edtf_fault;
use crate::records::{ChronologyScope, FamilyView, FragmentDetails};

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

    pub(super) fn validate_submission(
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
}

/// The scope that entries about this family are validated against.
pub(super) fn entry_scope(
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
pub(super) fn check_child(scope: &EntryScope) -> Option<Fault> {
    let is_outside_family = scope
        .child
        .is_some_and(|child| !scope.children.contains(&child));
    is_outside_family
        .then(|| Fault::new("/child_id", "not_in_family", "not a child of this family"))
}

/// Checks that the sharing decision is filled in, that the days of the agency's involvement parse,
/// and that there is content: an event, or the agency's part in the support network.
pub(super) fn check_sharing(
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
pub(super) fn check_expiry(
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
