//! The filter of a timeline.

use domain::{AgencyId, Category, PersonId, Significance};
use time::Date;

use crate::Row;

/// Selects rows of a timeline. An empty list and an absent day select all rows. A filter selects
/// whole rows and never omits an account from one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimelineFilter {
    /// Rows that concern any of these children.
    pub children: Vec<PersonId>,
    /// Rows with an account by any of these agencies.
    pub agencies: Vec<AgencyId>,
    /// Rows with an account of any of these categories.
    pub categories: Vec<Category>,
    /// Rows of any of these significances. A row that is both a strength and a risk matches either.
    pub significance: Vec<Significance>,
    /// Rows whose event can have happened on or after this day.
    pub from: Option<Date>,
    /// Rows whose event can have happened on or before this day.
    pub to: Option<Date>,
}

impl TimelineFilter {
    /// Whether the filter selects a row.
    #[must_use]
    pub fn matches(&self, row: &Row) -> bool {
        matches_any(&self.children, |child| {
            row.children.iter().any(|own| own.id == *child)
        }) && matches_any(&self.agencies, |agency| {
            row.accounts.iter().any(|account| account.agency == *agency)
        }) && matches_any(&self.categories, |category| {
            row.accounts
                .iter()
                .any(|account| account.category == *category)
        }) && matches_any(&self.significance, |wanted| {
            significance_matches(row.significance, *wanted)
        }) && self
            .from
            .is_none_or(|from| row.when.latest.is_none_or(|latest| latest >= from))
            && self
                .to
                .is_none_or(|to| row.when.earliest.is_none_or(|earliest| earliest <= to))
    }
}

/// Whether a list is empty or any of its values matches.
fn matches_any<T>(list: &[T], matches: impl Fn(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(matches)
}

fn significance_matches(row: Significance, wanted: Significance) -> bool {
    let is_part_of_both = matches!(wanted, Significance::Strength | Significance::Risk);
    row == wanted || (row == Significance::Both && is_part_of_both)
}
