//! Records that a text was refused because it disclosed a protected address.

use domain::{AddressRefusalId, Operation};
use store::AddressRefusalRow;

use crate::caller::CallerSession;
use crate::unit_of_work::AuditContext;
use crate::{Kernel, ServiceResult};

impl Kernel {
    /// Records a write that was refused for an address, in the transaction of its audit record.
    pub(crate) fn record_address_refusal(
        &self,
        tx: &mut store::Tx<'_>,
        session: &CallerSession,
        operation: Operation,
        audit: &AuditContext,
    ) -> ServiceResult<()> {
        let actor = &session.actor;
        let now = self.now();
        let chronology = match audit.chronology {
            Some(id) => store::chronologies::find(tx, actor.partnership, id, now)?,
            None => None,
        };
        let row = AddressRefusalRow {
            id: AddressRefusalId::new(self.ids(), now),
            partnership_id: actor.partnership,
            practitioner_id: actor.practitioner,
            agency_id: actor.agency,
            operation: operation.as_str().to_owned(),
            chronology_id: chronology.as_ref().map(|row| row.id),
            owner_id: chronology.as_ref().map(|row| row.owner_id),
            owner_agency_id: chronology.as_ref().map(|row| row.owner_agency_id),
            refused_at: now,
        };
        store::address_refusals::insert(tx, &row)?;
        metrics::counter!("address_refusals_total").increment(1);
        tracing::warn!(refusal = %row.id.0, operation = operation.as_str(), "a text with a protected address was refused");
        Ok(())
    }
}
