//! What stands on somebody's lists: what they can open, and no more.
#![deny(clippy::wildcard_enum_match_arm)]

use super::{Facts, Permit, is_entitled};
use crate::{AgencyId, Operation, PractitionerId, ReadReason};

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
