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
/// How much more strongly those of pairs of acts are: there are many of them.
const RIDGE_OF_PAIRS: f64 = 10.0;
/// A pair of acts is weighed when so many pairs of accounts begin with it.
const LEAST_PAIRS: usize = 6;
/// Newton's method needs no more.
const STEPS: usize = 25;

/// A pair of accounts of two agencies, with those of its features that are not zero.
struct Example {
    features: Vec<(usize, f64)>,
    same: f64,
    weight: f64,
}

impl Example {
    /// With other numbers for its features; those without one are left out.
    fn renumbered(&self, place: impl Fn(usize) -> Option<usize>) -> Self {
        let features = self.features.iter().filter_map(|(feature, value)| Some((place(*feature)?, *value)));
        Self { features: features.collect(), same: self.same, weight: self.weight }
    }
}

/// `fit [--write]`: finds the weights with all packs that are chosen with and prints them; with `--write` puts them, and the
/// frequencies of words, into the crate.
///
/// # Errors
/// A pack that cannot be read, a file that cannot be written.
pub(crate) fn run(words: &[String]) -> Result<()> {
    let packs = super::tuned()?;
    let model = find(&packs.iter().map(|(_, pack)| pack).collect::<Vec<_>>());
    for (name, weight) in Model::features().iter().zip(model.weights()).filter(|(_, weight)| *weight != 0) {
        println!("{weight:>7}  {name}");
    }
    if words.iter().any(|word| word == "--write") {
        let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/linkage/src/event");
        fs::write(events.join("frequencies.txt"), model.frequencies.written())?;
        let names = Model::features();
        let lines = model.weights().zip(&names).map(|(weight, name)| format!("{weight} {name}\n")).collect::<Vec<_>>();
        let (named, pairs) = lines.split_at(Model::named_features());
        fs::write(events.join("weights.txt"), named.concat())?;
        let weighed = pairs.iter().filter(|line| !line.starts_with("0 "));
        fs::write(events.join("act-pairs.txt"), weighed.map(String::as_str).collect::<String>())?;
    }
    Ok(())
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
        features: nonzero(&pair),
    };
    weigh_accounts(&facts, model).into_iter().map(example).collect()
}

fn nonzero(pair: &linkage::WeighedPair) -> Vec<(usize, f64)> {
    let values = pair.features.iter().enumerate().filter(|(_, value)| **value != 0);
    let named = values.map(|(place, value)| (place, f64::from(*value) / 1000.0));
    named.chain(pair.act_pairs.iter().map(|pair| (Model::named_features() + pair, 1.0))).collect()
}

/// The features of which enough is seen to weigh them.
fn seen(examples: &[Example], count: usize) -> Vec<usize> {
    let mut seen = vec![0; count];
    for (place, _) in examples.iter().flat_map(|example| &example.features) {
        if let Some(seen) = seen.get_mut(*place) {
            *seen += 1;
        }
    }
    let enough = |(place, seen): (usize, &usize)| place < Model::named_features() || *seen >= LEAST_PAIRS;
    seen.iter().enumerate().filter(|one| enough(*one)).map(|(place, _)| place).collect()
}

/// The weights in thousandths. A feature that would speak against its nature is left out, and the others are found anew.
#[allow(clippy::cast_possible_truncation, reason = "weights are small")]
fn regression(examples: &[Example]) -> Vec<i32> {
    let count = Model::features().len();
    let mut weighed = seen(examples, count);
    loop {
        let found = weights_of(&weighed, examples, count);
        let wrong = |place: usize, weight: f64| match Model::signs().get(place) {
            Some(1) => weight < 0.0,
            Some(-1) => weight > 0.0,
            _ => false,
        };
        let right: Vec<usize> =
            weighed.iter().zip(&found).filter(|(place, weight)| !wrong(**place, **weight)).map(|one| *one.0).collect();
        if right.len() == weighed.len() {
            let mut weights = vec![0; count];
            for (place, weight) in weighed.iter().zip(&found) {
                if let Some(own) = weights.get_mut(*place) {
                    *own = (weight * 1000.0).round() as i32;
                }
            }
            return weights;
        }
        weighed = right;
    }
}

/// The weights of these features, found as if there were no others.
fn weights_of(weighed: &[usize], examples: &[Example], count: usize) -> Vec<f64> {
    let mut places = vec![None; count];
    for (place, feature) in weighed.iter().enumerate() {
        if let Some(own) = places.get_mut(*feature) {
            *own = Some(place);
        }
    }
    let place = |feature: usize| places.get(feature).copied().flatten();
    let examples: Vec<Example> = examples.iter().map(|example| example.renumbered(place)).collect();
    let ridges = ridges(&examples, weighed);
    let mut weights = vec![0.0; weighed.len()];
    newton(&examples, &ridges, &mut weights);
    weights
}

/// How strongly each weight is drawn towards zero: by the variance of its feature, so that its unit does not matter. The
/// constant is not.
fn ridges(examples: &[Example], weighed: &[usize]) -> Vec<f64> {
    let count = weighed.len();
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
        let named = weighed.get(place).is_some_and(|feature| *feature < Model::named_features());
        let more = if named { 1.0 } else { RIDGE_OF_PAIRS };
        if place == 0 { 1e-6 } else { (RIDGE * more * variance).max(1e-6) }
    };
    sums.iter().zip(&squares).enumerate().map(ridge).collect()
}

/// Improves the weights until they stand.
fn newton(examples: &[Example], ridges: &[f64], weights: &mut [f64]) {
    for _ in 0..STEPS {
        let step = newton_step(examples, ridges, weights);
        let largest = step.iter().fold(0.0_f64, |largest, part| largest.max(part.abs()));
        weights.iter_mut().zip(&step).for_each(|(weight, part)| *weight += part);
        if largest < 1e-6 {
            break;
        }
    }
}

fn newton_step(examples: &[Example], ridges: &[f64], weights: &[f64]) -> Vec<f64> {
    let count = weights.len();
    let mut slope = vec![0.0; count];
    let mut curvature = vec![vec![0.0; count]; count];
    for example in examples {
        let sum: f64 = example.features.iter().filter_map(|(place, value)| Some(weights.get(*place)? * value)).sum();
        let likely = 1.0 / (1.0 + (-sum).exp());
        let error = example.weight * (example.same - likely);
        let bend = example.weight * likely * (1.0 - likely);
        for (place, value) in &example.features {
            if let (Some(slope), Some(line)) = (slope.get_mut(*place), curvature.get_mut(*place)) {
                *slope += error * value;
                for (other, factor) in &example.features {
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
