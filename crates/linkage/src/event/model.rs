//! The model that accounts are compared with: how rare words are in agencies' records, and the
//! weight of each feature.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::act_pairs::{self, ACT_PAIR_COUNT};
use super::features::{FEATURE_COUNT, FEATURE_DIRECTIONS, FEATURE_NAMES, Features};
use super::word_frequencies::WordFrequencies;

/// The weight of each feature, in thousandths of the natural logarithm of the odds, with its name.
/// Written by `linkage-bench fit --write`.
const FEATURE_WEIGHTS: &str = include_str!("../../data/model/feature-weights.txt");

/// The weight of each pair of acts with which two accounts begin, in the same form.
const ACT_PAIR_WEIGHTS: &str = include_str!("../../data/model/act-pair-weights.txt");

/// The score from which two accounts may be on one row, in thousandths of the natural logarithm of
/// the odds. Chosen for precision, because a wrong merge does more harm than a missed one.
const JOIN_THRESHOLD: i32 = 0;
/// Every two accounts on one row have at least this score.
pub(crate) const FLOOR: i32 = -3_000;
/// The score from which two rows are suggested to be one.
const SUGGEST_THRESHOLD: i32 = -2_200;
/// The score of two accounts that cannot be about one event.
pub(crate) const NEVER: i32 = -20_000;

/// The model that accounts are compared with. The built-in one was fitted to labelled packs; others
/// serve measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventModel {
    /// How rare words are in agencies' records.
    pub frequencies: WordFrequencies,
    weights: Vec<i32>,
    act_pair_weights: Vec<i32>,
    /// The score from which two accounts may be on one row.
    pub join: i32,
    /// The score from which two rows are suggested to be one.
    pub suggest: i32,
}

static BUILT_IN: LazyLock<EventModel> = LazyLock::new(|| {
    let text = format!("{FEATURE_WEIGHTS}{ACT_PAIR_WEIGHTS}");
    EventModel::new(WordFrequencies::built_in().clone(), &parse_weights(&text))
});

/// Parses lines of a weight and a name into weights in the order of [`EventModel::feature_names`];
/// 0 for a missing name.
fn parse_weights(text: &str) -> Vec<i32> {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let weights: HashMap<&str, i32> = lines
        .filter_map(|(weight, name)| Some((name, weight.parse().ok()?)))
        .collect();
    let names = EventModel::feature_names();
    names
        .iter()
        .map(|name| weights.get(name.as_str()).copied().unwrap_or_default())
        .collect()
}

impl EventModel {
    /// The model that is part of the product.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// A model of these frequencies and weights. Weights are in thousandths and in the order of
    /// [`EventModel::feature_names`]; missing ones are 0.
    #[must_use]
    pub fn new(frequencies: WordFrequencies, weights: &[i32]) -> Self {
        let mut weights = weights.to_vec();
        weights.resize(FEATURE_COUNT + ACT_PAIR_COUNT, 0);
        let act_pair_weights = weights.split_off(FEATURE_COUNT);
        Self {
            frequencies,
            weights,
            act_pair_weights,
            join: JOIN_THRESHOLD,
            suggest: SUGGEST_THRESHOLD,
        }
    }

    /// The names of the named features, followed by those of the pairs of acts.
    #[must_use]
    pub fn feature_names() -> Vec<String> {
        FEATURE_NAMES
            .iter()
            .map(|name| (*name).to_owned())
            .chain(act_pairs::pair_names())
            .collect()
    }

    /// The number of named features, which come before the pairs of acts.
    #[must_use]
    pub const fn named_feature_count() -> usize {
        FEATURE_COUNT
    }

    /// For each named feature: 1 when it can only speak for one event, -1 when only against it, 0
    /// when it may do either.
    #[must_use]
    pub const fn feature_directions() -> &'static [i8] {
        FEATURE_DIRECTIONS
    }

    /// The weights in the order of [`EventModel::feature_names`].
    pub fn weights(&self) -> impl Iterator<Item = i32> + '_ {
        self.weights.iter().chain(&self.act_pair_weights).copied()
    }

    /// The weighted sum of features.
    pub(crate) fn score(&self, features: &Features) -> i32 {
        let named = features.named.iter().zip(&self.weights);
        let named: i64 = named
            .map(|(value, weight)| i64::from(*value) * i64::from(*weight))
            .sum();
        let pairs = features
            .act_pairs
            .iter()
            .filter_map(|pair| self.act_pair_weights.get(*pair));
        let pairs: i64 = pairs.map(|weight| i64::from(*weight)).sum();
        i32::try_from(named / 1000 + pairs).unwrap_or(NEVER)
    }
}
