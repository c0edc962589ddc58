//! Builds the links of a file from its lines.

use std::collections::{BTreeMap, BTreeSet};

use domain::{EntryId, PersonId, PersonKind};
use uuid::Uuid;

use super::component::{ComponentEntry, ComponentSubmission, SortedEntries, sort_entries};
use super::finding::Finding;
use super::first_pass::{FirstPass, FirstPassResult};
use super::glossary::Glossary;
use super::links::{
    AgencyRepeats, ComponentLinks, EventRow, EvidenceOut, EvidenceWording, FORMAT, LinkCounts,
    LinkedAccounts, Links, PersonOut, RelatedRows, SuggestedRows,
};
use super::names::ComponentMember;
use super::people::{FamilyComponent, SortedPeople};
use super::submission::{Submission, unknown_date};
use crate::cluster::{EventCluster, RelatedEvents, SuggestedEvents};
use crate::evidence::{EvidenceCode, LinkEvidence};
use crate::person::Population;
use crate::wording::QuotedAccount;

/// The name of an unnamed agency in evidence that quotes it.
const UNNAMED_AGENCY: &str = "one agency";

/// Reads and links all lines in memory; the evidence is in fixed sentences. Blank lines are
/// skipped; lines that cannot be read are listed in `failed_lines`.
#[must_use]
pub fn link<'a>(
    lines: impl IntoIterator<Item = &'a str>,
    glossary: &Glossary,
    threads: usize,
) -> Links {
    let mut first = FirstPass::new(glossary);
    let mut submissions_by_line: BTreeMap<u64, Submission> = BTreeMap::new();
    for (number, line) in (1..).zip(lines) {
        submissions_by_line.extend(
            first
                .read(line, number)
                .map(|submission| (number, submission)),
        );
    }
    let FirstPassResult {
        people,
        mut warnings,
        failed_lines,
        lines,
    } = first.finish(threads, Population::Families);
    let mut links = Links {
        format: FORMAT.to_owned(),
        failed_lines,
        ..Links::default()
    };
    for component in &people.components {
        let lines = component
            .submissions
            .iter()
            .filter_map(|index| people.lines.get(*index));
        let submissions: Vec<Submission> = lines
            .filter_map(|line| submissions_by_line.remove(line))
            .collect();
        let preceding_rows = links.rows.len();
        let wording = EvidenceWording::Standard;
        let component_links = link_component(
            &people,
            component,
            &submissions,
            glossary,
            preceding_rows,
            wording,
        );
        links.rows.extend(component_links.rows);
        links.told_once.extend(component_links.told_once);
        links.linked.extend(component_links.linked);
        links.related.extend(component_links.related);
        links.suggested.extend(component_links.suggested);
        warnings.extend(component_links.findings);
    }
    links.warnings = people.label_findings(warnings);
    (links.children, links.adults) = people.people.into_iter().partition(PersonOut::is_child);
    links.families = people.families;
    links.questions = people.questions;
    links.counts = links.count(lines);
    links
}

impl Links {
    /// The totals of the document; `lines` is the number of lines that are not blank.
    fn count(&self, lines: usize) -> LinkCounts {
        LinkCounts {
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

impl SortedPeople {
    /// Adds the labels of their submissions to findings, and the findings about ids; returns all in
    /// the order of the submissions.
    #[must_use]
    pub fn label_findings(&self, warnings: Vec<Finding>) -> Vec<Finding> {
        let index_of_line: BTreeMap<u64, usize> = self
            .lines
            .iter()
            .enumerate()
            .map(|(index, line)| (*line, index))
            .collect();
        let submission_index = |finding: &Finding| index_of_line.get(&finding.line).copied();
        let mut all: Vec<Finding> = warnings
            .into_iter()
            .map(|finding| {
                match submission_index(&finding).and_then(|index| self.labels.get(index)) {
                    Some(label) => finding.with_submission(label),
                    None => finding,
                }
            })
            .chain(self.findings.iter().cloned())
            .collect();
        // The sort is stable: within a submission, findings stay in the order in which they were
        // made.
        all.sort_by_key(submission_index);
        all
    }
}

/// Links the events of one component. `submissions` are the component's, in its order;
/// `preceding_rows` is the number of rows that earlier components have; `wording` says whether the
/// evidence may quote the submissions.
#[must_use]
pub fn link_component(
    people: &SortedPeople,
    component: &FamilyComponent,
    submissions: &[Submission],
    glossary: &Glossary,
    preceding_rows: usize,
    wording: EvidenceWording,
) -> ComponentLinks {
    let mut members: Vec<ComponentMember> = component
        .people
        .iter()
        .map(|person| build_member(people, *person))
        .collect();
    let member_index_of: BTreeMap<usize, usize> = component
        .people
        .iter()
        .enumerate()
        .map(|(index, person)| (*person, index))
        .collect();
    let mut sources = Vec::with_capacity(submissions.len());
    for (index, submission) in component.submissions.iter().zip(submissions) {
        let subject = people
            .person_of
            .get(*index)
            .and_then(|person| member_index_of.get(person));
        let (Some(member_index), Some(label)) = (subject, people.labels.get(*index)) else {
            continue;
        };
        if let Some(member) = members.get_mut(*member_index) {
            member.add_record(&submission.subject);
        }
        let line = people.lines.get(*index).copied().unwrap_or_default();
        sources.push(ComponentSubmission {
            label,
            line,
            submission,
            member: *member_index,
        });
    }
    let sorted = sort_entries(&sources, &members, glossary);
    let ids: Vec<&str> = component
        .people
        .iter()
        .filter_map(|person| people.people.get(*person))
        .map(|p| p.id.as_str())
        .collect();
    LinksBuilder {
        sources: &sources,
        sorted: &sorted,
        ids: &ids,
        preceding_rows,
        wording,
    }
    .build()
}

/// A member of whom only kind and families are known yet.
fn build_member(people: &SortedPeople, person: usize) -> ComponentMember {
    let is_child = people.people.get(person).is_none_or(PersonOut::is_child);
    let kind = if is_child {
        PersonKind::Child
    } else {
        PersonKind::Adult
    };
    let id = PersonId(Uuid::from_u128(
        u128::try_from(person).unwrap_or_default() + 1,
    ));
    ComponentMember::new(
        id,
        kind,
        people.families_of.get(person).cloned().unwrap_or_default(),
    )
}

/// Converts the sorted entries of a component to its part of the output.
struct LinksBuilder<'a> {
    sources: &'a [ComponentSubmission<'a>],
    sorted: &'a SortedEntries,
    /// Ids of the component's people, by member index.
    ids: &'a [&'a str],
    preceding_rows: usize,
    wording: EvidenceWording,
}

impl LinksBuilder<'_> {
    fn build(&self) -> ComponentLinks {
        let mut links = ComponentLinks {
            findings: self.sorted.findings.clone(),
            ..ComponentLinks::default()
        };
        let mut row_of: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, cluster) in self.sorted.sorted.clusters.iter().enumerate() {
            row_of.extend(cluster.members.iter().map(|member| (*member, index)));
            let row = self.build_row(index, cluster);
            links.told_once.extend(self.agency_repeats(cluster, &row));
            links.linked.extend(self.linked_accounts(cluster, &row));
            links.rows.push(row);
        }
        links.related = self.related_rows(&row_of);
        links.suggested = self.suggested_rows(&row_of);
        links
    }

    fn related_rows(&self, row_of: &BTreeMap<usize, usize>) -> Vec<RelatedRows> {
        let convert = |related: &RelatedEvents| {
            let ends = [related.first, related.second];
            let [Some(first), Some(second)] = ends.map(|end| self.sorted.entries.get(end)) else {
                return None;
            };
            let rows = ends.map(|end| self.row_id(row_of.get(&end).copied().unwrap_or_default()));
            let entries = [first.label.clone(), second.label.clone()];
            Some(RelatedRows {
                rows,
                entries,
                evidence: self.word_evidence(&related.evidence),
            })
        };
        self.sorted
            .sorted
            .related
            .iter()
            .filter_map(convert)
            .collect()
    }

    fn suggested_rows(&self, row_of: &BTreeMap<usize, usize>) -> Vec<SuggestedRows> {
        let clusters = &self.sorted.sorted.clusters;
        let convert = |suggested: &SuggestedEvents| {
            let ends = [suggested.first, suggested.second].map(|end| row_of.get(&end).copied());
            let [Some(first), Some(second)] = ends else {
                return None;
            };
            let labels = |index: usize| {
                let cluster = clusters.get(index);
                cluster.map(|cluster| {
                    self.entries(cluster)
                        .map(|entry| entry.label.clone())
                        .collect()
                })
            };
            Some(SuggestedRows {
                rows: [first, second].map(|index| self.row_id(index)),
                entries: [labels(first)?, labels(second)?],
                evidence: self.word_evidence(&suggested.evidence),
                against: self.word_evidence(&suggested.against),
            })
        };
        self.sorted
            .sorted
            .suggested
            .iter()
            .filter_map(convert)
            .collect()
    }

    fn word_evidence(&self, facts: &[LinkEvidence]) -> Vec<EvidenceOut> {
        EvidenceOut::from_link_evidence(facts, &|id| self.account(id))
    }

    /// The account of an entry, if it may be quoted.
    fn account(&self, id: EntryId) -> Option<QuotedAccount<'_>> {
        if self.wording == EvidenceWording::Standard {
            return None;
        }
        let entry = self.sorted.entry(id)?;
        let agency = self
            .sources
            .get(entry.submission_index)
            .map_or("", |source| source.submission.agency.as_str());
        let agency = if agency.is_empty() {
            UNNAMED_AGENCY
        } else {
            agency
        };
        Some(QuotedAccount {
            agency,
            what: entry.details.what.as_str(),
            when: &entry.details.when,
        })
    }

    fn row_id(&self, index: usize) -> String {
        format!("row-{}", self.preceding_rows + index + 1)
    }

    fn entries<'s>(
        &'s self,
        cluster: &'s EventCluster,
    ) -> impl Iterator<Item = &'s ComponentEntry> {
        cluster
            .members
            .iter()
            .filter_map(|member| self.sorted.entries.get(*member))
    }

    fn build_row(&self, index: usize, cluster: &EventCluster) -> EventRow {
        let entries = || self.entries(cluster);
        let named_members: BTreeSet<usize> = entries()
            .flat_map(|entry| entry.named_members.iter().copied())
            .collect();
        let people = named_members
            .iter()
            .filter_map(|index| self.ids.get(*index))
            .map(|id| (*id).to_owned());
        let (children, adults) = people.partition(|id| PersonOut::is_child_id(id));
        let unknown = unknown_date();
        let dates = entries().filter(|entry| Some(&entry.details.when) != unknown.as_ref());
        let when: BTreeSet<&str> = dates.map(|entry| entry.details.when.edtf()).collect();
        let categories: BTreeSet<&str> = entries()
            .map(|entry| entry.details.category.as_str())
            .collect();
        EventRow {
            id: self.row_id(index),
            entries: entries().map(|entry| entry.label.clone()).collect(),
            children,
            adults,
            when: when.into_iter().map(str::to_owned).collect(),
            categories: categories.into_iter().map(str::to_owned).collect(),
            evidence: self.word_evidence(&cluster.evidence),
            against: self.word_evidence(&cluster.against),
        }
    }

    /// The agency that recorded an entry. An unnamed agency counts as a separate one for each
    /// submission, which the index tells apart.
    fn entry_agency(&self, entry: &ComponentEntry) -> (&str, Option<usize>) {
        let agency = self
            .sources
            .get(entry.submission_index)
            .map_or("", |source| source.submission.agency.as_str());
        (agency, agency.is_empty().then_some(entry.submission_index))
    }

    /// The entries of each agency that recorded the event several times.
    fn agency_repeats(&self, cluster: &EventCluster, row: &EventRow) -> Vec<AgencyRepeats> {
        let mut by_agency: BTreeMap<(&str, Option<usize>), Vec<String>> = BTreeMap::new();
        for entry in self.entries(cluster) {
            by_agency
                .entry(self.entry_agency(entry))
                .or_default()
                .push(entry.label.clone());
        }
        let single_agency = by_agency.len() == 1;
        let repeated = by_agency
            .into_iter()
            .filter(|(_, entries)| entries.len() > 1);
        let convert =
            |((agency, _), entries): ((&str, Option<usize>), Vec<String>)| AgencyRepeats {
                row: row.id.clone(),
                agency: agency.to_owned(),
                entries,
                children: row.children.clone(),
                evidence: evidence_for_one_agency(&row.evidence, single_agency),
            };
        repeated.map(convert).collect()
    }

    /// The accounts of a row that several agencies recorded; `None` for a row of one agency.
    fn linked_accounts(&self, cluster: &EventCluster, row: &EventRow) -> Option<LinkedAccounts> {
        let agencies: BTreeSet<(&str, Option<usize>)> = self
            .entries(cluster)
            .map(|entry| self.entry_agency(entry))
            .collect();
        (agencies.len() > 1).then(|| LinkedAccounts {
            row: row.id.clone(),
            agencies: agencies
                .into_iter()
                .map(|(agency, _)| agency.to_owned())
                .collect(),
            entries: row.entries.clone(),
            children: row.children.clone(),
            evidence: row.evidence.clone(),
            against: row.against.clone(),
        })
    }
}

/// The evidence of a row that applies to the entries of one agency: on a row of several agencies,
/// all but the fact that different agencies recorded it.
fn evidence_for_one_agency(evidence: &[EvidenceOut], single_agency: bool) -> Vec<EvidenceOut> {
    let across_agencies = EvidenceCode::DifferentAgencies.words();
    evidence
        .iter()
        .filter(|fact| single_agency || fact.words != across_agencies)
        .cloned()
        .collect()
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test fixtures"
)]
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
        Quote {
            entry: EntryId(Uuid::from_u128(entry)),
            from,
            until,
        }
    }

    /// The output for two events that may be one, with facts against each row.
    fn build_links(wording: EvidenceWording) -> ComponentLinks {
        let submissions = [POLICE, SCHOOL].map(|line| read_line(line, 1).unwrap().0);
        let sources = [("p", 0), ("s", 1)].map(|(label, index)| ComponentSubmission {
            label,
            line: 1,
            submission: &submissions[index],
            member: 0,
        });
        let members = [ComponentMember::new(
            PersonId(Uuid::from_u128(1)),
            PersonKind::Child,
            vec![0],
        )];
        let mut sorted = sort_entries(&sources, &members, &Glossary::default());
        let words = LinkEvidence {
            quotes: vec![quote(1, 0, 10), quote(2, 0, 12)],
            ..LinkEvidence::new(EvidenceCode::SharedWords)
        };
        let day = LinkEvidence {
            quotes: vec![quote(2, 13, 27)],
            day_of: Some(EntryId(Uuid::from_u128(1))),
            ..LinkEvidence::new(EvidenceCode::DateQuoted)
        };
        let evidence = vec![words, day];
        let against = vec![LinkEvidence::new(EvidenceCode::DaysApart)];
        let single = |index| EventCluster {
            members: vec![index],
            evidence: Vec::new(),
            against: against.clone(),
        };
        sorted.sorted.clusters = vec![single(0), single(1)];
        sorted.sorted.suggested = vec![SuggestedEvents {
            first: 0,
            second: 1,
            evidence,
            against: against.clone(),
        }];
        LinksBuilder {
            sources: &sources,
            sorted: &sorted,
            ids: &["child-1"],
            preceding_rows: 4,
            wording,
        }
        .build()
    }

    fn words(evidence: &[EvidenceOut]) -> Vec<&str> {
        evidence.iter().map(|fact| fact.words.as_str()).collect()
    }

    #[test]
    fn suggested_rows_list_their_entries_and_quote_nothing_in_standard_wording() {
        let links = build_links(EvidenceWording::Standard);
        let suggested = &links.suggested[0];
        assert_eq!(suggested.rows, ["row-5", "row-6"]);
        assert_eq!(suggested.entries, [["p/e1"], ["s/e1"]]);
        let standard =
            [EvidenceCode::SharedWords, EvidenceCode::DateQuoted].map(EvidenceCode::words);
        assert_eq!(words(&suggested.evidence), standard);
        assert_eq!(suggested.against[0].code, "days_apart");
        assert_eq!(links.rows[0].against, suggested.against);
    }

    #[test]
    fn evidence_quotes_the_accounts_in_quoting_wording() {
        let links = build_links(EvidenceWording::Quoting);
        let day = "one agency speaks of “at the weekend”, which is 2 March 2024, the day that police gives";
        assert_eq!(
            words(&links.suggested[0].evidence),
            ["Both tell of “Front door” and “Door damaged”", day]
        );
    }

    #[test]
    fn other_names_hold_family_names_and_names_of_relations() {
        let mut member =
            ComponentMember::new(PersonId(Uuid::from_u128(1)), PersonKind::Child, vec![0]);
        member.add_record(&read_line(SCHOOL, 1).unwrap().0.subject);
        assert_eq!(
            member.other_names().collect::<Vec<_>>(),
            ["Fenwick", "Ffion", "Quillon"]
        );
    }
}
