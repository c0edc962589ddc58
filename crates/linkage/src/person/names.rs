//! Compares names by level of agreement.

use super::name_forms::NameForm;
use super::name_tables;
use super::prepared::PreparedRecord;
use super::words::{WordId, WordInterner, edit_distance};

/// The level of agreement of two words, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WordLevel {
    Same,
    /// Nickname, short form or spelling of the same name.
    Form,
    /// One typing error, and not two known names.
    Slip,
    /// Two or three typing errors, or the same sound, and not two known names.
    Slips,
    /// One is the other's first letter.
    Initial,
    /// Neither similar nor clearly two names.
    Unlike,
    /// Clearly two names.
    Distinct,
}

/// Compares two words of given names.
pub(crate) fn word_level(words: &WordInterner, a: WordId, b: WordId) -> WordLevel {
    if a == b {
        return WordLevel::Same;
    }
    let one = words.get(a);
    let other = words.get(b);
    if one.text.len().min(other.text.len()) == 1 {
        let same = one.text.bytes().next() == other.text.bytes().next();
        return if same {
            WordLevel::Initial
        } else {
            WordLevel::Distinct
        };
    }
    if words.share_form(a, b) {
        return WordLevel::Form;
    }
    if one.is_known() && other.is_known() {
        return WordLevel::Distinct;
    }
    let level = compare_unknown_words(&one.text, &other.text, one.sound == other.sound);
    let is_near_another_name = one.is_near_another_name(other) || other.is_near_another_name(one);
    if level >= WordLevel::Slips && is_near_another_name {
        WordLevel::Distinct
    } else {
        level
    }
}

/// Compares two words of which at least one is not a known name.
fn compare_unknown_words(a: &str, b: &str, sounds_alike: bool) -> WordLevel {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if !sounds_alike && share_too_few_letters(short, long) {
        return WordLevel::Distinct;
    }
    let errors = edit_distance(short, long);
    let length = short.len();
    match errors {
        1 if length >= 3 => WordLevel::Slip,
        2 if length >= 5 => WordLevel::Slips,
        3 if length >= 8 => WordLevel::Slips,
        _ if length >= 3
            && long.starts_with(short)
            && is_name(long.get(length..).unwrap_or_default()) =>
        {
            WordLevel::Slips
        }
        _ if length >= 3 && long.starts_with(short) => WordLevel::Form,
        _ if length == 2 && long.starts_with(short) => WordLevel::Initial,
        _ if length >= 4 && sounds_alike => WordLevel::Slips,
        _ if match_without_vowels(short, long) => WordLevel::Slips,
        _ if errors < long.len() / 2 => WordLevel::Unlike,
        _ => WordLevel::Distinct,
    }
}

/// Whether a word is a known given name. ("Teddy" and "Teddylee" are two names.)
fn is_name(word: &str) -> bool {
    word.len() > 2 && name_tables::given_name(word).is_some()
}

/// Whether more letters of the shorter word are missing in the longer one than typing errors could
/// explain: a quick test before the exact count. Words without vowels always need the exact count.
fn share_too_few_letters(short: &str, long: &str) -> bool {
    let letters = |word: &str| word.bytes().fold(0_u32, |set, byte| set | 1 << (byte & 31));
    let missing = (letters(short) & !letters(long)).count_ones();
    missing >= 4
        && long.contains(['a', 'e', 'i', 'o', 'u'])
        && short.contains(['a', 'e', 'i', 'o', 'u'])
}

/// Whether one word is written without vowels, as Arabic and Hebrew are, and has the other's
/// consonants.
fn match_without_vowels(a: &str, b: &str) -> bool {
    let has_no_vowels = |word: &str| word.len() >= 2 && !word.contains(['a', 'e', 'i', 'o', 'u']);
    if !has_no_vowels(a) && !has_no_vowels(b) {
        return false;
    }
    let consonants = |word: &str| {
        let mut letters: Vec<char> = word
            .chars()
            .filter(|c| !matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y'))
            .collect();
        if letters.len() > 2 {
            letters.dedup();
        }
        letters
    };
    consonants(a).len() >= 2 && consonants(a) == consonants(b)
        || a.len() >= 4 && b.len() >= 4 && consonants(a) == consonants(b)
}

/// The level of agreement of two people's given names, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GivenLevel {
    /// The same name, which is not among the commonest.
    SameRare,
    Same,
    /// Given and family name are swapped.
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

/// The level of agreement of two people's family names, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FamilyLevel {
    SameRare,
    Same,
    /// Different spellings, a typing error, or given and family name swapped.
    Alike,
    /// One of several words in common: a double-barrelled name, or a part left out.
    Part,
    Missing,
    Different,
}

/// The best agreement of given names and of family names over all names of two people.
pub(crate) fn compare(
    words: &WordInterner,
    a: &[NameForm],
    b: &[NameForm],
) -> (GivenLevel, FamilyLevel) {
    let mut given = None;
    let mut family = None;
    for one in a {
        for other in b {
            let (given_level, family_level) = compare_forms(words, one, other);
            given = better_level(given, given_level, GivenLevel::Missing);
            family = better_level(family, family_level, FamilyLevel::Missing);
        }
    }
    (
        given.unwrap_or(GivenLevel::Missing),
        family.unwrap_or(FamilyLevel::Missing),
    )
}

/// The best agreement of two people's given names; `None` where one has none.
pub(crate) fn compare_given_names(
    words: &WordInterner,
    a: &PreparedRecord,
    b: &PreparedRecord,
) -> Option<GivenLevel> {
    Some(compare(words, &a.forms, &b.forms).0).filter(|level| *level != GivenLevel::Missing)
}

/// Whether any of the names begins with a known given name.
pub(crate) fn is_known(words: &WordInterner, forms: &[NameForm]) -> bool {
    forms
        .iter()
        .filter_map(|form| form.given.first())
        .any(|word| words.get(*word).is_known())
}

/// Whether both people have second given names that are clearly different: "Mohammed Hassan" and
/// "Mohammed Hussain".
pub(crate) fn second_names_differ(
    words: &WordInterner,
    a: &PreparedRecord,
    b: &PreparedRecord,
) -> bool {
    let second_names = |record: &PreparedRecord| -> Vec<WordId> {
        record
            .forms
            .iter()
            .filter_map(|form| form.given.get(1).copied())
            .collect()
    };
    let names_a = second_names(a);
    let names_b = second_names(b);
    let is_distinct = |x: &WordId| {
        names_b
            .iter()
            .all(|y| word_level(words, *x, *y) == WordLevel::Distinct)
    };
    !names_a.is_empty() && !names_b.is_empty() && names_a.iter().all(is_distinct)
}

/// The better of two levels; any level takes precedence over `missing`.
fn better_level<L: Ord + Copy>(best: Option<L>, next: L, missing: L) -> Option<L> {
    match best {
        Some(level) if level == missing => Some(next),
        Some(level) if next == missing => Some(level),
        Some(level) => Some(level.min(next)),
        None => Some(next),
    }
}

/// Compares two names, names in the wrong fields included.
pub(crate) fn compare_forms(
    words: &WordInterner,
    a: &NameForm,
    b: &NameForm,
) -> (GivenLevel, FamilyLevel) {
    let given = given_level(words, a, b);
    let family = family_level(words, a, b);
    if is_surname_in_given_field(words, a, b) || is_surname_in_given_field(words, b, a) {
        return (GivenLevel::Missing, family.min(FamilyLevel::Alike));
    }
    let family = if family == FamilyLevel::Missing && family_among_given(words, a, b) {
        FamilyLevel::Alike
    } else {
        family
    };
    if given >= GivenLevel::Initial && family >= FamilyLevel::Missing && names_swapped(words, a, b)
    {
        return (GivenLevel::Swapped, FamilyLevel::Alike);
    }
    if given >= GivenLevel::Unlike
        && (given_name_in_family_field(words, a, b) || given_name_in_family_field(words, b, a))
    {
        return (GivenLevel::Part, FamilyLevel::Missing);
    }
    match compare_both_reversed(words, a, b) {
        Some(level) if level != WordLevel::Same => {
            let given_name = a.family.first().copied().unwrap_or_default();
            (
                given_level_of_word(words, level, given_name),
                FamilyLevel::Alike,
            )
        }
        _ => (given, family),
    }
}

/// Whether the given-name field of `a` contains only a family name of `b`.
fn is_surname_in_given_field(words: &WordInterner, a: &NameForm, b: &NameForm) -> bool {
    let [only] = a.given.as_slice() else {
        return false;
    };
    let is_among = |x: &WordId, list: &[WordId]| {
        list.iter()
            .any(|y| word_level(words, *x, *y) <= WordLevel::Slip)
    };
    let has_no_other_family_name = a.family.is_empty() || is_among(only, &a.family);
    has_no_other_family_name
        && is_among(only, &b.family)
        && !is_among(only, &b.given)
        && !b.given.is_empty()
}

/// Whether one record has the whole name in the given-name field, ending with the other's family
/// name.
fn family_among_given(words: &WordInterner, a: &NameForm, b: &NameForm) -> bool {
    let ends_with_family_name = |whole: &NameForm, other: &NameForm| {
        let last = whole
            .given
            .last()
            .filter(|_| whole.family.is_empty() && whole.given.len() > 1);
        last.is_some_and(|last| {
            other
                .family
                .iter()
                .any(|word| family_words_similar(words, *last, *word))
        })
    };
    ends_with_family_name(a, b) || ends_with_family_name(b, a)
}

/// Compares the given names of two records that both have given and family name swapped: the
/// given-name fields have the same word, which is not a known given name, and at least one of the
/// family-name fields has a known given name.
fn compare_both_reversed(words: &WordInterner, a: &NameForm, b: &NameForm) -> Option<WordLevel> {
    let x = a.family.first()?;
    let y = b.family.first()?;
    let is_known = |word: Option<&WordId>| word.is_some_and(|word| words.get(*word).is_known());
    let are_reversed = !a.given.is_empty()
        && a.given.first() == b.given.first()
        && !is_known(a.given.first())
        && (is_known(Some(x)) || is_known(Some(y)));
    are_reversed.then(|| word_level(words, *x, *y))
}

/// Whether two people have two spellings of one name of which neither is a short form of the other:
/// Aisha and Aysha may be one girl or twin sisters.
pub(crate) fn two_spellings(words: &WordInterner, a: &[NameForm], b: &[NameForm]) -> bool {
    let first_words = |forms: &[NameForm]| -> Vec<WordId> {
        forms
            .iter()
            .flat_map(|form| form.given.first().into_iter().chain(form.family.first()))
            .copied()
            .collect()
    };
    let words_a = first_words(a);
    let words_b = first_words(b);
    let mut pairs = words_a
        .iter()
        .flat_map(|x| words_b.iter().map(move |y| (*x, *y)));
    pairs.any(|(x, y)| {
        let one = &words.get(x).text;
        let other = &words.get(y).text;
        x != y
            && words.share_form(x, y)
            && one.len().abs_diff(other.len()) <= 1
            && edit_distance(one, other) <= 2
            && !is_shared_first_name(words, x)
    })
}

/// Whether the family-name field of `a` has the given name of `b`, and the given-name field of `a`
/// no known given name.
fn given_name_in_family_field(words: &WordInterner, a: &NameForm, b: &NameForm) -> bool {
    let ([family], Some(given)) = (a.family.as_slice(), b.given.first()) else {
        return false;
    };
    let is_known = |word: Option<&WordId>| word.is_some_and(|word| words.get(*word).is_known());
    let is_similar = |x: WordId, y: WordId| word_level(words, x, y) <= WordLevel::Slips;
    let is_own_family_name = b.family.iter().any(|word| is_similar(*given, *word));
    !a.given.is_empty()
        && !is_known(a.given.first())
        && is_known(Some(given))
        && is_similar(*family, *given)
        && !is_own_family_name
}

/// Whether given and family name are swapped in one of two names.
fn names_swapped(words: &WordInterner, a: &NameForm, b: &NameForm) -> bool {
    if a.is_unnamed || b.is_unnamed {
        return false;
    }
    let is_similar = |x: Option<&WordId>, y: Option<&WordId>| {
        x.zip(y)
            .is_some_and(|(x, y)| word_level(words, *x, *y) <= WordLevel::Slips)
    };
    let is_among =
        |x: Option<&WordId>, list: &[WordId]| list.iter().any(|y| is_similar(x, Some(y)));
    let both_swapped = is_among(a.given.first(), &b.family) && is_among(b.given.first(), &a.family);
    // The only name of `x` is in the other field of `y`.
    let only_name_swapped = |x: &NameForm, y: &NameForm| {
        let family_is_given = x.given.is_empty()
            && is_similar(x.family.last(), y.given.first())
            && !is_similar(x.family.last(), y.family.last());
        let given_is_family = x.family.is_empty()
            && y.given.is_empty()
            && is_similar(x.given.first(), y.family.last());
        family_is_given || given_is_family
    };
    both_swapped || only_name_swapped(a, b) || only_name_swapped(b, a)
}

/// Compares the given names of two names.
fn given_level(words: &WordInterner, a: &NameForm, b: &NameForm) -> GivenLevel {
    let (Some(&first), Some(&other)) = (a.given.first(), b.given.first()) else {
        return GivenLevel::Missing;
    };
    let level = word_level(words, first, other);
    if level <= WordLevel::Form
        && is_shared_first_name(words, first)
        && is_shared_first_name(words, other)
    {
        return compare_second_names(words, a, b)
            .unwrap_or_else(|| given_level_of_word(words, level, first));
    }
    if level <= WordLevel::Slip {
        return compare_compound_names(words, a, b)
            .unwrap_or_else(|| given_level_of_word(words, level, first));
    }
    if joined_names_match(
        words,
        (&a.given, a.given_joined),
        (&b.given, b.given_joined),
    ) {
        return GivenLevel::Form;
    }
    if is_among_later_names(words, first, &b.given) || is_among_later_names(words, other, &a.given)
    {
        return GivenLevel::Part;
    }
    given_level_of_word(words, level, first)
}

/// The level of given names that follows from the level of their deciding words, of which `word` is
/// one.
fn given_level_of_word(words: &WordInterner, level: WordLevel, word: WordId) -> GivenLevel {
    match level {
        WordLevel::Same if words.get(word).is_common => GivenLevel::Same,
        WordLevel::Same => GivenLevel::SameRare,
        WordLevel::Form => GivenLevel::Form,
        WordLevel::Slip => GivenLevel::Slip,
        WordLevel::Slips => GivenLevel::Slips,
        WordLevel::Initial => GivenLevel::Initial,
        WordLevel::Unlike => GivenLevel::Unlike,
        WordLevel::Distinct => GivenLevel::Distinct,
    }
}

/// Whether many brothers have this first name, so that the second given name distinguishes them.
fn is_shared_first_name(words: &WordInterner, word: WordId) -> bool {
    words.get(word).is_shared_by_brothers
}

/// Compares hyphenated names with the same first part: "Amelia-Rose" and "Amelia-Rae" are two
/// names; "Ava" and "Ava-Rose" may be names of twins. `None` where the second part does not change
/// the level.
fn compare_compound_names(words: &WordInterner, a: &NameForm, b: &NameForm) -> Option<GivenLevel> {
    if !a.is_compound && !b.is_compound {
        return None;
    }
    match (a.given.get(1), b.given.get(1)) {
        (Some(&x), Some(&y)) => match word_level(words, x, y) {
            WordLevel::Same | WordLevel::Form | WordLevel::Slip | WordLevel::Initial => None,
            WordLevel::Slips | WordLevel::Unlike => Some(GivenLevel::Unlike),
            WordLevel::Distinct
                if is_among_later_names(words, x, &b.given)
                    || is_among_later_names(words, y, &a.given) =>
            {
                None
            }
            WordLevel::Distinct => Some(GivenLevel::Distinct),
        },
        (None, None) => None,
        _ => Some(GivenLevel::Part),
    }
}

/// Compares second given names after a first name that brothers share. `None` where neither has
/// one.
fn compare_second_names(words: &WordInterner, a: &NameForm, b: &NameForm) -> Option<GivenLevel> {
    match (a.given.get(1), b.given.get(1)) {
        (Some(&x), Some(&y)) => Some(given_level_of_word(words, word_level(words, x, y), x)),
        (None, None) => None,
        _ => Some(GivenLevel::Part),
    }
}

/// Whether a first name is the second or a later given name of another person.
fn is_among_later_names(words: &WordInterner, word: WordId, list: &[WordId]) -> bool {
    !is_shared_first_name(words, word)
        && list
            .iter()
            .skip(1)
            .any(|other| word_level(words, word, *other) <= WordLevel::Slip)
}

/// Whether two names are the same when their words are written together; at least one of them has
/// several words.
fn joined_names_match(
    words: &WordInterner,
    a: (&[WordId], Option<WordId>),
    b: (&[WordId], Option<WordId>),
) -> bool {
    let whole =
        |(list, joined): (&[WordId], Option<WordId>)| joined.or_else(|| list.first().copied());
    if a.1.is_none() && b.1.is_none() {
        return false;
    }
    whole(a).zip(whole(b)).is_some_and(|(x, y)| {
        word_level(words, x, y) <= WordLevel::Slip && !lengths_differ(words, x, y)
    })
}

/// Whether the lengths of two words differ by more than a letter, so that one may only be the
/// beginning of the other, which is no agreement of joined words.
fn lengths_differ(words: &WordInterner, x: WordId, y: WordId) -> bool {
    words.get(x).text.len().abs_diff(words.get(y).text.len()) > 1
}

/// Compares the family names of two names.
pub(crate) fn family_level(words: &WordInterner, a: &NameForm, b: &NameForm) -> FamilyLevel {
    if a.family.is_empty() || b.family.is_empty() {
        return FamilyLevel::Missing;
    }
    if a.family == b.family {
        let is_common = a.family.iter().all(|word| words.get(*word).is_common);
        return if is_common {
            FamilyLevel::Same
        } else {
            FamilyLevel::SameRare
        };
    }
    if joined_names_match(
        words,
        (&a.family, a.family_joined),
        (&b.family, b.family_joined),
    ) {
        return FamilyLevel::Alike;
    }
    let is_similar = |x: &WordId, y: &WordId| family_words_similar(words, *x, *y);
    if let ([x], [y]) = (a.family.as_slice(), b.family.as_slice()) {
        return if is_similar(x, y) {
            FamilyLevel::Alike
        } else {
            FamilyLevel::Different
        };
    }
    let has_common_word = a
        .family
        .iter()
        .any(|x| b.family.iter().any(|y| is_similar(x, y)));
    if has_common_word {
        FamilyLevel::Part
    } else {
        FamilyLevel::Different
    }
}

/// Whether two words of family names are similar. The table of given names is not used: most family
/// names are in no table, and a family name alone never decides about a child.
fn family_words_similar(words: &WordInterner, a: WordId, b: WordId) -> bool {
    let one = words.get(a);
    let other = words.get(b);
    a == b
        || compare_unknown_words(&one.text, &other.text, one.sound == other.sound)
            <= WordLevel::Slips
}
