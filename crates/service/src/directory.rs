//! The partnership, its agencies and its practitioners.

use std::sync::{Arc, PoisonError};

use domain::{
    AgencyId, Category, Facts, Operation, PartnershipId, Permit, PractitionerId, Purpose, PurposePolicy, Sensitive,
    built_in_categories,
};
use store::{AgencyRow, PartnershipRow, PractitionerRow};
use vault::{Place, Terms};

use crate::engine::{Partnership, PartnershipConfig};
use crate::session::{Call, PractitionerDetails, Scene, Trail};
use crate::{
    AgencyIn, AgencyOut, AgencyPatch, Answer, CategoryOut, Page, PageQuery, PartnershipOut, PractitionerIn,
    PractitionerOut, PractitionerPatch, PurposeOut, Service, ServiceError, Written,
};

impl Service {
    /// Makes a configured partnership known, and registers those of its agencies that are not yet there.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database does not answer.
    pub fn register_partnership(&self, config: PartnershipConfig) -> Answer<PartnershipId> {
        let now = self.now();
        let fresh = PartnershipRow {
            id: PartnershipId::new(self.ids(), now),
            code: config.code.clone(),
            name: config.name.clone(),
            created_at: now,
        };
        let id = self.0.db.write("partnership.register", |tx| {
            let row = store::partnerships::upsert(tx, &fresh)?;
            for agency in &config.agencies {
                if store::agencies::find_by_code(tx, row.id, &agency.code)?.is_none() {
                    store::agencies::insert(tx, &self.agency_row(row.id, agency))?;
                }
            }
            Ok::<_, ServiceError>(row.id)
        })?;
        let PartnershipConfig { code, name, policy, .. } = config;
        let partnership = Arc::new(Partnership { id, code: code.clone(), name, policy });
        self.0.partnerships.write().unwrap_or_else(PoisonError::into_inner).insert(code, partnership);
        Ok(id)
    }

    fn agency_row(&self, partnership: PartnershipId, input: &AgencyIn) -> AgencyRow {
        let now = self.now();
        AgencyRow {
            id: AgencyId::new(self.ids(), now),
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

    /// The caller's partnership: policy, categories, purposes.
    ///
    /// # Errors
    /// As every read.
    pub fn partnership(&self, call: &Call) -> Answer<PartnershipOut> {
        self.read(call, Operation::PartnershipRead, Trail::of("partnership"), |scene| {
            scene.permit_collection(Operation::PartnershipRead)?;
            Ok(partnership_out(scene.partnership))
        })
    }

    /// The partnership's agencies.
    ///
    /// # Errors
    /// As every read; [`ServiceError::Cursor`] for a cursor that is not of this list.
    pub fn agencies(&self, call: &Call, query: PageQuery) -> Answer<Page<AgencyOut>> {
        self.read(call, Operation::AgencyList, Trail::of("agency"), |scene| {
            let permit = scene.permit_collection(Operation::AgencyList)?;
            let slice = self.slice(scene, "agencies", &query)?;
            let rows = store::agencies::page(scene.tx, permit.partnership(), slice.after, slice.limit + 1)?;
            self.page(scene, "agencies", &slice, rows, |row| (row.created_at, row.id.0), |row| Ok(agency_out(row)))
        })
    }

    /// One agency.
    ///
    /// # Errors
    /// As every read.
    pub fn agency(&self, call: &Call, id: AgencyId) -> Answer<AgencyOut> {
        self.read(call, Operation::AgencyRead, Trail::about("agency", id), |scene| read_agency(scene, id))
    }

    /// Registers an agency.
    ///
    /// # Errors
    /// As every write; `Conflict::AlreadyExists` when the code is in use.
    pub fn create_agency(&self, call: &Call, input: AgencyIn) -> Answer<Written<AgencyOut>> {
        self.write_once(
            call,
            Operation::AgencyWrite,
            Trail::of("agency"),
            |scene| {
                let permit = scene.permit_collection(Operation::AgencyWrite)?;
                check_code(&input.code)?;
                let row = self.agency_row(permit.partnership(), &input);
                scene.trail.object_id = Some(row.id.0);
                store::agencies::insert(scene.tx, &row)?;
                Ok(agency_out(row))
            },
            |scene, kept| read_agency(scene, AgencyId(kept.object_id)),
        )
    }

    /// Changes an agency.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Stale`] when `version` is not the current one.
    pub fn patch_agency(&self, call: &Call, id: AgencyId, version: i64, patch: AgencyPatch) -> Answer<AgencyOut> {
        let written = self.write(call, Operation::AgencyWrite, Trail::about("agency", id), |scene| {
            let mut row = agency_row(scene, id)?;
            scene.permit(Operation::AgencyWrite, &agency_facts(scene, &row))?;
            row.name = patch.name.clone().unwrap_or(row.name);
            row.has_access = patch.has_access.unwrap_or(row.has_access);
            row.active = patch.active.unwrap_or(row.active);
            row.version = version + 1;
            row.updated_at = scene.now();
            store::agencies::update(scene.tx, &row, version)?;
            Ok(agency_out(row))
        })?;
        Ok(written.value)
    }

    /// Practitioners of one agency, or of all for social care.
    ///
    /// # Errors
    /// As every read.
    pub fn practitioners(
        &self,
        call: &Call,
        agency: Option<AgencyId>,
        query: PageQuery,
    ) -> Answer<Page<PractitionerOut>> {
        self.read(call, Operation::PractitionerList, Trail::of("practitioner"), |scene| {
            let agency = if scene.actor().social_care { agency } else { agency.or(Some(scene.actor().agency)) };
            let own_agency = agency == Some(scene.actor().agency);
            scene.permit(Operation::PractitionerList, &Facts { own_agency, ..Facts::collection() })?;
            let slice = self.slice(scene, "practitioners", &query)?;
            let partnership = scene.actor().partnership;
            let rows = store::practitioners::page(scene.tx, partnership, agency, slice.after, slice.limit + 1)?;
            let key = |row: &PractitionerRow| (row.created_at, row.id.0);
            self.page(scene, "practitioners", &slice, rows, key, |row| self.practitioner_out(&row, scene.now()))
        })
    }

    /// One practitioner.
    ///
    /// # Errors
    /// As every read.
    pub fn practitioner(&self, call: &Call, id: PractitionerId) -> Answer<PractitionerOut> {
        let about = Trail::about("practitioner", id);
        self.read(call, Operation::PractitionerRead, about, |scene| self.read_practitioner(scene, id))
    }

    fn read_practitioner(&self, scene: &mut Scene<'_, '_>, id: PractitionerId) -> Answer<PractitionerOut> {
        let (row, _) = practitioner_for(scene, id, Operation::PractitionerRead)?;
        self.practitioner_out(&row, scene.now())
    }

    /// The caller, as the directory knows them.
    ///
    /// # Errors
    /// As every read.
    pub fn me(&self, call: &Call) -> Answer<PractitionerOut> {
        self.read(call, Operation::PractitionerRead, Trail::of("practitioner"), |scene| {
            let id = scene.me();
            scene.trail.object_id = Some(id.0);
            let row = store::practitioners::find(scene.tx, scene.actor().partnership, id)?;
            let row = row.ok_or(ServiceError::NotFound)?;
            scene.permit(Operation::PartnershipRead, &Facts::collection())?;
            self.practitioner_out(&row, scene.now())
        })
    }

    /// Registers a practitioner before their first visit.
    ///
    /// # Errors
    /// As every write; `Conflict` when the issuer and subject are already registered for the agency.
    pub fn create_practitioner(&self, call: &Call, input: PractitionerIn) -> Answer<Written<PractitionerOut>> {
        self.write_once(
            call,
            Operation::PractitionerWrite,
            Trail::of("practitioner"),
            |scene| {
                let own_agency = input.agency_id == scene.actor().agency;
                scene.permit(Operation::PractitionerWrite, &Facts { own_agency, ..Facts::collection() })?;
                if store::agencies::find(scene.tx, scene.actor().partnership, input.agency_id)?.is_none() {
                    return Err(ServiceError::fault("/agency_id", "unknown", "no such agency in the partnership"));
                }
                let index = self.subject_index(scene.partnership, &input.issuer, &input.subject);
                let details = PractitionerDetails { name: input.name.clone(), job_title: input.job_title.clone() };
                let row = self.practitioner_row(scene.partnership, input.agency_id, index, &details, scene.now())?;
                scene.trail.object_id = Some(row.id.0);
                store::practitioners::insert(scene.tx, &row)?;
                self.practitioner_out(&row, scene.now())
            },
            |scene, kept| self.read_practitioner(scene, PractitionerId(kept.object_id)),
        )
    }

    /// Changes a practitioner; `active: false` once they have left.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Stale`] when `version` is not the current one.
    pub fn patch_practitioner(
        &self,
        call: &Call,
        id: PractitionerId,
        version: i64,
        patch: PractitionerPatch,
    ) -> Answer<PractitionerOut> {
        let trail = Trail::about("practitioner", id);
        let written = self.write(call, Operation::PractitionerWrite, trail, |scene| {
            let (mut row, permit) = practitioner_for(scene, id, Operation::PractitionerWrite)?;
            let mut details = self.practitioner_details(&row, scene.now())?;
            details.name = patch.name.clone().unwrap_or(details.name);
            details.job_title = patch.job_title.clone().or(details.job_title);
            row.active = patch.active.unwrap_or(row.active);
            row.version = version + 1;
            row.updated_at = scene.now();
            let partnership = permit.partnership();
            let sealed = self.seal_permanent(partnership, "practitioners", id.0, row.version, scene.now(), &details)?;
            (row.wrapped_key, row.sealed) = (sealed.wrapped_key.into(), sealed.sealed.into());
            store::practitioners::update(scene.tx, &row, version)?;
            self.practitioner_out(&row, scene.now())
        })?;
        Ok(written.value)
    }

    fn practitioner_details(&self, row: &PractitionerRow, now: domain::Instant) -> Answer<PractitionerDetails> {
        let place = Place { table: "practitioners", row: row.id.0, version: row.version };
        let terms = Terms::Permanent { partnership: row.partnership_id };
        self.unseal(&place, &terms, now, row.wrapped_key.as_ref(), row.sealed.as_ref())
    }

    pub(crate) fn practitioner_out(&self, row: &PractitionerRow, now: domain::Instant) -> Answer<PractitionerOut> {
        let details = self.practitioner_details(row, now)?;
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

fn read_agency(scene: &mut Scene<'_, '_>, id: AgencyId) -> Answer<AgencyOut> {
    let row = agency_row(scene, id)?;
    scene.permit(Operation::AgencyRead, &agency_facts(scene, &row))?;
    Ok(agency_out(row))
}

/// Leave to do something with an agency.
pub(crate) fn agency_leave(scene: &mut Scene<'_, '_>, id: AgencyId, operation: Operation) -> Answer<()> {
    let row = agency_row(scene, id)?;
    scene.permit(operation, &agency_facts(scene, &row)).map(drop)
}

/// Leave to do something with a practitioner.
pub(crate) fn practitioner_leave(scene: &mut Scene<'_, '_>, id: PractitionerId, operation: Operation) -> Answer<()> {
    practitioner_for(scene, id, operation).map(drop)
}

fn agency_row(scene: &mut Scene<'_, '_>, id: AgencyId) -> Answer<AgencyRow> {
    store::agencies::find(scene.tx, scene.session.actor.partnership, id)?.ok_or(ServiceError::NotFound)
}

fn agency_facts(scene: &Scene<'_, '_>, row: &AgencyRow) -> Facts {
    Facts { own_agency: row.id == scene.actor().agency, ..Facts::collection() }
}

fn practitioner_for(
    scene: &mut Scene<'_, '_>,
    id: PractitionerId,
    operation: Operation,
) -> Answer<(PractitionerRow, Permit)> {
    let row = store::practitioners::find(scene.tx, scene.session.actor.partnership, id)?;
    let row = row.ok_or(ServiceError::NotFound)?;
    let own_agency = row.agency_id == scene.actor().agency;
    let permit = scene.permit(operation, &Facts { own_agency, ..Facts::collection() })?;
    Ok((row, permit))
}

/// Names the practitioners of a list that the partnership does not have, or that work elsewhere.
pub(crate) fn check_practitioners(
    scene: &mut Scene<'_, '_>,
    pointer: &str,
    agency: AgencyId,
    ids: &[PractitionerId],
) -> Answer<Vec<crate::Fault>> {
    let partnership = scene.session.actor.partnership;
    let found = store::practitioners::find_many(scene.tx, partnership, ids)?;
    if found.iter().any(|row| row.provisional_until.is_some()) {
        store::practitioners::confirm(scene.tx, partnership, ids)?;
    }
    let here = |id: &PractitionerId| found.iter().any(|row| row.id == *id && row.agency_id == agency && row.active);
    Ok(ids
        .iter()
        .enumerate()
        .filter(|(_, id)| !here(id))
        .map(|(at, _)| crate::Fault::new(format!("{pointer}/{at}"), "unknown", "no such practitioner at the agency"))
        .collect())
}

fn check_code(code: &str) -> Answer<()> {
    let shaped = code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && code.bytes().next().is_some_and(|b| b != b'-');
    if shaped {
        return Ok(());
    }
    Err(ServiceError::fault("/code", "pattern", "lower-case letters, digits and hyphens, not starting with a hyphen"))
}

pub(crate) fn agency_out(row: AgencyRow) -> AgencyOut {
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

impl Service {
    /// Whether a category is on the list of the caller's partnership. Of a partnership that is not known nothing is said:
    /// the use case refuses the caller.
    #[must_use]
    pub fn lists_category(&self, call: &Call, category: &Category) -> bool {
        self.partnership_named(&call.sign_in.partnership).map_or(true, |known| known.policy.lists(category))
    }
}

/// The built-in categories and the partnership's own.
pub(crate) fn categories(partnership: &Partnership) -> Vec<CategoryOut> {
    let built_in =
        built_in_categories().iter().filter_map(|(code, covers)| Some((Category::new(code)?, (*covers).to_owned())));
    built_in
        .chain(partnership.policy.extra_categories.iter().cloned())
        .map(|(code, covers)| CategoryOut { code, covers })
        .collect()
}

fn partnership_out(partnership: &Partnership) -> PartnershipOut {
    let policy = &partnership.policy;
    let purposes = Purpose::ALL.iter().map(|purpose| {
        let PurposePolicy { due_days, look_back_years, lifetime_days } = policy.purpose(*purpose);
        PurposeOut { purpose: *purpose, due_days, look_back_years, lifetime_days }
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

/// Empty text is no text.
pub(crate) fn filled(text: Option<&Sensitive<String>>) -> Option<Sensitive<String>> {
    text.filter(|text| !text.as_str().trim().is_empty()).cloned()
}
