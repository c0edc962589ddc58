//! Permissions as types. A handler cannot reach a use case without naming its permission, which
//! determines the audited operation, the cost of the request, and the text in the OpenAPI document.

#![deny(clippy::wildcard_enum_match_arm)]

use domain::Operation;

/// A permission that a handler requires. The service decides whether the caller has it.
pub trait Permission: 'static {
    /// The operation that is audited and documented.
    const OPERATION: Operation;
}

/// Defines one unit type per operation that has a route, with the cost of a request and the
/// permitted callers for the OpenAPI document; then the operations without a route of their own.
/// The matches are exhaustive, so that a new operation does not compile without both.
macro_rules! permissions {
    (
        { $($name:ident $cost:literal $permitted_callers:literal;)+ }
        { $($unrouted:ident $unrouted_cost:literal $unrouted_callers:literal;)+ }
    ) => {
        $(
            #[doc = concat!("The permission for `", stringify!($name), "`.")]
            pub struct $name;

            impl Permission for $name {
                const OPERATION: Operation = Operation::$name;
            }

            impl $name {
                /// The operation's name in the audit and in the OpenAPI document.
                pub const OPERATION_NAME: &'static str = Operation::$name.as_str();
            }
        )+

        /// Cost of a request against its caller's quota: reads 1, writes 2, what consolidates a
        /// timeline 4.
        pub(crate) const fn request_cost(operation: Operation) -> u32 {
            match operation {
                $(Operation::$name => $cost,)+
                $(Operation::$unrouted => $unrouted_cost,)+
            }
        }

        /// The permitted callers of an operation, as text for the OpenAPI document.
        /// `domain::decide_access` makes the decision.
        pub const fn permitted_callers(operation: Operation) -> &'static str {
            match operation {
                $(Operation::$name => $permitted_callers,)+
                $(Operation::$unrouted => $unrouted_callers,)+
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
        PersonCreate           2 "children's social care; where the partnership accepts advance submissions, every agency for its own records";
        PersonRead             1 "the agency that recorded it; those who contribute to a chronology about it";
        PersonUpdate           2 "the agency that recorded it";
        PersonFind             1 "social workers and team managers of children's social care";
        FamilyCreate           2 "children's social care; where the partnership accepts advance submissions, every agency for its own records";
        FamilyList             1 "children's social care; where the partnership accepts advance submissions, every agency for its own records";
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
        FragmentSubmitAdvance          2 "practitioners, safeguarding leads and record systems, where the partnership accepts advance submissions";
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
        EmergencyRead          1 "the person who opened it; auditors and data protection officers, and team managers of the agency that owns a chronology concerned";
        EmergencyEnd           2 "the person who opened it";
        EmergencyReview        2 "auditors and data protection officers, and team managers of the agency that owns a chronology concerned; never the person who opened it";
        AlertList              1 "auditors and data protection officers; owners and managers of chronologies for theirs";
        CertificateList        1 "team managers, safeguarding leads and record systems for what their agency contributed or ran; others for what they wrote or owned themselves; auditors for all";
        CertificateRead        1 "team managers, safeguarding leads and record systems for what their agency contributed or ran; others for what they wrote or owned themselves; auditors for all";
        UnpurgedList           1 "team managers of children's social care; auditors";
        AuditRead              1 "auditors and data protection officers";
        AuditCheckpointRead    1 "anyone with a valid token of the partnership";
        AuditProve             1 "auditors and data protection officers";
    }
    // A fragment entered on behalf of another agency uses the route of submission.
    {
        FragmentProxy          2 "the chronology's owner, manager and team";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_permitted_callers_and_cost() {
        for operation in Operation::ALL {
            assert!(
                !permitted_callers(*operation).is_empty()
                    && matches!(request_cost(*operation), 1 | 2 | 4),
                "{operation:?}"
            );
        }
    }
}
