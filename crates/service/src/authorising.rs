//! Leave before looks: whether a caller may do something at all is asked before anybody reads what they sent. What a body
//! says costs work to check, and its faults are nobody's business but of those who may send it.

use domain::{
    AgencyId, ChronologyId, EmergencyAccessId, Facts, FamilyId, FragmentId, Instant, InvitationId, Operation, PersonId,
    PractitionerId,
};

use crate::session::{Call, Entered, Scene, Trail};
use crate::{Answer, Service, ServiceError};

/// What a request is about, as its path says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Nothing that is there already.
    Collection,
    /// An agency.
    Agency(AgencyId),
    /// A practitioner.
    Practitioner(PractitionerId),
    /// A person.
    Person(PersonId),
    /// A family.
    Family(FamilyId),
    /// A chronology, or something that is found by way of it.
    Chronology(ChronologyId),
    /// An invitation.
    Invitation(InvitationId),
    /// A fragment.
    Fragment(FragmentId),
    /// An emergency access.
    EmergencyAccess(EmergencyAccessId),
}

impl Subject {
    fn trail(self) -> Trail {
        match self {
            Self::Collection => Trail::default(),
            Self::Agency(id) => Trail::about("agency", id),
            Self::Practitioner(id) => Trail::about("practitioner", id),
            Self::Person(id) => Trail::about("person", id),
            Self::Family(id) => Trail::about("family", id),
            Self::Chronology(id) => crate::chronologies::trail(id),
            Self::Invitation(id) => Trail::about("invitation", id),
            Self::Fragment(id) => Trail::about("fragment", id),
            Self::EmergencyAccess(id) => Trail::about("emergency_access", id),
        }
    }
}

impl Service {
    /// Refuses whoever may not carry out `operation` on `subject`, whatever they sent; the refusal is recorded. Whether the
    /// subject's state allows it is left to the operation itself: it may be the repeat of one that did.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] and [`ServiceError::Expired`] as the operation would give them;
    /// [`ServiceError::Unavailable`] when the database does not answer or the refusal cannot be recorded.
    pub fn authorise(&self, call: &Call, operation: Operation, subject: Subject) -> Answer<()> {
        let now = self.now();
        let asked = self.ask_leave(call, operation, subject, now).and_then(|asked| match asked {
            Some(refused) => Ok(refused),
            None => {
                self.meet(call)?;
                self.ask_leave(call, operation, subject, now)?.ok_or(ServiceError::NotFound)
            }
        });
        let refused = asked.map_err(|error| self.record_refusal(call, operation, now, error, subject.trail()))?;
        match refused {
            None => Ok(()),
            Some((error @ (ServiceError::NotFound | ServiceError::Expired), trail)) => {
                Err(self.record_refusal(call, operation, now, error, trail))
            }
            Some((error @ (ServiceError::Unavailable(_) | ServiceError::Internal(_)), _)) => Err(error),
            Some((
                ServiceError::Unmet
                | ServiceError::Conflict(_)
                | ServiceError::Invalid(_)
                | ServiceError::Stale
                | ServiceError::PreconditionRequired
                | ServiceError::KeyReused
                | ServiceError::InFlight
                | ServiceError::AddressRefusals { .. }
                | ServiceError::TooManyNew
                | ServiceError::Cursor,
                _,
            )) => Ok(()),
        }
    }

    /// Asks for leave; gives why there is none, and none at all when the directory has not met the caller.
    fn ask_leave(
        &self,
        call: &Call,
        operation: Operation,
        subject: Subject,
        now: Instant,
    ) -> Answer<Option<Option<(ServiceError, Trail)>>> {
        self.0.db.read("authorise", |tx| {
            let Some(Entered { session, partnership }) = self.enter(tx, call, now)? else { return Ok(None) };
            let trail = subject.trail();
            let mut scene = Scene {
                tx,
                session: &session,
                partnership: &partnership,
                trail,
                writes: false,
                relink: None,
                repeats: None,
            };
            let leave = match self.leave(&mut scene, operation, subject) {
                // Social care may be entering the fragment of an agency that has no access.
                Err(ServiceError::NotFound) if operation == Operation::FragmentSubmit => {
                    self.leave(&mut scene, Operation::FragmentProxy, subject)
                }
                leave => leave,
            };
            Ok(Some(leave.err().map(|error| (error, scene.trail))))
        })
    }

    fn leave(&self, scene: &mut Scene<'_, '_>, operation: Operation, subject: Subject) -> Answer<()> {
        match subject {
            // Whose agency it will be the body says; the operation itself asks again.
            Subject::Collection => {
                scene.permit(operation, &Facts { own_agency: true, ..Facts::collection() }).map(drop)
            }
            Subject::Agency(id) => crate::directory::agency_leave(scene, id, operation),
            Subject::Practitioner(id) => crate::directory::practitioner_leave(scene, id, operation),
            Subject::Person(id) => self.person_leave(scene, id, operation),
            Subject::Family(id) => crate::people::family_leave(scene, id, operation),
            Subject::Chronology(id) => self.admit(scene, id, operation).map(drop),
            Subject::Invitation(id) => self.admit_to_invitation(scene, id, operation).map(drop),
            Subject::Fragment(id) => self.admit_to_fragment(scene, id, operation).map(drop),
            Subject::EmergencyAccess(id) => crate::emergency::leave(scene, id, operation),
        }
    }
}
