//! Use cases of the directory: the partnership, its agencies and its practitioners.

use std::sync::Arc;

use contract::{
    AgencyIn, AgencyOut, AgencyPatch, CategoryOut, Page, PageQuery, PartnershipOut, PractitionerIn,
    PractitionerOut, PractitionerPatch, PurposeOut,
};
use domain::{
    AccessFacts, AccessPermit, AgencyId, Category, ObjectKind, Operation, PartnershipId,
    PartnershipPolicy, PractitionerId, Purpose, PurposePolicy, built_in_categories,
};
use kernel::{
    AuditContext, CallContext, Kernel, Partnership, PractitionerDetails, ServiceError,
    ServiceResult, UnitOfWork, WriteReply, practitioner_location,
};
use store::{AgencyRow, PartnershipRow, PractitionerRow};
use vault::{KeyTerms, RecordLocation, SealedTable};

/// Use cases of the directory: partnership, agencies and practitioners.
pub struct Directory {
    pub(crate) kernel: Arc<Kernel>,
}

/// A partnership as configured.
#[derive(Debug, Clone)]
pub struct PartnershipConfig {
    /// The short code that access tokens carry.
    pub code: String,
    /// The full name for display.
    pub name: String,
    /// The settings that the partnership chooses for itself.
    pub policy: PartnershipPolicy,
    /// The agencies to register if the database does not have them yet.
    pub agencies: Vec<AgencyIn>,
}

impl Directory {
    /// Registers a configured partnership and those of its agencies that the database does not have
    /// yet.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database cannot be reached.
    pub fn register_partnership(&self, config: PartnershipConfig) -> ServiceResult<PartnershipId> {
        let now = self.kernel.now();
        let fresh = PartnershipRow {
            id: PartnershipId::new(self.kernel.ids(), now),
            code: config.code.clone(),
            name: config.name.clone(),
            created_at: now,
        };
        let id = self.kernel.db().write("partnership.register", |tx| {
            let row = store::partnerships::upsert(tx, &fresh)?;
            for agency in &config.agencies {
                if store::agencies::find_by_code(tx, row.id, &agency.code)?.is_none() {
                    store::agencies::insert(tx, &self.build_agency_row(row.id, agency))?;
                }
            }
            Ok::<_, ServiceError>(row.id)
        })?;
        let PartnershipConfig {
            code, name, policy, ..
        } = config;
        self.kernel.configure_partnership(Partnership {
            id,
            code,
            name,
            policy,
        });
        Ok(id)
    }

    pub(crate) fn build_agency_row(
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

    /// Reads the caller's partnership: policy, categories and purposes.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn get_partnership(&self, call: &CallContext) -> ServiceResult<PartnershipOut> {
        self.kernel.read(
            call,
            Operation::PartnershipRead,
            AuditContext::of(ObjectKind::Partnership),
            |uow| {
                uow.authorize_collection(Operation::PartnershipRead)?;
                Ok(to_partnership_out(uow.partnership))
            },
        )
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

    pub(crate) fn read_practitioner(
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

    pub(crate) fn open_practitioner_details(
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

pub(crate) fn read_agency(uow: &mut UnitOfWork<'_, '_>, id: AgencyId) -> ServiceResult<AgencyOut> {
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

/// Authorises an operation on a practitioner.
pub(crate) fn authorize_practitioner(
    uow: &mut UnitOfWork<'_, '_>,
    id: PractitionerId,
    operation: Operation,
) -> ServiceResult<()> {
    authorize_and_load_practitioner(uow, id, operation).map(drop)
}

pub(crate) fn load_agency(uow: &mut UnitOfWork<'_, '_>, id: AgencyId) -> ServiceResult<AgencyRow> {
    store::agencies::find(uow.tx, uow.session.actor.partnership, id)?.ok_or(ServiceError::NotFound)
}

pub(crate) fn agency_facts(uow: &UnitOfWork<'_, '_>, row: &AgencyRow) -> AccessFacts {
    AccessFacts {
        own_agency: row.id == uow.actor().agency,
        ..AccessFacts::collection()
    }
}

pub(crate) fn authorize_and_load_practitioner(
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

pub(crate) fn validate_code(code: &str) -> ServiceResult<()> {
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

impl Directory {
    /// Whether a category is on the list of the caller's partnership. Returns true for an unknown
    /// partnership, because the use case itself refuses such a caller.
    #[must_use]
    pub fn is_category_listed(&self, call: &CallContext, category: &Category) -> bool {
        self.kernel
            .partnership_by_code(&call.claims.partnership)
            .map_or(true, |partnership| {
                partnership.policy.has_category(category)
            })
    }
}

/// Lists the built-in categories and the partnership's own.
pub(crate) fn categories(partnership: &Partnership) -> Vec<CategoryOut> {
    let built_in = built_in_categories()
        .iter()
        .filter_map(|(code, covers)| Some((Category::new(code)?, (*covers).to_owned())));
    built_in
        .chain(partnership.policy.extra_categories.iter().cloned())
        .map(|(code, covers)| CategoryOut { code, covers })
        .collect()
}

pub(crate) fn to_partnership_out(partnership: &Partnership) -> PartnershipOut {
    let policy = &partnership.policy;
    let purposes = Purpose::ALL.iter().map(|purpose| {
        let PurposePolicy {
            due_days,
            look_back_years,
            lifetime_days,
        } = policy.purpose_policy(*purpose);
        PurposeOut {
            purpose: *purpose,
            due_days,
            look_back_years,
            lifetime_days,
        }
    });
    PartnershipOut {
        id: partnership.id,
        code: partnership.code.clone(),
        name: partnership.name.clone(),
        categories: categories(partnership),
        purposes: purposes.collect(),
        max_lifetime_days: policy.max_lifetime.as_secs() / 86_400,
        allow_ahead: policy.allow_ahead,
        contributors_read_timeline: policy.contributors_read_timeline,
        impact_mandatory: policy.impact_mandatory,
        action_mandatory: policy.action_mandatory,
    }
}
