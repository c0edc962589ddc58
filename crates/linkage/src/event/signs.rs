//! The words and phrases that show a kind of event: short forms, trade words and everyday words of children's services.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use super::kinds::*;
use super::mixing::{Lexicon, Mixer};

/// Words, spelt out and in lower case, that show a kind; a word ending in "*" stands for every word it begins.
const WORDS: &[(Kinds, &[&str])] = &[
    (
        DOMESTIC,
        &[
            "nmo",
            "dvpo",
            "dasv",
            "shouting",
            "idva",
            "screaming",
            "coercive",
            "controlling",
            "stalking",
            "domestic",
            "argument",
            "row",
            "rowing",
            "dash",
            "encompass",
            "strangl*",
            "altercation",
            "verbal",
            "dvpn",
            "marac",
            "non-molestation",
        ],
    ),
    (
        ASSAULT,
        &[
            "slapp*",
            "struck",
            "smack*",
            "dragged",
            "headbutt*",
            "choke*",
            "assault*",
            "punch*",
            "hit",
            "kick*",
            "slap*",
            "push*",
            "pushed",
            "abh",
            "aoabh",
            "gbh",
            "belt",
            "threw",
            "thrown",
            "shov*",
            "grab*",
            "beat*",
            "throttl*",
        ],
    ),
    (
        INJURY,
        &[
            "tripped",
            "slipped",
            "stairs-fall",
            "haematoma",
            "dislocat*",
            "x-ray",
            "xray",
            "wound*",
            "injur*",
            "fracture*",
            "broke",
            "broken",
            "burn*",
            "scald*",
            "bruis*",
            "lac",
            "lacerat*",
            "stitch*",
            "sutur*",
            "glued",
            "bump*",
            "graze*",
            "bite",
            "bitten",
            "sprain*",
            "concuss*",
            "cut",
            "fell",
            "fall",
            "foosh",
            "swollen",
            "swelling",
            "marks",
            "lump",
        ],
    ),
    (
        HOSPITAL,
        &[
            "a&e",
            "paed",
            "infirmary",
            "inpatient",
            "miu",
            "crew",
            "emergency",
            "hospital",
            "ambulance",
            "ward",
            "paramedic*",
            "admitted",
            "admission",
            "triage",
            "resus",
            "minor-injuries",
            "uec",
        ],
    ),
    (
        ILLNESS,
        &[
            "croup",
            "wheez*",
            "seizure*",
            "fit",
            "fits",
            "asthma*",
            "bronchiol*",
            "feb*rile",
            "vomit*",
            "floppy",
            "apnoea",
            "infection",
            "pneumonia",
            "convuls*",
            "diarrhoea",
            "dehydrat*",
            "rash",
            "fever",
            "stridor",
            "meningitis",
            "gastro*",
            "anaphyla*",
            "allerg*",
        ],
    ),
    (
        MISSED,
        &[
            "unattended",
            "uncollected",
            "dna",
            "dna'd",
            "wnb",
            "fta",
            "no-show",
            "missed",
            "rebook*",
            "no-access",
            "unbrought",
            "cancelled",
        ],
    ),
    (VISIT, &["visit", "visited", "visiting", "nbv", "inspection"]),
    (ATTENDANCE, &["attendance", "absence*", "absent", "truant*", "lateness", "unauthorised"]),
    (
        EXCLUSION,
        &[
            "sent-home",
            "exclusion*",
            "excluded",
            "suspension*",
            "suspended",
            "fte",
            "fixed-term",
            "pex",
            "reintegration",
        ],
    ),
    (REFERRAL, &["referral*", "refer", "refers", "marf", "mash", "contact-form"]),
    (STRATEGY, &["strategy"]),
    (ENQUIRY, &["s47", "s.47", "section-47"]),
    (CONFERENCE, &["initial-conference", "conference*", "icpc", "rcpc", "cpc", "icpcc"]),
    (CORE_GROUP, &["core-group", "core"]),
    (TEAM_MEETING, &["eha", "ehm", "ehap", "tafs", "taf", "tac", "tas", "team-around", "tafm"]),
    (NEED_REVIEW, &["cin", "child-in-need", "chin"]),
    (MEETING, &["minutes", "chaired", "chair", "meeting*", "panel", "mdt"]),
    (
        MOVE,
        &[
            "moved",
            "relocation",
            "exchange",
            "exchanged",
            "move-on",
            "new-home",
            "removals",
            "move",
            "moved",
            "moving",
            "moves",
            "tenancy",
            "placed",
            "keys",
            "refuge",
            "relocat*",
            "eviction",
            "evicted",
            "van",
            "rehoused",
            "new-address",
            "temporary-accommodation",
        ],
    ),
    (
        TENANCY,
        &[
            "landlord",
            "tenant",
            "evict*",
            "s21",
            "s.21",
            "lease",
            "licence",
            "offer",
            "offered",
            "viewing",
            "arrears",
            "nsp",
            "notice",
            "possession",
            "bailiff*",
            "repossess*",
            "rent",
        ],
    ),
    (ARREST, &["arrest*", "custody", "bail*", "charged", "detained", "cautioned", "remanded", "interviewed-under"]),
    (
        DRUGS,
        &[
            "drug*",
            "cannabis",
            "cocaine",
            "heroin",
            "wraps",
            "warrant",
            "pwits",
            "methadone",
            "thc",
            "mda",
            "crack",
            "ketamine",
            "spice",
            "vape*",
            "needle*",
        ],
    ),
    (DRINK, &["drunk*", "alcohol*", "intoxicat*", "vodka", "drinking", "inebriat*"]),
    (
        BIRTH,
        &[
            "maternity",
            "labour",
            "newborn*",
            "born",
            "birth",
            "svd",
            "lscs",
            "delivery",
            "delivered",
            "apgars",
            "apgar",
            "newborn",
            "caesarean",
            "c-section",
        ],
    ),
    (DISCLOSURE, &["disclos*", "alleg*"]),
    (
        MISSING,
        &[
            "misper",
            "missing-person",
            "disappeared",
            "vanished",
            "missing",
            "absconded",
            "awol",
            "runaway",
            "whereabouts",
            "ran-away",
        ],
    ),
    (
        DEATH,
        &["passed-away", "deceased", "fatal", "died", "killed", "death", "dead", "bereave*", "funeral", "passed-away"],
    ),
    (
        COURT,
        &[
            "nmo",
            "molestation",
            "tribunal",
            "dvpo",
            "magistrate",
            "solicitor",
            "court",
            "cao",
            "hearing",
            "hrg",
            "magistrates",
            "judge",
            "order",
            "injunction",
            "ico",
            "sgo",
            "supervision-order",
        ],
    ),
    (MEDICAL, &["cp-medical", "skeletal", "forensic"]),
    (DISCHARGE, &["discharged"]),
    (
        SELF_HARM,
        &[
            "tablets",
            "pills",
            "ingested",
            "ingestion",
            "self-injur*",
            "overdose*",
            "self-harm*",
            "ligature",
            "suicid*",
            "paracetamol",
            "od",
            "od'd",
            "cutting",
            "self-harmed",
        ],
    ),
    (WEAPON, &["knife", "knives", "blade", "weapon*", "machete", "gun", "firearm"]),
    (ANIMAL, &["dog", "dogs", "rspca", "cat", "cats", "animal", "puppy", "rehomed"]),
    (UTILITIES, &["electricity", "gas", "heating", "meter", "boiler", "hot-water", "disconnected", "mould", "damp"]),
    (WELFARE_CHECK, &["safe&well", "welfare", "safe-and-well", "concern-for-safety"]),
    (
        CLINIC,
        &[
            "outpatients",
            "salt",
            "physio*",
            "dermatology",
            "orthopaedic*",
            "cardiology",
            "clinic",
            "opd",
            "outpatient*",
            "o/e",
            "review-clinic",
            "appointment",
            "consultation",
            "dentist",
            "dental",
            "optician",
            "audiology",
            "neuro",
        ],
    ),
    (IMMUNISATION, &["imms", "immunis*", "vaccin*", "jab", "jabs", "mmr", "mmr1", "mmr2", "menb"]),
    (SCREENING, &["screening", "screened", "c&f", "assessment"]),
    (INTERVIEW, &["rhi", "return-interview", "abe"]),
    (SEPARATION, &["reconcil*", "separated", "separation", "split", "divorc*", "new-partner"]),
    (
        NUISANCE,
        &[
            "asb",
            "noise",
            "stones",
            "shoplift*",
            "theft",
            "stole",
            "stolen",
            "graffiti",
            "vandal*",
            "criminal-damage",
            "burglary",
        ],
    ),
    (CONDITIONS, &["faeces", "dirty", "untidy", "bedding", "squalid", "unhygienic", "clutter*", "rubbish"]),
    (REVIEW, &["annual", "asq", "6-8", "8-week", "2-year", "checks"]),
    (FIRE, &["fires", "firefighters", "flames", "fire", "smoke", "arson", "blaze"]),
    (EXAMINED, &["o/e", "examined", "examination", "imp", "impression", "auscultation", "abdo", "obs"]),
    (PLANNING, &["discharge-planning", "planning"]),
    (LETTER, &["letter", "letters", "correspondence", "ltr"]),
];

/// Several words that show a kind together.
const PHRASES: &[(Kinds, &[&str])] = &[
    (MISSED, &["not", "attend"]),
    (MISSED, &["not", "attended"]),
    (MISSED, &["not", "brought"]),
    (MISSED, &["no", "access"]),
    (MISSED, &["no", "reply"]),
    (MISSED, &["failed", "to", "attend"]),
    (CORE_GROUP, &["core", "group"]),
    (TEAM_MEETING, &["team", "around"]),
    (NEED_REVIEW, &["children", "in", "need"]),
    (ENQUIRY, &["section", "47"]),
    (SCREENING, &["screening", "of"]),
    (INTERVIEW, &["return", "interview"]),
    (INTERVIEW, &["return", "home", "interview"]),
    (MEDICAL, &["cp", "medical"]),
    (MEDICAL, &["cp", "meds"]),
    (MEDICAL, &["protection", "medical"]),
    (MISSING, &["not", "home", "since"]),
    (MISSING, &["not", "returned"]),
    (MISSING, &["not", "come", "home"]),
    (MISSING, &["not", "home", "from"]),
    (MISSING, &["ran", "away"]),
    (WELFARE_CHECK, &["concern", "for", "safety"]),
    (WELFARE_CHECK, &["safe", "and", "well"]),
    (MOVE, &["new", "address"]),
    (UTILITIES, &["hot", "water"]),
    (DEATH, &["passed", "away"]),
    (SEPARATION, &["new", "partner"]),
    (SEPARATION, &["moved", "out"]),
    (MISSED, &["did", "not", "come"]),
    (MISSED, &["was", "not", "in"]),
    (MISSED, &["no", "answer"]),
    (MISSED, &["no", "one", "in"]),
    (TEAM_MEETING, &["early", "help", "review"]),
    (TEAM_MEETING, &["family", "meeting"]),
    (BIRTH, &["gave", "birth"]),
    (BIRTH, &["little", "girl"]),
    (BIRTH, &["baby", "boy"]),
    (BIRTH, &["baby", "girl"]),
    (MEETING, &["joined", "a", "call"]),
    (MEETING, &["round", "the", "table"]),
    (MEETING, &["around", "the", "table"]),
    (EXCLUSION, &["fixed", "term"]),
    (EXCLUSION, &["sent", "home"]),
    (MOVE, &["new", "home"]),
    (MOVE, &["new", "flat"]),
    (MOVE, &["new", "house"]),
    (MOVE, &["temporary", "accommodation"]),
    (TENANCY, &["section", "21"]),
    (CONFERENCE, &["child", "protection", "conference"]),
    (DOMESTIC, &["non", "molestation"]),
    (SELF_HARM, &["self", "harm"]),
    (SELF_HARM, &["self", "harmed"]),
    (MISSING, &["did", "not", "return"]),
];

/// Words that stand alone, and beginnings of words, each with the kinds they show.
struct Signs {
    whole: Lexicon<Kinds>,
    beginnings: Lexicon<Kinds>,
    lengths: Vec<usize>,
}

static SIGNS: LazyLock<Signs> = LazyLock::new(|| {
    let mut signs = Signs { whole: Lexicon::default(), beginnings: Lexicon::default(), lengths: Vec::new() };
    for (kind, word) in WORDS.iter().flat_map(|(kind, words)| words.iter().map(move |word| (kind, word))) {
        let (list, word) = match word.strip_suffix('*') {
            Some(beginning) => (&mut signs.beginnings, beginning),
            None => (&mut signs.whole, *word),
        };
        let known: &mut Kinds = list.entry(word).or_default();
        *known = known.with(*kind);
    }
    signs.lengths = signs.beginnings.keys().map(|beginning| beginning.len()).collect();
    signs.lengths.sort_unstable();
    signs.lengths.dedup();
    signs
});

/// The kinds that one word, spelt out and in lower case, shows.
pub(crate) fn of_word(word: &str) -> Kinds {
    let beginnings = SIGNS.lengths.iter().filter_map(|length| word.get(..*length));
    let shown = beginnings.filter_map(|beginning| SIGNS.beginnings.get(beginning)).chain(SIGNS.whole.get(word));
    shown.fold(Kinds::default(), |sum, kinds| sum.with(*kinds))
}

/// The kinds that several words show together. `words` are spelt out, in lower case and in the order of the text.
pub(crate) fn phrases(words: &[&str]) -> Kinds {
    let mut kinds = Kinds::default();
    for (place, word) in words.iter().enumerate().filter(|(_, word)| starts_phrase(word)) {
        for (kind, phrase) in PHRASES {
            let follows = || words.get(place..place + phrase.len()) == Some(*phrase);
            if phrase.first() == Some(word) && follows() {
                kinds = kinds.with(*kind);
            }
        }
    }
    kinds
}

static FIRST_WORDS: LazyLock<HashSet<&'static str, BuildHasherDefault<Mixer>>> =
    LazyLock::new(|| PHRASES.iter().filter_map(|(_, phrase)| phrase.first().copied()).collect());

/// Whether a phrase begins with the word.
pub(crate) fn starts_phrase(word: &str) -> bool {
    FIRST_WORDS.contains(word)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::event::shorthand::spelt_out;

    #[rstest]
    #[case("police attended domestic father arrested", DOMESTIC.with(ARREST))]
    #[case("children was not brought to clinic", MISSED.with(CLINIC))]
    #[case("scald to forearm seen in emergency", INJURY.with(HOSPITAL))]
    #[case("nothing much", Kinds::default())]
    fn words_show_kinds(#[case] text: &str, #[case] expected: Kinds) {
        let words: Vec<&str> = text.split(' ').map(spelt_out).collect();
        let shown = words.iter().fold(phrases(&words), |sum, word| sum.with(of_word(word)));
        assert_eq!(shown, expected);
    }
}
