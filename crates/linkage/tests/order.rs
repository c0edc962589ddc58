//! The order of lines, of events within a return, and a return sent again change no row.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends where something is not as expected")]

use std::collections::BTreeSet;

use linkage::batch::{Glossary, link};
use serde_json::Value;

const PACK: &str = include_str!("../packs/coincidence/submissions.ndjson");

fn rows(lines: &[String]) -> BTreeSet<BTreeSet<String>> {
    let links = link(lines.iter().map(String::as_str), &Glossary::default(), 1);
    links.rows.into_iter().map(|row| row.entries.into_iter().collect()).collect()
}

fn lines() -> Vec<String> {
    PACK.lines().map(str::to_owned).collect()
}

/// The line with its events in the opposite order.
fn turned(line: &str) -> String {
    let mut submission: Value = serde_json::from_str(line).unwrap();
    submission["events"].as_array_mut().unwrap().reverse();
    submission.to_string()
}

#[test]
fn the_order_of_events_within_returns_changes_no_row() {
    let turned: Vec<String> = lines().iter().map(|line| turned(line)).collect();
    assert_eq!(rows(&turned), rows(&lines()));
}

#[test]
fn the_order_of_lines_changes_no_row() {
    let mut reversed = lines();
    reversed.reverse();
    assert_eq!(rows(&reversed), rows(&lines()));
}
