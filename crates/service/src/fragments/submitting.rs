//! Submitting a fragment, as named steps: find what stands, parse, compare, seal, store, answer.

use domain::{
    AgencyId, ChronologyId, EntryDetails, EntryId, FragmentId, Instant, InvitationState, Operation, Permit, PersonId,
};
use store::{ChronologyRow, EntryRow, FragmentRow, FragmentState, FragmentVersionRow};

use super::entries::{EntryScope, checked};
use super::histories::{Before, Said, histories};
use super::{FragmentDetails, SealedVersion, entry_place, fragment_terms, version_place};
use crate::chronologies::{Admitted, trail};
use crate::people::{FamilyView, edtf_fault};
use crate::sealing::to_bytes;
use crate::session::{Call, Scene};
use crate::{
    Answer, Conflict, EntryIn, EntryReceipt, Fault, FragmentIn, FragmentReceipt, Involvement, Service, ServiceError,
    SubmissionOutcome, Written,
};

/// Fragments of one agency on one chronology, at most.
const MAX_FRAGMENTS: usize = 100;

/// A submission that has passed every check and is not yet stored.
#[derive(Clone)]
pub(super) struct Submission {
    pub(super) agency: AgencyId,
    pub(super) proxy_by: Option<AgencyId>,
    pub(super) child: Option<PersonId>,
    pub(super) expires_at: Instant,
    asked_expiry: Option<Instant>,
    pub(super) details: FragmentDetails,
    pub(super) entries: Vec<EntryDetails>,
    /// Which of them say nothing of who may see them.
    pub(super) unmarked: Vec<bool>,
    /// Keyed hash of the content: the same content is a no-op.
    pub(super) content_index: Vec<u8>,
}

impl Service {
    /// Submits a fragment to a chronology. The same content again changes nothing; the same agency reference again is
    /// a new version.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Invalid`] names every fault of every entry; `Conflict` when the chronology takes
    /// no returns.
    pub fn submit_fragment(
        &self,
        call: &Call,
        id: ChronologyId,
        input: FragmentIn,
    ) -> Answer<Written<FragmentReceipt>> {
        let operation = operation_of(&input);
        let act = |scene: &mut Scene<'_, '_>| self.submit(scene, id, &input, input.agency_reference.as_deref(), None);
        self.write_once(call, operation, trail(id), act, |scene, kept| self.read_receipt(scene, kept, true))
    }

    /// Submits or updates the fragment that the agency knows by `reference`. Creating needs no version; updating needs
    /// the current one.
    ///
    /// # Errors
    /// As [`Service::submit_fragment`]; [`ServiceError::Stale`] when `if_match` is not the current version.
    pub fn put_fragment(
        &self,
        call: &Call,
        id: ChronologyId,
        reference: String,
        if_match: Option<i64>,
        input: FragmentIn,
    ) -> Answer<FragmentReceipt> {
        let expected = Expected { if_match };
        let operation = operation_of(&input);
        let written = self.write(call, operation, trail(id), |scene| {
            if input.agency_reference.as_ref().is_some_and(|own| *own != reference) {
                let message = "another reference than the one in the path";
                return Err(ServiceError::fault("/agency_reference", "contradicts", message));
            }
            let input = &FragmentIn { agency_reference: Some(reference.clone()), ..input.clone() };
            self.submit(scene, id, input, Some(&reference), Some(&expected))
        })?;
        Ok(written.value)
    }

    fn submit(
        &self,
        scene: &mut Scene<'_, '_>,
        id: ChronologyId,
        input: &FragmentIn,
        reference: Option<&str>,
        expected: Option<&Expected>,
    ) -> Answer<FragmentReceipt> {
        let Admitted { permit, row: chronology } = self.admit(scene, id, operation_of(input))?;
        let family = self.open_family(scene, &permit, chronology.family_id)?;
        let agency = self.telling_agency(scene, &chronology, input)?;
        let submission = self.prepare(scene, &chronology, &family, input, reference, agency)?;
        let standing = self.standing(scene, &permit, &chronology, &submission)?;
        if standing.as_ref().is_some_and(|row| row.proxy_by_agency != submission.proxy_by) {
            // Nobody writes over what another wrote: neither social care over an agency's own words, nor the reverse.
            return Err(ServiceError::Conflict(Conflict::AlreadyExists));
        }
        if let Some(expected) = expected {
            let version = standing.as_ref().map(|row| self.version_known_to(scene, &permit, row)).transpose()?;
            expected.check(version)?;
        }
        let receipt = match standing {
            Some(row) => self.correct_standing(scene, &permit, (row, &family), submission)?,
            None => {
                self.check_room(scene, &permit, &chronology, agency)?;
                self.store_new(scene, &permit, (&chronology, &family), submission)?
            }
        };
        self.mark_submitted(scene, &chronology, agency)?;
        if receipt.0.outcome != SubmissionOutcome::Unchanged {
            self.settle_decisions(scene, &permit, &chronology)?;
            self.link_afterwards(scene, &permit, &chronology, &family);
        }
        scene.trail.outcome = Some(receipt.0.outcome);
        let entries = receipt.1;
        let findings =
            super::findings::of(scene, &family, &self.chronology_details(&chronology, scene.now())?, &entries);
        Ok(FragmentReceipt { findings, ..receipt.0 })
    }

    /// An agency's returns on one chronology are bounded, so that opening and reading it stay so.
    fn check_room(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        agency: AgencyId,
    ) -> Answer<()> {
        let standing = store::fragments::list(scene.tx, permit.partnership(), chronology.id, scene.session.now)?;
        let own = standing.iter().filter(|row| row.agency_id == agency).count();
        if own < MAX_FRAGMENTS {
            return Ok(());
        }
        let message = "an agency has at most 100 fragments on a chronology: correct or withdraw one";
        Err(ServiceError::fault("", "too_many_fragments", message))
    }

    /// The agency whose account it is: the caller's own, or the one social care enters it for.
    fn telling_agency(
        &self,
        scene: &mut Scene<'_, '_>,
        chronology: &ChronologyRow,
        input: &FragmentIn,
    ) -> Answer<AgencyId> {
        let Some(agency) = input.on_behalf_of else { return Ok(scene.actor().agency) };
        let partnership = scene.actor().partnership;
        let invited = store::invitations::find_for_agency(scene.tx, partnership, chronology.id, agency)?;
        let row = store::agencies::find(scene.tx, partnership, agency)?;
        let message = match row.filter(|_| invited.is_some()) {
            None => "no such agency invited to this chronology",
            Some(row) if row.has_access => "that agency has access and speaks for itself",
            Some(_) => return Ok(agency),
        };
        Err(ServiceError::fault("/on_behalf_of", "not_possible", message))
    }

    fn prepare(
        &self,
        scene: &mut Scene<'_, '_>,
        chronology: &ChronologyRow,
        family: &FamilyView,
        input: &FragmentIn,
        reference: Option<&str>,
        agency: AgencyId,
    ) -> Answer<Submission> {
        let scope = entry_scope(scene, family, input.child_id);
        let faults = check_fragment(scene, &scope, input, chronology.expires_at);
        let entries = checked(scene, &scope, faults, &input.entries)?;
        let details = FragmentDetails {
            agency_reference: reference.map(str::to_owned),
            sharing: input.sharing.clone(),
            involvement: input.involvement.clone(),
            correction_reason: input.correction_reason.clone(),
        };
        let proxy_by = input.on_behalf_of.map(|_| scene.actor().agency);
        let expires_at = input.expires_at.unwrap_or(chronology.expires_at);
        self.submission(
            scene,
            agency,
            proxy_by,
            input.child_id,
            expires_at,
            input.expires_at,
            details,
            (&input.entries, entries),
        )
    }

    /// A submission with its content hash.
    #[allow(clippy::too_many_arguments, reason = "the parts of a submission, each named once, here")]
    pub(super) fn submission(
        &self,
        scene: &Scene<'_, '_>,
        agency: AgencyId,
        proxy_by: Option<AgencyId>,
        child: Option<PersonId>,
        expires_at: Instant,
        asked_expiry: Option<Instant>,
        details: FragmentDetails,
        (input, entries): (&[EntryIn], Vec<EntryDetails>),
    ) -> Answer<Submission> {
        let unmarked = input.iter().map(|entry| entry.handling.is_none()).collect();
        let content_index = Vec::new();
        let submission =
            Submission { agency, proxy_by, child, expires_at, asked_expiry, details, entries, unmarked, content_index };
        let content_index = self.content_index(scene, &submission)?;
        Ok(Submission { content_index, ..submission })
    }

    pub(super) fn content_index(&self, scene: &Scene<'_, '_>, submission: &Submission) -> Answer<Vec<u8>> {
        let Submission { child, asked_expiry, details, entries, .. } = submission;
        // An expiry that was not asked for moves with the chronology's and is no part of what was said.
        let content = to_bytes(&(child, asked_expiry, &details.sharing, &details.involvement, entries))?;
        Ok(self.vault().index(scene.actor().partnership, "fragment", &content).to_vec())
    }

    /// The live fragment that this submission is about again: the one with its reference, or without a reference the
    /// one with the same content.
    fn standing(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        submission: &Submission,
    ) -> Answer<Option<FragmentRow>> {
        let (partnership, now) = (permit.partnership(), scene.now());
        if let Some(reference) = &submission.details.agency_reference {
            let index = self.reference_index(scene, reference);
            let found = store::fragments::find_by_reference(
                scene.tx,
                partnership,
                submission.agency,
                Some(chronology.id),
                &index,
            )?;
            return Ok(found);
        }
        for row in store::fragments::list(scene.tx, permit.partnership(), chronology.id, now)? {
            if row.agency_id != submission.agency || row.child_id != submission.child {
                continue;
            }
            let Some(current) = store::fragments::version(scene.tx, permit, row.id, row.version, now)? else {
                continue;
            };
            let is_same = current.content_index.as_ref() == submission.content_index.as_slice();
            if is_same || self.is_same_but_for_markings(scene, permit, (&row, &current), submission)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    pub(super) fn reference_index(&self, scene: &Scene<'_, '_>, reference: &str) -> Vec<u8> {
        self.vault().index(scene.actor().partnership, "fragment_reference", reference.as_bytes()).to_vec()
    }

    fn entry_reference_index(&self, scene: &Scene<'_, '_>, reference: &str) -> Vec<u8> {
        self.vault().index(scene.actor().partnership, "entry_reference", reference.as_bytes()).to_vec()
    }

    fn store_new(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        (chronology, family): (&ChronologyRow, &FamilyView),
        submission: Submission,
    ) -> Answer<(FragmentReceipt, Vec<EntryDetails>)> {
        self.refuse_told(scene, permit, family, (&submission, &[]))?;
        let row = self.fragment_row(scene, Some(chronology.id), chronology.family_id, &submission);
        store::fragments::insert(scene.tx, &row)?;
        let receipt = self.store_version(scene, &row, &submission, None, SubmissionOutcome::Created)?;
        self.settle_family(scene, permit, chronology.family_id)?;
        Ok((receipt, submission.entries))
    }

    pub(super) fn fragment_row(
        &self,
        scene: &Scene<'_, '_>,
        chronology: Option<ChronologyId>,
        family: domain::FamilyId,
        submission: &Submission,
    ) -> FragmentRow {
        let now = scene.now();
        let reference = submission.details.agency_reference.as_deref();
        FragmentRow {
            id: FragmentId::new(self.ids(), now),
            partnership_id: scene.actor().partnership,
            agency_id: submission.agency,
            chronology_id: chronology,
            family_id: family,
            child_id: submission.child,
            proxy_by_agency: submission.proxy_by,
            reference_index: reference.map(|reference| self.reference_index(scene, reference).into()),
            state: FragmentState::Submitted,
            author_id: scene.me(),
            expires_at: submission.expires_at,
            wrapped_until: Some(submission.expires_at),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Seals and stores one version with its entries. An entry that corrects one of the version before keeps its id.
    pub(super) fn store_version(
        &self,
        scene: &mut Scene<'_, '_>,
        row: &FragmentRow,
        submission: &Submission,
        before: Option<&Before>,
        outcome: SubmissionOutcome,
    ) -> Answer<FragmentReceipt> {
        super::room::check_room(scene, row, submission)?;
        let now = scene.now();
        let place = version_place(row.id, row.version);
        let (key, wrapped_key) = self.create_key(now, &fragment_terms(row, row.expires_at), &place)?;
        let ids = self.entry_ids(before.map_or(&[][..], |before| &before.entries), &submission.entries);
        let entries: Vec<(EntryId, EntryDetails)> = ids.into_iter().zip(submission.entries.iter().cloned()).collect();
        let said = Said { row, details: &submission.details, entries: &entries };
        let histories = histories(&said, before, now);
        let sealed = SealedVersion::of(submission.details.clone(), &entries, histories).into_bytes()?;
        let version = FragmentVersionRow {
            fragment_id: row.id,
            version: row.version,
            partnership_id: row.partnership_id,
            expires_at: row.expires_at,
            wrapped_key: wrapped_key.into(),
            sealed: key.seal(&place, &sealed)?.into(),
            content_index: submission.content_index.clone().into(),
            entry_count: i64::try_from(submission.entries.len()).unwrap_or(i64::MAX),
            author_id: scene.me(),
            created_at: now,
        };
        let mut rows = Vec::with_capacity(entries.len());
        for (position, (id, details)) in entries.iter().enumerate() {
            let reference = details.reference.as_deref();
            rows.push(EntryRow {
                id: *id,
                fragment_id: row.id,
                version: row.version,
                partnership_id: row.partnership_id,
                position: i64::try_from(position).unwrap_or(i64::MAX),
                marking: details.handling.marking,
                reference_index: reference.map(|reference| self.entry_reference_index(scene, reference).into()),
                sealed: key.seal(&entry_place(*id, row.version), &to_bytes(details)?)?.into(),
            });
        }
        store::fragments::insert_version(scene.tx, &version, &rows)?;
        scene.trail.object_kind = Some("fragment");
        scene.trail.object_id = Some(row.id.0);
        scene.trail.entry_count = Some(version.entry_count);
        scene.trail.expires_at = Some(row.expires_at);
        Ok(receipt_of(row, &entries, outcome))
    }

    /// The agency has answered.
    pub(super) fn mark_submitted(
        &self,
        scene: &mut Scene<'_, '_>,
        chronology: &ChronologyRow,
        agency: AgencyId,
    ) -> Answer<()> {
        let Some(mut invitation) = self.own_invitation(scene, chronology.id, agency)? else { return Ok(()) };
        if invitation.state == InvitationState::Submitted {
            return Ok(());
        }
        let mut details = self.invitation_details(chronology, &invitation, scene.now())?;
        (details.statement, details.decided_by) = (None, None);
        invitation.state = InvitationState::Submitted;
        invitation.decline_reason = None;
        (invitation.answered_at, invitation.answered_by) = (Some(scene.now()), Some(scene.me()));
        self.save_invitation(scene.tx, scene.session.now, chronology, &mut invitation, &details)
    }
}

/// What a `PUT` expects to find.
struct Expected {
    if_match: Option<i64>,
}

impl Expected {
    fn check(&self, standing: Option<i64>) -> Answer<()> {
        match (standing, self.if_match) {
            (None, None) => Ok(()),
            (Some(standing), Some(version)) if standing == version => Ok(()),
            (None, Some(_)) | (Some(_), Some(_)) => Err(ServiceError::Stale),
            (Some(_), None) => Err(ServiceError::PreconditionRequired),
        }
    }
}

/// A proxy entry is an operation of its own: social care enters it for an agency without access.
fn operation_of(input: &FragmentIn) -> Operation {
    if input.on_behalf_of.is_some() { Operation::FragmentProxy } else { Operation::FragmentSubmit }
}

pub(super) fn entry_scope(scene: &Scene<'_, '_>, family: &FamilyView, child: Option<PersonId>) -> EntryScope {
    EntryScope {
        children: family.children().map(|(id, _)| *id).collect(),
        members: family.members.iter().map(|(id, _)| *id).collect(),
        child,
        today: domain::uk_date_of(scene.now()),
    }
}

fn check_fragment(scene: &Scene<'_, '_>, scope: &EntryScope, input: &FragmentIn, latest: Instant) -> Vec<Fault> {
    let mut faults = check_sharing(&input.sharing, input.involvement.as_ref(), &input.entries);
    if let Some(expires_at) = input.expires_at {
        faults.extend(check_expiry(scene, expires_at, latest));
    }
    faults.extend(check_child(scope));
    faults
}

/// The one child that a fragment is about is a child of the family.
pub(super) fn check_child(scope: &EntryScope) -> Option<Fault> {
    let stranger = scope.child.is_some_and(|child| !scope.children.contains(&child));
    stranger.then(|| Fault::new("/child_id", "not_in_family", "not a child of this family"))
}

/// Who decided to share is named, the days of the agency's involvement can be read, and there is something in it: an event, or
/// the agency's part in the support network.
pub(super) fn check_sharing(
    sharing: &crate::SharingDecision,
    involvement: Option<&Involvement>,
    entries: &[EntryIn],
) -> Vec<Fault> {
    let mut faults: Vec<Fault> = [("decided_by", &sharing.decided_by), ("reason", &sharing.reason)]
        .into_iter()
        .filter(|(_, text)| text.as_str().trim().is_empty())
        .map(|(field, _)| Fault::new(format!("/sharing/{field}"), "required", "who decided to share, and why"))
        .collect();
    if entries.is_empty() && involvement.is_none() {
        let message =
            "give an event or the agency's involvement; an agency that holds nothing answers with a nil return";
        faults.push(Fault::new("/entries", "required", message));
    }
    if let Some(involvement) = involvement {
        let days = [("since", &involvement.since), ("until", &involvement.until)];
        faults.extend(days.into_iter().filter_map(|(field, day)| edtf_fault(format!("/involvement/{field}"), day)));
    }
    faults
}

pub(super) fn check_expiry(scene: &Scene<'_, '_>, expires_at: Instant, latest: Instant) -> Option<Fault> {
    if expires_at <= scene.now() {
        return Some(Fault::new("/expires_at", "past", "the expiry is in the past"));
    }
    (expires_at > latest).then(|| {
        Fault::new("/expires_at", "beyond_policy", "later than the chronology or the partnership's policy allows")
    })
}

pub(super) fn receipt_of(
    row: &FragmentRow,
    entries: &[(EntryId, EntryDetails)],
    outcome: SubmissionOutcome,
) -> FragmentReceipt {
    let entries = entries.iter().zip(0_i64..).map(|((id, details), position)| EntryReceipt {
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
