//! What accounts are weighed with: how rare words are in records, and what each feature weighs.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::act_pairs::{self, ACT_PAIRS};
use super::features::{FEATURES, Features, NAMES};
use super::frequencies::Frequencies;

/// What each feature weighs, in thousandths of the natural logarithm of the odds, with its name. Written by
/// `linkage-bench fit --write`.
const WEIGHTS: &str = include_str!("weights.txt");

/// What each pair of acts weighs with which two accounts begin, likewise.
const ACT_PAIR_WEIGHTS: &str = include_str!("act-pairs.txt");

/// Evidence from which two accounts may be one event, in thousandths of the natural logarithm of the odds. Wrong merges
/// hurt more than missed ones, so it was chosen for precision.
const JOIN: i32 = 0;
/// Evidence that every two accounts of one event need.
pub(crate) const FLOOR: i32 = -3_000;
/// Evidence from which two rows are suggested to be one.
const SUGGEST: i32 = -2_200;
/// What two accounts count that are never one event.
pub(crate) const NEVER: i32 = -20_000;

/// What accounts are weighed with. The shipped one was found on labelled packs; others serve measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// How rare words are in records of families.
    pub frequencies: Frequencies,
    weights: Vec<i32>,
    act_pairs: Vec<i32>,
    /// Evidence from which two accounts may be one event.
    pub join: i32,
    /// Evidence from which two rows are suggested to be one.
    pub suggest: i32,
}

static SHIPPED: LazyLock<Model> = LazyLock::new(|| {
    let text = format!("{WEIGHTS}{ACT_PAIR_WEIGHTS}");
    Model::new(Frequencies::shipped().clone(), &parse(&text))
});

/// The weights in the order of the features and the pairs of acts; 0 for one that is not named.
fn parse(text: &str) -> Vec<i32> {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let known: HashMap<&str, i32> = lines.filter_map(|(weight, name)| Some((name, weight.parse().ok()?))).collect();
    Model::features().iter().map(|name| known.get(name.as_str()).copied().unwrap_or_default()).collect()
}

impl Model {
    /// The one that is shipped.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// One of these frequencies and weights, in thousandths and in the order of [`Model::features`]; missing weights are 0.
    #[must_use]
    pub fn new(frequencies: Frequencies, found: &[i32]) -> Self {
        let mut weights = found.to_vec();
        weights.resize(FEATURES + ACT_PAIRS, 0);
        let act_pairs = weights.split_off(FEATURES);
        Self { frequencies, weights, act_pairs, join: JOIN, suggest: SUGGEST }
    }

    /// The names of the features, and after them those of the pairs of acts.
    #[must_use]
    pub fn features() -> Vec<String> {
        NAMES.iter().map(|name| (*name).to_owned()).chain(act_pairs::names()).collect()
    }

    /// How many of the features come before the pairs of acts.
    #[must_use]
    pub const fn named_features() -> usize {
        FEATURES
    }

    /// Of each named feature, 1 when it can only speak for one event, -1 when it can only speak against, 0 when it may do
    /// either.
    #[must_use]
    pub const fn signs() -> &'static [i8] {
        super::features::SIGNS
    }

    /// The weights in the order of the features.
    pub fn weights(&self) -> impl Iterator<Item = i32> + '_ {
        self.weights.iter().chain(&self.act_pairs).copied()
    }

    /// What features weigh together.
    pub(crate) fn score(&self, features: &Features) -> i32 {
        let named = features.named.iter().zip(&self.weights);
        let named: i64 = named.map(|(value, weight)| i64::from(*value) * i64::from(*weight)).sum();
        let pairs = features.act_pairs.iter().filter_map(|pair| self.act_pairs.get(*pair));
        let pairs: i64 = pairs.map(|weight| i64::from(*weight)).sum();
        i32::try_from(named / 1000 + pairs).unwrap_or(NEVER)
    }
}
