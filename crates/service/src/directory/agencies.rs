//! Agencies of a partnership.

use contract::{AgencyIn, AgencyOut, AgencyPatch, Page, PageQuery};
use domain::{AccessFacts, AgencyId, ObjectKind, Operation, PartnershipId};
use kernel::{AuditContext, CallContext, ServiceError, ServiceResult, UnitOfWork, WriteReply};
use store::AgencyRow;

use crate::directory::Directory;

impl Directory {
    pub(super) fn build_agency_row(
        &self,
        partnership: PartnershipId,
        input: &AgencyIn,
    ) -> AgencyRow {
        let now = self.kernel.now();
        AgencyRow {
            id: AgencyId::new(self.kernel.ids(), now),
            partnership_id: partnership,
            code: input.code.clone(),
            name: input.name.clone(),
            kind: input.kind,
            has_access: input.has_access,
            active: true,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Lists the partnership's agencies.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_agencies(
        &self,
        call: &CallContext,
        query: PageQuery,
    ) -> ServiceResult<Page<AgencyOut>> {
        self.kernel.read(
            call,
            Operation::AgencyList,
            AuditContext::of(ObjectKind::Agency),
            |uow| {
                let permit = uow.authorize_collection(Operation::AgencyList)?;
                let bounds = self.kernel.parse_page_query(uow, "agencies", &query)?;
                let rows = store::agencies::page(
                    uow.tx,
                    permit.partnership(),
                    bounds.after,
                    bounds.limit + 1,
                )?;
                self.kernel.build_page(
                    uow,
                    "agencies",
                    &bounds,
                    rows,
                    |row| (row.created_at, row.id.0),
                    |row| Ok(to_agency_out(row)),
                )
            },
        )
    }

    /// Reads one agency.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_agency(&self, call: &CallContext, id: AgencyId) -> ServiceResult<AgencyOut> {
        self.kernel.read(
            call,
            Operation::AgencyRead,
            AuditContext::about(id),
            |uow| read_agency(uow, id),
        )
    }

    /// Registers an agency.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors);
    /// [`Conflict::AlreadyExists`](crate::Conflict::AlreadyExists) when the code is in use.
    pub fn create_agency(
        &self,
        call: &CallContext,
        input: AgencyIn,
    ) -> ServiceResult<WriteReply<AgencyOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::AgencyWrite,
            AuditContext::of(ObjectKind::Agency),
            |uow| {
                let permit = uow.authorize_collection(Operation::AgencyWrite)?;
                validate_code(&input.code)?;
                let row = self.build_agency_row(permit.partnership(), &input);
                uow.audit.set_object(row.id);
                store::agencies::insert(uow.tx, &row)?;
                Ok(to_agency_out(row))
            },
            |uow, record| read_agency(uow, record.object()?),
        )
    }

    /// Changes an agency.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Stale`] when `version` is not
    /// the current one.
    pub fn patch_agency(
        &self,
        call: &CallContext,
        id: AgencyId,
        version: i64,
        patch: AgencyPatch,
    ) -> ServiceResult<AgencyOut> {
        let written = self.kernel.write(
            call,
            Operation::AgencyWrite,
            AuditContext::about(id),
            |uow| {
                let mut row = load_agency(uow, id)?;
                uow.authorize(Operation::AgencyWrite, &agency_facts(uow, &row))?;
                row.name = patch.name.clone().unwrap_or(row.name);
                row.has_access = patch.has_access.unwrap_or(row.has_access);
                row.active = patch.active.unwrap_or(row.active);
                row.version = version + 1;
                row.updated_at = uow.now();
                store::agencies::update(uow.tx, &row, version)?;
                Ok(to_agency_out(row))
            },
        )?;
        Ok(written.value)
    }
}

fn read_agency(uow: &mut UnitOfWork<'_, '_>, id: AgencyId) -> ServiceResult<AgencyOut> {
    let row = load_agency(uow, id)?;
    uow.authorize(Operation::AgencyRead, &agency_facts(uow, &row))?;
    Ok(to_agency_out(row))
}

/// Authorises an operation on an agency.
pub(crate) fn authorize_agency(
    uow: &mut UnitOfWork<'_, '_>,
    id: AgencyId,
    operation: Operation,
) -> ServiceResult<()> {
    let row = load_agency(uow, id)?;
    uow.authorize(operation, &agency_facts(uow, &row)).map(drop)
}

fn load_agency(uow: &mut UnitOfWork<'_, '_>, id: AgencyId) -> ServiceResult<AgencyRow> {
    store::agencies::find(uow.tx, uow.session.actor.partnership, id)?.ok_or(ServiceError::NotFound)
}

fn agency_facts(uow: &UnitOfWork<'_, '_>, row: &AgencyRow) -> AccessFacts {
    AccessFacts {
        own_agency: row.id == uow.actor().agency,
        ..AccessFacts::collection()
    }
}

fn validate_code(code: &str) -> ServiceResult<()> {
    let shaped = code
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && code.bytes().next().is_some_and(|b| b != b'-');
    if shaped {
        return Ok(());
    }
    Err(ServiceError::invalid(
        "/code",
        "pattern",
        "must contain only lower-case letters, digits and hyphens, and not start with a hyphen",
    ))
}

pub(crate) fn to_agency_out(row: AgencyRow) -> AgencyOut {
    AgencyOut {
        id: row.id,
        code: row.code,
        name: row.name,
        kind: row.kind,
        has_access: row.has_access,
        active: row.active,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
