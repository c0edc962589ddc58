//! Prints the compared pairs with their facts and the truth, one pair a line, as input for a
//! statistics package.

use std::path::PathBuf;

use anyhow::{Context, Result};
use linkage::{EventModel, weigh_accounts, weigh_repeats};

use super::measure::{facts_of, names};
use super::pack::{self, LabelledEntry};

/// `weights [--repeats] PACK FOLDER …`: prints the folder, 1 for one event, both entries and the
/// value of every fact, separated by tabs.
///
/// # Errors
/// When a pack cannot be read.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let repeats = args.iter().any(|word| word == "--repeats");
    for folder in args
        .iter()
        .filter(|word| !word.starts_with("--"))
        .map(PathBuf::from)
    {
        let pack = pack::open(&folder).with_context(|| folder.display().to_string())?;
        for family in &pack.families {
            let entries: Vec<&LabelledEntry> = family
                .iter()
                .filter_map(|&index| pack.entries.get(index))
                .collect();
            let names = names(&entries);
            let facts = facts_of(&entries, &names);
            for pair in if repeats {
                weigh_repeats(&facts)
            } else {
                weigh_accounts(&facts, EventModel::built_in())
            } {
                let entry = |list: &[usize]| list.first().and_then(|index| entries.get(*index));
                let (Some(a), Some(b)) = (entry(&pair.first), entry(&pair.second)) else {
                    continue;
                };
                let values: Vec<String> = pair.features.iter().map(ToString::to_string).collect();
                let same = u8::from(a.event == b.event);
                println!(
                    "{}\t{same}\t{}\t{}\t{}",
                    folder.display(),
                    a.name,
                    b.name,
                    values.join(" ")
                );
            }
        }
    }
    Ok(())
}
