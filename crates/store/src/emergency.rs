//! Emergency accesses: who broke the glass, to which chronologies, until when, and what a review found. The record
//! outlives the chronologies, of which it knows no more than their ids; its words go at a time of their own.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use domain::{
    AgencyId, ChronologyId, EmergencyAccessId, EmergencyReason, FamilyId, Instant, PartnershipId, PractitionerId,
    ReviewFinding,
};

use crate::page::{before, within};
use crate::rows::row;
use crate::schema::{chronologies, emergency_accesses, emergency_chronologies};
use crate::statements::{insert_many, insert_one, one};
use crate::types::Bind;
use crate::{Keyset, Sealed, StoreError, Tx};

row! {
    /// An emergency access.
    EmergencyAccessRow in emergency_accesses {
        /// The access.
        id: EmergencyAccessId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// Who broke the glass.
        practitioner_id: PractitionerId,
        /// For which agency.
        agency_id: AgencyId,
        /// Why, from the closed list.
        reason_code: EmergencyReason,
        /// When.
        opened_at: Instant,
        /// From when on nothing is read under it.
        ends_at: Instant,
        /// When it was ended before that.
        ended_at: Option<Instant>,
        /// By when it is to be reviewed.
        review_due_at: Instant,
        /// When it was.
        reviewed_at: Option<Instant>,
        /// By whom.
        reviewed_by: Option<PractitionerId>,
        /// What the review found.
        finding: Option<ReviewFinding>,
        /// From when on the words are gone.
        words_until: Instant,
        /// Data key of `sealed`; none once the words are gone.
        wrapped_key: Option<Sealed>,
        /// The reason and the reviewer's note.
        sealed: Option<Sealed>,
        /// Counts changes, from 1.
        version: i64,
    }
}

row! {
    /// A chronology that an emergency access is to.
    EmergencyChronologyRow in emergency_chronologies {
        /// The access.
        access_id: EmergencyAccessId,
        /// The chronology; it may be gone.
        chronology_id: ChronologyId,
        /// Their partnership.
        partnership_id: PartnershipId,
        /// Who broke the glass.
        practitioner_id: PractitionerId,
        /// The chronology's owner at the time.
        owner_id: PractitionerId,
        /// The agency that owned it.
        owner_agency_id: AgencyId,
        /// From when on nothing of it is read under the access: the access's end or the chronology's own, whichever is
        /// first.
        ends_at: Instant,
    }
}

/// Writes an access down with what it is to.
///
/// # Errors
/// When the database fails.
pub fn insert(
    tx: &mut Tx<'_>,
    row: &EmergencyAccessRow,
    chronologies: &[EmergencyChronologyRow],
) -> Result<(), StoreError> {
    insert_one!(tx, emergency_accesses::table, row)?;
    insert_many!(tx, emergency_chronologies::table, chronologies)
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
    one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// The access `id`.
///
/// # Errors
/// When the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: EmergencyAccessId,
) -> Result<Option<EmergencyAccessRow>, StoreError> {
    use emergency_accesses::dsl;
    let query = dsl::emergency_accesses.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    tx.run(|c| query.select(EmergencyAccessRow::as_select()).get_result(c).optional())
}

/// How many of a practitioner's accesses have not been reviewed.
///
/// # Errors
/// When the database fails.
pub fn awaiting_review(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    practitioner: PractitionerId,
) -> Result<i64, StoreError> {
    use emergency_accesses::dsl;
    let query = dsl::emergency_accesses
        .filter(within!(dsl::partnership_id, partnership))
        .filter(dsl::practitioner_id.eq(Bind(practitioner)))
        .filter(dsl::reviewed_at.is_null())
        .count();
    tx.run(|c| query.get_result(c))
}

/// What accesses are to, in the order of accesses and chronologies.
///
/// # Errors
/// When the database fails.
pub fn chronologies_of(
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

/// The access under which a practitioner can read a chronology now, and until when: of several, the one that lasts
/// longest.
///
/// # Errors
/// When the database fails.
pub fn live(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    practitioner: PractitionerId,
    chronology: ChronologyId,
    now: Instant,
) -> Result<Option<(EmergencyAccessRow, Instant)>, StoreError> {
    let query = emergency_chronologies::table
        .inner_join(emergency_accesses::table.on(emergency_accesses::id.eq(emergency_chronologies::access_id)))
        .filter(emergency_chronologies::partnership_id.eq(Bind(partnership)))
        .filter(emergency_chronologies::practitioner_id.eq(Bind(practitioner)))
        .filter(emergency_chronologies::chronology_id.eq(Bind(chronology)))
        .filter(emergency_chronologies::ends_at.gt(Bind(now)))
        .filter(emergency_accesses::partnership_id.eq(Bind(partnership)))
        .filter(emergency_accesses::ends_at.gt(Bind(now)))
        .filter(emergency_accesses::ended_at.is_null())
        .select((EmergencyAccessRow::as_select(), emergency_chronologies::ends_at));
    let found: Vec<(EmergencyAccessRow, Instant)> = tx.run(|c| query.load(c))?;
    Ok(found.into_iter().max_by_key(|(row, end)| (*end, row.id)))
}

/// Everybody who has had emergency access to a chronology, with their latest access, by practitioner.
///
/// # Errors
/// When the database fails.
pub fn holders(
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

/// The live chronologies of families that have been opened, by identifier.
///
/// # Errors
/// When the database fails.
pub fn chronologies_of_families(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    families: &[FamilyId],
    now: Instant,
) -> Result<Vec<ChronologyId>, StoreError> {
    use chronologies::dsl;
    let query = dsl::chronologies
        .filter(within!(dsl::partnership_id, partnership))
        .filter(dsl::family_id.eq_any(families.iter().copied().map(Bind)))
        .filter(dsl::expires_at.gt(Bind(now)))
        .filter(dsl::opened_at.is_not_null())
        .order(dsl::id)
        .select(dsl::id);
    tx.run(|c| query.load(c))
}

/// What concerns a practitioner or an agency: accesses to chronologies that they own. A live chronology is its present
/// owner's; of one that is gone, whoever owned it then is told.
///
/// # Errors
/// When the database fails.
pub fn concerning(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    owner: PractitionerId,
    agency: AgencyId,
) -> Result<Vec<EmergencyChronologyRow>, StoreError> {
    let own = emergency_chronologies::table
        .inner_join(chronologies::table.on(chronologies::id.eq(emergency_chronologies::chronology_id)))
        .filter(emergency_chronologies::partnership_id.eq(Bind(partnership)))
        .filter(within!(chronologies::partnership_id, partnership))
        .filter(chronologies::owner_id.eq(Bind(owner)).or(chronologies::owner_agency_id.eq(Bind(agency))))
        .select((EmergencyChronologyRow::as_select(), chronologies::owner_id, chronologies::owner_agency_id));
    let own: Vec<(EmergencyChronologyRow, PractitionerId, AgencyId)> = tx.run(|c| own.load(c))?;
    let still_there = chronologies::table
        .filter(within!(chronologies::partnership_id, partnership))
        .filter(chronologies::id.eq(emergency_chronologies::chronology_id));
    let gone = emergency_chronologies::table
        .filter(emergency_chronologies::partnership_id.eq(Bind(partnership)))
        .filter(
            emergency_chronologies::owner_id
                .eq(Bind(owner))
                .or(emergency_chronologies::owner_agency_id.eq(Bind(agency))),
        )
        .filter(not(exists(still_there)))
        .select(EmergencyChronologyRow::as_select());
    let gone: Vec<EmergencyChronologyRow> = tx.run(|c| gone.load(c))?;
    let own = own.into_iter().map(|(row, owner_id, owner_agency_id)| EmergencyChronologyRow {
        owner_id,
        owner_agency_id,
        ..row
    });
    Ok(own.chain(gone).collect())
}

/// At most `limit` accesses before a place, newest first: of these, or all.
///
/// # Errors
/// When the database fails.
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    only: Option<&[EmergencyAccessId]>,
    place: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<EmergencyAccessRow>, StoreError> {
    use emergency_accesses::dsl;
    let mut query = dsl::emergency_accesses.filter(dsl::partnership_id.eq(Bind(partnership))).into_boxed();
    if let Some(only) = only {
        query = query.filter(dsl::id.eq_any(only.iter().copied().map(Bind)));
    }
    let query = before!(query, place, dsl::opened_at, dsl::id, EmergencyAccessId);
    let query = query.order((dsl::opened_at.desc(), dsl::id.desc())).limit(limit.into());
    tx.run(|c| query.select(EmergencyAccessRow::as_select()).load(c))
}

/// Takes the words off at most `limit` accesses whose words are over; gives those accesses, each with whether it was
/// reviewed: one that was not may still come to have words.
///
/// # Errors
/// When the database fails.
pub fn forget_words(
    tx: &mut Tx<'_>,
    now: Instant,
    limit: impl Into<i64>,
) -> Result<Vec<(EmergencyAccessId, bool)>, StoreError> {
    use emergency_accesses::dsl;
    let over = dsl::emergency_accesses
        .filter(dsl::words_until.le(Bind(now)))
        .filter(dsl::sealed.is_not_null())
        .order((dsl::words_until, dsl::id))
        .limit(limit.into())
        .select((dsl::id, dsl::reviewed_at));
    let over: Vec<(EmergencyAccessId, Option<Instant>)> = tx.run(|c| over.load(c))?;
    let target = dsl::emergency_accesses.filter(dsl::id.eq_any(over.iter().map(|(id, _)| Bind(*id))));
    let nothing: Option<Sealed> = None;
    tx.run(|c| diesel::update(target).set((dsl::wrapped_key.eq(&nothing), dsl::sealed.eq(&nothing))).execute(c))?;
    Ok(over.into_iter().map(|(id, reviewed)| (id, reviewed.is_some())).collect())
}
