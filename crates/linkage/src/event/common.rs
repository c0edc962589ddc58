//! Words common in English or in records of families, which show less than their rarity in one family suggests.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use super::mixing::Mixer;
use super::shorthand::stem;

/// Frequent words of written English and of chronologies, in no order that matters.
const FREQUENT: &str = "able above across act action add afternoon again age ago agree almost already always am amount \
    another answer anything appear appointment area arrange arrive ask aware away bad because become been begin behave \
    behaviour being believe best better between big both bring brought care carry case cause centre chance change check \
    clear clock close come comment complete concern concerns confirm consider continue cope course current day days deal \
    decide describe detail details different difficult discuss done down each early easter easy else email end engage \
    enough ensure enter even evening ever every everyone everything expect explain express eyes face fact family far \
    feel feeling felt few file final find fine follow following form forward found friday full further gave get give \
    going good group had half hand happen happy hard has have head hear heard held help here herself him himself his \
    history hold home hope hour hours house however i idea impact important include increase inform information initial \
    instead involve issue issues itself just keep kept kind knew know known large last late later lead learn least leave \
    left less let letter level life like line list listen little live lives living local long look lot made main make \
    male female man many matter may me mean meant meet meeting member mention message mind minute minutes moment monday \
    month months more morning most move much must my name near need needs never new next night nothing number observe \
    offer office often old once online open order other others ours own paper parent parents part past people perhaps \
    period person phone place plan play please point polite poor positive possible present previous prior problem process \
    professional provide put question quick quiet quite rather read ready really reason recent refer regard regular \
    relationship remain remember request require respond response result return review right room round run safe same \
    saturday saw school seem self send sent service session set several share short should show side sign since sit \
    situation small some someone something soon speak spoke spoken staff stand start state stay step stop story strong \
    such suggest sunday support sure take taken talk team tell term text thank these thing things think thought thursday \
    time times together tomorrow took toward toward try tuesday turn under understand unit until upon us use used usual \
    view visit voice wait walk want was way we wednesday week weekend weekly weeks were what where while whole why wish \
    within without word work worker write written wrong year years yes yesterday yet you young your three four five six \
    seven eight nine ten first second third mr mrs ms miss child boy girl son daughter sibling father brother sister \
    contact note update record entry date time attend attended attending seen reported report reports noted stated states \
    advised advice informed discussed contacted outcome nfa risk safeguarding plan assessment address present observed";

static STEMS: LazyLock<HashSet<&'static str, BuildHasherDefault<Mixer>>> =
    LazyLock::new(|| FREQUENT.split_ascii_whitespace().flat_map(|word| [word, stem(word)]).collect());

/// Whether a word, or its stem, is frequent in English or in records of families.
pub(crate) fn is_frequent(word: &str) -> bool {
    STEMS.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_words_are_known_by_their_stems() {
        assert!(is_frequent("appointment") && is_frequent(stem("mornings")) && !is_frequent("trampoline"));
    }
}
