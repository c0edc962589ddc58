//! Splits texts into words, so that they can be compared regardless of case, punctuation and
//! spacing.

use unicode_normalization::UnicodeNormalization;

use crate::lexicon;

/// The words of a text after NFKC normalisation and case folding. A number keeps the point or colon
/// inside it. Symbols that carry meaning ("?", "<", a plus or minus before a word) are words of
/// their own.
#[must_use]
pub(crate) fn tokenize(text: &str) -> Vec<String> {
    if text.is_ascii() {
        return split_into_words(&text.to_ascii_lowercase());
    }
    let folded: String = text.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    split_into_words(&folded)
}

/// The words of a text without fillers, which never change what happened.
pub(crate) fn content_words(text: &str) -> Vec<String> {
    let mut words = tokenize(text);
    words.retain(|word| !lexicon::is_filler(word));
    words
}

/// Whether two texts are the same word for word, after NFKC normalisation and with any run of white
/// space as one space. Capitals and punctuation count: "Mother said father hit him" and "Mother,
/// said father, hit him" differ.
#[must_use]
pub fn same_words(one: &str, other: &str) -> bool {
    one == other || normalize_spacing(one) == normalize_spacing(other)
}

fn normalize_spacing(text: &str) -> String {
    let composed: String = text.nfkc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn split_into_words(text: &str) -> Vec<String> {
    let mut words = Vec::with_capacity(text.len() / 5);
    let mut word = String::new();
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        if c.is_alphanumeric() || continues_word(before, c, next) {
            word.push(c);
        } else if !is_apostrophe(c) || !before.is_alphanumeric() || !next.is_alphanumeric() {
            finish_word(&mut word, &mut words);
            words.extend(symbol_word(before, c, next));
        } else if next == 's' && ends_after_s(&rest) {
            rest.next();
            finish_word(&mut word, &mut words);
        }
        before = c;
    }
    finish_word(&mut word, &mut words);
    words
}

fn finish_word(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

/// Whether a character other than a letter or digit belongs to the word before it: a point or colon
/// between digits, or a combining mark.
fn continues_word(before: char, c: char, next: char) -> bool {
    matches!(c, '.' | ':') && before.is_ascii_digit() && next.is_ascii_digit()
        || unicode_normalization::char::is_combining_mark(c)
}

const fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '`')
}

/// Whether the "s" that comes next ends its word, as in a possessive.
fn ends_after_s(rest: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    rest.clone()
        .nth(1)
        .is_none_or(|after| !after.is_alphanumeric())
}

/// A symbol that carries meaning, as a word.
fn symbol_word(before: char, c: char, next: char) -> Option<String> {
    let starts_word = !before.is_alphanumeric() && next.is_alphanumeric();
    match c {
        '+' => Some("plus".to_owned()),
        '-' | '−' | '–' if starts_word && before != '-' => {
            (next.is_ascii_digit() || before == '(' || before == ' ').then(|| "minus".to_owned())
        }
        '-' | '−' | '–' => None,
        '?' | '<' | '>' | '=' | '%' | '£' | '€' | '$' | '°' => Some(c.to_string()),
        _ if c.is_ascii() || c.is_whitespace() || c.is_control() || is_typographic(c) => None,
        _ => Some(c.to_string()),
    }
}

const fn is_typographic(c: char) -> bool {
    matches!(
        c,
        '“' | '”'
            | '„'
            | '‘'
            | '’'
            | '‚'
            | '«'
            | '»'
            | '—'
            | '‐'
            | '‑'
            | '•'
            | '·'
            | '…'
            | '\u{feff}'
            | '\u{200b}'
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Home visit. House UNTIDY!", "home   visit – house untidy")]
    #[case("Mother’s partner", "mother's partner")]
    #[case("Café", "Cafe\u{301}")]
    #[case("ﬁve visits", "five visits")]
    #[case("“follow-up”", "follow up")]
    fn texts_with_the_same_words_are_equal(#[case] one: &str, #[case] other: &str) {
        assert_eq!(tokenize(one), tokenize(other));
    }

    #[rstest]
    #[case("pregnant", "?pregnant")]
    #[case("result +ve", "result -ve")]
    #[case("temperature 38.5", "temperature 38 5")]
    #[case("at 14:05", "at 14:50")]
    #[case("did not attend", "did attend")]
    #[case("resumé", "resume")]
    #[case("consent ✓", "consent ✗")]
    #[case("weight 4.2 kg", "weight 4.6 kg")]
    fn texts_with_other_words_differ(#[case] one: &str, #[case] other: &str) {
        assert_ne!(tokenize(one), tokenize(other));
    }

    #[test]
    fn strips_possessives_and_joins_contractions() {
        assert_eq!(
            tokenize("Aisha's arm; she doesn't say"),
            ["aisha", "arm", "she", "doesnt", "say"]
        );
    }

    #[test]
    fn same_words_regards_capitals_and_punctuation_but_not_spacing() {
        assert!(same_words("Home  visit.\nSeen.", "Home visit. Seen."));
        assert!(!same_words(
            "Mother said father hit him",
            "Mother, said father, hit him"
        ));
    }
}
