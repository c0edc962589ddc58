//! Which rows to show.

use domain::{AgencyId, Category, PersonId, Significance};
use time::Date;

use crate::Row;

/// What a reader asks to see. Empty lists and absent days ask for everything. Filters choose whole rows and never leave an
/// account out of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Rows that concern any of these children.
    pub children: Vec<PersonId>,
    /// Rows with an account by any of these agencies.
    pub agencies: Vec<AgencyId>,
    /// Rows with an account of any of these categories.
    pub categories: Vec<Category>,
    /// Rows of any of these kinds. A row that is both a strength and a risk is shown for either.
    pub significance: Vec<Significance>,
    /// Rows that can have happened on or after this day.
    pub from: Option<Date>,
    /// Rows that can have happened on or before this day.
    pub to: Option<Date>,
}

impl Filter {
    /// Whether a row is asked for.
    #[must_use]
    pub fn takes(&self, row: &Row) -> bool {
        asked(&self.children, |child| row.children.iter().any(|own| own.id == *child))
            && asked(&self.agencies, |agency| row.accounts.iter().any(|account| account.agency == *agency))
            && asked(&self.categories, |category| row.accounts.iter().any(|account| account.category == *category))
            && asked(&self.significance, |asked| shows(row.significance, *asked))
            && self.from.is_none_or(|from| row.when.latest.is_none_or(|latest| latest >= from))
            && self.to.is_none_or(|to| row.when.earliest.is_none_or(|earliest| earliest <= to))
    }
}

fn asked<T>(list: &[T], holds: impl Fn(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(holds)
}

fn shows(row: Significance, asked: Significance) -> bool {
    let part_of_both = matches!(asked, Significance::Strength | Significance::Risk);
    row == asked || (row == Significance::Both && part_of_both)
}
