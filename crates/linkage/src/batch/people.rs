//! Sorts all subjects of a file into people, families, and components of families that share
//! people.

use std::collections::{BTreeMap, BTreeSet};

use domain::PersonKind;

use super::family_adults;
use super::finding::{Finding, FindingCode};
use super::links::{EvidenceOut, FamilyOut, PersonOut, QuestionOut, SubjectOut};
use super::references;
use super::submission::{Subject, Submission};
use crate::person::{
    ChildCluster, Family, MatchQuestion, PersonFacts, Population, cluster_children,
    cluster_families,
};

/// The part of a submission that stays in memory while its events stay in the file.
#[derive(Debug, Clone)]
pub struct SubmissionHeader {
    /// The line in the file, from 1.
    pub line: u64,
    /// A hash of the line's text, which orders submissions with the same id independently of the
    /// order of lines.
    pub digest: u64,
    /// The submission's own id.
    pub id: Option<String>,
    /// The agency.
    pub agency: String,
    /// The person whom it is about.
    pub subject: Subject,
    /// Number of events.
    pub events: usize,
}

impl SubmissionHeader {
    /// The header of a submission on line `line`.
    #[must_use]
    pub fn new(submission: &Submission, line: u64, digest: u64) -> Self {
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

/// A connected component of families: they share people, directly or through other families, so
/// their events are linked together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyComponent {
    /// Its people: ascending indexes of [`SortedPeople::people`].
    pub people: Vec<usize>,
    /// Its submissions: ascending indexes of [`SortedPeople::lines`].
    pub submissions: Vec<usize>,
}

/// The people and families of a file.
#[derive(Debug, Clone)]
pub struct SortedPeople {
    /// Children and adults, each once.
    pub people: Vec<PersonOut>,
    /// Families; a child may be in two.
    pub families: Vec<FamilyOut>,
    /// Pairs of submissions about which a person has to decide.
    pub questions: Vec<QuestionOut>,
    /// The components of families; every person is in exactly one.
    pub components: Vec<FamilyComponent>,
    /// The line of each submission, in an order that does not depend on the order of the lines.
    pub lines: Vec<u64>,
    /// The label of each submission.
    pub labels: Vec<String>,
    /// The subject of each submission: an index of [`SortedPeople::people`].
    pub person_of: Vec<usize>,
    /// The families of each person: indexes of [`SortedPeople::families`].
    pub families_of: Vec<Vec<usize>>,
    /// Findings about submission ids.
    pub findings: Vec<Finding>,
}

/// Sorts the subjects of all submissions. The number of threads does not change the result.
#[must_use]
pub fn sort_people(
    mut headers: Vec<SubmissionHeader>,
    threads: usize,
    population: Population,
) -> SortedPeople {
    headers.sort_by(|a, b| (&a.id, a.digest, a.line).cmp(&(&b.id, b.digest, b.line)));
    let (labels, findings) = build_labels(&headers);
    let subjects = build_subjects(&headers, &labels);
    references::classify_references(&mut headers);
    for (index, header) in headers.iter_mut().enumerate() {
        // The control character keeps the key different from every reference of an agency, so that
        // no relation can refer to it by chance.
        header.subject.facts.key = format!("\u{1}{index:012}");
    }
    let lines = headers.iter().map(|header| header.line).collect();
    let records: Vec<PersonFacts> = headers
        .into_iter()
        .map(|header| header.subject.facts)
        .collect();
    let sorted = cluster_children(&records, population, threads);
    let clusters = sorted.clusters;
    let families = cluster_children_into_families(&records, &clusters);
    let adults_by_family = family_adults::adults_by_family(&records, &clusters, &families);
    let people = build_people(&records, &clusters, &subjects);
    let mut families_of = vec![Vec::new(); people.len()];
    let families: Vec<FamilyOut> = families
        .iter()
        .zip(adults_by_family)
        .enumerate()
        .map(|(index, (family, adults))| {
            build_family(index, family, &adults, &people, &mut families_of)
        })
        .collect();
    let mut person_of = vec![0; labels.len()];
    for (person, cluster) in clusters.iter().enumerate() {
        for member in &cluster.members {
            if let Some(slot) = person_of.get_mut(*member) {
                *slot = person;
            }
        }
    }
    let questions = sorted
        .questions
        .iter()
        .filter_map(|question| build_question(question, &labels, &person_of, &people))
        .collect();
    let components = family_components(&person_of, &families_of, families.len());
    SortedPeople {
        people,
        families,
        questions,
        components,
        lines,
        labels,
        person_of,
        families_of,
        findings,
    }
}

/// A label for each submission: its id, followed or replaced by its line number where the id is
/// repeated or missing.
fn build_labels(headers: &[SubmissionHeader]) -> (Vec<String>, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut labels = Vec::with_capacity(headers.len());
    for (index, header) in headers.iter().enumerate() {
        let Some(id) = &header.id else {
            labels.push(format!("#{}", header.line));
            continue;
        };
        let same =
            |other: Option<&SubmissionHeader>| other.is_some_and(|other| other.id == header.id);
        let before = index.checked_sub(1).and_then(|before| headers.get(before));
        let repeated = same(before) || same(headers.get(index + 1));
        let escaped = escape_label(id);
        let label = if repeated {
            format!("{escaped}#{}", header.line)
        } else {
            escaped
        };
        if repeated {
            let finding = Finding::new(header.line, "submission", FindingCode::SubmissionRepeated);
            findings.push(finding.with_submission(&label));
        }
        labels.push(label);
    }
    (labels, findings)
}

/// An id with the characters that have a meaning in labels percent-encoded.
fn escape_label(id: &str) -> String {
    id.replace('%', "%25")
        .replace('/', "%2F")
        .replace('#', "%23")
}

fn build_subjects(headers: &[SubmissionHeader], labels: &[String]) -> Vec<SubjectOut> {
    let convert = |(header, label): (&SubmissionHeader, &String)| SubjectOut {
        submission: label.clone(),
        agency: header.agency.clone(),
        id: header.subject.id.clone(),
        events: header.events,
    };
    headers.iter().zip(labels).map(convert).collect()
}

fn kind_of(records: &[PersonFacts], cluster: &ChildCluster) -> PersonKind {
    cluster
        .members
        .first()
        .and_then(|member| records.get(*member))
        .map_or(PersonKind::Child, |facts| facts.kind)
}

/// The families of the children, with indexes among all people.
fn cluster_children_into_families(
    records: &[PersonFacts],
    clusters: &[ChildCluster],
) -> Vec<Family> {
    let is_child = |index: &usize| {
        clusters
            .get(*index)
            .is_some_and(|cluster| kind_of(records, cluster) == PersonKind::Child)
    };
    let child_indexes: Vec<usize> = (0..clusters.len()).filter(is_child).collect();
    let children: Vec<ChildCluster> = child_indexes
        .iter()
        .filter_map(|index| clusters.get(*index))
        .cloned()
        .collect();
    let mut families = cluster_families(records, &children);
    for family in &mut families {
        family.children = family
            .children
            .iter()
            .filter_map(|child| child_indexes.get(*child))
            .copied()
            .collect();
    }
    families
}

fn build_people(
    records: &[PersonFacts],
    clusters: &[ChildCluster],
    subjects: &[SubjectOut],
) -> Vec<PersonOut> {
    let mut counts: BTreeMap<PersonKind, usize> = BTreeMap::new();
    let build_person = |cluster: &ChildCluster| {
        let kind = kind_of(records, cluster);
        let number = counts.entry(kind).or_default();
        *number += 1;
        let subjects: Vec<SubjectOut> = cluster
            .members
            .iter()
            .filter_map(|member| subjects.get(*member))
            .cloned()
            .collect();
        PersonOut {
            id: format!("{kind}-{number}"),
            submissions: subjects
                .iter()
                .map(|subject| subject.submission.clone())
                .collect(),
            subjects,
            evidence: EvidenceOut::from_person_reasons(&cluster.evidence),
        }
    };
    clusters.iter().map(build_person).collect()
}

/// The output for a family, whose index is added to `families_of` for each member.
fn build_family(
    index: usize,
    family: &Family,
    adults: &BTreeSet<usize>,
    people: &[PersonOut],
    families_of: &mut [Vec<usize>],
) -> FamilyOut {
    for member in family.children.iter().chain(adults) {
        if let Some(families) = families_of.get_mut(*member) {
            families.push(index);
        }
    }
    let ids = |members: &mut dyn Iterator<Item = &usize>| {
        members
            .filter_map(|index| people.get(*index))
            .map(|person| person.id.clone())
            .collect()
    };
    FamilyOut {
        id: format!("family-{}", index + 1),
        children: ids(&mut family.children.iter()),
        adults: ids(&mut adults.iter()),
        evidence: EvidenceOut::from_person_reasons(&family.evidence),
    }
}

fn build_question(
    question: &MatchQuestion,
    labels: &[String],
    person_of: &[usize],
    people: &[PersonOut],
) -> Option<QuestionOut> {
    let label_and_person = |index: usize| {
        Some((
            labels.get(index)?.clone(),
            people.get(*person_of.get(index)?)?.id.clone(),
        ))
    };
    let (first_label, first_person) = label_and_person(question.first)?;
    let (second_label, second_person) = label_and_person(question.second)?;
    Some(QuestionOut {
        about: "same_person".to_owned(),
        words: format!("Are {first_label} and {second_label} about the same person?"),
        submissions: [first_label, second_label],
        people: [first_person, second_person],
        evidence: EvidenceOut::from_person_reasons(&question.evidence),
    })
}

/// The connected components of the graph of people and families, with their submissions, ordered by
/// first submission. Its nodes are the people, by index, followed by the families.
fn family_components(
    person_of: &[usize],
    families_of: &[Vec<usize>],
    families: usize,
) -> Vec<FamilyComponent> {
    let people = families_of.len();
    let mut root: Vec<usize> = (0..people + families).collect();
    for (person, own_families) in families_of.iter().enumerate() {
        for family in own_families {
            let a = find_root(&mut root, person);
            let b = find_root(&mut root, people + family);
            if let Some(slot) = root.get_mut(a.max(b)) {
                *slot = a.min(b);
            }
        }
    }
    let mut components: BTreeMap<usize, FamilyComponent> = BTreeMap::new();
    let mut component_of = Vec::with_capacity(people);
    for person in 0..people {
        let component_root = find_root(&mut root, person);
        let component = components.entry(component_root).or_insert(FamilyComponent {
            people: Vec::new(),
            submissions: Vec::new(),
        });
        component.people.push(person);
        component_of.push(component_root);
    }
    for (submission, person) in person_of.iter().enumerate() {
        let component_root = component_of.get(*person);
        if let Some(component) =
            component_root.and_then(|component_root| components.get_mut(component_root))
        {
            component.submissions.push(submission);
        }
    }
    let mut components: Vec<FamilyComponent> = components.into_values().collect();
    components.sort_by_key(|component| component.submissions.first().copied());
    components
}

/// The root of a node in a union-find forest; shortens the path to it.
fn find_root(root: &mut [usize], mut node: usize) -> usize {
    while let Some(&above) = root.get(node).filter(|above| **above != node) {
        let next = root.get(above).copied().unwrap_or(above);
        if let Some(slot) = root.get_mut(node) {
            *slot = next;
        }
        node = above;
    }
    node
}
