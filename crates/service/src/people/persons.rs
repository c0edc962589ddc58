//! Children and adults.

use domain::{
    Facts, IdentifierError, Instant, NhsNumber, Operation, Permit, PersonDetails, PersonId, PersonKind, PersonName,
    TestNumbers, Upn,
};
use store::PersonRow;
use vault::{Place, Terms};

use super::edtf_fault;
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
                Ok(person_out(&row, details, true))
            },
            |scene, kept| self.read_person(scene, PersonId(kept.object_id)),
        )
    }

    fn new_person_row(&self, scene: &Scene<'_, '_>, details: &PersonDetails) -> Answer<PersonRow> {
        let now = scene.now();
        let id = PersonId::new(self.ids(), now);
        let expires_at = now.plus(scene.policy().unreferenced_lifetime);
        let sealed = self.seal_person(id, 1, expires_at, now, details)?;
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
        let (_, row, all_addresses) = self.person_for(scene, id, Operation::PersonRead)?;
        scene.trail.expires_at = Some(row.expires_at);
        let details = self.open_person(&row, scene.now())?;
        Ok(person_out(&row, details, all_addresses))
    }

    /// Replaces what is recorded of a child or an adult.
    ///
    /// # Errors
    /// As every write; [`ServiceError::Stale`] when `version` is not the current one.
    pub fn replace_person(&self, call: &Call, id: PersonId, version: i64, input: PersonIn) -> Answer<PersonOut> {
        let written = self.write(call, Operation::PersonUpdate, Trail::about("person", id), |scene| {
            let (permit, mut row, _) = self.person_for(scene, id, Operation::PersonUpdate)?;
            let details = details(&input, scene.now(), scene.policy().test_nhs_numbers)?;
            if details.kind != row.kind {
                return Err(ServiceError::fault("/kind", "fixed", "a child stays a child and an adult an adult"));
            }
            row.version = version + 1;
            row.updated_at = scene.now();
            let sealed = self.seal_person(id, row.version, row.expires_at, scene.now(), &details)?;
            (row.wrapped_key, row.sealed) = (sealed.wrapped_key.into(), sealed.sealed.into());
            store::people::update(scene.tx, &row, version, &self.person_keys(scene, &details))?;
            self.index_kin_of(scene, &permit, id)?;
            Ok(person_out(&row, details, true))
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
            let items =
                own.map(|row| Ok(person_out(&row, self.open_person(&row, now)?, true))).collect::<Answer<Vec<_>>>()?;
            scene.trail.expires_at = items.iter().map(|person| person.expires_at).min();
            Ok(Page { items, next: None })
        })
    }

    /// The row of a person whom the caller may see or change, and whether protected addresses are theirs to see.
    fn person_for(
        &self,
        scene: &mut Scene<'_, '_>,
        id: PersonId,
        operation: Operation,
    ) -> Answer<(Permit, PersonRow, bool)> {
        let facts = person_facts(scene, id)?;
        let permit = scene.permit(operation, &facts)?;
        let row = store::people::find(scene.tx, &permit, id, scene.session.now)?.ok_or(ServiceError::NotFound)?;
        Ok((permit, row, facts.agency_owns))
    }

    pub(crate) fn seal_person(
        &self,
        id: PersonId,
        version: i64,
        expires_at: Instant,
        now: Instant,
        details: &PersonDetails,
    ) -> Answer<SealedValue> {
        self.seal(&person_place(id, version), &person_terms(id, expires_at), now, details)
    }

    pub(crate) fn open_person(&self, row: &PersonRow, now: Instant) -> Answer<PersonDetails> {
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

/// Facts about a person: who recorded it, and whether the caller contributes to a chronology of their family.
fn person_facts(scene: &mut Scene<'_, '_>, id: PersonId) -> Answer<Facts> {
    let (actor, now) = (scene.session.actor.clone(), scene.session.now);
    let Some(person) = store::people::facts(scene.tx, actor.partnership, id, now)? else {
        return Ok(Facts::default());
    };
    let reach = store::people::reachable_by(scene.tx, actor.partnership, id, actor.agency, actor.practitioner, now)?;
    Ok(Facts {
        in_partnership: true,
        own_agency: person.created_by_agency == actor.agency,
        agency_owns: person.created_by_agency == actor.agency && actor.social_care,
        owner: person.created_by == actor.practitioner,
        invitation: reach,
        ..Facts::default()
    })
}

pub(crate) fn person_place(id: PersonId, version: i64) -> Place {
    Place { table: "people", row: id.0, version }
}

pub(crate) fn person_terms(id: PersonId, expires_at: Instant) -> Terms {
    until(id, expires_at)
}

/// Checks and parses what was typed; all faults at once.
fn details(input: &PersonIn, now: Instant, tests: TestNumbers) -> Answer<PersonDetails> {
    let mut faults = Vec::new();
    let number = |text: &str| NhsNumber::parse_issued(text, tests);
    let nhs_number = parse_identifier(input.nhs_number.as_deref(), "/nhs_number", &mut faults, number);
    let upn = parse_identifier(input.upn.as_deref(), "/upn", &mut faults, Upn::parse);
    let is_child = input.kind == PersonKind::Child;
    if is_child && input.nhs_number.is_none() && input.no_nhs_number_reason.is_none() {
        let message = "give the NHS number, or the reason why there is none";
        faults.push(Fault::new("/no_nhs_number_reason", "required", message));
    }
    if nhs_number.is_some() && input.no_nhs_number_reason.is_some() {
        let message = "a reason for having no NHS number stands beside an NHS number";
        faults.push(Fault::new("/no_nhs_number_reason", "contradicts", message));
    }
    if let Some(birth) = input.birth
        && !birth.expected
        && birth.date > domain::uk_date_of(now)
    {
        faults.push(Fault::new("/birth/date", "future_date", "a date of birth is not in the future; set `expected`"));
    }
    check_names(input, &mut faults);
    for (at, address) in input.addresses.iter().enumerate() {
        for (field, day) in [("from", &address.from), ("until", &address.until)] {
            faults.extend(edtf_fault(format!("/addresses/{at}/{field}"), day));
        }
    }
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    Ok(PersonDetails {
        kind: input.kind,
        name: input.name.clone(),
        other_names: input.other_names.clone(),
        birth: input.birth,
        sex: input.sex,
        nhs_number,
        no_nhs_number_reason: input.no_nhs_number_reason,
        upn,
        addresses: input.addresses.clone(),
    })
}

fn check_names(input: &PersonIn, faults: &mut Vec<Fault>) {
    let names = input.other_names.iter().enumerate().map(|(at, name)| (format!("/other_names/{at}"), name));
    for (pointer, name) in std::iter::once(("/name".to_owned(), &input.name)).chain(names) {
        if name.given.as_str().trim().is_empty() {
            faults.push(Fault::new(format!("{pointer}/given"), "required", "a given name or a placeholder is needed"));
        }
    }
}

fn parse_identifier<T>(
    text: Option<&str>,
    pointer: &str,
    faults: &mut Vec<Fault>,
    parse: impl Fn(&str) -> Result<T, IdentifierError>,
) -> Option<T> {
    match text.map(parse)? {
        Ok(value) => Some(value),
        Err(error) => {
            faults.push(identifier_fault(pointer, error));
            None
        }
    }
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

fn person_out(row: &PersonRow, details: PersonDetails, all_addresses: bool) -> PersonOut {
    let PersonDetails { kind, name, other_names, birth, sex, nhs_number, no_nhs_number_reason, upn, addresses } =
        details;
    PersonOut {
        id: row.id,
        kind,
        name,
        other_names,
        birth,
        sex,
        nhs_number: nhs_number.map(|number| number.as_str().into()),
        no_nhs_number_reason,
        upn: upn.map(|upn| upn.as_str().into()),
        addresses: addresses.into_iter().filter(|address| all_addresses || !address.protected).collect(),
        expires_at: row.expires_at,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
