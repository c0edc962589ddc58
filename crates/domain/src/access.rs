//! The access policy: the only place that decides who may do what. Access is denied by default, and
//! an object that is absent gets the same answer as one that the actor may not know of. The table of
//! operations names the rules for each operation: who is entitled ([`EntitlementRule`]), in which
//! states ([`StateRule`]) and on which condition ([`AccessCondition`]). No match in this module has
//! a wildcard arm, so that a new rule or role does not compile until it has been decided.
#![deny(clippy::wildcard_enum_match_arm)]

mod condition;
mod entitlement;
mod list_scope;
mod state_rules;

use std::collections::BTreeSet;

pub use list_scope::{CertificateScope, FamilyListScope, certificate_scope, family_list_scope};

pub(crate) use condition::AccessCondition;
pub(crate) use entitlement::EntitlementRule;
pub(crate) use state_rules::StateRule;

use condition::check_condition;
use entitlement::{entitlement_reason, is_child_protection_role};
use state_rules::is_possible_in_state;

use crate::{
    AgencyId, Category, ChronologyState, Handling, InvitationState, Marking, Operation,
    PartnershipId, PractitionerId, ReadReason, Role,
};

impl Role {
    /// Whether the role gives rights within one agency only. Other roles, such as the auditor's,
    /// read across the partnership; an issuer may assign them only where the configuration allows
    /// it.
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

/// The caller of an operation, from the access token and the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The partnership that the token was issued for.
    pub partnership: PartnershipId,
    /// The agency that the token was issued for.
    pub agency: AgencyId,
    /// Whether that agency is children's social care.
    pub social_care: bool,
    /// The practitioner or system client.
    pub practitioner: PractitionerId,
    /// The roles from the token.
    pub roles: BTreeSet<Role>,
    /// Whether the actor may read criminal-offence data, which needs a permission of its own (UK
    /// GDPR Art 10).
    pub offence_data: bool,
}

impl Actor {
    /// Whether the actor has `role`.
    #[must_use]
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    fn is_social_worker(&self) -> bool {
        self.social_care && self.has_role(Role::SocialWorker)
    }

    fn is_social_care_manager(&self) -> bool {
        self.social_care && self.has_role(Role::TeamManager)
    }

    fn is_social_care_support(&self) -> bool {
        self.social_care && self.has_role(Role::BusinessSupport)
    }

    /// The role that the audit record names: the first in the order of [`Role`].
    #[must_use]
    pub fn primary_role(&self) -> Option<Role> {
        self.roles.iter().next().copied()
    }
}

/// The invitation of the actor's agency to the chronology concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvitationFacts {
    /// The state of the invitation.
    pub state: InvitationState,
    /// Whether the actor is named on the invitation.
    pub named: bool,
}

/// The facts about the object of an operation that the access decision depends on. The default has
/// no facts and gives no access.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessFacts {
    /// Whether the object exists and belongs to the actor's partnership.
    pub in_partnership: bool,
    /// Whether the object has expired.
    pub expired: bool,
    /// Whether the object (agency, practitioner, fragment, invitation) belongs to the actor's
    /// agency.
    pub own_agency: bool,
    /// Whether the actor created or owns the object (requesting social worker of a chronology,
    /// author of a record).
    pub owner: bool,
    /// Whether the actor's agency owns the object's chronology or, for a person or family, recorded
    /// the object.
    pub owned_by_agency: bool,
    /// Whether the object is a fragment that the actor's agency entered on another agency's behalf.
    /// Those who run the chronology then maintain it.
    pub proxy: bool,
    /// Whether the object is a person and the actor reads, for social care, the content of a
    /// chronology about them.
    pub case: bool,
    /// Whether the actor is named on the chronology's team.
    pub on_team: bool,
    /// The state of the chronology, if the object belongs to one.
    pub state: Option<ChronologyState>,
    /// The invitation of the actor's agency to that chronology.
    pub invitation: Option<InvitationFacts>,
    /// Whether the actor has an active emergency access to the object's chronology: not expired and
    /// not ended.
    pub emergency: bool,
    /// Whether more of the actor's emergency accesses await a review than the partnership allows.
    pub reviews_outstanding: bool,
    /// Whether the partnership lets contributors read the timeline after their own return.
    pub contributors_read_timeline: bool,
    /// Whether the partnership accepts advance submissions.
    pub advance_submissions_allowed: bool,
}

impl AccessFacts {
    /// Facts for an operation on the partnership itself or on a collection, where there is no
    /// single object.
    #[must_use]
    pub fn collection() -> Self {
        Self {
            in_partnership: true,
            ..Self::default()
        }
    }
}

/// Why access is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// The object is absent, or the actor may not know of it.
    #[error("absent or not accessible")]
    NotFound,
    /// The object has expired; the actor was entitled to it.
    #[error("expired")]
    Expired,
    /// The actor is entitled, but the current state does not allow the operation.
    #[error("not possible in the current state")]
    WrongState,
    /// A contributor can read the timeline only after its own agency has returned.
    #[error("the agency's own return is required first")]
    OwnReturnRequired,
    /// The actor can read the chronology already and needs no emergency access.
    #[error("already accessible without an emergency access")]
    AlreadyAccessible,
    /// A person's record can be changed only by those who see all of it: those who recorded it or
    /// have a case about the person.
    #[error("no case about the person")]
    NoCaseInvolvement,
    /// Nobody may review their own emergency access.
    #[error("own emergency access")]
    OwnEmergencyAccess,
    /// Too many of the actor's emergency accesses await a review.
    #[error("reviews of emergency accesses outstanding")]
    ReviewsOutstanding,
}

/// The permission for one operation. Only [`decide_access`] issues it, and the store's queries for
/// content require it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessPermit {
    actor: Actor,
    operation: Operation,
    reason: ReadReason,
}

impl AccessPermit {
    /// The actor who holds the permit.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The partnership (tenant) to which queries with this permit are limited.
    #[must_use]
    pub const fn partnership(&self) -> PartnershipId {
        self.actor.partnership
    }

    /// The operation that is permitted.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// Why the operation is permitted.
    #[must_use]
    pub const fn reason(&self) -> ReadReason {
        self.reason
    }

    /// The holder's rights as a reader of entries.
    #[must_use]
    pub fn reader(&self) -> EntryReader {
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
        let Actor {
            agency,
            social_care,
            offence_data,
            ..
        } = self.actor;
        EntryReader {
            agency,
            social_care,
            offence_data,
            emergency,
        }
    }

    /// Whether the holder acts for those who run the chronology, with or without reading its
    /// content, rather than for a contributing agency. One agency can do both; the reason for the
    /// permit decides.
    #[must_use]
    pub const fn runs_chronology(&self) -> bool {
        self.sees_all_agencies() || matches!(self.reason, ReadReason::SocialCare)
    }

    /// Whether the holder sees the invitations of all agencies on a chronology, not only that of
    /// its own agency.
    #[must_use]
    pub const fn sees_all_agencies(&self) -> bool {
        matches!(
            self.reason,
            ReadReason::Owner
                | ReadReason::Manager
                | ReadReason::TeamMember
                | ReadReason::Emergency
        )
    }
}

/// What authorises a query for sealed content: the permit of a caller, or the scope of background
/// work.
pub trait ContentScope {
    /// The partnership (tenant) to which queries are limited.
    fn partnership(&self) -> PartnershipId;
}

impl ContentScope for AccessPermit {
    fn partnership(&self) -> PartnershipId {
        self.actor.partnership
    }
}

/// The scope of background work that compares the entries of a chronology for every kind of reader
/// and shows nothing to anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkageScope(pub PartnershipId);

impl ContentScope for LinkageScope {
    fn partnership(&self) -> PartnershipId {
        self.0
    }
}

/// The rights that decide which entries a reader sees once the operation is permitted:
/// [`AccessPermit::reader`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryReader {
    /// The agency that the reader acts for.
    pub agency: AgencyId,
    /// Whether that agency is children's social care.
    pub social_care: bool,
    /// Whether the actor may read criminal-offence data, which needs a permission of its own (UK
    /// GDPR Art 10).
    pub offence_data: bool,
    /// Whether the reader reads by emergency access only.
    pub emergency: bool,
}

impl EntryReader {
    /// Whether the reader sees all entries of all agencies, whatever their marking.
    #[must_use]
    pub const fn sees_all_entries(&self) -> bool {
        self.social_care && self.offence_data && !self.emergency
    }

    /// Whether the reader sees all entries of the agency `author`, whatever their marking.
    #[must_use]
    pub fn sees_all_entries_of(&self, author: AgencyId) -> bool {
        self.sees_all_entries() || (author == self.agency && !self.emergency)
    }
}

/// The result of an access decision: a permit, or the reason for denial that the audit records.
pub type AccessDecision = Result<AccessPermit, Denial>;

/// Decides whether `actor` may perform `operation` on the object that `facts` describe.
///
/// # Errors
/// [`Denial`], which says why access is denied. Entitlement is checked first, so that an actor gets
/// an answer other than [`Denial::NotFound`] only if entitled to know that the object exists.
pub fn decide_access(actor: &Actor, operation: Operation, facts: &AccessFacts) -> AccessDecision {
    if !facts.in_partnership {
        return Err(Denial::NotFound);
    }
    let reason = entitlement_reason(actor, operation, facts).ok_or(Denial::NotFound)?;
    let spec = operation.spec();
    if facts.expired && !spec.states.allows_expired() {
        return Err(Denial::Expired);
    }
    check_condition(spec.condition, actor, facts, reason)?;
    if !is_possible_in_state(spec.states, facts) {
        return Err(Denial::WrongState);
    }
    Ok(AccessPermit {
        actor: actor.clone(),
        operation,
        reason,
    })
}

/// Whether `actor` is entitled to `operation` on the object, whatever its state. The replay of a
/// write is checked this way, because the write itself has changed the state.
#[must_use]
pub fn is_entitled(actor: &Actor, operation: Operation, facts: &AccessFacts) -> bool {
    facts.in_partnership && entitlement_reason(actor, operation, facts).is_some()
}

/// Whether an actor who may read a person's record is also shown the person's protected addresses:
/// those who recorded them, those who read a chronology about the person, and those with an
/// emergency access to one. Membership of children's social care is not enough.
#[must_use]
pub fn may_read_protected_addresses(actor: &Actor, facts: &AccessFacts) -> bool {
    facts.case
        || facts.owner
        || (facts.emergency && is_child_protection_role(actor))
        || is_recorded_by_own_agency(actor, facts)
}

/// Whether the actor's agency recorded the object and is not children's social care, so that the
/// object is that agency's alone.
fn is_recorded_by_own_agency(actor: &Actor, facts: &AccessFacts) -> bool {
    facts.own_agency && !actor.social_care
}

/// Whether a reader whose operation is permitted may see one entry of the agency `author`. An
/// emergency access shows neither restricted entries nor criminal-offence data, whatever the
/// reader's other rights and whichever agency wrote them.
#[must_use]
pub fn may_read_entry(
    reader: &EntryReader,
    author: AgencyId,
    category: &Category,
    handling: &Handling,
) -> bool {
    if reader.sees_all_entries_of(author) {
        return true;
    }
    let marking_allows = match handling.marking {
        Marking::Normal | Marking::NotForFamily => true,
        Marking::Restricted => {
            !reader.emergency
                && (reader.social_care || handling.named_agencies.contains(&reader.agency))
        }
    };
    let may_read_offences = reader.offence_data && !reader.emergency;
    marking_allows && (category.as_str() != "CRIME" || may_read_offences)
}
