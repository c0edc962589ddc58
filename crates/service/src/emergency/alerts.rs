//! Alerts for the data protection officer and for chronology owners, without family data.

use std::collections::BTreeMap;

use domain::{
    AccessFacts, AccessPermit, ChronologyId, ChronologyState, EmergencyAccessId, ObjectKind,
    Operation, ReadReason, decide_access,
};
use store::address_refusals::RefusalFilter;
use store::{AddressRefusalRow, EmergencyAccessRow, EmergencyChronologyRow};

use super::{alert_state, effective_end, is_active, is_review_overdue};
use crate::context::{AuditContext, CallContext, UnitOfWork};
use crate::paging::PageBounds;
use crate::{AlertKind, AlertOut, EmergencyAlert, Page, PageQuery, Service, ServiceResult};

/// The chronologies of each access, as far as the caller may know of them.
type ChronologiesByAccess = BTreeMap<EmergencyAccessId, Vec<ChronologyId>>;

impl Service {
    /// Alerts, newest first: all of them for auditors and data protection officers, those about
    /// their chronologies for owners and managers.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_alerts(
        &self,
        call: &CallContext,
        query: PageQuery,
    ) -> ServiceResult<Page<AlertOut>> {
        self.read(
            call,
            Operation::AlertList,
            AuditContext::of(ObjectKind::Alert),
            |uow| {
                let permit = uow.authorize_collection(Operation::AlertList)?;
                let bounds = self.parse_page_query(uow, "alerts", &query)?;
                let partnership = permit.partnership();
                let now = uow.now();
                let own = if permit.reason() == ReadReason::Auditor {
                    None
                } else {
                    Some(accesses_to_own_chronologies(uow, &permit)?)
                };
                let only: Option<Vec<EmergencyAccessId>> =
                    own.as_ref().map(|own| own.keys().copied().collect());
                let rows = store::emergency::page(
                    uow.tx,
                    partnership,
                    only.as_deref(),
                    bounds.after,
                    bounds.limit + 1,
                )?;
                let ids: Vec<EmergencyAccessId> = rows.iter().map(|row| row.id).collect();
                let mut chronologies_by_access = match own {
                    Some(own) => own,
                    None => group_by_access(store::emergency::list_chronologies(
                        uow.tx,
                        partnership,
                        &ids,
                    )?),
                };
                let accesses = rows.iter().map(|row| {
                    let chronologies = chronologies_by_access.remove(&row.id).unwrap_or_default();
                    access_alert(row, chronologies, now)
                });
                let mut alerts: Vec<AlertOut> = accesses.collect();
                alerts.extend(
                    visible_refusals(uow, &permit, &bounds)?
                        .into_iter()
                        .map(refusal_alert),
                );
                alerts.sort_by_key(|alert| std::cmp::Reverse((alert.at, alert.id)));
                self.build_page(
                    uow,
                    "alerts",
                    &bounds,
                    alerts,
                    |alert| (alert.at, alert.id),
                    Ok,
                )
            },
        )
    }
}

/// The address refusals that the caller is alerted to, without duplicates.
fn visible_refusals(
    uow: &mut UnitOfWork<'_, '_>,
    permit: &AccessPermit,
    bounds: &PageBounds,
) -> ServiceResult<Vec<AddressRefusalRow>> {
    let partnership = permit.partnership();
    let actor = permit.actor().clone();
    let filters: Vec<RefusalFilter> = if permit.reason() == ReadReason::Auditor {
        vec![RefusalFilter::All]
    } else {
        let may_know = |facts: AccessFacts| {
            let facts = AccessFacts {
                state: Some(ChronologyState::Open),
                ..facts
            };
            decide_access(&actor, Operation::AlertList, &facts).is_ok()
        };
        let owner = may_know(AccessFacts {
            owner: true,
            ..AccessFacts::collection()
        });
        let manager = may_know(AccessFacts {
            owned_by_agency: true,
            ..AccessFacts::collection()
        });
        let sources = [
            (owner, RefusalFilter::Owner(actor.practitioner)),
            (manager, RefusalFilter::Agency(actor.agency)),
        ];
        sources
            .into_iter()
            .filter(|(may_know, _)| *may_know)
            .map(|(_, filter)| filter)
            .collect()
    };
    let mut found = BTreeMap::new();
    for filter in filters {
        let rows = store::address_refusals::page(
            uow.tx,
            partnership,
            filter,
            bounds.after,
            bounds.limit + 1,
        )?;
        found.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    Ok(found.into_values().collect())
}

fn refusal_alert(row: AddressRefusalRow) -> AlertOut {
    AlertOut {
        id: row.id.0,
        kind: AlertKind::AddressRefused,
        at: row.refused_at,
        practitioner_id: row.practitioner_id,
        agency_id: row.agency_id,
        chronology_ids: row.chronology_id.into_iter().collect(),
        access: None,
        operation: Some(row.operation),
    }
}

/// The emergency accesses to chronologies of the caller, or of the agency that the caller manages.
fn accesses_to_own_chronologies(
    uow: &mut UnitOfWork<'_, '_>,
    permit: &AccessPermit,
) -> ServiceResult<ChronologiesByAccess> {
    let actor = permit.actor();
    let rows = store::emergency::list_for_owner(
        uow.tx,
        actor.partnership,
        actor.practitioner,
        actor.agency,
    )?;
    let may_know = |row: &EmergencyChronologyRow| {
        let facts = AccessFacts {
            owner: row.owner_id == actor.practitioner,
            owned_by_agency: row.owner_agency_id == actor.agency,
            // Any state will do: with a state, the facts describe one chronology rather than the
            // collection.
            state: Some(ChronologyState::Open),
            ..AccessFacts::collection()
        };
        decide_access(actor, Operation::AlertList, &facts).is_ok()
    };
    Ok(group_by_access(rows.into_iter().filter(may_know).collect()))
}

fn group_by_access(rows: Vec<EmergencyChronologyRow>) -> ChronologiesByAccess {
    let mut chronologies_by_access = ChronologiesByAccess::new();
    for row in rows {
        chronologies_by_access
            .entry(row.access_id)
            .or_default()
            .push(row.chronology_id);
    }
    chronologies_by_access
        .values_mut()
        .for_each(|chronologies| chronologies.sort_unstable());
    chronologies_by_access
}

fn access_alert(
    row: &EmergencyAccessRow,
    chronology_ids: Vec<ChronologyId>,
    now: domain::Instant,
) -> AlertOut {
    AlertOut {
        id: row.id.0,
        kind: AlertKind::EmergencyAccess,
        at: row.opened_at,
        practitioner_id: row.practitioner_id,
        agency_id: row.agency_id,
        chronology_ids,
        access: Some(EmergencyAlert {
            reason_code: row.reason_code,
            until: effective_end(row),
            active: is_active(row, now),
            state: alert_state(row),
            review_due_at: row.review_due_at,
            overdue: is_review_overdue(row, now),
            reviewed_at: row.reviewed_at,
            reviewed_by: row.reviewed_by,
            finding: row.finding,
        }),
        operation: None,
    }
}
