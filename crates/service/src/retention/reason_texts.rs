//! Retention of free-text reasons that outlive the object they are about: those of emergency
//! accesses, destructions and legal holds. They have a retention period of their own
//! (`deploy/security.md`). When it ends, the epoch key that protects them is over too, so that no
//! copy can be decrypted.

use std::time::Duration;

use domain::Instant;
use kernel::{ServiceError, ServiceResult};
use store::{StoreError, Tx};

use crate::retention::Retention;

/// How long the alert of a refused text is kept; the text itself is never stored.
const REFUSAL_LIFETIME: Duration = Duration::from_secs(90 * 86_400);

impl Retention {
    /// Deletes the texts whose retention has ended; returns how many. Texts that an earlier version
    /// of the service sealed without an expiry are given one.
    pub(super) fn delete_expired_reasons(&self, limit: u32, now: Instant) -> ServiceResult<u32> {
        let access_count =
            repeat_while_full(limit, || self.delete_expired_access_reasons(limit, now))?;
        self.kernel.destroy_queued_scopes(now)?;
        let hold_count = self.delete_expired_texts("purge.hold_reasons", limit, |tx, limit| {
            store::holds::delete_expired_reasons(tx, now, limit)
        })?;
        let order_count =
            self.delete_expired_texts("purge.order_reasons", limit, |tx, limit| {
                store::deletion_orders::delete_expired_reasons(tx, now, limit)
            })?;
        self.delete_expired_texts("purge.address_refusals", limit, |tx, limit| {
            store::address_refusals::delete_older(tx, now.minus(REFUSAL_LIFETIME), limit)
        })?;
        self.delete_expired_texts("purge.destruction_requests", limit, |tx, limit| {
            store::destruction_requests::delete_lapsed(tx, now, limit)
        })?;
        self.delete_expired_texts("purge.provisional_practitioners", limit, |tx, limit| {
            store::practitioners::erase_provisional(tx, now, limit, || {
                self.kernel.ids().random().as_bytes().to_vec().into()
            })
        })?;
        repeat_while_full(limit, || {
            self.records
                .holds
                .migrate_permanent_hold_reasons(limit, now)
        })?;
        repeat_while_full(limit, || {
            self.records
                .deletion_orders
                .migrate_permanent_order_reasons(limit, now)
        })?;
        Ok(access_count + hold_count + order_count)
    }

    /// Deletes the reasons of emergency accesses. The access's own scope key is destroyed with them
    /// only if the access was reviewed, because a later review still needs it to seal its text.
    fn delete_expired_access_reasons(&self, limit: u32, now: Instant) -> ServiceResult<u32> {
        self.kernel.db().write("purge.emergency_reasons", |tx| {
            let expired = store::emergency::delete_expired_reasons(tx, now, i64::from(limit))?;
            let reviewed_scopes = expired
                .iter()
                .filter(|(_, reviewed)| *reviewed)
                .map(|(id, _)| id.0);
            store::scopes_to_destroy::insert(tx, reviewed_scopes, now)?;
            Ok(u32::try_from(expired.len()).unwrap_or(u32::MAX))
        })
    }

    fn delete_expired_texts(
        &self,
        name: &'static str,
        limit: u32,
        delete: impl Fn(&mut Tx<'_>, i64) -> Result<usize, StoreError>,
    ) -> ServiceResult<u32> {
        repeat_while_full(limit, || {
            let deleted = self.kernel.db().write(name, |tx| {
                Ok::<_, ServiceError>(delete(tx, i64::from(limit))?)
            })?;
            Ok(u32::try_from(deleted).unwrap_or(u32::MAX))
        })
    }
}

/// Repeats a step that handles at most `limit` rows until it handles fewer; returns the total.
fn repeat_while_full(limit: u32, step: impl Fn() -> ServiceResult<u32>) -> ServiceResult<u32> {
    let mut total = 0;
    loop {
        let count = step()?;
        total += count;
        if count < limit {
            return Ok(total);
        }
    }
}
