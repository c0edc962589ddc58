//! The scope of lists: a list contains the objects that the actor can open, and no others.
#![deny(clippy::wildcard_enum_match_arm)]

use super::{AccessFacts, AccessPermit, is_entitled};
use crate::{AgencyId, Operation, PractitionerId, ReadReason};

/// The destroyed objects whose certificates an actor may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateScope {
    /// All objects of the partnership.
    Partnership,
    /// The objects that this agency contributed or ran.
    Agency(AgencyId),
    /// The objects that this practitioner owned or wrote.
    Own(PractitionerId),
}

/// The families on an actor's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FamilyListScope {
    /// All families that the actor's agency recorded.
    Agency,
    /// The families that this practitioner recorded.
    Own(PractitionerId),
    /// No family.
    None,
}

/// The families that the holder of a permit can list.
#[must_use]
pub fn family_list_scope(permit: &AccessPermit) -> FamilyListScope {
    let actor = &permit.actor;
    let of_agency = AccessFacts {
        own_agency: true,
        owned_by_agency: actor.social_care,
        ..AccessFacts::collection()
    };
    let own = AccessFacts {
        owner: true,
        ..of_agency.clone()
    };
    let can_open = |facts: &AccessFacts| is_entitled(actor, Operation::FamilyRead, facts);
    match (can_open(&of_agency), can_open(&own)) {
        (true, _) => FamilyListScope::Agency,
        (false, true) => FamilyListScope::Own(actor.practitioner),
        (false, false) => FamilyListScope::None,
    }
}

/// The certificates that the holder of a permit can read. Auditors read all; managers, safeguarding
/// leads and record systems those of their agency; others those of what they owned or wrote.
/// Inclusion proofs are given only for objects of the holder's own agency, so an auditor gets none.
#[must_use]
pub const fn certificate_scope(permit: &AccessPermit) -> CertificateScope {
    match permit.reason {
        ReadReason::Auditor => CertificateScope::Partnership,
        ReadReason::Manager | ReadReason::AgencyLead | ReadReason::AgencySystem => {
            CertificateScope::Agency(permit.actor.agency)
        }
        ReadReason::Owner
        | ReadReason::TeamMember
        | ReadReason::NamedContributor
        | ReadReason::Member
        | ReadReason::SocialCare
        | ReadReason::Emergency => CertificateScope::Own(permit.actor.practitioner),
    }
}
