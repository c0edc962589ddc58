//! What accounts are weighed with: how rare words are in records, and what each feature weighs.

use std::sync::LazyLock;

use super::features::{FEATURES, Features, NAMES};
use super::frequencies::Frequencies;

/// What each feature weighs, in thousandths of the natural logarithm of the odds, with its name. Written by
/// `linkage-bench fit --write`.
const WEIGHTS: &str = include_str!("weights.txt");

/// Evidence from which two accounts may be one event, in thousandths of the natural logarithm of the odds. Wrong merges
/// hurt more than missed ones, so it was chosen for precision.
const JOIN: i32 = -500;
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
    weights: [i32; FEATURES],
    /// Evidence from which two accounts may be one event.
    pub join: i32,
    /// Evidence from which two rows are suggested to be one.
    pub suggest: i32,
}

static SHIPPED: LazyLock<Model> = LazyLock::new(|| Model::new(Frequencies::shipped().clone(), &parse(WEIGHTS)));

/// The weights in the order of the features; 0 for one that is not named.
fn parse(text: &str) -> Vec<i32> {
    let weight = |name: &&str| {
        let line = text.lines().find_map(|line| line.split_once(' ').filter(|(_, named)| named == name));
        line.and_then(|(weight, _)| weight.parse().ok()).unwrap_or_default()
    };
    NAMES.iter().map(weight).collect()
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
        let mut weights = [0; FEATURES];
        weights.iter_mut().zip(found).for_each(|(place, weight)| *place = *weight);
        Self { frequencies, weights, join: JOIN, suggest: SUGGEST }
    }

    /// The names of the features.
    #[must_use]
    pub const fn features() -> &'static [&'static str] {
        super::features::NAMES
    }

    /// Of each feature, 1 when it can only speak for one event, -1 when it can only speak against, 0 when it may do either,
    /// 2 when it is a correction that is not found from packs.
    #[must_use]
    pub const fn signs() -> &'static [i8] {
        super::features::SIGNS
    }

    /// The weights in the order of the features.
    #[must_use]
    pub const fn weights(&self) -> &[i32] {
        &self.weights
    }

    /// What features weigh together.
    pub(crate) fn score(&self, features: &Features) -> i32 {
        let products = features.iter().zip(&self.weights).map(|(value, weight)| i64::from(*value) * i64::from(*weight));
        i32::try_from(products.sum::<i64>() / 1000).unwrap_or(NEVER)
    }
}
