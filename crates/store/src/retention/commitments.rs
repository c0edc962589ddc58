//! Commitments to keys, published while the keys exist, and the progress of each key's destruction.

use diesel::prelude::*;
use domain::{ChronologyId, DeletionCertificateId, Instant, PartnershipId};
use uuid::Uuid;

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::statements::{insert_new, require_one};
use crate::schema::deletion_covered;
use crate::schema::key_commitments::{self, dsl};
use crate::{StoreError, Token, Tx};

row! {
    /// A published commitment.
    CommitmentRow in key_commitments {
        /// The partnership whose objects the key seals.
        partnership_id: PartnershipId,
        /// The kind of key: epoch or scope.
        kind: String,
        /// The key's identifier within the kind.
        key_id: String,
        /// The commitment to the key.
        commitment: Token,
        /// When the key was created.
        made_at: Instant,
        /// When the commitment was published.
        published_at: Instant,
        /// From when on the key is to be destroyed; `None` while its scope is in use.
        due_at: Option<Instant>,
        /// The deletion certificate.
        certificate_id: Option<DeletionCertificateId>,
        /// When the destruction was certified, or found to cover no object.
        settled_at: Option<Instant>,
    }
}

/// Publishes a commitment; returns whether it was new.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn publish(tx: &mut Tx<'_>, row: &CommitmentRow) -> Result<bool, StoreError> {
    match insert_new!(tx, key_commitments::table, row, "commitment") {
        Ok(()) => Ok(true),
        Err(StoreError::NotUnique(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The commitment to a key; `None` when it was never published.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    kind: &str,
    key_id: &str,
) -> Result<Option<CommitmentRow>, StoreError> {
    let query = dsl::key_commitments
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::kind.eq(kind))
        .filter(dsl::key_id.eq(key_id))
        .select(CommitmentRow::as_select());
    tx.run(|c| query.get_result(c).optional())
}

/// Schedules a key for destruction now, and fixes the identifier of its certificate. An earlier
/// schedule is kept.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn schedule_destruction(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    (kind, key_id): (&str, &str),
    certificate: DeletionCertificateId,
    now: Instant,
) -> Result<(), StoreError> {
    let target = dsl::key_commitments
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::kind.eq(kind))
        .filter(dsl::key_id.eq(key_id))
        .filter(dsl::certificate_id.is_null());
    let change = (
        dsl::due_at.eq(Some(Bind(now))),
        dsl::certificate_id.eq(Some(Bind(certificate))),
    );
    tx.run(|c| diesel::update(target).set(change).execute(c))
        .map(|_| ())
}

/// At most `limit` keys of any partnership whose destruction is due and not settled, the oldest
/// first.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_unsettled(
    tx: &mut Tx<'_>,
    now: Instant,
    limit: impl Into<i64>,
) -> Result<Vec<CommitmentRow>, StoreError> {
    let query = dsl::key_commitments
        .filter(dsl::settled_at.is_null())
        .filter(dsl::due_at.le(Some(Bind(now))))
        .order((dsl::due_at, dsl::partnership_id, dsl::kind, dsl::key_id))
        .limit(limit.into())
        .select(CommitmentRow::as_select());
    tx.run(|c| query.load(c))
}

/// Marks a destruction as settled, with its certificate if it covered an object.
///
/// # Errors
/// [`StoreError::Stale`] when it was settled before or there is no such commitment.
pub fn mark_settled(
    tx: &mut Tx<'_>,
    row: &CommitmentRow,
    certificate: Option<DeletionCertificateId>,
    now: Instant,
) -> Result<(), StoreError> {
    let target = dsl::key_commitments
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::kind.eq(&row.kind))
        .filter(dsl::key_id.eq(&row.key_id))
        .filter(dsl::settled_at.is_null());
    let change = (
        dsl::settled_at.eq(Some(Bind(now))),
        dsl::certificate_id.eq(certificate.map(Bind)),
    );
    require_one(tx.run(|c| diesel::update(target).set(change).execute(c))?)
}

/// The certificates of the scopes that were destroyed with a chronology: its own, and those of
/// advance submissions attached to it, in order of their identifiers. Some may not be signed yet.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn certificates_for_chronology(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
) -> Result<Vec<DeletionCertificateId>, StoreError> {
    let own = chronology.0.to_string();
    let fragments = deletion_covered::table
        .filter(deletion_covered::partnership_id.eq(Bind(partnership)))
        .filter(deletion_covered::kind.eq("scope"))
        .filter(deletion_covered::key_id.eq(&own))
        .filter(deletion_covered::object_kind.eq("fragment"))
        .select(deletion_covered::object_id);
    let fragments: Vec<Uuid> = tx.run(|c| fragments.load(c))?;
    let mut certificates = Vec::new();
    for scope in std::iter::once(own).chain(fragments.iter().map(Uuid::to_string)) {
        certificates
            .extend(find(tx, partnership, "scope", &scope)?.and_then(|row| row.certificate_id));
    }
    certificates.sort_unstable();
    Ok(certificates)
}
