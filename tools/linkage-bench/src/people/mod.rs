//! Measures same-child and same-family linkage.
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

/// Seeds that were inspected while rules and weights were written. The held-out seeds are only
/// measured.
const TUNING_SEEDS: RangeInclusive<u64> = 1..=2;
const HELD_OUT_SEEDS: RangeInclusive<u64> = 101..=103;
const FAMILY_COUNT: usize = 4000;

/// `people [PART…] [--febrl FOLDER] [--held-back] [--seeds FROM-TO] [--families COUNT] [--show]
/// [--folder FOLDER]`, the parts being `febrl`, `families`, `lookup` and `speed`; without a part,
/// all of them. With a folder, only its submissions are measured.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let is_selected = |part: &str| {
        let parts = ["febrl", "families", "lookup", "speed"];
        args.iter().any(|arg| arg == part) || !args.iter().any(|arg| parts.contains(&arg.as_str()))
    };
    let option = |name: &str| {
        args.iter()
            .position(|arg| arg == name)
            .and_then(|at| args.get(at + 1))
    };
    let threads = 2;
    if let Some(folder) = option("--folder") {
        return files::run(
            &PathBuf::from(folder),
            threads,
            args.iter().any(|arg| arg == "--show"),
        );
    }
    if is_selected("febrl") {
        let folder = option("--febrl").map_or_else(|| PathBuf::from(".venv/febrl"), PathBuf::from);
        febrl::run(&folder, threads).context("FEBRL")?;
    }
    if is_selected("families") {
        let usual = if args.iter().any(|arg| arg == "--held-back") {
            HELD_OUT_SEEDS
        } else {
            TUNING_SEEDS
        };
        let seeds = option("--seeds")
            .and_then(|text| parse_range(text))
            .unwrap_or(usual);
        let families = option("--families")
            .and_then(|text| text.parse().ok())
            .unwrap_or(FAMILY_COUNT);
        for percent in [100, 180] {
            families::run(seeds.clone(), families, percent, threads);
        }
    }
    if is_selected("lookup") {
        lookup::run();
    }
    if is_selected("speed") {
        speed::run(threads);
    }
    Ok(())
}

/// Parses "3-7" or "3".
fn parse_range(text: &str) -> Option<RangeInclusive<u64>> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Some(from.parse().ok()?..=to.parse().ok()?)
}
