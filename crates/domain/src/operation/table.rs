//! The table of operations.

use super::{Disclosure, ObjectKind, OperationKind, OperationSpec};
use crate::access::{AccessCondition, EntitlementRule, StateRule};
use crate::enums::string_enum;

/// Defines [`Operation`], its properties, and a permission type for each operation with a route.
///
/// A row has the description as its doc comment, the columns that the table's heading names, and
/// the permitted callers in words.
macro_rules! operations {
    ($(
        #[doc = $description:literal]
        $name:ident $audit:literal $kind:ident $cost:literal
        $entitlement:ident $states:ident $condition:tt
        $discloses:ident $emergency:ident $route:ident $($object:ident)|+
        $callers:literal;
    )+) => {
        string_enum! {
            /// An operation of the service, with its name in the audit trail.
            Operation {
                $(#[doc = $description] $name = $audit,)+
            }
        }

        impl Operation {
            /// The row of the operation in the table.
            #[must_use]
            pub const fn spec(self) -> &'static OperationSpec {
                match self {
                    $(Self::$name => const {
                        &OperationSpec {
                            audit: $audit,
                            description: $description.trim_ascii(),
                            callers: $callers,
                            kind: OperationKind::$kind,
                            cost: $cost,
                            objects: &[$(ObjectKind::$object),+],
                            discloses: Disclosure::$discloses,
                            emergency: is!($emergency),
                            routed: is!($route),
                            entitlement: EntitlementRule::$entitlement,
                            states: StateRule::$states,
                            condition: condition!($condition),
                        }
                    },)+
                }
            }
        }

        /// Permissions as types: one for each operation with a route, so that a route without an
        /// operation in the table does not compile.
        pub mod permission {
            use super::Operation;

            /// A permission that a handler requires. The service decides whether the caller has
            /// it.
            pub trait Permission: 'static {
                /// The operation that is audited and documented.
                const OPERATION: Operation;
            }

            $(permission_type!($route $name);)+
        }
    };
}

/// The value of a column that says yes or no.
macro_rules! is {
    (yes) => {
        true
    };
    (no) => {
        false
    };
}

/// The value of the column `condition`, where `-` stands for no condition.
macro_rules! condition {
    (-) => {
        AccessCondition::None
    };
    ($condition:ident) => {
        AccessCondition::$condition
    };
}

/// The permission type of an operation, if it has a route.
macro_rules! permission_type {
    (no $name:ident) => {};
    (yes $name:ident) => {
        #[doc = concat!("The permission for [`Operation::", stringify!($name), "`].")]
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Permission for $name {
            const OPERATION: Operation = Operation::$name;
        }

        impl $name {
            /// The operation's name in the audit and in the OpenAPI document.
            pub const OPERATION_NAME: &'static str = Operation::$name.as_str();
        }
    };
}

#[rustfmt::skip]
operations! {
    // operation           audit word                 kind   cost  who                  states              condition        discloses    emergency  route  objects
    /// See the partnership's policy, categories and guidance.
    PartnershipRead        "partnership.read"         Read   1     Members              NoState             -                Nothing      no         yes    Partnership
        "anyone with a valid token of the partnership";
    /// List agencies.
    AgencyList             "agency.list"              Read   1     Members              NoState             -                Nothing      no         yes    Agency
        "anyone with a valid token of the partnership";
    /// See one agency.
    AgencyRead             "agency.read"              Read   1     Members              NoState             -                Nothing      no         yes    Agency
        "anyone with a valid token of the partnership";
    /// Register or change an agency.
    AgencyWrite            "agency.write"             Write  2     AgencyWriters        NoState             -                Nothing      no         yes    Agency
        "team managers and business support of children's social care";
    /// List practitioners.
    PractitionerList       "practitioner.list"        Read   1     DirectoryReaders     NoState             -                Nothing      no         yes    Practitioner
        "children's social care for every agency; others for their own agency";
    /// See one practitioner.
    PractitionerRead       "practitioner.read"        Read   1     DirectoryReaders     NoState             -                Nothing      no         yes    Practitioner
        "children's social care for every agency; others for their own agency";
    /// Register or change a practitioner.
    PractitionerWrite      "practitioner.write"       Write  2     DirectoryWriters     NoState             -                Nothing      no         yes    Practitioner
        "team managers and business support of children's social care; safeguarding leads for their own agency";
    /// Record a child or an adult.
    PersonCreate           "person.create"            Write  2     PeopleRecorders      NoState             -                Family       no         yes    Person
        "children's social care; where the partnership accepts advance submissions, every agency for its own records";
    /// See a child or an adult.
    PersonRead             "person.read"              Read   1     FamilyReaders        NoState             -                Family       yes        yes    Person
        "the agency that recorded it; those who contribute to a chronology about it";
    /// Change a child or an adult.
    PersonUpdate           "person.update"            Write  2     FamilyMaintainers    NoState             CaseInvolvement  Family       no         yes    Person
        "the agency that recorded it";
    /// Look a person up by identifiers.
    PersonFind             "person.find"              Read   1     PeopleFinders        NoState             -                PersonFound  no         yes    Person
        "social workers and team managers of children's social care";
    /// Record a family.
    FamilyCreate           "family.create"            Write  2     PeopleRecorders      NoState             -                Family       no         yes    Family
        "children's social care; where the partnership accepts advance submissions, every agency for its own records";
    /// List families.
    FamilyList             "family.list"              Read   1     PeopleRecorders      NoState             -                Family       no         yes    Family
        "children's social care; where the partnership accepts advance submissions, every agency for its own records";
    /// See a family.
    FamilyRead             "family.read"              Read   1     FamilyReaders        NoState             -                Family       no         yes    Family
        "the agency that recorded it; those who contribute to a chronology about it";
    /// Change a family, its members or relationships.
    FamilyUpdate           "family.update"            Write  2     FamilyMaintainers    NoState             -                Family       no         yes    Family
        "the agency that recorded it";
    /// Prepare a chronology.
    ChronologyCreate       "chronology.create"        Write  2     Preparers            NoState             -                Family       no         yes    Chronology
        "children's social care";
    /// List chronologies.
    ChronologyList         "chronology.list"          Read   1     ChronologyListers    WhileStored         -                Family       no         yes    Chronology
        "the chronology's owner, manager, team and business support; invited agencies";
    /// See a chronology, without content.
    ChronologyRead         "chronology.read"          Read   1     Participants         WhileStored         -                Family       yes        yes    Chronology
        "the chronology's owner, manager, team and business support; invited agencies; social care in an emergency";
    /// Change a chronology's purpose, dates, lawful basis or team.
    ChronologyUpdate       "chronology.update"        Write  2     Administrators       BeforeClosure       -                Family       no         yes    Chronology
        "the chronology's owner, manager, team and business support";
    /// Open a chronology.
    ChronologyOpen         "chronology.open"          Write  2     Administrators       ByTransition        -                Family       no         yes    Chronology
        "the chronology's owner, manager, team and business support";
    /// Freeze the timeline for a meeting.
    ChronologyConsolidate  "chronology.consolidate"   Write  4     ContentReaders       ByTransition        -                Content      no         yes    Consolidation | Chronology
        "the chronology's owner, manager and team";
    /// Sign a chronology off.
    ChronologySignOff      "chronology.sign_off"      Write  2     OwningManagers       ByTransition        -                Family       no         yes    Chronology
        "a team manager of the agency that owns the chronology";
    /// Close a chronology.
    ChronologyClose        "chronology.close"         Write  2     CaseWorkers          ByTransition        -                Family       no         yes    Chronology
        "the chronology's owner, manager and team";
    /// Reopen a chronology.
    ChronologyReopen       "chronology.reopen"        Write  2     OwningManagers       ByTransition        -                Family       no         yes    Chronology
        "a team manager of the agency that owns the chronology";
    /// Extend a chronology's expiry.
    ChronologyExtend       "chronology.extend"        Write  2     CaseWorkers          ByTransition        -                Family       no         yes    Chronology
        "the chronology's owner, manager and team";
    /// Destroy a chronology before its expiry.
    ChronologyDestroy      "chronology.destroy"       Write  2     OwningManagers       ByTransition        -                Family       no         yes    Chronology
        "a team manager of the agency that owns the chronology";
    /// See requests to destroy a chronology before its expiry, and their decisions.
    DestructionRead        "destruction.read"         Read   1     OwningManagers       WhileStored         -                Family       no         yes    Chronology
        "a team manager of the agency that owns the chronology";
    /// See the tombstone of an expired chronology or fragment.
    TombstoneRead          "tombstone.read"           Read   1     TombstoneReaders     AfterExpiry         -                Nothing      no         yes    Tombstone
        "the chronology's owner, manager, team and business support; invited agencies";
    /// See who read a chronology last.
    ReadersRead            "readers.read"             Read   1     ContentReaders       WhileStored         -                Family       no         yes    Chronology
        "the chronology's owner, manager and team";
    /// Invite an agency.
    InvitationCreate       "invitation.create"        Write  2     Administrators       AcceptsInvitations  -                Family       no         yes    Invitation | Chronology
        "the chronology's owner, manager, team and business support";
    /// List invitations.
    InvitationList         "invitation.list"          Read   1     Participants         WhileStored         -                Family       yes        yes    Invitation | Chronology
        "the chronology's owner, manager, team and business support; invited agencies; social care in an emergency";
    /// See an invitation.
    InvitationRead         "invitation.read"          Read   1     InvitationReaders    WhileStored         -                Family       no         yes    Invitation
        "the chronology's owner, manager, team and business support; the invited agency";
    /// Name practitioners on an invitation.
    InvitationUpdate       "invitation.update"        Write  2     InvitationEditors    BeforeClosure       -                Family       no         yes    Invitation
        "the chronology's owner, manager, team and business support; the invited agency's safeguarding lead, to name practitioners";
    /// Fetch the known data for a form.
    FormRead               "form.read"                Read   1     Contributors         AcceptsReturns      -                Content      no         yes    Invitation
        "the invited agency: practitioners named on the invitation, its safeguarding lead, its record system";
    /// Report that a return is being written.
    InvitationDraft        "invitation.draft"         Write  2     Contributors         AcceptsReturns      -                Family       no         yes    Invitation
        "the invited agency: practitioners named on the invitation, its safeguarding lead, its record system";
    /// Return nil.
    InvitationNilReturn    "invitation.nil_return"    Write  2     Contributors         AcceptsReturns      -                Family       no         yes    Invitation
        "the invited agency: practitioners named on the invitation, its safeguarding lead, its record system";
    /// Decline with a reason.
    InvitationDecline      "invitation.decline"       Write  2     Contributors         AcceptsReturns      -                Family       no         yes    Invitation
        "the invited agency: practitioners named on the invitation, its safeguarding lead, its record system";
    /// Submit a fragment.
    FragmentSubmit         "fragment.submit"          Write  2     Contributors         AcceptsReturns      -                Family       no         yes    Fragment | Chronology
        "the invited agency: practitioners named on the invitation, its safeguarding lead, its record system; social care for an agency without access";
    // It uses the route of submission.
    /// Submit on behalf of an agency without access.
    FragmentProxy          "fragment.proxy"           Write  2     CaseWorkers          AcceptsReturns      -                Family       no         no     Fragment | Chronology
        "the chronology's owner, manager and team";
    /// Send an advance submission.
    FragmentSubmitAdvance  "fragment.ahead"           Write  2     AdvanceSubmitters    NoState             -                Family       no         yes    Fragment
        "practitioners, safeguarding leads and record systems, where the partnership accepts advance submissions";
    /// List fragments.
    FragmentList           "fragment.list"            Read   1     FragmentListers      WhileStored         -                Family       no         yes    Fragment | Chronology
        "the chronology's owner, manager and team; an agency for its own fragments";
    /// Read a fragment.
    FragmentRead           "fragment.read"            Read   1     FragmentReaders      WhileStored         -                Content      yes        yes    Fragment
        "the chronology's owner, manager and team; the agency that submitted it; social care in an emergency";
    /// Read a fragment's earlier versions.
    FragmentVersions       "fragment.versions"        Read   1     FragmentReaders      WhileStored         -                Content      no         yes    Fragment
        "the chronology's owner, manager and team; the agency that submitted it";
    /// Correct a fragment: a new version.
    FragmentCorrect        "fragment.correct"         Write  2     FragmentMaintainers  BeforeSignOff       -                Family       no         yes    Fragment
        "the agency that submitted it";
    /// Withdraw a fragment.
    FragmentWithdraw       "fragment.withdraw"        Write  2     FragmentMaintainers  BeforeSignOff       -                Family       no         yes    Fragment
        "the agency that submitted it";
    /// Change a fragment's expiry.
    FragmentExtend         "fragment.extend"          Write  2     FragmentMaintainers  AnyState            -                Family       no         yes    Fragment
        "the agency that submitted it";
    /// Read the timeline.
    TimelineRead           "timeline.read"            Read   4     TimelineReaders      HasTimeline         OwnReturn        Content      yes        yes    Chronology
        "the chronology's owner, manager and team; practitioners named on an invitation, once their agency's own return is in and while the chronology is open; social care in an emergency";
    /// See which entries describe one event, and why.
    LinkRead               "link.read"                Read   4     TimelineReaders      HasTimeline         OwnReturn        Content      yes        yes    Chronology
        "the chronology's owner, manager and team; practitioners named on an invitation, once their agency's own return is in and while the chronology is open; social care in an emergency";
    /// See people's decisions about links.
    LinkDecisionRead       "link_decision.read"       Read   4     ContentReaders       WhileStored         -                Content      no         yes    LinkDecision | Chronology
        "the chronology's owner, manager and team";
    /// Decide which entries describe one event.
    LinkDecide             "link.decide"              Write  2     CaseWorkers          BeforeSignOff       -                Family       no         yes    LinkDecision | Chronology
        "the chronology's owner and manager, and social workers on its team";
    /// See which records are, or may be, of the same person, and why.
    PersonLinkRead         "person_link.read"         Read   1     ContentReaders       WhileStored         -                Content      no         yes    PersonLink | Chronology
        "the chronology's owner, manager and team";
    /// Decide whether two records are of the same person.
    PersonLinkDecide       "person_link.decide"       Write  2     CaseWorkers          AcceptsReturns      -                Family       no         yes    PersonLink | Chronology
        "the chronology's owner and manager, and social workers on its team";
    /// Undo the link between two records.
    PersonLinkUndo         "person_link.undo"         Write  2     CaseWorkers          BeforeSignOff       -                Family       no         yes    PersonLink | Chronology
        "the chronology's owner and manager, and social workers on its team";
    /// List frozen views.
    ConsolidationList      "consolidation.list"       Read   1     ContentReaders       WhileStored         -                Family       no         yes    Chronology
        "the chronology's owner, manager and team";
    /// Read a frozen view.
    ConsolidationRead      "consolidation.read"       Read   4     ContentReaders       WhileStored         -                Content      yes        yes    Consolidation | Chronology
        "the chronology's owner, manager and team; social care in an emergency";
    /// Export the signed-off snapshot.
    SnapshotRead           "snapshot.read"            Read   4     CaseWorkers          HasSnapshot         -                Content      no         yes    Chronology
        "the chronology's owner, manager and team";
    /// Place a legal hold.
    HoldPlace              "hold.place"               Write  2     Managers             NoState             -                Family       no         yes    Hold
        "team managers of children's social care; auditors may list";
    /// List holds.
    HoldList               "hold.list"                Read   1     ManagersAndAuditors  NoState             -                Family       no         yes    Hold
        "team managers of children's social care; auditors may list";
    /// Release a hold.
    HoldRelease            "hold.release"             Write  2     Managers             NoState             -                Family       no         yes    Hold
        "team managers of children's social care; auditors may list";
    /// See who has read a fragment's content.
    FragmentReaders        "fragment.readers"         Read   1     FragmentMaintainers  WhileStored         -                Family       no         yes    Fragment
        "the agency that submitted it; the chronology's owner, manager and team where they entered it for an agency without access";
    /// Open an emergency access to a chronology, for a short time.
    EmergencyOpen          "emergency_access.open"    Write  2     EmergencyCallers     InProgress          EmergencyNeeded  Family       no         yes    EmergencyAccess
        "social workers and team managers of children's social care";
    /// See an emergency access.
    EmergencyRead          "emergency_access.read"    Read   1     EmergencyReviewers   WhileStored         -                Family       no         yes    EmergencyAccess
        "the person who opened it; auditors and data protection officers, and team managers of the agency that owns a chronology concerned";
    /// End one's own emergency access.
    EmergencyEnd           "emergency_access.end"     Write  2     EmergencyOpeners     AnyState            -                Family       no         yes    EmergencyAccess
        "the person who opened it";
    /// Review an emergency access.
    EmergencyReview        "emergency_access.review"  Write  2     EmergencyReviewers   AnyState            OthersAccess     Family       no         yes    EmergencyAccess
        "auditors and data protection officers, and team managers of the agency that owns a chronology concerned; never the person who opened it";
    /// List alerts.
    AlertList              "alert.list"               Read   1     AlertReaders         WhileStored         -                Family       no         yes    Alert
        "auditors and data protection officers; owners and managers of chronologies for theirs";
    /// List deletion certificates.
    CertificateList        "certificate.list"         Read   1     CertificateReaders   NoState             -                Nothing      no         yes    Certificate
        "team managers, safeguarding leads and record systems for what their agency contributed or ran; others for what they wrote or owned themselves; auditors for all";
    /// Read a deletion certificate.
    CertificateRead        "certificate.read"         Read   1     CertificateReaders   NoState             -                Nothing      no         yes    Certificate
        "team managers, safeguarding leads and record systems for what their agency contributed or ran; others for what they wrote or owned themselves; auditors for all";
    /// List expired objects that are not deleted yet.
    UnpurgedList           "unpurged.list"            Read   1     ManagersAndAuditors  NoState             -                Nothing      no         yes    Unpurged
        "team managers of children's social care; auditors";
    /// Read the audit trail.
    AuditRead              "audit.read"               Audit  1     Auditors             NoState             -                Nothing      no         yes    Audit
        "auditors and data protection officers";
    /// See the checkpoint, hashes and consistency proofs of the audit trail.
    AuditCheckpointRead    "audit.checkpoint"         Audit  1     Members              NoState             -                Nothing      no         yes    AuditCheckpoint | AuditConsistency | AuditTile
        "anyone with a valid token of the partnership";
    /// See the proof that a record is in the audit trail.
    AuditProve             "audit.prove"              Audit  1     Auditors             NoState             -                Nothing      no         yes    AuditRecord
        "auditors and data protection officers";
}
