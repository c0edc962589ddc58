//! What a partnership decides for itself: lifetimes, look-backs, due dates, categories and what is mandatory.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Purpose, TestNumbers};

/// A category code from the partnership's list: upper-case letters and `_`, 2 to 40 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^[A-Z][A-Z_]{1,39}$", example = "MISSED")]
pub struct Category(String);

impl Category {
    /// A code of the right shape, whether or not a partnership lists it; `None` when the shape is wrong.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        let shaped = (2..=40).contains(&code.len())
            && code.starts_with(|c: char| c.is_ascii_uppercase())
            && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        shaped.then(|| Self(code.to_owned()))
    }

    /// The category of an event of unknown type in a file that is checked offline; on no partnership's list.
    #[must_use]
    pub fn other() -> Self {
        Self("OTHER".to_owned())
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The built-in categories with what each covers (`practice.md`, "Categories").
#[must_use]
pub const fn built_in_categories() -> &'static [(&'static str, &'static str)] {
    &[
        ("FAMILY", "birth, death, separation, new partner, household member joins or leaves"),
        ("HOME", "move, homelessness, arrears, home conditions"),
        ("HEALTH", "illness, injury, A&E, admission, development"),
        ("MISSED", "was not brought, refused or cancelled contact"),
        ("MENTAL_HEALTH", "child's or carer's mental health"),
        ("SUBSTANCES", "alcohol or drugs"),
        ("EDUCATION", "attendance, suspension, exclusion, move, achievement, elective home education"),
        ("DOMESTIC_ABUSE", "domestic abuse"),
        ("CRIME", "offence, arrest, bail, release: criminal-offence data"),
        ("MISSING_EXPLOITATION", "missing from home, exploitation"),
        ("DISCLOSURE", "a child's disclosure or expressed view"),
        ("CONTACT", "visit or contact, seen or not"),
        ("PROCESS", "referral, assessment, strategy discussion, section 47, conference, plan"),
        ("LEGAL", "orders, placement"),
        ("SUPPORT", "service offered, started, ended, the family's response"),
        ("STRENGTH", "positive change or achievement"),
    ]
}

/// Defaults and caps for chronologies of one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurposePolicy {
    /// Days after opening on which returns are due.
    pub due_days: u16,
    /// Years of history asked for; `None` means from first contact.
    pub look_back_years: Option<u8>,
    /// Days from opening to expiry unless asked otherwise.
    pub lifetime_days: u16,
}

impl PurposePolicy {
    /// The default for `purpose`, from the timescales of Working Together and the Public Law Outline as `practice.md`
    /// gives them; a partnership overrides each in its configuration.
    #[must_use]
    pub const fn default_for(purpose: Purpose) -> Self {
        let (due_days, look_back_years, lifetime_days) = match purpose {
            Purpose::StrategyDiscussion => (2, Some(5), 28),
            Purpose::InitialConference => (10, Some(5), 60),
            Purpose::ReviewConference => (14, Some(1), 60),
            Purpose::CoreGroup => (7, Some(1), 42),
            Purpose::ChildInNeed => (14, Some(3), 90),
            Purpose::Neglect => (14, Some(5), 90),
            Purpose::FabricatedOrInducedIllness => (21, None, 120),
            Purpose::Maramp | Purpose::Supervision => (7, Some(2), 60),
            Purpose::EarlyHelp => (14, Some(2), 60),
            Purpose::PreProceedings => (14, Some(2), 180),
            Purpose::PracticeReview => (28, Some(5), 300),
        };
        Self { due_days, look_back_years, lifetime_days }
    }
}

/// Everything a partnership decides for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnershipPolicy {
    /// Categories beyond the built-in ones: code and what it covers.
    pub extra_categories: Vec<(Category, String)>,
    /// Agencies' own words for types of events, and the categories they stand for.
    pub glossary: Vec<(String, Category)>,
    /// Purposes whose defaults differ from [`PurposePolicy::default_for`].
    pub purposes: Vec<(Purpose, PurposePolicy)>,
    /// The longest a chronology, with all its extensions, may live from its opening. Transient data: under a year.
    pub max_lifetime: Duration,
    /// The longest a fragment sent ahead of a chronology may live.
    pub max_ahead_lifetime: Duration,
    /// How long people and families that nothing refers to are kept, so that a chronology can be prepared.
    pub unreferenced_lifetime: Duration,
    /// How long an emergency access lasts unless asked otherwise.
    pub emergency_access: Duration,
    /// The longest it may last.
    pub max_emergency_access: Duration,
    /// How soon an emergency access is to be reviewed.
    pub emergency_review: Duration,
    /// How many of one practitioner's emergency accesses may await a review: while there are more, they open no other.
    pub unreviewed_emergency_accesses: u32,
    /// How many writes of one practitioner may be refused in a day because their text tells where a protected person lives:
    /// after that they write nothing about such families until the day is over, so that nobody can guess.
    pub address_refusals_a_day: u32,
    /// How many practitioners of one agency, met by their tokens alone, may be in the directory before they have done anything
    /// that lasts; more are not met until some have gone.
    pub provisional_practitioners: u32,
    /// How long such practitioners stay.
    pub provisional_lifetime: Duration,
    /// Whether it takes two people to destroy a chronology before its time and to hold everything in the partnership.
    pub two_people: bool,
    /// How long a request to destroy a chronology waits for the second person.
    pub request_lifetime: Duration,
    /// How long reasons in words are kept that stand apart from what they are about and outlive it: of an emergency access
    /// from its opening or review, of a destruction from its decision, of a legal hold from its review date or release,
    /// whichever is later.
    pub reasons_retention: Duration,
    /// Whether agencies may submit ahead of a chronology.
    pub allow_ahead: bool,
    /// Whether contributors read the consolidated timeline after their own return.
    pub contributors_read_timeline: bool,
    /// Whether impact on the child is mandatory.
    pub impact_mandatory: bool,
    /// Whether an action or the reason for none is mandatory.
    pub action_mandatory: bool,
    /// Whether NHS numbers of the range kept for tests (999) are accepted.
    pub test_nhs_numbers: TestNumbers,
}

impl Default for PartnershipPolicy {
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const DAY: u64 = 86_400;
        Self {
            extra_categories: Vec::new(),
            glossary: Vec::new(),
            purposes: Vec::new(),
            max_lifetime: Duration::from_secs(330 * DAY),
            max_ahead_lifetime: Duration::from_secs(90 * DAY),
            unreferenced_lifetime: Duration::from_secs(14 * DAY),
            emergency_access: Duration::from_secs(60 * MINUTE),
            max_emergency_access: Duration::from_secs(240 * MINUTE),
            emergency_review: Duration::from_secs(3 * DAY),
            unreviewed_emergency_accesses: 3,
            address_refusals_a_day: 5,
            provisional_practitioners: 200,
            provisional_lifetime: Duration::from_secs(DAY),
            two_people: true,
            request_lifetime: Duration::from_secs(7 * DAY),
            reasons_retention: Duration::from_secs(180 * DAY),
            allow_ahead: true,
            contributors_read_timeline: true,
            impact_mandatory: false,
            action_mandatory: true,
            test_nhs_numbers: TestNumbers::Refused,
        }
    }
}

impl PartnershipPolicy {
    /// The defaults for one purpose, the partnership's own first.
    #[must_use]
    pub fn purpose(&self, purpose: Purpose) -> PurposePolicy {
        self.purposes
            .iter()
            .find(|(own, _)| *own == purpose)
            .map_or_else(|| PurposePolicy::default_for(purpose), |(_, policy)| policy.clone())
    }

    /// Whether `category` is on this partnership's list.
    #[must_use]
    pub fn lists(&self, category: &Category) -> bool {
        built_in_categories().iter().any(|(code, _)| *code == category.as_str())
            || self.extra_categories.iter().any(|(own, _)| own == category)
    }
}
