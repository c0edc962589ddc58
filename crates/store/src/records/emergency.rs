//! Emergency ("break-glass") accesses: who opened one, to which chronologies, until when, and the
//! finding of its review. The record outlives the chronologies, of which it holds only the
//! identifiers; its text expires at a time of its own.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use domain::{
    AgencyId, ChronologyId, EmergencyAccessId, EmergencyReason, FamilyId, Instant, PartnershipId,
    PractitionerId, ReviewFinding,
};

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::page::{rows_before, unindexed_eq};
use crate::connection::statements::{insert_many, insert_one, require_one};
use crate::schema::{chronologies, emergency_accesses, emergency_chronologies};
use crate::{Keyset, Sealed, StoreError, Tx};

row! {
    /// An emergency access.
    EmergencyAccessRow in emergency_accesses {
        /// The identifier of the access.
        id: EmergencyAccessId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The practitioner who opened the access.
        practitioner_id: PractitionerId,
        /// The agency they acted for.
        agency_id: AgencyId,
        /// The reason, from the closed list.
        reason_code: EmergencyReason,
        /// When it was opened.
        opened_at: Instant,
        /// When it ends: from then on it gives no access.
        ends_at: Instant,
        /// When it was ended early.
        ended_at: Option<Instant>,
        /// By when it must be reviewed.
        review_due_at: Instant,
        /// When it was reviewed.
        reviewed_at: Option<Instant>,
        /// The practitioner who reviewed the access.
        reviewed_by: Option<PractitionerId>,
        /// The finding of the review.
        finding: Option<ReviewFinding>,
        /// When the text expires.
        words_until: Instant,
        /// The wrapped data key of `sealed`; `None` once the text is deleted.
        wrapped_key: Option<Sealed>,
        /// The reason in words and the reviewer's note.
        sealed: Option<Sealed>,
        /// The version, counted from 1.
        version: i64,
    }
}

row! {
    /// A chronology that an emergency access covers.
    EmergencyChronologyRow in emergency_chronologies {
        /// The access that the row belongs to.
        access_id: EmergencyAccessId,
        /// The chronology; it may have been deleted.
        chronology_id: ChronologyId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The practitioner who opened the access.
        practitioner_id: PractitionerId,
        /// The chronology's owner at the time.
        owner_id: PractitionerId,
        /// The agency that owned it at the time.
        owner_agency_id: AgencyId,
        /// When the access to this chronology ends: at the end of the access or the expiry of the
        /// chronology, whichever is first.
        ends_at: Instant,
    }
}

/// Records an access with the chronologies that it covers.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn insert(
    tx: &mut Tx<'_>,
    row: &EmergencyAccessRow,
    chronologies: &[EmergencyChronologyRow],
) -> Result<(), StoreError> {
    insert_one(tx, emergency_accesses::table, row)?;
    insert_many(tx, emergency_chronologies::table, chronologies)
}

/// Writes a changed access over the version `expected`.
///
/// # Errors
/// [`StoreError::Stale`] when the row is at another version.
pub fn update(tx: &mut Tx<'_>, row: &EmergencyAccessRow, expected: i64) -> Result<(), StoreError> {
    use emergency_accesses::dsl;
    let target = dsl::emergency_accesses
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::version.eq(expected));
    require_one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// The access `id`.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: EmergencyAccessId,
) -> Result<Option<EmergencyAccessRow>, StoreError> {
    use emergency_accesses::dsl;
    let query = dsl::emergency_accesses
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    tx.run(|c| {
        query
            .select(EmergencyAccessRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// The number of a practitioner's accesses that have not been reviewed.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn count_awaiting_review(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    practitioner: PractitionerId,
) -> Result<i64, StoreError> {
    use emergency_accesses::dsl;
    let query = dsl::emergency_accesses
        .filter(unindexed_eq(dsl::partnership_id, partnership))
        .filter(dsl::practitioner_id.eq(Bind(practitioner)))
        .filter(dsl::reviewed_at.is_null())
        .count();
    tx.run(|c| query.get_result(c))
}

/// The chronologies that accesses cover, in order of access and chronology.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_chronologies(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    accesses: &[EmergencyAccessId],
) -> Result<Vec<EmergencyChronologyRow>, StoreError> {
    use emergency_chronologies::dsl;
    let query = dsl::emergency_chronologies
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::access_id.eq_any(accesses.iter().copied().map(Bind)))
        .order((dsl::access_id, dsl::chronology_id));
    tx.run(|c| query.select(EmergencyChronologyRow::as_select()).load(c))
}

/// The access under which a practitioner can read a chronology now, and when it ends: of several,
/// the one that ends last.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find_live(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    practitioner: PractitionerId,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Option<(EmergencyAccessRow, Instant)>, StoreError> {
    let query = emergency_chronologies::table
        .inner_join(
            emergency_accesses::table
                .on(emergency_accesses::id.eq(emergency_chronologies::access_id)),
        )
        .filter(emergency_chronologies::partnership_id.eq(Bind(partnership)))
        .filter(emergency_chronologies::practitioner_id.eq(Bind(practitioner)))
        .filter(emergency_chronologies::chronology_id.eq(Bind(chronology)))
        .filter(emergency_chronologies::ends_at.gt(Bind(now)))
        .filter(emergency_accesses::partnership_id.eq(Bind(partnership)))
        .filter(emergency_accesses::ends_at.gt(Bind(now)))
        .filter(emergency_accesses::ended_at.is_null())
        .select((
            EmergencyAccessRow::as_select(),
            emergency_chronologies::ends_at,
        ));
    let live: Vec<(EmergencyAccessRow, Instant)> = tx.run(|c| query.load(c))?;
    Ok(live.into_iter().max_by_key(|(row, end)| (*end, row.id)))
}

/// The emergency accesses to a chronology, by practitioner and access, so that each practitioner's
/// latest comes last.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_holders(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
) -> Result<Vec<(PractitionerId, EmergencyAccessId)>, StoreError> {
    use emergency_chronologies::dsl;
    let query = dsl::emergency_chronologies
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        // Identifiers are ordered by time.
        .order((dsl::practitioner_id, dsl::access_id))
        .select((dsl::practitioner_id, dsl::access_id));
    tx.run(|c| query.load(c))
}

/// The live and opened chronologies of families, by identifier.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn live_chronologies_of_families(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    families: &[FamilyId],
    now: Instant,
) -> Result<Vec<ChronologyId>, StoreError> {
    use chronologies::dsl;
    let query = dsl::chronologies
        .filter(unindexed_eq(dsl::partnership_id, partnership))
        .filter(dsl::family_id.eq_any(families.iter().copied().map(Bind)))
        .filter(dsl::expires_at.gt(Bind(now)))
        .filter(dsl::opened_at.is_not_null())
        .order(dsl::id)
        .select(dsl::id);
    tx.run(|c| query.load(c))
}

/// The accesses to chronologies that a practitioner or an agency owns. An existing chronology
/// counts for its present owner, a deleted one for its owner at the time of the access.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_for_owner(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    owner: PractitionerId,
    agency: AgencyId,
) -> Result<Vec<EmergencyChronologyRow>, StoreError> {
    let existing = emergency_chronologies::table
        .inner_join(
            chronologies::table.on(chronologies::id.eq(emergency_chronologies::chronology_id)),
        )
        .filter(emergency_chronologies::partnership_id.eq(Bind(partnership)))
        .filter(unindexed_eq(chronologies::partnership_id, partnership))
        .filter(
            chronologies::owner_id
                .eq(Bind(owner))
                .or(chronologies::owner_agency_id.eq(Bind(agency))),
        )
        .select((
            EmergencyChronologyRow::as_select(),
            chronologies::owner_id,
            chronologies::owner_agency_id,
        ));
    let existing: Vec<(EmergencyChronologyRow, PractitionerId, AgencyId)> =
        tx.run(|c| existing.load(c))?;
    let still_exists = chronologies::table
        .filter(unindexed_eq(chronologies::partnership_id, partnership))
        .filter(chronologies::id.eq(emergency_chronologies::chronology_id));
    let deleted = emergency_chronologies::table
        .filter(emergency_chronologies::partnership_id.eq(Bind(partnership)))
        .filter(
            emergency_chronologies::owner_id
                .eq(Bind(owner))
                .or(emergency_chronologies::owner_agency_id.eq(Bind(agency))),
        )
        .filter(not(exists(still_exists)))
        .select(EmergencyChronologyRow::as_select());
    let deleted: Vec<EmergencyChronologyRow> = tx.run(|c| deleted.load(c))?;
    let existing = existing
        .into_iter()
        .map(|(row, owner_id, owner_agency_id)| EmergencyChronologyRow {
            owner_id,
            owner_agency_id,
            ..row
        });
    Ok(existing.chain(deleted).collect())
}

/// At most `limit` accesses before a cursor, newest first; with `only`, only those among it.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    only: Option<&[EmergencyAccessId]>,
    before: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<EmergencyAccessRow>, StoreError> {
    use emergency_accesses::dsl;
    let mut query = dsl::emergency_accesses
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .into_boxed();
    if let Some(only) = only {
        query = query.filter(dsl::id.eq_any(only.iter().copied().map(Bind)));
    }
    let query = rows_before(query, before, dsl::opened_at, dsl::id, EmergencyAccessId);
    let query = query
        .order((dsl::opened_at.desc(), dsl::id.desc()))
        .limit(limit.into());
    tx.run(|c| query.select(EmergencyAccessRow::as_select()).load(c))
}

/// Deletes the text of at most `limit` accesses whose text has expired; returns those accesses,
/// each with whether it was reviewed: an access that was not may still receive a reviewer's note.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn delete_expired_reasons(
    tx: &mut Tx<'_>,
    now: Instant,
    limit: impl Into<i64>,
) -> Result<Vec<(EmergencyAccessId, bool)>, StoreError> {
    use emergency_accesses::dsl;
    let expired = dsl::emergency_accesses
        .filter(dsl::words_until.le(Bind(now)))
        .filter(dsl::sealed.is_not_null())
        .order((dsl::words_until, dsl::id))
        .limit(limit.into())
        .select((dsl::id, dsl::reviewed_at));
    let expired: Vec<(EmergencyAccessId, Option<Instant>)> = tx.run(|c| expired.load(c))?;
    let target =
        dsl::emergency_accesses.filter(dsl::id.eq_any(expired.iter().map(|(id, _)| Bind(*id))));
    let none: Option<Sealed> = None;
    tx.run(|c| {
        diesel::update(target)
            .set((dsl::wrapped_key.eq(&none), dsl::sealed.eq(&none)))
            .execute(c)
    })?;
    Ok(expired
        .into_iter()
        .map(|(id, reviewed)| (id, reviewed.is_some()))
        .collect())
}
