//! Users of every kind. Each stands for a column of the access table.

use domain::{AgencyKind, Role};

/// A user, as their token speaks of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// `sub`, and what the test calls them.
    pub name: &'static str,
    /// Code of their agency; empty for somebody without a token.
    pub agency: &'static str,
    /// Their one role.
    pub role: Role,
    /// Whether they may read criminal-offence data.
    pub offence_data: bool,
}

/// Code of the partnership everybody but the foreigner belongs to.
pub const HOME: &str = "marlshire";
/// Code of another partnership on the same service.
pub(crate) const ABROAD: &str = "northmere";

/// Agencies of [`HOME`]: code, name, kind, whether they have access of their own.
pub(crate) const AGENCIES: [(&str, &str, AgencyKind, bool); 9] = [
    ("care", "Marlshire Children's Social Care", AgencyKind::SocialCare, true),
    ("school", "Oakmere Primary School", AgencyKind::Education, true),
    ("surgery", "Elm Row Surgery", AgencyKind::Gp, true),
    ("visitors", "Marlshire Health Visiting", AgencyKind::HealthVisiting, true),
    ("police", "Marlshire Police", AgencyKind::Police, true),
    ("homes", "Marlshire Homes", AgencyKind::Housing, true),
    ("camhs", "Marlshire CAMHS", AgencyKind::Camhs, true),
    ("beacon", "Beacon Youth Club", AgencyKind::Voluntary, false),
    ("oversight", "Information Governance", AgencyKind::Other, true),
];

macro_rules! users {
    ($($(#[$meta:meta])* $name:ident = $agency:literal, $role:ident, $offence:literal;)+) => {
        impl User {$(
            $(#[$meta])*
            pub const $name: Self =
                Self { name: stringify!($name), agency: $agency, role: Role::$role, offence_data: $offence };
        )+}

        /// Everybody.
        pub const EVERYBODY: &[User] = &[$(User::$name),+];
    };
}

users! {
    /// The social worker who asked.
    OWNER = "care", SocialWorker, true;
    /// The team manager of the agency that asked.
    MANAGER = "care", TeamManager, true;
    /// Business support of the agency that asked.
    SUPPORT = "care", BusinessSupport, false;
    /// A social worker on the chronology's team, without leave to read criminal-offence data.
    TEAM = "care", SocialWorker, false;
    /// A social worker of the same agency who has nothing to do with it.
    COLLEAGUE = "care", SocialWorker, true;
    /// Named by an agency that has returned.
    RETURNED = "school", Practitioner, false;
    /// Named by an agency that has not returned.
    WAITING = "surgery", Practitioner, false;
    /// Works for an agency that has returned and is not named.
    UNNAMED = "school", Practitioner, false;
    /// Safeguarding lead of the agency that has returned.
    LEAD = "school", SafeguardingLead, false;
    /// Record system of the agency that has returned, with its certificate.
    SYSTEM = "school", SystemClient, false;
    /// Works for an agency that is not invited.
    STRANGER = "camhs", Practitioner, false;
    /// A social worker of another partnership.
    FOREIGNER = "care", SocialWorker, true;
    /// Auditor.
    AUDITOR = "oversight", Auditor, false;
    /// Was named, and has left the agency since.
    LEFT = "school", Practitioner, false;
    /// Without a token.
    NOBODY = "", Practitioner, false;
    /// Named by the health visitors.
    VISITOR = "visitors", Practitioner, false;
    /// Named by the police, with leave to read criminal-offence data.
    OFFICER = "police", Practitioner, true;
    /// Named by housing.
    HOUSING = "homes", Practitioner, false;
}

impl User {
    /// Another team manager of the agency that asked: the second person where it takes two.
    pub const DEPUTY: Self = Self { name: "DEPUTY", ..Self::MANAGER };

    /// Code of the partnership their issuer speaks for.
    #[must_use]
    pub fn partnership(self) -> &'static str {
        if self == Self::FOREIGNER { ABROAD } else { HOME }
    }

    /// Whether they present a client certificate.
    #[must_use]
    pub fn certified(self) -> bool {
        self.role == Role::SystemClient
    }
}
