//! Reasons in words that outlive what they are about: of an emergency access, a destruction, a legal hold. They have a
//! retention period of their own (`deploy/security.md`), which this ends; the hour by whose key they live is over then, so
//! that no copy gives them back either.

use std::sync::PoisonError;
use std::time::Duration;

use domain::{Instant, PartnershipId, PartnershipPolicy};
use store::{StoreError, Tx};

use crate::{Answer, Service, ServiceError};

/// Refused texts are alerted of for so long; no words are kept of them.
const REFUSALS_KEPT_FOR: Duration = Duration::from_secs(90 * 86_400);

impl Service {
    /// Takes off the words whose retention is over; says how many. Words that a former version sealed for good are given
    /// their end.
    pub(super) fn forget_reasons(&self, limit: u32, now: Instant) -> Answer<u32> {
        let of_accesses = until_none(limit, || self.forget_access_words(limit, now))?;
        self.destroy_noted_scopes(now)?;
        let of_holds =
            self.forget_words("purge.hold_reasons", limit, |tx, most| store::holds::forget_words(tx, now, most))?;
        let of_orders = self.forget_words("purge.order_reasons", limit, |tx, most| {
            store::deletion_orders::forget_words(tx, now, most)
        })?;
        self.forget_words("purge.address_refusals", limit, |tx, most| {
            store::address_refusals::forget(tx, now.minus(REFUSALS_KEPT_FOR), most)
        })?;
        self.forget_words("purge.destruction_requests", limit, |tx, most| {
            store::destruction_requests::forget(tx, now, most)
        })?;
        self.forget_words("purge.provisional_practitioners", limit, |tx, most| {
            store::practitioners::forget_provisional(tx, now, most, || self.ids().random().as_bytes().to_vec().into())
        })?;
        until_none(limit, || self.give_hold_words_an_end(limit, now))?;
        until_none(limit, || self.give_order_words_an_end(limit, now))?;
        Ok(of_accesses + of_holds + of_orders)
    }

    /// The key that an access's words lived by besides the hour's goes with them, once it was reviewed: a review that comes
    /// later still has words to seal.
    fn forget_access_words(&self, limit: u32, now: Instant) -> Answer<u32> {
        self.0.db.write("purge.emergency_words", |tx| {
            let over = store::emergency::forget_words(tx, now, i64::from(limit))?;
            let done = over.iter().filter(|(_, reviewed)| *reviewed).map(|(id, _)| id.0);
            store::scopes_to_destroy::insert(tx, done, now)?;
            Ok(u32::try_from(over.len()).unwrap_or(u32::MAX))
        })
    }

    fn forget_words(
        &self,
        name: &'static str,
        limit: u32,
        forget: impl Fn(&mut Tx<'_>, i64) -> Result<usize, StoreError>,
    ) -> Answer<u32> {
        until_none(limit, || {
            let gone = self.0.db.write(name, |tx| Ok::<_, ServiceError>(forget(tx, i64::from(limit))?))?;
            Ok(u32::try_from(gone).unwrap_or(u32::MAX))
        })
    }

    /// What a partnership decides for itself; the defaults for one that is not configured any more.
    pub(crate) fn policy_of(&self, id: PartnershipId) -> PartnershipPolicy {
        let partnerships = self.0.partnerships.read().unwrap_or_else(PoisonError::into_inner);
        partnerships.values().find(|known| known.id == id).map(|known| known.policy.clone()).unwrap_or_default()
    }
}

/// Repeats a step that deals with `limit` things at most until it finds fewer; says how many there were.
fn until_none(limit: u32, step: impl Fn() -> Answer<u32>) -> Answer<u32> {
    let mut all = 0;
    loop {
        let some = step()?;
        all += some;
        if some < limit {
            return Ok(all);
        }
    }
}
