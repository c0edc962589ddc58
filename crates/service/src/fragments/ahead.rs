//! Fragments sent ahead of a chronology: kept, unseen by others, until social care opens one or they expire.

use domain::{Facts, FamilyId, Operation};

use super::FragmentDetails;
use super::entries::checked;
use super::submitting::{check_child, check_expiry, check_sharing, entry_scope};
use crate::session::{Call, Scene, Trail};
use crate::{AheadFragmentIn, Answer, FragmentReceipt, Service, ServiceError, SubmissionOutcome, Written};

/// Fragments of one agency ahead of any chronology, at most.
const MAX_AHEAD: usize = 1_000;

impl Service {
    /// Submits a fragment ahead of a chronology, about a family that the agency recorded itself.
    ///
    /// # Errors
    /// As every write; [`ServiceError::NotFound`] when the partnership does not take such fragments;
    /// [`ServiceError::Invalid`] names every fault.
    pub fn submit_ahead(&self, call: &Call, input: AheadFragmentIn) -> Answer<Written<FragmentReceipt>> {
        self.write_once(
            call,
            Operation::FragmentAhead,
            Trail::of("fragment"),
            |scene| {
                let permit = scene.permit(Operation::FragmentAhead, &Facts::collection())?;
                own_family(scene, input.family_id)?;
                let family = self.open_family(scene, &permit, input.family_id)?;
                let scope = entry_scope(scene, &family, input.child_id);
                let mut faults = check_sharing(&input.sharing, input.involvement.as_ref(), &input.entries);
                let latest = scene.now().plus(scene.policy().max_ahead_lifetime);
                faults.extend(check_expiry(scene, input.expires_at, latest));
                faults.extend(check_child(&scope));
                let entries = checked(scene, &scope, faults, &input.entries)?;
                let details = FragmentDetails {
                    agency_reference: None,
                    sharing: input.sharing.clone(),
                    involvement: input.involvement.clone(),
                    correction_reason: None,
                };
                let agency = scene.actor().agency;
                let submission = self.submission(
                    scene,
                    agency,
                    None,
                    input.child_id,
                    input.expires_at,
                    Some(input.expires_at),
                    details,
                    (&input.entries, entries),
                )?;
                let (partnership, now) = (scene.actor().partnership, scene.now());
                if store::fragments::ahead_of_agency(scene.tx, partnership, agency, now)?.len() >= MAX_AHEAD {
                    let message = "an agency has at most 1,000 fragments ahead of chronologies";
                    return Err(ServiceError::fault("", "too_many_fragments", message));
                }
                self.refuse_told(scene, &permit, &family, (&submission, &[]))?;
                let row = self.fragment_row(scene, None, input.family_id, &submission);
                store::fragments::insert(scene.tx, &row)?;
                let receipt = self.store_version(scene, &row, &submission, None, SubmissionOutcome::Created)?;
                // The receipt says nothing of it: whoever sends need not be whom the chronology names.
                self.offer_to_chronologies(scene, &permit, &family)?;
                self.settle_family(scene, &permit, input.family_id)?;
                scene.trail.outcome = Some(receipt.outcome);
                Ok(receipt)
            },
            |scene, kept| self.read_receipt(scene, kept, false),
        )
    }
}

/// Ahead of a chronology an agency writes only about families that it recorded itself.
fn own_family(scene: &mut Scene<'_, '_>, id: FamilyId) -> Answer<()> {
    let (actor, now) = (scene.session.actor.clone(), scene.session.now);
    let family = store::families::facts(scene.tx, actor.partnership, id, now)?;
    if family.is_some_and(|family| family.created_by_agency == actor.agency) {
        return Ok(());
    }
    Err(ServiceError::fault("/family_id", "unknown", "no such family"))
}
