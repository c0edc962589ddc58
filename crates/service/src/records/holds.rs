//! Legal holds: their sealed details, and whether one applies.

use std::sync::Arc;
use std::time::Duration;

use domain::{ChronologyId, FamilyId, Instant, Sensitive};
use kernel::{Kernel, ServiceResult, UnitOfWork, scope_terms};
use serde::{Deserialize, Serialize};
use store::{HoldRow, Tx};
use vault::{KeyTerms, RecordLocation, SealedTable};

/// Stored legal holds.
pub(crate) struct HoldRecords {
    pub(crate) kernel: Arc<Kernel>,
}

/// The sealed content of a hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct HoldDetails {
    /// None when the retention of the reason ended while the hold stayed active.
    pub(crate) reason: Option<Sensitive<String>>,
    pub(crate) release_reason: Option<Sensitive<String>>,
}

fn hold_location(row: &HoldRow) -> RecordLocation {
    RecordLocation {
        table: SealedTable::Holds,
        row: row.id.0,
        version: row.version,
    }
}

impl HoldRecords {
    /// Whether a legal hold prevents the destruction of a chronology, or of the data about a
    /// family.
    pub(crate) fn is_under_legal_hold(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        chronology: Option<ChronologyId>,
        family: FamilyId,
    ) -> ServiceResult<bool> {
        let partnership = uow.actor().partnership;
        let children = store::families::members(uow.tx, partnership, family)?;
        Ok(store::holds::is_held(
            uow.tx,
            partnership,
            chronology,
            &children,
            uow.session.now,
        )?)
    }

    /// Seals a hold's reasons until their retention ends, counted from the review date or the
    /// release, whichever is later.
    pub(crate) fn seal_hold(
        &self,
        tx: &mut Tx<'_>,
        row: &mut HoldRow,
        now: Instant,
        kept_for: Duration,
        details: &HoldDetails,
    ) -> ServiceResult<()> {
        let words_until = row
            .released_at
            .map_or(row.review_at, |released| released.max(row.review_at))
            .plus(kept_for);
        row.words_until = Some(words_until);
        if words_until <= now {
            row.wrapped_key = None;
            row.sealed = None;
            return Ok(());
        }
        let sealed = self.kernel.seal(
            tx,
            &hold_location(row),
            &scope_terms(row.partnership_id, words_until),
            now,
            details,
        )?;
        row.wrapped_key = Some(sealed.wrapped_key.into());
        row.sealed = Some(sealed.sealed.into());
        Ok(())
    }

    /// Decrypts the reasons of a hold; empty after their retention.
    pub(crate) fn open_hold_details(
        &self,
        row: &HoldRow,
        now: Instant,
    ) -> ServiceResult<HoldDetails> {
        let (Some(key), Some(sealed)) = (&row.wrapped_key, &row.sealed) else {
            return Ok(HoldDetails::default());
        };
        let terms = match row.words_until {
            Some(end) if end <= now => return Ok(HoldDetails::default()),
            Some(end) => scope_terms(row.partnership_id, end),
            None => KeyTerms::Permanent {
                partnership: row.partnership_id,
            },
        };
        self.kernel.unseal(
            &hold_location(row),
            &terms,
            now,
            key.as_ref(),
            sealed.as_ref(),
        )
    }

    /// Gives an expiry to reasons that an earlier version of the service sealed without one, and
    /// removes those whose retention has ended. Returns the number of rows handled.
    pub(crate) fn migrate_permanent_hold_reasons(
        &self,
        limit: u32,
        now: Instant,
    ) -> ServiceResult<u32> {
        self.kernel.db().write("purge.hold_reason_expiry", |tx| {
            let rows = store::holds::list_without_expiry(tx, i64::from(limit))?;
            for mut row in rows.iter().cloned() {
                let details = self.open_hold_details(&row, now)?;
                let kept_for = self.kernel.policy_of(row.partnership_id).reasons_retention;
                self.seal_hold(tx, &mut row, now, kept_for, &details)?;
                store::holds::set_reasons_expiry(tx, &row)?;
            }
            Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
        })
    }
}
