//! Children and adults.

use domain::{
    Actor, ChronologyState, Facts, IdentifierError, Instant, NhsNumber, Operation, Permit, PersonDetails, PersonId,
    PersonKind, PersonName, ReadReason, TestNumbers, Upn, is_entitled, may_read_protected_addresses,
};
use store::PersonRow;
use store::reach::{CaseRow, Reach};
use vault::{Place, Terms};

use super::Texts;
use super::record::{PersonRecord, person_out};
use super::typed::{details, parse_identifier};
use crate::sealing::{SealedValue, until};
use crate::session::{Call, Scene, Trail};
use crate::{Answer, Fault, FindPersonIn, Page, PersonIn, PersonOut, Service, ServiceError, Written};

/// How many people a look-up shows at most: a person's identifiers name one person, seldom two.
const FIND_LIMIT: usize = 20;

impl Service {
    /// Records a child or an adult. The record lives as long as something live refers to it, and for the partnership's
    /// unreferenced lifetime while nothing does yet.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Invalid`] names every fault.
    pub fn create_person(&self, call: &Call, input: PersonIn) -> Answer<Written<PersonOut>> {
        self.write_once(
            call,
            Operation::PersonCreate,
            Trail::of("person"),
            |scene| {
                scene.permit_collection(Operation::PersonCreate)?;
                let details = details(&input, scene.now(), scene.policy().test_nhs_numbers)?;
                let row = self.new_person_row(scene, &details)?;
                scene.trail.object_id = Some(row.id.0);
                scene.trail.expires_at = Some(row.expires_at);
                store::people::insert(scene.tx, &row, &self.person_keys(scene, &details))?;
                Ok(person_out(&row, PersonRecord::first(details, row.created_at), true, None))
            },
            |scene, kept| self.read_person(scene, PersonId(kept.object_id)),
        )
    }

    fn new_person_row(&self, scene: &Scene<'_, '_>, details: &PersonDetails) -> Answer<PersonRow> {
        let now = scene.now();
        let id = PersonId::new(self.ids(), now);
        let expires_at = now.plus(scene.policy().unreferenced_lifetime);
        let record = PersonRecord::first(details.clone(), now);
        let sealed = self.seal_person(id, 1, expires_at, now, &record)?;
        Ok(PersonRow {
            id,
            partnership_id: scene.actor().partnership,
            kind: details.kind,
            created_by: scene.me(),
            created_by_agency: scene.actor().agency,
            expires_at,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// One child or adult.
    ///
    /// # Errors
    /// As every read.
    pub fn person(&self, call: &Call, id: PersonId) -> Answer<PersonOut> {
        self.read(call, Operation::PersonRead, Trail::about("person", id), |scene| self.read_person(scene, id))
    }

    fn read_person(&self, scene: &mut Scene<'_, '_>, id: PersonId) -> Answer<PersonOut> {
        let Held { permit, row, all_addresses, until } = self.person_for(scene, id, Operation::PersonRead)?;
        let emergency = scene.trail.told.emergency.clone();
        let end = until.map_or(row.expires_at, |until| until.min(row.expires_at));
        scene.trail.expires_at = Some(emergency.as_ref().map_or(end, |notice| end.min(notice.until)));
        let mut record = self.open_record(&row, scene.now())?;
        if !all_addresses {
            self.withhold(scene, &permit, id, &mut record)?;
        }
        Ok(PersonOut { expires_at: end, ..person_out(&row, record, all_addresses, emergency) })
    }

    /// A person's names, which contributors read, tell no protected address of their families.
    fn refuse_addresses_in_names(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        id: PersonId,
        input: &PersonIn,
    ) -> Answer<()> {
        for family in store::people::families_of(scene.tx, permit.partnership(), id)? {
            let Some(family) = self.open_family_if_there(scene, permit, family)? else { continue };
            let texts = || {
                let mut texts = Texts::default();
                texts.add("/name", &input.name)?;
                texts.add("/other_names", &input.other_names)?;
                Ok(texts)
            };
            let faults = self.addresses_told(scene, permit, &family.protected(), texts)?;
            if !faults.is_empty() {
                return Err(ServiceError::Invalid(faults));
            }
        }
        Ok(())
    }

    /// Takes out addresses that are another member's protected ones: who lives with them is recorded without it.
    fn withhold(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        id: PersonId,
        record: &mut PersonRecord,
    ) -> Answer<()> {
        for family in store::people::families_of(scene.tx, permit.partnership(), id)? {
            let Some(family) = self.open_family_if_there(scene, permit, family)? else { continue };
            record.withhold(&family.protected());
        }
        Ok(())
    }

    /// Replaces what is recorded of a child or an adult.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Stale`] when `version` is not the current one.
    pub fn replace_person(&self, call: &Call, id: PersonId, version: i64, input: PersonIn) -> Answer<PersonOut> {
        let written = self.write(call, Operation::PersonUpdate, Trail::about("person", id), |scene| {
            let Held { permit, mut row, .. } = self.person_for(scene, id, Operation::PersonUpdate)?;
            let details = details(&input, scene.now(), scene.policy().test_nhs_numbers)?;
            if details.kind != row.kind {
                return Err(ServiceError::fault("/kind", "fixed", "a child stays a child and an adult an adult"));
            }
            self.refuse_addresses_in_names(scene, &permit, id, &input)?;
            let record = self.open_record(&row, scene.now())?.changed_to(&row, details, scene.now());
            row.version = version + 1;
            row.updated_at = scene.now();
            let sealed = self.seal_person(id, row.version, row.expires_at, scene.now(), &record)?;
            (row.wrapped_key, row.sealed) = (sealed.wrapped_key.into(), sealed.sealed.into());
            store::people::update(scene.tx, &row, version, &self.person_keys(scene, &record.details))?;
            self.index_kin_of(scene, &permit, id)?;
            Ok(person_out(&row, record, true, None))
        })?;
        Ok(written.value)
    }

    /// Looks a person up by identifiers, among those the caller may see.
    ///
    /// # Errors
    /// As every read; [`ServiceError::Invalid`] when there is nothing to look up by or a check digit is wrong.
    pub fn find_people(&self, call: &Call, input: FindPersonIn) -> Answer<Page<PersonOut>> {
        self.read(call, Operation::PersonFind, Trail::of("person"), |scene| {
            let permit = scene.permit_collection(Operation::PersonFind)?;
            let (partnership, now, agency) = (permit.partnership(), scene.now(), scene.actor().agency);
            let mut ids = Vec::new();
            for (kind, value) in find_keys(&input, scene.policy().test_nhs_numbers)? {
                let token = self.vault().index(partnership, kind, value.as_bytes());
                ids.extend(store::people::ids_by_token(scene.tx, partnership, kind, &token, now)?);
            }
            ids.sort_unstable();
            ids.dedup();
            let rows = store::people::find_many(scene.tx, &permit, &ids, now)?;
            let own = rows.into_iter().filter(|row| row.created_by_agency == agency).take(FIND_LIMIT);
            let mut items = Vec::new();
            for row in own {
                let (facts, _) = self.person_facts(scene, row.id, Operation::PersonFind)?;
                let all_addresses = may_read_protected_addresses(scene.actor(), &facts) && !facts.emergency;
                let mut record = self.open_record(&row, now)?;
                if !all_addresses {
                    self.withhold(scene, &permit, row.id, &mut record)?;
                }
                items.push(person_out(&row, record, all_addresses, None));
            }
            scene.trail.expires_at = items.iter().map(|person| person.expires_at).min();
            Ok(Page { items, next: None })
        })
    }

    /// Leave to do something with a person.
    pub(crate) fn person_leave(&self, scene: &mut Scene<'_, '_>, id: PersonId, operation: Operation) -> Answer<()> {
        self.person_for(scene, id, operation).map(drop)
    }

    /// A person whom the caller may see or change.
    fn person_for(&self, scene: &mut Scene<'_, '_>, id: PersonId, operation: Operation) -> Answer<Held> {
        let (facts, until) = self.person_facts(scene, id, operation)?;
        let permit = scene.permit(operation, &facts)?;
        if scene.trail.told.emergency.is_some() {
            scene.trail.reason = Some(ReadReason::Emergency);
        }
        let row = store::people::find(scene.tx, &permit, id, scene.session.now)?.ok_or(ServiceError::NotFound)?;
        let all_addresses = may_read_protected_addresses(scene.actor(), &facts);
        Ok(Held { permit, row, all_addresses, until })
    }

    /// Facts about a person: who recorded them, through which invitation the caller knows of them, and whether the caller reads
    /// a chronology about them, as their case or in an emergency. The same is asked of the database whether or not there is
    /// such a person.
    fn person_facts(
        &self,
        scene: &mut Scene<'_, '_>,
        id: PersonId,
        operation: Operation,
    ) -> Answer<(Facts, Option<Instant>)> {
        use ChronologyState as S;
        let (actor, now) = (scene.session.actor.clone(), scene.session.now);
        let (partnership, me) = (actor.partnership, actor.practitioner);
        let person = store::people::facts(scene.tx, partnership, id, now)?;
        let reach = store::people::reachable_by(scene.tx, partnership, id, actor.agency, me, now)?;
        let cases = store::reach::cases_of_person(scene.tx, partnership, id, me, now)?;
        let Some(person) = person else { return Ok((Facts::default(), None)) };
        let of = |case: &CaseRow| Facts {
            owner: case.owner == me,
            agency_owns: case.owner_agency == actor.agency,
            on_team: case.on_team,
            state: Some(case.state),
            ..Facts::collection()
        };
        // One that nobody has been asked about yet is no case: whoever likes can prepare one.
        let asked =
            |case: &&CaseRow| matches!(case.state, S::Open | S::Closing | S::Consolidated | S::SignedOff | S::Closed);
        let mut asked = cases.iter().filter(asked);
        let case = asked.any(|case| is_entitled(&actor, Operation::ConsolidationRead, &of(case)));
        let facts = Facts {
            in_partnership: true,
            own_agency: person.created_by_agency == actor.agency,
            agency_owns: person.created_by_agency == actor.agency && actor.social_care,
            owner: person.created_by == me,
            case,
            ..Facts::default()
        };
        let (facts, until) = by_invitation(&actor, operation, facts, reach);
        let emergency = cases.iter().find(|case| case.emergency).filter(|_| !case && !facts.owner);
        let notice = match emergency.filter(|_| operation.given_in_emergency()) {
            Some(case) => self.emergency_notice(scene, case.chronology)?,
            None => None,
        };
        let facts = Facts { emergency: notice.is_some(), ..facts };
        scene.trail.told.emergency = notice;
        Ok((facts, until))
    }

    pub(crate) fn seal_person(
        &self,
        id: PersonId,
        version: i64,
        expires_at: Instant,
        now: Instant,
        record: &PersonRecord,
    ) -> Answer<SealedValue> {
        self.seal(&person_place(id, version), &person_terms(id, expires_at), now, record)
    }

    pub(crate) fn open_person(&self, row: &PersonRow, now: Instant) -> Answer<PersonDetails> {
        Ok(self.open_record(row, now)?.details)
    }

    fn open_record(&self, row: &PersonRow, now: Instant) -> Answer<PersonRecord> {
        let place = person_place(row.id, row.version);
        self.unseal(&place, &person_terms(row.id, row.expires_at), now, row.wrapped_key.as_ref(), row.sealed.as_ref())
    }

    /// Keyed look-up tokens of a person.
    fn person_keys(&self, scene: &Scene<'_, '_>, details: &PersonDetails) -> Vec<(&'static str, Vec<u8>)> {
        let partnership = scene.actor().partnership;
        lookup_keys(details)
            .into_iter()
            .map(|(kind, value)| (kind, self.vault().index(partnership, kind, value.as_bytes()).to_vec()))
            .collect()
    }
}

/// Facts with the invitation by which the caller may do it, and how long they know of it by those that let them; with none
/// where none lets them.
pub(super) fn by_invitation(
    actor: &Actor,
    operation: Operation,
    facts: Facts,
    reach: Vec<Reach>,
) -> (Facts, Option<Instant>) {
    if is_entitled(actor, operation, &facts) {
        return (facts, None);
    }
    let with = |one: &Reach| Facts { invitation: Some(one.invitation), state: Some(one.state), ..facts.clone() };
    let lets = |one: &&Reach| is_entitled(actor, operation, &with(one));
    let until = reach.iter().filter(lets).map(|one| one.expires_at).max();
    let found = reach.iter().find(lets).map(with);
    (found.unwrap_or(facts), until)
}

/// A person whom the caller was given leave to see or change.
struct Held {
    permit: Permit,
    row: PersonRow,
    /// Whether protected addresses are theirs to see.
    all_addresses: bool,
    /// Until when they know of the person; none where that is as long as the record lives. What else keeps the record is not
    /// theirs to know.
    until: Option<Instant>,
}

pub(crate) fn person_place(id: PersonId, version: i64) -> Place {
    Place { table: "people", row: id.0, version }
}

pub(crate) fn person_terms(id: PersonId, expires_at: Instant) -> Terms {
    until(id, expires_at)
}

/// What is wrong with an identifier, without repeating it.
pub(crate) fn identifier_fault(pointer: &str, error: IdentifierError) -> Fault {
    match error {
        IdentifierError::Shape | IdentifierError::CheckDigit => {
            let message = "not a valid number: a digit or letter is wrong, missing or swapped";
            Fault::new(pointer, "check_digit", message)
        }
        IdentifierError::NeverIssued => {
            let message = "such a number is never issued, so it identifies nobody";
            Fault::new(pointer, "never_issued", message)
        }
    }
}

/// Values to look a person up by, before they are keyed. A child is also met by keys of sounds, dates and places, when
/// another agency's record may be of the same child.
fn lookup_keys(details: &PersonDetails) -> Vec<(&'static str, String)> {
    let mut keys = Vec::new();
    if details.kind == PersonKind::Child {
        keys.extend(blocking_keys(details));
    }
    if let Some(number) = &details.nhs_number {
        keys.push(("nhs_number", number.as_str().to_owned()));
    }
    if let Some(upn) = &details.upn {
        keys.push(("upn", upn.as_str().to_owned()));
    }
    if let Some(birth) = details.birth.filter(|birth| !birth.expected) {
        let names = std::iter::once(&details.name).chain(&details.other_names);
        keys.extend(names.filter_map(|name| name_birth(name, birth.date)));
    }
    keys.sort();
    keys.dedup();
    keys
}

/// At most so many keys by which records that may be of one child meet.
const MOST_BLOCKING: usize = 64;

fn blocking_keys(details: &PersonDetails) -> impl Iterator<Item = (&'static str, String)> {
    // Numbers have exact tokens of their own.
    let keys = linkage::blocking_keys(&linkage::PersonFacts::of("", details)).into_iter();
    let keys = keys.filter(|(kind, _)| !matches!(*kind, "nhs" | "upn" | "reference"));
    keys.take(MOST_BLOCKING).map(|(kind, value)| ("blocking", format!("{kind}|{value}")))
}

fn name_birth(name: &PersonName, born: time::Date) -> Option<(&'static str, String)> {
    let family = name.family.as_ref()?;
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    Some(("name_birth", format!("{}|{}|{born}", plain(name.given.as_str()), plain(family.as_str()))))
}

fn find_keys(input: &FindPersonIn, tests: TestNumbers) -> Answer<Vec<(&'static str, String)>> {
    let mut faults = Vec::new();
    let number = |text: &str| NhsNumber::parse_issued(text, tests);
    let number = parse_identifier(input.nhs_number.as_deref(), "/nhs_number", &mut faults, number);
    let upn = parse_identifier(input.upn.as_deref(), "/upn", &mut faults, Upn::parse);
    let mut keys = Vec::new();
    keys.extend(number.map(|number| ("nhs_number", number.as_str().to_owned())));
    keys.extend(upn.map(|upn| ("upn", upn.as_str().to_owned())));
    if let Some(name) = &input.name {
        let born = input.born_on.as_deref().and_then(crate::chronologies::parse_day);
        match born.and_then(|born| name_birth(name, born)) {
            Some(key) => keys.push(key),
            None => {
                faults.push(Fault::new("/born_on", "required", "a look-up by name needs family name and birth date"))
            }
        }
    }
    if keys.is_empty() && faults.is_empty() {
        faults.push(Fault::new("", "required", "give an NHS number, a UPN, or name and date of birth"));
    }
    if faults.is_empty() { Ok(keys) } else { Err(ServiceError::Invalid(faults)) }
}
