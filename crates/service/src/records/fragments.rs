//! Fragments: authorisation, key terms, and the entries of their versions.

use std::sync::Arc;

use contract::{Involvement, SharingDecision};
use domain::{
    AccessFacts, AccessPermit, Actor, ChronologyId, Denial, EntryDetails, EntryId, FragmentId,
    Instant, Operation, PersonId, Sensitive, decide_access,
};
use kernel::{
    AuditContext, Kernel, RewrappedKey, ServiceError, ServiceResult, UnitOfWork, open_with,
    scope_terms,
};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, FragmentRow, FragmentVersionRow};
use vault::{KeyScope, KeyTerms, RecordLocation, SealedTable};

use crate::records::chronologies::{ChronologyRecords, chronology_facts};
use crate::records::emergency::apply_emergency_notice;
use crate::records::families::FamilyRecords;
use crate::records::person_links::PersonIdMap;
use crate::records::version_history::VisibleVersion;

/// Stored fragments and their versions.
pub(crate) struct FragmentRecords {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) chronologies: Arc<ChronologyRecords>,
    pub(crate) families: Arc<FamilyRecords>,
}

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
    pub(crate) chronology: Option<ChronologyRow>,
}

/// Location of a fragment version's key and sealed details, bound to them as associated data.
pub(crate) fn version_location(id: FragmentId, version: i64) -> RecordLocation {
    RecordLocation {
        table: SealedTable::FragmentVersions,
        row: id.0,
        version,
    }
}

/// Location of one entry, which is sealed under the key of its fragment version.
pub(crate) fn entry_location(id: EntryId, version: i64) -> RecordLocation {
    RecordLocation {
        table: SealedTable::Entries,
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
pub(crate) fn with_expiry(row: FragmentRow, expires_at: Instant) -> FragmentRow {
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
pub(crate) fn about_fragment(id: FragmentId) -> AuditContext {
    AuditContext::about(id)
}

impl FragmentRecords {
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
        let facts = self
            .chronologies
            .add_emergency_facts(uow, operation, chronology_id, facts)?;
        let facts = add_own_fragment_facts(&actor, row.as_ref(), facts, now);
        let refused = uow.is_hidden(operation, &facts);
        let Some(row) = row.filter(|_| !refused) else {
            let facts = self.chronologies.tombstone_facts(uow, id.0)?;
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

    pub(crate) fn load_version_row(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
        version: i64,
    ) -> ServiceResult<FragmentVersionRow> {
        let found = store::fragments::version(uow.tx, permit, row.id, version, uow.session.now)?;
        found.ok_or(ServiceError::NotFound)
    }

    pub(crate) fn version_details(
        &self,
        uow: &UnitOfWork<'_, '_>,
        row: &FragmentRow,
        version: &FragmentVersionRow,
    ) -> ServiceResult<FragmentDetails> {
        let location = version_location(row.id, version.version);
        let terms = fragment_terms(row, version.expires_at);
        self.kernel.unseal(
            &location,
            &terms,
            uow.now(),
            version.wrapped_key.as_ref(),
            version.sealed.as_ref(),
        )
    }

    /// Opens all entries of a version, in order.
    pub(crate) fn open_entries(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
        version: &FragmentVersionRow,
    ) -> ServiceResult<Vec<(EntryId, EntryDetails)>> {
        let now = uow.now();
        let location = version_location(row.id, version.version);
        let terms = fragment_terms(row, version.expires_at);
        let key =
            self.kernel
                .vault()
                .open_key(now, &terms, &location, version.wrapped_key.as_ref())?;
        let sealed = store::fragments::entries(uow.tx, permit, row.id, version.version, now)?;
        sealed
            .into_iter()
            .map(|entry| {
                Ok((
                    entry.id,
                    open_with(
                        &key,
                        &entry_location(entry.id, entry.version),
                        entry.sealed.as_ref(),
                    )?,
                ))
            })
            .collect()
    }

    /// Rewraps the keys of all versions of a fragment, from the terms of the row `before` to those
    /// of the row `after` (see [`with_expiry`]).
    pub(crate) fn rewrap_versions(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        before: &FragmentRow,
        after: &FragmentRow,
    ) -> ServiceResult<()> {
        let now = uow.now();
        let expires_at = after.expires_at;
        for version in store::fragments::versions(uow.tx, permit, before.id, now)? {
            let location = version_location(before.id, version.version);
            let from = fragment_terms(before, version.expires_at);
            let to = fragment_terms(after, expires_at);
            let wrapped = match self.kernel.rewrap(
                uow.tx,
                now,
                &RewrappedKey {
                    from: &from,
                    to: &to,
                    location: &location,
                    wrapped: version.wrapped_key.as_ref(),
                },
            ) {
                // The row was restored from a backup made before the withdrawal. No key opens
                // it; it is deleted at its expiry.
                Err(_) if self.is_own_key_destroyed(before)? => continue,
                wrapped => wrapped?,
            };
            store::fragments::set_version_lifetime(
                uow.tx,
                before.partnership_id,
                before.id,
                version.version,
                expires_at,
                &wrapped.into(),
            )?;
        }
        Ok(())
    }

    /// Records a new requested expiry of an attached fragment and updates the expiry of the family
    /// that it came from.
    pub(crate) fn update_origin_expiry(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        row: &FragmentRow,
        asked: Instant,
    ) -> ServiceResult<()> {
        let Some(origin) = store::origins::find(uow.tx, row.partnership_id, row.id)? else {
            return Ok(());
        };
        store::origins::set_asked_expiry(uow.tx, row.partnership_id, row.id, asked)?;
        self.families
            .update_family_expiry(uow, permit, origin.family_id)
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
pub(crate) fn is_hidden_from_actor(actor: &Actor, chronology: &AccessFacts) -> bool {
    let facts = AccessFacts {
        own_agency: true,
        ..chronology.clone()
    };
    decide_access(actor, Operation::FragmentRead, &facts) == Err(Denial::NotFound)
}

/// A version as it appears to readers who can see every version.
pub(crate) fn unfiltered_version(version: &FragmentVersionRow) -> VisibleVersion {
    VisibleVersion {
        version: version.version,
        at: version.created_at,
    }
}

/// The ids of all people that an entry refers to.
pub(crate) fn people_named_in(details: &EntryDetails) -> Vec<PersonId> {
    let adults = details.adults.iter().filter_map(|adult| adult.person);
    let voice = details.child_voice.as_ref().and_then(|voice| voice.child);
    details
        .children
        .iter()
        .copied()
        .chain(adults)
        .chain(voice)
        .collect()
}

/// Replaces person ids in an entry; returns whether anything changed.
pub(crate) fn remap_people(details: &mut EntryDetails, person_map: &PersonIdMap) -> bool {
    let before = details.clone();
    let remapped = |id: &PersonId| person_map.get(id).copied().unwrap_or(*id);
    details.children = details.children.iter().map(remapped).collect();
    for adult in &mut details.adults {
        adult.person = adult.person.map(|person| remapped(&person));
    }
    if let Some(voice) = &mut details.child_voice {
        voice.child = voice.child.map(|child| remapped(&child));
    }
    if *details == before {
        return false;
    }
    details.children.sort_unstable();
    true
}
