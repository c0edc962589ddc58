//! Texts that others may read do not tell where a protected person lives, in whichever field they were typed.

use std::time::Duration;

use domain::{
    AddressRefusalId, FamilyId, Handling, Marking, Operation, Permit, ProtectedAddresses, ReadReason,
    reads_like_an_address,
};
use serde::Serialize;
use serde_json::Value;
use store::AddressRefusalRow;
use zeroize::Zeroizing;

use super::FamilyView;
use crate::session::{Scene, Session, Trail};
use crate::{Answer, Fault, Service, ServiceError};

/// Refusals of one writer are counted over so long.
const COUNTED_OVER: Duration = Duration::from_secs(86_400);
/// Faults named of one write, at most.
const MOST_FAULTS: usize = 100;

/// The texts of a write, by their pointers.
#[derive(Default)]
pub(crate) struct Texts(Vec<(String, Zeroizing<String>)>);

impl Texts {
    /// Every text of an input, whatever it is called.
    pub(crate) fn of(input: &impl Serialize) -> Answer<Self> {
        let mut texts = Self::default();
        texts.add("", input)?;
        Ok(texts)
    }

    /// Adds every text of a part of an input.
    pub(crate) fn add(&mut self, pointer: &str, part: &impl Serialize) -> Answer<()> {
        let value = serde_json::to_value(part).map_err(|_| ServiceError::Internal("an input that cannot be read"))?;
        collect(value, pointer.to_owned(), &mut self.0);
        Ok(())
    }
}

/// Whether a marking lets no agency but the author's and social care read an entry.
pub(crate) fn is_for_nobody_else(handling: &Handling) -> bool {
    handling.marking == Marking::Restricted && handling.named_agencies.is_empty()
}

fn collect(value: Value, pointer: String, texts: &mut Vec<(String, Zeroizing<String>)>) {
    match value {
        Value::String(text) if uuid::Uuid::try_parse(&text).is_ok() => {}
        Value::String(text) => texts.push((pointer, Zeroizing::new(text))),
        Value::Array(items) => {
            items.into_iter().enumerate().for_each(|(at, item)| collect(item, format!("{pointer}/{at}"), texts));
        }
        Value::Object(members) => {
            members.into_iter().for_each(|(name, member)| collect(member, format!("{pointer}/{name}"), texts));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl FamilyView {
    /// Where its protected people live.
    pub(crate) fn protected(&self) -> ProtectedAddresses {
        ProtectedAddresses::of(self.members.iter().flat_map(|(_, details)| &details.addresses))
    }
}

impl Service {
    /// Refuses a write about a family of which a text would tell where a protected person of it lives.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] names every text that could be meant; [`ServiceError::AddressRefusals`] when the writer has
    /// been refused too often.
    pub(crate) fn refuse_addresses(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        family: FamilyId,
        input: &impl Serialize,
    ) -> Answer<()> {
        let family = self.open_family(scene, permit, family)?;
        let faults = self.addresses_told(scene, permit, &family.protected(), || Texts::of(input))?;
        if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
    }

    /// The faults of texts that tell a protected address. With the text that does come all those that read like an address,
    /// so that which of them was right cannot be told from the answer.
    pub(crate) fn addresses_told(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        protected: &ProtectedAddresses,
        texts: impl FnOnce() -> Answer<Texts>,
    ) -> Answer<Vec<Fault>> {
        if !protected.any() {
            return Ok(Vec::new());
        }
        let Texts(texts) = texts()?;
        let told = |text: &str| protected.is_told_in(text);
        if !texts.iter().any(|(_, text)| told(text) || reads_like_an_address(text)) {
            return Ok(Vec::new());
        }
        check_refusals(scene, permit)?;
        if !texts.iter().any(|(_, text)| told(text)) {
            return Ok(Vec::new());
        }
        scene.trail.told.address_refused = true;
        let message = "somebody in this family has a protected address: leave addresses and postcodes out; an entry can be \
                       marked restricted instead";
        let meant = texts.iter().filter(|(_, text)| told(text) || reads_like_an_address(text)).take(MOST_FAULTS);
        Ok(meant.map(|(pointer, _)| Fault::new(pointer.as_str(), "address_in_clear", message)).collect())
    }

    /// Notes a write that was refused for an address, in the transaction of its audit record.
    pub(crate) fn note_address_refusal(
        &self,
        tx: &mut store::Tx<'_>,
        session: &Session,
        operation: Operation,
        trail: &Trail,
    ) -> Answer<()> {
        let (actor, now) = (&session.actor, self.now());
        let chronology = match trail.chronology {
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

/// Whoever has been refused too often in a day writes nothing more that reads like an address about families with a protected
/// one until it is over: a refusal confirms a guess. Those who read the addresses guess nothing, and an emergency does not
/// wait.
fn check_refusals(scene: &mut Scene<'_, '_>, permit: &Permit) -> Answer<()> {
    let about_a_case = !matches!(permit.operation(), Operation::FamilyCreate | Operation::FamilyUpdate);
    if permit.operation() == Operation::EmergencyOpen {
        return Ok(());
    }
    let reads = match permit.reason() {
        ReadReason::Owner | ReadReason::Manager | ReadReason::TeamMember => about_a_case,
        ReadReason::NamedContributor
        | ReadReason::AgencyLead
        | ReadReason::AgencySystem
        | ReadReason::Auditor
        | ReadReason::Member
        | ReadReason::SocialCare
        | ReadReason::Emergency => false,
    };
    if reads {
        return Ok(());
    }
    let (me, now, most) = (scene.me(), scene.now(), scene.policy().address_refusals_a_day);
    let since = now.minus(COUNTED_OVER);
    let times = store::address_refusals::of_practitioner(scene.tx, me, since, i64::from(most))?;
    match times.last() {
        Some(earliest) if u32::try_from(times.len()).unwrap_or(u32::MAX) >= most => {
            Err(ServiceError::AddressRefusals { wait: earliest.plus(COUNTED_OVER).since(now) })
        }
        Some(_) | None => Ok(()),
    }
}
