//! Reads addresses and compares them by level of agreement.

use std::sync::LazyLock;

use domain::word_list::WordList;
use time::Date;

use super::facts::AddressFacts;
use super::identifiers::{pack, unpack};
use super::words::{WordId, WordInterner, edit_distance, split_words};

const ADDRESS_WORDS_TEXT: &str = include_str!("../../data/home-address-words.txt");
static ADDRESS_WORDS: LazyLock<WordList<'static>> =
    LazyLock::new(|| WordList::parse(ADDRESS_WORDS_TEXT));

/// An address, read into interned words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Address {
    /// Letters and digits of the postcode, packed; 0 without a postcode.
    pub(crate) postcode: u128,
    /// The words that begin with a digit, in ascending order.
    pub(crate) numbers: Vec<WordId>,
    /// The other words, without those that occur in nearly every address.
    pub(crate) street: Vec<WordId>,
    /// Whether the words name a hostel, a refuge or the like, where many families live.
    pub(crate) is_shared_accommodation: bool,
    pub(crate) from: Option<Date>,
    pub(crate) until: Option<Date>,
}

impl Address {
    pub(crate) fn read(words: &mut WordInterner, facts: &AddressFacts) -> Self {
        let mut lines: Vec<String> = split_words(facts.lines.as_str())
            .into_iter()
            .map(normalize_flat_number)
            .collect();
        let from_lines = extract_postcode(&mut lines);
        let own_field = facts
            .postcode
            .as_ref()
            .map(|postcode| split_words(postcode.as_str()).concat());
        let own_field = own_field.filter(|code| is_residential_postcode(code));
        let postcode = own_field.or(from_lines).unwrap_or_default();
        let is_numbered = |word: &&String| word.starts_with(|c: char| c.is_ascii_digit());
        let mut numbers: Vec<WordId> = lines
            .iter()
            .filter(is_numbered)
            .map(|word| words.intern(word))
            .collect();
        numbers.sort_unstable();
        let common = ADDRESS_WORDS.items("common");
        let shared_accommodation = ADDRESS_WORDS.items("shared accommodation");
        let street = lines
            .iter()
            .filter(|word| !is_numbered(word) && !common.contains(&word.as_str()));
        Self {
            postcode: if postcode.len() > 12 {
                0
            } else {
                pack(&postcode)
            },
            street: street.map(|word| words.intern(word)).collect(),
            numbers,
            is_shared_accommodation: lines
                .iter()
                .any(|word| shared_accommodation.contains(&word.as_str())),
            from: facts.from,
            until: facts.until,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.postcode == 0 && self.street.is_empty()
    }

    /// Whether somebody may have lived at both on the same day, as far as the days are known.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let ends_before = |a: &Self, b: &Self| {
            a.until
                .zip(b.from)
                .is_some_and(|(until, from)| until < from)
        };
        !ends_before(self, other) && !ends_before(other, self)
    }
}

/// Removes the abbreviation for "flat" from a flat number: "f2" and "fl2" become "2".
fn normalize_flat_number(word: String) -> String {
    let number = word.strip_prefix("fl").or_else(|| word.strip_prefix('f'));
    let number =
        number.filter(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    number.map(str::to_owned).unwrap_or(word)
}

/// Removes the postcode from the lines of an address, where exports often put it, and returns it.
fn extract_postcode(lines: &mut Vec<String>) -> Option<String> {
    let in_one_word = lines
        .iter()
        .position(|word| word.len() > 4 && is_postcode(word));
    if let Some(at) = in_one_word {
        return Some(lines.remove(at)).filter(|code| is_residential_postcode(code));
    }
    let at = lines.windows(2).position(
        |pair| matches!(pair, [out, inward] if is_postcode(&format!("{out}{inward}")) && inward.len() == 3),
    )?;
    let code = lines.drain(at..at + 2).collect::<String>();
    Some(code).filter(|code| is_residential_postcode(code))
}

/// Whether a word has the form of a United Kingdom postcode without its space: one or two letters,
/// a digit, possibly a digit or letter, then a digit and two letters.
fn is_postcode(code: &str) -> bool {
    let bytes = code.as_bytes();
    let Some((out, inward)) = bytes
        .len()
        .checked_sub(3)
        .and_then(|at| bytes.split_at_checked(at))
    else {
        return false;
    };
    let letters = out
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let rest = out.get(letters..).unwrap_or_default();
    let first = rest.first();
    let others = rest.get(1..).unwrap_or_default();
    (1..=2).contains(&letters)
        && first.is_some_and(u8::is_ascii_digit)
        && others.len() <= 1
        && matches!(inward, [digit, a, b] if digit.is_ascii_digit() && a.is_ascii_alphabetic() && b.is_ascii_alphabetic())
}

/// Whether a postcode can be that of a home: it contains a digit, and is not one of the NHS's codes
/// for "no fixed abode" and "not known".
fn is_residential_postcode(code: &str) -> bool {
    let without_home = ADDRESS_WORDS.items("postcodes without a home");
    code.bytes().any(|byte| byte.is_ascii_digit()) && !without_home.contains(&code)
}

/// The level of agreement of two postcodes, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PostcodeLevel {
    Same,
    Slip,
    Missing,
    Different,
}

/// The level of agreement of two addresses without their postcodes, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HouseLevel {
    /// Number and street agree.
    Same,
    /// The street agrees, and one has no number.
    Street,
    /// The number agrees and one has no street, or the street agrees and the numbers differ.
    Partial,
    Missing,
    Different,
}

/// The best agreement of any two addresses, with the number of words that they share.
pub(crate) fn compare(
    words: &WordInterner,
    a: &[Address],
    b: &[Address],
) -> (PostcodeLevel, HouseLevel, u8) {
    let pairs = a.iter().flat_map(|x| b.iter().map(move |y| (x, y)));
    pairs
        .map(|(x, y)| {
            let house = compare_houses(words, x, y);
            let words_shared = count_shared_words(words, x, y);
            if house == HouseLevel::Same && (x.is_shared_accommodation || y.is_shared_accommodation)
            {
                return (PostcodeLevel::Missing, HouseLevel::Street, words_shared);
            }
            match (compare_postcodes(x.postcode, y.postcode), house) {
                (PostcodeLevel::Different, HouseLevel::Same) => {
                    (PostcodeLevel::Different, HouseLevel::Partial, words_shared)
                }
                (postcode, house) => (postcode, house, words_shared),
            }
        })
        .min_by_key(|(postcode, house, _)| (*postcode as u8 + *house as u8, *postcode))
        .unwrap_or((PostcodeLevel::Missing, HouseLevel::Missing, 0))
}

/// The number of words, numbers included, that two addresses share.
fn count_shared_words(words: &WordInterner, a: &Address, b: &Address) -> u8 {
    let numbers = a.numbers.iter().filter(|x| b.numbers.contains(x)).count();
    let street = a
        .street
        .iter()
        .filter(|x| b.street.iter().any(|y| words_similar(words, **x, *y)))
        .count();
    u8::try_from(numbers + street).unwrap_or(u8::MAX)
}

pub(crate) fn compare_postcodes(a: u128, b: u128) -> PostcodeLevel {
    if a == 0 || b == 0 {
        PostcodeLevel::Missing
    } else if a == b {
        PostcodeLevel::Same
    } else if edit_distance(&unpack(a), &unpack(b)) == 1 {
        PostcodeLevel::Slip
    } else {
        PostcodeLevel::Different
    }
}

pub(crate) fn compare_houses(words: &WordInterner, a: &Address, b: &Address) -> HouseLevel {
    let street = streets_match(words, &a.street, &b.street);
    let numbers = (!a.numbers.is_empty() && !b.numbers.is_empty()).then(|| a.numbers == b.numbers);
    match (street, numbers) {
        (Some(true), Some(true)) => HouseLevel::Same,
        (Some(true), None) => HouseLevel::Street,
        (Some(true), Some(false)) | (None, Some(true)) => HouseLevel::Partial,
        (None, None) => HouseLevel::Missing,
        _ => HouseLevel::Different,
    }
}

/// Whether at least half of the words of the shorter street are in the longer one; `None` when one
/// has no words.
fn streets_match(words: &WordInterner, a: &[WordId], b: &[WordId]) -> Option<bool> {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.is_empty() {
        return None;
    }
    let shared = short
        .iter()
        .filter(|x| long.iter().any(|y| words_similar(words, **x, *y)))
        .count();
    Some(shared * 2 >= short.len())
}

/// Whether two words of a street are the same but for typing errors or an abbreviation.
fn words_similar(words: &WordInterner, a: WordId, b: WordId) -> bool {
    if a == b {
        return true;
    }
    let a = &words.get(a).text;
    let b = &words.get(b).text;
    let shorter = a.len().min(b.len());
    shorter >= 4
        && (edit_distance(a, b) <= 1 + usize::from(shorter >= 7)
            || a.starts_with(&**b)
            || b.starts_with(&**a))
}

#[cfg(test)]
mod tests {
    use domain::word_list::{ItemOrder, mistakes};

    use super::*;

    #[test]
    fn list_is_well_formed() {
        assert_eq!(
            mistakes(ADDRESS_WORDS_TEXT, ItemOrder::Sorted),
            Vec::<String>::new()
        );
    }
}
