//! Background linking after a submission has committed, outside its transaction, so that the sender
//! does not wait for the comparison.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use domain::{
    AgencyId, ChronologyId, EntryReader, FragmentId, Instant, LinkageScope, OutboxEvent, OutboxId,
    OutboxSubject,
};
use kernel::{ServiceError, ServiceResult, UnitOfWork, chronology_terms, encode_base64};
use store::{ChronologyRow, EventLinksRow, FragmentContent, OutboxRow, Token, Tx};
use timeline::{FamilyFacts, LiveEntry};
use uuid::Uuid;

use crate::linking::{Linking, StoredLinks, compute_links, links_location};
use crate::records::family_facts;

/// Expiry of each fragment.
type FragmentExpiries = BTreeMap<FragmentId, Instant>;

/// A chronology whose links are computed, with the family facts that linkage needs.
struct LinkingJob {
    chronology: ChronologyRow,
    family: FamilyFacts,
}

/// The number of events that one sweep claims.
const SWEEP: u32 = 100;
/// The number of attempts after which links are left to be computed when they are read.
const MAX_ATTEMPTS: i64 = 5;

/// Names the effect that a chronology's entries are linked again once the transaction has
/// committed.
pub(crate) fn schedule_linking(uow: &mut UnitOfWork<'_, '_>, chronology: ChronologyId) {
    uow.emit(OutboxEvent::Relink, OutboxSubject::Chronology, chronology);
}

impl Linking {
    /// Queues the events that no worker has handled: those of processes that stopped, and those that
    /// failed before. The one worker handles them, so that an event whose claim lapses while it
    /// waits is not handled twice at once.
    ///
    /// # Errors
    /// [`kernel::ServiceError::Unavailable`] when the database cannot be reached.
    pub fn queue_due_events(&self) -> ServiceResult<()> {
        for event in self.kernel.claim_events(OutboxEvent::Relink, SWEEP)? {
            self.queue.enqueue(event);
        }
        Ok(())
    }

    /// Links the chronology that all of `events` are about. After a failure, or a panic, which must
    /// not stop the worker, they are tried again later, a few times: links that are not stored are
    /// computed when they are read.
    pub(super) fn handle_events(&self, events: &[OutboxRow]) {
        let Some(first) = events.first() else { return };
        let ids: Vec<OutboxId> = events.iter().map(|event| event.id).collect();
        let link = || self.compute_and_store_links(first, &ids);
        match catch_unwind(AssertUnwindSafe(link)) {
            Ok(Ok(())) => return,
            Ok(Err(_)) => {
                tracing::warn!("links were not stored and will be computed when read");
            }
            Err(_) => {
                tracing::error!(
                    "linking a chronology failed; its links will be computed when read"
                );
            }
        }
        for event in events {
            self.try_again_later(event);
        }
    }

    fn try_again_later(&self, event: &OutboxRow) {
        let settled = if event.attempts + 1 < MAX_ATTEMPTS {
            self.kernel.release_event(event)
        } else {
            self.complete(&[event.id])
        };
        if settled.is_err() {
            tracing::warn!("an event was not released; it is claimed again when its claim lapses");
        }
    }

    fn complete(&self, events: &[OutboxId]) -> ServiceResult<()> {
        Ok(self
            .kernel
            .db()
            .write("outbox.complete", |tx| store::outbox::complete(tx, events))?)
    }

    /// Computes the links for each kind of reader, and stores them in the transaction that
    /// completes the events.
    fn compute_and_store_links(&self, event: &OutboxRow, events: &[OutboxId]) -> ServiceResult<()> {
        let now = self.kernel.now();
        let scope = LinkageScope(event.partnership_id);
        let id = ChronologyId(event.subject_id);
        let loaded = self.kernel.db().read("links.content", |tx| {
            let Some(job) = self.load_job(tx, &scope, id, now)? else {
                return Ok(None);
            };
            let content = store::fragments::live_content(tx, &scope, id, now)?;
            Ok::<_, ServiceError>(Some((job, content)))
        })?;
        let Some((job, content)) = loaded else {
            return self.complete(events);
        };
        let rows = self.compute_links_rows(&job, content)?;
        self.kernel.db().write("links.keep", |tx| {
            store::event_links::replace(tx, job.chronology.partnership_id, id, &rows)?;
            store::outbox::complete(tx, events)
        })?;
        Ok(())
    }

    /// Loads a chronology and its family; none when either has expired or was deleted.
    fn load_job(
        &self,
        tx: &mut Tx<'_>,
        scope: &LinkageScope,
        id: ChronologyId,
        now: Instant,
    ) -> ServiceResult<Option<LinkingJob>> {
        let Some(chronology) = store::chronologies::find(tx, scope.0, id, now)? else {
            return Ok(None);
        };
        let families = &self.records.families;
        let family = match families.load_family(tx, scope, chronology.family_id, now) {
            Ok(family) => family_facts(&family),
            Err(ServiceError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(LinkingJob { chronology, family }))
    }

    fn compute_links_rows(
        &self,
        job: &LinkingJob,
        content: Vec<FragmentContent>,
    ) -> ServiceResult<Vec<EventLinksRow>> {
        let now = self.kernel.now();
        let chronology = &job.chronology;
        let readers = readers(chronology);
        let mut views = vec![Vec::new(); readers.len()];
        let mut fragment_expiries = FragmentExpiries::new();
        for fragment in content {
            fragment_expiries.insert(fragment.fragment.id, fragment.fragment.expires_at);
            let shown = self
                .records
                .content
                .open_content_for_readers(now, fragment, &readers)?;
            views
                .iter_mut()
                .zip(shown)
                .for_each(|(view, shown)| view.extend(shown));
        }
        let mut rows: Vec<EventLinksRow> = Vec::new();
        for entries in views.iter().filter(|entries| entries.len() > 1) {
            let view = self.view_index(chronology.partnership_id, entries, &job.family);
            if rows.iter().all(|row| row.view_index != view) {
                rows.push(self.links_row(job, view, entries, &fragment_expiries)?);
            }
        }
        Ok(rows)
    }

    /// Links derive from several fragments, so they expire with the first of them.
    fn links_row(
        &self,
        job: &LinkingJob,
        view: Token,
        entries: &[LiveEntry],
        fragment_expiries: &FragmentExpiries,
    ) -> ServiceResult<EventLinksRow> {
        let now = self.kernel.now();
        let chronology = &job.chronology;
        let of_entries = entries
            .iter()
            .filter_map(|entry| fragment_expiries.get(&entry.fragment_id).copied());
        let expires_at = of_entries.fold(chronology.expires_at, Instant::min);
        let links = StoredLinks {
            view: encode_base64(view.as_ref()),
            links: compute_links(entries, &job.family),
        };
        let terms = chronology_terms(chronology.id, expires_at);
        let sealed = self
            .kernel
            .seal_links(&links_location(chronology.id), &terms, now, &links)?;
        Ok(EventLinksRow {
            chronology_id: chronology.id,
            view_index: view,
            partnership_id: chronology.partnership_id,
            expires_at,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
            created_at: now,
        })
    }
}

/// The kinds of reader for whom links are stored: social care staff of the owning agency with and
/// without access to criminal-offence data, and a contributor who sees no marked entries, which is
/// also what an emergency access shows. For any other view the links are computed when it is read.
fn readers(chronology: &ChronologyRow) -> [EntryReader; 3] {
    let reader = |agency, social_care, offence_data| EntryReader {
        agency,
        social_care,
        offence_data,
        emergency: false,
    };
    [
        reader(chronology.owner_agency_id, true, true),
        reader(chronology.owner_agency_id, true, false),
        reader(AgencyId(Uuid::nil()), false, false),
    ]
}
