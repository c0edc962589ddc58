//! Preparing a chronology, and changing one.

use std::time::Duration;

use domain::{ChronologyId, ChronologyState, Instant, Operation, PartnershipPolicy, Permit, Purpose, Role};
use store::ChronologyRow;

use super::{ChronologyDetails, trail};
use crate::directory::{check_practitioners, filled};
use crate::session::{Call, Scene, Trail};
use crate::{
    Answer, ChronologyIn, ChronologyOut, ChronologyPatch, Fault, Page, PageQuery, Patch, Service, ServiceError, Written,
};

const DAY: Duration = Duration::from_secs(86_400);

impl Service {
    /// Prepares a chronology: a draft that only social care sees.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Invalid`] names every fault, a lifetime beyond policy included.
    pub fn create_chronology(&self, call: &Call, input: ChronologyIn) -> Answer<Written<ChronologyOut>> {
        self.write_once(
            call,
            Operation::ChronologyCreate,
            Trail::of("chronology"),
            |scene| {
                let permit = scene.permit_collection(Operation::ChronologyCreate)?;
                let mut faults = self.check_owned_family(scene, &input)?;
                let agency = scene.actor().agency;
                faults.extend(check_practitioners(scene, "/team", agency, &input.team)?);
                let reads = scene.actor().is(Role::SocialWorker) || scene.actor().is(Role::TeamManager);
                if !reads && !input.team.is_empty() {
                    faults.push(Fault::new("/team", "not_yours", "named by those who read the chronology"));
                }
                let row = self.draft_row(scene, &input, faults)?;
                self.refuse_addresses(scene, &permit, row.family_id, &input)?;
                scene.trail.object_id = Some(row.id.0);
                scene.trail.chronology = Some(row.id);
                scene.trail.purpose = Some(row.purpose);
                scene.trail.expires_at = Some(row.expires_at);
                store::chronologies::insert(scene.tx, &row)?;
                store::chronologies::set_team(scene.tx, row.partnership_id, row.id, &input.team)?;
                self.settle_family(scene, &permit, row.family_id)?;
                self.chronology_out(scene, &permit, &row)
            },
            |scene, kept| self.read_chronology(scene, ChronologyId(kept.object_id)),
        )
    }

    fn check_owned_family(&self, scene: &mut Scene<'_, '_>, input: &ChronologyIn) -> Answer<Vec<Fault>> {
        let (partnership, now) = (scene.actor().partnership, scene.now());
        let family = store::families::facts(scene.tx, partnership, input.family_id, now)?;
        let own = family.is_some_and(|family| family.created_by_agency == scene.actor().agency);
        let fault = || Fault::new("/family_id", "unknown", "no such family");
        Ok(if own { Vec::new() } else { vec![fault()] })
    }

    fn draft_row(&self, scene: &Scene<'_, '_>, input: &ChronologyIn, mut faults: Vec<Fault>) -> Answer<ChronologyRow> {
        let (now, policy) = (scene.now(), scene.policy());
        let defaults = policy.purpose(input.purpose);
        let expires_at = input.expires_at.unwrap_or_else(|| now.plus(DAY * u32::from(defaults.lifetime_days)));
        let due_at = input.due_at.unwrap_or_else(|| now.plus(DAY * u32::from(defaults.due_days)).min(expires_at));
        check_times(policy, now, due_at, expires_at, &mut faults);
        let look_back_from = look_back(input.look_back_from.as_deref(), policy, input.purpose, now, &mut faults);
        let details = ChronologyDetails {
            question: filled(input.question.as_ref()),
            lawful_basis: input.lawful_basis,
            no_consent_reason: input.no_consent_reason,
            family_told: input.family_told,
            family_not_told_reason: filled(input.family_not_told_reason.as_ref()),
            look_back_from,
            reasons: Vec::new(),
        };
        if !faults.is_empty() {
            return Err(ServiceError::Invalid(faults));
        }
        let id = ChronologyId::new(self.ids(), now);
        let sealed = self.seal_chronology(id, 1, expires_at, now, &details)?;
        Ok(ChronologyRow {
            id,
            partnership_id: scene.actor().partnership,
            family_id: input.family_id,
            owner_id: scene.me(),
            owner_agency_id: scene.actor().agency,
            purpose: input.purpose,
            state: ChronologyState::Draft,
            due_at,
            opened_at: None,
            expires_at,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// Chronologies that the caller may know of.
    ///
    /// # Errors
    /// As every read.
    pub fn chronologies(&self, call: &Call, query: PageQuery) -> Answer<Page<ChronologyOut>> {
        self.read(call, Operation::ChronologyList, Trail::of("chronology"), |scene| {
            let permit = scene.permit_collection(Operation::ChronologyList)?;
            let slice = self.slice(scene, "chronologies", &query)?;
            let rows =
                store::chronologies::page_for(scene.tx, &permit, scene.session.now, slice.after, slice.limit + 1)?;
            scene.trail.expires_at = rows.iter().map(|row| row.expires_at).min();
            let (rows, next) = self.cut(scene, "chronologies", &slice, rows, |row| (row.created_at, row.id.0))?;
            let mut items = Vec::with_capacity(rows.len());
            for row in &rows {
                let admitted = self.admit(scene, row.id, Operation::ChronologyRead)?;
                items.push(self.chronology_out(scene, &admitted.permit, row)?);
            }
            scene.trail = Trail { expires_at: rows.iter().map(|row| row.expires_at).min(), ..Trail::of("chronology") };
            scene.trail.reason = Some(permit.reason());
            Ok(Page { items, next })
        })
    }

    /// One chronology, without content.
    ///
    /// # Errors
    /// As every read.
    pub fn chronology(&self, call: &Call, id: ChronologyId) -> Answer<ChronologyOut> {
        self.read(call, Operation::ChronologyRead, trail(id), |scene| self.read_chronology(scene, id))
    }

    /// Changes a chronology's purpose (draft only), grounds, dates, team or owner.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Stale`] when `version` is not the current one.
    pub fn patch_chronology(
        &self,
        call: &Call,
        id: ChronologyId,
        version: i64,
        patch: ChronologyPatch,
    ) -> Answer<ChronologyOut> {
        let written = self.write(call, Operation::ChronologyUpdate, trail(id), |scene| {
            let mut admitted = self.admit(scene, id, Operation::ChronologyUpdate)?;
            if admitted.row.version != version {
                return Err(ServiceError::Stale);
            }
            self.refuse_addresses(scene, &admitted.permit, admitted.row.family_id, &patch)?;
            let mut details = self.chronology_details(&admitted.row, scene.now())?;
            let mut faults = self.check_people(scene, &admitted.row, &patch)?;
            faults.extend(check_handing(&admitted.permit, patch.team.is_some(), patch.owner_id.is_some()));
            apply(scene, &mut admitted.row, &mut details, &patch, &mut faults);
            if !faults.is_empty() {
                return Err(ServiceError::Invalid(faults));
            }
            if let Some(team) = &patch.team {
                store::chronologies::set_team(scene.tx, admitted.row.partnership_id, id, team)?;
            }
            self.save_chronology(scene.tx, scene.session.now, &mut admitted.row, &details)?;
            self.chronology_out(scene, &admitted.permit, &admitted.row)
        })?;
        Ok(written.value)
    }

    fn check_people(
        &self,
        scene: &mut Scene<'_, '_>,
        row: &ChronologyRow,
        patch: &ChronologyPatch,
    ) -> Answer<Vec<Fault>> {
        let team = patch.team.as_deref().unwrap_or_default();
        let mut faults = check_practitioners(scene, "/team", row.owner_agency_id, team)?;
        if let Some(owner) = patch.owner_id
            && !check_practitioners(scene, "/owner_id", row.owner_agency_id, &[owner])?.is_empty()
        {
            faults.push(Fault::new("/owner_id", "unknown", "no such practitioner at the agency"));
        }
        Ok(faults)
    }
}

/// Team and owner come to read: only those who read themselves name them, or business support would let itself in.
fn check_handing(permit: &Permit, team: bool, owner: bool) -> Vec<Fault> {
    let actor = permit.actor();
    if permit.sees_all_agencies() && (actor.is(Role::SocialWorker) || actor.is(Role::TeamManager)) {
        return Vec::new();
    }
    let asked = [("/team", team), ("/owner_id", owner)].into_iter().filter(|(_, asked)| *asked);
    asked.map(|(pointer, _)| Fault::new(pointer, "not_yours", "named by those who read the chronology")).collect()
}

fn apply(
    scene: &Scene<'_, '_>,
    row: &mut ChronologyRow,
    details: &mut ChronologyDetails,
    patch: &ChronologyPatch,
    faults: &mut Vec<Fault>,
) {
    let now = scene.now();
    if let Some(purpose) = patch.purpose.filter(|purpose| *purpose != row.purpose) {
        if row.state != ChronologyState::Draft {
            faults.push(Fault::new("/purpose", "fixed", "the purpose is fixed once agencies have been asked"));
        }
        row.purpose = purpose;
    }
    if let Some(due_at) = patch.due_at {
        row.due_at = due_at;
        check_times(scene.policy(), now, due_at, row.expires_at, faults);
        if row.state == ChronologyState::Closing && due_at > now {
            row.state = ChronologyState::Open;
        }
    }
    row.owner_id = patch.owner_id.unwrap_or(row.owner_id);
    details.question = filled(patch.question.clone().apply(details.question.take()).as_ref());
    details.lawful_basis = patch.lawful_basis.or(details.lawful_basis);
    details.no_consent_reason = patch.no_consent_reason.clone().apply(details.no_consent_reason.take());
    details.family_told = patch.family_told.or(details.family_told);
    let told = patch.family_not_told_reason.clone().apply(details.family_not_told_reason.take());
    details.family_not_told_reason = filled(told.as_ref());
    if patch.look_back_from != Patch::Absent {
        let asked = patch.look_back_from.clone().apply(None);
        if asked.as_deref().is_some_and(|day| parse_day(day).is_none()) {
            faults.push(Fault::new("/look_back_from", "date", "a day, as in 2021-03-31"));
        }
        details.look_back_from = asked;
    }
}

/// An ISO day.
pub(crate) fn parse_day(text: &str) -> Option<time::Date> {
    time::Date::parse(text, &time::macros::format_description!("[year]-[month]-[day]")).ok()
}

fn look_back(
    asked: Option<&str>,
    policy: &PartnershipPolicy,
    purpose: Purpose,
    now: Instant,
    faults: &mut Vec<Fault>,
) -> Option<String> {
    if let Some(day) = asked {
        if parse_day(day).is_none() {
            faults.push(Fault::new("/look_back_from", "date", "a day, as in 2021-03-31"));
        }
        return Some(day.to_owned());
    }
    let years = i32::from(policy.purpose(purpose).look_back_years?);
    let today = domain::uk_date_of(now);
    let year = today.year() - years;
    let from = today.replace_year(year).or_else(|_| today.replace_day(28).and_then(|day| day.replace_year(year)));
    from.ok().map(|day| day.to_string())
}

/// Due before it expires, both in the future, and no longer than the partnership lets anything live.
fn check_times(
    policy: &PartnershipPolicy,
    now: Instant,
    due_at: Instant,
    expires_at: Instant,
    faults: &mut Vec<Fault>,
) {
    if expires_at <= now {
        faults.push(Fault::new("/expires_at", "past", "the expiry is in the past"));
    }
    if expires_at > now.plus(policy.max_lifetime) {
        let message = "later than the partnership lets a chronology live";
        faults.push(Fault::new("/expires_at", "beyond_policy", message));
    }
    if due_at <= now {
        faults.push(Fault::new("/due_at", "past", "the due date is in the past"));
    }
    if due_at > expires_at {
        faults.push(Fault::new("/due_at", "after_expiry", "returns are due before the chronology expires"));
    }
}
