//! The entries of one event as accounts: one for each telling, with an agency's word-for-word repeats folded in.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use domain::{AgencyId, EntryDetails, Sensitive, WhenOut};
use linkage::same_words;

use crate::live::LiveEntry;
use crate::row::{Account, Repeat};

/// The accounts of one row. Every entry is in exactly one place: as an account, or as a repeat of one of the same agency that
/// says the same in every field but the children it was submitted for and its reference.
pub(crate) fn accounts(mut entries: Vec<LiveEntry>) -> Vec<Account> {
    // Most events are told once: nothing to compare.
    if entries.len() < 2 {
        return entries.into_iter().map(|entry| account(entry, Vec::new())).collect();
    }
    entries.sort_by_key(LiveEntry::order);
    let mut tellings: Vec<(LiveEntry, Vec<Repeat>)> = Vec::new();
    let mut known: HashMap<(AgencyId, u64), Vec<usize>> = HashMap::new();
    for entry in entries {
        let alike = known.entry((entry.agency, digest(&entry.details))).or_default();
        let told = |&place: &usize| tellings.get(place).is_some_and(|(first, _)| says_the_same(first, &entry));
        match alike.iter().copied().find(told).and_then(|place| tellings.get_mut(place)) {
            Some((_, repeats)) => repeats.push(repeat(entry)),
            None => {
                alike.push(tellings.len());
                tellings.push((entry, Vec::new()));
            }
        }
    }
    let mut accounts: Vec<Account> = tellings.into_iter().map(|(entry, repeats)| account(entry, repeats)).collect();
    // Stable: what was submitted in one go stays in its order.
    accounts.sort_by_key(|account| account.submitted_at);
    accounts
}

/// Whether nothing would be lost by showing one for both.
fn says_the_same(a: &LiveEntry, b: &LiveEntry) -> bool {
    let (x, y) = (&a.details, &b.details);
    let texts = [
        (Some(&x.what), Some(&y.what)),
        (x.action_taken.as_ref(), y.action_taken.as_ref()),
        (x.no_action_reason.as_ref(), y.no_action_reason.as_ref()),
        (x.impact.as_ref(), y.impact.as_ref()),
        (x.outcome.as_ref(), y.outcome.as_ref()),
    ];
    texts.into_iter().all(|(one, other)| same_text(one, other))
        && (&x.when, &x.category, &x.source, &x.adults) == (&y.when, &y.category, &y.source, &y.adults)
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

/// A digest of the texts, so that many tellings of one event are not all compared with one another.
fn digest(details: &EntryDetails) -> u64 {
    let mut hasher = DefaultHasher::new();
    let texts = [Some(&details.what), details.action_taken.as_ref(), details.impact.as_ref(), details.outcome.as_ref()];
    for text in texts.into_iter().flatten() {
        text.as_str().split_whitespace().for_each(|word| word.hash(&mut hasher));
    }
    hasher.finish()
}

fn repeat(entry: LiveEntry) -> Repeat {
    Repeat {
        entry_id: entry.entry_id,
        fragment_id: entry.fragment_id,
        fragment_version: entry.fragment_version,
        submitted_at: entry.submitted_at,
        reference: entry.details.reference,
        children: entry.details.children,
    }
}

fn account(entry: LiveEntry, also_submitted_as: Vec<Repeat>) -> Account {
    let details = entry.details;
    Account {
        entry_id: entry.entry_id,
        fragment_id: entry.fragment_id,
        fragment_version: entry.fragment_version,
        agency: entry.agency,
        proxy_by: entry.proxy_by,
        submitted_at: entry.submitted_at,
        also_submitted_as,
        reference: details.reference,
        when: WhenOut::from(&details.when),
        what: details.what,
        category: details.category,
        source: details.source,
        children: details.children,
        adults: details.adults,
        significance: details.significance,
        action_taken: details.action_taken,
        no_action_reason: details.no_action_reason,
        impact: details.impact,
        child_voice: details.child_voice,
        family_account: details.family_account,
        outcome: details.outcome,
        document_reference: details.document_reference,
        rag: details.rag,
        seen: details.seen,
        handling: details.handling,
        key_incident: details.key_incident,
        family_history: details.family_history,
    }
}
