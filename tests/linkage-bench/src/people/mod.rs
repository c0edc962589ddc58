//! Same child and same family, measured.
#![allow(
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a measurement counts, and may stop where its own numbering is broken"
)]

mod families;
mod febrl;
mod files;
mod generator;
mod lookup;
mod measure;
mod names;
mod random;
mod show;
mod speed;
mod tally;

use std::ops::RangeInclusive;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// Seeds on which rules and weights were looked at; the others are only measured.
const SEEN: RangeInclusive<u64> = 1..=2;
const HELD_BACK: RangeInclusive<u64> = 101..=103;
const FAMILIES: usize = 4000;

/// `people [PARTS…] [--febrl FOLDER] [--held-back] [--seeds FROM-TO] [--families COUNT] [--show] [--folder FOLDER]`, the
/// parts being `febrl`, `families`, `lookup`, `speed`; all without any. With a folder, only the submissions in it.
pub(crate) fn run(words: &[String]) -> Result<()> {
    let asked = |part: &str| {
        let parts = ["febrl", "families", "lookup", "speed"];
        words.iter().any(|word| word == part) || !words.iter().any(|word| parts.contains(&word.as_str()))
    };
    let option = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
    let threads = 2;
    if let Some(folder) = option("--folder") {
        return files::run(&PathBuf::from(folder), threads, words.iter().any(|word| word == "--show"));
    }
    if asked("febrl") {
        let folder = option("--febrl").map_or_else(|| PathBuf::from(".venv/febrl"), PathBuf::from);
        febrl::run(&folder, threads).context("FEBRL")?;
    }
    if asked("families") {
        let usual = if words.iter().any(|word| word == "--held-back") { HELD_BACK } else { SEEN };
        let seeds = option("--seeds").and_then(|text| range(text)).unwrap_or(usual);
        let families = option("--families").and_then(|text| text.parse().ok()).unwrap_or(FAMILIES);
        for percent in [100, 180] {
            families::run(seeds.clone(), families, percent, threads);
        }
    }
    if asked("lookup") {
        lookup::run();
    }
    if asked("speed") {
        speed::run(threads);
    }
    Ok(())
}

/// "3-7" or "3".
fn range(text: &str) -> Option<RangeInclusive<u64>> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Some(from.parse().ok()?..=to.parse().ok()?)
}
