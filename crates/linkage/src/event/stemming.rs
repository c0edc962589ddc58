//! Words reduced to their stems.

/// The word without endings for number and tense. Numbers and short words are left as they are.
pub(crate) fn stem(word: &str) -> &str {
    let word = word
        .strip_suffix("'s")
        .or_else(|| word.strip_suffix("’s"))
        .unwrap_or(word);
    for ending in [
        "ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "e", "s", "y",
    ] {
        if let Some(rest) = word.strip_suffix(ending)
            && rest.chars().count() >= 4
        {
            return without_doubled_consonant(rest);
        }
    }
    word
}

/// "stopp", cut from "stopped", becomes "stop".
fn without_doubled_consonant(word: &str) -> &str {
    let mut from_end = word.chars().rev();
    match (from_end.next(), from_end.next()) {
        (Some(last), Some(before)) if last == before && !matches!(last, 's' | 'l') => {
            word.strip_suffix(last).unwrap_or(word)
        }
        _ => word,
    }
}
