//! Blocking keys, under which records are looked up so that not all pairs of records are compared.
//! Two records without a common key are never compared. A key is a short text that contains no
//! spelling of a name; it can be stored as a keyed hash.

use domain::RelationshipKind;
use time::Date;

use super::addresses::Address;
use super::facts::PersonFacts;
use super::identifiers::unpack;
use super::prepared::{PreparedRecord, Relative, hash_parts};
use super::weights::Population;
use super::words::{WordId, WordInterner};

/// The most names, and the most addresses, of a record that produce keys.
const MAX_FORMS: usize = 3;
/// The most words of an address that produce keys in a register.
const MAX_STREET_WORDS: usize = 5;

/// The keys of one record, each with its kind and its text. A record without facts has none.
#[must_use]
pub fn blocking_keys(facts: &PersonFacts) -> Vec<(&'static str, String)> {
    let mut words = WordInterner::default();
    let record = PreparedRecord::read(&mut words, facts);
    let mut keys = Vec::new();
    for_each_key(&words, &record, &mut |kind, parts| {
        keys.push((kind, parts.join("|")))
    });
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The same keys as hashes. A register of unrelated people has additional keys, for records in
/// which nearly every fact is wrong.
pub(crate) fn hashed_keys(
    words: &WordInterner,
    record: &PreparedRecord,
    population: Population,
    keys: &mut Vec<u64>,
) {
    let mut sink = |kind: &'static str, parts: &[&str]| {
        let [first, second, third, fourth] =
            [0, 1, 2, 3].map(|i| parts.get(i).copied().unwrap_or_default());
        keys.push(hash_parts(&[kind, first, second, third, fourth]));
    };
    for_each_key(words, record, &mut sink);
    if population == Population::Register {
        register_keys(words, record, &mut sink);
    }
}

/// The additional keys of a register.
fn register_keys(words: &WordInterner, record: &PreparedRecord, sink: &mut KeySink<'_>) {
    for address in record
        .addresses
        .iter()
        .take(MAX_FORMS)
        .filter(|address| address.postcode != 0)
    {
        for street in address.street.iter().take(MAX_STREET_WORDS) {
            sink(
                "street and postcode",
                &[&words.get(*street).sound, &unpack(address.postcode)],
            );
        }
    }
    for (given, family) in name_sounds(words, record) {
        let (low, high) = if given <= family {
            (given, family)
        } else {
            (family, given)
        };
        sink("full name", &[low, high]);
        let addresses = record.addresses.iter().take(MAX_FORMS);
        for street in addresses.flat_map(|address| address.street.iter().take(MAX_STREET_WORDS)) {
            let sound = &words.get(*street).sound;
            for name in [given, family].into_iter().filter(|name| !name.is_empty()) {
                sink("street and name", &[sound, name]);
            }
        }
    }
}

/// Receives the kind and the parts of each key.
type KeySink<'a> = dyn FnMut(&'static str, &[&str]) + 'a;

fn for_each_key(words: &WordInterner, record: &PreparedRecord, sink: &mut KeySink<'_>) {
    identifier_keys(record, sink);
    let born = record
        .birth
        .filter(|birth| !birth.expected)
        .map(|birth| birth.date);
    for (given, family) in name_sounds(words, record) {
        name_keys(given, family, born, sink);
        place_keys(words, record, given, family, sink);
    }
    if let Some(date) = born {
        birth_and_place_keys(words, record, date, sink);
    }
    all_household_keys(words, record, sink);
    if record.is_unborn() || record.placeholder.is_some() || may_be_newborn(record) {
        pregnancy_keys(words, record, sink);
    }
}

/// Whether a record may be that of a newborn, who may be the expected baby of another record.
/// Without a clock this cannot be excluded for any record with a date of birth.
const fn may_be_newborn(record: &PreparedRecord) -> bool {
    record.birth.is_some()
}

fn identifier_keys(record: &PreparedRecord, sink: &mut KeySink<'_>) {
    if let Some(nhs) = record.nhs {
        sink("nhs", &[&unpack(nhs.packed())]);
    }
    if let Some(upn) = record.upn {
        sink("upn", &[&unpack(upn.packed())]);
    }
    if record.reference != 0 && record.agency != 0 {
        sink("reference", &[&record.reference.to_string()]);
    }
}

/// The phonetic codes of each name's first given and last family name; empty for a name that is
/// missing.
fn name_sounds<'w>(words: &'w WordInterner, record: &PreparedRecord) -> Vec<(&'w str, &'w str)> {
    let sound = |word: Option<&WordId>| word.map_or("", |word| &words.get(*word).sound);
    let mut out = Vec::new();
    for form in record.forms.iter().take(MAX_FORMS) {
        out.push((sound(form.given.first()), sound(form.family.last())));
        if form.family.len() > 1 {
            out.push((sound(form.given.first()), sound(form.family.first())));
            out.push((
                sound(form.given.first()),
                sound(form.family_joined.as_ref()),
            ));
        }
        if form.given.len() > 1 {
            out.push((sound(form.given.get(1)), sound(form.family.last())));
        }
    }
    out.dedup();
    out
}

fn name_keys(given: &str, family: &str, born: Option<Date>, sink: &mut KeySink<'_>) {
    let (low, high) = if given <= family {
        (given, family)
    } else {
        (family, given)
    };
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
            &[
                low,
                high,
                &(u16::from(u8::from(date.month())) * 31 + u16::from(date.day())).to_string(),
            ],
        );
    }
}

fn birth_and_place_keys(
    words: &WordInterner,
    record: &PreparedRecord,
    date: Date,
    sink: &mut KeySink<'_>,
) {
    let day = date.to_julian_day().to_string();
    for address in record.addresses.iter().take(MAX_FORMS) {
        if address.postcode != 0 {
            sink("birth and postcode", &[&day, &unpack(address.postcode)]);
        }
        if let Some(street) = address.street.first() {
            sink("birth and street", &[&day, &words.get(*street).sound]);
        }
    }
}

fn place_keys(
    words: &WordInterner,
    record: &PreparedRecord,
    given: &str,
    family: &str,
    sink: &mut KeySink<'_>,
) {
    for address in record.addresses.iter().take(MAX_FORMS) {
        let postcode = unpack(address.postcode);
        let street = address
            .street
            .first()
            .map_or("", |street| &words.get(*street).sound);
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

/// The household keys of all addresses.
fn all_household_keys(words: &WordInterner, record: &PreparedRecord, sink: &mut KeySink<'_>) {
    for address in record.addresses.iter().take(MAX_FORMS) {
        household_keys(words, address, sink);
    }
}

/// The keys of a home: its number with the postcode, and its number with the first word of the
/// street.
pub(crate) fn household_keys(words: &WordInterner, address: &Address, sink: &mut KeySink<'_>) {
    let Some(number) = address
        .numbers
        .last()
        .map(|number| &*words.get(*number).text)
    else {
        return;
    };
    if address.postcode != 0 {
        sink("household", &[&unpack(address.postcode), number]);
    }
    if let Some(street) = address.street.first() {
        sink("house", &[&words.get(*street).sound, number]);
    }
}

/// The keys by which the record of an expected baby and that of the born child meet: the mother's
/// or father's name with the season of the birth, and for an expected baby also with the season
/// before and after.
fn pregnancy_keys(words: &WordInterner, record: &PreparedRecord, sink: &mut KeySink<'_>) {
    let Some(birth) = record.birth else { return };
    let season = birth.date.to_julian_day() / 120;
    let seasons: Vec<String> = [season - 1, season, season + 1]
        .into_iter()
        .filter(|candidate| birth.expected || *candidate == season)
        .map(|candidate| candidate.to_string())
        .collect();
    let parents = [
        (RelationshipKind::MotherOf, "mother and season"),
        (RelationshipKind::FatherOf, "father and season"),
    ];
    for (kind, key) in parents {
        for name in record
            .relatives_of(kind)
            .filter_map(|parent| adult_name_sound(words, parent))
        {
            seasons
                .iter()
                .for_each(|season| sink(key, &[&name, season]));
        }
    }
    for mother in record.relatives_of(RelationshipKind::MotherOf) {
        let family = mother
            .name
            .family
            .last()
            .map(|word| &*words.get(*word).sound);
        family.iter().for_each(|family| {
            seasons
                .iter()
                .for_each(|season| sink("mother's family and season", &[family, season]))
        });
    }
}

/// The phonetic code of an adult's name; `None` unless both parts are known.
pub(crate) fn adult_name_sound(words: &WordInterner, adult: &Relative) -> Option<String> {
    let given = adult.name.given.first()?;
    let family = adult.name.family.last()?;
    Some(format!(
        "{} {}",
        words.get(*given).sound,
        words.get(*family).sound
    ))
}
