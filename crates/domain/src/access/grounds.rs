//! On what grounds somebody may know of an object and do something to it, whatever its state.
#![deny(clippy::wildcard_enum_match_arm)]

use super::{Actor, Facts, InvitationFacts};
use crate::{ChronologyState, InvitationState, Operation, ReadReason, Role};

/// The ground on which the actor may know of the object and do this to it, whatever its state.
pub(super) fn entitled(actor: &Actor, operation: Operation, facts: &Facts) -> Option<ReadReason> {
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
pub(super) fn reading(actor: &Actor, facts: &Facts) -> Option<ReadReason> {
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

/// What an emergency access gives to social workers and team managers of children's social care, and to nobody else.
fn emergency(actor: &Actor, operation: Operation, facts: &Facts) -> Option<ReadReason> {
    let may = facts.emergency && operation.given_in_emergency();
    (may && (actor.social_worker() || actor.manager())).then_some(ReadReason::Emergency)
}

/// Roles of children's social care that decide about a child's safety.
pub(super) fn protects(actor: &Actor) -> bool {
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
