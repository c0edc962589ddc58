//! Permissions as types: a handler cannot reach a use case without naming one, and the name decides what the audit
//! says, what the request costs, and what the document tells about it.

#![deny(clippy::wildcard_enum_match_arm)]

use domain::Operation;

/// Leave that a handler asks for. The service decides whether it is given; this only names it.
pub(crate) trait Permission: 'static {
    /// The operation, as the audit and the document name it.
    const OPERATION: Operation;
}

/// One unit type for each operation that a route carries out, what a request for it weighs against its caller's allowance,
/// and who may, in words for the document; after them what has no route of its own. The matches name every operation: one
/// that is new does not compile without both.
macro_rules! permissions {
    ({ $($name:ident $cost:literal $who:literal;)+ } { $($beside:ident $beside_cost:literal $beside_who:literal;)+ }) => {
        $(
            #[doc = concat!("Asks for `", stringify!($name), "`.")]
            pub(crate) struct $name;

            impl Permission for $name {
                const OPERATION: Operation = Operation::$name;
            }

            impl $name {
                /// The word that stands in the audit and in the document.
                pub(crate) const WORD: &'static str = Operation::$name.as_str();
            }
        )+

        /// What a request weighs against its caller's allowance: reads 1, writes 2, what draws up a timeline 4.
        pub(crate) const fn cost(operation: Operation) -> u32 {
            match operation {
                $(Operation::$name => $cost,)+
                $(Operation::$beside => $beside_cost,)+
            }
        }

        /// Who may carry an operation out, in words for the document. The decision itself is `domain::decide`.
        pub(crate) const fn who(operation: Operation) -> &'static str {
            match operation {
                $(Operation::$name => $who,)+
                $(Operation::$beside => $beside_who,)+
            }
        }
    };
}

#[rustfmt::skip]
permissions! {
    {
        PartnershipRead        1 "anyone with a valid token of the partnership";
        AgencyList             1 "anyone with a valid token of the partnership";
        AgencyRead             1 "anyone with a valid token of the partnership";
        AgencyWrite            2 "team managers and business support of children's social care";
        PractitionerList       1 "children's social care for every agency; others for their own agency";
        PractitionerRead       1 "children's social care for every agency; others for their own agency";
        PractitionerWrite      2 "team managers and business support of children's social care; safeguarding leads for their own agency";
        PersonCreate           2 "children's social care; where the partnership takes fragments ahead of a chronology, every agency for what it recorded itself";
        PersonRead             1 "the agency that recorded it; those who contribute to a chronology about it";
        PersonUpdate           2 "the agency that recorded it";
        PersonFind             1 "social workers and team managers of children's social care";
        FamilyCreate           2 "children's social care; where the partnership takes fragments ahead of a chronology, every agency for what it recorded itself";
        FamilyList             1 "children's social care; where the partnership takes fragments ahead of a chronology, every agency for what it recorded itself";
        FamilyRead             1 "the agency that recorded it; those who contribute to a chronology about it";
        FamilyUpdate           2 "the agency that recorded it";
        ChronologyCreate       2 "children's social care";
        ChronologyList         1 "the chronology's owner, manager, team and business support; invited agencies";
        ChronologyRead         1 "the chronology's owner, manager, team and business support; invited agencies; social care in an emergency";
        ChronologyUpdate       2 "the chronology's owner, manager, team and business support";
        ChronologyOpen         2 "the chronology's owner, manager, team and business support";
        ChronologyConsolidate  4 "the chronology's owner, manager and team";
        ChronologySignOff      2 "a team manager of the agency that owns the chronology";
        ChronologyClose        2 "the chronology's owner, manager and team";
        ChronologyReopen       2 "a team manager of the agency that owns the chronology";
        ChronologyExtend       2 "the chronology's owner, manager and team";
        ChronologyDestroy      2 "a team manager of the agency that owns the chronology";
        DestructionRead        1 "a team manager of the agency that owns the chronology";
        TombstoneRead          1 "the chronology's owner, manager, team and business support; invited agencies";
        ReadersRead            1 "the chronology's owner, manager and team";
        InvitationCreate       2 "the chronology's owner, manager, team and business support";
        InvitationList         1 "the chronology's owner, manager, team and business support; invited agencies; social care in an emergency";
        InvitationRead         1 "the chronology's owner, manager, team and business support; the invited agency";
        InvitationUpdate       2 "the chronology's owner, manager, team and business support; the invited agency's safeguarding lead, to name practitioners";
        FormRead               1 "the invited agency: practitioners named on the invitation, its safeguarding lead, its record system";
        InvitationDraft        2 "the invited agency: practitioners named on the invitation, its safeguarding lead, its record system";
        InvitationNilReturn    2 "the invited agency: practitioners named on the invitation, its safeguarding lead, its record system";
        InvitationDecline      2 "the invited agency: practitioners named on the invitation, its safeguarding lead, its record system";
        FragmentSubmit         2 "the invited agency: practitioners named on the invitation, its safeguarding lead, its record system; social care for an agency without access";
        FragmentAhead          2 "practitioners, safeguarding leads and record systems, where the partnership takes fragments ahead of a chronology";
        FragmentList           1 "the chronology's owner, manager and team; an agency for its own fragments";
        FragmentRead           1 "the chronology's owner, manager and team; the agency that submitted it; social care in an emergency";
        FragmentVersions       1 "the chronology's owner, manager and team; the agency that submitted it";
        FragmentCorrect        2 "the agency that submitted it";
        FragmentWithdraw       2 "the agency that submitted it";
        FragmentExtend         2 "the agency that submitted it";
        TimelineRead           4 "the chronology's owner, manager and team; practitioners named on an invitation, once their agency's own return is in and while the chronology is open; social care in an emergency";
        LinkRead               4 "the chronology's owner, manager and team; practitioners named on an invitation, once their agency's own return is in and while the chronology is open; social care in an emergency";
        LinkDecisionRead       4 "the chronology's owner, manager and team";
        LinkDecide             2 "the chronology's owner and manager, and social workers on its team";
        PersonLinkRead         1 "the chronology's owner, manager and team";
        PersonLinkDecide       2 "the chronology's owner and manager, and social workers on its team";
        PersonLinkUndo         2 "the chronology's owner and manager, and social workers on its team";
        ConsolidationList      1 "the chronology's owner, manager and team";
        ConsolidationRead      4 "the chronology's owner, manager and team; social care in an emergency";
        SnapshotRead           4 "the chronology's owner, manager and team";
        HoldPlace              2 "team managers of children's social care; auditors may list";
        HoldList               1 "team managers of children's social care; auditors may list";
        HoldRelease            2 "team managers of children's social care; auditors may list";
        FragmentReaders        1 "the agency that submitted it; the chronology's owner, manager and team where they entered it for an agency without access";
        EmergencyOpen          2 "social workers and team managers of children's social care";
        EmergencyRead          1 "whoever opened it; auditors and data protection officers, and team managers of the agency that owns a chronology concerned";
        EmergencyEnd           2 "whoever opened it";
        EmergencyReview        2 "auditors and data protection officers, and team managers of the agency that owns a chronology concerned; never whoever opened it";
        AlertList              1 "auditors and data protection officers; owners and managers of chronologies for theirs";
        CertificateList        1 "team managers, safeguarding leads and record systems for what their agency contributed or ran; others for what they wrote or owned themselves; auditors for all";
        CertificateRead        1 "team managers, safeguarding leads and record systems for what their agency contributed or ran; others for what they wrote or owned themselves; auditors for all";
        UnpurgedList           1 "team managers of children's social care; auditors";
        AuditRead              1 "auditors and data protection officers";
        AuditCheckpointRead    1 "anyone with a valid token of the partnership";
        AuditProve             1 "auditors and data protection officers";
    }
    // No route of its own: a fragment entered for another agency is submitted.
    {
        FragmentProxy          2 "the chronology's owner, manager and team";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_every_operation_it_is_said_who_may_and_what_it_costs() {
        for operation in Operation::ALL {
            assert!(!who(*operation).is_empty() && matches!(cost(*operation), 1 | 2 | 4), "{operation:?}");
        }
    }
}
