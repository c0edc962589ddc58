//! Practitioners of agencies.

use contract::{Page, PageQuery, PractitionerIn, PractitionerOut, PractitionerPatch};
use domain::{AccessFacts, AccessPermit, AgencyId, ObjectKind, Operation, PractitionerId};
use kernel::{
    AuditContext, CallContext, PractitionerDetails, ServiceError, ServiceResult, UnitOfWork,
    WriteReply, practitioner_location,
};
use store::PractitionerRow;
use vault::{KeyTerms, RecordLocation, SealedTable};

use crate::directory::Directory;

impl Directory {
    /// Lists the practitioners of one agency; social care may list those of all agencies.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_practitioners(
        &self,
        call: &CallContext,
        agency: Option<AgencyId>,
        query: PageQuery,
    ) -> ServiceResult<Page<PractitionerOut>> {
        self.kernel.read(
            call,
            Operation::PractitionerList,
            AuditContext::of(ObjectKind::Practitioner),
            |uow| {
                let agency = if uow.actor().social_care {
                    agency
                } else {
                    agency.or(Some(uow.actor().agency))
                };
                let own_agency = agency == Some(uow.actor().agency);
                uow.authorize(
                    Operation::PractitionerList,
                    &AccessFacts {
                        own_agency,
                        ..AccessFacts::collection()
                    },
                )?;
                let bounds = self.kernel.parse_page_query(uow, "practitioners", &query)?;
                let partnership = uow.actor().partnership;
                let rows = store::practitioners::page(
                    uow.tx,
                    partnership,
                    agency,
                    bounds.after,
                    bounds.limit + 1,
                )?;
                let key = |row: &PractitionerRow| (row.created_at, row.id.0);
                self.kernel
                    .build_page(uow, "practitioners", &bounds, rows, key, |row| {
                        self.to_practitioner_out(&row, uow.now())
                    })
            },
        )
    }

    /// Reads one practitioner.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_practitioner(
        &self,
        call: &CallContext,
        id: PractitionerId,
    ) -> ServiceResult<PractitionerOut> {
        let about = AuditContext::about(id);
        self.kernel
            .read(call, Operation::PractitionerRead, about, |uow| {
                self.read_practitioner(uow, id)
            })
    }

    fn read_practitioner(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: PractitionerId,
    ) -> ServiceResult<PractitionerOut> {
        let (row, _) = authorize_and_load_practitioner(uow, id, Operation::PractitionerRead)?;
        self.to_practitioner_out(&row, uow.now())
    }

    /// Reads the caller's own directory entry.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_current_practitioner(&self, call: &CallContext) -> ServiceResult<PractitionerOut> {
        self.kernel.read(
            call,
            Operation::PractitionerRead,
            AuditContext::of(ObjectKind::Practitioner),
            |uow| {
                let id = uow.caller_id();
                uow.audit.set_object(id);
                let row = store::practitioners::find(uow.tx, uow.actor().partnership, id)?;
                let row = row.ok_or(ServiceError::NotFound)?;
                uow.authorize(Operation::PartnershipRead, &AccessFacts::collection())?;
                self.to_practitioner_out(&row, uow.now())
            },
        )
    }

    /// Registers a practitioner before they first sign in.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors);
    /// [`Conflict::AlreadyExists`](crate::Conflict::AlreadyExists) when issuer and subject are
    /// already registered for the agency.
    pub fn create_practitioner(
        &self,
        call: &CallContext,
        input: PractitionerIn,
    ) -> ServiceResult<WriteReply<PractitionerOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::PractitionerWrite,
            AuditContext::of(ObjectKind::Practitioner),
            |uow| {
                let own_agency = input.agency_id == uow.actor().agency;
                uow.authorize(
                    Operation::PractitionerWrite,
                    &AccessFacts {
                        own_agency,
                        ..AccessFacts::collection()
                    },
                )?;
                if store::agencies::find(uow.tx, uow.actor().partnership, input.agency_id)?
                    .is_none()
                {
                    return Err(ServiceError::invalid(
                        "/agency_id",
                        "unknown",
                        "no such agency in the partnership",
                    ));
                }
                let index =
                    self.kernel
                        .subject_index(uow.partnership, &input.issuer, &input.subject);
                let details = PractitionerDetails {
                    name: input.name.clone(),
                    job_title: input.job_title.clone(),
                };
                let row = self.kernel.build_practitioner_row(
                    uow.partnership,
                    input.agency_id,
                    index,
                    &details,
                    uow.now(),
                )?;
                uow.audit.set_object(row.id);
                store::practitioners::insert(uow.tx, &row)?;
                self.to_practitioner_out(&row, uow.now())
            },
            |uow, record| self.read_practitioner(uow, record.object()?),
        )
    }

    /// Changes a practitioner; `active: false` marks one who has left.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Stale`] when `version` is not
    /// the current one.
    pub fn patch_practitioner(
        &self,
        call: &CallContext,
        id: PractitionerId,
        version: i64,
        patch: PractitionerPatch,
    ) -> ServiceResult<PractitionerOut> {
        let audit = AuditContext::about(id);
        let written = self
            .kernel
            .write(call, Operation::PractitionerWrite, audit, |uow| {
                let (mut row, permit) =
                    authorize_and_load_practitioner(uow, id, Operation::PractitionerWrite)?;
                let mut details = self.open_practitioner_details(&row, uow.now())?;
                details.name = patch.name.clone().unwrap_or(details.name);
                details.job_title = patch.job_title.clone().or(details.job_title);
                row.active = patch.active.unwrap_or(row.active);
                row.version = version + 1;
                row.updated_at = uow.now();
                let partnership = permit.partnership();
                let sealed = self.kernel.seal_permanent(
                    partnership,
                    &practitioner_location(id, row.version),
                    uow.now(),
                    &details,
                )?;
                row.wrapped_key = sealed.wrapped_key.into();
                row.sealed = sealed.sealed.into();
                store::practitioners::update(uow.tx, &row, version)?;
                self.to_practitioner_out(&row, uow.now())
            })?;
        Ok(written.value)
    }

    fn open_practitioner_details(
        &self,
        row: &PractitionerRow,
        now: domain::Instant,
    ) -> ServiceResult<PractitionerDetails> {
        let location = RecordLocation {
            table: SealedTable::Practitioners,
            row: row.id.0,
            version: row.version,
        };
        let terms = KeyTerms::Permanent {
            partnership: row.partnership_id,
        };
        self.kernel.unseal(
            &location,
            &terms,
            now,
            row.wrapped_key.as_ref(),
            row.sealed.as_ref(),
        )
    }

    pub(crate) fn to_practitioner_out(
        &self,
        row: &PractitionerRow,
        now: domain::Instant,
    ) -> ServiceResult<PractitionerOut> {
        let details = self.open_practitioner_details(row, now)?;
        Ok(PractitionerOut {
            id: row.id,
            agency_id: row.agency_id,
            name: details.name,
            job_title: details.job_title,
            active: row.active,
            version: row.version,
        })
    }
}

/// Authorises an operation on a practitioner.
pub(crate) fn authorize_practitioner(
    uow: &mut UnitOfWork<'_, '_>,
    id: PractitionerId,
    operation: Operation,
) -> ServiceResult<()> {
    authorize_and_load_practitioner(uow, id, operation).map(drop)
}

fn authorize_and_load_practitioner(
    uow: &mut UnitOfWork<'_, '_>,
    id: PractitionerId,
    operation: Operation,
) -> ServiceResult<(PractitionerRow, AccessPermit)> {
    let row = store::practitioners::find(uow.tx, uow.session.actor.partnership, id)?;
    let row = row.ok_or(ServiceError::NotFound)?;
    let own_agency = row.agency_id == uow.actor().agency;
    let permit = uow.authorize(
        operation,
        &AccessFacts {
            own_agency,
            ..AccessFacts::collection()
        },
    )?;
    Ok((row, permit))
}

/// Returns a fault for each listed practitioner who does not exist in the partnership or is not
/// active at the agency.
pub(crate) fn validate_practitioners(
    uow: &mut UnitOfWork<'_, '_>,
    pointer: &str,
    agency: AgencyId,
    ids: &[PractitionerId],
) -> ServiceResult<Vec<crate::Fault>> {
    let partnership = uow.session.actor.partnership;
    let found = store::practitioners::find_many(uow.tx, partnership, ids)?;
    if found.iter().any(|row| row.provisional_until.is_some()) {
        store::practitioners::confirm(uow.tx, partnership, ids)?;
    }
    let is_active_member = |id: &PractitionerId| {
        found
            .iter()
            .any(|row| row.id == *id && row.agency_id == agency && row.active)
    };
    Ok(ids
        .iter()
        .enumerate()
        .filter(|(_, id)| !is_active_member(id))
        .map(|(at, _)| {
            crate::Fault::new(
                format!("{pointer}/{at}"),
                "unknown",
                "no such practitioner at the agency",
            )
        })
        .collect())
}
