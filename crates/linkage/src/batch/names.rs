//! Resolves the names that an event lists in `also_about` to members of the component: "also about
//! Bilal".

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use deunicode::deunicode;
use domain::word_list::WordList;
use domain::{PersonId, PersonKind, PersonName, RelationshipKind as R, Sensitive};
use time::Date;

use super::component::ComponentSubmission;
use super::finding::{Finding, FindingCode};
use super::submission::Subject;
use crate::person::{PersonFacts, ReasonCode, same_person};

/// What practitioners write instead of the name of a child who is not born yet.
const UNBORN_NAMES_TEXT: &str = include_str!("../../data/unborn-child-names.txt");
static UNBORN_NAMES: LazyLock<WordList<'static>> =
    LazyLock::new(|| WordList::parse(UNBORN_NAMES_TEXT));

/// Days from the earliest time at which a pregnancy can be known to a late birth.
const PREGNANCY_DAYS: i64 = 300;
/// In a larger component a similar name is no evidence of who is meant.
const MAX_MEMBERS_FOR_SIMILAR_NAMES: usize = 60;
/// The most names kept of one member.
const MAX_NAMES: usize = 24;
/// The most addresses kept of one record.
const MAX_ADDRESSES: usize = 8;
/// The most names kept of one member besides the member's own given names.
const MAX_OTHER_NAMES: usize = 96;

/// A child or an adult of a component, with what all of the member's records say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentMember {
    /// The person's id, valid within the component.
    pub id: PersonId,
    kind: PersonKind,
    families: Vec<usize>,
    names: Vec<PersonName>,
    /// The normalised forms under which a list may name the member: whole names, given names, first
    /// given names.
    name_keys: BTreeSet<String>,
    /// Normalised names of the brothers and sisters on the member's records: other people, however
    /// similar their names.
    siblings: BTreeSet<String>,
    /// Family names, and the names of parents, carers and other relations on the member's records.
    other_names: BTreeSet<String>,
    /// Lines of the member's addresses.
    addresses: BTreeSet<String>,
    /// Agency and lower-case id of each of the member's records.
    record_ids: BTreeSet<(String, String)>,
    /// The latest date of birth, or expected date of birth, on the member's records.
    birth: Option<Date>,
    /// Whether any record gives an expected date of birth.
    was_expected: bool,
}

impl ComponentMember {
    /// A member of whom no record has been added yet.
    #[must_use]
    pub fn new(id: PersonId, kind: PersonKind, families: Vec<usize>) -> Self {
        Self {
            id,
            kind,
            families,
            names: Vec::new(),
            name_keys: BTreeSet::new(),
            siblings: BTreeSet::new(),
            other_names: BTreeSet::new(),
            addresses: BTreeSet::new(),
            record_ids: BTreeSet::new(),
            birth: None,
            was_expected: false,
        }
    }

    /// Adds the facts of one record.
    pub fn add_record(&mut self, subject: &Subject) {
        let facts = &subject.facts;
        for name in &facts.names {
            if self.names.len() < MAX_NAMES && !self.names.contains(name) {
                self.names.push(name.clone());
                self.name_keys.extend(name_keys(name));
            }
        }
        let siblings = facts
            .relations
            .iter()
            .filter(|relation| is_sibling(relation.kind));
        self.siblings
            .extend(siblings.map(|sibling| normalize_name(sibling.name.given.as_str())));
        self.add_other_names(subject);
        let lines = facts.addresses.iter().map(|address| address.lines.as_str());
        self.addresses
            .extend(lines.take(MAX_ADDRESSES).map(str::to_owned));
        let ids = [&subject.id, &subject.reference].into_iter().flatten();
        self.record_ids
            .extend(ids.map(|id| (facts.agency.clone(), id.to_lowercase())));
        if let Some(birth) = facts.birth {
            self.was_expected |= birth.expected;
            self.birth = Some(self.birth.map_or(birth.date, |known| known.max(birth.date)));
        }
    }

    fn add_other_names(&mut self, subject: &Subject) {
        let facts = &subject.facts;
        let own = facts.names.iter().filter_map(|name| name.family.as_ref());
        let relations = facts.relations.iter().map(|relation| &relation.name);
        let of_relations = relations
            .flat_map(|name| [Some(&name.given), name.family.as_ref()])
            .flatten();
        for name in own
            .chain(of_relations)
            .map(Sensitive::as_str)
            .filter(|name| !name.trim().is_empty())
        {
            if self.other_names.len() < MAX_OTHER_NAMES {
                self.other_names.insert(name.to_owned());
            }
        }
    }

    /// Lines of the member's addresses, as recorded.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.addresses.iter().map(String::as_str)
    }

    /// The member's family names, and the names of the relations on the member's records, as
    /// recorded.
    pub(super) fn other_names(&self) -> impl Iterator<Item = &str> {
        self.other_names.iter().map(String::as_str)
    }

    /// The member's given and known-as names, as recorded.
    pub(super) fn given_names(&self) -> impl Iterator<Item = (PersonId, &str)> {
        let given = self
            .names
            .iter()
            .map(|name| name.given.as_str())
            .filter(|given| !given.is_empty());
        given.map(|given| (self.id, given))
    }

    pub(super) fn families(&self) -> &[usize] {
        &self.families
    }

    pub(super) fn is_child(&self) -> bool {
        self.kind == PersonKind::Child
    }

    fn shares_family(&self, other: &Self) -> bool {
        self.families
            .iter()
            .any(|family| other.families.contains(family))
    }

    /// Whether the member is a child whose mother was pregnant on a day.
    fn is_unborn_on(&self, day: Date) -> bool {
        let in_pregnancy = |birth: Date| (1..=PREGNANCY_DAYS).contains(&(birth - day).whole_days());
        self.is_child() && self.birth.map_or(self.was_expected, in_pregnancy)
    }

    /// Whether a name is a misspelling, a short form or another spelling of one of the member's
    /// names, and not a sibling's.
    fn has_similar_name(&self, name: &str) -> bool {
        if self.siblings.contains(&normalize_name(name)) {
            return false;
        }
        let as_record = |names: Vec<PersonName>| PersonFacts {
            names,
            ..PersonFacts::new(String::new())
        };
        let given = PersonName {
            given: name.into(),
            family: None,
        };
        let compared = same_person(&as_record(vec![given]), &as_record(self.names.clone()));
        let is_similar = |code| {
            matches!(
                code,
                ReasonCode::GivenSame | ReasonCode::GivenForm | ReasonCode::GivenSlip
            )
        };
        compared
            .evidence
            .iter()
            .any(|reason| is_similar(reason.code))
    }
}

const fn is_sibling(kind: R) -> bool {
    matches!(kind, R::SiblingOf | R::HalfSiblingOf | R::TwinOf)
}

/// Finds members of a component by name or record id.
#[derive(Debug)]
pub struct NameResolver<'m> {
    members: &'m [ComponentMember],
    /// Members by normalised name.
    name_keys: BTreeMap<&'m str, Vec<usize>>,
    /// Members by agency and lower-case record id.
    record_ids: BTreeMap<(&'m str, &'m str), Vec<usize>>,
    /// Children with a date of birth or an expected date: those whom an entry can call the unborn
    /// child.
    with_birth: Vec<usize>,
    /// Members with a similar name, by the name looked up; computed on first use.
    similar: RefCell<BTreeMap<String, Vec<usize>>>,
}

/// The result of one way to look up a name: `None` where no member fits, an error where several fit
/// equally well.
type NameMatch = Option<Result<usize, FindingCode>>;

impl<'m> NameResolver<'m> {
    /// Indexes the names and record ids of all members.
    #[must_use]
    pub fn new(members: &'m [ComponentMember]) -> Self {
        let mut name_keys = BTreeMap::new();
        let mut record_ids = BTreeMap::new();
        for (index, member) in members.iter().enumerate() {
            for name in &member.name_keys {
                name_keys
                    .entry(name.as_str())
                    .or_insert_with(Vec::new)
                    .push(index);
            }
            for (agency, id) in &member.record_ids {
                record_ids
                    .entry((agency.as_str(), id.as_str()))
                    .or_insert_with(Vec::new)
                    .push(index);
            }
        }
        let children = members
            .iter()
            .enumerate()
            .filter(|(_, member)| member.is_child());
        let with_birth =
            children.filter(|(_, member)| member.was_expected || member.birth.is_some());
        let with_birth = with_birth.map(|(index, _)| index).collect();
        Self {
            members,
            name_keys,
            record_ids,
            with_birth,
            similar: RefCell::default(),
        }
    }

    /// The members whom an event concerns, as ascending indexes: the subject of the record, and the
    /// members named in `also_about`. Returns a finding for each name that fits no member or
    /// several.
    #[must_use]
    pub fn resolve_event(
        &self,
        source: &ComponentSubmission<'_>,
        event: usize,
    ) -> (Vec<usize>, Vec<Finding>) {
        let mut named = BTreeSet::from([source.member]);
        let mut findings = Vec::new();
        let submitted = source.submission.events.get(event);
        let also_about = submitted.map_or(&[][..], |submitted| submitted.also_about.as_slice());
        for (index, name) in also_about.iter().enumerate() {
            match self.resolve_name(source, event, name.as_str()) {
                Ok(member) => {
                    named.insert(member);
                }
                Err(code) => {
                    let field = format!("events[{event}].also_about[{index}]");
                    findings
                        .push(Finding::new(source.line, field, code).with_submission(source.label));
                }
            }
        }
        (named.into_iter().collect(), findings)
    }

    /// The member whom a name means: looked up by record id, by name, as the unborn child, and by a
    /// similar name, in this order. Members of the subject's own families come before others.
    ///
    /// # Errors
    /// `NameUnknown` when no member fits; `NameOfSeveral` when several fit equally well.
    fn resolve_name(
        &self,
        source: &ComponentSubmission<'_>,
        event: usize,
        name: &str,
    ) -> Result<usize, FindingCode> {
        let normalized = normalize_name(name);
        let record_id = name.trim().to_lowercase();
        let by_record_id = self
            .record_ids
            .get(&(source.submission.agency.as_str(), record_id.as_str()));
        let by_name = self.name_keys.get(normalized.as_str());
        let unique = |candidates: Option<&Vec<usize>>| self.unique_match(source, candidates?);
        unique(by_record_id)
            .or_else(|| unique(by_name))
            .or_else(|| self.match_unborn(source, event, &normalized))
            .or_else(|| self.match_similar(source, name))
            .unwrap_or(Err(FindingCode::NameUnknown))
    }

    /// The best of the candidates: members of the subject's own families first, then children
    /// before adults; an error when several are best.
    fn unique_match(&self, source: &ComponentSubmission<'_>, candidates: &[usize]) -> NameMatch {
        let subject = self.members.get(source.member)?;
        let rank = |index: &usize| {
            let member = self.members.get(*index);
            member.map(|member| (!member.shares_family(subject), !member.is_child()))
        };
        let best_rank = candidates.iter().filter_map(rank).min()?;
        let mut best = candidates
            .iter()
            .filter(|index| rank(index) == Some(best_rank));
        match (best.next(), best.next()) {
            (None, _) => None,
            (Some(only), None) => Some(Ok(*only)),
            _ => Some(Err(FindingCode::NameOfSeveral)),
        }
    }

    /// Resolves "unborn baby" and the like: the child whose mother was pregnant on the day of the
    /// event, or else the child with an expected date of birth.
    fn match_unborn(
        &self,
        source: &ComponentSubmission<'_>,
        event: usize,
        normalized: &str,
    ) -> NameMatch {
        let first_word = normalized.split(' ').next().unwrap_or_default();
        let unborn_names = UNBORN_NAMES.items("");
        if !unborn_names.contains(&normalized) && !unborn_names.contains(&first_word) {
            return None;
        }
        let day = source.submission.events.get(event)?.when.latest();
        let unique = |fits: &dyn Fn(&ComponentMember) -> bool| {
            let children = self.with_birth.iter().copied();
            let candidates: Vec<usize> = children
                .filter(|index| self.members.get(*index).is_some_and(fits))
                .collect();
            self.unique_match(source, &candidates)
        };
        unique(&|member| member.is_unborn_on(day)).or_else(|| unique(&|member| member.was_expected))
    }

    /// Resolves a name that no member has, but to which the name of one child of the family is
    /// similar. The subject is left out: a record does not list its own subject.
    fn match_similar(&self, source: &ComponentSubmission<'_>, name: &str) -> NameMatch {
        if self.members.len() > MAX_MEMBERS_FOR_SIMILAR_NAMES {
            return None;
        }
        let mut cache = self.similar.borrow_mut();
        let similar = cache.entry(name.to_owned()).or_insert_with(|| {
            let all = self.members.iter().enumerate();
            all.filter(|(_, member)| member.has_similar_name(name))
                .map(|(index, _)| index)
                .collect()
        });
        let subject = self.members.get(source.member)?;
        let fits = |index: &&usize| {
            let member = self.members.get(**index);
            **index != source.member
                && member.is_some_and(|member| member.is_child() && member.shares_family(subject))
        };
        let mut candidates = similar.iter().filter(fits);
        match (candidates.next(), candidates.next()) {
            (None, _) => None,
            (Some(only), None) => Some(Ok(*only)),
            _ => Some(Err(FindingCode::NameOfSeveral)),
        }
    }
}

/// The normalised forms under which a list may name a person of this name.
fn name_keys(name: &PersonName) -> Vec<String> {
    let given = normalize_name(name.given.as_str());
    let family = name
        .family
        .as_ref()
        .map(|family| normalize_name(family.as_str()))
        .unwrap_or_default();
    if given.is_empty() {
        return Vec::new();
    }
    let first = given.split(' ').next().unwrap_or_default().to_owned();
    let whole = [
        format!("{given} {family}"),
        format!("{first} {family}"),
        format!("{family} {given}"),
    ];
    let mut all = vec![given, first];
    all.extend(whole.into_iter().filter(|_| !family.is_empty()));
    all
}

/// Lower-case ASCII words with one space between them; a word without an ASCII form stays as it is.
fn normalize_name(name: &str) -> String {
    let lower = name.to_lowercase().replace(['\'', '’', '`'], "");
    let words = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let to_ascii = |word: &str| {
        let ascii = deunicode(word).to_lowercase();
        if ascii.trim().is_empty() {
            word.to_owned()
        } else {
            ascii.trim().to_owned()
        }
    };
    words.map(to_ascii).collect::<Vec<_>>().join(" ")
}
