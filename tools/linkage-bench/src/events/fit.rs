//! Fits the weights of features to labelled packs by logistic regression.
//!
//! A ridge penalty shrinks weights towards zero, because a few hundred true pairs have many
//! features that are strongly correlated. A pair of accounts counts as the square root of the pairs
//! of entries that it stands for, because an entry copied into three siblings' files is one
//! account.

use std::fs;
use std::path::Path;

use anyhow::Result;
use linkage::{EventModel, WordFrequencies, account_meanings, weigh_accounts};

use super::measure::{facts_of, names};
use super::pack::{LabelledEntry, Pack};

/// The strength of the ridge penalty.
const RIDGE_PENALTY: f64 = 100.0;
/// The factor by which the penalty on pairs of acts is stronger, because there are many of them.
const ACT_PAIR_FACTOR: f64 = 10.0;
/// A pair of acts gets a weight when at least this many pairs of accounts begin with it.
const MIN_OCCURRENCES: usize = 6;
/// Newton's method converges within this many steps.
const MAX_STEPS: usize = 25;

/// A pair of accounts of two agencies, with its features that are not zero.
struct Example {
    features: Vec<(usize, f64)>,
    /// 1 when both accounts are about one event, else 0.
    same: f64,
    weight: f64,
}

impl Example {
    /// The example with features renumbered by `index`. Features without a new number are left out.
    fn renumbered(&self, index: impl Fn(usize) -> Option<usize>) -> Self {
        let features = self
            .features
            .iter()
            .filter_map(|(feature, value)| Some((index(*feature)?, *value)));
        Self {
            features: features.collect(),
            same: self.same,
            weight: self.weight,
        }
    }
}

/// `fit [--write]`: fits the weights to all tuning packs and prints them. With `--write` it writes
/// them and the frequencies of words to `crates/linkage/data/model`.
///
/// # Errors
/// When a pack cannot be read or a file cannot be written.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let packs = super::tuning_packs()?;
    let model = fit_model(&packs.iter().map(|(_, pack)| pack).collect::<Vec<_>>());
    for (name, weight) in EventModel::feature_names()
        .iter()
        .zip(model.weights())
        .filter(|(_, weight)| *weight != 0)
    {
        println!("{weight:>7}  {name}");
    }
    if args.iter().any(|word| word == "--write") {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/linkage/data/model");
        fs::write(
            folder.join("word-frequencies.txt"),
            model.frequencies.to_file_text(),
        )?;
        let names = EventModel::feature_names();
        let lines = model
            .weights()
            .zip(&names)
            .map(|(weight, name)| format!("{weight} {name}\n"))
            .collect::<Vec<_>>();
        let (named, pairs) = lines.split_at(EventModel::named_feature_count());
        fs::write(folder.join("feature-weights.txt"), named.concat())?;
        let weighed = pairs.iter().filter(|line| !line.starts_with("0 "));
        fs::write(
            folder.join("act-pair-weights.txt"),
            weighed.map(String::as_str).collect::<String>(),
        )?;
    }
    Ok(())
}

/// Fits a model to packs.
pub(super) fn fit_model(packs: &[&Pack]) -> EventModel {
    let mut meanings = Vec::new();
    each_family(packs, |entries, names| {
        meanings.extend(account_meanings(&facts_of(entries, names)))
    });
    let accounts = meanings
        .iter()
        .map(|account| account.iter().map(String::as_str));
    let frequencies = WordFrequencies::count(accounts);
    let model = EventModel::new(frequencies.clone(), &[]);
    let mut examples = Vec::new();
    each_family(packs, |entries, names| {
        examples.extend(examples_of(entries, names, &model))
    });
    EventModel::new(frequencies, &regression(&examples))
}

/// Calls `visit` with the entries and names of each family.
fn each_family(packs: &[&Pack], mut visit: impl FnMut(&[&LabelledEntry], &linkage::FamilyNames)) {
    for pack in packs {
        for family in &pack.families {
            let entries: Vec<&LabelledEntry> = family
                .iter()
                .filter_map(|&index| pack.entries.get(index))
                .collect();
            visit(&entries, &names(&entries));
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of entries are small")]
fn examples_of(
    entries: &[&LabelledEntry],
    names: &linkage::FamilyNames,
    model: &EventModel,
) -> Vec<Example> {
    let facts = facts_of(entries, names);
    let event = |indexes: &[usize]| {
        let first = indexes.first().and_then(|index| entries.get(*index));
        first.map(|entry| entry.event.clone()).unwrap_or_default()
    };
    let example = |pair: linkage::WeighedPair| Example {
        same: f64::from(u8::from(event(&pair.first) == event(&pair.second))),
        weight: ((pair.first.len() * pair.second.len()) as f64).sqrt(),
        features: nonzero(&pair),
    };
    weigh_accounts(&facts, model)
        .into_iter()
        .map(example)
        .collect()
}

fn nonzero(pair: &linkage::WeighedPair) -> Vec<(usize, f64)> {
    let values = pair
        .features
        .iter()
        .enumerate()
        .filter(|(_, value)| **value != 0);
    let named = values.map(|(index, value)| (index, f64::from(*value) / 1000.0));
    named
        .chain(
            pair.act_pairs
                .iter()
                .map(|pair| (EventModel::named_feature_count() + pair, 1.0)),
        )
        .collect()
}

/// The features that occur often enough to get a weight.
fn frequent_features(examples: &[Example], count: usize) -> Vec<usize> {
    let mut occurrences = vec![0; count];
    for (index, _) in examples.iter().flat_map(|example| &example.features) {
        if let Some(occurrences) = occurrences.get_mut(*index) {
            *occurrences += 1;
        }
    }
    let is_frequent = |(index, occurrences): (usize, &usize)| {
        index < EventModel::named_feature_count() || *occurrences >= MIN_OCCURRENCES
    };
    occurrences
        .iter()
        .enumerate()
        .filter(|feature| is_frequent(*feature))
        .map(|(index, _)| index)
        .collect()
}

/// Fits the weights, in thousandths. A feature whose weight would contradict its direction is left
/// out, and the others are fitted again.
#[allow(clippy::cast_possible_truncation, reason = "weights are small")]
fn regression(examples: &[Example]) -> Vec<i32> {
    let count = EventModel::feature_names().len();
    let mut selected = frequent_features(examples, count);
    loop {
        let found = fit_weights(&selected, examples, count);
        let contradicts =
            |feature: usize, weight: f64| match EventModel::feature_directions().get(feature) {
                Some(1) => weight < 0.0,
                Some(-1) => weight > 0.0,
                _ => false,
            };
        let fitted = selected.iter().zip(&found);
        let kept = fitted.filter(|(feature, weight)| !contradicts(**feature, **weight));
        let kept: Vec<usize> = kept.map(|(feature, _)| *feature).collect();
        if kept.len() == selected.len() {
            let mut weights = vec![0; count];
            for (feature, weight) in selected.iter().zip(&found) {
                if let Some(slot) = weights.get_mut(*feature) {
                    *slot = (weight * 1000.0).round() as i32;
                }
            }
            return weights;
        }
        selected = kept;
    }
}

/// Fits the weights of the selected features, as if there were no others.
fn fit_weights(selected: &[usize], examples: &[Example], count: usize) -> Vec<f64> {
    let mut new_index = vec![None; count];
    for (index, feature) in selected.iter().enumerate() {
        if let Some(slot) = new_index.get_mut(*feature) {
            *slot = Some(index);
        }
    }
    let index = |feature: usize| new_index.get(feature).copied().flatten();
    let examples: Vec<Example> = examples
        .iter()
        .map(|example| example.renumbered(index))
        .collect();
    let penalties = ridge_penalties(&examples, selected);
    let mut weights = vec![0.0; selected.len()];
    run_newton(&examples, &penalties, &mut weights);
    weights
}

/// The penalty on each weight, in proportion to the variance of its feature, so that its unit does
/// not matter. The constant is not penalized.
fn ridge_penalties(examples: &[Example], selected: &[usize]) -> Vec<f64> {
    let count = selected.len();
    let total: f64 = examples.iter().map(|example| example.weight).sum();
    let mut sums = vec![0.0; count];
    let mut squares = vec![0.0; count];
    for example in examples {
        for (index, value) in &example.features {
            if let (Some(sum), Some(square)) = (sums.get_mut(*index), squares.get_mut(*index)) {
                *sum += example.weight * value;
                *square += example.weight * value * value;
            }
        }
    }
    let penalty = |(index, (sum, square)): (usize, (&f64, &f64))| {
        let variance = square / total - (sum / total).powi(2);
        let is_named = selected
            .get(index)
            .is_some_and(|feature| *feature < EventModel::named_feature_count());
        let factor = if is_named { 1.0 } else { ACT_PAIR_FACTOR };
        if index == 0 {
            1e-6
        } else {
            (RIDGE_PENALTY * factor * variance).max(1e-6)
        }
    };
    sums.iter().zip(&squares).enumerate().map(penalty).collect()
}

/// Improves the weights by Newton's method until they converge.
fn run_newton(examples: &[Example], penalties: &[f64], weights: &mut [f64]) {
    for _ in 0..MAX_STEPS {
        let step = newton_step(examples, penalties, weights);
        let largest = step
            .iter()
            .fold(0.0_f64, |largest, part| largest.max(part.abs()));
        weights
            .iter_mut()
            .zip(&step)
            .for_each(|(weight, part)| *weight += part);
        if largest < 1e-6 {
            break;
        }
    }
}

fn newton_step(examples: &[Example], penalties: &[f64], weights: &[f64]) -> Vec<f64> {
    let count = weights.len();
    let mut gradient = vec![0.0; count];
    let mut hessian = vec![vec![0.0; count]; count];
    for example in examples {
        let sum: f64 = example
            .features
            .iter()
            .filter_map(|(index, value)| Some(weights.get(*index)? * value))
            .sum();
        let probability = 1.0 / (1.0 + (-sum).exp());
        let error = example.weight * (example.same - probability);
        let curvature = example.weight * probability * (1.0 - probability);
        for (index, value) in &example.features {
            if let (Some(slope), Some(row)) = (gradient.get_mut(*index), hessian.get_mut(*index)) {
                *slope += error * value;
                for (other, other_value) in &example.features {
                    if let Some(cell) = row.get_mut(*other) {
                        *cell += curvature * value * other_value;
                    }
                }
            }
        }
    }
    let penalized = weights.iter().zip(penalties);
    let rows = gradient.iter_mut().zip(&mut hessian);
    for (index, ((weight, penalty), (slope, row))) in penalized.zip(rows).enumerate() {
        *slope -= penalty * weight;
        if let Some(diagonal) = row.get_mut(index) {
            *diagonal += penalty.max(1e-6);
        }
    }
    solve(hessian, gradient)
}

/// Solves a linear system with a positive definite matrix by Gaussian elimination.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let count = right.len();
    let at = |matrix: &[Vec<f64>], row: usize, column: usize| {
        matrix
            .get(row)
            .and_then(|row| row.get(column))
            .copied()
            .unwrap_or_default()
    };
    for pivot in 0..count {
        let own = matrix.get(pivot).cloned().unwrap_or_default();
        let diagonal = at(&matrix, pivot, pivot);
        let value = right.get(pivot).copied().unwrap_or_default();
        for row in pivot + 1..count {
            let factor = at(&matrix, row, pivot) / diagonal;
            if let (Some(row), Some(right)) = (matrix.get_mut(row), right.get_mut(row)) {
                row.iter_mut()
                    .zip(&own)
                    .for_each(|(cell, part)| *cell -= factor * part);
                *right -= factor * value;
            }
        }
    }
    let mut solved = vec![0.0; count];
    for row in (0..count).rev() {
        let later = solved.iter().enumerate().skip(row + 1);
        let known: f64 = later
            .map(|(column, value)| at(&matrix, row, column) * value)
            .sum();
        let value = (right.get(row).copied().unwrap_or_default() - known) / at(&matrix, row, row);
        if let Some(slot) = solved.get_mut(row) {
            *slot = value;
        }
    }
    solved
}
