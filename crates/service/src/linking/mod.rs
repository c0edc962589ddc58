//! Which entries of a chronology tell one event: found at submission, decided over by people, laid over the timeline.
//!
//! What is found depends on exactly the entries that were compared. So it is found once for each kind of reader, among
//! what that reader may see, and kept under a keyed hash of it: an entry that a reader may not see has no part in what
//! that reader is shown, and nothing that is kept can be out of date. What is not found kept is found again.

mod afterwards;
mod decisions;
mod listing;
mod queue;
mod reasons;
mod showing;

pub(crate) use afterwards::Relink;
pub(crate) use queue::{Queue, start};

use std::sync::{Mutex, PoisonError};

use domain::{Instant, LinkDecisionId, Permit};
use store::{ChronologyRow, DecidedEntryRow, LinkDecisionRow, Token};
use timeline::{Decided, FamilyFacts, Links, LiveEntry, SortedEvents, decided_events};
use vault::Place;

use crate::sealing::of_chronology;
use crate::session::Scene;
use crate::timeline::Opened;
use crate::{Answer, Service};

/// Counted up whenever the rules of linkage change, so that what other rules found is found anew.
const RULES: u8 = 2;

/// A decision that stands, with what it is about.
pub(crate) struct Standing {
    pub(crate) row: LinkDecisionRow,
    pub(crate) about: Vec<DecidedEntryRow>,
}

/// What is known of which entries tell one event.
pub(crate) struct Linked {
    /// What linkage found.
    pub(crate) found: SortedEvents,
    /// The decisions that stand, in the order in which they were made.
    pub(crate) standing: Vec<Standing>,
}

impl Linked {
    /// What linkage found, with the decisions over it, as far as they are about `entries`.
    pub(crate) fn decided(&self, entries: &[LiveEntry]) -> SortedEvents {
        let decisions: Vec<Decided> = self.standing.iter().map(|standing| among(standing, entries)).collect();
        decided_events(self.found.clone(), &decisions)
    }
}

/// Whether a decision is there for the reader: not when anything that it is about, or was about when it was made, is or
/// may have been hidden from them. One that has outlived a part of what it was about has lost its reasons with it.
fn wholly_seen(decision: &LinkDecisionRow, about: &[DecidedEntryRow], opened: &Opened) -> bool {
    (decision.sealed.is_some() || opened.sees_all()) && opened.shows(about.iter().map(|entry| entry.entry_id))
}

/// A decision about entries by their place; entries that are not among them are left out.
fn among(standing: &Standing, entries: &[LiveEntry]) -> Decided {
    let side = |wanted: i64| {
        let of_side = standing.about.iter().filter(move |about| about.side == wanted);
        of_side.filter_map(|about| entries.iter().position(|entry| entry.entry_id == about.entry_id)).collect()
    };
    Decided { verdict: standing.row.verdict, entries: side(0), others: side(1) }
}

/// Bytes of text of which only one comparison runs at a time.
const LONG: usize = 512 * 1_024;
/// Held by whoever compares much text.
static COMPARING: Mutex<()> = Mutex::new(());

impl Service {
    /// Which entries tell one event, for a reader who may see exactly those that were opened. A decision that is about
    /// anything else too is not there for them: neither it nor what it does.
    pub(crate) fn linked(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        opened: &Opened,
        family: &FamilyFacts,
    ) -> Answer<Linked> {
        let entries = opened.entries.as_slice();
        let links = self.found_links(scene, permit, chronology, entries, family)?;
        let mut standing = self.standing_decisions(scene, permit, chronology)?;
        standing.retain(|standing| wholly_seen(&standing.row, &standing.about, opened));
        Ok(Linked { found: links.among(entries), standing })
    }

    /// What linkage finds among entries: as it is kept, or else found now.
    pub(crate) fn found_links(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        entries: &[LiveEntry],
        family: &FamilyFacts,
    ) -> Answer<Links> {
        let kept = self.kept_links(scene, permit, chronology, entries, family)?;
        Ok(kept.unwrap_or_else(|| find(entries, family)))
    }

    fn kept_links(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
        entries: &[LiveEntry],
        family: &FamilyFacts,
    ) -> Answer<Option<Links>> {
        if entries.len() < 2 {
            return Ok(Some(Links::default()));
        }
        let (view, now) = (self.view_index(permit, entries, family), scene.now());
        let Some(row) = store::event_links::find(scene.tx, permit, chronology.id, &view, now)? else {
            return Ok(None);
        };
        let terms = of_chronology(chronology.id, row.expires_at);
        let place = links_place(chronology, &view);
        self.unseal(&place, &terms, now, row.wrapped_key.as_ref(), row.sealed.as_ref()).map(Some)
    }

    /// The decisions about a chronology that stand, whoever may see them, in the order in which they were made.
    pub(crate) fn standing_decisions(
        &self,
        scene: &mut Scene<'_, '_>,
        permit: &Permit,
        chronology: &ChronologyRow,
    ) -> Answer<Vec<Standing>> {
        let rows = store::link_decisions::standing(scene.tx, permit, chronology.id)?;
        let ids: Vec<LinkDecisionId> = rows.iter().map(|row| row.id).collect();
        let mut about = store::link_decisions::entries(scene.tx, permit, &ids)?;
        Ok(rows.into_iter().map(|row| Standing { about: about.remove(&row.id).unwrap_or_default(), row }).collect())
    }

    /// Keyed hash of all that linkage compares: the entries, each in its version, and the family's names and addresses.
    fn view_index(&self, permit: &Permit, entries: &[LiveEntry], family: &FamilyFacts) -> Token {
        let mut parts: Vec<Vec<u8>> = entries
            .iter()
            .map(|entry| {
                // People can be named otherwise without a new version, when records turn out to be one person's.
                let adults = entry.details.adults.iter().filter_map(|adult| adult.person);
                let people = entry.details.children.iter().copied().chain(adults);
                let mut part = entry.entry_id.0.as_bytes().to_vec();
                part.extend_from_slice(&entry.fragment_version.to_be_bytes());
                people.for_each(|person| part.extend_from_slice(person.0.as_bytes()));
                part
            })
            .chain(family.children.iter().map(|child| {
                let name = child.given_name.as_str().as_bytes();
                [child.id.0.as_bytes().as_slice(), name].concat()
            }))
            // No identifier begins with these bytes.
            .chain(family.other_names.iter().map(|name| [&[0xff], name.as_str().as_bytes()].concat()))
            .chain(family.address_lines.iter().map(|lines| [&[0xfe], lines.as_str().as_bytes()].concat()))
            .collect();
        parts.sort_unstable();
        let mut compared = vec![RULES];
        for part in parts {
            compared.extend_from_slice(&(part.len() as u64).to_be_bytes());
            compared.extend_from_slice(&part);
        }
        self.vault().index(permit.partnership(), "event_links", &compared).to_vec().into()
    }
}

/// What linkage finds among entries. Comparing takes many times the memory of the texts, so that of much text only one
/// comparison runs at a time; the others wait.
fn find(entries: &[LiveEntry], family: &FamilyFacts) -> Links {
    let length = |entry: &LiveEntry| {
        let details = &entry.details;
        let others = [&details.action_taken, &details.outcome, &details.impact].into_iter().flatten();
        details.what.as_str().len() + others.map(|text| text.as_str().len()).sum::<usize>()
    };
    let long = entries.iter().map(length).sum::<usize>() > LONG;
    let _turn = long.then(|| COMPARING.lock().unwrap_or_else(PoisonError::into_inner));
    Links::find(entries, family)
}

/// Where what was found for a view stands. The view is part of the place, so that one cannot be put for another.
fn links_place(chronology: &ChronologyRow, view: &Token) -> Place {
    let mut row = chronology.id.0.as_u128();
    for (at, byte) in view.as_ref().iter().take(16).enumerate() {
        row ^= u128::from(*byte) << (8 * at);
    }
    Place { table: "event_links", row: uuid::Uuid::from_u128(row), version: i64::from(RULES) }
}

/// Where a decision's reasons stand.
fn decision_place(row: &LinkDecisionRow) -> Place {
    Place { table: "link_decisions", row: row.id.0, version: row.version }
}

/// Whether a reason is still there to be opened.
fn reason_lives(row: &LinkDecisionRow, now: Instant) -> bool {
    row.expires_at > now && row.sealed.is_some()
}
