//! Orders to destroy a chronology early: their sealed reasons.

use std::sync::Arc;
use std::time::Duration;

use domain::{Instant, Sensitive};
use kernel::{Kernel, ServiceResult, scope_terms};
use serde::{Deserialize, Serialize};
use store::{DeletionOrderRow, Tx};
use vault::{KeyTerms, RecordLocation, SealedTable};

/// Stored orders to destroy a chronology early.
pub(crate) struct DeletionOrderRecords {
    pub(crate) kernel: Arc<Kernel>,
}

/// The sealed reasons of a destruction.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DestructionReasons {
    pub(crate) reason: Sensitive<String>,
    pub(crate) snapshot_waiver: Option<Sensitive<String>>,
    /// The reason given by the practitioner who confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) confirmation: Option<Sensitive<String>>,
}

fn order_location(order: &DeletionOrderRow) -> RecordLocation {
    RecordLocation {
        table: SealedTable::DeletionOrders,
        row: order.chronology_id.0,
        version: 1,
    }
}

impl DeletionOrderRecords {
    /// Seals the reasons until their retention ends.
    pub(crate) fn seal_order(
        &self,
        tx: &mut Tx<'_>,
        order: &mut DeletionOrderRow,
        now: Instant,
        kept_for: Duration,
        reasons: &DestructionReasons,
    ) -> ServiceResult<()> {
        let words_until = order.decided_at.plus(kept_for);
        order.words_until = Some(words_until);
        if words_until <= now {
            order.wrapped_key = None;
            order.sealed = None;
            return Ok(());
        }
        let sealed = self.kernel.seal(
            tx,
            &order_location(order),
            &scope_terms(order.partnership_id, words_until),
            now,
            reasons,
        )?;
        order.wrapped_key = Some(sealed.wrapped_key.into());
        order.sealed = Some(sealed.sealed.into());
        Ok(())
    }

    /// Decrypts the reasons of an order; none after their retention.
    pub(crate) fn open_order_reasons(
        &self,
        order: &DeletionOrderRow,
        now: Instant,
    ) -> ServiceResult<Option<DestructionReasons>> {
        let (Some(key), Some(sealed)) = (&order.wrapped_key, &order.sealed) else {
            return Ok(None);
        };
        let terms = match order.words_until {
            Some(end) if end <= now => return Ok(None),
            Some(end) => scope_terms(order.partnership_id, end),
            None => KeyTerms::Permanent {
                partnership: order.partnership_id,
            },
        };
        self.kernel
            .unseal(
                &order_location(order),
                &terms,
                now,
                key.as_ref(),
                sealed.as_ref(),
            )
            .map(Some)
    }

    /// Gives an expiry to reasons that an earlier version of the service sealed without one, and
    /// removes those whose retention has ended. Returns the number of rows handled.
    pub(crate) fn migrate_permanent_order_reasons(
        &self,
        limit: u32,
        now: Instant,
    ) -> ServiceResult<u32> {
        self.kernel.db().write("purge.order_reason_expiry", |tx| {
            let rows = store::deletion_orders::list_without_expiry(tx, i64::from(limit))?;
            for mut row in rows.iter().cloned() {
                let Some(reasons) = self.open_order_reasons(&row, now)? else {
                    continue;
                };
                let kept_for = self.kernel.policy_of(row.partnership_id).reasons_retention;
                self.seal_order(tx, &mut row, now, kept_for, &reasons)?;
                store::deletion_orders::set_reasons_expiry(tx, &row)?;
            }
            Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
        })
    }
}
