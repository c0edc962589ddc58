//! Same event, measured: pairs of entries of one agency and of different agencies that tell one event.
//!
//! Children are taken from the key, because "same child" is measured elsewhere.

//! Same event, measured: pairs of entries of one agency and of different agencies that tell one event.
//!
//! Children are taken from the key, because "same child" is measured elsewhere.

mod fit;
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
use linkage::Model;

use measure::{Measured, measure, report};
use pack::Pack;

pub(crate) use fit::run as fit;
pub(crate) use weights::run as weights;

/// Packs that features, weights and limits were chosen with.
const TUNED: &[&str] =
    &["coincidence", "fresh", "harbour", "lantern", "mixed", "moor", "narrative", "orchard", "terse", "valley"];
/// Seeds of invented families that rules were looked at with; the others are only measured.
const SEEN: [u64; 2] = [11, 12];
const HELD_BACK: [u64; 2] = [9101, 9102];
/// How many families are invented for each seed.
const FAMILIES: u32 = 100;

/// `events [PACK FOLDER …] [--pairs] [--held-back] [--no-speed] [--shipped]`: the figures of every pack, of invented
/// families, and the time of families that double in size. Without folders all packs in `crates/linkage/packs`.
///
/// Packs that were chosen with are measured with weights that were found without them; all others, and with `--shipped`
/// all, with the weights that are shipped.
///
/// # Errors
/// A pack that cannot be read.
pub(crate) fn run(words: &[String]) -> Result<()> {
    let has = |option: &str| words.iter().any(|word| word == option);
    let folders: Vec<PathBuf> = words.iter().filter(|word| !word.starts_with("--")).map(PathBuf::from).collect();
    let all = if folders.is_empty() { packs()? } else { folders.clone() };
    let tuned = tuned()?;
    let join = words.iter().find_map(|word| word.strip_prefix("--join=")?.parse::<i32>().ok());
    let with = |mut model: Model| {
        model.join = join.unwrap_or(model.join);
        model
    };
    let (mut held_out, mut untouched) = (Measured::default(), Measured::default());
    for folder in all {
        let name = name(&folder);
        let pack = open(&folder)?;
        if TUNED.contains(&name.as_str()) && !has("--shipped") {
            let others: Vec<&Pack> = tuned.iter().filter(|(other, _)| *other != name).map(|(_, pack)| pack).collect();
            let measured = measure(&pack, &with(fit::find(&others)), has("--pairs"));
            report(&format!("{name} (chosen with; weights found without it)"), &measured);
            held_out.add(measured);
        } else {
            let measured = measure(&pack, &with(Model::shipped().clone()), has("--pairs"));
            report(&format!("{name} (shipped weights)"), &measured);
            untouched.add(measured);
        }
    }
    if !held_out.families.is_empty() {
        report("ALL PACKS CHOSEN WITH, each with weights found without it", &held_out);
    }
    if !untouched.families.is_empty() {
        report("ALL OTHER PACKS, shipped weights", &untouched);
    }
    if folders.is_empty() || has("--invented") {
        for seed in if has("--held-back") { HELD_BACK } else { SEEN } {
            let invented = generator::families(seed, FAMILIES)?;
            report(&format!("invented families, seed {seed}"), &measure(&invented, Model::shipped(), has("--pairs")));
        }
    }
    if folders.is_empty() && !has("--no-speed") {
        speed::run()?;
    }
    Ok(())
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn open(folder: &Path) -> Result<Pack> {
    pack::open(folder).with_context(|| format!("pack {}", name(folder)))
}

/// The packs that weights are found with.
fn tuned() -> Result<Vec<(String, Pack)>> {
    let folders = packs()?.into_iter().filter(|folder| TUNED.contains(&name(folder).as_str()));
    folders.map(|folder| Ok((name(&folder), open(&folder)?))).collect()
}

fn packs() -> Result<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/linkage/packs");
    let folders = fs::read_dir(&root)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let mut folders: Vec<PathBuf> = folders.into_iter().filter(|path| path.join("truth.json").is_file()).collect();
    folders.sort();
    Ok(folders)
}
