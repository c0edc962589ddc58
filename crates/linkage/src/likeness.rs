//! How alike two texts are: the same, the same but for slips, or different.

use crate::lexicon::{is_decisive, pronoun_swap};

/// How alike two texts are, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Likeness {
    /// The same words in the same order.
    Same,
    /// Slips only: a letter in a long word, or a few words left out that decide nothing.
    Near,
    /// Anything else.
    Unlike,
}

/// What is known of the people a text may name.
#[derive(Clone, Copy)]
pub(crate) struct Naming<'a> {
    /// Whether a word is a given name in the family: such a word is never a slip.
    pub(crate) is_name: &'a dyn Fn(&str) -> bool,
    /// The own given names of the children of the first and of the second text, when a sibling's copy may use its own.
    pub(crate) own: Option<(&'a [String], &'a [String])>,
}

/// Compares two texts given as their content words. Symmetric when `naming` is swapped with them; linear in their length.
/// Words may be left out on one side only, one in ten at most, and none that decides anything; order counts, because
/// "mother hit father" and "father hit mother" hold the same words.
pub(crate) fn compare(one: &[String], other: &[String], naming: Naming<'_>) -> Likeness {
    if naming.own.is_none() && one == other {
        return Likeness::Same;
    }
    let swapped = one.len() < other.len();
    let (long, short) = if swapped { (other, one) } else { (one, other) };
    let own = naming.own.map(|(a, b)| if swapped { (b, a) } else { (a, b) });
    let left_out = long.len() - short.len();
    if short.is_empty() || left_out * 10 > short.len() {
        return Likeness::Unlike;
    }
    Walk { is_name: naming.is_name, own, his_to_hers: None }.run(long, short)
}

struct Walk<'a> {
    is_name: &'a dyn Fn(&str) -> bool,
    own: Option<(&'a [String], &'a [String])>,
    his_to_hers: Option<bool>,
}

impl Walk<'_> {
    fn run(mut self, long: &[String], short: &[String]) -> Likeness {
        let left_out = long.len() - short.len();
        let (mut slips, mut skipped) = (left_out, 0);
        let mut wanted = short.iter().peekable();
        for word in long {
            match wanted.peek().and_then(|against| self.step(word, against)) {
                Some(slip) => {
                    wanted.next();
                    slips += usize::from(slip);
                }
                None if skipped == left_out || is_decisive(word) || (self.is_name)(word) => return Likeness::Unlike,
                None => skipped += 1,
            }
        }
        match (wanted.next(), slips) {
            (Some(_), _) => Likeness::Unlike,
            (None, 0) => Likeness::Same,
            (None, slips) if slips * 8 <= short.len().max(8) => Likeness::Near,
            _ => Likeness::Unlike,
        }
    }

    /// `Some(false)` when the words stand for each other, `Some(true)` when one is a slip for the other.
    fn step(&mut self, long: &str, short: &str) -> Option<bool> {
        if long == short || self.both_own(long, short) || self.pronouns_agree(long, short) {
            return Some(false);
        }
        let named = || (self.is_name)(long) || (self.is_name)(short);
        let two_meanings = || is_decisive(long) && is_decisive(short);
        (is_slip(long, short) && !two_meanings() && !named()).then_some(true)
    }

    fn both_own(&self, long: &str, short: &str) -> bool {
        self.own.is_some_and(|(a, b)| a.iter().any(|name| name == long) && b.iter().any(|name| name == short))
    }

    /// Whether a pronoun changed with the child: always in the same direction within one text.
    fn pronouns_agree(&mut self, long: &str, short: &str) -> bool {
        if self.own.is_none() {
            return false;
        }
        pronoun_swap(long, short).is_some_and(|swap| *self.his_to_hers.get_or_insert(swap) == swap)
    }
}

/// Whether two words of six letters and more differ by one letter added, dropped, changed or swapped with its neighbour,
/// and not at the start, where "symptomatic" becomes "asymptomatic". Numbers are never slips.
fn is_slip(one: &str, other: &str) -> bool {
    if one.len().abs_diff(other.len()) > 4 || one.chars().next() != other.chars().next() {
        return false;
    }
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let letters = a.iter().chain(&b).all(|c| c.is_alphabetic());
    if !letters || a.len().min(b.len()) < 6 || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let shorter = a.len().min(b.len());
    let changed = shorter.saturating_sub(head + tail);
    match a.len().abs_diff(b.len()) {
        1 => changed == 0,
        _ => changed <= 1 || (changed == 2 && a.get(head) == b.get(head + 1) && a.get(head + 1) == b.get(head)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::tokens::content;

    fn like(one: &str, other: &str) -> Likeness {
        let is_name = |word: &str| matches!(word, "aisha" | "bilal" | "shannon" | "shannan");
        let naming = Naming { is_name: &is_name, own: None };
        let (one, other) = (content(one), content(other));
        assert_eq!(compare(&one, &other, naming), compare(&other, &one, naming), "symmetry");
        compare(&one, &other, naming)
    }

    #[rstest]
    #[case(
        "Police attended the home after a neighbour called",
        "police attended home, after neighbour called.",
        Likeness::Same
    )]
    #[case(
        "Police were called by a neighbour to shouting",
        "Police were called by a neigbour to shouting",
        Likeness::Near
    )]
    #[case(
        "School nurse weighed the child in clinic today and found growth along the expected centile again",
        "School nurse weighed the child in clinic today and found growth along the expected centile",
        Likeness::Near
    )]
    #[case("Mother hit father in the kitchen", "Father hit mother in the kitchen", Likeness::Unlike)]
    #[case("Moved from Marlow to Thame", "Moved from Thame to Marlow", Likeness::Unlike)]
    #[case("The child was seen and spoke", "The child was not seen and spoke", Likeness::Unlike)]
    #[case("Burn to the left arm", "Burn to the right arm", Likeness::Unlike)]
    #[case("Third missed appointment", "Fourth missed appointment", Likeness::Unlike)]
    #[case("He weighed 4.2 kg", "He weighed 4.6 kg", Likeness::Unlike)]
    #[case("Child symptomatic on arrival", "Child asymptomatic on arrival", Likeness::Unlike)]
    #[case("Shannon spoke to her teacher", "Shannan spoke to her teacher", Likeness::Unlike)]
    #[case("Visit", "Visit cancelled", Likeness::Unlike)]
    #[case("", "", Likeness::Same)]
    #[case("", "word", Likeness::Unlike)]
    fn table(#[case] one: &str, #[case] other: &str, #[case] expected: Likeness) {
        assert_eq!(like(one, other), expected);
    }

    #[rstest]
    #[case("Aisha was seen in her room", "Bilal was seen in his room", Likeness::Same)]
    #[case("Aisha hit Bilal", "Bilal hit Aisha", Likeness::Unlike)]
    #[case("He hit her", "She hit him", Likeness::Unlike)]
    #[case("Aisha came with mother", "Bilal came with father", Likeness::Unlike)]
    fn siblings_own_names(#[case] one: &str, #[case] other: &str, #[case] expected: Likeness) {
        let is_name = |word: &str| matches!(word, "aisha" | "bilal");
        let (a, b) = (["aisha".to_owned()], ["bilal".to_owned()]);
        let naming = Naming { is_name: &is_name, own: Some((&a, &b)) };
        assert_eq!(compare(&content(one), &content(other), naming), expected);
    }
}
