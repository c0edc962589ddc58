//! Views of the timeline frozen for a meeting; the one signed off is the snapshot. A frozen view
//! names the versions of its fragments; [`crate::fragments::frozen_content_excluding`] reads them
//! until they expire.

use std::collections::BTreeMap;

use diesel::prelude::*;
use domain::{
    AccessPermit, ChronologyId, ConsolidationId, FragmentId, Instant, PartnershipId, PractitionerId,
};

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::MultiBackend;
use crate::connection::page::{rows_after, unindexed_eq};
use crate::connection::statements::{insert_many, insert_one, require_one};
use crate::schema::consolidations::{self, dsl};
use crate::schema::{consolidation_fragments, consolidation_links};
use crate::{Keyset, Sealed, StoreError, Tx};

row! {
    /// A view of the timeline frozen for a meeting.
    ConsolidationRow in consolidations {
        /// The frozen view.
        id: ConsolidationId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The chronology that the row belongs to.
        chronology_id: ChronologyId,
        /// The practitioner who froze it.
        author_id: PractitionerId,
        /// When it expires: from then on it is not served.
        expires_at: Instant,
        /// The wrapped data key of `sealed`.
        wrapped_key: Sealed,
        /// The layout, which contains no content of a fragment.
        sealed: Sealed,
        /// When it was signed off.
        signed_off_at: Option<Instant>,
        /// The practitioner who signed it off.
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
        /// The fragment that the row belongs to.
        fragment_id: FragmentId,
        /// The version that was current when the view was frozen.
        version: i64,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
    }
}

row! {
    /// The links that linkage found among the entries of a frozen view.
    ConsolidationLinksRow in consolidation_links {
        /// The frozen view.
        consolidation_id: ConsolidationId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The earliest expiry among the view's fragments when the links were sealed.
        expires_at: Instant,
        /// The wrapped data key of `sealed`.
        wrapped_key: Sealed,
        /// Linked entries, with the evidence.
        sealed: Sealed,
    }
}

/// Stores a frozen view with the versions of its fragments and the links among their entries.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn insert(
    tx: &mut Tx<'_>,
    row: &ConsolidationRow,
    fragments: &[ConsolidationFragmentRow],
    links: Option<&ConsolidationLinksRow>,
) -> Result<(), StoreError> {
    insert_one(tx, consolidations::table, row)?;
    if let Some(links) = links {
        insert_one(tx, consolidation_links::table, links)?;
    }
    insert_many(tx, consolidation_fragments::table, fragments)
}

/// The frozen view `id`, unless it has expired.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    id: ConsolidationId,
    now: Instant,
) -> Result<Option<ConsolidationRow>, StoreError> {
    let query = live(permit, now).filter(dsl::id.eq(Bind(id)));
    tx.run(|c| {
        query
            .select(ConsolidationRow::as_select())
            .first(c)
            .optional()
    })
}

/// At most `limit` live frozen views of a chronology after a cursor, oldest first.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    chronology: ChronologyId,
    now: Instant,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<ConsolidationRow>, StoreError> {
    let query = live(permit, now).filter(dsl::chronology_id.eq(Bind(chronology)));
    let query = rows_after(query, after, dsl::created_at, dsl::id, ConsolidationId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(ConsolidationRow::as_select()).load(c))
}

/// Every live frozen view of a chronology, oldest first.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_all(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Vec<ConsolidationRow>, StoreError> {
    page(tx, permit, chronology, now, None, i64::MAX)
}

/// The live view of a chronology that was frozen most recently.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn latest(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Option<ConsolidationRow>, StoreError> {
    let query = live(permit, now)
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .order((dsl::created_at.desc(), dsl::id.desc()));
    tx.run(|c| {
        query
            .select(ConsolidationRow::as_select())
            .first(c)
            .optional()
    })
}

/// The live view of a chronology that was signed off most recently: the snapshot.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn signed_off(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Option<ConsolidationRow>, StoreError> {
    let query = live(permit, now)
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::signed_off_at.is_not_null())
        .order((dsl::signed_off_at.desc(), dsl::id.desc()));
    tx.run(|c| {
        query
            .select(ConsolidationRow::as_select())
            .first(c)
            .optional()
    })
}

/// Signs a frozen view off, once.
///
/// # Errors
/// [`StoreError::Stale`] when it is signed off already or does not exist.
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
    let change = (
        dsl::signed_off_at.eq(Some(Bind(at))),
        dsl::signed_off_by.eq(Some(Bind(by))),
    );
    require_one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// Revokes the sign-off of every view of a chronology.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn revoke_sign_off(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
) -> Result<(), StoreError> {
    let target = dsl::consolidations
        .filter(unindexed_eq(dsl::partnership_id, partnership))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::signed_off_at.is_not_null());
    let change = (
        dsl::signed_off_at.eq(None::<Bind<Instant>>),
        dsl::signed_off_by.eq(None::<Bind<PractitionerId>>),
    );
    tx.run(|c| diesel::update(target).set(change).execute(c))
        .map(drop)
}

/// The number of live views of a chronology.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn count(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    chronology: ChronologyId,
    now: Instant,
) -> Result<i64, StoreError> {
    let query = live(permit, now).filter(dsl::chronology_id.eq(Bind(chronology)));
    tx.run(|c| query.count().get_result(c))
}

/// Changes the expiry of a frozen view, together with its data key as wrapped again for that
/// expiry.
///
/// # Errors
/// [`StoreError::Stale`] when the row does not exist.
pub fn set_lifetime(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: ConsolidationId,
    expires_at: Instant,
    wrapped_key: &Sealed,
) -> Result<(), StoreError> {
    let target = dsl::consolidations
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    let change = (
        dsl::expires_at.eq(Bind(expires_at)),
        dsl::wrapped_key.eq(wrapped_key),
    );
    require_one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// Live frozen views of the partnership.
fn live(permit: &AccessPermit, now: Instant) -> consolidations::BoxedQuery<'static, MultiBackend> {
    dsl::consolidations
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::expires_at.gt(Bind(now)))
        .into_boxed()
}

/// The links among the entries of a frozen view, unless they have expired.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn links(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    id: ConsolidationId,
    now: Instant,
) -> Result<Option<ConsolidationLinksRow>, StoreError> {
    use consolidation_links::dsl;
    let query = dsl::consolidation_links
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .filter(dsl::consolidation_id.eq(Bind(id)))
        .filter(dsl::expires_at.gt(Bind(now)));
    tx.run(|c| {
        query
            .select(ConsolidationLinksRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// Changes the expiry of the links of a frozen view, together with their data key as wrapped again
/// for that expiry.
///
/// # Errors
/// [`StoreError::Stale`] when the row does not exist.
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
    let change = (
        dsl::expires_at.eq(Bind(expires_at)),
        dsl::wrapped_key.eq(wrapped_key),
    );
    require_one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// The fragments of each frozen view of a chronology that have not been deleted.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn fragments(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
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

/// Removes a fragment from every frozen view, and deletes the links of those views, because their
/// evidence may quote the fragment.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn remove_fragment(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    fragment: FragmentId,
) -> Result<(), StoreError> {
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
