//! In how many accounts each word occurs in agencies' records. A word that is rare there is
//! distinctive when two accounts share it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The number of accounts, and the words with the number of accounts in which each occurs, counted
/// over the labelled packs that the weights are fitted to. Words of one account are left out.
/// Written by `linkage-bench fit --write`.
const COUNTS: &str = include_str!("../../data/model/word-frequencies.txt");

/// In how many accounts each meaning occurs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WordFrequencies {
    accounts: u32,
    counts: BTreeMap<String, u32>,
}

static BUILT_IN: LazyLock<WordFrequencies> = LazyLock::new(|| WordFrequencies::parse(COUNTS));

impl WordFrequencies {
    /// The frequencies that are part of the product.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Counts over the meanings of accounts, each of which occurs once in its account.
    pub fn count<'a, A: IntoIterator<Item = &'a str>>(
        accounts: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut counted = Self::default();
        for account in accounts {
            counted.accounts += 1;
            for meaning in account {
                *counted.counts.entry(meaning.to_owned()).or_insert(0) += 1;
            }
        }
        counted.counts.retain(|_, count| *count > 1);
        counted
    }

    fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let accounts = lines
            .next()
            .and_then(|line| line.parse().ok())
            .unwrap_or_default();
        let counts = lines.filter_map(|line| {
            let (meaning, count) = line.split_once(' ')?;
            Some((meaning.to_owned(), count.parse().ok()?))
        });
        Self {
            accounts,
            counts: counts.collect(),
        }
    }

    /// How rare a meaning is: `ln((accounts + 1) / (count + 1))` in thousandths.
    pub(crate) fn rarity(&self, meaning: &str) -> i32 {
        let count = self.counts.get(meaning).copied().unwrap_or_default();
        thousandths_of_ln(self.accounts + 1) - thousandths_of_ln(count + 1)
    }

    /// The content of the file that [`WordFrequencies::built_in`] reads.
    #[must_use]
    pub fn to_file_text(&self) -> String {
        let lines = self
            .counts
            .iter()
            .map(|(meaning, count)| format!("{meaning} {count}\n"));
        format!("{}\n{}", self.accounts, lines.collect::<String>())
    }
}

/// The natural logarithm in thousandths, rounded to the nearest whole number; 0 for 0.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the logarithm of a u32 is below 23"
)]
pub(crate) fn thousandths_of_ln(number: u32) -> i32 {
    if number == 0 {
        0
    } else {
        (f64::from(number).ln() * 1000.0).round() as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_frequencies_are_read_back() {
        let counted = WordFrequencies::count([
            vec!["door", "kick"],
            vec!["door"],
            vec!["kick", "door"],
            vec!["rare"],
        ]);
        assert_eq!(WordFrequencies::parse(&counted.to_file_text()), counted);
        assert_eq!(counted.rarity("door"), 1609 - 1386);
        assert_eq!(counted.rarity("rare"), 1609);
    }
}
