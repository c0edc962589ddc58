//! Names, telephone numbers, e-mail addresses and postcodes that belong to nobody in the family, or that nobody may see.

use super::text::{Field, Word, words};
use super::wording::at_word;
use super::{Finding, Prepared, Severity};
use crate::{EntryDetails, Marking};

const TITLES: &[&str] = &["mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "pc", "dc", "sgt"];

/// Words after which a capital begins a name.
const INTRODUCTIONS: &[&str] = &[
    "named",
    "called",
    "neighbour",
    "friend",
    "boyfriend",
    "girlfriend",
    "partner",
    "uncle",
    "aunt",
    "auntie",
    "cousin",
];

/// Words that begin with a capital without being a person's name; in order, for look-up.
const NOT_NAMES: &[&str] = &[
    "academy",
    "adult",
    "ambulance",
    "april",
    "assessment",
    "august",
    "avenue",
    "care",
    "carer",
    "centre",
    "chair",
    "child",
    "children",
    "christmas",
    "church",
    "clinic",
    "close",
    "college",
    "community",
    "conference",
    "consultant",
    "core",
    "council",
    "county",
    "court",
    "crown",
    "dad",
    "december",
    "department",
    "doctor",
    "domestic",
    "drive",
    "early",
    "easter",
    "education",
    "emergency",
    "family",
    "father",
    "february",
    "foster",
    "friday",
    "general",
    "grandfather",
    "grandmother",
    "group",
    "head",
    "health",
    "help",
    "home",
    "hospital",
    "house",
    "housing",
    "infant",
    "infirmary",
    "initial",
    "january",
    "july",
    "june",
    "junior",
    "lane",
    "local",
    "magistrates",
    "manager",
    "march",
    "maternal",
    "may",
    "meeting",
    "mental",
    "midwife",
    "monday",
    "mother",
    "mum",
    "north",
    "november",
    "nurse",
    "nursery",
    "october",
    "officer",
    "order",
    "park",
    "paternal",
    "plan",
    "police",
    "practice",
    "primary",
    "probation",
    "protection",
    "review",
    "road",
    "royal",
    "saturday",
    "school",
    "secondary",
    "section",
    "september",
    "service",
    "services",
    "sibling",
    "sister",
    "social",
    "south",
    "station",
    "strategy",
    "street",
    "sunday",
    "support",
    "surgery",
    "team",
    "the",
    "thursday",
    "trust",
    "tuesday",
    "unit",
    "ward",
    "wednesday",
    "west",
    "worker",
    "year",
    "youth",
];

pub(super) fn check(entry: &EntryDetails, fields: &[Field<'_>], prepared: &Prepared<'_>, findings: &mut Vec<Finding>) {
    let restricted = entry.handling.marking == Marking::Restricted;
    for field in fields {
        let words = words(field.text);
        postcodes(field, &words, restricted, prepared, findings);
        if let Some(at) = (0..words.len()).find(|at| stranger_at(&words, *at, prepared)) {
            let message = "a name that belongs to nobody in the family. Use a role, such as GP1 or neighbour.";
            findings.push(at_word(Severity::Warning, "name_outside_family", field, at, message));
        }
        if let Some(at) = telephone(&words) {
            findings.push(at_word(
                Severity::Warning,
                "telephone_number",
                field,
                at,
                "a telephone number. Leave it out.",
            ));
        }
        if words.iter().any(|word| word.gap == "@") {
            let message = "There is an e-mail address here. Leave it out.";
            findings.push(Finding::new(Severity::Warning, "email_address", field.pointer, message));
        }
    }
}

fn postcodes(
    field: &Field<'_>,
    words: &[Word<'_>],
    restricted: bool,
    prepared: &Prepared<'_>,
    findings: &mut Vec<Finding>,
) {
    let found: Vec<(usize, String)> = (0..words.len()).filter_map(|at| Some((at, postcode_at(words, at)?))).collect();
    let protected = found.iter().find(|(_, postcode)| prepared.protected.contains(postcode));
    if let Some((at, _)) = protected.filter(|_| !restricted) {
        let message = "the address of a protected person. Leave it out, or mark the entry restricted.";
        findings.push(at_word(Severity::Error, "protected_address", field, *at, message));
    }
    let strange = |postcode: &String| !prepared.postcodes.contains(postcode) && !prepared.protected.contains(postcode);
    if let Some((at, _)) = found.iter().find(|(_, postcode)| strange(postcode)) {
        let message = "a postcode that belongs to nobody in the family. Leave it out.";
        findings.push(at_word(Severity::Warning, "postcode_outside_family", field, *at, message));
    }
}

/// The postcode that begins at a word, in capitals and without a space.
pub(super) fn postcode_at(words: &[Word<'_>], at: usize) -> Option<String> {
    let word = words.get(at)?.text;
    if !(2..=7).contains(&word.len()) {
        return None;
    }
    let alone = word.to_ascii_uppercase();
    if is_postcode(&alone) {
        return Some(alone);
    }
    let next = words.get(at + 1).filter(|next| next.text.len() == 3 && next.gap.chars().count() <= 3)?;
    Some(alone + &next.text.to_ascii_uppercase()).filter(|both| is_postcode(both))
}

/// One or two letters, a digit, perhaps a digit or letter, then a digit and two letters.
pub(super) fn is_postcode(text: &str) -> bool {
    let Some((outward, [a, b, c])) = text.as_bytes().split_last_chunk::<3>() else { return false };
    let inward = a.is_ascii_digit() && b.is_ascii_uppercase() && c.is_ascii_uppercase();
    let letters = outward.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let district = outward.get(letters..).unwrap_or_default();
    let outward_fits = (1..=2).contains(&letters)
        && matches!(district, [d] | [d, _] if d.is_ascii_digit())
        && district.iter().all(u8::is_ascii_alphanumeric);
    inward && outward_fits
}

/// Whether a name of nobody in the family begins at `at`: after a title, after "called" and the like, or two capitalised words in
/// a row that are nothing else.
fn stranger_at(words: &[Word<'_>], at: usize, prepared: &Prepared<'_>) -> bool {
    let Some(word) = words.get(at) else { return false };
    if !could_be_name(word, prepared) {
        return false;
    }
    let before = at.checked_sub(1).and_then(|at| words.get(at)).filter(|_| matches!(word.gap, " " | ". "));
    if before.is_some_and(|before| TITLES.iter().any(|title| before.is(title))) {
        return true;
    }
    if word.gap == " " && before.is_some_and(|before| INTRODUCTIONS.iter().any(|intro| before.is(intro))) {
        return true;
    }
    let pair = words.get(at + 1).is_some_and(|next| next.gap == " " && could_be_name(next, prepared));
    pair && words.get(at + 2).is_none_or(|third| third.gap != " " || !place_or_office(third))
}

fn could_be_name(word: &Word<'_>, prepared: &Prepared<'_>) -> bool {
    word.is_capitalised() && !place_or_office(word) && !prepared.names.contains(&word.text.to_lowercase())
}

/// A capitalised word that makes a place or an office of what stands before it.
fn place_or_office(word: &Word<'_>) -> bool {
    word.is_capitalised() && NOT_NAMES.binary_search(&word.text.to_lowercase().as_str()).is_ok()
}

/// Where a run of digits begins that is as long as a telephone number and starts like one.
fn telephone(words: &[Word<'_>]) -> Option<usize> {
    let mut run: Option<(usize, usize)> = None;
    for (at, word) in words.iter().enumerate() {
        if !word.text.bytes().all(|byte| byte.is_ascii_digit()) {
            run = None;
            continue;
        }
        let joined = word.gap.chars().all(|c| matches!(c, ' ' | '-' | '(' | ')')) && word.gap.len() <= 3;
        let (start, digits) = match run.filter(|_| joined) {
            Some((start, digits)) => (start, digits + word.text.len()),
            None => (at, word.text.len()),
        };
        let starts = words.get(start).is_some_and(|first| first.text.starts_with('0') || first.gap.ends_with('+'));
        if starts && digits >= 10 {
            return Some(start);
        }
        run = Some((start, digits));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(NOT_NAMES.is_sorted());
    }

    #[test]
    fn postcodes_by_their_shape() {
        for good in ["ZZ99ZZ", "ZZ999ZZ", "Z99ZZ", "Z9Z9ZZ", "ZZ9Z9ZZ"] {
            assert!(is_postcode(good), "{good}");
        }
        for bad in ["ZZZ99ZZ", "9ZZ9ZZ", "ZZ9ZZ", "ZZ9999", "", "ZZ9", "ZZ9999ZZ"] {
            assert!(!is_postcode(bad), "{bad}");
        }
    }
}
