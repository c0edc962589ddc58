//! Alerts: what the data protection officer and the owners of chronologies are to know, without anything of the family.

use std::collections::BTreeMap;

use domain::{ChronologyId, ChronologyState, EmergencyAccessId, Facts, Operation, Permit, ReadReason, decide};
use store::address_refusals::Concerning;
use store::{AddressRefusalRow, EmergencyAccessRow, EmergencyChronologyRow};

use super::{active, end, overdue, state};
use crate::paging::Slice;
use crate::session::{Call, Scene, Trail};
use crate::{AlertKind, AlertOut, Answer, EmergencyAlert, Page, PageQuery, Service};

/// Which chronologies an access was to, as somebody may know of it.
type Concerned = BTreeMap<EmergencyAccessId, Vec<ChronologyId>>;

impl Service {
    /// Alerts, newest first: all to auditors and data protection officers, those about their chronologies to owners and
    /// managers.
    ///
    /// # Errors
    /// As every read.
    pub fn alerts(&self, call: &Call, query: PageQuery) -> Answer<Page<AlertOut>> {
        self.read(call, Operation::AlertList, Trail::of("alert"), |scene| {
            let permit = scene.permit_collection(Operation::AlertList)?;
            let slice = self.slice(scene, "alerts", &query)?;
            let (partnership, now) = (permit.partnership(), scene.now());
            let own = if permit.reason() == ReadReason::Auditor { None } else { Some(own(scene, &permit)?) };
            let only: Option<Vec<EmergencyAccessId>> = own.as_ref().map(|own| own.keys().copied().collect());
            let rows = store::emergency::page(scene.tx, partnership, only.as_deref(), slice.after, slice.limit + 1)?;
            let ids: Vec<EmergencyAccessId> = rows.iter().map(|row| row.id).collect();
            let mut concerned = match own {
                Some(own) => own,
                None => by_access(store::emergency::chronologies_of(scene.tx, partnership, &ids)?),
            };
            let accesses = rows.iter().map(|row| {
                let chronologies = concerned.remove(&row.id).unwrap_or_default();
                access_alert(row, chronologies, now)
            });
            let mut alerts: Vec<AlertOut> = accesses.collect();
            alerts.extend(refusals(scene, &permit, &slice)?.into_iter().map(refusal_alert));
            alerts.sort_by_key(|alert| std::cmp::Reverse((alert.at, alert.id)));
            self.page(scene, "alerts", &slice, alerts, |alert| (alert.at, alert.id), Ok)
        })
    }
}

/// Refused texts of which the caller is told, the latest first, each once.
fn refusals(scene: &mut Scene<'_, '_>, permit: &Permit, slice: &Slice) -> Answer<Vec<AddressRefusalRow>> {
    let (partnership, actor) = (permit.partnership(), permit.actor().clone());
    let of: Vec<Concerning> = if permit.reason() == ReadReason::Auditor {
        vec![Concerning::All]
    } else {
        let told = |facts: Facts| {
            let facts = Facts { state: Some(ChronologyState::Open), ..facts };
            decide(&actor, Operation::AlertList, &facts).is_ok()
        };
        let owner = told(Facts { owner: true, ..Facts::collection() });
        let manager = told(Facts { agency_owns: true, ..Facts::collection() });
        let both = [(owner, Concerning::Owner(actor.practitioner)), (manager, Concerning::Agency(actor.agency))];
        both.into_iter().filter(|(told, _)| *told).map(|(_, concerning)| concerning).collect()
    };
    let mut found = BTreeMap::new();
    for concerning in of {
        let rows = store::address_refusals::page(scene.tx, partnership, concerning, slice.after, slice.limit + 1)?;
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

/// Accesses to chronologies of which the caller is told.
fn own(scene: &mut Scene<'_, '_>, permit: &Permit) -> Answer<Concerned> {
    let actor = permit.actor();
    let rows = store::emergency::concerning(scene.tx, actor.partnership, actor.practitioner, actor.agency)?;
    let told = |row: &EmergencyChronologyRow| {
        let facts = Facts {
            owner: row.owner_id == actor.practitioner,
            agency_owns: row.owner_agency_id == actor.agency,
            // Of one chronology, whatever has become of it, and not of the collection.
            state: Some(ChronologyState::Open),
            ..Facts::collection()
        };
        decide(actor, Operation::AlertList, &facts).is_ok()
    };
    Ok(by_access(rows.into_iter().filter(told).collect()))
}

fn by_access(rows: Vec<EmergencyChronologyRow>) -> Concerned {
    let mut concerned = Concerned::new();
    for row in rows {
        concerned.entry(row.access_id).or_default().push(row.chronology_id);
    }
    concerned.values_mut().for_each(|chronologies| chronologies.sort_unstable());
    concerned
}

fn access_alert(row: &EmergencyAccessRow, chronology_ids: Vec<ChronologyId>, now: domain::Instant) -> AlertOut {
    AlertOut {
        id: row.id.0,
        kind: AlertKind::EmergencyAccess,
        at: row.opened_at,
        practitioner_id: row.practitioner_id,
        agency_id: row.agency_id,
        chronology_ids,
        access: Some(EmergencyAlert {
            reason_code: row.reason_code,
            until: end(row),
            active: active(row, now),
            state: state(row),
            review_due_at: row.review_due_at,
            overdue: overdue(row, now),
            reviewed_at: row.reviewed_at,
            reviewed_by: row.reviewed_by,
            finding: row.finding,
        }),
        operation: None,
    }
}
