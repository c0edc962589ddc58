//! Keeps protected addresses out of every text that others may read, whichever field it was typed
//! into.

use std::time::Duration;

use domain::{
    AccessPermit, FamilyId, Handling, Marking, Operation, ProtectedAddresses, ReadReason,
    looks_like_address,
};
use kernel::{Fault, ServiceError, ServiceResult, UnitOfWork};
use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::people::People;

/// The window in which the refusals of one caller are counted.
const REFUSAL_WINDOW: Duration = Duration::from_secs(86_400);

/// Maximum number of faults reported for one write.
const MAX_FAULTS: usize = 100;

/// The texts of a write with their JSON pointers.
#[derive(Default)]
pub(crate) struct SubmittedTexts(Vec<(String, Zeroizing<String>)>);

impl SubmittedTexts {
    /// Collects every text of an input, whatever the field.
    pub(crate) fn of(input: &impl Serialize) -> ServiceResult<Self> {
        let mut texts = Self::default();
        texts.add("", input)?;
        Ok(texts)
    }

    /// Adds every text of a part of an input, with pointers below `pointer`.
    pub(crate) fn add(&mut self, pointer: &str, part: &impl Serialize) -> ServiceResult<()> {
        let value = serde_json::to_value(part)
            .map_err(|_| ServiceError::Internal("an input does not serialise"))?;
        collect_texts(value, pointer.to_owned(), &mut self.0);
        Ok(())
    }
}

/// Whether only the author's agency and social care may read an entry with this handling.
pub(crate) fn is_hidden_from_other_agencies(handling: &Handling) -> bool {
    handling.marking == Marking::Restricted && handling.named_agencies.is_empty()
}

fn collect_texts(value: Value, pointer: String, texts: &mut Vec<(String, Zeroizing<String>)>) {
    match value {
        Value::String(text) if uuid::Uuid::try_parse(&text).is_ok() => {}
        Value::String(text) => texts.push((pointer, Zeroizing::new(text))),
        Value::Array(items) => {
            items
                .into_iter()
                .enumerate()
                .for_each(|(at, item)| collect_texts(item, format!("{pointer}/{at}"), texts));
        }
        Value::Object(members) => {
            members.into_iter().for_each(|(name, member)| {
                collect_texts(member, format!("{pointer}/{name}"), texts)
            });
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl People {
    /// Refuses a write whose text discloses the address of a protected family member.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] with every text that could be meant;
    /// [`ServiceError::TooManyAddressRefusals`] when the caller has been refused too often.
    pub(crate) fn refuse_disclosed_addresses(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        family: FamilyId,
        input: &impl Serialize,
    ) -> ServiceResult<()> {
        let family = self.records.families.open_family(uow, permit, family)?;
        let faults =
            self.find_disclosed_addresses(uow, permit, &family.protected_addresses(), || {
                SubmittedTexts::of(input)
            })?;
        if faults.is_empty() {
            Ok(())
        } else {
            Err(ServiceError::Invalid(faults))
        }
    }

    /// Faults for texts that disclose a protected address. When one does, every text that reads
    /// like an address is reported too, so that the response does not confirm which guess was
    /// right.
    ///
    /// # Errors
    /// [`ServiceError::TooManyAddressRefusals`] when the caller has been refused too often.
    pub(crate) fn find_disclosed_addresses(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        protected: &ProtectedAddresses,
        texts: impl FnOnce() -> ServiceResult<SubmittedTexts>,
    ) -> ServiceResult<Vec<Fault>> {
        if !protected.has_any() {
            return Ok(Vec::new());
        }
        let SubmittedTexts(texts) = texts()?;
        let contains_address = |text: &str| protected.is_disclosed_in(text);
        if !texts
            .iter()
            .any(|(_, text)| contains_address(text) || looks_like_address(text))
        {
            return Ok(Vec::new());
        }
        check_refusal_limit(uow, permit)?;
        if !texts.iter().any(|(_, text)| contains_address(text)) {
            return Ok(Vec::new());
        }
        uow.audit.disclosures.address_refused = true;
        let message = "a member of this family has a protected address: leave addresses and postcodes out; an entry can be \
                       marked restricted instead";
        let reported = texts
            .iter()
            .filter(|(_, text)| contains_address(text) || looks_like_address(text))
            .take(MAX_FAULTS);
        Ok(reported
            .map(|(pointer, _)| Fault::new(pointer.as_str(), "address_in_clear", message))
            .collect())
    }
}

/// Refuses callers who have reached the daily limit of refusals: each refusal confirms a guess.
/// Callers who may read protected addresses are exempt, as is opening an emergency access.
///
/// # Errors
/// [`ServiceError::TooManyAddressRefusals`] with the remaining wait.
fn check_refusal_limit(uow: &mut UnitOfWork<'_, '_>, permit: &AccessPermit) -> ServiceResult<()> {
    let is_case_write = !matches!(
        permit.operation(),
        Operation::FamilyCreate | Operation::FamilyUpdate
    );
    if permit.operation() == Operation::EmergencyOpen {
        return Ok(());
    }
    let may_read_addresses = match permit.reason() {
        ReadReason::Owner | ReadReason::Manager | ReadReason::TeamMember => is_case_write,
        ReadReason::NamedContributor
        | ReadReason::AgencyLead
        | ReadReason::AgencySystem
        | ReadReason::Auditor
        | ReadReason::Member
        | ReadReason::SocialCare
        | ReadReason::Emergency => false,
    };
    if may_read_addresses {
        return Ok(());
    }
    let practitioner = uow.caller_id();
    let now = uow.now();
    let daily_limit = uow.policy().address_refusals_a_day;
    let since = now.minus(REFUSAL_WINDOW);
    let refusals = store::address_refusals::list_times_for_practitioner(
        uow.tx,
        practitioner,
        since,
        i64::from(daily_limit),
    )?;
    match refusals.last() {
        Some(earliest) if u32::try_from(refusals.len()).unwrap_or(u32::MAX) >= daily_limit => {
            Err(ServiceError::TooManyAddressRefusals {
                retry_after: earliest.plus(REFUSAL_WINDOW).since(now),
            })
        }
        Some(_) | None => Ok(()),
    }
}
