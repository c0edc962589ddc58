//! Names, read and compared by level of agreement.

use super::name_forms::NameForm;
use super::prepared::Person;
use super::words::{Word, Words, slips};

/// How two single words agree, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WordLevel {
    Same,
    /// Nickname, short form or spelling of the same name.
    Form,
    /// One slip of the pen, and not two known names.
    Slip,
    /// Two slips, or alike in sound, and not two known names.
    Slips,
    /// One is the other's first letter.
    Initial,
    /// Neither alike nor plainly two names.
    Unlike,
    /// Two names.
    Distinct,
}

pub(crate) fn word_level(words: &Words, a: Word, b: Word) -> WordLevel {
    if a == b {
        return WordLevel::Same;
    }
    let (one, other) = (words.get(a), words.get(b));
    if one.text.len().min(other.text.len()) == 1 {
        let same = one.text.bytes().next() == other.text.bytes().next();
        return if same { WordLevel::Initial } else { WordLevel::Distinct };
    }
    if words.share_a_form(a, b) {
        return WordLevel::Form;
    }
    if one.is_known() && other.is_known() {
        return WordLevel::Distinct;
    }
    let level = unknown_level(&one.text, &other.text, one.sound == other.sound);
    let near_another = one.is_near_another_name(other) || other.is_near_another_name(one);
    if level >= WordLevel::Slips && near_another { WordLevel::Distinct } else { level }
}

/// Two words of which at least one is no known name.
fn unknown_level(a: &str, b: &str, sounds_alike: bool) -> WordLevel {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if !sounds_alike && nothing_shared(short, long) {
        return WordLevel::Distinct;
    }
    let slips = slips(short, long);
    let length = short.len();
    match slips {
        1 if length >= 3 => WordLevel::Slip,
        2 if length >= 5 => WordLevel::Slips,
        3 if length >= 8 => WordLevel::Slips,
        _ if length >= 3 && long.starts_with(short) && is_name(long.get(length..).unwrap_or_default()) => {
            WordLevel::Slips
        }
        _ if length >= 3 && long.starts_with(short) => WordLevel::Form,
        _ if length == 2 && long.starts_with(short) => WordLevel::Initial,
        _ if length >= 4 && sounds_alike => WordLevel::Slips,
        _ if without_vowels(short, long) => WordLevel::Slips,
        _ if slips < long.len() / 2 => WordLevel::Unlike,
        _ => WordLevel::Distinct,
    }
}

/// Whether a word is a known given name: "Teddy" and "Teddylee" are two names.
fn is_name(word: &str) -> bool {
    word.len() > 2 && super::nicknames::table().contains_key(word)
}

/// Whether so many letters of the shorter are missing in the longer that no slips explain it: a quick look before the exact
/// count. Words of consonants alone are left to that.
fn nothing_shared(short: &str, long: &str) -> bool {
    let letters = |word: &str| word.bytes().fold(0_u32, |set, byte| set | 1 << (byte & 31));
    let missing = (letters(short) & !letters(long)).count_ones();
    missing >= 4 && long.contains(['a', 'e', 'i', 'o', 'u']) && short.contains(['a', 'e', 'i', 'o', 'u'])
}

/// Whether one is written without vowels, as Arabic and Hebrew are, and has the other's consonants.
fn without_vowels(a: &str, b: &str) -> bool {
    let bare = |word: &str| word.len() >= 2 && !word.contains(['a', 'e', 'i', 'o', 'u']);
    if !bare(a) && !bare(b) {
        return false;
    }
    let consonants = |word: &str| {
        let mut letters: Vec<char> = word.chars().filter(|c| !matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')).collect();
        if letters.len() > 2 {
            letters.dedup();
        }
        letters
    };
    consonants(a).len() >= 2 && consonants(a) == consonants(b)
        || a.len() >= 4 && b.len() >= 4 && consonants(a) == consonants(b)
}

/// How two people's given names agree, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GivenLevel {
    /// The same, and not among the commonest.
    SameRare,
    Same,
    /// Given and family name have changed places.
    Swapped,
    Form,
    Slip,
    Part,
    Slips,
    Initial,
    Missing,
    Unlike,
    Distinct,
}

/// How two people's family names agree, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FamilyLevel {
    SameRare,
    Same,
    /// Spelling, a slip, or given and family name changed places.
    Alike,
    /// One of several words in common: double-barrelled, or a part left out.
    Part,
    Missing,
    Different,
}

/// The best agreement over all names each goes by.
pub(crate) fn compare(words: &Words, a: &[NameForm], b: &[NameForm]) -> (GivenLevel, FamilyLevel) {
    let mut given = None;
    let mut family = None;
    for one in a {
        for other in b {
            let (g, f) = compare_forms(words, one, other);
            given = better(given, g, GivenLevel::Missing);
            family = better(family, f, FamilyLevel::Missing);
        }
    }
    (given.unwrap_or(GivenLevel::Missing), family.unwrap_or(FamilyLevel::Missing))
}

/// The best agreement of two people's given names; `None` where one has none.
pub(crate) fn given_alike(words: &Words, a: &Person, b: &Person) -> Option<GivenLevel> {
    Some(compare(words, &a.forms, &b.forms).0).filter(|level| *level != GivenLevel::Missing)
}

/// Whether any of the names begins with a known given name.
pub(crate) fn is_known(words: &Words, forms: &[NameForm]) -> bool {
    forms.iter().filter_map(|form| form.given.first()).any(|word| words.get(*word).is_known())
}

/// Whether both have second given names, and they are two names: "Mohammed Hassan" and "Mohammed Hussain".
pub(crate) fn second_names_differ(words: &Words, a: &Person, b: &Person) -> bool {
    let second =
        |person: &Person| -> Vec<Word> { person.forms.iter().filter_map(|form| form.given.get(1).copied()).collect() };
    let (ours, theirs) = (second(a), second(b));
    let apart = |x: &Word| theirs.iter().all(|y| word_level(words, *x, *y) == WordLevel::Distinct);
    !ours.is_empty() && !theirs.is_empty() && ours.iter().all(apart)
}

/// The better of two levels; one that is missing yields to any other.
fn better<L: Ord + Copy>(found: Option<L>, next: L, missing: L) -> Option<L> {
    match found {
        Some(level) if level == missing => Some(next),
        Some(level) if next == missing => Some(level),
        Some(level) => Some(level.min(next)),
        None => Some(next),
    }
}

pub(crate) fn compare_forms(words: &Words, a: &NameForm, b: &NameForm) -> (GivenLevel, FamilyLevel) {
    let (given, family) = (given_level(words, a, b), family_level(words, a, b));
    if surname_alone(words, a, b) || surname_alone(words, b, a) {
        return (GivenLevel::Missing, family.min(FamilyLevel::Alike));
    }
    let family =
        if family == FamilyLevel::Missing && family_among_given(words, a, b) { FamilyLevel::Alike } else { family };
    if given >= GivenLevel::Initial && family >= FamilyLevel::Missing && changed_places(words, a, b) {
        return (GivenLevel::Swapped, FamilyLevel::Alike);
    }
    if given >= GivenLevel::Unlike && (given_as_family(words, a, b) || given_as_family(words, b, a)) {
        return (GivenLevel::Part, FamilyLevel::Missing);
    }
    match both_turned_round(words, a, b) {
        Some(level) if level != WordLevel::Same => {
            (graded(words, level, a.family.first().copied().unwrap_or_default()), FamilyLevel::Alike)
        }
        _ => (given, family),
    }
}

/// Whether what stands as the given name of `a` is a family name of `b`: a surname in the wrong field is no given name.
fn surname_alone(words: &Words, a: &NameForm, b: &NameForm) -> bool {
    let [only] = a.given.as_slice() else { return false };
    let alike = |x: &Word, list: &[Word]| list.iter().any(|y| word_level(words, *x, *y) <= WordLevel::Slip);
    let own = a.family.is_empty() || alike(only, &a.family);
    own && alike(only, &b.family) && !alike(only, &b.given) && !b.given.is_empty()
}

/// Whether one gives its whole name in the given-name field, with the other's family name last.
fn family_among_given(words: &Words, a: &NameForm, b: &NameForm) -> bool {
    let among = |whole: &NameForm, other: &NameForm| {
        let last = whole.given.last().filter(|_| whole.family.is_empty() && whole.given.len() > 1);
        last.is_some_and(|last| other.family.iter().any(|word| family_word_alike(words, *last, *word)))
    };
    among(a, b) || among(b, a)
}

/// How the given names agree where both stand family name first: what seem to be two family names are known given names,
/// and what seems to be one given name is not.
fn both_turned_round(words: &Words, a: &NameForm, b: &NameForm) -> Option<WordLevel> {
    let (x, y) = (a.family.first()?, b.family.first()?);
    let known = |word: Option<&Word>| word.is_some_and(|word| words.get(*word).is_known());
    let turned = !a.given.is_empty()
        && a.given.first() == b.given.first()
        && !known(a.given.first())
        && (known(Some(x)) || known(Some(y)));
    turned.then(|| word_level(words, *x, *y))
}

/// Whether two people go by two spellings of one name, neither a short form of the other, and share none: Aisha and Aysha
/// may be one girl or twin sisters.
pub(crate) fn two_spellings(words: &Words, a: &[NameForm], b: &[NameForm]) -> bool {
    let all = |forms: &[NameForm]| -> Vec<Word> {
        forms.iter().flat_map(|form| form.given.first().into_iter().chain(form.family.first())).copied().collect()
    };
    let (all_a, all_b) = (all(a), all(b));
    let mut pairs = all_a.iter().flat_map(|x| all_b.iter().map(move |y| (*x, *y)));
    pairs.any(|(x, y)| {
        let (one, other) = (&words.get(x).text, &words.get(y).text);
        x != y
            && words.share_a_form(x, y)
            && one.len().abs_diff(other.len()) <= 1
            && slips(one, other) <= 2
            && !is_prefix_name(words, x)
    })
}

/// Whether the given name of `b` stands in the family-name field of `a`, with another family name in its place.
fn given_as_family(words: &Words, a: &NameForm, b: &NameForm) -> bool {
    let ([family], Some(given)) = (a.family.as_slice(), b.given.first()) else { return false };
    let known = |word: Option<&Word>| word.is_some_and(|word| words.get(*word).is_known());
    let near = |x: Word, y: Word| word_level(words, x, y) <= WordLevel::Slips;
    let own = b.family.iter().any(|word| near(*given, *word));
    !a.given.is_empty() && !known(a.given.first()) && known(Some(given)) && near(*family, *given) && !own
}

fn changed_places(words: &Words, a: &NameForm, b: &NameForm) -> bool {
    if a.nameless || b.nameless {
        return false;
    }
    let near = |x: Option<&Word>, y: Option<&Word>| {
        x.zip(y).is_some_and(|(x, y)| word_level(words, *x, *y) <= WordLevel::Slips)
    };
    let any = |x: Option<&Word>, list: &[Word]| list.iter().any(|y| near(x, Some(y)));
    let crossed = any(a.given.first(), &b.family) && any(b.given.first(), &a.family);
    let lone = |x: &NameForm, y: &NameForm| {
        x.given.is_empty() && near(x.family.last(), y.given.first()) && !near(x.family.last(), y.family.last())
            || x.family.is_empty() && y.given.is_empty() && near(x.given.first(), y.family.last())
    };
    crossed || lone(a, b) || lone(b, a)
}

fn given_level(words: &Words, a: &NameForm, b: &NameForm) -> GivenLevel {
    let (Some(&first), Some(&other)) = (a.given.first(), b.given.first()) else { return GivenLevel::Missing };
    let level = word_level(words, first, other);
    if level <= WordLevel::Form && is_prefix_name(words, first) && is_prefix_name(words, other) {
        return after_prefix(words, a, b).unwrap_or_else(|| graded(words, level, first));
    }
    if level <= WordLevel::Slip {
        return of_two_parts(words, a, b).unwrap_or_else(|| graded(words, level, first));
    }
    if joined_alike(words, (&a.given, a.given_joined), (&b.given, b.given_joined)) {
        return GivenLevel::Form;
    }
    if in_the_rest(words, first, &b.given) || in_the_rest(words, other, &a.given) {
        return GivenLevel::Part;
    }
    graded(words, level, first)
}

fn graded(words: &Words, level: WordLevel, word: Word) -> GivenLevel {
    match level {
        WordLevel::Same if words.get(word).common => GivenLevel::Same,
        WordLevel::Same => GivenLevel::SameRare,
        WordLevel::Form => GivenLevel::Form,
        WordLevel::Slip => GivenLevel::Slip,
        WordLevel::Slips => GivenLevel::Slips,
        WordLevel::Initial => GivenLevel::Initial,
        WordLevel::Unlike => GivenLevel::Unlike,
        WordLevel::Distinct => GivenLevel::Distinct,
    }
}

/// Whether a first name is one that brothers share, so that the second one tells them apart.
fn is_prefix_name(words: &Words, word: Word) -> bool {
    /// The line of the table that holds the forms of Mohammed.
    const MOHAMMED: u16 = 0;
    let facts = words.get(word);
    facts.forms.contains(&MOHAMMED) || matches!(&*facts.text, "md" | "mhd" | "syed" | "sayed" | "muhd")
}

/// Names of two parts, of which the first is the same: "Amelia-Rose" and "Amelia-Rae" are two names, and so are a twin's
/// "Ava" and "Ava-Rose" unless more is known.
fn of_two_parts(words: &Words, a: &NameForm, b: &NameForm) -> Option<GivenLevel> {
    if !a.compound && !b.compound {
        return None;
    }
    match (a.given.get(1), b.given.get(1)) {
        (Some(&x), Some(&y)) => match word_level(words, x, y) {
            WordLevel::Same | WordLevel::Form | WordLevel::Slip | WordLevel::Initial => None,
            WordLevel::Slips | WordLevel::Unlike => Some(GivenLevel::Unlike),
            WordLevel::Distinct if in_the_rest(words, x, &b.given) || in_the_rest(words, y, &a.given) => None,
            WordLevel::Distinct => Some(GivenLevel::Distinct),
        },
        (None, None) => None,
        _ => Some(GivenLevel::Part),
    }
}

/// The second names decide when both have one; one alone is a part.
fn after_prefix(words: &Words, a: &NameForm, b: &NameForm) -> Option<GivenLevel> {
    match (a.given.get(1), b.given.get(1)) {
        (Some(&x), Some(&y)) => Some(graded(words, word_level(words, x, y), x)),
        (None, None) => None,
        _ => Some(GivenLevel::Part),
    }
}

fn in_the_rest(words: &Words, word: Word, list: &[Word]) -> bool {
    !is_prefix_name(words, word) && list.iter().skip(1).any(|other| word_level(words, word, *other) <= WordLevel::Slip)
}

fn joined_alike(words: &Words, a: (&[Word], Option<Word>), b: (&[Word], Option<Word>)) -> bool {
    let whole = |(list, joined): (&[Word], Option<Word>)| joined.or_else(|| list.first().copied());
    if a.1.is_none() && b.1.is_none() {
        return false;
    }
    whole(a).zip(whole(b)).is_some_and(|(x, y)| word_level(words, x, y) <= WordLevel::Slip && !prefix(words, x, y))
}

/// Whether one only begins like the other, which says nothing of joined words.
fn prefix(words: &Words, x: Word, y: Word) -> bool {
    let (x, y) = (&words.get(x).text, &words.get(y).text);
    x.len().abs_diff(y.len()) > 1
}

pub(crate) fn family_level(words: &Words, a: &NameForm, b: &NameForm) -> FamilyLevel {
    if a.family.is_empty() || b.family.is_empty() {
        return FamilyLevel::Missing;
    }
    if a.family == b.family {
        let common = a.family.iter().all(|word| words.get(*word).common);
        return if common { FamilyLevel::Same } else { FamilyLevel::SameRare };
    }
    if joined_alike(words, (&a.family, a.family_joined), (&b.family, b.family_joined)) {
        return FamilyLevel::Alike;
    }
    let near = |x: &Word, y: &Word| family_word_alike(words, *x, *y);
    if let ([x], [y]) = (a.family.as_slice(), b.family.as_slice()) {
        return if near(x, y) { FamilyLevel::Alike } else { FamilyLevel::Different };
    }
    let any = a.family.iter().any(|x| b.family.iter().any(|y| near(x, y)));
    if any { FamilyLevel::Part } else { FamilyLevel::Different }
}

/// Family names are not looked up: most are unknown to any table, and a family's name never decides on a child.
fn family_word_alike(words: &Words, a: Word, b: Word) -> bool {
    let (one, other) = (words.get(a), words.get(b));
    a == b || unknown_level(&one.text, &other.text, one.sound == other.sound) <= WordLevel::Slips
}
