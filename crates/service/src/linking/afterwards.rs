//! Linking what was submitted, once the submission is safely there: outside its transaction, so that nobody waits for
//! the comparing, and again from the start whenever it could not be done.

use std::collections::BTreeMap;

use domain::{AgencyId, FragmentId, Instant, Permit, Reader};
use store::{ChronologyRow, EventLinksRow, Token};
use timeline::{FamilyFacts, LiveEntry};
use uuid::Uuid;

use super::links_place;
use crate::people::FamilyView;
use crate::sealing::of_chronology;
use crate::session::Scene;
use crate::timeline::family_facts;
use crate::{Answer, Service};

/// When each fragment ends.
type Ends = BTreeMap<FragmentId, Instant>;

/// A chronology whose entries have changed, to be linked when the change is safely there.
pub(crate) struct Relink {
    permit: Permit,
    pub(super) chronology: ChronologyRow,
    family: FamilyFacts,
}

impl Service {
    /// Has the entries of a chronology linked once this change is safely there.
    pub(crate) fn link_afterwards(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        family: &FamilyView,
    ) {
        scene.relink =
            Some(Relink { permit: permit.clone(), chronology: chronology.clone(), family: family_facts(family) });
    }

    /// Links a chronology's entries for each kind of reader. A failure harms nobody: what is not kept is found when it
    /// is read.
    pub(super) fn relink(&self, job: &Relink) {
        if self.find_and_keep(job).is_err() {
            tracing::warn!("links were not kept and will be found at reading");
        }
    }

    fn find_and_keep(&self, job: &Relink) -> Answer<()> {
        let (now, permit, chronology) = (self.now(), &job.permit, &job.chronology);
        let content =
            self.0.db.read("links.content", |tx| store::fragments::live_content(tx, permit, chronology.id, now))?;
        let readers = readers(chronology);
        let (mut views, mut ends) = (vec![Vec::new(); readers.len()], Ends::new());
        for fragment in content {
            ends.insert(fragment.fragment.id, fragment.fragment.expires_at);
            let shown = self.open_content_for(now, fragment, &readers)?;
            views.iter_mut().zip(shown).for_each(|(view, shown)| view.extend(shown));
        }
        let mut rows: Vec<EventLinksRow> = Vec::new();
        for entries in views.iter().filter(|entries| entries.len() > 1) {
            let view = self.view_index(permit, entries, &job.family);
            if rows.iter().all(|row| row.view_index != view) {
                rows.push(self.links_row(job, view, entries, &ends)?);
            }
        }
        self.0.db.write("links.keep", |tx| {
            store::event_links::replace(tx, chronology.partnership_id, chronology.id, &rows)
        })?;
        Ok(())
    }

    /// What is found tells of several fragments, so it lives no longer than the first of them.
    fn links_row(&self, job: &Relink, view: Token, entries: &[LiveEntry], ends: &Ends) -> Answer<EventLinksRow> {
        let (now, chronology) = (self.now(), &job.chronology);
        let of_entries = entries.iter().filter_map(|entry| ends.get(&entry.fragment_id).copied());
        let expires_at = of_entries.fold(chronology.expires_at, Instant::min);
        let links = super::find(entries, &job.family);
        let terms = of_chronology(chronology.id, expires_at);
        let sealed = self.seal(&links_place(chronology, &view), &terms, now, &links)?;
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

/// The readers for whom links are kept: social care that asked, with and without leave to read criminal-offence data, and
/// a contributor to whom nothing marked is shown, who sees what an emergency access shows. Whoever sees something else of
/// their own finds theirs when reading.
fn readers(chronology: &ChronologyRow) -> [Reader; 3] {
    let reader = |agency, social_care, offence_data| Reader { agency, social_care, offence_data, emergency: false };
    [
        reader(chronology.owner_agency_id, true, true),
        reader(chronology.owner_agency_id, true, false),
        reader(AgencyId(Uuid::nil()), false, false),
    ]
}
