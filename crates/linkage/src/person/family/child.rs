//! What all records of one child say of its family, each thing once.

use std::collections::BTreeSet;

use domain::RelationshipKind;
use time::Date;

use super::super::addresses::Address;
use super::super::blocking;
use super::super::cluster::ChildCluster;
use super::super::compare::is_sibling;
use super::super::facts::PersonFacts;
use super::super::name_forms::NameForm;
use super::super::prepared::{Person, Relative, hash};
use super::super::words::Words;

/// The most records read of one child, and the most different names, homes and relatives kept.
const RECORDS: usize = 16;
const MOST: usize = 8;

/// A child, for its family.
#[derive(Debug, Default)]
pub(super) struct Child {
    /// Settles the order; of the records' keys.
    pub(super) key: String,
    /// The place among the clusters given.
    pub(super) place: usize,
    pub(super) forms: Vec<NameForm>,
    pub(super) births: Vec<Date>,
    pub(super) mothers: Vec<Relative>,
    pub(super) fathers: Vec<Relative>,
    pub(super) siblings: Vec<Relative>,
    pub(super) homes: Vec<Address>,
    /// Forms on which an agency sent it with others.
    pub(super) sheets: Vec<u64>,
    /// What other records point at it by: keys and references.
    pub(super) pointers: Vec<u64>,
    pub(super) practices: Vec<u64>,
}

impl Child {
    pub(super) fn read(words: &mut Words, records: &[PersonFacts], cluster: &ChildCluster, place: usize) -> Self {
        let mut facts: Vec<&PersonFacts> = cluster.members.iter().filter_map(|member| records.get(*member)).collect();
        facts.sort_by(|a, b| a.key.cmp(&b.key));
        let mut child =
            Self { key: facts.first().map(|facts| facts.key.clone()).unwrap_or_default(), place, ..Self::default() };
        for record in facts.into_iter().take(RECORDS) {
            child.take(Person::read(words, record));
        }
        child
    }

    fn take(&mut self, record: Person) {
        for relative in record.relatives {
            match relative.kind {
                RelationshipKind::MotherOf => add(&mut self.mothers, relative),
                RelationshipKind::FatherOf => add(&mut self.fathers, relative),
                kind if is_sibling(kind) => add(&mut self.siblings, relative),
                _ => {}
            }
        }
        record.forms.into_iter().for_each(|form| add(&mut self.forms, form));
        record.addresses.into_iter().for_each(|home| add(&mut self.homes, home));
        record.birth.into_iter().for_each(|birth| add(&mut self.births, birth.date));
        note(&mut self.sheets, record.family_reference);
        note(&mut self.pointers, record.key);
        note(&mut self.pointers, record.reference);
        note(&mut self.practices, record.gp);
    }

    /// The keys under which it is looked up for brothers and sisters.
    pub(super) fn keys(&self, words: &Words) -> BTreeSet<u64> {
        let mut keys: BTreeSet<u64> = self.sheets.iter().chain(&self.pointers).copied().collect();
        for relative in self.mothers.iter().chain(&self.fathers).chain(&self.siblings) {
            keys.extend([relative.key, relative.reference].into_iter().filter(|key| *key != 0));
            keys.extend(relative.nhs.map(|nhs| hash(&["parent number", &nhs.text()])));
        }
        self.people(words, &mut keys);
        self.each_home(words, &mut |key| {
            keys.insert(key);
        });
        keys
    }

    /// Names alone are shared by many, so each key joins a name to a birthday, or to another name of the family.
    fn people(&self, words: &Words, keys: &mut BTreeSet<u64>) {
        let named = |list: &[Relative]| -> Vec<(String, Option<Date>)> {
            list.iter().filter_map(|one| Some((blocking::adult(words, one)?, one.birth))).collect()
        };
        let (mothers, fathers, siblings) = (named(&self.mothers), named(&self.fathers), named(&self.siblings));
        let sound = |word: Option<&u32>| word.map_or("", |word| &*words.get(*word).sound);
        let own = |form: &NameForm| format!("{} {}", sound(form.given.first()), sound(form.family.last()));
        let own: BTreeSet<String> = self.forms.iter().map(own).collect();
        let mut add = |kind: &str, name: &str, beside: &str| {
            keys.insert(hash(&[kind, name, beside]));
        };
        for (kind, list) in [("mother", &mothers), ("father", &fathers), ("child", &siblings)] {
            for (name, birth) in list {
                birth.iter().for_each(|birth| add(kind, name, &birth.to_julian_day().to_string()));
            }
        }
        for name in &own {
            self.births.iter().for_each(|birth| add("child", name, &birth.to_julian_day().to_string()));
        }
        for (father, _) in &fathers {
            mothers.iter().for_each(|(mother, _)| add("parents", mother, father));
            own.iter()
                .chain(siblings.iter().map(|(name, _)| name))
                .for_each(|name| add("father and child", father, name));
        }
    }

    /// The keys of the homes: number with postcode, number with street.
    pub(super) fn each_home(&self, words: &Words, sink: &mut dyn FnMut(u64)) {
        for home in &self.homes {
            blocking::household(words, home, &mut |kind, parts| sink(hash(&[kind, &parts.concat()])));
        }
    }
}

fn add<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if list.len() < MOST && !list.contains(&value) {
        list.push(value);
    }
}

fn note(list: &mut Vec<u64>, value: u64) {
    if value != 0 && !list.contains(&value) {
        list.push(value);
    }
}
