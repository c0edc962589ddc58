//! Everything anybody can do, and on what grounds, in the words of the audit.

use crate::words::closed_list;

closed_list! {
    /// Everything anybody can do, named as it is written in the audit.
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
        /// Change a chronology's purpose, dates, grounds or team.
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
        /// Destroy a chronology before its time.
        ChronologyDestroy = "chronology.destroy",
        /// See whether somebody has asked to destroy a chronology before its time, or decided it.
        DestructionRead = "destruction.read",
        /// See what is left of an expired chronology or fragment.
        TombstoneRead = "tombstone.read",
        /// See the last readers.
        ReadersRead = "readers.read",
        /// Invite an agency.
        InvitationCreate = "invitation.create",
        /// List invitations.
        InvitationList = "invitation.list",
        /// See an invitation.
        InvitationRead = "invitation.read",
        /// Name practitioners on an invitation.
        InvitationUpdate = "invitation.update",
        /// Fetch what the service knows, to fill a form.
        FormRead = "form.read",
        /// Say that a return is being written.
        InvitationDraft = "invitation.draft",
        /// Answer nil.
        InvitationNilReturn = "invitation.nil_return",
        /// Decline with a reason.
        InvitationDecline = "invitation.decline",
        /// Submit a fragment.
        FragmentSubmit = "fragment.submit",
        /// Submit on behalf of an agency without access.
        FragmentProxy = "fragment.proxy",
        /// Submit ahead of a chronology.
        FragmentAhead = "fragment.ahead",
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
        /// See which entries tell one event, and why.
        LinkRead = "link.read",
        /// See what people decided about links.
        LinkDecisionRead = "link_decision.read",
        /// Decide which entries tell one event.
        LinkDecide = "link.decide",
        /// See which records of people are the same person, which may be, and why.
        PersonLinkRead = "person_link.read",
        /// Decide whether two records are the same person.
        PersonLinkDecide = "person_link.decide",
        /// Undo what links two records.
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
        /// See who was shown what a fragment tells.
        FragmentReaders = "fragment.readers",
        /// Break the glass: read a chronology in an emergency, for a short time.
        EmergencyOpen = "emergency_access.open",
        /// See an emergency access.
        EmergencyRead = "emergency_access.read",
        /// End an emergency access of one's own.
        EmergencyEnd = "emergency_access.end",
        /// Review an emergency access.
        EmergencyReview = "emergency_access.review",
        /// List alerts.
        AlertList = "alert.list",
        /// List deletion certificates.
        CertificateList = "certificate.list",
        /// Read a deletion certificate.
        CertificateRead = "certificate.read",
        /// List what is over and still there.
        UnpurgedList = "unpurged.list",
        /// Read the audit.
        AuditRead = "audit.read",
        /// See where the audit stands, its hashes, and that it only grows.
        AuditCheckpointRead = "audit.checkpoint",
        /// See the proof that a record is in the audit.
        AuditProve = "audit.prove",
    }
}

closed_list! {
    /// Why something was allowed; written with every audit record.
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
        /// Belongs to the partnership (directory without content).
        Member = "member",
        /// Works for children's social care.
        SocialCare = "social_care",
        /// Broke the glass: for a short time, with a reason that is reviewed.
        Emergency = "emergency",
    }
}
