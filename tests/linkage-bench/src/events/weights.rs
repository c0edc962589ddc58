//! The pairs that are compared with their facts and the truth, one a line: from these the weights are found by logistic
//! regression (any statistics package reads the lines).

use std::path::PathBuf;

use anyhow::{Context, Result};
use linkage::{Model, weigh_accounts, weigh_repeats};

use super::measure::{facts_of, names};
use super::pack::{self, Told};

/// `weights [--repeats] PACK FOLDER …`: prints the folder, 1 for one event, both entries, the value of every fact.
///
/// # Errors
/// A pack that cannot be read.
pub(crate) fn run(words: &[String]) -> Result<()> {
    let repeats = words.iter().any(|word| word == "--repeats");
    for folder in words.iter().filter(|word| !word.starts_with("--")).map(PathBuf::from) {
        let pack = pack::open(&folder).with_context(|| folder.display().to_string())?;
        for family in &pack.families {
            let told: Vec<&Told> = family.iter().filter_map(|&index| pack.told.get(index)).collect();
            let names = names(&told);
            let facts = facts_of(&told, &names);
            for pair in if repeats { weigh_repeats(&facts) } else { weigh_accounts(&facts, Model::shipped()) } {
                let entry = |list: &[usize]| list.first().and_then(|place| told.get(*place));
                let (Some(a), Some(b)) = (entry(&pair.one), entry(&pair.other)) else { continue };
                let values: Vec<String> = pair.features.iter().map(ToString::to_string).collect();
                let same = u8::from(a.event == b.event);
                println!("{}\t{same}\t{}\t{}\t{}", folder.display(), a.name, b.name, values.join(" "));
            }
        }
    }
    Ok(())
}
