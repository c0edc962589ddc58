//! Opening an emergency access.

use std::time::Duration;

use contract::{EmergencyAccessIn, EmergencyAccessOut};
use domain::{
    AccessFacts, AccessPermit, AgencyId, AgencyKind, ChronologyId, Denial, EmergencyAccessId,
    NhsNumber, ObjectKind, Operation, PersonId, Upn, decide_access,
};
use kernel::{
    AuditContext, CallContext, Fault, ServiceError, ServiceResult, UnitOfWork, WriteReply,
};
use store::{ChronologyRow, EmergencyAccessRow, EmergencyChronologyRow};

use super::AccessTexts;
use crate::access::emergency::{EmergencyAccess, access_out};
use crate::people::identifier_fault;
use crate::records::chronology_facts;

/// Maximum number of chronologies opened for one child.
pub(crate) const MAX_CHRONOLOGIES: usize = 50;

/// The validated target of an emergency access.
pub(crate) enum AccessTarget {
    Chronology(ChronologyId),
    /// A child, by identifier kind and value.
    Child(&'static str, String),
}

pub(crate) struct ValidatedRequest {
    pub(crate) target: AccessTarget,
    pub(crate) duration: Duration,
}

impl EmergencyAccess {
    /// Opens an emergency (break-glass) access. An access by a child's number is opened, reported
    /// and counted whether or not there is anything to read, so that looking up numbers this way
    /// always has a cost.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Invalid`] with every fault of
    /// the input; [`ServiceError::NotFound`] also when the chronology cannot be opened this way;
    /// `Conflict::AlreadyYours` when the caller can already read the chronology, or all
    /// chronologies of the child; `Conflict::ReviewsOutstanding` while too many of the caller's
    /// accesses await a review.
    pub fn open_emergency_access(
        &self,
        call: &CallContext,
        input: EmergencyAccessIn,
    ) -> ServiceResult<WriteReply<EmergencyAccessOut>> {
        let written = self.kernel.write_idempotent(
            call,
            Operation::EmergencyOpen,
            AuditContext::of(ObjectKind::EmergencyAccess),
            |uow| {
                let permit = authorize_opening(uow)?;
                let request = validate_request(uow, &input)?;
                let found = self.find_chronologies_to_open(uow, &request.target)?;
                if let (AccessTarget::Chronology(_), [known]) = (&request.target, found.as_slice())
                {
                    // Skipped for a child's number: the result would reveal whether the number is
                    // known.
                    self.people.refuse_disclosed_addresses(
                        uow,
                        &permit,
                        known.family_id,
                        &input,
                    )?;
                }
                let (row, chronologies) =
                    self.new_access(uow, &permit, &input, request.duration, &found)?;
                uow.audit.set_object(row.id);
                if let [only] = chronologies.as_slice() {
                    uow.audit.chronology = Some(only.chronology_id);
                }
                store::emergency::insert(uow.tx, &row, &chronologies)?;
                let texts = AccessTexts {
                    reason: Some(input.reason.clone()),
                    note: None,
                };
                Ok(access_out(
                    &row,
                    &chronologies,
                    Some(texts),
                    &permit,
                    uow.now(),
                ))
            },
            |uow, idempotency| self.read_emergency_access(uow, idempotency.object()?),
        )?;
        if !written.replayed {
            log_opening(&written.value);
        }
        Ok(written)
    }

    /// The chronologies that the caller may open; for a child's number there may be none.
    ///
    /// # Errors
    /// `Conflict::AlreadyYours` when the caller can already read all of them;
    /// [`ServiceError::NotFound`] when a chronology is absent or cannot be opened.
    pub(crate) fn find_chronologies_to_open(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        target: &AccessTarget,
    ) -> ServiceResult<Vec<ChronologyRow>> {
        let actor = uow.actor().clone();
        let now = uow.now();
        let candidates = match target {
            AccessTarget::Chronology(id) => {
                uow.audit.chronology = Some(*id);
                vec![*id]
            }
            AccessTarget::Child(kind, value) => self.chronologies_of_child(uow, kind, value)?,
        };
        let by_number = matches!(target, AccessTarget::Child(..));
        let mut found = Vec::new();
        let mut already_readable = false;
        for id in candidates.into_iter().take(MAX_CHRONOLOGIES) {
            let known = store::chronologies::facts(
                uow.tx,
                actor.partnership,
                id,
                actor.agency,
                actor.practitioner,
            )?;
            let Some(known) = known else { continue };
            match decide_access(
                &actor,
                Operation::EmergencyOpen,
                &chronology_facts(&known, &actor, now),
            ) {
                Ok(_) => found.push(known.chronology),
                Err(Denial::AlreadyAccessible) => already_readable = true,
                Err(_) => {}
            }
        }
        match found.is_empty() {
            false => Ok(found),
            true if already_readable => Err(Denial::AlreadyAccessible.into()),
            true if by_number => Ok(found),
            true => Err(ServiceError::NotFound),
        }
    }

    /// The chronologies of the one child that children's social care has recorded with this number.
    /// A number shared by several of its records identifies none of them: another family's
    /// chronology must not be opened.
    pub(crate) fn chronologies_of_child(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        kind: &'static str,
        value: &str,
    ) -> ServiceResult<Vec<ChronologyId>> {
        let partnership = uow.actor().partnership;
        let now = uow.now();
        let token = self
            .kernel
            .vault()
            .index(partnership, kind, value.as_bytes());
        let people = store::people::ids_by_token(uow.tx, partnership, kind, &token, now)?;
        let records = recorded_by_social_care(uow, &people)?;
        let [record] = records.as_slice() else {
            return Ok(Vec::new());
        };
        let families = store::people::families_of(uow.tx, partnership, *record)?;
        Ok(store::emergency::live_chronologies_of_families(
            uow.tx,
            partnership,
            &families,
            now,
        )?)
    }

    pub(crate) fn new_access(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        input: &EmergencyAccessIn,
        duration: Duration,
        found: &[ChronologyRow],
    ) -> ServiceResult<(EmergencyAccessRow, Vec<EmergencyChronologyRow>)> {
        let now = uow.now();
        let actor = permit.actor();
        let policy = uow.policy();
        let id = EmergencyAccessId::new(self.kernel.ids(), now);
        let until = now.plus(duration);
        let chronology_row = |row: &ChronologyRow| EmergencyChronologyRow {
            access_id: id,
            chronology_id: row.id,
            partnership_id: actor.partnership,
            practitioner_id: actor.practitioner,
            owner_id: row.owner_id,
            owner_agency_id: row.owner_agency_id,
            ends_at: until.min(row.expires_at),
        };
        let chronologies: Vec<EmergencyChronologyRow> = found.iter().map(chronology_row).collect();
        let mut row = EmergencyAccessRow {
            id,
            partnership_id: actor.partnership,
            practitioner_id: actor.practitioner,
            agency_id: actor.agency,
            reason_code: input.reason_code,
            opened_at: now,
            ends_at: chronologies
                .iter()
                .map(|chronology| chronology.ends_at)
                .max()
                .unwrap_or(until),
            ended_at: None,
            review_due_at: now.plus(policy.emergency_review),
            reviewed_at: None,
            reviewed_by: None,
            finding: None,
            words_until: now.plus(policy.reasons_retention),
            wrapped_key: None,
            sealed: None,
            version: 1,
        };
        self.seal_texts(
            uow.tx,
            &mut row,
            now,
            Some(&AccessTexts {
                reason: Some(input.reason.clone()),
                note: None,
            }),
        )?;
        Ok((row, chronologies))
    }
}

/// Authorises opening an emergency access; refused while too many of the caller's own await a
/// review.
pub(crate) fn authorize_opening(uow: &mut UnitOfWork<'_, '_>) -> ServiceResult<AccessPermit> {
    let partnership = uow.actor().partnership;
    let practitioner = uow.caller_id();
    let awaiting = store::emergency::count_awaiting_review(uow.tx, partnership, practitioner)?;
    let reviews_outstanding = awaiting > i64::from(uow.policy().unreviewed_emergency_accesses);
    uow.authorize(
        Operation::EmergencyOpen,
        &AccessFacts {
            reviews_outstanding,
            ..AccessFacts::collection()
        },
    )
}

/// The people that children's social care recorded. A person recorded by another agency has no
/// chronology and must not block access to a child's.
pub(crate) fn recorded_by_social_care(
    uow: &mut UnitOfWork<'_, '_>,
    people: &[PersonId],
) -> ServiceResult<Vec<PersonId>> {
    let partnership = uow.actor().partnership;
    let now = uow.now();
    let mut recorded = Vec::new();
    for person in people {
        let facts = store::people::facts(uow.tx, partnership, *person, now)?;
        recorded.extend(facts.map(|facts| (*person, facts.created_by_agency)));
    }
    let agencies: Vec<AgencyId> = recorded.iter().map(|(_, agency)| *agency).collect();
    let agencies = store::agencies::find_many(uow.tx, partnership, &agencies)?;
    let social_care = |id: AgencyId| {
        agencies
            .iter()
            .any(|agency| agency.id == id && agency.kind == AgencyKind::SocialCare)
    };
    Ok(recorded
        .into_iter()
        .filter(|(_, agency)| social_care(*agency))
        .map(|(person, _)| person)
        .collect())
}

/// Checks for exactly one target with valid check digits, a reason, and a duration within the cap.
///
/// # Errors
/// [`ServiceError::Invalid`] with every fault.
pub(crate) fn validate_request(
    uow: &UnitOfWork<'_, '_>,
    input: &EmergencyAccessIn,
) -> ServiceResult<ValidatedRequest> {
    let mut faults = Vec::new();
    let targets_given = [
        input.chronology_id.is_some(),
        input.nhs_number.is_some(),
        input.upn.is_some(),
    ];
    let mut target = input.chronology_id.map(AccessTarget::Chronology);
    if targets_given.iter().filter(|given| **given).count() != 1 {
        faults.push(Fault::new(
            "",
            "one_target",
            "name one of chronology_id, nhs_number and upn",
        ));
    }
    if let Some(number) = &input.nhs_number {
        match NhsNumber::parse_issued(number.as_str(), uow.policy().test_nhs_numbers) {
            Ok(number) => {
                target = Some(AccessTarget::Child(
                    "nhs_number",
                    number.as_str().to_owned(),
                ))
            }
            Err(error) => faults.push(identifier_fault("/nhs_number", error)),
        }
    }
    if let Some(upn) = &input.upn {
        match Upn::parse(upn.as_str()) {
            Ok(upn) => target = Some(AccessTarget::Child("upn", upn.as_str().to_owned())),
            Err(error) => faults.push(identifier_fault("/upn", error)),
        }
    }
    if input.reason.as_str().trim().is_empty() {
        faults.push(Fault::new("/reason", "required", "give a reason"));
    }
    let policy = uow.policy();
    let requested = input
        .minutes
        .map(|minutes| Duration::from_secs(60 * u64::from(minutes)));
    let duration = requested.unwrap_or(policy.emergency_access.min(policy.max_emergency_access));
    if duration.is_zero() || duration > policy.max_emergency_access {
        let max_minutes = policy.max_emergency_access.as_secs() / 60;
        faults.push(Fault::new(
            "/minutes",
            "out_of_range",
            format!("from 1 to {max_minutes} minutes"),
        ));
    }
    match target {
        Some(target) if faults.is_empty() => Ok(ValidatedRequest { target, duration }),
        _ => Err(ServiceError::Invalid(faults)),
    }
}

/// Informs the operator without personal data; the alert itself is under `/v1/alerts`.
pub(crate) fn log_opening(access: &EmergencyAccessOut) {
    metrics::counter!("emergency_accesses_total", "reason" => access.reason_code.as_str())
        .increment(1);
    tracing::warn!(
        access = %access.id.0,
        reason_code = access.reason_code.as_str(),
        chronologies = access.chronologies.len(),
        until = %access.until,
        "emergency access opened"
    );
}
