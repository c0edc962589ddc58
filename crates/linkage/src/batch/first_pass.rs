//! The first reading of a file: every line is checked, people are remembered, events are left where they are.

use std::collections::BTreeMap;

use super::finding::{Finding, FindingCode};
use super::glossary::Glossary;
use super::people::{Head, People, sort_people};
use super::read::read_line;
use super::submission::Submission;
use crate::person::Population;

/// Which submission says something first, in an order that does not depend on the order of the lines.
type Standing = (Option<String>, u64, u64);

/// What the first reading remembers.
#[derive(Debug)]
pub struct FirstPass<'g> {
    glossary: &'g Glossary,
    heads: Vec<Head>,
    noticed: Vec<Finding>,
    failed: Vec<Finding>,
    lines: usize,
    /// Where each type that the glossary does not know stands first, by agency.
    unknown_types: BTreeMap<(String, String), (Standing, usize)>,
}

/// What is known after the first reading.
#[derive(Debug)]
pub struct Sorted {
    /// Everybody, sorted.
    pub people: People,
    /// What was noticed, without the names of submissions: [`People::labelled`] gives them.
    pub noticed: Vec<Finding>,
    /// Lines that could not be read, in their order.
    pub failed: Vec<Finding>,
    /// How many lines are not blank.
    pub lines: usize,
}

impl<'g> FirstPass<'g> {
    /// Before the first line.
    #[must_use]
    pub fn new(glossary: &'g Glossary) -> Self {
        let (heads, noticed, failed) = (Vec::new(), Vec::new(), Vec::new());
        Self { glossary, heads, noticed, failed, lines: 0, unknown_types: BTreeMap::new() }
    }

    /// Reads one line; a blank one is nothing. The submission comes back for those who keep it.
    pub fn read(&mut self, line: &str, number: u64) -> Option<Submission> {
        if line.trim().is_empty() {
            return None;
        }
        match read_line(line, number) {
            Ok((submission, found)) => {
                self.lines += 1;
                self.noticed.extend(found);
                let digest = super::digest(line.trim());
                self.note_types(&submission, digest, number);
                self.heads.push(Head::of(&submission, number, digest));
                Some(submission)
            }
            Err(fault) => {
                self.fault(fault);
                None
            }
        }
    }

    /// Notes a line that cannot even be taken for text.
    pub fn fault(&mut self, fault: Finding) {
        self.lines += 1;
        self.failed.push(fault);
    }

    /// Sorts everybody, among whom `population` says. `threads` changes how long it takes, not the result.
    #[must_use]
    pub fn finish(mut self, threads: usize, population: Population) -> Sorted {
        let unknown = std::mem::take(&mut self.unknown_types).into_values();
        let finding = |((_, _, line), place): (Standing, usize)| {
            Finding::new(line, format!("events[{place}].type"), FindingCode::TypeUnknown)
        };
        let mut unknown: Vec<Finding> = unknown.map(finding).collect();
        unknown.sort();
        self.noticed.extend(unknown);
        Sorted {
            people: sort_people(self.heads, threads, population),
            noticed: self.noticed,
            failed: self.failed,
            lines: self.lines,
        }
    }

    fn note_types(&mut self, submission: &Submission, digest: u64, line: u64) {
        for (place, event) in submission.events.iter().enumerate() {
            if event.kind.is_empty() || self.glossary.category(&event.kind).is_some() {
                continue;
            }
            let first = ((submission.id.clone(), digest, line), place);
            let kind = (submission.agency.clone(), event.kind.to_lowercase());
            let known = self.unknown_types.entry(kind).or_insert_with(|| first.clone());
            if first < *known {
                *known = first;
            }
        }
    }
}
