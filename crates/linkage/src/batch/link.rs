//! From lines to links.

use std::collections::{BTreeMap, BTreeSet};

use domain::{EntryId, PersonId, PersonKind};
use uuid::Uuid;

use super::circle::{Entry, Return, SortedReturns, sort_returns};
use super::finding::Finding;
use super::first_pass::{FirstPass, Sorted};
use super::glossary::Glossary;
use super::links::{
    ChildOut, Counts, EvidenceOut, FORMAT, FamilyLinks, Linked, Links, Reasons, Related, Row, Suggested, ToldOnce,
};
use super::names::Member;
use super::people::{Circle, People};
use super::submission::{Submission, undated};
use crate::cluster::{EventCluster, RelatedEvents, SuggestedEvents};
use crate::evidence::{EvidenceCode, LinkEvidence};
use crate::person::Population;
use crate::wording::Account;

/// What an agency is called that is not named.
const UNNAMED: &str = "one agency";

/// Reads and links all lines, in memory, with reasons in standing words. Blank lines are left out; what cannot be read
/// stands in `failed_lines`.
#[must_use]
pub fn link<'a>(lines: impl IntoIterator<Item = &'a str>, glossary: &Glossary, threads: usize) -> Links {
    let mut first = FirstPass::new(glossary);
    let mut kept: BTreeMap<u64, Submission> = BTreeMap::new();
    for (number, line) in (1..).zip(lines) {
        kept.extend(first.read(line, number).map(|submission| (number, submission)));
    }
    let Sorted { people, mut noticed, failed, lines } = first.finish(threads, Population::Families);
    let mut links = Links { format: FORMAT.to_owned(), failed_lines: failed, ..Links::default() };
    for circle in &people.circles {
        let lines = circle.submissions.iter().filter_map(|place| people.lines.get(*place));
        let submissions: Vec<Submission> = lines.filter_map(|line| kept.remove(line)).collect();
        let found = link_circle(&people, circle, &submissions, glossary, links.rows.len(), Reasons::Standing);
        links.rows.extend(found.rows);
        links.told_once.extend(found.told_once);
        links.linked.extend(found.linked);
        links.related.extend(found.related);
        links.suggested.extend(found.suggested);
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
            suggested: self.suggested.len(),
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
/// already; `reasons` says whether reasons may quote what the submissions say.
#[must_use]
pub fn link_circle(
    people: &People,
    circle: &Circle,
    submissions: &[Submission],
    glossary: &Glossary,
    before: usize,
    reasons: Reasons,
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
    Writing { returns: &returns, sorted: &sorted, ids: &ids, before, reasons }.links()
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
    reasons: Reasons,
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
        links.related = self.related(&row_of);
        links.suggested = self.suggested(&row_of);
        links
    }

    fn related(&self, row_of: &BTreeMap<usize, usize>) -> Vec<Related> {
        let out = |related: &RelatedEvents| {
            let ends = [related.first, related.second];
            let [Some(one), Some(other)] = ends.map(|end| self.sorted.entries.get(end)) else { return None };
            let rows = ends.map(|end| self.row_id(row_of.get(&end).copied().unwrap_or_default()));
            let entries = [one.label.clone(), other.label.clone()];
            Some(Related { rows, entries, evidence: self.reasons(&related.evidence) })
        };
        self.sorted.sorted.related.iter().filter_map(out).collect()
    }

    fn suggested(&self, row_of: &BTreeMap<usize, usize>) -> Vec<Suggested> {
        let clusters = &self.sorted.sorted.clusters;
        let out = |suggested: &SuggestedEvents| {
            let ends = [suggested.first, suggested.second].map(|end| row_of.get(&end).copied());
            let [Some(one), Some(other)] = ends else { return None };
            let labels = |place: usize| {
                let cluster = clusters.get(place);
                cluster.map(|cluster| self.entries(cluster).map(|entry| entry.label.clone()).collect())
            };
            Some(Suggested {
                rows: [one, other].map(|place| self.row_id(place)),
                entries: [labels(one)?, labels(other)?],
                evidence: self.reasons(&suggested.evidence),
                against: self.reasons(&suggested.against),
            })
        };
        self.sorted.sorted.suggested.iter().filter_map(out).collect()
    }

    fn reasons(&self, facts: &[LinkEvidence]) -> Vec<EvidenceOut> {
        EvidenceOut::of_events(facts, &|id| self.account(id))
    }

    /// An account that may be quoted.
    fn account(&self, id: EntryId) -> Option<Account<'_>> {
        if self.reasons == Reasons::Standing {
            return None;
        }
        let entry = self.sorted.entry(id)?;
        let agency = self.returns.get(entry.of).map_or("", |one| one.submission.agency.as_str());
        let agency = if agency.is_empty() { UNNAMED } else { agency };
        Some(Account { agency, what: entry.details.what.as_str(), when: &entry.details.when })
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
            evidence: self.reasons(&cluster.evidence),
            against: self.reasons(&cluster.against),
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
            against: row.against.clone(),
        })
    }
}

/// The reasons of a row that can speak for one agency's entries among those of several.
fn within(evidence: &[EvidenceOut], one_agency: bool) -> Vec<EvidenceOut> {
    let across = EvidenceCode::DifferentAgencies.words();
    evidence.iter().filter(|one| one_agency || one.words != across).cloned().collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use domain::PersonKind;

    use super::*;
    use crate::batch::read_line;
    use crate::evidence::Quote;

    const POLICE: &str = r#"{"submission": "p", "agency": "Police", "subject": {"given": "Orla", "family": "Fenwick"},
        "events": [{"id": "e1", "date": "2024-03-02", "text": "Front door kicked in by ex-partner"}]}"#;
    const SCHOOL: &str = r#"{"submission": "s", "agency": "", "subject": {"given": "Orla", "family": "Fenwick",
        "relations": [{"relation": "mother", "given": "Ffion", "family": "Quillon"}]},
        "events": [{"id": "e1", "date": "2024-03-04", "text": "Door damaged at the weekend"}]}"#;

    fn quote(entry: u128, from: u32, until: u32) -> Quote {
        Quote { entry: EntryId(Uuid::from_u128(entry)), from, until }
    }

    /// What is written of two events that may be one, and of what spoke against a row.
    fn written(reasons: Reasons) -> FamilyLinks {
        let submissions = [POLICE, SCHOOL].map(|line| read_line(line, 1).unwrap().0);
        let returns =
            [("p", 0), ("s", 1)].map(|(label, of)| Return { label, line: 1, submission: &submissions[of], member: 0 });
        let members = [Member::new(PersonId(Uuid::from_u128(1)), PersonKind::Child, vec![0])];
        let mut sorted = sort_returns(&returns, &members, &Glossary::default());
        let words = LinkEvidence {
            quotes: vec![quote(1, 0, 10), quote(2, 0, 12)],
            ..LinkEvidence::of(EvidenceCode::SharedWords)
        };
        let day = LinkEvidence {
            quotes: vec![quote(2, 13, 27)],
            day_of: Some(EntryId(Uuid::from_u128(1))),
            ..LinkEvidence::of(EvidenceCode::DateQuoted)
        };
        let (evidence, against) = (vec![words, day], vec![LinkEvidence::of(EvidenceCode::DaysApart)]);
        let alone = |place| EventCluster { members: vec![place], evidence: Vec::new(), against: against.clone() };
        sorted.sorted.clusters = vec![alone(0), alone(1)];
        sorted.sorted.suggested = vec![SuggestedEvents { first: 0, second: 1, evidence, against: against.clone() }];
        Writing { returns: &returns, sorted: &sorted, ids: &["child-1"], before: 4, reasons }.links()
    }

    fn words(evidence: &[EvidenceOut]) -> Vec<&str> {
        evidence.iter().map(|one| one.words.as_str()).collect()
    }

    #[test]
    fn events_that_may_be_one_are_written_with_their_entries_and_no_words_of_theirs() {
        let links = written(Reasons::Standing);
        let suggested = &links.suggested[0];
        assert_eq!(suggested.rows, ["row-5", "row-6"]);
        assert_eq!(suggested.entries, [["p/e1"], ["s/e1"]]);
        let standing = [EvidenceCode::SharedWords, EvidenceCode::DateQuoted].map(EvidenceCode::words);
        assert_eq!(words(&suggested.evidence), standing);
        assert_eq!(suggested.against[0].code, "days_apart");
        assert_eq!(links.rows[0].against, suggested.against);
    }

    #[test]
    fn reasons_quote_what_is_said_when_they_may() {
        let links = written(Reasons::Quoting);
        let day = "one agency speaks of “at the weekend”, which is 2 March 2024, the day that police gives";
        assert_eq!(words(&links.suggested[0].evidence), ["Both tell of “Front door” and “Door damaged”", day]);
    }

    #[test]
    fn family_names_and_those_of_relations_are_names_of_the_family() {
        let mut member = Member::new(PersonId(Uuid::from_u128(1)), PersonKind::Child, vec![0]);
        member.learn(&read_line(SCHOOL, 1).unwrap().0.subject);
        assert_eq!(member.others().collect::<Vec<_>>(), ["Fenwick", "Ffion", "Quillon"]);
    }
}
