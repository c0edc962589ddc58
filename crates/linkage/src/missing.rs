//! What stands in the field of an identifier or a reference where there is none.

/// Whole values, in small letters and digits alone.
const VALUES: [&str; 16] =
    ["nk", "na", "nil", "null", "none", "tbc", "tba", "blank", "temp", "test", "x", "xx", "xxx", "new", "error", "ref"];
/// Words of which one is enough in a value without a digit.
const WORDS: [&str; 30] = [
    "unknown",
    "not",
    "no",
    "notknown",
    "pending",
    "awaiting",
    "awaited",
    "allocated",
    "unallocated",
    "allocation",
    "system",
    "number",
    "follow",
    "confirmed",
    "recorded",
    "given",
    "available",
    "applicable",
    "stated",
    "issued",
    "requested",
    "applied",
    "refused",
    "withheld",
    "see",
    "temporary",
    "dummy",
    "missing",
    "dont",
    "know",
];

/// Whether a value is a word for a missing one ("Not known", "Pending"), zeros, or a number that a spreadsheet has rounded
/// ("9.43477E+09").
pub(crate) fn is_missing(value: &str) -> bool {
    let lower = value.trim().to_lowercase().replace('\'', "");
    let plain: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    if plain.bytes().all(|byte| byte == b'0') || is_rounded(&lower) || VALUES.contains(&plain.as_str()) {
        return true;
    }
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    !plain.contains(|c: char| c.is_ascii_digit()) && words.any(|word| WORDS.contains(&word))
}

fn is_rounded(lower: &str) -> bool {
    let Some((digits, power)) = lower.split_once('e') else { return false };
    let power = power.strip_prefix('+').unwrap_or(power);
    let number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
    digits.contains(['.', ',']) && number(digits) && number(power)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("NOT KNOWN", true)]
    #[case("not yet allocated", true)]
    #[case("Don't know", true)]
    #[case("9.43477E+09", true)]
    #[case("9,43477E9", true)]
    #[case("0000000000", true)]
    #[case("N/K", true)]
    #[case("-", true)]
    #[case("SB-0412", false)]
    #[case("1E5", false)]
    #[case("smith-orla", false)]
    #[case("CASE/1", false)]
    fn words_and_rounded_numbers_are_missing(#[case] value: &str, #[case] missing: bool) {
        assert_eq!(is_missing(value), missing, "{value}");
    }
}
