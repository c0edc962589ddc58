//! Precision, recall and F1 over pairs, and B-cubed over records (Bagga and Baldwin 1998).

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;

/// Counts of correct, wrong and missed pairs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PairScore {
    pub(crate) correct: usize,
    pub(crate) wrong: usize,
    pub(crate) missed: usize,
}

impl PairScore {
    pub(crate) fn of<T: Eq + Hash>(found: &HashSet<T>, truth: &HashSet<T>) -> Self {
        let correct = found.intersection(truth).count();
        Self {
            correct,
            wrong: found.len() - correct,
            missed: truth.len() - correct,
        }
    }

    pub(crate) const fn add(&mut self, other: Self) {
        self.correct += other.correct;
        self.wrong += other.wrong;
        self.missed += other.missed;
    }

    pub(crate) fn precision(&self) -> f64 {
        ratio(self.correct, self.correct + self.wrong)
    }

    pub(crate) fn recall(&self) -> f64 {
        ratio(self.correct, self.correct + self.missed)
    }

    pub(crate) fn f1(&self) -> f64 {
        ratio(
            2 * self.correct,
            2 * self.correct + self.wrong + self.missed,
        )
    }
}

impl fmt::Display for PairScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let p = self.precision();
        let r = self.recall();
        let f1 = self.f1();
        write!(
            f,
            "precision {p:.4}  recall {r:.4}  F1 {f1:.4}  ({} wrong, {} missed)",
            self.wrong, self.missed
        )
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

/// Scores pairs within clusters against pairs within true groups, without listing the pairs.
/// `truth` is by record.
pub(crate) fn pairs(clusters: &[Vec<usize>], truth: &[usize]) -> PairScore {
    let two = |n: usize| n * n.saturating_sub(1) / 2;
    let sizes = |labels: &mut dyn Iterator<Item = usize>| {
        let mut sizes: HashMap<usize, usize> = HashMap::new();
        labels.for_each(|label| *sizes.entry(label).or_default() += 1);
        sizes
    };
    let all: usize = sizes(&mut truth.iter().copied())
        .into_values()
        .map(two)
        .sum();
    let mut correct = 0;
    let mut found = 0;
    for cluster in clusters {
        found += two(cluster.len());
        correct += sizes(&mut cluster.iter().filter_map(|m| truth.get(*m).copied()))
            .into_values()
            .map(two)
            .sum::<usize>();
    }
    PairScore {
        correct,
        wrong: found - correct,
        missed: all - correct,
    }
}

/// B-cubed precision, recall and F1.
#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn b_cubed(clusters: &[Vec<usize>], truth: &[usize]) -> (f64, f64, f64) {
    let mut sizes: HashMap<usize, usize> = HashMap::new();
    truth
        .iter()
        .for_each(|label| *sizes.entry(*label).or_default() += 1);
    let mut precision = 0.0;
    let mut recall = 0.0;
    for cluster in clusters {
        let mut here: HashMap<usize, usize> = HashMap::new();
        for label in cluster.iter().filter_map(|member| truth.get(*member)) {
            *here.entry(*label).or_default() += 1;
        }
        for (label, count) in here {
            precision += (count * count) as f64 / cluster.len() as f64;
            recall += (count * count) as f64 / sizes.get(&label).copied().unwrap_or(1) as f64;
        }
    }
    let precision = precision / truth.len() as f64;
    let recall = recall / truth.len() as f64;
    (
        precision,
        recall,
        2.0 * precision * recall / (precision + recall),
    )
}
