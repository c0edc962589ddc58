//! An agency's own words for a type of event ("DA call-out", "ED attendance") and the categories they stand for.

use std::collections::BTreeMap;

use domain::Category;

/// Words for types of event, by category. What several categories could claim is left out: an unknown type is linked by
/// its text, and a wrong category would mislead.
const USUAL: &[(&str, &[&str])] = &[
    (
        "DOMESTIC_ABUSE",
        &[
            "domestic",
            "domestic abuse",
            "domestic violence",
            "domestic incident",
            "domestic dispute",
            "domestic verbal",
            "domestic violent",
            "domestic non crime",
            "da",
            "dv",
            "dva",
            "da incident",
            "dv incident",
            "da call out",
            "da callout",
            "da notification",
            "da std",
            "da med",
            "da high",
            "dash",
            "clare's law",
            "marac",
            "operation encompass",
            "encompass",
        ],
    ),
    (
        "MISSING_EXPLOITATION",
        &[
            "missing",
            "missing episode",
            "missing person",
            "missing child",
            "misper",
            "absconded",
            "return home interview",
            "rhi",
            "exploitation",
            "child exploitation",
            "cse",
            "cce",
            "county lines",
            "nrm",
        ],
    ),
    (
        "MISSED",
        &[
            "dna",
            "did not attend",
            "was not brought",
            "not brought",
            "wnb",
            "missed appointment",
            "missed visit",
            "failed visit",
            "no access",
            "no access visit",
            "cancelled appointment",
            "appointment cancelled",
            "refused access",
        ],
    ),
    (
        "HEALTH",
        &[
            "a&e",
            "a&e attendance",
            "a&e notification",
            "ed",
            "ed attendance",
            "ed att",
            "ed discharge summary",
            "emergency department",
            "admission",
            "hospital admission",
            "ward round",
            "outpatient",
            "opd",
            "gp consultation",
            "surgery consultation",
            "medication review",
            "immunisation",
            "immunisations",
            "baby check",
            "child protection medical",
            "cp medical",
            "injury",
            "illness",
            "paediatric clinic",
            "development review",
            "developmental review",
        ],
    ),
    (
        "MENTAL_HEALTH",
        &["mental health", "camhs", "self harm", "overdose", "crisis team", "mental health act", "section 136"],
    ),
    ("SUBSTANCES", &["substance misuse", "substances", "drugs", "alcohol", "drug use", "drug search"]),
    (
        "EDUCATION",
        &[
            "attendance",
            "absence",
            "attendance letter",
            "suspension",
            "exclusion",
            "fixed term exclusion",
            "permanent exclusion",
            "behaviour",
            "late",
            "late collection",
            "parents evening",
            "achievement",
            "elective home education",
            "ehe",
            "school move",
            "ehcp",
        ],
    ),
    (
        "CRIME",
        &[
            "arrest",
            "custody",
            "charge",
            "bail",
            "breach",
            "breach of bail",
            "breach of order",
            "assault",
            "abh",
            "gbh",
            "burglary",
            "theft",
            "shoplifting",
            "criminal damage",
            "robbery",
            "warrant",
            "stop and search",
            "offence",
            "youth caution",
        ],
    ),
    ("DISCLOSURE", &["disclosure", "child's disclosure", "allegation", "child's comment", "body map"]),
    (
        "CONTACT",
        &[
            "visit",
            "home visit",
            "hv",
            "cin visit",
            "cp visit",
            "statutory visit",
            "joint visit",
            "new birth visit",
            "tenancy visit",
            "contact",
            "phone call",
            "telephone",
            "telephone call",
            "telephone contact",
            "t/c",
            "contact session",
        ],
    ),
    (
        "PROCESS",
        &[
            "referral",
            "referral received",
            "marf",
            "mash",
            "mash referral",
            "strategy discussion",
            "strategy meeting",
            "strat",
            "strat mtg",
            "strat disc",
            "section 47",
            "s47",
            "s47 visit",
            "assessment",
            "single assessment",
            "icpc",
            "initial conference",
            "initial child protection conference",
            "rcpc",
            "review conference",
            "case conference",
            "core group",
            "cg",
            "cin meeting",
            "cin review",
            "taf",
            "tac",
            "professionals meeting",
            "section 17",
            "step down",
            "ppn",
        ],
    ),
    (
        "LEGAL",
        &[
            "legal",
            "court",
            "court order",
            "legal planning meeting",
            "plo",
            "pre proceedings",
            "placement",
            "care order",
            "non molestation order",
            "child arrangements order",
        ],
    ),
    (
        "HOME",
        &[
            "tenancy",
            "arrears",
            "rent account",
            "rent a/c",
            "rent arrears",
            "eviction",
            "notice seeking possession",
            "homelessness",
            "homeless application",
            "repair",
            "repairs",
            "inspection",
            "property inspection",
            "home conditions",
            "change of address",
            "move",
            "asb",
            "anti social behaviour",
            "noise complaint",
        ],
    ),
    ("FAMILY", &["birth", "delivery", "birth notification", "death", "bereavement", "separation", "household change"]),
    ("SUPPORT", &["family support", "parenting course", "early help plan", "outreach", "food bank"]),
    ("STRENGTH", &["award", "positive note", "good news", "celebration"]),
];

/// The categories of types of event. A partnership's own words go over the usual ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glossary {
    known: BTreeMap<String, Category>,
}

impl Default for Glossary {
    fn default() -> Self {
        let words = USUAL.iter().flat_map(|(code, words)| words.iter().map(move |word| (*word, *code)));
        let known = words.filter_map(|(word, code)| Some((plain(word), Category::new(code)?)));
        Self { known: known.collect() }
    }
}

impl Glossary {
    /// A glossary that knows no word.
    #[must_use]
    pub fn empty() -> Self {
        Self { known: BTreeMap::new() }
    }

    /// The usual words with an agency's or a partnership's own over them. Capitals, punctuation and spacing do not count.
    #[must_use]
    pub fn with(mut self, own: impl IntoIterator<Item = (String, Category)>) -> Self {
        self.known.extend(own.into_iter().map(|(word, category)| (plain(&word), category)));
        self
    }

    /// The category that an agency's own word for a type stands for: the word as a whole, or what stands before a dash,
    /// colon, slash or bracket in it ("Domestic – verbal only"). `None` when it is not known; it is linked all the same.
    #[must_use]
    pub fn category(&self, own_word: &str) -> Option<&Category> {
        let whole = self.known.get(&plain(own_word));
        whole.or_else(|| {
            let (head, _) = own_word.split_once(['-', '–', '—', ':', '(', '/'])?;
            self.known.get(&plain(head))
        })
    }

    /// The category of an event; [`Category::other`] where the type is not known.
    pub(super) fn category_or_other(&self, own_word: &str) -> Category {
        self.category(own_word).cloned().unwrap_or_else(Category::other)
    }
}

/// Small letters; words with one space between them.
fn plain(word: &str) -> String {
    let lower = word.to_lowercase().replace(['\'', '’'], "");
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '&').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Domestic incident", Some("DOMESTIC_ABUSE"))]
    #[case("DA call-out", Some("DOMESTIC_ABUSE"))]
    #[case("DOMESTIC - VERBAL", Some("DOMESTIC_ABUSE"))]
    #[case("ED attendance", Some("HEALTH"))]
    #[case("Arrest: breach of the peace", Some("CRIME"))]
    #[case("13HM.", None)]
    #[case("", None)]
    #[case("🙂", None)]
    fn usual_words(#[case] word: &str, #[case] code: Option<&str>) {
        assert_eq!(Glossary::default().category(word).map(Category::as_str), code);
    }

    #[test]
    fn a_partnerships_own_words_go_over_the_usual_ones() {
        let own = [("13HM.".to_owned(), "MISSED"), ("Attendance".to_owned(), "HEALTH")];
        let own = own.map(|(word, code)| (word, Category::new(code).unwrap()));
        let glossary = Glossary::default().with(own);
        assert_eq!(glossary.category("13hm").map(Category::as_str), Some("MISSED"));
        assert_eq!(glossary.category("ATTENDANCE").map(Category::as_str), Some("HEALTH"));
        assert_eq!(glossary.category("Suspension").map(Category::as_str), Some("EDUCATION"));
    }

    #[test]
    fn every_usual_word_stands_once_under_a_built_in_category() {
        let built_in = domain::built_in_categories();
        let mut seen = std::collections::BTreeSet::new();
        for (code, words) in USUAL {
            assert!(built_in.iter().any(|(known, _)| known == code), "{code}");
            for word in *words {
                assert!(seen.insert(plain(word)), "{word} twice");
            }
        }
    }
}
