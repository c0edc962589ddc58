//! The kinds of object that audit records name.

use crate::enums::string_enum;

string_enum! {
    /// The kind of the object that an audit record is about.
    ObjectKind {
        /// The partnership.
        Partnership = "partnership",
        /// An agency.
        Agency = "agency",
        /// A practitioner or record system.
        Practitioner = "practitioner",
        /// A child or an adult.
        Person = "person",
        /// A family.
        Family = "family",
        /// A chronology.
        Chronology = "chronology",
        /// The tombstone of an expired chronology or fragment.
        Tombstone = "tombstone",
        /// An invitation.
        Invitation = "invitation",
        /// A fragment.
        Fragment = "fragment",
        /// A frozen view.
        Consolidation = "consolidation",
        /// A person's decision about which entries describe one event.
        LinkDecision = "link_decision",
        /// A link between two records of a person.
        PersonLink = "person_link",
        /// A legal hold.
        Hold = "hold",
        /// An emergency access.
        EmergencyAccess = "emergency_access",
        /// An alert.
        Alert = "alert",
        /// A deletion certificate.
        Certificate = "certificate",
        /// A key.
        Key = "key",
        /// The list of expired objects that are not deleted yet.
        Unpurged = "unpurged",
        /// The audit trail.
        Audit = "audit",
        /// A record of the audit trail.
        AuditRecord = "audit_record",
        /// The checkpoint of the audit trail.
        AuditCheckpoint = "audit_checkpoint",
        /// A consistency proof between two sizes of the audit trail.
        AuditConsistency = "audit_consistency",
        /// A part of the audit trail's hashes.
        AuditTile = "audit_tile",
    }
}
