//! Event linking: which entries of a chronology report the same event. Links are computed at
//! submission, overridden by people's decisions and applied to the timeline.
//!
//! The result depends on exactly the entries that were compared. It is therefore computed once per
//! kind of reader from what that reader may see, and stored under a keyed hash of the input:
//! entries hidden from a reader cannot influence what they see, and nothing stored can be out of
//! date. Links that are not stored are computed when they are read.

mod background;
mod decision_query;
mod decisions;
mod frozen_links;
mod query;
mod queue;
mod reasons;

pub(crate) use background::schedule_linking;
pub(crate) use frozen_links::frozen_links_location;
pub(crate) use queue::{LinkingQueue, start_worker};

use std::sync::{Arc, Mutex, PoisonError};

use domain::{AccessPermit, ChronologyId, Instant, LinkDecisionId, PartnershipId};
use kernel::{Kernel, ServiceResult, UnitOfWork, chronology_terms, encode_base64};
use serde::{Deserialize, Serialize};
use store::{ChronologyRow, DecidedEntryRow, LinkDecisionRow, Token};
use timeline::{EventLinks, FamilyFacts, LinkDecision, LiveEntry, SortedEvents, apply_decisions};
use vault::{RecordLocation, SealedTable, VaultError};

use crate::people::People;
use crate::records::{Records, VisibleContent};

/// Use cases of event links: computing them, and deciding about them.
pub struct Linking {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) records: Arc<Records>,
    pub(crate) people: Arc<People>,
    pub(crate) queue: Arc<LinkingQueue>,
}

/// Incremented whenever the linkage rules change, so that stored results of earlier rules are not
/// used.
const RULES_VERSION: u8 = 3;

/// A decision in force with the entries that it is about.
pub(crate) struct ActiveDecision {
    pub(crate) row: LinkDecisionRow,
    pub(crate) about: Vec<DecidedEntryRow>,
}

/// The sealed value of stored links.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredLinks {
    /// The view that the links belong to, in base64: every view takes the same number of bytes, so
    /// that the length tells nothing about it.
    pub(crate) view: String,
    pub(crate) links: EventLinks,
}

/// The links of a chronology as one reader may see them.
pub(crate) struct TimelineLinks {
    /// The events that linkage computed.
    pub(crate) found: SortedEvents,
    /// The decisions in force, in the order in which they were made.
    pub(crate) active: Vec<ActiveDecision>,
}

impl TimelineLinks {
    /// Applies the decisions to the computed events, as far as they are about `entries`.
    pub(crate) fn with_decisions(&self, entries: &[LiveEntry]) -> SortedEvents {
        let decisions: Vec<LinkDecision> = self
            .active
            .iter()
            .map(|active| decision_among(active, entries))
            .collect();
        apply_decisions(self.found.clone(), &decisions)
    }
}

/// Whether the reader may see a decision: only when nothing that it is about, now or when it was
/// made, is or may have been hidden from them. A decision loses its reasons together with any part
/// of what it was about.
pub(crate) fn is_fully_visible(
    decision: &LinkDecisionRow,
    about: &[DecidedEntryRow],
    opened: &VisibleContent,
) -> bool {
    (decision.sealed.is_some() || opened.sees_all())
        && opened.may_show(about.iter().map(|entry| entry.entry_id))
}

/// A decision with the positions of its entries in `entries`; other entries are left out.
fn decision_among(active: &ActiveDecision, entries: &[LiveEntry]) -> LinkDecision {
    let side = |wanted: i64| {
        let of_side = active
            .about
            .iter()
            .filter(move |about| about.side == wanted);
        of_side
            .filter_map(|about| {
                entries
                    .iter()
                    .position(|entry| entry.entry_id == about.entry_id)
            })
            .collect()
    };
    LinkDecision {
        verdict: active.row.verdict,
        entries: side(0),
        others: side(1),
    }
}

/// Amount of text in bytes above which only one comparison runs at a time.
const SERIALIZED_COMPARISON_BYTES: usize = 512 * 1_024;

/// Held during a comparison of much text.
static COMPARISON_LOCK: Mutex<()> = Mutex::new(());

impl Linking {
    /// The links for a reader who may see exactly the entries in `opened`. Decisions about anything
    /// else are left out and have no effect.
    pub(crate) fn load_event_links(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        opened: &VisibleContent,
        family: &FamilyFacts,
    ) -> ServiceResult<TimelineLinks> {
        let entries = opened.entries.as_slice();
        let links = self.find_links(uow, permit, chronology, entries, family)?;
        let mut active = self.load_active_decisions(uow, permit, chronology)?;
        active.retain(|active| is_fully_visible(&active.row, &active.about, opened));
        Ok(TimelineLinks {
            found: links.for_entries(entries),
            active,
        })
    }

    /// The links among entries: stored ones, or else computed now.
    pub(crate) fn find_links(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        entries: &[LiveEntry],
        family: &FamilyFacts,
    ) -> ServiceResult<EventLinks> {
        let stored = self.load_stored_links(uow, permit, chronology, entries, family)?;
        Ok(stored.unwrap_or_else(|| compute_links(entries, family)))
    }

    fn load_stored_links(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        entries: &[LiveEntry],
        family: &FamilyFacts,
    ) -> ServiceResult<Option<EventLinks>> {
        if entries.len() < 2 {
            return Ok(Some(EventLinks::default()));
        }
        let view = self.view_index(permit.partnership(), entries, family);
        let now = uow.now();
        let Some(row) = store::event_links::find(uow.tx, permit, chronology.id, &view, now)? else {
            return Ok(None);
        };
        let terms = chronology_terms(chronology.id, row.expires_at);
        let stored: StoredLinks = self.kernel.unseal(
            &links_location(chronology.id),
            &terms,
            now,
            row.wrapped_key.as_ref(),
            row.sealed.as_ref(),
        )?;
        if stored.view != encode_base64(view.as_ref()) {
            return Err(VaultError::Tampered.into());
        }
        Ok(Some(stored.links))
    }

    /// All decisions in force about a chronology, regardless of the reader, in the order in which
    /// they were made.
    pub(crate) fn load_active_decisions(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
    ) -> ServiceResult<Vec<ActiveDecision>> {
        let rows = store::link_decisions::list_active(uow.tx, permit, chronology.id)?;
        let ids: Vec<LinkDecisionId> = rows.iter().map(|row| row.id).collect();
        let mut about = store::link_decisions::entries(uow.tx, permit, &ids)?;
        Ok(rows
            .into_iter()
            .map(|row| ActiveDecision {
                about: about.remove(&row.id).unwrap_or_default(),
                row,
            })
            .collect())
    }

    /// Keyed hash of everything that linkage compares: the entries in their versions and the
    /// family's names and addresses.
    fn view_index(
        &self,
        partnership: PartnershipId,
        entries: &[LiveEntry],
        family: &FamilyFacts,
    ) -> Token {
        let mut parts: Vec<Vec<u8>> = entries
            .iter()
            .map(|entry| {
                // Matching two person records changes the ids in an entry without a new version.
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
            // No identifier begins with these tag bytes.
            .chain(
                family
                    .other_names
                    .iter()
                    .map(|name| [&[0xff], name.as_str().as_bytes()].concat()),
            )
            .chain(
                family
                    .address_lines
                    .iter()
                    .map(|lines| [&[0xfe], lines.as_str().as_bytes()].concat()),
            )
            .collect();
        parts.sort_unstable();
        let mut compared = vec![RULES_VERSION];
        for part in parts {
            compared.extend_from_slice(&(part.len() as u64).to_be_bytes());
            compared.extend_from_slice(&part);
        }
        self.kernel
            .vault()
            .index(partnership, "event_links", &compared)
            .to_vec()
            .into()
    }
}

/// Computes the links among entries. A comparison needs many times the memory of the texts, so only
/// one comparison of much text runs at a time.
pub(crate) fn compute_links(entries: &[LiveEntry], family: &FamilyFacts) -> EventLinks {
    let length = |entry: &LiveEntry| {
        let details = &entry.details;
        let others = [&details.action_taken, &details.outcome, &details.impact]
            .into_iter()
            .flatten();
        details.what.as_str().len() + others.map(|text| text.as_str().len()).sum::<usize>()
    };
    let is_long = entries.iter().map(length).sum::<usize>() > SERIALIZED_COMPARISON_BYTES;
    let _guard = is_long.then(|| {
        COMPARISON_LOCK
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    });
    EventLinks::find(entries, family)
}

/// Location of the stored links of a chronology. The sealed value names its view, so that the links
/// of one view cannot be substituted for those of another: [`StoredLinks`].
fn links_location(chronology: ChronologyId) -> RecordLocation {
    RecordLocation {
        table: SealedTable::EventLinks,
        row: chronology.0,
        version: i64::from(RULES_VERSION),
    }
}

/// Location of a decision's sealed reasons.
pub(crate) fn decision_location(row: &LinkDecisionRow) -> RecordLocation {
    RecordLocation {
        table: SealedTable::LinkDecisions,
        row: row.id.0,
        version: row.version,
    }
}

/// Whether a decision's reasons can still be opened.
pub(crate) fn has_live_reason(row: &LinkDecisionRow, now: Instant) -> bool {
    row.expires_at > now && row.sealed.is_some()
}

impl Drop for Linking {
    fn drop(&mut self) {
        self.queue.close();
    }
}
