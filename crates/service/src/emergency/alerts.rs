//! Alerts: what the data protection officer and the owners of chronologies are to know, without anything of the family.

use std::collections::BTreeMap;

use domain::{ChronologyId, ChronologyState, EmergencyAccessId, Facts, Operation, Permit, ReadReason, decide};
use store::{EmergencyAccessRow, EmergencyChronologyRow};

use super::{active, end, overdue, state};
use crate::session::{Call, Scene, Trail};
use crate::{AlertKind, AlertOut, Answer, Page, PageQuery, Service};

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
            self.page(
                scene,
                "alerts",
                &slice,
                rows,
                |row| (row.opened_at, row.id.0),
                |row| {
                    let chronologies = concerned.remove(&row.id).unwrap_or_default();
                    Ok(alert_out(&row, chronologies, now))
                },
            )
        })
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

fn alert_out(row: &EmergencyAccessRow, chronology_ids: Vec<ChronologyId>, now: domain::Instant) -> AlertOut {
    AlertOut {
        id: row.id,
        kind: AlertKind::EmergencyAccess,
        at: row.opened_at,
        practitioner_id: row.practitioner_id,
        agency_id: row.agency_id,
        reason_code: row.reason_code,
        chronology_ids,
        until: end(row),
        active: active(row, now),
        state: state(row),
        review_due_at: row.review_due_at,
        overdue: overdue(row, now),
        reviewed_at: row.reviewed_at,
        reviewed_by: row.reviewed_by,
        finding: row.finding,
    }
}
