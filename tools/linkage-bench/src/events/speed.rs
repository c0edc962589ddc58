//! Measures the time for the entries of one family as their number doubles. It must not grow
//! quadratically, not even when all entries are of one day.

use std::time::{Duration, Instant};

use anyhow::Result;
use domain::{AgencyId, EntryDetails, EntryId, EventDate, FragmentId, PersonId};
use linkage::{EventFacts, FamilyNames, sort_events};
use uuid::Uuid;

use super::pack::{entry_details, stable_id};

/// The number of runs for each size. The fastest counts, because other processes only slow a run
/// down.
const RUNS: usize = 5;
/// The number of entries about each event.
const ACCOUNTS_PER_EVENT: u32 = 5;
const WORDS: [&str; 16] = [
    "mother",
    "school",
    "visit",
    "clinic",
    "police",
    "argument",
    "kitchen",
    "neighbour",
    "arrested",
    "missing",
    "meeting",
    "bruise",
    "cold",
    "letter",
    "housing",
    "upset",
];

/// Prints the times.
///
/// # Errors
/// When a generated date does not exist.
pub(super) fn run() -> Result<()> {
    for count in [20, 200, 500, 1_000, 2_000, 4_000, 8_000, 10_000] {
        let years = fastest_run(count, 3_000)?;
        let day = fastest_run(count, 1)?;
        println!("one family, {count} entries: {years:.2?} over ten years, {day:.2?} of one day");
    }
    Ok(())
}

/// The time of the fastest of several runs over `count` entries of one family within `days`.
fn fastest_run(count: u32, days: u32) -> Result<Duration> {
    let entries = (0..count)
        .map(|id| Ok((generate_entry(id, days)?, id)))
        .collect::<Result<Vec<_>>>()?;
    let names = FamilyNames::default();
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        let facts: Vec<EventFacts<'_>> = entries
            .iter()
            .map(|(details, id)| facts(details, *id, &names))
            .collect();
        std::hint::black_box(sort_events(&facts));
        best = best.min(start.elapsed());
    }
    Ok(best)
}

fn facts<'a>(details: &'a EntryDetails, id: u32, names: &'a FamilyNames) -> EventFacts<'a> {
    let entry = EntryId(Uuid::from_u128(u128::from(id) + 1));
    let fragment = FragmentId(Uuid::from_u128(u128::from(id % 40)));
    EventFacts::new(
        entry,
        fragment,
        AgencyId(Uuid::from_u128(u128::from(id % 8))),
        details,
        names,
    )
}

fn generate_entry(id: u32, days: u32) -> Result<EntryDetails> {
    let mut state = u64::from(id / ACCOUNTS_PER_EVENT)
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1);
    let words = (0..40).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let index = usize::try_from((state >> 33) % 64).unwrap_or_default();
        WORDS
            .get(index)
            .map_or_else(|| letters(state >> 50), |word| (*word).to_owned())
    });
    let words = words.collect::<Vec<_>>().join(" ");
    let day = id / ACCOUNTS_PER_EVENT % days;
    let date = format!(
        "{}-{:02}-{:02}",
        2010 + day / 336,
        day / 28 % 12 + 1,
        day % 28 + 1
    );
    let when = EventDate::from_edtf(&date).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    entry_details(when, &words, vec![PersonId(stable_id("child"))])
}

/// A number as a pronounceable word.
fn letters(mut number: u64) -> String {
    let mut word = String::from("o");
    while number > 0 {
        let letter = u8::try_from(number % 20).unwrap_or_default();
        word.push(char::from(b'b' + letter));
        word.push('a');
        number /= 20;
    }
    word
}
