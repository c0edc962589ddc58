//! The accounts of one event. An agency's word-for-word repeats are folded into one account.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use domain::{AgencyId, EntryDetails, Sensitive, WhenOut};
use linkage::same_words;

use crate::input::LiveEntry;
use crate::row::{Account, Repeat};

/// Builds the accounts of one row. Every entry becomes either an account or a repeat of one. A
/// repeat is of the same agency and equal in every field except the children that it was submitted
/// for and its reference.
pub(crate) fn build_accounts(mut entries: Vec<LiveEntry>) -> Vec<Account> {
    // Most events have one entry, so that there is nothing to compare.
    if entries.len() < 2 {
        return entries
            .into_iter()
            .map(|entry| build_account(entry, Vec::new()))
            .collect();
    }
    entries.sort_by_key(LiveEntry::submission_order);
    let mut distinct: Vec<(LiveEntry, Vec<Repeat>)> = Vec::new();
    let mut by_hash: HashMap<(AgencyId, u64), Vec<usize>> = HashMap::new();
    for entry in entries {
        let same_hash = by_hash
            .entry((entry.agency, hash_texts(&entry.details)))
            .or_default();
        let is_repeat = |&index: &usize| {
            distinct
                .get(index)
                .is_some_and(|(first, _)| is_repeat_of(first, &entry))
        };
        match same_hash
            .iter()
            .copied()
            .find(is_repeat)
            .and_then(|index| distinct.get_mut(index))
        {
            Some((_, repeats)) => repeats.push(build_repeat(entry)),
            None => {
                same_hash.push(distinct.len());
                distinct.push((entry, Vec::new()));
            }
        }
    }
    let mut accounts: Vec<Account> = distinct
        .into_iter()
        .map(|(entry, repeats)| build_account(entry, repeats))
        .collect();
    // A stable sort: entries of one submission keep their order.
    accounts.sort_by_key(|account| account.submitted_at);
    accounts
}

/// Whether an entry is a repeat of another, so that one account shows both without loss.
fn is_repeat_of(a: &LiveEntry, b: &LiveEntry) -> bool {
    let x = &a.details;
    let y = &b.details;
    let texts = [
        (Some(&x.what), Some(&y.what)),
        (x.action_taken.as_ref(), y.action_taken.as_ref()),
        (x.no_action_reason.as_ref(), y.no_action_reason.as_ref()),
        (x.impact.as_ref(), y.impact.as_ref()),
        (x.outcome.as_ref(), y.outcome.as_ref()),
    ];
    texts.into_iter().all(|(one, other)| same_text(one, other))
        && (&x.when, &x.category, &x.source, &x.adults)
            == (&y.when, &y.category, &y.source, &y.adults)
        && (&x.child_voice, &x.family_account) == (&y.child_voice, &y.family_account)
        && (&x.document_reference, x.rag, x.seen) == (&y.document_reference, y.rag, y.seen)
        && (&x.handling, x.significance) == (&y.handling, y.significance)
        && (x.key_incident, x.family_history) == (y.key_incident, y.family_history)
        && (a.agency, a.proxy_by) == (b.agency, b.proxy_by)
}

fn same_text(one: Option<&Sensitive<String>>, other: Option<&Sensitive<String>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => same_words(one.as_str(), other.as_str()),
        _ => false,
    }
}

/// A hash of the texts, so that an entry is compared only with entries of similar text.
fn hash_texts(details: &EntryDetails) -> u64 {
    let mut hasher = DefaultHasher::new();
    let texts = [
        Some(&details.what),
        details.action_taken.as_ref(),
        details.impact.as_ref(),
        details.outcome.as_ref(),
    ];
    for text in texts.into_iter().flatten() {
        text.as_str()
            .split_whitespace()
            .for_each(|word| word.hash(&mut hasher));
    }
    hasher.finish()
}

fn build_repeat(entry: LiveEntry) -> Repeat {
    Repeat {
        entry_id: entry.entry_id,
        fragment_id: entry.fragment_id,
        fragment_version: entry.fragment_version,
        submitted_at: entry.submitted_at,
        reference: entry.details.reference,
        children: entry.details.children,
    }
}

fn build_account(entry: LiveEntry, also_submitted_as: Vec<Repeat>) -> Account {
    let details = entry.details;
    domain::entry_form!(Account from details {
        entry_id: entry.entry_id,
        fragment_id: entry.fragment_id,
        fragment_version: entry.fragment_version,
        agency: entry.agency,
        proxy_by: entry.proxy_by,
        submitted_at: entry.submitted_at,
        also_submitted_as,
        when: WhenOut::from(&details.when),
        children: details.children,
        handling: details.handling,
    })
}
