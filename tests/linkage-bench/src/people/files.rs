//! Submissions with a key from another hand: children and families as `chronology link` finds them, against the key.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use linkage::Population;
use linkage::batch::{FirstPass, Glossary, People};
use serde::Deserialize;

use super::families::couples;
use super::measure::{Score, b_cubed, pairs, ratio};

/// What is true of the submissions.
#[derive(Deserialize)]
struct Key {
    children: BTreeMap<String, String>,
    families: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    twins: Vec<(String, String)>,
}

/// Measures one folder and prints the figures; with `show`, also what went wrong.
///
/// # Errors
/// Files that are missing or broken, a submission that the key does not know.
pub(crate) fn run(folder: &Path, threads: usize, show: bool) -> Result<()> {
    let key = File::open(folder.join("truth.json")).context("truth.json")?;
    let key: Key = serde_json::from_reader(BufReader::new(key)).context("truth.json")?;
    let glossary = Glossary::default();
    let mut first = FirstPass::new(&glossary);
    let lines = BufReader::new(File::open(folder.join("submissions.ndjson")).context("submissions.ndjson")?);
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
    let found = Found::of(people, &key)?;
    println!("{}: {} submissions, {} children", folder.display(), found.truth.len(), found.children());
    found.print(&key);
    println!("  {took:.1} s");
    if show {
        found.show(&texts, &key);
    }
    Ok(())
}

/// Children by number, the smaller first.
type Pairs = HashSet<(usize, usize)>;

/// What linkage found, beside what is true.
struct Found {
    people: People,
    /// The true child of each submission, by number, in the order of [`People::lines`].
    truth: Vec<usize>,
    /// True children by number.
    names: Vec<String>,
    clusters: Vec<Vec<usize>>,
}

impl Found {
    fn of(people: People, key: &Key) -> Result<Self> {
        let names: Vec<String> = key.children.values().collect::<BTreeSet<_>>().into_iter().cloned().collect();
        let numbers: HashMap<&str, usize> = names.iter().enumerate().map(|(n, name)| (name.as_str(), n)).collect();
        let truth: Vec<usize> = people
            .labels
            .iter()
            .map(|label| {
                let child = label.split('#').next().and_then(|id| key.children.get(id));
                child.and_then(|child| numbers.get(child.as_str()).copied()).with_context(|| label.clone())
            })
            .collect::<Result<_>>()?;
        let mut clusters = vec![Vec::new(); people.people.len()];
        people.person_of.iter().enumerate().for_each(|(place, person)| clusters[*person].push(place));
        Ok(Self { people, truth, names, clusters })
    }

    fn children(&self) -> usize {
        self.truth.iter().collect::<HashSet<_>>().len()
    }

    fn print(&self, key: &Key) {
        let (bp, br, _) = b_cubed(&self.clusters, &self.truth);
        let mixing = self.clusters.iter().filter(|cluster| self.about(cluster).len() > 1).count();
        println!("  children: {}; B-cubed {bp:.4} {br:.4}", pairs(&self.clusters, &self.truth));
        println!("  clusters mixing children {mixing} of {}", self.clusters.len());
        println!("  twin pairs merged {} of {}", self.twins(key), key.twins.len());
        let yes = self.people.questions.iter().filter(|one| self.is_yes(&one.submissions)).count();
        let mut about: HashMap<&str, usize> = HashMap::new();
        self.people.questions.iter().flat_map(|one| &one.people).for_each(|id| *about.entry(id).or_default() += 1);
        println!(
            "  questions {} = {:.2} per 100 children, {yes} of them yes; most about one child {}",
            self.people.questions.len(),
            100.0 * ratio(self.people.questions.len(), self.children()),
            about.values().max().copied().unwrap_or_default()
        );
        println!("  families: {}", self.families(key));
    }

    fn about(&self, cluster: &[usize]) -> HashSet<usize> {
        cluster.iter().map(|place| self.truth[*place]).collect()
    }

    fn twins(&self, key: &Key) -> usize {
        let mut together: HashSet<(&str, &str)> = HashSet::new();
        for cluster in &self.clusters {
            let about: Vec<usize> = self.about(cluster).into_iter().collect();
            for (a, b) in couples(&about) {
                together.insert((&self.names[a], &self.names[b]));
            }
        }
        let is = |a: &str, b: &str| together.contains(&(a, b)) || together.contains(&(b, a));
        key.twins.iter().filter(|(a, b)| is(a, b)).count()
    }

    fn is_yes(&self, submissions: &[String; 2]) -> bool {
        let child = |label: &String| self.people.labels.iter().position(|one| one == label).map(|at| self.truth[at]);
        child(&submissions[0]) == child(&submissions[1])
    }

    fn families(&self, key: &Key) -> Score {
        let (found, truth) = self.family_pairs(key);
        Score::of(&found, &truth)
    }

    /// Pairs of children of one family, found and true, each found child being the one that most of its submissions are about.
    fn family_pairs(&self, key: &Key) -> (Pairs, Pairs) {
        let majority: HashMap<&str, usize> = self
            .people
            .people
            .iter()
            .zip(&self.clusters)
            .filter_map(|(person, cluster)| {
                let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
                cluster.iter().for_each(|place| *counts.entry(self.truth[*place]).or_default() += 1);
                let most = counts.into_iter().max_by_key(|(child, count)| (*count, usize::MAX - child))?.0;
                Some((person.id.as_str(), most))
            })
            .collect();
        let theirs = |ids: &[String]| -> Vec<usize> {
            let theirs: BTreeSet<usize> = ids.iter().filter_map(|id| majority.get(id.as_str()).copied()).collect();
            theirs.into_iter().collect()
        };
        let found: HashSet<_> = self.people.families.iter().flat_map(|one| couples(&theirs(&one.children))).collect();
        let seen: HashSet<usize> = self.truth.iter().copied().collect();
        let mut by_family: HashMap<&str, Vec<usize>> = HashMap::new();
        for child in seen {
            for family in key.families.get(&self.names[child]).into_iter().flatten() {
                by_family.entry(family).or_default().push(child);
            }
        }
        let truth: HashSet<_> = by_family.values().flat_map(|children| couples(children)).collect();
        (found, truth)
    }

    /// Prints clusters that mix children, children in several clusters, and questions: everybody is invented.
    fn show(&self, texts: &HashMap<u64, String>, key: &Key) {
        let line = |place: usize| texts.get(&self.people.lines[place]).map_or("", String::as_str);
        let print = |places: &[usize]| {
            places.iter().for_each(|place| println!("    {} {}", self.names[self.truth[*place]], line(*place)));
        };
        for cluster in self.clusters.iter().filter(|cluster| self.about(cluster).len() > 1) {
            println!("  WRONG");
            print(cluster);
        }
        let mut by_child: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, cluster) in self.clusters.iter().enumerate() {
            self.about(cluster).into_iter().for_each(|child| by_child.entry(child).or_default().push(number));
        }
        for clusters in by_child.values().filter(|clusters| clusters.len() > 1) {
            println!("  MISSED");
            for cluster in clusters {
                println!("   ---");
                print(&self.clusters[*cluster]);
            }
        }
        let (found, truth) = self.family_pairs(key);
        for (what, pairs) in [("FAMILY WRONG", found.difference(&truth)), ("FAMILY MISSED", truth.difference(&found))] {
            for (a, b) in pairs.copied().collect::<BTreeSet<_>>() {
                println!("  {what}");
                for child in [a, b] {
                    println!("   ---");
                    let places: Vec<usize> =
                        (0..self.truth.len()).filter(|place| self.truth[*place] == child).collect();
                    print(&places);
                }
            }
        }
        for question in &self.people.questions {
            let facts: Vec<_> = question.evidence.iter().map(|fact| (fact.code.as_str(), fact.weight)).collect();
            println!("  ASKED {} {facts:?}", self.is_yes(&question.submissions));
            let places = question.submissions.iter().filter_map(|one| self.people.labels.iter().position(|l| l == one));
            print(&places.collect::<Vec<_>>());
        }
    }
}
