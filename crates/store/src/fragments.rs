//! Fragments: what one agency submits. The row holds nothing sealed; words are in its versions and their entries.

mod content;
mod frozen;

pub use content::{
    FragmentContent, FragmentSize, entries, live_content, live_content_without, sizes, version, versions,
};
pub use frozen::{KeptApart, StandingVersion, frozen_content_without};

use diesel::prelude::*;
use domain::{
    AgencyId, ChronologyId, EntryId, FamilyId, FragmentId, Instant, Marking, PartnershipId, PersonId, PractitionerId,
};

use crate::page::{after, within};
use crate::rows::row;
use crate::schema::fragments::{self, dsl};
use crate::schema::{entries, fragment_versions};
use crate::statements::{insert_many, insert_new, insert_one, one};
use crate::types::Bind;
use crate::{FragmentState, Keyset, Sealed, StoreError, Token, Tx};

row! {
    /// What one agency submitted.
    FragmentRow in fragments {
        /// The fragment.
        id: FragmentId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The agency whose account it is.
        agency_id: AgencyId,
        /// The chronology; none while it was sent ahead of one.
        chronology_id: Option<ChronologyId>,
        /// The family it is about.
        family_id: FamilyId,
        /// The child, when it was submitted for one child.
        child_id: Option<PersonId>,
        /// The agency that entered it on the other's behalf.
        proxy_by_agency: Option<AgencyId>,
        /// Blind index of the agency's own reference.
        reference_index: Option<Token>,
        /// Whether it counts.
        state: FragmentState,
        /// Who submitted it.
        author_id: PractitionerId,
        /// From when on nothing of it is served.
        expires_at: Instant,
        /// The latest end that its data keys were ever wrapped for under its own key; none for one that a former version
        /// wrapped under its chronology's key alone.
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
        /// The fragment.
        fragment_id: FragmentId,
        /// Which version, from 1.
        version: i64,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The expiry bound into the wrapped key.
        expires_at: Instant,
        /// The version's data key.
        wrapped_key: Sealed,
        /// Sharing decision, reason for the correction, the agency's reference.
        sealed: Sealed,
        /// Keyed hash of the content as submitted: the same content again is a no-op.
        content_index: Token,
        /// How many entries it has.
        entry_count: i64,
        /// Who submitted it.
        author_id: PractitionerId,
        /// When.
        created_at: Instant,
    }
}

row! {
    /// One significant event inside a version of a fragment.
    EntryRow in entries {
        /// The entry; the same through corrections of it.
        id: EntryId,
        /// The fragment.
        fragment_id: FragmentId,
        /// Which version of it.
        version: i64,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// Its place in the fragment as submitted, from 0.
        position: i64,
        /// Who may see it.
        marking: Marking,
        /// Blind index of the agency's own record reference.
        reference_index: Option<Token>,
        /// Everything it tells.
        sealed: Sealed,
    }
}

/// A version without its words: what a tombstone is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionDigest {
    /// Which version.
    pub version: i64,
    /// Keyed hash of its content.
    pub content_index: Token,
    /// How many entries it had.
    pub entry_count: i64,
}

/// Submits a fragment. Its first version is added with [`insert_version`].
///
/// # Errors
/// [`StoreError::NotUnique`] when the agency has used its reference already, on this chronology or, ahead of one, at
/// all.
pub fn insert(tx: &mut Tx<'_>, row: &FragmentRow) -> Result<(), StoreError> {
    insert_new!(tx, fragments::table, row, "fragment reference")
}

/// Writes a changed fragment over the version `expected`.
///
/// # Errors
/// [`StoreError::Stale`] when the row is at another version. [`StoreError::NotUnique`] when its reference is taken on
/// the chronology to which it moves.
pub fn update(tx: &mut Tx<'_>, row: &FragmentRow, expected: i64) -> Result<(), StoreError> {
    if let Some(reference) = &row.reference_index {
        let holder = find_by_reference(tx, row.partnership_id, row.agency_id, row.chronology_id, reference)?;
        if holder.is_some_and(|holder| holder.id != row.id) {
            return Err(StoreError::NotUnique("fragment reference"));
        }
    }
    let target = dsl::fragments
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::version.eq(expected));
    one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// Adds a version with its entries, all or none.
///
/// # Errors
/// When the database fails.
pub fn insert_version(tx: &mut Tx<'_>, row: &FragmentVersionRow, rows: &[EntryRow]) -> Result<(), StoreError> {
    insert_one!(tx, fragment_versions::table, row)?;
    insert_many!(tx, entries::table, rows)
}

/// The fragment `id`, expired or not.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, partnership: PartnershipId, id: FragmentId) -> Result<Option<FragmentRow>, StoreError> {
    let query = dsl::fragments.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    tx.run(|c| query.select(FragmentRow::as_select()).get_result(c).optional())
}

/// The fragment that an agency knows by a reference, on a chronology or ahead of one, expired or not.
///
/// # Errors
/// When the database fails.
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
    tx.run(|c| query.select(FragmentRow::as_select()).get_result(c).optional())
}

/// The live fragments of a chronology, withdrawn ones included, in the order in which they were submitted.
///
/// # Errors
/// When the database fails.
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

/// At most `limit` live fragments of an agency after a place, of one author or of all, oldest first.
///
/// # Errors
/// When the database fails.
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
    // What one author has sent is found by the author, an agency's by the agency; both in the order of time.
    let query = match author {
        Some(author) => live
            .filter(dsl::author_id.eq(Bind(author)))
            .filter(within!(dsl::partnership_id, partnership))
            .filter(within!(dsl::agency_id, agency))
            .into_boxed(),
        None => {
            live.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::agency_id.eq(Bind(agency))).into_boxed()
        }
    };
    let query = after!(query, after, dsl::created_at, dsl::id, FragmentId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(FragmentRow::as_select()).load(c))
}

/// The live fragments about a family that were sent ahead of a chronology, in the order in which they were sent.
///
/// # Errors
/// When the database fails.
pub fn ahead_of(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    family: FamilyId,
    now: Instant,
) -> Result<Vec<FragmentRow>, StoreError> {
    let query = dsl::fragments
        .filter(within!(dsl::partnership_id, partnership))
        .filter(dsl::family_id.eq(Bind(family)))
        .filter(dsl::chronology_id.is_null())
        .filter(dsl::state.eq(Bind(FragmentState::Submitted)))
        .filter(dsl::expires_at.gt(Bind(now)))
        .order((dsl::created_at, dsl::id));
    tx.run(|c| query.select(FragmentRow::as_select()).load(c))
}

/// Moves the expiry bound into a version's key, which has been wrapped again for it.
///
/// # Errors
/// [`StoreError::Stale`] when the version is not there.
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
    let change = (v::expires_at.eq(Bind(expires_at)), v::wrapped_key.eq(wrapped_key));
    one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// The versions of a fragment without their words, expired or not, oldest first.
///
/// # Errors
/// When the database fails.
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
        .map(|(version, content_index, entry_count)| VersionDigest { version, content_index, entry_count })
        .collect())
}

/// Live fragments that an agency sent ahead of a chronology, in the order in which they were submitted.
///
/// # Errors
/// When the database fails.
pub fn ahead_of_agency(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: AgencyId,
    now: Instant,
) -> Result<Vec<FragmentRow>, StoreError> {
    let query = dsl::fragments
        .filter(within!(dsl::partnership_id, partnership))
        .filter(dsl::agency_id.eq(Bind(agency)))
        .filter(dsl::chronology_id.is_null())
        .filter(dsl::state.eq(Bind(FragmentState::Submitted)))
        .filter(dsl::expires_at.gt(Bind(now)))
        .order((dsl::created_at, dsl::id));
    tx.run(|c| query.select(FragmentRow::as_select()).load(c))
}

/// Replaces what is sealed of one entry of one version, for a fragment that is taken into a chronology: the people it
/// names are from then on named as the chronology's family names them.
///
/// # Errors
/// [`StoreError::Stale`] when the entry is not there.
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
    one(tx.run(|c| diesel::update(target).set(of::sealed.eq(sealed)).execute(c))?)
}
