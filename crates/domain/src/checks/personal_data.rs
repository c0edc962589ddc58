//! Checks for personal data that an entry should not contain: names of people outside the family,
//! telephone numbers, e-mail addresses, and postcodes that are outside the family or protected.

use super::text::{Field, Word, split_words};
use super::vocabulary::PEOPLE;
use super::wording::finding_at_word;
use super::{Finding, PreparedContext, Severity};
use crate::{EntryDetails, Marking};

pub(super) fn check(
    entry: &EntryDetails,
    fields: &[Field<'_>],
    prepared: &PreparedContext<'_>,
    findings: &mut Vec<Finding>,
) {
    let restricted = entry.handling.marking == Marking::Restricted;
    for field in fields {
        let words = split_words(field.text);
        check_postcodes(field, &words, restricted, prepared, findings);
        if let Some(index) =
            (0..words.len()).find(|index| is_outsiders_name(&words, *index, prepared))
        {
            let message = "a name that belongs to nobody in the family. Use a role, such as GP1 or neighbour.";
            findings.push(finding_at_word(
                Severity::Warning,
                "name_outside_family",
                field,
                index,
                message,
            ));
        }
        if let Some(index) = find_telephone_number(&words) {
            let message = "a telephone number. Leave it out.";
            findings.push(finding_at_word(
                Severity::Warning,
                "telephone_number",
                field,
                index,
                message,
            ));
        }
        if words.iter().any(|word| word.separator == "@") {
            let message = "There is an e-mail address here. Leave it out.";
            findings.push(Finding::new(
                Severity::Warning,
                "email_address",
                field.pointer,
                message,
            ));
        }
    }
}

fn check_postcodes(
    field: &Field<'_>,
    words: &[Word<'_>],
    restricted: bool,
    prepared: &PreparedContext<'_>,
    findings: &mut Vec<Finding>,
) {
    let found: Vec<(usize, String)> = (0..words.len())
        .filter_map(|index| Some((index, postcode_at(words, index)?)))
        .collect();
    let protected = found
        .iter()
        .find(|(_, postcode)| prepared.protected_postcodes.contains(postcode));
    if let Some((index, _)) = protected.filter(|_| !restricted) {
        let message =
            "the address of a protected person. Leave it out, or mark the entry restricted.";
        findings.push(finding_at_word(
            Severity::Error,
            "protected_address",
            field,
            *index,
            message,
        ));
    }
    let is_outside_family = |postcode: &String| {
        !prepared.open_postcodes.contains(postcode)
            && !prepared.protected_postcodes.contains(postcode)
    };
    if let Some((index, _)) = found
        .iter()
        .find(|(_, postcode)| is_outside_family(postcode))
    {
        let message = "a postcode that belongs to nobody in the family. Leave it out.";
        findings.push(finding_at_word(
            Severity::Warning,
            "postcode_outside_family",
            field,
            *index,
            message,
        ));
    }
}

/// The postcode that begins at the word `index`, written as one word or two: capitals, without a
/// space.
pub(super) fn postcode_at(words: &[Word<'_>], index: usize) -> Option<String> {
    let word = words.get(index)?.text;
    if !(2..=7).contains(&word.len()) {
        return None;
    }
    let one_word = word.to_ascii_uppercase();
    if is_postcode(&one_word) {
        return Some(one_word);
    }
    let inward = words
        .get(index + 1)
        .filter(|next| next.text.len() == 3 && next.separator.chars().count() <= 3)?;
    let two_words = one_word + &inward.text.to_ascii_uppercase();
    Some(two_words).filter(|postcode| is_postcode(postcode))
}

/// Whether a text has the form of a postcode: one or two letters, a digit, possibly a digit or
/// letter, then a digit and two letters. Capitals only.
pub(super) fn is_postcode(text: &str) -> bool {
    let Some((outward, [a, b, c])) = text.as_bytes().split_last_chunk::<3>() else {
        return false;
    };
    let inward_fits = a.is_ascii_digit() && b.is_ascii_uppercase() && c.is_ascii_uppercase();
    let letters = outward
        .iter()
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    let district = outward.get(letters..).unwrap_or_default();
    let outward_fits = (1..=2).contains(&letters)
        && matches!(district, [d] | [d, _] if d.is_ascii_digit())
        && district.iter().all(u8::is_ascii_alphanumeric);
    inward_fits && outward_fits
}

/// Whether the name of somebody outside the family begins at the word `index`: after a title, after
/// a word such as "called", or as two capitalised words in a row that are no place or office.
fn is_outsiders_name(words: &[Word<'_>], index: usize, prepared: &PreparedContext<'_>) -> bool {
    let Some(word) = words.get(index) else {
        return false;
    };
    if !could_be_name(word, prepared) {
        return false;
    }
    let previous = index
        .checked_sub(1)
        .and_then(|previous| words.get(previous));
    let before = previous.filter(|_| matches!(word.separator, " " | ". "));
    if before.is_some_and(|before| PEOPLE.titles.iter().any(|title| before.is(title))) {
        return true;
    }
    let is_introduced =
        before.is_some_and(|before| PEOPLE.introductions.iter().any(|word| before.is(word)));
    if word.separator == " " && is_introduced {
        return true;
    }
    let is_pair = words
        .get(index + 1)
        .is_some_and(|next| next.separator == " " && could_be_name(next, prepared));
    is_pair
        && words
            .get(index + 2)
            .is_none_or(|third| third.separator != " " || !is_place_or_office(third))
}

fn could_be_name(word: &Word<'_>, prepared: &PreparedContext<'_>) -> bool {
    word.is_capitalized()
        && !is_place_or_office(word)
        && !prepared.names.contains(&word.text.to_lowercase())
}

/// Whether a capitalised word turns the words before it into the name of a place or an office
/// ("Sample Road School").
fn is_place_or_office(word: &Word<'_>) -> bool {
    word.is_capitalized() && PEOPLE.not_names.contains(word.text.to_lowercase().as_str())
}

/// The index of the word at which a telephone number begins: at least ten digits in a row that
/// start with 0 or follow a +.
fn find_telephone_number(words: &[Word<'_>]) -> Option<usize> {
    // The index at which the current run of digits begins, and its length.
    let mut run: Option<(usize, usize)> = None;
    for (index, word) in words.iter().enumerate() {
        if !word.text.bytes().all(|byte| byte.is_ascii_digit()) {
            run = None;
            continue;
        }
        let continues = word
            .separator
            .chars()
            .all(|c| matches!(c, ' ' | '-' | '(' | ')'))
            && word.separator.len() <= 3;
        let (start, digits) = match run.filter(|_| continues) {
            Some((start, digits)) => (start, digits + word.text.len()),
            None => (index, word.text.len()),
        };
        let has_prefix = words
            .get(start)
            .is_some_and(|first| first.text.starts_with('0') || first.separator.ends_with('+'));
        if has_prefix && digits >= 10 {
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
    fn postcodes_are_recognized_by_their_form() {
        for valid in ["ZZ99ZZ", "ZZ999ZZ", "Z99ZZ", "Z9Z9ZZ", "ZZ9Z9ZZ"] {
            assert!(is_postcode(valid), "{valid}");
        }
        for invalid in [
            "ZZZ99ZZ", "9ZZ9ZZ", "ZZ9ZZ", "ZZ9999", "", "ZZ9", "ZZ9999ZZ",
        ] {
            assert!(!is_postcode(invalid), "{invalid}");
        }
    }
}
