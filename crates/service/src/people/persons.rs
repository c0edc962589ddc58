//! Records of children and adults.

use contract::{FindPersonIn, Page, PersonIn, PersonOut};
use domain::{
    AccessFacts, AccessPermit, Actor, ChronologyState, IdentifierError, Instant, NhsNumber,
    ObjectKind, Operation, PersonDetails, PersonId, PersonKind, PersonName, ReadReason,
    TestNumberPolicy, Upn, is_entitled, may_read_protected_addresses,
};
use kernel::{
    AuditContext, CallContext, Fault, ServiceError, ServiceResult, UnitOfWork, WriteReply,
};
use store::PersonRow;
use store::family_access::{InvitationAccess, PersonChronologyRow};

use crate::input::parse_day;
use crate::people::People;
use crate::people::input::{parse_identifier, parse_person_details};
use crate::people::protected_addresses::SubmittedTexts;
use crate::records::{PersonRecord, person_location, person_out, person_terms};

/// Maximum number of people in a look-up result. Identifiers name one person, rarely two.
const FIND_LIMIT: usize = 20;

impl People {
    /// Records a child or an adult. The record lives as long as a live object refers to it, and for
    /// the partnership's unreferenced lifetime while none does.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Invalid`] with every fault of
    /// the input.
    pub fn create_person(
        &self,
        call: &CallContext,
        input: PersonIn,
    ) -> ServiceResult<WriteReply<PersonOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::PersonCreate,
            AuditContext::of(ObjectKind::Person),
            |uow| {
                uow.authorize_collection(Operation::PersonCreate)?;
                let details =
                    parse_person_details(&input, uow.now(), uow.policy().test_nhs_numbers)?;
                let row = self.new_person_row(uow, &details)?;
                uow.audit.set_object(row.id);
                uow.audit.expires_at = Some(row.expires_at);
                store::people::insert(uow.tx, &row, &self.person_keys(uow, &details))?;
                Ok(person_out(
                    &row,
                    PersonRecord::new(details, row.created_at),
                    true,
                    None,
                ))
            },
            |uow, idempotency| self.read_person(uow, idempotency.object()?),
        )
    }

    fn new_person_row(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        details: &PersonDetails,
    ) -> ServiceResult<PersonRow> {
        let now = uow.now();
        let id = PersonId::new(self.kernel.ids(), now);
        let expires_at = now.plus(uow.policy().unreferenced_lifetime);
        let record = PersonRecord::new(details.clone(), now);
        let location = person_location(id, 1);
        let terms = person_terms(id, expires_at);
        let sealed = self.kernel.seal(uow.tx, &location, &terms, now, &record)?;
        Ok(PersonRow {
            id,
            partnership_id: uow.actor().partnership,
            kind: details.kind,
            created_by: uow.caller_id(),
            created_by_agency: uow.actor().agency,
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
    /// The [errors common to reads](crate#errors).
    pub fn get_person(&self, call: &CallContext, id: PersonId) -> ServiceResult<PersonOut> {
        self.kernel.read(
            call,
            Operation::PersonRead,
            AuditContext::about(id),
            |uow| self.read_person(uow, id),
        )
    }

    fn read_person(&self, uow: &mut UnitOfWork<'_, '_>, id: PersonId) -> ServiceResult<PersonOut> {
        let AuthorizedPerson {
            permit,
            row,
            all_addresses,
            until,
        } = self.load_authorized_person(uow, id, Operation::PersonRead)?;
        let emergency = uow.audit.disclosures.emergency.clone();
        let visible_until = until.map_or(row.expires_at, |until| until.min(row.expires_at));
        uow.audit.expires_at = Some(
            emergency
                .as_ref()
                .map_or(visible_until, |notice| visible_until.min(notice.until)),
        );
        let mut record = self.records.families.open_record(&row, uow.now())?;
        if !all_addresses {
            self.withhold_protected_addresses(uow, &permit, id, &mut record)?;
        }
        Ok(PersonOut {
            expires_at: visible_until,
            ..person_out(&row, record, all_addresses, emergency)
        })
    }

    /// Refuses names that disclose a protected address of the person's families; contributors can
    /// read names.
    fn refuse_addresses_in_names(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        id: PersonId,
        input: &PersonIn,
    ) -> ServiceResult<()> {
        for family in store::people::families_of(uow.tx, permit.partnership(), id)? {
            let Some(family) = self.open_family_if_live(uow, permit, family)? else {
                continue;
            };
            let texts = || {
                let mut texts = SubmittedTexts::default();
                texts.add("/name", &input.name)?;
                texts.add("/other_names", &input.other_names)?;
                Ok(texts)
            };
            let faults =
                self.find_disclosed_addresses(uow, permit, &family.protected_addresses(), texts)?;
            if !faults.is_empty() {
                return Err(ServiceError::Invalid(faults));
            }
        }
        Ok(())
    }

    /// Removes addresses that are another family member's protected address: someone who lives with
    /// them may have it recorded as unprotected.
    fn withhold_protected_addresses(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        id: PersonId,
        record: &mut PersonRecord,
    ) -> ServiceResult<()> {
        for family in store::people::families_of(uow.tx, permit.partnership(), id)? {
            let Some(family) = self.open_family_if_live(uow, permit, family)? else {
                continue;
            };
            record.withhold_protected_addresses(&family.protected_addresses());
        }
        Ok(())
    }

    /// Replaces the details of a child or an adult.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Stale`] when `version` is not
    /// the current one; [`ServiceError::Invalid`] with every fault of the input.
    pub fn replace_person(
        &self,
        call: &CallContext,
        id: PersonId,
        version: i64,
        input: PersonIn,
    ) -> ServiceResult<PersonOut> {
        let written = self.kernel.write(
            call,
            Operation::PersonUpdate,
            AuditContext::about(id),
            |uow| {
                let AuthorizedPerson {
                    permit, mut row, ..
                } = self.load_authorized_person(uow, id, Operation::PersonUpdate)?;
                let details =
                    parse_person_details(&input, uow.now(), uow.policy().test_nhs_numbers)?;
                if details.kind != row.kind {
                    return Err(ServiceError::invalid(
                        "/kind",
                        "fixed",
                        "a child stays a child and an adult an adult",
                    ));
                }
                self.refuse_addresses_in_names(uow, &permit, id, &input)?;
                let record = self
                    .records
                    .families
                    .open_record(&row, uow.now())?
                    .updated_with(&row, details, uow.now());
                row.version = version + 1;
                row.updated_at = uow.now();
                let location = person_location(id, row.version);
                let terms = person_terms(id, row.expires_at);
                let sealed = self
                    .kernel
                    .seal(uow.tx, &location, &terms, uow.now(), &record)?;
                row.wrapped_key = sealed.wrapped_key.into();
                row.sealed = sealed.sealed.into();
                store::people::update(
                    uow.tx,
                    &row,
                    version,
                    &self.person_keys(uow, &record.details),
                )?;
                self.reindex_relatives(uow, &permit, id)?;
                Ok(person_out(&row, record, true, None))
            },
        )?;
        Ok(written.value)
    }

    /// Finds people by identifiers among those that the caller's agency recorded.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors); [`ServiceError::Invalid`] when no criterion is
    /// given or a check digit is wrong.
    pub fn find_people(
        &self,
        call: &CallContext,
        input: FindPersonIn,
    ) -> ServiceResult<Page<PersonOut>> {
        self.kernel.read(
            call,
            Operation::PersonFind,
            AuditContext::of(ObjectKind::Person),
            |uow| {
                let permit = uow.authorize_collection(Operation::PersonFind)?;
                let partnership = permit.partnership();
                let now = uow.now();
                let agency = uow.actor().agency;
                let mut ids = Vec::new();
                for (kind, value) in search_keys(&input, uow.policy().test_nhs_numbers)? {
                    let token = self
                        .kernel
                        .vault()
                        .index(partnership, kind, value.as_bytes());
                    ids.extend(store::people::ids_by_token(
                        uow.tx,
                        partnership,
                        kind,
                        &token,
                        now,
                    )?);
                }
                ids.sort_unstable();
                ids.dedup();
                let rows = store::people::find_many(uow.tx, &permit, &ids, now)?;
                let own = rows
                    .into_iter()
                    .filter(|row| row.created_by_agency == agency)
                    .take(FIND_LIMIT);
                let mut items = Vec::new();
                for row in own {
                    let (facts, _) = self.person_facts(uow, row.id, Operation::PersonFind)?;
                    let all_addresses =
                        may_read_protected_addresses(uow.actor(), &facts) && !facts.emergency;
                    let mut record = self.records.families.open_record(&row, now)?;
                    if !all_addresses {
                        self.withhold_protected_addresses(uow, &permit, row.id, &mut record)?;
                    }
                    items.push(person_out(&row, record, all_addresses, None));
                }
                uow.audit.expires_at = items.iter().map(|person| person.expires_at).min();
                Ok(Page { items, next: None })
            },
        )
    }

    /// Checks that the caller may carry out an operation on a person.
    pub(crate) fn authorize_person(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: PersonId,
        operation: Operation,
    ) -> ServiceResult<()> {
        self.load_authorized_person(uow, id, operation).map(drop)
    }

    /// Authorises an operation on a person and loads the record.
    fn load_authorized_person(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: PersonId,
        operation: Operation,
    ) -> ServiceResult<AuthorizedPerson> {
        let (facts, until) = self.person_facts(uow, id, operation)?;
        let permit = uow.authorize(operation, &facts)?;
        if uow.audit.disclosures.emergency.is_some() {
            uow.audit.reason = Some(ReadReason::Emergency);
        }
        let row = store::people::find(uow.tx, &permit, id, uow.session.now)?
            .ok_or(ServiceError::NotFound)?;
        let all_addresses = may_read_protected_addresses(uow.actor(), &facts);
        Ok(AuthorizedPerson {
            permit,
            row,
            all_addresses,
            until,
        })
    }

    /// Access facts about a person, and until when the caller has access by invitation: who
    /// recorded the person, which invitation reaches them, and whether the caller reads a
    /// chronology about them as a case worker or in an emergency. The same queries run whether or
    /// not the person exists.
    fn person_facts(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: PersonId,
        operation: Operation,
    ) -> ServiceResult<(AccessFacts, Option<Instant>)> {
        let actor = uow.session.actor.clone();
        let now = uow.session.now;
        let partnership = actor.partnership;
        let practitioner = actor.practitioner;
        let person = store::people::facts(uow.tx, partnership, id, now)?;
        let access = store::people::invitation_access(
            uow.tx,
            partnership,
            id,
            actor.agency,
            practitioner,
            now,
        )?;
        let cases = store::family_access::chronologies_for_person(
            uow.tx,
            partnership,
            id,
            practitioner,
            now,
        )?;
        let Some(person) = person else {
            return Ok((AccessFacts::default(), None));
        };
        let case = cases.iter().any(|case| is_case_worker(&actor, case));
        let facts = AccessFacts {
            in_partnership: true,
            own_agency: person.created_by_agency == actor.agency,
            owned_by_agency: person.created_by_agency == actor.agency && actor.social_care,
            owner: person.created_by == practitioner,
            case,
            ..AccessFacts::default()
        };
        let (facts, until) = add_invitation_facts(&actor, operation, facts, access);
        let emergency = cases
            .iter()
            .find(|case| case.emergency)
            .filter(|_| !case && !facts.owner);
        let notice = match emergency.filter(|_| operation.is_allowed_in_emergency()) {
            Some(case) => self
                .records
                .chronologies
                .emergency_notice(uow, case.chronology)?,
            None => None,
        };
        let facts = AccessFacts {
            emergency: notice.is_some(),
            ..facts
        };
        uow.audit.disclosures.emergency = notice;
        Ok((facts, until))
    }

    /// Keyed look-up tokens of a person.
    fn person_keys(
        &self,
        uow: &UnitOfWork<'_, '_>,
        details: &PersonDetails,
    ) -> Vec<(&'static str, Vec<u8>)> {
        let partnership = uow.actor().partnership;
        lookup_keys(details)
            .into_iter()
            .map(|(kind, value)| {
                (
                    kind,
                    self.kernel
                        .vault()
                        .index(partnership, kind, value.as_bytes())
                        .to_vec(),
                )
            })
            .collect()
    }
}

/// Whether the actor works on a chronology that is open or was. A draft chronology is no case,
/// because anyone can prepare one.
fn is_case_worker(actor: &Actor, case: &PersonChronologyRow) -> bool {
    use ChronologyState as S;
    let is_opened = matches!(
        case.state,
        S::Open | S::Closing | S::Consolidated | S::SignedOff | S::Closed
    );
    let facts = AccessFacts {
        owner: case.owner == actor.practitioner,
        owned_by_agency: case.owner_agency == actor.agency,
        on_team: case.on_team,
        state: Some(case.state),
        ..AccessFacts::collection()
    };
    is_opened && is_entitled(actor, Operation::ConsolidationRead, &facts)
}

/// Adds the invitation that entitles the caller to the operation, and the latest expiry among such
/// invitations. Returns the facts unchanged when the caller is entitled without one or none helps.
pub(crate) fn add_invitation_facts(
    actor: &Actor,
    operation: Operation,
    facts: AccessFacts,
    access: Vec<InvitationAccess>,
) -> (AccessFacts, Option<Instant>) {
    if is_entitled(actor, operation, &facts) {
        return (facts, None);
    }
    let with_invitation = |access: &InvitationAccess| AccessFacts {
        invitation: Some(access.invitation),
        state: Some(access.state),
        ..facts.clone()
    };
    let entitles = |access: &&InvitationAccess| {
        let facts = with_invitation(access);
        is_entitled(actor, operation, &facts)
    };
    let until = access
        .iter()
        .filter(entitles)
        .map(|invitation| invitation.expires_at)
        .max();
    let found = access.iter().find(entitles).map(with_invitation);
    (found.unwrap_or(facts), until)
}

/// A person record together with the permit that authorises the caller's operation on it.
struct AuthorizedPerson {
    permit: AccessPermit,
    row: PersonRow,
    /// Whether the caller may see protected addresses.
    all_addresses: bool,
    /// Until when the caller may know of the person; `None` for as long as the record lives. The
    /// caller does not learn what else keeps the record.
    until: Option<Instant>,
}

/// The fault of an identifier; it does not repeat the value.
pub(crate) fn identifier_fault(pointer: &str, error: IdentifierError) -> Fault {
    match error {
        IdentifierError::Shape | IdentifierError::CheckDigit => {
            let message = "not a valid number: a digit or letter is wrong, missing or swapped";
            Fault::new(pointer, "check_digit", message)
        }
        IdentifierError::NeverIssued => {
            let message = "this number is never issued, so it identifies no one";
            Fault::new(pointer, "never_issued", message)
        }
    }
}

/// Values to look a person up by, before they are keyed. A child also has blocking keys from
/// sounds, dates and places, which find another agency's record of the same child.
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
        keys.extend(names.filter_map(|name| name_birth_key(name, birth.date)));
    }
    keys.sort();
    keys.dedup();
    keys
}

/// Maximum number of blocking keys per child.
const MAX_BLOCKING_KEYS: usize = 64;

fn blocking_keys(details: &PersonDetails) -> impl Iterator<Item = (&'static str, String)> {
    // Identifiers have exact tokens of their own.
    let keys = linkage::blocking_keys(&linkage::PersonFacts::from_details("", details)).into_iter();
    let keys = keys.filter(|(kind, _)| !matches!(*kind, "nhs" | "upn" | "reference"));
    keys.take(MAX_BLOCKING_KEYS)
        .map(|(kind, value)| ("blocking", format!("{kind}|{value}")))
}

fn name_birth_key(name: &PersonName, born: time::Date) -> Option<(&'static str, String)> {
    let family = name.family.as_ref()?;
    let normalize = |text: &str| {
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase()
    };
    Some((
        "name_birth",
        format!(
            "{}|{}|{born}",
            normalize(name.given.as_str()),
            normalize(family.as_str())
        ),
    ))
}

fn search_keys(
    input: &FindPersonIn,
    tests: TestNumberPolicy,
) -> ServiceResult<Vec<(&'static str, String)>> {
    let mut faults = Vec::new();
    let number = |text: &str| NhsNumber::parse_issued(text, tests);
    let number = parse_identifier(
        input.nhs_number.as_deref(),
        "/nhs_number",
        &mut faults,
        number,
    );
    let upn = parse_identifier(input.upn.as_deref(), "/upn", &mut faults, Upn::parse);
    let mut keys = Vec::new();
    keys.extend(number.map(|number| ("nhs_number", number.as_str().to_owned())));
    keys.extend(upn.map(|upn| ("upn", upn.as_str().to_owned())));
    if let Some(name) = &input.name {
        let born = input.born_on.as_deref().and_then(parse_day);
        match born.and_then(|born| name_birth_key(name, born)) {
            Some(key) => keys.push(key),
            None => faults.push(Fault::new(
                "/born_on",
                "required",
                "a look-up by name needs family name and birth date",
            )),
        }
    }
    if keys.is_empty() && faults.is_empty() {
        faults.push(Fault::new(
            "",
            "required",
            "give an NHS number, a UPN, or name and date of birth",
        ));
    }
    if faults.is_empty() {
        Ok(keys)
    } else {
        Err(ServiceError::Invalid(faults))
    }
}
