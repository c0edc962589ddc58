//! Same child and same family, measured.
#![allow(
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a measurement counts, and may stop where its own numbering is broken"
)]

mod families;
mod febrl;
mod generator;
mod measure;
mod names;
mod random;
mod speed;

use std::path::PathBuf;

use anyhow::{Context, Result};

/// Seeds on which rules and weights were looked at; the others are only measured.
const SEEN: [u64; 2] = [1, 2];
const HELD_BACK: [u64; 3] = [7001, 7002, 7003];

/// `people [PARTS…] [--febrl FOLDER] [--held-back]`, the parts being `febrl`, `families`, `speed`; all three without any.
pub(crate) fn run(words: &[String]) -> Result<()> {
    let asked = |part: &str| {
        let parts = ["febrl", "families", "speed"];
        words.iter().any(|word| word == part) || !words.iter().any(|word| parts.contains(&word.as_str()))
    };
    let threads = 2;
    if asked("febrl") {
        let folder = words.iter().position(|word| word == "--febrl").and_then(|at| words.get(at + 1));
        let folder = folder.map_or_else(|| PathBuf::from(".venv/febrl"), PathBuf::from);
        febrl::run(&folder, threads).context("FEBRL")?;
    }
    if asked("families") {
        let held_back = words.iter().any(|word| word == "--held-back");
        let seeds: &[u64] = if held_back { &HELD_BACK } else { &SEEN };
        for seed in seeds {
            families::run(*seed, 100, threads);
            families::run(*seed, 180, threads);
        }
    }
    if asked("speed") {
        speed::run(threads);
    }
    Ok(())
}
