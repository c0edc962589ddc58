//! Measures the lookup of one record among 100,000 children: by blocking keys, as the store does,
//! followed by a decision.

use std::collections::HashMap;
use std::time::Instant;

use linkage::{ChildBand, PersonFacts, blocking_keys, same_person};

use super::generator::generate;

/// Families with about 100,000 children together.
const FAMILY_COUNT: usize = 35_000;
/// One record in this many is looked up.
const SAMPLE_INTERVAL: usize = 100;

/// Prints the median and the 99th percentile of the time for one submission.
pub(crate) fn run() {
    let data = generate(9, FAMILY_COUNT, 100);
    let mut index: HashMap<(&'static str, String), Vec<usize>> = HashMap::new();
    for (position, record) in data.records.iter().enumerate() {
        for key in blocking_keys(record) {
            index.entry(key).or_default().push(position);
        }
    }
    let mut micros: Vec<u128> = Vec::new();
    let mut candidates = 0;
    let mut most = 0;
    let mut found = 0;
    for position in (0..data.records.len()).step_by(SAMPLE_INTERVAL) {
        let started = Instant::now();
        let near = candidates_of(&index, &data.records, position);
        let matches = near
            .iter()
            .filter(|other| is_match(&data.records, position, **other))
            .count();
        micros.push(started.elapsed().as_micros());
        candidates += near.len();
        most = most.max(near.len());
        found += usize::from(matches > 0);
    }
    micros.sort_unstable();
    let percentile = |part: usize| micros[(micros.len() - 1) * part / 100] as f64 / 1000.0;
    println!(
        "lookup: {} submissions against {} children ({} records): p50 {:.2} ms, p99 {:.2} ms, at most {:.2} ms; {:.1} \
         candidates each, at most {most}; {found} found a match; target p99 20 ms for a whole submission",
        micros.len(),
        data.children.len(),
        data.records.len(),
        percentile(50),
        percentile(99),
        percentile(100),
        candidates as f64 / micros.len() as f64
    );
}

fn candidates_of(
    index: &HashMap<(&'static str, String), Vec<usize>>,
    records: &[PersonFacts],
    position: usize,
) -> Vec<usize> {
    let keys = blocking_keys(&records[position]);
    let mut near: Vec<usize> = keys
        .iter()
        .filter_map(|key| index.get(key))
        .flatten()
        .copied()
        .collect();
    near.sort_unstable();
    near.dedup();
    near.retain(|other| *other != position);
    near
}

fn is_match(records: &[PersonFacts], one: usize, other: usize) -> bool {
    same_person(&records[one], &records[other]).band == ChildBand::Match
}
