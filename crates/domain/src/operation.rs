//! The operations of the service, what is audited besides them, and the reasons for which operations
//! are allowed.
#![deny(clippy::wildcard_enum_match_arm)]

mod object_kind;
mod object_ref;
mod system_action;
mod table;

pub use object_kind::ObjectKind;
pub use object_ref::{ObjectRef, WrongObjectKind};
pub use system_action::SystemAction;
pub use table::{Operation, permission};

use crate::access::{AccessCondition, EntitlementRule, StateRule};
use crate::enums::string_enum;

/// The properties of an operation: its row in the table of operations.
#[derive(Debug)]
pub struct OperationSpec {
    /// The name in the audit trail and in the OpenAPI document.
    pub audit: &'static str,
    /// What the operation does, as one sentence.
    pub description: &'static str,
    /// The permitted callers in words, for the OpenAPI document; [`crate::decide_access`] makes the
    /// decision.
    pub callers: &'static str,
    /// Whether the operation reads or writes.
    pub kind: OperationKind,
    /// The cost of a request against its caller's quota: reads 1, writes 2, what consolidates a
    /// timeline 4.
    pub cost: u32,
    /// The kinds of object that an audit record of the operation can name: first the object that
    /// the operation is about, then those through which it is addressed.
    pub objects: &'static [ObjectKind],
    /// What a successful response discloses.
    pub discloses: Disclosure,
    /// Whether an emergency access allows the operation.
    pub emergency: bool,
    /// Whether the operation has a route of its own.
    pub routed: bool,
    /// Who is entitled to the operation.
    pub(crate) entitlement: EntitlementRule,
    /// In which states of the chronology the operation is possible.
    pub(crate) states: StateRule,
    /// What else must hold for an entitled caller.
    pub(crate) condition: AccessCondition,
}

/// Whether an operation reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads.
    Read,
    /// Reads the audit log. These operations stay available while its tree is behind.
    Audit,
    /// Writes.
    Write,
}

/// What a successful response of an operation discloses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disclosure {
    /// No data about a family.
    Nothing,
    /// Data about a family, but no content of a chronology.
    Family,
    /// The record of a person, if the search found one.
    PersonFound,
    /// Content of a chronology.
    Content,
}

impl Operation {
    /// Whether an emergency access allows the operation: reading what is known about the child, and
    /// no write.
    #[must_use]
    pub const fn is_allowed_in_emergency(self) -> bool {
        self.spec().emergency
    }

    /// Whether the operation reads the audit log.
    #[must_use]
    pub const fn reads_audit(self) -> bool {
        matches!(self.spec().kind, OperationKind::Audit)
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
