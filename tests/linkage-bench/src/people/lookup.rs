//! One record of a child against 100,000 children: looked up by blocking keys, as the service's store does, and decided.

use std::collections::HashMap;
use std::time::Instant;

use linkage::{ChildBand, PersonFacts, blocking_keys, same_person};

use super::generator::world;

/// About 100,000 children, of whom each hundredth's newest record is the one that arrives.
const FAMILIES: usize = 35_000;
const EACH: usize = 100;

/// Prints how long the middle and the slowest hundredth of submissions take.
pub(crate) fn run() {
    let world = world(9, FAMILIES, 100);
    let mut index: HashMap<(&'static str, String), Vec<usize>> = HashMap::new();
    for (place, record) in world.records.iter().enumerate() {
        for key in blocking_keys(record) {
            index.entry(key).or_default().push(place);
        }
    }
    let mut micros: Vec<u128> = Vec::new();
    let (mut candidates, mut most, mut found) = (0, 0, 0);
    for place in (0..world.records.len()).step_by(EACH) {
        let started = Instant::now();
        let near = candidates_of(&index, &world.records, place);
        let matches = near.iter().filter(|other| is_match(&world.records, place, **other)).count();
        micros.push(started.elapsed().as_micros());
        candidates += near.len();
        most = most.max(near.len());
        found += usize::from(matches > 0);
    }
    micros.sort_unstable();
    let share = |part: usize| micros[(micros.len() - 1) * part / 100] as f64 / 1000.0;
    println!(
        "lookup: {} submissions against {} children ({} records): p50 {:.2} ms, p99 {:.2} ms, at most {:.2} ms; {:.1} \
         candidates each, at most {most}; {found} found a match; target p99 20 ms for a whole submission",
        micros.len(),
        world.children.len(),
        world.records.len(),
        share(50),
        share(99),
        share(100),
        candidates as f64 / micros.len() as f64
    );
}

fn candidates_of(
    index: &HashMap<(&'static str, String), Vec<usize>>,
    records: &[PersonFacts],
    place: usize,
) -> Vec<usize> {
    let keys = blocking_keys(&records[place]);
    let mut near: Vec<usize> = keys.iter().filter_map(|key| index.get(key)).flatten().copied().collect();
    near.sort_unstable();
    near.dedup();
    near.retain(|other| *other != place);
    near
}

fn is_match(records: &[PersonFacts], one: usize, other: usize) -> bool {
    same_person(&records[one], &records[other]).band == ChildBand::Match
}
