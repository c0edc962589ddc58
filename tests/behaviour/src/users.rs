//! Test users, one for each relation to the seeded chronology. Each is a column of the table in
//! `tests/access.rs`.

use domain::{AgencyKind, Role};

/// A user as described by their token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// Name in the tests and part of the token's `sub` claim.
    pub name: &'static str,
    /// Code of their agency; empty for [`User::NOBODY`].
    pub agency: &'static str,
    /// Their only role.
    pub role: Role,
    /// Whether they may read criminal-offence data.
    pub offence_data: bool,
}

/// Code of the partnership that every user except [`User::FOREIGNER`] belongs to.
pub const HOME_PARTNERSHIP: &str = "marlshire";
/// Code of another partnership on the same service.
pub(crate) const OTHER_PARTNERSHIP: &str = "northmere";

/// Agencies of [`HOME_PARTNERSHIP`]: code, name, kind, whether they have access to the service.
pub(crate) const AGENCIES: [(&str, &str, AgencyKind, bool); 9] = [
    (
        "care",
        "Marlshire Children's Social Care",
        AgencyKind::SocialCare,
        true,
    ),
    (
        "school",
        "Oakmere Primary School",
        AgencyKind::Education,
        true,
    ),
    ("surgery", "Elm Row Surgery", AgencyKind::Gp, true),
    (
        "visitors",
        "Marlshire Health Visiting",
        AgencyKind::HealthVisiting,
        true,
    ),
    ("police", "Marlshire Police", AgencyKind::Police, true),
    ("homes", "Marlshire Homes", AgencyKind::Housing, true),
    ("camhs", "Marlshire CAMHS", AgencyKind::Camhs, true),
    ("beacon", "Beacon Youth Club", AgencyKind::Voluntary, false),
    (
        "oversight",
        "Information Governance",
        AgencyKind::Other,
        true,
    ),
];

macro_rules! users {
    ($($(#[$meta:meta])* $name:ident = $agency:literal, $role:ident, $offence:literal;)+) => {
        impl User {$(
            $(#[$meta])*
            pub const $name: Self =
                Self { name: stringify!($name), agency: $agency, role: Role::$role, offence_data: $offence };
        )+}

        /// All users of the access table, in the order of its columns.
        pub const ALL_USERS: &[User] = &[$(User::$name),+];
    };
}

users! {
    /// The social worker who owns the chronology.
    OWNER = "care", SocialWorker, true;
    /// A team manager of the agency that owns the chronology.
    MANAGER = "care", TeamManager, true;
    /// Business support of the agency that owns the chronology.
    SUPPORT = "care", BusinessSupport, false;
    /// A social worker on the chronology's team who may not read criminal-offence data.
    TEAM = "care", SocialWorker, false;
    /// A social worker of the same agency who is not involved in the chronology.
    COLLEAGUE = "care", SocialWorker, true;
    /// A practitioner named on the invitation of the school, which has submitted a fragment.
    RETURNED = "school", Practitioner, false;
    /// A practitioner named on the invitation of the surgery, which has not answered.
    WAITING = "surgery", Practitioner, false;
    /// A practitioner of the school who is not named on the invitation.
    UNNAMED = "school", Practitioner, false;
    /// The safeguarding lead of the school.
    LEAD = "school", SafeguardingLead, false;
    /// The record system of the school, which presents a client certificate.
    SYSTEM = "school", SystemClient, false;
    /// A practitioner of an agency that is not invited.
    STRANGER = "camhs", Practitioner, false;
    /// A social worker of another partnership.
    FOREIGNER = "care", SocialWorker, true;
    /// An auditor of the partnership.
    AUDITOR = "oversight", Auditor, false;
    /// A practitioner who was named on the school's invitation and has left the agency since.
    LEFT = "school", Practitioner, false;
    /// A caller without a token.
    NOBODY = "", Practitioner, false;
    /// A practitioner named on the health visitors' invitation.
    VISITOR = "visitors", Practitioner, false;
    /// A practitioner named on the police's invitation who may read criminal-offence data.
    OFFICER = "police", Practitioner, true;
    /// A practitioner named on the invitation of the housing agency.
    HOUSING = "homes", Practitioner, false;
}

impl User {
    /// A second team manager of the owning agency, for operations that two people must approve.
    pub const DEPUTY: Self = Self {
        name: "DEPUTY",
        ..Self::MANAGER
    };

    /// Code of the partnership that their token issuer belongs to.
    #[must_use]
    pub fn partnership(self) -> &'static str {
        if self == Self::FOREIGNER {
            OTHER_PARTNERSHIP
        } else {
            HOME_PARTNERSHIP
        }
    }

    /// Whether they present a client certificate.
    #[must_use]
    pub fn has_certificate(self) -> bool {
        self.role == Role::SystemClient
    }
}
