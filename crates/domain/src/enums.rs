//! Enums that the code, the API and the tables share. Each value has one text for the wire and for
//! storage.

/// A text that is not a value of the enum it was parsed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a value of {name}")]
pub struct UnknownVariant {
    /// The name of the enum.
    pub name: &'static str,
}

/// Defines an enum whose JSON form, table form and `as_str` are the same text.
macro_rules! string_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:tt),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name {
            $($(#[$vmeta])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in the documented order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The text of the value on the wire and in tables.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownVariant;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownVariant { name: stringify!($name) }),
                }
            }
        }
    };
}
pub(crate) use string_enum;

string_enum! {
    /// The kind of an agency.
    AgencyKind {
        /// Children's social care: requests chronologies and reads them.
        SocialCare = "social_care",
        /// A school, college or the education service.
        Education = "education",
        /// A general practice.
        Gp = "gp",
        /// Health visiting and school nursing.
        HealthVisiting = "health_visiting",
        /// An acute or community hospital trust.
        Hospital = "hospital",
        /// A midwifery service.
        Midwifery = "midwifery",
        /// Child and adolescent mental health services.
        Camhs = "camhs",
        /// A police force.
        Police = "police",
        /// Housing authority or association.
        Housing = "housing",
        /// Probation and youth justice.
        Probation = "probation",
        /// Early help and family support.
        EarlyHelp = "early_help",
        /// Adult social care, substance misuse and adult mental health.
        AdultServices = "adult_services",
        /// A voluntary or charitable organisation.
        Voluntary = "voluntary",
        /// Any other agency.
        Other = "other",
    }
}

string_enum! {
    /// The role of a person or system, from the access token.
    Role {
        /// The social worker who requests the chronology.
        SocialWorker = "social_worker",
        /// Team manager or conference chair: signs off, reopens, opens emergency access.
        TeamManager = "team_manager",
        /// A practitioner who contributes for an agency, if named on its invitation.
        Practitioner = "practitioner",
        /// An agency's designated safeguarding lead: reads and submits that agency's contributions.
        SafeguardingLead = "safeguarding_lead",
        /// Business support: prepares chronologies and tracks returns; reads no narrative unless
        /// named on the team.
        BusinessSupport = "business_support",
        /// Auditor or data protection officer: reads the audit trail, never content.
        Auditor = "auditor",
        /// An agency's record system, which submits on its behalf.
        SystemClient = "system_client",
    }
}

string_enum! {
    /// Why a chronology is requested. The partnership's policy gives each purpose a default
    /// look-back, due date and lifetime.
    Purpose {
        /// Strategy discussion and section 47 enquiry (Children Act 1989).
        StrategyDiscussion = "strategy_discussion",
        /// Initial child protection conference, within 15 working days of the strategy discussion.
        InitialConference = "initial_conference",
        /// Review conference: after 3 months, then at most every 6.
        ReviewConference = "review_conference",
        /// Core group: within 10 working days, then at most every 6 weeks.
        CoreGroup = "core_group",
        /// Child in need plan (section 17).
        ChildInNeed = "child_in_need",
        /// Cumulative neglect.
        Neglect = "neglect",
        /// Fabricated or induced illness: from first contact.
        FabricatedOrInducedIllness = "fabricated_or_induced_illness",
        /// Multi-agency risk assessment and management plan.
        Maramp = "maramp",
        /// Early help for the family.
        EarlyHelp = "early_help",
        /// Pre-proceedings (Public Law Outline): the last two years, older summarised.
        PreProceedings = "pre_proceedings",
        /// Supervision of the practitioner's work with the family.
        Supervision = "supervision",
        /// Child safeguarding practice review.
        PracticeReview = "practice_review",
    }
}

string_enum! {
    /// Why a chronology is destroyed before its expiry.
    DestructionReason {
        /// The work has ended and nobody needs the shared copy any more.
        Closed = "closed",
        /// It should not have been created: wrong family, or no lawful basis.
        MadeInError = "made_in_error",
        /// A court, a regulator or the partnership ordered it.
        Ordered = "ordered",
    }
}

string_enum! {
    /// Whether a copy was exported for the social-care record.
    SnapshotKept {
        /// A snapshot was signed off for it.
        SignedOff = "signed_off",
        /// The copy was waived, with a reason.
        Waived = "waived",
    }
}
