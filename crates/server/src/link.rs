//! `chronology link`: linkage over a file, for a partnership's own check of its data before it goes live. It runs the
//! service's code and touches no database.
//!
//! The file is read twice. The first reading checks every line and remembers people and where each line stands; the
//! second takes the events of one circle of families after another, so that narrative of no more than one is in memory.

mod document;
mod glossary;
mod lines;
mod progress;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use linkage::Population;
use linkage::batch::{
    Circle, FirstPass, Glossary, Reasons, Related, Sorted, Submission, Suggested, ToldOnce, digest, link_circle,
    read_line,
};

use crate::{files, output, process};
use document::Document;
use lines::{Lines, Place};
use progress::Progress;

/// A line could not be read; told apart from a failure.
const NOT_ALL_READ: u8 = 2;
/// The most lines that could not be read that are named at the terminal; the document has all.
const NAMED: usize = 20;
/// One submission a line, as JSON Schema.
const INPUT: &str = include_str!("../../../deploy/schemas/submission.schema.json");
/// What is written, as JSON Schema.
const OUTPUT: &str = include_str!("../../../deploy/schemas/links.schema.json");

/// What to link.
#[derive(Debug, Clone, Args)]
pub(crate) struct LinkArgs {
    /// File of submissions, one JSON object a line.
    #[arg(long, value_name = "FILE", required_unless_present = "schema")]
    input: Option<PathBuf>,
    /// Where the links are written, mode 0600; a file that is there is replaced once the new one is whole.
    #[arg(long, value_name = "FILE", required_unless_present = "schema")]
    output: Option<PathBuf>,
    /// Your agencies' own words for types of events and the categories they stand for: TOML, [glossary] "our word" = "CATEGORY".
    #[arg(long, value_name = "FILE")]
    glossary: Option<PathBuf>,
    /// Take the glossary of this partnership from the configuration, too.
    #[arg(long, value_name = "CODE")]
    partnership: Option<String>,
    /// Put the reasons about events into words that quote what the submissions say: the output then holds narrative.
    #[arg(long)]
    quote: bool,
    /// Among whom people are looked for: the children of families, or a register of people who mostly are not related.
    #[arg(long, value_name = "WHICH", default_value = "families")]
    population: Among,
    /// Print the JSON Schema of a line of the input, or of the output, and end.
    #[arg(long, value_name = "WHICH", conflicts_with_all = ["input", "output", "glossary", "partnership", "quote"])]
    schema: Option<Schema>,
}

/// Among whom people are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Among {
    /// Families, in which brothers, sisters and twins share home, name and birthday.
    Families,
    /// A register of people who mostly are not related, such as adults: one birthday at one address is one person.
    Register,
}

impl From<Among> for Population {
    fn from(among: Among) -> Self {
        match among {
            Among::Families => Self::Families,
            Among::Register => Self::Register,
        }
    }
}

/// One of the two documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Schema {
    Input,
    Output,
}

/// Links a file, or prints a schema. Ends with status 2 when a line could not be read; the rest is written all the same.
///
/// # Errors
/// When a file cannot be read or written, or the glossary has mistakes.
pub(crate) fn link(arguments: &LinkArgs, config: Option<&Path>) -> anyhow::Result<ExitCode> {
    match arguments.schema {
        Some(Schema::Input) => output::text(INPUT)?,
        Some(Schema::Output) => output::text(OUTPUT)?,
        None => return link_file(arguments, config),
    }
    Ok(ExitCode::SUCCESS)
}

fn link_file(arguments: &LinkArgs, config: Option<&Path>) -> anyhow::Result<ExitCode> {
    process::harden();
    let (Some(input), Some(target)) = (&arguments.input, &arguments.output) else {
        bail!("--input and --output are needed");
    };
    if fs::canonicalize(target).is_ok_and(|target| fs::canonicalize(input).is_ok_and(|input| input == target)) {
        bail!("{}: input and output are the same file", target.display());
    }
    let glossary = glossary::read(arguments.glossary.as_deref(), arguments.partnership.as_deref(), config)?;
    let file = File::open(input).with_context(|| format!("{}: cannot be read", input.display()))?;
    let linking = Linking::first_reading(file, &glossary, arguments.population.into())
        .with_context(|| input.display().to_string())?;
    let reasons = if arguments.quote { Reasons::Quoting } else { Reasons::Standing };
    let written = files::write_private_through(target, |out| linking.write(out, reasons))?;
    tell(&written)?;
    Ok(if written.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(NOT_ALL_READ) })
}

/// What is said at the terminal: counts and places, never a name or a text.
struct Told {
    counts: linkage::batch::Counts,
    failed: Vec<String>,
}

fn tell(told: &Told) -> std::io::Result<()> {
    let counts = &told.counts;
    output::note(&format!(
        "{} lines, {} entries: {} children and {} adults in {} families, {} events; {} questions for a person, {} pairs of \
         events that may be one, {} warnings",
        counts.lines,
        counts.entries,
        counts.children,
        counts.adults,
        counts.families,
        counts.rows,
        counts.questions,
        counts.suggested,
        counts.warnings,
    ))?;
    for failed in told.failed.iter().take(NAMED) {
        output::note(failed)?;
    }
    let more = told.failed.len().saturating_sub(NAMED);
    if more > 0 {
        output::note(&format!("and {more} more lines that could not be read: see failed_lines"))?;
    }
    Ok(())
}

/// Between the two readings.
struct Linking<'g> {
    lines: Lines,
    places: HashMap<u64, (Place, u64)>,
    sorted: Sorted,
    glossary: &'g Glossary,
}

impl<'g> Linking<'g> {
    fn first_reading(file: File, glossary: &'g Glossary, population: Population) -> anyhow::Result<Self> {
        let mut lines = Lines::of(file)?;
        let progress = Progress::of_bytes("reading", lines.size());
        let mut first = FirstPass::new(glossary);
        let mut places = HashMap::new();
        while let Some(line) = lines.next_line()? {
            progress.at(line.place.end());
            match line.text {
                Ok(text) => {
                    if first.read(text, line.number).is_some() {
                        places.insert(line.number, (line.place, digest(text.trim())));
                    }
                }
                Err(fault) => first.fault(fault),
            }
        }
        progress.finish();
        let progress = Progress::of_unknown("comparing people");
        let sorted = first.finish(std::thread::available_parallelism().map_or(1, std::num::NonZero::get), population);
        progress.finish();
        Ok(Self { lines, places, sorted, glossary })
    }

    /// The second reading, written as it goes.
    fn write(mut self, out: &mut dyn Write, reasons: Reasons) -> anyhow::Result<Told> {
        let mut document = Document::begin(out)?;
        document.people(&self.sorted.people)?;
        let mut found = Found::default();
        document.begin_rows()?;
        let circles = std::mem::take(&mut self.sorted.people.circles);
        let progress = Progress::of_count("linking events", self.places.len());
        for circle in &circles {
            let submissions = self.submissions(circle)?;
            let before = document.rows();
            let links = link_circle(&self.sorted.people, circle, &submissions, self.glossary, before, reasons);
            for row in &links.rows {
                document.row(row)?;
            }
            found.told_once.extend(links.told_once);
            found.linked.extend(links.linked);
            found.related.extend(links.related);
            found.suggested.extend(links.suggested);
            self.sorted.noticed.extend(links.findings);
            progress.on(circle.submissions.len());
        }
        progress.finish();
        document.end_rows()?;
        document.list("told_once", &found.told_once)?;
        document.list("linked", &found.linked)?;
        document.list("related", &found.related)?;
        document.suggested(&found.suggested)?;
        let warnings = self.sorted.people.labelled(std::mem::take(&mut self.sorted.noticed));
        let counts = document.end(&self.sorted, &warnings)?;
        let failed = self.sorted.failed.iter().map(|fault| {
            let place = if fault.field.is_empty() { String::new() } else { format!(", {}", fault.field) };
            format!("line {}{place}: {}", fault.line, fault.message)
        });
        Ok(Told { counts, failed: failed.collect() })
    }

    /// The submissions of a circle, read again.
    fn submissions(&mut self, circle: &Circle) -> anyhow::Result<Vec<Submission>> {
        let mut submissions = Vec::with_capacity(circle.submissions.len());
        for number in circle.submissions.iter().filter_map(|place| self.sorted.people.lines.get(*place)) {
            let Some((place, known)) = self.places.get(number) else { continue };
            let text = self.lines.again(place)?;
            if digest(text.trim()) != *known {
                bail!("line {number} has changed while the file was read");
            }
            submissions.extend(read_line(&text, *number).map(|(submission, _)| submission).ok());
        }
        Ok(submissions)
    }
}

/// What is written after the rows.
#[derive(Default)]
struct Found {
    told_once: Vec<ToldOnce>,
    linked: Vec<linkage::batch::Linked>,
    related: Vec<Related>,
    suggested: Vec<Suggested>,
}
