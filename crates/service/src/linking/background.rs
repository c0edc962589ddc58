//! Background linking after a submission has committed, outside its transaction, so that the sender
//! does not wait for the comparison.

use std::collections::BTreeMap;

use domain::{AccessPermit, AgencyId, EntryReader, FragmentId, Instant};
use kernel::{ServiceResult, UnitOfWork, chronology_terms};
use store::{ChronologyRow, EventLinksRow, Token};
use timeline::{FamilyFacts, LiveEntry};
use uuid::Uuid;

use crate::linking::{Linking, StoredLinks, compute_links, links_location};
use crate::records::{FamilyView, family_facts};

/// Expiry of each fragment.
type FragmentExpiries = BTreeMap<FragmentId, Instant>;

/// A chronology whose entries have changed, to be linked once the change has committed.
pub(crate) struct LinkingJob {
    permit: AccessPermit,
    pub(crate) chronology: ChronologyRow,
    family: FamilyFacts,
}

impl Linking {
    /// Schedules linking of a chronology's entries once the transaction has committed.
    pub(crate) fn schedule_linking(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        family: &FamilyView,
    ) {
        let job = LinkingJob {
            permit: permit.clone(),
            chronology: chronology.clone(),
            family: family_facts(family),
        };
        let queue = std::sync::Arc::clone(&self.queue);
        uow.after_commit.push(Box::new(move || queue.enqueue(job)));
    }

    /// Computes and stores the links for each kind of reader. A failure is harmless: links that are
    /// not stored are computed when they are read.
    pub(super) fn run_linking_job(&self, job: &LinkingJob) {
        if self.compute_and_store_links(job).is_err() {
            tracing::warn!("links were not stored and will be computed when read");
        }
    }

    fn compute_and_store_links(&self, job: &LinkingJob) -> ServiceResult<()> {
        let now = self.kernel.now();
        let permit = &job.permit;
        let chronology = &job.chronology;
        let content = self.kernel.db().read("links.content", |tx| {
            store::fragments::live_content(tx, permit, chronology.id, now)
        })?;
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
            let view = self.view_index(permit, entries, &job.family);
            if rows.iter().all(|row| row.view_index != view) {
                rows.push(self.links_row(job, view, entries, &fragment_expiries)?);
            }
        }
        self.kernel.db().write("links.keep", |tx| {
            store::event_links::replace(tx, chronology.partnership_id, chronology.id, &rows)
        })?;
        Ok(())
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
            view: view.as_ref().to_vec(),
            links: compute_links(entries, &job.family),
        };
        let terms = chronology_terms(chronology.id, expires_at);
        let sealed =
            self.kernel
                .seal_derived(&links_location(chronology.id), &terms, now, &links)?;
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
