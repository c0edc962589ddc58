//! All subjects of a file, sorted into people, families, and circles of families that share a child.

use std::collections::{BTreeMap, BTreeSet};

use domain::PersonKind;

use super::finding::{Finding, FindingCode};
use super::links::{ChildOut, EvidenceOut, FamilyOut, QuestionOut, SubjectOut};
use super::parents;
use super::references;
use super::submission::{Subject, Submission};
use crate::person::{ChildCluster, Family, PersonFacts, Population, Question, cluster_children, cluster_families};

/// What is kept of a submission while its events are left in the file.
#[derive(Debug, Clone)]
pub struct Head {
    /// The line in the file, from 1.
    pub line: u64,
    /// A number for the line's text, so that a submission sent twice keeps its place in every order of lines.
    pub digest: u64,
    /// The submission's own id.
    pub id: Option<String>,
    /// The agency.
    pub agency: String,
    /// Whom it is about.
    pub subject: Subject,
    /// How many events it has.
    pub events: usize,
}

impl Head {
    /// The head of a submission that stands on `line`.
    #[must_use]
    pub fn of(submission: &Submission, line: u64, digest: u64) -> Self {
        Self {
            line,
            digest,
            id: submission.id.clone(),
            agency: submission.agency.clone(),
            subject: submission.subject.clone(),
            events: submission.events.len(),
        }
    }
}

/// Families that share children, directly or through others: their events are linked together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// Its people, by their place in [`People::people`], ascending.
    pub people: Vec<usize>,
    /// Its submissions, by their place in [`People::lines`], ascending.
    pub submissions: Vec<usize>,
}

/// Everybody a file is about.
#[derive(Debug, Clone)]
pub struct People {
    /// Children and adults, each once.
    pub people: Vec<ChildOut>,
    /// Families; a child may be in two.
    pub families: Vec<FamilyOut>,
    /// What is left for a person to decide.
    pub questions: Vec<QuestionOut>,
    /// Every person is in exactly one.
    pub circles: Vec<Circle>,
    /// The line of each submission, in an order that does not depend on the order of the lines.
    pub lines: Vec<u64>,
    /// What each submission is called.
    pub labels: Vec<String>,
    /// Whose submission each is: a place in [`People::people`].
    pub person_of: Vec<usize>,
    /// The families of each person, by their place in [`People::families`].
    pub families_of: Vec<Vec<usize>>,
    /// What was noticed of ids.
    pub findings: Vec<Finding>,
}

/// Sorts the subjects of all submissions. `threads` changes how long it takes, not the result.
#[must_use]
pub fn sort_people(mut heads: Vec<Head>, threads: usize, population: Population) -> People {
    heads.sort_by(|a, b| (&a.id, a.digest, a.line).cmp(&(&b.id, b.digest, b.line)));
    let (labels, findings) = labels(&heads);
    let subjects = subjects(&heads, &labels);
    references::sort_out(&mut heads);
    for (place, head) in heads.iter_mut().enumerate() {
        // What sorts before any reference of an agency, so that no relation can point at it by chance.
        head.subject.facts.key = format!("\u{1}{place:012}");
    }
    let lines = heads.iter().map(|head| head.line).collect();
    let records: Vec<PersonFacts> = heads.into_iter().map(|head| head.subject.facts).collect();
    let sorted = cluster_children(&records, population, threads);
    let clusters = sorted.clusters;
    let families = families(&records, &clusters);
    let joined = parents::join(&records, &clusters, &families);
    let people = people(&records, &clusters, &subjects);
    let mut families_of = vec![Vec::new(); people.len()];
    let families: Vec<FamilyOut> = families
        .iter()
        .zip(joined)
        .enumerate()
        .map(|(n, (f, adults))| family(n, f, &adults, &people, &mut families_of))
        .collect();
    let mut person_of = vec![0; labels.len()];
    for (person, cluster) in clusters.iter().enumerate() {
        for member in &cluster.members {
            if let Some(place) = person_of.get_mut(*member) {
                *place = person;
            }
        }
    }
    let questions = sorted.questions.iter().filter_map(|one| question(one, &labels, &person_of, &people)).collect();
    let circles = circles(&person_of, &families_of, families.len());
    People { people, families, questions, circles, lines, labels, person_of, families_of, findings }
}

/// What each submission is called: its id where that is its alone, else with its line.
fn labels(heads: &[Head]) -> (Vec<String>, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut labels = Vec::with_capacity(heads.len());
    for (place, head) in heads.iter().enumerate() {
        let Some(id) = &head.id else {
            labels.push(format!("#{}", head.line));
            continue;
        };
        let same = |other: Option<&Head>| other.is_some_and(|other| other.id == head.id);
        let before = place.checked_sub(1).and_then(|before| heads.get(before));
        let repeated = same(before) || same(heads.get(place + 1));
        let plain = encoded(id);
        let label = if repeated { format!("{plain}#{}", head.line) } else { plain };
        if repeated {
            findings.push(Finding::new(head.line, "submission", FindingCode::SubmissionRepeated).of(&label));
        }
        labels.push(label);
    }
    (labels, findings)
}

/// An id in which the signs that a label is made with are written as in URLs.
fn encoded(id: &str) -> String {
    id.replace('%', "%25").replace('/', "%2F").replace('#', "%23")
}

fn subjects(heads: &[Head], labels: &[String]) -> Vec<SubjectOut> {
    let subject = |(head, label): (&Head, &String)| SubjectOut {
        submission: label.clone(),
        agency: head.agency.clone(),
        id: head.subject.id.clone(),
        events: head.events,
    };
    heads.iter().zip(labels).map(subject).collect()
}

fn kind_of(records: &[PersonFacts], cluster: &ChildCluster) -> PersonKind {
    cluster.members.first().and_then(|member| records.get(*member)).map_or(PersonKind::Child, |facts| facts.kind)
}

/// Families of the children, their places among all people.
fn families(records: &[PersonFacts], clusters: &[ChildCluster]) -> Vec<Family> {
    let is_child =
        |place: &usize| clusters.get(*place).is_some_and(|cluster| kind_of(records, cluster) == PersonKind::Child);
    let places: Vec<usize> = (0..clusters.len()).filter(is_child).collect();
    let children: Vec<ChildCluster> = places.iter().filter_map(|place| clusters.get(*place)).cloned().collect();
    let mut families = cluster_families(records, &children);
    for family in &mut families {
        family.children = family.children.iter().filter_map(|child| places.get(*child)).copied().collect();
    }
    families
}

fn people(records: &[PersonFacts], clusters: &[ChildCluster], subjects: &[SubjectOut]) -> Vec<ChildOut> {
    let mut counts: BTreeMap<PersonKind, usize> = BTreeMap::new();
    let person = |cluster: &ChildCluster| {
        let kind = kind_of(records, cluster);
        let number = counts.entry(kind).or_default();
        *number += 1;
        let subjects: Vec<SubjectOut> =
            cluster.members.iter().filter_map(|member| subjects.get(*member)).cloned().collect();
        ChildOut {
            id: format!("{kind}-{number}"),
            submissions: subjects.iter().map(|subject| subject.submission.clone()).collect(),
            subjects,
            evidence: EvidenceOut::of_people(&cluster.evidence),
        }
    };
    clusters.iter().map(person).collect()
}

fn family(
    number: usize,
    family: &Family,
    adults: &BTreeSet<usize>,
    people: &[ChildOut],
    families_of: &mut [Vec<usize>],
) -> FamilyOut {
    for member in family.children.iter().chain(adults) {
        if let Some(families) = families_of.get_mut(*member) {
            families.push(number);
        }
    }
    let named = |places: &mut dyn Iterator<Item = &usize>| {
        places.filter_map(|place| people.get(*place)).map(|person| person.id.clone()).collect()
    };
    FamilyOut {
        id: format!("family-{}", number + 1),
        children: named(&mut family.children.iter()),
        adults: named(&mut adults.iter()),
        evidence: EvidenceOut::of_people(&family.evidence),
    }
}

fn question(one: &Question, labels: &[String], person_of: &[usize], people: &[ChildOut]) -> Option<QuestionOut> {
    let side = |place: usize| Some((labels.get(place)?.clone(), people.get(*person_of.get(place)?)?.id.clone()));
    let ((one_label, one_person), (other_label, other_person)) = (side(one.one)?, side(one.other)?);
    Some(QuestionOut {
        about: "same_person".to_owned(),
        words: format!("Do {one_label} and {other_label} speak of one person?"),
        submissions: [one_label, other_label],
        people: [one_person, other_person],
        evidence: EvidenceOut::of_people(&one.evidence),
    })
}

/// People whose families share somebody, with their submissions.
fn circles(person_of: &[usize], families_of: &[Vec<usize>], families: usize) -> Vec<Circle> {
    let people = families_of.len();
    let mut root: Vec<usize> = (0..people + families).collect();
    for (person, theirs) in families_of.iter().enumerate() {
        for family in theirs {
            let (a, b) = (find(&mut root, person), find(&mut root, people + family));
            if let Some(slot) = root.get_mut(a.max(b)) {
                *slot = a.min(b);
            }
        }
    }
    let mut circles: BTreeMap<usize, Circle> = BTreeMap::new();
    let mut circle_of = Vec::with_capacity(people);
    for person in 0..people {
        let at = find(&mut root, person);
        circles.entry(at).or_insert(Circle { people: Vec::new(), submissions: Vec::new() }).people.push(person);
        circle_of.push(at);
    }
    for (submission, person) in person_of.iter().enumerate() {
        if let Some(circle) = circle_of.get(*person).and_then(|at| circles.get_mut(at)) {
            circle.submissions.push(submission);
        }
    }
    let mut circles: Vec<Circle> = circles.into_values().collect();
    circles.sort_by_key(|circle| circle.submissions.first().copied());
    circles
}

fn find(root: &mut [usize], mut node: usize) -> usize {
    while let Some(&above) = root.get(node).filter(|above| **above != node) {
        let next = root.get(above).copied().unwrap_or(above);
        if let Some(slot) = root.get_mut(node) {
            *slot = next;
        }
        node = above;
    }
    node
}
