//! The links as one JSON document, written as they are found.

use std::io::{self, Write};

use linkage::batch::{ChildOut, Counts, FORMAT, Finding, People, Row, Sorted, Suggested};
use serde::Serialize;

/// A document that is being written, in the order of the fields of `linkage::batch::Links`; one item a line.
pub(super) struct Document<'o> {
    out: &'o mut dyn Write,
    counts: Counts,
}

impl<'o> Document<'o> {
    pub(super) fn begin(out: &'o mut dyn Write) -> io::Result<Self> {
        let mut document = Self { out, counts: Counts::default() };
        document.out.write_all(b"{\"format\":")?;
        document.value(&FORMAT)?;
        Ok(document)
    }

    /// Children, adults, families, questions.
    pub(super) fn people(&mut self, people: &People) -> io::Result<()> {
        let (children, adults): (Vec<&ChildOut>, Vec<&ChildOut>) =
            people.people.iter().partition(|person| person.is_child());
        self.counts.children = children.len();
        self.counts.adults = adults.len();
        self.counts.families = people.families.len();
        self.counts.questions = people.questions.len();
        self.list("children", &children)?;
        self.list("adults", &adults)?;
        self.list("families", &people.families)?;
        self.list("questions", &people.questions)
    }

    pub(super) fn begin_rows(&mut self) -> io::Result<()> {
        self.out.write_all(b",\n\"rows\":[")
    }

    pub(super) fn row(&mut self, row: &Row) -> io::Result<()> {
        self.out.write_all(if self.counts.rows == 0 { b"\n" } else { b",\n" })?;
        self.counts.rows += 1;
        self.counts.entries += row.entries.len();
        self.value(row)
    }

    pub(super) fn end_rows(&mut self) -> io::Result<()> {
        self.out.write_all(b"]")
    }

    /// How many rows there are so far.
    pub(super) const fn rows(&self) -> usize {
        self.counts.rows
    }

    pub(super) fn list<T: Serialize>(&mut self, name: &str, items: &[T]) -> io::Result<()> {
        write!(self.out, ",\n\"{name}\":[")?;
        for (place, item) in items.iter().enumerate() {
            self.out.write_all(if place == 0 { b"\n" } else { b",\n" })?;
            self.value(item)?;
        }
        self.out.write_all(b"]")
    }

    /// Events that may be one.
    pub(super) fn suggested(&mut self, suggested: &[Suggested]) -> io::Result<()> {
        self.counts.suggested = suggested.len();
        self.list("suggested", suggested)
    }

    /// Warnings, lines that could not be read, and counts.
    pub(super) fn end(mut self, sorted: &Sorted, warnings: &[Finding]) -> io::Result<Counts> {
        self.list("warnings", warnings)?;
        self.list("failed_lines", &sorted.failed)?;
        self.counts.lines = sorted.lines;
        self.counts.failed_lines = sorted.failed.len();
        self.counts.warnings = warnings.len();
        let counts = self.counts;
        self.out.write_all(b",\n\"counts\":")?;
        self.value(&counts)?;
        self.out.write_all(b"}\n")?;
        self.out.flush()?;
        Ok(counts)
    }

    fn value(&mut self, value: &impl Serialize) -> io::Result<()> {
        Ok(serde_json::to_writer(&mut *self.out, value)?)
    }
}
