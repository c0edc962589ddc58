//! Fragments: what agencies submit, correct, extend and withdraw.

mod access_limits;
mod advance_submission;
mod attachment;
mod correction;
mod detachment;
mod entries;
mod findings;
mod lifecycle;
mod query;
mod quota;
mod receipts;
mod sender_view;
mod storage;
mod submission;
mod version_history;

pub(crate) use access_limits::{CurrentMarkings, SealedVersion, raise_markings};
pub(crate) use query::unfiltered_version;
pub(crate) use version_history::VisibleVersion;

use domain::{
    AccessFacts, AccessPermit, Actor, ChronologyId, Denial, EntryId, FragmentId, Instant,
    ObjectKind, Operation, Sensitive, decide_access,
};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, FragmentRow};
use vault::{KeyScope, KeyTerms, RecordLocation};

use crate::chronologies::chronology_facts;
use crate::context::{AuditContext, UnitOfWork};
use crate::emergency::apply_emergency_notice;
use crate::sealing::scope_terms;
use crate::{Involvement, Service, ServiceError, ServiceResult, SharingDecision};

/// The part of a fragment version's sealed column that describes the fragment as a whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FragmentDetails {
    pub(crate) agency_reference: Option<String>,
    pub(crate) sharing: SharingDecision,
    pub(crate) involvement: Option<Involvement>,
    pub(crate) correction_reason: Option<Sensitive<String>>,
}

/// A fragment together with the permit that authorises the caller's operation on it.
pub(crate) struct AuthorizedFragment {
    pub(crate) permit: AccessPermit,
    pub(crate) row: FragmentRow,
    /// The chronology that the fragment is attached to; `None` for an advance submission.
    chronology: Option<ChronologyRow>,
}

/// Location of a fragment version's key and sealed details, bound to them as associated data.
pub(crate) fn version_location(id: FragmentId, version: i64) -> RecordLocation {
    RecordLocation {
        table: "fragment_versions",
        row: id.0,
        version,
    }
}

/// Location of one entry, which is sealed under the key of its fragment version.
pub(crate) fn entry_location(id: EntryId, version: i64) -> RecordLocation {
    RecordLocation {
        table: "entries",
        row: id.0,
        version,
    }
}

/// Terms of a fragment's data keys. They are wrapped under the chronology's key and the fragment's
/// own key, or under the fragment's own key alone for an advance submission. Keys that an earlier
/// release wrapped under the chronology's key alone (`wrapped_until` is `None`) stay so until the
/// expiry is changed.
pub(crate) fn fragment_terms(row: &FragmentRow, expires_at: Instant) -> KeyTerms {
    let own = KeyScope(row.id.0);
    let Some(chronology) = row.chronology_id else {
        return scope_terms(row.id, expires_at);
    };
    let object = row.wrapped_until.map(|_| own);
    KeyTerms::Expiring {
        scope: KeyScope(chronology.0),
        object,
        expires_at,
    }
}

/// The row with a new expiry. `wrapped_until` keeps the latest expiry that its keys have ever been
/// wrapped for: a database copy made before an expiry was brought forward stays readable until
/// then, unless the fragment's own key is destroyed.
pub(super) fn with_expiry(row: FragmentRow, expires_at: Instant) -> FragmentRow {
    let before = row
        .wrapped_until
        .unwrap_or(row.expires_at)
        .max(row.expires_at);
    FragmentRow {
        expires_at,
        wrapped_until: Some(before.max(expires_at)),
        ..row
    }
}

/// The audit context of a fragment.
pub(crate) fn audit_context(id: FragmentId) -> AuditContext {
    AuditContext::about(ObjectKind::Fragment, id)
}

impl Service {
    /// Authorises an operation on a fragment and loads it.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when the fragment is absent or hidden from the caller;
    /// [`ServiceError::Expired`] when the caller was entitled to it and it has expired; a
    /// `Conflict` when its chronology's state rules the operation out.
    pub(crate) fn authorize_fragment(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: FragmentId,
        operation: Operation,
    ) -> ServiceResult<AuthorizedFragment> {
        let actor = uow.actor().clone();
        let now = uow.now();
        let partnership = actor.partnership;
        let agency = actor.agency;
        let practitioner = actor.practitioner;
        let row = store::fragments::find(uow.tx, partnership, id)?;
        // The same queries run for an absent fragment, so that timing does not reveal whether it
        // exists.
        let chronology_id = row
            .as_ref()
            .and_then(|row| row.chronology_id)
            .unwrap_or(ChronologyId(id.0));
        let found =
            store::chronologies::facts(uow.tx, partnership, chronology_id, agency, practitioner)?;
        let origin = store::origins::find(uow.tx, partnership, id)?;
        let fragment = row.as_ref().map(|row| (row, origin.is_some()));
        let facts = fragment_facts(&actor, operation, fragment, found.as_ref(), now);
        let facts = self.add_emergency_facts(uow, operation, chronology_id, facts)?;
        let facts = add_own_fragment_facts(&actor, row.as_ref(), facts, now);
        let refused = uow.is_hidden(operation, &facts);
        let Some(row) = row.filter(|_| !refused) else {
            let facts = self.tombstone_facts(uow, id.0)?;
            uow.authorize(operation, &facts)?;
            return Err(ServiceError::Expired);
        };
        let chronology = found.map(|found| found.chronology);
        if let Some(chronology) = &chronology {
            uow.audit.chronology = Some(chronology.id);
            uow.audit.purpose = Some(chronology.purpose);
        }
        let permit = uow.authorize(operation, &facts)?;
        if let Some(chronology) = row.chronology_id.filter(|_| uow.is_write) {
            store::chronologies::lock(uow.tx, actor.partnership, chronology)?;
        }
        uow.audit.expires_at = Some(row.expires_at);
        apply_emergency_notice(uow, &permit);
        Ok(AuthorizedFragment {
            permit,
            row,
            chronology,
        })
    }
}

/// Access facts about a fragment, given with whether it was attached after it was submitted in
/// advance. An absent fragment and one whose chronology is absent yield no facts.
fn fragment_facts(
    actor: &Actor,
    operation: Operation,
    fragment: Option<(&FragmentRow, bool)>,
    found: Option<&store::ChronologyFacts>,
    now: Instant,
) -> AccessFacts {
    match (fragment, found) {
        (Some((row, is_attached)), Some(found)) => {
            chronology_fragment_facts(actor, operation, (row, is_attached), found, now)
        }
        (Some((row, _)), None) if row.chronology_id.is_none() => AccessFacts {
            owner: row.author_id == actor.practitioner,
            ..AccessFacts::collection()
        },
        (None, _) | (Some(_), None) => AccessFacts::default(),
    }
}

/// Adds whether the fragment has expired and whether the actor's agency submitted it.
fn add_own_fragment_facts(
    actor: &Actor,
    row: Option<&FragmentRow>,
    facts: AccessFacts,
    now: Instant,
) -> AccessFacts {
    let Some(row) = row else { return facts };
    AccessFacts {
        expired: facts.expired || row.expires_at <= now,
        own_agency: row.agency_id == actor.agency,
        proxy: row.proxy_by_agency == Some(actor.agency),
        ..facts
    }
}

/// Access facts about a fragment of a chronology. A sender who may not know of the
/// attachment can still read, correct and withdraw the fragment as if it were an advance
/// submission, within what the chronology's state allows.
fn chronology_fragment_facts(
    actor: &Actor,
    operation: Operation,
    (row, is_attached): (&FragmentRow, bool),
    found: &store::ChronologyFacts,
    now: Instant,
) -> AccessFacts {
    use Operation as O;
    let facts = chronology_facts(found, actor, now);
    let reads = matches!(
        operation,
        O::FragmentRead | O::FragmentVersions | O::FragmentReaders
    );
    let writes = matches!(
        operation,
        O::FragmentCorrect | O::FragmentWithdraw | O::FragmentExtend
    );
    let is_own = is_attached && row.agency_id == actor.agency;
    if !(reads || writes) || !is_own || !is_hidden_from_actor(actor, &facts) {
        return facts;
    }
    let state = facts.state;
    let owner = row.author_id == actor.practitioner;
    AccessFacts {
        expired: facts.expired,
        state,
        owner,
        ..AccessFacts::collection()
    }
}

/// Whether the actor may not know of a chronology to which a fragment of their agency is attached.
fn is_hidden_from_actor(actor: &Actor, chronology: &AccessFacts) -> bool {
    let facts = AccessFacts {
        own_agency: true,
        ..chronology.clone()
    };
    decide_access(actor, Operation::FragmentRead, &facts) == Err(Denial::NotFound)
}
