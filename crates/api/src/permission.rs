//! Permissions as types: a handler cannot reach a use case without naming one, and the name decides what the audit
//! says, what the request costs, and what the document tells about it.

use domain::Operation;

/// Leave that a handler asks for. The service decides whether it is given; this only names it.
pub(crate) trait Permission: 'static {
    /// The operation, as the audit and the document name it.
    const OPERATION: Operation;
}

/// One unit type for each operation that a route carries out.
macro_rules! permissions {
    ($($name:ident),+ $(,)?) => {$(
        #[doc = concat!("Asks for `", stringify!($name), "`.")]
        pub(crate) struct $name;

        impl Permission for $name {
            const OPERATION: Operation = Operation::$name;
        }

        impl $name {
            /// The word that stands in the audit and in the document.
            pub(crate) const WORD: &'static str = Operation::$name.as_str();
        }
    )+};
}

permissions! {
    PartnershipRead, AgencyList, AgencyRead, AgencyWrite, PractitionerList, PractitionerRead, PractitionerWrite,
    PersonCreate, PersonRead, PersonUpdate, PersonFind, FamilyCreate, FamilyList, FamilyRead, FamilyUpdate,
    ChronologyCreate, ChronologyList, ChronologyRead, ChronologyUpdate, ChronologyOpen, ChronologyConsolidate,
    ChronologySignOff, ChronologyClose, ChronologyReopen, ChronologyExtend, ChronologyDestroy, TombstoneRead,
    ReadersRead, InvitationCreate, InvitationList, InvitationRead, InvitationUpdate, FormRead, InvitationDraft,
    InvitationNilReturn, InvitationDecline, FragmentSubmit, FragmentAhead, FragmentList, FragmentRead,
    FragmentVersions, FragmentCorrect, FragmentWithdraw, FragmentExtend, TimelineRead, LinkRead, LinkDecisionRead,
    LinkDecide, PersonLinkRead, PersonLinkDecide, PersonLinkUndo, ConsolidationList, ConsolidationRead, SnapshotRead,
    HoldPlace, HoldList, HoldRelease, FragmentReaders, EmergencyOpen, EmergencyRead, EmergencyEnd, EmergencyReview,
    AlertList, CertificateList, CertificateRead, UnpurgedList, AuditRead, AuditCheckpointRead, AuditProve,
}

/// What a request weighs against its caller's allowance: reads 1, writes 2, what draws up a timeline 4.
pub(crate) const fn cost(operation: Operation) -> u32 {
    use Operation as O;
    match operation {
        O::TimelineRead
        | O::LinkRead
        | O::LinkDecisionRead
        | O::ChronologyConsolidate
        | O::ConsolidationRead
        | O::SnapshotRead => 4,
        O::PartnershipRead
        | O::AgencyList
        | O::AgencyRead
        | O::PractitionerList
        | O::PractitionerRead
        | O::PersonRead
        | O::PersonFind
        | O::FamilyList
        | O::FamilyRead
        | O::ChronologyList
        | O::ChronologyRead
        | O::TombstoneRead
        | O::ReadersRead
        | O::InvitationList
        | O::InvitationRead
        | O::FormRead
        | O::FragmentList
        | O::FragmentRead
        | O::FragmentVersions
        | O::ConsolidationList
        | O::PersonLinkRead
        | O::HoldList
        | O::CertificateList
        | O::CertificateRead
        | O::UnpurgedList
        | O::FragmentReaders
        | O::EmergencyRead
        | O::AlertList
        | O::AuditRead
        | O::AuditCheckpointRead
        | O::AuditProve => 1,
        _ => 2,
    }
}

/// Who may carry an operation out, in words for the document. The decision itself is `domain::decide`.
pub(crate) const fn who(operation: Operation) -> &'static str {
    use Operation as O;
    match operation {
        O::PartnershipRead | O::AgencyList | O::AgencyRead | O::AuditCheckpointRead => {
            "anyone with a valid token of the partnership"
        }
        O::AgencyWrite => "team managers and business support of children's social care",
        O::PractitionerList | O::PractitionerRead => {
            "children's social care for every agency; others for their own agency"
        }
        O::PractitionerWrite => {
            "team managers and business support of children's social care; safeguarding leads for their own agency"
        }
        O::PersonCreate | O::FamilyCreate | O::FamilyList => {
            "children's social care; where the partnership takes fragments ahead of a chronology, every agency for what it recorded itself"
        }
        O::PersonFind => "social workers and team managers of children's social care",
        O::PersonRead | O::FamilyRead => "the agency that recorded it; those who contribute to a chronology about it",
        O::PersonUpdate | O::FamilyUpdate => "the agency that recorded it",
        O::ChronologyCreate => "children's social care",
        O::ChronologyList | O::TombstoneRead => {
            "the chronology's owner, manager, team and business support; invited agencies"
        }
        O::ChronologyRead | O::InvitationList => {
            "the chronology's owner, manager, team and business support; invited agencies; social care in an emergency"
        }
        O::ChronologyUpdate | O::ChronologyOpen | O::InvitationCreate => {
            "the chronology's owner, manager, team and business support"
        }
        O::InvitationUpdate => {
            "the chronology's owner, manager, team and business support; the invited agency's safeguarding lead, to name practitioners"
        }
        O::ChronologyConsolidate
        | O::ReadersRead
        | O::LinkDecisionRead
        | O::ChronologyClose
        | O::ChronologyExtend
        | O::FragmentProxy
        | O::ConsolidationList
        | O::PersonLinkRead
        | O::SnapshotRead => "the chronology's owner, manager and team",
        O::ConsolidationRead => "the chronology's owner, manager and team; social care in an emergency",
        O::ChronologySignOff | O::ChronologyReopen | O::ChronologyDestroy => {
            "a team manager of the agency that owns the chronology"
        }
        _ => who_contributes(operation),
    }
}

/// The same of returns and of what is made of them.
const fn who_contributes(operation: Operation) -> &'static str {
    use Operation as O;
    match operation {
        O::InvitationRead => "the chronology's owner, manager, team and business support; the invited agency",
        O::FormRead | O::InvitationDraft | O::InvitationNilReturn | O::InvitationDecline => {
            "the invited agency: practitioners named on the invitation, its safeguarding lead, its record system"
        }
        O::FragmentSubmit => {
            "the invited agency: practitioners named on the invitation, its safeguarding lead, its record system; social care for an agency without access"
        }
        O::FragmentAhead => {
            "practitioners, safeguarding leads and record systems, where the partnership takes fragments ahead of a chronology"
        }
        O::FragmentList => "the chronology's owner, manager and team; an agency for its own fragments",
        O::FragmentRead => {
            "the chronology's owner, manager and team; the agency that submitted it; social care in an emergency"
        }
        O::FragmentVersions => "the chronology's owner, manager and team; the agency that submitted it",
        O::FragmentCorrect | O::FragmentWithdraw | O::FragmentExtend => "the agency that submitted it",
        O::LinkDecide | O::PersonLinkDecide | O::PersonLinkUndo => {
            "the chronology's owner and manager, and social workers on its team"
        }
        O::TimelineRead | O::LinkRead => {
            "the chronology's owner, manager and team; practitioners named on an invitation, once their agency's own return is in and while the chronology is open; social care in an emergency"
        }
        _ => who_watches(operation),
    }
}

/// The same of holds, deletion, emergencies and the audit; a test makes sure that nothing is left out.
const fn who_watches(operation: Operation) -> &'static str {
    use Operation as O;
    match operation {
        O::HoldPlace | O::HoldList | O::HoldRelease => "team managers of children's social care; auditors may list",
        O::CertificateList | O::CertificateRead => {
            "team managers, safeguarding leads and record systems for what their agency contributed or ran; others for what they wrote or owned themselves; auditors for all"
        }
        O::UnpurgedList => "team managers of children's social care; auditors",
        O::FragmentReaders => {
            "the agency that submitted it; the chronology's owner, manager and team where they entered it for an agency without access"
        }
        O::EmergencyOpen => "social workers and team managers of children's social care",
        O::EmergencyRead => {
            "whoever opened it; auditors and data protection officers, and team managers of the agency that owns a chronology concerned"
        }
        O::EmergencyEnd => "whoever opened it",
        O::EmergencyReview => {
            "auditors and data protection officers, and team managers of the agency that owns a chronology concerned; never whoever opened it"
        }
        O::AlertList => "auditors and data protection officers; owners and managers of chronologies for theirs",
        O::AuditRead | O::AuditProve => "auditors and data protection officers",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_every_operation_it_is_said_who_may() {
        let unsaid: Vec<_> = Operation::ALL.iter().filter(|operation| who(**operation).is_empty()).collect();
        assert!(unsaid.is_empty(), "{unsaid:?}");
    }
}
