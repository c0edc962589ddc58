//! Keys under which records are looked up, so that nobody is compared with everybody. Two records that share no key are
//! never compared. Each key is short text without spelling: it can be stored as a keyed hash.

use domain::RelationshipKind;
use time::Date;

use super::addresses::Address;
use super::facts::PersonFacts;
use super::identifiers::unpack;
use super::prepared::{Person, Relative, hash};
use super::weights::Population;
use super::words::{Word, Words};

/// The most forms of a name, or addresses, that make keys.
const MOST: usize = 3;
/// The most words of a street, a house and a village that make keys in a register.
const STREET_WORDS: usize = 5;

/// The keys of one record: what kind of key, and its text. A record that says nothing has none.
#[must_use]
pub fn blocking_keys(facts: &PersonFacts) -> Vec<(&'static str, String)> {
    let mut words = Words::default();
    let person = Person::read(&mut words, facts);
    let mut keys = Vec::new();
    each(&words, &person, &mut |kind, parts| keys.push((kind, parts.join("|"))));
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The same keys as numbers; in a register of unrelated people some more, for records of which nearly everything is wrong.
pub(crate) fn hashed(words: &Words, person: &Person, population: Population, keys: &mut Vec<u64>) {
    let mut sink = |kind: &'static str, parts: &[&str]| {
        let [first, second, third, fourth] = [0, 1, 2, 3].map(|i| parts.get(i).copied().unwrap_or_default());
        keys.push(hash(&[kind, first, second, third, fourth]));
    };
    each(words, person, &mut sink);
    if population == Population::Register {
        in_register(words, person, &mut sink);
    }
}

fn in_register(words: &Words, person: &Person, sink: &mut Sink<'_>) {
    for address in person.addresses.iter().take(MOST).filter(|address| address.postcode != 0) {
        for street in address.street.iter().take(STREET_WORDS) {
            sink("street and postcode", &[&words.get(*street).sound, &unpack(address.postcode)]);
        }
    }
    for (given, family) in names(words, person) {
        let (low, high) = if given <= family { (given, family) } else { (family, given) };
        sink("full name", &[low, high]);
        let streets = person.addresses.iter().take(MOST).flat_map(|address| address.street.iter().take(STREET_WORDS));
        for street in streets {
            let sound = &words.get(*street).sound;
            for name in [given, family].into_iter().filter(|name| !name.is_empty()) {
                sink("street and name", &[sound, name]);
            }
        }
    }
}

type Sink<'a> = dyn FnMut(&'static str, &[&str]) + 'a;

fn each(words: &Words, person: &Person, sink: &mut Sink<'_>) {
    identifiers(person, sink);
    let day = person.birth.map(|birth| (birth.date, birth.expected));
    let born = day.filter(|(_, expected)| !expected).map(|(date, _)| date);
    for (given, family) in names(words, person) {
        by_name(given, family, born, sink);
        by_place(words, person, given, family, sink);
    }
    if let Some(date) = born {
        by_birth_and_place(words, person, date, sink);
    }
    households(words, person, sink);
    if person.is_unborn() || person.placeholder.is_some() || young(person) {
        pregnancies(words, person, sink);
    }
}

/// A newborn can be anybody's expected baby; whether a record is a newborn's cannot be told without a clock, so all are.
const fn young(person: &Person) -> bool {
    person.birth.is_some()
}

fn identifiers(person: &Person, sink: &mut Sink<'_>) {
    if let Some(nhs) = person.nhs {
        sink("nhs", &[&unpack(nhs.packed())]);
    }
    if let Some(upn) = person.upn {
        sink("upn", &[&unpack(upn.packed())]);
    }
    if person.reference != 0 && person.agency != 0 {
        sink("reference", &[&person.reference.to_string()]);
    }
}

/// How each name sounds: first given, last family; empty where there is none.
fn names<'w>(words: &'w Words, person: &Person) -> Vec<(&'w str, &'w str)> {
    let sound = |word: Option<&Word>| word.map_or("", |word| &words.get(*word).sound);
    let mut out = Vec::new();
    for form in person.forms.iter().take(MOST) {
        out.push((sound(form.given.first()), sound(form.family.last())));
        if form.family.len() > 1 {
            out.push((sound(form.given.first()), sound(form.family.first())));
            out.push((sound(form.given.first()), sound(form.family_joined.as_ref())));
        }
        if form.given.len() > 1 {
            out.push((sound(form.given.get(1)), sound(form.family.last())));
        }
    }
    out.dedup();
    out
}

fn by_name(given: &str, family: &str, born: Option<Date>, sink: &mut Sink<'_>) {
    let (low, high) = if given <= family { (given, family) } else { (family, given) };
    let Some(date) = born else {
        if !low.is_empty() {
            sink("names", &[low, high]);
        }
        return;
    };
    let day = date.to_julian_day().to_string();
    for name in [given, family].into_iter().filter(|name| !name.is_empty()) {
        sink("birth and name", &[&day, name]);
    }
    if !low.is_empty() {
        sink("names and year", &[low, high, &date.year().to_string()]);
        sink(
            "names and day",
            &[low, high, &(u16::from(u8::from(date.month())) * 31 + u16::from(date.day())).to_string()],
        );
    }
}

fn by_birth_and_place(words: &Words, person: &Person, date: Date, sink: &mut Sink<'_>) {
    let day = date.to_julian_day().to_string();
    for address in person.addresses.iter().take(MOST) {
        if address.postcode != 0 {
            sink("birth and postcode", &[&day, &unpack(address.postcode)]);
        }
        if let Some(street) = address.street.first() {
            sink("birth and street", &[&day, &words.get(*street).sound]);
        }
    }
}

fn by_place(words: &Words, person: &Person, given: &str, family: &str, sink: &mut Sink<'_>) {
    for address in person.addresses.iter().take(MOST) {
        let postcode = unpack(address.postcode);
        let street = address.street.first().map_or("", |street| &words.get(*street).sound);
        for name in [given, family].into_iter().filter(|name| !name.is_empty()) {
            if !postcode.is_empty() {
                sink("postcode and name", &[&postcode, name]);
            }
        }
        if !street.is_empty() && !given.is_empty() && !family.is_empty() {
            sink("street and names", &[street, given, family]);
        }
    }
}

/// Number with postcode; number with the first word of the street.
fn households(words: &Words, person: &Person, sink: &mut Sink<'_>) {
    for address in person.addresses.iter().take(MOST) {
        household(words, address, sink);
    }
}

pub(crate) fn household(words: &Words, address: &Address, sink: &mut Sink<'_>) {
    let Some(number) = address.numbers.last().map(|number| &*words.get(*number).text) else { return };
    if address.postcode != 0 {
        sink("household", &[&unpack(address.postcode), number]);
    }
    if let Some(street) = address.street.first() {
        sink("house", &[&words.get(*street).sound, number]);
    }
}

/// Mother, father and house with the season of the birth; of an expected baby, with the season before and after too.
fn pregnancies(words: &Words, person: &Person, sink: &mut Sink<'_>) {
    let Some(birth) = person.birth else { return };
    let season = birth.date.to_julian_day() / 120;
    let seasons: Vec<String> = [season - 1, season, season + 1]
        .into_iter()
        .filter(|near| birth.expected || *near == season)
        .map(|near| near.to_string())
        .collect();
    let parents =
        [(RelationshipKind::MotherOf, "mother and season"), (RelationshipKind::FatherOf, "father and season")];
    for (kind, key) in parents {
        for name in person.relatives_of(kind).filter_map(|parent| adult(words, parent)) {
            seasons.iter().for_each(|season| sink(key, &[&name, season]));
        }
    }
    for mother in person.relatives_of(RelationshipKind::MotherOf) {
        let family = mother.name.family.last().map(|word| &*words.get(*word).sound);
        family
            .iter()
            .for_each(|family| seasons.iter().for_each(|season| sink("mother's family and season", &[family, season])));
    }
}

/// How an adult's name sounds, where both parts are given.
pub(crate) fn adult(words: &Words, adult: &Relative) -> Option<String> {
    let (given, family) = (adult.name.given.first()?, adult.name.family.last()?);
    Some(format!("{} {}", words.get(*given).sound, words.get(*family).sound))
}
