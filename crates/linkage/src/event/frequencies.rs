//! In how many records of families each word stands: what is rare there is telling when two accounts share it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Words of records with the number of accounts in which each stands, counted over the labelled packs that weights are
/// found with; words of one account alone are left out. `linkage-bench fit` writes the file.
const COUNTS: &str = include_str!("frequencies.txt");

/// In how many accounts each meaning stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frequencies {
    accounts: u32,
    counts: BTreeMap<String, u32>,
}

static SHIPPED: LazyLock<Frequencies> = LazyLock::new(|| Frequencies::parse(COUNTS));

impl Frequencies {
    /// Those that are shipped.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Counted over the meanings of accounts, each once for an account.
    pub fn count<'a, A: IntoIterator<Item = &'a str>>(accounts: impl IntoIterator<Item = A>) -> Self {
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
        let accounts = lines.next().and_then(|line| line.parse().ok()).unwrap_or_default();
        let counts = lines.filter_map(|line| {
            let (meaning, count) = line.split_once(' ')?;
            Some((meaning.to_owned(), count.parse().ok()?))
        });
        Self { accounts, counts: counts.collect() }
    }

    /// How rare a meaning is: `ln((accounts + 1) / (count + 1))` in thousandths.
    pub(crate) fn rarity(&self, meaning: &str) -> i32 {
        let count = self.counts.get(meaning).copied().unwrap_or_default();
        thousandths_of_ln(self.accounts + 1) - thousandths_of_ln(count + 1)
    }

    /// As the file that is shipped.
    #[must_use]
    pub fn written(&self) -> String {
        let lines = self.counts.iter().map(|(meaning, count)| format!("{meaning} {count}\n"));
        format!("{}\n{}", self.accounts, lines.collect::<String>())
    }
}

/// A thousand times the natural logarithm, to the nearest whole number; 0 for 0.
#[allow(clippy::cast_possible_truncation, reason = "the logarithm of a u32 is below 23")]
pub(crate) fn thousandths_of_ln(number: u32) -> i32 {
    if number == 0 { 0 } else { (f64::from(number).ln() * 1000.0).round() as i32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_what_is_read() {
        let counted = Frequencies::count([vec!["door", "kick"], vec!["door"], vec!["kick", "door"], vec!["rare"]]);
        assert_eq!(Frequencies::parse(&counted.written()), counted);
        assert_eq!(counted.rarity("door"), 1609 - 1386);
        assert_eq!(counted.rarity("rare"), 1609);
    }
}
