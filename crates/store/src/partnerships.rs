//! Partnerships: the tenants. Their policy is configuration, not data.

use diesel::prelude::*;
use domain::{Instant, PartnershipId};

use crate::rows::row;
use crate::schema::partnerships::{self, dsl};
use crate::statements::insert_new;
use crate::{StoreError, Tx};

row! {
    /// A safeguarding partnership that runs the service.
    PartnershipRow in partnerships {
        /// The partnership.
        id: PartnershipId,
        /// Its short name, as tokens and configuration give it.
        code: String,
        /// Its name.
        name: String,
        /// When it was first configured.
        created_at: Instant,
    }
}

/// Registers a partnership, or renames the one that has its code; gives what the table holds then.
///
/// # Errors
/// When the database fails.
pub fn upsert(tx: &mut Tx<'_>, row: &PartnershipRow) -> Result<PartnershipRow, StoreError> {
    let named = dsl::partnerships.filter(dsl::code.eq(&row.code));
    if tx.run(|c| diesel::update(named).set(dsl::name.eq(&row.name)).execute(c))? == 0 {
        insert_new!(tx, partnerships::table, row, "partnership code")?;
    }
    find_by_code(tx, &row.code)?.ok_or(StoreError::Stale)
}

/// The partnership whose code is `code`.
///
/// # Errors
/// When the database fails.
pub fn find_by_code(tx: &mut Tx<'_>, code: &str) -> Result<Option<PartnershipRow>, StoreError> {
    let query = dsl::partnerships.filter(dsl::code.eq(code));
    tx.run(|c| query.select(PartnershipRow::as_select()).get_result(c).optional())
}

/// Every partnership, in the order of their codes' bytes.
///
/// # Errors
/// When the database fails.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<PartnershipRow>, StoreError> {
    let mut rows: Vec<PartnershipRow> = tx.run(|c| dsl::partnerships.select(PartnershipRow::as_select()).load(c))?;
    // Sorted here: the two databases order text by different rules.
    rows.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(rows)
}
