//! Words that carry no weight of their own, and words that turn a sentence round.

/// Words whose presence or absence never changes what happened. Prepositions are not among them: "moved to" and "moved
/// from" are two events.
const FILLERS: &[&str] =
    &["a", "an", "and", "are", "be", "been", "had", "has", "have", "is", "of", "that", "the", "was", "were"];

/// Words that may not be on one side alone: they deny, name a day, a side or a person, or say how a contact ended. Sorted.
const DECISIVE: &[&str] = &[
    "abandoned",
    "absent",
    "accepted",
    "admitted",
    "afternoon",
    "alleged",
    "alone",
    "april",
    "arrested",
    "assaulted",
    "attended",
    "august",
    "aunt",
    "baby",
    "boyfriend",
    "brother",
    "brothers",
    "cancelled",
    "cannot",
    "cant",
    "charged",
    "children",
    "couldnt",
    "dad",
    "daughter",
    "december",
    "declined",
    "denied",
    "denies",
    "deny",
    "didnt",
    "discharged",
    "dna",
    "doesnt",
    "dont",
    "evening",
    "ex",
    "except",
    "failed",
    "fails",
    "father",
    "february",
    "first",
    "former",
    "friday",
    "girlfriend",
    "gran",
    "grandad",
    "grandfather",
    "grandma",
    "grandmother",
    "grandparents",
    "hadnt",
    "hasnt",
    "havent",
    "he",
    "her",
    "him",
    "his",
    "hit",
    "home",
    "improved",
    "injured",
    "isnt",
    "january",
    "july",
    "june",
    "left",
    "march",
    "may",
    "minus",
    "missed",
    "monday",
    "morning",
    "mother",
    "mum",
    "negative",
    "neither",
    "never",
    "night",
    "no",
    "nobody",
    "non",
    "none",
    "nor",
    "not",
    "nothing",
    "november",
    "october",
    "ok",
    "parent",
    "parents",
    "partner",
    "plus",
    "positive",
    "pregnant",
    "previous",
    "previously",
    "refused",
    "refuses",
    "released",
    "right",
    "saturday",
    "second",
    "seen",
    "september",
    "she",
    "sister",
    "sisters",
    "son",
    "stepfather",
    "stepmother",
    "stopped",
    "sunday",
    "them",
    "they",
    "third",
    "thursday",
    "today",
    "tomorrow",
    "tonight",
    "tuesday",
    "twin",
    "twins",
    "unable",
    "uncle",
    "unseen",
    "unwilling",
    "wasnt",
    "wednesday",
    "werent",
    "withdrawn",
    "withdrew",
    "without",
    "wont",
    "worse",
    "worsened",
    "wouldnt",
    "yesterday",
];

/// Whether a word never changes what happened.
pub(crate) fn is_filler(word: &str) -> bool {
    word.len() <= 4 && FILLERS.contains(&word)
}

/// Whether a word may not be on one side alone: the listed ones, everything with a digit, and every sign.
pub(crate) fn is_decisive(word: &str) -> bool {
    DECISIVE.binary_search(&word).is_ok() || !word.chars().all(char::is_alphabetic)
}

const HIS: &[&str] = &["he", "him", "his", "himself"];
const HERS: &[&str] = &["she", "her", "hers", "herself"];

/// Whether a word is a pronoun that changes with the child.
pub(crate) fn is_pronoun(word: &str) -> bool {
    HIS.contains(&word) || HERS.contains(&word)
}

/// The direction in which a pronoun was changed from one sibling's copy to the other's: `true` from his to hers.
pub(crate) fn pronoun_swap(one: &str, other: &str) -> Option<bool> {
    let forth = HIS.contains(&one) && HERS.contains(&other);
    let back = HERS.contains(&one) && HIS.contains(&other);
    (forth || back).then_some(forth)
}

/// Whether the words say that agencies acted together.
pub(crate) fn is_joint(words: &[String]) -> bool {
    words.iter().any(|word| word == "joint" || word == "jointly")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decisive_words_are_found() {
        assert!(DECISIVE.is_sorted());
        for word in ["not", "tuesday", "mother", "left", "4.2", "?", "x2"] {
            assert!(is_decisive(word), "{word}");
        }
        assert!(!is_decisive("kitchen"));
    }
}
