//! Fragments: the submissions of agencies. The row contains no sealed content, which is in its
//! versions and their entries.

mod content;
mod frozen;

pub use content::{
    FragmentContent, FragmentSize, entries, live_content, live_content_excluding, sizes, version,
    versions,
};
pub use frozen::{CurrentVersion, EntryExclusions, frozen_content_excluding};

use diesel::prelude::*;
use domain::{
    AgencyId, ChronologyId, EntryId, FamilyId, FragmentId, FragmentState, Instant, Marking,
    PartnershipId, PersonId, PractitionerId,
};

use crate::columns::{Bind, row};
use crate::connection::page::{rows_after, unindexed_eq};
use crate::connection::statements::{insert_many, insert_new, insert_one, require_one};
use crate::schema::fragments::dsl;
use crate::schema::{entries, fragment_versions, fragments};
use crate::{Keyset, Sealed, StoreError, Token, Tx};

row! {
    /// A submission of one agency.
    FragmentRow in fragments {
        /// The fragment identifier.
        id: FragmentId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The agency whose account it is.
        agency_id: AgencyId,
        /// The chronology; `None` for an advance submission that is not attached to one.
        chronology_id: Option<ChronologyId>,
        /// The family it is about.
        family_id: FamilyId,
        /// The child, when it was submitted for one child.
        child_id: Option<PersonId>,
        /// The agency that entered it on behalf of `agency_id`, if another one did.
        proxy_by_agency: Option<AgencyId>,
        /// Blind index of the agency's own reference.
        reference_index: Option<Token>,
        /// Whether it is submitted or withdrawn.
        state: FragmentState,
        /// The practitioner who submitted it.
        author_id: PractitionerId,
        /// When it expires: from then on none of it is served.
        expires_at: Instant,
        /// The latest expiry for which its data keys were wrapped under its own key; `None` when an
        /// earlier version wrapped them under the key of the chronology alone.
        wrapped_until: Option<Instant>,
        /// The current version, from 1.
        version: i64,
        /// When it was submitted.
        created_at: Instant,
        /// When the row was last changed.
        updated_at: Instant,
    }
}

row! {
    /// One version of a fragment.
    FragmentVersionRow in fragment_versions {
        /// The fragment that the row belongs to.
        fragment_id: FragmentId,
        /// The version, from 1.
        version: i64,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The expiry that is bound into the wrapped key.
        expires_at: Instant,
        /// The wrapped data key of the version.
        wrapped_key: Sealed,
        /// The sharing decision, the reason for the correction, the agency's reference.
        sealed: Sealed,
        /// The keyed hash of the content as submitted: submitting the same content again has no
        /// effect.
        content_index: Token,
        /// The number of entries.
        entry_count: i64,
        /// The practitioner who submitted it.
        author_id: PractitionerId,
        /// When it was submitted.
        created_at: Instant,
    }
}

row! {
    /// One significant event inside a version of a fragment.
    EntryRow in entries {
        /// The entry identifier, which corrections keep.
        id: EntryId,
        /// The fragment that the row belongs to.
        fragment_id: FragmentId,
        /// The version of the fragment.
        version: i64,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The position in the fragment as submitted, from 0.
        position: i64,
        /// The handling marking, which decides who may see the entry.
        marking: Marking,
        /// Blind index of the agency's own record reference.
        reference_index: Option<Token>,
        /// The content of the entry.
        sealed: Sealed,
    }
}

/// A version without its content, from which a tombstone is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionDigest {
    /// The version.
    pub version: i64,
    /// The keyed hash of its content.
    pub content_index: Token,
    /// The number of its entries.
    pub entry_count: i64,
}

/// Inserts a fragment. Its first version is added with [`insert_version`].
///
/// # Errors
/// [`StoreError::NotUnique`] when the agency has used the reference already on this chronology or,
/// for an advance submission, on another advance submission.
pub fn insert(tx: &mut Tx<'_>, row: &FragmentRow) -> Result<(), StoreError> {
    insert_new!(tx, fragments::table, row, "fragment reference")
}

/// Writes a changed fragment over the version `expected`.
///
/// # Errors
/// [`StoreError::Stale`] when the row is at another version; [`StoreError::NotUnique`] when its
/// reference is in use on the chronology to which it moves.
pub fn update(tx: &mut Tx<'_>, row: &FragmentRow, expected: i64) -> Result<(), StoreError> {
    if let Some(reference) = &row.reference_index {
        let holder = find_by_reference(
            tx,
            row.partnership_id,
            row.agency_id,
            row.chronology_id,
            reference,
        )?;
        if holder.is_some_and(|holder| holder.id != row.id) {
            return Err(StoreError::NotUnique("fragment reference"));
        }
    }
    let target = dsl::fragments
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::version.eq(expected));
    require_one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// Inserts a version with its entries.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn insert_version(
    tx: &mut Tx<'_>,
    row: &FragmentVersionRow,
    rows: &[EntryRow],
) -> Result<(), StoreError> {
    insert_one(tx, fragment_versions::table, row)?;
    insert_many(tx, entries::table, rows)
}

/// The fragment `id`, expired or not.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: FragmentId,
) -> Result<Option<FragmentRow>, StoreError> {
    let query = dsl::fragments
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    tx.run(|c| {
        query
            .select(FragmentRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// The fragment with an agency's reference, on a chronology or among advance submissions, expired
/// or not.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find_by_reference(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: AgencyId,
    chronology: Option<ChronologyId>,
    reference_index: &[u8],
) -> Result<Option<FragmentRow>, StoreError> {
    let query = dsl::fragments
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::agency_id.eq(Bind(agency)))
        .filter(dsl::reference_index.eq(reference_index))
        .into_boxed();
    let query = match chronology {
        Some(chronology) => query.filter(dsl::chronology_id.eq(Some(Bind(chronology)))),
        None => query.filter(dsl::chronology_id.is_null()),
    };
    tx.run(|c| {
        query
            .select(FragmentRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// The live fragments of a chronology, withdrawn ones included, in the order in which they were
/// submitted.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Vec<FragmentRow>, StoreError> {
    let query = dsl::fragments
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::chronology_id.eq(Some(Bind(chronology))))
        .filter(dsl::expires_at.gt(Bind(now)))
        .order((dsl::created_at, dsl::id));
    tx.run(|c| query.select(FragmentRow::as_select()).load(c))
}

/// At most `limit` live fragments of an agency after a cursor, of one author or of all, oldest
/// first.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page_for_agency(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: AgencyId,
    author: Option<PractitionerId>,
    now: Instant,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<FragmentRow>, StoreError> {
    let live = dsl::fragments.filter(dsl::expires_at.gt(Bind(now)));
    // The index on the author or on the agency gives the rows in order of time.
    let query = match author {
        Some(author) => live
            .filter(dsl::author_id.eq(Bind(author)))
            .filter(unindexed_eq(dsl::partnership_id, partnership))
            .filter(unindexed_eq(dsl::agency_id, agency))
            .into_boxed(),
        None => live
            .filter(dsl::partnership_id.eq(Bind(partnership)))
            .filter(dsl::agency_id.eq(Bind(agency)))
            .into_boxed(),
    };
    let query = rows_after(query, after, dsl::created_at, dsl::id, FragmentId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(FragmentRow::as_select()).load(c))
}

/// The live advance submissions about a family, in the order in which they were submitted.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_advance_for_family(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    family: FamilyId,
    now: Instant,
) -> Result<Vec<FragmentRow>, StoreError> {
    let query = dsl::fragments
        .filter(unindexed_eq(dsl::partnership_id, partnership))
        .filter(dsl::family_id.eq(Bind(family)))
        .filter(dsl::chronology_id.is_null())
        .filter(dsl::state.eq(Bind(FragmentState::Submitted)))
        .filter(dsl::expires_at.gt(Bind(now)))
        .order((dsl::created_at, dsl::id));
    tx.run(|c| query.select(FragmentRow::as_select()).load(c))
}

/// Changes the expiry of a version, together with its data key as wrapped again for that expiry.
///
/// # Errors
/// [`StoreError::Stale`] when the version does not exist.
pub fn set_version_lifetime(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    fragment: FragmentId,
    version: i64,
    expires_at: Instant,
    wrapped_key: &Sealed,
) -> Result<(), StoreError> {
    use fragment_versions::dsl as v;
    let target = v::fragment_versions
        .filter(v::partnership_id.eq(Bind(partnership)))
        .filter(v::fragment_id.eq(Bind(fragment)))
        .filter(v::version.eq(version));
    let change = (
        v::expires_at.eq(Bind(expires_at)),
        v::wrapped_key.eq(wrapped_key),
    );
    require_one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// The versions of a fragment without their content, expired or not, oldest first.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn digests(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    fragment: FragmentId,
) -> Result<Vec<VersionDigest>, StoreError> {
    use fragment_versions::dsl as v;
    let query = v::fragment_versions
        .filter(v::partnership_id.eq(Bind(partnership)))
        .filter(v::fragment_id.eq(Bind(fragment)))
        .order(v::version)
        .select((v::version, v::content_index, v::entry_count));
    let found: Vec<(i64, Token, i64)> = tx.run(|c| query.load(c))?;
    Ok(found
        .into_iter()
        .map(|(version, content_index, entry_count)| VersionDigest {
            version,
            content_index,
            entry_count,
        })
        .collect())
}

/// The live advance submissions of an agency, in the order in which they were submitted.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_advance_for_agency(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: AgencyId,
    now: Instant,
) -> Result<Vec<FragmentRow>, StoreError> {
    let query = dsl::fragments
        .filter(unindexed_eq(dsl::partnership_id, partnership))
        .filter(dsl::agency_id.eq(Bind(agency)))
        .filter(dsl::chronology_id.is_null())
        .filter(dsl::state.eq(Bind(FragmentState::Submitted)))
        .filter(dsl::expires_at.gt(Bind(now)))
        .order((dsl::created_at, dsl::id));
    tx.run(|c| query.select(FragmentRow::as_select()).load(c))
}

/// Replaces the sealed content of one entry of one version, when the fragment is attached to a
/// chronology: the entry then names the people as recorded in the chronology's family.
///
/// # Errors
/// [`StoreError::Stale`] when the entry does not exist.
pub fn reseal_entry(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    fragment: FragmentId,
    version: i64,
    id: EntryId,
    sealed: &Sealed,
) -> Result<(), StoreError> {
    use entries::dsl as of;
    let target = of::entries
        .filter(of::partnership_id.eq(Bind(partnership)))
        .filter(of::fragment_id.eq(Bind(fragment)))
        .filter(of::version.eq(version))
        .filter(of::id.eq(Bind(id)));
    require_one(tx.run(|c| diesel::update(target).set(of::sealed.eq(sealed)).execute(c))?)
}
