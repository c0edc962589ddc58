//! How it is told: short, exact, without opinion, in words every agency knows.

use super::people::postcode_at;
use super::text::{Field, Word, first_phrase, words};
use super::{Finding, Prepared, Severity};
use crate::{EntryDetails, Marking, Significance};

/// An entry's account is succinct: more words than this are too many for a chronology.
const MOST_WORDS: usize = 150;
/// Fewer than this say too little to be understood by another agency.
const FEWEST_WORDS: usize = 3;

const OPINIONS: &[&[&str]] = &[
    &["manipulative"],
    &["attention", "seeking"],
    &["i", "feel"],
    &["i", "felt"],
    &["i", "think"],
    &["i", "believe"],
    &["in", "my", "opinion"],
    &["my", "impression"],
    &["gut", "feeling"],
    &["obviously"],
    &["clearly"],
    &["hostile"],
    &["lazy"],
    &["naughty"],
    &["feral"],
    &["liar"],
    &["uncooperative"],
    &["hard", "to", "engage"],
    &["bad", "mother"],
    &["bad", "father"],
    &["bad", "parent"],
    &["promiscuous"],
    &["lifestyle", "choice"],
    &["put", "herself", "at", "risk"],
    &["put", "himself", "at", "risk"],
    &["putting", "herself", "at", "risk"],
    &["putting", "himself", "at", "risk"],
];

const VAGUE: &[&[&str]] = &[
    &["ongoing", "issues"],
    &["ongoing", "concerns"],
    &["some", "issues"],
    &["some", "concerns"],
    &["various", "issues"],
    &["various", "concerns"],
    &["usual", "problems"],
    &["several", "occasions"],
    &["numerous", "occasions"],
    &["a", "number", "of", "times"],
    &["inappropriate", "behaviour"],
    &["things", "were"],
    &["see", "notes"],
    &["as", "above"],
    &["as", "before"],
];

const ROUTINE: &[&[&str]] = &[
    &["routine", "visit"],
    &["routine", "contact"],
    &["routine", "appointment"],
    &["routine", "check"],
    &["routine", "review"],
    &["no", "concerns"],
    &["nothing", "to", "report"],
    &["nothing", "significant"],
    &["nothing", "of", "note"],
    &["all", "well"],
];

/// Abbreviations every agency is taken to know; in order, for look-up. A partnership adds its own.
const GLOSSARY: &[&str] = &[
    "ADHD", "AM", "ASD", "BCG", "CAMHS", "CCTV", "CIN", "CP", "CPP", "CSE", "CYP", "DV", "ED", "EDD", "EHCP", "EHE",
    "EPO", "FGM", "GCSE", "GP", "HMP", "HV", "ICPC", "ICU", "ID", "IT", "IVF", "LA", "LAC", "MACE", "MAPPA", "MARAC",
    "MASH", "MMR", "NEET", "NFA", "NHS", "NSPCC", "OK", "PE", "PLO", "PM", "RCPC", "SEN", "SENCO", "TV", "UK", "YOT",
];

pub(super) fn check(entry: &EntryDetails, fields: &[Field<'_>], prepared: &Prepared<'_>, findings: &mut Vec<Finding>) {
    for field in fields {
        let words = words(field.text);
        if !field.speech {
            opinion(field, &words, findings);
            abbreviation(field, &words, prepared, findings);
        }
        if field.pointer == "/what" {
            account(entry, &words, findings);
        }
        marking(entry, field, &words, findings);
    }
}

/// Says which word is meant by its number, because findings never repeat what was written.
pub(super) fn at_word(severity: Severity, code: &'static str, field: &Field<'_>, at: usize, message: &str) -> Finding {
    Finding::new(severity, code, field.pointer, &format!("Word {}: {message}", at + 1))
}

fn opinion(field: &Field<'_>, words: &[Word<'_>], findings: &mut Vec<Finding>) {
    if let Some(at) = first_phrase(words, OPINIONS, |word| !word.quoted) {
        let message =
            "this reads as opinion. Say what was seen or said, or put somebody's own words in quotation marks.";
        findings.push(at_word(Severity::Warning, "opinion", field, at, message));
    }
}

fn account(entry: &EntryDetails, words: &[Word<'_>], findings: &mut Vec<Finding>) {
    let mut warn = |code, message| findings.push(Finding::new(Severity::Warning, code, "/what", message));
    if words.len() > MOST_WORDS {
        warn("too_long", "This is long for a chronology: at most 150 words that say what happened.");
    }
    let short = !words.is_empty() && words.len() < FEWEST_WORDS;
    if short || first_phrase(words, VAGUE, |word| !word.quoted).is_some() {
        warn("too_vague", "This is too vague for another agency: say who did what, and how often.");
    }
    let plain = entry.significance == Significance::Neutral && entry.child_voice.is_none() && !entry.key_incident;
    if plain && first_phrase(words, ROUTINE, |word| !word.quoted).is_some() {
        warn("routine_contact", "A routine contact with nothing significant does not belong in a chronology.");
    }
}

fn abbreviation(field: &Field<'_>, words: &[Word<'_>], prepared: &Prepared<'_>, findings: &mut Vec<Finding>) {
    let capitals = words.iter().filter(|word| word.text.chars().all(char::is_uppercase)).count();
    // A text typed in capitals throughout shows nothing.
    if capitals * 2 > words.len() {
        return;
    }
    let unknown = |at: &usize| {
        words.get(*at).is_some_and(|word| unknown_abbreviation(word, prepared)) && postcode_at(words, *at).is_none()
    };
    if let Some(at) = (0..words.len()).find(unknown) {
        let message = "an abbreviation that is not in the glossary. Write it out.";
        findings.push(at_word(Severity::Warning, "abbreviation", field, at, message));
    }
}

/// Two to six capitals, with digits behind them ("GP1") left aside; not a name in the family.
fn unknown_abbreviation(word: &Word<'_>, prepared: &Prepared<'_>) -> bool {
    let letters = word.text.trim_end_matches(|c: char| c.is_ascii_digit());
    (2..=6).contains(&letters.len())
        && letters.bytes().all(|b| b.is_ascii_uppercase())
        && GLOSSARY.binary_search(&letters).is_err()
        && !prepared.context.glossary.contains(&letters)
        && !prepared.names.contains(&letters.to_lowercase())
}

fn marking(entry: &EntryDetails, field: &Field<'_>, words: &[Word<'_>], findings: &mut Vec<Finding>) {
    if entry.handling.marking == Marking::Restricted {
        return;
    }
    if let Some(at) = first_phrase(words, &[&["marac"], &["mappa"]], |_| true) {
        let message = "MARAC and MAPPA material is restricted unless its originator agreed: mark the entry.";
        findings.push(at_word(Severity::Warning, "marac_unmarked", field, at, message));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_glossary_is_in_order() {
        assert!(super::GLOSSARY.is_sorted());
    }
}
