//! The access policy: who may do what, decided here and nowhere else. Deny by default; what is absent and what is not
//! yours answer the same. The table is `practice.md`, "Who may do what". No match in here has a wildcard arm: what is new
//! does not compile until it has been decided.
#![deny(clippy::wildcard_enum_match_arm)]

mod grounds;
mod lists;
mod states;

use std::collections::BTreeSet;

pub use lists::{CertificateReach, FamilyReach, certificate_reach, family_reach};

use grounds::{entitled, protects, reading};
use states::{possible_in_state, timeline_for_contributor};

use crate::{
    AgencyId, Category, ChronologyState, Handling, InvitationState, Marking, Operation, PartnershipId, PractitionerId,
    ReadReason, Role,
};

impl Operation {
    /// What an emergency access gives: reading what is known of the child, and nothing that writes.
    #[must_use]
    pub const fn given_in_emergency(self) -> bool {
        matches!(
            self,
            Self::TimelineRead
                | Self::LinkRead
                | Self::ChronologyRead
                | Self::FragmentRead
                | Self::InvitationList
                | Self::ConsolidationRead
                | Self::PersonRead
        )
    }
}

impl Role {
    /// Whether the role gives rights within one agency only. A role that does not, such as the auditor's, reads across the
    /// partnership: an issuer gives it only where the configuration says so.
    #[must_use]
    pub const fn acts_for_one_agency(self) -> bool {
        match self {
            Self::SocialWorker
            | Self::TeamManager
            | Self::Practitioner
            | Self::SafeguardingLead
            | Self::BusinessSupport
            | Self::SystemClient => true,
            Self::Auditor => false,
        }
    }
}

/// Who is asking, as the token and the directory say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The partnership the token speaks for.
    pub partnership: PartnershipId,
    /// The agency the token speaks for.
    pub agency: AgencyId,
    /// Whether that agency is children's social care.
    pub social_care: bool,
    /// The practitioner or system client.
    pub practitioner: PractitionerId,
    /// Roles from the token.
    pub roles: BTreeSet<Role>,
    /// Whether criminal-offence data may be read (UK GDPR Art 10: its own permission).
    pub offence_data: bool,
}

impl Actor {
    /// Whether the actor has `role`.
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    fn social_worker(&self) -> bool {
        self.social_care && self.is(Role::SocialWorker)
    }

    fn manager(&self) -> bool {
        self.social_care && self.is(Role::TeamManager)
    }

    fn business_support(&self) -> bool {
        self.social_care && self.is(Role::BusinessSupport)
    }

    /// The role to write in the audit: the first by weight.
    #[must_use]
    pub fn leading_role(&self) -> Option<Role> {
        self.roles.iter().next().copied()
    }
}

/// The actor's agency's place on the chronology concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvitationFacts {
    /// Where the invitation stands.
    pub state: InvitationState,
    /// Whether the actor is named on it.
    pub named: bool,
}

/// What is known of the object of an operation, gathered before deciding. The default knows nothing and yields nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The object exists and belongs to the actor's partnership.
    pub in_partnership: bool,
    /// The object's time is over.
    pub expired: bool,
    /// The object (agency, practitioner, fragment, invitation) belongs to the actor's agency.
    pub own_agency: bool,
    /// The actor made or owns the object (a chronology's requesting social worker, a record's author).
    pub owner: bool,
    /// The object's chronology is owned by the actor's agency; for a person or family, the actor's agency recorded it.
    pub agency_owns: bool,
    /// The object is a fragment that the actor's agency entered on another's behalf: who runs the chronology keeps it.
    pub proxy: bool,
    /// The object is a person, and the actor reads on social care's side the content of a chronology that is about them.
    pub case: bool,
    /// The actor is named on the chronology's team.
    pub on_team: bool,
    /// The chronology's state, when the object has one.
    pub state: Option<ChronologyState>,
    /// The actor's agency's invitation to that chronology.
    pub invitation: Option<InvitationFacts>,
    /// The actor has an emergency access to the object's chronology that has neither run out nor been ended.
    pub emergency: bool,
    /// More of the actor's emergency accesses await a review than the partnership allows.
    pub reviews_outstanding: bool,
    /// The partnership lets contributors read the timeline after their own return.
    pub contributors_read_timeline: bool,
    /// The partnership takes fragments ahead of a chronology.
    pub ahead_allowed: bool,
}

impl Facts {
    /// Facts for an operation on the partnership itself or on a collection: there is no object yet.
    #[must_use]
    pub fn collection() -> Self {
        Self { in_partnership: true, ..Self::default() }
    }
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// Absent, or not the actor's to know of.
    #[error("absent or not yours")]
    NotYours,
    /// Was the actor's to know of, and its time is over.
    #[error("expired")]
    Expired,
    /// Known to the actor, but not possible in the present state.
    #[error("not possible in the present state")]
    WrongState,
    /// A contributor reads the timeline only after its own agency's return is in.
    #[error("own return first")]
    OwnReturnFirst,
    /// The actor can read the chronology as it is: there is no glass to break.
    #[error("already yours")]
    AlreadyYours,
    /// A person's record is changed by those who see all of it: whoever recorded it, and who has a case about them.
    #[error("no case")]
    NoCase,
    /// Nobody reviews their own emergency access.
    #[error("own access")]
    OwnAccess,
    /// Too many of the actor's emergency accesses have not been reviewed.
    #[error("reviews outstanding")]
    ReviewsOutstanding,
}

/// Leave to do one thing, given by [`decide`] alone. The store's content finders ask for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    actor: Actor,
    operation: Operation,
    reason: ReadReason,
}

impl Permit {
    /// Who was given leave.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The tenant every finder is confined to.
    #[must_use]
    pub const fn partnership(&self) -> PartnershipId {
        self.actor.partnership
    }

    /// What it is for.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// Why it was given.
    #[must_use]
    pub const fn reason(&self) -> ReadReason {
        self.reason
    }

    /// The holder as a reader of entries.
    #[must_use]
    pub fn reader(&self) -> Reader {
        let emergency = match self.reason {
            ReadReason::Emergency => true,
            ReadReason::Member
            | ReadReason::SocialCare
            | ReadReason::Owner
            | ReadReason::Manager
            | ReadReason::TeamMember
            | ReadReason::NamedContributor
            | ReadReason::AgencyLead
            | ReadReason::AgencySystem
            | ReadReason::Auditor => false,
        };
        let Actor { agency, social_care, offence_data, .. } = self.actor;
        Reader { agency, social_care, offence_data, emergency }
    }

    /// Whether the holder stands on the side of whoever runs the chronology, reading its content or not, rather than on
    /// that of an agency that contributes. One agency can do both; what counts is why leave was given.
    #[must_use]
    pub const fn runs(&self) -> bool {
        self.sees_all_agencies() || matches!(self.reason, ReadReason::SocialCare)
    }

    /// Whether the holder sees every agency's place on a chronology, or only its own.
    #[must_use]
    pub const fn sees_all_agencies(&self) -> bool {
        matches!(self.reason, ReadReason::Owner | ReadReason::Manager | ReadReason::TeamMember | ReadReason::Emergency)
    }
}

/// What decides which entries somebody sees once their operation was permitted: [`Permit::reader`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// The agency the reader speaks for.
    pub agency: AgencyId,
    /// Whether that agency is children's social care.
    pub social_care: bool,
    /// Whether criminal-offence data may be read (UK GDPR Art 10: its own permission).
    pub offence_data: bool,
    /// Whether the reader reads by emergency access alone.
    pub emergency: bool,
}

impl Reader {
    /// Whether no entry of any agency can be kept from the reader.
    #[must_use]
    pub const fn sees_every_entry(&self) -> bool {
        self.social_care && self.offence_data && !self.emergency
    }

    /// Whether no entry of the agency `author` can be kept from the reader.
    #[must_use]
    pub fn sees_every_entry_of(&self, author: AgencyId) -> bool {
        self.sees_every_entry() || (author == self.agency && !self.emergency)
    }
}

/// A decision, with what to write in the audit when it was no.
pub type Decision = Result<Permit, Denial>;

/// Decides whether `actor` may carry out `operation` on an object of which `facts` are known.
///
/// # Errors
/// [`Denial`]: entitlement is judged first, so that everything but `NotYours` is only ever said to an
/// actor who was entitled to know that the object exists.
pub fn decide(actor: &Actor, operation: Operation, facts: &Facts) -> Decision {
    if !facts.in_partnership {
        return Err(Denial::NotYours);
    }
    let reason = entitled(actor, operation, facts).ok_or(Denial::NotYours)?;
    if facts.expired && operation != Operation::TombstoneRead {
        return Err(Denial::Expired);
    }
    let timeline = matches!(operation, Operation::TimelineRead | Operation::LinkRead);
    if timeline && reason == ReadReason::NamedContributor {
        timeline_for_contributor(facts)?;
    }
    if operation == Operation::EmergencyOpen && reading(actor, facts).is_some() {
        return Err(Denial::AlreadyYours);
    }
    if operation == Operation::EmergencyOpen && facts.reviews_outstanding {
        return Err(Denial::ReviewsOutstanding);
    }
    if operation == Operation::PersonUpdate && !(facts.owner || facts.case || recorded_by_own_agency(actor, facts)) {
        return Err(Denial::NoCase);
    }
    if operation == Operation::EmergencyReview && facts.owner {
        return Err(Denial::OwnAccess);
    }
    if !possible_in_state(operation, facts) {
        return Err(Denial::WrongState);
    }
    Ok(Permit { actor: actor.clone(), operation, reason })
}

/// Whether `actor` is entitled to `operation` on the object, whatever its state: what a repeated write is answered by, after
/// the step itself was taken.
#[must_use]
pub fn is_entitled(actor: &Actor, operation: Operation, facts: &Facts) -> bool {
    facts.in_partnership && entitled(actor, operation, facts).is_some()
}

/// Whether an actor who was given leave to read a person's record is shown their protected addresses as well: whoever recorded
/// them, who reads a chronology about them, and who reads one in an emergency. To be of children's social care is not enough.
#[must_use]
pub fn may_read_protected_addresses(actor: &Actor, facts: &Facts) -> bool {
    facts.case || facts.owner || (facts.emergency && protects(actor)) || recorded_by_own_agency(actor, facts)
}

/// What an agency other than children's social care recorded is that agency's alone.
fn recorded_by_own_agency(actor: &Actor, facts: &Facts) -> bool {
    facts.own_agency && !actor.social_care
}

/// Whether a reader whose operation was permitted may see one entry of the agency `author`. An emergency access shows
/// neither restricted entries nor criminal-offence data, whatever the reader's own rights and whoever wrote them.
#[must_use]
pub fn may_read_entry(reader: &Reader, author: AgencyId, category: &Category, handling: &Handling) -> bool {
    if reader.sees_every_entry_of(author) {
        return true;
    }
    let marked_ok = match handling.marking {
        Marking::Normal | Marking::NotForFamily => true,
        Marking::Restricted => {
            !reader.emergency && (reader.social_care || handling.named_agencies.contains(&reader.agency))
        }
    };
    let offence_ok = reader.offence_data && !reader.emergency;
    marked_ok && (category.as_str() != "CRIME" || offence_ok)
}
