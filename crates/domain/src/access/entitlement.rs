//! Entitlement: the reason for which an actor may know of an object and operate on it, whatever its
//! state.
#![deny(clippy::wildcard_enum_match_arm)]

use super::{AccessFacts, Actor, InvitationFacts};
use crate::{ChronologyState, InvitationState, Operation, ReadReason, Role};

/// Who is entitled to an operation; each row of the table of operations names one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntitlementRule {
    /// Any actor with a role.
    Members,
    /// Writers of the list of agencies.
    AgencyWriters,
    /// Readers of the directory of practitioners.
    DirectoryReaders,
    /// Writers of the directory of practitioners.
    DirectoryWriters,
    /// Those who record people and families: to prepare a chronology or for advance submissions.
    PeopleRecorders,
    /// Those of social care who look people up.
    PeopleFinders,
    /// Readers of people and families.
    FamilyReaders,
    /// Those who change people and families.
    FamilyMaintainers,
    /// Those who prepare chronologies.
    Preparers,
    /// Participants, for one chronology; for the collection all roles that work with families.
    ChronologyListers,
    /// Those who run the chronology, and contributors.
    Participants,
    /// Participants, and those who maintained a fragment.
    TombstoneReaders,
    /// Those who run the chronology, with or without reading its content.
    Administrators,
    /// Administrators, and the invited agency's safeguarding lead.
    InvitationEditors,
    /// Administrators, and those who work on the agency's invitation.
    InvitationReaders,
    /// Those who read the chronology's content for social care. Person links show names and
    /// identifiers that another agency recorded, and have the same readers.
    ContentReaders,
    /// Readers of the content who decide about a child's safety. Business support on the team reads
    /// and prepares, but does not export, close, decide links or submit for another agency.
    CaseWorkers,
    /// Managers of the agency that owns the chronology.
    OwningManagers,
    /// Those who contribute for an invited agency.
    Contributors,
    /// Those who submit in advance.
    AdvanceSubmitters,
    /// Readers of the content and contributors, for one chronology; for the collection all roles
    /// that work with families.
    FragmentListers,
    /// Readers of the content, and those who maintain the fragment.
    FragmentReaders,
    /// Those who work on their own agency's fragment.
    FragmentMaintainers,
    /// Readers of the timeline.
    TimelineReaders,
    /// Managers of children's social care, whichever agency owns the chronology.
    Managers,
    /// Managers of children's social care, and auditors.
    ManagersAndAuditors,
    /// Readers of certificates, within their scope.
    CertificateReaders,
    /// Those of social care who open emergency accesses.
    EmergencyCallers,
    /// The actor who opened the emergency access.
    EmergencyOpeners,
    /// Reviewers of emergency accesses, and the actor who opened it, who may know of the review.
    EmergencyReviewers,
    /// Readers of alerts.
    AlertReaders,
    /// Auditors and data protection officers.
    Auditors,
}

/// The reason for which an actor is entitled to an operation, whatever the state of the object;
/// `None` without entitlement.
pub(super) fn entitlement_reason(
    actor: &Actor,
    operation: Operation,
    facts: &AccessFacts,
) -> Option<ReadReason> {
    ordinary_reason(actor, operation.spec().entitlement, facts)
        .or_else(|| emergency_reason(actor, operation, facts))
}

/// The reason that an actor has without an emergency access.
#[rustfmt::skip]
fn ordinary_reason(
    actor: &Actor,
    rule: EntitlementRule,
    facts: &AccessFacts,
) -> Option<ReadReason> {
    use EntitlementRule as R;
    match rule {
        R::Members => member_reason(actor),
        R::AgencyWriters => agency_writer_reason(actor),
        R::DirectoryReaders => directory_reader_reason(actor, facts),
        R::DirectoryWriters => directory_writer_reason(actor, facts),
        R::PeopleRecorders =>
            preparation_reason(actor).or_else(|| advance_submission_reason(actor, facts)),
        R::PeopleFinders => is_child_protection_role(actor).then_some(ReadReason::SocialCare),
        R::FamilyReaders => family_reader_reason(actor, facts),
        R::FamilyMaintainers => people_reason(actor, facts),
        R::Preparers => preparation_reason(actor),
        R::ChronologyListers | R::FragmentListers if facts.state.is_none() =>
            has_content_role(actor).then_some(ReadReason::Member),
        R::ChronologyListers | R::Participants => participant_reason(actor, facts),
        R::TombstoneReaders =>
            participant_reason(actor, facts).or_else(|| own_agency_reason(actor, facts)),
        R::Administrators => administration_reason(actor, facts),
        R::InvitationEditors =>
            administration_reason(actor, facts).or_else(|| agency_lead_reason(actor, facts)),
        R::InvitationReaders =>
            administration_reason(actor, facts).or_else(|| own_agency_reason(actor, facts)),
        R::ContentReaders => content_reason(actor, facts),
        R::CaseWorkers => case_worker_reason(actor, facts),
        R::OwningManagers => owning_manager_reason(actor, facts),
        R::Contributors => contributor_reason(actor, facts),
        R::AdvanceSubmitters => advance_submission_reason(actor, facts),
        R::FragmentListers =>
            content_reason(actor, facts).or_else(|| contributor_reason(actor, facts)),
        R::FragmentReaders =>
            content_reason(actor, facts).or_else(|| own_agency_reason(actor, facts)),
        R::FragmentMaintainers => own_agency_reason(actor, facts),
        R::TimelineReaders => timeline_reader_reason(actor, facts),
        R::Managers => manager_reason(actor),
        R::ManagersAndAuditors => manager_reason(actor).or_else(|| auditor_reason(actor)),
        R::CertificateReaders => member_reason(actor).map(|_| certificate_reason(actor)),
        R::EmergencyCallers => is_child_protection_role(actor).then_some(ReadReason::Emergency),
        R::EmergencyOpeners => emergency_opener_reason(actor, facts),
        R::EmergencyReviewers => emergency_reviewer_reason(actor, facts)
            .or_else(|| emergency_opener_reason(actor, facts)),
        R::AlertReaders => alert_reason(actor, facts),
        R::Auditors => auditor_reason(actor),
    }
}

/// Any actor with a role. A token without a role is entitled to nothing.
fn member_reason(actor: &Actor) -> Option<ReadReason> {
    (!actor.roles.is_empty()).then_some(ReadReason::Member)
}

/// Auditors and data protection officers.
fn auditor_reason(actor: &Actor) -> Option<ReadReason> {
    actor.has_role(Role::Auditor).then_some(ReadReason::Auditor)
}

/// Managers of children's social care, whichever agency owns the chronology.
fn manager_reason(actor: &Actor) -> Option<ReadReason> {
    actor
        .is_social_care_manager()
        .then_some(ReadReason::Manager)
}

/// Writers of the list of agencies: managers and business support of children's social care.
fn agency_writer_reason(actor: &Actor) -> Option<ReadReason> {
    (actor.is_social_care_manager() || actor.is_social_care_support())
        .then_some(ReadReason::SocialCare)
}

/// Readers of the directory of practitioners: children's social care for all agencies, others for
/// their own agency.
fn directory_reader_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    if actor.social_care && has_content_role(actor) {
        return Some(ReadReason::SocialCare);
    }
    (facts.own_agency && has_content_role(actor)).then_some(ReadReason::Member)
}

/// Writers of the directory of practitioners: managers of children's social care for all agencies;
/// its business support and the safeguarding leads of agencies for their own agency.
fn directory_writer_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    if actor.is_social_care_manager() {
        return Some(ReadReason::Manager);
    }
    if facts.own_agency && actor.is_social_care_support() {
        return Some(ReadReason::SocialCare);
    }
    (facts.own_agency && actor.has_role(Role::SafeguardingLead)).then_some(ReadReason::AgencyLead)
}

/// People and families that social care recorded are open to social care. Those that another agency
/// recorded for an advance submission are open to that agency only.
fn people_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    if facts.owned_by_agency && is_child_protection_role(actor) {
        return Some(ReadReason::SocialCare);
    }
    if facts.owner && actor.is_social_care_support() {
        return Some(ReadReason::Owner);
    }
    (facts.own_agency && !actor.social_care && can_submit(actor)).then_some(ReadReason::Member)
}

/// Readers of people and families. An agency that declined, and every agency once the work has
/// ended, has no further need to know of the family.
fn family_reader_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    people_reason(actor, facts)
        .or_else(|| contributor_reason(actor, facts).filter(|_| is_asked_about_family(facts)))
}

/// Those who prepare chronologies: all roles of children's social care that work with families.
fn preparation_reason(actor: &Actor) -> Option<ReadReason> {
    (actor.is_social_worker() || actor.is_social_care_manager() || actor.is_social_care_support())
        .then_some(ReadReason::SocialCare)
}

/// Those who submit in advance, where the partnership accepts it.
fn advance_submission_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    (facts.advance_submissions_allowed && can_submit(actor)).then_some(ReadReason::Member)
}

/// Those who take part in a chronology: those who run it, and contributors.
fn participant_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    administration_reason(actor, facts).or_else(|| contributor_reason(actor, facts))
}

/// Those who run the chronology, with or without reading its content: owner, manager, team, and the
/// business support of the owning agency.
fn administration_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    content_reason(actor, facts).or_else(|| {
        (facts.owned_by_agency && actor.is_social_care_support()).then_some(ReadReason::SocialCare)
    })
}

/// Those who read the chronology's content for social care: owner, manager and team.
pub(super) fn content_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    if facts.owner && is_child_protection_role(actor) {
        return Some(ReadReason::Owner);
    }
    if let Some(reason) = owning_manager_reason(actor, facts) {
        return Some(reason);
    }
    (facts.on_team && actor.social_care && has_content_role(actor))
        .then_some(ReadReason::TeamMember)
}

/// Readers of the content who decide about a child's safety.
fn case_worker_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    content_reason(actor, facts).filter(|_| is_child_protection_role(actor))
}

/// Readers of the timeline. Links are part of the timeline and have the same readers.
fn timeline_reader_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    content_reason(actor, facts)
        .or_else(|| named_contributor_reason(facts).filter(|_| has_reading_role(actor)))
}

fn owning_manager_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    (facts.owned_by_agency && actor.is_social_care_manager()).then_some(ReadReason::Manager)
}

/// Those who contribute for an invited agency: named practitioners, the safeguarding lead, the
/// record system.
fn contributor_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    sent_invitation(facts)?;
    named_contributor_reason(facts)
        .filter(|_| has_reading_role(actor))
        .or_else(|| {
            actor
                .has_role(Role::SafeguardingLead)
                .then_some(ReadReason::AgencyLead)
        })
        .or_else(|| {
            actor
                .has_role(Role::SystemClient)
                .then_some(ReadReason::AgencySystem)
        })
}

fn named_contributor_reason(facts: &AccessFacts) -> Option<ReadReason> {
    sent_invitation(facts)
        .filter(|invitation| invitation.named)
        .map(|_| ReadReason::NamedContributor)
}

/// The agency's invitation, once it has been sent. Those of a draft chronology have not been sent
/// and are not visible.
fn sent_invitation(facts: &AccessFacts) -> Option<InvitationFacts> {
    facts
        .invitation
        .filter(|_| facts.state != Some(ChronologyState::Draft))
}

/// Whether the agency is currently asked about the family: the chronology is open to contributors
/// and the agency has not declined.
fn is_asked_about_family(facts: &AccessFacts) -> bool {
    let is_open = facts
        .state
        .is_none_or(ChronologyState::is_open_to_contributors);
    is_open
        && facts
            .invitation
            .is_some_and(|invitation| match invitation.state {
                InvitationState::Declined | InvitationState::Expired => false,
                InvitationState::Invited
                | InvitationState::Viewed
                | InvitationState::Drafting
                | InvitationState::Submitted
                | InvitationState::NilReturn
                | InvitationState::Overdue => true,
            })
}

fn agency_lead_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    (facts.own_agency && sent_invitation(facts).is_some() && actor.has_role(Role::SafeguardingLead))
        .then_some(ReadReason::AgencyLead)
}

/// Those who work on their own agency's invitation or fragment. A practitioner must be named on the
/// invitation or, for an advance submission, be its author.
fn own_agency_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    if facts.proxy {
        return case_worker_reason(actor, facts);
    }
    if !facts.own_agency {
        return None;
    }
    contributor_reason(actor, facts).or_else(|| {
        let speaks_for_agency =
            actor.has_role(Role::SafeguardingLead) || actor.has_role(Role::SystemClient);
        (facts.invitation.is_none() && (speaks_for_agency || (facts.owner && can_submit(actor))))
            .then_some(ReadReason::AgencyLead)
    })
}

/// The reason for reading certificates, which determines their scope: [`super::certificate_scope`].
fn certificate_reason(actor: &Actor) -> ReadReason {
    if actor.has_role(Role::Auditor) {
        ReadReason::Auditor
    } else if actor.is_social_care_manager() {
        ReadReason::Manager
    } else if actor.has_role(Role::SafeguardingLead) {
        ReadReason::AgencyLead
    } else if actor.has_role(Role::SystemClient) {
        ReadReason::AgencySystem
    } else {
        ReadReason::Member
    }
}

/// Social workers and team managers of children's social care with an emergency access.
fn emergency_reason(
    actor: &Actor,
    operation: Operation,
    facts: &AccessFacts,
) -> Option<ReadReason> {
    let is_covered = facts.emergency && operation.is_allowed_in_emergency();
    (is_covered && (is_child_protection_role(actor))).then_some(ReadReason::Emergency)
}

/// Whether the actor has a role of children's social care that decides about a child's safety.
pub(super) fn is_child_protection_role(actor: &Actor) -> bool {
    actor.is_social_worker() || actor.is_social_care_manager()
}

/// The actor who opened the emergency access, which is its `owner`.
fn emergency_opener_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    (facts.owner && is_child_protection_role(actor)).then_some(ReadReason::Emergency)
}

/// Reviewers of emergency accesses: auditors, and managers of the agency that owns a chronology
/// concerned.
fn emergency_reviewer_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    auditor_reason(actor).or_else(|| owning_manager_reason(actor, facts))
}

/// Readers of alerts about one chronology or, when the facts name none, of all alerts that concern
/// them.
fn alert_reason(actor: &Actor, facts: &AccessFacts) -> Option<ReadReason> {
    emergency_reviewer_reason(actor, facts)
        .or_else(|| (facts.owner && is_child_protection_role(actor)).then_some(ReadReason::Owner))
        .or_else(|| {
            (facts.state.is_none() && is_child_protection_role(actor))
                .then_some(ReadReason::SocialCare)
        })
}

/// Whether the actor has a role that works with families. An auditor's role does not.
fn has_content_role(actor: &Actor) -> bool {
    actor.roles.iter().any(|role| *role != Role::Auditor)
}

/// Whether the actor has a role that may read narrative when named.
fn has_reading_role(actor: &Actor) -> bool {
    [
        Role::Practitioner,
        Role::SafeguardingLead,
        Role::SocialWorker,
        Role::TeamManager,
        Role::BusinessSupport,
    ]
    .into_iter()
    .any(|role| actor.has_role(role))
}

/// Whether the actor has a role that submits an agency's own account.
fn can_submit(actor: &Actor) -> bool {
    [
        Role::Practitioner,
        Role::SafeguardingLead,
        Role::SystemClient,
    ]
    .into_iter()
    .any(|role| actor.has_role(role))
}
