//! Collects what all records of one child say about its family, each fact once.

use std::collections::BTreeSet;

use domain::RelationshipKind;
use time::Date;

use super::super::addresses::Address;
use super::super::blocking;
use super::super::cluster::ChildCluster;
use super::super::compare::is_sibling;
use super::super::facts::PersonFacts;
use super::super::name_forms::NameForm;
use super::super::prepared::{PreparedRecord, Relative, hash_parts};
use super::super::words::WordInterner;

/// The most records read of one child.
const MAX_RECORDS: usize = 16;
/// The most distinct names, homes and relatives kept of one child.
const MAX_ITEMS: usize = 8;

/// The facts about one child that are relevant for its family.
#[derive(Debug, Default)]
pub(super) struct FamilyChild {
    /// The smallest key of the child's records, by which children are ordered.
    pub(super) key: String,
    /// The index of the child's cluster.
    pub(super) original_index: usize,
    pub(super) forms: Vec<NameForm>,
    pub(super) births: Vec<Date>,
    pub(super) mothers: Vec<Relative>,
    pub(super) fathers: Vec<Relative>,
    pub(super) siblings: Vec<Relative>,
    pub(super) homes: Vec<Address>,
    /// Hashed references of forms on which an agency sent the child with others.
    pub(super) family_references: Vec<u64>,
    /// Hashed keys and references by which other records refer to the child.
    pub(super) pointers: Vec<u64>,
    /// Hashed names of general practices.
    pub(super) practices: Vec<u64>,
}

impl FamilyChild {
    /// Reads the records of one cluster, whose index is `original_index`.
    pub(super) fn read(
        words: &mut WordInterner,
        records: &[PersonFacts],
        cluster: &ChildCluster,
        original_index: usize,
    ) -> Self {
        let mut facts: Vec<&PersonFacts> = cluster
            .members
            .iter()
            .filter_map(|member| records.get(*member))
            .collect();
        facts.sort_by(|a, b| a.key.cmp(&b.key));
        let mut child = Self {
            key: facts
                .first()
                .map(|facts| facts.key.clone())
                .unwrap_or_default(),
            original_index,
            ..Self::default()
        };
        for record in facts.into_iter().take(MAX_RECORDS) {
            child.add_record(PreparedRecord::read(words, record));
        }
        child
    }

    /// Adds the facts of one record.
    fn add_record(&mut self, record: PreparedRecord) {
        for relative in record.relatives {
            match relative.kind {
                RelationshipKind::MotherOf => push_distinct(&mut self.mothers, relative),
                RelationshipKind::FatherOf => push_distinct(&mut self.fathers, relative),
                kind if is_sibling(kind) => push_distinct(&mut self.siblings, relative),
                _ => {}
            }
        }
        record
            .forms
            .into_iter()
            .for_each(|form| push_distinct(&mut self.forms, form));
        record
            .addresses
            .into_iter()
            .for_each(|home| push_distinct(&mut self.homes, home));
        record
            .birth
            .into_iter()
            .for_each(|birth| push_distinct(&mut self.births, birth.date));
        push_key(&mut self.family_references, record.family_reference);
        push_key(&mut self.pointers, record.key);
        push_key(&mut self.pointers, record.reference);
        push_key(&mut self.practices, record.gp);
    }

    /// The blocking keys under which brothers and sisters are found.
    pub(super) fn keys(&self, words: &WordInterner) -> BTreeSet<u64> {
        let mut keys: BTreeSet<u64> = self
            .family_references
            .iter()
            .chain(&self.pointers)
            .copied()
            .collect();
        for relative in self
            .mothers
            .iter()
            .chain(&self.fathers)
            .chain(&self.siblings)
        {
            keys.extend(
                [relative.key, relative.reference]
                    .into_iter()
                    .filter(|key| *key != 0),
            );
            keys.extend(
                relative
                    .nhs
                    .map(|nhs| hash_parts(&["parent number", &nhs.text()])),
            );
        }
        self.add_name_keys(words, &mut keys);
        self.for_each_home_key(words, &mut |key| {
            keys.insert(key);
        });
        keys
    }

    /// Adds keys of names. A name alone is shared by many people, so each key combines it with a
    /// birthday or with another name of the family.
    fn add_name_keys(&self, words: &WordInterner, keys: &mut BTreeSet<u64>) {
        let names_and_births = |relatives: &[Relative]| -> Vec<(String, Option<Date>)> {
            relatives
                .iter()
                .filter_map(|relative| {
                    Some((blocking::adult_name_sound(words, relative)?, relative.birth))
                })
                .collect()
        };
        let mothers = names_and_births(&self.mothers);
        let fathers = names_and_births(&self.fathers);
        let siblings = names_and_births(&self.siblings);
        let sound = |word: Option<&u32>| word.map_or("", |word| &*words.get(*word).sound);
        let name_sound = |form: &NameForm| {
            format!(
                "{} {}",
                sound(form.given.first()),
                sound(form.family.last())
            )
        };
        let own_names: BTreeSet<String> = self.forms.iter().map(name_sound).collect();
        let mut add = |kind: &str, name: &str, beside: &str| {
            keys.insert(hash_parts(&[kind, name, beside]));
        };
        for (kind, list) in [
            ("mother", &mothers),
            ("father", &fathers),
            ("child", &siblings),
        ] {
            for (name, birth) in list {
                birth
                    .iter()
                    .for_each(|birth| add(kind, name, &birth.to_julian_day().to_string()));
            }
        }
        for name in &own_names {
            self.births
                .iter()
                .for_each(|birth| add("child", name, &birth.to_julian_day().to_string()));
        }
        for (father, _) in &fathers {
            mothers
                .iter()
                .for_each(|(mother, _)| add("parents", mother, father));
            own_names
                .iter()
                .chain(siblings.iter().map(|(name, _)| name))
                .for_each(|name| add("father and child", father, name));
        }
    }

    /// Calls `sink` with each key of the child's homes: number with postcode, and number with
    /// street.
    pub(super) fn for_each_home_key(&self, words: &WordInterner, sink: &mut dyn FnMut(u64)) {
        for home in &self.homes {
            blocking::household_keys(words, home, &mut |kind, parts| {
                sink(hash_parts(&[kind, &parts.concat()]))
            });
        }
    }
}

/// Adds a value unless the list has it already or is full.
fn push_distinct<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if list.len() < MAX_ITEMS && !list.contains(&value) {
        list.push(value);
    }
}

/// Adds a hash unless it is 0 or the list has it already.
fn push_key(list: &mut Vec<u64>, value: u64) {
    if value != 0 && !list.contains(&value) {
        list.push(value);
    }
}
