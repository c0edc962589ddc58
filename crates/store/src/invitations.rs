//! Invitations: each agency's place on a chronology. What is sealed in one lives as long as its chronology.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use domain::{
    AgencyId, ChronologyId, ChronologyState, DeclineReason, Instant, InvitationId, InvitationState, PartnershipId,
    PractitionerId,
};

use crate::page::{after, within};
use crate::rows::row;
use crate::schema::chronologies;
use crate::schema::invitation_practitioners;
use crate::schema::invitations::{self, dsl};
use crate::statements::{insert_many, insert_new, one};
use crate::types::Bind;
use crate::{Keyset, Sealed, StoreError, Tx};

row! {
    /// One agency's place on a chronology.
    InvitationRow in invitations {
        /// The invitation.
        id: InvitationId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The chronology.
        chronology_id: ChronologyId,
        /// The agency asked.
        agency_id: AgencyId,
        /// Where it stands.
        state: InvitationState,
        /// By when an answer is due.
        due_at: Instant,
        /// When somebody at the agency first looked.
        viewed_at: Option<Instant>,
        /// When somebody began a return.
        drafting_at: Option<Instant>,
        /// When the answer now standing was given.
        answered_at: Option<Instant>,
        /// Why the agency declined.
        decline_reason: Option<DeclineReason>,
        /// Who answered.
        answered_by: Option<PractitionerId>,
        /// Data key of `sealed`.
        wrapped_key: Sealed,
        /// Message to the agency, reason in words, the agency's involvement.
        sealed: Sealed,
        /// Counts changes, from 1.
        version: i64,
        /// When the agency was asked.
        created_at: Instant,
        /// When the row was last changed.
        updated_at: Instant,
    }
}

row! {
    /// A practitioner named on an invitation.
    NamedRow in invitation_practitioners {
        /// The invitation.
        invitation_id: InvitationId,
        /// The practitioner.
        practitioner_id: PractitionerId,
        /// Their partnership.
        partnership_id: PartnershipId,
    }
}

/// Invites an agency.
///
/// # Errors
/// [`StoreError::NotUnique`] when the agency is invited already.
pub fn insert(tx: &mut Tx<'_>, row: &InvitationRow) -> Result<(), StoreError> {
    insert_new!(tx, invitations::table, row, "invitation of the agency")
}

/// Writes a changed invitation over the version `expected`.
///
/// # Errors
/// [`StoreError::Stale`] when the row is at another version.
pub fn update(tx: &mut Tx<'_>, row: &InvitationRow, expected: i64) -> Result<(), StoreError> {
    let target = dsl::invitations
        .filter(dsl::partnership_id.eq(Bind(row.partnership_id)))
        .filter(dsl::id.eq(Bind(row.id)))
        .filter(dsl::version.eq(expected));
    one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// The invitation `id`, whether its chronology lives or not; what is sealed in it opens only while it does.
///
/// # Errors
/// When the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: InvitationId,
) -> Result<Option<InvitationRow>, StoreError> {
    let query = dsl::invitations.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    tx.run(|c| query.select(InvitationRow::as_select()).get_result(c).optional())
}

/// The agency's invitation to a chronology.
///
/// # Errors
/// When the database fails.
pub fn find_for_agency(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
    agency: AgencyId,
) -> Result<Option<InvitationRow>, StoreError> {
    let query = dsl::invitations
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .filter(dsl::agency_id.eq(Bind(agency)));
    tx.run(|c| query.select(InvitationRow::as_select()).get_result(c).optional())
}

/// Every invitation to a chronology, in the order in which the agencies were asked.
///
/// # Errors
/// When the database fails.
pub fn list(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: ChronologyId,
) -> Result<Vec<InvitationRow>, StoreError> {
    let query = dsl::invitations
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::chronology_id.eq(Bind(chronology)))
        .order((dsl::created_at, dsl::id));
    tx.run(|c| query.select(InvitationRow::as_select()).load(c))
}

/// Gives an invitation its data key wrapped again, because its chronology's expiry has moved.
///
/// # Errors
/// [`StoreError::Stale`] when the invitation is not there.
pub fn set_wrapped_key(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: InvitationId,
    wrapped_key: &Sealed,
) -> Result<(), StoreError> {
    let target = dsl::invitations.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    one(tx.run(|c| diesel::update(target).set(dsl::wrapped_key.eq(wrapped_key)).execute(c))?)
}

/// The practitioners named on an invitation, by identifier.
///
/// # Errors
/// When the database fails.
pub fn practitioners(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: InvitationId,
) -> Result<Vec<PractitionerId>, StoreError> {
    let query = invitation_practitioners::table
        .filter(invitation_practitioners::partnership_id.eq(Bind(partnership)))
        .filter(invitation_practitioners::invitation_id.eq(Bind(id)))
        .order(invitation_practitioners::practitioner_id)
        .select(invitation_practitioners::practitioner_id);
    tx.run(|c| query.load(c))
}

/// Replaces the practitioners named on an invitation. The same one twice counts once.
///
/// # Errors
/// [`StoreError::Stale`] when the partnership has no such invitation.
pub fn set_practitioners(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: InvitationId,
    named: &[PractitionerId],
) -> Result<(), StoreError> {
    find(tx, partnership, id)?.ok_or(StoreError::Stale)?;
    let old = invitation_practitioners::table
        .filter(invitation_practitioners::partnership_id.eq(Bind(partnership)))
        .filter(invitation_practitioners::invitation_id.eq(Bind(id)));
    tx.run(|c| diesel::delete(old).execute(c))?;
    let distinct: std::collections::BTreeSet<PractitionerId> = named.iter().copied().collect();
    let rows: Vec<NamedRow> = distinct
        .into_iter()
        .map(|practitioner_id| NamedRow { invitation_id: id, practitioner_id, partnership_id: partnership })
        .collect();
    insert_many!(tx, invitation_practitioners::table, rows)
}

/// At most `limit` invitations of an agency after a place, to live chronologies that are past preparation, oldest
/// first; for a practitioner who is not the agency's lead, only those on which they are named.
///
/// # Errors
/// When the database fails.
pub fn page_for_agency(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: AgencyId,
    named: Option<PractitionerId>,
    now: Instant,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<InvitationRow>, StoreError> {
    // Each invitation leads to its chronology; going the other way would read every chronology that lives.
    let live = dsl::invitations
        .inner_join(chronologies::table.on(chronologies::id.eq(dsl::chronology_id)))
        .filter(within!(chronologies::partnership_id, partnership))
        .filter(not(chronologies::expires_at.le(Bind(now))))
        .filter(chronologies::opened_at.is_not_null());
    let query = match named {
        Some(practitioner) => live
            .filter(within!(dsl::partnership_id, partnership))
            .filter(within!(dsl::agency_id, agency))
            .filter(
                dsl::id.eq_any(
                    invitation_practitioners::table
                        .filter(within!(invitation_practitioners::partnership_id, partnership))
                        .filter(invitation_practitioners::practitioner_id.eq(Bind(practitioner)))
                        .select(invitation_practitioners::invitation_id),
                ),
            )
            .into_boxed(),
        None => {
            live.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::agency_id.eq(Bind(agency))).into_boxed()
        }
    };
    let query = after!(query, after, dsl::created_at, dsl::id, InvitationId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(InvitationRow::as_select()).load(c))
}

/// At most `limit` invitations of any partnership that have passed their due date without an answer, on live
/// chronologies that take returns, the longest overdue first. For the worker that marks them.
///
/// # Errors
/// When the database fails.
pub fn past_due(tx: &mut Tx<'_>, now: Instant, limit: impl Into<i64>) -> Result<Vec<InvitationRow>, StoreError> {
    let limit = limit.into();
    let asked = [ChronologyState::Open, ChronologyState::Closing];
    let mut found: Vec<InvitationRow> = Vec::new();
    // State by state, so that each is read from its index in the order of due dates, and no further than is asked for.
    for state in [InvitationState::Invited, InvitationState::Viewed, InvitationState::Drafting] {
        let goes_on = exists(
            chronologies::table
                .filter(chronologies::id.eq(dsl::chronology_id))
                .filter(chronologies::state.eq_any(asked.map(Bind)))
                .filter(chronologies::expires_at.gt(Bind(now))),
        );
        let query = dsl::invitations
            .filter(dsl::state.eq(Bind(state)))
            .filter(dsl::due_at.le(Bind(now)))
            .filter(goes_on)
            .order((dsl::due_at, dsl::id))
            .limit(limit)
            .select(InvitationRow::as_select());
        found.extend(tx.run(|c| query.load::<InvitationRow>(c))?);
    }
    found.sort_by_key(|row| (row.due_at, row.id));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}
