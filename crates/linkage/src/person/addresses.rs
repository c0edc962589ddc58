//! Addresses, read and compared by level of agreement.

use time::Date;

use super::facts::AddressFacts;
use super::identifiers::{pack, unpack};
use super::words::{Word, Words, slips, split};

/// Words of nearly every address.
const EVERYWHERE: [&str; 40] = [
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "av",
    "lane",
    "ln",
    "close",
    "cl",
    "drive",
    "dr",
    "court",
    "ct",
    "place",
    "pl",
    "crescent",
    "cres",
    "way",
    "walk",
    "gardens",
    "gdns",
    "terrace",
    "terr",
    "the",
    "flat",
    "apartment",
    "apt",
    "unit",
    "no",
    "number",
    "room",
    "rm",
    "square",
    "sq",
    "grove",
    "gr",
    "of",
    "and",
];
/// Words that say that many families live there, one after another.
const SHARED: [&str; 12] = [
    "hostel",
    "refuge",
    "shelter",
    "hotel",
    "temporary",
    "hmo",
    "b&b",
    "bnb",
    "guesthouse",
    "caravan",
    "nfa",
    "emergency",
];

/// An address in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Address {
    /// Letters and digits of the postcode, packed; 0 is none.
    pub(crate) postcode: u128,
    pub(crate) numbers: Vec<Word>,
    pub(crate) street: Vec<Word>,
    /// A hostel, a refuge and the like, by its own words.
    pub(crate) shared: bool,
    pub(crate) from: Option<Date>,
    pub(crate) until: Option<Date>,
}

impl Address {
    pub(crate) fn read(words: &mut Words, facts: &AddressFacts) -> Self {
        let mut lines: Vec<String> = split(facts.lines.as_str()).into_iter().map(flat_number).collect();
        let within = postcode_within(&mut lines);
        let given =
            facts.postcode.as_ref().map(|postcode| split(postcode.as_str()).concat()).filter(|code| is_home(code));
        let postcode = given.or(within).unwrap_or_default();
        let numbered = |word: &&String| word.starts_with(|c: char| c.is_ascii_digit());
        let mut numbers: Vec<Word> = lines.iter().filter(numbered).map(|word| words.intern(word)).collect();
        numbers.sort_unstable();
        let street = lines.iter().filter(|word| !numbered(word) && !EVERYWHERE.contains(&word.as_str()));
        Self {
            postcode: if postcode.len() > 12 { 0 } else { pack(&postcode) },
            street: street.map(|word| words.intern(word)).collect(),
            numbers,
            shared: lines.iter().any(|word| SHARED.contains(&word.as_str())),
            from: facts.from,
            until: facts.until,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.postcode == 0 && self.street.is_empty()
    }

    /// Whether both may have been lived at on one day, as far as the days are known.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let ends_before = |a: &Self, b: &Self| a.until.zip(b.from).is_some_and(|(until, from)| until < from);
        !ends_before(self, other) && !ends_before(other, self)
    }
}

/// "F2" and "fl2" are flat 2.
fn flat_number(word: String) -> String {
    let number = word.strip_prefix("fl").or_else(|| word.strip_prefix('f'));
    let number = number.filter(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    number.map(str::to_owned).unwrap_or(word)
}

/// Takes a postcode out of the lines of an address, where exports often put it.
fn postcode_within(lines: &mut Vec<String>) -> Option<String> {
    let whole = lines.iter().position(|word| word.len() > 4 && is_postcode(word));
    if let Some(at) = whole {
        return Some(lines.remove(at)).filter(|code| is_home(code));
    }
    let at = lines.windows(2).position(
        |pair| matches!(pair, [out, inward] if is_postcode(&format!("{out}{inward}")) && inward.len() == 3),
    )?;
    let code = lines.drain(at..at + 2).collect::<String>();
    Some(code).filter(|code| is_home(code))
}

/// The shape of a United Kingdom postcode without its space: one or two letters, a digit, perhaps a digit or letter, then a
/// digit and two letters.
fn is_postcode(code: &str) -> bool {
    let bytes = code.as_bytes();
    let Some((out, inward)) = bytes.len().checked_sub(3).and_then(|at| bytes.split_at_checked(at)) else {
        return false;
    };
    let letters = out.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let rest = out.get(letters..).unwrap_or_default();
    let (first, others) = (rest.first(), rest.get(1..).unwrap_or_default());
    (1..=2).contains(&letters)
        && first.is_some_and(u8::is_ascii_digit)
        && others.len() <= 1
        && matches!(inward, [digit, a, b] if digit.is_ascii_digit() && a.is_ascii_alphabetic() && b.is_ascii_alphabetic())
}

/// Whether a postcode is of a place: not a word, and none of the NHS's codes for "no fixed abode" and "not known".
fn is_home(code: &str) -> bool {
    const NOWHERE: [&str; 5] = ["zz993vz", "zz993wz", "zz993cz", "zz993gz", "zz993vy"];
    code.bytes().any(|byte| byte.is_ascii_digit()) && !NOWHERE.contains(&code)
}

/// How two postcodes agree, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PostcodeLevel {
    Same,
    Slip,
    Missing,
    Different,
}

/// How two houses agree, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HouseLevel {
    /// Number and street.
    Same,
    /// The street, and one gives no number.
    Street,
    /// The number, and one gives no street, or the street with another number.
    Half,
    Missing,
    Different,
}

/// The best agreement of any two addresses.
pub(crate) fn compare(words: &Words, a: &[Address], b: &[Address]) -> (PostcodeLevel, HouseLevel, u8) {
    let pairs = a.iter().flat_map(|x| b.iter().map(move |y| (x, y)));
    pairs
        .map(|(x, y)| {
            let house = houses(words, x, y);
            let words_shared = shared_words(words, x, y);
            if house == HouseLevel::Same && (x.shared || y.shared) {
                return (PostcodeLevel::Missing, HouseLevel::Street, words_shared);
            }
            match (postcodes(x.postcode, y.postcode), house) {
                (PostcodeLevel::Different, HouseLevel::Same) => {
                    (PostcodeLevel::Different, HouseLevel::Half, words_shared)
                }
                (postcode, house) => (postcode, house, words_shared),
            }
        })
        .min_by_key(|(postcode, house, _)| (*postcode as u8 + *house as u8, *postcode))
        .unwrap_or((PostcodeLevel::Missing, HouseLevel::Missing, 0))
}

/// How many words, numbers among them, two addresses share.
fn shared_words(words: &Words, a: &Address, b: &Address) -> u8 {
    let numbers = a.numbers.iter().filter(|x| b.numbers.contains(x)).count();
    let street = a.street.iter().filter(|x| b.street.iter().any(|y| alike(words, **x, *y))).count();
    u8::try_from(numbers + street).unwrap_or(u8::MAX)
}

pub(crate) fn postcodes(a: u128, b: u128) -> PostcodeLevel {
    if a == 0 || b == 0 {
        PostcodeLevel::Missing
    } else if a == b {
        PostcodeLevel::Same
    } else if slips(&unpack(a), &unpack(b)) == 1 {
        PostcodeLevel::Slip
    } else {
        PostcodeLevel::Different
    }
}

pub(crate) fn houses(words: &Words, a: &Address, b: &Address) -> HouseLevel {
    let street = streets_alike(words, &a.street, &b.street);
    let numbers = (!a.numbers.is_empty() && !b.numbers.is_empty()).then(|| a.numbers == b.numbers);
    match (street, numbers) {
        (Some(true), Some(true)) => HouseLevel::Same,
        (Some(true), None) => HouseLevel::Street,
        (Some(true), Some(false)) | (None, Some(true)) => HouseLevel::Half,
        (None, None) => HouseLevel::Missing,
        _ => HouseLevel::Different,
    }
}

/// Whether at least half of the words of the shorter are in the longer; `None` when one has none.
fn streets_alike(words: &Words, a: &[Word], b: &[Word]) -> Option<bool> {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.is_empty() {
        return None;
    }
    let shared = short.iter().filter(|x| long.iter().any(|y| alike(words, **x, *y))).count();
    Some(shared * 2 >= short.len())
}

fn alike(words: &Words, a: Word, b: Word) -> bool {
    if a == b {
        return true;
    }
    let (a, b) = (&words.get(a).text, &words.get(b).text);
    let shorter = a.len().min(b.len());
    shorter >= 4 && (slips(a, b) <= 1 + usize::from(shorter >= 7) || a.starts_with(&**b) || b.starts_with(&**a))
}
