//! Same event, measured: pairs of entries of one agency and of different agencies that tell one event.
//!
//! Children are taken from the key, because "same child" is measured elsewhere.

mod generator;
mod measure;
mod pack;
mod random;
mod speed;
mod templates;
mod weights;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub(crate) use weights::run as weights;

/// Seeds of invented families that rules were looked at with; the others are only measured.
const SEEN: [u64; 2] = [11, 12];
const HELD_BACK: [u64; 2] = [9101, 9102];
/// How many families are invented for each seed.
const FAMILIES: u32 = 100;

/// `events [PACK FOLDER …] [--pairs] [--held-back] [--no-speed]`: the figures of every pack and the worst, of invented
/// families, and the time of families that double in size. Without folders all packs in `crates/linkage/packs`.
///
/// # Errors
/// A pack that cannot be read.
pub(crate) fn run(words: &[String]) -> Result<()> {
    let has = |option: &str| words.iter().any(|word| word == option);
    let folders: Vec<PathBuf> = words.iter().filter(|word| !word.starts_with("--")).map(PathBuf::from).collect();
    let all = if folders.is_empty() { packs()? } else { folders.clone() };
    let mut worst: Option<(f64, String)> = None;
    for folder in all {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let pack = pack::open(&folder).with_context(|| format!("pack {name}"))?;
        let measured = measure::measure(&pack, has("--pairs"));
        measure::report(&name, &measured);
        let lowest = measured.repeats.figures().2.min(measured.across.figures().2);
        if worst.as_ref().is_none_or(|(known, _)| lowest < *known) {
            worst = Some((lowest, name));
        }
    }
    if let Some((lowest, name)) = worst {
        println!("worst pack: {name} (lowest F1 {lowest:.3})");
    }
    if folders.is_empty() || has("--invented") {
        for seed in if has("--held-back") { HELD_BACK } else { SEEN } {
            let invented = generator::families(seed, FAMILIES)?;
            measure::report(&format!("invented families, seed {seed}"), &measure::measure(&invented, has("--pairs")));
        }
    }
    if folders.is_empty() && !has("--no-speed") {
        speed::run()?;
    }
    Ok(())
}

fn packs() -> Result<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/linkage/packs");
    let folders = fs::read_dir(&root)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let mut folders: Vec<PathBuf> = folders.into_iter().filter(|path| path.join("truth.json").is_file()).collect();
    folders.sort();
    Ok(folders)
}
