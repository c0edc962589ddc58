//! Checks of the wording: short, exact, without opinion, and in terms that every agency knows.

use super::personal_data::postcode_at;
use super::text::{Field, Word, find_phrase, split_words};
use super::vocabulary::WORDING;
use super::{Finding, PreparedContext, Severity};
use crate::{EntryDetails, Marking, Significance};

/// A longer account of what happened is reported as too long for a chronology.
const MAX_WORDS: usize = 150;
/// A shorter account says too little for another agency to understand it.
const MIN_WORDS: usize = 3;

pub(super) fn check(
    entry: &EntryDetails,
    fields: &[Field<'_>],
    prepared: &PreparedContext<'_>,
    findings: &mut Vec<Finding>,
) {
    for field in fields {
        let words = split_words(field.text);
        if !field.exempt_from_style {
            check_opinion(field, &words, findings);
            check_abbreviations(field, &words, prepared, findings);
        }
        if field.pointer == "/what" {
            check_account(entry, &words, findings);
        }
        check_marking(entry, field, &words, findings);
    }
}

/// A finding about the word at `index`. It names the word by its number, because findings never
/// repeat the text.
pub(super) fn finding_at_word(
    severity: Severity,
    code: &'static str,
    field: &Field<'_>,
    index: usize,
    message: &str,
) -> Finding {
    Finding::new(
        severity,
        code,
        field.pointer,
        &format!("Word {}: {message}", index + 1),
    )
}

fn check_opinion(field: &Field<'_>, words: &[Word<'_>], findings: &mut Vec<Finding>) {
    if let Some(index) = find_phrase(words, &WORDING.opinions, |word| !word.quoted) {
        let message = "this reads as opinion. Say what was seen or said, or put somebody's own words in quotation marks.";
        findings.push(finding_at_word(
            Severity::Warning,
            "opinion",
            field,
            index,
            message,
        ));
    }
}

fn check_account(entry: &EntryDetails, words: &[Word<'_>], findings: &mut Vec<Finding>) {
    let mut warn =
        |code, message| findings.push(Finding::new(Severity::Warning, code, "/what", message));
    if words.len() > MAX_WORDS {
        warn(
            "too_long",
            "This is long for a chronology: at most 150 words that say what happened.",
        );
    }
    let is_short = !words.is_empty() && words.len() < MIN_WORDS;
    if is_short || find_phrase(words, &WORDING.vague, |word| !word.quoted).is_some() {
        warn(
            "too_vague",
            "This is too vague for another agency: say who did what, and how often.",
        );
    }
    let has_no_significance = entry.significance == Significance::Neutral
        && entry.child_voice.is_none()
        && !entry.key_incident;
    if has_no_significance
        && find_phrase(words, &WORDING.routine_contacts, |word| !word.quoted).is_some()
    {
        warn(
            "routine_contact",
            "A routine contact with nothing significant does not belong in a chronology.",
        );
    }
}

fn check_abbreviations(
    field: &Field<'_>,
    words: &[Word<'_>],
    prepared: &PreparedContext<'_>,
    findings: &mut Vec<Finding>,
) {
    let capitals = words
        .iter()
        .filter(|word| word.text.chars().all(char::is_uppercase))
        .count();
    // In a text typed in capitals throughout, an abbreviation looks like any other word.
    if capitals * 2 > words.len() {
        return;
    }
    let is_unknown = |index: &usize| {
        let is_abbreviation = words
            .get(*index)
            .is_some_and(|word| is_unknown_abbreviation(word, prepared));
        is_abbreviation && postcode_at(words, *index).is_none()
    };
    if let Some(index) = (0..words.len()).find(is_unknown) {
        let message = "an abbreviation that is not in the glossary. Write it out.";
        findings.push(finding_at_word(
            Severity::Warning,
            "abbreviation",
            field,
            index,
            message,
        ));
    }
}

/// Whether a word is two to six capitals, digits at its end ("GP1") not counted, and neither a
/// known abbreviation nor a name in the family.
fn is_unknown_abbreviation(word: &Word<'_>, prepared: &PreparedContext<'_>) -> bool {
    let letters = word.text.trim_end_matches(|c: char| c.is_ascii_digit());
    (2..=6).contains(&letters.len())
        && letters.bytes().all(|b| b.is_ascii_uppercase())
        && !WORDING.abbreviations.contains(letters)
        && !prepared.context.glossary.contains(&letters)
        && !prepared.names.contains(&letters.to_lowercase())
}

fn check_marking(
    entry: &EntryDetails,
    field: &Field<'_>,
    words: &[Word<'_>],
    findings: &mut Vec<Finding>,
) {
    if entry.handling.marking == Marking::Restricted {
        return;
    }
    if let Some(index) = find_phrase(words, &WORDING.restricted_material, |_| true) {
        let message =
            "MARAC and MAPPA material is restricted unless its originator agreed: mark the entry.";
        findings.push(finding_at_word(
            Severity::Warning,
            "marac_unmarked",
            field,
            index,
            message,
        ));
    }
}
