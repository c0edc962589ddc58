//! `chronology link`: runs linkage over a file, so that a partnership can check its data before it
//! goes live. It uses the code of the service but no database.
//!
//! The file is read twice. The first pass validates every line and keeps people and line positions.
//! The second pass reads the events of one connected component of families at a time, so that only
//! its narrative is in memory.

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
    AgencyRepeats, EvidenceWording, FamilyComponent, FirstPass, FirstPassResult, Glossary,
    RelatedRows, Submission, SuggestedRows, digest, link_component, read_line,
};

use crate::{files, output, process};
use document::Document;
use lines::{LineReader, LineSpan};
use progress::Progress;

/// Exit status when lines could not be read, which is not a failure of the command.
const UNREADABLE_LINES: u8 = 2;
/// Number of unreadable lines listed at the terminal. The document lists all of them.
const MAX_LISTED_LINES: usize = 20;
/// JSON Schema of one submission, which is one line of the input.
const INPUT_SCHEMA: &str = include_str!("../../../deploy/schemas/submission.schema.json");
/// JSON Schema of the output.
const OUTPUT_SCHEMA: &str = include_str!("../../../deploy/schemas/links.schema.json");

/// What to link.
#[derive(Debug, Clone, Args)]
pub(crate) struct LinkArgs {
    /// File of submissions, one JSON object per line.
    #[arg(long, value_name = "FILE", required_unless_present = "schema")]
    input: Option<PathBuf>,
    /// File to write the links to, with mode 0600. An existing file is replaced once the new one is
    /// complete.
    #[arg(long, value_name = "FILE", required_unless_present = "schema")]
    output: Option<PathBuf>,
    /// Your agencies' own terms for types of events and the categories they stand for: TOML,
    /// [glossary] "our term" = "CATEGORY".
    #[arg(long, value_name = "FILE")]
    glossary: Option<PathBuf>,
    /// Also use the glossary of this partnership from the configuration.
    #[arg(long, value_name = "CODE")]
    partnership: Option<String>,
    /// Give the reasons about events in words that quote the submissions. The output then contains
    /// narrative.
    #[arg(long)]
    quote: bool,
    /// Which people the file is about: children of families, or a register of people who are mostly
    /// not related.
    #[arg(long, value_name = "WHICH", default_value = "families")]
    population: PopulationChoice,
    /// Print the JSON Schema of an input line or of the output, and end.
    #[arg(long, value_name = "WHICH", conflicts_with_all = ["input", "output", "glossary", "partnership", "quote"])]
    schema: Option<Schema>,
}

/// Which people the file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PopulationChoice {
    /// Families, in which brothers, sisters and twins share home, name and birthday.
    Families,
    /// A register of people who are mostly not related, such as adults: one birthday at one address
    /// is one person.
    Register,
}

impl From<PopulationChoice> for Population {
    fn from(choice: PopulationChoice) -> Self {
        match choice {
            PopulationChoice::Families => Self::Families,
            PopulationChoice::Register => Self::Register,
        }
    }
}

/// Selects one of the two schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Schema {
    Input,
    Output,
}

/// Links a file, or prints a schema. Ends with status 2 when lines could not be read; all others
/// are still written.
///
/// # Errors
/// Fails when a file cannot be read or written, or the glossary is invalid.
pub(crate) fn run(arguments: &LinkArgs, config: Option<&Path>) -> anyhow::Result<ExitCode> {
    match arguments.schema {
        Some(Schema::Input) => output::print_text(INPUT_SCHEMA)?,
        Some(Schema::Output) => output::print_text(OUTPUT_SCHEMA)?,
        None => return link_file(arguments, config),
    }
    Ok(ExitCode::SUCCESS)
}

fn link_file(arguments: &LinkArgs, config: Option<&Path>) -> anyhow::Result<ExitCode> {
    process::harden();
    let (Some(input), Some(target)) = (&arguments.input, &arguments.output) else {
        bail!("--input and --output are required");
    };
    if fs::canonicalize(target)
        .is_ok_and(|target| fs::canonicalize(input).is_ok_and(|input| input == target))
    {
        bail!("{}: input and output are the same file", target.display());
    }
    let glossary = glossary::load_glossary(
        arguments.glossary.as_deref(),
        arguments.partnership.as_deref(),
        config,
    )?;
    let file = File::open(input).with_context(|| format!("{}: cannot be read", input.display()))?;
    let run = LinkRun::run_first_pass(file, &glossary, arguments.population.into())
        .with_context(|| input.display().to_string())?;
    let reasons = if arguments.quote {
        EvidenceWording::Quoting
    } else {
        EvidenceWording::Standard
    };
    let summary = files::write_private_with(target, |out| run.write(out, reasons))?;
    print_summary(&summary)?;
    Ok(if summary.failed_lines.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(UNREADABLE_LINES)
    })
}

/// Summary for the terminal: counts and positions, never a name or text.
struct LinkSummary {
    counts: linkage::batch::LinkCounts,
    failed_lines: Vec<String>,
}

fn print_summary(summary: &LinkSummary) -> std::io::Result<()> {
    let counts = &summary.counts;
    output::print_note(&format!(
        "{} lines, {} entries: {} children and {} adults in {} families, {} events; {} questions for people, {} pairs of \
         events that may be the same, {} warnings",
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
    for failed in summary.failed_lines.iter().take(MAX_LISTED_LINES) {
        output::print_note(failed)?;
    }
    let more = summary.failed_lines.len().saturating_sub(MAX_LISTED_LINES);
    if more > 0 {
        output::print_note(&format!(
            "and {more} more lines that could not be read: see failed_lines"
        ))?;
    }
    Ok(())
}

/// State between the two passes.
struct LinkRun<'g> {
    lines: LineReader,
    line_spans: HashMap<u64, (LineSpan, u64)>,
    first_pass: FirstPassResult,
    glossary: &'g Glossary,
}

impl<'g> LinkRun<'g> {
    fn run_first_pass(
        file: File,
        glossary: &'g Glossary,
        population: Population,
    ) -> anyhow::Result<Self> {
        let mut lines = LineReader::open(file)?;
        let progress = Progress::with_bytes("reading", lines.size());
        let mut first_pass = FirstPass::new(glossary);
        let mut line_spans = HashMap::new();
        while let Some(line) = lines.next_line()? {
            progress.set_position(line.span.end());
            match line.text {
                Ok(text) => {
                    if first_pass.read(text, line.number).is_some() {
                        line_spans.insert(line.number, (line.span, digest(text.trim())));
                    }
                }
                Err(fault) => first_pass.record_failure(fault),
            }
        }
        progress.finish();
        let progress = Progress::spinner("comparing people");
        let first_pass = first_pass.finish(
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            population,
        );
        progress.finish();
        Ok(Self {
            lines,
            line_spans,
            first_pass,
            glossary,
        })
    }

    /// Runs the second pass and writes the document while doing so.
    fn write(
        mut self,
        out: &mut dyn Write,
        reasons: EvidenceWording,
    ) -> anyhow::Result<LinkSummary> {
        let mut document = Document::begin(out)?;
        document.write_people(&self.first_pass.people)?;
        let mut links_so_far = EventLinks::default();
        document.begin_rows()?;
        let components = std::mem::take(&mut self.first_pass.people.components);
        let progress = Progress::with_count("linking events", self.line_spans.len());
        for component in &components {
            let submissions = self.submissions(component)?;
            let first_row = document.row_count();
            let component_links = link_component(
                &self.first_pass.people,
                component,
                &submissions,
                self.glossary,
                first_row,
                reasons,
            );
            for row in &component_links.rows {
                document.write_row(row)?;
            }
            links_so_far.told_once.extend(component_links.told_once);
            links_so_far.linked.extend(component_links.linked);
            links_so_far.related.extend(component_links.related);
            links_so_far.suggested.extend(component_links.suggested);
            self.first_pass.warnings.extend(component_links.findings);
            progress.advance(component.submissions.len());
        }
        progress.finish();
        document.end_rows()?;
        document.write_list("told_once", &links_so_far.told_once)?;
        document.write_list("linked", &links_so_far.linked)?;
        document.write_list("related", &links_so_far.related)?;
        document.write_suggested(&links_so_far.suggested)?;
        let warnings = self
            .first_pass
            .people
            .label_findings(std::mem::take(&mut self.first_pass.warnings));
        let counts = document.finish(&self.first_pass, &warnings)?;
        let failed = self.first_pass.failed_lines.iter().map(|fault| {
            let field = if fault.field.is_empty() {
                String::new()
            } else {
                format!(", {}", fault.field)
            };
            format!("line {}{field}: {}", fault.line, fault.message)
        });
        Ok(LinkSummary {
            counts,
            failed_lines: failed.collect(),
        })
    }

    /// Reads the submissions of a component again.
    fn submissions(&mut self, component: &FamilyComponent) -> anyhow::Result<Vec<Submission>> {
        let mut submissions = Vec::with_capacity(component.submissions.len());
        for number in component
            .submissions
            .iter()
            .filter_map(|index| self.first_pass.people.lines.get(*index))
        {
            let Some((span, expected_digest)) = self.line_spans.get(number) else {
                continue;
            };
            let text = self.lines.reread(span)?;
            if digest(text.trim()) != *expected_digest {
                bail!("line {number} changed while the file was being read");
            }
            submissions.extend(
                read_line(&text, *number)
                    .map(|(submission, _)| submission)
                    .ok(),
            );
        }
        Ok(submissions)
    }
}

/// Links that are written after the rows.
#[derive(Default)]
struct EventLinks {
    told_once: Vec<AgencyRepeats>,
    linked: Vec<linkage::batch::LinkedAccounts>,
    related: Vec<RelatedRows>,
    suggested: Vec<SuggestedRows>,
}
