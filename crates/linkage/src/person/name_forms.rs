//! Names as agencies write them, read into words.

use domain::PersonName;

use super::words::{Word, Words, split};

/// Words that stand where a name is not known yet, the first kind by themselves, the second only beside the first.
const PLACEHOLDERS: [&str; 19] = [
    "baby", "unborn", "ubb", "bb", "infant", "newborn", "unknown", "unnamed", "tbc", "tba", "nk", "foetus", "fetus",
    "bump", "twin", "triplet", "na", "notknown", "bby",
];
const BESIDE: [&str; 22] = [
    "boy",
    "girl",
    "male",
    "female",
    "of",
    "child",
    "not",
    "known",
    "named",
    "yet",
    "one",
    "two",
    "i",
    "ii",
    "a",
    "b",
    "name",
    "the",
    "expected",
    "to",
    "be",
    "confirmed",
];
/// Forms of address, which are no names.
const TITLES: [&str; 8] = ["mr", "mrs", "ms", "miss", "master", "dr", "mstr", "mx"];
/// Parts of a family name that some systems leave out, and parts that some write together with what follows.
const LEFT_OUT: [&str; 7] = ["al", "el", "bin", "bint", "ibn", "ben", "ul"];
const JOINED: [&str; 14] = ["mc", "mac", "o", "st", "di", "de", "da", "la", "le", "van", "der", "von", "abdul", "abd"];

/// A name a person goes by, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NameForm {
    pub(crate) given: Vec<Word>,
    /// All given words as one, when there are several: "Anna Marie" is "Annamarie".
    pub(crate) given_joined: Option<Word>,
    pub(crate) family: Vec<Word>,
    pub(crate) family_joined: Option<Word>,
    /// Stands for a name that is not given yet.
    pub(crate) nameless: bool,
    /// The first given name is one of two parts: "Amelia-Rose".
    pub(crate) compound: bool,
}

/// What stands where a given name will be: "Baby", "Unborn", "UBB twin 2".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Placeholder {
    /// Said to be one of several.
    pub(crate) multiple: bool,
    /// Which one.
    pub(crate) ordinal: Option<u8>,
}

/// Reads one name. A placeholder leaves the form without given words.
pub(crate) fn read(words: &mut Words, name: &PersonName) -> (NameForm, Option<Placeholder>) {
    let mut given = split(name.given.as_str());
    let mut family = name.family.as_ref().map(|family| split(family.as_str())).unwrap_or_default();
    given.retain(|word| !TITLES.contains(&word.as_str()));
    if family.iter().any(|word| is_placeholder(word)) && given.is_empty() {
        std::mem::swap(&mut given, &mut family);
    }
    let placeholder = placeholder(&mut given, &family);
    given.retain(|word| !is_number(word));
    family.retain(|word| !is_number(word) && !is_placeholder(word));
    let (given, family) = (joined_parts(given, &["abdul", "abd"]), joined_parts(family, &JOINED));
    let family = without(family, &LEFT_OUT);
    let form = NameForm {
        given_joined: joined(words, &given),
        family_joined: joined(words, &family),
        given: given.iter().map(|word| words.intern(word)).collect(),
        family: family.iter().map(|word| words.intern(word)).collect(),
        nameless: placeholder.is_some(),
        compound: is_compound(name.given.as_str()),
    };
    (form, placeholder)
}

fn is_compound(given: &str) -> bool {
    let first = given.split_whitespace().next().unwrap_or_default();
    first.split_once(['-', '‐', '–']).is_some_and(|(one, other)| one.len() > 1 && other.len() > 1)
}

fn is_placeholder(word: &str) -> bool {
    PLACEHOLDERS.contains(&word)
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

/// Takes a placeholder out of the given words. "Baby Aisha" is Aisha; "Baby of Sarah" and "Baby Khan", whose family name
/// is Khan, are placeholders.
fn placeholder(given: &mut Vec<String>, family: &[String]) -> Option<Placeholder> {
    if !given.iter().any(|word| is_placeholder(word)) {
        return None;
    }
    let multiple = given.iter().any(|word| word.starts_with("twin") || word.starts_with("triplet"));
    let ordinal = given.iter().find_map(|word| ordinal(word)).filter(|_| multiple || given.len() > 1);
    let of_mother = given.iter().any(|word| word == "of");
    given.retain(|word| {
        !of_mother
            && !is_placeholder(word)
            && !BESIDE.contains(&word.as_str())
            && !is_number(word)
            && !family.contains(word)
    });
    given.is_empty().then_some(Placeholder { multiple: multiple || ordinal.is_some(), ordinal })
}

fn ordinal(word: &str) -> Option<u8> {
    match word {
        "1" | "one" | "i" | "a" | "twin1" => Some(1),
        "2" | "two" | "ii" | "b" | "twin2" => Some(2),
        "3" | "three" | "iii" | "c" => Some(3),
        _ => None,
    }
}

/// Joins each of `parts` with the word after it.
fn joined_parts(list: Vec<String>, parts: &[&str]) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(list.len());
    let mut open = false;
    for word in list {
        let opens = parts.contains(&word.as_str());
        match out.last_mut() {
            Some(last) if open => last.push_str(&word),
            _ => out.push(word),
        }
        open = opens;
    }
    out
}

/// Leaves `parts` out, unless nothing would be left.
fn without(list: Vec<String>, parts: &[&str]) -> Vec<String> {
    let kept: Vec<String> = list.iter().filter(|word| !parts.contains(&word.as_str())).cloned().collect();
    if kept.is_empty() { list } else { kept }
}

fn joined(words: &mut Words, list: &[String]) -> Option<Word> {
    (list.len() > 1).then(|| words.intern(&list.concat()))
}
