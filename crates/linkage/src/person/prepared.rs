//! A record read once: words, numbers and dates, ready to be compared many times.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use domain::{BirthDate, PersonKind, RelationshipKind, Sex};
use time::Date;

use super::addresses::Address;
use super::dates::plausible;
use super::facts::{PersonFacts, RelationFacts};
use super::identifiers::Identifier;
use super::name_forms::{self, NameForm, Placeholder};
use super::words::{Words, split};

/// The most names, addresses and relations looked at in one record.
const MOST: usize = 8;

/// A parent, sibling or other as named on somebody's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Relative {
    pub(crate) kind: RelationshipKind,
    pub(crate) name: NameForm,
    pub(crate) birth: Option<Date>,
    pub(crate) nhs: Option<Identifier>,
    /// The other's own record: its key, or the agency's reference for it; hashed, 0 for none.
    pub(crate) key: u64,
    pub(crate) reference: u64,
}

/// A record, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) kind: PersonKind,
    /// A number for everything the record says, its key left out: a record sent several times has one.
    pub(crate) content: u64,
    /// Hashes; 0 for none.
    pub(crate) key: u64,
    pub(crate) agency: u64,
    pub(crate) reference: u64,
    pub(crate) family_reference: u64,
    pub(crate) school: u64,
    pub(crate) gp: u64,
    pub(crate) nhs: Option<Identifier>,
    pub(crate) upn: Option<Identifier>,
    pub(crate) forms: Vec<NameForm>,
    pub(crate) placeholder: Option<Placeholder>,
    pub(crate) birth: Option<BirthDate>,
    /// Other days of birth that further records of the same child give.
    pub(crate) other_births: Vec<BirthDate>,
    pub(crate) sex: Sex,
    pub(crate) addresses: Vec<Address>,
    pub(crate) relatives: Vec<Relative>,
}

impl Person {
    pub(crate) fn read(words: &mut Words, facts: &PersonFacts) -> Self {
        let read: Vec<_> = facts.names.iter().take(MOST).map(|name| name_forms::read(words, name)).collect();
        let placeholder = read.iter().find_map(|(_, placeholder)| *placeholder);
        let named = read.iter().any(|(form, _)| !form.given.is_empty());
        let addresses = facts.addresses.iter().take(MOST).map(|address| Address::read(words, address));
        let addresses = addresses.filter(|address| !address.is_empty()).collect();
        let agency = hash(&[facts.agency.trim()]);
        Self {
            kind: facts.kind,
            content: facts.content(),
            key: hash(&[&facts.key]),
            agency: if facts.agency.trim().is_empty() { 0 } else { agency },
            reference: reference(agency, facts.reference.as_deref()),
            family_reference: reference(agency, facts.family_reference.as_deref()),
            school: institution(facts.school.as_deref()),
            gp: institution(facts.gp.as_deref()),
            nhs: facts.nhs_number.as_ref().and_then(|number| Identifier::nhs(number.as_str())),
            upn: facts.upn.as_ref().and_then(|upn| Identifier::upn(upn.as_str())),
            forms: read.into_iter().map(|(form, _)| form).collect(),
            placeholder: placeholder.filter(|_| !named),
            birth: plausible(facts.birth),
            other_births: Vec::new(),
            sex: facts.sex,
            addresses,
            relatives: facts.relations.iter().take(2 * MOST).map(|one| Relative::read(words, agency, one)).collect(),
        }
    }

    /// What several records of one child say together: the commonest birth, sex and numbers, all names, homes and relations.
    pub(crate) fn together<'a>(records: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let mut seen = BTreeSet::new();
        let records: Vec<&Self> = records.filter(|record| seen.insert(record.content)).collect();
        let mut whole = (*records.first()?).clone();
        let born = records.iter().any(|record| record.birth.is_some_and(|birth| !birth.expected));
        whole.birth = commonest(records.iter().filter_map(|r| r.birth).filter(|b| !born || !b.expected), |b| b.date);
        let right = records.iter().any(|record| record.nhs.is_some_and(|nhs| nhs.valid));
        whole.nhs = commonest(records.iter().filter_map(|r| r.nhs).filter(|nhs| nhs.valid || !right), |nhs| *nhs);
        whole.upn = commonest(records.iter().filter_map(|record| record.upn), |upn| *upn);
        let births = || records.iter().filter_map(|record| record.birth).filter(|birth| !born || !birth.expected);
        let others: Vec<BirthDate> = births().filter(|birth| Some(*birth) != whole.birth).collect();
        whole.other_births = united(others.iter(), MOST);
        whole.sex = sex_of(&records);
        let named = records.iter().any(|record| record.placeholder.is_none());
        whole.placeholder = whole.placeholder.filter(|_| !named);
        whole.forms = united(records.iter().flat_map(|record| &record.forms), MOST);
        let turned = turned_round(&whole.forms);
        whole.forms.retain(|form| !turned.contains(form));
        whole.addresses = united(records.iter().flat_map(|record| &record.addresses), MOST);
        whole.relatives = united(records.iter().flat_map(|record| &record.relatives), 3 * MOST);
        (whole.agency, whole.reference) = (0, 0);
        Some(whole)
    }

    /// The parents or carers of one kind.
    pub(crate) fn relatives_of(&self, kind: RelationshipKind) -> impl Iterator<Item = &Relative> {
        self.relatives.iter().filter(move |relative| relative.kind == kind)
    }

    /// Whether it is said to be an unborn baby.
    pub(crate) fn is_unborn(&self) -> bool {
        self.birth.is_some_and(|birth| birth.expected)
    }

    /// Twins by relationship, or brothers and sisters of the same birthday.
    pub(crate) fn twins(&self) -> impl Iterator<Item = &Relative> {
        let born = self.birth.filter(|birth| !birth.expected).map(|birth| birth.date);
        self.relatives.iter().filter(move |relative| {
            relative.kind == RelationshipKind::TwinOf
                || relative.kind == RelationshipKind::SiblingOf && relative.birth.is_some() && relative.birth == born
        })
    }
}

impl Relative {
    fn read(words: &mut Words, agency: u64, facts: &RelationFacts) -> Self {
        Self {
            kind: facts.kind,
            name: name_forms::read(words, &facts.name).0,
            birth: facts.birth,
            nhs: facts.nhs_number.as_ref().and_then(|number| Identifier::nhs(number.as_str())),
            key: facts.reference.as_deref().map_or(0, |key| hash(&[key])),
            reference: reference(agency, facts.reference.as_deref()),
        }
    }
}

/// Forms whose given and family name have changed places, where the other way round is said too: by the family names that
/// stand as a family name oftener.
fn turned_round(forms: &[NameForm]) -> Vec<NameForm> {
    let families = |word: &super::words::Word| forms.iter().filter(|form| form.family.contains(word)).count();
    let givens = |word: &super::words::Word| forms.iter().filter(|form| form.given.first() == Some(word)).count();
    let turned = |form: &&NameForm| {
        let (Some(given), Some(family)) = (form.given.first(), form.family.first()) else { return false };
        let other = forms.iter().any(|other| other.given.first() == Some(family) && other.family.contains(given));
        other && families(given) > givens(given) && givens(family) >= families(family)
    };
    forms.iter().filter(turned).cloned().collect()
}

/// The sex that most records give; not known where as many give the other.
fn sex_of(records: &[&Person]) -> Sex {
    let count = |sex: Sex| records.iter().filter(|record| record.sex == sex).count();
    match count(Sex::Female).cmp(&count(Sex::Male)) {
        Ordering::Greater => Sex::Female,
        Ordering::Less => Sex::Male,
        Ordering::Equal => Sex::NotKnown,
    }
}

/// The one that occurs oftenest; of several, the smallest.
fn commonest<T: Copy, K: Ord>(values: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Option<T> {
    let mut counts: BTreeMap<K, (usize, T)> = BTreeMap::new();
    for value in values {
        counts.entry(key(&value)).or_insert((0, value)).0 += 1;
    }
    let most = counts.values().map(|(count, _)| *count).max()?;
    counts.into_values().find(|(count, _)| *count == most).map(|(_, value)| value)
}

/// Each different one once, up to `most`.
fn united<'a, T: Clone + PartialEq + 'a>(values: impl Iterator<Item = &'a T>, most: usize) -> Vec<T> {
    let mut out: Vec<T> = Vec::new();
    for value in values {
        if out.len() < most && !out.contains(value) {
            out.push(value.clone());
        }
    }
    out
}

fn reference(agency: u64, text: Option<&str>) -> u64 {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    text.map_or(0, |text| hash(&[&agency.to_string(), &text.to_lowercase()]))
}

fn institution(name: Option<&str>) -> u64 {
    let words = name.map(split).unwrap_or_default();
    if words.is_empty() { 0 } else { hash(&[&words.concat()]) }
}

/// The same number for the same parts on every machine and in every version (FNV-1a, 64 bits, each part closed).
pub(crate) fn hash(parts: &[&str]) -> u64 {
    let mut fnv = Fnv::default();
    for part in parts {
        fnv.write(part.as_bytes());
        fnv.write(&[0xff]);
    }
    fnv.finish()
}

/// FNV-1a, 64 bits.
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
