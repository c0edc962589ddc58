//! The access policy: who may do what, decided here and nowhere else. Deny by default; what is absent and what is not
//! yours answer the same. The table is `practice.md`, "Who may do what". No match in here has a wildcard arm: what is new
//! does not compile until it has been decided.
#![deny(clippy::wildcard_enum_match_arm)]

use std::collections::BTreeSet;

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

/// The ground on which the actor may know of the object and do this to it, whatever its state.
fn entitled(actor: &Actor, operation: Operation, facts: &Facts) -> Option<ReadReason> {
    ordinarily(actor, operation, facts).or_else(|| emergency(actor, operation, facts))
}

/// The ground that somebody has without breaking the glass.
fn ordinarily(actor: &Actor, operation: Operation, facts: &Facts) -> Option<ReadReason> {
    use Operation as O;
    match operation {
        O::PartnershipRead | O::AgencyList | O::AgencyRead | O::AuditCheckpointRead => member(actor),
        O::AgencyWrite => (actor.manager() || actor.business_support()).then_some(ReadReason::SocialCare),
        O::PractitionerList | O::PractitionerRead => directory(actor, facts),
        O::PractitionerWrite => directory_writer(actor, facts),
        O::ChronologyCreate => prepares(actor).then_some(ReadReason::SocialCare),
        O::PersonCreate | O::FamilyCreate | O::FamilyList => prepares(actor)
            .then_some(ReadReason::SocialCare)
            .or_else(|| (facts.ahead_allowed && sends(actor)).then_some(ReadReason::Member)),
        O::PersonFind => (actor.social_worker() || actor.manager()).then_some(ReadReason::SocialCare),
        // Whoever declined, and everybody once the work is done, has no more need to know of the family.
        O::PersonRead | O::FamilyRead => {
            people(actor, facts).or_else(|| contributor(actor, facts).filter(|_| asked(facts)))
        }
        O::PersonUpdate | O::FamilyUpdate => people(actor, facts),
        O::ChronologyList | O::FragmentList if facts.state.is_none() => {
            content_role(actor).then_some(ReadReason::Member)
        }
        O::ChronologyList | O::ChronologyRead | O::InvitationList => {
            running(actor, facts).or_else(|| contributor(actor, facts))
        }
        O::TombstoneRead => running(actor, facts).or_else(|| contributor(actor, facts)).or_else(|| own(actor, facts)),
        O::ChronologyUpdate | O::ChronologyOpen | O::InvitationCreate => running(actor, facts),
        O::InvitationUpdate => running(actor, facts).or_else(|| agency_lead(actor, facts)),
        O::ChronologyConsolidate | O::ReadersRead | O::LinkDecisionRead => reading(actor, facts),
        // Business support on the team reads and prepares; it neither exports, closes nor speaks for an agency.
        O::ChronologyClose | O::ChronologyExtend | O::FragmentProxy | O::SnapshotRead | O::LinkDecide => {
            reading(actor, facts).filter(|_| actor.social_worker() || actor.manager())
        }
        O::ChronologySignOff | O::ChronologyReopen | O::ChronologyDestroy | O::DestructionRead => {
            manager_of(actor, facts)
        }
        O::InvitationRead => running(actor, facts).or_else(|| own(actor, facts)),
        O::FormRead | O::InvitationDraft | O::InvitationNilReturn | O::InvitationDecline | O::FragmentSubmit => {
            contributor(actor, facts)
        }
        O::FragmentAhead => (facts.ahead_allowed && sends(actor)).then_some(ReadReason::Member),
        O::FragmentList => reading(actor, facts).or_else(|| contributor(actor, facts)),
        O::FragmentRead | O::FragmentVersions => reading(actor, facts).or_else(|| own(actor, facts)),
        O::FragmentCorrect | O::FragmentWithdraw | O::FragmentExtend => own(actor, facts),
        // Links are part of the timeline: what they join and why is read as it is.
        O::TimelineRead | O::LinkRead => reading(actor, facts).or_else(|| named(facts).filter(|_| actor_reads(actor))),
        O::ConsolidationList | O::ConsolidationRead => reading(actor, facts),
        // Names and identifiers that another agency recorded: for those who read the content, decided as links are.
        O::PersonLinkRead => reading(actor, facts),
        O::PersonLinkDecide | O::PersonLinkUndo => {
            reading(actor, facts).filter(|_| actor.social_worker() || actor.manager())
        }
        O::HoldPlace | O::HoldRelease => actor.manager().then_some(ReadReason::Manager),
        O::HoldList | O::UnpurgedList => {
            let auditor = || actor.is(Role::Auditor).then_some(ReadReason::Auditor);
            actor.manager().then_some(ReadReason::Manager).or_else(auditor)
        }
        O::CertificateList | O::CertificateRead => member(actor).map(|_| certificates(actor)),
        O::FragmentReaders => own(actor, facts),
        // Whoever opened an emergency access may know of its review, and is refused it by `decide`.
        O::EmergencyOpen => protects(actor).then_some(ReadReason::Emergency),
        O::EmergencyEnd => opened_it(actor, facts),
        O::EmergencyRead | O::EmergencyReview => reviews(actor, facts).or_else(|| opened_it(actor, facts)),
        O::AlertList => alerts(actor, facts),
        O::AuditRead | O::AuditProve => actor.is(Role::Auditor).then_some(ReadReason::Auditor),
    }
}

/// Whoever has any role at all. A token without one is entitled to nothing.
fn member(actor: &Actor) -> Option<ReadReason> {
    (!actor.roles.is_empty()).then_some(ReadReason::Member)
}

/// The directory of practitioners: of the own agency, or of every agency for children's social care.
fn directory(actor: &Actor, facts: &Facts) -> Option<ReadReason> {
    if actor.social_care && content_role(actor) {
        return Some(ReadReason::SocialCare);
    }
    (facts.own_agency && content_role(actor)).then_some(ReadReason::Member)
}

/// Who registers and changes practitioners: managers of children's social care any, its business support and the
/// safeguarding leads of other agencies their own agency's.
fn directory_writer(actor: &Actor, facts: &Facts) -> Option<ReadReason> {
    if actor.manager() {
        return Some(ReadReason::Manager);
    }
    if facts.own_agency && actor.business_support() {
        return Some(ReadReason::SocialCare);
    }
    (facts.own_agency && actor.is(Role::SafeguardingLead)).then_some(ReadReason::AgencyLead)
}

/// People and families recorded by social care are social care's. What an agency recorded ahead of a chronology is
/// that agency's alone ("kept, unseen by others").
fn people(actor: &Actor, facts: &Facts) -> Option<ReadReason> {
    if facts.agency_owns && (actor.social_worker() || actor.manager()) {
        return Some(ReadReason::SocialCare);
    }
    if facts.owner && actor.business_support() {
        return Some(ReadReason::Owner);
    }
    (facts.own_agency && !actor.social_care && sends(actor)).then_some(ReadReason::Member)
}

/// Roles of social care that prepare a chronology.
fn prepares(actor: &Actor) -> bool {
    actor.social_worker() || actor.manager() || actor.business_support()
}

/// Runs the chronology without necessarily reading its content: owner, manager, team and the support that prepares it.
fn running(actor: &Actor, facts: &Facts) -> Option<ReadReason> {
    reading(actor, facts).or_else(|| (facts.agency_owns && actor.business_support()).then_some(ReadReason::SocialCare))
}

/// Reads the chronology's content on social care's side.
fn reading(actor: &Actor, facts: &Facts) -> Option<ReadReason> {
    if facts.owner && (actor.social_worker() || actor.manager()) {
        return Some(ReadReason::Owner);
    }
    if let Some(reason) = manager_of(actor, facts) {
        return Some(reason);
    }
    (facts.on_team && actor.social_care && content_role(actor)).then_some(ReadReason::TeamMember)
}

fn manager_of(actor: &Actor, facts: &Facts) -> Option<ReadReason> {
    (facts.agency_owns && actor.manager()).then_some(ReadReason::Manager)
}

/// Contributes for an invited agency: named practitioner, safeguarding lead or record system.
fn contributor(actor: &Actor, facts: &Facts) -> Option<ReadReason> {
    invited(facts)?;
    named(facts)
        .filter(|_| actor_reads(actor))
        .or_else(|| actor.is(Role::SafeguardingLead).then_some(ReadReason::AgencyLead))
        .or_else(|| actor.is(Role::SystemClient).then_some(ReadReason::AgencySystem))
}

fn named(facts: &Facts) -> Option<ReadReason> {
    invited(facts).filter(|invitation| invitation.named).map(|_| ReadReason::NamedContributor)
}

/// The agency's invitation once it has been asked: while the chronology is a draft nobody has, and it does not show.
fn invited(facts: &Facts) -> Option<InvitationFacts> {
    facts.invitation.filter(|_| facts.state != Some(ChronologyState::Draft))
}

/// Whether the agency is asked about the family now: its chronology is open to contributors, and it has not declined.
fn asked(facts: &Facts) -> bool {
    let open = facts.state.is_none_or(ChronologyState::open_to_contributors);
    open && facts.invitation.is_some_and(|invitation| match invitation.state {
        InvitationState::Declined | InvitationState::Expired => false,
        InvitationState::Invited
        | InvitationState::Viewed
        | InvitationState::Drafting
        | InvitationState::Submitted
        | InvitationState::NilReturn
        | InvitationState::Overdue => true,
    })
}

fn agency_lead(actor: &Actor, facts: &Facts) -> Option<ReadReason> {
    (facts.own_agency && invited(facts).is_some() && actor.is(Role::SafeguardingLead)).then_some(ReadReason::AgencyLead)
}

/// The actor's own agency's invitation or fragment. A practitioner must be named on the invitation or, ahead of a
/// chronology, be the author.
fn own(actor: &Actor, facts: &Facts) -> Option<ReadReason> {
    if facts.proxy {
        return reading(actor, facts).filter(|_| actor.social_worker() || actor.manager());
    }
    if !facts.own_agency {
        return None;
    }
    contributor(actor, facts).or_else(|| {
        let lead = actor.is(Role::SafeguardingLead) || actor.is(Role::SystemClient);
        (facts.invitation.is_none() && (lead || (facts.owner && sends(actor)))).then_some(ReadReason::AgencyLead)
    })
}

/// Everybody reads certificates, each those that concern them: [`certificate_reach`].
fn certificates(actor: &Actor) -> ReadReason {
    if actor.is(Role::Auditor) {
        ReadReason::Auditor
    } else if actor.manager() {
        ReadReason::Manager
    } else if actor.is(Role::SafeguardingLead) {
        ReadReason::AgencyLead
    } else if actor.is(Role::SystemClient) {
        ReadReason::AgencySystem
    } else {
        ReadReason::Member
    }
}

/// Which destroyed things somebody may read the certificates of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateReach {
    /// All of the partnership's.
    Partnership,
    /// What the agency contributed or ran.
    Agency(AgencyId),
    /// What this practitioner of the agency owned or wrote themselves.
    Own(PractitionerId),
}

/// Which families are on somebody's list: those that they can open, and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FamilyReach {
    /// All that the agency recorded.
    Agency,
    /// Those that this practitioner recorded themselves.
    Own(PractitionerId),
    /// None.
    Nothing,
}

/// Which families the holder of `permit` lists.
#[must_use]
pub fn family_reach(permit: &Permit) -> FamilyReach {
    let actor = &permit.actor;
    let of_agency = Facts { own_agency: true, agency_owns: actor.social_care, ..Facts::collection() };
    let own = Facts { owner: true, ..of_agency.clone() };
    let opens = |facts: &Facts| is_entitled(actor, Operation::FamilyRead, facts);
    match (opens(&of_agency), opens(&own)) {
        (true, _) => FamilyReach::Agency,
        (false, true) => FamilyReach::Own(actor.practitioner),
        (false, false) => FamilyReach::Nothing,
    }
}

/// Whose certificates the holder of `permit` reads: auditors all; those who answer for an agency all of what it
/// contributed or ran; anybody else what they owned or wrote. Proofs are given for nobody else's objects; to an auditor,
/// whose own there are none, none are given.
#[must_use]
pub const fn certificate_reach(permit: &Permit) -> CertificateReach {
    match permit.reason {
        ReadReason::Auditor => CertificateReach::Partnership,
        ReadReason::Manager | ReadReason::AgencyLead | ReadReason::AgencySystem => {
            CertificateReach::Agency(permit.actor.agency)
        }
        ReadReason::Owner
        | ReadReason::TeamMember
        | ReadReason::NamedContributor
        | ReadReason::Member
        | ReadReason::SocialCare
        | ReadReason::Emergency => CertificateReach::Own(permit.actor.practitioner),
    }
}

/// What an emergency access gives to social workers and team managers of children's social care, and to nobody else.
fn emergency(actor: &Actor, operation: Operation, facts: &Facts) -> Option<ReadReason> {
    let may = facts.emergency && operation.given_in_emergency();
    (may && (actor.social_worker() || actor.manager())).then_some(ReadReason::Emergency)
}

/// Roles of children's social care that decide about a child's safety.
fn protects(actor: &Actor) -> bool {
    actor.social_worker() || actor.manager()
}

/// Whoever opened the emergency access, whose `owner` they are.
fn opened_it(actor: &Actor, facts: &Facts) -> Option<ReadReason> {
    (facts.owner && protects(actor)).then_some(ReadReason::Emergency)
}

/// Who reviews emergency accesses: auditors, and managers of the agency that owns a chronology concerned.
fn reviews(actor: &Actor, facts: &Facts) -> Option<ReadReason> {
    actor.is(Role::Auditor).then_some(ReadReason::Auditor).or_else(|| manager_of(actor, facts))
}

/// The facts are of a chronology, or of none yet.
fn alerts(actor: &Actor, facts: &Facts) -> Option<ReadReason> {
    reviews(actor, facts)
        .or_else(|| (facts.owner && protects(actor)).then_some(ReadReason::Owner))
        .or_else(|| (facts.state.is_none() && protects(actor)).then_some(ReadReason::SocialCare))
}

/// Roles that deal with families at all; an auditor alone does not.
fn content_role(actor: &Actor) -> bool {
    actor.roles.iter().any(|role| *role != Role::Auditor)
}

/// Roles that may read text when named.
fn actor_reads(actor: &Actor) -> bool {
    [Role::Practitioner, Role::SafeguardingLead, Role::SocialWorker, Role::TeamManager, Role::BusinessSupport]
        .into_iter()
        .any(|role| actor.is(role))
}

/// Roles that send an agency's own account.
fn sends(actor: &Actor) -> bool {
    [Role::Practitioner, Role::SafeguardingLead, Role::SystemClient].into_iter().any(|role| actor.is(role))
}

/// "Yes, after own return, while open."
fn timeline_for_contributor(facts: &Facts) -> Result<(), Denial> {
    if !facts.contributors_read_timeline {
        return Err(Denial::NotYours);
    }
    let returned = facts.invitation.is_some_and(|invitation| invitation.state.returned());
    if !returned {
        return Err(Denial::OwnReturnFirst);
    }
    let open = facts.state.is_some_and(ChronologyState::open_to_contributors);
    if open { Ok(()) } else { Err(Denial::NotYours) }
}

/// What the chronology's state rules out whoever asks. Objects without a chronology are always possible.
fn possible_in_state(operation: Operation, facts: &Facts) -> bool {
    use ChronologyState as S;
    use Operation as O;
    let Some(state) = facts.state else { return true };
    match operation {
        O::FormRead | O::InvitationDraft | O::InvitationNilReturn | O::InvitationDecline => state.takes_returns(),
        O::FragmentSubmit | O::FragmentProxy => state.takes_returns(),
        O::FragmentCorrect | O::FragmentWithdraw | O::LinkDecide => {
            matches!(state, S::Open | S::Closing | S::Consolidated)
        }
        O::InvitationCreate => matches!(state, S::Draft | S::Open | S::Closing),
        O::InvitationUpdate | O::ChronologyUpdate => {
            matches!(state, S::Draft | S::Open | S::Closing | S::Consolidated | S::SignedOff)
        }
        O::TimelineRead | O::LinkRead => {
            matches!(state, S::Open | S::Closing | S::Consolidated | S::SignedOff | S::Closed | S::Expired)
        }
        // To say that it is the same child brings in an account, which is possible while accounts come in.
        O::PersonLinkDecide => state.takes_returns(),
        O::PersonLinkUndo => matches!(state, S::Open | S::Closing | S::Consolidated),
        O::SnapshotRead => matches!(state, S::SignedOff | S::Closed),
        // What is closed is no longer worked with; a draft has asked nobody.
        O::EmergencyOpen => matches!(state, S::Open | S::Closing | S::Consolidated | S::SignedOff),
        // Which step a state allows is the state's own: `ChronologyState::after`.
        O::ChronologyOpen
        | O::ChronologyConsolidate
        | O::ChronologySignOff
        | O::ChronologyClose
        | O::ChronologyReopen
        | O::ChronologyExtend
        | O::ChronologyDestroy => true,
        // What is kept of a chronology is read as long as it is kept.
        O::DestructionRead
        | O::ChronologyList
        | O::ChronologyRead
        | O::TombstoneRead
        | O::ReadersRead
        | O::InvitationList
        | O::InvitationRead
        | O::FragmentList
        | O::FragmentRead
        | O::FragmentVersions
        | O::FragmentReaders
        | O::LinkDecisionRead
        | O::PersonLinkRead
        | O::ConsolidationList
        | O::ConsolidationRead
        | O::EmergencyRead
        | O::AlertList => true,
        // Lifetimes and emergency accesses outlast the work.
        O::FragmentExtend | O::EmergencyEnd | O::EmergencyReview => true,
        // Nothing of one chronology.
        O::PartnershipRead
        | O::AgencyList
        | O::AgencyRead
        | O::AgencyWrite
        | O::PractitionerList
        | O::PractitionerRead
        | O::PractitionerWrite
        | O::PersonCreate
        | O::PersonRead
        | O::PersonUpdate
        | O::PersonFind
        | O::FamilyCreate
        | O::FamilyList
        | O::FamilyRead
        | O::FamilyUpdate
        | O::ChronologyCreate
        | O::FragmentAhead
        | O::HoldPlace
        | O::HoldList
        | O::HoldRelease
        | O::CertificateList
        | O::CertificateRead
        | O::UnpurgedList
        | O::AuditRead
        | O::AuditCheckpointRead
        | O::AuditProve => true,
    }
}
