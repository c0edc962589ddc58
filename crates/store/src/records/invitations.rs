//! Invitations of agencies to chronologies. The sealed content of an invitation expires with its
//! chronology.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use domain::{
    AgencyId, ChronologyId, ChronologyState, DeclineReason, Instant, InvitationId, InvitationState,
    PartnershipId, PractitionerId,
};

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::page::{rows_after, unindexed_eq};
use crate::connection::statements::{insert_many, insert_new, require_one};
use crate::schema::chronologies;
use crate::schema::invitation_practitioners;
use crate::schema::invitations::{self, dsl};
use crate::{Keyset, Sealed, StoreError, Tx};

row! {
    /// The invitation of one agency to a chronology.
    InvitationRow in invitations {
        /// The invitation identifier.
        id: InvitationId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The chronology that the row belongs to.
        chronology_id: ChronologyId,
        /// The invited agency.
        agency_id: AgencyId,
        /// The state of the answer.
        state: InvitationState,
        /// By when a response is due.
        due_at: Instant,
        /// When a practitioner of the agency first opened it.
        viewed_at: Option<Instant>,
        /// When a practitioner began a submission.
        drafting_at: Option<Instant>,
        /// When the current response was given.
        answered_at: Option<Instant>,
        /// Why the agency declined.
        decline_reason: Option<DeclineReason>,
        /// The practitioner who responded.
        answered_by: Option<PractitionerId>,
        /// The wrapped data key of `sealed`.
        wrapped_key: Sealed,
        /// The message to the agency, the reason in words, the agency's involvement.
        sealed: Sealed,
        /// The version, counted from 1.
        version: i64,
        /// When the agency was invited.
        created_at: Instant,
        /// When the row was last changed.
        updated_at: Instant,
    }
}

row! {
    /// A practitioner named on an invitation.
    InvitedPractitionerRow in invitation_practitioners {
        /// The invitation that names the practitioner.
        invitation_id: InvitationId,
        /// The practitioner who is named.
        practitioner_id: PractitionerId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
    }
}

/// Invites an agency.
///
/// # Errors
/// [`StoreError::NotUnique`] when the agency is already invited.
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
    require_one(tx.run(|c| diesel::update(target).set(row).execute(c))?)
}

/// The invitation `id`, even when its chronology has expired; its sealed content can be opened only
/// until then.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: InvitationId,
) -> Result<Option<InvitationRow>, StoreError> {
    let query = dsl::invitations
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    tx.run(|c| {
        query
            .select(InvitationRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// The agency's invitation to a chronology.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
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
    tx.run(|c| {
        query
            .select(InvitationRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// Every invitation to a chronology, in the order in which the agencies were invited.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
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

/// Replaces the wrapped data key of an invitation after its chronology's expiry has changed.
///
/// # Errors
/// [`StoreError::Stale`] when the invitation does not exist.
pub fn set_wrapped_key(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: InvitationId,
    wrapped_key: &Sealed,
) -> Result<(), StoreError> {
    let target = dsl::invitations
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    require_one(tx.run(|c| {
        diesel::update(target)
            .set(dsl::wrapped_key.eq(wrapped_key))
            .execute(c)
    })?)
}

/// The practitioners named on an invitation, by identifier.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
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

/// Replaces the practitioners named on an invitation. Repeated practitioners count once.
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
    let rows: Vec<InvitedPractitionerRow> = distinct
        .into_iter()
        .map(|practitioner_id| InvitedPractitionerRow {
            invitation_id: id,
            practitioner_id,
            partnership_id: partnership,
        })
        .collect();
    insert_many(tx, invitation_practitioners::table, &rows)
}

/// At most `limit` invitations of an agency after a cursor, to live chronologies that have been
/// opened, oldest first; for a practitioner who is not the agency's lead, only those that name
/// them.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page_for_agency(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    agency: AgencyId,
    named: Option<PractitionerId>,
    now: Instant,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<InvitationRow>, StoreError> {
    // The condition is negated so that the planner starts from the invitations: starting from the
    // expiry index would read every live chronology.
    let live = dsl::invitations
        .inner_join(chronologies::table.on(chronologies::id.eq(dsl::chronology_id)))
        .filter(unindexed_eq(chronologies::partnership_id, partnership))
        .filter(not(chronologies::expires_at.le(Bind(now))))
        .filter(chronologies::opened_at.is_not_null());
    let query = match named {
        Some(practitioner) => live
            .filter(unindexed_eq(dsl::partnership_id, partnership))
            .filter(unindexed_eq(dsl::agency_id, agency))
            .filter(
                dsl::id.eq_any(
                    invitation_practitioners::table
                        .filter(unindexed_eq(
                            invitation_practitioners::partnership_id,
                            partnership,
                        ))
                        .filter(invitation_practitioners::practitioner_id.eq(Bind(practitioner)))
                        .select(invitation_practitioners::invitation_id),
                ),
            )
            .into_boxed(),
        None => live
            .filter(dsl::partnership_id.eq(Bind(partnership)))
            .filter(dsl::agency_id.eq(Bind(agency)))
            .into_boxed(),
    };
    let query = rows_after(query, after, dsl::created_at, dsl::id, InvitationId);
    let query = query.order((dsl::created_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(InvitationRow::as_select()).load(c))
}

/// At most `limit` invitations of any partnership that are past their due date without a response,
/// on live chronologies that accept submissions, the longest overdue first. For the worker that
/// marks them.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn past_due(
    tx: &mut Tx<'_>,
    now: Instant,
    limit: impl Into<i64>,
) -> Result<Vec<InvitationRow>, StoreError> {
    let limit = limit.into();
    let accepting = [ChronologyState::Open, ChronologyState::Closing];
    let mut found: Vec<InvitationRow> = Vec::new();
    // One query for each state reads its index in order of due dates, and no further than the
    // limit.
    for state in [
        InvitationState::Invited,
        InvitationState::Viewed,
        InvitationState::Drafting,
    ] {
        let accepts_submissions = exists(
            chronologies::table
                .filter(chronologies::id.eq(dsl::chronology_id))
                .filter(chronologies::state.eq_any(accepting.map(Bind)))
                .filter(chronologies::expires_at.gt(Bind(now))),
        );
        let query = dsl::invitations
            .filter(dsl::state.eq(Bind(state)))
            .filter(dsl::due_at.le(Bind(now)))
            .filter(accepts_submissions)
            .order((dsl::due_at, dsl::id))
            .limit(limit)
            .select(InvitationRow::as_select());
        found.extend(tx.run(|c| query.load::<InvitationRow>(c))?);
    }
    found.sort_by_key(|row| (row.due_at, row.id));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}
