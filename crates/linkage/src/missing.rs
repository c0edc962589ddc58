//! Recognises values that stand for a missing identifier or reference.

use std::sync::LazyLock;

use domain::word_list::WordList;

const MISSING_VALUES_TEXT: &str = include_str!("../data/missing-values.txt");
static MISSING_VALUES: LazyLock<WordList<'static>> =
    LazyLock::new(|| WordList::parse(MISSING_VALUES_TEXT));

/// Whether a value stands for a missing one ("Not known", "Pending"), consists of zeros, or is a
/// number that a spreadsheet has rounded ("9.43477E+09").
pub(crate) fn is_missing(value: &str) -> bool {
    let lower = value.trim().to_lowercase().replace('\'', "");
    let plain: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    let is_listed = MISSING_VALUES
        .items("whole values")
        .contains(&plain.as_str());
    if plain.bytes().all(|byte| byte == b'0') || is_rounded_number(&lower) || is_listed {
        return true;
    }
    let missing_words = MISSING_VALUES.items("words");
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    !plain.contains(|c: char| c.is_ascii_digit()) && words.any(|word| missing_words.contains(&word))
}

/// Whether a value is a number in scientific notation with a decimal point or comma.
fn is_rounded_number(lower: &str) -> bool {
    let Some((digits, exponent)) = lower.split_once('e') else {
        return false;
    };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let is_number = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
    };
    digits.contains(['.', ',']) && is_number(digits) && is_number(exponent)
}

#[cfg(test)]
mod tests {
    use domain::word_list::{ItemOrder, mistakes};
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
    fn recognizes_missing_values(#[case] value: &str, #[case] missing: bool) {
        assert_eq!(is_missing(value), missing, "{value}");
    }

    #[test]
    fn list_is_well_formed() {
        assert_eq!(
            mistakes(MISSING_VALUES_TEXT, ItemOrder::Sorted),
            Vec::<String>::new()
        );
    }
}
