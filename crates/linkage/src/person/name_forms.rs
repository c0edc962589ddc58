//! Reads names as agencies write them into interned words.

use domain::PersonName;

use super::name_tables;
use super::words::{WordId, WordInterner, split_words};

/// One name of a person, read into interned words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NameForm {
    pub(crate) given: Vec<WordId>,
    /// All given words written together, when there are several: "Anna Marie" is "Annamarie".
    pub(crate) given_joined: Option<WordId>,
    pub(crate) family: Vec<WordId>,
    /// All family words written together, when there are several.
    pub(crate) family_joined: Option<WordId>,
    /// Whether it is a placeholder for a name that is not known yet.
    pub(crate) is_unnamed: bool,
    /// Whether the first given name is hyphenated: "Amelia-Rose".
    pub(crate) is_compound: bool,
}

/// A placeholder for a given name: "Baby", "Unborn", "UBB twin 2".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Placeholder {
    /// Whether the child is one of twins or triplets.
    pub(crate) is_multiple: bool,
    /// The number of the child among them.
    pub(crate) ordinal: Option<u8>,
}

/// Reads one name. A name with a placeholder has no given words.
pub(crate) fn read_name(
    words: &mut WordInterner,
    name: &PersonName,
) -> (NameForm, Option<Placeholder>) {
    let mut given = split_words(name.given.as_str());
    let mut family = name
        .family
        .as_ref()
        .map(|family| split_words(family.as_str()))
        .unwrap_or_default();
    given.retain(|word| !name_tables::titles().contains(&word.as_str()));
    if family.iter().any(|word| is_placeholder(word)) && given.is_empty() {
        std::mem::swap(&mut given, &mut family);
    }
    let placeholder = extract_placeholder(&mut given, &family);
    given.retain(|word| !is_number(word));
    family.retain(|word| !is_number(word) && !is_placeholder(word));
    let given = join_prefixes(given, name_tables::given_name_prefixes());
    let family = join_prefixes(family, name_tables::family_name_prefixes());
    let family = without_optional_parts(family, name_tables::optional_family_name_parts());
    let form = NameForm {
        given_joined: intern_joined(words, &given),
        family_joined: intern_joined(words, &family),
        given: given.iter().map(|word| words.intern(word)).collect(),
        family: family.iter().map(|word| words.intern(word)).collect(),
        is_unnamed: placeholder.is_some(),
        is_compound: is_compound(name.given.as_str()),
    };
    (form, placeholder)
}

/// Whether the first given name has two parts of more than one letter, joined by a hyphen.
fn is_compound(given: &str) -> bool {
    let first = given.split_whitespace().next().unwrap_or_default();
    first
        .split_once(['-', '‐', '–'])
        .is_some_and(|(one, other)| one.len() > 1 && other.len() > 1)
}

fn is_placeholder(word: &str) -> bool {
    name_tables::placeholders().contains(&word)
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

/// Removes a placeholder from the given words. "Baby Aisha" is Aisha, without a placeholder; "Baby
/// of Sarah" and "Baby Khan", whose family name is Khan, are placeholders.
fn extract_placeholder(given: &mut Vec<String>, family: &[String]) -> Option<Placeholder> {
    if !given.iter().any(|word| is_placeholder(word)) {
        return None;
    }
    let is_multiple = given
        .iter()
        .any(|word| word.starts_with("twin") || word.starts_with("triplet"));
    let ordinal = given
        .iter()
        .find_map(|word| ordinal(word))
        .filter(|_| is_multiple || given.len() > 1);
    let names_mother = given.iter().any(|word| word == "of");
    let words_beside = name_tables::words_beside_placeholders();
    given.retain(|word| {
        !names_mother
            && !is_placeholder(word)
            && !words_beside.contains(&word.as_str())
            && !is_number(word)
            && !family.contains(word)
    });
    given.is_empty().then_some(Placeholder {
        is_multiple: is_multiple || ordinal.is_some(),
        ordinal,
    })
}

/// The number that a word gives to one of several children.
fn ordinal(word: &str) -> Option<u8> {
    match word {
        "1" | "one" | "i" | "a" | "twin1" => Some(1),
        "2" | "two" | "ii" | "b" | "twin2" => Some(2),
        "3" | "three" | "iii" | "c" => Some(3),
        _ => None,
    }
}

/// Writes each of `prefixes` together with the word after it.
fn join_prefixes(list: Vec<String>, prefixes: &[&str]) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(list.len());
    let mut follows_prefix = false;
    for word in list {
        let is_prefix = prefixes.contains(&word.as_str());
        match out.last_mut() {
            Some(last) if follows_prefix => last.push_str(&word),
            _ => out.push(word),
        }
        follows_prefix = is_prefix;
    }
    out
}

/// Removes `parts`, unless nothing would be left.
fn without_optional_parts(list: Vec<String>, parts: &[&str]) -> Vec<String> {
    let kept: Vec<String> = list
        .iter()
        .filter(|word| !parts.contains(&word.as_str()))
        .cloned()
        .collect();
    if kept.is_empty() { list } else { kept }
}

/// Interns all words written together, if there are several.
fn intern_joined(words: &mut WordInterner, list: &[String]) -> Option<WordId> {
    (list.len() > 1).then(|| words.intern(&list.concat()))
}
