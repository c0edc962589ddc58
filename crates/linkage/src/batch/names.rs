//! Who is meant by a name in a list of names: "also about Bilal".

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use deunicode::deunicode;
use domain::{PersonId, PersonKind, PersonName, RelationshipKind as R, Sensitive};
use time::Date;

use super::circle::Return;
use super::finding::{Finding, FindingCode};
use super::submission::Subject;
use crate::person::{PersonFacts, ReasonCode, same_person};

/// What a practitioner writes for a child that is not born yet.
const UNBORN: [&str; 8] = ["unborn", "unborn baby", "unborn child", "ub", "ubb", "baby", "bump", "new baby"];
/// From the first that anybody can know to a late birth.
const PREGNANCY_DAYS: i64 = 300;
/// In a larger circle names that are nearly the same say nothing.
const CROWD: usize = 60;
/// The most names of one person that are remembered.
const MOST: usize = 24;
/// The most addresses of one record that are remembered.
const MOST_ADDRESSES: usize = 8;
/// The most names beside one person's own given names that are remembered.
const MOST_OTHERS: usize = 96;

/// A child or an adult of the circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who it is.
    pub id: PersonId,
    kind: PersonKind,
    families: Vec<usize>,
    names: Vec<PersonName>,
    /// What it is called in lists of names: whole names, given names, first given names, in plain letters.
    called: BTreeSet<String>,
    /// Brothers and sisters that its records name: somebody else, however like the name.
    siblings: BTreeSet<String>,
    /// Family names, and the names of those whom its records call parents, carers or other relations.
    others: BTreeSet<String>,
    /// Lines of its addresses.
    addresses: BTreeSet<String>,
    /// An agency's own ids of the person's records.
    records: BTreeSet<(String, String)>,
    /// The last day on which it can have been born or is expected.
    birth: Option<Date>,
    was_expected: bool,
}

impl Member {
    /// Somebody of whom nothing is known yet but the families.
    #[must_use]
    pub fn new(id: PersonId, kind: PersonKind, families: Vec<usize>) -> Self {
        Self {
            id,
            kind,
            families,
            names: Vec::new(),
            called: BTreeSet::new(),
            siblings: BTreeSet::new(),
            others: BTreeSet::new(),
            addresses: BTreeSet::new(),
            records: BTreeSet::new(),
            birth: None,
            was_expected: false,
        }
    }

    /// Adds what one record says.
    pub fn learn(&mut self, subject: &Subject) {
        let facts = &subject.facts;
        for name in &facts.names {
            if self.names.len() < MOST && !self.names.contains(name) {
                self.names.push(name.clone());
                self.called.extend(calls(name));
            }
        }
        let siblings =
            facts.relations.iter().filter(|one| is_sibling(one.kind)).map(|one| plain(one.name.given.as_str()));
        self.siblings.extend(siblings);
        self.learn_others(subject);
        let lines = facts.addresses.iter().map(|address| address.lines.as_str());
        self.addresses.extend(lines.take(MOST_ADDRESSES).map(str::to_owned));
        let own = [&subject.id, &subject.reference].into_iter().flatten();
        self.records.extend(own.map(|id| (facts.agency.clone(), id.to_lowercase())));
        if let Some(birth) = facts.birth {
            self.was_expected |= birth.expected;
            self.birth = Some(self.birth.map_or(birth.date, |known| known.max(birth.date)));
        }
    }

    fn learn_others(&mut self, subject: &Subject) {
        let facts = &subject.facts;
        let own = facts.names.iter().filter_map(|name| name.family.as_ref());
        let related = facts.relations.iter().map(|one| &one.name);
        let theirs = related.flat_map(|name| [Some(&name.given), name.family.as_ref()]).flatten();
        for name in own.chain(theirs).map(Sensitive::as_str).filter(|name| !name.trim().is_empty()) {
            if self.others.len() < MOST_OTHERS {
                self.others.insert(name.to_owned());
            }
        }
    }

    /// Lines of the addresses that its records give, as they are written.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.addresses.iter().map(String::as_str)
    }

    /// Family names, and the names of those whom its records name beside it, as they are written.
    pub(super) fn others(&self) -> impl Iterator<Item = &str> {
        self.others.iter().map(String::as_str)
    }

    /// Given names and those it is known by, as they are written.
    pub(super) fn given(&self) -> impl Iterator<Item = (PersonId, &str)> {
        let given = self.names.iter().map(|name| name.given.as_str()).filter(|given| !given.is_empty());
        given.map(|given| (self.id, given))
    }

    pub(super) fn families(&self) -> &[usize] {
        &self.families
    }

    pub(super) fn is_child(&self) -> bool {
        self.kind == PersonKind::Child
    }

    fn shares_family(&self, other: &Self) -> bool {
        self.families.iter().any(|family| other.families.contains(family))
    }

    /// Whether the child was on the way on a day.
    fn unborn_on(&self, day: Date) -> bool {
        let on_the_way = |birth: Date| (1..=PREGNANCY_DAYS).contains(&(birth - day).whole_days());
        self.is_child() && self.birth.map_or(self.was_expected, on_the_way)
    }

    /// Whether a name is a slip, a short form or another spelling of one of its own, and nobody else's.
    fn nearly_called(&self, name: &str) -> bool {
        if self.siblings.contains(&plain(name)) {
            return false;
        }
        let as_record = |names: Vec<PersonName>| PersonFacts { names, ..PersonFacts::new(String::new()) };
        let given = PersonName { given: name.into(), family: None };
        let compared = same_person(&as_record(vec![given]), &as_record(self.names.clone()));
        let alike = |code| matches!(code, ReasonCode::GivenSame | ReasonCode::GivenForm | ReasonCode::GivenSlip);
        compared.evidence.iter().any(|reason| alike(reason.code))
    }
}

const fn is_sibling(kind: R) -> bool {
    matches!(kind, R::SiblingOf | R::HalfSiblingOf | R::TwinOf)
}

/// The names of a circle's members.
#[derive(Debug)]
pub struct Names<'m> {
    members: &'m [Member],
    called: BTreeMap<&'m str, Vec<usize>>,
    records: BTreeMap<(&'m str, &'m str), Vec<usize>>,
    /// Children that were expected, or whose birth is known: those that can be an unborn child.
    expected: Vec<usize>,
    /// Members nearly called so, by name.
    near: RefCell<BTreeMap<String, Vec<usize>>>,
}

type Search = Option<Result<usize, FindingCode>>;

impl<'m> Names<'m> {
    /// The names of all members.
    #[must_use]
    pub fn of(members: &'m [Member]) -> Self {
        let (mut called, mut records) = (BTreeMap::new(), BTreeMap::new());
        for (place, member) in members.iter().enumerate() {
            for name in &member.called {
                called.entry(name.as_str()).or_insert_with(Vec::new).push(place);
            }
            for (agency, id) in &member.records {
                records.entry((agency.as_str(), id.as_str())).or_insert_with(Vec::new).push(place);
            }
        }
        let expected = members.iter().enumerate().filter(|(_, member)| member.is_child());
        let expected = expected.filter(|(_, member)| member.was_expected || member.birth.is_some());
        let expected = expected.map(|(place, _)| place).collect();
        Self { members, called, records, expected, near: RefCell::default() }
    }

    /// Whose record an event stands on, and whom it says it is about too: places of members, ascending. Names that nobody
    /// or more than one goes by are found wanting.
    #[must_use]
    pub fn named(&self, one: &Return<'_>, event: usize) -> (Vec<usize>, Vec<Finding>) {
        let (mut named, mut findings) = (BTreeSet::from([one.member]), Vec::new());
        let also_about = one.submission.events.get(event).map_or(&[][..], |told| told.also_about.as_slice());
        for (place, name) in also_about.iter().enumerate() {
            match self.found(one, event, name.as_str()) {
                Ok(member) => {
                    named.insert(member);
                }
                Err(code) => {
                    let field = format!("events[{event}].also_about[{place}]");
                    findings.push(Finding::new(one.line, field, code).of(one.label));
                }
            }
        }
        (named.into_iter().collect(), findings)
    }

    /// The one member that is meant: by record id, by name, as the unborn child, by a name that is nearly the same; in the
    /// subject's own families before others.
    fn found(&self, one: &Return<'_>, event: usize, name: &str) -> Result<usize, FindingCode> {
        let called = plain(name);
        let record = name.trim().to_lowercase();
        let by_record = self.records.get(&(one.submission.agency.as_str(), record.as_str()));
        let by_name = self.called.get(called.as_str());
        let search = |fitting: Option<&Vec<usize>>| fitting.and_then(|fitting| self.only(one, fitting));
        let found = search(by_record).or_else(|| search(by_name)).or_else(|| self.unborn(one, event, &called));
        found.or_else(|| self.near(one, name)).unwrap_or(Err(FindingCode::NameUnknown))
    }

    /// The only member of those that fit: of the subject's own families first, children before adults; an error when
    /// there are several.
    fn only(&self, one: &Return<'_>, fitting: &[usize]) -> Search {
        let subject = self.members.get(one.member)?;
        let standing = |place: &usize| {
            let member = self.members.get(*place);
            member.map(|member| (!member.shares_family(subject), !member.is_child()))
        };
        let best = fitting.iter().filter_map(standing).min()?;
        let mut best = fitting.iter().filter(|place| standing(place) == Some(best));
        match (best.next(), best.next()) {
            (None, _) => None,
            (Some(only), None) => Some(Ok(*only)),
            _ => Some(Err(FindingCode::NameOfSeveral)),
        }
    }

    fn unborn(&self, one: &Return<'_>, event: usize, called: &str) -> Search {
        let first = called.split(' ').next().unwrap_or_default();
        if !UNBORN.contains(&called) && !UNBORN.contains(&first) {
            return None;
        }
        let day = one.submission.events.get(event)?.when.latest();
        let of = |fits: &dyn Fn(&Member) -> bool| {
            let all = self.expected.iter().copied();
            let fitting: Vec<usize> = all.filter(|place| self.members.get(*place).is_some_and(fits)).collect();
            self.only(one, &fitting)
        };
        of(&|member| member.unborn_on(day)).or_else(|| of(&|member| member.was_expected))
    }

    /// Nobody goes by the name, but one child of the family nearly does; the subject's own record does not name itself.
    fn near(&self, one: &Return<'_>, name: &str) -> Search {
        if self.members.len() > CROWD {
            return None;
        }
        let mut known = self.near.borrow_mut();
        let near = known.entry(name.to_owned()).or_insert_with(|| {
            let all = self.members.iter().enumerate();
            all.filter(|(_, member)| member.nearly_called(name)).map(|(place, _)| place).collect()
        });
        let subject = self.members.get(one.member)?;
        let fits = |place: &&usize| {
            let member = self.members.get(**place);
            **place != one.member && member.is_some_and(|member| member.is_child() && member.shares_family(subject))
        };
        let mut fitting = near.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (None, _) => None,
            (Some(only), None) => Some(Ok(*only)),
            _ => Some(Err(FindingCode::NameOfSeveral)),
        }
    }
}

/// What a person of this name is called in lists of names.
fn calls(name: &PersonName) -> Vec<String> {
    let given = plain(name.given.as_str());
    let family = name.family.as_ref().map(|family| plain(family.as_str())).unwrap_or_default();
    if given.is_empty() {
        return Vec::new();
    }
    let first = given.split(' ').next().unwrap_or_default().to_owned();
    let whole = [format!("{given} {family}"), format!("{first} {family}"), format!("{family} {given}")];
    let mut all = vec![given, first];
    all.extend(whole.into_iter().filter(|_| !family.is_empty()));
    all
}

/// Plain small letters, one space between words; letters that have no plain form stay.
fn plain(name: &str) -> String {
    let lower = name.to_lowercase().replace(['\'', '’', '`'], "");
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let plain = |word: &str| {
        let ascii = deunicode(word).to_lowercase();
        if ascii.trim().is_empty() { word.to_owned() } else { ascii.trim().to_owned() }
    };
    words.map(plain).collect::<Vec<_>>().join(" ")
}
