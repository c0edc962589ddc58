//! Measures how fast one core encodes and hashes records and appends them to a tree, which is the
//! cost of verification without reading.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark reads the clock and prints"
)]

use std::hint::black_box;
use std::time::Instant as Moment;

use domain::{AuditId, Instant, PartnershipId};
use ledger::{Frontier, Hash, Leaf};
use uuid::Uuid;

const RECORDS: u32 = 1_000_000;

fn leaf(number: u32) -> Leaf {
    Leaf {
        id: AuditId(Uuid::from_u128(u128::from(number))),
        partnership: PartnershipId(Uuid::from_u128(1)),
        node: Uuid::from_u128(2),
        number: i64::from(number),
        at: Instant::from_micros(i64::from(number) * 1_000),
        period: 0,
        operation: "timeline.read".to_owned(),
        outcome: "allowed".to_owned(),
        payload_hash: Hash([7; 32]),
    }
}

fn main() {
    let leaves: Vec<Leaf> = (0..RECORDS).map(leaf).collect();
    for _ in 0..5 {
        let started = Moment::now();
        let mut frontier = Frontier::default();
        leaves
            .iter()
            .for_each(|leaf| frontier.push(black_box(leaf).hash()));
        let root = black_box(frontier.root());
        let rate = f64::from(RECORDS) / started.elapsed().as_secs_f64();
        println!("verify: {rate:>12.0} records/s on one core (target 500000), root {root}");
    }
}
