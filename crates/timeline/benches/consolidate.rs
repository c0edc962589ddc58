//! Prints how long one consolidation takes: an ordinary chronology, a very long one, and 5,000
//! entries of a single day.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints"
)]

#[allow(dead_code, reason = "the benchmark uses a part of the fixtures")]
#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use support::*;
use timeline::LiveEntry;

const WORDS: &[&str] = &[
    "mother",
    "reported",
    "teacher",
    "bruise",
    "attended",
    "clinic",
    "upset",
    "late",
    "kitchen",
    "cold",
    "angry",
    "neighbour",
    "police",
    "school",
    "refused",
    "appointment",
    "medication",
    "playing",
    "brother",
    "quiet",
    "hungry",
    "tired",
    "uniform",
];

/// A pseudorandom text of `length` words, the same for the same seed.
fn text(seed: u128, length: u128) -> String {
    let mut state = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    let mut word = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        WORDS[usize::try_from((state >> 33) % WORDS.len() as u128).unwrap()]
    };
    (0..length).map(|_| word()).collect::<Vec<_>>().join(" ")
}

/// Entries of eight agencies over `days`. Every fifth entry repeats the one before for a sibling.
fn chronology(count: u128, days: u128) -> Vec<LiveEntry> {
    let build_entry = |id: u128| {
        let event = if id % 5 == 4 { id - 1 } else { id };
        let day = event * 7 % days;
        let date = format!(
            "{:04}-{:02}-{:02}",
            2010 + day / 336,
            day / 28 % 12 + 1,
            day % 28 + 1
        );
        let child = if id % 5 == 4 { BILAL } else { AISHA };
        entry(
            id + 1,
            1 + event % 8 + 10 * child,
            1 + event % 8,
            &[child],
            &date,
            &text(event, 40),
        )
    };
    (0..count).map(build_entry).collect()
}

/// Entries of one day that share a template and have some words of their own.
fn template_day(count: u128) -> Vec<LiveEntry> {
    let words = |id| {
        format!(
            "Contact made by duty worker and {} no further concerns were noted",
            text(id, 20)
        )
    };
    (0..count)
        .map(|id| {
            entry(
                id + 1,
                id % 40,
                1 + id % 3,
                &[AISHA, BILAL],
                "2024-03-12",
                &words(id),
            )
        })
        .collect()
}

/// Entries of one day whose texts differ in one word.
fn nearly_alike(count: u128) -> Vec<LiveEntry> {
    let base = text(7, 40);
    let words = |id: u128| {
        base.split(' ')
            .enumerate()
            .filter(|(index, _)| *index as u128 != id % 40)
            .map(|(_, word)| word)
            .collect::<Vec<_>>()
            .join(" ")
    };
    (0..count)
        .map(|id| entry(id + 1, id, 1 + id % 3, &[AISHA], "2024-03-12", &words(id)))
        .collect()
}

fn measure(name: &str, entries: &[LiveEntry]) {
    let mut times: Vec<Duration> = (0..11)
        .map(|_| {
            let given = entries.to_vec();
            let start = Instant::now();
            black_box(consolidate_all(black_box(given)));
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let rows = consolidate_all(entries.to_vec()).rows.len();
    println!(
        "{name:<34} {:>6} entries {rows:>6} rows  median {:>9.3?}  worst {:>9.3?}",
        entries.len(),
        times[5],
        times[10]
    );
}

fn main() {
    measure("ordinary: 6 years", &chronology(200, 2_016));
    measure("very long: 14 years", &chronology(5_000, 4_704));
    measure("crowded: 3 months", &chronology(5_000, 84));
    measure("one day, one template", &template_day(5_000));
    measure("one day, nearly the same words", &nearly_alike(5_000));
}
