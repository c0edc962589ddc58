//! Who was shown what an agency contributed. Each answer that shows entries writes down, with its audit record, of which
//! fragments they were; the agency that submitted a fragment reads that back. An answer in which every entry of a
//! fragment was left out, because it is marked or filtered away, leaves nothing behind.

use std::collections::{BTreeMap, BTreeSet};

use domain::{EntryId, FragmentId, Operation, Role};
use store::ShownFragmentRow;
use store::shown_fragments::AsSent;
use timeline::{LiveEntry, Row};

use crate::fragments::{Held, trail};
use crate::session::{Call, Session, Trail};
use crate::{Answer, AuditRecord, EmergencyNotice, FragmentReaderOut, LinksOut, Page, PageQuery, Service, TimelineOut};

/// How many entries of each fragment an answer shows.
pub(crate) type Shown = BTreeMap<FragmentId, i64>;

/// What one answer tells beyond the audit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    /// To the agencies that submitted them: of which fragments it shows how many entries.
    pub(crate) shown: Shown,
    /// To the reader: that it is read under an emergency access.
    pub(crate) emergency: Option<EmergencyNotice>,
    /// To the auditor: how many entries more people may see after a correction than before it.
    pub(crate) lowered: i64,
    /// To the owner and the data protection officer: that a text of the write tells where a protected person lives.
    pub(crate) address_refused: bool,
}

impl Service {
    /// Who was shown entries of a fragment, newest first, to the agency that submitted it. A practitioner who sent it
    /// ahead and may not know of its chronology learns what there would be to learn had it not been taken in.
    ///
    /// # Errors
    /// As every read.
    pub fn fragment_readers(&self, call: &Call, id: FragmentId, query: PageQuery) -> Answer<Page<FragmentReaderOut>> {
        self.read(call, Operation::FragmentReaders, trail(id), |scene| {
            let Held { permit, row, .. } = self.admit_to_fragment(scene, id, Operation::FragmentReaders)?;
            let slice = self.slice(scene, "fragment_readers", &query)?;
            let unseen = self.unseen_origin(scene, &row)?.is_some();
            let actor = permit.actor();
            let always = actor.is(Role::SafeguardingLead) || actor.is(Role::SystemClient);
            let ahead = unseen || (row.chronology_id.is_none() && !always);
            let as_sent = ahead.then_some(AsSent { agency: actor.agency, sender: actor.practitioner });
            let (partnership, of, limit) = (permit.partnership(), (id, row.chronology_id), slice.limit + 1);
            let rows = store::shown_fragments::page(scene.tx, partnership, of, as_sent, slice.after, limit)?;
            let (whole, me) = (permit.reader().sees_every_entry_of(row.agency_id), actor.practitioner);
            let shown = |row: ShownFragmentRow| {
                let mut out = out(row);
                // How many another was shown tells whoever sees fewer that there are more.
                out.entry_count = out.entry_count.filter(|_| whole || out.practitioner_id == me);
                // On what ground and for what purpose depends on the chronology, even for one's own.
                Ok(if ahead { FragmentReaderOut { reason: None, purpose: None, ..out } } else { out })
            };
            self.page(scene, "fragment_readers", &slice, rows, |row| (row.at, row.record_id.0), shown)
        })
    }
}

/// Entries shown by rows, by fragment: accounts, the siblings' repeats folded into them, and what is quoted of other rows,
/// which may have been left out.
pub(crate) fn shown_in_rows(rows: &[Row]) -> Shown {
    let mut entries: BTreeMap<EntryId, FragmentId> = BTreeMap::new();
    for row in rows {
        entries.extend(&row.quoted);
        for account in &row.accounts {
            entries.insert(account.entry_id, account.fragment_id);
            entries.extend(account.also_submitted_as.iter().map(|repeat| (repeat.entry_id, repeat.fragment_id)));
        }
    }
    counted(entries.into_values())
}

fn counted(fragments: impl Iterator<Item = FragmentId>) -> Shown {
    let mut shown = Shown::new();
    for fragment in fragments {
        *shown.entry(fragment).or_insert(0) += 1;
    }
    shown
}

/// Entries shown by a frozen view, if it is in the answer.
pub(crate) fn shown_in_view(view: Option<&TimelineOut>) -> Shown {
    view.map(|view| shown_in_rows(&view.rows)).unwrap_or_default()
}

/// Entries about which a list of links tells something, by fragment.
pub(crate) fn shown_in_links(links: &LinksOut, fragments: &BTreeMap<EntryId, FragmentId>) -> Shown {
    let told = links.events.iter().flat_map(|event| event.entries.iter().map(|entry| entry.entry_id));
    let related = links.related.iter().flat_map(|pair| [pair.row, pair.other_row]);
    let suggested = links.suggested.iter().flat_map(|pair| pair.entries.iter().chain(&pair.with).copied());
    let entries: BTreeSet<EntryId> = told.chain(related).chain(suggested).collect();
    counted(entries.iter().filter_map(|entry| fragments.get(entry).copied()))
}

/// Which fragment each entry is of.
pub(crate) fn fragments_of(entries: &[LiveEntry]) -> BTreeMap<EntryId, FragmentId> {
    entries.iter().map(|entry| (entry.entry_id, entry.fragment_id)).collect()
}

/// What to write down beside an answer's audit record.
pub(crate) fn rows(
    record: &AuditRecord,
    session: &Session,
    operation: Operation,
    trail: &Trail,
) -> Vec<ShownFragmentRow> {
    let actor = &session.actor;
    let row = |(fragment, entries): (&FragmentId, &i64)| ShownFragmentRow {
        partnership_id: actor.partnership,
        scope_id: trail.chronology.map_or(fragment.0, Into::into),
        fragment_id: *fragment,
        at: record.at,
        record_id: record.id,
        practitioner_id: actor.practitioner,
        agency_id: actor.agency,
        role: actor.leading_role().map(|role| role.as_str().to_owned()),
        operation: operation.as_str().to_owned(),
        reason: trail.reason.map(|reason| reason.as_str().to_owned()),
        purpose: trail.purpose.or(session.purpose).map(|purpose| purpose.as_str().to_owned()),
        entry_count: *entries,
    };
    trail.told.shown.iter().filter(|(_, entries)| **entries > 0).map(row).collect()
}

fn out(row: ShownFragmentRow) -> FragmentReaderOut {
    FragmentReaderOut {
        at: row.at,
        practitioner_id: row.practitioner_id,
        agency_id: row.agency_id,
        role: row.role,
        operation: row.operation,
        reason: row.reason,
        purpose: row.purpose,
        entry_count: Some(row.entry_count),
    }
}
