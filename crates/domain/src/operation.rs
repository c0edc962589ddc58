//! The operations of the service, and the reasons for which they are allowed, by their names in the
//! audit trail.

use crate::enums::string_enum;

string_enum! {
    /// An operation of the service, with its name in the audit trail.
    Operation {
        /// See the partnership's policy, categories and guidance.
        PartnershipRead = "partnership.read",
        /// List agencies.
        AgencyList = "agency.list",
        /// See one agency.
        AgencyRead = "agency.read",
        /// Register or change an agency.
        AgencyWrite = "agency.write",
        /// List practitioners.
        PractitionerList = "practitioner.list",
        /// See one practitioner.
        PractitionerRead = "practitioner.read",
        /// Register or change a practitioner.
        PractitionerWrite = "practitioner.write",
        /// Record a child or an adult.
        PersonCreate = "person.create",
        /// See a child or an adult.
        PersonRead = "person.read",
        /// Change a child or an adult.
        PersonUpdate = "person.update",
        /// Look a person up by identifiers.
        PersonFind = "person.find",
        /// Record a family.
        FamilyCreate = "family.create",
        /// List families.
        FamilyList = "family.list",
        /// See a family.
        FamilyRead = "family.read",
        /// Change a family, its members or relationships.
        FamilyUpdate = "family.update",
        /// Prepare a chronology.
        ChronologyCreate = "chronology.create",
        /// List chronologies.
        ChronologyList = "chronology.list",
        /// See a chronology, without content.
        ChronologyRead = "chronology.read",
        /// Change a chronology's purpose, dates, lawful basis or team.
        ChronologyUpdate = "chronology.update",
        /// Open a chronology.
        ChronologyOpen = "chronology.open",
        /// Freeze the timeline for a meeting.
        ChronologyConsolidate = "chronology.consolidate",
        /// Sign a chronology off.
        ChronologySignOff = "chronology.sign_off",
        /// Close a chronology.
        ChronologyClose = "chronology.close",
        /// Reopen a chronology.
        ChronologyReopen = "chronology.reopen",
        /// Extend a chronology's expiry.
        ChronologyExtend = "chronology.extend",
        /// Destroy a chronology before its expiry.
        ChronologyDestroy = "chronology.destroy",
        /// See requests to destroy a chronology before its expiry, and their decisions.
        DestructionRead = "destruction.read",
        /// See the tombstone of an expired chronology or fragment.
        TombstoneRead = "tombstone.read",
        /// See who read a chronology last.
        ReadersRead = "readers.read",
        /// Invite an agency.
        InvitationCreate = "invitation.create",
        /// List invitations.
        InvitationList = "invitation.list",
        /// See an invitation.
        InvitationRead = "invitation.read",
        /// Name practitioners on an invitation.
        InvitationUpdate = "invitation.update",
        /// Fetch the known data for a form.
        FormRead = "form.read",
        /// Report that a return is being written.
        InvitationDraft = "invitation.draft",
        /// Return nil.
        InvitationNilReturn = "invitation.nil_return",
        /// Decline with a reason.
        InvitationDecline = "invitation.decline",
        /// Submit a fragment.
        FragmentSubmit = "fragment.submit",
        /// Submit on behalf of an agency without access.
        FragmentProxy = "fragment.proxy",
        /// Send an advance submission.
        FragmentSubmitAdvance = "fragment.ahead",
        /// List fragments.
        FragmentList = "fragment.list",
        /// Read a fragment.
        FragmentRead = "fragment.read",
        /// Read a fragment's earlier versions.
        FragmentVersions = "fragment.versions",
        /// Correct a fragment: a new version.
        FragmentCorrect = "fragment.correct",
        /// Withdraw a fragment.
        FragmentWithdraw = "fragment.withdraw",
        /// Change a fragment's expiry.
        FragmentExtend = "fragment.extend",
        /// Read the timeline.
        TimelineRead = "timeline.read",
        /// See which entries describe one event, and why.
        LinkRead = "link.read",
        /// See people's decisions about links.
        LinkDecisionRead = "link_decision.read",
        /// Decide which entries describe one event.
        LinkDecide = "link.decide",
        /// See which records are, or may be, of the same person, and why.
        PersonLinkRead = "person_link.read",
        /// Decide whether two records are of the same person.
        PersonLinkDecide = "person_link.decide",
        /// Undo the link between two records.
        PersonLinkUndo = "person_link.undo",
        /// List frozen views.
        ConsolidationList = "consolidation.list",
        /// Read a frozen view.
        ConsolidationRead = "consolidation.read",
        /// Export the signed-off snapshot.
        SnapshotRead = "snapshot.read",
        /// Place a legal hold.
        HoldPlace = "hold.place",
        /// List holds.
        HoldList = "hold.list",
        /// Release a hold.
        HoldRelease = "hold.release",
        /// See who has read a fragment's content.
        FragmentReaders = "fragment.readers",
        /// Open an emergency access to a chronology, for a short time.
        EmergencyOpen = "emergency_access.open",
        /// See an emergency access.
        EmergencyRead = "emergency_access.read",
        /// End one's own emergency access.
        EmergencyEnd = "emergency_access.end",
        /// Review an emergency access.
        EmergencyReview = "emergency_access.review",
        /// List alerts.
        AlertList = "alert.list",
        /// List deletion certificates.
        CertificateList = "certificate.list",
        /// Read a deletion certificate.
        CertificateRead = "certificate.read",
        /// List expired objects that are not deleted yet.
        UnpurgedList = "unpurged.list",
        /// Read the audit trail.
        AuditRead = "audit.read",
        /// See the checkpoint, hashes and consistency proofs of the audit trail.
        AuditCheckpointRead = "audit.checkpoint",
        /// See the proof that a record is in the audit trail.
        AuditProve = "audit.prove",
    }
}

string_enum! {
    /// Why an operation was allowed; part of every audit record.
    ReadReason {
        /// Owns the chronology.
        Owner = "owner",
        /// Manages the agency that owns the chronology.
        Manager = "manager",
        /// Named on the chronology's team.
        TeamMember = "team_member",
        /// Named on the agency's invitation.
        NamedContributor = "named_contributor",
        /// Safeguarding lead of the agency concerned.
        AgencyLead = "agency_lead",
        /// The agency's own record system.
        AgencySystem = "agency_system",
        /// Auditor or data protection officer.
        Auditor = "auditor",
        /// Belongs to the partnership (directory, no content).
        Member = "member",
        /// Works for children's social care.
        SocialCare = "social_care",
        /// Has an emergency access: for a short time, with a reason that is reviewed.
        Emergency = "emergency",
    }
}
