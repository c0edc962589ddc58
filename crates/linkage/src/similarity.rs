//! How similar two texts are: the same, the same but for misspellings and omissions, or different.

use crate::lexicon::{is_decisive, pronoun_swap};

/// How similar two texts are, most similar first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Similarity {
    /// The same words in the same order.
    Same,
    /// The same but for misspelt long words and a few words left out that are not decisive.
    Near,
    /// Other words, or in another order.
    Different,
}

/// The names that two texts may contain.
#[derive(Clone, Copy)]
pub(crate) struct NameContext<'a> {
    /// Whether a word is the given name of a child of the family. Such a word is never taken for a
    /// misspelling.
    pub(crate) is_given_name: &'a dyn Fn(&str) -> bool,
    /// The given names of the children of the first and of the second text, where each may use its
    /// own.
    pub(crate) own_names: Option<(&'a [String], &'a [String])>,
}

/// Compares two texts, given as their content words, in linear time. Symmetric, when the names in
/// `context` are swapped too. One side may leave out at most one word in ten, and no decisive one.
/// The order of words counts, because "mother hit father" and "father hit mother" have the same
/// words.
pub(crate) fn compare_texts(
    one: &[String],
    other: &[String],
    context: NameContext<'_>,
) -> Similarity {
    if context.own_names.is_none() && one == other {
        return Similarity::Same;
    }
    let swapped = one.len() < other.len();
    let (long, short) = if swapped { (other, one) } else { (one, other) };
    let own_names = context
        .own_names
        .map(|(a, b)| if swapped { (b, a) } else { (a, b) });
    let left_out = long.len() - short.len();
    if short.is_empty() || left_out * 10 > short.len() {
        return Similarity::Different;
    }
    Alignment {
        is_given_name: context.is_given_name,
        own_names,
        his_to_hers: None,
    }
    .align(long, short)
}

/// An alignment of two texts, word by word.
struct Alignment<'a> {
    is_given_name: &'a dyn Fn(&str) -> bool,
    own_names: Option<(&'a [String], &'a [String])>,
    /// The direction in which pronouns were changed, once one was: `true` from "his" to "hers".
    his_to_hers: Option<bool>,
}

impl Alignment<'_> {
    fn align(mut self, long: &[String], short: &[String]) -> Similarity {
        let left_out = long.len() - short.len();
        let mut differences = left_out;
        let mut skipped = 0;
        let mut remaining = short.iter().peekable();
        for word in long {
            match remaining
                .peek()
                .and_then(|other| self.is_misspelt_match(word, other))
            {
                Some(is_misspelt) => {
                    remaining.next();
                    differences += usize::from(is_misspelt);
                }
                None if skipped == left_out || is_decisive(word) || (self.is_given_name)(word) => {
                    return Similarity::Different;
                }
                None => skipped += 1,
            }
        }
        match (remaining.next(), differences) {
            (Some(_), _) => Similarity::Different,
            (None, 0) => Similarity::Same,
            (None, differences) if differences * 8 <= short.len().max(8) => Similarity::Near,
            _ => Similarity::Different,
        }
    }

    /// `Some(false)` when the words match, `Some(true)` when one is a misspelling of the other,
    /// `None` otherwise.
    fn is_misspelt_match(&mut self, long: &str, short: &str) -> Option<bool> {
        if long == short || self.are_own_names(long, short) || self.pronouns_agree(long, short) {
            return Some(false);
        }
        let is_name = || (self.is_given_name)(long) || (self.is_given_name)(short);
        let differ_in_meaning = || is_decisive(long) && is_decisive(short);
        (is_misspelling(long, short) && !differ_in_meaning() && !is_name()).then_some(true)
    }

    fn are_own_names(&self, long: &str, short: &str) -> bool {
        self.own_names.is_some_and(|(a, b)| {
            a.iter().any(|name| name == long) && b.iter().any(|name| name == short)
        })
    }

    /// Whether a pronoun changed with the child, in the same direction as before in this text.
    fn pronouns_agree(&mut self, long: &str, short: &str) -> bool {
        if self.own_names.is_none() {
            return false;
        }
        pronoun_swap(long, short).is_some_and(|swap| *self.his_to_hers.get_or_insert(swap) == swap)
    }
}

/// Whether two words of six letters or more differ by one letter added, dropped or changed or by
/// two neighbouring letters swapped. The first letter must agree, because "symptomatic" and
/// "asymptomatic" differ in meaning. Numbers never match.
fn is_misspelling(one: &str, other: &str) -> bool {
    if one.len().abs_diff(other.len()) > 4 || one.chars().next() != other.chars().next() {
        return false;
    }
    let a: Vec<char> = one.chars().collect();
    let b: Vec<char> = other.chars().collect();
    let only_letters = a.iter().chain(&b).all(|c| c.is_alphabetic());
    if !only_letters || a.len().min(b.len()) < 6 || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let common_start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let common_end = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let shorter = a.len().min(b.len());
    let changed = shorter.saturating_sub(common_start + common_end);
    match a.len().abs_diff(b.len()) {
        1 => changed == 0,
        _ => changed <= 1 || (changed == 2 && are_swapped(&a, &b, common_start)),
    }
}

/// Whether two neighbouring letters at `index` are swapped.
fn are_swapped(a: &[char], b: &[char], index: usize) -> bool {
    a.get(index) == b.get(index + 1) && a.get(index + 1) == b.get(index)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::tokens::content_words;

    fn similarity(one: &str, other: &str) -> Similarity {
        let is_given_name = |word: &str| matches!(word, "aisha" | "bilal" | "shannon" | "shannan");
        let context = NameContext {
            is_given_name: &is_given_name,
            own_names: None,
        };
        let one = content_words(one);
        let other = content_words(other);
        let similarity = compare_texts(&one, &other, context);
        assert_eq!(compare_texts(&other, &one, context), similarity, "symmetry");
        similarity
    }

    #[rstest]
    #[case(
        "Police attended the home after a neighbour called",
        "police attended home, after neighbour called.",
        Similarity::Same
    )]
    #[case(
        "Police were called by a neighbour to shouting",
        "Police were called by a neigbour to shouting",
        Similarity::Near
    )]
    #[case(
        "School nurse weighed the child in clinic today and found growth along the expected centile again",
        "School nurse weighed the child in clinic today and found growth along the expected centile",
        Similarity::Near
    )]
    #[case(
        "Mother hit father in the kitchen",
        "Father hit mother in the kitchen",
        Similarity::Different
    )]
    #[case(
        "Moved from Marlow to Thame",
        "Moved from Thame to Marlow",
        Similarity::Different
    )]
    #[case(
        "The child was seen and spoke",
        "The child was not seen and spoke",
        Similarity::Different
    )]
    #[case("Burn to the left arm", "Burn to the right arm", Similarity::Different)]
    #[case(
        "Third missed appointment",
        "Fourth missed appointment",
        Similarity::Different
    )]
    #[case("He weighed 4.2 kg", "He weighed 4.6 kg", Similarity::Different)]
    #[case(
        "Child symptomatic on arrival",
        "Child asymptomatic on arrival",
        Similarity::Different
    )]
    #[case(
        "Shannon spoke to her teacher",
        "Shannan spoke to her teacher",
        Similarity::Different
    )]
    #[case("Visit", "Visit cancelled", Similarity::Different)]
    #[case("", "", Similarity::Same)]
    #[case("", "word", Similarity::Different)]
    fn compares_texts(#[case] one: &str, #[case] other: &str, #[case] expected: Similarity) {
        assert_eq!(similarity(one, other), expected);
    }

    #[rstest]
    #[case(
        "Aisha was seen in her room",
        "Bilal was seen in his room",
        Similarity::Same
    )]
    #[case("Aisha hit Bilal", "Bilal hit Aisha", Similarity::Different)]
    #[case("He hit her", "She hit him", Similarity::Different)]
    #[case(
        "Aisha came with mother",
        "Bilal came with father",
        Similarity::Different
    )]
    fn copies_for_siblings_may_use_their_own_names(
        #[case] one: &str,
        #[case] other: &str,
        #[case] expected: Similarity,
    ) {
        let is_given_name = |word: &str| matches!(word, "aisha" | "bilal");
        let first_names = ["aisha".to_owned()];
        let second_names = ["bilal".to_owned()];
        let own_names = Some((&first_names[..], &second_names[..]));
        let context = NameContext {
            is_given_name: &is_given_name,
            own_names,
        };
        assert_eq!(
            compare_texts(&content_words(one), &content_words(other), context),
            expected
        );
    }
}
