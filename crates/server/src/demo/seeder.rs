//! Runs the script through the use cases, each step as the person who would take it.

mod inputs;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use domain::{
    AgencyId, ChronologyId, FamilyId, FragmentId, Instant, InvitationId, PersonId, PractitionerId,
};
use service::{
    AheadFragmentIn, CallContext, CallerClaims, DeclineIn, FragmentIn, HoldIn, HoldScope,
    IdempotencyKey, InvitationIn, NilReturnIn, PageQuery, PractitionerIn, Service, SignOffIn,
    SnapshotDecision, TimelineQuery,
};

use super::data::{
    AgencyResponse, ChronologyData, DemoData, FamilyData, InvitationData, PractitionerData,
    ReturnData,
};
use super::script::{Action, Step};

/// Runs steps and remembers the identifiers they return.
pub(super) struct Seeder<'a> {
    service: &'a Service,
    demo_data: &'a DemoData,
    issuer: String,
    partnership: String,
    /// Number of calls made, used as the next idempotency key.
    calls: u32,
    agencies: BTreeMap<String, AgencyId>,
    practitioners: BTreeMap<String, PractitionerId>,
    people: BTreeMap<String, PersonId>,
    families: BTreeMap<String, FamilyId>,
    chronologies: BTreeMap<String, ChronologyId>,
    invitations: BTreeMap<(String, String), InvitationId>,
    fragments: BTreeMap<String, (FragmentId, i64)>,
    /// What was submitted under each reference, for corrections.
    sent: BTreeMap<String, FragmentIn>,
}

impl<'a> Seeder<'a> {
    /// Creates a seeder for a partnership whose agencies are registered.
    pub(super) fn new(
        service: &'a Service,
        demo_data: &'a DemoData,
        issuer: String,
        partnership: String,
    ) -> anyhow::Result<Self> {
        let mut seeder = Self {
            service,
            demo_data,
            issuer,
            partnership,
            calls: 0,
            agencies: BTreeMap::new(),
            practitioners: BTreeMap::new(),
            people: BTreeMap::new(),
            families: BTreeMap::new(),
            chronologies: BTreeMap::new(),
            invitations: BTreeMap::new(),
            fragments: BTreeMap::new(),
            sent: BTreeMap::new(),
        };
        let manager = seeder.manager_login()?;
        let call = seeder.build_call(&manager)?;
        let agencies = service.directory.list_agencies(&call, full_page())?;
        seeder.agencies = agencies
            .items
            .into_iter()
            .map(|agency| (agency.code, agency.id))
            .collect();
        Ok(seeder)
    }

    /// Whether the database already contains families.
    pub(super) fn has_families(&mut self) -> anyhow::Result<bool> {
        let manager = self.manager_login()?;
        let call = self.build_call(&manager)?;
        Ok(!self
            .service
            .people
            .list_families(&call, PageQuery::default())?
            .items
            .is_empty())
    }

    /// Registers all practitioners, so that invitations can name them.
    pub(super) fn register_practitioners(&mut self) -> anyhow::Result<()> {
        let manager = self.manager_login()?;
        let known = self.known_practitioners(&manager)?;
        for person in &self.demo_data.practitioners {
            let id = match known.get(&person.name) {
                Some(id) => *id,
                None => {
                    let input = PractitionerIn {
                        agency_id: *lookup(&self.agencies, &person.agency)?,
                        issuer: self.issuer.clone(),
                        subject: person.login.clone(),
                        name: person.name.as_str().into(),
                        job_title: Some(person.job_title.clone()),
                    };
                    let call = self.build_call(&manager)?;
                    self.service
                        .directory
                        .create_practitioner(&call, input)?
                        .value
                        .id
                }
            };
            self.practitioners.insert(person.login.clone(), id);
        }
        Ok(())
    }

    /// Practitioners that an earlier run registered, by name.
    fn known_practitioners(
        &mut self,
        manager: &str,
    ) -> anyhow::Result<BTreeMap<String, PractitionerId>> {
        let call = self.build_call(manager)?;
        let page = self
            .service
            .directory
            .list_practitioners(&call, None, full_page())?;
        Ok(page
            .items
            .into_iter()
            .map(|person| (person.name.as_str().to_owned(), person.id))
            .collect())
    }

    /// Runs one step.
    pub(super) fn run_step(&mut self, step: &Step<'_>) -> anyhow::Result<()> {
        match &step.action {
            Action::Record(family) => self.record_family(family, step.now),
            Action::Prepare(family, chronology) => {
                self.create_chronology(family, chronology, step.now)
            }
            Action::Invite(chronology, invitation) => self.invite(chronology, invitation, step.now),
            Action::Open(chronology) => self.open(chronology),
            Action::View(return_data) => self.view(return_data),
            Action::Draft(return_data) => self.draft(return_data),
            Action::Respond(family, return_data) => self.answer(family, return_data, step.now),
            Action::Read(chronology, by) => self.read(chronology, by),
            Action::Consolidate(chronology, by) => self.consolidate(chronology, by),
            Action::SignOff(chronology) => self.sign_off(chronology),
            Action::Close(chronology, by) => self.close(chronology, by),
            Action::Hold(chronology) => self.hold(chronology, step.now),
        }
    }

    fn record_family(&mut self, family: &FamilyData, now: Instant) -> anyhow::Result<()> {
        for person in &family.people {
            if self.people.contains_key(&person.key) {
                continue;
            }
            let input = inputs::person_input(person, now)?;
            let call = self.build_call(&family.recorded_by)?;
            let id = self.service.people.create_person(&call, input)?.value.id;
            self.people.insert(person.key.clone(), id);
        }
        let input = inputs::family_input(family, &self.people, now)?;
        let call = self.build_call(&family.recorded_by)?;
        let id = self.service.people.create_family(&call, input)?.value.id;
        self.families.insert(family.label.clone(), id);
        Ok(())
    }

    fn create_chronology(
        &mut self,
        family: &FamilyData,
        chronology: &ChronologyData,
        now: Instant,
    ) -> anyhow::Result<()> {
        let family = *lookup(&self.families, &family.label)?;
        let input = inputs::chronology_input(chronology, family, &self.practitioners, now)?;
        let call = self.build_call(&chronology.owner)?;
        let id = self
            .service
            .chronologies
            .create_chronology(&call, input)?
            .value
            .id;
        self.chronologies.insert(chronology.key.clone(), id);
        Ok(())
    }

    fn invite(
        &mut self,
        chronology: &ChronologyData,
        invitation: &InvitationData,
        now: Instant,
    ) -> anyhow::Result<()> {
        let input = InvitationIn {
            agency_id: *lookup(&self.agencies, &invitation.agency)?,
            practitioners: inputs::lookup_all(&self.practitioners, &invitation.practitioners)?,
            due_at: inputs::parse_instant(invitation.due.as_deref(), now)?,
            message: invitation.message.clone(),
        };
        let id = *lookup(&self.chronologies, &chronology.key)?;
        let call = self.build_call(&chronology.owner)?;
        let invited = self
            .service
            .invitations
            .invite_agency(&call, id, input)?
            .value
            .id;
        self.invitations
            .insert((chronology.key.clone(), invitation.agency.clone()), invited);
        Ok(())
    }

    fn open(&mut self, chronology: &ChronologyData) -> anyhow::Result<()> {
        let id = *lookup(&self.chronologies, &chronology.key)?;
        let call = self.build_call(&chronology.owner)?;
        self.service.chronologies.open_chronology(&call, id)?;
        Ok(())
    }

    fn view(&mut self, return_data: &ReturnData) -> anyhow::Result<()> {
        let id = self.invitation(return_data)?;
        let call = self.build_call(&return_data.by)?;
        self.service.invitations.get_invitation(&call, id)?;
        Ok(())
    }

    fn draft(&mut self, return_data: &ReturnData) -> anyhow::Result<()> {
        let id = self.invitation(return_data)?;
        let call = self.build_call(&return_data.by)?;
        self.service.invitations.get_invitation_form(&call, id)?;
        let call = self.build_call(&return_data.by)?;
        let state = self.service.invitations.get_invitation(&call, id)?.state;
        // Somebody who adds to a submitted return does not go back to drafting.
        if state.can_become(domain::InvitationState::Drafting) {
            let call = self.build_call(&return_data.by)?;
            self.service.invitations.start_draft(&call, id)?;
        }
        Ok(())
    }

    fn answer(
        &mut self,
        family: &FamilyData,
        return_data: &ReturnData,
        now: Instant,
    ) -> anyhow::Result<()> {
        match return_data.answer {
            AgencyResponse::NilReturn => self.nil_return(return_data),
            AgencyResponse::Declined => self.decline(return_data),
            AgencyResponse::Submitted if return_data.chronology.is_none() => {
                self.submit_ahead(family, return_data, now)
            }
            AgencyResponse::Submitted => self.submit(return_data, now),
            AgencyResponse::Drafting | AgencyResponse::Viewed => Ok(()),
        }
    }

    fn submit(&mut self, return_data: &ReturnData, now: Instant) -> anyhow::Result<()> {
        let input = inputs::fragment_input(return_data, &self.people, &self.agencies, now)?;
        let call = self.build_call(&return_data.by)?;
        let corrected_reference = return_data
            .reference
            .as_ref()
            .filter(|_| return_data.correction_reason.is_some());
        let receipt = if let Some(reference) = corrected_reference {
            let (id, version) = *lookup(&self.fragments, reference)?;
            let input = inputs::apply_correction(self.sent.get(reference), input);
            self.sent.insert(reference.clone(), input.clone());
            self.service
                .fragments
                .correct_fragment(&call, id, version, input)?
        } else {
            let id = *lookup(
                &self.chronologies,
                return_data.chronology.as_deref().unwrap_or_default(),
            )?;
            self.sent.extend(
                return_data
                    .reference
                    .clone()
                    .map(|reference| (reference, input.clone())),
            );
            self.service
                .fragments
                .submit_fragment(&call, id, input)?
                .value
        };
        if let Some(reference) = &return_data.reference {
            self.fragments
                .insert(reference.clone(), (receipt.fragment_id, receipt.version));
        }
        Ok(())
    }

    fn submit_ahead(
        &mut self,
        family: &FamilyData,
        return_data: &ReturnData,
        now: Instant,
    ) -> anyhow::Result<()> {
        let fragment = inputs::fragment_input(return_data, &self.people, &self.agencies, now)?;
        let input = AheadFragmentIn {
            family_id: *lookup(&self.families, &family.label)?,
            expires_at: inputs::parse_instant(return_data.expires.as_deref(), now)?
                .context("an expiry is missing")?,
            child_id: fragment.child_id,
            sharing: fragment.sharing,
            involvement: fragment.involvement,
            entries: fragment.entries,
        };
        let call = self.build_call(&return_data.by)?;
        self.service
            .fragments
            .submit_advance_fragment(&call, input)?;
        Ok(())
    }

    fn nil_return(&mut self, return_data: &ReturnData) -> anyhow::Result<()> {
        let id = self.invitation(return_data)?;
        let decided_by = return_data
            .decided_by
            .clone()
            .context("decided_by is missing")?;
        let call = self.build_call(&return_data.by)?;
        self.service.invitations.submit_nil_return(
            &call,
            id,
            NilReturnIn {
                decided_by,
                statement: return_data.reason.clone(),
            },
        )?;
        Ok(())
    }

    fn decline(&mut self, return_data: &ReturnData) -> anyhow::Result<()> {
        let id = self.invitation(return_data)?;
        let input = DeclineIn {
            reason: return_data
                .decline_reason
                .context("decline_reason is missing")?,
            statement: return_data.reason.clone().context("reason is missing")?,
            decided_by: return_data
                .decided_by
                .clone()
                .context("decided_by is missing")?,
        };
        let call = self.build_call(&return_data.by)?;
        self.service
            .invitations
            .decline_invitation(&call, id, input)?;
        Ok(())
    }

    fn read(&mut self, chronology: &ChronologyData, by: &str) -> anyhow::Result<()> {
        let id = *lookup(&self.chronologies, &chronology.key)?;
        let call = self.build_call(by)?;
        self.service
            .timelines
            .get_timeline(&call, id, TimelineQuery::default())?;
        Ok(())
    }

    fn consolidate(&mut self, chronology: &ChronologyData, by: &str) -> anyhow::Result<()> {
        let id = *lookup(&self.chronologies, &chronology.key)?;
        let call = self.build_call(by)?;
        self.service.chronologies.consolidate(&call, id)?;
        Ok(())
    }

    fn sign_off(&mut self, chronology: &ChronologyData) -> anyhow::Result<()> {
        let id = *lookup(&self.chronologies, &chronology.key)?;
        let step = chronology
            .signed_off
            .as_ref()
            .context("the chronology has no sign-off")?;
        let waived = step.waiver_reason.is_some();
        let input = SignOffIn {
            consolidation_id: None,
            snapshot: if waived {
                SnapshotDecision::Waive
            } else {
                SnapshotDecision::Export
            },
            waiver_reason: step.waiver_reason.clone(),
        };
        let call = self.build_call(&step.by)?;
        self.service
            .chronologies
            .sign_off_chronology(&call, id, input)?;
        Ok(())
    }

    fn close(&mut self, chronology: &ChronologyData, by: &str) -> anyhow::Result<()> {
        let id = *lookup(&self.chronologies, &chronology.key)?;
        let call = self.build_call(by)?;
        self.service.chronologies.close_chronology(&call, id)?;
        Ok(())
    }

    fn hold(&mut self, chronology: &ChronologyData, now: Instant) -> anyhow::Result<()> {
        let id = *lookup(&self.chronologies, &chronology.key)?;
        let hold = chronology
            .held
            .as_ref()
            .context("the chronology has no legal hold")?;
        let input = HoldIn {
            scope: HoldScope::Chronology,
            target_id: Some(id.0),
            reason: hold.reason.clone(),
            review_at: inputs::parse_instant(Some(&hold.review), now)?
                .context("a review date is missing")?,
        };
        let call = self.build_call(&hold.by)?;
        self.service.legal_holds.place_hold(&call, input)?;
        Ok(())
    }

    /// The invitation of the practitioner's agency.
    fn invitation(&self, return_data: &ReturnData) -> anyhow::Result<InvitationId> {
        let agency = self.practitioner(&return_data.by)?.agency.clone();
        let chronology = return_data.chronology.clone().unwrap_or_default();
        let invited = self.invitations.get(&(chronology, agency));
        invited
            .copied()
            .with_context(|| format!("the agency of {} is not invited", return_data.by))
    }

    fn practitioner(&self, login: &str) -> anyhow::Result<&'a PractitionerData> {
        self.demo_data
            .practitioner(login)
            .with_context(|| format!("there is no practitioner {login}"))
    }

    fn manager_login(&self) -> anyhow::Result<String> {
        let manager = self
            .demo_data
            .practitioners
            .iter()
            .find(|person| person.roles.contains(&domain::Role::TeamManager));
        match manager {
            Some(manager) => Ok(manager.login.clone()),
            None => bail!("the demonstration has no team manager"),
        }
    }

    /// Builds a call by one of the practitioners, as a verified token would.
    pub(super) fn build_call(&mut self, login: &str) -> anyhow::Result<CallContext> {
        let person = self.practitioner(login)?;
        self.calls += 1;
        let key = format!("demonstration-{}", self.calls);
        let claims = CallerClaims {
            issuer: self.issuer.clone(),
            subject: person.login.as_str().into(),
            partnership: self.partnership.clone(),
            agency: person.agency.clone(),
            roles: person.roles.clone(),
            offence_data: person.offence_data,
            name: Some(person.name.as_str().into()),
            job_title: Some(person.job_title.as_str().into()),
            purpose: None,
        };
        Ok(CallContext {
            claims: Arc::new(claims),
            request: self.service.kernel.new_request_id(),
            idempotency: Some(IdempotencyKey {
                fingerprint: key.clone().into_bytes(),
                key,
            }),
        })
    }
}

/// The largest page.
fn full_page() -> PageQuery {
    PageQuery {
        cursor: None,
        limit: Some(500),
    }
}

/// The identifier recorded for a key of the data files.
fn lookup<'m, T>(known: &'m BTreeMap<String, T>, key: &str) -> anyhow::Result<&'m T> {
    known
        .get(key)
        .with_context(|| format!("the data files define no {key}"))
}
