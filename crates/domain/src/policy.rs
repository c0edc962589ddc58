//! The policy of a partnership: lifetimes, look-backs, due dates, categories and mandatory fields.

use std::sync::LazyLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::word_list::WordList;
use crate::{Purpose, TestNumberPolicy};

/// A category code from the partnership's list: upper-case letters and `_`, 2 to 40 characters.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^[A-Z][A-Z_]{1,39}$", example = "MISSED")]
pub struct Category(String);

impl Category {
    /// Parses a code, whether or not a partnership lists it. `None` when its form is wrong.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        let is_well_formed = (2..=40).contains(&code.len())
            && code.starts_with(|c: char| c.is_ascii_uppercase())
            && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        is_well_formed.then(|| Self(code.to_owned()))
    }

    /// The category of an event of unknown type in a file that is checked offline. No partnership
    /// lists it.
    #[must_use]
    pub fn other() -> Self {
        Self("OTHER".to_owned())
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const CATEGORY_LIST: &str = include_str!("../data/categories.txt");

/// The built-in categories: the code, and what it covers.
#[must_use]
pub fn built_in_categories() -> &'static [(&'static str, &'static str)] {
    static CATEGORIES: LazyLock<Vec<(&str, &str)>> =
        LazyLock::new(|| WordList::parse(CATEGORY_LIST).pairs(""));
    &CATEGORIES
}

/// Defaults for chronologies of one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurposePolicy {
    /// Days from opening to the due date of returns.
    pub due_days: u16,
    /// Years of history requested; `None` means from first contact.
    pub look_back_years: Option<u8>,
    /// Days from opening to expiry unless requested otherwise.
    pub lifetime_days: u16,
}

impl PurposePolicy {
    /// The default for `purpose`, from the timescales of "Working Together to Safeguard Children"
    /// and the Public Law Outline. A partnership can override each in its configuration.
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
        Self {
            due_days,
            look_back_years,
            lifetime_days,
        }
    }
}

/// The policy of a partnership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnershipPolicy {
    /// Categories beyond the built-in ones: the code and what it covers.
    pub extra_categories: Vec<(Category, String)>,
    /// Terms that agencies use for types of events, with the category that each stands for.
    pub glossary: Vec<(String, Category)>,
    /// Purposes whose defaults differ from [`PurposePolicy::default_for`].
    pub purposes: Vec<(Purpose, PurposePolicy)>,
    /// The maximum time from the opening of a chronology to its expiry, including all extensions.
    /// The data is transient: under a year.
    pub max_lifetime: Duration,
    /// The maximum lifetime of an advance submission, a fragment that is sent before a chronology
    /// exists.
    pub max_ahead_lifetime: Duration,
    /// How long records of people and families to which nothing refers are kept, so that a
    /// chronology can be prepared.
    pub unreferenced_lifetime: Duration,
    /// The duration of an emergency access unless requested otherwise.
    pub emergency_access: Duration,
    /// The maximum duration of an emergency access.
    pub max_emergency_access: Duration,
    /// The time within which an emergency access has to be reviewed.
    pub emergency_review: Duration,
    /// How many of one practitioner's emergency accesses may await a review. While there are more,
    /// the practitioner cannot open another.
    pub unreviewed_emergency_accesses: u32,
    /// How many writes of one practitioner may be refused in a day because their text discloses
    /// where a protected person lives. After that, the practitioner cannot write about such
    /// families until the day has ended, which prevents guessing.
    pub address_refusals_a_day: u32,
    /// How many provisional practitioners of one agency the directory may hold. Provisional
    /// practitioners were registered from their access token and have stored nothing yet. While
    /// there are more, no others are registered.
    pub provisional_practitioners: u32,
    /// How long a provisional practitioner stays in the directory.
    pub provisional_lifetime: Duration,
    /// Whether two people are needed to destroy a chronology before its expiry, and to place a hold
    /// on the whole partnership.
    pub two_people: bool,
    /// How long a request to destroy a chronology waits for the second person's decision.
    pub request_lifetime: Duration,
    /// How long reasons in words are kept that are stored apart from their object and outlive it:
    /// the reasons of an emergency access from its opening or review, of a destruction from its
    /// decision, of a legal hold from its review date or release, whichever is later.
    pub reasons_retention: Duration,
    /// Whether agencies may send advance submissions.
    pub allow_ahead: bool,
    /// Whether contributors may read the consolidated timeline after their own return.
    pub contributors_read_timeline: bool,
    /// Whether the impact on the child is mandatory.
    pub impact_mandatory: bool,
    /// Whether an action or the reason for none is mandatory.
    pub action_mandatory: bool,
    /// Whether NHS numbers of the range reserved for tests (999) are accepted.
    pub test_nhs_numbers: TestNumberPolicy,
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
            test_nhs_numbers: TestNumberPolicy::Refused,
        }
    }
}

impl PartnershipPolicy {
    /// The defaults for one purpose: the partnership's own if it has any, otherwise the built-in
    /// ones.
    #[must_use]
    pub fn purpose_policy(&self, purpose: Purpose) -> PurposePolicy {
        self.purposes
            .iter()
            .find(|(own, _)| *own == purpose)
            .map_or_else(
                || PurposePolicy::default_for(purpose),
                |(_, policy)| policy.clone(),
            )
    }

    /// Whether the category is built in or one of the partnership's own.
    #[must_use]
    pub fn has_category(&self, category: &Category) -> bool {
        built_in_categories()
            .iter()
            .any(|(code, _)| *code == category.as_str())
            || self.extra_categories.iter().any(|(own, _)| own == category)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word_list::{ItemOrder, mistakes};

    #[test]
    fn category_list_is_well_formed() {
        assert_eq!(
            mistakes(CATEGORY_LIST, ItemOrder::Meaningful),
            Vec::<String>::new()
        );
        assert!(
            built_in_categories()
                .iter()
                .all(|(code, _)| Category::new(code).is_some())
        );
    }

    #[test]
    fn categories_that_rules_name_are_built_in() {
        for code in ["CRIME", "DISCLOSURE", "PROCESS"] {
            assert!(
                built_in_categories()
                    .iter()
                    .any(|(built_in, _)| *built_in == code),
                "{code}"
            );
        }
    }
}
