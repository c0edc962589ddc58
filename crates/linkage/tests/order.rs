//! The order of lines and of events within a submission does not change the rows.

use std::collections::BTreeSet;

use linkage::batch::{Glossary, link};
use serde_json::Value;

const PACK: &str = include_str!("../packs/coincidence/submissions.ndjson");

fn rows(lines: &[String]) -> BTreeSet<BTreeSet<String>> {
    let links = link(lines.iter().map(String::as_str), &Glossary::default(), 1);
    links
        .rows
        .into_iter()
        .map(|row| row.entries.into_iter().collect())
        .collect()
}

fn lines() -> Vec<String> {
    PACK.lines().map(str::to_owned).collect()
}

/// The line with its events in reverse order.
fn reverse_events(line: &str) -> String {
    let mut submission: Value = serde_json::from_str(line).unwrap();
    submission["events"].as_array_mut().unwrap().reverse();
    submission.to_string()
}

#[test]
fn order_of_events_within_submissions_does_not_change_rows() {
    let reversed: Vec<String> = lines().iter().map(|line| reverse_events(line)).collect();
    assert_eq!(rows(&reversed), rows(&lines()));
}

#[test]
fn order_of_lines_does_not_change_rows() {
    let mut reversed = lines();
    reversed.reverse();
    assert_eq!(rows(&reversed), rows(&lines()));
}
