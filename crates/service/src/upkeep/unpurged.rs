//! What is over and still there, and why.

use std::time::Duration;

use domain::{Instant, Operation};
use store::{Tx, Unpurged};

use super::holding::held;
use crate::session::{Call, Trail};
use crate::{Answer, Page, PageQuery, Service, UnpurgedOut, UnpurgedReason};

/// Deletion is promised within a minute of the expiry.
const PROMISED: Duration = Duration::from_secs(60);

impl Service {
    /// Everything of the partnership that is over and still there, the oldest first: identifiers and times alone.
    ///
    /// # Errors
    /// As every read.
    pub fn unpurged(&self, call: &Call, query: PageQuery) -> Answer<Page<UnpurgedOut>> {
        self.read(call, Operation::UnpurgedList, Trail::of("unpurged"), |scene| {
            let permit = scene.permit_collection(Operation::UnpurgedList)?;
            let (now, partnership) = (scene.now(), permit.partnership());
            let slice = self.slice(scene, "unpurged", &query)?;
            let rows = store::unpurged::page(scene.tx, partnership, now, slice.after, slice.limit + 1)?;
            let (rows, next) = self.cut(scene, "unpurged", &slice, rows, Unpurged::place)?;
            let mut items = Vec::with_capacity(rows.len());
            for row in rows {
                let (expired_at, id) = row.place();
                let why = reason(scene.tx, partnership, &row, now)?;
                items.push(UnpurgedOut { kind: row.kind().to_owned(), id, expired_at, why });
            }
            Ok(Page { items, next })
        })
    }
}

fn reason(tx: &mut Tx<'_>, partnership: domain::PartnershipId, row: &Unpurged, now: Instant) -> Answer<UnpurgedReason> {
    let (held, in_use) = match *row {
        Unpurged::Chronology(id, _) => match store::purge::chronology(tx, partnership, id)? {
            Some(found) => (held(tx, partnership, Some(id), found.family_id, now)?, false),
            None => (false, false),
        },
        Unpurged::Fragment(id, _) => match store::fragments::find(tx, partnership, id)? {
            Some(found) => (held(tx, partnership, found.chronology_id, found.family_id, now)?, false),
            None => (false, false),
        },
        Unpurged::Family(id, _) => {
            (held(tx, partnership, None, id, now)?, store::unpurged::family_in_use(tx, partnership, id)?)
        }
        Unpurged::Person(id, _) => (
            store::holds::active(tx, partnership, None, &[id], now)?,
            !store::people::families_of(tx, partnership, id)?.is_empty(),
        ),
    };
    let (expired_at, _) = row.place();
    Ok(match (held, in_use) {
        (true, _) => UnpurgedReason::Held,
        (false, true) => UnpurgedReason::ReferredTo,
        (false, false) if now.since(expired_at) <= PROMISED => UnpurgedReason::Waiting,
        (false, false) => UnpurgedReason::Failed,
    })
}
