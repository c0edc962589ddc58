//! What a frozen view keeps, and how it is drawn. It keeps no account and nothing that was drawn from one: it names the
//! versions of fragments that stood when it was frozen, and their entries are opened from there, under their own keys, for
//! as long as they live. So expiry, withdrawal and destruction of a fragment reach every frozen view and every backup of
//! one, and rows are drawn from what is left as if what is gone had never been there.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AgencyId, ConsolidationId, DeclineReason, EntryId, Instant, InvitationState, LinkVerdict, Permit, Reader,
};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, ConsolidationFragmentRow, ConsolidationLinksRow, ConsolidationRow};
use timeline::{AgencyNames, ChildFacts, Decided, Filter, Links, LiveEntry, Row, consolidate_sorted, decided_events};
use vault::Place;

use crate::linking::Standing;
use crate::sealing::of_chronology;
use crate::session::Scene;
use crate::timeline::{
    Opened, agency_names, answer_shown, count, count_by_agency, entries_of, family_facts, statement,
};
use crate::{Answer, CoverageOut, Service, TimelineHeader, TimelineOut};

/// What a frozen view's sealed column holds, under the chronology's key and expiry: nothing that a fragment tells.
#[derive(Serialize, Deserialize)]
struct FrozenLayout {
    /// The header when the view was frozen, but for counts, coverage in words and the agencies' involvement.
    header: TimelineHeader,
    /// Where each agency that had returned would stand without its return.
    unreturned: Vec<Unreturned>,
    /// The decisions about links that stood, in the order in which they were made.
    decisions: Vec<FrozenDecision>,
}

/// Where an agency would stand had it not returned.
#[derive(Serialize, Deserialize)]
struct Unreturned {
    agency: AgencyId,
    state: InvitationState,
    answered_at: Option<Instant>,
    decline_reason: Option<DeclineReason>,
}

/// A decision about links, by the entries it is about.
#[derive(Serialize, Deserialize)]
struct FrozenDecision {
    verdict: LinkVerdict,
    entries: Vec<EntryId>,
    others: Vec<EntryId>,
    /// Whether it was about all that it had been made about: its reasons were there.
    whole: bool,
}

impl From<Standing> for FrozenDecision {
    fn from(standing: Standing) -> Self {
        let Standing { row, about } = standing;
        let side = |wanted: i64| about.iter().filter(move |one| one.side == wanted).map(|one| one.entry_id).collect();
        Self { verdict: row.verdict, entries: side(0), others: side(1), whole: row.sealed.is_some() }
    }
}

impl FrozenDecision {
    /// The decision by the places of those of its entries that are there; none for a reader who may not know of it, which
    /// is decided as on the timeline.
    fn among(&self, opened: &Opened, places: &BTreeMap<EntryId, usize>) -> Option<Decided> {
        let about = self.entries.iter().chain(&self.others).copied();
        if !(self.whole || opened.sees_all()) || !opened.shows(about) {
            return None;
        }
        let places = |side: &[EntryId]| side.iter().filter_map(|entry| places.get(entry).copied()).collect();
        Some(Decided { verdict: self.verdict, entries: places(&self.entries), others: places(&self.others) })
    }
}

/// What linkage found among exactly these entries.
#[derive(Serialize, Deserialize)]
struct FoundLinks {
    entries: BTreeSet<EntryId>,
    links: Links,
}

impl FrozenLayout {
    fn decided(&self, opened: &Opened) -> Vec<Decided> {
        let places: BTreeMap<EntryId, usize> =
            opened.entries.iter().enumerate().map(|(place, entry)| (entry.entry_id, place)).collect();
        self.decisions.iter().filter_map(|decision| decision.among(opened, &places)).collect()
    }

    /// The children, as the view was frozen with them.
    fn children(&self) -> Vec<ChildFacts> {
        let child = |child: &crate::ChildHeader| ChildFacts {
            id: child.id,
            given_name: child.name.given.clone(),
            birth: child.birth,
        };
        self.header.children.iter().map(child).collect()
    }

    /// What the agencies that tell entries are called: as they were called when the view was frozen.
    fn agency_names(&self, scene: &mut Scene<'_, '_>, permit: &Permit, entries: &[LiveEntry]) -> Answer<AgencyNames> {
        let mut names: BTreeMap<AgencyId, String> = agency_names(scene, permit.partnership(), entries)?;
        names.extend(self.header.coverage.iter().map(|line| (line.agency_id, line.agency_name.clone())));
        Ok(names.into_iter().collect())
    }

    /// The header over the rows that are left.
    fn header_over(
        self,
        rows: &[Row],
        counts: &BTreeMap<AgencyId, i64>,
        returned: &BTreeSet<AgencyId>,
        involvement: BTreeMap<AgencyId, crate::Involvement>,
        reader: &Reader,
    ) -> TimelineHeader {
        let Self { mut header, unreturned, .. } = self;
        for line in &mut header.coverage {
            line.entry_count = counts.get(&line.agency_id).copied().unwrap_or(0);
            line.involvement = involvement.get(&line.agency_id).cloned();
            if !returned.contains(&line.agency_id)
                && let Some(instead) = unreturned.iter().find(|instead| instead.agency == line.agency_id)
            {
                line.state = instead.state;
                (line.answered_at, line.decline_reason) = (instead.answered_at, instead.decline_reason);
            }
            line.state = answer_shown(reader, line.agency_id, line.state);
        }
        header.coverage_statement = statement(&header.coverage);
        (header.row_count, header.entry_count) = (count(rows.len()), entries_of(rows));
        header
    }
}

impl Service {
    /// Freezes the timeline as it is now.
    pub(super) fn freeze(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
    ) -> Answer<ConsolidationRow> {
        let now = scene.now();
        let id = ConsolidationId::new(self.ids(), now);
        let whole = self.open_content(scene, permit, &reader(permit, true), chronology, None)?;
        let layout = self.layout(scene, permit, chronology)?;
        let sealed = self.seal(&place(id), &of_chronology(chronology.id, chronology.expires_at), now, &layout)?;
        let row = ConsolidationRow {
            id,
            partnership_id: chronology.partnership_id,
            chronology_id: chronology.id,
            author_id: scene.me(),
            expires_at: chronology.expires_at,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
            signed_off_at: None,
            signed_off_by: None,
            created_at: now,
        };
        let fragments: Vec<ConsolidationFragmentRow> = whole
            .versions
            .iter()
            .map(|(fragment, version)| ConsolidationFragmentRow {
                consolidation_id: id,
                fragment_id: *fragment,
                version: *version,
                partnership_id: chronology.partnership_id,
            })
            .collect();
        let links = self.freeze_links(scene, permit, chronology, id, whole)?;
        store::consolidations::insert(scene.tx, &row, &fragments, links.as_ref())?;
        Ok(row)
    }

    fn layout(&self, scene: &mut Scene<'_, '_>, permit: &Permit, chronology: &ChronologyRow) -> Answer<FrozenLayout> {
        let family = self.open_family(scene, permit, chronology.family_id)?;
        let coverage = self.coverage(scene, permit, chronology, &BTreeMap::new(), BTreeMap::new())?;
        let unreturned = self.unreturned(scene, chronology, &coverage)?;
        let header = self.header(scene, chronology, &family, coverage, &[])?;
        let standing = self.standing_decisions(scene, permit, chronology)?;
        Ok(FrozenLayout {
            header: TimelineHeader { emergency: None, coverage_statement: String::new(), ..header },
            unreturned,
            decisions: standing.into_iter().map(FrozenDecision::from).collect(),
        })
    }

    /// Where each agency that has returned would stand had it not: with the answer that it gave before what it had sent
    /// ahead was taken in, or without one.
    fn unreturned(
        &self,
        scene: &mut Scene<'_, '_>,
        chronology: &ChronologyRow,
        coverage: &[CoverageOut],
    ) -> Answer<Vec<Unreturned>> {
        let now = scene.now();
        let mut all = Vec::new();
        for invitation in store::invitations::list(scene.tx, chronology.partnership_id, chronology.id)? {
            let agency = invitation.agency_id;
            let returned = |line: &&CoverageOut| line.agency_id == agency && line.state == InvitationState::Submitted;
            if coverage.iter().find(returned).is_none() {
                continue;
            }
            let overdue = invitation.due_at <= now;
            let open = if overdue { InvitationState::Overdue } else { InvitationState::Drafting };
            all.push(match self.invitation_details(chronology, &invitation, now)?.before {
                Some(former) => Unreturned {
                    agency,
                    state: former.state,
                    answered_at: former.answered_at,
                    decline_reason: former.decline_reason,
                },
                None => Unreturned { agency, state: open, answered_at: None, decline_reason: None },
            });
        }
        Ok(all)
    }

    /// What linkage finds for each kind of reader on social care's side. It tells of several fragments, so it lives no
    /// longer than the first of them.
    fn freeze_links(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        id: ConsolidationId,
        whole: Opened,
    ) -> Answer<Option<ConsolidationLinksRow>> {
        let now = scene.now();
        let Some(expires_at) = whole.expires.values().copied().min() else { return Ok(None) };
        let facts = family_facts(&self.open_family(scene, permit, chronology.family_id)?);
        let without = self.open_content(scene, permit, &reader(permit, false), chronology, None)?;
        let mut found: Vec<FoundLinks> = Vec::new();
        for opened in [whole, without] {
            let entries = ids(&opened.entries);
            if entries.len() > 1 && found.iter().all(|known| known.entries != entries) {
                let links = self.found_links(scene, permit, chronology, &opened.entries, &facts)?;
                found.push(FoundLinks { entries, links });
            }
        }
        if found.is_empty() {
            return Ok(None);
        }
        let sealed = self.seal(&links_place(id), &of_chronology(chronology.id, expires_at), now, &found)?;
        Ok(Some(ConsolidationLinksRow {
            consolidation_id: id,
            partnership_id: chronology.partnership_id,
            expires_at,
            wrapped_key: sealed.wrapped_key.into(),
            sealed: sealed.sealed.into(),
        }))
    }

    /// Draws a frozen view for whoever was given leave to see it, from what is left of what it was frozen with.
    pub(super) fn draw_frozen(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        row: &ConsolidationRow,
    ) -> Answer<TimelineOut> {
        let terms = of_chronology(row.chronology_id, row.expires_at);
        let (wrapped, sealed) = (row.wrapped_key.as_ref(), row.sealed.as_ref());
        let layout: FrozenLayout = self.unseal(&place(row.id), &terms, scene.now(), wrapped, sealed)?;
        let opened = self.open_frozen_content(scene, permit, &permit.reader(), row)?;
        let links = self.links_of_frozen(scene, permit, chronology, row, &opened.entries)?;
        let sorted = decided_events(links.among(&opened.entries), &layout.decided(&opened));
        let agencies = layout.agency_names(scene, permit, &opened.entries)?;
        let counts = count_by_agency(&opened.entries);
        let Opened { entries, expires, returned, involvement, .. } = opened;
        let drawn = consolidate_sorted(entries, &sorted, &layout.children(), &agencies, &Filter::default());
        let header = layout.header_over(&drawn.rows, &counts, &returned, involvement, &permit.reader());
        // Not by its header: that says what was true when it was frozen, and the chronology may have been extended since.
        let until = expires.into_values().chain([row.expires_at]).min();
        Ok(TimelineOut { header, rows: drawn.rows, next: None, until })
    }

    /// What linkage found among the entries that a reader sees of a frozen view; found again when any of them is gone.
    fn links_of_frozen(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        row: &ConsolidationRow,
        entries: &[LiveEntry],
    ) -> Answer<Links> {
        if entries.len() < 2 {
            return Ok(Links::default());
        }
        let now = scene.now();
        if let Some(kept) = store::consolidations::links(scene.tx, permit, row.id, now)? {
            let terms = of_chronology(row.chronology_id, kept.expires_at);
            let (wrapped, sealed) = (kept.wrapped_key.as_ref(), kept.sealed.as_ref());
            let found: Vec<FoundLinks> = self.unseal(&links_place(row.id), &terms, now, wrapped, sealed)?;
            let seen = ids(entries);
            if let Some(found) = found.into_iter().find(|found| found.entries == seen) {
                return Ok(found.links);
            }
        }
        let facts = family_facts(&self.open_family(scene, permit, chronology.family_id)?);
        self.found_links(scene, permit, chronology, entries, &facts)
    }

    /// Gives what linkage found for a chronology's frozen views the expiry of the first of their fragments, after expiries
    /// have changed.
    pub(crate) fn settle_frozen_links(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
    ) -> Answer<()> {
        let (now, partnership) = (scene.now(), permit.partnership());
        let frozen = store::consolidations::fragments(scene.tx, permit, chronology.id)?;
        if frozen.is_empty() {
            return Ok(());
        }
        let standing = store::fragments::list(scene.tx, partnership, chronology.id, now)?;
        let ends: BTreeMap<_, Instant> = standing.iter().map(|row| (row.id, row.expires_at)).collect();
        for (view, fragments) in frozen {
            let Some(kept) = store::consolidations::links(scene.tx, permit, view, now)? else { continue };
            let Some(expires_at) = fragments.iter().filter_map(|fragment| ends.get(fragment).copied()).min() else {
                continue;
            };
            if expires_at == kept.expires_at {
                continue;
            }
            let terms = |end| of_chronology(chronology.id, end);
            let (from, to) = (terms(kept.expires_at), terms(expires_at));
            let wrapped = self.rewrap(now, &from, &to, &links_place(view), kept.wrapped_key.as_ref())?;
            store::consolidations::set_links_lifetime(scene.tx, partnership, view, expires_at, &wrapped.into())?;
        }
        Ok(())
    }
}

/// A reader as whoever freezes is, but for leave to read criminal-offence data.
fn reader(permit: &Permit, offence_data: bool) -> Reader {
    Reader { offence_data, ..permit.reader() }
}

fn ids(entries: &[LiveEntry]) -> BTreeSet<EntryId> {
    entries.iter().map(|entry| entry.entry_id).collect()
}

/// Where a view's layout stands.
pub(super) fn place(id: ConsolidationId) -> Place {
    Place { table: "consolidations", row: id.0, version: 1 }
}

/// Where what linkage found for a view stands.
fn links_place(id: ConsolidationId) -> Place {
    Place { table: "consolidation_links", row: id.0, version: 1 }
}
