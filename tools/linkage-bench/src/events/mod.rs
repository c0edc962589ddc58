//! Measures same-event linkage: which pairs of entries, of one agency and of different agencies,
//! are put on one row.
//!
//! Children are taken from the key, because "same child" is measured in `people`.

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
use linkage::EventModel;

use measure::{Measurement, measure, report};
use pack::Pack;

pub(crate) use fit::run as fit;
pub(crate) use weights::run as weights;

/// Packs that features, weights and thresholds were chosen with.
const TUNING_PACKS: &[&str] = &[
    "coincidence",
    "fresh",
    "harbour",
    "lantern",
    "mixed",
    "moor",
    "narrative",
    "orchard",
    "terse",
    "valley",
];
/// Seeds of generated families that were inspected while rules were written. The held-out seeds are
/// only measured.
const TUNING_SEEDS: [u64; 2] = [11, 12];
const HELD_OUT_SEEDS: [u64; 2] = [9101, 9102];
/// The number of families that are generated for each seed.
const FAMILIES_PER_SEED: u32 = 100;

/// `events [PACK FOLDER …] [--pairs] [--held-back] [--no-speed] [--shipped]`: prints the figures of
/// every pack and of generated families, and the time for families of doubling size. Without
/// folders, all packs in `crates/linkage/packs`.
///
/// The tuning packs are measured with weights that were fitted without them. All other packs, and
/// with `--shipped` all packs, are measured with the built-in weights.
///
/// # Errors
/// When a pack cannot be read.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let options = Options::parse(args);
    measure_packs(&options)?;
    if options.folders.is_empty() || options.has_flag("--invented") {
        measure_generated_families(&options)?;
    }
    if options.folders.is_empty() && !options.has_flag("--no-speed") {
        speed::run()?;
    }
    Ok(())
}

/// The arguments of a run.
struct Options<'a> {
    args: &'a [String],
    folders: Vec<PathBuf>,
    /// The score from which entries are joined, where it replaces the model's own.
    join: Option<i32>,
}

impl<'a> Options<'a> {
    fn parse(args: &'a [String]) -> Self {
        Self {
            args,
            folders: args
                .iter()
                .filter(|arg| !arg.starts_with("--"))
                .map(PathBuf::from)
                .collect(),
            join: args
                .iter()
                .find_map(|arg| arg.strip_prefix("--join=")?.parse::<i32>().ok()),
        }
    }

    fn has_flag(&self, flag: &str) -> bool {
        self.args.iter().any(|arg| arg == flag)
    }

    /// Measures a pack with a model, with the threshold of these options.
    fn measure_with(&self, pack: &Pack, mut model: EventModel) -> Measurement {
        model.join = self.join.unwrap_or(model.join);
        measure(pack, &model, self.has_flag("--pairs"))
    }
}

/// Prints the figures of each pack, and the totals of the tuning packs and of all others.
fn measure_packs(options: &Options<'_>) -> Result<()> {
    let all = if options.folders.is_empty() {
        packs()?
    } else {
        options.folders.clone()
    };
    let tuning_packs = tuning_packs()?;
    let mut tuning_total = Measurement::default();
    let mut other_total = Measurement::default();
    for folder in all {
        let name = name(&folder);
        let pack = open(&folder)?;
        if TUNING_PACKS.contains(&name.as_str()) && !options.has_flag("--shipped") {
            let others: Vec<&Pack> = tuning_packs
                .iter()
                .filter(|(other, _)| *other != name)
                .map(|(_, pack)| pack)
                .collect();
            let measured = options.measure_with(&pack, fit::fit_model(&others));
            report(
                &format!("{name} (tuning pack; weights fitted without it)"),
                &measured,
            );
            tuning_total.add(measured);
        } else {
            let measured = options.measure_with(&pack, EventModel::built_in().clone());
            report(&format!("{name} (built-in weights)"), &measured);
            other_total.add(measured);
        }
    }
    if !tuning_total.families.is_empty() {
        report(
            "ALL TUNING PACKS, each with weights fitted without it",
            &tuning_total,
        );
    }
    if !other_total.families.is_empty() {
        report("ALL OTHER PACKS, built-in weights", &other_total);
    }
    Ok(())
}

/// Prints the figures of generated families.
fn measure_generated_families(options: &Options<'_>) -> Result<()> {
    let seeds = if options.has_flag("--held-back") {
        HELD_OUT_SEEDS
    } else {
        TUNING_SEEDS
    };
    for seed in seeds {
        let invented = generator::families(seed, FAMILIES_PER_SEED)?;
        report(
            &format!("generated families, seed {seed}"),
            &measure(
                &invented,
                EventModel::built_in(),
                options.has_flag("--pairs"),
            ),
        );
    }
    Ok(())
}

fn name(folder: &Path) -> String {
    folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn open(folder: &Path) -> Result<Pack> {
    pack::open(folder).with_context(|| format!("pack {}", name(folder)))
}

/// The packs that weights are fitted to.
fn tuning_packs() -> Result<Vec<(String, Pack)>> {
    let folders = packs()?
        .into_iter()
        .filter(|folder| TUNING_PACKS.contains(&name(folder).as_str()));
    folders
        .map(|folder| Ok((name(&folder), open(&folder)?)))
        .collect()
}

fn packs() -> Result<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/linkage/packs");
    let folders = fs::read_dir(&root)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    let mut folders: Vec<PathBuf> = folders
        .into_iter()
        .filter(|path| path.join("truth.json").is_file())
        .collect();
    folders.sort();
    Ok(folders)
}
