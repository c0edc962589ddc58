//! Tells the story through the use cases, each step by the person who would do it.

mod inputs;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use domain::{AgencyId, ChronologyId, FamilyId, FragmentId, Instant, InvitationId, PersonId, PractitionerId};
use service::{
    AheadFragmentIn, Call, DeclineIn, FragmentIn, HoldIn, HoldScope, IdempotencyKey, InvitationIn, NilReturnIn,
    PageQuery, PractitionerIn, Service, SignIn, SignOffIn, SnapshotDecision, TimelineQuery,
};

use super::data::{Answer, ChronologyData, County, FamilyData, InvitationData, PractitionerData, ReturnData};
use super::story::{Act, Step};

/// Tells steps and remembers the identifiers they yield.
pub(super) struct Teller<'a> {
    service: &'a Service,
    county: &'a County,
    issuer: String,
    partnership: String,
    /// Calls made so far: the idempotency key of the next.
    calls: u32,
    agencies: BTreeMap<String, AgencyId>,
    practitioners: BTreeMap<String, PractitionerId>,
    people: BTreeMap<String, PersonId>,
    families: BTreeMap<String, FamilyId>,
    chronologies: BTreeMap<String, ChronologyId>,
    invitations: BTreeMap<(String, String), InvitationId>,
    fragments: BTreeMap<String, (FragmentId, i64)>,
    /// What was sent under a reference, to be corrected.
    sent: BTreeMap<String, FragmentIn>,
}

impl<'a> Teller<'a> {
    /// A teller in a partnership whose agencies are registered.
    pub(super) fn new(
        service: &'a Service,
        county: &'a County,
        issuer: String,
        partnership: String,
    ) -> anyhow::Result<Self> {
        let mut teller = Self {
            service,
            county,
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
        let manager = teller.manager()?;
        let call = teller.call(&manager)?;
        let agencies = service.agencies(&call, whole_list())?;
        teller.agencies = agencies.items.into_iter().map(|agency| (agency.code, agency.id)).collect();
        Ok(teller)
    }

    /// Whether somebody has recorded a family already.
    pub(super) fn finds_families(&mut self) -> anyhow::Result<bool> {
        let manager = self.manager()?;
        let call = self.call(&manager)?;
        Ok(!self.service.families(&call, PageQuery::default())?.items.is_empty())
    }

    /// Makes everybody known, so that invitations can name them.
    pub(super) fn register_practitioners(&mut self) -> anyhow::Result<()> {
        let manager = self.manager()?;
        let known = self.known_practitioners(&manager)?;
        for person in &self.county.practitioners {
            let id = match known.get(&person.name) {
                Some(id) => *id,
                None => {
                    let input = PractitionerIn {
                        agency_id: *find(&self.agencies, &person.agency)?,
                        issuer: self.issuer.clone(),
                        subject: person.login.clone(),
                        name: person.name.as_str().into(),
                        job_title: Some(person.job_title.clone()),
                    };
                    let call = self.call(&manager)?;
                    self.service.create_practitioner(&call, input)?.value.id
                }
            };
            self.practitioners.insert(person.login.clone(), id);
        }
        Ok(())
    }

    /// Whoever asked before is in the directory by now.
    fn known_practitioners(&mut self, manager: &str) -> anyhow::Result<BTreeMap<String, PractitionerId>> {
        let call = self.call(manager)?;
        let page = self.service.practitioners(&call, None, whole_list())?;
        Ok(page.items.into_iter().map(|person| (person.name.as_str().to_owned(), person.id)).collect())
    }

    /// Carries out one step.
    pub(super) fn tell(&mut self, step: &Step<'_>) -> anyhow::Result<()> {
        match &step.act {
            Act::Record(family) => self.record(family, step.now),
            Act::Prepare(family, chronology) => self.prepare(family, chronology, step.now),
            Act::Invite(chronology, invitation) => self.invite(chronology, invitation, step.now),
            Act::Open(chronology) => self.open(chronology),
            Act::View(one) => self.view(one),
            Act::Draft(one) => self.draft(one),
            Act::Answer(family, one) => self.answer(family, one, step.now),
            Act::Read(chronology, by) => self.read(chronology, by),
            Act::Consolidate(chronology, by) => self.consolidate(chronology, by),
            Act::SignOff(chronology) => self.sign_off(chronology),
            Act::Close(chronology, by) => self.close(chronology, by),
            Act::Hold(chronology) => self.hold(chronology, step.now),
        }
    }

    fn record(&mut self, family: &FamilyData, now: Instant) -> anyhow::Result<()> {
        for person in &family.people {
            if self.people.contains_key(&person.key) {
                continue;
            }
            let input = inputs::person(person, now)?;
            let call = self.call(&family.recorded_by)?;
            let id = self.service.create_person(&call, input)?.value.id;
            self.people.insert(person.key.clone(), id);
        }
        let input = inputs::family(family, &self.people, now)?;
        let call = self.call(&family.recorded_by)?;
        let id = self.service.create_family(&call, input)?.value.id;
        self.families.insert(family.label.clone(), id);
        Ok(())
    }

    fn prepare(&mut self, family: &FamilyData, chronology: &ChronologyData, now: Instant) -> anyhow::Result<()> {
        let family = *find(&self.families, &family.label)?;
        let input = inputs::chronology(chronology, family, &self.practitioners, now)?;
        let call = self.call(&chronology.owner)?;
        let id = self.service.create_chronology(&call, input)?.value.id;
        self.chronologies.insert(chronology.key.clone(), id);
        Ok(())
    }

    fn invite(&mut self, chronology: &ChronologyData, invitation: &InvitationData, now: Instant) -> anyhow::Result<()> {
        let input = InvitationIn {
            agency_id: *find(&self.agencies, &invitation.agency)?,
            practitioners: inputs::all(&self.practitioners, &invitation.practitioners)?,
            due_at: inputs::moment(invitation.due.as_deref(), now)?,
            message: invitation.message.clone(),
        };
        let id = *find(&self.chronologies, &chronology.key)?;
        let call = self.call(&chronology.owner)?;
        let invited = self.service.invite(&call, id, input)?.value.id;
        self.invitations.insert((chronology.key.clone(), invitation.agency.clone()), invited);
        Ok(())
    }

    fn open(&mut self, chronology: &ChronologyData) -> anyhow::Result<()> {
        let id = *find(&self.chronologies, &chronology.key)?;
        let call = self.call(&chronology.owner)?;
        self.service.open_chronology(&call, id)?;
        Ok(())
    }

    fn view(&mut self, one: &ReturnData) -> anyhow::Result<()> {
        let id = self.invitation(one)?;
        let call = self.call(&one.by)?;
        self.service.invitation(&call, id)?;
        Ok(())
    }

    fn draft(&mut self, one: &ReturnData) -> anyhow::Result<()> {
        let id = self.invitation(one)?;
        let call = self.call(&one.by)?;
        self.service.form(&call, id)?;
        let call = self.call(&one.by)?;
        let state = self.service.invitation(&call, id)?.state;
        // A late writer, or one who adds to a return, does not go back to drafting.
        if state.may_become(domain::InvitationState::Drafting) {
            let call = self.call(&one.by)?;
            self.service.start_draft(&call, id)?;
        }
        Ok(())
    }

    fn answer(&mut self, family: &FamilyData, one: &ReturnData, now: Instant) -> anyhow::Result<()> {
        match one.answer {
            Answer::NilReturn => self.nil_return(one),
            Answer::Declined => self.decline(one),
            Answer::Submitted if one.chronology.is_none() => self.submit_ahead(family, one, now),
            Answer::Submitted => self.submit(one, now),
            Answer::Drafting | Answer::Viewed => Ok(()),
        }
    }

    fn submit(&mut self, one: &ReturnData, now: Instant) -> anyhow::Result<()> {
        let input = inputs::fragment(one, &self.people, &self.agencies, now)?;
        let call = self.call(&one.by)?;
        let earlier = one.reference.as_ref().filter(|_| one.correction_reason.is_some());
        let receipt = if let Some(reference) = earlier {
            let (id, version) = *find(&self.fragments, reference)?;
            let input = inputs::corrected(self.sent.get(reference), input);
            self.sent.insert(reference.clone(), input.clone());
            self.service.correct_fragment(&call, id, version, input)?
        } else {
            let id = *find(&self.chronologies, one.chronology.as_deref().unwrap_or_default())?;
            self.sent.extend(one.reference.clone().map(|reference| (reference, input.clone())));
            self.service.submit_fragment(&call, id, input)?.value
        };
        if let Some(reference) = &one.reference {
            self.fragments.insert(reference.clone(), (receipt.fragment_id, receipt.version));
        }
        Ok(())
    }

    fn submit_ahead(&mut self, family: &FamilyData, one: &ReturnData, now: Instant) -> anyhow::Result<()> {
        let whole = inputs::fragment(one, &self.people, &self.agencies, now)?;
        let input = AheadFragmentIn {
            family_id: *find(&self.families, &family.label)?,
            expires_at: inputs::moment(one.expires.as_deref(), now)?.context("an expiry is needed")?,
            child_id: whole.child_id,
            sharing: whole.sharing,
            involvement: whole.involvement,
            entries: whole.entries,
        };
        let call = self.call(&one.by)?;
        self.service.submit_ahead(&call, input)?;
        Ok(())
    }

    fn nil_return(&mut self, one: &ReturnData) -> anyhow::Result<()> {
        let id = self.invitation(one)?;
        let decided_by = one.decided_by.clone().context("who decided?")?;
        let call = self.call(&one.by)?;
        self.service.nil_return(&call, id, NilReturnIn { decided_by, statement: one.reason.clone() })?;
        Ok(())
    }

    fn decline(&mut self, one: &ReturnData) -> anyhow::Result<()> {
        let id = self.invitation(one)?;
        let input = DeclineIn {
            reason: one.decline_reason.context("a reason to decline is needed")?,
            statement: one.reason.clone().context("why?")?,
            decided_by: one.decided_by.clone().context("who decided?")?,
        };
        let call = self.call(&one.by)?;
        self.service.decline(&call, id, input)?;
        Ok(())
    }

    fn read(&mut self, chronology: &ChronologyData, by: &str) -> anyhow::Result<()> {
        let id = *find(&self.chronologies, &chronology.key)?;
        let call = self.call(by)?;
        self.service.timeline(&call, id, TimelineQuery::default())?;
        Ok(())
    }

    fn consolidate(&mut self, chronology: &ChronologyData, by: &str) -> anyhow::Result<()> {
        let id = *find(&self.chronologies, &chronology.key)?;
        let call = self.call(by)?;
        self.service.consolidate(&call, id)?;
        Ok(())
    }

    fn sign_off(&mut self, chronology: &ChronologyData) -> anyhow::Result<()> {
        let id = *find(&self.chronologies, &chronology.key)?;
        let done = chronology.signed_off.as_ref().context("nobody signs off")?;
        let waived = done.waiver_reason.is_some();
        let input = SignOffIn {
            consolidation_id: None,
            snapshot: if waived { SnapshotDecision::Waive } else { SnapshotDecision::Export },
            waiver_reason: done.waiver_reason.clone(),
        };
        let call = self.call(&done.by)?;
        self.service.sign_off_chronology(&call, id, input)?;
        Ok(())
    }

    fn close(&mut self, chronology: &ChronologyData, by: &str) -> anyhow::Result<()> {
        let id = *find(&self.chronologies, &chronology.key)?;
        let call = self.call(by)?;
        self.service.close_chronology(&call, id)?;
        Ok(())
    }

    fn hold(&mut self, chronology: &ChronologyData, now: Instant) -> anyhow::Result<()> {
        let id = *find(&self.chronologies, &chronology.key)?;
        let hold = chronology.held.as_ref().context("nobody holds")?;
        let input = HoldIn {
            scope: HoldScope::Chronology,
            target_id: Some(id.0),
            reason: hold.reason.clone(),
            review_at: inputs::moment(Some(&hold.review), now)?.context("a review is needed")?,
        };
        let call = self.call(&hold.by)?;
        self.service.place_hold(&call, input)?;
        Ok(())
    }

    /// The invitation of the writer's agency.
    fn invitation(&self, one: &ReturnData) -> anyhow::Result<InvitationId> {
        let agency = self.practitioner(&one.by)?.agency.clone();
        let chronology = one.chronology.clone().unwrap_or_default();
        let invited = self.invitations.get(&(chronology, agency));
        invited.copied().with_context(|| format!("the agency of {} is not invited", one.by))
    }

    fn practitioner(&self, login: &str) -> anyhow::Result<&'a PractitionerData> {
        self.county.practitioner(login).with_context(|| format!("nobody is called {login}"))
    }

    fn manager(&self) -> anyhow::Result<String> {
        let manager = self.county.practitioners.iter().find(|one| one.roles.contains(&domain::Role::TeamManager));
        match manager {
            Some(manager) => Ok(manager.login.clone()),
            None => bail!("the county has no team manager"),
        }
    }

    /// A call by one of the county's people, as a verified token would make it.
    pub(super) fn call(&mut self, login: &str) -> anyhow::Result<Call> {
        let person = self.practitioner(login)?;
        self.calls += 1;
        let key = format!("demonstration-{}", self.calls);
        let sign_in = SignIn {
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
        Ok(Call {
            sign_in: Arc::new(sign_in),
            request: self.service.new_request_id(),
            idempotency: Some(IdempotencyKey { fingerprint: key.clone().into_bytes(), key }),
        })
    }
}

/// As much as a page can hold.
fn whole_list() -> PageQuery {
    PageQuery { cursor: None, limit: Some(500) }
}

/// What a key of the files stands for.
fn find<'m, T>(known: &'m BTreeMap<String, T>, key: &str) -> anyhow::Result<&'m T> {
    known.get(key).with_context(|| format!("nothing is called {key}"))
}
