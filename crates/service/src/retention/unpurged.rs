//! Expired data that still exists, and the reason why.

use std::time::Duration;

use domain::{Instant, ObjectKind, Operation};
use store::{Tx, UnpurgedObject};

use super::legal_holds::is_under_legal_hold;
use crate::context::{AuditContext, CallContext};
use crate::{Page, PageQuery, Service, ServiceResult, UnpurgedOut, UnpurgedReason};

/// The time after expiry within which data is to be deleted.
const DELETION_DEADLINE: Duration = Duration::from_secs(60);

impl Service {
    /// Lists the partnership's expired objects that still exist, oldest first: identifiers and
    /// times only.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_unpurged(
        &self,
        call: &CallContext,
        query: PageQuery,
    ) -> ServiceResult<Page<UnpurgedOut>> {
        self.read(
            call,
            Operation::UnpurgedList,
            AuditContext::of(ObjectKind::Unpurged),
            |uow| {
                let permit = uow.authorize_collection(Operation::UnpurgedList)?;
                let now = uow.now();
                let partnership = permit.partnership();
                let bounds = self.parse_page_query(uow, "unpurged", &query)?;
                let rows = store::unpurged::page(
                    uow.tx,
                    partnership,
                    now,
                    bounds.after,
                    bounds.limit + 1,
                )?;
                let (rows, next) =
                    self.split_page(uow, "unpurged", &bounds, rows, UnpurgedObject::sort_key)?;
                let mut items = Vec::with_capacity(rows.len());
                for row in rows {
                    let (expired_at, id) = row.sort_key();
                    let reason = find_reason(uow.tx, partnership, &row, now)?;
                    items.push(UnpurgedOut {
                        kind: row.kind().to_owned(),
                        id,
                        expired_at,
                        why: reason,
                    });
                }
                Ok(Page { items, next })
            },
        )
    }
}

fn find_reason(
    tx: &mut Tx<'_>,
    partnership: domain::PartnershipId,
    row: &UnpurgedObject,
    now: Instant,
) -> ServiceResult<UnpurgedReason> {
    let (is_held, is_referenced) = match *row {
        UnpurgedObject::Chronology(id, _) => {
            match store::purge::find_chronology(tx, partnership, id)? {
                Some(found) => (
                    is_under_legal_hold(tx, partnership, Some(id), found.family_id, now)?,
                    false,
                ),
                None => (false, false),
            }
        }
        UnpurgedObject::Fragment(id, _) => match store::fragments::find(tx, partnership, id)? {
            Some(found) => (
                is_under_legal_hold(tx, partnership, found.chronology_id, found.family_id, now)?,
                false,
            ),
            None => (false, false),
        },
        UnpurgedObject::Family(id, _) => (
            is_under_legal_hold(tx, partnership, None, id, now)?,
            store::unpurged::is_family_referenced(tx, partnership, id)?,
        ),
        UnpurgedObject::Person(id, _) => (
            store::holds::is_held(tx, partnership, None, &[id], now)?,
            !store::people::families_of(tx, partnership, id)?.is_empty(),
        ),
    };
    let (expired_at, _) = row.sort_key();
    Ok(match (is_held, is_referenced) {
        (true, _) => UnpurgedReason::Held,
        (false, true) => UnpurgedReason::ReferredTo,
        (false, false) if now.since(expired_at) <= DELETION_DEADLINE => UnpurgedReason::Waiting,
        (false, false) => UnpurgedReason::Failed,
    })
}
