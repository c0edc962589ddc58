//! Drafting chronologies, changing them and listing them.

use std::time::Duration;

use contract::{ChronologyIn, ChronologyOut, ChronologyPatch, Page, PageQuery, Patch};
use domain::{
    AccessPermit, ChronologyId, ChronologyState, Instant, ObjectKind, Operation, PartnershipPolicy,
    Purpose, Role,
};
use kernel::{
    AuditContext, CallContext, Fault, ServiceError, ServiceResult, UnitOfWork, WriteReply,
    chronology_terms,
};
use store::ChronologyRow;

use crate::chronologies::Chronologies;
use crate::directory::validate_practitioners;
use crate::input::{non_blank, parse_day};
use crate::records::{ChronologyDetails, about_chronology, chronology_location};

const DAY: Duration = Duration::from_secs(86_400);

impl Chronologies {
    /// Creates a chronology as a draft that only social care can see.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Invalid`] lists every fault,
    /// including a lifetime beyond the policy.
    pub fn create_chronology(
        &self,
        call: &CallContext,
        input: ChronologyIn,
    ) -> ServiceResult<WriteReply<ChronologyOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::ChronologyCreate,
            AuditContext::of(ObjectKind::Chronology),
            |uow| {
                let permit = uow.authorize_collection(Operation::ChronologyCreate)?;
                let mut faults = self.validate_owned_family(uow, &input)?;
                let agency = uow.actor().agency;
                faults.extend(validate_practitioners(uow, "/team", agency, &input.team)?);
                let may_read = uow.actor().has_role(Role::SocialWorker)
                    || uow.actor().has_role(Role::TeamManager);
                if !may_read && !input.team.is_empty() {
                    faults.push(Fault::new(
                        "/team",
                        "not_yours",
                        "only a practitioner who can read the chronology may change this",
                    ));
                }
                let row = self.build_draft_row(uow, &input, faults)?;
                self.people
                    .refuse_disclosed_addresses(uow, &permit, row.family_id, &input)?;
                uow.audit.set_object(row.id);
                uow.audit.chronology = Some(row.id);
                uow.audit.purpose = Some(row.purpose);
                uow.audit.expires_at = Some(row.expires_at);
                store::chronologies::insert(uow.tx, &row)?;
                store::chronologies::set_team(uow.tx, row.partnership_id, row.id, &input.team)?;
                self.records
                    .families
                    .update_family_expiry(uow, &permit, row.family_id)?;
                self.records
                    .chronologies
                    .to_chronology_out(uow, &permit, &row)
            },
            |uow, record| self.read_chronology(uow, record.object()?),
        )
    }

    fn validate_owned_family(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        input: &ChronologyIn,
    ) -> ServiceResult<Vec<Fault>> {
        let partnership = uow.actor().partnership;
        let now = uow.now();
        let family = store::families::facts(uow.tx, partnership, input.family_id, now)?;
        let is_own = family.is_some_and(|family| family.created_by_agency == uow.actor().agency);
        let fault = || Fault::new("/family_id", "unknown", "no such family");
        Ok(if is_own { Vec::new() } else { vec![fault()] })
    }

    fn build_draft_row(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        input: &ChronologyIn,
        mut faults: Vec<Fault>,
    ) -> ServiceResult<ChronologyRow> {
        let now = uow.now();
        let policy = uow.policy();
        let defaults = policy.purpose_policy(input.purpose);
        let expires_at = input
            .expires_at
            .unwrap_or_else(|| now.plus(DAY * u32::from(defaults.lifetime_days)));
        let due_at = input
            .due_at
            .unwrap_or_else(|| now.plus(DAY * u32::from(defaults.due_days)).min(expires_at));
        validate_dates(policy, now, due_at, expires_at, &mut faults);
        let look_back_from = parse_look_back(
            input.look_back_from.as_deref(),
            policy,
            input.purpose,
            now,
            &mut faults,
        );
        let details = ChronologyDetails {
            question: non_blank(input.question.as_ref()),
            lawful_basis: input.lawful_basis,
            no_consent_reason: input.no_consent_reason,
            family_told: input.family_told,
            family_not_told_reason: non_blank(input.family_not_told_reason.as_ref()),
            look_back_from,
            reasons: Vec::new(),
        };
        if !faults.is_empty() {
            return Err(ServiceError::Invalid(faults));
        }
        let id = ChronologyId::new(self.kernel.ids(), now);
        let location = chronology_location(id, 1);
        let terms = chronology_terms(id, expires_at);
        let sealed = self.kernel.seal(uow.tx, &location, &terms, now, &details)?;
        Ok(ChronologyRow {
            id,
            partnership_id: uow.actor().partnership,
            family_id: input.family_id,
            owner_id: uow.caller_id(),
            owner_agency_id: uow.actor().agency,
            purpose: input.purpose,
            state: ChronologyState::Draft,
            due_at,
            opened_at: None,
            expires_at,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// Lists the chronologies that the caller may know of.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_chronologies(
        &self,
        call: &CallContext,
        query: PageQuery,
    ) -> ServiceResult<Page<ChronologyOut>> {
        self.kernel.read(
            call,
            Operation::ChronologyList,
            AuditContext::of(ObjectKind::Chronology),
            |uow| {
                let permit = uow.authorize_collection(Operation::ChronologyList)?;
                let bounds = self.kernel.parse_page_query(uow, "chronologies", &query)?;
                let rows = store::chronologies::page_for(
                    uow.tx,
                    &permit,
                    uow.session.now,
                    bounds.after,
                    bounds.limit + 1,
                )?;
                uow.audit.expires_at = rows.iter().map(|row| row.expires_at).min();
                let (rows, next) =
                    self.kernel
                        .split_page(uow, "chronologies", &bounds, rows, |row| {
                            (row.created_at, row.id.0)
                        })?;
                let mut items = Vec::with_capacity(rows.len());
                for row in &rows {
                    let authorized = self.records.chronologies.authorize_chronology(
                        uow,
                        row.id,
                        Operation::ChronologyRead,
                    )?;
                    items.push(self.records.chronologies.to_chronology_out(
                        uow,
                        &authorized.permit,
                        row,
                    )?);
                }
                uow.audit = AuditContext {
                    expires_at: rows.iter().map(|row| row.expires_at).min(),
                    ..AuditContext::of(ObjectKind::Chronology)
                };
                uow.audit.reason = Some(permit.reason());
                Ok(Page { items, next })
            },
        )
    }

    /// Reads one chronology without its entries.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_chronology(
        &self,
        call: &CallContext,
        id: ChronologyId,
    ) -> ServiceResult<ChronologyOut> {
        self.kernel.read(
            call,
            Operation::ChronologyRead,
            about_chronology(id),
            |uow| self.read_chronology(uow, id),
        )
    }

    /// Changes a chronology's purpose (of a draft only), lawful basis, dates, team or owner.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Stale`] when `version` is not
    /// the current one.
    pub fn patch_chronology(
        &self,
        call: &CallContext,
        id: ChronologyId,
        version: i64,
        patch: ChronologyPatch,
    ) -> ServiceResult<ChronologyOut> {
        let written = self.kernel.write(
            call,
            Operation::ChronologyUpdate,
            about_chronology(id),
            |uow| {
                let mut authorized = self.records.chronologies.authorize_chronology(
                    uow,
                    id,
                    Operation::ChronologyUpdate,
                )?;
                if authorized.row.version != version {
                    return Err(ServiceError::Stale);
                }
                self.people.refuse_disclosed_addresses(
                    uow,
                    &authorized.permit,
                    authorized.row.family_id,
                    &patch,
                )?;
                let mut details = self
                    .records
                    .chronologies
                    .open_chronology_details(&authorized.row, uow.now())?;
                let mut faults = self.validate_people(uow, &authorized.row, &patch)?;
                faults.extend(validate_access_grant(
                    &authorized.permit,
                    patch.team.is_some(),
                    patch.owner_id.is_some(),
                ));
                apply_patch(uow, &mut authorized.row, &mut details, &patch, &mut faults);
                if !faults.is_empty() {
                    return Err(ServiceError::Invalid(faults));
                }
                if let Some(team) = &patch.team {
                    store::chronologies::set_team(uow.tx, authorized.row.partnership_id, id, team)?;
                }
                self.records.chronologies.save_chronology(
                    uow.tx,
                    uow.session.now,
                    &mut authorized.row,
                    &details,
                )?;
                self.records.chronologies.to_chronology_out(
                    uow,
                    &authorized.permit,
                    &authorized.row,
                )
            },
        )?;
        Ok(written.value)
    }

    fn validate_people(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        row: &ChronologyRow,
        patch: &ChronologyPatch,
    ) -> ServiceResult<Vec<Fault>> {
        let team = patch.team.as_deref().unwrap_or_default();
        let mut faults = validate_practitioners(uow, "/team", row.owner_agency_id, team)?;
        if let Some(owner) = patch.owner_id
            && !validate_practitioners(uow, "/owner_id", row.owner_agency_id, &[owner])?.is_empty()
        {
            faults.push(Fault::new(
                "/owner_id",
                "unknown",
                "no such practitioner at the agency",
            ));
        }
        Ok(faults)
    }
}

/// Validates a change of team or owner. Both gain read access, so only callers with read access may
/// name them; otherwise business support could grant itself access.
fn validate_access_grant(permit: &AccessPermit, team: bool, owner: bool) -> Vec<Fault> {
    let actor = permit.actor();
    if permit.sees_all_agencies()
        && (actor.has_role(Role::SocialWorker) || actor.has_role(Role::TeamManager))
    {
        return Vec::new();
    }
    let grants = [("/team", team), ("/owner_id", owner)]
        .into_iter()
        .filter(|(_, requested)| *requested);
    grants
        .map(|(pointer, _)| {
            Fault::new(
                pointer,
                "not_yours",
                "only a practitioner who can read the chronology may change this",
            )
        })
        .collect()
}

fn apply_patch(
    uow: &UnitOfWork<'_, '_>,
    row: &mut ChronologyRow,
    details: &mut ChronologyDetails,
    patch: &ChronologyPatch,
    faults: &mut Vec<Fault>,
) {
    let now = uow.now();
    if let Some(purpose) = patch.purpose.filter(|purpose| *purpose != row.purpose) {
        if row.state != ChronologyState::Draft {
            faults.push(Fault::new(
                "/purpose",
                "fixed",
                "the purpose is fixed once agencies have been asked",
            ));
        }
        row.purpose = purpose;
    }
    if let Some(due_at) = patch.due_at {
        row.due_at = due_at;
        validate_dates(uow.policy(), now, due_at, row.expires_at, faults);
        if row.state == ChronologyState::Closing && due_at > now {
            row.state = ChronologyState::Open;
        }
    }
    row.owner_id = patch.owner_id.unwrap_or(row.owner_id);
    details.question = non_blank(
        patch
            .question
            .clone()
            .apply(details.question.take())
            .as_ref(),
    );
    details.lawful_basis = patch.lawful_basis.or(details.lawful_basis);
    details.no_consent_reason = patch
        .no_consent_reason
        .clone()
        .apply(details.no_consent_reason.take());
    details.family_told = patch.family_told.or(details.family_told);
    let reason = patch
        .family_not_told_reason
        .clone()
        .apply(details.family_not_told_reason.take());
    details.family_not_told_reason = non_blank(reason.as_ref());
    if patch.look_back_from != Patch::Absent {
        let look_back_from = patch.look_back_from.clone().apply(None);
        if look_back_from
            .as_deref()
            .is_some_and(|day| parse_day(day).is_none())
        {
            faults.push(Fault::new(
                "/look_back_from",
                "date",
                "must be a date, for example 2021-03-31",
            ));
        }
        details.look_back_from = look_back_from;
    }
}

fn parse_look_back(
    asked: Option<&str>,
    policy: &PartnershipPolicy,
    purpose: Purpose,
    now: Instant,
    faults: &mut Vec<Fault>,
) -> Option<String> {
    if let Some(day) = asked {
        if parse_day(day).is_none() {
            faults.push(Fault::new(
                "/look_back_from",
                "date",
                "must be a date, for example 2021-03-31",
            ));
        }
        return Some(day.to_owned());
    }
    let years = i32::from(policy.purpose_policy(purpose).look_back_years?);
    let today = domain::uk_date_at(now);
    let year = today.year() - years;
    let from = today
        .replace_year(year)
        .or_else(|_| today.replace_day(28).and_then(|day| day.replace_year(year)));
    from.ok().map(|day| day.to_string())
}

/// Validates that a chronology is due before it expires, that both dates are in the future, and
/// that it does not live longer than the policy allows.
fn validate_dates(
    policy: &PartnershipPolicy,
    now: Instant,
    due_at: Instant,
    expires_at: Instant,
    faults: &mut Vec<Fault>,
) {
    if expires_at <= now {
        faults.push(Fault::new(
            "/expires_at",
            "past",
            "the expiry is in the past",
        ));
    }
    if expires_at > now.plus(policy.max_lifetime) {
        let message = "later than the partnership's longest lifetime";
        faults.push(Fault::new("/expires_at", "beyond_policy", message));
    }
    if due_at <= now {
        faults.push(Fault::new("/due_at", "past", "the due date is in the past"));
    }
    if due_at > expires_at {
        faults.push(Fault::new(
            "/due_at",
            "after_expiry",
            "the due date must be before the expiry",
        ));
    }
}
