//! People's decisions that entries tell one event, or do not. They are withdrawn, never changed.

use std::collections::BTreeMap;

use diesel::prelude::*;
use domain::{
    ChronologyId, EntryId, FragmentId, Instant, LinkDecisionId, LinkVerdict, PartnershipId, Permit, PractitionerId,
};

use crate::page::after;
use crate::rows::row;
use crate::schema::link_decision_entries;
use crate::schema::link_decisions::{self, dsl};
use crate::statements::{insert_many, insert_one, one};
use crate::types::Bind;
use crate::{Keyset, Sealed, StoreError, Tx};

row! {
    /// A person's decision about entries of one chronology.
    LinkDecisionRow in link_decisions {
        /// The decision.
        id: LinkDecisionId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The chronology.
        chronology_id: ChronologyId,
        /// What was decided.
        verdict: LinkVerdict,
        /// Who decided.
        author_id: PractitionerId,
        /// Until when the reason is kept: the earliest end of what it is about.
        expires_at: Instant,
        /// Data key of `sealed`; none once the reason is gone.
        wrapped_key: Option<Sealed>,
        /// Reasons.
        sealed: Option<Sealed>,
        /// When it was withdrawn.
        withdrawn_at: Option<Instant>,
        /// By whom.
        withdrawn_by: Option<PractitionerId>,
        /// Counts changes, from 1.
        version: i64,
        /// When it was made.
        created_at: Instant,
        /// When it was changed last.
        updated_at: Instant,
    }
}

row! {
    /// An entry that a decision is about.
    DecidedEntryRow in link_decision_entries {
        /// The decision.
        decision_id: LinkDecisionId,
        /// The entry; it keeps its id through corrections.
        entry_id: EntryId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The fragment it stands in, with which it goes.
        fragment_id: FragmentId,
        /// 0 for the entries decided about, 1 for those they are or are not linked with.
        side: i64,
    }
}

/// Keeps a decision with the entries it is about.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Tx<'_>, row: &LinkDecisionRow, entries: &[DecidedEntryRow]) -> Result<(), StoreError> {
    insert_one!(tx, link_decisions::table, row)?;
    insert_many!(tx, link_decision_entries::table, entries)
}

/// The decision `id`.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, permit: &Permit, id: LinkDecisionId) -> Result<Option<LinkDecisionRow>, StoreError> {
    let query =
        dsl::link_decisions.filter(dsl::partnership_id.eq(Bind(permit.partnership()))).filter(dsl::id.eq(Bind(id)));
    tx.run(|c| query.select(LinkDecisionRow::as_select()).get_result(c).optional())
}

/// At most `limit` decisions about a chronology after a place, oldest first, withdrawn ones too.
///
/// # Errors
/// When the database fails.
pub fn page(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<LinkDecisionRow>, StoreError> {
    let query = dsl::link_decisions
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .into_boxed();
    let query = after!(query, after, dsl::created_at, dsl::id, LinkDecisionId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(LinkDecisionRow::as_select()).load(c))
}

/// Every decision about a chronology that stands, in the order in which they were made.
///
/// # Errors
/// When the database fails.
pub fn standing(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
) -> Result<Vec<LinkDecisionRow>, StoreError> {
    let query = dsl::link_decisions
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::withdrawn_at.is_null())
        .order((dsl::created_at, dsl::id));
    tx.run(|c| query.select(LinkDecisionRow::as_select()).load(c))
}

/// The entries that decisions are about, by decision, in order of side and entry.
///
/// # Errors
/// When the database fails.
pub fn entries(
    tx: &mut Tx<'_>,
    permit: &Permit,
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
    let rows: Vec<DecidedEntryRow> = tx.run(|c| query.select(DecidedEntryRow::as_select()).load(c))?;
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
    one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// Takes the reasons away of every decision that is about a fragment: they may repeat its words, which go with it.
/// Decisions about nothing else go wholly.
///
/// # Errors
/// When the database fails.
pub fn forget_fragment(tx: &mut Tx<'_>, partnership: PartnershipId, fragment: FragmentId) -> Result<(), StoreError> {
    use link_decision_entries::dsl as about;
    let query = about::link_decision_entries
        .filter(about::partnership_id.eq(Bind(partnership)))
        .filter(about::fragment_id.eq(Bind(fragment)))
        .select(about::decision_id)
        .distinct();
    let decisions: Vec<LinkDecisionId> = tx.run(|c| query.load(c))?;
    for id in decisions {
        let gone = about::link_decision_entries
            .filter(about::partnership_id.eq(Bind(partnership)))
            .filter(about::decision_id.eq(Bind(id)))
            .filter(about::fragment_id.eq(Bind(fragment)));
        tx.run(|c| diesel::delete(gone).execute(c))?;
        let left = about::link_decision_entries
            .filter(about::partnership_id.eq(Bind(partnership)))
            .filter(about::decision_id.eq(Bind(id)))
            .count();
        let left: i64 = tx.run(|c| left.get_result(c))?;
        let target = dsl::link_decisions.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
        if left < 2 {
            tx.run(|c| diesel::delete(target).execute(c))?;
        } else {
            let nothing: Option<Sealed> = None;
            let change = (dsl::wrapped_key.eq(nothing.clone()), dsl::sealed.eq(nothing));
            tx.run(|c| diesel::update(target).set(change).execute(c))?;
        }
    }
    Ok(())
}

/// Moves the expiry of a decision's reasons; their data key has been wrapped again for it.
///
/// # Errors
/// [`StoreError::Stale`] when it is not there.
pub fn set_lifetime(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: LinkDecisionId,
    expires_at: Instant,
    wrapped_key: &Sealed,
) -> Result<(), StoreError> {
    let target = dsl::link_decisions.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    let change = (dsl::expires_at.eq(Bind(expires_at)), dsl::wrapped_key.eq(Some(wrapped_key)));
    one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// How many there are, of any partnership.
///
/// # Errors
/// When the database fails.
#[cfg(any(test, feature = "testing"))]
pub fn count(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.run(|c| dsl::link_decisions.count().get_result(c))
}
