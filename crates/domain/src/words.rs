//! Closed lists of words that code, API, pages and tables share.

/// A word that is not on the list it was parsed against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the {list} words")]
pub struct UnknownWord {
    /// Which list was asked.
    pub list: &'static str,
}

/// Defines a closed list: an enum whose wire form, table form and `as_str` are one and the same snake_case word.
macro_rules! closed_list {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:tt),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name {
            $($(#[$vmeta])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word of the list, in its documented order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as it stands on the wire and in tables.
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
            type Err = $crate::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownWord { list: stringify!($name) }),
                }
            }
        }
    };
}
pub(crate) use closed_list;

closed_list! {
    /// What kind of agency contributes.
    AgencyKind {
        /// Children's social care: asks for chronologies and reads them.
        SocialCare = "social_care",
        /// A school, college or the education service.
        Education = "education",
        /// A general practice.
        Gp = "gp",
        /// Health visiting and school nursing.
        HealthVisiting = "health_visiting",
        /// An acute or community hospital trust.
        Hospital = "hospital",
        /// Midwifery.
        Midwifery = "midwifery",
        /// Child and adolescent mental health services.
        Camhs = "camhs",
        /// Police.
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

closed_list! {
    /// The part a person or system plays, as its token says. `practice.md`, "Who may do what".
    Role {
        /// The social worker who asks for the chronology.
        SocialWorker = "social_worker",
        /// Team manager or conference chair: signs off, reopens, breaks glass.
        TeamManager = "team_manager",
        /// A practitioner who contributes for an agency when named on its invitation.
        Practitioner = "practitioner",
        /// An agency's designated safeguarding lead: sees and sends what that agency contributes.
        SafeguardingLead = "safeguarding_lead",
        /// Business support: prepares, follows status, reads no text unless named.
        BusinessSupport = "business_support",
        /// Auditor or data protection officer: reads the audit, never content.
        Auditor = "auditor",
        /// An agency's record system that submits for it.
        SystemClient = "system_client",
    }
}

closed_list! {
    /// Why a chronology is asked for; each has a default look-back, due date and lifetime in the partnership's policy.
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
        /// Early help.
        EarlyHelp = "early_help",
        /// Pre-proceedings (Public Law Outline): the last two years, older summarised.
        PreProceedings = "pre_proceedings",
        /// Supervision.
        Supervision = "supervision",
        /// Child safeguarding practice review.
        PracticeReview = "practice_review",
    }
}

closed_list! {
    /// Why a chronology is destroyed before its time.
    DestructionReason {
        /// The work is over, and nobody needs the shared copy any more.
        Closed = "closed",
        /// It should never have been made: the wrong family, or no basis for it.
        MadeInError = "made_in_error",
        /// A court, a regulator or the partnership ordered it.
        Ordered = "ordered",
    }
}

closed_list! {
    /// What was decided about a copy for the social-care record.
    SnapshotKept {
        /// A view was signed off for it.
        SignedOff = "signed_off",
        /// It was waived, with a reason.
        Waived = "waived",
    }
}
