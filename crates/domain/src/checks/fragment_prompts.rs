//! Prompts about a fragment as a whole. They ask the writer a question and never refuse the
//! fragment.

use time::{Date, Duration};

use super::text::split_words;
use super::vocabulary::PEOPLE;
use super::{CheckContext, Finding, Severity};
use crate::{AdultRole, EntryDetails, EventDate, Significance};

/// A longer time without an entry prompts a question.
const LONG_SILENCE: Duration = Duration::days(365);
/// A fragment with fewer entries is not asked about one-sidedness.
const MIN_ENTRIES_FOR_BALANCE: usize = 3;

pub(super) fn check(
    entries: &[EntryDetails],
    context: &CheckContext<'_>,
    findings: &mut Vec<Finding>,
) {
    if entries.is_empty() {
        return;
    }
    let mut ask_if = |condition: bool, code, message| {
        if condition {
            findings.push(Finding::new(Severity::Prompt, code, "/entries", message));
        }
    };
    let has_any = |wanted: Significance| {
        entries
            .iter()
            .any(|entry| entry.significance == wanted || entry.significance == Significance::Both)
    };
    let has_risk = has_any(Significance::Risk);
    let has_strength = has_any(Significance::Strength);
    let has_enough_entries = entries.len() >= MIN_ENTRIES_FOR_BALANCE;
    ask_if(
        has_enough_entries && has_risk && !has_strength,
        "only_negatives",
        "Only risks are recorded: are there strengths or successes?",
    );
    ask_if(
        has_enough_entries && has_strength && !has_risk,
        "only_positives",
        "Only strengths are recorded: are there risks?",
    );
    ask_if(
        starts_at_referral(entries, context),
        "starts_at_referral",
        "This starts at the latest referral: what came before it?",
    );
    ask_if(
        !is_child_heard(entries),
        "no_child_voice",
        "The child's own voice is missing: what did the child say or show?",
    );
    ask_if(
        !is_man_mentioned(entries),
        "no_father",
        "No father or male carer is mentioned: what is known of him?",
    );
    ask_about_silences(entries, findings);
    ask_about_look_back(entries, context, findings);
}

/// Whether no entry lies before the latest referral. When that is not known, whether the first
/// entry is itself a referral.
fn starts_at_referral(entries: &[EntryDetails], context: &CheckContext<'_>) -> bool {
    let Some(first) = entries.iter().min_by_key(|entry| entry.when.sort_key()) else {
        return false;
    };
    match context.latest_referral {
        Some(referral) => ordering_day(&first.when) >= referral,
        None => {
            first.category.as_str() == "PROCESS"
                && split_words(first.what.as_str())
                    .iter()
                    .any(|word| word.is("referral"))
        }
    }
}

fn is_child_heard(entries: &[EntryDetails]) -> bool {
    entries
        .iter()
        .any(|entry| entry.child_voice.is_some() || entry.category.as_str() == "DISCLOSURE")
}

fn is_man_mentioned(entries: &[EntryDetails]) -> bool {
    let lists_man = |entry: &EntryDetails| {
        entry
            .adults
            .iter()
            .any(|adult| matches!(adult.role, AdultRole::Father | AdultRole::MaleCarer))
    };
    let mentions_man = |entry: &EntryDetails| {
        let words = split_words(entry.what.as_str());
        words
            .iter()
            .any(|word| PEOPLE.men.iter().any(|man| word.is(man)))
    };
    entries
        .iter()
        .any(|entry| lists_man(entry) || mentions_man(entry))
}

/// The day by which a date is ordered in the chronology.
fn ordering_day(when: &EventDate) -> Date {
    if when.earliest() == EventDate::OPEN_START {
        when.latest()
    } else {
        when.earliest()
    }
}

/// Asks about every long time without an entry, at the entry that follows it.
fn ask_about_silences(entries: &[EntryDetails], findings: &mut Vec<Finding>) {
    let mut in_order: Vec<(usize, &EventDate)> = entries
        .iter()
        .map(|entry| &entry.when)
        .enumerate()
        .collect();
    in_order.sort_by_key(|(index, when)| (when.sort_key(), *index));
    let mut covered_until: Option<Date> = None;
    for (index, when) in in_order {
        let day = ordering_day(when);
        if covered_until.is_some_and(|until| day - until > LONG_SILENCE) {
            let pointer = format!("/entries/{index}/when");
            let message = "More than a year without an entry comes before this: was there nothing, or is it missing?";
            findings.push(Finding::new(
                Severity::Prompt,
                "long_silence",
                &pointer,
                message,
            ));
        }
        let end = if when.latest() == EventDate::OPEN_END {
            day
        } else {
            when.latest()
        };
        covered_until = covered_until.max(Some(end));
    }
}

fn ask_about_look_back(
    entries: &[EntryDetails],
    context: &CheckContext<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some(from) = context.look_back_from else {
        return;
    };
    let is_outside = |entry: &EntryDetails| entry.when.latest() < from && !entry.key_incident;
    for (index, _) in entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| is_outside(entry))
    {
        let pointer = format!("/entries/{index}/when");
        let message =
            "This lies outside the period asked for: leave it out, or mark it as a key incident.";
        findings.push(Finding::new(
            Severity::Prompt,
            "outside_look_back",
            &pointer,
            message,
        ));
    }
}
