//! Prepares a record for many comparisons: words are interned, references hashed, identifiers and
//! dates parsed.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use domain::{BirthDate, PersonKind, RelationshipKind, Sex};
use time::Date;

use super::addresses::Address;
use super::dates::plausible_birth;
use super::facts::{PersonFacts, RelationFacts};
use super::identifiers::Identifier;
use super::name_forms::{self, NameForm, Placeholder};
use super::words::{WordId, WordInterner, split_words};

/// The most names and addresses read of one record; relations may be twice as many.
const MAX_ITEMS: usize = 8;

/// A parent, sibling or other person named on a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Relative {
    pub(crate) kind: RelationshipKind,
    pub(crate) name: NameForm,
    pub(crate) birth: Option<Date>,
    pub(crate) nhs: Option<Identifier>,
    /// Hash of the key of that person's own record; 0 without a key.
    pub(crate) key: u64,
    /// Hash of the agency's reference for that person's record; 0 without a reference.
    pub(crate) reference: u64,
}

/// A record, or several records of one child combined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PreparedRecord {
    pub(crate) kind: PersonKind,
    /// A hash of all facts except the key; the same for a record that is sent several times.
    pub(crate) content: u64,
    /// This and the following numbers are hashes; 0 for a missing value.
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
    /// Other dates of birth from further records of the same child.
    pub(crate) other_births: Vec<BirthDate>,
    pub(crate) sex: Sex,
    pub(crate) addresses: Vec<Address>,
    pub(crate) relatives: Vec<Relative>,
}

impl PreparedRecord {
    /// Prepares one record.
    pub(crate) fn read(words: &mut WordInterner, facts: &PersonFacts) -> Self {
        let names: Vec<_> = facts
            .names
            .iter()
            .take(MAX_ITEMS)
            .map(|name| name_forms::read_name(words, name))
            .collect();
        let placeholder = names.iter().find_map(|(_, placeholder)| *placeholder);
        let has_given_name = names.iter().any(|(form, _)| !form.given.is_empty());
        let addresses = facts
            .addresses
            .iter()
            .take(MAX_ITEMS)
            .map(|address| Address::read(words, address));
        let addresses = addresses.filter(|address| !address.is_empty()).collect();
        let agency = hash_parts(&[facts.agency.trim()]);
        Self {
            kind: facts.kind,
            content: facts.content_hash(),
            key: hash_parts(&[&facts.key]),
            agency: if facts.agency.trim().is_empty() {
                0
            } else {
                agency
            },
            reference: hash_reference(agency, facts.reference.as_deref()),
            family_reference: hash_reference(agency, facts.family_reference.as_deref()),
            school: hash_institution(facts.school.as_deref()),
            gp: hash_institution(facts.gp.as_deref()),
            nhs: facts
                .nhs_number
                .as_ref()
                .and_then(|number| Identifier::parse_nhs_number(number.as_str())),
            upn: facts
                .upn
                .as_ref()
                .and_then(|upn| Identifier::parse_upn(upn.as_str())),
            forms: names.into_iter().map(|(form, _)| form).collect(),
            placeholder: placeholder.filter(|_| !has_given_name),
            birth: plausible_birth(facts.birth),
            other_births: Vec::new(),
            sex: facts.sex,
            addresses,
            relatives: facts
                .relations
                .iter()
                .take(2 * MAX_ITEMS)
                .map(|relation| Relative::read(words, agency, relation))
                .collect(),
        }
    }

    /// Combines several records of one child: the most frequent birth, sex and numbers, and all
    /// names, homes and relations. `None` without records.
    pub(crate) fn combine<'a>(records: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let mut seen = BTreeSet::new();
        let records: Vec<&Self> = records
            .filter(|record| seen.insert(record.content))
            .collect();
        let mut combined = (*records.first()?).clone();
        let is_born = records
            .iter()
            .any(|record| record.birth.is_some_and(|birth| !birth.expected));
        combined.birth = most_frequent(
            records
                .iter()
                .filter_map(|record| record.birth)
                .filter(|birth| !is_born || !birth.expected),
            |birth| birth.date,
        );
        let has_valid_nhs = records
            .iter()
            .any(|record| record.nhs.is_some_and(|nhs| nhs.valid));
        combined.nhs = most_frequent(
            records
                .iter()
                .filter_map(|record| record.nhs)
                .filter(|nhs| nhs.valid || !has_valid_nhs),
            |nhs| *nhs,
        );
        combined.upn = most_frequent(records.iter().filter_map(|record| record.upn), |upn| *upn);
        let births = || {
            records
                .iter()
                .filter_map(|record| record.birth)
                .filter(|birth| !is_born || !birth.expected)
        };
        let other_births: Vec<BirthDate> = births()
            .filter(|birth| Some(*birth) != combined.birth)
            .collect();
        combined.other_births = distinct(other_births.iter(), MAX_ITEMS);
        combined.sex = most_frequent_sex(&records);
        let is_named = records.iter().any(|record| record.placeholder.is_none());
        combined.placeholder = combined.placeholder.filter(|_| !is_named);
        combined.forms = distinct(records.iter().flat_map(|record| &record.forms), MAX_ITEMS);
        let reversed = reversed_forms(&combined.forms);
        combined.forms.retain(|form| !reversed.contains(form));
        combined.addresses = distinct(
            records.iter().flat_map(|record| &record.addresses),
            MAX_ITEMS,
        );
        combined.relatives = distinct(
            records.iter().flat_map(|record| &record.relatives),
            3 * MAX_ITEMS,
        );
        combined.agency = 0;
        combined.reference = 0;
        Some(combined)
    }

    /// The relatives of one kind.
    pub(crate) fn relatives_of(&self, kind: RelationshipKind) -> impl Iterator<Item = &Relative> {
        self.relatives
            .iter()
            .filter(move |relative| relative.kind == kind)
    }

    /// Whether the record is of an unborn baby.
    pub(crate) fn is_unborn(&self) -> bool {
        self.birth.is_some_and(|birth| birth.expected)
    }

    /// The twins named on the record: relations of that kind, and siblings with the same date of
    /// birth.
    pub(crate) fn declared_twins(&self) -> impl Iterator<Item = &Relative> {
        let born = self
            .birth
            .filter(|birth| !birth.expected)
            .map(|birth| birth.date);
        self.relatives.iter().filter(move |relative| {
            relative.kind == RelationshipKind::TwinOf
                || relative.kind == RelationshipKind::SiblingOf
                    && relative.birth.is_some()
                    && relative.birth == born
        })
    }
}

impl Relative {
    fn read(words: &mut WordInterner, agency: u64, facts: &RelationFacts) -> Self {
        Self {
            kind: facts.kind,
            name: name_forms::read_name(words, &facts.name).0,
            birth: facts.birth,
            nhs: facts
                .nhs_number
                .as_ref()
                .and_then(|number| Identifier::parse_nhs_number(number.as_str())),
            key: facts
                .reference
                .as_deref()
                .map_or(0, |key| hash_parts(&[key])),
            reference: hash_reference(agency, facts.reference.as_deref()),
        }
    }
}

/// Names whose given and family name are swapped: the name also occurs the other way round, and its
/// words occur more often in the other field.
fn reversed_forms(forms: &[NameForm]) -> Vec<NameForm> {
    let uses_as_family_name = |word: &WordId| {
        forms
            .iter()
            .filter(|form| form.family.contains(word))
            .count()
    };
    let uses_as_given_name = |word: &WordId| {
        forms
            .iter()
            .filter(|form| form.given.first() == Some(word))
            .count()
    };
    let is_reversed = |form: &&NameForm| {
        let (Some(given), Some(family)) = (form.given.first(), form.family.first()) else {
            return false;
        };
        let occurs_the_other_way = forms
            .iter()
            .any(|other| other.given.first() == Some(family) && other.family.contains(given));
        occurs_the_other_way
            && uses_as_family_name(given) > uses_as_given_name(given)
            && uses_as_given_name(family) >= uses_as_family_name(family)
    };
    forms.iter().filter(is_reversed).cloned().collect()
}

/// The most frequent sex; not known when female and male are equally frequent.
fn most_frequent_sex(records: &[&PreparedRecord]) -> Sex {
    let count = |sex: Sex| records.iter().filter(|record| record.sex == sex).count();
    match count(Sex::Female).cmp(&count(Sex::Male)) {
        Ordering::Greater => Sex::Female,
        Ordering::Less => Sex::Male,
        Ordering::Equal => Sex::NotKnown,
    }
}

/// The most frequent value; of several, the one with the smallest key.
fn most_frequent<T: Copy, K: Ord>(
    values: impl Iterator<Item = T>,
    key: impl Fn(&T) -> K,
) -> Option<T> {
    let mut counts: BTreeMap<K, (usize, T)> = BTreeMap::new();
    for value in values {
        counts.entry(key(&value)).or_insert((0, value)).0 += 1;
    }
    let highest = counts.values().map(|(count, _)| *count).max()?;
    counts
        .into_values()
        .find(|(count, _)| *count == highest)
        .map(|(_, value)| value)
}

/// The distinct values, at most `limit` of them.
fn distinct<'a, T: Clone + PartialEq + 'a>(
    values: impl Iterator<Item = &'a T>,
    limit: usize,
) -> Vec<T> {
    let mut out: Vec<T> = Vec::new();
    for value in values {
        if out.len() < limit && !out.contains(value) {
            out.push(value.clone());
        }
    }
    out
}

fn hash_reference(agency: u64, text: Option<&str>) -> u64 {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    text.map_or(0, |text| {
        hash_parts(&[&agency.to_string(), &text.to_lowercase()])
    })
}

fn hash_institution(name: Option<&str>) -> u64 {
    let words = name.map(split_words).unwrap_or_default();
    if words.is_empty() {
        0
    } else {
        hash_parts(&[&words.concat()])
    }
}

/// A hash of parts that is the same on every machine and in every version (FNV-1a, 64 bits, with a
/// separator after each part).
pub(crate) fn hash_parts(parts: &[&str]) -> u64 {
    let mut fnv = Fnv::default();
    for part in parts {
        fnv.write(part.as_bytes());
        fnv.write(&[0xff]);
    }
    fnv.finish()
}

/// The hasher FNV-1a with 64 bits.
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
