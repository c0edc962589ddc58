//! Prompts that only the whole fragment shows. They ask; they never refuse.

use time::{Date, Duration};

use super::text::words;
use super::{CheckContext, Finding, Severity};
use crate::{AdultRole, EntryDetails, EventDate, Significance};

/// Longer than this without an entry is asked about.
const LONG_SILENCE: Duration = Duration::days(365);
/// Fewer entries than this show no one-sidedness.
const ENOUGH: usize = 3;

const MEN: &[&str] =
    &["father", "dad", "daddy", "stepfather", "stepdad", "boyfriend", "grandfather", "grandad", "husband", "fathers"];

pub(super) fn check(entries: &[EntryDetails], context: &CheckContext<'_>, findings: &mut Vec<Finding>) {
    if entries.is_empty() {
        return;
    }
    let mut ask = |holds: bool, code, message| {
        if holds {
            findings.push(Finding::new(Severity::Prompt, code, "/entries", message));
        }
    };
    let any = |wanted: Significance| {
        entries.iter().any(|entry| entry.significance == wanted || entry.significance == Significance::Both)
    };
    let (risk, strength) = (any(Significance::Risk), any(Significance::Strength));
    let enough = entries.len() >= ENOUGH;
    ask(enough && risk && !strength, "only_negatives", "Only risks are told: are there strengths or successes?");
    ask(enough && strength && !risk, "only_positives", "Only strengths are told: are there risks?");
    ask(
        starts_at_referral(entries, context),
        "starts_at_referral",
        "This starts at the latest referral: what came before it?",
    );
    ask(!child_heard(entries), "no_child_voice", "The child's own voice is missing: what did the child say or show?");
    ask(!man_mentioned(entries), "no_father", "No father or male carer is mentioned: what is known of him?");
    silences(entries, findings);
    look_back(entries, context, findings);
}

/// Nothing before the referral that is known or, when none is known, before a first entry that is one.
fn starts_at_referral(entries: &[EntryDetails], context: &CheckContext<'_>) -> bool {
    let Some(first) = entries.iter().min_by_key(|entry| entry.when.sort_key()) else { return false };
    match context.latest_referral {
        Some(referral) => placed(&first.when) >= referral,
        None => {
            first.category.as_str() == "PROCESS" && words(first.what.as_str()).iter().any(|word| word.is("referral"))
        }
    }
}

fn child_heard(entries: &[EntryDetails]) -> bool {
    entries.iter().any(|entry| entry.child_voice.is_some() || entry.category.as_str() == "DISCLOSURE")
}

fn man_mentioned(entries: &[EntryDetails]) -> bool {
    let named = |entry: &EntryDetails| {
        entry.adults.iter().any(|adult| matches!(adult.role, AdultRole::Father | AdultRole::MaleCarer))
    };
    let told = |entry: &EntryDetails| words(entry.what.as_str()).iter().any(|word| MEN.iter().any(|man| word.is(man)));
    entries.iter().any(|entry| named(entry) || told(entry))
}

/// The day by which a date takes its place in the chronology.
fn placed(when: &EventDate) -> Date {
    if when.earliest() == EventDate::OPEN_START { when.latest() } else { when.earliest() }
}

/// Asks, at the entry after it, about every long stretch in which nothing is told.
fn silences(entries: &[EntryDetails], findings: &mut Vec<Finding>) {
    let mut in_order: Vec<(usize, &EventDate)> = entries.iter().map(|entry| &entry.when).enumerate().collect();
    in_order.sort_by_key(|(number, when)| (when.sort_key(), *number));
    let mut told_until: Option<Date> = None;
    for (number, when) in in_order {
        let day = placed(when);
        if told_until.is_some_and(|until| day - until > LONG_SILENCE) {
            let pointer = format!("/entries/{number}/when");
            let message = "More than a year without an entry comes before this: was there nothing, or is it missing?";
            findings.push(Finding::new(Severity::Prompt, "long_silence", &pointer, message));
        }
        let end = if when.latest() == EventDate::OPEN_END { day } else { when.latest() };
        told_until = told_until.max(Some(end));
    }
}

fn look_back(entries: &[EntryDetails], context: &CheckContext<'_>, findings: &mut Vec<Finding>) {
    let Some(from) = context.look_back_from else { return };
    let outside = |entry: &EntryDetails| entry.when.latest() < from && !entry.key_incident;
    for (number, _) in entries.iter().enumerate().filter(|(_, entry)| outside(entry)) {
        let pointer = format!("/entries/{number}/when");
        let message = "This lies outside the period asked for: leave it out, or mark it as a key incident.";
        findings.push(Finding::new(Severity::Prompt, "outside_look_back", &pointer, message));
    }
}
