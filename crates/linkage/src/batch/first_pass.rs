//! The first reading of a file: it checks every line and keeps the subjects; the events stay in the
//! file.

use std::collections::BTreeMap;

use super::finding::{Finding, FindingCode};
use super::glossary::Glossary;
use super::people::{SortedPeople, SubmissionHeader, sort_people};
use super::read::read_line;
use super::submission::Submission;
use crate::person::Population;

/// A sort key of submissions that does not depend on the order of the lines, except between two
/// identical submissions: id, digest of the line, line number.
type SubmissionOrder = (Option<String>, u64, u64);

/// The state of the first reading.
#[derive(Debug)]
pub struct FirstPass<'g> {
    glossary: &'g Glossary,
    headers: Vec<SubmissionHeader>,
    warnings: Vec<Finding>,
    failed_lines: Vec<Finding>,
    lines: usize,
    /// The first occurrence of each type of event that the glossary does not know, by agency and
    /// type: sort key of the submission and index of the event.
    unknown_types: BTreeMap<(String, String), (SubmissionOrder, usize)>,
}

/// The result of the first reading.
#[derive(Debug)]
pub struct FirstPassResult {
    /// The subjects of all submissions, sorted into people and families.
    pub people: SortedPeople,
    /// Findings about lines that were read. They carry no label yet:
    /// [`SortedPeople::label_findings`] adds it.
    pub warnings: Vec<Finding>,
    /// Lines that could not be read, in the order of the file.
    pub failed_lines: Vec<Finding>,
    /// Number of lines that are not blank.
    pub lines: usize,
}

impl<'g> FirstPass<'g> {
    /// Starts a first reading.
    #[must_use]
    pub fn new(glossary: &'g Glossary) -> Self {
        Self {
            glossary,
            headers: Vec::new(),
            warnings: Vec::new(),
            failed_lines: Vec::new(),
            lines: 0,
            unknown_types: BTreeMap::new(),
        }
    }

    /// Reads one line and returns its submission, which the caller may keep; `None` for a blank
    /// line and for one that could not be read.
    pub fn read(&mut self, line: &str, number: u64) -> Option<Submission> {
        if line.trim().is_empty() {
            return None;
        }
        match read_line(line, number) {
            Ok((submission, findings)) => {
                self.lines += 1;
                self.warnings.extend(findings);
                let digest = super::digest(line.trim());
                self.record_unknown_types(&submission, digest, number);
                self.headers
                    .push(SubmissionHeader::new(&submission, number, digest));
                Some(submission)
            }
            Err(failure) => {
                self.record_failure(failure);
                None
            }
        }
    }

    /// Records a line that could not be read, such as one that is not text.
    pub fn record_failure(&mut self, failure: Finding) {
        self.lines += 1;
        self.failed_lines.push(failure);
    }

    /// Sorts the subjects of all submissions into people and families. `population` says among whom
    /// matches are sought; the number of threads does not change the result.
    #[must_use]
    pub fn finish(mut self, threads: usize, population: Population) -> FirstPassResult {
        let first_occurrences = std::mem::take(&mut self.unknown_types).into_values();
        let to_finding = |((_, _, line), index): (SubmissionOrder, usize)| {
            Finding::new(
                line,
                format!("events[{index}].type"),
                FindingCode::TypeUnknown,
            )
        };
        let mut unknown_types: Vec<Finding> = first_occurrences.map(to_finding).collect();
        unknown_types.sort();
        self.warnings.extend(unknown_types);
        FirstPassResult {
            people: sort_people(self.headers, threads, population),
            warnings: self.warnings,
            failed_lines: self.failed_lines,
            lines: self.lines,
        }
    }

    /// Keeps the first occurrence of each type of event that the glossary does not know.
    fn record_unknown_types(&mut self, submission: &Submission, digest: u64, line: u64) {
        for (index, event) in submission.events.iter().enumerate() {
            if event.kind.is_empty() || self.glossary.category(&event.kind).is_some() {
                continue;
            }
            let occurrence = ((submission.id.clone(), digest, line), index);
            let kind = (submission.agency.clone(), event.kind.to_lowercase());
            let first = self
                .unknown_types
                .entry(kind)
                .or_insert_with(|| occurrence.clone());
            if occurrence < *first {
                *first = occurrence;
            }
        }
    }
}
