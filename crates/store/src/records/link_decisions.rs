//! Practitioners' decisions that entries describe the same event, or do not. Decisions are
//! withdrawn, never changed.

use std::collections::BTreeMap;

use diesel::prelude::*;
use domain::{
    AccessPermit, ChronologyId, EntryId, FragmentId, Instant, LinkDecisionId, LinkVerdict,
    PartnershipId, PractitionerId,
};

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::page::rows_after;
use crate::connection::statements::{insert_many, insert_one, require_one};
use crate::schema::link_decision_entries;
use crate::schema::link_decisions::{self, dsl};
use crate::{Keyset, Sealed, StoreError, Tx};

row! {
    /// A practitioner's decision about entries of one chronology.
    LinkDecisionRow in link_decisions {
        /// The identifier of the decision.
        id: LinkDecisionId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The chronology that the row belongs to.
        chronology_id: ChronologyId,
        /// What was decided about the two sides.
        verdict: LinkVerdict,
        /// The practitioner who decided.
        author_id: PractitionerId,
        /// When the reasons expire: with the first of the entries that the decision is about.
        expires_at: Instant,
        /// The wrapped data key of `sealed`; `None` once the reasons are deleted.
        wrapped_key: Option<Sealed>,
        /// The reasons in words.
        sealed: Option<Sealed>,
        /// When it was withdrawn.
        withdrawn_at: Option<Instant>,
        /// The practitioner who withdrew it.
        withdrawn_by: Option<PractitionerId>,
        /// The version, counted from 1.
        version: i64,
        /// When the decision was made.
        created_at: Instant,
        /// When the row was last changed.
        updated_at: Instant,
    }
}

row! {
    /// An entry that a decision is about.
    DecidedEntryRow in link_decision_entries {
        /// The decision that the row belongs to.
        decision_id: LinkDecisionId,
        /// The entry, whose identifier corrections keep.
        entry_id: EntryId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The fragment of the entry; the row is deleted with it.
        fragment_id: FragmentId,
        /// 0 for the entries that the decision is about, 1 for those that they are linked with or
        /// kept apart from.
        side: i64,
    }
}

/// Inserts a decision with the entries that it is about.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn insert(
    tx: &mut Tx<'_>,
    row: &LinkDecisionRow,
    entries: &[DecidedEntryRow],
) -> Result<(), StoreError> {
    insert_one(tx, link_decisions::table, row)?;
    insert_many(tx, link_decision_entries::table, entries)
}

/// The decision `id`.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    id: LinkDecisionId,
) -> Result<Option<LinkDecisionRow>, StoreError> {
    let query = dsl::link_decisions
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::id.eq(Bind(id)));
    tx.run(|c| {
        query
            .select(LinkDecisionRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// At most `limit` decisions about a chronology after a cursor, oldest first, including withdrawn
/// ones.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    chronology: ChronologyId,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<LinkDecisionRow>, StoreError> {
    let query = dsl::link_decisions
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .into_boxed();
    let query = rows_after(query, after, dsl::created_at, dsl::id, LinkDecisionId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(LinkDecisionRow::as_select()).load(c))
}

/// Every decision about a chronology that is not withdrawn, in the order in which they were made.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_active(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    chronology: ChronologyId,
) -> Result<Vec<LinkDecisionRow>, StoreError> {
    let query = dsl::link_decisions
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::withdrawn_at.is_null())
        .order((dsl::created_at, dsl::id));
    tx.run(|c| query.select(LinkDecisionRow::as_select()).load(c))
}

/// The entries of decisions, by decision, in order of side and entry.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn entries(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    decisions: &[LinkDecisionId],
) -> Result<BTreeMap<LinkDecisionId, Vec<DecidedEntryRow>>, StoreError> {
    use link_decision_entries::dsl;
    let mut found: BTreeMap<LinkDecisionId, Vec<DecidedEntryRow>> = BTreeMap::new();
    if decisions.is_empty() {
        return Ok(found);
    }
    let query = dsl::link_decision_entries
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::decision_id.eq_any(decisions.iter().copied().map(Bind)))
        .order((dsl::decision_id, dsl::side, dsl::entry_id));
    let rows: Vec<DecidedEntryRow> =
        tx.run(|c| query.select(DecidedEntryRow::as_select()).load(c))?;
    for row in rows {
        found.entry(row.decision_id).or_default().push(row);
    }
    Ok(found)
}

/// Writes a changed decision over the version `expected`.
///
/// # Errors
/// [`StoreError::Stale`] when the row is at another version.
pub fn update(tx: &mut Tx<'_>, row: &LinkDecisionRow, expected: i64) -> Result<(), StoreError> {
    let target = dsl::link_decisions
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::version.eq(expected));
    require_one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// Removes a fragment's entries from decisions, and deletes the reasons of those decisions, which
/// may quote the fragment. Decisions with fewer than two entries left are deleted.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn remove_fragment(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    fragment: FragmentId,
) -> Result<(), StoreError> {
    use link_decision_entries::dsl as decided;
    let query = decided::link_decision_entries
        .filter(decided::partnership_id.eq(Bind(partnership)))
        .filter(decided::fragment_id.eq(Bind(fragment)))
        .select(decided::decision_id)
        .distinct();
    let decisions: Vec<LinkDecisionId> = tx.run(|c| query.load(c))?;
    for id in decisions {
        let removed = decided::link_decision_entries
            .filter(decided::partnership_id.eq(Bind(partnership)))
            .filter(decided::decision_id.eq(Bind(id)))
            .filter(decided::fragment_id.eq(Bind(fragment)));
        tx.run(|c| diesel::delete(removed).execute(c))?;
        let remaining = decided::link_decision_entries
            .filter(decided::partnership_id.eq(Bind(partnership)))
            .filter(decided::decision_id.eq(Bind(id)))
            .count();
        let remaining: i64 = tx.run(|c| remaining.get_result(c))?;
        let target = dsl::link_decisions
            .filter(dsl::partnership_id.eq(Bind(partnership)))
            .filter(dsl::id.eq(Bind(id)));
        if remaining < 2 {
            tx.run(|c| diesel::delete(target).execute(c))?;
        } else {
            let none: Option<Sealed> = None;
            let change = (dsl::wrapped_key.eq(none.clone()), dsl::sealed.eq(none));
            tx.run(|c| diesel::update(target).set(change).execute(c))?;
        }
    }
    Ok(())
}

/// Changes the expiry of a decision's reasons, together with their data key as wrapped again for
/// that expiry.
///
/// # Errors
/// [`StoreError::Stale`] when the decision does not exist.
pub fn set_lifetime(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: LinkDecisionId,
    expires_at: Instant,
    wrapped_key: &Sealed,
) -> Result<(), StoreError> {
    let target = dsl::link_decisions
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    let change = (
        dsl::expires_at.eq(Bind(expires_at)),
        dsl::wrapped_key.eq(Some(wrapped_key)),
    );
    require_one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// The number of decisions, over all partnerships.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
#[cfg(any(test, feature = "testing"))]
pub fn count(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.run(|c| dsl::link_decisions.count().get_result(c))
}
