//! Views of the timeline frozen for a meeting; the one signed off is the snapshot. A view names the versions of the
//! fragments it was frozen with; [`crate::fragments::frozen_content_without`] reads them while they live.

use std::collections::BTreeMap;

use diesel::prelude::*;
use domain::{ChronologyId, ConsolidationId, FragmentId, Instant, PartnershipId, Permit, PractitionerId};

use crate::connection::MultiBackend;
use crate::page::{after, within};
use crate::rows::row;
use crate::schema::consolidations::{self, dsl};
use crate::schema::{consolidation_fragments, consolidation_links};
use crate::statements::{insert_many, insert_one, one};
use crate::types::Bind;
use crate::{Keyset, Sealed, StoreError, Tx};

row! {
    /// A view of the timeline frozen for a meeting.
    ConsolidationRow in consolidations {
        /// The frozen view.
        id: ConsolidationId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The chronology.
        chronology_id: ChronologyId,
        /// Who froze it.
        author_id: PractitionerId,
        /// From when on it is not served.
        expires_at: Instant,
        /// Data key of `sealed`.
        wrapped_key: Sealed,
        /// The layout, which holds nothing that a fragment tells.
        sealed: Sealed,
        /// When it was signed off.
        signed_off_at: Option<Instant>,
        /// By whom.
        signed_off_by: Option<PractitionerId>,
        /// When it was frozen.
        created_at: Instant,
    }
}

row! {
    /// The version of a fragment that a view was frozen with.
    ConsolidationFragmentRow in consolidation_fragments {
        /// The frozen view.
        consolidation_id: ConsolidationId,
        /// The fragment.
        fragment_id: FragmentId,
        /// The version that stood when the view was frozen.
        version: i64,
        /// Their partnership.
        partnership_id: PartnershipId,
    }
}

row! {
    /// What linkage found among the entries of a frozen view.
    ConsolidationLinksRow in consolidation_links {
        /// The frozen view.
        consolidation_id: ConsolidationId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The earliest end of the view's fragments, as it was sealed.
        expires_at: Instant,
        /// Data key of `sealed`.
        wrapped_key: Sealed,
        /// Entries told together, with the evidence.
        sealed: Sealed,
    }
}

/// Keeps a frozen view with the versions it was frozen with and what linkage found among them.
///
/// # Errors
/// When the database fails.
pub fn insert(
    tx: &mut Tx<'_>,
    row: &ConsolidationRow,
    fragments: &[ConsolidationFragmentRow],
    links: Option<&ConsolidationLinksRow>,
) -> Result<(), StoreError> {
    insert_one!(tx, consolidations::table, row)?;
    if let Some(links) = links {
        insert_one!(tx, consolidation_links::table, links)?;
    }
    insert_many!(tx, consolidation_fragments::table, fragments)
}

/// The frozen view `id`, while it lives.
///
/// # Errors
/// When the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    permit: &Permit,
    id: ConsolidationId,
    now: Instant,
) -> Result<Option<ConsolidationRow>, StoreError> {
    let query = live(permit, now).filter(dsl::id.eq(Bind(id)));
    tx.run(|c| query.select(ConsolidationRow::as_select()).first(c).optional())
}

/// At most `limit` live frozen views of a chronology after a place, oldest first.
///
/// # Errors
/// When the database fails.
pub fn page(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
    now: Instant,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<ConsolidationRow>, StoreError> {
    let query = live(permit, now).filter(dsl::chronology_id.eq(Bind(chronology)));
    let query = after!(query, after, dsl::created_at, dsl::id, ConsolidationId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(ConsolidationRow::as_select()).load(c))
}

/// Every live frozen view of a chronology, oldest first.
///
/// # Errors
/// When the database fails.
pub fn all(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Vec<ConsolidationRow>, StoreError> {
    page(tx, permit, chronology, now, None, i64::MAX)
}

/// The live view of a chronology that was frozen last.
///
/// # Errors
/// When the database fails.
pub fn latest(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Option<ConsolidationRow>, StoreError> {
    let query = live(permit, now)
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .order((dsl::created_at.desc(), dsl::id.desc()));
    tx.run(|c| query.select(ConsolidationRow::as_select()).first(c).optional())
}

/// The live view of a chronology that was signed off last: the snapshot.
///
/// # Errors
/// When the database fails.
pub fn signed_off(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Option<ConsolidationRow>, StoreError> {
    let query = live(permit, now)
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::signed_off_at.is_not_null())
        .order((dsl::signed_off_at.desc(), dsl::id.desc()));
    tx.run(|c| query.select(ConsolidationRow::as_select()).first(c).optional())
}

/// Signs a frozen view off, once.
///
/// # Errors
/// [`StoreError::Stale`] when it is signed off already or not there.
pub fn sign_off(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ConsolidationId,
    by: PractitionerId,
    at: Instant,
) -> Result<(), StoreError> {
    let target = dsl::consolidations
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)))
        .filter(dsl::signed_off_at.is_null());
    let change = (dsl::signed_off_at.eq(Some(Bind(at))), dsl::signed_off_by.eq(Some(Bind(by))));
    one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// Takes back that any view of a chronology was signed off.
///
/// # Errors
/// When the database fails.
pub fn take_back_sign_off(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
) -> Result<(), StoreError> {
    let target = dsl::consolidations
        .filter(within!(dsl::partnership_id, partnership))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::signed_off_at.is_not_null());
    let nothing: (Option<Bind<Instant>>, Option<Bind<PractitionerId>>) = (None, None);
    let change = (dsl::signed_off_at.eq(nothing.0), dsl::signed_off_by.eq(nothing.1));
    tx.run(|c| diesel::update(target).set(change).execute(c)).map(drop)
}

/// How many live views a chronology has.
///
/// # Errors
/// When the database fails.
pub fn count(tx: &mut Tx<'_>, permit: &Permit, chronology: ChronologyId, now: Instant) -> Result<i64, StoreError> {
    let query = live(permit, now).filter(dsl::chronology_id.eq(Bind(chronology)));
    tx.run(|c| query.count().get_result(c))
}

/// Moves the expiry of a frozen view; its data key has been wrapped again for it.
///
/// # Errors
/// [`StoreError::Stale`] when it is not there.
pub fn set_lifetime(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ConsolidationId,
    expires_at: Instant,
    wrapped_key: &Sealed,
) -> Result<(), StoreError> {
    let target = dsl::consolidations.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    let change = (dsl::expires_at.eq(Bind(expires_at)), dsl::wrapped_key.eq(wrapped_key));
    one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// What lives of the partnership.
fn live(permit: &Permit, now: Instant) -> consolidations::BoxedQuery<'static, MultiBackend> {
    dsl::consolidations
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::expires_at.gt(Bind(now)))
        .into_boxed()
}

/// What linkage found among the entries of a frozen view, while it lives.
///
/// # Errors
/// When the database fails.
pub fn links(
    tx: &mut Tx<'_>,
    permit: &Permit,
    id: ConsolidationId,
    now: Instant,
) -> Result<Option<ConsolidationLinksRow>, StoreError> {
    use consolidation_links::dsl;
    let query = dsl::consolidation_links
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::consolidation_id.eq(Bind(id)))
        .filter(dsl::expires_at.gt(Bind(now)));
    tx.run(|c| query.select(ConsolidationLinksRow::as_select()).get_result(c).optional())
}

/// Moves the expiry of what linkage found among the entries of a frozen view; its data key has been wrapped again for it.
///
/// # Errors
/// [`StoreError::Stale`] when it is not there.
pub fn set_links_lifetime(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ConsolidationId,
    expires_at: Instant,
    wrapped_key: &Sealed,
) -> Result<(), StoreError> {
    use consolidation_links::dsl;
    let target = dsl::consolidation_links
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::consolidation_id.eq(Bind(id)));
    let change = (dsl::expires_at.eq(Bind(expires_at)), dsl::wrapped_key.eq(wrapped_key));
    one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// The fragments of each frozen view of a chronology, as far as they are there.
///
/// # Errors
/// When the database fails.
pub fn fragments(
    tx: &mut Tx<'_>,
    permit: &Permit,
    chronology: ChronologyId,
) -> Result<BTreeMap<ConsolidationId, Vec<FragmentId>>, StoreError> {
    use consolidation_fragments::dsl as of;
    let query = dsl::consolidations
        .inner_join(of::consolidation_fragments.on(of::consolidation_id.eq(dsl::id)))
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .select((of::consolidation_id, of::fragment_id));
    let rows: Vec<(ConsolidationId, FragmentId)> = tx.run(|c| query.load(c))?;
    let mut found: BTreeMap<ConsolidationId, Vec<FragmentId>> = BTreeMap::new();
    for (consolidation, fragment) in rows {
        found.entry(consolidation).or_default().push(fragment);
    }
    Ok(found)
}

/// Takes a fragment out of every frozen view, with what linkage found among the entries of those views: it tells of the
/// fragment too.
///
/// # Errors
/// When the database fails.
pub fn forget_fragment(tx: &mut Tx<'_>, partnership: PartnershipId, fragment: FragmentId) -> Result<(), StoreError> {
    use consolidation_fragments::dsl as of;
    let frozen = of::consolidation_fragments
        .filter(of::fragment_id.eq(Bind(fragment)))
        .filter(of::partnership_id.eq(Bind(partnership)));
    let views: Vec<ConsolidationId> = tx.run(|c| frozen.select(of::consolidation_id).load(c))?;
    for view in views {
        let links = consolidation_links::table
            .filter(consolidation_links::partnership_id.eq(Bind(partnership)))
            .filter(consolidation_links::consolidation_id.eq(Bind(view)));
        tx.run(|c| diesel::delete(links).execute(c))?;
    }
    tx.run(|c| diesel::delete(frozen).execute(c)).map(|_| ())
}
