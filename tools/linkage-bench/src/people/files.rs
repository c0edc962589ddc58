//! Measures children and families, as `chronology link` finds them, on submissions with a key that
//! other authors generated.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use linkage::Population;
use linkage::batch::{FirstPass, Glossary, SortedPeople};
use serde::Deserialize;

use super::families::distinct_pairs;
use super::measure::{PairScore, b_cubed, pairs, ratio};

/// The key: the true children, families and twins of the submissions.
#[derive(Deserialize)]
struct Key {
    children: BTreeMap<String, String>,
    families: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    twins: Vec<(String, String)>,
}

/// Measures one folder and prints the figures, and with `show` also the errors.
///
/// # Errors
/// When a file is missing or malformed, or a submission is not in the key.
pub(crate) fn run(folder: &Path, threads: usize, show: bool) -> Result<()> {
    let key = File::open(folder.join("truth.json")).context("truth.json")?;
    let key: Key = serde_json::from_reader(BufReader::new(key)).context("truth.json")?;
    let glossary = Glossary::default();
    let mut first = FirstPass::new(&glossary);
    let lines = BufReader::new(
        File::open(folder.join("submissions.ndjson")).context("submissions.ndjson")?,
    );
    let mut texts: HashMap<u64, String> = HashMap::new();
    for (number, line) in (1..).zip(lines.lines()) {
        let line = line?;
        first.read(&line, number);
        if show {
            texts.insert(number, line);
        }
    }
    let started = Instant::now();
    let people = first.finish(threads, Population::Families).people;
    let took = started.elapsed().as_secs_f64();
    let found = LinkageResult::of(people, &key)?;
    println!(
        "{}: {} submissions, {} children",
        folder.display(),
        found.truth.len(),
        found.children()
    );
    found.print(&key);
    println!("  {took:.1} s");
    if show {
        found.show(&texts, &key);
    }
    Ok(())
}

/// Pairs of child numbers, the smaller number first.
type Pairs = HashSet<(usize, usize)>;

/// The result of linkage with the true children.
struct LinkageResult {
    people: SortedPeople,
    /// The true child of each submission, by number, in the order of [`SortedPeople::lines`].
    truth: Vec<usize>,
    /// The names of the true children, by number.
    names: Vec<String>,
    clusters: Vec<Vec<usize>>,
}

impl LinkageResult {
    fn of(people: SortedPeople, key: &Key) -> Result<Self> {
        let names: Vec<String> = key
            .children
            .values()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .cloned()
            .collect();
        let numbers: HashMap<&str, usize> = names
            .iter()
            .enumerate()
            .map(|(n, name)| (name.as_str(), n))
            .collect();
        let truth: Vec<usize> = people
            .labels
            .iter()
            .map(|label| {
                let child = label.split('#').next().and_then(|id| key.children.get(id));
                child
                    .and_then(|child| numbers.get(child.as_str()).copied())
                    .with_context(|| label.clone())
            })
            .collect::<Result<_>>()?;
        let mut clusters = vec![Vec::new(); people.people.len()];
        people
            .person_of
            .iter()
            .enumerate()
            .for_each(|(position, person)| clusters[*person].push(position));
        Ok(Self {
            people,
            truth,
            names,
            clusters,
        })
    }

    fn children(&self) -> usize {
        self.truth.iter().collect::<HashSet<_>>().len()
    }

    fn print(&self, key: &Key) {
        let (bp, br, _) = b_cubed(&self.clusters, &self.truth);
        let mixing = self
            .clusters
            .iter()
            .filter(|cluster| self.true_children(cluster).len() > 1)
            .count();
        println!(
            "  children: {}; B-cubed {bp:.4} {br:.4}",
            pairs(&self.clusters, &self.truth)
        );
        println!(
            "  clusters mixing children {mixing} of {}",
            self.clusters.len()
        );
        println!(
            "  twin pairs merged {} of {}",
            self.count_merged_twins(key),
            key.twins.len()
        );
        let yes = self
            .people
            .questions
            .iter()
            .filter(|question| self.is_yes(&question.submissions))
            .count();
        let mut question_counts: HashMap<&str, usize> = HashMap::new();
        self.people
            .questions
            .iter()
            .flat_map(|question| &question.people)
            .for_each(|id| *question_counts.entry(id).or_default() += 1);
        println!(
            "  questions {} = {:.2} per 100 children, {yes} of them yes; most about one child {}",
            self.people.questions.len(),
            100.0 * ratio(self.people.questions.len(), self.children()),
            question_counts.values().max().copied().unwrap_or_default()
        );
        println!("  families: {}", self.families(key));
    }

    fn true_children(&self, cluster: &[usize]) -> HashSet<usize> {
        cluster
            .iter()
            .map(|position| self.truth[*position])
            .collect()
    }

    fn count_merged_twins(&self, key: &Key) -> usize {
        let mut together: HashSet<(&str, &str)> = HashSet::new();
        for cluster in &self.clusters {
            let children: Vec<usize> = self.true_children(cluster).into_iter().collect();
            for (a, b) in distinct_pairs(&children) {
                together.insert((&self.names[a], &self.names[b]));
            }
        }
        let is = |a: &str, b: &str| together.contains(&(a, b)) || together.contains(&(b, a));
        key.twins.iter().filter(|(a, b)| is(a, b)).count()
    }

    fn is_yes(&self, submissions: &[String; 2]) -> bool {
        let child = |label: &String| {
            self.people
                .labels
                .iter()
                .position(|candidate| candidate == label)
                .map(|at| self.truth[at])
        };
        child(&submissions[0]) == child(&submissions[1])
    }

    fn families(&self, key: &Key) -> PairScore {
        let (found, truth) = self.family_pairs(key);
        PairScore::of(&found, &truth)
    }

    /// Pairs of children of one family, found and true. A found child counts as the child that most
    /// of its submissions are about.
    fn family_pairs(&self, key: &Key) -> (Pairs, Pairs) {
        let majority: HashMap<&str, usize> = self
            .people
            .people
            .iter()
            .zip(&self.clusters)
            .filter_map(|(person, cluster)| {
                let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
                cluster
                    .iter()
                    .for_each(|position| *counts.entry(self.truth[*position]).or_default() += 1);
                let most = counts
                    .into_iter()
                    .max_by_key(|(child, count)| (*count, usize::MAX - child))?
                    .0;
                Some((person.id.as_str(), most))
            })
            .collect();
        let children_of = |ids: &[String]| -> Vec<usize> {
            let children: BTreeSet<usize> = ids
                .iter()
                .filter_map(|id| majority.get(id.as_str()).copied())
                .collect();
            children.into_iter().collect()
        };
        let found: HashSet<_> = self
            .people
            .families
            .iter()
            .flat_map(|family| distinct_pairs(&children_of(&family.children)))
            .collect();
        let seen: HashSet<usize> = self.truth.iter().copied().collect();
        let mut by_family: HashMap<&str, Vec<usize>> = HashMap::new();
        for child in seen {
            for family in key.families.get(&self.names[child]).into_iter().flatten() {
                by_family.entry(family).or_default().push(child);
            }
        }
        let truth: HashSet<_> = by_family
            .values()
            .flat_map(|children| distinct_pairs(children))
            .collect();
        (found, truth)
    }

    /// Prints clusters that mix children, children in several clusters, and questions. All people
    /// are invented.
    fn show(&self, texts: &HashMap<u64, String>, key: &Key) {
        self.show_clusters(texts);
        self.show_families(texts, key);
        self.show_questions(texts);
    }

    fn show_clusters(&self, texts: &HashMap<u64, String>) {
        for cluster in self
            .clusters
            .iter()
            .filter(|cluster| self.true_children(cluster).len() > 1)
        {
            println!("  WRONG");
            self.print_submissions(texts, cluster);
        }
        let mut by_child: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, cluster) in self.clusters.iter().enumerate() {
            self.true_children(cluster)
                .into_iter()
                .for_each(|child| by_child.entry(child).or_default().push(number));
        }
        for clusters in by_child.values().filter(|clusters| clusters.len() > 1) {
            println!("  MISSED");
            for cluster in clusters {
                println!("   ---");
                self.print_submissions(texts, &self.clusters[*cluster]);
            }
        }
    }

    fn show_families(&self, texts: &HashMap<u64, String>, key: &Key) {
        let (found, truth) = self.family_pairs(key);
        for (what, pairs) in [
            ("FAMILY WRONG", found.difference(&truth)),
            ("FAMILY MISSED", truth.difference(&found)),
        ] {
            for (a, b) in pairs.copied().collect::<BTreeSet<_>>() {
                println!("  {what}");
                for child in [a, b] {
                    println!("   ---");
                    let positions: Vec<usize> = (0..self.truth.len())
                        .filter(|position| self.truth[*position] == child)
                        .collect();
                    self.print_submissions(texts, &positions);
                }
            }
        }
    }

    fn show_questions(&self, texts: &HashMap<u64, String>) {
        for question in &self.people.questions {
            let facts: Vec<_> = question
                .evidence
                .iter()
                .map(|fact| (fact.code.as_str(), fact.weight))
                .collect();
            println!("  ASKED {} {facts:?}", self.is_yes(&question.submissions));
            let positions = question
                .submissions
                .iter()
                .filter_map(|submission| self.people.labels.iter().position(|l| l == submission));
            self.print_submissions(texts, &positions.collect::<Vec<_>>());
        }
    }

    /// Prints submissions with the names of their true children.
    fn print_submissions(&self, texts: &HashMap<u64, String>, positions: &[usize]) {
        for position in positions {
            let line = texts
                .get(&self.people.lines[*position])
                .map_or("", String::as_str);
            println!("    {} {line}", self.names[self.truth[*position]]);
        }
    }
}
