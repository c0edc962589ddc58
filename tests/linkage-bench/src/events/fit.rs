//! The weights of features, found from packs with a key by logistic regression.
//!
//! Weights are drawn towards zero (ridge), because a few hundred true pairs carry many features that say nearly the same. A pair of accounts counts as the square root of the pairs of entries that it stands
//! for: what was copied into three siblings' files is one account.

use std::fs;
use std::path::Path;

use anyhow::Result;
use linkage::{Frequencies, Model, meanings_of_accounts, weigh_accounts};

use super::measure::{facts_of, names};
use super::pack::{Pack, Told};

/// How strongly weights are drawn towards zero.
const RIDGE: f64 = 100.0;
/// Newton's method needs no more.
const STEPS: usize = 25;

/// A pair of accounts of two agencies, with those of its features that are not zero.
struct Example {
    features: Vec<(usize, f64)>,
    same: f64,
    weight: f64,
}

/// `fit [--write]`: finds the weights with all packs that are chosen with and prints them; with `--write` puts them, and the
/// frequencies of words, into the crate.
///
/// # Errors
/// A pack that cannot be read, a file that cannot be written.
pub(crate) fn run(words: &[String]) -> Result<()> {
    let packs = super::tuned()?;
    let model = find(&packs.iter().map(|(_, pack)| pack).collect::<Vec<_>>());
    for (name, weight) in Model::features().iter().zip(model.weights()) {
        println!("{weight:>7}  {name}");
    }
    if words.iter().any(|word| word == "--write") {
        let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/linkage/src/event");
        fs::write(events.join("frequencies.txt"), model.frequencies.written())?;
        fs::write(events.join("weights.txt"), written(&model))?;
    }
    Ok(())
}

fn written(model: &Model) -> String {
    let lines = model.weights().iter().zip(Model::features());
    lines.map(|(weight, name)| format!("{weight} {name}\n")).collect()
}

/// The model that packs show.
pub(super) fn find(packs: &[&Pack]) -> Model {
    let mut meanings = Vec::new();
    each_family(packs, |told, names| meanings.extend(meanings_of_accounts(&facts_of(told, names))));
    let accounts = meanings.iter().map(|account| account.iter().map(String::as_str));
    let frequencies = Frequencies::count(accounts);
    let model = Model::new(frequencies.clone(), &[]);
    let mut examples = Vec::new();
    each_family(packs, |told, names| examples.extend(examples_of(told, names, &model)));
    Model::new(frequencies, &regression(&examples))
}

fn each_family(packs: &[&Pack], mut visit: impl FnMut(&[&Told], &linkage::FamilyNames)) {
    for pack in packs {
        for family in &pack.families {
            let told: Vec<&Told> = family.iter().filter_map(|&index| pack.told.get(index)).collect();
            visit(&told, &names(&told));
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of entries are small")]
fn examples_of(told: &[&Told], names: &linkage::FamilyNames, model: &Model) -> Vec<Example> {
    let facts = facts_of(told, names);
    let event = |entries: &[usize]| {
        entries.first().and_then(|entry| told.get(*entry)).map(|told| told.event.clone()).unwrap_or_default()
    };
    let example = |pair: linkage::WeighedPair| Example {
        same: f64::from(u8::from(event(&pair.one) == event(&pair.other))),
        weight: ((pair.one.len() * pair.other.len()) as f64).sqrt(),
        features: nonzero(&pair.features),
    };
    weigh_accounts(&facts, model).into_iter().map(example).collect()
}

fn nonzero(features: &[i32]) -> Vec<(usize, f64)> {
    let values = features.iter().enumerate().filter(|(_, value)| **value != 0);
    values.map(|(place, value)| (place, f64::from(*value) / 1000.0)).collect()
}

/// The weights in thousandths. A feature that would speak against its nature is left out, and the others are found anew.
#[allow(clippy::cast_possible_truncation, reason = "weights are small")]
fn regression(examples: &[Example]) -> Vec<i32> {
    let count = Model::features().len();
    let ridges = ridges(examples, count);
    let mut silent: Vec<bool> = Model::signs().iter().map(|sign| *sign == 2).collect();
    let mut weights = vec![0.0; count];
    loop {
        newton(examples, &ridges, &silent, &mut weights);
        let wrong = |(place, weight): (usize, &f64)| match Model::signs().get(place) {
            Some(1) => *weight < 0.0,
            Some(-1) => *weight > 0.0,
            _ => false,
        };
        let found: Vec<usize> = weights.iter().enumerate().filter(|one| wrong(*one)).map(|(place, _)| place).collect();
        if found.is_empty() {
            return weights.iter().map(|weight| (weight * 1000.0).round() as i32).collect();
        }
        for place in found {
            if let (Some(silent), Some(weight)) = (silent.get_mut(place), weights.get_mut(place)) {
                (*silent, *weight) = (true, 0.0);
            }
        }
    }
}

/// How strongly each weight is drawn towards zero: by the variance of its feature, so that its unit does not matter. The
/// constant is not.
fn ridges(examples: &[Example], count: usize) -> Vec<f64> {
    let total: f64 = examples.iter().map(|example| example.weight).sum();
    let (mut sums, mut squares) = (vec![0.0; count], vec![0.0; count]);
    for example in examples {
        for (place, value) in &example.features {
            if let (Some(sum), Some(square)) = (sums.get_mut(*place), squares.get_mut(*place)) {
                *sum += example.weight * value;
                *square += example.weight * value * value;
            }
        }
    }
    let ridge = |(place, (sum, square)): (usize, (&f64, &f64))| {
        let variance = square / total - (sum / total).powi(2);
        if place == 0 { 1e-6 } else { (RIDGE * variance).max(1e-6) }
    };
    sums.iter().zip(&squares).enumerate().map(ridge).collect()
}

/// Improves the weights, without the features that are silent, until they stand.
fn newton(examples: &[Example], ridges: &[f64], silent: &[bool], weights: &mut [f64]) {
    for _ in 0..STEPS {
        let step = newton_step(examples, ridges, silent, weights);
        let largest = step.iter().fold(0.0_f64, |largest, part| largest.max(part.abs()));
        weights.iter_mut().zip(&step).for_each(|(weight, part)| *weight += part);
        if largest < 1e-6 {
            break;
        }
    }
}

fn newton_step(examples: &[Example], ridges: &[f64], silent: &[bool], weights: &[f64]) -> Vec<f64> {
    let count = weights.len();
    let mut slope = vec![0.0; count];
    let mut curvature = vec![vec![0.0; count]; count];
    let heard = |place: usize| !silent.get(place).copied().unwrap_or(false);
    for example in examples {
        let features = || example.features.iter().filter(|(place, _)| heard(*place));
        let sum: f64 = features().filter_map(|(place, value)| Some(weights.get(*place)? * value)).sum();
        let likely = 1.0 / (1.0 + (-sum).exp());
        let error = example.weight * (example.same - likely);
        let bend = example.weight * likely * (1.0 - likely);
        for (place, value) in features() {
            if let (Some(slope), Some(line)) = (slope.get_mut(*place), curvature.get_mut(*place)) {
                *slope += error * value;
                for (other, factor) in features() {
                    if let Some(cell) = line.get_mut(*other) {
                        *cell += bend * value * factor;
                    }
                }
            }
        }
    }
    let penalties = weights.iter().zip(ridges);
    for (place, ((weight, ridge), (slope, line))) in penalties.zip(slope.iter_mut().zip(&mut curvature)).enumerate() {
        *slope -= ridge * weight;
        if let Some(own) = line.get_mut(place) {
            *own += ridge.max(1e-6);
        }
    }
    solve(curvature, slope)
}

/// Solves a system with a positive matrix by elimination.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let count = right.len();
    let at = |matrix: &[Vec<f64>], line: usize, place: usize| {
        matrix.get(line).and_then(|line| line.get(place)).copied().unwrap_or_default()
    };
    for pivot in 0..count {
        let own = matrix.get(pivot).cloned().unwrap_or_default();
        let (head, value) = (at(&matrix, pivot, pivot), right.get(pivot).copied().unwrap_or_default());
        for line in pivot + 1..count {
            let factor = at(&matrix, line, pivot) / head;
            if let (Some(line), Some(right)) = (matrix.get_mut(line), right.get_mut(line)) {
                line.iter_mut().zip(&own).for_each(|(place, part)| *place -= factor * part);
                *right -= factor * value;
            }
        }
    }
    let mut solved = vec![0.0; count];
    for line in (0..count).rev() {
        let known: f64 =
            solved.iter().enumerate().skip(line + 1).map(|(place, value)| at(&matrix, line, place) * value).sum();
        let value = (right.get(line).copied().unwrap_or_default() - known) / at(&matrix, line, line);
        if let Some(place) = solved.get_mut(line) {
            *place = value;
        }
    }
    solved
}
