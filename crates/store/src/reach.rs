//! Through which invitation a contributor comes to a family or a person.

use diesel::dsl::exists;
use diesel::prelude::*;
use domain::{AgencyId, FamilyId, Instant, InvitationFacts, PartnershipId, PractitionerId};

use crate::page::within;
use crate::schema::{chronologies, invitation_practitioners, invitations};
use crate::types::Bind;
use crate::{StoreError, Tx};

/// The invitation by which a practitioner of an agency knows of any of `families`: one on which they are named before
/// others. Chronologies in preparation invite nobody yet, and those whose time is over no longer do.
pub(crate) fn to_families(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    families: &[FamilyId],
    agency: AgencyId,
    practitioner: PractitionerId,
    now: Instant,
) -> Result<Option<InvitationFacts>, StoreError> {
    let named = exists(
        invitation_practitioners::table
            .filter(invitation_practitioners::partnership_id.eq(Bind(partnership)))
            .filter(invitation_practitioners::practitioner_id.eq(Bind(practitioner)))
            .filter(invitation_practitioners::invitation_id.eq(invitations::id)),
    );
    let query = invitations::table
        .inner_join(chronologies::table.on(chronologies::id.eq(invitations::chronology_id)))
        .filter(within!(invitations::partnership_id, partnership))
        .filter(invitations::agency_id.eq(Bind(agency)))
        .filter(within!(chronologies::partnership_id, partnership))
        .filter(chronologies::family_id.eq_any(families.iter().copied().map(Bind)))
        .filter(chronologies::expires_at.gt(Bind(now)))
        .filter(chronologies::opened_at.is_not_null())
        .order(invitations::id)
        .select((invitations::state, named));
    let found: Vec<(domain::InvitationState, bool)> = tx.run(|c| query.load(c))?;
    let reach = found.into_iter().map(|(state, named)| InvitationFacts { state, named });
    Ok(reach.reduce(|best, next| if next.named && !best.named { next } else { best }))
}
