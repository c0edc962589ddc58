//! Writes the links as one JSON document while they are computed.

use std::io::{self, Write};

use linkage::batch::{
    EventRow, FORMAT, Finding, FirstPassResult, LinkCounts, PersonOut, SortedPeople, SuggestedRows,
};
use serde::Serialize;

/// A document that is being written, in the field order of `linkage::batch::Links`, one item per
/// line.
pub(super) struct Document<'o> {
    out: &'o mut dyn Write,
    counts: LinkCounts,
}

impl<'o> Document<'o> {
    pub(super) fn begin(out: &'o mut dyn Write) -> io::Result<Self> {
        let mut document = Self {
            out,
            counts: LinkCounts::default(),
        };
        document.out.write_all(b"{\"format\":")?;
        document.write_value(&FORMAT)?;
        Ok(document)
    }

    /// Writes children, adults, families and questions.
    pub(super) fn write_people(&mut self, people: &SortedPeople) -> io::Result<()> {
        let (children, adults): (Vec<&PersonOut>, Vec<&PersonOut>) =
            people.people.iter().partition(|person| person.is_child());
        self.counts.children = children.len();
        self.counts.adults = adults.len();
        self.counts.families = people.families.len();
        self.counts.questions = people.questions.len();
        self.write_list("children", &children)?;
        self.write_list("adults", &adults)?;
        self.write_list("families", &people.families)?;
        self.write_list("questions", &people.questions)
    }

    pub(super) fn begin_rows(&mut self) -> io::Result<()> {
        self.out.write_all(b",\n\"rows\":[")
    }

    pub(super) fn write_row(&mut self, row: &EventRow) -> io::Result<()> {
        self.out
            .write_all(if self.counts.rows == 0 { b"\n" } else { b",\n" })?;
        self.counts.rows += 1;
        self.counts.entries += row.entries.len();
        self.write_value(row)
    }

    pub(super) fn end_rows(&mut self) -> io::Result<()> {
        self.out.write_all(b"]")
    }

    /// Number of rows written so far.
    pub(super) const fn row_count(&self) -> usize {
        self.counts.rows
    }

    pub(super) fn write_list<T: Serialize>(&mut self, name: &str, items: &[T]) -> io::Result<()> {
        write!(self.out, ",\n\"{name}\":[")?;
        for (index, item) in items.iter().enumerate() {
            self.out
                .write_all(if index == 0 { b"\n" } else { b",\n" })?;
            self.write_value(item)?;
        }
        self.out.write_all(b"]")
    }

    /// Writes pairs of events that may be the same.
    pub(super) fn write_suggested(&mut self, suggested: &[SuggestedRows]) -> io::Result<()> {
        self.counts.suggested = suggested.len();
        self.write_list("suggested", suggested)
    }

    /// Writes warnings, unreadable lines and counts, and flushes the document.
    pub(super) fn finish(
        mut self,
        first_pass: &FirstPassResult,
        warnings: &[Finding],
    ) -> io::Result<LinkCounts> {
        self.write_list("warnings", warnings)?;
        self.write_list("failed_lines", &first_pass.failed_lines)?;
        self.counts.lines = first_pass.lines;
        self.counts.failed_lines = first_pass.failed_lines.len();
        self.counts.warnings = warnings.len();
        let counts = self.counts;
        self.out.write_all(b",\n\"counts\":")?;
        self.write_value(&counts)?;
        self.out.write_all(b"}\n")?;
        self.out.flush()?;
        Ok(counts)
    }

    fn write_value(&mut self, value: &impl Serialize) -> io::Result<()> {
        Ok(serde_json::to_writer(&mut *self.out, value)?)
    }
}
