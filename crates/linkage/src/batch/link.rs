//! From lines to links.

use std::collections::{BTreeMap, BTreeSet};

use domain::{PersonId, PersonKind};
use uuid::Uuid;

use super::circle::{Entry, Return, SortedReturns, sort_returns};
use super::finding::Finding;
use super::first_pass::{FirstPass, Sorted};
use super::glossary::Glossary;
use super::links::{ChildOut, Counts, EvidenceOut, FORMAT, FamilyLinks, Linked, Links, Related, Row, ToldOnce};
use super::names::Member;
use super::people::{Circle, People};
use super::submission::{Submission, undated};
use crate::cluster::EventCluster;
use crate::evidence::EvidenceCode;

/// Reads and links all lines, in memory. Blank lines are left out; what cannot be read stands in `failed_lines`.
#[must_use]
pub fn link<'a>(lines: impl IntoIterator<Item = &'a str>, glossary: &Glossary, threads: usize) -> Links {
    let mut first = FirstPass::new(glossary);
    let mut kept: BTreeMap<u64, Submission> = BTreeMap::new();
    for (number, line) in (1..).zip(lines) {
        kept.extend(first.read(line, number).map(|submission| (number, submission)));
    }
    let Sorted { people, mut noticed, failed, lines } = first.finish(threads);
    let mut links = Links { format: FORMAT.to_owned(), failed_lines: failed, ..Links::default() };
    for circle in &people.circles {
        let lines = circle.submissions.iter().filter_map(|place| people.lines.get(*place));
        let submissions: Vec<Submission> = lines.filter_map(|line| kept.remove(line)).collect();
        let found = link_circle(&people, circle, &submissions, glossary, links.rows.len());
        links.rows.extend(found.rows);
        links.told_once.extend(found.told_once);
        links.linked.extend(found.linked);
        links.related.extend(found.related);
        noticed.extend(found.findings);
    }
    links.warnings = people.labelled(noticed);
    (links.children, links.adults) = people.people.into_iter().partition(ChildOut::is_child);
    (links.families, links.questions) = (people.families, people.questions);
    links.counts = links.counted(lines);
    links
}

impl Links {
    fn counted(&self, lines: usize) -> Counts {
        Counts {
            lines,
            entries: self.rows.iter().map(|row| row.entries.len()).sum(),
            failed_lines: self.failed_lines.len(),
            children: self.children.len(),
            adults: self.adults.len(),
            families: self.families.len(),
            rows: self.rows.len(),
            questions: self.questions.len(),
            warnings: self.warnings.len(),
        }
    }
}

impl People {
    /// Findings with the labels of their submissions, those of ids added, in the order of submissions.
    #[must_use]
    pub fn labelled(&self, noticed: Vec<Finding>) -> Vec<Finding> {
        let labels: BTreeMap<u64, usize> = self.lines.iter().enumerate().map(|(place, line)| (*line, place)).collect();
        let place = |finding: &Finding| labels.get(&finding.line).copied();
        let mut all: Vec<Finding> = noticed
            .into_iter()
            .map(|finding| match place(&finding).and_then(|place| self.labels.get(place)) {
                Some(label) => finding.of(label),
                None => finding,
            })
            .chain(self.findings.iter().cloned())
            .collect();
        // Within a submission in the order in which they were found.
        all.sort_by_key(place);
        all
    }
}

/// Links the events of one circle. `submissions` are the circle's, in its order; `before` is how many rows there are
/// already.
#[must_use]
pub fn link_circle(
    people: &People,
    circle: &Circle,
    submissions: &[Submission],
    glossary: &Glossary,
    before: usize,
) -> FamilyLinks {
    let mut members: Vec<Member> = circle.people.iter().map(|person| member(people, *person)).collect();
    let place_of: BTreeMap<usize, usize> =
        circle.people.iter().enumerate().map(|(place, person)| (*person, place)).collect();
    let mut returns = Vec::with_capacity(submissions.len());
    for (place, submission) in circle.submissions.iter().zip(submissions) {
        let person = people.person_of.get(*place).and_then(|person| place_of.get(person));
        let (Some(member), Some(label)) = (person, people.labels.get(*place)) else { continue };
        if let Some(known) = members.get_mut(*member) {
            known.learn(&submission.subject);
        }
        let line = people.lines.get(*place).copied().unwrap_or_default();
        returns.push(Return { label, line, submission, member: *member });
    }
    let sorted = sort_returns(&returns, &members, glossary);
    let ids: Vec<&str> =
        circle.people.iter().filter_map(|person| people.people.get(*person)).map(|p| p.id.as_str()).collect();
    Writing { returns: &returns, sorted: &sorted, ids: &ids, before }.links()
}

fn member(people: &People, person: usize) -> Member {
    let is_child = people.people.get(person).is_none_or(ChildOut::is_child);
    let kind = if is_child { PersonKind::Child } else { PersonKind::Adult };
    let id = PersonId(Uuid::from_u128(u128::try_from(person).unwrap_or_default() + 1));
    Member::new(id, kind, people.families_of.get(person).cloned().unwrap_or_default())
}

/// A circle's sorted entries, being written down.
struct Writing<'a> {
    returns: &'a [Return<'a>],
    sorted: &'a SortedReturns,
    ids: &'a [&'a str],
    before: usize,
}

impl Writing<'_> {
    fn links(&self) -> FamilyLinks {
        let mut links = FamilyLinks { findings: self.sorted.findings.clone(), ..FamilyLinks::default() };
        let mut row_of: BTreeMap<usize, usize> = BTreeMap::new();
        for (place, cluster) in self.sorted.sorted.clusters.iter().enumerate() {
            row_of.extend(cluster.members.iter().map(|member| (*member, place)));
            let row = self.row(place, cluster);
            links.told_once.extend(self.told_once(cluster, &row));
            links.linked.extend(self.linked(cluster, &row));
            links.rows.push(row);
        }
        for related in &self.sorted.sorted.related {
            let ends = [related.first, related.second];
            let [Some(one), Some(other)] = ends.map(|end| self.sorted.entries.get(end)) else { continue };
            let rows = ends.map(|end| self.row_id(row_of.get(&end).copied().unwrap_or_default()));
            let entries = [one.label.clone(), other.label.clone()];
            links.related.push(Related { rows, entries, evidence: EvidenceOut::of_events(&related.evidence) });
        }
        links
    }

    fn row_id(&self, place: usize) -> String {
        format!("row-{}", self.before + place + 1)
    }

    fn entries<'s>(&'s self, cluster: &'s EventCluster) -> impl Iterator<Item = &'s Entry> {
        cluster.members.iter().filter_map(|member| self.sorted.entries.get(*member))
    }

    fn row(&self, place: usize, cluster: &EventCluster) -> Row {
        let named: BTreeSet<usize> = self.entries(cluster).flat_map(|entry| entry.named.iter().copied()).collect();
        let people = named.iter().filter_map(|place| self.ids.get(*place)).map(|id| (*id).to_owned());
        let (children, adults) = people.partition(|id| ChildOut::names_child(id));
        let unknown = undated();
        let dates = self.entries(cluster).filter(|entry| Some(&entry.details.when) != unknown.as_ref());
        let when: BTreeSet<&str> = dates.map(|entry| entry.details.when.edtf()).collect();
        let categories: BTreeSet<&str> = self.entries(cluster).map(|entry| entry.details.category.as_str()).collect();
        Row {
            id: self.row_id(place),
            entries: self.entries(cluster).map(|entry| entry.label.clone()).collect(),
            children,
            adults,
            when: when.into_iter().map(str::to_owned).collect(),
            categories: categories.into_iter().map(str::to_owned).collect(),
            evidence: EvidenceOut::of_events(&cluster.evidence),
        }
    }

    /// Who tells an entry: its agency; one that is not named is another in each submission.
    fn source(&self, entry: &Entry) -> (&str, Option<usize>) {
        let agency = self.returns.get(entry.of).map_or("", |one| one.submission.agency.as_str());
        (agency, agency.is_empty().then_some(entry.of))
    }

    /// What each agency tells several times.
    fn told_once(&self, cluster: &EventCluster, row: &Row) -> Vec<ToldOnce> {
        let mut by_source: BTreeMap<(&str, Option<usize>), Vec<String>> = BTreeMap::new();
        for entry in self.entries(cluster) {
            by_source.entry(self.source(entry)).or_default().push(entry.label.clone());
        }
        let one_source = by_source.len() == 1;
        let repeated = by_source.into_iter().filter(|(_, entries)| entries.len() > 1);
        let told = |((agency, _), entries): ((&str, Option<usize>), Vec<String>)| ToldOnce {
            row: row.id.clone(),
            agency: agency.to_owned(),
            entries,
            children: row.children.clone(),
            evidence: within(&row.evidence, one_source),
        };
        repeated.map(told).collect()
    }

    fn linked(&self, cluster: &EventCluster, row: &Row) -> Option<Linked> {
        let sources: BTreeSet<(&str, Option<usize>)> = self.entries(cluster).map(|entry| self.source(entry)).collect();
        (sources.len() > 1).then(|| Linked {
            row: row.id.clone(),
            agencies: sources.into_iter().map(|(agency, _)| agency.to_owned()).collect(),
            entries: row.entries.clone(),
            children: row.children.clone(),
            evidence: row.evidence.clone(),
        })
    }
}

/// The reasons of a row that can speak for one agency's entries among those of several.
fn within(evidence: &[EvidenceOut], one_agency: bool) -> Vec<EvidenceOut> {
    let across = EvidenceCode::DifferentAgencies.words();
    evidence.iter().filter(|one| one_agency || one.words != across).cloned().collect()
}
