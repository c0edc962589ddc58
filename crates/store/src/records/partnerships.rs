//! Partnerships, the tenants of the service. Their policy is configuration, not data.

use diesel::prelude::*;
use domain::{Instant, PartnershipId};

use crate::columns::row;
use crate::connection::statements::insert_new;
use crate::schema::partnerships::{self, dsl};
use crate::{StoreError, Tx};

row! {
    /// A safeguarding partnership that runs the service.
    PartnershipRow in partnerships {
        /// The partnership identifier.
        id: PartnershipId,
        /// The short name, as access tokens and the configuration give it.
        code: String,
        /// The display name.
        name: String,
        /// When the partnership was first configured.
        created_at: Instant,
    }
}

/// Registers a partnership, or renames the one with its code; returns the stored row.
///
/// # Errors
/// [`StoreError::NotUnique`] when another node registers it at the same time.
pub fn upsert(tx: &mut Tx<'_>, row: &PartnershipRow) -> Result<PartnershipRow, StoreError> {
    let named = dsl::partnerships.filter(dsl::code.eq(&row.code));
    if tx.run(|c| {
        diesel::update(named)
            .set(dsl::name.eq(&row.name))
            .execute(c)
    })? == 0
    {
        insert_new!(tx, partnerships::table, row, "partnership code")?;
    }
    find_by_code(tx, &row.code)?.ok_or(StoreError::Stale)
}

/// The partnership with this code.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find_by_code(tx: &mut Tx<'_>, code: &str) -> Result<Option<PartnershipRow>, StoreError> {
    let query = dsl::partnerships.filter(dsl::code.eq(code));
    tx.run(|c| {
        query
            .select(PartnershipRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// Every partnership, in byte order of the codes.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_all(tx: &mut Tx<'_>) -> Result<Vec<PartnershipRow>, StoreError> {
    let mut rows: Vec<PartnershipRow> = tx.run(|c| {
        dsl::partnerships
            .select(PartnershipRow::as_select())
            .load(c)
    })?;
    // Sorted here, because the two databases collate text differently.
    rows.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(rows)
}
