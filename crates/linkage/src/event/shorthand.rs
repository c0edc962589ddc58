//! The short forms in which agencies write, made one word each, and words cut to their stems.

use std::sync::LazyLock;

use super::mixing::Lexicon;

/// Short form and what it stands for; sorted by the short form.
const SHORT: &[(&str, &str)] = &[
    ("a&e", "emergency"),
    ("abt", "about"),
    ("addr", "address"),
    ("adm", "admitted"),
    ("ae", "emergency"),
    ("ambo", "ambulance"),
    ("approx", "about"),
    ("appt", "appointment"),
    ("arg", "argument"),
    ("arguing", "argument"),
    ("arr", "arrested"),
    ("att", "attended"),
    ("attd", "attended"),
    ("bf", "boyfriend"),
    ("bro", "brother"),
    ("casualty", "emergency"),
    ("ch", "children"),
    ("child", "children"),
    ("chn", "children"),
    ("chr", "children"),
    ("cmw", "midwife"),
    ("comp", "complaint"),
    ("conf", "conference"),
    ("d/c", "discharged"),
    ("da", "domestic"),
    ("dad", "father"),
    ("daddy", "father"),
    ("disc", "discussion"),
    ("disch", "discharged"),
    ("discharge", "discharged"),
    ("dv", "domestic"),
    ("ed", "emergency"),
    ("electric", "electricity"),
    ("enc", "encompass"),
    ("enq", "enquiry"),
    ("ep", "episode"),
    ("fa", "father"),
    ("fam", "family"),
    ("fob", "father"),
    ("fx", "fracture"),
    ("gf", "girlfriend"),
    ("grp", "group"),
    ("hosp", "hospital"),
    ("hse", "house"),
    ("hsg", "housing"),
    ("hv", "health-visitor"),
    ("inj", "injury"),
    ("insp", "inspection"),
    ("inv", "investigation"),
    ("leccy", "electricity"),
    ("ltr", "letter"),
    ("mam", "mother"),
    ("med", "medical"),
    ("misper", "missing"),
    ("mo", "mother"),
    ("mom", "mother"),
    ("mot", "mother"),
    ("mtg", "meeting"),
    ("mum", "mother"),
    ("mummy", "mother"),
    ("mw", "midwife"),
    ("nan", "grandmother"),
    ("nana", "grandmother"),
    ("nans", "grandmother"),
    ("nbr", "neighbour"),
    ("nbrs", "neighbour"),
    ("neighbor", "neighbour"),
    ("notif", "notification"),
    ("offs", "officers"),
    ("op", "operation"),
    ("paed", "paediatric"),
    ("paeds", "paediatric"),
    ("pc", "police"),
    ("prof", "professionals"),
    ("ptr", "partner"),
    ("rec'd", "received"),
    ("recd", "received"),
    ("ref", "referral"),
    ("referred", "referral"),
    ("rep", "report"),
    ("rm", "room"),
    ("rpts", "report"),
    ("sch", "school"),
    ("shouting", "argument"),
    ("sib", "sibling"),
    ("sibs", "sibling"),
    ("sis", "sister"),
    ("strat", "strategy"),
    ("sw", "social-worker"),
    ("tel", "telephone"),
    ("tsfr", "transfer"),
    ("wk", "week"),
    ("wlk", "walk"),
    ("#", "fracture"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("thirteen", "13"),
    ("fourteen", "14"),
    ("fifteen", "15"),
    ("sixteen", "16"),
    ("seventeen", "17"),
    ("eighteen", "18"),
    ("nineteen", "19"),
    ("twenty", "20"),
    ("thirty", "30"),
    ("forty", "40"),
    ("fifty", "50"),
    ("mgm", "grandmother"),
    ("pgm", "grandmother"),
    ("mgf", "grandfather"),
    ("pgf", "grandfather"),
    ("bro's", "brother"),
    ("hv's", "health-visitor"),
    ("hws", "hospital"),
    ("iro", "reviewing-officer"),
    ("sen", "special-needs"),
    ("senco", "special-needs"),
    ("tac", "taf"),
    ("ehcp", "special-needs"),
    ("pru", "alternative-provision"),
    ("vol", "voluntary"),
    ("susp", "suspension"),
    ("excl", "exclusion"),
    ("misp", "missing"),
    ("temp", "temperature"),
    ("wt", "weight"),
    ("preg", "pregnant"),
    ("stepdad", "stepfather"),
    ("tabs", "tablets"),
    ("o'dose", "overdose"),
    ("meds", "medication"),
];

/// Words too common in any record to show anything. Sorted.
const COMMON: &[&str] = &[
    "about", "after", "again", "all", "also", "any", "as", "at", "attend", "back", "because", "before", "but", "by",
    "came", "can", "children", "contact", "could", "did", "discus", "due", "during", "from", "given", "go", "got",
    "he", "her", "him", "his", "if", "in", "into", "it", "mother", "no", "nor", "not", "note", "now", "off", "on",
    "one", "or", "our", "out", "over", "per", "rang", "re", "receiv", "record", "report", "s", "said", "say", "see",
    "seen", "she", "so", "still", "t", "than", "their", "them", "then", "there", "they", "this", "to", "today", "told",
    "two", "up", "very", "via", "w", "well", "went", "when", "which", "who", "will", "with", "would",
];

static LONG: LazyLock<Lexicon<&'static str>> = LazyLock::new(|| SHORT.iter().copied().collect());

/// The word that a short form stands for, or the word itself.
pub(crate) fn spelt_out(word: &str) -> &str {
    LONG.get(word).copied().unwrap_or(word)
}

/// The word without the endings of number and tense; numbers and short words as they are.
pub(crate) fn stem(word: &str) -> &str {
    let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
    for end in ["ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "e", "s", "y"] {
        if let Some(rest) = word.strip_suffix(end)
            && rest.chars().count() >= 4
        {
            return undouble(rest);
        }
    }
    word
}

/// "Stopp" from "stopped" is "stop".
fn undouble(word: &str) -> &str {
    let mut back = word.chars().rev();
    match (back.next(), back.next()) {
        (Some(last), Some(before)) if last == before && !matches!(last, 's' | 'l') => {
            word.strip_suffix(last).unwrap_or(word)
        }
        _ => word,
    }
}

/// Whether a stem is too common to show anything.
pub(crate) fn is_common(stem: &str) -> bool {
    stem.chars().count() < 2 || COMMON.binary_search(&stem).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_found_and_stems_agree() {
        assert!(COMMON.is_sorted());
        for (one, other) in
            [("arrested", "arrest"), ("stopped", "stopping"), ("bruises", "bruise"), ("nbrs", "neighbour")]
        {
            assert_eq!(stem(spelt_out(one)), stem(spelt_out(other)));
        }
    }
}
